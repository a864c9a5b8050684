//! The signals pane in every state, at every size, and the ways from a service to its rollout and its alerts.

use chrono::TimeDelta;
use insta::assert_snapshot;
use quarterdeck::app::Effect;
use quarterdeck::domain::rollout::{Rollout, Verdict};
use quarterdeck::domain::signal::query::{CPU, ERRORS, P50, P95, P99, REQUESTS};
use quarterdeck::domain::signal::trace::{MINUTES, beginning, minute};
use quarterdeck::domain::signal::{Origin, Reading, SignalSnapshot, Trace, Unit};
use quarterdeck::domain::source::SourceState;
use quarterdeck::theme::{Depth, Glyphs, Theme};
use quarterdeck::world::News;

use crate::alerts::{alert, health, snapshot as alerts, workloads};
use crate::stage::{SIZES, Stage, ago, now, text};

/// What is measured of one service: requests, errors, p50, p95, p99, processor time; `None` where it is not known.
pub(crate) type Figures = [Option<f64>; 6];

fn readings(service: &str, figures: Figures) -> Vec<Reading> {
    let names = [
        (REQUESTS, Unit::PerSecond),
        (ERRORS, Unit::Ratio),
        (P50, Unit::Seconds),
        (P95, Unit::Seconds),
        (P99, Unit::Seconds),
        (CPU, Unit::Ratio),
    ];
    let reading = |((name, unit), value): ((&str, Unit), Option<f64>)| Reading {
        name: name.into(),
        service: service.into(),
        value,
        unit,
        observed_at: ago(4),
        origin: Origin::Prometheus,
        why_absent: value.is_none().then(|| "There is no series of it in the last 5m.".to_owned()),
    };
    names.into_iter().zip(figures).map(reading).collect()
}

pub(crate) fn snapshot(services: &[(&str, Figures)], state: SourceState) -> SignalSnapshot {
    let mut all: Vec<Reading> = services.iter().flat_map(|(service, figures)| readings(service, *figures)).collect();
    all.sort_by(|one, other| one.service.cmp(&other.service));
    // Calm, then what it is now for the last six minutes; two minutes are missing.
    let trace = |reading: &Reading| {
        #[expect(clippy::cast_possible_truncation, reason = "a picture")]
        let value = reading.value.map(|value| value as f32)?;
        let values = (0..MINUTES).map(|place| match place {
            20..22 => None,
            0..54 => Some(value / 8.0),
            _ => Some(value),
        });
        Some(Trace {
            service: reading.service.clone(),
            name: reading.name.clone(),
            values: values.collect(),
            newest: beginning(minute(now())),
        })
    };
    let mut traces: Vec<Trace> = all.iter().filter_map(trace).collect();
    traces.sort_by(|one, other| (&one.service, &one.name).cmp(&(&other.service, &other.name)));
    SignalSnapshot {
        environment: "production".into(),
        readings: all.into(),
        traces: traces.into(),
        labels: None,
        health: vec![health("prometheus.example", state)],
        notes: Vec::new(),
    }
}

pub(crate) fn shop() -> Vec<(&'static str, Figures)> {
    vec![
        ("search", [Some(412.0), Some(0.0004), Some(0.02), Some(0.09), Some(0.3), Some(0.41)]),
        ("payments", [Some(38.2), Some(0.073), Some(0.24), Some(0.9), Some(2.4), Some(0.72)]),
        ("basket", [Some(0.0), None, None, None, None, Some(0.02)]),
        ("mail", [Some(3.1), Some(0.0), Some(0.05), Some(0.61), Some(0.8), None]),
        (
            "a-service-nobody-deployed-from-here",
            [Some(1_530.0), Some(0.0), Some(0.01), Some(0.02), Some(0.03), Some(0.5)],
        ),
    ]
}

fn seeing(signals: SignalSnapshot) -> Stage {
    let mut stage = Stage::new();
    stage.see(workloads(), SourceState::Fresh);
    stage.tell(News::Signals(Box::new(signals)));
    stage.press("6");
    stage
}

#[test]
fn two_rows_of_one_service_are_told_apart_on_a_small_screen() {
    let calm = [("payments", [Some(38.2), Some(0.000_4), Some(0.1), Some(0.2), None, None])];
    let mut both = crate::environments::both();
    both.tell(News::Signals(Box::new(snapshot(&calm, SourceState::Fresh))));
    let staging = SignalSnapshot { environment: "staging".into(), ..snapshot(&calm, SourceState::Fresh) };
    both.tell(News::Signals(Box::new(staging)));
    both.press("6");
    let drawn = text(&both.body(80, 24));
    assert!(drawn.contains("production") && drawn.contains("staging"), "{drawn}");
    assert!(drawn.contains("ERRORS, LAST HOUR"), "its head has room: {drawn}");
}

