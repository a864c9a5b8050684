//! What a message does to the model, and what it asks of the outside. Synchronous and total; nobody awaits here.

mod alerts;
mod drafts;
mod input;
mod jobs;
mod list;
mod logs;
mod menu;
mod move_cursor;
mod news;
mod offers;
mod on_alerts;
mod on_subject;
mod overview;
mod palette;
mod paste;
mod plan;
mod pod_session;
mod run;
mod runbook;
mod scope;
mod service;
mod silencing;
mod typing;
mod world;

use chrono::TimeDelta;

use super::commands::Command;
use super::effect::Effect;
use super::message::{Leaving, Message};
use super::model::Model;
use crate::actions::journal::Finished;
use crate::domain::time::Instant;
use crate::ui::layout;
use crate::ui::state::{Toast, View};

/// From when on enter confirms what is open: type-ahead and pastes must not confirm what nobody has read yet.
const ARMING: TimeDelta = TimeDelta::milliseconds(300);
/// How long a passing line stays.
const TOAST: TimeDelta = TimeDelta::seconds(6);

/// Takes one message in.
pub fn update(model: &mut Model, message: Message, now: Instant) -> Vec<Effect> {
    let mut effects = match message {
        Message::Key(chord) => input::key(model, chord, now),
        Message::Together(chords) => paste::together(model, chords, now),
        Message::Burst(chords) => paste::burst(model, &chords, now),
        Message::Pasted(text) => paste::pasted(model, &text, now),
        Message::Resize(columns, rows) => {
            model.is_too_small = !layout::fits(columns, rows);
            vec![Effect::Repaint]
        }
        Message::Leave(Leaving::Asked | Leaving::TerminalGone) => give_up_and_leave(model, now),
        Message::Continued => vec![Effect::Repaint, Effect::Retry],
        Message::Clock => clock(model, now),
        Message::News(news) => news::told(model, news, now),
        Message::Facts(workload, facts) => world::facts(model, &workload, facts, now),
        Message::Events(workload, events) => world::events(model, &workload, events),
        Message::Autoscalers(workload, found) => world::autoscalers(model, &workload, found),
        Message::Budgets(workload, found) => world::budgets(model, &workload, found),
        Message::Log(number, news) => logs::news(model, number, news),
        Message::Saved(saved) => told_of_saving(model, saved, now),
        Message::Job(job, facts) => jobs::facts(model, &job, facts, now),
        Message::Planned(number, planned) => plan::planned(model, number, *planned, now),
        Message::Run(id, event) => run::happened(model, &id, event, now),
        Message::RunEnded(run) => run::ended(model, &run, now),
        Message::Session(run, news) => pod_session::news(model, &run, news, now),
        Message::Drafts(kept) => drafts::read(model, kept),
        Message::Edited(edited) => typing::edited(model, edited, now),
        Message::Unfinished(runs) => {
            model.unfinished = runs;
            Vec::new()
        }
        Message::Resumed(run) => {
            model.runs.push(*run);
            Vec::new()
        }
        Message::Finished(finished) => {
            model.aftermath.replace(finished);
            look_at(model.aftermath.moved(&model.world.snapshot.rollouts, now))
        }
        Message::LookedBack(run, target, found) => {
            model.aftermath.looked(&run, target, found);
            look_at(model.aftermath.moved(&model.world.snapshot.rollouts, now))
        }
        Message::TaskDied(name, why) => {
            toast(model, &format!("The {name} task failed and was started again: {why}"), true, now);
            Vec::new()
        }
    };
    if effects.contains(&Effect::Retry) {
        model.world.usage.ask_again();
    }
    effects.extend(model.ask_usage(now));
    effects.extend(logs::end_if_left(model));
    effects.extend(drafts::watch(model, now));
    model.judge_headlines(now);
    overview::refresh(model, now);
    if model.refresh_front(now) {
        model.ui.cursor_slid_at = Some(now);
    }
    menu::refresh(model);
    effects
}

/// Where lines were saved, or why not.
fn told_of_saving(model: &mut Model, saved: Result<String, String>, now: Instant) -> Vec<Effect> {
    match saved {
        Ok(place) => toast(model, &format!("Saved to {place}."), false, now),
        Err(reason) => toast(model, &format!("The lines could not be saved: {reason}."), true, now),
    }
    Vec::new()
}

/// Looks at finished actions.
fn look_at(finished: Vec<Finished>) -> Vec<Effect> {
    finished.into_iter().map(|finished| Effect::LookBack(Box::new(finished))).collect()
}

/// What time alone changes.
fn clock(model: &mut Model, now: Instant) -> Vec<Effect> {
    if model.ui.toast.as_ref().is_some_and(|toast| toast.until <= now) {
        model.ui.toast = None;
    }
    if model.leave_until.is_some_and(|until| until <= now) {
        model.leave_until = None;
    }
    let mut effects = plan::refresh_if_due(model, now);
    effects.extend(jobs::read_if_due(model, now));
    if model.detail_due.is_some_and(|at| at <= now) {
        model.detail_due = None;
        if let View::Detail(workload, _) = &model.ui.view {
            effects.push(Effect::Read(workload.clone()));
        }
    }
    effects
}

/// When `clock` has something to do, or the screen something else to say.
pub fn next_due(model: &Model, now: Instant) -> Option<Instant> {
    let toast = model.ui.toast.as_ref().map(|toast| toast.until);
    let planning = model.planning.as_ref();
    let arming = planning.and_then(|planning| planning.scene.armed_at).filter(|at| *at > now);
    let planned =
        planning.and_then(|planning| planning.refresh_at).filter(|_| planning.is_some_and(|one| !one.is_in_flight));
    [
        toast,
        model.leave_until,
        model.drafts.due,
        planned,
        arming,
        model.detail_due,
        model.jobs.detail_due,
        model.usage_due(),
    ]
    .into_iter()
    .flatten()
    .min()
}

/// Shows a passing line.
fn toast(model: &mut Model, words: &str, is_warning: bool, now: Instant) {
    model.ui.toast = Some(Toast { words: words.to_owned(), is_warning, until: now + TOAST });
}

/// Leaves; what is planned and not confirmed is given up, and that is written down first.
fn give_up_and_leave(model: &mut Model, now: Instant) -> Vec<Effect> {
    let kept = drafts::keep(model, now);
    kept.into_iter().chain(plan::leave(model)).collect()
}

/// Leaves when asked twice, and says so the first time.
fn leave(model: &mut Model, command: Command, now: Instant) -> Vec<Effect> {
    if model.leave_until.is_some_and(|until| now < until) || command == Command::Quit {
        return give_up_and_leave(model, now);
    }
    model.leave_until = Some(now + TimeDelta::seconds(2));
    let words = match (command, model.has_run_under_way()) {
        (_, true) => "A run is under way: leaving finishes and verifies it first. Press again to leave.",
        (Command::Cancel, false) => "Press ctrl-c again to leave.",
        _ => "Press q again to leave.",
    };
    toast(model, words, false, now);
    Vec::new()
}
