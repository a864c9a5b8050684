//! What stands around workloads in trouble: quotas, claims, autoscalers, volumes that do not come. Listed while something is stuck, never watched or polled.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join4;
use serde_json::Value;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant as Tick;

use super::connection::Connection;
use super::facts::list;
use super::feed::encoded;
use super::page;
use super::wire::{Class, Interner, Wire, WireAutoscaler, WireClaim, WireQuota};
use crate::domain::cause::{Claim, Quota};
use crate::domain::rollout::{Autoscaler, Blocked};
use crate::domain::text;
use crate::sources::error::{SourceError, Trouble};

/// How often a namespace is looked at while something in it stays stuck.
const READ_EVERY: Duration = Duration::from_secs(30);

/// What stands around the workloads of a namespace.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Around {
    /// Every quota.
    pub(super) quotas: Vec<Quota>,
    /// Claims that are not bound.
    pub(super) claims: Vec<Claim>,
    /// Every autoscaler.
    pub(super) autoscalers: Vec<Autoscaler>,
    /// The uids of pods whose volumes do not come, and what the kubelet or the attach controller says of it.
    pub(super) volumes: Vec<(Arc<str>, Blocked)>,
}

/// The events that say why a volume does not come.
const OF_VOLUMES: [&str; 2] = ["FailedAttachVolume", "FailedMount"];
/// The most events of a kind read of a namespace.
const MOST_EVENTS: usize = 100;

