//! Silences from the command line, against the simulated Alertmanager and real ones.
#![expect(clippy::disallowed_methods, reason = "the simulated Alertmanager runs in real time")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};

use quarterdeck::sandbox::{Sandbox, SandboxClock, Scenario, Service};
use serde_json::{Value, json};

use crate::support::alertmanager::{Cluster, Edition};
use crate::support::console::Console;
use crate::support::process::{Finished, Running, skip};
use crate::support::pty::Terminal;
use crate::support::shop::PATIENCE;

/// A console of a shop whose certificate expires soon, which an alert says.
async fn open() -> (Sandbox, Console) {
    let scenario = Scenario::empty("shop").with("shop", Service::new("gateway", 1));
    let sandbox = Sandbox::start(scenario, SandboxClock::starting(chrono::Utc::now(), 1)).await.expect("a sandbox");
    let console = Console::with("", "");
    let file = console.path("kubeconfig");
    std::fs::remove_file(&file).expect("the empty one");
    sandbox.write_kubeconfig(&file).expect("a kubeconfig");
    let named = |name: &str, text: &str| {
        std::fs::write(console.path(name), text).expect("a file");
        console.path(name).display().to_string()
    };
    let (token, authority) = (named("token", &sandbox.token()), named("authority.pem", sandbox.certificate()));
    let url = sandbox.alertmanager("shop");
    told(&console, &format!("{{ url = {url:?}, bearer_file = {token:?}, ca_file = {authority:?} }}"));
    (sandbox, console)
}

/// Tells a console of its Alertmanagers.
fn told(console: &Console, alertmanagers: &str) {
    let config = format!(
        "[environment.test]\ncontext = \"demo-production\"\nnamespaces = [\"shop\"]\nguard = \"staging\"\nwrite = true\n\
         alertmanager = [{alertmanagers}]\n"
    );
    std::fs::write(console.path("config.toml"), config).expect("a file");
}

fn state(console: &Console) -> Value {
    state_of(console, "CertificateExpiresSoon")
}

fn state_of(console: &Console, name: &str) -> Value {
    let status = console.run(&["status", "--output", "json"]);
    let document: Value = serde_json::from_str(&status.stdout).expect("JSON");
    let alerts = document["alerts"].as_array().expect("alerts").clone();
    alerts.iter().find(|alert| alert["name"] == name).expect("it fires")["state"].clone()
}

