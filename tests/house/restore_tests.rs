//! The pane of restore tests in every state, at every size, and the ways between it and the backups.

use chrono::TimeDelta;
use insta::assert_snapshot;
use quarterdeck::domain::backup::RestoreTest;
use quarterdeck::domain::source::SourceState;
use quarterdeck::domain::store::{Id, RecordedRestore, StoreSnapshot};
use quarterdeck::domain::time::Instant;
use quarterdeck::world::News;

use crate::alerts::workloads;
use crate::coverage::shop;
use crate::stage::{Stage, health, now, text};

fn test(set: &str, ago: TimeDelta, change: impl FnOnce(&mut RecordedRestore)) -> RecordedRestore {
    let at: Instant = now() - ago;
    let mut record = RecordedRestore {
        id: Id::stored(format!("{set}-{}", ago.num_seconds())),
        set: set.to_owned(),
        test: RestoreTest {
            at,
            is_ok: true,
            target: Some("0/5000000".into()),
            reached: Some("0/5000028".into()),
            took: Some(TimeDelta::minutes(42)),
            bytes: Some(98_000_000_000),
            is_checked: false,
            only_checksums: false,
        },
        by: "backup".to_owned(),
        recorded_at: at,
    };
    change(&mut record);
    record
}

/// One proven well within its time, one too long ago, one that only started, the others never.
fn tests() -> Vec<RecordedRestore> {
    vec![
        test("customers", TimeDelta::days(2), |_| {}),
        test("orders", TimeDelta::days(12), |record| record.test.took = Some(TimeDelta::hours(5))),
        test("orders", TimeDelta::hours(3), |record| record.test.is_ok = false),
        test("a-set-with-a-name-that-nobody-would-choose", TimeDelta::days(1), |record| record.test.target = None),
    ]
}

fn seeing(tests: Vec<RecordedRestore>) -> Stage {
    let mut stage = Stage::new();
    stage.see(workloads(), SourceState::Fresh);
    let health = health("store", SourceState::Fresh);
    let store = StoreSnapshot { health, ..StoreSnapshot::default().with::<RecordedRestore>(tests) };
    stage.tell(News::Store(Box::new(store)));
    stage.tell(News::Backups(Box::new(shop())));
    stage.press("3 tab tab");
    assert_eq!(stage.front(), "restore_tests");
    stage
}

#[test]
fn restore_tests_list() {
    let mut without = Stage::new();
    without.press("3");
    without.press("tab");
    assert_snapshot!("restore_tests_not_configured", without.bodies());
    assert_snapshot!("restore_tests_none", seeing(Vec::new()).bodies());
    assert_snapshot!("restore_tests_normal", seeing(tests()).bodies());
}

#[test]
fn what_is_least_proven_is_first_and_every_loss_is_told() {
    let mut stage = seeing(tests());
    let states = stage.states();
    assert_eq!(states[0].split(' ').next(), Some("never"), "{states:?}");
    assert_eq!(states.last().map(String::as_str), Some("ok customers"), "{states:?}");
    while stage.under_cursor() != "orders" {
        stage.press("j");
    }
    let body = text(&stage.body(200, 60));
    assert!(body.contains("5h") && body.contains("It took 5h 00m, and may take 4h 00m."), "{body}");
    assert!(body.contains("FAILED 3h"), "{body}");
    for loss in ["node", "zone", "database", "region"] {
        assert!(body.contains(loss), "{loss}: {body}");
    }
    assert!(body.contains("survives = [\"region\"]"), "what nobody declared is not made up: {body}");
    stage.press("enter");
    assert_eq!(
        (stage.front().as_str(), stage.under_cursor().as_str()),
        ("coverage", "orders"),
        "it leads to its backups"
    );
    stage.press("enter");
    assert_eq!(stage.front(), "restore_tests", "and back");
}
