//! Words on standard output and standard error. A reader that went away is no error.

use std::fs::{File, Permissions};
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;

use serde::Serialize;

use crate::domain::text::{clean, escape_json};

/// Prints a text for people and a line end. A document somebody gave us may say anything: every line is cleaned.
pub(super) fn say(text: &str) -> io::Result<()> {
    forgive(writeln!(io::stdout().lock(), "{}", safe(text)))
}

/// Prints a line that was cleaned where it was read, as long as it is.
pub(super) fn say_whole(line: &str) -> io::Result<()> {
    forgive(writeln!(io::stdout().lock(), "{line}"))
}

/// Prints a document for programs: JSON over several lines, every string whole.
pub(super) fn say_json(document: &(impl Serialize + ?Sized)) -> io::Result<()> {
    say_written(&serde_json::to_string_pretty(document)?)
}

/// Prints a document for programs that read line by line: JSON in one line, every string whole.
pub(super) fn say_json_line(document: &(impl Serialize + ?Sized)) -> io::Result<()> {
    say_written(&serde_json::to_string(document)?)
}

/// Prints JSON as it was written, and a line end.
pub(super) fn say_written(json: &str) -> io::Result<()> {
    forgive(writeln!(io::stdout().lock(), "{}", escape_json(json)))
}

/// Prints a text that has its own line ends, and holds nothing that steers a terminal.
pub(super) fn say_raw(text: &str) -> io::Result<()> {
    forgive(io::stdout().lock().write_all(text.as_bytes()))
}

/// Prints a plan document, for nobody else to read where it goes into a file of its own.
pub(super) fn say_document(document: &(impl Serialize + ?Sized)) -> io::Result<()> {
    keep_private();
    say_json(document)
}

/// Takes a file that standard output was just made into from everybody but its owner: plans and exports tell much. What somebody adds to a
/// file, a pipe or a terminal is left as it is.
pub(super) fn keep_private() {
    let private = || -> io::Result<()> { make_private(&File::from(io::stdout().as_fd().try_clone_to_owned()?)) };
    if let Err(error) = private() {
        note(&format!("Others may be able to read the file: its mode cannot be set: {error}."));
    }
}

fn make_private(file: &File) -> io::Result<()> {
    let about = file.metadata()?;
    let is_new = about.is_file() && about.len() == 0;
    if is_new { file.set_permissions(Permissions::from_mode(0o600)) } else { Ok(()) }
}

/// Prints a text for the person at the terminal, beside a document on standard output.
pub(super) fn note(text: &str) {
    // Nobody can be told that standard error is gone.
    let _ = writeln!(io::stderr().lock(), "{}", safe(text));
}

/// The lines of a text, each without what could steer a terminal.
fn safe(text: &str) -> String {
    text.split('\n').map(clean).collect::<Vec<_>>().join("\n")
}

fn forgive(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// Lines in columns, two spaces apart; the last column is not padded.
pub(super) fn columns(rows: &[Vec<String>]) -> String {
    use unicode_width::UnicodeWidthStr;
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..count)
        .map(|column| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width()).max().unwrap_or(0))
        .collect();
    let lines = rows.iter().map(|row| {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', width.saturating_sub(cell.width()) + 2));
        }
        line.trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_document_says_cannot_steer_the_terminal() {
        assert_eq!(safe("one\x1b]0;title\x07\ntwo\u{202e}"), "one]0;title\ntwo");
    }

    #[test]
    fn a_file_of_its_own_is_for_its_owner_alone_and_any_other_stays_as_it_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let mode = |text: &str| {
            let place = folder.path().join("plan.json");
            std::fs::write(&place, text).expect("room");
            let file = File::options().append(true).open(&place).expect("a file");
            file.set_permissions(Permissions::from_mode(0o644)).expect("ours");
            make_private(&file).expect("ours");
            file.metadata().expect("a file").permissions().mode() & 0o777
        };
        assert_eq!((mode(""), mode("a log of somebody")), (0o600, 0o644));
        let null = File::options().write(true).open("/dev/null").expect("a device");
        assert!(make_private(&null).is_ok());
    }

    #[test]
    fn wide_names_keep_the_columns() {
        let rows = [vec!["決済".to_owned(), "3/5".to_owned()], vec!["api".to_owned(), "1/1".to_owned()]];
        assert_eq!(columns(&rows), "決済  3/5\napi   1/1");
    }
}
