//! What is judged of the environments that are shown, when it comes in: panes list it, headlines count it.

use std::cmp::Reverse;

use super::World;
use crate::domain::backup::{MadeBy, Recorded, State};
use crate::domain::database::{self, Condition as DatabaseCondition};
use crate::domain::health::{self, Condition};
use crate::domain::slo::judge::worst_first;
use crate::domain::slo::{Slo, SloSnapshot, Standing, judge};
use crate::domain::store::{RecordedBackup, RecordedRestore};
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

    /// Judges every set of backups, of whatever environment: one that cannot be restored is lost to all of them.
    pub(super) fn judge_backups(&mut self, now: Instant) {
        let missing = match &self.store {
            None => Some("The store has not answered yet.".to_owned()),
            Some(store) if !store.health.state.is_well() && store.health.last_good.is_none() => {
                Some(store.health.error.clone().unwrap_or_else(|| "The store does not answer.".to_owned()))
            }
            Some(_) => None,
        };
        let facts = self.store.as_ref();
        let backups = facts.and_then(|store| store.facts::<RecordedBackup>()).map(Vec::as_slice).unwrap_or_default();
        let restores = facts.and_then(|store| store.facts::<RecordedRestore>()).map(Vec::as_slice).unwrap_or_default();
        let recorded = Recorded { missing, ..Recorded::of(backups, restores) };
        let sights = &self.sights;
        let jobs = |made: &MadeBy| match sights.iter().find(|sight| made.is_in(sight.name())) {
            Some(sight) => sight.snapshot.jobs_known(sight.name()),
            None => Err("Its environment is not declared.".to_owned()),
        };
        let mut rows = self.backups.coverage(&recorded, jobs, now);
        rows.sort_by_key(|row| Reverse(row.state));
        self.coverage = Judged::of(
            rows,
            [
                |row| matches!(row.state, State::Broken | State::Missed),
                |row| matches!(row.state, State::Late | State::Paused),
                |row| row.state == State::Unknown,
            ],
        );
    }

    /// Judges every database: those of the environments that are shown are listed; two primaries are said wherever they are.
    pub(super) fn judge_databases(&mut self, now: Instant) {
        let all = self.databases.worst_first(now);
        self.split = all.iter().filter_map(database::Standing::banner).collect();
        let shown: Vec<_> = self.shown().map(|sight| sight.environment.name.clone()).collect();
        let is_shown = |row: &database::Standing| row.environment.as_ref().is_none_or(|name| shown.contains(name));
        let rows = all.into_iter().filter(is_shown).collect();
        self.standing = Judged::of(
            rows,
            [
                |row| row.verdict.condition.exit_code() == 2,
                |row| row.verdict.condition == DatabaseCondition::Degraded,
                |row| row.verdict.condition == DatabaseCondition::Unknown,
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
