//! A store to be tested, and the consoles on it.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use quarterdeck::config::{PostgresSettings, Secret, StoreSettings};
use quarterdeck::domain::store::StoreSnapshot;
use quarterdeck::domain::store::fact::{Change, Fact, Key, Registered};
use quarterdeck::domain::store::{
    ACKNOWLEDGED_IN, Acknowledgement, Annotation, Author, EditNote, Id, NOTES_ABOUT, NewAcknowledgement, NewAnnotation,
    NewNote, Note, Subject, SubjectKind, WithdrawAcknowledgement, acknowledgement_of,
};
use quarterdeck::domain::time::Instant;
use quarterdeck::sources::Clock;
use quarterdeck::sources::error::SourceError;
use quarterdeck::sources::store::port::{WriteError, WriteStore};
use quarterdeck::sources::store::{Store, new_id};

use crate::support::database::{self, Server};
use crate::support::process::{Running, skip, wait_until};

/// Who is on an alert of production, as a console holds it.
pub(super) fn holder<'a>(held: &'a StoreSnapshot, fingerprint: &str) -> Option<&'a Acknowledgement> {
    let found = held.facts::<Acknowledgement>()?.get(&("production".to_owned(), fingerprint.to_owned()))?;
    found.is_live(now() + held.ahead).then_some(found)
}

/// Which database, and the way to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The embedded one.
    Sqlite,
    /// The shared one.
    Postgres,
    /// The shared one through a pooler in transaction mode.
    Pooled,
}

/// A store nobody else uses.
pub(crate) struct Place {
    pub(crate) kind: Kind,
    pub(crate) folder: tempfile::TempDir,
    /// The database in the shared server.
    pub(crate) database: String,
    settings: StoreSettings,
    /// How far this machine's clock is off, in seconds.
    offset: Arc<AtomicI64>,
}

