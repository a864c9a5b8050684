//! A freeze before plans and at the gate: what puts something new out is refused, and acting over it is on the record.

use std::sync::Arc;

use chrono::TimeDelta;
use tokio::sync::watch;

use super::alerts::StoreEyes;
use super::contract::Options;
use super::frozen::Freezes;
use super::journal::{self, What};
use super::testing::{Stage, World};
use crate::config::StoreSettings;
use crate::domain::action::{Consent, Given, Phase, Tier};
use crate::domain::alert::AlertSnapshot;
use crate::domain::store::fact::{Fact, Row};
use crate::domain::store::{Author, Id, NewFreeze, StoredFreeze, WithdrawFreeze};
use crate::sources::store::Store;
use crate::sources::store::port::WriteStore;

fn stage() -> (Stage, Arc<Store>) {
    let mut stage = Stage::of(World::new());
    let store =
        Arc::new(Store::open(&StoreSettings::Embedded, stage.folder.path(), &stage.executor.planner.clock, false));
    let listed = Arc::new(watch::Sender::new(AlertSnapshot::default()).subscribe());
    stage.executor.planner.store = Some(StoreEyes { store: store.clone(), listed, grant: Ok(()) });
    (stage, store)
}

fn freeze(stage: &Stage, environment: &str) -> NewFreeze {
    NewFreeze {
        name: "2.4.0".into(),
        release_day: None,
        from: None,
        until: (stage.executor.planner.clock)() + TimeDelta::days(2),
        zone: "UTC".into(),
        environment: Some(environment.into()),
        service: None,
        reason: "release".into(),
        seen_version: 0,
    }
}

async fn declared(store: &Store, freeze: &NewFreeze) {
    let author = Author { name: "lee".into(), ..Author::default() };
    store.write(&author, &Id::stored("1"), freeze).await.expect("written");
}

fn image(given: Given) -> Options {
    Options { given: given.with("image", "app:3"), ..Options::default() }
}

#[tokio::test(start_paused = true)]
async fn what_is_new_is_refused_and_what_takes_back_is_not() {
    let (stage, store) = stage();
    let free = stage.plan("set-image", &["api"], &image(Given::default())).await;
    assert_eq!(free.refusals, Vec::<String>::new());
    declared(&store, &freeze(&stage, "test")).await;
    let frozen = stage.plan("set-image", &["api"], &image(Given::default())).await;
    assert!(frozen.refusals[0].contains("freeze for 2.4.0 until") && frozen.refusals[0].contains("lee"), "{frozen:?}");
    // The gate judges anew: what was planned before the freeze is not carried out any more.
    let (events, _) = tokio::sync::mpsc::channel(1);
    let consent = Consent { typed: free.confirmation.word.clone(), reason: None };
    let run = stage.executor.execute(&free, &consent, &events).await;
    assert!(run.phase == Phase::Refused && run.reason.is_some_and(|why| why.contains("freeze for 2.4.0")));
    assert_eq!(stage.world.sent(), []);
    for (action, given) in [
        ("rollback", Given::default()),
        ("restart", Given::default()),
        ("scale", Given::default().with("replicas", 5_u64)),
    ] {
        let plan = stage.plan(action, &["api"], &Options { given, ..Options::default() }).await;
        assert!(plan.refusals.iter().all(|why| !why.contains("freeze")), "{action}: {:?}", plan.refusals);
    }
    let back = WithdrawFreeze { name: "2.4.0".into(), seen_version: 1, reason: String::new() };
    let author = Author { name: "lee".into(), ..Author::default() };
    store.write(&author, &Id::stored("2"), &back).await.expect("written");
    assert!(stage.plan("set-image", &["api"], &image(Given::default())).await.refusals.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_freeze_of_another_environment_is_none_here() {
    let (stage, store) = stage();
    declared(&store, &freeze(&stage, "production")).await;
    assert!(stage.plan("set-image", &["api"], &image(Given::default())).await.refusals.is_empty());
}

#[test]
fn what_cannot_be_read_of_a_freeze_is_said_and_not_taken_for_none() {
    let now = crate::domain::time::from_seconds(1_800_000_000);
    let written = |zone: &str| {
        let freeze = StoredFreeze {
            name: "2.4.0".into(),
            release_day: Some("2027-02-01".into()),
            from: None,
            until: now + TimeDelta::days(2),
            zone: zone.into(),
            environment: Some("test".into()),
            service: None,
            reason: "release".into(),
            by: "lee".into(),
            at: now,
            withdrawn: None,
            version: 1,
        };
        Row(freeze.encode().into_iter().chain([1_u64.into()]).collect())
    };
    let read = Freezes::of(&[written("UTC")], "test", now);
    assert_eq!((read.known.len(), read.unknown), (1, None));
    let unread = Freezes::of(&[written("Mars/Olympus")], "test", now);
    assert_eq!(unread.unknown.as_deref(), Some("the freeze 2.4.0 makes no sense to this version."));
    assert_eq!(Freezes::of(&[written("Mars/Olympus")], "production", now).unknown, None, "it is none here");
    assert!(Freezes::of(&[Row(Vec::new())], "test", now).unknown.is_some());
}

#[tokio::test(start_paused = true)]
async fn acting_over_a_freeze_is_grave_and_on_the_record() {
    let (stage, store) = stage();
    declared(&store, &freeze(&stage, "test")).await;
    let plan = stage.plan("set-image", &["api"], &image(Given::default().with("over-freeze", true))).await;
    assert_eq!((plan.refusals.len(), plan.tier, plan.confirmation.needs_reason), (0, Tier::T3, true));
    assert!(plan.targets[0].warnings.iter().any(|words| words.starts_with("OVERRIDES THE FREEZE: freeze for 2.4.0")));
    let (events, _) = tokio::sync::mpsc::channel(1);
    let consent = Consent { typed: plan.confirmation.word.clone(), reason: Some("the fix has to go out".into()) };
    stage.executor.execute(&plan, &consent, &events).await;
    assert_eq!(stage.world.sent().len(), 1);
    let chains = journal::chains(stage.folder.path()).expect("a journal");
    let lines: Vec<_> = chains.iter().flat_map(|chain| &chain.lines).collect();
    let intent = lines.iter().find(|line| line.entry.what == What::Intent).expect("an intent");
    assert!(intent.entry.words.contains("This overrides the freeze for 2.4.0"), "{}", intent.entry.words);
}
