//! What makes backups in a cluster, read by its objects: once for each look, never watched.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use super::objects::raw;
use super::{cnpg, labelled, velero};
use crate::config::{InCluster, Maker};
use crate::domain::backup::{BackupKind, Reading};
use crate::domain::job::JobKind;
use crate::domain::text;
use crate::sources::error::{SourceError, Trouble};
use crate::sources::observe::{ListObjects, Listing};

/// Where Velero is of which nobody says it.
const VELERO: &str = "velero";

/// Reads it.
///
/// # Errors
/// The sentence to show where nothing of it can be known.
pub(super) async fn read(place: &InCluster, cluster: &dyn ListObjects, kind: BackupKind) -> Result<Reading, String> {
    match &place.what {
        Maker::CloudNativePg(name) => cloud_native_pg(place, cluster, name).await,
        Maker::Velero(name) => of_velero(place, cluster, name, kind).await,
        Maker::Labelled(job, label) => labels(place, cluster, *job, label, kind).await,
    }
}

async fn cloud_native_pg(place: &InCluster, cluster: &dyn ListObjects, name: &str) -> Result<Reading, String> {
    let namespace = place.namespace.as_deref();
    let of = |resource| Listing { api: "/apis/postgresql.cnpg.io/v1", resource, namespace, labels: None };
    let served = |error: SourceError| match error.trouble {
        Trouble::NotFound => {
            "The cluster does not serve postgresql.cnpg.io/v1: CloudNativePG is not installed in it.".to_owned()
        }
        _ => error.sentence,
    };
    let clusters = cluster.objects(of("clusters")).await.map_err(served)?;
    let own = named(&clusters, name, "Cluster", namespace)?;
    let backups = cluster.objects(of("backups")).await.map_err(served)?;
    let scheduled = cluster.objects(of("scheduledbackups")).await.map_err(served)?;
    let mut unread = None;
    let stores = match cnpg::store_of(own) {
        None => Vec::new(),
        Some(_) => {
            let listing =
                Listing { api: "/apis/barmancloud.cnpg.io/v1", resource: "objectstores", namespace, labels: None };
            cluster.objects(listing).await.unwrap_or_else(|error| {
                unread = Some(error.sentence);
                Vec::new()
            })
        }
    };
    let store = stores.iter().find(|object| raw(object, "/metadata/name") == cnpg::store_of(own));
    let mut reading = cnpg::read(&cnpg::Around { cluster: own, backups: &backups, scheduled: &scheduled, store });
    if let Some(why) = unread {
        // What could not be read is not gone.
        reading.breaches.retain(|(_, words)| !words.contains("which is not there"));
        reading.troubles.push(format!("The ObjectStore of its plugin cannot be read: {why}"));
    }
    Ok(reading)
}

async fn of_velero(
    place: &InCluster,
    cluster: &dyn ListObjects,
    name: &str,
    kind: BackupKind,
) -> Result<Reading, String> {
    let namespace = Some(place.namespace.as_deref().unwrap_or(VELERO));
    let of = |api, resource, labels| Listing { api, resource, namespace, labels };
    let (v1, v2) = ("/apis/velero.io/v1", "/apis/velero.io/v2alpha1");
    let schedules = cluster.objects(of(v1, "schedules", None)).await.map_err(|error| match error.trouble {
        Trouble::NotFound => "The cluster does not serve velero.io/v1: Velero is not installed in it.".to_owned(),
        _ => error.sentence,
    })?;
    let schedule = named(&schedules, name, "Schedule", namespace)?;
    let own = format!("{}={name}", velero::OF_SCHEDULE);
    let backups = cluster.objects(of(v1, "backups", Some(&own))).await.map_err(|error| error.sentence)?;
    let volumes = moved(cluster.objects(of(v1, "podvolumebackups", Some(velero::OF_BACKUP))).await);
    let uploads = moved(cluster.objects(of(v2, "datauploads", Some(velero::OF_BACKUP))).await);
    let places = cluster.objects(of(v1, "backupstoragelocations", None)).await;
    let mut reading = velero::read(
        &velero::Around {
            schedule,
            backups: &backups,
            volumes: volumes.as_deref().map_err(String::as_str),
            uploads: uploads.as_deref().map_err(String::as_str),
            places: places.as_deref().unwrap_or_default(),
        },
        kind,
    );
    if let Err(error) = places {
        reading.notes.push(format!("Whether its storage is there is not known: {}", error.sentence));
    }
    Ok(reading)
}

/// What was moved of volumes; an API that is not served has moved nothing.
fn moved(objects: Result<Vec<Value>, SourceError>) -> Result<Vec<Value>, String> {
    match objects {
        Err(error) if error.trouble == Trouble::NotFound => Ok(Vec::new()),
        other => other.map_err(|error| error.sentence),
    }
}

async fn labels(
    place: &InCluster,
    cluster: &dyn ListObjects,
    job: JobKind,
    label: &str,
    kind: BackupKind,
) -> Result<Reading, String> {
    let of =
        |resource, labels| Listing { api: "/apis/batch/v1", resource, namespace: place.namespace.as_deref(), labels };
    let mut crons = Vec::new();
    if job == JobKind::CronJob {
        crons = cluster.objects(of("cronjobs", Some(label))).await.map_err(|error| error.sentence)?;
    }
    let labelled = cluster.objects(of("jobs", Some(label))).await.map_err(|error| error.sentence)?;
    if crons.is_empty() && (job == JobKind::CronJob || labelled.is_empty()) {
        let label = text::clean(label);
        return Err(format!(
            "There is no {} with the label {label}: was it deleted, or labelled otherwise?",
            job.word()
        ));
    }
    let all = if crons.is_empty() {
        labelled.clone()
    } else {
        cluster.objects(of("jobs", None)).await.map_err(|error| error.sentence)?
    };
    let uids: BTreeSet<&str> = labelled.iter().filter_map(|object| raw(object, "/metadata/uid")).collect();
    let is_labelled = |object: &Value| raw(object, "/metadata/uid").is_some_and(|uid| uids.contains(uid));
    Ok(labelled::read(&crons, &all, is_labelled, kind))
}

fn named<'v>(objects: &'v [Value], name: &str, kind: &str, namespace: Option<&str>) -> Result<&'v Value, String> {
    let found = objects.iter().find(|object| raw(object, "/metadata/name") == Some(name));
    found.ok_or_else(|| {
        let place = namespace.map(|namespace| format!(" in namespace {namespace}")).unwrap_or_default();
        format!("There is no {kind} {name}{place}: was it deleted or renamed?")
    })
}

/// Clusters by their environments; why there is none where a connection is not made.
pub type Clusters = std::collections::BTreeMap<Arc<str>, Result<Arc<dyn ListObjects>, String>>;

/// The cluster of an environment; of the only one where none is named.
pub(in crate::sources) fn find(
    clusters: &Clusters,
    environment: Option<&Arc<str>>,
) -> Result<Arc<dyn ListObjects>, String> {
    let found = match environment {
        Some(name) => clusters.get(name),
        None => clusters.values().next().filter(|_| clusters.len() == 1),
    };
    match (found, environment) {
        (Some(cluster), _) => cluster.clone(),
        (None, Some(name)) => Err(format!("There is no connection to {name} yet.")),
        (None, None) => Err("There is no connection to its cluster yet.".to_owned()),
    }
}
