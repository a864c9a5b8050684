//! What an owner says of itself, and what that means for a change of ours.

use serde_json::Value;

use super::{Mark, string};
use crate::domain::action::{Fight, Goal};
use crate::domain::text;

/// Where an owner says what it does.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Keeper {
    /// An `Application` of Argo CD; without a namespace it may be in any.
    Application {
        /// Its namespace, where the mark says it.
        namespace: Option<String>,
        /// Its name.
        name: String,
    },
    /// A `Kustomization` of Flux.
    Kustomization {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
    },
    /// A `HelmRelease` of Flux.
    HelmRelease {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
    },
    /// Helm's own record of a release: a Secret, of which only the metadata is read.
    HelmSecret {
        /// Its namespace.
        namespace: String,
        /// The release.
        name: String,
    },
}

/// What asking came to.
#[derive(Debug, Clone, PartialEq)]
pub enum Told {
    /// The object; of Helm's Secret its metadata.
    Object(Value),
    /// It is not in this cluster.
    Absent,
    /// It may not or could not be read: why, as a sentence.
    Unreadable(String),
}

impl Mark {
    /// What will happen to a change with this goal, by what the owner says of itself.
    pub fn fight(&self, told: Option<&Told>, goal: Goal) -> Fight {
        let words = match (&self.keeper, told) {
            (Some(keeper), Some(Told::Object(object))) => keeper.words(object, goal),
            (Some(Keeper::HelmSecret { namespace, .. }), Some(Told::Absent)) => {
                text::clean(&format!("{}; no record of the release is in {namespace} now", self.expect)).into_owned()
            }
            (Some(keeper), Some(Told::Absent)) => {
                format!("{}; {} is not in this cluster, so whether it will is not known", self.expect, keeper.kind())
            }
            (Some(keeper), Some(Told::Unreadable(why))) => {
                let why = why.trim_end_matches('.');
                format!("{}; {} could not be read, so whether it will is not known ({why})", self.expect, keeper.kind())
            }
            _ => self.expect.clone(),
        };
        Fight { who: self.who.clone(), words: format!("{words}. Known by {}.", self.evidence) }
    }
}

impl Keeper {
    const fn kind(&self) -> &'static str {
        match self {
            Self::Application { .. } => "its Application",
            Self::Kustomization { .. } => "its Kustomization",
            Self::HelmRelease { .. } => "its HelmRelease",
            Self::HelmSecret { .. } => "its release",
        }
    }

    fn words(&self, object: &Value, goal: Goal) -> String {
        let words = match self {
            Self::Application { .. } => application(object, goal),
            Self::Kustomization { .. } => kustomization(object),
            Self::HelmRelease { .. } => helm_release(object),
            Self::HelmSecret { name, .. } => helm_secret(object, name),
        };
        text::clean(&words).into_owned()
    }
}

/// `NAMESPACE/NAME`.
fn place(object: &Value) -> String {
    format!("{}/{}", string(object, "/metadata/namespace"), string(object, "/metadata/name"))
}

fn is_true(object: &Value, pointer: &str) -> bool {
    object.pointer(pointer) == Some(&Value::Bool(true))
}

/// Argo CD: `syncPolicy.automated` absent or switched off means by hand; `selfHeal` undoes live changes.
fn application(object: &Value, goal: Goal) -> String {
    let place = place(object);
    let skip = object.pointer("/metadata/annotations/argocd.argoproj.io~1skip-reconcile").and_then(Value::as_str);
    if skip == Some("true") {
        return format!("it leaves this alone while Application {place} is told to skip reconciling");
    }
    let automated = object.pointer("/spec/syncPolicy/automated").filter(|automated| !automated.is_null());
    let is_off = automated.is_none_or(|automated| automated.get("enabled") == Some(&Value::Bool(false)));
    if is_off {
        return format!("it leaves this until somebody syncs: automatic sync of Application {place} is off");
    }
    if matches!(goal, Goal::Replicas(_)) && ignores_replicas(object) {
        return format!("it leaves the number of pods alone: Application {place} ignores /spec/replicas");
    }
    if !is_true(object, "/spec/syncPolicy/automated/selfHeal") {
        return format!(
            "it puts its own version back at its next sync, which a new commit begins: automatic sync of Application {place} is on, self-heal is off"
        );
    }
    let owners = object.pointer("/metadata/ownerReferences").and_then(Value::as_array).into_iter().flatten();
    let mut sets = owners.filter(|owner| string(owner, "/kind") == "ApplicationSet");
    let set = sets
        .next()
        .map(|set| format!(". ApplicationSet {} switches it on again: change it there too", string(set, "/name")));
    format!(
        "it WILL UNDO THIS within about 5 s: self-heal of Application {place} is on. To keep the change, turn its automatic sync off first (argocd app set {} --sync-policy none) and on again once Git has it{}",
        string(object, "/metadata/name"),
        set.unwrap_or_default()
    )
}

fn ignores_replicas(object: &Value) -> bool {
    let ignored = object.pointer("/spec/ignoreDifferences").and_then(Value::as_array).into_iter().flatten();
    let mut pointers = ignored.filter_map(|one| one.get("jsonPointers")?.as_array()).flatten();
    pointers.any(|pointer| pointer == "/spec/replicas")
}

fn kustomization(object: &Value) -> String {
    let place = place(object);
    if is_true(object, "/spec/suspend") {
        return format!("it leaves this until it is resumed: Kustomization {place} is suspended");
    }
    format!(
        "it WILL PUT ITS OWN VERSION BACK within {}, the interval of Kustomization {place}. To keep the change, suspend it first (flux suspend kustomization {} -n {}) and resume it once Git has it",
        interval(object),
        string(object, "/metadata/name"),
        string(object, "/metadata/namespace")
    )
}

fn helm_release(object: &Value) -> String {
    let place = place(object);
    if is_true(object, "/spec/suspend") {
        return format!("it leaves this until it is resumed: HelmRelease {place} is suspended");
    }
    match string(object, "/spec/driftDetection/mode") {
        "enabled" => format!(
            "it WILL PUT ITS OWN VERSION BACK within {}: drift detection of HelmRelease {place} is on. To keep the change, suspend it first (flux suspend helmrelease {} -n {})",
            interval(object),
            string(object, "/metadata/name"),
            string(object, "/metadata/namespace")
        ),
        "warn" => format!("it only reports this until its next upgrade: HelmRelease {place} warns of drift"),
        _ => format!("its next upgrade overwrites this: drift detection of HelmRelease {place} is off"),
    }
}

fn interval(object: &Value) -> String {
    match string(object, "/spec/interval") {
        "" => "its interval".to_owned(),
        interval => interval.to_owned(),
    }
}

/// The newest revision of a release, by the labels Helm puts on its Secrets.
fn helm_secret(metadata: &Value, name: &str) -> String {
    let label = |key: &str| string(metadata, &format!("/metadata/labels/{key}"));
    let (revision, status) = (label("version"), label("status"));
    let made = string(metadata, "/metadata/creationTimestamp");
    let before = revision.parse::<u64>().ok().and_then(|number| number.checked_sub(1)).filter(|number| *number > 0);
    let way = before.map(|number| {
        format!("; helm rollback {name} {number} takes the whole release back and keeps its record right")
    });
    format!(
        "the next helm upgrade overwrites it: the release is at revision {revision} ({status}), made at {made}{}",
        way.unwrap_or_default()
    )
}
