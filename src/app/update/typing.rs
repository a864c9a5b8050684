//! Characters into the field that has the keys.

use super::{logs, noting};
use crate::app::model::Model;
use crate::domain::alert::Deed;
use crate::domain::time::Instant;
use crate::keys::{Chord, Key};
use crate::ui::state::{Field, Overlay, View};

/// The field that has the keys.
fn field(model: &mut Model) -> Option<&mut Field> {
    match model.ui.overlays.last_mut() {
        Some(Overlay::Help { filter, .. }) => Some(filter),
        Some(Overlay::Palette { input, .. }) => Some(input),
        Some(Overlay::Plan { reason, is_in_reason: true, .. }) => Some(reason),
        Some(Overlay::Plan { typed, .. }) => Some(typed),
        Some(Overlay::Taking { note, .. }) => Some(note),
        Some(Overlay::Noting { text, .. }) => model.noting.as_ref().filter(|open| !open.is_writing).map(|_| text),
        Some(Overlay::Reaching { fields, at, .. } | Overlay::Silencing { fields, at, .. }) => fields.get_mut(*at),
        Some(_) => None,
        None if !model.ui.is_filtering => None,
        None if matches!(model.ui.view, View::Logs(_)) => Some(&mut model.logs.search),
        None if model.ui.view == View::Alerts => Some(&mut model.ui.alerts.filter),
        None if model.ui.view == View::Signals => Some(&mut model.ui.signals.filter),
        None if model.ui.view == View::Silences => Some(&mut model.ui.silences.filter),
        None if model.ui.view == View::Slo => Some(&mut model.ui.slo.filter),
        None if model.ui.view == View::Health => Some(&mut model.ui.health.filter),
        None if model.ui.view == View::Nodes => Some(&mut model.ui.nodes.filter),
        None => Some(&mut model.ui.filter),
    }
}

/// The field that has the keys, where it takes a text of the operator's own: a note, or a reason.
pub(super) fn free_text(model: &mut Model) -> Option<&mut Field> {
    match model.ui.overlays.last()? {
        Overlay::Noting { .. } | Overlay::Plan { is_in_reason: true, .. } | Overlay::Silencing { at: 0, .. } => {}
        Overlay::Taking { .. } if model.taking.as_ref()?.taking.action == Deed::Acknowledge => {}
        _ => return None,
    }
    field(model)
}

/// Types a character, or edits what was typed; what it is for is searched again.
pub(super) fn typed(model: &mut Model, chord: Chord, now: Instant) {
    let Some(field) = field(model) else { return };
    match (chord.typed(), chord.key()) {
        (Some(character), _) => field.insert(character),
        (None, Key::Backspace) => field.backspace(),
        (None, Key::Left) => field.step(-1),
        (None, Key::Right) => field.step(1),
        (None, Key::Home) => field.cursor = 0,
        (None, Key::End) => field.step(isize::MAX),
        (None, Key::Char('w')) => field.delete_word(),
        (None, Key::Char('u')) => *field = Field::default(),
        _ => return,
    }
    match model.ui.overlays.last_mut() {
        Some(Overlay::Palette { selected, .. }) => *selected = 0,
        Some(Overlay::Help { scroll, .. }) => *scroll = 0,
        Some(Overlay::Noting { .. }) => noting::refresh(model, now),
        Some(_) => {}
        None if matches!(model.ui.view, View::Logs(_)) => logs::searched(model),
        None if model.ui.view == View::Alerts => model.refilter_alerts(),
        None if model.ui.view == View::Signals => model.refilter_signals(now),
        None if model.ui.view == View::Silences => model.refilter_silences(),
        None if model.ui.view == View::Slo => model.refilter_slos(now),
        None if model.ui.view == View::Health => model.refilter_health(now),
        None if model.ui.view == View::Nodes => model.refilter_nodes(),
        None => model.refilter(),
    }
}
