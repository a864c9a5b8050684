//! The pane of databases in every state, at every size; what leads there and from there; the banner of two primaries.

use std::sync::Arc;

use chrono::TimeDelta;
use insta::assert_snapshot;
use quarterdeck::domain::database::{
    Database, DatabaseSnapshot, Kind, Limits, Listed, Member, Position, Reading, Role, Said, Settings, Switch, Sync,
    Tags, Topology, Watched,
};
use quarterdeck::domain::service::{Service, Services};
use quarterdeck::domain::source::SourceState;
use quarterdeck::domain::time::Instant;
use quarterdeck::ui::overview::Spot;
use quarterdeck::world::News;

use crate::alerts::workloads;
use crate::stage::{Stage, now, text};

fn at(seconds_ago: i64) -> Instant {
    now() - TimeDelta::seconds(seconds_ago)
}

fn said(role: Role, position: Position) -> Said {
    Said {
        at: at(3),
        role,
        state: "running".into(),
        scope: Some("orders".into()),
        governor_version: Some("4.1.5".into()),
        server_version: Some(150_018),
        timeline: Some(7),
        system_identifier: Some("7400000000000000001".into()),
        position,
        replication: (role == Role::Replica).then(|| "streaming".into()),
        sync: None,
        followers: Vec::new(),
        dcs_seen_at: Some(at(2)),
        is_unlocked: false,
        is_failsafe: false,
        is_paused: false,
        is_restart_pending: false,
        tags: Tags::default(),
    }
}

fn follows(missing: u64, seconds: i64) -> Said {
    let reached = Some(500_000_000 - missing);
    let replayed_at = Some(at(3 + seconds));
    said(Role::Replica, Position::Follows { received: reached, replayed: reached, replayed_at, is_paused: false })
}

fn member(name: &str, said: Result<Said, &str>) -> Member {
    Member {
        name: name.into(),
        asked_at: format!("http://{name}:8008").into(),
        address: Some(format!("{name}.example:5432").into()),
        said: said.map_err(str::to_owned),
        listed: Some(Listed {
            role: Role::Replica,
            sync: Some(Sync::Async),
            state: "streaming".into(),
            timeline: Some(7),
            receive_lag: None,
            replay_lag: None,
            tags: Tags::default(),
            is_restart_pending: false,
        }),
    }
}

fn reading(members: Vec<Member>) -> Reading {
    let history = Switch { timeline: 6, location: 1, at: Some(at(8_000)), leader: Some("pg1".into()) };
    Reading {
        members,
        topology: Ok(Topology {
            at: at(3),
            by: "pg1.example:8008".into(),
            scope: Some("orders".into()),
            leader: Some("pg1".into()),
            is_paused: false,
            scheduled: None,
        }),
        settings: Some(Settings::shipped(at(30))),
        history: Some(vec![history]),
        ..Reading::empty(Kind::Patroni, at(3))
    }
}

fn writes() -> Said {
    said(Role::Primary, Position::Writes { location: 500_000_000 })
}

fn watched(name: &str, told: Option<Result<Reading, &str>>) -> Watched {
    let database = Database {
        name: name.into(),
        environment: None,
        kind: Kind::Patroni,
        system_identifier: None,
        tier: None,
        reads_tables: false,
    };
    let mut watched = Watched::unread(Arc::new(database), Limits::default());
    if let Some(told) = told {
        watched.take(told.map(Arc::new).map_err(str::to_owned));
    }
    watched
}

fn healthy() -> Reading {
    reading(vec![member("pg1", Ok(writes())), member("pg2", Ok(follows(0, 0))), member("pg3", Ok(follows(4_200, 1)))])
}

/// A cluster that is well, one whose replica lags, one whose primary is silent, one that is paused, one with a name nobody would choose.
pub(crate) fn shop() -> DatabaseSnapshot {
    let lagging = reading(vec![
        member("pg1", Ok(writes())),
        member("pg2", Ok(follows(21_756_824, 95))),
        member("a-member-with-a-name-that-nobody-would-choose", Err("pg3.example:8008 did not answer within 2 s.")),
    ]);
    let refused = "pg1.example:8008 cannot be reached: connection refused.";
    let silent = reading(vec![member("pg1", Err(refused)), member("pg2", Ok(follows(0, 0)))]);
    let mut paused = healthy();
    if let Ok(topology) = &mut paused.topology {
        topology.is_paused = true;
    }
    DatabaseSnapshot {
        databases: vec![
            watched("orders", Some(Ok(healthy()))),
            watched("customers-and-their-addresses", Some(Ok(lagging))),
            watched("search", Some(Ok(silent))),
            watched("決済", Some(Ok(paused))),
            watched("ledger", None),
        ],
    }
}

/// Two members that both take writes.
fn split() -> DatabaseSnapshot {
    let mut other = writes();
    other.timeline = Some(8);
    let two = reading(vec![member("pg1", Ok(writes())), member("pg2", Ok(other)), member("pg3", Ok(follows(0, 0)))]);
    DatabaseSnapshot { databases: vec![watched("orders", Some(Ok(two)))] }
}

