//! The words of silences.

use crate::domain::action::Gesture;
use crate::domain::alert::SilenceDeed;

/// Labels, in the order of the page.
pub const ENVIRONMENT: &str = "in";
/// Who.
pub const AS: &str = "as";
/// Why it cannot be done.
pub const REFUSED: &str = "REFUSED";
/// What to know first.
pub const WARNINGS: &str = "know first";
/// The silence that is changed.
pub const SILENCE: &str = "silence";
/// Until when.
pub const UNTIL: &str = "until";
/// What it hides.
pub const HIDES: &str = "hides now";
/// What it lets through again.
pub const LETS: &str = "covers now";
/// What it does.
pub const MEANS: &str = "means";
/// How to take it back.
pub const INVERSE: &str = "undo";
/// The field of the reason.
pub const REASON: &str = "reason";
/// The field of the matchers.
pub const MATCHERS: &str = "covers";
/// The field of the time.
pub const HOLDS: &str = "for";
/// The field of the word.
pub const WORD: &str = "confirm";
/// It is being worked out.
pub const ASKING: &str = "Asking Alertmanager what it hides…";
/// It is on its way.
pub const SENDING: &str = "Sent; looking for it on every Alertmanager…";
/// It cannot be confirmed.
pub const NO_CONFIRMATION: &str = "There is nothing to confirm so; change it with tab, or esc closes this.";
/// What was typed is not what was planned.
pub const REPLAN: &str = "Press enter to see what this hides.";
/// It hides nothing now.
pub const NOTHING: &str = "nothing that fires now";

/// The title before there is a plan.
pub const fn title(action: SilenceDeed) -> &'static str {
    match action {
        SilenceDeed::Silence => "Silence",
        SilenceDeed::ChangeSilence => "Change a silence",
        SilenceDeed::ExpireSilence => "End a silence",
    }
}

/// What confirms it.
pub fn press(gesture: Gesture, word: &str) -> String {
    match gesture {
        Gesture::Enter => "Press enter to confirm. Tab: next field.".to_owned(),
        Gesture::TypeWord | Gesture::TypeNameAndReason => {
            format!("Type {word} at confirm, then press enter. Tab: next field.")
        }
    }
}

/// Alerts that are not named.
pub fn more(count: usize) -> String {
    format!("and {count} more")
}
