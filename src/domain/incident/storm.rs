//! A storm: so many alerts at once that nobody reads them one by one. They are told by groups then, and one incident is for all of them.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use crate::domain::time::Instant;

/// So many alerts that began within [`WITHIN`] are a storm.
const MOST_NEW: usize = 50;
/// How short a while that is.
const WITHIN: TimeDelta = TimeDelta::seconds(60);
/// So many that fire at all are one.
const MOST_FIRING: usize = 500;

/// Alerts of one name about one service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StormGroup {
    /// The name of the alerts.
    pub alert: String,
    /// Their service; `None` where nothing names it.
    pub service: Option<String>,
    /// How many fire.
    pub count: usize,
}

/// So many alerts at once, by groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Storm {
    /// How many alerts fire.
    pub alerts: usize,
    /// What they are, the most first.
    pub groups: Vec<StormGroup>,
}

/// The storm among alerts that fire, each with its name, its service and its beginning: more than 50 began within a minute, or more than 500
/// fire. `None` where there is none.
pub fn storm<'a>(firing: impl IntoIterator<Item = (&'a str, Option<&'a str>, Instant)>, now: Instant) -> Option<Storm> {
    let mut counts: BTreeMap<(&str, Option<&str>), usize> = BTreeMap::new();
    let (mut alerts, mut new) = (0, 0);
    for (name, service, began) in firing {
        *counts.entry((name, service)).or_default() += 1;
        alerts += 1;
        new += usize::from(began > now - WITHIN);
    }
    if alerts <= MOST_FIRING && new <= MOST_NEW {
        return None;
    }
    let group = |((alert, service), count): ((&str, Option<&str>), usize)| StormGroup {
        alert: alert.to_owned(),
        service: service.map(str::to_owned),
        count,
    };
    let mut groups: Vec<StormGroup> = counts.into_iter().map(group).collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.count));
    Some(Storm { alerts, groups })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time;

    fn at(seconds: i64) -> Instant {
        time::from_seconds(1_800_000_000 + seconds)
    }

    fn fired(count: usize, seconds: i64) -> Vec<(&'static str, Option<&'static str>, Instant)> {
        let one = |place: usize| if place.is_multiple_of(3) { ("Slow", None) } else { ("Down", Some("shop")) };
        (0..count).map(one).map(|(name, service)| (name, service, at(seconds))).collect()
    }

    #[test]
    fn many_new_ones_or_very_many_are_a_storm_by_groups() {
        assert_eq!(storm(fired(50, 0), at(10)), None);
        let raging = storm(fired(51, 0), at(10)).expect("a storm");
        assert_eq!((raging.alerts, raging.groups.len(), raging.groups[0].count), (51, 2, 34));
        assert_eq!((raging.groups[0].alert.as_str(), raging.groups[0].service.as_deref()), ("Down", Some("shop")));
        assert_eq!(storm(fired(500, 0), at(61)), None, "they are old");
        assert!(storm(fired(501, 0), at(600)).is_some());
    }
}