fn seeing(databases: DatabaseSnapshot) -> Stage {
    let mut stage = Stage::new();
    stage.see(workloads(), SourceState::Fresh);
    stage.tell(News::Databases(Box::new(databases)));
    stage.press("3");
    stage.press("tab");
    stage
}

#[test]
fn databases_list() {
    let mut without = Stage::new();
    without.press("3");
    without.press("tab");
    assert_snapshot!("databases_not_configured", without.bodies());
    let loading = DatabaseSnapshot { databases: vec![watched("orders", None)] };
    assert_snapshot!("databases_loading", seeing(loading).bodies());
    assert_snapshot!("databases_normal", seeing(shop()).bodies());
    let mut old = healthy();
    old.at = at(400);
    let stale = DatabaseSnapshot { databases: vec![watched("orders", Some(Ok(old)))] };
    assert_snapshot!("databases_stale", seeing(stale).bodies());
    let nobody = reading(["pg1", "pg2"].map(|name| member(name, Err("no answer within 2 s."))).into());
    let down = DatabaseSnapshot { databases: vec![watched("orders", Some(Ok(nobody)))] };
    assert_snapshot!("databases_down", seeing(down).bodies());
    let many = (0..500).map(|place| watched(&format!("tenant-{place:03}"), Some(Ok(healthy())))).collect();
    let mut huge = seeing(DatabaseSnapshot { databases: many });
    huge.press("G");
    assert_snapshot!("databases_huge", huge.bodies());
    let mut filtered = seeing(shop());
    filtered.press("/");
    filtered.type_text("nobody");
    assert_eq!(filtered.rows().len(), 1, "a member is found by its name");
    filtered.type_text("xxx");
    assert!(text(&filtered.body(120, 40)).contains("None of 5 databases matches"));
}

#[test]
fn the_worst_is_first_and_each_says_why() {
    let mut stage = seeing(shop());
    let states = stage.states();
    assert_eq!(states.len(), 5);
    assert!(states[0].starts_with("unknown") && states[4] == "healthy orders", "{states:?}");
    let body = text(&stage.body(120, 40));
    assert!(body.contains("PRIMARY UNKNOWN: nobody who answers takes writes, and pg1 does not answer."), "{body}");
    while stage.under_cursor() != "customers-and-their-addresses" {
        stage.press("j");
    }
    let body = text(&stage.body(120, 40));
    assert!(body.contains("pg2 is 1m 35s behind; 30s is tolerated."), "{body}");
    stage.press("ctrl-z");
    assert_eq!(stage.rows().len(), 4, "what is healthy is left out");
    stage.press("0");
    while stage.spot() != Some(Spot::Headline("databases")) {
        stage.press("j");
    }
    stage.press("enter");
    assert_eq!(stage.front(), "databases", "the headline leads there");
}

#[test]
fn hostile_words_of_a_member_steer_nothing() {
    let mut hostile = writes();
    hostile.state = "running".into();
    let name = quarterdeck::domain::text::clean("pg1\u{1b}[2J\u{202e}").into_owned();
    let stage_of = |why: &str| {
        let members = vec![member(&name, Ok(hostile.clone())), member("pg2", Err(why))];
        DatabaseSnapshot { databases: vec![watched("orders", Some(Ok(reading(members))))] }
    };
    let body = text(&seeing(stage_of("x\u{1b}[2J\u{9b}1m did not answer.")).body(120, 40));
    assert!(!body.chars().any(|letter| letter.is_control() && letter != '\n'), "{body:?}");
}

#[test]
fn two_primaries_are_a_banner_on_every_pane() {
    let mut stage = seeing(split());
    for key in ["0", "1", "2", "3", "4", "5", "6", "8"] {
        stage.press(key);
        let screen = text(&stage.screen(80, 24));
        assert!(screen.contains("database orders: TWO PRIMARIES: pg1 and pg2 all take writes."), "{key}: {screen}");
    }
    stage.press("3");
    stage.press("tab");
    assert_snapshot!("databases_two_primaries", stage.bodies());
    stage.tell(News::Databases(Box::new(shop())));
    assert!(!text(&stage.screen(80, 24)).contains("TWO PRIMARIES"), "it goes with what it says");
}

#[test]
fn a_service_and_its_database_lead_to_one_another() {
    let mut stage = Stage::new();
    let service = Service { name: "checkout".into(), database: Some("orders".into()), ..Service::default() };
    stage.model.world.services = Arc::new(Services::new(vec![service]));
    let mut rows = workloads();
    let row = rows.first_mut().expect("a workload");
    row.service = Some("checkout".into());
    let workload = row.workload.name.clone();
    stage.see(rows, SourceState::Fresh);
    stage.tell(News::Databases(Box::new(shop())));
    stage.press("3");
    stage.press("tab");
    while stage.under_cursor() != "orders" {
        stage.press("j");
    }
    let body = text(&stage.body(160, 40));
    assert!(body.contains("used by checkout"), "{body}");
    stage.press("enter");
    let body = text(&stage.body(160, 40));
    assert!(body.contains(&*workload) && body.contains("database orders (healthy, primary pg1)"), "{body}");
}
