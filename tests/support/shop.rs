//! A namespace of its own for each test, with people who have rights in it and Deployments that behave as told.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use super::controlplane::ControlPlane;
use super::process::{Finished, wait_until};

/// What the pods of a Deployment do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Behaviour {
    /// Become ready at once.
    Good,
    /// Become ready, each after so many seconds.
    Slow(u32),
    /// Wait for an image that does not come.
    ImagePull,
    /// Start and fall, over and over.
    CrashLoop,
    /// Run and never pass their readiness probe.
    NeverReady,
    /// Find no node.
    Unschedulable,
    /// Become ready at once, and take so many seconds to go.
    SlowToGo(u32),
}

/// The folder of the kinds of objects of a project, fetched where they are not there yet.
pub(crate) fn kinds(of: &str) -> PathBuf {
    let fetch = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/crds/fetch");
    let fetched = Command::new(fetch).output().expect("the script of ours");
    assert!(fetched.status.success(), "{}", String::from_utf8_lossy(&fetched.stderr));
    Path::new(String::from_utf8_lossy(&fetched.stdout).trim()).join(of)
}

/// How long anything of the control plane may take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(180);

/// A namespace with people in it: `oncall` and `second` may change Deployments, `viewer` may look, `stranger` may nothing.
pub(crate) struct Shop {
    /// The control plane it is on.
    pub(crate) plane: &'static ControlPlane,
    /// The namespace.
    pub(crate) name: String,
}

impl Shop {
    /// Opens a namespace of this name.
    pub(crate) fn open(name: &str) -> Self {
        Self::on(ControlPlane::shared(), name)
    }

