//! Reaching into pods from the screen: asked for, confirmed, lent the terminal or held open, told how it ended.

use super::{ARMING, input, toast};
use crate::actions::{Denied, EXEC_WORD};
use crate::app::commands::Command;
use crate::app::effect::Effect;
use crate::app::model::Model;
use crate::app::reaching::{Call, OpenPort, PortAsk, ReachNews, ports};
use crate::domain::action::{Confirmation, Gesture, Phase, Tier, gesture};
use crate::domain::environment::Guard;
use crate::domain::rollout::Pod;
use crate::domain::text;
use crate::domain::time::Instant;
use crate::sources::operate::ExecAsk;
use crate::ui::reaching::{ReachingScene, Way};
use crate::ui::state::{DetailTab, Field, Overlay, View};
use crate::world::Sight;

/// The word that closes a port on the palette.
pub(super) const END: &str = "end-forward";
/// What is run where nothing else is asked for.
const SHELL: &str = "sh";

/// Runs a command about pods that are reached into.
pub(super) fn run(model: &mut Model, command: Command, now: Instant) -> Option<Vec<Effect>> {
    let way = match command {
        Command::Exec => Way::Exec,
        Command::PortForward => Way::Forward,
        Command::EndForward => return Some(end(model, None, now)),
        _ => return None,
    };
    Some(if input::has_slid(model, now) { Vec::new() } else { open(model, way, now) })
}

/// Opens the form for the pod under the cursor; from elsewhere leads to the pods first.
fn open(model: &mut Model, way: Way, now: Instant) -> Vec<Effect> {
    let Some(pod) = chosen(model) else {
        let effects = input::tab(model, DetailTab::Pods, now);
        if matches!(model.ui.view, View::Detail(..)) {
            toast(model, "Put the cursor on the pod that is meant, and press it again.", false, now);
        }
        return effects;
    };
    let View::Detail(workload, _) = model.ui.view.clone() else { return Vec::new() };
    let here = model.world.sight(&workload.environment);
    let guard = here.map_or(Guard::Production, Sight::guard);
    let refusal = here.and_then(Sight::read_only_sentence);
    // Sidecars last: the first container is the one that is meant most often.
    let sidecars = pod.containers.iter().filter(|one| one.is_sidecar);
    let containers = pod.containers.iter().filter(|one| !one.is_init).chain(sidecars);
    let containers: Vec<_> = containers.map(|one| one.name.clone()).collect();
    let first = containers.first().map(ToString::to_string).unwrap_or_default();
    let number = model.next_request;
    model.next_request += 1;
    let gesture = if way == Way::Exec { gesture(Tier::T2, guard, 1) } else { Gesture::Enter };
    let open = ReachingScene {
        number,
        way,
        environment: workload.environment,
        namespace: workload.namespace,
        pod: pod.name.clone(),
        containers,
        confirmation: Confirmation {
            gesture,
            word: EXEC_WORD.to_owned(),
            needs_reason: false,
            otherwise: String::new(),
        },
        refusal,
        armed_at: now + ARMING,
        is_starting: false,
        error: None,
    };
    let mut fields = vec![Field::default(); open.labels().len()];
    if way == Way::Exec {
        for (field, text) in fields.iter_mut().zip([first, SHELL.to_owned()]) {
            *field = Field::holding(text);
        }
    }
    model.reaching = Some(open);
    model.ui.overlays.retain(|overlay| !matches!(overlay, Overlay::Palette { .. }));
    model.ui.overlays.push(Overlay::Reaching { scroll: 0, at: fields.len() - 1, fields });
    Vec::new()
}

/// The pod under the cursor.
fn chosen(model: &Model) -> Option<Pod> {
    let View::Detail(_, DetailTab::Pods) = model.ui.view else { return None };
    model.detail.as_ref()?.pods.as_ref()?.get(model.ui.detail_cursor).cloned()
}

/// Tab: the next field, or the one before.
pub(super) fn step(fields: usize, at: &mut usize, is_back: bool) {
    *at = if is_back { *at + fields.max(1) - 1 } else { *at + 1 } % fields.max(1);
}

/// Enter on the form.
pub(super) fn confirm(model: &mut Model, fields: &[Field], now: Instant) -> Vec<Effect> {
    let Some(open) = model.reaching.as_mut().filter(|open| !open.is_starting) else { return Vec::new() };
    if open.refusal.is_some() {
        toast(model, "This cannot be done here; the reason is on it.", true, now);
        return Vec::new();
    }
    if now < open.armed_at {
        toast(model, "Read it first: the confirmation is not armed yet.", true, now);
        return Vec::new();
    }
    match ask(open, fields) {
        Ok(effect) => {
            open.error = None;
            open.is_starting = true;
            if let Effect::Forward(ask) = &effect {
                model.open_ports.push(OpenPort { ask: ask.clone(), local: None, since: None, trouble: None });
            }
            vec![effect]
        }
        Err(sentence) => {
            open.error = Some(sentence);
            Vec::new()
        }
    }
}

