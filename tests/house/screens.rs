//! Every pane and overlay in every state, at every size, as a person sees it; and what must hold for any text at any size.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::TimeDelta;
use insta::assert_snapshot;
use proptest::prelude::*;
use quarterdeck::app::Message;
use quarterdeck::domain::action::{Outcome, Part, Plan, Request, Run, RunEvent, Step, StepState, advance};
use quarterdeck::domain::cluster::ClusterEvent;
use quarterdeck::domain::rollout::{
    Autoscaler, Condition, Container, ContainerState, Counts, Measure, Pod, Report, Revision, Rollout, SeenHealthy,
    Verdict,
};
use quarterdeck::domain::source::SourceState;
use quarterdeck::domain::subject::Subject;
use quarterdeck::domain::timeline::JournalLine;
use quarterdeck::theme::{Depth, Glyphs, Theme};
use quarterdeck::ui::scene::Detail;
use quarterdeck::ui::state::DetailTab;
use quarterdeck::world::News;
use ratatui::style::{Color, Modifier};
use serde_json::json;

use crate::stage::{SIZES, Stage, ago, now, plan, rollout, shop, text, workload};

fn seeing(rollouts: Vec<Rollout>, freshness: SourceState) -> Stage {
    let mut stage = Stage::new();
    stage.see(rollouts, freshness);
    stage
}

#[test]
fn list() {
    assert_snapshot!("list_connecting", Stage::new().bodies());
    assert_snapshot!("list_loading", seeing(Vec::new(), SourceState::Loading).bodies());
    assert_snapshot!("list_first_rows", seeing(shop(), SourceState::Loading).bodies());
    assert_snapshot!("list_empty", seeing(Vec::new(), SourceState::Fresh).bodies());
    assert_snapshot!("list_normal", seeing(shop(), SourceState::Fresh).bodies());
    assert_snapshot!("list_stale", seeing(shop(), SourceState::Stale).bodies());
    assert_snapshot!("list_down", seeing(shop(), SourceState::Down).bodies());
    let many = (0..2_500).map(|place| rollout(&format!("service-{place:04}"), Verdict::Complete)).collect();
    let mut huge = seeing(many, SourceState::Fresh);
    huge.press("G");
    assert_snapshot!("list_huge", huge.bodies());
    let mut filtered = seeing(shop(), SourceState::Fresh);
    filtered.press("/");
    filtered.type_text("chk");
    assert_snapshot!("list_filtered", filtered.bodies());
    filtered.type_text("nobody");
    assert_snapshot!("list_nothing_matches", filtered.bodies());
}

/// Texts nobody should have to expect, and somebody will send.
const HOSTILE: [&str; 6] = [
    "支払いサービス決済処理基盤本番環境",
    "\u{1b}[2J\u{1b}]0;owned\u{7}clear",
    "a\u{202e}gnp.exe\u{2066}",
    "e\u{301}\u{301}\u{301}\u{301}👩‍👩‍👧‍👦🏳️‍🌈",
    "tab\there\nnew\rline\0nul",
    "ＷＩＤＥ\u{200b}\u{feff}zero",
];

fn hostile() -> Vec<Rollout> {
    let row = |text: &&str| {
        // Names and images come cleaned from the sources; here they are as bad as they were sent.
        let reason: Arc<str> = text.repeat(20).into();
        Rollout { images: [(*text).into()].into(), reason: Some(reason), ..rollout(text, Verdict::Stuck) }
    };
    HOSTILE.iter().map(row).collect()
}

#[test]
fn hostile_texts_stay_in_their_cells() {
    let stage = seeing(hostile(), SourceState::Fresh);
    assert_snapshot!("list_hostile", stage.bodies());
    for (columns, rows) in SIZES {
        let drawn = stage.screen(columns, rows);
        for cell in drawn.content() {
            assert!(!cell.symbol().chars().any(is_dangerous), "{:?} reached a cell", cell.symbol());
        }
    }
}

