//! A plan that was made is judged by what is so when it is carried out, not by what it says of itself.

use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use quarterdeck::actions::journal::{Entry, Journal, What, chains, unfinished};
use quarterdeck::actions::{Executor, Limits, Neighbour, Options, Planner};
use quarterdeck::config::Namespaces;
use quarterdeck::domain::action::{
    Confirmation, Gesture, OperationRecord, Phase, RECORD_KEY, Rehearsal as Dry, Request, Tier,
};
use quarterdeck::domain::environment::Guard;
use quarterdeck::sandbox::Fault;
use quarterdeck::sources::operate::OperateCluster;
use serde_json::{Value, json};

use crate::actions::{NAMESPACE, Rig, Way};
use crate::gate::{action, attempt};
use crate::pins::{disturbed, is_followed};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_confirms_is_worked_out_and_never_read_from_the_document() {
    let rig = Rig::open().await;
    let mut plan = rig.plan(action("restart"), &["api"]).await;
    plan.guard = Guard::Development;
    plan.tier = Tier::T0;
    plan.confirmation =
        Confirmation { gesture: Gesture::Enter, word: "GO".into(), needs_reason: false, otherwise: String::new() };
    let plan = plan.sealed();
    for typed in ["", "GO"] {
        rig.nothing_was_sent(&rig.execute(&plan, typed).await, "the plan asks for \"RESTART\"");
    }
    assert_eq!(rig.execute(&plan, "RESTART").await.phase, Phase::Done);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_goes_no_further_than_the_namespaces_of_now() {
    let mut rig = Rig::open().await;
    let plan = rig.plan(action("restart"), &["api"]).await;
    rig.executor.planner.limits.namespaces = Namespaces::Named(vec!["pay".into()]);
    let before = rig.sandbox.requests().len();
    rig.nothing_was_sent(&rig.confirmed(&plan).await, "does not include namespace \"shop\"");
    let asked = rig.sandbox.requests().split_off(before);
    assert!(asked.iter().all(|seen| !seen.path.contains("/namespaces/shop/")), "nothing is even read there: {asked:?}");
    rig.planner.limits.namespaces = Namespaces::Named(vec!["pay".into()]);
    let error = rig.planner.plan(action("restart"), &[Rig::workload("api")], &Options::default()).await;
    assert!(error.expect_err("no plan").sentence.contains("does not include namespace"), "nor planned");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_environments_of_one_cluster_the_stricter_guard_holds() {
    let mut rig = Rig::open().await;
    let server = rig.connection.server().to_owned();
    let other = |namespaces: Namespaces| Neighbour {
        environment: "production".into(),
        guard: Guard::Production,
        namespaces,
        context: "another-name".into(),
        server: Some(server.clone()),
    };
    let limits = |namespaces| Limits { others: [other(namespaces)].into(), ..Guard::Development.into() };
    rig.planner.limits = limits(Namespaces::Named(vec!["pay".into()]));
    let plan = rig.plan(action("restart"), &["api"]).await;
    assert_eq!((plan.guard, plan.confirmation.gesture), (Guard::Development, Gesture::Enter), "not of this namespace");
    rig.executor.planner.limits = limits(Namespaces::All);
    rig.nothing_was_sent(&rig.execute(&plan, "").await, "GUARDED AS production");
    rig.planner.limits = limits(Namespaces::All);
    let plan = rig.plan(action("restart"), &["api"]).await;
    assert_eq!((plan.guard, plan.confirmation.gesture), (Guard::Production, Gesture::TypeWord));
    let warnings = plan.targets[0].warnings.join(" ");
    assert!(warnings.contains("environment production covers namespace shop of this cluster too"), "{warnings}");
    rig.nothing_was_sent(&rig.execute(&plan, "").await, "the confirmation is not right");
    assert_eq!(rig.execute(&plan, "RESTART").await.phase, Phase::Done);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_document_of_a_killed_run_is_not_begun_again_and_ends_nothing() {
    let rig = Rig::open().await;
    let plan = rig.plan(action("restart"), &["api"]).await;
    rig.take(Way::Held);
    tokio::select! {
        run = rig.confirmed(&plan) => panic!("it ended before it could be stopped: {run:?}"),
        () = rig.spy.arrived.notified() => {}
    }
    *rig.executor.journal.lock().expect("nobody panicked") = Journal::new(rig.folder.path());
    rig.take(Way::Clear);
    let lines = || -> Vec<Entry> {
        let all = chains(rig.folder.path()).expect("a journal").into_iter().flat_map(|chain| chain.lines);
        all.map(|line| line.entry).collect()
    };
    let of_the_run = || lines().into_iter().filter(|entry| entry.run == plan.id).count();
    let before = of_the_run();
    let again = rig.confirmed(&plan).await;
    assert_eq!((again.phase, rig.sent().len()), (Phase::Refused, 1), "{again:?}");
    assert!(again.reason.unwrap_or_default().contains("was begun before on this machine"));
    assert_eq!(of_the_run(), before, "nothing is written into the run");
    assert!(
        lines().iter().any(|entry| entry.what == What::Refused && entry.words.contains(&plan.id)),
        "it is told beside it"
    );
    assert_eq!(unfinished(&chains(rig.folder.path()).expect("a journal")).len(), 1, "the run is still to be verified");

    // Another machine has no such journal: the record on the target tells.
    let (phase, sent, _) = attempt(&rig, &plan, &plan.confirmation.word).await;
    assert_eq!((phase, sent.len()), (Phase::Refused, 0));
    let elsewhere = tempfile::tempdir().expect("a folder");
    let journal = Arc::new(Mutex::new(Journal::new(elsewhere.path())));
    let run = rig.execute_by(&Executor { journal, ..rig.executor.clone() }, &plan, &plan.confirmation.word).await;
    assert!(run.reason.clone().unwrap_or_default().contains("was begun before: deployment/api"), "{run:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_processes_with_one_document_at_most_one_goes_on() {
    let rig = Rig::open().await;
    let plan = rig.plan(action("restart"), &["api"]).await;
    let journal = || Arc::new(Mutex::new(Journal::new(rig.folder.path())));
    let [one, other] = [journal(), journal()].map(|journal| Executor { journal, ..rig.executor.clone() });
    let word = &plan.confirmation.word;
    let (one, other) = tokio::join!(rig.execute_by(&one, &plan, word), rig.execute_by(&other, &plan, word));
    let phases = [one.phase, other.phase];
    assert!(phases.contains(&Phase::Refused) && rig.sent().len() <= 1, "{one:?} {other:?}");
    let ends: Vec<_> =
        chains(rig.folder.path()).expect("a journal").into_iter().flat_map(|chain| chain.lines).collect();
    let ends: Vec<_> = ends.iter().filter(|line| line.entry.what == What::Ended).map(|line| line.entry.phase).collect();
    assert_eq!(ends, vec![Some(Phase::Done); rig.sent().len()], "who is refused ends nothing");
}

/// A colleague's rollout on `api` that does not come to its end.
async fn a_colleague_is_at_work(rig: &Rig) {
    let now = (rig.planner.clock)();
    let record = OperationRecord {
        id: "20261124T030600Z-0123456789abcdef".into(),
        actor: "lee".into(),
        action: "rollback".into(),
        started: now,
        expires: now + TimeDelta::minutes(10),
        is_lock: false,
    };
    let stuck = json!({"metadata": {"annotations": {"sandbox.quarterdeck.dev/behaviour": "image-pull"}}});
    let request = Request {
        method: "PATCH".into(),
        path: format!("/apis/apps/v1/namespaces/{NAMESPACE}/deployments/api"),
        content_type: "application/merge-patch+json".into(),
        body: json!({"metadata": {"annotations": {RECORD_KEY: record.written()}}, "spec": {"template": stuck}}),
    };
    rig.spy.hands().send(&request, "colleague").await.expect("accepted");
    let is_under_way = |object: &Value| {
        object["metadata"]["generation"] == object["status"]["observedGeneration"]
            && object["status"]["updatedReplicas"] != object["spec"]["replicas"]
    };
    while !is_under_way(&rig.object("api").await) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn emptied_refusals_do_not_run_over_a_colleague() {
    for id in ["rollback", "restart", "scale", "set-image", "pause"] {
        let rig = Rig::open().await;
        a_colleague_is_at_work(&rig).await;
        let mut plan = rig.plan(action(id), &["api"]).await;
        assert!(plan.refusals.iter().any(|why| why.contains("lee is running rollback")), "{id}: {:?}", plan.refusals);
        plan.refusals.clear();
        let plan = plan.sealed();
        rig.nothing_was_sent(&rig.confirmed(&plan).await, "lee is running rollback on it");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_right_that_is_denied_is_not_tried_not_even_dry() {
    let rig = Rig::seen_as("demo-viewer", 1).await;
    let is_write = |seen: &quarterdeck::sandbox::Seen| matches!(&*seen.method, "PATCH" | "DELETE" | "PUT");
    for id in ["rollback", "restart", "scale", "set-image", "pause"] {
        let mut plan = rig.plan(action(id), &["api"]).await;
        assert!(matches!(plan.rehearsal, Dry::NotChecked(_)), "{id}: {:?}", plan.rehearsal);
        plan.refusals.clear();
        let plan = plan.sealed();
        rig.nothing_was_sent(&rig.confirmed(&plan).await, "viewer may not patch");
        assert!(!rig.sandbox.requests().iter().any(is_write), "{id}: {:?}", rig.sandbox.requests());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_warning_nobody_has_read_is_read_first() {
    let rig = Rig::open().await;
    let mut plan = rig.plan(action("pause"), &["api"]).await;
    let warning = plan.targets[0].warnings.pop().expect("a pause warns");
    let run = rig.confirmed(&plan.sealed()).await;
    rig.nothing_was_sent(&run, "the plan did not say");
    assert!(run.reason.unwrap_or_default().contains(&warning[..20]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_that_ends_unknown_stops_the_next_wave() {
    let rig = Rig::open().await;
    let plan = rig.plan(action("restart"), &["api", "web"]).await;
    assert_eq!(plan.waves(), [[0], [1]]);
    let sleep = async {
        // It was accepted, and from here on nobody can say what became of it.
        rig.sandbox.faults().set("/apis/apps", Fault::Hang);
        rig.ahead.fetch_add(8 * 3_600, std::sync::atomic::Ordering::SeqCst);
    };
    let run = disturbed(&rig, &plan, is_followed, sleep).await;
    let ends: Vec<Phase> = run.targets.iter().map(|target| target.phase).collect();
    assert_eq!((ends, rig.sent().len()), (vec![Phase::Unknown, Phase::Aborted], 1), "{run:?}");
    assert!(run.targets[1].words.contains("an earlier target did not end well"), "{run:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_grant_now_a_plan_of_before_is_refused() {
    let mut rig = Rig::open().await;
    let plan = rig.plan(action("restart"), &["api"]).await;
    rig.executor.planner =
        Planner { rehearse: None, grant: Err("write is not set.".into()), ..rig.executor.planner.clone() };
    rig.nothing_was_sent(&rig.confirmed(&plan).await, "write is not set");
}
