//! What the simulated cluster holds at start, and what happens in it later.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::controllers;
use super::controllers::{BEHAVIOUR, READY_AFTER};
use super::mishaps;
use super::world::{Key, World, stamp};
use crate::domain::time;

/// The namespace of the demo's production.
pub(super) const PRODUCTION: &str = "shop-production";
/// The namespace of the demo's staging.
pub(super) const STAGING: &str = "shop-staging";
/// How long after the start the bad release goes out.
const TROUBLE_AFTER: TimeDelta = TimeDelta::seconds(5);

/// What a cluster begins with.
#[derive(Debug, Clone, Default)]
pub struct Scenario {
    namespaces: Vec<String>,
    services: Vec<(String, Service)>,
    cron_jobs: Vec<(String, Cron)>,
    autoscalers: Vec<(String, Autoscaled)>,
    has_trouble: bool,
    /// Whether somebody installed a metrics server.
    pub(super) is_measured: bool,
}

/// A workload with its past.
#[derive(Debug, Clone)]
pub struct Service {
    /// The Deployment's name.
    pub name: String,
    /// The image without its tag.
    pub image: String,
    /// Wanted pods.
    pub replicas: u32,
    /// Tags with their causes and ages in minutes, oldest first; the last one runs.
    pub releases: Vec<(String, String, i64)>,
    /// What pods of the last release do: see the `behaviour` annotation of the pod template.
    pub behaviour: Option<String>,
    /// After how many seconds its pods are ready.
    pub ready_after: u32,
    /// The service its labels name; `None` when nobody labelled it.
    pub service: Option<String>,
    /// Whether Argo CD keeps it as its repository has it: as it is at the start.
    pub is_synced: bool,
}

/// A CronJob with its past.
#[derive(Debug, Clone)]
pub struct Cron {
    /// Its name.
    pub name: String,
    /// When it runs.
    pub schedule: String,
    /// By which clock.
    pub zone: Option<String>,
    /// How long ago it was made.
    pub age: TimeDelta,
    /// How many seconds a run takes.
    pub takes: u32,
    /// For how many minutes its runs have failed.
    pub fails_for: Option<i64>,
}

impl Cron {
    /// A CronJob of a few days whose runs succeed within seconds.
    pub fn new(name: &str, schedule: &str) -> Self {
        Self {
            name: name.to_owned(),
            schedule: schedule.to_owned(),
            zone: None,
            age: TimeDelta::days(3),
            takes: 3,
            fails_for: None,
        }
    }
}

/// An autoscaler of a Deployment, standing still.
#[derive(Debug, Clone)]
struct Autoscaled {
    name: &'static str,
    limits: (u32, u32),
    pods: u32,
    /// Use of the CPU in percent, and what it should be.
    cpu: (u32, u32),
}

/// What changes the world later.
type Act = Box<dyn FnOnce(&mut World, DateTime<Utc>) + Send>;

/// Something that happens later.
pub(super) struct Turn {
    /// When.
    pub(super) at: DateTime<Utc>,
    /// What.
    pub(super) act: Act,
}

impl Service {
    /// A service with one release an hour ago.
    pub fn new(name: &str, replicas: u32) -> Self {
        Self {
            name: name.to_owned(),
            image: format!("registry.example/{name}"),
            replicas,
            releases: vec![("1.0.0".to_owned(), "first release".to_owned(), 60)],
            behaviour: None,
            ready_after: 3,
            service: Some(name.to_owned()),
            is_synced: false,
        }
    }

    /// The same with further releases: tag, cause, age in minutes.
    #[must_use]
    pub fn releases(mut self, releases: &[(&str, &str, i64)]) -> Self {
        self.releases =
            releases.iter().map(|(tag, cause, age)| ((*tag).to_owned(), (*cause).to_owned(), *age)).collect();
        self
    }

    /// The same whose last release does something else than becoming ready.
    #[must_use]
    pub fn behaving(mut self, behaviour: &str) -> Self {
        self.behaviour = Some(behaviour.to_owned());
        self
    }

    /// The same, of a service of another name.
    #[must_use]
    pub fn of(mut self, service: &str) -> Self {
        self.service = Some(service.to_owned());
        self
    }

