//! Reaching into a pod: a command in a container, a port of a pod. Journalled like any action, and refused like one.
//!
//! There is no plan and nothing to verify: what a person types into a shell is not known beforehand. What is known is written
//! before the first request leaves: who, where, which command; and how it ended.

use std::sync::{Arc, Mutex};

use super::execute::{described, identity};
use super::journal::{self, Entry, Journal, What};
use super::limits::Limits;
use super::plan::run_id;
use super::policy::{self, Grant};
use crate::domain::action::{Actor, Cluster, Confirmation, Phase, Tier, gesture};
use crate::sources::Clock;
use crate::sources::observe::{Access, ObserveCluster, Right};
use crate::sources::operate::{ExecAsk, PodSession, ReachPods, Tunnel};

/// The word that confirms a command in a container.
pub const EXEC_WORD: &str = "EXEC";

/// Reaches into the pods of one environment.
#[derive(Clone)]
pub struct PodReach {
    /// The eyes.
    pub(super) observe: Arc<dyn ObserveCluster>,
    /// The hands; `None` without a grant.
    pub(super) reach: Option<Arc<dyn ReachPods>>,
    /// The environment's name.
    pub environment: String,
    /// Its guards and its namespaces.
    pub(super) limits: Limits,
    /// Whether it may be changed.
    pub(super) grant: Grant,
    /// Who reaches, as the operating system tells.
    pub(super) actor: Actor,
    /// The journal.
    pub(super) journal: Arc<Mutex<Journal>>,
    /// The clock.
    pub(super) clock: Clock,
}

/// A visit that is in the journal and has no end there yet.
#[derive(Debug, Clone)]
pub struct Visit {
    bare: Entry,
}

/// Why nothing came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Denied {
    /// Nothing was done: the reason.
    Refused(String),
    /// The request went out and no answer came.
    Unknown(String),
}

impl PodReach {
    /// Starts a command. `shown` is the command as it may be written down: without secrets.
    ///
    /// # Errors
    /// When it may not be done, cannot be journalled, or the pod does not answer.
    pub async fn exec(&self, ask: &ExecAsk, shown: &str, typed: &str) -> Result<(Visit, PodSession), Denied> {
        let container = ask.container.as_deref().map(|name| format!(", container {name}")).unwrap_or_default();
        let words = format!("pod {}/{}{container}: {shown}", ask.namespace, ask.pod);
        let (visit, reach) = self.admit("exec", &ask.namespace, &ask.pod, "pods/exec", words, Some(typed)).await?;
        match reach.exec(ask).await {
            Ok(session) => {
                self.record(Entry { target: None, ..visit.line(What::Accepted, "the command runs.".to_owned()) });
                Ok((visit, session))
            }
            Err(error) if error.is_certainly_not_done => {
                self.end(&visit, Phase::Refused, &error.sentence);
                Err(Denied::Refused(error.sentence))
            }
            Err(error) => {
                self.end(&visit, Phase::Unknown, &error.sentence);
                Err(Denied::Unknown(error.sentence))
            }
        }
    }

    /// Asks whether ports of a pod may be reached, and journals that they are going to be.
    ///
    /// # Errors
    /// When it may not be done or cannot be journalled.
    pub async fn begin_forward(&self, namespace: &str, pod: &str, ports: (u16, u16)) -> Result<Forward, Denied> {
        let (local, remote) = ports;
        let words = format!("pod {namespace}/{pod}: 127.0.0.1:{local} to port {remote}.");
        let (visit, reach) = self.admit("port-forward", namespace, pod, "pods/portforward", words, None).await?;
        Ok(Forward { visit, reach, namespace: namespace.to_owned(), pod: pod.to_owned(), port: remote })
    }

    /// Journals how a visit ended.
    pub fn end(&self, visit: &Visit, phase: Phase, words: &str) {
        self.record(Entry { phase: Some(phase), ..visit.line(What::Ended, words.to_owned()) });
    }

