//! What the real API server says of its own health, and what a console says of it that may not ask.
//!
//! The API server is asked to end: these tests have the second control plane alone.

use serde_json::{Value, json};

use crate::support::console::{Console, FIRST_SCREEN, Grant};
use crate::support::controlplane::ControlPlane;
use crate::support::process::wait_until;
use crate::support::shop::{PATIENCE, Shop};

fn status(console: &Console) -> Value {
    serde_json::from_str(&console.run(&["status", "--output", "json"]).stdout).unwrap_or_default()
}

/// A plane as it was: started anew, the server makes its own bindings again.
struct Anew(&'static ControlPlane);

impl Drop for Anew {
    fn drop(&mut self) {
        self.0.kill_api();
        self.0.start_api();
    }
}

#[test]
fn a_server_that_is_ending_names_the_check_and_still_answers() {
    let (second, _alone) = ControlPlane::second();
    let shop = Shop::on(second, "readiness");
    shop.deploy_good("api", "api:1", 1);
    let console = Console::of("oncall", &shop, Grant::Read);
    let before = status(&console);
    assert_eq!(before["environments"][0]["api_server"]["state"], "ready", "{before}");
    assert!(before["causes"].as_array().is_some_and(Vec::is_empty), "{before}");
    let terminal = console.open(120, 40);
    terminal.wait_for("the row", FIRST_SCREEN, |text| text.contains("1 workload"));

    let _anew = Anew(second);
    second.retire_api();
    let document = wait_until("a server that is not ready", PATIENCE, || {
        Some(status(&console)).filter(|document| document["environments"][0]["api_server"]["state"] == "not_ready")
    });
    let failing = &document["environments"][0]["api_server"]["failing"];
    assert_eq!(failing, &json!(["shutdown"]), "{document}");
    let cause = &document["causes"][0];
    let words = cause["words"].as_str().unwrap_or_default();
    assert!(cause["kind"] == "api_server" && words.starts_with("the API server is not ready: shutdown of "), "{cause}");
    assert_eq!(document["rollouts"][0]["verdict"], "complete", "what it still answers counts: {document}");
    terminal.wait_for("it over the list", PATIENCE, |text| text.contains("the API server is not ready: shutdown of "));
    let asked = second.audited("oncall").into_iter().filter(|line| line.uri.starts_with("/readyz"));
    assert!(asked.into_iter().all(|line| line.verb == "get"), "it only asks");
}

#[test]
fn who_may_not_ask_is_told_so_and_sees_the_rest() {
    let (second, _alone) = ControlPlane::second();
    let shop = Shop::on(second, "readiness-blind");
    shop.deploy_good("api", "api:1", 1);
    let _anew = Anew(second);
    // Both give everybody who is known the right to ask for health.
    shop.kubectl(&["delete", "clusterrolebinding", "system:discovery", "system:public-info-viewer"])
        .good("less rights");
    let console = Console::of("oncall", &shop, Grant::Read);
    let document = wait_until("the refusal", PATIENCE, || {
        Some(status(&console)).filter(|document| document["environments"][0]["api_server"]["state"] == "unknown")
    });
    let words = document["environments"][0]["api_server"]["words"].as_str().unwrap_or_default();
    assert!(words.contains("not readable with your rights"), "{document}");
    assert_eq!(document["rollouts"][0]["verdict"], "complete", "{document}");
}
