//! Which labels say who sent an alert, not what it is about: a silence that keeps them stops one sender, and the others go on to notify.
//!
//! They are those of the configuration, and those in which alerts differ that are otherwise equal. None is guessed by its name.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::join::{SERVICE_LABELS, WORKLOAD_LABELS};
use super::{Alert, Labels, Matcher, value};
use crate::domain::text::clean;

/// Labels that say what an alert is about, beside those that name a service or a workload: no sender is told by them.
const ABOUT: [&str; 8] = ["alertname", "severity", "namespace", "pod", "container", "node", "instance", "job"];

/// A label that is left out of a silence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Its name.
    pub label: String,
    /// The values it has in alerts that are otherwise equal, in order; empty where the configuration names it.
    pub values: Vec<String>,
}

impl LeftOut {
    /// That it is left out, and why, as a sentence.
    pub fn said(&self) -> String {
        let label = clean(&self.label);
        if self.values.is_empty() {
            return format!("{label} is left out: the configuration names it as a replica label.");
        }
        let values: Vec<_> = self.values.iter().map(|value| clean(value)).collect();
        format!("{label} is left out: alerts that are otherwise equal differ in it ({}).", values.join(", "))
    }
}

/// The labels of these alerts that say who sent them, of all alerts that Alertmanager has.
pub fn left_out(chosen: &[&Alert], all: &[Alert], configured: &[String]) -> Vec<LeftOut> {
    let mut found: Vec<LeftOut> = Vec::new();
    for (label, _) in chosen.iter().flat_map(|alert| alert.matchable().iter()) {
        if found.iter().any(|known| *known.label == **label) {
            continue;
        }
        if configured.iter().any(|known| *known == **label) {
            found.push(LeftOut { label: label.to_string(), values: Vec::new() });
        } else if let Some(values) = senders(label, all)
            && chosen
                .iter()
                .filter_map(|one| value(one.matchable(), label))
                .all(|one| values.contains(&one.to_string()))
        {
            found.push(LeftOut { label: label.to_string(), values });
        }
    }
    found
}

/// What an alert says beside one label: the other labels that have a value, and the annotations.
type Rest<'a> = (Vec<(&'a str, &'a str)>, &'a Labels);

/// The values of a label in which every alert that has it differs from another that is otherwise equal; `None` where any stands alone.
fn senders(label: &str, all: &[Alert]) -> Option<Vec<String>> {
    let is_about = ABOUT.contains(&label)
        || SERVICE_LABELS.contains(&label)
        || WORKLOAD_LABELS.iter().any(|(known, _)| *known == label);
    if is_about {
        return None;
    }
    let mut alike: HashMap<Rest<'_>, Vec<&str>> = HashMap::new();
    for alert in all {
        let Some(value) = value(alert.matchable(), label) else { continue };
        let others = alert.matchable().iter().filter(|(name, value)| **name != *label && !value.is_empty());
        let others = others.map(|(name, value)| (&**name, &**value)).collect();
        let values = alike.entry((others, &alert.annotations)).or_default();
        if !values.contains(&&**value) {
            values.push(value);
        }
    }
    let is_sent_twice = !alike.is_empty() && alike.values().all(|values| values.len() > 1);
    let mut values: Vec<String> = alike.into_values().flatten().map(str::to_owned).collect();
    values.sort();
    values.dedup();
    is_sent_twice.then_some(values)
}

/// Whether two alerts are one but for the labels that are left out.
pub fn is_same(one: &Alert, other: &Alert, left_out: &[LeftOut]) -> bool {
    let own = |alert: &Alert| {
        let is_own = |name: &str| !left_out.iter().any(|left| left.label == name);
        let own = alert.matchable().iter().filter(|(name, value)| is_own(name) && !value.is_empty());
        own.cloned().collect::<Vec<_>>()
    };
    own(one) == own(other)
}

