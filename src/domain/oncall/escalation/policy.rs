//! A policy: whom an incident of a team and a severity pages, level by level, until somebody answers.

use std::fmt;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::domain::incident::Severity;
use crate::domain::time;
use crate::domain::worded;

worded! {
    /// What a level may decide, by the order in which a call climbs.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum Authority {
        /// Whatever the response to an incident needs.
        IncidentResponse = "incident response",
        /// Changes of systems.
        SystemChange = "system change",
        /// Releases outside the calendar.
        EmergencyRelease = "emergency release",
        /// What it costs the business.
        BusinessDecision = "business decision",
    }
}

worded! {
    /// When the clock of a policy runs.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum Runs {
        /// At any hour.
        Always = "always",
        /// Only while the team does business.
        BusinessHours = "business-hours",
        /// Level 1 alone, at the next business hour.
        NextBusinessHour = "next-business-hour",
    }
}

impl Runs {
    /// When an incident of a severity pages, where its policy does not say.
    pub const fn of(severity: Severity) -> Self {
        match severity {
            Severity::Sev1 => Self::Always,
            Severity::Sev2 => Self::BusinessHours,
            Severity::Sev3 | Severity::Sev4 => Self::NextBusinessHour,
        }
    }
}

/// Whom a level pages. Who that is, is found when it pages, by the schedule with its overrides and never by a rotation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Target {
    /// Whoever has a role of a schedule; `None`: any role of it.
    Schedule {
        /// The schedule.
        schedule: String,
        /// The role.
        role: Option<String>,
    },
    /// A person, by handle.
    Person(String),
    /// Whomever the first level of another team's policy pages, for the same severity.
    Policy(String),
}

impl Target {
    /// Reads a target such as `schedule:shop/primary`, `person:ada` or `policy:platform`; `None` for what is none.
    pub fn read(text: &str) -> Option<Self> {
        let (kind, name) = text.trim().split_once(':')?;
        let name = name.trim();
        let is_named = |name: &str| !name.is_empty() && !name.contains(['/', ':']);
        match kind.trim() {
            "schedule" => {
                let (schedule, role) =
                    name.split_once('/').map_or((name, None), |(schedule, role)| (schedule, Some(role)));
                let is_whole = is_named(schedule) && role.is_none_or(is_named);
                is_whole.then(|| Self::Schedule { schedule: schedule.to_owned(), role: role.map(str::to_owned) })
            }
            "person" => is_named(name).then(|| Self::Person(name.to_owned())),
            "policy" => is_named(name).then(|| Self::Policy(name.to_owned())),
            _ => None,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Schedule { schedule, role: Some(role) } => write!(to, "schedule:{schedule}/{role}"),
            Self::Schedule { schedule, role: None } => write!(to, "schedule:{schedule}"),
            Self::Person(person) => write!(to, "person:{person}"),
            Self::Policy(team) => write!(to, "policy:{team}"),
        }
    }
}

impl From<Target> for String {
    fn from(target: Target) -> Self {
        target.to_string()
    }
}

impl TryFrom<String> for Target {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::read(&text).ok_or_else(|| format!("{text:?} is nobody who can be paged"))
    }
}

/// A level of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Level {
    /// When it pages, in seconds: since the first page, or where each level has its own time since the level before.
    pub after: u32,
    /// Whom.
    pub page: Vec<Target>,
}

/// A policy of a team for a severity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// The team.
    pub team: String,
    /// The severity.
    pub severity: Severity,
    /// When its clock runs.
    pub runs: Runs,
    /// Whether the times are those that each level has, and not since the first page.
    pub per_step: bool,
    /// Its levels, the first first.
    pub levels: Vec<Level>,
    /// When nobody is left to page, in seconds, counted as the levels are.
    pub exhausted: u32,
    /// How often it begins again when nobody answered.
    pub repeat: u32,
    /// From 1; every change adds one.
    #[serde(default)]
    pub version: u64,
}

impl Policy {
    /// When the levels page, in minutes since the first page, where a policy does not say (requirements, C5).
    pub const AFTER: [u32; 4] = [0, 15, 30, 60];
    /// When nobody is left, in minutes, likewise.
    pub const EXHAUSTED: u32 = 120;

    /// One that pages nobody by itself.
    pub const fn nobody(severity: Severity) -> Self {
        Self {
            team: String::new(),
            severity,
            runs: Runs::Always,
            per_step: false,
            levels: Vec::new(),
            exhausted: 0,
            repeat: 0,
            version: 0,
        }
    }

    /// What a level may decide; the last and those behind it decide for the business.
    pub fn authority(level: usize) -> Authority {
        Authority::ALL.into_iter().nth(level).unwrap_or(Authority::BusinessDecision)
    }

    /// How long after the first page a level pages by the clock of the policy; beyond the last, when nobody is left.
    pub fn offset(&self, level: usize) -> TimeDelta {
        let times = self.levels.iter().map(|level| level.after).chain([self.exhausted]);
        let offset = if self.per_step {
            times.take(level.saturating_add(1)).fold(0, u32::saturating_add)
        } else {
            times.clone().nth(level).unwrap_or(self.exhausted)
        };
        time::seconds(i64::from(offset))
    }
}
