//! Silences: who keeps notifications back, of what, until when and why.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Matcher;
use crate::domain::time::Instant;

/// Where a silence is in its life, as Alertmanager tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SilenceState {
    /// It holds.
    Active,
    /// It has not begun.
    Pending,
    /// It is over.
    Expired,
}

impl SilenceState {
    /// The word shown.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Pending => "pending",
            Self::Expired => "ended",
        }
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
    /// What it covers, as Alertmanager writes it: `alertname="A" service=~"b|c"`.
    pub fn covers(&self) -> String {
        self.matchers.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    }
}
