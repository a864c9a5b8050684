//! Incidents: one truth for everyone who works on one.
//!
//! An incident is a header that is changed by [`Transition`]s and a timeline of [`Entry`]s that is only added to. Both are pure: what may
//! happen to an incident is one function, [`Incident::after`], asked when a change is planned and again inside the transaction that writes it.

mod clock;
mod entry;
mod figures;
mod hints;
mod link;
mod markdown;
mod phase;
mod report;
mod severity;
mod storm;
#[cfg(test)]
pub(crate) mod testing;
mod transition;

pub use clock::{Clock, ClockState, Urgency};
pub use entry::{Entry, EntryKind, Event, timeline};
pub use figures::{Figures, Measured, between_failures};
pub use hints::{Hint, hints, similar};
pub use link::Link;
pub use markdown::markdown;
pub use phase::{CHECKLIST, Item, Phase, checklist};
pub use report::{FollowUp, Query, Report, Span};
pub use severity::Severity;
pub use storm::{Storm, StormGroup, storm};
pub use transition::Transition;

use std::collections::BTreeMap;
use std::fmt;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::domain::store::SubjectKind;
use crate::domain::time::{self, Instant};
use crate::domain::worded;

/// How long a merge can be taken back.
pub const UNMERGE_WITHIN: TimeDelta = TimeDelta::minutes(10);

worded! {
    /// Where an incident stands.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "lowercase")]
    pub enum State {
        /// Nobody has answered.
        Triggered = "triggered",
        /// Somebody is on it.
        Acknowledged = "acknowledged",
        /// It is over.
        Resolved = "resolved",
        /// It goes on as a part of another.
        Merged = "merged",
    }
}

impl State {
    /// Whether somebody still has to do something about it.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Triggered | Self::Acknowledged)
    }
}

worded! {
    /// How an incident was found.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum Source {
        /// Our own alerts.
        Monitoring = "monitoring",
        /// Somebody told us.
        UserReport = "user-report",
        /// Somebody else's probes.
        ExternalMonitoring = "external-monitoring",
    }
}

worded! {
    /// A role in the response. One person has it; taking it over is said.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "lowercase")]
    pub enum Role {
        /// Decides, and asks for what is needed.
        Commander = "commander",
        /// Stands in for the commander.
        Deputy = "deputy",
        /// Writes down what happens.
        Scribe = "scribe",
        /// Tells those who wait.
        Communications = "communications",
    }
}

worded! {
    /// Who is told how it stands.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "lowercase")]
    pub enum Audience {
        /// Those who use the service.
        Customers = "customers",
        /// Support and the teams around.
        Internal = "internal",
        /// Those who answer for it.
        Stakeholders = "stakeholders",
    }
}

/// Who did something, and when, by the store's clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// Who.
    pub by: String,
    /// When.
    #[serde(deserialize_with = "time::clamped")]
    pub at: Instant,
}

/// An incident that goes on as a part of another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merged {
    /// The other's number.
    pub into: u64,
    /// Who merged it.
    pub by: String,
    /// When.
    #[serde(deserialize_with = "time::clamped")]
    pub at: Instant,
    /// Where it stood before.
    pub was: State,
    /// What the other is about since, that it was not about before.
    pub moved: Vec<Link>,
}

