use chrono::TimeDelta;

use super::oracle_tests::window;
use super::*;
use crate::domain::maintenance::freeze::{Freeze, Span, Stage};
use crate::domain::time::{Instant, Zone};

fn at(text: &str) -> Instant {
    text.parse().expect("a time")
}

fn said(name: &str, occurrence: &str) -> Exception {
    Exception {
        window: name.into(),
        occurrence: at(occurrence),
        moved_to: None,
        is_cancelled: false,
        started: None,
        finished: None,
        reason: String::new(),
        by: "mori".into(),
        at: at("2026-11-01T00:00:00Z"),
        version: 1,
    }
}

fn lines(found: &[Occurrence<'_>]) -> Vec<String> {
    let line = |one: &Occurrence<'_>| {
        format!("{} {} {} {}", one.window.name, one.start.format("%d %H:%M"), one.end.format("%H:%M"), one.state.word())
    };
    found.iter().map(line).collect()
}

#[test]
fn the_shipped_schedule_meets_itself_twelve_times_in_sixty_days() {
    let (schedule, now) = (Schedule::of([], []), at("2026-11-23T00:00:00Z"));
    let found = schedule.between(now, now + TimeDelta::days(60), now);
    let overlaps = overlap::overlaps(&found);
    assert_eq!(overlap::pairs(&overlaps), 12);
    let count = |name: &str| found.iter().filter(|one| one.window.name == name).count();
    assert_eq!((count("daily"), count("weekly"), count("monthly"), count("quarterly")), (60, 8, 2, 1));
    let sunday: Vec<_> =
        found.iter().zip(&overlaps).filter(|(one, _)| one.start.format("%F").to_string() == "2026-12-06").collect();
    let words =
        |met: &[Overlap]| met.iter().map(|one| format!("{} {}", one.relation.word(), one.name)).collect::<Vec<_>>();
    assert_eq!(
        sunday.iter().map(|(one, met)| (one.window.name.as_str(), words(met))).collect::<Vec<_>>(),
        [
            ("monthly", vec!["contains weekly".to_owned(), "contains daily".to_owned()]),
            ("weekly", vec!["inside monthly".to_owned(), "contains daily".to_owned()]),
            ("daily", vec!["inside monthly".to_owned(), "inside weekly".to_owned()]),
        ]
    );
    let january: Vec<_> = found.iter().zip(&overlaps).filter(|(one, _)| one.window.name == "quarterly").collect();
    assert!(january[0].1.is_empty(), "it begins when the monthly one ends");
}

#[test]
fn what_crosses_reaches_beyond_on_either_side_and_other_services_do_not_meet() {
    let long = Window {
        name: "long".into(),
        lasts: TimeDelta::hours(1),
        service: Some("shop".into()),
        ..window("45 1 * * *", "UTC")
    };
    let other = Window { name: "other".into(), service: Some("mail".into()), ..window("0 2 * * *", "UTC") };
    let schedule =
        Schedule::of([Window { lasts: TimeDelta::minutes(20), ..long.clone() }, other], []).without("weekly");
    let now = at("2026-12-07T00:00:00Z");
    let found = schedule.between(now, now + TimeDelta::days(1), now);
    let overlaps = overlap::overlaps(&found);
    assert_eq!(
        lines(&found),
        ["long 07 01:45 02:05 planned", "daily 07 02:00 02:30 planned", "other 07 02:00 02:30 planned"]
    );
    assert_eq!(
        overlaps[0].iter().map(|one| (one.name.as_str(), one.relation)).collect::<Vec<_>>(),
        [("daily", Relation::Crosses)]
    );
    assert_eq!(overlaps[1].len(), 2, "it crosses one and lies level with the other");
    assert_eq!((overlaps[1][1].relation, overlaps[2][0].relation), (Relation::Contains, Relation::Inside));
}

