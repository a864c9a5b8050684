//! The logs pane in every state and at every size, what its keys do, and a line that breaks.

use std::sync::Arc;

use chrono::TimeDelta;
use insta::assert_snapshot;
use quarterdeck::app::{Effect, Message};
use quarterdeck::domain::log::LogNews;
use quarterdeck::domain::log::{Line, LogAsk, Mask, Origin, Since, Standing};
use quarterdeck::domain::rollout::WorkloadRef;
use quarterdeck::domain::source::SourceState;
use quarterdeck::sandbox::{Fault, Sandbox, SandboxClock, Scenario, Service};
use quarterdeck::sources::cluster::{Connection, Contexts, follow_logs};
use tokio::sync::mpsc;

use crate::headless::Headless;
use crate::stage::{SIZES, Stage, now, shop, text};

fn origin(pod: &str) -> Arc<Origin> {
    Arc::new(Origin { pod: pod.into(), container: "app".into() })
}

/// Lines as containers write them, one a second, the newest now.
fn lines(pod: &str, raw: &[&str]) -> LogNews {
    let mask = Mask::default();
    let count = i64::try_from(raw.len()).unwrap_or(0);
    let read = |(place, raw): (usize, &&str)| {
        let at = now() - TimeDelta::seconds(count - i64::try_from(place).unwrap_or(0));
        Line::read(Some(at), origin(pod), &mask.apply(raw))
    };
    LogNews::Lines(raw.iter().enumerate().map(read).collect())
}

/// The log of payments is open.
fn opened() -> Stage {
    let mut stage = Stage::new();
    stage.see(shop(), SourceState::Fresh);
    stage.press("l");
    assert!(stage.front().starts_with("log "));
    stage
}

fn tell(stage: &mut Stage, news: LogNews) {
    let number = stage.model.logs.number;
    stage.tell(Message::Log(number, news));
}

const SEEN: [&str; 8] = [
    r#"{"level":30,"time":1764000000000,"pid":1,"name":"payments","msg":"listening on :8080"}"#,
    r#"{"level":"info","timestamp":"2026-11-24T03:00:00Z","service":"payments","version":"3.8.0","requestId":"r-17","userId":42,"duration":12,"message":"request completed"}"#,
    r#"{"level":30,"name":"payments","req":{"id":"r-18","headers":{"authorization":"Bearer abc.def-123456"}},"msg":"login of mori@example.org"}"#,
    "2026-11-24 03:06:55 WARN pool is nearly empty password=hunter2",
    "決済サービスが応答しません。もう一度お試しください。",
    "\u{1b}[31mred\u{1b}[0m \u{202e}desrever\u{7}",
    r#"{"level":50,"name":"payments","err":{"type":"TypeError","message":"x is undefined","code":"E42","stack":"TypeError: x is undefined\n    at charge (/app/charge.js:42:11)\n    at main (/app/index.js:7:3)"},"msg":"charge failed"}"#,
    r#"{"level":60,"name":"payments","msg":"cannot start: PAYMENT_PROVIDER_URL is missing"}"#,
];

#[test]
fn every_state_of_the_log() {
    let mut stage = opened();
    assert_snapshot!("logs_loading", stage.bodies());
    tell(&mut stage, LogNews::Stands(origin("payments-6b7f-x2x4z"), Standing::Following));
    assert_snapshot!("logs_silent", stage.bodies());
    tell(&mut stage, lines("payments-6b7f-x2x4z", &SEEN));
    assert_snapshot!("logs", stage.bodies());
    let bodies = stage.bodies();
    for secret in ["hunter2", "abc.def-123456", "mori@example.org"] {
        assert!(!bodies.contains(secret), "{secret} is on the screen");
    }
    stage.press("k enter");
    assert_snapshot!("logs_opened", stage.bodies());
    stage.press("enter w");
    assert_snapshot!("logs_wrapped", stage.bodies());
    stage.press("w");
    let waiting = Standing::Waiting("container \"app\" is waiting to start: ImagePullBackOff".into());
    tell(&mut stage, LogNews::Stands(origin("payments-6b7f-kk9pq"), waiting));
    tell(&mut stage, LogNews::Trouble(Some("https://10.0.0.1:6443 cannot be reached: connection refused.".into())));
    assert_snapshot!("logs_trouble", stage.bodies());
}

