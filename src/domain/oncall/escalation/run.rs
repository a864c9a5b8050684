//! The escalation of one incident while it runs: whom to page when, and what stops it. Time and who is on call are given; what is to be done
//! comes out as [`Order`]s, which the caller carries out in the transaction that keeps the run.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::super::business::BusinessHours;
use super::ladder::{Resolve, everybody};
use super::page::Page;
use super::policy::{Policy, Runs};
use super::state::{Responder, RunState};
use crate::domain::incident::Severity;
use crate::domain::time::{self, Instant};

/// How long before an acknowledgement runs out whoever gave it is nudged.
const NUDGE: TimeDelta = TimeDelta::minutes(5);
/// How long alerts have to be over before nobody is paged any more for an incident that nobody acknowledged.
const GRACE: TimeDelta = TimeDelta::minutes(2);
/// A clock that is later than this pages only the level that is due now, and not each that was missed.
const LATE: TimeDelta = TimeDelta::minutes(15);
/// A run that nobody and nothing touched for so long pages nobody until somebody says so.
const STALE: TimeDelta = TimeDelta::hours(24);
/// How often it is said that nobody is left.
const POST: TimeDelta = TimeDelta::minutes(30);

/// The escalation of an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// The incident.
    pub incident: u64,
    /// The policy as it was when the run began: a later version is for later runs.
    pub policy: Policy,
    /// When the first level was due.
    #[serde(deserialize_with = "time::clamped")]
    pub begun_at: Instant,
    /// How many levels were paged.
    pub level: usize,
    /// How often it began again because nobody answered.
    pub round: u32,
    /// From 1; every stop and every new beginning adds one. A page of another epoch is not sent any more.
    pub epoch: u64,
    /// Where it stands.
    pub state: RunState,
    /// When its alerts were over, while nobody had acknowledged it.
    #[serde(default, deserialize_with = "time::clamped_or_none")]
    pub quiet_at: Option<Instant>,
    /// When anybody or anything last touched it.
    #[serde(deserialize_with = "time::clamped")]
    pub touched_at: Instant,
    /// Who was asked to help.
    pub responders: Vec<Responder>,
    /// Whom it called, the last last.
    #[serde(default)]
    pub pages: Vec<Page>,
    /// From 1; every change adds one.
    #[serde(default)]
    pub version: u64,
}

/// What happens to a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happening {
    /// Time passes.
    Tick,
    /// Somebody has it.
    Acknowledge(String),
    /// Whoever had it gives it back.
    Unacknowledge,
    /// Somebody who works on it did something.
    Activity(String),
    /// The next level is paged now.
    EscalateNow,
    /// Somebody is asked to help. The clock goes on.
    AddResponder(String),
    /// Somebody who was asked to help is there.
    ResponderAcknowledges(String),
    /// Somebody is paged in place of the first level, and the clock begins there.
    Reassign(String),
    /// Nobody is paged until then.
    Snooze(Instant),
    /// It is graver now: by this policy.
    Graver(Box<Policy>),
    /// It is milder now: by this policy, and whoever was called was called.
    Milder(Box<Policy>),
    /// None of its alerts fires any more.
    AlertsOver,
    /// One fires again.
    Refired,
    /// A human says that a run that was left alone pages on.
    Confirm,
    /// The incident is over.
    Resolve,
    /// It is not over: whoever had acknowledged it has it, where somebody had.
    Reopen(Option<String>),
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// Pages are queued.
    Page {
        /// The epoch: see [`Run::may_send`].
        epoch: u64,
        /// The level, from 1; `None` for somebody who was asked by name.
        level: Option<usize>,
        /// Who.
        people: Vec<String>,
    },
    /// What is queued of an epoch is not sent any more.
    Cancel {
        /// The epoch.
        epoch: u64,
        /// Only what is queued for this person.
        person: Option<String>,
    },
    /// Somebody is reminded that their acknowledgement runs out.
    Nudge(String),
    /// A line of the timeline.
    Note(String),
    /// It is said to everybody that nobody answered.
    Post(String),
}

/// How long an acknowledgement holds while whoever gave it does nothing; `None`: for good.
pub const fn acknowledgement_holds(severity: Severity) -> Option<TimeDelta> {
    match severity {
        Severity::Sev1 => Some(TimeDelta::minutes(30)),
        Severity::Sev2 => Some(TimeDelta::hours(2)),
        Severity::Sev3 => Some(TimeDelta::hours(8)),
        Severity::Sev4 => None,
    }
}

