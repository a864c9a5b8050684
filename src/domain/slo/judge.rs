//! What the counts make of an objective now: its budget, its rows, and one word.

use std::sync::Arc;

use chrono::TimeDelta;
use serde::Serialize;

use super::burn::{Row, RowState, Urgency, rows};
use super::exclusion::Excluded;
use super::measured::{Measured, Part, Recorder, Span};
use super::objective::Window;
use crate::domain::service::Share;
use crate::domain::time::{self, Instant};
use crate::domain::worded;

/// Counts of the short windows older than this say nothing of now: six rounds of the poller.
pub const OLD_AFTER: TimeDelta = TimeDelta::minutes(3);
/// A count of the whole window older than this says nothing of now: three times its pace.
pub const WHOLE_OLD_AFTER: TimeDelta = TimeDelta::minutes(15);

worded! {
    /// How an objective stands, from what needs nobody to what needs somebody at once.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
    #[serde(rename_all = "lowercase")]
    pub enum Standing {
        /// All of it is known, and neither is the budget spent nor does a row fire.
        Ok = "ok",
        /// Not all of it is known, or too old.
        Unknown = "unknown",
        /// The budget is spent too fast: for a working day.
        Ticket = "ticket",
        /// The budget is spent.
        Spent = "spent",
        /// The budget is spent so fast that somebody has to act now.
        Page = "page",
    }
}

/// What is left of an error budget.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Budget {
    /// The share of requests that was bad, of what has passed of the window.
    pub bad: f64,
    /// What is left of it: 1 all, 0 nothing, less when more was spent than there was.
    pub left: f64,
    /// All of it, in minutes of total outage.
    pub minutes: f64,
    /// How long it lasts at the burn rate of the last hour; `None` where nothing is burning, it is spent, or that is not known.
    pub lasts: Option<TimeDelta>,
}

impl Budget {
    /// What is left of it, in minutes of total outage; negative when overspent.
    pub fn minutes_left(&self) -> f64 {
        self.left * self.minutes
    }
}

/// An objective judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Slo {
    /// The environment.
    pub environment: Arc<str>,
    /// The service.
    pub service: Arc<str>,
    /// The goal.
    pub goal: Arc<str>,
    /// What is to be good.
    pub target: Option<Share>,
    /// Over which time.
    pub window: Window,
    /// Who keeps the numbers.
    pub recorder: Recorder,
    /// How it stands.
    pub standing: Standing,
    /// Why, as a sentence.
    pub reason: String,
    /// The budget, or why it is not known.
    pub budget: Result<Budget, String>,
    /// The four rows; none where what was promised is not known.
    pub rows: Vec<Row>,
    /// On how many days of the window there are series, and of how many.
    pub known_days: Option<(u32, u32)>,
    /// What does not count.
    pub excluded: Vec<Excluded>,
    /// When the newest counts were true.
    pub observed_at: Instant,
}

/// Judges what was counted.
pub fn judge(measured: &Measured, environment: &Arc<str>, now: Instant) -> Slo {
    let length = measured.window.length(now);
    let allowed = measured.target.map(|target| 1.0 - target.ratio()).filter(|allowed| *allowed > 0.0);
    let is_old = now - measured.observed_at > OLD_AFTER;
    let (budget, rows) = match allowed {
        None => (Err(no_target(measured)), Vec::new()),
        Some(allowed) => {
            let mut measured = measured.clone();
            if is_old {
                measured.spans = std::array::from_fn(|_| Err(too_old()));
            }
            (budget(&measured, allowed, length, now), rows(&measured, allowed, length).to_vec())
        }
    };
    let (standing, reason) = standing(&budget, &rows);
    Slo {
        environment: environment.clone(),
        service: measured.service.clone(),
        goal: measured.goal.clone(),
        target: measured.target,
        window: measured.window,
        recorder: measured.recorder,
        standing,
        reason,
        budget,
        rows,
        known_days: measured.known_days,
        excluded: measured.excluded.clone(),
        observed_at: measured.observed_at,
    }
}

