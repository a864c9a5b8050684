//! Services: sets of workloads that are shown, rolled back and put in maintenance as one.
//!
//! The configuration declares them; what it does not declare is found by labels (DESIGN §5). A service is one per environment and
//! namespace: the same name elsewhere is another instance of it.

mod choice;

pub use choice::{Choice, Chosen, choose, unseen};

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use chrono::TimeDelta;

use super::health::Probe;
use super::maintenance_mode::Ways;
use super::rollout::{Kind, WorkloadRef};
use super::signal::{CodeLabels, Limit};
use super::slo::objective::{AVAILABILITY, IN_TIME, LATENCY};
use super::slo::{Exclusion, Goal, Indicator, Window};

/// The labels that name the service of a workload, the first that is there counts: what Kubernetes recommends, and what people write.
pub const LABELS: [&str; 2] = ["app.kubernetes.io/name", "app"];

/// What stands for the service of a workload that maps to none.
pub const UNMAPPED: &str = "UNMAPPED";

/// A workload of a service, in whatever namespace the service is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its kind.
    pub kind: Kind,
    /// Its name.
    pub name: Arc<str>,
}

/// A share of all requests or of all time, in parts per million: 99.9 % is 999 000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(pub u32);

impl Share {
    /// From 0 to 1.
    pub fn ratio(self) -> f64 {
        f64::from(self.0) / 1_000_000.0
    }

    /// The nearest to a number from 0 to 1; `None` for any other number.
    pub fn of(ratio: f64) -> Option<Self> {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within 0 and a million")]
        (0.0..=1.0).contains(&ratio).then(|| Self((ratio * 1_000_000.0).round() as u32))
    }
}

/// What was promised to the users of a service.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Objective {
    /// The share of the time, or of the requests, it is to be well.
    pub availability: Option<Share>,
    /// What 95 of 100 requests are to be answered within.
    pub latency_p95: Option<TimeDelta>,
    /// Goals by queries of one's own.
    pub goals: Vec<Goal>,
    /// Over which time.
    pub window: Window,
    /// What does not count.
    pub exclusions: Vec<Exclusion>,
}

impl Objective {
    /// Every goal, each with its name.
    pub fn goals(&self) -> Vec<Goal> {
        let availability = self.availability.map(|target| Goal {
            name: AVAILABILITY.into(),
            target,
            indicator: Indicator::Availability,
        });
        let latency = self.latency_p95.map(|limit| Goal {
            name: LATENCY.into(),
            target: IN_TIME,
            indicator: Indicator::Latency(limit),
        });
        availability.into_iter().chain(latency).chain(self.goals.iter().cloned()).collect()
    }
}

/// A service as the configuration declares it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Service {
    /// Its name.
    pub name: Arc<str>,
    /// The environments it is in; empty means all.
    pub environments: Vec<Arc<str>>,
    /// The namespaces it is in; empty means all.
    pub namespaces: Vec<Arc<str>>,
    /// Its workloads, all of them, in the order they are acted on; empty means those whose label names it.
    pub workloads: Vec<Member>,
    /// How grave its loss is, from 1, the gravest, to 3 (requirements D6).
    pub tier: Option<u8>,
    /// Services, declared or not, it cannot do without.
    pub depends_on: Vec<Arc<str>>,
    /// Where what to do is written: paths or addresses.
    pub runbooks: Vec<String>,
    /// Who is called: the name of a rotation.
    pub on_call: Option<String>,
    /// Labels of the alerts that are about it.
    pub alerts: BTreeMap<String, String>,
    /// What was promised.
    pub objective: Objective,
    /// Its database, by name.
    pub database: Option<String>,
    /// How its components are asked whether they are well.
    pub probes: Vec<Probe>,
    /// What is too much of a signal, where that differs from what is shipped; `None` for a signal that is to have no threshold.
    pub thresholds: BTreeMap<Arc<str>, Option<Limit>>,
    /// The label in which its metrics carry the status code of an answer; `None`: any of the usual ones.
    pub code_label: Option<Arc<str>>,
    /// Whether it shows no signals and none are missed.
    pub is_unmeasured: bool,
    /// How it is taken into maintenance mode; `None`: by scaling alone.
    pub ways: Option<Ways>,
}

/// Why a workload maps to no service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unmapped {
    /// Nothing lists it, and none of [`LABELS`] is on it.
    Nameless,
    /// Its label names a service whose workloads the configuration lists, and it is not among them.
    NotListed(Arc<str>),
}

/// Every service that is declared, in the order of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Services {
    declared: Vec<Service>,
}

impl Services {
    /// These, in this order.
    pub const fn new(declared: Vec<Service>) -> Self {
        Self { declared }
    }

    /// All of them.
    pub fn declared(&self) -> &[Service] {
        &self.declared
    }

