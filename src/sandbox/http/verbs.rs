//! get, list, create, update, patch, delete.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use http::{Response, header};
use serde_json::{Value, json};

use super::route::Target;
use super::table::table;
use super::{Asked, Body, failed, json_answer};
use crate::domain::job::Schedule;
use crate::domain::time;
use crate::sandbox::Shared;
use crate::sandbox::patch::{self, Refused};
use crate::sandbox::selector::{fields_fit, labels_fit};
use crate::sandbox::world::{World, stamp};

/// Whether an object is within what was asked for.
pub(super) fn fits(asked: &Asked, object: &Value) -> bool {
    asked.parameter("labelSelector").is_none_or(|selector| labels_fit(object, selector))
        && asked.parameter("fieldSelector").is_none_or(|selector| fields_fit(object, selector))
}

fn wants_table(asked: &Asked) -> bool {
    asked.header(header::ACCEPT).contains("as=Table")
}

/// Whether only the metadata is asked for: what a Secret holds then never leaves the server.
fn wants_metadata(asked: &Asked) -> bool {
    asked.header(header::ACCEPT).contains("as=PartialObjectMetadata")
}

fn metadata_of(object: &Value) -> Value {
    json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"]})
}

pub(super) fn list(shared: &Arc<Shared>, asked: &Asked, target: &Target) -> Response<Body> {
    let now = shared.clock.now();
    shared.read(|world| {
        let limit = asked.parameter("limit").and_then(|limit| limit.parse::<usize>().ok()).filter(|limit| *limit > 0).unwrap_or(usize::MAX);
        // The token is the version the list began at and the last name given out.
        let (version, after) = match asked.parameter("continue").map(|token| token.split_once('|')) {
            Some(Some((version, after))) => match version.parse::<u64>() {
                Ok(version) if version >= world.oldest() => (version, Some(after.to_owned())),
                _ => return failed(410, "Expired", "The provided continue parameter is too old"),
            },
            Some(None) => return failed(400, "BadRequest", "continue key is not valid"),
            None => (world.version(), None),
        };
        let place = |namespace: &str, name: &str| format!("{namespace}/{name}");
        let mut found: Vec<(String, &Value)> = world
            .list(target.resource.plural, &target.namespace)
            .filter(|(_, object)| fits(asked, object))
            .map(|(key, object)| (place(&key.namespace, &key.name), object))
            .filter(|(place, _)| after.as_ref().is_none_or(|after| place > after))
            .collect();
        found.sort_by(|one, other| one.0.cmp(&other.0));
        let next = (found.len() > limit).then(|| found.get(limit - 1).map(|(place, _)| format!("{version}|{place}"))).flatten();
        let objects: Vec<&Value> = found.iter().take(limit).map(|(_, object)| *object).collect();
        if wants_table(asked) {
            return json_answer(200, &table(target.resource, &objects, &version.to_string(), now));
        }
        let mut metadata = json!({"resourceVersion": version.to_string()});
        if let Some(next) = next {
            metadata["continue"] = json!(next);
        }
        if wants_metadata(asked) {
            let items: Vec<Value> = objects.into_iter().map(metadata_of).collect();
            return json_answer(200, &json!({"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1", "metadata": metadata, "items": items}));
        }
        json_answer(200, &json!({"kind": format!("{}List", target.resource.kind), "apiVersion": target.resource.api, "metadata": metadata, "items": objects}))
    })
}

fn not_found(target: &Target) -> Response<Body> {
    let group = target.resource.api.split_once('/').map(|(group, _)| format!(".{group}")).unwrap_or_default();
    failed(404, "NotFound", &format!("{}{group} \"{}\" not found", target.resource.plural, target.name))
}

pub(super) fn get(shared: &Arc<Shared>, asked: &Asked, target: &Target) -> Response<Body> {
    let now = shared.clock.now();
    let Some(object) = shared.read(|world| world.get(&target.key()).cloned()) else { return not_found(target) };
    match target.sub.as_str() {
        "log" => super::logs::log(shared, asked, target, &object),
        "scale" => json_answer(200, &scale_of(&object)),
        _ if wants_table(asked) => json_answer(200, &table(target.resource, &[&object], "", now)),
        _ if wants_metadata(asked) => json_answer(200, &metadata_of(&object)),
        _ => json_answer(200, &object),
    }
}

fn scale_of(object: &Value) -> Value {
    json!({"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": {"name": object["metadata"]["name"], "namespace": object["metadata"]["namespace"], "uid": object["metadata"]["uid"], "resourceVersion": object["metadata"]["resourceVersion"]},
        "spec": {"replicas": object["spec"]["replicas"]}, "status": {"replicas": object.pointer("/status/replicas").cloned().unwrap_or(json!(0))}})
}

fn is_dry(asked: &Asked) -> bool {
    asked.parameter("dryRun") == Some("All")
}

