use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::TimeDelta;

use super::compared::LONGEST;
use super::*;
use crate::domain::release::testing::release;
use crate::domain::time::Instant;

fn at(minutes: i64) -> Instant {
    chrono::DateTime::from_timestamp(1_800_000_000 + minutes * 60, 0).unwrap_or_default()
}

fn window(requests: f64, errors: f64, p95: f64) -> Window {
    Window { requests: Ok(requests), errors: Ok(errors), p95: Ok(p95), business: Vec::new() }
}

fn compared(since: Window, before: Window, week: Window) -> Compared {
    let release = release(12, at(0));
    Compared {
        released: Released { workload: release.workload, service: "checkout".into(), began: at(0), sides: None },
        length: TimeDelta::minutes(20),
        observed_at: at(20),
        windows: Ok([since, before, week]),
        others: Vec::new(),
        beside: None,
    }
}

fn alone(_: &str) -> BTreeSet<Arc<str>> {
    BTreeSet::new()
}

fn said(compared: &Compared) -> (Verdict, String) {
    let advice = judge(compared, &alone);
    (advice.verdict, advice.sentence)
}

fn calm() -> Window {
    window(12_000.0, 0.001, 0.1)
}

#[test]
fn a_release_that_fails_is_advised_against_with_its_figures() {
    let (verdict, sentence) = said(&compared(window(12_000.0, 0.12, 0.1), calm(), calm()));
    assert_eq!(verdict, Verdict::Advised);
    assert_eq!(
        sentence,
        "ROLLBACK ADVISED because errors 12 % above 5.0 % (0.10 % before the release, 0.10 % a week ago)."
    );
    let (verdict, _) = said(&compared(window(12_000.0, 0.05, 0.15), calm(), calm()));
    assert_eq!(verdict, Verdict::NotAdvised, "at a threshold is not above it");
}

#[test]
fn what_was_bad_before_is_not_called_well() {
    let bad = || window(12_000.0, 0.2, 0.1);
    let (verdict, sentence) = said(&compared(bad(), bad(), calm()));
    assert_eq!(verdict, Verdict::NotAdvised, "the release did not do it");
    assert!(sentence.ends_with("Errors are 20 % all the same, as they were before it."), "{sentence}");
}

#[test]
fn a_slow_leak_is_seen_in_the_newest_hour_not_thinned_by_those_before() {
    // p95 doubles over five hours: of all five the mean is 50 % above, of the newest hour 90 %.
    let (ends, length) = windows(at(0), at(300)).expect("it began");
    assert_eq!((ends, length), ([at(300), at(0), at(300) - TimeDelta::days(7)], LONGEST));
    let leak = |from: f64, to: f64| 0.1 * (1.0 + f64::midpoint(from, to) / 5.0);
    let mut slow = compared(window(12_000.0, 0.001, leak(4.0, 5.0)), calm(), calm());
    slow.length = length;
    assert_eq!(said(&slow).0, Verdict::Advised);
    let thinned = compared(window(60_000.0, 0.001, leak(0.0, 5.0)), calm(), calm());
    assert_eq!(said(&thinned).0, Verdict::NotAdvised, "which is why the window ends at an hour");
    assert_eq!(windows(at(0), at(20)).map(|(_, length)| length), Some(TimeDelta::minutes(20)));
    assert_eq!(windows(at(0), at(0)), None);
}

#[test]
fn traffic_that_falls_is_never_well() {
    let few = compared(window(40.0, 0.0, 0.05), calm(), calm());
    let words = "NOT KNOWN whether to roll back: 40 requests since the release, at least 100 are needed; there were 12000 in the same time before it.";
    assert_eq!(said(&few), (Verdict::Unknown, words.to_owned()));
    let one = compared(window(1.0, 0.0, 0.05), calm(), calm());
    assert!(said(&one).1.contains("roll back: 1 request since the release, at"), "{}", said(&one).1);
    let (verdict, sentence) = said(&compared(window(3_000.0, 0.0, 0.05), calm(), calm()));
    assert_eq!(verdict, Verdict::Unknown);
    assert!(sentence.contains("requests 2.5/s below 5/s (10/s before"), "{sentence}");
    // The same fall a week ago: it is that hour of the week.
    assert_eq!(said(&compared(window(3_000.0, 0.0, 0.05), calm(), window(3_100.0, 0.0, 0.1))).0, Verdict::NotAdvised);
    let quiet_before = compared(calm(), window(99.0, 0.0, 0.05), calm());
    assert_eq!(said(&quiet_before).0, Verdict::Unknown, "nothing to compare with");
}

