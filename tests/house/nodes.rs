//! The nodes pane in every state, at every size, and the way from a node to the rollouts it holds.

use std::sync::Arc;

use insta::assert_snapshot;
use quarterdeck::app::Message;
use quarterdeck::domain::cause::{Cause, CauseKind};
use quarterdeck::domain::cluster::ClusterEvent;
use quarterdeck::domain::cluster::ClusterSnapshot;
use quarterdeck::domain::node::{Bytes, Millicores, Node, NodeRef, PodTally, Pressure};
use quarterdeck::domain::rollout::{Budget, Rollout, Verdict, WorkloadRef};
use quarterdeck::domain::source::SourceState;
use quarterdeck::theme::{Depth, Glyphs, Theme};
use quarterdeck::world::News;
use quarterdeck::world::Scope;

use crate::stage::{SIZES, Stage, ago, rollout, text, workload};

pub(crate) fn node(name: &str, ready: Option<bool>) -> Node {
    Node {
        node: NodeRef { environment: "production".into(), name: name.into() },
        uid: format!("uid-{name}").into(),
        ready,
        since: Some(ago(9 * 86_400)),
        message: "".into(),
        pressures: [].into(),
        is_cordoned: false,
        taints: [].into(),
        cpu: Some(Millicores(3_920)),
        memory: Some(Bytes(15 << 30)),
        most_pods: Some(110),
        version: "v1.34.4".into(),
        pods: PodTally { all: 31, pending: 0, unready: 0 },
    }
}

pub(crate) fn cluster() -> Vec<Node> {
    vec![
        node("worker-a", Some(true)),
        Node {
            since: Some(ago(300)),
            message: "container runtime is down".into(),
            pods: PodTally { all: 28, pending: 1, unready: 7 },
            ..node("worker-b", Some(false))
        },
        Node { since: Some(ago(45)), ..node("worker-c", None) },
        Node {
            pressures: [Pressure { kind: "MemoryPressure".into(), since: Some(ago(620)) }].into(),
            is_cordoned: true,
            ..node("worker-d", Some(true))
        },
        Node {
            is_cordoned: true,
            taints: [Arc::from("gpu=yes:NoSchedule")].into(),
            ..node("worker-e-gpu-large-eu-central-1a-spot", Some(true))
        },
    ]
}

pub(crate) fn held_by(name: &str, workloads: &[&str]) -> Cause {
    Cause {
        environment: "production".into(),
        kind: CauseKind::Node,
        subject: name.into(),
        words: format!("7 of 9 stuck pods are on {name}, NotReady since 03:02 UTC"),
        evidence: Vec::new(),
        workloads: workloads.iter().map(|name| workload(name)).collect(),
        pods: 7,
        since: Some(ago(300)),
    }
}

fn rows() -> Vec<Rollout> {
    vec![
        rollout("payments", Verdict::Stuck),
        rollout("basket", Verdict::Degraded),
        rollout("search", Verdict::Complete),
        rollout("mail", Verdict::Stuck),
    ]
}

pub(crate) fn seeing(nodes: Vec<Node>, causes: Vec<Cause>, freshness: SourceState) -> Stage {
    let mut stage = Stage::new();
    stage.see(rows(), SourceState::Fresh);
    stage.see_nodes(nodes, causes, freshness);
    stage.press("2 tab");
    stage
}

#[test]
fn nodes_list() {
    let cause = || vec![held_by("worker-b", &["payments", "basket"])];
    let mut connecting = Stage::new();
    connecting.press("2 tab");
    assert_snapshot!("nodes_loading", connecting.bodies());
    assert_snapshot!("nodes_empty", seeing(Vec::new(), Vec::new(), SourceState::Fresh).bodies());
    assert_snapshot!("nodes_forbidden", seeing(Vec::new(), Vec::new(), SourceState::Forbidden).bodies());
    assert_snapshot!("nodes_normal", seeing(cluster(), cause(), SourceState::Fresh).bodies());
    assert_snapshot!("nodes_stale", seeing(cluster(), cause(), SourceState::Stale).bodies());
    assert_snapshot!("nodes_down", seeing(cluster(), cause(), SourceState::Down).bodies());
    let many = (0..3_000).map(|place| node(&format!("worker-{place:04}"), Some(place % 7 != 0))).collect();
    let mut huge = seeing(many, Vec::new(), SourceState::Fresh);
    huge.press("G");
    assert_snapshot!("nodes_huge", huge.bodies());
}

