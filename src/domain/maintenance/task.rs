//! What is done every day, week, month and quarter (requirements E5): done once in each of these, on the calendar of UTC; a week begins on
//! Monday.

use chrono::{Datelike, Days, Months, NaiveDate, NaiveTime};
use serde::Serialize;

use crate::domain::time::Instant;
use crate::domain::worded;

worded! {
    /// How often something is done.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
    #[serde(rename_all = "lowercase")]
    pub enum Every {
        /// Each day.
        Daily = "daily",
        /// Each week.
        Weekly = "weekly",
        /// Each month.
        Monthly = "monthly",
        /// Each quarter of a year.
        Quarterly = "quarterly",
    }
}

/// Something to be done again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Task {
    /// Its name on a command line.
    pub name: &'static str,
    /// What it is.
    pub words: &'static str,
    /// How often.
    pub every: Every,
}

const fn task(name: &'static str, every: Every, words: &'static str) -> Task {
    Task { name, words, every }
}

/// The tasks of the requirements: the lists of E5, and the upkeep of databases and caches.
pub const ALL: &[Task] = &[
    task("logs", Every::Daily, "Look through the logs"),
    task("backups", Every::Daily, "See that the backups were made"),
    task("performance", Every::Weekly, "Look at the performance"),
    task("security-updates", Every::Weekly, "Install the security updates"),
    task("vacuum", Every::Weekly, "Vacuum and analyze the databases"),
    task("capacity", Every::Monthly, "Look at the capacity"),
    task("dependencies", Every::Monthly, "Bring the dependencies up to date"),
    task("purge", Every::Monthly, "Purge what is older than 90 days, and archives older than 1 year"),
    task("cache", Every::Monthly, "Warm the caches up, and look at their hit rate and memory"),
    task("reindex", Every::Quarterly, "Rebuild the indexes"),
    task("dr-test", Every::Quarterly, "Test the disaster recovery"),
    task("procedures", Every::Quarterly, "Read the procedures again"),
];

/// A task by its name.
pub fn named(name: &str) -> Option<&'static Task> {
    ALL.iter().find(|task| task.name == name)
}

/// What to say where there is none of a name.
pub fn no_such_task(name: &str) -> String {
    let names: Vec<&str> = ALL.iter().map(|task| task.name).collect();
    format!(
        "There is no task {:?}: nothing was written. There are {}.",
        crate::domain::text::clean(name),
        names.join(", ")
    )
}

impl Task {
    /// By when it is due: the end of the first of its days, weeks, months or quarters in which it was not done. One that was never done is due
    /// by the end of this one.
    pub fn due(&self, last_done: Option<Instant>, now: Instant) -> Instant {
        let end =
            |at: Instant| self.every.end(at.date_naive()).map_or(at, |day| day.and_time(NaiveTime::MIN).and_utc());
        last_done.map_or_else(|| end(now), |done| end(end(done)))
    }
}

impl Every {
    /// The first day after the day, week, month or quarter that a day is in.
    fn end(self, day: NaiveDate) -> Option<NaiveDate> {
        match self {
            Self::Daily => day.succ_opt(),
            Self::Weekly => day.checked_add_days(Days::new(7 - u64::from(day.weekday().num_days_from_monday()))),
            Self::Monthly => day.with_day(1)?.checked_add_months(Months::new(1)),
            Self::Quarterly => day.with_day(1)?.checked_add_months(Months::new(3 - day.month0() % 3)),
        }
    }
}
