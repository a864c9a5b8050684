//! Objectives counted by a real Prometheus, by the simulated one that holds the same samples, and by recording rules of others.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use quarterdeck::domain::maintenance::{Rule, Schedule, Window};
use quarterdeck::domain::service::{Objective, Service, Services, Share};
use quarterdeck::domain::signal::Series;
use quarterdeck::domain::slo::objective::promises;
use quarterdeck::domain::slo::{
    Exclusion, Goal, Indicator, Measured, Reason, Recorder, RowState, SPANS, Slo, SloSnapshot, Span, Standing, judge,
};
use quarterdeck::domain::source::SourceState;
use quarterdeck::domain::time::Zone;
use quarterdeck::sandbox::{Sandbox, SandboxClock, Scenario};
use quarterdeck::sources::metrics::ObserveMetrics;
use quarterdeck::sources::prometheus::{Downtime, Prometheus, SloFeed, SloSource};
use tokio::sync::{Notify, watch};

use super::sandbox::simulated;
use super::{PATIENCE, client};
use crate::support::process::{skip, until};
use crate::support::prometheus::{Server, counter, why_not};

fn promised(name: &str, objective: Objective) -> Service {
    Service { name: name.into(), objective, ..Service::default() }
}

/// A window of a service that was announced more than a week before.
fn planned(service: &str, at: DateTime<Utc>, lasts: TimeDelta) -> Window {
    Window {
        name: "reindex".into(),
        rule: Rule::Once(at),
        zone: Zone::UTC,
        lasts,
        service: Some(service.into()),
        is_downtime: true,
        announced: Some(at - TimeDelta::days(8)),
        activities: Vec::new(),
        emergency: None,
    }
}

fn available() -> Objective {
    Objective { availability: Some(Share(999_000)), ..Objective::default() }
}

/// What is counted once at a time.
async fn counted(prometheus: Prometheus, services: Vec<Service>, at: DateTime<Utc>) -> SloSnapshot {
    counted_without(prometheus, services, Downtime::default(), at).await
}

/// The same without what was planned to be down.
async fn counted_without(
    prometheus: Prometheus,
    services: Vec<Service>,
    downtime: Downtime,
    at: DateTime<Utc>,
) -> SloSnapshot {
    let promises = promises(&Services::new(services), "production").into();
    let feed = SloFeed { environment: "production".into(), prometheus: Some(prometheus), promises, downtime };
    let (snapshots, mut seen) = watch::channel(SloSnapshot::default());
    let source = SloSource { feed, clock: Arc::new(move || at), retry: Arc::new(Notify::new()), snapshots };
    let is_settled = |snapshot: &SloSnapshot| !snapshot.health.is_empty() && snapshot.is_settled();
    tokio::select! {
        () = source.run() => {}
        _ = tokio::time::timeout(PATIENCE, seen.wait_for(is_settled)) => {}
    }
    seen.borrow().clone()
}

fn judged(snapshot: &SloSnapshot, at: DateTime<Utc>) -> Vec<Slo> {
    assert_eq!(snapshot.health[0].state, SourceState::Fresh, "{:?}", snapshot.health);
    snapshot.measured.iter().map(|one| judge(one, &snapshot.environment, at)).collect()
}

