//! What a server tells of itself, by its own views, each in a transaction that reads only and ends by itself.
//!
//! The role that is enough: `assets/postgres/role.sql`. What it may not read is said, and costs nothing else.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio_postgres::{SimpleQueryMessage, SimpleQueryRow};

use super::connect::{self, Address, Link, Whose};
use super::{sql, trouble};
use crate::config::Secret;
use crate::domain::database::Sync;
use crate::domain::database::tables::{
    Archiver, Connections, DeadRows, Follower, LONG, More, Receiver, Slot, Slow, Tables, Transaction, Wraparound,
    anonymous,
};
use crate::domain::text;
use crate::domain::time::{self, Instant};
use crate::sources::Clock;
use crate::sources::error::SourceError;

/// How long one question may take before we give it up; the server gives it up sooner by itself.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// A server that is read again and again over one connection.
pub(in crate::sources) struct Server {
    url: Secret,
    whose: Whose,
    clock: Clock,
    link: Mutex<Option<Link>>,
}

/// A row of texts.
struct Row(SimpleQueryRow);

impl Row {
    /// The text of a column, cleaned, of at most 200 characters; `None` where it is null or empty.
    fn text(&self, place: usize) -> Option<Arc<str>> {
        let text = self.0.try_get(place).ok().flatten()?;
        let clean: String = text::clean(text).chars().take(200).collect();
        (!clean.is_empty()).then(|| Arc::from(clean))
    }

    fn whole(&self, place: usize) -> Option<&str> {
        self.0.try_get(place).ok().flatten()
    }

    fn number(&self, place: usize) -> Option<u64> {
        let text = self.whole(place)?;
        // A difference may be negative for a moment: a follower that is ahead of a reading is not behind.
        text.split('.').next()?.parse::<i64>().ok().map(|number| u64::try_from(number).unwrap_or(0))
    }

    fn is(&self, place: usize) -> bool {
        matches!(self.whole(place), Some("t" | "true"))
    }

    /// A moment by its age in milliseconds on the server's clock, as of our `now`.
    fn ago(&self, place: usize, now: Instant) -> Option<Instant> {
        let age = self.whole(place)?.split('.').next()?.parse::<i64>().ok()?;
        Some(time::within(now - time::milliseconds(age)))
    }
}

impl Server {
    /// The server at an address that is read from where it is kept whenever a connection is made. `key` is the table of the configuration
    /// that says where.
    pub(in crate::sources) fn new(url: Secret, name: &str, key: &str, clock: Clock) -> Self {
        let whose = Whose { what: format!("the database {name}"), key: key.to_owned() };
        Self { url, whose, clock, link: Mutex::default() }
    }

    /// Reads it once; what changes slowly only where `is_whole`.
    pub(in crate::sources) async fn read(&self, is_whole: bool) -> Result<Tables, SourceError> {
        let address = connect::read(&self.url, &self.whose)?;
        let mut kept = self.link.lock().await;
        if kept.as_ref().is_none_or(|link| link.client.is_closed()) {
            *kept = None;
            *kept = Some(connect::open(&address).await?);
        }
        let Some(link) = kept.as_ref() else { return Err(trouble::silent(&address.whom(), ANSWER_WITHIN)) };
        let read = Asker { link, address: &address, now: (self.clock)() }.tables(is_whole).await;
        if read.is_err() {
            // Whatever it was left in is no place to go on from.
            *kept = None;
        }
        read
    }
}

/// What came of one connection that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// Where, without a secret. Cleaned.
    pub place: Arc<str>,
    /// How long it took until it was let in.
    pub connected_in: Duration,
    /// How long one question took.
    pub answered_in: Duration,
    /// Whether it takes no writes.
    pub is_replica: bool,
    /// Whether the server says that what is said is encrypted.
    pub is_encrypted: bool,
    /// Its version as a number.
    pub version: u32,
}

