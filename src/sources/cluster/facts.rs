//! One workload, read whole: for its detail, its plan and its verification.

use std::collections::{BTreeSet, HashSet};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{join, join_all};
use futures_util::{Stream, stream};
use http_body_util::BodyExt;
use serde_json::Value;
use tokio::time::Instant as Tick;

use super::connection::Connection;
use super::feed::encoded;
use super::keepers;
use super::page;
use super::revisions;
use super::trouble;
use super::wire::{self, Interner, Wire, WireDaemonSet, WireDeployment, WirePod, WireStatefulSet, WireWorkload};
use crate::domain::action::{Cluster, OperationRecord};
use crate::domain::cluster::ClusterEvent;
use crate::domain::owner::{Keeper, Told};
use crate::domain::rollout::{Autoscaler, Budget, Kind, Pod, Report, WorkloadRef};
use crate::domain::subject::PodRef;
use crate::domain::text;
use crate::domain::time::Instant;
use crate::sources::error::{SourceError, Trouble};
use crate::sources::observe::{Access, Answer, ObjectPath, ObserveCluster, PodFacts, PodOwner, Right, WorkloadFacts};

/// While following, the workload is read again at most this often.
const READ_EVERY: Duration = Duration::from_millis(500);
/// And at least this often: pods move without their workload.
const READ_AT_LEAST: Duration = Duration::from_secs(10);
/// The most events shown of one workload.
const MOST_EVENTS: usize = 100;
/// The most pods whose events are asked for.
const MOST_EVENT_PODS: usize = 10;

impl ObserveCluster for Connection {
    fn cluster(&self) -> Answer<'_, Cluster> {
        Box::pin(Self::cluster(self))
    }

    fn ahead(&self) -> chrono::TimeDelta {
        Self::ahead(self)
    }

    fn identity(&self) -> Answer<'_, Option<String>> {
        Box::pin(Self::identity(self))
    }

    fn may<'a>(&'a self, right: Right<'a>) -> Answer<'a, Access> {
        Box::pin(async move {
            let (resource, subresource) = right.resource.split_once('/').unwrap_or((right.resource, ""));
            let review = serde_json::json!({
                "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
                "spec": {"resourceAttributes": {
                    "namespace": right.namespace, "verb": right.verb, "group": right.group, "resource": resource,
                    "subresource": subresource, "name": right.name,
                }},
            });
            match self.post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", &review).await {
                Ok(answer) => Ok(access(&answer)),
                // A user who may not even ask is no user who may not act.
                Err(error) if matches!(error.trouble, Trouble::Forbidden | Trouble::NotFound | Trouble::Rejected) => {
                    Ok(Access::Unknown(error.sentence))
                }
                Err(error) => Err(error),
            }
        })
    }

    fn workload<'a>(&'a self, workload: &'a WorkloadRef) -> Answer<'a, WorkloadFacts> {
        Box::pin(read_workload(self, workload))
    }

    fn follow<'a>(
        &'a self,
        workload: &'a WorkloadRef,
    ) -> Pin<Box<dyn Stream<Item = Result<WorkloadFacts, SourceError>> + Send + 'a>> {
        let follower = Follower { connection: self, workload, watch: None, read_at: None };
        Box::pin(stream::unfold(Some(follower), |follower| async {
            let mut follower = follower?;
            match follower.next().await {
                Ok(facts) => Some((Ok(facts), Some(follower))),
                Err(error) => Some((Err(error), None)),
            }
        }))
    }

    fn pod<'a>(&'a self, pod: &'a PodRef) -> Answer<'a, PodFacts> {
        Box::pin(read_pod(self, pod))
    }

    fn object<'a>(&'a self, at: &'a ObjectPath<'a>) -> Answer<'a, Option<Arc<Value>>> {
        Box::pin(super::objects::read(self, at))
    }

    fn events<'a>(&'a self, facts: &'a WorkloadFacts) -> Answer<'a, Vec<ClusterEvent>> {
        Box::pin(read_events(self, facts))
    }

    fn autoscalers<'a>(&'a self, workload: &'a WorkloadRef) -> Answer<'a, Vec<Autoscaler>> {
        Box::pin(super::scalers::of(self, workload))
    }

    fn keeper<'a>(&'a self, keeper: &'a Keeper) -> Answer<'a, Told> {
        Box::pin(keepers::read(self, keeper))
    }

    fn budgets<'a>(&'a self, namespace: &'a str, labels: &'a Value) -> Answer<'a, Vec<Budget>> {
        Box::pin(super::budgets::over(self, namespace, labels))
    }

    fn owner_of<'a>(&'a self, environment: &'a Arc<str>, namespace: &'a str, pod: &'a str) -> Answer<'a, PodOwner> {
        Box::pin(super::owner::of(self, environment, namespace, pod))
    }

    fn last_written<'a>(&'a self, resource: &'a str, namespace: &'a str, name: &'a str) -> Answer<'a, Option<Instant>> {
        Box::pin(async move {
            // Metadata only: the contents of a Secret never leave the server.
            let accept = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
            let path = format!("/api/v1/namespaces/{}/{resource}/{}", encoded(namespace), encoded(name));
            let answered = match self.read_as(&path, accept).await {
                Err(error) if error.trouble == Trouble::NotFound => return Ok(None),
                answered => answered?,
            };
            let object: Value = serde_json::from_slice(&answered.body)
                .map_err(|error| trouble::malformed(&error.to_string(), self.server()))?;
            let written = object.pointer("/metadata/managedFields").and_then(Value::as_array).into_iter().flatten();
            let written = written.filter_map(|managed| instant(managed.get("time"))).max();
            Ok(written.or_else(|| instant(object.pointer("/metadata/creationTimestamp"))))
        })
    }
}

