//! A database as it was read: its members, who governs them, and which of them is the primary.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::TimeDelta;
use serde::Serialize;

use super::member::{Member, Position, Replicating, Role, Said, Sync, Tags};
use super::tables::Tables;
use super::{Kind, Mark, Pause};
use crate::domain::time::{self, Instant};

/// The primary of a database, by what its members say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Primary<'r> {
    /// Exactly one takes writes by its own word.
    One(&'r Member, &'r Said),
    /// Everybody answered and nobody takes writes.
    Nobody,
    /// Nobody who answered takes writes, and somebody did not answer.
    Unknown,
    /// More than one takes writes.
    Several,
    /// They are not all of one database: which of them is meant, nobody can say.
    Foreign,
}

/// What the store of the cluster says, by the mouth of one member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Topology {
    /// When it was told.
    pub at: Instant,
    /// Who told it. Cleaned.
    pub by: Arc<str>,
    /// The name of the cluster. Cleaned.
    pub scope: Option<Arc<str>>,
    /// Who is listed as the leader. Cleaned.
    pub leader: Option<Arc<str>>,
    /// Whether its governor was told to keep its hands off.
    pub is_paused: bool,
    /// A change of the primary that was ordered for later.
    pub scheduled: Option<Scheduled>,
}

/// A change of the primary that was ordered for later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Scheduled {
    /// When.
    pub at: Option<Instant>,
    /// From whom. Cleaned.
    pub from: Option<Arc<str>>,
    /// To whom; `None`: to whoever is ready then. Cleaned.
    pub to: Option<Arc<str>>,
}

/// The dynamic configuration of Patroni, as far as a change of the primary rests on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Settings {
    /// When it was read.
    pub at: Instant,
    /// For how long the leader's lock holds.
    pub ttl: TimeDelta,
    /// How often a member looks.
    pub loop_wait: TimeDelta,
    /// How long a member tries again before it gives up the lock.
    pub retry_timeout: TimeDelta,
    /// How many bytes a member may be behind to be promoted.
    pub maximum_lag_on_failover: u64,
    /// Whether the primary waits for a member: `None` where it does not.
    pub sync: Option<Sync>,
    /// Whether it waits although there is nobody to wait for.
    pub is_strict: bool,
    /// Whether the primary stays one without the store of the cluster if all members agree.
    pub has_failsafe: bool,
    /// Whether its governor was told to keep its hands off.
    pub is_paused: bool,
    /// What was written down about that.
    pub pause: Option<Pause>,
}

impl Settings {
    /// What Patroni does where nobody says otherwise.
    pub const fn shipped(at: Instant) -> Self {
        Self {
            at,
            ttl: TimeDelta::seconds(30),
            loop_wait: TimeDelta::seconds(10),
            retry_timeout: TimeDelta::seconds(10),
            maximum_lag_on_failover: 1_048_576,
            sync: None,
            is_strict: false,
            has_failsafe: false,
            is_paused: false,
            pause: None,
        }
    }
}

/// A timeline that ended, as the history of a cluster keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Switch {
    /// The timeline that ended.
    pub timeline: u64,
    /// Where it ended.
    pub location: u64,
    /// When, where that is told.
    pub at: Option<Instant>,
    /// Who led from then on: the same member again where it had only lost its lock. Before 4.1 Patroni does not say. Cleaned.
    pub leader: Option<Arc<str>>,
}

/// The Sentinels of a Redis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sentinels {
    /// When they were asked.
    pub at: Instant,
    /// How many are declared.
    pub known: usize,
    /// How many of those answer.
    pub answering: usize,
    /// Why they would not promote anybody now, in their own words; `None`: they would.
    pub why_not: Option<String>,
    /// After how long without an answer they call the primary lost.
    pub notices_after: Option<TimeDelta>,
}

impl Sentinels {
    /// How soon a failover of a cache is to be done (requirements D8): a loss that is noticed later cannot be.
    pub const GOAL: TimeDelta = TimeDelta::seconds(5);
}

