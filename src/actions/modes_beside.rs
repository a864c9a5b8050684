//! What a maintenance does beside its workloads: which objects belong to it, in which order they are switched and switched back, and what
//! its users are asked for.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use super::contract::{Context, Refusal};
use super::modes::BY;
use super::observation::{ObjectFacts, Observation};
use super::services::service_of;
use super::swaps::{Back, Meanwhile, Swap};
use crate::domain::action::{Given, Judgement, Part, Request, Step};
use crate::domain::maintenance_mode::{Memory, Named, ObjectKind, Way, Ways};
use crate::domain::rollout::Change;
use crate::domain::service::Services;
use crate::domain::subject::{AddressRef, ObjectRef, Subject};
use crate::domain::text;
use crate::domain::time::{self, Instant};
use crate::sources::observe::WorkloadFacts;

/// How long users may be answered as before, in seconds: a gateway takes a moment, and an application reads what it was told.
const ANSWERS_WITHIN: u32 = 120;

/// The ways a run takes, and what is declared of them.
#[derive(Debug)]
pub(super) struct Declared<'a> {
    /// What the service declares; `None` where it declares nothing.
    pub(super) ways: Option<&'a Ways>,
    /// The ways, in their order.
    pub(super) by: Vec<Way>,
}

/// The ways a run on a workload takes: as it is asked for, else as its service declares, else by scaling alone.
///
/// # Errors
/// Where one is asked for that nothing is configured for.
pub(super) fn declared<'a>(
    facts: &WorkloadFacts,
    given: &Given,
    services: &'a Services,
) -> Result<Declared<'a>, Refusal> {
    let workload = &facts.workload;
    let service = service_of(services, facts);
    let named = service.as_ref().and_then(|name| services.named(&workload.environment, &workload.namespace, name));
    let ways = named.and_then(|service| service.ways.as_ref());
    let mut by = ways.map_or_else(|| vec![Way::Scale], Ways::usual);
    if let Some(asked) = given.text(BY.id).filter(|asked| !asked.trim().is_empty()) {
        by = asked.split(',').map(|word| named_way(word.trim())).collect::<Result<_, _>>()?;
        by.sort_unstable();
        by.dedup();
    }
    let lacks = |way: &Way| match (ways, way) {
        (_, Way::Scale) => None,
        (Some(ways), way) => ways.lacks(*way).map(|lacks| (*way, lacks)),
        (None, way) => Ways::default().lacks(*way).map(|lacks| (*way, lacks)),
    };
    if let Some((way, lacks)) = by.iter().find_map(lacks) {
        return Err(Refusal(format!(
            "{workload} cannot be taken into maintenance by {}: nothing is configured for it. Add {lacks} to [service.{}.maintenance] of the configuration.",
            way.word(),
            service.as_deref().unwrap_or("NAME")
        )));
    }
    Ok(Declared { ways, by })
}

fn named_way(word: &str) -> Result<Way, Refusal> {
    let known = Way::ALL.map(Way::word).join(", ");
    let unknown =
        || Refusal(format!("there is no way {:?} into maintenance mode; there is {known}.", text::clean(word)));
    Way::of_word(word).ok_or_else(unknown)
}

/// An object in the namespace of a workload.
fn beside(facts: &WorkloadFacts, named: Named) -> Subject {
    let workload = &facts.workload;
    Subject::Object(ObjectRef {
        environment: workload.environment.clone(),
        namespace: workload.namespace.clone(),
        named,
    })
}

/// What is read to take workloads into maintenance: what their service declares, and the ScaledObjects that would bring pods back.
pub(super) fn read_for_on(seen: &[&Observation], given: &Given, services: &Services) -> Vec<Subject> {
    let Some(own) = seen.first().and_then(|seen| seen.workload().ok()) else { return Vec::new() };
    // What cannot be declared is refused by the draft.
    let Ok(Declared { ways, by }) = declared(own, given, services) else { return Vec::new() };
    let mut all: Vec<Named> = Vec::new();
    if let Some(ways) = ways {
        if by.contains(&Way::Route) {
            all.extend(ways.routes.iter().cloned());
        }
        if by.contains(&Way::ConfigMap) {
            all.extend(ways.config_map.iter().map(|name| Named { kind: ObjectKind::ConfigMap, name: name.clone() }));
        }
        all.extend(ways.cron_jobs.iter().map(|name| Named { kind: ObjectKind::CronJob, name: name.clone() }));
    }
    if by.contains(&Way::Scale) {
        all.push(Named { kind: ObjectKind::ScaledObject, name: "".into() });
    }
    all.into_iter().map(|named| beside(own, named)).collect()
}

