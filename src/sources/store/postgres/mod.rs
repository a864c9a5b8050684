//! The shared store: PostgreSQL 14 or newer, directly or through a pooler in transaction mode.
//!
//! Statements are unnamed and carry their types, locks end with their transaction, nothing is kept in a session: whichever
//! server connection the pooler picks will do. One connection reads, another writes, and a third listens where the
//! configuration names a way around the pooler; without it the store is looked at every two seconds.

mod trouble;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use futures_util::future::BoxFuture;
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio_postgres::types::{IsNull, ToSql, Type};

use super::backend::{Backend, Lane, Row, Transaction, Value};
use super::migrate::{self, Dialect, Schema, Todo};
use super::port::Standing;
use crate::config::PostgresSettings;
use crate::domain::store::fact::Registered;
use crate::domain::time;
use crate::sources::error::{SourceError, Trouble};
use crate::sources::observe::Answer;
use crate::sources::postgres::connect::{self, Link, Whose};

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
/// Writers of one key do so too. Two keys that share a number only wait for each other.
const HOLD: &str = "select pg_advisory_xact_lock(5857109, hashtext($1))::text";
/// The channel that tells of changes.
const NOTIFY: &str = "select pg_notify('quarterdeck_store', '')::text";
/// What tables stand in our schema. It is read from the catalog itself: `to_regclass` may answer from what this session remembers of a
/// moment ago, when another console had not made them yet.
const THERE: &str = "select relname::text from pg_catalog.pg_class join pg_catalog.pg_namespace on pg_namespace.oid = relnamespace \
    where nspname = 'quarterdeck' and relname in ('migration', 'subject_migration')";
/// How long making tables may take: those of a store that was used for years are large.
const MADE_WITHIN: Duration = Duration::from_secs(130);
/// What begins making them, one console at a time.
const BEGIN_MAKING: &str = "begin; set local statement_timeout = '120s'; set local lock_timeout = '6s'; \
    set local idle_in_transaction_session_timeout = '30s'; select pg_advisory_xact_lock(5857108, 1); create schema if not exists quarterdeck";
/// After how long it is tried again to make tables that could not be made, if nobody wants to write.
const TRY_AGAIN: Duration = Duration::from_secs(30);

/// The shared store.
pub(super) struct Postgres {
    settings: PostgresSettings,
    facts: &'static [Registered],
    is_read_only: bool,
    reader: Mutex<Option<Arc<Link>>>,
    /// One connection for each lane.
    writers: [Arc<Mutex<Option<Link>>>; 2],
    listener: Mutex<Option<Link>>,
    /// How the tables were seen to stand, and when.
    schema: Mutex<Option<(Instant, Arc<Schema>)>>,
}

impl Postgres {
    /// A store that connects when it is first asked.
    pub(super) fn new(settings: PostgresSettings, facts: &'static [Registered], is_read_only: bool) -> Self {
        Self {
            settings,
            facts,
            is_read_only,
            reader: Mutex::default(),
            writers: Default::default(),
            listener: Mutex::default(),
            schema: Mutex::default(),
        }
    }

    async fn connect(&self) -> Result<Link, SourceError> {
        connect::open(&connect::read(&self.settings.url, &whose())?).await
    }

    /// The place in words, for errors of a connection that is there.
    fn place(&self) -> String {
        connect::read(&self.settings.url, &whose()).map(|address| address.place).unwrap_or_default()
    }

    /// How the tables stand, and what is missing of them.
    async fn judge(&self, link: &Link, place: &str) -> Result<Todo, SourceError> {
        let there = run(link, THERE, Vec::new(), place).await?;
        let rows = async |name: &str, statement| {
            let is_there = there.iter().any(|row| row.raw(0) == name);
            if is_there { run(link, statement, Vec::new(), place).await } else { Ok(Vec::new()) }
        };
        let whole = rows("migration", migrate::APPLIED).await?;
        let subjects = rows("subject_migration", migrate::APPLIED_TO).await?;
        migrate::judge(self.facts, Dialect::Postgres, &migrate::Applied::of(&whole, &subjects))
    }

