//! What drafts find on their target: how far they reach, what is lost for good, what holds them up.

use std::sync::Arc;

use serde_json::{Value, json};

use super::Observation;
use super::catalog;
use super::contract::{Context, Draft};
use super::policy;
use crate::domain::action::{Gesture, Given, OperationRecord, Target, Tier};
use crate::domain::environment::Guard;
use crate::domain::rollout::{
    Container, ContainerState, Counts, Kind, Pod, Report, Revision, SeenHealthy, Update, WorkloadRef,
};
use crate::domain::service::Services;
use crate::domain::time::{self, Instant};
use crate::sources::observe::WorkloadFacts;

fn now() -> Instant {
    time::from_seconds(1_800_000_000)
}

fn facts(kind: Kind, update: Update, desired: u32, spec: &Value) -> WorkloadFacts {
    let mut object = json!({"metadata": {"uid": "u", "annotations": {}}, "spec": spec});
    object["spec"]["replicas"] = desired.into();
    object["spec"]["template"] = template("db:2");
    WorkloadFacts {
        workload: WorkloadRef { environment: "test".into(), namespace: "shop".into(), kind, name: "db".into() },
        uid: "u".into(),
        object: Arc::new(object),
        report: Report {
            kind,
            update,
            generation: 1,
            observed_generation: 1,
            counts: Counts { desired, updated: 1, ready: desired, available: desired, total: desired },
            ..Report::default()
        },
        revisions: Vec::new(),
        pods: Vec::new(),
        current_hash: Some("h2".into()),
        record: None,
        running: Vec::new(),
        resources: Vec::new(),
        missing: Vec::new(),
        observed_at: now(),
    }
}

fn template(image: &str) -> Value {
    json!({"spec": {"containers": [{"name": "db", "image": image}]}})
}

fn drafted(action: &str, facts: &WorkloadFacts, given: &Given) -> Draft {
    let record = OperationRecord {
        id: "r1".into(),
        actor: "mori".into(),
        action: action.into(),
        started: now(),
        expires: now(),
        is_lock: false,
    };
    let action = catalog::SHIPPED.named(action).expect("there is one");
    let seen = Observation::Workload(Box::new(facts.clone()));
    action
        .draft(
            &seen,
            given,
            Context {
                record: &record,
                author: "mori",
                now: now(),
                beside: &[],
                over: &[],
                services: &Services::default(),
            },
        )
        .expect("a draft")
}

fn scaled(facts: &WorkloadFacts, replicas: u32) -> Draft {
    drafted("scale", facts, &Given::default().with("replicas", u64::from(replicas)))
}

fn claims(when_scaled: &str) -> Value {
    json!({"persistentVolumeClaimRetentionPolicy": {"whenScaled": when_scaled, "whenDeleted": "Retain"},
        "volumeClaimTemplates": [{"metadata": {"name": "data"}}]})
}

#[test]
fn what_deletes_volumes_is_hard_to_reverse_and_is_not_offered_back() {
    let deleting = facts(Kind::StatefulSet, Update::Rolling, 3, &claims("Delete"));
    let draft = scaled(&deleting, 1);
    assert_eq!(draft.tier, Tier::T3);
    assert!(draft.warnings[0].starts_with("DATA LOSS") && draft.warnings[0].contains("2 pods"), "{:?}", draft.warnings);
    assert!(
        draft.inverse.command.is_none() && draft.inverse.words.contains("cannot be taken back"),
        "{:?}",
        draft.inverse
    );
    assert_eq!(scaled(&deleting, 5).tier, Tier::T2, "more pods lose nothing");
    assert!(scaled(&deleting, 5).inverse.command.is_some());
    for spec in [claims("Retain"), json!({"persistentVolumeClaimRetentionPolicy": {"whenScaled": "Delete"}}), json!({})]
    {
        let draft = scaled(&facts(Kind::StatefulSet, Update::Rolling, 3, &spec), 1);
        assert_eq!((draft.tier, draft.warnings.len()), (Tier::T2, 0), "{spec}");
        assert_eq!(
            draft.inverse.command.as_deref(),
            Some("quarterdeck plan scale statefulset/db -n shop --replicas 3")
        );
    }
}

