//! What somebody wrote down about something.

use std::collections::HashMap;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::fact::{
    Applied, Change, Fact, Holding, Key, Kind, List, Migration, Migrations, Read, Row, Table, Value, stamp,
};
use super::{AuditEvent, AuditKind, Author, Id, LONGEST_TEXT, Subject, SubjectKind, Withdrawn, check_text};
use crate::domain::time::{self, Instant};

/// The longest text of a note that is written here, in bytes. A line as long as this is never shortened when it is drawn, so that
/// whoever edits a note edits the whole of it.
pub const LONGEST_NOTE: usize = 4_000;

/// A note's text, cleaned, as it may be written.
///
/// # Errors
/// The sentence to show when it is empty or longer than [`LONGEST_NOTE`].
pub fn check_note(text: &str) -> Result<(), String> {
    check_text("note", text, false, LONGEST_NOTE)
}

/// A note. Editing moves its version on; withdrawing blanks the text and keeps who wrote it when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Its id.
    pub id: Id,
    /// What it is about.
    pub subject: Subject,
    /// The text, possibly of several lines; empty once withdrawn.
    pub text: String,
    /// Who wrote it first.
    pub by: String,
    /// When, by the store's clock.
    #[serde(deserialize_with = "time::clamped")]
    pub at: Instant,
    /// Who changed it last, and when.
    pub edited: Option<Withdrawn>,
    /// Who took it back, and when.
    pub withdrawn: Option<Withdrawn>,
    /// From 1; every change adds one.
    pub version: u64,
}

impl Note {
    /// Who wrote it and when, and who changed it, as an operator reads it: `mori, 12m ago; changed by lee, 2m ago`.
    pub fn words(&self, now: Instant) -> String {
        let ago = |at: Instant| time::coarse(time::age(at, now));
        let changed = self.edited.as_ref();
        let changed = changed.map(|edit| format!("; changed by {}, {} ago", edit.by, ago(edit.at))).unwrap_or_default();
        format!("{}, {} ago{changed}", self.by, ago(self.at))
    }
}

/// The notes on alerts that a console holds, by environment and fingerprint.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AlertNotes(HashMap<(String, String), Vec<Note>>);

impl AlertNotes {
    /// Takes notes in, each in place of its version before; one that was taken back goes.
    pub fn take(&mut self, notes: impl IntoIterator<Item = Note>) {
        for note in notes {
            if note.subject.kind != SubjectKind::Alert {
                continue;
            }
            let of = (note.subject.environment.clone(), note.subject.name.clone());
            let held = self.0.entry(of.clone()).or_default();
            held.retain(|known| known.id != note.id);
            if note.withdrawn.is_none() {
                held.push(note);
                held.sort_by(|one, other| other.at.cmp(&one.at).then_with(|| other.id.cmp(&one.id)));
            }
            if held.is_empty() {
                self.0.remove(&of);
            }
        }
    }

    /// The notes on an alert, the newest first.
    pub fn of(&self, environment: &str, fingerprint: &str) -> &[Note] {
        // A tuple of texts is looked up by texts of its own.
        self.0.get(&(environment.to_owned(), fingerprint.to_owned())).map(Vec::as_slice).unwrap_or_default()
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.values().map(Vec::len).sum()
    }
}

impl FromIterator<Note> for AlertNotes {
    fn from_iter<I: IntoIterator<Item = Note>>(notes: I) -> Self {
        let mut held = Self::default();
        held.take(notes);
        held
    }
}

/// Notes about something, newest first, withdrawn ones too.
pub const NOTES_ABOUT: &List = &List { by: &["environment =", "kind =", "name ="], newest: "at" };
/// How many notes on alerts a console holds: the newest.
pub const MOST_NOTES: u64 = 2_000;

impl Fact for Note {
    const TABLE: &'static Table = &Table {
        name: "note",
        kind: Kind::Versioned,
        columns: &[
            "id",
            "environment",
            "kind",
            "name",
            "text",
            "by_name",
            "at",
            "edited_by",
            "edited_at",
            "withdrawn_by",
            "withdrawn_at",
        ],
        key: 1,
        lists: &[NOTES_ABOUT],
        held: Some(Holding {
            only: "withdrawn_at is null and kind = 'alert'",
            back: TimeDelta::zero(),
            most: MOST_NOTES,
        }),
        migrations: &Migrations {
            subject: "note",
            steps: &[
                Migration::both(include_str!("../../../assets/migrations/note/0001-table.sql")),
                Migration::both(include_str!("../../../assets/migrations/note/0002-held.sql")),
            ],
        },
    };
    type Held = AlertNotes;

    fn decode(row: &Row) -> Option<Self> {
        Some(Self {
            id: Id::stored(row.text(0)),
            subject: row.subject(1)?,
            text: row.lines(4),
            by: row.text(5),
            at: row.time(6)?,
            edited: row.stamp(7),
            withdrawn: row.stamp(9),
            version: row.number(11)?,
        })
    }

    fn encode(&self) -> Vec<Value> {
        let [edited_by, edited_at] = stamp(self.edited.as_ref());
        let [withdrawn_by, withdrawn_at] = stamp(self.withdrawn.as_ref());
        let [environment, kind, name] = self.subject.values();
        vec![
            self.id.as_str().into(),
            environment,
            kind,
            name,
            (&self.text).into(),
            (&self.by).into(),
            self.at.into(),
            edited_by,
            edited_at,
            withdrawn_by,
            withdrawn_at,
        ]
    }

    fn hold(held: &mut Self::Held, new: Vec<Self>, _: Instant) {
        held.take(new);
    }

    fn example(nth: u64, text: &str) -> Box<dyn Change> {
        let subject =
            Subject { environment: "production".to_owned(), kind: SubjectKind::Alert, name: format!("f{nth}") };
        Box::new(NewNote { subject, text: text.to_owned() })
    }
}

