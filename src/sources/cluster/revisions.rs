//! What a workload is and was: ReplicaSets and ControllerRevisions as revisions.

use std::sync::Arc;

use serde_json::Value;

use super::facts::{instant, number, string};
use crate::domain::rollout::{Kind, Pod, Revision, SeenHealthy, images, same_template, stripped};
use crate::domain::text;

/// The one of the current template among those a workload owns.
pub(super) fn current<'v>(
    kind: Kind,
    owned: &[&'v Value],
    template: &Value,
    update_revision: &str,
) -> Option<&'v Value> {
    let all = owned.iter().copied();
    match kind {
        // Two ReplicaSets of one template happen after a hash collision; the controller then keeps to the older.
        Kind::Deployment => all
            .filter(|set| set.pointer("/spec/template").is_some_and(|other| same_template(other, template)))
            .min_by_key(|set| (instant(set.pointer("/metadata/creationTimestamp")), string(set, "/metadata/name"))),
        Kind::StatefulSet => {
            all.into_iter().find(|revision| string(revision, "/metadata/name").as_deref() == Some(update_revision))
        }
        Kind::DaemonSet => all.max_by_key(|revision| revision.get("revision").and_then(Value::as_u64)),
    }
}

/// What the pods of a revision have in their label.
pub(super) fn hash(kind: Kind, keeper: &Value) -> String {
    let label = |name: &str| keeper.pointer("/metadata/labels")?.get(name)?.as_str().map(str::to_owned);
    let hash = match kind {
        Kind::Deployment => label("pod-template-hash"),
        Kind::StatefulSet => string(keeper, "/metadata/name"),
        Kind::DaemonSet => label("controller-revision-hash"),
    };
    hash.unwrap_or_default()
}

/// Every revision, oldest first; those whose number cannot be read are left out.
pub(super) fn all(kind: Kind, owned: &[&Value], current: Option<&Value>, pods: &[Pod]) -> Vec<Revision> {
    let current = current.and_then(|keeper| string(keeper, "/metadata/uid"));
    let mut revisions: Vec<Revision> = owned
        .iter()
        .filter_map(|keeper| match kind {
            Kind::Deployment => of_replica_set(keeper, current.as_deref()),
            Kind::StatefulSet | Kind::DaemonSet => of_controller_revision(kind, keeper, current.as_deref(), pods),
        })
        .collect();
    revisions.sort_by_key(|revision| revision.number);
    revisions
}

fn annotation<'v>(object: &'v Value, key: &str) -> Option<&'v str> {
    object.pointer("/metadata/annotations")?.get(key)?.as_str()
}

fn cleaned_images(template: &Value) -> Vec<String> {
    images(template).iter().map(|image| text::clean(image).into_owned()).collect()
}

fn of_replica_set(set: &Value, current: Option<&str>) -> Option<Revision> {
    let uid = string(set, "/metadata/uid")?;
    let template = set.pointer("/spec/template")?;
    let available = number(set, "/status/availableReplicas");
    Some(Revision {
        number: annotation(set, "deployment.kubernetes.io/revision").map_or(Some(0), |raw| raw.parse().ok())?,
        earlier: annotation(set, "deployment.kubernetes.io/revision-history")
            .map(|raw| raw.split(',').filter_map(|number| number.trim().parse().ok()).collect())
            .unwrap_or_default(),
        name: text::clean(&string(set, "/metadata/name")?).into(),
        hash: hash(Kind::Deployment, set).into(),
        images: cleaned_images(template),
        change_cause: annotation(set, "kubernetes.io/change-cause").map(|cause| text::clean(cause).into_owned()),
        created_at: instant(set.pointer("/metadata/creationTimestamp")),
        replicas: number(set, "/status/replicas"),
        available,
        seen_healthy: if available > 0 { SeenHealthy::AvailableNow } else { SeenHealthy::No },
        is_current: current == Some(uid.as_str()),
        template: Arc::new(stripped(template)),
        uid: uid.into(),
    })
}

fn of_controller_revision(kind: Kind, keeper: &Value, current: Option<&str>, pods: &[Pod]) -> Option<Revision> {
    let uid = string(keeper, "/metadata/uid")?;
    let template = template_of(keeper.pointer("/data/spec/template")?);
    let hash = hash(kind, keeper);
    let own = || pods.iter().filter(|pod| *pod.template_hash == *hash);
    let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let available = count(own().filter(|pod| pod.is_ready).count());
    Some(Revision {
        number: keeper.get("revision").and_then(Value::as_u64)?,
        earlier: Vec::new(),
        name: text::clean(&string(keeper, "/metadata/name")?).into(),
        hash: hash.as_str().into(),
        images: cleaned_images(&template),
        change_cause: annotation(keeper, "kubernetes.io/change-cause").map(|cause| text::clean(cause).into_owned()),
        created_at: instant(keeper.pointer("/metadata/creationTimestamp")),
        replicas: count(own().count()),
        available,
        seen_healthy: if available > 0 { SeenHealthy::AvailableNow } else { SeenHealthy::No },
        is_current: current == Some(uid.as_str()),
        template: Arc::new(template),
        uid: uid.into(),
    })
}

/// The template of a ControllerRevision, which is a patch: without the patch's own word.
fn template_of(patch: &Value) -> Value {
    let mut template = stripped(patch);
    if let Some(members) = template.as_object_mut() {
        members.remove("$patch");
    }
    template
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn revision(number: u64, image: &str) -> Value {
        json!({"metadata": {"name": format!("db-{number}"), "uid": format!("u{number}"), "labels": {"controller-revision-hash": format!("h{number}")}},
            "revision": number, "data": {"spec": {"template": {"$patch": "replace", "spec": {"containers": [{"image": image}]}}}}})
    }

    #[test]
    fn a_controller_revision_gives_back_the_template_it_remembers() {
        let (old, new) = (revision(1, "db:1"), revision(2, "db:2"));
        let owned = [&old, &new];
        let current = current(Kind::StatefulSet, &owned, &Value::Null, "db-2");
        let all = all(Kind::StatefulSet, &owned, current, &[]);
        assert_eq!(all.iter().map(|one| (one.number, one.is_current)).collect::<Vec<_>>(), [(1, false), (2, true)]);
        assert_eq!(*all[0].template, json!({"spec": {"containers": [{"image": "db:1"}]}}));
        assert_eq!((hash(Kind::StatefulSet, &old), hash(Kind::DaemonSet, &old)), ("db-1".into(), "h1".into()));
    }
}
