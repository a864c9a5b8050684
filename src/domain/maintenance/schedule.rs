//! The occurrences of all windows between two times, with what was said of single ones.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::window::LONGEST;
use super::{Rule, Window, shipped};
use crate::domain::time::{self, Instant};
use crate::domain::worded;

/// How far before its time an occurrence may be started.
pub const EARLIEST_START: TimeDelta = TimeDelta::hours(24);

worded! {
    /// What an occurrence is now.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "lowercase")]
    pub enum State {
        /// It is still to come.
        Planned = "planned",
        /// It has begun and has not ended.
        Running = "running",
        /// It has ended.
        Done = "done",
        /// Somebody called it off.
        Cancelled = "cancelled",
    }
}

/// What was said of one occurrence. Its window and the time its rule gives it name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exception {
    /// The window's name.
    pub window: String,
    /// When its rule lets it begin.
    #[serde(deserialize_with = "time::clamped")]
    pub occurrence: Instant,
    /// When it begins instead.
    #[serde(default, deserialize_with = "time::clamped_or_none")]
    pub moved_to: Option<Instant>,
    /// Whether it was called off.
    pub is_cancelled: bool,
    /// When somebody began it.
    #[serde(default, deserialize_with = "time::clamped_or_none")]
    pub started: Option<Instant>,
    /// When somebody ended it.
    #[serde(default, deserialize_with = "time::clamped_or_none")]
    pub finished: Option<Instant>,
    /// Why; may be empty.
    pub reason: String,
    /// Who said the last of it.
    pub by: String,
    /// When, by the store's clock.
    #[serde(deserialize_with = "time::clamped")]
    pub at: Instant,
    /// From 1; every change adds one.
    pub version: u64,
}

/// One occurrence of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Occurrence<'a> {
    /// Its window.
    pub window: &'a Window,
    /// When its rule lets it begin: its name.
    pub scheduled: Instant,
    /// When it begins, or began.
    pub start: Instant,
    /// When it ends, or ended. One that somebody began and nobody ended runs beyond: see [`Self::overdue`].
    pub end: Instant,
    /// What it is now.
    pub state: State,
    /// What was said of it.
    pub exception: Option<&'a Exception>,
}

impl Occurrence<'_> {
    /// How long it runs beyond its end: somebody began it, and nobody has said that it is over.
    pub fn overdue(&self, now: Instant) -> Option<TimeDelta> {
        (self.state == State::Running && now > self.end).then(|| now - self.end)
    }
}

/// Every window there is, and what was said of single occurrences.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Schedule {
    windows: BTreeMap<String, Window>,
    exceptions: BTreeMap<(String, Instant), Exception>,
}

impl Schedule {
    /// The shipped windows with these; one of the same name takes the shipped one's place, and the alternative of a shipped one too.
    pub fn of(windows: impl IntoIterator<Item = Window>, exceptions: impl IntoIterator<Item = Exception>) -> Self {
        let mut all: BTreeMap<String, Window> =
            shipped::windows().into_iter().map(|window| (window.name.clone(), window)).collect();
        for window in windows {
            if let Some(replaced) = shipped::replaced_by(&window.name) {
                all.remove(replaced);
            }
            all.insert(window.name.clone(), window);
        }
        let exceptions = exceptions.into_iter().map(|one| ((one.window.clone(), one.occurrence), one)).collect();
        Self { windows: all, exceptions }
    }

    /// The same with a window, in place of the one of its name.
    #[must_use]
    pub fn with(mut self, window: Window) -> Self {
        if let Some(replaced) = shipped::replaced_by(&window.name) {
            self.windows.remove(replaced);
        }
        self.windows.insert(window.name.clone(), window);
        self
    }