fn access(answer: &Value) -> Access {
    let status = |key: &str| answer.pointer(&format!("/status/{key}"));
    let words = |key: &str| {
        status(key).and_then(Value::as_str).map(|words| text::clean(words).into_owned()).unwrap_or_default()
    };
    let trouble = words("evaluationError");
    match status("allowed").and_then(Value::as_bool) {
        Some(true) => Access::Allowed,
        Some(false) if trouble.is_empty() => Access::Denied(words("reason")),
        _ => Access::Unknown(trouble),
    }
}

pub(super) fn instant(value: Option<&Value>) -> Option<Instant> {
    crate::domain::time::read(value?.as_str()?)
}

pub(super) fn string(object: &Value, pointer: &str) -> Option<String> {
    object.pointer(pointer).and_then(Value::as_str).map(str::to_owned)
}

pub(super) fn number(object: &Value, pointer: &str) -> u32 {
    object.pointer(pointer).and_then(Value::as_u64).and_then(|number| u32::try_from(number).ok()).unwrap_or(0)
}

/// The object of a workload with what its kind says of it.
struct Read {
    object: Value,
    report: Report,
    record: Option<OperationRecord>,
    uid: Arc<str>,
    update_revision: String,
}

async fn read_object<'w, W>(connection: &Connection, path: &str, body: &'w mut Bytes) -> Result<Read, SourceError>
where
    W: Wire<'w> + WireWorkload,
{
    *body = connection.read(path).await?.body;
    let malformed = |error: serde_json::Error| trouble::malformed(&error.to_string(), connection.server());
    let object: Value = serde_json::from_slice(body).map_err(malformed)?;
    let slim: W = serde_json::from_slice(body).map_err(malformed)?;
    Ok(Read {
        object,
        report: slim.report(&mut Interner::default()),
        record: slim.record(),
        uid: slim.meta().uid.as_ref().into(),
        update_revision: slim.update_revision().unwrap_or_default().to_owned(),
    })
}

