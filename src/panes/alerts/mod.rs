//! The alerts pane: what fires, worst first, and one alert in detail.

pub mod detail;
mod headline;
pub mod list;
mod notice;

use std::sync::Arc;

use self::headline::HEADLINE;
use super::{GroupId, Opens, Pane};
use crate::domain::alert::join::Aim;
use crate::domain::alert::{Alert, Severity, State};
use crate::domain::rollout::Rollout;
use crate::theme::Role;
use crate::ui::pen::Pen;
use crate::ui::state::View;
use crate::ui::words::alerts as said;

/// What a filter for the silences over an alert begins with: its name, or its key.
pub const OVER: &str = "alert:";
/// What a filter of alerts for those under a silence begins with: its id.
pub const UNDER: &str = "silence:";

/// The id of the pane.
pub const ID: &str = "alerts";

/// The pane.
pub const PANE: Pane = Pane {
    id: ID,
    command: "view.alerts",
    group: GroupId::Alerts,
    title: said::TITLE,
    sentence: "show the alerts",
    hints: &[
        ("open", "open"),
        ("action.acknowledge", "acknowledge"),
        ("details", "its rollout"),
        ("action.rollback", "roll back"),
        ("filter", "filter"),
        ("problems_only", "only firing"),
        ("help", "help"),
    ],
    headline: Some(HEADLINE),
    opens: Opens::Own(|| View::Alerts),
};

/// The role of a severity's word.
const fn role_of(severity: Severity) -> Role {
    match severity {
        Severity::Critical => Role::Error,
        Severity::High => Role::VerdictStuck,
        Severity::Medium => Role::Warning,
        Severity::Low => Role::Muted,
    }
}

/// The role of a state's word.
const fn role_of_state(state: State) -> Role {
    match state {
        State::Firing => Role::Error,
        State::Pending => Role::Warning,
        State::Acknowledged => Role::Ok,
        State::Inhibited | State::Silenced => Role::Muted,
    }
}

/// When one that is pending fires; `None` where that is not known.
fn fires(pen: &mut Pen<'_>, alert: &Alert) -> Option<String> {
    let at = alert.rule.as_ref().filter(|_| alert.is_pending)?.fires_at()?;
    Some(if at > pen.now { said::fires_in(&pen.left(at)) } else { said::FIRES_NOW.to_owned() })
}

/// The workloads an alert is about.
fn workloads<'a>(alert: &Alert, rollouts: &'a [Arc<Rollout>]) -> Vec<&'a Arc<Rollout>> {
    let aim = Aim::of(alert);
    rollouts.iter().filter(|row| aim.is(row)).collect()
}
