//! The ladder of retention by slots of the calendar: which of the last days, weeks, months and years can be brought back.
//!
//! Slots are of UTC; weeks are those of ISO 8601, Monday to Sunday. A daily slot is due at its scheduled time, any other when its period has
//! ended; none is due before the first backup that is known. What is not due is neither required nor missing. Counting the copies that are
//! there would hide the days that are not (restic's "7 of 7 daily" after three failed nights).

use chrono::{Datelike, Days, Months, NaiveDate, NaiveTime, TimeDelta};
use serde::{Serialize, Serializer};

use crate::domain::job::Schedule;
use crate::domain::time::Instant;
use crate::domain::worded;

worded! {
    /// The rungs, the shortest first.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub enum Rung {
        /// Days.
        Daily = "daily",
        /// Weeks.
        Weekly = "weekly",
        /// Months.
        Monthly = "monthly",
        /// Years.
        Yearly = "yearly",
    }
}

impl Rung {
    /// How many slots are promised.
    pub const fn slots(self) -> usize {
        match self {
            Self::Daily => 7,
            Self::Weekly => 4,
            Self::Monthly => 12,
            Self::Yearly => 5,
        }
    }
}

/// One slot of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slot {
    rung: Rung,
    first: NaiveDate,
}

impl Slot {
    /// The slot of a rung that a moment lies in.
    pub fn of(rung: Rung, at: Instant) -> Self {
        let day = at.date_naive();
        let first = match rung {
            Rung::Daily => Some(day),
            Rung::Weekly => day.checked_sub_days(Days::new(u64::from(day.weekday().num_days_from_monday()))),
            Rung::Monthly => day.with_day(1),
            Rung::Yearly => NaiveDate::from_ymd_opt(day.year(), 1, 1),
        };
        Self { rung, first: first.unwrap_or(day) }
    }

    /// The slot before.
    #[must_use]
    pub fn before(self) -> Self {
        let first = match self.rung {
            Rung::Daily => self.first.checked_sub_days(Days::new(1)),
            Rung::Weekly => self.first.checked_sub_days(Days::new(7)),
            Rung::Monthly => self.first.checked_sub_months(Months::new(1)),
            Rung::Yearly => self.first.checked_sub_months(Months::new(12)),
        };
        Self { first: first.unwrap_or(self.first), ..self }
    }

    /// When it begins.
    pub fn begins(self) -> Instant {
        self.first.and_time(NaiveTime::MIN).and_utc()
    }

    /// Its name: `2026-11-29`, `2026-W48`, `2026-11`, `2026`.
    pub fn name(self) -> String {
        match self.rung {
            Rung::Daily => self.first.format("%Y-%m-%d").to_string(),
            Rung::Weekly => self.first.format("%G-W%V").to_string(),
            Rung::Monthly => self.first.format("%Y-%m").to_string(),
            Rung::Yearly => self.first.format("%Y").to_string(),
        }
    }

    /// When a daily slot is due; `None` on a day without a run.
    fn due(self, schedule: &Schedule) -> Option<Instant> {
        let due = schedule.next(self.begins() - TimeDelta::seconds(1))?;
        (due < self.begins() + TimeDelta::days(1)).then_some(due)
    }
}

impl Serialize for Slot {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.name())
    }
}

/// What is there of one rung.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Step {
    /// Slots that are due.
    pub required: usize,
    /// Those of them that hold a backup which can be restored.
    pub filled: usize,
    /// The others, the oldest first.
    pub missing: Vec<Slot>,
    /// Every slot that is due, the oldest first, and whether it is filled: what is drawn.
    #[serde(skip)]
    pub slots: Vec<(Slot, bool)>,
}

/// The ladder of a set.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Ladder {
    /// Of 7 days.
    pub daily: Step,
    /// Of 4 weeks.
    pub weekly: Step,
    /// Of 12 months.
    pub monthly: Step,
    /// Of 5 years.
    pub yearly: Step,
}

impl Ladder {
    /// The ladder of backups that can be restored, each by the moment its slot goes by. `born` is the first backup known, whether it can
    /// be restored or not; without one nothing is due.
    pub fn of(restorable: &[Instant], born: Option<Instant>, schedule: &Schedule, now: Instant) -> Self {
        let step = |rung| born.map(|born| step(rung, restorable, born, schedule, now)).unwrap_or_default();
        Self {
            daily: step(Rung::Daily),
            weekly: step(Rung::Weekly),
            monthly: step(Rung::Monthly),
            yearly: step(Rung::Yearly),
        }
    }

