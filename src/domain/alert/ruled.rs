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

/// Alerts of rules of one name, whose labels have the same names.
struct Alike<'a> {
    names: Vec<&'a str>,
    /// Whether it fires, and its place, by the values of all labels; of several with the same values the last that fires.
    whole: HashMap<Vec<&'a str>, (bool, usize)>,
    /// Those that fire.
    firing: Vec<usize>,
    /// Those that fire by the values of some of the labels, for each choice of labels that was looked for.
    part: HashMap<Vec<&'a str>, HashMap<Vec<&'a str>, Vec<usize>>>,
}

impl<'a> Alike<'a> {
    fn add(&mut self, place: usize, one: &'a Alert) {
        if !one.is_pending {
            self.firing.push(place);
        }
        if let Some(values) = values(one, &self.names) {
            let this = (!one.is_pending, place);
            let best = self.whole.entry(values).or_insert(this);
            *best = this.max(*best);
        }
    }

    /// Takes those that fire and may be this alert after relabelling: no label that both have differs.
    fn take(&mut self, alert: &'a Alert, ruled: &'a [Arc<Alert>]) -> Vec<usize> {
        let both: Vec<&str> = self.names.iter().copied().filter(|name| alert.label(name).is_some()).collect();
        let Some(wanted) = values(alert, &both) else { return Vec::new() };
        let by_values = self.part.entry(both).or_insert_with_key(|both| {
            let mut by_values: HashMap<Vec<&str>, Vec<usize>> = HashMap::new();
            for place in &self.firing {
                if let Some(values) = ruled.get(*place).and_then(|one| values(one, both)) {
                    by_values.entry(values).or_default().push(*place);
                }
            }
            by_values
        });
        by_values.remove(&wanted).unwrap_or_default()
    }
}

/// The values of these labels of an alert; `None` where it has not all of them.
fn values<'a>(alert: &'a Alert, names: &[&str]) -> Option<Vec<&'a str>> {
    names.iter().map(|name| alert.label(name).map(|value| &**value)).collect()
}

/// Joins what the rules tell with what Alertmanager lists, and says of each alert of the rules whether it is in the list.
///
/// Prometheus adds its external labels to what it sends, so the alert of a rule is the one in the list that has all its labels, and
/// perhaps more; of several rules the one that says most. The word of Alertmanager stands. One that fires is taken to be in the list as
/// well where one there may be it after relabelling: the same name, and no label that differs.
///
/// Looks at each alert once, however many have one name: thousands of a name are what a bad day looks like.
pub fn join(listed: &mut [Arc<Alert>], ruled: &[Arc<Alert>]) -> Vec<bool> {
    let (best, is_listed) = matched(listed, ruled);
    for (alert, best) in listed.iter_mut().zip(best) {
        if let Some(best) = best.and_then(|place| ruled.get(place)) {
            Arc::make_mut(alert).rule.clone_from(&best.rule);
        }
    }
    is_listed
}

/// For each listed alert the one of a rule that it is, and for each of a rule whether it is in the list.
fn matched<'a>(listed: &'a [Arc<Alert>], ruled: &'a [Arc<Alert>]) -> (Vec<Option<usize>>, Vec<bool>) {
    let mut by_name: HashMap<&str, Vec<Alike<'_>>> = HashMap::new();
    for (place, one) in ruled.iter().enumerate() {
        let kinds = by_name.entry(&one.name).or_default();
        let names: Vec<&str> = identity::own(&one.labels).map(|(name, _)| name).collect();
        let known = kinds.iter().position(|kind| kind.names == names).unwrap_or_else(|| {
            kinds.push(Alike { names, whole: HashMap::new(), firing: Vec::new(), part: HashMap::new() });
            kinds.len() - 1
        });
        if let Some(kind) = kinds.get_mut(known) {
            kind.add(place, one);
        }
    }
    let mut is_listed = vec![false; ruled.len()];
    let mut mark = |place: usize| {
        if let Some(listed) = is_listed.get_mut(place) {
            *listed = true;
        }
    };
    let mut find = |alert: &'a Arc<Alert>| {
        let kinds = by_name.get_mut(&*alert.name)?;
        let having = kinds.iter().filter_map(|kind| {
            let best = *kind.whole.get(&values(alert, &kind.names)?)?;
            Some((kind.names.len(), best))
        });
        if let Some((_, (_, place))) = having.max() {
            mark(place);
            return Some(place);
        }
        for kind in kinds {
            kind.take(alert, ruled).into_iter().for_each(&mut mark);
        }
        None
    };
    (listed.iter().map(&mut find).collect(), is_listed)
}

#[cfg(test)]
mod tests {
    use super::super::testing::alert;
    use super::*;

    fn now() -> Instant {
        chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap_or_default()
    }

    fn ruled(labels: &[(&str, &str)], value: f64, is_pending: bool) -> Arc<Alert> {
        let rule = Ruled {
            expression: "x > 5".into(),
            held_for: TimeDelta::minutes(5),
            value: Some(value),
            comparison: Comparison::of("x > 5"),
            active_at: Some(now()),
            observed_at: now(),
        };
        let told_by = Teller::Prometheus;
        Arc::new(Alert { told_by, is_pending, rule: Some(Arc::new(rule)), ..alert(labels, now()) })
    }

    /// The list with what the rules tell beside it.
    fn joined(listed: Vec<Alert>, rules: &[Arc<Alert>]) -> Vec<Arc<Alert>> {
        let mut listed: Vec<Arc<Alert>> = listed.into_iter().map(Arc::new).collect();
        let is_listed = join(&mut listed, rules);
        listed.extend(rules.iter().zip(is_listed).filter(|(_, is_listed)| !is_listed).map(|(one, _)| one.clone()));
        listed
    }

