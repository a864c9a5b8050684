//! The store: what people say and what was done, shared by consoles through PostgreSQL or kept for one user in SQLite.
//!
//! [`port`] is what the rest of the console knows of it. The statements and their rules are written once, over what the two
//! databases have in common (`backend`); one conformance suite runs against both. Every write is one transaction with its
//! line in the audit. Time is the store's own, `store_now()`, never the console's.

mod acknowledgements;
mod audit;
mod backend;
mod feed;
mod marks;
mod migrate;
mod notes;
pub mod port;
mod postgres;
mod sqlite;
mod unusable;
mod writing;

pub use feed::{StoreSnapshot, StoreSource};

use std::path::Path;

use futures_util::future::BoxFuture;

use self::backend::{Backend, Row, Value, is_broken};
use self::port::{Changes, ReadStore, Standing, WriteError, WriteStore, Written};
use crate::config::StoreSettings;
use crate::domain::store::{
    Acknowledgement, Annotation, AuditEntry, AuditEvent, AuditLine, AuditSearch, Author, Head, Id, NewAcknowledgement,
    NewAnnotation, NewNote, Note, ReleaseSeen, Subject,
};
use crate::domain::time::Instant;
use crate::sources::Clock;
use crate::sources::error::{SourceError, Trouble};
use crate::sources::observe::Answer;

/// How many live acknowledgements and recent annotations a console holds.
const MOST_HELD: u64 = 20_000;
/// How many notes on alerts a console holds: the newest.
pub const MOST_NOTES: u64 = 2_000;
/// How far back annotations are held, in hours.
const HOURS_HELD: i64 = 24;
/// Why a console that may not write is refused.
const READ_ONLY: &str = "this console was started with --read-only: nothing was written. Start it without to acknowledge and to take notes.";

/// An id nobody else makes: by this machine's clock, and 80 bits that differ between processes and calls.
pub fn new_id(clock: &Clock) -> Id {
    use std::hash::{BuildHasher, Hasher};
    let random = || u128::from(std::hash::RandomState::new().build_hasher().finish());
    Id::new(clock(), (random() << 64) | random())
}

/// The store behind its two ports.
pub struct Store {
    backend: Box<dyn Backend>,
    /// The chain of this process in the audit.
    chain: String,
    is_read_only: bool,
}

impl Store {
    /// The store of the settings. Nothing is opened before it is needed: what is wrong is said by whatever is asked first.
    /// A store that `is_read_only` writes nothing, not even its own tables.
    pub fn open(settings: &StoreSettings, state: &Path, clock: &Clock, is_read_only: bool) -> Self {
        let backend: Box<dyn Backend> = match settings {
            StoreSettings::Embedded => Box::new(sqlite::Sqlite::open(state.join("store.db"), clock.clone())),
            StoreSettings::Postgres(postgres) => Box::new(postgres::Postgres::new(postgres.clone(), is_read_only)),
            StoreSettings::Unusable => Box::new(unusable::Unusable),
        };
        Self { backend, chain: format!("store/{}", new_id(clock)), is_read_only }
    }

    /// Reads, a second time where the conversation broke off: a server that was started again is no trouble worth telling.
    async fn read(&self, statement: &str, values: Vec<Value>) -> Result<Vec<Row>, SourceError> {
        match self.backend.read(statement, values.clone()).await {
            Err(error) if is_broken(&error) && error.trouble != Trouble::Timeout => {
                self.backend.read(statement, values).await
            }
            answer => answer,
        }
    }

    async fn list<T>(
        &self,
        statement: &str,
        values: Vec<Value>,
        decode: impl Fn(&Row) -> Option<T>,
    ) -> Result<Vec<T>, SourceError> {
        Ok(self.read(statement, values).await?.iter().filter_map(decode).collect())
    }

    async fn write<W: writing::Work>(&self, work: &W) -> Result<W::Made, WriteError> {
        if self.is_read_only {
            return Err(WriteError::Refused(READ_ONLY.to_owned()));
        }
        writing::write(&*self.backend, &self.chain, work).await
    }

    /// How the database would answer a search of the audit: the lines of its plan.
    pub fn explain<'a>(&'a self, search: &'a AuditSearch) -> Answer<'a, Vec<String>> {
        let (statement, values) = audit::search(search, self.backend.since());
        Box::pin(self.explained(statement, values))
    }

