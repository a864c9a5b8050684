//! The planner: eyes and rehearsal in, a plan out. It holds no hands.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use serde_json::Value;

use super::alerts::StoreEyes;
use super::around::{evidence_of, joined};
use super::catalog::Catalog;
use super::contract::{About, Action, Context, Draft, Options};
use super::elsewhere::Elsewhere;
use super::fights::Fights;
use super::gate::moved;
use super::held::{overriding, too_long};
use super::limits::Limits;
use super::observation::Observation;
use super::pods;
use super::policy::{self, Grant};
use super::seen::Seen;
use super::services::{left_out, of_its_service, one_revision_for_many, together};
use crate::config::DeclaredBackup;
use crate::domain::action::{
    Actor, Cluster, Confirmation, Cost, Given, Inverse, OperationRecord, Phase, Plan, Rehearsal, Target, takes,
};
use crate::domain::environment::Guard;
use crate::domain::rollout;
use crate::domain::service::{Choice, Services};
use crate::domain::subject::{Subject, SubjectKind};
use crate::domain::time::Instant;
use crate::sources::Clock;
use crate::sources::error::{SourceError, Trouble};
use crate::sources::observe::{ObserveAlerts, ObserveCluster, ObserveDatabases};
use crate::sources::operate::RehearseCluster;

/// The deadline of a verification when the workload has none.
const DEADLINE: i64 = 600;
/// The shortest and the longest deadline of a verification, in seconds.
const DEADLINES: std::ops::RangeInclusive<i64> = 30..=3_600;

/// Works plans out for one environment.
#[derive(Clone)]
pub struct Planner {
    /// The eyes on its cluster; `None` where nobody is connected to it.
    pub observe: Option<Arc<dyn ObserveCluster>>,
    /// The rehearsal there; `None` without a write grant.
    pub rehearse: Option<Arc<dyn RehearseCluster>>,
    /// The eyes on its Alertmanagers; `None` where it has none.
    pub alerts: Option<Arc<dyn ObserveAlerts>>,
    /// Labels that say which of several senders sent an alert, by the configuration.
    pub replica_labels: Arc<[String]>,
    /// The eyes on the store; `None` where there is none.
    pub store: Option<StoreEyes>,
    /// The eyes on its databases; `None` where none is declared.
    pub databases: Option<Arc<dyn ObserveDatabases>>,
    /// The environment's name.
    pub environment: String,
    /// Its guards and its namespaces.
    pub limits: Limits,
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
    /// The other environments this console acts in.
    pub elsewhere: Elsewhere,
    /// The sets of backups that are declared.
    pub backups: Arc<[DeclaredBackup]>,
    /// The actions there are.
    pub catalog: Catalog,
    /// The clock.
    pub clock: Clock,
}

/// The cluster a plan is for, and who makes it.
pub(super) struct Setting {
    /// The cluster.
    pub(super) cluster: Cluster,
    /// Who, by the cluster's name for them too.
    pub(super) actor: Actor,
}

/// What a plan is asked to be of.
pub(super) struct Ask<'a> {
    /// The id of a plan that is worked out again; `None` gives it one of its own.
    pub(super) id: Option<String>,
    /// The targets, in the order they are acted on.
    pub(super) targets: Vec<AskedTarget<'a>>,
    /// How many of them go in one wave, where that is said.
    pub(super) wave: Option<usize>,
    /// How they were chosen.
    pub(super) choice: Choice,
    /// Why nothing may come of it anyway.
    pub(super) refusals: Vec<String>,
}

/// A target that was read.
struct Read<'a> {
    subject: &'a Subject,
    seen: Observation,
    beside: Vec<Observation>,
    options: Options,
}

/// One target that is asked for.
pub(super) struct AskedTarget<'a> {
    /// Which one.
    pub(super) subject: &'a Subject,
    /// What is asked for beyond it.
    pub(super) options: Options,
    /// What a plan of before showed of it: it is refused where that does not hold any more.
    pub(super) given: Option<&'a Target>,
}

impl Planner {
    /// Works an action out. Always possible; what forbids applying it is listed in the plan.
    ///
    /// # Errors
    /// When the cluster or a target cannot be read, or a target is not of this environment.
    pub async fn plan<T: Clone + Into<Subject>>(
        &self,
        action: &dyn Action,
        targets: &[T],
        options: &Options,
    ) -> Result<Plan, SourceError> {
        let targets: Vec<Subject> = targets.iter().cloned().map(Into::into).collect();
        self.plan_on(action, &targets, options).await
    }