/// Somebody writes a note; its id is that of the attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewNote {
    /// What it is about.
    pub subject: Subject,
    /// The text; not empty.
    pub text: String,
}

/// Somebody changes the text of a note, or takes it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditNote {
    /// The version that was seen: when it is another by then, nothing is written.
    pub seen: Note,
    /// The text in place of the one before; `None` withdraws the note and blanks its text.
    pub text: Option<String>,
}

impl Change for NewNote {
    fn reads(&self) -> Vec<Key> {
        Vec::new()
    }

    fn apply(&self, _: &Read, author: &Author, attempt: &Id, now: Instant) -> Result<Applied, String> {
        self.subject.check()?;
        check_text("note", &self.text, false, LONGEST_TEXT)?;
        let note = Note {
            id: attempt.clone(),
            subject: self.subject.clone(),
            text: self.text.clone(),
            by: author.name.clone(),
            at: now,
            edited: None,
            withdrawn: None,
            version: 1,
        };
        Ok(Applied::one(&note, note.event("note added")))
    }
}

impl Change for EditNote {
    fn reads(&self) -> Vec<Key> {
        vec![Key::of::<Note>([self.seen.id.as_str().into()])]
    }

    fn apply(&self, read: &Read, author: &Author, _: &Id, now: Instant) -> Result<Applied, String> {
        check_text("note", self.text.as_deref().unwrap_or("…"), false, LONGEST_TEXT)?;
        let Some(current) = read.one::<Note>() else {
            return Ok(Applied::Conflict("The note is not there any more: nothing was written.".to_owned()));
        };
        if current.version != self.seen.version || current.withdrawn.is_some() {
            return Ok(Applied::Conflict(current.meanwhile()));
        }
        let stamp = Some(Withdrawn { by: author.name.clone(), at: now });
        let version = current.version + 1;
        let (note, what) = match &self.text {
            Some(text) => (Note { text: text.clone(), edited: stamp, version, ..current }, "note edited"),
            // What a withdrawn note said is not repeated: it may be withdrawn because it should not be read.
            None => (Note { text: String::new(), withdrawn: stamp, version, ..current }, "note withdrawn"),
        };
        Ok(Applied::one(&note, note.event(what)))
    }
}

impl Note {
    /// Notes may be long and may be taken back: the audit keeps that there was one and a digest of what it said, not the words.
    fn event(&self, what: &str) -> AuditEvent {
        let words = if self.text.is_empty() { String::new() } else { super::digest(&self.text) };
        AuditEvent { kind: AuditKind::Data, what: what.to_owned(), subject: self.subject.clone(), words }
    }

    /// What somebody else did first.
    fn meanwhile(&self) -> String {
        let (what, by) = match (&self.withdrawn, &self.edited) {
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
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Instant {
        chrono::DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap_or_default()
    }

    fn note(id: &str, alert: &str, seconds: i64) -> Note {
        Note {
            id: Id::stored(id),
            subject: Subject { environment: "production".into(), kind: SubjectKind::Alert, name: alert.into() },
            text: "it is the cache".into(),
            by: "mori".into(),
            at: at(seconds),
            edited: None,
            withdrawn: None,
            version: 1,
        }
    }

    #[test]
    fn the_newest_is_first_a_change_replaces_and_what_was_taken_back_goes() {
        let mut notes: AlertNotes = [note("1", "a", 0), note("2", "a", 9), note("3", "b", 5)].into_iter().collect();
        let ids =
            |notes: &AlertNotes| notes.of("production", "a").iter().map(|one| one.id.to_string()).collect::<Vec<_>>();
        assert_eq!((ids(&notes), notes.count()), (vec!["2".to_owned(), "1".to_owned()], 3));
        let changed = Note { text: "better".into(), version: 2, ..note("1", "a", 0) };
        notes.take([changed]);
        assert_eq!((notes.of("production", "a")[1].text.as_str(), notes.count()), ("better", 3));
        let back = Withdrawn { by: "mori".into(), at: at(10) };
        notes.take([Note { withdrawn: Some(back), ..note("2", "a", 9) }]);
        assert_eq!(ids(&notes), ["1"]);
        assert!(notes.of("staging", "a").is_empty(), "the same alert elsewhere is another");
        let elsewhere = Subject { environment: "production".into(), kind: SubjectKind::Service, name: "a".into() };
        notes.take([Note { subject: elsewhere, ..note("4", "a", 0) }]);
        assert_eq!(notes.count(), 2);
    }

    #[test]
    fn who_wrote_and_who_changed_it_is_said() {
        let edited = Some(Withdrawn { by: "lee".into(), at: at(600) });
        assert_eq!(note("1", "a", 0).words(at(720)), "mori, 12m ago");
        assert_eq!(Note { edited, ..note("1", "a", 0) }.words(at(720)), "mori, 12m ago; changed by lee, 2m ago");
    }
}
