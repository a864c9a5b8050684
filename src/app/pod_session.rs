//! Sessions in pods that a console holds: commands whose terminal the loop lends, and ports of pods open on this machine.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Mutex, PoisonError};

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};

use super::attach::Ending;
use super::message::Message;
use crate::actions::{Attach, Gives, PodPort, Session};
use crate::domain::action::Outcome;
use crate::domain::subject::PodRef;
use crate::domain::time::Instant;
use crate::sources::operate::PodSession;

/// How many connections to one port are held at once.
const CONNECTIONS: usize = 64;

/// What the loop is told of the session of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionNews {
    /// The command runs, and waits for the terminal.
    Runs,
    /// The port is open, on this port of this machine.
    Opened(u16),
    /// A connection to it failed: why.
    Trouble(String),
}

/// A port of a pod that is open on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenPort {
    /// The run that opened it.
    pub run: String,
    /// The pod.
    pub pod: PodRef,
    /// The port of this machine.
    pub local: u16,
    /// The port of the pod.
    pub remote: u64,
    /// Since when.
    pub since: Instant,
    /// What went wrong with its newest failed connection.
    pub trouble: Option<String>,
}

/// A command that waits for the terminal.
pub(super) struct Waiting {
    /// Both ends of its conversation.
    pub(super) session: PodSession,
    /// What it is and where, for whoever sits at the terminal.
    pub(super) words: String,
    /// Hears how it ended; dropped, it was left before it had the terminal.
    pub(super) end: oneshot::Sender<(Outcome, String)>,
}

/// What is held for a run; dropping it ends it.
enum Held {
    Command(Waiting),
    Port(oneshot::Sender<()>),
}

/// The sessions of a console, by their runs.
pub(super) struct Sessions {
    messages: mpsc::Sender<Message>,
    /// `None` once the console is left.
    held: Mutex<Option<BTreeMap<String, Held>>>,
}

impl Sessions {
    /// None yet.
    pub(super) fn new(messages: mpsc::Sender<Message>) -> Self {
        Self { messages, held: Mutex::new(Some(BTreeMap::new())) }
    }

    /// The command of a run, for whoever has the terminal for it now.
    pub(super) fn take(&self, run: &str) -> Option<Waiting> {
        match self.held.lock().unwrap_or_else(PoisonError::into_inner).as_mut()?.remove(run)? {
            Held::Command(waiting) => Some(waiting),
            Held::Port(_) => None,
        }
    }

    /// Leaves the command of a run that has no terminal yet, or closes its port.
    pub(super) fn end(&self, run: &str) {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner).as_mut().and_then(|held| held.remove(run));
        if let Some(Held::Port(open)) = held {
            let _ = open.send(());
        }
    }

    /// Ends all of them, and whatever is opened from now on.
    pub(super) fn end_all(&self) {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Holds something for a run, where the console is not left yet.
    fn put(&self, run: &str, one: Held) {
        if let Some(held) = self.held.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            held.insert(run.to_owned(), one);
        }
    }

    async fn tell(&self, run: &str, news: SessionNews) {
        // The loop is gone only when the process ends.
        let _ = self.messages.send(Message::Session(run.to_owned(), news)).await;
    }
}

impl Attach for Sessions {
    fn gives(&self) -> Gives {
        Gives { has_terminal: true, has_input: true }
    }

    fn attach<'a>(&'a self, run: &'a str, words: &'a str, session: Session) -> BoxFuture<'a, (Outcome, String)> {
        Box::pin(async move {
            match session {
                Session::Command(session) => {
                    let (end, ended) = oneshot::channel();
                    self.put(run, Held::Command(Waiting { session, words: words.to_owned(), end }));
                    self.tell(run, SessionNews::Runs).await;
                    let given_up = "given up before it had the terminal; it may go on there.";
                    ended.await.unwrap_or_else(|_| (Outcome::Left, given_up.to_owned()))
                }
                Session::Port(port) => {
                    let (open, closed) = oneshot::channel();
                    self.put(run, Held::Port(open));
                    let (listener, local) = match listen(port.local).await {
                        Ok(listening) => listening,
                        Err(sentence) => return (Outcome::Refused, sentence),
                    };
                    self.tell(run, SessionNews::Opened(local)).await;
                    let tell = |trouble| {
                        let _ = self.messages.try_send(Message::Session(run.to_owned(), SessionNews::Trouble(trouble)));
                    };
                    let until = async { drop(closed.await) };
                    closed_after(local, &port, serve(&listener, &port, until, tell).await)
                }
            }
        })
    }
}

/// How a port ended that was open.
pub fn closed_after(local: u16, port: &PodPort, connections: usize) -> (Outcome, String) {
    let (remote, pod) = (port.remote, &port.pod);
    (Outcome::Done, format!("127.0.0.1:{local} to port {remote} of {pod} is closed: {connections} connections."))
}

/// Listens on a port of this machine, for nobody else; also which it is, for 0 is any free one.
///
/// # Errors
/// When it cannot be had; as a sentence.
pub async fn listen(port: u16) -> Result<(TcpListener, u16), String> {
    // 127.0.0.1 and nothing else: whoever reaches the port reaches into the pod with our rights.
    let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
    let bound = bound.and_then(|listener| listener.local_addr().map(|address| (listener, address.port())));
    bound.map_err(|error| format!("127.0.0.1:{port} cannot be listened on: {error}. Take another local port."))
}

/// Carries connections to a port of a pod until the end; how many there were. What goes wrong with one is told.
pub async fn serve(
    listener: &TcpListener,
    port: &PodPort,
    end: impl Future<Output = ()>,
    tell: impl Fn(String),
) -> usize {
    let mut held = FuturesUnordered::new();
    let mut count = 0;
    tokio::pin!(end);
    loop {
        tokio::select! {
            biased;
            () = &mut end => return count,
            Some(trouble) = held.next(), if !held.is_empty() => {
                let trouble: Option<String> = trouble;
                trouble.into_iter().for_each(&tell);
            }
            accepted = listener.accept(), if held.len() < CONNECTIONS => match accepted {
                Ok((stream, _)) => {
                    count += 1;
                    held.push(carry(stream, port));
                }
                Err(error) => tell(format!("a connection could not be taken: {error}.")),
            },
        }
    }
}

/// Carries one connection to its end; what went wrong with it, if anything did.
async fn carry(mut here: TcpStream, port: &PodPort) -> Option<String> {
    let mut tunnel = match port.connect().await {
        Ok(tunnel) => tunnel,
        Err(sentence) => return Some(sentence),
    };
    let carried = tokio::io::copy_bidirectional(&mut here, &mut tunnel.stream);
    tokio::select! {
        // A connection that breaks off is its owner's affair.
        _ = carried => None,
        Some(refusal) = tunnel.refusal => Some(format!("the pod refused the connection: {refusal}")),
    }
}

/// What an ending is to the journal and to a person.
pub fn told(ending: std::io::Result<Ending>) -> (Outcome, String) {
    match ending {
        Ok(Ending::Exited(0)) => (Outcome::Done, "exit code 0.".to_owned()),
        Ok(Ending::Exited(code)) => (Outcome::Failed, format!("exit code {code}.")),
        Ok(Ending::Lost(error)) if error.is_certainly_not_done => (Outcome::Refused, error.sentence),
        Ok(Ending::Lost(error)) => (Outcome::Unknown, error.sentence),
        Ok(Ending::Left(why)) => (Outcome::Left, format!("{why}; the command may go on in the container.")),
        Err(error) => {
            let words = format!("the terminal cannot be used: {error}. The command may go on in the container.");
            (Outcome::Left, words)
        }
    }
}
