//! Keymap files: one chord per line with its sentence, laid over a built-in keymap, with every problem at once.

use std::path::Path;

use super::chord::Sequence;
use super::context::Context;
use super::keymap::Keymap;
use super::trie::{Binding, Clash};
use super::{CommandName, DEFAULT, EMBEDDED};
use crate::domain::document::{self, Entry, Problems, Table};
use crate::domain::problem::Problem;

/// The keys that mean the same in every keymap, with their command.
const RESERVED: [(&str, &str); 3] = [("?", "help"), ("esc", "escape"), ("ctrl-c", "cancel")];

/// Instead of a command: does nothing, even where the global keys count.
const NO_OP: &str = "no_op";
/// Instead of a command: takes away what the keymap below binds here.
const UNBIND: &str = "unbind";

pub(super) fn load(name: &str, user_dir: &Path, known: &[CommandName]) -> (Keymap, Vec<Problem>) {
    let file = user_dir.join(format!("{name}.toml"));
    let read = if document::is_file_name(name) {
        std::fs::read_to_string(&file)
    } else {
        Err(std::io::ErrorKind::NotFound.into())
    };
    let text = match read {
        Ok(text) => text,
        Err(error) => {
            let (keymap, mut problems) = load_embedded(name, known);
            if error.kind() != std::io::ErrorKind::NotFound {
                problems.push(document::unreadable(&file, &error));
            } else if embedded(name).is_none() {
                let sentence = format!("There is no keymap {name:?}; {DEFAULT} is used.");
                let fix = document::did_you_mean(name, &EMBEDDED.map(|(known, _)| known));
                let file = document::is_file_name(name).then_some(file);
                problems.push(Problem { file, line: None, key: None, sentence, fix });
            }
            return (keymap, problems);
        }
    };
    let (below, mut problems) = load_embedded(base(name, &text), known);
    let (keymap, mut found) = lay(&below, Some(&file), &text, known);
    let is_sound = found.is_empty();
    problems.append(&mut found);
    (if is_sound { keymap } else { below }, problems)
}

pub(super) fn load_embedded(name: &str, known: &[CommandName]) -> (Keymap, Vec<Problem>) {
    let text = embedded(name).or_else(|| embedded(DEFAULT)).unwrap_or_default();
    let (below, mut problems) = match inherits(text) {
        Some(next) if next != name => load_embedded(&next, known),
        _ => (Keymap::default(), Vec::new()),
    };
    let (keymap, mut found) = lay(&below, None, text, known);
    problems.append(&mut found);
    (keymap, problems)
}

fn embedded(name: &str) -> Option<&'static str> {
    EMBEDDED.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// The built-in keymap a file of the operator lies over: the one it inherits, else that of its own name, else the default.
fn base<'n>(name: &'n str, text: &str) -> &'n str {
    let inherited =
        inherits(text).and_then(|wanted| EMBEDDED.iter().map(|(known, _)| *known).find(|known| *known == wanted));
    inherited.or_else(|| embedded(name).map(|_| name)).unwrap_or(DEFAULT)
}

fn inherits(text: &str) -> Option<String> {
    let (table, _) = document::parse(None, text);
    Table::root(&table).entry("inherits")?.as_text().map(str::to_owned)
}

/// One line of a file, understood.
struct Line<'t, 'i> {
    entry: Entry<'t, 'i>,
    sequence: Sequence,
    wanted: Wanted,
}

enum Wanted {
    Bind(Binding),
    Unbind,
}

/// Lays a file over a keymap.
fn lay(below: &Keymap, file: Option<&Path>, text: &str, known: &[CommandName]) -> (Keymap, Vec<Problem>) {
    let (table, mut problems) = document::parse(file, text);
    let root = Table::root(&table);
    let words: Vec<&str> = Context::ALL.iter().map(|context| context.word()).chain(["inherits"]).collect();
    root.refuse_unknown(&words, &mut problems);
    if let Some((wanted, entry)) = root.text("inherits", &mut problems)
        && embedded(wanted).is_none()
    {
        let fix = document::did_you_mean(wanted, &EMBEDDED.map(|(known, _)| known));
        problems.at(&entry, format!("There is no built-in keymap {wanted:?}."), fix);
    }
    let mut keymap = below.clone();
    for context in Context::ALL {
        let Some(table) = root.table(context.word(), &mut problems) else { continue };
        let entries = table.entries();
        let lines: Vec<_> =
            entries.into_iter().filter_map(|entry| line(entry, context, below, known, &mut problems)).collect();
        change(&mut keymap, context, lines, &mut problems);
    }
    (keymap, problems.into_found())
}

