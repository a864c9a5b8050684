//! Logs of real pods over the real API server; KWOK's kubelet reads them from a file that grows.

use chrono::SecondsFormat;
use serde_json::Value;

use crate::support::console::{Console, Grant};
use crate::support::process::wait_until;
use crate::support::shop::{Behaviour, PATIENCE, Shop};

#[expect(clippy::disallowed_methods, reason = "the real servers live in real time")]
fn stamp() -> String {
    chrono::Utc::now().to_rfc3339_opts(SecondsFormat::Nanos, true)
}

#[test]
fn the_log_of_every_pod_is_read_masked_and_filtered() {
    let shop = Shop::open("logs-read");
    shop.deploy_good("api", "api:1", 2);
    let console = Console::of("viewer", &shop, Grant::Read);
    let mark = format!("mark-{}", shop.name);
    shop.plane.grow_log(
        &stamp(),
        &format!(r#"{{"level":40,"msg":"slow {mark}","password":"hunter2","req":{{"id":"r-1"}}}}"#),
    );
    let read = |further: &[&str]| {
        let finished = console.run(&[&["logs", "deployment/api", "-n", &shop.name], further].concat());
        assert_eq!(finished.code, Some(0), "{}{}", finished.stdout, finished.stderr);
        finished.stdout
    };
    let text = read(&["--search", &mark]);
    assert_eq!(text.lines().count(), 2, "one line of each pod: {text}");
    assert!(text.contains("warn slow") && text.contains("req.id=r-1") && !text.contains("hunter2"), "{text}");
    let json = read(&["--search", &mark, "--output", "json"]);
    let line: Value = serde_json::from_str(json.lines().next().unwrap_or_default()).expect("an object a line");
    assert_eq!((line["level"].as_str(), line["fields"]["req.id"].as_str()), (Some("warn"), Some("r-1")), "{line}");
    assert!(read(&["--search", &mark, "--level", "error"]).is_empty(), "less grave lines are left out");
    assert!(read(&["--previous"]).contains("about to fall"), "the instance before");
    assert!(!read(&["--since", "1s"]).contains("listening"), "what is older is left out");
    let finished = console.run(&["logs", "deployment/nobody", "-n", &shop.name]);
    assert_eq!(finished.code, Some(1));
    assert!(finished.stderr.contains("not found"), "{}", finished.stderr);
}

#[test]
fn a_log_is_followed_on_the_screen_with_pods_that_come_and_go() {
    let shop = Shop::open("logs-follow");
    shop.deploy_good("api", "api:1", 1);
    let console = Console::of("oncall", &shop, Grant::Write);
    let screen = console.open(160, 30);
    screen.wait_for_text("complete", PATIENCE);
    screen.send("l");
    screen.wait_for_text("listening", PATIENCE);
    let mark = format!("first-{}", shop.name);
    shop.plane.grow_log(&stamp(), &mark);
    screen.wait_for_text(&mark, PATIENCE);
    // A second pod is read as soon as it runs.
    shop.deploy("api", "api:1", Behaviour::Good, 2);
    screen.wait_for_text("2 containers", PATIENCE);
    let both = format!("both-{}", shop.name);
    shop.plane.grow_log(&stamp(), &both);
    screen.wait_for("the line of both pods", PATIENCE, |text| text.matches(&both).count() >= 2);
    screen.send("p");
    screen.wait_for_text("about to fall", PATIENCE);
    screen.send("\u{1b}");
    screen.wait_for("the detail again", PATIENCE, |text| text.contains("Pods") && !text.contains("about to fall"));
    drop(screen);
    let sent = wait_until("the audit of it", PATIENCE, || {
        let all = shop.plane.audited("oncall");
        let own: Vec<_> = all.into_iter().filter(|entry| entry.namespace == shop.name).collect();
        (!own.is_empty()).then_some(own)
    });
    let is_look = |verb: &str| ["get", "list", "watch", "create"].contains(&verb);
    assert!(sent.iter().all(|entry| is_look(&entry.verb)), "{sent:?}");
}
