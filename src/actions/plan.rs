//! The planner: eyes and rehearsal in, a plan out. It holds no hands.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::TimeDelta;
use serde_json::Value;

use super::contract::{Action, Context, Draft, Options};
use super::fights::Fights;
use super::policy::{self, Grant};
use super::references::references;
use super::seen::Seen;
use super::services::{left_out, of_its_service, one_revision_for_many, together};
use crate::domain::action::{
    Actor, Cluster, Evidence, Goal, Inverse, OperationRecord, Part, Phase, Plan, Rehearsal, Request, Step, Target,
};
use crate::domain::environment::Guard;
use crate::domain::rollout::{self, Budget, Revision, Verdict, WorkloadRef, changes, judge};
use crate::domain::service::Services;
use crate::domain::time::{self, Instant};
use crate::sources::Clock;
use crate::sources::error::{SourceError, Trouble};
use crate::sources::observe::{Access, ObserveCluster, Right, WorkloadFacts};
use crate::sources::operate::RehearseCluster;

/// The deadline of a verification when the workload has none.
const DEADLINE: i64 = 600;
/// The shortest and the longest deadline of a verification, in seconds.
const DEADLINES: std::ops::RangeInclusive<i64> = 30..=3_600;

/// Works plans out for one environment.
#[derive(Clone)]
pub struct Planner {
    /// The eyes.
    pub observe: Arc<dyn ObserveCluster>,
    /// The rehearsal; `None` without a write grant.
    pub rehearse: Option<Arc<dyn RehearseCluster>>,
    /// The environment's name.
    pub environment: String,
    /// Its guard.
    pub guard: Guard,
    /// Whether it may be changed, or why not.
    pub grant: Grant,
    /// Who plans, as the operating system tells.
    pub actor: Actor,
    /// The services that are declared.
    pub services: Arc<Services>,
    /// What was seen healthy.
    pub seen: Arc<Mutex<Seen>>,
    /// How runs of this machine ended that came to their end, by their ids: their records on a target hold nobody up.
    pub ended: Arc<Mutex<HashMap<String, Phase>>>,
    /// The clock.
    pub clock: Clock,
}

