//! The store: what people say and what was done, shared by consoles through PostgreSQL or kept for one user in SQLite.
//!
//! [`port`] is what the rest of the console knows of it. What it keeps are the facts of a registry
//! ([`crate::domain::store::facts`]); statements follow from their tables, over what the two databases have in common (`backend`), and
//! there is one writer. One conformance suite runs over every fact and both. Time is the store's own, `store_now()`, never the console's.

mod audit;
mod backend;
mod feed;
mod migrate;
pub mod port;
mod postgres;
mod sqlite;
pub mod statements;
mod unusable;
mod writing;

pub use feed::StoreSource;

use std::path::Path;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use self::backend::{Backend, Row, Value, is_broken};
use self::migrate::Schema;
use self::port::{ReadStore, Standing, WriteError, WriteStore, Written};
use crate::config::StoreSettings;
use crate::domain::store::Changes;
use crate::domain::store::fact::{Change, Fact, Key, List, Read, Registered, Table};
use crate::domain::store::{AuditEntry, AuditLine, AuditSearch, Author, Head, Id, facts};
use crate::sources::Clock;
use crate::sources::error::{SourceError, Trouble};
use crate::sources::observe::Answer;

/// After how many lines of the audit a console begins anew rather than being told of each.
const MOST_TOLD: u64 = 10_000;
/// Why a console that may not write is refused.
const READ_ONLY: &str = "this console may only read the store (started with --read-only, write = false in [store], or a configuration with problems): nothing was written.";

/// An id nobody else makes: by this machine's clock, and 80 bits that differ between processes and calls.
pub fn new_id(clock: &Clock) -> Id {
    use std::hash::{BuildHasher, Hasher};
    let random = || u128::from(std::hash::RandomState::new().build_hasher().finish());
    Id::new(clock(), (random() << 64) | random())
}

/// The store behind its two ports.
pub struct Store {
    backend: Box<dyn Backend>,
    facts: &'static [Registered],
    /// The chain of this process in the audit.
    chain: String,
    is_read_only: bool,
}

impl Store {
    /// The store of the settings. Nothing is opened before it is needed: what is wrong is said by whatever is asked first.
    /// A store that `is_read_only` writes nothing, not even its own tables.
    pub fn open(settings: &StoreSettings, state: &Path, clock: &Clock, is_read_only: bool) -> Self {
        Self::of(facts::ALL, settings, state, clock, is_read_only)
    }

    /// The same with other facts.
    pub fn of(
        facts: &'static [Registered],
        settings: &StoreSettings,
        state: &Path,
        clock: &Clock,
        is_read_only: bool,
    ) -> Self {
        let backend: Box<dyn Backend> = match settings {
            StoreSettings::Embedded => {
                Box::new(sqlite::Sqlite::open(state.join("store.db"), clock.clone(), (facts, is_read_only)))
            }
            StoreSettings::Postgres(postgres) => {
                Box::new(postgres::Postgres::new(postgres.clone(), facts, is_read_only))
            }
            StoreSettings::Unusable => Box::new(unusable::Unusable),
        };
        Self { backend, facts, chain: format!("store/{}", new_id(clock)), is_read_only }
    }

    /// A fact by its key; `None` when there is none.
    ///
    /// # Errors
    /// When the store cannot be asked, or its tables of this fact are not used.
    pub async fn get<F: Fact>(&self, key: &Key) -> Result<Option<F>, SourceError> {
        Ok(self.row(key).await?.and_then(|row| F::decode(&row)))
    }

    /// Facts of a list, newest first, at most so many.
    ///
    /// # Errors
    /// When the store cannot be asked, or its tables of this fact are not used.
    pub async fn list<F: Fact>(
        &self,
        list: &List,
        by: impl Into<Vec<Value>>,
        limit: u32,
    ) -> Result<Vec<F>, SourceError> {
        Ok(self.rows(F::TABLE, list, by.into(), limit).await?.iter().filter_map(F::decode).collect())
    }

    /// Reads tables of a subject by a statement in PostgreSQL's words, a second time where the conversation broke off: a server that was
    /// started again is no trouble worth telling.
    ///
    /// # Errors
    /// When the store cannot be asked, or the tables of this subject are not used.
    pub async fn read(&self, subject: &str, statement: &str, values: Vec<Value>) -> Result<Vec<Row>, SourceError> {
        let read = async || {
            self.backend.schema(false).await?.may_read(subject)?;
            self.backend.read(statement, values.clone()).await
        };
        match read().await {
            Err(error) if is_broken(&error) && error.trouble != Trouble::Timeout => read().await,
            answer => answer,
        }
    }

    async fn list_of<T>(
        &self,
        subject: &str,
        statement: &str,
        values: Vec<Value>,
        decode: impl Fn(&Row) -> Option<T>,
    ) -> Result<Vec<T>, SourceError> {
        Ok(self.read(subject, statement, values).await?.iter().filter_map(decode).collect())
    }

    /// How the tables stand for a write, and that it is one that may be tried.
    async fn writable(&self) -> Result<Arc<Schema>, WriteError> {
        if self.is_read_only {
            return Err(WriteError::Refused(READ_ONLY.to_owned()));
        }
        let schema = match self.backend.schema(true).await {
            Err(error) if is_broken(&error) => self.backend.schema(true).await,
            schema => schema,
        };
        let schema = schema.map_err(WriteError::NotWritten)?;
        schema.may_write(AUDIT).map_err(WriteError::NotWritten)?;
        Ok(schema)
    }

    /// The statement and values of a search of the audit.
    pub fn search(&self, search: &AuditSearch) -> (String, Vec<Value>) {
        audit::search(search, self.backend.since())
    }

