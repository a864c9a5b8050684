//! Chords: a key with its modifiers, as a person writes them.

use std::fmt;
use std::str::FromStr;

/// A key of the keyboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// A character as it arrives: `g`, `G`, `?`, a space.
    Char(char),
    /// Enter.
    Enter,
    /// Escape.
    Esc,
    /// Tab.
    Tab,
    /// Backspace.
    Backspace,
    /// Delete.
    Delete,
    /// Insert.
    Insert,
    /// Home.
    Home,
    /// End.
    End,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
    /// Arrow up.
    Up,
    /// Arrow down.
    Down,
    /// Arrow left.
    Left,
    /// Arrow right.
    Right,
    /// A function key, 1 to 24.
    F(u8),
}

/// The keys that are written as a word, with a second spelling where there is one.
const NAMED: [(&str, Key); 21] = [
    ("space", Key::Char(' ')),
    ("enter", Key::Enter),
    ("esc", Key::Esc),
    ("tab", Key::Tab),
    ("backspace", Key::Backspace),
    ("delete", Key::Delete),
    ("insert", Key::Insert),
    ("home", Key::Home),
    ("end", Key::End),
    ("pgup", Key::PageUp),
    ("pgdn", Key::PageDown),
    ("up", Key::Up),
    ("down", Key::Down),
    ("left", Key::Left),
    ("right", Key::Right),
    ("return", Key::Enter),
    ("escape", Key::Esc),
    ("del", Key::Delete),
    ("ins", Key::Insert),
    ("pageup", Key::PageUp),
    ("pagedown", Key::PageDown),
];

/// A key with its modifiers, in the one form a terminal can report: a shifted letter is the capital, ctrl knows no capitals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Chord {
    is_ctrl: bool,
    is_alt: bool,
    is_shift: bool,
    key: Key,
}

/// Chords pressed one after the other: `!b`, `ctrl-x g`. Never empty when parsed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Sequence(pub Vec<Chord>);

/// Why a text is not a sequence of chords.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChordError {
    /// Nothing is written.
    #[error("There is no key in it.")]
    Empty,
    /// A modifier or a key that does not exist.
    #[error("There is no key {0:?}.")]
    Unknown(String),
    /// A terminal cannot tell it from another key.
    #[error("A terminal sends {0} as {1}.")]
    Indistinct(String, &'static str),
}

impl Chord {
    /// A key alone.
    pub const fn plain(key: Key) -> Self {
        Self { is_ctrl: false, is_alt: false, is_shift: false, key }
    }

    /// A key with modifiers, as a terminal reports it.
    pub fn new(is_ctrl: bool, is_alt: bool, is_shift: bool, key: Key) -> Self {
        let Key::Char(character) = key else { return Self { is_ctrl, is_alt, is_shift, key } };
        let character = match (is_ctrl, is_shift) {
            (true, _) => character.to_ascii_lowercase(),
            (false, true) => character.to_ascii_uppercase(),
            (false, false) => character,
        };
        Self { is_ctrl, is_alt, is_shift: false, key: Key::Char(character) }
    }

    /// The key.
    pub const fn key(self) -> Key {
        self.key
    }

    /// The character it types into a field; `None` when it types none.
    pub fn typed(self) -> Option<char> {
        match self.key {
            Key::Char(character) if !self.is_ctrl && !self.is_alt && !character.is_control() => Some(character),
            _ => None,
        }
    }

    fn parse(text: &str) -> Result<Self, ChordError> {
        let unknown = || ChordError::Unknown(text.to_owned());
        let (mut is_ctrl, mut is_alt, mut is_shift) = (false, false, false);
        let mut rest = text;
        while let Some((modifier, after)) =
            rest.split_once('-').filter(|(before, after)| !before.is_empty() && !after.is_empty())
        {
            let is_set = match modifier.to_ascii_lowercase().as_str() {
                "ctrl" | "control" => &mut is_ctrl,
                "alt" | "meta" => &mut is_alt,
                "shift" => &mut is_shift,
                _ => return Err(unknown()),
            };
            if std::mem::replace(is_set, true) {
                return Err(unknown());
            }
            rest = after;
        }
        let key = key(rest).ok_or_else(unknown)?;
        let is_letter = matches!(key, Key::Char(character) if character.is_ascii_alphabetic());
        if matches!(key, Key::Char(_)) && is_shift && (!is_letter || is_ctrl) {
            return Err(ChordError::Indistinct(text.to_owned(), "the character itself"));
        }
        let chord = Self::new(is_ctrl, is_alt, is_shift, key);
        match (chord.is_ctrl, chord.key) {
            (true, Key::Char('i')) => Err(ChordError::Indistinct(text.to_owned(), "tab")),
            (true, Key::Char('m')) => Err(ChordError::Indistinct(text.to_owned(), "enter")),
            (true, Key::Char('h')) => Err(ChordError::Indistinct(text.to_owned(), "backspace")),
            (true, Key::Char('[')) => Err(ChordError::Indistinct(text.to_owned(), "esc")),
            _ => Ok(chord),
        }
    }
}

/// A key by its word or its character.
fn key(text: &str) -> Option<Key> {
    let mut characters = text.chars();
    if let (Some(only), None) = (characters.next(), characters.next()) {
        return (!only.is_control() && !only.is_whitespace()).then_some(Key::Char(only));
    }
    let word = text.to_ascii_lowercase();
    if let Some((_, key)) = NAMED.iter().find(|(name, _)| *name == word) {
        return Some(*key);
    }
    let number = word.strip_prefix('f').filter(|digits| !digits.starts_with(['0', '+']))?.parse().ok()?;
    (1..=24).contains(&number).then_some(Key::F(number))
}