impl Planner {
    /// Works an action out. Always possible; what forbids applying it is listed in the plan.
    ///
    /// # Errors
    /// When the cluster or a target cannot be read.
    pub async fn plan(
        &self,
        action: &dyn Action,
        targets: &[WorkloadRef],
        options: &Options,
    ) -> Result<Plan, SourceError> {
        if let Some(stray) = targets.iter().find(|target| *target.environment != *self.environment) {
            // Two clusters may have the same names in them: only this tells them apart.
            let sentence =
                format!("{stray} is of {}, this is {}: nothing is planned.", stray.environment, self.environment);
            return Err(SourceError::new(Trouble::Setup, sentence));
        }
        let cluster = self.observe.cluster().await?;
        let mut actor = self.actor.clone();
        actor.identity = self.observe.identity().await?;
        let mut refusals: Vec<String> = self.grant.clone().err().into_iter().collect();
        let mut planned = Vec::new();
        let mut answers = Vec::new();
        refusals.extend(one_revision_for_many(options, targets));
        let mut choice = options.choice.notes.clone();
        let mut read = Vec::new();
        for workload in targets {
            let facts = self.facts(workload, &cluster).await?;
            match left_out(action, &facts, options) {
                Some(note) => choice.push(note),
                None => read.push(facts),
            }
        }
        let now = (self.clock)();
        // As the answers a moment ago told.
        let ahead = self.observe.ahead();
        let id = run_id(now);
        let mut holds = Plan::HOLDS;
        let wave = options.wave.unwrap_or_else(|| together(options, read.len())).max(1);
        let mut fights = Fights::default();
        for (place, facts) in read.iter().enumerate() {
            let deadline = deadline_seconds(facts);
            holds += TimeDelta::seconds(i64::from(deadline));
            let record = record(&id, &actor, action, now + ahead, holds);
            let held = self.held_by(facts, now);
            refusals.extend(held.as_ref().and_then(|held| held.clone().err()));
            let draft = match action.draft(facts, options, Context { record: &record, now }) {
                Ok(draft) => draft,
                Err(refusal) => {
                    refusals.push(refusal.0);
                    // What could not be read may be why it looks impossible.
                    refusals.extend(facts.missing.iter().cloned());
                    continue;
                }
            };
            let mut warnings = draft.warnings.clone();
            warnings.extend(held.and_then(Result::ok));
            warnings.extend(facts.missing.iter().cloned());
            self.ask_rights(&draft.steps, &actor, &mut refusals, &mut warnings).await?;
            warnings.extend(self.changed_since(facts, &draft).await);
            match draft.goal {
                Goal::Replicas(wanted) => warnings.extend(self.scaled_by(&facts.workload, wanted).await),
                Goal::PodReplaced => warnings.extend(self.budgets(facts).await),
                Goal::Healthy | Goal::Paused => {}
            }
            let (rehearsal, template) = self.rehearse(&draft.steps).await;
            answers.push(rehearsal);
            let target = target(facts, draft, template.as_ref(), warnings, options, deadline, now);
            let wave = u32::try_from(place / wave).unwrap_or(u32::MAX);
            let fights = fights.of(&*self.observe, &facts.object, target.goal).await;
            planned.push(of_its_service(&self.services, facts, Target { wave, fights, ..target }));
        }
        let rehearsal = joined(answers);
        if let Rehearsal::Rejected(reason) = &rehearsal {
            refusals.push(format!("the server refuses it: {reason}"));
        }
        refusals.dedup();
        let plan = Plan {
            version: 1,
            id,
            action: action.id().to_owned(),
            environment: self.environment.clone(),
            guard: self.guard,
            cluster,
            actor,
            refreshed_at: now,
            expires_at: now + Plan::HOLDS,
            cluster_ahead_seconds: ahead.num_seconds(),
            tier: action.about().tier,
            confirmation: policy::confirmation(action, self.guard, &planned),
            service: options.choice.service.as_ref().map(ToString::to_string),
            choice,
            targets: planned,
            rehearsal,
            refusals,
            digest: String::new(),
        };
        Ok(plan.sealed())
    }

