//! Somebody undoes an action after it was verified: the console says who and when, and still does after it was opened anew.

use std::path::PathBuf;
use std::sync::Arc;

use quarterdeck::actions::journal::{What, chains};
use quarterdeck::domain::action::Request;
use quarterdeck::domain::rollout::{Kind, WorkloadRef};
use quarterdeck::sandbox::{Sandbox, SandboxClock, Scenario, Service};
use quarterdeck::sources::cluster::{Connection, Contexts, Hands};
use quarterdeck::sources::observe::ObserveCluster;
use quarterdeck::sources::operate::OperateCluster;
use serde_json::{Value, json};

use crate::headless::Headless;

const NAMESPACE: &str = "shop";

struct Story {
    console: Headless,
    connection: Connection,
    kubeconfig: PathBuf,
    folder: tempfile::TempDir,
    _sandbox: Sandbox,
}

#[expect(clippy::disallowed_methods, reason = "the sandbox runs in real time here")]
fn now() -> quarterdeck::domain::time::Instant {
    chrono::Utc::now()
}

fn payments() -> WorkloadRef {
    WorkloadRef {
        environment: "test".into(),
        namespace: NAMESPACE.into(),
        kind: Kind::Deployment,
        name: "payments".into(),
    }
}

/// A shop with a bad release of `payments`, and the template of that release.
async fn shop(payments: Service) -> (Story, Value) {
    let scenario = Scenario::empty(NAMESPACE).with(NAMESPACE, payments).with(NAMESPACE, Service::new("cart", 1));
    let sandbox = Sandbox::start(scenario, SandboxClock::starting(now(), 1)).await.expect("a sandbox");
    let folder = tempfile::tempdir().expect("a folder");
    let kubeconfig = folder.path().join("kubeconfig");
    sandbox.write_kubeconfig(&kubeconfig).expect("a kubeconfig");
    let mut console = Headless::open(&kubeconfig, "demo-production", NAMESPACE, folder.path());
    console.resize(240, 40);
    console.until("the bad release", |screen| screen.contains("ImagePullBackOff")).await;
    let endpoint = Contexts::read(Some(&kubeconfig)).and_then(|contexts| contexts.endpoint("demo-production"));
    let connection = Connection::open(endpoint.expect("a context"), Arc::new(now)).await.expect("a connection");
    let bad = connection.workload(&self::payments()).await.expect("payments").template().clone();
    (Story { console, connection, kubeconfig, folder, _sandbox: sandbox }, bad)
}

/// A shop whose `payments` was just rolled back from 1.2 to 1.1.
async fn rolled_back() -> (Story, Value) {
    let releases = [("1.0", "first", 300), ("1.1", "second", 60), ("1.2", "third, by ci", 1)];
    let bad = Service::new("payments", 2).ready_after(1).releases(&releases).behaving("image-pull");
    let (mut story, bad) = shop(bad).await;
    let console = &mut story.console;
    console.press("!b");
    console.until("the plan", |screen| screen.contains("type ROLLBACK")).await;
    console.confirm("ROLLBACK").await;
    console.until("the verified end", |screen| screen.contains("verified: 2/2 ready")).await;
    console.press("esc");
    (story, bad)
}

impl Story {
    /// What a controller would do: write a template under its own name.
    async fn written_by(&self, manager: &str, template: &Value) {
        let request = Request {
            method: "PATCH".into(),
            path: format!("/apis/apps/v1/namespaces/{NAMESPACE}/deployments/payments?fieldManager={manager}"),
            content_type: "application/json-patch+json".into(),
            body: json!([{"op": "replace", "path": "/spec/template", "value": template}]),
        };
        Hands::new(self.connection.clone()).send(&request, "a-controller").await.expect("accepted");
    }

