//! The jobs pane in every state, at every size, and what its keys do.

use std::sync::Arc;

use chrono::TimeDelta;
use insta::assert_snapshot;
use quarterdeck::app::{Effect, Message};
use quarterdeck::domain::cluster::ClusterEvent;
use quarterdeck::domain::cluster::ClusterSnapshot;
use quarterdeck::domain::job::JobFacts;
use quarterdeck::domain::job::{Job, JobKind, JobRef, JobVerdict, PodCounts, Run};
use quarterdeck::domain::rollout::{Container, ContainerState, Pod, Verdict};
use quarterdeck::domain::source::SourceState;
use quarterdeck::theme::{Depth, Theme};
use quarterdeck::ui::state::JobTab;
use quarterdeck::world::News;
use ratatui::style::{Color, Modifier};

use crate::stage::{Stage, ago, health, now, rollout, text};

fn job(kind: JobKind, name: &str, verdict: JobVerdict) -> Job {
    let job = JobRef { environment: "production".into(), namespace: "shop".into(), kind, name: name.into() };
    let is_cron = kind == JobKind::CronJob;
    Job {
        job,
        uid: format!("uid-{name}").into(),
        created_at: None,
        verdict,
        reason: None,
        owner: None,
        schedule: is_cron.then(|| "0 2 * * *".into()),
        last_run: Some(Run { began: ago(4_020), ended: Some(ago(3_588)) }),
        last_success: Some(ago(3_588)),
        next_run: is_cron.then(|| now() + TimeDelta::seconds(82_380)),
        missed: 0,
        active: 0,
        pods: PodCounts { wanted: 1, active: 0, succeeded: 1, failed: 0 },
        is_manual: false,
        notes: [].into(),
    }
}

fn run_of(owner: &str, name: &str, verdict: JobVerdict, began: i64) -> Job {
    Job {
        owner: Some(owner.into()),
        last_run: Some(Run { began: ago(began), ended: Some(ago(began - 95)) }),
        ..job(JobKind::Job, name, verdict)
    }
}

pub(crate) fn night() -> Vec<Job> {
    let why = "BackoffLimitExceeded: Job has reached the specified backoff limit; pod orders-backup-29: container dump exited 1 (Error)";
    vec![
        Job {
            reason: Some(format!("{why} (run of 11-24 02:00 UTC)").into()),
            last_success: Some(ago(90_000)),
            ..job(JobKind::CronJob, "orders-backup", JobVerdict::Failed)
        },
        Job {
            reason: Some(
                "ImagePullBackOff: pod reindex-x2x4z: Back-off pulling image \"ghcr.example/shop/reindex:9\"".into(),
            ),
            last_run: Some(Run { began: ago(600), ended: None }),
            active: 1,
            pods: PodCounts { wanted: 1, active: 1, succeeded: 0, failed: 0 },
            ..job(JobKind::Job, "reindex", JobVerdict::Stuck)
        },
        Job {
            reason: Some("the run due 11-24 03:00 UTC was not started; 3 runs were missed".into()),
            missed: 3,
            schedule: Some("0 * * * * Europe/Berlin".into()),
            ..job(JobKind::CronJob, "exchange-rates", JobVerdict::Late)
        },
        Job {
            reason: Some("suspended: no run begins until it is resumed".into()),
            next_run: None,
            ..job(JobKind::CronJob, "newsletter", JobVerdict::Suspended)
        },
        Job {
            last_run: Some(Run { began: ago(310), ended: None }),
            active: 1,
            ..job(JobKind::CronJob, "sitemap", JobVerdict::Running)
        },
        job(JobKind::CronJob, "nightly-backup", JobVerdict::Complete),
        job(JobKind::Job, "migrate-2-14-1", JobVerdict::Complete),
        run_of("nightly-backup", "nightly-backup-29401080", JobVerdict::Complete, 4_020),
        run_of("nightly-backup", "nightly-backup-29399640", JobVerdict::Complete, 90_420),
        Job { is_manual: true, ..run_of("nightly-backup", "nightly-backup-manual", JobVerdict::Complete, 50_000) },
        Job {
            reason: Some(why.into()),
            pods: PodCounts { wanted: 1, active: 0, succeeded: 0, failed: 7 },
            ..run_of("orders-backup", "orders-backup-29", JobVerdict::Failed, 4_020)
        },
    ]
}

