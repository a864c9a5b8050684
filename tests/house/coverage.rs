//! The pane of backups in every state, at every size.

use std::sync::Arc;

use chrono::{TimeDelta, TimeZone, Utc};
use insta::assert_snapshot;
use quarterdeck::domain::backup::{
    Backup, BackupKind, BackupSet, BackupSnapshot, Objectives, Outcome, Reading, Said, Segment, SetReading, Span,
    ToldBy, WalRange,
};
use quarterdeck::domain::job::Schedule;
use quarterdeck::domain::source::SourceState;
use quarterdeck::domain::time::Instant;
use quarterdeck::ui::overview::Spot;
use quarterdeck::world::News;

use crate::alerts::workloads;
use crate::stage::{Stage, now, text};

fn set(name: &str) -> BackupSet {
    BackupSet {
        name: name.into(),
        kind: BackupKind::Full,
        schedule: Schedule::read("0 2 * * *", None).expect("a schedule"),
        is_schedule_declared: true,
        incremental: None,
        objectives: Objectives::default(),
        is_rpo_declared: false,
        tier: None,
        segment_size: None,
        said: Said::default(),
    }
}

/// At two in the morning, so many days ago.
fn night(back: i64) -> Instant {
    let two = Utc.from_utc_datetime(&now().date_naive().and_hms_opt(2, 0, 0).expect("a time"));
    let last = if two <= now() { two } else { two - TimeDelta::days(1) };
    last - TimeDelta::days(back)
}

fn segment(number: u32) -> Segment {
    Segment { timeline: 1, log: 0, number }
}

/// A full backup of each of the last 40 nights, those so many nights back apart.
fn nights(without: &[i64]) -> Reading {
    let backup = |back: i64| {
        let place = segment(u32::try_from(200 - 4 * back).expect("few"));
        Backup {
            id: format!("{}F", night(back).format("%Y%m%d-%H%M%S")).into(),
            kind: BackupKind::Full,
            outcome: Outcome::Good,
            began: Some(night(back)),
            finished: Some(night(back) + TimeDelta::minutes(12)),
            bytes: Some(4_100_000_000),
            is_physical: true,
            wal: Some(WalRange { start: place, stop: place }),
            parents: Vec::new(),
        }
    };
    let backups = (0..40).rev().filter(|back| !without.contains(back)).map(backup).collect();
    Reading {
        backups,
        encryption: Some("aes-256-cbc".into()),
        told_at: Some(now() - TimeDelta::minutes(5)),
        ..Reading::default()
    }
}

fn told(name: &str, told: Option<Result<Reading, &str>>) -> SetReading {
    let told = told.map(|told| told.map(Arc::new).map_err(str::to_owned));
    SetReading { set: Arc::new(set(name)), by: ToldBy::Tool, told, before: None }
}

/// A shop's sets: one with a hole in its WAL and a missing night, one late, one that cannot be read, one well.
pub(crate) fn shop() -> BackupSnapshot {
    let mut broken = nights(&[3]);
    broken.archived =
        Some(vec![Span { first: segment(40), last: segment(189) }, Span { first: segment(191), last: segment(210) }]);
    let gone =
        "/var/lib/pgbackrest/info.json: pgBackRest knows no stanza search; it knows main. Was it deleted or renamed?";
    BackupSnapshot {
        sets: vec![
            told("customers", Some(Ok(nights(&[])))),
            told("a-set-with-a-name-that-nobody-would-choose", Some(Ok(nights(&[0])))),
            told("search", Some(Err(gone))),
            told("orders", Some(Ok(broken))),
            SetReading { by: ToldBy::Records, ..told("決済-uploads", None) },
        ],
    }
}

fn seeing(backups: BackupSnapshot) -> Stage {
    let mut stage = Stage::new();
    stage.see(workloads(), SourceState::Fresh);
    stage.tell(News::Backups(Box::new(backups)));
    stage.press("3");
    stage
}

#[test]
fn coverage_list() {
    let mut without = Stage::new();
    without.press("3");
    assert_snapshot!("coverage_not_configured", without.bodies());
    let loading = BackupSnapshot { sets: vec![told("orders", None)] };
    assert_snapshot!("coverage_loading", seeing(loading).bodies());
    assert_snapshot!("coverage_normal", seeing(shop()).bodies());
    let many = (0..2_000).map(|place| told(&format!("set-{place:04}"), Some(Ok(nights(&[]))))).collect();
    let mut huge = seeing(BackupSnapshot { sets: many });
    huge.press("G");
    assert_snapshot!("coverage_huge", huge.bodies());
    let mut filtered = seeing(shop());
    filtered.press("/");
    filtered.type_text(&night(3).format("%Y-%m-%d").to_string());
    assert_eq!(filtered.states(), ["broken orders"], "a missing day is found by its name");
    filtered.type_text("nobody");
    assert!(text(&filtered.body(120, 40)).contains("None of 5 sets matches"));
}

#[test]
fn the_worst_is_first_and_its_missing_night_is_named() {
    let mut stage = seeing(shop());
    let states = stage.states();
    assert_eq!(states.len(), 5);
    assert!(states[0] == "broken orders" && states[3] == "ok customers", "{states:?}");
    while stage.under_cursor() != "orders" {
        stage.press("j");
    }
    let body = text(&stage.body(120, 40));
    assert!(body.contains(&format!("missing {}", night(3).format("%Y-%m-%d"))), "{body}");
    assert!(body.contains("is missing: moments between"), "{body}");
    stage.press("ctrl-z");
    assert_eq!(stage.rows().len(), 3, "what is well is left out");
    stage.press("0");
    let overview = text(&stage.body(120, 40));
    assert!(overview.contains("BROKEN"), "{overview}");
    while stage.spot() != Some(Spot::Headline("coverage")) {
        stage.press("j");
    }
    stage.press("enter");
    assert_eq!(stage.front(), "coverage", "the headline leads there");
}