#[test]
fn a_huge_log_is_drawn_as_quickly_as_it_is_left() {
    let mut stage = opened();
    let raw: Vec<String> = (0..20_000).map(|number| format!("line {number} {}", "x".repeat(400))).collect();
    let raw: Vec<&str> = raw.iter().map(String::as_str).collect();
    tell(&mut stage, lines("payments-6b7f-x2x4z", &raw));
    assert!(stage.model.logs.ring.bytes() <= 8 * 1024 * 1024, "{}", stage.model.logs.ring.bytes());
    assert!(stage.model.logs.ring.dropped() > 0);
    for (columns, rows) in SIZES {
        let screen = text(&stage.screen(columns, rows));
        assert!(screen.contains("line 19999") && screen.contains("older ones dropped"), "{screen}");
    }
    stage.press("g");
    assert!(!text(&stage.screen(80, 24)).contains("line 19999"));
    stage.press("esc");
    assert_eq!(stage.model.logs.ring.bytes(), 0, "what was left is let go");
}

#[test]
fn keys_ask_for_what_they_say() {
    let mut stage = Stage::new();
    stage.see(shop(), SourceState::Fresh);
    let ask = |effects: &[Effect]| -> LogAsk {
        let found = effects.iter().find_map(|effect| match effect {
            Effect::ReadLogs(_, ask) => Some((**ask).clone()),
            _ => None,
        });
        found.expect("a log is asked for")
    };
    let first = ask(&stage.asks("l"));
    assert_eq!((&*first.workload.name, first.is_followed, first.since), ("payments", true, Since::Tail(200)));
    assert!(ask(&stage.asks("p")).is_previous);
    assert_eq!(ask(&stage.asks("2")).since, Since::Time(now() - TimeDelta::minutes(5)), "digits are times here");
    assert_eq!(ask(&stage.asks("6")).since, Since::Time(now() - TimeDelta::seconds(1_260)), "since the release");
    tell(&mut stage, lines("payments-6b7f-x2x4z", &SEEN));
    let old = stage.model.logs.number - 1;
    stage.tell(Message::Log(old, lines("payments-6b7f-x2x4z", &["of an older reading"])));
    assert_eq!(stage.model.logs.visible.len(), SEEN.len(), "an older reading is not heard any more");
    stage.press("v v v v v");
    let levels: Vec<&str> = stage.model.logs.visible.iter().map(|line| line.level.word()).collect();
    assert_eq!(levels, ["", "", "fatal"], "what says no level is never hidden");
    stage.press("v / c h a r g e enter");
    assert!(text(&stage.screen(120, 40)).contains("/charge"));
    let copied = stage.asks("c");
    let Some(Effect::Copy(copied)) = copied.first() else { panic!("nothing was copied: {copied:?}") };
    assert!(copied.contains("charge failed") && copied.contains("code=E42"), "{copied}");
    assert!(stage.asks("S").iter().any(
        |effect| matches!(effect, Effect::SaveLines(name, lines) if name == "payments" && lines.len() == SEEN.len())
    ));
    assert!(stage.asks("esc").contains(&Effect::EndLogs), "leaving ends the reading");
    assert!(stage.front().starts_with("rollout "));
}

#[expect(clippy::disallowed_methods, reason = "the sandbox runs in real time here")]
fn clock() -> quarterdeck::domain::time::Instant {
    chrono::Utc::now()
}

