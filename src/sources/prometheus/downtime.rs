//! What of the maintenance schedule does not count against what was promised (requirements B8).

use std::sync::Arc;

use chrono::{Datelike, NaiveTime};
use tokio::sync::watch;

use crate::domain::maintenance::{Schedule, budget};
use crate::domain::slo::Exclusion;
use crate::domain::time::Instant;

/// The schedule as the store told it last; nothing where no store is listened to.
#[derive(Debug, Clone, Default)]
pub struct Downtime(Option<watch::Receiver<Arc<Schedule>>>);

impl Downtime {
    /// A schedule that may change.
    pub const fn following(schedule: watch::Receiver<Arc<Schedule>>) -> Self {
        Self(Some(schedule))
    }

    /// A schedule as it is.
    pub fn standing(schedule: Schedule) -> Self {
        Self(Some(watch::Sender::new(Arc::new(schedule)).subscribe()))
    }

    /// The downtime of a service up to now, from the beginning of the month in which a window of time begins: what does not count is limited
    /// by the calendar month.
    pub(super) fn of(&self, service: &str, began: Instant, now: Instant) -> Vec<Exclusion> {
        let Some(schedule) = self.0.as_ref().map(|schedule| schedule.borrow().clone()) else { return Vec::new() };
        let month = began.date_naive().with_day(1).map_or(began, |first| first.and_time(NaiveTime::MIN).and_utc());
        budget::exclusions(&schedule, Some(service), month, now, now)
    }
}
