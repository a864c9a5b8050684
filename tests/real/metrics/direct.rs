//! Counters that are read from their page give the values that a real Prometheus gives which scrapes the same page.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chrono::Utc;
use quarterdeck::config::{Credentials, Scrape, Server as Address};
use quarterdeck::domain::signal::query::{ERRORS, P95, REQUESTS};
use quarterdeck::domain::signal::{CodeLabels, Labels, Origin, Query, SignalSnapshot};
use quarterdeck::domain::source::SourceState;
use quarterdeck::sources::metrics::ObserveMetrics;
use quarterdeck::sources::prometheus::{Prometheus, SignalFeed, SignalSource};
use serde_json::Value;
use tokio::sync::{Notify, watch};

use super::{PATIENCE, client};
use crate::support::console::Console;
use crate::support::process::{skip, until, until_every, wait_until};
use crate::support::prometheus::{Server, exposed_by, why_not};

const TEXT: &str = "text/plain; version=0.0.4";

/// A page of two services: ten and four requests a second, one of ten and none fail, as if each moment counted a part of one. What breaks
/// readers stands beside, and once the process behind it has started anew.
fn page(since: Instant, restarted: Option<Instant>) -> String {
    let seconds = restarted.unwrap_or(since).elapsed().as_secs_f64();
    let base = if restarted.is_some() { 0.0 } else { 1_000.0 };
    let at = |rate: f64| base + rate * seconds;
    let mut text = "# HELP http_requests_total Of \\\\ and \\n.\n# TYPE http_requests_total counter\nother{path=\"/u/{id}\",q=\"a=b, c\"} 7\n".to_owned();
    for (labels, rate) in [
        ("service=\"cart\",code=\"200\",path=\"/u/{id}\"", 6.0),
        ("service=\"cart\" , code=\"200\", path=\"a=\\\"b\\\", c\",", 3.0),
        ("service=\"cart\",code=\"503\"", 1.0),
        ("service=\"api\",code=\"200\"", 4.0),
    ] {
        writeln!(text, "http_requests_total{{{labels}}}\t{:e}", at(rate)).expect("text");
    }
    for (bound, rate) in [("0.1", 5.0), ("0.5", 9.0), ("1.0", 10.0), ("+Inf", 10.0)] {
        let series = format!("http_request_duration_seconds_bucket{{service=\"cart\",le=\"{bound}\"}}");
        writeln!(text, "{series} {}", at(rate)).expect("text");
    }
    text
}

fn scrape(port: u16, path: &str, service: Option<&str>) -> Scrape {
    let server = Address {
        url: format!("http://127.0.0.1:{port}{path}"),
        name: format!("127.0.0.1:{port}").into(),
        credentials: Credentials::None,
        authorities: None,
        identity: None,
        headers: Vec::new(),
    };
    Scrape { server, service: service.map(Into::into) }
}

/// Polls until a snapshot is as wanted, asking at once whenever one is not.
async fn polled(
    prometheus: Option<Prometheus>,
    scrapes: Vec<Scrape>,
    wanted: impl Fn(&SignalSnapshot) -> bool,
) -> SignalSnapshot {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let feed = SignalFeed {
        environment: "production".into(),
        prometheus,
        scrapes: scrapes.into(),
        queries: Query::shipped().into(),
        codes: CodeLabels::default(),
        declared: Arc::default(),
    };
    let (snapshots, seen) = watch::channel(SignalSnapshot::default());
    let retry = Arc::new(Notify::new());
    let source = SignalSource { feed, clock: Arc::new(Utc::now), retry: retry.clone(), snapshots };
    // A rate needs some time between two readings.
    let apart = Duration::from_millis(700);
    let looking = until_every(apart, "a snapshot as it is wanted", PATIENCE, async || {
        let snapshot = seen.borrow().clone();
        let is_it = wanted(&snapshot);
        if !is_it {
            retry.notify_waiters();
        }
        is_it.then_some(snapshot)
    });
    tokio::select! {
        () = source.run() => unreachable!("it polls for ever"),
        found = looking => found,
    }
}

fn value(snapshot: &SignalSnapshot, service: &str, name: &str) -> Option<f64> {
    snapshot.reading(service, name)?.value
}

fn is_right(snapshot: &SignalSnapshot) -> bool {
    is_as_written(|service, name| value(snapshot, service, name))
}