    /// The same, kept by Argo CD.
    #[must_use]
    pub const fn synced(mut self) -> Self {
        self.is_synced = true;
        self
    }

    /// The same without a label that names its service.
    #[must_use]
    pub fn unlabelled(mut self) -> Self {
        self.service = None;
        self
    }

    /// The same with slower pods.
    #[must_use]
    pub const fn ready_after(mut self, seconds: u32) -> Self {
        self.ready_after = seconds;
        self
    }
}

impl Scenario {
    /// An empty cluster with one namespace.
    pub fn empty(namespace: &str) -> Self {
        Self { namespaces: vec![namespace.to_owned()], ..Self::default() }
    }

    /// The same with a service.
    #[must_use]
    pub fn with(mut self, namespace: &str, service: Service) -> Self {
        if !self.namespaces.iter().any(|known| known == namespace) {
            self.namespaces.push(namespace.to_owned());
        }
        self.services.push((namespace.to_owned(), service));
        self
    }

    /// The same with a metrics server.
    #[must_use]
    pub const fn measured(mut self) -> Self {
        self.is_measured = true;
        self
    }

    /// The same with a CronJob.
    #[must_use]
    pub fn with_cron_job(mut self, namespace: &str, cron: Cron) -> Self {
        self.cron_jobs.push((namespace.to_owned(), cron));
        self
    }

    /// A shop: a dozen services in two environments, one rollout on its way, and one that goes wrong while you look. A node is silent in
    /// production, and staging runs into its quota later.
    pub fn shop() -> Self {
        let mut shop = Self { has_trouble: true, is_measured: true, ..Self::default() };
        for (name, replicas, releases) in SHOP {
            let service = Service { image: format!("ghcr.example/shop/{name}"), ..Service::new(name, *replicas) }
                .releases(releases);
            let service = if *name == "gateway" { service.unlabelled() } else { service };
            let kept = if *name == "catalog" { service.clone().synced() } else { service.clone() };
            shop = shop.with(PRODUCTION, kept);
            shop = shop.with(STAGING, Service { replicas: replicas.div_ceil(3), ..service });
        }
        let backup = Cron { takes: 432, ..Cron::new("nightly-backup", "0 2 * * *") };
        let rates = Cron {
            zone: Some("Europe/Berlin".to_owned()),
            age: TimeDelta::hours(12),
            takes: 9,
            ..Cron::new("exchange-rates", "0 * * * *")
        };
        let export = Cron { takes: 40, fails_for: Some(26 * 60), ..Cron::new("orders-export", "30 3 * * *") };
        for cron in [backup.clone(), rates, export] {
            shop = shop.with_cron_job(PRODUCTION, cron);
        }
        shop.autoscalers = [
            Autoscaled { name: "checkout-api", limits: (3, 10), pods: 5, cpu: (62, 70) },
            Autoscaled { name: "catalog", limits: (2, 4), pods: 4, cpu: (93, 70) },
        ]
        .map(|scaled| (PRODUCTION.to_owned(), scaled))
        .into();
        shop.with_cron_job(STAGING, backup)
    }

