//! The console with 10 and with 10,000 alerts, alone and beside the rules of a Prometheus that have as many: how much more memory, and
//! what a poll costs. `cargo bench --bench alerts`.
//!
//! What each figure means and what it was: `benches/README.md`.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a bench that cannot go on says why and stops; its figures go to the terminal"
)]

#[path = "../fleet/terminal.rs"]
#[expect(dead_code, reason = "the other bench uses the rest of it")]
mod terminal;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use terminal::Terminal;

/// How long the console may take to its first list.
const FIRST: Duration = Duration::from_secs(60);
/// How long it is watched: several polls.
const WINDOW: Duration = Duration::from_secs(63);

/// How many polls it takes until Prometheus has sent every alert again: it does so each minute.
const SENT_AGAIN_WITHIN: usize = 4;

/// An Alertmanager, and the rules of a Prometheus, with so many alerts, in threads of this process.
struct Manager {
    port: u16,
    polls: Arc<AtomicUsize>,
}

impl Manager {
    fn start(alerts: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("a port").port();
        let polls = Arc::new(AtomicUsize::new(0));
        let lists: Vec<String> = (0..SENT_AGAIN_WITHIN).map(|poll| list(alerts, poll)).collect();
        let (counted, told) = (polls.clone(), Arc::new((lists, rules(alerts))));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (counted, told) = (counted.clone(), told.clone());
                std::thread::spawn(move || serve(stream, &told.0, &told.1, &counted));
            }
        });
        Self { port, polls }
    }
}

/// The labels of an alert: a few hundred names.
fn labels(number: usize) -> String {
    let severity = ["critical", "high", "warning", "info"][number % 4];
    format!(
        r#"{{"alertname":"PodCrashes{}","severity":"{severity}","namespace":"shop","service":"service-{}","pod":"shop-{number}-7d9f8b6c5-x2x4z","instance":"10.0.{}.{}:8080"}}"#,
        number % 300,
        number % 200,
        number / 250 % 250,
        number % 250
    )
}

/// Its annotations.
fn annotations(number: usize) -> String {
    format!(
        r#"{{"summary":"Pod shop-{number} restarts again and again","description":"It restarted {number} times within the hour, which is more than it may.","runbook_url":"https://runbooks.example/crash"}}"#
    )
}

/// Rules that have the same alerts: 300 of them.
fn rules(alerts: usize) -> String {
    let alert = |number: usize| {
        format!(
            r#"{{"labels":{},"annotations":{},"state":"firing","activeAt":"2026-01-01T00:00:00Z","value":"{number}e+00"}}"#,
            labels(number),
            annotations(number)
        )
    };
    let rule = |name: usize| {
        let own: Vec<String> = (0..alerts).filter(|number| number % 300 == name).map(alert).collect();
        format!(
            r#"{{"name":"PodCrashes{name}","query":"sum by (pod) (increase(restarts_total[1h])) > 5","duration":300,"type":"alerting","health":"ok","alerts":[{}]}}"#,
            own.join(",")
        )
    };
    let rules: Vec<String> = (0..300).map(rule).collect();
    format!(r#"{{"status":"success","data":{{"groups":[{{"name":"pods","rules":[{}]}}]}}}}"#, rules.join(","))
}

/// Alerts as a large shop has them: labels, annotations, a few hundred names, one in fifty silenced. With each poll a part of them was
/// heard of again.
fn list(alerts: usize, poll: usize) -> String {
    let one = |number: usize| {
        let minute = usize::from(number % SENT_AGAIN_WITHIN == poll);
        let silenced = if number.is_multiple_of(50) { "\"s1\"" } else { "" };
        let state = if silenced.is_empty() { "active" } else { "suppressed" };
        format!(
            r#"{{"annotations":{},
            "endsAt":"2030-01-01T00:0{minute}:00.000Z","fingerprint":"{number:016x}","receivers":[{{"name":"pager"}}],"startsAt":"2026-01-01T00:00:00.000Z",
            "status":{{"inhibitedBy":[],"silencedBy":[{silenced}],"state":"{state}"}},"updatedAt":"2026-01-01T00:0{minute}:00.000Z","generatorURL":"https://prometheus.example/graph?g0.expr=up",
            "labels":{}}}"#,
            annotations(number),
            labels(number)
        )
    };
    format!("[{}]", (0..alerts).map(one).collect::<Vec<_>>().join(","))
}

