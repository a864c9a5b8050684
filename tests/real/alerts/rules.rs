//! What rules tell beside an Alertmanager, held for a real Prometheus that tells a real Alertmanager, and for the simulated two.

use std::sync::Arc;

use chrono::{TimeDelta, Utc};
use quarterdeck::config::{Credentials, Prometheus as Settings, Server};
use quarterdeck::domain::alert::{Alert, AlertSnapshot, State, Teller, Watchdog};
use quarterdeck::domain::service::Services;
use quarterdeck::domain::signal::Query;
use quarterdeck::domain::source::SourceState;
use quarterdeck::sandbox::{Sandbox, SandboxClock, Scenario, Service};
use quarterdeck::sources::alertmanager::{AlertFeed, AlertSource, Client};
use quarterdeck::sources::metrics::ObserveMetrics;
use quarterdeck::sources::prometheus::Prometheus;
use tokio::sync::{Notify, watch};

use super::UP;
use crate::support::alertmanager::{Cluster, Edition};
use crate::support::process::{skip, until};
use crate::support::prometheus::{Server as Running, why_not};

/// As the simulated one has them: one that always fires, one that fires after a while, one that is pending for a day. The while is longer
/// than the first look may take, and than a Prometheus takes to find its Alertmanagers.
const RULES: &str = "groups:\n- name: shop\n  rules:\n\
\x20 - { alert: Watchdog, expr: vector(1), labels: { severity: none } }\n\
\x20 - { alert: HighErrorRate, expr: vector(0.07) > 0.05, for: 20s, labels: { severity: critical, service: payments, namespace: shop }, annotations: { summary: \"7 % of the requests of payments fail\" } }\n\
\x20 - { alert: DiskFillsUp, expr: vector(0.824) > 0.8, for: 1d, labels: { severity: warning, instance: node-b, namespace: shop }, annotations: { summary: \"82 % of /var on node-b is used\" } }\n\
\x20 - { alert: Quiet, expr: vector(1) > 5, labels: { severity: critical } }\n";

/// A Prometheus and the Alertmanagers it tells.
struct Pair {
    managers: Vec<Server>,
    prometheus: Server,
}

impl Pair {
    fn feed(&self, with_managers: bool) -> AlertFeed {
        let clock: quarterdeck::sources::Clock = Arc::new(Utc::now);
        let settings = Settings {
            server: self.prometheus.clone(),
            service_label: None,
            code_label: None,
            queries: Query::shipped(),
        };
        let managers = self.managers.iter().filter(|_| with_managers);
        AlertFeed {
            environment: "production".into(),
            clients: managers.map(|manager| Client::new(manager.clone(), clock.clone())).collect(),
            prometheus: Some(Prometheus::new(&settings, clock.clone())),
            watchdog: Some("Watchdog".into()),
            services: Arc::new(Services::default()),
        }
    }

