//! Owners: who else writes a workload, by the marks they leave on it, and what they will do about a change of ours.
//!
//! Pure: marks are found on the object, what an owner says of itself is read elsewhere and judged here. Sentences hold times, no ages: what
//! an operator has read in a plan must not read differently a moment later.

mod applied;
mod keeper;
mod writer;

pub use applied::{applied, left_behind};
pub use keeper::{Keeper, Told};
pub use writer::{Field, Writer, last_writer, writers};

use serde_json::Value;

use super::action::{Fight, Goal};
use super::text;

/// An owner, by a mark on the object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Who, in words: `Argo CD application shop`. Cleaned.
    pub who: String,
    /// The mark itself: key and value. Cleaned.
    pub evidence: String,
    /// Where more is said of it; `None` where there is nothing to ask.
    pub keeper: Option<Keeper>,
    /// What to expect of it as long as nothing more is known.
    pub expect: String,
}

/// Systems that are known by one key, and say nothing that could be read: whether it is a label, the key, who, what to expect.
const PLAIN: [(bool, &str, &str, &str); 4] = [
    (true, "olm.owner", "Operator Lifecycle Manager", "the operator renders it again"),
    (false, "configmanagement.gke.io/managed", "Config Sync", "it puts its own version back"),
    (true, "objectset.rio.cattle.io/hash", "Fleet", "it puts its own version back"),
    (true, "kapp.k14s.io/app", "kapp", "the next deploy overwrites it"),
];

/// Field managers of systems that are known: the manager, the system, what to expect.
const MANAGERS: [(&str, &str, &str); 6] = [
    ("argocd-controller", "Argo CD", "with self-heal on it puts its own version back within about 5 s"),
    ("argocd-application-controller", "Argo CD", "with self-heal on it puts its own version back within about 5 s"),
    ("kustomize-controller", "Flux Kustomization", "it puts its own version back at its next interval"),
    ("helm-controller", "Flux HelmRelease", "with drift detection on it puts its own version back"),
    ("helm", "Helm", "the next helm upgrade overwrites it"),
    ("fleetagent", "Fleet", "it puts its own version back"),
];

/// Every owner that left a mark on an object.
pub fn marks(object: &Value) -> Vec<Mark> {
    let mut found: Vec<Mark> = Vec::new();
    found.extend(argo(object));
    found.extend(flux(object, "kustomize.toolkit.fluxcd.io", "Flux Kustomization"));
    let release = flux(object, "helm.toolkit.fluxcd.io", "Flux HelmRelease");
    // Flux installs by Helm: the release is that of its HelmRelease.
    found.extend(release.or_else(|| helm(object)));
    for (is_label, key, who, expect) in PLAIN {
        let value = if is_label { label(object, key) } else { annotation(object, key) };
        found.extend(value.map(|value| plain(who, &format!("{key} = {value}"), expect)));
    }
    for (manager, who, expect) in MANAGERS {
        let wrote = writers(object, Field::Template).into_iter().find(|writer| writer.manager == manager);
        if let Some(wrote) = wrote.filter(|_| found.iter().all(|mark| !mark.who.starts_with(who))) {
            found.push(plain(who, &format!("field manager {}", wrote.sentence()), expect));
        }
    }
    found.extend(controller(object));
    found
}

/// Whoever writes the field an action changes, and is none of the systems found: a pipeline, a script, an operator nobody knows.
pub fn strangers(object: &Value, goal: Goal) -> Vec<Fight> {
    let field = if matches!(goal, Goal::Replicas(_)) { Field::Replicas } else { Field::Template };
    let writers = writers(object, field);
    let newest = writers.iter().filter_map(|writer| writer.at).max();
    let is_strange = |writer: &&Writer| !writer.is_known() && (writer.is_apply || writer.at == newest);
    let told = |writer: &Writer| Fight {
        who: writer.manager.clone(),
        words: format!(
            "field manager {}: {}.",
            writer.sentence(),
            if writer.is_apply { "it may apply it again" } else { "its next run writes its own version" }
        ),
    };
    writers.iter().filter(is_strange).map(told).collect()
}

/// Whether a field manager is one of the systems this file knows.
fn is_system(manager: &str) -> bool {
    MANAGERS.iter().any(|(known, ..)| *known == manager)
}

/// What to do about somebody who has put their own version back; `None` for a manager that is no such system.
pub fn advice(manager: &str) -> Option<&'static str> {
    let (_, system, _) = MANAGERS.iter().find(|(known, ..)| *known == manager)?;
    Some(match *system {
        "Argo CD" => "Turn its automatic sync off or revert the commit in Git before you act again.",
        "Flux Kustomization" | "Flux HelmRelease" => "Suspend it or revert the commit in Git before you act again.",
        "Helm" => "Roll the release back with helm rollback, or change its values, before you act again.",
        _ => "Change what it applies before you act again.",
    })
}

fn plain(who: &str, evidence: &str, expect: &str) -> Mark {
    Mark { who: who.to_owned(), evidence: text::clean(evidence).into_owned(), keeper: None, expect: expect.to_owned() }
}

fn label<'o>(object: &'o Value, key: &str) -> Option<&'o str> {
    object.get("metadata")?.get("labels")?.get(key)?.as_str()
}

