//! How bad an alert is.

use serde::{Deserialize, Serialize};

use crate::domain::worded;

worded! {
    /// Ordered from the worst.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "lowercase")]
    pub enum Severity {
        /// SEV1.
        Critical = "critical",
        /// SEV2.
        High = "high",
        /// SEV3.
        Medium = "medium",
        /// SEV4.
        Low = "low",
    }
}

impl Severity {
    /// The severity a label's word means (requirements, section H): `warning` and none at all are medium.
    ///
    /// A word nobody told us the meaning of counts as high (DESIGN §8): better looked at than overlooked.
    pub fn of(word: Option<&str>) -> Self {
        let Some(word) = word.map(str::trim).filter(|word| !word.is_empty()) else { return Self::Medium };
        let is = |known: &[&str]| known.iter().any(|one| word.eq_ignore_ascii_case(one));
        match word {
            _ if is(&["critical", "crit", "page", "emergency", "fatal", "disaster", "sev1", "sev-1", "p1"]) => {
                Self::Critical
            }
            _ if is(&["warning", "warn", "medium", "minor", "average", "sev3", "sev-3", "p3"]) => Self::Medium,
            _ if is(&["low", "info", "information", "informational", "notice", "none", "sev4", "sev-4", "p4"]) => {
                Self::Low
            }
            _ => Self::High,
        }
    }

    /// What it makes of the exit code of `status` (DESIGN §8).
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Critical | Self::High => 2,
            Self::Medium => 1,
            Self::Low => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_become_severities_as_the_requirements_say() {
        for (word, severity) in [
            (None, Severity::Medium),
            (Some("  "), Severity::Medium),
            (Some("warning"), Severity::Medium),
            (Some("Critical"), Severity::Critical),
            (Some("page"), Severity::Critical),
            (Some("error"), Severity::High),
            (Some("high"), Severity::High),
            (Some("info"), Severity::Low),
            (Some("none"), Severity::Low),
            (Some("wurst"), Severity::High),
        ] {
            assert_eq!(Severity::of(word), severity, "{word:?}");
        }
        assert!(Severity::Critical < Severity::Low, "the worst comes first");
    }
}
