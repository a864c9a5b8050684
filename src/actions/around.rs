//! What there is to know of a draft in a cluster beside the draft: who else scales it, what its pods mind, what has changed since the
//! revision it goes back to last ran, what the server says to it dry, and how the workload is now.

use std::collections::BTreeSet;

use serde_json::Value;

use super::contract::Draft;
use super::observation::Observation;
use super::plan::{Planner, Setting};
use super::references::references;
use crate::domain::action::{Actor, Cluster, Evidence, Goal, Part, Rehearsal, Step};
use crate::domain::environment::Guard;
use crate::domain::rollout::{Budget, Revision, Verdict, WorkloadRef, judge};
use crate::domain::subject::Subject;
use crate::domain::time::Instant;
use crate::sources::error::{SourceError, Trouble};
use crate::sources::observe::{ObserveCluster, WorkloadFacts};

/// What was found around a draft.
pub(super) struct Survey {
    /// The guard of its namespace.
    pub(super) guard: Guard,
    /// Why it cannot be applied.
    pub(super) refusals: Vec<String>,
    /// What to know first.
    pub(super) warnings: Vec<String>,
    /// What the server said to it dry.
    pub(super) rehearsal: Rehearsal,
    /// The pod template of that answer.
    pub(super) stored: Option<Value>,
}

impl Planner {
    /// Looks around a draft: here where it is on something in a cluster, and in each other environment it has steps in.
    pub(super) async fn surveys(
        &self,
        (subject, seen): (&Subject, &Observation),
        draft: &Draft,
        setting: (&Cluster, &Actor),
    ) -> Result<Vec<Survey>, SourceError> {
        let mut surveys = Vec::new();
        if let Some(namespace) = subject.namespace() {
            surveys.push(self.survey(seen, namespace, draft, setting).await?);
        }
        surveys.extend(self.survey_elsewhere(draft).await?);
        Ok(surveys)
    }

    /// Looks around a draft in a namespace: its guard, our rights, and of a workload what has changed and what the server says to it.
    async fn survey(
        &self,
        seen: &Observation,
        namespace: &str,
        draft: &Draft,
        (cluster, actor): (&Cluster, &Actor),
    ) -> Result<Survey, SourceError> {
        let (mut refusals, mut warnings) = (Vec::new(), Vec::new());
        let (guard, from) = self.limits.guard_of(cluster, namespace);
        warnings.extend(from.map(|from| {
            format!("GUARDED AS {}: environment {from} covers namespace {namespace} of this cluster too.", guard.word())
        }));
        let steps = in_environment(&draft.steps, &self.environment);
        if matches!(seen, Observation::Object(_) | Observation::Backup(_)) {
            let (rehearsal, stored) = self.try_out(&steps, actor, &mut refusals, &mut warnings).await?;
            return Ok(Survey { guard, refusals, warnings, rehearsal, stored });
        }
        let Ok(facts) = seen.workload() else {
            self.ask_rights(&draft.steps, actor, &mut refusals, &mut warnings).await?;
            return Ok(Survey { guard, refusals, warnings, rehearsal: Rehearsal::NotOffered, stored: None });
        };
        let (rehearsal, stored) = self.try_out(&steps, actor, &mut refusals, &mut warnings).await?;
        warnings.extend(self.around(facts, draft).await?);
        Ok(Survey { guard, refusals, warnings, rehearsal, stored })
    }

