//! What the console knows of signals, and which of them are on the screen. Changed by `update` alone.

use std::collections::HashMap;
use std::sync::Arc;

use super::model::Model;
use crate::domain::alert::Alert;
use crate::domain::rollout::Rollout;
use crate::domain::signal::board::{boards, worst_first};
use crate::domain::signal::{Board, SignalSnapshot, State};
use crate::domain::time::Instant;
use crate::domain::timeline::{Lead, MomentKind, SPAN};
use crate::ui::signals::{Place, SignalsScene};

/// The signals of every environment that has a source of them.
#[derive(Debug, Default)]
pub struct Signals {
    /// The newest of each environment.
    snapshots: Vec<SignalSnapshot>,
    /// What came in while the screen was frozen.
    held: Vec<SignalSnapshot>,
    /// The lines on the screen, worst first.
    lines: Vec<Board>,
    tally: [usize; 3],
    total: usize,
}

impl Signals {
    /// Takes a newer snapshot in the place of the one before.
    pub fn take(&mut self, snapshot: SignalSnapshot, is_frozen: bool) {
        let to = if is_frozen { &mut self.held } else { &mut self.snapshots };
        match to.iter_mut().find(|known| known.environment == snapshot.environment) {
            Some(known) => *known = snapshot,
            None => to.push(snapshot),
        }
    }

    /// Shows what came in while the screen was frozen.
    pub fn release(&mut self) {
        for snapshot in std::mem::take(&mut self.held) {
            self.take(snapshot, false);
        }
    }

    /// The newest of an environment; `None` when it has no source of signals.
    pub fn of(&self, environment: &str) -> Option<&SignalSnapshot> {
        self.snapshots.iter().find(|snapshot| &*snapshot.environment == environment)
    }

    /// The lines on the screen.
    pub fn lines(&self) -> &[Board] {
        &self.lines
    }

    /// The place of a line, by what it is.
    pub fn place(&self, of: Option<&Place>) -> Option<usize> {
        let (environment, service) = of?;
        self.lines.iter().position(|line| line.environment == *environment && line.service == *service)
    }
}

impl Model {
    /// Makes the lines of the signals pane anew; the cursor stays on its line, or rests on the worst.
    pub fn refilter_signals(&mut self, now: Instant) {
        let before = self.signals.place(self.ui.signals.cursor.as_ref()).unwrap_or(0);
        let shown: Vec<&str> = self.shown().map(super::sight::Sight::name).collect();
        let snapshots = self.signals.snapshots.iter().filter(|one| shown.contains(&&*one.environment));
        let mut lines: Vec<Board> = snapshots.flat_map(|snapshot| boards(snapshot, &self.services, now)).collect();
        let count = |state: State| lines.iter().filter(|line| line.state == state).count();
        self.signals.tally = [State::Critical, State::Warning, State::Unknown].map(count);
        self.signals.total = lines.len();
        let chosen = &self.ui.signals;
        let words: Vec<String> = chosen.filter.text.split_whitespace().map(str::to_lowercase).collect();
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
        self.signals.lines = lines;
        let is_there = self.signals.place(self.ui.signals.cursor.as_ref()).is_some();
        if !self.ui.signals.is_cursor_held || !is_there {
            let last = self.signals.lines.len().saturating_sub(1);
            let place = if self.ui.signals.is_cursor_held { before.min(last) } else { 0 };
            self.ui.signals.cursor = self.signals.lines.get(place).map(place_of);
        }
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
        self.signals.lines().get(self.signals.place(self.ui.signals.cursor.as_ref())?)
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
        SignalsScene {
            lines: &self.signals.lines,
            cursor: self.signals.place(self.ui.signals.cursor.as_ref()),
            total: self.signals.total,
            tally: self.signals.tally,
            snapshots: self.shown().filter_map(|sight| self.signals.of(sight.name())).collect(),
            rollouts: self.signal_rollouts(),
            alerts: self.signal_alerts(),
        }
    }
}

/// What a line is.
pub(super) fn place_of(line: &Board) -> Place {
    (line.environment.clone(), line.service.clone())
}
