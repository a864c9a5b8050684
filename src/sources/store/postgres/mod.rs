//! The shared store: PostgreSQL 14 or newer, directly or through a pooler in transaction mode.
//!
//! Statements are unnamed and carry their types, locks end with their transaction, nothing is kept in a session: whichever
//! server connection the pooler picks will do. One connection reads, another writes, and a third listens where the
//! configuration names a way around the pooler; without it the store is looked at every two seconds.

mod connect;
mod trouble;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::BytesMut;
use futures_util::future::BoxFuture;
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio_postgres::types::{IsNull, ToSql, Type};

use self::connect::{Address, Link};
use super::backend::{Backend, Row, Transaction, Value};
use super::migrate;
use super::port::Standing;
use crate::config::PostgresSettings;
use crate::domain::time::Instant;
use crate::sources::error::{SourceError, Trouble};
use crate::sources::observe::Answer;

/// How long one answer may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(8);
/// How long the turn of another writer of this process may last.
const TURN_WITHIN: Duration = Duration::from_secs(15);
/// How often is looked for changes, told of them or not: a notification may be lost.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// The same with notifications.
const LOOK_EVERY_WHEN_TOLD: Duration = Duration::from_secs(15);
/// What begins a writing transaction. A console that falls silent in the middle of one must not hold up the others: the server
/// ends it after three seconds, sooner than anybody stops waiting for the lock.
const BEGIN: &str = "begin; set local statement_timeout = '6s'; set local lock_timeout = '6s'; \
    set local idle_in_transaction_session_timeout = '3s'";
/// Writers go one after the other: the order of the audit is the order of the commits.
const LOCK: &str = "select pg_advisory_xact_lock(5857108, 2)::text";
/// The channel that tells of changes.
const NOTIFY: &str = "select pg_notify('quarterdeck_store', '')::text";
/// What makes the versions' own table.
const VERSIONS: &str = "create schema if not exists quarterdeck; create table if not exists quarterdeck.migration \
    (version bigint primary key, digest text not null, applied_at timestamptz not null default clock_timestamp())";

/// Whether it is there. A table is read for it: `to_regclass` may answer from what this session remembers of a moment ago, when
/// another console had not made it yet.
const IS_THERE: &str = "select relname::text from pg_catalog.pg_class join pg_catalog.pg_namespace on pg_namespace.oid = relnamespace \
    where nspname = 'quarterdeck' and relname = 'migration'";

/// The shared store.
pub(super) struct Postgres {
    settings: PostgresSettings,
    is_read_only: bool,
    reader: Mutex<Option<Arc<Link>>>,
    writer: Arc<Mutex<Option<Link>>>,
    listener: Mutex<Option<Link>>,
    /// Whether the tables were seen to be of our version.
    is_migrated: AtomicBool,
}

impl Postgres {
    /// A store that connects when it is first asked.
    pub(super) fn new(settings: PostgresSettings, is_read_only: bool) -> Self {
        Self {
            settings,
            is_read_only,
            reader: Mutex::default(),
            writer: Arc::default(),
            listener: Mutex::default(),
            is_migrated: AtomicBool::new(false),
        }
    }

    async fn connect(&self) -> Result<(Link, Address), SourceError> {
        let address = connect::read(&self.settings.url)?;
        let link = connect::open(&address).await?;
        if !self.is_migrated.load(Ordering::Acquire) {
            self.migrate(&link, &address.place).await?;
            self.is_migrated.store(true, Ordering::Release);
        }
        Ok((link, address))
    }

    /// The place in words, for errors of a connection that is there.
    fn place(&self) -> String {
        connect::read(&self.settings.url).map(|address| address.place).unwrap_or_default()
    }