    async fn facts(&self, workload: &WorkloadRef, cluster: &Cluster) -> Result<WorkloadFacts, SourceError> {
        let mut facts = self.observe.workload(workload).await?;
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).remember(cluster.uid.as_deref(), &mut facts.revisions);
        Ok(facts)
    }

    /// Asks for the right to every step.
    async fn ask_rights(
        &self,
        steps: &[Step],
        actor: &Actor,
        refusals: &mut Vec<String>,
        warnings: &mut Vec<String>,
    ) -> Result<(), SourceError> {
        for right in rights(steps) {
            let Right { verb, resource, namespace, .. } = right;
            match self.observe.may(right).await? {
                Access::Allowed => {}
                Access::Denied(reason) => {
                    let who = actor.name();
                    let reason = if reason.is_empty() { String::new() } else { format!(" ({reason})") };
                    refusals.push(format!(
                        "{who} may not {verb} {resource} in {namespace}{reason}. Ask for the right, or use other credentials."
                    ));
                }
                Access::Unknown(reason) => warnings.push(format!(
                    "Whether you may {verb} {resource} in {namespace} could not be asked ({reason}); the server will tell."
                )),
            }
        }
        Ok(())
    }

    /// Whether somebody is at work on the target: an error where it may not be touched meanwhile, else what to know first.
    fn held_by(&self, facts: &WorkloadFacts, now: Instant) -> Option<Result<String, String>> {
        let record = facts.record.as_ref().filter(|record| record.is_live(now))?;
        if facts.report.is_complete() {
            return None;
        }
        // A record ends only by expiring, but an action that reached its end is over.
        match self.ended.lock().unwrap_or_else(PoisonError::into_inner).get(&record.id) {
            Some(Phase::Unknown) => Some(Ok(format!(
                "Your own {} of {} ended UNKNOWN. It is not sent again; see what it did before you confirm this.",
                record.action,
                record.started.format("%H:%M:%S UTC")
            ))),
            Some(_) => None,
            None => Some(Err(format!(
                "{}; wait for its outcome, or until its record expires in {}.",
                record.sentence(now),
                time::left(record.expires - now)
            ))),
        }
    }

    /// Who else decides how many pods there are.
    async fn scaled_by(&self, workload: &WorkloadRef, wanted: u32) -> Vec<String> {
        match self.observe.autoscalers(workload).await {
            Ok(found) => found.iter().map(|scaler| scaler.on_scaling_to(wanted)).collect(),
            Err(error) if error.trouble == Trouble::NotFound => Vec::new(),
            Err(error) => {
                vec![format!("Whether an autoscaler sets the number of pods is not known: {}", error.sentence)]
            }
        }
    }

    /// Budgets that let no pod go.
    async fn budgets(&self, facts: &WorkloadFacts) -> Vec<String> {
        let labels = facts.template().pointer("/metadata/labels").unwrap_or(&Value::Null);
        match self.observe.budgets(&facts.workload.namespace, labels).await {
            Ok(found) => found.iter().filter_map(Budget::warning).collect(),
            Err(error) if error.trouble == Trouble::NotFound => Vec::new(),
            Err(error) => vec![format!("Whether a PodDisruptionBudget minds is not known: {}", error.sentence)],
        }
    }

    /// ConfigMaps and Secrets written after the target revision last ran.
    async fn changed_since(&self, facts: &WorkloadFacts, draft: &Draft) -> Vec<String> {
        let Some(chosen) = facts.revisions.iter().find(|revision| Some(revision.number) == draft.to_revision) else {
            return Vec::new();
        };
        let Some(since) = superseded_at(&facts.revisions, chosen) else { return Vec::new() };
        let mut warnings = Vec::new();
        for (resource, name) in references(&draft.template) {
            let kind = if resource == "secrets" { "Secret" } else { "ConfigMap" };
            match self.observe.last_written(resource, &facts.workload.namespace, &name).await {
                Ok(Some(written)) if written > since => {
                    // A time, not an age: what an operator has read must not read differently a moment later.
                    warnings.push(format!("{kind} {name} was changed at {}, after revision {} was replaced; its old contents do not come back.", written.format("%Y-%m-%d %H:%M:%S UTC"), chosen.number));
                }
                Ok(Some(_)) => {}
                Ok(None) => warnings.push(format!(
                    "{kind} {name}, which revision {} refers to, does not exist.",
                    chosen.number
                )),
                Err(error) if error.trouble == Trouble::Forbidden => {
                    warnings.push(format!("{kind} {name} may not be read: whether it changed since is not known."));
                }
                Err(error) => warnings.push(format!("{kind} {name} could not be read: {}", error.sentence)),
            }
        }
        warnings
    }

    /// Runs the requests of one target dry; the pod template of the answer.
    async fn rehearse(&self, steps: &[Step]) -> (Rehearsal, Option<Value>) {
        let Some(rehearse) = &self.rehearse else {
            let why = self.grant.clone().err().unwrap_or_else(|| "there is no rehearsal here.".to_owned());
            return (Rehearsal::NotChecked(why), None);
        };
        let mut warnings = Vec::new();
        let mut template = None;
        for step in steps {
            match rehearse.rehearse(&step.request).await {
                Ok(reply) => {
                    warnings.extend(reply.warnings);
                    // The answer to a deletion is the pod.
                    template = template.or_else(|| reply.object.pointer("/spec/template").cloned());
                }
                // What was in the way a moment ago is not any more.
                Err(error)
                    if step.part != Part::Change && matches!(error.trouble, Trouble::NotFound | Trouble::Conflict) => {}
                Err(error) if is_refusal(&error) => return (Rehearsal::Rejected(error.sentence), None),
                Err(error) => return (Rehearsal::NotChecked(error.sentence), None),
            }
        }
        (Rehearsal::Accepted(warnings), template)
    }
}

