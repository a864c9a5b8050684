use super::*;
use crate::domain::node::{Node, NodeRef, PodTally, Pressure};
use crate::domain::rollout::{Autoscaler, Blocked, Condition, Kind};

fn at(seconds: i64) -> Instant {
    chrono::DateTime::from_timestamp(1_800_000_120 + seconds, 0).unwrap_or_default()
}

fn workload(name: &str) -> WorkloadRef {
    WorkloadRef {
        environment: "production".into(),
        namespace: "shop".into(),
        kind: Kind::Deployment,
        name: name.into(),
    }
}

fn pod(name: &str, node: Option<&str>, reason: &str, message: &str) -> StuckPod {
    StuckPod {
        name: name.into(),
        node: node.map(Into::into),
        blocked: (!reason.is_empty()).then(|| Blocked { reason: reason.into(), message: message.into() }),
        since: Some(at(60)),
        claims: [].into(),
    }
}

fn held(name: &str, pods: Vec<StuckPod>) -> Held {
    Held {
        workload: workload(name),
        images: [format!("registry.example/shop/{name}:2").into()].into(),
        lacking: 0,
        refused: None,
        pods,
    }
}

fn node(name: &str, ready: Option<bool>) -> Arc<Node> {
    Arc::new(Node {
        node: NodeRef { environment: "production".into(), name: name.into() },
        uid: name.into(),
        ready,
        since: Some(at(0)),
        message: "".into(),
        pressures: [].into(),
        is_cordoned: false,
        taints: [].into(),
        cpu: None,
        memory: None,
        most_pods: None,
        version: "".into(),
        pods: PodTally::default(),
    })
}

/// Facts of which most are left out.
#[derive(Default)]
struct World {
    held: Vec<Held>,
    nodes: Vec<Arc<Node>>,
    quotas: Vec<Quota>,
    claims: Vec<Claim>,
    autoscalers: Vec<Autoscaler>,
}

impl World {
    fn causes(&self) -> Vec<Cause> {
        let (environment, namespace) = ("production".into(), "shop".into());
        let held: Vec<&Held> = self.held.iter().collect();
        let quotas: Vec<&Quota> = self.quotas.iter().collect();
        let claims: Vec<&Claim> = self.claims.iter().collect();
        let autoscalers: Vec<_> = self.autoscalers.iter().map(|one| (&namespace, one)).collect();
        shared(&Facts {
            environment: &environment,
            held: &held,
            nodes: &self.nodes,
            quotas: &quotas,
            claims: &claims,
            autoscalers: &autoscalers,
        })
    }

    fn words(&self) -> Vec<String> {
        self.causes().into_iter().map(|cause| cause.words).collect()
    }
}

const BACK_OFF: &str = "Back-off pulling image \"registry.example/shop/api:2\"";

#[test]
fn pods_on_a_node_that_is_not_ready_are_counted_among_all_that_are_stuck() {
    let on = |name: &str, node: &str| pod(name, Some(node), "", "");
    let world = World {
        held: vec![
            held("api", vec![on("api-1", "node-b"), on("api-2", "node-b"), on("api-3", "node-a")]),
            held("web", vec![on("web-1", "node-b"), pod("web-2", Some("node-a"), "CrashLoopBackOff", "exited 1")]),
        ],
        nodes: vec![node("node-a", Some(true)), node("node-b", Some(false))],
        ..World::default()
    };
    // The pod that is merely not ready on a ready node is on its way, not stuck.
    assert_eq!(world.words(), ["3 of 4 stuck pods are on node-b, NotReady since 08:02 UTC"]);
    let cause = &world.causes()[0];
    assert_eq!((cause.workloads.len(), cause.pods, cause.since), (2, 3, Some(at(0))));
    assert!(cause.is_shared());
}

#[test]
fn a_node_in_trouble_without_stuck_pods_holds_nobody() {
    let world = World {
        held: vec![held("api", vec![pod("api-1", Some("node-a"), "CrashLoopBackOff", "")])],
        nodes: vec![node("node-a", Some(true)), node("node-b", None)],
        ..World::default()
    };
    assert_eq!(world.words(), [""; 0]);
}

#[test]
fn pressure_names_what_is_short_and_since_when() {
    let short = Pressure { kind: "DiskPressure".into(), since: Some(at(180)) };
    let pressed = Arc::new(Node { pressures: [short].into(), ..node("node-a", Some(true)).as_ref().clone() });
    let world = World {
        held: vec![held("api", vec![pod("api-1", Some("node-a"), "CreateContainerError", "no space")])],
        nodes: vec![pressed],
        ..World::default()
    };
    assert_eq!(world.words(), ["The only stuck pod is on node-a, DiskPressure since 08:05 UTC"]);
}

#[test]
fn workloads_that_cannot_pull_from_one_registry_share_it() {
    let pull = |name: &str, image: &str| {
        pod(name, Some("node-a"), "ImagePullBackOff", &format!("Back-off pulling image \"{image}\""))
    };
    let world = World {
        held: vec![
            held(
                "api",
                vec![pull("api-1", "registry.example/shop/api:2"), pull("api-2", "registry.example/shop/api:2")],
            ),
            held("web", vec![pull("web-1", "registry.example/shop/web:2")]),
            held("tool", vec![pull("tool-1", "mirror.example:5000/tool:1")]),
            // Without words of the kubelet the template's image says it.
            held("mail", vec![pod("mail-1", None, "ErrImagePull", "")]),
        ],
        ..World::default()
    };
    assert_eq!(
        world.words(),
        ["3 workloads cannot pull from registry.example", "tool cannot pull from mirror.example:5000"]
    );
    assert_eq!(world.causes()[0].evidence[0], format!("pod api-1: ImagePullBackOff: {BACK_OFF}"));
}

