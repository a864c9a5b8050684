//! A plan: the only way to a mutation.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::check::Check;
use super::confirmation::Confirmation;
use super::cost::Cost;
use super::given::Given;
use super::step::{Part, Port, Reached, Step};
use super::tier::Tier;
use crate::domain::environment::Guard;
use crate::domain::rollout::{Change, WorkloadRef, same_code};
use crate::domain::store::hex;
use crate::domain::subject::Subject;
use crate::domain::text;
use crate::domain::time::{self, Instant};

/// Who plans and acts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Actor {
    /// The operating system's user.
    pub os_user: String,
    /// The host Quarterdeck runs on.
    pub host: String,
    /// The address an SSH session comes from.
    pub ssh_client: Option<String>,
    /// The name the cluster knows the actor by; `None` where it would not say.
    pub identity: Option<String>,
}

impl Actor {
    /// The actor in a few words: the cluster's name for them, or the operating system's.
    pub fn name(&self) -> &str {
        self.identity.as_deref().unwrap_or(&self.os_user)
    }
}

/// The cluster a plan is for, by more than its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Cluster {
    /// The kubeconfig context; `in-cluster` without one.
    pub context: String,
    /// The API server's address.
    pub server: String,
    /// The uid of the kube-system namespace: the same name on another cluster is another cluster. `None` where it may not be read.
    pub uid: Option<String>,
}

/// A field the plan showed, and what it was. The action is refused when it is something else by then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    /// JSON pointer into the target.
    pub path: String,
    /// The value shown; null for an absent field.
    pub value: Value,
}

/// Something the plan rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// What was seen.
    pub words: String,
    /// When.
    #[serde(deserialize_with = "time::clamped")]
    pub observed_at: Instant,
}

/// Who or what will feel it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct BlastRadius {
    /// Pods that will be replaced, as things stood when the plan was made: a rollout under way moves the figure.
    pub pods: u32,
    /// The most it may come to while that moves: of a new template, every pod the workload is to have. 0 in documents of before.
    #[serde(default)]
    pub at_most: u32,
    /// Whether every pod may be down at one time.
    #[serde(default)]
    pub is_outage: bool,
    /// In words.
    pub words: String,
}

impl BlastRadius {
    /// Whether somebody who has read this was told of the other: no more pods at most, and no outage that was not said.
    pub const fn covers(&self, other: &Self) -> bool {
        other.at_most <= self.at_most && (self.is_outage || !other.is_outage)
    }
}

/// Somebody who will undo the action, or get in its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fight {
    /// Argo CD, Flux, Helm, HPA, a field manager's name.
    pub who: String,
    /// How we know, and what to expect.
    pub words: String,
}

impl Fight {
    /// The same about another workload than the target itself.
    #[must_use]
    pub fn on(self, workload: &WorkloadRef) -> Self {
        Self { who: format!("{} (of {})", self.who, workload.label()), ..self }
    }
}

/// How to take the action back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inverse {
    /// In words.
    pub words: String,
    /// The command line that plans it; `None` when it cannot be taken back.
    pub command: Option<String>,
}

/// The end state a verification waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Goal {
    /// The expected template on every pod, every pod available.
    #[default]
    Healthy,
    /// As it is, and paused.
    Paused,
    /// So many pods, every one available.
    Replicas(u32),
    /// The pod of the plan is gone, and its successor is ready.
    PodReplaced,
    /// A silence that holds until then, on every Alertmanager, and holds the alerts back that were chosen.
    Silenced(#[serde(deserialize_with = "time::clamped")] Instant),
    /// A silence that is over, on every Alertmanager.
    SilenceOver,
    /// The store has written it: its answer says so, and nothing is left to verify.
    Stored,
    /// The end of a session, as whoever holds it hears it: nothing of it can be observed afterwards.
    Session,
}

/// A pod that is to go, and what its successor is recognised by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replaced {
    /// Its name.
    pub name: String,
    /// Its uid.
    pub uid: String,
    /// Its node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// The uids of the other pods of a Deployment: none of them is its successor.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<String>,
}

