//! What the actions of maintenance mode share: whom they are on, their steps on one workload, and how these are judged.
//!
//! Several workloads of one run are one target: the first of them is its subject, the others are read beside it. Each is held off, changed
//! and waited for in that order, so that what fails on the last is taken back on the first.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::contract::{About, Action, Context, Draft, Refusal, pods, step_patch};
use super::modes_beside::judge_answer;
use super::observation::Observation;
use super::swaps;
use crate::domain::action::{Field, FieldKind, Given, Judgement, Part, Pin, Request, Step};
use crate::domain::maintenance_mode::{LONGEST_REASON, MEMORY, Memory};
use crate::domain::rollout::{Kind, Verdict, WorkloadRef, judge};
use crate::domain::service::Services;
use crate::domain::subject::Subject;
use crate::domain::text;
use crate::domain::time::{self, Instant};
use crate::sources::observe::WorkloadFacts;

/// Why.
pub(super) const REASON: Field = Field {
    id: "reason",
    kind: FieldKind::Line,
    value: "WHY",
    noun: "a reason",
    words: "Why: it stands on the workload as long as the mode does, for everybody who finds it so.",
    is_needed: true,
};

/// Until when.
pub(super) const UNTIL: Field = Field {
    id: "until",
    kind: FieldKind::End,
    value: "END",
    noun: "an end",
    words: "When it is to be over: a time, or of a maintenance a length of time from now, as 90m or 2h, at most 8 hours; of a silence in place of --for.",
    is_needed: false,
};

/// What else belongs to it.
pub(super) const WITH: Field = Field {
    id: "with",
    kind: FieldKind::Line,
    value: "WORKLOADS",
    noun: "workloads",
    words: "Further workloads of the same namespace, as deployment/web,statefulset/queue: with the first they are one run, which is taken back as one.",
    is_needed: false,
};

/// By which ways.
pub(super) const BY: Field = Field {
    id: "by",
    kind: FieldKind::Line,
    value: "WAYS",
    noun: "ways",
    words: "By which ways, with commas between them: route, config-map, variables, scale; else as the configuration of the service says, or by scaling alone.",
    is_needed: false,
};

/// What is read more, by what was read and what is declared.
pub(super) type ReadsMore = fn(&[&Observation], &Given, &Services) -> Vec<Subject>;

/// Where the number of pods that serve stands.
pub(super) const AVAILABLE: &str = "/status/availableReplicas";

/// Where the number of pods stands.
pub(super) const REPLICAS: &str = "/spec/replicas";

/// An action of maintenance mode: on workloads, several of one run as one, its steps judged alike.
pub(super) struct OnMode {
    /// What is known of it beforehand.
    pub(super) about: &'static About,
    /// Why it is never one on a DaemonSet.
    pub(super) never: &'static str,
    /// What is read beside its workloads.
    pub(super) reads_more: ReadsMore,
    /// Works it out for one run.
    pub(super) draft: fn(&Observation, &Given, Context<'_>) -> Result<Draft, Refusal>,
}

impl Action for OnMode {
    fn about(&self) -> &'static About {
        self.about
    }

    fn applies(&self, kind: Kind, _: Option<bool>) -> Result<(), &'static str> {
        if kind == Kind::DaemonSet { Err(self.never) } else { Ok(()) }
    }

    fn reads(&self, subject: &Subject, given: &Given) -> Vec<Subject> {
        beside(subject, given)
    }

    fn reads_more(&self, seen: &[&Observation], given: &Given, services: &Services) -> Vec<Subject> {
        (self.reads_more)(seen, given, services)
    }

    fn as_one(&self, targets: Vec<Subject>, given: Given) -> (Vec<Subject>, Given) {
        as_one(targets, given)
    }

    fn judge(&self, step: &Step, seen: &Observation) -> Judgement {
        judged(step, seen)
    }

    fn draft(&self, seen: &Observation, given: &Given, context: Context<'_>) -> Result<Draft, Refusal> {
        (self.draft)(seen, given, context)
    }
}

/// Of several workloads of a run, leaves those as they are on which nothing is remembered, and says so.
pub(super) fn keep_remembered(all: &mut Vec<&WorkloadFacts>, warnings: &mut Vec<String>) {
    if all.len() < 2 {
        return;
    }
    all.retain(|facts| {
        let is_in = Memory::of(&facts.object).is_some();
        if !is_in {
            warnings.push(format!("LEFT AS IT IS: nothing is remembered on {}.", facts.workload));
        }
        is_in
    });
}

