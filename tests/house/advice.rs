//! Rollback advice on the row, in the detail and in the plan, and when it is asked for.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use quarterdeck::app::{Effect, Message, update};
use quarterdeck::domain::advice::{Compared, Released, Window};
use quarterdeck::domain::rollout::{Rollout, Verdict};
use quarterdeck::domain::signal::SignalSnapshot;
use quarterdeck::domain::source::SourceState;

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

fn measured() -> Message {
    let snapshot = SignalSnapshot { environment: "production".into(), ..SignalSnapshot::default() };
    Message::Signals(Box::new(snapshot))
}

fn advised(since: f64) -> (Stage, Rollout) {
    let mut stage = Stage::new();
    let rows = released();
    let row = rows[0].clone();
    stage.see(rows, SourceState::Fresh);
    stage.tell(Message::Compared("production".into(), vec![compared(&row, since)]));
    (stage, row)
}

#[test]
fn a_release_is_compared_when_signals_come_and_not_twice_at_once() {
    let mut stage = Stage::new();
    let rows = released();
    let row = rows[0].clone();
    stage.see(rows, SourceState::Fresh);
    let asked = |stage: &mut Stage, seconds: i64| {
        let effects = update(&mut stage.model, measured(), now() + TimeDelta::seconds(seconds));
        let is_compare = |effect: &Effect| matches!(effect, Effect::Compare(..));
        effects.into_iter().find(is_compare)
    };
    let Some(Effect::Compare(environment, releases)) = asked(&mut stage, 0) else { panic!("it is asked") };
    assert_eq!((&*environment, releases.len()), ("production", 1));
    assert_eq!(releases[0].workload, row.workload);
    assert_eq!(asked(&mut stage, 60), None, "the answer is still to come");
    stage.tell(Message::Compared("production".into(), vec![compared(&row, 0.2)]));
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
        plan.targets[0].workload = row.workload.clone();
        let before = plan.targets[0].evidence.len();
        let plan = stage.model.with_advice(plan.sealed(), now());
        assert_eq!(plan.targets[0].evidence.len() - before, expected, "{action}");
        assert!(plan.is_intact(), "it is sealed again");
        let words: BTreeSet<&str> = plan.targets[0].evidence.iter().map(|one| &*one.words).collect();
        assert_eq!(words.iter().any(|words| words.starts_with("ROLLBACK ADVISED")), expected == 1);
    }
}
