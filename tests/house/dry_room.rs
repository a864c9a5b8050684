//! An action made up here, of steps in two environments, carried out by the shipped contract: what is to come (failover, maintenance mode)
//! needs no more than such a file.
//!
//! It moves a workload out of one environment once its double in another is well: it remembers how many pods there were, stops them, waits
//! for the double, and writes there what it takes over. From there on it only leads forward.

use std::ffi::OsString;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use quarterdeck::actions::catalog::{self, Catalog};
use quarterdeck::actions::journal::{What, chains, unfinished};
use quarterdeck::actions::{
    About, Action, Context, Draft, Executor, Observation, Options, Planner, Refusal, held_off, step_patch,
};
use quarterdeck::app::Effect;
use quarterdeck::cli::Cli;
use quarterdeck::domain::action::{
    BlastRadius, Field, FieldKind, Given, Inverse, Judgement, Part, Phase, Pin, Plan, RECORD_KEY, Request, Run, Step,
    StepState, Tier,
};
use quarterdeck::domain::rollout::WorkloadRef;
use quarterdeck::domain::source::SourceState;
use quarterdeck::domain::subject::Subject;
use quarterdeck::sources::observe::{ObserveCluster, WorkloadFacts};
use quarterdeck::sources::operate::OperateCluster;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::actions::{NAMESPACE, Rig, Way};
use crate::stage::{Stage, shop, text};

/// Where what was is remembered, and where it is handed on.
const WAS: &str = "/metadata/annotations/example.dev~1was";
const REPLICAS: &str = "/spec/replicas";
const TAKEN: &str = "/metadata/annotations/example.dev~1taken";

const TO: Field = Field {
    id: "double",
    kind: FieldKind::Line,
    value: "ENVIRONMENT",
    noun: "an environment",
    words: "Where its double is.",
    is_needed: true,
};

pub(crate) struct Relocate;

/// The shipped contract, and one line more.
pub(crate) const CATALOG: Catalog = Catalog(&[&Relocate]);

impl Action for Relocate {
    fn about(&self) -> &'static About {
        &About {
            id: "relocate",
            command: "action.relocate",
            title: "Relocate",
            word: "RELOCATE",
            fields: &[TO],
            ..About::ON_WORKLOAD
        }
    }

    fn reads(&self, subject: &Subject, given: &Given) -> Vec<Subject> {
        let (Some(workload), Some(environment)) = (subject.workload(), given.text(TO.id)) else { return Vec::new() };
        vec![Subject::Workload(WorkloadRef { environment: environment.into(), ..workload.clone() })]
    }

    fn judge(&self, step: &Step, seen: &Observation) -> Judgement {
        match (step.part, seen.workload()) {
            (Part::Gate, Ok(double)) if double.report.counts.available < 2 => {
                Judgement::Waiting(format!("{} of 2 pods of its double are available", double.report.counts.available))
            }
            _ => step.judge(seen.document()),
        }
    }

    fn draft(&self, seen: &Observation, given: &Given, context: Context<'_>) -> Result<Draft, Refusal> {
        let own = seen.workload()?;
        let double = context.beside.first().ok_or_else(|| Refusal("where is its double?".into()))?.workload()?;
        let at = |facts: &WorkloadFacts, path: &str| facts.object.pointer(path).cloned().unwrap_or(Value::Null);
        let was = at(own, WAS);
        if !at(double, TAKEN).is_null() {
            return Err(Refusal("its double has taken over already.".into()));
        }
        let count = was.as_str().and_then(|count| count.parse().ok()).unwrap_or(own.report.counts.desired);
        let step = |part, id: &str, facts: &WorkloadFacts, words: &str, request: Request| {
            Step::in_order(part, id, (Subject::Workload(facts.workload.clone()), &*facts.uid), words, request)
        };
        let set = |facts: &WorkloadFacts, path: &str, value: Value| {
            step_patch(facts, &[], vec![json!({"op": "add", "path": path, "value": value})])
        };
        let remembered = json!(count.to_string());
        let forget = step_patch(own, &[], vec![json!({"op": "remove", "path": WAS})]);
        let (hold, release) = held_off(own, context.record);
        let (hold_double, release_double) = held_off(double, context.record);
        let is_stopped = !was.is_null() && own.report.counts.desired == 0;
        let none = Request::default();
        let steps = vec![
            hold,
            hold_double,
            step(Part::Prepare, "remember", own, "Remember how many there were.", set(own, WAS, remembered.clone()))
                .expecting(WAS, remembered.clone())
                .taken_back("Forget it.", forget, WAS, Value::Null)
                .done(!was.is_null()),
            step(Part::Change, "stop", own, "Stop its pods.", set(own, REPLICAS, json!(0)))
                .expecting(REPLICAS, json!(0))
                .taken_back("Start its pods again.", set(own, REPLICAS, json!(count)), REPLICAS, json!(count))
                .done(is_stopped),
            step(Part::Gate, "wait", double, "Its double is well.", none).within(60),
            step(Part::Change, "hand-over", double, "Let its double take over.", set(double, TAKEN, Value::Null))
                .expecting(TAKEN, remembered)
                .using("remember", WAS, "/1/value")
                .without_return(),
            release_double,
            release,
        ];
        Ok(Draft {
            from: format!("{count} pods here"),
            to: format!("its double in {}", double.workload.environment),
            given: given.clone(),
            pins: vec![Pin { path: "/metadata/uid".into(), value: json!(&*own.uid) }],
            steps,
            template: own.template().clone(),
            tier: Tier::T2,
            blast: BlastRadius {
                pods: count,
                at_most: count,
                is_outage: false,
                words: "all of its pods are stopped".into(),
            },
            expected: "its double has taken over".into(),
            inverse: Inverse { words: "Relocate it back.".into(), command: None },
            ..Draft::default()
        })
    }
}

