//! Where the operator is among the alerts, and what the alert they mean is about.

use std::sync::Arc;

use super::alerts;
use super::model::Model;
use crate::domain::alert::Alert;
use crate::domain::alert::join::Aim;
use crate::domain::rollout::Rollout;
use crate::ui::alerts::{AlertLine, AlertsScene, Place};
use crate::ui::state::View;

impl Model {
    /// Makes the lines of the alerts pane anew; the cursor stays on its line, or rests on the worst.
    pub fn refilter_alerts(&mut self) {
        let before = self.alert_place().unwrap_or(0);
        self.alerts = alerts::lines(self.world.alerts.groups(), &self.ui.alerts);
        if !self.ui.alerts.is_cursor_held || self.alert_place().is_none() {
            let last = self.alerts.len().saturating_sub(1);
            let place = if self.ui.alerts.is_cursor_held { before.min(last) } else { 0 };
            self.ui.alerts.cursor = self.alerts.get(place).map(|line| line.place.clone());
        }
    }

    /// The place of the cursor of the alerts pane.
    pub fn alert_place(&self) -> Option<usize> {
        let cursor = self.ui.alerts.cursor.as_ref()?;
        self.alerts.iter().position(|line| line.place == *cursor)
    }

    /// The line under the cursor of the alerts pane.
    pub fn alert_line(&self) -> Option<&AlertLine> {
        self.alerts.get(self.alert_place()?)
    }

    /// The alerts the operator means: the open one, or those the line under the cursor stands for.
    pub fn alerts_meant(&self) -> Vec<Arc<Alert>> {
        match &self.ui.view {
            View::Alert(..) => self.open_alert().cloned().into_iter().collect(),
            View::Alerts => self.alert_line().map(|line| self.members(line)).unwrap_or_default(),
            View::Overview if self.overview_alert().is_some() => self.overview_alert().cloned().into_iter().collect(),
            View::Rollouts | View::Detail(..) | View::Overview => {
                let meant = self.meant();
                let row = meant.and_then(|meant| self.world.snapshot.rollouts.iter().find(|row| row.workload == meant));
                row.map(|row| self.world.alerts.about(row).cloned().collect()).unwrap_or_default()
            }
            View::Pane(_) => {
                let selection = self.selection().unwrap_or_default();
                let of = selection.environment.zip(selection.service);
                let of = of.map(|(environment, service)| {
                    self.world.alerts.of_service(&environment, &service).cloned().collect()
                });
                of.unwrap_or_default()
            }
            View::Jobs | View::Job(..) | View::Logs(_) | View::Journal => Vec::new(),
        }
    }

    /// Every alert of the group a line stands for; the line's own where it is one.
    fn members(&self, line: &AlertLine) -> Vec<Arc<Alert>> {
        match &line.place {
            Place::Group(key) => {
                let group = self.world.alerts.groups().iter().find(|group| group.key().as_ref() == Some(key));
                group.map(|group| group.members.clone()).unwrap_or_default()
            }
            Place::Alert(..) => vec![line.alert.clone()],
        }
    }

    /// The workload the alert the operator means is about; of several the one in the worst state, then the one changed last.
    pub fn alerted(&self) -> Option<&Arc<Rollout>> {
        let alert = match &self.ui.view {
            View::Alert(..) => self.open_alert()?,
            View::Overview => self.overview_alert()?,
            _ => &self.alert_line()?.alert,
        };
        let aim = Aim::of(alert);
        let about = self.world.snapshot.rollouts.iter().filter(|row| aim.is(row));
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
        let alerts = &self.world.alerts;
        AlertsScene {
            lines: &self.alerts,
            cursor: self.alert_place(),
            total: alerts.total(),
            tally: alerts.tally(),
            firing: alerts.firing(),
            snapshots: alerts.snapshots(),
            local: alerts.shown_local().collect(),
            open: self.open_alert(),
            rollouts: &self.world.snapshot.rollouts,
        }
    }

    /// The alert that is open; `None` once it is gone.
    pub(super) fn open_alert(&self) -> Option<&Arc<Alert>> {
        let View::Alert(environment, key) = &self.ui.view else { return None };
        self.world.alerts.alert(&(environment.clone(), key.clone()))
    }

    /// Opens the alert under the cursor, or unfolds its group.
    pub(super) fn enter_alert(&mut self) {
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
