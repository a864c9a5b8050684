//! Maintenance mode on: no pod is left, and what was is remembered on the workload in the same patch.

use serde_json::{Value, json};

use super::scale::deletes_claims;
use crate::actions::contract::{About, Context, Draft, Refusal, held_off, not_now, pods};
use crate::actions::modes::{
    OnMode, REASON, REPLICAS, UNTIL, WITH, drains_within, end, memory_patch, pins, reason, step, workloads,
};
use crate::actions::observation::Observation;
use crate::domain::action::{BlastRadius, Given, Goal, Inverse, Part, RECORD_KEY, Request, Step};
use crate::domain::maintenance_mode::{MEMORY, Memory};
use crate::domain::rollout::{Change, Kind, template_digest};
use crate::domain::time;
use crate::sources::observe::WorkloadFacts;

/// The action.
pub(super) const ACTION: OnMode = OnMode {
    about: &About {
        id: "maintenance-on",
        command: "action.maintenance-on",
        title: "Maintenance on",
        means: "No pod is left until the mode is ended; what was is remembered on the workload, and maintenance-off brings it back.",
        word: "MAINTAIN",
        fields: &[REASON, UNTIL, WITH],
        ..About::ON_WORKLOAD
    },
    never: "it has a pod for each node, and cannot be scaled to none",
    draft,
};

fn draft(seen: &Observation, given: &Given, context: Context<'_>) -> Result<Draft, Refusal> {
    let mut all = workloads(seen, given, context)?;
    let own = seen.workload()?;
    let (reason, until) = (reason(given)?, end(given, context.now)?);
    let memory = |facts: &WorkloadFacts| Memory {
        v: Memory::VERSION,
        run: String::new(),
        since: context.now,
        by: context.record.actor.clone(),
        until,
        reason: reason.clone(),
        replicas: facts.report.counts.desired,
        template: template_digest(facts.template()),
        ..Memory::default()
    };
    let (mut changes, mut warnings) = (Vec::new(), Vec::new());
    if all.len() > 1 {
        all.retain(|facts| {
            let why = nothing_to_stop(facts);
            warnings.extend(why.as_ref().map(|why| format!("LEFT AS IT IS: {why}")));
            why.is_none()
        });
    }
    if all.is_empty() {
        return Err(Refusal(format!("nothing of it can be taken into maintenance mode. {}", warnings.join(" "))));
    }
    let found = all.iter().map(|facts| found(facts)).collect::<Result<Vec<_>, _>>()?;
    let is_over = |(facts, found): (&&WorkloadFacts, &Option<Memory>)| found.is_some() && is_settled(facts);
    if all.iter().zip(&found).all(is_over)
        && let Some(memory) = found.iter().flatten().next()
    {
        return Err(Refusal(format!(
            "{} is in maintenance mode already: by {}. Extend it with maintenance-extend, or end it with maintenance-off.",
            own.workload,
            memory.sentence()
        )));
    }
    let (mut hold, mut stop, mut drain, mut release) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (facts, found) in all.iter().zip(&found) {
        let (first, last) = held_off(facts, context.record);
        hold.push(first);
        stop.push(stopping(facts, &memory(facts), found.as_ref(), context));
        let words = format!("The last pod of {} is gone.", facts.workload);
        drain.push(step(Part::Gate, "drain", facts, &words, Request::default()).within(drains_within(facts)));
        release.push(last);
        let replicas = facts.report.counts.desired;
        if let Some(memory) = found {
            warnings.push(format!(
                "IT GOES ON with what {} remembers already, which is not written over: {}, by {}.",
                facts.workload,
                pods(memory.replicas),
                memory.sentence()
            ));
        } else {
            changes.push(Change {
                path: if all.len() == 1 {
                    "spec.replicas".to_owned()
                } else {
                    format!("{} spec.replicas", facts.workload.label())
                },
                before: Some(replicas.to_string()),
                after: Some("0".into()),
            });
        }
    }
    warnings.push(format!(
        "OUTAGE: no pod is left, and nothing answers, until maintenance-off has brought it back. It is to be over at {}; nothing ends it by itself.",
        until.format("%Y-%m-%d %H:%M UTC")
    ));
    let count: u32 = all.iter().map(|facts| facts.report.counts.desired).sum();
    let given = given.clone().with(UNTIL.id, time::written(until)).with(REASON.id, reason.as_str());
    let with = given.text(WITH.id).map(|with| format!(" --with {with}")).unwrap_or_default();
    Ok(Draft {
        from: pods(count),
        to: format!("no pod, in maintenance until {}", until.format("%Y-%m-%d %H:%M UTC")),
        given,
        fixed: [(UNTIL.id.to_owned(), UNTIL.id.to_owned())].into(),
        pins: pins(own),
        steps: [hold, stop, drain, release].concat(),
        template: own.template().clone(),
        changes,
        goal: Goal::Replicas(0),
        blast: BlastRadius {
            pods: count,
            at_most: count,
            is_outage: true,
            words: format!("{} stopped, none is left", pods(count)),
        },
        tier: ACTION.about.tier,
        warnings,
        otherwise: reason,
        expected: "no pod is left, and what was is remembered on it".to_owned(),
        inverse: Inverse {
            words: "End the maintenance.".to_owned(),
            command: Some(format!("quarterdeck plan maintenance-off {}{with}", own.workload)),
        },
        ..Draft::default()
    })
}