    /// What is declared of a service, where a workload of it is.
    pub fn named(&self, environment: &str, namespace: &str, name: &str) -> Option<&Service> {
        self.declared.iter().find(|service| *service.name == *name && service.is_in(environment, namespace))
    }

    /// Every service another cannot do without, through all of them, as far as it is declared.
    pub fn needed(&self, environment: &str, namespace: &str, name: &str) -> BTreeSet<Arc<str>> {
        self.needed_by(name, |service| service.is_in(environment, namespace))
    }

    /// Every service another cannot do without in an environment, whatever its namespace, through all of them.
    pub fn needed_in(&self, environment: &str, name: &str) -> BTreeSet<Arc<str>> {
        self.needed_by(name, |service| service.is_of(environment))
    }

    /// Every service another cannot do without, as far as one that is there says so: a ring ends.
    fn needed_by(&self, name: &str, is_there: impl Fn(&Service) -> bool) -> BTreeSet<Arc<str>> {
        let mut found = BTreeSet::new();
        let mut open: Vec<Arc<str>> = vec![name.into()];
        while let Some(name) = open.pop() {
            let here = self.declared.iter().filter(|service| service.name == name && is_there(service));
            for needed in here.flat_map(|service| &service.depends_on) {
                if found.insert(needed.clone()) {
                    open.push(needed.clone());
                }
            }
        }
        found
    }

    /// Every declared service of an environment that cannot do without another, through all of them; never that one itself.
    pub fn needing_in(&self, environment: &str, name: &str) -> BTreeSet<Arc<str>> {
        let here = self.declared.iter().filter(|service| service.is_of(environment) && *service.name != *name);
        let needs = |service: &&Service| self.needed_in(environment, &service.name).iter().any(|one| **one == *name);
        here.filter(needs).map(|service| service.name.clone()).collect()
    }

    /// What is too much of a signal of a service: as the service says, else as is shipped. A signal names no namespace: of services with
    /// one name in an environment the first counts.
    pub fn limit(&self, environment: &str, service: &str, signal: &str) -> Option<Limit> {
        let named = self.declared.iter().find(|one| *one.name == *service && one.is_of(environment));
        let own = named.and_then(|service| service.thresholds.get(signal));
        own.copied().unwrap_or_else(|| Limit::shipped(signal))
    }

    /// The names of the declared services of an environment whose signals are missed where there are none, each once.
    pub fn measured_in(&self, environment: &str) -> BTreeSet<Arc<str>> {
        let here = self.declared.iter().filter(|service| service.is_of(environment) && !service.is_unmeasured);
        here.map(|service| service.name.clone()).collect()
    }

    /// The labels that may carry the status code of an answer in an environment: those of its services, and else the one that is named
    /// for all, or the usual ones.
    pub fn code_labels(&self, environment: &str, everywhere: Option<Arc<str>>) -> CodeLabels {
        let mut own = BTreeMap::new();
        for service in self.declared.iter().filter(|service| service.is_of(environment)) {
            if let Some(label) = &service.code_label {
                own.entry(service.name.clone()).or_insert_with(|| label.clone());
            }
        }
        CodeLabels { everywhere, own }
    }

    /// The service of a workload: the one that lists it, else the one its label names.
    ///
    /// # Errors
    /// When it maps to none: why. That is shown, never hidden.
    pub fn of(&self, workload: &WorkloadRef, label: Option<&Arc<str>>) -> Result<Arc<str>, Unmapped> {
        let mut here = self.declared.iter().filter(|service| service.is_in(&workload.environment, &workload.namespace));
        if let Some(service) = here.clone().find(|service| service.lists(workload)) {
            return Ok(service.name.clone());
        }
        let label = label.filter(|label| !label.is_empty()).ok_or(Unmapped::Nameless)?;
        match here.find(|service| service.name == *label) {
            Some(service) if !service.workloads.is_empty() => Err(Unmapped::NotListed(label.clone())),
            _ => Ok(label.clone()),
        }
    }
}

/// Whether a list of names has one in it; an empty list has all.
fn allows(names: &[Arc<str>], name: &str) -> bool {
    names.is_empty() || names.iter().any(|known| **known == *name)
}

impl Service {
    /// Whether it is there at all.
    pub fn is_in(&self, environment: &str, namespace: &str) -> bool {
        self.is_of(environment) && allows(&self.namespaces, namespace)
    }

    /// Whether it is in an environment, in whatever namespace.
    pub fn is_of(&self, environment: &str) -> bool {
        allows(&self.environments, environment)
    }

    /// Whether a workload is among those it lists.
    fn lists(&self, workload: &WorkloadRef) -> bool {
        self.workloads.iter().any(|member| member.is(workload))
    }
}

