//! What every command begins with: the settings, one environment, and the way to its cluster.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{Notify, mpsc, watch};

use super::Global;
use super::on_alerts::Listed;
use super::output::note;
use crate::actions::catalog::Catalog;
use crate::actions::journal::{self, Journal};
use crate::actions::{
    Clusters, CommandLines, Desk, Elsewhere, Executor, Grant, Limits, Neighbour, Planner, Seen, StoreEyes, actor, key,
};
use crate::app::command_names;
use crate::config::{Asked, ContextRef, DeclaredDatabase, Environment, Paths, Settings};
use crate::domain::action::Phase;
use crate::domain::cluster::ClusterSnapshot;
use crate::domain::log::Mask;
use crate::domain::problem::Problem;
use crate::domain::service::{self, Chosen, Services};
use crate::domain::store::Author;
use crate::domain::time::Instant;
use crate::domain::usage::Board;
use crate::domain::usage::UsageAsk;
use crate::keys::Keymap;
use crate::sources::alertmanager::AlertFeed;
use crate::sources::cluster::{ClusterSource, Connection, Contexts, Endpoint, Hands, Reach, Rehearsal, namespaces};
use crate::sources::error::{SourceError, Trouble};
use crate::sources::feed::{Feed, once, settled};
use crate::sources::patroni::Databases;
use crate::sources::prometheus::Downtime;
use crate::sources::store::Store;
use crate::sources::usage::ObserveUsage;
use crate::sources::{Clock, Programs};
use crate::telemetry::redact_command;
use crate::theme::{Depth, Theme};
use crate::world::Scope;

/// How long the first answers may take.
pub(super) const SETTLE_WITHIN: Duration = Duration::from_secs(30);
/// How long what is used is waited for: nothing else depends on it.
const USAGE_WITHIN: Duration = Duration::from_secs(5);

/// Settings and the environment a command is about.
#[derive(Clone)]
pub(super) struct Session {
    /// Where the console's files are.
    pub(super) paths: Paths,
    /// What the operator asked for.
    pub(super) settings: Settings,
    /// What is wrong with it.
    pub(super) problems: Vec<Problem>,
    /// The environment a command is about that is about one.
    pub(super) environment: Environment,
    /// The environments that are shown: one where the command line names it, else all that are declared.
    pub(super) scope: Scope,
    /// Why it is not certain which environment is meant; `None` when it is.
    doubt: Option<String>,
    /// The kubeconfig named on the command line.
    pub(super) kubeconfig: Option<PathBuf>,
    clock: Clock,
    pub(super) seen: Arc<Mutex<Seen>>,
    pub(super) ended: Arc<Mutex<HashMap<String, Phase>>>,
    pub(super) journal: Arc<Mutex<Journal>>,
    clusters: Arc<Mutex<Clusters>>,
    /// The store of the settings.
    pub(super) store: Arc<Store>,
    elsewhere: Elsewhere,
    pub(super) catalog: Catalog,
}

/// A session with its cluster.
pub(super) struct Connected {
    /// The connection.
    pub(super) connection: Connection,
    /// The environment's name.
    environment: Arc<str>,
    /// The namespaces looked at; empty means all of them.
    pub(super) namespaces: Vec<Arc<str>>,
    /// The services that are declared.
    services: Arc<Services>,
    /// The namespace meant when none is named.
    pub(super) default_namespace: String,
}

impl Session {
    /// Reads the settings and picks the environment: `--environment`, `--context`, the kubeconfig's current context, the first declared.
    pub(super) fn prepare(global: &Global) -> Self {
        Self::prepare_in(global, paths())
    }

