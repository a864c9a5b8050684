//! Retention: what was promised to be kept, beside what is there.

use chrono::TimeDelta;

use crate::domain::job::Schedule;
use crate::domain::time::Instant;

/// How much before its time a run may begin and still be that run.
const EARLY: TimeDelta = TimeDelta::minutes(5);
/// How many runs are looked at at most: an hourly one for two months.
const MOST: usize = 1_500;

/// What is kept of the whole backups of a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retention {
    /// How long every one was promised to be kept; `None` where only the ladder is.
    pub promised: Option<TimeDelta>,
    /// When the oldest began that can be restored.
    pub oldest: Option<Instant>,
    /// How many can be restored.
    pub kept: usize,
    /// How many runs of the promised time there were, from the first backup known on.
    pub due: usize,
    /// Those of them whose backup is not there any more, or never was, the oldest first.
    pub gone: Vec<Instant>,
}

impl Retention {
    /// What is kept, given the moments of backups that can be restored, in any order, and the first that is known of any kind. A run that no
    /// backup came of yet is not among those due: whether it is late is told elsewhere.
    pub fn of(
        restorable: &[Instant],
        born: Option<Instant>,
        promised: Option<TimeDelta>,
        schedule: &Schedule,
        now: Instant,
    ) -> Self {
        let mut kept: Vec<Instant> = restorable.to_vec();
        kept.sort_unstable();
        let from = promised.zip(born).map(|(promised, born)| born.max(now - promised));
        let newest = kept.last().copied();
        let runs = match from.zip(newest) {
            Some((from, newest)) if from <= newest => schedule.between(from - EARLY, newest + EARLY, MOST),
            _ => Vec::new(),
        };
        let until = |place: usize| runs.get(place + 1).copied();
        let is_kept = |(place, run): (usize, &Instant)| {
            kept.iter().any(|at| *at >= *run - EARLY && until(place).is_none_or(|next| *at < next - EARLY))
        };
        let gone: Vec<Instant> = runs.iter().enumerate().filter(|one| !is_kept(*one)).map(|(_, run)| *run).collect();
        Self { promised, oldest: kept.first().copied(), kept: kept.len(), due: runs.len(), gone }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time;

    fn at(text: &str) -> Instant {
        text.parse().expect("a time")
    }

    #[test]
    fn every_run_of_the_promised_time_is_to_be_there() {
        let nightly = Schedule::read("0 2 * * *", None).expect("a schedule");
        let now = at("2026-12-01T11:00:00Z");
        let nights: Vec<Instant> = (0..40).map(|back| at("2026-12-01T02:00:10Z") - time::days(back)).collect();
        let of = |kept: &[Instant], promised| Retention::of(kept, nights.last().copied(), promised, &nightly, now);
        let whole = of(&nights, Some(time::days(30)));
        assert_eq!((whole.due, whole.gone.len(), whole.kept), (30, 0, 40));
        let some: Vec<Instant> =
            nights.iter().enumerate().filter(|(back, _)| ![12, 20].contains(back)).map(|(_, at)| *at).collect();
        let gone = of(&some, Some(time::days(30))).gone;
        assert_eq!(gone, [at("2026-11-11T02:00:00Z"), at("2026-11-19T02:00:00Z")]);
        let newest_late = of(&nights[1..], Some(time::days(30)));
        assert_eq!((newest_late.due, newest_late.gone.len()), (29, 0), "what is late is told elsewhere");
        assert_eq!(of(&nights[..8], None).due, 0, "nothing but the ladder was promised");
        assert_eq!(of(&nights[..8], Some(time::days(30))).gone.len(), 22, "it was expired too soon");
        assert_eq!(of(&[], Some(time::days(30))).oldest, None);
    }
}
