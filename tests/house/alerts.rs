//! The alerts pane in every state, at every size, and the ways from an alert to its rollout and back.

use std::sync::Arc;

use chrono::TimeDelta;
use insta::assert_snapshot;
use quarterdeck::app::Effect;
use quarterdeck::domain::alert::{
    Alert, AlertSnapshot, Comparison, Hold, LocalRule, Matcher, Ruled, Silence, SilenceState, Teller, Watchdog,
    identity,
};
use quarterdeck::domain::rollout::{Rollout, Verdict};
use quarterdeck::domain::service::Services;
use quarterdeck::domain::source::{SourceHealth, SourceState};
use quarterdeck::domain::store::{Acknowledgement, StoreSnapshot};
use quarterdeck::theme::{Depth, Glyphs, Theme};
use quarterdeck::world::News;

use crate::stage::{SIZES, Stage, ago, now, rollout, source, text};

/// An alert of production with these labels and this summary, firing for so many seconds.
pub(crate) fn alert(labels: &[(&str, &str)], summary: &str, seconds: i64) -> Alert {
    let mut pairs: Vec<(Arc<str>, Arc<str>)> =
        labels.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    pairs.sort();
    Alert {
        heard_at: ago(4),
        annotations: [("summary".into(), summary.into())].into(),
        receivers: vec!["pager".into()],
        ..Alert::of(&"production".into(), &Services::default(), identity::key(&pairs), pairs, ago(seconds))
    }
}

pub(crate) fn health(name: &'static str, state: SourceState) -> SourceHealth {
    let last = |seconds| Some(ago(seconds));
    let loading = SourceHealth::loading(source("production", name));
    match state {
        SourceState::Loading => loading,
        SourceState::Fresh | SourceState::Forbidden => SourceHealth { state, last_good: last(3), ..loading },
        SourceState::Stale | SourceState::Down => SourceHealth {
            state,
            last_good: last(if state == SourceState::Stale { 25 } else { 400 }),
            error: Some(format!("{name} did not answer within 20 s.")),
            next_try: Some(now() + TimeDelta::seconds(9)),
            ..loading
        },
    }
}

pub(crate) fn snapshot(alerts: Vec<Alert>, state: SourceState) -> AlertSnapshot {
    let silence = Silence {
        id: "4ef1".into(),
        matchers: vec![Matcher::equal("alertname", "DiskFillsUp")],
        starts_at: ago(3_000),
        ends_at: now() + TimeDelta::minutes(70),
        created_by: "sato".into(),
        comment: "the new disk is on its way".into(),
        state: SilenceState::Active,
    };
    AlertSnapshot {
        environment: "production".into(),
        alerts: alerts.into_iter().map(Arc::new).collect(),
        silences: Some([silence].into()),
        watchdog: if state == SourceState::Loading { Watchdog::Unknown } else { Watchdog::Heard(ago(20)) },
        teller: Teller::Alertmanager,
        health: vec![health("am-0.example", state)],
        rules: None,
        notes: Vec::new(),
    }
}

/// One of every kind.
pub(crate) fn shop() -> Vec<Alert> {
    let mut error_rate = alert(
        &[
            ("alertname", "HighErrorRate"),
            ("severity", "critical"),
            ("service", "payments"),
            ("namespace", "shop"),
            ("team", "pay"),
        ],
        "7 % of the requests of payments fail",
        180,
    );
    error_rate.annotations = [
        ("description".into(), "More than 5 % of the answers of payments in shop are 5xx for 5 minutes.".into()),
        ("runbook_url".into(), "https://runbooks.example/payments/error-rate".into()),
        ("summary".into(), "7 % of the requests of payments fail".into()),
    ]
    .into();
    error_rate.source = Some("https://prometheus.example/graph?g0.expr=errors".into());
    let mut flapping =
        alert(&[("alertname", "QueueGrows"), ("severity", "high"), ("service", "mail")], "4,200 mails wait", 60);
    flapping.flaps = 3;
    let mut disk = alert(
        &[("alertname", "DiskFillsUp"), ("severity", "critical"), ("instance", "db-0")],
        "/var is full in 4 h",
        7_200,
    );
    disk.hold = Hold::Silenced;
    disk.silenced_by = vec!["4ef1".into(), "gone".into()];
    let mut inhibited =
        alert(&[("alertname", "Latency"), ("severity", "warning"), ("service", "payments")], "p95 is 2.4 s", 170);
    inhibited.hold = Hold::Inhibited;
    inhibited.inhibited_by = vec![error_rate.fingerprint.clone()];
    let crash = |pod: &str, seconds| {
        alert(
            &[("alertname", "PodCrashLooping"), ("severity", "warning"), ("service", "basket"), ("pod", pod)],
            "it restarts again and again",
            seconds,
        )
    };
    let bare = alert(&[], "", 90_000);
    let unknown_word = alert(&[("alertname", "Backup"), ("severity", "urgent")], "no backup since yesterday", 40_000);
    vec![
        error_rate,
        flapping,
        disk,
        inhibited,
        crash("basket-5d9c-k2jqp", 95),
        crash("basket-5d9c-zzzzz", 50),
        bare,
        unknown_word,
    ]
}

