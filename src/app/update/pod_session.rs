//! Sessions in pods from the screen: the pod that is meant, the terminal that is lent, the ports that stay open.

use super::{input, plan, run, toast};
use crate::actions::{Action, Options};
use crate::app::effect::Effect;
use crate::app::model::Model;
use crate::app::pod_session::{OpenPort, SessionNews};
use crate::domain::action::{Gesture, Given, gesture};
use crate::domain::environment::Guard;
use crate::domain::rollout::Pod;
use crate::domain::subject::{PodRef, Subject};
use crate::domain::text;
use crate::domain::time::Instant;
use crate::ui::state::{DetailTab, Overlay, Slot, View};
use crate::world::Sight;

/// The word that closes a port on the palette.
pub(super) const END: &str = "end-forward";
/// The command that stands in its field at first.
const SHELL: &str = "sh";

/// Opens the plan for the pod under the cursor; from elsewhere leads to the pods first.
pub(super) fn open(model: &mut Model, action: &'static dyn Action, now: Instant) -> Vec<Effect> {
    let (Some(pod), View::Detail(workload, _)) = (chosen(model), model.ui.view.clone()) else {
        let effects = input::tab(model, DetailTab::Pods, now);
        if matches!(model.ui.view, View::Detail(..)) {
            toast(model, "Put the cursor on the pod that is meant, and press it again.", false, now);
        }
        return effects;
    };
    // Sidecars last: the first container is the one that is meant most often.
    let sidecars = pod.containers.iter().filter(|one| one.is_sidecar);
    let mut containers = pod.containers.iter().filter(|one| !one.is_init).chain(sidecars);
    let first = containers.next().map(|one| one.name.to_string()).unwrap_or_default();
    let at_first = |id: &str| match id {
        "container" => first.clone(),
        "command" => SHELL.to_owned(),
        _ => String::new(),
    };
    let fields: Vec<(&'static str, String)> = action.fields().iter().map(|one| (one.id, at_first(one.id))).collect();
    let written = fields.iter().filter(|(_, text)| !text.is_empty());
    let given = written.fold(Given::default(), |given, (id, text)| given.with(id, text.as_str()));
    let guard = model.world.sight(&workload.environment).map_or(Guard::Production, Sight::guard);
    let is_typed = gesture(action.about().tier, guard, 1) != Gesture::Enter;
    let lacking = action.fields().iter().position(|field| field.is_needed);
    let subject = PodRef { environment: workload.environment, namespace: workload.namespace, name: pod.name };
    let about = format!("{} {subject}", if action.takes("command") { "in" } else { "of" });
    let targets = (vec![Subject::Pod(subject)], Options { given, ..Options::default() });
    let form = plan::Form { about, fields, ..plan::Form::default() };
    let effects = plan::open(model, action, targets, form, now);
    // What is lacking has the keys, or what confirms it.
    if let Some(Overlay::Plan { given, at, .. }) = model.ui.overlays.last_mut().filter(|_| !effects.is_empty()) {
        *at = match lacking {
            Some(place) => Slot::Given(place),
            None if is_typed => Slot::Typed,
            None => Slot::Given(given.len().saturating_sub(1)),
        };
    }
    effects
}

/// The pod under the cursor.
fn chosen(model: &Model) -> Option<Pod> {
    let View::Detail(_, DetailTab::Pods) = model.ui.view else { return None };
    model.detail.as_ref()?.pods.as_ref()?.get(model.ui.detail_cursor).cloned()
}

/// What became of the session of a run.
pub(super) fn news(model: &mut Model, id: &str, news: SessionNews, now: Instant) -> Vec<Effect> {
    match news {
        SessionNews::Runs => {
            let is_in_front = is_planned(model, id) && matches!(model.overlay(), Some(Overlay::Plan { .. }));
            set_aside(model, id);
            // Who has closed the plan meanwhile types something else.
            let lend = if is_in_front { Effect::Attach } else { Effect::EndSession };
            return vec![lend(id.to_owned())];
        }
        SessionNews::Opened(local) => {
            if let Some((pod, remote)) = port(model, id) {
                let words = format!("127.0.0.1:{local} leads to port {remote} of {pod}.");
                toast(model, &words, false, now);
                model.open_ports.push(OpenPort { run: id.to_owned(), pod, local, remote, since: now, trouble: None });
            }
            set_aside(model, id);
        }
        SessionNews::Trouble(words) => {
            if let Some(open) = model.open_ports.iter_mut().find(|open| open.run == id) {
                open.trouble = Some(text::clean(&words).into_owned());
            }
        }
    }
    model.say_ports();
    vec![Effect::ReadJournal]
}

/// Whether the plan of a run is the one in front.
fn is_planned(model: &Model, id: &str) -> bool {
    let planned = model.planning.as_ref().and_then(|planning| planning.scene.run.as_ref());
    planned.is_some_and(|run| run.id == id)
}

/// The pod and its port that a run leads to.
fn port(model: &mut Model, id: &str) -> Option<(PodRef, u64)> {
    let target = run::planning_of(model, id)?.scene.plan.as_ref()?.targets.first()?;
    let Subject::Pod(pod) = &target.subject else { return None };
    Some((pod.clone(), target.given.number("remote")?))
}

/// A session that is open is no run that anybody waits for: it goes on behind everything, and holds nothing up.
fn set_aside(model: &mut Model, id: &str) {
    model.runs.retain(|run| run.id != id);
    model.progress.remove(id);
    run::say_running(model);
    if is_planned(model, id) {
        model.ui.overlays.retain(|overlay| !matches!(overlay, Overlay::Plan { .. }));
        plan::set_behind(model);
    }
}

/// Closes a port: the one that is named by its number on this machine, or the only one.
pub(super) fn end(model: &mut Model, named: Option<&str>, now: Instant) -> Vec<Effect> {
    let numbers: Vec<String> = model.open_ports.iter().map(|open| open.local.to_string()).collect();
    let meant = match named {
        Some(named) => model.open_ports.iter().find(|open| open.local.to_string() == named),
        None if model.open_ports.len() == 1 => model.open_ports.first(),
        None => None,
    };
    let Some(meant) = meant else {
        let words = match numbers.as_slice() {
            [] => "No port is forwarded.".to_owned(),
            [only] => format!("Only 127.0.0.1:{only} is forwarded: :{END} {only}."),
            several => format!("Which one? :{END} with one of {}.", several.join(", ")),
        };
        toast(model, &words, true, now);
        return Vec::new();
    };
    vec![Effect::EndSession(meant.run.clone())]
}
