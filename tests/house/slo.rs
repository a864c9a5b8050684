//! The pane of objectives in every state, at every size.

use chrono::TimeDelta;
use insta::assert_snapshot;
use quarterdeck::domain::service::Share;
use quarterdeck::domain::slo::exclusion::excluded;
use quarterdeck::domain::slo::{Events, Exclusion, Measured, Part, Reason, Recorder, SPANS, SloSnapshot, Span, Window};
use quarterdeck::domain::source::SourceState;
use quarterdeck::theme::{Depth, Glyphs, Theme};
use quarterdeck::ui::overview::Spot;
use quarterdeck::world::News;

use crate::alerts::{alert, health, snapshot as alerts, workloads};
use crate::stage::{SIZES, Stage, ago, now, text};

/// So many of a thousand requests a minute bad in each window, and over the whole one.
fn measured(service: &str, spans: [f64; 7], whole: f64) -> Measured {
    let part = |span: Span, ratio: f64| -> Part {
        let minutes = f64::from(u32::try_from(span.length().num_minutes()).expect("short"));
        Events::counted(ratio * minutes * 1_000.0, minutes * 1_000.0).ok_or_else(|| "nothing".to_owned())
    };
    let mut ratios = spans.into_iter();
    Measured {
        service: service.into(),
        goal: "availability".into(),
        target: Some(Share(999_000)),
        window: Window::default(),
        recorder: Recorder::Raw,
        spans: SPANS.map(|span| part(span, ratios.next().expect("seven"))),
        lengths: SPANS.map(Span::length),
        whole: Events::counted(whole * 4.32e7, 4.32e7).ok_or_else(|| "nothing".to_owned()),
        observed_at: ago(4),
        whole_at: Some(ago(64)),
        known_days: Some((30, 30)),
        excluded: Vec::new(),
    }
}

pub(crate) fn snapshot(measured: Vec<Measured>, state: SourceState) -> SloSnapshot {
    SloSnapshot {
        environment: "production".into(),
        measured: measured.into(),
        health: vec![health("prometheus.example", state)],
        notes: Vec::new(),
    }
}

pub(crate) fn shop() -> Vec<Measured> {
    let days = TimeDelta::days(1);
    let outage = |reason: Reason, from: i64, announced: Option<i64>| Exclusion {
        reason,
        from: now() - days * i32::try_from(from).expect("few"),
        to: now() - days * i32::try_from(from).expect("few") + TimeDelta::minutes(40),
        evidence: "CHG-1042".into(),
        announced: announced.map(|days_ago| now() - TimeDelta::days(days_ago)),
    };
    let mut burning = measured("payments", [0.031, 0.03, 0.028, 0.02, 0.007, 0.002, 0.001], 0.000_7);
    let all = [
        outage(Reason::Maintenance, 3, Some(14)),
        outage(Reason::Maintenance, 2, Some(4)),
        outage(Reason::External, 1, None),
    ];
    burning.excluded = excluded(&all, now() - TimeDelta::days(30), now()).0;
    let mut slow = measured("search", [0.0; 7], 0.02);
    slow.goal = "latency".into();
    slow.target = Some(Share(950_000));
    let mut quiet = measured("basket", [0.0; 7], 0.0);
    quiet.spans[0] = Events::counted(0.0, 12.0).ok_or_else(String::new);
    quiet.known_days = Some((4, 30));
    let mut dark = measured("mail", [0.0; 7], 0.0);
    dark.spans = std::array::from_fn(|_| Err("There is no series of it in the last 5m.".to_owned()));
    dark.whole = Err("There is no series of it in the last 30d.".to_owned());
    let mut sloth =
        measured("a-service-nobody-deployed-from-here", [0.002, 0.002, 0.002, 0.004, 0.004, 0.004, 0.004], 0.000_9);
    sloth.recorder = Recorder::Sloth;
    sloth.window = Window::Rolling(28);
    vec![burning, measured("cart", [0.0; 7], 0.001_4), slow, quiet, dark, sloth]
}

fn seeing(slos: SloSnapshot) -> Stage {
    let mut stage = Stage::new();
    stage.see(workloads(), SourceState::Fresh);
    stage.tell(News::Slos(Box::new(slos)));
    stage.press("6 tab");
    stage
}

