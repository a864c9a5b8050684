//! What was released around the time an alert began: what may be why, the nearest to its service first.

use chrono::TimeDelta;

use super::{Lead, Moment, MomentKind};
use crate::domain::alert::Alert;
use crate::domain::alert::join::Aim;
use crate::domain::rollout::{Rollout, WorkloadRef};

/// A release this long before or after an alert began is of its hour.
pub const AROUND: TimeDelta = TimeDelta::hours(1);

/// How near to an alert something was released, the nearest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Nearness {
    /// Of what the alert is about.
    Own,
    /// In its namespace.
    Namespace,
    /// In its environment.
    Environment,
}

/// The releases of an alert's hour: those of its service; where there are none, those of its namespace; else those of its
/// environment. The newest first.
///
/// `row` gives the row of a workload, by which its service is known; one that is gone is known by its name alone.
pub fn around<'m, 'r>(
    alert: &Alert,
    moments: impl IntoIterator<Item = &'m Moment>,
    row: impl Fn(&WorkloadRef) -> Option<&'r Rollout>,
) -> Option<(Nearness, Vec<&'m Moment>)> {
    let aim = Aim::of(alert);
    let namespace = alert.label("namespace");
    let nearness = |workload: &WorkloadRef| match row(workload) {
        Some(row) if aim.is(row) => Nearness::Own,
        None if alert.service.as_deref() == Some(&*workload.name) => Nearness::Own,
        _ if namespace.is_some_and(|named| *named == workload.namespace) => Nearness::Namespace,
        _ => Nearness::Environment,
    };
    let mut found: Vec<(Nearness, &Moment)> = Vec::new();
    for moment in moments {
        let is_release = matches!(moment.kind, MomentKind::Deploy | MomentKind::Rollback);
        let is_of_its_hour = (alert.started_at - AROUND..=alert.started_at + AROUND).contains(&moment.at);
        if let (true, true, Lead::Workload(workload)) = (is_release, is_of_its_hour, &moment.lead)
            && workload.environment == alert.environment
        {
            found.push((nearness(workload), moment));
        }
    }
    let nearest = found.iter().map(|(near, _)| *near).min()?;
    let mut chosen: Vec<&Moment> =
        found.into_iter().filter(|(near, _)| *near == nearest).map(|(_, moment)| moment).collect();
    chosen.sort_by(|one, other| super::order(other).cmp(&super::order(one)));
    chosen.dedup_by(|one, other| one.key == other.key);
    Some((nearest, chosen))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::alert::testing::alert;
    use crate::domain::release::Release;
    use crate::domain::release::testing::release;
    use crate::domain::time::Instant;
    use crate::domain::timeline::released;

    fn at(minutes: i64) -> Instant {
        chrono::DateTime::from_timestamp(1_800_000_000 + minutes * 60, 0).unwrap_or_default()
    }

    /// A release of a workload of a namespace, so many minutes after the alert began.
    fn made(namespace: &str, name: &str, minutes: i64) -> Moment {
        let one = release(2, at(minutes - 10));
        let workload = WorkloadRef { namespace: namespace.into(), name: name.into(), ..one.workload.clone() };
        released(&Release { workload, workload_uid: name.into(), ..one }, Some("c1")).expect("a moment")
    }

    #[test]
    fn the_nearest_releases_of_its_hour_are_told() {
        let alert = alert(&[("alertname", "A"), ("service", "api"), ("namespace", "shop")], at(0));
        let all = [made("shop", "api", -5), made("shop", "cart", -3), made("pay", "bank", 4), made("shop", "api", -70)];
        let names = |moments: &[Moment]| {
            around(&alert, moments, |_| None)
                .map(|(near, found)| (near, found.iter().map(|one| one.about.clone()).collect::<Vec<_>>()))
        };
        assert_eq!(names(&all), Some((Nearness::Own, vec!["api -n shop".to_owned()])), "one of two is too old");
        assert_eq!(names(&all[1..]), Some((Nearness::Namespace, vec!["cart -n shop".to_owned()])));
        assert_eq!(names(&all[2..]), Some((Nearness::Environment, vec!["bank -n pay".to_owned()])));
        assert_eq!(names(&all[3..]), None);
    }
}
