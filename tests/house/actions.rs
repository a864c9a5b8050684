//! What every action of the catalogue owes, and the executor with it: held by the shipped planner, executor, client and journal
//! against the simulated cluster, with hands that note what they send and fail to order.

use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use quarterdeck::actions::journal::{Journal, What, chains, flaws, unfinished};
use quarterdeck::actions::{Action, Desk, Elsewhere, Executor, Options, Planner, Seen, catalog};
use quarterdeck::domain::action::{
    Actor, Consent, Given, Phase, Plan, RECORD_KEY, RELEASING, Rehearsal as Dry, Request, Run,
};
use quarterdeck::domain::environment::Guard;
use quarterdeck::domain::rollout::{Kind, WorkloadRef};
use quarterdeck::sandbox::{Sandbox, SandboxClock, Scenario, Service};
use quarterdeck::sources::cluster::{Connection, Contexts, Hands, Rehearsal};
use quarterdeck::sources::error::{SourceError, Trouble};
use quarterdeck::sources::observe::{Answer, ObserveCluster};
use quarterdeck::sources::operate::{NoHands, OperateCluster, Reply};
use tokio::sync::{Notify, mpsc, watch};

use crate::gate::told;

pub(crate) const NAMESPACE: &str = "shop";

/// What happens to a request on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// It arrives, and so does the answer.
    Clear,
    /// It arrives; the answer does not.
    AnswerLost,
    /// Nothing arrives, and nobody says so.
    Swallowed,
    /// The server refuses it.
    Refused,
    /// It arrives, and the wait for the answer has no end.
    Held,
    /// The first is answered, the second held.
    SecondHeld,
}

/// Hands that note each request with what the journal held on disk when it was sent.
pub(crate) struct Spy {
    hands: Hands,
    way: Mutex<Way>,
    state: PathBuf,
    sent: Mutex<Vec<(Request, Vec<What>)>>,
    /// Rings when a held request has arrived.
    pub(crate) arrived: Notify,
    hurry: Arc<AtomicI64>,
}

impl Spy {
    /// Hands nobody watches: a colleague's.
    pub(crate) const fn hands(&self) -> &Hands {
        &self.hands
    }
}

impl OperateCluster for Spy {
    fn send<'a>(&'a self, request: &'a Request, audit_id: &'a str) -> Answer<'a, Reply> {
        Box::pin(async move {
            let lines =
                chains(&self.state).expect("a journal that can be read").into_iter().flat_map(|chain| chain.lines);
            let held = lines.filter(|line| line.entry.run == audit_id).map(|line| line.entry.what).collect();
            self.sent.lock().expect("nobody panicked").push((request.clone(), held));
            let way = *self.way.lock().expect("nobody panicked");
            let lost = || Err(SourceError::new(Trouble::Timeout, "no answer came in time."));
            match way {
                Way::Clear => self.hands.send(request, audit_id).await,
                Way::AnswerLost => {
                    self.hands.send(request, audit_id).await?;
                    lost()
                }
                Way::Swallowed => {
                    // From here on time flies, until nothing can be on its way any more.
                    self.hurry.store(20, Ordering::SeqCst);
                    lost()
                }
                Way::SecondHeld if self.sent.lock().expect("nobody panicked").len() == 1 => {
                    self.hands.send(request, audit_id).await
                }
                Way::Held | Way::SecondHeld => {
                    self.hands.send(request, audit_id).await?;
                    self.arrived.notify_one();
                    std::future::pending().await
                }
                Way::Refused => Err(SourceError::new(Trouble::Rejected, "the server does not want it.")),
            }
        })
    }
}

/// A cluster with two services that have a past, and a console that may act on it.
pub(crate) struct Rig {
    pub(crate) sandbox: Sandbox,
    pub(crate) connection: Connection,
    pub(crate) spy: Arc<Spy>,
    pub(crate) planner: Planner,
    pub(crate) executor: Executor,
    leave: watch::Sender<bool>,
    pub(crate) folder: tempfile::TempDir,
    /// How far the console's clock is ahead, in seconds.
    pub(crate) ahead: Arc<AtomicI64>,
    /// How many lines the journal had before the last attempt.
    told_before: AtomicUsize,
}

