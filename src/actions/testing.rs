//! A world in memory, for the tests of this room: what is in it is what a test says, and time passes only where everybody waits.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::{Stream, stream};
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};

use super::journal::{Journal, Unfinished};
use super::{Elsewhere, Executor, Options, Planner, catalog};
use crate::domain::action::{Actor, Cluster, Consent, OperationRecord, Plan, RECORD_KEY, Request, Run, RunEvent};
use crate::domain::cluster::ClusterEvent;
use crate::domain::environment::Guard;
use crate::domain::owner::{Keeper, Told};
use crate::domain::rollout::{
    Autoscaler, Budget, Container, ContainerState, Counts, Kind, Pod, Report, Revision, SeenHealthy, WorkloadRef,
};
use crate::domain::subject::PodRef;
use crate::domain::time::{self, Instant};
use crate::sources::error::{SourceError, Trouble};
use crate::sources::observe::{Access, Answer, ObjectPath, ObserveCluster, PodFacts, PodOwner, Right, WorkloadFacts};
use crate::sources::operate::{OperateCluster, RehearseCluster, Reply};

type Sees = dyn Fn(&World, WorkloadFacts) -> Result<WorkloadFacts, SourceError> + Send + Sync;
type Answers = dyn Fn(&World, &Request) -> Result<(), SourceError> + Send + Sync;
type Rehearses = dyn Fn(&World) + Send + Sync;

/// A cluster that does what it is told at once, as far as a test does not say otherwise.
pub(super) struct World {
    began: tokio::time::Instant,
    objects: Mutex<BTreeMap<String, Value>>,
    sent: Mutex<Vec<Request>>,
    /// How often a workload was read.
    pub(super) readings: AtomicUsize,
    /// When every ConfigMap and Secret was written last.
    pub(super) written: Option<Instant>,
    /// How far its clock is ahead.
    pub(super) ahead: TimeDelta,
    sees: Box<Sees>,
    answers: Box<Answers>,
    rehearses: Box<Rehearses>,
}

impl World {
    pub(super) fn new() -> Self {
        let object = |name: &str| {
            let metadata = json!({"name": name, "uid": format!("uid-of-{name}"), "annotations": {}, "labels": {}});
            (name.to_owned(), json!({"metadata": metadata, "spec": {"replicas": 2, "template": template("app:2")}}))
        };
        Self {
            began: tokio::time::Instant::now(),
            objects: Mutex::new(["api", "web"].map(object).into()),
            sent: Mutex::default(),
            readings: AtomicUsize::new(0),
            written: None,
            ahead: TimeDelta::zero(),
            sees: Box::new(|_, facts| Ok(facts)),
            answers: Box::new(|_, _| Ok(())),
            rehearses: Box::new(|_| {}),
        }
    }

    /// What is seen of a workload in place of what is there.
    pub(super) fn seeing(
        self,
        sees: impl Fn(&Self, WorkloadFacts) -> Result<WorkloadFacts, SourceError> + Send + Sync + 'static,
    ) -> Self {
        Self { sees: Box::new(sees), ..self }
    }

    /// What becomes of a request; an error that leaves open whether it was carried out leaves it undone here.
    pub(super) fn answering(
        self,
        answers: impl Fn(&Self, &Request) -> Result<(), SourceError> + Send + Sync + 'static,
    ) -> Self {
        Self { answers: Box::new(answers), ..self }
    }

    /// What happens while something is run dry: the last moment before a plan is judged.
    pub(super) fn rehearsing(self, rehearses: impl Fn(&Self) + Send + Sync + 'static) -> Self {
        Self { rehearses: Box::new(rehearses), ..self }
    }

    /// Its time, which is the console's too.
    pub(super) fn now(&self) -> Instant {
        start() + TimeDelta::from_std(self.began.elapsed()).unwrap_or_default()
    }

    pub(super) fn sent(&self) -> Vec<Request> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether the change of this workload was made.
    pub(super) fn is_changed(&self, name: &str) -> bool {
        self.sent().iter().any(|request| request.method == "PATCH" && named_in(request) == name)
    }