/// Whether all of it is known and as the page is written; rates within a tenth, since a scrape takes its time.
fn is_as_written(of: impl Fn(&str, &str) -> Option<f64>) -> bool {
    let about = |found: Option<f64>, expected: f64, share: f64| {
        found.is_some_and(|found| (found - expected).abs() <= expected * share)
    };
    about(of("cart", REQUESTS), 10.0, 0.1)
        && about(of("api", REQUESTS), 4.0, 0.1)
        && about(of("api", ERRORS), 0.0, 0.0)
        && about(of("cart", ERRORS), 0.1, 1e-4)
        && about(of("cart", P95), 0.75, 1e-4)
}

/// What the shipped queries have a value of, once all of those that are checked are right.
async fn by_promql(client: &Prometheus) -> BTreeSet<(String, String)> {
    until("the values of the page", PATIENCE, async || {
        let mut values: BTreeMap<(String, String), f64> = BTreeMap::new();
        for query in Query::shipped() {
            let found = client.instant(&query.for_all(&Labels::default(), "10s"), Utc::now()).await.expect("an answer");
            for series in &found.series {
                let (Some(service), Some(sample)) = (series.label("service"), series.last()) else { continue };
                if let Some(value) = sample.number() {
                    values.insert((service.to_string(), query.name.to_string()), value);
                }
            }
        }
        let of = |service: &str, name: &str| values.get(&(service.to_owned(), name.to_owned())).copied();
        is_as_written(of).then(|| values.into_keys().collect())
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_gives_the_values_a_real_prometheus_gives() {
    if let Some(why) = why_not() {
        skip("a real Prometheus", why);
        return;
    }
    let (began, restarted) = (Instant::now(), Arc::new(Mutex::new(None)));
    let state = restarted.clone();
    let port = exposed_by(TEXT, move || page(began, *state.lock().expect("alone")));
    let server = Server::start("", "", &[port]);
    let direct = polled(None, vec![scrape(port, "/metrics", None)], is_right).await;
    assert!(direct.readings.iter().all(|reading| reading.origin == Origin::Direct));
    assert!(direct.health.iter().all(|source| source.state == SourceState::Fresh), "{direct:?}");
    // The same page through the Prometheus, asked with the shipped queries over as short a time, and through its federation.
    let theirs = by_promql(&client(server.port)).await;
    let known = |snapshot: &SignalSnapshot| -> BTreeSet<(String, String)> {
        let readings = snapshot.readings.iter().filter(|one| one.value.is_some());
        readings.map(|one| (one.service.to_string(), one.name.to_string())).collect()
    };
    assert_eq!(known(&direct), theirs, "the same is known of the same services");
    let federated = polled(None, vec![scrape(server.port, "/federate", None)], is_right).await;
    assert_eq!(known(&federated), theirs);
    // A process that starts anew counts from zero: its rate is never negative, and right again at once.
    let of_one = vec![scrape(port, "/metrics", Some("shop"))];
    let all = |snapshot: &SignalSnapshot| value(snapshot, "shop", REQUESTS);
    let again = restarted.clone();
    let after = polled(None, of_one, move |snapshot| {
        let found = all(snapshot);
        assert!(found.is_none_or(|rate| rate >= 0.0), "{found:?}");
        let mut restarted = again.lock().expect("alone");
        match *restarted {
            None => {
                if found.is_some() {
                    *restarted = Some(Instant::now());
                }
                false
            }
            Some(at) => at.elapsed() > Duration::from_secs(4) && found.is_some_and(|rate| (rate - 14.0).abs() < 1.4),
        }
    })
    .await;
    assert_eq!(after.reading("shop", ERRORS).map(|one| one.origin), Some(Origin::Direct));
}

/// The shipped command, once: it waits for the second scrape, and says of every service a page is configured of how it is, or why not.
#[test]
fn status_has_the_rates_of_pages_or_why_there_are_none() {
    let began = Instant::now();
    let port = exposed_by(TEXT, move || page(began, None));
    let config = format!(
        "[environment.production]\ncontext = \"nowhere\"\nscrape = [\n\
         {{ url = \"http://127.0.0.1:{port}/metrics\" }},\n\
         {{ url = \"http://127.0.0.1:{port}/half\", service = \"half\" }},\n\
         {{ url = \"http://127.0.0.1:1/metrics\", service = \"half\" }},\n\
         {{ url = \"http://127.0.0.1:1/dark\", service = \"dark\" }},\n]\n"
    );
    let console = Console::with("apiVersion: v1\nkind: Config\n", &config);
    // A rate of two scrapes a few seconds apart is as exact as the machine is prompt between a page and the clock that is read beside it.
    let document = wait_until("a rate as it is written", PATIENCE, || {
        let status = console.run(&["status", "--output", "json"]);
        let document: Value =
            serde_json::from_str(&status.stdout).unwrap_or_else(|error| panic!("{error}: {status:?}"));
        let lines = document["signals"].as_array().expect("a list");
        let rate = lines.iter().find(|line| line["service"] == "cart" && line["name"] == REQUESTS);
        let rate = rate.and_then(|line| line["value"].as_f64()).expect("a rate");
        ((rate - 10.0).abs() < 2.0).then_some(document)
    });
    let lines = document["signals"].as_array().expect("a list");
    let of = |service: &str, name: &str| lines.iter().find(|line| line["service"] == service && line["name"] == name);
    let errors = of("cart", ERRORS).unwrap_or_else(|| panic!("{lines:#?}"));
    assert_eq!((&errors["origin"], &errors["state"]), (&"direct".into(), &"critical".into()), "{errors}");
    for service in ["half", "dark"] {
        let line = of(service, REQUESTS).unwrap_or_else(|| panic!("{service}: {lines:#?}"));
        assert_eq!((&line["value"], &line["state"]), (&Value::Null, &"unknown".into()), "{line}");
        let reason = line["reason"].as_str().unwrap_or_default();
        assert!(
            reason.contains("127.0.0.1:1") && reason.contains("cannot be reached"),
            "it says which page is not read: {reason}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_stand_in_when_a_real_prometheus_dies() {
    if let Some(why) = why_not() {
        skip("a real Prometheus", why);
        return;
    }
    let began = Instant::now();
    let port = exposed_by(TEXT, move || page(began, None));
    let server = Mutex::new(Some(Server::start("", "", &[port])));
    let client = client(server.lock().expect("alone").as_ref().map_or(0, |server| server.port));
    let snapshot = polled(Some(client), vec![scrape(port, "/metrics", None)], |snapshot| {
        let origin = snapshot.reading("cart", REQUESTS).map(|one| one.origin);
        if origin == Some(Origin::Prometheus) && value(snapshot, "cart", ERRORS).is_some() {
            // It is killed.
            server.lock().expect("alone").take();
        }
        origin == Some(Origin::Direct) && is_right(snapshot)
    })
    .await;
    let [prometheus, page] = snapshot.health.as_slice() else { panic!("two: {snapshot:?}") };
    assert!(matches!(prometheus.state, SourceState::Stale | SourceState::Down) && page.state == SourceState::Fresh);
    assert!(
        snapshot.notes.iter().any(|note| note.contains("is away: 2 services are measured from pages")),
        "{:?}",
        snapshot.notes
    );
}

/// A series that is gone from its page is gone at once: its last value is not repeated for five minutes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_series_that_vanishes_has_no_value_from_then_on() {
    if let Some(why) = why_not() {
        skip("a real Prometheus", why);
        return;
    }
    let shown = Arc::new(Mutex::new("vanishing{service=\"cart\"} 5\nstaying 1\n".to_owned()));
    let page = shown.clone();
    let port = exposed_by(TEXT, move || page.lock().expect("alone").clone());
    let server = Server::start("", "", &[port]);
    let client = client(server.port);
    let values = async |wanted: usize| {
        until("so many series", PATIENCE, async || {
            Some(client.instant("vanishing", Utc::now()).await.expect("an answer"))
                .filter(|found| found.series.len() == wanted)
        })
        .await
    };
    let found = values(1).await;
    assert_eq!(found.series[0].last().and_then(|sample| sample.number()), Some(5.0));
    *shown.lock().expect("alone") = "staying 1\n".to_owned();
    // Without the marker of staleness it would be there for five minutes.
    values(0).await;
    let now = Utc::now();
    let range =
        client.range("vanishing", now - chrono::TimeDelta::seconds(40), now, chrono::TimeDelta::seconds(1)).await;
    let range = range.expect("a range");
    let last = range.series[0].last().expect("it had some");
    assert!(last.value.to_bits() == 5.0_f64.to_bits() && last.at < now, "the marker itself is no number: {range:?}");
}