    /// Makes what is missing, all of it or nothing, on a connection of its own.
    async fn make(&self, place: &str) -> Result<Schema, SourceError> {
        let link = self.connect().await?;
        let made = async {
            simple(&link, BEGIN_MAKING, place).await?;
            // Judged again with the lock held: another console may have been first.
            let todo = self.judge(&link, place).await?;
            if !todo.statements.is_empty() {
                simple(&link, migrate::VERSIONS, place).await?;
            }
            for (statement, values) in todo.statements {
                if values.is_empty() {
                    within(MADE_WITHIN, link.client.batch_execute(&statement), place).await?;
                } else {
                    run(&link, &statement, values, place).await?;
                }
            }
            simple(&link, "commit", place).await?;
            Ok(Schema { missing: BTreeMap::new(), ..todo.schema })
        };
        let made: Result<Schema, SourceError> = made.await;
        if made.is_err() {
            // The connection is not used again; saying so spares the server the wait.
            let _ = simple(&link, "rollback", place).await;
        }
        made
    }

    async fn reading(&self) -> Result<Arc<Link>, SourceError> {
        let mut reader = self.reader.lock().await;
        if let Some(link) = reader.as_ref().filter(|link| !link.client.is_closed()) {
            return Ok(link.clone());
        }
        *reader = None;
        let link = Arc::new(self.connect().await?);
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
            let address = connect::read(secret, &whose())?;
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
                troubles: Vec::new(),
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

    fn schema(&self, is_writing: bool) -> Answer<'_, Arc<Schema>> {
        Box::pin(async move {
            let mut known = self.schema.lock().await;
            if let Some((_, schema)) = known.as_ref().filter(|(_, schema)| schema.behind.is_none()) {
                return Ok(schema.clone());
            }
            let place = self.place();
            let link = self.reading().await?;
            let judged = self.judge(&link, &place).await;
            if judged.as_ref().is_err_and(super::backend::is_broken) {
                self.give_up(&link).await;
            }
            let Todo { statements, mut schema } = judged?;
            let tried = known.as_ref().filter(|(at, _)| !is_writing && at.elapsed() < TRY_AGAIN);
            if statements.is_empty() {
                // All is there.
            } else if self.is_read_only {
                schema.behind = Some(migrate::not_made(&place));
            } else if let Some((_, before)) = tried {
                return Ok(before.clone());
            } else {
                match self.make(&place).await {
                    Ok(made) => schema = made,
                    Err(error) if super::backend::is_broken(&error) => return Err(error),
                    Err(error) => schema.behind = Some(migrate::failed(&place, &error)),
                }
            }
            let schema = Arc::new(schema);
            *known = Some((Instant::now(), schema.clone()));
            Ok(schema)
        })
    }

    fn begin(&self, lane: Lane) -> Answer<'_, Box<dyn Transaction>> {
        Box::pin(async move {
            let place = self.place();
            let [audited, volatile] = &self.writers;
            let writer = if lane == Lane::Audited { audited } else { volatile };
            let turn = tokio::time::timeout(TURN_WITHIN, writer.clone().lock_owned());
            let mut turn = turn.await.map_err(|_| trouble::silent(&place, TURN_WITHIN))?;
            // Taken out until the transaction is over: one that is not brought to its end takes its connection with it.
            let link = match turn.take().filter(|link| !link.client.is_closed()) {
                Some(link) => link,
                None => self.connect().await?,
            };
            simple(&link, BEGIN, &place).await?;
            if lane == Lane::Audited {
                run(&link, LOCK, Vec::new(), &place).await?;
            }
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

/// Whose address it is.
fn whose() -> Whose {
    Whose { what: "the store".to_owned(), key: "[store]".to_owned() }
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

    fn hold<'a>(&'a self, key: &'a str) -> Answer<'a, ()> {
        Box::pin(async move { run(&self.link, HOLD, vec![key.into()], &self.place).await.map(drop) })
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
    within(ANSWER_WITHIN, link.client.batch_execute(statements), place).await
}

async fn within(
    patience: Duration,
    asked: impl Future<Output = Result<(), tokio_postgres::Error>>,
    place: &str,
) -> Result<(), SourceError> {
    let done = tokio::time::timeout(patience, asked).await.map_err(|_| trouble::silent(place, patience))?;
    done.map_err(|error| trouble::explain(&error, place))
}

fn decode(row: &tokio_postgres::Row) -> Result<Row, tokio_postgres::Error> {
    let cells = row.columns().iter().enumerate().map(|(place, column)| {
        Ok(match *column.type_() {
            Type::INT8 => Value::Number(row.try_get(place)?),
            Type::TIMESTAMPTZ => Value::Time(row.try_get::<_, Option<time::Instant>>(place)?),
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
