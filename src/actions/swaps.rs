//! Objects beside the workloads that a maintenance changes: routes, Services, ConfigMaps, CronJobs, ScaledObjects.
//!
//! Each remembers on itself, in the same patch, what it was ([`Kept`]), and is taken back only from what it was set to: what somebody else
//! made of it meanwhile is said and left.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::contract::Refusal;
use super::observation::ObjectFacts;
use crate::domain::action::{Judgement, Part, Request, Step};
use crate::domain::maintenance_mode::{END_TIME, KEPT, Kept, MODE, Named, ObjectKind, Page, Way};
use crate::domain::rollout::Change;
use crate::domain::subject::Subject;
use crate::domain::time::{self, Instant};

/// The annotation by which KEDA holds the number of pods; a JSON pointer.
const PAUSED: &str = "/metadata/annotations/autoscaling.keda.sh~1paused-replicas";

/// What a maintenance sets an object to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Meanwhile<'a> {
    /// What answers in its place.
    pub(super) page: Option<&'a Page>,
    /// Until when.
    pub(super) until: Instant,
    /// Who takes it into maintenance.
    pub(super) by: &'a str,
    /// Why.
    pub(super) reason: &'a str,
}

/// One object that a maintenance changes.
#[derive(Debug)]
pub(super) struct Swap<'a> {
    facts: &'a ObjectFacts,
    named: &'a Named,
    kept: Kept,
    /// Whether it is set so already, by a run that did not come to its end.
    pub(super) is_done: bool,
}

impl<'a> Swap<'a> {
    /// What a maintenance makes of an object.
    ///
    /// # Errors
    /// Where the object is not there, is not of the shape that can be switched, or remembers something that is not this.
    pub(super) fn new(facts: &'a ObjectFacts, meanwhile: Meanwhile<'_>) -> Result<Self, Refusal> {
        let Subject::Object(object) = &facts.subject else {
            return Err(Refusal(format!("{} is not switched by a maintenance.", facts.subject)));
        };
        let subject = &facts.subject;
        if facts.uid.is_empty() {
            return Err(Refusal(format!(
                "{subject} does not exist: correct its name in the configuration of the service, or make it."
            )));
        }
        let named = &object.named;
        match Kept::of(&facts.object) {
            Some(Err(why)) => {
                return Err(Refusal(format!(
                    "{subject} is not switched: {why}. Mend that annotation by hand, or take it away."
                )));
            }
            Some(Ok(kept)) => {
                if let Some(words) = moved(&kept, facts) {
                    return Err(Refusal(words));
                }
                return Ok(Self { facts, named, kept, is_done: true });
            }
            None => {}
        }
        let set = set(named.kind, facts, meanwhile)?;
        let was = set.keys().map(|path| (path.clone(), at(facts, path))).collect();
        let kept =
            Kept { v: Kept::VERSION, by: meanwhile.by.to_owned(), reason: meanwhile.reason.to_owned(), was, set };
        Ok(Self { facts, named, kept, is_done: false })
    }

    /// What changes, as the plan shows it.
    pub(super) fn changes(&self) -> Vec<Change> {
        if self.is_done {
            return Vec::new();
        }
        let words = |value: &Value| (!value.is_null()).then(|| value.to_string());
        let change = |(path, was): (&String, &Value)| Change {
            path: format!("{} {}", self.named, path.trim_start_matches('/').replace('/', ".").replace("~1", "/")),
            before: words(was),
            after: self.kept.set.get(path).and_then(words),
        };
        self.kept.was.iter().map(change).collect()
    }