fn is_dangerous(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

fn pod(name: &str, hash: &str, state: ContainerState) -> Pod {
    let is_ready = matches!(state, ContainerState::Running(_));
    let container = Container {
        name: "app".into(),
        is_ready,
        restarts: if is_ready { 0 } else { 9 },
        state,
        last_exit: (!is_ready).then_some(1),
        ..Container::default()
    };
    Pod {
        name: name.into(),
        uid: format!("uid-{name}").into(),
        template_hash: hash.into(),
        node: Some("node-a".into()),
        phase: "Running".into(),
        is_ready,
        created_at: Some(ago(300)),
        unschedulable: None,
        gate: None,
        volume: None,
        changed_at: None,
        gone_by: None,
        containers: [container].into(),
    }
}

fn revision(number: u64, tag: &str, is_current: bool) -> Revision {
    let template = json!({"metadata": {"labels": {"app": "payments"}}, "spec": {"containers": [
        {"name": "app", "image": format!("ghcr.example/shop/payments:{tag}"), "env": [{"name": "LEVEL", "value": tag}]}]}});
    Revision {
        number,
        earlier: Vec::new(),
        name: format!("payments-{number}").into(),
        uid: format!("uid-rs-{number}").into(),
        hash: format!("hash-{number}").into(),
        images: vec![format!("ghcr.example/shop/payments:{tag}")],
        change_cause: Some(format!("release {tag} by ci")),
        created_at: Some(ago(90_000 - i64::try_from(number).unwrap_or(0) * 6_000)),
        replicas: if is_current { 2 } else { 0 },
        available: 0,
        seen_healthy: if is_current { SeenHealthy::No } else { SeenHealthy::Remembered },
        is_current,
        template: Arc::new(template),
    }
}

fn autoscaler() -> Autoscaler {
    let limited = Condition {
        kind: "ScalingLimited".into(),
        is_true: true,
        reason: "TooManyReplicas".into(),
        ..Condition::default()
    };
    let measure = Measure { name: "cpu".into(), now: Some("91%".into()), target: "70%".into() };
    Autoscaler {
        who: "HorizontalPodAutoscaler payments".into(),
        least: 2,
        most: 6,
        current: 6,
        desired: 6,
        conditions: vec![limited],
        measures: vec![measure],
        ..Autoscaler::default()
    }
}

pub(crate) fn detail() -> Detail {
    let row = shop().remove(0);
    let condition = |kind: &str, is_true, reason: &str, message: &str| Condition {
        kind: kind.into(),
        is_true,
        reason: reason.into(),
        message: message.into(),
        since: Some(ago(660)),
        updated_at: Some(ago(660)),
    };
    Detail {
        workload: workload("payments"),
        report: Some(Report {
            generation: 9,
            observed_generation: 9,
            counts: row.counts,
            deadline: Some(TimeDelta::seconds(600)),
            conditions: vec![
                condition("Available", true, "MinimumReplicasAvailable", "Deployment has minimum availability."),
                condition(
                    "Progressing",
                    false,
                    "ProgressDeadlineExceeded",
                    "ReplicaSet \"payments-6b7f\" has timed out progressing.",
                ),
            ],
            ..Report::default()
        }),
        rollout: Some(Arc::new(row)),
        pods: Some(vec![
            pod(
                "payments-6b7f-x2x4z",
                "6b7f",
                ContainerState::Waiting("CrashLoopBackOff".into(), "back-off 5m0s restarting failed container".into()),
            ),
            Pod {
                gone_by: Some(now() + TimeDelta::seconds(20)),
                ..pod("payments-55aa-qqqqq", "55aa", ContainerState::Running(Some(ago(4_000))))
            },
            pod("payments-55aa-aaaaa", "55aa", ContainerState::Running(Some(ago(4_000)))),
        ]),
        revisions: Some(vec![revision(12, "2.4.1", true), revision(11, "2.4.0", false), revision(10, "2.3.9", false)]),
        events: Some(vec![
            ClusterEvent {
                at: Some(ago(12)),
                is_warning: true,
                count: 31,
                reason: "BackOff".into(),
                about: "Pod/payments-6b7f-x2x4z".into(),
                note: "Back-off restarting failed container".into(),
            },
            ClusterEvent {
                at: Some(ago(1_260)),
                is_warning: false,
                count: 1,
                reason: "ScalingReplicaSet".into(),
                about: "Deployment/payments".into(),
                note: "Scaled up replica set payments-6b7f from 0 to 2".into(),
            },
        ]),
        autoscalers: vec![autoscaler()],
        budgets: Vec::new(),
        gaps: vec!["no liveness probe".into()],
        selector: None,
        resources: HashMap::default(),
        raw: Some((0..200).map(|line| format!("line{line}: value")).collect()),
        error: None,
    }
}

pub(crate) fn on_detail(freshness: SourceState, detail: Detail, tab: DetailTab) -> Stage {
    let mut stage = seeing(shop(), freshness);
    stage.press("enter");
    for _ in 0..DetailTab::ALL.iter().position(|one| *one == tab).unwrap_or(0) {
        stage.press("tab");
    }
    stage.model.detail = Some(detail);
    stage
}

#[test]
fn detail_of_a_workload() {
    let nothing = || Detail {
        rollout: detail().rollout,
        workload: workload("payments"),
        report: None,
        pods: None,
        revisions: None,
        events: None,
        autoscalers: Vec::new(),
        budgets: Vec::new(),
        gaps: Vec::new(),
        selector: None,
        resources: HashMap::default(),
        raw: None,
        error: None,
    };
    assert_snapshot!("detail_pods", on_detail(SourceState::Fresh, detail(), DetailTab::Pods).bodies());
    assert_snapshot!("detail_events", on_detail(SourceState::Fresh, detail(), DetailTab::Events).bodies());
    let mut history = on_detail(SourceState::Fresh, detail(), DetailTab::History);
    history.press("j");
    assert_snapshot!("detail_history", history.bodies());
    assert_snapshot!("detail_raw", on_detail(SourceState::Fresh, detail(), DetailTab::Raw).bodies());
    assert_snapshot!("detail_loading", on_detail(SourceState::Loading, nothing(), DetailTab::Pods).bodies());
    assert_snapshot!("detail_stale", on_detail(SourceState::Stale, detail(), DetailTab::Pods).bodies());
    let failed = Detail { error: Some("https://10.0.0.1:6443 did not answer in 10 s.".into()), ..nothing() };
    assert_snapshot!("detail_down", on_detail(SourceState::Down, failed, DetailTab::History).bodies());
    let empty = Detail { pods: Some(Vec::new()), events: Some(Vec::new()), revisions: Some(Vec::new()), ..detail() };
    assert_snapshot!("detail_empty", on_detail(SourceState::Fresh, empty.clone(), DetailTab::Pods).bodies());
    assert_snapshot!("detail_no_events", on_detail(SourceState::Fresh, empty, DetailTab::Events).bodies());
    let pods = (0..500)
        .map(|place| pod(&format!("payments-{place:04}"), "6b7f", ContainerState::Running(Some(ago(60)))))
        .collect();
    let mut huge = on_detail(SourceState::Fresh, Detail { pods: Some(pods), ..detail() }, DetailTab::Pods);
    huge.press("G");
    assert_snapshot!("detail_huge", huge.bodies());
}

#[test]
fn journal() {
    let mut stage = seeing(shop(), SourceState::Fresh);
    stage.press("8");
    assert_snapshot!("journal_empty", stage.bodies());
    let line = |place: i64| JournalLine {
        environment: "production".into(),
        at: ago(place * 60),
        what: ["ended", "settled", "accepted", "sending"][usize::try_from(place % 4).unwrap_or(0)].into(),
        about: "rollback deployment/payments -n shop".into(),
        words: "verified: 6/6 ready, 6 updated, 6 available, no old pod is left in service.".into(),
    };
    stage.tell(News::Journal((0..5).map(line).collect()));
    assert_snapshot!("journal_normal", stage.bodies());
    let unknown =
        "UNKNOWN: the connection broke after the request was sent; what became of it is read back. The last word";
    let told = vec![JournalLine { words: unknown.into(), ..line(0) }];
    stage.tell(News::Journal(told));
    assert!(text(&stage.body(80, 24)).contains("The last word"), "what the columns cut off is told in full below");
    stage.tell(News::Journal((0..3_000).map(line).collect()));
    stage.press("G");
    assert_snapshot!("journal_huge", stage.bodies());
}

fn planning(plan: Option<Plan>) -> Stage {
    let mut stage = seeing(shop(), SourceState::Fresh);
    stage.press("!b");
    if let Some(plan) = plan {
        stage.tell(Message::Planned(1, Box::new(Ok(plan))));
    }
    stage
}

fn running(events: Vec<RunEvent>) -> Stage {
    running_of(plan(&[]), events)
}

fn running_of(plan: Plan, events: Vec<RunEvent>) -> Stage {
    let mut run = Run::draft(plan.id.as_str(), 1);
    let mut stage = planning(Some(plan));
    let mut log = Vec::new();
    for event in [RunEvent::Planned, RunEvent::Confirmed, RunEvent::Started { target: 0 }].into_iter().chain(events) {
        run = advance(&run, event.clone()).expect("events in order");
        log.push((ago(5), format!("{event:?}").chars().take(40).collect()));
    }
    let scene = &mut stage.model.planning.as_mut().expect("a plan is open").scene;
    scene.run = Some(run);
    scene.log = log;
    stage
}

#[test]
fn plans() {
    assert_snapshot!("plan_working", planning(None).bodies());
    let mut failed = planning(None);
    failed.tell(Message::Planned(
        1,
        Box::new(Err("https://10.0.0.1:6443 did not answer in 10 s. Try again with r.".into())),
    ));
    assert_snapshot!("plan_failed", failed.bodies());
    let mut ready = planning(Some(plan(&[])));
    ready.type_text("ROLL");
    assert_snapshot!("plan_ready", ready.bodies());
    let why = [
        "production is read-only (write is not set). Set write = true in this environment's table of the configuration to act.",
    ];
    assert_snapshot!("plan_refused", planning(Some(plan(&why))).bodies());
    let progress = RunEvent::Progress { target: 0, words: "progressing, 5/6 ready, 5 updated, 5 available".into() };
    assert_snapshot!("plan_running", running(vec![RunEvent::Accepted { target: 0 }, progress]).bodies());
    let settled = |outcome, words: &str| RunEvent::Settled { target: 0, outcome, words: words.into() };
    let verified =
        settled(Outcome::Done, "verified: 6/6 ready, 6 updated, 6 available, no old pod is left in service.");
    assert_snapshot!("plan_verified", running(vec![RunEvent::Accepted { target: 0 }, verified]).bodies());
    let lost = RunEvent::AnswerLost { target: 0, reason: "no answer in 10 s".into() };
    let unknown =
        settled(Outcome::Unknown, "the answer was lost, and after 30s the target shows no sign of the change.");
    assert_snapshot!("plan_unknown", running(vec![lost, unknown]).bodies());
}

/// A plan of steps that are taken one after the other, on its way and where it did not get there.
#[test]
fn plans_of_several_steps() {
    let on = Subject::Workload(workload("checkout"));
    let request = plan(&[]).targets[0].steps[0].request.clone();
    let step =
        |part, id: &str, words: &str, request: Request| Step::in_order(part, id, (on.clone(), "u"), words, request);
    let mut several = plan(&[]);
    several.targets[0].steps = vec![
        step(Part::Prepare, "hold", "Hold others off deployment/checkout -n shop.", request.clone()),
        step(Part::Prepare, "remember", "Remember how many pods there were.", request.clone()).done(true),
        step(Part::Change, "stop", "Stop its pods.", request.clone()),
        step(Part::Gate, "wait", "Its double in staging is well.", Request::default()),
        step(Part::Change, "hand-over", "Let its double take over.", request).without_return(),
    ];
    let mut ready = planning(Some(several.clone()));
    assert_snapshot!("plan_steps", ready.bodies());
    let happened = |step, state, words: &str| RunEvent::Step { target: 0, step, state, words: words.into() };
    let begun = || {
        [
            happened(0, StepState::Reached, "Hold others off deployment/checkout -n shop."),
            happened(1, StepState::Reached, "so already: Remember how many pods there were."),
            happened(2, StepState::Reached, "Stop its pods."),
            happened(3, StepState::Accepted, "0 of 2 pods of its double are available"),
        ]
    };
    ready = running_of(several.clone(), begun().into());
    assert_snapshot!("plan_steps_running", ready.bodies());
    let back = [
        happened(3, StepState::Failed, "step 4 did not get there: after 1m 0 of 2 pods of its double are available"),
        happened(2, StepState::Undone, "taken back: Start its pods again."),
        happened(0, StepState::NotUndone, "Let others act on it again. (no answer, and no sign of it)"),
    ];
    let words = "step 4 did not get there. NOT TAKEN BACK: Let others act on it again. Take that back by hand, or plan the same again.";
    let ended = RunEvent::Settled { target: 0, outcome: Outcome::NeedsHuman, words: words.into() };
    let events = begun().into_iter().chain(back).chain([ended]).collect();
    assert_snapshot!("plan_steps_needs_human", running_of(several, events).bodies());
}

#[test]
fn overlays() {
    let mut stage = seeing(shop(), SourceState::Fresh);
    for (keys, name) in
        [("?", "overlay_help"), (":", "overlay_palette"), ("s", "overlay_scope"), ("a", "overlay_actions")]
    {
        stage.press(keys);
        assert_snapshot!(name, stage.bodies());
        stage.press("esc");
    }
}

#[test]
fn whole_screens() {
    let stage = seeing(shop(), SourceState::Stale);
    let drawn = SIZES.map(|(columns, rows)| text(&stage.screen(columns, rows)));
    assert_snapshot!("screen_stale", drawn.join("\n\n"));
    assert_snapshot!("screen_too_small", text(&stage.screen(40, 10)));
}

#[test]
fn the_selection_is_seen_without_a_colour() {
    let stage = seeing(shop(), SourceState::Fresh);
    let drawn = stage.screen(80, 24);
    let row = (0..24)
        .find(|y| text(&drawn).lines().nth(usize::from(*y)).is_some_and(|line| line.contains("payments")))
        .expect("the first row");
    assert!(
        (2..78).all(|x| drawn[(x, row)].modifier.contains(Modifier::REVERSED)),
        "the row under the cursor is reversed"
    );
    assert!(drawn.content().iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset), "no colour at all");
}