pub(super) fn create(shared: &Arc<Shared>, asked: &Asked, target: &Target) -> Response<Body> {
    let Ok(mut object) = serde_json::from_slice::<Value>(&asked.body) else {
        return failed(400, "BadRequest", "the body is not JSON");
    };
    let now = shared.clock.now();
    let name = object.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default().to_owned();
    if name.is_empty() {
        return failed(422, "Invalid", "metadata.name: Required value");
    }
    let mut key = target.key();
    key.name = name;
    let namespace = key.namespace.clone();
    shared.change(|world| {
        if world.get(&key).is_some() {
            return failed(409, "AlreadyExists", &format!("{} \"{}\" already exists", key.resource, key.name));
        }
        object["apiVersion"] = json!(target.resource.api);
        object["kind"] = json!(target.resource.kind);
        if !namespace.is_empty() {
            object["metadata"]["namespace"] = json!(namespace);
        }
        object["metadata"]["uid"] = json!(world.uid());
        object["metadata"]["creationTimestamp"] = json!(stamp(now));
        object["metadata"]["generation"] = json!(1);
        defaulted(&mut object);
        if let Some(why) = invalid(&object) {
            return failed(422, "Invalid", &why);
        }
        manage(&mut object, None, asked, now);
        json_answer(201, &if is_dry(asked) { object } else { world.put(key, object) })
    })
}

/// Why the API does not take an object.
fn invalid(object: &Value) -> Option<String> {
    if object["kind"] != "CronJob" {
        return None;
    }
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str);
    let read = Schedule::read(text("/spec/schedule").unwrap_or_default(), text("/spec/timeZone"));
    read.err().map(|why| format!("spec.schedule: Invalid value: {why}"))
}

/// The fields the API fills in.
fn defaulted(object: &mut Value) {
    let kind = object["kind"].as_str().unwrap_or_default().to_owned();
    let spec = &mut object["spec"];
    match kind.as_str() {
        "Deployment" => {}
        "Job" => return crate::sandbox::controllers::job::defaulted(spec),
        "CronJob" => {
            let fields = [
                ("suspend", json!(false)),
                ("concurrencyPolicy", json!("Allow")),
                ("successfulJobsHistoryLimit", json!(3)),
                ("failedJobsHistoryLimit", json!(1)),
            ];
            for (field, value) in fields {
                if spec.get(field).is_none_or(Value::is_null) {
                    spec[field] = value;
                }
            }
            return;
        }
        _ => return,
    }
    for (field, value) in
        [("replicas", json!(1)), ("revisionHistoryLimit", json!(10)), ("progressDeadlineSeconds", json!(600))]
    {
        if spec.get(field).is_none_or(Value::is_null) {
            spec[field] = value;
        }
    }
    if spec.get("strategy").is_none() {
        spec["strategy"] =
            json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}});
    }
}

pub(super) fn update(shared: &Arc<Shared>, asked: &Asked, target: &Target) -> Response<Body> {
    let Ok(object) = serde_json::from_slice::<Value>(&asked.body) else {
        return failed(400, "BadRequest", "the body is not JSON");
    };
    write(shared, asked, target, |known| {
        if target.sub == "scale" {
            known["spec"]["replicas"] = object["spec"]["replicas"].clone();
        } else {
            let status = known["status"].clone();
            *known = object;
            known["status"] = status;
        }
        Ok(())
    })
}

pub(super) fn patch(shared: &Arc<Shared>, asked: &Asked, target: &Target) -> Response<Body> {
    let Ok(change) = serde_json::from_slice::<Value>(&asked.body) else {
        return failed(400, "BadRequest", "the body is not JSON");
    };
    let kind = asked.header(header::CONTENT_TYPE).to_owned();
    write(shared, asked, target, |known| {
        match kind.split(';').next().unwrap_or_default() {
            "application/json-patch+json" => patch::json_patch(known, &change)?,
            "application/merge-patch+json" => patch::merge_patch(known, &change),
            "application/strategic-merge-patch+json" => patch::strategic_patch(known, &change),
            other => {
                return Err(Refused(
                    415,
                    format!(
                        "the body of the request was in an unknown format - accepted media types do not include {other}"
                    ),
                ));
            }
        }
        Ok(())
    })
}

