//! Where the operator is on the overview, and what that means.

use std::sync::Arc;

use super::model::Model;
use crate::domain::alert::Alert;
use crate::domain::rollout::WorkloadRef;
use crate::domain::source::SourceHealth;
use crate::domain::timeline::{Lead, Moment};
use crate::ui::overview::{MOST_ALERTS, OverviewScene, Spot};
use crate::ui::state::View;

impl Model {
    /// Everything a draw may read of it.
    pub(super) fn overview_scene<'a>(&'a self, sources: &'a [SourceHealth]) -> OverviewScene<'a> {
        OverviewScene {
            rollouts: &self.world.snapshot.rollouts,
            jobs: &self.world.snapshot.jobs,
            nodes: &self.world.snapshot.nodes,
            counts: self.world.snapshot.counts(),
            causes: &self.world.snapshot.causes,
            alerts: self.world.alerts.worst().take(MOST_ALERTS).collect(),
            tally: self.world.alerts.tally(),
            alert_sources: self.world.shown().flat_map(|sight| self.world.alerts.health(sight.name())).collect(),
            is_watchdog_missing: self.world.shown().any(|sight| self.world.alerts.is_watchdog_missing(sight.name())),
            slo: (self.world.objectives.tally, self.world.objectives.rows.len()),
            worst_slo: self.world.objectives.rows.first(),
            health: (self.world.components.tally, self.world.components.rows.len()),
            worst_health: self.world.components.rows.first(),
            unfinished: &self.unfinished,
            running: self.running.as_deref(),
            ended_badly: self.ended_badly.as_deref(),
            sources,
            timeline: &self.world.happened.shown,
            cursor: self.ui.overview.cursor.as_ref(),
        }
    }

    /// Every place the cursor of the overview can be, from the top.
    pub(super) fn spots(&self) -> Vec<Spot> {
        self.overview_scene(&self.world.sources()).spots()
    }

    /// The line of the timeline under the cursor.
    fn moment(&self) -> Option<&Moment> {
        let Some(Spot::Moment(key)) = &self.ui.overview.cursor else { return None };
        self.world.happened.shown.moments.iter().find(|moment| moment.key == *key)
    }

    /// The alert under the cursor of the overview; `None` when there is none, or it is over.
    pub(super) fn overview_alert(&self) -> Option<&Arc<Alert>> {
        let id = match (&self.ui.overview.cursor, self.moment().map(|moment| &moment.lead)) {
            (Some(Spot::Alert(environment, key)), _) | (_, Some(Lead::Alert(environment, key))) => {
                Some((environment.clone(), key.clone()))
            }
            _ => None,
        };
        self.world.alerts.alert(&id?)
    }

    /// The workload under the cursor of the overview: that of a line of the timeline, or the one its alert is about.
    pub(super) fn overview_workload(&self) -> Option<WorkloadRef> {
        match self.moment().map(|moment| &moment.lead) {
            Some(Lead::Workload(workload)) => Some(workload.clone()),
            _ => self.alerted().map(|row| row.workload.clone()),
        }
    }

    /// The environment of what is under the cursor of the overview.
    pub(super) fn overview_environment(&self) -> Option<Arc<str>> {
        match &self.ui.overview.cursor {
            Some(Spot::Alert(environment, _)) if self.ui.view == View::Overview => Some(environment.clone()),
            _ => self.moment().map(|moment| moment.environment.clone()),
        }
    }
}
