//! How a database is, and whether its primary could be changed now.

use chrono::TimeDelta;
use serde::Serialize;

use super::lag::Lag;
use super::preflight::{Limits, Turn, preflight};
use super::reading::{Primary, Reading};
use super::trail::Trail;
use crate::domain::action::CheckVerdict;
use crate::domain::time::{self, Instant};
use crate::domain::worded;

worded! {
    /// How a database is, from what needs nobody to what needs somebody at once.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Condition {
        /// One primary, and everybody follows it within the limits.
        Healthy = "healthy",
        /// It serves, and something of it is not well: a reason says what.
        Degraded = "degraded",
        /// Nobody can say who the primary is: it, or who it might be, does not answer.
        Unknown = "unknown",
        /// Everybody answers and nobody takes writes.
        NoPrimary = "no_primary",
        /// More than one takes writes.
        TwoPrimaries = "two_primaries",
        /// What goes by its name is not one database.
        Foreign = "foreign",
    }
}

impl Condition {
    /// The exit code of it: 2 needs somebody at once, 1 is not well, 3 is unknown.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Healthy => 0,
            Self::Degraded => 1,
            Self::Unknown => 3,
            Self::NoPrimary | Self::TwoPrimaries | Self::Foreign => 2,
        }
    }
}

/// How a database is, with why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// How it is.
    pub condition: Condition,
    /// Why it is not simply well, a sentence each, the gravest first.
    pub reasons: Vec<String>,
}

/// Whether the primary could be changed now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Readiness {
    /// It could: to this member.
    Ready {
        /// Its name.
        candidate: String,
    },
    /// Something holds it back.
    Blocked {
        /// What.
        why: String,
    },
    /// It cannot be said.
    Unknown {
        /// Why.
        why: String,
    },
    /// There is nobody to change to.
    Impossible {
        /// Why.
        why: String,
    },
}

impl Readiness {
    /// Its word in documents.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Ready { .. } => "ready",
            Self::Blocked { .. } => "blocked",
            Self::Unknown { .. } => "unknown",
            Self::Impossible { .. } => "impossible",
        }
    }

    /// The member it would be, or why not.
    pub fn says(&self) -> &str {
        match self {
            Self::Ready { candidate } => candidate,
            Self::Blocked { why } | Self::Unknown { why } | Self::Impossible { why } => why,
        }
    }

    /// Whether the primary of a database could be changed now, to the best of its members.
    pub fn of(reading: &Reading, trail: &Trail, limits: &Limits, now: Instant) -> Self {
        match reading.primary() {
            Primary::Foreign => {
                return Self::Blocked { why: "what goes by its name is not one database".to_owned() };
            }
            Primary::Several => return Self::Blocked { why: "two primaries".to_owned() },
            Primary::One(..) | Primary::Nobody | Primary::Unknown => {}
        }
        if !reading.has_governor() {
            let follows = reading.tables().is_some_and(|tables| !tables.followers.is_empty());
            let replicates = reading.kind == super::Kind::Redis && reading.members.len() > 1;
            let why = if replicates {
                "no failover possible: no Sentinel watches it"
            } else if follows {
                "nobody governs it: its primary is not changed from here"
            } else {
                "no failover possible: nothing follows it"
            };
            return Self::Impossible { why: why.to_owned() };
        }
        if reading.members.iter().all(|member| member.said.is_err()) {
            return Self::Unknown { why: "no member answers".to_owned() };
        }
        if reading.kind == super::Kind::CloudNativePg && reading.tables.is_none() {
            let why = "how far its replicas are behind is not known: add postgres = { url_file = \"FILE\" }";
            return Self::Unknown { why: why.to_owned() };
        }
        if let Some(sentinels) = &reading.sentinels {
            return Self::by_sentinels(reading, sentinels);
        }
        let turn = Turn::due(reading);
        let candidates = reading.answers().filter(|(member, said)| !said.takes_writes() && !member.is_never_promoted());
        let tried = candidates.map(|(member, _)| {
            let checks = preflight(reading, trail, &member.name, turn, limits, now).checks;
            let worst = checks.into_iter().max_by_key(|check| check.verdict);
            let rank = (
                worst.as_ref().map_or(CheckVerdict::Pass, |check| check.verdict),
                Lag::of(reading, member).and_then(|lag| lag.replay_bytes).unwrap_or(u64::MAX),
                &member.name,
            );
            (rank, worst)
        });
        let Some(((verdict, _, name), worst)) = tried.min_by(|one, other| one.0.cmp(&other.0)) else {
            return Self::Impossible { why: "no failover possible: nothing that may be promoted follows".to_owned() };
        };
        let why = || worst.map(|check| format!("{name}: {}", check.value)).unwrap_or_default();
        match verdict {
            CheckVerdict::Pass | CheckVerdict::Warn => Self::Ready { candidate: name.to_string() },
            CheckVerdict::Unknown => Self::Unknown { why: why() },
            CheckVerdict::Block => Self::Blocked { why: why() },
        }
    }
}