fn ask(open: &ReachingScene, fields: &[Field]) -> Result<Effect, String> {
    let text = |place: usize| fields.get(place).map(|field| field.text.trim()).unwrap_or_default();
    let (number, environment) = (open.number, open.environment.clone());
    let (namespace, pod) = (open.namespace.to_string(), open.pod.to_string());
    match open.way {
        Way::Forward => {
            let ports = ports(text(0)).map_err(|why| format!("{why}."))?;
            Ok(Effect::Forward(PortAsk { number, environment, namespace, pod, ports }))
        }
        Way::Exec => {
            let command = shlex::split(text(1)).ok_or("The command has a quote that is not closed.")?;
            if command.is_empty() {
                return Err("Say which command.".to_owned());
            }
            // Where another environment guards the same namespace more strictly, Enter is not enough, and the gate says so.
            let is_entered = open.confirmation.gesture == Gesture::Enter;
            let typed = if is_entered { "" } else { text(2) };
            if !is_entered && typed != open.confirmation.word {
                return Err(format!("Type {} into its field to confirm it.", open.confirmation.word));
            }
            let container = Some(text(0)).filter(|name| !name.is_empty()).map(str::to_owned);
            let ask = ExecAsk { namespace, pod, container, command, has_terminal: true, has_input: true };
            Ok(Effect::Exec(Call { number, environment, ask, typed: typed.to_owned() }))
        }
    }
}

/// Closes the form. What was sent is given up, and left as soon as it answers.
pub(super) fn close(model: &mut Model) -> Vec<Effect> {
    model.ui.overlays.retain(|overlay| !matches!(overlay, Overlay::Reaching { .. }));
    match model.reaching.take() {
        Some(open) if open.is_starting && open.way == Way::Forward => vec![Effect::CloseForward(open.number)],
        _ => Vec::new(),
    }
}

/// What came of it.
pub(super) fn news(model: &mut Model, news: ReachNews, now: Instant) -> Vec<Effect> {
    match news {
        ReachNews::Runs(number) if model.reaching.as_ref().is_some_and(|open| open.number == number) => {
            close(model);
            return vec![Effect::HandOver(number)];
        }
        ReachNews::Runs(number) => return vec![Effect::Abandon(number)],
        ReachNews::Denied(number, denied) => {
            let (lead, reason) = match denied {
                Denied::Refused(reason) => ("Refused: ", reason),
                Denied::Unknown(reason) => ("UNKNOWN whether it runs: ", reason),
            };
            let words = format!("{lead}{}", text::clean(&reason));
            failed(model, number, words, now);
        }
        ReachNews::Left(phase, words) => {
            let is_trouble = !matches!(phase, Phase::Done | Phase::Failed);
            let lead = if phase == Phase::Unknown { "UNKNOWN: " } else { "" };
            toast(model, &format!("The command is over: {lead}{}", text::clean(&words)), is_trouble, now);
        }
        ReachNews::Opened(number, local) => {
            if model.reaching.as_ref().is_some_and(|open| open.number == number) {
                model.reaching = None;
                model.ui.overlays.retain(|overlay| !matches!(overlay, Overlay::Reaching { .. }));
            }
            if let Some(open) = model.open_ports.iter_mut().find(|open| open.ask.number == number) {
                open.local = Some(local);
                open.since = Some(now);
                let words = format!("127.0.0.1:{local} leads to port {} of pod {}.", open.ask.ports.1, open.ask.pod);
                toast(model, &words, false, now);
            }
        }
        ReachNews::Trouble(number, words) => {
            if let Some(open) = model.open_ports.iter_mut().find(|open| open.ask.number == number) {
                open.trouble = Some(text::clean(&words).into_owned());
            }
        }
        ReachNews::Closed(number, words, is_trouble) => {
            model.open_ports.retain(|open| open.ask.number != number);
            let words = text::clean(&words).into_owned();
            if is_trouble {
                failed(model, number, words, now);
            } else {
                toast(model, &words, false, now);
            }
        }
    }
    model.say_ports();
    vec![Effect::ReadJournal]
}

/// Nothing came of it: said on the form while that is open, with all that was typed; else in passing.
fn failed(model: &mut Model, number: u64, words: String, now: Instant) {
    match model.reaching.as_mut().filter(|open| open.number == number) {
        Some(open) => {
            open.is_starting = false;
            open.armed_at = now + ARMING;
            open.error = Some(words);
        }
        None => toast(model, &words, true, now),
    }
}

/// Closes a port: the one that is named by its number on this machine, or the only one.
pub(super) fn end(model: &mut Model, named: Option<&str>, now: Instant) -> Vec<Effect> {
    let numbers: Vec<String> =
        model.open_ports.iter().filter_map(|open| open.local).map(|port| port.to_string()).collect();
    let meant = match named {
        Some(named) => model.open_ports.iter().find(|open| open.local.is_some_and(|port| port.to_string() == named)),
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
    vec![Effect::CloseForward(meant.ask.number)]
}