/// The steps that change something, by their places in the plan.
const REMEMBER: usize = 2;
const STOP: usize = 3;
const WAIT: usize = 4;
const HAND_OVER: usize = 5;

/// Two environments, and a console that acts in both.
struct Pair {
    here: Rig,
    there: Rig,
}

impl Pair {
    async fn open() -> Self {
        let (mut here, mut there) = (Rig::open().await, Rig::open().await);
        there.planner.environment = "double".into();
        let elsewhere = here.planner.elsewhere.clone();
        for rig in [&mut here, &mut there] {
            rig.planner = Planner { catalog: CATALOG, elsewhere: elsewhere.clone(), ..rig.planner.clone() };
            rig.executor = Executor { planner: rig.planner.clone(), ..rig.executor.clone() };
        }
        elsewhere.put(there.executor.clone());
        Self { here, there }
    }

    /// A console of somebody else on the same two clusters, which knows nothing of what this one's journal says.
    fn another(&self, folder: &std::path::Path) -> Executor {
        let journal = Arc::new(std::sync::Mutex::new(quarterdeck::actions::journal::Journal::new(folder)));
        let planner = Planner { ended: Arc::default(), ..self.here.planner.clone() };
        Executor { planner, journal, operate: Arc::new(self.here.spy.hands().clone()), ..self.here.executor.clone() }
    }

    async fn plan(&self) -> Plan {
        self.plan_by(&self.here.planner, false).await
    }

    async fn plan_by(&self, planner: &Planner, overrides_record: bool) -> Plan {
        let given = Given::default().with(TO.id, "double");
        let options = Options { given, overrides_record, ..Options::default() };
        planner.plan(&Relocate, &[Rig::workload("api")], &options).await.expect("a plan")
    }

    /// The replicas here, what is remembered here, what was handed on, and whether others are held off here or there.
    async fn world(&self) -> (u64, Value, Value, bool) {
        let (own, double) = (self.here.object("api").await, self.there.object("api").await);
        let is_held = |object: &Value| object["metadata"]["annotations"].get(RECORD_KEY).is_some();
        (
            own["spec"]["replicas"].as_u64().expect("a number"),
            own.pointer(WAS).cloned().unwrap_or_default(),
            double.pointer(TAKEN).cloned().unwrap_or_default(),
            is_held(&own) || is_held(&double),
        )
    }

    async fn untouched(&self) -> bool {
        self.world().await == (2, Value::Null, Value::Null, false)
    }

    async fn moved(&self) -> bool {
        self.world().await == (0, json!("2"), json!("2"), false)
    }

    /// Some lines of the journal here, about steps.
    fn told(&self) -> Vec<(What, Option<usize>, bool)> {
        let lines = chains(self.here.folder.path()).expect("a journal").into_iter().flat_map(|chain| chain.lines);
        lines.map(|line| (line.entry.what, line.entry.step, line.entry.is_undo)).collect()
    }

