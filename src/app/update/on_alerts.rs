//! Actions on alerts from the screen: which alerts are meant, and what stands in the form at first.

use std::sync::Arc;

use super::{drafts, plan, toast};
use crate::actions::{Action, Options};
use crate::app::effect::Effect;
use crate::app::model::Model;
use crate::domain::action::Given;
use crate::domain::alert::Alert;
use crate::domain::source::SourceState;
use crate::domain::store::Note;
use crate::domain::subject::{AlertRef, Subject};
use crate::domain::time::Instant;
use crate::ui::state::Overlay;

/// What is written down about an alert, the newest first, as far as the store is known here.
pub(super) fn notes<'m>(model: &'m Model, environment: &str, fingerprint: &str) -> &'m [Note] {
    let held = model.world.store.as_ref().and_then(|store| store.facts::<Note>());
    held.map(|notes| notes.of(environment, fingerprint)).unwrap_or_default()
}

/// Opens the plan for the alerts the operator means.
pub(super) fn open(model: &mut Model, action: &'static dyn Action, now: Instant) -> Vec<Effect> {
    let meant = model.alerts_meant();
    let Some(first) = meant.first() else {
        toast(model, "No alert is about what is under the cursor.", true, now);
        return Vec::new();
    };
    if meant.iter().any(|alert| alert.environment != first.environment) {
        toast(model, "These alerts are of several environments: unfold the group and choose one.", true, now);
        return Vec::new();
    }
    if let Some(words) = action.about().too_many(meant.len()) {
        toast(model, &words, true, now);
        return Vec::new();
    }
    let notes = notes(model, &first.environment, &first.key);
    if let Err(why) = action.applies_to(&meant, notes) {
        toast(model, &format!("This cannot be done: {why}."), true, now);
        return Vec::new();
    }
    let seen = notes.first().filter(|_| action.takes("note")).cloned();
    let targets = meant.iter().map(|alert| target(alert)).collect();
    let about = if action.about().most == 1 { format!("on {}", first.title()) } else { about(&meant) };
    begin(model, action, (targets, about), seen.as_ref(), now)
}

fn target(alert: &Alert) -> AlertRef {
    let (environment, name) = (alert.environment.clone(), alert.title().to_owned());
    AlertRef { environment, fingerprint: alert.key.to_string(), name }
}

/// What it is about, in a few words: a name, or how many of it, or how many.
fn about(alerts: &[Arc<Alert>]) -> String {
    match alerts {
        [only] => only.title().to_owned(),
        [first, rest @ ..] if rest.iter().all(|other| other.title() == first.title()) => {
            format!("{} x{}", first.title(), alerts.len())
        }
        all => format!("{} alerts", all.len()),
    }
}

/// Opens the plan, with the note that was seen in its form.
fn begin(
    model: &mut Model,
    action: &'static dyn Action,
    (targets, about): (Vec<AlertRef>, String),
    seen: Option<&Note>,
    now: Instant,
) -> Vec<Effect> {
    let fingerprints: Vec<&str> = targets.iter().map(|alert| alert.fingerprint.as_str()).collect();
    let mut draft = fingerprints.join(" ");
    let mut given = Given::default();
    if let Some(note) = seen {
        given = given.with("note", note.id.as_str());
        draft = format!("{draft}/{}", note.id);
    }
    let text = seen.map(|note| note.text.clone()).unwrap_or_default();
    let fields = if action.takes("text") { vec![("text", text)] } else { Vec::new() };
    let form = plan::Form { about, fields, draft };
    let targets = targets.into_iter().map(Subject::Alert).collect();
    plan::open(model, action, (targets, Options { given, ..Options::default() }), form, now)
}