    /// Builds the world as it is now, its past played by the real controllers, and says what happens later.
    pub(super) fn build(&self, world: &mut World, now: DateTime<Utc>) -> Vec<Turn> {
        for namespace in ["kube-system", "default"].into_iter().chain(self.namespaces.iter().map(String::as_str)) {
            put_plain(world, "namespaces", "Namespace", "", namespace, now - AGE);
        }
        for node in ["node-a", "node-b", "node-c"] {
            put_node(world, node, now - AGE);
        }
        for (seed, (namespace, service)) in (1..).zip(&self.services) {
            // Each past is played in a world of its own: the controllers look at everything there is.
            let mut past = World::seeded(seed);
            for (place, (tag, cause, minutes)) in service.releases.iter().enumerate() {
                let at = now - time::minutes(*minutes);
                let is_last = place + 1 == service.releases.len();
                let behaviour = service.behaviour.as_deref().filter(|_| is_last);
                release(&mut past, namespace, service, tag, cause, behaviour, service.ready_after, at);
                let until = if is_last { now } else { at + TimeDelta::minutes(2) };
                pass(&mut past, at, until);
            }
            if service.is_synced {
                let key = Key { resource: "deployments", namespace: namespace.clone(), name: service.name.clone() };
                controllers::gitops::adopt(&mut past, &key, now);
            }
            world.absorb(past);
        }
        for (seed, (namespace, cron)) in (1_001..).zip(&self.cron_jobs) {
            let mut past = World::seeded(seed);
            let (made, fails_since) = (now - cron.age, cron.fails_for.map(|minutes| now - time::minutes(minutes)));
            put_cron_job(&mut past, namespace, cron, false, made);
            if let Some(since) = fails_since.filter(|since| *since > made) {
                pass(&mut past, made, since);
            }
            if let Some(since) = fails_since {
                put_cron_job(&mut past, namespace, cron, true, since.max(made));
            }
            pass(&mut past, fails_since.unwrap_or(made).max(made), now);
            world.absorb(past);
        }
        for (namespace, scaled) in &self.autoscalers {
            put_autoscaler(world, namespace, scaled, now);
        }
        if self.has_trouble {
            mishaps::beside(world, now);
            trouble(world, now)
        } else {
            Vec::new()
        }
    }
}

/// Tags, causes and ages of the shop's releases.
type Releases = &'static [(&'static str, &'static str, i64)];

const SHOP: &[(&str, u32, Releases)] = &[
    (
        "checkout-api",
        5,
        &[
            ("2.13.2", "deploy 2.13.2 (#1391): idempotent retries", 20_160),
            ("2.14.0", "deploy 2.14.0 (#1440): vouchers", 4_320),
            ("2.14.1", "deploy 2.14.1 (#1452): rounding of vouchers", 1_500),
        ],
    ),
    (
        "checkout-web",
        4,
        &[("5.0.3", "deploy 5.0.3 (#877)", 8_640), ("5.1.0", "deploy 5.1.0 (#902): new basket", 1_440)],
    ),
    (
        "payments",
        6,
        &[
            ("3.7.1", "deploy 3.7.1 (#1433): 3-D Secure 2.2", 30_240),
            ("3.7.2", "deploy 3.7.2 (#1460): timeouts", 2_880),
        ],
    ),
    ("catalog", 4, &[("8.2.0", "deploy 8.2.0 (#2101)", 11_520), ("8.2.1", "deploy 8.2.1 (#2116): facets", 5_760)]),
    ("search", 6, &[("1.44.0", "deploy 1.44.0 (#640): synonyms", 7_200)]),
    ("cart", 3, &[("4.9.0", "deploy 4.9.0 (#1203)", 14_400), ("4.9.1", "deploy 4.9.1 (#1219): merge on login", 2_160)]),
    ("inventory", 3, &[("2.2.8", "deploy 2.2.8 (#555)", 43_200)]),
    ("recommendations", 2, &[("0.31.0", "deploy 0.31.0 (#98): model 2026-11", 3_600)]),
    ("accounts", 4, &[("6.6.2", "deploy 6.6.2 (#1010)", 18_720), ("6.7.0", "deploy 6.7.0 (#1044): passkeys", 6_480)]),
    ("notifications", 2, &[("1.8.4", "deploy 1.8.4 (#312)", 25_920)]),
    ("shipping", 3, &[("3.3.0", "deploy 3.3.0 (#720): parcel lockers", 10_080)]),
    ("gateway", 3, &[("1.20.5", "deploy 1.20.5 (#88)", 50_400), ("1.21.0", "deploy 1.21.0 (#91): http/3", 9_360)]),
];