/// The policy of claims may be changed between plan and apply: it is a pin whatever it was, and the server tests it.
#[test]
fn the_policy_of_claims_is_pinned() {
    for (spec, value) in
        [(claims("Retain"), claims("Retain")["persistentVolumeClaimRetentionPolicy"].clone()), (json!({}), Value::Null)]
    {
        let draft = scaled(&facts(Kind::StatefulSet, Update::Rolling, 3, &spec), 1);
        let path = "/spec/persistentVolumeClaimRetentionPolicy";
        assert!(draft.pins.iter().any(|pin| pin.path == path && pin.value == value), "{:?}", draft.pins);
        let body = draft.steps[0].request.body.as_array().cloned().unwrap_or_default();
        assert!(body.contains(&json!({"op": "test", "path": path, "value": value})), "{body:?}");
    }
}

#[test]
fn the_gravest_target_decides_how_all_are_confirmed_under_every_guard() {
    let target = |tier: &str| -> Target {
        let workload = json!({"environment": "test", "namespace": "shop", "kind": "StatefulSet", "name": "db"});
        serde_json::from_value(json!({"workload": workload, "uid": "u", "from": "", "to": "", "steps": [], "pins": [],
            "changes": [], "evidence": [], "blast": {"pods": 0, "words": ""}, "tier": tier, "fights": [], "warnings": [], "expected": "",
            "expected_template": null, "deadline_seconds": 600, "inverse": {"words": "", "command": null}}))
        .expect("a target")
    };
    let scale = catalog::SHIPPED.named("scale").expect("there is one");
    for guard in Guard::ALL {
        let asked = policy::confirmation(scale, guard, &[target("T2"), target("T3")]);
        assert_eq!((asked.gesture, asked.word.as_str(), asked.needs_reason), (Gesture::TypeNameAndReason, "db", true));
    }
    // A document that says less than the action itself makes it no lighter.
    assert_eq!(policy::confirmation(scale, Guard::Production, &[target("T0")]).gesture, Gesture::TypeWord);
}

#[test]
fn a_strategy_that_stops_every_pod_is_an_outage_in_every_action_on_the_template() {
    let rolling = |most: Value| json!({"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": most, "maxSurge": 1}}});
    let updating =
        |most: Value| json!({"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": most}}});
    for (kind, desired, spec, is_outage) in [
        (Kind::Deployment, 4, json!({"strategy": {"type": "Recreate"}}), true),
        (Kind::Deployment, 4, rolling("100%".into()), true),
        (Kind::Deployment, 4, rolling(4.into()), true),
        (Kind::Deployment, 4, rolling("99%".into()), false),
        (Kind::Deployment, 1, rolling("25%".into()), false),
        (Kind::Deployment, 0, rolling(1.into()), false),
        (Kind::StatefulSet, 1, json!({}), true),
        (Kind::StatefulSet, 3, json!({}), false),
        (Kind::DaemonSet, 1, updating(1.into()), true),
        (Kind::DaemonSet, 1, updating(0.into()), false),
        (Kind::DaemonSet, 3, updating("100%".into()), true),
    ] {
        let facts = facts(kind, Update::Rolling, desired, &spec);
        let image = Given::default().with("image", "db:3");
        for (action, given) in [("restart", Given::default()), ("set-image", image)] {
            let blast = drafted(action, &facts, &given).blast;
            assert_eq!((blast.is_outage, blast.at_most), (is_outage, desired), "{action} {kind:?} {desired} {spec}");
            assert_eq!(blast.words.contains("OUTAGE"), is_outage, "{}", blast.words);
        }
    }
}

