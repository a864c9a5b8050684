//! Rules that this console evaluates itself, over the signals it reads anyway: shown, marked LOCAL, NOT PAGING, and sent to nobody.
//!
//! They are for environments in which nobody else pages. How long a condition has held is read from the last hour of the signal, so
//! a console that has just started knows it too, and two consoles say the same.

use std::sync::Arc;

use chrono::TimeDelta;

use super::comparison::{Comparison, Relation};
use super::{Alert, Ruled, Severity, Teller, identity};
use crate::domain::service::Services;
use crate::domain::signal::threshold::OLD_AFTER;
use crate::domain::signal::trace;
use crate::domain::signal::{Reading, SignalSnapshot, Trace, query};
use crate::domain::time::{self, Instant};

/// The mark of what only this console says.
pub const MARK: &str = "LOCAL, NOT PAGING";

/// What an alert says; of one that only this console evaluates, that first.
pub fn summary(alert: &Alert) -> String {
    match alert.told_by {
        Teller::Local => format!("{MARK}: {}", alert.summary()),
        Teller::Alertmanager | Teller::Prometheus => alert.summary().to_owned(),
    }
}

/// Whether a database answers, 1 or 0. No query of it is shipped: no metric says it everywhere.
pub const DATABASE_UP: &str = "database_up";
/// The share of a disk that is used. No query of it is shipped: no metric says it everywhere.
pub const DISK: &str = "disk_ratio";

/// A rule over one signal of every service.
#[derive(Debug, Clone, PartialEq)]
pub struct LocalRule {
    /// Its name, the `alertname` of what it makes.
    pub name: Arc<str>,
    /// The signal it looks at.
    pub signal: Arc<str>,
    /// What the signal has to be for it to hold.
    pub comparison: Comparison,
    /// How long it has to hold before it fires.
    pub held_for: TimeDelta,
    /// How bad that is.
    pub severity: Severity,
}

// Its threshold is finite.
impl Eq for LocalRule {}

impl LocalRule {
    /// The rules that are evaluated where the configuration says nothing else (requirements B5).
    pub fn shipped() -> Vec<Self> {
        let rule = |name: &str, signal: &str, relation, threshold, minutes, severity| Self {
            name: name.into(),
            signal: signal.into(),
            comparison: Comparison { relation, threshold },
            held_for: time::minutes(minutes),
            severity,
        };
        vec![
            rule("HighErrorRate", query::ERRORS, Relation::Above, 0.05, 5, Severity::High),
            rule("SlowResponses", query::P95, Relation::Above, 2.0, 10, Severity::Medium),
            rule("DatabaseUnreachable", DATABASE_UP, Relation::Below, 1.0, 2, Severity::Critical),
            rule("DiskFillsUp", DISK, Relation::Above, 0.8, 5, Severity::Medium),
            rule("DiskAlmostFull", DISK, Relation::Above, 0.9, 5, Severity::Critical),
        ]
    }

    /// Since when a reading holds without a gap, by its last hour; `None` where it does not hold.
    fn since(&self, value: f64, reading: &Reading, trace: Option<&Trace>) -> Option<Instant> {
        if !self.comparison.holds(value) {
            return None;
        }
        let Some(trace) = trace else { return Some(reading.observed_at) };
        let mut since = reading.observed_at;
        let mut minute = trace::minute(trace.newest);
        for past in trace.values.iter().rev() {
            // The minute of the reading itself is told by the reading.
            if minute < trace::minute(reading.observed_at) {
                match past {
                    Some(past) if self.comparison.held(*past) => since = trace::beginning(minute),
                    _ => break,
                }
            }
            minute -= 1;
        }
        Some(since)
    }
}

/// What local rules say of an environment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Local {
    /// What is pending or fires.
    pub alerts: Vec<Arc<Alert>>,
    /// That it is local, and what could not be judged, as sentences; empty where no rule is evaluated.
    pub notes: Vec<String>,
}

