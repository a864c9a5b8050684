//! The alerts in `quarterdeck status`.

use std::sync::Arc;

use serde::Serialize;

use super::output::columns;
use crate::domain::alert::group::worst_first;
use crate::domain::alert::{Alert, AlertSnapshot, Comparison, Severity, SilenceState, State, Teller, Watchdog, local};
use crate::domain::service::UNMAPPED;
use crate::domain::source::SourceState;
use crate::domain::store::{AlertNotes, Note};
use crate::domain::time::{self, Instant};

/// An alert of the document: a contract.
#[derive(Debug, Serialize)]
pub(super) struct AlertLine<'a> {
    name: &'a str,
    severity: Severity,
    state: State,
    environment: &'a str,
    service: Option<&'a str>,
    started_at: Instant,
    /// Who told of it: `alertmanager`; `prometheus` where only its rules do and nobody is known to be told; `local` where only this
    /// program does, and nobody is told.
    told_by: Teller,
    /// The value of its rule's expression; null: not known.
    value: Option<f64>,
    /// What the value is held against; null where the rule is no plain comparison with a number.
    threshold: Option<f64>,
    /// How: `>`, `>=`, `<`, `<=`, `==`, `!=`.
    relation: Option<&'static str>,
    acknowledged_by: Option<&'a str>,
    flaps: u32,
    summary: &'a str,
    runbook: Option<&'a str>,
    /// What was written down about it, the newest first.
    notes: Vec<NoteLine<'a>>,
    labels: std::collections::BTreeMap<&'a str, &'a str>,
}

/// A note of the document: a contract.
#[derive(Debug, Serialize)]
struct NoteLine<'a> {
    id: &'a str,
    text: &'a str,
    by: &'a str,
    at: Instant,
    /// null: nobody changed it.
    edited_by: Option<&'a str>,
    edited_at: Option<Instant>,
    version: u64,
}

fn note(note: &Note) -> NoteLine<'_> {
    NoteLine {
        id: note.id.as_str(),
        text: &note.text,
        by: &note.by,
        at: note.at,
        edited_by: note.edited.as_ref().map(|edit| edit.by.as_str()),
        edited_at: note.edited.as_ref().map(|edit| edit.at),
        version: note.version,
    }
}

/// Every alert, worst first.
pub(super) fn lines<'a>(
    snapshots: impl Iterator<Item = &'a AlertSnapshot>,
    notes: &'a AlertNotes,
) -> Vec<AlertLine<'a>> {
    sorted(snapshots)
        .into_iter()
        .map(|alert| AlertLine {
            name: &alert.name,
            severity: alert.severity,
            state: alert.state(),
            environment: &alert.environment,
            service: alert.service.as_deref(),
            started_at: alert.started_at,
            told_by: alert.told_by,
            value: alert.rule.as_ref().and_then(|rule| rule.value),
            threshold: comparison(alert).map(|found| found.threshold),
            relation: comparison(alert).map(|found| found.relation.sign()),
            acknowledged_by: alert.acknowledged.as_ref().map(|word| &*word.by),
            flaps: alert.flaps,
            summary: alert.summary(),
            runbook: alert.runbook().map(|link| &**link),
            notes: notes.of(&alert.environment, &alert.key).iter().map(note).collect(),
            labels: alert.labels.iter().map(|(name, value)| (&**name, &**value)).collect(),
        })
        .collect()
}

fn comparison(alert: &Alert) -> Option<Comparison> {
    alert.rule.as_ref()?.comparison
}

fn sorted<'a>(snapshots: impl Iterator<Item = &'a AlertSnapshot>) -> Vec<&'a Alert> {
    let mut alerts: Vec<&Alert> = snapshots.flat_map(|snapshot| snapshot.alerts.iter().map(AsRef::as_ref)).collect();
    alerts.sort_by(|one, other| worst_first(one, other));
    alerts
}

/// A silence of the document: a contract.
#[derive(Debug, Serialize)]
pub(super) struct SilenceLine<'a> {
    id: &'a str,
    environment: &'a str,
    state: SilenceState,
    matchers: Vec<String>,
    starts_at: Instant,
    ends_at: Instant,
    created_by: &'a str,
    comment: &'a str,
    /// How many alerts that fire now it keeps back; 0 of an active one is worth a look: it may be left over, or misspelt.
    hides: usize,
    /// The gravest of them; null: none.
    worst: Option<Severity>,
}