fn pod(name: &str, hash: &str, is_ready: bool) -> Pod {
    let state = if is_ready {
        ContainerState::Running(None)
    } else {
        ContainerState::Waiting("CrashLoopBackOff".into(), "".into())
    };
    Pod {
        name: name.into(),
        uid: format!("uid-of-{name}").into(),
        template_hash: hash.into(),
        node: None,
        phase: "Running".into(),
        is_ready,
        created_at: Some(now()),
        unschedulable: None,
        gate: None,
        volume: None,
        changed_at: None,
        gone_by: None,
        containers: [Container { name: "db".into(), is_ready, state, restarts: 3, ..Container::default() }].into(),
    }
}

fn revision(number: u64, image: &str, is_current: bool) -> Revision {
    Revision {
        number,
        earlier: Vec::new(),
        name: format!("db-{number}").into(),
        uid: format!("r{number}").into(),
        hash: format!("h{number}").into(),
        images: vec![image.to_owned()],
        change_cause: None,
        created_at: None,
        replicas: 1,
        available: 1,
        seen_healthy: SeenHealthy::AvailableNow,
        is_current,
        template: Arc::new(template(image)),
    }
}

/// A controller that keeps no history has no revision to come back to, whatever number it has now.
#[test]
fn the_way_back_is_no_revision_that_is_not_kept() {
    let revisions = || vec![revision(1, "db:1", false), revision(2, "db:2", true)];
    let image = Given::default().with("image", "db:3");
    for (limit, rollback, set_image) in [
        (json!(0), None, Some("quarterdeck plan set-image deployment/db -n shop --image db=db:2")),
        (
            json!(10),
            Some("quarterdeck plan rollback deployment/db -n shop --to 2"),
            Some("quarterdeck plan rollback deployment/db -n shop --to 2"),
        ),
    ] {
        let spec = json!({"revisionHistoryLimit": limit});
        let facts = WorkloadFacts { revisions: revisions(), ..facts(Kind::Deployment, Update::Rolling, 2, &spec) };
        assert_eq!(drafted("rollback", &facts, &Given::default()).inverse.command.as_deref(), rollback);
        assert_eq!(drafted("set-image", &facts, &image).inverse.command.as_deref(), set_image);
    }
}

/// Pods below a partition are not touched; one that is stuck there holds the controller up, and the plan says so.
#[test]
fn a_pod_that_is_stuck_below_the_partition_is_told_of_and_left_alone() {
    let partitioned = |pods: Vec<Pod>, policy: &str| WorkloadFacts {
        pods,
        revisions: vec![revision(1, "db:1", false), revision(2, "db:2", true)],
        ..facts(Kind::StatefulSet, Update::Partition(2), 4, &json!({"podManagementPolicy": policy}))
    };
    let stuck =
        || vec![pod("db-0", "h1", true), pod("db-1", "h2", false), pod("db-2", "h2", true), pod("db-3", "h2", false)];
    let draft = drafted("rollback", &partitioned(stuck(), "OrderedReady"), &Given::default());
    let paths: Vec<&str> = draft.steps.iter().map(|step| step.request.path.as_str()).collect();
    assert!(
        paths.len() == 2 && paths[1].ends_with("/pods/db-3"),
        "only the pod above the partition is cleared: {paths:?}"
    );
    let said = draft.warnings.join(" ");
    assert!(said.contains("STUCK: pod db-1 is not ready, is below the partition 2 and is not touched"), "{said}");
    assert!(said.contains("replaces no pod before it is ready"), "{said}");
    let said = drafted("rollback", &partitioned(stuck(), "Parallel"), &Given::default()).warnings.join(" ");
    assert!(said.contains("it stays as it is") && !said.contains("replaces no pod"), "{said}");
    let well =
        vec![pod("db-0", "h1", true), pod("db-1", "h1", true), pod("db-2", "h2", false), pod("db-3", "h2", false)];
    let said = drafted("rollback", &partitioned(well, "OrderedReady"), &Given::default()).warnings.join(" ");
    assert!(!said.contains("STUCK"), "{said}");
}
