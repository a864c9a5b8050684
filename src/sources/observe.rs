//! The read ports.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use futures_util::Stream;
use serde_json::Value;
use tokio::sync::watch;

use super::error::SourceError;
use crate::domain::action::{Cluster, OperationRecord};
use crate::domain::alert::{Alert, AlertSnapshot, Matcher, Silence};
use crate::domain::cluster::ClusterEvent;
use crate::domain::database::{DatabaseSnapshot, Limits, Reading, Trail};
use crate::domain::owner::{Keeper, Told};
use crate::domain::rollout::{Autoscaler, Budget, Pod, Report, Revision, WorkloadRef};
use crate::domain::subject::PodRef;
use crate::domain::time::Instant;
use crate::domain::usage::Resources;

/// An answer on its way.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, SourceError>> + Send + 'a>>;

/// Everything read of one workload at one time, for its detail, its plan and its verification.
#[derive(Debug, Clone)]
pub struct WorkloadFacts {
    /// Which workload.
    pub workload: WorkloadRef,
    /// Its uid.
    pub uid: Arc<str>,
    /// The object as the server sent it, never through typed structs: those drop fields they do not know.
    pub object: Arc<Value>,
    /// The same, as far as a verdict needs it.
    pub report: Report,
    /// Its revisions, oldest first.
    pub revisions: Vec<Revision>,
    /// Its pods, of every revision.
    pub pods: Vec<Pod>,
    /// The `pod-template-hash` of the current revision; `None` before its ReplicaSet exists.
    pub current_hash: Option<Arc<str>>,
    /// Who acts on it, as written on the object; its times by our clock.
    pub record: Option<OperationRecord>,
    /// What its containers run, each pair once: the image as the pod names it, and the digest the node found under it.
    pub running: Vec<(String, String)>,
    /// What its pods asked for and may have, by the pod's name.
    pub resources: Vec<(Arc<str>, Resources)>,
    /// What may not be read, as sentences; what depends on it is empty.
    pub missing: Vec<String>,
    /// When all this was read, by our clock.
    pub observed_at: Instant,
}

impl WorkloadFacts {
    /// The pods of the current revision.
    pub fn newest_pods(&self) -> impl Iterator<Item = &Pod> + Clone {
        self.pods.iter().filter(|pod| self.current_hash.as_ref() == Some(&pod.template_hash))
    }

    /// The digests its running pods have under an image, each once.
    pub fn digests_of(&self, image: &str) -> Vec<String> {
        self.running.iter().filter(|(named, _)| named == image).map(|(_, digest)| digest.clone()).collect()
    }

    /// The pod template of the object; null when there is none.
    pub fn template(&self) -> &Value {
        self.object.pointer("/spec/template").unwrap_or(&Value::Null)
    }
}

/// Where one object of a cluster stands. Names are as they are known; the reader encodes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectPath<'a> {
    /// `api/v1`, `apis/batch/v1`.
    pub api: &'static str,
    /// Its namespace.
    pub namespace: &'a str,
    /// Its resource, in the plural.
    pub resource: &'static str,
    /// Its name; empty for the list of all there.
    pub name: &'a str,
}

/// Everything read of one pod at one time.
#[derive(Debug, Clone)]
pub struct PodFacts {
    /// Which pod.
    pub subject: PodRef,
    /// What is known of it.
    pub pod: Pod,
    /// The object as the server sent it.
    pub object: Arc<Value>,
    /// When it was read, by our clock.
    pub observed_at: Instant,
}

/// Whether the server would allow something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// It would.
    Allowed,
    /// It would not: its reason, where it gave one.
    Denied(String),
    /// It did not say; never to be shown as denied.
    Unknown(String),
}

/// What brings a pod back when it is deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PodOwner {
    /// A workload that rolls out.
    Workload(WorkloadRef),
    /// Something else: its kind and name, cleaned.
    Other(String),
    /// Nothing.
    Nobody,
}

/// A right to ask about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Right<'a> {
    /// get, list, watch, patch …
    pub verb: &'a str,
    /// The API group; empty for core.
    pub group: &'a str,
    /// The resource, in the plural; `pods/exec` for a part of one.
    pub resource: &'a str,
    /// The namespace.
    pub namespace: &'a str,
    /// The object; empty for all of them.
    pub name: &'a str,
}

/// Reading one cluster. Everything a read-only console may do: get, list, watch, and `create` on self-subject reviews.
pub trait ObserveCluster: Send + Sync {
    /// Which cluster this is; its uid is read once and kept.
    fn cluster(&self) -> Answer<'_, Cluster>;

    /// How far the cluster's clock is ahead of ours, as its newest answer told, in whole seconds; zero within a few seconds, or unknown.
    fn ahead(&self) -> chrono::TimeDelta;

    /// The name the cluster knows us by; `None` where it does not say.
    fn identity(&self) -> Answer<'_, Option<String>>;

    /// Whether we may do something.
    fn may<'a>(&'a self, right: Right<'a>) -> Answer<'a, Access>;

    /// Everything about one workload, read now. The facts' revisions carry no memory of health; the caller adds it.
    fn workload<'a>(&'a self, workload: &'a WorkloadRef) -> Answer<'a, WorkloadFacts>;

