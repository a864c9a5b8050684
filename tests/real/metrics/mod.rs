//! Signals from a real Prometheus whose history is known, so that every value is known beforehand.

mod advice;
mod direct;
mod objectives;
mod outcome;
mod sandbox;

use std::sync::Arc;
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use quarterdeck::config::{Credentials, Prometheus as Settings, Server as Address};
use quarterdeck::domain::signal::{CodeLabels, Query, Series, SignalSnapshot, Unit};
use quarterdeck::domain::source::SourceState;
use quarterdeck::sources::error::Trouble;
use quarterdeck::sources::exposition;
use quarterdeck::sources::metrics::ObserveMetrics;
use quarterdeck::sources::prometheus::{Prometheus, SignalFeed, SignalSource};
use tokio::sync::{Notify, watch};

use crate::support::process::{Running, skip, until};
use crate::support::prometheus::{Server, counter, exposed, why_not};

/// How long anything of a Prometheus may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

const RULES: &str = "groups:\n- name: shop\n  rules:\n  - { alert: AlwaysPending, expr: vector(7) > 1, for: 1h, labels: { severity: warning } }\n  - { record: \"shop:seven\", expr: vector(7) }\n";

fn address(port: u16) -> Settings {
    let server = Address {
        url: format!("http://127.0.0.1:{port}"),
        name: format!("127.0.0.1:{port}").into(),
        credentials: Credentials::None,
        authorities: None,
        identity: None,
        headers: Vec::new(),
    };
    let mut queries = Query::shipped();
    queries.push(Query::new("broken", Unit::Count, "sum by ({service_label}"));
    Settings { server, service_label: None, code_label: None, queries }
}

fn client(port: u16) -> Prometheus {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Prometheus::new(&address(port), Arc::new(Utc::now))
}

/// Ten requests a second of `cart`, one of ten fails; four of `api`, none fails; `idle` had some once.
fn history() -> String {
    let now = Utc::now();
    let mut text = String::new();
    for (service, code, rate) in [("cart", 200, 9.0), ("cart", 503, 1.0), ("api", 200, 4.0), ("idle", 200, 0.0)] {
        counter(&mut text, &format!("http_requests_total{{service=\"{service}\",code=\"{code}\"}}"), rate, now);
    }
    // Half within 0.1 s, nine of ten within 0.5 s, all within a second.
    for (bound, rate) in [("0.1", 5.0), ("0.5", 9.0), ("1.0", 10.0), ("+Inf", 10.0)] {
        let series = format!("http_request_duration_seconds_bucket{{service=\"cart\",le=\"{bound}\"}}");
        counter(&mut text, &series, rate, now);
    }
    text.push_str("# EOF\n");
    text
}

