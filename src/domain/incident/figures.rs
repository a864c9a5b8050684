//! How long incidents took: to be seen, to be answered, to be over, and until the next.
//!
//! Each is a count with median and 90th percentile beside the mean: durations have a long tail, and a mean alone misleads.

use chrono::TimeDelta;
use serde::Serialize;

use super::{Incident, State};
use crate::domain::time::Instant;

impl Incident {
    /// From when it hurt to when it was created; only where somebody said since when.
    pub fn time_to_detect(&self) -> Option<TimeDelta> {
        Some(self.created_at - self.impact_since?).filter(|took| *took >= TimeDelta::zero())
    }

    /// From when it was created to the first acknowledgement.
    pub fn time_to_acknowledge(&self) -> Option<TimeDelta> {
        Some(self.acknowledged.as_ref()?.at - self.created_at)
    }

    /// From when it was created to the last time it was resolved, without the time between a resolve and its reopening.
    pub fn time_to_resolve(&self) -> Option<TimeDelta> {
        let took = self.resolved.as_ref()?.at - self.created_at;
        Some((took - self.resolved_before()).max(TimeDelta::zero()))
    }

    /// How long it was resolved before it was opened again.
    fn resolved_before(&self) -> TimeDelta {
        crate::domain::time::seconds(i64::try_from(self.resolved_seconds).unwrap_or(i64::MAX))
    }

    /// How long it hurt within a window.
    fn downtime(&self, from: Instant, until: Instant) -> TimeDelta {
        let began = self.impact_since.unwrap_or(self.created_at).clamp(from, until);
        let ended = self.resolved.as_ref().map_or(until, |resolved| resolved.at).clamp(from, until);
        (ended - began - self.resolved_before()).max(TimeDelta::zero())
    }
}

/// Several durations in figures, in whole seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Measured {
    /// Of how many.
    pub count: usize,
    /// Their mean; `None` of none.
    pub mean_seconds: Option<i64>,
    /// Their median; of an even number the mean of the middle two.
    pub median_seconds: Option<i64>,
    /// What nine of ten do not exceed, by nearest rank.
    pub p90_seconds: Option<i64>,
}

impl FromIterator<TimeDelta> for Measured {
    fn from_iter<I: IntoIterator<Item = TimeDelta>>(durations: I) -> Self {
        let mut all: Vec<i64> = durations.into_iter().map(|one| one.num_seconds()).collect();
        all.sort_unstable();
        let count = all.len();
        let at = |place: usize| all.get(place).copied();
        let middle = at(count / 2);
        let median = match count % 2 {
            0 => middle.zip(at((count / 2).saturating_sub(1))).map(|(one, other)| i64::midpoint(one, other)),
            _ => middle,
        };
        let mean = i64::try_from(count).ok().filter(|count| *count > 0).map(|count| all.iter().sum::<i64>() / count);
        let rank = (count * 9).div_ceil(10).saturating_sub(1);
        Self { count, mean_seconds: mean, median_seconds: median, p90_seconds: at(rank) }
    }
}

/// What incidents that were resolved say together. One that was merged is a part of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// Time to detect: of those where somebody said since when it hurt.
    pub mttd: Measured,
    /// Time to acknowledge: of those that somebody acknowledged.
    pub mtta: Measured,
    /// Time to resolve.
    pub mttr: Measured,
    /// How many were resolved without an acknowledgement; they are not in the time to acknowledge.
    pub resolved_unacknowledged: usize,
}

impl Figures {
    /// The figures of these.
    pub fn of<'i>(incidents: impl Iterator<Item = &'i Incident> + Clone) -> Self {
        let resolved = incidents.filter(|one| one.state == State::Resolved);
        Self {
            mttd: resolved.clone().filter_map(Incident::time_to_detect).collect(),
            mtta: resolved.clone().filter_map(Incident::time_to_acknowledge).collect(),
            mttr: resolved.clone().filter_map(Incident::time_to_resolve).collect(),
            resolved_unacknowledged: resolved.filter(|one| one.acknowledged.is_none()).count(),
        }
    }
}