    /// Brings the tables to our version, one console at a time.
    async fn migrate(&self, link: &Link, place: &str) -> Result<(), SourceError> {
        let applied = async || {
            let rows = run(link, IS_THERE, Vec::new(), place).await?;
            if rows.is_empty() {
                return Ok(Vec::new());
            }
            let rows =
                run(link, "select version, digest from quarterdeck.migration order by version", Vec::new(), place)
                    .await?;
            Ok(rows.iter().filter_map(|row| Some((row.number(0)?, row.raw(1)))).collect::<Vec<_>>())
        };
        if migrate::missing(migrate::POSTGRES, &applied().await?)?.is_empty() {
            return Ok(());
        }
        if self.is_read_only {
            return Err(SourceError::new(
                Trouble::Setup,
                format!(
                    "the store at {place} has not all of its tables yet, and this console may not make them. Start one without --read-only."
                ),
            ));
        }
        simple(link, BEGIN, place).await?;
        let made = async {
            run(link, "select pg_advisory_xact_lock(5857108, 1)::text", Vec::new(), place).await?;
            // Judged again with the lock held: another console may have been first.
            for migration in migrate::missing(migrate::POSTGRES, &applied().await?)? {
                simple(link, VERSIONS, place).await?;
                simple(link, migration.sql, place).await?;
                let values = vec![u64::from(migration.version).into(), migration.digest().into()];
                run(link, "insert into quarterdeck.migration (version, digest) values ($1, $2)", values, place).await?;
            }
            simple(link, "commit", place).await
        };
        let made: Result<(), SourceError> = made.await;
        if made.is_err() {
            // The connection is not used again; saying so spares the server the wait.
            let _ = simple(link, "rollback", place).await;
        }
        made
    }

    async fn reading(&self) -> Result<Arc<Link>, SourceError> {
        let mut reader = self.reader.lock().await;
        if let Some(link) = reader.as_ref().filter(|link| !link.client.is_closed()) {
            return Ok(link.clone());
        }
        *reader = None;
        let link = Arc::new(self.connect().await?.0);
        *reader = Some(link.clone());
        Ok(link)
    }

    /// A connection that broke off is not asked again.
    async fn give_up(&self, broken: &Arc<Link>) {
        let mut reader = self.reader.lock().await;
        if reader.as_ref().is_some_and(|link| Arc::ptr_eq(link, broken)) {
            *reader = None;
        }
    }

    /// Waits to be told, on a connection around the pooler.
    async fn listen(&self) -> Result<(), SourceError> {
        let Some(secret) = &self.settings.listen else { return std::future::pending().await };
        let mut listener = self.listener.lock().await;
        if listener.as_ref().is_none_or(|link| link.client.is_closed()) {
            *listener = None;
            let address = connect::read(secret)?;
            let link = connect::open(&address).await?;
            simple(&link, "listen quarterdeck_store", &address.place).await?;
            *listener = Some(link);
            // Something may have been written before anybody listened.
            return Ok(());
        }
        let Some(link) = listener.as_mut() else { return Ok(()) };
        // An error is the end of the connection: whoever looks then finds out why.
        let _ = link.told.changed().await;
        Ok(())
    }
}

impl Backend for Postgres {
    fn standing(&self) -> Answer<'_, Standing> {
        Box::pin(async move {
            let statement = "select quarterdeck.store_now(), session_user::text, split_part(current_setting('server_version'), ' ', 1), \
                (select max(version) from quarterdeck.migration), (select coalesce(max(position), 0) from quarterdeck.audit)";
            let rows = self.read(statement, Vec::new()).await?;
            let row = rows
                .first()
                .ok_or_else(|| SourceError::new(Trouble::Malformed, "the store said nothing of itself."))?;
            Ok(Standing {
                what: format!("PostgreSQL {} at {}", row.text(2), self.place()),
                schema: row.number(3).and_then(|version| u32::try_from(version).ok()).unwrap_or(0),
                now: row.time(0).unwrap_or_default(),
                session_user: row.text(1),
                position: row.number(4).unwrap_or(0),
            })
        })
    }

    fn read<'a>(&'a self, statement: &'a str, values: Vec<Value>) -> Answer<'a, Vec<Row>> {
        Box::pin(async move {
            let link = self.reading().await?;
            let answer = run(&link, statement, values, &self.place()).await;
            if answer.as_ref().is_err_and(super::backend::is_broken) {
                self.give_up(&link).await;
            }
            answer
        })
    }

    fn begin(&self) -> Answer<'_, Box<dyn Transaction>> {
        Box::pin(async move {
            let place = self.place();
            let turn = tokio::time::timeout(TURN_WITHIN, self.writer.clone().lock_owned());
            let mut turn = turn.await.map_err(|_| trouble::silent(&place, TURN_WITHIN))?;
            // Taken out until the transaction is over: one that is not brought to its end takes its connection with it.
            let link = match turn.take().filter(|link| !link.client.is_closed()) {
                Some(link) => link,
                None => self.connect().await?.0,
            };
            simple(&link, BEGIN, &place).await?;
            run(&link, LOCK, Vec::new(), &place).await?;
            Ok(Box::new(Begun { link, turn, place }) as Box<dyn Transaction>)
        })
    }

    fn changed(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let is_told = self.settings.listen.is_some();
            let told = async {
                if let Err(error) = self.listen().await {
                    tracing::debug!(%error, "changes of the store are not told; they are looked for");
                    std::future::pending::<()>().await;
                }
            };
            let is_listening =
                is_told && self.listener.lock().await.as_ref().is_some_and(|link| !link.client.is_closed());
            tokio::select! {
                () = told => {}
                () = tokio::time::sleep(if is_listening { LOOK_EVERY_WHEN_TOLD } else { LOOK_EVERY }) => {}
            }
        })
    }
}

