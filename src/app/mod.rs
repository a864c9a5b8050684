//! THE LOOP: the only place where things meet.

mod commands;

use crate::actions::catalog;
use crate::keys::CommandName;

pub use commands::{Command, NAMED};

/// The name of every command a keymap may bind.
pub fn command_names() -> Vec<CommandName> {
    let named = NAMED.iter().map(|(_, name, _)| CommandName(name));
    named.chain(catalog::ALL.iter().map(|action| CommandName(action.command()))).collect()
}