/// Looks around the namespaces that are wanted, each at most every [`READ_EVERY`]; asleep while none is. Ends with its owner.
pub(super) async fn look(
    connection: Connection,
    mut wanted: watch::Receiver<BTreeSet<Arc<str>>>,
    told: mpsc::Sender<(Arc<str>, Option<Around>)>,
) {
    let mut read_at: BTreeMap<Arc<str>, Tick> = BTreeMap::new();
    loop {
        let namespaces = wanted.borrow_and_update().clone();
        for namespace in &namespaces {
            if read_at.get(namespace).is_some_and(|at| at.elapsed() < READ_EVERY) {
                continue;
            }
            let around = read(&connection, namespace).await;
            read_at.insert(namespace.clone(), Tick::now());
            if told.send((namespace.clone(), around)).await.is_err() {
                return;
            }
        }
        read_at.retain(|_, at| at.elapsed() < READ_EVERY);
        let next = namespaces.iter().filter_map(|namespace| read_at.get(namespace)).min().map(|at| *at + READ_EVERY);
        let due = async {
            match next {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            changed = wanted.changed() => if changed.is_err() { return },
            () = due => {}
        }
    }
}

/// What may be read; `None` when the server does not answer, so that what was known stays.
async fn read(connection: &Connection, namespace: &str) -> Option<Around> {
    let (quotas, claims, autoscalers, volumes) = join4(
        quotas(connection, namespace),
        claims(connection, namespace),
        autoscalers(connection, namespace),
        volumes(connection, namespace),
    )
    .await;
    // Forbidden or absent is nothing to see; the detail of a workload says so.
    let absent = |trouble: Trouble| matches!(trouble, Trouble::Forbidden | Trouble::NotFound);
    let lost = |error: SourceError| if absent(error.trouble) { Some(error) } else { None };
    Some(Around {
        quotas: quotas.map_or_else(|error| lost(error).map(|_| Vec::new()), Some)?,
        claims: claims.map_or_else(|error| lost(error).map(|_| Vec::new()), Some)?,
        autoscalers: autoscalers.map_or_else(|error| lost(error).map(|_| Vec::new()), Some)?,
        volumes: volumes.map_or_else(|error| lost(error).map(|_| Vec::new()), Some)?,
    })
}

/// A list of a namespace, each item turned into what is kept of it.
async fn listed<W, T>(
    connection: &Connection,
    path: String,
    keep: impl Fn(&W::Of<'_>, &mut Interner) -> Option<T>,
) -> Result<Vec<T>, SourceError>
where
    W: Family,
{
    let found = list(connection, path, |bytes| {
        let mut interner = Interner::default();
        let page = page::read(bytes, |wire: &W::Of<'_>| keep(wire, &mut interner))?;
        Ok((page.items, page.next))
    });
    Ok(found.await?.into_iter().flatten().collect())
}

/// A wire form for every lifetime of its bytes.
trait Family {
    /// The form.
    type Of<'a>: Wire<'a>;
}

struct Quotas;
struct Claims;
struct Autoscalers;

impl Family for Quotas {
    type Of<'a> = WireQuota<'a>;
}

impl Family for Claims {
    type Of<'a> = WireClaim<'a>;
}

impl Family for Autoscalers {
    type Of<'a> = WireAutoscaler<'a>;
}

async fn quotas(connection: &Connection, namespace: &str) -> Result<Vec<Quota>, SourceError> {
    let path = format!("/api/v1/namespaces/{}/resourcequotas?", encoded(namespace));
    listed::<Quotas, _>(connection, path, |wire, interner| Some(wire.kept(interner))).await
}

async fn autoscalers(connection: &Connection, namespace: &str) -> Result<Vec<Autoscaler>, SourceError> {
    let path = format!("/apis/autoscaling/v2/namespaces/{}/horizontalpodautoscalers?", encoded(namespace));
    listed::<Autoscalers, _>(connection, path, |wire, interner| Some(wire.kept(interner))).await
}

/// The newest word on each pod whose volumes do not come; that one cannot be attached comes before that nothing is mounted.
async fn volumes(connection: &Connection, namespace: &str) -> Result<Vec<(Arc<str>, Blocked)>, SourceError> {
    let mut found: BTreeMap<Arc<str>, Blocked> = BTreeMap::new();
    for reason in OF_VOLUMES {
        let path = format!(
            "/api/v1/namespaces/{}/events?limit={MOST_EVENTS}&fieldSelector={}",
            encoded(namespace),
            encoded(&format!("reason={reason},involvedObject.kind=Pod"))
        );
        let document = connection.get(&path).await?;
        let items = document.get("items").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let words = |item: &Value, pointer: &str| {
            item.pointer(pointer).and_then(Value::as_str).map(|words| text::clean(words).into_owned())
        };
        let mut said: Vec<(Option<String>, Arc<str>, String)> = items
            .iter()
            .filter(|item| words(item, "/reason").as_deref() == Some(reason))
            .filter_map(|item| {
                let at = ["/series/lastObservedTime", "/lastTimestamp", "/eventTime"];
                let at = at.into_iter().find_map(|pointer| words(item, pointer));
                Some((at, words(item, "/involvedObject/uid")?.into(), words(item, "/message")?))
            })
            .collect();
        said.sort();
        for (_, uid, message) in said.into_iter().rev() {
            found.entry(uid).or_insert_with(|| Blocked { reason: reason.into(), message: message.into() });
        }
    }
    Ok(found.into_iter().collect())
}

/// Claims that are not bound; the classes they ask for are read only when there is one.
async fn claims(connection: &Connection, namespace: &str) -> Result<Vec<Claim>, SourceError> {
    let path = format!("/api/v1/namespaces/{}/persistentvolumeclaims?", encoded(namespace));
    #[expect(clippy::redundant_closure_for_method_calls, reason = "a method's path is of one lifetime alone")]
    let mut unbound = listed::<Claims, _>(connection, path, |wire, interner| wire.unbound(interner)).await?;
    if unbound.is_empty() {
        return Ok(unbound);
    }
    // Without the right to see classes the claim itself is still worth telling.
    let Ok(document) = connection.get("/apis/storage.k8s.io/v1/storageclasses?limit=500").await else {
        return Ok(unbound);
    };
    let items = document.get("items").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let classes: Vec<Class> = items.iter().filter_map(Class::of).collect();
    for claim in &mut unbound {
        let class = classes.iter().find(|class| match &claim.class {
            Some(name) => class.name == **name,
            None => class.is_default,
        });
        // An empty name asks for a volume somebody made by hand.
        claim.has_class = claim.class.as_deref().is_none_or(|name| !name.is_empty()).then_some(class.is_some());
        claim.waits_for_pod = class.is_some_and(|class| class.waits_for_pod);
    }
    Ok(unbound)
}
