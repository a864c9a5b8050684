//! What an action is.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::action::{
    BlastRadius, Check, Evidence, Expected, Field, Given, Goal, Inverse, Judgement, OperationRecord, Part, Pin, Plan,
    RECORD_KEY, Reached, Replaced, Request, Step, Tier,
};
use crate::domain::alert::Alert;
use crate::domain::database::Turn;
use crate::domain::rollout::{Change, Kind, Pod, Update};
use crate::domain::service::{Choice, Services};
use crate::domain::store::Note;
use crate::domain::subject::Subject;
use crate::domain::time::Instant;
use crate::sources::observe::WorkloadFacts;
use serde_json::{Value, json};

pub use super::about::{About, Reason};
use super::observation::Observation;
use super::outage::outage;

/// What the operator asked for beyond the target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// Values for the action's own fields.
    pub given: Given,
    /// Whether to act over an operation record of somebody who may still be at work: for a run that is known to be dead.
    pub overrides_record: bool,
    /// How many targets go in one wave; 1 when not said.
    pub wave: Option<usize>,
    /// How the targets were chosen.
    pub choice: Choice,
}

/// Why an action cannot be drafted: a sentence for the operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refusal(pub String);

/// What a draft is made from, besides what was read of the subject.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The operation record to write on the target.
    pub record: &'a OperationRecord,
    /// Who plans, as others know them.
    pub author: &'a str,
    /// When the plan is made; also the stamp of a restart.
    pub now: Instant,
    /// What else the action asked to be read, in its order.
    pub beside: &'a [Observation],
    /// Operation records on the target that hold nobody off: of runs of ours that are over, and those that are acted over. By their ids.
    pub over: &'a [String],
    /// The services that are declared.
    pub services: &'a Services,
}

/// An action on one subject, worked out locally.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Draft {
    /// What it runs now.
    pub from: String,
    /// What it will run.
    pub to: String,
    /// What was given for the action's fields, and what it chose itself where nothing was.
    pub given: Given,
    /// Of that, what stays as it is however often it is worked out anew, each with the field it stands in place of.
    pub fixed: BTreeMap<String, String>,
    /// Of that, what is only suggested: the fields by their ids.
    pub suggested: Vec<String>,
    /// What happens.
    pub steps: Vec<Step>,
    /// The fields shown.
    pub pins: Vec<Pin>,
    /// The pod template it ends with.
    pub template: Value,
    /// What changes beside the template.
    pub changes: Vec<Change>,
    /// What its verification waits for.
    pub goal: Goal,
    /// The pod that is replaced, where it is about one.
    pub pod: Option<Replaced>,
    /// Who will feel it.
    pub blast: BlastRadius,
    /// What it can do to users on this target: what the action says of itself, or more where more was found.
    pub tier: Tier,
    /// What it rests on, with its age; of a workload the planner says it.
    pub evidence: Vec<Evidence>,
    /// What else it reaches.
    pub reaches: Vec<Reached>,
    /// What an operator should know first.
    pub warnings: Vec<String>,
    /// Why it cannot be applied, though it can be read.
    pub refusals: Vec<String>,
    /// What is written as the reason where none is asked for and none is given.
    pub otherwise: String,
    /// How long its verification waits, in seconds, where the subject itself does not say.
    pub deadline_seconds: Option<u32>,
    /// The end state in words.
    pub expected: String,
    /// How to take it back.
    pub inverse: Inverse,
    /// What was looked at before.
    pub preflight: Vec<Check>,
    /// How the primary of a database is changed, where it is.
    pub turn: Option<Turn>,
    /// What that costs.
    pub losing: Option<Expected>,
}

/// An action: one file in the catalogue.
pub trait Action: Sync {
    /// What is known of it beforehand.
    fn about(&self) -> &'static About;

    /// Whether there is nothing to do there: among the others that were chosen with it, it is left as it is.
    fn has_nothing_to_do(&self, _seen: &Observation) -> bool {
        false
    }