/// A database as it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reading {
    /// Who governs it.
    pub kind: Kind,
    /// When the reading began.
    pub at: Instant,
    /// Its members by name.
    pub members: Vec<Member>,
    /// What the store of its cluster says; why there is nothing, as a sentence.
    pub topology: Result<Topology, String>,
    /// The dynamic configuration; `None` where it could not be read.
    pub settings: Option<Settings>,
    /// The timelines that ended, the newest last; `None` where they could not be read.
    pub history: Option<Vec<Switch>>,
    /// What the server at the address of its tables tells; why that is not known, as a sentence; `None` where none is read.
    pub tables: Option<Result<Arc<Tables>, String>>,
    /// Whether people told its governor to leave it alone: CloudNativePG, by an annotation.
    pub is_hands_off: bool,
    /// Of a Redis: its Sentinels; `None` where there are none.
    pub sentinels: Option<Sentinels>,
    /// The system identifier the operator pinned.
    pub pinned: Option<Arc<str>>,
    /// What is wrong with what was told, a sentence each. With one of these nothing is green.
    pub troubles: Vec<String>,
}

impl Reading {
    /// A reading of which nothing has come yet.
    pub fn empty(kind: Kind, at: Instant) -> Self {
        Self {
            kind,
            at,
            members: Vec::new(),
            topology: Err("The listing of the cluster was not read yet.".to_owned()),
            settings: None,
            history: None,
            tables: None,
            is_hands_off: false,
            sentinels: None,
            pinned: None,
            troubles: Vec::new(),
        }
    }

    /// Whether somebody promotes a member when the primary is lost.
    pub const fn has_governor(&self) -> bool {
        match self.kind {
            Kind::Patroni | Kind::CloudNativePg => true,
            Kind::Redis => self.sentinels.is_some(),
            Kind::Postgres => false,
        }
    }

    /// The member of a name.
    pub fn member(&self, name: &str) -> Option<&Member> {
        self.members.iter().find(|member| &*member.name == name)
    }

    /// Those that answered, with what they said.
    pub fn answers(&self) -> impl Iterator<Item = (&Member, &Said)> {
        self.members.iter().filter_map(|member| Some((member, member.answer()?)))
    }

    /// Those that take writes by their own word.
    pub fn writers(&self) -> Vec<&Member> {
        self.members.iter().filter(|member| member.takes_writes()).collect()
    }

    /// Every system identifier that was told, and the one that is pinned.
    pub fn identifiers(&self) -> BTreeSet<Arc<str>> {
        let told = self.answers().filter_map(|(_, said)| said.system_identifier.clone());
        let by_tables = self.tables().and_then(|tables| tables.system_identifier.clone());
        told.chain(by_tables).chain(self.pinned.clone()).collect()
    }

    /// The system identifier all agree on; `None` where nobody tells one, or they differ.
    pub fn identifier(&self) -> Option<Arc<str>> {
        let mut all = self.identifiers().into_iter();
        all.next().filter(|_| all.next().is_none())
    }

    /// What the server at the address of its tables tells.
    pub fn tables(&self) -> Option<&Tables> {
        self.tables.as_ref().and_then(|tables| tables.as_deref().ok())
    }

    /// Every name of a cluster that was told.
    pub fn scopes(&self) -> BTreeSet<Arc<str>> {
        let listed = self.topology.as_ref().ok().and_then(|topology| topology.scope.clone());
        self.answers().filter_map(|(_, said)| said.scope.clone()).chain(listed).collect()
    }

    /// Whether not all that answered are of one database.
    pub fn is_foreign(&self) -> bool {
        self.identifiers().len() > 1 || self.scopes().len() > 1
    }

