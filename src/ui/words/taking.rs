//! The words of acknowledging alerts and giving them back.

use crate::domain::alert::Deed;

/// Labels, in the order of the page.
pub const ENVIRONMENT: &str = "in";
/// Who.
pub const AS: &str = "as";
/// Why it cannot be done.
pub const REFUSED: &str = "REFUSED";
/// The alerts.
pub const ALERTS: &str = "alerts";
/// What to know first.
pub const WARNINGS: &str = "know first";
/// What it does.
pub const MEANS: &str = "means";
/// How to take it back.
pub const INVERSE: &str = "undo";
/// The field of the note.
pub const NOTE: &str = "note (may stay empty)";
/// What confirms it.
pub const PRESS: &str = "Press enter to confirm.";
/// It cannot be confirmed.
pub const NO_CONFIRMATION: &str = "There is nothing to confirm; esc closes this.";
/// It is on its way.
pub const WRITING: &str = "Writing it into the store…";

/// The way back.
pub const fn inverse(deed: Deed) -> &'static str {
    match deed {
        Deed::Acknowledge => "give it back (:give-back)",
        Deed::GiveBack => "acknowledge it again (:acknowledge)",
    }
}

/// Who has it now.
pub fn held(by: &str, age: &str, note: &str) -> String {
    if note.is_empty() { format!("{by} is on it, since {age}") } else { format!("{by} is on it, since {age}: {note}") }
}

/// Alerts that are not named.
pub fn more(count: usize) -> String {
    format!("and {count} more")
}
