//! HorizontalPodAutoscalers: what they scale, between which limits, and how they stand.

use std::borrow::Cow;
use std::sync::Arc;

use serde::Deserialize;

use super::{Interner, Meta, Wire, WireCondition, or_default};
use crate::domain::rollout::{Autoscaler, Measure, WorkloadRef};
use crate::domain::text;

#[derive(Deserialize)]
pub(in crate::sources::cluster) struct WireAutoscaler<'a> {
    #[serde(borrow)]
    metadata: Meta<'a>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    spec: Spec<'a>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    status: Status<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Spec<'a> {
    #[serde(borrow, deserialize_with = "or_default")]
    scale_target_ref: Aim<'a>,
    min_replicas: Option<u32>,
    max_replicas: u32,
    #[serde(borrow, deserialize_with = "or_default")]
    metrics: Vec<Metric<'a>>,
}

/// What is scaled.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Aim<'a> {
    #[serde(borrow)]
    api_version: Cow<'a, str>,
    #[serde(borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    name: Cow<'a, str>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Status<'a> {
    current_replicas: u32,
    desired_replicas: u32,
    #[serde(borrow, deserialize_with = "or_default")]
    conditions: Vec<WireCondition<'a>>,
    #[serde(borrow, deserialize_with = "or_default")]
    current_metrics: Vec<Metric<'a>>,
}

/// One metric, in the specification with its target, in the status with its present value. The type says which of the parts counts.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Metric<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    resource: Option<Source<'a>>,
    #[serde(borrow)]
    container_resource: Option<Source<'a>>,
    #[serde(borrow)]
    pods: Option<Source<'a>>,
    #[serde(borrow)]
    object: Option<Source<'a>>,
    #[serde(borrow)]
    external: Option<Source<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Source<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow, deserialize_with = "or_default")]
    metric: Named<'a>,
    #[serde(borrow, deserialize_with = "or_default")]
    target: Quantity<'a>,
    #[serde(borrow, deserialize_with = "or_default")]
    current: Quantity<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Named<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Quantity<'a> {
    average_utilization: Option<u32>,
    #[serde(borrow)]
    average_value: Option<Cow<'a, str>>,
    #[serde(borrow)]
    value: Option<Cow<'a, str>>,
}

impl Quantity<'_> {
    fn kept(&self, interner: &mut Interner) -> Option<Arc<str>> {
        let percent = self.average_utilization.map(|percent| format!("{percent}%"));
        let quantity = || self.average_value.as_deref().or(self.value.as_deref()).map(str::to_owned);
        percent.or_else(quantity).map(|words| interner.keep_clean(&words))
    }
}

impl Metric<'_> {
    fn source(&self) -> Option<&Source<'_>> {
        [&self.resource, &self.container_resource, &self.pods, &self.object, &self.external]
            .into_iter()
            .find_map(Option::as_ref)
    }

    /// What tells it from the others.
    fn name(&self) -> (&str, &str) {
        let name =
            self.source().map_or("", |source| if source.name.is_empty() { &source.metric.name } else { &source.name });
        (&self.kind, name)
    }
}

impl<'a> Wire<'a> for WireAutoscaler<'a> {
    fn meta(&self) -> &Meta<'a> {
        &self.metadata
    }
}

impl WireAutoscaler<'_> {
    /// Whether it scales this workload.
    pub(in crate::sources::cluster) fn is_aimed_at(&self, workload: &WorkloadRef) -> bool {
        let aim = &self.spec.scale_target_ref;
        // An old one may leave the API out.
        let is_of_apps = aim.api_version.is_empty() || aim.api_version.starts_with("apps/");
        is_of_apps && aim.kind == workload.kind.word() && aim.name == *workload.name
    }

    /// What is kept of it.
    pub(in crate::sources::cluster) fn kept(&self, interner: &mut Interner) -> Autoscaler {
        let (spec, status) = (&self.spec, &self.status);
        let keda = self.metadata.owner_references.iter().find(|owner| owner.kind == "ScaledObject");
        let who = keda.map_or_else(
            || format!("HorizontalPodAutoscaler {}", self.metadata.name),
            |owner| format!("KEDA ScaledObject {}", owner.name),
        );
        let measures = spec.metrics.iter().filter_map(|metric| {
            let current = status.current_metrics.iter().find(|current| current.name() == metric.name());
            Some(Measure {
                name: interner.keep_clean(metric.name().1),
                now: current.and_then(Metric::source).and_then(|source| source.current.kept(interner)),
                target: metric.source()?.target.kept(interner)?,
            })
        });
        let measures = measures.collect();
        Autoscaler {
            who: text::clean(&who).into_owned(),
            aims_at: (interner.keep(&spec.scale_target_ref.kind), interner.keep(&spec.scale_target_ref.name)),
            // The API fills in 1.
            least: spec.min_replicas.unwrap_or(1),
            most: spec.max_replicas,
            current: status.current_replicas,
            desired: status.desired_replicas,
            conditions: status.conditions.iter().map(|condition| condition.kept(interner)).collect(),
            measures,
            paused: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rollout::Kind;

    const FULL: &str = r#"{"metadata":{"name":"api","ownerReferences":[{"kind":"ScaledObject","name":"api-so","controller":true}]},
        "spec":{"scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"api"},"minReplicas":2,"maxReplicas":6,
            "metrics":[{"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":70}}},
                {"type":"External","external":{"metric":{"name":"queue"},"target":{"type":"AverageValue","averageValue":"30"}}}]},
        "status":{"currentReplicas":6,"desiredReplicas":6,"conditions":[{"type":"ScalingLimited","status":"True","reason":"TooManyReplicas"}],
            "currentMetrics":[{"type":"Resource","resource":{"name":"cpu","current":{"averageUtilization":91,"averageValue":"455m"}}},{"type":""}]}}"#;

    #[test]
    fn an_autoscaler_says_what_it_scales_and_what_holds_it() -> Result<(), serde_json::Error> {
        let wire: WireAutoscaler<'_> = serde_json::from_str(FULL)?;
        let kept = wire.kept(&mut Interner::default());
        assert_eq!(kept.who, "KEDA ScaledObject api-so");
        assert_eq!(
            kept.sentence(),
            "2..6 pods, 6 now; cpu 91% of 70%; queue unknown of 30; AT ITS LIMIT: it would start more"
        );
        let workload = |kind, name: &str| WorkloadRef {
            environment: "test".into(),
            namespace: "shop".into(),
            kind,
            name: name.into(),
        };
        assert!(wire.is_aimed_at(&workload(Kind::Deployment, "api")));
        assert!(!wire.is_aimed_at(&workload(Kind::StatefulSet, "api")), "another kind of the same name");
        assert!(!wire.is_aimed_at(&workload(Kind::Deployment, "web")));
        Ok(())
    }

    #[test]
    fn one_without_anything_is_still_one() -> Result<(), serde_json::Error> {
        let wire: WireAutoscaler<'_> = serde_json::from_str(r#"{"metadata":{"name":"a"},"spec":null,"status":null}"#)?;
        assert_eq!(wire.kept(&mut Interner::default()).least, 1);
        Ok(())
    }
}
