//! CronJobs on the simulated cluster: one is run now as kubectl runs it, suspended and resumed, and what was missed is told before.

use quarterdeck::actions::{Executor, Options};
use quarterdeck::domain::action::{Given, Phase, Plan, Rehearsal, Request, Tier};
use quarterdeck::domain::job::{JobKind, JobRef};
use quarterdeck::domain::subject::Subject;
use quarterdeck::sources::observe::{ObjectPath, ObserveCluster};
use quarterdeck::sources::operate::OperateCluster;
use serde_json::{Value, json};

use crate::actions::{NAMESPACE, Rig, Way};
use crate::gate::{action, attempt, no_edit_of, told};

const NIGHTLY: &str = "nightly";

pub(crate) fn cron(name: &str) -> Subject {
    job(JobKind::CronJob, name)
}

fn job(kind: JobKind, name: &str) -> Subject {
    Subject::Job(JobRef { environment: "test".into(), namespace: NAMESPACE.into(), kind, name: name.into() })
}

async fn send(rig: &Rig, method: &str, path: &str, body: Value) {
    let request = Request {
        method: method.into(),
        path: format!("/apis/batch/v1/namespaces/{NAMESPACE}/{path}?fieldManager=somebody"),
        content_type: if method == "POST" { "application/json" } else { "application/merge-patch+json" }.into(),
        body,
    };
    rig.spy.hands().send(&request, "somebody").await.expect("accepted");
}

/// A cluster with a CronJob, with these fields of its specification and of its status.
async fn with(spec: Value, status: Value) -> Rig {
    let rig = Rig::open().await;
    let mut whole = json!({
        "schedule": "0 2 * * *", "suspend": false,
        "jobTemplate": {
            "metadata": {"labels": {"app": "dump"}, "annotations": {"team": "platform"}},
            "spec": {"backoffLimit": 0, "template": {
                "metadata": {"annotations": {"sandbox.quarterdeck.dev/behaviour": "ends-well", "sandbox.quarterdeck.dev/ready-after-seconds": "1"}},
                "spec": {"restartPolicy": "Never", "containers": [{"name": "dump", "image": "dump:1"}]},
            }},
        },
    });
    for (field, value) in spec.as_object().into_iter().flatten() {
        whole[field] = value.clone();
    }
    send(&rig, "POST", "cronjobs", json!({"metadata": {"name": NIGHTLY}, "spec": whole, "status": status})).await;
    rig
}

async fn object(rig: &Rig, resource: &'static str, name: &str) -> Option<Value> {
    let at = ObjectPath { api: "apis/batch/v1", namespace: NAMESPACE, resource, name };
    rig.connection.object(&at).await.expect("an answer").map(|object| (*object).clone())
}

async fn plan_with(rig: &Rig, id: &str, target: &Subject, given: Given) -> Plan {
    let options = Options { given, ..Options::default() };
    rig.planner.plan(action(id), std::slice::from_ref(target), &options).await.expect("a plan")
}

async fn plan(rig: &Rig, id: &str) -> Plan {
    plan_with(rig, id, &cron(NIGHTLY), Given::default()).await
}