#[test]
fn the_worst_is_under_the_cursor_and_a_filter_finds_by_name_state_and_taint() {
    let mut stage = seeing(cluster(), Vec::new(), SourceState::Fresh);
    assert_eq!(stage.under_cursor(), "worker-b");
    assert_eq!(stage.rows()[..3], ["worker-b", "worker-c", "worker-d"]);
    stage.press("ctrl-z");
    assert_eq!(stage.rows().len(), 4, "a ready node is no problem");
    stage.press("ctrl-z");
    for (typed, found) in
        [("silent", "worker-c"), ("memoryp", "worker-d"), ("gpu=yes", "worker-e-gpu-large-eu-central-1a-spot")]
    {
        stage.press("/");
        stage.type_text(typed);
        assert_eq!(stage.rows(), [found], "{typed}");
        stage.press("esc");
    }
    stage.press("/");
    stage.type_text("nobody");
    assert!(text(&stage.body(120, 40)).contains("None of 5 nodes matches"));
    stage.press("esc");
    assert_eq!((stage.rows().len(), stage.front().as_str()), (5, "nodes"), "esc clears the filter, and stays");
}

#[test]
fn a_node_leads_to_the_rollouts_it_holds_and_back() {
    let mut stage = seeing(cluster(), vec![held_by("worker-b", &["payments", "basket"])], SourceState::Fresh);
    stage.press("enter");
    assert_eq!(stage.front(), "rollouts");
    let shown: Vec<&str> = stage.visible().iter().map(|row| &*row.workload.name).collect();
    assert_eq!(shown, ["payments", "basket"], "mail is stuck for another reason");
    stage.press("enter");
    assert_eq!(stage.front(), "rollout payments");
    stage.press("q");
    stage.press("q");
    assert_eq!((stage.front().as_str(), stage.visible().len()), ("nodes", 4), "back, without the filter");
    stage.see_nodes(cluster(), vec![held_by("worker-b", &["mail"])], SourceState::Fresh);
    stage.press("enter");
    assert_eq!(stage.front(), "rollout mail", "one is opened");
    stage.press("q");
    assert_eq!(stage.front(), "nodes");
    stage.press("G");
    stage.press("enter");
    assert_eq!(stage.front(), "nodes");
    assert!(text(&stage.screen(120, 40)).contains("it holds no rollout"));
}

#[test]
fn a_cursor_that_was_put_somewhere_stays_on_its_node() {
    let mut stage = seeing(cluster(), Vec::new(), SourceState::Fresh);
    stage.press("G");
    let chosen = stage.under_cursor();
    let mut worse = cluster();
    worse.push(node("another", Some(false)));
    stage.see_nodes(worse, Vec::new(), SourceState::Fresh);
    assert_eq!(stage.under_cursor(), chosen);
    assert!(stage.states().contains(&format!("ready {chosen}")), "{:?}", stage.states());
}

/// Clusters name their nodes alike: two rows that cannot be told apart would be one row too many.
#[test]
fn of_several_environments_every_row_says_whose_it_is() {
    let staging = Node {
        node: NodeRef { environment: "staging".into(), name: "worker-a".into() },
        ..node("worker-a", Some(true))
    };
    let mut stage = seeing(vec![node("worker-a", Some(false)), staging], Vec::new(), SourceState::Fresh);
    stage.enter(Scope::All);
    stage.press("2 tab");
    for (columns, rows) in [(80, 24), (100, 30), (120, 40), (200, 60)] {
        let drawn = text(&stage.body(columns, rows));
        for environment in ["production", "staging"] {
            let row = drawn.lines().find(|line| line.contains("worker-a") && line.contains(environment));
            assert!(row.is_some(), "{columns} columns, {environment}:\n{drawn}");
        }
    }
}

/// Texts nobody should have to expect, and somebody will send.
#[test]
fn hostile_nodes_stay_in_their_cells() {
    let hostile =
        ["本番環境のノード決済処理基盤", "\u{1b}[2J\u{1b}]0;owned\u{7}clear", "a\u{202e}gnp.exe", "tab\there\nnew"];
    let nodes = hostile.map(|name| Node {
        message: name.into(),
        taints: [Arc::from(name)].into(),
        version: name.into(),
        ..node(name, Some(false))
    });
    let mut stage = seeing(nodes.into(), vec![held_by(hostile[0], &["payments"])], SourceState::Fresh);
    stage.enter(Scope::All);
    stage.press("2 tab");
    for (depth, glyphs) in [(Depth::None, Glyphs::ASCII), (Depth::Sixteen, Glyphs::UNICODE)] {
        stage.theme = Theme::embedded("midnight", depth);
        stage.glyphs = glyphs;
        for (columns, rows) in SIZES {
            let screen = stage.screen(columns, rows);
            assert!(text(&screen).contains("Nodes"));
            for cell in screen.content() {
                assert!(!cell.symbol().chars().any(char::is_control), "{:?} reached a cell", cell.symbol());
                assert!(!cell.symbol().contains('\u{202e}'));
            }
        }
    }
}

