//! The panes of rotations and of escalation in every state, at every size.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use insta::assert_snapshot;
use quarterdeck::domain::document::{self, Table};
use quarterdeck::domain::incident::{Incident, Phase, Severity, Source, Stamp, State};
use quarterdeck::domain::oncall::escalation::{Level, Page, PageState, Policy, Responder, Run, RunState, Target};
use quarterdeck::domain::oncall::file::{self, Known, Written};
use quarterdeck::domain::oncall::{Override, OverrideKind, Schedule, Slot};
use quarterdeck::domain::people::{Hours, Person, Team};
use quarterdeck::domain::source::SourceState;
use quarterdeck::domain::store::StoreSnapshot;
use quarterdeck::domain::time::Instant;
use quarterdeck::world::News;

use crate::stage::{Stage, ago, now, text};
use crate::word::stored;

const FILE: &str = r#"
[[schedule]]
name = "shop"
zone = "EST"
team = "shop"
[[schedule.layer]]
role = "primary"
every = "1 week"
anchor = "2026-10-19T09:00"
people = ["ada", "ben"]
[[schedule.layer]]
role = "secondary"
every = "12 hours"
anchor = "2026-10-19T09:00"
people = ["cy", "決済-kato"]

[[schedule]]
name = "office"
zone = "JST"
[[schedule.layer]]
role = "desk"
every = "1 day"
anchor = "2026-10-19T09:00"
people = ["ben", "cy"]
restrictions = [{ days = "Mon-Fri", from = "09:00", until = "18:00" }]

[[policy]]
team = "shop"
severity = ["sev1", "sev3"]
level = [
  { page = ["schedule:shop/primary"] },
  { page = ["schedule:shop/secondary"] },
  { page = ["person:dee"] },
  { page = ["person:eve"] },
]
"#;

const PEOPLE: [(&str, &str); 6] = [
    ("ada", "America/New_York"),
    ("ben", "Asia/Tokyo"),
    ("cy", "Etc/UTC"),
    ("dee", "Etc/UTC"),
    ("eve", "Etc/UTC"),
    ("決済-kato", "Asia/Tokyo"),
];

fn written() -> Written {
    let known = Known {
        people: PEOPLE.iter().map(|(handle, _)| (*handle).to_owned()).collect(),
        teams: [String::from("shop")].into(),
        ..Known::default()
    };
    let (table, mut problems) = document::parse(None, FILE);
    let written = file::read(&Table::root(&table), &known, now(), &mut problems);
    assert_eq!(problems.into_found(), []);
    written
}

/// A schedule of two roles.
pub(crate) fn shop() -> Schedule {
    written().schedules.into_iter().find(|one| one.name == "shop").expect("it is in the file")
}

/// A policy of people alone, for a SEV2.
pub(crate) fn ladder() -> Policy {
    let level = |(after, name): (u32, &str)| Level { after, page: vec![Target::Person(name.to_owned())] };
    let levels = [(0, "dee"), (900, "eve")].map(level).to_vec();
    Policy { team: "shop".into(), levels, exhausted: 7_200, ..Policy::nobody(Severity::Sev2) }
}

fn person((handle, zone): (&str, &str)) -> (String, Person) {
    let person = Person {
        handle: handle.into(),
        name: handle.into(),
        zone: zone.into(),
        reach: Vec::new(),
        role: String::new(),
        is_on_call: true,
        level: None,
        has_left: false,
        version: 1,
    };
    (handle.into(), person)
}

fn incident(number: u64, title: &str, severity: Severity, created_at: Instant) -> Incident {
    Incident {
        number,
        title: title.into(),
        severity,
        state: State::Triggered,
        phase: Phase::Detection,
        source: Source::Monitoring,
        environment: "production".into(),
        team: "shop".into(),
        impact: String::new(),
        impact_since: None,
        declared_by: "mori".into(),
        entered_by: "mori".into(),
        created_at,
        respond_by: created_at + severity.respond_within(),
        acknowledged: None,
        resolved: None,
        merged: None,
        assignee: None,
        roles: BTreeMap::new(),
        links: Vec::new(),
        ticked: Vec::new(),
        similar_to: None,
        told_at: None,
        told: BTreeMap::new(),
        resolved_seconds: 0,
        version: 1,
    }
}

