//! THE SIMULATED WORLD: a Kubernetes API on loopback, with controllers of its own, for the demo, drills and faults.
//!
//! It speaks the real protocol over TLS to our client and to kubectl alike, and knows nothing of either: it is a server, not a
//! client, and uses `domain` only. It keeps one invariant: nothing outside this process is touched, and nothing is left behind.

mod alertmanager;
pub mod backups;
mod clock;
mod controllers;
mod faults;
mod health;
mod http;
mod mishaps;
mod patch;
mod patroni;
mod prometheus;
mod scenario;
mod selector;
mod template;
mod tls;
mod world;

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

pub use clock::SandboxClock;
pub use faults::{Fault, Faults};
pub use patroni::{Patroni, PatroniAsked, PatroniWorld, Trouble as PatroniTrouble};
pub use scenario::{Cron, Scenario, Service};
pub use world::World;

/// A running simulated cluster. Dropping it stops it.
#[derive(Debug)]
pub struct Sandbox {
    shared: Arc<Shared>,
    address: SocketAddr,
    certificate: String,
    tasks: Vec<JoinHandle<()>>,
}

/// What the server, the controllers and the faults share.
#[derive(Debug)]
struct Shared {
    world: Mutex<World>,
    clock: SandboxClock,
    faults: Faults,
    /// Whether it has a metrics server.
    measures: bool,
    /// The newest version of the world, for watches.
    versions: watch::Sender<u64>,
    /// Rings when there may be something to reconcile.
    changed: Notify,
    tokens: Mutex<Tokens>,
    requests: Mutex<Vec<Seen>>,
    /// What the Alertmanager of each namespace holds.
    alerts: Mutex<HashMap<String, alertmanager::Holding>>,
    /// What the services answered, for the Prometheus of each namespace.
    traffic: Mutex<prometheus::Traffic>,
}

/// A request the server saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// The user.
    pub user: String,
}

/// Bearer tokens, made anew for each sandbox.
#[derive(Debug)]
struct Tokens {
    operator: String,
    viewer: String,
}

