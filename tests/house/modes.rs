//! Maintenance mode on the simulated cluster: what was comes back as it was, whoever is killed in between and whoever else is at work.

use std::sync::{Arc, Mutex};

use futures_util::future::join_all;
use quarterdeck::actions::journal::{Journal, What, chains};
use quarterdeck::actions::{Action, Executor, Options, Planner};
use quarterdeck::domain::action::{Given, Phase, Plan, RECORD_KEY, Request};
use quarterdeck::domain::maintenance_mode::{MEMORY, MEMORY_KEY, Memory};
use quarterdeck::domain::subject::SubjectKind;
use quarterdeck::sources::observe::ObserveCluster;
use quarterdeck::sources::operate::OperateCluster;
use serde_json::{Value, json};

use crate::actions::{NAMESPACE, Rig, Way, options};
use crate::gate::action;

/// Whether it is an action of maintenance mode.
fn is_of_modes(action: &dyn Action) -> bool {
    action.id().starts_with("maintenance-")
}

/// Whether it is on workloads, and of one step.
pub(crate) fn is_of_one_step(action: &&'static dyn Action) -> bool {
    action.about().on == SubjectKind::Workload && !is_of_modes(*action)
}

/// What such an action is given.
pub(crate) fn given(id: &str) -> Given {
    match id {
        "maintenance-on" => Given::default().with("reason", "another disk").with("until", "2h"),
        "maintenance-extend" => Given::default().with("reason", "it takes longer").with("until", "4h"),
        _ => Given::default(),
    }
}

/// A workload in maintenance mode, where an action needs one.
pub(crate) async fn begun(rig: Rig, of: &dyn Action) -> Rig {
    if is_of_modes(of) && of.id() != "maintenance-on" {
        done(&rig, "maintenance-on", &["api"]).await;
    }
    rig
}

/// Plans an action on workloads of the shop, as one run.
async fn plan_by(planner: &Planner, id: &str, names: &[&str], options: Options) -> Plan {
    let targets: Vec<_> = names.iter().map(|name| Rig::workload(name)).collect();
    planner.plan(action(id), &targets, &options).await.expect("a plan")
}

async fn plan(rig: &Rig, id: &str, names: &[&str]) -> Plan {
    plan_by(&rig.planner, id, names, options(action(id))).await
}

/// Plans and carries it out to its end.
async fn done(rig: &Rig, id: &str, names: &[&str]) -> Plan {
    let plan = plan(rig, id, names).await;
    assert!(plan.is_applicable(), "{id}: {:?}", plan.refusals);
    let run = rig.confirmed(&plan).await;
    assert_eq!(run.phase, Phase::Done, "{id}: {run:?}");
    plan
}

/// Changes a workload as somebody else does.
async fn by_others(rig: &Rig, name: &str, body: Value) {
    let request = Request {
        method: "PATCH".into(),
        path: format!("/apis/apps/v1/namespaces/{NAMESPACE}/deployments/{name}?fieldManager=somebody"),
        content_type: "application/merge-patch+json".into(),
        body,
    };
    rig.spy.hands().send(&request, "somebody").await.expect("accepted");
    let is_seen = |object: &Value| object["metadata"]["generation"] == object["status"]["observedGeneration"];
    while !is_seen(&rig.object(name).await) {
        tokio::task::yield_now().await;
    }
}

fn memory(object: &Value) -> Option<Memory> {
    Memory::of(object).map(|read| read.expect("a memory"))
}

fn annotations(object: &Value) -> Value {
    object["metadata"].get("annotations").cloned().unwrap_or_else(|| json!({}))
}

