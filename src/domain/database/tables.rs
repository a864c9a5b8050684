//! What a PostgreSQL server tells of itself by its own views, and what of that somebody should know.

use std::sync::Arc;

use chrono::TimeDelta;
use serde::Serialize;

use super::member::Sync;
use crate::domain::text;
use crate::domain::time::{self, Instant};

/// How long a transaction may be open before it is listed.
pub const LONG: TimeDelta = TimeDelta::seconds(30);
/// How old an answer of a follower may be: twice as long as the status a receiver sends at least that often.
pub const HEARD_WITHIN: TimeDelta = TimeDelta::seconds(20);
/// How many segments may wait for the archive: a shutdown waits for them.
pub const READY_AT_MOST: u64 = 8;
/// Age in transactions from which a database is close to refusing writes, of the 2 147 million there are.
pub const WRAPAROUND_WARNS: u64 = 1_000_000_000;
/// The share of connections in use, in percent, from which somebody should look.
pub const CONNECTIONS_WARN: u64 = 90;

/// A follower, as its primary sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Follower {
    /// Its name, as it gave it. Cleaned.
    pub name: Arc<str>,
    /// Where it connects from. Cleaned.
    pub address: Option<Arc<str>>,
    /// What it is doing. Cleaned.
    pub state: Arc<str>,
    /// Whether the primary waits for it.
    pub sync: Sync,
    /// Bytes it has not written to disk.
    pub flush_bytes: Option<u64>,
    /// Bytes its readers do not see.
    pub replay_bytes: Option<u64>,
    /// How long its readers wait for what is committed: `None` while nothing is written, and while it is silent.
    pub replay_lag_ms: Option<u64>,
    /// When it last said anything: the one column that a hung follower cannot keep fresh.
    pub heard_at: Option<Instant>,
}

impl Follower {
    /// By how much time its readers are behind: nothing is pending, nothing is behind.
    pub fn seconds(&self) -> Option<TimeDelta> {
        if self.replay_bytes == Some(0) {
            return Some(TimeDelta::zero());
        }
        self.replay_lag_ms.map(|lag| time::milliseconds(i64::try_from(lag).unwrap_or(i64::MAX)))
    }

    /// Whether what is known of it says anything of now.
    pub fn is_heard(&self, now: Instant) -> bool {
        self.heard_at.is_some_and(|at| time::age(at, now) <= HEARD_WITHIN)
    }
}

/// Of a replica: its receiver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Receiver {
    /// What it says it does. Cleaned.
    pub state: Arc<str>,
    /// When it last got anything.
    pub heard_at: Option<Instant>,
}

/// A replication slot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Slot {
    /// Its name. Cleaned.
    pub name: Arc<str>,
    /// Whether it is a logical one: those do not survive a change of the primary by themselves.
    pub is_logical: bool,
    /// Whether somebody is connected to it.
    pub is_active: bool,
    /// `reserved`, `extended`, `unreserved`, `lost`. Cleaned.
    pub wal_status: Option<Arc<str>>,
    /// How many bytes of WAL are kept for it.
    pub kept_bytes: Option<u64>,
}

impl Slot {
    /// Whether what it was to keep is gone, or about to.
    pub fn is_lost(&self) -> bool {
        matches!(self.wal_status.as_deref(), Some("lost" | "unreserved"))
    }
}

/// The archiver of WAL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Archiver {
    /// Whether WAL is archived at all.
    pub is_on: bool,
    /// When the last segment was archived.
    pub archived_at: Option<Instant>,
    /// Which. Cleaned.
    pub archived: Option<Arc<str>>,
    /// When archiving one last failed.
    pub failed_at: Option<Instant>,
    /// Which. Cleaned.
    pub failed: Option<Arc<str>>,
    /// How many segments wait; `None` where they may not be counted.
    pub ready: Option<u64>,
}

