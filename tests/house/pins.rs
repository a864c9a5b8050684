//! Between a plan and its end the world moves: what the plan said is pinned or judged again, and what strangers do meanwhile is seen.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::{Stream, StreamExt};
use quarterdeck::actions::journal::{What, chains};
use quarterdeck::actions::{Executor, Options, Planner, catalog};
use quarterdeck::domain::action::{
    Cluster, Consent, Gesture, Given, OperationRecord, Phase, Plan, RECORD_KEY, Request, Run, RunEvent, Tier,
};
use quarterdeck::domain::cluster::ClusterEvent;
use quarterdeck::domain::owner::{Keeper, Told};
use quarterdeck::domain::rollout::{Autoscaler, Budget, Update, WorkloadRef};
use quarterdeck::domain::subject::PodRef;
use quarterdeck::domain::time::Instant;
use quarterdeck::sources::error::SourceError;
use quarterdeck::sources::observe::{
    Access, Answer, ObjectPath, ObserveCluster, PodFacts, PodOwner, Right, WorkloadFacts,
};
use quarterdeck::sources::operate::OperateCluster;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::actions::{NAMESPACE, Rig};

/// Eyes that see a workload as a test makes it.
#[derive(Clone)]
struct Altered {
    inner: Arc<dyn ObserveCluster>,
    alter: Arc<dyn Fn(WorkloadFacts) -> WorkloadFacts + Send + Sync>,
}

impl ObserveCluster for Altered {
    fn cluster(&self) -> Answer<'_, Cluster> {
        self.inner.cluster()
    }
    fn ahead(&self) -> chrono::TimeDelta {
        self.inner.ahead()
    }
    fn identity(&self) -> Answer<'_, Option<String>> {
        self.inner.identity()
    }
    fn may<'a>(&'a self, right: Right<'a>) -> Answer<'a, Access> {
        self.inner.may(right)
    }
    fn workload<'a>(&'a self, workload: &'a WorkloadRef) -> Answer<'a, WorkloadFacts> {
        Box::pin(async move { self.inner.workload(workload).await.map(|facts| (self.alter)(facts)) })
    }
    fn follow<'a>(
        &'a self,
        workload: &'a WorkloadRef,
    ) -> Pin<Box<dyn Stream<Item = Result<WorkloadFacts, SourceError>> + Send + 'a>> {
        Box::pin(self.inner.follow(workload).map(|facts| facts.map(|facts| (self.alter)(facts))))
    }
    fn pod<'a>(&'a self, pod: &'a PodRef) -> Answer<'a, PodFacts> {
        self.inner.pod(pod)
    }
    fn object<'a>(&'a self, at: &'a ObjectPath<'a>) -> Answer<'a, Option<Arc<Value>>> {
        self.inner.object(at)
    }
    fn events<'a>(&'a self, facts: &'a WorkloadFacts) -> Answer<'a, Vec<ClusterEvent>> {
        self.inner.events(facts)
    }
    fn autoscalers<'a>(&'a self, workload: &'a WorkloadRef) -> Answer<'a, Vec<Autoscaler>> {
        self.inner.autoscalers(workload)
    }
    fn keeper<'a>(&'a self, keeper: &'a Keeper) -> Answer<'a, Told> {
        self.inner.keeper(keeper)
    }
    fn budgets<'a>(&'a self, namespace: &'a str, labels: &'a Value) -> Answer<'a, Vec<Budget>> {
        self.inner.budgets(namespace, labels)
    }
    fn owner_of<'a>(&'a self, environment: &'a Arc<str>, namespace: &'a str, pod: &'a str) -> Answer<'a, PodOwner> {
        self.inner.owner_of(environment, namespace, pod)
    }
    fn last_written<'a>(&'a self, resource: &'a str, namespace: &'a str, name: &'a str) -> Answer<'a, Option<Instant>> {
        self.inner.last_written(resource, namespace, name)
    }
}

