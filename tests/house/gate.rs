//! The gate: a plan document is not trusted. Whatever is edited in one, it is refused or sends no more than the plan that is made anew.

use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use quarterdeck::actions::journal::{Entry, Journal, Line, What, chains, unfinished};
use quarterdeck::actions::{Action, Executor, Limits, Neighbour, Options, Planner, catalog};
use quarterdeck::config::Namespaces;
use quarterdeck::domain::action::{
    Confirmation, Consent, Gesture, Given, OperationRecord, Phase, Plan, RECORD_KEY, Rehearsal as Dry, Request, Tier,
};
use quarterdeck::domain::environment::Guard;
use quarterdeck::domain::store::fact::{Applied, Change, Read};
use quarterdeck::domain::store::{AuditLine, Author, Head, Id};
use quarterdeck::domain::subject::{AlertRef, SilenceRef, Subject};
use quarterdeck::sandbox::Fault;
use quarterdeck::sources::observe::ObserveCluster;
use quarterdeck::sources::operate::{NoHands, OperateCluster};
use quarterdeck::sources::store::port::{ReadStore, WriteError, WriteStore, Written};
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};

use crate::actions::{NAMESPACE, Rig, Way, options};
use crate::outside::Noting;
use crate::pins::{disturbed, is_followed};
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
fn local(planner: &Planner, journal: Arc<Mutex<Journal>>) -> Executor {
    let leaving = watch::channel(false).1;
    Executor {
        planner: planner.clone(),
        operate: Arc::new(NoHands),
        silence: None,
        pods: None,
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
            let tried = [$($id),+];
            assert!(catalog::SHIPPED.all().all(|action| tried.contains(&action.about().id)));
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
}

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
    let rig = Rig::seen_as("demo-viewer").await;
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
