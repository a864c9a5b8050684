//! Whether releases should be rolled back, in `quarterdeck status` and `quarterdeck plan`.

use std::time::Duration;

use serde::Serialize;

use super::session::{Connected, SETTLE_WITHIN, Session};
use crate::domain::action::Plan;
use crate::domain::advice::compared::releases;
use crate::domain::advice::{Advice, Opinion, Verdict, into_plan, judge};
use crate::domain::cluster::ClusterSnapshot;
use crate::domain::signal::Unit;
use crate::domain::time::Instant;
use crate::sources::prometheus::SignalFeed;

/// How long the comparisons may take together.
const WITHIN: Duration = Duration::from_secs(20);

/// The advice about a release, in the document: a contract.
#[derive(Debug, Serialize)]
pub(super) struct AdviceLine<'a> {
    environment: &'a str,
    namespace: &'a str,
    kind: &'static str,
    name: &'a str,
    service: &'a str,
    /// `advised`, `unknown`, `not_advised`.
    rollback: Verdict,
    sentence: &'a str,
    began_at: Instant,
    observed_at: Instant,
    criteria: Vec<CriterionLine<'a>>,
}

#[derive(Debug, Serialize)]
struct CriterionLine<'a> {
    name: &'a str,
    /// `worse`, `unknown`, `fine`.
    opinion: Opinion,
    value: Option<f64>,
    unit: Unit,
    threshold: Option<f64>,
    baseline: Option<f64>,
    words: &'a str,
}

/// A line for each release that was compared.
pub(super) fn line(advice: &Advice) -> AdviceLine<'_> {
    AdviceLine {
        environment: &advice.workload.environment,
        namespace: &advice.workload.namespace,
        kind: advice.workload.kind.word(),
        name: &advice.workload.name,
        service: &advice.service,
        rollback: advice.verdict,
        sentence: &advice.sentence,
        began_at: advice.began,
        observed_at: advice.observed_at,
        criteria: advice
            .criteria
            .iter()
            .map(|one| CriterionLine {
                name: &one.name,
                opinion: one.opinion,
                value: one.value,
                unit: one.unit,
                threshold: one.threshold,
                baseline: one.baseline,
                words: &one.words,
            })
            .collect(),
    }
}

/// Compares the releases of the environment; nothing where it has no Prometheus, or within the time there was no answer.
pub(super) async fn advise(session: &Session, snapshot: &ClusterSnapshot) -> Vec<Advice> {
    let environment = &session.environment.name;
    let Some(feed) = session.feed::<SignalFeed>() else {
        return Vec::new();
    };
    let now = session.now();
    let asked = releases(snapshot.rollouts.iter(), environment, now);
    let compared = tokio::time::timeout(WITHIN, feed.compare(asked, now)).await.unwrap_or_default();
    let needed = |namespace: &str, name: &str| session.services().needed(environment, namespace, name);
    compared.iter().map(|one| judge(one, &|name| needed(&one.released.workload.namespace, name))).collect()
}

/// A plan to roll back with the advice among its evidence, where there is a Prometheus to ask.
pub(super) async fn told(session: &Session, connected: &Connected, plan: Plan) -> Plan {
    if plan.action != "rollback" || session.environment.prometheus.is_none() {
        return plan;
    }
    let mut snapshot = Box::pin(connected.settled(SETTLE_WITHIN)).await;
    let is_target = |row: &crate::domain::rollout::Rollout| {
        plan.targets.iter().any(|one| one.subject.workload() == Some(&row.workload))
    };
    snapshot.rollouts = snapshot.rollouts.iter().filter(|row| is_target(row)).cloned().collect();
    let advice = advise(session, &snapshot).await;
    into_plan(plan, |workload| advice.iter().find(|one| one.workload == *workload))
}