fn see(stage: &mut Stage, jobs: Vec<Job>, freshness: SourceState) {
    let mut jobs: Vec<Arc<Job>> = jobs.into_iter().map(Arc::new).collect();
    jobs.sort_by(|one, other| one.worst_first(other));
    let snapshot = ClusterSnapshot {
        health: ["deployments", "pods", "cronjobs", "jobs"].map(|name| health(name, freshness)).into(),
        rollouts: [Arc::new(rollout("payments", Verdict::Complete))].into(),
        jobs: jobs.into(),
        ..ClusterSnapshot::default()
    };
    stage.tell(News::Cluster(0, Box::new(snapshot)));
}

fn seeing(jobs: Vec<Job>, freshness: SourceState) -> Stage {
    let mut stage = Stage::new();
    see(&mut stage, jobs, freshness);
    stage.press("2 tab tab");
    stage
}

#[test]
fn the_list_of_jobs() {
    let mut connecting = Stage::new();
    connecting.press("2 tab tab");
    assert_snapshot!("jobs_connecting", connecting.bodies());
    assert_snapshot!("jobs_loading", seeing(night(), SourceState::Loading).bodies());
    assert_snapshot!("jobs_empty", seeing(Vec::new(), SourceState::Fresh).bodies());
    assert_snapshot!("jobs_normal", seeing(night(), SourceState::Fresh).bodies());
    assert_snapshot!("jobs_stale", seeing(night(), SourceState::Stale).bodies());
    assert_snapshot!("jobs_down", seeing(night(), SourceState::Down).bodies());
    let many =
        (0..2_500).map(|place| job(JobKind::CronJob, &format!("cron-{place:04}"), JobVerdict::Complete)).collect();
    let mut huge = seeing(many, SourceState::Fresh);
    huge.press("G");
    assert_snapshot!("jobs_huge", huge.bodies());
    let mut filtered = seeing(night(), SourceState::Fresh);
    filtered.press("/");
    filtered.type_text("backup");
    assert_snapshot!("jobs_filtered", filtered.bodies());
}

fn facts() -> JobFacts {
    let container =
        Container { name: "dump".into(), state: ContainerState::Terminated(1, "Error".into()), ..Container::default() };
    let pod = Pod {
        name: "orders-backup-29-k2jqp".into(),
        uid: "p".into(),
        template_hash: "".into(),
        node: Some("node-a".into()),
        phase: "Failed".into(),
        is_ready: false,
        created_at: Some(ago(4_000)),
        unschedulable: None,
        gate: None,
        volume: None,
        changed_at: None,
        gone_by: None,
        containers: [container].into(),
    };
    let event = ClusterEvent {
        at: Some(ago(3_900)),
        is_warning: true,
        count: 1,
        reason: "BackoffLimitExceeded".into(),
        about: "Job orders-backup-29".into(),
        note: "Job has reached the specified backoff limit".into(),
    };
    JobFacts {
        object: Arc::new(serde_json::json!({"metadata": {"name": "orders-backup"}, "spec": {"schedule": "0 2 * * *"}})),
        pods: vec![pod],
        events: vec![event],
        missing: Vec::new(),
    }
}

#[test]
fn one_job_in_detail() {
    let mut stage = seeing(night(), SourceState::Fresh);
    stage.press("enter");
    assert_snapshot!("job_runs", stage.bodies());
    stage.press("tab");
    assert_snapshot!("job_reading", stage.bodies());
    let open = stage.open_job();
    stage.tell(Message::Job(open.clone(), Ok(Box::new(facts()))));
    assert_snapshot!("job_pods", stage.bodies());
    stage.press("E");
    assert_snapshot!("job_events", stage.bodies());
    stage.press("y");
    assert_snapshot!("job_raw", stage.bodies());
    stage.tell(Message::Job(open, Err("https://10.0.0.1:6443 did not answer in 20 s.".into())));
    see(&mut stage, night(), SourceState::Down);
    stage.press("d");
    assert_snapshot!("job_down", stage.bodies());
    see(&mut stage, Vec::new(), SourceState::Fresh);
    assert_snapshot!("job_gone", stage.bodies());
}

#[test]
fn a_cursor_nobody_moved_rests_on_the_worst_and_a_held_one_on_its_own() {
    let mut stage = seeing(night(), SourceState::Fresh);
    assert_eq!(stage.under_cursor(), "orders-backup");
    stage.press("j");
    assert_eq!(stage.under_cursor(), "reindex");
    let mut worse = night();
    worse.push(job(JobKind::CronJob, "audit", JobVerdict::Failed));
    see(&mut stage, worse.clone(), SourceState::Fresh);
    assert_eq!(stage.under_cursor(), "reindex");
    stage.press("g");
    see(&mut stage, worse, SourceState::Fresh);
    assert_eq!(stage.under_cursor(), "audit");
}

