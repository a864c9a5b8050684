//! Who wrote a field of an object, by the server's own account.

use serde_json::Value;

use super::is_system;
use crate::domain::text;
use crate::domain::time::{self, Instant};

/// A field somebody may have written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// The pod template.
    Template,
    /// The number of pods.
    Replicas,
    /// Whether it is paused.
    Paused,
}

/// A field manager that owns a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Writer {
    /// Its name. Cleaned.
    pub manager: String,
    /// When it last wrote any of its fields, by the server's clock.
    pub at: Option<Instant>,
    /// Whether by server-side apply: then it means to own the field.
    pub is_apply: bool,
    field: Field,
}

/// Managers that are no pipeline: people's tools, the controllers, ourselves.
const PEOPLE: [&str; 9] = [
    "kubectl",
    "quarterdeck",
    "kube-controller-manager",
    "before-first-apply",
    "k9s",
    "Lens",
    "node-fetch",
    "Mozilla",
    "unknown",
];

impl Field {
    const fn path(self) -> &'static str {
        match self {
            Self::Template => "/fieldsV1/f:spec/f:template",
            Self::Replicas => "/fieldsV1/f:spec/f:replicas",
            Self::Paused => "/fieldsV1/f:spec/f:paused",
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Template => "the pod template",
            Self::Replicas => "the number of pods",
            Self::Paused => "whether it is paused",
        }
    }
}

impl Writer {
    /// Whether it is a person's tool, a controller of the cluster's own, or a system that is named for itself.
    pub(super) fn is_known(&self) -> bool {
        // kubectl adds the subcommand: kubectl-client-side-apply, kubectl-rollout.
        PEOPLE.iter().any(|known| self.manager.starts_with(known)) || is_system(&self.manager)
    }

    /// Its name as an operator knows it: the number of pods is written by the scale subresource, as autoscalers do.
    pub fn name(&self) -> String {
        match (self.field, self.manager.as_str()) {
            (Field::Replicas, controllers @ "kube-controller-manager") => format!("an autoscaler ({controllers})"),
            (_, manager) => manager.to_owned(),
        }
    }

    /// What it did: `ci wrote the pod template at 2026-11-24 03:00:00 UTC`.
    pub fn sentence(&self) -> String {
        let verb = if self.is_apply { "applied" } else { "wrote" };
        let at = self.at.map(|at| format!(" at {}", at.format("%Y-%m-%d %H:%M:%S UTC"))).unwrap_or_default();
        format!("{} {verb} {}{at}", self.manager, self.field.words())
    }
}

/// Everybody who owns a field of an object, in the server's order.
pub fn writers(object: &Value, field: Field) -> Vec<Writer> {
    let managed = object.pointer("/metadata/managedFields").and_then(Value::as_array).into_iter().flatten();
    let owners = managed.filter(|entry| entry.pointer(field.path()).is_some());
    let writer = |entry: &Value| Writer {
        manager: text::clean(entry.get("manager").and_then(Value::as_str).unwrap_or("unknown")).into_owned(),
        at: entry.get("time").and_then(Value::as_str).and_then(time::read),
        is_apply: entry.get("operation").and_then(Value::as_str) == Some("Apply"),
        field,
    };
    owners.map(writer).collect()
}

/// Who wrote a field last; of several in the same second the last in the server's order.
pub fn last_writer(object: &Value, field: Field) -> Option<Writer> {
    writers(object, field).into_iter().max_by_key(|writer| writer.at)
}