    /// The same with the console's files elsewhere.
    pub(super) fn prepare_in(global: &Global, paths: Paths) -> Self {
        let current_context = Contexts::read(global.kubeconfig.as_deref())
            .ok()
            .and_then(|contexts| contexts.current().map(str::to_owned));
        let asked = Asked {
            is_read_only: global.read_only,
            context: global.context.clone(),
            current_context: current_context.clone(),
        };
        let file = global.config.clone().unwrap_or_else(|| paths.config_file());
        let (settings, mut problems) = Settings::load(&file, global.config.is_some(), &asked);
        let named = |name: &str| settings.environments.iter().find(|environment| *environment.name == *name);
        let of_context = |context: &str| {
            settings
                .environments
                .iter()
                .find(|environment| environment.context == ContextRef::Named(context.to_owned()))
        };
        let chosen = match &global.environment {
            Some(name) => named(name),
            None => current_context.as_deref().and_then(of_context),
        };
        let place_of =
            |one: &Environment| settings.environments.iter().position(|environment| environment.name == one.name);
        let scope = match (&global.environment, settings.environments.as_slice()) {
            (Some(_), _) => chosen.and_then(place_of).map_or(Scope::All, Scope::One),
            (None, [_]) => Scope::One(0),
            (None, _) => Scope::All,
        };
        let known: Vec<&str> = settings.environments.iter().map(|environment| &*environment.name).collect();
        let doubt = match (&global.environment, chosen) {
            (_, Some(_)) => None,
            (Some(name), None) => Some(format!("There is no environment {name:?}. Use one of: {}.", known.join(", "))),
            (None, None) => (known.len() > 1)
                .then(|| format!("Which environment is meant? Give --environment with one of: {}.", known.join(", "))),
        };
        if let (Some(name), None) = (&global.environment, chosen) {
            problems.push(Problem {
                file: None,
                line: None,
                key: Some("--environment".to_owned()),
                sentence: format!("There is no environment {name:?}."),
                fix: format!("Use one of: {}.", known.join(", ")),
            });
        }
        let environment = chosen.or_else(|| settings.environments.first()).cloned();
        let environment = environment.unwrap_or_else(|| Environment::undeclared(current_context.as_deref()));
        let clock = system_clock();
        let _ = journal::seal(paths.state(), &author().origin, clock());
        let ended = journal::ended(paths.state(), clock()).unwrap_or_default();
        let store = Store::open(&settings.store, paths.state(), &clock, settings.store_read_only.is_some());
        Self {
            seen: Arc::new(Mutex::new(Seen::load(paths.state()))),
            ended: Arc::new(Mutex::new(ended)),
            journal: Arc::new(Mutex::new(Journal::new(paths.state()))),
            clusters: Arc::new(Mutex::new(Clusters::load(paths.state()))),
            store: Arc::new(store),
            elsewhere: Elsewhere::default(),
            catalog: global.catalog,
            paths,
            environment,
            scope,
            doubt,
            settings,
            problems,
            kubeconfig: global.kubeconfig.clone(),
            clock,
        }
    }

    /// Every environment that is shown, as a session of its own.
    pub(super) fn shown(&self) -> Vec<Self> {
        let places = 0..self.settings.environments.len();
        places.filter(|place| self.scope.includes(*place)).map(|place| self.at(place)).collect()
    }

    /// Why it is not certain which environment a command means that is about one.
    pub(super) fn doubt(&self) -> Option<&str> {
        self.doubt.as_deref()
    }

    /// The same session in another of its environments.
    pub(super) fn at(&self, environment: usize) -> Self {
        let environment = self.settings.environments.get(environment).unwrap_or(&self.environment).clone();
        Self { environment, ..self.clone() }
    }

    /// The same session in another of its environments, which is certainly meant.
    pub(super) fn certainly_at(&self, environment: usize) -> Self {
        Self { doubt: None, ..self.at(environment) }
    }

    /// What is masked in logs.
    pub(super) fn mask(&self) -> Arc<Mask> {
        // Each pattern was compiled when it was read; one that fails now must not cost the others.
        let further = self.settings.log_masks.iter().map(String::as_str);
        Arc::new(Mask::with(further).unwrap_or_default())
    }

    /// Says on standard error what is wrong with the configuration.
    pub(super) fn tell_problems(&self) {
        for problem in &self.problems {
            note(&problem.to_string());
        }
    }

    pub(super) fn clock(&self) -> Clock {
        self.clock.clone()
    }

    pub(super) fn now(&self) -> Instant {
        (self.clock)()
    }

    /// The context in words, before anything is connected.
    pub(super) fn context_words(&self) -> String {
        self.environment.context.to_string()
    }

    /// Connects to the environment's cluster.
    pub(super) async fn connect(&self) -> Result<Connected, SourceError> {
        let endpoint = endpoint(&self.environment, self.kubeconfig.as_deref())?;
        let of_context = endpoint.namespace().map(str::to_owned);
        let connection = Connection::open(endpoint, self.clock()).await?;
        let namespaces = namespaces(&connection, &self.environment.namespaces, of_context.as_deref()).await?;
        let default_namespace = match namespaces.as_slice() {
            [only] => only.to_string(),
            _ => of_context.unwrap_or_else(|| "default".to_owned()),
        };
        let (environment, services) = (self.environment.name.clone(), self.settings.services.clone());
        Ok(Connected { connection, environment, namespaces, services, default_namespace })
    }

