//! Every meaning that can have a style.

use crate::domain::backup::{State, Verification};
use crate::domain::environment::Guard;
use crate::domain::rollout::Verdict;
use crate::domain::worded;

worded! {
    /// A meaning on the screen, in the order of the theme files. The theme gives it a style.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub enum Role {
        /// What everything else is drawn on; only its background counts.
        Background = "background",
        /// Ordinary text.
        Text = "text",
        /// Text that matters less: units, ages, what did not change.
        Muted = "muted",
        /// The title of a pane or an overlay.
        Title = "title",
        /// The heads of columns.
        ColumnHead = "column_head",
        /// The frame of a pane.
        Border = "border",
        /// The frame of the pane that has the keys.
        BorderFocused = "border_focused",
        /// The row under the cursor.
        Selection = "selection",
        /// A marked row.
        Mark = "mark",
        /// The characters a filter or a search matched.
        Found = "found",
        /// The word of a development environment.
        EnvironmentDevelopment = "environment_development",
        /// The word of a staging environment.
        EnvironmentStaging = "environment_staging",
        /// The word of a production environment.
        EnvironmentProduction = "environment_production",
        /// READ-ONLY in the header.
        ReadOnly = "read_only",
        /// MAY ACT in the header.
        MayAct = "may_act",
        /// The FROZEN banner.
        Frozen = "frozen",
        /// A banner that stays until dealt with.
        Banner = "banner",
        /// The verdict complete.
        VerdictComplete = "verdict_complete",
        /// The verdict progressing.
        VerdictProgressing = "verdict_progressing",
        /// The verdict paused.
        VerdictPaused = "verdict_paused",
        /// The verdict degraded.
        VerdictDegraded = "verdict_degraded",
        /// The verdict stale.
        VerdictStale = "verdict_stale",
        /// The verdict stuck.
        VerdictStuck = "verdict_stuck",
        /// The verdict failed.
        VerdictFailed = "verdict_failed",
        /// The verdict unknown.
        VerdictUnknown = "verdict_unknown",
        /// Rows of a source that is not fresh.
        StaleData = "stale_data",
        /// What went well.
        Ok = "ok",
        /// What needs a look.
        Warning = "warning",
        /// What is wrong.
        Error = "error",
        /// What cannot easily be taken back.
        Danger = "danger",
        /// A line only the new side has.
        Added = "added",
        /// A line only the old side has.
        Removed = "removed",
        /// A key in a hint or in the help.
        Key = "key",
        /// The words after a key.
        KeyHint = "key_hint",
        /// What cannot be chosen now.
        Disabled = "disabled",
        /// The mark before a line that is typed.
        Prompt = "prompt",
        /// The text that is typed.
        Input = "input",
        /// The filled part of a bar.
        Progress = "progress",
    }
}

impl Role {
    /// How many roles there are.
    pub const COUNT: usize = Self::ALL.len();

    /// The role of a verdict.
    pub const fn of_verdict(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Complete => Self::VerdictComplete,
            Verdict::Progressing => Self::VerdictProgressing,
            Verdict::Paused => Self::VerdictPaused,
            Verdict::Degraded => Self::VerdictDegraded,
            Verdict::Stale => Self::VerdictStale,
            Verdict::Stuck => Self::VerdictStuck,
            Verdict::Failed => Self::VerdictFailed,
            Verdict::Unknown => Self::VerdictUnknown,
        }
    }

    /// The role of the state of a backup.
    pub const fn of_backup(state: State) -> Self {
        match state {
            State::Broken | State::Missed => Self::Error,
            State::Late | State::Paused => Self::Warning,
            State::Unknown => Self::VerdictUnknown,
            State::Ok => Self::Ok,
        }
    }

    /// The role of what restores have proven.
    pub const fn of_verification(verification: Verification) -> Self {
        match verification {
            Verification::Never | Verification::Missed => Self::Error,
            Verification::Late => Self::Warning,
            Verification::Ok => Self::Ok,
        }
    }

    /// The role of an environment's word.
    pub const fn of_guard(guard: Guard) -> Self {
        match guard {
            Guard::Development => Self::EnvironmentDevelopment,
            Guard::Staging => Self::EnvironmentStaging,
            Guard::Production => Self::EnvironmentProduction,
        }
    }

    /// Whether words are drawn in it, so that it must be readable: everything but frames, bars and the background.
    pub const fn is_read(self) -> bool {
        !matches!(self, Self::Background | Self::Border | Self::BorderFocused | Self::Progress)
    }
}
