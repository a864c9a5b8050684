//! Visits to pods: commands whose terminal the loop hands over, and ports of pods held open on this machine.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use super::attach::Ending;
use super::message::Message;
use super::reach::Reach;
use super::reaching::{Call, PortAsk, ReachNews};
use crate::actions::{Denied, Forward, PodReach, Visit};
use crate::domain::action::Phase;
use crate::domain::text;
use crate::sources::operate::PodSession;

/// How many connections to one port are held at once.
const CONNECTIONS: usize = 64;
/// How long visits may take to end when the console is left.
const LEAVE_WITHIN: Duration = Duration::from_secs(2);

/// A command that runs, and its place in the journal.
pub(super) struct Lent {
    /// Both ends of its conversation.
    pub(super) session: PodSession,
    /// Where it runs, as a line for whoever sits at its terminal.
    pub(super) words: String,
    /// How its end is journalled.
    pub(super) end: VisitEnd,
}

/// What journals the end of a visit.
pub(super) struct VisitEnd {
    pods: PodReach,
    visit: Visit,
}

impl VisitEnd {
    /// Journals it. Writes to disk and waits for it.
    pub(super) fn journal(&self, phase: Phase, words: &str) {
        self.pods.end(&self.visit, phase, words);
    }
}

/// The visits of a console.
#[derive(Default)]
pub(super) struct Visits {
    /// The command that waits for the terminal, with its number.
    waiting: Arc<Mutex<Option<(u64, Lent)>>>,
    /// What keeps ports open; dropping one closes its port.
    open: BTreeMap<u64, oneshot::Sender<()>>,
    tasks: JoinSet<()>,
}

impl Visits {
    /// Starts a command.
    pub(super) fn exec(&mut self, reach: Option<&Reach>, call: Call, messages: mpsc::Sender<Message>) {
        let reach = reach.map(|reach| (reach.pods.clone(), reach.command_lines.written(&call.ask.command)));
        let waiting = self.waiting.clone();
        self.tasks.spawn(async move {
            let news = match start(reach, &call).await {
                Ok(lent) => {
                    waiting.lock().unwrap_or_else(PoisonError::into_inner).replace((call.number, lent));
                    ReachNews::Runs(call.number)
                }
                Err(denied) => ReachNews::Denied(call.number, denied),
            };
            let _ = messages.send(Message::Reached(news)).await;
        });
    }

    /// The command of this number, once.
    pub(super) fn take(&mut self, number: u64) -> Option<Lent> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.take_if(|(its, _)| *its == number).map(|(_, lent)| lent)
    }

    /// Leaves a command that nobody waits for any more.
    pub(super) fn abandon(&mut self, number: u64) {
        if let Some(lent) = self.take(number) {
            self.ended(lent.end, Phase::Aborted, "given up before it had the terminal; it may go on there.".to_owned());
        }
    }

    /// Journals the end of a visit, beside the loop.
    pub(super) fn ended(&mut self, end: VisitEnd, phase: Phase, words: String) {
        self.tasks.spawn_blocking(move || end.journal(phase, &words));
    }

    /// Opens a port.
    pub(super) fn forward(&mut self, pods: Option<PodReach>, ask: PortAsk, messages: mpsc::Sender<Message>) {
        let (open, closed) = oneshot::channel();
        self.open.insert(ask.number, open);
        self.tasks.spawn(async move {
            let (words, is_trouble) = hold(pods, &ask, closed, &messages).await.map_or_else(
                |sentence| (sentence, true),
                |connections| {
                    (format!("port {} of pod {} is closed: {connections} connections.", ask.ports.1, ask.pod), false)
                },
            );
            let _ = messages.try_send(Message::Reached(ReachNews::Closed(ask.number, words, is_trouble)));
        });
    }

    /// Closes a port.
    pub(super) fn close(&mut self, number: u64) {
        self.open.remove(&number);
    }

    /// Ends all of them and waits until that is on disk, or for as long as a person waits who leaves.
    pub(super) async fn end(&mut self) {
        self.open.clear();
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|(number, _)| *number);
        if let Some(number) = waiting {
            self.abandon(number);
        }
        let all = async { while self.tasks.join_next().await.is_some() {} };
        // What has no answer by then stays in the journal as begun.
        let _ = tokio::time::timeout(LEAVE_WITHIN, all).await;
    }
}

async fn start(reach: Option<(PodReach, String)>, call: &Call) -> Result<Lent, Denied> {
    let Some((pods, shown)) = reach else { return Err(Denied::Refused(no_connection(&call.environment))) };
    let (visit, session) = pods.exec(&call.ask, &shown, &call.typed).await?;
    let words = text::clean(&format!(
        "quarterdeck: {shown} in pod {}/{} ({}). The console is back when it ends.",
        call.ask.namespace, call.ask.pod, call.environment
    ))
    .into_owned();
    Ok(Lent { session, words, end: VisitEnd { pods, visit } })
}

/// Holds a port open until it is to be closed; how many connections there were, or why it was not opened.
async fn hold(
    pods: Option<PodReach>,
    ask: &PortAsk,
    closed: oneshot::Receiver<()>,
    messages: &mpsc::Sender<Message>,
) -> Result<usize, String> {
    let pods = pods.ok_or_else(|| no_connection(&ask.environment))?;
    let (listener, local) = listen(ask.ports.0).await?;
    let way = match pods.begin_forward(&ask.namespace, &ask.pod, (local, ask.ports.1)).await {
        Ok(way) => way,
        Err(Denied::Refused(reason) | Denied::Unknown(reason)) => return Err(format!("refused: {reason}")),
    };
    let tell = |news| drop(messages.try_send(Message::Reached(news)));
    tell(ReachNews::Opened(ask.number, local));
    let until = async { drop(closed.await) };
    let connections = serve(&listener, &way, until, |trouble| tell(ReachNews::Trouble(ask.number, trouble))).await;
    let end = VisitEnd { pods, visit: way.visit };
    let _ = tokio::task::spawn_blocking(move || end.journal(Phase::Done, &format!("{connections} connections."))).await;
    Ok(connections)
}

fn no_connection(environment: &str) -> String {
    format!("there is no connection to {environment} yet: nothing was sent.")
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
    way: &Forward,
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
                    held.push(carry(stream, way));
                }
                Err(error) => tell(format!("a connection could not be taken: {error}.")),
            },
        }
    }
}

/// Carries one connection to its end; what went wrong with it, if anything did.
async fn carry(mut here: TcpStream, way: &Forward) -> Option<String> {
    let mut tunnel = match way.connect().await {
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
pub fn told(ending: std::io::Result<Ending>) -> (Phase, String) {
    match ending {
        Ok(Ending::Exited(0)) => (Phase::Done, "exit code 0.".to_owned()),
        Ok(Ending::Exited(code)) => (Phase::Failed, format!("exit code {code}.")),
        Ok(Ending::Lost(error)) if error.is_certainly_not_done => (Phase::Refused, error.sentence),
        Ok(Ending::Lost(error)) => (Phase::Unknown, error.sentence),
        Ok(Ending::Left(why)) => (Phase::Aborted, format!("{why}; the command may go on in the container.")),
        Err(error) => {
            let words = format!("the terminal cannot be used: {error}. The command may go on in the container.");
            (Phase::Aborted, words)
        }
    }
}
