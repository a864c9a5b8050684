//! Which components are on the screen. Changed by `update` alone.

use std::sync::Arc;

use super::model::Model;
use crate::domain::alert::Alert;
use crate::domain::health::{Condition, HealthSnapshot, Line, lines};
use crate::domain::rollout::Rollout;
use crate::domain::time::Instant;
use crate::ui::health::HealthScene;
use crate::ui::lines::Lines;
use crate::ui::state::View;

/// The components on the screen.
#[derive(Debug, Default)]
pub struct Health {
    /// The lines of the matrix, worst first.
    pub lines: Lines<Line, 3>,
    /// The worst of all of them.
    worst: Option<Box<Line>>,
}

impl Health {
    /// The worst line, whatever the filter.
    pub fn worst(&self) -> Option<&Line> {
        self.worst.as_deref()
    }
}

impl Model {
    /// Makes the lines of the matrix anew; the cursor stays on its line, or rests on the worst.
    pub fn refilter_health(&mut self, now: Instant) {
        let before = self.health.lines.place(self.ui.health.cursor.as_ref()).unwrap_or(0);
        let snapshots: Vec<&HealthSnapshot> =
            self.world.shown().filter_map(|sight| self.world.health.of(sight.name())).collect();
        let mut lines = lines(&snapshots, &self.world.services, now);
        let count = |condition: Condition| lines.iter().filter(|line| line.condition() == condition).count();
        let tally = [Condition::Unhealthy, Condition::Degraded, Condition::Unknown].map(count);
        let total = lines.len();
        self.health.worst = lines.first().cloned().map(Box::new);
        let chosen = &self.ui.health;
        let words = chosen.words();
        lines.retain(|line| {
            let names = format!("{} {} {}", line.service, line.component, line.condition().word()).to_lowercase();
            let is_well = line.condition() == Condition::Healthy && !line.is_impaired();
            (!chosen.is_problems_only || !is_well) && words.iter().all(|word| names.contains(word.as_str()))
        });
        self.health.lines = Lines { shown: lines, tally, total };
        self.ui.health.settle(&self.health.lines, before);
    }

    /// The line under the cursor of the matrix.
    pub fn health_line(&self) -> Option<&Line> {
        self.health.lines.find(self.ui.health.cursor.as_ref())
    }

    /// The environment of the worst cell under the cursor.
    pub(super) fn health_environment(&self) -> Option<&Arc<str>> {
        self.health_line()?.cells.iter().max_by_key(|cell| cell.condition).map(|cell| &cell.environment)
    }

    /// The workloads of the service under the cursor where it is worst, worst first.
    pub(super) fn health_rollouts(&self) -> Vec<&Arc<Rollout>> {
        let (Some(line), Some(environment)) = (self.health_line(), self.health_environment()) else {
            return Vec::new();
        };
        self.world.rollouts_of(environment, &line.service)
    }

    /// The alerts about that service there, worst first.
    pub(super) fn health_alerts(&self) -> Vec<Arc<Alert>> {
        let here = self.health_line().zip(self.health_environment());
        let alerts =
            here.map(|(line, environment)| self.world.alerts.of_service(environment, &line.service).cloned().collect());
        alerts.unwrap_or_default()
    }

    pub(super) fn health_scene(&self) -> HealthScene<'_> {
        // What is about the line under the cursor is read by this pane alone.
        let is_open = self.ui.view == View::Health;
        let needed_by = self.health_line().zip(self.health_environment()).filter(|_| is_open);
        let needed_by = needed_by.map(|(line, environment)| self.world.services.needing_in(environment, &line.service));
        HealthScene {
            lines: &self.health.lines,
            cursor: self.health.lines.place(self.ui.health.cursor.as_ref()),
            environments: self
                .world
                .shown()
                .map(crate::world::Sight::name)
                .filter(|name| self.world.health.of(name).is_some())
                .collect(),
            is_configured: self.world.services.declared().iter().any(|service| !service.probes.is_empty()),
            needed_by: needed_by.map(|names| names.into_iter().collect()).unwrap_or_default(),
            rollouts: if is_open { self.health_rollouts() } else { Vec::new() },
        }
    }
}
