//! Restarting one pod keeps the contract of every action, but for the record that a deletion cannot carry.

use quarterdeck::actions::journal::{Journal, What, chains, unfinished};
use quarterdeck::actions::{Action, Executor, Options, Planner, catalog};
use quarterdeck::domain::action::{Given, Phase, Plan, Rehearsal, Request};
use quarterdeck::domain::rollout::{Kind, Pod, WorkloadRef};
use quarterdeck::sources::observe::ObserveCluster;
use quarterdeck::sources::operate::{NoHands, OperateCluster};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use tokio::sync::mpsc;

use crate::actions::{NAMESPACE, Rig, Way};

fn action() -> &'static dyn Action {
    catalog::SHIPPED.named("restart-pod").expect("the action")
}

async fn pods(rig: &Rig, name: &str) -> Vec<Pod> {
    rig.connection.workload(&Rig::workload(name)).await.expect("the workload").pods
}

async fn plan_of(rig: &Rig, name: &str, pod: &str) -> Plan {
    let options = Options { given: Given::default().with("pod", pod.to_owned()), ..Options::default() };
    rig.planner.plan(action(), &[Rig::workload(name)], &options).await.expect("a plan")
}

/// A plan for the first pod of `api`.
async fn planned(rig: &Rig) -> (Plan, Pod) {
    let pod = pods(rig, "api").await.swap_remove(0);
    (plan_of(rig, "api", &pod.name).await, pod)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_names_the_pod_and_changes_nothing() {
    let rig = Rig::open().await;
    let (plan, pod) = planned(&rig).await;
    assert!(plan.is_applicable() && plan.is_intact(), "{:?}", plan.refusals);
    assert_eq!(plan.rehearsal, Rehearsal::Accepted(Vec::new()), "the server ran it dry");
    assert!(pods(&rig, "api").await.iter().any(|known| known.uid == pod.uid && known.gone_by.is_none()), "a rehearsal");
    assert!(rig.sent().is_empty());
    let [step] = plan.targets[0].steps.as_slice() else { panic!("one step: {:?}", plan.targets[0].steps) };
    assert_eq!(step.request.method, "DELETE");
    assert_eq!(step.request.body["preconditions"]["uid"], *pod.uid, "this pod and no other of its name");
    assert!(plan.targets[0].pins.iter().any(|pin| pin.path == "/spec/template"), "its successor runs what was shown");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_journalled_before_it_is_sent_and_ends_with_a_ready_successor() {
    let rig = Rig::open().await;
    let (plan, pod) = planned(&rig).await;
    let run = rig.confirmed(&plan).await;
    assert_eq!(run.phase, Phase::Done, "{run:?}");
    assert_eq!(rig.sent().len(), 1);
    assert_eq!(rig.sent()[0].1, [What::Begun, What::Intent], "on disk before the request left");
    let words = &run.targets[0].words;
    assert!(words.contains(&format!("pod {} is gone", pod.name)) && words.contains("is ready"), "{words}");
    assert!(pods(&rig, "api").await.iter().all(|known| known.uid != pod.uid));
    let again = rig.confirmed(&plan).await;
    assert_eq!((again.phase, rig.sent().len()), (Phase::Refused, 1), "a plan works once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_is_looked_up_on_the_pod_itself() {
    for (way, end) in [(Way::AnswerLost, Phase::Done), (Way::Swallowed, Phase::Unknown)] {
        let rig = Rig::open().await;
        let (plan, _) = planned(&rig).await;
        rig.take(way);
        let run = rig.confirmed(&plan).await;
        assert_eq!((run.phase, rig.sent().len()), (end, 1), "{run:?}");
        assert!(rig.journal().contains(&What::AnswerLost));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pod_somebody_else_takes_is_not_taken_twice() {
    let rig = Rig::open().await;
    let (plan, pod) = planned(&rig).await;
    rig.spy.hands().send(&plan.targets[0].steps[0].request, "somebody").await.expect("accepted");
    let run = rig.confirmed(&plan).await;
    assert_eq!((run.phase, rig.sent().len()), (Phase::Refused, 0), "{run:?}");
    let again = plan_of(&rig, "api", &pod.name).await;
    assert!(!again.is_applicable() && again.refusals.join(" ").contains(&*pod.name), "{:?}", again.refusals);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_on_its_way_is_verified_by_the_next_process() {
    let rig = Rig::open().await;
    let (plan, _) = planned(&rig).await;
    rig.take(Way::Held);
    tokio::select! {
        run = rig.confirmed(&plan) => panic!("it ended before it could be stopped: {run:?}"),
        () = rig.spy.arrived.notified() => {}
    }
    *rig.executor.journal.lock().expect("nobody panicked") = Journal::new(rig.folder.path());
    let left = unfinished(&chains(rig.folder.path()).expect("a journal"));
    let sent = rig.sent().len();
    let (events, mut told) = mpsc::channel(64);
    let journal = Arc::new(Mutex::new(Journal::new(rig.folder.path())));
    let next = Executor { operate: Arc::new(NoHands), journal, ..rig.executor.clone() };
    let resumed = async {
        let run = next.resume(&left[0], &events).await;
        drop(events);
        run
    };
    let run = tokio::join!(resumed, async { while told.recv().await.is_some() {} }).0;
    assert_eq!((run.phase, rig.sent().len()), (Phase::Done, sent), "{run:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_without_rights_gets_a_plan_that_says_so() {
    let rig = Rig::seen_as("demo-viewer", 1).await;
    let (plan, _) = planned(&rig).await;
    assert!(plan.refusals.iter().any(|words| words.contains("viewer may not delete pods")), "{:?}", plan.refusals);
    assert_eq!((rig.confirmed(&plan).await.phase, rig.sent().len()), (Phase::Refused, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_only_ready_pod_is_an_outage_and_an_unknown_one_a_refusal() {
    let rig = Rig::open().await;
    let pod = pods(&rig, "single").await.swap_remove(0);
    let plan = plan_of(&rig, "single", &pod.name).await;
    assert!(plan.targets[0].warnings.join(" ").contains("OUTAGE"), "{:?}", plan.targets[0].warnings);
    let stranger = plan_of(&rig, "single", "api-0").await;
    assert!(stranger.refusals.join(" ").contains("has no pod api-0"), "{:?}", stranger.refusals);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_console_without_a_grant_deletes_nothing_not_even_to_rehearse() {
    let rig = Rig::open().await;
    let pod = pods(&rig, "api").await.swap_remove(0);
    let planner = Planner { rehearse: None, grant: Err("write is not set.".into()), ..rig.planner.clone() };
    let options = Options { given: Given::default().with("pod", pod.name.to_string()), ..Options::default() };
    let plan = planner.plan(action(), &[Rig::workload("api")], &options).await.expect("a plan");
    assert_eq!(plan.rehearsal, Rehearsal::NotChecked("write is not set.".into()));
    assert!(!plan.is_applicable() && plan.targets.len() == 1, "it can be read all the same");
    assert!(rig.sandbox.requests().iter().all(|seen| seen.method != "DELETE"));
}

/// A StatefulSet of two pods that nobody controls: what is deleted does not come back.
async fn abandoned(rig: &Rig) {
    let revision = "db-a";
    let template = serde_json::json!({"metadata": {"labels": {"app": "db"}}, "spec": {"containers": [{"name": "db", "image": "db:1"}]}});
    let owner = |uid: &str| serde_json::json!([{"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "db", "uid": uid, "controller": true}]);
    let post = |path: &str, body: serde_json::Value| Request {
        method: "POST".into(),
        path: format!("{path}/namespaces/{NAMESPACE}/{}", body["resource"].as_str().unwrap_or_default()),
        content_type: "application/json".into(),
        body: body["object"].clone(),
    };
    let set = serde_json::json!({"metadata": {"name": "db"}, "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "db"}}, "updateStrategy": {"type": "OnDelete"}, "template": template},
        "status": {"observedGeneration": 1, "replicas": 2, "readyReplicas": 2, "updatedReplicas": 2, "currentRevision": revision, "updateRevision": revision}});
    let made = rig
        .spy
        .hands()
        .send(&post("/apis/apps/v1", serde_json::json!({"resource": "statefulsets", "object": set})), "t")
        .await;
    let uid = made.expect("accepted").object["metadata"]["uid"].as_str().unwrap_or_default().to_owned();
    let history = serde_json::json!({"metadata": {"name": revision, "labels": {"app": "db"}, "ownerReferences": owner(&uid)}, "revision": 1, "data": {"spec": {"template": template}}});
    rig.spy
        .hands()
        .send(&post("/apis/apps/v1", serde_json::json!({"resource": "controllerrevisions", "object": history})), "t")
        .await
        .expect("accepted");
    for name in ["db-0", "db-1"] {
        let pod = serde_json::json!({"metadata": {"name": name, "labels": {"app": "db", "controller-revision-hash": revision}, "ownerReferences": owner(&uid)}, "spec": template["spec"]});
        rig.spy
            .hands()
            .send(&post("/api/v1", serde_json::json!({"resource": "pods", "object": pod})), "t")
            .await
            .expect("accepted");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pod_whose_successor_does_not_come_stops_the_rest() {
    let rig = Rig::open().await;
    abandoned(&rig).await;
    let restart = catalog::SHIPPED.named("restart").expect("the action");
    let workload = WorkloadRef { kind: Kind::StatefulSet, name: "db".into(), ..Rig::workload("db") };
    let plan = rig.planner.plan(restart, &[workload], &Options::default()).await.expect("a plan");
    assert!(plan.is_applicable(), "{:?}", plan.refusals);
    assert_eq!(plan.targets[0].steps.len(), 3, "the template and two pods: {:?}", plan.targets[0].steps);
    // Once both requests are out, the console's clock runs fast enough for its deadline to pass.
    let hurrying = async {
        loop {
            tokio::task::yield_now().await;
            if rig.sent().len() >= 2 {
                rig.ahead.fetch_add(1, Ordering::SeqCst);
            }
        }
    };
    let run = tokio::select! {
        run = rig.confirmed(&plan) => run,
        () = hurrying => return,
    };
    assert_eq!(run.phase, Phase::Failed, "{run:?}");
    assert!(run.targets[0].words.contains("1 further pods were left as they were"), "{:?}", run.targets[0].words);
    let paths: Vec<String> = rig
        .sent()
        .into_iter()
        .map(|(request, _)| request.method + " " + request.path.split('?').next().unwrap_or_default())
        .collect();
    assert!(paths[1].ends_with("/pods/db-1") && paths.len() == 2, "the second pod was never touched: {paths:?}");
}
