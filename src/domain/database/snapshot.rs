//! What is known of every database at one moment.

use std::cmp::Reverse;
use std::sync::Arc;

use super::preflight::Limits;
use super::{Database, Reading, Standing, Trail};
use crate::domain::time::Instant;

/// What was read of one database.
#[derive(Debug, Clone, PartialEq)]
pub struct Watched {
    /// The database as it was declared.
    pub database: Arc<Database>,
    /// What is too much.
    pub limits: Limits,
    /// The newest reading, or the sentence why there is none; `None` while nothing has come.
    pub told: Option<Result<Arc<Reading>, String>>,
    /// Where its primary wrote within the last minutes: it outlives the primary.
    pub trail: Arc<Trail>,
}

impl Watched {
    /// One of which nothing was read yet.
    pub fn unread(database: Arc<Database>, limits: Limits) -> Self {
        Self { database, limits, told: None, trail: Arc::default() }
    }

    /// Takes a newer reading in.
    pub fn take(&mut self, told: Result<Arc<Reading>, String>) {
        if let Ok(reading) = &told {
            Arc::make_mut(&mut self.trail).add(reading);
        }
        self.told = Some(told);
    }
}

/// Every database, in the order of the configuration.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DatabaseSnapshot {
    /// What was read of each.
    pub databases: Vec<Watched>,
}

impl DatabaseSnapshot {
    /// Whether everybody has answered or failed.
    pub fn is_settled(&self) -> bool {
        self.databases.iter().all(|one| one.told.is_some())
    }

    /// A database by its name.
    pub fn of(&self, name: &str) -> Option<&Watched> {
        self.databases.iter().find(|one| &*one.database.name == name)
    }

    /// How each stands, in the order of the configuration.
    pub fn standings(&self, now: Instant) -> Vec<Standing> {
        self.databases.iter().map(|one| Standing::of(one, now)).collect()
    }

    /// How each stands, the worst first.
    pub fn worst_first(&self, now: Instant) -> Vec<Standing> {
        let mut standings = self.standings(now);
        standings.sort_by_key(|one| Reverse(one.verdict.condition));
        standings
    }
}
