//! What is known of alerts: of each environment, in groups, with who is on them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::domain::alert::group::{self, Group, grouped};
use crate::domain::alert::join::{Aim, Firing};
use crate::domain::alert::{Alert, AlertSnapshot, Local, Severity, Silence, State, Watchdog};
use crate::domain::rollout::Rollout;
use crate::domain::source::SourceHealth;
use crate::domain::store::Acknowledgement as Word;
use crate::domain::time::Instant;

/// Which alert, over polls: its environment and its key.
pub type AlertId = (Arc<str>, Arc<str>);

/// The alerts of every environment that has a source of them.
#[derive(Debug, Default)]
pub struct Alerts {
    /// The newest of each environment.
    snapshots: Vec<AlertSnapshot>,
    /// The newest of environments that are not shown.
    hidden: Vec<AlertSnapshot>,
    /// The environments that are shown; `None` for all of them.
    shown: Option<BTreeSet<Arc<str>>>,
    /// What rules of this console say of each environment that has such.
    local: BTreeMap<Arc<str>, Local>,
    /// When the newest came in.
    taken_at: Instant,
    /// Who is on what, as the store tells.
    words: HashMap<AlertId, Word>,
    /// Every alert, with its acknowledgement, worst first.
    groups: Vec<Group>,
    firing: Firing,
    tally: [usize; Severity::ALL.len()],
    total: usize,
}

impl Alerts {
    /// Takes the newest of an environment in.
    pub fn take(&mut self, snapshot: AlertSnapshot, now: Instant) {
        let is_shown = self.shown.as_ref().is_none_or(|shown| shown.contains(&snapshot.environment));
        let to = if is_shown { &mut self.snapshots } else { &mut self.hidden };
        match to.iter_mut().find(|known| known.environment == snapshot.environment) {
            Some(known) => *known = snapshot,
            None => to.push(snapshot),
        }
        self.regroup(now);
    }

    /// Shows the alerts of these environments alone; what is known of the others is kept.
    pub fn show(&mut self, shown: BTreeSet<Arc<str>>) {
        let known = std::mem::take(&mut self.snapshots).into_iter().chain(std::mem::take(&mut self.hidden));
        (self.snapshots, self.hidden) = known.partition(|snapshot| shown.contains(&snapshot.environment));
        self.shown = Some(shown);
        self.regroup(self.taken_at);
    }

    /// Takes in what rules of this console say of an environment; whether anything changed.
    pub fn judge(&mut self, environment: &Arc<str>, local: Local, now: Instant) -> bool {
        let is_same = self.local.get(environment).map_or(local == Local::default(), |known| *known == local);
        if !is_same {
            self.local.insert(environment.clone(), local);
            self.regroup(now);
        }
        !is_same
    }

    /// What local rules say of the environments that are shown.
    pub fn shown_local(&self) -> impl Iterator<Item = &Local> {
        let is_shown = |environment: &Arc<str>| self.shown.as_ref().is_none_or(|shown| shown.contains(environment));
        self.local.iter().filter(move |(environment, _)| is_shown(environment)).map(|(_, local)| local)
    }

    /// Takes in who is on what, in place of what was known.
    pub fn heard(&mut self, words: Vec<Word>, now: Instant) {
        let id = |word: &Word| (word.environment.as_str().into(), word.fingerprint.as_str().into());
        self.words = words.into_iter().map(|word| (id(&word), word)).collect();
        self.regroup(now);
    }

    /// The newest of an environment, with what rules of this console say.
    pub fn newest(&self, environment: &str) -> Option<AlertSnapshot> {
        let mut known = self.snapshots.iter().chain(&self.hidden);
        known.find(|snapshot| *snapshot.environment == *environment).cloned().map(|newest| self.with_local(newest))
    }

    /// What an environment tells, with what rules of this console say.
    pub fn with_local(&self, mut told: AlertSnapshot) -> AlertSnapshot {
        if let Some(local) = self.local.get(&told.environment) {
            told.alerts = told.alerts.iter().chain(&local.alerts).cloned().collect();
        }
        told
    }

    fn regroup(&mut self, now: Instant) {
        self.taken_at = now;
        let local = self.shown_local().flat_map(|local| local.alerts.iter());
        let all = self.snapshots.iter().flat_map(|snapshot| snapshot.alerts.iter()).chain(local);
        let known = &self.words;
        let with_word = |alert: &Arc<Alert>| {
            let id = (alert.environment.clone(), alert.key.clone());
            alert.with_word(known.get(&id), now)
        };
        let alerts: Vec<Arc<Alert>> = all.map(with_word).collect();
        self.total = alerts.len();
        self.tally = group::tally(&alerts);
        self.firing = Firing::of(&alerts);
        self.groups = grouped(alerts);
    }

