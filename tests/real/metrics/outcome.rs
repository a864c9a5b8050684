//! Whether requests fail is known where they say how they ended, and unknown elsewhere: by a real Prometheus, by pages, in `status`.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use chrono::Utc;
use serde_json::Value;

use crate::support::console::Console;
use crate::support::process::{Finished, skip};
use crate::support::prometheus::{Server, counter, exposed_by, why_not};

const TEXT: &str = "text/plain; version=0.0.4";

/// `status` of an environment whose cluster is not there.
fn told(config: &str) -> (Finished, Value) {
    let console = Console::with("apiVersion: v1\nkind: Config\n", config);
    let status = console.run(&["status", "--output", "json"]);
    let document = serde_json::from_str(&status.stdout).unwrap_or_else(|error| panic!("{error}: {status:?}"));
    (status, document)
}

/// A line of a signal as `state value`, or as `state: reason`.
fn line(document: &Value, service: &str, name: &str) -> String {
    let lines = document["signals"].as_array().expect("a list");
    let found = lines.iter().find(|line| line["service"] == service && line["name"] == name);
    let found = found.unwrap_or_else(|| panic!("{service} {name}: {lines:#?}"));
    let state = found["state"].as_str().unwrap_or_default();
    match found["value"].as_f64() {
        Some(value) => format!("{state} {value:.2}"),
        None => format!("{state}: {}", found["reason"].as_str().unwrap_or_default()),
    }
}

/// Nine of ten requests of every service fail; each has the status under another name, or nowhere.
#[test]
fn a_real_prometheus_with_many_names_of_the_status_tells_no_zero() {
    if let Some(why) = why_not() {
        skip("a real Prometheus", why);
        return;
    }
    let now = Utc::now();
    let mut history = String::new();
    let labels = ["code", "status", "http_status", "response_code", "http_response_status_code", "statusCode", "ended"];
    for label in labels {
        for (code, rate) in [("200", 1.0), ("500", 9.0)] {
            let series = format!("http_requests_total{{service=\"by-{label}\",{label}=\"{code}\"}}");
            counter(&mut history, &series, rate, now);
        }
    }
    for (series, rate) in [
        ("service=\"silent\",method=\"GET\"", 10.0),
        ("service=\"in-words\",status=\"error\"", 10.0),
        ("service=\"in-part\",code=\"200\"", 1.0),
        ("service=\"in-part\",route=\"/pay\"", 9.0),
        ("service=\"idle\",code=\"200\"", 0.0),
    ] {
        counter(&mut history, &format!("http_requests_total{{{series}}}"), rate, now);
    }
    history.push_str("# EOF\n");
    let server = Server::start(&history, "", &[]);
    let config = format!(
        "[environment.production]\ncontext = \"nowhere\"\nprometheus = {{ url = \"http://127.0.0.1:{}\" }}\n\
         [service.by-ended]\ncode_label = \"ended\"\nslo = {{ availability = \"99 %\" }}\n\
         [service.by-http_status]\nslo = {{ availability = \"99 %\" }}\n\
         [service.silent]\nslo = {{ availability = \"99 %\" }}\n\
         [service.never-seen]\nslo = {{ availability = \"99 %\" }}\n\
         [service.redis]\nsignals = false\n",
        server.port
    );
    let (status, document) = told(&config);
    for label in labels {
        assert_eq!(line(&document, &format!("by-{label}"), "error_ratio"), "critical 0.90", "{label}");
    }
    for service in ["silent", "in-words", "in-part"] {
        assert_eq!(line(&document, service, "requests_per_second"), "no_threshold 10.00", "{service}");
        let ratio = line(&document, service, "error_ratio");
        assert!(ratio.starts_with("unknown: Not every request of it says how it ended"), "{service}: {ratio}");
    }
    assert_eq!(line(&document, "idle", "error_ratio"), "unknown: Nothing was counted in the last 5m.");
    let never = line(&document, "never-seen", "error_ratio");
    assert!(never.starts_with("unknown: ") && never.contains("has no series with service=\"never-seen\""), "{never}");
    let is_redis = |line: &Value| line["service"] == "redis";
    assert!(!document["signals"].as_array().expect("a list").iter().any(is_redis), "nobody misses its signals");

    let slo: BTreeMap<&str, (&str, &str)> = document["slo"].as_array().expect("a list").iter().map(slo).collect();
    assert_eq!((slo["by-ended"].0, slo["by-http_status"].0), ("page", "page"), "{slo:?}");
    assert!(slo["silent"].0 == "unknown" && slo["silent"].1.contains("says how it ended"), "{slo:?}");
    assert_eq!(slo["never-seen"].0, "unknown", "{slo:?}");
    assert_eq!(status.code, Some(2), "what is critical is worse than the cluster that is not there");
}

