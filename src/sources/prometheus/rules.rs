//! Polling the rules of a Prometheus: what is pending or fires by each, with its value and its expression.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::sync::Notify;

use super::client::Prometheus;
use crate::domain::alert::{Alert, Comparison, Ruled, Teller, identity};
use crate::domain::service::Services;
use crate::domain::time::Instant;
use crate::sources::Clock;
use crate::sources::error::SourceError;
use crate::sources::metrics::{ObserveMetrics, Rule, RuleAlert};
use crate::sources::poll::{EVERY, jittered, pause, rest};

/// The longest wait after a failure.
const CAP: Duration = Duration::from_secs(60);
/// The most alerts that are read of one Prometheus.
const ALERTS_AT_MOST: usize = 20_000;

/// What one poll found.
#[derive(Debug, Clone)]
pub(in crate::sources) struct SeenRules {
    /// When it was complete, by our clock.
    pub(in crate::sources) at: Instant,
    /// What is pending or fires.
    pub(in crate::sources) alerts: Vec<Arc<Alert>>,
    /// What an operator should know of it, as sentences.
    pub(in crate::sources) notes: Vec<String>,
}

/// The poller of the rules of one Prometheus.
pub(in crate::sources) struct RulePoller {
    pub(in crate::sources) prometheus: Prometheus,
    pub(in crate::sources) environment: Arc<str>,
    pub(in crate::sources) services: Arc<Services>,
    pub(in crate::sources) clock: Clock,
    pub(in crate::sources) retry: Arc<Notify>,
}

impl RulePoller {
    /// Polls for ever and tells every outcome, with the time of the next try.
    pub(in crate::sources) async fn run(&self, mut tell: impl FnMut(Result<SeenRules, SourceError>, Instant)) {
        let mut failures = 0_u32;
        loop {
            let began = tokio::time::Instant::now();
            let outcome = self.look().await;
            let wait = jittered(pause(outcome.as_ref().err(), &mut failures, began.elapsed(), EVERY, CAP));
            tell(outcome, (self.clock)() + TimeDelta::from_std(wait).unwrap_or_default());
            rest(wait, &self.retry).await;
        }
    }

    async fn look(&self) -> Result<SeenRules, SourceError> {
        let rules = self.prometheus.alerting().await?;
        let at = (self.clock)();
        let name = self.prometheus.name();
        let mut notes = Vec::new();
        let broken: Vec<&Rule> = rules.iter().filter(|rule| rule.health == "err").collect();
        if let Some(first) = broken.first() {
            let why = first.error.as_deref().unwrap_or("it does not say why").trim_end_matches('.');
            let count = broken.len();
            let they = if count == 1 {
                "rule cannot be evaluated and does not fire"
            } else {
                "rules cannot be evaluated and do not fire"
            };
            notes.push(format!("{count} {they} at {name}, whatever happens; {}: {why}.", first.name));
        }
        let count: usize = rules.iter().map(|rule| rule.alerts.len()).sum();
        if count > ALERTS_AT_MOST {
            notes.push(format!("{name} has {count} alerts; {ALERTS_AT_MOST} of them are read."));
        }
        let alerts = rules.into_iter().flat_map(|rule| self.alerts(rule, at)).take(ALERTS_AT_MOST).collect();
        Ok(SeenRules { at, alerts, notes })
    }

    /// The alerts of one rule, which share what it says.
    fn alerts(&self, rule: Rule, at: Instant) -> impl Iterator<Item = Arc<Alert>> {
        let said = Ruled {
            expression: rule.expression.as_str().into(),
            held_for: rule.held_for,
            value: None,
            comparison: Comparison::of(&rule.expression),
            active_at: None,
            observed_at: at,
        };
        rule.alerts.into_iter().map(move |told| Arc::new(self.alert(&rule.name, &said, told)))
    }

    fn alert(&self, name: &Arc<str>, said: &Ruled, told: RuleAlert) -> Alert {
        let at = said.observed_at;
        let active_at = told.active_at;
        let started_at = match (active_at, told.is_firing) {
            (Some(active), true) => (active + said.held_for).min(at),
            (Some(active), false) => active,
            (None, _) => at,
        };
        let ruled = Ruled { value: told.value, active_at, ..said.clone() };
        let key = identity::key(&told.labels);
        let alert = Alert::of(&self.environment, &self.services, key, told.labels, started_at);
        Alert {
            // The label of the alert is the rule's name, unless a rule names another.
            name: if alert.name.is_empty() { name.clone() } else { alert.name.clone() },
            told_by: Teller::Prometheus,
            is_pending: !told.is_firing,
            rule: Some(Arc::new(ruled)),
            heard_at: at,
            annotations: told.annotations,
            ..alert
        }
    }
}
