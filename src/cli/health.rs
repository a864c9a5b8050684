//! The health matrix in `quarterdeck status`.

use std::sync::Arc;

use serde::Serialize;

use super::codes;
use crate::domain::health::{Condition, HealthSnapshot, Kind, Part, lines as matrix};
use crate::domain::service::Services;
use crate::domain::time::Instant;

/// A component in an environment: a contract.
#[derive(Debug, Serialize)]
pub(super) struct HealthLine {
    environment: Arc<str>,
    service: Arc<str>,
    component: Arc<str>,
    kind: Kind,
    at: Arc<str>,
    /// Whether the service is unhealthy without it.
    is_critical: bool,
    /// `healthy`, `degraded`, `unhealthy`; `unknown` where it did not answer lately or what it answers is not understood.
    state: Condition,
    /// Why, where it is not simply well.
    reason: Option<String>,
    /// null: it did not answer.
    answer_seconds: Option<f64>,
    version: Option<String>,
    expected_version: Option<String>,
    uptime_seconds: Option<u64>,
    parts: Vec<PartLine>,
    certificate: Option<CertificateLine>,
    /// Why it is not known, where it has one and answers.
    certificate_missing: Option<&'static str>,
    /// What its service needs and is not well there, the worst first.
    impaired_by: Vec<Arc<str>>,
    /// Services that need its service, through everything.
    needed_by: Vec<Arc<str>>,
    observed_at: Option<Instant>,
}

#[derive(Debug, Serialize)]
struct PartLine {
    name: Arc<str>,
    state: Condition,
    is_critical: Option<bool>,
    answer_ms: Option<u64>,
    error: Option<String>,
}

#[derive(Debug, Serialize)]
struct CertificateLine {
    /// Until when it, and what it hangs on, holds.
    until: Instant,
    days_left: i64,
    issuer: Arc<str>,
    /// Whether what it hangs on was looked at too; false: `until` is its own end only.
    chain_seen: bool,
    /// What is wrong with its chain or name.
    trouble: Option<String>,
}

/// Every component in every environment, worst first.
pub(super) fn lines<'a>(
    found: impl Iterator<Item = (&'a HealthSnapshot, &'a Services)>,
    now: Instant,
) -> Vec<HealthLine> {
    let mut all: Vec<HealthLine> = Vec::new();
    for (snapshot, services) in found {
        for cell in matrix(&[snapshot], services, now).into_iter().flat_map(|line| line.cells) {
            let check = cell.check;
            all.push(HealthLine {
                needed_by: services.needing_in(&cell.environment, &check.service).into_iter().collect(),
                environment: cell.environment,
                service: check.service,
                component: check.component,
                kind: check.kind,
                at: check.at,
                is_critical: check.is_critical,
                state: cell.condition,
                reason: cell.reason,
                answer_seconds: check.took.and_then(|took| took.to_std().ok()).map(|took| took.as_secs_f64()),
                version: check.version,
                expected_version: check.expected,
                uptime_seconds: check.uptime_seconds,
                parts: check.parts.into_iter().map(part).collect(),
                certificate: check.certificate.map(|one| CertificateLine {
                    until: one.ends(),
                    days_left: one.days_left(now),
                    issuer: one.issuer,
                    chain_seen: one.is_chain_seen,
                    trouble: one.trouble,
                }),
                certificate_missing: check.certificate_missing,
                impaired_by: cell.impaired_by.into_iter().map(|(name, _)| name).collect(),
                observed_at: check.checked_at,
            });
        }
    }
    all.sort_by_key(|line| std::cmp::Reverse(line.state));
    all
}

fn part(part: Part) -> PartLine {
    PartLine {
        name: part.name,
        state: part.condition,
        is_critical: part.is_critical,
        answer_ms: part.took_ms,
        error: part.error,
    }
}

/// What components make of the exit code.
pub(super) fn exit_codes<'a>(found: impl Iterator<Item = (&'a HealthSnapshot, &'a Services)>, now: Instant) -> Vec<u8> {
    lines(found, now).iter().map(|line| codes::component(line.state)).collect()
}

/// What an operator should know, a line each: what is known not to be well.
pub(super) fn notices<'a>(
    found: impl Iterator<Item = (&'a HealthSnapshot, &'a Services)>,
    now: Instant,
) -> Vec<String> {
    let said = |line: &HealthLine| {
        let reason = line.reason.as_deref().unwrap_or_default();
        format!("{}: {} {} {}: {reason}", line.environment, line.service, line.component, line.state.word())
    };
    lines(found, now).iter().filter(|line| line.state > Condition::Unknown).map(said).collect()
}