/// Changes one object as the API does: identity kept, generation and managers noted, stored unless it is a rehearsal.
fn write(
    shared: &Arc<Shared>,
    asked: &Asked,
    target: &Target,
    change: impl FnOnce(&mut Value) -> Result<(), Refused>,
) -> Response<Body> {
    let now = shared.clock.now();
    let change = |world: &mut World| {
        let Some(known) = world.get(&target.key()).cloned() else { return not_found(target) };
        let mut object = known.clone();
        if let Err(Refused(code, words)) = change(&mut object) {
            return failed(code, "Invalid", &words);
        }
        let version = object.pointer("/metadata/resourceVersion").and_then(Value::as_str).unwrap_or_default();
        if !version.is_empty() && known["metadata"]["resourceVersion"] != version {
            let words = "the object has been modified; please apply your changes to the latest version and try again";
            return failed(409, "Conflict", words);
        }
        for field in ["name", "namespace", "uid", "creationTimestamp", "resourceVersion", "generation", "managedFields"]
        {
            object["metadata"][field] = known["metadata"][field].clone();
        }
        if let Some(members) = object["metadata"].as_object_mut() {
            members.retain(|_, value| !value.is_null());
        }
        object["status"] = known["status"].clone();
        defaulted(&mut object);
        if object["spec"]["template"]["spec"]["containers"].as_array().is_some_and(Vec::is_empty) {
            return failed(422, "Invalid", "spec.template.spec.containers: Required value");
        }
        let is_deployment = target.resource.plural == "deployments";
        if object["spec"] != known["spec"]
            || is_deployment && object["metadata"]["annotations"] != known["metadata"]["annotations"]
        {
            object["metadata"]["generation"] = json!(known["metadata"]["generation"].as_i64().unwrap_or(0) + 1);
        }
        manage(&mut object, Some(&known), asked, now);
        let stored = if is_dry(asked) { object } else { world.put(target.key(), object) };
        json_answer(200, &if target.sub == "scale" { scale_of(&stored) } else { stored })
    };
    if is_dry(asked) {
        // A rehearsal must not even wake the controllers.
        let mut world = shared.world.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        return change(&mut world);
    }
    shared.change(change)
}

/// Notes who wrote the fields that changed.
fn manage(object: &mut Value, known: Option<&Value>, asked: &Asked, now: DateTime<Utc>) {
    let agent = asked.header(header::USER_AGENT).split('/').next().unwrap_or_default().to_owned();
    let manager = asked.parameter("fieldManager").map_or(agent, str::to_owned);
    let has_changed = |pointer: &str| known.is_none_or(|known| known.pointer(pointer) != object.pointer(pointer));
    let (is_template, is_scale) = (has_changed("/spec/template"), has_changed("/spec/replicas"));
    let mut entries: Vec<Value> = object["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
    let mut fields = json!({});
    for (is_owned, field) in [(is_template, "f:template"), (is_scale, "f:replicas")] {
        if is_owned {
            fields["f:spec"][field] = json!({});
            for entry in &mut entries {
                if let Some(spec) = entry.pointer_mut("/fieldsV1/f:spec").and_then(Value::as_object_mut) {
                    spec.remove(field);
                }
            }
        }
    }
    entries.retain(|entry| {
        entry.pointer("/fieldsV1/f:spec").and_then(Value::as_object).is_some_and(|spec| !spec.is_empty())
    });
    if is_template || is_scale {
        entries.push(json!({"manager": manager, "operation": "Update", "apiVersion": object["apiVersion"], "time": stamp(now), "fieldsType": "FieldsV1", "fieldsV1": fields}));
    }
    object["metadata"]["managedFields"] = Value::Array(entries);
}

pub(super) fn delete(shared: &Arc<Shared>, asked: &Asked, target: &Target) -> Response<Body> {
    let now = shared.clock.now();
    let options: Value = serde_json::from_slice(&asked.body).unwrap_or_default();
    shared.change(|world| {
        let Some(mut object) = world.get(&target.key()).cloned() else { return not_found(target) };
        for field in ["uid", "resourceVersion"] {
            let wanted = options.pointer(&format!("/preconditions/{field}"));
            if wanted.is_some_and(|wanted| *wanted != object["metadata"][field]) {
                return failed(409, "Conflict", &format!("the {field} in the precondition does not match"));
            }
        }
        // Like the real server: options in a body are the only ones, and the query is not looked at.
        let is_dry = if options.is_null() { is_dry(asked) } else { options["dryRun"] == json!(["All"]) };
        if is_dry {
            return json_answer(200, &object);
        }
        if target.resource.plural == "pods" {
            let grace = options
                .pointer("/gracePeriodSeconds")
                .or_else(|| object.pointer("/spec/terminationGracePeriodSeconds"))
                .and_then(Value::as_i64)
                .unwrap_or(30);
            object["metadata"]["deletionTimestamp"] = json!(stamp(now + time::seconds(grace)));
            object["metadata"]["deletionGracePeriodSeconds"] = json!(grace);
            return json_answer(200, &world.put(target.key(), object));
        }
        forget(world, target, &object);
        json_answer(200, &json!({"kind": "Status", "apiVersion": "v1", "status": "Success", "metadata": {}}))
    })
}

/// Removes an object and what it owns.
fn forget(world: &mut World, target: &Target, object: &Value) {
    world.remove(&target.key());
    let mut owners = vec![object["metadata"]["uid"].clone()];
    for resource in ["replicasets", "jobs", "pods"] {
        let is_owned =
            |child: &Value| child.pointer("/metadata/ownerReferences/0/uid").is_some_and(|uid| owners.contains(uid));
        let owned: Vec<_> = world
            .list(resource, &target.namespace)
            .filter(|(_, child)| is_owned(child))
            .map(|(key, child)| (key.clone(), child["metadata"]["uid"].clone()))
            .collect();
        for (key, uid) in owned {
            world.remove(&key);
            owners.push(uid);
        }
    }
}
