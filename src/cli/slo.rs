//! The objectives in `quarterdeck status`.

use std::sync::Arc;

use serde::Serialize;

use super::codes;
use crate::domain::slo::judge::worst_first;
use crate::domain::slo::{Excluded, Reason, Recorder, Row, RowState, Slo, SloSnapshot, Standing, Urgency, judge};
use crate::domain::time::Instant;

/// An objective of the document: a contract.
#[derive(Debug, Serialize)]
pub(super) struct SloLine {
    environment: Arc<str>,
    service: Arc<str>,
    name: Arc<str>,
    /// The share that is to be good, from 0 to 1; null: a recorder does not say.
    objective: Option<f64>,
    /// `30 d rolling` or `calendar month, UTC`.
    window: String,
    /// Who keeps the numbers: `raw`, `sloth` or `pyrra`.
    recorder: Recorder,
    /// `ok`, `ticket`, `spent`, `page`; `unknown` where any of it is not known, or on too few requests.
    state: Standing,
    /// Why, as a sentence.
    reason: String,
    /// null: not known, see `reason`.
    budget: Option<BudgetLine>,
    burn: Vec<BurnLine>,
    /// On how many days of the window there are series; null: not looked.
    known_days: Option<u32>,
    excluded: Vec<ExcludedLine>,
    observed_at: Instant,
}

#[derive(Debug, Serialize)]
struct BudgetLine {
    /// The share of requests that was bad.
    bad_ratio: f64,
    /// 1: all is left; below 0: overspent.
    left_ratio: f64,
    left_minutes: f64,
    minutes: f64,
    /// At the burn rate of the last hour; null: nothing is burning, or it is spent.
    lasts_seconds: Option<i64>,
}

#[derive(Debug, Serialize)]
struct BurnLine {
    urgency: Urgency,
    long_seconds: i64,
    short_seconds: i64,
    threshold: f64,
    long_burn: Option<f64>,
    short_burn: Option<f64>,
    /// `quiet`, `burning`, `low_traffic`, `never`, `unknown`.
    state: &'static str,
    reason: Option<String>,
}

#[derive(Debug, Serialize)]
struct ExcludedLine {
    reason: Reason,
    from: Instant,
    to: Instant,
    /// Empty where nobody said.
    evidence: String,
    /// When users were told; counts for maintenance. null: not said.
    announced_at: Option<Instant>,
    /// How much of the window it takes out.
    counted_seconds: i64,
    /// Why it takes out less than it asks for.
    why_not: Option<String>,
}

/// Every objective, worst first.
pub(super) fn lines<'a>(snapshots: impl Iterator<Item = &'a SloSnapshot>, now: Instant) -> Vec<SloLine> {
    judged(snapshots, now).into_iter().map(line).collect()
}

/// What objectives make of the exit code.
pub(super) fn exit_codes<'a>(snapshots: impl Iterator<Item = &'a SloSnapshot>, now: Instant) -> Vec<u8> {
    judged(snapshots, now).iter().map(|slo| codes::objective(slo.standing)).collect()
}

/// What an operator should know of objectives and of their sources, a line each: what is not well.
pub(super) fn notices<'a>(snapshots: impl Iterator<Item = &'a SloSnapshot>, now: Instant) -> Vec<String> {
    let said = |slo: &Slo| format!("{}: {} {}: {}", slo.environment, slo.service, slo.goal, slo.reason);
    judged(snapshots, now).iter().filter(|slo| slo.standing > Standing::Unknown).map(said).collect()
}

fn judged<'a>(snapshots: impl Iterator<Item = &'a SloSnapshot>, now: Instant) -> Vec<Slo> {
    let of = |snapshot: &'a SloSnapshot| snapshot.measured.iter().map(|one| judge(one, &snapshot.environment, now));
    let mut slos: Vec<Slo> = snapshots.flat_map(of).collect();
    worst_first(&mut slos);
    slos
}

fn line(slo: Slo) -> SloLine {
    let budget = slo.budget.ok().map(|budget| BudgetLine {
        bad_ratio: budget.bad,
        left_ratio: budget.left,
        left_minutes: budget.minutes_left(),
        minutes: budget.minutes,
        lasts_seconds: budget.lasts.map(|lasts| lasts.num_seconds()),
    });
    SloLine {
        environment: slo.environment,
        service: slo.service,
        name: slo.goal,
        objective: slo.target.map(crate::domain::service::Share::ratio),
        window: slo.window.to_string(),
        recorder: slo.recorder,
        state: slo.standing,
        reason: slo.reason,
        budget,
        burn: slo.rows.into_iter().map(burn).collect(),
        known_days: slo.known_days.map(|(known, _)| known),
        excluded: slo.excluded.into_iter().map(excluded).collect(),
        observed_at: slo.observed_at,
    }
}

fn burn(row: Row) -> BurnLine {
    let state = row.state.word();
    let reason = match row.state {
        RowState::Unknown(why) => Some(why),
        RowState::LowTraffic { counted, needed, .. } => Some(format!("{counted} of {needed} requests")),
        RowState::Quiet | RowState::Burning | RowState::Never => None,
    };
    BurnLine {
        urgency: row.urgency,
        long_seconds: row.long.num_seconds(),
        short_seconds: row.short.num_seconds(),
        threshold: row.threshold,
        long_burn: row.long_burn,
        short_burn: row.short_burn,
        state,
        reason,
    }
}

fn excluded(one: Excluded) -> ExcludedLine {
    ExcludedLine {
        reason: one.exclusion.reason,
        from: one.exclusion.from,
        to: one.exclusion.to,
        evidence: one.exclusion.evidence,
        announced_at: one.exclusion.announced,
        counted_seconds: one.counted.num_seconds(),
        why_not: one.why_not,
    }
}
