//! A file the operator wrote in TOML, read to the end: what could be understood, and every problem with its line and fix.

use std::ops::{Range, RangeInclusive};
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::Problem;

/// Collects the problems of one file.
#[derive(Debug)]
pub struct Problems {
    file: Option<PathBuf>,
    line_ends: Vec<usize>,
    found: Vec<Problem>,
}

/// A table of the file, with the key that leads to it.
#[derive(Debug, Clone)]
pub struct Table<'t, 'i> {
    path: String,
    at: Range<usize>,
    entries: &'t DeTable<'i>,
}

/// A value of the file, with the key that leads to it.
#[derive(Debug, Clone)]
pub struct Entry<'t, 'i> {
    /// The last part of the key.
    pub name: &'t str,
    path: String,
    at: Range<usize>,
    value: &'t Spanned<DeValue<'i>>,
}

/// Parses a file as far as it can be: the table of what was understood, and a collector that already holds what was not.
/// `file` is `None` for a text that is built in.
pub fn parse<'i>(file: Option<&Path>, text: &'i str) -> (Spanned<DeTable<'i>>, Problems) {
    let (table, errors) = DeTable::parse_recoverable(text);
    let line_ends = text.match_indices('\n').map(|(at, _)| at).collect();
    let mut problems = Problems { file: file.map(Path::to_path_buf), line_ends, found: Vec::new() };
    for error in errors {
        let line = error.span().map(|span| problems.line(span.start));
        problems.push(line, None, format!("This is not valid TOML: {}.", error.message()), "Correct the line.");
    }
    (table, problems)
}

/// The problem of a file that is there and cannot be read.
pub fn unreadable(file: &Path, error: &std::io::Error) -> Problem {
    Problem {
        file: Some(file.to_path_buf()),
        line: None,
        key: None,
        sentence: format!("It cannot be read: {error}."),
        fix: "Make it a text file you may read, or remove it.".to_owned(),
    }
}

/// Whether a name may stand for a file: letters, digits, dashes and underscores, so that it cannot lead to another folder.
pub fn is_file_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 64
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

impl Problems {
    /// Reports a problem with a value.
    pub fn at(&mut self, entry: &Entry<'_, '_>, sentence: impl Into<String>, fix: impl Into<String>) {
        let line = self.line(entry.at.start);
        self.push(Some(line), Some(entry.path.clone()), sentence, fix);
    }

    /// Reports a problem with a table as a whole.
    pub fn in_table(&mut self, table: &Table<'_, '_>, sentence: impl Into<String>, fix: impl Into<String>) {
        let line = self.line(table.at.start);
        let key = (!table.path.is_empty()).then(|| table.path.clone());
        self.push(Some(line), key, sentence, fix);
    }

    /// Whether nothing was found so far.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Everything that was found, in the order of the file.
    pub fn into_found(mut self) -> Vec<Problem> {
        self.found.sort_by_key(|problem| problem.line);
        self.found
    }

    fn push(&mut self, line: Option<usize>, key: Option<String>, sentence: impl Into<String>, fix: impl Into<String>) {
        self.found.push(Problem { file: self.file.clone(), line, key, sentence: sentence.into(), fix: fix.into() });
    }

    fn line(&self, at: usize) -> usize {
        self.line_ends.partition_point(|end| *end < at) + 1
    }
}

impl<'t, 'i> Table<'t, 'i> {
    /// The whole file.
    pub fn root(table: &'t Spanned<DeTable<'i>>) -> Self {
        Self { path: String::new(), at: 0..0, entries: table.get_ref() }
    }

    /// Every entry, in the order of the file.
    pub fn entries(&self) -> Vec<Entry<'t, 'i>> {
        let mut entries: Vec<_> = self
            .entries
            .iter()
            .map(|(key, value)| {
                let name: &str = key.get_ref();
                let path = if self.path.is_empty() { quoted(name) } else { format!("{}.{}", self.path, quoted(name)) };
                Entry { name, path, at: key.span(), value }
            })
            .collect();
        entries.sort_by_key(|entry| entry.at.start);
        entries
    }

    /// One entry by name.
    pub fn entry(&self, name: &str) -> Option<Entry<'t, 'i>> {
        self.entries().into_iter().find(|entry| entry.name == name)
    }

    /// Reports every key that is not among the known ones, with the nearest that is.
    pub fn refuse_unknown(&self, known: &[&str], problems: &mut Problems) {
        for entry in self.entries() {
            if !known.contains(&entry.name) {
                problems.at(&entry, "There is no such key.", did_you_mean(entry.name, known));
            }
        }
    }

    /// A text; `None` when absent or, with a problem, when it is something else.
    pub fn text(&self, name: &str, problems: &mut Problems) -> Option<(&'t str, Entry<'t, 'i>)> {
        let entry = self.entry(name)?;
        Some((entry.text(problems)?, entry))
    }

