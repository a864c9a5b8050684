//! The words of the pane of backups.

use std::sync::Arc;

use crate::domain::backup::{Coverage, Step};
use crate::domain::time;

/// The pane.
pub const TITLE: &str = "Backups";

/// Only what is not as promised.
pub const PROBLEMS_ONLY: &str = "only what is not as promised";

/// No set is declared.
pub const NOT_CONFIGURED: &str = "No set of backups is declared: whether anything could be had back is not known. Say what tells of one: [backup.orders] pgbackrest = { info_file = \"/var/lib/pgbackrest/info.json\" }. See quarterdeck config init.";

/// No listing of its WAL was read.
pub const WAL_UNKNOWN: &str = "Holes in its WAL are not known: no wal_file is named, or it could not be read.";

/// The heads of the columns.
pub mod column {
    /// How it stands.
    pub const STATE: &str = "STATE";
    /// The set.
    pub const SET: &str = "SET";
    /// The kind.
    pub const KIND: &str = "KIND";
    /// How long ago the last good one ended.
    pub const LAST: &str = "LAST GOOD";
    /// How old the data is.
    pub const DATA: &str = "DATA";
    /// How old it may be.
    pub const RPO: &str = "RPO";
    /// The days that can be brought back.
    pub const DAYS: &str = "7 DAYS";
    /// When the next one is due.
    pub const NEXT: &str = "NEXT";
    /// What the last good one weighs.
    pub const SIZE: &str = "SIZE";
    /// When a restore was last verified.
    pub const VERIFIED: &str = "VERIFIED";
    /// Why it is not as promised.
    pub const REASON: &str = "REASON";
}

/// How many are how, from the worst.
pub fn tally(counts: [usize; 3], shown: usize, total: usize) -> String {
    let [broken, late, unknown] = counts;
    let all = if total == 1 { "1 set".to_owned() } else { format!("{total} sets") };
    let of = if shown == total { all } else { format!("{shown} of {all} shown") };
    format!("{broken} broken, {late} late, {unknown} unknown; {of}")
}

/// The same for the overview; what there is none of is left out.
pub fn headline(counts: [usize; 3], total: usize) -> String {
    let words = ["BROKEN", "late", "unknown"];
    let some = counts.iter().zip(words).filter(|(count, _)| **count > 0);
    let said: Vec<String> = some.map(|(count, word)| format!("{count} {word}")).collect();
    match (said.is_empty(), total) {
        (true, 1) => "1 set, as promised".to_owned(),
        (true, total) => format!("all {total} sets as promised"),
        _ => said.join(", "),
    }
}

/// Rows there are, but none passes the filter.
pub fn nothing_matches(total: usize) -> String {
    format!("None of {total} sets matches. Press esc to clear the filter.")
}

/// What was promised of it, and what was measured.
pub fn promised(row: &Coverage) -> String {
    let measured = row.rto_measured.map_or_else(|| "unproven".to_owned(), time::length);
    format!("RPO {}, RTO {} (measured: {measured})", time::length(row.rpo), time::length(row.rto))
}

/// How it is encrypted.
pub fn encryption(word: &str) -> String {
    format!("encryption {word}")
}

/// What is known of it beside the ladder: each a fact of its own.
pub fn further(row: &Coverage) -> Vec<String> {
    let said = &row.declared.said;
    let mut facts = Vec::new();
    facts.extend(row.declared.tier.map(|tier| format!("tier {}", tier.word())));
    facts.extend(row.compression.as_ref().map(|words| format!("compression {words}")));
    facts.extend(row.trend.as_ref().map(|words| format!("size {words}")));
    facts
        .extend(row.reaches_since.map(|at| format!("any moment since {} can be reached", at.format("%Y-%m-%d %H:%M"))));
    if let Some(retention) = &row.retention {
        let oldest =
            retention.oldest.map(|at| format!(", the oldest of {}", at.format("%Y-%m-%d"))).unwrap_or_default();
        let promised = retention.promised.map(|promised| {
            let there = retention.due - retention.gone.len();
            format!(" ({there} of {} due within {})", retention.due, time::length(promised))
        });
        facts.push(format!("{} kept{oldest}{}", retention.kept, promised.unwrap_or_default()));
    }
    facts.extend(said.storage_class.as_ref().map(|class| format!("stored as {class}, by declaration")));
    facts
}

/// What is in it and what is not, by declaration.
pub fn paths(row: &Coverage) -> Option<String> {
    let said = &row.declared.said;
    if said.paths.is_empty() && said.exclusions.is_empty() {
        return None;
    }
    let without =
        if said.exclusions.is_empty() { String::new() } else { format!(", without {}", said.exclusions.join(", ")) };
    let paths = if said.paths.is_empty() { "everything".to_owned() } else { said.paths.join(", ") };
    Some(format!("of {paths}{without}"))
}

/// The services that are lost without it.
pub fn services(names: &[Arc<str>]) -> String {
    format!("services: {}", names.join(", "))
}

/// How old what is known is.
pub fn told(age: &str) -> String {
    format!("told {age} ago")
}

/// When a restore was last verified.
pub fn verified(age: Option<&str>) -> String {
    age.map_or_else(|| "no restore was ever verified".to_owned(), |age| format!("restore verified {age} ago"))
}

/// How much of a rung there is, and what of it is missing.
pub fn rung(step: &Step, promised: usize) -> String {
    let filled = format!("{}/{}", step.filled, step.required);
    let missing: Vec<String> = step.missing.iter().map(|slot| slot.name()).collect();
    match (missing.is_empty(), promised - step.required) {
        (false, _) => format!("{filled}  missing {}", missing.join(", ")),
        (true, 0) => filled,
        (true, growing) => format!("{filled}  {growing} not yet due"),
    }
}

/// That sets are broken or missed, in the header.
pub fn standing(bad: usize) -> String {
    if bad == 1 { "1 backup BROKEN".to_owned() } else { format!("{bad} backups BROKEN") }
}
