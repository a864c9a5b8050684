//! The read port of what pods and nodes use.

use std::sync::Arc;

use serde_json::Value;

use super::observe::Answer;
use crate::domain::rollout::WorkloadRef;
use crate::domain::usage::Board;

/// Whose usage is asked for.
#[derive(Debug, Clone, PartialEq)]
pub enum UsageAsk {
    /// Every node of an environment.
    Nodes(Arc<str>),
    /// The pods of a workload, found by its selector.
    Pods(WorkloadRef, Arc<Value>),
}

impl UsageAsk {
    /// The environment it is asked of.
    pub const fn environment(&self) -> &Arc<str> {
        match self {
            Self::Nodes(environment) => environment,
            Self::Pods(workload, _) => &workload.environment,
        }
    }
}

/// Reading what a metrics server measured.
pub trait ObserveUsage: Send + Sync {
    /// What was measured last. An error's sentence says whether there is no metrics server, whether it may not be read, or whether it is down.
    fn usage<'a>(&'a self, ask: &'a UsageAsk) -> Answer<'a, Board>;
}
