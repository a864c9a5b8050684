//! What was promised of recovery: how much may be lost, how long bringing it back may take.

use chrono::TimeDelta;

use crate::domain::worded;

/// The mean time to recovery that is aimed at.
pub const MTTR: TimeDelta = TimeDelta::hours(2);
/// The mean time between failures that is aimed at.
pub const MTBF: TimeDelta = TimeDelta::hours(720);

worded! {
    /// How much hangs on it, the most first.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub enum Tier {
        /// Authentication, the core API, the database.
        One = "1",
        /// AI, files, the cache.
        Two = "2",
        /// Analytics, reporting, notifications.
        Three = "3",
    }
}

/// Objectives of recovery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Objectives {
    /// The longest that bringing it back may take.
    pub rto: TimeDelta,
    /// The oldest that the data may be which is brought back.
    pub rpo: TimeDelta,
}

impl Default for Objectives {
    fn default() -> Self {
        Self { rto: TimeDelta::hours(4), rpo: TimeDelta::hours(1) }
    }
}

impl Tier {
    /// What is promised of it.
    pub const fn objectives(self) -> Objectives {
        match self {
            Self::One => Objectives { rto: TimeDelta::hours(1), rpo: TimeDelta::minutes(15) },
            Self::Two => Objectives { rto: TimeDelta::hours(4), rpo: TimeDelta::hours(1) },
            Self::Three => Objectives { rto: TimeDelta::hours(24), rpo: TimeDelta::hours(4) },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiers_promise_what_the_requirements_say() {
        let hours = |tier: Tier| (tier.objectives().rto.num_minutes(), tier.objectives().rpo.num_minutes());
        assert_eq!(Tier::ALL.map(hours), [(60, 15), (240, 60), (1_440, 240)]);
        let default = Objectives::default();
        assert_eq!((default.rto.num_hours(), default.rpo.num_hours()), (4, 1));
    }
}
