//! What the containers of a pod asked for and may have.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::amounts::Amounts;
use super::or_default;
use crate::domain::node::{Bytes, Millicores};
use crate::domain::usage::Resources;

#[derive(Deserialize, Default)]
#[serde(default)]
struct Asked<'a> {
    #[serde(borrow, deserialize_with = "or_default")]
    requests: Amounts<'a>,
    #[serde(borrow, deserialize_with = "or_default")]
    limits: Amounts<'a>,
}

/// An init container: one that is always restarted stays beside the others.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Init<'a> {
    #[serde(borrow)]
    restart_policy: Cow<'a, str>,
    #[serde(borrow)]
    resources: Option<&'a RawValue>,
}

/// What a pod asked for and may have: what it says of itself as a whole, else the sum of the containers that run beside each other.
pub(super) fn of<'a>(
    pod: Option<&'a RawValue>,
    containers: impl Iterator<Item = Option<&'a RawValue>>,
    init: Option<&'a RawValue>,
) -> Resources {
    let init: Vec<Init<'a>> =
        init.and_then(|raw| serde_json::from_str::<Option<_>>(raw.get()).ok().flatten()).unwrap_or_default();
    let beside =
        init.iter().filter(|container| container.restart_policy == "Always").map(|container| container.resources);
    let all: Vec<Asked<'a>> = containers.chain(beside).map(asked).collect();
    let whole = asked(pod);
    let cpu = |amounts: &Amounts<'_>| amounts.cpu().map(|cpu| cpu.0);
    let memory = |amounts: &Amounts<'_>| amounts.memory().map(|memory| memory.0);
    let requested = |amount: &dyn Fn(&Amounts<'_>) -> Option<u64>| {
        amount(&whole.requests).or_else(|| {
            let each = all.iter().filter_map(|asked| amount(&asked.requests).or_else(|| amount(&asked.limits)));
            each.reduce(u64::saturating_add)
        })
    };
    // One container without a limit may take all there is.
    let limited = |amount: &dyn Fn(&Amounts<'_>) -> Option<u64>| {
        amount(&whole.limits).or_else(|| {
            let each: Option<Vec<u64>> = all.iter().map(|asked| amount(&asked.limits)).collect();
            each?.into_iter().reduce(u64::saturating_add)
        })
    };
    Resources {
        cpu_request: requested(&cpu).map(Millicores),
        cpu_limit: limited(&cpu).map(Millicores),
        memory_request: requested(&memory).map(Bytes),
        memory_limit: limited(&memory).map(Bytes),
    }
}

fn asked(raw: Option<&RawValue>) -> Asked<'_> {
    raw.and_then(|raw| serde_json::from_str::<Option<_>>(raw.get()).ok().flatten()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::WirePod;
    use super::*;

    fn resources(spec: &str) -> Resources {
        let json = format!(r#"{{"metadata":{{"name":"a"}},"spec":{spec}}}"#);

        serde_json::from_str::<WirePod<'_>>(&json).unwrap_or_else(|error| panic!("{error}")).resources()
    }

    #[test]
    fn containers_that_run_beside_each_other_are_added_and_one_without_a_limit_has_none() {
        let two = resources(
            r#"{"containers":[{"name":"a","resources":{"requests":{"cpu":"100m","memory":"256Mi"},"limits":{"memory":"512Mi"}}},
                {"name":"b","resources":{"limits":{"cpu":"1","memory":"64Mi"}}}],
               "initContainers":[{"name":"once","resources":{"limits":{"memory":"8Gi"}}},
                {"name":"side","restartPolicy":"Always","resources":{"requests":{"cpu":"5m"},"limits":{"memory":"32Mi"}}}]}"#,
        );
        assert_eq!(two.memory_limit, Some(Bytes((512 + 64 + 32) << 20)), "the first init container is over by then");
        assert_eq!(two.cpu_limit, None, "the first container has none");
        // A limit without a request is a request too, as the API server fills it in.
        assert_eq!(two.cpu_request, Some(Millicores(1_105)));
    }

    #[test]
    fn what_a_pod_says_of_itself_as_a_whole_comes_first_and_nothing_is_nothing() {
        let whole =
            resources(r#"{"resources":{"limits":{"memory":"1Gi"}},"containers":[{"name":"a","resources":null}]}"#);
        assert_eq!((whole.memory_limit, whole.cpu_limit, whole.cpu_request), (Some(Bytes(1 << 30)), None, None));
        assert_eq!(
            resources(r#"{"containers":[{"name":"a","resources":{"limits":{"cpu":"two"}}}],"initContainers":null}"#),
            Resources::default()
        );
        assert_eq!(resources("{}"), Resources::default());
    }
}