impl Place {
    /// A new store; `None` with a line where its server is not installed.
    pub(crate) fn new(kind: Kind) -> Option<Self> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().expect("a folder");
        let (database, settings) = match kind {
            Kind::Sqlite => (String::new(), StoreSettings::Embedded),
            Kind::Postgres | Kind::Pooled => {
                if let Some(why) = database::why_not() {
                    skip(&format!("the store in {kind:?}"), why);
                    return None;
                }
                let server = Server::shared();
                let port = if kind == Kind::Pooled { server.pooler()? } else { server.port };
                let database = server.database();
                let settings = settings_at(folder.path().join("url"), port, &database, kind == Kind::Postgres);
                (database, settings)
            }
        };
        Some(Self { kind, folder, database, settings, offset: Arc::default() })
    }

    /// A new store on a server of its own.
    pub(crate) fn on(server: &Server) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let database = server.database();
        let settings = settings_at(folder.path().join("url"), server.port, &database, true);
        Self { kind: Kind::Postgres, folder, database, settings, offset: Arc::default() }
    }

    /// Another console on it.
    pub(crate) fn console(&self) -> Store {
        Store::open(&self.settings, self.folder.path(), &self.clock(), false)
    }

    /// Another console on it that knows these facts.
    pub(crate) fn knowing(&self, facts: &'static [Registered]) -> Store {
        Store::of(facts, &self.settings, self.folder.path(), &self.clock(), false)
    }

    /// The same, started with --read-only.
    pub(crate) fn reading(&self, facts: &'static [Registered]) -> Store {
        Store::of(facts, &self.settings, self.folder.path(), &self.clock(), true)
    }

    /// Makes it a store as a console of the version before left it: real ones, kept in `tests/support/stores`.
    pub(crate) fn restore(&self) {
        let stores = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/stores");
        match self.kind {
            Kind::Sqlite => {
                std::fs::copy(stores.join("version-2.db"), self.folder.path().join("store.db")).expect("a store");
            }
            Kind::Postgres | Kind::Pooled => {
                let dump = std::fs::read_to_string(stores.join("version-2.sql")).expect("a store");
                self.raw(&dump).expect("restored");
            }
        }
    }

    /// Its tables, indexes and triggers in words, and what was applied to it.
    pub(crate) fn tables(&self) -> Vec<String> {
        match self.kind {
            Kind::Sqlite => self.text("select type || ' ' || name || ' ' || replace(replace(coalesce(sql, ''), char(10), ''), ' ', '') from sqlite_master order by 1"),
            Kind::Postgres | Kind::Pooled => self.text(
                "select table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || coalesce(collation_name, '') \
                   from information_schema.columns where table_schema = 'quarterdeck' \
                 union all select indexdef from pg_indexes where schemaname = 'quarterdeck' \
                 union all select event_object_table || ' ' || trigger_name || ' ' || event_manipulation || ' ' || action_statement \
                   from information_schema.triggers where trigger_schema = 'quarterdeck' order by 1",
            ),
        }
    }

    /// The first column of what a query answers.
    pub(crate) fn text(&self, statement: &str) -> Vec<String> {
        match self.kind {
            Kind::Postgres | Kind::Pooled => {
                self.raw(statement).expect("an answer").lines().map(str::to_owned).collect()
            }
            Kind::Sqlite => {
                let connection = rusqlite::Connection::open(self.folder.path().join("store.db")).expect("a file");
                let mut statement = connection.prepare(&statement.replace("quarterdeck.", "")).expect("a statement");
                let rows = statement.query_map((), |row| row.get(0)).expect("an answer");
                rows.map(|row| row.expect("a text")).collect()
            }
        }
    }

    /// How many rows a table has.
    pub(crate) fn count(&self, table: &str) -> usize {
        let counted = self.text(&format!("select cast(count(*) as text) from quarterdeck.{table}"));
        counted[0].parse().expect("a number")
    }

    /// Somebody else holds the turn of those who write into the audit, longer than anybody waits for it.
    pub(crate) fn holding_the_turn(&self) -> Running {
        let statements = "begin; select pg_advisory_xact_lock(5857108, 2); select pg_sleep(120); rollback";
        let holding = Server::shared().begin(&self.database, statements);
        let locks = "select count(*) from pg_locks join pg_database on pg_database.oid = database \
            where locktype = 'advisory' and datname = current_database() and granted";
        wait_until("somebody to hold the turn", Duration::from_secs(60), || {
            (self.raw(locks).expect("an answer").trim() == "1").then_some(())
        });
        holding
    }

    /// A console that was started with --read-only.
    pub(crate) fn reader(&self) -> Store {
        Store::open(&self.settings, self.folder.path(), &self.clock(), true)
    }

    /// This machine's clock.
    pub(crate) fn clock(&self) -> Clock {
        let offset = self.offset.clone();
        Arc::new(move || now() + TimeDelta::seconds(offset.load(Ordering::Relaxed)))
    }

    /// Replaces the body of `store_now()` by one that is so many hours off.
    pub(crate) fn shift(&self, hours: i64) {
        match self.kind {
            Kind::Sqlite => self.offset.store(hours * 3_600, Ordering::Relaxed),
            Kind::Postgres | Kind::Pooled => {
                let body = format!("select clock_timestamp() + interval '{hours} hours'");
                self.raw(&format!("create or replace function quarterdeck.store_now() returns timestamptz language sql volatile as $body${body}$body$"))
                    .expect("a new body");
            }
        }
    }

    /// Statements past the console, as somebody with the database's own client would send them.
    pub(crate) fn raw(&self, statements: &str) -> Result<String, String> {
        match self.kind {
            Kind::Postgres | Kind::Pooled => Server::shared().sql(&self.database, statements),
            Kind::Sqlite => {
                let connection = rusqlite::Connection::open(self.folder.path().join("store.db")).expect("a file");
                let statements = statements.replace("quarterdeck.", "");
                connection.execute_batch(&statements).map(|()| String::new()).map_err(|error| error.to_string())
            }
        }
    }

    /// An id.
    pub(crate) fn id(&self) -> Id {
        new_id(&self.clock())
    }

    /// Somebody takes an alert whose acknowledgement they saw in a version.
    pub(crate) fn taking(&self, fingerprint: &str, seen_version: u64) -> (Id, NewAcknowledgement) {
        let new = NewAcknowledgement {
            environment: "production".into(),
            fingerprint: fingerprint.into(),
            alert: "HighErrorRate".into(),
            firing_since: None,
            holds_for: None,
            note: "looking at 決済".into(),
            seen_version,
        };
        (self.id(), new)
    }

    /// Somebody writes a note on an alert.
    pub(crate) fn noting(&self, fingerprint: &str, text: &str) -> (Id, NewNote) {
        (self.id(), NewNote { subject: alert(fingerprint), text: text.into() })
    }
}

