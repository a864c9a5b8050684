//! Where the operator is among the alerts, and what the alert they mean is about.

use std::sync::Arc;

use super::alerts::{AlertId, Chosen};
use super::model::Model;
use crate::domain::alert::Alert;
use crate::domain::alert::join::Aim;
use crate::domain::rollout::Rollout;
use crate::ui::alerts::{AlertLine, AlertsScene, Place};
use crate::ui::state::View;

impl Model {
    /// Makes the lines of the alerts pane anew; the cursor stays on its line, or rests on the worst.
    pub fn refilter_alerts(&mut self) {
        let before = self.alerts.place(self.ui.alerts.cursor.as_ref()).unwrap_or(0);
        let chosen = &self.ui.alerts;
        self.alerts.refilter(Chosen {
            filter: &chosen.filter.text,
            unfolded: &chosen.unfolded,
            is_firing_only: chosen.is_firing_only,
        });
        let lines = self.alerts.lines();
        let is_there = self.alerts.place(self.ui.alerts.cursor.as_ref()).is_some();
        if !self.ui.alerts.is_cursor_held || !is_there {
            let place = if self.ui.alerts.is_cursor_held { before.min(lines.len().saturating_sub(1)) } else { 0 };
            self.ui.alerts.cursor = lines.get(place).map(|line| line.place.clone());
        }
    }

    /// The line under the cursor of the alerts pane.
    pub fn alert_line(&self) -> Option<&AlertLine> {
        self.alerts.lines().get(self.alerts.place(self.ui.alerts.cursor.as_ref())?)
    }

    /// The alerts the operator means: the open one, or those the line under the cursor stands for.
    pub fn alerts_meant(&self) -> Vec<Arc<Alert>> {
        match &self.ui.view {
            View::Alert(environment, key) => {
                self.alerts.alert(&(environment.clone(), key.clone())).cloned().into_iter().collect()
            }
            View::Alerts => self.alert_line().map(|line| self.alerts.members(line)).unwrap_or_default(),
            View::Overview if self.overview_alert().is_some() => self.overview_alert().cloned().into_iter().collect(),
            View::Rollouts | View::Detail(..) | View::Overview => {
                let meant = self.meant();
                let row = meant.and_then(|meant| self.snapshot.rollouts.iter().find(|row| row.workload == meant));
                row.map(|row| self.alerts.about(row).cloned().collect()).unwrap_or_default()
            }
            View::Signals => self.signal_alerts().into_iter().cloned().collect(),
            View::Health => self.health_alerts(),
            View::Slo => self.slo_alerts().into_iter().cloned().collect(),
            View::Nodes | View::Silences | View::Jobs | View::Job(..) | View::Logs(_) | View::Journal => Vec::new(),
        }
    }

    /// The workload the alert the operator means is about; of several the one in the worst state, then the one changed last.
    pub fn alerted(&self) -> Option<&Arc<Rollout>> {
        let alert = match &self.ui.view {
            View::Alert(environment, key) => self.alerts.alert(&(environment.clone(), key.clone()))?,
            View::Overview => self.overview_alert()?,
            _ => &self.alert_line()?.alert,
        };
        let aim = Aim::of(alert);
        let about = self.snapshot.rollouts.iter().filter(|row| aim.is(row));
        about.min_by_key(|row| (row.verdict, std::cmp::Reverse(row.changed_at)))
    }

    /// The environment of the alert the operator means.
    pub(super) fn alert_environment(&self) -> Option<Arc<str>> {
        match &self.ui.view {
            View::Alert(environment, _) => Some(environment.clone()),
            _ => self.alert_line().map(|line| line.alert.environment.clone()),
        }
    }

    pub(super) fn alerts_scene(&self) -> AlertsScene<'_> {
        let open: Option<AlertId> = match &self.ui.view {
            View::Alert(environment, key) => Some((environment.clone(), key.clone())),
            _ => None,
        };
        self.alerts.scene(&self.snapshot.rollouts, self.ui.alerts.cursor.as_ref(), open.as_ref())
    }

    /// Opens the alert under the cursor, or unfolds its group; whether there was one.
    pub(super) fn open_alert(&mut self) {
        let Some(place) = self.alert_line().map(|line| line.place.clone()) else { return };
        match place {
            Place::Group(key) => {
                if !self.ui.alerts.unfolded.remove(&key) {
                    self.ui.alerts.unfolded.insert(key);
                }
                self.refilter_alerts();
            }
            Place::Alert(environment, key) => {
                self.ui.alerts.scroll = 0;
                self.ui.view = View::Alert(environment, key);
            }
        }
    }
}
