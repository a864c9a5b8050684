//! A set of backups as the operator declares it.

use std::sync::Arc;

use chrono::TimeDelta;

use super::{BackupKind, Loss, Objectives, SegmentSize, Tier};
use crate::domain::job::Schedule;

/// A set of backups as the operator declared it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupSet {
    /// Its name.
    pub name: Arc<str>,
    /// What kind a backup is of which nobody says it.
    pub kind: BackupKind,
    /// When one is due.
    pub schedule: Schedule,
    /// Whether the operator said so: else what makes them knows better.
    pub is_schedule_declared: bool,
    /// When an incremental or differential one is due; `None` where nobody said.
    pub incremental: Option<Schedule>,
    /// What may be lost, and how long bringing it back may take.
    pub objectives: Objectives,
    /// Whether the operator said what may be lost: only then is older data a fault, whatever the schedule says.
    pub is_rpo_declared: bool,
    /// Its tier.
    pub tier: Option<Tier>,
    /// How large a segment of WAL is, where the operator said it.
    pub segment_size: Option<SegmentSize>,
    /// What else the operator says of it.
    pub said: Said,
}

/// What the operator says of a set and nothing proves: it is shown as that, and never taken for evidence.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Said {
    /// The services that are lost without it.
    pub services: Arc<[Arc<str>]>,
    /// The database it is of, as services name theirs.
    pub database: Option<Arc<str>>,
    /// The class of storage its copies lie in.
    pub storage_class: Option<Arc<str>>,
    /// What is backed up.
    pub paths: Arc<[Arc<str>]>,
    /// What is left out.
    pub exclusions: Arc<[Arc<str>]>,
    /// The losses a copy of it survives, for it lies elsewhere; `None` where nobody said.
    pub survives: Option<Arc<[Loss]>>,
    /// How long every whole backup is kept; `None`: the ladder alone is promised.
    pub keep: Option<TimeDelta>,
    /// Where in a cluster one is made or proven now; `None` where that is done on this machine, or nobody said how.
    pub acts_in: Option<ActsIn>,
}

/// A place in a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActsIn {
    /// The environment; `None` for the only one.
    pub environment: Option<Arc<str>>,
    /// The namespace.
    pub namespace: Arc<str>,
}

impl BackupSet {
    /// Whether a service is lost without it: it is named, or its database is.
    pub fn is_of(&self, service: &str, database: Option<&str>) -> bool {
        let named = self.said.database.as_deref().unwrap_or(&self.name);
        self.said.services.iter().any(|one| **one == *service) || database.is_some_and(|database| database == named)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_joined_by_its_name_or_by_its_database() {
        let set = BackupSet {
            name: "orders".into(),
            kind: BackupKind::Full,
            schedule: Schedule::read("0 2 * * *", None).expect("a schedule"),
            is_schedule_declared: true,
            incremental: None,
            objectives: Objectives::default(),
            is_rpo_declared: false,
            tier: None,
            segment_size: None,
            said: Said { services: ["cart".into()].into(), ..Said::default() },
        };
        assert!(set.is_of("cart", None) && set.is_of("pay", Some("orders")));
        assert!(!set.is_of("pay", None) && !set.is_of("pay", Some("other")));
        let other = Said { database: Some("orders-db".into()), ..Said::default() };
        assert!(!BackupSet { said: other, ..set }.is_of("pay", Some("orders")), "its database is another one");
    }
}