    /// The same, again each time it changes, starting now. Ends with an error when the connection is lost; ask again.
    fn follow<'a>(
        &'a self,
        workload: &'a WorkloadRef,
    ) -> Pin<Box<dyn Stream<Item = Result<WorkloadFacts, SourceError>> + Send + 'a>>;

    /// One pod, read now.
    fn pod<'a>(&'a self, pod: &'a PodRef) -> Answer<'a, PodFacts>;

    /// One object as the server sends it, read now, its managed fields left out; `None` where it does not exist.
    fn object<'a>(&'a self, at: &'a ObjectPath<'a>) -> Answer<'a, Option<Arc<Value>>>;

    /// Events about a workload, its ReplicaSets and its pods, newest first, at most 100.
    fn events<'a>(&'a self, facts: &'a WorkloadFacts) -> Answer<'a, Vec<ClusterEvent>>;

    /// The autoscalers of a workload.
    fn autoscalers<'a>(&'a self, workload: &'a WorkloadRef) -> Answer<'a, Vec<Autoscaler>>;

    /// What an owner of a workload says of itself; that it is not there or may not be read is an answer too.
    fn keeper<'a>(&'a self, keeper: &'a Keeper) -> Answer<'a, Told>;

    /// The PodDisruptionBudgets of a namespace over pods with these labels.
    fn budgets<'a>(&'a self, namespace: &'a str, labels: &'a Value) -> Answer<'a, Vec<Budget>>;

    /// What controls a pod.
    fn owner_of<'a>(&'a self, environment: &'a Arc<str>, namespace: &'a str, pod: &'a str) -> Answer<'a, PodOwner>;

    /// When a ConfigMap or Secret was last written, by its metadata alone; `None` where it does not exist.
    fn last_written<'a>(&'a self, resource: &'a str, namespace: &'a str, name: &'a str) -> Answer<'a, Option<Instant>>;
}

/// Objects of one kind, as they are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listing<'a> {
    /// The group and version: `/apis/velero.io/v1`.
    pub api: &'a str,
    /// The kind, in the plural.
    pub resource: &'a str,
    /// The namespace; `None` for all of them.
    pub namespace: Option<&'a str>,
    /// A selector of labels; `None` for all of them.
    pub labels: Option<&'a str>,
}

/// Reading objects of whatever kind: for what is looked at now and then, and never watched.
pub trait ListObjects: Send + Sync {
    /// All of them, as the server sent each.
    fn objects<'a>(&'a self, listing: Listing<'a>) -> Answer<'a, Vec<Value>>;
}

/// A silence as one member of the cluster has it; `None` when it does not know it.
#[derive(Debug, Clone)]
pub struct Replicated {
    /// The member.
    pub member: Arc<str>,
    /// What it has.
    pub silence: Result<Option<Silence>, SourceError>,
}

/// The alerts as one member of the cluster has them.
#[derive(Debug, Clone)]
pub struct MemberAlerts {
    /// The member.
    pub member: Arc<str>,
    /// What it has.
    pub alerts: Result<Vec<Alert>, SourceError>,
}

/// The alerts of an environment as its lists show them, whoever told of them.
pub trait ListAlerts: Send + Sync {
    /// All of them, as they are known now.
    fn listed(&self) -> Answer<'_, AlertSnapshot>;
}

impl ListAlerts for watch::Receiver<AlertSnapshot> {
    fn listed(&self) -> Answer<'_, AlertSnapshot> {
        Box::pin(std::future::ready(Ok(self.borrow().clone())))
    }
}

/// Reading the Alertmanagers of one environment beyond what the poller tells.
pub trait ObserveAlerts: Send + Sync {
    /// The alerts that matchers cover now, as the server itself compares: its regular expressions are not ours. Without any, all alerts.
    fn matching<'a>(&'a self, matchers: &'a [Matcher]) -> Answer<'a, Vec<Alert>>;

    /// Every alert, as each member has it.
    fn of_each(&self) -> Answer<'_, Vec<MemberAlerts>>;

    /// The names of the rules that may begin to fire, where a Prometheus tells them.
    fn rules(&self) -> Answer<'_, Vec<Arc<str>>>;

    /// Every silence, as the first member that answers has them.
    fn silences(&self) -> Answer<'_, Vec<Silence>>;

    /// A silence as each member has it.
    fn replicated<'a>(&'a self, id: &'a str) -> Answer<'a, Vec<Replicated>>;
}

/// A database as it was read once, with what it is judged by.
#[derive(Debug, Clone)]
pub struct DatabaseSeen {
    /// Its members.
    pub reading: Reading,
    /// Where its primary wrote lately, as far as this console looked.
    pub trail: Trail,
    /// What is too much.
    pub limits: Limits,
    /// What consoles wrote into the dynamic configuration of its governor, by their keys; null where nothing is or it cannot be read.
    pub notes: Value,
}

/// Eyes on the databases of an environment beyond what the poller tells.
pub trait ObserveDatabases: Send + Sync {
    /// Reads one now. Where no member answers that is its reading, and no error.
    fn database<'a>(&'a self, name: &'a str) -> Answer<'a, DatabaseSeen>;

    /// Hears from now on what a poller knows of them: where a primary wrote before it was lost is known by whoever looked before.
    fn hear(&self, _snapshots: watch::Receiver<DatabaseSnapshot>) {}
}
