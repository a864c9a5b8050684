//! Patroni's documents, of 3.0 to 4.1. What is not understood is said; a key that is missing or another thing than it was is not known.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::domain::database::{
    Listed, PAUSE_KEY, Position, Replicating, Role, Said, Scheduled, Settings, Switch, Sync, Tags,
};
use crate::domain::text;
use crate::domain::time::{self, Instant};

/// How many members of a listing, followers of a primary and lines of a history are read.
const MOST: usize = 64;

/// A text, cleaned, of at most 200 characters; `None` where there is none.
fn word(of: &Map<String, Value>, key: &str) -> Option<Arc<str>> {
    let text = match of.get(key)? {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let clean: String = text::clean(text.trim()).chars().take(200).collect();
    (!clean.is_empty()).then(|| Arc::from(clean))
}

fn is_true(of: &Map<String, Value>, key: &str) -> bool {
    of.get(key).and_then(Value::as_bool).unwrap_or(false)
}

/// A moment as PostgreSQL prints it, `2026-12-01 14:38:08.123+00:00`, or as RFC 3339 has it.
fn moment(of: &Map<String, Value>, key: &str) -> Option<Instant> {
    let text = of.get(key)?.as_str()?;
    time::read(text).or_else(|| {
        let text = text.replacen(' ', "T", 1);
        // PostgreSQL leaves the minutes of a zone away.
        time::read(&text).or_else(|| time::read(&format!("{text}:00"))).or_else(|| time::read(&format!("{text}Z")))
    })
}

/// Seconds since 1970, whole or not.
fn epoch(of: &Map<String, Value>, key: &str) -> Option<Instant> {
    let number = of.get(key)?;
    let seconds = number.as_i64().or_else(|| {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a saturating cast, and the result is kept within the calendar"
        )]
        number.as_f64().filter(|seconds| seconds.is_finite()).map(|seconds| seconds as i64)
    })?;
    (seconds > 0).then(|| time::from_seconds(seconds))
}

fn tags(of: &Map<String, Value>) -> Tags {
    let tags = of.get("tags").and_then(Value::as_object);
    let is = |key: &str| tags.is_some_and(|tags| is_true(tags, key));
    let priority = tags.and_then(|tags| tags.get("failover_priority")).and_then(Value::as_i64);
    // Patroni: where both are given, nofailover counts.
    let is_said = tags.is_some_and(|tags| tags.contains_key("nofailover"));
    Tags {
        is_never_promoted: if is_said { is("nofailover") } else { priority.is_some_and(|priority| priority <= 0) },
        is_never_sync: is("nosync"),
        is_hidden: is("noloadbalance"),
    }
}

/// What a member says of itself: the body of `/patroni`, and of every health endpoint, whatever their status.
///
/// # Errors
/// Why it is no such document, without a full stop.
pub(super) fn said(body: &[u8], at: Instant) -> Result<(Option<Arc<str>>, Said), String> {
    let document = object(body)?;
    let Some(state) = word(&document, "state") else {
        return Err("it does not say how its server is".to_owned());
    };
    let about = document.get("patroni").and_then(Value::as_object);
    let about = |key: &str| about.and_then(|about| word(about, key));
    let role = document.get("role").and_then(Value::as_str).map_or(Role::Unknown, Role::of_patroni);
    let own_sync = match document.get("role").and_then(Value::as_str) {
        Some("sync_standby") => Some(Sync::Sync),
        Some("quorum_standby") => Some(Sync::Quorum),
        _ if is_true(&document, "sync_standby") => Some(Sync::Sync),
        _ if is_true(&document, "quorum_standby") => Some(Sync::Quorum),
        _ => None,
    };
    let followers = document.get("replication").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let version = document.get("server_version").and_then(Value::as_u64).and_then(|it| u32::try_from(it).ok());
    let said = Said {
        at,
        role,
        state,
        scope: about("scope"),
        governor_version: about("version"),
        server_version: version,
        timeline: document.get("timeline").and_then(Value::as_u64).filter(|timeline| *timeline > 0),
        system_identifier: word(&document, "database_system_identifier"),
        position: position(&document),
        replication: word(&document, "replication_state"),
        sync: own_sync,
        followers: followers.iter().take(MOST).filter_map(|one| follower(one.as_object()?)).collect(),
        dcs_seen_at: epoch(&document, "dcs_last_seen"),
        is_unlocked: is_true(&document, "cluster_unlocked"),
        is_failsafe: is_true(&document, "failsafe_mode_is_active"),
        is_paused: is_true(&document, "pause"),
        is_restart_pending: is_true(&document, "pending_restart"),
        tags: tags(&document),
    };
    Ok((about("name"), said))
}

