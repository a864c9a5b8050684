//! Runs under way: what happened to them goes through the one transition function.

use super::{drafts, toast};
use crate::app::effect::Effect;
use crate::app::model::{Model, Planning};
use crate::domain::action::{Phase, Port, Run, RunEvent, advance};
use crate::domain::subject::{Subject, SubjectKind};
use crate::domain::time::Instant;

/// Something happened to a run.
pub(super) fn happened(model: &mut Model, id: &str, event: RunEvent, now: Instant) -> Vec<Effect> {
    let planned = planning_of(model, id).and_then(|planning| planning.scene.plan.clone());
    let words = sentence(&event, planned.map_or(Port::default(), |plan| plan.port()));
    let Some(run) = model.runs.iter_mut().find(|run| run.id == id) else { return Vec::new() };
    match advance(run, event) {
        Ok(next) => *run = next,
        Err(illegal) => {
            // The executor's own account, sent when it ends, replaces ours.
            tracing::error!(%illegal, "a run event that cannot follow");
            return Vec::new();
        }
    }
    let run = run.clone();
    model.progress.insert(id.to_owned(), words.clone());
    say_running(model);
    if let Some(planning) = planning_of(model, id) {
        planning.scene.run = Some(run);
        log(planning, words, now);
    }
    Vec::new()
}

/// The plan of a run, in front or behind.
pub(super) fn planning_of<'m>(model: &'m mut Model, id: &str) -> Option<&'m mut Planning> {
    let is_its = |planning: &&mut Planning| planning.scene.plan.as_ref().is_some_and(|plan| plan.id == id);
    model.planning.iter_mut().chain(&mut model.behind).find(is_its)
}

/// Adds a line to what is told of a run, unless it says it already.
fn log(planning: &mut Planning, words: String, now: Instant) {
    if planning.scene.log.last().is_none_or(|(_, last)| *last != words) {
        planning.scene.log.push((now, words));
    }
}

/// A run came to its end: the executor's own account counts.
pub(super) fn ended(model: &mut Model, run: &Run, now: Instant) -> Vec<Effect> {
    let words = format!("{}: {}", run.phase.word(), summary(run));
    let mut kind = None;
    if let Some(planning) = planning_of(model, &run.id) {
        log(planning, words.clone(), now);
        planning.scene.run = Some(run.clone());
        planning.refresh_at = None;
        kind = planning.request.targets.first().map(Subject::kind);
    }
    // What a command ends with is its own affair, and whoever had its terminal knows it.
    let is_good = run.phase == Phase::Done || kind == Some(SubjectKind::Pod) && run.phase == Phase::Failed;
    model.open_ports.retain(|open| open.run != run.id);
    model.say_ports();
    model.behind.retain(|planning| planning.scene.plan.as_ref().is_none_or(|plan| plan.id != run.id));
    toast(model, &words, !is_good, now);
    model.progress.remove(&run.id);
    say_running(model);
    if !is_good && (kind != Some(SubjectKind::Pod) || run.phase == Phase::Unknown) {
        model.ended_badly =
            Some(format!("{} Key 8, the journal, has all of it.", words.trim_end_matches('.').to_owned() + "."));
    }
    model.unfinished.retain(|(id, _)| *id != run.id);
    model.runs.retain(|known| known.id != run.id);
    let forgotten = drafts::sent(model, &run.id, run.phase, now);
    // Silences are not watched.
    let looked_at = (kind == Some(SubjectKind::Silence)).then_some(Effect::Retry);
    forgotten.into_iter().chain([Effect::ReadJournal]).chain(looked_at).collect()
}

/// Says where every run stands that goes on.
pub(super) fn say_running(model: &mut Model) {
    let words = model.progress.values().map(String::as_str).collect::<Vec<_>>().join("; ");
    model.running = match model.progress.len() {
        0 => None,
        1 => Some(format!("RUNNING: {words}")),
        several => Some(format!("RUNNING, {several} runs: {words}")),
    };
}

/// The outcome of a run in one line.
fn summary(run: &Run) -> String {
    run.reason
        .clone()
        .or_else(|| run.targets.iter().rev().map(|target| target.words.clone()).find(|words| !words.is_empty()))
        .unwrap_or_default()
}

fn sentence(event: &RunEvent, port: Port) -> String {
    match event {
        RunEvent::Planned => "planned".to_owned(),
        RunEvent::Confirmed => "confirmed; writing the journal".to_owned(),
        RunEvent::Refused { reason } => format!("refused: {reason}"),
        RunEvent::Aborted { reason } => format!("aborted: {reason}"),
        RunEvent::Started { .. } => "journalled; the request is on its way".to_owned(),
        RunEvent::Accepted { .. } => match port {
            Port::Cluster => "accepted by the server; not verified yet",
            Port::Alertmanager => "accepted by an Alertmanager; not verified yet",
            Port::Store => "written: the store answered",
            Port::Pod => "opened",
            Port::Program => "started",
            Port::Database => "accepted by the database; not verified yet",
        }
        .to_owned(),
        RunEvent::AnswerLost { reason, .. } => {
            format!("the answer was lost ({reason}); nothing is sent again, reading what happened")
        }
        RunEvent::Step { step, state, words, .. } => format!("{}. {}: {words}", step + 1, state.word()),
        RunEvent::Made { id, .. } => format!("made {id}"),
        RunEvent::Progress { words, .. } | RunEvent::Noted { words } => words.clone(),
        RunEvent::Settled { outcome, words, .. } => format!("{}: {words}", outcome.phase().word()),
    }
}
