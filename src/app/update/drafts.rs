//! Drafts of forms: what is typed is kept a moment later, offered when the same form is opened again, forgotten once it was sent.

use chrono::TimeDelta;

use super::toast;
use crate::app::drafts::{Draft, DraftKey, OpenForm};
use crate::app::effect::Effect;
use crate::app::model::Model;
use crate::domain::action::Phase;
use crate::domain::time::{self, Instant};
use crate::ui::state::{Field, Overlay};

/// How long after a change what is typed is kept: one write for a burst of keys.
const AFTER: TimeDelta = TimeDelta::milliseconds(400);
/// What is asked when a form is closed that is not sent.
const CLOSED: &str = "Closed. What you typed is kept here for a day; esc once more forgets it.";

/// What was kept by consoles of before.
pub(super) fn read(model: &mut Model, drafts: Vec<Draft>) -> Vec<Effect> {
    for draft in drafts {
        model.drafts.keep(draft);
    }
    Vec::new()
}

/// The open form and its fields; never what confirms.
fn form(model: &Model) -> Option<(DraftKey, Vec<String>)> {
    model.ui.overlays.iter().rev().find_map(|overlay| form_of(model, overlay))
}

fn form_of(model: &Model, overlay: &Overlay) -> Option<(DraftKey, Vec<String>)> {
    let Overlay::Plan { reason, given, .. } = overlay else { return None };
    let planning = model.planning.as_ref().filter(|one| one.scene.run.is_none() && one.scene.is_form())?;
    // A command line may hold a password: nothing of it is kept.
    if planning.draft.is_empty() {
        return None;
    }
    let environment = planning.request.targets.first()?.environment().to_string();
    let reason = Some(reason).filter(|_| planning.scene.takes_reason);
    let fields = reason.into_iter().chain(given).map(|field| field.text.clone()).collect();
    let key = DraftKey { form: planning.opened.to_owned(), environment, target: planning.draft.clone() };
    Some((key, fields))
}

/// Puts a draft into the open form.
fn fill(model: &mut Model, typed: &[String]) {
    let takes_reason = model.planning.as_ref().is_some_and(|planning| planning.scene.takes_reason);
    if let Some(Overlay::Plan { reason, given, .. }) = model.ui.overlays.last_mut() {
        let fields = Some(reason).filter(|_| takes_reason).into_iter().chain(given);
        fields.zip(typed).for_each(|(field, draft)| *field = Field::holding(draft.as_str()));
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
    if open.key != key {
        // What it is about has changed under it, as when a note is taken back meanwhile: what is typed in it is about that now.
        let untouched = vec![String::new(); fields.len()];
        let before = std::mem::replace(&mut open.key, key);
        (open.kept, open.untouched) = (untouched.clone(), untouched);
        model.drafts.due = Some(now + AFTER);
        return forget(model, &before);
    }
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
    let draft = model.drafts.of(&key, now).cloned();
    let mut open = OpenForm { key, untouched: fields.clone(), kept: fields };
    if let Some(draft) = draft {
        fill(model, &draft.fields);
        let age = time::coarse(time::age(draft.saved_at, now));
        let became = if draft.is_on_its_way {
            "it was sent, and whether it arrived is not known: look before you send it again"
        } else {
            "nothing of it was sent"
        };
        let words = format!("What you typed {age} ago is here again; {became}. ctrl-u empties a field.");
        toast(model, &words, draft.is_on_its_way, now);
        open.kept = draft.fields;
    }
    model.drafts.open = Some(open);
    model.drafts.due = None;
    model.drafts.forget = None;
    Vec::new()
}

/// Another thing of the same form is chosen: what was typed about the one before is kept, and the form is as if it was just opened.
pub(super) fn turned(model: &mut Model, now: Instant) -> Vec<Effect> {
    let effects = keep(model, now);
    model.drafts.open = None;
    effects
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
    // What is changed of one whose end is not known may have been sent as it was before.
    let is_on_its_way = model.drafts.of(&key, now).is_some_and(|before| before.is_on_its_way);
    put(model, Draft { key, fields, saved_at: now, is_on_its_way })
}

fn put(model: &mut Model, draft: Draft) -> Vec<Effect> {
    model.drafts.keep(draft.clone());
    vec![Effect::KeepDraft(Box::new(draft))]
}

fn forget(model: &mut Model, key: &DraftKey) -> Vec<Effect> {
    let was_there = model.drafts.forget(key);
    was_there.then(|| Effect::ForgetDraft(key.clone())).into_iter().collect()
}

/// The open form is sent: until it is known that it arrived, its draft stays, and says that it is on its way.
pub(super) fn sending(model: &mut Model, run: &str, now: Instant) -> Vec<Effect> {
    let mut effects = keep(model, now);
    let Some((key, _)) = form(model) else { return effects };
    if let Some(draft) = model.drafts.of(&key, now).cloned() {
        effects = put(model, Draft { is_on_its_way: true, ..draft });
    }
    model.drafts.sending.insert(run.to_owned(), key);
    effects
}

/// What a run was to send has arrived, or has not.
pub(super) fn sent(model: &mut Model, run: &str, phase: Phase, now: Instant) -> Vec<Effect> {
    let Some(key) = model.drafts.sending.remove(run) else { return Vec::new() };
    match (phase, model.drafts.of(&key, now).cloned()) {
        (Phase::Done, _) => forget(model, &key),
        (Phase::Refused | Phase::Aborted, Some(draft)) => put(model, Draft { is_on_its_way: false, ..draft }),
        _ => Vec::new(),
    }
}

/// The open form is closed without being sent: what is typed in it is kept, and esc once more forgets it.
pub(super) fn closing(model: &mut Model, now: Instant) -> Vec<Effect> {
    let effects = keep(model, now);
    if let Some((key, _)) = form(model).filter(|(key, _)| model.drafts.of(key, now).is_some()) {
        model.drafts.forget = Some(key);
        toast(model, CLOSED, false, now);
    }
    effects
}

/// Esc where no form is open: forgets what was just closed; `None` when that is not asked on the screen.
pub(super) fn escape(model: &mut Model, now: Instant) -> Option<Vec<Effect>> {
    let key = model.drafts.forget.take()?;
    let is_asked = model.ui.toast.as_ref().is_some_and(|toast| toast.words == CLOSED && now < toast.until);
    is_asked.then(|| {
        toast(model, "Forgotten.", false, now);
        forget(model, &key)
    })
}

/// Another key than esc: what was just closed stays, and is not asked about any more.
pub(super) fn pressed(model: &mut Model) {
    if model.drafts.forget.take().is_some() {
        model.ui.toast.take_if(|toast| toast.words == CLOSED);
    }
}
