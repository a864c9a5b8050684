//! What databases are, by readings as Patroni gives them.

use std::sync::Arc;

use chrono::TimeDelta;

use super::*;
use crate::domain::action::CheckVerdict;
use crate::domain::time::Instant;

fn at(seconds: i64) -> Instant {
    crate::domain::time::from_seconds(1_800_000_000 + seconds)
}

fn said(seconds: i64, role: Role, position: Position) -> Said {
    Said {
        at: at(seconds),
        role,
        state: "running".into(),
        scope: Some("orders".into()),
        governor_version: Some("4.1.5".into()),
        server_version: Some(150_018),
        timeline: Some(3),
        system_identifier: Some("7400000000000000001".into()),
        position,
        replication: (role == Role::Replica).then(|| "streaming".into()),
        sync: None,
        followers: Vec::new(),
        dcs_seen_at: Some(at(seconds)),
        is_unlocked: false,
        is_failsafe: false,
        is_paused: false,
        is_restart_pending: false,
        tags: Tags::default(),
    }
}

fn follows(received: u64, replayed: u64, replayed_at: i64) -> Position {
    Position::Follows {
        received: Some(received),
        replayed: Some(replayed),
        replayed_at: Some(at(replayed_at)),
        is_paused: false,
    }
}

fn member(name: &str, said: Result<Said, String>) -> Member {
    Member { name: name.into(), asked_at: "http://x:8008".into(), address: None, said, listed: None }
}

/// Three members at second `seconds`: pg1 writes at 1 000 000, pg2 has everything, pg3 is `behind` bytes behind.
fn three(seconds: i64, behind: u64) -> Reading {
    Reading {
        members: vec![
            member("pg1", Ok(said(seconds, Role::Primary, Position::Writes { location: 1_000_000 }))),
            member("pg2", Ok(said(seconds, Role::Replica, follows(1_000_000, 1_000_000, seconds)))),
            member(
                "pg3",
                Ok(said(seconds, Role::Replica, follows(1_000_000 - behind, 1_000_000 - behind, seconds - 40))),
            ),
        ],
        topology: Ok(Topology {
            at: at(seconds),
            by: "pg1".into(),
            scope: Some("orders".into()),
            leader: Some("pg1".into()),
            is_paused: false,
            scheduled: None,
        }),
        settings: Some(Settings { loop_wait: TimeDelta::seconds(2), ..Settings::shipped(at(seconds)) }),
        history: Some(Vec::new()),
        ..Reading::empty(Kind::Patroni, at(seconds))
    }
}

fn change(reading: &mut Reading, name: &str, change: impl FnOnce(&mut Said)) {
    let member = reading.members.iter_mut().find(|member| &*member.name == name).expect("a member");
    change(member.said.as_mut().expect("an answer"));
}

fn lose(reading: &mut Reading, name: &str) {
    let member = reading.members.iter_mut().find(|member| &*member.name == name).expect("a member");
    member.said = Err("x cannot be reached: connection refused.".to_owned());
}

fn condition(reading: &Reading) -> (Condition, Vec<String>) {
    let verdict = Verdict::of(reading, &Limits::default(), reading.at);
    (verdict.condition, verdict.reasons)
}

fn verdict_of(checks: &[crate::domain::action::Check], item: &str) -> (CheckVerdict, String) {
    let check = checks.iter().find(|check| check.item == item).expect("a check of that name");
    (check.verdict, check.value.clone())
}

#[test]
fn the_primary_is_who_says_so_and_runs() {
    let reading = three(0, 0);
    assert!(matches!(reading.primary(), Primary::One(member, _) if &*member.name == "pg1"));
    assert_eq!(condition(&reading), (Condition::Healthy, Vec::new()));
    // What the listing says of another makes nobody a primary.
    let mut listed = three(0, 0);
    change(&mut listed, "pg1", |said| said.role = Role::Replica);
    assert_eq!(listed.primary(), Primary::Nobody);
    let mut stopped = three(0, 0);
    change(&mut stopped, "pg1", |said| said.state = "stopped".into());
    assert_eq!(stopped.primary(), Primary::Nobody, "a primary that is stopped takes no writes");
}