fn applied(console: &Console, document: &Value, arguments: &[&str]) -> Finished {
    let arguments = [&["apply", "-", "--output", "json"], arguments].concat();
    Running::start(console.command(&arguments), &document.to_string()).finish(PATIENCE)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silence_is_made_changed_and_ended() {
    let (_sandbox, console) = open().await;
    assert_eq!(state(&console), "firing");
    let (planned, document) = console.plan(&["silence", "CertificateExpiresSoon", "--for", "1h"]);
    assert_eq!(planned.code, Some(0), "{}", planned.stderr);
    assert_eq!(document["targets"][0]["reaches"].as_array().map(Vec::len), Some(1), "{document}");
    let word = document["confirmation"]["word"].as_str().expect("a word");

    let silent = applied(&console, &document, &["--confirm", word]);
    assert_eq!(silent.code, Some(3), "without a reason: {}", silent.stdout);
    assert_eq!(state(&console), "firing");
    let done = applied(&console, &document, &["--confirm", word, "--reason", "renewed tomorrow"]);
    assert_eq!(done.code, Some(0), "{}{}", done.stdout, done.stderr);
    assert_eq!(state(&console), "silenced");
    let ended: Value = serde_json::from_str(&done.stdout).expect("JSON");
    let id = ended["targets"][0]["made"].as_str().expect("an id").to_owned();

    let status = console.run(&["status", "--output", "json"]);
    let told: Value = serde_json::from_str(&status.stdout).expect("JSON");
    let [silence] = told["silences"].as_array().expect("silences").as_slice() else { panic!("one: {told}") };
    assert_eq!((&silence["id"], &silence["hides"]), (&json!(id), &json!(1)), "{silence}");
    assert!(silence["matchers"][0].as_str().is_some_and(|first| first == "alertname=\"CertificateExpiresSoon\""));
    let table = console.run(&["status"]).stdout;
    let line = table.lines().find(|line| line.starts_with(&id)).unwrap_or_else(|| panic!("{table}"));
    assert!(line.contains("active") && line.contains("renewed tomorrow"), "{line}");

    let (planned, document) = console.plan(&["change-silence", &id, "--for", "3h"]);
    assert_eq!(planned.code, Some(0), "{}", planned.stderr);
    let word = document["confirmation"]["word"].as_str().expect("a word");
    let longer = applied(&console, &document, &["--confirm", word]);
    assert_eq!(longer.code, Some(0), "{}{}", longer.stdout, longer.stderr);

    let (_, stale) = console.plan(&["expire-silence", &id]);
    let (_, document) = console.plan(&["expire-silence", &id]);
    let over = applied(&console, &document, &["--confirm", "EXPIRE"]);
    assert_eq!((over.code, state(&console)), (Some(0), "firing".into()), "{}{}", over.stdout, over.stderr);
    let twice = applied(&console, &stale, &["--confirm", "EXPIRE"]);
    assert_eq!(twice.code, Some(3), "{}", twice.stdout);

    let journal = console.journal();
    for words in ["renewed tomorrow", "asks for a reason", "is over on 1 of 1", "has changed since the plan"] {
        assert!(journal.contains(words), "{words}: {journal}");
    }
    console.journal_is_whole();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_would_hide_everything_or_is_not_granted_is_refused() {
    let (_sandbox, console) = open().await;
    for everything in [r#"alertname=~".+""#, "severity!=low"] {
        let told = console.run(&["plan", "silence", "--matcher", everything]);
        assert_eq!(told.code, Some(3), "{}", told.stdout);
        assert!(told.stderr.contains("hide everything"), "{}", told.stderr);
    }
    let told = console.run(&["plan", "silence", "CertificateExpiresSoon", "--read-only"]);
    assert_eq!(told.code, Some(3), "{}", told.stdout);
    assert!(
        told.stdout.contains("reaches  CertificateExpiresSoon"),
        "what it would hide is told all the same: {}",
        told.stdout
    );
    assert_eq!(console.run(&["plan", "silence", "NoSuchAlert"]).code, Some(2));
    assert_eq!(console.run(&["plan", "expire-silence", "4ef1"]).code, Some(2));
    assert_eq!(console.run(&["plan", "silence", "--matcher", "oops"]).code, Some(2));
    assert_eq!(console.run(&["plan", "rollback"]).code, Some(2));
    assert_eq!(state(&console), "firing");
}

/// Every member has it, or is named; on an old and on a current version.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_real_ones_every_member_is_looked_at() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    for edition in [Edition::Debian, Edition::Current] {
        let Some(binary) = edition.binary() else {
            skip("silences of a real Alertmanager", "Alertmanager is not there");
            continue;
        };
        let (_sandbox, console) = open().await;
        let mut cluster = Cluster::start(&binary);
        let [one, other] = cluster.ports.map(|port| format!("http://127.0.0.1:{port}"));
        told(&console, &format!("{{ url = {one:?} }}, {{ url = {other:?} }}"));
        let alert = json!([{"labels": {"alertname": "DiskFull", "severity": "warning", "instance": "db-1"}}]);
        for member in [&one, &other] {
            let post = reqwest::Client::new().post(format!("{member}/api/v2/alerts"));
            let sent = post.header("content-type", "application/json").body(alert.to_string()).send().await;
            assert!(sent.expect("an answer").status().is_success());
        }
        let (planned, document) = console.plan(&["silence", "DiskFull", "--for", "1h"]);
        assert_eq!(planned.code, Some(0), "{}", planned.stderr);
        let confirmed = ["--confirm", "SILENCE", "--reason", "grows tomorrow"];
        let done = applied(&console, &document, &confirmed);
        assert_eq!(done.code, Some(0), "{}{}", done.stdout, done.stderr);
        assert!(done.stdout.contains("on 2 of 2 Alertmanagers; 1 of 1 alerts"), "{}", done.stdout);
        assert_eq!(state_of(&console, "DiskFull"), "silenced");
        let ended: Value = serde_json::from_str(&done.stdout).expect("JSON");
        let id = ended["targets"][0]["made"].as_str().expect("an id");

        let (_, document) = console.plan(&["change-silence", id, "--for", "3h"]);
        let longer = applied(&console, &document, &["--confirm", "CHANGE"]);
        assert_eq!(longer.code, Some(0), "{}{}", longer.stdout, longer.stderr);
        let ended: Value = serde_json::from_str(&longer.stdout).expect("JSON");
        assert_eq!(ended["targets"][0]["made"], id, "the same silence, only longer");

        let (_, document) = console.plan(&["expire-silence", id]);
        cluster.kill(1);
        let over = applied(&console, &document, &["--confirm", "EXPIRE"]);
        assert_eq!(over.code, Some(0), "{}{}", over.stdout, over.stderr);
        assert!(over.stdout.contains("on 1 of 2 Alertmanagers; not known of 127.0.0.1"), "{}", over.stdout);
        assert_eq!(state_of(&console, "DiskFull"), "firing");
        console.journal_is_whole();
    }
}

