//! Replicas of one cluster merged: an alert is one, whichever of them tells of it.

use std::collections::HashMap;
use std::sync::Arc;

use crate::domain::alert::{Alert, Silence};

/// The alerts of several replicas, each once.
///
/// The newest word of it counts, and the least held back: a replica that has not heard of a silence notifies all the same, so the
/// cluster fails open and the console with it.
pub(super) fn alerts<'a>(lists: impl Iterator<Item = &'a [Arc<Alert>]>) -> Vec<Arc<Alert>> {
    let mut places: HashMap<Arc<str>, usize> = HashMap::new();
    let mut merged: Vec<Arc<Alert>> = Vec::new();
    for list in lists {
        if merged.is_empty() {
            merged.reserve(list.len());
            places.reserve(list.len());
        }
        for alert in list {
            let place = *places.entry(alert.key.clone()).or_insert(merged.len());
            match merged.get_mut(place) {
                Some(known) => merge(known, alert),
                None => merged.push(alert.clone()),
            }
        }
    }
    merged
}

fn merge(known: &mut Arc<Alert>, other: &Arc<Alert>) {
    let least = if other.hold < known.hold { other.clone() } else { known.clone() };
    let started_at = known.started_at.min(other.started_at);
    if other.heard_at > known.heard_at {
        known.clone_from(other);
    }
    if known.hold != least.hold {
        let known = Arc::make_mut(known);
        known.hold = least.hold;
        known.silenced_by.clone_from(&least.silenced_by);
        known.inhibited_by.clone_from(&least.inhibited_by);
        known.muted_by.clone_from(&least.muted_by);
    }
    if known.started_at != started_at {
        Arc::make_mut(known).started_at = started_at;
    }
}

/// The silences of several replicas, each once, in the order given.
pub(super) fn silences<'a>(lists: impl Iterator<Item = &'a [Silence]>) -> Vec<Silence> {
    let mut merged: Vec<Silence> = Vec::new();
    let mut places: HashMap<Arc<str>, usize> = HashMap::new();
    for silence in lists.flatten() {
        let place = *places.entry(silence.id.clone()).or_insert(merged.len());
        match merged.get_mut(place) {
            // An expired one is final: the other replica has not heard yet.
            Some(known) => *known = if silence.state > known.state { silence.clone() } else { known.clone() },
            None => merged.push(silence.clone()),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::domain::alert::Hold;
    use crate::domain::alert::testing::alert;

    #[test]
    fn replicas_tell_of_one_alert_and_the_cluster_fails_open() {
        let now = chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap_or_default();
        let first = alert(&[("alertname", "A")], now);
        let mut second = first.clone();
        second.hold = Hold::Silenced;
        second.silenced_by = vec!["id".into()];
        second.heard_at = now + TimeDelta::seconds(5);
        second.started_at -= TimeDelta::seconds(2);
        let other = alert(&[("alertname", "B")], now);
        let (one, two) = ([Arc::new(first)], [Arc::new(second.clone()), Arc::new(other)]);
        for lists in [[&one[..], &two[..]], [&two[..], &one[..]]] {
            let merged = alerts(lists.into_iter());
            let same = merged.iter().find(|alert| &*alert.name == "A").expect("merged");
            assert_eq!(merged.len(), 2);
            assert_eq!((same.hold, same.silenced_by.len()), (Hold::None, 0), "one of them notifies");
            assert_eq!((same.heard_at, same.started_at), (second.heard_at, second.started_at));
        }
    }
}