    async fn plan_on(&self, action: &dyn Action, targets: &[Subject], options: &Options) -> Result<Plan, SourceError> {
        let mut refusals: Vec<String> = one_revision_for_many(options, targets).into_iter().collect();
        let given = options.given.read(action.fields()).unwrap_or_else(|sentence| {
            refusals.push(format!("{}: {sentence}", action.id()));
            Given::default()
        });
        let (targets, given) = action.as_one(targets.to_vec(), given);
        let asked = |subject| AskedTarget {
            subject,
            options: Options { given: given.clone(), ..options.clone() },
            given: None,
        };
        let ask = Ask {
            id: None,
            targets: targets.iter().map(asked).collect(),
            wave: options.wave,
            choice: options.choice.clone(),
            refusals,
        };
        self.stays_within(action, &ask.targets)?;
        let setting = self.setting(&targets).await?;
        self.work_out(action, setting, ask).await
    }

    /// Asks which cluster this is and who we are there; of what is done in no cluster, only who sits here.
    pub(super) async fn setting(&self, targets: &[Subject]) -> Result<Setting, SourceError> {
        if targets.iter().all(|target| target.namespace().is_none()) {
            return Ok(Setting { cluster: Cluster::default(), actor: self.actor.clone() });
        }
        let observe = self.cluster()?;
        let cluster = observe.cluster().await?;
        self.limits.note(&cluster);
        let actor = Actor { identity: observe.identity().await?, ..self.actor.clone() };
        Ok(Setting { cluster, actor })
    }

    /// Remembers which cluster the context leads to, for the guards of other environments; what cannot be asked now is asked with a plan.
    pub async fn remember_cluster(&self) {
        let Ok(observe) = self.cluster() else { return };
        if let Ok(cluster) = observe.cluster().await {
            self.limits.note(&cluster);
        }
    }

    /// Whether what is on such subjects may be carried out here, or why not: what stands in the store is nothing of the environment's own.
    pub(super) fn grant_on(&self, kind: SubjectKind) -> Grant {
        match (kind, &self.store) {
            // What stands in the store alone has a grant of its own.
            (kind, _) if !kind.is_stored() => self.grant.clone(),
            (_, Some(store)) => store.grant.clone(),
            (_, None) => Err("there is no store here.".to_owned()),
        }
    }

    /// Why an action may not be carried out here whatever it is on; `None` where nothing speaks against it.
    pub(super) fn bars(&self, about: &About) -> Option<String> {
        self.grant.clone().err().filter(|_| about.acts_here)
    }