/// A slow but good rollout under way, and a bad one that begins while you look.
fn trouble(world: &mut World, now: DateTime<Utc>) -> Vec<Turn> {
    let slow = Service { image: "ghcr.example/shop/search".to_owned(), ..Service::new("search", 6) };
    let began = now - TimeDelta::seconds(20);
    release(world, PRODUCTION, &slow, "1.45.0", "deploy 1.45.0 (#655): typo tolerance", None, 25, began);
    pass(world, began, now);
    let bad = Service { image: "ghcr.example/shop/payments".to_owned(), ..Service::new("payments", 6) };
    let crash = Turn {
        at: now + TROUBLE_AFTER,
        act: Box::new(move |world, now| {
            release(world, PRODUCTION, &bad, "3.8.0", "deploy 3.8.0 (#1482): new provider", Some("crash-loop"), 3, now);
        }),
    };
    vec![crash, Turn { at: now + mishaps::SQUEEZED_AFTER, act: Box::new(mishaps::squeeze) }]
}

/// Lets the controllers play from one time to another.
pub(super) fn pass(world: &mut World, from: DateTime<Utc>, until: DateTime<Utc>) {
    let mut at = from;
    // Bounded: a crash loop has something to do for ever.
    for _ in 0..200 {
        match controllers::settle(world, at) {
            Some(due) if due <= until => at = due.max(at),
            _ => break,
        }
    }
    controllers::settle(world, until);
}

/// Makes a CronJob, or changes how its next runs end.
fn put_cron_job(world: &mut World, namespace: &str, cron: &Cron, is_failing: bool, at: DateTime<Utc>) {
    let name = &cron.name;
    let key = Key { resource: "cronjobs", namespace: namespace.to_owned(), name: name.clone() };
    let mut annotations = json!({READY_AFTER: cron.takes.to_string()});
    if is_failing {
        annotations[BEHAVIOUR] = json!("fail");
    }
    let pods = json!({
        "metadata": {"labels": {"app": name, "app.kubernetes.io/name": name}, "annotations": annotations},
        "spec": {"restartPolicy": "Never", "containers": [{"name": name, "image": format!("ghcr.example/shop/{name}:1.3.0")}]},
    });
    let mut object = world.get(&key).cloned().unwrap_or_else(|| {
        json!({
            "apiVersion": "batch/v1", "kind": "CronJob",
            "metadata": {"name": name, "namespace": namespace, "uid": world.uid(), "creationTimestamp": stamp(at), "generation": 1, "labels": {"app": name}},
            "spec": {"schedule": cron.schedule, "suspend": false, "concurrencyPolicy": "Forbid", "successfulJobsHistoryLimit": 3, "failedJobsHistoryLimit": 1},
            "status": {},
        })
    });
    if let Some(zone) = &cron.zone {
        object["spec"]["timeZone"] = json!(zone);
    }
    object["spec"]["jobTemplate"] = json!({"spec": {"backoffLimit": 2, "template": pods}});
    world.put(key, object);
}

/// An autoscaler as its controller would have left it.
fn put_autoscaler(world: &mut World, namespace: &str, scaled: &Autoscaled, now: DateTime<Utc>) {
    let Autoscaled { name, limits: (least, most), pods, cpu: (used, wanted) } = scaled;
    let is_limited = pods == most && used > wanted;
    let condition = |kind: &str, is_true: bool, reason: &str, message: &str| json!({"type": kind, "status": if is_true { "True" } else { "False" }, "reason": reason, "message": message, "lastTransitionTime": stamp(now)});
    let limited = if is_limited {
        condition(
            "ScalingLimited",
            true,
            "TooManyReplicas",
            "the desired replica count is more than the maximum replica count",
        )
    } else {
        condition("ScalingLimited", false, "DesiredWithinRange", "the desired count is within the acceptable range")
    };
    let metric = |field: &str, percent: u32| json!({"type": "Resource", "resource": {"name": "cpu", field: {"type": "Utilization", "averageUtilization": percent}}});
    let object = json!({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": name, "namespace": namespace, "uid": world.uid(), "creationTimestamp": stamp(now - AGE)},
        "spec": {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}, "minReplicas": least, "maxReplicas": most, "metrics": [metric("target", *wanted)]},
        "status": {"currentReplicas": pods, "desiredReplicas": pods, "currentMetrics": [metric("current", *used)],
            "conditions": [condition("AbleToScale", true, "ReadyForNewScale", "recommended size matches current size"), condition("ScalingActive", true, "ValidMetricFound", "the HPA was able to compute the replica count"), limited]},
    });
    world.put(
        Key { resource: "horizontalpodautoscalers", namespace: namespace.to_owned(), name: (*name).to_owned() },
        object,
    );
}

