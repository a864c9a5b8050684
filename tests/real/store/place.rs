//! A store to be tested, and the consoles on it.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::TimeDelta;
use quarterdeck::config::{PostgresSettings, Secret, StoreSettings};
use quarterdeck::domain::store::{Author, Id, NewAcknowledgement, Subject, SubjectKind};
use quarterdeck::domain::time::Instant;
use quarterdeck::sources::Clock;
use quarterdeck::sources::store::{Store, new_id};

use crate::support::database::{self, Server};
use crate::support::process::skip;

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

    /// Another console on it.
    pub(crate) fn console(&self) -> Store {
        Store::open(&self.settings, self.folder.path(), &self.clock(), false)
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
    pub(crate) fn taking(&self, fingerprint: &str, seen_version: u64) -> NewAcknowledgement {
        NewAcknowledgement {
            id: self.id(),
            environment: "production".into(),
            fingerprint: fingerprint.into(),
            alert: "HighErrorRate".into(),
            firing_since: None,
            holds_for: None,
            note: "looking at 決済".into(),
            seen_version,
        }
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
