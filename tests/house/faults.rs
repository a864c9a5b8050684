//! The fault suite every source has to pass: real sockets and TLS, the shipped client, asserted on the drawn screen.
//!
//! For each fault: the last good rows stay, the screen says that they are old and why, keys answer, and after the fault
//! everything is fresh again without a key.

use std::sync::Arc;
use std::time::Duration;

use quarterdeck::domain::action::Request;
use quarterdeck::sandbox::Fault;
use quarterdeck::sources::cluster::{Connection, Contexts, Hands};
use quarterdeck::sources::operate::OperateCluster;
use serde_json::json;

use crate::rig::{NAMESPACE, Rig, is_fresh, one, rig};

/// Another's hands on the same cluster.
#[expect(clippy::disallowed_methods, reason = "the sandbox runs in real time here")]
async fn hands(rig: &Rig) -> Hands {
    let contexts = Contexts::read(Some(&rig.folder.path().join("kubeconfig"))).expect("a kubeconfig");
    let endpoint = contexts.endpoint("demo-production").expect("its context");
    Hands::new(Connection::open(endpoint, Arc::new(chrono::Utc::now)).await.expect("a connection"))
}

/// Scales the service.
fn replicas(count: u32) -> Request {
    Request {
        method: "PATCH".into(),
        path: format!("/apis/apps/v1/namespaces/{NAMESPACE}/deployments/checkout-api"),
        content_type: "application/merge-patch+json".into(),
        body: json!({"spec": {"replicas": count}}),
    }
}

/// The whole life of one fault.
async fn survives(fault: Fault, words: &str) {
    let mut rig = rig(one("checkout-api")).await;
    rig.console.until("fresh at first", |screen| is_fresh(screen) && screen.contains("2/2")).await;
    rig.sandbox.faults().set("/", fault);
    let screen = rig
        .console
        .until(&format!("stale with the cause of {fault:?}"), |screen| {
            !screen.contains("all fresh") && screen.contains(words)
        })
        .await;
    assert!(screen.contains("stale") || screen.contains("down"), "{fault:?}: the state is said in words:\n{screen}");
    assert!(screen.contains("checkout-api") && screen.contains("2/2"), "{fault:?}: the last good rows stay:\n{screen}");
    rig.console.press("?");
    assert!(rig.console.screen().contains("Keys  /"), "{fault:?}: keys answer:\n{}", rig.console.screen());
    rig.console.press("esc");
    rig.sandbox.faults().heal();
    rig.console.until(&format!("fresh again after {fault:?}"), is_fresh).await;
}

macro_rules! fault_suite {
    ($($name:ident: $fault:expr, $words:literal;)+) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            survives($fault, $words).await;
        })+
    };
}