/// A rig whose planner and executor see workloads altered.
async fn altered(alter: impl Fn(WorkloadFacts) -> WorkloadFacts + Send + Sync + 'static) -> Rig {
    let mut rig = Rig::open().await;
    let observe = Arc::new(Altered { inner: rig.planner.observe.clone().expect("a cluster"), alter: Arc::new(alter) });
    rig.planner = Planner { observe: Some(observe), ..rig.planner.clone() };
    rig.executor = Executor { planner: rig.planner.clone(), ..rig.executor.clone() };
    rig
}

/// Somebody else writes the workload, under a manager's name.
async fn patched(rig: &Rig, manager: &str, body: &Value) {
    let request = Request {
        method: "PATCH".into(),
        path: format!("/apis/apps/v1/namespaces/{NAMESPACE}/deployments/api?fieldManager={manager}"),
        content_type: "application/merge-patch+json".into(),
        body: body.clone(),
    };
    rig.spy.hands().send(&request, "a-stranger").await.expect("accepted");
}

/// The same, and waits until the controller has seen it.
async fn settled(rig: &Rig, body: &Value) {
    patched(rig, "stranger", body).await;
    loop {
        let object = rig.object("api").await;
        if object["metadata"]["generation"] == object["status"]["observedGeneration"] {
            return;
        }
        tokio::task::yield_now().await;
    }
}

fn image(image: &str) -> Value {
    json!({"spec": {"template": {"spec": {"containers": [{"name": "api", "image": image}]}}}})
}

async fn planned(rig: &Rig, action: &str, options: &Options) -> Plan {
    let action = catalog::SHIPPED.named(action).expect("there is one");
    rig.planner.plan(action, &[Rig::workload("api")], options).await.expect("a plan")
}

fn options(action: &str) -> Options {
    match action {
        "scale" => Options { given: Given::default().with("replicas", 3_u64), ..Options::default() },
        "set-image" => {
            Options { given: Given::default().with("image", "registry.example/other:9.9"), ..Options::default() }
        }
        _ => Options::default(),
    }
}

/// Carries a plan out while a stranger acts as soon as an event is told.
pub(crate) async fn disturbed(
    rig: &Rig,
    plan: &Plan,
    when: impl Fn(&RunEvent) -> bool,
    stranger: impl Future<Output = ()>,
) -> Run {
    let (events, mut told) = mpsc::channel(64);
    let given = Consent { typed: plan.confirmation.word.clone(), reason: Some("a test".into()) };
    let running = async {
        let run = rig.executor.execute(plan, &given, &events).await;
        drop(events);
        run
    };
    let listening = async {
        let mut stranger = Some(stranger);
        while let Some((_, event)) = told.recv().await {
            if when(&event)
                && let Some(stranger) = stranger.take()
            {
                stranger.await;
            }
        }
        assert!(stranger.is_none(), "the stranger never acted");
    };
    tokio::join!(running, listening).0
}

fn is_accepted(event: &RunEvent) -> bool {
    matches!(event, RunEvent::Accepted { .. })
}

/// Whether something was seen of a target since its change was accepted.
pub(crate) fn is_followed(event: &RunEvent) -> bool {
    matches!(event, RunEvent::Progress { .. })
}

fn words(run: &Run) -> String {
    run.reason.clone().unwrap_or_default() + &run.targets.iter().map(|one| one.words.as_str()).collect::<String>()
}

