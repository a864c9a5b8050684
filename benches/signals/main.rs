//! What 200 services with signals cost, refreshed every 15 s: `cargo bench --bench signals`.
//!
//! The shipped binary on a pseudo-terminal, once without and once with a Prometheus that is made up in a process of its own; the figures
//! are the difference. What they were: `benches/README.md`.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a bench that cannot go on says why and stops; its figures go to the terminal"
)]
#![expect(clippy::disallowed_methods, reason = "the made-up server tells what is of now")]

#[path = "../fleet/terminal.rs"]
mod terminal;

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use terminal::Terminal;

/// Services, unless the command line says otherwise.
const SERVICES: usize = 200;
/// How long the first hour may take to be read.
const LOADED: Duration = Duration::from_secs(10);
/// How long it is watched: four rounds.
const WINDOW: Duration = Duration::from_secs(60);

fn main() {
    if let Ok(services) = std::env::var("SERVICES") {
        serve(services.parse().expect("a number of services"));
        return;
    }
    let services = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(SERVICES);
    println!("{services} services, six signals each, 50 rules, a terminal of 200x60");
    let (bare, bare_memory) = watch(None);
    let mut server = Command::new(std::env::current_exe().expect("this program"));
    server.env("SERVICES", services.to_string()).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut server = Killed(server.spawn().expect("this program again"));
    let mut port = String::new();
    BufReader::new(server.0.stdout.take().expect("piped")).read_line(&mut port).expect("its port");
    let (used, memory) = watch(Some(port.trim()));
    println!("{:<44} {:.2}   (without: {bare:.2})", "processor, % of a core", used - bare);
    println!("{:<44} {:.1}   (without: {bare_memory:.1})", "memory, MB", memory - bare_memory);
}

struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The share of a core and the memory the console takes on its signals pane.
fn watch(port: Option<&str>) -> (f64, f64) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("config.toml");
    let prometheus =
        port.map(|port| format!("prometheus = {{ url = \"http://127.0.0.1:{port}\" }}\n")).unwrap_or_default();
    std::fs::write(&file, format!("[environment.production]\ncontext = \"nowhere\"\n{prometheus}"))
        .expect("a file of ours");
    let mut command = Command::new(env!("CARGO_BIN_EXE_quarterdeck"));
    command.env_clear().arg("--config").arg(&file).env("KUBECONFIG", folder.path().join("none"));
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", folder.path());
    command.env("TERM", "xterm-256color").env("LANG", "C.UTF-8").env("XDG_STATE_HOME", folder.path());
    let mut console = Terminal::start(&command);
    console.settle(Duration::from_secs(1));
    console.press("3");
    if port.is_some() {
        let shown = console.until(LOADED, |text| text.contains("service-")).expect("the services are on the screen");
        println!(
            "{:<44} {:.0}",
            "first signals, ms from the start",
            shown.duration_since(console.started).as_secs_f64() * 1e3
        );
    }
    console.settle(LOADED);
    assert!(port.is_none() || console.text().contains("service-"), "they stay:\n{}", console.text());
    let before = console.processor();
    console.settle(WINDOW);
    ((console.processor() - before) / WINDOW.as_secs_f64() * 100.0, console.memory().0)
}

/// A made-up Prometheus: every query has a value for every service, every range an hour of them.
fn serve(services: usize) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    println!("{}", listener.local_addr().expect("bound").port());
    for peer in listener.incoming() {
        let Ok(mut peer) = peer else { continue };
        // One that goes away in the middle is none of ours.
        let _ = answer(&mut peer, services);
    }
}

fn answer(peer: &mut TcpStream, services: usize) -> std::io::Result<()> {
    let mut request = Vec::new();
    let mut piece = [0; 8_192];
    loop {
        let text = String::from_utf8_lossy(&request);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                break;
            }
        }
        let count = peer.read(&mut piece)?;
        if count == 0 {
            return Ok(());
        }
        request.extend_from_slice(&piece[..count]);
    }
    let text = String::from_utf8_lossy(&request);
    let data = match text.split([' ', '?']).nth(1).unwrap_or_default() {
        "/api/v1/labels" => "[\"__name__\",\"code\",\"service\"]".to_owned(),
        "/api/v1/query_range" => vector(services, 60),
        "/api/v1/rules" => rules(services),
        _ => vector(services, 0),
    };
    let body = format!("{{\"status\":\"success\",\"data\":{data}}}");
    write!(
        peer,
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// A value for every service; with so many minutes behind it a range.
fn vector(services: usize, minutes: u64) -> String {
    let now = seconds();
    let mut text = format!("{{\"resultType\":\"{}\",\"result\":[", if minutes == 0 { "vector" } else { "matrix" });
    for service in 0..services {
        let comma = if service == 0 { "" } else { "," };
        let _ = write!(text, "{comma}{{\"metric\":{{\"service\":\"service-{service}\"}},");
        // It moves each time, so that nothing is spared.
        let value = |at: u64| format!("0.0{}", (at / 15 + service as u64 * 7) % 900 + 100);
        if minutes == 0 {
            let _ = write!(text, "\"value\":[{now},\"{}\"]}}", value(now));
            continue;
        }
        text.push_str("\"values\":[");
        let first = now / 60 * 60 - minutes * 60;
        for minute in 0..=minutes {
            let at = first + minute * 60;
            let comma = if minute == 0 { "" } else { "," };
            let _ = write!(text, "{comma}[{at},\"{}\"]", value(at));
        }
        text.push_str("]}");
    }
    text.push_str("]}");
    text
}

/// Fifty rules, each with an alert for each tenth service.
fn rules(services: usize) -> String {
    let mut text = "{\"groups\":[{\"name\":\"shop\",\"rules\":[".to_owned();
    for rule in 0..50 {
        let comma = if rule == 0 { "" } else { "," };
        let _ = write!(
            text,
            "{comma}{{\"name\":\"Rule{rule}\",\"query\":\"sum by (service) (rate(errors{{x=\\\"{rule}\\\"}}[5m])) > 5\",\"duration\":300,\"type\":\"alerting\",\"health\":\"ok\",\"alerts\":["
        );
        for service in (rule % 10..services).step_by(services.max(10) / 10) {
            let comma = if service == rule % 10 { "" } else { "," };
            let _ = write!(
                text,
                "{comma}{{\"labels\":{{\"alertname\":\"Rule{rule}\",\"service\":\"service-{service}\",\"severity\":\"warning\"}},\"annotations\":{{\"summary\":\"too much\"}},\"state\":\"pending\",\"activeAt\":\"2026-11-25T03:00:00Z\",\"value\":\"7.2e+00\"}}"
            );
        }
        text.push_str("]}");
    }
    text.push_str("]}]}");
    text
}
