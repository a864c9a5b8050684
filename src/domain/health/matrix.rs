//! Every component in every environment, and what is impaired by what it needs.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::check::{Check, Condition, HealthSnapshot};
use crate::domain::service::Services;
use crate::domain::time::Instant;

/// One component in one environment.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// The environment.
    pub environment: Arc<str>,
    /// What it answered.
    pub check: Check,
    /// How it is now.
    pub condition: Condition,
    /// Why, where it is not simply well.
    pub reason: Option<String>,
    /// What its service needs and is not well there: the service, and how it is. The worst first.
    pub impaired_by: Vec<(Arc<str>, Condition)>,
}

/// One component of a service, wherever it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// The service.
    pub service: Arc<str>,
    /// The component.
    pub component: Arc<str>,
    /// Its cells, in the order of the environments.
    pub cells: Vec<Cell>,
}

impl Line {
    /// The worst of its cells.
    pub fn condition(&self) -> Condition {
        self.cells.iter().map(|cell| cell.condition).max().unwrap_or(Condition::Unknown)
    }

    /// Whether anything its service needs is not well somewhere.
    pub fn is_impaired(&self) -> bool {
        self.cells.iter().any(|cell| !cell.impaired_by.is_empty())
    }

    /// Its cell in an environment.
    pub fn cell(&self, environment: &str) -> Option<&Cell> {
        self.cells.iter().find(|cell| &*cell.environment == environment)
    }
}

/// How each service of an environment is by its own components: the worst of them, and a component that is not critical makes it
/// degraded at most. A service without components is not among them: how it is is not known.
pub fn services(snapshot: &HealthSnapshot, now: Instant) -> BTreeMap<Arc<str>, Condition> {
    let mut found: BTreeMap<Arc<str>, Condition> = BTreeMap::new();
    for check in &snapshot.checks {
        let condition = check.now(now).0;
        let condition = if check.is_critical { condition } else { condition.min(Condition::Degraded) };
        let worst = found.entry(check.service.clone()).or_insert(condition);
        *worst = condition.max(*worst);
    }
    found
}

/// What a service needs, through everything, that is known not to be well in an environment: the worst first.
pub fn impaired(
    service: &str,
    environment: &str,
    known: &BTreeMap<Arc<str>, Condition>,
    services: &Services,
) -> Vec<(Arc<str>, Condition)> {
    let needed = services.needed_in(environment, service);
    let is_bad = |condition: Condition| matches!(condition, Condition::Degraded | Condition::Unhealthy);
    let mut found: Vec<(Arc<str>, Condition)> = needed
        .into_iter()
        .filter_map(|name| known.get(&name).copied().filter(|one| is_bad(*one)).map(|condition| (name, condition)))
        .filter(|(name, _)| **name != *service)
        .collect();
    found.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
    found
}

/// The matrix of some environments: the worst line first; of equals the impaired one, then in the order of the configuration.
pub fn lines(snapshots: &[&HealthSnapshot], services: &Services, now: Instant) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for snapshot in snapshots {
        let known = self::services(snapshot, now);
        for check in &snapshot.checks {
            let (condition, reason) = check.now(now);
            let cell = Cell {
                environment: snapshot.environment.clone(),
                impaired_by: impaired(&check.service, &snapshot.environment, &known, services),
                check: check.clone(),
                condition,
                reason,
            };
            match lines.iter_mut().find(|line| line.service == check.service && line.component == check.component) {
                Some(line) => line.cells.push(cell),
                None => lines.push(Line {
                    service: check.service.clone(),
                    component: check.component.clone(),
                    cells: vec![cell],
                }),
            }
        }
    }
    lines.sort_by_key(|line| std::cmp::Reverse((line.condition(), line.is_impaired())));
    lines
}