/// Every silence: what holds, what ends next on top; what will; what ended in the last 12 hours.
pub(super) fn silences<'a>(snapshots: impl Iterator<Item = &'a AlertSnapshot>) -> Vec<SilenceLine<'a>> {
    let of = |snapshot: &'a AlertSnapshot| {
        let hidden = snapshot.hidden();
        let known = snapshot.silences.as_deref().unwrap_or_default();
        known.iter().map(move |silence| {
            let (hides, worst) = hidden.get(&*silence.id).copied().unzip();
            let line = SilenceLine {
                id: &silence.id,
                environment: &snapshot.environment,
                state: silence.state,
                matchers: silence.matchers.iter().map(ToString::to_string).collect(),
                starts_at: silence.starts_at,
                ends_at: silence.ends_at,
                created_by: &silence.created_by,
                comment: &silence.comment,
                hides: hides.unwrap_or(0),
                worst,
            };
            (silence.order(), line)
        })
    };
    let mut lines: Vec<_> = snapshots.flat_map(of).collect();
    lines.sort_by_key(|(order, line)| (*order, line.environment, line.id));
    lines.into_iter().map(|(_, line)| line).collect()
}

/// The table of silences; nothing when there are none.
pub(super) fn silence_table(snapshots: &[AlertSnapshot], now: Instant) -> Option<String> {
    let silences = silences(snapshots.iter());
    let heads = ["SILENCE", "STATE", "ENVIRONMENT", "WHEN", "BY", "HIDES", "COVERS", "WHY"];
    let mut rows = vec![heads.map(str::to_owned).to_vec()];
    rows.extend(silences.iter().map(|silence| {
        vec![
            silence.id.to_owned(),
            silence.state.word().to_owned(),
            silence.environment.to_owned(),
            match silence.state {
                SilenceState::Active => format!("ends in {}", time::left(silence.ends_at - now)),
                SilenceState::Pending => format!("begins in {}", time::left(silence.starts_at - now)),
                SilenceState::Expired => format!("ended {} ago", time::coarse(time::age(silence.ends_at, now))),
            },
            silence.created_by.to_owned(),
            if silence.state == SilenceState::Expired { "-".to_owned() } else { silence.hides.to_string() },
            silence.matchers.join(" "),
            silence.comment.to_owned(),
        ]
    }));
    (!silences.is_empty()).then(|| columns(&rows))
}

/// Whether the alert that always fires is there: `heard`, `missing`, `not_asked`, `unknown`; `None` without an Alertmanager.
pub(super) fn watchdog(snapshot: Option<&AlertSnapshot>) -> Option<&'static str> {
    snapshot.map(|snapshot| match snapshot.watchdog {
        Watchdog::NotAsked => "not_asked",
        Watchdog::Unknown => "unknown",
        Watchdog::Heard(_) => "heard",
        Watchdog::Missing(_) => "missing",
    })
}

/// What stands over the table: a missing watchdog, what is not fresh, what else to know.
pub(super) fn notices(snapshot: &AlertSnapshot) -> Vec<String> {
    let mut lines = Vec::new();
    if let Watchdog::Missing(name) = &snapshot.watchdog {
        lines.push(format!(
            "WATCHDOG MISSING in {}: {name}, which always fires, does not. No alerts does not mean healthy.",
            snapshot.environment
        ));
    }
    if snapshot.knows_silences() == Some(false) {
        lines.push(format!(
            "The silences of {} are not known: its Alertmanager does not tell them.",
            snapshot.environment
        ));
    }
    for health in snapshot.sources().filter(|health| !health.state.is_well()) {
        let why = health.error.as_deref().unwrap_or("No answer yet.");
        lines.push(format!("{}: {}. {why}", health.id, health.state.word()));
    }
    lines.extend(snapshot.notes.iter().cloned());
    lines
}

/// The table of alerts; nothing when there are none.
pub(super) fn table(snapshots: &[AlertSnapshot], notes: &AlertNotes, now: Instant) -> Option<String> {
    let alerts = sorted(snapshots.iter());
    let heads = ["SEVERITY", "STATE", "ALERT", "ENVIRONMENT", "SERVICE", "AGE", "VALUE", "ON IT", "NOTES", "SUMMARY"];
    let mut rows = vec![heads.map(str::to_owned).to_vec()];
    rows.extend(alerts.iter().map(|alert| {
        vec![
            alert.severity.word().to_owned(),
            alert.state().word().to_owned(),
            alert.title().to_owned(),
            alert.environment.to_string(),
            alert.service.as_deref().unwrap_or(UNMAPPED).to_owned(),
            time::coarse(time::age(alert.started_at, now)),
            alert.rule.as_ref().and_then(|rule| rule.said()).unwrap_or_else(|| "-".to_owned()),
            alert.acknowledged.as_ref().map_or_else(|| "-".to_owned(), |word| word.by.to_string()),
            Some(notes.of(&alert.environment, &alert.key).len())
                .filter(|count| *count > 0)
                .map_or_else(|| "-".to_owned(), |count| count.to_string()),
            local::summary(alert),
        ]
    }));
    (!alerts.is_empty()).then(|| columns(&rows))
}