    /// Opens a namespace of this name on a control plane.
    pub(crate) fn on(plane: &'static ControlPlane, name: &str) -> Self {
        let binding = |role: &str, users: &[&str]| {
            let subjects: Vec<_> = users
                .iter()
                .map(|user| json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}))
                .collect();
            json!({
                "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
                "metadata": {"name": role, "namespace": name},
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
                "subjects": subjects,
            })
        };
        let list = json!({"apiVersion": "v1", "kind": "List", "items": [
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}},
            binding("test-operator", &["oncall", "second"]),
            binding("test-viewer", &["viewer"]),
        ]});
        plane.kubectl_with(&["create", "-f", "-"], &list.to_string()).good("a namespace");
        Self { plane, name: name.to_owned() }
    }

    /// The real kubectl, as the administrator, in this namespace.
    pub(crate) fn kubectl(&self, arguments: &[&str]) -> Finished {
        self.plane.kubectl(&[&["-n", self.name.as_str()], arguments].concat())
    }

    /// Puts any object there.
    pub(crate) fn apply(&self, object: &Value) {
        self.plane.kubectl_with(&["-n", &self.name, "apply", "-f", "-"], &object.to_string()).good("apply");
    }

    /// Creates or changes a Deployment of `replicas` pods.
    pub(crate) fn deploy(&self, name: &str, image: &str, behaviour: Behaviour, replicas: u32) {
        self.apply(&deployment(name, image, behaviour, replicas));
    }

    /// Creates or changes a StatefulSet of `replicas` pods, or a DaemonSet.
    pub(crate) fn set(&self, kind: &str, name: &str, image: &str, behaviour: Behaviour, replicas: u32) {
        let mut object = deployment(name, image, behaviour, replicas);
        object["kind"] = kind.into();
        let spec = object["spec"].as_object_mut().expect("a spec");
        spec.remove("progressDeadlineSeconds");
        if kind == "StatefulSet" {
            spec.insert("serviceName".into(), name.into());
        } else {
            spec.remove("replicas");
        }
        self.apply(&object);
    }

    /// Creates a Deployment whose pods are good, and waits until kubectl calls it rolled out.
    pub(crate) fn deploy_good(&self, name: &str, image: &str, replicas: u32) {
        self.deploy(name, image, Behaviour::Good, replicas);
        self.rolled_out(name);
    }

    /// Lets no more than so many pods into the namespace.
    pub(crate) fn limit_pods(&self, count: u32) {
        self.apply(&json!({
            "apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "pods"},
            "spec": {"hard": {"pods": count.to_string()}},
        }));
        wait_until("the quota in force", PATIENCE, || {
            self.get("resourcequota", "pods").pointer("/status/hard/pods").is_some().then_some(())
        });
    }

    /// Waits until kubectl calls a Deployment rolled out.
    pub(crate) fn rolled_out(&self, name: &str) {
        let target = if name.contains('/') { name.to_owned() } else { format!("deployment/{name}") };
        self.kubectl(&["rollout", "status", &target, "--timeout=150s"]).good("rollout status");
    }

    /// A Deployment as the server has it.
    pub(crate) fn deployment(&self, name: &str) -> Value {
        self.get("deployment", name)
    }

    /// Any object as the server has it.
    pub(crate) fn get(&self, kind: &str, name: &str) -> Value {
        let text = self.kubectl(&["get", kind, name, "-o", "json"]).good("get");
        serde_json::from_str(&text).expect("kubectl prints JSON")
    }

    /// The first image of a Deployment's template.
    pub(crate) fn image(&self, name: &str) -> String {
        let object = self.deployment(name);
        let image = object.pointer("/spec/template/spec/containers/0/image").and_then(Value::as_str);
        image.expect("a container").to_owned()
    }

    /// The pods with this image, as the server has them.
    pub(crate) fn pods(&self, image: &str) -> Vec<Value> {
        let text = self.kubectl(&["get", "pods", "-o", "json"]).good("get pods");
        let list: Value = serde_json::from_str(&text).expect("kubectl prints JSON");
        let all = list["items"].as_array().cloned().unwrap_or_default();
        all.into_iter().filter(|pod| pod.pointer("/spec/containers/0/image") == Some(&image.into())).collect()
    }

    /// Waits until some pod with this image fulfils a claim.
    pub(crate) fn wait_for_pod(&self, image: &str, what: &str, claim: impl Fn(&Value) -> bool) -> Value {
        wait_until(what, PATIENCE, || self.pods(image).into_iter().find(|pod| claim(pod)))
    }

    /// Waits until a pod of this image waits with this reason.
    pub(crate) fn wait_for_waiting(&self, image: &str, reason: &str) {
        self.wait_for_pod(image, reason, |pod| {
            pod.pointer("/status/containerStatuses/0/state/waiting/reason").and_then(Value::as_str) == Some(reason)
        });
    }

    /// `kubectl rollout history`: the revision numbers, oldest first.
    pub(crate) fn history(&self, name: &str) -> Vec<u64> {
        let target = format!("deployment/{name}");
        let text = self.kubectl(&["rollout", "history", &target]).good("rollout history");
        text.lines().filter_map(|line| line.split_whitespace().next()?.parse().ok()).collect()
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        // Pods that crash over and over would keep the machine busy until the end.
        let all = "deployments,statefulsets,daemonsets,cronjobs,jobs";
        self.plane.tidy(&["-n", &self.name, "delete", all, "--all", "--wait=false"]);
    }
}

fn deployment(name: &str, image: &str, behaviour: Behaviour, replicas: u32) -> Value {
    let mut template = json!({
        "metadata": {"labels": {"app": name}},
        "spec": {"terminationGracePeriodSeconds": 1, "containers": [{"name": "app", "image": image}]},
    });
    let mut annotate = |key: &str, value: String| {
        template["metadata"]["annotations"][format!("quarterdeck.test/{key}")] = value.into();
    };
    match behaviour {
        Behaviour::Good => {}
        Behaviour::Slow(seconds) => annotate("ready-after", format!("{seconds}s")),
        Behaviour::SlowToGo(seconds) => annotate("gone-after", format!("{seconds}s")),
        Behaviour::ImagePull => annotate("behaviour", "image-pull".into()),
        Behaviour::CrashLoop => annotate("behaviour", "crash-loop".into()),
        Behaviour::NeverReady => annotate("behaviour", "never-ready".into()),
        Behaviour::Unschedulable => template["spec"]["nodeSelector"] = json!({"disk": "none-has-it"}),
    }
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
        "spec": {
            // Later than any test looks: what is stuck until then has failed from then on.
            "replicas": replicas, "progressDeadlineSeconds": 600,
            "selector": {"matchLabels": {"app": name}}, "template": template,
        },
    })
}
