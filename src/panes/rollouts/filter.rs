//! The filter of the list: words found anywhere, `service:NAME` for exactly one service, `node:NAME` for what a node holds, `env:NAME` for
//! one environment: two clusters may name their nodes and services alike.

use std::sync::Arc;

use crate::domain::cause::Cause;
use crate::domain::node::NodeRef;
use crate::domain::rollout::Rollout;
use crate::domain::service::UNMAPPED;

/// What begins the part of a filter that names a service.
const SERVICE: &str = "service:";
/// What begins the part of a filter that names a node.
const NODE: &str = "node:";
/// What begins the part of a filter that names an environment.
const ENVIRONMENT: &str = "env:";

/// What a row must be, beside what its words match.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// The service, as it was typed.
    service: Option<String>,
    /// The node whose trouble holds it, as it was typed.
    node: Option<String>,
    /// The environment, as it was typed.
    environment: Option<String>,
}

/// The exact part of a filter, and the words that are left.
pub fn asked(filter: &str) -> (Asked, String) {
    let is_named = |word: &&str| [SERVICE, NODE, ENVIRONMENT].iter().any(|what| word.starts_with(what));
    let (named, words): (Vec<&str>, Vec<&str>) = filter.split_whitespace().partition(is_named);
    // The last one counts: whoever types a second one has changed their mind.
    let last = |what: &str| named.iter().filter_map(|word| word.strip_prefix(what)).next_back();
    let name = |what: &str| last(what).filter(|name| !name.is_empty()).map(str::to_owned);
    (Asked { service: name(SERVICE), node: name(NODE), environment: name(ENVIRONMENT) }, words.join(" "))
}

/// The filter that shows one service.
pub fn of_service(name: &str) -> String {
    format!("{SERVICE}{name}")
}

/// The filter that shows what a node holds; of which environment, where several are shown.
pub fn of_node(node: &NodeRef, are_several: bool) -> String {
    let NodeRef { environment, name } = node;
    if are_several { format!("{ENVIRONMENT}{environment} {NODE}{name}") } else { format!("{NODE}{name}") }
}

/// Whether a filter is such a one, and nothing was added to it.
pub fn asks_only_of_node(text: &str) -> bool {
    text.split_whitespace().all(|word| word.starts_with(NODE) || word.starts_with(ENVIRONMENT))
}

impl Asked {
    /// Whether a row is what was asked for.
    pub fn allows(&self, row: &Rollout, causes: &[Arc<Cause>]) -> bool {
        let is_held = |name: &String| {
            let mut of_node = causes.iter().filter(|cause| cause.is_of_node(name));
            of_node.any(|cause| cause.workloads.contains(&row.workload))
        };
        let is_here =
            self.environment.as_ref().is_none_or(|asked| row.workload.environment.eq_ignore_ascii_case(asked));
        is_here && self.node.as_ref().is_none_or(is_held) && self.is_of_service(row)
    }

    fn is_of_service(&self, row: &Rollout) -> bool {
        match (&self.service, row.service.as_deref()) {
            (None, _) => true,
            (Some(asked), None) => asked.eq_ignore_ascii_case(UNMAPPED),
            (Some(asked), Some(service)) => asked == service,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_service_is_exact_and_the_rest_is_words() {
        assert_eq!(
            asked("service:checkout stuck api"),
            (Asked { service: Some("checkout".into()), ..Asked::default() }, "stuck api".into())
        );
        assert_eq!(asked("check out"), (Asked::default(), "check out".into()));
        assert_eq!(asked("service:"), (Asked::default(), String::new()), "still being typed");
        assert_eq!(asked(&of_service("a")).0, Asked { service: Some("a".into()), ..Asked::default() });
        assert_eq!(asked("node:a node:b x"), (Asked { node: Some("b".into()), ..Asked::default() }, "x".into()));
        let node = NodeRef { environment: "east".into(), name: "n".into() };
        assert_eq!(asked(&of_node(&node, false)).0, Asked { node: Some("n".into()), ..Asked::default() });
        let both = Asked { node: Some("n".into()), environment: Some("east".into()), ..Asked::default() };
        assert_eq!(asked(&of_node(&node, true)), (both, String::new()));
    }
}
