//! The write ports, and the port that only rehearses.

use std::pin::Pin;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};

use super::error::{SourceError, Trouble};
use super::observe::Answer;
use crate::domain::action::Request;
use crate::domain::alert::Matcher;
use crate::domain::time::{self, Instant};

/// What the server said to a request it accepted.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// The object as it is now stored, or would be.
    pub object: Value,
    /// `Warning` headers of the answer, cleaned.
    pub warnings: Vec<String>,
}

/// Asking the server what it would do. Every request it sends carries `dryRun=All`.
pub trait RehearseCluster: Send + Sync {
    /// Runs a request dry.
    fn rehearse<'a>(&'a self, request: &'a Request) -> Answer<'a, Reply>;
}

/// Changing the cluster. Only the action executor ever holds one.
pub trait OperateCluster: Send + Sync {
    /// Sends a request once: no retry of any kind. `audit_id` becomes the server's audit id, at most 64 characters.
    ///
    /// An error that is not [`SourceError::is_certainly_not_done`] means that nobody knows whether it was carried out.
    fn send<'a>(&'a self, request: &'a Request, audit_id: &'a str) -> Answer<'a, Reply>;
}

/// A command to run in a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecAsk {
    /// The pod's namespace.
    pub namespace: String,
    /// The pod.
    pub pod: String,
    /// The container; `None` for the pod's default one.
    pub container: Option<String>,
    /// The program and its arguments.
    pub command: Vec<String>,
    /// Whether it gets a terminal; its errors then come with its output.
    pub has_terminal: bool,
    /// Whether it is given input.
    pub has_input: bool,
}

/// A command that runs in a container. Dropping `end` ends the conversation; what the container does then is its own affair.
pub struct PodSession {
    /// What it reads; dropping closes it. `None` where no input was asked for.
    pub input: Option<Box<dyn AsyncWrite + Send + Unpin>>,
    /// What it writes.
    pub output: Option<Box<dyn AsyncRead + Send + Unpin>>,
    /// What it writes to standard error; `None` on a terminal.
    pub errors: Option<Box<dyn AsyncRead + Send + Unpin>>,
    /// Tells it the size of the terminal, in columns and rows.
    pub resize: Box<dyn FnMut(u16, u16) + Send>,
    /// Its exit code, or why there is none. An error that is not [`SourceError::is_certainly_not_done`] means that nobody knows.
    pub end: Pin<Box<dyn Future<Output = Result<i32, SourceError>> + Send>>,
}

/// A program of the operator to run on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgramAsk {
    /// The program and its arguments: it is started without a shell.
    pub words: Vec<String>,
    /// How long it may take.
    pub within: Duration,
    /// The user of the operating system it runs as; `None`: whoever runs the console.
    pub user: Option<String>,
}

/// How a program ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgramEnd {
    /// Its exit code; `None` where a signal ended it.
    pub code: Option<i32>,
    /// The last line it wrote that says something, without secrets, cleaned; empty where there is none.
    pub last: String,
}

/// Running programs of the operator. Only the action executor ever holds one.
pub trait RunPrograms: Send + Sync {
    /// Runs one once, to its end or to the end of its time; letting go of the answer ends it.
    fn run<'a>(&'a self, ask: &'a ProgramAsk) -> Answer<'a, ProgramEnd>;
}

/// Bytes both ways.
pub trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// One connection to a port of a pod.
pub struct Tunnel {
    /// The bytes.
    pub stream: Box<dyn Duplex>,
    /// Why the pod refused the connection, cleaned; `None` once it ended without a word.
    pub refusal: Pin<Box<dyn Future<Output = Option<String>> + Send>>,
}

/// Reaching into a pod, past what the API server looks after. Without a write grant nobody holds one.
pub trait ReachPods: Send + Sync {
    /// Starts a command in a container.
    fn exec<'a>(&'a self, ask: &'a ExecAsk) -> Answer<'a, PodSession>;
    /// Connects to a port of a pod.
    fn connect<'a>(&'a self, namespace: &'a str, pod: &'a str, port: u16) -> Answer<'a, Tunnel>;
}

/// Changing who leads a database, and what governs it: for the executor of its actions alone.
pub trait OperateDatabases: Send + Sync {
    /// Sends a request of a run to the governor of a database, once: no retry of any kind.
    ///
    /// An error that is not [`SourceError::is_certainly_not_done`] means that nobody knows whether it was carried out.
    fn send<'a>(&'a self, database: &'a str, request: &'a Request, run: &'a str) -> Answer<'a, Reply>;
}

/// The hands of a console that was not granted any.
#[derive(Debug, Clone, Copy)]
pub struct NoHands;

impl OperateCluster for NoHands {
    fn send<'a>(&'a self, _request: &'a Request, _audit_id: &'a str) -> Answer<'a, Reply> {
        Box::pin(async {
            Err(SourceError::new(
                Trouble::Setup,
                "this console is read-only: nothing was sent. Set `write = true` for the environment to act on it.",
            ))
        })
    }
}

/// A silence as it is to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WantedSilence {
    /// The one to change; `None` makes a new one.
    pub id: Option<String>,
    /// What it covers; never empty.
    pub matchers: Vec<Matcher>,
    /// From when. One that has begun must keep its beginning, or the server makes another of it.
    #[serde(deserialize_with = "time::clamped")]
    pub starts_at: Instant,
    /// Until when.
    #[serde(deserialize_with = "time::clamped")]
    pub ends_at: Instant,
    /// Who.
    pub created_by: String,
    /// Why; never empty.
    pub comment: String,
}

/// Silences of the Alertmanagers of one environment: for the executor of alert actions alone.
pub trait OperateAlerts: Send + Sync {
    /// Makes or changes a silence, once; its id, which is another one when the server replaced it.
    fn put<'a>(&'a self, wanted: &'a WantedSilence) -> Answer<'a, String>;

    /// Ends a silence now.
    fn expire<'a>(&'a self, id: &'a str) -> Answer<'a, ()>;
}
