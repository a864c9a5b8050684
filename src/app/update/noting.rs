//! Notes on alerts: the form opened, kept true to what the store says, confirmed, told how it ended.

use std::sync::Arc;

use super::{ARMING, drafts, taking, toast, typing};
use crate::actions::Said;
use crate::app::commands::Command;
use crate::app::drafts::Form;
use crate::app::effect::Effect;
use crate::app::model::Model;
use crate::domain::action::Phase;
use crate::domain::alert::{NoteDeed, Noted, Noting};
use crate::domain::store::Note;
use crate::domain::text;
use crate::domain::time::Instant;
use crate::ui::noting::NotingScene;
use crate::ui::state::{Field, Overlay};

/// Runs a command about notes, or about a text that is being typed.
pub(super) fn run(model: &mut Model, command: Command, now: Instant) -> Option<Vec<Effect>> {
    match command {
        Command::Note | Command::EditNote if super::input::has_slid(model, now) => Some(Vec::new()),
        Command::Note => Some(open(model, NoteDeed::Note, now)),
        Command::EditNote => Some(open(model, NoteDeed::EditNote, now)),
        Command::EditText => {
            let text = typing::free_text(model).map(|field| field.text.clone());
            if text.is_none() {
                toast(model, "Nothing is typed here that an editor is for.", false, now);
            }
            Some(text.map(Effect::EditText).into_iter().collect())
        }
        _ => None,
    }
}

/// What is written down about an alert, the newest first.
fn notes<'m>(model: &'m Model, environment: &str, fingerprint: &str) -> &'m [Note] {
    model.store.as_ref().map(|store| store.notes.of(environment, fingerprint)).unwrap_or_default()
}

/// Opens the form for the alert the operator means.
fn open(model: &mut Model, action: NoteDeed, now: Instant) -> Vec<Effect> {
    let refused = |model: &mut Model, words: &str| {
        toast(model, words, true, now);
        Vec::new()
    };
    if model.noting.as_ref().is_some_and(|open| open.is_writing) {
        return refused(model, "One is being written; wait for its answer.");
    }
    let meant = model.alerts_meant();
    let alert = match meant.as_slice() {
        [] => return refused(model, "No alert is about what is under the cursor."),
        [only] => only.clone(),
        several => {
            let words = format!(
                "These are {} alerts, and a note is on one: unfold the group, or open the alerts and choose.",
                several.len()
            );
            return refused(model, &words);
        }
    };
    let seen = notes(model, &alert.environment, &alert.key).first().filter(|_| action == NoteDeed::EditNote).cloned();
    if action == NoteDeed::EditNote && seen.is_none() {
        return refused(model, "Nobody wrote a note on it, as far as the store is known here.");
    }
    let text = seen.as_ref().map(|seen| seen.text.clone()).unwrap_or_default();
    let plan = plan(model, action, &alert.environment, Noted::from(&*alert), seen.as_ref(), now);
    let notes = notes(model, &alert.environment, &alert.key).to_vec();
    model.noting =
        Some(NotingScene { plan: Arc::new(plan), notes, armed_at: Some(now + ARMING), is_writing: false, error: None });
    model.ui.overlays.retain(|overlay| !matches!(overlay, Overlay::Palette { .. } | Overlay::Actions { .. }));
    model.ui.overlays.push(Overlay::Noting { scroll: 0, text: Field::holding(text) });
    Vec::new()
}

fn plan(
    model: &Model,
    action: NoteDeed,
    environment: &Arc<str>,
    alert: Noted,
    seen: Option<&Note>,
    now: Instant,
) -> Noting {
    let fires = model.alerts.alert(&(environment.clone(), alert.fingerprint.as_str().into())).is_some();
    Noting::plan(action, alert, fires, seen, taking::around(model, environment, None, now))
}

/// What is known has changed, or what is typed: an open form says so, and what was not read is not confirmed.
pub(super) fn refresh(model: &mut Model, now: Instant) {
    let Some(open) = model.noting.as_ref().filter(|open| !open.is_writing) else { return };
    let before = open.plan.clone();
    let typed = model.ui.overlays.iter().find_map(|overlay| match overlay {
        Overlay::Noting { text, .. } => Some(text.text.clone()),
        _ => None,
    });
    let Some(typed) = typed else { return };
    let environment: Arc<str> = before.environment.as_str().into();
    let known = notes(model, &environment, &before.alert.fingerprint).to_vec();
    let was_told = model.store.is_some();
    let seen = before.seen.as_ref().map(|seen| known.iter().find(|one| one.id == seen.id));
    let (action, seen) = match seen {
        None => (NoteDeed::Note, None),
        // What was taken back is not changed any more; what is typed may still be said.
        Some(None) if was_told => (NoteDeed::Note, None),
        Some(None) => (before.action, before.seen.as_ref()),
        Some(now_said) if typed.trim().is_empty() => (NoteDeed::WithdrawNote, now_said),
        Some(now_said) => (NoteDeed::EditNote, now_said),
    };
    let fresh = plan(model, action, &environment, before.alert.clone(), seen, now);
    let is_moved = fresh.seen != before.seen;
    let is_gone = is_moved && fresh.seen.is_none();
    let Some(open) = model.noting.as_mut() else { return };
    open.notes = known;
    if fresh.reads_as(&before) {
        return;
    }
    open.plan = Arc::new(fresh);
    open.armed_at = Some(now + ARMING);
    if is_gone {
        toast(model, "The note was taken back meanwhile: what you typed becomes a new one.", true, now);
    } else if is_moved {
        toast(
            model,
            "Somebody changed the note meanwhile. Read what it says now; your text is as you typed it.",
            true,
            now,
        );
    }
}

