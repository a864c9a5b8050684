//! What is looked at before the primary is changed: each with what was seen, what it may be, who says so and how old that is.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::lag::{Lag, LagSource};
use super::loss::{Gap, Loss};
use super::member::{Member, Said, Sync};
use super::reading::{Primary, Reading};
use super::tables::{LONG, READY_AT_MOST};
use super::trail::Trail;
use super::verdict::TOLERATED;
use crate::domain::action::{Check, CheckVerdict};
use crate::domain::time::{self, Instant};
use crate::domain::worded;

worded! {
    /// How the primary is changed.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "lowercase")]
    pub enum Turn {
        /// It hands over: nothing is lost.
        Switchover = "switchover",
        /// It is gone, or is not asked: what the candidate does not have is lost.
        Failover = "failover",
    }
}

impl Turn {
    /// The one that is due: a switchover while somebody takes writes.
    pub fn due(reading: &Reading) -> Self {
        if reading.writers().is_empty() { Self::Failover } else { Self::Switchover }
    }
}

/// What is too much.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// By how much time a replica may be behind.
    pub lag: TimeDelta,
    /// How many bytes a candidate may not have; `None`: as Patroni itself is told.
    pub lag_bytes: Option<u64>,
    /// How long replaying what a candidate received may take.
    pub replay: TimeDelta,
    /// How long the last change has to be past.
    pub between: TimeDelta,
}

impl Default for Limits {
    fn default() -> Self {
        Self { lag: TOLERATED, lag_bytes: None, replay: TOLERATED, between: TimeDelta::minutes(60) }
    }
}

impl Limits {
    /// How many bytes a candidate may not have.
    pub fn bytes(&self, reading: &Reading) -> u64 {
        self.lag_bytes.unwrap_or_else(|| reading.settings().maximum_lag_on_failover)
    }
}

/// What was looked at, and what to expect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preflight {
    /// How the primary would be changed.
    pub turn: Turn,
    /// Each look, in the order it is read in.
    pub checks: Vec<Check>,
    /// What would be lost.
    pub loss: Loss,
    /// For how long nobody could write.
    pub gap: Gap,
}

/// From which version on logical slots can go with the primary.
const FAILOVER_SLOTS: u32 = 170_000;

/// One look: what came of it, what was seen, what it may be.
type Look = (CheckVerdict, String, String);

/// Looks at everything a change of the primary to `candidate` rests on, as far as the members and their governor tell.
///
/// What cannot be read is UNKNOWN: it holds a switchover back, and has to be taken upon oneself for a failover.
pub fn preflight(
    reading: &Reading,
    trail: &Trail,
    candidate: &str,
    turn: Turn,
    limits: &Limits,
    now: Instant,
) -> Preflight {
    let member = reading.member(candidate);
    let said_at = member.and_then(Member::answer).map(|said| said.at);
    let listed = reading.topology.as_ref().ok();
    let (listed_by, listed_at) =
        (listed.map_or("/cluster", |topology| &topology.by), listed.map(|topology| topology.at));
    let newest = reading.answers().map(|(_, said)| said.at).min();
    let everybody = || format!("/patroni of {} members", reading.members.len());
    let (lag, lag_by) = lag(reading, member, turn, limits, now);
    let look =
        |item: &str, (verdict, value, limit): Look, source: String, observed_at: Option<Instant>, is_urgent| Check {
            item: item.to_owned(),
            verdict,
            value,
            limit,
            source,
            observed_at,
            is_urgent,
            may_be_acknowledged: match verdict {
                CheckVerdict::Pass => false,
                CheckVerdict::Warn => true,
                CheckVerdict::Unknown => turn == Turn::Failover,
                CheckVerdict::Block => item == "flapping",
            },
        };
    let of_candidate = || format!("/patroni of {candidate}");
    let mut checks = vec![
        look("identity", identity(reading), everybody(), newest, true),
        look("one_primary", one_primary(reading, turn), everybody(), newest, true),
        look("candidate", able(reading, candidate, turn), of_candidate(), said_at, true),
        look("lag", lag.0, lag_by, lag.1, true),
        look("replay", replay(member, limits), of_candidate(), said_at, false),
        look("sync", sync(reading, member, turn), format!("/config, {listed_by}"), listed_at, true),
        look("paused", paused(reading), format!("/cluster of {listed_by}"), listed_at.or(newest), true),
        look("store", store(reading, turn, now), everybody(), newest, true),
        look("in_flight", in_flight(reading), format!("/cluster of {listed_by}"), listed_at, true),
        look("restart_pending", restart_pending(member), of_candidate(), said_at, false),
        look("flapping", flapping(reading, limits, now), "/history".to_owned(), listed_at, false),
        look("others", others(reading, candidate), everybody(), newest, false),
    ];
    for (item, (found, at)) in by_tables(reading, turn, now) {
        let source = reading.tables().map_or("the address of its tables".to_owned(), |tables| tables.place.to_string());
        checks.push(look(item, found, source, at, false));
    }
    Preflight {
        turn,
        checks,
        loss: Loss::expected(reading, trail, candidate, turn, now),
        gap: Gap::expected(reading, candidate),
    }
}