/// Judges the signals of an environment by rules. What is not known is said, and never counts as quiet.
pub fn evaluate(rules: &[LocalRule], signals: &SignalSnapshot, services: &Services, now: Instant) -> Local {
    let mut found = Local::default();
    if rules.is_empty() {
        return found;
    }
    let (mut known, mut unknown, mut first) = (0_usize, 0_usize, None);
    let mut unasked: Vec<&str> = Vec::new();
    for rule in rules {
        let readings = signals.readings.iter().filter(|reading| reading.name == rule.signal);
        let mut is_asked = false;
        for reading in readings {
            is_asked = true;
            let is_old = now - reading.observed_at > OLD_AFTER;
            let Some(value) = reading.value.filter(|_| !is_old) else {
                unknown += 1;
                first.get_or_insert_with(|| {
                    let age = || format!("its newest value is {} old", time::coarse(now - reading.observed_at));
                    let why = reading.why_absent.clone().filter(|_| !is_old).unwrap_or_else(age);
                    format!("{} of {}: {}", rule.name, reading.service, why.trim_end_matches('.'))
                });
                continue;
            };
            known += 1;
            if let Some(since) = rule.since(value, reading, signals.trace(&reading.service, &rule.signal)) {
                found.alerts.push(Arc::new(alert(rule, reading, (value, since), signals, services, now)));
            }
        }
        if !is_asked && !unasked.contains(&&*rule.signal) {
            unasked.push(&rule.signal);
        }
    }
    let environment = &signals.environment;
    let count = rules.len();
    found.notes.push(format!(
        "{MARK}: {count} rules of {environment} are evaluated by this console alone; nobody is told by them."
    ));
    if let Some(first) = first {
        let all = known + unknown;
        found
            .notes
            .push(format!("{unknown} of {all} judgements by local rules of {environment} are not known. {first}."));
    }
    if !unasked.is_empty() {
        let unasked = unasked.join(", ");
        found.notes.push(format!(
            "No signal {unasked} is read in {environment}, so local rules about it say nothing. Give prometheus.queries one, or switch the rules off."
        ));
    }
    found
}

