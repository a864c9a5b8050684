//! What is known of usage, and whose is asked for: what is on the screen, and only while it is. Changed by `update` alone.

use std::sync::Arc;

use chrono::TimeDelta;
use serde_json::Value;

use super::effect::Effect;
use super::model::Model;
use crate::domain::time::Instant;
use crate::domain::usage::UsageAsk;
use crate::panes::view::Need;
use crate::ui::state::{DetailTab, View};
use crate::ui::usage::UsageScene;

/// How often it is asked for while it is shown. A metrics server measures every 15 s at most.
const ASK_EVERY: TimeDelta = TimeDelta::seconds(30);

impl Model {
    /// Asks for what is shown and due.
    pub(super) fn ask_usage(&mut self, now: Instant) -> Vec<Effect> {
        if self.world.frozen_at.is_some() {
            return Vec::new();
        }
        let mut effects = Vec::new();
        for ask in self.usage_shown() {
            if self.world.usage.ask(&ask, now + ASK_EVERY, now) {
                effects.push(Effect::ReadUsage(ask));
            }
        }
        effects
    }

    /// When the next is due.
    pub(super) fn usage_due(&self) -> Option<Instant> {
        if self.world.frozen_at.is_some() {
            return None;
        }
        self.usage_shown().iter().filter_map(|ask| self.world.usage.due(ask)).min()
    }

    /// Whose usage the screen shows: of environments that are connected.
    fn usage_shown(&self) -> Vec<UsageAsk> {
        match &self.ui.view {
            View::Pane(_) => {
                let needs = self.front().map(|view| view.needs(&self.world)).unwrap_or_default();
                needs.into_iter().map(|Need::Usage(ask)| ask).collect()
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
        UsageScene { nodes: self.world.usage.nodes().collect(), pods: self.world.usage.pods() }
    }
}