    /// Whether what was typed confirms a command in a container of this namespace.
    fn confirms(&self, cluster: &Cluster, namespace: &str, typed: &str) -> Result<(), String> {
        let (guard, _) = self.limits.guard_of(cluster, namespace);
        let gesture = gesture(Tier::T2, guard, 1);
        policy::confirms(
            &Confirmation { gesture, word: EXEC_WORD.to_owned(), needs_reason: false, otherwise: String::new() },
            typed,
            None,
        )
        .map_err(|_| format!("a command in a container can change anything there. Confirm it with {EXEC_WORD:?}."))
    }

    /// Everything that must hold before the first request, and the lines that must be on disk by then.
    async fn admit(
        &self,
        action: &str,
        namespace: &str,
        pod: &str,
        resource: &str,
        words: String,
        typed: Option<&str>,
    ) -> Result<(Visit, Arc<dyn ReachPods>), Denied> {
        let mut visit =
            Visit { bare: Entry::bare(&run_id((self.clock)()), action, &self.environment, &described(&self.actor)) };
        let refuse = |visit: &Visit, reason: String| {
            self.record(visit.line(What::Refused, format!("{words} {reason}")));
            Denied::Refused(reason)
        };
        let reach = match (self.grant.clone(), &self.reach) {
            (Err(reason), _) => return Err(refuse(&visit, reason)),
            (Ok(()), None) => return Err(refuse(&visit, "this console has no hands: nothing was sent.".to_owned())),
            (Ok(()), Some(reach)) => reach.clone(),
        };
        if let Some(reason) = self.limits.refusal(&self.environment, namespace) {
            return Err(refuse(&visit, reason));
        }
        let known = async {
            let cluster = self.observe.cluster().await?;
            Ok::<_, crate::sources::error::SourceError>((cluster, self.observe.identity().await?))
        };
        match known.await {
            Ok((cluster, who)) => {
                visit.bare.cluster = identity(&cluster);
                visit.bare.actor = described(&Actor { identity: who, ..self.actor.clone() });
                if let Some(Err(reason)) = typed.map(|typed| self.confirms(&cluster, namespace, typed)) {
                    return Err(refuse(&visit, reason));
                }
            }
            Err(error) => return Err(refuse(&visit, error.sentence)),
        }
        // A WebSocket begins as a GET, so that servers ask for `get`; newer ones ask for `create` as well, as every client before did.
        for verb in ["create", "get"] {
            let right = Right { verb, group: "", resource, namespace, name: pod };
            match self.observe.may(right).await {
                Ok(Access::Allowed | Access::Unknown(_)) => {}
                Ok(Access::Denied(why)) => {
                    let why = if why.is_empty() { String::new() } else { format!(" ({why})") };
                    let who = &visit.bare.actor;
                    return Err(refuse(
                        &visit,
                        format!("{who} may not {verb} {resource} in {namespace}{why}: nothing was sent."),
                    ));
                }
                Err(error) => return Err(refuse(&visit, error.sentence)),
            }
        }
        let lines = [visit.line(What::Begun, words.clone()), visit.line(What::Intent, words.clone())];
        for line in lines {
            journal::write(&self.journal, line, (self.clock)()).map_err(Denied::Refused)?;
        }
        Ok((visit, reach))
    }

    /// Writes a line about what has happened already.
    fn record(&self, entry: Entry) {
        journal::record(&self.journal, entry, (self.clock)());
    }
}

impl Visit {
    fn line(&self, what: What, words: String) -> Entry {
        Entry { what, words, ..self.bare.clone() }
    }
}

/// A port of a pod that may be connected to.
#[derive(Clone)]
pub struct Forward {
    /// Its place in the journal.
    pub visit: Visit,
    reach: Arc<dyn ReachPods>,
    namespace: String,
    pod: String,
    port: u16,
}

impl Forward {
    /// Connects once more.
    ///
    /// # Errors
    /// When the server or the pod does not let us; as a sentence.
    pub async fn connect(&self) -> Result<Tunnel, String> {
        self.reach.connect(&self.namespace, &self.pod, self.port).await.map_err(|error| error.sentence)
    }
}
