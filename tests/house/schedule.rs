//! The pane of the maintenance schedule in every state, at every size.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use insta::assert_snapshot;
use quarterdeck::domain::maintenance::Exception;
use quarterdeck::domain::maintenance::emergency::Trigger;
use quarterdeck::domain::source::{SourceHealth, SourceId, SourceState};
use quarterdeck::domain::store::{PlannedWindow, StoreSnapshot, StoredFreeze, StoredWindow, TaskTick};
use quarterdeck::theme::{Depth, Glyphs, Theme};
use quarterdeck::ui::pen::Pen;
use quarterdeck::ui::root;
use quarterdeck::world::News;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::alerts::workloads;
use crate::stage::{SIZES, Stage, ago, now, text};

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("a time")
}

fn planned(name: &str, once: DateTime<Utc>) -> StoredWindow {
    StoredWindow {
        planned: PlannedWindow {
            name: name.into(),
            recurrence: None,
            once: Some(once),
            zone: "Asia/Tokyo".into(),
            lasts_seconds: 2_700,
            service: Some("payments".into()),
            is_downtime: true,
            activities: vec!["rebuild the index".into(), "health check".into()],
            emergency: None,
        },
        announced: ago(900),
        by: "sato".into(),
        at: ago(900),
        withdrawn: None,
        version: 1,
    }
}

fn health(state: SourceState) -> SourceHealth {
    let last_good = (state != SourceState::Loading).then(|| ago(if state == SourceState::Fresh { 2 } else { 190 }));
    let error = matches!(state, SourceState::Stale | SourceState::Down).then(|| "no answer within 5 s.".to_owned());
    SourceHealth { state, last_good, error, ..SourceHealth::loading(SourceId::store()) }
}

fn told(windows: Vec<StoredWindow>, said: Vec<Exception>, state: SourceState) -> StoreSnapshot {
    let windows: BTreeMap<_, _> = windows.into_iter().map(|one| (one.planned.name.clone(), one)).collect();
    let said: BTreeMap<_, _> = said.into_iter().map(|one| ((one.window.clone(), one.occurrence), one)).collect();
    StoreSnapshot {
        health: health(state),
        ..StoreSnapshot::default().with::<StoredWindow>(windows).with::<Exception>(said)
    }
}

fn said(window: &str, occurrence: &str) -> Exception {
    Exception {
        window: window.into(),
        occurrence: at(occurrence),
        moved_to: None,
        is_cancelled: false,
        started: None,
        finished: None,
        reason: "freight day".into(),
        by: "lee".into(),
        at: ago(600),
        version: 1,
    }
}

/// A night with everything in it: begun and not ended, soon, moved, called off, an emergency, a freeze, a task that is overdue.
fn busy(state: SourceState) -> StoreSnapshot {
    let mut emergency = planned("hotfix", ago(600));
    emergency.planned.emergency = Some(Trigger::Degradation);
    let windows = vec![planned("reindex-orders", now() + TimeDelta::minutes(12)), emergency];
    let exceptions = vec![
        Exception { started: Some(at("2026-11-24T02:01:00Z")), ..said("daily", "2026-11-24T02:00:00Z") },
        Exception { moved_to: Some(at("2026-11-25T05:00:00Z")), ..said("daily", "2026-11-25T02:00:00Z") },
        Exception { is_cancelled: true, ..said("daily", "2026-11-26T02:00:00Z") },
    ];
    let freeze = StoredFreeze {
        name: "2.4.0".into(),
        release_day: Some("2026-11-27".into()),
        from: None,
        until: at("2026-11-27T00:00:00Z"),
        zone: "UTC".into(),
        environment: None,
        service: None,
        reason: String::new(),
        by: "sato".into(),
        at: ago(900),
        withdrawn: None,
        version: 1,
    };
    let tick = |task: &str, at: DateTime<Utc>| {
        (task.to_owned(), TaskTick { task: task.into(), number: 1, note: String::new(), by: "mori".into(), at })
    };
    let ticks = [
        tick("logs", at("2026-11-21T09:00:00Z")),
        tick("hotfix/status page", ago(540)),
        tick("daily/log rotation", at("2026-11-24T02:10:00Z")),
    ];
    told(windows, exceptions, state)
        .with::<StoredFreeze>([("2.4.0".to_owned(), freeze)].into())
        .with::<TaskTick>(ticks.into())
}

fn seeing(store: StoreSnapshot) -> Stage {
    let mut stage = Stage::new();
    stage.see(workloads(), SourceState::Fresh);
    stage.tell(News::Store(Box::new(store)));
    stage.press("5");
    stage
}