impl fmt::Display for Chord {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (is_set, word) in [(self.is_ctrl, "ctrl-"), (self.is_alt, "alt-"), (self.is_shift, "shift-")] {
            if is_set {
                to.write_str(word)?;
            }
        }
        match (self.key, NAMED.iter().find(|(_, key)| *key == self.key)) {
            (_, Some((name, _))) => to.write_str(name),
            (Key::Char(character), None) => write!(to, "{character}"),
            (Key::F(number), None) => write!(to, "f{number}"),
            (_, None) => Ok(()),
        }
    }
}

impl FromStr for Sequence {
    type Err = ChordError;

    /// Chords divided by spaces. A word that is no chord is a run of characters: `!b` is `!` and then `b`.
    fn from_str(text: &str) -> Result<Self, ChordError> {
        let mut chords = Vec::new();
        for word in text.split_whitespace() {
            match Chord::parse(word) {
                Ok(chord) => chords.push(chord),
                Err(ChordError::Unknown(_)) if is_run(word) => {
                    chords.extend(word.chars().map(|character| Chord::plain(Key::Char(character))));
                }
                Err(error) => return Err(error),
            }
        }
        if chords.is_empty() { Err(ChordError::Empty) } else { Ok(Self(chords)) }
    }
}

/// Whether a word that is no chord may be meant as characters one after the other; longer words, and those with a dash,
/// are misspelt keys.
fn is_run(word: &str) -> bool {
    word.chars().count() <= 3 && word.chars().all(|character| !character.is_control() && character != '-')
}

impl fmt::Display for Sequence {
    /// As short as it can be read back: `!b` rather than `! b`.
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<String> = self.0.iter().map(Chord::to_string).collect();
        let joined = words.concat();
        let is_short =
            self.0.iter().all(|chord| chord.typed().is_some()) && joined.parse().is_ok_and(|read: Self| read == *self);
        to.write_str(&if is_short { joined } else { words.join(" ") })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn printed(text: &str) -> Result<String, ChordError> {
        text.parse().map(|sequence: Sequence| sequence.to_string())
    }

    #[test]
    fn chords_are_printed_as_they_are_written() {
        let written = [
            "ctrl-l",
            "!b",
            "shift-tab",
            "space",
            "enter",
            "esc",
            "g",
            "G",
            "?",
            "[",
            "]",
            "-",
            "ctrl--",
            "ctrl-space",
            "ctrl-\\",
            "f5",
            "alt-x",
            "ctrl-x g",
            "gg",
            "pgdn",
            "ctrl-alt-delete",
            "e n d",
            "f 5",
            "0",
        ];
        for text in written {
            assert_eq!(printed(text).as_deref(), Ok(text));
        }
    }

    #[test]
    fn other_spellings_come_to_the_same_chord() {
        for (text, same) in [
            ("Ctrl-L", "ctrl-l"),
            ("shift-g", "G"),
            ("escape", "esc"),
            ("PageUp", "pgup"),
            ("! b", "!b"),
            ("control-r", "ctrl-r"),
            ("F12", "f12"),
            ("del", "delete"),
        ] {
            assert_eq!(printed(text).as_deref(), Ok(same));
        }
    }

    #[test]
    fn what_is_no_chord_is_refused() {
        for text in [
            "",
            "  ",
            "ctrl-",
            "hyper-x",
            "ctrl-ctrl-x",
            "bakspace",
            "ctrl-enterr",
            "f25x",
            "abcd",
            "shift-1",
            "ctrl-i",
            "ctrl-m",
            "ctrl-[",
            "ctrl-h",
            "ctrl-shift-g",
            "c-x",
        ] {
            assert!(printed(text).is_err(), "{text:?} is {:?}", printed(text));
        }
    }

    #[test]
    fn only_plain_characters_are_typed() {
        assert_eq!(Chord::plain(Key::Char('é')).typed(), Some('é'));
        assert_eq!(Chord::new(true, false, false, Key::Char('c')).typed(), None);
        assert_eq!(Chord::plain(Key::Tab).typed(), None);
    }

    fn any_key() -> impl Strategy<Value = Key> {
        prop_oneof![
            any::<char>()
                .prop_filter("printed", |character| !character.is_control() && !character.is_whitespace())
                .prop_map(Key::Char),
            prop::char::range('!', '~').prop_map(Key::Char),
            prop::sample::select(NAMED.to_vec()).prop_map(|(_, key)| key),
            (1..=24_u8).prop_map(Key::F),
        ]
    }

    prop_compose! {
        fn any_chord()(is_ctrl: bool, is_alt: bool, is_shift: bool, key in any_key()) -> Chord {
            Chord::new(is_ctrl, is_alt, is_shift, key)
        }
    }

    proptest! {
        #[test]
        fn every_sequence_reads_back_as_it_was_printed(chords in prop::collection::vec(any_chord(), 1..4)) {
            let sequence = Sequence(chords);
            let is_indistinct = |chord: &Chord| matches!((chord.is_ctrl, chord.key), (true, Key::Char('i' | 'm' | 'h' | '[')));
            prop_assume!(!sequence.0.iter().any(is_indistinct));
            prop_assert_eq!(sequence.to_string().parse(), Ok(sequence));
        }

        #[test]
        fn no_text_makes_the_parser_fail_otherwise_than_by_saying_so(text in ".{0,20}") {
            if let Ok(sequence) = text.parse::<Sequence>() {
                prop_assert!(!sequence.0.is_empty());
                prop_assert_eq!(sequence.to_string().parse(), Ok(sequence));
            }
        }
    }
}
