//! Maintenance mode off: as many pods as are remembered, and once they are ready nothing is remembered any more.

use serde_json::{Value, json};

use crate::actions::contract::{About, Context, Draft, Refusal, held_off, not_now, pods, step_patch};
use crate::actions::modes::{
    AVAILABLE, OnMode, REPLICAS, WITH, keep_remembered, memory_patch, pins, ready_within, replicas_path, step,
    with_option, workloads,
};
use crate::actions::modes_beside::{asked, coming, declared, least, read_for_off};
use crate::actions::observation::Observation;
use crate::actions::variables;
use crate::domain::action::{BlastRadius, Field, FieldKind, Given, Goal, Inverse, Part, Request, Step, Tier};
use crate::domain::maintenance_mode::{MEMORY, Memory};
use crate::domain::rollout::{Change, template_digest};
use crate::sources::observe::WorkloadFacts;

/// How many, where nothing says it or something else is meant.
const COUNT: Field = Field {
    id: "replicas",
    kind: FieldKind::Number,
    value: "PODS",
    noun: "a number of pods",
    words: "How many pods to bring back, where nothing is remembered or what is remembered no longer fits.",
    is_needed: false,
};

/// The action.
pub(super) const ACTION: OnMode = OnMode {
    about: &About {
        id: "maintenance-off",
        command: "action.maintenance-off",
        title: "Maintenance off",
        means: "As many pods are asked for as are remembered; what is remembered stays until all of them are ready.",
        word: "RESTORE",
        fields: &[COUNT, WITH],
        ..About::ON_WORKLOAD
    },
    never: "it has a pod for each node, and is never in maintenance mode",
    reads_more: read_for_off,
    draft,
};

fn draft(seen: &Observation, given: &Given, context: Context<'_>) -> Result<Draft, Refusal> {
    let mut all = workloads(seen, given, context)?;
    let own = seen.workload()?;
    let typed = given.number(COUNT.id).and_then(|count| u32::try_from(count).ok());
    if typed.is_some() && all.len() > 1 {
        return Err(Refusal("--replicas is for one workload: plan them one by one.".to_owned()));
    }
    let (mut hold, mut start, mut ready, mut forget, mut release) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut changes, mut warnings, mut count, mut missing) = (Vec::new(), Vec::new(), 0_u32, 0_u32);
    let mut own_count = own.report.counts.desired;
    keep_remembered(&mut all, &mut warnings);
    if all.is_empty() {
        return Err(Refusal("none of it is in maintenance mode: nothing is remembered on any workload.".to_owned()));
    }
    let beside = coming(context)?;
    let mut opened = None;
    for facts in all.iter().copied() {
        let back = Back::of(facts, typed, context)?;
        let is_beside = back.memory.as_ref().is_some_and(|memory| !memory.ways.is_empty());
        if is_beside && opened.is_none() {
            let declared = declared(facts, &Given::default(), context.services).ok();
            let address = declared.and_then(|declared| declared.ways?.address.as_deref());
            opened = address.map(|address| asked(facts, address, None));
        }
        warnings.extend(back.warnings(facts, context));
        let (first, last) = held_off(facts, context.record);
        hold.push(first);
        start.push(starting(facts, &back)?);
        if back.has_new_pods() {
            ready.push(waiting(facts, &back));
        }
        if facts.object.pointer(MEMORY).is_some() {
            forget.push(forgetting(facts, &back));
        }
        release.push(last);
        let desired = facts.report.counts.desired;
        count += back.replicas;
        if facts.workload == own.workload {
            own_count = back.replicas;
        }
        missing += back.replicas.saturating_sub(desired);
        if back.is_scaled() {
            changes.push(Change {
                path: replicas_path(facts, own, all.len()),
                before: Some(desired.to_string()),
                after: Some(back.replicas.to_string()),
            });
        } else {
            changes.push(Change {
                path: format!("{} maintenance", facts.workload.label()),
                before: Some("on".to_owned()),
                after: Some("off".to_owned()),
            });
        }
    }
    changes.extend(beside.changes);
    warnings.extend(beside.left);
    Ok(Draft {
        from: pods(all.iter().map(|facts| facts.report.counts.desired).sum()),
        to: format!("{}, out of maintenance", pods(count)),
        given: given.clone(),
        pins: pins(own),
        steps: [hold, beside.first, start, ready, beside.last, opened.into_iter().collect(), forget, release].concat(),
        template: own.template().clone(),
        changes,
        goal: Goal::Replicas(own_count),
        blast: BlastRadius {
            pods: 0,
            at_most: missing,
            is_outage: false,
            words: format!("0 pods stopped, {} started", pods(missing)),
        },
        tier: Tier::T2,
        warnings,
        expected: format!("{} ready, and nothing is remembered any more", pods(count)),
        inverse: Inverse {
            words: "Take it into maintenance again.".to_owned(),
            command: Some(format!(
                "quarterdeck plan maintenance-on {} --reason WHY{}",
                own.workload,
                with_option(given)
            )),
        },
        ..Draft::default()
    })
}

