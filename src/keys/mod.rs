//! WHICH KEY MEANS WHAT: chords, sequences of them, and the keymap that turns them into names of commands.
//!
//! A keymap is one built-in file with the operator's laid over it. A key is looked up in the context that has the keys (a list,
//! a prompt …) and then, where the operator is not typing, in the global one. The help is made from the same table.
//!
//! Deliberately unknown here: panes, actions, and how a terminal reports a key. The names of commands are given by the caller;
//! the terminal turns what it reads into a [`Chord`].
//!
//! Invariant: one key may open something and never change something, so no command whose name begins with `action.` has a
//! single key; and `?`, `esc` and `ctrl-c` mean help, escape and cancel in every keymap that loads.

mod chord;
mod context;
mod file;
mod keymap;
mod trie;

pub use chord::{Chord, ChordError, Key, Sequence};
pub use context::Context;
pub use keymap::{HelpLine, Keymap, Keys, Pending, Pressed};
pub use trie::{Binding, Follow, KeyTrie, Lookup};

/// The name of a command: `page_down`, `action.rollback`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommandName(pub &'static str);

impl CommandName {
    /// Whether it opens the plan of an action.
    pub fn is_action(self) -> bool {
        self.0.starts_with("action.")
    }
}

impl std::fmt::Display for CommandName {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str(self.0)
    }
}

/// The keymap when none is asked for.
pub const DEFAULT: &str = "default";

/// The keymaps that are built in, with their text.
pub const EMBEDDED: [(&str, &str); 2] =
    [("default", include_str!("../../keymaps/default.toml")), ("vim", include_str!("../../keymaps/vim.toml"))];
