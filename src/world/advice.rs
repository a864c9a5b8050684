//! What is advised about releases.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::TimeDelta;

use super::World;
use crate::domain::action::Plan;
use crate::domain::advice::compared::releases;
use crate::domain::advice::{Advice, Compared, Released, into_plan, judge};
use crate::domain::rollout::WorkloadRef;
use crate::domain::time::Instant;

/// How often the releases of an environment are compared.
const EVERY: TimeDelta = TimeDelta::seconds(30);
/// After how long an answer is not waited for any more.
const LOST_AFTER: TimeDelta = TimeDelta::minutes(2);

/// The newest advice of every release.
#[derive(Debug, Default)]
pub struct Advised {
    known: HashMap<WorkloadRef, Advice>,
    /// By environment: when it was asked, which releases, and whether the answer is still to come.
    asked: HashMap<Arc<str>, (Instant, Vec<Released>, bool)>,
}

impl Advised {
    /// All of it.
    pub const fn known(&self) -> &HashMap<WorkloadRef, Advice> {
        &self.known
    }

    /// Whether an environment's releases are to be compared now; notes that they are.
    fn is_due(&mut self, environment: &Arc<str>, releases: &[Released], now: Instant) -> bool {
        let is_due = match self.asked.get(environment) {
            Some((at, _, true)) => now - *at >= LOST_AFTER,
            Some((at, before, false)) => now - *at >= EVERY || before != releases,
            None => true,
        };
        if is_due {
            self.asked.insert(environment.clone(), (now, releases.to_vec(), true));
        }
        is_due
    }

    /// Takes an answer in the place of what was known of its environment.
    fn take(&mut self, environment: &str, advice: impl Iterator<Item = Advice>) {
        if let Some(asked) = self.asked.get_mut(environment) {
            asked.2 = false;
        }
        self.known.retain(|workload, _| &*workload.environment != environment);
        self.known.extend(advice.map(|one| (one.workload.clone(), one)));
    }
}

impl World {
    /// The releases of an environment that are to be compared now with what was before them; notes that they are.
    pub fn due_to_compare(&mut self, environment: &Arc<str>, now: Instant) -> Option<Vec<Released>> {
        let asked = releases(self.sight(environment)?.snapshot.rollouts.iter(), environment, now);
        (!asked.is_empty() && self.advised.is_due(environment, &asked, now)).then_some(asked)
    }

    /// What was compared is judged.
    pub fn compared(&mut self, environment: &str, found: &[Compared]) {
        let services = &self.services;
        let judged = found.iter().map(|compared| {
            let namespace = &compared.released.workload.namespace;
            judge(compared, &|name| services.needed(environment, namespace, name))
        });
        self.advised.take(environment, judged.collect::<Vec<_>>().into_iter());
    }

    /// A plan to roll back with the advice about each of its targets among its evidence.
    pub fn with_advice(&self, plan: Plan, now: Instant) -> Plan {
        let began = |workload: &WorkloadRef| {
            self.snapshot.rollouts.iter().find(|row| row.workload == *workload).and_then(|row| row.changed_at)
        };
        into_plan(plan, |workload| self.advised.known.get(workload).filter(|advice| advice.is_of(began(workload), now)))
    }
}
