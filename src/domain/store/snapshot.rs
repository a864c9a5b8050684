//! The store as a console holds it: what it was told last, and how fresh that is.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::TimeDelta;

use super::fact::{Fact, Held, Registered, Row, Table};
use super::facts;
use crate::domain::source::{SourceHealth, SourceId, SourceState};
use crate::domain::time::Instant;

/// What changed since a position of the audit: every change of an audited fact has one.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Changes {
    /// The position up to which this tells; ask from there the next time.
    pub position: u64,
    /// The store's time.
    pub now: Instant,
    /// Whether this is everything there is to hold rather than what came since: it was asked from 0, or the store is another.
    pub is_whole: bool,
    /// Rows of the facts that a console holds, by their tables: written since, the first written first; where it is whole, what is to be
    /// held, the last written first.
    pub rows: Vec<(&'static Table, Vec<Row>)>,
    /// Why the store is only read: its tables could not be brought to this console's version.
    pub trouble: Option<String>,
}

impl Changes {
    /// The facts of a kind.
    pub fn of<F: Fact>(&self) -> Vec<F> {
        let rows = self.rows.iter().filter(|(table, _)| *table == F::TABLE).flat_map(|(_, rows)| rows);
        rows.filter_map(F::decode).collect()
    }
}

/// What is known of the store. While it is down this is the last good word, with its age in `health`.
#[derive(Debug, Clone)]
pub struct StoreSnapshot {
    /// How fresh it is.
    pub health: SourceHealth,
    /// What is held of each kind of fact, by its table; [`Self::facts`] reads it.
    pub held: HashMap<&'static str, Held>,
    /// How far the store's clock is ahead of ours; negative when it is behind.
    pub ahead: TimeDelta,
    /// The position of the audit up to which this tells.
    pub position: u64,
}

impl Default for StoreSnapshot {
    fn default() -> Self {
        let mut snapshot = Self {
            health: SourceHealth::loading(SourceId::store()),
            held: HashMap::new(),
            ahead: TimeDelta::zero(),
            position: 0,
        };
        snapshot.begin(facts::ALL, Instant::default());
        snapshot
    }
}

impl StoreSnapshot {
    /// What is held of a kind of fact. Whether one still holds is for its reader to ask. `None` for a kind the store does not know.
    pub fn facts<F: Fact>(&self) -> Option<&F::Held> {
        self.held.get(F::TABLE.name)?.downcast_ref()
    }

    /// The same snapshot, holding this.
    #[must_use]
    pub fn with<F: Fact>(mut self, held: F::Held) -> Self {
        self.held.insert(F::TABLE.name, Arc::new(held));
        self
    }

    /// Whether another holds the same of a kind of fact.
    pub fn is_same<F: Fact>(&self, other: &Self) -> bool {
        let held = |of: &Self| of.held.get(F::TABLE.name).cloned();
        held(self).zip(held(other)).is_some_and(|(one, other)| Arc::ptr_eq(&one, &other))
    }

    fn begin(&mut self, known: &[Registered], now: Instant) {
        self.held = known.iter().map(|fact| (fact.table.name, (fact.hold)(None, &[], now))).collect();
    }

    /// Takes in what the store told, of the kinds of fact that are known.
    pub fn apply(&mut self, changes: Changes, known: &[Registered], now: Instant) {
        self.ahead = changes.now - now;
        self.position = changes.position;
        if changes.is_whole {
            self.begin(known, changes.now);
        }
        for (table, rows) in changes.rows.iter().filter(|(_, rows)| !rows.is_empty()) {
            if let Some(fact) = known.iter().find(|fact| fact.table == *table) {
                let held = (fact.hold)(self.held.get(table.name), rows, changes.now);
                self.held.insert(table.name, held);
            }
        }
        self.health.heard(now);
        if changes.trouble.is_some() {
            // Everything is as it is told, and nothing can be written.
            self.health.state = SourceState::Stale;
            self.health.error = changes.trouble;
        }
    }
}