/// Puts the worst first; of equals the one with less budget, then by name.
pub fn worst_first(slos: &mut [Slo]) {
    let left = |slo: &Slo| slo.budget.as_ref().map_or(f64::INFINITY, |budget| budget.left);
    slos.sort_by(|one, other| {
        let by_name =
            || (&one.service, &one.goal, &one.environment).cmp(&(&other.service, &other.goal, &other.environment));
        other.standing.cmp(&one.standing).then_with(|| left(one).total_cmp(&left(other))).then_with(by_name)
    });
}

fn too_old() -> String {
    format!("What was counted is older than {}.", time::coarse(OLD_AFTER))
}

fn no_target(measured: &Measured) -> String {
    match measured.target {
        Some(_) => "A goal of 100 % leaves no budget to count.".to_owned(),
        None => {
            let wanted = match measured.recorder {
                Recorder::Pyrra => "start it with generic rules",
                Recorder::Sloth | Recorder::Raw => "load its rules of slo:objective:ratio too",
            };
            format!("{} does not say what was promised by {}: {wanted}.", measured.recorder.word(), measured.goal)
        }
    }
}

fn budget(measured: &Measured, allowed: f64, length: TimeDelta, now: Instant) -> Result<Budget, String> {
    let whole = measured.whole.as_ref().map_err(Clone::clone)?;
    if measured.whole_at.is_none_or(|at| now - at > WHOLE_OLD_AFTER) {
        return Err(format!("The whole window was counted more than {} ago.", time::coarse(WHOLE_OLD_AFTER)));
    }
    #[expect(clippy::cast_precision_loss, reason = "seconds of a month")]
    let seconds = |time: TimeDelta| time.num_seconds() as f64;
    // A month that has just begun has spent little of the whole month's budget even where much of it failed.
    let passed = match measured.window {
        Window::Rolling(_) => 1.0,
        Window::Month => (seconds(now - measured.window.began(now)) / seconds(length)).clamp(0.0, 1.0),
    };
    let left = 1.0 - whole.ratio / allowed * passed;
    let burn = measured.spans.get(Span::H1.place()).and_then(|part: &Part| part.as_ref().ok());
    let burn = burn.map(|events| events.ratio / allowed).filter(|burn| *burn > 0.0);
    let lasts = burn.filter(|_| left > 0.0).map(|burn| left * seconds(length) / burn);
    #[expect(clippy::cast_possible_truncation, reason = "bounded")]
    let lasts = lasts.filter(|lasts| *lasts < 1e9).map(|lasts| time::seconds(lasts as i64));
    Ok(Budget { bad: whole.ratio, left, minutes: allowed * seconds(length) / 60.0, lasts })
}

/// One word, and why: what fires before what is not known, and what is not known before what is well.
fn standing(budget: &Result<Budget, String>, rows: &[Row]) -> (Standing, String) {
    let fires = |urgency: Urgency| rows.iter().find(|row| row.urgency == urgency && row.state == RowState::Burning);
    let burning = |row: &Row| {
        format!(
            "Burn rate {:.1} over {} and {:.1} over {}, above {:.1}.",
            row.long_burn.unwrap_or_default(),
            time::coarse(row.long),
            row.short_burn.unwrap_or_default(),
            time::coarse(row.short),
            row.threshold
        )
    };
    if let Some(row) = fires(Urgency::Page) {
        return (Standing::Page, burning(row));
    }
    if let Ok(budget) = budget
        && budget.left <= 0.0
    {
        let over = -budget.minutes_left();
        return (Standing::Spent, format!("The budget is spent, and {over:.1} min more."));
    }
    if let Some(row) = fires(Urgency::Ticket) {
        return (Standing::Ticket, burning(row));
    }
    if let Err(why) = budget {
        return (Standing::Unknown, why.clone());
    }
    for row in rows {
        match &row.state {
            RowState::Unknown(why) => return (Standing::Unknown, format!("{}: {why}", time::coarse(row.long))),
            RowState::LowTraffic { span, counted, needed } => {
                let requests = if *counted == 1 { "1 request".to_owned() } else { format!("{counted} requests") };
                let sentence =
                    format!("LOW TRAFFIC: {requests} in {} say nothing, {needed} are needed.", time::coarse(*span));
                return (Standing::Unknown, sentence);
            }
            RowState::Quiet | RowState::Burning | RowState::Never => {}
        }
    }
    (Standing::Ok, "The budget is not spent, and no row fires.".to_owned())
}
