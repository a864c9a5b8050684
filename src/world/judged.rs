//! What is judged of the environments that are shown, when it comes in: panes list it, headlines count it.

use super::World;
use crate::domain::health::{self, Condition};
use crate::domain::slo::judge::worst_first;
use crate::domain::slo::{Slo, SloSnapshot, Standing, judge};
use crate::domain::time::Instant;

/// Judged things, the worst first, and how many of them are how.
#[derive(Debug)]
pub struct Judged<T, const KINDS: usize> {
    /// The worst first.
    pub rows: Vec<T>,
    /// How many are of each kind that is counted, the gravest first.
    pub tally: [usize; KINDS],
}

impl<T, const KINDS: usize> Default for Judged<T, KINDS> {
    fn default() -> Self {
        Self { rows: Vec::new(), tally: [0; KINDS] }
    }
}

impl<T, const KINDS: usize> Judged<T, KINDS> {
    fn of(rows: Vec<T>, is: [fn(&T) -> bool; KINDS]) -> Self {
        let tally = is.map(|is| rows.iter().filter(|row| is(row)).count());
        Self { rows, tally }
    }
}

impl World {
    /// Judges every objective of the environments that are shown.
    pub(super) fn judge_slos(&mut self, now: Instant) {
        let snapshots = self.shown().filter_map(|sight| self.slos.of(sight.name()));
        let of = |snapshot: &SloSnapshot| {
            let judged = snapshot.measured.iter().map(|one| judge(one, &snapshot.environment, now));
            judged.collect::<Vec<_>>()
        };
        let mut rows: Vec<Slo> = snapshots.flat_map(of).collect();
        worst_first(&mut rows);
        self.objectives = Judged::of(
            rows,
            [
                |row| row.standing == Standing::Page,
                |row| row.standing == Standing::Spent,
                |row| row.standing == Standing::Ticket,
                |row| row.standing == Standing::Unknown,
            ],
        );
    }

    /// Judges every component of the environments that are shown.
    pub(super) fn judge_health(&mut self, now: Instant) {
        let snapshots: Vec<_> = self.shown().filter_map(|sight| self.health.of(sight.name())).collect();
        let rows = health::lines(&snapshots, &self.services, now);
        self.components = Judged::of(
            rows,
            [
                |row| row.condition() == Condition::Unhealthy,
                |row| row.condition() == Condition::Degraded,
                |row| row.condition() == Condition::Unknown,
            ],
        );
    }
}