#[expect(clippy::disallowed_methods, reason = "the sandbox runs in real time here")]
fn now() -> quarterdeck::domain::time::Instant {
    chrono::Utc::now()
}

impl Rig {
    pub(crate) async fn open() -> Self {
        Self::seen_as("demo-production", 1).await
    }

    /// The same as somebody sees it. Its pods take so many seconds to be ready.
    pub(crate) async fn seen_as(context: &str, ready_after: u32) -> Self {
        // Another test of this process may have installed it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let releases = [("1.0", "first", 60), ("1.1", "second", 30)];
        let service = |name: &str| Service::new(name, 2).ready_after(ready_after).releases(&releases);
        let scenario = Scenario::empty(NAMESPACE)
            .with(NAMESPACE, service("api"))
            .with(NAMESPACE, service("web"))
            .with(NAMESPACE, Service::new("single", 1).ready_after(1));
        let sandbox = Sandbox::start(scenario, SandboxClock::starting(now(), 1)).await.expect("a sandbox");
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("kubeconfig");
        sandbox.write_kubeconfig(&file).expect("a kubeconfig");
        let (ahead, hurry) = (Arc::new(AtomicI64::new(0)), Arc::new(AtomicI64::new(0)));
        let clock: quarterdeck::sources::Clock = {
            let (ahead, hurry) = (ahead.clone(), hurry.clone());
            Arc::new(move || {
                let step = hurry.load(Ordering::SeqCst);
                now() + TimeDelta::seconds(ahead.fetch_add(step, Ordering::SeqCst) + step)
            })
        };
        let endpoint = Contexts::read(Some(&file)).and_then(|contexts| contexts.endpoint(context)).expect("a context");
        let connection = Connection::open(endpoint, clock.clone()).await.expect("a connection");
        let state = folder.path().to_path_buf();
        let spy = Arc::new(Spy {
            hands: Hands::new(connection.clone()),
            way: Mutex::new(Way::Clear),
            state: state.clone(),
            sent: Mutex::default(),
            arrived: Notify::new(),
            hurry,
        });
        let (leave, leaving) = watch::channel(false);
        let desk = Desk {
            backups: Arc::default(),
            programs: Arc::new(quarterdeck::sources::Programs),
            environment: "test".into(),
            limits: Guard::Staging.into(),
            grant: Ok(()),
            actor: Actor { os_user: "mori".into(), host: "bastion".into(), ..Actor::default() },
            services: Arc::default(),
            seen: Arc::new(Mutex::new(Seen::load(&state))),
            ended: Arc::default(),
            alerts: None,
            silence: None,
            store: None,
            write: None,
            databases: None,
            change_databases: None,
            replica_labels: Arc::default(),
            elsewhere: Elsewhere::default(),
            catalog: catalog::SHIPPED,
            journal: Arc::new(Mutex::new(Journal::new(&state))),
            clock,
        };
        let planner = desk.planner(Arc::new(connection.clone()), Rehearsal::new(connection.clone()));
        let executor = desk.executor(planner.clone(), spy.clone(), leaving);
        Self { sandbox, connection, spy, planner, executor, leave, folder, ahead, told_before: AtomicUsize::new(0) }
    }

    pub(crate) fn workload(name: &str) -> WorkloadRef {
        WorkloadRef {
            environment: "test".into(),
            namespace: NAMESPACE.into(),
            kind: Kind::Deployment,
            name: name.into(),
        }
    }

    pub(crate) async fn plan(&self, action: &dyn Action, names: &[&str]) -> Plan {
        let targets: Vec<_> = names.iter().map(|name| Self::workload(name)).collect();
        self.planner.plan(action, &targets, &options(action)).await.expect("a plan")
    }

