//! Environment variables that say that it is maintenance: set on one container, and taken back as they stood.

use serde_json::{Value, json};

use super::contract::Refusal;
use crate::domain::maintenance_mode::{END_TIME, MODE, Variables, Ways};
use crate::domain::rollout::Change;
use crate::domain::time::{self, Instant};
use crate::sources::observe::WorkloadFacts;

/// The variables of a container set to say so.
#[derive(Debug)]
pub(super) struct Set {
    /// Where they stand; a JSON pointer.
    pub(super) path: String,
    /// All variables of the container, as they are to be.
    pub(super) to: Value,
    /// What they were.
    pub(super) was: Variables,
}

impl Set {
    /// The pod template with them.
    pub(super) fn template(&self, facts: &WorkloadFacts) -> Value {
        let mut template = facts.template().clone();
        let place = self.path.strip_prefix("/spec/template").and_then(|path| path.strip_suffix("/env"));
        if let Some(container) = place.and_then(|place| template.pointer_mut(place)) {
            container["env"] = self.to.clone();
        }
        template
    }

    /// Whether they are set already.
    pub(super) fn is_done(&self, facts: &WorkloadFacts) -> bool {
        facts.object.pointer(&self.path) == Some(&self.to)
    }

    /// What changes, as the plan shows it.
    pub(super) fn changes(&self, facts: &WorkloadFacts) -> Vec<Change> {
        if self.is_done(facts) {
            return Vec::new();
        }
        let after = |name: &str| {
            let all = self.to.as_array().into_iter().flatten();
            all.filter(|one| one["name"] == name).find_map(|one| one["value"].as_str()).map(str::to_owned)
        };
        let change = |(name, was): (&String, &Value)| Change {
            path: format!("{} env {name} of {}", facts.workload.label(), self.was.container),
            before: was["value"].as_str().map(str::to_owned),
            after: after(name),
        };
        self.was.was.iter().map(change).collect()
    }
}

/// Where the variables of a container stand, and what they are.
fn found(facts: &WorkloadFacts, container: Option<&str>) -> Result<(String, String, Value), Refusal> {
    let containers = facts.template().pointer("/spec/containers").and_then(Value::as_array);
    let mut named = containers.into_iter().flatten().enumerate();
    let (place, one) = named.find(|(_, one)| container.is_none_or(|name| one["name"] == name)).ok_or_else(|| {
        Refusal(format!(
            "{} has no container {}: correct it in [service.NAME.maintenance].",
            facts.workload,
            container.unwrap_or_default()
        ))
    })?;
    let name = one["name"].as_str().unwrap_or_default().to_owned();
    let env = one.get("env").cloned().unwrap_or(Value::Null);
    Ok((format!("/spec/template/spec/containers/{place}/env"), name, env))
}

/// Sets them.
///
/// # Errors
/// Where the container is not there.
pub(super) fn set(facts: &WorkloadFacts, ways: &Ways, until: Instant) -> Result<Set, Refusal> {
    let (path, container, env) = found(facts, ways.container.as_deref())?;
    let had_any = env.is_array();
    let mut all = env.as_array().cloned().unwrap_or_default();
    let mut before = std::collections::BTreeMap::new();
    for (name, value) in [(MODE, "true".to_owned()), (END_TIME, time::written(until))] {
        let entry = json!({"name": name, "value": value});
        let known = match all.iter_mut().find(|one| one["name"] == name) {
            Some(known) => std::mem::replace(known, entry),
            None => {
                all.push(entry);
                Value::Null
            }
        };
        before.insert(name.to_owned(), known);
    }
    Ok(Set { path, to: Value::Array(all), was: Variables { container, had_any, was: before } })
}

/// The same variables with another end: where they stand, and what they are to be.
///
/// # Errors
/// Where the container is not there any more.
pub(super) fn longer(facts: &WorkloadFacts, kept: &Variables, until: Instant) -> Result<(String, Value), Refusal> {
    let (path, _, mut env) = found(facts, Some(&kept.container))?;
    for one in env.as_array_mut().into_iter().flatten().filter(|one| one["name"] == END_TIME) {
        *one = json!({"name": END_TIME, "value": time::written(until)});
    }
    Ok((path, env))
}

/// The operations that take them back; none where they are as they were. What else was set meanwhile stays.
///
/// # Errors
/// Where the container is not there any more.
pub(super) fn back(facts: &WorkloadFacts, kept: &Variables) -> Result<Vec<Value>, Refusal> {
    let (path, _, env) = found(facts, Some(&kept.container))?;
    let mut all = env.as_array().cloned().unwrap_or_default();
    for (name, was) in &kept.was {
        if was.is_null() {
            all.retain(|one| one["name"] != name.as_str());
        } else if let Some(known) = all.iter_mut().find(|one| one["name"] == name.as_str()) {
            known.clone_from(was);
        }
    }
    let to = if all.is_empty() && !kept.had_any { Value::Null } else { Value::Array(all) };
    if to == env {
        return Ok(Vec::new());
    }
    let change = if to.is_null() {
        json!({"op": "remove", "path": &path})
    } else {
        json!({"op": "add", "path": &path, "value": to})
    };
    Ok(vec![json!({"op": "test", "path": &path, "value": env}), change])
}
