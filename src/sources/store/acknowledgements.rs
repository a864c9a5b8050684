//! Acknowledgements: who has an alert.

use futures_util::future::BoxFuture;

use super::backend::{Row, Value};
use super::port::WriteError;
use super::writing::{Work, Writing};
use crate::domain::store::{
    Acknowledgement, AuditEvent, AuditKind, Author, Id, LONGEST_NAME, LONGEST_TEXT, NewAcknowledgement, Subject,
    SubjectKind, Withdrawn, check_text,
};
use crate::domain::time::Instant;

/// The columns, in the order in which [`decode`] reads them.
macro_rules! columns {
    () => {
        "environment, fingerprint, alert, firing_since, by_name, at, until, note, withdrawn_by, withdrawn_at, version, attempt"
    };
}

/// One alert's.
pub(super) const ONE: &str =
    concat!("select ", columns!(), " from quarterdeck.acknowledgement where environment = $1 and fingerprint = $2");
/// An environment's, newest first.
pub(super) const LIST: &str = concat!(
    "select ",
    columns!(),
    " from quarterdeck.acknowledgement where environment = $1 order by at desc limit $2"
);
/// Those that hold at a time, the last written first.
pub(super) const LIVE: &str = concat!(
    "select ",
    columns!(),
    " from quarterdeck.acknowledgement where withdrawn_at is null and (until is null or until > $1) order by position desc limit $2"
);
/// Those written after a position.
pub(super) const SINCE: &str =
    concat!("select ", columns!(), " from quarterdeck.acknowledgement where position > $1 order by position");

const WRITE: &str = concat!(
    "insert into quarterdeck.acknowledgement (",
    columns!(),
    ", position) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) \
     on conflict (environment, fingerprint) do update set alert = excluded.alert, firing_since = excluded.firing_since, \
     by_name = excluded.by_name, at = excluded.at, until = excluded.until, note = excluded.note, \
     withdrawn_by = excluded.withdrawn_by, withdrawn_at = excluded.withdrawn_at, version = excluded.version, \
     attempt = excluded.attempt, position = excluded.position"
);

/// Reads a row; `None` for one that makes no sense.
pub(super) fn decode(row: &Row) -> Option<Acknowledgement> {
    Some(Acknowledgement {
        environment: row.text(0),
        fingerprint: row.text(1),
        alert: row.text(2),
        firing_since: row.time(3),
        by: row.text(4),
        at: row.time(5)?,
        until: row.time(6),
        note: row.lines(7),
        withdrawn: withdrawn(row, 8),
        version: row.number(10)?,
    })
}

/// Who took something back and when, from two columns.
pub(super) fn withdrawn(row: &Row, column: usize) -> Option<Withdrawn> {
    Some(Withdrawn { by: row.maybe_text(column)?, at: row.time(column + 1)? })
}

/// Somebody takes an alert.
pub(super) struct Acknowledge<'a> {
    pub(super) author: &'a Author,
    pub(super) new: &'a NewAcknowledgement,
}

/// Somebody takes an acknowledgement back.
pub(super) struct Withdraw<'a> {
    pub(super) author: &'a Author,
    pub(super) attempt: &'a Id,
    pub(super) seen: &'a Acknowledgement,
}

impl Acknowledge<'_> {
    fn check(&self) -> Result<(), String> {
        check_text("environment", &self.new.environment, false, LONGEST_NAME)?;
        check_text("alert's fingerprint", &self.new.fingerprint, false, LONGEST_NAME)?;
        check_text("alert's name", &self.new.alert, true, LONGEST_NAME)?;
        check_text("name", &self.author.name, false, LONGEST_NAME)?;
        check_text("note", &self.new.note, true, LONGEST_TEXT)?;
        match self.new.holds_for {
            Some(held) if held <= chrono::TimeDelta::zero() || held > chrono::TimeDelta::days(365) => {
                Err("An acknowledgement holds for up to a year: nothing was written. Give another time.".to_owned())
            }
            _ => Ok(()),
        }
    }
}

