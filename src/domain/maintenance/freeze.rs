//! Freezes: before a release, or over a time somebody names, no new version goes out (requirements A9).

use chrono::{Days, NaiveDate, NaiveTime};
use serde::Serialize;

use crate::domain::time::{Instant, Zone};
use crate::domain::worded;

worded! {
    /// What begins so many days before a release.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Stage {
        /// No feature is taken in any more: two weeks before.
        FeatureFreeze = "feature freeze",
        /// Nothing is taken in any more but what mends the release: a week before.
        CodeFreeze = "code freeze",
        /// The last test: three days before.
        FinalTest = "final test",
        /// The notes are due: the day before.
        Notes = "notes",
    }
}

impl Stage {
    /// How many days before the release it begins.
    pub const fn days_before(self) -> u64 {
        match self {
            Self::FeatureFreeze => 14,
            Self::CodeFreeze => 7,
            Self::FinalTest => 3,
            Self::Notes => 1,
        }
    }

    /// Whether a new version is refused from here on. While only features are frozen, what mends still goes out, with a warning.
    pub fn refuses(self) -> bool {
        self >= Self::CodeFreeze
    }

    /// The day it begins on, for a release of that day.
    pub fn day(self, release: NaiveDate) -> Option<NaiveDate> {
        release.checked_sub_days(Days::new(self.days_before()))
    }
}

/// The four dates of a release.
pub fn dates(release: NaiveDate) -> Vec<(Stage, NaiveDate)> {
    Stage::ALL.into_iter().filter_map(|stage| Some((stage, stage.day(release)?))).collect()
}

/// Since when and until when nothing new goes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Span {
    /// Before a release: it ends when its day begins, for the release itself has to go out.
    Release(NaiveDate),
    /// From one time up to another.
    Between(Instant, Instant),
}

/// A freeze.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Freeze {
    /// Its name: the release's, or what somebody called it.
    pub name: String,
    /// When.
    pub span: Span,
    /// On whose clock the days begin.
    pub zone: Zone,
    /// The service it is of; `None` for all.
    pub service: Option<String>,
    /// Why; may be empty.
    pub reason: String,
}

/// What a freeze does at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frozen {
    /// Whether a new version is refused, or only warned of.
    pub refuses: bool,
    /// Until when.
    pub until: Instant,
    /// In words: `code freeze for 2.4.0 until …`.
    pub words: String,
}

impl Freeze {
    /// What it does to a service at a moment; `None` while it does nothing.
    pub fn at(&self, service: Option<&str>, now: Instant) -> Option<Frozen> {
        if self.service.is_some() && service.is_some() && self.service.as_deref() != service {
            return None;
        }
        let midnight = |day: NaiveDate| self.zone.instant(day.and_time(NaiveTime::MIN));
        let (stage, until) = match self.span {
            Span::Release(release) => {
                let until = midnight(release)?;
                let begun = |stage: &Stage| stage.day(release).and_then(midnight).is_some_and(|begins| begins <= now);
                (Some(Stage::ALL.into_iter().rev().find(begun)?), until)
            }
            Span::Between(from, until) if from <= now => (None, until),
            Span::Between(..) => return None,
        };
        if now >= until {
            return None;
        }
        let what = stage.map_or("freeze", Stage::word);
        let reason = if self.reason.is_empty() { String::new() } else { format!(": {}", self.reason) };
        let words = format!("{what} for {} until {}{reason}", self.name, self.zone.shown(until));
        Some(Frozen { refuses: stage.is_none_or(Stage::refuses), until, words })
    }
}