fn ratio(part: &Result<quarterdeck::domain::slo::Events, String>) -> (f64, f64) {
    let events = part.as_ref().unwrap_or_else(|why| panic!("it is counted: {why}"));
    (events.ratio, events.total.expect("with its requests"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_release_spends_the_same_budget_in_the_sandbox_and_in_a_real_prometheus() {
    if let Some(why) = why_not() {
        skip("a real Prometheus", why);
        return;
    }
    let _ = rustls::crypto::ring::default_provider().install_default();
    // An hour ago, twenty times as fast: its present stays in our past.
    let clock = SandboxClock::starting(Utc::now() - TimeDelta::hours(1), 20);
    let payments = quarterdeck::sandbox::Service::new("payments", 3).behaving("crash-loop");
    let sandbox = Sandbox::start(Scenario::empty("shop").with("shop", payments), clock).await.expect("a sandbox");
    let folder = tempfile::tempdir().expect("a folder");
    let objective = Objective { latency_p95: Some(TimeDelta::milliseconds(500)), ..available() };
    let services = || vec![promised("payments", objective.clone())];
    let paged = until("a page", PATIENCE, async || {
        let now = clock.now();
        let found = judged(&counted(simulated(&sandbox, folder.path()), services(), now).await, now);
        found.first().is_some_and(|slo| slo.standing == Standing::Page).then_some((found, now))
    });
    let (found, now) = paged.await;
    let budget = found[0].budget.as_ref().expect("it is known");
    assert!(budget.left < 1.0 && (budget.minutes - 43.2).abs() < 1e-6, "{budget:?}");
    assert_eq!(found[0].known_days, Some((30, 30)));

    let history = sandbox.samples("shop", now - TimeDelta::days(31), now);
    let server = Server::start(&history, "", &[]);
    let ours = counted(simulated(&sandbox, folder.path()), services(), now).await;
    let theirs = counted(client(server.port), services(), now).await;
    let names = |snapshot: &SloSnapshot| snapshot.measured.iter().map(|one| one.goal.to_string()).collect::<Vec<_>>();
    assert_eq!(names(&ours), ["availability", "latency"]);
    assert_eq!(names(&theirs), names(&ours), "{:?}", theirs.health);
    let same = |one: (f64, f64), other: (f64, f64), what: &str| {
        let is_near = |one: f64, other: f64| (one - other).abs() <= other.abs().max(1e-9) * 1e-6;
        let is_same = is_near(one.0, other.0) && is_near(one.1, other.1);
        assert!(is_same, "{what}: {one:?} in the sandbox, {other:?} in Prometheus");
    };
    for (one, other) in ours.measured.iter().zip(&*theirs.measured) {
        for span in SPANS {
            let of = |measured: &Measured| ratio(&measured.spans[span.place()]);
            same(of(one), of(other), &format!("{} {}", one.goal, span.word()));
        }
        same(ratio(&one.whole), ratio(&other.whole), &format!("{} over 30 days", one.goal));
        assert_eq!(one.known_days, other.known_days);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counts_are_those_that_were_written_and_what_is_not_there_is_unknown() {
    if let Some(why) = why_not() {
        skip("a real Prometheus", why);
        return;
    }
    let now = Utc::now();
    let mut history = String::new();
    for (service, code, rate) in
        [("cart", 200, 9.0), ("cart", 503, 1.0), ("api", 200, 4.0), ("night", 200, 0.05), ("wrong", 200, 1.0)]
    {
        let label = if service == "wrong" { "answer" } else { "code" };
        counter(&mut history, &format!("http_requests_total{{service=\"{service}\",{label}=\"{code}\"}}"), rate, now);
    }
    for (bound, rate) in [("0.1", 5.0), ("0.5", 9.0), ("2.0", 9.9), ("+Inf", 10.0)] {
        let series = format!("http_request_duration_seconds_bucket{{service=\"cart\",le=\"{bound}\"}}");
        counter(&mut history, &series, rate, now);
    }
    counter(&mut history, "http_request_duration_seconds_count{service=\"cart\"}", 10.0, now);
    history.push_str("# EOF\n");
    let server = Server::start(&history, "", &[]);
    let own = |promql: &str| Goal {
        name: "own".into(),
        target: Share(950_000),
        indicator: Indicator::Queries {
            bad: promql.into(),
            total: "sum by ({service_label}) (rate(http_requests_total{{service}}[{range}]))".into(),
        },
    };
    let quarter = TimeDelta::minutes(15);
    let outage = Exclusion {
        reason: Reason::External,
        from: now - quarter * 3,
        to: now - quarter,
        evidence: "https://status.example/7".into(),
        announced: None,
    };
    let services = vec![
        promised(
            "cart",
            Objective { latency_p95: Some(TimeDelta::seconds(2)), exclusions: vec![outage], ..available() },
        ),
        promised("api", Objective { latency_p95: Some(TimeDelta::milliseconds(200)), ..available() }),
        promised(
            "night",
            Objective {
                goals: vec![own("sum by ({service_label}) (rate(nothing{{service}}[{range}]))")],
                ..available()
            },
        ),
        promised("wrong", available()),
        promised("gone", Objective { goals: vec![own("sum by (oops{range}")], ..available() }),
    ];
    // The same half hour of another service was planned, and announced in time.
    let downtime = Downtime::standing(Schedule::of([planned("api", now - quarter * 3, quarter * 2)], []));
    let snapshot = counted_without(client(server.port), services, downtime, now).await;
    let found = judged(&snapshot, now);
    let of = |service: &str, goal: &str| {
        let is_it = |one: &&Slo| &*one.service == service && &*one.goal == goal;
        found.iter().find(is_it).unwrap_or_else(|| panic!("{service} {goal}: {found:?}"))
    };
    let cart = of("cart", "availability");
    assert_eq!(cart.standing, Standing::Page, "{cart:?}");
    assert!((cart.rows[0].long_burn.expect("known") - 100.0).abs() < 1e-3, "a tenth fails of a thousandth: {cart:?}");
    assert_eq!(cart.excluded[0].counted, quarter * 2);
    let whole =
        |service: &str| ratio(&snapshot.measured.iter().find(|one| &*one.service == service).expect("it").whole);
    // Two hours of ten a second, without half an hour of them.
    let (bad, total) = whole("cart");
    assert!((bad - 0.1).abs() < 1e-3 && (total - 54_000.0).abs() < 300.0, "{bad} of {total}");
    let (bad, total) = whole("api");
    assert!(bad.abs() < 1e-12 && (total - 21_600.0).abs() < 100.0, "{bad} of {total}");
    let left_out = &of("api", "availability").excluded[0];
    assert_eq!((left_out.counted, left_out.exclusion.reason), (quarter * 2, Reason::Maintenance));
    assert!(left_out.exclusion.evidence.contains("window reindex"), "{left_out:?}");
    let slow = of("cart", "latency");
    let burn = slow.rows[0].long_burn.expect("known");
    assert!((burn - 0.2).abs() < 1e-3, "a hundredth is slower than 2 s, of a twentieth: {burn}");
    for (service, goal, why) in [
        ("api", "latency", "There is no series of it in the last 30d."),
        ("night", "availability", "LOW TRAFFIC: 180 requests in 1h say nothing"),
        ("night", "own", "The query of the bad ones has no series"),
        ("wrong", "availability", "Not every request of it says how it ended"),
        ("gone", "availability", "There is no series of it in the last 30d."),
        ("gone", "own", "parse error"),
    ] {
        let slo = of(service, goal);
        assert_eq!(slo.standing, Standing::Unknown, "{slo:?}");
        let is_low = slo.rows.iter().any(|row| matches!(row.state, RowState::LowTraffic { .. }));
        assert!(slo.reason.contains(why) || (is_low && why.starts_with("LOW")), "{service} {goal}: {}", slo.reason);
    }
    assert_eq!(cart.known_days, Some((1, 30)), "only today has series, and that is said");

    drop(server);
    let dead = counted(client(9), vec![promised("cart", available())], now).await;
    assert_eq!(dead.health[0].state, SourceState::Down);
    assert_eq!(dead.measured.len(), 1, "a declared objective stays listed");
    assert_eq!(dead.measured[0].known_days, None, "and nothing is known of it");
}

const RECORDED: &str = r#"groups:
- name: sloth
  rules:
  - { record: "slo:objective:ratio", expr: vector(0.999), labels: &sloth { sloth_id: cart-requests, sloth_service: cart, sloth_slo: requests } }
  - { record: "slo:time_period:days", expr: vector(28), labels: *sloth }
  - { record: "slo:sli_error:ratio_rate5m", expr: vector(0.02), labels: *sloth }
  - { record: "slo:sli_error:ratio_rate30m", expr: vector(0.0001), labels: *sloth }
  - { record: "slo:sli_error:ratio_rate1h", expr: vector(0.02), labels: *sloth }
  - { record: "slo:sli_error:ratio_rate2h", expr: vector(0.0001), labels: *sloth }
  - { record: "slo:sli_error:ratio_rate6h", expr: vector(0.0001), labels: *sloth }
  - { record: "slo:sli_error:ratio_rate1d", expr: vector(0.0001), labels: *sloth }
  - { record: "slo:sli_error:ratio_rate3d", expr: vector(0.0001), labels: *sloth }
  - { record: "slo:sli_error:ratio_rate28d", expr: vector(0.0005), labels: *sloth }
- name: pyrra
  rules:
  - { record: "http_requests:burnrate5m", expr: vector(0.5), labels: &pyrra { slo: api-errors, service: api } }
  - { record: "http_requests:burnrate1h", expr: vector(0.5), labels: *pyrra }
  - { record: "pyrra_objective", expr: vector(0.999), labels: *pyrra }
  - { record: "http_requests:burnrate5m", expr: vector(0.5), labels: { slo: mail-errors, service: mail } }
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_sloth_and_pyrra_record_is_used_and_said() {
    if let Some(why) = why_not() {
        skip("a real Prometheus", why);
        return;
    }
    let server = Server::start("", RECORDED, &[]);
    let asking = client(server.port);
    until("the rules to be evaluated", PATIENCE, async || {
        let query = "count({__name__=~\"slo:sli_error:.+|.+:burnrate.+|pyrra_objective\"})";
        let found = asking.instant(query, Utc::now()).await.expect("an answer");
        found.series.first().and_then(Series::last).filter(|sample| sample.value > 11.5).map(drop)
    })
    .await;
    let now = Utc::now();
    let services = ["cart", "api", "mail"].map(|name| promised(name, available()));
    let snapshot = counted(client(server.port), services.into(), now).await;
    let found = judged(&snapshot, now);
    let said: Vec<(&str, &str, Recorder, Standing)> =
        found.iter().map(|one| (&*one.service, &*one.goal, one.recorder, one.standing)).collect();
    assert_eq!(
        said,
        [
            ("mail", "availability", Recorder::Raw, Standing::Unknown),
            ("cart", "requests", Recorder::Sloth, Standing::Page),
            ("api", "api-errors", Recorder::Pyrra, Standing::Page),
            ("mail", "mail-errors", Recorder::Pyrra, Standing::Unknown),
        ],
        "in place of what would be counted, where the same was promised"
    );
    assert!(found[3].reason.contains("start it with generic rules"), "{:?}", found[3]);
    let found = &found[1..];
    let budget = found[0].budget.as_ref().expect("Sloth keeps it");
    assert!((budget.left - 0.5).abs() < 1e-9 && (budget.minutes - 40.32).abs() < 1e-6, "{budget:?}");
    assert!((found[0].rows[0].threshold - 13.44).abs() < 1e-9, "28 days: {:?}", found[0].rows[0]);
    assert!(found[1].budget.as_ref().is_err_and(|why| why.contains("generic rules")), "{:?}", found[1]);
    assert!(
        snapshot.notes.iter().any(|note| note.contains("recording rules of sloth for 1 objective")),
        "{:?}",
        snapshot.notes
    );
    assert_eq!(Span::M5.place(), 0);
}
