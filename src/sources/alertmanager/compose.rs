//! What the replicas of an Alertmanager and the rules of a Prometheus told, as one snapshot.

use std::sync::Arc;

use super::board;
use super::replica::Seen;
use crate::domain::alert::{Alert, AlertSnapshot, History, Silence, Teller, Watchdog, ruled};
use crate::domain::source::{DOWN_AFTER, SourceHealth, SourceId, SourceKind, SourceState};
use crate::domain::time::Instant;
use crate::sources::error::{SourceError, Trouble};
use crate::sources::prometheus::SeenRules;

/// What rules told last.
struct Ruling {
    /// Their alerts, without the watchdog.
    seen: SeenRules,
    /// Which of them Alertmanager listed since.
    was_listed: Vec<bool>,
}

/// What was told so far.
pub(super) struct Told {
    environment: Arc<str>,
    /// The alert that always fires.
    watchdog_name: Option<Arc<str>>,
    /// Each replica, and what it told last.
    replicas: Vec<(SourceHealth, Option<Seen>)>,
    /// The Prometheus with its rules, and what it told last.
    rules: Option<(SourceHealth, Option<Ruling>)>,
    /// That it has no rules to read, where it said so.
    without_rules: Option<String>,
    history: History,
    watchdog: Watchdog,
}

