//! The gate: a plan document is not trusted. Whatever is edited in one, it is refused or sends no more than the plan that is made anew.

use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use quarterdeck::actions::journal::{Entry, Journal, Line, What, chains};
use quarterdeck::actions::{About, Action, Executor, Options, Planner, catalog};
use quarterdeck::domain::action::{Consent, Given, OperationRecord, Phase, Plan, Request};
use quarterdeck::domain::store::fact::{Applied, Change, Read};
use quarterdeck::domain::store::{AuditLine, Author, Head, Id};
use quarterdeck::domain::subject::{AlertRef, SilenceRef, Subject, SubjectKind};
use quarterdeck::sources::observe::ObserveCluster;
use quarterdeck::sources::operate::NoHands;
use quarterdeck::sources::store::port::{ReadStore, WriteError, WriteStore, Written};
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};

use crate::actions::{Rig, Way, options};
use crate::cron_jobs::no_edit_widens_on_a_cron_job;
use crate::failing_over::no_edit_widens_of_databases;
use crate::outside::Noting;
use crate::reaching::no_edit_widens_in_a_pod;
use crate::word::World;
use crate::{alerts, silencing};

pub(crate) fn action(id: &str) -> &'static dyn Action {
    catalog::SHIPPED.named(id).expect("an action")
}

/// Every value a document's field could be given: what would loosen it, and what is out of all range.
fn edits(place: &str, value: &Value) -> Vec<Value> {
    let is_of_an_object = ["/steps/", "/pins/", "/expected_template/"].iter().any(|part| place.contains(part));
    let is_chosen_of_few = ["guard", "tier", "gesture", "result", "kind", "goal", "id", "word"];
    match value {
        Value::Number(_) if is_of_an_object => vec![json!(7)],
        Value::Array(_) if is_of_an_object => vec![json!([])],
        Value::String(text)
            if chrono::DateTime::parse_from_rfc3339(text).is_err()
                && !is_chosen_of_few.iter().any(|key| place.ends_with(key)) =>
        {
            vec![json!("edited")]
        }
        Value::Null => vec![json!("edited"), json!(7)],
        Value::Bool(is_so) => vec![json!(!is_so)],
        Value::Number(number) => {
            let more = number.as_i64().unwrap_or(0).saturating_add(1);
            vec![json!(more), json!(0), json!(4_294_967_295_u32), json!(i64::MAX), json!(i64::MIN)]
        }
        Value::String(text) if chrono::DateTime::parse_from_rfc3339(text).is_ok() => {
            vec![json!("+262142-12-31T23:59:59Z"), json!("-262143-01-01T00:00:00Z"), json!("2999-01-01T00:00:00Z")]
        }
        Value::String(_) => {
            vec![
                json!("edited"),
                json!(""),
                json!("enter"),
                json!("development"),
                json!("T0"),
                json!("20261124T030600Z-0123456789abcdef"),
            ]
        }
        Value::Array(all) => {
            let twice: Vec<Value> = all.iter().chain(all.iter()).cloned().collect();
            vec![json!([]), json!(twice), json!(["edited"])]
        }
        Value::Object(_) => vec![Value::Null],
    }
}

