//! What a plan rests on, looked at one by one: each with what was seen, what it may be, who says so, and how old that is.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::domain::time::{self, Instant};
use crate::domain::worded;

worded! {
    /// What came of a check, from what lets a plan go on to what holds it back.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "lowercase")]
    pub enum CheckVerdict {
        /// It is as it has to be.
        Pass = "pass",
        /// It lets the plan go on, and somebody should know.
        Warn = "warn",
        /// It could not be read, or what was read is too old to say anything of now.
        Unknown = "unknown",
        /// It holds the plan back.
        Block = "block",
    }
}

/// Something looked at before an action is taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What was looked at: a word of a plan document, such as `one_primary`.
    pub item: String,
    /// What came of it.
    pub verdict: CheckVerdict,
    /// What was seen, in words. Cleaned.
    pub value: String,
    /// What it may be, in words.
    pub limit: String,
    /// Who says so: a member, a table, the configuration. Cleaned.
    pub source: String,
    /// When it was read; `None` where it could not be.
    #[serde(default, deserialize_with = "time::clamped_or_none")]
    pub observed_at: Option<Instant>,
    /// Whether it is read again within [`Check::URGENT_WITHIN`] of sending.
    pub is_urgent: bool,
    /// Whether somebody may take it upon themselves, by typing, where it is not passed.
    pub may_be_acknowledged: bool,
}

impl Check {
    /// How old the reading of an urgent check may be when the first request is sent.
    pub const URGENT_WITHIN: TimeDelta = TimeDelta::seconds(5);

    /// Whether it holds a plan back, whatever somebody takes upon themselves.
    pub fn holds_back(&self) -> bool {
        matches!(self.verdict, CheckVerdict::Unknown | CheckVerdict::Block) && !self.may_be_acknowledged
    }

    /// Whether nobody knows, and somebody has to take that upon themselves.
    pub fn has_to_be_accepted(&self) -> bool {
        self.verdict == CheckVerdict::Unknown && self.may_be_acknowledged
    }

    /// What was found, in a few words.
    pub fn sentence(&self) -> String {
        format!("{} is {}: {} (to be: {})", self.item, self.verdict.word().to_uppercase(), self.value, self.limit)
    }

    /// The whole of it in one line: the verdict, what was looked at and seen, what it may be, and who says so.
    pub fn line(&self) -> String {
        format!(
            "{:7}  {}: {} (to be: {}; by {})",
            self.verdict.word().to_uppercase(),
            self.item,
            self.value,
            self.limit,
            self.source
        )
    }

    /// The first of `again` that came out worse than it was shown, or was not shown at all and did not pass.
    pub fn worsened<'c>(shown: &[Self], again: &'c [Self]) -> Option<&'c Self> {
        let before = |item: &str| shown.iter().find(|check| check.item == item).map(|check| check.verdict);
        again.iter().find(|check| check.verdict > before(&check.item).unwrap_or(CheckVerdict::Pass))
    }

    /// How old the reading is in whole seconds; `None` where there is none.
    pub fn age_seconds(&self, now: Instant) -> Option<i64> {
        self.observed_at.map(|at| time::age(at, now).num_seconds())
    }

    /// The worst of several; passed where there is none.
    pub fn worst(checks: &[Self]) -> CheckVerdict {
        checks.iter().map(|check| check.verdict).max().unwrap_or(CheckVerdict::Pass)
    }
}
