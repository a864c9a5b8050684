//! `quarterdeck demo`: the console against a simulated cluster in this process.

mod story;

use std::io::{self, IsTerminal, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use color_eyre::eyre::{Result, WrapErr};
use tokio::signal::unix::{SignalKind, signal};

use self::story::Story;
use super::Global;
use super::output::{note, say};
use super::run::{Staging, open};
use super::session::{Session, system_clock};
use crate::config::Paths;
use crate::domain::time;
use crate::sandbox::{Patroni, Sandbox, SandboxClock, Scenario, backups};

/// What the demo may do: everything, with the confirmations of a real production.
const CONFIGURATION: &str = r#"
[environment.production]
context = "demo-production"
namespaces = ["shop-production"]
guard = "production"
write = true
alertmanager = [ALERTS_PRODUCTION]
prometheus = SIGNALS_PRODUCTION

[environment.staging]
context = "demo-staging"
namespaces = ["shop-staging"]
guard = "staging"
write = true
alertmanager = [ALERTS_STAGING]
prometheus = SIGNALS_STAGING

[service.checkout]
workloads = ["deployment/checkout-api", "deployment/checkout-web"]
tier = 1
depends_on = ["payments", "cart"]
on_call = "shop"
health = { api = HEALTH_checkout-api, web = HEALTH_checkout-web }

[service.payments]
tier = 1
on_call = "shop"
slo = { availability = "99.9 %", latency_p95 = "500 ms" }
health = { api = HEALTH_payments }

[service.search]
slo = { availability = "99.5 %" }
health = { api = HEALTH_search }

[database.orders]
environment = "production"
patroni = [PATRONI]

[backup.orders]
pgbackrest = { info_file = "FOLDER/backups.json", stanza = "orders", wal_file = "FOLDER/wal" }
schedule = "0 2 * * *"
tier = 2
rpo = "26 h"
"#;

/// The keys that matter first.
const WELCOME: &str = "DEMO, nothing is real. A release is going wrong: !b rolls it back, ? helps.";

#[derive(Debug, Args)]
pub(super) struct Demo {
    /// Also write a kubeconfig for kubectl there, readable by you alone, removed at the end. Without a terminal the cluster alone runs until it is told to end.
    #[arg(long, value_name = "FILE")]
    kubeconfig_out: Option<PathBuf>,
    /// The primary of the database `orders` loses its power so many seconds after the start. Its replicas are megabytes behind by then, so that nobody is promoted by itself: !o on the pane of databases fails it over, and says beforehand what is lost.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(i64).range(1..=3_600))]
    lose_primary: Option<i64>,
}

/// Files of the demo, removed when this is dropped: when nothing is under way any more that could write there.
pub(super) struct Litter {
    folder: PathBuf,
    files: Vec<PathBuf>,
}

impl Litter {
    fn new() -> io::Result<Self> {
        use std::hash::{BuildHasher, Hasher};
        let unique = std::hash::RandomState::new().build_hasher().finish();
        let folder = std::env::temp_dir().join(format!("quarterdeck-demo-{}-{unique:016x}", std::process::id()));
        std::fs::DirBuilder::new().mode(0o700).create(&folder)?;
        Ok(Self { folder, files: Vec::new() })
    }
}

impl Drop for Litter {
    fn drop(&mut self) {
        // Best effort: the process ends and there is nobody to tell.
        for file in &self.files {
            let _ = std::fs::remove_file(file);
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Demo {
    /// Runs it; its files are put into `litter`.
    pub(super) async fn run(&self, global: &Global, litter: &mut Option<Litter>) -> Result<ExitCode> {
        let litter = litter.insert(Litter::new().wrap_err("the demo needs a temporary folder")?);
        let sandbox = Sandbox::start(Scenario::shop(), SandboxClock::starting(system_clock()(), 1))
            .await
            .wrap_err("the simulated cluster cannot start")?;
        let kubeconfig = litter.folder.join("kubeconfig");
        sandbox.write_kubeconfig(&kubeconfig)?;
        if let Some(out) = &self.kubeconfig_out {
            if let Err(error) = sandbox.write_kubeconfig(out) {
                note(&format!(
                    "{} cannot be written: {error}. An existing file is never overwritten: name another.",
                    out.display()
                ));
                return Ok(ExitCode::from(2));
            }
            litter.files.push(out.clone());
            if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
                return serve(out).await;
            }
        }
        let orders = Patroni::start("orders", SandboxClock::starting(system_clock()(), 1)).await;
        let orders = orders.wrap_err("the simulated database cannot start")?;
        orders.with(|world| world.begin_traffic(self.lose_primary.map(time::seconds)));
        let configuration = litter.folder.join("config.toml");
        let now = system_clock()();
        std::fs::write(litter.folder.join("backups.json"), backups::info(now))?;
        std::fs::write(litter.folder.join("wal"), backups::archived(now))?;
        let folder = litter.folder.display().to_string();
        let members: Vec<String> = orders.urls().iter().map(|url| format!("{url:?}")).collect();
        let written = with_alerts(&sandbox, &litter.folder)?.replace("FOLDER", &folder);
        let written = written.replace("PATRONI", &members.join(", "));
        std::fs::write(&configuration, written)?;
        let global = Global {
            kubeconfig: Some(kubeconfig),
            config: Some(configuration),
            context: None,
            environment: None,
            read_only: global.read_only,
            catalog: global.catalog,
        };
        // The demo's journal and memory are litter too; the operator's own keymaps and themes are not looked at.
        let paths = Paths::within(&litter.folder.join("config"), &litter.folder.join("state"));
        let session = Session::prepare_in(&global, paths);
        // A demo that cannot write its story down is a demo still.
        let story = Story::of(&session);
        let _ = story.before().await;
        let telling = async {
            let _ = story.open_incident().await;
            std::future::pending().await
        };
        tokio::select! {
            ended = Box::pin(open(session, Staging { is_demo: true, banner: Some(WELCOME.to_owned()) })) => ended,
            never = telling => never,
        }
    }
}

/// The configuration with the simulated Alertmanagers and Prometheus servers, one of each for each environment, and the files it takes to talk to them.
fn with_alerts(sandbox: &Sandbox, folder: &Path) -> io::Result<String> {
    let (token, authority) = (folder.join("token"), folder.join("authority.pem"));
    std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&token)?
        .write_all(sandbox.token().as_bytes())?;
    std::fs::write(&authority, sandbox.certificate())?;
    let (token, authority) = (token.display().to_string(), authority.display().to_string());
    let server = |url: &str| format!("{{ url = {url:?}, bearer_file = {token:?}, ca_file = {authority:?} }}");
    let mut text = CONFIGURATION.to_owned();
    for (place, namespace) in [("PRODUCTION", "shop-production"), ("STAGING", "shop-staging")] {
        text = text
            .replace(&format!("ALERTS_{place}"), &server(&sandbox.alertmanager(namespace)))
            .replace(&format!("SIGNALS_{place}"), &server(&sandbox.prometheus(namespace)));
    }
    for service in ["checkout-api", "checkout-web", "payments", "search"] {
        let address = format!("{}/shop-{{environment}}/{service}", sandbox.health());
        let probe = format!("{{ at = {address:?}, ca_file = {authority:?} }}");
        text = text.replace(&format!("HEALTH_{service}"), &probe);
    }
    Ok(text)
}

/// Only the cluster, for kubectl and scripts.
async fn serve(kubeconfig: &Path) -> Result<ExitCode> {
    say(&format!(
        "A simulated cluster is running. Use it with: kubectl --kubeconfig {} get deploy,rs,pods. Interrupt ends it.",
        kubeconfig.display()
    ))?;
    let (mut interrupt, mut terminate, mut hangup) =
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?, signal(SignalKind::hangup())?);
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = hangup.recv() => {}
    }
    Ok(ExitCode::SUCCESS)
}
