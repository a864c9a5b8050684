//! The words of notes.

/// Labels, in the order of the page.
pub const ENVIRONMENT: &str = "in";
/// Who.
pub const AS: &str = "as";
/// Why it cannot be done.
pub const REFUSED: &str = "REFUSED";
/// What to know first.
pub const WARNINGS: &str = "know first";
/// The alert.
pub const ALERT: &str = "alert";
/// The note as it stands in the store.
pub const NOW: &str = "says now";
/// Other notes on the alert.
pub const OTHERS: &str = "notes";
/// What it does.
pub const MEANS: &str = "means";
/// How to take it back.
pub const INVERSE: &str = "undo";
/// What confirms a note.
pub const PRESS: &str = "Type it, then press enter to write it down.";
/// What confirms a change.
pub const PRESS_CHANGE: &str = "Press enter to change it. Tab: the one before. Emptied: taken back.";
/// What confirms taking it back.
pub const PRESS_BACK: &str = "Press enter to take it back.";
/// It cannot be confirmed.
pub const NO_CONFIRMATION: &str = "It cannot be written now; what is typed stays here.";
/// It is on its way.
pub const WRITING: &str = "Writing it into the store…";

/// Who wrote it and when, and who changed it when.
pub fn by(by: &str, age: &str, changed: Option<(&str, &str)>) -> String {
    let changed = changed.map(|(by, age)| format!("; changed by {by}, {age} ago")).unwrap_or_default();
    format!("{by}, {age} ago{changed}:")
}

/// Notes that are not shown.
pub fn more(count: usize) -> String {
    format!("and {count} older")
}
