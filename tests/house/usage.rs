//! What pods and nodes use: in every state, at every size; polled only while it is shown; never zeros where nothing was measured.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::TimeDelta;
use insta::assert_snapshot;
use quarterdeck::app::{Effect, Message};
use quarterdeck::domain::node::{Bytes, Millicores};
use quarterdeck::domain::source::SourceState;
use quarterdeck::domain::usage::UsageAsk;
use quarterdeck::domain::usage::{Board, Measured, Resources};
use quarterdeck::sandbox::Fault;
use quarterdeck::ui::scene::Detail;
use quarterdeck::ui::state::DetailTab;
use quarterdeck::world::News;
use serde_json::json;

use crate::nodes::{cluster, node, seeing};
use crate::rig::{Rig, is_fresh, one, rig};
use crate::screens::{detail, on_detail};
use crate::stage::{Stage, ago, now, text, workload};

const METRICS: &str = "/apis/metrics.k8s.io";

fn measured(cpu: u64, mebibytes: u64, seconds: i64) -> Measured {
    Measured {
        cpu: Some(Millicores(cpu)),
        memory: Some(Bytes(mebibytes << 20)),
        at: Some(ago(seconds)),
        window: Some(TimeDelta::seconds(20)),
    }
}

fn board(measured: &[(&str, Measured)]) -> Board {
    let measured = measured.iter().map(|(name, measured)| (Arc::from(*name), measured.clone()));
    Board { measured: measured.collect(), read_at: ago(4) }
}

fn of_nodes(stage: &mut Stage, answer: Result<Board, String>) {
    stage.tell(News::Usage(UsageAsk::Nodes("production".into()), answer));
}

fn nodes_measured() -> Board {
    board(&[
        ("worker-a", measured(1_240, 8_123, 12)),
        ("worker-b", measured(3_700, 14_900, 400)),
        ("worker-d", measured(90, 14_400, 12)),
    ])
}

fn open_detail() -> Detail {
    let asked = Resources {
        cpu_request: Some(Millicores(100)),
        cpu_limit: None,
        memory_request: Some(Bytes(256 << 20)),
        memory_limit: Some(Bytes(512 << 20)),
    };
    let names = ["payments-6b7f-x2x4z", "payments-55aa-qqqqq"];
    Detail {
        selector: Some(Arc::new(json!({"matchLabels": {"app": "payments"}}))),
        resources: names.map(|name| (Arc::from(name), asked)).into(),
        ..detail()
    }
}

fn of_pods(stage: &mut Stage, answer: Result<Board, String>) {
    let ask = UsageAsk::Pods(workload("payments"), Arc::new(json!({"matchLabels": {"app": "payments"}})));
    // Asked for by what is on the screen.
    stage.tell(Message::Clock);
    stage.tell(News::Usage(ask, answer));
}

#[test]
fn usage_of_nodes() {
    let mut stage = seeing(cluster(), Vec::new(), SourceState::Fresh);
    of_nodes(&mut stage, Ok(nodes_measured()));
    assert_snapshot!("usage_nodes", stage.bodies());
    of_nodes(&mut stage, Err("a metrics server is registered and gives no answer (503).".into()));
    stage.press("G");
    assert_snapshot!("usage_nodes_old", stage.bodies());
    let mut without = seeing(cluster(), Vec::new(), SourceState::Fresh);
    of_nodes(
        &mut without,
        Err("the API group metrics.k8s.io is not served by this cluster: no metrics server is installed.".into()),
    );
    assert_snapshot!("usage_nodes_absent", without.bodies());
    let many: Vec<_> = (0..3_000).map(|place| node(&format!("worker-{place:04}"), Some(true))).collect();
    let figures: HashMap<Arc<str>, Measured> =
        many.iter().map(|node| (node.node.name.clone(), measured(2_000, 9_000, 3))).collect();
    let mut huge = seeing(many, Vec::new(), SourceState::Fresh);
    of_nodes(&mut huge, Ok(Board { measured: figures, read_at: now() }));
    assert_snapshot!("usage_nodes_huge", huge.bodies());
}

#[test]
fn usage_of_pods() {
    let mut stage = on_detail(SourceState::Fresh, open_detail(), DetailTab::Pods);
    of_pods(
        &mut stage,
        Ok(board(&[("payments-6b7f-x2x4z", measured(120, 500, 12)), ("payments-55aa-aaaaa", measured(7, 31, 12))])),
    );
    assert_snapshot!("usage_pods", stage.bodies());
    let mut without = on_detail(SourceState::Fresh, open_detail(), DetailTab::Pods);
    of_pods(
        &mut without,
        Err("not readable with your rights: it takes list on pods of the API group metrics.k8s.io.".into()),
    );
    assert_snapshot!("usage_pods_forbidden", without.bodies());
}

#[test]
fn what_was_not_measured_is_said_and_never_a_zero() {
    let mut stage = seeing(cluster(), Vec::new(), SourceState::Fresh);
    of_nodes(&mut stage, Ok(board(&[("worker-a", measured(1_240, 8_123, 12))])));
    let body = text(&stage.body(120, 40));
    let row = body.lines().find(|line| line.contains("worker-b")).expect("its row").to_owned();
    assert!(!row.contains("0%"), "{row}");
    assert!(body.contains("usage of worker-b: not measured: it has just started"), "{body}");
}

