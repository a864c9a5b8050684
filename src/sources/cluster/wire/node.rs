//! Nodes, as far as the console needs them: a few hundred bytes of the twenty thousand a node has.

use std::borrow::Cow;
use std::sync::Arc;

use serde::Deserialize;

use super::amounts::Amounts;
use super::{Interner, Meta, Wire, WireCondition, or_default};
use crate::domain::node::{Node, NodeRef, PodTally, Pressure};

/// Conditions that are bad news when they are true.
const PRESSURES: [&str; 4] = ["MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable"];
/// Taints that only repeat a condition or the cordon.
const ECHOES: &str = "node.kubernetes.io/";

#[derive(Deserialize)]
pub(in crate::sources::cluster) struct WireNode<'a> {
    #[serde(borrow)]
    pub(in crate::sources::cluster) metadata: Meta<'a>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    spec: Spec<'a>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    status: Status<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Spec<'a> {
    unschedulable: bool,
    #[serde(borrow, deserialize_with = "or_default")]
    taints: Vec<Taint<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Taint<'a> {
    #[serde(borrow)]
    key: Cow<'a, str>,
    #[serde(borrow)]
    value: Cow<'a, str>,
    #[serde(borrow)]
    effect: Cow<'a, str>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Status<'a> {
    #[serde(borrow, deserialize_with = "or_default")]
    conditions: Vec<WireCondition<'a>>,
    #[serde(borrow, deserialize_with = "or_default")]
    allocatable: Amounts<'a>,
    #[serde(borrow, deserialize_with = "or_default")]
    node_info: About<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct About<'a> {
    #[serde(borrow)]
    kubelet_version: Cow<'a, str>,
}

impl<'a> Wire<'a> for WireNode<'a> {
    fn meta(&self) -> &Meta<'a> {
        &self.metadata
    }
}

impl WireNode<'_> {
    /// What is kept of it; its environment and its pods are joined later.
    pub(in crate::sources::cluster) fn kept(&self, interner: &mut Interner) -> Node {
        let status = &self.status;
        let ready = status.conditions.iter().find(|condition| condition.kind == "Ready");
        let is_ready = ready.and_then(|ready| match ready.status.as_ref() {
            "True" => Some(true),
            "False" => Some(false),
            _ => None,
        });
        let pressures = status
            .conditions
            .iter()
            .filter(|condition| condition.status == "True" && PRESSURES.contains(&condition.kind.as_ref()));
        let message = ready.filter(|_| is_ready != Some(true)).map_or("", |ready| ready.message.as_ref());
        let taints = self.spec.taints.iter().filter(|taint| !taint.key.starts_with(ECHOES)).map(|taint| {
            let value = if taint.value.is_empty() { String::new() } else { format!("={}", taint.value) };
            interner.keep_clean(&format!("{}{value}:{}", taint.key, taint.effect))
        });
        let taints: Arc<[Arc<str>]> = taints.collect();
        Node {
            node: NodeRef { environment: interner.keep(""), name: interner.keep_clean(&self.metadata.name) },
            uid: self.metadata.uid.as_ref().into(),
            ready: is_ready,
            since: ready.and_then(|ready| ready.last_transition_time),
            message: interner.keep_clean(message),
            pressures: pressures
                .map(|condition| Pressure {
                    kind: interner.keep_clean(&condition.kind),
                    since: condition.last_transition_time,
                })
                .collect(),
            is_cordoned: self.spec.unschedulable,
            taints,
            cpu: status.allocatable.cpu(),
            memory: status.allocatable.memory(),
            most_pods: status.allocatable.pods(),
            version: interner.keep_clean(&status.node_info.kubelet_version),
            pods: PodTally::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::node::{Millicores, NodeVerdict};

    fn read_node(json: &str) -> Result<Node, serde_json::Error> {
        Ok(serde_json::from_str::<WireNode<'_>>(json)?.kept(&mut Interner::default()))
    }

    #[test]
    fn a_node_keeps_what_decides() -> Result<(), serde_json::Error> {
        let node = read_node(
            r#"{"metadata":{"name":"node-a","uid":"u"},"spec":{"unschedulable":true,"taints":[
                {"key":"node.kubernetes.io/unschedulable","effect":"NoSchedule"},{"key":"gpu","value":"yes","effect":"NoExecute"}]},
               "status":{"conditions":[{"type":"MemoryPressure","status":"True","lastTransitionTime":"2026-11-24T03:00:00Z"},
                {"type":"DiskPressure","status":"False"},{"type":"Ready","status":"True","lastTransitionTime":"2026-11-24T02:00:00Z"}],
               "allocatable":{"cpu":"3920m","memory":"32Gi","pods":"110"},"nodeInfo":{"kubeletVersion":"v1.34.4"},"images":[{"names":["a"]}]}}"#,
        )?;
        assert_eq!(node.verdict(), NodeVerdict::Pressure);
        assert_eq!(node.complaint(), "MemoryPressure");
        assert_eq!(node.taints.as_ref(), [Arc::from("gpu=yes:NoExecute")], "the cordon's own taint says nothing new");
        assert_eq!((node.cpu, node.most_pods, node.is_cordoned), (Some(Millicores(3_920)), Some(110), true));
        Ok(())
    }

    #[test]
    fn a_node_without_anything_is_one_nobody_hears_of() -> Result<(), serde_json::Error> {
        let node =
            read_node(r#"{"metadata":{"name":"a"},"spec":null,"status":{"conditions":null,"allocatable":null}}"#)?;
        assert_eq!((node.ready, node.cpu, node.verdict()), (None, None, NodeVerdict::NotReady));
        Ok(())
    }
}