pub(crate) fn workloads() -> Vec<Rollout> {
    vec![
        Rollout { changed_at: Some(ago(240)), service: Some("payments".into()), ..rollout("payments", Verdict::Stuck) },
        Rollout {
            changed_at: Some(ago(700)),
            service: Some("search".into()),
            ..rollout("search", Verdict::Progressing)
        },
        Rollout { service: Some("basket".into()), ..rollout("basket", Verdict::Complete) },
    ]
}

fn seeing(snapshot: AlertSnapshot) -> Stage {
    let mut stage = Stage::new();
    stage.see(workloads(), SourceState::Fresh);
    stage.tell(News::Alerts(Box::new(snapshot)));
    stage.press("1");
    stage
}

#[test]
fn alerts_list() {
    let mut without = Stage::new();
    without.press("1");
    assert_snapshot!("alerts_not_configured", without.bodies());
    let loading = AlertSnapshot {
        health: vec![health("am-0.example", SourceState::Loading)],
        ..snapshot(Vec::new(), SourceState::Loading)
    };
    assert_snapshot!("alerts_loading", seeing(loading).bodies());
    assert_snapshot!("alerts_empty", seeing(snapshot(Vec::new(), SourceState::Fresh)).bodies());
    assert_snapshot!("alerts_normal", seeing(snapshot(shop(), SourceState::Fresh)).bodies());
    assert_snapshot!("alerts_stale", seeing(snapshot(shop(), SourceState::Stale)).bodies());
    let mut down = snapshot(shop(), SourceState::Down);
    down.health.push(health("am-1.example", SourceState::Down));
    assert_snapshot!("alerts_down", seeing(down).bodies());
    let mut never = snapshot(Vec::new(), SourceState::Down);
    never.health[0].last_good = None;
    never.watchdog = Watchdog::Unknown;
    assert_snapshot!("alerts_never_read", seeing(never).bodies());
    let missing =
        AlertSnapshot { watchdog: Watchdog::Missing("Watchdog".into()), ..snapshot(Vec::new(), SourceState::Fresh) };
    assert_snapshot!("alerts_watchdog_missing", seeing(missing).bodies());
    let many = (0..10_000).map(|place| {
        let (name, instance) = (format!("Rule{}", place % 2_000), format!("host-{place}"));
        alert(
            &[("alertname", &name), ("instance", &instance), ("severity", "warning")],
            "too much of something",
            60 + place,
        )
    });
    let mut huge = seeing(snapshot(many.collect(), SourceState::Fresh));
    huge.press("G");
    assert_snapshot!("alerts_huge", huge.bodies());
    let mut filtered = seeing(snapshot(shop(), SourceState::Fresh));
    filtered.press("/");
    filtered.type_text("basket zzz");
    assert_snapshot!("alerts_filtered", filtered.bodies());
    filtered.type_text("nobody");
    assert!(text(&filtered.body(120, 40)).contains("None of 8 alerts matches"));
}