/// Tab in the form of a note that is changed: the next older one, or the newest again; `None` where no such form is open.
pub(super) fn turn(model: &mut Model, is_back: bool, now: Instant) -> Option<Vec<Effect>> {
    let planning = model.planning.as_ref().filter(|planning| planning.scene.run.is_none())?;
    let seen = planning.request.options.given.text("note")?.to_owned();
    let [Subject::Alert(alert)] = planning.request.targets.as_slice() else { return None };
    let (alert, action, opened) =
        (alert.clone(), model.catalog.named(planning.opened)?, planning.scene.planned.clone());
    let Some(Overlay::Plan { given, .. }) = model.ui.overlays.last() else { return None };
    let known = notes(model, &alert.environment, &alert.fingerprint);
    let place = known.iter().position(|one| one.id.as_str() == seen).unwrap_or(0);
    if given.iter().map(|field| &field.text).ne(&opened) {
        toast(model, "What you changed is not written yet: press enter first, or esc to give it up.", true, now);
        return Some(Vec::new());
    }
    let by = if is_back { known.len().saturating_sub(1) } else { 1 };
    let next = known.iter().cycle().nth(place + by).cloned()?;
    let kept = drafts::turned(model, now);
    let about = format!("on {}", alert.name);
    Some(kept.into_iter().chain(begin(model, action, (vec![alert], about), Some(&next), now)).collect())
}

/// What is known of the alerts of the open plan, as far as a plan of them hangs on it.
pub(super) type Known = (Option<SourceState>, Vec<KnownAlert>);
/// One of them as it is listed, and the notes on it.
type KnownAlert = (Option<Arc<Alert>>, Vec<Note>);

/// As it is now.
pub(super) fn known(model: &Model) -> Known {
    let targets = model.planning.iter().flat_map(|planning| &planning.request.targets);
    let of = |target: &Subject| match target {
        Subject::Alert(AlertRef { environment, fingerprint, .. }) => {
            let listed = model.world.alerts.alert(&(environment.clone(), fingerprint.as_str().into())).cloned();
            Some((listed, notes(model, environment, fingerprint).to_vec()))
        }
        _ => None,
    };
    (model.world.store.as_ref().map(|store| store.health.state), targets.filter_map(of).collect())
}

/// News came: a plan on alerts of which something else is known is worked out again soon.
pub(super) fn moved(model: &mut Model, (store, alerts): &Known, now: Instant) -> Vec<Effect> {
    let says = |alert: &Arc<Alert>| (alert.started_at, alert.hold, alert.acknowledged.clone());
    let (store_now, alerts_now) = known(model);
    let is_same = |(one, other): (&KnownAlert, &KnownAlert)| {
        one.0.as_ref().map(says) == other.0.as_ref().map(says) && one.1 == other.1
    };
    if let Some(effects) = note_of_its_own(model, now) {
        return effects;
    }
    let is_moved = *store != store_now || !alerts.iter().zip(&alerts_now).all(is_same);
    if is_moved && !alerts.is_empty() { plan::soon(model, now) } else { Vec::new() }
}

/// The note that is being changed was taken back meanwhile: what is typed becomes one of its own. `None` where it is still there.
fn note_of_its_own(model: &mut Model, now: Instant) -> Option<Vec<Effect>> {
    let planning =
        model.planning.as_ref().filter(|planning| planning.scene.run.is_none() && model.world.store.is_some())?;
    let seen = planning.request.options.given.text("note").filter(|_| planning.scene.may_be_emptied)?;
    let [Subject::Alert(alert)] = planning.request.targets.as_slice() else { return None };
    if notes(model, &alert.environment, &alert.fingerprint).iter().any(|one| one.id.as_str() == seen) {
        return None;
    }
    let (alert, action) = (alert.clone(), model.catalog.named("note")?);
    let Some(Overlay::Plan { given, .. }) = model.ui.overlays.last() else { return None };
    let typed = given.clone();
    let about = format!("on {}", alert.name);
    let effects = begin(model, action, (vec![alert], about), None, now);
    if let Some(Overlay::Plan { given, .. }) = model.ui.overlays.last_mut() {
        *given = typed;
    }
    toast(model, "The note was taken back meanwhile: what you typed becomes a new one.", true, now);
    Some(effects)
}