#[test]
fn slo_list() {
    let mut without = Stage::new();
    without.press("6 tab");
    assert_snapshot!("slo_not_configured", without.bodies());
    let mut loading = snapshot(Vec::new(), SourceState::Loading);
    loading.health[0].last_good = None;
    assert_snapshot!("slo_loading", seeing(loading).bodies());
    assert_snapshot!("slo_empty", seeing(snapshot(Vec::new(), SourceState::Fresh)).bodies());
    assert_snapshot!("slo_normal", seeing(snapshot(shop(), SourceState::Fresh)).bodies());
    assert_snapshot!("slo_stale", seeing(snapshot(shop(), SourceState::Stale)).bodies());
    let mut never = snapshot(Vec::new(), SourceState::Down);
    never.health[0].last_good = None;
    assert_snapshot!("slo_never_read", seeing(never).bodies());
    let many: Vec<Measured> =
        (0..2_000).map(|place| measured(&format!("service-{place:04}"), [0.0; 7], 0.000_4)).collect();
    let mut huge = seeing(snapshot(many, SourceState::Fresh));
    huge.press("G");
    assert_snapshot!("slo_huge", huge.bodies());
    let mut filtered = seeing(snapshot(shop(), SourceState::Fresh));
    filtered.press("/");
    filtered.type_text("spent");
    assert_eq!(filtered.rows().len(), 1);
    filtered.type_text("nobody");
    assert!(text(&filtered.body(120, 40)).contains("None of 6 objectives matches"));
    filtered.press("esc");
    assert_eq!((filtered.rows().len(), filtered.front().as_str()), (6, "slo"), "esc clears the filter");
}

#[test]
fn the_worst_is_told_first_and_leads_to_its_rollout_and_its_alerts() {
    let mut stage = seeing(snapshot(shop(), SourceState::Fresh));
    let expected = [
        "page payments",
        "spent cart",
        "ticket a-service-nobody-deployed-from-here",
        "unknown basket",
        "unknown mail",
        "ok search",
    ];
    assert_eq!(stage.states(), expected);
    let fires = alert(&[("alertname", "HighErrorRate"), ("service", "payments")], "7 % fail", 60);
    stage.tell(News::Alerts(Box::new(alerts(vec![fires], SourceState::Fresh))));
    assert!(text(&stage.body(120, 40)).contains("1 alert about it"));
    stage.press("d");
    assert_eq!(stage.front(), "rollout payments");
    stage.press("q");
    assert_eq!(stage.front(), "slo", "back to where one came from");
    stage.press("A");
    assert!(stage.front().starts_with("alert "), "its only alert is opened");
    stage.press("q");
    assert_eq!(stage.front(), "slo");
    stage.press("ctrl-z");
    assert_eq!(stage.rows().len(), 5, "what is well is left out");
    stage.press("0");
    let overview = text(&stage.body(120, 40));
    assert!(overview.contains("1 page, 1 spent, 1 ticket, 2 unknown"), "{overview}");
    // The headline names the worst: that is where it leads, wherever the cursor of the pane was left.
    stage.press("6 tab G");
    assert_ne!(stage.under_cursor(), "payments");
    stage.press("0");
    while stage.spot() != Some(Spot::Headline("slo")) {
        stage.press("j");
    }
    stage.press("enter");
    assert_eq!(stage.front(), "slo");
    assert_eq!(stage.under_cursor(), "payments");
}

#[test]
fn counts_that_grow_old_are_not_known_any_more_and_never_green() {
    let mut stage = seeing(snapshot(shop(), SourceState::Fresh));
    let later = now() + TimeDelta::minutes(4);
    stage.tell_at(News::Slos(Box::new(snapshot(shop(), SourceState::Down))), later);
    let fine = stage.states().iter().filter(|line| !line.starts_with("unknown ")).count();
    assert_eq!(fine, 1, "only the budget that is spent is still spent: {:?}", stage.states());
}

/// Texts nobody should have to expect, and somebody will send.
#[test]
fn hostile_names_stay_in_their_cells() {
    let hostile = [
        "支払いサービス決済処理基盤本番環境",
        "\u{1b}[2J\u{1b}]0;owned\u{7}clear",
        "a\u{202e}gnp.exe",
        "tab\there\nnew",
    ];
    let all: Vec<Measured> =
        hostile.iter().map(|name| Measured { goal: (*name).into(), ..measured(name, [0.5; 7], 0.000_4) }).collect();
    let mut slos = snapshot(all, SourceState::Fresh);
    slos.notes = hostile.iter().map(ToString::to_string).collect();
    let mut stage = seeing(slos);
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