fn position(document: &Map<String, Value>) -> Position {
    let Some(xlog) = document.get("xlog").and_then(Value::as_object) else { return Position::Unsaid };
    let number = |key: &str| xlog.get(key).and_then(Value::as_u64);
    if let Some(location) = number("location") {
        return Position::Writes { location };
    }
    if !xlog.contains_key("received_location") && !xlog.contains_key("replayed_location") {
        return Position::Unsaid;
    }
    Position::Follows {
        // A member that streams nothing says 0.
        received: number("received_location").filter(|received| *received > 0),
        replayed: number("replayed_location").filter(|replayed| *replayed > 0),
        replayed_at: moment(xlog, "replayed_timestamp"),
        is_paused: is_true(xlog, "paused"),
    }
}

fn follower(one: &Map<String, Value>) -> Option<Replicating> {
    let sync = match one.get("sync_state").and_then(Value::as_str) {
        Some("sync") => Sync::Sync,
        Some("quorum") => Sync::Quorum,
        Some("potential") => Sync::Potential,
        _ => Sync::Async,
    };
    Some(Replicating { name: word(one, "application_name")?, state: word(one, "state").unwrap_or_default(), sync })
}

/// A member as a listing names it, before it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) name: Arc<str>,
    /// Where its REST is, without what follows the address of the API.
    pub(super) api: Option<String>,
    /// Where its PostgreSQL is.
    pub(super) address: Option<Arc<str>>,
    pub(super) listed: Listed,
}

/// The listing of a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listing {
    pub(super) scope: Option<Arc<str>>,
    pub(super) members: Vec<Named>,
    pub(super) is_paused: bool,
    pub(super) scheduled: Option<Scheduled>,
}

impl Listing {
    /// Who is listed as the leader.
    pub(super) fn leader(&self) -> Option<Arc<str>> {
        let leads = |role: Role| matches!(role, Role::Primary | Role::StandbyLeader);
        self.members.iter().find(|member| leads(member.listed.role)).map(|member| member.name.clone())
    }
}

/// The body of `/cluster`.
///
/// # Errors
/// Why it is no such document, without a full stop.
pub(super) fn listing(body: &[u8]) -> Result<Listing, String> {
    let document = object(body)?;
    let Some(members) = document.get("members").and_then(Value::as_array) else {
        return Err("it lists no members".to_owned());
    };
    if members.len() > MOST {
        return Err(format!("it lists {} members; at most {MOST} are read", members.len()));
    }
    let scheduled = document.get("scheduled_switchover").and_then(Value::as_object).map(|scheduled| Scheduled {
        at: moment(scheduled, "at"),
        from: word(scheduled, "from"),
        to: word(scheduled, "to"),
    });
    Ok(Listing {
        scope: word(&document, "scope"),
        members: members.iter().filter_map(|member| named(member.as_object()?)).collect(),
        is_paused: is_true(&document, "pause"),
        scheduled,
    })
}