/// What is read to bring workloads back, or to move their end: what they remember to have been changed beside them; where nothing is
/// remembered, the autoscalers that may tell how many pods there were.
pub(super) fn read_for_off(seen: &[&Observation], _given: &Given, _services: &Services) -> Vec<Subject> {
    let mut known = BTreeSet::new();
    let workloads = seen.iter().filter_map(|seen| seen.workload().ok());
    let all = workloads.flat_map(|facts| {
        let Some(Ok(memory)) = Memory::of(&facts.object) else {
            return vec![beside(facts, Named { kind: ObjectKind::Autoscaler, name: "".into() })];
        };
        memory.also.iter().filter_map(|name| Named::read(name)).map(|named| beside(facts, named)).collect::<Vec<_>>()
    });
    all.filter(|subject| known.insert(subject.clone())).collect()
}

/// The objects that were read beside the workloads.
fn objects(context: Context<'_>) -> impl Iterator<Item = &ObjectFacts> {
    context.beside.iter().filter_map(|seen| seen.object().ok())
}

/// The fewest pods an autoscaler lets a workload have, where one is known.
pub(super) fn least(context: Context<'_>, facts: &WorkloadFacts) -> Option<u64> {
    let lists = objects(context).filter(|list| list.subject.name().is_empty());
    let mut items =
        lists.flat_map(|list| list.object.pointer("/items").and_then(Value::as_array).into_iter().flatten());
    let is_its = |item: &&Value| {
        let at = |field: &str| item.pointer(&format!("/spec/scaleTargetRef/{field}")).and_then(Value::as_str);
        at("name") == Some(&*facts.workload.name) && at("kind") == Some(facts.workload.kind.word())
    };
    items.find(is_its)?.pointer("/spec/minReplicas").and_then(Value::as_u64).filter(|least| *least > 0)
}

/// The ScaledObjects of a list that decide how many pods workloads have.
pub(super) fn scalers(context: Context<'_>, all: &[&WorkloadFacts]) -> (Vec<ObjectFacts>, Vec<String>) {
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for list in objects(context).filter(|facts| facts.subject.name().is_empty()) {
        missing
            .extend(list.missing.iter().map(|why| format!("WHETHER KEDA WOULD BRING PODS BACK IS NOT KNOWN: {why}")));
        let Subject::Object(of) = &list.subject else { continue };
        for item in list.object.pointer("/items").and_then(Value::as_array).into_iter().flatten() {
            let at = |field: &str| item.pointer(&format!("/spec/scaleTargetRef/{field}")).and_then(Value::as_str);
            let is_aimed = |facts: &&&WorkloadFacts| {
                at("name") == Some(&*facts.workload.name)
                    && at("kind").unwrap_or("Deployment") == facts.workload.kind.word()
            };
            if all.iter().any(|facts| is_aimed(&facts)) {
                let name = item.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
                let named = Named { kind: ObjectKind::ScaledObject, name: name.into() };
                let subject = Subject::Object(ObjectRef { named, ..of.clone() });
                found.push(ObjectFacts::new(subject, Some(Arc::new(item.clone())), list.observed_at));
            }
        }
    }
    (found, missing)
}

/// What goes with a maintenance that begins, in the order it is done.
#[derive(Debug, Default)]
pub(super) struct Going {
    /// Before anything of the workloads: routes, and what says that it is maintenance.
    pub(super) first: Vec<Step>,
    /// What would bring pods back is held, right before they go.
    pub(super) scalers: Vec<Step>,
    /// After the last pod is gone.
    pub(super) last: Vec<Step>,
    /// What changes.
    pub(super) changes: Vec<Change>,
    /// How the memory of the workload names all of it.
    pub(super) also: Vec<String>,
    /// Whether all of it is so already.
    pub(super) is_done: bool,
}

/// What is switched beside workloads that are taken into maintenance.
///
/// # Errors
/// Where one cannot be switched.
pub(super) fn going(
    context: Context<'_>,
    (by, scalers): (&[Way], &[ObjectFacts]),
    meanwhile: Meanwhile<'_>,
) -> Result<Going, Refusal> {
    let mut going = Going { is_done: true, ..Going::default() };
    let named = objects(context).filter(|facts| !facts.subject.name().is_empty());
    for facts in named.chain(scalers) {
        let swap = Swap::new(facts, meanwhile)?;
        let way = swap.way();
        if way.is_some_and(|way| !by.contains(&way)) {
            continue;
        }
        going.also.push(swap.name());
        going.changes.extend(swap.changes());
        going.is_done &= swap.is_done;
        match way {
            Some(Way::Scale) => going.scalers.push(swap.step()),
            Some(_) if swap.is_route() => {
                let place = going.first.iter().filter(|one| is_route(one)).count();
                going.first.insert(place, swap.step());
            }
            Some(_) => going.first.push(swap.step()),
            None => going.last.push(swap.step()),
        }
    }
    Ok(going)
}