    /// Looks around the steps of a draft that are of other environments: every grant is needed, and the strictest guard holds.
    async fn survey_elsewhere(&self, draft: &Draft) -> Result<Vec<Survey>, SourceError> {
        let on = |step: &Step| Some(step.in_order.as_ref()?.on.clone());
        let subjects: Vec<Subject> =
            draft.steps.iter().filter_map(on).filter(|on| **on.environment() != *self.environment).collect();
        let environments: BTreeSet<&str> = subjects.iter().map(|subject| &**subject.environment()).collect();
        let mut surveys = Vec::new();
        for environment in environments {
            let there = self.of(environment)?;
            let of_it: Vec<Subject> =
                subjects.iter().filter(|subject| **subject.environment() == *environment).cloned().collect();
            let Setting { cluster, actor } = there.setting(&of_it).await?;
            let (mut refusals, mut warnings): (Vec<String>, _) =
                (there.grant.clone().err().into_iter().collect(), Vec::new());
            let mut guard = there.limits.guard;
            for namespace in of_it.iter().filter_map(Subject::namespace) {
                refusals.extend(there.limits.refusal(environment, namespace));
                guard = guard.max(there.limits.guard_of(&cluster, namespace).0);
            }
            warnings.push(format!("IT ALSO ACTS IN {environment} ({}), as {}.", guard.word(), actor.name()));
            let steps = in_environment(&draft.steps, environment);
            let (rehearsal, _) = there.try_out(&steps, &actor, &mut refusals, &mut warnings).await?;
            surveys.push(Survey { guard, refusals, warnings, rehearsal, stored: None });
        }
        Ok(surveys)
    }

    /// Asks for the rights to steps, and what the server says to them.
    async fn try_out(
        &self,
        steps: &[Step],
        actor: &Actor,
        refusals: &mut Vec<String>,
        warnings: &mut Vec<String>,
    ) -> Result<(Rehearsal, Option<Value>), SourceError> {
        if self.ask_rights(steps, actor, refusals, warnings).await? {
            // Not even dry: the server counts it as a write that is forbidden.
            let why = "who may not do it does not ask for it, not even dry.";
            return Ok((Rehearsal::NotChecked(why.to_owned()), None));
        }
        Ok(self.rehearse(&tried(steps)).await)
    }

    /// What else there is to know of a draft on a workload.
    async fn around(&self, facts: &WorkloadFacts, draft: &Draft) -> Result<Vec<String>, SourceError> {
        let observe = self.cluster()?;
        let mut warnings = changed_since(observe, facts, draft).await;
        for (other, wanted) in scaled_beside(&facts.workload, &draft.steps) {
            let told = scaled_by(observe, other, wanted).await;
            warnings.extend(told.into_iter().map(|words| format!("{}: {words}", other.label())));
        }
        match draft.goal {
            Goal::Replicas(wanted) => warnings.extend(scaled_by(observe, &facts.workload, wanted).await),
            Goal::PodReplaced => warnings.extend(budgets(observe, facts).await),
            _ => {}
        }
        Ok(warnings)
    }

    /// Runs the requests of one target dry; the pod template of the answer.
    async fn rehearse(&self, steps: &[&Step]) -> (Rehearsal, Option<Value>) {
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

/// The steps of an environment; what says no place of its own is of the plan's.
fn in_environment(steps: &[Step], environment: &str) -> Vec<Step> {
    let is_of_it = |step: &&Step| step.in_order.as_ref().is_none_or(|one| **one.on.environment() == *environment);
    steps.iter().filter(is_of_it).cloned().collect()
}

/// The steps that can be tried dry: of several that are taken one after the other, the first on each object. The others find it as that left
/// it, or need what it brought.
fn tried(steps: &[Step]) -> Vec<&Step> {
    let mut touched = BTreeSet::new();
    let mut tried = Vec::new();
    for step in steps {
        let is_first = match &step.in_order {
            Some(one) => step.is_sent() && !one.is_done && touched.insert(&one.on) && one.uses.is_empty(),
            None => true,
        };
        if is_first {
            tried.push(step);
        }
    }
    tried
}

/// The other workloads of its environment that steps set the number of pods of, and to how many.
fn scaled_beside<'s>(own: &WorkloadRef, steps: &'s [Step]) -> Vec<(&'s WorkloadRef, u32)> {
    let scaled = |step: &'s Step| {
        let other = step.in_order.as_ref()?.on.workload()?;
        let sets = |one: &&Value| one["op"] == "add" && one["path"] == "/spec/replicas";
        let wanted = step.request.body.as_array()?.iter().find(sets)?["value"].as_u64()?;
        let is_beside = other != own && other.environment == own.environment;
        is_beside.then_some((other, u32::try_from(wanted).ok()?))
    };
    steps.iter().filter_map(scaled).collect()
}

