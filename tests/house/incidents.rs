//! The pane of incidents: what is open first, the clock of each, and what an action on one is on.

use std::collections::BTreeMap;

use quarterdeck::app::Effect;
use quarterdeck::domain::incident::{Incident, Link, Phase, Severity, Source, Stamp, State};
use quarterdeck::domain::service::{Service, Services};
use quarterdeck::domain::source::{SourceHealth, SourceId, SourceState};
use quarterdeck::domain::store::StoreSnapshot;
use quarterdeck::world::News;

use crate::alerts::{alert, shop, snapshot, workloads};
use crate::stage::{SIZES, Stage, ago, now, text};

fn incident(number: u64, severity: Severity, minutes: i64) -> Incident {
    let created_at = ago(minutes * 60);
    Incident {
        number,
        title: format!("決済 {number} \u{1b}[2J is down"),
        severity,
        state: State::Triggered,
        phase: Phase::Triage,
        source: Source::UserReport,
        environment: "production".into(),
        team: String::new(),
        impact: "nobody can pay".into(),
        impact_since: None,
        declared_by: "kim".into(),
        entered_by: "kim".into(),
        created_at,
        respond_by: created_at + severity.respond_within(),
        acknowledged: None,
        resolved: None,
        merged: None,
        assignee: None,
        roles: BTreeMap::new(),
        links: vec![Link::service("payments")],
        ticked: Vec::new(),
        similar_to: None,
        told_at: None,
        told: BTreeMap::new(),
        resolved_seconds: 0,
        version: 1,
    }
}

fn seeing(incidents: Vec<Incident>, state: SourceState) -> Stage {
    let held: BTreeMap<u64, Incident> = incidents.into_iter().map(|one| (one.number, one)).collect();
    let last_good = (state != SourceState::Loading).then(|| ago(3));
    let health = SourceHealth { state, last_good, ..SourceHealth::loading(SourceId::store()) };
    let store = StoreSnapshot { health, ..StoreSnapshot::default().with::<Incident>(held) };
    let mut shown = Stage::new();
    shown.tell(News::Store(Box::new(store)));
    shown.press("4");
    shown
}

#[test]
fn what_is_open_and_gravest_stands_first_with_its_clock() {
    let stamp = |by: &str, seconds| Stamp { by: by.into(), at: ago(seconds) };
    let over = Incident { state: State::Resolved, resolved: Some(stamp("lee", 60)), ..incident(1, Severity::Sev1, 90) };
    let mild = incident(2, Severity::Sev3, 10);
    let late = incident(3, Severity::Sev1, 20);
    let mut taken = incident(4, Severity::Sev2, 5);
    (taken.state, taken.acknowledged) = (State::Acknowledged, Some(stamp("mori", 120)));
    let stage = seeing(vec![over, mild, late, taken], SourceState::Fresh);
    assert_eq!(stage.front(), "incidents");
    let states = stage.states();
    let expected = ["sev1 triggered", "sev2 acknowledged", "sev3 triggered", "sev1 resolved"];
    assert!(states.iter().zip(expected).all(|(state, begins)| state.starts_with(begins)), "{states:?}");
    for (columns, rows) in SIZES {
        let body = text(&stage.body(columns, rows));
        for words in ["OVERDUE 5m", "met by", "3 open, 2 of them SEV1 or SEV2"] {
            assert!(body.contains(words), "{columns}x{rows}: {words}:\n{body}");
        }
        assert!(!body.contains('\u{1b}'), "{columns}x{rows}");
    }
    let body = text(&stage.body(120, 40));
    for words in ["Nothing pages yet", "nobody can pay", "commander nobody", "triage: open severity, impact, resources"]
    {
        assert!(body.contains(words), "{words}:\n{body}");
    }
}

#[test]
fn nothing_loading_and_stale_are_said() {
    assert!(text(&seeing(Vec::new(), SourceState::Fresh).body(80, 24)).contains("No incident is open"));
    assert!(text(&seeing(Vec::new(), SourceState::Loading).body(80, 24)).contains("Reading the incidents"));
    let stale = seeing(vec![incident(1, Severity::Sev2, 1)], SourceState::Stale);
    assert!(text(&stale.body(80, 24)).contains("old"), "{}", text(&stale.body(80, 24)));
    let many = (1..=2_000).map(|number| incident(number, Severity::Sev4, 1)).collect();
    let mut huge = seeing(many, SourceState::Fresh);
    huge.press("G");
    assert!(text(&huge.body(120, 40)).contains("2000 open"));
    let _ = now();
}