    /// Nothing of another environment, and of this one only the namespaces it includes; and nothing the action is not for.
    fn stays_within(&self, action: &dyn Action, targets: &[AskedTarget<'_>]) -> Result<(), SourceError> {
        for AskedTarget { subject, .. } in targets {
            let refused = |sentence: String| Err(SourceError::new(Trouble::Setup, sentence));
            if **subject.environment() != *self.environment {
                // Two clusters may have the same names in them: only this tells them apart.
                return refused(format!(
                    "{subject} is of {}, this is {}: nothing is planned.",
                    subject.environment(),
                    self.environment
                ));
            }
            if subject.kind() != action.about().on {
                return refused(format!("{} cannot be done to {subject}.", action.id()));
            }
            if let Some(sentence) =
                subject.namespace().and_then(|namespace| self.limits.refusal(&self.environment, namespace))
            {
                return refused(sentence);
            }
        }
        Ok(())
    }

    /// Works out what is asked for, in a setting that is known.
    ///
    /// # Errors
    /// When a target cannot be read, or is not of this environment.
    pub(super) async fn work_out(
        &self,
        action: &dyn Action,
        setting: Setting,
        ask: Ask<'_>,
    ) -> Result<Plan, SourceError> {
        self.stays_within(action, &ask.targets)?;
        let Setting { cluster, actor } = setting;
        let Ask { id, mut targets, wave, mut choice, refusals: further } = ask;
        let on = action.about().on;
        let mut refusals: Vec<String> = self.grant_on(on).err().into_iter().collect();
        refusals.extend(self.bars(action.about()));
        refusals.extend(further);
        refusals.extend(action.about().too_many(targets.len()));
        targets.truncate(action.about().most);
        let (mut planned, mut answers) = (Vec::new(), Vec::new());
        let given_id = id.as_deref().unwrap_or_default();
        let read = self.read(action, targets, given_id, &cluster, (&mut choice, &mut refusals)).await?;
        let now = (self.clock)();
        // As the answers a moment ago told.
        let ahead = self.ahead();
        let id = id.unwrap_or_else(|| run_id(now));
        let mut holds = Plan::HOLDS;
        let (mut guard, mut otherwise, mut cost) = (self.limits.guard, String::new(), Cost::default());
        let wave = wave.unwrap_or_else(|| together(&choice, read.len())).max(1);
        let mut fights = Fights::default();
        let freezes = self.freezes(action.about()).await;
        for (place, Read { subject, seen, beside, options }) in read.iter().enumerate() {
            let held = self.held_by(action.id(), seen, options, now);
            refusals.extend(held.refusal);
            let deadline = |draft: &Draft| draft.deadline_seconds.unwrap_or_else(|| deadline_seconds(seen));
            let draft_for = |holds| {
                let record = record(&id, &actor, action, now + ahead, holds);
                let context = Context {
                    record: &record,
                    author: actor.name(),
                    now,
                    beside,
                    over: &held.over,
                    services: &self.services,
                };
                action.draft(seen, &options.given, context)
            };
            // How many pods it replaces one by one tells how long it may take, and that stands in the record.
            let drafted = draft_for(holds).and_then(|draft| {
                holds += takes(deadline(&draft), &draft.steps);
                draft_for(holds)
            });
            let draft = match drafted {
                Ok(draft) => overriding(draft, held.overridden),
                Err(refusal) => {
                    refusals.push(refusal.0);
                    // What could not be read may be why it looks impossible.
                    refusals.extend(seen.missing().iter().cloned());
                    continue;
                }
            };
            refusals.extend(draft.refusals.iter().cloned());
            otherwise.clone_from(&draft.otherwise);
            cost.add(&draft.preflight, (draft.turn, draft.losing), now);
            let mut warnings = draft.warnings.clone();
            warnings.extend(held.warning);
            warnings.extend(seen.missing().iter().cloned());
            let mut stored = None;
            for survey in self.surveys((subject, seen), &draft, (&cluster, &actor)).await? {
                guard = guard.max(survey.guard);
                refusals.extend(survey.refusals);
                warnings.extend(survey.warnings);
                answers.push(survey.rehearsal);
                stored = stored.or(survey.stored);
            }
            let deadline = deadline(&draft);
            let mut target = target(subject, seen, draft, stored.as_ref(), warnings, deadline, now);
            target.wave = u32::try_from(place / wave).unwrap_or(u32::MAX);
            target.overrides = held.overridden.map(|record| record.id.clone());
            if let Ok(facts) = seen.workload() {
                target.fights = fights
                    .of_each(self.cluster()?, (facts, beside.as_slice()), (&target.expected_template, target.goal))
                    .await;
                target = of_its_service(&self.services, facts, target);
                refusals.extend(freezes.judge(&mut target, &options.given));
            }
            planned.push(target);
        }
        refusals.extend(too_long(&planned));
        refusals.extend(pods::several(&planned));
        let rehearsal = rehearsed(on, answers);
        if let Rehearsal::Rejected(reason) = &rehearsal {
            refusals.push(format!("the server refuses it: {reason}"));
        }
        refusals.dedup();
        let plan = Plan {
            version: 1,
            id,
            action: action.id().to_owned(),
            environment: self.environment.clone(),
            guard,
            cluster,
            actor,
            refreshed_at: now,
            expires_at: now + Plan::HOLDS,
            cluster_ahead_seconds: ahead.num_seconds(),
            tier: policy::tier(action, &planned),
            confirmation: confirmation(action, guard, &planned, otherwise, &cost),
            means: action.about().means.to_owned(),
            service: choice.service.as_ref().map(ToString::to_string),
            choice: choice.notes,
            targets: planned,
            cost,
            rehearsal,
            refusals,
            digest: String::new(),
        };
        Ok(plan.sealed())
    }

    /// Reads the targets that are acted on, each with what is asked for there; says of the others why they are not.
    async fn read<'a>(
        &self,
        action: &dyn Action,
        targets: Vec<AskedTarget<'a>>,
        id: &str,
        cluster: &Cluster,
        (choice, refusals): (&mut Choice, &mut Vec<String>),
    ) -> Result<Vec<Read<'a>>, SourceError> {
        let mut read = Vec::new();
        let is_several = targets.len() > 1;
        for AskedTarget { subject, mut options, given } in targets {
            let seen = self.observe(subject, &options.given, cluster).await?;
            if let Some(reason) = given.and_then(|given| moved(id, given, &seen)) {
                refusals.push(reason);
                continue;
            }
            // What a plan of before has is acted on, or the plan is refused.
            match left_out(action, &seen, subject, (&options, is_several && given.is_none())) {
                Some(note) => choice.notes.push(note),
                None => {
                    // The plan as a whole says how its targets were chosen.
                    options.choice = Choice::default();
                    let beside = self.beside(action, (subject, &seen), &options.given).await?;
                    read.push(Read { subject, seen, beside, options });
                }
            }
        }
        Ok(read)
    }
}