fn named(member: &Map<String, Value>) -> Option<Named> {
    let role = member.get("role").and_then(Value::as_str).unwrap_or_default();
    // Integers, or the text "unknown"; before 4.1 one figure for both.
    let bytes = |key: &str| member.get(key).or_else(|| member.get("lag")).and_then(Value::as_u64);
    let host = word(member, "host");
    let port = member.get("port").and_then(Value::as_u64).filter(|port| *port <= 65_535);
    let api = member.get("api_url").and_then(Value::as_str).map(|api| api.trim_end_matches('/'));
    Some(Named {
        name: word(member, "name")?,
        api: api.map(|api| api.strip_suffix("/patroni").unwrap_or(api).to_owned()),
        address: host.map(|host| port.map_or(host.clone(), |port| Arc::from(format!("{host}:{port}")))),
        listed: Listed {
            role: Role::of_patroni(role),
            sync: match role {
                "sync_standby" => Some(Sync::Sync),
                "quorum_standby" => Some(Sync::Quorum),
                "replica" => Some(Sync::Async),
                _ => None,
            },
            state: word(member, "state").unwrap_or_default(),
            timeline: member.get("timeline").and_then(Value::as_u64).filter(|timeline| *timeline > 0),
            receive_lag: bytes("receive_lag"),
            replay_lag: bytes("replay_lag"),
            tags: tags(member),
            is_restart_pending: is_true(member, "pending_restart"),
        },
    })
}

/// The body of `/config`: what is not said is as Patroni ships it.
///
/// # Errors
/// Why it is no such document, without a full stop.
pub(super) fn settings(body: &[u8], at: Instant) -> Result<Settings, String> {
    let document = object(body)?;
    let shipped = Settings::shipped(at);
    let span = |key: &str, usual| document.get(key).and_then(Value::as_i64).map_or(usual, time::seconds);
    // `true`, `"on"` and `"quorum"` are all in use.
    let mode = document.get("synchronous_mode");
    let sync = match mode.and_then(Value::as_str) {
        Some("quorum") => Some(Sync::Quorum),
        Some("on" | "true" | "yes") => Some(Sync::Sync),
        _ if mode.and_then(Value::as_bool) == Some(true) => Some(Sync::Sync),
        _ => None,
    };
    Ok(Settings {
        at,
        ttl: span("ttl", shipped.ttl),
        loop_wait: span("loop_wait", shipped.loop_wait),
        retry_timeout: span("retry_timeout", shipped.retry_timeout),
        maximum_lag_on_failover: document
            .get("maximum_lag_on_failover")
            .and_then(Value::as_u64)
            .unwrap_or(shipped.maximum_lag_on_failover),
        sync,
        is_strict: is_true(&document, "synchronous_mode_strict"),
        has_failsafe: is_true(&document, "failsafe_mode"),
        is_paused: is_true(&document, "pause"),
        pause: document.get(PAUSE_KEY).and_then(|pause| serde_json::from_value(pause.clone()).ok()),
    })
}

/// The body of `/history`: lines of 4 parts before 4.1, of 5 since.
///
/// # Errors
/// Why it is no such document, without a full stop.
pub(super) fn history(body: &[u8]) -> Result<Vec<Switch>, String> {
    let lines: Vec<Value> = serde_json::from_slice(body).map_err(|error| format!("it is no list: {error}"))?;
    let read = lines.iter().rev().take(MOST).filter_map(|line| {
        let line = line.as_array()?;
        let text = |place: usize| line.get(place).and_then(Value::as_str);
        let leader = text(4).map(|leader| Arc::from(text::clean(leader)));
        Some(Switch {
            timeline: line.first()?.as_u64()?,
            location: line.get(1)?.as_u64()?,
            at: text(3).and_then(time::read),
            leader,
        })
    });
    let mut read: Vec<Switch> = read.collect();
    read.reverse();
    Ok(read)
}

fn object(body: &[u8]) -> Result<Map<String, Value>, String> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err("it is no document".to_owned()),
        Err(_) if body.is_empty() => Err("it is empty".to_owned()),
        Err(error) => Err(format!("it cannot be read: {error}")),
    }
}