/// What the tables of the server tell; nothing where they are not read.
fn by_tables(reading: &Reading, turn: Turn, now: Instant) -> Vec<(&'static str, (Look, Option<Instant>))> {
    let over = if turn == Turn::Failover { CheckVerdict::Warn } else { CheckVerdict::Block };
    let tables = match &reading.tables {
        None => return Vec::new(),
        Some(Err(why)) => {
            // Of a primary that is lost nobody expects an answer.
            let verdict = if turn == Turn::Failover { CheckVerdict::Warn } else { CheckVerdict::Unknown };
            return vec![("tables", ((verdict, why.clone(), "they can be read".to_owned()), None))];
        }
        Some(Ok(tables)) => tables,
    };
    let Some(more) = &tables.more else { return Vec::new() };
    let unread = |what: &str| (CheckVerdict::Unknown, format!("{what} could not be read"));
    let archiving = match &more.archiver {
        None => unread("the archiver"),
        Some(archiver) if !archiver.is_on => (CheckVerdict::Warn, "WAL is not archived".to_owned()),
        Some(archiver) if archiver.is_failing() => (over, "archiving fails: a shutdown waits for it".to_owned()),
        Some(archiver) => match archiver.ready {
            Some(ready) if ready > READY_AT_MOST => (over, format!("{ready} segments wait: a shutdown waits for them")),
            Some(ready) => (CheckVerdict::Pass, format!("{ready} segments wait")),
            None => (CheckVerdict::Warn, "how many segments wait is not known".to_owned()),
        },
    };
    let lost: Vec<&str> = more.slots.iter().filter(|slot| slot.is_lost()).map(|slot| &*slot.name).collect();
    let logical: Vec<&str> = more.slots.iter().filter(|slot| slot.is_logical).map(|slot| &*slot.name).collect();
    let slots = match (lost.as_slice(), logical.as_slice()) {
        ([], []) => (CheckVerdict::Pass, format!("{} slots, none lost", more.slots.len())),
        ([], some) if tables.version < FAILOVER_SLOTS => {
            (CheckVerdict::Warn, format!("logical slots that do not go with the primary: {}", some.join(", ")))
        }
        ([], _) => (CheckVerdict::Pass, "none lost".to_owned()),
        (lost, _) => (CheckVerdict::Warn, format!("lost: {}", lost.join(", "))),
    };
    let base_backup = match more.base_backups {
        None => unread("base backups"),
        Some(0) => (CheckVerdict::Pass, "none runs".to_owned()),
        Some(some) => (CheckVerdict::Warn, format!("{some} run: the change kills them")),
    };
    let oldest = more.long.iter().filter_map(|one| one.since).min().map(|at| time::age(at, now));
    let transactions = match (more.long.len(), oldest) {
        (0, _) => (CheckVerdict::Pass, "none".to_owned()),
        (some, oldest) => {
            let oldest = oldest.map(|age| format!(", the oldest for {}", time::length(age))).unwrap_or_default();
            (CheckVerdict::Warn, format!("{some} open{oldest}: they are lost"))
        }
    };
    let clients = match (more.connections, more.poolers.as_slice()) {
        (None, _) => unread("connections"),
        (Some(connections), []) => (CheckVerdict::Pass, format!("{} connections, no pooler seen", connections.used)),
        (Some(connections), poolers) => {
            (CheckVerdict::Warn, format!("{} connections, some by {}", connections.used, poolers.join(", ")))
        }
    };
    let at = Some(tables.at);
    let long = time::length(LONG);
    [
        ("archiving", archiving, format!("it does not fail, at most {READY_AT_MOST} segments wait")),
        ("slots", slots, "none lost, none logical before PostgreSQL 17".to_owned()),
        ("base_backup", base_backup, "none runs".to_owned()),
        ("transactions", transactions, format!("none open for longer than {long}, none prepared")),
        ("clients", clients, "poolers follow the primary".to_owned()),
    ]
    .map(|(item, (verdict, value), limit)| (item, ((verdict, value, limit), at)))
    .into()
}