#[test]
fn an_occurrence_is_moved_called_off_begun_and_ended() {
    let (two, three) = ("2026-12-02T02:00:00Z", "2026-12-03T02:00:00Z");
    let moved = Exception { moved_to: Some(at("2026-12-02T05:00:00Z")), ..said("daily", two) };
    let cancelled = Exception { is_cancelled: true, ..said("daily", three) };
    let ended = Exception { finished: Some(at("2026-12-04T02:10:00Z")), ..said("daily", "2026-12-04T02:00:00Z") };
    let begun = Exception { started: Some(at("2026-12-05T01:30:00Z")), ..said("daily", "2026-12-05T02:00:00Z") };
    let schedule = Schedule::of([], [moved, cancelled, ended, begun]).without("weekly").without("monthly");
    let now = at("2026-12-05T02:30:00Z");
    let found = schedule.between(at("2026-12-01T00:00:00Z"), at("2026-12-06T00:00:00Z"), now);
    assert_eq!(
        lines(&found),
        [
            "daily 01 02:00 02:30 done",
            "daily 02 05:00 05:30 done",
            "daily 03 02:00 02:30 cancelled",
            "daily 04 02:00 02:10 done",
            "daily 05 01:30 02:00 running",
        ]
    );
    assert_eq!(found[4].overdue(now), Some(TimeDelta::minutes(30)), "nobody said that it is over");
    let named = |at_text: &str| schedule.occurrence("daily", at(at_text), now).map(|one| one.scheduled);
    assert_eq!(named("2026-12-02T05:00:00Z"), Ok(at(two)), "by where it was moved");
    assert_eq!(named(two), Ok(at(two)), "and by its own time");
    let none = named("2026-12-02T03:00:00Z").expect_err("none");
    assert!(none.contains("no occurrence at 2026-12-02T03:00:00Z") && none.contains("2026-12-06T02:00:00Z"), "{none}");
    assert!(schedule.occurrence("nightly", now, now).is_err_and(|why| why.contains("daily, quarterly")));
}

#[test]
fn an_occurrence_moved_out_of_a_span_is_found_where_it_went() {
    let moved = Exception { moved_to: Some(at("2026-12-20T05:00:00Z")), ..said("monthly", "2026-12-06T00:00:00Z") };
    let schedule = Schedule::of([], [moved]);
    let found = |from: &str, until: &str| {
        let now = at("2026-12-01T00:00:00Z");
        lines(
            &schedule
                .between(at(from), at(until), now)
                .into_iter()
                .filter(|one| one.window.name == "monthly")
                .collect::<Vec<_>>(),
        )
    };
    assert!(found("2026-12-05T00:00:00Z", "2026-12-08T00:00:00Z").is_empty());
    assert_eq!(found("2026-12-20T00:00:00Z", "2026-12-21T00:00:00Z"), ["monthly 20 05:00 09:00 planned"]);
}

#[test]
fn states_follow_the_clock_where_nobody_says_anything() {
    let schedule = Schedule::of([], []);
    let state = |now: &str| schedule.occurrence("daily", at("2026-12-02T02:00:00Z"), at(now)).map(|one| one.state);
    assert_eq!(state("2026-12-02T01:59:59Z"), Ok(State::Planned));
    assert_eq!(state("2026-12-02T02:00:00Z"), Ok(State::Running));
    assert_eq!(state("2026-12-02T02:30:00Z"), Ok(State::Done));
}

#[test]
fn what_can_be_started_or_finished_is_what_runs_or_comes_within_a_day() {
    let schedule = Schedule::of([], []);
    let of = |name: &str, now: &str| {
        let window = schedule.window(name).expect("shipped");
        schedule.current(window, at(now)).map(|one| (one.scheduled, one.state))
    };
    assert_eq!(of("daily", "2026-12-02T02:10:00Z"), Some((at("2026-12-02T02:00:00Z"), State::Running)));
    assert_eq!(of("daily", "2026-12-02T03:10:00Z"), Some((at("2026-12-03T02:00:00Z"), State::Planned)));
    assert_eq!(of("weekly", "2026-12-02T03:10:00Z"), None);
    let forgotten = Exception { started: Some(at("2026-12-01T02:00:00Z")), ..said("daily", "2026-12-01T02:00:00Z") };
    let schedule = Schedule::of([], [forgotten]);
    let window = schedule.window("daily").expect("shipped");
    let current = schedule.current(window, at("2026-12-02T01:00:00Z")).map(|one| (one.scheduled, one.state));
    assert_eq!(current, Some((at("2026-12-01T02:00:00Z"), State::Running)), "it is not over before somebody says so");
}