impl Member {
    /// Whether a workload, wherever it is, is this.
    pub fn is(&self, workload: &WorkloadRef) -> bool {
        self.kind == workload.kind && self.name == workload.name
    }
}

impl Unmapped {
    /// Why, as a sentence for the operator.
    pub fn sentence(&self) -> String {
        match self {
            Self::Nameless => {
                format!("{UNMAPPED}: no service lists it, and it has no label {} or {}.", LABELS[0], LABELS[1])
            }
            Self::NotListed(service) => format!(
                "{UNMAPPED}: its label names service {service}, whose workloads the configuration lists without it."
            ),
        }
    }
}

impl fmt::Display for Member {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{}/{}", self.kind.resource(), self.name)
    }
}

impl fmt::Display for Share {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / 10_000, format!("{:04}", self.0 % 10_000));
        match rest.trim_end_matches('0') {
            "" => write!(to, "{whole} %"),
            rest => write!(to, "{whole}.{rest} %"),
        }
    }
}

/// How many services some workloads are of. One that maps to none is a service of its own: whose users it serves is not known.
pub fn count<'a>(workloads: impl IntoIterator<Item = (&'a WorkloadRef, Option<&'a str>)>) -> usize {
    let services: BTreeSet<(&str, &str, Result<&str, &WorkloadRef>)> = workloads
        .into_iter()
        .map(|(workload, service)| (&*workload.environment, &*workload.namespace, service.ok_or(workload)))
        .collect();
    services.len()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::domain::service) fn workload(name: &str) -> WorkloadRef {
        WorkloadRef {
            environment: "production".into(),
            namespace: "shop".into(),
            kind: Kind::Deployment,
            name: name.into(),
        }
    }

    pub(in crate::domain::service) fn listing(name: &str, workloads: &[&str]) -> Service {
        let member = |name: &&str| Member { kind: Kind::Deployment, name: (*name).into() };
        Service { name: name.into(), workloads: workloads.iter().map(member).collect(), ..Service::default() }
    }

    fn label(name: &str) -> Arc<str> {
        name.into()
    }

    #[test]
    fn the_configuration_overrides_the_label() {
        let services = Services::new(vec![listing("checkout", &["api", "web"])]);
        assert_eq!(services.of(&workload("api"), Some(&label("api"))), Ok("checkout".into()));
        assert_eq!(services.of(&workload("web"), None), Ok("checkout".into()));
        assert_eq!(services.of(&workload("cart"), Some(&label("cart"))), Ok("cart".into()));
    }

    #[test]
    fn what_maps_to_nothing_says_why() {
        let services = Services::new(vec![listing("checkout", &["api"])]);
        assert_eq!(services.of(&workload("cart"), None), Err(Unmapped::Nameless));
        assert_eq!(services.of(&workload("cart"), Some(&label(""))), Err(Unmapped::Nameless));
        let left_out = services.of(&workload("worker"), Some(&label("checkout")));
        assert_eq!(left_out, Err(Unmapped::NotListed("checkout".into())), "a complete list is complete");
    }

    #[test]
    fn a_declaration_without_workloads_adds_to_what_labels_find() {
        let services = Services::new(vec![listing("checkout", &[])]);
        assert_eq!(services.of(&workload("api"), Some(&label("checkout"))), Ok("checkout".into()));
        assert!(services.named("production", "shop", "checkout").is_some());
    }

    #[test]
    fn a_service_of_elsewhere_says_nothing_here() {
        let elsewhere = Service { environments: vec!["staging".into()], ..listing("checkout", &["api"]) };
        let other = Service { namespaces: vec!["pay".into()], ..listing("pay", &["api"]) };
        let services = Services::new(vec![elsewhere, other]);
        assert_eq!(services.of(&workload("api"), None), Err(Unmapped::Nameless));
        assert_eq!(services.of(&workload("api"), Some(&label("checkout"))), Ok("checkout".into()));
    }

    #[test]
    fn the_same_name_in_two_namespaces_is_two_services_and_an_unmapped_workload_is_one_of_its_own() {
        let (api, web) = (workload("api"), workload("web"));
        let other = WorkloadRef { namespace: "pay".into(), ..api.clone() };
        assert_eq!(count([(&api, Some("checkout")), (&web, Some("checkout"))]), 1);
        assert_eq!(count([(&api, Some("checkout")), (&other, Some("checkout"))]), 2);
        assert_eq!(count([(&api, None), (&web, None)]), 2);
        assert_eq!(count([(&api, None), (&web, Some("api"))]), 2);
    }

    #[test]
    fn a_share_reads_as_it_is_written() {
        assert_eq!(Share(999_000).to_string(), "99.9 %");
        assert_eq!(Share(1_000_000).to_string(), "100 %");
        assert_eq!(Share(999_950).to_string(), "99.995 %");
    }
}
