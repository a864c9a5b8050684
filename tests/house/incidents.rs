//! The pane of incidents: what is open first, the clock of each, and what an action on one is on.

use std::collections::BTreeMap;

use quarterdeck::domain::incident::{Incident, Link, Phase, Severity, Source, Stamp, State};
use quarterdeck::domain::source::{SourceHealth, SourceId, SourceState};
use quarterdeck::domain::store::StoreSnapshot;
use quarterdeck::world::News;

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
