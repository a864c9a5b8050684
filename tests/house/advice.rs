//! Rollback advice on the row, in the detail and in the plan, and when it is asked for.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use insta::assert_snapshot;
use quarterdeck::app::Effect;
use quarterdeck::domain::advice::{Absence, Compared, Other, Released, Window};
use quarterdeck::domain::rollout::{Rollout, Verdict};
use quarterdeck::domain::signal::SignalSnapshot;
use quarterdeck::domain::source::SourceState;
use quarterdeck::theme::{Depth, Glyphs, Theme};
use quarterdeck::world::News;
use ratatui::buffer::Buffer;
use ratatui::style::Color;

use crate::alerts::workloads;
use crate::stage::{SIZES, Stage, ago, now, text};

fn released() -> Vec<Rollout> {
    let mut rows = workloads();
    for row in &mut rows {
        row.changed_at = None;
    }
    rows[0].changed_at = Some(ago(600));
    rows[0].service = Some("checkout".into());
    rows
}

fn window(errors: f64) -> Window {
    Window { requests: Ok(24_000.0), errors: Ok(errors), p95: Ok(0.12), business: Vec::new() }
}

fn compared(row: &Rollout, since: f64) -> Compared {
    Compared {
        released: Released {
            workload: row.workload.clone(),
            service: "checkout".into(),
            began: row.changed_at.expect("it was released"),
            sides: None,
        },
        length: TimeDelta::minutes(10),
        observed_at: ago(4),
        windows: Ok([window(since), window(0.002), window(0.001)]),
        others: Vec::new(),
        beside: None,
    }
}

fn measured() -> News {
    let snapshot = SignalSnapshot { environment: "production".into(), ..SignalSnapshot::default() };
    News::Signals(Box::new(snapshot))
}

fn advised(since: f64) -> (Stage, Rollout) {
    let mut stage = Stage::new();
    let rows = released();
    let row = rows[0].clone();
    stage.see(rows, SourceState::Fresh);
    stage.tell(News::Compared("production".into(), vec![compared(&row, since)]));
    (stage, row)
}

#[test]
fn a_release_is_compared_when_signals_come_and_not_twice_at_once() {
    let mut stage = Stage::new();
    let rows = released();
    let row = rows[0].clone();
    stage.see(rows, SourceState::Fresh);
    let asked = |stage: &mut Stage, seconds: i64| {
        let effects = stage.tell_at(measured(), now() + TimeDelta::seconds(seconds));
        let is_compare = |effect: &Effect| matches!(effect, Effect::Compare(..));
        effects.into_iter().find(is_compare)
    };
    let Some(Effect::Compare(environment, releases)) = asked(&mut stage, 0) else { panic!("it is asked") };
    assert_eq!((&*environment, releases.len()), ("production", 1));
    assert_eq!(releases[0].workload, row.workload);
    assert_eq!(asked(&mut stage, 60), None, "the answer is still to come");
    stage.tell(News::Compared("production".into(), vec![compared(&row, 0.2)]));
    assert_eq!(asked(&mut stage, 15), None, "not before half a minute");
    assert!(asked(&mut stage, 45).is_some());
    assert!(asked(&mut stage, 300).is_some(), "an answer that never came is not waited for");
}

#[test]
fn the_row_and_the_detail_say_what_is_advised_as_long_as_it_is_of_now() {
    let (mut stage, row) = advised(0.12);
    for (columns, rows) in SIZES {
        let body = text(&stage.body(columns, rows));
        assert!(body.contains("ROLLBACK ADVISED"), "{columns}x{rows}\n{body}");
    }
    stage.press("enter");
    let body = text(&stage.body(120, 40));
    assert!(body.contains("ROLLBACK ADVISED because errors 12 % above 5.0 % (0.20 % before the release"), "{body}");
    assert!(body.contains("Measured"), "{body}");
    // Another release of it: the advice was not about this one.
    let later = Rollout { changed_at: Some(ago(1)), verdict: Verdict::Progressing, ..row };
    stage.see(vec![later], SourceState::Fresh);
    assert!(!text(&stage.body(120, 40)).contains("ADVISED"));

    let (mut stage, _) = advised(0.004);
    assert!(!text(&stage.body(120, 40)).contains("ADVISED"));
    stage.press("enter");
    assert!(text(&stage.body(120, 40)).contains("Rollback not advised: errors 0.40 % not above"));
}