#[test]
fn schedule_list() {
    let mut unheard = Stage::new();
    unheard.press("5");
    assert_snapshot!("schedule_not_heard", unheard.bodies());
    assert_snapshot!("schedule_shipped", seeing(told(Vec::new(), Vec::new(), SourceState::Fresh)).bodies());
    assert_snapshot!("schedule_busy", seeing(busy(SourceState::Fresh)).bodies());
    assert_snapshot!("schedule_stale", seeing(busy(SourceState::Down)).bodies());
    let many = (0..900).map(|nth| planned(&format!("window-{nth:04}"), now() + TimeDelta::minutes(60 + nth))).collect();
    let mut huge = seeing(told(many, Vec::new(), SourceState::Fresh));
    huge.press("G");
    assert_snapshot!("schedule_huge", huge.bodies());
    let mut filtered = seeing(busy(SourceState::Fresh));
    filtered.press("/");
    filtered.type_text("reindex");
    assert_eq!(filtered.rows().len(), 2, "it, and what it crosses");
    filtered.type_text("nobody");
    assert!(text(&filtered.body(120, 40)).contains("windows matches"));
    filtered.press("esc");
    assert!(filtered.rows().len() > 60, "esc clears the filter");
}

#[test]
fn what_runs_is_first_and_what_comes_follows_in_its_order() {
    let stage = seeing(busy(SourceState::Fresh));
    let states = stage.states();
    assert_eq!(states[..3], ["running daily", "running hotfix", "planned reindex-orders"], "{states:?}");
    let body = text(&stage.body(120, 40));
    for words in [
        "37m OVER",
        "EMERGENCY hotfix: approval is due in 4h",
        "EMERGENCY hotfix: report is due",
        "final test for 2.4.0",
        "OVERDUE: logs",
        "[x] log rotation (mori, 57m ago)",
        "November 2026",
    ] {
        assert!(body.contains(words), "{words}:\n{body}");
    }
    assert!(!body.contains("status page"), "what is done is not due: {body}");
}

/// Nothing moves in the store, and the clock goes on.
#[test]
fn a_window_begins_by_the_clock_alone() {
    let stage =
        seeing(told(vec![planned("reindex-orders", now() + TimeDelta::minutes(12))], Vec::new(), SourceState::Fresh));
    let line = |at: DateTime<Utc>| {
        let area = Rect::new(0, 0, 120, 36);
        let mut buffer = Buffer::empty(area);
        let sources = stage.model.world.sources();
        let scene = stage.model.scene(at, &sources);
        root::body(&mut Pen::new(&mut buffer, &stage.theme, &stage.glyphs, at), area, &scene);
        let body = text(&buffer);
        body.lines().find(|line| line.contains("reindex-orders")).unwrap_or_default().to_owned()
    };
    let (before, during) = (line(now()), line(now() + TimeDelta::minutes(20)));
    assert!(before.contains("planned") && before.contains("in 12m"), "{before}");
    assert!(during.contains("running") && during.contains("ends in 37m"), "{during}");
}

#[test]
fn a_key_plans_what_is_done_to_the_occurrence_under_the_cursor() {
    let mut stage = seeing(told(Vec::new(), Vec::new(), SourceState::Fresh));
    let effects = stage.later("!C");
    let asked = format!("{effects:?}");
    assert!(asked.contains("cancel-window") && asked.contains("daily@2026-11-25T02:00:00Z"), "{asked}");
}

#[test]
fn hostile_names_stay_in_their_cells() {
    let hostile = ["支払いサービス決済処理基盤本番環境", "\u{1b}[2J\u{1b}]0;owned\u{7}clear", "a\u{202e}gnp.exe"];
    let windows = hostile.iter().zip(1..).map(|(name, nth)| {
        let mut window = planned(name, now() + TimeDelta::hours(nth));
        window.planned.service = Some((*name).to_owned());
        window.planned.activities = vec![(*name).to_owned()];
        window
    });
    let mut stage = seeing(told(windows.collect(), Vec::new(), SourceState::Fresh));
    for (depth, glyphs) in [(Depth::None, Glyphs::ASCII), (Depth::Sixteen, Glyphs::UNICODE)] {
        stage.theme = Theme::embedded("midnight", depth);
        stage.glyphs = glyphs;
        for (columns, rows) in SIZES {
            for cell in stage.screen(columns, rows).content() {
                assert!(!cell.symbol().chars().any(char::is_control), "{:?} reached a cell", cell.symbol());
                assert!(!cell.symbol().contains('\u{202e}'));
            }
        }
    }
}