/// Whatever breaks while a log is followed: nothing is read twice, nothing is missing, nobody has to press a key.
async fn followed_through(fault: Fault) {
    let service = Service::new("checkout-api", 2).ready_after(1);
    let scenario = Scenario::empty("shop").with("shop", service);
    // Ten times as fast: a line of each pod every fifth of a second.
    let sandbox = Sandbox::start(scenario, SandboxClock::starting(clock(), 10)).await.expect("a sandbox");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("kubeconfig");
    sandbox.write_kubeconfig(&file).expect("a kubeconfig");
    let mut console = Headless::open(&file, "demo-production", "shop", folder.path());
    console.until("the workload", |screen| screen.contains("2/2")).await;
    console.press("l");
    console.until("lines", |screen| screen.contains("request completed")).await;
    sandbox.faults().set("/", fault);
    console
        .until(&format!("the cause of {fault:?}"), |screen| screen.contains("stale") || screen.contains("down"))
        .await;
    assert!(console.screen().contains("request completed"), "the lines stay");
    sandbox.faults().heal();
    let seen = console.model.logs.ring.taken();
    console.until("the workload again", |screen| screen.contains("all fresh")).await;
    // The fault may have come before the first line of one of the two.
    let has_lines_of_all = |console: &Headless| {
        let lines = console.model.logs.ring.lines();
        console.model.logs.standings.keys().all(|origin| lines.iter().any(|line| line.origin.pod == origin.pod))
    };
    while console.model.logs.ring.taken() < seen + 20 || !has_lines_of_all(&console) {
        console.until("further lines", |screen| screen.contains("request")).await;
        console.live().await;
    }
    let held: Vec<(Option<quarterdeck::domain::time::Instant>, String)> = console
        .model
        .logs
        .ring
        .lines()
        .iter()
        .map(|line| (line.at, format!("{} {}", line.origin.pod, line.text())))
        .collect();
    assert!(!held.iter().any(|(_, line)| line.contains("missing here")), "{held:?}");
    assert!(!held.iter().any(|(_, line)| line.contains("demo-") && line.contains("Bearer demo")), "secrets are masked");

    // The same log, read at once over a whole line.
    let endpoint =
        Contexts::read(Some(&file)).and_then(|contexts| contexts.endpoint("demo-production")).expect("a context");
    let connection = Connection::open(endpoint, Arc::new(clock)).await.expect("a connection");
    let workload = WorkloadRef {
        environment: "test".into(),
        namespace: "shop".into(),
        kind: quarterdeck::domain::rollout::Kind::Deployment,
        name: "checkout-api".into(),
    };
    let ask = LogAsk {
        workload,
        pod: None,
        container: None,
        is_previous: false,
        since: Since::Tail(5_000),
        is_followed: false,
    };
    let (news, mut told) = mpsc::channel(16);
    let whole = async {
        let mut all = Vec::new();
        while let Some(news) = told.recv().await {
            if let LogNews::Lines(lines) = news {
                all.extend(lines.into_iter().map(|line| (line.at, format!("{} {}", line.origin.pod, line.text()))));
            }
        }
        all
    };
    let ((), mut whole) = tokio::join!(follow_logs(connection, ask, Arc::new(Mask::default()), news), whole);
    whole.sort();
    for pod in console.model.logs.standings.keys().map(|origin| &origin.pod) {
        let of_pod = |(_, line): &&(Option<_>, String)| line.starts_with(&**pod);
        let mut held: Vec<_> = held.iter().filter(of_pod).collect();
        held.sort();
        let (first, last) = (held[0].0, held[held.len() - 1].0);
        let whole: Vec<_> = whole.iter().filter(of_pod).filter(|(at, _)| *at >= first && *at <= last).collect();
        let twice: Vec<_> = held.windows(2).filter(|two| two[0] == two[1]).collect();
        let missing: Vec<_> = whole.iter().filter(|line| !held.contains(line)).collect();
        assert!(twice.is_empty() && missing.is_empty(), "{fault:?}: twice {twice:?}, missing {missing:?}");
        assert_eq!(held.len(), whole.len());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_is_followed_through_a_server_that_goes_down() {
    followed_through(Fault::Down).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_is_followed_through_a_server_in_trouble() {
    followed_through(Fault::Status(503)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_is_followed_through_bodies_that_break() {
    followed_through(Fault::Reset).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_is_followed_through_expired_credentials() {
    followed_through(Fault::Status(401)).await;
}

#[test]
fn the_log_of_what_is_stuck_begins_at_its_stuck_pod() {
    let mut stage = Stage::new();
    let mut rows = shop();
    for row in rows.iter_mut().filter(|row| &*row.workload.name == "payments") {
        row.stuck_pod = Some("payments-6b7f-x2x4z".into());
    }
    stage.see(rows, SourceState::Fresh);
    let pod = |stage: &Stage| stage.model.logs.ask.as_ref().and_then(|ask| ask.pod.as_deref().map(str::to_owned));
    stage.press("l");
    assert_eq!(pod(&stage).as_deref(), Some("payments-6b7f-x2x4z"));
    assert!(text(&stage.screen(80, 24)).contains("payments-6b7f-x2x4z"), "the title says whose");
    stage.press("P");
    assert_eq!(pod(&stage), None, "one key shows every pod");
    stage.press("P");
    assert_eq!(pod(&stage).as_deref(), Some("payments-6b7f-x2x4z"), "and back");
    stage.press("esc esc j l P");
    assert_eq!(pod(&stage), None, "what is not stuck has no such pod");
}
