//! The windows of the requirements (E1), with what is done in each. Where they meet, the shorter is absorbed (design, section 8).

use super::{Recurrence, Rule, Window};
use crate::domain::time::{self, Zone};

/// The alternative of the monthly window: 02:00 to 04:00, on a clock of one's own choice. Whoever adds it by its name takes the other's place.
pub const MONTHLY_SHORT: &str = "monthly-short";

struct Line {
    name: &'static str,
    recurrence: &'static str,
    hours: i64,
    minutes: i64,
    activities: &'static [&'static str],
}

const LINES: [Line; 4] = [
    Line {
        name: "daily",
        recurrence: "0 2 * * *",
        hours: 0,
        minutes: 30,
        activities: &[
            "log rotation",
            "temporary files older than 1 day",
            "vacuum analyze",
            "cache flush",
            "scan",
            "health check",
            "notice on success",
        ],
    },
    Line {
        name: "weekly",
        recurrence: "0 1 * * SUN",
        hours: 2,
        minutes: 0,
        activities: &["security updates", "database optimisation", "backup verification", "performance analysis"],
    },
    Line { name: "monthly", recurrence: "0 0 * * SUN#1", hours: 4, minutes: 0, activities: MONTHLY },
    Line {
        name: "quarterly",
        recurrence: "0 4 * 1,4,7,10 SUN#1",
        hours: 4,
        minutes: 0,
        activities: &["tuning", "index rebuild", "storage", "audit"],
    },
];

const MONTHLY: &[&str] = &["major updates", "capacity", "disaster recovery test", "security audit"];

const ALTERNATIVE: Line =
    Line { name: MONTHLY_SHORT, recurrence: "0 2 * * SUN#1", hours: 2, minutes: 0, activities: MONTHLY };

impl Line {
    fn window(&self, zone: Zone) -> Option<Window> {
        Some(Window {
            name: self.name.to_owned(),
            rule: Rule::Again(Recurrence::read(self.recurrence).ok()?),
            zone,
            lasts: time::hours(self.hours) + time::minutes(self.minutes),
            service: None,
            is_downtime: false,
            announced: None,
            activities: self.activities.iter().map(|one| (*one).to_owned()).collect(),
            emergency: None,
        })
    }
}

/// The four windows, in UTC.
pub fn windows() -> Vec<Window> {
    LINES.iter().filter_map(|line| line.window(Zone::UTC)).collect()
}

/// The alternative of a name, on the clock of a zone; `None` where there is none.
pub fn alternative(name: &str, zone: Zone) -> Option<Window> {
    ALTERNATIVE.window(zone).filter(|window| window.name == name)
}

/// The shipped window whose place one of this name takes, besides its own.
pub(super) fn replaced_by(name: &str) -> Option<&'static str> {
    (name == MONTHLY_SHORT).then_some("monthly")
}