#[test]
fn sixteen_colours_are_enough() {
    let mut stage = seeing(shop(), SourceState::Stale);
    stage.theme = Theme::embedded("midnight", Depth::Sixteen);
    let is_one_of_sixteen =
        |colour: Color| !matches!(colour, Color::Rgb(..)) && !matches!(colour, Color::Indexed(index) if index > 15);
    for cell in stage.screen(120, 40).content() {
        assert!(is_one_of_sixteen(cell.fg) && is_one_of_sixteen(cell.bg), "{cell:?}");
    }
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof!["\\PC{0,40}", proptest::sample::select(HOSTILE.to_vec()).prop_map(str::to_owned), any::<String>()]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever a cluster says and however small the terminal is: nothing panics and nothing dangerous reaches a cell.
    #[test]
    fn any_text_at_any_size_is_drawn_safely(name in any_text(), reason in any_text(), counts in any::<[u32; 5]>(), columns in 1_u16..210, rows in 1_u16..62, keys in proptest::sample::select(vec!["", "enter", "?", ":", "!b", "a", "s", "w", "8", "f"])) {
        let [desired, updated, ready, available, total] = counts;
        let row = Rollout {
            reason: Some(reason.as_str().into()),
            images: [name.as_str().into()].into(),
            counts: Counts { desired, updated, ready, available, total },
            notes: [reason.as_str().into()].into(),
            ..rollout(&name, Verdict::Progressing)
        };
        let mut stage = seeing(vec![row], SourceState::Stale);
        if !keys.is_empty() {
            stage.press(keys);
        }
        for glyphs in [Glyphs::UNICODE, Glyphs::ASCII] {
            stage.glyphs = glyphs;
            let drawn = stage.screen(columns, rows);
            prop_assert!(drawn.content().iter().all(|cell| !cell.symbol().chars().any(is_dangerous)));
        }
    }
}
