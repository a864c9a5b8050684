//! The rollouts pane: the list of workloads, and one of them in detail.

mod advice;
pub mod detail;
pub mod filter;
mod headline;
mod history;
mod image;
pub mod list;
pub mod logs;
mod notice;
mod pods;
mod service;
mod why;

use self::headline::HEADLINE;
use super::{GroupId, Opens, Pane};
use crate::domain::rollout::{Rollout, Verdict};
use crate::domain::time::{self, Instant};
use crate::ui::pen::Pen;
use crate::ui::state::View;
use crate::ui::words;

/// The id of the pane.
pub const ID: &str = "rollouts";

/// The pane.
pub const PANE: Pane = Pane {
    id: ID,
    command: "view.rollouts",
    group: GroupId::Rollouts,
    title: words::ROLLOUTS,
    sentence: "show the rollouts",
    hints: &[
        ("open", "open"),
        ("action.rollback", "roll back"),
        ("actions", "actions"),
        ("filter", "filter"),
        ("scope", "environment"),
        ("help", "help"),
    ],
    headline: Some(HEADLINE),
    opens: Opens::Own(|| View::Rollouts),
};

/// Pods a minute, while it moves.
fn rate(rollout: &Rollout) -> Option<String> {
    rollout.rate_per_minute.filter(|_| rollout.verdict != Verdict::Complete).map(words::list::rate)
}

/// Time left at the present rate.
fn remaining(rollout: &Rollout) -> Option<String> {
    let seconds = i64::try_from(rollout.seconds_left()?).ok()?;
    Some(time::left(time::seconds(seconds)))
}

/// Rate and time left, in words.
fn pace(rollout: &Rollout) -> impl Iterator<Item = String> {
    rate(rollout).into_iter().chain(remaining(rollout).map(|left| words::list::remaining(&left)))
}

/// When the controller gives up, in words.
fn deadline(pen: &mut Pen<'_>, at: Instant) -> String {
    if at > pen.now { words::list::deadline(&pen.left(at)) } else { words::list::OVERDUE.to_owned() }
}