/// Who else decides how many pods there are.
async fn scaled_by(observe: &dyn ObserveCluster, workload: &WorkloadRef, wanted: u32) -> Vec<String> {
    match observe.autoscalers(workload).await {
        Ok(found) => found.iter().map(|scaler| scaler.on_scaling_to(wanted)).collect(),
        Err(error) if error.trouble == Trouble::NotFound => Vec::new(),
        Err(error) => {
            vec![format!("Whether an autoscaler sets the number of pods is not known: {}", error.sentence)]
        }
    }
}

/// Budgets that let no pod go.
async fn budgets(observe: &dyn ObserveCluster, facts: &WorkloadFacts) -> Vec<String> {
    let labels = facts.template().pointer("/metadata/labels").unwrap_or(&Value::Null);
    match observe.budgets(&facts.workload.namespace, labels).await {
        Ok(found) => found.iter().filter_map(Budget::warning).collect(),
        Err(error) if error.trouble == Trouble::NotFound => Vec::new(),
        Err(error) => vec![format!("Whether a PodDisruptionBudget minds is not known: {}", error.sentence)],
    }
}

/// ConfigMaps and Secrets written after the target revision last ran.
async fn changed_since(observe: &dyn ObserveCluster, facts: &WorkloadFacts, draft: &Draft) -> Vec<String> {
    let Some(chosen) = facts.revisions.iter().find(|revision| Some(revision.number) == draft.given.number("to")) else {
        return Vec::new();
    };
    let Some(since) = superseded_at(&facts.revisions, chosen) else { return Vec::new() };
    let mut warnings = Vec::new();
    for (resource, name) in references(&draft.template) {
        let kind = if resource == "secrets" { "Secret" } else { "ConfigMap" };
        match observe.last_written(resource, &facts.workload.namespace, &name).await {
            Ok(Some(written)) if written > since => {
                // A time, not an age: what an operator has read must not read differently a moment later.
                warnings.push(format!("{kind} {name} was changed at {}, after revision {} was replaced; its old contents do not come back.", written.format("%Y-%m-%d %H:%M:%S UTC"), chosen.number));
            }
            Ok(Some(_)) => {}
            Ok(None) => {
                warnings.push(format!("{kind} {name}, which revision {} refers to, does not exist.", chosen.number));
            }
            Err(error) if error.trouble == Trouble::Forbidden => {
                warnings.push(format!("{kind} {name} may not be read: whether it changed since is not known."));
            }
            Err(error) => warnings.push(format!("{kind} {name} could not be read: {}", error.sentence)),
        }
    }
    warnings
}

/// Whether the server judged the request itself. A server that is overloaded, away, or has a webhook that cannot rehearse has said nothing
/// about it.
fn is_refusal(error: &SourceError) -> bool {
    let is_answer =
        matches!(error.trouble, Trouble::Rejected | Trouble::Conflict | Trouble::Forbidden | Trouble::NotFound);
    is_answer && !error.sentence.contains("does not support dry run")
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
pub(super) fn joined(answers: Vec<Rehearsal>) -> Rehearsal {
    let weight = |answer: &Rehearsal| match answer {
        Rehearsal::Accepted(_) | Rehearsal::NotOffered => 0,
        Rehearsal::NotChecked(_) => 1,
        Rehearsal::Rejected(_) => 2,
    };
    answers.into_iter().fold(Rehearsal::Accepted(Vec::new()), |all, answer| match (all, answer) {
        (Rehearsal::Accepted(said), Rehearsal::Accepted(more)) => Rehearsal::Accepted([said, more].concat()),
        (all, answer) if weight(&answer) > weight(&all) => answer,
        (all, _) => all,
    })
}

/// How a workload is, what is being done to it, and that it may be well as it is.
pub(super) fn evidence_of(facts: &WorkloadFacts, now: Instant) -> Vec<Evidence> {
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
    let seen = |words: String| Evidence { words, observed_at: facts.observed_at };
    let mut evidence = vec![seen(words)];
    evidence.extend(facts.record.as_ref().map(|record| seen(record.sentence(now))));
    if judged.verdict == Verdict::Complete {
        evidence.push(seen("the workload is complete and healthy as it is".to_owned()));
    }
    evidence
}
