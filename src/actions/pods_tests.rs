//! Sessions in pods: what is asked of the pod, what the journal keeps, and how each way to end is told.

use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;

use super::journal::{Line, What, chains, unfinished};
use super::pods::{Attach, Gives, Pods, Session};
use super::testing::{Stage, World, error};
use super::{CommandLines, Executor, Options, catalog};
use crate::domain::action::{Consent, Gesture, Given, Goal, Outcome, Phase, Plan, Run};
use crate::domain::environment::Guard;
use crate::domain::keyed::Key;
use crate::domain::subject::{PodRef, Subject};
use crate::sources::error::Trouble;
use crate::sources::observe::Answer;
use crate::sources::operate::{ExecAsk, PodSession, ReachPods, Tunnel};

/// A pod that answers as a test says, and whoever holds its sessions.
struct Side {
    asked: Mutex<Vec<ExecAsk>>,
    held: Mutex<Vec<String>>,
    /// Why a command does not run; `None` runs it.
    trouble: Option<Trouble>,
    ends: (Outcome, String),
}

impl Side {
    fn ending(outcome: Outcome, words: &str) -> Self {
        Self { asked: Mutex::default(), held: Mutex::default(), trouble: None, ends: (outcome, words.to_owned()) }
    }

    fn failing(trouble: Trouble) -> Self {
        Self { trouble: Some(trouble), ..Self::ending(Outcome::Done, "") }
    }
}

impl ReachPods for Side {
    fn exec<'a>(&'a self, ask: &'a ExecAsk) -> Answer<'a, PodSession> {
        self.asked.lock().expect("nobody panicked").push(ask.clone());
        Box::pin(async {
            match self.trouble {
                Some(trouble) => Err(error(trouble)),
                None => Ok(PodSession {
                    input: None,
                    output: None,
                    errors: None,
                    resize: Box::new(|_, _| {}),
                    end: Box::pin(std::future::pending()),
                }),
            }
        })
    }

    fn connect<'a>(&'a self, _: &'a str, _: &'a str, _: u16) -> Answer<'a, Tunnel> {
        Box::pin(async { Err(error(Trouble::Forbidden)) })
    }
}

impl Attach for Side {
    fn gives(&self) -> Gives {
        Gives { has_terminal: true, has_input: true }
    }

    fn attach<'a>(&'a self, run: &'a str, words: &'a str, session: Session) -> BoxFuture<'a, (Outcome, String)> {
        let what = match session {
            Session::Command(_) => words.to_owned(),
            Session::Port(port) => format!("{}:{} {words}", port.local, port.remote),
        };
        self.held.lock().expect("nobody panicked").push(what);
        assert!(!run.is_empty(), "it is the session of a run");
        Box::pin(async { self.ends.clone() })
    }
}

/// A console with a pod on the other side.
fn stage(side: Side) -> (Stage, Executor, Arc<Side>) {
    let (stage, side) = (Stage::of(World::new()), Arc::new(side));
    let pods = Pods { hands: side.clone(), command_lines: CommandLines::Digest(Ok(Key([7; 32]))) };
    let executor = Executor { pods: Some(pods), ..stage.executor.clone() }.attached(side.clone());
    (stage, executor, side)
}

fn pod() -> Subject {
    Subject::Pod(PodRef { environment: "test".into(), namespace: "shop".into(), name: "api-1".into() })
}

async fn planned(executor: &Executor, action: &str, given: Given) -> Plan {
    let action = catalog::SHIPPED.named(action).expect("an action");
    let options = Options { given, ..Options::default() };
    executor.planner.plan(action, &[pod()], &options).await.expect("a plan")
}

async fn carried_out(executor: &Executor, plan: &Plan) -> Run {
    let (events, mut told) = tokio::sync::mpsc::channel(64);
    let consent = Consent { typed: plan.confirmation.word.clone(), reason: None };
    let listening = async { while told.recv().await.is_some() {} };
    let running = async {
        let run = executor.execute(plan, &consent, &events).await;
        drop(events);
        run
    };
    tokio::join!(running, listening).0
}

fn journal(stage: &Stage) -> Vec<Line> {
    chains(stage.folder.path()).expect("a journal").into_iter().flat_map(|chain| chain.lines).collect()
}

