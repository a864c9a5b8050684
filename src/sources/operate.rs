//! The write ports, and the port that only rehearses.

use serde_json::Value;

use super::error::{SourceError, Trouble};
use super::observe::Answer;
use crate::domain::action::Request;

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