#[test]
fn nobody_is_the_primary_where_it_might_be_one_that_is_silent() {
    let mut reading = three(0, 0);
    lose(&mut reading, "pg1");
    assert_eq!(reading.primary(), Primary::Unknown);
    let (condition, reasons) = condition(&reading);
    assert_eq!(condition, Condition::Unknown);
    assert_eq!(
        reasons[0],
        "PRIMARY UNKNOWN: nobody who answers takes writes, and pg1 does not answer. pg1 is listed as the leader."
    );
}

#[test]
fn two_primaries_are_the_worst_of_all() {
    let mut reading = three(0, 0);
    change(&mut reading, "pg3", |said| {
        said.role = Role::Primary;
        said.position = Position::Writes { location: 999_000 };
        said.timeline = Some(4);
    });
    assert_eq!(reading.primary(), Primary::Several);
    let (condition, reasons) = condition(&reading);
    assert_eq!((condition, condition.exit_code()), (Condition::TwoPrimaries, 2));
    assert!(reasons[0].starts_with("TWO PRIMARIES: pg1 and pg3 all take writes."), "{reasons:?}");
    let checks = preflight(&reading, &Trail::default(), "pg2", Turn::Switchover, &Limits::default(), at(0)).checks;
    let check = checks.iter().find(|check| check.item == "one_primary").expect("it");
    assert_eq!((check.verdict, check.may_be_acknowledged), (CheckVerdict::Block, false));
}

#[test]
fn another_database_under_the_same_name_has_no_primary() {
    let mut reading = three(0, 0);
    change(&mut reading, "pg1", |said| said.system_identifier = Some("7499999999999999999".into()));
    assert_eq!(reading.primary(), Primary::Foreign);
    assert_eq!(condition(&reading).0, Condition::Foreign);
    let pinned = Reading { pinned: Some("7499999999999999999".into()), ..three(0, 0) };
    assert_eq!(pinned.primary(), Primary::Foreign, "the operator said which it is");
    let checks = preflight(&reading, &Trail::default(), "pg2", Turn::Switchover, &Limits::default(), at(0)).checks;
    assert_eq!(verdict_of(&checks, "identity").0, CheckVerdict::Block);
}

#[test]
fn a_receiver_that_hangs_is_behind_although_it_replayed_all_it_received() {
    // 21 MB were written that it never got; received equals replayed.
    let mut reading = three(0, 0);
    change(&mut reading, "pg1", |said| said.position = Position::Writes { location: 22_756_824 });
    change(&mut reading, "pg2", |said| said.position = follows(1_000_000, 1_000_000, -36));
    let lag = reading.member("pg2").and_then(|member| Lag::of(&reading, member)).expect("a replica");
    assert_eq!((lag.receive_bytes, lag.replay_bytes), (Some(21_756_824), Some(21_756_824)));
    assert_eq!(lag.seconds, Some(TimeDelta::seconds(36)));
    assert_eq!(condition(&reading).0, Condition::Degraded);
}

#[test]
fn a_lag_is_unknown_where_nobody_can_compare() {
    let mut reading = three(0, 0);
    change(&mut reading, "pg2", |said| said.timeline = Some(2));
    let lag = |reading: &Reading, name: &str| reading.member(name).and_then(|member| Lag::of(reading, member));
    assert_eq!(lag(&reading, "pg2").map(|lag| lag.receive_bytes), Some(None), "another timeline");
    assert_eq!(lag(&reading, "pg1"), None, "the primary is behind nobody");
    lose(&mut reading, "pg1");
    let listed = Listed {
        role: Role::Replica,
        sync: Some(Sync::Async),
        state: "streaming".into(),
        timeline: Some(3),
        receive_lag: None,
        replay_lag: Some(7),
        tags: Tags::default(),
        is_restart_pending: false,
    };
    reading.members[1].listed = Some(listed);
    let lag = lag(&reading, "pg2").expect("a replica");
    assert_eq!(
        (lag.receive_bytes, lag.replay_bytes, lag.by),
        (None, Some(7), LagSource::Listing),
        "\"unknown\" is no 0"
    );
    assert!(!lag.is_fresh(at(11)) && lag.is_fresh(at(10)));
}

