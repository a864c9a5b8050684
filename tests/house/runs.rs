//! The executor beyond what every action owes: waves, lost processes, rehearsals that cannot run, who applies what.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use quarterdeck::actions::journal::{Journal, What, chains, unfinished};
use quarterdeck::actions::{Executor, Options, Planner, catalog};
use quarterdeck::domain::action::{
    Actor, Consent, OperationRecord, Phase, RECORD_KEY, Rehearsal as Dry, Request, RunEvent,
};
use quarterdeck::sandbox::Fault;
use quarterdeck::sources::error::{SourceError, Trouble};
use quarterdeck::sources::observe::{Answer, ObserveCluster};
use quarterdeck::sources::operate::{OperateCluster, RehearseCluster, Reply};
use tokio::sync::mpsc;

use crate::actions::{Rig, Way, on_workloads};
use crate::pins::{disturbed, is_followed};

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
    let action = catalog::SHIPPED.named("rollback").expect("there is one");
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
    let action = catalog::SHIPPED.named("restart").expect("there is one");
    let plan = rig.plan(action, &["api"]).await;
    let applier = Actor { os_user: "rico".into(), host: "laptop".into(), ..Actor::default() };
    rig.executor.planner.actor = applier;
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
    let plan = rig.plan(catalog::SHIPPED.named("restart").expect("there is one"), &["api", "web"]).await;
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
    let plan = rig
        .planner
        .plan(catalog::SHIPPED.named("restart").expect("there is one"), &targets, &options)
        .await
        .expect("a plan");
    assert_eq!(plan.waves(), [[0, 1]]);
    assert_eq!(rig.confirmed(&plan).await.phase, Phase::Done);
    let held: Vec<_> = rig.sent().into_iter().map(|(_, held)| held).collect();
    assert_eq!(held[1], [What::Begun, What::Intent, What::Accepted, What::Intent], "sent before the first was settled");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_nobody_knows_of_one_target_no_other_of_its_wave_is_changed() {
    let targets = [Rig::workload("api"), Rig::workload("web")];
    let options = Options { wave: Some(2), ..Options::default() };
    for (way, ends) in [
        (Way::Swallowed, [Phase::Unknown, Phase::Aborted]),
        // It arrived, which is seen before the next is sent.
        (Way::AnswerLost, [Phase::Done, Phase::Done]),
    ] {
        let rig = Rig::open().await;
        let restart = catalog::SHIPPED.named("restart").expect("there is one");
        let plan = rig.planner.plan(restart, &targets, &options).await.expect("a plan");
        rig.take(way);
        let run = rig.confirmed(&plan).await;
        assert_eq!(run.targets.iter().map(|target| target.phase).collect::<Vec<_>>(), ends, "{way:?}: {run:?}");
        let second = rig.sent().into_iter().nth(1).map(|(_, held)| held);
        let before = (way == Way::AnswerLost).then(|| vec![What::Begun, What::Intent, What::AnswerLost, What::Intent]);
        assert_eq!(second, before, "{way:?}");
    }
}

