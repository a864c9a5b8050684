//! Which signals are on the screen. Changed by `update` alone.
use std::sync::Arc;

use super::model::Model;
use crate::domain::alert::Alert;
use crate::domain::rollout::Rollout;
use crate::domain::signal::board::{boards, worst_first};
use crate::domain::signal::{Board, State};
use crate::domain::time::Instant;
use crate::ui::lines::Lines;
use crate::ui::signals::SignalsScene;
use crate::ui::state::View;

impl Model {
    /// Makes the lines of the signals pane anew; the cursor stays on its line, or rests on the worst.
    pub fn refilter_signals(&mut self, now: Instant) {
        let before = self.signals.place(self.ui.signals.cursor.as_ref()).unwrap_or(0);
        let snapshots = self.world.shown().filter_map(|sight| self.world.signals.of(sight.name()));
        let mut lines: Vec<Board> =
            snapshots.flat_map(|snapshot| boards(snapshot, &self.world.services, now)).collect();
        let count = |state: State| lines.iter().filter(|line| line.state == state).count();
        let tally = [State::Critical, State::Warning, State::Unknown].map(count);
        let total = lines.len();
        let chosen = &self.ui.signals;
        let words = chosen.words();
        lines.retain(|line| {
            let names = format!("{} {} {}", line.service, line.state.word(), line.environment).to_lowercase();
            let is_wanted = !chosen.is_problems_only || !matches!(line.state, State::Ok | State::NoThreshold);
            is_wanted && words.iter().all(|word| names.contains(word.as_str()))
        });
        let released = self.world.released_services(now);
        for line in &mut lines {
            let place = (line.environment.clone(), line.service.clone());
            line.released = released.get(&place).cloned().unwrap_or_default();
        }
        worst_first(&mut lines);
        self.signals = Lines { shown: lines, tally, total };
        self.ui.signals.settle(&self.signals, before);
    }

    /// The line under the cursor of the signals pane.
    pub fn signal_line(&self) -> Option<&Board> {
        self.signals.find(self.ui.signals.cursor.as_ref())
    }

    /// The workloads of the service under the cursor, worst first.
    pub(super) fn signal_rollouts(&self) -> Vec<&Arc<Rollout>> {
        let Some(line) = self.signal_line() else { return Vec::new() };
        self.world.rollouts_of(&line.environment, &line.service)
    }

    /// The alerts about the service under the cursor, worst first.
    pub(super) fn signal_alerts(&self) -> Vec<&Arc<Alert>> {
        let Some(line) = self.signal_line() else { return Vec::new() };
        self.world.alerts.of_service(&line.environment, &line.service).collect()
    }

    pub(super) fn signals_scene(&self) -> SignalsScene<'_> {
        // What is about the line under the cursor is read by this pane alone.
        let is_open = self.ui.view == View::Signals;
        SignalsScene {
            lines: &self.signals,
            cursor: self.signals.place(self.ui.signals.cursor.as_ref()),
            snapshots: self.world.shown().filter_map(|sight| self.world.signals.of(sight.name())).collect(),
            rollouts: if is_open { self.signal_rollouts() } else { Vec::new() },
            alerts: if is_open { self.signal_alerts() } else { Vec::new() },
        }
    }
}
