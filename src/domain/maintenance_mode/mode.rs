//! Which workloads and services are in maintenance mode, as the workloads themselves tell.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;
use serde::Serialize;

use super::Memory;
use crate::domain::environment::Guard;
use crate::domain::rollout::{Kind, Rollout, WorkloadRef};
use crate::domain::time::Instant;
use crate::domain::worded;

worded! {
    /// Whether something is in maintenance mode. Declared from what needs somebody most: the order of the list.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
    #[serde(rename_all = "snake_case")]
    pub enum State {
        /// Somebody edited what is remembered, or a newer console wrote it.
        Unreadable = "unreadable",
        /// It is in maintenance mode.
        On = "on",
        /// It is being brought back: its pods were asked for, and are not all ready.
        Ending = "ending",
        /// No pod is asked for, and nothing is remembered: other hands took it down.
        ByOthers = "by_others",
        /// It is not in maintenance mode.
        Off = "off",
    }
}

/// How many pods to bring back where nothing tells how many there were, and why so many: the house rule.
pub const fn proposed(guard: Guard) -> (u32, &'static str) {
    match guard {
        Guard::Production => (5, "the house rule in production"),
        Guard::Staging => (2, "the house rule in staging"),
        Guard::Development => (1, "one, for development"),
    }
}

/// How one workload is with regard to maintenance mode.
#[derive(Debug, Clone, PartialEq)]
pub struct Mode {
    /// Which workload.
    pub workload: WorkloadRef,
    /// The service it is of; `None` when it is UNMAPPED. Cleaned.
    pub service: Option<Arc<str>>,
    /// Whether it is in maintenance mode.
    pub state: State,
    /// How many pods it is to have now.
    pub desired: u32,
    /// How many of them can serve.
    pub available: u32,
    /// What it remembers, or why that cannot be read; `None` where it remembers nothing.
    pub memory: Option<Arc<Result<Memory, String>>>,
}

impl Mode {
    /// How a workload is.
    pub fn of(row: &Rollout) -> Self {
        // A DaemonSet has a pod for each node: where there is no node it has none, and nobody took it down.
        let is_down = row.counts.desired == 0 && row.workload.kind != Kind::DaemonSet;
        let state = match row.maintenance.as_deref() {
            Some(Err(_)) => State::Unreadable,
            Some(Ok(memory)) if memory.is_ending => State::Ending,
            Some(Ok(_)) => State::On,
            None if is_down => State::ByOthers,
            None => State::Off,
        };
        Self {
            workload: row.workload.clone(),
            service: row.service.clone(),
            state,
            desired: row.counts.desired,
            available: row.counts.available,
            memory: row.maintenance.clone(),
        }
    }

    /// What is remembered, where it can be read.
    pub fn remembered(&self) -> Option<&Memory> {
        self.memory.as_deref()?.as_ref().ok()
    }

    /// Why what is remembered cannot be read.
    pub fn problem(&self) -> Option<&str> {
        self.memory.as_deref()?.as_ref().err().map(String::as_str)
    }

    /// How long it is over its end; `None` before that, and where no end can be read.
    pub fn overdue(&self, now: Instant) -> Option<TimeDelta> {
        self.remembered()?.overdue(now)
    }
}

/// The workloads that are in maintenance mode, or were taken down by other hands: those longest over their end first, then by their end.
pub fn modes<'r>(rollouts: impl IntoIterator<Item = &'r Arc<Rollout>>, now: Instant) -> Vec<Mode> {
    let mut modes: Vec<Mode> =
        rollouts.into_iter().map(|row| Mode::of(row)).filter(|mode| mode.state != State::Off).collect();
    modes.sort_by_cached_key(|mode| {
        let until = mode.remembered().map(|memory| memory.until);
        (std::cmp::Reverse(mode.overdue(now)), until, mode.workload.clone())
    });
    modes
}

/// How a service of an environment and namespace is; one that is UNMAPPED is a workload by itself.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceMode {
    /// Its environment.
    pub environment: Arc<str>,
    /// Its namespace.
    pub namespace: Arc<str>,
    /// Its name; of what is UNMAPPED the workload's.
    pub name: String,
    /// The service; `None` where it is UNMAPPED.
    pub service: Option<Arc<str>>,
    /// How it is: as the workload of it that needs somebody most.
    pub state: State,
    /// Its workloads in maintenance mode or taken down, in the order of their names; all of them where none is.
    pub workloads: Vec<Mode>,
    /// How many workloads it has.
    pub total: usize,
}

impl ServiceMode {
    /// The memory that is over first, with whom to ask.
    pub fn first(&self) -> Option<&Memory> {
        self.workloads.iter().filter_map(Mode::remembered).min_by_key(|memory| memory.until)
    }

    /// How long it is over its end.
    pub fn overdue(&self, now: Instant) -> Option<TimeDelta> {
        self.first()?.overdue(now)
    }
}

/// Every service, in maintenance mode or not: what needs somebody most first, then by its end, its environment and its name. A workload that
/// is UNMAPPED is there while it is not off.
pub fn services<'r>(rollouts: impl IntoIterator<Item = &'r Arc<Rollout>>, now: Instant) -> Vec<ServiceMode> {
    type Key = (Arc<str>, Arc<str>, Option<Arc<str>>, String);
    let mut grouped: BTreeMap<Key, Vec<Mode>> = BTreeMap::new();
    for mode in rollouts.into_iter().map(|row| Mode::of(row)) {
        let workload = &mode.workload;
        if mode.service.is_none() && mode.state == State::Off {
            continue;
        }
        let name = mode.service.as_ref().map_or_else(|| workload.label(), ToString::to_string);
        let key = (workload.environment.clone(), workload.namespace.clone(), mode.service.clone(), name);
        grouped.entry(key).or_default().push(mode);
    }
    let of = |((environment, namespace, service, name), mut workloads): (Key, Vec<Mode>)| {
        let state = workloads.iter().map(|mode| mode.state).min().unwrap_or(State::Off);
        let total = workloads.len();
        workloads.retain(|mode| state == State::Off || mode.state != State::Off);
        workloads.sort_by(|one, other| one.workload.cmp(&other.workload));
        ServiceMode { environment, namespace, name, service, state, workloads, total }
    };
    let mut all: Vec<ServiceMode> = grouped.into_iter().map(of).collect();
    all.sort_by_cached_key(|one| {
        let until = one.first().map(|memory| memory.until);
        (std::cmp::Reverse(one.overdue(now)), one.state, until, one.environment.clone(), one.name.clone())
    });
    all
}
