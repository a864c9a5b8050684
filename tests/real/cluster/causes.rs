//! Why workloads are stuck: nodes, quotas and volumes of the real control plane, as `status` tells of them.

use serde_json::{Value, json};

use crate::support::console::{Console, Grant};
use crate::support::process::wait_until;
use crate::support::shop::{Behaviour, PATIENCE, Shop};

/// A node of our own: nobody else's pods come there, and it goes when the test ends.
struct OwnNode<'a> {
    shop: &'a Shop,
    name: String,
}

impl<'a> OwnNode<'a> {
    fn new(shop: &'a Shop, state: &str) -> Self {
        let name = format!("{}-{state}", shop.name);
        shop.apply(&json!({
            "apiVersion": "v1", "kind": "Node",
            "metadata": {"name": name, "labels": {"quarterdeck.test/node": state}},
            "spec": {"taints": [{"key": "quarterdeck.test/own", "value": shop.name, "effect": "NoSchedule"}]},
        }));
        Self { shop, name }
    }

    /// Puts pods of a behaviour on it, past the scheduler.
    fn run(&self, name: &str, behaviour: &str, replicas: u32) {
        self.shop.apply(&json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
            "spec": {
                "replicas": replicas, "progressDeadlineSeconds": 600, "selector": {"matchLabels": {"app": name}},
                "template": {
                    "metadata": {"labels": {"app": name}, "annotations": {"quarterdeck.test/behaviour": behaviour}},
                    "spec": {
                        "nodeName": self.name, "terminationGracePeriodSeconds": 1,
                        "containers": [{"name": "app", "image": "registry.example/app:1"}],
                    },
                },
            },
        }));
    }
}

impl Drop for OwnNode<'_> {
    fn drop(&mut self) {
        let plane = self.shop.plane;
        plane.tidy(&["-n", &self.shop.name, "delete", "deployments", "--all", "--wait=false"]);
        plane.tidy(&["delete", "node", &self.name, "--wait=false"]);
    }
}

fn status(console: &Console) -> Value {
    serde_json::from_str(&console.run(&["status", "--output", "json"]).stdout).unwrap_or_default()
}

/// Waits until `status` names a cause of a kind whose words fulfil a claim.
fn wait_for_cause(console: &Console, kind: &str, claim: impl Fn(&str) -> bool) -> Value {
    let mut last = Value::Null;
    wait_until(&format!("a cause of kind {kind}"), PATIENCE, || {
        last = status(console);
        let causes = last["causes"].as_array().cloned().unwrap_or_default();
        causes.into_iter().find(|cause| cause["kind"] == kind && cause["words"].as_str().is_some_and(&claim))
    })
}

fn node(console: &Console, name: &str) -> Value {
    let nodes = status(console)["nodes"].as_array().cloned().unwrap_or_default();
    nodes.into_iter().find(|node| node["name"] == name).unwrap_or_default()
}

#[test]
fn stuck_pods_on_a_node_that_is_not_ready_share_it() {
    let shop = Shop::open("causes-node");
    let console = Console::of("oncall", &shop, Grant::Read);
    let ill = OwnNode::new(&shop, "not-ready");
    ill.run("api", "never-ready", 2);
    ill.run("web", "never-ready", 1);
    shop.deploy("mail", "mail:1", Behaviour::CrashLoop, 1);
    let cause = wait_for_cause(&console, "node", |words| {
        words.starts_with(&format!("3 of 4 stuck pods are on {}, NotReady since ", ill.name))
    });
    let names = json!([format!("deployment/api -n {}", shop.name), format!("deployment/web -n {}", shop.name)]);
    assert_eq!((&cause["workloads"], cause["pods"].as_u64()), (&names, Some(3)));
    assert!(cause["since"].is_string(), "{cause}");
    assert!(cause["evidence"][0].as_str().is_some_and(|line| line.contains("container runtime is down")), "{cause}");

    let row = node(&console, &ill.name);
    assert_eq!((&row["verdict"], &row["ready"]), (&json!("not_ready"), &json!(false)), "{row}");
    assert_eq!(row["pods"], json!({"all": 3, "pending": 0, "unready": 3}), "{row}");
    // It gets well: the cause goes, the pods stay what they are.
    shop.kubectl(&["label", "node", &ill.name, "quarterdeck.test/node-"]).good("label");
    wait_until("the node being ready", PATIENCE, || (node(&console, &ill.name)["verdict"] == "ready").then_some(()));
    let causes = status(&console)["causes"].clone();
    assert!(causes.as_array().is_some_and(|all| all.iter().all(|cause| cause["kind"] != "node")), "{causes}");
}