    /// Its rungs, the shortest first.
    pub fn steps(&self) -> [(Rung, &Step); 4] {
        [
            (Rung::Daily, &self.daily),
            (Rung::Weekly, &self.weekly),
            (Rung::Monthly, &self.monthly),
            (Rung::Yearly, &self.yearly),
        ]
    }

    /// The missing slots that begin before a moment: with a good backup at that moment, no later run can fill them any more.
    pub fn missing_before(&self, at: Instant) -> Vec<Slot> {
        let missing = self.steps().into_iter().flat_map(|(_, step)| &step.missing);
        missing.filter(|slot| slot.begins() < Slot::of(slot.rung, at).begins()).copied().collect()
    }

    /// The same with nothing called missing: for what was not read to its end.
    #[must_use]
    pub fn without_missing(mut self) -> Self {
        for step in [&mut self.daily, &mut self.weekly, &mut self.monthly, &mut self.yearly] {
            step.slots.retain(|(_, is_filled)| *is_filled);
            (step.required, step.missing) = (step.filled, Vec::new());
        }
        self
    }
}

fn step(rung: Rung, restorable: &[Instant], born: Instant, schedule: &Schedule, now: Instant) -> Step {
    let open = Slot::of(rung, now);
    let is_open_due = rung == Rung::Daily && open.due(schedule).is_some_and(|due| due <= now);
    let newest = if is_open_due { open } else { open.before() };
    let first = Slot::of(rung, born);
    let mut due: Vec<Slot> = std::iter::successors(Some(newest), |slot| Some(slot.before()))
        .take(rung.slots())
        .take_while(|slot| *slot >= first)
        .filter(|slot| rung != Rung::Daily || slot.due(schedule).is_some())
        .collect();
    due.reverse();
    let slots: Vec<(Slot, bool)> =
        due.into_iter().map(|slot| (slot, restorable.iter().any(|at| Slot::of(rung, *at) == slot))).collect();
    let missing: Vec<Slot> = slots.iter().filter(|(_, is_filled)| !is_filled).map(|(slot, _)| *slot).collect();
    Step { required: slots.len(), filled: slots.len() - missing.len(), missing, slots }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Instant {
        text.parse().expect("a time")
    }

    fn nightly() -> Schedule {
        Schedule::read("0 2 * * *", None).expect("a schedule")
    }

    /// A backup at 02:00 of each of so many days back, those left out apart.
    fn nights(now: Instant, count: u64, without: &[&str]) -> Vec<Instant> {
        let today = now.date_naive();
        let days = (0..count).filter_map(|back| today.checked_sub_days(Days::new(back)));
        let days = days.filter(|day| !without.contains(&day.to_string().as_str()));
        days.filter_map(|day| day.and_hms_opt(2, 0, 0)).map(|at| at.and_utc()).collect()
    }

    fn names(step: &Step) -> Vec<String> {
        step.missing.iter().map(|slot| slot.name()).collect()
    }

    #[test]
    fn the_night_that_failed_is_named_and_copies_beside_it_do_not_hide_it() {
        let now = at("2026-12-01T11:00:00Z");
        let mut kept = nights(now, 40, &["2026-11-29"]);
        kept.extend(nights(now, 3, &[]).iter().filter(|at| at.date_naive().to_string() != "2026-11-29"));
        let born = kept.iter().min().copied();
        let ladder = Ladder::of(&kept, born, &nightly(), now);
        assert_eq!((ladder.daily.required, ladder.daily.filled), (7, 6));
        assert_eq!(names(&ladder.daily), ["2026-11-29"]);
        assert_eq!((ladder.weekly.required, ladder.weekly.filled), (4, 4));
        assert_eq!((ladder.monthly.required, ladder.monthly.filled), (2, 2), "October and November; December is open");
        assert_eq!(ladder.yearly, Step::default(), "no year has ended");
    }

    #[test]
    fn today_is_due_at_its_scheduled_time_and_not_before() {
        let kept = nights(at("2026-11-30T12:00:00Z"), 10, &[]);
        let born = kept.iter().min().copied();
        let before = Ladder::of(&kept, born, &nightly(), at("2026-12-01T01:59:59Z")).daily;
        assert_eq!((before.required, before.missing.len()), (7, 0));
        let after = Ladder::of(&kept, born, &nightly(), at("2026-12-01T02:00:00Z")).daily;
        assert_eq!((after.required, names(&after)), (7, vec!["2026-12-01".to_owned()]));
    }

    #[test]
    fn weeks_months_and_years_are_due_when_they_have_ended() {
        let kept = [at("2026-12-28T02:00:00Z")];
        let of = |now: &str| Ladder::of(&kept, Some(kept[0]), &nightly(), at(now));
        let before = of("2027-01-03T23:59:59Z");
        assert_eq!((before.weekly.required, before.monthly.required, before.yearly.required), (0, 1, 1));
        let after = of("2027-01-04T00:00:00Z");
        assert_eq!(after.weekly.slots.first().map(|(slot, is)| (slot.name(), *is)), Some(("2026-W53".into(), true)));
        let later = of("2028-02-01T03:00:00Z");
        assert_eq!(names(&later.yearly), ["2027"]);
        assert_eq!((later.monthly.required, later.monthly.filled), (12, 0), "December 2026 is out of the promise");
    }

    #[test]
    fn a_day_without_a_run_is_not_due() {
        let weekdays = Schedule::read("0 2 * * 1-5", None).expect("a schedule");
        let now = at("2026-12-01T11:00:00Z");
        let kept = nights(now, 30, &["2026-11-28", "2026-11-29"]);
        let ladder = Ladder::of(&kept, kept.iter().min().copied(), &weekdays, now);
        assert_eq!((ladder.daily.required, ladder.daily.filled), (5, 5));
    }

    #[test]
    fn without_a_backup_known_nothing_is_due() {
        assert_eq!(Ladder::of(&[], None, &nightly(), at("2026-12-01T11:00:00Z")), Ladder::default());
    }

    #[test]
    fn a_slot_that_a_later_run_can_still_fill_is_told_apart() {
        let now = at("2026-12-01T11:00:00Z");
        let kept = nights(now, 30, &["2026-11-29", "2026-12-01"]);
        let ladder = Ladder::of(&kept, kept.iter().min().copied(), &nightly(), now);
        assert_eq!(names(&ladder.daily), ["2026-11-29", "2026-12-01"]);
        let gone: Vec<_> = ladder.missing_before(at("2026-11-30T02:00:00Z")).iter().map(|slot| slot.name()).collect();
        assert_eq!(gone, ["2026-11-29"]);
    }

    proptest! {
        /// Whatever backups there are: what is due is filled or missing, never more than promised, never before the first known, and a
        /// backup more never takes anything away.
        #[test]
        fn what_is_due_is_filled_or_missing(
            now in 0_i64..4_000_000_000,
            ages in proptest::collection::vec(0_i64..200_000_000, 0..60),
            more in 0_i64..200_000_000,
        ) {
            let now = crate::domain::time::from_seconds(now);
            let mut kept: Vec<Instant> = ages.iter().map(|age| now - crate::domain::time::seconds(*age)).collect();
            let born = kept.iter().min().copied();
            let ladder = Ladder::of(&kept, born, &nightly(), now);
            for (rung, step) in ladder.steps() {
                prop_assert_eq!(step.required, step.filled + step.missing.len());
                prop_assert!(step.required <= rung.slots());
                prop_assert!(step.slots.iter().all(|(slot, _)| Some(slot.begins()) >= born.map(|born| Slot::of(rung, born).begins())));
                prop_assert!(step.slots.windows(2).all(|pair| pair[0].0 == pair[1].0.before() && pair[0].0 < pair[1].0));
                prop_assert!(step.slots.iter().all(|(slot, _)| slot.begins() <= now));
            }
            if let Some(born) = born {
                kept.push((now - crate::domain::time::seconds(more)).max(born));
                let richer = Ladder::of(&kept, Some(born), &nightly(), now);
                for ((_, step), (_, richer)) in ladder.steps().into_iter().zip(richer.steps()) {
                    prop_assert!(richer.filled >= step.filled && richer.required == step.required);
                }
            }
        }

        /// Every moment lies in exactly one slot of a rung, and names are never shared.
        #[test]
        fn slots_part_the_calendar(at in 0_i64..250_000_000_000) {
            let at = crate::domain::time::from_seconds(at);
            for rung in Rung::ALL {
                let slot = Slot::of(rung, at);
                prop_assert!(slot.begins() <= at);
                let before = slot.before();
                prop_assert_eq!(Slot::of(rung, slot.begins() - TimeDelta::seconds(1)), before);
                prop_assert!(before.name() != slot.name());
            }
        }
    }
}
