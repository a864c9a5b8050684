//! The keymap: a tree per context, what a pressed key comes to, and the help.

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
    /// The sequences, in the order of the file.
    pub keys: Vec<Sequence>,
    /// The command.
    pub command: CommandName,
    /// What it does, as a sentence.
    pub words: String,
}

/// The chords of an unfinished sequence.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pending(Vec<Chord>);

/// What a pressed key comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pressed {
    /// A command.
    Command(CommandName),
    /// More chords are needed; these can follow.
    Unfinished(Vec<Follow>),
    /// An unfinished sequence was given up with `esc` or `ctrl-c`.
    GivenUp,
    /// It is bound to do nothing.
    Nothing,
    /// It is not bound. Where the operator types, a sequence of one chord may be a character of the text.
    Unbound(Sequence),
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
    pub fn sequences_of(&self, context: Context, command: CommandName) -> Vec<Sequence> {
        let mut found = self.trie(context).sequences_of(command);
        if context.falls_through() {
            let gives = |sequence: &Sequence| matches!(self.look_up(context, &sequence.0), Lookup::Bound(bound) if bound.command == Some(command));
            let global = self.trie(Context::Global).sequences_of(command);
            found.extend(global.into_iter().filter(|sequence| gives(sequence)));
        }
        found.dedup();
        found
    }

    /// The help of one context alone: a line per command, in the order of the file.
    pub fn help(&self, context: Context) -> Vec<HelpLine> {
        let mut lines: Vec<HelpLine> = Vec::new();
        for (sequence, binding) in self.trie(context).bindings() {
            let Some(command) = binding.command else { continue };
            match lines.iter_mut().find(|line| line.command == command) {
                Some(line) => line.keys.push(sequence),
                None => lines.push(HelpLine { keys: vec![sequence], command, words: binding.words.clone() }),
            }
        }
        lines
    }

    pub(super) const fn trie_mut(&mut self, context: Context) -> &mut KeyTrie {
        &mut self.tries[context as usize]
    }
}

impl Pending {
    /// Takes a pressed chord.
    pub fn press(&mut self, keymap: &Keymap, context: Context, chord: Chord) -> Pressed {
        let leaves = [Chord::plain(Key::Esc), Chord::new(true, false, false, Key::Char('c'))];
        if !self.0.is_empty() && leaves.contains(&chord) {
            self.0.clear();
            return Pressed::GivenUp;
        }
        self.0.push(chord);
        let pressed = match keymap.look_up(context, &self.0) {
            Lookup::Unfinished(follows) => return Pressed::Unfinished(follows),
            Lookup::Bound(binding) => binding.command.map_or(Pressed::Nothing, Pressed::Command),
            Lookup::Unbound => Pressed::Unbound(Sequence(std::mem::take(&mut self.0))),
        };
        self.0.clear();
        pressed
    }

    /// Forgets the unfinished sequence: another context has the keys now.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// The unfinished sequence as printed; empty when there is none.
    pub fn printed(&self) -> String {
        Sequence(self.0.clone()).to_string()
    }
}
