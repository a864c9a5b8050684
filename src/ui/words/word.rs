//! The words of acknowledging alerts, of giving them back, and of notes on them.

use crate::domain::alert::{Deed, NoteDeed, Word};

/// Labels, in the order of the page.
pub const ENVIRONMENT: &str = "in";
/// Who.
pub const AS: &str = "as";
/// Why it cannot be done.
pub const REFUSED: &str = "REFUSED";
/// What to know first.
pub const WARNINGS: &str = "know first";
/// The alerts.
pub const ALERTS: &str = "alerts";
/// The alert of a note.
pub const ALERT: &str = "alert";
/// The note as it stands in the store.
pub const NOW: &str = "says now";
/// Other notes on the alert.
pub const OTHERS: &str = "notes";
/// What it does.
pub const MEANS: &str = "means";
/// How to take it back.
pub const INVERSE: &str = "undo";
/// The field of what is said with an acknowledgement.
pub const NOTE: &str = "note (may stay empty)";
/// It is on its way.
pub const WRITING: &str = "Writing it into the store…";

/// What confirms it.
pub const fn press(word: &Word) -> &'static str {
    match word {
        Word::Taking(_) => "Press enter to confirm.",
        Word::Noting(noting) => match noting.action {
            NoteDeed::Note => "Type it, then press enter to write it down.",
            NoteDeed::EditNote => "Press enter to change it. Tab: the one before. Emptied: taken back.",
            NoteDeed::WithdrawNote => "Press enter to take it back.",
        },
    }
}

/// It cannot be confirmed.
pub const fn no_confirmation(word: &Word) -> &'static str {
    match word {
        Word::Taking(taking) if matches!(taking.action, Deed::GiveBack) => {
            "There is nothing to confirm; esc closes this."
        }
        _ => "It cannot be written now; what is typed stays here.",
    }
}

/// Who has it now.
pub fn held(by: &str, age: &str, note: &str) -> String {
    if note.is_empty() { format!("{by} is on it, since {age}") } else { format!("{by} is on it, since {age}: {note}") }
}

/// Who wrote a note and when, and who changed it when.
pub fn by(by: &str, age: &str, changed: Option<(&str, &str)>) -> String {
    let changed = changed.map(|(by, age)| format!("; changed by {by}, {age} ago")).unwrap_or_default();
    format!("{by}, {age} ago{changed}:")
}

/// Alerts that are not named.
pub fn more(count: usize) -> String {
    format!("and {count} more")
}

/// Notes that are not shown.
pub fn older(count: usize) -> String {
    format!("and {count} older")
}