impl Archiver {
    /// Whether it fails now: the last attempt failed. That it ever failed says nothing.
    pub fn is_failing(&self) -> bool {
        self.is_on && self.failed_at.is_some_and(|failed| self.archived_at.is_none_or(|archived| failed > archived))
    }
}

/// Connections of clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Connections {
    /// How many there are.
    pub used: u64,
    /// How many there may be.
    pub most: u64,
    /// Of those, doing something.
    pub active: u64,
    /// Of those, waiting inside a transaction.
    pub idle_in_transaction: u64,
    /// Over a network and encrypted.
    pub encrypted: u64,
    /// Over a network and in the clear, replication included.
    pub plain: u64,
}

/// A statement that takes long on average.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Slow {
    /// How long it takes on average, in microseconds.
    pub mean_us: u64,
    /// How often it ran.
    pub calls: u64,
    /// How long all runs took, in milliseconds.
    pub total_ms: u64,
    /// What it is, without what stands between quotes, and without numbers. Cleaned.
    pub query: String,
}

/// A transaction that is open for long, or one that was prepared and not brought to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Transaction {
    /// The process, or the name it was prepared under. Cleaned.
    pub id: String,
    /// Who. Cleaned.
    pub user: Arc<str>,
    /// What program. Cleaned.
    pub application: Arc<str>,
    /// How it is: `active`, `idle in transaction`, `prepared`. Cleaned.
    pub state: Arc<str>,
    /// Since when.
    pub since: Option<Instant>,
    /// What it does, without values. Cleaned.
    pub query: String,
}

/// A table with dead rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeadRows {
    /// Its schema and name. Cleaned.
    pub table: String,
    /// Rows nobody sees any more.
    pub dead: u64,
    /// Rows there are.
    pub live: u64,
    /// When it was last vacuumed, by hand or by itself.
    pub vacuumed_at: Option<Instant>,
}

/// How old the oldest transaction is that a database still needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Wraparound {
    /// The database. Cleaned.
    pub database: Arc<str>,
    /// In transactions.
    pub age: u64,
}

/// What a server tells of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tables {
    /// When it was read.
    pub at: Instant,
    /// The server, without a secret: host, port, database. Cleaned.
    pub place: Arc<str>,
    /// Its version as a number: 150018 is 15.18.
    pub version: u32,
    /// Whether it follows another.
    pub is_replica: bool,
    /// Which database cluster it is.
    pub system_identifier: Option<Arc<str>>,
    /// Its timeline.
    pub timeline: Option<u64>,
    /// Of a primary, where it writes; of a replica, the end of what it received.
    pub location: Option<u64>,
    /// Of a replica, the end of what it replayed.
    pub replayed: Option<u64>,
    /// Of a replica, when the newest transaction it replayed was committed.
    pub replayed_at: Option<Instant>,
    /// Whether somebody told it to replay nothing for now.
    pub is_replay_paused: bool,
    /// Of a replica: its receiver.
    pub receiver: Option<Receiver>,
    /// Who follows it.
    pub followers: Vec<Follower>,
    /// What is left below is read once a minute; `None` before that.
    pub more: Option<More>,
}

/// What changes slowly, or is asked for seldom.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct More {
    /// Its slots.
    pub slots: Vec<Slot>,
    /// Its archiver; `None` where that could not be read.
    pub archiver: Option<Archiver>,
    /// Connections; `None` where they could not be read.
    pub connections: Option<Connections>,
    /// Statements by how long they take on average, the slowest ten.
    pub slow: Vec<Slow>,
    /// Transactions that are open for longer than [`LONG`], and all that are prepared.
    pub long: Vec<Transaction>,
    /// Tables with the most dead rows.
    pub dead: Vec<DeadRows>,
    /// The database nearest to wraparound.
    pub wraparound: Option<Wraparound>,
    /// How many base backups run: a fast shutdown kills them.
    pub base_backups: Option<u64>,
    /// Poolers that connect to it. Cleaned.
    pub poolers: Vec<String>,
    /// What could not be read, a sentence each: it says what to grant or to install.
    pub unread: Vec<String>,
}

