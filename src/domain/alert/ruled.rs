//! What the rules of a Prometheus add to what an Alertmanager lists: what is pending, what fires and was never told, and the value
//! of each alert beside the threshold of its rule.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::TimeDelta;

use super::comparison::{self, Comparison};
use super::{Alert, identity};
use crate::domain::time::Instant;

/// How long an alert may fire before an Alertmanager that does not list it is one that was never told.
///
/// Both are asked every 15 s, and Prometheus sends when it evaluates, a minute apart at most by default.
pub const TOLD_WITHIN: TimeDelta = TimeDelta::minutes(2);

/// Who told of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Teller {
    /// An Alertmanager: whoever is to be told of it is told by that.
    #[default]
    Alertmanager,
    /// The rules of a Prometheus alone: nobody is told of it, as far as is known here.
    Prometheus,
    /// This console alone, by a rule it evaluates itself: nobody is told of it.
    Local,
}

/// What the rule of an alert says, and what it measured when it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Ruled {
    /// Its expression in PromQL, cleaned.
    pub expression: Arc<str>,
    /// How long the expression has to hold before it fires.
    pub held_for: TimeDelta,
    /// The value of the expression; `None` where it is no finite number.
    pub value: Option<f64>,
    /// What the value is held against; `None` where the expression is no plain comparison with a number.
    pub comparison: Option<Comparison>,
    /// Since when the expression holds, by our clock.
    pub active_at: Option<Instant>,
    /// When the rule was read, by our clock.
    pub observed_at: Instant,
}

// Its numbers are finite.
impl Eq for Ruled {}

impl Ruled {
    /// The value beside the threshold, `7.2 > 5`; `None` unless both are known.
    pub fn said(&self) -> Option<String> {
        Some(format!("{} {}", comparison::said(self.value?), self.comparison?))
    }

    /// When it fires, or fired, if the expression goes on to hold.
    pub fn fires_at(&self) -> Option<Instant> {
        Some(self.active_at? + self.held_for)
    }
}

/// Joins what the rules tell with what Alertmanager lists.
///
/// Prometheus adds its external labels to what it sends, so the alert of a rule is the one in the list that has all its labels, and
/// perhaps more; of several rules the one that says most. The word of Alertmanager stands. Added are pending alerts, and those that
/// fire and are not in the list, unless one there may be it after relabelling: the same name, and no label that differs.
pub fn join(listed: &mut Vec<Alert>, ruled: &[Alert]) {
    let mut by_name: HashMap<&str, Vec<(usize, &Alert)>> = HashMap::new();
    for (place, one) in ruled.iter().enumerate() {
        by_name.entry(&one.name).or_default().push((place, one));
    }
    let mut is_known = vec![false; ruled.len()];
    for alert in listed.iter_mut() {
        let Some(candidates) = by_name.get(&*alert.name) else { continue };
        let having =
            candidates.iter().filter(|(_, one)| own(one).all(|(name, value)| alert.label(name) == Some(value)));
        let best = having.max_by_key(|(_, one)| (own(one).count(), !one.is_pending));
        if let Some((place, best)) = best {
            alert.rule.clone_from(&best.rule);
            if let Some(known) = is_known.get_mut(*place) {
                *known = true;
            }
            continue;
        }
        for (place, one) in candidates.iter().filter(|(_, one)| !one.is_pending) {
            let differs = own(one).any(|(name, value)| alert.label(name).is_some_and(|other| other != value));
            if let (false, Some(known)) = (differs, is_known.get_mut(*place)) {
                *known = true;
            }
        }
    }
    let added = ruled.iter().zip(is_known).filter(|(_, is_known)| !is_known);
    listed.extend(added.map(|(one, _)| one.clone()));
}

/// The labels that say which alert it is.
fn own(alert: &Alert) -> impl Iterator<Item = (&str, &Arc<str>)> {
    let is_own =
        |(name, value): &&(Arc<str>, Arc<str>)| !value.is_empty() && !identity::REPLICA_LABELS.contains(&&**name);
    alert.labels.iter().filter(is_own).map(|(name, value)| (&**name, value))
}

#[cfg(test)]
mod tests {
    use super::super::testing::alert;
    use super::*;

    fn now() -> Instant {
        chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap_or_default()
    }

    fn ruled(labels: &[(&str, &str)], value: f64, is_pending: bool) -> Alert {
        let rule = Ruled {
            expression: "x > 5".into(),
            held_for: TimeDelta::minutes(5),
            value: Some(value),
            comparison: Comparison::of("x > 5"),
            active_at: Some(now()),
            observed_at: now(),
        };
        let told_by = Teller::Prometheus;
        Alert { told_by, is_pending, rule: Some(Arc::new(rule)), ..alert(labels, now()) }
    }

    fn told(listed: &[Alert]) -> Vec<String> {
        let line = |one: &Alert| {
            let mut more: Vec<&str> = one.labels.iter().map(|(_, value)| &**value).collect();
            more.sort_unstable();
            let value = one.rule.as_ref().and_then(|rule| rule.said()).unwrap_or_else(|| "-".to_owned());
            format!("{} {} {value}", more.join("/"), one.state().word())
        };
        listed.iter().map(line).collect()
    }

    #[test]
    fn external_labels_do_not_make_two_of_one() {
        let mut listed = vec![
            alert(&[("alertname", "A"), ("cluster", "eu"), ("service", "cart")], now()),
            alert(&[("alertname", "A"), ("cluster", "eu"), ("pod", "p"), ("service", "cart")], now()),
            alert(&[("alertname", "Posted"), ("cluster", "eu")], now()),
        ];
        let rules = [
            ruled(&[("alertname", "A"), ("service", "cart")], 7.2, false),
            ruled(&[("alertname", "A"), ("service", "cart"), ("pod", "p")], 9.0, false),
            ruled(&[("alertname", "A"), ("service", "mail"), ("prometheus_replica", "b")], 6.0, true),
        ];
        join(&mut listed, &rules);
        assert_eq!(
            told(&listed),
            ["A/cart/eu firing 7.2 > 5", "A/cart/eu/p firing 9 > 5", "Posted/eu firing -", "A/b/mail pending 6 > 5"]
        );
    }

    #[test]
    fn the_word_of_alertmanager_stands() {
        let mut listed = vec![alert(&[("alertname", "A"), ("cluster", "eu")], now())];
        listed[0].hold = super::super::Hold::Silenced;
        // Its pair of the same cluster is behind: pending here, fired there.
        join(&mut listed, &[ruled(&[("alertname", "A")], 6.0, true)]);
        assert_eq!(told(&listed), ["A/eu silenced 6 > 5"]);
    }

    #[test]
    fn what_fires_and_was_never_told_is_shown_and_what_was_relabelled_is_not_shown_twice() {
        let mut listed = vec![alert(&[("alertname", "Renamed"), ("svc", "cart"), ("severity", "page")], now())];
        let rules = [
            ruled(&[("alertname", "Renamed"), ("service", "cart"), ("severity", "page")], 6.0, false),
            ruled(&[("alertname", "Renamed"), ("service", "cart"), ("severity", "info")], 8.0, false),
            ruled(&[("alertname", "Dropped"), ("service", "cart")], 7.0, false),
        ];
        join(&mut listed, &rules);
        assert_eq!(
            told(&listed),
            ["Renamed/cart/page firing -", "Renamed/cart/info firing 8 > 5", "Dropped/cart firing 7 > 5"],
            "no value is claimed for what only may be it"
        );
    }
}
