//! The join: which service an alert is about, and which workload it means.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::{Alert, State, value};
use crate::domain::rollout::{Kind, Rollout};
use crate::domain::service::{Service, Services};

/// Labels that name the service of an alert, the first that is there counts.
pub const SERVICE_LABELS: [&str; 3] = ["service", "app", "app_kubernetes_io_name"];

/// Labels that name a workload, as kube-state-metrics writes them.
pub(super) const WORKLOAD_LABELS: [(&str, Kind); 3] =
    [("deployment", Kind::Deployment), ("statefulset", Kind::StatefulSet), ("daemonset", Kind::DaemonSet)];

/// The service of an alert with these labels: the declared one whose `alerts` it carries, all of them; else the one a label names.
///
/// `None` is shown as UNMAPPED. A service that is not in the environment, or not in the namespace the alert names, is not meant.
pub fn service(labels: &[(Arc<str>, Arc<str>)], services: &Services, environment: &str) -> Option<Arc<str>> {
    let carries = |asked: &BTreeMap<String, String>| {
        !asked.is_empty()
            && asked.iter().all(|(name, wanted)| value(labels, name).is_some_and(|value| **value == **wanted))
    };
    let is_here = |service: &&Service| match value(labels, "namespace") {
        Some(namespace) => service.is_in(environment, namespace),
        None => service.is_of(environment),
    };
    let declared = services.declared().iter().filter(is_here).find(|service| carries(&service.alerts));
    if let Some(service) = declared {
        return Some(service.name.clone());
    }
    SERVICE_LABELS.iter().find_map(|name| value(labels, name)).cloned()
}

/// What an alert is about, worked out once: a workload by name, or a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aim<'a> {
    environment: &'a str,
    namespace: Option<&'a str>,
    workload: Option<(Kind, &'a str)>,
    service: Option<&'a str>,
}

impl<'a> Aim<'a> {
    /// What an alert is about.
    pub fn of(alert: &'a Alert) -> Self {
        let named = |(label, kind): &(&str, Kind)| Some((*kind, &**alert.label(label)?));
        Self {
            environment: &alert.environment,
            namespace: alert.label("namespace").map(|namespace| &**namespace),
            workload: WORKLOAD_LABELS.iter().find_map(named),
            service: alert.service.as_deref(),
        }
    }

    /// Whether it is a workload: the one it names and no other, else any of the service it is about.
    pub fn is(&self, row: &Rollout) -> bool {
        let workload = &row.workload;
        if self.environment != &*workload.environment
            || self.namespace.is_some_and(|named| named != &*workload.namespace)
        {
            return false;
        }
        match self.workload {
            Some((kind, name)) => workload.kind == kind && *workload.name == *name,
            None => self.service.is_some() && self.service == row.service.as_deref(),
        }
    }
}

/// The namespace of each alert; `None` for one that names none, and means the service or workload in all.
type Namespaces = Vec<Option<Arc<str>>>;

/// How many alerts fire about each workload, found without looking at every alert again.
#[derive(Debug, Clone, Default)]
pub struct Firing {
    workloads: HashMap<(Arc<str>, Kind, Arc<str>), Namespaces>,
    services: HashMap<(Arc<str>, Arc<str>), Namespaces>,
}

