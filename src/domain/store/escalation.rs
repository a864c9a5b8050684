//! Escalations of incidents, in the store: one row each. They change in the transaction that changes their incident, so that whoever
//! acknowledges one stops what waits to be sent.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::fact::{Applied, Change, Fact, Holding, Key, Kind, List, Migration, Migrations, Read, Row, Table, Value};
use super::{AuditEvent, AuditKind, Author, Id, LONGEST_NAME, Subject, SubjectKind, check_text, document, standing};
use crate::domain::incident::{Incident, Severity, Transition};
use crate::domain::oncall::escalation::{Called, Happening, Level, Order, Policy, Run, RunState, Target};
use crate::domain::time::Instant;

/// How many escalations that are not over a console holds.
const MOST: u64 = 2_000;

/// Escalations that are `open` or `closed`, newest first.
pub const ESCALATIONS_STANDING: &List = &List { by: &["standing ="], newest: "incident" };
/// Escalations of incidents below a number, newest first.
pub const ESCALATIONS_BELOW: &List = &List { by: &["incident <"], newest: "incident" };

/// The key of the escalation of an incident.
pub fn escalation_of(incident: u64) -> Key {
    Key::of::<Run>([incident.into()])
}

impl Fact for Run {
    const TABLE: &'static Table = &Table {
        name: "escalation",
        kind: Kind::Versioned,
        columns: &["incident", "standing", "document"],
        key: 1,
        lists: &[ESCALATIONS_STANDING, ESCALATIONS_BELOW],
        held: Some(Holding { only: "standing = 'open'", back: TimeDelta::zero(), most: MOST }),
        migrations: &Migrations {
            subject: "escalation",
            steps: &[Migration::both(include_str!("../../../assets/migrations/escalation/0001-table.sql"))],
        },
    };
    type Held = BTreeMap<u64, Self>;

    fn decode(row: &Row) -> Option<Self> {
        let read: Self = document(&row.raw(2))?;
        Some(Self { incident: row.number(0)?, version: row.number(3)?, ..read })
    }

    fn encode(&self) -> Vec<Value> {
        // It has only keys that are texts, so it always serialises.
        let document = serde_json::to_string(self).unwrap_or_default();
        vec![self.incident.into(), standing(self.state != RunState::Ended).into(), document.into()]
    }

    fn hold(held: &mut Self::Held, new: Vec<Self>, _: Instant) {
        held.extend(new.into_iter().map(|one| (one.incident, one)));
        held.retain(|_, one| one.state != RunState::Ended);
    }

    fn example(nth: u64, text: &str) -> Box<dyn Change> {
        let level = Level { after: 0, page: vec![Target::Person(text.replace(['/', ':'], ""))] };
        let policy = Policy { team: text.to_owned(), levels: vec![level], ..Policy::nobody(Severity::Sev1) };
        let called = Called { policy, ..Called::nobody(Severity::Sev1) };
        Box::new(BeginEscalation { environment: "production".to_owned(), incident: nth, called })
    }
}

/// The escalation of an incident that has none begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BeginEscalation {
    /// The environment of the console it is done from.
    pub environment: String,
    /// The incident's number.
    pub incident: u64,
    /// By which policy, and who is on call by it.
    pub called: Called,
}

impl Change for BeginEscalation {
    fn reads(&self) -> Vec<Key> {
        vec![escalation_of(self.incident)]
    }

    fn apply(&self, read: &Read, _: &Author, _: &Id, now: Instant) -> Result<Applied, String> {
        check_called(&self.called)?;
        if read.one::<Run>().is_some() {
            return Ok(Applied::Conflict(format!(
                "The escalation of incident {} has begun: nothing was written.",
                self.incident
            )));
        }
        let (run, _) = Run::begin(self.incident, self.called.policy.clone(), &self.called.around(), now);
        let name = self.incident.to_string();
        let subject = Subject { environment: self.environment.clone(), kind: SubjectKind::Incident, name };
        let words = format!("by the policy of {}, version {}", run.policy.team, run.policy.version);
        let event = AuditEvent { kind: AuditKind::Data, what: "escalation begun".to_owned(), subject, words };
        Ok(Applied::one(&run, event))
    }
}