fn says(incidents: Vec<Incident>) -> StoreSnapshot {
    let written = written();
    let (from, until) = (now(), now() + TimeDelta::hours(4));
    let taken = Override {
        schedule: "shop".into(),
        number: 1,
        role: "primary".into(),
        kind: OverrideKind::Slot,
        from,
        until,
        slots: vec![Slot { person: Some("eve".into()), from, until }],
        of_person: None,
        of_number: None,
        words: String::new(),
        by: "eve".into(),
        at: from,
    };
    let team = Team {
        name: "shop".into(),
        zone: "Asia/Tokyo".into(),
        hours: Hours::default(),
        holidays: Vec::new(),
        members: vec!["ada".into()],
        owners: vec!["ada".into()],
        version: 1,
    };
    let schedules = written.schedules.into_iter().map(|one| (one.name.clone(), one)).collect();
    let policies = written.policies.into_iter().map(|one| ((one.team.clone(), one.severity), one)).collect();
    StoreSnapshot::default()
        .with::<Schedule>(schedules)
        .with::<Override>([("shop".to_owned(), vec![taken])].into())
        .with::<Policy>(policies)
        .with::<Team>([("shop".to_owned(), team)].into())
        .with::<Person>(PEOPLE.into_iter().map(person).collect())
        .with::<Incident>(incidents.into_iter().map(|one| (one.number, one)).collect())
}

fn night() -> Vec<Incident> {
    let answered = Incident {
        state: State::Acknowledged,
        acknowledged: Some(Stamp { by: "ada".into(), at: ago(600) }),
        ..incident(3, "Mails are slow", Severity::Sev1, ago(900))
    };
    let alone = Incident { team: "platform".into(), ..incident(4, "A disk fills", Severity::Sev2, ago(60)) };
    vec![
        incident(1, "Checkout is down", Severity::Sev1, ago(20 * 60)),
        // Seven in the morning in Tokyo: level 1 alone is paged, at nine.
        incident(2, "A label is wrong", Severity::Sev3, ago(5 * 3_600)),
        answered,
        alone,
    ]
}

fn seeing(pane: &str, state: SourceState, snapshot: StoreSnapshot) -> Stage {
    let mut shown = Stage::new();
    shown.tell(stored(state, snapshot));
    shown.press(pane);
    shown
}

const ESCALATION: &str = "4 tab";
const ROTATIONS: &str = "4 tab tab";
const SHIFTS: &str = "4 tab tab tab";

#[test]
fn rotations_in_every_state() {
    assert_snapshot!("rotations_empty", seeing(ROTATIONS, SourceState::Fresh, StoreSnapshot::default()).bodies());
    assert_snapshot!("rotations_normal", seeing(ROTATIONS, SourceState::Fresh, says(Vec::new())).bodies());
    assert_snapshot!("rotations_stale", seeing(ROTATIONS, SourceState::Stale, says(Vec::new())).bodies());
    let mut without = Stage::new();
    without.press(ROTATIONS);
    assert_snapshot!("rotations_unread", without.bodies());
}

#[test]
fn what_has_nobody_comes_first_and_is_found_by_a_key() {
    let mut stage = seeing(ROTATIONS, SourceState::Fresh, says(Vec::new()));
    assert_eq!((stage.front().as_str(), stage.rows().len()), ("rotations", 3));
    assert!(stage.rows()[0].contains("office/desk"), "{:?}", stage.rows());
    let body = text(&stage.body(120, 40));
    assert!(body.contains("NOBODY") || body.contains("gap"), "{body}");
    assert!(body.contains("eve"), "the override is who is on call: {body}");
    stage.press("/");
    stage.type_text("kato");
    assert_eq!(stage.rows().len(), 1);
}

#[test]
fn escalation_in_every_state() {
    assert_snapshot!("escalation_empty", seeing(ESCALATION, SourceState::Fresh, says(Vec::new())).bodies());
    assert_snapshot!("escalation_normal", seeing(ESCALATION, SourceState::Fresh, says(night())).bodies());
    assert_snapshot!("escalation_stale", seeing(ESCALATION, SourceState::Stale, says(night())).bodies());
}

#[test]
fn a_row_is_due_only_where_the_policy_says_so_by_now() {
    let stage = seeing(ESCALATION, SourceState::Fresh, says(night()));
    let body = text(&stage.body(200, 60));
    assert!(body.contains("NOT PAGED"), "{body}");
    let due: Vec<&str> = body.lines().filter(|line| line.contains(" DUE ")).collect();
    // Twenty minutes after the first page: levels 1 and 2 of the first incident; and level 1 of the second, since nine.
    assert_eq!(due.len(), 3, "{body}");
    assert!(
        body.lines().any(|line| line.contains("next") && line.contains("dee") && line.contains("12:17 JST")),
        "{body}"
    );
    assert!(body.contains("ada acknowledged") && body.contains("no policy says whom to page"), "{body}");
}

#[test]
fn a_store_that_told_nothing_yet_is_unknown_on_the_overview_and_never_quiet() {
    let mut down = stored(SourceState::Down, StoreSnapshot::default());
    if let News::Store(snapshot) = &mut down {
        snapshot.health.last_good = None;
    }
    let mut stage = Stage::new();
    stage.tell(down);
    stage.press("0");
    let body = text(&stage.body(120, 40));
    for pane in ["Incidents", "Rotations", "Escalation"] {
        assert!(
            body.lines().any(|line| line.contains(pane) && line.contains("never read: not known")),
            "{pane}: {body}"
        );
    }
}