#[test]
fn what_lies_ahead_is_what_runs_and_the_next_of_each() {
    let cancelled = Exception { is_cancelled: true, ..said("weekly", "2026-12-06T01:00:00Z") };
    let schedule = Schedule::of([], [cancelled]);
    let now = at("2026-12-02T02:10:00Z");
    assert_eq!(
        lines(&schedule.ahead(now)),
        [
            "daily 02 02:00 02:30 running",
            "daily 03 02:00 02:30 planned",
            "monthly 06 00:00 04:00 planned",
            "weekly 13 01:00 03:00 planned",
            "quarterly 03 04:00 08:00 planned",
        ]
    );
}

#[test]
fn a_duration_is_elapsed_time() {
    let spring = Window { lasts: TimeDelta::hours(4), ..window("0 0 29 3 *", "Europe/Berlin") };
    let now = at("2026-03-01T00:00:00Z");
    let schedule = Schedule::of([Window { name: "spring".into(), ..spring }], []);
    let found = schedule.occurrence("spring", at("2026-03-28T23:00:00Z"), now).expect("one");
    assert_eq!(found.end, at("2026-03-29T03:00:00Z"), "the clock there shows 05:00");
}

#[test]
fn windows_that_make_no_sense_are_refused_with_what_to_do() {
    let now = at("2026-12-01T00:00:00Z");
    let fine = window("30 2 * * SUN#2", "UTC");
    assert_eq!(fine.check(now), Ok(()));
    for (bad, words) in [
        (Window { lasts: TimeDelta::zero(), ..fine.clone() }, "0 minutes"),
        (Window { lasts: TimeDelta::days(400), ..fine.clone() }, "30 days"),
        (
            Window { lasts: TimeDelta::hours(25), ..window("0 2 * * *", "UTC") },
            "runs into the one of Wed 2026-12-02 02:00 UTC",
        ),
        (Window { name: "a b".into(), ..fine.clone() }, "reindex-weekly"),
        (Window { name: String::new(), ..fine.clone() }, "reindex-weekly"),
        (Window { rule: Rule::Once(at("2026-11-30T00:00:00Z")), ..fine.clone() }, "over already"),
    ] {
        let why = bad.check(now).expect_err(words);
        assert!(why.contains(words), "{why}");
    }
    // A fifth Sunday of February comes in 2032, and then not before 2060.
    assert_eq!(window("0 0 * 2 SUN#5", "UTC").next(at("2033-01-01T00:00:00Z"), 1), [at("2060-02-29T00:00:00Z")]);
}

#[test]
fn the_alternative_of_the_monthly_window_takes_its_place() {
    let tokyo = Zone::meant("JST").expect("a zone").0;
    let short = shipped::alternative(shipped::MONTHLY_SHORT, tokyo).expect("shipped");
    assert_eq!(shipped::alternative("monthly", Zone::UTC), None);
    let schedule = Schedule::of([short], []);
    let names: Vec<&str> = schedule.windows().map(|window| window.name.as_str()).collect();
    assert_eq!(names, ["daily", "monthly-short", "quarterly", "weekly"]);
    assert_eq!(
        schedule.windows().nth(1).map(|one| one.next(at("2026-12-01T00:00:00Z"), 1)),
        Some(vec![at("2026-12-05T17:00:00Z")])
    );
}