fn alert(
    rule: &LocalRule,
    reading: &Reading,
    (measured, since): (f64, Instant),
    signals: &SignalSnapshot,
    services: &Services,
    now: Instant,
) -> Alert {
    let mut labels: Vec<(Arc<str>, Arc<str>)> = vec![
        ("alertname".into(), rule.name.clone()),
        ("service".into(), reading.service.clone()),
        ("severity".into(), rule.severity.word().into()),
    ];
    labels.sort();
    let key = identity::key(&labels);
    let is_pending = now - since < rule.held_for;
    let threshold = reading.unit.say(rule.comparison.threshold);
    let summary = format!(
        "{} of {} is {}, {} {threshold} for {}",
        rule.signal,
        reading.service,
        reading.unit.say(measured),
        rule.comparison.relation.sign(),
        time::coarse(time::age(since, now)),
    );
    let ruled = Ruled {
        expression: format!("{} {}", rule.signal, rule.comparison).into(),
        held_for: rule.held_for,
        value: Some(measured),
        comparison: Some(rule.comparison),
        active_at: Some(since),
        observed_at: reading.observed_at,
    };
    let started_at = if is_pending { since } else { since + rule.held_for };
    Alert {
        severity: rule.severity,
        told_by: Teller::Local,
        is_pending,
        rule: Some(Arc::new(ruled)),
        heard_at: reading.observed_at,
        annotations: [("summary".into(), summary.into())].into(),
        ..Alert::of(&signals.environment, services, key, labels, started_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::signal::trace::{MINUTES, beginning, minute};
    use crate::domain::signal::{Origin, Unit};

    fn now() -> Instant {
        chrono::DateTime::from_timestamp(1_800_000_000 + 20, 0).unwrap_or_default()
    }

    /// A service whose error ratio is this now, and was that in the minutes before, the newest first.
    fn signals(value: Option<f64>, past: &[Option<f32>], age: i64) -> SignalSnapshot {
        let reading = Reading {
            name: query::ERRORS.into(),
            service: "cart".into(),
            value,
            unit: Unit::Ratio,
            observed_at: now() - TimeDelta::seconds(age),
            origin: Origin::Prometheus,
            why_absent: value.is_none().then(|| "There is no series of it in the last 5m.".to_owned()),
        };
        let mut values = vec![None; MINUTES];
        #[expect(clippy::cast_possible_truncation, reason = "a share")]
        let newest = value.map(|value| value as f32);
        for (place, value) in std::iter::once(&newest).chain(past).enumerate() {
            values[MINUTES - 1 - place] = *value;
        }
        let trace = Trace {
            service: "cart".into(),
            name: query::ERRORS.into(),
            values: values.into(),
            newest: beginning(minute(now())),
        };
        SignalSnapshot {
            environment: "production".into(),
            readings: [reading].into(),
            traces: [trace].into(),
            ..SignalSnapshot::default()
        }
    }

    fn told(signals: &SignalSnapshot) -> (Vec<String>, Vec<String>) {
        let found = evaluate(&LocalRule::shipped(), signals, &Services::default(), now());
        let line = |alert: &Arc<Alert>| format!("{} {}: {}", alert.name, alert.state().word(), alert.summary());
        (found.alerts.iter().map(line).collect(), found.notes)
    }

    #[test]
    fn what_holds_long_enough_fires_and_what_does_not_is_pending() {
        let held = |minutes| vec![Some(0.2_f32); minutes];
        let first = |minutes| told(&signals(Some(0.07), &held(minutes), 5)).0;
        assert_eq!(first(0), ["HighErrorRate pending: error_ratio of cart is 7.0 %, > 5.0 % for 5s"]);
        assert_eq!(first(4), ["HighErrorRate pending: error_ratio of cart is 7.0 %, > 5.0 % for 4m"]);
        assert_eq!(first(5), ["HighErrorRate firing: error_ratio of cart is 7.0 %, > 5.0 % for 5m"]);
        assert_eq!(first(59), ["HighErrorRate firing: error_ratio of cart is 7.0 %, > 5.0 % for 59m"]);
        let mut with_a_gap = held(20);
        with_a_gap[2] = None;
        assert_eq!(told(&signals(Some(0.07), &with_a_gap, 5)).0.len(), 1);
        assert!(told(&signals(Some(0.07), &with_a_gap, 5)).0[0].contains("pending"), "a gap is not known to have held");
        let mut with_a_pause = held(20);
        with_a_pause[1] = Some(0.05);
        assert!(
            told(&signals(Some(0.07), &with_a_pause, 5)).0[0].contains("pending"),
            "at the threshold is not above it"
        );
    }

    #[test]
    fn what_is_not_known_is_said_and_is_not_quiet() {
        let quiet = told(&signals(Some(0.01), &[], 5));
        assert_eq!(quiet.0, Vec::<String>::new());
        assert!(quiet.1[0].starts_with("LOCAL, NOT PAGING: 5 rules of production"), "{:?}", quiet.1);
        assert!(
            quiet.1[1].starts_with("No signal latency_p95_seconds, database_up, disk_ratio is read"),
            "{:?}",
            quiet.1
        );
        let absent = told(&signals(None, &[], 5)).1;
        assert!(
            absent[1].ends_with("1 of 1 judgements by local rules of production are not known. HighErrorRate of cart: There is no series of it in the last 5m."),
            "{absent:?}"
        );
        let (alerts, notes) = told(&signals(Some(0.9), &[], 600));
        assert_eq!(alerts, Vec::<String>::new(), "an old value says nothing of now");
        assert!(notes[1].contains("its newest value is 10m old"), "{notes:?}");
        let off = evaluate(&[], &signals(None, &[], 5), &Services::default(), now());
        assert_eq!(off, Local::default());
    }

    #[test]
    fn it_is_told_by_this_console_alone_and_says_what_it_is_about() {
        let found =
            evaluate(&LocalRule::shipped(), &signals(Some(0.07), &[Some(0.07); 7], 5), &Services::default(), now());
        let [alert] = found.alerts.as_slice() else { panic!("one: {found:?}") };
        assert_eq!(
            (alert.told_by, alert.severity, alert.service.as_deref()),
            (Teller::Local, Severity::High, Some("cart"))
        );
        assert_eq!(alert.rule.as_ref().and_then(|rule| rule.said()).as_deref(), Some("0.07 > 0.05"));
        assert_eq!(
            alert.started_at,
            beginning(minute(now()) - 2),
            "it began to hold seven minutes ago, and fires after five"
        );
    }
}