impl Work for Acknowledge<'_> {
    type Made = Acknowledgement;

    fn run<'t>(&'t self, writing: &'t Writing<'t>) -> BoxFuture<'t, Result<Acknowledgement, WriteError>> {
        Box::pin(async move {
            self.check().map_err(WriteError::Refused)?;
            let new = self.new;
            let current = current(writing, &new.environment, &new.fingerprint).await?;
            if let Some((current, _)) = current.as_ref().filter(|(_, attempt)| *attempt == new.id.as_str()) {
                return Ok(current.clone());
            }
            let current = current.map(|(current, _)| current);
            let version = current.as_ref().map_or(0, |current| current.version);
            // Who has seen none has overlooked nobody where nobody has it: what ran out or was given back is not told anew.
            let is_free = current.as_ref().is_none_or(|current| !current.is_live(writing.now));
            if version != new.seen_version && !(is_free && new.seen_version == 0) {
                return Err(WriteError::Conflict(meanwhile(current.as_ref(), writing.now)));
            }
            let taken = Acknowledgement {
                environment: new.environment.clone(),
                fingerprint: new.fingerprint.clone(),
                alert: new.alert.clone(),
                firing_since: new.firing_since,
                by: self.author.name.clone(),
                at: writing.now,
                until: new.holds_for.and_then(|held| writing.now.checked_add_signed(held)),
                note: new.note.clone(),
                withdrawn: None,
                version: version + 1,
            };
            let from = current.filter(|before| before.is_live(writing.now) && before.by != taken.by);
            let from = from.map(|before| format!(" from {}", before.by)).unwrap_or_default();
            let until = taken.until.map(|until| format!(" until {}", until.format("%Y-%m-%dT%H:%M:%SZ")));
            let words = format!("{} taken{from}{}. {}", taken.alert, until.unwrap_or_default(), taken.note);
            put(writing, self.author, &new.id, &taken, "acknowledged", words.trim_end().to_owned()).await?;
            Ok(taken)
        })
    }
}

impl Work for Withdraw<'_> {
    type Made = Acknowledgement;

    fn run<'t>(&'t self, writing: &'t Writing<'t>) -> BoxFuture<'t, Result<Acknowledgement, WriteError>> {
        Box::pin(async move {
            check_text("name", &self.author.name, false, LONGEST_NAME).map_err(WriteError::Refused)?;
            let current = current(writing, &self.seen.environment, &self.seen.fingerprint).await?;
            let Some((current, attempt)) = current else {
                return Err(WriteError::Conflict(meanwhile(None, writing.now)));
            };
            if attempt == self.attempt.as_str() {
                return Ok(current);
            }
            if current.version != self.seen.version || current.withdrawn.is_some() {
                return Err(WriteError::Conflict(meanwhile(Some(&current), writing.now)));
            }
            let withdrawn = Some(Withdrawn { by: self.author.name.clone(), at: writing.now });
            let version = current.version + 1;
            let given = Acknowledgement { withdrawn, version, ..current };
            let words = format!("{} given back, held by {}.", given.alert, given.by);
            put(writing, self.author, self.attempt, &given, "acknowledgement withdrawn", words).await?;
            Ok(given)
        })
    }
}

async fn current(
    writing: &Writing<'_>,
    environment: &str,
    fingerprint: &str,
) -> Result<Option<(Acknowledgement, String)>, WriteError> {
    let rows = writing.query(ONE, vec![environment.into(), fingerprint.into()]).await?;
    Ok(rows.first().and_then(|row| Some((decode(row)?, row.raw(11)))))
}

async fn put(
    writing: &Writing<'_>,
    author: &Author,
    attempt: &Id,
    made: &Acknowledgement,
    what: &str,
    words: String,
) -> Result<(), WriteError> {
    let event = AuditEvent {
        kind: AuditKind::Data,
        what: what.to_owned(),
        subject: Subject {
            environment: made.environment.clone(),
            kind: SubjectKind::Alert,
            name: made.fingerprint.clone(),
        },
        words,
    };
    let position = writing.note(author, attempt, &event).await?;
    let withdrawn = made.withdrawn.as_ref();
    let values = vec![
        (&made.environment).into(),
        (&made.fingerprint).into(),
        (&made.alert).into(),
        made.firing_since.into(),
        (&made.by).into(),
        made.at.into(),
        made.until.into(),
        (&made.note).into(),
        Value::Text(withdrawn.map(|withdrawn| withdrawn.by.clone())),
        Value::Time(withdrawn.map(|withdrawn| withdrawn.at)),
        made.version.into(),
        attempt.as_str().into(),
        position.into(),
    ];
    writing.query(WRITE, values).await.map(drop)
}

/// What somebody else did first.
fn meanwhile(current: Option<&Acknowledgement>, now: Instant) -> String {
    let what = match current {
        None => "The acknowledgement is not there any more".to_owned(),
        Some(current) => match &current.withdrawn {
            Some(back) => format!("{} gave {} back at {}", back.by, current.alert, back.at.format("%H:%M:%S")),
            None if current.is_live(now) => {
                format!("{} took {} at {}", current.by, current.alert, current.at.format("%H:%M:%S"))
            }
            None => format!("{} had {} until it ran out", current.by, current.alert),
        },
    };
    format!(
        "{what}, after this console last looked: nothing was written. Look at it and try again if you still mean to."
    )
}