    /// The step that sets it.
    pub(super) fn step(&self) -> Step {
        let words = match self.named.kind {
            ObjectKind::Service | ObjectKind::HttpRoute => format!("Let {} lead to the maintenance page.", self.named),
            ObjectKind::ConfigMap => format!("Say in {} that it is maintenance.", self.named),
            ObjectKind::CronJob => format!("Suspend {}.", self.named),
            ObjectKind::ScaledObject | ObjectKind::Autoscaler => format!("Let KEDA hold {} at no pod.", self.named),
        };
        let mut forward = self.tests(&self.kept.was);
        forward.push(json!({"op": "test", "path": KEPT, "value": null}));
        if self.facts.object.pointer("/metadata/annotations").is_none() {
            forward.push(json!({"op": "add", "path": "/metadata/annotations", "value": {}}));
        }
        forward.push(json!({"op": "add", "path": KEPT, "value": self.kept.written()}));
        forward.extend(self.kept.set.iter().filter_map(|(path, value)| written(path, value, &self.kept.was)));
        let undone = self.request(self.back());
        let again = format!("Let {} be as it was.", self.named);
        let step = self.in_order(Part::Change, "switch", &words, self.request(forward));
        step.expecting(KEPT, json!(self.kept.written()))
            .taken_back(&again, undone, KEPT, Value::Null)
            .done(self.is_done)
    }

    /// What takes it back: only from what it was set to.
    fn back(&self) -> Vec<Value> {
        let mut back = self.tests(&self.kept.set);
        back.push(json!({"op": "test", "path": KEPT, "value": at(self.facts, KEPT).as_str().map_or_else(|| self.kept.written(), str::to_owned)}));
        back.extend(self.kept.was.iter().filter_map(|(path, value)| written(path, value, &self.kept.set)));
        back.push(json!({"op": "remove", "path": KEPT}));
        back
    }

    /// It is that object, and these fields stand so.
    fn tests(&self, fields: &BTreeMap<String, Value>) -> Vec<Value> {
        let mut tests = vec![json!({"op": "test", "path": "/metadata/uid", "value": &self.facts.uid})];
        tests.extend(fields.iter().map(|(path, value)| json!({"op": "test", "path": path, "value": value})));
        tests
    }

    fn request(&self, body: Vec<Value>) -> Request {
        patch(self.facts, self.named, body)
    }

    fn in_order(&self, part: Part, verb: &str, words: &str, request: Request) -> Step {
        let on = (self.facts.subject.clone(), self.facts.uid.as_str());
        Step::in_order(part, &format!("{verb}-{}", self.named), on, words, request).sent_again()
    }
}

/// What brings an object back that a maintenance has changed.
#[derive(Debug)]
pub(super) enum Back<'a> {
    /// It keeps what it was.
    Kept(Swap<'a>),
    /// It is not there any more, or keeps nothing: it is left, and that is said.
    Left(String),
}

impl<'a> Back<'a> {
    /// How an object comes back.
    ///
    /// # Errors
    /// Where it was edited, so that it cannot be told; both sides are said.
    pub(super) fn new(facts: &'a ObjectFacts) -> Result<Self, Refusal> {
        let subject = &facts.subject;
        let Subject::Object(object) = subject else {
            return Err(Refusal(format!("{subject} is not switched by a maintenance.")));
        };
        if facts.uid.is_empty() {
            return Ok(Self::Left(format!(
                "LEFT: {subject} does not exist any more: what it was went with it. Look whether another took its place."
            )));
        }
        let kept = match Kept::of(&facts.object) {
            None => {
                return Ok(Self::Left(format!(
                    "LEFT AS IT IS: {subject} remembers nothing: it is back already, or somebody took that away."
                )));
            }
            Some(Err(why)) => {
                return Err(Refusal(format!(
                    "{subject} cannot be brought back: {why}. Set it by hand and take that annotation away; then plan this again."
                )));
            }
            Some(Ok(kept)) => kept,
        };
        if let Some(words) = moved(&kept, facts) {
            return Err(Refusal(words));
        }
        Ok(Self::Kept(Swap { facts, named: &object.named, kept, is_done: false }))
    }
}

