//! Reading the chains of this machine: what happened, and whether it was tampered with.
//!
//! A hash is that of the line as it was written, byte for byte: a member that this version does not know is part of it, and is
//! told.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Line, folder};
use crate::domain::store::AuditLine;

/// One chain as it was read.
#[derive(Debug)]
pub struct Chain {
    /// Its name; in the audit it is `journal/NAME`.
    pub name: String,
    /// Its file; for a sealed one that of its segment.
    pub file: PathBuf,
    /// Whether its process still lives.
    pub is_alive: bool,
    /// What is written, as it is.
    pub text: String,
    /// Its lines as far as they can be read; one of a kind that only newer versions know is left out.
    pub lines: Vec<Line>,
    /// The first line that cannot be read, from 1.
    pub torn_at: Option<usize>,
    /// Why the file as a whole cannot be read; the other chains still count.
    pub trouble: Option<String>,
}

impl Chain {
    /// A chain whose text is known.
    pub(super) fn written(name: String, file: PathBuf, bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let mut chain =
            Self { name, file, is_alive: false, text: String::new(), lines: Vec::new(), torn_at: None, trouble: None };
        for (place, raw) in text.lines().enumerate() {
            match serde_json::from_str(raw) {
                Ok(line) => chain.lines.push(line),
                Err(_) if AuditLine::read(raw).is_ok_and(|line| line.is_sound()) => {}
                Err(_) => {
                    chain.torn_at = Some(place + 1);
                    break;
                }
            }
        }
        chain.text = text;
        chain
    }

    /// A chain that cannot be read.
    pub(super) fn unreadable(name: String, file: PathBuf, error: &io::Error) -> Self {
        Self { trouble: Some(error.to_string()), ..Self::written(name, file, b"") }
    }
}

/// What is wrong with a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1; 0 for the file as a whole.
    pub line: usize,
    /// What is wrong, as a sentence.
    pub words: String,
}

/// Every chain of a state folder that is not sealed, oldest first; none when there is no journal yet.
///
/// # Errors
/// When the folder cannot be read. A file that cannot be read is a chain without lines that says why: it hides no other.
pub fn chains(state: &Path) -> io::Result<Vec<Chain>> {
    Ok(folder::files(state)?.into_iter().filter_map(read).collect())
}

/// Reads a chain; `None` when it is not there any more, because it was sealed meanwhile.
pub(super) fn read(file: PathBuf) -> Option<Chain> {
    let name = folder::name(&file);
    match File::open(&file).and_then(|open| Ok((open.try_lock_shared().is_err(), fs::read(&file)?))) {
        Ok((is_alive, bytes)) => Some(Chain { is_alive, ..Chain::written(name, file, &bytes) }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => Some(Chain::unreadable(name, file, &error)),
    }
}

/// What a text of lines is, judged by itself.
#[derive(Debug, Default)]
pub(super) struct Judged {
    /// The hash of each line, as far as they can be read.
    pub(super) hashes: Vec<String>,
    /// What is wrong: the line, from 1, and a sentence.
    pub(super) flaws: Vec<(usize, String)>,
}

/// Judges lines by their hashes, each over the line as it was written.
pub(super) fn judge(text: &str) -> Judged {
    let mut judged = Judged::default();
    let mut flaw = |line: usize, words: &str| judged.flaws.push((line, words.to_owned()));
    for (place, raw) in text.lines().enumerate() {
        let number = place + 1;
        let Ok(line) = AuditLine::read(raw) else {
            flaw(number, "the line cannot be read; a process that died while writing leaves one such line at the end.");
            break;
        };
        let prev = judged.hashes.last().map_or("", String::as_str);
        if !line.is_sound() {
            flaw(number, "the line was changed after it was written.");
        } else if line.prev != prev || line.seq != number as u64 {
            flaw(number, "a line before it is missing, was added or was moved.");
        }
        judged.hashes.push(line.hash);
    }
    judged
}

/// Everything wrong with the chains: torn, changed, missing, reordered lines.
pub fn flaws(chains: &[Chain]) -> Vec<Flaw> {
    let mut found = Vec::new();
    for chain in chains {
        let flaw = |(line, words)| Flaw { file: chain.file.clone(), line, words };
        found.extend(judge(&chain.text).flaws.into_iter().map(flaw));
        let unread = |trouble| format!("the file cannot be read ({trouble}): runs it tells of are not known here.");
        found.extend(chain.trouble.as_ref().map(|trouble| flaw((0, unread(trouble)))));
    }
    found
}

/// What a line holds that this version does not know: names of members, or the line as a whole. Raw: to be cleaned.
pub(super) fn foreign(raw: &str) -> Option<String> {
    let written: Value = serde_json::from_str(raw).ok()?;
    let Ok(line) = serde_json::from_str::<Line>(raw) else {
        return Some("it is of a kind that this version does not know".to_owned());
    };
    let mut members = Vec::new();
    beyond(&written, &serde_json::to_value(line).ok()?, "", &mut members);
    (!members.is_empty()).then(|| format!("it has members that this version does not know: {}", members.join(", ")))
}

/// The members of one document that the other does not have, each with the way to it.
fn beyond(written: &Value, known: &Value, way: &str, found: &mut Vec<String>) {
    match (written, known) {
        (Value::Object(written), Value::Object(known)) => {
            for (key, value) in written {
                match known.get(key) {
                    Some(known) => beyond(value, known, &format!("{way}{key}."), found),
                    // Absent and empty are one.
                    None if value.is_null() || value.as_array().is_some_and(Vec::is_empty) => {}
                    None => found.push(format!("{way}{key}")),
                }
            }
        }
        (Value::Array(written), Value::Array(known)) => {
            written.iter().zip(known).for_each(|(written, known)| beyond(written, known, way, found));
        }
        _ => {}
    }
}
