//! What is done in a pod: drafted by what the pod is, opened through its port, held by whoever sits here until it ends.
//!
//! What a person types into a shell is not known beforehand, and cannot be verified. What is known is in the plan, and on disk before the
//! first request leaves: who, where, which command; and how it ended.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde_json::Value;

use super::account::Account;
use super::contract::{Draft, Refusal};
use super::execute::Executor;
use super::journal::What;
use super::kept::CommandLines;
use super::rights::CONNECT;
use crate::domain::action::{Goal, Outcome, Pin, Port, Request, RunEvent, Step, Target};
use crate::domain::rollout::Pod;
use crate::domain::subject::{PodRef, Subject};
use crate::domain::text;
use crate::domain::time::Instant;
use crate::sources::error::{SourceError, Trouble};
use crate::sources::observe::PodFacts;
use crate::sources::operate::{ExecAsk, PodSession, ReachPods, Tunnel};

/// What sessions in the pods of an environment are opened with.
#[derive(Clone)]
pub struct Pods {
    /// The hands.
    pub hands: Arc<dyn ReachPods>,
    /// How a command is written down: without its secrets.
    pub command_lines: CommandLines,
}

/// What a pod answers a step with: it lasts until its command ends or its port is closed, and is never resumed.
pub enum Session {
    /// A command that runs in a container.
    Command(PodSession),
    /// A port of the pod, to be opened on this machine.
    Port(PodPort),
}

/// A port of a pod that may be connected to.
pub struct PodPort {
    hands: Arc<dyn ReachPods>,
    /// The pod.
    pub pod: PodRef,
    /// The port on this machine; 0 for any free one.
    pub local: u16,
    /// The port of the pod.
    pub remote: u16,
}

impl PodPort {
    /// Connects once more.
    ///
    /// # Errors
    /// When the server or the pod does not let us; as a sentence.
    pub async fn connect(&self) -> Result<Tunnel, String> {
        let tunnel = self.hands.connect(&self.pod.namespace, &self.pod.name, self.remote).await;
        tunnel.map_err(|error| error.sentence)
    }
}

/// What whoever holds a session gives a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gives {
    /// A terminal; its errors then come with its output.
    pub has_terminal: bool,
    /// Input.
    pub has_input: bool,
}

/// Whoever sits here and can hold a session.
pub trait Attach: Send + Sync {
    /// What a command is given.
    fn gives(&self) -> Gives;

    /// Holds the session of a run until it ends or has to be left: how it ended. `words` say what it is and where.
    fn attach<'a>(&'a self, run: &'a str, words: &'a str, session: Session) -> BoxFuture<'a, (Outcome, String)>;
}

impl Executor {
    /// The same with hands in pods. Without a grant it has none, whatever it is given.
    #[must_use]
    pub fn with_pods(self, hands: impl ReachPods + 'static, command_lines: CommandLines) -> Self {
        let pods = Pods { hands: Arc::new(hands), command_lines };
        Self { pods: self.planner.grant.is_ok().then_some(pods), ..self }
    }

    /// The same for somebody who can hold sessions.
    #[must_use]
    pub fn attached(self, attach: Arc<dyn Attach>) -> Self {
        Self { attach: Some(attach), ..self }
    }

    /// A step as the journal keeps it: with its command, without the secrets of that.
    pub(super) fn written(&self, step: &Step) -> String {
        let command = command(&step.request);
        match self.pods.as_ref().filter(|_| !command.is_empty()) {
            Some(pods) => format!("{} Command: {}.", step.words, pods.command_lines.written(&command)),
            None => step.words.clone(),
        }
    }

    /// Opens the session of a step and waits until whoever holds it says how it ended. It is opened once, and nothing of it is verified.
    pub(super) async fn hold(&self, account: &Account<'_>, place: usize, subject: &Subject, step: &Step) -> Outcome {
        let settle = |outcome, words: String| account.settle(place, outcome, words);
        let (Some(pods), Some(attach), Subject::Pod(pod)) = (&self.pods, &self.attach, subject) else {
            return settle(Outcome::Refused, "this console has no hands: nothing was sent.".to_owned()).await;
        };
        let opening = open(pods, attach.gives(), pod, &step.request);
        let mut leaving = self.leaving.clone();
        let opened = tokio::select! {
            opened = opening => opened,
            Ok(_) = leaving.wait_for(|is_leaving| *is_leaving) => {
                Err(SourceError::new(Trouble::Timeout, "the console was left before the pod answered."))
            }
        };
        let session = match opened {
            Ok(session) => session,
            Err(error) if error.is_certainly_not_done => return settle(Outcome::Refused, error.sentence).await,
            Err(error) => {
                account.record(account.line(What::AnswerLost, Some(place), error.sentence.as_str())).await;
                account.note(RunEvent::AnswerLost { target: place, reason: error.sentence.clone() }).await;
                let words = format!("{} Whether the command runs is not known.", error.sentence);
                return settle(Outcome::Unknown, words).await;
            }
        };
        let (runs, what) = match &session {
            Session::Command(_) => (true, pods.command_lines.written(&command(&step.request))),
            Session::Port(port) => (false, format!("port {}", port.remote)),
        };
        // For a port nothing is sent before somebody connects to it.
        if runs {
            account.record(account.line(What::Accepted, Some(place), "the command runs.")).await;
        }
        account.note(RunEvent::Accepted { target: place }).await;
        let words = format!("{what} in pod {}/{} ({})", pod.namespace, pod.name, pod.environment);
        let began = self.now();
        let (outcome, ended) = attach.attach(&account.bare.run, &text::clean(&words), session).await;
        let seconds = (self.now() - began).num_seconds();
        settle(outcome, format!("{ended} After {seconds} s.")).await
    }
}