    /// Whether it makes sense on a workload of this kind, by what a list knows of it, which may be nothing; the plan looks closer.
    ///
    /// # Errors
    /// Why not, in a few words.
    fn applies(&self, _kind: Kind, _is_paused: Option<bool>) -> Result<(), &'static str> {
        Ok(())
    }

    /// The same on alerts, and the notes on the first of them.
    ///
    /// # Errors
    /// Why not, in a few words.
    fn applies_to(&self, _alerts: &[Arc<Alert>], _notes: &[Note]) -> Result<(), &'static str> {
        Ok(())
    }

    /// What else has to be read for it, of this environment or of others.
    fn reads(&self, _subject: &Subject, _given: &Given) -> Vec<Subject> {
        Vec::new()
    }

    /// What more has to be read for it, by what was read of the subject, and beside it, and by what is declared.
    fn reads_more(&self, _seen: &[&Observation], _given: &Given, _services: &Services) -> Vec<Subject> {
        Vec::new()
    }

    /// The targets and what is given, where several of them are one target of it: the first, and a field that names the others.
    fn as_one(&self, targets: Vec<Subject>, given: Given) -> (Vec<Subject>, Given) {
        (targets, given)
    }

    /// Judges what is seen of the object of a step that is taken in its order.
    fn judge(&self, step: &Step, seen: &Observation) -> Judgement {
        step.judge(seen.document())
    }

    /// Whether a step that is sent next may still be sent, by what is seen of its object in this moment and what the plan showed.
    ///
    /// # Errors
    /// Why not, as a sentence.
    fn may_send(&self, _step: &Step, _seen: &Observation, _shown: &[Check], _now: Instant) -> Result<(), String> {
        Ok(())
    }

    /// What is said of its target at its end beside that it was verified, by what is seen of it then.
    fn at_its_end(&self, _plan: &Plan, _seen: &Observation) -> Option<String> {
        None
    }

    /// Works it out for one subject, from what was read of it.
    ///
    /// # Errors
    /// A [`Refusal`] when it makes no sense there.
    fn draft(&self, seen: &Observation, given: &Given, context: Context<'_>) -> Result<Draft, Refusal>;
}

impl dyn Action + '_ {
    /// Its id: the name on the command line, in the keymap and in the journal.
    pub fn id(&self) -> &'static str {
        self.about().id
    }

    /// What it does, for titles.
    pub fn title(&self) -> &'static str {
        self.about().title
    }

    /// What may be given beyond its targets.
    pub fn fields(&self) -> &'static [Field] {
        self.about().fields
    }

    /// The field it cannot be worked out without.
    pub fn asks(&self) -> Option<&'static Field> {
        self.fields().iter().find(|field| field.is_needed)
    }

    /// Whether it takes a field.
    pub fn takes(&self, field: &str) -> bool {
        self.fields().iter().any(|known| known.id == field)
    }
}

/// The patch every action on a template sends: the pins as tests, the record, the cause, and the new template, in one atomic request.
///
/// Status writes move the resourceVersion all the time during a rollout, so the fields shown are pinned instead.
pub(super) fn template_patch(
    facts: &WorkloadFacts,
    template: &Value,
    cause: &str,
    record: &OperationRecord,
) -> (Vec<Pin>, Value) {
    let fields: Vec<&str> = std::iter::once("/spec/template").chain(held_fields(facts)).collect();
    let (pins, mut operations) = pinned_patch(facts, &fields, record);
    operations.push(json!({"op": "add", "path": "/metadata/annotations/kubernetes.io~1change-cause", "value": cause}));
    operations.push(json!({"op": "replace", "path": "/spec/template", "value": template}));
    (pins, Value::Array(operations))
}

/// The patch of an action on one field beside the template. `add` replaces what is there. `shown` are the other fields that decide what
/// the plan says.
pub(super) fn field_patch(
    facts: &WorkloadFacts,
    path: &str,
    value: &Value,
    shown: &[&str],
    record: &OperationRecord,
) -> (Vec<Pin>, Value) {
    let fields: Vec<&str> = std::iter::once(path).chain(shown.iter().copied()).collect();
    let (pins, mut operations) = pinned_patch(facts, &fields, record);
    operations.push(json!({"op": "add", "path": path, "value": value}));
    (pins, Value::Array(operations))
}

/// The beginning of every patch: the pins as tests, and the record.
fn pinned_patch(facts: &WorkloadFacts, fields: &[&str], record: &OperationRecord) -> (Vec<Pin>, Vec<Value>) {
    let at = |pointer: &str| facts.object.pointer(pointer).cloned().unwrap_or(Value::Null);
    let record_path = record_path();
    let mut pins = vec![Pin { path: "/metadata/uid".into(), value: json!(&*facts.uid) }];
    pins.extend(fields.iter().map(|path| Pin { path: (*path).to_owned(), value: at(path) }));
    let mut operations: Vec<Value> = Vec::new();
    if facts.object.pointer("/metadata/annotations").is_some() {
        pins.push(Pin { path: record_path.clone(), value: at(&record_path) });
    } else {
        pins.push(Pin { path: "/metadata/annotations".into(), value: Value::Null });
    }
    // The server's `test` with null passes on an absent field.
    operations.extend(pins.iter().map(|pin| json!({"op": "test", "path": pin.path, "value": pin.value})));
    if facts.object.pointer("/metadata/annotations").is_none() {
        operations.push(json!({"op": "add", "path": "/metadata/annotations", "value": {}}));
    }
    operations.push(json!({"op": "add", "path": record_path, "value": record.written()}));
    (pins, operations)
}

