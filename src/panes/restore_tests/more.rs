//! The set under the cursor: what was promised beside what was measured, what the last restore said, and what a loss would cost now.

use crate::domain::backup::{Coverage, Exposure, matrix};
use crate::domain::time;
use crate::theme::Role;
use crate::ui::pen::Pen;
use crate::ui::text;
use crate::ui::widgets::page::Page;
use crate::ui::words::restore_tests as said;

/// Columns of a loss, of what would be lost, and of how long it would take, with the spaces behind them.
const COLUMNS: [usize; 3] = [10, 18, 20];

/// Everything there is to say of it.
pub(super) fn page(pen: &mut Pen<'_>, set: &Coverage, columns: u16) -> Page {
    let mut page = Page::new(columns);
    let separator = format!(" {} ", pen.glyphs.separator);
    page.line(vec![pen.span(&said::objectives(set).join(&separator), Role::Title)]);
    match &set.last_test {
        Some(test) => {
            let age = pen.age(test.at);
            let role = if test.is_ok { Role::Text } else { Role::Error };
            page.text(pen, 0, &said::test(test, &age).join(&separator), role);
        }
        None => page.text(pen, 0, said::NEVER_TRIED, Role::Warning),
    }
    page.gap();
    let line = |pen: &Pen<'_>, cells: [(String, Role); 3]| {
        let padded = cells.iter().zip(COLUMNS).map(|((words, role), columns)| {
            let pad = " ".repeat(columns.saturating_sub(text::width(words)));
            pen.span(&format!("{words}{pad}"), *role)
        });
        padded.collect::<Vec<_>>()
    };
    let heads = [said::LOSS, said::WOULD_BE_LOST, said::WOULD_TAKE].map(|words| (words.to_owned(), Role::Muted));
    page.line(line(pen, heads));
    for exposure in matrix(set, pen.now) {
        page.line(line(pen, cells(&exposure)));
        page.text(pen, COLUMNS[0], &exposure.evidence, Role::Muted);
    }
    page
}

fn cells(exposure: &Exposure) -> [(String, Role); 3] {
    let role = |is_within: Option<bool>| match is_within {
        Some(true) => Role::Ok,
        Some(false) => Role::Error,
        None => Role::VerdictUnknown,
    };
    let lost = exposure.lost.map_or_else(|| said::UNKNOWN.to_owned(), time::coarse);
    let takes = exposure.takes.map_or_else(|| said::UNPROVEN.to_owned(), time::length);
    [
        (exposure.loss.word().to_owned(), Role::Text),
        (lost, role(exposure.is_within_rpo)),
        (takes, role(exposure.is_within_rto)),
    ]
}
