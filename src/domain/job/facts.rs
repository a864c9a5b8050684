//! One CronJob or Job, read whole.

use std::sync::Arc;

use serde_json::Value;

use crate::domain::cluster::ClusterEvent;
use crate::domain::rollout::Pod;

/// What is read of one CronJob or Job for its detail. Its runs are watched and come with every snapshot.
#[derive(Debug, Clone)]
pub struct JobFacts {
    /// The object as the server sent it.
    pub object: Arc<Value>,
    /// The pods of its newest runs, the youngest first.
    pub pods: Vec<Pod>,
    /// Events about it, its runs and their pods, newest first.
    pub events: Vec<ClusterEvent>,
    /// What may not be read, as sentences; what depends on it is empty.
    pub missing: Vec<String>,
}
