//! The planner: eyes and rehearsal in, a plan out. It holds no hands.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::TimeDelta;
use serde_json::Value;

use super::contract::{Action, Context, Draft, Options};
use super::fights::fights;
use super::policy::{self, Grant};
use super::references::references;
use super::seen::Seen;
use crate::domain::action::{Actor, Cluster, Evidence, Goal, OperationRecord, Plan, Rehearsal, Request, Step, Target};
use crate::domain::environment::Guard;
use crate::domain::rollout::{self, Revision, Verdict, WorkloadRef, changes, judge};
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
    /// What was seen healthy.
    pub seen: Arc<Mutex<Seen>>,
    /// Ids of runs of this machine that came to their end: their records on a target hold nobody up.
    pub settled: Arc<Mutex<std::collections::HashSet<String>>>,
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
        let cluster = self.observe.cluster().await?;
        let mut actor = self.actor.clone();
        actor.identity = self.observe.identity().await?;
        let mut refusals: Vec<String> = self.grant.clone().err().into_iter().collect();
        let mut planned = Vec::new();
        let mut answers = Vec::new();
        let now = (self.clock)();
        let id = run_id(now);
        for workload in targets {
            let facts = self.facts(workload, &cluster).await?;
            let deadline = deadline_seconds(&facts);
            let record = record(&id, &actor, action, now, deadline);
            refusals.extend(self.held_by(&facts, now));
            let draft = match action.draft(&facts, options, Context { record: &record, now }) {
                Ok(draft) => draft,
                Err(refusal) => {
                    refusals.push(refusal.0);
                    continue;
                }
            };
            let mut warnings = draft.warnings.clone();
            warnings.extend(facts.missing.iter().cloned());
            for right in rights(workload, &draft.steps) {
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
            warnings.extend(self.changed_since(&facts, &draft, now).await);
            if matches!(draft.goal, Goal::Replicas(_)) {
                warnings.extend(self.scaled_by(workload).await);
            }
            let (rehearsal, template) =
                self.rehearse(&draft.steps.iter().map(|step| &step.request).collect::<Vec<_>>()).await;
            answers.push(rehearsal);
            planned.push(target(&facts, draft, template.as_ref(), warnings, options, deadline, now));
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
            tier: action.tier(),
            confirmation: policy::confirmation(action, self.guard, targets),
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

    /// Whether a colleague is at work on the target.
    fn held_by(&self, facts: &WorkloadFacts, now: Instant) -> Option<String> {
        let record = facts.record.as_ref().filter(|record| record.is_live(now))?;
        let is_settled = self.settled.lock().unwrap_or_else(PoisonError::into_inner).contains(&record.id);
        // A record ends only by expiring, but an action that reached its end is over.
        if is_settled || facts.report.is_complete() {
            return None;
        }
        Some(format!(
            "{}; wait for its outcome, or until its record expires in {}.",
            record.sentence(now),
            time::left(record.expires - now)
        ))
    }

    /// Who else decides how many pods there are.
    async fn scaled_by(&self, workload: &WorkloadRef) -> Vec<String> {
        match self.observe.autoscalers(workload).await {
            Ok(found) => found
                .into_iter()
                .map(|scaler| format!("{} sets the number of pods itself, between {} and {}: it overwrites this within seconds. Change its limits instead.", scaler.who, scaler.least, scaler.most))
                .collect(),
            Err(error) if error.trouble == Trouble::NotFound => Vec::new(),
            Err(error) => vec![format!("Whether an autoscaler sets the number of pods is not known: {}", error.sentence)],
        }
    }

    /// ConfigMaps and Secrets written after the target revision last ran.
    async fn changed_since(&self, facts: &WorkloadFacts, draft: &Draft, now: Instant) -> Vec<String> {
        let Some(chosen) = facts.revisions.iter().find(|revision| Some(revision.number) == draft.to_revision) else {
            return Vec::new();
        };
        let Some(since) = superseded_at(&facts.revisions, chosen) else { return Vec::new() };
        let mut warnings = Vec::new();
        for (resource, name) in references(&draft.template) {
            let kind = if resource == "secrets" { "Secret" } else { "ConfigMap" };
            match self.observe.last_written(resource, &facts.workload.namespace, &name).await {
                Ok(Some(written)) if written > since => {
                    warnings.push(format!("{kind} {name} was changed {} ago, after revision {} was replaced; its old contents do not come back.", time::coarse(time::age(written, now)), chosen.number));
                }
                Ok(Some(_)) => {}
                Ok(None) => warnings.push(format!(
                    "{kind} {name}, which revision {} refers to, does not exist any more.",
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
    async fn rehearse(&self, requests: &[&Request]) -> (Rehearsal, Option<Value>) {
        let Some(rehearse) = &self.rehearse else {
            let why = self.grant.clone().err().unwrap_or_else(|| "there is no rehearsal here.".to_owned());
            return (Rehearsal::NotChecked(why), None);
        };
        let mut warnings = Vec::new();
        let mut template = None;
        for request in requests {
            match rehearse.rehearse(request).await {
                Ok(reply) => {
                    warnings.extend(reply.warnings);
                    // The answer to a deletion is the pod.
                    template = template.or_else(|| reply.object.pointer("/spec/template").cloned());
                }
                Err(error) if error.is_certainly_not_done => return (Rehearsal::Rejected(error.sentence), None),
                Err(error) => return (Rehearsal::NotChecked(error.sentence), None),
            }
        }
        (Rehearsal::Accepted(warnings), template)
    }
}

/// The rights the steps of an action need.
fn rights<'a>(workload: &'a WorkloadRef, steps: &[Step]) -> Vec<Right<'a>> {
    let namespace = &*workload.namespace;
    let mut rights =
        vec![Right { verb: "patch", group: "apps", resource: workload.kind.plural(), namespace, name: &workload.name }];
    if steps.iter().any(|step| step.request.method == "DELETE") {
        rights.push(Right { verb: "delete", group: "", resource: "pods", namespace, name: "" });
    }
    rights
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

fn joined(answers: Vec<Rehearsal>) -> Rehearsal {
    let mut warnings = Vec::new();
    for answer in answers {
        match answer {
            Rehearsal::Accepted(said) => warnings.extend(said),
            other => return other,
        }
    }
    Rehearsal::Accepted(warnings)
}

fn deadline_seconds(facts: &WorkloadFacts) -> u32 {
    let seconds = facts
        .report
        .deadline
        .map_or(DEADLINE, |deadline| deadline.num_seconds())
        .clamp(*DEADLINES.start(), *DEADLINES.end());
    u32::try_from(seconds).unwrap_or(600)
}

/// The record a plan writes: everything in it follows from the plan, so that `apply` can build it again.
fn record(id: &str, actor: &Actor, action: &dyn Action, now: Instant, deadline: u32) -> OperationRecord {
    OperationRecord {
        id: id.to_owned(),
        actor: actor.name().to_owned(),
        action: action.id().to_owned(),
        started: now,
        expires: now + Plan::HOLDS + TimeDelta::seconds(i64::from(deadline)) + OperationRecord::GRACE,
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
        from: draft.from,
        to: draft.to,
        to_revision: draft.to_revision,
        steps: draft.steps,
        pins: draft.pins,
        // The server's answer shows defaulting and admission; without one, what we would send.
        changes: [draft.changes, changes(facts.template(), stored.unwrap_or(&draft.template))].concat(),
        goal: draft.goal,
        replicas: options.replicas,
        image: options.image.clone(),
        evidence,
        blast: draft.blast,
        fights: fights(&facts.object),
        warnings,
        expected: draft.expected,
        expected_template: rollout::stripped(stored.unwrap_or(&draft.template)),
        deadline_seconds: deadline,
        inverse: draft.inverse,
    }
}

/// Checks a target of a plan against the world as it is now: the same pins, and the very request the action itself would build.
///
/// A document that was edited, or that names fields that moved, does not pass; the sentence says what differs.
///
/// # Errors
/// The reason why the plan does not hold any more.
pub fn revise(plan: &Plan, target: &Target, action: &dyn Action, facts: &WorkloadFacts) -> Result<(), String> {
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
    let record = record(&plan.id, &plan.actor, action, plan.refreshed_at, target.deadline_seconds);
    let options = Options { to_revision: target.to_revision, replicas: target.replicas, image: target.image.clone() };
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
fn run_id(now: Instant) -> String {
    use std::hash::{BuildHasher, Hasher};
    format!("{}-{:016x}", now.format("%Y%m%dT%H%M%SZ"), std::hash::RandomState::new().build_hasher().finish())
}
