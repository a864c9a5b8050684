//! What happened lately, as far as this console has seen it or was told, for the timeline and for the releases around an alert.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use chrono::TimeDelta;

use super::World;
use crate::domain::alert::{Alert, AlertSnapshot, SilenceState};
use crate::domain::incident::Incident;
use crate::domain::release::Release;
use crate::domain::rollout::{Rollout, Verdict, WorkloadRef};
use crate::domain::source::SourceState;
use crate::domain::store::{Acknowledgement, Annotation, AnnotationKind};
use crate::domain::time::Instant;
use crate::domain::timeline::{self, Lead, Moment, MomentKind, Nearness, SPAN, Timeline};

/// How long what only this console saw is kept: as long as an alert may look back.
const KEPT: TimeDelta = TimeDelta::hours(2);
/// The most of it, the newest.
const MOST: usize = 5_000;

/// What this console saw happen, and what it was told.
#[derive(Debug, Default)]
pub struct Happened {
    /// Present and past releases, by the key of their moment.
    releases: BTreeMap<Arc<str>, Moment>,
    /// What nobody else tells: alerts and silences that ended, replicas that were wanted. In the order in which it was seen.
    seen: VecDeque<Moment>,
    /// What the store's audit tells of the last hour.
    audit: Vec<Moment>,
    /// The alerts of each environment as they were last heard.
    alerts: HashMap<Arc<str>, AlertSnapshot>,
    /// The rows of each environment as they were last heard.
    rows: HashMap<Arc<str>, Arc<[Arc<Rollout>]>>,
    /// The timeline on the screen.
    pub shown: Timeline,
    /// Whether anything happened since it was made.
    is_new: bool,
}

impl Happened {
    /// Takes in what was released.
    pub fn released(&mut self, cluster: Option<&str>, releases: &[Release], now: Instant) {
        self.releases.retain(|_, moment| now - moment.at < KEPT);
        let moments = releases.iter().filter_map(|release| timeline::released(release, cluster));
        self.releases.extend(moments.filter(|one| now - one.at < KEPT).map(|moment| (moment.key.clone(), moment)));
        self.is_new = true;
    }

    /// Present and past releases of the last hours.
    pub fn releases(&self) -> impl Iterator<Item = &Moment> {
        self.releases.values()
    }

    /// Takes in what the audit tells of the last hour, in place of what it told before.
    pub fn audited(&mut self, moments: Vec<Moment>) {
        self.audit = moments;
        self.is_new = true;
    }

    /// Another source has something new to tell.
    pub fn touch(&mut self) {
        self.is_new = true;
    }

    /// Takes in the newest rows of an environment: who wants other replicas than before was scaled.
    pub fn rows(&mut self, environment: &Arc<str>, rows: &Arc<[Arc<Rollout>]>, now: Instant) {
        let before = self.rows.insert(environment.clone(), rows.clone()).unwrap_or_default();
        // Nearly all are the very rows of before, each in its place.
        let is_kept = |place: usize| matches!((before.get(place), rows.get(place)), (Some(old), Some(new)) if Arc::ptr_eq(old, new));
        let moved = |list: &Arc<[Arc<Rollout>]>| {
            let moved =
                list.iter().enumerate().filter(|(place, row)| !is_kept(*place) && row.verdict != Verdict::Unknown);
            moved.map(|(_, row)| row.clone()).collect::<Vec<_>>()
        };
        let known: HashMap<Arc<str>, u32> =
            moved(&before).iter().map(|row| (row.uid.clone(), row.counts.desired)).collect();
        for row in moved(rows) {
            if let Some(wanted) = known.get(&row.uid).filter(|wanted| **wanted != row.counts.desired) {
                self.note(timeline::scaled(&row, *wanted, now), now);
            }
        }
    }