impl Swap<'_> {
    /// The step that brings it back.
    pub(super) fn back_step(&self) -> Step {
        let words = match self.named.kind {
            ObjectKind::Service | ObjectKind::HttpRoute => format!("Let {} lead to the service again.", self.named),
            ObjectKind::ConfigMap => format!("Say in {} no more that it is maintenance.", self.named),
            ObjectKind::CronJob => format!("Let {} run as it did.", self.named),
            ObjectKind::ScaledObject | ObjectKind::Autoscaler => format!("Let KEDA scale {} as it did.", self.named),
        };
        self.in_order(Part::Change, "switch-back", &words, self.request(self.back())).expecting(KEPT, Value::Null)
    }

    /// Fields as they were before, as the plan of the way back shows them.
    pub(super) fn changes_back(&self) -> Vec<Change> {
        let words = |value: Option<&Value>| value.filter(|value| !value.is_null()).map(ToString::to_string);
        let change = |(path, was): (&String, &Value)| Change {
            path: format!("{} {}", self.named, path.trim_start_matches('/').replace('/', ".").replace("~1", "/")),
            before: words(self.kept.set.get(path)),
            after: words(Some(was)),
        };
        self.kept.was.iter().map(change).collect()
    }

    /// How a workload's memory names it.
    pub(super) fn name(&self) -> String {
        self.named.to_string()
    }

    /// Whether it is a route.
    pub(super) const fn is_route(&self) -> bool {
        matches!(self.named.kind, ObjectKind::Service | ObjectKind::HttpRoute)
    }

    /// The way it is part of; `None` of what goes with every way.
    pub(super) const fn way(&self) -> Option<Way> {
        match self.named.kind {
            ObjectKind::Service | ObjectKind::HttpRoute => Some(Way::Route),
            ObjectKind::ConfigMap => Some(Way::ConfigMap),
            ObjectKind::ScaledObject | ObjectKind::Autoscaler => Some(Way::Scale),
            ObjectKind::CronJob => None,
        }
    }

    /// The step that says another end; `None` where it says none.
    pub(super) fn longer(&self, until: Instant) -> Option<Step> {
        let path = format!("/data/{END_TIME}");
        let before = self.kept.set.get(&path)?.clone();
        let mut kept = self.kept.clone();
        kept.set.insert(path.clone(), json!(time::written(until)));
        let seen = at(self.facts, KEPT);
        let change = |from: (&Value, &Value), to: (&Value, &Value)| {
            self.request(vec![
                json!({"op": "test", "path": "/metadata/uid", "value": &self.facts.uid}),
                json!({"op": "test", "path": KEPT, "value": from.0}),
                json!({"op": "test", "path": &path, "value": from.1}),
                json!({"op": "add", "path": KEPT, "value": to.0}),
                json!({"op": "add", "path": &path, "value": to.1}),
            ])
        };
        let (new, end) = (json!(kept.written()), json!(time::written(until)));
        let forward = change((&seen, &before), (&new, &end));
        let back = change((&new, &end), (&seen, &before));
        let words = format!("Say in {} that it ends at {}.", self.named, time::written(until));
        let step = self.in_order(Part::Change, "longer", &words, forward).expecting(KEPT, new);
        Some(step.taken_back(&format!("Say the end of before in {}.", self.named), back, KEPT, seen))
    }
}

/// Judges a step of such an object: it keeps what it was, and stands as it is set; or it stands as it was and keeps nothing.
pub(super) fn judge(step: &Step, object: &Value) -> Judgement {
    let is = |verb: &str| step.in_order.as_ref().is_some_and(|one| one.id.starts_with(verb));
    if is("longer-") {
        return step.judge(object);
    }
    let is_back = is("switch-back-");
    match (Kept::of(object), is_back) {
        (None, true) => Judgement::Reached,
        (Some(_), true) => Judgement::Waiting("it is not as it was yet".to_owned()),
        (Some(Ok(kept)), false)
            if kept.set.iter().all(|(path, value)| object.pointer(path).unwrap_or(&Value::Null) == value) =>
        {
            Judgement::Reached
        }
        (Some(Ok(_)), false) => Judgement::TakenOver("somebody else set it to something else.".to_owned()),
        (_, false) => Judgement::Waiting("it is not switched yet".to_owned()),
    }
}

