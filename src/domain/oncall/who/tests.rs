//! The first thin line: a rotation that was read from a file answers who is on call over a change to winter time, and gives the ladder its
//! absolute times.

use std::collections::BTreeSet;

use super::super::file::{Known, read};
use super::super::{Hours, OverrideKind, Slot};
use super::*;
use crate::domain::document::{self, Table};
use crate::domain::time::{NamedZone, written};

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
every = "1 week"
anchor = "2026-10-19T09:00"
people = ["ben", "cy"]

[[policy]]
team = "shop"
severity = ["sev1", "sev2", "sev3"]
level = [
  { page = ["schedule:shop/primary"] },
  { page = ["schedule:shop/secondary", "schedule:shop/primary"] },
  { page = ["person:dee"] },
  { page = ["person:eve"] },
]

[[policy]]
team = "platform"
severity = "sev1"
level = [{ page = ["policy:shop"] }]
"#;

fn at(text: &str) -> Instant {
    text.parse().expect("a time")
}

struct Store {
    schedules: BTreeMap<String, Schedule>,
    overrides: BTreeMap<String, Vec<Override>>,
    policies: BTreeMap<(String, Severity), Policy>,
    business: BTreeMap<String, BusinessHours>,
}

impl Store {
    fn read() -> Self {
        let set = |of: &[&str]| of.iter().map(|one| (*one).to_owned()).collect::<BTreeSet<_>>();
        let known = Known {
            people: set(&["ada", "ben", "cy", "dee", "eve"]),
            teams: set(&["shop", "platform"]),
            ..Known::default()
        };
        let (table, mut problems) = document::parse(None, FILE);
        let written = read(&Table::root(&table), &known, at("2026-10-20T00:00:00Z"), &mut problems);
        assert_eq!(problems.into_found(), []);
        let business = BusinessHours {
            zone: NamedZone::read("JST").expect("a zone").zone,
            hours: Hours::BUSINESS,
            holidays: Vec::new(),
        };
        Self {
            schedules: written.schedules.into_iter().map(|one| (one.name.clone(), one)).collect(),
            overrides: BTreeMap::new(),
            policies: written.policies.into_iter().map(|one| ((one.team.clone(), one.severity), one)).collect(),
            business: [("shop".to_owned(), business)].into(),
        }
    }

    fn on_call(&self) -> OnCall<'_> {
        let Self { schedules, overrides, policies, business } = self;
        OnCall { schedules, overrides, policies, business }
    }
}

fn primary(store: &Store, when: &str) -> (Option<String>, Option<String>, Option<String>) {
    let holder = store.on_call().now(Some("shop"), at(when)).into_iter().find(|holder| holder.role == "primary");
    let holder = holder.expect("a role");
    (holder.person, holder.since.map(written), holder.until.map(written))
}

#[test]
fn one_imported_rotation_answers_over_a_change_to_winter_time() {
    let store = Store::read();
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(
        primary(&store, "2026-11-02T13:30:00Z"),
        (some("ben"), some("2026-10-26T13:00:00Z"), some("2026-11-02T14:00:00Z"))
    );
    assert_eq!(
        primary(&store, "2026-11-02T14:00:00Z"),
        (some("ada"), some("2026-11-02T14:00:00Z"), some("2026-11-09T14:00:00Z"))
    );
    let next = store.on_call().next(None, at("2026-11-02T13:30:00Z"));
    assert_eq!(
        next.iter().map(|one| (one.role.as_str(), one.person.as_deref())).collect::<Vec<_>>(),
        [("primary", Some("ada")), ("secondary", Some("ben"))]
    );
}

#[test]
fn the_ladder_names_whoever_is_on_call_when_each_level_is_paged() {
    let store = Store::read();
    let on_call = store.on_call();
    let policy = on_call.policy("shop", None, Severity::Sev1).expect("a policy");
    // Ten minutes before the hand-over of the second of November: level 2 is paged after it.
    let ladder = on_call.ladder(policy, at("2026-11-02T13:50:00Z"));
    let rungs: Vec<_> = ladder.rungs.iter().map(|rung| (written(rung.at), rung.people.join(" "))).collect();
    assert_eq!(
        rungs,
        [
            ("2026-11-02T13:50:00Z".to_owned(), "ben".to_owned()),
            ("2026-11-02T14:05:00Z".to_owned(), "ben ada".to_owned()),
            ("2026-11-02T14:20:00Z".to_owned(), "dee".to_owned()),
            ("2026-11-02T14:50:00Z".to_owned(), "eve".to_owned()),
        ]
    );
    assert_eq!(ladder.exhausted_at.map(written).as_deref(), Some("2026-11-02T15:50:00Z"));
    let answered = on_call.ladder_for(
        ("shop", None, Severity::Sev1),
        at("2026-11-02T13:50:00Z"),
        Some(at("2026-11-02T14:06:00Z")),
    );
    let answered = answered.expect("a policy");
    assert_eq!(
        (answered.rungs.as_slice(), answered.exhausted_at),
        (&ladder.rungs[..2], None),
        "level 3 is not paged any more"
    );
    let third = on_call.policy("shop", None, Severity::Sev3).expect("a policy");
    let saturday = on_call.ladder(third, at("2026-10-24T03:00:00Z"));
    assert_eq!(
        (saturday.rungs.len(), written(saturday.rungs[0].at)),
        (1, "2026-10-26T00:00:00Z".to_owned()),
        "Monday 09:00 in Tokyo"
    );
}

#[test]
fn an_override_is_who_is_paged() {
    let mut store = Store::read();
    let (from, until) = (at("2026-10-20T00:00:00Z"), at("2026-10-21T00:00:00Z"));
    let slot = Override {
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
        by: "ada".into(),
        at: from,
    };
    store.overrides.insert("shop".into(), vec![slot]);
    let on_call = store.on_call();
    let paged =
        |target: &str, when: &str| on_call.people(&Target::read(target).expect("a target"), Severity::Sev1, at(when));
    assert_eq!(paged("schedule:shop/primary", "2026-10-20T12:00:00Z"), ["eve"]);
    assert_eq!(paged("schedule:shop/primary", "2026-10-21T12:00:00Z"), ["ada"]);
    assert_eq!(paged("schedule:shop", "2026-10-20T12:00:00Z"), ["eve", "ben"]);
    assert_eq!(paged("policy:shop", "2026-10-20T12:00:00Z"), ["eve"]);
    let duties: Vec<String> =
        on_call.duties(from).into_iter().filter(|duty| duty.person == "eve").map(|duty| duty.of).collect();
    assert_eq!(duties, ["override 1 of shop/primary", "policy shop/sev1", "policy shop/sev2", "policy shop/sev3"]);
}

#[test]
fn the_policy_is_that_of_the_team_of_the_service() {
    let store = Store::read();
    let on_call = store.on_call();
    let team = |team: &str, schedule: Option<&str>, severity| {
        on_call.policy(team, schedule, severity).map(|policy| policy.team.as_str())
    };
    assert_eq!(team("", Some("shop/primary"), Severity::Sev1), Some("shop"));
    assert_eq!(team("platform", Some("shop"), Severity::Sev1), Some("platform"));
    assert_eq!(team("", None, Severity::Sev1), None, "two teams have one");
    assert_eq!(team("", None, Severity::Sev2), Some("shop"), "the only one");
    assert_eq!(team("nobody", None, Severity::Sev2), None);
    assert_eq!(team("", None, Severity::Sev4), None);
}