/// Passes bytes on to a port, but of the answer to a new silence nobody ever hears; tells when such a request went through.
fn without_answers_to_silences(to: u16) -> (u16, Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("bound").port();
    let (tell, told) = sync_channel(16);
    std::thread::spawn(move || {
        for peer in listener.incoming() {
            let (Ok(mut here), Ok(mut there)) = (peer, TcpStream::connect(("127.0.0.1", to))) else { continue };
            let (mut back, mut answers) = (here.try_clone().expect("a handle"), there.try_clone().expect("a handle"));
            let is_silent = Arc::new(AtomicBool::new(false));
            let (hushed, tell) = (is_silent.clone(), tell.clone());
            std::thread::spawn(move || {
                let mut piece = [0; 4_096];
                while let Ok(length @ 1..) = here.read(&mut piece) {
                    if piece.starts_with(b"POST /api/v2/silences") {
                        hushed.store(true, Ordering::SeqCst);
                    }
                    if there.write_all(&piece[..length]).is_err() {
                        return;
                    }
                }
            });
            std::thread::spawn(move || {
                let mut piece = [0; 4_096];
                while let Ok(length @ 1..) = answers.read(&mut piece) {
                    if is_silent.load(Ordering::SeqCst) {
                        // It has answered, so it is done.
                        let _ = tell.try_send(());
                    } else if back.write_all(&piece[..length]).is_err() {
                        return;
                    }
                }
            });
        }
    });
    (port, told)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_killed_console_had_sent_is_found_by_the_next() {
    let Some(binary) = Edition::Current.binary() else {
        return skip("a console killed in the midst of a silence", "Alertmanager is not there");
    };
    let (_sandbox, console) = open().await;
    let cluster = Cluster::start(&binary);
    let (port, answered) = without_answers_to_silences(cluster.ports[0]);
    told(&console, &format!("{{ url = \"http://127.0.0.1:{port}\" }}"));
    let (planned, document) = console.plan(&["silence", "--matcher", "alertname=DiskFull"]);
    assert_eq!(planned.code, Some(0), "{}", planned.stderr);
    let arguments = ["apply", "-", "--confirm", "SILENCE", "--reason", "grows tomorrow"];
    let mut applying = Running::start(console.command(&arguments), &document.to_string());
    answered.recv_timeout(PATIENCE).expect("the silence is made");
    applying.kill();
    let _ = applying.finish(PATIENCE);

    let mut terminal = Terminal::start(&console.command(&[]), 120, 40);
    terminal.wait_for_text("on 1 of 1 Alertmanagers", PATIENCE);
    terminal.send("qqqq");
    terminal.wait_for_exit(PATIENCE);
    let journal = console.journal();
    assert!(journal.contains("on 1 of 1 Alertmanagers"), "{journal}");
    let again = Terminal::start(&console.command(&[]), 120, 40);
    again.wait_for_text("gateway", PATIENCE);
    assert!(!again.screen_text().contains("UNFINISHED"), "once is enough");
    console.journal_is_whole();
}