#[test]
fn a_metric_that_vanishes_is_unknown_and_says_so() {
    let gone = Window { errors: Err(Absence::NoSeries), ..calm() };
    let (verdict, sentence) = said(&compared(gone.clone(), calm(), calm()));
    assert_eq!(verdict, Verdict::Unknown);
    assert!(sentence.contains("errors vanished: 0.10 % before the release"), "{sentence}");
    // What is measured and worse still counts.
    let slow = Window { p95: Ok(0.9), ..gone };
    assert_eq!(said(&compared(slow, calm(), calm())).0, Verdict::Advised);
    let unasked = Window { p95: Err(Absence::NoQuery), ..calm() };
    let (verdict, sentence) = said(&compared(unasked.clone(), unasked, calm()));
    assert_eq!(verdict, Verdict::Unknown);
    assert!(sentence.contains("p95: no query of it is configured"), "{sentence}");
    let all_gone = Window { requests: Err(Absence::NoSeries), ..calm() };
    assert_eq!(said(&compared(all_gone, calm(), calm())).0, Verdict::Unknown);
    let mut down = compared(calm(), calm(), calm());
    down.windows = Err("p did not answer.".to_owned());
    assert_eq!(said(&down), (Verdict::Unknown, "NOT KNOWN whether to roll back: p did not answer.".to_owned()));
}

#[test]
fn an_innocent_release_during_someone_elses_outage_is_not_blamed() {
    // It began before the release.
    let failing = window(12_000.0, 0.3, 0.1);
    assert_eq!(said(&compared(failing.clone(), window(12_000.0, 0.28, 0.1), calm())).0, Verdict::NotAdvised);
    // It began after: what it needs fails, or several do that have no tie to it.
    let mut outage = compared(failing, calm(), calm());
    let other = |name: &str| Other { service: name.into(), errors: 0.4 };
    outage.others = vec![other("payments")];
    assert_eq!(said(&outage).0, Verdict::Advised, "one that fails may be its victim");
    let needs = |name: &str| match name {
        "checkout" => BTreeSet::from(["payments".into()]),
        "web" | "mobile" => BTreeSet::from(["checkout".into()]),
        _ => BTreeSet::new(),
    };
    let advice = judge(&outage, &needs);
    assert_eq!(advice.verdict, Verdict::Unknown);
    assert!(advice.sentence.contains("payments (40 %) fails, which it needs,"), "{}", advice.sentence);
    outage.others = vec![other("web"), other("mobile")];
    assert_eq!(judge(&outage, &needs).verdict, Verdict::Advised, "they fail because of it");
    assert_eq!(judge(&outage, &alone).verdict, Verdict::Unknown);
    assert_eq!(Other::failing(&"a".into(), 99.0, 0.9, 0.0), None, "too few to say");
    assert_eq!(Other::failing(&"a".into(), 900.0, 0.2, 0.19), None, "it failed before");
}

#[test]
fn a_business_metric_a_fifth_worse_counts_and_the_wave_of_the_week_does_not() {
    let with = |signups: f64| Window { business: vec![("signups".into(), Ok(signups))], ..calm() };
    assert_eq!(said(&compared(with(7.9), with(10.0), with(10.0))).0, Verdict::Advised);
    assert_eq!(said(&compared(with(7.9), with(10.0), with(8.0))).0, Verdict::NotAdvised);
    let morning = window(12_000.0, 0.001, 0.19);
    assert_eq!(said(&compared(window(12_000.0, 0.001, 0.2), calm(), morning)).0, Verdict::NotAdvised);
}

#[test]
fn advice_is_of_its_release_and_of_now() {
    let advice = judge(&compared(calm(), calm(), calm()), &alone);
    assert!(advice.is_of(Some(at(0)), at(22)));
    assert!(!advice.is_of(Some(at(1)), at(22)), "another release");
    assert!(!advice.is_of(Some(at(0)), at(24)), "too old");
}

/// A comparison with what the new pods and the old ones answered beside it.
fn canary(since: Window, new: Window, old: Window) -> Compared {
    Compared { beside: Some(Beside { new, old }), ..compared(since, calm(), calm()) }
}