    /// Every alert in its group, worst first.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// How many fire about each workload.
    pub const fn firing(&self) -> &Firing {
        &self.firing
    }

    /// How many alerts there are.
    pub const fn total(&self) -> usize {
        self.total
    }

    /// An alert by its id; `None` once it is gone.
    pub fn alert(&self, id: &AlertId) -> Option<&Arc<Alert>> {
        let is_it = |alert: &&Arc<Alert>| alert.environment == id.0 && alert.key == id.1;
        self.groups.iter().flat_map(|group| &group.members).find(is_it)
    }

    /// Every alert about a workload, worst first.
    pub fn about<'a>(&'a self, row: &'a Rollout) -> impl Iterator<Item = &'a Arc<Alert>> + 'a {
        self.groups.iter().flat_map(|group| &group.members).filter(|alert| Aim::of(alert).is(row))
    }

    /// Every alert of a service, worst first.
    pub fn of_service<'a>(
        &'a self,
        environment: &'a str,
        service: &'a str,
    ) -> impl Iterator<Item = &'a Arc<Alert>> + 'a {
        let is_its =
            move |alert: &&Arc<Alert>| &*alert.environment == environment && alert.service.as_deref() == Some(service);
        self.groups.iter().flat_map(|group| &group.members).filter(is_its)
    }

    /// The worst of each group that fires and nothing holds back, worst first.
    pub fn worst(&self) -> impl Iterator<Item = &Arc<Alert>> {
        let firsts = self.groups.iter().filter_map(Group::first);
        firsts.filter(|alert| !matches!(alert.state(), State::Silenced | State::Inhibited) && !alert.is_pending)
    }

    /// Whether the alert that always fires is missing in an environment.
    pub fn is_watchdog_missing(&self, environment: &str) -> bool {
        let mut of_it = self.snapshots.iter().filter(|snapshot| *snapshot.environment == *environment);
        of_it.any(|snapshot| matches!(snapshot.watchdog, Watchdog::Missing(_)))
    }

    /// How many fire, by severity, from the worst.
    pub const fn tally(&self) -> [usize; Severity::ALL.len()] {
        self.tally
    }

    /// Each source of the alerts of an environment: its Alertmanagers, without any the rules of its Prometheus.
    pub fn health<'a>(&'a self, environment: &'a str) -> impl Iterator<Item = &'a SourceHealth> {
        let of_it = self.snapshots.iter().filter(move |snapshot| *snapshot.environment == *environment);
        of_it.flat_map(|snapshot| &snapshot.health)
    }

    /// The same with the Prometheus whose rules are read beside Alertmanagers.
    pub fn sources<'a>(&'a self, environment: &'a str) -> impl Iterator<Item = &'a SourceHealth> {
        let of_it = self.snapshots.iter().filter(move |snapshot| *snapshot.environment == *environment);
        of_it.flat_map(AlertSnapshot::sources)
    }

    /// The newest of each environment.
    pub fn snapshots(&self) -> &[AlertSnapshot] {
        &self.snapshots
    }

    /// The silences of an environment.
    pub fn silences(&self, environment: &str) -> Option<&Arc<[Silence]>> {
        self.snapshots.iter().find(|snapshot| *snapshot.environment == *environment)?.silences.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::alert::testing::alert;

    fn at() -> Instant {
        chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap_or_default()
    }

    fn snapshot(alerts: Vec<Alert>) -> AlertSnapshot {
        AlertSnapshot {
            environment: "production".into(),
            alerts: alerts.into_iter().map(Arc::new).collect(),
            ..AlertSnapshot::default()
        }
    }

    #[test]
    fn an_acknowledgement_is_for_one_time_it_fires() {
        let one = alert(&[("alertname", "A")], at());
        let id: AlertId = (one.environment.clone(), one.key.clone());
        let word = Word {
            environment: "production".into(),
            fingerprint: one.key.to_string(),
            alert: "A".into(),
            firing_since: Some(one.started_at),
            by: "mori\u{1b}[31m".into(),
            at: at(),
            until: None,
            note: String::new(),
            withdrawn: None,
            version: 1,
        };
        let mut alerts = Alerts::default();
        alerts.take(snapshot(vec![one.clone()]), at());
        alerts.heard(vec![word], at());
        let taken = alerts.alert(&id).expect("it is there");
        assert_eq!(taken.state(), State::Acknowledged);
        assert_eq!(taken.acknowledged.as_ref().map(|word| &*word.by), Some("mori[31m"), "cleaned");
        let again = Alert { started_at: one.started_at + chrono::TimeDelta::minutes(5), ..one };
        alerts.take(snapshot(vec![again]), at());
        let state = alerts.alert(&id).map(|alert| alert.state());
        assert_eq!(state, Some(State::Firing), "it came back: somebody has to look");
    }
}