/// Applies the lines of one context: first what is taken away, then what is bound.
fn change(keymap: &mut Keymap, context: Context, lines: Vec<Line<'_, '_>>, problems: &mut Problems) {
    let trie = keymap.trie_mut(context);
    for line in lines.iter().filter(|line| matches!(line.wanted, Wanted::Unbind)) {
        if !trie.unbind(&line.sequence.0) {
            let fix = format!("Remove the line; to silence a global key here, write {NO_OP:?}.");
            problems.at(
                &line.entry,
                format!("{} is not bound in {}, so it cannot be unbound.", line.sequence, context.word()),
                fix,
            );
        }
    }
    let mut bound: Vec<Sequence> = Vec::new();
    for line in lines {
        let Wanted::Bind(binding) = line.wanted else { continue };
        if !bound.contains(&line.sequence) {
            trie.unbind(&line.sequence.0);
        }
        match trie.bind(&line.sequence, binding) {
            Ok(()) => bound.push(line.sequence),
            Err(Clash::Hides(longer)) => problems.at(
                &line.entry,
                format!("{} is the beginning of {longer}, which could then never be typed.", line.sequence),
                format!("Choose another key, or write {:?} = {UNBIND:?} as well.", longer.to_string()),
            ),
            Err(Clash::Unreachable(shorter)) => problems.at(
                &line.entry,
                format!("{shorter} is bound by itself, so {} could never be typed.", line.sequence),
                format!("Choose other keys, or write {:?} = {UNBIND:?} as well.", shorter.to_string()),
            ),
            Err(Clash::Taken) => problems.at(
                &line.entry,
                format!("{} is bound twice in {}.", line.sequence, context.word()),
                "Remove one of the two lines.",
            ),
        }
    }
}

fn line<'t, 'i>(
    entry: Entry<'t, 'i>,
    context: Context,
    below: &Keymap,
    known: &[CommandName],
    problems: &mut Problems,
) -> Option<Line<'t, 'i>> {
    let sequence: Sequence = match entry.name.parse() {
        Ok(sequence) => sequence,
        Err(error) => {
            problems.at(
                &entry,
                format!("{error}"),
                "Write a character, a named key (enter, esc, tab, space, pgup, f5 …), or ctrl-x, alt-x, shift-tab.",
            );
            return None;
        }
    };
    let (word, words) = value(&entry, problems)?;
    let command = known.iter().find(|command| command.0 == word).copied();
    if command.is_none() && word != NO_OP && word != UNBIND {
        let names: Vec<&str> = known.iter().map(|command| command.0).chain([NO_OP, UNBIND]).collect();
        problems.at(&entry, format!("There is no command {word:?}."), document::did_you_mean(word, &names));
        return None;
    }
    if let Some((sentence, fix)) = refusal(&sequence, word, command, context) {
        problems.at(&entry, sentence, fix);
        return None;
    }
    let words = words.map(str::to_owned).or_else(|| words_below(below, command?)).unwrap_or_else(|| word.to_owned());
    let wanted = if word == UNBIND { Wanted::Unbind } else { Wanted::Bind(Binding { command, words }) };
    Some(Line { entry, sequence, wanted })
}

/// The command and, where given, the sentence: `"move.down"` or `{ command = "move.down", words = "…" }`.
fn value<'t>(entry: &Entry<'t, '_>, problems: &mut Problems) -> Option<(&'t str, Option<&'t str>)> {
    let Some(table) = entry.as_table() else {
        if entry.as_text().is_none() {
            problems.at(
                entry,
                format!("Expected the name of a command, found {}.", entry.kind()),
                "Write it in double quotes.",
            );
        }
        return Some((entry.as_text()?, None));
    };
    table.refuse_unknown(&["command", "words"], problems);
    let words = table.text("words", problems).map(|(words, _)| words);
    let Some((command, _)) = table.text("command", problems) else {
        if table.entry("command").is_none() {
            problems.at(entry, "It names no command.", "Add command = \"NAME\".");
        }
        return None;
    };
    Some((command, words))
}

/// Why a line is refused whatever it would bind: sentence and fix.
fn refusal(
    sequence: &Sequence,
    word: &str,
    command: Option<CommandName>,
    context: Context,
) -> Option<(String, String)> {
    let first = Sequence(sequence.0.iter().take(1).copied().collect());
    if context.is_typing() && first.0.iter().any(|chord| chord.typed().is_some()) {
        let sentence = format!("{first} is a character of the text that is typed in {}.", context.word());
        return Some((sentence, "Use a key with ctrl or alt, or a named key.".to_owned()));
    }
    let reserved = RESERVED.iter().find(|(keys, _)| *keys == first.to_string());
    if let Some((keys, meaning)) = reserved.filter(|(_, meaning)| sequence.0.len() > 1 || *meaning != word) {
        return Some((format!("{keys} always means {meaning}."), "Choose another key.".to_owned()));
    }
    if command.is_some_and(CommandName::is_action) && sequence.0.len() < 2 {
        let sentence = format!("{word} changes something, so it cannot have a single key.");
        return Some((sentence, format!("Use two keys, as \"!{}\".", plain_or(sequence, 'x'))));
    }
    None
}

/// The character a single key types, for a suggestion.
fn plain_or(sequence: &Sequence, otherwise: char) -> char {
    let typed = sequence.0.first().and_then(|chord| chord.typed());
    typed.filter(char::is_ascii_alphanumeric).unwrap_or(otherwise)
}

/// The sentence the keymap below has for a command.
fn words_below(below: &Keymap, command: CommandName) -> Option<String> {
    below.help().into_iter().find(|line| line.command == command).map(|line| line.words)
}