impl Firing {
    /// Counts alerts; those that are held back or not fired yet do not count.
    pub fn of<'a>(alerts: impl IntoIterator<Item = &'a Arc<Alert>>) -> Self {
        let mut firing = Self::default();
        for alert in alerts {
            if !matches!(alert.state(), State::Firing | State::Acknowledged) {
                continue;
            }
            let namespace = alert.label("namespace").cloned();
            let named = WORKLOAD_LABELS.iter().find_map(|(label, kind)| Some((*kind, alert.label(label)?.clone())));
            match (named, &alert.service) {
                (Some((kind, name)), _) => {
                    firing.workloads.entry((alert.environment.clone(), kind, name)).or_default().push(namespace);
                }
                (None, Some(service)) => {
                    firing.services.entry((alert.environment.clone(), service.clone())).or_default().push(namespace);
                }
                (None, None) => {}
            }
        }
        firing
    }

    /// How many are about a workload.
    pub fn count(&self, row: &Rollout) -> usize {
        let workload = &row.workload;
        let is_here =
            |namespace: &&Option<Arc<str>>| namespace.as_ref().is_none_or(|named| *named == workload.namespace);
        let key = (workload.environment.clone(), workload.kind, workload.name.clone());
        let named = self.workloads.get(&key).map_or(0, |found| found.iter().filter(is_here).count());
        let service =
            row.service.clone().and_then(|service| self.services.get(&(workload.environment.clone(), service)));
        named + service.map_or(0, |found| found.iter().filter(is_here).count())
    }

    /// Whether nothing fires.
    pub fn is_empty(&self) -> bool {
        self.workloads.is_empty() && self.services.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> Vec<(Arc<str>, Arc<str>)> {
        pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
    }

    #[test]
    fn what_is_declared_comes_before_what_a_label_names() {
        let checkout = Service {
            name: "checkout".into(),
            namespaces: vec!["shop".into()],
            alerts: BTreeMap::from([("team".to_owned(), "shop".to_owned()), ("tier".to_owned(), "web".to_owned())]),
            ..Service::default()
        };
        let services = Services::new(vec![Service { name: "plain".into(), ..Service::default() }, checkout]);
        let of = |pairs: &[(&str, &str)]| service(&labels(pairs), &services, "production");
        assert_eq!(of(&[("team", "shop"), ("tier", "web"), ("service", "other")]).as_deref(), Some("checkout"));
        assert_eq!(of(&[("team", "shop"), ("service", "other")]).as_deref(), Some("other"), "every label, or none");
        assert_eq!(of(&[("team", "shop"), ("tier", "web"), ("namespace", "pay")]), None, "it is elsewhere");
        assert_eq!(of(&[("service", ""), ("app", "cart")]).as_deref(), Some("cart"), "an empty label is none");
        assert_eq!(of(&[("team", "shop")]), None, "UNMAPPED");
    }

    fn row(name: &str, service: Option<&str>) -> Rollout {
        let workload = crate::domain::rollout::WorkloadRef {
            environment: "production".into(),
            namespace: "shop".into(),
            kind: Kind::Deployment,
            name: name.into(),
        };
        Rollout {
            workload,
            uid: name.into(),
            service: service.map(Into::into),
            verdict: crate::domain::rollout::Verdict::Complete,
            reason: None,
            counts: crate::domain::rollout::Counts::default(),
            revision: None,
            images: [].into(),
            stuck_pod: None,
            old_images: [].into(),
            changed_at: None,
            sides: None,
            deadline_at: None,
            rate_per_minute: None,
            terminating: 0,
            notes: [].into(),
            record: None,
            maintenance: None,
        }
    }

    #[test]
    fn an_alert_that_names_a_workload_means_no_other() {
        let now = crate::domain::time::Instant::default();
        let make = |pairs: &[(&str, &str)]| Arc::new(super::super::testing::alert(pairs, now));
        let named = make(&[("deployment", "api"), ("service", "checkout"), ("namespace", "shop")]);
        let about = make(&[("service", "checkout")]);
        let elsewhere = make(&[("service", "checkout"), ("namespace", "pay")]);
        let (api, web) = (row("api", Some("checkout")), row("web", Some("checkout")));
        let is = |alert: &Arc<Alert>, row: &Rollout| Aim::of(alert).is(row);
        assert_eq!((is(&named, &api), is(&named, &web)), (true, false));
        assert_eq!((is(&about, &api), is(&about, &web), is(&about, &row("other", None))), (true, true, false));
        assert!(!is(&elsewhere, &api), "another namespace");
        let firing = Firing::of(&[named, about, elsewhere]);
        assert_eq!((firing.count(&api), firing.count(&web), firing.count(&row("x", None))), (2, 1, 0));
    }
}