    /// Brings the workloads where the action makes sense.
    pub(crate) async fn prepared(self, action: &dyn Action) -> Self {
        if action.id() == "resume" {
            for name in ["api", "web"] {
                let pause = Request {
                    method: "PATCH".into(),
                    path: format!("/apis/apps/v1/namespaces/{NAMESPACE}/deployments/{name}"),
                    content_type: "application/merge-patch+json".into(),
                    body: serde_json::json!({"spec": {"paused": true}}),
                };
                self.spy.hands().send(&pause, "prepare").await.expect("accepted");
                let is_seen = |object: &serde_json::Value| {
                    object["metadata"]["generation"] == object["status"]["observedGeneration"]
                };
                while !is_seen(&self.object(name).await) {
                    tokio::task::yield_now().await;
                }
            }
        }
        crate::modes::begun(self, action).await
    }

    pub(crate) async fn execute(&self, plan: &Plan, typed: &str) -> Run {
        // A journal that cannot be read has told nothing.
        let lines = chains(self.folder.path()).unwrap_or_default().iter().map(|chain| chain.lines.len()).sum();
        self.told_before.store(lines, Ordering::SeqCst);
        self.execute_by(&self.executor, plan, typed).await
    }

    /// The same by another executor.
    pub(crate) async fn execute_by(&self, executor: &Executor, plan: &Plan, typed: &str) -> Run {
        let (events, mut told) = mpsc::channel(64);
        let given = Consent { typed: typed.to_owned(), reason: Some("a test".into()) };
        let listening = async { while told.recv().await.is_some() {} };
        let running = async {
            let run = executor.execute(plan, &given, &events).await;
            drop(events);
            run
        };
        tokio::join!(running, listening).0
    }

    pub(crate) async fn confirmed(&self, plan: &Plan) -> Run {
        self.execute(plan, &plan.confirmation.word).await
    }

    /// The object as the server has it now.
    pub(crate) async fn object(&self, name: &str) -> serde_json::Value {
        let facts = self.connection.workload(&Self::workload(name)).await.expect("the workload");
        (*facts.object).clone()
    }

    /// Tells the console to leave.
    pub(crate) fn leave(&self) {
        self.leave.send_replace(true);
    }

    pub(crate) fn take(&self, way: Way) {
        *self.spy.way.lock().expect("nobody panicked") = way;
    }

    pub(crate) fn sent(&self) -> Vec<(Request, Vec<What>)> {
        self.spy.sent.lock().expect("nobody panicked").clone()
    }

    /// What the journal tells, in order.
    pub(crate) fn journal(&self) -> Vec<What> {
        let all = chains(self.folder.path()).expect("a journal that can be read");
        assert!(flaws(&all).is_empty(), "the chain is whole");
        all.into_iter().flat_map(|chain| chain.lines).map(|line| line.entry.what).collect()
    }

    /// Nothing left the console and the run was refused.
    pub(crate) fn nothing_was_sent(&self, run: &Run, why: &str) {
        assert_eq!((run.phase, self.sent().len()), (Phase::Refused, 0), "{why}: {run:?}");
        let told = run.reason.clone().unwrap_or_default()
            + &run.targets.iter().map(|one| one.words.as_str()).collect::<String>();
        assert!(told.contains(why), "the reason should speak of {why:?}: {told}");
        // What this attempt has written: refused as a whole, or target by target.
        let journal = self.journal().split_off(self.told_before.load(Ordering::SeqCst));
        let is_told = journal.contains(&What::Refused) || journal.contains(&What::Settled);
        assert!(is_told, "{why}: a refused attempt is in the journal too: {journal:?}");
    }
}

/// The actions of one step on workloads; what those of several steps owe is held in `modes.rs`.
pub(crate) fn on_workloads() -> impl Iterator<Item = &'static dyn Action> {
    catalog::SHIPPED.all().filter(crate::modes::is_of_one_step)
}

/// What an action needs to be told.
pub(crate) fn options(action: &dyn Action) -> Options {
    let given = match action.id() {
        "scale" => Given::default().with("replicas", 3_u64),
        "set-image" => Given::default().with("image", "registry.example/other:9.9"),
        other => crate::modes::given(other),
    };
    Options { given, ..Options::default() }
}

