//! The plan on the screen: asked for, shown, kept fresh, confirmed, given up.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;

use super::{ARMING, drafts, toast};
use crate::actions::catalog::Catalog;
use crate::actions::{Action, Options, Reason};
use crate::app::effect::{Effect, PlanRequest};
use crate::app::model::{Model, Planning};
use crate::domain::action::{Consent, Field as ActionField, Gesture, Given, Plan, Run, RunEvent, Target, advance};
use crate::domain::rollout::{Rollout, WorkloadRef};
use crate::domain::subject::{Subject, SubjectKind};
use crate::domain::text;
use crate::domain::time::Instant;
use crate::ui::scene::PlanScene;
use crate::ui::state::{Field, Overlay, Slot};

/// The arming delay of what is hard to reverse.
const ARMING_T3: TimeDelta = TimeDelta::seconds(3);
/// How often an open plan is worked out again by itself.
const REFRESH: TimeDelta = TimeDelta::seconds(60);
/// How soon after its target moved.
const REFRESH_MOVED: TimeDelta = TimeDelta::seconds(2);

/// What is typed on a plan, and what it is about.
#[derive(Debug, Default)]
pub(super) struct Form {
    /// What the plan is about, for its title.
    pub(super) about: String,
    /// The fields that are typed on it, by their ids, and what stands in them at first.
    pub(super) fields: Vec<(&'static str, String)>,
    /// What a draft of it is about.
    pub(super) draft: String,
}

/// Opens the plan of an action on workloads.
pub(super) fn on_workloads(
    model: &mut Model,
    action: &'static dyn Action,
    targets: Vec<WorkloadRef>,
    options: Options,
    now: Instant,
) -> Vec<Effect> {
    if targets.is_empty() {
        toast(model, "There is no workload under the cursor.", true, now);
        return Vec::new();
    }
    if let Err(sentence) = of_one_environment(&targets) {
        toast(model, &sentence, true, now);
        return Vec::new();
    }
    let names: Vec<String> = targets.iter().map(ToString::to_string).collect();
    let about = if let Some(service) = &options.choice.service {
        let namespace = targets.first().map(|target| target.namespace.clone()).unwrap_or_default();
        let workloads = super::service::workloads(names.len());
        format!("service {service} -n {namespace}, {workloads}: {}", names.join("; "))
    } else if names.len() > 1 {
        format!("{} workloads: {}", names.len(), names.join("; "))
    } else {
        names.join(", ")
    };
    let targets = targets.into_iter().map(Subject::from).collect();
    open(model, action, (targets, options), Form { about, ..Form::default() }, now)
}

/// Opens the plan of an action.
pub(super) fn open(
    model: &mut Model,
    action: &'static dyn Action,
    (targets, options): (Vec<Subject>, Options),
    Form { about, fields, draft }: Form,
    now: Instant,
) -> Vec<Effect> {
    if is_held_up(model, action) {
        toast(model, "A run is under way; wait for its outcome before planning another.", true, now);
        if bring_forward(model, action) {
            show(model, &[]);
        }
        return Vec::new();
    }
    set_behind(model);
    let environment = targets.first().map(|target| target.environment().clone()).unwrap_or_default();
    let place = if model.world.shown().count() > 1 { format!("in {environment}: ") } else { String::new() };
    let request = PlanRequest { number: model.next_request, action: action.id(), targets, options };
    model.next_request += 1;
    let known = |id: &str| action.fields().iter().find(|field| field.id == id);
    model.planning = Some(Planning {
        request: request.clone(),
        opened: action.id(),
        draft,
        fixed: BTreeMap::new(),
        scene: PlanScene {
            title: format!("{} {place}{about}", action.title()),
            form: fields.iter().filter_map(|(id, _)| known(id)).collect(),
            takes_reason: action.about().reason != Reason::Unasked,
            may_be_emptied: action.about().emptied.is_some(),
            planned: fields.iter().map(|(_, text)| text.clone()).collect(),
            wrong: None,
            plan: None,
            error: None,
            armed_at: None,
            run: None,
            log: Vec::new(),
        },
        refresh_at: None,
        is_in_flight: true,
    });
    let given: Vec<Field> = fields.into_iter().map(|(_, text)| Field::holding(text)).collect();
    show(model, &given);
    vec![Effect::Plan(request)]
}

/// Whether a run holds an action up: one on subjects of the same kind, which is not begun before that one's outcome is known. What stands in
/// the store each writes by itself, so that there only the same action waits.
fn holds_up(request: &PlanRequest, action: &dyn Action) -> bool {
    let on = action.about().on;
    request.targets.first().is_some_and(|target| target.kind() == on)
        && (!on.is_stored() || request.action == action.id())
}

/// Whether a run is under way that this has to wait for.
fn is_held_up(model: &Model, action: &dyn Action) -> bool {
    let held_by = |run: &Run| {
        let its = |planning: &&Planning| planning.scene.run.as_ref().is_some_and(|known| known.id == run.id);
        let planning = model.planning.iter().chain(&model.behind).find(its);
        // One that an earlier process left, and that is being verified.
        planning.map_or(action.about().on == SubjectKind::Workload, |planning| holds_up(&planning.request, action))
    };
    model.runs.iter().any(|run| !run.phase.is_final() && held_by(run))
}

/// Whether what is under way on this plan holds an action up.
fn runs_on(planning: &Planning, action: &dyn Action) -> bool {
    planning.scene.run.as_ref().is_some_and(|run| !run.phase.is_final()) && holds_up(&planning.request, action)
}

/// Puts the run that goes on in front again; whether there is one.
fn bring_forward(model: &mut Model, action: &dyn Action) -> bool {
    if model.planning.as_ref().is_some_and(|planning| runs_on(planning, action)) {
        return true;
    }
    let Some(place) = model.behind.iter().position(|planning| runs_on(planning, action)) else { return false };
    let planning = model.behind.remove(place);
    set_behind(model);
    model.planning = Some(planning);
    true
}

/// Puts what is in front behind, where it goes on.
pub(super) fn set_behind(model: &mut Model) {
    let goes_on = |planning: &Planning| planning.scene.run.as_ref().is_some_and(|run| !run.phase.is_final());
    if let Some(planning) = model.planning.take().filter(goes_on) {
        model.behind.push(planning);
    }
}

/// One plan, one environment: its guard confirms it, its journal lines name it, its connection alone carries it out.
fn of_one_environment(targets: &[WorkloadRef]) -> Result<(), String> {
    let mut names: Vec<&str> = targets.iter().map(|target| &*target.environment).collect();
    names.sort_unstable();
    names.dedup();
    match names.as_slice() {
        [] | [_] => Ok(()),
        several => Err(format!(
            "The targets are of {}: a plan is of one environment. Choose one with s, or unmark the others.",
            several.join(" and ")
        )),
    }
}

/// Puts the plan, or the run it has become, over everything else.
fn show(model: &mut Model, given: &[Field]) {
    let scene = model.planning.as_ref().map(|planning| &planning.scene);
    let at = match scene {
        Some(scene) if scene.takes_reason => Slot::Reason,
        _ if !given.is_empty() => Slot::Given(0),
        _ => Slot::Typed,
    };
    model
        .ui
        .overlays
        .retain(|overlay| !matches!(overlay, Overlay::Plan { .. } | Overlay::Actions { .. } | Overlay::Palette { .. }));
    model.ui.overlays.push(Overlay::Plan {
        scroll: 0,
        typed: Field::default(),
        reason: Field::default(),
        given: given.to_vec(),
        at,
    });
}

/// A plan was worked out: the first one, or a fresh one of the same request.
pub(super) fn planned(model: &mut Model, number: u64, planned: Result<Plan, String>, now: Instant) -> Vec<Effect> {
    let planned = planned.map(|plan| model.world.with_advice(plan, now));
    let Some(planning) = model.planning.as_mut().filter(|planning| planning.request.number == number) else {
        return Vec::new();
    };
    if planning.scene.run.is_some() {
        // Confirmed meanwhile: the confirmed plan is the one that counts.
        return Vec::new();
    }
    planning.is_in_flight = false;
    match planned {
        Ok(plan) => {
            let before = planning.scene.plan.take();
            let is_first = before.is_none();
            let has_moved = before.as_ref().is_some_and(|before| !before.reads_as(&plan));
            let arming = if plan.confirmation.gesture == Gesture::TypeNameAndReason { ARMING_T3 } else { ARMING };
            if is_first || has_moved {
                planning.scene.armed_at = Some(now + arming);
            }
            let suggested = settle(planning, &plan);
            planning.scene.plan = Some(Arc::new(plan));
            planning.scene.error = None;
            planning.refresh_at = Some(now + REFRESH);
            // What was typed while there was nothing to read, or something else, is no answer to this.
            if is_first || has_moved {
                forget_typed(model);
            }
            for (field, text) in suggested {
                fill(model, &field, text);
            }
            if has_moved {
                toast(model, "The plan has changed. Read it once more; what was typed is gone.", true, now);
            }
        }
        Err(error) => {
            planning.scene.plan = None;
            planning.scene.error = Some(error);
            planning.refresh_at = Some(now + REFRESH_MOVED);
        }
    }
    Vec::new()
}

/// Keeps of what was worked out what is to stay so, however often it is worked out again; what it only suggests, field by field.
fn settle(planning: &mut Planning, plan: &Plan) -> Vec<(String, String)> {
    let Some(Target { given: chosen, fixed, suggested, .. }) = plan.targets.first() else { return Vec::new() };
    let given = std::mem::take(&mut planning.request.options.given);
    planning.request.options.given = fixed.iter().fold(given, |given, (field, instead_of)| {
        let given = given.without(instead_of);
        match chosen.text(field) {
            Some(text) => given.with(field, text),
            None => given,
        }
    });
    planning.fixed.clone_from(fixed);
    suggested.iter().filter_map(|field| Some((field.clone(), chosen.text(field)?.to_owned()))).collect()
}

/// Puts what was worked out where that stood which was suggested, unless somebody has changed it meanwhile.
fn fill(model: &mut Model, field: &str, text: String) {
    let Some(planning) = model.planning.as_mut() else { return };
    let Some(place) = planning.scene.form.iter().position(|known| known.id == field) else { return };
    let Some(known) = planning.scene.planned.get_mut(place).filter(|known| **known != text) else { return };
    for overlay in &mut model.ui.overlays {
        if let Overlay::Plan { given, .. } = overlay
            && let Some(shown) = given.get_mut(place).filter(|shown| shown.text == *known)
        {
            *shown = Field::holding(text.clone());
        }
    }
    *known = text;
}

/// Tab: the next field, or the one before.
pub(super) fn step(model: &mut Model, is_back: bool) {
    let slots = model.planning.as_ref().map(|planning| planning.scene.slots()).unwrap_or_default();
    let Some(Overlay::Plan { at, .. }) = model.ui.overlays.last_mut() else { return };
    let place = slots.iter().position(|slot| slot == at).unwrap_or(0);
    let next = if is_back { place + slots.len().max(1) - 1 } else { place + 1 };
    if let Some(slot) = slots.get(next % slots.len().max(1)) {
        *at = *slot;
    }
}

/// Plans what was typed into the fields of the action, in place of what was planned.
fn plan_again(model: &mut Model, given: &[Field]) -> Vec<Effect> {
    let number = model.next_request;
    let Some(planning) = model.planning.as_mut() else { return Vec::new() };
    let is_empty = |(known, field): (&&ActionField, &Field)| known.has_lines() && !text::is_visible(&field.text);
    let is_emptied = planning.scene.form.iter().zip(given).any(is_empty);
    let opened = model.catalog.named(planning.opened);
    let emptied =
        opened.and_then(|action| action.about().emptied).filter(|_| is_emptied).and_then(|id| model.catalog.named(id));
    let Some(action) = emptied.or(opened) else { return Vec::new() };
    let mut read = planning.request.options.given.clone();
    for (place, (known, field)) in planning.scene.form.iter().zip(given).enumerate() {
        // What a text says makes no other plan: it is filled in when it is confirmed.
        if known.has_lines() || planning.scene.planned.get(place).is_some_and(|before| *before == field.text) {
            continue;
        }
        match known.read(&field.text) {
            Ok(value) => {
                let in_its_place = planning.fixed.iter().filter(|(_, instead_of)| *instead_of == known.id);
                read = in_its_place.fold(read, |read: Given, (field, _)| read.without(field)).with(known.id, value);
            }
            Err(sentence) => {
                planning.scene.wrong = Some(sentence);
                return Vec::new();
            }
        }
    }
    model.next_request += 1;
    planning.request.number = number;
    planning.request.action = action.id();
    planning.request.options.given = read.only(action.fields());
    planning.scene.planned = given.iter().map(|field| field.text.clone()).collect();
    (planning.scene.plan, planning.scene.error, planning.scene.wrong) = (None, None, None);
    (planning.refresh_at, planning.is_in_flight) = (None, true);
    vec![Effect::Plan(planning.request.clone())]
}

/// The plan with the texts of its form filled in.
fn with_texts(catalog: Catalog, planning: &Planning, plan: &Plan, given: &[Field]) -> Result<Plan, String> {
    let takes = |id: &str| catalog.named(planning.request.action).is_some_and(|action| action.takes(id));
    let texts = planning.scene.form.iter().zip(given).filter(|(known, _)| known.has_lines() && takes(known.id));
    let mut texts = texts.map(|(known, field)| known.said(&field.text).map(|text| (known.id, text)));
    texts.try_fold(plan.clone(), |plan, said| said.map(|(id, text)| plan.saying(id, &text)))
}

fn forget_typed(model: &mut Model) {
    for overlay in &mut model.ui.overlays {
        if let Overlay::Plan { typed, .. } = overlay {
            *typed = Field::default();
        }
    }
}

/// Rows moved: an open plan on one of them is worked out again soon. `before` are the rows as they were.
pub(super) fn target_moved(model: &mut Model, before: &[Arc<Rollout>], now: Instant) -> Vec<Effect> {
    let Some(planning) =
        model.planning.as_ref().filter(|planning| planning.scene.run.is_none() && planning.scene.plan.is_some())
    else {
        return Vec::new();
    };
    let row = |rows: &[Arc<Rollout>], target: &WorkloadRef| rows.iter().find(|row| row.workload == *target).cloned();
    let concerns = |target: &WorkloadRef| match (row(before, target), row(&model.world.snapshot.rollouts, target)) {
        (Some(before), Some(now)) => !Arc::ptr_eq(&before, &now),
        (before, now) => before.is_some() != now.is_some(),
    };
    if planning.request.targets.iter().filter_map(Subject::workload).any(concerns) {
        return soon(model, now);
    }
    refresh_if_due(model, now)
}

/// What an open plan is about has moved: it is worked out again soon.
pub(super) fn soon(model: &mut Model, now: Instant) -> Vec<Effect> {
    if let Some(planning) = model.planning.as_mut().filter(|planning| planning.scene.run.is_none())
        && let Some(plan) = &planning.scene.plan
    {
        let soon = (plan.refreshed_at + REFRESH_MOVED).max(now);
        planning.refresh_at = Some(planning.refresh_at.map_or(soon, |at| at.min(soon)));
    }
    refresh_if_due(model, now)
}

/// Works an open plan out again when it is time.
pub(super) fn refresh_if_due(model: &mut Model, now: Instant) -> Vec<Effect> {
    let Some(planning) = model.planning.as_mut() else { return Vec::new() };
    // One question at a time, however often the target moves meanwhile.
    if planning.scene.run.is_none() && !planning.is_in_flight && planning.refresh_at.is_some_and(|at| at <= now) {
        planning.refresh_at = None;
        planning.is_in_flight = true;
        return vec![Effect::Plan(planning.request.clone())];
    }
    Vec::new()
}

/// Enter on the plan: plans what was changed on it, else confirms it when what was typed is right.
pub(super) fn confirm(model: &mut Model, (typed, reason): (&str, &str), given: &[Field], now: Instant) -> Vec<Effect> {
    let is_changed = |one: &Planning| one.scene.run.is_none() && one.scene.is_changed(given);
    if model.planning.as_ref().is_some_and(is_changed) {
        return plan_again(model, given);
    }
    let Some(planning) = model.planning.as_mut() else { return Vec::new() };
    let Some(plan) = planning.scene.plan.clone().filter(|_| planning.scene.run.is_none()) else { return Vec::new() };
    if !plan.is_applicable() {
        toast(model, "This plan cannot be applied; the reasons are on it.", true, now);
        return Vec::new();
    }
    if planning.scene.armed_at.is_some_and(|at| now < at) {
        toast(model, "Read the plan first: the confirmation is not armed yet.", true, now);
        return Vec::new();
    }
    let expected = &plan.confirmation.word;
    let is_right = plan.confirmation.gesture == Gesture::Enter || typed.trim() == expected;
    if !is_right {
        let words = format!("Type {expected} and press enter to confirm.");
        toast(model, &words, true, now);
        return Vec::new();
    }
    if plan.confirmation.needs_reason && !text::is_visible(reason) {
        planning.scene.wrong = Some("Say why: whoever finds it later has nothing else to go by.".to_owned());
        toast(model, "A reason is needed: press tab and type it.", true, now);
        return Vec::new();
    }
    let plan = match with_texts(model.catalog, planning, &plan, given) {
        Ok(plan) => Arc::new(plan),
        Err(sentence) => {
            planning.scene.wrong = Some(sentence);
            return Vec::new();
        }
    };
    planning.scene.wrong = None;
    let run = [RunEvent::Planned, RunEvent::Confirmed]
        .into_iter()
        .try_fold(Run::draft(plan.id.as_str(), plan.targets.len()), |run, event| advance(&run, event));
    let Ok(run) = run else { return Vec::new() };
    let kept = drafts::sending(model, &plan.id, now);
    let Some(planning) = model.planning.as_mut() else { return Vec::new() };
    planning.refresh_at = None;
    planning.scene.armed_at = None;
    planning.scene.run = Some(run.clone());
    planning.scene.plan = Some(plan.clone());
    planning.scene.log.push((now, "confirmed; writing the journal".to_owned()));
    model.runs.push(run);
    // What was read of the plan says nothing of where the run is read from.
    if let Some(Overlay::Plan { scroll, .. }) = model.ui.overlays.last_mut() {
        *scroll = 0;
    }
    let reason = Some(reason.trim().to_owned()).filter(|reason| !reason.is_empty());
    // Where Enter confirms, nothing was asked for: what somebody typed into the air is no answer.
    let typed = if plan.confirmation.gesture == Gesture::Enter { "" } else { typed.trim() }.to_owned();
    kept.into_iter().chain([Effect::Execute(Box::new((*plan).clone()), Consent { typed, reason })]).collect()
}

/// Closes the plan. A run under way goes on, stays in sight over the list, and any action key shows it again.
pub(super) fn close(model: &mut Model, now: Instant) -> Vec<Effect> {
    let is_confirmed = model.planning.as_ref().is_some_and(|planning| planning.scene.run.is_some());
    let kept = if is_confirmed { Vec::new() } else { drafts::closing(model, now) };
    kept.into_iter().chain(put_away(model, now)).collect()
}

fn put_away(model: &mut Model, now: Instant) -> Vec<Effect> {
    model.ui.overlays.retain(|overlay| !matches!(overlay, Overlay::Plan { .. }));
    if model.planning.as_ref().and_then(|planning| planning.scene.run.as_ref()).is_some_and(|run| !run.phase.is_final())
    {
        toast(model, "It goes on; an action key shows it again.", false, now);
        return Vec::new();
    }
    match model.planning.take() {
        Some(Planning { scene: PlanScene { plan: Some(plan), run: None, .. }, .. }) => {
            vec![Effect::GiveUp(Box::new(Arc::unwrap_or_clone(plan)), "closed without confirming")]
        }
        _ => Vec::new(),
    }
}

/// The console is left: a plan that is open then is given up, and that is written down first.
pub(super) fn leave(model: &mut Model) -> Vec<Effect> {
    let is_open = model.planning.as_ref().is_some_and(|planning| planning.scene.run.is_none());
    let open = if is_open { model.planning.take().and_then(|planning| planning.scene.plan) } else { None };
    let given_up = open.map(|plan| Effect::GiveUp(Box::new(Arc::unwrap_or_clone(plan)), "the console was left"));
    given_up.into_iter().chain([Effect::Leave]).collect()
}
