//! What stands around workloads: quotas, claims and their classes. Read when something is stuck, never watched.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{Interner, Meta, Wire, or_default};
use crate::domain::cause::{Claim, Quota};

/// The annotation of the class that claims without one get.
const IS_DEFAULT: &str = "storageclass.kubernetes.io/is-default-class";

#[derive(Deserialize)]
pub(in crate::sources::cluster) struct WireQuota<'a> {
    #[serde(borrow)]
    metadata: Meta<'a>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    status: QuotaStatus<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct QuotaStatus<'a> {
    #[serde(borrow, deserialize_with = "or_default")]
    hard: BTreeMap<Cow<'a, str>, Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "or_default")]
    used: BTreeMap<Cow<'a, str>, Cow<'a, str>>,
}

#[derive(Deserialize)]
pub(in crate::sources::cluster) struct WireClaim<'a> {
    #[serde(borrow)]
    metadata: Meta<'a>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    spec: ClaimSpec<'a>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    status: ClaimStatus<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct ClaimSpec<'a> {
    #[serde(borrow)]
    storage_class_name: Option<Cow<'a, str>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ClaimStatus<'a> {
    #[serde(borrow)]
    phase: Cow<'a, str>,
}

/// A storage class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::sources::cluster) struct Class {
    /// Its name.
    pub(in crate::sources::cluster) name: String,
    /// Whether claims without a class get it.
    pub(in crate::sources::cluster) is_default: bool,
    /// Whether it makes a volume only when a pod that uses it has a node.
    pub(in crate::sources::cluster) waits_for_pod: bool,
}

impl<'a> Wire<'a> for WireQuota<'a> {
    fn meta(&self) -> &Meta<'a> {
        &self.metadata
    }
}

impl<'a> Wire<'a> for WireClaim<'a> {
    fn meta(&self) -> &Meta<'a> {
        &self.metadata
    }
}

impl WireQuota<'_> {
    /// What is kept of it.
    pub(in crate::sources::cluster) fn kept(&self, interner: &mut Interner) -> Quota {
        let limits = self.status.hard.iter().map(|(what, limit)| {
            let used = self.status.used.get(what).map_or("0", AsRef::as_ref);
            (interner.keep_clean(what), interner.keep_clean(used), interner.keep_clean(limit))
        });
        let limits = limits.collect();
        Quota {
            namespace: interner.keep_clean(&self.metadata.namespace),
            name: interner.keep_clean(&self.metadata.name),
            limits,
        }
    }
}

impl WireClaim<'_> {
    /// What is kept of one that is not bound; `None` of one that is.
    pub(in crate::sources::cluster) fn unbound(&self, interner: &mut Interner) -> Option<Claim> {
        if self.status.phase == "Bound" {
            return None;
        }
        let phase = if self.status.phase.is_empty() { "Pending" } else { &self.status.phase };
        Some(Claim {
            namespace: interner.keep_clean(&self.metadata.namespace),
            name: interner.keep_clean(&self.metadata.name),
            phase: interner.keep_clean(phase),
            class: self.spec.storage_class_name.as_ref().map(|class| interner.keep_clean(class)),
            has_class: None,
            waits_for_pod: false,
            since: self.metadata.creation_timestamp,
        })
    }
}

impl Class {
    /// A class of a list of them.
    pub(in crate::sources::cluster) fn of(object: &Value) -> Option<Self> {
        let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str);
        let annotation = object.pointer("/metadata/annotations").and_then(|annotations| annotations.get(IS_DEFAULT));
        Some(Self {
            name: text("/metadata/name")?.to_owned(),
            is_default: annotation.and_then(Value::as_str) == Some("true"),
            waits_for_pod: text("/volumeBindingMode") == Some("WaitForFirstConsumer"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_quota_keeps_what_is_used_of_each_limit() -> Result<(), serde_json::Error> {
        let wire: WireQuota<'_> = serde_json::from_str(
            r#"{"metadata":{"name":"compute","namespace":"shop"},"status":{"hard":{"pods":"20","cpu":"4"},"used":{"pods":"20"}}}"#,
        )?;
        let kept = wire.kept(&mut Interner::default());
        let limits: Vec<String> =
            kept.limits.iter().map(|(what, used, limit)| format!("{what} {used}/{limit}")).collect();
        assert_eq!(limits, ["cpu 0/4", "pods 20/20"]);
        let empty: WireQuota<'_> = serde_json::from_str(r#"{"metadata":{"name":"new"},"status":null}"#)?;
        assert_eq!(empty.kept(&mut Interner::default()).limits, []);
        Ok(())
    }

    #[test]
    fn only_claims_that_are_not_bound_are_kept() -> Result<(), serde_json::Error> {
        let read = |phase: &str| {
            let json = format!(
                r#"{{"metadata":{{"name":"data"}},"spec":{{"storageClassName":"fast"}},"status":{{"phase":"{phase}"}}}}"#
            );
            let wire: WireClaim<'_> = serde_json::from_str(&json)?;
            Ok::<_, serde_json::Error>(wire.unbound(&mut Interner::default()))
        };
        assert_eq!(read("Bound")?, None);
        assert_eq!(read("Pending")?.and_then(|claim| claim.class), Some("fast".into()));
        assert_eq!(read("")?.map(|claim| claim.phase), Some("Pending".into()), "nobody has looked at it yet");
        Ok(())
    }

    #[test]
    fn a_class_says_whether_it_is_the_default_and_whether_it_waits() {
        let object = json!({"metadata": {"name": "local", "annotations": {(IS_DEFAULT): "true"}}, "volumeBindingMode": "WaitForFirstConsumer"});
        assert_eq!(Class::of(&object), Some(Class { name: "local".into(), is_default: true, waits_for_pod: true }));
        assert_eq!(Class::of(&json!({})), None);
    }
}