/// Tab: the next older note, or the newest again.
pub(super) fn step(model: &mut Model, is_back: bool, now: Instant) -> Vec<Effect> {
    let Some(Overlay::Noting { text, .. }) = model.ui.overlays.last() else { return Vec::new() };
    let Some(open) = model.noting.as_ref().filter(|open| !open.is_writing) else { return Vec::new() };
    let Some(seen) = &open.plan.seen else { return Vec::new() };
    if text.text != seen.text {
        toast(model, "What you changed is not written yet: press enter first, or esc to give it up.", true, now);
        return Vec::new();
    }
    let (count, place) = (open.notes.len(), open.notes.iter().position(|one| one.id == seen.id).unwrap_or(0));
    let by = if is_back { count.saturating_sub(1) } else { 1 };
    let Some(next) = open.notes.iter().cycle().nth(place + by).cloned() else { return Vec::new() };
    let before = open.plan.clone();
    let kept = drafts::turned(model, now);
    let environment: Arc<str> = before.environment.as_str().into();
    let fresh = plan(model, NoteDeed::EditNote, &environment, before.alert.clone(), Some(&next), now);
    if let Some(open) = model.noting.as_mut() {
        open.plan = Arc::new(fresh);
        open.armed_at = Some(now + ARMING);
        open.error = None;
    }
    if let Some(Overlay::Noting { text, scroll }) = model.ui.overlays.last_mut() {
        *text = Field::holding(next.text);
        *scroll = 0;
    }
    kept
}

/// Enter on the form.
pub(super) fn confirm(model: &mut Model, typed: &str, now: Instant) -> Vec<Effect> {
    let Some(open) = model.noting.as_mut().filter(|open| !open.is_writing) else { return Vec::new() };
    if !open.plan.is_applicable() {
        toast(model, "It cannot be written now; the reasons are on it, and what you typed stays.", true, now);
        return Vec::new();
    }
    if open.armed_at.is_some_and(|at| now < at) {
        toast(model, "Read it first: the confirmation is not armed yet.", true, now);
        return Vec::new();
    }
    let plan = (*open.plan).clone().saying(typed);
    if let Some(trouble) = plan.trouble() {
        open.error = Some(trouble);
        return Vec::new();
    }
    open.is_writing = true;
    open.error = None;
    let kept = drafts::sending(model, now);
    kept.into_iter().chain([Effect::Note(Box::new(plan))]).collect()
}

/// Closes the form. What is being written goes on, and its end is told.
pub(super) fn close(model: &mut Model, now: Instant) -> Vec<Effect> {
    let is_writing = model.noting.as_ref().is_some_and(|open| open.is_writing);
    let kept = if is_writing { Vec::new() } else { drafts::closing(model, now) };
    model.ui.overlays.retain(|overlay| !matches!(overlay, Overlay::Noting { .. }));
    if is_writing {
        toast(model, "It is being written; how it ends is told here.", false, now);
    }
    kept.into_iter().chain(leave(model)).collect()
}

/// Gives an open form up.
pub(super) fn leave(model: &mut Model) -> Option<Effect> {
    let open = model.noting.take_if(|open| !open.is_writing)?;
    Some(Effect::LeaveNote(Box::new(Arc::unwrap_or_clone(open.plan))))
}

/// It was written, or not. What was not is still open, with what was typed.
pub(super) fn said(model: &mut Model, said: &Said, now: Instant) -> Vec<Effect> {
    let is_done = said.phase == Phase::Done;
    let is_open = model.ui.overlays.iter().any(|overlay| matches!(overlay, Overlay::Noting { .. }));
    let lead = if said.phase == Phase::Unknown { "UNKNOWN: " } else { "" };
    let words = format!("{lead}{}", said.words);
    toast(model, &words, !is_done, now);
    match model.noting.as_mut().filter(|_| is_open && !is_done) {
        Some(open) => {
            open.is_writing = false;
            open.armed_at = Some(now + ARMING);
            open.error = Some(words);
            refresh(model, now);
        }
        None => {
            model.noting = None;
            model.ui.overlays.retain(|overlay| !matches!(overlay, Overlay::Noting { .. }));
        }
    }
    let forgotten = drafts::sent(model, Form::Note, said.phase, now);
    forgotten.into_iter().chain([Effect::ReadJournal]).collect()
}

/// The operator's editor has ended: what it left is what was typed.
pub(super) fn edited(model: &mut Model, edited: Result<String, String>, now: Instant) -> Vec<Effect> {
    match edited {
        Ok(text) => {
            let text = text::clean_lines(&text);
            let is_note = matches!(model.overlay(), Some(Overlay::Noting { .. }));
            if let Some(field) = typing::free_text(model) {
                *field = Field::holding(if is_note { text } else { text.replace('\n', " ") });
            }
            refresh(model, now);
        }
        Err(sentence) => toast(model, &text::clean(&sentence), true, now),
    }
    vec![Effect::Repaint]
}
