//! What a PostgreSQL server tells of itself, in the document and below the table.

use serde::Serialize;

use crate::cli::output::columns;
use crate::domain::backup::size;
use crate::domain::database::tables::{
    Archiver, Connections, DeadRows, Follower, Slot, Slow, Tables, Transaction, Wraparound,
};
use crate::domain::time::{self, Instant};

/// What a server tells: a contract. What is asked seldom is null or empty where it could not be read; `unread` says why.
#[derive(Debug, Serialize)]
pub(super) struct TablesLine<'a> {
    /// Host, port and database, without a secret.
    place: &'a str,
    version: u32,
    is_replica: bool,
    followers: &'a [Follower],
    slots: &'a [Slot],
    archiver: Option<&'a Archiver>,
    /// The last attempt to archive failed.
    is_archiving_failing: Option<bool>,
    /// `encrypted` and `plain` are of connections over a network.
    connections: Option<Connections>,
    slow_queries: Vec<SlowLine<'a>>,
    transactions: &'a [Transaction],
    dead_rows: &'a [DeadRows],
    wraparound: Option<&'a Wraparound>,
    base_backups: Option<u64>,
    poolers: &'a [String],
    unread: &'a [String],
}

#[derive(Debug, Serialize)]
struct SlowLine<'a> {
    mean_exec_ms: f64,
    calls: u64,
    total_exec_ms: u64,
    query: &'a str,
}

impl<'a> SlowLine<'a> {
    #[expect(
        clippy::cast_precision_loss,
        reason = "microseconds of one statement: far below what a double holds exactly"
    )]
    fn of(slow: &'a Slow) -> Self {
        Self {
            mean_exec_ms: slow.mean_us as f64 / 1_000.0,
            calls: slow.calls,
            total_exec_ms: slow.total_ms,
            query: &slow.query,
        }
    }
}

impl<'a> TablesLine<'a> {
    pub(super) fn of(tables: &'a Tables) -> Self {
        let more = tables.more.as_ref();
        let archiver = more.and_then(|more| more.archiver.as_ref());
        Self {
            place: &tables.place,
            version: tables.version,
            is_replica: tables.is_replica,
            followers: &tables.followers,
            slots: more.map(|more| &*more.slots).unwrap_or_default(),
            archiver,
            is_archiving_failing: archiver.map(Archiver::is_failing),
            connections: more.and_then(|more| more.connections),
            slow_queries: more.iter().flat_map(|more| &more.slow).map(SlowLine::of).collect(),
            transactions: more.map(|more| &*more.long).unwrap_or_default(),
            dead_rows: more.map(|more| &*more.dead).unwrap_or_default(),
            wraparound: more.and_then(|more| more.wraparound.as_ref()),
            base_backups: more.and_then(|more| more.base_backups),
            poolers: more.map(|more| &*more.poolers).unwrap_or_default(),
            unread: more.map(|more| &*more.unread).unwrap_or_default(),
        }
    }
}

/// The lines below the table.
pub(super) fn lines(tables: &Tables, now: Instant) -> Vec<String> {
    let ago = |at: Option<Instant>| {
        at.map_or_else(|| "never".to_owned(), |at| format!("{} ago", time::coarse(time::age(at, now))))
    };
    let Some(more) = &tables.more else { return Vec::new() };
    let mut lines = Vec::new();
    if let Some(archiver) = &more.archiver {
        let waiting = archiver.ready.map_or_else(|| "? wait".to_owned(), |ready| format!("{ready} wait"));
        lines.push(if archiver.is_on {
            format!("  archiving: last {}, {waiting}", ago(archiver.archived_at))
        } else {
            "  archiving: off".to_owned()
        });
    }
    if let Some(one) = more.connections {
        let Connections { used, most, active, idle_in_transaction, encrypted, plain } = one;
        lines.push(format!(
            "  connections: {used} of {most}, {active} active, {idle_in_transaction} idle in a transaction; over the network {encrypted} encrypted, {plain} in the clear"
        ));
    }
    if let Some(one) = &more.wraparound {
        lines.push(format!("  oldest transaction: {} of {}", one.age, one.database));
    }
    let slot = |one: &Slot| {
        let kept = one.kept_bytes.map(|bytes| format!(", keeps {}", size(bytes))).unwrap_or_default();
        let active = if one.is_active { "active" } else { "not active" };
        let status = one.wal_status.as_deref().map(|status| format!(", {status}")).unwrap_or_default();
        format!("  slot {}: {active}{status}{kept}", one.name)
    };
    lines.extend(more.slots.iter().map(slot));
    let open = more.long.iter().map(|one| {
        format!("  transaction {} ({}, {}) since {}: {}", one.id, one.user, one.state, ago(one.since), one.query)
    });
    lines.extend(open);
    let dead = |one: &DeadRows| {
        format!("  {}: {} dead rows of {} live, vacuumed {}", one.table, one.dead, one.live, ago(one.vacuumed_at))
    };
    lines.extend(more.dead.iter().take(3).map(dead));
    if !more.slow.is_empty() {
        let mut rows = vec![["  MEAN", "CALLS", "STATEMENT"].map(str::to_owned).to_vec()];
        rows.extend(more.slow.iter().map(|one| {
            let mean = format!("  {}.{} ms", one.mean_us / 1_000, one.mean_us % 1_000 / 100);
            vec![mean, one.calls.to_string(), one.query.chars().take(100).collect()]
        }));
        lines.push(columns(&rows));
    }
    lines.extend(more.unread.iter().map(|words| format!("  {words}")));
    lines
}