    /// How the database would list an environment's acknowledgements, the notes about something, the live ones of both, what notes
    /// changed, and the marks of an hour.
    pub fn explain_lists<'a>(&'a self, about: &'a Subject, now: Instant) -> Answer<'a, Vec<Vec<String>>> {
        let about_values =
            vec![(&about.environment).into(), about.kind.word().into(), (&about.name).into(), 100_u64.into()];
        let asked = [
            (acknowledgements::LIST, vec![(&about.environment).into(), 100_u64.into()]),
            (notes::LIST, about_values),
            (acknowledgements::LIVE, vec![now.into(), 100_u64.into()]),
            (notes::LIVE, vec![100_u64.into()]),
            (notes::SINCE, vec![100_u64.into()]),
            (
                marks::LIST,
                vec![
                    (&about.environment).into(),
                    (now - chrono::TimeDelta::hours(1)).into(),
                    now.into(),
                    100_u64.into(),
                ],
            ),
        ];
        Box::pin(async move {
            let mut plans = Vec::new();
            for (statement, values) in asked {
                plans.push(self.explained(statement.to_owned(), values).await?);
            }
            Ok(plans)
        })
    }

    async fn explained(&self, statement: String, values: Vec<Value>) -> Result<Vec<String>, SourceError> {
        let rows = self.read(&format!("explain {statement}"), values).await?;
        let words = |row: &Row| (0..row.0.len()).map(|column| row.text(column)).collect::<Vec<_>>().join(" ");
        Ok(rows.iter().map(words).collect())
    }
}

impl ReadStore for Store {
    fn standing(&self) -> Answer<'_, Standing> {
        self.backend.standing()
    }

    fn changed(&self) -> BoxFuture<'_, ()> {
        self.backend.changed()
    }

    fn changes(&self, since: u64) -> Answer<'_, Changes> {
        Box::pin(async move {
            // Read first: what is written meanwhile is told again the next time, and never missed.
            let row = self.read(NOW, Vec::new()).await?;
            let row = row.first();
            let now = row.and_then(|row| row.time(0));
            let now = now.ok_or_else(|| SourceError::new(Trouble::Malformed, "the store gave no time."))?;
            let position = row.and_then(|row| row.number(1)).unwrap_or_default();
            // A store that is behind what was seen of it is another one, restored or replaced: begin anew.
            let since = if position < since { 0 } else { since };
            let recently = now - crate::domain::time::hours(HOURS_HELD);
            let acknowledgements = async {
                match since {
                    0 => {
                        let values = vec![now.into(), MOST_HELD.into()];
                        self.list(acknowledgements::LIVE, values, acknowledgements::decode).await
                    }
                    _ => self.list(acknowledgements::SINCE, vec![since.into()], acknowledgements::decode).await,
                }
            };
            let annotations =
                self.list(marks::SINCE, vec![since.into(), recently.into(), MOST_HELD.into()], marks::decode);
            let notes = async {
                match since {
                    0 => self.list(notes::LIVE, vec![MOST_NOTES.into()], notes::decode).await,
                    _ => self.list(notes::SINCE, vec![since.into()], notes::decode).await,
                }
            };
            if since == position && since > 0 {
                return Ok(Changes { position, now, is_whole: false, ..Changes::default() });
            }
            let (acknowledgements, notes, mut annotations) =
                futures_util::future::try_join3(acknowledgements, notes, annotations).await?;
            annotations.reverse();
            Ok(Changes { position, now, is_whole: since == 0, acknowledgements, notes, annotations })
        })
    }

    fn acknowledgement<'a>(
        &'a self,
        environment: &'a str,
        fingerprint: &'a str,
    ) -> Answer<'a, Option<Acknowledgement>> {
        Box::pin(async move {
            let values = vec![environment.into(), fingerprint.into()];
            Ok(self.list(acknowledgements::ONE, values, acknowledgements::decode).await?.pop())
        })
    }

    fn acknowledgements<'a>(&'a self, environment: &'a str, limit: u32) -> Answer<'a, Vec<Acknowledgement>> {
        let values = vec![environment.into(), u64::from(limit).into()];
        Box::pin(self.list(acknowledgements::LIST, values, acknowledgements::decode))
    }

    fn notes<'a>(&'a self, about: &'a Subject, limit: u32) -> Answer<'a, Vec<Note>> {
        let values =
            vec![(&about.environment).into(), about.kind.word().into(), (&about.name).into(), u64::from(limit).into()];
        Box::pin(self.list(notes::LIST, values, notes::decode))
    }

    fn annotations<'a>(
        &'a self,
        environment: &'a str,
        from: Instant,
        to: Instant,
        limit: u32,
    ) -> Answer<'a, Vec<Annotation>> {
        let values = vec![environment.into(), from.into(), to.into(), u64::from(limit).into()];
        Box::pin(self.list(marks::LIST, values, marks::decode))
    }

    fn releases<'a>(&'a self, cluster: &'a str, workload: &'a str, limit: u32) -> Answer<'a, Vec<ReleaseSeen>> {
        let values = vec![cluster.into(), workload.into(), u64::from(limit).into()];
        Box::pin(self.list(marks::RELEASES, values, marks::decode_release))
    }

    fn audit<'a>(&'a self, search: &'a AuditSearch) -> Answer<'a, Vec<AuditEntry>> {
        Box::pin(async move {
            let (statement, values) = audit::search(search, self.backend.since());
            self.list(&statement, values, audit::decode).await
        })
    }

    fn audit_after(&self, position: u64, limit: u32) -> Answer<'_, Vec<AuditEntry>> {
        let values = vec![position.into(), u64::from(limit.clamp(1, audit::MOST)).into()];
        Box::pin(self.list(audit::AFTER, values, audit::decode))
    }

    fn audit_heads<'a>(&'a self, beginning: &'a str) -> Answer<'a, Vec<(String, Head)>> {
        // Names of chains are ASCII: whatever begins so sorts before the beginning followed by the last of them.
        let values = vec![beginning.into(), format!("{beginning}~").into()];
        Box::pin(self.list(audit::HEADS, values, audit::decode_head))
    }
}