/// Opens what a request asks for. A port is connected to by whoever uses it: nothing is sent for it yet.
async fn open(pods: &Pods, gives: Gives, pod: &PodRef, request: &Request) -> Result<Session, SourceError> {
    let port = |name: &str| request.body[name].as_u64().and_then(|port| u16::try_from(port).ok());
    if let (Some(local), Some(remote)) = (port("local"), port("remote")) {
        return Ok(Session::Port(PodPort { hands: pods.hands.clone(), pod: pod.clone(), local, remote }));
    }
    let ask = ExecAsk {
        namespace: pod.namespace.to_string(),
        pod: pod.name.to_string(),
        container: request.body["container"].as_str().map(str::to_owned),
        command: command(request),
        has_terminal: gives.has_terminal,
        has_input: gives.has_input,
    };
    pods.hands.exec(&ask).await.map(Session::Command)
}

/// The command of a request; empty where it has none.
fn command(request: &Request) -> Vec<String> {
    let words = request.body["command"].as_array().into_iter().flatten();
    words.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Why a session is not planned in several pods: one person has one terminal.
pub(super) fn several(targets: &[Target]) -> Option<String> {
    let pods = targets.iter().filter(|target| matches!(target.subject, Subject::Pod(_))).count();
    (pods > 1).then(|| "one pod at a time: a session is held by whoever sits here.".to_owned())
}

/// What every draft in a pod begins with. `part` is what of the pod is connected to.
///
/// # Errors
/// When nothing runs in it.
pub(super) fn draft(facts: &PodFacts, words: String, part: &str, body: Value, now: Instant) -> Result<Draft, Refusal> {
    let (subject, pod) = (&facts.subject, &facts.pod);
    if pod.is_over() {
        return Err(Refusal(format!("{subject} has come to its end ({}): nothing runs in it.", pod.phase)));
    }
    let request = Request {
        method: CONNECT.to_owned(),
        path: format!("/api/v1/namespaces/{}/pods/{}/{part}", subject.namespace, subject.name),
        content_type: "application/json".to_owned(),
        body,
    };
    let going = pod.gone_by.map(|_| "The pod is being deleted: what runs in it is stopped within its grace period.");
    let names = text::clean(&containers(facts).join(", ")).into_owned();
    Ok(Draft {
        from: format!("{}; containers {names}", described(pod, now)),
        steps: vec![Step { port: Port::Pod, ..Step::change(words, request) }],
        pins: vec![Pin { path: "/metadata/uid".into(), value: Value::from(&*pod.uid) }],
        goal: Goal::Session,
        warnings: going.map(str::to_owned).into_iter().collect(),
        // It lasts as long as whoever holds it wants.
        deadline_seconds: Some(0),
        ..Draft::default()
    })
}

/// The names of its containers: those that only prepare it, and those that were added for a while, come last.
pub(super) fn containers(facts: &PodFacts) -> Vec<&str> {
    let of = |kind: &str| {
        let all = facts.object.pointer(&format!("/spec/{kind}")).and_then(Value::as_array).into_iter().flatten();
        all.filter_map(|container| container["name"].as_str()).collect::<Vec<_>>()
    };
    ["containers", "initContainers", "ephemeralContainers"].into_iter().flat_map(of).collect()
}

/// A pod in a few words.
pub(super) fn described(pod: &Pod, now: Instant) -> String {
    let node = pod.node.as_deref().map(|node| format!(" on {node}")).unwrap_or_default();
    let how = match pod.blocked(now) {
        Some(blocked) => blocked.reason.to_string(),
        None if pod.is_ready => "ready".to_owned(),
        None => "not ready".to_owned(),
    };
    format!("pod {}{node}: {how}, {} restarts", pod.name, pod.restarts())
}
