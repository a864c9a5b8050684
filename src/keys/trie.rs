//! The bindings of one context as a tree of chords.

use super::CommandName;
use super::chord::{Chord, Sequence};

/// What a sequence of chords does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// The command; `None` when the sequence is bound to do nothing.
    pub command: Option<CommandName>,
    /// What it does, as a sentence for the help.
    pub words: String,
}

/// One way to go on from an unfinished sequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Follow {
    /// The next chord.
    pub chord: Chord,
    /// What it does; `None` when more chords follow.
    pub binding: Option<Binding>,
}

/// What a sequence comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup<'t> {
    /// It is bound.
    Bound(&'t Binding),
    /// It is the beginning of these.
    Unfinished(Vec<Follow>),
    /// It is nothing.
    Unbound,
}

/// The bindings of one context. No sequence in it is the beginning of another.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeyTrie {
    /// In the order they were bound: the order of the help.
    branches: Vec<(Chord, Node)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Node {
    Leaf(Binding),
    Branch(KeyTrie),
}

/// Why a sequence cannot be bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Clash {
    /// It is bound already.
    Taken,
    /// Its beginning is bound, so its end could never be typed.
    Unreachable(Sequence),
    /// It is the beginning of others, which could then never be typed.
    Hides(Sequence),
}

impl KeyTrie {
    /// What a sequence comes to.
    pub fn look_up(&self, chords: &[Chord]) -> Lookup<'_> {
        let Some((first, rest)) = chords.split_first() else { return Lookup::Unbound };
        match self.child(*first) {
            Some(Node::Leaf(binding)) if rest.is_empty() => Lookup::Bound(binding),
            None | Some(Node::Leaf(_)) => Lookup::Unbound,
            Some(Node::Branch(trie)) if rest.is_empty() => Lookup::Unfinished(trie.follows()),
            Some(Node::Branch(trie)) => trie.look_up(rest),
        }
    }

    /// Every binding with its sequence, in the order they were bound.
    pub fn bindings(&self) -> Vec<(Sequence, &Binding)> {
        let mut found = Vec::new();
        self.collect(&mut Vec::new(), &mut found);
        found
    }

    /// The sequences of a command, in the order they were bound.
    pub fn sequences_of(&self, command: &str) -> Vec<Sequence> {
        let bound =
            self.bindings().into_iter().filter(|(_, binding)| binding.command.is_some_and(|bound| bound.0 == command));
        bound.map(|(sequence, _)| sequence).collect()
    }

    /// Binds a sequence that is free.
    pub(super) fn bind(&mut self, sequence: &Sequence, binding: Binding) -> Result<(), Clash> {
        self.bind_rest(&sequence.0, 0, binding)
    }

    /// Frees a sequence; whether it was bound.
    pub(super) fn unbind(&mut self, chords: &[Chord]) -> bool {
        let Some((first, rest)) = chords.split_first() else { return false };
        let Some(place) = self.branches.iter().position(|(chord, _)| chord == first) else { return false };
        let (was_bound, is_empty) = match &mut self.branches[place].1 {
            Node::Leaf(_) => (rest.is_empty(), rest.is_empty()),
            Node::Branch(trie) => (trie.unbind(rest), trie.branches.is_empty()),
        };
        if is_empty {
            self.branches.remove(place);
        }
        was_bound
    }

    fn bind_rest(&mut self, chords: &[Chord], depth: usize, binding: Binding) -> Result<(), Clash> {
        let Some(chord) = chords.get(depth).copied() else { return Err(Clash::Taken) };
        let is_last = depth + 1 == chords.len();
        let place = match self.branches.iter().position(|(known, _)| *known == chord) {
            Some(place) => place,
            None if is_last => {
                self.branches.push((chord, Node::Leaf(binding)));
                return Ok(());
            }
            None => {
                self.branches.push((chord, Node::Branch(Self::default())));
                self.branches.len() - 1
            }
        };
        match &mut self.branches[place].1 {
            Node::Leaf(_) if is_last => Err(Clash::Taken),
            Node::Leaf(_) => Err(Clash::Unreachable(Sequence(chords[..=depth].to_vec()))),
            Node::Branch(trie) if is_last => {
                let mut hidden = chords.to_vec();
                let longer = trie.bindings().into_iter().next().map(|(sequence, _)| sequence.0).unwrap_or_default();
                hidden.extend(longer);
                Err(Clash::Hides(Sequence(hidden)))
            }
            Node::Branch(trie) => trie.bind_rest(chords, depth + 1, binding),
        }
    }

    fn child(&self, chord: Chord) -> Option<&Node> {
        self.branches.iter().find(|(known, _)| *known == chord).map(|(_, node)| node)
    }

    fn follows(&self) -> Vec<Follow> {
        let follow = |(chord, node): &(Chord, Node)| match node {
            Node::Leaf(binding) => Follow { chord: *chord, binding: Some(binding.clone()) },
            Node::Branch(_) => Follow { chord: *chord, binding: None },
        };
        self.branches.iter().map(follow).collect()
    }

    fn collect<'t>(&'t self, path: &mut Vec<Chord>, found: &mut Vec<(Sequence, &'t Binding)>) {
        for (chord, node) in &self.branches {
            path.push(*chord);
            match node {
                Node::Leaf(binding) => found.push((Sequence(path.clone()), binding)),
                Node::Branch(trie) => trie.collect(path, found),
            }
            path.pop();
        }
    }
}