/// The store's time and the position of the newest line of its audit.
const NOW: &str = "select quarterdeck.store_now(), (select coalesce(max(position), 0) from quarterdeck.audit)";

impl WriteStore for Store {
    fn acknowledge<'a>(&'a self, author: &'a Author, new: &'a NewAcknowledgement) -> Written<'a, Acknowledgement> {
        Box::pin(async move { self.write(&acknowledgements::Acknowledge { author, new }).await })
    }

    fn withdraw_acknowledgement<'a>(
        &'a self,
        author: &'a Author,
        attempt: &'a Id,
        seen: &'a Acknowledgement,
    ) -> Written<'a, Acknowledgement> {
        Box::pin(async move { self.write(&acknowledgements::Withdraw { author, attempt, seen }).await })
    }

    fn add_note<'a>(&'a self, author: &'a Author, new: &'a NewNote) -> Written<'a, Note> {
        Box::pin(async move { self.write(&notes::Add { author, new }).await })
    }

    fn edit_note<'a>(
        &'a self,
        author: &'a Author,
        attempt: &'a Id,
        seen: &'a Note,
        text: Option<&'a str>,
    ) -> Written<'a, Note> {
        Box::pin(async move { self.write(&notes::Edit { author, attempt, seen, text }).await })
    }

    fn annotate<'a>(&'a self, author: &'a Author, new: &'a NewAnnotation) -> Written<'a, Annotation> {
        Box::pin(async move { self.write(&marks::Annotate { author, new }).await })
    }

    fn remember_releases<'a>(&'a self, seen: &'a [ReleaseSeen]) -> Written<'a, ()> {
        Box::pin(async move { self.write(&marks::Remember(seen)).await })
    }

    fn note_events<'a>(&'a self, author: &'a Author, attempt: &'a Id, events: &'a [AuditEvent]) -> Written<'a, ()> {
        Box::pin(async move { self.write(&audit::NoteEvents { author, attempt, events }).await })
    }

    fn replay<'a>(&'a self, chain: &'a str, lines: &'a [AuditLine]) -> Written<'a, Option<Head>> {
        Box::pin(async move { self.write(&audit::Replay { chain, lines }).await })
    }
}
