//! What the gate, the planner and the executor do where the world moves between two of their steps, and where something fails half-way.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use serde_json::json;

use super::journal::{Aim, Entry, Journal, Unfinished, What};
use super::plan::record;
use super::testing::{Stage, World, error, pod, start, template};
use super::{Options, catalog};
use crate::domain::action::{Gesture, Goal, OperationRecord, Phase, Plan, RECORD_KEY, Run, Tier};
use crate::domain::rollout::{Container, ContainerState, Kind, Pod, SeenHealthy, Update};
use crate::sources::error::Trouble;

/// A world that somebody changes right after a plan was judged again, before its first request is sent.
fn raced(change: impl Fn(&World) + Send + Sync + 'static) -> World {
    let times = AtomicUsize::new(0);
    // Once for the plan, once for the judgement.
    World::new().rehearsing(move |world| {
        if times.fetch_add(1, Ordering::SeqCst) == 1 {
            change(world);
        }
    })
}

fn phases(run: &Run) -> Vec<Phase> {
    run.targets.iter().map(|target| target.phase).collect()
}

/// Refused, nothing was sent, and the reason says so.
async fn is_refused(stage: &Stage, plan: &Plan, why: &str) {
    let (run, _) = stage.run(plan).await;
    let told =
        run.reason.clone().unwrap_or_default() + &run.targets.first().map(|one| one.words.clone()).unwrap_or_default();
    assert_eq!((run.phase, stage.world.sent().len()), (Phase::Refused, 0), "{why}: {run:?}");
    assert!(told.contains(why), "the reason should speak of {why:?}: {told}");
}

#[tokio::test(start_paused = true)]
async fn a_document_that_no_console_makes_is_not_admitted() {
    let stage = Stage::of(World::new());
    let honest = stage.plan("restart", &["api"], &Options::default()).await;
    let edited = |edit: &dyn Fn(&mut Plan)| {
        let mut plan = honest.clone();
        edit(&mut plan);
        plan.sealed()
    };
    is_refused(&stage, &edited(&|plan| plan.id = "mine".into()), "no id that a plan is given").await;
    let tomorrow = TimeDelta::days(1);
    let later = edited(&|plan| {
        plan.refreshed_at += tomorrow;
        plan.expires_at += tomorrow;
    });
    is_refused(&stage, &later, "which is not yet").await;
    is_refused(&stage, &edited(&|plan| plan.refusals.push("a page is missing.".into())), "a page is missing.").await;
    is_refused(&stage, &edited(&|plan| plan.targets.clear()), "the plan has no target").await;
    is_refused(&stage, &edited(&|plan| plan.targets.push(honest.targets[0].clone())), "names a target twice").await;
    is_refused(&stage, &edited(&|plan| plan.environment = "other".into()), "is for environment").await;
    assert_eq!(stage.run(&honest).await.0.phase, Phase::Done);
}

/// However long a document says that it holds.
#[tokio::test(start_paused = true)]
async fn a_document_holds_five_minutes_whatever_it_says() {
    let stage = Stage::of(World::new());
    let mut plan = stage.plan("restart", &["api"], &Options::default()).await;
    plan.expires_at += TimeDelta::days(1);
    let plan = plan.sealed();
    tokio::time::advance(std::time::Duration::from_secs(301)).await;
    is_refused(&stage, &plan, "the plan expired").await;
}

/// A journal of which a part cannot be read may hold the run.
#[tokio::test(start_paused = true)]
async fn what_may_have_begun_is_not_begun_again() {
    let stage = Stage::of(World::new());
    let plan = stage.plan("restart", &["api"], &Options::default()).await;
    fs::create_dir_all(stage.folder.path().join("journal/20260101T000000Z-1-00000000.jsonl")).expect("a folder");
    is_refused(&stage, &plan, "cannot be read in the journal").await;
}

