//! Silences: who keeps notifications back, of what, until when and why.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Matcher;
use crate::domain::time::Instant;
use crate::domain::worded;

worded! {
    /// Where a silence is in its life, as Alertmanager tells.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "lowercase")]
    pub enum SilenceState {
        /// It holds.
        Active = "active",
        /// It has not begun.
        Pending = "pending",
        /// It is over.
        Expired = "ended",
    }
}

/// A silence. Texts are cleaned, times are by our clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silence {
    /// Its id.
    pub id: Arc<str>,
    /// What it covers.
    pub matchers: Vec<Matcher>,
    /// From when.
    pub starts_at: Instant,
    /// Until when.
    pub ends_at: Instant,
    /// Who made it.
    pub created_by: Arc<str>,
    /// Why.
    pub comment: Arc<str>,
    /// Where it is in its life.
    pub state: SilenceState,
}

impl Silence {
    /// Where it stands in a list: what holds first, what ends next on top; then what begins next; then what ended last.
    pub const fn order(&self) -> (SilenceState, i64) {
        let at = match self.state {
            SilenceState::Active => self.ends_at.timestamp(),
            SilenceState::Pending => self.starts_at.timestamp(),
            SilenceState::Expired => -self.ends_at.timestamp(),
        };
        (self.state, at)
    }

    /// What it covers, as Alertmanager writes it: `alertname="A" service=~"b|c"`; cleaned.
    pub fn covers(&self) -> String {
        super::matcher::said(&self.matchers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_next_is_first_and_what_ended_last_is_first_of_those() {
        let at = |minutes: i64| chrono::DateTime::from_timestamp(1_800_000_000 + minutes * 60, 0).unwrap_or_default();
        let silence = |id: &str, state, ends: i64| Silence {
            id: id.into(),
            matchers: Vec::new(),
            starts_at: at(ends - 60),
            ends_at: at(ends),
            created_by: "Sato".into(),
            comment: "a new disk".into(),
            state,
        };
        let mut silences = [
            silence("old", SilenceState::Expired, -90),
            silence("late", SilenceState::Active, 90),
            silence("recent", SilenceState::Expired, -5),
            silence("soon", SilenceState::Active, 5),
            silence("pending", SilenceState::Pending, 80),
        ];
        silences.sort_by_key(Silence::order);
        assert_eq!(silences.map(|one| one.id.to_string()), ["soon", "late", "pending", "recent", "old"]);
    }
}