    /// `true` or `false`; `None` when absent or, with a problem, when it is something else.
    pub fn truth(&self, name: &str, problems: &mut Problems) -> Option<bool> {
        let entry = self.entry(name)?;
        let truth = entry.value.get_ref().as_bool();
        if truth.is_none() {
            let found = entry.kind();
            problems.at(
                &entry,
                format!("Expected true or false, found {found}."),
                "Write true or false, without quotes.",
            );
        }
        truth
    }

    /// A whole number within a range; `None` when absent or, with a problem, when it is something else.
    pub fn whole(&self, name: &str, range: RangeInclusive<i64>, problems: &mut Problems) -> Option<i64> {
        let entry = self.entry(name)?;
        let (least, most) = (range.start(), range.end());
        let fix = format!("Write a whole number from {least} to {most}, without quotes.");
        let read = entry.value.get_ref().as_integer();
        let number = read.and_then(|number| i64::from_str_radix(number.as_str(), number.radix()).ok());
        if number.is_none() {
            problems.at(&entry, format!("Expected a whole number, found {}.", entry.kind()), fix);
        } else if let Some(number) = number.filter(|number| !range.contains(number)) {
            problems.at(&entry, format!("{number} is not from {least} to {most}."), fix);
        }
        number.filter(|number| range.contains(number))
    }

    /// A table within; `None` when absent or, with a problem, when it is something else.
    pub fn table(&self, name: &str, problems: &mut Problems) -> Option<Table<'t, 'i>> {
        self.entry(name)?.table(problems)
    }
}

impl<'t, 'i> Entry<'t, 'i> {
    /// The value as a text, or a problem.
    pub fn text(&self, problems: &mut Problems) -> Option<&'t str> {
        let text = self.as_text();
        if text.is_none() {
            problems.at(self, format!("Expected a text, found {}.", self.kind()), "Write it in double quotes.");
        }
        text
    }

    /// The value as a text; `None` when it is something else.
    pub fn as_text(&self) -> Option<&'t str> {
        self.value.get_ref().as_str()
    }

    /// The value as a table, or a problem.
    pub fn table(&self, problems: &mut Problems) -> Option<Table<'t, 'i>> {
        let table = self.as_table();
        if table.is_none() {
            problems.at(
                self,
                format!("Expected a table, found {}.", self.kind()),
                format!("Write [{}] on a line of its own.", self.path),
            );
        }
        table
    }

    /// The value as a table; `None` when it is something else.
    pub fn as_table(&self) -> Option<Table<'t, 'i>> {
        let entries = self.value.get_ref().as_table()?;
        Some(Table { path: self.path.clone(), at: self.at.clone(), entries })
    }

    /// The value as a list of texts, each with its place, or a problem for each part that is something else.
    pub fn texts(&self, problems: &mut Problems) -> Option<Vec<(&'t str, Entry<'t, 'i>)>> {
        let Some(list) = self.value.get_ref().as_array() else {
            problems.at(self, format!("Expected a list of texts, found {}.", self.kind()), "Write [\"one\", \"two\"].");
            return None;
        };
        let parts =
            list.iter().map(|value| Entry { name: self.name, path: self.path.clone(), at: value.span(), value });
        Some(parts.filter_map(|part| Some((part.text(problems)?, part))).collect())
    }

    /// The value as a finite number, whole or not, or a problem.
    pub fn number(&self, problems: &mut Problems) -> Option<f64> {
        let text = match self.value.get_ref() {
            DeValue::Float(number) => Some(number.as_str()),
            DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str()),
            _ => None,
        };
        let number = text.and_then(|text| text.parse::<f64>().ok()).filter(|number| number.is_finite());
        if number.is_none() {
            problems.at(
                self,
                format!("Expected a finite number, found {}.", self.kind()),
                "Write it like 0.05, without quotes.",
            );
        }
        number
    }

    /// A date, or a date and a time, as it is written, with quotes or without; `None` when it is something else.
    pub fn as_date(&self) -> Option<String> {
        match self.value.get_ref() {
            DeValue::String(text) => Some(text.to_string()),
            DeValue::Datetime(at) => Some(at.to_string()),
            _ => None,
        }
    }

    /// The parts of a list of tables such as `[[schedule]]`, or a problem for whatever is something else.
    pub fn tables(&self, problems: &mut Problems) -> Vec<Table<'t, 'i>> {
        let Some(parts) = self.parts() else {
            let fix = format!("Write [[{}]] on a line of its own.", self.path);
            problems.at(self, format!("Expected a list of tables, found {}.", self.kind()), fix);
            return Vec::new();
        };
        parts.iter().filter_map(|part| part.table(problems)).collect()
    }

    /// Whether it says `false`.
    pub fn is_false(&self) -> bool {
        self.value.get_ref().as_bool() == Some(false)
    }

    /// The parts of a list, each with its place; `None` when it is none.
    pub fn parts(&self) -> Option<Vec<Entry<'t, 'i>>> {
        let list = self.value.get_ref().as_array()?;
        let part = |value: &'t Spanned<DeValue<'i>>| Entry {
            name: self.name,
            path: self.path.clone(),
            at: value.span(),
            value,
        };
        Some(list.iter().map(part).collect())
    }

    /// What kind of value it is, in words: `a text`, `a list`.
    pub fn kind(&self) -> &'static str {
        match self.value.get_ref() {
            DeValue::String(_) => "a text",
            DeValue::Integer(_) | DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        }
    }
}

