//! The set under the cursor: its ladder, rung by rung, its holes, and why it is not as promised.

use crate::domain::backup::{BackupKind, Class, Coverage, Step};
use crate::theme::Role;
use crate::ui::pen::Pen;
use crate::ui::text;
use crate::ui::widgets::page::Page;
use crate::ui::words::backups as said;
use crate::world::World;

/// Columns of a rung's word and of its boxes, with the spaces behind them.
const COLUMNS: [usize; 2] = [9, 14];
/// The most notes told.
const NOTES_AT_MOST: usize = 4;

/// Everything there is to say of it.
pub(super) fn page(pen: &mut Pen<'_>, row: &Coverage, world: &World, columns: u16) -> Page {
    let mut page = Page::new(columns);
    let mut facts = vec![format!("{} {}", row.set, row.kind.word()), said::promised(row)];
    facts.extend(row.encryption.as_deref().map(said::encryption));
    let verified = row.verified_at.map(|at| pen.age(at));
    facts.push(said::verified(verified.as_deref()));
    facts.extend(row.told_at.map(|at| said::told(&pen.age(at))));
    page.line(vec![pen.span(&facts.join(&format!(" {} ", pen.glyphs.separator)), Role::Title)]);
    for (rung, step) in row.ladder.steps().into_iter().filter(|(_, step)| step.required > 0) {
        let is_whole = step.missing.is_empty();
        let pad =
            |words: &str, columns: usize| format!("{words}{}", " ".repeat(columns.saturating_sub(text::width(words))));
        let drawn = boxes(pen, step);
        page.line(vec![
            pen.span(&pad(rung.word(), COLUMNS[0]), Role::Muted),
            pen.span(&pad(&drawn, COLUMNS[1]), if is_whole { Role::Ok } else { Role::Error }),
            pen.span(&said::rung(step, rung.slots()), if is_whole { Role::Text } else { Role::Error }),
        ]);
    }
    for words in &row.reasons {
        page.text(pen, 0, words, Role::of_backup(row.state));
    }
    for hole in row.holes.iter().filter(|hole| !row.reasons.contains(&hole.words())) {
        page.text(pen, 0, &hole.words(), if hole.class == Class::Harmless { Role::Muted } else { Role::Warning });
    }
    if !row.is_wal_read && row.kind == BackupKind::Full && row.last_good.is_some() {
        page.text(pen, 0, said::WAL_UNKNOWN, Role::VerdictUnknown);
    }
    let separator = format!(" {} ", pen.glyphs.separator);
    let mut further = said::further(row);
    let services = super::services(row, world);
    further.extend((!services.is_empty()).then(|| said::services(&services)));
    further.extend(said::paths(row));
    if !further.is_empty() {
        page.text(pen, 0, &further.join(&separator), Role::Muted);
    }
    for words in row.notes.iter().take(NOTES_AT_MOST) {
        page.text(pen, 0, words, Role::Muted);
    }
    page
}

/// A box for each slot that is due, the oldest first.
pub(super) fn boxes(pen: &Pen<'_>, step: &Step) -> String {
    let glyphs = &pen.glyphs;
    step.slots.iter().map(|(_, is_filled)| if *is_filled { glyphs.bar_full } else { glyphs.bar_empty }).collect()
}