    /// Every problem of the configuration, the keymap and the theme.
    pub(super) fn all_problems(&self) -> Vec<Problem> {
        let look = &self.settings.look;
        let mut problems = self.problems.clone();
        problems.extend(Keymap::load(&look.keymap, &self.paths.keymaps(), &command_names(self.catalog)).1);
        problems.extend(Theme::load(&look.theme, &self.paths.themes(), Depth::True).1);
        problems
    }

    /// Whether the environment may be changed, or why not.
    pub(super) fn grant(&self) -> Grant {
        match &self.environment.read_only {
            None => Ok(()),
            Some(reason) => {
                Err(format!("{} is read-only ({}). {}", self.environment.name, reason.words(), reason.fix()))
            }
        }
    }

    /// What is polled in the environment; `None` where its configuration asks for nothing of the kind.
    pub(super) fn feed<F: Feed>(&self) -> Option<F> {
        F::of(&self.environment, &self.settings.services, &self.clock)
    }

    /// What a feed of the environment tells once everything has answered or failed.
    pub(super) async fn once<F: Feed>(&self, within: Duration) -> Option<F::Snapshot> {
        Some(once(self.feed::<F>()?, self.clock(), within).await)
    }

    /// The same of a feed that knows what was planned to be down.
    pub(super) async fn once_knowing<F: Feed>(&self, downtime: &Downtime, within: Duration) -> Option<F::Snapshot> {
        Some(once(self.feed::<F>()?.knowing(downtime), self.clock(), within).await)
    }

    /// The services that are declared.
    pub(super) fn services(&self) -> &Services {
        &self.settings.services
    }

    /// What the environment allows, and what the others do that may be of the same cluster.
    fn limits(&self) -> Limits {
        let Environment { name, guard, namespaces, .. } = &self.environment;
        let stricter = self.settings.declared.iter().filter(|one| one.name != *name && one.guard > *guard);
        let neighbour = |one: &Environment| Neighbour {
            environment: one.name.clone(),
            guard: one.guard,
            namespaces: one.namespaces.clone(),
            context: one.context.to_string(),
            server: endpoint(one, self.kubeconfig.as_deref()).ok().and_then(|endpoint| endpoint.server()),
        };
        let others = stricter.map(neighbour).collect();
        Limits { guard: *guard, namespaces: namespaces.clone(), others, clusters: self.clusters.clone() }
    }

    /// What planner and executor of the environment share.
    fn desk(&self) -> Desk {
        let alerting = self.feed::<AlertFeed>().filter(|feed| !feed.clients.is_empty());
        let read_only = self.settings.store_read_only;
        let databases = self.databases_here();
        Desk {
            store: Some(StoreEyes::new(self.store.clone(), Arc::new(Listed::of(self)), read_only)),
            write: Some(self.store.clone()),
            alerts: alerting.as_ref().map(|feed| Arc::new(feed.eyes()) as _),
            silence: alerting.map(|feed| Arc::new(feed.hands()) as _),
            databases: databases.clone().map(|databases| Arc::new(databases) as _),
            change_databases: databases.map(|databases| Arc::new(databases) as _),
            replica_labels: self.environment.alerts.replica_labels.clone(),
            environment: self.environment.name.clone(),
            limits: self.limits(),
            grant: self.grant(),
            actor: actor(|name| std::env::var(name).ok(), &host()),
            services: self.settings.services.clone(),
            seen: self.seen.clone(),
            ended: self.ended.clone(),
            elsewhere: self.elsewhere.clone(),
            backups: self.settings.backups.clone(),
            programs: Arc::new(Programs),
            catalog: self.catalog,
            journal: self.journal.clone(),
            clock: self.clock(),
        }
    }

    /// The databases of the environment; `None` where none is declared.
    fn databases_here(&self) -> Option<Databases> {
        let declared = self.settings.databases.iter();
        let of_it = declared
            .filter(|one| one.database.environment.as_deref().is_none_or(|name| name == &*self.environment.name));
        let of_it: Vec<DeclaredDatabase> = of_it.cloned().collect();
        (!of_it.is_empty()).then(|| Databases::new(of_it, self.clock()))
    }