/// The service of an objective, its state and its reason.
fn slo(line: &Value) -> (&str, (&str, &str)) {
    let text = |name: &str| line[name].as_str().unwrap_or_default();
    (text("service"), (text("state"), text("reason")))
}

/// A page of counters that grow by so much a second.
fn page(began: Instant, series: &[(&str, f64)]) -> String {
    let mut text = String::new();
    for (series, rate) in series {
        writeln!(text, "{series} {}", 1_000.0 + rate * began.elapsed().as_secs_f64()).expect("text");
    }
    text
}

#[test]
fn pages_tell_no_number_that_nobody_knows() {
    let began = Instant::now();
    let of = |series: &'static [(&'static str, f64)]| exposed_by(TEXT, move || page(began, series));
    let good = [("http_requests_total{http_status=\"200\"}", 1.0), ("http_requests_total{http_status=\"500\"}", 9.0)];
    let other = exposed_by(TEXT, move || page(began, &good));
    let silent = of(&[("http_requests_total{method=\"GET\"}", 10.0)]);
    let whole = exposed_by(TEXT, move || page(began, &good).trim_end().to_owned());
    let twice = exposed_by(TEXT, move || {
        let line = "http_requests_total{http_status=\"500\"} 7\n";
        page(began, &good)
            + line
            + &page(
                began,
                &[
                    ("http_request_duration_seconds_bucket{le=\"0.1\"}", 10.0),
                    ("http_request_duration_seconds_bucket{le=\"+Inf\"}", 10.0),
                ],
            )
    });
    let nan = exposed_by(TEXT, move || page(began, &good[..1]) + "http_requests_total{http_status=\"500\"} NaN\n");
    let native = of(&[("http_request_duration_seconds_count", 10.0), ("http_requests_total{code=\"200\"}", 1.0)]);
    let ports =
        [("other", other), ("silent", silent), ("whole", whole), ("twice", twice), ("nan", nan), ("native", native)];
    let scrapes: Vec<String> = ports
        .iter()
        .map(|(service, port)| format!("{{ url = \"http://127.0.0.1:{port}/metrics\", service = \"{service}\" }}"))
        .collect();
    let config = format!(
        "[environment.production]\ncontext = \"nowhere\"\nscrape = [{}]\n\
         [service.never-seen]\nslo = {{ availability = \"99 %\" }}\n",
        scrapes.join(", ")
    );
    let (status, document) = told(&config);
    let ratio = |service: &str| line(&document, service, "error_ratio");
    let near = |service: &str| assert!(ratio(service).starts_with("critical 0.9"), "{service}: {}", ratio(service));
    near("other");
    near("whole");
    assert!(ratio("silent").starts_with("unknown: Not every request of it"), "{}", ratio("silent"));
    assert_eq!(ratio("twice"), "unknown: Line 3 of its page shows the same series as line 2.");
    assert_eq!(line(&document, "twice", "latency_p50_seconds"), "ok 0.05", "the page counts all the same");
    assert_eq!(ratio("nan"), "unknown: A counter of http_requests_total is no number: NaN.");
    let p95 = line(&document, "native", "latency_p95_seconds");
    assert!(p95.contains("without buckets"), "{p95}");
    assert_eq!(ratio("never-seen"), "unknown: No page of metrics that is read shows it.");
    assert_eq!(
        document["slo"][0]["reason"].as_str(),
        Some("production has no Prometheus to count it by."),
        "an objective never disappears: {}",
        document["slo"]
    );
    assert_eq!(status.code, Some(2));
}

