//! One environment: where it is, which part of it is shown, how carefully it is touched.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use super::alertmanager::Alerts;
use super::prometheus::Prometheus;
use super::scrape::Scrape;
use crate::domain::alert::LocalRule;
use crate::domain::environment::Guard;

/// Which cluster, by the name the kubeconfig gives it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ContextRef {
    /// The kubeconfig's current context, whose name is not known here.
    Current,
    /// A context of the kubeconfig.
    Named(String),
    /// The cluster this process runs in.
    InCluster,
    /// None: there is nothing of Kubernetes in it.
    Nowhere,
}

/// Which namespaces are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Namespaces {
    /// The one the context names; all when it names none.
    OfContext,
    /// All of them.
    All,
    /// These; never empty, each once.
    Named(Vec<String>),
}

/// Why nothing may be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadOnly {
    /// `--read-only` was given.
    Asked,
    /// There is no configuration file; this is where one would be looked for.
    NoFile(PathBuf),
    /// The configuration file has problems.
    Broken(PathBuf),
    /// The file declares no environment for this context.
    Undeclared,
    /// The environment does not say `write = true`.
    NotGranted,
}

/// Where an operator looks and acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// Its name: the table's in the file, the context's when it is not declared.
    pub name: Arc<str>,
    /// Its cluster.
    pub context: ContextRef,
    /// What is shown of it.
    pub namespaces: Namespaces,
    /// How carefully actions are confirmed.
    pub guard: Guard,
    /// Why nothing may be written; `None` when it may.
    pub read_only: Option<ReadOnly>,
    /// Where its alerts come from.
    pub alerts: Alerts,
    /// The rules this console evaluates itself; none where an Alertmanager tells what fires, unless the file says so.
    pub rules: Arc<[LocalRule]>,
    /// Where its signals come from; `None` when nobody said.
    pub prometheus: Option<Prometheus>,
    /// Pages of metrics that are read where there is no Prometheus, or while it is away.
    pub scrapes: Vec<Scrape>,
}

impl Environment {
    /// An environment nobody declared: production guard, read-only. `None` is a current context whose name is not known.
    pub fn undeclared(context: Option<&str>) -> Self {
        Self {
            name: Arc::from(context.unwrap_or("current context")),
            context: context.map_or(ContextRef::Current, |name| ContextRef::Named(name.to_owned())),
            namespaces: Namespaces::OfContext,
            guard: Guard::Production,
            read_only: Some(ReadOnly::Undeclared),
            alerts: Alerts::default(),
            rules: Arc::default(),
            prometheus: None,
            scrapes: Vec::new(),
        }
    }

    /// Whether actions may be confirmed here.
    pub const fn may_write(&self) -> bool {
        self.read_only.is_none()
    }
}

impl ReadOnly {
    /// The reason in a few words, for the header.
    pub const fn words(&self) -> &'static str {
        match self {
            Self::Asked => "--read-only",
            Self::NoFile(_) => "no configuration",
            Self::Broken(_) => "configuration has problems",
            Self::Undeclared => "not declared",
            Self::NotGranted => "write is not set",
        }
    }

    /// What the operator can do about it, as a sentence.
    pub fn fix(&self) -> String {
        match self {
            Self::Asked => "Start without --read-only to act.".to_owned(),
            Self::NoFile(file) => format!(
                "Run: quarterdeck config init > {} - declare this context there and write = true to act.",
                file.display()
            ),
            Self::Broken(file) => {
                format!(
                    "Run: quarterdeck config check - and correct {}; until then nothing can be changed.",
                    file.display()
                )
            }
            Self::Undeclared => "Declare an [environment.NAME] with this context and write = true to act.".to_owned(),
            Self::NotGranted => "Set write = true in this environment's table of the configuration to act.".to_owned(),
        }
    }
}

impl fmt::Display for ContextRef {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Current => to.write_str("the current context"),
            Self::Named(name) => to.write_str(name),
            Self::InCluster => to.write_str("in-cluster"),
            Self::Nowhere => to.write_str("no cluster"),
        }
    }
}

impl Namespaces {
    /// Whether a namespace is among them. Which one a context names is not known here: then every one is.
    pub fn include(&self, namespace: &str) -> bool {
        match self {
            Self::Named(names) => names.iter().any(|name| name == namespace),
            Self::All | Self::OfContext => true,
        }
    }
}

impl fmt::Display for Namespaces {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OfContext => to.write_str("namespace of the context"),
            Self::All => to.write_str("all namespaces"),
            Self::Named(names) => match names.as_slice() {
                [one] => to.write_str(one),
                [first, others @ ..] => write!(to, "{first} +{}", others.len()),
                [] => to.write_str("no namespace"),
            },
        }
    }
}
