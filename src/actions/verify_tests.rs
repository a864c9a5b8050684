//! Verification: how a target is judged by what is seen of it, and how long it is waited for.

use std::time::Duration;

use chrono::TimeDelta;
use futures_util::future::BoxFuture;

use super::journal::{Aim, Clearing};
use super::replaced::{Seen, look};
use super::testing::{Stage, World, error, pod, start, template};
use super::verify::{Tell, Verification};
use crate::domain::action::{Goal, OperationRecord, Outcome, Replaced};
use crate::domain::rollout::{Condition, Kind, Pod, Update, template_digest};
use crate::sources::error::Trouble;
use crate::sources::observe::WorkloadFacts;

/// Hears nothing.
struct Deaf;

impl Tell for Deaf {
    fn tell(&mut self, _words: String) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }
}

/// What is there already.
fn aim(kind: Kind, goal: Goal) -> Aim {
    Aim {
        subject: Stage::workload("api", kind).into(),
        uid: "uid-of-api".into(),
        template_digest: template_digest(&template("app:2")),
        goal,
        pod: None,
        deadline_seconds: 600,
        replicas: None,
        code: None,
        chosen: Vec::new(),
        expected: String::new(),
        ends_with: Vec::new(),
        clearing: Vec::new(),
    }
}

/// Verifies; how it ended, in which words, and after how many seconds.
async fn verified(world: World, aim: Aim, is_accepted: bool) -> (Outcome, String, i64) {
    let stage = Stage::of(world);
    let world = stage.world.clone();
    let mut verification = Verification {
        planner: stage.executor.planner.clone(),
        aim,
        run: "ours".into(),
        began: start(),
        is_accepted,
        clears: false,
    };
    let ended = tokio::time::timeout(Duration::from_secs(7_200), verification.run(&mut Deaf)).await;
    let (outcome, words) = ended.expect("an end");
    (outcome, words, (world.now() - start()).num_seconds())
}

fn record(id: &str) -> OperationRecord {
    let (started, expires) = (start(), start() + TimeDelta::minutes(5));
    OperationRecord { id: id.into(), actor: "lee".into(), action: "restart".into(), started, expires, is_lock: false }
}

