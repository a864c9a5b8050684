//! Alerts that are one to an operator, and the order of a list.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use super::{Alert, Severity, State};
use crate::domain::time::Instant;

/// Alerts of one name, severity and service in one environment.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// Its members, the worst first; never empty.
    pub members: Vec<Arc<Alert>>,
}

impl Group {
    /// The worst of its members, which stands for it.
    pub fn first(&self) -> Option<&Arc<Alert>> {
        self.members.first()
    }

    /// What tells it from every other: environment, name and service.
    pub fn key(&self) -> Option<Key> {
        self.first().map(|alert| key(alert))
    }

    /// How many of its members are in a state.
    pub fn count(&self, state: State) -> usize {
        self.members.iter().filter(|alert| alert.state() == state).count()
    }

    /// When the first of its members began.
    pub fn started_at(&self) -> Option<Instant> {
        self.members.iter().map(|alert| alert.started_at).min()
    }
}

/// What tells one group from another.
pub type Key = (Arc<str>, Arc<str>, Option<Arc<str>>);

/// The group an alert belongs to.
pub fn key(alert: &Alert) -> Key {
    (alert.environment.clone(), alert.name.clone(), alert.service.clone())
}

/// Worst first: what nobody is on and nothing holds back, then what is about to fire, then what is held back; each by severity, then
/// the newest.
///
/// What began a moment ago is what an operator has not seen yet; the fingerprint makes the order complete.
pub fn worst_first(one: &Alert, other: &Alert) -> Ordering {
    let held = |alert: &Alert| matches!(alert.state(), State::Silenced | State::Inhibited);
    held(one)
        .cmp(&held(other))
        .then_with(|| one.is_pending.cmp(&other.is_pending))
        .then_with(|| one.severity.cmp(&other.severity))
        .then_with(|| one.state().cmp(&other.state()))
        .then_with(|| other.started_at.cmp(&one.started_at))
        .then_with(|| one.name.cmp(&other.name))
        .then_with(|| one.key.cmp(&other.key))
}

/// Groups alerts; the groups in the order of their worst members.
pub fn grouped(alerts: impl IntoIterator<Item = Arc<Alert>>) -> Vec<Group> {
    let mut sorted: Vec<Arc<Alert>> = alerts.into_iter().collect();
    sorted.sort_by(|one, other| worst_first(one, other));
    let mut places: HashMap<Key, usize> = HashMap::new();
    let mut groups: Vec<Group> = Vec::new();
    for alert in sorted {
        match places.entry(key(&alert)) {
            std::collections::hash_map::Entry::Occupied(place) => {
                if let Some(group) = groups.get_mut(*place.get()) {
                    group.members.push(alert);
                }
            }
            std::collections::hash_map::Entry::Vacant(place) => {
                place.insert(groups.len());
                groups.push(Group { members: vec![alert] });
            }
        }
    }
    groups
}

/// How many fire, by severity, from the worst; silenced, inhibited and pending ones do not count.
pub fn tally<'a>(alerts: impl IntoIterator<Item = &'a Arc<Alert>>) -> [usize; Severity::ALL.len()] {
    let mut counts = [0; Severity::ALL.len()];
    for alert in alerts {
        if matches!(alert.state(), State::Silenced | State::Inhibited) || alert.is_pending {
            continue;
        }
        if let Some(place) = Severity::ALL.iter().position(|severity| *severity == alert.severity) {
            counts[place] += 1;
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::super::testing::alert;
    use super::super::{Acknowledgement, Hold};
    use super::*;
    use chrono::TimeDelta;

    fn at() -> Instant {
        chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap_or_default()
    }

    #[test]
    fn the_worst_comes_first_and_what_is_held_back_last() {
        let make = |name: &str, severity: &str, change: &dyn Fn(&mut Alert)| {
            let mut one = alert(&[("alertname", name), ("severity", severity)], at());
            change(&mut one);
            Arc::new(one)
        };
        let taken = |one: &mut Alert| {
            one.acknowledged = Some(Acknowledgement { by: "mori".into(), at: at(), words: "".into() });
        };
        let all = vec![
            make("silenced", "critical", &|one| one.hold = Hold::Silenced),
            make("soon", "critical", &|one| one.is_pending = true),
            make("old", "high", &|one| one.started_at = at() - TimeDelta::hours(3)),
            make("taken", "high", &taken),
            make("new", "high", &|_| {}),
            make("worst", "critical", &|_| {}),
            make("small", "info", &|_| {}),
        ];
        let names: Vec<String> =
            grouped(all.clone()).iter().filter_map(|group| Some(group.first()?.name.to_string())).collect();
        assert_eq!(names, ["worst", "new", "old", "taken", "small", "soon", "silenced"]);
        assert_eq!(tally(&all), [1, 3, 0, 1], "what is silenced or only about to fire counts for nothing");
    }

    #[test]
    fn alerts_of_one_name_and_service_are_one_group() {
        let make = |pod: &str, service: &str| {
            Arc::new(alert(&[("alertname", "Crash"), ("pod", pod), ("service", service)], at()))
        };
        let groups = grouped(vec![make("a", "cart"), make("b", "cart"), make("c", "search")]);
        assert_eq!(groups.iter().map(|group| group.members.len()).collect::<Vec<_>>(), [2, 1]);
    }
}