/// The workloads that go with a subject, as [`WITH`] names them.
fn beside(subject: &Subject, given: &Given) -> Vec<Subject> {
    let Some(workload) = subject.workload() else { return Vec::new() };
    let mut seen = BTreeSet::from([workload.clone()]);
    let named = given.text(WITH.id).unwrap_or_default().split(',').filter_map(|name| {
        let (kind, name) = name.trim().split_once('/')?;
        let other = WorkloadRef { kind: Kind::named(kind)?, name: name.into(), ..workload.clone() };
        seen.insert(other.clone()).then_some(Subject::Workload(other))
    });
    named.collect()
}

/// The first of several workloads, with the others beside it.
fn as_one(mut targets: Vec<Subject>, given: Given) -> (Vec<Subject>, Given) {
    let others = targets.split_off(targets.len().min(1));
    if others.is_empty() {
        return (targets, given);
    }
    let own = targets.first().and_then(Subject::workload).map(|own| (own.namespace.clone(), own.environment.clone()));
    let is_beside = |one: &WorkloadRef| own == Some((one.namespace.clone(), one.environment.clone()));
    if !others.iter().all(|one| one.workload().is_some_and(is_beside)) {
        // What is not of one namespace is no run of one: the action says so.
        return (targets.into_iter().chain(others).collect(), given);
    }
    let named = given.text(WITH.id).map(str::to_owned);
    let others = others.iter().filter_map(Subject::workload).map(|one| format!("{}/{}", one.kind.resource(), one.name));
    let with: Vec<String> = named.into_iter().chain(others).collect();
    (targets, given.with(WITH.id, with.join(",")))
}

/// All workloads of a run: its subject, and those beside it.
///
/// # Errors
/// Where one is none, or what was named beside it is none.
pub(super) fn workloads<'a>(
    seen: &'a Observation,
    given: &Given,
    context: Context<'a>,
) -> Result<Vec<&'a WorkloadFacts>, Refusal> {
    let own = seen.workload()?;
    let named = given.text(WITH.id).unwrap_or_default().split(',').filter(|name| !name.trim().is_empty()).count();
    let others: Vec<&Observation> = context.beside.iter().filter(|seen| seen.workload().is_ok()).collect();
    if named != others.len() {
        return Err(Refusal(format!(
            "--with names {} that cannot be: write deployment/NAME or statefulset/NAME, each once, with commas between them.",
            given.text(WITH.id).map(text::clean).unwrap_or_default()
        )));
    }
    std::iter::once(Ok(own)).chain(others.into_iter().map(Observation::workload)).collect()
}

/// The workloads that go with it, as a command line names them; for the way back.
pub(super) fn with_option(given: &Given) -> String {
    given.text(WITH.id).map(|with| format!(" --with {}", text::clean(with))).unwrap_or_default()
}

/// Where a plan shows the number of pods of a workload: with its name, unless it is the one the plan is of and no other.
pub(super) fn replicas_path(facts: &WorkloadFacts, own: &WorkloadFacts, count: usize) -> String {
    if count == 1 && facts.workload == own.workload {
        "spec.replicas".to_owned()
    } else {
        format!("{} spec.replicas", facts.workload.label())
    }
}

/// The reason as it is kept.
///
/// # Errors
/// Where none is given, or a longer one than is kept.
pub(super) fn reason(given: &Given) -> Result<String, Refusal> {
    let reason = given.text(REASON.id).map(text::clean).unwrap_or_default().trim().to_owned();
    if !text::is_visible(&reason) {
        return Err(Refusal(
            "say why: give --reason WHY. It stands on the workload for whoever finds it so.".to_owned(),
        ));
    }
    if reason.chars().count() > LONGEST_REASON {
        return Err(Refusal(format!("the reason is longer than {LONGEST_REASON} letters: say it in fewer.")));
    }
    Ok(reason)
}

/// The end of a maintenance that is begun or extended now.
///
/// # Errors
/// Where it is over already, or later than is let.
pub(super) fn end(given: &Given, now: Instant) -> Result<Instant, Refusal> {
    let until = given.end(UNTIL.id, now).unwrap_or(now + Memory::USUAL);
    // A whole second, as it is written and read again.
    let until = time::to_the_second(until);
    if until <= now {
        return Err(Refusal(format!("it would be over before it begins: {} is not after now.", time::written(until))));
    }
    if until > now + Memory::LONGEST {
        return Err(Refusal(format!(
            "a maintenance lasts at most {} hours from now, and {} is later: extend it when that time comes.",
            Memory::LONGEST.num_hours(),
            time::written(until)
        )));
    }
    Ok(until)
}

/// A step of such a run on one workload; its id says what it does and where.
pub(super) fn step(part: Part, verb: &str, facts: &WorkloadFacts, words: &str, request: Request) -> Step {
    let workload = &facts.workload;
    let id = format!("{verb}-{}/{}", workload.kind.resource(), workload.name);
    Step::in_order(part, &id, (Subject::Workload(workload.clone()), &*facts.uid), words, request)
}