/// One target of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Target {
    /// What is acted on.
    #[serde(flatten)]
    pub subject: Subject,
    /// Its identity when it was looked at: a uid.
    pub uid: String,
    /// The service it is of; `None` when it is UNMAPPED.
    #[serde(default)]
    pub service: Option<String>,
    /// What it runs now: revision and images, in words.
    pub from: String,
    /// What it will run.
    pub to: String,
    /// What was given for it, and what the action chose where nothing was: what `apply` plans again with.
    #[serde(default, skip_serializing_if = "Given::is_empty")]
    pub given: Given,
    /// Of what the action chose: what stays as it was worked out however often it is worked out anew, each with the field it stands in
    /// place of. It was read so.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fixed: BTreeMap<String, String>,
    /// Of what the action chose: what is only suggested, and worked out anew until somebody gives something else.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub suggested: Vec<String>,
    /// The pod that is replaced, where one was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod: Option<Replaced>,
    /// The wave it goes in, from 0. Targets of one wave are changed one after the other and verified together.
    #[serde(default)]
    pub wave: u32,
    /// What happens, in order.
    pub steps: Vec<Step>,
    /// The fields shown.
    pub pins: Vec<Pin>,
    /// Differences of the pod template; from the server's dry run when there was one.
    pub changes: Vec<Change>,
    /// What the plan rests on, with its age.
    pub evidence: Vec<Evidence>,
    /// What else it reaches, the gravest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reaches: Vec<Reached>,
    /// Who will feel it.
    pub blast: BlastRadius,
    /// What it can do to users there, which what is found on the target may make graver than the action is by itself.
    #[serde(default)]
    pub tier: Tier,
    /// The run whose operation record on the target is overridden.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overrides: Option<String>,
    /// Who will fight it.
    pub fights: Vec<Fight>,
    /// What an operator should know first: NOT SEEN HEALTHY HERE, a mutable tag, another choice of kubectl's.
    pub warnings: Vec<String>,
    /// The end state the verification waits for, in words.
    pub expected: String,
    /// The pod template it waits for.
    pub expected_template: Value,
    /// What else it waits for.
    #[serde(default)]
    pub goal: Goal,
    /// How long the verification waits, in seconds.
    pub deadline_seconds: u32,
    /// How to take it back.
    pub inverse: Inverse,
}

impl Target {
    /// What is done, in a few words: the target, or what is to be made.
    pub fn about(&self) -> String {
        match (&self.subject, self.steps.first()) {
            (Subject::Silence(silence), Some(step)) if silence.id.is_empty() => step.words.clone(),
            (subject, _) => subject.to_string(),
        }
    }

    /// Whether its steps are taken one after the other, each judged by itself.
    pub fn is_in_order(&self) -> bool {
        self.steps.iter().any(|step| step.in_order.is_some())
    }

    /// The command line that takes it back, with the id of what it made.
    pub fn way_back(&self, made: Option<&str>) -> Option<String> {
        let command = self.inverse.command.as_ref()?;
        Some(made.map_or_else(|| command.clone(), |made| command.replace(" ID", &format!(" {}", text::clean(made)))))
    }

    /// Why somebody who has read this target was not told how far it would reach now; `None` when they were.
    pub fn reaches_further(&self, blast: &BlastRadius, tier: Tier) -> Option<String> {
        if self.blast.covers(blast) && tier <= self.tier {
            return None;
        }
        Some(format!(
            "{} would reach further than the plan said. Now: {}, at most {} ({}); the plan said: {}, at most {} ({}).",
            self.subject,
            blast.words,
            blast.at_most,
            tier.words(),
            text::clean(&self.blast.words),
            self.blast.at_most,
            self.tier.words()
        ))
    }

    /// How long it may take: the time of its verification, and as much again for each pod that is replaced by us.
    pub fn takes(&self) -> TimeDelta {
        takes(self.deadline_seconds, &self.steps)
    }
}