fn identity(reading: &Reading) -> Look {
    let limit = "one system identifier and one cluster, told by every member that answers".to_owned();
    let names = |set: std::collections::BTreeSet<std::sync::Arc<str>>| {
        set.iter().map(|name| &**name).collect::<Vec<_>>().join(", ")
    };
    if reading.is_foreign() {
        let value = format!("system {}; cluster {}", names(reading.identifiers()), names(reading.scopes()));
        return (CheckVerdict::Block, value, limit);
    }
    match reading.identifier() {
        Some(identifier) => (CheckVerdict::Pass, format!("system {identifier}"), limit),
        None => (CheckVerdict::Unknown, "nobody tells its system identifier".to_owned(), limit),
    }
}

fn one_primary(reading: &Reading, turn: Turn) -> Look {
    let silent = || {
        let silent = reading.members.iter().filter(|member| member.said.is_err());
        silent.map(|member| &*member.name).collect::<Vec<_>>().join(", ")
    };
    let limit = match turn {
        Turn::Switchover => "exactly one takes writes",
        Turn::Failover => "nobody takes writes",
    };
    let (verdict, value) = match (reading.primary(), turn) {
        (Primary::One(member, _), Turn::Switchover) => (CheckVerdict::Pass, format!("{} takes writes", member.name)),
        (Primary::One(member, _), Turn::Failover) => {
            (CheckVerdict::Warn, format!("{} takes writes: it is forced out", member.name))
        }
        (Primary::Nobody, Turn::Failover) => (CheckVerdict::Pass, "everybody answers, nobody takes writes".to_owned()),
        (Primary::Nobody, Turn::Switchover) => (CheckVerdict::Block, "nobody takes writes".to_owned()),
        (Primary::Unknown, _) => {
            (CheckVerdict::Unknown, format!("nobody who answers takes writes; no answer from {}", silent()))
        }
        (Primary::Several, _) => {
            let names: Vec<String> = reading.writers().iter().map(|member| member.name.to_string()).collect();
            (CheckVerdict::Block, format!("two primaries: {}", names.join(" and ")))
        }
        (Primary::Foreign, _) => (CheckVerdict::Block, "the members are not of one database".to_owned()),
    };
    (verdict, value, limit.to_owned())
}

fn able(reading: &Reading, candidate: &str, turn: Turn) -> Look {
    let limit = match turn {
        Turn::Switchover => "running, streaming, on the primary's timeline, may be promoted",
        Turn::Failover => "running, may be promoted",
    };
    let (verdict, value) = match reading.member(candidate).map(|member| (member, &member.said)) {
        None => (CheckVerdict::Block, format!("{candidate} is no member")),
        Some((_, Err(why))) => (CheckVerdict::Unknown, format!("{candidate} does not answer: {why}")),
        Some((member, Ok(said))) => fit(reading, member, said, turn),
    };
    (verdict, value, limit.to_owned())
}