#[test]
fn the_advice_is_evidence_of_the_plan_to_roll_back_and_of_no_other() {
    let (stage, row) = advised(0.12);
    for (action, expected) in [("rollback", 1), ("restart", 0)] {
        let mut plan = crate::stage::plan(&[]);
        plan.action = action.to_owned();
        plan.targets[0].subject = row.workload.clone().into();
        let before = plan.targets[0].evidence.len();
        let plan = stage.model.world.with_advice(plan.sealed(), now());
        assert_eq!(plan.targets[0].evidence.len() - before, expected, "{action}");
        assert!(plan.is_intact(), "it is sealed again");
        let words: BTreeSet<&str> = plan.targets[0].evidence.iter().map(|one| &*one.words).collect();
        assert_eq!(words.iter().any(|words| words.starts_with("ROLLBACK ADVISED")), expected == 1);
    }
}

/// The list and the detail of the workload that is advised about, at every size.
fn list_and_detail(stage: &mut Stage) -> String {
    let list = stage.bodies();
    stage.press("enter");
    let detail = stage.bodies();
    stage.press("q");
    format!("{list}\n\n{detail}")
}

/// The lines that tell of the advice, each with the colours of its letters as they change.
fn coloured(drawn: &Buffer) -> String {
    let told = text(drawn);
    let is_told = |(_, line): &(usize, &str)| line.to_lowercase().contains("rollback");
    let spans = |y: usize| {
        let mut spans: Vec<(Color, String)> = Vec::new();
        for x in 0..drawn.area.width {
            let cell = &drawn[(x, u16::try_from(y).expect("a row of the screen"))];
            match spans.last_mut() {
                Some((colour, words)) if *colour == cell.fg => words.push_str(cell.symbol()),
                _ => spans.push((cell.fg, cell.symbol().to_owned())),
            }
        }
        let spans = spans.iter().map(|(colour, words)| format!("{colour}[{}]", words.trim_end()));
        spans.collect::<Vec<_>>().join(" ")
    };
    told.lines().enumerate().filter(is_told).map(|(y, _)| spans(y)).collect::<Vec<_>>().join("\n")
}

#[test]
fn it_is_read_without_colour_and_in_sixteen() {
    let (mut stage, _) = advised(0.12);
    assert_snapshot!("advice_without_colour", list_and_detail(&mut stage));
    stage.theme = Theme::embedded("midnight", Depth::None);
    stage.glyphs = Glyphs::ASCII;
    let without = stage.screen(120, 40);
    assert!(
        without.content().iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset),
        "no colour at all"
    );
    assert!(text(&without).contains("ROLLBACK ADVISED"));
    stage.theme = Theme::embedded("midnight", Depth::Sixteen);
    stage.glyphs = Glyphs::UNICODE;
    let list = coloured(&stage.body(120, 40));
    stage.press("enter");
    let is_one_of_sixteen =
        |colour: Color| !matches!(colour, Color::Rgb(..)) && !matches!(colour, Color::Indexed(index) if index > 15);
    let detail = stage.body(120, 40);
    assert!(detail.content().iter().all(|cell| is_one_of_sixteen(cell.fg) && is_one_of_sixteen(cell.bg)));
    assert_snapshot!("advice_in_sixteen_colours", format!("{list}\n\n{}", coloured(&detail)));
}

/// What names the advice: a service beside, a business metric, and what a server says of a question it refuses.
#[test]
fn hostile_texts_stay_in_their_cells() {
    let hostile = "決済\u{202e}\u{1b}[31m\u{7}\nした";
    let mut stage = Stage::new();
    let rows = released();
    let mut found = compared(&rows[0], 0.12);
    found.released.service = hostile.into();
    found.others = vec![Other { service: hostile.into(), errors: 0.4 }];
    if let Ok(windows) = &mut found.windows {
        for (place, window) in windows.iter_mut().enumerate() {
            let orders = if place == 0 { 1.0 } else { 40.0 };
            window.business =
                vec![(hostile.into(), Ok(orders)), ("orders".into(), Err(Absence::Refused(hostile.into())))];
        }
        windows[1].p95 = Err(Absence::Refused(hostile.repeat(30)));
    }
    stage.see(rows, SourceState::Fresh);
    stage.tell(News::Compared("production".into(), vec![found]));
    let drawn = list_and_detail(&mut stage);
    assert!(drawn.chars().all(|letter| letter == '\n' || !letter.is_control() && letter != '\u{202e}'), "{drawn:?}");
    assert_snapshot!("advice_hostile", drawn);
}
