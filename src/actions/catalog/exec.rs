//! Exec: a command in a container of a pod, with the terminal of whoever asked for it.

use serde_json::{Value, json};

use crate::actions::contract::{About, Action, Context, Draft, Reason, Refusal};
use crate::actions::observation::Observation;
use crate::actions::pods;
use crate::domain::action::{BlastRadius, Field, FieldKind, Given, Inverse, Tier};
use crate::domain::subject::SubjectKind;
use crate::domain::text;
use crate::sources::observe::PodFacts;

/// Where.
const CONTAINER: Field = Field {
    id: "container",
    kind: FieldKind::Line,
    value: "CONTAINER",
    noun: "the name of a container",
    words: "The container; else the pod's default one.",
    is_needed: false,
};
/// What.
const COMMAND: Field = Field {
    id: "command",
    kind: FieldKind::Line,
    value: "COMMAND",
    noun: "a command",
    words: "The command and its arguments, quoted as for a shell; sh when not given.",
    is_needed: false,
};
/// What is run where nothing else is asked for.
const SHELL: &str = "sh";
/// The annotation by which a pod says which of its containers is meant.
const DEFAULT: &str = "/metadata/annotations/kubectl.kubernetes.io~1default-container";

/// The action.
pub(super) struct Exec;

impl Action for Exec {
    fn about(&self) -> &'static About {
        &About {
            id: "exec",
            command: "action.exec",
            title: "Run a command",
            means: "What the command does there is done at once: there is no plan of it and no way back. Who ran which command in which container is journalled; what is typed into it is not.",
            on: SubjectKind::Pod,
            reason: Reason::Welcome,
            tier: Tier::T2,
            word: "EXEC",
            fields: &[CONTAINER, COMMAND],
            ..About::ON_WORKLOAD
        }
    }

    fn draft(&self, seen: &Observation, given: &Given, context: Context<'_>) -> Result<Draft, Refusal> {
        let facts = seen.pod()?;
        let line = given.text(COMMAND.id).unwrap_or(SHELL);
        let command = shlex::split(line);
        let command = command.ok_or_else(|| Refusal("the command has a quote that is not closed.".to_owned()))?;
        if command.is_empty() {
            return Err(Refusal("say which command.".to_owned()));
        }
        let container = container(facts, given.text(CONTAINER.id))?;
        let place = format!("container {} of {}", text::clean(container), facts.subject);
        let body = json!({"container": container, "command": command});
        Ok(Draft {
            to: format!("{} in container {}", text::clean(line), text::clean(container)),
            given: given.clone().with(CONTAINER.id, container).with(COMMAND.id, line),
            blast: BlastRadius { words: "whatever the command touches".to_owned(), ..BlastRadius::default() },
            tier: self.about().tier,
            expected: "the command ends, and says its exit code; what it did CANNOT BE VERIFIED".to_owned(),
            inverse: Inverse { words: "What a command did is not taken back.".to_owned(), command: None },
            ..pods::draft(facts, format!("Run the command in {place}."), "exec", body, context.now)?
        })
    }
}

/// The container that is meant: the one that is named, the one the pod says, or its first.
fn container<'f>(facts: &'f PodFacts, named: Option<&str>) -> Result<&'f str, Refusal> {
    let known = pods::containers(facts);
    let own = facts.object.pointer(DEFAULT).and_then(Value::as_str);
    let meant = match named {
        Some(named) => known.iter().find(|one| **one == named),
        None => known.iter().find(|one| Some(**one) == own).or_else(|| known.first()),
    };
    meant.copied().ok_or_else(|| {
        let (named, known) = (text::clean(named.unwrap_or_default()), text::clean(&known.join(", ")).into_owned());
        Refusal(format!("{} has no container {named:?}: it has {known}.", facts.subject))
    })
}
