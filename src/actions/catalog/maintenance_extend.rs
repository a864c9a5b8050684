//! Another end of a maintenance that goes on: what was is remembered as it is.

use serde_json::{Value, json};

use crate::actions::contract::{About, Context, Draft, Refusal, held_off, not_now};
use crate::actions::modes::{
    OnMode, REASON, UNTIL, WITH, end, keep_remembered, memory_patch, pins, reason, step, with_option, workloads,
};
use crate::actions::modes_beside::{longer, read_for_off};
use crate::actions::observation::Observation;
use crate::actions::variables;
use crate::domain::action::{BlastRadius, Given, Goal, Inverse, Part, Step, Tier};
use crate::domain::maintenance_mode::{MEMORY, Memory};
use crate::domain::rollout::Change;
use crate::domain::time;
use crate::sources::observe::WorkloadFacts;

/// How often the end may be moved before that is grave.
const USUAL_EXTENSIONS: u32 = 2;

/// The action.
pub(super) const ACTION: OnMode = OnMode {
    about: &About {
        id: "maintenance-extend",
        command: "action.maintenance-extend",
        title: "Extend maintenance",
        means: "The maintenance goes on until its new end; its pods stay as they are.",
        word: "EXTEND",
        tier: Tier::T1,
        fields: &[REASON, UNTIL, WITH],
        ..About::ON_WORKLOAD
    },
    never: "it has a pod for each node, and is never in maintenance mode",
    reads_more: read_for_off,
    draft,
};

fn draft(seen: &Observation, given: &Given, context: Context<'_>) -> Result<Draft, Refusal> {
    let mut all = workloads(seen, given, context)?;
    let own = seen.workload()?;
    let (reason, until) = (reason(given)?, end(given, context.now)?);
    let mut warnings = Vec::new();
    keep_remembered(&mut all, &mut warnings);
    let (mut hold, mut extend, mut release) = (Vec::new(), Vec::new(), Vec::new());
    let (mut changes, mut tier) = (Vec::new(), ACTION.about.tier);
    let mut first = None;
    for facts in all {
        let memory = remembered(facts)?;
        if until <= memory.until {
            return Err(Refusal(format!(
                "{} is to be over at {} already, which is not before {}: say a later --until.",
                facts.workload,
                time::written(memory.until),
                time::written(until)
            )));
        }
        if memory.extensions >= USUAL_EXTENSIONS {
            tier = Tier::T3;
            warnings.push(format!(
                "EXTENDED {} TIMES ALREADY: {} is in maintenance by {}.",
                memory.extensions,
                facts.workload,
                memory.sentence()
            ));
        }
        let (one, last) = held_off(facts, context.record);
        hold.push(one);
        extend.push(extending(facts, &memory, &reason, until)?);
        release.push(last);
        changes.push(Change {
            path: format!("{} maintenance until", facts.workload.label()),
            before: Some(time::written(memory.until)),
            after: Some(time::written(until)),
        });
        first.get_or_insert(memory);
    }
    let first = first.ok_or_else(|| {
        Refusal("none of it is in maintenance mode: nothing is remembered on any workload.".to_owned())
    })?;
    Ok(Draft {
        from: format!("in maintenance until {}", time::written(first.until)),
        to: format!("in maintenance until {}", time::written(until)),
        given: given.clone().with(UNTIL.id, time::written(until)).with(REASON.id, reason.as_str()),
        fixed: [(UNTIL.id.to_owned(), UNTIL.id.to_owned())].into(),
        pins: pins(own),
        steps: [hold, extend, longer(context, until)?, release].concat(),
        template: own.template().clone(),
        changes,
        goal: Goal::Replicas(own.report.counts.desired),
        blast: BlastRadius { words: "no pod; it stays down for longer".to_owned(), ..BlastRadius::default() },
        tier,
        warnings,
        otherwise: reason,
        expected: "the new end stands on it".to_owned(),
        inverse: Inverse {
            words: "End the maintenance.".to_owned(),
            command: Some(format!("quarterdeck plan maintenance-off {}{}", own.workload, with_option(given))),
        },
        ..Draft::default()
    })
}

/// What a workload in maintenance remembers.
fn remembered(facts: &WorkloadFacts) -> Result<Memory, Refusal> {
    let workload = &facts.workload;
    not_now(facts)?;
    match Memory::of(&facts.object) {
        None => Err(Refusal(format!("{workload} is not in maintenance mode: nothing is remembered on it."))),
        Some(Err(why)) => Err(Refusal(format!(
            "{workload} cannot be extended: {why}. Mend that annotation by hand, or take it away."
        ))),
        Some(Ok(memory)) if memory.is_ending => Err(Refusal(format!(
            "the maintenance of {workload} is being ended: bring that to its end with maintenance-off."
        ))),
        Some(Ok(memory)) => Ok(memory),
    }
}

/// The step that writes the new end, and beside it all that is remembered.
fn extending(facts: &WorkloadFacts, memory: &Memory, reason: &str, until: time::Instant) -> Result<Step, Refusal> {
    let workload = &facts.workload;
    let before = facts.object.pointer(MEMORY).cloned().unwrap_or(Value::Null);
    let new = Memory {
        until,
        extensions: memory.extensions.saturating_add(1),
        extended_because: reason.to_owned(),
        ..memory.clone()
    }
    .written();
    let set = json!({"op": "add", "path": MEMORY, "value": &before});
    let own = json!({"op": "test", "path": MEMORY, "value": &new});
    let uid = json!({"op": "test", "path": "/metadata/uid", "value": &*facts.uid});
    let (mut with, mut undone) = (Vec::new(), vec![uid, own, set]);
    // The application is told the new end too.
    if let Some(kept) = &memory.variables {
        let (path, env) = variables::longer(facts, kept, until)?;
        let seen = facts.object.pointer(&path).cloned().unwrap_or(Value::Null);
        with.push(json!({"op": "test", "path": &path, "value": &seen}));
        with.push(json!({"op": "add", "path": &path, "value": &env}));
        undone.push(json!({"op": "test", "path": &path, "value": env}));
        undone.push(json!({"op": "add", "path": &path, "value": seen}));
    }
    let request = memory_patch(facts, Some(&new), with);
    let undo = crate::domain::action::Request { body: Value::Array(undone), ..request.clone() };
    let words = format!("Let the maintenance of {workload} end at {}.", time::written(until));
    let back = format!("Let it end at {} again.", time::written(memory.until));
    Ok(step(Part::Change, "extend", facts, &words, request)
        .expecting(MEMORY, json!(new))
        .taken_back(&back, undo, MEMORY, before))
}