impl Tables {
    /// What somebody should know, a sentence each.
    pub fn reasons(&self, now: Instant) -> Vec<String> {
        let mut reasons = Vec::new();
        for one in self.followers.iter().filter(|one| !one.is_heard(now)) {
            let since = one.heard_at.map(|at| format!(" for {}", time::length(time::age(at, now)))).unwrap_or_default();
            reasons.push(format!("{} was not heard from{since}: how far it is behind is not known.", one.name));
        }
        let Some(more) = &self.more else { return reasons };
        if let Some(archiver) = more.archiver.as_ref().filter(|archiver| archiver.is_failing()) {
            let which = archiver.failed.as_deref().unwrap_or("a segment");
            reasons.push(format!("Archiving fails: {which} could not be archived. Nothing newer can be brought back."));
        }
        let waiting = more.archiver.as_ref().and_then(|archiver| archiver.ready).filter(|ready| *ready > READY_AT_MOST);
        reasons.extend(waiting.map(|ready| format!("{ready} segments of WAL wait for the archive.")));
        for slot in more.slots.iter().filter(|slot| slot.is_lost()) {
            let status = slot.wal_status.as_deref().unwrap_or_default();
            reasons.push(format!("The slot {} is {status}: who needs it has to be made anew.", slot.name));
        }
        let prepared = more.long.iter().filter(|one| &*one.state == "prepared").count();
        if prepared > 0 {
            reasons.push(format!("{prepared} prepared transactions wait for their end; they hold back vacuum."));
        }
        let full = more.connections.filter(|one| one.most > 0 && one.used * 100 >= one.most * CONNECTIONS_WARN);
        reasons.extend(full.map(|one| format!("{} of {} connections are in use.", one.used, one.most)));
        let old = more.wraparound.as_ref().filter(|one| one.age >= WRAPAROUND_WARNS);
        reasons.extend(old.map(|one| {
            format!(
                "{} is {} million transactions old; at 2147 million it refuses writes. Vacuum it.",
                one.database,
                one.age / 1_000_000
            )
        }));
        reasons
    }
}

/// A statement without what may be somebody's: what stands between quotes, numbers, comments. At most 300 characters.
///
/// What tells of a password is left out whole: how it is written there, nobody knows.
pub fn anonymous(query: &str) -> String {
    let lower = query.to_lowercase();
    if ["password", "secret", "identified by"].iter().any(|word| lower.contains(word)) {
        return "(left out: it tells of a password)".to_owned();
    }
    let mut shown = String::with_capacity(query.len().min(400));
    let mut letters = query.chars().peekable();
    let mut last = ' ';
    while let Some(letter) = letters.next() {
        if shown.chars().count() >= 300 {
            shown.push('…');
            break;
        }
        match letter {
            '\'' => {
                skip_text(&mut letters);
                shown.push('?');
            }
            '$' if letters.peek().is_some_and(|next| *next == '$' || next.is_alphabetic() || *next == '_') => {
                // Text between dollars: nobody needs to find its end.
                shown.push('?');
                break;
            }
            '-' if letters.peek() == Some(&'-') => {
                while letters.peek().is_some_and(|next| *next != '\n') {
                    letters.next();
                }
            }
            '/' if letters.peek() == Some(&'*') => {
                let mut before = ' ';
                for next in letters.by_ref() {
                    if before == '*' && next == '/' {
                        break;
                    }
                    before = next;
                }
            }
            digit if digit.is_ascii_digit() && !(last.is_alphanumeric() || last == '_' || last == '$') => {
                while letters.peek().is_some_and(|next| next.is_ascii_alphanumeric() || *next == '.') {
                    letters.next();
                }
                shown.push('?');
            }
            letter if letter.is_whitespace() => {
                if !shown.ends_with(' ') {
                    shown.push(' ');
                }
            }
            letter => shown.push(letter),
        }
        last = letter;
    }
    text::clean(shown.trim()).into_owned()
}

