//! Pods on the command line: which one a target means, and a session in one held by whoever runs the command.

use std::io::IsTerminal;
use std::sync::{Arc, PoisonError};

use futures_util::future::BoxFuture;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, mpsc, watch};

use super::exit;
use super::output::{note, say};
use super::plan::named;
use super::session::{Connected, Session, shows};
use crate::actions::{self, Attach, Gives, Options};
use crate::app::{Ending, attach, closed_after, listen, serve, told};
use crate::domain::action::{Consent, Given, Outcome, Phase};
use crate::domain::rollout::WorkloadRef;
use crate::domain::subject::{PodRef, Subject};
use crate::domain::text;
use crate::sources::cluster::Connection;
use crate::sources::error::Trouble;
use crate::sources::observe::{ObserveCluster, PodOwner};
use crate::terminal::{Signal, Signals};

/// What a target that is a pod begins with.
pub(super) const POD: &str = "pod/";

/// The workload that controls a pod; else the exit code and the sentence.
pub(super) async fn workload_of(
    connection: &Connection,
    environment: &Arc<str>,
    namespace: &str,
    pod: &str,
) -> Result<WorkloadRef, (u8, String)> {
    match connection.owner_of(environment, namespace, pod).await {
        Ok(PodOwner::Workload(workload)) => Ok(workload),
        Ok(PodOwner::Other(owner)) => Err((
            exit::REFUSED,
            format!("Cannot be applied: pod {pod} belongs to {owner}, which is not known to bring it back."),
        )),
        Ok(PodOwner::Nobody) => Err((
            exit::REFUSED,
            format!(
                "Cannot be applied: nothing controls pod {pod}, so nothing would bring it back once it is deleted."
            ),
        )),
        Err(error) if error.trouble == Trouble::NotFound => {
            Err((exit::USAGE, format!("There is no pod {pod} in {namespace}.")))
        }
        Err(error) => Err((1, error.sentence)),
    }
}

/// The pod a target means: the one that is named, or a ready one of the workload that is.
pub(super) async fn meant(
    session: &Session,
    connected: &Connected,
    namespace: &str,
    target: &str,
) -> Result<PodRef, String> {
    let environment = session.environment.name.clone();
    let pod = |name: &str| PodRef { environment: environment.clone(), namespace: namespace.into(), name: name.into() };
    if let Some(name) = target.strip_prefix(POD).or((!target.contains('/')).then_some(target)) {
        return Ok(pod(name));
    }
    let (kind, name) =
        named(target).ok_or_else(|| format!("{:?} names neither a pod nor a workload.", text::clean(target)))?;
    let workload =
        WorkloadRef { environment: environment.clone(), namespace: namespace.into(), kind, name: name.into() };
    let facts = connected.connection.workload(&workload).await.map_err(|error| error.sentence)?;
    let ready = facts.newest_pods().chain(&facts.pods).find(|pod| pod.is_ready && pod.gone_by.is_none());
    ready.map(|ready| pod(&ready.name)).ok_or_else(|| format!("{workload} has no ready pod to connect to."))
}

impl Session {
    /// Connects to act in a pod of a namespace, the context's where none is named. Where that cannot be it is said why; the exit code is
    /// given.
    pub(super) async fn connect_in(&self, namespace: Option<&String>) -> Result<(Connected, String), u8> {
        self.tell_problems();
        if let Some(doubt) = self.doubt() {
            note(doubt);
            return Err(exit::USAGE);
        }
        let connected = self.connect().await.map_err(|error| {
            note(&format!("Nothing was sent: {}", error.sentence));
            exit::REFUSED
        })?;
        let namespace = namespace.unwrap_or(&connected.default_namespace).clone();
        if !shows(&self.environment, &namespace) {
            note(&format!("Environment {} does not include namespace {namespace:?}.", self.environment.name));
            return Err(exit::USAGE);
        }
        Ok((connected, namespace))
    }