/// A console of somebody else, which knows nothing of what this one's journal says.
fn another(rig: &Rig, folder: &std::path::Path) -> Executor {
    let planner = Planner { ended: Arc::default(), ..rig.planner.clone() };
    Executor { planner, journal: Arc::new(Mutex::new(Journal::new(folder))), ..rig.executor.clone() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_workload_goes_down_and_comes_back_byte_for_byte() {
    let rig = Rig::open().await;
    let before = rig.object("api").await;
    let on = done(&rig, "maintenance-on", &["api"]).await;
    assert!(on.targets[0].given.text("until").is_some_and(|until| until.ends_with('Z')), "the end is a time");
    let object = rig.object("api").await;
    let kept = memory(&object).expect("it is remembered");
    assert_eq!((kept.replicas, &*kept.by, &*kept.reason, &*kept.run), (2, "operator", "another disk", &*on.id));
    assert_eq!(object["spec"]["replicas"], 0);
    assert!(rig.connection.workload(&Rig::workload("api")).await.expect("it").pods.is_empty(), "no pod is left");
    assert!(annotations(&object).get(RECORD_KEY).is_none(), "others are let in again");
    let both = rig.sent().into_iter().find(|(request, _)| request.body.to_string().contains("~1maintenance\""));
    let body = both.expect("it was sent").0.body;
    let sets =
        |path: &str| body.as_array().expect("a patch").iter().any(|one| one["op"] == "add" && one["path"] == path);
    assert!(sets(MEMORY) && sets("/spec/replicas"), "both or neither: {body}");

    let again = plan(&rig, "maintenance-on", &["api"]).await;
    assert!(again.refusals.iter().any(|words| words.contains("in maintenance mode already: by operator")), "{again:?}");
    done(&rig, "maintenance-off", &["api"]).await;
    let after = rig.object("api").await;
    assert_eq!(after["spec"].to_string(), before["spec"].to_string());
    assert_eq!(annotations(&after), annotations(&before), "nothing of it is left");
    assert_eq!(after["status"]["availableReplicas"], 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_end_is_within_eight_hours_and_a_reason_is_said() {
    let rig = Rig::open().await;
    for (given, words) in [
        (Given::default().with("until", "2h"), "say why"),
        (Given::default().with("reason", "x").with("until", "9h"), "at most 8 hours"),
        (Given::default().with("reason", "x").with("until", "2020-01-01T00:00:00Z"), "over before it begins"),
    ] {
        let options = Options { given, ..Options::default() };
        let plan = plan_by(&rig.planner, "maintenance-on", &["api"], options).await;
        assert!(plan.refusals.iter().any(|said| said.contains(words)), "{words}: {:?}", plan.refusals);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_changed_meanwhile_stands_beside_what_was_and_nothing_is_written_over() {
    let rig = Rig::open().await;
    done(&rig, "maintenance-on", &["api"]).await;
    by_others(&rig, "api", json!({"spec": {"replicas": 1}})).await;
    let refused = plan(&rig, "maintenance-off", &["api"]).await;
    let words = refused.refusals.join(" ");
    assert!(words.contains("Remembered: 2 pods, by operator") && words.contains("Now it is to have 1 pod."), "{words}");
    assert!(plan(&rig, "maintenance-on", &["api"]).await.refusals.join(" ").contains("Somebody changed it meanwhile"));
    let options = Options { given: Given::default().with("replicas", 1_u64), ..Options::default() };
    let kept = plan_by(&rig.planner, "maintenance-off", &["api"], options).await;
    assert!(kept.targets[0].warnings.iter().any(|words| words.starts_with("NOT WHAT WAS")), "{kept:?}");
    let run = rig.confirmed(&kept).await;
    assert_eq!(run.phase, Phase::Done, "{run:?}");
    let object = rig.object("api").await;
    assert_eq!((&object["spec"]["replicas"], memory(&object)), (&json!(1), None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_others_took_down_is_never_guessed() {
    let rig = Rig::open().await;
    by_others(&rig, "api", json!({"spec": {"replicas": 0}})).await;
    let words = |plan: &Plan| plan.refusals.join(" ");
    assert!(words(&plan(&rig, "maintenance-on", &["api"]).await).contains("taken down by other hands"));
    let refused = words(&plan(&rig, "maintenance-off", &["api"]).await);
    assert!(refused.contains("nothing is remembered") && refused.contains("--replicas N"), "{refused}");
    let typed = Options { given: Given::default().with("replicas", 3_u64), ..Options::default() };
    let back = plan_by(&rig.planner, "maintenance-off", &["api"], typed).await;
    let run = rig.confirmed(&back).await;
    assert_eq!(run.phase, Phase::Done, "{run:?}");
    assert_eq!((&rig.object("api").await["spec"]["replicas"], memory(&rig.object("api").await)), (&json!(3), None));
    by_others(&rig, "api", json!({"metadata": {"annotations": {MEMORY_KEY: "replicas: 3"}}})).await;
    let edited = words(&plan(&rig, "maintenance-off", &["api"]).await);
    assert!(edited.contains("is no memory of ours") && edited.contains("replicas: 3"), "{edited}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_workloads_are_one_run_and_go_back_as_one() {
    let rig = Rig::open().await;
    by_others(&rig, "single", json!({"spec": {"replicas": 0}})).await;
    let (api, web) = (rig.object("api").await, rig.object("web").await);
    let on = plan(&rig, "maintenance-on", &["api", "web", "single"]).await;
    assert_eq!(on.targets.len(), 1, "as one: {:?}", on.refusals);
    assert!(
        on.targets[0].warnings.iter().any(|words| words.starts_with("LEFT AS IT IS: deployment.apps/single")
            || words.starts_with("LEFT AS IT IS: deployment/single")),
        "{:?}",
        on.targets[0].warnings
    );
    // The second is refused once the first is stopped: both are as they were.
    let refuse = async {
        while rig.sent().iter().filter(|(request, _)| request.body.to_string().contains("~1maintenance\"")).count() < 1
        {
            tokio::task::yield_now().await;
        }
        by_others(&rig, "web", json!({"spec": {"replicas": 1}})).await;
    };
    let (run, ()) = tokio::join!(rig.confirmed(&on), refuse);
    if run.phase == Phase::Compensated {
        assert_eq!(rig.object("api").await["spec"].to_string(), api["spec"].to_string());
        assert_eq!((memory(&rig.object("api").await), memory(&rig.object("web").await)), (None, None));
        by_others(&rig, "web", json!({"spec": {"replicas": 2}})).await;
        done(&rig, "maintenance-on", &["api", "web", "single"]).await;
    } else {
        panic!("{run:?}");
    }
    done(&rig, "maintenance-off", &["api", "web", "single"]).await;
    assert_eq!(rig.object("api").await["spec"].to_string(), api["spec"].to_string());
    assert_eq!(rig.object("web").await["spec"].to_string(), web["spec"].to_string());
    assert_eq!(rig.object("single").await["spec"]["replicas"], 0, "what was at 0 stays there");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_is_looked_for() {
    let rig = Rig::open().await;
    let plan = plan(&rig, "maintenance-on", &["api"]).await;
    rig.take(Way::AnswerLost);
    let run = rig.confirmed(&plan).await;
    assert_eq!(run.phase, Phase::Done, "{run:?}");
    assert_eq!(memory(&rig.object("api").await).map(|kept| kept.replicas), Some(2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_operators_at_once_are_one_of_them() {
    let rig = Rig::open().await;
    let first = plan(&rig, "maintenance-on", &["api"]).await;
    let folder = tempfile::tempdir().expect("a folder");
    let other = another(&rig, folder.path());
    let second = plan_by(&other.planner, "maintenance-on", &["api"], options(action("maintenance-on"))).await;
    let word = second.confirmation.word.clone();
    let (one, two) = tokio::join!(rig.confirmed(&first), rig.execute_by(&other, &second, &word));
    let ends = [one.phase, two.phase];
    assert_eq!(ends.iter().filter(|phase| **phase == Phase::Done).count(), 1, "{one:?} {two:?}");
    let kept = memory(&rig.object("api").await).expect("it is remembered");
    assert_eq!(kept.replicas, 2, "what was is not what one of them made of it");
}

/// Lines of the journal of this console.
fn lines(rig: &Rig) -> usize {
    let all = chains(rig.folder.path()).expect("a journal");
    all.iter().flat_map(|chain| &chain.lines).filter(|line| line.entry.what != What::Ended).count()
}

/// Kills a console at a line of its journal, and lets another go on and bring everything back.
async fn killed_at(id: &str, at: usize) {
    let rig = Rig::open().await;
    let spec = rig.object("api").await["spec"].to_string();
    let rig = rig.prepared(action(id)).await;
    let plan = plan(&rig, id, &["api"]).await;
    let before = lines(&rig);
    let dead = async {
        while lines(&rig) < before + at {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        biased;
        () = dead => {}
        _ = rig.confirmed(&plan) => {}
    }
    let folder = tempfile::tempdir().expect("a folder");
    let other = another(&rig, folder.path());
    let over = |id: &str| Options { overrides_record: true, ..options(action(id)) };
    for id in [id, "maintenance-off"] {
        let again = plan_by(&other.planner, id, &["api"], over(id)).await;
        if again.is_applicable() {
            let run = rig.execute_by(&other, &again, &again.confirmation.word).await;
            assert_eq!(run.phase, Phase::Done, "{id} after line {at}: {run:?}");
        } else {
            let words = again.refusals.join(" ");
            let is_over = words.contains("already") || words.contains("is not in maintenance mode");
            assert!(is_over, "{id} after line {at}: {words}");
        }
    }
    let object = rig.object("api").await;
    assert_eq!((object["spec"].to_string(), memory(&object)), (spec, None), "{id} after line {at}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_line_of_the_journal_another_console_goes_on_and_back() {
    for id in ["maintenance-on", "maintenance-off"] {
        let rig = Rig::open().await.prepared(action(id)).await;
        let before = lines(&rig);
        done(&rig, id, &["api"]).await;
        let whole: Vec<usize> = (1..lines(&rig) - before).collect();
        for several in whole.chunks(6) {
            join_all(several.iter().map(|at| killed_at(id, *at))).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_extension_moves_the_end_alone_and_the_third_is_grave() {
    let rig = Rig::open().await;
    let none = plan(&rig, "maintenance-extend", &["api"]).await;
    assert!(none.refusals.iter().any(|words| words.contains("not in maintenance mode")), "{:?}", none.refusals);
    done(&rig, "maintenance-on", &["api"]).await;
    let first = memory(&rig.object("api").await).expect("it is remembered");
    for (hours, tier) in [(3, "T1"), (4, "T1"), (5, "T3")] {
        let given = Given::default().with("reason", "it takes longer").with("until", format!("{hours}h"));
        let longer =
            plan_by(&rig.planner, "maintenance-extend", &["api"], Options { given, ..Options::default() }).await;
        assert_eq!(json!(longer.tier), tier, "{hours} h");
        let run = rig.confirmed(&longer).await;
        assert_eq!(run.phase, Phase::Done, "{run:?}");
    }
    let kept = memory(&rig.object("api").await).expect("it is remembered");
    assert!(kept.until > first.until && kept.extensions == 3 && kept.extended_because == "it takes longer");
    let without =
        |one: &Memory| Memory { until: first.until, extensions: 0, extended_because: String::new(), ..one.clone() };
    assert_eq!(without(&kept), first, "what was is as it was");
    let sooner = Given::default().with("reason", "x").with("until", "1h");
    let refused =
        plan_by(&rig.planner, "maintenance-extend", &["api"], Options { given: sooner, ..Options::default() }).await;
    assert!(refused.refusals.iter().any(|words| words.contains("say a later --until")), "{:?}", refused.refusals);
}