fn is_route(step: &Step) -> bool {
    let on = step.in_order.as_ref().map(|one| &one.on);
    matches!(on, Some(Subject::Object(object)) if matches!(object.named.kind, ObjectKind::Service | ObjectKind::HttpRoute))
}

/// What comes back with a maintenance that ends.
#[derive(Debug, Default)]
pub(super) struct Coming {
    /// Before the pods are asked for.
    pub(super) first: Vec<Step>,
    /// Once they are ready; the routes last.
    pub(super) last: Vec<Step>,
    /// What changes.
    pub(super) changes: Vec<Change>,
    /// What is left, as sentences.
    pub(super) left: Vec<String>,
}

/// What was switched beside workloads, and comes back.
///
/// # Errors
/// Where somebody changed or edited it meanwhile: both sides are said.
pub(super) fn coming(context: Context<'_>) -> Result<Coming, Refusal> {
    let mut coming = Coming::default();
    let mut routes = Vec::new();
    for facts in objects(context).filter(|facts| !facts.subject.name().is_empty()) {
        let swap = match Back::new(facts)? {
            Back::Kept(swap) => swap,
            Back::Left(words) => {
                coming.left.push(words);
                continue;
            }
        };
        coming.changes.extend(swap.changes_back());
        match swap.way() {
            // Before it there is no way back but the plan once more.
            Some(Way::Scale | Way::ConfigMap) => coming.first.push(swap.back_step().without_return()),
            Some(_) => routes.push(swap.back_step()),
            None => coming.last.push(swap.back_step()),
        }
    }
    coming.last.extend(routes);
    Ok(coming)
}

/// The steps that say another end in what was switched.
///
/// # Errors
/// Where somebody changed or edited it meanwhile.
pub(super) fn longer(context: Context<'_>, until: Instant) -> Result<Vec<Step>, Refusal> {
    let mut steps = Vec::new();
    for facts in objects(context).filter(|facts| !facts.subject.name().is_empty()) {
        if let Back::Kept(swap) = Back::new(facts)? {
            steps.extend(swap.longer(until));
        }
    }
    Ok(steps)
}

/// The gate in which users are asked for: as in maintenance until an end, or as usual.
pub(super) fn asked(facts: &WorkloadFacts, address: &str, until: Option<Instant>) -> Step {
    let on =
        Subject::Address(AddressRef { environment: facts.workload.environment.clone(), address: address.to_owned() });
    let shown = text::clean(address);
    let (verb, words) = match until {
        Some(until) => ("closed", format!("{shown} answers 503, MAINTENANCE, until {}.", time::written(until))),
        None => ("opened", format!("{shown} answers as usual.")),
    };
    let gate = Step::in_order(Part::Gate, &format!("{verb}-{shown}"), (on, ""), &words, Request::default());
    let gate = gate.within(ANSWERS_WITHIN);
    match until {
        Some(until) => gate.expecting("/body/estimatedEndTime", json!(time::written(until))),
        None => gate,
    }
}

/// Judges what an address answers.
pub(super) fn judge_answer(step: &Step, facts: &ObjectFacts) -> Judgement {
    let told = &facts.object;
    let Some(status) = told["status"].as_u64() else {
        return Judgement::Waiting(format!("nobody answers: {}", told["error"].as_str().unwrap_or("no answer")));
    };
    let expected = step.in_order.as_ref().and_then(|one| one.expects.first()?.value.as_str());
    let Some(until) = expected.and_then(time::read) else {
        return match status {
            ..500 => Judgement::Reached,
            _ => Judgement::Waiting(format!("it answers {status}")),
        };
    };
    let body = &told["body"];
    let retry = told["retry_after"].as_str().unwrap_or_default();
    // Seconds, or a date as HTTP writes it.
    let is_retry = retry.parse::<u64>().is_ok_and(|seconds| seconds > 0) || retry.ends_with("GMT");
    let end = body["estimatedEndTime"].as_str().and_then(time::read);
    let wrong = [
        (status != 503, format!("it answers {status}, not 503")),
        (body["error"] != "MAINTENANCE", format!("its error is {}, not MAINTENANCE", body["error"])),
        (
            end != Some(until),
            format!("its estimatedEndTime is {}, not {}", body["estimatedEndTime"], time::written(until)),
        ),
        (!is_retry, format!("its Retry-After is {retry:?}, not a number of seconds or a date")),
    ];
    match wrong.into_iter().find(|(is_so, _)| *is_so) {
        Some((_, words)) => Judgement::Waiting(text::clean(&words).into_owned()),
        None => Judgement::Reached,
    }
}