    /// Takes a window out.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.windows.remove(name);
        self
    }

    /// A window by its name.
    pub fn window(&self, name: &str) -> Option<&Window> {
        self.windows.get(name)
    }

    /// Every window, by name.
    pub fn windows(&self) -> impl Iterator<Item = &Window> {
        self.windows.values()
    }

    /// What was said of an occurrence.
    pub fn exception(&self, window: &str, occurrence: Instant) -> Option<&Exception> {
        self.exceptions.get(&(window.to_owned(), occurrence))
    }

    /// The occurrences that reach into the time from one instant up to another, in the order in which they begin, the longer first.
    pub fn between(&self, from: Instant, until: Instant, now: Instant) -> Vec<Occurrence<'_>> {
        let mut found: Vec<Occurrence<'_>> =
            self.windows.values().flat_map(|window| self.occurrences(window, from, until, now)).collect();
        found.sort_by(|one, other| {
            let key = |of: &Occurrence<'_>| (of.start, std::cmp::Reverse(of.end));
            key(one).cmp(&key(other)).then_with(|| one.window.name.cmp(&other.window.name))
        });
        found
    }

    /// The same of one window, in no particular order.
    fn occurrences<'a>(
        &'a self,
        window: &'a Window,
        from: Instant,
        until: Instant,
        now: Instant,
    ) -> Vec<Occurrence<'a>> {
        let reaches = |one: &Occurrence<'_>| {
            let end = if one.overdue(now).is_some() { now } else { one.end };
            one.start < until && end > from || one.start == one.end && (from..until).contains(&one.start)
        };
        let starts = window.starts(from - window.lasts, until);
        let own = starts.iter().filter(|start| self.exception(&window.name, **start).is_none());
        let own = own.map(|start| occurrence(window, *start, None, now));
        let said = self.said_of(window).map(|one| occurrence(window, one.occurrence, Some(one), now));
        own.chain(said).filter(reaches).collect()
    }

    /// What was said of occurrences of a window that its rule still gives: of a rule that was changed since, nothing holds.
    fn said_of<'a>(&'a self, window: &'a Window) -> impl Iterator<Item = &'a Exception> {
        let first = (window.name.clone(), time::FIRST);
        let of = self.exceptions.range(first..).take_while(|((name, _), _)| *name == window.name);
        of.map(|(_, one)| one).filter(|one| window.begins_at(one.occurrence))
    }

    /// The occurrence of a window that somebody names: by the time its rule gives it, or by the one it was moved to.
    ///
    /// # Errors
    /// The sentence to show where there is none, with the next ones.
    pub fn occurrence(&self, name: &str, at: Instant, now: Instant) -> Result<Occurrence<'_>, String> {
        let window = self.window(name).ok_or_else(|| self.no_such_window(name))?;
        let moved = self.said_of(window).find(|one| one.moved_to == Some(at));
        let scheduled = if window.begins_at(at) { Some(at) } else { moved.map(|one| one.occurrence) };
        let scheduled = scheduled.ok_or_else(|| no_such_occurrence(window, at, now))?;
        Ok(occurrence(window, scheduled, self.exception(name, scheduled), now))
    }

    /// The occurrence of a window of which something was said last.
    pub fn last_changed(&self, name: &str, now: Instant) -> Option<Occurrence<'_>> {
        let window = self.window(name)?;
        let said = self.said_of(window).max_by_key(|one| one.at)?;
        Some(occurrence(window, said.occurrence, Some(said), now))
    }

    /// The occurrence of a window that runs now, else the one that may be started: the next, where it is not further than a day away.
    pub fn current(&self, window: &Window, now: Instant) -> Option<Occurrence<'_>> {
        let window = self.window(&window.name)?;
        let mut near = self.occurrences(window, now - LONGEST, now + EARLIEST_START, now);
        near.retain(|one| matches!(one.state, State::Running | State::Planned));
        near.sort_by_key(|one| (one.state != State::Running, one.start));
        near.into_iter().next()
    }

    /// What runs now and the next occurrence of each window, in the order in which they begin.
    pub fn ahead(&self, now: Instant) -> Vec<Occurrence<'_>> {
        let mut found = Vec::new();
        for window in self.windows.values() {
            let last = window.next(now, 8).last().map_or(now, |last| *last + TimeDelta::seconds(1));
            let moved =
                self.said_of(window).filter_map(|one| one.moved_to).max().map_or(now, |at| at + TimeDelta::seconds(1));
            let mut of = self.occurrences(window, now, last.max(moved), now);
            of.sort_by_key(|one| one.start);
            found.extend(of.iter().filter(|one| one.state == State::Running).copied());
            found.extend(of.iter().find(|one| one.state == State::Planned).copied());
        }
        found.sort_by_key(|one| (one.start, std::cmp::Reverse(one.end)));
        found
    }

    /// What to say where there is no window of a name.
    pub fn no_such_window(&self, name: &str) -> String {
        let names: Vec<&str> = self.windows.keys().map(String::as_str).collect();
        format!(
            "There is no window {:?}: nothing was changed. There are {}.",
            crate::domain::text::clean(name),
            names.join(", ")
        )
    }
}

/// What to say where a window does not come then.
fn no_such_occurrence(window: &Window, at: Instant, now: Instant) -> String {
    let next: Vec<String> = window.next(now, 3).into_iter().map(time::written).collect();
    let next = match next.as_slice() {
        [] => "It does not come again.".to_owned(),
        next => format!("Its next ones are {}.", next.join(", ")),
    };
    format!("{} has no occurrence at {}: nothing was changed. {next}", window.name, time::written(at))
}

/// What the occurrence of a window is at a moment, by what was said of it.
pub fn occurrence<'a>(
    window: &'a Window,
    scheduled: Instant,
    said: Option<&'a Exception>,
    now: Instant,
) -> Occurrence<'a> {
    let planned = said.and_then(|one| one.moved_to).unwrap_or(scheduled);
    let began = said.and_then(|one| one.started);
    // Begun late, it still ends when others were told that it ends.
    let start = began.unwrap_or(planned);
    let planned_end = start.min(planned) + window.lasts;
    let finished = said.and_then(|one| one.finished);
    let end = finished.map_or(planned_end, |end| end.max(start)).max(start);
    let state = match said {
        Some(one) if one.is_cancelled => State::Cancelled,
        _ if finished.is_some() => State::Done,
        _ if now < start => State::Planned,
        _ if now < end || began.is_some() => State::Running,
        _ => State::Done,
    };
    Occurrence { window, scheduled, start, end, state, exception: said }
}

impl Window {
    /// Whether it comes only once.
    pub const fn is_once(&self) -> bool {
        matches!(self.rule, Rule::Once(_))
    }
}
