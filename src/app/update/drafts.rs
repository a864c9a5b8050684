//! Drafts of forms: what is typed is kept a moment later, offered when the same form is opened again, forgotten once it was sent.

use chrono::TimeDelta;

use super::{TOAST, toast};
use crate::app::drafts::{Draft, DraftKey, OpenForm};
use crate::app::effect::Effect;
use crate::app::model::Model;
use crate::domain::alert::{Deed, NoteDeed};
use crate::domain::time::{self, Instant};
use crate::ui::state::{Field, Overlay};

/// How long after a change what is typed is kept: one write for a burst of keys.
const AFTER: TimeDelta = TimeDelta::milliseconds(400);

/// What was kept by consoles of before.
pub(super) fn read(model: &mut Model, drafts: &[Draft]) -> Vec<Effect> {
    for draft in drafts {
        model.drafts.keep(draft);
    }
    Vec::new()
}

/// The open form and its fields; never what confirms.
fn form(model: &Model) -> Option<(DraftKey, Vec<String>)> {
    let texts = |fields: &[Field], count: usize| fields.iter().take(count).map(|field| field.text.clone()).collect();
    let (form, environment, target, fields) = match model.ui.overlays.last()? {
        Overlay::Noting { text, .. } => {
            let plan = &model.noting.as_ref()?.plan;
            let id = plan.seen.as_ref().map(|seen| format!("/{}", seen.id)).unwrap_or_default();
            // Emptied it is taken back, and is the same form.
            let form = if plan.action == NoteDeed::Note { NoteDeed::Note.id() } else { NoteDeed::EditNote.id() };
            (form, plan.environment.clone(), format!("{}{id}", plan.alert.fingerprint), vec![text.text.clone()])
        }
        Overlay::Taking { note, .. } => {
            let taking = &model.taking.as_ref()?.taking;
            if taking.action != Deed::Acknowledge {
                return None;
            }
            let target: Vec<&str> = taking.alerts.iter().map(|taken| taken.fingerprint.as_str()).collect();
            (taking.action.id(), taking.environment.clone(), target.join(" "), vec![note.text.clone()])
        }
        Overlay::Silencing { fields, .. } => {
            let open = model.silencing.as_ref()?;
            let chosen: Vec<&str> = open.chosen.iter().map(AsRef::as_ref).collect();
            let target = open.seen.as_ref().map_or_else(|| chosen.join(" "), |seen| seen.id.to_string());
            (open.action.id(), open.environment.to_string(), target, texts(fields, open.word_at()))
        }
        _ => return None,
    };
    Some((DraftKey { form: form.to_owned(), environment, target }, fields))
}

/// Puts a draft into the open form.
fn fill(model: &mut Model, typed: &[String]) {
    let put = |field: &mut Field, text: &String| *field = Field::holding(text.as_str());
    match model.ui.overlays.last_mut() {
        Some(Overlay::Noting { text, .. }) => typed.iter().take(1).for_each(|draft| put(text, draft)),
        Some(Overlay::Taking { note, .. }) => typed.iter().take(1).for_each(|draft| put(note, draft)),
        Some(Overlay::Silencing { fields, .. }) => {
            fields.iter_mut().zip(typed).for_each(|(field, draft)| put(field, draft));
        }
        _ => {}
    }
}

/// Looks at the open form after a message: offers a draft to one just opened, and keeps what was typed once it is due.
pub(super) fn watch(model: &mut Model, now: Instant) -> Vec<Effect> {
    let Some((key, fields)) = form(model) else {
        model.drafts.open = None;
        model.drafts.due = None;
        return Vec::new();
    };
    let Some(open) = model.drafts.open.as_mut() else { return opened(model, key, fields, now) };
    if open.key != key && open.seen != fields {
        // Another note of the alert was chosen; the one before was as it is in the store.
        return opened(model, key, fields, now);
    }
    if open.key != key {
        // The note was taken back meanwhile: what is typed is a new one.
        let untouched = vec![String::new(); fields.len()];
        let before = std::mem::replace(&mut open.key, key);
        (open.kept, open.untouched) = (untouched.clone(), untouched);
        model.drafts.due = Some(now + AFTER);
        return forget(model, &before);
    }
    open.seen.clone_from(&fields);
    match model.drafts.due {
        _ if fields == open.kept => model.drafts.due = None,
        None => model.drafts.due = Some(now + AFTER),
        Some(due) if due <= now => return keep(model, now),
        Some(_) => {}
    }
    Vec::new()
}

/// A form was opened: what was typed into it before, and not sent, is there again.
fn opened(model: &mut Model, key: DraftKey, fields: Vec<String>, now: Instant) -> Vec<Effect> {
    let draft = model.drafts.of(&key, now).map(|(draft, at)| (draft.clone(), at));
    let mut open = OpenForm { key, untouched: fields.clone(), kept: fields.clone(), seen: fields };
    if let Some((draft, at)) = draft {
        fill(model, &draft);
        let age = time::coarse(time::age(at, now));
        let words = format!("What you typed {age} ago is here again; nothing of it was sent. ctrl-u empties a field.");
        toast(model, &words, false, now);
        (open.kept, open.seen) = (draft.clone(), draft);
    }
    model.drafts.open = Some(open);
    model.drafts.due = None;
    model.drafts.forget = None;
    Vec::new()
}

/// Keeps what is typed now, or forgets the draft of a form that is as it was opened.
pub(super) fn keep(model: &mut Model, now: Instant) -> Vec<Effect> {
    model.drafts.due = None;
    let (Some((key, fields)), Some(open)) = (form(model), model.drafts.open.as_mut()) else { return Vec::new() };
    if open.kept == fields {
        return Vec::new();
    }
    open.kept.clone_from(&fields);
    if fields == open.untouched {
        return forget(model, &key);
    }
    let draft = Draft { key, fields, saved_at: now };
    model.drafts.keep(&draft);
    vec![Effect::KeepDraft(Box::new(draft))]
}

fn forget(model: &mut Model, key: &DraftKey) -> Vec<Effect> {
    let was_there = model.drafts.forget(key);
    was_there.then(|| Effect::ForgetDraft(key.clone())).into_iter().collect()
}

/// The open form is sent: until it is known that it arrived, its draft stays.
pub(super) fn sending(model: &mut Model, now: Instant) -> Vec<Effect> {
    let effects = keep(model, now);
    model.drafts.sending = form(model).map(|(key, _)| key);
    effects
}

/// What was sent has arrived, or has not.
pub(super) fn sent(model: &mut Model, is_done: bool) -> Vec<Effect> {
    let key = model.drafts.sending.take().filter(|_| is_done);
    if is_done {
        model.drafts.open = None;
        model.drafts.due = None;
    }
    key.map(|key| forget(model, &key)).unwrap_or_default()
}

/// The open form is closed without being sent: what is typed in it is kept, and esc once more forgets it.
pub(super) fn closing(model: &mut Model, now: Instant) -> Vec<Effect> {
    let effects = keep(model, now);
    if let Some((key, _)) = form(model).filter(|(key, _)| model.drafts.of(key, now).is_some()) {
        model.drafts.forget = Some((key, now + TOAST));
        toast(model, "Closed. What you typed is kept here for a day; esc once more forgets it.", false, now);
    }
    effects
}

/// Esc where no form is open: forgets what was just closed; `None` when there is nothing of that kind.
pub(super) fn escape(model: &mut Model, now: Instant) -> Option<Vec<Effect>> {
    let (key, until) = model.drafts.forget.take()?;
    if now >= until {
        return None;
    }
    toast(model, "Forgotten.", false, now);
    Some(forget(model, &key))
}
