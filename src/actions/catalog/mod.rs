//! Every action there is: one file, one line.

mod change_silence;
mod expire_silence;
mod pause;
mod restart;
mod restart_pod;
mod resume;
mod rollback;
mod scale;
mod set_image;
mod silence;

use super::contract::Action;

/// The catalogue, in the order of the actions menu.
pub const ALL: &[&dyn Action] = &[
    &rollback::Rollback,
    &restart::Restart,
    &restart_pod::RestartPod,
    &pause::Pause,
    &resume::Resume,
    &scale::Scale,
    &set_image::SetImage,
    &silence::Silence,
    &change_silence::ChangeSilence,
    &expire_silence::ExpireSilence,
];

/// An action by its id.
pub fn named(id: &str) -> Option<&'static dyn Action> {
    ALL.iter().copied().find(|action| action.id() == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_words_are_unique_and_typed_words_are_short() {
        for (place, action) in ALL.iter().enumerate() {
            assert!(
                ALL.iter()
                    .skip(place + 1)
                    .all(|other| other.id() != action.id() && other.about().word != action.about().word)
            );
            assert_eq!(action.about().command, format!("action.{}", action.id()));
            assert!(
                action.about().word.len() <= 10
                    && action.about().word.chars().all(|letter| letter.is_ascii_uppercase()),
                "{}",
                action.about().word
            );
        }
    }
}
