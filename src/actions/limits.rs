//! What an environment allows: its namespaces, and how carefully each of them is touched.
//!
//! Two environments may be one cluster under two names. For a namespace that both cover, the stricter guard holds.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::config::Namespaces;
use crate::domain::action::Cluster;
use crate::domain::environment::Guard;

/// Another environment that is declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Neighbour {
    /// Its name.
    pub environment: Arc<str>,
    /// Its guard.
    pub guard: Guard,
    /// The namespaces it covers.
    pub namespaces: Namespaces,
    /// Its context; `in-cluster` without one.
    pub context: String,
    /// The address its context leads to; `None` where the kubeconfig does not say.
    pub server: Option<String>,
}

/// The limits of one environment.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Its own guard.
    pub guard: Guard,
    /// Its namespaces.
    pub namespaces: Namespaces,
    /// The other environments that are declared.
    pub others: Arc<[Neighbour]>,
    /// Which cluster each context led to.
    pub clusters: Arc<Mutex<Clusters>>,
}

impl From<Guard> for Limits {
    /// Every namespace under one guard, and nobody else.
    fn from(guard: Guard) -> Self {
        Self { guard, namespaces: Namespaces::All, others: Arc::default(), clusters: Arc::default() }
    }
}

impl Limits {
    /// Why nothing may be done in a namespace; `None` when it may.
    pub fn refusal(&self, environment: &str, namespace: &str) -> Option<String> {
        (!self.namespaces.include(namespace)).then(|| {
            format!("environment {environment} does not include namespace {namespace:?}: nothing is done there.")
        })
    }

    /// The guard of a namespace of this cluster, and the environment it is from where that is another one.
    pub fn guard_of(&self, cluster: &Cluster, namespace: &str) -> (Guard, Option<Arc<str>>) {
        let clusters = self.clusters.lock().unwrap_or_else(PoisonError::into_inner);
        let covers = |one: &&Neighbour| one.namespaces.include(namespace) && clusters.is(one, cluster);
        let strictest = self.others.iter().filter(covers).max_by_key(|one| one.guard);
        match strictest.filter(|one| one.guard > self.guard) {
            Some(one) => (one.guard, Some(one.environment.clone())),
            None => (self.guard, None),
        }
    }

    /// Remembers which cluster a context leads to.
    pub fn note(&self, cluster: &Cluster) {
        if let Err(error) = self.clusters.lock().unwrap_or_else(PoisonError::into_inner).note(cluster) {
            tracing::warn!(%error, "which cluster a context leads to cannot be kept");
        }
    }
}

/// Which cluster each context led to when a console of this machine asked last.
#[derive(Debug, Default)]
pub struct Clusters {
    file: Option<PathBuf>,
    known: Vec<Cluster>,
}

impl Clusters {
    /// Reads what a state folder remembers. A file that cannot be read is one that remembers nothing.
    pub fn load(state: &Path) -> Self {
        let file = state.join("clusters");
        let known = fs::read_to_string(&file).ok().and_then(|text| serde_json::from_str(&text).ok());
        Self { file: Some(file), known: known.unwrap_or_default() }
    }

    /// Whether an environment is of this cluster: by its context, by the uid that was seen behind its address, or by the address.
    fn is(&self, one: &Neighbour, cluster: &Cluster) -> bool {
        if one.context == cluster.context {
            return true;
        }
        let seen =
            self.known.iter().find(|known| known.context == one.context && Some(&known.server) == one.server.as_ref());
        match (seen.and_then(|seen| seen.uid.as_ref()), &cluster.uid) {
            (Some(uid), Some(here)) => uid == here,
            _ => one.server.as_ref() == Some(&cluster.server),
        }
    }

