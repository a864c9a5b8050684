//! A note somebody wrote down, as the detail of an alert and the form of a note show it.

use crate::domain::store::Note;
use crate::theme::Role;
use crate::ui::pen::Pen;
use crate::ui::widgets::page::Page;
use crate::ui::words::alerts as said;

/// Writes it on a page: who and when, and what it says line by line.
pub fn note(pen: &mut Pen<'_>, page: &mut Page, label: &str, note: &Note, role: Role) {
    let age = pen.age(note.at);
    let changed = note.edited.as_ref().map(|edit| (edit.by.as_str(), pen.age(edit.at)));
    let changed = changed.as_ref().map(|(by, age)| (*by, age.as_str()));
    page.field(pen, label, &said::noted_by(&note.by, &age, changed), Role::Muted);
    for line in note.text.lines() {
        page.field(pen, "", line, role);
    }
}
