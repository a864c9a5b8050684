//! Releases that some console has seen, and whether one was ever fully available.

use serde::{Deserialize, Serialize};

use super::fact::{
    Applied, Change, Fact, Key, Kind, List, Migration, Migrations, Put, Read, Row, Table, Value, Writes,
};
use super::{Author, Id, LONGEST_NAME, check_text};
use crate::domain::text;
use crate::domain::time::{self, Instant};

/// A revision of a workload that was seen. What several consoles saw is merged: the earliest of each time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseSeen {
    /// The cluster: the uid of kube-system. The same name on another cluster is another cluster.
    pub cluster: String,
    /// The uid of the ReplicaSet or ControllerRevision.
    pub revision_uid: String,
    /// The environment it was seen in.
    pub environment: String,
    /// The workload, as `namespace/kind/name`.
    pub workload: String,
    /// The revision's number, where it has one.
    pub revision: Option<u64>,
    /// Its images.
    pub images: Vec<String>,
    /// When it was first seen.
    #[serde(deserialize_with = "time::clamped")]
    pub seen_at: Instant,
    /// When it was first seen fully available; `None` when it never was.
    #[serde(default, deserialize_with = "time::clamped_or_none")]
    pub healthy_at: Option<Instant>,
}

/// Releases of a workload seen in a cluster, the last seen first.
pub const RELEASES_OF: &List = &List { by: &["cluster =", "workload ="], newest: "seen_at" };

impl Fact for ReleaseSeen {
    const TABLE: &'static Table = &Table {
        name: "release_seen",
        kind: Kind::Merged,
        columns: &["cluster", "revision_uid", "environment", "workload", "revision", "images", "seen_at", "healthy_at"],
        key: 2,
        lists: &[RELEASES_OF],
        held: None,
        migrations: &Migrations {
            subject: "release",
            steps: &[Migration::both(include_str!("../../../assets/migrations/release/0001-table.sql"))],
        },
    };
    type Held = ();

    fn decode(row: &Row) -> Option<Self> {
        let images: Vec<String> = serde_json::from_str(&row.raw(5)).unwrap_or_default();
        Some(Self {
            cluster: row.text(0),
            revision_uid: row.text(1),
            environment: row.text(2),
            workload: row.text(3),
            revision: row.number(4),
            images: images.iter().map(|image| text::clean(image).into_owned()).collect(),
            seen_at: row.time(6)?,
            healthy_at: row.time(7),
        })
    }

    fn encode(&self) -> Vec<Value> {
        vec![
            (&self.cluster).into(),
            (&self.revision_uid).into(),
            (&self.environment).into(),
            (&self.workload).into(),
            Value::Number(self.revision.and_then(|number| i64::try_from(number).ok())),
            serde_json::to_string(&self.images).unwrap_or_default().into(),
            self.seen_at.into(),
            self.healthy_at.into(),
        ]
    }

    fn example(nth: u64, text: &str) -> Box<dyn Change> {
        Box::new(RememberReleases(vec![Self {
            cluster: "cluster".to_owned(),
            revision_uid: format!("revision-{nth}"),
            environment: "production".to_owned(),
            workload: "shop/deployment/checkout".to_owned(),
            revision: Some(nth),
            images: vec![text.to_owned()],
            seen_at: Instant::default(),
            healthy_at: None,
        }]))
    }
}

impl ReleaseSeen {
    fn key(&self) -> Key {
        Key::of::<Self>([(&self.cluster).into(), (&self.revision_uid).into()])
    }

    /// What is known with what was seen: the earliest of each time.
    fn merged(self, seen: &Self) -> Self {
        let healthy_at = self.healthy_at.into_iter().chain(seen.healthy_at).min();
        Self { seen_at: self.seen_at.min(seen.seen_at), healthy_at, ..self }
    }
}

/// Releases that were seen; what other consoles saw of them is merged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RememberReleases(pub Vec<ReleaseSeen>);

impl Change for RememberReleases {
    fn reads(&self) -> Vec<Key> {
        self.0.iter().map(ReleaseSeen::key).collect()
    }

    fn apply(&self, read: &Read, _: &Author, _: &Id, _: Instant) -> Result<Applied, String> {
        let mut facts = Vec::new();
        for seen in &self.0 {
            for name in [&seen.cluster, &seen.revision_uid, &seen.environment, &seen.workload] {
                check_text("name of a release", name, false, LONGEST_NAME)?;
            }
            let known = read.get::<ReleaseSeen>(&seen.key());
            let merged = known.clone().map_or_else(|| seen.clone(), |known| known.merged(seen));
            if known.as_ref() != Some(&merged) {
                facts.push(Put::of(&merged));
            }
        }
        Ok(if facts.is_empty() { Applied::AlreadyDone } else { Applied::Writes(Writes { facts, events: Vec::new() }) })
    }
}
