//! What a draw may read of the overview, borrowed, and where the operator is on it.

use std::sync::Arc;

use chrono::TimeDelta;

use super::pen::Pen;
use crate::domain::alert::Alert;
use crate::domain::source::{SourceHealth, SourceKind, SourceState};
use crate::domain::time::Instant;
use crate::domain::timeline::Timeline;
use crate::world::{Part, World};

/// The most alerts listed, the worst.
pub const MOST_ALERTS: usize = 4;

/// How grave a headline is, the gravest last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gravity {
    /// There is nothing that could be well or not.
    Nothing,
    /// All is well.
    Well,
    /// It is not known yet.
    Loading,
    /// It is not known at all.
    Unknown,
    /// Somebody should look at it today.
    Look,
    /// Somebody should look at it now.
    Bad,
}

/// A place the cursor can be, by what it is, never by where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Spot {
    /// A headline, by the id of its pane, or [`SOURCES`].
    Headline(&'static str),
    /// An alert of the short list: its environment and its key.
    Alert(Arc<str>, Arc<str>),
    /// A line of the timeline, by its key.
    Moment(Arc<str>),
}

/// What the operator chose of the overview.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OverviewState {
    /// Where the cursor is.
    pub cursor: Option<Spot>,
    /// The line it was last on, from the top.
    pub place: usize,
    /// Whether the operator has put it there. Until then it rests on the worst headline.
    pub is_cursor_held: bool,
}

/// The headline that is of no pane: how fresh all of it is.
pub const SOURCES: &str = "sources";

/// What headlines are made of.
#[derive(Debug, Clone, Copy)]
pub struct Glance<'a> {
    /// Everything that is known.
    pub world: &'a World,
    /// The moment it is said for: that of the draw, or the one the screen was frozen at.
    pub now: Instant,
    /// Unfinished runs of before, each as a sentence.
    pub unfinished: &'a [(String, String)],
    /// Runs under way, as a sentence.
    pub running: Option<&'a str>,
    /// How the last run ended, when it did not end well.
    pub ended_badly: Option<&'a str>,
    /// The freshness of every source.
    pub sources: &'a [SourceHealth],
}

impl Glance<'_> {
    /// What it means that the store told nothing yet: not read yet, or never read; `None` where it told.
    pub fn gravity_of_silent_store(&self) -> Option<Gravity> {
        let health = &self.world.store.as_ref()?.health;
        let silent = if health.state == SourceState::Loading { Gravity::Loading } else { Gravity::Unknown };
        health.last_good.is_none().then_some(silent)
    }

    /// What there being nothing means: not read yet, never read, or nothing there.
    pub fn gravity_of_nothing(&self) -> Gravity {
        let of_cluster = |source: &&SourceHealth| source.id.kind != SourceKind::Store;
        let best = self.sources.iter().filter(of_cluster).min_by_key(|source| source.state.gravity());
        match best.map(|source| (source.state, source.last_good)) {
            Some((SourceState::Loading, _)) => Gravity::Loading,
            Some((SourceState::Stale | SourceState::Down, None) | (SourceState::Forbidden, _)) => Gravity::Unknown,
            Some((SourceState::Fresh | SourceState::Stale | SourceState::Down, _)) | None => Gravity::Well,
        }
    }
}

/// What a pane says first, and how grave it is.
#[derive(Debug, Clone, Copy)]
pub struct Headline {
    /// What it is about.
    pub title: &'static str,
    /// What it is made of beside the time: it is judged anew when one of these moved, or when [`JUDGED_FOR`] has passed. Empty: it is read from
    /// counters, never by walking rows, at every draw.
    pub parts: &'static [Part],
    /// How grave it is.
    pub gravity: fn(&Glance<'_>) -> Gravity,
    /// In words, and the worst of it by name.
    pub words: fn(&mut Pen<'_>, &Glance<'_>, Gravity) -> (String, Option<String>),
    /// What of it stands in the header of every pane; `None` where nothing does.
    pub standing: Option<fn(&Glance<'_>, Gravity) -> Option<HeaderFact>>,
}

/// For how long a headline of parts that did not move holds, though time passes.
pub const JUDGED_FOR: TimeDelta = TimeDelta::seconds(1);

/// A fact for the header of every pane, in a few words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderFact {
    /// What it is.
    pub words: String,
    /// The clock that runs with it.
    pub clock: Clock,
}

/// A clock in the header: it is drawn, not told, so that a fact need not be made anew for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Clock {
    /// How long a time is over.
    Over(Instant),
    /// What is left of a time.
    Left(Instant),
    /// Until something begins.
    Until(Instant),
    /// None.
    Still,
}

impl HeaderFact {
    /// A fact without a clock.
    pub fn still(words: impl Into<String>) -> Self {
        Self { words: words.into(), clock: Clock::Still }
    }
}

/// A headline with its gravity now.
#[derive(Debug, Clone)]
pub struct Told {
    /// The id of its pane, or [`SOURCES`].
    pub id: &'static str,
    /// How grave it is.
    pub gravity: Gravity,
    /// The headline.
    pub headline: Headline,
    /// What of it stands in the header.
    pub standing: Option<HeaderFact>,
}

/// Everything a draw may read of the overview.
#[derive(Debug, Clone)]
pub struct OverviewScene<'a> {
    /// What headlines are made of.
    pub glance: Glance<'a>,
    /// The headlines, the gravest first; equally grave ones in the order of their panes.
    pub headlines: Vec<Told>,
    /// The worst alerts nothing holds back, one of each group.
    pub alerts: Vec<&'a Arc<Alert>>,
    /// Whether any Alertmanager is asked.
    pub has_alertmanager: bool,
    /// The last hour.
    pub timeline: &'a Timeline,
    /// Where the cursor is.
    pub cursor: Option<&'a Spot>,
}

impl OverviewScene<'_> {
    /// Every place the cursor can be, from the top.
    pub fn spots(&self) -> Vec<Spot> {
        let headlines = self.headlines.iter().map(|told| Spot::Headline(told.id));
        let alerts = self.alerts.iter().map(|alert| Spot::Alert(alert.environment.clone(), alert.key.clone()));
        let moments = self.timeline.moments.iter().map(|moment| Spot::Moment(moment.key.clone()));
        headlines.chain(alerts).chain(moments).collect()
    }

    /// The place of the cursor among the alerts of the short list.
    pub fn alert_place(&self) -> Option<usize> {
        let Some(Spot::Alert(environment, key)) = self.cursor else { return None };
        self.alerts.iter().position(|alert| alert.environment == *environment && alert.key == *key)
    }

    /// The place of the cursor on the timeline.
    pub fn moment_place(&self) -> Option<usize> {
        let Some(Spot::Moment(key)) = self.cursor else { return None };
        self.timeline.moments.iter().position(|moment| moment.key == *key)
    }
}