#[test]
fn pressure_and_a_cordon_are_told_of_a_node() {
    let shop = Shop::open("causes-full");
    let console = Console::of("oncall", &shop, Grant::Read);
    let full = OwnNode::new(&shop, "pressure");
    full.run("api", "never-ready", 1);
    wait_for_cause(&console, "node", |words| {
        words.starts_with(&format!("The only stuck pod is on {}, DiskPressure since ", full.name))
    });
    assert_eq!(node(&console, &full.name)["pressures"], json!(["DiskPressure"]));
    shop.kubectl(&["label", "node", &full.name, "quarterdeck.test/node-"]).good("label");
    shop.kubectl(&["cordon", &full.name]).good("cordon");
    let row = wait_until("the cordon", PATIENCE, || {
        Some(node(&console, &full.name)).filter(|row| row["verdict"] == "cordoned")
    });
    assert_eq!(row["unschedulable"], json!(true));
    let own = format!("quarterdeck.test/own={}:NoSchedule", shop.name);
    assert_eq!(row["taints"], json!([own]), "the cordon's own taint says nothing new");
}

#[test]
fn a_quota_that_refuses_is_named_with_its_figures_and_whom_it_refuses() {
    let shop = Shop::open("causes-quota");
    let console = Console::of("oncall", &shop, Grant::Read);
    shop.limit_pods(2);
    shop.deploy_good("api", "api:1", 2);
    shop.deploy("web", "web:1", Behaviour::Good, 2);
    shop.set("StatefulSet", "db", "db:1", Behaviour::Good, 1);
    let words = format!("quota pods in namespace {} is exhausted (pods 2/2): sts/db and web are refused", shop.name);
    let reversed = words.replace("sts/db and web", "web and sts/db");
    let cause = wait_for_cause(&console, "quota", |said| said == words || said == reversed);
    assert_eq!(cause["subject"], json!(format!("{}/pods", shop.name)));
}

#[test]
fn a_claim_that_is_not_bound_says_why_and_which_pod_waits() {
    let shop = Shop::open("causes-volume");
    let console = Console::of("oncall", &shop, Grant::Read);
    shop.apply(&json!({
        "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "causes-late"},
        "provisioner": "kubernetes.io/no-provisioner", "volumeBindingMode": "WaitForFirstConsumer",
    }));
    for (name, class) in [("db", "causes-nobody-made"), ("log", "causes-late")] {
        shop.apply(&json!({
            "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": name},
            "spec": {
                "replicas": 1, "serviceName": name, "selector": {"matchLabels": {"app": name}},
                "template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": "app", "image": "db:1"}]}},
                "volumeClaimTemplates": [{
                    "metadata": {"name": "data"},
                    "spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": class, "resources": {"requests": {"storage": "1Gi"}}},
                }],
            },
        }));
    }
    wait_for_cause(&console, "volume", |words| {
        words == "PVC data-db-0 is Pending (there is no storage class causes-nobody-made): pod db-0 waits"
    });
    wait_for_cause(&console, "volume", |words| {
        words == "PVC data-log-0 is Pending (waiting for its first consumer: a pod that has a node): pod log-0 waits"
    });
    shop.kubectl(&["delete", "storageclass", "causes-late"]).good("delete");
}

#[test]
fn images_that_do_not_come_are_told_by_their_registry() {
    let shop = Shop::open("causes-registry");
    let console = Console::of("oncall", &shop, Grant::Read);
    shop.deploy("api", "registry.example/api:9", Behaviour::ImagePull, 1);
    shop.deploy("web", "registry.example/web:9", Behaviour::ImagePull, 2);
    // One pod after the other comes to wait for its image.
    wait_until("all three pods in one cause", PATIENCE, || {
        let words = "api and web cannot pull from registry.example";
        let cause = wait_for_cause(&console, "registry", |said| said == words);
        (cause["pods"] == json!(3)).then_some(())
    });
}

#[test]
fn who_may_not_see_nodes_is_told_so_and_sees_the_rest() {
    let shop = Shop::open("causes-blind");
    shop.kubectl(&["create", "rolebinding", "blind", "--clusterrole=test-viewer", "--user=stranger"]).good("a right");
    let console = Console::of("stranger", &shop, Grant::Read);
    shop.deploy("api", "registry.example/api:9", Behaviour::ImagePull, 1);
    wait_for_cause(&console, "registry", |words| words == "api cannot pull from registry.example");
    let document = status(&console);
    assert_eq!(document["nodes"], json!([]));
    let sources = document["sources"].as_array().cloned().unwrap_or_default();
    let nodes = sources.iter().find(|source| source["name"].as_str().is_some_and(|name| name.ends_with("/nodes")));
    let nodes = nodes.cloned().unwrap_or_default();
    assert!(nodes["state"] == "forbidden" && nodes["error"].is_string(), "{nodes}");
}