/// How old the nodes, namespaces and autoscalers of a cluster are when its simulation begins.
pub(super) const AGE: TimeDelta = TimeDelta::days(90);

/// A node that is well.
pub(super) fn put_node(world: &mut World, name: &str, made: DateTime<Utc>) {
    put_plain(world, "nodes", "Node", "", name, made);
    let key = Key { resource: "nodes", namespace: String::new(), name: name.to_owned() };
    let Some(mut node) = world.get(&key).cloned() else { return };
    let condition = |kind: &str, status: &str, reason: &str| json!({"type": kind, "status": status, "reason": reason, "lastTransitionTime": stamp(made)});
    node["status"] = json!({
        "allocatable": {"cpu": "8", "memory": "32Gi", "pods": "110"},
        "nodeInfo": {"kubeletVersion": "v1.34.4"},
        "conditions": [condition("MemoryPressure", "False", "KubeletHasSufficientMemory"), condition("DiskPressure", "False", "KubeletHasNoDiskPressure"),
            condition("Ready", "True", "KubeletReady")],
    });
    world.put(key, node);
}

pub(super) fn put_plain(
    world: &mut World,
    resource: &'static str,
    kind: &str,
    namespace: &str,
    name: &str,
    at: DateTime<Utc>,
) {
    let object = json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "uid": world.uid(), "creationTimestamp": stamp(at)}, "spec": {}, "status": {}});
    world.put(Key { resource, namespace: namespace.to_owned(), name: name.to_owned() }, object);
}

/// Deploys a release, as a pipeline would.
#[expect(clippy::too_many_arguments, reason = "each is one fact of a release")]
fn release(
    world: &mut World,
    namespace: &str,
    service: &Service,
    tag: &str,
    cause: &str,
    behaviour: Option<&str>,
    ready_after: u32,
    at: DateTime<Utc>,
) {
    let name = &service.name;
    let key = Key { resource: "deployments", namespace: namespace.to_owned(), name: name.clone() };
    let mut annotations = json!({READY_AFTER: ready_after.to_string()});
    if let Some(behaviour) = behaviour {
        annotations[BEHAVIOUR] = json!(behaviour);
    }
    let template = json!({
        "metadata": {"labels": {"app": name, "app.kubernetes.io/name": name}, "annotations": annotations},
        "spec": {
            "terminationGracePeriodSeconds": 30,
            "containers": [{"name": name, "image": format!("{}:{tag}", service.image), "ports": [{"containerPort": 8080}],
                "env": [{"name": "RELEASE", "value": tag}],
                "readinessProbe": {"httpGet": {"path": "/ready", "port": 8080}, "periodSeconds": 5, "failureThreshold": 3},
                "resources": {"requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"memory": "512Mi"}}}],
        },
    });
    let labels = service
        .service
        .as_ref()
        .map_or_else(|| json!({"team": "edge"}), |service| json!({"app": name, "app.kubernetes.io/name": service}));
    let mut deployment = world.get(&key).cloned().unwrap_or_else(|| {
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": name, "namespace": namespace, "uid": world.uid(), "creationTimestamp": stamp(at), "generation": 0, "labels": labels, "annotations": {}},
            "spec": {"replicas": service.replicas, "revisionHistoryLimit": 10, "progressDeadlineSeconds": 120, "selector": {"matchLabels": {"app": name}},
                "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}}},
            "status": {},
        })
    });
    deployment["metadata"]["annotations"]["kubernetes.io/change-cause"] = json!(cause);
    deployment["metadata"]["generation"] = json!(deployment["metadata"]["generation"].as_i64().unwrap_or(0) + 1);
    deployment["spec"]["template"] = template;
    deployment["metadata"]["managedFields"] = managed(at);
    world.put(key, deployment);
}

fn managed(at: DateTime<Utc>) -> Value {
    json!([{"manager": "deploy-pipeline", "operation": "Update", "apiVersion": "apps/v1", "time": stamp(at), "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": {"f:template": {}}}}])
}
