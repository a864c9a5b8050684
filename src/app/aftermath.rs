//! Finished actions that are still watched: which row each is about, and which of them somebody undid.

use std::collections::HashSet;
use std::sync::Arc;

use super::message::Unseen;
use crate::actions::journal::Finished;
use crate::domain::action::{Undone, WATCHED};
use crate::domain::rollout::{Rollout, WorkloadRef};
use crate::domain::time::Instant;

/// A target of a run, by the run's id and its place.
type Place = (String, usize);

/// Finished actions, and what became of them.
#[derive(Debug, Default)]
pub struct Aftermath {
    watched: Vec<Watched>,
    /// What the operator has seen told.
    dismissed: HashSet<Place>,
    /// What is told now.
    told: Option<String>,
}

#[derive(Debug)]
struct Watched {
    finished: Finished,
    /// The row when it was last looked at.
    seen: Option<Seen>,
    /// Whether it is being looked at: one look at a time, so that nothing is told twice.
    is_looked_at: bool,
    undone: Option<String>,
}

/// What of a row moves when somebody changes what an action left.
#[derive(Debug, Clone, PartialEq)]
struct Seen {
    uid: Arc<str>,
    changed_at: Option<Instant>,
    revision: Option<u64>,
    desired: u32,
    images: Arc<[Arc<str>]>,
    notes: Arc<[Arc<str>]>,
}

impl Seen {
    fn of(row: &Rollout) -> Self {
        Self {
            uid: row.uid.clone(),
            changed_at: row.changed_at,
            revision: row.revision,
            desired: row.counts.desired,
            images: row.images.clone(),
            notes: row.notes.clone(),
        }
    }
}

impl Watched {
    fn place(&self) -> Place {
        (self.finished.begun.run.clone(), self.finished.target)
    }

    fn workload(&self) -> Option<&WorkloadRef> {
        self.finished.begun.aims.get(self.finished.target)?.subject.workload()
    }
}

impl Aftermath {
    /// What the journal says is finished and not too old; what was seen of those known already stays.
    pub fn replace(&mut self, finished: Vec<Finished>) {
        let mut known = std::mem::take(&mut self.watched);
        for one in finished {
            let place = (one.begun.run.as_str(), one.target);
            let before = known
                .iter()
                .position(|watched| (watched.finished.begun.run.as_str(), watched.finished.target) == place)
                .map(|at| known.swap_remove(at));
            let undone = one.undone.clone().or_else(|| before.as_ref().and_then(|before| before.undone.clone()));
            let is_looked_at = before.as_ref().is_some_and(|before| before.is_looked_at);
            let seen = before.and_then(|before| before.seen);
            self.watched.push(Watched { finished: one, seen, is_looked_at, undone });
        }
        self.tell();
    }

    /// Those whose row has moved since it was last looked at, or was never looked at: each is to be looked at now.
    pub fn moved(&mut self, rows: &[Arc<Rollout>], now: Instant) -> Vec<Finished> {
        let before = self.watched.len();
        self.watched.retain(|watched| now - watched.finished.done_at < WATCHED);
        if self.watched.len() != before {
            self.tell();
        }
        let mut moved = Vec::new();
        for watched in self.watched.iter_mut().filter(|watched| !watched.is_looked_at) {
            let row = watched.workload().and_then(|workload| rows.iter().find(|row| row.workload == *workload));
            let seen = row.map(|row| Seen::of(row));
            if seen.is_some() && watched.seen != seen {
                watched.seen = seen;
                watched.is_looked_at = true;
                moved.push(watched.finished.clone());
            }
        }
        moved
    }

    /// What looking at one of them came to.
    pub fn looked(&mut self, run: &str, target: usize, found: Result<Option<Undone>, Unseen>) {
        let place = |watched: &&mut Watched| watched.finished.begun.run == run && watched.finished.target == target;
        let Some(watched) = self.watched.iter_mut().find(place) else { return };
        watched.is_looked_at = false;
        let Ok(undone) = found else {
            watched.seen = None;
            return;
        };
        if undone.is_none() {
            // It is as it was left again; the next time is news.
            self.dismissed.remove(&(run.to_owned(), target));
        }
        watched.undone = undone.map(|undone| undone.words);
        watched.finished.undone.clone_from(&watched.undone);
        self.tell();
    }

    /// The newest that somebody undid and nobody has seen told, and how many more there are.
    pub fn undone(&self) -> Option<&str> {
        self.told.as_deref()
    }

    /// The operator has seen what was told.
    pub fn dismiss(&mut self) {
        self.dismissed.extend(self.watched.iter().filter(|watched| watched.undone.is_some()).map(Watched::place));
        self.tell();
    }

    fn tell(&mut self) {
        let untold = |watched: &&Watched| watched.undone.is_some() && !self.dismissed.contains(&watched.place());
        let mut untold = self.watched.iter().rev().filter(untold).filter_map(|watched| watched.undone.as_deref());
        self.told = untold.next().map(str::to_owned).map(|newest| match untold.count() {
            0 => newest,
            more => format!("{newest} (+{more} more: key 8, the journal)"),
        });
    }
}
