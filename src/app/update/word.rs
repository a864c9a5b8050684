//! A word about alerts, an acknowledgement or a note: its plan kept true to what is known, confirmed, told how it ended.

use std::sync::Arc;

use chrono::TimeDelta;

use super::{ARMING, drafts, noting, taking, toast};
use crate::actions::Said;
use crate::app::drafts::Form;
use crate::app::effect::Effect;
use crate::app::model::Model;
use crate::domain::action::Phase;
use crate::domain::alert::{Around, Word};
use crate::domain::source::SourceState;
use crate::domain::time::Instant;
use crate::ui::scene::WordScene;
use crate::ui::state::{Field, Overlay};

/// Opens the plan of one, with this text in its field.
pub(super) fn open(model: &mut Model, plan: Word, text: String, now: Instant) -> Vec<Effect> {
    model.word = Some(WordScene { plan: Arc::new(plan), armed_at: Some(now + ARMING), is_writing: false, error: None });
    model.ui.overlays.retain(|overlay| !matches!(overlay, Overlay::Palette { .. } | Overlay::Actions { .. }));
    model.ui.overlays.push(Overlay::Word { scroll: 0, text: Field::holding(text) });
    Vec::new()
}

/// Whether one of this form is being written, and no other can be opened; then that is said.
pub(super) fn is_busy(model: &mut Model, form: Form, now: Instant) -> bool {
    let is_busy = model.writing.contains(&form);
    if is_busy {
        toast(model, "One is being written; wait for its answer.", true, now);
    }
    is_busy
}

/// What a plan of something for the store is made from beside the alert.
pub(super) fn around(model: &Model, environment: &Arc<str>, alerts_age: Option<TimeDelta>, now: Instant) -> Around {
    Around {
        environment: environment.clone(),
        author: model.author.clone(),
        refusal: refusal(model),
        alerts_age,
        ahead: model.world.store.as_ref().map_or(TimeDelta::zero(), |store| store.ahead),
        now,
    }
}

/// Why nothing may be written into the store from here.
fn refusal(model: &Model) -> Option<String> {
    if model.is_store_read_only {
        return Some("this console was started with --read-only.".to_owned());
    }
    match model.world.store.as_ref().map(|store| &store.health) {
        Some(health) if health.state == SourceState::Fresh => None,
        Some(health) => {
            let why = health.error.as_deref().unwrap_or("it has not answered yet.");
            Some(format!("the store is {}, and nothing waits to be written: {why}", health.state.word()))
        }
        None => Some("the store has not answered yet.".to_owned()),
    }
}

/// What is known has changed, or what is typed: an open plan says so, and what was not read is not confirmed.
pub(super) fn refresh(model: &mut Model, now: Instant) {
    let Some(open) = model.word.as_ref().filter(|open| !open.is_writing) else { return };
    let before = open.plan.clone();
    let typed = model.ui.overlays.iter().find_map(|overlay| match overlay {
        Overlay::Word { text, .. } => Some(text.text.as_str()),
        _ => None,
    });
    let Some(typed) = typed else { return };
    let (fresh, words) = match &*before {
        Word::Taking(before) => taking::anew(model, before, now),
        Word::Noting(before) => noting::anew(model, before, typed, now),
    };
    if fresh.reads_as(&before) {
        // It holds from now: what is on it is what is known now.
        if let Some(open) = model.word.as_mut() {
            open.plan = Arc::new(fresh);
        }
        return;
    }
    if let Some(open) = model.word.as_mut() {
        open.plan = Arc::new(fresh);
        open.armed_at = Some(now + ARMING);
    }
    if let Some(words) = words {
        toast(model, words, true, now);
    }
}

/// Enter on the plan.
pub(super) fn confirm(model: &mut Model, typed: &str, now: Instant) -> Vec<Effect> {
    // A long text takes longer to write than a plan holds: what is confirmed is the plan of now, or it is read once more.
    refresh(model, now);
    let Some(open) = model.word.as_mut().filter(|open| !open.is_writing) else { return Vec::new() };
    if !open.plan.terms().is_applicable() {
        toast(model, "It cannot be written now; the reasons are on it, and what you typed stays.", true, now);
        return Vec::new();
    }
    if open.armed_at.is_some_and(|at| now < at) {
        toast(model, "Read it first: the confirmation is not armed yet.", true, now);
        return Vec::new();
    }
    let word = (*open.plan).clone().saying(typed);
    open.error = word.trouble();
    if open.error.is_some() {
        return Vec::new();
    }
    open.is_writing = true;
    model.writing.insert(Form::of(&word));
    let kept = drafts::sending(model, now);
    kept.into_iter().chain([Effect::Say(word)]).collect()
}

/// Closes the plan. What is being written goes on, and its end is told.
pub(super) fn close(model: &mut Model, now: Instant) -> Vec<Effect> {
    let is_writing = model.word.as_ref().is_some_and(|open| open.is_writing);
    let kept = if is_writing { Vec::new() } else { drafts::closing(model, now) };
    model.ui.overlays.retain(|overlay| !matches!(overlay, Overlay::Word { .. }));
    if is_writing {
        toast(model, "It is being written; how it ends is told here.", false, now);
    }
    kept.into_iter().chain(leave(model)).collect()
}

/// Gives an open plan up; one that is being written only leaves the screen.
pub(super) fn leave(model: &mut Model) -> Option<Effect> {
    let open = model.word.take().filter(|open| !open.is_writing)?;
    Some(Effect::LeaveUnsaid(Arc::unwrap_or_clone(open.plan)))
}

/// It was written, or not. What was not is still open, with what was typed.
pub(super) fn said(model: &mut Model, form: Form, said: &Said, now: Instant) -> Vec<Effect> {
    let is_done = said.phase == Phase::Done;
    let lead = if said.phase == Phase::Unknown { "UNKNOWN: " } else { "" };
    let words = format!("{lead}{}", said.words);
    toast(model, &words, !is_done, now);
    model.writing.remove(&form);
    match model.word.as_mut().filter(|open| open.is_writing && Form::of(&open.plan) == form) {
        Some(open) if !is_done => {
            open.is_writing = false;
            open.armed_at = Some(now + ARMING);
            open.error = Some(words);
            refresh(model, now);
        }
        Some(_) => {
            model.word = None;
            model.ui.overlays.retain(|overlay| !matches!(overlay, Overlay::Word { .. }));
        }
        None => {}
    }
    let forgotten = drafts::sent(model, form, said.phase, now);
    forgotten.into_iter().chain([Effect::ReadJournal]).collect()
}
