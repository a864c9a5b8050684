//! The statements of a fact, from its table, and what a fact asks of the audit: written once, in PostgreSQL's words.

use std::fmt::Display;

use crate::domain::store::fact::{Key, Kind, List, Put, Table, Value};

/// Whether an attempt was written.
pub const WRITTEN: &str = "select position from quarterdeck.audit where attempt = $1 limit 1";
/// The tables of the facts that changed after a position.
pub const TAIL: &str = "select distinct facts from quarterdeck.audit where position > $1 and facts <> ''";

/// Values' places: `$1, $2, $3`.
fn places(count: usize) -> String {
    (1..=count).map(|place| format!("${place}")).collect::<Vec<_>>().join(", ")
}

/// Its own columns with the stamps behind them.
fn columns(table: &Table) -> Vec<&'static str> {
    table.columns.iter().chain(table.kind.stamps()).copied().collect()
}

fn select(table: &Table) -> String {
    format!("select {} from quarterdeck.{}", columns(table).join(", "), table.name)
}

/// Conditions, each of which compares with the value of its place.
fn filter(conditions: impl Iterator<Item = impl Display>) -> String {
    let conditions: Vec<String> = (1..).zip(conditions).map(|(place, one)| format!("{one} ${place}")).collect();
    if conditions.is_empty() { String::new() } else { format!(" where {}", conditions.join(" and ")) }
}

/// The row of a key.
pub fn one(key: &Key) -> (String, Vec<Value>) {
    let names = key.table.key_columns();
    let filter = filter(names.iter().take(key.values.len()).map(|name| format!("{name} =")));
    let number = names.last().filter(|_| key.is_last);
    let order = number.map(|number| format!(" order by {number} desc limit 1")).unwrap_or_default();
    (format!("{}{filter}{order}", select(key.table)), key.values.clone())
}

/// A list, at most so many as its last value says.
pub fn list(table: &Table, list: &List) -> String {
    let filter = filter(list.by.iter());
    format!("{}{filter} order by {} desc limit ${}", select(table), list.newest, list.by.len() + 1)
}

/// What a console holds from its beginning; `$1` is the time, `$2` how many.
pub fn held(table: &Table, only: &str) -> String {
    format!("{} where {only} order by position desc limit $2", select(table))
}

/// What was written after a position.
pub fn since(table: &Table) -> String {
    format!("{} where position > $1 order by position", select(table))
}

/// Puts a fact with its stamps where its key says, in the place of what was read there; or where nothing may be yet.
pub fn put(put: &Put, is_known: bool) -> String {
    let table = put.table;
    let columns = columns(table);
    let insert =
        format!("insert into quarterdeck.{} ({}) values ({})", table.name, columns.join(", "), places(columns.len()));
    if !is_known || table.kind == Kind::Appended {
        return insert;
    }
    let set: Vec<String> = columns.iter().skip(table.key).map(|name| format!("{name} = excluded.{name}")).collect();
    format!("{insert} on conflict ({}) do update set {}", table.key_columns().join(", "), set.join(", "))
}