async fn read_workload(connection: &Connection, workload: &WorkloadRef) -> Result<WorkloadFacts, SourceError> {
    let namespace = format!("/namespaces/{}", encoded(&workload.namespace));
    let path = format!("/apis/apps/v1{namespace}/{}/{}", workload.kind.plural(), encoded(&workload.name));
    let mut body = Bytes::new();
    let read = match workload.kind {
        Kind::Deployment => read_object::<WireDeployment<'_>>(connection, &path, &mut body).await?,
        Kind::StatefulSet => read_object::<WireStatefulSet<'_>>(connection, &path, &mut body).await?,
        Kind::DaemonSet => read_object::<WireDaemonSet<'_>>(connection, &path, &mut body).await?,
    };
    let Read { object, mut report, record, uid, update_revision } = read;
    let selector = selector(object.pointer("/spec/selector").unwrap_or(&Value::Null));
    let Some(selector) = selector else {
        return Err(SourceError::new(
            Trouble::Malformed,
            format!("{workload} has no selector: its pods cannot be told from others."),
        ));
    };
    let selector = encoded(&selector);
    let keeper = if workload.kind == Kind::Deployment { "replicasets" } else { "controllerrevisions" };
    let kept = list(connection, format!("/apis/apps/v1{namespace}/{keeper}?labelSelector={selector}"), |bytes| {
        let list: Value = serde_json::from_slice(bytes)?;
        let next = string(&list, "/metadata/continue").filter(|next| !next.is_empty());
        let items = list.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
        Ok((items, next))
    });
    let pods = list(connection, format!("/api/v1{namespace}/pods?labelSelector={selector}"), |bytes| {
        let mut interner = Interner::default();
        let page = page::read(bytes, |pod: &WirePod<'_>| {
            (pod.metadata.controller().map(str::to_owned), pod.kept(&mut interner), pod.digests(), pod.resources())
        })?;
        Ok((page.items, page.next))
    });
    let mut missing = Vec::new();
    let (kept, pods) = join(kept, pods).await;
    let (kept, pods) = (readable(kept, &mut missing)?, readable(pods, &mut missing)?);

    let template = object.pointer("/spec/template").unwrap_or(&Value::Null);
    let owned: Vec<&Value> = kept.iter().filter(|keeper| is_controlled_by(keeper, &uid)).collect();
    let owners: HashSet<&str> = match workload.kind {
        Kind::Deployment => owned.iter().filter_map(|set| set.pointer("/metadata/uid")?.as_str()).collect(),
        Kind::StatefulSet | Kind::DaemonSet => HashSet::from([&*uid]),
    };
    let own = pods.into_iter().filter(|(owner, ..)| owner.as_deref().is_some_and(|owner| owners.contains(owner)));
    let (mut pods, mut resources, mut running) = (Vec::new(), Vec::new(), BTreeSet::new());
    for (_, pod, digests, asked) in own {
        resources.push((pod.name.clone(), asked));
        running.extend(digests);
        pods.push(pod);
    }
    let current = revisions::current(workload.kind, &owned, template, &update_revision);
    let revisions = revisions::all(workload.kind, &owned, current, &pods);
    let now = connection.now();
    report.started.revision_created = current.and_then(|keeper| instant(keeper.pointer("/metadata/creationTimestamp")));
    let ahead = connection.ahead();
    report.started.acted = wire::acted(record.as_ref(), now + ahead);
    Ok(WorkloadFacts {
        workload: workload.clone(),
        uid,
        current_hash: current.map(|keeper| revisions::hash(workload.kind, keeper).into()),
        object: Arc::new(object),
        report,
        revisions,
        pods,
        record: record.map(|record| record.shifted(-ahead)),
        running: running.into_iter().collect(),
        resources,
        missing,
        observed_at: now,
    })
}

async fn read_pod(connection: &Connection, subject: &PodRef) -> Result<PodFacts, SourceError> {
    let path = format!("/api/v1/namespaces/{}/pods/{}", encoded(&subject.namespace), encoded(&subject.name));
    let body = connection.read(&path).await?.body;
    let malformed = |error: serde_json::Error| trouble::malformed(&error.to_string(), connection.server());
    let object: Value = serde_json::from_slice(&body).map_err(malformed)?;
    let pod = serde_json::from_slice::<WirePod<'_>>(&body).map_err(malformed)?.kept(&mut Interner::default());
    Ok(PodFacts { subject: subject.clone(), pod, object: Arc::new(object), observed_at: connection.now() })
}

/// A list, or nothing and the sentence why where it may not be read: the rest of the workload is still worth showing.
pub(super) fn readable<T>(list: Result<Vec<T>, SourceError>, missing: &mut Vec<String>) -> Result<Vec<T>, SourceError> {
    match list {
        Err(error) if error.trouble == Trouble::Forbidden => {
            missing.push(error.sentence);
            Ok(Vec::new())
        }
        list => list,
    }
}

fn is_controlled_by(object: &Value, uid: &str) -> bool {
    let owners = object.pointer("/metadata/ownerReferences").and_then(Value::as_array).into_iter().flatten();
    owners.into_iter().any(|owner| {
        owner.get("controller") == Some(&Value::Bool(true)) && owner.get("uid").and_then(Value::as_str) == Some(uid)
    })
}