    /// Plans an action in a pod, confirms it with what was typed, and holds its session to the end: the exit code.
    pub(super) async fn hold(
        &self,
        connected: &Connected,
        (action, given): (&str, Given),
        pod: PodRef,
        (here, typed): (Here, &str),
    ) -> u8 {
        let here = Arc::new(here);
        let (_leave, leaving) = watch::channel(false);
        let executor = self.executor(connected, leaving).attached(here.clone());
        let options = Options { given, ..Options::default() };
        let Some(action) = self.catalog.named(action) else { return exit::USAGE };
        let plan = match executor.planner.plan(action, &[Subject::Pod(pod)], &options).await {
            Ok(plan) => plan,
            Err(error) => {
                note(&format!("refused: {}", error.sentence));
                return exit::REFUSED;
            }
        };
        // Whoever sits here hears how it ends, and nothing before.
        let (events, _) = mpsc::channel(1);
        let consent = Consent { typed: typed.to_owned(), reason: None };
        let run = executor.execute(&plan, &consent, &events).await;
        let words = run.targets.iter().map(|target| target.words.as_str()).collect::<Vec<_>>().join(" ");
        let words = run.reason.as_deref().unwrap_or(&words);
        match run.phase {
            Phase::Done | Phase::Failed => {}
            Phase::Refused | Phase::Unknown => note(&format!("{}: {words}", run.phase.word())),
            _ => note(words),
        }
        let exited = here.exited.lock().unwrap_or_else(PoisonError::into_inner).take();
        exited.map_or(exit::code(run.phase), |code| u8::try_from(code).unwrap_or(1))
    }
}

/// Whoever runs this command, and holds sessions by its terminal or its standard input and output.
pub(super) struct Here {
    gives: Gives,
    signals: Mutex<Signals>,
    /// A port of this machine that is taken already, and which.
    listening: std::sync::Mutex<Option<(TcpListener, u16)>>,
    /// The exit code of a command that came to its end.
    exited: std::sync::Mutex<Option<i32>>,
}

impl Here {
    /// Listens to signals before anything is lent: one in between must not leave the terminal as it is.
    pub(super) fn new(gives: Gives, listening: Option<(TcpListener, u16)>) -> std::io::Result<Self> {
        let signals = Mutex::new(Signals::listen()?);
        Ok(Self { gives, signals, listening: std::sync::Mutex::new(listening), exited: std::sync::Mutex::default() })
    }

    /// What this process can give a command: its terminal, where it has one, and its input where that is asked for or typed.
    pub(super) fn given(has_input: bool) -> Gives {
        let has_terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
        Gives { has_terminal, has_input: has_terminal || has_input }
    }
}

impl Attach for Here {
    fn gives(&self) -> Gives {
        self.gives
    }

    fn attach<'a>(
        &'a self,
        _run: &'a str,
        words: &'a str,
        session: actions::Session,
    ) -> BoxFuture<'a, (Outcome, String)> {
        Box::pin(async move {
            let mut signals = self.signals.lock().await;
            let port = match session {
                actions::Session::Command(command) => {
                    let ending = attach(command, self.gives.has_terminal, &mut signals).await;
                    if let Ok(Ending::Exited(code)) = &ending {
                        self.exited.lock().unwrap_or_else(PoisonError::into_inner).replace(*code);
                    }
                    return told(ending);
                }
                actions::Session::Port(port) => port,
            };
            let taken = self.listening.lock().unwrap_or_else(PoisonError::into_inner).take();
            let listening = match taken {
                Some(listening) => Ok(listening),
                None => listen(port.local).await,
            };
            let (listener, local) = match listening {
                Ok(listening) => listening,
                Err(sentence) => return (Outcome::Refused, sentence),
            };
            if say(&format!("Forwarding 127.0.0.1:{local} to {words}. Interrupt to end.")).is_err() {
                return (Outcome::Left, "nobody reads the output.".to_owned());
            }
            let end = async { while !matches!(signals.next().await, Signal::Interrupt | Signal::Leave) {} };
            closed_after(local, &port, serve(&listener, &port, end, |trouble| note(&trouble)).await)
        })
    }
}
