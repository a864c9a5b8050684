//! What is pending at a hand-over beside incidents: silences that end or begin in the shift that follows, and error budgets that burn.

use std::time::Duration;

use serde::Serialize;

use crate::cli::session::Session;
use crate::domain::alert::{Silence, SilenceState};
use crate::domain::slo::{Standing, judge};
use crate::domain::text;
use crate::domain::time::{self, Instant};
use crate::sources::alertmanager::AlertFeed;
use crate::sources::prometheus::SloFeed;

/// How long each source may take.
const WITHIN: Duration = Duration::from_secs(8);
/// How long a shift is looked through, in days.
const AHEAD: i64 = 7;
/// A budget of which less is left is told though nothing burns.
const LITTLE: f64 = 0.25;

/// A silence that ends or begins: a contract.
#[derive(Debug, Serialize)]
pub(super) struct SilenceLine {
    environment: String,
    covers: String,
    comment: String,
    /// ends or begins.
    change: &'static str,
    at: Instant,
}

/// An error budget that burns, or of which little is left: a contract.
#[derive(Debug, Serialize)]
pub(super) struct BudgetLine {
    environment: String,
    service: String,
    objective: String,
    standing: Standing,
    /// From 1, all of it, down; null: not known.
    left: Option<f64>,
    reason: String,
}

/// Silences and budgets of every environment that is shown, as far as they can be read.
#[derive(Debug, Default)]
pub(super) struct Pending {
    pub(super) silences: Vec<SilenceLine>,
    pub(super) budgets: Vec<BudgetLine>,
}

impl Pending {
    /// Of the shift that begins at a boundary.
    pub(super) async fn read(session: &Session, boundary: Instant) -> Self {
        let shift = (boundary, time::within(boundary + time::days(AHEAD)));
        let mut pending = Self::default();
        for session in session.shown() {
            let (alerts, slos) = tokio::join!(session.once::<AlertFeed>(WITHIN), session.once::<SloFeed>(WITHIN));
            let environment = &session.environment.name;
            let silences = alerts.and_then(|alerts| alerts.silences);
            let changing =
                silences.iter().flat_map(|all| all.iter()).filter_map(|one| changing(one, environment, shift));
            pending.silences.extend(changing);
            for measured in slos.iter().flat_map(|slos| slos.measured.iter()) {
                let slo = judge(measured, environment, session.now());
                let left = slo.budget.as_ref().ok().map(|budget| budget.left);
                let is_burning = matches!(slo.standing, Standing::Ticket | Standing::Spent | Standing::Page);
                if is_burning || left.is_some_and(|left| left < LITTLE) {
                    pending.budgets.push(BudgetLine {
                        environment: environment.to_string(),
                        service: slo.service.to_string(),
                        objective: slo.goal.to_string(),
                        standing: slo.standing,
                        left,
                        reason: slo.reason,
                    });
                }
            }
        }
        pending
    }

    /// The same for people, a line each.
    pub(super) fn lines(&self) -> impl Iterator<Item = String> {
        let silence = |one: &SilenceLine| {
            format!("silence of {} {} at {}: {}", one.covers, one.change, time::written(one.at), one.comment)
        };
        let budget = |one: &BudgetLine| format!("budget of {} {}: {}", one.service, one.objective, one.reason);
        self.silences.iter().map(silence).chain(self.budgets.iter().map(budget))
    }
}

fn changing(silence: &Silence, environment: &str, (from, until): (Instant, Instant)) -> Option<SilenceLine> {
    let (change, at) = match silence.state {
        SilenceState::Active => ("ends", silence.ends_at),
        SilenceState::Pending => ("begins", silence.starts_at),
        SilenceState::Expired => return None,
    };
    let line = || SilenceLine {
        environment: environment.to_owned(),
        covers: silence.covers(),
        comment: text::clean(&silence.comment).into_owned(),
        change,
        at,
    };
    (from <= at && at < until).then(line)
}
