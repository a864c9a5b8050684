//! Acknowledging alerts, or giving them back: the plan opened, kept true to what is known, confirmed, told how it ended.

use std::sync::Arc;

use chrono::TimeDelta;

use super::{ARMING, drafts, toast};
use crate::actions::Said;
use crate::app::drafts::Form;
use crate::app::effect::Effect;
use crate::app::model::Model;
use crate::domain::action::Phase;
use crate::domain::alert::{Alert, Around, Deed, Taking};
use crate::domain::source::{SourceHealth, SourceState};
use crate::domain::time::{self, Instant};
use crate::ui::scene::TakingScene;
use crate::ui::state::{Field, Overlay};

/// Opens the plan for the alerts the operator means.
pub(super) fn open(model: &mut Model, deed: Deed, now: Instant) -> Vec<Effect> {
    if model.taking.as_ref().is_some_and(|taking| taking.is_writing) {
        toast(model, "One is being written; wait for its answer.", true, now);
        return Vec::new();
    }
    let meant = model.alerts_meant();
    let Some(environment) = meant.first().map(|first| first.environment.clone()) else {
        toast(model, "No alert is about what is under the cursor.", true, now);
        return Vec::new();
    };
    if meant.iter().any(|alert| alert.environment != environment) {
        toast(model, "These alerts are of several environments: unfold the group and choose one.", true, now);
        return Vec::new();
    }
    let taking = plan(model, deed, &environment, &meant, now);
    model.taking =
        Some(TakingScene { taking: Arc::new(taking), armed_at: Some(now + ARMING), is_writing: false, error: None });
    model.ui.overlays.retain(|overlay| !matches!(overlay, Overlay::Palette { .. } | Overlay::Actions { .. }));
    model.ui.overlays.push(Overlay::Taking { scroll: 0, note: Field::default() });
    Vec::new()
}

fn plan(model: &Model, deed: Deed, environment: &Arc<str>, alerts: &[Arc<Alert>], now: Instant) -> Taking {
    let best = model.alerts.health(environment).min_by_key(|health| health.state.gravity());
    let is_old = |health: &&SourceHealth| !health.state.is_well();
    let alerts_age = best.filter(is_old).map(|health| health.last_good.map_or(TimeDelta::MAX, |at| time::age(at, now)));
    let around = around(model, environment, alerts_age, now);
    let word = |alert: &Alert| model.alerts.word(&(alert.environment.clone(), alert.key.clone()));
    Taking::plan(deed, alerts, word, around)
}

/// What a plan of something for the store is made from beside the alert.
pub(super) fn around(model: &Model, environment: &Arc<str>, alerts_age: Option<TimeDelta>, now: Instant) -> Around {
    Around {
        environment: environment.clone(),
        author: model.author.clone(),
        refusal: refusal(model),
        alerts_age,
        ahead: model.store.as_ref().map_or(TimeDelta::zero(), |store| store.ahead),
        now,
    }
}

/// Why nothing may be written into the store from here.
fn refusal(model: &Model) -> Option<String> {
    if model.is_store_read_only {
        return Some("this console was started with --read-only.".to_owned());
    }
    match model.store.as_ref().map(|store| &store.health) {
        Some(health) if health.state == SourceState::Fresh => None,
        Some(health) => {
            let why = health.error.as_deref().unwrap_or("it has not answered yet.");
            Some(format!("the store is {}, and nothing waits to be written: {why}", health.state.word()))
        }
        None => Some("the store has not answered yet.".to_owned()),
    }
}

/// What is known has changed: an open plan says so, and what was not read is not confirmed.
pub(super) fn refresh(model: &mut Model, now: Instant) {
    let Some(open) = model.taking.as_ref().filter(|open| !open.is_writing) else { return };
    let before = open.taking.clone();
    let environment: Arc<str> = before.environment.as_str().into();
    let alert = |key: &str| model.alerts.alert(&(environment.clone(), key.into())).cloned();
    let alerts: Vec<_> = before.alerts.iter().filter_map(|taken| alert(&taken.fingerprint)).collect();
    let fresh = plan(model, before.action, &environment, &alerts, now);
    let Some(open) = model.taking.as_mut() else { return };
    if fresh.reads_as(&before) {
        return;
    }
    open.taking = Arc::new(fresh);
    open.armed_at = Some(now + ARMING);
    toast(model, "What is known of it has changed. Read it once more.", true, now);
}

/// Enter on the plan.
pub(super) fn confirm(model: &mut Model, note: &str, now: Instant) -> Vec<Effect> {
    let Some(open) = model.taking.as_mut().filter(|open| !open.is_writing) else { return Vec::new() };
    if !open.taking.is_applicable() {
        toast(model, "This cannot be done; the reasons are on it.", true, now);
        return Vec::new();
    }
    if open.armed_at.is_some_and(|at| now < at) {
        toast(model, "Read it first: the confirmation is not armed yet.", true, now);
        return Vec::new();
    }
    open.is_writing = true;
    open.error = None;
    let acknowledge = Effect::Acknowledge(Box::new((*open.taking).clone()), note.trim().to_owned());
    let kept = drafts::sending(model, now);
    kept.into_iter().chain([acknowledge]).collect()
}

/// Closes the plan. What is being written goes on, and its end is told.
pub(super) fn close(model: &mut Model, now: Instant) -> Vec<Effect> {
    let is_writing = model.taking.as_ref().is_some_and(|open| open.is_writing);
    let kept = if is_writing { Vec::new() } else { drafts::closing(model, now) };
    model.ui.overlays.retain(|overlay| !matches!(overlay, Overlay::Taking { .. }));
    if is_writing {
        toast(model, "It is being written; how it ends is told here.", false, now);
    }
    kept.into_iter().chain(leave(model)).collect()
}

/// Gives an open plan up.
pub(super) fn leave(model: &mut Model) -> Option<Effect> {
    let open = model.taking.take_if(|open| !open.is_writing)?;
    Some(Effect::LeaveAlone(Box::new(Arc::unwrap_or_clone(open.taking))))
}

/// It was written, or not. What was not is still open, with what was typed.
pub(super) fn said(model: &mut Model, said: &Said, now: Instant) -> Vec<Effect> {
    let is_done = said.phase == Phase::Done;
    let is_open = model.ui.overlays.iter().any(|overlay| matches!(overlay, Overlay::Taking { .. }));
    let lead = if said.phase == Phase::Unknown { "UNKNOWN: " } else { "" };
    let words = format!("{lead}{}", said.words);
    toast(model, &words, !is_done, now);
    match model.taking.as_mut().filter(|_| is_open && !is_done) {
        Some(open) => {
            open.is_writing = false;
            open.armed_at = Some(now + ARMING);
            open.error = Some(words);
            refresh(model, now);
        }
        None => {
            model.taking = None;
            model.ui.overlays.retain(|overlay| !matches!(overlay, Overlay::Taking { .. }));
        }
    }
    let forgotten = drafts::sent(model, Form::Acknowledgement, said.phase, now);
    forgotten.into_iter().chain([Effect::ReadJournal]).collect()
}
