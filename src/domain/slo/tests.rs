use std::sync::Arc;

use chrono::TimeDelta;

use super::exclusion::excluded;
use super::objective::promises;
use super::*;
use crate::domain::service::{Objective, Service, Services, Share};
use crate::domain::time::Instant;

fn at(minutes: i64) -> Instant {
    // 2027-01-15 08:00:00 UTC, in the middle of a month of 31 days.
    chrono::DateTime::from_timestamp(1_800_000_000 + minutes * 60, 0).unwrap_or_default()
}

fn part(ratio: f64, total: f64) -> Part {
    Events::counted(ratio * total, total).ok_or_else(|| "nothing".to_owned())
}

/// Checkout at 99.9 % over 30 days, a thousand requests a minute, so many of them bad in every span.
fn measured(ratio: f64) -> Measured {
    let total = |span: Span| f64::from(u32::try_from(span.length().num_minutes()).expect("short")) * 1_000.0;
    Measured {
        service: "checkout".into(),
        goal: "availability".into(),
        target: Some(Share(999_000)),
        window: Window::default(),
        recorder: Recorder::Raw,
        spans: SPANS.map(|span| part(ratio, total(span))),
        lengths: SPANS.map(Span::length),
        whole: part(0.000_2, 43_200_000.0),
        observed_at: at(0),
        whole_at: Some(at(0)),
        known_days: None,
        excluded: Vec::new(),
    }
}

fn of(measured: &Measured) -> Slo {
    judge(measured, &Arc::from("production"), at(0))
}

#[test]
fn the_budget_is_that_of_the_book() {
    let slo = of(&measured(0.000_2));
    let budget = slo.budget.expect("it is known");
    assert!((budget.minutes - 43.2).abs() < 1e-6, "30 days at 99.9 %: {}", budget.minutes);
    assert!((budget.left - 0.8).abs() < 1e-6 && (budget.minutes_left() - 34.56).abs() < 1e-6, "{budget:?}");
    assert_eq!(budget.lasts, Some(TimeDelta::days(120)), "a fifth of the pace that spends it in 30 days");
    assert_eq!((slo.standing, slo.rows.len()), (Standing::Ok, 4));
    let thresholds: Vec<f64> = slo.rows.iter().map(|row| (row.threshold * 10.0).round() / 10.0).collect();
    assert_eq!(thresholds, [14.4, 6.0, 3.0, 1.0]);
    for (days, first) in [(28, 13.44), (31, 14.88)] {
        let slo = of(&Measured { window: Window::Rolling(days), ..measured(0.0) });
        assert!((slo.rows[0].threshold - first).abs() < 1e-9, "{days} d: {}", slo.rows[0].threshold);
    }
}

#[test]
fn a_row_fires_when_both_its_windows_are_above_its_threshold() {
    for (ratio, standing) in [
        (0.014_5, Standing::Page),
        (0.006_1, Standing::Page),
        (0.003_1, Standing::Ticket),
        (0.001_1, Standing::Ticket),
        (0.001, Standing::Ok),
    ] {
        assert_eq!(of(&measured(ratio)).standing, standing, "{ratio}");
    }
    let mut over = measured(0.5);
    over.spans[Span::M5.place()] = part(0.0, 5_000.0);
    over.spans[Span::M30.place()] = part(0.0, 30_000.0);
    let slo = of(&over);
    assert_eq!(
        slo.rows.iter().map(|row| row.state.word()).collect::<Vec<_>>(),
        ["quiet", "quiet", "burning", "burning"]
    );
    assert_eq!(slo.standing, Standing::Ticket, "it is over: nobody is woken");
    let mut began = measured(0.0);
    began.spans[Span::M5.place()] = part(0.9, 5_000.0);
    assert_eq!(of(&began).standing, Standing::Ok, "five minutes alone are no page");
}

#[test]
fn what_is_not_known_or_too_little_is_never_well() {
    let quiet = |place: Span, part: Part| {
        let mut one = measured(0.0);
        one.spans[place.place()] = part;
        of(&one)
    };
    let slo = quiet(Span::M5, Err("Nothing was counted in 5m.".into()));
    assert_eq!((slo.standing, &*slo.reason), (Standing::Unknown, "1h: Nothing was counted in 5m."));
    let slo = quiet(Span::M5, part(0.0, 69.0));
    let words = "LOW TRAFFIC: 69 requests in 5m say nothing, 70 are needed.";
    assert_eq!((slo.standing, &*slo.reason), (Standing::Unknown, words));
    assert_eq!(quiet(Span::M5, part(0.0, 70.0)).standing, Standing::Ok);
    assert_eq!(quiet(Span::H6, part(0.0, 999.0)).rows[3].state.word(), "low_traffic");
    // One request that fails of the three there were wakes nobody.
    let mut night = measured(0.0);
    for span in SPANS {
        night.spans[span.place()] = part(0.34, 3.0);
    }
    assert_eq!(of(&night).standing, Standing::Unknown);

    let dark = Measured { whole: Err("p did not answer.".into()), ..measured(0.0) };
    assert_eq!((of(&dark).standing, of(&dark).reason), (Standing::Unknown, "p did not answer.".into()));
    let loud = Measured { whole: Err("p did not answer.".into()), ..measured(0.1) };
    assert_eq!(of(&loud).standing, Standing::Page, "what burns is said even where the budget is not known");
    let later = judge(&measured(0.1), &Arc::from("production"), at(4));
    assert_eq!(later.standing, Standing::Unknown, "that was then: {}", later.reason);
    let unpromised = Measured { target: None, recorder: Recorder::Pyrra, ..measured(0.0) };
    assert_eq!(of(&unpromised).standing, Standing::Unknown);
    assert_eq!(of(&Measured { target: Some(Share(1_000_000)), ..measured(0.0) }).standing, Standing::Unknown);
    assert_eq!(Events::counted(0.0, 0.0), None);
    assert_eq!(Events::counted(f64::NAN, 5.0), None);
}