/// What decides the words of a plan is held by the server itself: neither the executor nor a race lets anything else through.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_plan_says_is_pinned() {
    let recreate = json!({"spec": {"strategy": {"type": "Recreate", "rollingUpdate": null}}});
    let other = image("registry.example/nobody-planned:1");
    for (action, change, pin) in [
        ("rollback", &recreate, "/spec/strategy"),
        ("restart", &recreate, "/spec/strategy"),
        ("set-image", &recreate, "/spec/strategy"),
        ("resume", &recreate, "/spec/strategy"),
        ("resume", &other, "/spec/template"),
        ("pause", &other, "/spec/template"),
        ("rollback", &json!({"spec": {"paused": true}}), "/spec/paused"),
    ] {
        let rig = Rig::open().await;
        if action == "resume" {
            settled(&rig, &json!({"spec": {"paused": true}})).await;
        }
        let plan = planned(&rig, action, &options(action)).await;
        assert!(plan.is_applicable(), "{action}: {:?}", plan.refusals);
        settled(&rig, change).await;
        let run = rig.confirmed(&plan).await;
        assert_eq!((run.phase, rig.sent().len()), (Phase::Refused, 0), "{action} {pin}: {run:?}");
        assert!(words(&run).contains(&format!("has changed since the plan at {pin}")), "{action}: {}", words(&run));
        let raced = rig.spy.hands().send(&plan.targets[0].steps[0].request, &plan.id).await;
        assert!(raced.is_err_and(|error| error.is_certainly_not_done), "{action}: the server lets {pin} pass");
        let again = planned(&rig, action, &options(action)).await;
        assert!(!again.reads_as(&plan), "{action}: what was typed for {pin} is gone");
    }
}

/// Autoscalers move the number of pods: more than was read is refused, fewer were told of.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_pods_than_the_plan_said_are_not_touched() {
    for (action, replicas, ends) in
        [("rollback", 12, Phase::Refused), ("restart", 3, Phase::Refused), ("rollback", 1, Phase::Done)]
    {
        let rig = Rig::open().await;
        let plan = planned(&rig, action, &options(action)).await;
        assert_eq!(plan.targets[0].blast.at_most, 2);
        settled(&rig, &json!({"spec": {"replicas": replicas}})).await;
        let again = planned(&rig, action, &options(action)).await;
        assert!(!again.reads_as(&plan), "{action} of {replicas}: what was typed is gone");
        let run = rig.confirmed(&plan).await;
        assert_eq!(run.phase, ends, "{action} of {replicas}: {run:?}");
        if ends == Phase::Refused {
            assert_eq!(rig.sent().len(), 0, "{action} of {replicas}");
            assert!(words(&run).contains("reach further than the plan said"), "{}", words(&run));
        }
    }
}