impl Readiness {
    /// Sentinels choose by themselves: they need to agree, and a replica that streams.
    fn by_sentinels(reading: &Reading, sentinels: &super::Sentinels) -> Self {
        if let Some(why) = &sentinels.why_not {
            return Self::Blocked { why: why.clone() };
        }
        let streaming = reading.answers().filter(|(_, said)| said.streams() && !said.takes_writes());
        let best = streaming.max_by_key(|(_, said)| said.position.has());
        match best {
            Some((member, _)) => Self::Ready { candidate: member.name.to_string() },
            None => Self::Impossible { why: "no failover possible: nothing replicates".to_owned() },
        }
    }
}

impl Verdict {
    /// How a database is.
    pub fn of(reading: &Reading, limits: &Limits, now: Instant) -> Self {
        let (condition, first) = match reading.primary() {
            Primary::Foreign => (Condition::Foreign, Some(foreign(reading))),
            Primary::Several => (Condition::TwoPrimaries, Some(several(reading))),
            Primary::Nobody => (
                Condition::NoPrimary,
                Some("NO PRIMARY: every member answers and none of them takes writes.".to_owned()),
            ),
            Primary::Unknown => (Condition::Unknown, Some(unknown(reading))),
            Primary::One(..) => (Condition::Healthy, None),
        };
        let mut reasons: Vec<String> = first.into_iter().collect();
        reasons.extend(reading.troubles.iter().cloned());
        reasons.extend(less(reading, limits, now));
        let condition = if reasons.is_empty() { condition } else { condition.max(Condition::Degraded) };
        Self { condition, reasons }
    }
}

/// What is not well of a database that may have a primary.
fn less(reading: &Reading, limits: &Limits, now: Instant) -> Vec<String> {
    let mut reasons = Vec::new();
    if let Some(tables) = &reading.tables {
        match tables {
            Err(why) => reasons.push(format!("Its tables could not be read: {why}")),
            Ok(tables) => reasons.extend(tables.reasons(now)),
        }
    }
    if let Some(sentinels) = &reading.sentinels {
        reasons.extend(of_sentinels(sentinels));
    }
    if let Some(age) = reading.dcs_age(now).filter(|age| *age > reading.dcs_limit()) {
        reasons.push(format!(
            "The members have not heard from the store of their cluster for {}: nobody is promoted by itself, and the primary gives up its lock.",
            time::length(age)
        ));
    }
    if reading.is_paused() {
        let pause = reading.settings.as_ref().and_then(|settings| settings.pause.as_ref());
        let who = pause.map(|pause| format!(" It is {}.", pause.sentence(now))).unwrap_or_default();
        reasons.push(format!("Patroni is paused: if the primary is lost, nobody is promoted by itself.{who}"));
    }
    for member in &reading.members {
        let name = &member.name;
        match &member.said {
            // Some sentences begin with the member's own name.
            Err(why) if why.starts_with(&format!("{name}: ")) => reasons.push(why.clone()),
            Err(why) => reasons.push(format!("{name} does not answer: {why}")),
            Ok(said) if said.takes_writes() => {}
            Ok(said) if &*said.state != "running" => reasons.push(format!("{name} is {}.", said.state)),
            Ok(_) => reasons.extend(behind(reading, member, limits, now)),
        }
    }
    reasons
}

