//! What plans of maintenance come to, by what was read.

use chrono::TimeDelta;
use serde_json::json;

use super::*;
use crate::actions::contract::{Context, Draft};
use crate::domain::action::OperationRecord;
use crate::domain::service::Services;
use crate::domain::store::fact::{Applied, Change, Key, Read, Row};
use crate::domain::store::{Author, ChangeOccurrence, Id, NewFreeze, NewWindow};

fn at(text: &str) -> Instant {
    text.parse().expect("a time")
}

const NOW: &str = "2026-12-01T12:00:00Z";

/// What the store tells after these changes, each by whoever is named.
fn told(changes: &[(&str, &dyn Change)]) -> Changes {
    let mut rows: Vec<(&'static crate::domain::store::fact::Table, Vec<Row>)> = Vec::new();
    for (by, change) in changes {
        let author = Author { name: (*by).to_owned(), origin: String::new() };
        let find = |key: &Key| {
            let of = rows.iter().filter(|(table, _)| table.name == key.table.name).flat_map(|(_, rows)| rows);
            let mut of: Vec<&Row> = of.filter(|row| row.0.starts_with(&key.values)).collect();
            of.pop().cloned()
        };
        let read = Read(change.reads().into_iter().map(|key| (key.clone(), find(&key))).collect());
        let applied = change.apply(&read, &author, &Id::stored("1"), at(NOW)).expect("may be written");
        let Applied::Writes(writes) = applied else { panic!("{applied:?}") };
        for put in writes.facts {
            let version = u64::try_from(rows.len()).unwrap_or(0) + 1;
            let key = put.values[..put.table.key].to_vec();
            for (_, rows) in &mut rows {
                rows.retain(|row| !row.0.starts_with(&key));
            }
            let mut values = put.values;
            values.push(version.into());
            rows.push((put.table, vec![Row(values)]));
        }
    }
    Changes { rows, now: at(NOW), is_whole: true, ..Changes::default() }
}

fn planned(name: &str) -> crate::domain::store::PlannedWindow {
    crate::domain::store::PlannedWindow {
        name: name.into(),
        recurrence: Some("30 2 * * SUN#2".into()),
        once: None,
        zone: "Europe/Berlin".into(),
        lasts_seconds: 3_600,
        service: None,
        is_downtime: true,
        activities: vec!["reindex orders".into()],
        emergency: None,
    }
}

fn drafted(doing: Doing, name: &str, given: &Given, changes: &[(&str, &dyn Change)]) -> Result<Draft, String> {
    let reference = named(&"production".into(), name);
    let subject = match doing {
        Doing::Tick => Subject::Task(reference),
        Doing::Freeze | Doing::Thaw => Subject::Freeze(reference),
        _ => Subject::Window(reference),
    };
    let mut facts = MaintenanceFacts::unread(subject, at(NOW));
    facts.hear(&told(changes), given);
    let record = OperationRecord {
        id: "1".into(),
        actor: "mori".into(),
        action: "test".into(),
        started: at(NOW),
        expires: at(NOW) + TimeDelta::minutes(5),
        is_lock: false,
    };
    let context = Context {
        record: &record,
        author: "mori",
        now: at(NOW),
        beside: &[],
        over: &[],
        services: &Services::default(),
    };
    draft(doing, &facts, given, context).map_err(|refusal| refusal.0)
}

fn given(values: &[(&str, &str)]) -> Given {
    values.iter().fold(Given::default(), |given, (field, value)| given.with(field, *value))
}

#[test]
fn a_plan_of_a_window_tells_its_next_three_and_what_counts() {
    let asked = given(&[("cron", "30 2 * * 7#2"), ("for", "4h"), ("zone", "EST")]).with("downtime", true);
    let draft = drafted(Doing::Add, "reindex", &asked, &[]).expect("a draft");
    assert!(
        draft.to.starts_with("30 2 * * SUN#2 America/New_York, 4h 00m; next Sun 2026-12-13 02:30 America/New_York, ")
    );
    assert!(draft.warnings[0].contains("EST is taken as America/New_York"), "{:?}", draft.warnings);
    assert!(draft.evidence[0].words.starts_with("7200 s of the next one"), "{:?}", draft.evidence);
    assert_eq!(draft.steps[0].request.body["plan_window"]["planned"]["zone"], json!("America/New_York"));
}

#[test]
fn a_window_of_a_known_name_takes_its_place_and_its_activities() {
    let asked = given(&[("cron", "0 3 * * *"), ("for", "30m")]);
    let draft = drafted(Doing::Add, "daily", &asked, &[]).expect("a draft");
    assert!(draft.warnings[0].contains("daily is shipped already"), "{:?}", draft.warnings);
    assert_eq!(draft.steps[0].request.body["plan_window"]["planned"]["activities"].as_array().map(Vec::len), Some(7));
    let short = drafted(Doing::Add, "monthly-short", &given(&[("zone", "JST")]), &[]).expect("a draft");
    assert!(short.to.starts_with("0 2 * * SUN#1 Asia/Tokyo, 2h 00m"), "{}", short.to);
}

#[test]
fn what_makes_no_window_is_refused_with_what_to_write() {
    for (values, words) in [
        (&[("cron", "0 2 * * *")][..], "--for"),
        (&[("for", "1h")], "--cron"),
        (&[("cron", "0 2 * * *"), ("at", "2027-01-01"), ("for", "1h")], "one of the two"),
        (&[("cron", "0 2 1 * MON"), ("for", "1h")], "SUN#1"),
        (&[("at", "2027-02-30T02:00"), ("for", "1h")], "no 30 February"),
        (&[("at", "2026-02-20T02:00"), ("for", "1h")], "over already"),
        (&[("cron", "0 2 * * *"), ("for", "400d")], "30 days"),
        (&[("cron", "0 2 * * *"), ("for", "1h"), ("zone", "Mars/Olympus")], "Europe/Berlin"),
    ] {
        let why = drafted(Doing::Add, "reindex", &given(values), &[]).expect_err(words);
        assert!(why.contains(words), "{why}");
    }
}

#[test]
fn an_occurrence_is_moved_on_the_windows_own_clock() {
    let new = NewWindow { planned: planned("reindex"), seen_version: 0 };
    let stored: &[(&str, &dyn Change)] = &[("lee", &new)];
    let asked = given(&[("occurrence", "2026-12-13T02:30"), ("begins", "2026-12-14T03:00")]);
    let draft = drafted(Doing::Move, "reindex", &asked, stored).expect("a draft");
    let body = &draft.steps[0].request.body["occurrence"];
    assert_eq!(
        (&body["occurrence"], &body["said"]["move"]),
        (&json!("2026-12-13T01:30:00Z"), &json!("2026-12-14T02:00:00Z"))
    );
    assert_eq!(draft.to, "begins Mon 2026-12-14 03:00 Europe/Berlin");
    for (occurrence, begins, words) in [
        ("2026-12-12T02:30", "2026-12-14T03:00", "no occurrence at 2026-12-12T01:30:00Z"),
        ("2026-12-13T02:30", "2026-12-13T02:30", "already"),
        ("2026-12-13T02:30", "2026-11-30T02:30", "has passed"),
        ("2026-11-08T02:30", "2026-12-14T03:00", "is over"),
    ] {
        let asked = given(&[("occurrence", occurrence), ("begins", begins)]);
        let why = drafted(Doing::Move, "reindex", &asked, stored).expect_err(words);
        assert!(why.contains(words), "{why}");
    }
}

#[test]
fn what_was_said_of_an_occurrence_before_is_pinned_and_told() {
    let occurrence = at("2026-12-02T02:00:00Z");
    let cancel = ChangeOccurrence {
        window: "daily".into(),
        occurrence,
        said: crate::domain::store::Said::Cancel,
        reason: "load".into(),
        seen_version: 0,
    };
    let stored: &[(&str, &dyn Change)] = &[("lee", &cancel)];
    let asked = given(&[("occurrence", "2026-12-02T02:00:00Z")]);
    let why = drafted(Doing::Cancel, "daily", &asked.clone(), stored).expect_err("twice");
    assert!(why.contains("called off already"), "{why}");
    let moved = drafted(Doing::Move, "daily", &asked.with("begins", "2026-12-02T05:00:00Z"), stored).expect("a draft");
    assert!(moved.pins.iter().any(|pin| pin.path == "/said/version" && pin.value == json!(1)), "{:?}", moved.pins);
    assert!(moved.warnings[0].contains("takes place again"), "{:?}", moved.warnings);
    let mut facts = MaintenanceFacts::unread(Subject::Window(named(&"production".into(), "daily")), at(NOW));
    facts.hear(&told(stored), &given(&[("occurrence", "2026-12-02T02:00:00Z")]));
    assert_eq!(facts.who_moved("/said/version").as_deref(), Some("lee changed it at 12:00:00"));
}

#[test]
fn begun_is_what_comes_within_a_day_and_ended_is_what_runs() {
    let early = drafted(Doing::Start, "daily", &Given::default(), &[]).expect("a draft");
    assert!(early.warnings[0].contains("begins early"), "{:?}", early.warnings);
    let why = drafted(Doing::Start, "weekly", &Given::default(), &[]).expect_err("on Sunday");
    assert!(why.contains("does not begin within a day") && why.contains("2026-12-06T01:00:00Z"), "{why}");
    let why = drafted(Doing::Finish, "daily", &Given::default(), &[]).expect_err("it does not run");
    assert!(why.contains("does not run (planned)"), "{why}");
    let start = ChangeOccurrence {
        window: "daily".into(),
        occurrence: at("2026-12-02T02:00:00Z"),
        said: crate::domain::store::Said::Start,
        reason: String::new(),
        seen_version: 0,
    };
    let stored: &[(&str, &dyn Change)] = &[("lee", &start)];
    assert!(drafted(Doing::Finish, "daily", &Given::default(), stored).is_ok());
    let why = drafted(Doing::Start, "daily", &Given::default(), stored).expect_err("twice");
    assert!(why.contains("lee began daily"), "{why}");
}

#[test]
fn only_what_somebody_planned_is_taken_out() {
    let whole = || Given::default().with("window", true);
    let why = drafted(Doing::Cancel, "daily", &whole(), &[]).expect_err("shipped");
    assert!(why.contains("is shipped"), "{why}");
    assert!(drafted(Doing::Cancel, "nightly", &whole(), &[]).is_err_and(|why| why.contains("no window \"nightly\"")));
    let new = NewWindow { planned: planned("reindex"), seen_version: 0 };
    assert!(drafted(Doing::Cancel, "reindex", &whole(), &[("lee", &new)]).is_ok());
}

#[test]
fn a_task_tells_when_it_is_due_again_and_a_freeze_its_dates() {
    let draft = drafted(Doing::Tick, "logs", &Given::default(), &[]).expect("a draft");
    assert_eq!(draft.to, "done by mori; due again by 2026-12-03T00:00:00Z");
    assert!(drafted(Doing::Tick, "gardening", &Given::default(), &[]).is_err_and(|why| why.contains("dr-test")));
    let draft = drafted(Doing::Freeze, "2.4.0", &given(&[("release", "2026-12-22")]), &[]).expect("a draft");
    assert!(draft.to.contains("code freeze 2026-12-15, final test 2026-12-19"), "{}", draft.to);
    let why = drafted(Doing::Freeze, "2.4.0", &given(&[("release", "2026-11-22")]), &[]).expect_err("over");
    assert!(why.contains("over already"), "{why}");
    let why = drafted(Doing::Thaw, "2.4.0", &Given::default(), &[]).expect_err("none");
    assert!(why.contains("no freeze 2.4.0"), "{why}");
}

fn frozen(environment: &str, until: &str) -> NewFreeze {
    NewFreeze {
        name: "2.4.0".into(),
        release_day: None,
        from: None,
        until: at(until),
        zone: "UTC".into(),
        environment: Some(environment.into()),
        service: None,
        reason: String::new(),
        seen_version: 0,
    }
}

#[test]
fn a_freeze_of_another_environment_is_neither_moved_nor_lifted() {
    let theirs = frozen("staging", "2026-12-20T00:00:00Z");
    let stored: &[(&str, &dyn Change)] = &[("lee", &theirs)];
    for doing in [Doing::Freeze, Doing::Thaw] {
        let why = drafted(doing, "2.4.0", &given(&[("release", "2026-12-22")]), stored).expect_err("not ours");
        assert!(why.contains("is of staging"), "{why}");
    }
    // Nor by a document that was made before it was theirs.
    let read = told(stored).rows.into_iter().flat_map(|(_, rows)| rows).next();
    let ours = frozen("production", "2026-12-22T00:00:00Z");
    let found = |row: Option<Row>| Read(vec![(ours.reads().remove(0), row)]);
    let author = Author::default();
    let why = ours.apply(&found(read.clone()), &author, &Id::stored("2"), at(NOW)).expect_err("not ours");
    assert!(why.contains("is of staging"), "{why}");
    // Once it is over, its name is free.
    let later = at("2026-12-21T00:00:00Z");
    assert!(matches!(ours.apply(&found(read), &author, &Id::stored("2"), later), Ok(Applied::Writes(_))));
}
