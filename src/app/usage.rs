//! What is known of usage, and whose is asked for: what is on the screen, and only while it is. Changed by `update` alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;
use serde_json::Value;

use super::effect::Effect;
use super::model::Model;
use super::sight::Link;
use crate::domain::rollout::WorkloadRef;
use crate::domain::time::Instant;
use crate::domain::usage::UsageAsk;
use crate::domain::usage::{Board, Reading};
use crate::ui::state::{DetailTab, View};
use crate::ui::usage::UsageScene;

/// How often it is asked for while it is shown. A metrics server measures every 15 s at most.
const ASK_EVERY: TimeDelta = TimeDelta::seconds(30);

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
    pub(super) fn ask_again(&mut self) {
        let pods = self.pods.iter_mut().map(|(_, asked)| asked);
        self.nodes.values_mut().chain(pods).for_each(|asked| asked.due = None);
    }

    /// Takes an answer in; one about a workload nobody looks at any more is left out.
    fn take(&mut self, ask: &UsageAsk, answer: Result<Board, String>) {
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
    fn due(&self, ask: &UsageAsk) -> Option<Instant> {
        match ask {
            UsageAsk::Nodes(environment) => self.nodes.get(environment)?.due,
            UsageAsk::Pods(workload, _) => self.pods.as_ref().filter(|(known, _)| known == workload)?.1.due,
        }
    }
}

impl Model {
    /// Takes an answer in. A screen that stands still keeps what it shows.
    pub(super) fn used(&mut self, ask: &UsageAsk, answer: Result<Board, String>) -> Vec<Effect> {
        if self.ui.frozen_at.is_none() {
            self.usage.take(ask, answer);
        }
        Vec::new()
    }

    /// Asks for what is shown and due.
    pub(super) fn ask_usage(&mut self, now: Instant) -> Vec<Effect> {
        if self.ui.frozen_at.is_some() {
            return Vec::new();
        }
        let mut effects = Vec::new();
        for ask in self.usage_shown() {
            let asked = self.usage.entry(&ask);
            if asked.due.is_none_or(|due| due <= now) {
                asked.due = Some(now + ASK_EVERY);
                effects.push(Effect::ReadUsage(ask));
            }
        }
        effects
    }

    /// When the next is due.
    pub(super) fn usage_due(&self) -> Option<Instant> {
        if self.ui.frozen_at.is_some() {
            return None;
        }
        self.usage_shown().iter().filter_map(|ask| self.usage.due(ask)).min()
    }

    /// Whose usage the screen shows: of environments that are connected.
    fn usage_shown(&self) -> Vec<UsageAsk> {
        match &self.ui.view {
            View::Nodes => {
                let connected = self.shown().filter(|sight| sight.link == Link::Connected);
                connected.map(|sight| UsageAsk::Nodes(sight.name().into())).collect()
            }
            View::Detail(workload, DetailTab::Pods) => {
                let detail = self.detail.as_ref().filter(|detail| detail.workload == *workload);
                let selector: Option<Arc<Value>> = detail.and_then(|detail| detail.selector.clone());
                selector.map(|selector| UsageAsk::Pods(workload.clone(), selector)).into_iter().collect()
            }
            _ => Vec::new(),
        }
    }

    pub(super) fn usage_scene(&self) -> UsageScene<'_> {
        let nodes = self.usage.nodes.iter().map(|(environment, asked)| (&**environment, &asked.reading)).collect();
        let pods = self.usage.pods.as_ref().map(|(workload, asked)| (workload, &asked.reading));
        UsageScene { nodes, pods }
    }
}