#[test]
fn every_header_says_what_stands_the_gravest_first() {
    let mut stage = seeing("2", SourceState::Fresh, says(night()));
    stage.see(Vec::new(), SourceState::Fresh);
    let header = |stage: &Stage| text(&stage.screen(80, 24)).lines().nth(1).unwrap_or_default().to_owned();
    // Checkout is down for twenty minutes, its quarter of an hour is over.
    assert_eq!(header(&stage), " SEV1 #1 +2 5m OVER · daily in 23h · on call ben, eve, 決済-kato");
    // Where the cluster is in trouble, both stand in the one line.
    stage.see(Vec::new(), SourceState::Down);
    let both = header(&stage);
    assert!(both.contains("down") && both.ends_with("SEV1 #1 +2 5m OVER"), "{both}");
}

/// A run of the first incident of the night, by the policy as it was when it began.
fn run(state: RunState, level: usize) -> Run {
    let policy = Policy { version: 3, ..ladder() };
    let page =
        |person: &str, level| Page { person: person.into(), level, epoch: 1, at: ago(60), state: PageState::Queued };
    Run {
        incident: 1,
        policy,
        begun_at: ago(20 * 60),
        level,
        round: 0,
        epoch: 1,
        state,
        quiet_at: None,
        touched_at: ago(60),
        responders: vec![Responder { person: "cy".into(), has_acknowledged: false }],
        pages: vec![page("eve", Some(2)), page("cy", None)],
        version: 1,
    }
}

fn escalated(run: Run) -> Stage {
    let held = says(night()).with::<Run>([(run.incident, run)].into());
    seeing(ESCALATION, SourceState::Fresh, held)
}

#[test]
fn a_ladder_shows_who_was_called_and_who_was_asked_to_help() {
    let stage = escalated(run(RunState::Running { next_at: ago(-3_600) }, 2));
    let body = text(&stage.body(200, 60));
    let line =
        |words: &str| body.lines().find(|line| line.contains(words)).unwrap_or_else(|| panic!("{words}: {body}"));
    assert!(line("L1").contains("dee") && line("L1").contains("DUE"), "{body}");
    assert!(line("L2").contains("eve") && line("L2").contains("system change"), "{body}");
    assert!(line(" help ").contains("cy") && line(" help ").contains("DUE"), "{body}");
    let mut keys = escalated(run(RunState::Running { next_at: ago(-3_600) }, 2));
    keys.press("!E");
    assert!(text(&keys.screen(120, 40)).contains("Escalate now"), "{}", text(&keys.screen(120, 40)));
}

#[test]
fn what_is_put_off_says_until_when_and_calls_nobody_before() {
    let stage = escalated(run(RunState::Paused { until: ago(-3_600) }, 2));
    let body = text(&stage.body(200, 60));
    assert!(body.contains("snoozed") && body.contains("its levels begin again"), "{body}");
    let due: Vec<&str> = body.lines().filter(|line| line.contains(" DUE ") && line.contains(" L")).collect();
    assert!(due.iter().all(|line| !line.contains("dee")), "{body}");
}

#[test]
fn shifts_in_every_state() {
    assert_snapshot!("shifts_empty", seeing(SHIFTS, SourceState::Fresh, StoreSnapshot::default()).bodies());
    assert_snapshot!("shifts_normal", seeing(SHIFTS, SourceState::Fresh, says(Vec::new())).bodies());
    assert_snapshot!("shifts_stale", seeing(SHIFTS, SourceState::Stale, says(Vec::new())).bodies());
    let mut without = Stage::new();
    without.press(SHIFTS);
    assert_snapshot!("shifts_unread", without.bodies());
}

#[test]
fn a_role_leads_to_its_shifts_and_a_shift_stands_in_the_form() {
    let mut stage = seeing(ROTATIONS, SourceState::Fresh, says(Vec::new()));
    stage.press("/");
    stage.type_text("shop/secondary");
    stage.press("enter enter");
    assert_eq!(stage.front(), "shifts");
    assert!(stage.rows().iter().all(|row| row.contains("shop/secondary")), "{:?}", stage.rows());
    assert!(stage.rows().len() >= 70, "five weeks of twelve hours: {}", stage.rows().len());
    stage.press("down !O");
    let screen = text(&stage.screen(120, 40));
    assert!(screen.contains("Override a shift") && screen.contains("secondary"), "{screen}");
    let mut taking = seeing(ROTATIONS, SourceState::Fresh, says(Vec::new()));
    taking.press("/");
    taking.type_text("shop/primary");
    taking.press("enter !t");
    let screen = text(&taking.screen(120, 40));
    assert!(screen.contains("Take the shift") && screen.contains("primary"), "{screen}");
}
