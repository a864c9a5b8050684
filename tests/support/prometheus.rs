//! A real Prometheus on a loopback port of its own, with a history made beforehand.

use std::fmt::Write;
use std::fs;
use std::io::{Read, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::controlplane::free_ports;
use super::process::{Running, Watchdog, wait_until};

const UP: Duration = Duration::from_secs(120);

/// Why there is no Prometheus here.
pub(crate) fn why_not() -> Option<&'static str> {
    binaries().is_none().then_some("Prometheus is not installed")
}

/// Where `tests/run` unpacks it, else where Debian installs it.
fn binaries() -> Option<PathBuf> {
    let cached =
        std::env::var_os("QUARTERDECK_CACHE").map(|cache| PathBuf::from(cache).join("tools/prometheus/usr/bin"));
    let places = cached.into_iter().chain([PathBuf::from("/usr/bin")]);
    places.into_iter().find(|place| place.join("prometheus").exists() && place.join("promtool").exists())
}

/// A running Prometheus. Ends with the test.
pub(crate) struct Server {
    /// Its port.
    pub(crate) port: u16,
    child: Child,
    watchdog: Watchdog,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.watchdog.let_go(&self.child);
    }
}

impl Server {
    /// One with a history in OpenMetrics, rules, and targets of a job `nasty`; each may be empty.
    pub(crate) fn start(history: &str, rules: &str, targets: &[u16]) -> Self {
        Self::configured(history, rules, targets, &[])
    }

    /// One with rules that tells these Alertmanagers, with two external labels: the cluster, and which of a pair it is.
    pub(crate) fn alerting(rules: &str, managers: &[u16]) -> Self {
        Self::configured("", rules, &[], managers)
    }

    fn configured(history: &str, rules: &str, targets: &[u16], managers: &[u16]) -> Self {
        let binaries = binaries().expect("asked before whether it is there");
        let directory =
            tempfile::Builder::new().prefix("quarterdeck-prometheus-").tempdir().expect("a directory").keep();
        let watchdog = Watchdog::over(&directory);
        if !history.is_empty() {
            fs::write(directory.join("history"), history).expect("room");
            let mut command = Command::new(binaries.join("promtool"));
            // A month in a few blocks, not in hundreds.
            let blocks = ["tsdb", "create-blocks-from", "--max-block-duration=1000h", "openmetrics", "history", "data"];
            command.current_dir(&directory).args(blocks);
            Running::start(command, "").finish(UP).good("promtool");
        }
        fs::write(directory.join("rules.yml"), if rules.is_empty() { "groups: []\n" } else { rules }).expect("room");
        fs::write(directory.join("prometheus.yml"), settings(targets, managers)).expect("room");
        let [port] = free_ports();
        let child = launch(&binaries, &directory, port);
        watchdog.adopt(&child);
        let server = Self { port, child, watchdog };
        wait_until("Prometheus to be ready", UP, || server.is_ready().then_some(()));
        server
    }

    fn is_ready(&self) -> bool {
        let ask = || -> std::io::Result<String> {
            let mut peer = TcpStream::connect(("127.0.0.1", self.port))?;
            peer.set_read_timeout(Some(Duration::from_secs(5)))?;
            peer.write_all(b"GET /-/ready HTTP/1.0\r\n\r\n")?;
            let mut answer = String::new();
            peer.read_to_string(&mut answer)?;
            Ok(answer)
        };
        ask().is_ok_and(|answer| answer.starts_with("HTTP/1.0 200"))
    }
}

fn settings(targets: &[u16], managers: &[u16]) -> String {
    let labels = if managers.is_empty() { "" } else { ", external_labels: { cluster: eu, prometheus_replica: a }" };
    let mut text =
        format!("global: {{ scrape_interval: 1s, evaluation_interval: 1s{labels} }}\nrule_files: [rules.yml]\n");
    if !managers.is_empty() {
        let managers: Vec<String> = managers.iter().map(|port| format!("\"127.0.0.1:{port}\"")).collect();
        let line = "alerting: { alertmanagers: [{ static_configs: [{ targets: [";
        writeln!(text, "{line}{}] }}] }}] }}", managers.join(", ")).expect("text");
    }
    if !targets.is_empty() {
        let targets: Vec<String> = targets.iter().map(|port| format!("\"127.0.0.1:{port}\"")).collect();
        let line = "scrape_configs: [{ job_name: nasty, static_configs: [{ targets: [";
        writeln!(text, "{line}{}] }}] }}]", targets.join(", ")).expect("text");
    }
    text
}

fn launch(binaries: &Path, directory: &Path, port: u16) -> Child {
    let log = fs::File::create(directory.join("log")).expect("room");
    Command::new(binaries.join("prometheus"))
        .current_dir(directory)
        .args(["--config.file=prometheus.yml", "--storage.tsdb.path=data", "--storage.tsdb.retention.time=60d"])
        // It finds its Alertmanagers after 5 s, and what fired before would else be told a minute later.
        .arg("--rules.alert.resend-delay=1s")
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .expect("prometheus starts")
}

/// A counter that grows by so much a second from two hours before a time until a quarter of an hour after it.
pub(crate) fn counter(history: &mut String, series: &str, per_second: f64, around: DateTime<Utc>) {
    let begin = (around - TimeDelta::hours(2)).timestamp();
    for step in 0..=(2 * 240 + 60) {
        let seconds = step * 15;
        let value = 1_000.0 + per_second * f64::from(seconds);
        writeln!(history, "{series} {value} {}", begin + i64::from(seconds)).expect("text");
    }
}

/// A page of metrics of ours, until the test process ends; gives its port.
pub(crate) fn exposed(kind: &'static str, text: String) -> u16 {
    exposed_by(kind, move || text.clone())
}

/// The same of a page that is written anew whenever somebody asks.
pub(crate) fn exposed_by(kind: &'static str, write: impl Fn() -> String + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("bound").port();
    std::thread::spawn(move || {
        for peer in listener.incoming() {
            let Ok(mut peer) = peer else { continue };
            let mut request = Vec::new();
            let mut piece = [0; 4_096];
            while !request.windows(4).any(|end| end == b"\r\n\r\n") {
                match peer.read(&mut piece) {
                    Ok(0) | Err(_) => break,
                    Ok(length) => request.extend_from_slice(&piece[..length]),
                }
            }
            let text = write();
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                text.len()
            );
            let _ = peer.write_all(head.as_bytes()).and_then(|()| peer.write_all(text.as_bytes()));
        }
    });
    port
}