    /// Takes in the newest alerts of an environment: those that are not listed any more are over.
    pub fn alerts(&mut self, snapshot: &AlertSnapshot, now: Instant) {
        let is_fresh = |one: &AlertSnapshot| one.best().is_some_and(|best| best.state == SourceState::Fresh);
        if !is_fresh(snapshot) {
            // The last good list of a source that is away says nothing of what ended.
            return;
        }
        self.is_new = true;
        let Some(before) = self.alerts.insert(snapshot.environment.clone(), snapshot.clone()) else { return };
        // One that came back meanwhile is listed with another beginning.
        let listed: HashSet<_> = events(snapshot).map(|alert| (&alert.key, alert.started_at)).collect();
        for alert in events(&before).filter(|alert| !listed.contains(&(&alert.key, alert.started_at))) {
            // That it began is told by the list for as long as it is in there.
            self.note(timeline::alert_began(alert), now);
            self.note(timeline::alert_ended(alert, now), now);
        }
        let (Some(before), Some(present)) = (&before.silences, &snapshot.silences) else { return };
        let held = before.iter().filter(|silence| silence.state == SilenceState::Active);
        let holds = |id: &Arc<str>| present.iter().any(|one| one.id == *id && one.state == SilenceState::Active);
        for silence in held.filter(|silence| !holds(&silence.id)) {
            self.note(timeline::silence_began(&snapshot.environment, silence), now);
            self.note(timeline::silence_ended(&snapshot.environment, silence, now.min(silence.ends_at)), now);
        }
    }

    fn note(&mut self, moment: Moment, now: Instant) {
        self.is_new = true;
        self.seen.push_back(moment);
        while self.seen.len() > MOST || self.seen.front().is_some_and(|oldest| now - oldest.at > KEPT) {
            self.seen.pop_front();
        }
    }

    /// What of the alerts is no older than the timeline: that they began, and the silences that hold.
    fn of_alerts(&self, now: Instant) -> impl Iterator<Item = Moment> + '_ {
        self.alerts.values().flat_map(move |snapshot| {
            let began = events(snapshot).filter(move |alert| now - alert.started_at <= SPAN);
            let all = snapshot.silences.iter().flat_map(|silences| silences.iter());
            let holding = all.filter(|silence| silence.state == SilenceState::Active);
            let held = holding.map(|silence| timeline::silence_began(&snapshot.environment, silence));
            began.map(|alert| timeline::alert_began(alert)).chain(held)
        })
    }
}

/// The alerts whose beginning and end are events: those that fire, by the word of whoever keeps the list. What only the rules tell
/// beside an Alertmanager is listed by it a moment later, and would begin twice.
fn events(snapshot: &AlertSnapshot) -> impl Iterator<Item = &Arc<Alert>> + Clone {
    snapshot.alerts.iter().filter(|alert| !alert.is_pending && alert.told_by == snapshot.teller)
}

impl World {
    /// Makes the timeline anew when something happened.
    pub fn retell(&mut self, now: Instant) {
        let oldest = self.happened.shown.moments.last();
        let is_old = oldest.is_some_and(|oldest| now - oldest.at > SPAN);
        if !self.happened.is_new && !is_old {
            return;
        }
        self.happened.is_new = false;
        let is_shown = |moment: &Moment| self.shown().any(|sight| *sight.name() == *moment.environment);
        let all = self.of_store().chain(self.of_journal()).chain(self.happened.of_alerts(now));
        let own = self.happened.releases.values().chain(&self.happened.seen).chain(&self.happened.audit).cloned();
        self.happened.shown = timeline::merged(all.chain(own).filter(is_shown), now);
    }

    /// What happened since an incident was declared to what it is about, as far as it is known here, newest first: actions from any console,
    /// releases, scalings, alerts and silences.
    pub fn happened_about(&self, incident: &Incident, now: Instant) -> Vec<Moment> {
        let services: Vec<&str> = incident.services().collect();
        let is_its = |row: &&Arc<Rollout>| row.service.as_deref().is_some_and(|name| services.contains(&name));
        let workloads: Vec<&WorkloadRef> =
            self.snapshot.rollouts.iter().filter(is_its).map(|row| &row.workload).collect();
        let is_named = |text: &str| {
            let mut names = services.iter().copied().chain(workloads.iter().map(|one| &*one.name));
            let words: Vec<&str> = text.split(|letter: char| !letter.is_alphanumeric() && letter != '-').collect();
            names.any(|name| words.contains(&name))
        };
        let is_about = |moment: &Moment| match &moment.lead {
            Lead::Workload(workload) => workloads.contains(&workload),
            Lead::Alert(environment, key) => {
                let alert = self.alerts.alert(&(environment.clone(), key.clone()));
                let service = alert.and_then(|alert| alert.service.as_deref());
                service.is_some_and(|name| services.contains(&name))
            }
            Lead::Journal | Lead::Nowhere => is_named(&moment.about),
        };
        let all = self.of_store().chain(self.of_journal()).chain(self.happened.of_alerts(now));
        let own = self.happened.releases.values().chain(&self.happened.seen).chain(&self.happened.audit).cloned();
        let since = all.chain(own).filter(|moment| moment.at >= incident.created_at && is_about(moment));
        timeline::merged(since, now).moments
    }