/// An incident as everybody sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// Its number in the store, from 1.
    pub number: u64,
    /// What is wrong, in a line.
    pub title: String,
    /// How grave it is.
    pub severity: Severity,
    /// Where it stands.
    pub state: State,
    /// Where the response is.
    pub phase: Phase,
    /// How it was found.
    pub source: Source,
    /// The environment it was declared in.
    pub environment: String,
    /// The team whose it is; empty: none was named.
    pub team: String,
    /// Who is hit, and how; empty: nobody said.
    pub impact: String,
    /// Since when it hurts; `None` where nobody said.
    #[serde(deserialize_with = "time::clamped_or_none")]
    pub impact_since: Option<Instant>,
    /// Who declared it.
    pub declared_by: String,
    /// Who wrote that down: another where it was done on behalf of who declared it.
    pub entered_by: String,
    /// When, by the store's clock: its clock runs from here.
    #[serde(deserialize_with = "time::clamped")]
    pub created_at: Instant,
    /// By when somebody has to answer. It follows the severity until somebody does, and stays then.
    #[serde(deserialize_with = "time::clamped")]
    pub respond_by: Instant,
    /// The first acknowledgement.
    pub acknowledged: Option<Stamp>,
    /// The last time it was resolved; `None` while it is open.
    pub resolved: Option<Stamp>,
    /// Where it went on.
    pub merged: Option<Merged>,
    /// Who works on it. That they acknowledged it is another thing.
    pub assignee: Option<String>,
    /// Who has which role, and since when.
    pub roles: BTreeMap<Role, Stamp>,
    /// What it is about.
    pub links: Vec<Link>,
    /// What is done of the checklist, by the ids of the items.
    pub ticked: Vec<String>,
    /// An incident of before that looked like it: a resolved one takes nothing up again.
    pub similar_to: Option<u64>,
    /// When those who wait were told last.
    #[serde(deserialize_with = "time::clamped_or_none")]
    pub told_at: Option<Instant>,
    /// When each of them was told last.
    #[serde(default)]
    pub told: BTreeMap<Audience, Instant>,
    /// How long it was resolved before it was opened again, in seconds over all times.
    pub resolved_seconds: u64,
    /// From 1; every change adds one.
    #[serde(default)]
    pub version: u64,
}

impl Incident {
    /// The names of its services.
    pub fn services(&self) -> impl Iterator<Item = &str> {
        self.links.iter().filter(|link| link.kind == SubjectKind::Service).map(|link| link.name.as_str())
    }

    /// Whether it is about this.
    pub fn is_about(&self, link: &Link) -> bool {
        self.links.iter().any(|one| one.is_same(link))
    }

    /// Who commands; `None` where nobody does.
    pub fn commander(&self) -> Option<&str> {
        self.roles.get(&Role::Commander).map(|stamp| stamp.by.as_str())
    }

    /// Who waits to be told how it stands, and by when, the soonest first; empty where nobody is promised it, or it is over.
    pub fn tellings(&self) -> Vec<(Audience, Instant)> {
        let Some(every) = self.severity.tell_every().filter(|_| self.state.is_open()) else { return Vec::new() };
        let told = |audience: &Audience| self.told.get(audience).copied().unwrap_or(self.created_at);
        let mut tellings: Vec<(Audience, Instant)> =
            self.severity.tells().iter().map(|audience| (*audience, told(audience) + every)).collect();
        tellings.sort_by_key(|(_, by)| *by);
        tellings
    }

    /// When anybody who waits is to be told again; `None` where nobody is promised it, or it is over.
    pub fn tell_by(&self) -> Option<Instant> {
        self.tellings().first().map(|(_, by)| *by)
    }

    /// What of the checklist of its severity is not done in a phase.
    pub fn open_items(&self, phase: Phase) -> impl Iterator<Item = &'static Item> {
        let is_open = move |item: &&'static Item| item.phase == phase && !self.ticked.iter().any(|one| one == item.id);
        checklist(self.severity).filter(is_open)
    }

    /// Everybody who is named in it, each once.
    pub fn people(&self) -> Vec<&str> {
        let held = self.roles.values().map(|stamp| stamp.by.as_str());
        let acknowledged = self.acknowledged.iter().map(|stamp| stamp.by.as_str());
        let mut people: Vec<&str> = Vec::new();
        for who in acknowledged.chain(self.assignee.as_deref()).chain(held).chain([self.declared_by.as_str()]) {
            if !people.contains(&who) {
                people.push(who);
            }
        }
        people
    }
}

impl fmt::Display for Incident {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "incident {} ({})", self.number, self.title)
    }
}