#[tokio::test(start_paused = true)]
async fn what_another_process_began_in_the_same_moment_is_left_to_it() {
    let run: Arc<Mutex<Option<(PathBuf, Entry)>>> = Arc::default();
    let known = run.clone();
    let stage = Stage::of(raced(move |world| {
        let (state, begun) = known.lock().expect("one").clone().expect("a run");
        Journal::new(&state).append(begun, world.now()).expect("room");
    }));
    let plan = stage.plan("restart", &["api"], &Options::default()).await;
    let begun = Entry { what: What::Begun, ..Entry::bare(&plan.id, "restart", "test", "lee") };
    *run.lock().expect("one") = Some((stage.folder.path().to_path_buf(), begun));
    is_refused(&stage, &plan, "is being carried out by another process").await;
}

#[tokio::test(start_paused = true)]
async fn without_its_first_line_nothing_is_even_read() {
    let folder: Arc<Mutex<Option<PathBuf>>> = Arc::default();
    let known = folder.clone();
    let stage = Stage::of(raced(move |_| {
        let folder = known.lock().expect("one").clone().expect("a folder");
        fs::write(folder.join("journal"), "in the way").expect("a file of ours");
    }));
    *folder.lock().expect("one") = Some(stage.folder.path().to_path_buf());
    let plan = stage.plan("restart", &["api"], &Options::default()).await;
    let (run, _) = stage.run(&plan).await;
    assert_eq!((run.phase, stage.world.sent().len()), (Phase::Refused, 0), "{run:?}");
    assert!(run.reason.is_some_and(|reason| reason.contains("the journal cannot be written")));
    assert_eq!(stage.world.readings.load(Ordering::SeqCst), 2, "for the plan, and for its judgement");
}

#[tokio::test(start_paused = true)]
async fn without_the_line_of_its_target_nothing_is_sent() {
    let journal: Arc<Mutex<Option<Arc<Mutex<Journal>>>>> = Arc::default();
    let blocked = tempfile::tempdir().expect("a folder");
    fs::write(blocked.path().join("journal"), "in the way").expect("a file of ours");
    let (known, folder) = (journal.clone(), blocked.path().to_path_buf());
    let stage = Stage::of(World::new().seeing(move |world, facts| {
        // For the plan, for its judgement, and before it is sent: the first line is written by then.
        if world.readings.load(Ordering::SeqCst) == 3
            && let Some(journal) = &*known.lock().expect("one")
        {
            *journal.lock().expect("one") = Journal::new(&folder);
        }
        Ok(facts)
    }));
    *journal.lock().expect("one") = Some(stage.executor.journal.clone());
    let plan = stage.plan("restart", &["api"], &Options::default()).await;
    is_refused(&stage, &plan, "nothing was sent: the journal cannot be written").await;
}

#[tokio::test(start_paused = true)]
async fn what_moves_between_the_judgement_and_the_request_is_seen() {
    for (path, value, why) in [
        ("/spec/paused", json!(true), "has changed since the plan at /spec/paused"),
        ("/spec/replicas", json!(12), "would reach further than the plan said"),
        ("/metadata/uid", json!("another"), "was deleted and created again since the plan"),
        ("/metadata/labels/app", json!("other"), "is of service other now, the plan says UNMAPPED"),
    ] {
        let stage = Stage::of(raced(move |world| world.set("api", path, value.clone())));
        let plan = stage.plan("restart", &["api"], &Options::default()).await;
        is_refused(&stage, &plan, why).await;
    }
}