    /// The facts a console holds that changed after a position; all of them from 0.
    async fn told(&self, schema: &Schema, since: u64) -> Result<Vec<&'static Registered>, SourceError> {
        let held = self.facts.iter().filter(|fact| fact.table.held.is_some());
        let held = held.filter(|fact| schema.may_read(fact.table.migrations.subject).is_ok());
        if since == 0 || !schema.is_told() {
            return Ok(held.collect());
        }
        let tail = self.read(AUDIT, statements::TAIL, vec![since.into()]).await?;
        let is_named = |row: &Row, name: &str| row.raw(0).split(' ').any(|one| one == name);
        Ok(held.filter(|fact| tail.iter().any(|row| is_named(row, fact.table.name))).collect())
    }
}

/// The subject of the audit's own tables.
pub const AUDIT: &str = migrate::AUDIT.subject;

impl ReadStore for Store {
    fn standing(&self) -> Answer<'_, Standing> {
        Box::pin(async move {
            let schema = self.backend.schema(false).await?;
            schema.may_read(AUDIT)?;
            Ok(Standing { troubles: schema.troubles(), ..self.backend.standing().await? })
        })
    }

    fn changed(&self) -> BoxFuture<'_, ()> {
        self.backend.changed()
    }

    fn changes(&self, since: u64) -> Answer<'_, Changes> {
        Box::pin(async move {
            // Read first: what is written meanwhile is told again the next time, and never missed.
            let row = self.read(AUDIT, NOW, Vec::new()).await?;
            let row = row.first();
            let now = row.and_then(|row| row.time(0));
            let now = now.ok_or_else(|| SourceError::new(Trouble::Malformed, "the store gave no time."))?;
            let position = row.and_then(|row| row.number(1)).unwrap_or_default();
            let schema = self.backend.schema(false).await?;
            let trouble = schema.behind.as_ref().map(|why| why.sentence.clone());
            let told = Changes { position, now, trouble, ..Changes::default() };
            if since == position && since > 0 {
                return Ok(told);
            }
            // A store that is behind what was seen of it is another one, restored or replaced: begin anew, as after a long time.
            let since = if position < since || position - since > MOST_TOLD { 0 } else { since };
            let read = self.told(&schema, since).await?.into_iter().map(|fact| async move {
                let table = fact.table;
                let (statement, values) = match (&table.held, since) {
                    (Some(held), 0) => {
                        (statements::held(table, held.only), vec![(now - held.back).into(), held.most.into()])
                    }
                    _ => (statements::since(table), vec![since.into()]),
                };
                Ok::<_, SourceError>((table, self.read(table.migrations.subject, &statement, values).await?))
            });
            Ok(Changes { is_whole: since == 0, rows: futures_util::future::try_join_all(read).await?, ..told })
        })
    }

    fn row<'a>(&'a self, key: &'a Key) -> Answer<'a, Option<Row>> {
        Box::pin(async move {
            let (statement, values) = statements::one(key);
            Ok(self.read(key.table.migrations.subject, &statement, values).await?.into_iter().next())
        })
    }

    fn rows<'a>(
        &'a self,
        table: &'static Table,
        list: &'a List,
        mut by: Vec<Value>,
        limit: u32,
    ) -> Answer<'a, Vec<Row>> {
        by.push(u64::from(limit).into());
        Box::pin(async move { self.read(table.migrations.subject, &statements::list(table, list), by).await })
    }

    fn has_written<'a>(&'a self, attempt: &'a Id) -> Answer<'a, bool> {
        Box::pin(
            async move { Ok(!self.read(AUDIT, statements::WRITTEN, vec![attempt.as_str().into()]).await?.is_empty()) },
        )
    }

    fn registry(&self) -> &'static [Registered] {
        self.facts
    }

    fn audit<'a>(&'a self, search: &'a AuditSearch) -> Answer<'a, Vec<AuditEntry>> {
        Box::pin(async move {
            let (statement, values) = self.search(search);
            self.list_of(AUDIT, &statement, values, audit::decode).await
        })
    }

    fn audit_after(&self, position: u64, limit: u32) -> Answer<'_, Vec<AuditEntry>> {
        let values = vec![position.into(), u64::from(limit.clamp(1, audit::MOST)).into()];
        Box::pin(self.list_of(AUDIT, audit::AFTER, values, audit::decode))
    }

    fn audit_heads<'a>(&'a self, beginning: &'a str) -> Answer<'a, Vec<(String, Head)>> {
        // Names of chains are ASCII: whatever begins so sorts before the beginning followed by the last of them.
        let values = vec![beginning.into(), format!("{beginning}~").into()];
        Box::pin(self.list_of(AUDIT, audit::HEADS, values, audit::decode_head))
    }
}

/// The store's time and the position of the newest line of its audit.
const NOW: &str = "select quarterdeck.store_now(), (select coalesce(max(position), 0) from quarterdeck.audit)";

impl WriteStore for Store {
    fn write<'a>(&'a self, author: &'a Author, attempt: &'a Id, change: &'a dyn Change) -> Written<'a, Read> {
        Box::pin(async move {
            let schema = &*self.writable().await?;
            writing::write(&*self.backend, &self.chain, &writing::Changing { author, attempt, change, schema }).await
        })
    }

    fn replay<'a>(&'a self, chain: &'a str, lines: &'a [AuditLine]) -> Written<'a, Option<Head>> {
        Box::pin(async move {
            self.writable().await?;
            writing::write(&*self.backend, &self.chain, &audit::Replay { chain, lines }).await
        })
    }
}