/// What one workload is brought back to.
struct Back {
    /// How many pods.
    replicas: u32,
    /// What is remembered, where it can be read.
    memory: Option<Memory>,
    /// The same as it stands there while the pods come back.
    ending: Option<Memory>,
}

impl Back {
    fn of(facts: &WorkloadFacts, typed: Option<u32>, context: Context<'_>) -> Result<Self, Refusal> {
        let (workload, desired) = (&facts.workload, facts.report.counts.desired);
        not_now(facts)?;
        if typed == Some(0) {
            return Err(Refusal(format!(
                "{workload} is not brought back by asking for no pod: give --replicas 1 or more."
            )));
        }
        let memory = match (Memory::of(&facts.object), typed) {
            (Some(Err(why)), None) => {
                return Err(Refusal(format!(
                    "how many pods {workload} had cannot be read: {why}. Say how many: --replicas N{}.",
                    proposed(facts, context)
                )));
            }
            (None, _) if desired > 0 => {
                return Err(Refusal(format!(
                    "{workload} is not in maintenance mode: it is to have {}, and nothing is remembered.",
                    pods(desired)
                )));
            }
            (None, None) => {
                return Err(Refusal(format!(
                    "{workload} has no pod, and nothing is remembered on it: somebody else took it down, and how many it had is not known here. Say how many: --replicas N{}.",
                    proposed(facts, context)
                )));
            }
            (Some(memory), _) => memory.ok(),
            (None, Some(_)) => None,
        };
        let is_other = memory.as_ref().is_some_and(|memory| {
            let is_moved = desired > 0 && !memory.is_ending && desired != memory.replicas;
            is_moved && memory.is_scaled() && typed.is_none()
        });
        if let Some(memory) = memory.as_ref().filter(|_| is_other) {
            return Err(Refusal(format!(
                "{workload} was changed meanwhile. Remembered: {}, by {}. Now it is to have {}. Nothing is written over: give --replicas {desired} to keep what is, or --replicas {} for what was.",
                pods(memory.replicas),
                memory.sentence(),
                pods(desired),
                memory.replicas
            )));
        }
        let replicas = match (&memory, typed) {
            (_, Some(typed)) => typed,
            // Nobody stopped them.
            (Some(memory), None) if !memory.is_scaled() => desired,
            // An autoscaler may have gone on from what was asked for already.
            (Some(memory), None) if memory.is_ending && desired > 0 => desired,
            (Some(memory), None) => memory.replicas,
            (None, None) => return Err(Refusal(format!("how many pods {workload} is to have is not known."))),
        };
        if replicas == 0 && memory.as_ref().is_none_or(Memory::is_scaled) {
            return Err(Refusal(format!(
                "{workload} remembers that it had no pod, which this console never writes. Say how many: --replicas N{}.",
                proposed(facts, context)
            )));
        }
        let ending = memory.clone().map(|memory| Memory { is_ending: true, ..memory });
        Ok(Self { replicas, memory, ending })
    }

    /// What to know first.
    fn warnings(&self, facts: &WorkloadFacts, context: Context<'_>) -> Vec<String> {
        let (workload, desired) = (&facts.workload, facts.report.counts.desired);
        let mut warnings = Vec::new();
        match &self.memory {
            None => warnings.push(format!(
                "NOTHING IS REMEMBERED on {workload} that can be read: {} is what was typed{}.",
                pods(self.replicas),
                proposed(facts, context)
            )),
            Some(memory) => {
                if memory.replicas != self.replicas && memory.is_scaled() {
                    warnings.push(format!(
                        "NOT WHAT WAS: {workload} remembers {}, it is to have {} now, and this asks for {}.",
                        pods(memory.replicas),
                        pods(desired),
                        pods(self.replicas)
                    ));
                }
                if !memory.template.is_empty() && memory.template != template_digest(facts.template()) {
                    warnings.push(format!(
                        "ANOTHER TEMPLATE: the pod template of {workload} was changed during the maintenance: what comes back is the new one."
                    ));
                }
            }
        }
        warnings
    }