fn fit(reading: &Reading, member: &Member, said: &Said, turn: Turn) -> (CheckVerdict, String) {
    let name = &member.name;
    if said.takes_writes() {
        return (CheckVerdict::Block, format!("{name} is the primary already"));
    }
    if member.is_never_promoted() {
        return (CheckVerdict::Block, format!("{name} is tagged never to be promoted (nofailover)"));
    }
    if &*said.state != "running" {
        return (CheckVerdict::Block, format!("{name} is {}", said.state));
    }
    if turn == Turn::Failover {
        return (CheckVerdict::Pass, format!("{name} runs"));
    }
    let doing = said.replication.as_deref().unwrap_or("nothing");
    if !said.streams() {
        return (CheckVerdict::Block, format!("{name} does not stream: {doing}"));
    }
    if let Primary::One(_, primary) = reading.primary()
        && let (Some(own), Some(its)) = (said.timeline, primary.timeline)
        && own != its
    {
        return (CheckVerdict::Block, format!("{name} is on timeline {own}, the primary on {its}"));
    }
    (
        CheckVerdict::Pass,
        format!("{name} streams, timeline {}", said.timeline.map_or("?".to_owned(), |it| it.to_string())),
    )
}

fn lag(
    reading: &Reading,
    member: Option<&Member>,
    turn: Turn,
    limits: &Limits,
    now: Instant,
) -> ((Look, Option<Instant>), String) {
    let most = limits.bytes(reading);
    let limit = format!("{most} bytes, {}", time::length(limits.lag));
    let lag = member.and_then(|member| Lag::of(reading, member)).unwrap_or(Lag::UNKNOWN);
    let source = match lag.by {
        LagSource::Members => "/patroni of the primary and the candidate",
        LagSource::Listing => "/cluster, as of the leader's last look",
    };
    // Without a primary nobody is behind anything: what is lost says the loss.
    let over = if turn == Turn::Failover { CheckVerdict::Warn } else { CheckVerdict::Block };
    let (verdict, value) = match (lag.receive_bytes, lag.seconds) {
        (None, _) => (CheckVerdict::Unknown, "UNKNOWN".to_owned()),
        (Some(bytes), _) if !lag.is_fresh(now) => {
            (CheckVerdict::Unknown, format!("{bytes} bytes, too old to say anything of now"))
        }
        (Some(bytes), seconds) => {
            let late = seconds.map_or("seconds unknown".to_owned(), time::length);
            let is_over = bytes > most || seconds.is_some_and(|seconds| seconds > limits.lag);
            (if is_over { over } else { CheckVerdict::Pass }, format!("{bytes} bytes, {late}"))
        }
    };
    (((verdict, value, limit), lag.at), source.to_owned())
}

fn replay(member: Option<&Member>, limits: &Limits) -> Look {
    let limit = format!("{}, replay not paused", time::length(limits.replay));
    let Some(super::Position::Follows { received, replayed, replayed_at, is_paused }) =
        member.and_then(Member::answer).map(|said| said.position)
    else {
        return (CheckVerdict::Unknown, "UNKNOWN".to_owned(), limit);
    };
    let (Some(replayed), at) = (replayed, member.and_then(Member::answer).map(|said| said.at)) else {
        return (CheckVerdict::Unknown, "UNKNOWN".to_owned(), limit);
    };
    let left = received.unwrap_or(replayed).saturating_sub(replayed);
    let seconds = replayed_at.zip(at).map(|(then, at)| time::age(then, at)).filter(|_| left > 0);
    let said = format!("{left} bytes to replay{}", if is_paused { ", replay is paused" } else { "" });
    let verdict = match seconds {
        _ if is_paused => CheckVerdict::Warn,
        Some(seconds) if seconds > limits.replay => CheckVerdict::Warn,
        _ => CheckVerdict::Pass,
    };
    (verdict, said, limit)
}