/// Whether what an escalation goes by may be written.
pub(super) fn check_called(called: &Called) -> Result<(), String> {
    check_text("team", &called.policy.team, true, LONGEST_NAME)?;
    let named = called.people.values().flatten();
    let targets = called.policy.levels.iter().flat_map(|level| &level.page).map(ToString::to_string);
    named.cloned().chain(targets).try_for_each(|who| check_text("handle", &who, false, LONGEST_NAME))
}

/// What a change of an incident made of its escalation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Escalated {
    /// The escalation after it.
    pub run: Run,
    /// What is said of it in the timeline; `None`: what the change says by itself.
    pub told: Option<String>,
}

/// What becomes of the escalation of an incident that somebody changes; `None` where there is none and none begins. `next` is the incident
/// after it; `None` where it is only told of.
///
/// # Errors
/// Why it cannot happen, as a sentence.
pub fn escalated(
    run: Option<Run>,
    next: Option<&Incident>,
    (transition, actor): (&Transition, &str),
    called: Option<&Called>,
    now: Instant,
) -> Result<Option<Escalated>, String> {
    let severity = next.map_or(Severity::Sev4, |next| next.severity);
    let nobody = Called::nobody(severity);
    let called = called.unwrap_or(&nobody);
    let around = called.around();
    let Some(run) = begun(run, next, transition, called, now)? else { return Ok(None) };
    let happening = happening(&run, next, (transition, actor), &called.policy);
    let was_asked = matches!(happening, Happening::ResponderAcknowledges(_));
    if run.state == RunState::Ended && !matches!(happening, Happening::Reopen(_)) {
        return Ok(None);
    }
    // Nobody may have looked at the clock for a while: the next level is the one behind those that are due.
    let run = if *transition == Transition::Escalate { run.caught_up(&around, now) } else { run };
    let (run, orders) = run.after(happening, &around, now)?;
    let told = match transition {
        Transition::Escalate => Some(orders.iter().find_map(paged).unwrap_or_else(|| "nobody is above".to_owned())),
        Transition::Answer if was_asked => Some("their own page alone".to_owned()),
        Transition::Answer => Some(format!("level {}", run.level)),
        _ => None,
    };
    Ok(Some(Escalated { run, told }))
}

/// The escalation there is, or the one that this begins.
fn begun(
    run: Option<Run>,
    next: Option<&Incident>,
    transition: &Transition,
    called: &Called,
    now: Instant,
) -> Result<Option<Run>, String> {
    let has_levels = !called.policy.levels.is_empty();
    if let Some(mut run) = run {
        // None was written down when it began.
        if run.policy.levels.is_empty() && has_levels {
            run.policy = called.policy.clone();
        }
        return Ok(Some(run));
    }
    let needs_one = match transition {
        Transition::Escalate
        | Transition::AddResponder { .. }
        | Transition::Answer
        | Transition::Reassign { .. }
        | Transition::Snooze { .. } => true,
        Transition::Severity { .. } | Transition::Reopen | Transition::Unmerge { .. } => has_levels,
        _ => false,
    };
    let Some(next) = next.filter(|_| needs_one) else { return Ok(None) };
    let (run, _) = Run::begin(next.number, called.policy.clone(), &called.around(), next.created_at);
    match (&next.acknowledged, transition) {
        (_, Transition::Reopen | Transition::Unmerge { .. }) => {
            Ok(Some(run.after(Happening::Resolve, &called.around(), now)?.0))
        }
        (Some(stamp), _) => Ok(Some(run.after(Happening::Acknowledge(stamp.by.clone()), &called.around(), now)?.0)),
        (None, _) => Ok(Some(run)),
    }
}