#[test]
fn it_is_asked_for_only_while_it_is_shown_and_every_half_minute() {
    let mut stage = seeing(cluster(), Vec::new(), SourceState::Fresh);
    let asks = |stage: &mut Stage, message: Message, at| -> usize {
        let effects = stage.tell_at(message, at);
        effects.iter().filter(|effect| matches!(effect, Effect::ReadUsage(_))).count()
    };
    assert_eq!(asks(&mut stage, Message::Clock, now()), 0, "asked when the pane was opened");
    assert_eq!(stage.next_due(now()), Some(now() + TimeDelta::seconds(30)));
    assert_eq!(asks(&mut stage, Message::Clock, now() + TimeDelta::seconds(29)), 0);
    assert_eq!(asks(&mut stage, Message::Clock, now() + TimeDelta::seconds(30)), 1);
    stage.press("2");
    assert_eq!(asks(&mut stage, Message::Clock, now() + TimeDelta::seconds(90)), 0, "nobody looks");
    assert_eq!(stage.next_due(now()), None);
    stage.press("2 tab");
    let retry = "ctrl-r".parse::<quarterdeck::keys::Sequence>().expect("a key").0.remove(0);
    assert_eq!(asks(&mut stage, Message::Key(retry), now() + TimeDelta::seconds(1)), 1, "asked by a key");
}

#[test]
fn an_answer_about_another_workload_is_left_out() {
    let mut stage = on_detail(SourceState::Fresh, open_detail(), DetailTab::Pods);
    of_pods(&mut stage, Ok(board(&[("payments-6b7f-x2x4z", measured(120, 500, 12))])));
    let other = UsageAsk::Pods(workload("basket"), Arc::new(json!({})));
    stage.tell(News::Usage(other, Ok(board(&[("payments-6b7f-x2x4z", measured(9_999, 9_999, 1))]))));
    let body = text(&stage.body(120, 40));
    assert!(body.contains("500Mi") && !body.contains("9999Mi"), "{body}");
}

/// The life of a fault of the metrics server: the last figures stay with their age and the reason, and nothing else is touched.
async fn survives(fault: Fault, words: &str) {
    // Its pods are an hour old: they were measured long ago.
    let Rig { sandbox, mut console, folder: _folder } = rig(one("checkout-api").measured()).await;
    console.until("fresh at first", is_fresh).await;
    console.press("2 tab");
    console.until("measured", |screen| screen.contains("CPU%") && screen.contains("uses: CPU")).await;
    sandbox.faults().set(METRICS, fault);
    // What was on its way breaks off with its connection; the fault itself is found by the next attempt.
    console.press("ctrl-r");
    console.until("old", |screen| screen.contains("usage is")).await;
    console.press("ctrl-r");
    let screen = console
        .until(&format!("old with the cause of {fault:?}"), |screen| {
            screen.contains("usage is") && screen.contains(words)
        })
        .await;
    assert!(screen.contains("uses: CPU") && screen.contains("CPU%"), "{fault:?}: the last figures stay:\n{screen}");
    assert!(screen.contains("0 not ready"), "{fault:?}: the nodes are as they were:\n{screen}");
    console.press("?");
    assert!(console.screen().contains("Keys  /"), "{fault:?}: keys answer");
    console.press("esc");
    sandbox.faults().heal();
    console.press("ctrl-r");
    console
        .until(&format!("measured again after {fault:?}"), |screen| {
            screen.contains("uses: CPU") && !screen.contains("usage is") && screen.contains("all fresh")
        })
        .await;
}

macro_rules! usage_faults {
    ($($name:ident: $fault:expr, $words:literal;)+) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            survives($fault, $words).await;
        })+
    };
}

usage_faults! {
    hanging: Fault::Hang, "did not answer";
    reset_in_the_body: Fault::Reset, "broke off";
    truncated: Fault::Truncated, "not as a Kubernetes API";
    garbage: Fault::Garbage, "not as a Kubernetes API";
    a_web_page: Fault::Html, "not as a Kubernetes API";
    forbidden: Fault::Status(403), "not readable with your rights";
    not_found: Fault::Status(404), "no metrics server is installed";
    too_many_requests: Fault::Status(429), "overloaded";
    unavailable: Fault::Status(503), "gives no answer";
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_metrics_server_it_is_said_and_the_rest_is_there() {
    let mut rig = rig(one("checkout-api")).await;
    rig.console.press("2 tab");
    let is_said = |screen: &str| screen.contains("usage not available: the API group") && screen.contains("all fresh");
    let screen = rig.console.until("absent", is_said).await;
    assert!(screen.contains("node-a"), "{screen}");
    assert!(!screen.contains("CPU%") && !screen.contains("0%"), "{screen}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pods_are_told_beside_what_they_may_have() {
    let mut rig = rig(one("checkout-api").measured()).await;
    rig.console.until("the row", |screen| screen.contains("checkout-api")).await;
    rig.console.press("d");
    let screen = rig.console.until("measured", |screen| screen.contains("of its limit 512 MiB")).await;
    assert!(screen.contains("of its request 100m") && screen.contains("no limit; memory"), "{screen}");
    let asked = rig.sandbox.requests().into_iter().find(|seen| seen.path.starts_with(METRICS)).expect("a request");
    assert!(asked.method == "GET" && asked.path.contains("labelSelector=app%3Dcheckout-api"), "{asked:?}");
}