/// Puts the machine to sleep for eight hours as soon as its journal holds such a line.
fn sleep_after(rig: &mut Rig, line: What) {
    let (awake, folder) = (rig.executor.planner.clock.clone(), rig.folder.path().to_path_buf());
    rig.executor.planner.clock = Arc::new(move || {
        let lines = chains(&folder).unwrap_or_default().into_iter().flat_map(|chain| chain.lines);
        let has_slept = lines.map(|known| known.entry.what).any(|what| what == line);
        awake() + if has_slept { TimeDelta::hours(8) } else { TimeDelta::zero() }
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_machine_that_slept_before_a_target_does_not_begin_with_it() {
    let mut rig = Rig::open().await;
    let plan = rig.plan(catalog::SHIPPED.named("restart").expect("there is one"), &["api"]).await;
    sleep_after(&mut rig, What::Begun);
    let run = rig.confirmed(&plan).await;
    assert_eq!((run.phase, rig.sent().len()), (Phase::Refused, 0), "{run:?}");
    assert!(run.targets[0].words.contains("the time in which it was to begin is over"), "{run:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_machine_that_slept_between_two_targets_does_not_begin_with_the_second() {
    let mut rig = Rig::open().await;
    let plan = rig.plan(catalog::SHIPPED.named("restart").expect("there is one"), &["api", "web"]).await;
    sleep_after(&mut rig, What::Settled);
    let run = rig.confirmed(&plan).await;
    let ends: Vec<_> = run.targets.iter().map(|target| target.phase).collect();
    assert_eq!((ends, rig.sent().len()), (vec![Phase::Done, Phase::Refused], 1), "{run:?}");
    assert!(run.targets[1].words.contains("the time in which it was to begin is over"), "{run:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_machine_that_slept_while_it_verified_judges_what_is_now() {
    for is_answered in [true, false] {
        let rig = Rig::open().await;
        let plan = rig.plan(catalog::SHIPPED.named("restart").expect("there is one"), &["api"]).await;
        let sleep = async {
            let faults = rig.sandbox.faults();
            if is_answered {
                // It comes to its end while nobody tells; then the machine wakes up.
                faults.mute("/api");
                let complete = async || {
                    let facts = rig.connection.workload(&Rig::workload("api")).await.expect("the workload");
                    facts.report.is_complete()
                };
                while !complete().await {
                    tokio::task::yield_now().await;
                }
                rig.ahead.fetch_add(8 * 3_600, Ordering::SeqCst);
                faults.break_connections();
            } else {
                faults.set("/apis/apps", Fault::Hang);
                rig.ahead.fetch_add(8 * 3_600, Ordering::SeqCst);
            }
        };
        let run = disturbed(&rig, &plan, is_followed, sleep).await;
        let words = &run.targets[0].words;
        if is_answered {
            // By what is seen now, never by what was read before the sleep.
            assert_eq!(run.phase, Phase::Done, "{run:?}");
        } else {
            assert_eq!(run.phase, Phase::Unknown, "nobody knows how it is now: {run:?}");
            assert!(words.contains("could still not be read"), "{words}");
        }
    }
}

/// Hands of a cluster where a webhook puts something into every template, but not when it is only rehearsed.
struct Webhook(Arc<crate::actions::Spy>);

impl OperateCluster for Webhook {
    fn send<'a>(&'a self, request: &'a Request, audit_id: &'a str) -> Answer<'a, Reply> {
        Box::pin(async move {
            let mut request = request.clone();
            for operation in request.body.as_array_mut().into_iter().flatten() {
                if operation["path"] == "/spec/template" && operation["op"] == "replace" {
                    operation["value"]["spec"]["priorityClassName"] = "injected".into();
                }
            }
            self.0.hands().send(&request, audit_id).await
        })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_server_stored_is_verified_and_nobody_is_blamed_for_a_webhook() {
    let mut rig = Rig::open().await;
    rig.executor.operate = Arc::new(Webhook(rig.spy.clone()));
    let plan = rig.plan(catalog::SHIPPED.named("restart").expect("there is one"), &["api"]).await;
    let run = rig.confirmed(&plan).await;
    assert_eq!(run.phase, Phase::Done, "{run:?}");
    let lines = chains(rig.folder.path()).expect("a journal").into_iter().flat_map(|chain| chain.lines);
    let accepted = lines.into_iter().find(|line| line.entry.what == What::Accepted).expect("it was accepted");
    assert_eq!(accepted.entry.aims.len(), 1, "a process that takes over verifies the same");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_own_run_that_ended_unknown_warns_and_locks_nobody_out() {
    let rig = Rig::seen_as("demo-production", 100).await;
    let restart = catalog::SHIPPED.named("restart").expect("there is one");
    let first = rig.plan(restart, &["api"]).await;
    rig.spy.hands().send(&first.targets[0].steps[0].request, &first.id).await.expect("accepted");
    let held = rig.plan(restart, &["api"]).await;
    assert!(held.refusals.join(" ").contains("operator is running restart"), "a run under way: {:?}", held.refusals);
    rig.planner.ended.lock().expect("nobody panicked").insert(first.id.clone(), Phase::Unknown);
    let second = rig.plan(restart, &["api"]).await;
    assert!(second.is_applicable(), "{:?}", second.refusals);
    let warnings = second.targets[0].warnings.join(" ");
    assert!(warnings.contains("Your own restart") && warnings.contains("ended UNKNOWN"), "{warnings}");
    rig.planner.ended.lock().expect("nobody panicked").insert(first.id, Phase::Done);
    let third = rig.plan(restart, &["api"]).await;
    assert!(!third.targets[0].warnings.join(" ").contains("ended"), "what ended well is over");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_server_accepted_is_remembered_by_the_next_process() {
    let rig = Rig::seen_as("demo-production", 5).await;
    let plan = rig.plan(catalog::SHIPPED.named("restart").expect("there is one"), &["api"]).await;
    let (events, mut told) = mpsc::channel(64);
    let given = Consent { typed: plan.confirmation.word.clone(), reason: None };
    // The process dies right after the answer.
    tokio::select! {
        run = rig.executor.execute(&plan, &given, &events) => panic!("it ended before it could be stopped: {run:?}"),
        () = async { while !matches!(told.recv().await, Some((_, RunEvent::Accepted { .. }))) {} } => {}
    }
    // A colleague's action has put its own record there since.
    let colleague = rig.plan(catalog::SHIPPED.named("scale").expect("there is one"), &["api"]).await;
    assert!(!colleague.is_applicable(), "theirs is refused; on their machine they may override");
    rig.spy.hands().send(&colleague.targets[0].steps[0].request, &colleague.id).await.expect("accepted");
    *rig.executor.journal.lock().expect("nobody panicked") = Journal::new(rig.folder.path());
    let left = unfinished(&chains(rig.folder.path()).expect("a journal"));
    assert_eq!(left[0].accepted.iter().copied().collect::<Vec<_>>(), [0]);
    let (events, mut told) = mpsc::channel(64);
    let next = Executor { journal: Arc::new(Mutex::new(Journal::new(rig.folder.path()))), ..rig.executor.clone() };
    let resumed = async {
        let run = next.resume(&left[0], &events).await;
        drop(events);
        run
    };
    let run = tokio::join!(resumed, async { while told.recv().await.is_some() {} }).0;
    assert_eq!(run.phase, Phase::Done, "its record is gone, its acceptance is not: {run:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_of_before_is_verified_though_the_journal_cannot_be_written() {
    let rig = Rig::open().await;
    let plan = rig.plan(catalog::SHIPPED.named("restart").expect("there is one"), &["api"]).await;
    rig.take(Way::Held);
    tokio::select! {
        run = rig.confirmed(&plan) => panic!("it ended before it could be stopped: {run:?}"),
        () = rig.spy.arrived.notified() => {}
    }
    *rig.executor.journal.lock().expect("nobody panicked") = Journal::new(rig.folder.path());
    let left = unfinished(&chains(rig.folder.path()).expect("a journal"));
    let blocked = tempfile::tempdir().expect("a folder");
    std::fs::write(blocked.path().join("journal"), "in the way").expect("a file of ours");
    let (events, mut told) = mpsc::channel(64);
    let next = Executor { journal: Arc::new(Mutex::new(Journal::new(blocked.path()))), ..rig.executor.clone() };
    let resumed = async {
        let run = next.resume(&left[0], &events).await;
        drop(events);
        run
    };
    let mut said = Vec::new();
    let listening = async {
        while let Some((_, event)) = told.recv().await {
            if let RunEvent::Noted { words } = event {
                said.push(words);
            }
        }
    };
    let run = tokio::join!(resumed, listening).0;
    assert_eq!(run.phase, Phase::Done, "looking needs no journal: {run:?}");
    assert!(said.iter().any(|words| words.contains("a line of the journal is lost")), "and it is said: {said:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_settled_before_is_not_settled_again() {
    let rig = Rig::open().await;
    let plan = rig.plan(catalog::SHIPPED.named("restart").expect("there is one"), &["api", "web"]).await;
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
    let action = catalog::SHIPPED.named("restart").expect("there is one");
    let rig = Rig::seen_as("demo-production", 100).await;
    let before = record(&rig.plan(action, &["api"]).await).started;
    // This console's clock is two hours ahead of everybody's.
    rig.ahead.store(7_200, Ordering::SeqCst);
    let plan = rig.plan(action, &["api"]).await;
    let written = record(&plan).started;
    assert!((written - before).abs() < TimeDelta::minutes(1), "{written} is the cluster's time, not ours");
    rig.spy.hands().send(&plan.targets[0].steps[0].request, &plan.id).await.expect("accepted");
    let second = rig.plan(catalog::SHIPPED.named("rollback").expect("there is one"), &["api"]).await;
    let words = second.refusals.join(" ");
    assert!(words.contains("operator is running restart on it"), "a record of a minute ago is live: {words}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_without_rights_gets_a_plan_that_says_so() {
    // A viewer cannot pause anything either, and what is not paused is not resumed.
    for action in on_workloads().filter(|action| !matches!(action.id(), "resume" | "restart-pod")) {
        let rig = Rig::seen_as("demo-viewer", 1).await;
        let plan = rig.plan(action, &["api"]).await;
        assert!(!plan.is_applicable());
        assert!(plan.refusals.iter().any(|words| words.contains("viewer may not patch")), "{:?}", plan.refusals);
        rig.nothing_was_sent(&rig.confirmed(&plan).await, "viewer may not patch");
    }
}
