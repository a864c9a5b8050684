//! What pods and nodes use, and when each may be asked for again.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::rollout::WorkloadRef;
use crate::domain::time::Instant;
use crate::domain::usage::{Board, Reading, UsageAsk};

/// What is known of usage.
#[derive(Debug, Default)]
pub struct Usages {
    /// Of the nodes, by environment.
    nodes: BTreeMap<Arc<str>, Asked>,
    /// Of the pods of the workload that was looked at last.
    pods: Option<(WorkloadRef, Asked)>,
}

/// What was read of one ask, and when it may be asked again.
#[derive(Debug, Default)]
struct Asked {
    reading: Reading,
    due: Option<Instant>,
}

impl Usages {
    /// Lets everything that is shown be asked for again now.
    pub fn ask_again(&mut self) {
        let pods = self.pods.iter_mut().map(|(_, asked)| asked);
        self.nodes.values_mut().chain(pods).for_each(|asked| asked.due = None);
    }

    /// Takes an answer in; one about a workload nobody looks at any more is left out.
    pub fn take(&mut self, ask: &UsageAsk, answer: Result<Board, String>) {
        let asked = match ask {
            UsageAsk::Nodes(environment) => self.nodes.get_mut(environment),
            UsageAsk::Pods(workload, _) => {
                self.pods.as_mut().filter(|(known, _)| known == workload).map(|(_, asked)| asked)
            }
        };
        if let Some(asked) = asked {
            asked.reading.take(answer);
        }
    }

    /// Whether it is to be asked for now; notes that it is, and when it is due again.
    pub fn ask(&mut self, ask: &UsageAsk, again_at: Instant, now: Instant) -> bool {
        let asked = self.entry(ask);
        let is_due = asked.due.is_none_or(|due| due <= now);
        if is_due {
            asked.due = Some(again_at);
        }
        is_due
    }

    /// What was read of the nodes of each environment that was asked.
    pub fn nodes(&self) -> impl Iterator<Item = (&str, &Reading)> {
        self.nodes.iter().map(|(environment, asked)| (&**environment, &asked.reading))
    }

    /// What was read of the pods of the workload that was looked at last.
    pub fn pods(&self) -> Option<(&WorkloadRef, &Reading)> {
        self.pods.as_ref().map(|(workload, asked)| (workload, &asked.reading))
    }

    fn entry(&mut self, ask: &UsageAsk) -> &mut Asked {
        match ask {
            UsageAsk::Nodes(environment) => self.nodes.entry(environment.clone()).or_default(),
            UsageAsk::Pods(workload, _) => {
                if self.pods.as_ref().is_some_and(|(known, _)| known != workload) {
                    self.pods = None;
                }
                &mut self.pods.get_or_insert_with(|| (workload.clone(), Asked::default())).1
            }
        }
    }

    /// When it is asked for again; `None` for at once.
    pub fn due(&self, ask: &UsageAsk) -> Option<Instant> {
        match ask {
            UsageAsk::Nodes(environment) => self.nodes.get(environment)?.due,
            UsageAsk::Pods(workload, _) => self.pods.as_ref().filter(|(known, _)| known == workload)?.1.due,
        }
    }
}
