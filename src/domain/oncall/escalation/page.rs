//! The pages of a run: who is to be called and why, and what became of each. They stand in the run itself, so that whoever stops it stops
//! them in the same transaction.

use serde::{Deserialize, Serialize};

use super::ladder::{Ladder, Resolve, Rung};
use super::run::{Around, Happening, Order, Run};
use super::state::RunState;
use crate::domain::time::{self, Instant};
use crate::domain::worded;

/// How many pages a run keeps: the last.
const MOST: usize = 200;
/// How many times a run that nobody looked at is brought up to a moment.
const MOST_TICKS: usize = 64;

worded! {
    /// What became of a page.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "lowercase")]
    pub enum PageState {
        /// It waits to be sent.
        Queued = "queued",
        /// It was sent.
        Sent = "sent",
        /// It was stopped before it was sent.
        Cancelled = "cancelled",
    }
}

/// Somebody is to be called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// Who, by handle.
    pub person: String,
    /// The level, from 1; `None` for somebody who was asked by name.
    pub level: Option<usize>,
    /// The epoch of the run it is of: see [`Run::may_send`].
    pub epoch: u64,
    /// When it was queued, by the store's clock.
    #[serde(deserialize_with = "time::clamped")]
    pub at: Instant,
    /// What became of it.
    pub state: PageState,
}

impl Run {
    /// Takes what is to be done into the pages of the run: what is queued, and what is not sent any more.
    pub(super) fn keep(&mut self, orders: &[Order], now: Instant) {
        for order in orders {
            match order {
                Order::Page { epoch, level, people } => self.pages.extend(people.iter().map(|person| Page {
                    person: person.clone(),
                    level: *level,
                    epoch: *epoch,
                    at: now,
                    state: PageState::Queued,
                })),
                Order::Cancel { epoch, person } => self.cancel(*epoch, person.as_deref()),
                Order::Nudge(_) | Order::Note(_) | Order::Post(_) => {}
            }
        }
        self.pages.drain(..self.pages.len().saturating_sub(MOST));
    }

    /// Stops what is queued up to an epoch, or for one person. Whoever was asked to help goes on being called until they answer themselves,
    /// or the incident is over.
    fn cancel(&mut self, epoch: u64, person: Option<&str>) {
        let is_over = self.state == RunState::Ended;
        let asked: Vec<String> = self.asked().map(str::to_owned).collect();
        for page in self.pages.iter_mut().filter(|page| page.state == PageState::Queued) {
            let is_own = page.level.is_none() && asked.contains(&page.person);
            let is_meant = person.map_or(page.epoch <= epoch && (is_over || !is_own), |who| page.person == who);
            if is_meant {
                page.state = PageState::Cancelled;
            }
        }
    }

    /// Who was asked to help and has not answered.
    pub fn asked(&self) -> impl Iterator<Item = &str> {
        self.responders.iter().filter(|one| !one.has_acknowledged).map(|one| one.person.as_str())
    }

    /// The pages that wait to be sent.
    pub fn queued(&self) -> impl Iterator<Item = &Page> {
        self.pages.iter().filter(|page| page.state == PageState::Queued)
    }

    /// What becomes of it when somebody answers who was paged after it was acknowledged: whoever was asked to help answers their own page
    /// alone, whoever it was escalated to has it.
    pub fn answer(&self, person: &str) -> Happening {
        if self.asked().any(|one| one == person) {
            Happening::ResponderAcknowledges(person.to_owned())
        } else {
            Happening::Acknowledge(person.to_owned())
        }
    }

    /// The run as an engine would have brought it up to a moment.
    #[must_use]
    pub fn caught_up(&self, around: &Around<'_, impl Resolve>, now: Instant) -> Self {
        let mut run = self.clone();
        for _ in 0..MOST_TICKS {
            if run.due_at().is_none_or(|due| now < due) {
                break;
            }
            match run.after(Happening::Tick, around, now) {
                Ok((next, _)) if next != run => run = next,
                _ => break,
            }
        }
        run
    }

    /// The levels at absolute times: those that were paged as they were, the rest if nobody answers before.
    pub fn ladder(&self, around: &Around<'_, impl Resolve>) -> Ladder {
        if self.policy.levels.is_empty() {
            return Ladder::default();
        }
        if let RunState::Paused { until } = self.state {
            return self.policy.ladder(until, around.business, around.resolve);
        }
        let mut ladder = self.policy.ladder(self.begun_at, around.business, around.resolve);
        for place in 0..self.level {
            match (self.paged(place), ladder.rungs.get_mut(place)) {
                (Some(paged), Some(rung)) => *rung = paged,
                // Where only the first level is paged by itself, somebody asked for more.
                (Some(paged), None) => ladder.rungs.push(paged),
                (None, _) => {}
            }
        }
        ladder
    }

    /// A level that was paged since the run began to climb: when, and whom.
    fn paged(&self, place: usize) -> Option<Rung> {
        let is_asked = |page: &Page| self.responders.iter().any(|one| one.person == page.person);
        let is_of = |page: &&Page| match page.level {
            Some(level) => level == place + 1,
            None => place == 0 && !is_asked(page),
        };
        let pages: Vec<&Page> = self.pages.iter().filter(|page| page.at >= self.begun_at).filter(is_of).collect();
        let at = pages.iter().map(|page| page.at).max()?;
        let people = pages.into_iter().filter(|page| page.at == at).map(|page| page.person.clone()).collect();
        Some(Rung { at, people })
    }
}