/// However well the target looks: only our own record proves that a request arrived whose answer was lost.
#[tokio::test(start_paused = true)]
async fn after_a_lost_answer_only_the_record_of_the_run_is_a_sign() {
    for (id, ends) in [(None, Outcome::Unknown), (Some("theirs"), Outcome::Unknown), (Some("ours"), Outcome::Done)] {
        let world = World::new().seeing(move |_, facts| Ok(WorkloadFacts { record: id.map(record), ..facts }));
        let (outcome, words, seconds) = verified(world, aim(Kind::Deployment, Goal::Healthy), false).await;
        assert_eq!(outcome, ends, "{id:?}: {words}");
        if ends == Outcome::Unknown {
            assert!(words.contains("no sign of the change"), "{words}");
            assert!((30..=31).contains(&seconds), "nothing is on its way for longer: {seconds} s");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_not_ours_any_more_is_not_verified_as_ours() {
    let anew = World::new().seeing(|_, facts| Ok(WorkloadFacts { uid: "another".into(), ..facts }));
    let (outcome, words, _) = verified(anew, aim(Kind::Deployment, Goal::Healthy), true).await;
    assert!(outcome == Outcome::Failed && words.contains("deleted and created again"), "{words}");

    let other = World::new();
    other.set("api", "/spec/template", template("app:3"));
    let (outcome, words, _) = verified(other, aim(Kind::Deployment, Goal::Healthy), true).await;
    assert!(outcome == Outcome::Failed && words.contains("changed the pod template"), "{words}");

    let (outcome, words, _) = verified(World::new(), aim(Kind::Deployment, Goal::Replicas(3)), true).await;
    assert!(outcome == Outcome::Failed && words.contains("2 replicas are wanted"), "{words}");

    let (outcome, words, _) = verified(World::new(), aim(Kind::Deployment, Goal::Paused), true).await;
    assert!(outcome == Outcome::Failed && words.contains("was resumed after this action"), "{words}");
    let paused = World::new();
    paused.set("api", "/spec/paused", true.into());
    assert_eq!(verified(paused, aim(Kind::Deployment, Goal::Paused), true).await.0, Outcome::Done);
}

#[tokio::test(start_paused = true)]
async fn what_is_gone_is_failed_at_once_and_what_cannot_be_read_is_unknown_in_the_end() {
    let gone = World::new().seeing(|_, _| Err(error(Trouble::NotFound)));
    let (outcome, words, seconds) = verified(gone, aim(Kind::Deployment, Goal::Healthy), true).await;
    assert_eq!((outcome, seconds), (Outcome::Failed, 0), "{words}");
    assert!(words.contains("does not exist any more"), "{words}");

    let away = World::new().seeing(|_, _| Err(error(Trouble::Unreachable)));
    let (outcome, words, seconds) = verified(away, aim(Kind::Deployment, Goal::Healthy), true).await;
    assert_eq!((outcome, seconds), (Outcome::Unknown, 610), "asked again for as long as a last look may take: {words}");
    assert!(words.contains("could still not be read"), "{words}");
}

/// The last reading may be as old as the sleep of this machine: at the deadline it is read once more.
#[tokio::test(start_paused = true)]
async fn at_the_deadline_it_is_looked_at_once_more() {
    let until = |seconds: i64| {
        World::new().seeing(move |world, mut facts| {
            if world.now() < start() + TimeDelta::seconds(seconds) {
                facts.report.counts.available = 1;
            }
            Ok(facts)
        })
    };
    let (outcome, words, seconds) = verified(until(600), aim(Kind::Deployment, Goal::Healthy), true).await;
    assert_eq!((outcome, seconds), (Outcome::Done, 600), "{words}");
    let (outcome, words, _) = verified(until(700), aim(Kind::Deployment, Goal::Healthy), true).await;
    assert!(outcome == Outcome::Failed && words.contains("not healthy after 10m"), "{words}");
}

/// The controller leaves its mark of failure until it writes another; marks are in the cluster's time.
#[tokio::test(start_paused = true)]
async fn a_failure_of_before_the_action_says_nothing_about_it() {
    for (ahead, marked, ends) in [
        (0, -60, Outcome::Done),
        (0, 60, Outcome::Failed),
        (3_600, 3_540, Outcome::Done),
        (3_600, 3_660, Outcome::Failed),
    ] {
        let mark = Condition {
            kind: "Progressing".into(),
            reason: "ProgressDeadlineExceeded".into(),
            updated_at: Some(start() + TimeDelta::seconds(marked)),
            ..Condition::default()
        };
        let mut world = World::new().seeing(move |_, mut facts| {
            facts.report.conditions = vec![mark.clone()];
            Ok(facts)
        });
        world.ahead = TimeDelta::seconds(ahead);
        let (outcome, words, _) = verified(world, aim(Kind::Deployment, Goal::Healthy), true).await;
        assert_eq!(outcome, ends, "{ahead} {marked}: {words}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_partition_keeps_is_named() {
    let world = World::new().seeing(|_, mut facts| {
        facts.report.update = Update::Partition(1);
        facts.pods = vec![Pod { template_hash: "h1".into(), ..pod("api-0", "u0") }, pod("api-1", "u1")];
        Ok(facts)
    });
    let (outcome, words, _) = verified(world, aim(Kind::StatefulSet, Goal::Healthy), true).await;
    assert!(outcome == Outcome::Done && words.contains("below the partition 1 older pods are kept: api-0"), "{words}");
}

/// Who only verifies what another process left deletes nothing, and does not wait for what nobody will do.
#[tokio::test(start_paused = true)]
async fn what_was_to_be_cleared_and_stands_there_still_is_said() {
    let clearing = vec![Clearing { uid: "u0".into(), words: "Delete pod api-0.".into() }];
    let aim = Aim { clearing, ..aim(Kind::StatefulSet, Goal::Healthy) };
    for (uid, ends) in [("u0", Outcome::Failed), ("u9", Outcome::Done)] {
        let world = World::new().seeing(move |_, facts| Ok(WorkloadFacts { pods: vec![pod("api-0", uid)], ..facts }));
        let (outcome, words, _) = verified(world, aim.clone(), true).await;
        assert_eq!(outcome, ends, "{words}");
        assert_eq!(words.contains("ended before this: Delete pod api-0."), ends == Outcome::Failed, "{words}");
    }
}

/// What is said of a pod `api-0` of uid `u0` on node `n0` that is replaced, beside which pod `u7` was from the start.
fn seen(kind: Kind, ready: u32, pods: Vec<Pod>) -> String {
    let mut facts = World::new().facts(&Stage::workload("api", kind)).expect("facts");
    facts.report.counts.ready = ready;
    facts.pods = pods;
    let others = if kind == Kind::Deployment { vec!["u7".to_owned()] } else { Vec::new() };
    let old = Replaced { name: "api-0".into(), uid: "u0".into(), node: Some("n0".into()), others };
    match look(&old, &facts, start()) {
        Seen::Untouched => "untouched".to_owned(),
        Seen::Waiting(words) => words,
        Seen::Ready(new) => format!("ready: {}", new.map_or("nobody", |new| &*new.uid)),
    }
}

#[test]
fn a_pod_is_replaced_once_it_is_gone_and_its_own_successor_is_ready() {
    let going = || Pod { gone_by: Some(start()), ..pod("api-0", "u0") };
    let on = |node: &str, pod: Pod| Pod { node: Some(node.into()), ..pod };
    for kind in Kind::ALL {
        let new = || on("n0", pod("api-0", "u1"));
        let none = || vec![on("n7", pod("api-7", "u7"))];
        assert_eq!(seen(kind, 2, vec![on("n0", pod("api-0", "u0")), new()]), "untouched", "{kind:?}");
        assert_eq!(seen(kind, 2, vec![going(), new()]), "pod api-0 is ready, api-0 is shutting down", "{kind:?}");
        assert_eq!(seen(kind, 2, vec![going()]), "pod api-0 is shutting down", "{kind:?}: its time is not over");
        assert_eq!(
            seen(kind, 1, none()),
            "no pod has come in the place of api-0 yet",
            "{kind:?}: another is none of it"
        );
        assert_eq!(seen(kind, 1, [none(), vec![new()]].concat()), "ready: u1", "{kind:?}");
        assert_eq!(seen(kind, 2, none()), "ready: nobody", "{kind:?}: there are enough without one");
        let unready = Pod { is_ready: false, ..new() };
        assert!(seen(kind, 1, vec![unready]).starts_with("pod api-0 is not ready yet"), "{kind:?}");
    }
}