impl Shared {
    /// Changes the world, then lets the controllers and the watches know.
    fn change<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        let (answer, version) = {
            let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
            (change(&mut world), world.version())
        };
        self.versions.send_if_modified(|known| std::mem::replace(known, version) != version);
        self.changed.notify_one();
        answer
    }

    fn tokens(&self) -> std::sync::MutexGuard<'_, Tokens> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read<T>(&self, read: impl FnOnce(&World) -> T) -> T {
        read(&self.world.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Sandbox {
    /// Starts a cluster on a free port of the loopback interface.
    ///
    /// # Errors
    /// When no port or certificate can be had.
    pub async fn start(scenario: Scenario, clock: SandboxClock) -> io::Result<Self> {
        let mut world = World::default();
        let plot = scenario.build(&mut world, clock.now());
        let identity = tls::Identity::for_loopback()?;
        let certificate = identity.certificate.clone();
        let (versions, _) = watch::channel(world.version());
        let shared = Arc::new(Shared {
            world: Mutex::new(world),
            clock,
            faults: Faults::default(),
            measures: scenario.is_measured,
            versions,
            changed: Notify::new(),
            tokens: Mutex::new(Tokens { operator: secret(), viewer: secret() }),
            requests: Mutex::new(Vec::new()),
            alerts: Mutex::default(),
            traffic: Mutex::new(prometheus::Traffic::starting(clock.now())),
        });
        let (address, serving) = http::serve(shared.clone(), identity).await?;
        #[expect(clippy::disallowed_methods, reason = "the sandbox is a world of its own; its tasks end with it")]
        let tasks = vec![
            serving,
            tokio::spawn(control(shared.clone())),
            tokio::spawn(play(shared.clone(), plot)),
            tokio::spawn(count(shared.clone())),
        ];
        Ok(Self { shared, address, certificate, tasks })
    }

    /// A kubeconfig with the contexts `demo-production` and `demo-staging` for the operator and `demo-viewer` for one who may only look.
    pub fn kubeconfig(&self) -> String {
        let Tokens { operator, viewer } = &*self.shared.tokens();
        let authority = tls::base64(self.certificate.as_bytes());
        let context = |name: &str, user: &str, namespace: &str| {
            format!("- {{name: {name}, context: {{cluster: demo, user: {user}, namespace: {namespace}}}}}\n")
        };
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: demo-production\nclusters:\n- {{name: demo, cluster: {{server: \"https://{}\", certificate-authority-data: {authority}}}}}\n\
             users:\n- {{name: operator, user: {{token: {operator}}}}}\n- {{name: viewer, user: {{token: {viewer}}}}}\ncontexts:\n{}{}{}",
            self.address,
            context("demo-production", "operator", scenario::PRODUCTION),
            context("demo-staging", "operator", scenario::STAGING),
            context("demo-viewer", "viewer", scenario::PRODUCTION),
        )
    }

    /// Writes the kubeconfig to a file only its owner can read. The caller removes it.
    ///
    /// # Errors
    /// When the file exists already or cannot be written.
    pub fn write_kubeconfig(&self, path: &Path) -> io::Result<()> {
        use std::io::Write;
        use std::os::unix::fs::OpenOptionsExt;
        std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?
            .write_all(self.kubeconfig().as_bytes())
    }

    /// The operator's token is over: a new one is made and returned, and every open connection breaks.
    pub fn renew_token(&self) -> String {
        let token = secret();
        self.shared.tokens().operator.clone_from(&token);
        self.shared.faults.break_connections();
        token
    }

    /// The address of the Alertmanager of a namespace.
    pub fn alertmanager(&self, namespace: &str) -> String {
        format!("https://{}{}{namespace}", self.address, alertmanager::PREFIX)
    }

    /// The address of the Prometheus of a namespace.
    pub fn prometheus(&self, namespace: &str) -> String {
        format!("https://{}{}{namespace}", self.address, prometheus::PREFIX)
    }

    /// Where the health endpoints are; `/NAMESPACE/SERVICE` follows.
    pub fn health(&self) -> String {
        format!("https://{}/health", self.address)
    }

    /// The address of the page of metrics of a namespace.
    pub fn exposition(&self, namespace: &str) -> String {
        format!("https://{}{}{namespace}/metrics", self.address, prometheus::PAGES)
    }

    /// Every sample of the Prometheus of a namespace between two times, as OpenMetrics.
    pub fn samples(&self, namespace: &str, from: DateTime<Utc>, to: DateTime<Utc>) -> String {
        self.shared.traffic.lock().unwrap_or_else(PoisonError::into_inner).written(namespace, from, to)
    }

    /// The certificate its servers present, in PEM.
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// The operator's token, as a credential plug-in would give it.
    pub fn token(&self) -> String {
        self.shared.tokens().operator.clone()
    }

    /// Trouble to order.
    pub fn faults(&self) -> &Faults {
        &self.shared.faults
    }

    /// Every request so far.
    pub fn requests(&self) -> Vec<Seen> {
        self.shared.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Forgets what happened so far: a watch from an older version is answered with 410.
    pub fn compact(&self) {
        self.shared.change(World::compact);
    }

    /// The world as it is, to be put back by [`Sandbox::restore`].
    pub fn snapshot(&self) -> World {
        self.shared.read(World::clone)
    }

    /// Puts an earlier world back, as a restore of etcd does: versions go back with it, and the server that starts anew breaks every
    /// connection.
    pub fn restore(&self, snapshot: World) {
        self.shared.change(|world| *world = snapshot);
        self.shared.faults.break_connections();
    }

    /// The server's address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// Lets the controllers work whenever something changed or became due. Asleep otherwise.
async fn control(shared: Arc<Shared>) {
    loop {
        let now = shared.clock.now();
        let (due, version) = {
            let mut world = shared.world.lock().unwrap_or_else(PoisonError::into_inner);
            (controllers::settle(&mut world, now), world.version())
        };
        shared.versions.send_if_modified(|known| std::mem::replace(known, version) != version);
        let wait = due.map(|due| shared.clock.until(due).max(Duration::from_millis(20)));
        tokio::select! {
            () = shared.changed.notified() => {}
            () = sleep(wait) => {}
        }
    }
}

/// Counts what the services answer.
async fn count(shared: Arc<Shared>) {
    loop {
        let now = shared.clock.now();
        shared.read(|world| shared.traffic.lock().unwrap_or_else(PoisonError::into_inner).pass(world, now));
        sleep(Some(shared.clock.until(now + prometheus::EVERY))).await;
    }
}

/// Plays what the scenario wants to happen later.
async fn play(shared: Arc<Shared>, plot: Vec<scenario::Turn>) {
    for turn in plot {
        sleep(Some(shared.clock.until(turn.at))).await;
        let now = shared.clock.now();
        shared.change(|world| (turn.act)(world, now));
    }
}

async fn sleep(wait: Option<Duration>) {
    match wait {
        Some(wait) => tokio::time::sleep(wait).await,
        None => std::future::pending().await,
    }
}

/// A token nobody can guess.
fn secret() -> String {
    use std::hash::{BuildHasher, Hasher};
    let draw = || std::hash::RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}{:016x}", draw(), draw(), draw())
}

#[cfg(test)]
mod tests;