    /// How many pods of the double are available.
    async fn double_has(&self, pods: u64) {
        let request = Request {
            method: "PATCH".into(),
            path: format!("/apis/apps/v1/namespaces/{NAMESPACE}/deployments/api?fieldManager=somebody"),
            content_type: "application/merge-patch+json".into(),
            body: json!({"spec": {"replicas": pods}}),
        };
        self.there.spy.hands().send(&request, "somebody").await.expect("accepted");
        let double = Rig::workload("api");
        while u64::from(self.there.connection.workload(&double).await.expect("it").report.counts.available) != pods {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_of_steps_in_two_environments_shows_each_and_is_carried_out() {
    let pair = Pair::open().await;
    let plan = pair.plan().await;
    assert!(plan.is_applicable(), "{:?}", plan.refusals);
    assert!(pair.untouched().await && pair.here.sent().is_empty(), "planning changes nothing");
    let target = &plan.targets[0];
    assert!(target.warnings.iter().any(|words| words.starts_with("IT ALSO ACTS IN double")), "{:?}", target.warnings);
    assert!(
        target.steps[WAIT].said().contains("waits for it")
            && target.steps[HAND_OVER].said().contains("POINT OF NO RETURN")
    );
    let run = pair.here.confirmed(&plan).await;
    assert_eq!(run.phase, Phase::Done, "{run:?}");
    assert!(run.targets[0].steps.values().all(|state| *state == StepState::Reached), "{run:?}");
    assert!(pair.moved().await, "{:?}", pair.world().await);
    for step in (0..8).filter(|step| *step != WAIT) {
        let of_step: Vec<What> =
            pair.told().into_iter().filter(|line| line.1 == Some(step)).map(|line| line.0).collect();
        assert_eq!(of_step, [What::Intent, What::Accepted, What::Settled], "step {step}");
    }
    // What was sent was on disk before.
    for (place, (_, held)) in pair.here.sent().iter().enumerate() {
        assert!(held.iter().filter(|what| **what == What::Intent).count() > place, "request {place}: {held:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_get_there_is_taken_back_before_the_point_of_no_return() {
    let pair = Pair::open().await;
    pair.double_has(0).await;
    let plan = pair.plan().await;
    let until = async {
        while !pair.told().iter().any(|line| line.1 == Some(WAIT)) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        // The double never comes.
        pair.here.ahead.fetch_add(3 * 60, Ordering::SeqCst);
        pair.there.sandbox.faults().break_connections();
    };
    let (run, ()) = tokio::join!(pair.here.confirmed(&plan), until);
    assert_eq!(run.phase, Phase::Compensated, "{run:?}");
    assert!(pair.untouched().await, "{:?}", pair.world().await);
    let undone: Vec<Option<usize>> =
        pair.told().iter().filter(|line| line.2 && line.0 == What::Intent).map(|line| line.1).collect();
    assert_eq!(undone, [Some(STOP), Some(REMEMBER), Some(1), Some(0)], "the last first");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn past_the_point_of_no_return_it_leads_forward_alone() {
    let pair = Pair::open().await;
    let plan = pair.plan().await;
    let is_handed = async {
        while !pair.there.sent().iter().any(|(request, _)| request.body.to_string().contains("example.dev~1taken")) {
            tokio::task::yield_now().await;
        }
    };
    // The answer to the last step is lost, and somebody writes something else over it.
    pair.there.take(Way::AnswerLost);
    let (run, ()) = tokio::join!(pair.here.confirmed(&plan), is_handed);
    assert_eq!(run.phase, Phase::Done, "a lost answer is looked up: {run:?}");
    let lost = pair.told().into_iter().any(|line| line == (What::AnswerLost, Some(HAND_OVER), false));
    assert!(lost && pair.moved().await, "{:?}", pair.world().await);
    let handed = pair.there.sent().iter().filter(|(request, _)| request.body.to_string().contains("taken")).count();
    assert_eq!(handed, 1, "nothing is sent twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_nobody_saw_arrive_is_unknown_and_nothing_follows() {
    let pair = Pair::open().await;
    let plan = pair.plan().await;
    let swallow = async {
        while !pair.told().contains(&(What::Settled, Some(1), false)) {
            tokio::task::yield_now().await;
        }
        pair.there.take(Way::Swallowed);
    };
    // Time flies by the clock of the console there alone; what is waited for is by that of the one here.
    let hurry = async {
        while !pair.told().iter().any(|line| line.0 == What::AnswerLost) {
            tokio::task::yield_now().await;
        }
        pair.here.ahead.fetch_add(60, Ordering::SeqCst);
        pair.there.sandbox.faults().break_connections();
    };
    let (run, (), ()) = tokio::join!(pair.here.confirmed(&plan), swallow, hurry);
    assert_eq!(run.phase, Phase::Unknown, "{run:?}");
    assert_eq!(pair.world().await, (0, json!("2"), Value::Null, true), "as it was left");
    assert!(!pair.told().iter().any(|line| line.2), "nobody knows enough to take anything back");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn others_are_held_off_until_it_is_over() {
    let pair = Pair::open().await;
    pair.double_has(0).await;
    let plan = pair.plan().await;
    let beside = async {
        while !pair.told().iter().any(|line| line.1 == Some(WAIT)) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let other = pair.another(folder.path());
        let second = pair.plan_by(&other.planner, false).await;
        assert!(second.refusals.iter().any(|words| words.contains("is running relocate")), "{:?}", second.refusals);
        pair.double_has(2).await;
    };
    let (run, ()) = tokio::join!(pair.here.confirmed(&plan), beside);
    assert_eq!(run.phase, Phase::Done, "{run:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_console_told_to_leave_takes_back_what_it_did() {
    let pair = Pair::open().await;
    pair.double_has(0).await;
    let plan = pair.plan().await;
    let leave = async {
        // In front of the gate, which would stay shut for a minute.
        while !pair.told().contains(&(What::Intent, Some(WAIT), false)) {
            tokio::task::yield_now().await;
        }
        pair.here.leave();
    };
    let (run, ()) = tokio::join!(pair.here.confirmed(&plan), leave);
    assert_eq!(run.phase, Phase::Compensated, "{run:?}");
    assert!(pair.untouched().await, "{:?}", pair.world().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_line_of_the_journal_another_console_goes_on_from_what_is_there() {
    let whole = {
        let pair = Pair::open().await;
        pair.here.confirmed(&pair.plan().await).await;
        pair.told().len()
    };
    for lines in 1..whole {
        let pair = Pair::open().await;
        let plan = pair.plan().await;
        let dead = async {
            while pair.told().len() < lines {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            biased;
            () = dead => {}
            _ = pair.here.confirmed(&plan) => {}
        }
        let left = unfinished(&chains(pair.here.folder.path()).expect("a journal"));
        // Whoever looks at it next is told, and nothing is sent for it.
        if let Some(run) = left.first() {
            let (events, mut told) = mpsc::channel(64);
            let listening = async { while told.recv().await.is_some() {} };
            let resumed = async {
                let run: Run = pair.here.executor.resume(run, &events).await;
                drop(events);
                run
            };
            let before = pair.here.sent().len();
            let (resumed, ()) = tokio::join!(resumed, listening);
            let is_begun = pair.told().iter().any(|line| line.1.is_some());
            let expected = if is_begun { Phase::NeedsHuman } else { Phase::Aborted };
            assert_eq!((resumed.phase, pair.here.sent().len()), (expected, before), "{lines}: {resumed:?}");
        }
        let folder = tempfile::tempdir().expect("a folder");
        let other = pair.another(folder.path());
        let again = pair.plan_by(&other.planner, true).await;
        if !again.is_applicable() {
            assert!(
                again.refusals.iter().any(|words| words.contains("taken over already")),
                "{lines}: {:?}",
                again.refusals
            );
            assert_eq!(pair.world().await.2, json!("2"), "{lines}");
            continue;
        }
        let run = pair.here.execute_by(&other, &again, &again.confirmation.word).await;
        assert_eq!(run.phase, Phase::Done, "{lines}: {run:?}");
        assert!(pair.moved().await, "{lines}: {:?}", pair.world().await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_grant_there_nothing_is_done_here() {
    let pair = Pair::open().await;
    let read_only =
        Planner { grant: Err("write is not set there.".into()), rehearse: None, ..pair.there.planner.clone() };
    pair.here.planner.elsewhere.put(Executor { planner: read_only, ..pair.there.executor.clone() });
    let plan = pair.plan().await;
    assert!(plan.refusals.iter().any(|words| words == "write is not set there."), "{:?}", plan.refusals);
    let run = pair.here.confirmed(&plan).await;
    assert_eq!((run.phase, pair.here.sent().len()), (Phase::Refused, 0), "{run:?}");
    assert!(pair.untouched().await);
}

/// By its line in the catalogue that a console is given it has its place in the menu, on the palette and on the command line.
#[test]
fn its_line_in_the_catalogue_is_all_it_takes() {
    let mut stage = Stage::new();
    stage.model.catalog = CATALOG;
    stage.see(shop(), SourceState::Fresh);
    stage.press("a");
    let menu = text(&stage.body(120, 40));
    assert!(menu.contains("Relocate") && !menu.contains("Roll back"), "{menu}");
    stage.press("esc");
    stage.press(":");
    stage.type_text("relo");
    assert!(text(&stage.body(120, 40)).contains("plan: relocate"));
    stage.press("esc");
    stage.press(":");
    stage.type_text("relocate payments --double staging");
    let asked = stage.later("enter");
    let is_planned = |effect: &Effect| match effect {
        Effect::Plan(request) => request.action == "relocate" && request.options.given.text(TO.id) == Some("staging"),
        _ => false,
    };
    assert!(asked.iter().any(is_planned), "{asked:?}");

    let line = || ["quarterdeck", "plan", "relocate", "deployment/api", "--double", "staging"].map(OsString::from);
    assert!(Cli::read(CATALOG, line()).is_ok());
    let unknown = Cli::read(catalog::SHIPPED, line()).expect_err("nobody has such a field");
    assert!(unknown.to_string().contains("--double"), "{unknown}");
}