/// A patch of such an object.
fn patch(facts: &ObjectFacts, named: &Named, body: Vec<Value>) -> Request {
    let (api, plural) = named.kind.resource();
    let namespace = facts.subject.namespace().map_or("", |namespace| namespace);
    Request {
        method: "PATCH".to_owned(),
        path: format!(
            "/{api}/namespaces/{namespace}/{plural}/{}?fieldManager=quarterdeck&fieldValidation=Strict",
            named.name
        ),
        content_type: "application/json-patch+json".to_owned(),
        body: Value::Array(body),
    }
}

fn at(facts: &ObjectFacts, path: &str) -> Value {
    facts.object.pointer(path).cloned().unwrap_or(Value::Null)
}

/// The operation that gives a field a value where it stands otherwise; `None` where there is nothing to do.
fn written(path: &str, value: &Value, stands: &BTreeMap<String, Value>) -> Option<Value> {
    match (value, stands.get(path)) {
        (value, Some(now)) if now == value => None,
        (Value::Null, _) => Some(json!({"op": "remove", "path": path})),
        (value, _) => Some(json!({"op": "add", "path": path, "value": value})),
    }
}

/// What somebody else made of an object, beside what is remembered and what it was set to; `None` where nobody did.
fn moved(kept: &Kept, facts: &ObjectFacts) -> Option<String> {
    let (path, now) = kept.moved(&facts.object).into_iter().next()?;
    let side = |fields: &BTreeMap<String, Value>| fields.get(path).cloned().unwrap_or(Value::Null);
    Some(format!(
        "{} was changed meanwhile at {path}. Remembered: {}. Set by the maintenance of {}: {}. Now: {now}. Nothing is written over: set it by hand to what it is to be, and take its annotation away; then plan this again.",
        facts.subject,
        side(&kept.was),
        kept.by,
        side(&kept.set)
    ))
}

/// The fields a maintenance sets, and to what.
fn set(kind: ObjectKind, facts: &ObjectFacts, meanwhile: Meanwhile<'_>) -> Result<BTreeMap<String, Value>, Refusal> {
    let subject = &facts.subject;
    let page = || {
        meanwhile
            .page
            .ok_or_else(|| Refusal(format!("{subject} is to lead to a maintenance page, and none is configured.")))
    };
    let mut set = BTreeMap::new();
    match kind {
        ObjectKind::Service => {
            if !at(facts, "/spec/selector").is_object() {
                return Err(Refusal(format!("{subject} selects no pods by itself: there is nothing to switch.")));
            }
            set.insert("/spec/selector".to_owned(), json!(page()?.selector));
        }
        ObjectKind::HttpRoute => {
            let page = page()?;
            let rules = at(facts, "/spec/rules").as_array().map_or(0, Vec::len);
            if rules == 0 {
                return Err(Refusal(format!("{subject} has no rule that leads anywhere: there is nothing to switch.")));
            }
            // As the server fills it in: what is compared afterwards is what it stores.
            let backend =
                json!([{"group": "", "kind": "Service", "name": &*page.service, "port": page.port, "weight": 1}]);
            for rule in (0..rules).filter(|rule| !at(facts, &format!("/spec/rules/{rule}/backendRefs")).is_null()) {
                set.insert(format!("/spec/rules/{rule}/backendRefs"), backend.clone());
            }
            if set.is_empty() {
                return Err(Refusal(format!(
                    "{subject} has no rule that leads to a backend: there is nothing to switch."
                )));
            }
        }
        ObjectKind::ConfigMap => {
            if !at(facts, "/data").is_object() {
                return Err(Refusal(format!("{subject} has no data: the application reads nothing from it.")));
            }
            set.insert(format!("/data/{MODE}"), json!("true"));
            set.insert(format!("/data/{END_TIME}"), json!(time::written(meanwhile.until)));
        }
        ObjectKind::CronJob => {
            set.insert("/spec/suspend".to_owned(), json!(true));
        }
        ObjectKind::Autoscaler => {
            return Err(Refusal(format!("{subject} stands down by itself while there is no pod: it is not changed.")));
        }
        ObjectKind::ScaledObject => {
            set.insert(PAUSED.to_owned(), json!("0"));
        }
    }
    Ok(set)
}
