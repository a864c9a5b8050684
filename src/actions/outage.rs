//! Whether a new template stops every pod of a workload at one time.

use serde_json::Value;

use crate::domain::rollout::{Kind, Update};
use crate::sources::observe::WorkloadFacts;

/// How the strategy of a workload stops every pod before the first new one is ready; `None` where some always run.
pub(super) fn outage(facts: &WorkloadFacts) -> Option<String> {
    let desired = facts.report.counts.desired;
    let at = |path: &str| facts.object.pointer(path);
    // Of a DaemonSet; as much as this must be another pod beside the old one.
    let is_surging =
        at("/spec/updateStrategy/rollingUpdate/maxUnavailable").is_some_and(|most| *most == 0 || *most == "0%");
    let unavailable = match facts.workload.kind {
        Kind::Deployment if at("/spec/strategy/type").and_then(Value::as_str) == Some("Recreate") => {
            return Some(
                "the strategy is Recreate: every pod is stopped before the first new one starts, an OUTAGE".to_owned(),
            );
        }
        Kind::Deployment => at("/spec/strategy/rollingUpdate/maxUnavailable"),
        // They keep a pod's name or its node: the old one goes first.
        Kind::StatefulSet | Kind::DaemonSet if desired == 1 && !is_surging => {
            return Some("its only pod is stopped before the new one starts, an OUTAGE".to_owned());
        }
        Kind::StatefulSet | Kind::DaemonSet if facts.report.update == Update::OnDelete => None,
        Kind::StatefulSet | Kind::DaemonSet => at("/spec/updateStrategy/rollingUpdate/maxUnavailable"),
    };
    let unavailable = unavailable?;
    let most = match unavailable {
        // A Deployment rounds a share down; what rounds up comes to all of the pods at 100% too, or at one pod, which is told above.
        Value::String(share) => u64::from(desired) * share.strip_suffix('%')?.parse::<u64>().ok()? / 100,
        number => number.as_u64()?,
    };
    (desired > 0 && most >= u64::from(desired)).then(|| {
        let share = unavailable.to_string();
        format!(
            "maxUnavailable ({}) lets every pod be stopped before the first new one is ready, an OUTAGE",
            share.trim_matches('"')
        )
    })
}