/// Two processes behind one address answer in turn, whether they say when they began or not.
#[test]
fn an_address_that_leads_to_several_processes_gives_no_rate() {
    let began = Instant::now();
    let now = Utc::now().timestamp();
    let in_turn = move |begins: bool, turn: &AtomicUsize| {
        let (counted, age) = [(9_000_000, 9_000_000), (3_600, 3_600)][turn.fetch_add(1, Ordering::Relaxed) % 2];
        let start = if begins { format!("process_start_time_seconds {}\n", now - age) } else { String::new() };
        format!("{start}http_requests_total{{code=\"200\"}} {}\n", counted + began.elapsed().as_secs())
    };
    let port = |begins: bool, first: usize| {
        let turn = AtomicUsize::new(first);
        exposed_by(TEXT, move || in_turn(begins, &turn))
    };
    let ports = [("old-first", port(true, 0)), ("new-first", port(true, 1)), ("silent", port(false, 1))];
    let scrapes: Vec<String> = ports
        .iter()
        .map(|(service, port)| format!("{{ url = \"http://127.0.0.1:{port}/metrics\", service = \"{service}\" }}"))
        .collect();
    let config = format!("[environment.production]\ncontext = \"nowhere\"\nscrape = [{}]\n", scrapes.join(", "));
    let (status, document) = told(&config);
    assert_eq!(status.code, Some(3));
    for service in ["old-first", "new-first"] {
        let rate = line(&document, service, "requests_per_second");
        assert!(rate.starts_with("unknown: This address leads to several processes"), "{service}: {rate}");
    }
    let fell = line(&document, "silent", "requests_per_second");
    assert!(fell.starts_with("unknown: Its counters fell"), "{fell}");
}

/// What everything is read by is away: nothing that was declared is missing.
#[test]
fn what_is_declared_never_disappears() {
    let config = "[environment.production]\ncontext = \"nowhere\"\nprometheus = { url = \"http://127.0.0.1:1\" }\n\
                  [service.cart]\nslo = { availability = \"99 %\" }\nhealth = { api = { kind = \"tcp\", at = \"127.0.0.1:1\" } }\n";
    let (status, document) = told(config);
    let requests = line(&document, "cart", "requests_per_second");
    assert!(requests.starts_with("unknown: Nothing is read of it") && requests.contains("127.0.0.1:1"), "{requests}");
    let slo = &document["slo"][0];
    assert_eq!((&slo["service"], &slo["state"]), (&"cart".into(), &"unknown".into()), "{slo}");
    assert!(slo["reason"].as_str().is_some_and(|why| why.contains("127.0.0.1:1")), "{slo}");
    assert_eq!(document["health"][0]["state"], "unhealthy");
    assert_eq!(status.code, Some(2));
}

/// The exit code tells the worst of signals, objectives and components, where the cluster is well. Here it is not there: 3 is the least.
#[test]
fn an_unhealthy_component_is_worse_than_a_cluster_that_is_not_there() {
    let status = |health: &str| {
        told(&format!("[environment.production]\ncontext = \"nowhere\"\n[service.cart]\nsignals = false\n{health}"))
            .0
            .code
    };
    assert_eq!(status(""), Some(3));
    assert_eq!(status("health = { api = { kind = \"tcp\", at = \"127.0.0.1:1\" } }"), Some(2));
    let body = exposed_by("application/json", || "{\"healthy\":false}".to_owned());
    assert_eq!(status(&format!("health = {{ api = {{ at = \"http://127.0.0.1:{body}/\" }} }}")), Some(2));
}