/// Whether the server judged the request itself. A server that is overloaded, away, or has a webhook that cannot rehearse has said nothing
/// about it.
fn is_refusal(error: &SourceError) -> bool {
    let is_answer =
        matches!(error.trouble, Trouble::Rejected | Trouble::Conflict | Trouble::Forbidden | Trouble::NotFound);
    is_answer && !error.sentence.contains("does not support dry run")
}

/// The rights the steps of an action need, each once.
fn rights(steps: &[Step]) -> Vec<Right<'_>> {
    let mut rights: Vec<Right<'_>> = Vec::new();
    for right in steps.iter().filter_map(|step| right(&step.request)) {
        if !rights.contains(&right) {
            rights.push(right);
        }
    }
    rights
}

/// The right a request to an object in a namespace needs; `None` for any other path.
fn right(request: &Request) -> Option<Right<'_>> {
    let verb = match request.method.as_str() {
        "PATCH" => "patch",
        "DELETE" => "delete",
        "POST" => "create",
        "PUT" => "update",
        _ => return None,
    };
    let path = request.path.split('?').next().unwrap_or_default();
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let (group, rest) = match parts.as_slice() {
        ["api", _version, rest @ ..] => ("", rest),
        ["apis", group, _version, rest @ ..] => (*group, rest),
        _ => return None,
    };
    match rest {
        ["namespaces", namespace, resource, name] => Some(Right { verb, group, resource, namespace, name }),
        _ => None,
    }
}

/// When a revision stopped being the newest: the creation of the next higher one, as near as the history tells.
fn superseded_at(revisions: &[Revision], chosen: &Revision) -> Option<Instant> {
    let later = revisions.iter().filter(|revision| revision.number > chosen.number);
    later
        .filter_map(|revision| revision.created_at)
        .filter(|created| chosen.created_at.is_none_or(|own| *created > own))
        .min()
        .or(chosen.created_at)
}

/// The answers to every target as one: a refusal outweighs an answer that did not come, and that outweighs a yes.
fn joined(answers: Vec<Rehearsal>) -> Rehearsal {
    let weight = |answer: &Rehearsal| match answer {
        Rehearsal::Accepted(_) => 0,
        Rehearsal::NotChecked(_) => 1,
        Rehearsal::Rejected(_) => 2,
    };
    answers.into_iter().fold(Rehearsal::Accepted(Vec::new()), |all, answer| match (all, answer) {
        (Rehearsal::Accepted(said), Rehearsal::Accepted(more)) => Rehearsal::Accepted([said, more].concat()),
        (all, answer) if weight(&answer) > weight(&all) => answer,
        (all, _) => all,
    })
}

/// The way back, with the environment it is of: the same names may be in another.
fn in_its_environment(inverse: Inverse, environment: &str) -> Inverse {
    let is_plain = |letter: char| letter.is_alphanumeric() || "-_.:@/".contains(letter);
    let is_word = !environment.is_empty() && environment.chars().all(is_plain);
    let command =
        inverse.command.map(|command| if is_word { format!("{command} --environment {environment}") } else { command });
    Inverse { command, ..inverse }
}

fn deadline_seconds(facts: &WorkloadFacts) -> u32 {
    let seconds = facts
        .report
        .deadline
        .map_or(DEADLINE, |deadline| deadline.num_seconds())
        .clamp(*DEADLINES.start(), *DEADLINES.end());
    u32::try_from(seconds).unwrap_or(600)
}

/// The record a plan writes: everything in it follows from the plan, so that `apply` can build it again. `began` is in the cluster's time.
fn record(id: &str, actor: &Actor, action: &dyn Action, began: Instant, holds: TimeDelta) -> OperationRecord {
    OperationRecord {
        id: id.to_owned(),
        actor: actor.name().to_owned(),
        action: action.id().to_owned(),
        started: began,
        expires: began + holds + OperationRecord::GRACE,
    }
}