#[test]
fn signals_list() {
    let mut without = Stage::new();
    without.press("6");
    assert_snapshot!("signals_not_configured", without.bodies());
    assert_snapshot!("signals_loading", seeing(snapshot(&[], SourceState::Loading)).bodies());
    assert_snapshot!("signals_empty", seeing(snapshot(&[], SourceState::Fresh)).bodies());
    assert_snapshot!("signals_normal", seeing(snapshot(&shop(), SourceState::Fresh)).bodies());
    assert_snapshot!("signals_stale", seeing(snapshot(&shop(), SourceState::Stale)).bodies());
    let mut down = snapshot(&shop(), SourceState::Down);
    let then = |reading: &Reading| Reading { observed_at: ago(400), ..reading.clone() };
    down.readings = down.readings.iter().map(then).collect();
    assert_snapshot!("signals_down", seeing(down).bodies());
    let mut never = snapshot(&[], SourceState::Down);
    never.health[0].last_good = None;
    assert_snapshot!("signals_never_read", seeing(never).bodies());
    let names: Vec<String> = (0..2_000).map(|place| format!("service-{place:04}")).collect();
    let many: Vec<(&str, Figures)> = names.iter().map(|name| (name.as_str(), shop()[0].1)).collect();
    let mut huge = seeing(snapshot(&many, SourceState::Fresh));
    huge.press("G");
    assert_snapshot!("signals_huge", huge.bodies());
    let mut filtered = seeing(snapshot(&shop(), SourceState::Fresh));
    filtered.press("/");
    filtered.type_text("crit");
    assert_snapshot!("signals_filtered", filtered.bodies());
    filtered.type_text("nobody");
    assert!(text(&filtered.body(120, 40)).contains("None of 5 services matches"));
    filtered.press("esc");
    assert!(text(&filtered.body(120, 40)).contains("basket"), "esc clears the filter");
    assert_eq!(filtered.front(), "signals", "and stays");
}

/// While the Prometheus is away pages of metrics stand in for it: what they have is of now, the rest is the last good value with its age.
#[test]
fn values_of_two_origins_say_which_is_whose() {
    let mut mixed = snapshot(&shop(), SourceState::Down);
    let then = |reading: &Reading| match &*reading.name {
        REQUESTS | ERRORS | P95 if &*reading.service == "payments" => {
            Reading { origin: Origin::Direct, observed_at: ago(3), ..reading.clone() }
        }
        _ => Reading { observed_at: ago(75), ..reading.clone() },
    };
    mixed.readings = mixed.readings.iter().map(then).collect();
    mixed.health.push(health("payments.shop:9090", SourceState::Fresh));
    mixed.notes = vec![
        "prometheus.example is away: 1 service is measured from pages of metrics, between one scrape and the next."
            .to_owned(),
    ];
    let stage = seeing(mixed);
    let told = text(&stage.body(120, 40));
    for words in ["measured by prometheus 1m", "measured by direct (*) 0s ago", "error_ratio *", "latency_p50_seconds "]
    {
        assert!(told.contains(words), "{words}:\n{told}");
    }
    assert!(!told.contains("latency_p50_seconds *"), "only what was measured so has the mark:\n{told}");
    assert_snapshot!("signals_mixed", stage.bodies());
}

#[test]
fn a_service_leads_to_its_rollout_and_its_alerts_and_back_by_one_key_each() {
    let mut stage = seeing(snapshot(&shop(), SourceState::Fresh));
    let fires = alert(&[("alertname", "HighErrorRate"), ("service", "payments")], "7 % fail", 60);
    stage.tell(News::Alerts(Box::new(alerts(vec![fires], SourceState::Fresh))));
    assert_eq!(stage.under_cursor(), "payments", "the worst is under the cursor");
    assert!(text(&stage.body(120, 40)).contains("1 alert about it"));
    stage.press("d");
    assert_eq!(stage.front(), "rollout payments");
    stage.press("q");
    assert_eq!(stage.front(), "signals", "back to where one came from");
    stage.press("A");
    assert!(stage.front().starts_with("alert "), "its only alert is opened");
    stage.press("q");
    assert_eq!(stage.front(), "signals");
    stage.press("2");
    stage.press("S");
    assert_eq!(stage.front(), "signals", "from a rollout to the signals of its service");
    assert_eq!(stage.under_cursor(), "payments");
    stage.press("q");
    assert_eq!(stage.front(), "rollouts");
    stage.press("1");
    stage.press("S");
    assert_eq!(stage.front(), "signals", "and from an alert");
    let effects = stage.asks("!b");
    let is_planned =
        effects.iter().any(|effect| matches!(effect, Effect::Plan(request) if request.targets[0].name() == "payments"));
    assert!(is_planned, "rolling back from a service plans for its workload: {effects:?}");
}