/// The fix for a word that is not known: the nearest known one, else all of them when they are few.
pub fn did_you_mean(word: &str, known: &[&str]) -> String {
    if let Some(nearest) = nearest(word, known) {
        return format!("Did you mean {nearest:?}?");
    }
    match known {
        [] => "Remove it.".to_owned(),
        few if few.len() <= 12 => format!("Use one of {}, or remove it.", few.join(", ")),
        _ => "Remove it.".to_owned(),
    }
}

/// The known word that takes the fewest typing mistakes to get from, if few enough to be a mistake.
fn nearest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    let limit = 1 + word.chars().count() / 3;
    let ranked = known.iter().map(|candidate| (mistakes(word, candidate), *candidate));
    ranked.filter(|(mistakes, _)| *mistakes <= limit).min().map(|(_, candidate)| candidate)
}

/// Typing mistakes between two words: insertions, deletions, replacements and swapped neighbours
/// (optimal string alignment distance).
fn mistakes(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) =
        (one.to_lowercase().chars().take(64).collect(), other.to_lowercase().chars().take(64).collect());
    let mut before_last = vec![0; other.len() + 1];
    let mut last: Vec<usize> = (0..=other.len()).collect();
    for (row, typed) in one.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, meant) in other.iter().enumerate() {
            let replaced = last[column] + usize::from(typed != meant);
            let mut fewest = replaced.min(last[column + 1] + 1).min(current[column] + 1);
            if row > 0 && column > 0 && *typed == other[column - 1] && one[row - 1] == *meant {
                fewest = fewest.min(before_last[column - 1] + 1);
            }
            current.push(fewest);
        }
        before_last = std::mem::replace(&mut last, current);
    }
    last[other.len()]
}

/// A key as it is written in a file.
fn quoted(name: &str) -> String {
    let is_bare =
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    if is_bare { name.to_owned() } else { format!("{name:?}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_syntax_error_is_found_with_its_line() {
        let (table, problems) = parse(None, "a = 1\nb = = 2\nc = 3\nd = \"x\n");
        let root = Table::root(&table);
        let lines: Vec<_> = problems.into_found().iter().map(|problem| problem.line).collect();
        assert!(lines.contains(&Some(2)) && lines.contains(&Some(4)), "{lines:?}");
        assert!(root.entry("a").is_some() && root.entry("c").is_some());
    }

    #[test]
    fn an_unknown_key_names_its_line_its_path_and_the_nearest_known_one() {
        let (table, mut problems) = parse(Some(Path::new("/c.toml")), "\n[shop.\"a b\"]\nguadr = true\nzzzzzz = 1\n");
        let shop = Table::root(&table).table("shop", &mut problems);
        let inner = shop.and_then(|shop| shop.table("a b", &mut problems));
        assert!(inner.is_some());
        if let Some(inner) = inner {
            inner.refuse_unknown(&["guard", "write"], &mut problems);
        }
        let said: Vec<_> = problems.into_found().iter().map(ToString::to_string).collect();
        assert_eq!(
            said,
            [
                "/c.toml:3: shop.\"a b\".guadr: There is no such key. Did you mean \"guard\"?",
                "/c.toml:4: shop.\"a b\".zzzzzz: There is no such key. Use one of guard, write, or remove it.",
            ]
        );
    }

    #[test]
    fn entries_come_in_the_order_of_the_file() {
        let (table, _) = parse(None, "z = 1\na = 2\nm = 3");
        let names: Vec<_> = Table::root(&table).entries().iter().map(|entry| entry.name).collect();
        assert_eq!(names, ["z", "a", "m"]);
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_said_not_guessed() {
        let (table, mut problems) = parse(None, "write = \"yes\"\nnames = [\"a\", 2]\ncontext = 3");
        let root = Table::root(&table);
        assert_eq!(root.truth("write", &mut problems), None);
        assert_eq!(root.text("context", &mut problems).map(|(text, _)| text), None);
        let names = root.entry("names").and_then(|names| names.texts(&mut problems));
        assert_eq!(names.map(|names| names.len()), Some(1));
        assert_eq!(problems.into_found().len(), 3);
    }

    #[test]
    fn mistakes_count_what_fingers_do() {
        assert_eq!(mistakes("gaurd", "guard"), 1);
        assert_eq!(mistakes("", "ab"), 2);
        assert_eq!(mistakes("same", "SAME"), 0);
        assert_eq!(nearest("contxt", &["context", "write"]), Some("context"));
        assert_eq!(nearest("x", &["context", "write"]), None);
    }
}
