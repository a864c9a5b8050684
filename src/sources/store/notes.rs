//! Notes: what people wrote down about something.

use futures_util::future::BoxFuture;

use super::acknowledgements::withdrawn;
use super::backend::{Row, Value};
use super::port::WriteError;
use super::writing::{Work, Writing};
use crate::domain::store::{
    AuditEvent, AuditKind, Author, Id, LONGEST_NAME, LONGEST_TEXT, NewNote, Note, Subject, SubjectKind, Withdrawn,
    check_text,
};

macro_rules! columns {
    () => {
        "id, environment, kind, name, text, by_name, at, edited_by, edited_at, withdrawn_by, withdrawn_at, version, attempt"
    };
}

/// Notes about something, newest first.
pub(super) const LIST: &str = concat!(
    "select ",
    columns!(),
    " from quarterdeck.note where environment = $1 and kind = $2 and name = $3 order by at desc limit $4"
);
/// Those on alerts that were not taken back, the last written first.
pub(super) const LIVE: &str = concat!(
    "select ",
    columns!(),
    " from quarterdeck.note where withdrawn_at is null and kind = 'alert' order by position desc limit $1"
);
/// Those written, changed or taken back after a position.
pub(super) const SINCE: &str =
    concat!("select ", columns!(), " from quarterdeck.note where position > $1 order by position");
const ONE: &str = concat!("select ", columns!(), " from quarterdeck.note where id = $1");
const ADD: &str = concat!(
    "insert into quarterdeck.note (",
    columns!(),
    ", position) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"
);
const EDIT: &str = "update quarterdeck.note set text = $2, edited_by = $3, edited_at = $4, withdrawn_by = $5, \
    withdrawn_at = $6, version = $7, attempt = $8, position = $9 where id = $1";

/// Reads a row; `None` for one that makes no sense.
pub(super) fn decode(row: &Row) -> Option<Note> {
    Some(Note {
        id: Id::stored(row.text(0)),
        subject: Subject { environment: row.text(1), kind: SubjectKind::of(&row.raw(2))?, name: row.text(3) },
        text: row.lines(4),
        by: row.text(5),
        at: row.time(6)?,
        edited: withdrawn(row, 7),
        withdrawn: withdrawn(row, 9),
        version: row.number(11)?,
    })
}

/// What a subject must be like to be stored.
pub(super) fn check_subject(subject: &Subject) -> Result<(), String> {
    check_text("environment", &subject.environment, false, LONGEST_NAME)?;
    check_text("name of what it is about", &subject.name, subject.kind == SubjectKind::Environment, LONGEST_NAME)
}

/// Somebody writes a note.
pub(super) struct Add<'a> {
    pub(super) author: &'a Author,
    pub(super) new: &'a NewNote,
}

/// Somebody changes a note, or takes it back.
pub(super) struct Edit<'a> {
    pub(super) author: &'a Author,
    pub(super) attempt: &'a Id,
    pub(super) seen: &'a Note,
    pub(super) text: Option<&'a str>,
}

impl Work for Add<'_> {
    type Made = Note;

    fn run<'t>(&'t self, writing: &'t Writing<'t>) -> BoxFuture<'t, Result<Note, WriteError>> {
        Box::pin(async move {
            let new = self.new;
            check_subject(&new.subject)
                .and_then(|()| check_text("name", &self.author.name, false, LONGEST_NAME))
                .and_then(|()| check_text("note", &new.text, false, LONGEST_TEXT))
                .map_err(WriteError::Refused)?;
            if let Some((note, _)) = current(writing, &new.id).await? {
                return Ok(note);
            }
            let note = Note {
                id: new.id.clone(),
                subject: new.subject.clone(),
                text: new.text.clone(),
                by: self.author.name.clone(),
                at: writing.now,
                edited: None,
                withdrawn: None,
                version: 1,
            };
            let event = event("note added", &note.subject, &note.text);
            let position = writing.note(self.author, &new.id, &event).await?;
            let values = vec![
                note.id.as_str().into(),
                (&note.subject.environment).into(),
                note.subject.kind.word().into(),
                (&note.subject.name).into(),
                (&note.text).into(),
                (&note.by).into(),
                note.at.into(),
                Value::Text(None),
                Value::Time(None),
                Value::Text(None),
                Value::Time(None),
                note.version.into(),
                note.id.as_str().into(),
                position.into(),
            ];
            writing.query(ADD, values).await?;
            Ok(note)
        })
    }
}

impl Work for Edit<'_> {
    type Made = Note;

    fn run<'t>(&'t self, writing: &'t Writing<'t>) -> BoxFuture<'t, Result<Note, WriteError>> {
        Box::pin(async move {
            check_text("name", &self.author.name, false, LONGEST_NAME)
                .and_then(|()| check_text("note", self.text.unwrap_or("…"), false, LONGEST_TEXT))
                .map_err(WriteError::Refused)?;
            let Some((current, attempt)) = current(writing, &self.seen.id).await? else {
                return Err(WriteError::Conflict("The note is not there any more: nothing was written.".to_owned()));
            };
            if attempt == self.attempt.as_str() {
                return Ok(current);
            }
            if current.version != self.seen.version || current.withdrawn.is_some() {
                return Err(WriteError::Conflict(meanwhile(&current)));
            }
            let stamp = Withdrawn { by: self.author.name.clone(), at: writing.now };
            let version = current.version + 1;
            let note = match self.text {
                Some(text) => Note { text: text.to_owned(), edited: Some(stamp), version, ..current },
                None => Note { text: String::new(), withdrawn: Some(stamp), version, ..current },
            };
            // What a withdrawn note said is not repeated: it may be withdrawn because it should not be read.
            let what = if self.text.is_some() { "note edited" } else { "note withdrawn" };
            let event = event(what, &note.subject, &note.text);
            let position = writing.note(self.author, self.attempt, &event).await?;
            let by = |stamp: &Option<Withdrawn>| Value::Text(stamp.as_ref().map(|stamp| stamp.by.clone()));
            let at = |stamp: &Option<Withdrawn>| Value::Time(stamp.as_ref().map(|stamp| stamp.at));
            let values = vec![
                note.id.as_str().into(),
                (&note.text).into(),
                by(&note.edited),
                at(&note.edited),
                by(&note.withdrawn),
                at(&note.withdrawn),
                note.version.into(),
                self.attempt.as_str().into(),
                position.into(),
            ];
            writing.query(EDIT, values).await?;
            Ok(note)
        })
    }
}

async fn current(writing: &Writing<'_>, id: &Id) -> Result<Option<(Note, String)>, WriteError> {
    let rows = writing.query(ONE, vec![id.as_str().into()]).await?;
    Ok(rows.first().and_then(|row| Some((decode(row)?, row.raw(12)))))
}

/// Notes may be long and may be taken back: the audit keeps that there was one and a digest of what it said, not the words.
fn event(what: &str, subject: &Subject, text: &str) -> AuditEvent {
    let words = if text.is_empty() { String::new() } else { crate::domain::store::digest(text) };
    AuditEvent { kind: AuditKind::Data, what: what.to_owned(), subject: subject.clone(), words }
}

fn meanwhile(current: &Note) -> String {
    let (what, by) = match (&current.withdrawn, &current.edited) {
        (Some(back), _) => ("took the note back", back),
        (None, Some(edited)) => ("changed the note", edited),
        (None, None) => return "The note is another than this console last saw: nothing was written.".to_owned(),
    };
    format!(
        "{} {what} at {}, after this console last looked: nothing was written, and your text is still yours. Look at the note and try again.",
        by.by,
        by.at.format("%H:%M:%S")
    )
}