#[test]
fn a_canary_that_fails_is_seen_though_all_pods_together_look_well() {
    let mixed = || window(12_000.0, 0.012, 0.11);
    assert_eq!(said(&compared(mixed(), calm(), calm())).0, Verdict::NotAdvised, "one pod of ten is thinned");
    let bad = canary(mixed(), window(1_200.0, 0.12, 0.1), window(10_800.0, 0.0004, 0.1));
    let (verdict, sentence) = said(&bad);
    assert_eq!(verdict, Verdict::Advised);
    assert_eq!(
        sentence,
        "ROLLBACK ADVISED because errors of the new pods 12 % above 5.0 % (0.04 % of the old pods beside them)."
    );
    let slow = canary(mixed(), window(1_200.0, 0.0, 0.4), window(10_800.0, 0.0, 0.1));
    assert!(said(&slow).1.contains("p95 of the new pods 400 ms above 150 ms"), "{}", said(&slow).1);
    let well = canary(mixed(), window(1_200.0, 0.001, 0.1), window(10_800.0, 0.001, 0.1));
    assert_eq!(said(&well).0, Verdict::NotAdvised);
    let names: Vec<_> = judge(&well, &alone).criteria.iter().map(|one| one.name.to_string()).collect();
    assert!(names.ends_with(&[beside::NEW_ERRORS.to_owned(), beside::NEW_P95.to_owned()]), "{names:?}");
}

#[test]
fn what_the_old_pods_do_as_well_is_not_the_release() {
    let outage = window(12_000.0, 0.3, 0.1);
    let both = canary(outage.clone(), window(1_200.0, 0.31, 0.1), window(10_800.0, 0.3, 0.1));
    let (verdict, sentence) = said(&both);
    assert_eq!(verdict, Verdict::Unknown);
    assert!(
        sentence.contains("errors of the new pods 31 % not above 45 % (30 % of the old pods beside them)"),
        "{sentence}"
    );
    // The business suffers from it too, and is not blamed on the release because of that.
    let mut with_business = both.clone();
    let signups = |value: f64, of: Window| Window { business: vec![("signups".into(), Ok(value))], ..of };
    with_business.windows = Ok([signups(2.0, outage.clone()), signups(10.0, calm()), signups(10.0, calm())]);
    assert_eq!(said(&with_business).0, Verdict::Unknown);
    // Alone it is: no pod of either side says anything of it.
    let mut only_business = canary(calm(), calm(), calm());
    only_business.windows = Ok([signups(2.0, calm()), signups(10.0, calm()), signups(10.0, calm())]);
    let (verdict, sentence) = said(&only_business);
    assert_eq!(verdict, Verdict::Advised);
    assert!(sentence.starts_with("ROLLBACK ADVISED because signups 2/s below 8/s"), "{sentence}");
    // Slow together, and only the errors are the same on both sides: they do not excuse the rest.
    let untimed = Window { p95: Err(Absence::NoSeries), ..calm() };
    let slow = canary(window(12_000.0, 0.001, 0.9), untimed.clone(), untimed);
    assert_eq!(said(&slow).0, Verdict::Advised);
    // An outage elsewhere explains the old pods, and never what only the new ones do.
    let mut worse = canary(outage, window(1_200.0, 0.9, 0.1), window(10_800.0, 0.2, 0.1));
    worse.others = ["web", "mobile"].map(|name| Other { service: name.into(), errors: 0.4 }).into();
    assert_eq!(said(&worse).0, Verdict::Advised);
}

#[test]
fn a_canary_with_too_few_requests_is_not_called_well() {
    let few = canary(calm(), window(40.0, 0.0, 0.1), calm());
    let words = "NOT KNOWN whether to roll back: the new pods answered 40 requests, at least 100 are needed.";
    assert_eq!(said(&few), (Verdict::Unknown, words.to_owned()));
    let unheard = canary(calm(), Window { requests: Err(Absence::NoSeries), ..calm() }, calm());
    assert!(said(&unheard).1.contains("nothing was counted of the new pods"), "{}", said(&unheard).1);
    // Bad beyond doubt all together: that the canary is not heard of does not make it well.
    let failing = canary(window(12_000.0, 0.3, 0.1), window(40.0, 0.0, 0.1), calm());
    assert_eq!(said(&failing).0, Verdict::Advised);
    let untimed = canary(calm(), Window { p95: Err(Absence::NoSeries), ..calm() }, calm());
    assert_eq!(said(&untimed).0, Verdict::Unknown);
}