#[test]
fn a_budget_that_is_spent_says_by_how_much() {
    let slo = of(&Measured { whole: part(0.002, 1e6), ..measured(0.0) });
    assert_eq!((slo.standing, &*slo.reason), (Standing::Spent, "The budget is spent, and 43.2 min more."));
    let low = Measured { target: Some(Share(900_000)), ..measured(1.0) };
    assert_eq!(of(&low).rows[0].state, RowState::Never, "14.4 times a tenth is more than all");
}

#[test]
fn the_windows_and_thresholds_of_pyrra_are_its_own() {
    let mut pyrra = Measured { recorder: Recorder::Pyrra, window: Window::Rolling(28), ..measured(0.006_9) };
    pyrra.lengths[Span::D3.place()] = TimeDelta::days(4);
    let rows = of(&pyrra).rows;
    let said: Vec<(f64, String, &str)> =
        rows.iter().map(|row| (row.threshold, crate::domain::time::coarse(row.long), row.state.word())).collect();
    let expected = [(14.0, "1h", "quiet"), (7.0, "6h", "quiet"), (2.0, "1d", "burning"), (1.0, "4d", "burning")];
    assert_eq!(said, expected.map(|(threshold, long, word)| (threshold, long.to_owned(), word)));
}

#[test]
fn a_calendar_month_spends_of_the_whole_month() {
    let month = Measured { window: Window::Month, whole: part(0.001, 1e6), ..measured(0.0) };
    let budget = of(&month).budget.expect("it is known");
    assert!((budget.minutes - 44.64).abs() < 1e-6, "31 days: {}", budget.minutes);
    // 14 days and 8 hours of 31 days have passed.
    assert!((budget.left - (1.0 - (14.0 + 8.0 / 24.0) / 31.0)).abs() < 1e-9, "{}", budget.left);
    assert_eq!(Window::Month.began(at(0)).to_rfc3339(), "2027-01-01T00:00:00+00:00");
}

fn maintenance(from: i64, to: i64, announced: Option<i64>) -> Exclusion {
    Exclusion {
        reason: Reason::Maintenance,
        from: at(from),
        to: at(to),
        evidence: "CHG-1".into(),
        announced: announced.map(at),
    }
}

#[test]
fn time_is_excluded_once_with_evidence_announced_and_two_hours_a_month() {
    let days = |days: i64| days * 24 * 60;
    let unproven = Exclusion { evidence: " ".into(), reason: Reason::External, ..maintenance(-900, -800, None) };
    let outage = Exclusion { reason: Reason::External, ..maintenance(-600, -500, None) };
    let inside = Exclusion { reason: Reason::ForceMajeure, ..maintenance(-580, -490, None) };
    let long_ago = maintenance(-days(40), -days(40) + 60, Some(-days(60)));
    let all = [
        maintenance(-300, -240, Some(-days(8))),
        maintenance(-200, -100, Some(-days(8))),
        maintenance(-50, -40, Some(-days(3))),
        maintenance(-30, -20, None),
        unproven,
        outage,
        inside,
        long_ago,
    ];
    let (judged, spans) = excluded(&all, at(-days(30)), at(0));
    let minutes: Vec<i64> = judged.iter().map(|one| one.counted.num_minutes()).collect();
    assert_eq!(minutes, [0, 100, 10, 60, 60, 0, 0], "{judged:?}");
    assert_eq!(spans, [(at(-600), at(-490)), (at(-300), at(-240)), (at(-200), at(-140))]);
    let why: Vec<&str> = judged.iter().filter_map(|one| one.why_not.as_deref()).collect();
    assert_eq!(
        why,
        [
            "It has no evidence, so it counts.",
            "An earlier entry takes 1h 20m of it out already.",
            "At most 2h of maintenance of a month do not count; the rest of it does.",
            "It was announced less than 7d before, so it counts.",
            "When it was announced is not said, so it counts.",
        ]
    );
    let running = Exclusion { reason: Reason::External, ..maintenance(-10, 50, None) };
    assert_eq!(
        excluded(&[running], at(-days(30)), at(0)).1,
        [(at(-10), at(0))],
        "what is to come is not taken out yet"
    );
}

#[test]
fn a_bound_is_asked_as_either_prometheus_writes_it() {
    let asked = |milliseconds: i64| Indicator::Latency(TimeDelta::milliseconds(milliseconds)).question().part;
    assert!(asked(200).contains("le=\"0.2\"") && !asked(200).contains(" or "), "{}", asked(200));
    assert!(asked(2_000).contains("le=\"2\"") && asked(2_000).contains(" or ") && asked(2_000).contains("le=\"2.0\""));
    assert!(asked(5).contains("le=\"0.005\""), "{}", asked(5));
}

#[test]
fn what_is_promised_elsewhere_is_not_promised_here() {
    let promised = |name: &str, environments: &[&str]| Service {
        name: name.into(),
        environments: environments.iter().map(|name| Arc::from(*name)).collect(),
        objective: Objective {
            availability: Some(Share(999_000)),
            latency_p95: Some(TimeDelta::milliseconds(200)),
            ..Objective::default()
        },
        ..Service::default()
    };
    let services = Services::new(vec![promised("a", &["staging"]), promised("b", &[]), Service::default()]);
    let found = |environment: &str| -> Vec<String> {
        promises(&services, environment).iter().map(|one| format!("{} {}", one.service, one.goal.name)).collect()
    };
    assert_eq!(found("production"), ["b availability", "b latency"]);
    assert_eq!(found("staging").len(), 4);
}
