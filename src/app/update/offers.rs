//! What can be done with what is under the cursor: the lines of the actions menu, each with why it cannot be chosen where it cannot.

use super::{input, on_alerts, service, silencing, toast};
use crate::actions::{About, Action, Options};
use crate::app::commands::Command;
use crate::app::effect::Effect;
use crate::app::model::Model;
use crate::domain::alert::SilenceState;
use crate::domain::job::JobKind;
use crate::domain::rollout::{Pod, Verdict};
use crate::domain::subject::{Subject, SubjectKind};
use crate::domain::time::Instant;
use crate::ui::scene::MenuLine;
use crate::ui::state::{DetailTab, Meant, Overlay, View};
use crate::world::Sight;

/// A line of the menu, and what it means.
struct Offer {
    line: MenuLine,
    command: Command,
}

/// Opens the menu.
pub(super) fn open(model: &mut Model, now: Instant) -> Vec<Effect> {
    let Some(meant) = meant(model) else {
        toast(model, "There is nothing under the cursor that anything can be done with.", true, now);
        return Vec::new();
    };
    model.ui.overlays.push(Overlay::Actions { meant, selected: 0 });
    Vec::new()
}

/// What is under the cursor.
fn meant(model: &Model) -> Option<Meant> {
    let alert =
        || model.alerts_meant().first().map(|alert| Meant::Alert(alert.title().to_owned(), alert.key.to_string()));
    match &model.ui.view {
        View::Pane(_) => match model.selection()?.subject {
            Some(Subject::Silence(silence)) => Some(Meant::Silence(silence.id)),
            Some(subject) => Some(Meant::Other(subject)),
            _ => model.meant().map(Meant::Workload),
        },
        View::Alerts | View::Alert(..) => alert(),
        View::Overview if model.overview_alert().is_some() => alert(),
        View::Detail(workload, DetailTab::Pods) => match input::chosen_pod(model) {
            Some(pod) => Some(Meant::Pod(workload.clone(), pod)),
            None => Some(Meant::Workload(workload.clone())),
        },
        View::Jobs | View::Job(..) => model.job_meant().map(|job| Meant::Other(Subject::Job(job))),
        _ => model.meant().map(Meant::Workload),
    }
}

/// The lines of the open menu.
pub(super) fn lines(model: &Model) -> Vec<MenuLine> {
    let Some(Overlay::Actions { meant, .. }) = model.overlay() else { return Vec::new() };
    offers(model, meant).into_iter().map(|offer| offer.line).collect()
}