fn happening(
    run: &Run,
    next: Option<&Incident>,
    (transition, actor): (&Transition, &str),
    policy: &Policy,
) -> Happening {
    let by = || actor.to_owned();
    match transition {
        Transition::Acknowledge => Happening::Acknowledge(by()),
        Transition::Answer => run.answer(actor),
        Transition::Escalate => Happening::EscalateNow,
        Transition::AddResponder { person } => Happening::AddResponder(person.clone()),
        Transition::Reassign { to, .. } => Happening::Reassign(to.clone()),
        Transition::Snooze { until } => Happening::Snooze(*until),
        // Where no policy is for the new severity, that of the old one goes on.
        Transition::Severity { .. } if policy.levels.is_empty() => Happening::Activity(by()),
        Transition::Severity { from, to } if to < from => Happening::Graver(Box::new(policy.clone())),
        Transition::Severity { .. } => Happening::Milder(Box::new(policy.clone())),
        Transition::Resolve | Transition::Merge { .. } => Happening::Resolve,
        Transition::Reopen | Transition::Unmerge { .. } => {
            Happening::Reopen(next.and_then(|next| next.acknowledged.as_ref()).map(|stamp| stamp.by.clone()))
        }
        _ => Happening::Activity(by()),
    }
}

/// Whom an order pages, in words.
fn paged(order: &Order) -> Option<String> {
    match order {
        Order::Page { level: Some(level), people, .. } => Some(format!("level {level}: {}", people.join(", "))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::fact::Writes;
    use super::super::{ChangeIncident, DeclareIncident, incident_of};
    use super::*;
    use crate::domain::incident::{Entry, Source};
    use crate::domain::oncall::escalation::{PageState, Runs};
    use crate::domain::time;

    fn at(minutes: i64) -> Instant {
        time::from_seconds(1_792_800_000 + minutes * 60)
    }

    fn policy(severity: Severity, version: u64) -> Policy {
        let level =
            |(name, after): (&str, u32)| Level { after: after * 60, page: vec![Target::Person(name.to_owned())] };
        let levels = [("ada", 0), ("ben", 15), ("cy", 30)].map(level).to_vec();
        Policy {
            team: "shop".into(),
            runs: Runs::Always,
            levels,
            exhausted: 7_200,
            version,
            ..Policy::nobody(severity)
        }
    }

    fn called(severity: Severity, version: u64) -> Called {
        let person = |name: &str| (Target::Person(name.to_owned()), vec![name.to_owned()]);
        let people = ["ada", "ben", "cy"].map(person).into();
        Called { policy: policy(severity, version), business: None, people }
    }

    fn author(name: &str) -> Author {
        Author { name: name.into(), origin: "test".into() }
    }

    /// A store of one incident with its escalation.
    struct Kept {
        incident: Incident,
        run: Option<Run>,
        lines: Vec<Entry>,
    }

    impl Kept {
        fn declared(called: Option<Called>) -> Self {
            let declare = DeclareIncident {
                environment: "production".into(),
                title: "Checkout is down".into(),
                severity: Severity::Sev1,
                source: Source::Monitoring,
                team: "shop".into(),
                impact: String::new(),
                impact_since: None,
                links: Vec::new(),
                similar_to: None,
                on_behalf_of: None,
                called,
            };
            let applied = declare.apply(&Read::default(), &author("kim"), &Id::stored("a"), at(0));
            let Ok(Applied::Writes(writes)) = applied else { unreachable!("{applied:?}") };
            let mut kept = Self { incident: found(&writes, 0).expect("an incident"), run: None, lines: Vec::new() };
            kept.take(&writes);
            kept
        }

        fn take(&mut self, writes: &Writes) {
            self.run = found::<Run>(writes, 0).or(self.run.take());
            self.incident = found::<Incident>(writes, 0).unwrap_or_else(|| self.incident.clone());
            self.lines.extend(found::<Entry>(writes, 0));
        }

        fn then(
            &mut self,
            by: &str,
            transition: Transition,
            called: Option<Called>,
            minutes: i64,
        ) -> Result<(), String> {
            let change = ChangeIncident { called, ..ChangeIncident::of("production", 1, transition) };
            let row = |fact: Vec<Value>| {
                let stamps = vec![Value::from(1_u64), Value::from("attempt"), Value::from(1_u64)];
                Row(fact.into_iter().chain(stamps).collect())
            };
            let mut read = vec![(incident_of(1), Some(row(self.incident.encode())))];
            read.push((escalation_of(1), self.run.as_ref().map(|run| row(run.encode()))));
            match change.apply(&Read(read), &author(by), &Id::stored("b"), at(minutes))? {
                Applied::Writes(writes) => {
                    self.take(&writes);
                    Ok(())
                }
                Applied::Conflict(why) => Err(why),
                Applied::AlreadyDone => Ok(()),
            }
        }

        fn queued(&self) -> Vec<&str> {
            self.run.iter().flat_map(Run::queued).map(|page| page.person.as_str()).collect()
        }

        fn said(&self) -> &str {
            self.lines.last().map(|line| line.after.as_str()).unwrap_or_default()
        }
    }

    fn found<F: Fact>(writes: &Writes, version: u64) -> Option<F> {
        let put = writes.facts.iter().find(|put| *put.table == *F::TABLE)?;
        let stamps = vec![Value::from(version), Value::from("attempt"), Value::from(1_u64)];
        F::decode(&Row(put.values.iter().cloned().chain(stamps).collect()))
    }

    #[test]
    fn an_acknowledgement_stops_what_is_queued_in_its_own_write() {
        let mut kept = Kept::declared(Some(called(Severity::Sev1, 3)));
        assert_eq!(kept.queued(), ["ada"]);
        assert_eq!(kept.run.as_ref().map(|run| run.policy.version), Some(3));
        kept.then("ada", Transition::Acknowledge, None, 5).expect("acknowledged");
        assert_eq!(kept.queued(), Vec::<&str>::new());
        let run = kept.run.as_ref().expect("a run");
        assert!(run.pages.iter().all(|page| page.state == PageState::Cancelled), "{run:?}");
        assert!(matches!(&run.state, RunState::Stopped { by, .. } if by == "ada"));
    }

    #[test]
    fn who_was_asked_to_help_answers_their_own_page_alone() {
        let mut kept = Kept::declared(Some(called(Severity::Sev1, 3)));
        kept.then("kim", Transition::AddResponder { person: "dee".into() }, None, 1).expect("asked");
        assert_eq!(kept.queued(), ["ada", "dee"]);
        let again = kept.then("kim", Transition::AddResponder { person: "dee".into() }, None, 1);
        assert!(again.is_err_and(|why| why.contains("dee was asked already")));
        kept.then("dee", Transition::Answer, None, 2).expect("answered");
        assert_eq!((kept.queued(), kept.said()), (vec!["ada"], "their own page alone"));
        assert!(kept.incident.acknowledged.is_none(), "the ladder goes on");

        // And one whom an acknowledgement of somebody else does not stop.
        kept.then("kim", Transition::AddResponder { person: "eve".into() }, None, 3).expect("asked");
        kept.then("ada", Transition::Acknowledge, None, 4).expect("acknowledged");
        assert_eq!(kept.queued(), ["eve"]);
        kept.then("ada", Transition::Resolve, None, 5).expect("resolved");
        assert_eq!(kept.queued(), Vec::<&str>::new(), "it is over for everybody");
    }

    #[test]
    fn the_next_level_is_the_one_behind_those_that_are_due() {
        let mut kept = Kept::declared(Some(called(Severity::Sev1, 3)));
        kept.then("kim", Transition::Escalate, Some(called(Severity::Sev1, 3)), 5).expect("escalated");
        assert_eq!((kept.queued(), kept.said()), (vec!["ada", "ben"], "level 2: ben"));
        let mut late = Kept::declared(Some(called(Severity::Sev1, 3)));
        late.then("kim", Transition::Escalate, Some(called(Severity::Sev1, 3)), 16).expect("escalated");
        assert_eq!(late.said(), "level 3: cy", "level 2 was due a minute ago");
        let above = late.then("kim", Transition::Escalate, Some(called(Severity::Sev1, 3)), 17);
        assert!(above.is_err_and(|why| why.contains("nobody is above")));
    }

    #[test]
    fn whoever_it_is_escalated_to_after_it_was_acknowledged_can_answer() {
        let mut kept = Kept::declared(Some(called(Severity::Sev1, 3)));
        kept.then("ada", Transition::Acknowledge, None, 5).expect("acknowledged");
        kept.then("ada", Transition::Escalate, Some(called(Severity::Sev1, 3)), 6).expect("escalated");
        assert_eq!(kept.queued(), ["ben"]);
        kept.then("ben", Transition::Answer, None, 7).expect("answered");
        assert_eq!((kept.queued(), kept.said()), (Vec::new(), "level 2"));
        let first = kept.incident.acknowledged.as_ref().map(|stamp| stamp.by.as_str());
        assert_eq!(first, Some("ada"), "the first acknowledgement stays");
    }

    #[test]
    fn it_is_put_off_given_on_and_begun_again() {
        let mut kept = Kept::declared(Some(called(Severity::Sev1, 3)));
        kept.then("kim", Transition::Snooze { until: at(60) }, None, 5).expect("put off");
        assert_eq!(kept.run.as_ref().map(|run| run.state.clone()), Some(RunState::Paused { until: at(60) }));
        let past = kept.then("kim", Transition::Snooze { until: at(4) }, None, 5);
        assert!(past.is_err_and(|why| why.contains("that is over")));
        let to = Transition::Reassign { from: None, to: "dee".into() };
        kept.then("kim", to, Some(called(Severity::Sev1, 3)), 6).expect("given on");
        assert_eq!((kept.queued(), kept.incident.assignee.as_deref()), (vec!["dee"], Some("dee")));
        kept.then("dee", Transition::Resolve, None, 7).expect("resolved");
        kept.then("dee", Transition::Reopen, Some(called(Severity::Sev1, 3)), 8).expect("reopened");
        assert_eq!(kept.queued(), ["ada"], "nobody had acknowledged it: it climbs from the first level");
    }

    #[test]
    fn a_policy_written_later_is_for_later_runs_and_a_graver_severity_brings_its_own() {
        let mut kept = Kept::declared(Some(called(Severity::Sev2, 3)));
        let tick = Transition::Tick { item: "impact".into(), is_done: true };
        kept.then("kim", tick, Some(called(Severity::Sev2, 9)), 1).expect("ticked");
        assert_eq!(kept.run.as_ref().map(|run| run.policy.version), Some(3));
        kept.incident.severity = Severity::Sev2;
        let graver = Transition::Severity { from: Severity::Sev2, to: Severity::Sev1 };
        kept.then("kim", graver, Some(called(Severity::Sev1, 9)), 20).expect("changed");
        let run = kept.run.as_ref().expect("a run");
        assert_eq!((run.policy.version, run.begun_at, run.level), (9, at(20), 1));
        let milder = Transition::Severity { from: Severity::Sev1, to: Severity::Sev3 };
        kept.then("kim", milder, Some(called(Severity::Sev3, 1)), 21).expect("changed");
        assert_eq!(kept.queued(), ["ada"], "whoever was called was called");
    }

    #[test]
    fn without_a_policy_somebody_can_be_asked_by_name_alone() {
        let mut kept = Kept::declared(None);
        assert!(kept.run.is_none());
        let none = kept.then("kim", Transition::Escalate, None, 1);
        assert!(none.is_err_and(|why| why.contains("No policy says whom to page")));
        kept.then("kim", Transition::AddResponder { person: "dee".into() }, None, 2).expect("asked");
        assert_eq!(kept.queued(), ["dee"]);
        kept.then("kim", Transition::Escalate, Some(called(Severity::Sev1, 1)), 3).expect("one was written meanwhile");
        assert_eq!(kept.queued(), ["dee", "ada"]);
    }
}
