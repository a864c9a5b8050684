//! Silences from the screen: asked for, planned by what the server says, confirmed, told how they ended.

use std::sync::Arc;

use super::{ARMING, drafts, silence_list, toast};
use crate::actions::{Silenced, Sketch};
use crate::app::commands::Command;
use crate::app::drafts::Form;
use crate::app::effect::Effect;
use crate::app::model::Model;
use crate::domain::action::{Consent, Gesture, Phase};
use crate::domain::alert::{Alert, Silence, SilenceDeed, SilenceState, Silencing, in_common, matchers};
use crate::domain::text;
use crate::domain::time::{self, Instant};
use crate::ui::silencing::SilencingScene;
use crate::ui::state::{Field, Overlay, View};

/// How long it holds when nobody says otherwise: what stands in the field at first.
const USUAL: &str = "2h";

/// Runs a command about silences.
pub(super) fn run(model: &mut Model, command: Command, now: Instant) -> Option<Vec<Effect>> {
    let action = match command {
        Command::Silence => SilenceDeed::Silence,
        Command::ChangeSilence => SilenceDeed::ChangeSilence,
        Command::ExpireSilence => SilenceDeed::ExpireSilence,
        _ => return None,
    };
    Some(if super::input::has_slid(model, now) { Vec::new() } else { open(model, action, now) })
}

/// Opens the plan for the alerts the operator means.
fn open(model: &mut Model, action: SilenceDeed, now: Instant) -> Vec<Effect> {
    let refused = |model: &mut Model, words: &str| {
        toast(model, words, true, now);
        Vec::new()
    };
    if model.silencing.as_ref().is_some_and(|open| open.is_sending) {
        return refused(model, "One is on its way; wait for its end.");
    }
    if model.ui.view == View::Silences && action != SilenceDeed::Silence {
        let Some(line) = model.silence_line().cloned() else { return refused(model, "There is no silence here.") };
        if line.silence.state == SilenceState::Expired {
            return refused(model, "It is over. A new one is planned from the alert it is for.");
        }
        let meant: Vec<Arc<Alert>> = model.silenced().into_iter().cloned().collect();
        return begin(model, action, line.environment, &meant, Some(line.silence));
    }
    let meant = model.alerts_meant();
    let Some(environment) = meant.first().map(|first| first.environment.clone()) else {
        return refused(model, "No alert is about what is under the cursor.");
    };
    if meant.iter().any(|alert| alert.environment != environment) {
        return refused(model, "These alerts are of several environments: unfold the group and choose one.");
    }
    let seen = match (action, silences(model, &environment, &meant).as_slice()) {
        (SilenceDeed::Silence, _) => None,
        (_, []) => return refused(model, "No silence covers it that is known here."),
        (_, [only]) => Some(only.clone()),
        (_, several) => {
            let (count, alert) = (several.len(), meant.first().cloned());
            return alert.map(|alert| silence_list::show_over(model, &alert, count, now)).unwrap_or_default();
        }
    };
    begin(model, action, environment, &meant, seen)
}

/// Opens the plan of a new silence for these alerts, or of the one that was seen.
fn begin(
    model: &mut Model,
    action: SilenceDeed,
    environment: Arc<str>,
    meant: &[Arc<Alert>],
    seen: Option<Silence>,
) -> Vec<Effect> {
    let covers = seen.as_ref().map_or_else(|| in_common(meant, &[]), |silence| silence.matchers.clone());
    let covers = covers.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    let fields = [String::new(), covers.clone(), USUAL.to_owned(), String::new()].map(Field::holding);
    let fields = if action == SilenceDeed::ExpireSilence { vec![Field::default(); 2] } else { fields.to_vec() };
    model.silencing = Some(SilencingScene {
        number: 0,
        action,
        environment,
        chosen: meant.iter().map(|alert| alert.key.clone()).collect(),
        seen,
        plan: None,
        planned: (covers, USUAL.to_owned()),
        is_suggested: action == SilenceDeed::Silence,
        armed_at: None,
        is_sending: false,
        error: None,
    });
    model.ui.overlays.retain(|overlay| !matches!(overlay, Overlay::Palette { .. } | Overlay::Actions { .. }));
    model.ui.overlays.push(Overlay::Silencing { scroll: 0, at: 0, fields });
    ask(model)
}

/// The silences that cover any of these.
fn silences(model: &Model, environment: &Arc<str>, alerts: &[Arc<Alert>]) -> Vec<Silence> {
    let known = model.alerts.silences(environment).map(AsRef::as_ref).unwrap_or_default();
    let covers = |silence: &&Silence| alerts.iter().any(|alert| alert.silenced_by.contains(&silence.id));
    known.iter().filter(covers).cloned().collect()
}

/// Asks for the plan of what is typed.
fn ask(model: &mut Model) -> Vec<Effect> {
    let number = model.next_request;
    model.next_request += 1;
    let Some(open) = model.silencing.as_mut() else { return Vec::new() };
    let covers = match (&open.seen, matchers(&open.planned.0)) {
        (Some(silence), _) => Ok(silence.matchers.clone()),
        (None, covers) => covers.map_err(|error| error.0),
    };
    let holds_for = time::span(open.planned.1.trim()).map_err(|why| format!("{why}."));
    match covers.and_then(|covers| Ok((covers, holds_for?))) {
        Ok((matchers, holds_for)) => {
            open.number = number;
            open.plan = None;
            open.error = None;
            let (seen, chosen) = (open.seen.clone(), open.chosen.clone());
            let is_suggested = open.is_suggested;
            let sketch = Sketch { action: open.action, matchers, is_suggested, holds_for, seen, chosen };
            vec![Effect::PlanSilence(number, open.environment.clone(), Box::new(sketch))]
        }
        Err(sentence) => {
            open.error = Some(sentence);
            Vec::new()
        }
    }
}

