//! How fast a budget is spent, in four pairs of windows: the long one says that it matters, the short one that it still goes on.
//!
//! After the SRE Workbook, chapter 5: a page when 2 % of the budget would be lost in an hour or 5 % in six, a ticket when 10 % would be
//! lost in one day or three.

use chrono::TimeDelta;
use serde::Serialize;

use super::measured::{Measured, Part, Recorder, Span};
use crate::domain::worded;

worded! {
    /// Who is to act on a row.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
    #[serde(rename_all = "lowercase")]
    pub enum Urgency {
        /// Somebody, now.
        Page = "page",
        /// Somebody, on a working day.
        Ticket = "ticket",
    }
}

/// One row of the table: who is to act, the share of the budget lost within the long window, that window, and the short one.
pub const TABLE: [(Urgency, f64, Span, Span); 4] = [
    (Urgency::Page, 0.02, Span::H1, Span::M5),
    (Urgency::Page, 0.05, Span::H6, Span::M30),
    (Urgency::Ticket, 0.1, Span::D1, Span::H2),
    (Urgency::Ticket, 0.1, Span::D3, Span::H6),
];

/// What Pyrra takes in place of the shares, whatever the window.
const PYRRA: [f64; 4] = [14.0, 7.0, 2.0, 1.0];

/// What a row says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowState {
    /// Not both windows are above the threshold.
    Quiet,
    /// Both windows are above it.
    Burning,
    /// Too few requests to say: one bad request would be above the threshold.
    LowTraffic {
        /// The window with too few.
        span: TimeDelta,
        /// How many there were.
        counted: u64,
        /// How many it takes.
        needed: u64,
    },
    /// The goal is so low that even nothing but errors stays below the threshold.
    Never,
    /// Not known: why.
    Unknown(String),
}

impl RowState {
    /// The word of `status`.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Quiet => "quiet",
            Self::Burning => "burning",
            Self::LowTraffic { .. } => "low_traffic",
            Self::Never => "never",
            Self::Unknown(_) => "unknown",
        }
    }
}

/// A row judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Who is to act when both windows are above the threshold.
    pub urgency: Urgency,
    /// The long window.
    pub long: TimeDelta,
    /// The short window.
    pub short: TimeDelta,
    /// The burn rate above which it fires: 14.4 for the first row over 30 days.
    pub threshold: f64,
    /// The burn rate of the long window; 1 spends the budget exactly within the window of the objective.
    pub long_burn: Option<f64>,
    /// The burn rate of the short window.
    pub short_burn: Option<f64>,
    /// What it says.
    pub state: RowState,
}

/// The four rows of an objective with so much budget, a share above 0, over a window of such a length.
pub fn rows(measured: &Measured, budget: f64, window: TimeDelta) -> [Row; 4] {
    let part = |span: Span| measured.spans.get(span.place());
    let length = |span: Span| measured.lengths.get(span.place()).copied().unwrap_or_else(|| span.length());
    let mut pyrra = PYRRA.into_iter();
    TABLE.map(|(urgency, lost, long, short)| {
        let pyrra = pyrra.next().filter(|_| measured.recorder == Recorder::Pyrra);
        #[expect(clippy::cast_precision_loss, reason = "seconds of a month")]
        let computed = lost * window.num_seconds() as f64 / length(long).num_seconds().max(1) as f64;
        let threshold = pyrra.unwrap_or(computed);
        let burn = |span: Span| part(span).and_then(|part| part.as_ref().ok()).map(|events| events.ratio / budget);
        let pair = [long, short].map(|span| (length(span), part(span)));
        Row {
            urgency,
            long: length(long),
            short: length(short),
            threshold,
            long_burn: burn(long),
            short_burn: burn(short),
            state: state(pair, budget, threshold),
        }
    })
}

fn state(pair: [(TimeDelta, Option<&Part>); 2], budget: f64, threshold: f64) -> RowState {
    if threshold * budget >= 1.0 {
        return RowState::Never;
    }
    let needed = 1.0 / (threshold * budget);
    let mut is_burning = true;
    for (span, part) in pair {
        match part {
            Some(Ok(events)) => {
                if let Some(counted) = events.total.filter(|total| *total < needed) {
                    return RowState::LowTraffic { span, counted: whole(counted), needed: whole(needed.ceil()) };
                }
                is_burning &= events.ratio > threshold * budget;
            }
            Some(Err(why)) => return RowState::Unknown(why.clone()),
            None => return RowState::Unknown("It was not asked.".to_owned()),
        }
    }
    if is_burning { RowState::Burning } else { RowState::Quiet }
}

/// A count without its fraction.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of requests, never negative")]
fn whole(count: f64) -> u64 {
    count.max(0.0) as u64
}