#[test]
fn alert_detail() {
    let mut stage = seeing(snapshot(shop(), SourceState::Fresh));
    stage.press("enter");
    assert_snapshot!("alert_detail", stage.bodies());
    let mut silenced = seeing(snapshot(shop(), SourceState::Fresh));
    silenced.press("G");
    silenced.press("enter");
    assert_snapshot!("alert_silenced", silenced.bodies());
    stage.tell(News::Alerts(Box::new(snapshot(Vec::new(), SourceState::Fresh))));
    assert!(text(&stage.body(80, 24)).contains("It is not listed any more"), "an open alert that ends says so");
}

#[test]
fn groups_unfold_and_the_cursor_stays_on_its_alert() {
    let mut stage = seeing(snapshot(shop(), SourceState::Fresh));
    stage.press("/");
    stage.type_text("basket");
    stage.press("enter");
    let folded = text(&stage.body(120, 40));
    assert!(folded.contains("+ PodCrashLooping x2"), "{folded}");
    stage.press("enter");
    let unfolded = text(&stage.body(120, 40));
    assert!(unfolded.contains("- PodCrashLooping x2") && unfolded.contains("basket-5d9c-zzzzz"), "{unfolded}");
    stage.press("j");
    let before = (stage.under_cursor(), stage.line_under_cursor());
    // Something worse begins: the lines move, the cursor does not leave its alert.
    let mut more = shop();
    more.push(alert(
        &[("alertname", "BasketDown"), ("severity", "critical"), ("service", "basket")],
        "basket is down",
        1,
    ));
    stage.tell(News::Alerts(Box::new(snapshot(more, SourceState::Fresh))));
    assert_eq!((stage.under_cursor(), stage.line_under_cursor()), before);
    stage.press("esc");
    assert!(stage.filter().is_empty(), "esc clears the filter");
}

#[test]
fn an_alert_leads_to_its_rollout_and_back_by_one_key_each() {
    let mut stage = seeing(snapshot(shop(), SourceState::Fresh));
    assert_eq!(stage.under_cursor(), "HighErrorRate");
    stage.press("d");
    assert_eq!(stage.front(), "rollout payments");
    stage.press("A");
    assert!(stage.front().starts_with("alert"), "and back to what fires about it");
    stage.press("2");
    let rows = text(&stage.body(120, 40));
    assert!(rows.contains("ALERTS"), "a rollout row shows what fires about it:\n{rows}");
    stage.press("1");
    let effects = stage.asks("!b");
    let planned =
        effects.iter().any(|effect| matches!(effect, Effect::Plan(request) if request.targets[0].name() == "payments"));
    assert!(planned, "rolling back from an alert plans for the workload it means: {effects:?}");
}

#[test]
fn an_alert_that_maps_to_nothing_says_so() {
    let mut stage = seeing(snapshot(vec![alert(&[("alertname", "Lonely")], "", 60)], SourceState::Fresh));
    assert!(text(&stage.body(120, 40)).contains("UNMAPPED"));
    stage.press("d");
    assert!(text(&stage.screen(120, 40)).contains("no label names its service"));
}

#[test]
fn who_is_on_it_is_shown_until_it_fires_again() {
    let mut stage = seeing(snapshot(shop(), SourceState::Fresh));
    let one = shop().swap_remove(0);
    let word = Acknowledgement {
        environment: "production".into(),
        fingerprint: one.key.to_string(),
        alert: "HighErrorRate".into(),
        firing_since: Some(one.started_at),
        by: "mori".into(),
        at: ago(30),
        until: None,
        note: "rolling back".into(),
        withdrawn: None,
        version: 1,
    };
    let held = [((word.environment.clone(), word.fingerprint.clone()), word)];
    stage.tell(News::Store(Box::new(StoreSnapshot::default().with::<Acknowledgement>(held.into()))));
    let screen = text(&stage.body(200, 60));
    assert!(screen.contains("acknowledged") && screen.contains("mori"), "{screen}");
}