fault_suite! {
    down: Fault::Down, "broke off";
    another_certificate: Fault::WrongCertificate, "certificate";
    an_expired_certificate: Fault::ExpiredCertificate, "xpired";
    hanging: Fault::Hang, "did not answer";
    hanging_after_the_headers: Fault::HangAfterHeaders, "did not answer";
    slow: Fault::Slow, "did not answer";
    reset_in_the_body: Fault::Reset, "broke off";
    truncated: Fault::Truncated, "middle of an event";
    garbage: Fault::Garbage, "not as a Kubernetes API";
    a_web_page: Fault::Html, "not as a Kubernetes API";
    huge: Fault::Huge, "larger than 16 MB";
    unauthorized: Fault::Status(401), "log in again";
    forbidden_for_now: Fault::Status(403), "not allowed";
    gone: Fault::Status(410), "starting over";
    too_many_requests: Fault::Status(429), "overloaded";
    internal_error: Fault::Status(500), "in trouble itself";
    unavailable: Fault::Status(503), "in trouble itself";
    gone_in_the_stream: Fault::GoneInStream, "ends every watch at once";
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn repeated_and_older_events_change_nothing() {
    let mut rig = rig(one("checkout-api")).await;
    rig.console.until("fresh at first", is_fresh).await;
    rig.sandbox.faults().set("/", Fault::Repeated);
    rig.console.press("!r");
    rig.console.confirm("RESTART").await;
    rig.console.until("verified", |screen| screen.contains("verified: 2/2")).await;
    rig.console.press("esc");
    rig.console.until("complete", |screen| screen.contains("complete") && screen.contains("2/2")).await;
}

/// etcd is put back to an earlier day: versions go down, and a watch from a version to come says nothing and is no error.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_world_put_back_is_shown_as_it_is() {
    let mut rig = rig(one("checkout-api")).await;
    rig.console.until("fresh at first", is_fresh).await;
    let before = rig.sandbox.snapshot();
    let hands = hands(&rig).await;
    hands.send(&replicas(3), "change").await.expect("accepted");
    rig.console.until("three", |screen| is_fresh(screen) && screen.contains("3/3")).await;
    let far = rig.sandbox.snapshot().version();
    rig.sandbox.restore(before);
    assert!(rig.sandbox.snapshot().version() < far);
    rig.console.until("two, as before", |screen| is_fresh(screen) && screen.contains("2/2")).await;
    hands.send(&replicas(1), "change").await.expect("accepted");
    rig.console.until("what follows", |screen| is_fresh(screen) && screen.contains("1/1")).await;
    assert!(rig.sandbox.snapshot().version() < far, "all of it below the versions known before");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_may_not_be_listed_is_said_and_the_rest_works() {
    let mut rig = rig(one("checkout-api")).await;
    rig.sandbox.faults().set(&format!("/api/v1/namespaces/{NAMESPACE}/pods"), Fault::Status(403));
    let screen =
        rig.console.until("partial", |screen| screen.contains("checkout-api") && screen.contains("not allowed")).await;
    assert!(screen.contains("complete"), "the verdict needs no pods:\n{screen}");
}

/// Nodes that cannot be read take nothing else with them: the last good ones stay, with their age and the reason.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_cannot_be_read_stay_with_their_age_and_come_back() {
    let mut rig = rig(one("checkout-api")).await;
    rig.console.until("fresh at first", is_fresh).await;
    rig.console.press("2 tab");
    rig.console.until("the nodes", |screen| screen.contains("0 not ready") && screen.contains(" ready ")).await;
    rig.sandbox.faults().set("/api/v1/nodes", Fault::Status(503));
    let is_old = |screen: &str| screen.contains("nodes: What follows is");
    let screen = rig.console.until("old nodes that say so", is_old).await;
    assert!(screen.contains(" ready ") && screen.contains("v1.34.4"), "the last good rows stay:\n{screen}");
    rig.console.press("2");
    let screen = rig.console.until("the rollouts as they were", |screen| screen.contains("checkout-api")).await;
    assert!(screen.contains("2/2"), "{screen}");
    rig.console.press("2 tab");
    rig.sandbox.faults().heal();
    rig.console.until("fresh nodes again", |screen| screen.contains(" ready ") && !is_old(screen)).await;
}

/// One watch that goes silent while the server answers and every other watch goes on: no connection breaks, so that nothing tells but
/// the silence. It takes 90 s, as for people.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watch_that_hangs_alone_is_opened_anew_and_loses_nothing() {
    let mut rig = rig(one("checkout-api")).await;
    rig.console.until("fresh at first", |screen| is_fresh(screen) && screen.contains("2/2")).await;
    let deployments = format!("/apis/apps/v1/namespaces/{NAMESPACE}/deployments");
    let asked = |what: &str| {
        let requests = rig.sandbox.requests().into_iter();
        requests.filter(|seen| seen.path.starts_with(&deployments) && seen.path.contains(what)).count()
    };
    // A list begins with this page.
    let (lists, watches) = (asked("limit=60"), asked("watch=true"));
    rig.sandbox.faults().mute(&deployments);
    hands(&rig).await.send(&replicas(3), "change").await.expect("accepted");
    // The third pod is told of by another watch, later than the Deployment would have been by this one.
    while rig.console.model.world.sights[0].snapshot.pods < 3 {
        rig.console.live().await;
    }
    rig.sandbox.faults().unmute();
    assert!(!rig.console.screen().contains("3/3"), "the watch is mute:\n{}", rig.console.screen());
    rig.console
        .until_within(Duration::from_secs(240), "told", |screen| is_fresh(screen) && screen.contains("3/3"))
        .await;
    assert!(asked("watch=true") > watches, "a new watch told it");
    assert_eq!(asked("limit=60"), lists, "nothing was listed again");
}