    /// Who the primary is.
    pub fn primary(&self) -> Primary<'_> {
        if self.is_foreign() {
            return Primary::Foreign;
        }
        let writers = self.writers();
        match writers.as_slice() {
            [one] => one.answer().map_or(Primary::Unknown, |said| Primary::One(one, said)),
            [] if !self.members.is_empty() && self.members.iter().all(|member| member.said.is_ok()) => Primary::Nobody,
            [] => Primary::Unknown,
            _ => Primary::Several,
        }
    }

    /// Where its primary writes, with when and on which timeline: what a [`Trail`](super::Trail) is made of.
    pub fn mark(&self) -> Option<Mark> {
        let Primary::One(_, said) = self.primary() else { return None };
        let Position::Writes { location } = said.position else { return None };
        Some(Mark { at: said.at, location, timeline: said.timeline, identifier: said.system_identifier.clone() })
    }

    /// Whether its governor was told to keep its hands off, by whoever says so.
    pub fn is_paused(&self) -> bool {
        self.topology.as_ref().is_ok_and(|topology| topology.is_paused)
            || self.settings.as_ref().is_some_and(|settings| settings.is_paused)
            || self.answers().any(|(_, said)| said.is_paused)
    }

    /// When a member last heard from the store of the cluster; the newest of all, `None` where nobody says.
    pub fn dcs_seen_at(&self) -> Option<Instant> {
        self.answers().filter_map(|(_, said)| said.dcs_seen_at).max()
    }

    /// How long ago a member last heard from the store of the cluster.
    pub fn dcs_age(&self, now: Instant) -> Option<TimeDelta> {
        self.dcs_seen_at().map(|at| time::age(at, now))
    }

    /// How old that may be: one look of a member and five seconds.
    pub fn dcs_limit(&self) -> TimeDelta {
        self.settings().loop_wait + time::seconds(5)
    }

    /// The dynamic configuration; what Patroni does by itself where it could not be read.
    pub fn settings(&self) -> Settings {
        self.settings.clone().unwrap_or_else(|| Settings::shipped(self.at))
    }

    /// When the primary last became another member, or the same again after it lost its lock.
    pub fn switched_at(&self) -> Option<Instant> {
        self.history.iter().flatten().filter_map(|switch| switch.at).max()
    }
}

impl Reading {
    /// A database that nobody governs, by what its server tells.
    pub fn of_tables(tables: &Arc<Tables>, pinned: Option<Arc<str>>) -> Self {
        let (role, position) = match (tables.is_replica, tables.location) {
            (false, Some(location)) => (Role::Primary, Position::Writes { location }),
            (false, None) => (Role::Primary, Position::Unsaid),
            (true, received) => (
                Role::Replica,
                Position::Follows {
                    received: received.filter(|received| *received > 0),
                    replayed: tables.replayed,
                    replayed_at: tables.replayed_at,
                    is_paused: tables.is_replay_paused,
                },
            ),
        };
        let follower = |one: &super::tables::Follower| Replicating {
            name: one.name.clone(),
            state: one.state.clone(),
            sync: one.sync,
        };
        let said = Said {
            at: tables.at,
            role,
            state: "running".into(),
            scope: None,
            governor_version: None,
            server_version: Some(tables.version),
            timeline: tables.timeline,
            system_identifier: tables.system_identifier.clone(),
            position,
            replication: tables.receiver.as_ref().map(|receiver| receiver.state.clone()),
            sync: None,
            followers: tables.followers.iter().map(follower).collect(),
            dcs_seen_at: None,
            is_unlocked: false,
            is_failsafe: false,
            is_paused: false,
            is_restart_pending: false,
            tags: Tags::default(),
        };
        let member = Member {
            name: tables.place.clone(),
            asked_at: tables.place.clone(),
            address: Some(tables.place.clone()),
            said: Ok(said),
            listed: None,
        };
        Self {
            members: vec![member],
            topology: Err("Nobody lists its members.".to_owned()),
            pinned,
            tables: Some(Ok(tables.clone())),
            ..Self::empty(Kind::Postgres, tables.at)
        }
    }
}
