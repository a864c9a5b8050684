use proptest::prelude::*;

use super::*;

fn at(text: &str) -> Instant {
    text.parse().expect("a time")
}

/// Schedule, zone, an instant, and the first run after it by robfig/cron v3.0.1, which the CronJob controller uses.
const GOLDEN: &[(&str, &str, &str, &str)] = &[
    ("*/5 * * * *", "UTC", "2026-11-24T03:07:12Z", "2026-11-24T03:10:00Z"),
    ("0 2 * * *", "UTC", "2026-11-24T01:59:59Z", "2026-11-24T02:00:00Z"),
    ("0 2 * * *", "UTC", "2026-11-24T02:00:00Z", "2026-11-25T02:00:00Z"),
    ("@daily", "Asia/Tokyo", "2026-11-24T03:07:00Z", "2026-11-24T15:00:00Z"),
    ("@hourly", "UTC", "2026-11-24T03:00:00Z", "2026-11-24T04:00:00Z"),
    ("@weekly", "UTC", "2026-11-24T03:00:00Z", "2026-11-29T00:00:00Z"),
    ("@monthly", "UTC", "2026-11-24T03:00:00Z", "2026-12-01T00:00:00Z"),
    ("@yearly", "UTC", "2026-11-24T03:00:00Z", "2027-01-01T00:00:00Z"),
    ("@every 1h30m", "UTC", "2026-11-24T03:00:30Z", "2026-11-24T04:30:30Z"),
    ("30 2 * * *", "America/New_York", "2026-03-07T12:00:00Z", "2026-03-09T06:30:00Z"),
    ("30 2 * * *", "America/New_York", "2026-03-08T06:00:00Z", "2026-03-09T06:30:00Z"),
    ("30 1 * * *", "America/New_York", "2026-11-01T04:00:00Z", "2026-11-01T05:30:00Z"),
    ("30 1 * * *", "America/New_York", "2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z"),
    ("30 1 * * *", "America/New_York", "2026-11-01T06:30:00Z", "2026-11-02T06:30:00Z"),
    ("0 0 * * *", "America/Santiago", "2026-09-05T12:00:00Z", "2026-09-07T03:00:00Z"),
    ("0 0 * * *", "Africa/Cairo", "2026-04-23T12:00:00Z", "2026-04-24T21:00:00Z"),
    ("0 3 * * *", "Africa/Cairo", "2026-04-23T23:00:00Z", "2026-04-24T00:00:00Z"),
    ("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T12:00:00Z", "2026-10-04T15:15:00Z"),
    ("45 1 * * *", "Australia/Lord_Howe", "2026-04-04T12:00:00Z", "2026-04-04T14:45:00Z"),
    ("45 1 * * *", "Australia/Lord_Howe", "2026-04-04T14:45:00Z", "2026-04-04T15:15:00Z"),
    ("0 0 13 * 5", "UTC", "2026-11-01T00:00:00Z", "2026-11-06T00:00:00Z"),
    ("0 0 */2 * 1", "UTC", "2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z"),
    ("0 0 */1 * 1", "UTC", "2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z"),
    ("0 0 29 2 *", "UTC", "2026-03-01T00:00:00Z", "2028-02-29T00:00:00Z"),
    ("0 0 30 2 *", "UTC", "2026-03-01T00:00:00Z", "never"),
    ("0 9-17/4 * JAN-mar Mon", "Europe/Berlin", "2026-11-24T00:00:00Z", "2027-01-04T08:00:00Z"),
    ("5/20 * ? * *", "UTC", "2026-11-24T03:25:00Z", "2026-11-24T03:45:00Z"),
    ("0 22 31 * *", "Asia/Kolkata", "2026-11-24T00:00:00Z", "2026-12-31T16:30:00Z"),
    ("0 1 * * 0", "Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-24T23:00:00Z"),
    ("59 23 31 12 *", "Pacific/Auckland", "2026-06-01T00:00:00Z", "2026-12-31T10:59:00Z"),
    ("0 12 * * *", "Asia/Kathmandu", "2026-06-01T06:14:59Z", "2026-06-01T06:15:00Z"),
];

