//! Keys that came together, and pasted texts: text where there is a field for it, never a command, never a confirmation.

use super::{drafts, input, toast, typing, update};
use crate::app::commands::Command;
use crate::app::effect::Effect;
use crate::app::message::Message;
use crate::app::model::Model;
use crate::domain::store::LONGEST_TEXT;
use crate::domain::text;
use crate::domain::time::Instant;
use crate::keys::{Chord, Key, Pending, Pressed};

/// What is said where a text is pasted that nothing takes.
const NOWHERE: &str = "Keys came in faster than anybody types, and no field of text is open. Nothing was done.";
/// What is said of a line break that came with other keys.
const ENTER: &str =
    "Enter came together with other keys, as a paste does: it confirms nothing. The text stays; press enter again.";

/// Takes keys that could be read at once. A slow line brings typed keys so, and each of them is taken; a short paste looks the same, so enter is
/// not: between two others it is a line break where the field has lines.
pub(super) fn together(model: &mut Model, chords: Vec<Chord>, now: Instant) -> Vec<Effect> {
    let mut effects = Vec::new();
    let mut rest = chords.into_iter().peekable();
    while let Some(chord) = rest.next() {
        if chord.key() != Key::Enter {
            effects.extend(update(model, Message::Key(chord), now));
            continue;
        }
        if rest.peek().is_some() && has_lines(model) {
            put(model, "\n", now);
        }
        toast(model, ENTER, true, now);
    }
    effects
}

/// Takes keys that came in faster than anybody types. One that opens a field was perhaps typed ahead of its text, and does no harm.
pub(super) fn burst(model: &mut Model, chords: &[Chord], now: Instant) -> Vec<Effect> {
    let mut effects = Vec::new();
    let mut rest = chords;
    if !input::context(model).is_typing()
        && let Some((first, others)) = rest.split_first()
        && opens_a_field(model, *first)
    {
        effects = update(model, Message::Key(*first), now);
        rest = others;
    }
    let text: String = rest.iter().filter_map(|chord| letter(*chord)).collect();
    effects.extend(pasted(model, &text, now));
    effects
}

/// Takes a text into the field that has the keys.
pub(super) fn pasted(model: &mut Model, raw: &str, now: Instant) -> Vec<Effect> {
    if model.is_too_small {
        return Vec::new();
    }
    let mut text = text::pasted(raw);
    let is_confirmed = text.ends_with('\n') && !has_lines(model);
    if !has_lines(model) {
        text = text.trim_end_matches('\n').replace('\n', " ");
    }
    let Some(length) = typing::field(model).map(|field| field.text.len()) else {
        toast(model, NOWHERE, true, now);
        return Vec::new();
    };
    if length + text.len() > LONGEST_TEXT {
        let words =
            format!("The pasted text is longer than the {LONGEST_TEXT} bytes a field holds: none of it was taken.");
        toast(model, &words, true, now);
        return Vec::new();
    }
    drafts::pressed(model);
    put(model, &text, now);
    if is_confirmed {
        toast(model, ENTER, true, now);
    }
    Vec::new()
}

fn put(model: &mut Model, text: &str, now: Instant) {
    if let Some(field) = typing::field(model) {
        field.paste(text);
        typing::changed(model, now);
    }
}

/// Whether the field that has the keys is one of several lines.
fn has_lines(model: &Model) -> bool {
    model.has_lines()
}

/// Whether a key alone opens a field of text and does nothing else.
fn opens_a_field(model: &mut Model, chord: Chord) -> bool {
    let context = input::context(model);
    if context.is_typing() || model.is_too_small {
        return false;
    }
    match model.keymap.press(context, &mut Pending::default(), chord) {
        Pressed::Command(name) => {
            matches!(input::named(model, name.0), Some(Command::Filter | Command::Palette | Command::Help))
        }
        _ => false,
    }
}

/// What a key stands for in a text.
fn letter(chord: Chord) -> Option<char> {
    match chord.key() {
        Key::Enter => Some('\n'),
        Key::Tab => Some('\t'),
        // A line feed, as a terminal in raw mode tells it.
        Key::Char('j') if chord.typed().is_none() => Some('\n'),
        _ => chord.typed(),
    }
}