fn serve(stream: TcpStream, lists: &[String], rules: &str, polls: &AtomicUsize) {
    let mut to = stream.try_clone().expect("a handle");
    let mut from = BufReader::new(stream);
    loop {
        let mut request = String::new();
        if from.read_line(&mut request).unwrap_or(0) == 0 {
            return;
        }
        let (mut header, mut length) = (String::new(), 0);
        while from.read_line(&mut header).unwrap_or(0) > 2 {
            let value = header.to_lowercase().strip_prefix("content-length:").map(|value| value.trim().parse());
            length = value.and_then(Result::ok).unwrap_or(length);
            header.clear();
        }
        // The form of a query; there are no series.
        if from.read_exact(&mut vec![0; length]).is_err() {
            return;
        }
        let body = if request.contains("/alerts") {
            &lists[polls.fetch_add(1, Ordering::Relaxed) % lists.len()]
        } else if request.contains("/rules") {
            rules
        } else if request.contains("/api/v1/labels") {
            r#"{"status":"success","data":[]}"#
        } else if request.contains("/api/v1/query") {
            r#"{"status":"success","data":{"resultType":"vector","result":[]}}"#
        } else if request.contains("/silences") {
            r#"[{"id":"s1","matchers":[],"startsAt":"2026-01-01T00:00:00.000Z","endsAt":"2030-01-01T00:00:00.000Z","updatedAt":"2026-01-01T00:00:00.000Z","createdBy":"sato","comment":"known","status":{"state":"active"}}]"#
        } else {
            r#"{"cluster":{"name":"c","peers":[],"status":"ready"},"config":{"original":""},"uptime":"2026-01-01T00:00:00.000Z","versionInfo":{"branch":"","buildDate":"","buildUser":"","goVersion":"","revision":"","version":"0.28.0"}}"#
        };
        let head =
            format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
        if to.write_all(head.as_bytes()).and_then(|()| to.write_all(body.as_bytes())).is_err() {
            return;
        }
    }
}

fn main() {
    let mut settled = Vec::new();
    for (alerts, has_rules) in [(10, false), (10_000, false), (10_000, true)] {
        let manager = Manager::start(alerts);
        let folder = tempfile::tempdir().expect("a folder");
        let file = |name: &str, text: String| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).expect("a file of ours");
            path
        };
        let url = format!("http://127.0.0.1:{}", manager.port);
        let kubeconfig = file("kubeconfig", "apiVersion: v1\nkind: Config\n".to_owned());
        let config = file(
            "config.toml",
            format!(
                "[environment.shop]\ncontext = \"none\"\nnamespaces = [\"shop\"]\nlocal_rules = false\nalertmanager = [{{ url = \"{url}\" }}]\n{}",
                if has_rules { format!("prometheus = {{ url = \"{url}\" }}\n") } else { String::new() }
            ),
        );
        // Another build of the console may be measured: an optimised one, where this is none.
        let program = std::env::var("QUARTERDECK").unwrap_or_else(|_| env!("CARGO_BIN_EXE_quarterdeck").to_owned());
        let mut command = Command::new(program);
        command.env_clear().arg("--kubeconfig").arg(&kubeconfig).arg("--config").arg(&config);
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", folder.path());
        command.env("TERM", "xterm-256color").env("LANG", "C.UTF-8").env("XDG_STATE_HOME", folder.path());
        let mut console = Terminal::start(&command);
        console.settle(Duration::from_secs(2));
        console.press("1");
        console.until(FIRST, |text| text.contains("PodCrashes")).expect("the alerts");
        console.settle(Duration::from_secs(5));
        let (processor, polls) = (console.processor(), manager.polls.load(Ordering::Relaxed));
        console.settle(WINDOW);
        let polled = manager.polls.load(Ordering::Relaxed) - polls;
        let each = (console.processor() - processor) / f64::from(u32::try_from(polled.max(1)).unwrap_or(1)) * 1e3;
        let (memory, peak) = console.memory();
        println!(
            "{alerts:>6} alerts{}: {memory:.1} MB, at its peak {peak:.1}; {each:.0} ms of processor a poll, over {polled} polls",
            if has_rules { " and as many of rules" } else { "" }
        );
        settled.push(memory);
        let pressed = console.press("j");
        let shown = console.until(Duration::from_secs(5), |_| true);
        let milliseconds = shown.map(|at| at.duration_since(pressed).as_secs_f64() * 1e3);
        println!("{:>6} key to frame {:.1} ms", "", milliseconds.unwrap_or(f64::NAN));
    }
    if let [few, many, ruled] = settled.as_slice() {
        println!("10,000 alerts cost {:.1} MB more, with as many of rules {:.1} MB", many - few, ruled - few);
    }
}
