//! Maintenance mode on: no pod is left, and what was is remembered on the workload in the same patch.

use serde_json::{Value, json};

use super::scale::deletes_claims;
use crate::actions::contract::{About, Context, Draft, Refusal, held_off, not_now, pods, step_patch};
use crate::actions::modes::{
    AVAILABLE, BY, OnMode, REASON, REPLICAS, UNTIL, WITH, drains_within, end, memory_patch, pins, ready_within, reason,
    replicas_path, step, with_option, workloads,
};
use crate::actions::modes_beside::{Declared, Going, asked, declared, going, read_for_on, scalers};
use crate::actions::observation::Observation;
use crate::actions::swaps::Meanwhile;
use crate::actions::variables::{self, Set};
use crate::domain::action::{BlastRadius, Given, Goal, Inverse, Part, RECORD_KEY, Request, Step};
use crate::domain::maintenance_mode::{MEMORY, Memory, Way};
use crate::domain::rollout::{Change, Kind, template_digest};
use crate::domain::time::{self, Instant};
use crate::sources::observe::WorkloadFacts;

/// The action.
pub(super) const ACTION: OnMode = OnMode {
    about: &About {
        id: "maintenance-on",
        command: "action.maintenance-on",
        title: "Maintenance on",
        means: "Users are kept out until the mode is ended; what was is remembered on the workload, and maintenance-off brings it back.",
        word: "MAINTAIN",
        fields: &[REASON, UNTIL, BY, WITH],
        ..About::ON_WORKLOAD
    },
    never: "it has a pod for each node, and cannot be scaled to none",
    reads_more: read_for_on,
    draft,
};

fn draft(seen: &Observation, given: &Given, context: Context<'_>) -> Result<Draft, Refusal> {
    let taking = Taking::of(seen, given, context)?;
    if let Some(memory) = taking.is_over() {
        return Err(Refusal(format!(
            "{} is in maintenance mode already: by {}. Extend it with maintenance-extend, or end it with maintenance-off.",
            taking.own.workload,
            memory.sentence()
        )));
    }
    let Taking { own, until, is_scaled, .. } = taking;
    let (steps, changes) = (taking.steps(context), taking.changes());
    let (reason, mut warnings) = (taking.reason.clone(), taking.warnings.clone());
    let users = if is_scaled { "no pod is left, and nothing answers" } else { "users are kept out" };
    warnings.push(format!(
        "OUTAGE: {users}, until maintenance-off has brought it back. It is to be over at {}; nothing ends it by itself.",
        until.format("%Y-%m-%d %H:%M UTC")
    ));
    let count: u32 = taking.all.iter().map(|facts| facts.report.counts.desired).sum();
    let mut given = given.clone().with(UNTIL.id, time::written(until)).with(REASON.id, reason.as_str());
    if !taking.is_plain {
        given = given.with(BY.id, taking.by.iter().map(|way| way.word()).collect::<Vec<_>>().join(","));
    }
    let with = with_option(&given);
    let (to, expected, words) = if is_scaled {
        ("no pod, in maintenance", "no pod is left", format!("{} stopped, none is left", pods(count)))
    } else {
        ("in maintenance", "users are kept out", format!("users of {} are kept out", pods(count)))
    };
    Ok(Draft {
        from: pods(count),
        to: format!("{to} until {}", until.format("%Y-%m-%d %H:%M UTC")),
        given,
        fixed: [(UNTIL.id.to_owned(), UNTIL.id.to_owned())].into(),
        pins: pins(own),
        steps,
        template: own.template().clone(),
        changes,
        goal: if is_scaled { Goal::Replicas(0) } else { Goal::Healthy },
        blast: BlastRadius { pods: count, at_most: count, is_outage: true, words },
        tier: ACTION.about.tier,
        warnings,
        otherwise: reason,
        expected: format!("{expected}, and what was is remembered on it"),
        inverse: Inverse {
            words: "End the maintenance.".to_owned(),
            command: Some(format!("quarterdeck plan maintenance-off {}{with}", own.workload)),
        },
        ..Draft::default()
    })
}

/// What is taken into maintenance mode, and how.
struct Taking<'a> {
    /// The workload the plan is of.
    own: &'a WorkloadFacts,
    /// Every workload, each with what it remembers already, and with its variables where they say it.
    all: Vec<&'a WorkloadFacts>,
    found: Vec<Option<Memory>>,
    sets: Vec<Option<Set>>,
    /// What is switched beside them.
    beside: Going,
    /// The ways, in their order.
    by: Vec<Way>,
    is_scaled: bool,
    /// Whether nothing but the number of pods is changed, so that it is remembered in the same patch.
    is_plain: bool,
    until: Instant,
    /// The end that is told: of one that is begun, its own.
    told: Instant,
    address: Option<&'a str>,
    reason: String,
    warnings: Vec<String>,
}