#[test]
fn what_has_no_workload_or_no_signal_says_so() {
    let mut stage = seeing(snapshot(&[("lonely", shop()[1].1)], SourceState::Fresh));
    stage.press("d");
    assert!(text(&stage.screen(120, 40)).contains("No workload that is shown is of service lonely"));
    stage.press("2");
    stage.press("S");
    assert_eq!(stage.front(), "rollouts");
    assert!(text(&stage.screen(120, 40)).contains("no series carries its name"));
    let mut without = Stage::new();
    without.see(
        vec![Rollout { service: Some("a".into()), ..crate::stage::rollout("a", Verdict::Complete) }],
        SourceState::Fresh,
    );
    without.press("S");
    assert!(text(&without.screen(120, 40)).contains("No Prometheus is configured for production"));
}

#[test]
fn a_value_that_grows_old_is_not_known_any_more_and_never_green() {
    let mut stage = seeing(snapshot(&shop(), SourceState::Fresh));
    let later = now() + TimeDelta::minutes(10);
    let mut old = snapshot(&shop(), SourceState::Down);
    old.health[0].last_good = Some(ago(4));
    stage.tell_at(News::Signals(Box::new(old)), later);
    let states = stage.states();
    assert!(states.len() == 5 && states.iter().all(|state| state.starts_with("unknown ")), "{states:?}");
}

#[test]
fn only_problems_leaves_what_is_not_known_to_be_well() {
    let mut stage = seeing(snapshot(&shop(), SourceState::Fresh));
    stage.press("ctrl-z");
    assert_eq!(stage.rows(), ["payments", "mail", "basket"]);
}

#[test]
fn a_key_that_was_meant_for_the_line_before_is_not_taken_and_the_new_one_is_named() {
    let mut stage = seeing(snapshot(&shop(), SourceState::Fresh));
    let without_the_worst: Vec<_> = shop().into_iter().filter(|(name, _)| *name != "payments").collect();
    stage.tell(News::Signals(Box::new(snapshot(&without_the_worst, SourceState::Fresh))));
    let now_under = stage.under_cursor();
    stage.press("!b");
    let said = stage.said();
    assert!(said.contains(&format!("the cursor is on {now_under} now")), "{said}");
    assert!(!stage.is_planning(), "nothing is planned for what nobody meant");
}

#[test]
fn a_frozen_screen_stands_still_and_then_shows_the_newest() {
    let mut stage = seeing(snapshot(&shop(), SourceState::Fresh));
    stage.press("f");
    stage.tell(News::Signals(Box::new(snapshot(&shop()[..1], SourceState::Fresh))));
    assert_eq!(stage.rows().len(), 5);
    stage.press("f");
    assert_eq!(stage.rows().len(), 1);
}

/// Texts nobody should have to expect, and somebody will send.
#[test]
fn hostile_services_stay_in_their_cells() {
    let hostile = [
        "支払いサービス決済処理基盤本番環境",
        "\u{1b}[2J\u{1b}]0;owned\u{7}clear",
        "a\u{202e}gnp.exe",
        "tab\there\nnew",
    ];
    let services: Vec<(&str, Figures)> = hostile.iter().map(|name| (*name, shop()[1].1)).collect();
    let mut signals = snapshot(&services, SourceState::Fresh);
    signals.notes = hostile.iter().map(ToString::to_string).collect();
    let mut stage = seeing(signals);
    assert_snapshot!("signals_hostile", stage.bodies());
    for (depth, glyphs) in [(Depth::None, Glyphs::ASCII), (Depth::Sixteen, Glyphs::UNICODE)] {
        stage.theme = Theme::embedded("midnight", depth);
        stage.glyphs = glyphs;
        for (columns, rows) in SIZES {
            for cell in stage.screen(columns, rows).content() {
                assert!(!cell.symbol().chars().any(char::is_control), "{:?} reached a cell", cell.symbol());
                assert!(!cell.symbol().contains('\u{202e}'));
            }
        }
    }
}