/// What the alerts make of the exit code: critical and high 2, medium 1, low 0; what is silenced, inhibited
/// or only about to fire counts for nothing.
///
/// A missing watchdog, and alerts nobody could read, are unknown: 3. A replica that is away while another answers, or the Prometheus
/// whose rules are read beside: 1.
pub(super) fn exit_codes(snapshot: &AlertSnapshot) -> impl Iterator<Item = u8> {
    let is_held = |alert: &&Arc<Alert>| matches!(alert.state(), State::Silenced | State::Inhibited) || alert.is_pending;
    let alerts = snapshot.alerts.iter().filter(move |alert| !is_held(alert)).map(|alert| alert.severity.exit_code());
    let best = match snapshot.best().map(|health| health.state) {
        Some(SourceState::Down | SourceState::Loading) => 3,
        Some(SourceState::Fresh | SourceState::Forbidden | SourceState::Stale) | None => 0,
    };
    let is_one_away = snapshot.sources().any(|health| health.state == SourceState::Down);
    alerts.chain([best, u8::from(is_one_away), if snapshot.watchdog.is_missing() { 3 } else { 0 }])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::alert::testing::alert;
    use crate::domain::alert::{Hold, Silence};
    use crate::domain::source::{SourceHealth, SourceId, SourceKind};

    fn seen(alerts: Vec<Alert>, states: &[SourceState]) -> AlertSnapshot {
        let health = |state: &SourceState| SourceHealth {
            state: *state,
            ..SourceHealth::loading(SourceId::of(&"production".into(), SourceKind::Alertmanager("am".into())))
        };
        AlertSnapshot {
            alerts: alerts.into_iter().map(Arc::new).collect(),
            health: states.iter().map(health).collect(),
            ..AlertSnapshot::default()
        }
    }

    fn worst(snapshot: &AlertSnapshot) -> u8 {
        let gravity = |code: &u8| [0, 1, 3, 2].iter().position(|known| known == code);
        exit_codes(snapshot).max_by_key(gravity).unwrap_or(0)
    }

    #[test]
    fn silences_are_told_as_the_pane_tells_them() {
        let at = |minutes: i64| chrono::DateTime::from_timestamp(1_800_000_000 + minutes * 60, 0).unwrap_or_default();
        let silence = |id: &str, state, ends| Silence {
            id: id.into(),
            matchers: Vec::new(),
            starts_at: at(ends - 60),
            ends_at: at(ends),
            created_by: "Sato".into(),
            comment: "a new disk".into(),
            state,
        };
        let silenced = |severity: &str| Alert {
            silenced_by: vec!["holds".into()],
            ..alert(&[("alertname", "A"), ("severity", severity)], at(0))
        };
        let known = AlertSnapshot {
            teller: Teller::Alertmanager,
            silences: Some(Arc::new([
                silence("over", SilenceState::Expired, -5),
                silence("holds", SilenceState::Active, 30),
                silence("soon", SilenceState::Pending, 90),
            ])),
            ..seen(vec![silenced("warning"), silenced("critical")], &[SourceState::Fresh])
        };
        let told = silences(std::iter::once(&known));
        let told: Vec<_> = told.iter().map(|line| (line.id, line.hides, line.worst)).collect();
        assert_eq!(told, [("holds", 2, Some(Severity::Critical)), ("soon", 0, None), ("over", 0, None)]);
        let table = silence_table(std::slice::from_ref(&known), at(0)).expect("a table");
        for words in ["ends in 30m", "begins in 30m", "ended 5m ago"] {
            assert!(table.contains(words), "{words}: {table}");
        }

        let mut silent = AlertSnapshot { silences: None, ..known };
        silent.health[0].last_good = Some(at(0));
        assert_eq!(silent.knows_silences(), Some(false), "none told is not none");
        assert!(notices(&silent).iter().any(|line| line.contains("are not known")), "{:?}", notices(&silent));
    }

    #[test]
    fn the_exit_code_tells_the_worst_that_is_not_held_back() {
        let make = |severity: &str| alert(&[("alertname", "A"), ("severity", severity)], Instant::default());
        let fresh = [SourceState::Fresh];
        assert_eq!(worst(&seen(vec![], &fresh)), 0);
        assert_eq!(worst(&seen(vec![make("info")], &fresh)), 0);
        assert_eq!(worst(&seen(vec![make("warning"), make("info")], &fresh)), 1);
        assert_eq!(worst(&seen(vec![make("warning"), make("critical")], &fresh)), 2);
        let silenced = Alert { hold: Hold::Silenced, ..make("critical") };
        assert_eq!(worst(&seen(vec![silenced], &fresh)), 0);
        let pending = Alert { is_pending: true, ..make("critical") };
        assert_eq!(worst(&seen(vec![pending], &fresh)), 0);
    }

    #[test]
    fn what_is_not_known_is_never_success() {
        assert_eq!(worst(&seen(vec![], &[SourceState::Down])), 3);
        assert_eq!(worst(&seen(vec![], &[SourceState::Loading])), 3);
        assert_eq!(worst(&seen(vec![], &[SourceState::Fresh, SourceState::Down])), 1, "the other replica answers");
        let missing = AlertSnapshot { watchdog: Watchdog::Missing("W".into()), ..seen(vec![], &[SourceState::Fresh]) };
        assert_eq!(worst(&missing), 3, "no alerts is not healthy");
    }
}