fn told(stage: &Stage) -> Vec<What> {
    journal(stage).iter().map(|line| line.entry.what).collect()
}

#[tokio::test(start_paused = true)]
async fn a_command_is_planned_journalled_and_held_by_whoever_sits_here() {
    let (stage, executor, side) = stage(Side::ending(Outcome::Failed, "exit code 7."));
    let given = Given::default().with("command", "env PASSWORD=hunter2 'a b'");
    let plan = planned(&executor, "exec", given).await;
    assert!(plan.is_applicable(), "{:?}", plan.refusals);
    assert_eq!((plan.confirmation.gesture, plan.confirmation.word.as_str()), (Gesture::TypeWord, "EXEC"));
    let target = &plan.targets[0];
    assert_eq!((target.given.text("container"), target.goal), (Some("app"), Goal::Session), "the first is meant");
    assert!(target.from.contains("containers app, log"), "{}", target.from);
    let run = carried_out(&executor, &plan).await;
    assert_eq!((run.phase, run.targets[0].words.as_str()), (Phase::Failed, "exit code 7. After 0 s."));
    let asked = side.asked.lock().expect("one").clone();
    let wanted = ExecAsk {
        namespace: "shop".into(),
        pod: "api-1".into(),
        container: Some("app".into()),
        command: vec!["env".into(), "PASSWORD=hunter2".into(), "a b".into()],
        has_terminal: true,
        has_input: true,
    };
    assert_eq!(asked, [wanted]);
    let told = told(&stage);
    assert_eq!(told, [What::Begun, What::Intent, What::Accepted, What::Settled, What::Ended]);
    let lines = journal(&stage);
    assert_eq!(lines[0].entry.aims[0].subject, pod());
    assert!(lines[1].entry.words.contains("Command: env (arguments hmac-sha256:"), "{}", lines[1].entry.words);
    let written = serde_json::to_string(&lines).expect("a text");
    assert!(!written.contains("hunter2"), "{written}");
    let held = side.held.lock().expect("one").clone();
    assert!(held[0].ends_with(" in pod shop/api-1 (test)") && !held[0].contains("hunter2"), "{held:?}");
    assert!(unfinished(&chains(stage.folder.path()).expect("a journal")).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_port_is_confirmed_by_enter_and_held_until_it_is_closed() {
    let (stage, executor, side) = stage(Side::ending(Outcome::Done, "3 connections."));
    let plan = planned(&executor, "port-forward", Given::default()).await;
    assert!(plan.refusals.iter().any(|why| why.contains("It names 80.")), "{:?}", plan.refusals);
    for (field, number) in [("remote", 0_u64), ("remote", 65_536), ("local", 65_536)] {
        let plan =
            planned(&executor, "port-forward", Given::default().with("remote", 80_u64).with(field, number)).await;
        assert!(plan.refusals.iter().any(|why| why.contains("is no port")), "{:?}", plan.refusals);
    }
    let plan = planned(&executor, "port-forward", Given::default().with("remote", 80_u64)).await;
    assert_eq!(plan.confirmation.gesture, Gesture::Enter);
    assert_eq!(plan.targets[0].given.number("local"), Some(80), "the same as the pod's");
    assert_eq!(carried_out(&executor, &plan).await.phase, Phase::Done);
    assert_eq!(*side.held.lock().expect("one"), ["80:80 port 80 in pod shop/api-1 (test)"]);
    assert_eq!(told(&stage), [What::Begun, What::Intent, What::Settled, What::Ended], "nothing was sent for it yet");
}

#[tokio::test(start_paused = true)]
async fn each_way_to_end_is_told_as_what_it_is() {
    for (side, phase) in [
        (Side::ending(Outcome::Done, "exit code 0."), Phase::Done),
        (Side::ending(Outcome::Left, "the line was lost."), Phase::Aborted),
        (Side::ending(Outcome::Refused, "the container cannot run it."), Phase::Refused),
        (Side::ending(Outcome::Unknown, "no exit code."), Phase::Unknown),
        (Side::failing(Trouble::Forbidden), Phase::Refused),
        (Side::failing(Trouble::Timeout), Phase::Unknown),
    ] {
        let (stage, executor, _) = stage(side);
        let plan = planned(&executor, "exec", Given::default()).await;
        assert_eq!(carried_out(&executor, &plan).await.phase, phase);
        assert_eq!(journal(&stage).last().and_then(|line| line.entry.phase), Some(phase));
    }
}

#[tokio::test(start_paused = true)]
async fn without_the_word_the_grant_hands_or_somebody_to_hold_it_nothing_is_opened() {
    let (_stage, executor, side) = stage(Side::ending(Outcome::Done, ""));
    let plan = planned(&executor, "exec", Given::default()).await;
    let (events, _told) = tokio::sync::mpsc::channel(64);
    let run = executor.execute(&plan, &Consent::default(), &events).await;
    assert!(run.reason.is_some_and(|why| why.contains("the plan asks for \"EXEC\"")));
    for (executor, why) in [
        (Executor { pods: None, ..executor.clone() }, "has no hands"),
        (Executor { attach: None, ..executor.clone() }, "nobody sits here"),
    ] {
        let run = carried_out(&executor, &plan).await;
        assert!(run.phase == Phase::Refused && run.reason.clone().is_some_and(|said| said.contains(why)), "{run:?}");
    }
    let mut granted = executor.clone();
    granted.planner.grant = Err("test is read-only.".into());
    let run = carried_out(&granted, &plan).await;
    assert!(run.phase == Phase::Refused && run.reason.is_some_and(|said| said.contains("read-only")));
    assert!(side.asked.lock().expect("none").is_empty());
    let mut two = executor.clone();
    two.planner.limits = Guard::Development.into();
    let action = catalog::SHIPPED.named("exec").expect("an action");
    let plan = two.planner.plan(action, &[pod(), pod()], &Options::default()).await.expect("a plan");
    assert!(plan.refusals.iter().any(|why| why.contains("one pod at a time")), "{:?}", plan.refusals);
}

#[tokio::test(start_paused = true)]
async fn what_makes_no_sense_is_refused_where_it_is_planned() {
    let (_stage, executor, _) = stage(Side::ending(Outcome::Done, ""));
    for (field, value, why) in [
        ("command", "sh -c 'open", "a quote that is not closed"),
        ("command", "   ", "say which command"),
        ("container", "db", "has no container \"db\": it has app, log"),
    ] {
        let plan = planned(&executor, "exec", Given::default().with(field, value)).await;
        assert!(plan.refusals.iter().any(|said| said.contains(why)), "{:?}", plan.refusals);
    }
}

/// A session left by a process that died is said as ended UNKNOWN: it is neither resumed nor verified.
#[tokio::test(start_paused = true)]
async fn a_session_of_a_process_that_is_gone_ends_unknown() {
    let (stage, executor, side) = stage(Side::ending(Outcome::Done, ""));
    let plan = planned(&executor, "exec", Given::default()).await;
    let held = executor.clone().attached(Arc::new(Held));
    tokio::select! {
        run = carried_out(&held, &plan) => panic!("it ended: {run:?}"),
        () = tokio::time::sleep(std::time::Duration::from_secs(60)) => {}
    }
    // The process is gone: its chain is not locked any more.
    *stage.executor.journal.lock().expect("nobody panicked") = super::journal::Journal::new(stage.folder.path());
    let left = unfinished(&chains(stage.folder.path()).expect("a journal"));
    assert_eq!(left.len(), 1);
    let before = side.asked.lock().expect("one").len();
    let (run, _) = stage.resumed(&left[0]).await;
    assert_eq!(run.phase, Phase::Unknown, "{run:?}");
    assert!(run.targets[0].words.contains("is not resumed"), "{run:?}");
    assert_eq!(side.asked.lock().expect("one").len(), before, "nothing is opened again");
    assert!(unfinished(&chains(stage.folder.path()).expect("a journal")).is_empty());
}

/// Somebody who never lets go.
struct Held;

impl Attach for Held {
    fn gives(&self) -> Gives {
        Gives { has_terminal: false, has_input: false }
    }

    fn attach<'a>(&'a self, _: &'a str, _: &'a str, _session: Session) -> BoxFuture<'a, (Outcome, String)> {
        Box::pin(std::future::pending())
    }
}