#[test]
fn an_exhausted_quota_says_its_figures_and_whom_it_refuses() {
    let message =
        "pods \"api-7\" is forbidden: exceeded quota: compute, requested: pods=1, used: pods=20, limited: pods=20";
    let refused = |name: &str| Held { refused: Some((message.into(), Some(at(5)))), lacking: 2, ..held(name, vec![]) };
    let mut world = World { held: vec![refused("api"), refused("web"), refused("mail")], ..World::default() };
    assert_eq!(world.words(), ["quota compute in namespace shop is exhausted (pods 20/20): 3 workloads are refused"]);
    // A StatefulSet does not say why it lacks pods: the quota that is used up does.
    world.held = vec![Held { lacking: 1, ..held("db", vec![]) }];
    assert_eq!(world.words(), [""; 0], "no quota was read");
    let limits = vec![("pods".into(), "20".into(), "20".into()), ("requests.cpu".into(), "1500m".into(), "2".into())];
    world.quotas = vec![Quota { namespace: "shop".into(), name: "compute".into(), limits }];
    assert_eq!(world.words(), ["quota compute in namespace shop is exhausted (pods 20/20): pods of db are refused"]);
    world.quotas[0].limits = vec![("requests.cpu".into(), "1500m".into(), "2".into())];
    assert_eq!(world.words(), [""; 0], "there is room");
}

#[test]
fn a_claim_that_is_not_bound_says_why_and_who_waits() {
    let mut waiting = pod(
        "db-2",
        None,
        "Unschedulable",
        "0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims.",
    );
    waiting.claims = ["data-db-2".into()].into();
    let claim = Claim {
        namespace: "shop".into(),
        name: "data-db-2".into(),
        phase: "Pending".into(),
        class: Some("fast".into()),
        has_class: Some(false),
        waits_for_pod: false,
        since: Some(at(1)),
    };
    let mut world = World { held: vec![held("db", vec![waiting])], claims: vec![claim], ..World::default() };
    assert_eq!(world.words(), ["PVC data-db-2 is Pending (there is no storage class fast): pod db-2 waits"]);
    world.claims[0] = Claim { has_class: Some(true), waits_for_pod: true, ..world.claims[0].clone() };
    assert!(world.words()[0].contains("waiting for its first consumer"), "{:?}", world.words());
    // A claim nobody waits for is no cause; the scheduler's own words are.
    world.claims.clear();
    assert_eq!(
        world.words(),
        ["1 pod finds no node (db): 0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims"]
    );
}

#[test]
fn pods_without_room_share_the_scheduler_s_sentence() {
    let words = "0/3 nodes are available: 1 node(s) were unschedulable, 2 Insufficient memory. preemption: 0/3 nodes are available.";
    let cordoned = Arc::new(Node { is_cordoned: true, ..node("node-c", Some(true)).as_ref().clone() });
    let world = World {
        held: vec![
            held("api", vec![pod("api-1", None, "Unschedulable", words)]),
            held("web", vec![pod("web-1", None, "Unschedulable", words), pod("web-2", None, "Unschedulable", words)]),
        ],
        nodes: vec![cordoned],
        ..World::default()
    };
    assert_eq!(
        world.words(),
        [
            "3 pods find no node (api and web): 0/3 nodes are available: 1 node(s) were unschedulable, 2 Insufficient memory; node-c takes none"
        ]
    );
}

#[test]
fn an_autoscaler_at_its_limit_is_told_for_a_workload_that_is_not_well() {
    let limited = Condition {
        kind: "ScalingLimited".into(),
        is_true: true,
        reason: "TooManyReplicas".into(),
        ..Condition::default()
    };
    let autoscaler = Autoscaler {
        who: "HorizontalPodAutoscaler api".into(),
        aims_at: ("Deployment".into(), "api".into()),
        least: 2,
        most: 10,
        current: 10,
        desired: 10,
        conditions: vec![limited],
        ..Autoscaler::default()
    };
    let mut world = World { held: vec![held("api", vec![])], autoscalers: vec![autoscaler], ..World::default() };
    assert_eq!(world.words(), ["HorizontalPodAutoscaler api is at its limit 10/10: it would start more"]);
    world.held = vec![held("web", vec![])];
    assert_eq!(world.words(), [""; 0]);
}

#[test]
fn the_order_does_not_depend_on_the_order_of_the_facts() {
    let pull = |name: &str| pod(name, Some("node-b"), "ImagePullBackOff", BACK_OFF);
    let mut world = World {
        held: vec![held("web", vec![pull("web-1")]), held("api", vec![pull("api-1"), pull("api-2")])],
        nodes: vec![node("node-b", Some(false)), node("node-a", Some(false))],
        ..World::default()
    };
    let first = world.causes();
    assert_eq!(first.iter().map(|cause| cause.kind).collect::<Vec<_>>(), [CauseKind::Node, CauseKind::Registry]);
    world.held.reverse();
    world.nodes.reverse();
    assert_eq!(world.causes(), first);
}

#[test]
fn what_the_server_says_cannot_steer_a_terminal() {
    let evil = "\u{1b}[2J\u{202e}evil";
    let world = World {
        held: vec![held("api", vec![pod(evil, Some(evil), "ImagePullBackOff", &format!("image \"{evil}/x\" {evil}"))])],
        nodes: vec![node(evil, Some(false))],
        ..World::default()
    };
    for cause in world.causes() {
        let all = format!("{}{}{}", cause.words, cause.subject, cause.evidence.concat());
        assert!(!all.chars().any(char::is_control) && !all.contains('\u{202e}'), "{all:?}");
    }
}