/// No edit of a plan on a CronJob sends anything but what the plan without it sends.
pub(crate) async fn no_edit_widens_on_a_cron_job(id: &str) {
    let rig = with(json!({"suspend": id == "resume-cronjob"}), json!({})).await;
    let plan = plan(&rig, id).await;
    rig.take(Way::Refused);
    let word = plan.confirmation.word.clone();
    no_edit_of((id, &plan, 50), async |plan: &Plan| {
        let (phase, sent, begun) = attempt(&rig, plan, &word).await;
        (phase, sent.iter().map(told).collect(), begun)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_is_made_as_kubectl_makes_it() {
    let rig = with(json!({"suspend": true, "concurrencyPolicy": "Forbid"}), json!({})).await;
    let plan = plan(&rig, "run-now").await;
    assert!(plan.is_applicable() && plan.rehearsal == Rehearsal::Accepted(Vec::new()), "{plan:?}");
    let name = plan.targets[0].given.text("name").expect("a name").to_owned();
    assert!(name.starts_with("nightly-manual-"), "{name}");
    let run = rig.confirmed(&plan).await;
    assert_eq!(run.phase, Phase::Done, "{run:?}");
    let (made, own) =
        (object(&rig, "jobs", &name).await.expect("it"), object(&rig, "cronjobs", NIGHTLY).await.expect("it"));
    let metadata = &made["metadata"];
    assert_eq!(
        metadata["annotations"],
        json!({"cronjob.kubernetes.io/instantiate": "manual", "team": "platform"}),
        "what the template says stays"
    );
    assert_eq!(metadata["labels"], json!({"app": "dump"}));
    assert_eq!(
        metadata["ownerReferences"],
        json!([{"apiVersion": "batch/v1", "kind": "CronJob", "name": NIGHTLY, "uid": own["metadata"]["uid"], "controller": true}])
    );
    assert_eq!(made["spec"]["template"], own["spec"]["jobTemplate"]["spec"]["template"]);
    assert_eq!(own["spec"]["suspend"], true, "the schedule stays as it is");

    let taken = plan_with(&rig, "run-now", &cron(NIGHTLY), Given::default().with("name", name.as_str())).await;
    assert!(taken.refusals.iter().any(|words| words.contains("already exists")), "{:?}", taken.refusals);
    let bad = plan_with(&rig, "run-now", &cron(NIGHTLY), Given::default().with("name", "Night\u{1b}[2J")).await;
    assert!(bad.refusals.iter().any(|words| words.contains("is no name of a Job") && !words.contains('\u{1b}')));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_is_looked_for_and_nothing_is_run_twice() {
    let rig = with(json!({}), json!({})).await;
    let plan = plan(&rig, "run-now").await;
    rig.take(Way::AnswerLost);
    let run = rig.confirmed(&plan).await;
    assert_eq!(run.phase, Phase::Done, "{run:?}");
    assert_eq!(rig.sent().len(), 1, "one run");
    // The same document begins nothing again, here or on another machine.
    let folder = tempfile::tempdir().expect("a folder");
    let journal =
        std::sync::Arc::new(std::sync::Mutex::new(quarterdeck::actions::journal::Journal::new(folder.path())));
    let other = Executor { journal, ..rig.executor.clone() };
    let again = rig.execute_by(&other, &plan, &plan.confirmation.word).await;
    assert_eq!((again.phase, rig.sent().len()), (Phase::Refused, 1), "{again:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schedule_is_suspended_and_resumed_and_is_as_it_was() {
    let rig = with(json!({}), json!({})).await;
    let before = object(&rig, "cronjobs", NIGHTLY).await.expect("it");
    assert!(plan(&rig, "resume-cronjob").await.refusals.iter().any(|words| words.contains("is not suspended")));
    let held = plan(&rig, "suspend").await;
    assert_eq!((held.tier, held.is_applicable()), (Tier::T1, true), "{:?}", held.refusals);
    assert_eq!(rig.confirmed(&held).await.phase, Phase::Done);
    assert_eq!(object(&rig, "cronjobs", NIGHTLY).await.expect("it")["spec"]["suspend"], true);
    assert!(plan(&rig, "suspend").await.refusals.iter().any(|words| words.contains("suspended already")));
    let on = plan(&rig, "resume-cronjob").await;
    assert_eq!(on.tier, Tier::T1, "no run was missed: {:?}", on.targets[0].evidence);
    assert_eq!(rig.confirmed(&on).await.phase, Phase::Done);
    let after = object(&rig, "cronjobs", NIGHTLY).await.expect("it");
    assert_eq!(after["spec"].to_string(), before["spec"].to_string());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_missed_is_told_before_it_is_resumed() {
    let long_ago = json!({"lastScheduleTime": "2026-01-01T00:00:00Z"});
    for (spec, tier, words) in [
        (json!({"suspend": true, "schedule": "* * * * *"}), Tier::T2, "MORE THAN 100 WERE MISSED"),
        (json!({"suspend": true, "schedule": "* * * * *"}), Tier::T2, "ONE RUN BEGINS AT ONCE"),
        (json!({"suspend": true, "schedule": "0 0 1 1 *", "startingDeadlineSeconds": 1}), Tier::T1, ""),
        (
            json!({"suspend": true, "schedule": "0 0 2 1 *", "startingDeadlineSeconds": 60}),
            Tier::T1,
            "NO MISSED RUN BEGINS",
        ),
    ] {
        let rig = with(spec.clone(), long_ago.clone()).await;
        let plan = plan(&rig, "resume-cronjob").await;
        let warnings = plan.targets[0].warnings.join(" ");
        assert!(plan.tier == tier && warnings.contains(words), "{spec}: {:?} {warnings}", plan.tier);
    }
    let rig = with(json!({"suspend": true, "schedule": "* * * * *"}), long_ago).await;
    let plan = plan(&rig, "resume-cronjob").await;
    assert_eq!(rig.confirmed(&plan).await.phase, Phase::Done);
    let last = object(&rig, "cronjobs", NIGHTLY).await.expect("it")["status"]["lastScheduleTime"].clone();
    assert_ne!(last, "2026-01-01T00:00:00Z", "its controller begins the newest of them");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_done_to_cron_jobs_that_are_there_alone() {
    let rig = with(json!({}), json!({})).await;
    for (id, target) in [("suspend", job(JobKind::Job, "import")), ("run-now", cron("nowhere"))] {
        let planned = rig.planner.plan(action(id), std::slice::from_ref(&target), &Options::default()).await;
        let error = planned.expect_err("there is none");
        assert!(error.sentence.contains("There is no"), "{}", error.sentence);
    }
    send(
        &rig,
        "POST",
        "jobs",
        json!({"metadata": {"name": "import"}, "spec": {"template": {"spec": {"containers": []}}}}),
    )
    .await;
    let one = plan_with(&rig, "suspend", &job(JobKind::Job, "import"), Given::default()).await;
    assert!(one.refusals.iter().any(|words| words.contains("one run by itself")), "{:?}", one.refusals);
    let workload = rig.planner.plan(action("suspend"), &[Rig::workload("api")], &Options::default()).await;
    assert!(workload.is_err_and(|error| error.sentence.contains("cannot be done to deployment")));
}