    fn told(&self) -> Vec<String> {
        let all = chains(self.folder.path()).expect("a journal");
        let lines = all.into_iter().flat_map(|chain| chain.lines);
        lines.filter(|line| line.entry.what == What::Undone).map(|line| line.entry.words).collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_controller_that_puts_the_bad_version_back_is_named_once_and_after_a_restart_too() {
    let (mut story, bad) = Box::pin(rolled_back()).await;
    story.written_by("argocd-controller", &bad).await;
    let is_told = |screen: &str| {
        screen.contains(
            "UNDONE: argocd-controller put registry.example/payments:1.2 back into deployment/payments -n shop",
        )
    };
    let screen = story.console.until("who undid it", is_told).await;
    assert!(screen.contains("s after your rollback. Turn its automatic sync off"), "{screen}");
    let has_entry = |screen: &str| screen.contains("UNDONE") && screen.contains("rollback");
    story.console.press("8");
    story.console.until("it in the journal", has_entry).await;
    assert_eq!(story.told().len(), 1, "written once, however often it is looked at");
    story.console.press("2");
    assert!(!is_told(&story.console.screen()), "whoever looked at the journal has seen it");
    // The console is opened anew on the same files.
    let mut again = Headless::open(&story.kubeconfig, "demo-production", NAMESPACE, story.folder.path());
    again.resize(240, 40);
    again.until("it again after a restart", is_told).await;
    assert_eq!(story.told().len(), 1);
    // Somebody takes it back once more, by other means: it stands again, and nothing is said of it.
    let mut good = bad;
    good["spec"]["containers"][0]["image"] = json!("registry.example/payments:1.1");
    good["spec"]["containers"][0]["env"][0]["value"] = json!("1.1");
    if let Some(annotations) = good["metadata"]["annotations"].as_object_mut() {
        annotations.retain(|key, _| !key.ends_with("behaviour"));
    }
    story.written_by("kubectl-patch", &good).await;
    again.until("nothing to say any more", |screen| !screen.contains("UNDONE") && screen.contains("payments")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_happens_while_nobody_looks_is_found_at_the_next_start() {
    let (story, bad) = Box::pin(rolled_back()).await;
    let Story { console, .. } = &story;
    assert!(!console.screen().contains("UNDONE"));
    let story = Story { console: Headless::open(&story.kubeconfig, "nobody", NAMESPACE, story.folder.path()), ..story };
    story.written_by("kustomize-controller", &bad).await;
    let mut again = Headless::open(&story.kubeconfig, "demo-production", NAMESPACE, story.folder.path());
    again.resize(240, 40);
    let screen = again.until("who undid it", |screen| screen.contains("UNDONE: kustomize-controller put")).await;
    assert!(screen.contains("Suspend it or revert the commit in Git"), "{screen}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_controller_that_is_quicker_than_the_pods_ends_the_run_as_failed_and_is_named() {
    // Pods of the first release have to be made anew and take their time.
    let releases = [("1.0", "first", 300), ("1.1", "second", 60), ("1.2", "third, by ci", 1)];
    let slow = Service::new("payments", 2).ready_after(100).releases(&releases).behaving("image-pull");
    let (mut story, bad) = shop(slow).await;
    story.console.press(":");
    story.console.type_text("rollback payments --to 1");
    story.console.press("enter");
    story.console.until("the plan", |screen| screen.contains("type ROLLBACK")).await;
    story.console.confirm("ROLLBACK").await;
    story.console.until("the rollout on its way", |screen| screen.contains("accepted by the server")).await;
    story.written_by("argocd-controller", &bad).await;
    let said =
        "failed: UNDONE: argocd-controller put registry.example/payments:1.2 back into deployment/payments -n shop at";
    story.console.until("who was quicker", |screen| screen.contains(said)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn self_heal_is_foretold_in_the_plan_and_told_when_it_came() {
    let releases = [("1.0", "first", 300), ("1.1", "second, by ci", 60)];
    let kept = Service::new("payments", 2).ready_after(1).releases(&releases).synced();
    // Five times as fast as life: self-heal takes a second.
    let scenario = Scenario::empty(NAMESPACE).with(NAMESPACE, kept);
    let sandbox = Sandbox::start(scenario, SandboxClock::starting(now(), 5)).await.expect("a sandbox");
    let folder = tempfile::tempdir().expect("a folder");
    let kubeconfig = folder.path().join("kubeconfig");
    sandbox.write_kubeconfig(&kubeconfig).expect("a kubeconfig");
    let mut console = Headless::open(&kubeconfig, "demo-production", NAMESPACE, folder.path());
    console.resize(240, 60);
    console.until("the workload", |screen| screen.contains("complete") && screen.contains("all fresh")).await;
    console.press("!b");
    let plan = console.until("the plan", |screen| screen.contains("type ROLLBACK")).await;
    let foretold = "Argo CD application payments-shop: it WILL UNDO THIS within about 5 s: self-heal of Application argocd/payments-shop is on.";
    assert!(plan.contains(foretold), "{plan}");
    console.confirm("ROLLBACK").await;
    let told = |screen: &str| {
        // Before it was verified or after: both say so alike.
        screen.contains(
            "UNDONE: argocd-controller put registry.example/payments:1.1 back into deployment/payments -n shop at",
        )
    };
    console.until("who undid it", told).await;
}