    /// The executor of what is in no cluster.
    pub(super) fn local(&self, leaving: watch::Receiver<bool>) -> Executor {
        self.desk().local_executor(leaving)
    }

    /// The planner of the environment.
    pub(super) fn planner(&self, connected: &Connected) -> Planner {
        let connection = connected.connection.clone();
        self.desk().planner(Arc::new(connection.clone()), Rehearsal::new(connection))
    }

    /// How the journal keeps command lines.
    fn command_lines(&self) -> CommandLines {
        if self.settings.keeps_command_lines {
            CommandLines::Whole(redact_command)
        } else {
            CommandLines::Digest(key(self.paths.state()))
        }
    }

    /// The executor of the environment: with hands where it may be changed.
    pub(super) fn executor(&self, connected: &Connected, leaving: watch::Receiver<bool>) -> Executor {
        let connection = connected.connection.clone();
        let executor = self.desk().executor(self.planner(connected), Arc::new(Hands::new(connection.clone())), leaving);
        executor.with_pods(Reach::new(connection), self.command_lines())
    }
}

/// Where the console's files are; without a home directory, the current directory.
pub(super) fn paths() -> Paths {
    Paths::find().unwrap_or_else(|| Paths::within(".".as_ref(), ".".as_ref()))
}

/// The endpoint of an environment.
pub(super) fn endpoint(
    environment: &Environment,
    kubeconfig: Option<&std::path::Path>,
) -> Result<Endpoint, SourceError> {
    match &environment.context {
        ContextRef::Nowhere => {
            let words = format!(
                "{} has no cluster: its configuration names neither a context nor in_cluster.",
                environment.name
            );
            Err(SourceError::new(Trouble::Setup, words))
        }
        ContextRef::InCluster => Ok(Endpoint::InCluster),
        ContextRef::Current => Endpoint::current(kubeconfig),
        ContextRef::Named(context) => Contexts::read(kubeconfig)?.endpoint(context),
    }
}

impl Connected {
    /// The workloads of a service in a namespace, by what is there now.
    pub(super) async fn of_service(&self, namespace: &str, name: &str) -> Result<Chosen, String> {
        let snapshot = Box::pin(self.settled(SETTLE_WITHIN)).await;
        let mut chosen = service::choose(
            &self.services,
            snapshot.rollouts.iter().map(AsRef::as_ref),
            &self.environment,
            namespace,
            name,
        )?;
        chosen.choice.notes.extend(service::unseen(&snapshot.health, &self.environment, namespace));
        Ok(chosen)
    }

    /// What the nodes use, once; or why that is not known.
    pub(super) async fn usage(&self) -> Result<Board, String> {
        let ask = UsageAsk::Nodes(self.environment.clone());
        match tokio::time::timeout(USAGE_WITHIN, self.connection.usage(&ask)).await {
            Ok(answer) => answer.map_err(|error| error.sentence),
            Err(_) => Err(format!("no answer within {} s.", USAGE_WITHIN.as_secs())),
        }
    }

    /// The world once every source has answered, or said why it does not; at most `within` later as far as it is known.
    pub(super) async fn settled(&self, within: Duration) -> ClusterSnapshot {
        let (_nobody, focus) = watch::channel(None);
        let (released, _) = mpsc::channel(1);
        let source = |snapshots| {
            ClusterSource {
                environment: self.environment.clone(),
                connection: self.connection.clone(),
                namespaces: self.namespaces.clone(),
                services: self.services.clone(),
                focus,
                snapshots,
                released,
                retry: Arc::new(Notify::new()),
            }
            .run()
        };
        Box::pin(settled(within, source, ClusterSnapshot::is_settled)).await
    }
}

/// Whether a namespace is within what the environment shows.
pub(super) fn shows(environment: &Environment, namespace: &str) -> bool {
    environment.namespaces.include(namespace)
}

/// The operating system's clock: the one place that reads it.
#[expect(clippy::disallowed_methods, reason = "here the clock comes in; everything else is given it")]
pub(super) fn system_clock() -> Clock {
    Arc::new(chrono::Utc::now)
}

/// Who sits here, for the store.
pub(super) fn author() -> Author {
    Author::from(&actor(|name| std::env::var(name).ok(), &host()))
}

/// This machine's name, for the journal.
fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}