/// Skips to the end of a text; two quotes, or a backslash and a quote, are one in it.
fn skip_text(letters: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => {
                letters.next();
            }
            '\'' if letters.peek() == Some(&'\'') => {
                letters.next();
            }
            '\'' => return,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Instant {
        time::from_seconds(1_800_000_000 + seconds)
    }

    fn archiver(archived: Option<i64>, failed: Option<i64>) -> Archiver {
        Archiver {
            is_on: true,
            archived_at: archived.map(at),
            archived: None,
            failed_at: failed.map(at),
            failed: Some("000000010000000000000007".into()),
            ready: Some(0),
        }
    }

    #[test]
    fn archiving_fails_when_the_last_attempt_failed() {
        assert!(!archiver(Some(10), Some(5)).is_failing(), "that it ever failed says nothing");
        assert!(archiver(Some(5), Some(10)).is_failing() && archiver(None, Some(1)).is_failing());
        assert!(!archiver(Some(-90_000), None).is_failing(), "an idle server archives nothing, and loses nothing");
        assert!(!Archiver { is_on: false, ..archiver(None, Some(1)) }.is_failing());
    }

    #[test]
    fn a_statement_tells_nobodys_values() {
        for (query, shown) in [
            (
                "select *  from customer\nwhere name = 'O''Brien' and age > 42",
                "select * from customer where name = ? and age > ?",
            ),
            ("select $1, col2 from t3 -- 'x'\nlimit 10", "select $1, col2 from t3 limit ?"),
            ("select /* hidden */ E'it\\'s mine', 0x1F, 1.5e9", "select E?, ?, ?"),
            ("do $$ begin perform 'x'; end $$", "do ?"),
            ("ALTER ROLE me PASSWORD 'hunter2'", "(left out: it tells of a password)"),
            ("select 'never ends", "select ?"),
        ] {
            assert_eq!(anonymous(query), shown);
        }
        assert!(anonymous(&"select a, ".repeat(1_000)).chars().count() <= 301);
    }

    #[test]
    fn what_somebody_should_know_is_said() {
        let follower = Follower {
            name: "pg2".into(),
            address: None,
            state: "streaming".into(),
            sync: Sync::Async,
            flush_bytes: Some(0),
            replay_bytes: Some(0),
            replay_lag_ms: None,
            heard_at: Some(at(-36)),
        };
        let slot = Slot {
            name: "pg3".into(),
            is_logical: false,
            is_active: false,
            wal_status: Some("lost".into()),
            kept_bytes: None,
        };
        let tables = Tables {
            at: at(0),
            place: "db:5432/orders".into(),
            version: 150_018,
            is_replica: false,
            system_identifier: None,
            timeline: Some(1),
            location: Some(1),
            replayed: None,
            replayed_at: None,
            is_replay_paused: false,
            receiver: None,
            followers: vec![follower],
            more: Some(More {
                slots: vec![slot],
                archiver: Some(Archiver { ready: Some(9), ..archiver(Some(1), Some(2)) }),
                connections: Some(Connections { used: 95, most: 100, ..Connections::default() }),
                wraparound: Some(Wraparound { database: "orders".into(), age: 1_600_000_000 }),
                ..More::default()
            }),
        };
        let reasons = tables.reasons(at(0));
        assert_eq!(
            reasons,
            [
                "pg2 was not heard from for 36s: how far it is behind is not known.",
                "Archiving fails: 000000010000000000000007 could not be archived. Nothing newer can be brought back.",
                "9 segments of WAL wait for the archive.",
                "The slot pg3 is lost: who needs it has to be made anew.",
                "95 of 100 connections are in use.",
                "orders is 1600 million transactions old; at 2147 million it refuses writes. Vacuum it.",
            ]
        );
    }
}
