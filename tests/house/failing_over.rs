//! Changing the primary of a database, as far as it is judged in the house: no edited document asks for more than the plan it was.

use std::sync::{Arc, Mutex};

use quarterdeck::actions::{Executor, Options, Planner};
use quarterdeck::domain::action::{Plan, Request};
use quarterdeck::domain::database::{
    Kind, Limits, Listed, Member, Position, Reading, Role, Said, Settings, Tags, Topology, Trail,
};
use quarterdeck::domain::subject::{DatabaseRef, Subject};
use quarterdeck::sources::error::{SourceError, Trouble};
use quarterdeck::sources::observe::{Answer, DatabaseSeen, ObserveDatabases};
use quarterdeck::sources::operate::{OperateDatabases, Reply};
use serde_json::{Value, json};

use crate::gate::{action, apart, local, no_edit_of};
use crate::silencing;
use crate::stage::now;

/// A whole cluster of two members, paused or not.
fn whole(is_paused: bool) -> Reading {
    let said = |role: Role, position: Position| Said {
        at: now(),
        role,
        state: "running".into(),
        scope: Some("orders".into()),
        governor_version: Some("4.1.5".into()),
        server_version: Some(150_018),
        timeline: Some(3),
        system_identifier: Some("7714344208705617330".into()),
        position,
        replication: (role == Role::Replica).then(|| "streaming".into()),
        sync: None,
        followers: Vec::new(),
        dcs_seen_at: Some(now()),
        is_unlocked: false,
        is_failsafe: false,
        is_paused: false,
        is_restart_pending: false,
        tags: Tags::default(),
    };
    let member = |name: &str, role: Role, position: Position| Member {
        name: name.into(),
        asked_at: format!("http://{name}:8008").into(),
        address: None,
        said: Ok(said(role, position)),
        listed: Some(Listed {
            role,
            sync: None,
            state: "running".into(),
            timeline: Some(3),
            receive_lag: Some(0),
            replay_lag: Some(0),
            tags: Tags::default(),
            is_restart_pending: false,
        }),
    };
    let follows =
        Position::Follows { received: Some(4_096), replayed: Some(4_096), replayed_at: None, is_paused: false };
    Reading {
        members: vec![
            member("pg1", Role::Primary, Position::Writes { location: 4_096 }),
            member("pg2", Role::Replica, follows),
        ],
        topology: Ok(Topology {
            at: now(),
            by: "pg1".into(),
            scope: Some("orders".into()),
            leader: Some("pg1".into()),
            is_paused,
            scheduled: None,
        }),
        settings: Some(Settings::shipped(now())),
        history: Some(Vec::new()),
        ..Reading::empty(Kind::Patroni, now())
    }
}

/// Eyes on one database, paused or not.
struct One(bool);

impl ObserveDatabases for One {
    fn database<'a>(&'a self, _: &'a str) -> Answer<'a, DatabaseSeen> {
        let seen = DatabaseSeen {
            reading: whole(self.0),
            trail: Trail::default(),
            limits: Limits::default(),
            notes: json!({}),
        };
        Box::pin(async { Ok(seen) })
    }
}

/// Hands that are refused, and remember what they were to do.
#[derive(Default)]
struct Refused(Mutex<Vec<Request>>);

impl OperateDatabases for Refused {
    fn send<'a>(&'a self, _: &'a str, request: &'a Request, _: &'a str) -> Answer<'a, Reply> {
        self.0.lock().expect("nobody panicked").push(request.clone());
        Box::pin(async { Err(SourceError::new(Trouble::Rejected, "not now.")) })
    }
}

fn planner(is_paused: bool) -> Planner {
    Planner { databases: Some(Arc::new(One(is_paused))), ..silencing::planner(Ok(Vec::new())) }
}

/// Of an action on databases: what their governor is asked for is what it is asked for without the edit.
pub(crate) async fn no_edit_widens_of_databases(id: &str) {
    let hands = Arc::new(Refused::default());
    let planner = planner(id == "resume-failover");
    let target = Subject::Database(DatabaseRef { environment: "production".into(), name: "orders".into() });
    let plan = planner.plan(action(id), &[target], &Options::default()).await.expect("a plan");
    no_edit_of((id, &plan, 50), async |edited: &Plan| {
        let executor = |journal| Executor { databases: Some(hands.clone()), ..local(&planner, journal) };
        let (phase, begun) = apart(executor, edited).await;
        let sent = std::mem::take(&mut *hands.0.lock().expect("nobody panicked"));
        let without = |request: Request| -> Value {
            let mut body = request.body;
            // The record names the run and its times, and the pause the run.
            if let Some(records) = body["quarterdeck.dev/operation"].as_object_mut() {
                *records = records.keys().map(|_| ("RUN".to_owned(), json!("a record"))).collect();
            }
            if body["quarterdeck.dev/pause"].is_object() {
                body["quarterdeck.dev/pause"]["run"] = json!("RUN");
            }
            json!([request.method, request.path, body])
        };
        (phase, sent.into_iter().map(without).collect(), begun)
    })
    .await;
}

#[tokio::test]
async fn a_switchover_names_its_candidate_and_asks_for_the_name_of_the_database() {
    let target = Subject::Database(DatabaseRef { environment: "production".into(), name: "orders".into() });
    let plan = planner(false).plan(action("failover"), &[target], &Options::default()).await.expect("a plan");
    assert!(plan.is_applicable(), "{:?}", plan.refusals);
    let asked = plan.targets[0].steps.iter().find(|step| step.request.path == "/switchover").expect("a switchover");
    assert_eq!(asked.request.body, json!({"leader": "pg1", "candidate": "pg2"}));
    assert_eq!((plan.confirmation.word.as_str(), plan.cost.is_unknown()), ("orders", false));
}
