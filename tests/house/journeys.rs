//! What people come for, from the first screen to the end, on the smallest terminal: the whole console but its terminal, against a
//! simulated cluster over TLS.

use quarterdeck::sandbox::{Sandbox, SandboxClock, Scenario, Service};

use crate::headless::Headless;

const NAMESPACE: &str = "shop";

struct Journey {
    console: Headless,
    _sandbox: Sandbox,
    _folder: tempfile::TempDir,
}

/// A shop in which `payments` has just been released badly.
#[expect(clippy::disallowed_methods, reason = "the sandbox runs in real time here")]
async fn journey() -> Journey {
    let releases = [("1.0", "first", 300), ("1.1", "second", 60), ("1.2", "third, by ci", 1)];
    let bad = Service::new("payments", 3).ready_after(1).releases(&releases).behaving("image-pull");
    let scenario = Scenario::empty(NAMESPACE)
        .with(NAMESPACE, bad)
        .with(NAMESPACE, Service::new("checkout-api", 2))
        .with(NAMESPACE, Service::new("catalogue", 2));
    let sandbox = Sandbox::start(scenario, SandboxClock::starting(chrono::Utc::now(), 1)).await.expect("a sandbox");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("kubeconfig");
    sandbox.write_kubeconfig(&file).expect("a kubeconfig");
    let mut console = Headless::open(&file, "demo-production", NAMESPACE, folder.path());
    console.resize(80, 24);
    console.until("the bad release", |screen| screen.contains("ImagePullBackOff") && screen.contains("1 of 3")).await;
    Journey { console, _sandbox: sandbox, _folder: folder }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_release_is_taken_back() {
    let mut journey = journey().await;
    let console = &mut journey.console;
    // The worst is under the cursor: two keys to the plan.
    console.press("!b");
    let plan = console.until("the plan", |screen| screen.contains("type ROLLBACK")).await;
    for words in [
        "revision 3",
        "revision 2: registry.example/payments:1.1",
        "CHECKED BY THE SERVER",
        "- registry.example/payments:1.2",
        "+ registry.example/payments:1.1",
    ] {
        assert!(plan.contains(words), "the plan does not say {words:?}:\n{plan}");
    }
    console.confirm("ROLLBACK").await;
    let end = console.until("the verified end", |screen| screen.contains("verified: 3/3 ready")).await;
    assert!(
        end.contains("quarterdeck plan rollback deployment/payments -n shop --to"),
        "the way back is named:\n{end}"
    );
    console.press("esc");
    console.until("everything well", |screen| screen.contains("all 3 well")).await;
    console.press("8");
    let journal = console.until("the journal", |screen| screen.contains("ended")).await;
    for step in ["confirmed", "sending", "accepted", "settled"] {
        assert!(journal.contains(step), "the journal lacks {step:?}:\n{journal}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_revision_is_compared_and_gone_back_to() {
    let mut journey = journey().await;
    let console = &mut journey.console;
    console.press("enter");
    console.until("its pods", |screen| screen.contains("payments-") && screen.contains("Back-off pulling")).await;
    console.press("tab");
    console.until("its events", |screen| screen.contains("ScalingReplicaSet")).await;
    console.press("tab");
    console.until("its history", |screen| screen.contains("third, by ci") && screen.contains("[History 3]")).await;
    // Third line: the first release. Enter keeps it as one side, the cursor is the other.
    console.press("j");
    console.press("j");
    let against_current = console.until("a difference", |screen| screen.contains("to revision 1")).await;
    assert!(against_current.contains("+ registry.example/payments:1.0"), "{against_current}");
    console.press("enter");
    console.press("k");
    let between = console.until("another difference", |screen| screen.contains("from revision 1 to revision 2")).await;
    assert!(
        between.contains("- registry.example/payments:1.0") && between.contains("+ registry.example/payments:1.1"),
        "{between}"
    );
    console.press("j");
    console.press("!b");
    let plan = console.until("a plan to the chosen revision", |screen| screen.contains("type ROLLBACK")).await;
    assert!(plan.contains("revision 1: registry.example/payments:1.0"), "{plan}");
    console.press("esc");
    console.press("8");
    console.until("the plan given up, in the journal", |screen| screen.contains("given up")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn things_are_found_by_a_few_letters() {
    let mut journey = journey().await;
    let console = &mut journey.console;
    console.press("/");
    console.type_text("chkapi");
    let found = console.until("one row", |screen| screen.contains("1 of 3 workloads")).await;
    assert!(found.contains("checkout-api") && !found.contains("catalogue"), "{found}");
    console.press("esc");
    console.press("?");
    console.type_text("roll back");
    let help = console.until("the help, filtered", |screen| screen.contains("!b")).await;
    assert!(!help.contains(" !r "), "{help}");
    console.press("esc");
    console.press(":");
    console.type_text("rollback pay");
    console.until("a completion", |screen| screen.contains("rollback payments -n shop")).await;
    console.press("tab");
    console.press("enter");
    console
        .until("the plan", |screen| {
            screen.contains("Roll back deployment/payments -n shop") && screen.contains("type ROLLBACK")
        })
        .await;
    console.press("esc");
    console.press(":");
    console.type_text("rollback nobody --to 1");
    console.press("enter");
    console.until("what was wrong", |screen| screen.contains("There is no workload \"nobody\"")).await;
}
