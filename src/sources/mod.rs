//! EYES AND HANDS: the ports through which the console sees and touches the world, and the adapters behind them.
//!
//! [`observe`], [`metrics`] and [`jobs`] read, [`operate`] rehearses and writes; they are different traits because they go to different people:
//! reading goes to watches and the planner, rehearsing to the planner alone, writing to the action executor alone.
//! It does not know panes, keys or plans. It keeps one invariant: only `cluster` names `kube`, only `http` names `reqwest`, only `postgres` and
//! `store` name a database client, and what cannot be read is an
//! error with a sentence, never an empty answer.

pub mod address;
pub mod error;
pub mod feed;
pub mod jobs;
pub mod metrics;
pub mod observe;
pub mod operate;
mod proxy;
mod trust;
pub mod usage;

pub mod alertmanager;
pub mod backup;
pub mod cluster;
mod command;
pub mod database;
pub mod exposition;
mod http;
pub mod patroni;
mod poll;
mod postgres;
pub mod probe;
pub mod prometheus;
mod redis;
pub mod store;
mod texts;

pub use command::Programs;

use std::sync::Arc;

use crate::domain::time::Instant;

/// Where the time comes from: the operating system's clock, or a test's.
pub type Clock = Arc<dyn Fn() -> Instant + Send + Sync>;

/// A clock that can be debugged around.
#[derive(Clone)]
struct Clocked(Clock);

impl Clocked {
    fn now(&self) -> Instant {
        (self.0)()
    }
}

impl std::fmt::Debug for Clocked {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str("Clock")
    }
}
