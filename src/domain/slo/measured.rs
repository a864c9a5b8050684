//! What was counted for an objective, and by whom.

use std::sync::Arc;

use chrono::TimeDelta;
use serde::Serialize;

use super::exclusion::Excluded;
use super::objective::{Promise, Window};
use crate::domain::service::Share;
use crate::domain::source::{SourceHealth, SourceState};
use crate::domain::time::Instant;
use crate::domain::worded;

worded! {
    /// A window of the burn table.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub enum Span {
        /// 5 minutes.
        M5 = "5m",
        /// 30 minutes.
        M30 = "30m",
        /// An hour.
        H1 = "1h",
        /// 2 hours.
        H2 = "2h",
        /// 6 hours.
        H6 = "6h",
        /// A day.
        D1 = "1d",
        /// 3 days.
        D3 = "3d",
    }
}

/// Every window of the burn table, the shortest first.
pub const SPANS: [Span; 7] = [Span::M5, Span::M30, Span::H1, Span::H2, Span::H6, Span::D1, Span::D3];

impl Span {
    /// Its length.
    pub const fn length(self) -> TimeDelta {
        match self {
            Self::M5 => TimeDelta::minutes(5),
            Self::M30 => TimeDelta::minutes(30),
            Self::H1 => TimeDelta::hours(1),
            Self::H2 => TimeDelta::hours(2),
            Self::H6 => TimeDelta::hours(6),
            Self::D1 => TimeDelta::days(1),
            Self::D3 => TimeDelta::days(3),
        }
    }

    /// Its place among [`SPANS`].
    pub const fn place(self) -> usize {
        self as usize
    }
}

/// What was counted in a span of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Events {
    /// The share of it that was bad, from 0 to 1.
    pub ratio: f64,
    /// How many there were; `None` where a recording rule keeps the share alone.
    pub total: Option<f64>,
}

impl Events {
    /// Of so many, so many bad. `None` where there were none, and where a count is no number.
    pub fn counted(bad: f64, total: f64) -> Option<Self> {
        let is_number = bad.is_finite() && total.is_finite() && total > 0.0;
        // A rate that is drawn out to the ends of its window may give a little less than none, or a little more than all.
        is_number.then(|| Self { ratio: (bad / total).clamp(0.0, 1.0), total: Some(total) })
    }
}

/// What was counted, or why it is not known, as a sentence.
pub type Part = Result<Events, String>;

worded! {
    /// Who keeps the numbers of an objective.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
    #[serde(rename_all = "lowercase")]
    pub enum Recorder {
        /// Nobody: Quarterdeck asks for the raw series.
        Raw = "raw",
        /// Recording rules made by Sloth.
        Sloth = "sloth",
        /// Recording rules made by Pyrra.
        Pyrra = "pyrra",
    }
}

/// Everything that was counted for one objective.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// The service, cleaned.
    pub service: Arc<str>,
    /// The goal, cleaned.
    pub goal: Arc<str>,
    /// What is to be good; `None` where a recorder does not say.
    pub target: Option<Share>,
    /// Over which time the budget is counted.
    pub window: Window,
    /// Who keeps the numbers.
    pub recorder: Recorder,
    /// The windows of the burn table, in the order of [`SPANS`].
    pub spans: [Part; 7],
    /// How long each of them is: as the name of the span says, or as a recorder has it.
    pub lengths: [TimeDelta; 7],
    /// The whole window, or what has passed of it, without what is excluded.
    pub whole: Part,
    /// When the spans were true, by our clock.
    pub observed_at: Instant,
    /// When the whole window was, which is asked less often; `None` before it was.
    pub whole_at: Option<Instant>,
    /// On how many days of the window there are series, and of how many; `None` where nobody looked.
    pub known_days: Option<(u32, u32)>,
    /// What does not count.
    pub excluded: Vec<Excluded>,
}

impl Measured {
    /// What was promised and not counted: why.
    pub fn uncounted(promise: &Promise, why: &str, at: Instant) -> Self {
        let unknown = || Err(why.to_owned());
        Self {
            service: promise.service.clone(),
            goal: promise.goal.name.clone(),
            target: Some(promise.goal.target),
            window: promise.window,
            recorder: Recorder::Raw,
            spans: std::array::from_fn(|_| unknown()),
            lengths: SPANS.map(Span::length),
            whole: unknown(),
            observed_at: at,
            whole_at: None,
            known_days: None,
            excluded: Vec::new(),
        }
    }
}

/// The objectives of an environment at one time.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SloSnapshot {
    /// The environment.
    pub environment: Arc<str>,
    /// What was counted, by service in the order of the configuration; the last good counts while the source fails.
    pub measured: Arc<[Measured]>,
    /// The source, with how fresh it is; none where nothing was promised and nobody records anything.
    pub health: Vec<SourceHealth>,
    /// What an operator should know, as sentences.
    pub notes: Vec<String>,
}

impl SloSnapshot {
    /// What was promised in an environment, none of which was counted: why. An objective that is declared never disappears.
    pub fn uncounted(environment: &Arc<str>, promises: &[Promise], why: &str, at: Instant) -> Self {
        let measured = promises.iter().map(|promise| Measured::uncounted(promise, why, at)).collect();
        Self { environment: environment.clone(), measured, ..Self::default() }
    }

    /// Whether the source has answered or failed.
    pub fn is_settled(&self) -> bool {
        self.health.iter().all(|source| source.state != SourceState::Loading)
    }
}