/// The time between failures of a service: what is left of the window without its downtime, by the number of its SEV1 and SEV2. `None` where
/// there were fewer than two: one failure tells nothing of the next.
pub fn between_failures<'i>(
    incidents: impl Iterator<Item = &'i Incident>,
    service: &str,
    from: Instant,
    until: Instant,
) -> Option<TimeDelta> {
    let is_of = |one: &&Incident| {
        one.severity.is_grave()
            && one.state != State::Merged
            && one.services().any(|name| name == service)
            && from <= one.created_at
            && one.created_at < until
    };
    let failures: Vec<&Incident> = incidents.filter(is_of).collect();
    let down = failures.iter().fold(TimeDelta::zero(), |all, one| all + one.downtime(from, until));
    let count = i32::try_from(failures.len()).ok().filter(|count| *count >= 2)?;
    Some((until - from - down).max(TimeDelta::zero()) / count)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{at, incident};
    use super::super::{Severity, Stamp};
    use super::*;

    fn resolved(created: i64, acknowledged: Option<i64>, ended: i64) -> Incident {
        let stamp = |seconds| Stamp { by: "mori".into(), at: at(seconds) };
        Incident {
            state: State::Resolved,
            created_at: at(created),
            acknowledged: acknowledged.map(stamp),
            resolved: Some(stamp(ended)),
            ..incident(Severity::Sev1)
        }
    }

    #[test]
    fn count_median_and_ninetieth_percentile_are_those_of_the_books() {
        let of = |all: &[i64]| all.iter().map(|one| TimeDelta::seconds(*one)).collect::<Measured>();
        let odd = of(&[5, 1, 100]);
        assert_eq!(
            (odd.count, odd.mean_seconds, odd.median_seconds, odd.p90_seconds),
            (3, Some(35), Some(5), Some(100))
        );
        assert_eq!(of(&[4, 2, 6, 8]).median_seconds, Some(5));
        assert_eq!(of(&(1..=10).collect::<Vec<_>>()).p90_seconds, Some(9));
        let none = of(&[]);
        assert_eq!((none.count, none.mean_seconds, none.median_seconds, none.p90_seconds), (0, None, None, None));
    }

    #[test]
    fn what_nobody_acknowledged_is_counted_apart_and_what_is_open_not_at_all() {
        let mut detected = resolved(0, Some(60), 600);
        detected.impact_since = Some(at(-120));
        let all = [detected, resolved(0, None, 300), incident(Severity::Sev1)];
        let figures = Figures::of(all.iter());
        assert_eq!((figures.mtta.count, figures.mtta.median_seconds), (1, Some(60)));
        assert_eq!((figures.mttr.count, figures.mttr.median_seconds), (2, Some(450)));
        assert_eq!((figures.mttd.count, figures.mttd.median_seconds), (1, Some(120)));
        assert_eq!(figures.resolved_unacknowledged, 1);
    }

    #[test]
    fn the_time_it_was_resolved_in_between_is_no_time_to_resolve() {
        let reopened = Incident { resolved_seconds: 100, ..resolved(0, Some(60), 600) };
        assert_eq!(reopened.time_to_resolve(), Some(TimeDelta::seconds(500)));
    }

    #[test]
    fn one_failure_tells_nothing_of_the_next_and_two_share_the_time_it_worked() {
        let (from, until) = (at(-10_000), at(10_000));
        let one = [resolved(0, None, 1_000)];
        assert_eq!(between_failures(one.iter(), "checkout", from, until), None);
        let two = [resolved(0, None, 1_000), resolved(5_000, None, 6_000)];
        assert_eq!(between_failures(two.iter(), "checkout", from, until), Some(TimeDelta::seconds(9_000)));
        assert_eq!(between_failures(two.iter(), "payments", from, until), None);
        let mild = two.map(|one| Incident { severity: Severity::Sev3, ..one });
        assert_eq!(between_failures(mild.iter(), "checkout", from, until), None);
    }
}
