//! What can become known: one closed list, and what becomes of each.

use std::sync::Arc;

use super::World;
use super::moved::Part;
use super::sight::{Connected, Link};
use crate::domain::advice::Compared;
use crate::domain::alert::{AlertSnapshot, local};
use crate::domain::backup::BackupSnapshot;
use crate::domain::cluster::ClusterSnapshot;
use crate::domain::database::DatabaseSnapshot;
use crate::domain::health::HealthSnapshot;
use crate::domain::release::Release;
use crate::domain::rollout::Rollout;
use crate::domain::signal::SignalSnapshot;
use crate::domain::slo::SloSnapshot;
use crate::domain::store::{Acknowledgement, RecordedBackup, RecordedRestore, StoreSnapshot};
use crate::domain::time::Instant;
use crate::domain::timeline::{JournalLine, Moment};
use crate::domain::usage::{Board, UsageAsk};

/// Something that is known now.
#[derive(Debug)]
pub enum News {
    /// The connection to the environment at this place is made.
    Connected(usize, Connected),
    /// The connection to the environment at this place cannot be made, and why; it is tried again.
    NotConnected(usize, String),
    /// The newest of the cluster of the environment at this place.
    Cluster(usize, Box<ClusterSnapshot>),
    /// The newest of the alerts of an environment.
    Alerts(Box<AlertSnapshot>),
    /// The newest of the signals of an environment.
    Signals(Box<SignalSnapshot>),
    /// The newest of what was promised in an environment.
    Slos(Box<SloSnapshot>),
    /// The newest of the health of components in an environment.
    Health(Box<HealthSnapshot>),
    /// The newest of every set of backups.
    Backups(Box<BackupSnapshot>),
    /// The newest of every database.
    Databases(Box<DatabaseSnapshot>),
    /// Releases of an environment were compared with what was before them.
    Compared(Arc<str>, Vec<Compared>),
    /// What pods or nodes use, or why that is not known.
    Usage(UsageAsk, Result<Board, String>),
    /// What was released, or seen fully available, in the cluster of this uid; `None` where it cannot be read.
    Released(Option<Arc<str>>, Vec<Release>),
    /// What the store says now, or said last.
    Store(Box<StoreSnapshot>),
    /// What the store's audit tells of the last hour: notes and what was done from any console.
    Audited(Vec<Moment>),
    /// The journal of this machine as it is now, newest first.
    Journal(Vec<JournalLine>),
}

macro_rules! snapshots {
    ($($of:ident $type:ty),*) => {$(
        impl From<Box<$type>> for News {
            fn from(snapshot: Box<$type>) -> Self {
                Self::$of(snapshot)
            }
        }
    )*};
}

snapshots!(Alerts AlertSnapshot, Signals SignalSnapshot, Slos SloSnapshot, Health HealthSnapshot, Backups BackupSnapshot, Databases DatabaseSnapshot);

impl News {
    /// Whether newer news of the same source takes the place of these; only such are held back while the screen stands still.
    fn is_replaced_by(&self, newer: &Self) -> bool {
        match (self, newer) {
            (Self::Cluster(place, _), Self::Cluster(other, _)) => place == other,
            (Self::Alerts(one), Self::Alerts(other)) => one.environment == other.environment,
            (Self::Signals(one), Self::Signals(other)) => one.environment == other.environment,
            (Self::Slos(one), Self::Slos(other)) => one.environment == other.environment,
            (Self::Health(one), Self::Health(other)) => one.environment == other.environment,
            (Self::Backups(_), Self::Backups(_)) | (Self::Databases(_), Self::Databases(_)) => true,
            _ => false,
        }
    }
}

/// What is shown otherwise now.
#[derive(Debug)]
pub enum Changed {
    /// Nothing but what panes make anew by themselves.
    Nothing,
    /// The rows of the clusters; those there were before.
    Clusters(Arc<[Arc<Rollout>]>),
    /// Alerts, or who is on them.
    Alerts,
    /// Signals.
    Signals {
        /// Whether rules of this console see something else in them, which is an alert.
        is_judged: bool,
    },
    /// What the store says.
    Store {
        /// Whether somebody else is on an alert now.
        is_taken: bool,
    },
}

impl World {
    /// Takes news in. While the screen stands still, the newest of what it shows is held back.
    pub fn take(&mut self, news: News, now: Instant) -> Changed {
        self.taken_at = now;
        // What happened is told whether anybody looks or not.
        match &news {
            News::Cluster(place, snapshot) => {
                if let Some(sight) = self.sights.get(*place) {
                    self.happened.rows(&sight.environment.name, &snapshot.rollouts, now);
                }
            }
            News::Alerts(snapshot) => self.happened.alerts(snapshot, now),
            _ => {}
        }
        if self.frozen_at.is_some() && news.is_replaced_by(&news) {
            self.held.retain(|known| !known.is_replaced_by(&news));
            self.held.push(news);
            return Changed::Nothing;
        }
        self.show_news(news, now)
    }