    pub(super) fn deletions(&self) -> usize {
        self.sent().iter().filter(|request| request.method == "DELETE").count()
    }

    /// Changes a field of an object, as somebody else would.
    pub(super) fn set(&self, name: &str, path: &str, value: Value) {
        let mut objects = self.objects.lock().unwrap_or_else(PoisonError::into_inner);
        put(objects.get_mut(name).expect("an object of this name"), path, value);
    }

    /// A workload as it is seen now.
    pub(super) fn facts(&self, workload: &WorkloadRef) -> Result<WorkloadFacts, SourceError> {
        self.readings.fetch_add(1, Ordering::SeqCst);
        let objects = self.objects.lock().unwrap_or_else(PoisonError::into_inner);
        let object = objects.get(&*workload.name).expect("an object of this name").clone();
        drop(objects);
        let desired = object["spec"]["replicas"].as_u64().and_then(|count| u32::try_from(count).ok()).unwrap_or(1);
        let counts = Counts { desired, updated: desired, ready: desired, available: desired, total: desired };
        let record = object["metadata"]["annotations"][RECORD_KEY].as_str().and_then(OperationRecord::read);
        let facts = WorkloadFacts {
            workload: workload.clone(),
            uid: object["metadata"]["uid"].as_str().unwrap_or_default().into(),
            report: Report {
                kind: workload.kind,
                generation: 1,
                observed_generation: 1,
                counts,
                is_paused: object["spec"]["paused"] == true,
                ..Report::default()
            },
            revisions: vec![revision(1, "app:1"), Revision { is_current: true, ..revision(2, "app:2") }],
            pods: Vec::new(),
            current_hash: Some("h2".into()),
            record: record.map(|record| record.shifted(-self.ahead)),
            running: Vec::new(),
            resources: Vec::new(),
            missing: Vec::new(),
            observed_at: self.now(),
            object: Arc::new(object),
        };
        (self.sees)(self, facts)
    }

    async fn read(&self, workload: &WorkloadRef) -> Result<WorkloadFacts, SourceError> {
        tokio::time::sleep(ANSWER_TAKES).await;
        self.facts(workload)
    }
}

/// No answer is there at once.
const ANSWER_TAKES: Duration = Duration::from_millis(10);

pub(super) fn start() -> Instant {
    time::from_seconds(1_800_000_000)
}

/// The object a request is about.
fn named_in(request: &Request) -> &str {
    request.path.split('?').next().and_then(|path| path.rsplit('/').next()).unwrap_or_default()
}

fn put(object: &mut Value, path: &str, value: Value) {
    let (parent, key) = path.rsplit_once('/').expect("a path");
    object.pointer_mut(parent).expect("a parent")[key.replace("~1", "/")] = value;
}

pub(super) fn template(image: &str) -> Value {
    json!({"metadata": {"labels": {}}, "spec": {"containers": [{"name": "app", "image": image}]}})
}

pub(super) fn revision(number: u64, image: &str) -> Revision {
    Revision {
        number,
        earlier: Vec::new(),
        name: format!("api-{number}").into(),
        uid: format!("r{number}").into(),
        hash: format!("h{number}").into(),
        images: vec![image.to_owned()],
        change_cause: None,
        created_at: None,
        replicas: 0,
        available: 0,
        seen_healthy: SeenHealthy::Remembered,
        is_current: false,
        template: Arc::new(template(image)),
    }
}

/// A pod that runs and is ready.
pub(super) fn pod(name: &str, uid: &str) -> Pod {
    let state = ContainerState::Running(None);
    Pod {
        name: name.into(),
        uid: uid.into(),
        template_hash: "h2".into(),
        node: None,
        phase: "Running".into(),
        is_ready: true,
        created_at: Some(start()),
        unschedulable: None,
        gate: None,
        volume: None,
        changed_at: None,
        gone_by: None,
        containers: [Container { name: "app".into(), is_ready: true, state, ..Container::default() }].into(),
    }
}

pub(super) fn error(trouble: Trouble) -> SourceError {
    SourceError::new(trouble, format!("{trouble:?}, as a test says."))
}

