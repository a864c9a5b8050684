//! Every action there is: one file, one line.

mod change_silence;
mod exec;
mod expire_silence;
mod pause;
mod port_forward;
mod restart;
mod restart_pod;
mod resume;
mod rollback;
mod scale;
mod set_image;
mod silence;

use std::fmt;

use super::contract::Action;

/// The actions a console is given, in the order of its menu.
#[derive(Clone, Copy)]
pub struct Catalog(pub &'static [&'static dyn Action]);

impl Catalog {
    /// Every action.
    pub fn all(self) -> impl Iterator<Item = &'static dyn Action> {
        self.0.iter().copied()
    }

    /// An action by its id.
    pub fn named(self, id: &str) -> Option<&'static dyn Action> {
        self.all().find(|action| action.id() == id)
    }
}

impl fmt::Debug for Catalog {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.all().map(<dyn Action>::id)).finish()
    }
}

/// The actions that are shipped.
pub const SHIPPED: Catalog = Catalog(&[
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
    &exec::Exec,
    &port_forward::PortForward,
]);

/// A shipped action by its id.
pub fn named(id: &str) -> Option<&'static dyn Action> {
    SHIPPED.named(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_words_are_unique_and_typed_words_are_short() {
        for (place, action) in SHIPPED.all().enumerate() {
            assert!(
                SHIPPED
                    .all()
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