/// A night in which payments has an incident, an alert and a rollout that is stuck.
fn night() -> Stage {
    let held = BTreeMap::from([(7, incident(7, Severity::Sev1, 5))]);
    let store = StoreSnapshot {
        health: SourceHealth {
            state: SourceState::Fresh,
            last_good: Some(ago(3)),
            ..SourceHealth::loading(SourceId::store())
        },
        ..StoreSnapshot::default().with::<Incident>(held)
    };
    let mut stage = Stage::new();
    let runbooks = vec!["runbooks/payments.md".into()];
    stage.declare(Services::new(vec![Service { name: "payments".into(), runbooks, ..Service::default() }]));
    stage.see(workloads(), SourceState::Fresh);
    stage.tell(News::Alerts(Box::new(snapshot(shop(), SourceState::Fresh))));
    stage.tell(News::Store(Box::new(store)));
    stage
}

#[test]
fn from_an_incident_one_key_leads_to_each_thing_that_is_done_about_it() {
    let screen = |stage: &Stage| text(&stage.screen(120, 40));
    for (keys, words) in [
        ("!b", "Roll back"),
        ("!z", "Silence"),
        ("!I", "Acknowledge the incident"),
        ("!E", "Escalate now"),
        ("!P", "Add a responder"),
        ("!y", "Snooze"),
    ] {
        let mut stage = night();
        stage.press("4");
        stage.press(keys);
        assert!(stage.is_planning() && screen(&stage).contains(words), "{keys}:\n{}", screen(&stage));
    }
    let mut stage = night();
    stage.press("4");
    let copied = stage.asks("o").into_iter().find_map(|effect| match effect {
        Effect::Copy(text) => Some(text),
        _ => None,
    });
    assert_eq!(copied.as_deref(), Some("https://runbooks.example/payments/error-rate"), "what its alert names");
}

#[test]
fn a_runbook_is_found_though_nothing_fires_and_nothing_runs() {
    let mut stage = night();
    stage.see(Vec::new(), SourceState::Fresh);
    stage.tell(News::Alerts(Box::new(snapshot(Vec::new(), SourceState::Fresh))));
    stage.press("4");
    let copied = stage.asks("o").into_iter().any(|effect| effect == Effect::Copy("runbooks/payments.md".into()));
    assert!(copied, "{}", text(&stage.screen(120, 40)));
}

#[test]
fn alerts_and_rollouts_show_the_incident_that_is_open_about_them() {
    let told = "incident 7 SEV1 triggered";
    let mut stage = night();
    stage.press("2");
    stage.press("/");
    stage.type_text("payments");
    stage.press("enter");
    assert!(text(&stage.body(200, 60)).contains(told), "{}", text(&stage.body(200, 60)));
    let mut stage = night();
    stage.press("1");
    stage.press("/");
    stage.type_text("HighErrorRate");
    stage.press("enter enter");
    assert!(text(&stage.body(120, 40)).contains(told), "{}", text(&stage.body(120, 40)));
}

#[test]
fn what_may_belong_together_and_who_is_to_be_told_stand_with_an_incident() {
    let one = incident(3, Severity::Sev1, 40);
    let other = incident(4, Severity::Sev2, 39);
    let body = text(&seeing(vec![one, other], SourceState::Fresh).body(120, 40));
    for words in ["likely related: incident 4", "open since", "TELL CUSTOMERS: 10m overdue"] {
        assert!(body.contains(words), "{words}:\n{body}");
    }
}

#[test]
fn a_storm_is_told_by_groups_over_the_incidents() {
    let storm = |place: usize| {
        let pod = format!("pod-{place}");
        alert(&[("alertname", "Down"), ("severity", "high"), ("service", "payments"), ("pod", &pod)], "down", 10)
    };
    let mut stage = night();
    stage.tell(News::Alerts(Box::new(snapshot((0..80).map(storm).collect(), SourceState::Fresh))));
    stage.press("4");
    let body = text(&stage.body(120, 40));
    assert!(body.contains("STORM: 80 alerts in 1 group: 80 Down of payments"), "{body}");
}