/// What a step does, by its id.
fn verb(step: &Step) -> &str {
    step.in_order.as_ref().and_then(|one| one.id.split_once('-')).map_or("", |(verb, _)| verb)
}

/// A request that writes the memory of a workload as it was seen anew, or takes it away, with what else goes with that.
pub(super) fn memory_patch(facts: &WorkloadFacts, memory: Option<&str>, with: Vec<Value>) -> Request {
    let written = memory.map_or_else(
        || json!({"op": "remove", "path": MEMORY}),
        |memory| json!({"op": "add", "path": MEMORY, "value": memory}),
    );
    let fields = [MEMORY, REPLICAS];
    step_patch(facts, &fields, std::iter::once(written).chain(with).collect())
}

/// What the plan rests on of one workload.
pub(super) fn pins(facts: &WorkloadFacts) -> Vec<Pin> {
    let at = |path: &str| facts.object.pointer(path).cloned().unwrap_or(Value::Null);
    ["/metadata/uid", REPLICAS, MEMORY].map(|path| Pin { path: path.to_owned(), value: at(path) }).to_vec()
}

/// Judges a step of maintenance mode by what is seen of its workload.
fn judged(step: &Step, seen: &Observation) -> Judgement {
    let facts = match seen {
        Observation::Workload(facts) => facts,
        Observation::Object(facts) if matches!(facts.subject, Subject::Address(_)) => return judge_answer(step, facts),
        Observation::Object(facts) => return swaps::judge(step, &facts.object),
        _ => return Judgement::Failed("it is no workload.".to_owned()),
    };
    let memory = Memory::of(&facts.object).and_then(Result::ok);
    match verb(step) {
        "note" if memory.is_some() => Judgement::Reached,
        "note" | "stop" if memory.is_none() => Judgement::Waiting("nothing is remembered on it yet".to_owned()),
        "start" if memory.is_some_and(|memory| !memory.is_ending) => {
            Judgement::Waiting("its pods are not asked for yet".to_owned())
        }
        "drain" => drained(facts),
        "ready" | "rolled" => ready(step, facts),
        _ => step.judge(seen.document()),
    }
}

/// Whether its last pod is gone.
fn drained(facts: &WorkloadFacts) -> Judgement {
    let (counts, workload) = (facts.report.counts, &facts.workload);
    if counts.desired > 0 {
        return Judgement::TakenOver(format!(
            "somebody asked for {} of {workload} again while the maintenance began.",
            pods(counts.desired)
        ));
    }
    let left = counts.total.max(u32::try_from(facts.pods.len()).unwrap_or(u32::MAX));
    if left == 0 && facts.report.is_observed() {
        return Judgement::Reached;
    }
    Judgement::Waiting(format!("{} left of {workload}", pods(left)))
}

/// Whether as many pods are ready as were brought back: of those that an autoscaler asks for beside them it says nothing.
fn ready(step: &Step, facts: &WorkloadFacts) -> Judgement {
    let (counts, workload) = (facts.report.counts, &facts.workload);
    if counts.desired == 0 {
        return Judgement::TakenOver(format!("somebody scaled {workload} to 0 again."));
    }
    let judged = judge(&facts.report, facts.newest_pods(), facts.observed_at);
    let wanted = step.in_order.as_ref().and_then(|one| one.expects.first()?.value.as_u64()).unwrap_or(u64::MAX);
    let is_back = u64::from(counts.available.min(counts.updated)) >= wanted && facts.report.is_observed();
    if is_back || judged.verdict == Verdict::Complete {
        return Judgement::Reached;
    }
    let reason = judged.reason.map(|reason| format!(": {reason}")).unwrap_or_default();
    Judgement::Waiting(format!("{} of {} pods of {workload} are ready{reason}", counts.available, counts.desired))
}

/// How long the last pod of a workload may take to go: twice its grace period, and a minute.
pub(super) fn drains_within(facts: &WorkloadFacts) -> u32 {
    let grace = facts.template().pointer("/spec/terminationGracePeriodSeconds").and_then(Value::as_u64).unwrap_or(30);
    u32::try_from(grace.min(3_600)).unwrap_or(3_600) * 2 + 60
}

/// How long its pods may take to be ready: as long as a rollout of it may.
pub(super) fn ready_within(facts: &WorkloadFacts) -> u32 {
    let deadline = facts.report.deadline.map_or(600, |deadline| deadline.num_seconds()).clamp(60, 3_600);
    u32::try_from(deadline).unwrap_or(600)
}
