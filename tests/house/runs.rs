//! The executor beyond what every action owes: waves, lost processes, rehearsals that cannot run, who applies what.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use quarterdeck::actions::journal::{Journal, What, chains, unfinished};
use quarterdeck::actions::{Executor, Options, Planner, catalog};
use quarterdeck::domain::action::{Actor, OperationRecord, Phase, RECORD_KEY, Rehearsal as Dry, Request};
use quarterdeck::sources::error::{SourceError, Trouble};
use quarterdeck::sources::observe::Answer;
use quarterdeck::sources::operate::{OperateCluster, RehearseCluster, Reply};
use tokio::sync::mpsc;

use crate::actions::{Rig, Way};

/// A rehearsal that answers as told.
struct Rehearsed(SourceError);

impl RehearseCluster for Rehearsed {
    fn rehearse<'a>(&'a self, _request: &'a Request) -> Answer<'a, Reply> {
        Box::pin(async { Err(self.0.clone()) })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dry_run_that_could_not_run_is_no_refusal() {
    let rig = Rig::open().await;
    let action = catalog::named("rollback").expect("there is one");
    let planned = |error: SourceError| {
        let planner = Planner { rehearse: Some(Arc::new(Rehearsed(error))), ..rig.planner.clone() };
        async move { planner.plan(action, &[Rig::workload("api")], &Options::default()).await.expect("a plan") }
    };
    let webhook = "admission webhook \"policy.example\" does not support dry run";
    for error in [
        SourceError::new(Trouble::Throttled, "the server is overloaded and asks to wait."),
        SourceError::new(Trouble::Unreachable, "it cannot be reached."),
        SourceError::new(Trouble::Server, "it is in trouble itself."),
        SourceError::new(Trouble::Rejected, webhook),
    ] {
        let plan = planned(error.clone()).await;
        assert_eq!(plan.rehearsal, Dry::NotChecked(error.sentence), "it says so");
        assert!(plan.is_applicable(), "and may be applied all the same: {:?}", plan.refusals);
    }
    let refused = planned(SourceError::new(Trouble::Rejected, "a policy forbids it.")).await;
    assert_eq!(refused.rehearsal, Dry::Rejected("a policy forbids it.".into()));
    assert!(!refused.is_applicable());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_journal_names_who_applies_and_who_planned() {
    let mut rig = Rig::open().await;
    let action = catalog::named("restart").expect("there is one");
    let plan = rig.plan(action, &["api"]).await;
    let applier = Actor { os_user: "rico".into(), host: "laptop".into(), ..Actor::default() };
    rig.executor.actor = applier;
    assert_eq!(rig.confirmed(&plan).await.phase, Phase::Done);
    let lines: Vec<_> =
        chains(rig.folder.path()).expect("a journal").into_iter().flat_map(|chain| chain.lines).collect();
    assert!(lines.iter().all(|line| line.entry.actor == "operator (rico@laptop)"), "{lines:?}");
    let begun = lines.iter().find(|line| line.entry.what == What::Begun).expect("it began");
    assert!(begun.entry.words.contains("Planned by operator (mori@bastion)."), "{}", begun.entry.words);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_later_target_is_claimed_for_as_long_as_it_may_have_to_wait() {
    let rig = Rig::open().await;
    let plan = rig.plan(catalog::named("restart").expect("there is one"), &["api", "web"]).await;
    let expiry = |place: usize| {
        let body = plan.targets[place].steps[0].request.body.as_array().cloned().unwrap_or_default();
        let record = body.iter().find_map(|one| {
            let is_record = one["op"] == "add" && one["path"].as_str()?.contains(&RECORD_KEY.replace('/', "~1"));
            is_record.then(|| OperationRecord::read(one["value"].as_str()?)).flatten()
        });
        record.expect("a record").expires
    };
    let wait = TimeDelta::seconds(i64::from(plan.targets[0].deadline_seconds));
    assert!(wait >= TimeDelta::seconds(60), "{wait}");
    assert!(expiry(1) - expiry(0) >= wait, "the second waits for the first");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn targets_of_one_wave_are_verified_together() {
    let rig = Rig::open().await;
    let targets = [Rig::workload("api"), Rig::workload("web")];
    let options = Options { wave: Some(2), ..Options::default() };
    let plan =
        rig.planner.plan(catalog::named("restart").expect("there is one"), &targets, &options).await.expect("a plan");
    assert_eq!(plan.waves(), [[0, 1]]);
    assert_eq!(rig.confirmed(&plan).await.phase, Phase::Done);
    let held: Vec<_> = rig.sent().into_iter().map(|(_, held)| held).collect();
    assert_eq!(held[1], [What::Begun, What::Intent, What::Accepted, What::Intent], "sent before the first was settled");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_settled_before_is_not_settled_again() {
    let rig = Rig::open().await;
    let plan = rig.plan(catalog::named("restart").expect("there is one"), &["api", "web"]).await;
    rig.take(Way::SecondHeld);
    tokio::select! {
        run = rig.confirmed(&plan) => panic!("it ended before it could be stopped: {run:?}"),
        () = rig.spy.arrived.notified() => {}
    }
    *rig.executor.journal.lock().expect("nobody panicked") = Journal::new(rig.folder.path());
    let left = unfinished(&chains(rig.folder.path()).expect("a journal"));
    let (events, mut told) = mpsc::channel(64);
    let next = Executor { journal: Arc::new(Mutex::new(Journal::new(rig.folder.path()))), ..rig.executor.clone() };
    let resumed = async {
        let run = next.resume(&left[0], &events).await;
        drop(events);
        run
    };
    let run = tokio::join!(resumed, async { while told.recv().await.is_some() {} }).0;
    assert_eq!(run.targets.iter().map(|target| target.phase).collect::<Vec<_>>(), [Phase::Done, Phase::Done]);
    let settled = rig.journal().into_iter().filter(|what| *what == What::Settled).count();
    assert_eq!(settled, 2, "once each");
}

/// The record a plan writes on its first target.
fn record(plan: &quarterdeck::domain::action::Plan) -> OperationRecord {
    let body = plan.targets[0].steps[0].request.body.as_array().cloned().unwrap_or_default();
    let written = body.iter().filter_map(|one| one["value"].as_str()).find_map(OperationRecord::read);
    written.expect("a record")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_are_written_and_read_in_the_clusters_time() {
    let action = catalog::named("restart").expect("there is one");
    let rig = Rig::open().await;
    let before = record(&rig.plan(action, &["api"]).await).started;
    // This console's clock is two hours ahead of everybody's.
    rig.ahead.store(7_200, Ordering::SeqCst);
    let plan = rig.plan(action, &["api"]).await;
    let written = record(&plan).started;
    assert!((written - before).abs() < TimeDelta::minutes(1), "{written} is the cluster's time, not ours");
    rig.spy.hands().send(&plan.targets[0].steps[0].request, &plan.id).await.expect("accepted");
    let second = rig.plan(catalog::named("rollback").expect("there is one"), &["api"]).await;
    let words = second.refusals.join(" ");
    assert!(words.contains("operator is running restart on it"), "a record of a minute ago is live: {words}");
}
