//! What planner and executor of one environment share, so that they are made alike wherever they are made.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::sync::watch;

use super::alerts::StoreEyes;
use super::catalog::Catalog;
use super::elsewhere::Elsewhere;
use super::execute::Executor;
use super::journal::Journal;
use super::limits::Limits;
use super::plan::Planner;
use super::policy::Grant;
use super::seen::Seen;
use crate::config::DeclaredBackup;
use crate::domain::action::{Actor, Phase};
use crate::domain::service::Services;
use crate::sources::Clock;
use crate::sources::observe::{ObserveAlerts, ObserveCluster, ObserveDatabases};
use crate::sources::operate::{NoHands, OperateAlerts, OperateCluster, OperateDatabases, RehearseCluster, RunPrograms};
use crate::sources::store::port::WriteStore;

/// One environment, as whoever plans and acts in it needs it.
#[derive(Clone)]
pub struct Desk {
    /// The environment's name.
    pub environment: Arc<str>,
    /// Its guards and its namespaces.
    pub limits: Limits,
    /// Whether it may be changed, or why not.
    pub grant: Grant,
    /// Who plans and acts, as the operating system tells.
    pub actor: Actor,
    /// The services that are declared.
    pub services: Arc<Services>,
    /// What was seen healthy.
    pub seen: Arc<Mutex<Seen>>,
    /// Ids of runs of this machine that came to their end.
    pub ended: Arc<Mutex<HashMap<String, Phase>>>,
    /// The eyes on its Alertmanagers; `None` where it has none.
    pub alerts: Option<Arc<dyn ObserveAlerts>>,
    /// The hands on them.
    pub silence: Option<Arc<dyn OperateAlerts>>,
    /// The eyes on the store; `None` where there is none.
    pub store: Option<StoreEyes>,
    /// The hands on it.
    pub write: Option<Arc<dyn WriteStore>>,
    /// The eyes on its databases; `None` where none is declared.
    pub databases: Option<Arc<dyn ObserveDatabases>>,
    /// The hands on them.
    pub change_databases: Option<Arc<dyn OperateDatabases>>,
    /// Labels that say which of several senders sent an alert, by the configuration.
    pub replica_labels: Arc<[String]>,
    /// The other environments this console acts in.
    pub elsewhere: Elsewhere,
    /// The sets of backups that are declared.
    pub backups: Arc<[DeclaredBackup]>,
    /// The hands for programs of the operator on this machine.
    pub programs: Arc<dyn RunPrograms>,
    /// The actions there are.
    pub catalog: Catalog,
    /// The journal.
    pub journal: Arc<Mutex<Journal>>,
    /// The clock.
    pub clock: Clock,
}

impl Desk {
    /// The planner. Without a grant there is no rehearsal: a read-only console sends no patch, dry or not.
    pub fn planner(&self, observe: Arc<dyn ObserveCluster>, rehearse: impl RehearseCluster + 'static) -> Planner {
        let rehearse = self.grant.is_ok().then(|| Arc::new(rehearse) as Arc<dyn RehearseCluster>);
        Planner { observe: Some(observe), rehearse, ..self.local() }
    }

    /// The planner of what is in no cluster.
    fn local(&self) -> Planner {
        Planner {
            observe: None,
            rehearse: None,
            alerts: self.alerts.clone(),
            store: self.store.clone(),
            databases: self.databases.clone(),
            replica_labels: self.replica_labels.clone(),
            environment: self.environment.to_string(),
            limits: self.limits.clone(),
            grant: self.grant.clone(),
            actor: self.actor.clone(),
            services: self.services.clone(),
            seen: self.seen.clone(),
            ended: self.ended.clone(),
            elsewhere: self.elsewhere.clone(),
            backups: self.backups.clone(),
            catalog: self.catalog,
            clock: self.clock.clone(),
        }
    }

    /// The executor of what this planner plans: it judges again with the same. Without a grant it has no hands, whatever it is given.
    pub fn executor(
        &self,
        planner: Planner,
        operate: Arc<dyn OperateCluster>,
        leaving: watch::Receiver<bool>,
    ) -> Executor {
        let operate = if self.grant.is_ok() { operate } else { Arc::new(NoHands) };
        let silence = self.silence.clone().filter(|_| self.grant.is_ok());
        let store = self.write.clone().filter(|_| self.store.as_ref().is_some_and(|store| store.grant.is_ok()));
        let databases = self.change_databases.clone().filter(|_| self.grant.is_ok());
        let journal = self.journal.clone();
        let programs = self.grant.is_ok().then(|| self.programs.clone());
        let executor = Executor {
            planner,
            operate,
            silence,
            databases,
            pods: None,
            attach: None,
            store,
            programs,
            journal,
            leaving,
        };
        if executor.planner.observe.is_some() {
            self.elsewhere.put(executor.clone());
        }
        executor
    }

    /// The executor of what is in no cluster.
    pub fn local_executor(&self, leaving: watch::Receiver<bool>) -> Executor {
        self.executor(self.local(), Arc::new(NoHands), leaving)
    }
}