/// The place of every value in a document.
pub(crate) fn places(document: &Value) -> Vec<String> {
    fn walk(at: &str, value: &Value, found: &mut Vec<String>) {
        // What the server holds of a template is compared as a whole; what the document expects of it is not even read.
        let is_deep = at.matches('/').count() > 8 || at.ends_with("/expected_template/spec");
        if !at.is_empty() {
            found.push(at.to_owned());
        }
        match value {
            Value::Object(fields) if !is_deep => {
                for (key, value) in fields {
                    walk(&format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")), value, found);
                }
            }
            Value::Array(all) if !is_deep => {
                for (place, value) in all.iter().enumerate() {
                    walk(&format!("{at}/{place}"), value, found);
                }
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    walk("", document, &mut found);
    found
}

/// What a request does, without the run it names and the moment it is sent; and how long its record lives.
pub(crate) fn told(request: &Request) -> (Value, Option<TimeDelta>) {
    let mut lives = None;
    let mut body = request.body.clone();
    for operation in body.as_array_mut().into_iter().flatten() {
        let record = operation["value"].as_str().and_then(OperationRecord::read);
        if let Some(record) = record.filter(|_| operation["op"] == "add") {
            lives = Some(record.expires - record.started);
            operation["value"] = json!([record.actor, record.action]);
        }
        if let Some(stamp) = operation.pointer_mut("/value/metadata/annotations/kubectl.kubernetes.io~1restartedAt") {
            *stamp = json!("now");
        }
    }
    (json!([request.method, request.path, request.content_type, body]), lives)
}

/// What a run was begun with, as the journal keeps it: what its verification waits for and how long.
fn begun(lines: &[Line]) -> Value {
    let begun = lines.iter().find(|line| line.entry.what == What::Begun).map(|line| &line.entry);
    let mut aims = json!(begun.map(|entry: &Entry| entry.aims.clone()));
    for aim in aims.as_array_mut().into_iter().flatten() {
        // It holds the stamp of a restart.
        aim["template_digest"] = Value::Null;
    }
    aims
}

/// Executes a document with a journal of its own, so that no run of before is in its way; the run, what was sent, what was begun.
pub(crate) async fn attempt(rig: &Rig, plan: &Plan, typed: &str) -> (Phase, Vec<Request>, Value) {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = Arc::new(Mutex::new(Journal::new(folder.path())));
    let executor = Executor { journal, ..rig.executor.clone() };
    let before = rig.sent().len();
    let run = rig.execute_by(&executor, plan, typed).await;
    let sent = rig.sent().into_iter().skip(before).map(|(request, _)| request).collect();
    let lines: Vec<Line> =
        chains(folder.path()).expect("a journal").into_iter().flat_map(|chain| chain.lines).collect();
    (run.phase, sent, begun(&lines))
}

/// Every field of a plan, edited and sealed again: refused, or what is sent and waited for is what it is without the edit. `attempt` carries
/// a plan out with a journal of its own where nothing is taken, so that the world stays as it is; it tells how that ended, what was sent,
/// and what was begun.
pub(crate) async fn no_edit_of<S: PartialEq + Debug>(
    (id, plan, least): (&str, &Plan, usize),
    attempt: impl AsyncFn(&Plan) -> (Phase, Vec<S>, Value),
) {
    assert!(plan.is_applicable(), "{:?}", plan.refusals);
    let (_, honest, waited) = attempt(plan).await;
    assert_eq!(honest.len(), 1, "{id}: the plan itself is sent");
    let document = serde_json::to_value(plan).expect("a document");
    let (mut tried, mut passed) = (0, 0);
    for place in places(&document) {
        for edit in edits(&place, &document.pointer(&place).cloned().unwrap_or_default()) {
            let mut edited = document.clone();
            *edited.pointer_mut(&place).expect("a place") = edit.clone();
            let Ok(edited) = serde_json::from_value::<Plan>(edited) else { continue };
            if edited == *plan {
                continue;
            }
            tried += 1;
            let (phase, sent, begun) = attempt(&edited.sealed()).await;
            assert_eq!(phase, Phase::Refused, "{id}: {place} = {edit}");
            if !sent.is_empty() {
                passed += 1;
                assert_eq!(sent, honest, "{id}: {place} = {edit} is sent");
                assert_eq!(begun, waited, "{id}: {place} = {edit} is waited for");
            }
        }
    }
    assert!(tried > least && passed < tried, "{id}: {passed} of {tried} went through as the plan is without the edit");
}

/// The name of a pod of `api`.
pub(crate) async fn a_pod(rig: &Rig) -> String {
    let facts = rig.connection.workload(&Rig::workload("api")).await.expect("the workload");
    facts.pods.first().expect("a pod").name.to_string()
}

/// Of an action on workloads: what the cluster is asked for.
async fn no_edit_widens(id: &str) {
    let rig = Rig::open().await.prepared(action(id)).await;
    let mut asked = options(action(id));
    if id == "restart-pod" {
        asked.given = asked.given.with("pod", a_pod(&rig).await);
    }
    let plan = rig.planner.plan(action(id), &[Rig::workload("api")], &asked).await.expect("a plan");
    // The server does not want it: the world stays as it is, and every attempt finds the same.
    rig.take(Way::Refused);
    let word = plan.confirmation.word.clone();
    no_edit_of((id, &plan, 100), async |plan: &Plan| {
        let (phase, sent, begun) = attempt(&rig, plan, &word).await;
        (phase, sent.iter().map(told).collect(), begun)
    })
    .await;
}

/// Carries a plan out with a journal of its own; how it ended, and what was begun.
pub(crate) async fn apart(executor: impl FnOnce(Arc<Mutex<Journal>>) -> Executor, plan: &Plan) -> (Phase, Value) {
    let folder = tempfile::tempdir().expect("a folder");
    let executor = executor(Arc::new(Mutex::new(Journal::new(folder.path()))));
    let consent = Consent { typed: plan.confirmation.word.clone(), reason: Some("a test".into()) };
    let (events, _told) = mpsc::channel(64);
    let run = executor.execute(plan, &consent, &events).await;
    let lines: Vec<Line> =
        chains(folder.path()).expect("a journal").into_iter().flat_map(|chain| chain.lines).collect();
    (run.phase, begun(&lines))
}

/// What acts where there is no cluster.
pub(crate) fn local(planner: &Planner, journal: Arc<Mutex<Journal>>) -> Executor {
    let leaving = watch::channel(false).1;
    Executor {
        programs: None,
        planner: planner.clone(),
        operate: Arc::new(NoHands),
        silence: None,
        pods: None,
        databases: None,
        attach: None,
        store: None,
        journal,
        leaving,
    }
}

/// Of an action on silences: what Alertmanager is asked for is what it is asked for without the edit.
async fn no_edit_widens_of_silences(id: &str) {
    let covered = alerts::shop()[..1].to_vec();
    let hands = Arc::new(Noting::default());
    let given = match id {
        "silence" => Given::default().with("matcher", "alertname=HighErrorRate").with("alerts", &*covered[0].key),
        "change-silence" => Given::default().with("for", "4h"),
        _ => Given::default(),
    };
    let silence = if id == "silence" { String::new() } else { "4ef1".to_owned() };
    let target = Subject::Silence(SilenceRef { environment: "production".into(), id: silence });
    let planner = silencing::planner(Ok(covered));
    let options = Options { given, ..Options::default() };
    let plan = planner.plan(action(id), &[target], &options).await.expect("a plan");
    no_edit_of((id, &plan, 50), async |edited: &Plan| {
        let executor = |journal| Executor { silence: Some(hands.clone()), ..local(&planner, journal) };
        let (phase, begun) = apart(executor, edited).await;
        let mut sent = std::mem::take(&mut *hands.0.lock().expect("nobody panicked"));
        for one in sent.iter_mut().filter_map(|one| one.get_mut("comment")) {
            *one = json!(one.as_str().unwrap_or_default().replace(&edited.id, "RUN"));
        }
        (phase, sent, begun)
    })
    .await;
}

/// A store that takes nothing, and tells what would have been written.
struct Refusing {
    world: World,
    asked: Mutex<Vec<Vec<String>>>,
}

impl WriteStore for Refusing {
    fn write<'a>(&'a self, author: &'a Author, _: &'a Id, change: &'a dyn Change) -> Written<'a, Read> {
        Box::pin(async move {
            let mut read = Vec::new();
            for key in change.reads() {
                let row = self.world.row(&key).await.expect("an answer");
                read.push((key, row));
            }
            let applied = change.apply(&Read(read), author, &Id::stored("attempt"), crate::stage::now());
            let Ok(Applied::Writes(writes)) = applied else { unreachable!("it is written: {applied:?}") };
            let facts = writes.facts.iter().map(|put| format!("{:?} in {}", put.values, put.table.name)).collect();
            self.asked.lock().expect("nobody panicked").push(facts);
            Err(WriteError::Refused("not now.".to_owned()))
        })
    }

    fn replay<'a>(&'a self, _: &'a str, _: &'a [AuditLine]) -> Written<'a, Option<Head>> {
        Box::pin(async { Ok(None) })
    }
}

/// Of an action on alerts: what the store would write is what it would write without the edit. What a note says is the document's own, and
/// stands in it once.
async fn no_edit_widens_of_alerts(id: &str) {
    let shop = alerts::shop();
    let world = World {
        words: vec![crate::taking::word(&shop[0], "lee", "the provider is slow")],
        notes: vec![crate::noting::note(&shop[0], "1", "lee", "since noon", 60)],
        ..World::of(shop.clone())
    };
    let hands = Arc::new(Refusing { world: world.clone(), asked: Mutex::default() });
    let planner = world.planner();
    let given = if action(id).takes("text") { Given::default().with("text", "mine") } else { Given::default() };
    let alert = AlertRef {
        environment: "production".into(),
        fingerprint: shop[0].key.to_string(),
        name: shop[0].title().to_owned(),
    };
    let options = Options { given, ..Options::default() };
    let plan = planner.plan(action(id), &[Subject::Alert(alert)], &options).await.expect("a plan");
    no_edit_of((id, &plan, 50), async |edited: &Plan| {
        let executor = |journal| Executor { store: Some(hands.clone()), ..local(&planner, journal) };
        let (phase, begun) = apart(executor, edited).await;
        let sent = std::mem::take(&mut *hands.asked.lock().expect("nobody panicked"));
        let text = edited.targets.first().and_then(|target| target.given.text("text")).unwrap_or_default();
        let without = |fact: String| fact.replace(&format!("Some({text:?})"), "TEXT");
        let sent = sent.into_iter().map(|facts: Vec<String>| facts.into_iter().map(without).collect::<Vec<_>>());
        (phase, sent.collect(), begun)
    })
    .await;
}

macro_rules! of_every_action {
    ($($name:ident: $tried:ident $id:literal,)+) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            $tried($id).await;
        })+

        #[test]
        fn no_action_is_left_out() {
            // What stands in the store, beside what is said of alerts, is tried where its other promises are.
            let elsewhere = |about: &About| about.on.is_stored() && about.on != SubjectKind::Alert;
            let tried = [$($id),+];
            let all = catalog::SHIPPED.all().map(Action::about).filter(|about| !elsewhere(about));
            assert!(all.into_iter().all(|about| tried.contains(&about.id)));
        }
    };
}