impl Told {
    /// Nothing yet, of these Alertmanagers and this Prometheus.
    pub(super) fn nothing<'a>(
        environment: &Arc<str>,
        watchdog_name: Option<Arc<str>>,
        managers: impl Iterator<Item = &'a str>,
        prometheus: Option<&str>,
    ) -> Self {
        let loading = |kind| SourceHealth::loading(SourceId::of(environment, kind));
        Self {
            environment: environment.clone(),
            watchdog_name,
            replicas: managers.map(|name| (loading(SourceKind::Alertmanager(name.into())), None)).collect(),
            rules: prometheus.map(|name| (loading(SourceKind::Rules(name.into())), None)),
            without_rules: None,
            history: History::default(),
            watchdog: Watchdog::Unknown,
        }
    }

    /// Takes in what came of asking a replica.
    pub(super) fn replica(
        &mut self,
        place: usize,
        outcome: Result<Seen, SourceError>,
        next_try: Instant,
        now: Instant,
    ) {
        let Some((health, known)) = self.replicas.get_mut(place) else { return };
        match outcome {
            Ok(seen) => {
                health.heard(seen.at);
                *known = Some(seen);
            }
            Err(error) => health.failed(error.sentence, Some(next_try), DOWN_AFTER, now),
        }
    }

    /// Takes in what came of asking for rules.
    pub(super) fn rules(&mut self, outcome: Result<SeenRules, SourceError>, next_try: Instant, now: Instant) {
        let is_beside = !self.replicas.is_empty();
        let Some((health, known)) = &mut self.rules else { return };
        match outcome {
            Ok(mut seen) => {
                health.heard(seen.at);
                seen.alerts.retain(|alert| Some(&alert.name) != self.watchdog_name.as_ref());
                let was_listed = vec![false; seen.alerts.len()];
                (*known, self.without_rules) = (Some(Ruling { seen, was_listed }), None);
            }
            // One that only stores has none: where Alertmanagers list what fires, that is no failure.
            Err(error) if error.trouble == Trouble::NotFound && is_beside => {
                health.heard(now);
                let SourceKind::Rules(name) = &health.id.kind else { return };
                self.without_rules = Some(format!(
                    "{name} tells of no rules (404): what is pending and the values of alerts are not known."
                ));
                *known = None;
            }
            Err(error) => health.failed(error.sentence, Some(next_try), DOWN_AFTER, now),
        }
    }

    /// All of it together.
    pub(super) fn compose(&mut self, now: Instant) -> AlertSnapshot {
        let is_fresh = |health: &SourceHealth| health.state == SourceState::Fresh;
        let any_fresh = self.replicas.iter().any(|(health, _)| is_fresh(health));
        // While one replica is current, an old word of another would only bring back what is over.
        let counted: Vec<&Seen> = self
            .replicas
            .iter()
            .filter(|(health, _)| !any_fresh || is_fresh(health))
            .filter_map(|(_, seen)| seen.as_ref())
            .collect();
        let mut alerts = board::alerts(counted.iter().map(|seen| seen.alerts.as_slice()));
        let known: Vec<&[Silence]> = counted.iter().filter_map(|seen| seen.silences.as_deref()).collect();
        let silences = (!known.is_empty()).then(|| board::silences(known.into_iter()).into());
        let mut notes: Vec<String> = counted.iter().flat_map(|seen| seen.notes.clone()).collect();
        let told = self.rules.as_ref().and_then(|(_, told)| told.as_ref());
        notes.extend(told.iter().flat_map(|told| told.seen.notes.clone()));
        notes.extend(self.without_rules.clone());
        notes.dedup();
        if self.replicas.is_empty() {
            let ruled = told.map(|told| told.seen.alerts.clone()).unwrap_or_default();
            return self.of_rules_alone(ruled, notes, now);
        }
        let watchdog = Watchdog::of(self.watchdog_name.as_ref(), &mut alerts);
        if any_fresh {
            self.history.observe(&mut alerts, now);
            self.watchdog = watchdog;
        }
        self.join(&mut alerts);
        AlertSnapshot {
            environment: self.environment.clone(),
            alerts: alerts.into(),
            silences,
            watchdog: self.watchdog.clone(),
            teller: Teller::Alertmanager,
            health: self.replicas.iter().map(|(health, _)| health.clone()).collect(),
            rules: self.rules.as_ref().map(|(health, _)| health.clone()),
            notes,
        }
    }

    /// Joins the list with what the rules told. Once those are away the list knows better: what Alertmanager had and has no more is over.
    fn join(&mut self, listed: &mut Vec<Arc<Alert>>) {
        let Some((health, Some(told))) = &mut self.rules else { return };
        let is_current = health.state == SourceState::Fresh;
        let is_listed = ruled::join(listed, &told.seen.alerts);
        for ((one, is_listed), was_listed) in told.seen.alerts.iter().zip(is_listed).zip(&mut told.was_listed) {
            *was_listed |= is_listed;
            if !is_listed && (is_current || !*was_listed) {
                listed.push(one.clone());
            }
        }
    }

    /// Without any Alertmanager: what the rules tell is the list, and nothing proves that somebody is told.
    fn of_rules_alone(&mut self, ruled: Vec<Arc<Alert>>, notes: Vec<String>, now: Instant) -> AlertSnapshot {
        let (pending, mut firing): (Vec<_>, Vec<_>) = ruled.into_iter().partition(|alert| alert.is_pending);
        if self.rules.as_ref().is_some_and(|(health, _)| health.state == SourceState::Fresh) {
            self.history.observe(&mut firing, now);
        }
        AlertSnapshot {
            environment: self.environment.clone(),
            alerts: firing.into_iter().chain(pending).collect(),
            silences: None,
            watchdog: Watchdog::NotAsked,
            teller: Teller::Prometheus,
            health: self.rules.iter().map(|(health, _)| health.clone()).collect(),
            rules: None,
            notes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::alert::testing::alert;

    fn at(seconds: i64) -> Instant {
        chrono::DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap_or_default()
    }

    fn rules(names: &[(&str, bool)], seconds: i64) -> SeenRules {
        let one = |(name, is_pending): &(&str, bool)| {
            let alert = alert(&[("alertname", name)], at(seconds));
            Arc::new(Alert { told_by: Teller::Prometheus, is_pending: *is_pending, ..alert })
        };
        SeenRules { at: at(seconds), alerts: names.iter().map(one).collect(), notes: Vec::new() }
    }

    fn seen(names: &[&str], seconds: i64) -> Seen {
        let alerts = names.iter().map(|name| Arc::new(alert(&[("alertname", name)], at(seconds)))).collect();
        Seen { at: at(seconds), alerts, silences: None, notes: Vec::new() }
    }

    fn names(snapshot: &AlertSnapshot) -> Vec<String> {
        snapshot.alerts.iter().map(|alert| format!("{} {}", alert.name, alert.state().word())).collect()
    }

    fn told(managers: &[&str]) -> Told {
        Told::nothing(&"production".into(), Some("Watchdog".into()), managers.iter().copied(), Some("p"))
    }

    #[test]
    fn the_rules_fill_what_an_alertmanager_does_not_list_and_are_no_proof_of_life() {
        let mut told = told(&["am"]);
        told.replica(0, Ok(seen(&["A"], 0)), at(15), at(0));
        told.rules(Ok(rules(&[("A", false), ("Soon", true), ("Watchdog", false)], 0)), at(15), at(0));
        let snapshot = told.compose(at(0));
        assert_eq!(names(&snapshot), ["A firing", "Soon pending"]);
        assert!(snapshot.watchdog.is_missing(), "what fires at Prometheus has not found its way to Alertmanager");
        assert_eq!(
            snapshot.sources().map(|one| one.id.to_string()).collect::<Vec<_>>(),
            ["production/am", "production/p rules"]
        );
        let broken = SourceError::new(Trouble::Timeout, "am did not answer.");
        told.replica(0, Err(broken), at(200), at(100));
        let best = told.compose(at(100)).best().map(|best| best.state);
        assert_eq!(best, Some(SourceState::Down), "rules do not stand in for an Alertmanager that is away");
    }

    #[test]
    fn without_an_alertmanager_the_rules_are_the_list() {
        let mut told = told(&[]);
        told.rules(Ok(rules(&[("Soon", true), ("A", false), ("Watchdog", false)], 0)), at(15), at(0));
        let snapshot = told.compose(at(0));
        assert_eq!(names(&snapshot), ["A firing", "Soon pending"]);
        assert_eq!((snapshot.teller, &snapshot.watchdog), (Teller::Prometheus, &Watchdog::NotAsked));
        let missing = || SourceError::new(Trouble::NotFound, "p knows no such thing.");
        told.rules(Err(missing()), at(200), at(100));
        assert_eq!(told.compose(at(100)).best().map(|best| best.state), Some(SourceState::Down));
    }

    #[test]
    fn old_rules_bring_nothing_back_that_alertmanager_has_no_more() {
        let mut told = told(&["am"]);
        told.rules(Ok(rules(&[("Over", false), ("On", false), ("Soon", true), ("Untold", false)], 0)), at(15), at(0));
        told.replica(0, Ok(seen(&["Over", "On"], 5)), at(20), at(5));
        assert_eq!(names(&told.compose(at(5))), ["Over firing", "On firing", "Soon pending", "Untold firing"]);
        for seconds in [15, 100] {
            told.rules(Err(SourceError::new(Trouble::Timeout, "p did not answer.")), at(200), at(seconds));
            told.replica(0, Ok(seen(&["On", "Soon"], seconds)), at(200), at(seconds));
            assert_eq!(
                names(&told.compose(at(seconds))),
                ["On firing", "Soon firing", "Untold firing"],
                "what nobody else tells of stays with its age"
            );
        }
        told.replica(0, Ok(seen(&["On"], 115)), at(200), at(115));
        assert_eq!(names(&told.compose(at(115))), ["On firing", "Untold firing"], "nor what was pending and has fired");
        told.rules(Ok(rules(&[("Over", false)], 120)), at(135), at(120));
        assert_eq!(names(&told.compose(at(120))), ["On firing", "Over firing"], "the rules of now do count");
    }

    #[test]
    fn one_that_only_stores_has_no_rules_and_is_well() {
        let mut told = told(&["am"]);
        told.replica(0, Ok(seen(&["Watchdog"], 0)), at(15), at(0));
        told.rules(Err(SourceError::new(Trouble::NotFound, "p knows no such thing.")), at(15), at(0));
        let snapshot = told.compose(at(0));
        assert!(snapshot.sources().all(|one| one.state == SourceState::Fresh), "{snapshot:?}");
        assert_eq!(
            snapshot.notes,
            ["p tells of no rules (404): what is pending and the values of alerts are not known."]
        );
    }
}