/// Runs a test for every action on a workload; what is about one pod has tests of its own.
macro_rules! every_action {
    ($($(#[$about:meta])* $name:ident($rig:ident, $action:ident) $body:block)+) => {
        $($(#[$about])*
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            for $action in on_workloads().filter(|action| action.asks().is_none_or(|field| field.id != "pod")) {
                let $rig = Rig::open().await.prepared($action).await;
                $body
            }
        })+
    };
}

every_action! {
    a_plan_tells_everything_and_changes_nothing(rig, action) {
        let before = rig.object("api").await;
        let plan = rig.plan(action, &["api"]).await;
        assert_eq!(rig.object("api").await["spec"], before["spec"], "{}", action.id());
        assert!(rig.sent().is_empty());
        assert!(plan.is_applicable() && plan.is_intact(), "{:?}", plan.refusals);
        assert_eq!(plan.rehearsal, Dry::Accepted(Vec::new()), "the server ran it dry");
        assert_eq!(plan.actor.identity.as_deref(), Some("operator"), "the name the cluster knows us by");
        assert!(plan.cluster.uid.is_some(), "the cluster by what cannot be confused");
        let target = &plan.targets[0];
        for (what, words) in [
            ("from", &target.from),
            ("to", &target.to),
            ("blast", &target.blast.words),
            ("expected", &target.expected),
            ("inverse", &target.inverse.words),
            ("step", &target.steps[0].words),
            ("evidence", &target.evidence[0].words),
        ] {
            assert!(!words.is_empty(), "{}: {what} says nothing", action.id());
        }
        assert!(!target.changes.is_empty(), "{}: it shows what changes", action.id());
        for part in ["/metadata/uid", "/spec/"] {
            assert!(target.pins.iter().any(|pin| pin.path.starts_with(part)), "{}: {part} is pinned", action.id());
        }
        assert!(target.pins.iter().all(|pin| !pin.path.contains("resourceVersion")), "{}", action.id());
        let body = target.steps[0].request.body.as_array().cloned().unwrap_or_default();
        for pin in &target.pins {
            let shown = before.pointer(&pin.path).unwrap_or(&serde_json::Value::Null);
            assert_eq!(&pin.value, shown, "{}: the pin {} is what was read", action.id(), pin.path);
            let is_tested = |one: &serde_json::Value| one["op"] == "test" && one["path"] == *pin.path && one["value"] == pin.value;
            assert!(body.iter().any(is_tested), "{}: the server holds the pin {}", action.id(), pin.path);
        }
        let is_release = body.iter().any(|one| one["op"] == "replace" && one["path"] == "/spec/template");
        assert_eq!(RELEASING.contains(&action.id()), is_release, "{}: whether it starts a release", action.id());
        let record = RECORD_KEY.replace('/', "~1");
        let is_record = |one: &serde_json::Value| one["op"] == "add" && one["path"].as_str().is_some_and(|path| path.ends_with(&record));
        assert!(body.iter().any(is_record), "{}: the record is in the same patch", action.id());
        assert!(target.steps[0].request.path.contains("fieldManager=quarterdeck"), "{}", action.id());
    }

    it_is_journalled_before_it_is_sent_and_ends_verified(rig, action) {
        let plan = rig.plan(action, &["api"]).await;
        let run = rig.confirmed(&plan).await;
        assert_eq!(run.phase, Phase::Done, "{}: {run:?}", action.id());
        let sent = rig.sent();
        assert_eq!(sent.len(), 1, "{}", action.id());
        assert_eq!(told(&sent[0].0), told(&plan.targets[0].steps[0].request), "{}: what was shown is what was sent", action.id());
        assert_eq!(sent[0].1, [What::Begun, What::Intent], "{}: on disk before the request left", action.id());
        assert_eq!(rig.journal(), [What::Begun, What::Intent, What::Accepted, What::Settled, What::Ended]);
        let object = rig.object("api").await;
        let record = object["metadata"]["annotations"][RECORD_KEY].as_str().unwrap_or_default();
        assert!(record.contains(&plan.id) && record.contains("operator"), "{}: {record}", action.id());
        let again = rig.confirmed(&plan).await;
        assert_eq!((again.phase, rig.sent().len()), (Phase::Refused, 1), "{}: a plan works once", action.id());
    }

    an_answer_that_is_lost_is_looked_for_and_not_asked_for_again(rig, action) {
        rig.take(Way::AnswerLost);
        let plan = rig.plan(action, &["api"]).await;
        let run = rig.confirmed(&plan).await;
        assert_eq!((run.phase, rig.sent().len()), (Phase::Done, 1), "{}: {run:?}", action.id());
        assert!(rig.journal().contains(&What::AnswerLost));
    }

    a_request_nobody_answers_for_is_unknown_and_not_sent_again(rig, action) {
        rig.take(Way::Swallowed);
        let plan = rig.plan(action, &["api"]).await;
        let run = rig.confirmed(&plan).await;
        assert_eq!((run.phase, rig.sent().len()), (Phase::Unknown, 1), "{}: {run:?}", action.id());
        assert!(rig.object("api").await["metadata"]["annotations"].get(RECORD_KEY).is_none());
    }

    the_first_target_that_does_not_end_well_stops_the_rest(rig, action) {
        let plan = rig.plan(action, &["api", "web"]).await;
        assert_eq!(plan.targets.len(), 2);
        rig.take(Way::Refused);
        let run = rig.confirmed(&plan).await;
        let outcomes: Vec<_> = run.targets.iter().map(|target| target.phase).collect();
        assert_eq!(outcomes, [Phase::Refused, Phase::Aborted], "{}", action.id());
        assert_eq!(rig.sent().len(), 1, "{}: the second was never sent", action.id());
    }

    two_targets_go_one_after_the_other(rig, action) {
        let plan = rig.plan(action, &["api", "web"]).await;
        let run = rig.confirmed(&plan).await;
        assert_eq!(run.phase, Phase::Done, "{}: {run:?}", action.id());
        let held: Vec<_> = rig.sent().into_iter().map(|(_, held)| held.len()).collect();
        assert_eq!(held, [2, 5], "{}: the second was sent after the first was settled", action.id());
    }

    what_does_not_hold_is_refused_before_anything_is_sent(rig, action) {
        let plan = rig.plan(action, &["api"]).await;
        let word = plan.confirmation.word.clone();
        rig.nothing_was_sent(&rig.execute(&plan, "no").await, "the confirmation is not right");

        let mut edited = plan.clone();
        edited.targets[0].steps[0].request.path = edited.targets[0].steps[0].request.path.replace("api", "web");
        rig.nothing_was_sent(&rig.execute(&edited, &word).await, "was changed after it was made");
        // Sealed again by somebody who knows how: the request is not the one the action makes.
        rig.nothing_was_sent(&rig.execute(&edited.sealed(), &word).await, "is not the one this action makes");

        let mut elsewhere = plan.clone();
        elsewhere.cluster.uid = Some("another".into());
        rig.nothing_was_sent(&rig.execute(&elsewhere.sealed(), &word).await, "the plan is for the cluster at");
        let mut theirs = plan.clone();
        theirs.actor.identity = Some("somebody".into());
        rig.nothing_was_sent(&rig.execute(&theirs.sealed(), &word).await, "the plan belongs to somebody");
        let mut other = plan.clone();
        other.environment = "production".into();
        rig.nothing_was_sent(&rig.execute(&other.sealed(), &word).await, "the plan is for environment");

        rig.ahead.store(301, Ordering::SeqCst);
        rig.nothing_was_sent(&rig.execute(&plan, &word).await, "the plan expired");
    }

    a_world_that_moved_is_refused_and_named(rig, action) {
        let mine = rig.plan(action, &["api"]).await;
        let theirs = rig.plan(action, &["api"]).await;
        rig.spy.hands().send(&theirs.targets[0].steps[0].request, &theirs.id).await.expect("accepted");
        rig.nothing_was_sent(&rig.confirmed(&mine).await, "has changed since the plan at /spec/");
    }

    without_a_journal_nothing_is_done(rig, action) {
        let plan = rig.plan(action, &["api"]).await;
        std::fs::write(rig.folder.path().join("journal"), "in the way").expect("a file of ours");
        let run = rig.confirmed(&plan).await;
        assert_eq!((run.phase, rig.sent().len()), (Phase::Refused, 0), "{}: {run:?}", action.id());
        let words = run.reason.unwrap_or_default();
        assert!(words.contains("journal"), "{}: {words}", action.id());
    }

    told_to_leave_it_starts_nothing_new(rig, action) {
        let plan = rig.plan(action, &["api"]).await;
        rig.leave();
        let run = rig.confirmed(&plan).await;
        assert_eq!((run.phase, rig.sent().len()), (Phase::Aborted, 0), "{}: {run:?}", action.id());
    }

    what_a_colleague_is_doing_is_not_disturbed(rig, action) {
        drop(rig);
        let rig = Rig::seen_as("demo-production", 100).await.prepared(action).await;
        let first = rig.plan(action, &["api"]).await;
        // A colleague's machine knows nothing of our runs, and sees the record while the pods still come up.
        let request = first.targets[0].steps[0].request.clone();
        rig.spy.hands().send(&request, &first.id).await.expect("accepted");
        let second = rig.plan(action, &["api"]).await;
        assert!(!second.is_applicable(), "{}", action.id());
        let words = second.refusals.join(" ");
        // Paused is paused at once, and resumed is resumed: there is nothing left to do again.
        let is_said = words.contains("operator") || words.contains("is paused already") || words.contains("is not paused");
        assert!(is_said, "{}: it says who: {words}", action.id());
    }

    what_was_on_its_way_is_verified_by_the_next_process(rig, action) {
        let plan = rig.plan(action, &["api"]).await;
        rig.take(Way::Held);
        // The process dies while it waits for the answer: whatever it still wanted to do is dropped with it.
        tokio::select! {
            run = rig.confirmed(&plan) => panic!("it ended before it could be stopped: {run:?}"),
            () = rig.spy.arrived.notified() => {}
        }
        *rig.executor.journal.lock().expect("nobody panicked") = Journal::new(rig.folder.path());
        let left = unfinished(&chains(rig.folder.path()).expect("a journal"));
        let (count, sent) = (left.len(), rig.sent().len());
        assert_eq!(count, 1, "{}: {left:?}", action.id());
        let (events, mut told) = mpsc::channel(64);
        let next = Executor { operate: Arc::new(NoHands), journal: Arc::new(Mutex::new(Journal::new(rig.folder.path()))), ..rig.executor.clone() };
        let resumed = async { let run = next.resume(&left[0], &events).await; drop(events); run };
        let run = tokio::join!(resumed, async { while told.recv().await.is_some() {} }).0;
        assert_eq!(run.phase, Phase::Done, "{}: {run:?}", action.id());
        assert_eq!(rig.sent().len(), sent, "{}: nothing is sent to find out", action.id());
        assert!(unfinished(&chains(rig.folder.path()).expect("a journal")).is_empty(), "{}", action.id());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_console_without_a_grant_has_no_way_to_send() {
    for action in on_workloads().filter(|action| action.asks().is_none_or(|field| field.id != "pod")) {
        let rig = Rig::open().await.prepared(action).await;
        let planner = Planner { rehearse: None, grant: Err("write is not set.".into()), ..rig.planner.clone() };
        let plan = planner.plan(action, &[Rig::workload("api")], &options(action)).await.expect("a plan");
        assert_eq!(plan.rehearsal, Dry::NotChecked("write is not set.".into()));
        assert!(!plan.is_applicable());
        let asked = rig.sandbox.requests();
        assert!(asked.iter().all(|seen| seen.method != "PATCH" || action.id() == "resume"), "not even dry: {asked:?}");
        let reply = NoHands.send(&plan.targets[0].steps[0].request, &plan.id).await;
        assert!(reply.expect_err("no hands").sentence.contains("read-only"));
    }
}