#[test]
fn what_does_not_count_is_downtime_announced_a_week_before_at_most_two_hours_a_month() {
    let now = at("2026-12-01T00:00:00Z");
    let of = |lasts: i64, rule: &str, is_downtime: bool| {
        let window = Window {
            name: "reindex".into(),
            lasts: TimeDelta::hours(lasts),
            is_downtime,
            announced: Some(now),
            ..window(rule, "UTC")
        };
        let schedule = Schedule::of([window.clone()], []);
        budget::next_excluded(&schedule, &window, now)
    };
    let told = |(seconds, why): (i64, String), words: &str| {
        assert!(why.contains(words), "{why}");
        seconds
    };
    assert_eq!(told(of(1, "30 2 * * SUN#2", true), "announced a week before"), 3_600);
    assert_eq!(told(of(4, "30 2 * * SUN#2", true), "At most 2h"), 7_200);
    assert_eq!(told(of(1, "30 2 * * SUN#1", true), "less than 7d before"), 0);
    assert_eq!(told(of(1, "30 2 * * SUN#2", false), "not flagged as downtime"), 0);
    assert_eq!(told(of(1, "30 2 * * *", true), "less than 7d before"), 0, "it is the next one that is told");
}

#[test]
fn a_move_is_announced_when_it_is_made() {
    let window = Window {
        name: "reindex".into(),
        lasts: TimeDelta::hours(1),
        is_downtime: true,
        announced: Some(at("2026-11-01T00:00:00Z")),
        ..window("30 2 * * SUN#2", "UTC")
    };
    let moved = |to: &str| Exception {
        moved_to: Some(at(to)),
        at: at("2026-12-10T00:00:00Z"),
        ..said("reindex", "2026-12-13T02:30:00Z")
    };
    let now = at("2026-12-10T00:00:00Z");
    let excluded = |to: &str| budget::next_excluded(&Schedule::of([window.clone()], [moved(to)]), &window, now).0;
    assert_eq!((excluded("2026-12-14T02:30:00Z"), excluded("2026-12-18T02:30:00Z")), (0, 3_600));
}

#[test]
fn a_release_has_four_dates_and_is_itself_not_frozen() {
    let release = "2026-12-22".parse().expect("a day");
    let dates: Vec<String> =
        freeze::dates(release).into_iter().map(|(stage, day)| format!("{} {day}", stage.word())).collect();
    assert_eq!(
        dates,
        ["feature freeze 2026-12-08", "code freeze 2026-12-15", "final test 2026-12-19", "notes 2026-12-21"]
    );
    let freeze = Freeze {
        name: "2.4.0".into(),
        span: Span::Release(release),
        zone: Zone::meant("Asia/Tokyo").expect("a zone").0,
        service: Some("shop".into()),
        reason: String::new(),
    };
    let refuses = |now: &str| freeze.at(Some("shop"), at(now)).map(|frozen| frozen.refuses);
    assert_eq!(refuses("2026-12-07T14:59:59Z"), None);
    assert_eq!(refuses("2026-12-07T15:00:00Z"), Some(false), "features alone are frozen");
    assert_eq!(refuses("2026-12-14T15:00:00Z"), Some(true));
    assert_eq!(refuses("2026-12-21T15:00:00Z"), None, "the release goes out");
    assert!(freeze.at(Some("mail"), at("2026-12-20T00:00:00Z")).is_none());
    let words = freeze.at(Some("shop"), at("2026-12-20T00:00:00Z")).map(|frozen| frozen.words);
    assert_eq!(words.as_deref(), Some("final test for 2.4.0 until Tue 2026-12-22 00:00 Asia/Tokyo"));
    assert!(Stage::FinalTest.refuses() && !Stage::FeatureFreeze.refuses());
}

#[test]
fn an_emergency_has_a_clock_for_each_thing_that_is_due() {
    use crate::domain::maintenance::emergency::{Trigger, clocks};
    let friday = at("2026-12-04T15:00:00Z");
    let due = |trigger: Trigger| {
        let clocks = clocks(trigger, friday, &Zone::UTC);
        let approval = clocks.iter().find(|clock| clock.what == "approval").expect("a clock").due;
        let report = clocks.iter().find(|clock| clock.what == "report").expect("a clock").due;
        assert_eq!(report, at("2026-12-05T15:00:00Z"));
        approval
    };
    assert_eq!(due(Trigger::Vulnerability), friday);
    assert_eq!(due(Trigger::Degradation), at("2026-12-04T19:00:00Z"));
    assert_eq!(due(Trigger::Compliance), at("2026-12-07T17:00:00Z"), "Monday");
}

