//! How a database stands: what a screen and a document say of it, made of one reading.

use std::sync::Arc;

use super::lag::{Lag, LagSource};
use super::member::{Member, Role, Sync};
use super::reading::{Primary, Reading};
use super::snapshot::Watched;
use super::tables::Tables;
use super::verdict::{Condition, Readiness, Verdict};
use super::{Kind, Trail};
use crate::domain::time::{self, Instant};

/// A member as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberStanding {
    /// Its name.
    pub name: Arc<str>,
    /// What it is by its own word.
    pub role: Role,
    /// How its server is; `None` where it did not answer.
    pub state: Option<Arc<str>>,
    /// Why it did not answer, as a sentence.
    pub error: Option<String>,
    /// Where applications reach it.
    pub address: Option<Arc<str>>,
    /// Its timeline.
    pub timeline: Option<u64>,
    /// Whether the primary waits for it.
    pub sync: Option<Sync>,
    /// How far it is behind; `None` for the primary.
    pub lag: Option<Lag>,
    /// Whether it is never to be promoted.
    pub is_never_promoted: bool,
    /// Whether a setting of it waits for a restart.
    pub is_restart_pending: bool,
}

impl MemberStanding {
    fn of(reading: &Reading, member: &Member) -> Self {
        let said = member.answer();
        Self {
            name: member.name.clone(),
            role: said.map_or(Role::Unknown, |said| said.role),
            state: said.map(|said| said.state.clone()),
            error: member.said.as_ref().err().cloned(),
            address: member.address.clone(),
            timeline: said.and_then(|said| said.timeline),
            sync: member.sync(),
            lag: Lag::of(reading, member),
            is_never_promoted: member.is_never_promoted(),
            is_restart_pending: said.is_some_and(|said| said.is_restart_pending),
        }
    }
}

/// The members that are asked, and the followers that a primary nobody governs tells of.
fn members(reading: &Reading) -> Vec<MemberStanding> {
    let asked = reading.members.iter().map(|member| MemberStanding::of(reading, member));
    let followers = reading.tables().filter(|_| reading.kind == Kind::Postgres).into_iter().flat_map(|tables| {
        tables.followers.iter().map(|one| {
            let is_heard = one.is_heard(tables.at);
            MemberStanding {
                name: one.name.clone(),
                role: Role::Replica,
                state: Some(one.state.clone()),
                error: None,
                address: one.address.clone(),
                timeline: None,
                sync: Some(one.sync),
                lag: Some(Lag {
                    receive_bytes: one.flush_bytes.filter(|_| is_heard),
                    replay_bytes: one.replay_bytes.filter(|_| is_heard),
                    seconds: one.seconds().filter(|_| is_heard),
                    at: one.heard_at,
                    by: LagSource::Members,
                }),
                is_never_promoted: false,
                is_restart_pending: false,
            }
        })
    });
    asked.chain(followers).collect()
}

/// Who promotes a member by itself when the primary is lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Automatic {
    /// Who; `None`: nobody.
    pub by: Option<&'static str>,
    /// Whether it would now; `None` where that is not known.
    pub is_on: Option<bool>,
    /// When the timeline last moved on: it, or a person through it, changed the primary.
    pub last_acted_at: Option<Instant>,
}

/// How a database stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Its name.
    pub name: Arc<str>,
    /// Its environment.
    pub environment: Option<Arc<str>>,
    /// Who governs it.
    pub kind: Kind,
    /// The primary; `None` where there is none, where there are several, and where nobody can say.
    pub primary: Option<Arc<str>>,
    /// The timeline of the primary.
    pub timeline: Option<u64>,
    /// Which database it is, where all agree.
    pub system_identifier: Option<Arc<str>>,
    /// Its members by name.
    pub members: Vec<MemberStanding>,
    /// How it is.
    pub verdict: Verdict,
    /// Whether the primary could be changed now.
    pub readiness: Readiness,
    /// Who promotes by itself.
    pub automatic: Automatic,
    /// Whether its governor was told to keep its hands off.
    pub is_paused: bool,
    /// Whether the primary waits for anybody; `None` where the settings are not known.
    pub sync: Option<Option<Sync>>,
    /// When a member last heard from the store of the cluster.
    pub dcs_seen_at: Option<Instant>,
    /// What the server at the address of its tables tells; why that is not known; `None` where none is read.
    pub tables: Option<Result<Arc<Tables>, String>>,
    /// When this was read; `None` where nothing was.
    pub at: Option<Instant>,
}