impl ObserveCluster for World {
    fn cluster(&self) -> Answer<'_, Cluster> {
        let cluster = Cluster { context: "test".into(), server: "https://one".into(), uid: Some("c1".into()) };
        Box::pin(async move { Ok(cluster) })
    }
    fn ahead(&self) -> TimeDelta {
        self.ahead
    }
    fn identity(&self) -> Answer<'_, Option<String>> {
        Box::pin(async { Ok(Some("mori".to_owned())) })
    }
    fn may<'a>(&'a self, _right: Right<'a>) -> Answer<'a, Access> {
        Box::pin(async { Ok(Access::Allowed) })
    }
    fn workload<'a>(&'a self, workload: &'a WorkloadRef) -> Answer<'a, WorkloadFacts> {
        Box::pin(self.read(workload))
    }
    fn follow<'a>(
        &'a self,
        workload: &'a WorkloadRef,
    ) -> Pin<Box<dyn Stream<Item = Result<WorkloadFacts, SourceError>> + Send + 'a>> {
        Box::pin(stream::unfold(true, move |goes_on| async move {
            let seen = if goes_on { self.read(workload).await } else { return None };
            tokio::time::sleep(Duration::from_millis(500)).await;
            let goes_on = seen.is_ok();
            Some((seen, goes_on))
        }))
    }
    fn pod<'a>(&'a self, subject: &'a PodRef) -> Answer<'a, PodFacts> {
        Box::pin(async move {
            let pod = pod(&subject.name, &format!("uid-of-{}", subject.name));
            let containers = json!([{"name": "app", "ports": [{"containerPort": 80}]}, {"name": "log"}]);
            let object = json!({"metadata": {"uid": &*pod.uid}, "spec": {"containers": containers}});
            Ok(PodFacts { subject: subject.clone(), pod, object: Arc::new(object), observed_at: self.now() })
        })
    }
    fn object<'a>(&'a self, at: &'a ObjectPath<'a>) -> Answer<'a, Option<Arc<Value>>> {
        let objects = self.objects.lock().unwrap_or_else(PoisonError::into_inner);
        let found = objects.get(at.name).cloned().map(Arc::new);
        Box::pin(async { Ok(found) })
    }
    fn events<'a>(&'a self, _facts: &'a WorkloadFacts) -> Answer<'a, Vec<ClusterEvent>> {
        Box::pin(async { Ok(Vec::new()) })
    }
    fn autoscalers<'a>(&'a self, _workload: &'a WorkloadRef) -> Answer<'a, Vec<Autoscaler>> {
        Box::pin(async { Ok(Vec::new()) })
    }
    fn keeper<'a>(&'a self, _keeper: &'a Keeper) -> Answer<'a, Told> {
        Box::pin(async { Err(error(Trouble::NotFound)) })
    }
    fn budgets<'a>(&'a self, _namespace: &'a str, _labels: &'a Value) -> Answer<'a, Vec<Budget>> {
        Box::pin(async { Ok(Vec::new()) })
    }
    fn owner_of<'a>(&'a self, _environment: &'a Arc<str>, _namespace: &'a str, _pod: &'a str) -> Answer<'a, PodOwner> {
        Box::pin(async { Ok(PodOwner::Nobody) })
    }
    fn last_written<'a>(
        &'a self,
        _resource: &'a str,
        _namespace: &'a str,
        _name: &'a str,
    ) -> Answer<'a, Option<Instant>> {
        Box::pin(async { Ok(self.written) })
    }
}

impl RehearseCluster for World {
    fn rehearse<'a>(&'a self, _request: &'a Request) -> Answer<'a, Reply> {
        Box::pin(async {
            (self.rehearses)(self);
            Ok(Reply { object: Value::Null, warnings: Vec::new() })
        })
    }
}