#[test]
fn a_task_is_due_at_the_end_of_the_first_span_in_which_it_was_not_done() {
    let now = at("2026-12-02T10:00:00Z");
    let due = |name: &str, last: Option<&str>| {
        task::named(name).map(|task| task.due(last.map(at), now).format("%F").to_string()).expect("a task")
    };
    assert_eq!(
        (due("logs", None), due("logs", Some("2026-12-02T00:00:00Z"))),
        ("2026-12-03".into(), "2026-12-04".into())
    );
    assert_eq!(due("logs", Some("2026-11-20T09:00:00Z")), "2026-11-22");
    assert_eq!(
        (due("performance", None), due("capacity", None), due("dr-test", None)),
        ("2026-12-07".into(), "2027-01-01".into(), "2027-01-01".into())
    );
    assert_eq!(due("dr-test", Some("2026-12-01T00:00:00Z")), "2027-04-01");
}

#[test]
fn a_calendar_is_folded_escaped_and_finds_its_events_again() {
    let moved = Exception {
        moved_to: Some(at("2026-12-13T05:00:00Z")),
        reason: "a; b, c\\d\ne\u{1b}".into(),
        version: 3,
        ..said("reindex", "2026-12-13T02:30:00Z")
    };
    let window = Window {
        name: "reindex".into(),
        activities: vec!["größte Tabelle zuerst, und dann alles, was länger als ein Jahr nicht angefaßt wurde".into()],
        ..window("30 2 * * SUN#2", "UTC")
    };
    let schedule = Schedule::of([window], [moved]);
    let now = at("2026-12-01T00:00:00Z");
    let found: Vec<_> = schedule
        .between(now, at("2026-12-31T00:00:00Z"), now)
        .into_iter()
        .filter(|one| one.window.name == "reindex")
        .collect();
    let text = ical::calendar(&found, now);
    assert!(text.split("\r\n").all(|line| line.len() <= 75 && !line.contains('\n')), "{text}");
    assert!(text.ends_with("END:VCALENDAR\r\n"));
    let unfolded = text.replace("\r\n ", "");
    for line in [
        "UID:reindex-20261213T023000Z@quarterdeck",
        "DTSTART:20261213T050000Z",
        "DTEND:20261213T053000Z",
        "SEQUENCE:3",
        "STATUS:CONFIRMED",
        "DESCRIPTION:30 2 * * SUN#2 UTC\\n- größte Tabelle zuerst\\, und dann alles\\, was länger als ein Jahr nicht angefaßt wurde\\na\\; b\\, c\\\\d\\ne",
    ] {
        assert!(unfolded.contains(&format!("\r\n{line}\r\n")), "{line} in {unfolded}");
    }
}

/// Ten years of a hundred recurrences. The figure is of a release build; a test without optimisation is given more.
#[test]
fn ten_years_of_a_hundred_recurrences_are_expanded_in_no_time() {
    let zones = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Tokyo"];
    let rules = ["0 2 * * *", "0 1 * * SUN", "0 0 * * SUN#1", "0 4 * 1,4,7,10 SUN#1", "30 3 L * *"];
    let windows: Vec<Window> = (0..100).map(|nth| window(rules[nth % rules.len()], zones[nth % zones.len()])).collect();
    let from = at("2026-12-01T00:00:00Z");
    let began = std::time::Instant::now();
    let count: usize = windows.iter().map(|window| window.starts(from, from + TimeDelta::days(3_652)).len()).sum();
    let took = began.elapsed();
    assert!(count > 80_000, "{count}");
    let most = if cfg!(debug_assertions) { 2_000 } else { 50 };
    println!("{count} occurrences in {took:?}");
    assert!(took.as_millis() < most, "{took:?}");
}
