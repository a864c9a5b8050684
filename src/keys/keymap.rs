//! The keymap: a tree per context, what a pressed key comes to, and the help.

use std::fmt;
use std::path::Path;

use super::chord::{Chord, Key, Sequence};
use super::context::Context;
use super::trie::{Follow, KeyTrie, Lookup};
use super::{CommandName, file};
use crate::domain::problem::Problem;

/// Which keys do what, in every context.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Keymap {
    tries: [KeyTrie; Context::ALL.len()],
}

/// A line of the help: a command with all its keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HelpLine {
    /// Where it counts.
    pub context: Context,
    /// Its sequences, in the order of the file.
    pub keys: Keys,
    /// The command.
    pub command: CommandName,
    /// What it does, as a sentence.
    pub words: String,
}

/// The sequences of one command, printed as `j, down`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Keys(pub Vec<Sequence>);

/// The chords of an unfinished sequence, printed as they are written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pending(Vec<Chord>);

/// What a pressed key comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pressed {
    /// A command.
    Command(CommandName),
    /// More chords are needed; [`Keymap::follows`] says which.
    Unfinished,
    /// It is bound to do nothing, or it gave an unfinished sequence up (`esc`, `ctrl-c`).
    Nothing,
    /// It is not bound. Where the operator types it may be a character of the text.
    Unbound,
}

impl Keymap {
    /// Loads a keymap: the operator's `NAME.toml` in `user_dir` laid over a built-in one. A file with any problem is not
    /// applied at all, because half a keymap is a trap: then the built-in one below it counts, and every problem is reported.
    /// `known` are the commands that exist.
    pub fn load(name: &str, user_dir: &Path, known: &[CommandName]) -> (Self, Vec<Problem>) {
        file::load(name, user_dir, known)
    }

    /// A built-in keymap; the default one for a name that is not. Problems are commands that `known` does not have.
    pub fn embedded(name: &str, known: &[CommandName]) -> (Self, Vec<Problem>) {
        file::load_embedded(name, known)
    }

    /// The bindings of one context alone.
    pub const fn trie(&self, context: Context) -> &KeyTrie {
        &self.tries[context as usize]
    }

    /// Takes a pressed chord. A sequence that comes to nothing is dropped as a whole: its last chord does not act alone.
    pub fn press(&self, context: Context, pending: &mut Pending, chord: Chord) -> Pressed {
        let gives_up = [Chord::plain(Key::Esc), Chord::new(true, false, false, Key::Char('c'))];
        if !pending.0.is_empty() && gives_up.contains(&chord) {
            pending.clear();
            return Pressed::Nothing;
        }
        let is_first = pending.0.is_empty();
        pending.0.push(chord);
        let pressed = match self.look_up(context, &pending.0) {
            Lookup::Unfinished(_) => return Pressed::Unfinished,
            Lookup::Bound(binding) => binding.command.map_or(Pressed::Nothing, Pressed::Command),
            Lookup::Unbound if is_first => Pressed::Unbound,
            Lookup::Unbound => Pressed::Nothing,
        };
        pending.clear();
        pressed
    }

    /// What can follow an unfinished sequence.
    pub fn follows(&self, context: Context, pending: &Pending) -> Vec<Follow> {
        match self.look_up(context, &pending.0) {
            Lookup::Unfinished(follows) => follows,
            Lookup::Bound(_) | Lookup::Unbound => Vec::new(),
        }
    }

    /// What a sequence comes to in a context, the global bindings included where they count.
    pub fn look_up(&self, context: Context, chords: &[Chord]) -> Lookup<'_> {
        let own = self.trie(context).look_up(chords);
        if !context.falls_through() {
            return own;
        }
        match (own, self.trie(Context::Global).look_up(chords)) {
            (Lookup::Unbound, global) => global,
            (Lookup::Unfinished(mut follows), Lookup::Unfinished(global)) => {
                let is_new = |follow: &Follow| follows.iter().all(|own| own.chord != follow.chord);
                let more: Vec<_> = global.into_iter().filter(is_new).collect();
                follows.extend(more);
                Lookup::Unfinished(follows)
            }
            (own, _) => own,
        }
    }

    /// The sequences that give a command in a context, those of the context before the global ones.
    pub fn sequences_of(&self, context: Context, command: &str) -> Keys {
        let mut found = self.trie(context).sequences_of(command);
        if context.falls_through() {
            let gives = |sequence: &Sequence| match self.look_up(context, &sequence.0) {
                Lookup::Bound(binding) => binding.command.is_some_and(|bound| bound.0 == command),
                Lookup::Unfinished(_) | Lookup::Unbound => false,
            };
            for sequence in self.trie(Context::Global).sequences_of(command) {
                if gives(&sequence) && !found.contains(&sequence) {
                    found.push(sequence);
                }
            }
        }
        Keys(found)
    }

    /// The first sequence of a command in a context, for a hint.
    pub fn first_key(&self, context: Context, command: &str) -> Option<String> {
        self.sequences_of(context, command).0.first().map(Sequence::to_string)
    }

    /// The keys of a command wherever it is bound first, as printed; empty when it has none.
    pub fn keys_of(&self, command: &str) -> String {
        let found = Context::ALL.into_iter().map(|context| self.sequences_of(context, command));
        found.filter(|keys| !keys.0.is_empty()).map(|keys| keys.to_string()).next().unwrap_or_default()
    }

    /// The help: a line per command and context, in the order of the file.
    pub fn help(&self) -> Vec<HelpLine> {
        Context::ALL.into_iter().flat_map(|context| self.help_in(context)).collect()
    }

    /// The help of one context alone.
    pub fn help_in(&self, context: Context) -> Vec<HelpLine> {
        let mut lines: Vec<HelpLine> = Vec::new();
        for (sequence, binding) in self.trie(context).bindings() {
            let Some(command) = binding.command else { continue };
            match lines.iter_mut().find(|line| line.command == command) {
                Some(line) => line.keys.0.push(sequence),
                None => {
                    lines.push(HelpLine { context, keys: Keys(vec![sequence]), command, words: binding.words.clone() });
                }
            }
        }
        lines
    }

    pub(super) const fn trie_mut(&mut self, context: Context) -> &mut KeyTrie {
        &mut self.tries[context as usize]
    }
}

impl Pending {
    /// Forgets the unfinished sequence: another context has the keys now.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

impl fmt::Display for Pending {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|chord| write!(to, "{chord}"))
    }
}

impl fmt::Display for Keys {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let printed: Vec<String> = self.0.iter().map(Sequence::to_string).collect();
        to.write_str(&printed.join(", "))
    }
}