fn annotation<'o>(object: &'o Value, key: &str) -> Option<&'o str> {
    object.get("metadata")?.get("annotations")?.get(key)?.as_str()
}

fn string<'o>(object: &'o Value, pointer: &str) -> &'o str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The tracking annotation `APP:GROUP/KIND:NAMESPACE/NAME` where it names this very object (a copied one does not), APP perhaps
/// `NAMESPACE_APP`; else a label of Argo CD's own, or the instance label where its controller is a manager too.
fn argo(object: &Value) -> Option<Mark> {
    let itself = format!(":{}/{}", string(object, "/metadata/namespace"), string(object, "/metadata/name"));
    let tracked = annotation(object, "argocd.argoproj.io/tracking-id").filter(|tracking| tracking.ends_with(&itself));
    let (key, value) = match tracked {
        Some(tracking) => ("argocd.argoproj.io/tracking-id", tracking),
        None => match label(object, "argocd.argoproj.io/instance") {
            Some(name) => ("argocd.argoproj.io/instance", name),
            None => ("app.kubernetes.io/instance", instance_of_argo(object)?),
        },
    };
    let full = value.split(':').next().unwrap_or(value);
    let (namespace, name) = full.split_once('_').map_or((None, full), |(namespace, name)| (Some(namespace), name));
    Some(Mark {
        who: text::clean(&format!("Argo CD application {name}")).into_owned(),
        evidence: text::clean(&format!("{key} = {value}")).into_owned(),
        keeper: Some(Keeper::Application { namespace: namespace.map(str::to_owned), name: name.to_owned() }),
        expect: "with self-heal on it puts its own version back within about 5 s, else at its next sync".to_owned(),
    })
}

/// Helm charts carry the instance label too: alone it proves nothing.
fn instance_of_argo(object: &Value) -> Option<&str> {
    let is_argos = writers(object, Field::Template).iter().any(|writer| writer.manager.starts_with("argocd-"));
    label(object, "app.kubernetes.io/instance").filter(|_| is_argos)
}

fn flux(object: &Value, group: &str, who: &str) -> Option<Mark> {
    let name = label(object, &format!("{group}/name"))?;
    let namespace = label(object, &format!("{group}/namespace")).unwrap_or("flux-system");
    let (namespace, named) = (namespace.to_owned(), name.to_owned());
    let is_kustomization = group.starts_with("kustomize");
    let opted_out = if is_kustomization { out_of_kustomization(object) } else { out_of_drift_detection(object) };
    let expect = match &opted_out {
        Some(mark) => format!("this object is left out ({mark}): it leaves the change alone"),
        None if is_kustomization => "it puts its own version back at its next interval unless suspended".to_owned(),
        None => "with drift detection on it puts its own version back; else at the next upgrade".to_owned(),
    };
    let keeper = match opted_out {
        Some(_) => None,
        None if is_kustomization => Some(Keeper::Kustomization { namespace, name: named }),
        None => Some(Keeper::HelmRelease { namespace, name: named }),
    };
    Some(Mark {
        who: text::clean(&format!("{who} {name}")).into_owned(),
        evidence: text::clean(&format!("{group}/name = {name}")).into_owned(),
        keeper,
        expect,
    })
}

/// The documented ways to keep Flux off one object.
fn out_of_kustomization(object: &Value) -> Option<String> {
    let outs = [("reconcile", &["disabled"][..]), ("ssa", &["Ignore", "IfNotPresent"][..])];
    outs.into_iter().find_map(|(key, values)| {
        let key = format!("kustomize.toolkit.fluxcd.io/{key}");
        let value = label(object, &key).or_else(|| annotation(object, &key))?;
        values.iter().any(|out| out.eq_ignore_ascii_case(value)).then(|| format!("{key} = {}", text::clean(value)))
    })
}

fn out_of_drift_detection(object: &Value) -> Option<String> {
    let key = "helm.toolkit.fluxcd.io/driftDetection";
    let value = label(object, key).or_else(|| annotation(object, key))?;
    (value == "disabled").then(|| format!("{key} = disabled"))
}

fn helm(object: &Value) -> Option<Mark> {
    let name = annotation(object, "meta.helm.sh/release-name")?;
    let namespace = annotation(object, "meta.helm.sh/release-namespace");
    let namespace = namespace.unwrap_or_else(|| string(object, "/metadata/namespace"));
    Some(Mark {
        who: text::clean(&format!("Helm release {name}")).into_owned(),
        evidence: text::clean(&format!("meta.helm.sh/release-name = {name}")).into_owned(),
        keeper: Some(Keeper::HelmSecret { namespace: namespace.to_owned(), name: name.to_owned() }),
        expect: "the next helm upgrade overwrites it".to_owned(),
    })
}

/// The object that controls this one.
fn controller(object: &Value) -> Option<Mark> {
    let owners = object.pointer("/metadata/ownerReferences")?.as_array()?;
    let owner = owners.iter().find(|owner| owner.get("controller") == Some(&Value::Bool(true)))?;
    let who = format!("{} {}", string(owner, "/kind"), string(owner, "/name"));
    let evidence = format!("ownerReferences: {who}, controller");
    Some(plain(&text::clean(&who), &evidence, "it controls this object and renders it again"))
}

#[cfg(test)]
mod tests;