/// Texts nobody should have to expect, and somebody will send.
#[test]
fn hostile_alerts_stay_in_their_cells() {
    let hostile = [
        "支払いサービス決済処理基盤本番環境",
        "\u{1b}[2J\u{1b}]0;owned\u{7}clear",
        "a\u{202e}gnp.exe",
        "e\u{301}\u{301}\u{301}👩‍👩‍👧‍👦",
        "tab\there\nnew",
    ];
    let alerts = hostile
        .iter()
        .map(|text| alert(&[("alertname", text), ("service", text), ("severity", text)], &text.repeat(20), 60));
    let mut stage = seeing(snapshot(alerts.collect(), SourceState::Fresh));
    assert_snapshot!("alerts_hostile", stage.bodies());
    let is_dangerous = |letter: char| {
        letter.is_control() || matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    for is_open in [false, true] {
        if is_open {
            stage.press("enter");
        }
        for (columns, rows) in SIZES {
            for cell in stage.screen(columns, rows).content() {
                assert!(!cell.symbol().chars().any(is_dangerous), "{:?} reached a cell", cell.symbol());
            }
        }
    }
}

#[test]
fn no_colour_and_ascii_lose_no_fact() {
    let mut stage = seeing(snapshot(shop(), SourceState::Fresh));
    let with_colour = text(&stage.body(120, 40));
    stage.theme = Theme::embedded("midnight", Depth::Sixteen);
    assert_eq!(text(&stage.body(120, 40)), with_colour, "colour carries nothing alone");
    stage.glyphs = Glyphs::ASCII;
    let plain = text(&stage.body(120, 40));
    assert!(plain.is_ascii(), "{plain}");
    assert!(plain.contains("critical") && plain.contains("silenced"));
}

/// What `o` copies and says.
fn runbook(stage: &mut Stage) -> (Option<String>, String) {
    let copied = stage.asks("o").into_iter().find_map(|effect| match effect {
        Effect::Copy(text) => Some(text),
        _ => None,
    });
    let said = stage.said();
    (copied, said)
}

#[test]
fn a_runbook_is_copied_and_a_hostile_one_is_only_shown() {
    const PLAIN: &str = "https://runbooks.example/payments/error-rate";
    let mut stage = seeing(snapshot(shop(), SourceState::Fresh));
    let (copied, said) = runbook(&mut stage);
    assert_eq!(copied.as_deref(), Some(PLAIN));
    assert!(said.starts_with(PLAIN), "the address is what is seen first: {said}");
    stage.press("enter");
    assert_eq!(runbook(&mut stage).0.as_deref(), Some(PLAIN), "in the detail too");

    for (link, why) in [
        ("javascript:alert(1)", "is no web address and is not copied: javascript:alert(1)"),
        ("https://runbooks.example@evil.example/x", "hides its host"),
    ] {
        let mut hostile = alert(&[("alertname", "A"), ("severity", "critical")], "it fails", 60);
        hostile.annotations = [("runbook_url".into(), link.into())].into();
        let mut stage = seeing(snapshot(vec![hostile], SourceState::Fresh));
        let (copied, said) = runbook(&mut stage);
        assert!(copied.is_none() && said.contains(why), "{copied:?} {said}");
    }
    let bare = alert(&[("alertname", "A"), ("severity", "critical")], "it fails", 60);
    let (copied, said) = runbook(&mut seeing(snapshot(vec![bare], SourceState::Fresh)));
    assert!(copied.is_none() && said.contains("Nothing names a runbook"), "{said}");
}

/// What a rule says and measured.
fn ruled(alert: Alert, expression: &str, value: f64, minutes: i64) -> Alert {
    let rule = Ruled {
        expression: expression.into(),
        held_for: TimeDelta::minutes(minutes),
        value: Some(value),
        comparison: Comparison::of(expression),
        active_at: Some(ago(240)),
        observed_at: ago(6),
    };
    Alert { rule: Some(Arc::new(rule)), ..alert }
}

/// What a Prometheus adds: values, what is pending, what fires and no Alertmanager lists.
fn with_rules() -> Vec<Alert> {
    let mut alerts = shop();
    alerts[0] = ruled(alerts[0].clone(), "sum by (service) (rate(errors[5m])) > 0.05", 0.0712, 1);
    alerts[1] = ruled(alerts[1].clone(), "queue > 100 unless on() maintenance", 4_200.0, 0);
    let of_rules =
        |alert: Alert, is_pending| Alert { told_by: Teller::Prometheus, is_pending, receivers: Vec::new(), ..alert };
    let disk = [("alertname", "DiskFillsUp"), ("severity", "critical"), ("instance", "db-1")];
    let disk = ruled(alert(&disk, "82 % of /var is used", 240), "1 - free / size > 0.8", 0.824, 10);
    let lost = [("alertname", "BrokerLost"), ("severity", "high"), ("service", "mail")];
    let lost = ruled(alert(&lost, "nobody answers", 240), "up{job=\"broker\"} == 0", 0.0, 0);
    alerts.extend([of_rules(disk, true), of_rules(lost, false)]);
    alerts
}

#[test]
fn alerts_with_what_rules_say() {
    let rules = |state| Some(health("prometheus.example rules", state));
    let fresh = AlertSnapshot { rules: rules(SourceState::Fresh), ..snapshot(with_rules(), SourceState::Fresh) };
    let mut stage = seeing(fresh.clone());
    assert_snapshot!("alerts_with_rules", stage.bodies());
    stage.press("/");
    stage.type_text("db-1");
    stage.press("enter");
    stage.press("enter");
    assert_snapshot!("alert_pending", stage.bodies());
    let mut stage = seeing(fresh);
    stage.press("/");
    stage.type_text("BrokerLost");
    stage.press("enter");
    stage.press("enter");
    let drawn = text(&stage.body(120, 40));
    assert!(drawn.contains("no Alertmanager lists it") && drawn.contains("0 == 0, read 5s ago"), "{drawn}");
    // While its rules cannot be read, the list of Alertmanager is as fresh as ever, and the values are those of then.
    let away = AlertSnapshot { rules: rules(SourceState::Down), ..snapshot(with_rules(), SourceState::Fresh) };
    let drawn = text(&seeing(away).body(120, 40));
    assert!(drawn.contains("prometheus.example rules: What follows is 6m old"), "{drawn}");
    let alone = AlertSnapshot {
        teller: Teller::Prometheus,
        silences: None,
        watchdog: Watchdog::NotAsked,
        health: vec![health("prometheus.example rules", SourceState::Fresh)],
        ..snapshot(with_rules().split_off(8), SourceState::Fresh)
    };
    assert_snapshot!("alerts_rules_alone", seeing(alone.clone()).bodies());
    let quiet = AlertSnapshot { alerts: [].into(), ..alone };
    let drawn = text(&seeing(quiet).body(120, 40));
    assert!(drawn.contains("whether anybody would be told is not known"), "{drawn}");
}

/// Without an Alertmanager the console's own rules say what they see, and that nobody is told.
#[test]
fn alerts_of_rules_of_its_own() {
    let mut stage = Stage::new();
    stage.rule(0, LocalRule::shipped());
    stage.see(workloads(), SourceState::Fresh);
    stage.tell(News::Signals(Box::new(crate::signals::snapshot(&crate::signals::shop(), SourceState::Fresh))));
    stage.press("1");
    assert_snapshot!("alerts_local", stage.bodies());
    stage.press("enter");
    let drawn = text(&stage.body(120, 40));
    assert!(
        drawn.contains("LOCAL, NOT PAGING") && drawn.contains("nobody: this console alone evaluates it"),
        "{drawn}"
    );
    // Of an environment that is not shown nothing is said.
    stage.enter(quarterdeck::world::Scope::One(1));
    stage.press("1");
    let elsewhere = text(&stage.body(120, 40));
    assert!(!elsewhere.contains("LOCAL, NOT PAGING"), "{elsewhere}");
    let quiet = [("search", crate::signals::shop()[0].1)];
    let mut stage = Stage::new();
    stage.rule(0, LocalRule::shipped());
    stage.tell(News::Signals(Box::new(crate::signals::snapshot(&quiet, SourceState::Fresh))));
    stage.press("1");
    let drawn = text(&stage.body(120, 40));
    assert!(drawn.contains("No signal database_up, disk_ratio is read") && !drawn.contains("Nothing fires"), "{drawn}");
}