/// A rollout under way moves the figures of every moment: typing must stay possible.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_progress_of_a_rollout_clears_nothing() {
    let going = Arc::new(AtomicBool::new(false));
    let seen = going.clone();
    let rig = altered(move |mut facts| {
        if seen.load(Ordering::SeqCst) {
            facts.report.counts.total += 1;
            facts.report.counts.available -= 1;
        }
        facts
    })
    .await;
    let plan = planned(&rig, "rollback", &Options::default()).await;
    going.store(true, Ordering::SeqCst);
    let again = planned(&rig, "rollback", &Options::default()).await;
    assert_ne!(plan.targets[0].blast.words, again.targets[0].blast.words);
    assert!(again.reads_as(&plan));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_autoscaler_during_a_scale_is_seen_and_named() {
    let rig = Rig::open().await;
    let plan = planned(&rig, "scale", &options("scale")).await;
    let scaled = json!({"spec": {"replicas": 7}});
    let run = disturbed(&rig, &plan, is_accepted, patched(&rig, "kube-controller-manager", &scaled)).await;
    assert_eq!(run.phase, Phase::Failed, "{run:?}");
    let said = words(&run);
    assert!(said.contains("7 replicas are wanted") && said.contains("not 3"), "{said}");
    assert!(said.contains("an autoscaler (kube-controller-manager) changed it"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_autoscaler_during_a_rollback_is_told_and_zero_pods_verify_nothing() {
    for (replicas, ends, told) in [
        (3, Phase::Done, "3 replicas are wanted now, 2 when it began: an autoscaler (kube-controller-manager)"),
        (0, Phase::Failed, "nothing is left to verify by: 0 replicas are wanted"),
    ] {
        let rig = Rig::open().await;
        let plan = planned(&rig, "rollback", &Options::default()).await;
        let scaled = json!({"spec": {"replicas": replicas}});
        let run = disturbed(&rig, &plan, is_accepted, patched(&rig, "kube-controller-manager", &scaled)).await;
        assert_eq!(run.phase, ends, "{replicas}: {run:?}");
        assert!(words(&run).contains(told), "{replicas}: {}", words(&run));
    }
}

/// Deleted and made anew under the same name, with our template, our record, and every pod healthy: it is not ours.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_object_made_anew_is_not_verified_as_ours() {
    let is_anew = Arc::new(AtomicBool::new(false));
    let seen = is_anew.clone();
    let rig = altered(move |mut facts| {
        if seen.load(Ordering::SeqCst) {
            facts.uid = "another".into();
        }
        facts
    })
    .await;
    let plan = planned(&rig, "rollback", &Options::default()).await;
    let run = disturbed(&rig, &plan, is_accepted, async { is_anew.store(true, Ordering::SeqCst) }).await;
    assert_eq!(run.phase, Phase::Failed, "{run:?}");
    assert!(words(&run).contains("deleted and created again"), "{}", words(&run));
}

/// A paused workload whose pods nobody replaces but us.
async fn on_delete(update: impl Fn() -> Update + Send + Sync + 'static) -> Rig {
    let rig = altered(move |mut facts| {
        facts.report.is_paused = false;
        facts.report.update = update();
        facts
    })
    .await;
    settled(&rig, &json!({"spec": {"paused": true}})).await;
    rig
}

fn deletions(rig: &Rig) -> usize {
    rig.sent().iter().filter(|(request, _)| request.method == "DELETE").count()
}

fn is_first_deletion(event: &RunEvent) -> bool {
    matches!(event, RunEvent::Noted { words } if words.contains("accepted: Delete pod"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_who_changes_the_template_stops_what_is_replaced_one_by_one() {
    let rig = on_delete(|| Update::OnDelete).await;
    let plan = planned(&rig, "restart", &Options::default()).await;
    assert_eq!(plan.targets[0].steps.len(), 3, "the template, and two pods: {:?}", plan.targets[0].steps);
    let stranger = async { patched(&rig, "stranger", &image("registry.example/nobody-planned:1")).await };
    let run = disturbed(&rig, &plan, is_first_deletion, stranger).await;
    assert_eq!((run.phase, deletions(&rig)), (Phase::Failed, 1), "{run:?}");
    assert!(words(&run).contains("somebody changed the pod template"), "{}", words(&run));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_controller_that_replaces_pods_itself_is_left_to_it() {
    let is_rolling = Arc::new(AtomicBool::new(false));
    let seen = is_rolling.clone();
    let update = move || if seen.load(Ordering::SeqCst) { Update::Rolling } else { Update::OnDelete };
    let rig = on_delete(update).await;
    let plan = planned(&rig, "restart", &Options::default()).await;
    let run = disturbed(&rig, &plan, is_first_deletion, async { is_rolling.store(true, Ordering::SeqCst) }).await;
    assert_eq!((run.phase, deletions(&rig)), (Phase::Failed, 1), "{run:?}");
    assert!(words(&run).contains("not OnDelete any more"), "{}", words(&run));
}

fn record(now: Instant, expires: &str) -> Value {
    let text = json!({"id": "r-of-mori", "actor": "mori", "action": "rollback", "started": now, "expires": expires})
        .to_string();
    json!({"metadata": {"annotations": {RECORD_KEY: text}}})
}

/// A workload on which somebody may still be at work, with a record that never ends.
async fn held() -> Rig {
    let rig = altered(|mut facts| {
        facts.report.counts.available = 0;
        facts.report.counts.ready = 0;
        facts
    })
    .await;
    let began = rig.connection.workload(&Rig::workload("api")).await.expect("api").observed_at;
    patched(&rig, "mori", &record(began, "+262142-12-31T23:59:59Z")).await;
    rig
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_holds_for_a_day_and_says_how_to_act_over_it() {
    let rig = held().await;
    let plan = planned(&rig, "restart", &Options::default()).await;
    let refusal = plan.refusals.join(" ");
    assert!(refusal.contains("mori is running rollback") && refusal.contains("expires in 24h"), "{refusal}");
    assert!(refusal.contains("--override-record") && refusal.contains(":restart api --override-record"), "{refusal}");
    // The record of one that began longer ago than any may hold, in the cluster's time.
    let seen_at = rig.connection.workload(&Rig::workload("api")).await.expect("api").observed_at;
    patched(&rig, "mori", &record(seen_at - chrono::TimeDelta::minutes(24 * 60 + 1), "+262142-12-31T23:59:59Z")).await;
    let later = planned(&rig, "restart", &Options::default()).await;
    assert!(later.is_applicable(), "{:?}", later.refusals);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acting_over_a_record_is_confirmed_with_a_reason_and_journalled() {
    let rig = held().await;
    let overriding = Options { overrides_record: true, ..Options::default() };
    let plan = planned(&rig, "restart", &overriding).await;
    assert!(plan.is_applicable(), "{:?}", plan.refusals);
    assert_eq!((plan.tier, plan.confirmation.gesture), (Tier::T3, Gesture::TypeNameAndReason));
    assert_eq!(plan.targets[0].overrides.as_deref(), Some("r-of-mori"));
    assert!(
        plan.targets[0].warnings.iter().any(|warning| warning.starts_with("OVERRIDES the operation record of mori"))
    );

    // Somebody else has begun meanwhile: that record was not the one.
    let other = planned(&rig, "restart", &overriding).await;
    let text = json!({"id": "r2", "actor": "rico", "action": "scale", "started": "2026-11-24T03:00:00Z", "expires": "2026-11-24T03:10:00Z"});
    patched(&rig, "rico", &json!({"metadata": {"annotations": {RECORD_KEY: text.to_string()}}})).await;
    let run = rig.confirmed(&other).await;
    assert_eq!((run.phase, rig.sent().len()), (Phase::Refused, 0), "{run:?}");

    let began = rig.connection.workload(&Rig::workload("api")).await.expect("api").observed_at;
    patched(&rig, "mori", &record(began, "+262142-12-31T23:59:59Z")).await;
    let plan = planned(&rig, "restart", &overriding).await;
    // It never becomes well: the console's clock goes past its deadline, and a broken connection wakes whoever waits.
    let wakes = async {
        rig.ahead.fetch_add(8 * 3_600, Ordering::SeqCst);
        rig.sandbox.faults().break_connections();
    };
    let run = disturbed(&rig, &plan, is_followed, wakes).await;
    assert_eq!(run.phase, Phase::Failed, "{run:?}");
    let lines = chains(rig.folder.path()).expect("a journal").into_iter().flat_map(|chain| chain.lines);
    let told: Vec<_> =
        lines.filter(|line| line.entry.run == plan.id).map(|line| (line.entry.what, line.entry.words)).collect();
    let has = |what: What, words: &str| told.iter().any(|line| line.0 == what && line.1.contains(words));
    assert!(
        has(What::Begun, "Reason: a test")
            && has(What::Intent, "overrides the operation record of mori (rollback, run r-of-mori)"),
        "{told:?}"
    );
}

/// No run of ours may outlive what a record may say.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_could_take_longer_than_a_record_holds_is_not_planned() {
    let rig = altered(|mut facts| {
        facts.report.deadline = Some(chrono::TimeDelta::hours(1));
        facts
    })
    .await;
    let restart = catalog::SHIPPED.named("restart").expect("there is one");
    let many = vec![Rig::workload("api"); 24];
    let plan = rig.planner.plan(restart, &many, &Options::default()).await.expect("a plan");
    assert!(
        plan.refusals.iter().any(|words| words.contains("no run may take longer than 24 hours")),
        "{:?}",
        plan.refusals
    );
    let plan = rig.planner.plan(restart, &many[..3], &Options::default()).await.expect("a plan");
    assert!(plan.is_applicable(), "{:?}", plan.refusals);
    for target in &plan.targets {
        let body = target.steps[0].request.body.as_array().cloned().unwrap_or_default();
        let written = body.iter().find_map(|one| OperationRecord::read(one["value"].as_str()?)).expect("a record");
        assert!(written.expires - written.started <= OperationRecord::LONGEST);
    }
}
