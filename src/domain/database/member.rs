//! One member of a database: what it says of itself, and what is said of it.

use std::sync::Arc;

use serde::Serialize;

use crate::domain::time::Instant;
use crate::domain::worded;

worded! {
    /// What a member is.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Role {
        /// It takes writes.
        Primary = "primary",
        /// It leads a cluster that follows another: it takes none.
        StandbyLeader = "standby_leader",
        /// It follows.
        Replica = "replica",
        /// It says nothing, or a word that is not known.
        Unknown = "unknown",
    }
}

impl Role {
    /// By the word of Patroni; before 4.0 a primary was called `master`, and listings call it `leader`.
    pub fn of_patroni(word: &str) -> Self {
        match word {
            "primary" | "master" | "leader" => Self::Primary,
            "standby_leader" => Self::StandbyLeader,
            "replica" | "sync_standby" | "quorum_standby" => Self::Replica,
            _ => Self::Unknown,
        }
    }
}

worded! {
    /// Whether the primary waits for a member before it calls a transaction committed.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
    #[serde(rename_all = "lowercase")]
    pub enum Sync {
        /// For it.
        Sync = "sync",
        /// For enough of those it is one of.
        Quorum = "quorum",
        /// It would, if another were lost.
        Potential = "potential",
        /// It does not.
        Async = "async",
    }
}

/// Where a member is in the WAL, in bytes since the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Position {
    /// A primary: where it writes.
    Writes {
        /// The end of what it wrote.
        location: u64,
    },
    /// A replica.
    Follows {
        /// The end of what it received and wrote to disk; `None` where it streams nothing.
        received: Option<u64>,
        /// The end of what it replayed, which readers see.
        replayed: Option<u64>,
        /// When the newest transaction it replayed was committed, by the clock of the primary.
        replayed_at: Option<Instant>,
        /// Whether somebody told it to replay nothing for now.
        is_paused: bool,
    },
    /// It does not say.
    Unsaid,
}

impl Position {
    /// What it would have if it were promoted now: what it received or replayed, whichever reaches further (as Patroni counts).
    pub fn has(self) -> Option<u64> {
        match self {
            Self::Writes { location } => Some(location),
            Self::Follows { received, replayed, .. } => received.max(replayed),
            Self::Unsaid => None,
        }
    }

    /// What readers of it see.
    pub const fn shows(self) -> Option<u64> {
        match self {
            Self::Writes { location } => Some(location),
            Self::Follows { replayed, .. } => replayed,
            Self::Unsaid => None,
        }
    }
}

/// A follower as the primary tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Replicating {
    /// Its name, as it gave it. Cleaned.
    pub name: Arc<str>,
    /// What it is doing: `streaming`, `catchup`. Cleaned.
    pub state: Arc<str>,
    /// Whether the primary waits for it.
    pub sync: Sync,
}

/// What the operator of a member told its governor about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Tags {
    /// It is never to be promoted: `nofailover`, or a `failover_priority` of 0.
    pub is_never_promoted: bool,
    /// It is never waited for.
    pub is_never_sync: bool,
    /// It is kept from readers.
    pub is_hidden: bool,
}

/// What a member said of itself.
#[expect(clippy::struct_excessive_bools, reason = "each is a word of its own that Patroni says or leaves away")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Said {
    /// When it was said.
    pub at: Instant,
    /// What it is. It takes writes only if it is also running: see [`Said::takes_writes`].
    pub role: Role,
    /// How its server is: `running`, `stopping`, `crashed`. Cleaned.
    pub state: Arc<str>,
    /// The name of the cluster it believes to be in. Cleaned.
    pub scope: Option<Arc<str>>,
    /// The version of what governs it. Cleaned.
    pub governor_version: Option<Arc<str>>,
    /// The version of its server as a number: 150018 is 15.18.
    pub server_version: Option<u32>,
    /// Its timeline.
    pub timeline: Option<u64>,
    /// Which database it is, whatever it is called. Cleaned.
    pub system_identifier: Option<Arc<str>>,
    /// Where it is in the WAL.
    pub position: Position,
    /// What its receiver does: `streaming`, `in archive recovery`. Cleaned.
    pub replication: Option<Arc<str>>,
    /// Whether the primary waits for it, by its own word.
    pub sync: Option<Sync>,
    /// Who follows it.
    pub followers: Vec<Replicating>,
    /// When it last heard from the store of the cluster.
    pub dcs_seen_at: Option<Instant>,
    /// Whether it knows that nobody holds the lock.
    pub is_unlocked: bool,
    /// Whether it goes on without the store of the cluster because all members agree.
    pub is_failsafe: bool,
    /// Whether its governor was told to keep its hands off.
    pub is_paused: bool,
    /// Whether a setting waits for a restart.
    pub is_restart_pending: bool,
    /// What its governor was told about it.
    pub tags: Tags,
}

impl Said {
    /// Whether it takes writes: by its own word a primary, and running.
    pub fn takes_writes(&self) -> bool {
        self.role == Role::Primary && &*self.state == "running"
    }

    /// Whether it streams from somebody. Before 3.0 Patroni does not say: then what it received counts.
    pub fn streams(&self) -> bool {
        let receives = matches!(self.position, Position::Follows { received: Some(received), .. } if received > 0);
        &*self.state == "running" && self.replication.as_deref().map_or(receives, |doing| doing == "streaming")
    }
}

/// What the listing of a cluster says of a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// What it is said to be.
    pub role: Role,
    /// Whether the primary is said to wait for it.
    pub sync: Option<Sync>,
    /// How it is said to be. Cleaned.
    pub state: Arc<str>,
    /// Its timeline; absent while it is stopped.
    pub timeline: Option<u64>,
    /// How many bytes it has not received; `None` is "unknown".
    pub receive_lag: Option<u64>,
    /// How many bytes it has not replayed; `None` is "unknown".
    pub replay_lag: Option<u64>,
    /// What its governor was told about it.
    pub tags: Tags,
    /// Whether a setting waits for a restart.
    pub is_restart_pending: bool,
}

/// A member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Member {
    /// Its name; the address it is asked at until it gave one. Cleaned.
    pub name: Arc<str>,
    /// Where it is asked: the address of its REST, of its server. Cleaned.
    pub asked_at: Arc<str>,
    /// Where applications reach it, host and port. Cleaned.
    pub address: Option<Arc<str>>,
    /// What it said of itself; why there is nothing, as a sentence.
    pub said: Result<Said, String>,
    /// What is said of it.
    pub listed: Option<Listed>,
}

impl Member {
    /// What it said; `None` where it did not answer.
    pub fn answer(&self) -> Option<&Said> {
        self.said.as_ref().ok()
    }

    /// Whether it takes writes by its own word.
    pub fn takes_writes(&self) -> bool {
        self.answer().is_some_and(Said::takes_writes)
    }

    /// Whether the primary waits for it: by its own word, else by that of the listing.
    pub fn sync(&self) -> Option<Sync> {
        let own = self.answer().and_then(|said| said.sync);
        own.or_else(|| self.listed.as_ref().and_then(|listed| listed.sync))
    }

    /// Whether it is never to be promoted.
    pub fn is_never_promoted(&self) -> bool {
        self.answer().is_some_and(|said| said.tags.is_never_promoted)
            || self.listed.as_ref().is_some_and(|listed| listed.tags.is_never_promoted)
    }
}