impl Server {
    /// Makes a connection of its own, asks one question, and closes it.
    pub(in crate::sources) async fn try_once(&self) -> Result<Tried, SourceError> {
        let address = connect::read(&self.url, &self.whose)?;
        let began = std::time::Instant::now();
        let link = connect::open(&address).await?;
        let connected_in = began.elapsed();
        let began = std::time::Instant::now();
        let rows = Asker { link: &link, address: &address, now: (self.clock)() }.ask(sql::WHO).await?;
        let row = rows.first().ok_or_else(|| trouble::silent(&address.whom(), ANSWER_WITHIN))?;
        Ok(Tried {
            place: Arc::from(address.place.as_str()),
            connected_in,
            answered_in: began.elapsed(),
            is_replica: row.is(0),
            is_encrypted: row.is(1),
            version: row.number(2).and_then(|version| u32::try_from(version).ok()).unwrap_or(0),
        })
    }
}

/// Questions over one connection.
struct Asker<'a> {
    link: &'a Link,
    address: &'a Address,
    now: Instant,
}

impl Asker<'_> {
    /// Asks one question in a transaction that reads only, within 3 seconds, and waits for no lock.
    async fn ask(&self, question: &str) -> Result<Vec<Row>, SourceError> {
        let whom = self.address.whom();
        let asked = format!("{}{question};commit", sql::BEGIN);
        let answered = tokio::time::timeout(ANSWER_WITHIN, self.link.client.simple_query(&asked)).await;
        match answered.map_err(|_| trouble::silent(&whom, ANSWER_WITHIN))? {
            Ok(messages) => {
                let row = |message| match message {
                    SimpleQueryMessage::Row(row) => Some(Row(row)),
                    _ => None,
                };
                Ok(messages.into_iter().filter_map(row).collect())
            }
            Err(error) => {
                let ended = tokio::time::timeout(ANSWER_WITHIN, self.link.client.simple_query("rollback")).await;
                tracing::debug!(is_ended = matches!(ended, Ok(Ok(_))), "a question to a database failed");
                Err(trouble::explain(&error, &whom))
            }
        }
    }

    async fn tables(&self, is_whole: bool) -> Result<Tables, SourceError> {
        let now = self.now;
        let rows = self.ask(sql::ITSELF).await?;
        let Some(row) = rows.first() else { return Err(trouble::silent(&self.address.whom(), ANSWER_WITHIN)) };
        let version = row.number(0).and_then(|version| u32::try_from(version).ok()).unwrap_or(0);
        let is_replica = row.is(1);
        let followers = self.ask(sql::FOLLOWERS).await?;
        Ok(Tables {
            at: now,
            place: Arc::from(self.address.place.as_str()),
            version,
            is_replica,
            system_identifier: row.text(2),
            timeline: row.number(3).filter(|timeline| *timeline > 0),
            location: row.number(4),
            replayed: row.number(5),
            replayed_at: row.ago(6, now),
            is_replay_paused: row.is(7),
            receiver: row.text(8).map(|state| Receiver { state, heard_at: row.ago(9, now) }),
            followers: followers.iter().filter_map(|row| follower(row, now)).collect(),
            more: if is_whole { Some(self.more(version).await?) } else { None },
        })
    }

    /// What is asked seldom. What may not be read is said; a connection that is gone is an error.
    async fn more(&self, version: u32) -> Result<More, SourceError> {
        let now = self.now;
        let mut more = More::default();
        let rows = async |question: &str, more: &mut More| match self.ask(question).await {
            Ok(rows) => Ok(rows),
            Err(error) if self.link.client.is_closed() => Err(error),
            Err(error) => {
                more.unread.push(error.sentence);
                Ok(Vec::new())
            }
        };
        more.slots = rows(sql::SLOTS, &mut more).await?.iter().filter_map(slot).collect();
        let archiver = rows(sql::ARCHIVER, &mut more).await?;
        let ready = rows(sql::READY, &mut more).await?;
        more.archiver = archiver.first().map(|row| Archiver {
            is_on: row.whole(0).is_some_and(|mode| mode != "off"),
            archived_at: row.ago(1, now),
            archived: row.text(2),
            failed_at: row.ago(3, now),
            failed: row.text(4),
            ready: ready.first().and_then(|row| row.number(0)),
        });
        let connections = rows(sql::CONNECTIONS, &mut more).await?;
        let number = |row: &Row, place| row.number(place).unwrap_or(0);
        more.connections = connections.first().map(|row| Connections {
            used: number(row, 0),
            most: number(row, 1),
            active: number(row, 2),
            idle_in_transaction: number(row, 3),
            encrypted: number(row, 4),
            plain: number(row, 5),
        });
        let long = rows(&sql::long(LONG.num_seconds()), &mut more).await?;
        let prepared = rows(sql::PREPARED, &mut more).await?;
        more.long = long.iter().chain(&prepared).map(|row| transaction(row, now)).collect();
        let dead = rows(sql::DEAD, &mut more).await?;
        more.dead = dead
            .iter()
            .filter_map(|row| {
                let (table, dead, live) = (row.text(0)?.to_string(), row.number(1)?, number(row, 2));
                Some(DeadRows { table, dead, live, vacuumed_at: row.ago(3, now) })
            })
            .collect();
        let oldest = rows(sql::WRAPAROUND, &mut more).await?;
        more.wraparound =
            oldest.first().and_then(|row| Some(Wraparound { database: row.text(0)?, age: row.number(1)? }));
        let backups = rows(sql::BASE_BACKUPS, &mut more).await?;
        more.base_backups = backups.first().and_then(|row| row.number(0));
        let poolers = rows(sql::POOLERS, &mut more).await?;
        more.poolers = poolers.iter().filter_map(|row| row.text(0)).map(|name| name.to_string()).collect();
        let schema = rows(sql::STATEMENTS, &mut more).await?;
        match schema.first().and_then(|row| row.whole(0)) {
            Some(schema) => {
                let slow = rows(&sql::slow(schema, version), &mut more).await?;
                more.slow = slow.iter().filter_map(statement).collect();
            }
            None => more.unread.push(
                "Slow statements are not known: pg_stat_statements is not installed in this database. Add it to shared_preload_libraries, restart, and run: create extension pg_stat_statements."
                    .to_owned(),
            ),
        }
        Ok(more)
    }
}