    fn told(listed: &[Arc<Alert>]) -> Vec<String> {
        let line = |one: &Arc<Alert>| {
            let mut more: Vec<&str> = one.labels.iter().map(|(_, value)| &**value).collect();
            more.sort_unstable();
            let value = one.rule.as_ref().and_then(|rule| rule.said()).unwrap_or_else(|| "-".to_owned());
            format!("{} {} {value}", more.join("/"), one.state().word())
        };
        listed.iter().map(line).collect()
    }

    #[test]
    fn external_labels_do_not_make_two_of_one() {
        let listed = vec![
            alert(&[("alertname", "A"), ("cluster", "eu"), ("service", "cart")], now()),
            alert(&[("alertname", "A"), ("cluster", "eu"), ("pod", "p"), ("service", "cart")], now()),
            alert(&[("alertname", "Posted"), ("cluster", "eu")], now()),
        ];
        let rules = [
            ruled(&[("alertname", "A"), ("service", "cart")], 7.2, false),
            ruled(&[("alertname", "A"), ("service", "cart"), ("pod", "p")], 9.0, false),
            ruled(&[("alertname", "A"), ("service", "mail"), ("prometheus_replica", "b")], 6.0, true),
        ];
        assert_eq!(
            told(&joined(listed, &rules)),
            ["A/cart/eu firing 7.2 > 5", "A/cart/eu/p firing 9 > 5", "Posted/eu firing -", "A/b/mail pending 6 > 5"]
        );
    }

    #[test]
    fn the_word_of_alertmanager_stands() {
        let mut listed = vec![alert(&[("alertname", "A"), ("cluster", "eu")], now())];
        listed[0].hold = super::super::Hold::Silenced;
        // Its pair of the same cluster is behind: pending here, fired there.
        let listed = joined(listed, &[ruled(&[("alertname", "A")], 6.0, true)]);
        assert_eq!(told(&listed), ["A/eu silenced 6 > 5"]);
    }

    /// What it did before it looked at each alert once: every one beside every other.
    fn one_by_one(listed: &[Arc<Alert>], ruled: &[Arc<Alert>]) -> (Vec<Option<usize>>, Vec<bool>) {
        let mut is_listed = vec![false; ruled.len()];
        let mut best_of = |alert: &Arc<Alert>| {
            let named = || ruled.iter().enumerate().filter(|(_, one)| one.name == alert.name);
            let having = named().filter(|(_, one)| {
                identity::own(&one.labels).all(|(name, value)| alert.label(name).is_some_and(|other| **other == *value))
            });
            let best = having
                .max_by_key(|(_, one)| (identity::own(&one.labels).count(), !one.is_pending))
                .map(|(place, _)| place);
            if let Some(best) = best {
                is_listed[best] = true;
                return Some(best);
            }
            for (place, one) in named().filter(|(_, one)| !one.is_pending) {
                let mut own = identity::own(&one.labels);
                let differs = own.any(|(name, value)| alert.label(name).is_some_and(|other| **other != *value));
                is_listed[place] |= !differs;
            }
            None
        };
        (listed.iter().map(&mut best_of).collect(), is_listed)
    }

    proptest::proptest! {
        #[test]
        fn looking_once_finds_what_looking_at_all_finds(
            listed in proptest::collection::vec((0..2_u8, proptest::collection::vec(0..4_u8, 5)), 0..12),
            rules in proptest::collection::vec((0..2_u8, proptest::collection::vec(0..4_u8, 5), proptest::bool::ANY), 0..12),
        ) {
            let labels = |name: u8, values: &[u8]| -> Vec<(String, String)> {
                let names = ["a", "b", "c", "d", "prometheus_replica"];
                let some = names.iter().zip(values).filter(|(_, value)| **value > 0);
                // An empty value is none.
                let text = |value: u8| if value == 1 { String::new() } else { value.to_string() };
                let some = some.map(|(name, value)| ((*name).to_owned(), text(*value)));
                some.chain([("alertname".to_owned(), name.to_string())]).collect()
            };
            let borrowed = |pairs: &[(String, String)], is_pending: bool| {
                let pairs: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (&**name, &**value)).collect();
                ruled(&pairs, 6.0, is_pending)
            };
            let listed: Vec<Arc<Alert>> =
                listed.iter().map(|(name, values)| borrowed(&labels(*name, values), false)).collect();
            let rules: Vec<Arc<Alert>> =
                rules.iter().map(|(name, values, is_pending)| borrowed(&labels(*name, values), *is_pending)).collect();
            proptest::prop_assert_eq!(matched(&listed, &rules), one_by_one(&listed, &rules));
        }
    }

    #[test]
    fn what_fires_and_was_never_told_is_shown_and_what_was_relabelled_is_not_shown_twice() {
        let listed = vec![alert(&[("alertname", "Renamed"), ("svc", "cart"), ("severity", "page")], now())];
        let rules = [
            ruled(&[("alertname", "Renamed"), ("service", "cart"), ("severity", "page")], 6.0, false),
            ruled(&[("alertname", "Renamed"), ("service", "cart"), ("severity", "info")], 8.0, false),
            ruled(&[("alertname", "Dropped"), ("service", "cart")], 7.0, false),
        ];
        assert_eq!(
            told(&joined(listed, &rules)),
            ["Renamed/cart/page firing -", "Renamed/cart/info firing 8 > 5", "Dropped/cart firing 7 > 5"],
            "no value is claimed for what only may be it"
        );
    }
}