/// Whether a maintenance that is remembered has come to its end there, and nobody is at work on it.
fn is_settled(facts: &WorkloadFacts) -> bool {
    let is_held = facts.object.pointer(&format!("/metadata/annotations/{}", RECORD_KEY.replace('/', "~1"))).is_some();
    !is_held && facts.report.counts.total == 0 && facts.pods.is_empty()
}

/// Why there is nothing to stop on a workload; `None` where there is.
fn nothing_to_stop(facts: &WorkloadFacts) -> Option<String> {
    let workload = &facts.workload;
    if workload.kind == Kind::DaemonSet {
        return Some(format!("{workload} has a pod for each node, and cannot be scaled to none."));
    }
    let is_down = facts.report.counts.desired == 0 && Memory::of(&facts.object).is_none();
    is_down.then(|| {
        format!("{workload} has no pod already, and nothing is remembered on it: it was taken down by other hands. To bring it back, plan maintenance-off with --replicas N.")
    })
}

/// What a workload remembers already; what cannot be taken into maintenance is refused.
fn found(facts: &WorkloadFacts) -> Result<Option<Memory>, Refusal> {
    let (workload, desired) = (&facts.workload, facts.report.counts.desired);
    if let Some(why) = nothing_to_stop(facts) {
        return Err(Refusal(why));
    }
    not_now(facts)?;
    if deletes_claims(facts) {
        return Err(Refusal(format!(
            "{workload} loses its volume claims with its pods (persistentVolumeClaimRetentionPolicy.whenScaled is Delete): its data would not come back. Set it to Retain first, or leave it out."
        )));
    }
    match Memory::of(&facts.object) {
        Some(Err(why)) => Err(Refusal(format!(
            "{workload} cannot be taken into maintenance mode: {why}. Mend that annotation by hand, or take it away."
        ))),
        Some(Ok(memory)) if desired > 0 => Err(Refusal(format!(
            "{workload} remembers a maintenance by {}: {} then, and it is to have {} now. Somebody changed it meanwhile: look at it, and end that one with maintenance-off.",
            memory.sentence(),
            pods(memory.replicas),
            pods(desired)
        ))),
        Some(Ok(memory)) => Ok(Some(memory)),
        None => Ok(None),
    }
}

/// The step that stops a workload and remembers what it was, both or neither.
fn stopping(facts: &WorkloadFacts, memory: &Memory, found: Option<&Memory>, context: Context<'_>) -> Step {
    let (workload, replicas) = (&facts.workload, facts.report.counts.desired);
    let none = json!({"op": "add", "path": REPLICAS, "value": 0});
    let request = memory_patch(facts, Some(&memory.to_be_filled()), vec![none]);
    // What the patch writes is tested where it is taken back: the lock is ours, and nobody else has asked for pods meanwhile.
    let lock = json!({"op": "test", "path": format!("/metadata/annotations/{}", RECORD_KEY.replace('/', "~1")), "value": context.record.as_lock().written()});
    let back = vec![
        json!({"op": "test", "path": "/metadata/uid", "value": &*facts.uid}),
        json!({"op": "test", "path": REPLICAS, "value": 0}),
        lock,
        json!({"op": "replace", "path": REPLICAS, "value": replicas}),
        json!({"op": "remove", "path": MEMORY}),
    ];
    let undo = Request { body: Value::Array(back), ..request.clone() };
    let words =
        format!("Remember {} on {workload} and ask for none.", pods(found.map_or(replicas, |found| found.replicas)));
    let place = request.body.as_array().and_then(|body| body.iter().position(|one| one["op"] == "add"));
    let mut step = step(Part::Change, "stop", facts, &words, request)
        .expecting(REPLICAS, json!(0))
        .taken_back(
            &format!("Ask for {} of {workload} again and forget them.", pods(replicas)),
            undo,
            REPLICAS,
            json!(replicas),
        )
        .done(found.is_some());
    step.fills = place.map(|place| format!("/{place}/value")).into_iter().collect();
    step
}