/// What a run goes by beside its policy.
#[derive(Debug)]
pub struct Around<'a, R> {
    /// When the team does business.
    pub business: Option<&'a BusinessHours>,
    /// Who is on call.
    pub resolve: &'a R,
}

impl Run {
    /// The run of an incident that was just opened, and what is to be done at once.
    pub fn begin(incident: u64, policy: Policy, around: &Around<'_, impl Resolve>, now: Instant) -> (Self, Vec<Order>) {
        let mut run = Self {
            incident,
            begun_at: now,
            level: 0,
            round: 0,
            epoch: 0,
            state: RunState::Ended,
            quiet_at: None,
            touched_at: now,
            responders: Vec::new(),
            pages: Vec::new(),
            version: 0,
            policy,
        };
        let mut orders = Vec::new();
        run.climb_anew(around, now, &mut orders);
        run.keep(&orders, now);
        (run, orders)
    }

    /// Whether a page of an epoch is still to be sent: asked again just before it is.
    pub fn may_send(&self, epoch: u64) -> bool {
        epoch == self.epoch && matches!(self.state, RunState::Running { .. } | RunState::Exhausted { .. })
    }

    /// When something is due by itself; `None`: nothing is.
    pub fn due_at(&self) -> Option<Instant> {
        match &self.state {
            RunState::Running { next_at } => {
                Some(self.quiet_at.map_or(*next_at, |quiet| (quiet + GRACE).min(*next_at)))
            }
            RunState::Stopped { again_at, is_nudged, .. } => {
                again_at.map(|at| if *is_nudged { at } else { at - NUDGE })
            }
            RunState::Paused { until } => Some(*until),
            RunState::Exhausted { post_at } => Some(*post_at),
            RunState::Cooling | RunState::Held | RunState::Ended => None,
        }
    }

    /// What becomes of it, and what is to be done.
    ///
    /// # Errors
    /// The sentence that says why it cannot happen; nothing is changed.
    pub fn after(
        &self,
        happening: Happening,
        around: &Around<'_, impl Resolve>,
        now: Instant,
    ) -> Result<(Self, Vec<Order>), String> {
        let mut next = self.clone();
        let mut orders = Vec::new();
        if self.state == RunState::Ended && !matches!(happening, Happening::Tick | Happening::Reopen(_)) {
            return Err(format!("Incident {} is over: nobody is paged for it any more.", self.incident));
        }
        if happening != Happening::Tick {
            next.touched_at = now;
        }
        match happening {
            Happening::Tick => next.tick(around, now, &mut orders),
            Happening::Acknowledge(by) => next.acknowledge(by, now, &mut orders)?,
            Happening::Unacknowledge => {
                let RunState::Stopped { by, .. } = &self.state else {
                    return Err(format!("Nobody has incident {}: there is nothing to give back.", self.incident));
                };
                orders.push(Order::Note(format!("given back by {by}")));
                next.climb_anew(around, now, &mut orders);
            }
            Happening::Activity(by) => next.put_off(&by, now),
            Happening::EscalateNow => next.escalate(around, now, &mut orders)?,
            Happening::AddResponder(person) => {
                if next.responders.iter().any(|one| one.person == person) {
                    return Err(format!("{person} was asked already."));
                }
                orders.push(Order::Page { epoch: next.epoch, level: None, people: vec![person.clone()] });
                next.responders.push(Responder { person, has_acknowledged: false });
            }
            Happening::ResponderAcknowledges(person) => {
                let Some(one) = next.responders.iter_mut().find(|one| one.person == person) else {
                    return Err(format!("{person} was not asked: acknowledge the incident itself."));
                };
                one.has_acknowledged = true;
                orders.push(Order::Cancel { epoch: next.epoch, person: Some(person) });
            }
            Happening::Reassign(person) => {
                next.stop(&mut orders);
                next.epoch += 1;
                (next.begun_at, next.level, next.quiet_at) = (now, 1, None);
                orders.push(Order::Page { epoch: next.epoch, level: None, people: vec![person] });
                next.wait(around, now);
            }
            Happening::Snooze(until) => {
                if until <= now {
                    return Err("It cannot be put off until a time that is over.".to_owned());
                }
                next.stop(&mut orders);
                next.state = RunState::Paused { until };
            }
            Happening::Graver(policy) => {
                orders.push(Order::Note(format!("{} from now on", policy.severity.name())));
                next.policy = *policy;
                if !matches!(next.state, RunState::Stopped { .. }) {
                    next.stop(&mut orders);
                    next.climb_anew(around, now, &mut orders);
                }
            }
            Happening::Milder(policy) => {
                orders.push(Order::Note(format!("{} from now on", policy.severity.name())));
                next.policy = *policy;
                if matches!(next.state, RunState::Running { .. }) {
                    next.wait(around, now);
                }
            }
            Happening::AlertsOver => {
                if matches!(next.state, RunState::Running { .. }) {
                    next.quiet_at = Some(now);
                }
            }
            Happening::Refired => {
                next.quiet_at = None;
                if matches!(next.state, RunState::Cooling | RunState::Stopped { .. }) {
                    next.climb_anew(around, now, &mut orders);
                }
            }
            Happening::Confirm => {
                if next.state != RunState::Held {
                    return Err(format!("Incident {} waits for nobody's word.", self.incident));
                }
                next.climb_anew(around, now, &mut orders);
            }
            Happening::Resolve => {
                next.stop(&mut orders);
                next.state = RunState::Ended;
            }
            Happening::Reopen(who) => next.reopen(who, around, now, &mut orders)?,
        }
        next.keep(&orders, now);
        Ok((next, orders))
    }

