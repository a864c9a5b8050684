//! The words of the pane of databases.

use crate::domain::backup::size;
use crate::domain::database::tables::{Archiver, Connections, DeadRows, Slot, Slow, Transaction, Wraparound};
use crate::domain::database::words::state;
use crate::domain::database::{Condition, Standing};

/// The pane.
pub const TITLE: &str = "Databases";

/// Only what is not simply well.
pub const PROBLEMS_ONLY: &str = "only what is not healthy";

/// None is declared.
pub const NOT_CONFIGURED: &str = "No database is declared: who the primary is, and whether it could be changed, is not known. Say where one is: [database.orders] patroni = [\"https://pg1.example:8008\"], or cnpg, postgres, redis. See quarterdeck config init.";

/// It is declared for other environments only.
pub const NOT_HERE: &str = "No database is declared for what is shown; s shows other environments.";

/// The heads of the columns.
pub mod column {
    /// How it is.
    pub const STATE: &str = "STATE";
    /// The database.
    pub const DATABASE: &str = "DATABASE";
    /// Who governs it.
    pub const KIND: &str = "KIND";
    /// Its primary.
    pub const PRIMARY: &str = "PRIMARY";
    /// How many members answer, of how many.
    pub const MEMBERS: &str = "MEMBERS";
    /// By how much the worst replica is behind.
    pub const LAG: &str = "LAG";
    /// Whom the primary waits for.
    pub const SYNC: &str = "SYNC";
    /// The timeline.
    pub const TIMELINE: &str = "TL";
    /// To whom the primary could be changed.
    pub const READY: &str = "READY";
    /// How old what is shown is.
    pub const READ: &str = "READ";
    /// Why it is not simply well.
    pub const REASON: &str = "REASON";
}

/// How many are how, from the worst.
pub fn tally(counts: [usize; 3], shown: usize, total: usize) -> String {
    let [bad, degraded, unknown] = counts;
    let all = if total == 1 { "1 database".to_owned() } else { format!("{total} databases") };
    let of = if shown == total { all } else { format!("{shown} of {all} shown") };
    format!("{bad} in trouble, {degraded} degraded, {unknown} unknown; {of}")
}

/// The same for the overview; what there is none of is left out.
pub fn headline(counts: [usize; 3], total: usize) -> String {
    let words = ["IN TROUBLE", "degraded", "unknown"];
    let some = counts.iter().zip(words).filter(|(count, _)| **count > 0);
    let said: Vec<String> = some.map(|(count, word)| format!("{count} {word}")).collect();
    match (said.is_empty(), total) {
        (true, 1) => "1 database, healthy".to_owned(),
        (true, total) => format!("all {total} databases healthy"),
        _ => said.join(", "),
    }
}

/// Rows there are, but none passes the filter.
pub fn nothing_matches(total: usize) -> String {
    format!("None of {total} databases matches. Press esc to clear the filter.")
}

/// When a member last heard from the store of the cluster.
pub fn dcs(age: &str) -> String {
    format!("store of the cluster heard {age} ago")
}

/// Which database it is.
pub fn system(identifier: &str) -> String {
    format!("system {identifier}")
}

/// The services that use it.
pub fn used_by(services: &[&str]) -> String {
    format!("used by {}", services.join(", "))
}

/// When it was read.
pub fn read(age: &str) -> String {
    format!("read {age} ago")
}

/// In a service's line: its database, and how that is.
pub fn of_service(standing: &Standing) -> String {
    let primary =
        standing.primary.as_deref().map_or_else(|| "primary UNKNOWN".to_owned(), |name| format!("primary {name}"));
    format!("{}, {primary}", state(standing))
}

/// The version of the server.
pub fn version(number: u32) -> String {
    format!("PostgreSQL {}.{}", number / 10_000, number % 10_000)
}

/// How many connections there are.
pub fn connections(connections: Connections) -> String {
    let Connections { used, most, active, idle_in_transaction, .. } = connections;
    format!("{used} of {most} connections, {active} active, {idle_in_transaction} idle in a transaction")
}

/// How many of those over the network are encrypted.
pub fn in_transit(connections: Connections) -> String {
    match (connections.encrypted, connections.plain) {
        (0, 0) => "none over the network".to_owned(),
        (encrypted, 0) => format!("all {encrypted} over the network encrypted"),
        (encrypted, plain) => format!("{plain} of {} over the network IN THE CLEAR", encrypted + plain),
    }
}

/// How archiving goes.
pub fn archiving(archiver: &Archiver, age: Option<&str>) -> String {
    if !archiver.is_on {
        return "WAL is not archived".to_owned();
    }
    let last = age.map_or_else(|| "nothing archived yet".to_owned(), |age| format!("last archived {age} ago"));
    let failing = if archiver.is_failing() { ", FAILING" } else { "" };
    let waiting = archiver.ready.map(|ready| format!(", {ready} waiting")).unwrap_or_default();
    format!("{last}{waiting}{failing}")
}

/// How near it is to refusing writes.
pub fn wraparound(one: &Wraparound) -> String {
    format!("{} is {} million transactions old", one.database, one.age / 1_000_000)
}

/// A slot.
pub fn slot(slot: &Slot) -> String {
    let active = if slot.is_active { "active" } else { "nobody connected" };
    let status = slot.wal_status.as_deref().map(|status| format!(", {status}")).unwrap_or_default();
    let kept = slot.kept_bytes.map(|bytes| format!(", keeps {}", size(bytes))).unwrap_or_default();
    format!("slot {}: {active}{status}{kept}", slot.name)
}

/// A transaction that is open for long.
pub fn transaction(one: &Transaction, age: Option<&str>) -> String {
    let age = age.map(|age| format!(" for {age}")).unwrap_or_default();
    format!("{} {}{age}: {} {}", one.state, one.id, one.user, one.query)
}

/// A statement that takes long.
pub fn slow(one: &Slow) -> String {
    format!("{}.{} ms x{}: {}", one.mean_us / 1_000, one.mean_us % 1_000 / 100, one.calls, one.query)
}

/// A table with dead rows.
pub fn dead(one: &DeadRows, age: Option<&str>) -> String {
    let vacuumed = age.map_or_else(|| "never vacuumed".to_owned(), |age| format!("vacuumed {age} ago"));
    format!("{}: {} dead rows beside {}, {vacuumed}", one.table, one.dead, one.live)
}

/// What is wrong with a database, in the header.
pub fn standing(name: &str, condition: Condition) -> String {
    format!("{name}: {}", condition.word().replace('_', " ").to_uppercase())
}