    /// What the store tells: marks, and who is on what.
    fn of_store(&self) -> impl Iterator<Item = Moment> + '_ {
        self.store.iter().flat_map(|store| {
            let marks = store.facts::<Annotation>().into_iter().flatten().map(|mark| {
                let moment = timeline::annotated(mark);
                // A release carries the cluster's time, whoever made it; what was written down by hand, the store's.
                let is_release = matches!(mark.kind, AnnotationKind::Deploy | AnnotationKind::Rollback);
                let ahead = if is_release { TimeDelta::zero() } else { store.ahead };
                Moment { at: moment.at - ahead, ..moment }
            });
            let taken = store.facts::<Acknowledgement>().into_iter().flat_map(|held| held.values());
            marks.chain(taken.map(|word| timeline::acknowledged(word, store.ahead)))
        })
    }

    /// What this machine's consoles did.
    fn of_journal(&self) -> impl Iterator<Item = Moment> + '_ {
        self.journal.iter().filter(|line| timeline::is_told(&line.what)).map(|line| Moment {
            key: timeline::attempt_key(line.at, &line.what),
            at: line.at,
            kind: MomentKind::Action,
            environment: line.environment.as_str().into(),
            about: line.about.clone(),
            words: format!("{}: {}", line.what, line.words),
            by: String::new(),
            lead: Lead::Journal,
            count: 1,
        })
    }

    /// What was released in the hour of an alert, the nearest to it; `None` for nothing.
    pub fn released_around(&self, alert: &Alert) -> Option<(Nearness, Vec<Moment>)> {
        let is_near = |at: Instant| (at - alert.started_at).abs() <= timeline::AROUND;
        let is_release = |kind| matches!(kind, AnnotationKind::Deploy | AnnotationKind::Rollback);
        let told = self.store.iter().filter_map(|store| store.facts::<Annotation>()).flatten();
        let told = told.filter(|mark| is_release(mark.kind) && is_near(mark.at)).map(timeline::annotated);
        let marks: Vec<Moment> = told.chain(self.happened.releases.values().cloned()).collect();
        let row = |workload: &WorkloadRef| {
            self.snapshot.rollouts.iter().find(|row| row.workload == *workload).map(AsRef::as_ref)
        };
        let (near, found) = timeline::around(alert, &marks, row)?;
        Some((near, found.into_iter().cloned().collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::alert::testing::alert;
    use crate::domain::source::{SourceHealth, SourceId, SourceKind};

    fn at(seconds: i64) -> Instant {
        chrono::DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap_or_default()
    }

    fn snapshot(alerts: Vec<Alert>, state: SourceState) -> AlertSnapshot {
        AlertSnapshot {
            environment: "production".into(),
            alerts: alerts.into_iter().map(Arc::new).collect(),
            health: vec![SourceHealth {
                state,
                ..SourceHealth::loading(SourceId::of(&"production".into(), SourceKind::Alertmanager("am".into())))
            }],
            ..AlertSnapshot::default()
        }
    }

    #[test]
    fn an_alert_is_over_only_by_the_word_of_a_source_that_is_there() {
        let one = || alert(&[("alertname", "A")], at(0));
        let mut happened = Happened::default();
        happened.alerts(&snapshot(vec![one()], SourceState::Fresh), at(0));
        happened.alerts(&snapshot(Vec::new(), SourceState::Down), at(10));
        assert!(happened.seen.is_empty(), "nobody says that it is over");
        happened.alerts(&snapshot(Vec::new(), SourceState::Fresh), at(20));
        let told: Vec<_> = happened.seen.iter().map(|moment| (moment.kind, moment.at)).collect();
        assert_eq!(
            told,
            [(MomentKind::Alert, at(-600)), (MomentKind::Resolved, at(20))],
            "that it began is still told"
        );
    }

    #[test]
    fn one_that_came_back_between_two_looks_ended_and_began() {
        let first = alert(&[("alertname", "A")], at(0));
        let again = Alert { started_at: at(15), ..first.clone() };
        let mut happened = Happened::default();
        happened.alerts(&snapshot(vec![first], SourceState::Fresh), at(0));
        happened.alerts(&snapshot(vec![again], SourceState::Fresh), at(20));
        let kinds: Vec<_> =
            happened.seen.iter().cloned().chain(happened.of_alerts(at(20))).map(|moment| moment.kind).collect();
        assert_eq!(kinds, [MomentKind::Alert, MomentKind::Resolved, MomentKind::Alert]);
    }
}
