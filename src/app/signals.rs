//! What the console knows of signals, and which of them are on the screen. Changed by `update` alone.

use std::collections::HashMap;
use std::sync::Arc;

use super::model::Model;
use super::newest::Newest;
use crate::domain::alert::Alert;
use crate::domain::rollout::Rollout;
use crate::domain::signal::board::{boards, worst_first};
use crate::domain::signal::{Board, SignalSnapshot, State};
use crate::domain::time::Instant;
use crate::domain::timeline::{Lead, MomentKind, SPAN};
use crate::ui::lines::Lines;
use crate::ui::signals::{Place, SignalsScene};
use crate::ui::state::View;

/// The signals of every environment that has a source of them.
#[derive(Debug, Default)]
pub struct Signals {
    /// The newest of each environment.
    pub newest: Newest<SignalSnapshot>,
    /// The lines of the pane, worst first.
    pub lines: Lines<Board, 3>,
}

impl Model {
    /// Makes the lines of the signals pane anew; the cursor stays on its line, or rests on the worst.
    pub fn refilter_signals(&mut self, now: Instant) {
        let before = self.signals.lines.place(self.ui.signals.cursor.as_ref()).unwrap_or(0);
        let snapshots = self.shown().filter_map(|sight| self.signals.newest.of(sight.name()));
        let mut lines: Vec<Board> = snapshots.flat_map(|snapshot| boards(snapshot, &self.services, now)).collect();
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
        let released = self.released_services(now);
        for line in &mut lines {
            let place = (line.environment.clone(), line.service.clone());
            line.released = released.get(&place).cloned().unwrap_or_default();
        }
        worst_first(&mut lines);
        self.signals.lines = Lines { shown: lines, tally, total };
        self.ui.signals.settle(&self.signals.lines, before);
    }

    /// When each service was released within the hour, oldest first.
    fn released_services(&self, now: Instant) -> HashMap<Place, Vec<Instant>> {
        let mut found: HashMap<Place, Vec<Instant>> = HashMap::new();
        let services: HashMap<_, _> =
            self.snapshot.rollouts.iter().filter_map(|row| Some((&row.workload, row.service.as_ref()?))).collect();
        let rows = self.snapshot.rollouts.iter().filter_map(|row| Some((&row.workload, row.changed_at?)));
        let is_release = |kind: MomentKind| matches!(kind, MomentKind::Deploy | MomentKind::Rollback);
        let told = self.happened.releases().filter(|moment| is_release(moment.kind));
        let told = told.filter_map(|moment| match &moment.lead {
            Lead::Workload(workload) => Some((workload, moment.at)),
            _ => None,
        });
        for (workload, at) in rows.chain(told).filter(|(_, at)| now - *at <= SPAN) {
            if let Some(service) = services.get(workload) {
                found.entry((workload.environment.clone(), (*service).clone())).or_default().push(at);
            }
        }
        for times in found.values_mut() {
            times.sort_unstable();
            times.dedup();
        }
        found
    }

    /// The line under the cursor of the signals pane.
    pub fn signal_line(&self) -> Option<&Board> {
        self.signals.lines.find(self.ui.signals.cursor.as_ref())
    }

    /// The workloads of the service under the cursor, worst first.
    pub(super) fn signal_rollouts(&self) -> Vec<&Arc<Rollout>> {
        let Some(line) = self.signal_line() else { return Vec::new() };
        self.rollouts_of(&line.environment, &line.service)
    }

    /// The workloads of a service, worst first.
    pub(super) fn rollouts_of(&self, environment: &str, service: &str) -> Vec<&Arc<Rollout>> {
        let is_its =
            |row: &&Arc<Rollout>| *row.workload.environment == *environment && row.service.as_deref() == Some(service);
        let mut rows: Vec<_> = self.snapshot.rollouts.iter().filter(is_its).collect();
        rows.sort_by_key(|row| (row.verdict, std::cmp::Reverse(row.changed_at)));
        rows
    }

    /// The alerts about the service under the cursor, worst first.
    pub(super) fn signal_alerts(&self) -> Vec<&Arc<Alert>> {
        let Some(line) = self.signal_line() else { return Vec::new() };
        self.alerts.of_service(&line.environment, &line.service).collect()
    }

    pub(super) fn signals_scene(&self) -> SignalsScene<'_> {
        // What is about the line under the cursor is read by this pane alone.
        let is_open = self.ui.view == View::Signals;
        SignalsScene {
            lines: &self.signals.lines,
            cursor: self.signals.lines.place(self.ui.signals.cursor.as_ref()),
            snapshots: self.shown().filter_map(|sight| self.signals.newest.of(sight.name())).collect(),
            rollouts: if is_open { self.signal_rollouts() } else { Vec::new() },
            alerts: if is_open { self.signal_alerts() } else { Vec::new() },
        }
    }
}