fn sync(reading: &Reading, member: Option<&Member>, turn: Turn) -> Look {
    let Some(settings) = &reading.settings else {
        let limit = "where the primary waits, it waits for the candidate".to_owned();
        return (CheckVerdict::Unknown, "the dynamic configuration could not be read".to_owned(), limit);
    };
    let Some(mode) = settings.sync else {
        return (CheckVerdict::Pass, "the primary waits for nobody".to_owned(), "none: asynchronous".to_owned());
    };
    let limit = format!("the candidate is one the primary waits for ({} mode)", mode.word());
    let name = member.map_or("the candidate", |member| &member.name);
    match member.and_then(Member::sync) {
        Some(Sync::Sync | Sync::Quorum) => (CheckVerdict::Pass, format!("{name} is waited for"), limit),
        Some(Sync::Potential | Sync::Async) | None => {
            let over = if turn == Turn::Failover { CheckVerdict::Warn } else { CheckVerdict::Block };
            (over, format!("{name} is not waited for: what was committed may not be on it"), limit)
        }
    }
}

fn paused(reading: &Reading) -> Look {
    let limit = "not paused".to_owned();
    if reading.is_paused() {
        return (CheckVerdict::Block, "Patroni is paused: resume it first".to_owned(), limit);
    }
    match (&reading.topology, &reading.settings) {
        (Err(why), None) => (CheckVerdict::Unknown, why.clone(), limit),
        _ => (CheckVerdict::Pass, "not paused".to_owned(), limit),
    }
}

fn store(reading: &Reading, turn: Turn, now: Instant) -> Look {
    let most = reading.dcs_limit();
    let limit = format!("heard from within {}", time::length(most));
    match reading.dcs_age(now) {
        None => (CheckVerdict::Unknown, "nobody says when it heard from the store of the cluster".to_owned(), limit),
        Some(age) if age > most => {
            let verdict = if turn == Turn::Failover { CheckVerdict::Unknown } else { CheckVerdict::Block };
            (verdict, format!("not heard from for {}", time::length(age)), limit)
        }
        Some(age) => (CheckVerdict::Pass, format!("heard from {} ago", time::length(age)), limit),
    }
}

fn in_flight(reading: &Reading) -> Look {
    let limit = "nothing ordered, nothing under way".to_owned();
    match &reading.topology {
        Err(why) => (CheckVerdict::Unknown, why.clone(), limit),
        Ok(topology) => match &topology.scheduled {
            None => (CheckVerdict::Pass, "nothing is ordered".to_owned(), limit),
            Some(scheduled) => {
                let at = scheduled.at.map_or("an unknown time".to_owned(), time::written);
                (CheckVerdict::Block, format!("a switchover is ordered for {at}"), limit)
            }
        },
    }
}

fn restart_pending(member: Option<&Member>) -> Look {
    let limit = "no setting waits for a restart".to_owned();
    match member.and_then(Member::answer) {
        None => (CheckVerdict::Unknown, "UNKNOWN".to_owned(), limit),
        Some(said) if said.is_restart_pending => {
            (CheckVerdict::Warn, "a setting of the candidate waits for a restart".to_owned(), limit)
        }
        Some(_) => (CheckVerdict::Pass, "none".to_owned(), limit),
    }
}

fn flapping(reading: &Reading, limits: &Limits, now: Instant) -> Look {
    let limit = format!("the last change is {} past", time::length(limits.between));
    if reading.history.is_none() {
        return (CheckVerdict::Warn, "the history could not be read".to_owned(), limit);
    }
    match reading.switched_at().map(|at| time::age(at, now)) {
        None => (CheckVerdict::Pass, "it never changed".to_owned(), limit),
        Some(age) if age < limits.between => {
            (CheckVerdict::Warn, format!("the timeline changed {} ago", time::length(age)), limit)
        }
        Some(age) => (CheckVerdict::Pass, format!("{} ago", time::length(age)), limit),
    }
}

fn others(reading: &Reading, candidate: &str) -> Look {
    let limit = "every other member answers".to_owned();
    let silent: Vec<&str> = reading
        .members
        .iter()
        .filter(|member| &*member.name != candidate && member.said.is_err())
        .map(|member| &*member.name)
        .collect();
    if silent.is_empty() {
        return (CheckVerdict::Pass, "all answer".to_owned(), limit);
    }
    (CheckVerdict::Warn, format!("no answer from {}", silent.join(", ")), limit)
}