/// How long steps with this deadline may take. Steps that are taken one after the other have deadlines of their own, and as long again
/// to be taken back.
pub fn takes(deadline_seconds: u32, steps: &[Step]) -> TimeDelta {
    let in_order = steps.iter().filter_map(|step| step.in_order.as_deref());
    let own: i64 = in_order.map(|one| i64::from(one.deadline_seconds).saturating_mul(2)).sum();
    if own > 0 {
        return time::seconds(own);
    }
    let replaced = steps.iter().filter(|step| step.part == Part::Replacing).count();
    time::seconds(
        i64::from(deadline_seconds).saturating_mul(i64::try_from(replaced).unwrap_or(i64::MAX).saturating_add(1)),
    )
}

/// Whether the server has seen the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "result", content = "words")]
pub enum Rehearsal {
    /// The server ran it dry and would accept it; its warnings.
    Accepted(Vec<String>),
    /// The server ran it dry and refused.
    Rejected(String),
    /// NOT CHECKED BY THE SERVER, and why.
    NotChecked(String),
    /// The server tries nothing dry.
    NotOffered,
}

/// An action, worked out to the last byte, before anything was sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The shape of this document: 1.
    pub version: u32,
    /// The plan, and later the run.
    pub id: String,
    /// The action's id, such as `rollback`.
    pub action: String,
    /// The environment.
    pub environment: String,
    /// Its guard when the plan was made.
    pub guard: Guard,
    /// The cluster.
    pub cluster: Cluster,
    /// Who made it.
    pub actor: Actor,
    /// When its facts were last read.
    #[serde(deserialize_with = "time::clamped")]
    pub refreshed_at: Instant,
    /// When it must not be used any more.
    #[serde(deserialize_with = "time::clamped")]
    pub expires_at: Instant,
    /// How far the cluster's clock was ahead of this console's then, in seconds: operation records are in the cluster's time.
    #[serde(default)]
    pub cluster_ahead_seconds: i64,
    /// What it can do to users.
    pub tier: Tier,
    /// What confirms it.
    pub confirmation: Confirmation,
    /// What the action does and what it does not; empty where its steps say all of it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub means: String,
    /// The service that is acted on as one; `None` when the targets were named one by one.
    #[serde(default)]
    pub service: Option<String>,
    /// How the targets were chosen, where that needs saying: what the service lacks, marked rows that a filter hides.
    #[serde(default)]
    pub choice: Vec<String>,
    /// Its targets, in the order of their waves; a wave that does not end well stops those after it.
    pub targets: Vec<Target>,
    /// What was looked at before, and what it costs.
    #[serde(flatten)]
    pub cost: Cost,
    /// What the server said to the dry run.
    pub rehearsal: Rehearsal,
    /// Why it cannot be applied; empty when it can.
    pub refusals: Vec<String>,
    /// SHA-256 over everything above: `apply` refuses a document that was edited.
    #[serde(default)]
    pub digest: String,
}

impl Plan {
    /// What it acts through: that of its first step, for a plan is of one kind of thing.
    pub fn port(&self) -> Port {
        self.targets.iter().flat_map(|target| &target.steps).next().map_or(Port::default(), |step| step.port)
    }

    /// The checks that were shown.
    pub fn checks(&self) -> Vec<Check> {
        self.cost.preflight.iter().map(|looked| looked.check.clone()).collect()
    }

    /// How long a plan holds after its last refresh.
    pub const HOLDS: TimeDelta = TimeDelta::minutes(5);

    /// The digest of the document as it stands.
    pub fn computed_digest(&self) -> String {
        let bare = Self { digest: String::new(), ..self.clone() };
        // A Plan has no map with keys that are not strings, so it always serialises; an empty text would never match.
        let text = serde_json::to_string(&bare).unwrap_or_default();
        hex(&Sha256::digest(text.as_bytes()))
    }

