use super::super::{Objectives, Said, Segment, Span, WalRange};
use super::*;

fn at(text: &str) -> Instant {
    text.parse().expect("a time")
}

const NOW: &str = "2026-12-01T11:00:00Z";

fn set() -> BackupSet {
    BackupSet {
        name: "orders".into(),
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

fn backup(day: &str, kind: BackupKind) -> Backup {
    let began = at(&format!("{day}T02:00:00Z"));
    Backup {
        id: format!("{day} {}", kind.word()).into(),
        kind,
        outcome: Outcome::Good,
        began: Some(began),
        finished: Some(began + TimeDelta::minutes(10)),
        bytes: Some(4_000_000_000),
        is_physical: true,
        wal: None,
        parents: Vec::new(),
    }
}

/// A full backup of each night from 20 November, those of some days apart.
fn nights(without: &[&str]) -> Reading {
    let days = (20..=30).map(|day| format!("2026-11-{day}")).chain(["2026-12-01".to_owned()]);
    let backups =
        days.filter(|day| !without.contains(&day.as_str())).map(|day| backup(&day, BackupKind::Full)).collect();
    Reading { backups, ..Reading::default() }
}

fn judged(set: &BackupSet, reading: &Reading, now: &str) -> Coverage {
    judge(&Arc::new(set.clone()), Ok(reading), &[], at(now)).into_iter().next().expect("one")
}

#[test]
fn a_night_that_failed_breaks_the_promise_for_good() {
    let well = judged(&set(), &nights(&[]), NOW);
    assert_eq!((well.state, well.reasons.as_slice()), (State::Ok, &[][..]));
    assert_eq!(well.last_good.map(|good| time::written(good.at)).as_deref(), Some("2026-12-01T02:10:00Z"));
    assert_eq!(well.next_due.map(time::written).as_deref(), Some("2026-12-02T02:00:00Z"));
    let broken = judged(&set(), &nights(&["2026-11-29"]), NOW);
    assert_eq!(broken.state, State::Broken);
    assert_eq!(broken.reasons, ["No backup that can be restored is left of 2026-11-29."]);
    assert_eq!((broken.ladder.daily.required, broken.ladder.daily.filled), (7, 6));
}

#[test]
fn what_is_overdue_is_late_and_then_missed_and_not_yet_broken() {
    let reading = nights(&["2026-12-01"]);
    for (now, state) in [
        ("2026-12-01T04:34:00Z", State::Ok),
        ("2026-12-01T04:35:00Z", State::Late),
        ("2026-12-02T04:34:00Z", State::Late),
        ("2026-12-02T04:35:00Z", State::Missed),
    ] {
        assert_eq!(judged(&set(), &reading, now).state, state, "{now}: an interval, and a tenth of it as grace");
    }
    let late = judged(&set(), &reading, NOW);
    assert_eq!(late.reasons, ["The last good backup ended 1d 08h ago; one is due every 1d 00h."]);
    assert_eq!(late.ladder.daily.missing.iter().map(|slot| slot.name()).collect::<Vec<_>>(), ["2026-12-01"]);
}

#[test]
fn the_interval_is_the_schedules_own() {
    let weekdays = BackupSet { schedule: Schedule::read("0 2 * * 1-5", None).expect("a schedule"), ..set() };
    // 27 November is a Friday.
    let reading = nights(&["2026-11-28", "2026-11-29", "2026-11-30", "2026-12-01"]);
    assert_eq!(judged(&weekdays, &reading, "2026-11-30T09:20:00Z").state, State::Ok, "three days and a tenth");
    assert_eq!(judged(&weekdays, &reading, "2026-11-30T09:25:00Z").state, State::Late);
}

/// What is changed of one backup.
type Spoil<'a> = &'a dyn Fn(&mut Backup);

#[test]
fn what_cannot_be_restored_fills_no_slot_and_says_why() {
    let with = |day: &str, change: &dyn Fn(&mut Backup)| {
        let mut reading = nights(&[]);
        let one = reading.backups.iter_mut().find(|backup| backup.id.starts_with(day)).expect("that night");
        change(one);
        judged(&set(), &reading, NOW)
    };
    let cases: [(Spoil<'_>, &str); 5] = [
        (
            &|one| one.outcome = Outcome::Bad("page checksums in it are wrong".to_owned()),
            "page checksums in it are wrong",
        ),
        (&|one| one.bytes = Some(20), "almost nothing was written"),
        (&|one| one.parents = vec!["gone".into()], "cannot be restored without gone"),
        (&|one| one.finished = None, "does not say when it ended"),
        (&|one| one.outcome = Outcome::Running, "it is not finished"),
    ];
    for (change, why) in cases {
        let judged = with("2026-11-29", change);
        assert_eq!(judged.state, State::Broken, "{why}");
        assert!(judged.notes.iter().any(|note| note.contains(why)), "{why}: {:?}", judged.notes);
        assert_eq!(judged.ladder.daily.filled, 6);
    }
}

#[test]
fn a_child_of_a_dead_parent_is_dead_too() {
    let mut reading = nights(&[]);
    let mut child = backup("2026-12-01", BackupKind::Incremental);
    child.finished = child.finished.map(|at| at + TimeDelta::hours(1));
    child.parents = vec!["2026-12-01 full".into()];
    let mut grandchild = Backup { id: "grandchild".into(), parents: vec![child.id.clone()], ..child.clone() };
    grandchild.finished = child.finished.map(|at| at + TimeDelta::hours(1));
    reading.backups.extend([grandchild, child]);
    let well = judge(&Arc::new(set()), Ok(&reading), &[], at(NOW));
    assert_eq!(well.iter().map(|one| one.kind.word()).collect::<Vec<_>>(), ["full", "incremental"]);
    assert_eq!(well[1].last_good.as_ref().map(|good| &*good.id), Some("grandchild"));
    assert_eq!(
        well[0].data_age,
        Some(TimeDelta::minutes(6 * 60 + 50)),
        "the data is as young as the newest of any kind"
    );
    for backup in reading.backups.iter_mut().filter(|backup| *backup.id == *"2026-12-01 full") {
        backup.outcome = Outcome::Bad("it failed".to_owned());
    }
    let dead = judge(&Arc::new(set()), Ok(&reading), &[], at(NOW));
    assert_eq!(dead[1].last_good.as_ref().map(|good| &*good.id), Some("2026-11-30 full"), "a full one serves for both");
}

#[test]
fn holes_in_the_wal_break_what_was_promised_of_it() {
    let mut reading = nights(&[]);
    let segment = |number| Segment { timeline: 1, log: 0, number };
    for (place, backup) in (10_u32..).step_by(2).zip(&mut reading.backups) {
        backup.wal = Some(WalRange { start: segment(place), stop: segment(place) });
    }
    let with = |removed: &[u32]| {
        let spans = (5..40)
            .filter(|place| !removed.contains(place))
            .map(|place| Span { first: segment(place), last: segment(place) });
        let reading = Reading { archived: Some(spans.collect()), ..reading.clone() };
        let judged = judged(&set(), &reading, NOW);
        (judged.state, judged.holes.iter().map(|hole| hole.class).collect::<Vec<_>>(), judged.ladder.daily.filled)
    };
    assert_eq!(with(&[]), (State::Ok, vec![], 7));
    assert_eq!(with(&[7]), (State::Ok, vec![Class::Harmless], 7));
    assert_eq!(with(&[11]), (State::Ok, vec![Class::KillsSpan], 7), "WAL of ten days ago was promised to nobody");
    assert_eq!(with(&[29]), (State::Broken, vec![Class::KillsSpan], 7));
    assert_eq!(with(&[35]), (State::Broken, vec![Class::EndsPitr], 7));
    assert_eq!(with(&[28]), (State::Broken, vec![Class::KillsBackup], 6));
}

#[test]
fn what_a_hole_costs_is_not_known_where_nobody_tells_which_wal_a_backup_needs() {
    let segment = |number| Segment { timeline: 1, log: 0, number };
    let span = |first, last| Span { first: segment(first), last: segment(last) };
    let with = |spans: &[Span]| judged(&set(), &Reading { archived: Some(spans.to_vec()), ..nights(&[]) }, NOW);
    assert_eq!(with(&[span(5, 40)]).state, State::Ok, "there is none");
    let untold = with(&[span(5, 19), span(21, 40)]);
    assert_eq!((untold.state, untold.holes.len()), (State::Unknown, 0));
    assert!(
        untold.reasons[0].contains("000000010000000000000014 is missing, and what that costs is not known"),
        "{:?}",
        untold.reasons
    );
}

#[test]
fn a_listing_older_than_a_backup_says_nothing_about_it() {
    let mut reading = nights(&[]);
    let segment = |number| Segment { timeline: 1, log: 0, number };
    for (place, backup) in (10_u32..).step_by(2).zip(&mut reading.backups) {
        backup.wal = Some(WalRange { start: segment(place), stop: segment(place) });
    }
    reading.archived = Some(vec![Span { first: segment(5), last: segment(31) }]);
    assert_eq!(judged(&set(), &reading, NOW).holes[0].class, Class::KillsBackup, "its WAL should be there");
    reading.listed_at = Some(at("2026-12-01T01:00:00Z"));
    let judged = judged(&set(), &reading, NOW);
    assert_eq!((judged.state, judged.holes.len()), (State::Ok, 0));
    assert!(judged.notes[0].contains("older than its newest backup"), "{:?}", judged.notes);
}

#[test]
fn what_was_not_read_is_unknown_and_nothing_is_missing() {
    let unread = judge(&Arc::new(set()), Err("orders.json cannot be read."), &[], at(NOW));
    assert_eq!((unread[0].state, &unread[0].ladder), (State::Unknown, &Ladder::default()));
    assert_eq!(unread[0].reasons, ["orders.json cannot be read."]);
    let partial =
        Reading { is_partial: true, troubles: vec!["1 of 12 cannot be read.".to_owned()], ..nights(&["2026-11-29"]) };
    let judged_partial = judged(&set(), &partial, NOW);
    assert_eq!((judged_partial.state, judged_partial.ladder.daily.missing.len()), (State::Unknown, 0));
}

#[test]
fn a_backup_of_tomorrow_is_not_counted_and_nothing_is_green() {
    let mut reading = nights(&["2026-12-01"]);
    reading.backups.push(backup("2026-12-02", BackupKind::Full));
    let judged = judged(&set(), &reading, NOW);
    assert_eq!(judged.state, State::Unknown);
    assert!(
        judged.reasons[0].contains("ended at 2026-12-02T02:10:00Z, which is 15h 10m ahead"),
        "{:?}",
        judged.reasons
    );
    assert_eq!(judged.last_good.map(|good| good.id.to_string()).as_deref(), Some("2026-11-30 full"));
}

#[test]
fn what_was_told_before_a_backup_was_due_says_nothing_about_now() {
    let told = |told: &str| Reading { told_at: Some(at(told)), ..nights(&["2026-12-01"]) };
    assert_eq!(judged(&set(), &told("2026-11-30T03:00:00Z"), NOW).state, State::Unknown);
    assert_eq!(judged(&set(), &told("2026-12-01T10:59:00Z"), NOW).state, State::Late);
}

#[test]
fn a_set_that_never_succeeded_is_broken_from_its_first_missed_slot() {
    let since = |since: &str| Reading { since: Some(at(since)), ..Reading::default() };
    assert_eq!(judged(&set(), &since("2026-12-01T10:00:00Z"), NOW).state, State::Unknown, "its first is due tonight");
    let never = judged(&set(), &since("2026-11-30T10:00:00Z"), NOW);
    assert_eq!((never.state, never.ladder.daily.required), (State::Broken, 0));
    assert_eq!(never.reasons, ["No backup ever succeeded; the first was due at 2026-12-01T02:00:00Z."]);
    assert_eq!(judged(&set(), &Reading::default(), NOW).state, State::Broken);
}

#[test]
fn a_schedule_that_rests_is_paused_and_not_for_ever() {
    let rests = Reading { is_suspended: true, ..nights(&["2026-12-01"]) };
    let paused = judged(&set(), &rests, NOW);
    assert_eq!((paused.state, paused.next_due), (State::Paused, None));
    assert_eq!(judged(&set(), &rests, "2026-12-07T03:00:00Z").state, State::Missed);
}

#[test]
fn data_older_than_was_declared_is_late_whatever_the_schedule() {
    let hour = BackupSet { is_rpo_declared: true, ..set() };
    let late = judged(&hour, &nights(&[]), NOW);
    assert_eq!((late.state, late.rpo), (State::Late, TimeDelta::hours(1)));
    assert_eq!(late.reasons, ["The newest data that can be restored is 8h 50m old; its RPO is 1h 00m."]);
    assert_eq!(judged(&set(), &nights(&[]), NOW).state, State::Ok, "nobody declared it");
}

#[test]
fn a_newest_one_of_half_the_size_is_not_believed() {
    let mut reading = nights(&[]);
    if let Some(newest) = reading.backups.last_mut() {
        newest.bytes = Some(1_500_000_000);
    }
    let judged = judged(&set(), &reading, NOW);
    assert_eq!(judged.state, State::Broken);
    assert!(judged.reasons[0].contains("1.5 GB, 37 % of the usual 4.0 GB"), "{:?}", judged.reasons);
}

#[test]
fn only_a_restore_that_reached_its_target_is_verified() {
    let test = RestoreTest {
        at: at("2026-11-28T00:00:00Z"),
        is_ok: true,
        target: Some("latest".into()),
        reached: Some("0/5000000".into()),
        took: Some(TimeDelta::seconds(900)),
        bytes: None,
        is_checked: false,
        only_checksums: false,
    };
    let newer = RestoreTest { at: at("2026-11-30T00:00:00Z"), target: None, ..test.clone() };
    let judged = judge(&Arc::new(set()), Ok(&nights(&[])), &[test.clone(), newer], at(NOW));
    assert_eq!((judged[0].verified_at, judged[0].rto_measured), (Some(test.at), test.took));
}

#[test]
fn no_trouble_hides_a_breach_that_is_known() {
    let troubled = Reading { troubles: vec!["The listing cannot be read.".to_owned()], ..nights(&["2026-11-29"]) };
    let broken = judged(&set(), &troubled, NOW);
    assert_eq!(broken.state, State::Broken);
    assert_eq!(
        broken.reasons,
        ["No backup that can be restored is left of 2026-11-29.", "The listing cannot be read."]
    );
    let well = Reading { troubles: vec!["The listing cannot be read.".to_owned()], ..nights(&[]) };
    assert_eq!(judged(&set(), &well, NOW).state, State::Unknown, "and nothing is green");
}

#[test]
fn a_reading_that_failed_leaves_the_last_one_in_place_with_its_age() {
    let told = |told: &str, without: &[&str]| Reading {
        told_at: Some(at(told)),
        failed: Some("pgbackrest did not end within 60 s.".to_owned()),
        ..nights(without)
    };
    let broken = judged(&set(), &told("2026-12-01T10:00:00Z", &["2026-11-29"]), NOW);
    assert_eq!((broken.state, broken.ladder.daily.filled), (State::Broken, 6));
    assert_eq!(broken.reasons[1], "pgbackrest did not end within 60 s. What is shown was told 1h 00m ago.");
    let unknown = judged(&set(), &told("2026-12-01T01:00:00Z", &["2026-12-01"]), NOW);
    assert_eq!((unknown.state, unknown.ladder.daily.missing.len()), (State::Unknown, 0), "nobody looked since");
    let missed = judged(&set(), &told("2026-12-01T10:00:00Z", &["2026-11-29", "2026-11-30", "2026-12-01"]), NOW);
    assert_eq!(missed.state, State::Missed, "it was missed when somebody looked last");
}

#[test]
fn a_schedule_that_rests_hides_no_breach() {
    let rests = Reading { is_suspended: true, ..nights(&["2026-11-29"]) };
    let broken = judged(&set(), &rests, NOW);
    assert_eq!(broken.state, State::Broken);
    assert!(broken.reasons[1].starts_with("Its schedule is suspended"), "{:?}", broken.reasons);
    let never = Reading { is_suspended: true, since: Some(at("2026-11-01T00:00:00Z")), ..Reading::default() };
    assert_eq!(judged(&set(), &never, NOW).state, State::Broken, "it never made one");
}

#[test]
fn a_backup_that_never_ends_is_stuck() {
    let mut reading = nights(&[]);
    let began = at("2026-11-30T10:00:00Z");
    reading.backups.push(Backup {
        id: "endless".into(),
        outcome: Outcome::Running,
        began: Some(began),
        finished: None,
        ..backup("2026-12-01", BackupKind::Full)
    });
    assert_eq!(judged(&set(), &reading, "2026-12-01T09:59:00Z").state, State::Ok, "a day is what one may take");
    let stuck = judged(&set(), &reading, NOW);
    assert_eq!(stuck.state, State::Broken);
    assert!(stuck.reasons[0].starts_with("Backup endless has been running for 1d 01h"), "{:?}", stuck.reasons);
}

#[test]
fn what_was_promised_to_be_kept_and_is_gone_is_named() {
    let kept = BackupSet { said: Said { keep: Some(TimeDelta::days(30)), ..Said::default() }, ..set() };
    let judged = judged(&kept, &nights(&["2026-11-22"]), NOW);
    assert_eq!(judged.state, State::Broken);
    assert_eq!(judged.reasons[0], "Every backup is to be kept for 30d 00h, and none is left of 2026-11-22 02:00.");
    let retention = judged.retention.expect("it is told");
    assert_eq!((retention.due, retention.kept, retention.gone.len()), (12, 11, 1), "due since the first one known");
}

#[test]
fn moments_can_be_reached_since_the_oldest_backup_behind_the_last_hole() {
    let mut reading = nights(&[]);
    let segment = |number| Segment { timeline: 1, log: 0, number };
    for (place, backup) in (10_u32..).step_by(2).zip(&mut reading.backups) {
        backup.wal = Some(WalRange { start: segment(place), stop: segment(place) });
    }
    let since = |removed: &[u32]| {
        let spans = (5..40).filter(|place| !removed.contains(place)).map(segment);
        let archived = Some(spans.map(|one| Span { first: one, last: one }).collect());
        let judged = judged(&set(), &Reading { archived, ..reading.clone() }, NOW);
        judged.reaches_since.map(|at| at.format("%m-%d").to_string())
    };
    assert_eq!(since(&[]).as_deref(), Some("11-20"));
    assert_eq!(since(&[15]).as_deref(), Some("11-23"), "moments before it are between two backups");
    assert_eq!(since(&[36]), None, "a restore to the latest moment ends at the hole");
    assert_eq!(judged(&set(), &reading, NOW).reaches_since, None, "no listing was read");
}

#[test]
fn configuration_is_as_old_as_its_last_change_and_that_is_no_fault() {
    let commit = Backup { is_physical: false, ..backup("2026-11-20", BackupKind::Configuration) };
    let reading = Reading { backups: vec![commit], told_at: Some(at(NOW)), ..Reading::default() };
    let settings = BackupSet { kind: BackupKind::Configuration, is_schedule_declared: false, ..set() };
    let judged_settings = judged(&settings, &reading, NOW);
    assert_eq!((judged_settings.state, judged_settings.next_due), (State::Ok, None));
    assert_eq!(judged_settings.data_age.map(|age| age.num_days()), Some(11));
    assert_eq!(judged_settings.ladder.daily.missing, []);
    let nightly = BackupSet { is_schedule_declared: true, ..settings };
    assert_eq!(judged(&nightly, &reading, NOW).state, State::Missed, "unless somebody says that it is due");
}