/// What people write and look at, a call each.
pub(crate) trait Say {
    fn store(&self) -> &Store;

    async fn one<F: Fact>(&self, author: &Author, attempt: &Id, change: &dyn Change) -> Result<F, WriteError> {
        let written = self.store().write(author, attempt, change).await?;
        Ok(written.one::<F>().expect("what it rested on is there"))
    }

    async fn acknowledge(
        &self,
        author: &Author,
        (attempt, new): &(Id, NewAcknowledgement),
    ) -> Result<Acknowledgement, WriteError> {
        self.one(author, attempt, new).await
    }

    async fn withdraw_acknowledgement(
        &self,
        author: &Author,
        attempt: &Id,
        seen: &Acknowledgement,
    ) -> Result<Acknowledgement, WriteError> {
        self.one(author, attempt, &WithdrawAcknowledgement(seen.clone())).await
    }

    async fn add_note(&self, author: &Author, (attempt, new): &(Id, NewNote)) -> Result<Note, WriteError> {
        let written = self.store().write(author, attempt, new).await?;
        let key = Key::of::<Note>([attempt.as_str().into()]);
        match written.one() {
            Some(note) => Ok(note),
            // It was written before: nothing was read.
            None => Ok(self.store().get(&key).await.expect("an answer").expect("it is there")),
        }
    }

    async fn edit_note(
        &self,
        author: &Author,
        attempt: &Id,
        seen: &Note,
        text: Option<&str>,
    ) -> Result<Note, WriteError> {
        self.one(author, attempt, &EditNote { seen: seen.clone(), text: text.map(str::to_owned) }).await
    }

    async fn annotate(&self, author: &Author, new: &NewAnnotation) -> Result<Annotation, WriteError> {
        self.one(author, &new.id, new).await
    }

    async fn acknowledgement(
        &self,
        environment: &str,
        fingerprint: &str,
    ) -> Result<Option<Acknowledgement>, SourceError> {
        self.store().get(&acknowledgement_of(environment, fingerprint)).await
    }

    async fn acknowledgements(&self, environment: &str, limit: u32) -> Result<Vec<Acknowledgement>, SourceError> {
        self.store().list(ACKNOWLEDGED_IN, [environment.into()], limit).await
    }

    async fn notes(&self, about: &Subject, limit: u32) -> Result<Vec<Note>, SourceError> {
        self.store().list(NOTES_ABOUT, about.values(), limit).await
    }
}

impl Say for Store {
    fn store(&self) -> &Store {
        self
    }
}

/// The settings of a database behind a port; the address goes into a file.
pub(crate) fn settings_at(file: PathBuf, port: u16, database: &str, is_direct: bool) -> StoreSettings {
    std::fs::write(&file, Server::url(port, database)).expect("a file");
    let url = Secret::File(file);
    StoreSettings::Postgres(PostgresSettings { listen: is_direct.then(|| url.clone()), url })
}

/// This machine's time, which databases keep to the microsecond.
#[expect(clippy::disallowed_methods, reason = "these tests run against real servers in real time")]
pub(crate) fn now() -> Instant {
    chrono::SubsecRound::trunc_subsecs(chrono::Utc::now(), 6)
}

pub(crate) fn author(name: &str) -> Author {
    Author { name: name.into(), origin: format!("{name}@bastion") }
}

pub(crate) fn alert(fingerprint: &str) -> Subject {
    Subject { environment: "production".into(), kind: SubjectKind::Alert, name: fingerprint.into() }
}