/// A label selector as a query; `None` when it selects nothing in particular.
pub(super) fn selector(selector: &Value) -> Option<String> {
    let labels = selector.get("matchLabels").and_then(Value::as_object).into_iter().flatten();
    let mut terms: Vec<String> = labels.filter_map(|(key, value)| Some(format!("{key}={}", value.as_str()?))).collect();
    for expression in selector.get("matchExpressions").and_then(Value::as_array).into_iter().flatten() {
        let key = expression.get("key")?.as_str()?;
        let values = expression.get("values").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        let values = values.collect::<Vec<_>>().join(",");
        terms.push(match expression.get("operator")?.as_str()? {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "Exists" => key.to_owned(),
            "DoesNotExist" => format!("!{key}"),
            _ => return None,
        });
    }
    (!terms.is_empty()).then(|| terms.join(","))
}

/// Every page of a list.
pub(super) async fn list<T>(
    connection: &Connection,
    path: String,
    decode: impl Fn(&[u8]) -> serde_json::Result<(Vec<T>, Option<String>)>,
) -> Result<Vec<T>, SourceError> {
    let mut all = Vec::new();
    let mut from = String::new();
    loop {
        let answered = connection.read(&format!("{path}&limit=500{from}")).await?;
        let (items, next) =
            decode(&answered.body).map_err(|error| trouble::malformed(&error.to_string(), connection.server()))?;
        all.extend(items);
        match next {
            Some(token) => from = format!("&continue={}", encoded(&token)),
            None => return Ok(all),
        }
    }
}

/// Reads a workload again whenever its object moves.
struct Follower<'a> {
    connection: &'a Connection,
    workload: &'a WorkloadRef,
    watch: Option<kube::client::Body>,
    read_at: Option<Tick>,
}

impl Follower<'_> {
    async fn next(&mut self) -> Result<WorkloadFacts, SourceError> {
        if let Some(read_at) = self.read_at {
            if let Some(watch) = &mut self.watch {
                // Any word on the watch, its end, or silence for long: all mean "look again".
                let word = async {
                    loop {
                        match watch.frame().await {
                            Some(Ok(frame)) if frame.data_ref().is_some_and(|piece| !piece.trim_ascii().is_empty()) => {
                                return true;
                            }
                            Some(Ok(_)) => {}
                            Some(Err(_)) | None => return false,
                        }
                    }
                };
                if let Ok(false) = tokio::time::timeout(READ_AT_LEAST, word).await {
                    self.watch = None;
                }
            }
            tokio::time::sleep_until(read_at + READ_EVERY).await;
        }
        let facts = read_workload(self.connection, self.workload).await?;
        self.read_at = Some(Tick::now());
        if self.watch.is_none() {
            let version = string(&facts.object, "/metadata/resourceVersion").unwrap_or_default();
            let path = format!(
                "/apis/apps/v1/namespaces/{}/{}?watch=true&timeoutSeconds=300&resourceVersion={}&fieldSelector={}",
                encoded(&self.workload.namespace),
                self.workload.kind.plural(),
                encoded(&version),
                encoded(&format!("metadata.name={}", self.workload.name)),
            );
            self.watch = Some(self.connection.open_watch(&path).await?.into_body());
        }
        Ok(facts)
    }
}

async fn read_events(connection: &Connection, facts: &WorkloadFacts) -> Result<Vec<ClusterEvent>, SourceError> {
    let now = connection.now();
    let mut uids: Vec<Arc<str>> = vec![facts.uid.clone()];
    uids.extend(
        facts
            .revisions
            .iter()
            .filter(|revision| revision.is_current || revision.replicas > 0)
            .map(|revision| revision.uid.clone()),
    );
    let mut pods: Vec<&Pod> = facts.pods.iter().collect();
    pods.sort_by_key(|pod| (pod.is_ready, pod.blocked(now).is_none()));
    uids.extend(pods.into_iter().take(MOST_EVENT_PODS).map(|pod| pod.uid.clone()));
    events_about(connection, &facts.workload.namespace, &uids).await
}