    /// Whether no pod was left.
    fn is_scaled(&self) -> bool {
        self.memory.as_ref().is_none_or(Memory::is_scaled)
    }

    /// Whether pods come anew, so that they are waited for.
    fn has_new_pods(&self) -> bool {
        self.is_scaled() || self.memory.as_ref().is_some_and(|memory| memory.variables.is_some())
    }

    /// What takes its variables back; nothing where that is done.
    fn variables(&self, facts: &WorkloadFacts) -> Result<Vec<Value>, Refusal> {
        let kept = self.memory.as_ref().and_then(|memory| memory.variables.as_ref());
        kept.map_or_else(|| Ok(Vec::new()), |kept| variables::back(facts, kept))
    }

    /// Whether its pods were asked for already, by a run that did not come to its end.
    fn is_begun(&self, facts: &WorkloadFacts) -> bool {
        let is_ending = self.memory.as_ref().is_none_or(|memory| memory.is_ending);
        is_ending && (!self.is_scaled() || facts.report.counts.desired == self.replicas)
    }
}

/// The step that asks for the pods, and remembers that they were asked for.
fn starting(facts: &WorkloadFacts, back: &Back) -> Result<Step, Refusal> {
    let mut changes = back.variables(facts)?;
    let is_done = back.is_begun(facts) && changes.is_empty();
    if back.is_scaled() {
        changes.push(json!({"op": "add", "path": REPLICAS, "value": back.replicas}));
    }
    let request = match &back.ending {
        Some(ending) => memory_patch(facts, Some(&ending.written()), changes),
        None => step_patch(facts, &[MEMORY, REPLICAS], changes),
    };
    let words = if back.is_scaled() {
        format!("Ask for {} of {}.", pods(back.replicas), facts.workload)
    } else if back.has_new_pods() {
        format!("Take the variables of maintenance from {}.", facts.workload)
    } else {
        format!("Remember that the maintenance of {} ends.", facts.workload)
    };
    let step = step(Part::Change, "start", facts, &words, request).without_return().done(is_done);
    Ok(if back.is_scaled() { step.expecting(REPLICAS, json!(back.replicas)) } else { step })
}

/// The gate in front of forgetting: its pods are ready.
fn waiting(facts: &WorkloadFacts, back: &Back) -> Step {
    // What an autoscaler asks for beside them is its own affair.
    let wanted = back.memory.as_ref().filter(|memory| memory.is_ending && memory.is_scaled());
    let wanted = wanted.map_or(back.replicas, |memory| memory.replicas.min(back.replicas));
    let words = format!("Wait until {} of {} can serve.", pods(wanted), facts.workload);
    let gate = step(Part::Gate, "ready", facts, &words, Request::default());
    gate.expecting(AVAILABLE, json!(wanted)).within(ready_within(facts))
}

/// The step that forgets, once all is back.
fn forgetting(facts: &WorkloadFacts, back: &Back) -> Step {
    let body = json!([
        {"op": "test", "path": "/metadata/uid", "value": &*facts.uid},
        {"op": "remove", "path": MEMORY},
    ]);
    let request = Request { body, ..memory_patch(facts, None, Vec::new()) };
    let words = format!("Forget that {} was in maintenance, and had {}.", facts.workload, pods(back.replicas));
    step(Part::Change, "forget", facts, &words, request).expecting(MEMORY, Value::Null).sent_again()
}

/// How many pods it may have had, with where that is known from; empty where nothing tells.
fn proposed(facts: &WorkloadFacts, context: Context<'_>) -> String {
    if let Some(least) = least(context, facts) {
        return format!(" ({least} is the minimum of its HorizontalPodAutoscaler)");
    }
    let applied = "/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration";
    let applied = facts.object.pointer(applied).and_then(Value::as_str);
    let applied = applied.and_then(|text| serde_json::from_str::<Value>(text).ok());
    let count = applied.as_ref().and_then(|applied| applied.pointer(REPLICAS)).and_then(Value::as_u64);
    count.filter(|count| *count > 0).map_or_else(
        || " (nothing tells how many it had; the house rule is 5 in production and 2 in staging)".to_owned(),
        |count| format!(" ({count} by what was applied last)"),
    )
}