    fn tick(&mut self, around: &Around<'_, impl Resolve>, now: Instant, orders: &mut Vec<Order>) {
        if self.due_at().is_none_or(|due| now < due) {
            return;
        }
        if now - self.touched_at > STALE && !matches!(self.state, RunState::Stopped { .. }) {
            self.stop(orders);
            self.state = RunState::Held;
            orders.push(Order::Note(
                "left alone for 24 h: it pages nobody until somebody says that it still matters".into(),
            ));
            return;
        }
        match self.state.clone() {
            RunState::Running { .. } if self.quiet_at.is_some_and(|quiet| now >= quiet + GRACE) => {
                self.stop(orders);
                self.state = RunState::Cooling;
                orders.push(Order::Note("its alerts are over: nobody is paged any more".into()));
            }
            RunState::Running { next_at } => {
                let mut level = self.level;
                if now - next_at > LATE {
                    orders.push(Order::Note(format!("resumed late by {}", time::length(now - next_at))));
                    let is_due = |level: usize| self.due(level, around) <= now;
                    level = (self.level..self.levels()).rev().find(|level| is_due(*level)).unwrap_or(level);
                }
                self.page_from((level, self.levels()), around, now, orders);
            }
            RunState::Stopped { by, again_at: Some(again_at), .. } if now >= again_at => {
                orders.push(Order::Note(format!("{by} acknowledged and was not heard of since: paged again")));
                self.climb_anew(around, now, orders);
                orders.push(Order::Page { epoch: self.epoch, level: None, people: vec![by] });
            }
            RunState::Stopped { by, again_at, .. } => {
                orders.push(Order::Nudge(by.clone()));
                self.state = RunState::Stopped { by, again_at, is_nudged: true };
            }
            RunState::Paused { .. } => self.climb_anew(around, now, orders),
            RunState::Exhausted { .. } => self.exhaust(now, orders),
            RunState::Cooling | RunState::Held | RunState::Ended => {}
        }
    }

    /// The next level is called now.
    fn escalate(
        &mut self,
        around: &Around<'_, impl Resolve>,
        now: Instant,
        orders: &mut Vec<Order>,
    ) -> Result<(), String> {
        let levels = self.policy.levels.len();
        if levels == 0 {
            return Err(format!("No policy says whom to page for incident {}: ask somebody by name.", self.incident));
        }
        if self.level >= levels {
            return Err(format!("Every level of incident {} was paged: nobody is above.", self.incident));
        }
        if !matches!(self.state, RunState::Running { .. }) {
            // Whoever had it asks for more: what follows is timed from here.
            self.epoch += 1;
            self.begun_at = now - self.policy.offset(self.level);
        }
        orders.push(Order::Note(format!("escalated to level {}", self.level + 1)));
        self.page_from((self.level, levels), around, now, orders);
        Ok(())
    }