fn target(
    facts: &WorkloadFacts,
    draft: Draft,
    stored: Option<&Value>,
    warnings: Vec<String>,
    options: &Options,
    deadline: u32,
    now: Instant,
) -> Target {
    let judged = judge(&facts.report, facts.newest_pods(), now);
    let counts = facts.report.counts;
    let mut words = format!(
        "{}: {}/{} ready, {} updated, {} available",
        judged.verdict.word(),
        counts.ready,
        counts.desired,
        counts.updated,
        counts.available
    );
    if let Some(reason) = &judged.reason {
        words = format!("{words}; {reason}");
    }
    let mut evidence = vec![Evidence { words, observed_at: facts.observed_at }];
    if let Some(record) = &facts.record {
        evidence.push(Evidence { words: record.sentence(now), observed_at: facts.observed_at });
    }
    if judged.verdict == Verdict::Complete {
        evidence.push(Evidence {
            words: "the workload is complete and healthy as it is".to_owned(),
            observed_at: facts.observed_at,
        });
    }
    Target {
        workload: facts.workload.clone(),
        uid: facts.uid.to_string(),
        service: None,
        from: draft.from,
        to: draft.to,
        to_revision: draft.to_revision,
        steps: draft.steps,
        pins: draft.pins,
        // The server's answer shows defaulting and admission; without one, what we would send.
        changes: [draft.changes, changes(facts.template(), stored.unwrap_or(&draft.template))].concat(),
        goal: draft.goal,
        wave: 0,
        replicas: options.replicas,
        image: options.image.clone(),
        is_pinned: options.is_pinned,
        pod: draft.pod,
        evidence,
        blast: draft.blast,
        fights: Vec::new(),
        warnings,
        expected: draft.expected,
        expected_template: rollout::stripped(stored.unwrap_or(&draft.template)),
        deadline_seconds: deadline,
        inverse: in_its_environment(draft.inverse, &facts.workload.environment),
    }
}

/// Checks a target of a plan against the world as it is now: the same pins, and the very request the action itself would build.
///
/// A document that was edited, or that names fields that moved, does not pass; the sentence says what differs.
///
/// # Errors
/// The reason why the plan does not hold any more.
pub fn revise(plan: &Plan, place: usize, action: &dyn Action, facts: &WorkloadFacts) -> Result<(), String> {
    let Some(target) = plan.targets.get(place) else { return Err("the plan has no such target.".to_owned()) };
    let workload = &target.workload;
    if *facts.uid != *target.uid {
        return Err(format!(
            "{workload} was deleted and created again since the plan: it is another object. Plan again."
        ));
    }
    let moved: Vec<&str> = target
        .pins
        .iter()
        .filter(|pin| facts.object.pointer(&pin.path).unwrap_or(&Value::Null) != &pin.value)
        .map(|pin| pin.path.as_str())
        .collect();
    if !moved.is_empty() {
        let who = facts
            .record
            .as_ref()
            .map(|record| format!(" ({})", record.sentence(plan.refreshed_at.max(facts.observed_at))))
            .unwrap_or_default();
        return Err(format!("{workload} has changed since the plan at {}{who}. Plan again.", moved.join(", ")));
    }
    let began = plan.refreshed_at + TimeDelta::seconds(plan.cluster_ahead_seconds);
    let record = record(&plan.id, &plan.actor, action, began, plan.holds_target(place));
    let options = Options {
        to_revision: target.to_revision,
        replicas: target.replicas,
        image: target.image.clone(),
        is_pinned: target.is_pinned,
        pod: target.pod.as_ref().map(|pod| pod.name.clone()),
        ..Options::default()
    };
    let draft = action
        .draft(facts, &options, Context { record: &record, now: plan.refreshed_at })
        .map_err(|refusal| refusal.0)?;
    let is_same = draft.steps.len() == target.steps.len()
        && draft.steps.iter().zip(&target.steps).all(|(own, given)| own.request == given.request);
    if !is_same {
        return Err(format!(
            "the request for {workload} is not the one this action makes: the plan's revision has moved or the document was edited. Plan again."
        ));
    }
    Ok(())
}

/// A name for a plan and its run: when, and something nobody else draws.
pub(super) fn run_id(now: Instant) -> String {
    use std::hash::{BuildHasher, Hasher};
    format!("{}-{:016x}", now.format("%Y%m%dT%H%M%SZ"), std::hash::RandomState::new().build_hasher().finish())
}
