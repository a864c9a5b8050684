//! `[logs]`: what is masked beyond what always is.

use crate::domain::document::{Problems, Table};
use crate::domain::log::Mask;

/// The patterns that can be used; every other one is a problem at its line.
pub(super) fn masks(root: &Table<'_, '_>, problems: &mut Problems) -> Vec<String> {
    let Some(table) = root.table("logs", problems) else { return Vec::new() };
    table.refuse_unknown(&["mask"], problems);
    let Some(entry) = table.entry("mask") else { return Vec::new() };
    let listed = entry.texts(problems).unwrap_or_default();
    let mut patterns = Vec::new();
    for (pattern, place) in listed {
        match Mask::with([pattern]) {
            Ok(_) => patterns.push(pattern.to_owned()),
            Err(bad) => problems.at(
                &place,
                format!("{pattern:?} cannot be used as a pattern: {bad}."),
                "Correct the regular expression; what it was to hide is shown until then.",
            ),
        }
    }
    patterns
}
