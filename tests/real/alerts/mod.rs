//! Alerts and silences of real Alertmanagers, two members of one cluster: an old and a current version, and the simulated one,
//! are held to one contract.

mod contract;
mod rules;

use std::sync::Arc;
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use quarterdeck::config::{Credentials, Server};
use quarterdeck::domain::alert::{AlertSnapshot, Matcher};
use quarterdeck::domain::service::Services;
use quarterdeck::domain::source::SourceState;
use quarterdeck::sandbox::{Sandbox, SandboxClock, Scenario};
use quarterdeck::sources::alertmanager::{AlertEyes, AlertFeed, AlertSource, Client, SilenceHands};
use quarterdeck::sources::observe::ObserveAlerts;
use quarterdeck::sources::operate::{OperateAlerts, WantedSilence};
use serde_json::{Value, json};
use tokio::sync::{Notify, watch};

use crate::support::alertmanager::{Cluster, Edition};
use crate::support::process::skip;

const UP: Duration = Duration::from_secs(120);

/// Alertmanagers as the console sees them, and the way Prometheus talks to them.
struct Place {
    eyes: AlertEyes,
    hands: SilenceHands,
    urls: Vec<String>,
    sender: reqwest::Client,
    token: Option<String>,
}

impl Place {
    fn of(servers: Vec<Server>, sender: reqwest::Client, token: Option<String>) -> Self {
        let urls = servers.iter().map(|server| server.url.clone()).collect();
        let clients: Vec<Client> = servers.into_iter().map(|server| Client::new(server, Arc::new(Utc::now))).collect();
        let services = Arc::new(Services::default());
        let eyes = AlertEyes { environment: "production".into(), clients: clients.clone(), prometheus: None, services };
        Self { eyes, hands: SilenceHands { clients }, urls, sender, token }
    }

    fn real(cluster: &Cluster) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let server = |port: u16| Server {
            url: format!("http://127.0.0.1:{port}"),
            name: format!("127.0.0.1:{port}").into(),
            credentials: Credentials::None,
            authorities: None,
            identity: None,
            headers: Vec::new(),
        };
        Self::of(cluster.ports.map(server).into(), reqwest::Client::new(), None)
    }

    fn simulated(sandbox: &Sandbox, folder: &std::path::Path) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (token, authority) = (folder.join("token"), folder.join("authority.pem"));
        std::fs::write(&token, sandbox.token()).expect("room");
        std::fs::write(&authority, sandbox.certificate()).expect("room");
        let server = Server {
            url: sandbox.alertmanager("shop"),
            name: "simulated".into(),
            credentials: Credentials::Bearer(token),
            authorities: Some(authority),
            identity: None,
            headers: Vec::new(),
        };
        let trusted = reqwest::Certificate::from_pem(sandbox.certificate().as_bytes()).expect("a certificate");
        let sender = reqwest::Client::builder().tls_certs_only([trusted]).build().expect("a client");
        Self::of(vec![server], sender, Some(sandbox.token()))
    }

    /// Sends something to one member as any program would; the status and the body.
    async fn send(&self, method: http::Method, url: String, body: Option<Value>) -> (u16, String) {
        let mut request = self.sender.request(method, url);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let answer = request.send().await.expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("a body"))
    }

    /// Tells every member of alerts, as Prometheus does.
    async fn fire(&self, alerts: &Value) {
        for url in &self.urls {
            let (code, said) =
                self.send(http::Method::POST, format!("{url}/api/v2/alerts"), Some(alerts.clone())).await;
            assert_eq!(code, 200, "{said}");
        }
    }

    /// What the poller makes of them, once the snapshot is as wanted.
    async fn polled(&self, wanted: impl FnMut(&AlertSnapshot) -> bool) -> AlertSnapshot {
        let feed = AlertFeed {
            environment: self.eyes.environment.clone(),
            clients: self.eyes.clients.clone(),
            prometheus: None,
            watchdog: None,
            services: self.eyes.services.clone(),
        };
        let (snapshots, mut seen) = watch::channel(AlertSnapshot::default());
        let source = AlertSource { feed, clock: Arc::new(Utc::now), retry: Arc::new(Notify::new()), snapshots };
        tokio::select! {
            () = source.run() => {}
            met = tokio::time::timeout(UP, seen.wait_for(wanted)) => { met.expect("in time").expect("it polls for ever"); }
        }
        seen.borrow().clone()
    }
}

async fn holds_for(edition: Edition) {
    let Some(binary) = edition.binary() else {
        skip("a real Alertmanager", &format!("{edition:?}: it is not there, run tests/run"));
        return;
    };
    let mut cluster = Cluster::start(&binary);
    let place = Place::real(&cluster);
    contract::holds(&place).await;
    survives_one(&place, &mut cluster).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_contract_holds_for_debians_alertmanager() {
    holds_for(Edition::Debian).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_contract_holds_for_a_current_alertmanager() {
    holds_for(Edition::Current).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_contract_holds_for_the_simulated_alertmanager() {
    let clock = SandboxClock::starting(Utc::now(), 1);
    let sandbox = Sandbox::start(Scenario::empty("shop"), clock).await.expect("a sandbox");
    let folder = tempfile::tempdir().expect("a folder");
    contract::holds(&Place::simulated(&sandbox, folder.path())).await;
}

/// With the first member dead the alerts stay, its death is said, and a silence is made at the other.
async fn survives_one(place: &Place, cluster: &mut Cluster) {
    place.fire(&json!([{"labels": {"alertname": "Left", "contract": "death"}}])).await;
    cluster.kill(0);
    let fresh = |snapshot: &AlertSnapshot| snapshot.health.iter().filter(|one| one.state == SourceState::Fresh).count();
    // A connection that was open says at first that it broke off; the next look finds nobody there.
    let is_gone = |error: &String| error.contains("cannot be reached");
    let is_settled = |snapshot: &AlertSnapshot| {
        let mut down = snapshot.health.iter().filter(|one| one.state == SourceState::Down);
        fresh(snapshot) == 1 && down.any(|one| one.error.as_ref().is_some_and(is_gone))
    };
    let snapshot = place.polled(is_settled).await;
    assert!(snapshot.alerts.iter().any(|alert| alert.title() == "Left"), "{snapshot:?}");

    let matchers = vec![Matcher::equal("contract", "death")];
    assert_eq!(place.eyes.matching(&matchers).await.expect("the other answers").len(), 1);
    let wanted = WantedSilence {
        id: None,
        matchers,
        starts_at: Utc::now(),
        ends_at: Utc::now() + TimeDelta::hours(1),
        created_by: "mori".to_owned(),
        comment: "one member is dead".to_owned(),
    };
    let id = place.hands.put(&wanted).await.expect("the other takes it");
    let members = place.eyes.replicated(&id).await.expect("they are asked");
    let has: Vec<bool> = members.iter().map(|member| matches!(member.silence, Ok(Some(_)))).collect();
    assert_eq!(has, [false, true], "one of two has it, and that is what is said: {members:?}");
    assert!(members[0].silence.is_err(), "a dead member is not one without the silence: {members:?}");
}