#[test]
fn what_stuck_workloads_share_stands_over_the_list_and_begins_their_detail() {
    let mut stage = seeing(cluster(), vec![held_by("worker-b", &["payments", "basket"])], SourceState::Fresh);
    stage.press("2");
    let shared = "7 of 9 stuck pods are on worker-b, NotReady since 03:02 UTC (5m); 2 rollouts";
    for (columns, rows) in SIZES {
        assert!(text(&stage.body(columns, rows)).contains(shared), "at {columns} columns");
    }
    stage.press("d");
    assert_eq!(stage.front(), "rollout mail");
    assert!(!text(&stage.body(120, 40)).contains("why:"), "what holds others is not said of it");
    stage.press("q");
    stage.press("j");
    stage.press("d");
    assert_eq!(stage.front(), "rollout payments");
    assert!(text(&stage.body(120, 40)).contains("why: 7 of 9 stuck pods are on worker-b"));
}

#[test]
fn a_cause_of_one_workload_is_told_in_its_detail_alone() {
    let single = Cause { kind: CauseKind::Quota, pods: 0, ..held_by("worker-b", &["mail"]) };
    let mut stage = seeing(cluster(), vec![single], SourceState::Fresh);
    stage.press("2");
    assert!(!text(&stage.body(120, 40)).contains("7 of 9"));
    stage.press("d");
    assert!(text(&stage.body(120, 40)).contains("why: 7 of 9"));
}

#[test]
fn probes_that_fail_and_budgets_that_hold_are_said_in_the_detail() {
    let mut stage = seeing(cluster(), Vec::new(), SourceState::Fresh);
    stage.press("2");
    stage.press("d");
    let meant = stage.meant().expect("a workload");
    let event = |at, note: &str| ClusterEvent {
        at: Some(at),
        is_warning: true,
        count: 12,
        reason: "Unhealthy".into(),
        about: "pod/a".into(),
        note: note.into(),
    };
    let events =
        vec![event(ago(30), "Readiness probe failed: 503"), event(ago(3_600), "Liveness probe failed: long ago")];
    stage.tell(Message::Events(meant.clone(), Ok(events)));
    let budget = |name: &str, allowed| Budget { name: name.into(), allowed, healthy: 2, wanted: 2, is_current: true };
    stage.tell(Message::Budgets(meant, vec![budget("keep", 0), budget("loose", 1)]));
    let body = text(&stage.body(200, 60));
    assert!(body.contains("probe: pod/a: Readiness probe failed: 503 (30s ago, 12 times)"), "{body}");
    assert!(body.contains("PodDisruptionBudget keep lets no pod go now (2 healthy, 2 needed)"), "{body}");
    assert!(!body.contains("loose") && !body.contains("long ago"), "{body}");
}

/// Clusters name their nodes alike: what a node of one holds is not what the other's holds.
#[test]
fn the_filter_by_node_keeps_to_its_environment() {
    let mut stage = seeing(Vec::new(), Vec::new(), SourceState::Fresh);
    stage.enter(Scope::All);
    let of = |environment: &str, names: [&str; 2]| {
        let node = Node {
            node: NodeRef { environment: environment.into(), name: "worker-a".into() },
            ..node("worker-a", Some(false))
        };
        let workloads = names.map(|name| WorkloadRef { environment: environment.into(), ..workload(name) });
        let rows = workloads.clone().map(|workload| Rollout { workload, ..rollout("any", Verdict::Stuck) });
        let cause = Cause { environment: environment.into(), workloads: workloads.into(), ..held_by("worker-a", &[]) };
        let mut snapshot = ClusterSnapshot { nodes: [Arc::new(node)].into(), ..ClusterSnapshot::default() };
        snapshot.rollouts = rows.map(Arc::new).into();
        snapshot.causes = [Arc::new(cause)].into();
        snapshot
    };
    stage.tell(News::Cluster(0, Box::new(of("production", ["basket", "payments"]))));
    stage.tell(News::Cluster(1, Box::new(of("staging", ["basket", "mail"]))));
    stage.press("2 tab");
    stage.press("g");
    let environment = stage.here();
    stage.press("enter");
    let shown: Vec<&str> = stage.visible().iter().map(|row| &*row.workload.environment).collect();
    assert_eq!(shown, [environment.as_str(), environment.as_str()], "{}", stage.filter());
    assert_eq!(stage.filter(), format!("env:{environment} node:worker-a"));
    stage.press("q");
    stage.press("2");
    stage.press("/");
    stage.type_text("node:worker-a");
    assert_eq!(stage.visible().len(), 4, "without an environment both are meant");
    stage.type_text(" env:Staging bas");
    let shown: Vec<String> = stage.visible().iter().map(|row| row.workload.to_string()).collect();
    assert_eq!(stage.visible().len(), 1, "{shown:?}");
    assert_eq!(&*stage.visible()[0].workload.environment, "staging");
}