/// A transaction under way, with its connection.
struct Begun {
    link: Link,
    turn: OwnedMutexGuard<Option<Link>>,
    place: String,
}

impl Transaction for Begun {
    fn query<'a>(&'a self, statement: &'a str, values: Vec<Value>) -> Answer<'a, Vec<Row>> {
        Box::pin(run(&self.link, statement, values, &self.place))
    }

    fn tell(&self) -> Answer<'_, ()> {
        Box::pin(async move { run(&self.link, NOTIFY, Vec::new(), &self.place).await.map(drop) })
    }

    fn commit(self: Box<Self>) -> BoxFuture<'static, Result<(), SourceError>> {
        Box::pin(async move {
            let Self { link, mut turn, place } = *self;
            simple(&link, "commit", &place).await?;
            *turn = Some(link);
            Ok(())
        })
    }
}

/// Runs one unnamed statement whose values carry their types: a pooler may give each to another server connection.
async fn run(link: &Link, statement: &str, values: Vec<Value>, place: &str) -> Result<Vec<Row>, SourceError> {
    let typed: Vec<(&(dyn ToSql + Sync), Type)> =
        values.iter().map(|value| (value as &(dyn ToSql + Sync), value.kind())).collect();
    let answered = tokio::time::timeout(ANSWER_WITHIN, link.client.query_typed(statement, &typed)).await;
    let rows = answered.map_err(|_| trouble::silent(place, ANSWER_WITHIN))?;
    let rows = rows.map_err(|error| trouble::explain(&error, place))?;
    rows.iter().map(|row| decode(row).map_err(|error| trouble::explain(&error, place))).collect()
}

/// Runs statements without values.
async fn simple(link: &Link, statements: &str, place: &str) -> Result<(), SourceError> {
    let answered = tokio::time::timeout(ANSWER_WITHIN, link.client.batch_execute(statements)).await;
    let done = answered.map_err(|_| trouble::silent(place, ANSWER_WITHIN))?;
    done.map_err(|error| trouble::explain(&error, place))
}

fn decode(row: &tokio_postgres::Row) -> Result<Row, tokio_postgres::Error> {
    let cells = row.columns().iter().enumerate().map(|(place, column)| {
        Ok(match *column.type_() {
            Type::INT8 => Value::Number(row.try_get(place)?),
            Type::TIMESTAMPTZ => Value::Time(row.try_get::<_, Option<Instant>>(place)?),
            _ => Value::Text(row.try_get(place)?),
        })
    });
    cells.collect::<Result<Vec<_>, _>>().map(Row)
}

impl Value {
    const fn kind(&self) -> Type {
        match self {
            Self::Text(_) => Type::TEXT,
            Self::Time(_) => Type::TIMESTAMPTZ,
            Self::Number(_) => Type::INT8,
        }
    }
}

impl ToSql for Value {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Text(text) => text.to_sql(kind, out),
            Self::Time(time) => time.to_sql(kind, out),
            Self::Number(number) => number.to_sql(kind, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    tokio_postgres::types::to_sql_checked!();
}
