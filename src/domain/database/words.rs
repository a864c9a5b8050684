//! Databases in words, as screens and tables share them.

use super::lag::Lag;
use super::member::Sync;
use super::standing::{Automatic, MemberStanding, Standing};
use super::verdict::Readiness;
use crate::domain::backup::size;
use crate::domain::time;

/// The state as it is shown: what is grave is said loudly.
pub fn state(standing: &Standing) -> String {
    let condition = standing.verdict.condition;
    let word = condition.word().replace('_', " ");
    if condition.exit_code() == 2 { word.to_uppercase() } else { word }
}

/// By how much a member is behind, in short: the time readers are behind, else the bytes; `?` where it is not known.
pub fn lag(lag: &Lag) -> String {
    match (lag.receive_bytes, lag.seconds) {
        (Some(0), Some(seconds)) if seconds.is_zero() => "0s".to_owned(),
        (Some(bytes), Some(seconds)) => format!("{} {}", time::length(seconds), size(bytes)),
        (Some(bytes), None) => size(bytes),
        (None, _) => "?".to_owned(),
    }
}

/// The three figures of a member, and how old they are.
pub fn lags(lag: &Lag, age: Option<&str>) -> String {
    let bytes = |bytes: Option<u64>| bytes.map_or_else(|| "UNKNOWN".to_owned(), size);
    let seconds = lag.seconds.map_or_else(|| "UNKNOWN".to_owned(), time::length);
    let age = age.map_or_else(|| "never read".to_owned(), |age| format!("read {age} ago"));
    format!(
        "not received {}, not replayed {}, behind {seconds}, {age}",
        bytes(lag.receive_bytes),
        bytes(lag.replay_bytes)
    )
}

/// Whom the primary waits for.
pub fn sync(sync: Option<Option<Sync>>) -> &'static str {
    match sync {
        None => "?",
        Some(None) => "async",
        Some(Some(sync)) => sync.word(),
    }
}

/// A member in its line: what it is, how it is, on which timeline.
pub fn member(member: &MemberStanding) -> Vec<String> {
    let mut facts = vec![member.role.word().replace('_', " ")];
    facts.push(member.state.as_deref().map_or_else(|| "NO ANSWER".to_owned(), str::to_owned));
    facts.extend(member.timeline.map(|timeline| format!("timeline {timeline}")));
    facts.extend(member.sync.map(|sync| sync.word().to_owned()));
    facts.extend(member.is_never_promoted.then(|| "never promoted".to_owned()));
    facts.extend(member.is_restart_pending.then(|| "a setting waits for a restart".to_owned()));
    facts.extend(member.address.as_deref().map(str::to_owned));
    facts
}

/// Whether the primary could be changed now.
pub fn readiness(readiness: &Readiness) -> String {
    match readiness {
        Readiness::Ready { candidate } => format!("the primary could be changed to {candidate}"),
        Readiness::Blocked { why } => format!("the primary cannot be changed now: {why}"),
        Readiness::Unknown { why } => format!("whether the primary could be changed is UNKNOWN: {why}"),
        Readiness::Impossible { why } => why.clone(),
    }
}

/// The same in a column.
pub fn ready(readiness: &Readiness) -> String {
    match readiness {
        Readiness::Ready { candidate } => candidate.clone(),
        other => other.word().to_owned(),
    }
}

/// Who promotes by itself.
pub fn automatic(automatic: &Automatic, acted: Option<&str>) -> String {
    let acted = acted.map(|age| format!(", the primary last changed {age} ago")).unwrap_or_default();
    match (automatic.by, automatic.is_on) {
        (None, _) => format!("nobody is promoted by itself{acted}"),
        (Some(by), Some(true)) => format!("{by} promotes by itself{acted}"),
        (Some(by), Some(false)) => format!("automatic failover is OFF ({by}){acted}"),
        (Some(by), None) => format!("whether {by} would promote is not known{acted}"),
    }
}
