//! WHAT IS KNOWN: the facts of every source and of the store, and their joins.
//!
//! | file | what |
//! |---|---|
//! | `sight` | one environment: its configuration, its connection, its cluster |
//! | `newest` | the newest snapshot of each environment |
//! | `alerts` | alerts in groups, with who is on them |
//! | `advice` | whether releases should be rolled back |
//! | `news` | what can become known, and what becomes of each |
//! | `timeline` | what happened within the last hour |
//! | `usage` | what pods and nodes use |
//!
//! It does no IO, and does not know cursors, filters or what is drawn. Invariant: whatever is shown of several environments is the sum
//! of what each of them tells.

mod advice;
mod alerts;
mod incidents;
mod judged;
mod moved;
mod newest;
mod news;
mod on_call;
mod sight;
mod timeline;
mod usage;

use std::collections::HashMap;
use std::sync::Arc;

use crate::config::Environment;
use crate::domain::backup::{BackupSnapshot, Coverage};
use crate::domain::cluster::ClusterSnapshot;
use crate::domain::database::{self, DatabaseSnapshot};
use crate::domain::health::{HealthSnapshot, Line};
use crate::domain::maintenance_mode::Mode;
use crate::domain::rollout::Rollout;
use crate::domain::service::Services;
use crate::domain::signal::SignalSnapshot;
use crate::domain::slo::{Slo, SloSnapshot};
use crate::domain::source::SourceHealth;
use crate::domain::store::StoreSnapshot;
use crate::domain::time::Instant;
use crate::domain::timeline::{JournalLine, Lead, MomentKind, SPAN};

pub use advice::Advised;
pub use alerts::{AlertId, Alerts};
pub use judged::Judged;
pub use moved::{Moved, Part};
pub use newest::Newest;
pub use news::{Changed, News};
pub use on_call::Climb;
pub use sight::{Connected, Link, Scope, Sight};
pub use timeline::Happened;
pub use usage::Usages;

/// Everything the console knows.
#[derive(Debug)]
pub struct World {
    /// The environments of the configuration, each with what is known of it.
    pub sights: Vec<Sight>,
    /// Which of them are shown.
    pub scope: Scope,
    /// The services that are declared.
    pub services: Arc<Services>,
    /// The clusters of all environments that are shown, as one list.
    pub snapshot: ClusterSnapshot,
    /// The workloads of these that remember what they were before their maintenance.
    pub modes: Vec<Mode>,
    /// Alerts.
    pub alerts: Alerts,
    /// Signals.
    pub signals: Newest<SignalSnapshot>,
    /// What was promised, and what is left of it.
    pub slos: Newest<SloSnapshot>,
    /// Every objective of the environments that are shown; how many page, are spent, ask for a ticket and are not known.
    pub objectives: Judged<Slo, 4>,
    /// Whether components are well.
    pub health: Newest<HealthSnapshot>,
    /// Every component of the environments that are shown; how many are unhealthy, degraded and not known where they are worst.
    pub components: Judged<Line, 3>,
    /// Every set of backups.
    pub backups: BackupSnapshot,
    /// How each of them stands, the worst first; how many are missed or broken, late or paused, and not known.
    pub coverage: Judged<Coverage, 3>,
    /// Every database.
    pub databases: DatabaseSnapshot,
    /// How each of those stands that are of the environments that are shown or of none, the worst first; how many need somebody at once,
    /// are not well, and are not known.
    pub standing: Judged<database::Standing, 3>,
    /// What every pane says of databases: two primaries, another database under a name; of whatever environment.
    pub split: Vec<String>,
    /// What is advised about releases.
    pub advised: Advised,
    /// What pods and nodes use.
    pub usage: Usages,
    /// What happened lately.
    pub happened: Happened,
    /// The journal of this machine, newest first.
    pub journal: Vec<JournalLine>,
    /// What the store said last; `None` before it said anything.
    pub store: Option<StoreSnapshot>,
    /// Since when the screen stands still.
    pub frozen_at: Option<Instant>,
    /// What came in meanwhile: the newest of each source.
    held: Vec<News>,
    /// Which parts have moved.
    moved: Moved,
    /// When something came in last.
    taken_at: Instant,
}