/// Events about these objects of a namespace, newest first.
pub(super) async fn events_about(
    connection: &Connection,
    namespace: &str,
    uids: &[Arc<str>],
) -> Result<Vec<ClusterEvent>, SourceError> {
    let path = format!(
        "/api/v1/namespaces/{}/events?limit={MOST_EVENTS}&fieldSelector=involvedObject.uid",
        encoded(namespace)
    );
    let lists = join_all(uids.iter().map(|uid| {
        let path = format!("{path}{}", encoded(&format!("={uid}")));
        async move { connection.get(&path).await }
    }))
    .await;
    let mut events = Vec::new();
    for list in lists {
        events.extend(list?.get("items").and_then(Value::as_array).into_iter().flatten().map(event));
    }
    events.sort_by_key(|event| std::cmp::Reverse(event.at));
    events.truncate(MOST_EVENTS);
    Ok(events)
}

fn event(object: &Value) -> ClusterEvent {
    let words = |pointer: &str| text::clean(&string(object, pointer).unwrap_or_default()).into_owned();
    let times = ["/series/lastObservedTime", "/lastTimestamp", "/eventTime", "/metadata/creationTimestamp"];
    ClusterEvent {
        at: times.into_iter().find_map(|pointer| instant(object.pointer(pointer))),
        is_warning: string(object, "/type").as_deref() == Some("Warning"),
        count: number(object, "/series/count").max(number(object, "/count")).max(1),
        reason: words("/reason"),
        about: format!("{} {}", words("/involvedObject/kind"), words("/involvedObject/name")),
        note: words("/message"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn selectors_become_queries() {
        let written = selector(
            &json!({"matchLabels": {"app": "api"}, "matchExpressions": [{"key": "tier", "operator": "In", "values": ["a", "b"]}, {"key": "x", "operator": "DoesNotExist"}]}),
        );
        assert_eq!(written.as_deref(), Some("app=api,tier in (a,b),!x"));
        assert_eq!(selector(&json!({})), None, "everything in the namespace is not a workload's pods");
        let unknown = json!({"matchLabels": {"app": "api"}, "matchExpressions": [{"key": "tier", "operator": "Like", "values": ["a"]}]});
        assert_eq!(selector(&unknown), None, "less than all of it would select more");
    }

    #[test]
    fn only_the_controller_of_an_object_owns_it() {
        let owned = |uid: &str, controls: &Value| {
            let owners = json!([{"uid": "other", "controller": false}, {"uid": uid, "controller": controls}]);
            is_controlled_by(&json!({"metadata": {"ownerReferences": owners}}), "ours")
        };
        assert!(owned("ours", &json!(true)));
        assert!(!owned("theirs", &json!(true)) && !owned("ours", &json!(false)) && !owned("ours", &Value::Null));
        assert!(!is_controlled_by(&json!({"metadata": {}}), "ours"));
    }

    #[test]
    fn a_list_that_may_not_be_read_is_missing_and_any_other_trouble_is_trouble() {
        let mut missing = Vec::new();
        let refused = SourceError::new(Trouble::Forbidden, "not allowed.");
        assert_eq!(readable::<u8>(Err(refused), &mut missing), Ok(Vec::new()));
        assert_eq!(missing, ["not allowed."]);
        let away = SourceError::new(Trouble::Unreachable, "away.");
        assert_eq!(readable::<u8>(Err(away.clone()), &mut missing), Err(away));
    }

    #[test]
    fn a_review_that_could_not_be_evaluated_is_not_a_denial() {
        assert_eq!(
            access(&json!({"status": {"allowed": false, "evaluationError": "webhook"}})),
            Access::Unknown("webhook".into())
        );
        assert_eq!(access(&json!({"status": {"allowed": false, "reason": "no"}})), Access::Denied("no".into()));
    }

    #[test]
    fn an_event_counts_and_dates_by_its_series() {
        let read = event(
            &json!({"type": "Warning", "reason": "BackOff", "message": "a\u{1b}b", "count": 2, "lastTimestamp": "2026-11-24T03:00:00Z",
            "series": {"count": 9, "lastObservedTime": "2026-11-24T03:05:00Z"}, "involvedObject": {"kind": "Pod", "name": "p"}}),
        );
        assert_eq!((read.count, read.note.as_str(), read.about.as_str()), (9, "ab", "Pod p"));
        assert_eq!(read.at.map(|at| at.to_rfc3339()), Some("2026-11-24T03:05:00+00:00".into()));
    }
}
