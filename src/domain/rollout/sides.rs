//! The pods of a release and those of the revisions before it, while both are there: what a canary is compared with.

use std::sync::Arc;

use super::Pod;

/// The most pods of a side that are named, the first by name: a question holds them all.
const NAMED_AT_MOST: usize = 50;

/// The names of the pods of both sides, neither empty. As the server gave them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sides {
    /// Of the newest revision; one of them at least is ready.
    pub new: Arc<[Arc<str>]>,
    /// Of all revisions before it.
    pub old: Arc<[Arc<str>]>,
}

impl Sides {
    /// The sides of a rollout; `None` where one has no pod, or no new pod serves yet.
    pub fn of<'p>(new: &[&'p Pod], all: impl Iterator<Item = &'p Pod>) -> Option<Arc<Self>> {
        if !new.iter().any(|pod| pod.is_ready) {
            return None;
        }
        let is_old = |pod: &&Pod| new.iter().all(|other| other.uid != pod.uid);
        let old = named(all.filter(is_old));
        (!old.is_empty()).then(|| Arc::new(Self { new: named(new.iter().copied()), old }))
    }
}

fn named<'p>(pods: impl Iterator<Item = &'p Pod>) -> Arc<[Arc<str>]> {
    let mut names: Vec<Arc<str>> = pods.filter(|pod| !pod.is_over()).map(|pod| pod.name.clone()).collect();
    names.sort();
    names.truncate(NAMED_AT_MOST);
    names.into()
}