impl<'a> Taking<'a> {
    fn of(seen: &'a Observation, given: &Given, context: Context<'a>) -> Result<Self, Refusal> {
        let mut all = workloads(seen, given, context)?;
        let own = seen.workload()?;
        let (reason, until) = (reason(given)?, end(given, context.now)?);
        let mut warnings = Vec::new();
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
        // One that is begun goes on by its ways and until its end.
        let known = found.iter().flatten().next();
        let Declared { ways, by } = declared(own, given, context.services)?;
        let scaling = vec![Way::Scale];
        let by = known.map_or(by, |memory| if memory.ways.is_empty() { scaling } else { memory.ways.clone() });
        let told = known.map_or(until, |memory| memory.until);
        let (scalers, missing) = scalers(context, &all);
        warnings.extend(missing);
        let page = ways.and_then(|ways| ways.page.as_ref());
        let meanwhile = Meanwhile { page, until: told, by: &context.record.actor, reason: &reason };
        let beside = going(context, (&by, &scalers), meanwhile)?;
        warnings.extend(all.iter().zip(&found).filter_map(|(facts, found)| {
            let memory = found.as_ref()?;
            Some(format!(
                "IT GOES ON with what {} remembers already, which is not written over: {}, by {}.",
                facts.workload,
                pods(memory.replicas),
                memory.sentence()
            ))
        }));
        let telling = ways.filter(|_| by.contains(&Way::Variables));
        let set = |facts: &&WorkloadFacts| telling.map(|ways| variables::set(facts, ways, told)).transpose();
        let sets = all.iter().map(set).collect::<Result<Vec<_>, _>>()?;
        // A gateway without a page answers with a bare 503: nobody says what of.
        let is_answered = by.iter().any(|way| *way != Way::Scale);
        let address = ways.and_then(|ways| ways.address.as_deref()).filter(|_| is_answered);
        let (is_scaled, is_plain) = (by.contains(&Way::Scale), by == [Way::Scale] && beside.also.is_empty());
        Ok(Self { own, all, found, sets, beside, by, is_scaled, is_plain, until, told, address, reason, warnings })
    }

    /// What is remembered, where all of it has come to its end.
    fn is_over(&self) -> Option<&Memory> {
        let is_over = |(facts, found): (&&WorkloadFacts, &Option<Memory>)| {
            found.as_ref().is_some_and(|memory| is_settled(facts, memory.is_scaled()))
        };
        let is_set = |(facts, set): (&&WorkloadFacts, &Option<Set>)| set.as_ref().is_none_or(|set| set.is_done(facts));
        let is_done = self.beside.is_done && self.all.iter().zip(&self.sets).all(is_set);
        self.found.iter().flatten().next().filter(|_| is_done && self.all.iter().zip(&self.found).all(is_over))
    }

    fn memory(&self, facts: &WorkloadFacts, set: Option<&Set>, context: Context<'_>) -> Memory {
        Memory {
            v: Memory::VERSION,
            run: String::new(),
            since: context.now,
            by: context.record.actor.clone(),
            until: self.until,
            reason: self.reason.clone(),
            replicas: facts.report.counts.desired,
            template: template_digest(&set.map_or_else(|| facts.template().clone(), |set| set.template(facts))),
            ways: if self.is_plain { Vec::new() } else { self.by.clone() },
            also: if facts.workload == self.own.workload { self.beside.also.clone() } else { Vec::new() },
            variables: set.map(|set| set.was.clone()),
            ..Memory::default()
        }
    }

    /// Others are held off, what was is remembered, users are led away and asked for, pods go, and others are let in again.
    fn steps(&self, context: Context<'_>) -> Vec<Step> {
        let (mut hold, mut note, mut tell, mut rolled) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let (mut stop, mut drain, mut release) = (Vec::new(), Vec::new(), Vec::new());
        for ((facts, found), set) in self.all.iter().zip(&self.found).zip(&self.sets) {
            let (first, last) = held_off(facts, context.record);
            hold.push(first);
            release.push(last);
            let memory = self.memory(facts, set.as_ref(), context);
            if self.is_plain {
                stop.push(stopping(facts, &memory, found.as_ref(), context));
            } else {
                note.push(noting(facts, &memory, found.is_some()));
                tell.extend(set.as_ref().map(|set| telling(facts, set)));
                stop.extend(self.is_scaled.then(|| stopping_noted(facts, context)));
            }
            if self.is_scaled {
                let words = format!("The last pod of {} is gone.", facts.workload);
                drain.push(step(Part::Gate, "drain", facts, &words, Request::default()).within(drains_within(facts)));
            } else if set.is_some() {
                let wanted = facts.report.counts.desired;
                let words = format!("{} of {} say that it is maintenance.", pods(wanted), facts.workload);
                let gate = step(Part::Gate, "rolled", facts, &words, Request::default());
                rolled.push(gate.expecting(AVAILABLE, json!(wanted)).within(ready_within(facts)));
            }
        }
        let Going { first, scalers, last, .. } = &self.beside;
        let closed: Vec<Step> =
            self.address.map(|address| asked(self.own, address, Some(self.told))).into_iter().collect();
        let before = [hold, note, first.clone(), tell, rolled, closed].concat();
        [before, scalers.clone(), stop, drain, last.clone(), release].concat()
    }