#[test]
fn runs_are_those_of_the_controller_s_own_library() {
    for (expression, zone, after, next) in GOLDEN {
        let schedule = Schedule::read(expression, Some(zone)).expect("a schedule");
        let expected = (*next != "never").then(|| at(next));
        assert_eq!(schedule.next(at(after)), expected, "{expression} in {zone} after {after}");
    }
}

#[test]
fn an_interval_counts_from_the_run_before_and_not_from_whoever_looks() {
    let schedule = Schedule::read("@every 6h", None).expect("a schedule");
    let last = Some(at("2026-11-24T19:20:32Z"));
    for (now, next) in [
        ("2026-11-24T21:20:32Z", "2026-11-25T01:20:32Z"),
        ("2026-11-24T21:21:37Z", "2026-11-25T01:20:32Z"),
        ("2026-11-25T01:20:31Z", "2026-11-25T01:20:32Z"),
        ("2026-11-25T01:20:32Z", "2026-11-25T07:20:32Z"),
        // Runs that were missed are not made up for one by one.
        ("2026-11-28T00:00:00Z", "2026-11-28T01:20:32Z"),
        // A clock behind the controller's.
        ("2026-11-24T19:20:00Z", "2026-11-25T01:20:32Z"),
    ] {
        assert_eq!(schedule.upcoming(last, at(now)), Some(at(next)), "at {now}");
    }
    let daily = Schedule::read("0 2 * * *", None).expect("a schedule");
    assert_eq!(daily.upcoming(last, at("2026-11-28T00:00:00Z")), Some(at("2026-11-28T02:00:00Z")));
}

#[test]
fn what_the_controller_refuses_is_refused() {
    for expression in [
        "",
        "* * * *",
        "* * * * * *",
        "60 * * * *",
        "* 24 * * *",
        "* * 0 * *",
        "* * * 13 *",
        "* * * * 7",
        "*/0 * * * *",
        "5-1 * * * *",
        "a * * * *",
        "@reboot",
        "@every",
        "@every x",
        "1-2-3 * * * *",
        "1/2/3 * * * *",
        "MON * * * *",
        "-1 * * * *",
        "50-70 * * * *",
        "@Daily",
    ] {
        assert!(Schedule::read(expression, None).is_err(), "{expression:?}");
    }
    for expression in ["1,,2 * * * *", "*/100 * * * *", "* * * jan,FEB sun-tue", "@every 0s", "TZ=Asia/Tokyo 0 2 * * *"]
    {
        assert!(Schedule::read(expression, None).is_ok(), "{expression:?}");
    }
    let unknown = Schedule::read("@daily", Some("Mars/Olympus"));
    assert!(unknown.is_err_and(|words| words.contains("Mars/Olympus")));
}

#[test]
fn a_zone_in_the_schedule_counts() {
    let schedule = Schedule::read("TZ=Asia/Tokyo 0 2 * * *", None).expect("a schedule");
    assert_eq!(schedule.next(at("2026-11-24T00:00:00Z")), Some(at("2026-11-24T17:00:00Z")));
}

#[test]
fn runs_between_two_instants_are_counted_up_to_a_limit() {
    let schedule = Schedule::read("*/5 * * * *", None).expect("a schedule");
    let (from, until) = (at("2026-11-24T03:00:00Z"), at("2026-11-24T03:15:00Z"));
    assert_eq!(schedule.between(from, until, 100).len(), 3, "the first excluded, the last included");
    assert_eq!(schedule.between(from, until + TimeDelta::days(9), 100).len(), 100);
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,30}") {
        let _ = Schedule::read(&text, None);
    }

    #[test]
    fn the_next_run_is_later_and_fits(minute in 0_u8..60, hour in 0_u8..24, zone in proptest::sample::select(vec!["UTC", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]), seconds in 1_700_000_000_i64..1_900_000_000) {
        let schedule = Schedule::read(&format!("{minute} {hour} * * *"), Some(zone)).map_err(TestCaseError::fail)?;
        let after = chrono::DateTime::from_timestamp(seconds, 0).unwrap_or_default();
        let next = schedule.next(after).ok_or_else(|| TestCaseError::fail("a daily run"))?;
        let shown = schedule.zone.read(next).map(|shown| (shown.hour, shown.minute));
        prop_assert_eq!(shown, Some((hour, minute)));
        // A day the clock skips the hour has no run.
        prop_assert!(next > after && next - after <= TimeDelta::hours(49));
    }
}
