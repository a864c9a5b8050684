//! What is asked of a component, and where.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use chrono::TimeDelta;
use serde::Serialize;

use crate::domain::service::Services;
use crate::domain::worded;

/// How long an answer may take where the configuration says nothing else (requirements B3).
pub const TIMEOUT: TimeDelta = TimeDelta::seconds(5);

worded! {
    /// How a component is asked.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
    #[serde(rename_all = "lowercase")]
    pub enum Kind {
        /// GET of an address; status and body tell.
        Http = "http",
        /// A connection is made, and closed.
        Tcp = "tcp",
        /// A connection is made, and its certificate looked at.
        Tls = "tls",
        /// The first words of PostgreSQL, without logging in.
        Postgres = "postgres",
        /// PING of Redis, without logging in.
        Redis = "redis",
    }
}

impl Kind {
    /// The port where the address names none; `None` where it has to.
    pub const fn port(self) -> Option<u16> {
        match self {
            Self::Http | Self::Tcp => None,
            Self::Tls => Some(443),
            Self::Postgres => Some(5432),
            Self::Redis => Some(6379),
        }
    }
}

/// Where a component is. An empty address is one the configuration had wrong: the component is shown, and never asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// At one address; `{environment}` stands for the name of the environment.
    Everywhere(String),
    /// At one of each environment that is named, and nowhere else.
    In(BTreeMap<Arc<str>, String>),
}

impl Target {
    /// Its address in an environment.
    pub fn address(&self, environment: &str) -> Option<String> {
        match self {
            Self::Everywhere(address) => Some(address.replace("{environment}", environment)),
            Self::In(addresses) => addresses.get(environment).cloned(),
        }
    }
}

/// How one component of a service is asked, as the configuration says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// The component: one of a service's.
    pub component: Arc<str>,
    /// How it is asked.
    pub kind: Kind,
    /// Where it is.
    pub target: Target,
    /// How long an answer may take.
    pub timeout: TimeDelta,
    /// The version it should say, or its beginning; `None` where nobody said.
    pub version: Option<String>,
    /// Whether the service is unhealthy without it; degraded otherwise.
    pub is_critical: bool,
    /// The authorities its certificate may be of, in PEM, beside those of the system.
    pub authorities: Option<PathBuf>,
}

/// What is to be asked in an environment: the service, the probe, and the address.
pub fn probes(services: &Services, environment: &str) -> Vec<(Arc<str>, Probe, String)> {
    let mut found: Vec<(Arc<str>, Probe, String)> = Vec::new();
    for service in services.declared().iter().filter(|service| service.is_of(environment)) {
        for probe in &service.probes {
            let is_known =
                found.iter().any(|(name, known, _)| *name == service.name && known.component == probe.component);
            if let Some(address) = probe.target.address(environment).filter(|_| !is_known) {
                found.push((service.name.clone(), probe.clone(), address));
            }
        }
    }
    found
}
