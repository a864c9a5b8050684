//! Characters into the field that has the keys.

use super::{list, logs, toast};
use crate::app::effect::Effect;
use crate::app::model::Model;
use crate::domain::text;
use crate::domain::time::Instant;
use crate::keys::{Chord, Key};
use crate::ui::state::{Field, Overlay, Slot, View};

/// The field that has the keys.
pub(super) fn field(model: &mut Model) -> Option<&mut Field> {
    if model.ui.overlays.is_empty() {
        return filter(model);
    }
    // What is carried out is not typed into any more.
    let is_run = model.planning.as_ref().is_some_and(|planning| planning.scene.run.is_some());
    match model.ui.overlays.last_mut()? {
        Overlay::Plan { .. } if is_run => None,
        Overlay::Help { filter, .. } => Some(filter),
        Overlay::Palette { input, .. } => Some(input),
        Overlay::Plan { typed, reason, given, at, .. } => match at {
            Slot::Typed => Some(typed),
            Slot::Reason => Some(reason),
            Slot::Given(place) => given.get_mut(*place),
        },
        _ => None,
    }
}

/// The filter of the pane in front, while it has the keys.
fn filter(model: &mut Model) -> Option<&mut Field> {
    if !model.ui.is_filtering {
        return None;
    }
    let view = model.ui.view.clone();
    list::filter(model, &view)
}

/// The field that has the keys, where it takes a text of the operator's own: a note, or a reason.
pub(super) fn free_text(model: &mut Model) -> Option<&mut Field> {
    let is_reason = matches!(model.overlay(), Some(Overlay::Plan { at: Slot::Reason, .. }));
    if is_reason || model.has_lines() { field(model) } else { None }
}

/// Hands what is typed to the operator's editor.
pub(super) fn edit(model: &mut Model, now: Instant) -> Vec<Effect> {
    let text = free_text(model).map(|field| field.text.clone());
    if text.is_none() {
        toast(model, "Nothing is typed here that an editor is for.", false, now);
    }
    text.map(Effect::EditText).into_iter().collect()
}

/// The operator's editor has ended: what it left is what was typed.
pub(super) fn edited(model: &mut Model, edited: Result<String, String>, now: Instant) -> Vec<Effect> {
    match edited {
        Ok(text) => {
            let text = text::clean_lines(&text);
            let has_lines = model.has_lines();
            if let Some(field) = free_text(model) {
                *field = Field::holding(if has_lines { text } else { text.replace('\n', " ") });
            }
        }
        Err(sentence) => toast(model, &text::clean(&sentence), true, now),
    }
    vec![Effect::Repaint]
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
    changed(model, now);
}

/// What is in the field that has the keys is another text now.
pub(super) fn changed(model: &mut Model, now: Instant) {
    match model.ui.overlays.last_mut() {
        Some(Overlay::Palette { selected, .. }) => *selected = 0,
        Some(Overlay::Help { scroll, .. }) => *scroll = 0,
        Some(_) => {}
        None if matches!(model.ui.view, View::Logs(_)) => logs::searched(model),
        None => {
            let view = model.ui.view.clone();
            list::relist(model, &view, now);
        }
    }
}