    fn changes(&self) -> Vec<Change> {
        let mut changes = Vec::new();
        for ((facts, found), set) in self.all.iter().zip(&self.found).zip(&self.sets) {
            if found.is_none() && self.is_scaled {
                changes.push(Change {
                    path: replicas_path(facts, self.own, self.all.len()),
                    before: Some(facts.report.counts.desired.to_string()),
                    after: Some("0".into()),
                });
            }
            changes.extend(set.iter().flat_map(|set| set.changes(facts)));
        }
        changes.extend(self.beside.changes.iter().cloned());
        changes
    }
}

/// Whether a maintenance that is remembered has come to its end there, and nobody is at work on it.
fn is_settled(facts: &WorkloadFacts, is_scaled: bool) -> bool {
    let is_held = facts.object.pointer(&format!("/metadata/annotations/{}", RECORD_KEY.replace('/', "~1"))).is_some();
    !is_held && (!is_scaled || facts.report.counts.total == 0 && facts.pods.is_empty())
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
        // Its pods are not stopped, or not yet.
        Some(Ok(memory))
            if !memory.ways.is_empty() && !memory.is_ending && (!memory.is_scaled() || desired == memory.replicas) =>
        {
            Ok(Some(memory))
        }
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

/// The step that remembers what a workload was, before anything of it or beside it is changed.
fn noting(facts: &WorkloadFacts, memory: &Memory, is_done: bool) -> Step {
    let workload = &facts.workload;
    let request = memory_patch(facts, Some(&memory.to_be_filled()), Vec::new());
    let undo = json!([
        {"op": "test", "path": "/metadata/uid", "value": &*facts.uid},
        {"op": "remove", "path": MEMORY},
    ]);
    let undo = Request { body: undo, ..request.clone() };
    let place = request.body.as_array().and_then(|body| body.iter().position(|one| one["op"] == "add"));
    let words = format!("Remember what {workload} is: {}.", pods(memory.replicas));
    let mut step = step(Part::Prepare, "note", facts, &words, request)
        .taken_back(&format!("Forget it on {workload}."), undo, MEMORY, Value::Null)
        .done(is_done);
    step.fills = place.map(|place| format!("/{place}/value")).into_iter().collect();
    step
}

/// The step that tells the application of a workload by its variables.
fn telling(facts: &WorkloadFacts, set: &Set) -> Step {
    let workload = &facts.workload;
    let before = facts.object.pointer(&set.path).cloned().unwrap_or(Value::Null);
    let to = json!({"op": "add", "path": &set.path, "value": &set.to});
    let request = step_patch(facts, &[&set.path], vec![to]);
    let back = if before.is_null() {
        json!({"op": "remove", "path": &set.path})
    } else {
        json!({"op": "add", "path": &set.path, "value": &before})
    };
    let undo = json!([
        {"op": "test", "path": "/metadata/uid", "value": &*facts.uid},
        {"op": "test", "path": &set.path, "value": &set.to},
        back,
    ]);
    let undo = Request { body: undo, ..request.clone() };
    let words = format!("Say in the variables of {workload} that it is maintenance.");
    step(Part::Change, "tell", facts, &words, request)
        .expecting(&set.path, set.to.clone())
        .taken_back(&format!("Take the variables of {workload} back."), undo, &set.path, before)
        .done(set.is_done(facts))
}

/// The step that stops a workload that remembers what it was already.
fn stopping_noted(facts: &WorkloadFacts, context: Context<'_>) -> Step {
    let (workload, replicas) = (&facts.workload, facts.report.counts.desired);
    let none = json!({"op": "add", "path": REPLICAS, "value": 0});
    let request = step_patch(facts, &[REPLICAS], vec![none]);
    let undo = json!([
        {"op": "test", "path": "/metadata/uid", "value": &*facts.uid},
        {"op": "test", "path": REPLICAS, "value": 0},
        {"op": "test", "path": format!("/metadata/annotations/{}", RECORD_KEY.replace('/', "~1")), "value": context.record.as_lock().written()},
        {"op": "replace", "path": REPLICAS, "value": replicas},
    ]);
    let undo = Request { body: undo, ..request.clone() };
    step(Part::Change, "stop", facts, &format!("Ask for no pod of {workload}."), request)
        .expecting(REPLICAS, json!(0))
        .taken_back(&format!("Ask for {} of {workload} again.", pods(replicas)), undo, REPLICAS, json!(replicas))
        .done(replicas == 0)
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