impl World {
    /// Nothing is known yet of these environments.
    pub fn new(environments: Vec<Environment>, scope: Scope) -> Self {
        Self {
            sights: environments.into_iter().map(Sight::new).collect(),
            scope,
            services: Arc::default(),
            snapshot: ClusterSnapshot::default(),
            modes: Vec::new(),
            alerts: Alerts::default(),
            signals: Newest::default(),
            slos: Newest::default(),
            objectives: Judged::default(),
            health: Newest::default(),
            components: Judged::default(),
            backups: BackupSnapshot::default(),
            coverage: Judged::default(),
            databases: DatabaseSnapshot::default(),
            standing: Judged::default(),
            split: Vec::new(),
            advised: Advised::default(),
            usage: Usages::default(),
            happened: Happened::default(),
            journal: Vec::new(),
            store: None,
            frozen_at: None,
            held: Vec::new(),
            moved: Moved::default(),
            taken_at: Instant::default(),
        }
    }

    /// How often these parts have moved: another number is another content.
    pub fn moved(&self, parts: &[Part]) -> u64 {
        self.moved.of(parts)
    }

    /// Shows other environments. What is known of each is kept.
    pub fn show(&mut self, scope: Scope) {
        self.scope = scope;
        let shown = self.shown().map(|sight| sight.name().into()).collect();
        self.alerts.show(shown);
        self.merge();
        self.judge_slos(self.taken_at);
        self.judge_health(self.taken_at);
        self.judge_databases(self.taken_at);
        self.moved.note_all();
    }

    /// The environments that are shown.
    pub fn shown(&self) -> impl Iterator<Item = &Sight> + Clone {
        let scope = self.scope;
        self.sights.iter().enumerate().filter(move |(place, _)| scope.includes(*place)).map(|(_, sight)| sight)
    }

    /// An environment by its name.
    pub fn sight(&self, environment: &str) -> Option<&Sight> {
        self.sights.iter().find(|sight| sight.name() == environment)
    }

    /// Brings the environments that are shown into one list; the rows there were before.
    ///
    /// With one environment, or when only its freshness changed, no row is touched.
    pub fn merge(&mut self) -> Arc<[Arc<Rollout>]> {
        let mut merged = ClusterSnapshot::together(self.shown().map(|sight| &sight.snapshot));
        merged.health = self.sources();
        let remembering = merged.rollouts.iter().filter(|row| row.maintenance.is_some());
        self.modes = remembering.map(|row| Mode::of(row)).collect();
        std::mem::replace(&mut self.snapshot, merged).rollouts
    }

    /// When something came in last.
    pub const fn taken_at(&self) -> Instant {
        self.taken_at
    }

    /// The freshness of every source of the environments that are shown, and of the store.
    pub fn sources(&self) -> Vec<SourceHealth> {
        let store = self.store.as_ref().map(|store| store.health.clone());
        let alerts = self.shown().flat_map(|sight| self.alerts.sources(sight.name())).cloned();
        let signals = self.shown().filter_map(|sight| self.signals.of(sight.name())).flat_map(|one| one.health.clone());
        let slos = self.shown().filter_map(|sight| self.slos.of(sight.name())).flat_map(|one| one.health.clone());
        self.shown().flat_map(Sight::sources).chain(alerts).chain(signals).chain(slos).chain(store).collect()
    }

    /// The workloads of a service, worst first.
    pub fn rollouts_of(&self, environment: &str, service: &str) -> Vec<&Arc<Rollout>> {
        let is_its =
            |row: &&Arc<Rollout>| *row.workload.environment == *environment && row.service.as_deref() == Some(service);
        let mut rows: Vec<_> = self.snapshot.rollouts.iter().filter(is_its).collect();
        rows.sort_by_key(|row| (row.verdict, std::cmp::Reverse(row.changed_at)));
        rows
    }

    /// When each service was released within the hour, oldest first.
    pub fn released_services(&self, now: Instant) -> HashMap<(Arc<str>, Arc<str>), Vec<Instant>> {
        let mut found: HashMap<(Arc<str>, Arc<str>), Vec<Instant>> = HashMap::new();
        let services: HashMap<_, _> =
            self.snapshot.rollouts.iter().filter_map(|row| Some((&row.workload, row.service.as_ref()?))).collect();
        let rows = self.snapshot.rollouts.iter().filter_map(|row| Some((&row.workload, row.changed_at?)));
        let is_release = |kind: MomentKind| matches!(kind, MomentKind::Deploy | MomentKind::Rollback);
        let told = self.happened.releases().filter(|moment| is_release(moment.kind));
        let told = told.filter_map(|moment| match &moment.lead {
            Lead::Workload(workload) => Some((workload, moment.at)),
            _ => None,
        });
        for (workload, at) in rows.chain(told).filter(|(_, at)| now - *at <= SPAN) {
            if let Some(service) = services.get(workload) {
                found.entry((workload.environment.clone(), (*service).clone())).or_default().push(at);
            }
        }
        for times in found.values_mut() {
            times.sort_unstable();
            times.dedup();
        }
        found
    }
}