async fn settled(port: u16) -> SignalSnapshot {
    let feed = SignalFeed {
        environment: "production".into(),
        prometheus: Some(client(port)),
        scrapes: Arc::default(),
        queries: address(port).queries.into(),
        codes: CodeLabels::default(),
        declared: Arc::default(),
    };
    let (snapshots, mut seen) = watch::channel(SignalSnapshot::default());
    let source = SignalSource { feed, clock: Arc::new(Utc::now), retry: Arc::new(Notify::new()), snapshots };
    let is_settled = |snapshot: &SignalSnapshot| !snapshot.health.is_empty() && snapshot.is_settled();
    tokio::select! {
        () = source.run() => {}
        _ = tokio::time::timeout(PATIENCE, seen.wait_for(is_settled)) => {}
    }
    seen.borrow().clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_shipped_queries_read_what_was_written() {
    if let Some(why) = why_not() {
        skip("a real Prometheus", why);
        return;
    }
    let server = Server::start(&history(), RULES, &[]);
    let snapshot = settled(server.port).await;
    assert_eq!(snapshot.health[0].state, SourceState::Fresh, "{snapshot:?}");
    assert_eq!(snapshot.labels.as_ref().map(|labels| (&*labels.service, &*labels.code)), Some(("service", "code")));
    for (service, name, expected) in [
        ("cart", "requests_per_second", 10.0),
        ("cart", "error_ratio", 0.1),
        ("cart", "latency_p50_seconds", 0.1),
        ("cart", "latency_p95_seconds", 0.75),
        ("cart", "latency_p99_seconds", 0.95),
        ("api", "requests_per_second", 4.0),
        ("api", "error_ratio", 0.0),
        ("idle", "requests_per_second", 0.0),
    ] {
        let reading = snapshot.reading(service, name).unwrap_or_else(|| panic!("{service} {name} is read"));
        let value = reading.value.unwrap_or_else(|| panic!("{service} {name}: {:?}", reading.why_absent));
        assert!((value - expected).abs() < 1e-6, "{service} {name} is {value}, not {expected}");
    }
    for (service, name, why) in [
        ("idle", "error_ratio", "Nothing was counted in the last 5m."),
        ("api", "latency_p95_seconds", "There is no series of it in the last 5m."),
    ] {
        let reading = snapshot.reading(service, name).expect("it is said");
        assert_eq!((reading.value, reading.why_absent.as_deref()), (None, Some(why)));
    }
    let broken = snapshot.reading("cart", "broken").and_then(|reading| reading.why_absent.clone()).unwrap_or_default();
    assert!(broken.contains("refused it (400") && broken.contains("parse error"), "{broken}");

    let trace = snapshot.trace("cart", "requests_per_second").expect("its last hour");
    let known: Vec<f32> = trace.values.iter().flatten().copied().collect();
    assert!(known.len() >= 58 && known.iter().all(|value| (value - 10.0).abs() < 1e-3), "{known:?}");
    assert_eq!(snapshot.trace("cart", "broken"), None, "a query that is refused has no past");

    let client = client(server.port);
    let now = Utc::now();
    let query = "sum(rate(http_requests_total[5m]))";
    let range = client.range(query, now - TimeDelta::hours(1), now, TimeDelta::minutes(1)).await.expect("a range");
    let samples = &range.series[0].samples;
    assert_eq!(samples.len(), 61);
    assert!(samples.iter().all(|sample| (sample.value - 14.0).abs() < 1e-6), "{samples:?}");
    let refused =
        client.range(query, now - TimeDelta::days(30), now, TimeDelta::seconds(1)).await.expect_err("too many");
    assert_eq!(refused.trouble, Trouble::Rejected);

    let rules = client.alerting().await.expect("rules");
    let names: Vec<&str> = rules.iter().map(|rule| &*rule.name).collect();
    assert_eq!(names, ["AlwaysPending"], "what records is no alert");
    let pending = pending(&client).await;
    assert_eq!((pending.is_firing, pending.value), (false, Some(7.0)));
    tells_it_by_the_shipped_binary(server.port);
}

/// The pending alert, once the rules were evaluated.
async fn pending(client: &Prometheus) -> quarterdeck::sources::metrics::RuleAlert {
    until("an alert", PATIENCE, async || {
        client.alerting().await.expect("rules").pop().and_then(|mut rule| rule.alerts.pop())
    })
    .await
}

/// `status` of an environment whose cluster is not there still tells its signals, its objectives and the health of its components.
fn tells_it_by_the_shipped_binary(port: u16) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("config.toml");
    let text = format!(
        "[environment.production]\ncontext = \"nowhere\"\nprometheus = {{ url = \"http://127.0.0.1:{port}\" }}\n\
         [service.cart]\nslo = {{ availability = \"99.9 %\" }}\ndepends_on = [\"payments\"]\n\
         health = {{ metrics = {{ kind = \"tcp\", at = \"127.0.0.1:{port}\" }} }}\n\
         [service.payments]\nhealth = {{ api = {{ kind = \"tcp\", at = \"127.0.0.1:1\" }} }}\n"
    );
    std::fs::write(&file, text).expect("room");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_quarterdeck"));
    command.env_clear().env("HOME", folder.path()).env("KUBECONFIG", folder.path().join("none"));
    command.arg("--config").arg(&file).args(["status", "--output", "json"]);
    let finished = Running::start(command, "").finish(PATIENCE);
    let document: serde_json::Value = serde_json::from_str(&finished.stdout).expect(&finished.stderr);
    let signals = document["signals"].as_array().expect("a list");
    let ratio = signals.iter().find(|line| line["service"] == "cart" && line["name"] == "error_ratio");
    let ratio = ratio.expect("the ratio of cart");
    assert!((ratio["value"].as_f64().expect("a number") - 0.1).abs() < 1e-6, "{ratio}");
    assert_eq!((&ratio["unit"], &ratio["threshold"]), (&"ratio".into(), &0.05.into()));
    assert_eq!((&ratio["state"], &ratio["origin"]), (&"critical".into(), &"prometheus".into()));

    let slo = &document["slo"][0];
    assert_eq!(
        (&slo["service"], &slo["name"], &slo["state"]),
        (&"cart".into(), &"availability".into(), &"page".into())
    );
    assert_eq!((&slo["window"], &slo["recorder"]), (&"30 d rolling".into(), &"raw".into()));
    let left = slo["budget"]["left_ratio"].as_f64().expect("a number");
    assert!((left + 99.0).abs() < 0.1, "a tenth failed where a thousandth may: {slo}");
    assert_eq!(slo["burn"].as_array().map(Vec::len), Some(4), "{slo}");
    assert_eq!((&slo["burn"][0]["state"], &slo["burn"][0]["urgency"]), (&"burning".into(), &"page".into()));

    let health = document["health"].as_array().expect("a list");
    let of = |service: &str| health.iter().find(|line| line["service"] == service).expect("it is asked");
    assert_eq!((&of("payments")["state"], &of("payments")["needed_by"][0]), (&"unhealthy".into(), &"cart".into()));
    assert_eq!((&of("cart")["state"], &of("cart")["impaired_by"][0]), (&"healthy".into(), &"payments".into()));
    assert!(of("cart")["answer_seconds"].as_f64().is_some_and(|took| took < 5.0), "{health:?}");
}