/// What confirms it: the gesture of the policy, and what is UNKNOWN taken upon oneself.
fn confirmation(action: &dyn Action, guard: Guard, planned: &[Target], otherwise: String, cost: &Cost) -> Confirmation {
    Confirmation { otherwise, ..policy::confirmation(action, guard, planned).accepting(cost.is_unknown()) }
}

/// What a rehearsal says; a set of backups is rehearsed only where a cluster is asked.
fn rehearsed(on: SubjectKind, answers: Vec<Rehearsal>) -> Rehearsal {
    let is_asked = on != SubjectKind::Backup || !answers.is_empty();
    if on.is_rehearsed() && is_asked { joined(answers) } else { Rehearsal::NotOffered }
}

/// The way back, with the environment it is of: the same names may be in another.
fn in_its_environment(inverse: Inverse, environment: &str) -> Inverse {
    let is_plain = |letter: char| letter.is_alphanumeric() || "-_.:@/".contains(letter);
    let is_word = !environment.is_empty() && environment.chars().all(is_plain);
    let command =
        inverse.command.map(|command| if is_word { format!("{command} --environment {environment}") } else { command });
    Inverse { command, ..inverse }
}

fn deadline_seconds(seen: &Observation) -> u32 {
    let own = seen.workload().ok().and_then(|facts| facts.report.deadline);
    let seconds = own.map_or(DEADLINE, |deadline| deadline.num_seconds()).clamp(*DEADLINES.start(), *DEADLINES.end());
    u32::try_from(seconds).unwrap_or(600)
}

/// The record a plan writes: everything in it follows from the plan, so that `apply` can build it again. `began` is in the cluster's time.
pub(super) fn record(
    id: &str,
    actor: &Actor,
    action: &dyn Action,
    began: Instant,
    holds: TimeDelta,
) -> OperationRecord {
    OperationRecord {
        id: id.to_owned(),
        actor: actor.name().to_owned(),
        action: action.id().to_owned(),
        started: began,
        expires: began + (holds + OperationRecord::GRACE).min(OperationRecord::LONGEST),
        is_lock: false,
    }
}

fn target(
    subject: &Subject,
    seen: &Observation,
    draft: Draft,
    stored: Option<&Value>,
    warnings: Vec<String>,
    deadline: u32,
    now: Instant,
) -> Target {
    let (mut changes, mut evidence, mut expected_template) = (draft.changes, draft.evidence, Value::Null);
    if let Ok(facts) = seen.workload() {
        // The server's answer shows defaulting and admission; without one, what we would send.
        let template = stored.unwrap_or(&draft.template);
        changes.extend(rollout::changes(facts.template(), template));
        evidence = evidence_of(facts, now);
        expected_template = rollout::stripped(template);
    }
    Target {
        subject: subject.clone(),
        uid: seen.uid().to_owned(),
        service: None,
        from: draft.from,
        to: draft.to,
        given: draft.given,
        fixed: draft.fixed,
        suggested: draft.suggested,
        steps: draft.steps,
        pins: draft.pins,
        changes,
        goal: draft.goal,
        wave: 0,
        pod: draft.pod,
        evidence,
        reaches: draft.reaches,
        blast: draft.blast,
        tier: draft.tier,
        overrides: None,
        fights: Vec::new(),
        warnings,
        expected: draft.expected,
        expected_template,
        deadline_seconds: deadline,
        inverse: in_its_environment(draft.inverse, subject.environment()),
    }
}

/// A name for a plan and its run: when, and something nobody else draws.
pub(super) fn run_id(now: Instant) -> String {
    use std::hash::{BuildHasher, Hasher};
    format!("{}-{:016x}", now.format("%Y%m%dT%H%M%SZ"), std::hash::RandomState::new().build_hasher().finish())
}
