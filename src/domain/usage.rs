//! What pods and nodes use, as a metrics server measured it, beside what they asked for and may have.
//!
//! What was not measured is absent, never zero: a pod that has just started has no measurement yet.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::TimeDelta;
use serde_json::Value;

use super::node::{Bytes, Millicores};
use super::rollout::WorkloadRef;
use super::time::Instant;

/// A measurement this old says little of now: a metrics server measures every 15 s to 60 s.
const OLD_AFTER: TimeDelta = TimeDelta::minutes(3);

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

/// What was measured of one pod or one node.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Measured {
    /// Processor time used, on average over the window; `None` where the server did not say or it cannot be read.
    pub cpu: Option<Millicores>,
    /// Memory used that cannot be given back under pressure (the working set).
    pub memory: Option<Bytes>,
    /// The end of the window, by the server's clock.
    pub at: Option<Instant>,
    /// Over how long.
    pub window: Option<TimeDelta>,
}

/// One answer: what was measured, by the name of the pod or node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Board {
    /// What was measured. Who is missing was not measured.
    pub measured: HashMap<Arc<str>, Measured>,
    /// When it was read, by our clock.
    pub read_at: Instant,
}

/// What is known of the usage of some pods or nodes: the last good answer, and what is wrong since.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reading {
    /// The last good answer; `None` before the first.
    pub board: Option<Board>,
    /// Why the newest attempt brought nothing, as a sentence; `None` while all is well.
    pub trouble: Option<String>,
}

impl Reading {
    /// Takes an answer in; a failure keeps the answer before.
    pub fn take(&mut self, answer: Result<Board, String>) {
        match answer {
            Ok(board) => *self = Self { board: Some(board), trouble: None },
            Err(trouble) => self.trouble = Some(trouble),
        }
    }

    /// What was measured of one.
    pub fn of(&self, name: &str) -> Option<&Measured> {
        self.board.as_ref()?.measured.get(name)
    }
}

impl Measured {
    /// Whether it says little of now.
    pub fn is_old(&self, now: Instant) -> bool {
        self.at.is_some_and(|at| now - at > OLD_AFTER)
    }

    /// The same with what another container of the same pod uses: unknown where either is, measured when the older of them was.
    #[must_use]
    pub fn and(self, other: &Self) -> Self {
        Self {
            cpu: self.cpu.zip(other.cpu).map(|(one, other)| Millicores(one.0.saturating_add(other.0))),
            memory: self.memory.zip(other.memory).map(|(one, other)| Bytes(one.0.saturating_add(other.0))),
            at: self.at.min(other.at),
            window: self.window.max(other.window),
        }
    }
}

/// What the containers of a pod asked for and may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Resources {
    /// Processor time asked for; `None` when no container asks for any.
    pub cpu_request: Option<Millicores>,
    /// Processor time it may have at most; `None` when at least one container has no limit.
    pub cpu_limit: Option<Millicores>,
    /// Memory asked for; `None` when no container asks for any.
    pub memory_request: Option<Bytes>,
    /// Memory it may have at most; `None` when at least one container has no limit.
    pub memory_limit: Option<Bytes>,
}

/// How much of something is used, in percent, rounded; `None` of nothing.
pub fn percent(used: u64, of: u64) -> Option<u64> {
    let (used, of) = (u128::from(used), u128::from(of));
    u64::try_from((used * 100 + of / 2).checked_div(of)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn measured(cpu: Option<u64>, memory: Option<u64>) -> Measured {
        Measured { cpu: cpu.map(Millicores), memory: memory.map(Bytes), at: None, window: None }
    }

    #[test]
    fn a_part_that_was_not_measured_makes_the_sum_unknown_and_not_smaller() {
        let sum = measured(Some(100), Some(7)).and(&measured(Some(20), None));
        assert_eq!((sum.cpu, sum.memory), (Some(Millicores(120)), None));
    }

    #[test]
    fn a_failure_keeps_what_was_measured_before_and_an_answer_ends_it() {
        let board = || Board { measured: [("a".into(), measured(Some(1), None))].into(), read_at: Instant::default() };
        let mut reading = Reading::default();
        reading.take(Err("not available".into()));
        assert_eq!(reading.of("a"), None);
        reading.take(Ok(board()));
        reading.take(Err("down".into()));
        assert_eq!((reading.of("a").is_some(), reading.trouble.as_deref()), (true, Some("down")));
        reading.take(Ok(board()));
        assert_eq!(reading.trouble, None);
    }

    #[test]
    fn percents_are_rounded_and_of_nothing_there_are_none() {
        assert_eq!((percent(1, 3), percent(2, 3), percent(5, 4), percent(1, 0)), (Some(33), Some(67), Some(125), None));
    }

    proptest! {
        #[test]
        fn no_figure_is_too_large(used in any::<u64>(), of in any::<u64>()) {
            prop_assert!(percent(used, of).is_none_or(|percent| of == 0 || percent >= used / of.max(1)));
            let sum = measured(Some(used), Some(of)).and(&measured(Some(of), Some(used)));
            prop_assert_eq!(sum.cpu, Some(Millicores(used.saturating_add(of))));
        }
    }
}
