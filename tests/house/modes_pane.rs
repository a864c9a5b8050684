//! The pane of maintenance modes in every state, at every size, and the way from a service to the plan of its mode.

use std::sync::Arc;

use chrono::TimeDelta;
use insta::assert_snapshot;
use quarterdeck::app::Effect;
use quarterdeck::domain::maintenance_mode::Memory;
use quarterdeck::domain::rollout::{Rollout, Verdict};
use quarterdeck::domain::source::SourceState;
use quarterdeck::theme::{Depth, Glyphs, Theme};

use crate::stage::{Stage, ago, now, rollout, text};

fn memory(by: &str, began: i64, lasts: i64, replicas: u32) -> Memory {
    Memory {
        v: 1,
        run: "20261124T030000Z-0123456789abcdef".into(),
        since: ago(began),
        by: by.into(),
        until: ago(began) + TimeDelta::seconds(lasts),
        reason: "another disk for its database".into(),
        replicas,
        ..Memory::default()
    }
}

fn row(name: &str, service: Option<&str>, desired: u32, maintenance: Option<Result<Memory, String>>) -> Rollout {
    let mut row = rollout(name, Verdict::Complete);
    row.service = service.map(Into::into);
    row.counts.desired = desired;
    row.counts.available = desired;
    Rollout { maintenance: maintenance.map(Arc::new), ..row }
}

fn services() -> Vec<Rollout> {
    let ending = Memory { is_ending: true, ..memory("lee", 900, 3_600, 3) };
    let longer =
        Memory { extensions: 2, extended_because: "the copy is slow".into(), ..memory("mori", 7_200, 9_000, 4) };
    vec![
        row("api", Some("checkout"), 0, Some(Ok(memory("mori", 7_200, 3_600, 3)))),
        row("worker", Some("checkout"), 0, Some(Ok(memory("mori", 7_200, 3_600, 2)))),
        row("cache", Some("checkout"), 1, None),
        row("search", Some("search"), 0, Some(Ok(longer))),
        row("mail", Some("mail"), 3, Some(Ok(ending))),
        row("legacy", None, 0, None),
        row("basket", Some("basket"), 0, Some(Err("its annotation is no memory of ours".into()))),
        row("payments", Some("payments"), 4, None),
    ]
}

fn seeing(rows: Vec<Rollout>, freshness: SourceState) -> Stage {
    let mut stage = Stage::new();
    stage.see(rows, freshness);
    stage.press("5 tab");
    stage
}

#[test]
fn modes_list() {
    let mut connecting = Stage::new();
    connecting.press("5 tab");
    assert_snapshot!("modes_loading", connecting.bodies());
    assert_snapshot!("modes_empty", seeing(Vec::new(), SourceState::Fresh).bodies());
    assert_snapshot!("modes_normal", seeing(services(), SourceState::Fresh).bodies());
    assert_snapshot!("modes_stale", seeing(services(), SourceState::Stale).bodies());
    assert_snapshot!("modes_down", seeing(services(), SourceState::Down).bodies());
    let many = (0..3_000).map(|place| {
        let kept = (place % 50 == 0).then(|| Ok(memory("mori", 600, 3_600, 2)));
        row(&format!("api-{place:04}"), Some(&format!("service-{place:04}")), u32::from(kept.is_none()), kept)
    });
    let mut huge = seeing(many.collect(), SourceState::Fresh);
    huge.press("G");
    assert_snapshot!("modes_huge", huge.bodies());
}

#[test]
fn modes_without_colour_in_few_colours_and_of_hostile_words() {
    let hostile = Memory { by: "mo\u{202e}ri".into(), ..memory("x", 60, 3_600, 2) };
    let rows = || vec![row("wide", Some("結帳服務-結帳服務-結帳服務-結帳服務"), 0, Some(Ok(hostile.clone())))];
    assert_snapshot!("modes_hostile", text(&seeing(rows(), SourceState::Fresh).body(80, 24)));
    let mut plain = seeing(services(), SourceState::Fresh);
    for (name, depth, glyphs) in
        [("modes_no_colour", Depth::None, Glyphs::ASCII), ("modes_sixteen", Depth::Sixteen, Glyphs::UNICODE)]
    {
        plain.theme = Theme::embedded("midnight", depth);
        plain.glyphs = glyphs;
        assert_snapshot!(name, text(&plain.body(80, 24)));
    }
}

#[test]
fn what_is_longest_over_its_end_is_first_and_a_filter_finds_by_who_and_why() {
    let mut stage = seeing(services(), SourceState::Fresh);
    assert_eq!(stage.under_cursor(), "checkout");
    assert_eq!(stage.rows(), ["checkout", "basket", "search", "mail", "legacy", "payments"]);
    stage.press("ctrl-z");
    assert_eq!(stage.rows().len(), 5, "one that is off is no problem");
    stage.press("ctrl-z");
    stage.press("/");
    stage.type_text("lee");
    assert_eq!(stage.rows(), ["mail"]);
}

#[test]
fn the_whole_service_is_brought_back_as_one() {
    let mut stage = seeing(services(), SourceState::Fresh);
    let planned = |effects: &[Effect]| {
        effects.iter().find_map(|effect| match effect {
            Effect::Plan(request) => {
                let targets: Vec<String> = request.targets.iter().map(ToString::to_string).collect();
                Some((request.action, targets))
            }
            _ => None,
        })
    };
    let effects = stage.later("!M");
    let (action, targets) = planned(&effects).expect("a plan");
    assert_eq!((action, targets.len()), ("maintenance-off", 2), "both that remember something: {targets:?}");
    assert!(targets[0].contains("api") && targets[1].contains("worker"));
    stage.press("esc");
    // What is for one workload stays with the one that is meant.
    let effects = stage.later("!p");
    let (_, targets) = planned(&effects).expect("a plan");
    assert_eq!(targets.len(), 1, "{targets:?}");
}

#[test]
fn the_overview_tells_what_is_over_its_end() {
    let mut stage = Stage::new();
    stage.see(services(), SourceState::Fresh);
    stage.press("0");
    let body = text(&stage.body(120, 40));
    assert!(body.contains("OVERDUE") && body.contains("mori"), "{body}");
    assert!(now() > ago(1));
}
