//! The ways a service is taken into maintenance mode, as its configuration declares them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::domain::worded;

worded! {
    /// A way into maintenance mode. Declared in the order they are taken; they are taken back in the other.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum Way {
        /// Routes and Services lead to a maintenance page.
        Route = "route",
        /// A ConfigMap says that it is maintenance, and until when.
        ConfigMap = "config-map",
        /// Environment variables say so: `MAINTENANCE_MODE`, `MAINTENANCE_END_TIME`.
        Variables = "variables",
        /// No pod is left.
        Scale = "scale",
    }
}

/// What says that it is maintenance: an environment variable and a key of a ConfigMap.
pub const MODE: &str = "MAINTENANCE_MODE";

/// What says until when, as a time in RFC 3339.
pub const END_TIME: &str = "MAINTENANCE_END_TIME";

worded! {
    /// An object beside the workloads that a way changes. The words are those of a command line.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "lowercase")]
    pub enum ObjectKind {
        /// `v1` Service.
        Service = "service",
        /// `gateway.networking.k8s.io/v1` HTTPRoute.
        HttpRoute = "httproute",
        /// `v1` ConfigMap.
        ConfigMap = "configmap",
        /// `batch/v1` CronJob.
        CronJob = "cronjob",
        /// `keda.sh/v1alpha1` ScaledObject.
        ScaledObject = "scaledobject",
        /// `autoscaling/v2` HorizontalPodAutoscaler: read, and never changed.
        Autoscaler = "horizontalpodautoscaler",
    }
}

impl ObjectKind {
    /// The API it is of, and its plural there, as a path spells them.
    pub const fn resource(self) -> (&'static str, &'static str) {
        match self {
            Self::Service => ("api/v1", "services"),
            Self::HttpRoute => ("apis/gateway.networking.k8s.io/v1", "httproutes"),
            Self::ConfigMap => ("api/v1", "configmaps"),
            Self::CronJob => ("apis/batch/v1", "cronjobs"),
            Self::ScaledObject => ("apis/keda.sh/v1alpha1", "scaledobjects"),
            Self::Autoscaler => ("apis/autoscaling/v2", "horizontalpodautoscalers"),
        }
    }
}

/// An object of a kind, in the namespace of the workloads it belongs to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Named {
    /// Its kind.
    pub kind: ObjectKind,
    /// Its name.
    pub name: Arc<str>,
}

impl Named {
    /// Reads `httproute/checkout`.
    pub fn read(text: &str) -> Option<Self> {
        let (kind, name) = text.split_once('/')?;
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.');
        let kind = ObjectKind::of_word(kind)?;
        (!name.is_empty() && name.bytes().all(is_plain)).then(|| Self { kind, name: name.into() })
    }
}

impl fmt::Display for Named {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{}/{}", self.kind.word(), self.name)
    }
}

/// What answers in place of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The Service that an HTTPRoute leads to instead.
    pub service: Arc<str>,
    /// Its port.
    pub port: u16,
    /// The labels of its pods: what a Service selects instead. Empty where none is switched.
    pub selector: BTreeMap<String, String>,
}

/// How a service is taken into maintenance mode.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ways {
    /// The ways that are taken where nobody says which; empty: by routes where there are any, and by scaling.
    pub by: Vec<Way>,
    /// The routes and Services that lead to it.
    pub routes: Vec<Named>,
    /// What answers meanwhile.
    pub page: Option<Page>,
    /// The ConfigMap its application reads the mode from.
    pub config_map: Option<Arc<str>>,
    /// The container whose variables say it; else the first.
    pub container: Option<Arc<str>>,
    /// Whether its application reads the mode from its variables.
    pub has_variables: bool,
    /// CronJobs that are suspended meanwhile.
    pub cron_jobs: Vec<Arc<str>>,
    /// Where its users come in: asked whether it answers as in maintenance.
    pub address: Option<String>,
}

impl Ways {
    /// The ways that are taken where nobody says which.
    pub fn usual(&self) -> Vec<Way> {
        if !self.by.is_empty() {
            return self.by.clone();
        }
        let route = (!self.routes.is_empty()).then_some(Way::Route);
        route.into_iter().chain([Way::Scale]).collect()
    }

    /// What is missed for a way; `None` where it can be taken.
    pub fn lacks(&self, way: Way) -> Option<&'static str> {
        match way {
            Way::Route if self.routes.is_empty() => Some("routes = [\"httproute/NAME\"] and a page"),
            Way::Route if self.page.is_none() => Some("page = { service = \"NAME\", port = 80 }"),
            Way::ConfigMap if self.config_map.is_none() => Some("config_map = \"NAME\""),
            Way::Variables if !self.has_variables => Some("variables = true"),
            _ => None,
        }
    }
}