/// The plan was worked out, or not.
pub(super) fn planned(model: &mut Model, number: u64, planned: Result<Silencing, String>, now: Instant) -> Vec<Effect> {
    if let Some(open) = model.silencing.as_mut().filter(|open| open.number == number && !open.is_sending) {
        match planned {
            Ok(plan) => {
                let covers = plan.matchers.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
                open.plan = Some(Arc::new(plan));
                open.armed_at = Some(now + ARMING);
                if open.is_suggested && covers != open.planned.0 {
                    show(model, covers);
                }
            }
            Err(sentence) => open.error = Some(sentence),
        }
    }
    Vec::new()
}

/// Puts the matchers that were worked out where those stood that were suggested, unless somebody has changed them meanwhile.
fn show(model: &mut Model, covers: String) {
    let Some(open) = model.silencing.as_mut() else { return };
    let field = model.ui.overlays.iter_mut().find_map(|overlay| match overlay {
        Overlay::Silencing { fields, .. } => fields.get_mut(1).filter(|field| field.text == open.planned.0),
        _ => None,
    });
    if let Some(field) = field {
        *field = Field::holding(covers.clone());
    }
    open.planned.0 = covers;
}

/// Tab: the next field, or the one before.
pub(super) fn step(model: &mut Model, is_back: bool) {
    let count = model.silencing.as_ref().map_or(1, |open| open.labels().len());
    if let Some(Overlay::Silencing { at, .. }) = model.ui.overlays.last_mut() {
        super::reaching::step(count, at, is_back);
    }
}

/// Enter: plans what was changed, else confirms what was planned.
pub(super) fn confirm(model: &mut Model, fields: &[Field], now: Instant) -> Vec<Effect> {
    let Some(open) = model.silencing.as_mut().filter(|open| !open.is_sending) else { return Vec::new() };
    let typed = |place: usize| fields.get(place).map(|field| field.text.clone()).unwrap_or_default();
    if open.is_changed(fields) {
        open.is_suggested &= open.planned.0 == typed(1);
        open.planned = (typed(1), typed(2));
        return ask(model);
    }
    let Some(plan) = open.plan.clone() else { return Vec::new() };
    if !plan.is_applicable() {
        toast(model, "This cannot be done so; the reasons are on it.", true, now);
        return Vec::new();
    }
    if open.armed_at.is_some_and(|at| now < at) {
        toast(model, "Read it first: the confirmation is not armed yet.", true, now);
        return Vec::new();
    }
    let reason = typed(0).trim().to_owned();
    if plan.confirmation.needs_reason && !text::is_visible(&reason) {
        open.error = Some("Say why: whoever finds the silence later has nothing else to go by.".to_owned());
        return Vec::new();
    }
    let word = typed(open.word_at()).trim().to_owned();
    if plan.confirmation.gesture != Gesture::Enter && word != plan.confirmation.word {
        open.error = Some(format!("Type {} at confirm.", plan.confirmation.word));
        return Vec::new();
    }
    open.is_sending = true;
    open.error = None;
    let typed = if plan.confirmation.gesture == Gesture::Enter { String::new() } else { word };
    let silence = Effect::Silence(Box::new((*plan).clone()), Consent { typed, reason: Some(reason) });
    let kept = drafts::sending(model, now);
    kept.into_iter().chain([silence]).collect()
}

/// Closes the plan. What is on its way goes on, and its end is told.
pub(super) fn close(model: &mut Model, now: Instant) -> Vec<Effect> {
    let is_sending = model.silencing.as_ref().is_some_and(|open| open.is_sending);
    let kept = if is_sending { Vec::new() } else { drafts::closing(model, now) };
    model.ui.overlays.retain(|overlay| !matches!(overlay, Overlay::Silencing { .. }));
    if is_sending {
        toast(model, "It is on its way; how it ends is told here.", false, now);
    }
    kept.into_iter().chain(leave(model)).collect()
}

/// Gives an open plan up.
pub(super) fn leave(model: &mut Model) -> Option<Effect> {
    let open = model.silencing.take_if(|open| !open.is_sending)?;
    Some(Effect::LeaveSilence(Box::new((*open.plan?).clone())))
}

/// It was carried out, or not. What was not is still open, with what was typed.
pub(super) fn silenced(model: &mut Model, ended: &Silenced, now: Instant) -> Vec<Effect> {
    let is_done = ended.phase == Phase::Done;
    let is_open = model.ui.overlays.iter().any(|overlay| matches!(overlay, Overlay::Silencing { .. }));
    let lead = if ended.phase == Phase::Unknown { "UNKNOWN: " } else { "" };
    let words = format!("{lead}{}", text::clean(&ended.words));
    toast(model, &words, !is_done, now);
    match model.silencing.as_mut().filter(|_| is_open && ended.phase == Phase::Refused) {
        Some(open) => {
            open.is_sending = false;
            open.armed_at = Some(now + ARMING);
            open.error = Some(words);
        }
        None => {
            model.silencing = None;
            model.ui.overlays.retain(|overlay| !matches!(overlay, Overlay::Silencing { .. }));
        }
    }
    // What is silenced now is read at once.
    let forgotten = drafts::sent(model, Form::Silence, ended.phase, now);
    forgotten.into_iter().chain([Effect::ReadJournal, Effect::Retry]).collect()
}

/// What became of one that a console did not live to end stands over the list until somebody looks at the journal.
pub(super) fn found(model: &mut Model, words: String) -> Vec<Effect> {
    model.ended_badly = Some(words);
    vec![Effect::ReadJournal]
}
