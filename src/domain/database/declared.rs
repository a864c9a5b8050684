//! A database as the configuration names it.

use std::sync::Arc;

use serde::Serialize;

use crate::domain::backup::Tier;
use crate::domain::worded;

worded! {
    /// Who governs the members of a database, and so how it is read.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
    #[serde(rename_all = "lowercase")]
    pub enum Kind {
        /// Patroni, by the REST of every member.
        Patroni = "patroni",
        /// CloudNativePG, by the objects of its cluster.
        CloudNativePg = "cloudnativepg",
        /// PostgreSQL that nobody governs.
        Postgres = "postgres",
        /// Redis, with or without Sentinels.
        Redis = "redis",
    }
}

impl Kind {
    /// Who changes the primary by itself when it is lost; `None` where nobody does.
    pub const fn governor(self) -> Option<&'static str> {
        match self {
            Self::Patroni => Some("Patroni"),
            Self::CloudNativePg => Some("CloudNativePG"),
            Self::Redis => Some("Sentinel"),
            Self::Postgres => None,
        }
    }
}

/// A database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database {
    /// Its name in the configuration.
    pub name: Arc<str>,
    /// The environment it is in, whose grant and guard hold for it. That may have no cluster.
    pub environment: Option<Arc<str>>,
    /// Who governs it.
    pub kind: Kind,
    /// The system identifier it has to have, where the operator pinned one: the same name elsewhere is another database.
    pub system_identifier: Option<Arc<str>>,
    /// How grave its loss is.
    pub tier: Option<Tier>,
    /// Whether the tables of its PostgreSQL are read too: slots, archiving, sessions.
    pub reads_tables: bool,
}