/// Where the operation record of a target stands.
fn record_path() -> String {
    format!("/metadata/annotations/{}", RECORD_KEY.replace('/', "~1"))
}

/// A patch of one step among several on an object: it is that object, the fields are as they were seen, and these operations. The record is
/// not among the fields: an earlier step wrote it.
pub fn step_patch(facts: &WorkloadFacts, fields: &[&str], operations: Vec<Value>) -> Request {
    let at = |pointer: &str| facts.object.pointer(pointer).cloned().unwrap_or(Value::Null);
    let mut body = vec![json!({"op": "test", "path": "/metadata/uid", "value": &*facts.uid})];
    body.extend(fields.iter().map(|path| json!({"op": "test", "path": path, "value": at(path)})));
    body.extend(operations);
    patch_request(facts, Value::Array(body))
}

/// The first and the last step of several on a workload: others are held off as long as they go on, and let in again.
pub fn held_off(facts: &WorkloadFacts, record: &OperationRecord) -> (Step, Step) {
    let lock = record.as_lock();
    let (workload, path) = (&facts.workload, record_path());
    let (_, hold) = pinned_patch(facts, &[], &lock);
    let let_in = || {
        let own = json!({"op": "test", "path": &path, "value": lock.written()});
        step_patch(facts, &[], vec![own, json!({"op": "remove", "path": &path})])
    };
    let step = |part: Part, id: &str, words: &str, request: Request| {
        let on = (Subject::Workload(workload.clone()), &*facts.uid);
        Step::in_order(part, &format!("{id}-{workload}"), on, words, request).sent_again()
    };
    let again = format!("Let others act on {workload} again.");
    let first = patch_request(facts, Value::Array(hold));
    let hold = step(Part::Prepare, "hold", &format!("Hold others off {workload}."), first)
        .expecting(&path, json!(lock.written()))
        .taken_back(&again, let_in(), &path, Value::Null);
    (hold, step(Part::Clearing, "release", &again, let_in()).expecting(&path, Value::Null))
}

/// Further fields of a kind that decide what a new template does: whether it goes anywhere, how far, and how many pods at one time. The
/// number of pods is not among them: autoscalers move it, so it is read again and judged again ([`BlastRadius::covers`]).
fn held_fields(facts: &WorkloadFacts) -> impl Iterator<Item = &'static str> {
    let fields: &[&str] = match facts.workload.kind {
        Kind::Deployment => &["/spec/paused", "/spec/strategy"],
        Kind::StatefulSet | Kind::DaemonSet => &["/spec/updateStrategy"],
    };
    fields.iter().copied()
}

/// What a partition of a StatefulSet means for a new template; `None` without one.
pub(super) fn partitioned(facts: &WorkloadFacts) -> Option<String> {
    match facts.report.update {
        Update::Partition(from) if from > 0 => Some(format!(
            "PARTITION {from}: only pods with ordinal {from} or higher get the new template; the others keep what they run."
        )),
        _ => None,
    }
}

/// Pods below the partition that are not ready, and what that means; `None` where there are none. The controller looks at pods in their
/// order, and goes no further than the first that is not ready unless it may go on in parallel.
pub(super) fn below_the_partition(facts: &WorkloadFacts) -> Option<String> {
    let Update::Partition(from) = facts.report.update else { return None };
    let is_parallel = facts.object.pointer("/spec/podManagementPolicy").and_then(Value::as_str) == Some("Parallel");
    let is_stuck = |pod: &&Pod| ordinal(&pod.name) < from && !pod.is_ready && pod.gone_by.is_none();
    let mut stuck: Vec<&Pod> = facts.pods.iter().filter(is_stuck).collect();
    stuck.sort_by_key(|pod| ordinal(&pod.name));
    let first = stuck.first()?;
    let what = if is_parallel {
        "it stays as it is, and the rollout is not complete before it is ready"
    } else {
        "the controller replaces no pod before it is ready"
    };
    Some(format!("pod {} is not ready, is below the partition {from} and is not touched: {what}", first.name))
}

/// What a partition means for a new template, and for the pods it leaves as they are.
pub(super) fn partition_warnings(facts: &WorkloadFacts) -> Vec<String> {
    let below = below_the_partition(facts).map(|words| format!("STUCK: {words}. Mend or delete it first."));
    partitioned(facts).into_iter().chain(below).collect()
}

