//! Which objectives are on the screen. Changed by `update` alone.

use std::sync::Arc;

use super::model::Model;
use crate::domain::alert::Alert;
use crate::domain::rollout::Rollout;
use crate::domain::slo::judge::worst_first;
use crate::domain::slo::{Slo, SloSnapshot, Standing, judge};
use crate::domain::time::Instant;
use crate::ui::lines::Lines;
use crate::ui::slo::SloScene;
use crate::ui::state::View;

/// The objectives on the screen.
#[derive(Debug, Default)]
pub struct Slos {
    /// The lines of the pane, worst first.
    pub lines: Lines<Slo, 4>,
    /// The worst of all of them.
    worst: Option<Box<Slo>>,
}

impl Slos {
    /// The worst, whatever the filter.
    pub fn worst(&self) -> Option<&Slo> {
        self.worst.as_deref()
    }
}

impl Model {
    /// Makes the lines of the pane anew; the cursor stays on its line, or rests on the worst.
    pub fn refilter_slos(&mut self, now: Instant) {
        let before = self.slos.lines.place(self.ui.slo.cursor.as_ref()).unwrap_or(0);
        let snapshots = self.world.shown().filter_map(|sight| self.world.slos.of(sight.name()));
        let judged = |snapshot: &SloSnapshot| -> Vec<Slo> {
            snapshot.measured.iter().map(|one| judge(one, &snapshot.environment, now)).collect()
        };
        let mut lines: Vec<Slo> = snapshots.flat_map(judged).collect();
        let count = |standing: Standing| lines.iter().filter(|line| line.standing == standing).count();
        let tally = [Standing::Page, Standing::Spent, Standing::Ticket, Standing::Unknown].map(count);
        let total = lines.len();
        worst_first(&mut lines);
        self.slos.worst = lines.first().cloned().map(Box::new);
        let chosen = &self.ui.slo;
        let words = chosen.words();
        lines.retain(|line| {
            let names = format!("{} {} {} {}", line.service, line.goal, line.standing.word(), line.environment);
            let names = names.to_lowercase();
            let is_wanted = !chosen.is_problems_only || line.standing != Standing::Ok;
            is_wanted && words.iter().all(|word| names.contains(word.as_str()))
        });
        self.slos.lines = Lines { shown: lines, tally, total };
        self.ui.slo.settle(&self.slos.lines, before);
    }

    /// The line under the cursor of the pane.
    pub fn slo_line(&self) -> Option<&Slo> {
        self.slos.lines.find(self.ui.slo.cursor.as_ref())
    }

    /// The workloads of the service under the cursor, worst first.
    pub(super) fn slo_rollouts(&self) -> Vec<&Arc<Rollout>> {
        let Some(line) = self.slo_line() else { return Vec::new() };
        self.world.rollouts_of(&line.environment, &line.service)
    }

    /// The alerts about the service under the cursor, worst first.
    pub(super) fn slo_alerts(&self) -> Vec<&Arc<Alert>> {
        let Some(line) = self.slo_line() else { return Vec::new() };
        self.world.alerts.of_service(&line.environment, &line.service).collect()
    }

    pub(super) fn slo_scene(&self) -> SloScene<'_> {
        // What is about the line under the cursor is read by this pane alone.
        let is_open = self.ui.view == View::Slo;
        SloScene {
            lines: &self.slos.lines,
            cursor: self.slos.lines.place(self.ui.slo.cursor.as_ref()),
            snapshots: self.world.shown().filter_map(|sight| self.world.slos.of(sight.name())).collect(),
            rollouts: if is_open { self.slo_rollouts() } else { Vec::new() },
            alerts: if is_open { self.slo_alerts() } else { Vec::new() },
        }
    }
}
