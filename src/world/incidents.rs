//! The incidents that are open, and what of the rest of the world they are about.

use std::collections::BTreeMap;

use super::World;
use crate::domain::alert::Alert;
use crate::domain::incident::{Incident, Link, Storm, storm};
use crate::domain::rollout::WorkloadRef;
use crate::domain::store::SubjectKind;
use crate::domain::time::Instant;

impl World {
    /// The incidents that are open, the gravest first.
    pub fn open_incidents(&self) -> Vec<&Incident> {
        let held: Option<&BTreeMap<u64, Incident>> = self.store.as_ref().and_then(|store| store.facts::<Incident>());
        let mut open: Vec<&Incident> =
            held.into_iter().flat_map(BTreeMap::values).filter(|incident| incident.state.is_open()).collect();
        open.sort_by_key(|incident| (incident.severity, incident.number));
        open
    }

    /// Those that are about a service.
    pub fn incidents_of_service(&self, service: &str) -> Vec<&Incident> {
        self.incidents_about(|link| link.kind == SubjectKind::Service && link.name == service)
    }

    /// Those that are about an alert, or its service.
    pub fn incidents_of_alert(&self, alert: &Alert) -> Vec<&Incident> {
        self.incidents_about(|link| match link.kind {
            SubjectKind::Service => alert.service.as_deref() == Some(link.name.as_str()),
            SubjectKind::Alert => {
                is_here(link, &alert.environment) && [alert.title(), &alert.key].contains(&&*link.name)
            }
            _ => false,
        })
    }

    /// Those that are about a workload, or its service.
    pub fn incidents_of_workload(&self, workload: &WorkloadRef, service: Option<&str>) -> Vec<&Incident> {
        let kind = workload.kind.word().to_lowercase();
        let named = format!("{kind}/{}", workload.name);
        self.incidents_about(|link| match link.kind {
            SubjectKind::Service => service == Some(link.name.as_str()),
            SubjectKind::Workload => {
                is_here(link, &workload.environment) && (link.name == named || link.name == *workload.name)
            }
            _ => false,
        })
    }

    fn incidents_about(&self, is_meant: impl Fn(&Link) -> bool) -> Vec<&Incident> {
        self.open_incidents().into_iter().filter(|incident| incident.links.iter().any(&is_meant)).collect()
    }

    /// The storm that rages among the alerts; `None` where they are not so many.
    pub fn storm(&self, now: Instant) -> Option<Storm> {
        let firing = self.alerts.groups().iter().flat_map(|group| &group.members).filter(|alert| !alert.is_pending);
        storm(firing.map(|alert| (alert.title(), alert.service.as_deref(), alert.started_at)), now)
    }
}

/// Whether a link is of an environment, or of all of them.
fn is_here(link: &Link, environment: &str) -> bool {
    link.environment.is_empty() || link.environment == environment
}
