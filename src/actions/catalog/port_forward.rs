//! Port-forward: a port of a pod on this machine, for nobody else.

use serde_json::{Value, json};

use crate::actions::contract::{About, Action, Context, Draft, Reason, Refusal};
use crate::actions::observation::Observation;
use crate::actions::pods;
use crate::domain::action::{BlastRadius, Field, FieldKind, Given, Inverse, Tier};
use crate::domain::subject::SubjectKind;
use crate::sources::observe::PodFacts;

/// Where it leads.
const REMOTE: Field = Field {
    id: "remote",
    kind: FieldKind::Number,
    value: "PORT",
    noun: "a port",
    words: "The port of the pod.",
    is_needed: true,
};
/// Where it is opened.
const LOCAL: Field = Field {
    id: "local",
    kind: FieldKind::Number,
    value: "PORT",
    noun: "a port",
    words: "The port of this machine, 0 for any free one; else the same as the pod's.",
    is_needed: false,
};

/// The action.
pub(super) struct PortForward;

impl Action for PortForward {
    fn about(&self) -> &'static About {
        &About {
            id: "port-forward",
            command: "action.port-forward",
            title: "Forward a port",
            means: "Whoever is on this machine reaches the port of the pod with your rights, at 127.0.0.1 and nowhere else. The connections are counted and journalled; what goes through them is not.",
            on: SubjectKind::Pod,
            reason: Reason::Welcome,
            tier: Tier::T1,
            word: "FORWARD",
            fields: &[REMOTE, LOCAL],
            ..About::ON_WORKLOAD
        }
    }

    fn draft(&self, seen: &Observation, given: &Given, context: Context<'_>) -> Result<Draft, Refusal> {
        let facts = seen.pod()?;
        let remote = port(given, REMOTE.id, 1)?.ok_or_else(|| which(facts))?;
        let local = port(given, LOCAL.id, 0)?.unwrap_or(remote);
        let here = if local == 0 { "a free port of 127.0.0.1".to_owned() } else { format!("127.0.0.1:{local}") };
        let words = format!("Carry connections from {here} to port {remote} of {}.", facts.subject);
        let body = json!({"remote": remote, "local": local});
        Ok(Draft {
            to: format!("{here} leads to its port {remote}"),
            given: given.clone().with(REMOTE.id, u64::from(remote)).with(LOCAL.id, u64::from(local)),
            blast: BlastRadius { words: "this machine, and what listens there".to_owned(), ..BlastRadius::default() },
            tier: self.about().tier,
            expected: "it is open until it is closed, or whoever opened it leaves".to_owned(),
            inverse: Inverse {
                words: ":end-forward closes it; an interrupt does on a command line.".into(),
                command: None,
            },
            ..pods::draft(facts, words, "portforward", body, context.now)?
        })
    }
}

/// A port that is given.
fn port(given: &Given, field: &str, least: u16) -> Result<Option<u16>, Refusal> {
    let Some(number) = given.number(field) else { return Ok(None) };
    let port = u16::try_from(number).ok().filter(|port| *port >= least);
    port.map(Some).ok_or_else(|| Refusal(format!("{number} is no port from {least} to 65535 (--{field}).")))
}

/// Asks which port, with those the pod names.
fn which(facts: &PodFacts) -> Refusal {
    let containers = facts.object.pointer("/spec/containers").and_then(Value::as_array).into_iter().flatten();
    let ports = containers.flat_map(|container| container["ports"].as_array().into_iter().flatten());
    let named: Vec<String> =
        ports.filter_map(|port| port["containerPort"].as_u64()).map(|port| port.to_string()).collect();
    let named = if named.is_empty() { "none".to_owned() } else { named.join(", ") };
    Refusal(format!("which port of the pod? It names {named}."))
}