    fn note(&mut self, cluster: &Cluster) -> io::Result<()> {
        if self.known.contains(cluster) {
            return Ok(());
        }
        self.known.retain(|known| known.context != cluster.context);
        self.known.push(cluster.clone());
        let Some(file) = &self.file else { return Ok(()) };
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        // Another console writes its own: the one that is renamed last counts, and a half-written one never.
        let new = file.with_extension(std::process::id().to_string());
        fs::write(&new, serde_json::to_string(&self.known)?)?;
        fs::rename(&new, file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cluster(context: &str, server: &str, uid: Option<&str>) -> Cluster {
        Cluster { context: context.into(), server: server.into(), uid: uid.map(str::to_owned) }
    }

    fn neighbour(environment: &str, guard: Guard, namespaces: &[&str], server: &str) -> Neighbour {
        let named = namespaces.iter().map(|name| (*name).to_owned()).collect();
        Neighbour {
            environment: environment.into(),
            guard,
            namespaces: if namespaces.is_empty() { Namespaces::All } else { Namespaces::Named(named) },
            context: environment.into(),
            server: Some(server.into()),
        }
    }

    fn limits(others: Vec<Neighbour>) -> Limits {
        Limits { others: others.into(), ..Limits::from(Guard::Development) }
    }

    #[test]
    fn the_stricter_guard_of_one_cluster_holds_where_both_cover_a_namespace() {
        let limits = limits(vec![
            neighbour("staging", Guard::Staging, &[], "https://a"),
            neighbour("production", Guard::Production, &["pay"], "https://a"),
            neighbour("elsewhere", Guard::Production, &[], "https://b"),
        ]);
        let here = cluster("dev", "https://a", Some("u1"));
        let of = |namespace: &str| limits.guard_of(&here, namespace);
        assert_eq!(of("pay"), (Guard::Production, Some("production".into())));
        assert_eq!(of("shop"), (Guard::Staging, Some("staging".into())));
        assert_eq!(limits.guard_of(&cluster("dev", "https://c", Some("u3")), "pay"), (Guard::Development, None));
        let strict = Limits { guard: Guard::Production, ..limits.clone() };
        assert_eq!(strict.guard_of(&here, "pay"), (Guard::Production, None), "its own is as strict");
    }

    #[test]
    fn a_cluster_of_two_addresses_is_known_by_its_uid_and_the_next_console_knows_it_too() {
        let folder = tempfile::tempdir().expect("a folder");
        let others = || vec![neighbour("production", Guard::Production, &[], "https://vip")];
        let here = cluster("dev", "https://node", Some("u1"));
        let opened = || Limits { clusters: Arc::new(Mutex::new(Clusters::load(folder.path()))), ..limits(others()) };
        assert_eq!(opened().guard_of(&here, "shop").0, Guard::Development, "nobody has been there");
        opened().note(&cluster("production", "https://vip", Some("u1")));
        assert_eq!(opened().guard_of(&here, "shop").0, Guard::Production);
        opened().note(&cluster("production", "https://vip", Some("u2")));
        assert_eq!(opened().guard_of(&here, "shop").0, Guard::Development, "another cluster took its place");
        // Two tunnels, one after the other, from the same port: the uid tells, not the address.
        let tunnel = cluster("dev", "https://vip", Some("u1"));
        assert_eq!(opened().guard_of(&tunnel, "shop").0, Guard::Development);
        opened().note(&cluster("production", "https://old", Some("u1")));
        assert_eq!(opened().guard_of(&here, "shop").0, Guard::Development, "that was behind another address");
        assert_eq!(
            opened().guard_of(&tunnel, "shop").0,
            Guard::Production,
            "what is not known is taken by its address"
        );
    }

    /// A kubeconfig that was changed leads elsewhere for both of them.
    #[test]
    fn two_environments_of_one_context_are_one_cluster() {
        let one = Neighbour { context: "dev".into(), ..neighbour("production", Guard::Production, &[], "https://b") };
        assert_eq!(limits(vec![one]).guard_of(&cluster("dev", "https://a", None), "shop").0, Guard::Production);
    }

    #[test]
    fn a_namespace_that_is_not_named_is_refused() {
        let named = Limits { namespaces: Namespaces::Named(vec!["shop".into()]), ..Limits::from(Guard::Staging) };
        assert_eq!(named.refusal("test", "shop"), None);
        assert!(named.refusal("test", "pay").is_some_and(|why| why.contains("does not include namespace \"pay\"")));
    }
}