/// The revision a rollback goes to is no part of the workload, and no pin holds it.
#[tokio::test(start_paused = true)]
async fn what_moves_in_the_revision_a_plan_goes_back_to_is_seen() {
    for (is_template, why) in [(true, "the plan's revision has moved"), (false, "NOT SEEN HEALTHY HERE")] {
        let has_moved = Arc::new(AtomicBool::new(false));
        let moves = has_moved.clone();
        let world = raced(move |_| moves.store(true, Ordering::SeqCst)).seeing(move |_, mut facts| {
            if has_moved.load(Ordering::SeqCst) && is_template {
                facts.revisions[0].template = Arc::new(template("app:0"));
            } else if has_moved.load(Ordering::SeqCst) {
                facts.revisions[0].seen_healthy = SeenHealthy::No;
            }
            Ok(facts)
        });
        let stage = Stage::of(world);
        let plan = stage.plan("rollback", &["api"], &Options::default()).await;
        is_refused(&stage, &plan, why).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_target_that_failed_stops_the_next_wave() {
    let world = World::new().seeing(|world, mut facts| {
        if &*facts.workload.name == "api" && world.is_changed("api") {
            facts.uid = "another".into();
        }
        Ok(facts)
    });
    let stage = Stage::of(world);
    let plan = stage.plan("restart", &["api", "web"], &Options::default()).await;
    let (run, _) = stage.run(&plan).await;
    assert_eq!(phases(&run), [Phase::Failed, Phase::Aborted], "{run:?}");
    assert_eq!(stage.world.sent().len(), 1);
}

/// The server's answer says how many pods were wanted when it accepted: what an autoscaler does before the first look is told too.
#[tokio::test(start_paused = true)]
async fn who_scales_right_after_the_answer_is_told_of() {
    let world = World::new().seeing(|world, mut facts| {
        if world.is_changed("api") {
            let counts = &mut facts.report.counts;
            for count in
                [&mut counts.desired, &mut counts.updated, &mut counts.ready, &mut counts.available, &mut counts.total]
            {
                *count = 5;
            }
        }
        Ok(facts)
    });
    let stage = Stage::of(world);
    let plan = stage.plan("restart", &["api"], &Options::default()).await;
    let (run, _) = stage.run(&plan).await;
    assert_eq!(run.phase, Phase::Done, "{run:?}");
    assert!(run.targets[0].words.contains("5 replicas are wanted now, 2 when it began"), "{run:?}");
}

/// A run of before on `api`, whose change is not there.
fn unfinished(open: &[usize]) -> Unfinished {
    let aim = Aim {
        subject: Stage::workload("api", Kind::Deployment).into(),
        uid: "uid-of-api".into(),
        template_digest: "of another".into(),
        goal: Goal::Healthy,
        pod: None,
        deadline_seconds: 600,
        replicas: None,
        code: None,
        chosen: Vec::new(),
        expected: String::new(),
        ends_with: Vec::new(),
        clearing: Vec::new(),
    };
    let begun = Entry { what: What::Begun, aims: vec![aim], ..Entry::bare("of-before", "restart", "test", "mori") };
    Unfinished {
        begun,
        at: start(),
        open: open.to_vec(),
        accepted: BTreeSet::new(),
        settled: BTreeMap::new(),
        steps: BTreeMap::new(),
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_of_before_ends_as_far_as_it_had_come() {
    let stage = Stage::of(World::new());
    let (run, _) = stage.resumed(&unfinished(&[])).await;
    assert_eq!(phases(&run), [Phase::Aborted], "it was never sent: {run:?}");
    assert_eq!(stage.world.readings.load(Ordering::SeqCst), 0, "there is nothing to look for");
    let (run, _) = stage.resumed(&unfinished(&[0])).await;
    assert_eq!(phases(&run), [Phase::Unknown], "it may have been sent, and nobody knows that it was accepted: {run:?}");
}

/// A StatefulSet whose pods are replaced by nobody but us, or whose newest pod is stuck.
fn set(update: Update, pods: impl Fn(usize) -> Vec<Pod> + Send + Sync + 'static) -> World {
    World::new().seeing(move |world, mut facts| {
        facts.report.update = update;
        facts.pods = pods(world.deletions());
        Ok(facts)
    })
}

async fn planned(stage: &Stage, action: &str) -> Plan {
    stage.plan_of(action, &[Stage::workload("api", Kind::StatefulSet)], &Options::default()).await
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_cleared_out_of_the_way_is_said_so() {
    let waiting = ContainerState::Waiting("CrashLoopBackOff".into(), "".into());
    let containers: Arc<[Container]> =
        [Container { name: "app".into(), state: waiting, ..Container::default() }].into();
    for (trouble, said) in [
        (Trouble::Forbidden, "not done: Delete pod api-1"),
        (Trouble::NotFound, "not needed any more: Delete pod api-1"),
    ] {
        let stuck = containers.clone();
        let world = set(Update::Rolling, move |_| {
            vec![pod("api-0", "u0"), Pod { is_ready: false, containers: stuck.clone(), ..pod("api-1", "u1") }]
        });
        let stage = Stage::of(
            world.answering(move |_, request| if request.method == "DELETE" { Err(error(trouble)) } else { Ok(()) }),
        );
        let plan = planned(&stage, "rollback").await;
        let (_, notes) = stage.run(&plan).await;
        assert!(notes.iter().any(|note| note.starts_with(said)), "{trouble:?}: {notes:?}");
    }
}

/// Two pods; each that is deleted comes back at once, the highest ordinal first.
fn replaced(deleted: usize) -> Vec<Pod> {
    let uid = |place: usize| if deleted > 1 - place { format!("new{place}") } else { format!("u{place}") };
    vec![pod("api-0", &uid(0)), pod("api-1", &uid(1))]
}

#[tokio::test(start_paused = true)]
async fn pods_that_nobody_else_replaces_go_one_after_the_other() {
    let stage = Stage::of(set(Update::OnDelete, replaced));
    let plan = planned(&stage, "restart").await;
    let (run, _) = stage.run(&plan).await;
    assert_eq!((run.phase, stage.world.deletions()), (Phase::Done, 2), "{run:?}");

    let world = World::new().seeing(|world, mut facts| {
        facts.report.update = Update::OnDelete;
        facts.pods = replaced(world.deletions());
        if world.deletions() > 0 {
            facts.uid = "another".into();
        }
        Ok(facts)
    });
    let stage = Stage::of(world);
    let plan = planned(&stage, "restart").await;
    let (run, _) = stage.run(&plan).await;
    assert_eq!((run.phase, stage.world.deletions()), (Phase::Failed, 1), "it is another's: {run:?}");
}

#[tokio::test(start_paused = true)]
async fn a_successor_is_not_waited_for_for_ever() {
    let world = World::new().seeing(|world, mut facts| {
        facts.report.update = Update::OnDelete;
        facts.pods = replaced(0);
        if world.deletions() > 0 {
            facts.pods.truncate(1);
            facts.report.counts.ready = 1;
        }
        Ok(facts)
    });
    let stage = Stage::of(world);
    let plan = planned(&stage, "restart").await;
    let (run, _) = stage.run(&plan).await;
    assert_eq!((run.phase, stage.world.deletions()), (Phase::Failed, 1), "{run:?}");
    assert!(run.targets[0].words.contains("1 further pods were left as they were"), "{run:?}");
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_stays_away_is_not_asked_for_ever_before_the_next_pod() {
    let world = World::new().seeing(|world, mut facts| {
        facts.report.update = Update::OnDelete;
        facts.pods = replaced(world.deletions());
        if world.is_changed("api") { Err(error(Trouble::Unreachable)) } else { Ok(facts) }
    });
    let stage = Stage::of(world);
    let plan = planned(&stage, "restart").await;
    let (run, _) = stage.run(&plan).await;
    assert_eq!((run.phase, stage.world.deletions()), (Phase::Unknown, 0), "{run:?}");
    assert!(run.targets[0].words.contains("2 pods were left as they were"), "{run:?}");
}

#[tokio::test(start_paused = true)]
async fn nothing_of_another_environment_is_planned() {
    let stage = Stage::of(World::new());
    let mut elsewhere = Stage::workload("api", Kind::Deployment);
    elsewhere.environment = "other".into();
    let restart = catalog::SHIPPED.named("restart").expect("there is one");
    let error = stage.executor.planner.plan(restart, &[elsewhere], &Options::default()).await.expect_err("no plan");
    assert!(error.sentence.contains("is of other, this is test"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_verification_has_no_deadline_of_any_length() {
    for (own, held) in [(None, 600), (Some(1), 30), (Some(300), 300), (Some(86_400), 3_600)] {
        let stage = Stage::of(World::new().seeing(move |_, mut facts| {
            facts.report.deadline = own.map(TimeDelta::seconds);
            Ok(facts)
        }));
        let plan = stage.plan("restart", &["api"], &Options::default()).await;
        assert_eq!(plan.targets[0].deadline_seconds, held, "{own:?}");
    }
}

#[test]
fn a_record_ends_a_day_after_it_began_whatever_the_run_may_take() {
    let restart = catalog::SHIPPED.named("restart").expect("there is one");
    let lasts = |hours| {
        let record = record("r", &crate::domain::action::Actor::default(), restart, start(), TimeDelta::hours(hours));
        record.expires - record.started
    };
    assert_eq!(lasts(1), TimeDelta::hours(1) + OperationRecord::GRACE);
    assert_eq!(lasts(30), OperationRecord::LONGEST);
}

#[tokio::test(start_paused = true)]
async fn settings_that_were_written_since_are_told_before_a_rollback() {
    for (minutes, is_told) in [(-10, true), (-100, false)] {
        let mut world = World::new().seeing(|_, mut facts| {
            let mut earlier = template("app:1");
            earlier["spec"]["containers"][0]["envFrom"] = json!([{"configMapRef": {"name": "settings"}}]);
            facts.revisions[0].template = Arc::new(earlier);
            facts.revisions[0].created_at = Some(start() - TimeDelta::minutes(90));
            facts.revisions[1].created_at = Some(start() - TimeDelta::minutes(60));
            Ok(facts)
        });
        world.written = Some(start() + TimeDelta::minutes(minutes));
        let plan = Stage::of(world).plan("rollback", &["api"], &Options::default()).await;
        let said = plan.targets[0].warnings.join(" ");
        assert_eq!(said.contains("ConfigMap settings was changed at"), is_told, "{minutes}: {said}");
    }
}

/// A colleague's record holds as long as there is something to wait for; acting over it is confirmed as what is hard to reverse.
#[tokio::test(start_paused = true)]
async fn the_record_of_a_colleague_holds_what_is_not_complete() {
    let theirs = OperationRecord {
        id: "theirs".into(),
        actor: "lee".into(),
        action: "rollback".into(),
        started: start(),
        expires: start() + TimeDelta::minutes(5),
        is_lock: false,
    };
    let world = |available: u32| {
        let world = World::new().seeing(move |_, mut facts| {
            facts.report.counts.available = available;
            Ok(facts)
        });
        world.set("api", &format!("/metadata/annotations/{}", RECORD_KEY.replace('/', "~1")), theirs.written().into());
        Stage::of(world)
    };
    let plan = world(2).plan("restart", &["api"], &Options::default()).await;
    assert!(plan.is_applicable(), "what is complete is over: {:?}", plan.refusals);
    let plan = world(1).plan("restart", &["api"], &Options::default()).await;
    assert!(plan.refusals.iter().any(|why| why.contains("lee is running rollback")), "{:?}", plan.refusals);
    let over = Options { overrides_record: true, ..Options::default() };
    let plan = world(1).plan("restart", &["api"], &over).await;
    assert!(plan.is_applicable(), "{:?}", plan.refusals);
    assert_eq!((plan.tier, plan.confirmation.gesture), (Tier::T3, Gesture::TypeNameAndReason));
}