    /// It is not over: whoever had acknowledged it has it, or it climbs anew.
    fn reopen(
        &mut self,
        who: Option<String>,
        around: &Around<'_, impl Resolve>,
        now: Instant,
        orders: &mut Vec<Order>,
    ) -> Result<(), String> {
        if self.state != RunState::Ended {
            return Err(format!("Incident {} is not over.", self.incident));
        }
        match who {
            Some(by) => self.acknowledge(by, now, orders)?,
            None => self.climb_anew(around, now, orders),
        }
        Ok(())
    }

    fn acknowledge(&mut self, by: String, now: Instant, orders: &mut Vec<Order>) -> Result<(), String> {
        if let RunState::Stopped { by: before, .. } = &self.state {
            return Err(format!("{before} has incident {} already.", self.incident));
        }
        self.stop(orders);
        let again_at = acknowledgement_holds(self.policy.severity).map(|holds| now + holds);
        self.state = RunState::Stopped { by, again_at, is_nudged: false };
        Ok(())
    }

    /// Somebody is heard of: what they acknowledged holds on.
    fn put_off(&mut self, who: &str, now: Instant) {
        let is_responder = self.responders.iter().any(|one| one.person == who);
        if let RunState::Stopped { by, again_at, is_nudged } = &mut self.state
            && (by == who || is_responder)
        {
            *again_at = acknowledgement_holds(self.policy.severity).map(|holds| now + holds);
            *is_nudged = false;
        }
    }

    /// What is queued is not sent any more.
    fn stop(&mut self, orders: &mut Vec<Order>) {
        orders.push(Order::Cancel { epoch: self.epoch, person: None });
        self.epoch += 1;
        self.quiet_at = None;
    }

    /// It climbs from the first level, which may have to wait for business hours.
    fn climb_anew(&mut self, around: &Around<'_, impl Resolve>, now: Instant, orders: &mut Vec<Order>) {
        self.epoch += 1;
        (self.begun_at, self.level, self.round, self.quiet_at) = (now, 0, 0, None);
        self.touched_at = now;
        if self.policy.levels.is_empty() {
            self.state = RunState::Running { next_at: time::LAST };
        } else if self.due(0, around) <= now {
            self.page_from((0, self.levels()), around, now, orders);
        } else {
            self.wait(around, now);
        }
    }

    /// How many levels are climbed.
    fn levels(&self) -> usize {
        if self.policy.runs == Runs::NextBusinessHour { 1 } else { self.policy.levels.len() }
    }

    /// When a level is due; beyond the last, when nobody is left.
    fn due(&self, level: usize, around: &Around<'_, impl Resolve>) -> Instant {
        self.policy.after(self.begun_at, self.policy.offset(level), around.business)
    }

    /// Pages a level. One that has nobody does not keep the next waiting.
    fn page_from(
        &mut self,
        (mut level, levels): (usize, usize),
        around: &Around<'_, impl Resolve>,
        now: Instant,
        orders: &mut Vec<Order>,
    ) {
        while let Some(targets) = self.policy.levels.get(level).filter(|_| level < levels) {
            level += 1;
            let people = everybody(&targets.page, now, around.resolve);
            if !people.is_empty() {
                orders.push(Order::Page { epoch: self.epoch, level: Some(level), people });
                break;
            }
            orders.push(Order::Note(format!("level {level} has nobody: the next is paged at once")));
        }
        if level == self.level {
            self.exhaust(now, orders);
        } else {
            self.level = level;
            self.wait(around, now);
        }
    }

    fn wait(&mut self, around: &Around<'_, impl Resolve>, now: Instant) {
        let is_first_alone = self.policy.runs == Runs::NextBusinessHour && self.level > 0;
        let next_at = if is_first_alone || self.policy.levels.is_empty() {
            time::LAST
        } else {
            self.due(self.level, around).max(now)
        };
        self.state = RunState::Running { next_at };
    }

    /// Nobody is left: it begins again as often as the policy says, and then says so again and again.
    fn exhaust(&mut self, now: Instant, orders: &mut Vec<Order>) {
        if self.round < self.policy.repeat {
            self.round += 1;
            (self.begun_at, self.level) = (now, 0);
            orders.push(Order::Note(format!("nobody answered: begun again, {} of {}", self.round, self.policy.repeat)));
            // The next tick pages the first level.
            self.state = RunState::Running { next_at: now };
            return;
        }
        orders.push(Order::Post(format!("NOBODY ANSWERED incident {}: every level was paged.", self.incident)));
        self.state = RunState::Exhausted { post_at: now + POST };
    }
}

#[cfg(test)]
mod tests;