/// What breaks readers: escapes, exponents, words for numbers, times, exemplars, a HELP twice, blanks everywhere.
fn nasty(at_ms: i64) -> String {
    format!(
        "# HELP nasty_total A text with \\\\ and \\n in it.\n# HELP nasty_total A text once more.\n# TYPE nasty_total counter\n\
         nasty_total{{path=\"/u/{{id}}\",q=\"a=b, c\"}} 1\nnasty_total{{}} 2\nnasty_total{{ v = \"say \\\"no\\\"\" , w=\"back\\\\slash\" , }}   3.5e-2\n\
         nasty_total{{v=\"\\n\"}}\t+Inf\nnasty_gauge NaN\nnasty_gauge{{x=\"-\"}} -Inf\nnasty_gauge{{x=\"\"}} 1e+300\n\
         job:nasty:rate5m{{größe=\"x\"}} 1\n\
         nasty_timed{{a=\"ключ\"}} 7 {at_ms}\nnasty_bucket{{le=\"0.1\"}} 1\nnasty_bucket{{le=\"+Inf\"}} 2\nnasty_sum 0.30000000000000004\nnasty_count 2\n"
    )
    .replace("job:nasty:rate5m{größe=\"x\"} 1\n", "job:nasty:rate5m{x=\"ü\"} 1\n")
    .replace("nasty_gauge{x=\"\"} 1e+300", "nasty_gauge{y=\"\"} 1e+300")
    .replace("nasty_gauge NaN", "nasty_gauge{z=\"1\"} NaN")
}

/// The same in the other format: times in seconds, exemplars, an end.
const NASTY_OPEN: &str = "# HELP open Requests.\n# TYPE open counter\nopen_total{path=\"/a,b}\"} 5 # {trace_id=\"x # y\"} 0.5 1.8e9\n# TYPE seen gauge\nseen 1e3\n# EOF\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_direct_scrape_reads_what_prometheus_reads() {
    if let Some(why) = why_not() {
        skip("a real Prometheus", why);
        return;
    }
    let text = nasty(Utc::now().timestamp_millis());
    for (kind, text) in
        [("text/plain; version=0.0.4", text), ("application/openmetrics-text; version=1.0.0", NASTY_OPEN.to_owned())]
    {
        let target = exposed(kind, text.clone());
        let server = Server::start("", "", &[target]);
        let client = client(server.port);
        let found = until("a scrape", PATIENCE, async || {
            let query = "{job=\"nasty\", __name__!~\"up|scrape_.*\"}";
            Some(client.instant(query, Utc::now()).await.expect("an answer").series).filter(|series| !series.is_empty())
        });
        let theirs = lines(&found.await);
        let ours = exposition::read(&text, Utc::now(), kind.contains("openmetrics"));
        assert_eq!(ours.unreadable, Vec::new());
        assert_eq!(lines(&ours.series), theirs, "{kind}");
    }
}

/// Series as lines without what Prometheus adds of the target; the value bit by bit.
fn lines(series: &[Series]) -> Vec<String> {
    let line = |one: &Series| {
        let labels: Vec<String> = one
            .labels
            .iter()
            .filter(|(name, _)| !matches!(&***name, "job" | "instance"))
            .map(|(name, value)| format!("{name}={value:?}"))
            .collect();
        let value = one.last().expect("one sample").value;
        format!("{} {}", labels.join(" "), if value.is_nan() { "NaN".to_owned() } else { format!("{value:e}") })
    };
    let mut lines: Vec<String> = series.iter().map(line).collect();
    lines.sort();
    lines
}