/// Who feels a new template: so many pods replaced now, at most as many as there are to be, and whether all at one time.
pub(super) fn blast(facts: &WorkloadFacts, going: u32, words: &str) -> BlastRadius {
    let outage = outage(facts);
    BlastRadius {
        pods: going,
        at_most: facts.report.counts.desired,
        is_outage: outage.is_some(),
        words: outage.map_or_else(|| words.to_owned(), |outage| format!("{words}; {outage}")),
    }
}

/// The request that deletes one pod and no other of the same name.
pub(super) fn delete_pod(facts: &WorkloadFacts, pod: &Pod) -> Request {
    Request {
        method: "DELETE".to_owned(),
        path: format!("/api/v1/namespaces/{}/pods/{}", facts.workload.namespace, pod.name),
        content_type: "application/json".to_owned(),
        body: json!({"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": &*pod.uid}}),
    }
}

/// The request that carries [`template_patch`].
pub(super) fn patch_request(facts: &WorkloadFacts, body: Value) -> Request {
    Request {
        method: "PATCH".to_owned(),
        path: format!(
            "/apis/apps/v1/namespaces/{}/{}/{}?fieldManager=quarterdeck&fieldValidation=Strict",
            facts.workload.namespace,
            facts.workload.kind.plural(),
            facts.workload.name
        ),
        content_type: "application/json-patch+json".to_owned(),
        body,
    }
}

/// One deletion for each pod that nobody else replaces, in the order the controller would take: those that are not ready first, then the
/// highest ordinal. Empty where the controller replaces the pods itself.
pub(super) fn replacing(facts: &WorkloadFacts, is_meant: impl Fn(&Pod) -> bool) -> Vec<Step> {
    if facts.report.update != Update::OnDelete {
        return Vec::new();
    }
    let mut meant: Vec<&Pod> = facts.pods.iter().filter(|pod| pod.gone_by.is_none() && is_meant(pod)).collect();
    meant.sort_by(|one, other| {
        let key = |pod: &Pod| (pod.is_ready, std::cmp::Reverse(ordinal(&pod.name)));
        key(one).cmp(&key(other)).then_with(|| one.name.cmp(&other.name))
    });
    let step = |pod: &Pod| {
        let words = format!("Delete pod {} and wait until its successor is ready.", pod.name);
        Step::replacing(words, delete_pod(facts, pod))
    };
    meant.into_iter().map(step).collect()
}

/// What to know of pods that are replaced one after the other by us.
pub(super) fn replaced_by_us(steps: &[Step]) -> Option<String> {
    let count = steps.iter().filter(|step| step.part == Part::Replacing).count();
    (count > 0).then(|| {
        format!(
            "OnDelete: the controller replaces no pod by itself. This plan deletes {} one after the other, each once the one before has a successor that is ready; the first that gets none stops the rest.",
            pods(u32::try_from(count).unwrap_or(u32::MAX))
        )
    })
}

/// The number at the end of a StatefulSet pod's name.
pub(super) fn ordinal(name: &str) -> u32 {
    name.rsplit('-').next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// A number of pods in words.
pub(super) fn pods(count: u32) -> String {
    if count == 1 { "1 pod".to_owned() } else { format!("{count} pods") }
}

/// What holds for every action.
pub(super) fn not_now(facts: &WorkloadFacts) -> Result<(), Refusal> {
    let workload = &facts.workload;
    if facts.object.pointer("/metadata/deletionTimestamp").is_some() {
        return Err(Refusal(format!("{workload} is being deleted.")));
    }
    if !facts.report.is_observed() {
        return Err(Refusal(format!(
            "the controller has not seen the newest specification of {workload} yet: its newest revision may be missing. Plan again in a moment."
        )));
    }
    Ok(())
}

/// What holds for every action on a template.
pub(super) fn common_refusals(facts: &WorkloadFacts, verb: &str) -> Result<(), Refusal> {
    let workload = &facts.workload;
    not_now(facts)?;
    if let Update::Partition(from) = facts.report.update
        && from >= facts.report.counts.desired
    {
        return Err(Refusal(format!(
            "the partition {from} of {workload} selects none of its {}: {verb} would change nothing until it is lowered.",
            pods(facts.report.counts.desired)
        )));
    }
    if facts.report.is_paused {
        return Err(Refusal(format!(
            "{workload} is paused: {verb} would change nothing until it is resumed (kubectl rollout resume {workload})."
        )));
    }
    Ok(())
}