#[test]
fn a_run_is_opened_and_left_to_where_it_was_opened_from() {
    let mut stage = seeing(night(), SourceState::Fresh);
    stage.press("enter");
    stage.press("enter");
    let open = |stage: &Stage| format!("{} {}", stage.front(), stage.part());
    assert_eq!(open(&stage), "job/orders-backup-29 -n shop Runs");
    stage.press("shift-tab");
    assert_eq!(open(&stage), "job/orders-backup-29 -n shop Raw");
    stage.press("esc");
    assert_eq!(open(&stage), "cronjob/orders-backup -n shop Runs");
    stage.press("esc");
    assert_eq!(stage.front(), "jobs");
    stage.press("esc");
    assert_eq!(stage.front(), "rollouts");
}

#[test]
fn an_open_job_is_read_and_read_again_and_acted_on_as_the_cron_job_it_is() {
    let mut stage = seeing(night(), SourceState::Fresh);
    let effects = stage.asks("enter");
    let read = effects.iter().find_map(|effect| match effect {
        Effect::ReadJob(job, runs) => Some((job.label(), runs.len())),
        _ => None,
    });
    assert_eq!(read, Some(("orders-backup".to_owned(), 1)), "with its newest runs");
    let open = stage.open_job();
    stage.tell(Message::Job(open, Ok(Box::new(facts()))));
    let later = stage.tell_at(Message::Clock, now() + TimeDelta::seconds(10));
    assert!(matches!(later.as_slice(), [Effect::ReadJob(..)]), "{later:?}");
    for keys in ["!b", "space"] {
        let effects = stage.asks(keys);
        assert!(effects.is_empty() && stage.overlay().is_none(), "{keys} is for workloads: {effects:?}");
    }
    for (keys, action) in [("!r", "run-now"), ("!p", "suspend"), ("!u", "resume-cronjob")] {
        let planned = stage.asks(keys).into_iter().find_map(|effect| match effect {
            Effect::Plan(request) => Some((request.action, request.targets[0].to_string())),
            _ => None,
        });
        assert_eq!(planned, Some((action, "cronjob/orders-backup -n shop".to_owned())), "{keys}");
        stage.press("esc");
    }
    stage.press("a");
    let menu = text(&stage.screen(120, 40));
    assert!(menu.contains("Run now") && menu.contains("Resume CronJob") && !menu.contains("Roll back"), "{menu}");
    stage.press("esc");
    assert_eq!(JobTab::ALL.len(), 4);
}

#[test]
fn jobs_are_read_without_colours_and_with_sixteen() {
    let mut stage = seeing(night(), SourceState::Fresh);
    let drawn = stage.screen(80, 24);
    let row =
        (0..24).find(|y| text(&drawn).lines().nth(usize::from(*y)).is_some_and(|line| line.contains("orders-backup")));
    let row = row.expect("the first row");
    assert!(
        (2..78).all(|x| drawn[(x, row)].modifier.contains(Modifier::REVERSED)),
        "the row under the cursor is reversed"
    );
    assert!(drawn.content().iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset));
    stage.theme = Theme::embedded("midnight", Depth::Sixteen);
    let is_one_of_sixteen =
        |colour: Color| !matches!(colour, Color::Rgb(..)) && !matches!(colour, Color::Indexed(index) if index > 15);
    assert!(
        stage.screen(120, 40).content().iter().all(|cell| is_one_of_sixteen(cell.fg) && is_one_of_sixteen(cell.bg))
    );
}

#[test]
fn hostile_and_wide_texts_stay_in_their_cells() {
    let hostile = ["夜間バックアップ処理本番環境", "\u{1b}[2J\u{1b}]0;owned\u{7}clear", "a\u{202e}gnp.exe\u{2066}"];
    let rows = hostile
        .iter()
        .map(|name| Job { reason: Some(name.repeat(20).into()), ..job(JobKind::CronJob, name, JobVerdict::Failed) });
    let stage = seeing(rows.collect(), SourceState::Fresh);
    assert_snapshot!("jobs_hostile", stage.bodies());
    for (columns, rows) in [(80, 24), (60, 15), (200, 60)] {
        let drawn = stage.screen(columns, rows);
        let is_dangerous =
            |letter: char| letter.is_control() || matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        assert!(drawn.content().iter().all(|cell| !cell.symbol().chars().any(is_dangerous)));
    }
}
