//! What is known of the alerts of one environment at one time.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Alert, Local, Severity, Silence, Teller, Watchdog};
use crate::domain::source::{SourceHealth, SourceState};
use crate::domain::store::Acknowledgement;
use crate::domain::time::Instant;

/// What is known of the alerts of an environment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AlertSnapshot {
    /// The environment.
    pub environment: Arc<str>,
    /// Every alert but the watchdog, in no order.
    pub alerts: Arc<[Arc<Alert>]>,
    /// Silences that hold, will, or ended in the last hours; `None` while they are not known.
    pub silences: Option<Arc<[Silence]>>,
    /// The alert that always fires.
    pub watchdog: Watchdog,
    /// Whose list it is: without an Alertmanager that of the rules of a Prometheus.
    pub teller: Teller,
    /// Each source of the list: the Alertmanagers, or without any the Prometheus.
    pub health: Vec<SourceHealth>,
    /// The Prometheus whose rules are read beside Alertmanagers; `None` where there is none, or it is the source of the list.
    pub rules: Option<SourceHealth>,
    /// What an operator should know, as sentences.
    pub notes: Vec<String>,
}

impl AlertSnapshot {
    /// An environment of which nothing is told yet.
    pub fn loading(environment: &Arc<str>) -> Self {
        Self { environment: environment.clone(), watchdog: Watchdog::Unknown, ..Self::default() }
    }

    /// The same with what rules of this console say; without any other source it is a list of those alone, as fresh as the signals.
    #[must_use]
    pub fn with_local(mut self, local: &Local, signals: &[SourceHealth]) -> Self {
        self.alerts = self.alerts.iter().chain(&local.alerts).cloned().collect();
        self.notes.extend(local.notes.iter().cloned());
        if self.health.is_empty() {
            self.health = signals.to_vec();
            self.teller = Teller::Local;
        }
        self
    }

    /// Every source of it, with that of the rules.
    pub fn sources(&self) -> impl Iterator<Item = &SourceHealth> {
        self.health.iter().chain(&self.rules)
    }

    /// Whether every source has answered, or said why it does not.
    pub fn is_settled(&self) -> bool {
        self.health.iter().chain(&self.rules).all(|source| source.state != SourceState::Loading)
    }

    /// Lays over the alerts what the store says of them.
    pub fn hear(&mut self, words: &[Acknowledgement], now: Instant) {
        let of = |alert: &Alert| {
            let is_it =
                |word: &&Acknowledgement| *word.environment == *alert.environment && *word.fingerprint == *alert.key;
            words.iter().find(is_it)
        };
        self.alerts = self.alerts.iter().map(|alert| alert.with_word(of(alert), now)).collect();
    }

    /// How many alerts each silence hides, and the gravest of them; one pass over the alerts, however many silences there are.
    pub fn hidden(&self) -> HashMap<&str, (usize, Severity)> {
        let mut hidden: HashMap<&str, (usize, Severity)> = HashMap::new();
        for alert in self.alerts.iter() {
            for id in &alert.silenced_by {
                let (count, worst) = hidden.entry(id).or_insert((0, alert.severity));
                *count += 1;
                *worst = alert.severity.min(*worst);
            }
        }
        hidden
    }

    /// Whether its silences are known; `None` where no Alertmanager is asked, or none has answered yet.
    pub fn knows_silences(&self) -> Option<bool> {
        let has_answered = self.best().is_some_and(|best| best.last_good.is_some());
        (self.teller == Teller::Alertmanager && has_answered).then_some(self.silences.is_some())
    }

    /// The best of its Alertmanagers, which is what its alerts are as fresh as.
    pub fn best(&self) -> Option<&SourceHealth> {
        self.health.iter().min_by_key(|source| source.state.gravity())
    }
}
