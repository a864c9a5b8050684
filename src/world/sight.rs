//! What is known of one environment, and which environments are shown.

use crate::config::Environment;
use crate::domain::cluster::ClusterSnapshot;
use crate::domain::environment::Guard;
use crate::domain::source::{SourceHealth, SourceId, SourceKind, SourceState};

/// How the connection to an environment stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Link {
    /// Nobody asked for it yet.
    #[default]
    Idle,
    /// Being made.
    Connecting,
    /// Made.
    Connected,
    /// Could not be made; the reason. It is tried again.
    Failed(String),
}

/// Which of the environments are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// All of them, in one list.
    All,
    /// One, by its place in the configuration.
    One(usize),
}

impl Scope {
    /// Whether the environment at a place is shown.
    pub const fn includes(self, place: usize) -> bool {
        match self {
            Self::All => true,
            Self::One(only) => only == place,
        }
    }
}

/// What is known once a connection is made.
#[derive(Debug, Clone)]
pub struct Connected {
    /// The context.
    pub context: String,
    /// Who we are to the cluster.
    pub identity: Option<String>,
    /// The namespaces watched, in words.
    pub scope: String,
}

/// One environment as the console knows it. Nothing in it comes from another.
#[derive(Debug)]
pub struct Sight {
    /// What the configuration says of it.
    pub environment: Environment,
    /// The connection.
    pub link: Link,
    /// The kubeconfig context, once connected by the name the connection has for it.
    pub context: String,
    /// The namespaces watched, in words.
    pub namespaces: String,
    /// Who we are to the cluster.
    pub identity: Option<String>,
    /// The newest of the cluster that is shown.
    pub snapshot: ClusterSnapshot,
}

impl Sight {
    /// An environment of which nothing is known yet.
    pub fn new(environment: Environment) -> Self {
        Self {
            context: environment.context.to_string(),
            namespaces: environment.namespaces.to_string(),
            link: Link::default(),
            identity: None,
            snapshot: ClusterSnapshot::default(),
            environment,
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.environment.name
    }

    /// Its guard.
    pub const fn guard(&self) -> Guard {
        self.environment.guard
    }

    /// Why nothing may be changed here, in a few words; `None` where something may.
    pub fn read_only(&self) -> Option<&'static str> {
        self.environment.read_only.as_ref().map(crate::config::ReadOnly::words)
    }

    /// The same as a sentence with what to do about it.
    pub fn read_only_sentence(&self) -> Option<String> {
        let reason = self.environment.read_only.as_ref()?;
        Some(format!("Read-only: {}. {}", reason.words(), reason.fix()))
    }

    /// Takes in what a connection tells of itself.
    pub fn connected(&mut self, connected: Connected) {
        self.link = Link::Connected;
        self.context = connected.context;
        self.namespaces = connected.scope;
        self.identity = connected.identity.or(self.identity.take());
    }

    /// The freshness of its sources; before there is a connection, of the way to it.
    pub fn sources(&self) -> Vec<SourceHealth> {
        if !self.snapshot.health.is_empty() {
            return self.snapshot.health.clone();
        }
        let mut health = SourceHealth::loading(SourceId::of(&self.environment.name, SourceKind::Cluster));
        if let Link::Failed(reason) = &self.link {
            health.state = SourceState::Down;
            health.error = Some(reason.clone());
        }
        vec![health]
    }
}