impl OperateCluster for World {
    fn send<'a>(&'a self, request: &'a Request, _audit_id: &'a str) -> Answer<'a, Reply> {
        Box::pin(async {
            self.sent.lock().unwrap_or_else(PoisonError::into_inner).push(request.clone());
            (self.answers)(self, request)?;
            let mut objects = self.objects.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(object) = objects.get_mut(named_in(request)) else {
                return Ok(Reply { object: Value::Null, warnings: Vec::new() });
            };
            for operation in request.body.as_array().into_iter().flatten() {
                if let (Some("add" | "replace"), Some(path)) = (operation["op"].as_str(), operation["path"].as_str()) {
                    put(object, path, operation["value"].clone());
                }
            }
            Ok(Reply { object: object.clone(), warnings: Vec::new() })
        })
    }
}

/// A console that plans and acts in such a world.
pub(super) struct Stage {
    pub(super) world: Arc<World>,
    pub(super) executor: Executor,
    pub(super) folder: tempfile::TempDir,
    _leave: watch::Sender<bool>,
}

impl Stage {
    pub(super) fn of(world: World) -> Self {
        let (world, folder) = (Arc::new(world), tempfile::tempdir().expect("a folder"));
        let clock = world.clone();
        let planner = Planner {
            observe: Some(world.clone()),
            rehearse: Some(world.clone()),
            alerts: None,
            store: None,
            databases: None,
            replica_labels: Arc::default(),
            environment: "test".into(),
            limits: Guard::Staging.into(),
            grant: Ok(()),
            actor: Actor { os_user: "mori".into(), host: "bastion".into(), ..Actor::default() },
            services: Arc::default(),
            seen: Arc::default(),
            ended: Arc::default(),
            elsewhere: Elsewhere::default(),
            backups: Arc::default(),
            catalog: catalog::SHIPPED,
            clock: Arc::new(move || clock.now()),
        };
        let (leave, leaving) = watch::channel(false);
        let journal = Arc::new(Mutex::new(Journal::new(folder.path())));
        let (pods, attach, store) = (None, None, None);
        let executor = Executor {
            planner,
            operate: world.clone(),
            silence: None,
            databases: None,
            programs: None,
            pods,
            attach,
            store,
            journal,
            leaving,
        };
        Self { world, executor, folder, _leave: leave }
    }

    pub(super) fn workload(name: &str, kind: Kind) -> WorkloadRef {
        WorkloadRef { environment: "test".into(), namespace: "shop".into(), kind, name: name.into() }
    }

    pub(super) async fn plan(&self, action: &str, names: &[&str], options: &Options) -> Plan {
        let targets: Vec<WorkloadRef> = names.iter().map(|name| Self::workload(name, Kind::Deployment)).collect();
        self.plan_of(action, &targets, options).await
    }

    pub(super) async fn plan_of(&self, action: &str, targets: &[WorkloadRef], options: &Options) -> Plan {
        let action = catalog::SHIPPED.named(action).expect("there is one");
        self.executor.planner.plan(action, targets, options).await.expect("a plan")
    }

    /// Carries a plan out; the run, and what it noted beside its course.
    pub(super) async fn run(&self, plan: &Plan) -> (Run, Vec<String>) {
        let given = Consent { typed: plan.confirmation.word.clone(), reason: Some("a test".into()) };
        heard(async |events| Box::pin(self.executor.execute(plan, &given, events)).await).await
    }

    pub(super) async fn resumed(&self, unfinished: &Unfinished) -> (Run, Vec<String>) {
        heard(async |events| self.executor.resume(unfinished, events).await).await
    }
}

/// Runs to the end; the run, and what it noted.
async fn heard(run: impl AsyncFnOnce(&mpsc::Sender<(String, RunEvent)>) -> Run) -> (Run, Vec<String>) {
    let (events, mut told) = mpsc::channel(64);
    let running = async move {
        let run = run(&events).await;
        drop(events);
        run
    };
    let listening = async {
        let mut notes = Vec::new();
        while let Some((_, event)) = told.recv().await {
            if let RunEvent::Noted { words } = event {
                notes.push(words);
            }
        }
        notes
    };
    // Time is no object here; without an end it would not be one.
    tokio::time::timeout(LONGEST, async { tokio::join!(running, listening) }).await.expect("an end")
}

/// Longer than any run here may take, by the clock of the world.
const LONGEST: Duration = Duration::from_secs(7_200);