fn offers(model: &Model, meant: &Meant) -> Vec<Offer> {
    let line = |(command, name, words): (Command, &str, &str), more: &str, refused: Option<&str>| Offer {
        line: MenuLine {
            keys: model.keymap.keys_of(name),
            words: words.to_owned(),
            more: more.to_owned(),
            refused: refused.map(str::to_owned),
        },
        command,
    };
    // A keymap of before may bind it by the name it had then.
    let bound = |about: &About| match model.keymap.keys_of(about.command) {
        keys if keys.is_empty() => about.was.unwrap_or(about.command),
        _ => about.command,
    };
    let of = |action: &dyn Action, refused: Option<&str>| {
        let about = action.about();
        let command = (Command::Act(about.id), bound(about), about.title);
        let more = match model.here().and_then(Sight::read_only) {
            _ if about.on.is_stored() && !about.acts_here => "in the store, for every console".to_owned(),
            Some(_) => format!("{}; read-only: the plan can be read, not applied", about.tier.words()),
            None => about.tier.words().to_owned(),
        };
        line(command, &more, refused)
    };
    let on = |kind: SubjectKind| model.catalog.all().filter(move |action| action.about().on == kind);
    let mut offers = Vec::new();
    match meant {
        Meant::Silence(_) => {
            let is_over = silencing::selected(model).is_some_and(|(_, silence)| silence.state == SilenceState::Expired);
            let refused = is_over.then_some("it is over: a new one is planned from the alert it is for");
            offers
                .extend(on(SubjectKind::Silence).filter(|action| !action.takes("alerts")).map(|one| of(one, refused)));
        }
        Meant::Other(subject) => {
            let is_run = matches!(subject, Subject::Job(job) if job.kind == JobKind::Job);
            let refused = is_run.then_some("it is one run by itself: this is for CronJobs");
            offers.extend(on(subject.kind()).map(|action| of(action, refused)));
        }
        Meant::Alert(..) => {
            let alerts = model.alerts_meant();
            let notes = alerts.first().map(|alert| on_alerts::notes(model, &alert.environment, &alert.key));
            let refused = |action: &dyn Action| match action.about().most {
                1 if alerts.len() > 1 => Some("it is for one alert: unfold the group and choose one"),
                _ => action.applies_to(&alerts, notes.unwrap_or_default()).err(),
            };
            let actions = on(SubjectKind::Alert).chain(on(SubjectKind::Silence));
            offers.extend(actions.map(|action| of(action, refused(action))));
            if let Some(workload) = model.meant() {
                offers.extend(on(SubjectKind::Workload).map(|action| of(action, refusal(model, &workload, action))));
            }
        }
        Meant::Pod(workload, name) => {
            let pods = model.detail.as_ref().and_then(|detail| detail.pods.as_ref()).into_iter().flatten();
            let is_over = pods.filter(|pod| *pod.name == **name).any(Pod::is_over);
            let refused = is_over.then_some("it has come to its end: nothing runs in it");
            offers.extend(on(SubjectKind::Pod).map(|action| of(action, refused)));
            offers.extend(on(SubjectKind::Workload).map(|action| of(action, refusal(model, workload, action))));
        }
        Meant::Workload(workload) => {
            offers.extend(on(SubjectKind::Workload).map(|action| of(action, refusal(model, workload, action))));
        }
    }
    let service = matches!(meant, Meant::Workload(_) | Meant::Pod(..)).then(|| service::action(model)).flatten();
    offers.extend(service.map(|line| Offer { line, command: Command::RollBackService }));
    offers
}

/// Why an action makes no sense on a workload as its row is; what the row does not tell is left to the plan.
fn refusal(model: &Model, workload: &crate::domain::rollout::WorkloadRef, action: &dyn Action) -> Option<&'static str> {
    let row = model.world.snapshot.rollouts.iter().find(|row| row.workload == *workload)?;
    // A list says paused before progressing and stuck, and nothing of what is complete.
    let is_paused = match row.verdict {
        Verdict::Paused => Some(true),
        Verdict::Stuck | Verdict::Progressing => Some(false),
        _ => None,
    };
    action.applies(workload.kind, is_paused).err()
}

/// Enter on a line: as if its key was pressed on what was under the cursor when the menu was opened.
pub(super) fn choose(model: &mut Model, meant: &Meant, selected: usize, now: Instant) -> Vec<Effect> {
    let Some(offer) = offers(model, meant).into_iter().nth(selected) else { return Vec::new() };
    if let Some(refused) = offer.line.refused {
        toast(model, &format!("This cannot be chosen: {refused}."), true, now);
        return Vec::new();
    }
    if let (Command::Act(id), Meant::Workload(workload)) = (offer.command, meant)
        && let Some(action) = model.catalog.named(id).filter(|action| action.about().on == SubjectKind::Workload)
    {
        // The row may have gone elsewhere under the menu: the one it was opened on is meant.
        let targets = model.together(action, workload.clone());
        return input::ask_or_plan(model, action, targets, Options::default(), now);
    }
    model.ui.overlays.pop();
    if self::meant(model).as_ref() != Some(meant) {
        toast(model, "The list has changed under the menu: nothing was planned. Choose again.", true, now);
        return Vec::new();
    }
    input::run(model, offer.command, now)
}