fn follower(row: &Row, now: Instant) -> Option<Follower> {
    let sync = match row.whole(3) {
        Some("sync") => Sync::Sync,
        Some("quorum") => Sync::Quorum,
        Some("potential") => Sync::Potential,
        _ => Sync::Async,
    };
    Some(Follower {
        name: row.text(0)?,
        address: row.text(1),
        state: row.text(2).unwrap_or_default(),
        sync,
        flush_bytes: row.number(4),
        replay_bytes: row.number(5),
        replay_lag_ms: row.number(6),
        heard_at: row.ago(7, now),
    })
}

fn slot(row: &Row) -> Option<Slot> {
    Some(Slot {
        name: row.text(0)?,
        is_logical: row.whole(1) == Some("logical"),
        is_active: row.is(2),
        wal_status: row.text(3),
        kept_bytes: row.number(4),
    })
}

fn transaction(row: &Row, now: Instant) -> Transaction {
    Transaction {
        id: row.text(0).unwrap_or_default().to_string(),
        user: row.text(1).unwrap_or_default(),
        application: row.text(2).unwrap_or_default(),
        state: row.text(3).unwrap_or_default(),
        since: row.ago(4, now),
        query: anonymous(row.whole(5).unwrap_or_default()),
    }
}

fn statement(row: &Row) -> Option<Slow> {
    Some(Slow {
        mean_us: row.number(0)?,
        calls: row.number(1)?,
        total_ms: row.number(2)?,
        query: anonymous(row.whole(3).unwrap_or_default()),
    })
}
