//! How grave an incident is, and by when somebody has to answer it.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::Audience;
use crate::domain::worded;

worded! {
    /// How grave an incident is; the first is the gravest.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "lowercase")]
    pub enum Severity {
        /// A service is down.
        Sev1 = "sev1",
        /// A major function is down.
        Sev2 = "sev2",
        /// A part of a function does not work.
        Sev3 = "sev3",
        /// Something minor.
        Sev4 = "sev4",
    }
}

impl Severity {
    /// The one that somebody typed: `sev1`, `SEV1` or `1`.
    pub fn typed(word: &str) -> Option<Self> {
        let word = word.trim().to_lowercase();
        Self::ALL.into_iter().find(|one| one.word() == word || one.word().strip_prefix("sev") == Some(&word))
    }

    /// Its name as it is drawn: `SEV1`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sev1 => "SEV1",
            Self::Sev2 => "SEV2",
            Self::Sev3 => "SEV3",
            Self::Sev4 => "SEV4",
        }
    }

    /// What it means and by when it is answered, in a line of a form.
    pub const fn means(self) -> &'static str {
        match self {
            Self::Sev1 => "a service is down: answered within 15 minutes, on-call at once",
            Self::Sev2 => "a major function is down: answered within 1 hour, in business hours",
            Self::Sev3 => "a part of a function does not work: answered within 4 hours, the next business day",
            Self::Sev4 => "something minor: answered within 24 hours, the next week",
        }
    }

    /// How long an answer may take from when the incident was created, in wall time.
    pub const fn respond_within(self) -> TimeDelta {
        match self {
            Self::Sev1 => TimeDelta::minutes(15),
            Self::Sev2 => TimeDelta::hours(1),
            Self::Sev3 => TimeDelta::hours(4),
            Self::Sev4 => TimeDelta::hours(24),
        }
    }

    /// How often people who wait are told how it stands; `None` where nobody is promised it.
    pub const fn tell_every(self) -> Option<TimeDelta> {
        match self {
            Self::Sev1 => Some(TimeDelta::minutes(30)),
            Self::Sev2 => Some(TimeDelta::minutes(60)),
            Self::Sev3 | Self::Sev4 => None,
        }
    }

    /// Who is promised to be told how it stands.
    pub const fn tells(self) -> &'static [Audience] {
        match self {
            Self::Sev1 => &Audience::ALL,
            Self::Sev2 => &[Audience::Customers, Audience::Internal],
            Self::Sev3 | Self::Sev4 => &[],
        }
    }

    /// Whether it stands in the header, whatever else is looked at.
    pub const fn is_grave(self) -> bool {
        matches!(self, Self::Sev1 | Self::Sev2)
    }

    /// What an open incident of it makes of the exit code of `status`, as an alert of the same gravity does.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Sev1 | Self::Sev2 => 2,
            Self::Sev3 => 1,
            Self::Sev4 => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_typed_in_several_ways_and_written_in_one() {
        for typed in ["sev1", "SEV1", " 1 "] {
            assert_eq!(Severity::typed(typed), Some(Severity::Sev1), "{typed}");
        }
        for typed in ["sev5", "0", "", "critical"] {
            assert_eq!(Severity::typed(typed), None, "{typed}");
        }
        assert_eq!(serde_json::to_string(&Severity::Sev2).ok().as_deref(), Some("\"sev2\""));
    }

    #[test]
    fn the_graver_is_answered_sooner() {
        assert!(Severity::ALL.windows(2).all(|pair| pair[0].respond_within() < pair[1].respond_within()));
    }
}
