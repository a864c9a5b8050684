//! Notes on alerts: the form of one, kept true to what the store says.

use std::sync::Arc;

use super::{ARMING, drafts, toast, typing, word};
use crate::app::commands::Command;
use crate::app::drafts::Form;
use crate::app::effect::Effect;
use crate::app::model::Model;
use crate::domain::alert::{NoteDeed, Noted, Noting, Word};
use crate::domain::store::Note;
use crate::domain::text;
use crate::domain::time::Instant;
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
    model
        .world
        .store
        .as_ref()
        .and_then(|store| store.facts::<Note>())
        .map(|notes| notes.of(environment, fingerprint))
        .unwrap_or_default()
}

/// Whether somebody wrote one on an alert, as far as the store is known here.
pub(super) fn has_one(model: &Model, alert: &crate::domain::alert::Alert) -> bool {
    !notes(model, &alert.environment, &alert.key).is_empty()
}

/// Opens the form for the alert the operator means.
fn open(model: &mut Model, action: NoteDeed, now: Instant) -> Vec<Effect> {
    let refused = |model: &mut Model, words: &str| {
        toast(model, words, true, now);
        Vec::new()
    };
    if word::is_busy(model, Form::Note, now) {
        return Vec::new();
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
    let plan = plan(model, action, &alert.environment, Noted::from(&*alert), seen.as_ref(), now);
    word::open(model, plan.into(), seen.map(|seen| seen.text).unwrap_or_default(), now)
}

fn plan(
    model: &Model,
    action: NoteDeed,
    environment: &Arc<str>,
    alert: Noted,
    seen: Option<&Note>,
    now: Instant,
) -> Noting {
    let fires = model.world.alerts.alert(&(environment.clone(), alert.fingerprint.as_str().into())).is_some();
    Noting::plan(action, alert, fires, seen, &word::around(model, environment, None, now))
}

/// The plan as it is now, with this typed, and what is said of it when it reads another way.
pub(super) fn anew(model: &Model, before: &Noting, typed: &str, now: Instant) -> (Word, Option<&'static str>) {
    let environment: Arc<str> = before.terms.environment.as_str().into();
    let known = notes(model, &environment, &before.alert.fingerprint);
    let seen = before.seen.as_ref().map(|seen| known.iter().find(|one| one.id == seen.id));
    let (action, seen) = match seen {
        None => (NoteDeed::Note, None),
        // What was taken back is not changed any more; what is typed may still be said.
        Some(None) if model.world.store.is_some() => (NoteDeed::Note, None),
        Some(None) => (before.action, before.seen.as_ref()),
        Some(said_now) if !text::is_visible(typed) => (NoteDeed::WithdrawNote, said_now),
        Some(said_now) => (NoteDeed::EditNote, said_now),
    };
    let fresh = plan(model, action, &environment, before.alert.clone(), seen, now);
    let words = match &fresh.seen {
        seen if *seen == before.seen => None,
        None => Some("The note was taken back meanwhile: what you typed becomes a new one."),
        Some(_) => Some("Somebody changed the note meanwhile. Read what it says now; your text is as you typed it."),
    };
    (fresh.into(), words)
}

/// Tab: the next older note, or the newest again.
pub(super) fn step(model: &mut Model, is_back: bool, now: Instant) -> Vec<Effect> {
    let Some(Overlay::Word { text, .. }) = model.ui.overlays.last() else { return Vec::new() };
    let Some(open) = model.word.as_ref().filter(|open| !open.is_writing) else { return Vec::new() };
    let Word::Noting(before) = &*open.plan else { return Vec::new() };
    let Some(seen) = &before.seen else { return Vec::new() };
    if text.text != seen.text {
        toast(model, "What you changed is not written yet: press enter first, or esc to give it up.", true, now);
        return Vec::new();
    }
    let environment: Arc<str> = before.terms.environment.as_str().into();
    let known = notes(model, &environment, &before.alert.fingerprint);
    let place = known.iter().position(|one| one.id == seen.id).unwrap_or(0);
    let by = if is_back { known.len().saturating_sub(1) } else { 1 };
    let Some(next) = known.iter().cycle().nth(place + by).cloned() else { return Vec::new() };
    let fresh = plan(model, NoteDeed::EditNote, &environment, before.alert.clone(), Some(&next), now);
    let kept = drafts::turned(model, now);
    if let Some(open) = model.word.as_mut() {
        open.plan = Arc::new(fresh.into());
        open.armed_at = Some(now + ARMING);
        open.error = None;
    }
    if let Some(Overlay::Word { text, scroll }) = model.ui.overlays.last_mut() {
        *text = Field::holding(next.text);
        *scroll = 0;
    }
    kept
}

/// The operator's editor has ended: what it left is what was typed.
pub(super) fn edited(model: &mut Model, edited: Result<String, String>, now: Instant) -> Vec<Effect> {
    match edited {
        Ok(text) => {
            let text = text::clean_lines(&text);
            let is_note = model.has_open_note();
            if let Some(field) = typing::free_text(model) {
                *field = Field::holding(if is_note { text } else { text.replace('\n', " ") });
            }
            word::refresh(model, now);
        }
        Err(sentence) => toast(model, &text::clean(&sentence), true, now),
    }
    vec![Effect::Repaint]
}
