//! The command palette: a line carried out, and completed.

use super::{input, menu, plan, pod_session, service, toast};
use crate::actions::Action;
use crate::app::effect::Effect;
use crate::app::model::Model;
use crate::domain::subject::SubjectKind;
use crate::domain::time::Instant;
use crate::ui::state::{Field, Overlay};

/// Tab in the palette: takes the chosen completion over.
pub(super) fn complete(model: &mut Model) {
    let chosen = model.overlay().and_then(|overlay| match overlay {
        Overlay::Palette { selected, .. } => model.menu.get(*selected).map(|line| line.words.clone()),
        _ => None,
    });
    if let (Some(words), Some(Overlay::Palette { input, selected })) = (chosen, model.ui.overlays.last_mut()) {
        *input = Field::holding(format!("{words} "));
        *selected = 0;
    }
}

/// A palette line: `rollback api --to 3`, `journal`, or the chosen completion.
pub(super) fn run(model: &mut Model, line: &str, chosen: Option<String>, now: Instant) -> Vec<Effect> {
    let mut words = line.split_whitespace();
    let first = words.next().unwrap_or_default();
    let rest: Vec<&str> = words.collect();
    if first == service::WORD {
        return service::show(model, rest.first().copied(), now);
    }
    if first == pod_session::END && !rest.is_empty() {
        return pod_session::end(model, rest.first().copied(), now);
    }
    let on_workloads = |action: &&dyn Action| action.about().on == SubjectKind::Workload && !rest.is_empty();
    if let Some(action) = model.catalog.named(first).filter(on_workloads) {
        return match menu::target(model, action, &rest) {
            Ok((targets, options)) => plan::on_workloads(model, action, targets, options, now),
            Err(sentence) => {
                toast(model, &sentence, true, now);
                Vec::new()
            }
        };
    }
    let name = if input::named(model, first).is_some() { Some(first.to_owned()) } else { chosen };
    match name.as_deref().and_then(|name| input::named(model, name)) {
        Some(command) => input::run(model, command, now),
        None => {
            toast(
                model,
                &format!("There is no command {line:?}. Press : and type a part of a name to see what there is."),
                true,
                now,
            );
            Vec::new()
        }
    }
}