impl Standing {
    /// How old a reading may be to say anything of now.
    pub const READ_WITHIN: chrono::TimeDelta = chrono::TimeDelta::seconds(30);

    /// How one stands.
    pub fn of(watched: &Watched, now: Instant) -> Self {
        match &watched.told {
            Some(Ok(reading)) => Self::read(watched, reading, now),
            Some(Err(why)) => Self::unread(watched, why),
            None => Self::unread(watched, "It has not answered yet."),
        }
    }

    fn unread(watched: &Watched, why: &str) -> Self {
        let database = &watched.database;
        Self {
            name: database.name.clone(),
            environment: database.environment.clone(),
            kind: database.kind,
            primary: None,
            timeline: None,
            system_identifier: None,
            members: Vec::new(),
            verdict: Verdict { condition: Condition::Unknown, reasons: vec![why.to_owned()] },
            readiness: Readiness::Unknown { why: why.to_owned() },
            automatic: Automatic { by: database.kind.governor(), is_on: None, last_acted_at: None },
            is_paused: false,
            sync: None,
            dcs_seen_at: None,
            tables: None,
            at: None,
        }
    }

    fn read(watched: &Watched, reading: &Reading, now: Instant) -> Self {
        let (limits, trail): (_, &Trail) = (&watched.limits, &watched.trail);
        let age = time::age(reading.at, now);
        let old = (age > Self::READ_WITHIN).then(|| format!("It was last read {} ago.", time::length(age)));
        let primary = match reading.primary() {
            Primary::One(member, said) => Some((member.name.clone(), said.timeline)),
            _ => None,
        };
        let mut verdict = Verdict::of(reading, limits, now);
        let mut readiness = Readiness::of(reading, trail, limits, now);
        if let Some(why) = old {
            verdict.condition = verdict.condition.max(Condition::Unknown);
            verdict.reasons.insert(0, why.clone());
            readiness = Readiness::Unknown { why };
        }
        let (is_paused, dcs_age) = (reading.is_paused() || reading.is_hands_off, reading.dcs_age(now));
        let by = watched.database.kind.governor().filter(|_| reading.has_governor());
        let is_agreed = reading.sentinels.as_ref().is_none_or(|sentinels| sentinels.why_not.is_none());
        let is_heard = dcs_age.is_none_or(|age| age <= reading.dcs_limit());
        let is_on = by.map(|_| !is_paused && is_heard && is_agreed);
        Self {
            primary: primary.as_ref().map(|(name, _)| name.clone()),
            timeline: primary.and_then(|(_, timeline)| timeline),
            system_identifier: reading.identifier(),
            members: members(reading),
            tables: reading.tables.clone(),
            verdict,
            readiness,
            automatic: Automatic {
                by,
                is_on: is_on.or(by.is_none().then_some(false)),
                last_acted_at: reading.switched_at(),
            },
            is_paused,
            sync: reading.settings.as_ref().map(|settings| settings.sync),
            dcs_seen_at: reading.dcs_seen_at(),
            at: Some(reading.at),
            ..Self::unread(watched, "")
        }
    }

    /// The sentence that every pane shows, where it is so grave: two primaries, or another database under its name.
    pub fn banner(&self) -> Option<String> {
        let is_grave = matches!(self.verdict.condition, Condition::TwoPrimaries | Condition::Foreign);
        let why = self.verdict.reasons.iter().find(|why| why.starts_with("TWO") || why.starts_with("ANOTHER"));
        is_grave.then(|| format!("database {}: {}", self.name, why.map_or("", String::as_str)))
    }
}