#[test]
fn a_switchover_of_a_healthy_cluster_passes_every_check_and_loses_nothing() {
    let reading = three(0, 0);
    let found = preflight(&reading, &Trail::default(), "pg2", Turn::due(&reading), &Limits::default(), at(1));
    assert_eq!(found.turn, Turn::Switchover);
    for check in &found.checks {
        assert_eq!(check.verdict, CheckVerdict::Pass, "{check:?}");
        assert!(!check.value.is_empty() && !check.limit.is_empty() && !check.source.is_empty(), "{check:?}");
    }
    assert_eq!(found.loss, Loss::NOTHING);
    assert_eq!(found.gap.seconds, Some(7), "five for the change, two for a look");
    let ready = Readiness::of(&reading, &Trail::default(), &Limits::default(), at(1));
    assert_eq!(ready, Readiness::Ready { candidate: "pg2".to_owned() });
}

#[test]
fn what_holds_a_switchover_back_is_said() {
    let block = |item: &str, change_it: &dyn Fn(&mut Reading)| {
        let mut reading = three(0, 0);
        change_it(&mut reading);
        let checks = preflight(&reading, &Trail::default(), "pg2", Turn::Switchover, &Limits::default(), at(1)).checks;
        verdict_of(&checks, item)
    };
    let (verdict, value) =
        block("candidate", &|reading| change(reading, "pg2", |said| said.tags.is_never_promoted = true));
    assert_eq!((verdict, value.as_str()), (CheckVerdict::Block, "pg2 is tagged never to be promoted (nofailover)"));
    let (verdict, _) = block("candidate", &|reading| lose(reading, "pg2"));
    assert_eq!(verdict, CheckVerdict::Unknown);
    let (verdict, value) = block("lag", &|reading| {
        change(reading, "pg1", |said| said.position = Position::Writes { location: 9_000_000 });
    });
    assert_eq!((verdict, value.as_str()), (CheckVerdict::Block, "8000000 bytes, 0s"));
    let (verdict, _) = block("paused", &|reading| change(reading, "pg3", |said| said.is_paused = true));
    assert_eq!(verdict, CheckVerdict::Block);
    let (verdict, value) = block("store", &|reading| {
        for name in ["pg1", "pg2", "pg3"] {
            change(reading, name, |said| said.dcs_seen_at = Some(at(-19)));
        }
    });
    assert_eq!((verdict, value.as_str()), (CheckVerdict::Block, "not heard from for 20s"));
    let (verdict, _) = block("sync", &|reading| {
        reading.settings.as_mut().expect("settings").sync = Some(Sync::Sync);
    });
    assert_eq!(verdict, CheckVerdict::Block, "an asynchronous member of a synchronous cluster");
    let (verdict, value) = block("in_flight", &|reading| {
        let scheduled = Scheduled { at: Some(at(600)), from: None, to: None };
        reading.topology.as_mut().expect("a listing").scheduled = Some(scheduled);
    });
    assert_eq!((verdict, value.as_str()), (CheckVerdict::Block, "a switchover is ordered for 2027-01-15T08:10:00Z"));
    let (verdict, _) =
        block("in_flight", &|reading| reading.topology = Err("pg1 did not answer within 2 s.".to_owned()));
    assert_eq!(verdict, CheckVerdict::Unknown);
    let (verdict, _) = block("flapping", &|reading| {
        let switch = Switch { timeline: 2, location: 1, at: Some(at(-60)), leader: None };
        reading.history = Some(vec![switch]);
    });
    assert_eq!(verdict, CheckVerdict::Warn);
}

#[test]
fn an_unknown_holds_a_switchover_and_may_be_taken_upon_oneself_for_a_failover() {
    let mut reading = three(0, 0);
    lose(&mut reading, "pg1");
    assert_eq!(Turn::due(&reading), Turn::Failover);
    for (turn, may_be) in [(Turn::Switchover, false), (Turn::Failover, true)] {
        let checks = preflight(&reading, &Trail::default(), "pg2", turn, &Limits::default(), at(1)).checks;
        let check = checks.iter().find(|check| check.item == "one_primary").expect("it");
        assert_eq!((check.verdict, check.may_be_acknowledged), (CheckVerdict::Unknown, may_be), "{turn:?}");
    }
}