of_every_action! {
    no_edit_widens_a_rollback: no_edit_widens "rollback",
    no_edit_widens_a_restart: no_edit_widens "restart",
    no_edit_widens_the_restart_of_a_pod: no_edit_widens "restart-pod",
    no_edit_widens_a_pause: no_edit_widens "pause",
    no_edit_widens_a_resume: no_edit_widens "resume",
    no_edit_widens_a_scaling: no_edit_widens "scale",
    no_edit_widens_an_image: no_edit_widens "set-image",
    no_edit_widens_a_maintenance: no_edit_widens "maintenance-on",
    no_edit_widens_a_longer_maintenance: no_edit_widens "maintenance-extend",
    no_edit_widens_the_end_of_a_maintenance: no_edit_widens "maintenance-off",
    no_edit_widens_a_run_now: no_edit_widens_on_a_cron_job "run-now",
    no_edit_widens_a_suspension: no_edit_widens_on_a_cron_job "suspend",
    no_edit_widens_a_resumption: no_edit_widens_on_a_cron_job "resume-cronjob",
    no_edit_widens_an_acknowledgement: no_edit_widens_of_alerts "acknowledge",
    no_edit_widens_one_that_is_given_back: no_edit_widens_of_alerts "unacknowledge",
    no_edit_widens_a_note: no_edit_widens_of_alerts "note",
    no_edit_widens_the_change_of_a_note: no_edit_widens_of_alerts "edit-note",
    no_edit_widens_a_note_that_is_taken_back: no_edit_widens_of_alerts "withdraw-note",
    no_edit_widens_a_silence: no_edit_widens_of_silences "silence",
    no_edit_widens_the_change_of_a_silence: no_edit_widens_of_silences "change-silence",
    no_edit_widens_the_end_of_a_silence: no_edit_widens_of_silences "expire-silence",
    no_edit_widens_a_command: no_edit_widens_in_a_pod "exec",
    no_edit_widens_a_port: no_edit_widens_in_a_pod "port-forward",
    no_edit_widens_a_failover: no_edit_widens_of_databases "failover",
    no_edit_widens_a_pause_of_failover: no_edit_widens_of_databases "pause-failover",
    no_edit_widens_its_end: no_edit_widens_of_databases "resume-failover",
}