fn of_sentinels(sentinels: &super::Sentinels) -> Vec<String> {
    let mut reasons = Vec::new();
    if sentinels.answering < sentinels.known {
        reasons.push(format!("{} of {} Sentinels answer.", sentinels.answering, sentinels.known));
    }
    reasons.extend(sentinels.why_not.as_ref().map(|why| format!("Sentinel would promote nobody: {why}")));
    let late = sentinels.notices_after.filter(|after| *after > super::Sentinels::GOAL);
    reasons.extend(late.map(|after| {
        format!(
            "Sentinel calls the primary lost after {}: a failover within {} is not possible.",
            time::length(after),
            time::length(super::Sentinels::GOAL)
        )
    }));
    reasons
}

fn behind(reading: &Reading, member: &super::Member, limits: &Limits, now: Instant) -> Option<String> {
    let name = &member.name;
    let lag = Lag::of(reading, member)?;
    // Its object tells no place in the WAL: that is shown as not known, and is nothing that is not well.
    let is_untold = reading.kind == super::Kind::CloudNativePg && reading.tables.is_none();
    if !matches!(reading.primary(), Primary::One(..)) || is_untold {
        return None;
    }
    if lag.receive_bytes.is_none() || !lag.is_fresh(now) {
        return Some(format!("How far {name} is behind is not known."));
    }
    if let Some(seconds) = lag.seconds.filter(|seconds| *seconds > limits.lag) {
        return Some(format!("{name} is {} behind; {} is tolerated.", time::length(seconds), time::length(limits.lag)));
    }
    let bytes = lag.receive_bytes.filter(|bytes| *bytes > limits.bytes(reading))?;
    let not_streaming = member.answer().is_some_and(|said| !said.streams());
    let tail = if not_streaming { ", and does not stream" } else { "" };
    Some(format!("{name} has not received {bytes} bytes{tail}."))
}

fn foreign(reading: &Reading) -> String {
    let of = |member: &super::Member, said: &super::Said| {
        let identifier = said.system_identifier.as_deref().unwrap_or("unknown");
        format!("{} is {} of {}", member.name, identifier, said.scope.as_deref().unwrap_or("no cluster"))
    };
    let told: Vec<String> = reading.answers().map(|(member, said)| of(member, said)).collect();
    let pinned = reading.pinned.as_ref().map(|pinned| format!("; the configuration says {pinned}")).unwrap_or_default();
    format!(
        "ANOTHER DATABASE: what goes by this name is not one database ({}{pinned}). Nothing of it is called the primary; correct its addresses in the configuration.",
        told.join(", ")
    )
}

fn several(reading: &Reading) -> String {
    let writers: Vec<String> = reading.writers().iter().map(|member| member.name.to_string()).collect();
    format!(
        "TWO PRIMARIES: {} all take writes. What is written to one is lost to the other: stop all but the right one.",
        writers.join(" and ")
    )
}

fn unknown(reading: &Reading) -> String {
    if reading.members.iter().all(|member| member.said.is_err()) {
        let why = reading.members.first().and_then(|member| member.said.as_ref().err().cloned());
        return format!("No member answers. {}", why.unwrap_or_default()).trim_end().to_owned();
    }
    let silent: Vec<&str> =
        reading.members.iter().filter(|member| member.said.is_err()).map(|member| &*member.name).collect();
    let listed = reading.topology.as_ref().ok().and_then(|topology| topology.leader.as_ref());
    let listed = listed.map(|leader| format!(" {leader} is listed as the leader.")).unwrap_or_default();
    format!(
        "PRIMARY UNKNOWN: nobody who answers takes writes, and {} not answer.{listed}",
        match silent.as_slice() {
            [one] => format!("{one} does"),
            several => format!("{} do", several.join(", ")),
        }
    )
}

/// How far behind a member may be where nobody says: requirements D5.
pub(super) const TOLERATED: TimeDelta = TimeDelta::seconds(30);