/// The labels that all of these alerts have in common, as matchers: the narrowest silence that covers them. Each value is the one
/// Alertmanager has, not the cleaned one that is drawn.
pub fn in_common<A: std::borrow::Borrow<Alert>>(alerts: &[A], left_out: &[LeftOut]) -> Vec<Matcher> {
    let [first, rest @ ..] = alerts else { return Vec::new() };
    let shared = first.borrow().matchable().iter().filter(|(name, own)| {
        let is_shared = |other: &A| value(other.borrow().matchable(), name).is_some_and(|known| known == own);
        !own.is_empty() && rest.iter().all(is_shared) && !left_out.iter().any(|left| *left.label == **name)
    });
    shared.map(|(name, value)| Matcher::equal(name, value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::alert::testing::alert;
    use crate::domain::time::Instant;

    fn one(labels: &[(&str, &str)]) -> Alert {
        alert(labels, Instant::default())
    }

    fn of(chosen: &Alert, all: &[Alert], configured: &[&str]) -> Vec<String> {
        let configured: Vec<String> = configured.iter().map(|name| (*name).to_owned()).collect();
        left_out(&[chosen], all, &configured).iter().map(LeftOut::said).collect()
    }

    #[test]
    fn labels_in_which_otherwise_equal_alerts_differ_are_left_out_and_named() {
        let sent = |name: &str, by: &str| one(&[("alertname", name), ("ruler", by)]);
        let all = [sent("Slow", "a"), sent("Slow", "b"), sent("Full", "b"), sent("Full", "a")];
        assert_eq!(of(&all[0], &all, &[]), ["ruler is left out: alerts that are otherwise equal differ in it (a, b)."]);
        let left = left_out(&[&all[0]], &all, &[]);
        assert_eq!(in_common(&all[..1], &left), [Matcher::equal("alertname", "Slow")]);
        assert!(is_same(&all[0], &all[1], &left) && !is_same(&all[0], &all[2], &left));
        assert_eq!(
            of(&all[0], &all[..3], &[]),
            Vec::<String>::new(),
            "one that nobody else sent: it may be about something"
        );
        let mut other = all.clone();
        other[1].annotations = vec![("summary".into(), "another".into())].into();
        assert_eq!(of(&other[0], &other, &[]), Vec::<String>::new(), "they say something else");
    }

    #[test]
    fn what_an_alert_is_about_is_kept_and_no_name_is_guessed() {
        let crash = |pod: &str| one(&[("alertname", "Crash"), ("pod", pod)]);
        assert_eq!(of(&crash("a"), &[crash("a"), crash("b")], &[]), Vec::<String>::new());
        let alone = one(&[("alertname", "Slow"), ("prometheus_replica", "a")]);
        assert_eq!(of(&alone, std::slice::from_ref(&alone), &[]), Vec::<String>::new());
        let said = of(&alone, std::slice::from_ref(&alone), &["prometheus_replica", "other"]);
        assert_eq!(said, ["prometheus_replica is left out: the configuration names it as a replica label."]);
    }

    #[test]
    fn the_narrowest_matchers_are_what_all_have_in_common() {
        let slow = |pod: &str| one(&[("alertname", "Slow"), ("pod", pod), ("severity", "warning"), ("empty", "")]);
        let (a, b) = (slow("a"), slow("b"));
        let said = |alerts: &[&Alert]| in_common(alerts, &[]).iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(said(&[&a]), ["alertname=\"Slow\"", "pod=\"a\"", "severity=\"warning\""]);
        assert_eq!(said(&[&a, &b]), ["alertname=\"Slow\"", "severity=\"warning\""]);
        assert_eq!(said(&[]), Vec::<String>::new());
    }

    #[test]
    fn a_matcher_has_the_value_as_alertmanager_has_it() {
        let mut odd = one(&[("alertname", "Odd"), ("what", "col1 col2")]);
        odd.raw = Some(vec![("alertname".into(), "Odd".into()), ("what".into(), "col1\tcol2\u{200d}".into())].into());
        assert_eq!(in_common(&[odd], &[])[1], Matcher::equal("what", "col1\tcol2\u{200d}"));
    }
}