    /// The plan with its digest filled in.
    #[must_use]
    pub fn sealed(mut self) -> Self {
        self.digest = self.computed_digest();
        self
    }

    /// Whether nothing was changed since it was sealed.
    pub fn is_intact(&self) -> bool {
        self.digest == self.computed_digest()
    }

    /// Whether its facts are too old to act on, whatever expiry a document writes.
    pub fn is_expired(&self, now: Instant) -> bool {
        let end = self.refreshed_at.checked_add_signed(Self::HOLDS);
        now >= self.expires_at || end.is_none_or(|end| now >= end)
    }

    /// The same plan, saying this where its steps say what is given for a field.
    #[must_use]
    pub fn saying(mut self, field: &str, text: &str) -> Self {
        for target in self.targets.iter_mut().filter(|target| target.steps.iter().any(|step| step.says(field))) {
            target.given = std::mem::take(&mut target.given).with(field, text);
        }
        self.sealed()
    }

    /// Whether it could be applied.
    pub fn is_applicable(&self) -> bool {
        self.refusals.is_empty() && !self.targets.is_empty()
    }

    /// The places of its targets, wave by wave.
    pub fn waves(&self) -> Vec<Vec<usize>> {
        let places: Vec<usize> = (0..self.targets.len()).collect();
        places
            .chunk_by(|one, next| self.targets[*one].wave == self.targets[*next].wave)
            .map(<[usize]>::to_vec)
            .collect()
    }

    /// How long the record of a target may be needed after the plan was made: until it must have begun, and until every target up to it
    /// has had its time.
    pub fn holds_target(&self, place: usize) -> TimeDelta {
        self.targets
            .iter()
            .take(place + 1)
            .map(Target::takes)
            .fold(Self::HOLDS, |all, one| (all + one).min(time::LONGEST))
    }

    /// Whether somebody who has read the other plan has read this one: the same targets, pins, steps, outcome, blast radius, tier, way back,
    /// resistance and warnings.
    ///
    /// Evidence, ages and stamps of a restart are renewed with every refresh and do not count; nor does how many pods are left to replace
    /// at this moment, which a rollout under way moves every second: how many it may be at most does, and whether all at one time.
    pub fn reads_as(&self, other: &Self) -> bool {
        let uid_of_pod = |target: &Target| target.pod.as_ref().map(|pod| pod.uid.clone());
        let is_same_target = |(one, other): (&Target, &Target)| {
            let steps = |target: &Target| target.steps.iter().map(|step| step.words.clone()).collect::<Vec<_>>();
            one.subject == other.subject
                && (&one.uid, &one.pins, &one.to, one.goal) == (&other.uid, &other.pins, &other.to, other.goal)
                && (one.wave, steps(one)) == (other.wave, steps(other))
                && (&one.fights, &one.warnings) == (&other.fights, &other.warnings)
                && Reached::unread(&one.reaches, &other.reaches).is_none()
                && Reached::unread(&other.reaches, &one.reaches).is_none()
                && (one.blast.at_most, one.blast.is_outage, one.tier)
                    == (other.blast.at_most, other.blast.is_outage, other.tier)
                && (&one.expected, &one.inverse, uid_of_pod(one))
                    == (&other.expected, &other.inverse, uid_of_pod(other))
                && (one.deadline_seconds, &one.overrides) == (other.deadline_seconds, &other.overrides)
                && same_code(&one.expected_template, &other.expected_template)
        };
        self.targets.len() == other.targets.len()
            && self.targets.iter().zip(&other.targets).all(is_same_target)
            && (&self.service, &self.choice) == (&other.service, &other.choice)
            && self.confirmation == other.confirmation
            && self.cost.kind == other.cost.kind
            && Check::worsened(&self.checks(), &other.checks()).is_none()
            && self.is_applicable() == other.is_applicable()
            && std::mem::discriminant(&self.rehearsal) == std::mem::discriminant(&other.rehearsal)
    }
}