    /// The first snapshot that is as wanted. It asks anew whenever one is not: as an operator does who presses a key.
    async fn snapshot(&self, with_managers: bool, wanted: impl Fn(&AlertSnapshot) -> bool) -> AlertSnapshot {
        let (snapshots, seen) = watch::channel(AlertSnapshot::default());
        let retry = Arc::new(Notify::new());
        let source =
            AlertSource { feed: self.feed(with_managers), clock: Arc::new(Utc::now), retry: retry.clone(), snapshots };
        let looking = until("a snapshot as it is wanted", UP, async || {
            let snapshot = seen.borrow().clone();
            let is_it = snapshot.is_settled() && !snapshot.health.is_empty() && wanted(&snapshot);
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
}

fn named<'a>(snapshot: &'a AlertSnapshot, name: &str) -> Vec<&'a Alert> {
    snapshot.alerts.iter().map(AsRef::as_ref).filter(|alert| alert.title() == name).collect()
}

fn fires(snapshot: &AlertSnapshot, by: Teller) -> bool {
    named(snapshot, "HighErrorRate").iter().any(|alert| alert.state() == State::Firing && alert.told_by == by)
}

fn value(alert: &Alert) -> Option<String> {
    alert.rule.as_ref().and_then(|rule| rule.said())
}

async fn holds(pair: &Pair) {
    let prometheus = pair.feed(false).prometheus.expect("it has one");
    let rules = prometheus.alerting().await.expect("rules");
    let disk = rules.iter().find(|rule| &*rule.name == "DiskFillsUp").expect("the rule");
    assert_eq!((disk.held_for, disk.is_alerting, disk.health.as_str()), (TimeDelta::days(1), true, "ok"));

    // Beside an Alertmanager: what fires is one, though external labels went with it; what is pending is there.
    let are_fresh = |snapshot: &AlertSnapshot| snapshot.sources().all(|source| source.state == SourceState::Fresh);
    let both = pair.snapshot(true, |snapshot| fires(snapshot, Teller::Alertmanager) && are_fresh(snapshot)).await;
    let fired = named(&both, "HighErrorRate");
    let [fired] = fired.as_slice() else { panic!("one, not two: {both:?}") };
    assert!(fired.label("cluster").is_some(), "an external label came with it: {fired:?}");
    let said = value(fired).expect("a value");
    assert!(said.ends_with(" > 0.05"), "{said}");
    assert!(!fired.was_never_told(Utc::now()) && !fired.is_pending);
    let disk = named(&both, "DiskFillsUp");
    let [disk] = disk.as_slice() else { panic!("one: {both:?}") };
    assert_eq!(
        (disk.state(), disk.told_by, value(disk).as_deref()),
        (State::Pending, Teller::Prometheus, Some("0.824 > 0.8"))
    );
    assert_eq!((disk.severity.word(), disk.summary()), ("medium", "82 % of /var on node-b is used"));
    assert!(disk.rule.as_ref().and_then(|rule| rule.fires_at()).is_some_and(|at| at > Utc::now()));
    assert!(named(&both, "Quiet").is_empty() && named(&both, "Watchdog").is_empty(), "{both:?}");
    assert!(matches!(both.watchdog, Watchdog::Heard(_)), "{both:?}");

    // Without one: the rules are the list, and tell the same beginning.
    let alone = pair.snapshot(false, |snapshot| fires(snapshot, Teller::Prometheus)).await;
    let same = named(&alone, "HighErrorRate");
    let [same] = same.as_slice() else { panic!("one: {alone:?}") };
    assert!((same.started_at - fired.started_at).abs() < TimeDelta::seconds(3), "{same:?} {fired:?}");
    assert_eq!(named(&alone, "DiskFillsUp").len(), 1);
    assert_eq!((alone.teller, &alone.watchdog), (Teller::Prometheus, &Watchdog::NotAsked));
}

fn plain(port: u16) -> Server {
    Server {
        url: format!("http://127.0.0.1:{port}"),
        name: format!("127.0.0.1:{port}").into(),
        credentials: Credentials::None,
        authorities: None,
        identity: None,
        headers: Vec::new(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_are_joined_with_what_a_real_alertmanager_lists() {
    let binary = [Edition::Current, Edition::Debian].into_iter().find_map(Edition::binary);
    let (Some(binary), None) = (binary, why_not()) else {
        skip("a real Prometheus with an Alertmanager", "one of them is not there, run tests/run");
        return;
    };
    let _ = rustls::crypto::ring::default_provider().install_default();
    let managers = Cluster::start(&binary);
    let server = Running::alerting(RULES, &managers.ports);
    let pair = Pair { managers: managers.ports.map(plain).into(), prometheus: plain(server.port) };
    // Before its time is up it is pending, and no Alertmanager knows of it.
    let early = pair.snapshot(true, |snapshot| !named(snapshot, "HighErrorRate").is_empty()).await;
    assert!(named(&early, "HighErrorRate").iter().all(|alert| alert.is_pending), "{early:?}");
    holds(&pair).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_are_joined_with_what_the_simulated_alertmanager_lists() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let scenario = Scenario::empty("shop")
        .with("shop", Service::new("gateway", 2))
        .with("shop", Service::new("payments", 3).behaving("crash-loop"));
    let sandbox = Sandbox::start(scenario, SandboxClock::starting(Utc::now(), 1)).await.expect("a sandbox");
    let folder = tempfile::tempdir().expect("a folder");
    let (token, authority) = (folder.path().join("token"), folder.path().join("authority.pem"));
    std::fs::write(&token, sandbox.token()).expect("room");
    std::fs::write(&authority, sandbox.certificate()).expect("room");
    let simulated = |url: String| Server {
        url,
        credentials: Credentials::Bearer(token.clone()),
        authorities: Some(authority.clone()),
        ..plain(0)
    };
    let pair = Pair {
        managers: vec![simulated(sandbox.alertmanager("shop"))],
        prometheus: simulated(sandbox.prometheus("shop")),
    };
    holds(&pair).await;
}