    /// Lets the screen go on; what is shown otherwise by what was held back.
    pub fn thaw(&mut self, now: Instant) -> Vec<Changed> {
        self.frozen_at = None;
        let changed = std::mem::take(&mut self.held).into_iter().map(|news| self.show_news(news, now)).collect();
        self.judge_slos(now);
        self.judge_health(now);
        self.judge_backups(now);
        self.judge_databases(now);
        self.moved.note_all();
        changed
    }

    fn show_news(&mut self, news: News, now: Instant) -> Changed {
        match news {
            News::Connected(place, connected) => {
                if let Some(sight) = self.sights.get_mut(place) {
                    sight.connected(connected);
                }
                self.merge();
            }
            News::NotConnected(place, why) => {
                if let Some(sight) = self.sights.get_mut(place) {
                    sight.link = Link::Failed(why);
                }
                self.merge();
            }
            News::Cluster(place, snapshot) => {
                let Some(sight) = self.sights.get_mut(place) else { return Changed::Nothing };
                sight.snapshot = *snapshot;
                if self.scope.includes(place) {
                    self.moved.note(Part::Clusters);
                    return Changed::Clusters(self.merge());
                }
            }
            News::Alerts(snapshot) => {
                self.alerts.take(*snapshot, now);
                self.moved.note(Part::Alerts);
                return Changed::Alerts;
            }
            News::Signals(snapshot) => {
                let environment = snapshot.environment.clone();
                self.signals.take(*snapshot);
                self.moved.note(Part::Signals);
                let is_judged = self.judge(&environment, now);
                if is_judged {
                    self.moved.note(Part::Alerts);
                }
                return Changed::Signals { is_judged };
            }
            News::Slos(snapshot) => {
                self.slos.take(*snapshot);
                self.judge_slos(now);
                self.moved.note(Part::Slos);
            }
            News::Health(snapshot) => {
                self.health.take(*snapshot);
                self.judge_health(now);
                self.moved.note(Part::Health);
            }
            News::Backups(snapshot) => {
                self.backups = *snapshot;
                self.judge_backups(now);
                self.moved.note(Part::Backups);
            }
            News::Databases(snapshot) => {
                self.databases = *snapshot;
                self.judge_databases(now);
                self.moved.note(Part::Databases);
            }
            News::Compared(environment, found) => self.compared(&environment, &found),
            // A screen that stands still keeps what it shows; it is asked again.
            News::Usage(ask, answer) if self.frozen_at.is_none() => self.usage.take(&ask, answer),
            News::Usage(..) => {}
            News::Released(cluster, releases) => self.happened.released(cluster.as_deref(), &releases, now),
            News::Store(snapshot) => return self.stored(*snapshot, now),
            News::Audited(moments) => self.happened.audited(moments),
            News::Journal(lines) => {
                self.journal = lines;
                self.happened.touch();
            }
        }
        Changed::Nothing
    }

    fn stored(&mut self, snapshot: StoreSnapshot, now: Instant) -> Changed {
        let known = self.store.as_ref();
        let is_same = known.is_some_and(|known| known.is_same::<Acknowledgement>(&snapshot));
        let is_recorded = known.is_none_or(|known| {
            !known.is_same::<RecordedBackup>(&snapshot) || !known.is_same::<RecordedRestore>(&snapshot)
        });
        if !is_same {
            let held = snapshot.facts::<Acknowledgement>().into_iter().flat_map(|held| held.values());
            self.alerts.heard(held.cloned().collect(), now);
            self.moved.note(Part::Alerts);
        }
        self.store = Some(snapshot);
        if is_recorded && !self.backups.sets.is_empty() {
            self.judge_backups(now);
            self.moved.note(Part::Backups);
        }
        self.moved.note(Part::Store);
        self.happened.touch();
        self.merge();
        Changed::Store { is_taken: !is_same }
    }

    /// Evaluates the rules of this console over the newest signals of an environment; whether they see something else now.
    fn judge(&mut self, environment: &Arc<str>, now: Instant) -> bool {
        let rules = self.sight(environment).map(|sight| sight.environment.rules.clone());
        let (Some(rules), Some(signals)) = (rules, self.signals.of(environment)) else { return false };
        let local = local::evaluate(&rules, signals, &self.services, now);
        self.alerts.judge(environment, local, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::alert::testing::alert;
    use crate::world::Scope;

    #[test]
    fn a_screen_that_stands_still_shows_the_newest_of_each_source_when_it_goes_on() {
        let at = chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap_or_default();
        let told = |environment: &str, names: &[&str]| {
            let alerts = names.iter().map(|name| Arc::new(alert(&[("alertname", name)], at)));
            News::Alerts(Box::new(AlertSnapshot {
                environment: environment.into(),
                alerts: alerts.collect(),
                ..AlertSnapshot::default()
            }))
        };
        let mut world = World::new(Vec::new(), Scope::All);
        world.frozen_at = Some(at);
        for news in [told("production", &["A"]), told("staging", &["B"]), told("production", &["A", "C"])] {
            assert!(matches!(world.take(news, at), Changed::Nothing));
        }
        assert_eq!(world.alerts.total(), 0, "it stands still");
        assert_eq!((world.thaw(at).len(), world.alerts.total()), (2, 3), "and shows the newest of each");
        world.take(told("staging", &[]), at);
        assert_eq!(world.alerts.total(), 2, "then it goes on");
    }
}