/// A trail of a primary that writes `rate` bytes a second and was last seen at second 0, at 1 000 000.
fn trail(rate: u64) -> Trail {
    let mut trail = Trail::default();
    for second in (-60..=0).step_by(5) {
        let mut reading = three(second, 0);
        let location = 1_000_000 - rate * second.unsigned_abs();
        change(&mut reading, "pg1", |said| said.position = Position::Writes { location });
        change(&mut reading, "pg2", |said| said.position = follows(location, location, second));
        trail.add(&reading);
    }
    trail
}

#[test]
fn what_a_failover_loses_is_a_range_from_the_lag_seen_to_what_may_have_been_written_since() {
    let trail = trail(10_000);
    assert_eq!(trail.bytes_per_second(), Some(10_000));
    let mut reading = three(4, 0);
    lose(&mut reading, "pg1");
    change(&mut reading, "pg3", |said| said.position = follows(900_000, 900_000, 0));
    let loss = |candidate: &str| Loss::expected(&reading, &trail, candidate, Turn::Failover, at(4));
    assert_eq!(
        loss("pg2"),
        Loss { bytes_at_least: Some(0), bytes_at_most: Some(40_000), seconds: Some(4), known: true }
    );
    assert_eq!(
        loss("pg3"),
        Loss { bytes_at_least: Some(100_000), bytes_at_most: Some(140_000), seconds: Some(4), known: true }
    );
    // It got more than was seen before the primary was lost: nothing less than nothing is lost.
    change(&mut reading, "pg2", |said| said.position = follows(1_100_000, 1_100_000, 0));
    let ahead = Loss::expected(&reading, &trail, "pg2", Turn::Failover, at(4));
    assert_eq!((ahead.bytes_at_least, ahead.bytes_at_most, ahead.known), (Some(0), Some(0), true));
}

#[test]
fn a_loss_nobody_saw_is_unknown_and_not_nothing() {
    let mut reading = three(4, 0);
    lose(&mut reading, "pg1");
    let unseen = Loss::expected(&reading, &Trail::default(), "pg2", Turn::Failover, at(4));
    assert_eq!((unseen.known, unseen.bytes_at_most), (false, None));
    let mut once = Trail::default();
    once.add(&three(0, 0));
    assert!(!Loss::expected(&reading, &once, "pg2", Turn::Failover, at(4)).known, "one look tells no rate");
    // A trail of another timeline is not what this candidate was to receive.
    change(&mut reading, "pg2", |said| said.timeline = Some(9));
    assert!(!Loss::expected(&reading, &trail(10_000), "pg2", Turn::Failover, at(4)).known);
    // A quiet primary may have begun to write.
    let mut reading = three(4, 0);
    lose(&mut reading, "pg1");
    let quiet = Loss::expected(&reading, &trail(0), "pg2", Turn::Failover, at(4));
    assert_eq!(quiet.bytes_at_most, Some(4 * Loss::QUIET));
}

#[test]
fn the_quickest_of_the_last_minute_counts_and_another_database_begins_anew() {
    let mut trail = Trail::default();
    for (second, location) in [(-300, 0), (-50, 1_000), (-45, 1_000), (-40, 501_000), (-10, 501_000)] {
        let mut reading = three(second, 0);
        change(&mut reading, "pg1", |said| said.position = Position::Writes { location });
        trail.add(&reading);
    }
    assert_eq!(trail.bytes_per_second(), Some(100_000), "500 000 bytes in five seconds");
    let mut other = three(0, 0);
    for name in ["pg1", "pg2", "pg3"] {
        change(&mut other, name, |said| said.system_identifier = Some("7499999999999999999".into()));
    }
    trail.add(&other);
    assert_eq!(trail.bytes_per_second(), None);
    assert_eq!(trail.last().and_then(|mark| mark.identifier.clone()), Some(Arc::from("7499999999999999999")));
}
