//! What the loop and its tasks say to each other about reaching into pods.

use std::sync::Arc;

use crate::actions::Denied;
use crate::domain::action::Phase;
use crate::domain::time::Instant;
use crate::sources::operate::ExecAsk;

/// A command to start in a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The number of the request.
    pub number: u64,
    /// The pod's environment.
    pub environment: Arc<str>,
    /// What to run, and where.
    pub ask: ExecAsk,
    /// What was typed to confirm it.
    pub typed: String,
}

/// A port of a pod to open on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortAsk {
    /// The number of the request.
    pub number: u64,
    /// The pod's environment.
    pub environment: Arc<str>,
    /// The pod's namespace.
    pub namespace: String,
    /// The pod.
    pub pod: String,
    /// The port on this machine, 0 for any free one, and the port of the pod.
    pub ports: (u16, u16),
}

/// What came of it; the number is the request's.
#[derive(Debug, PartialEq, Eq)]
pub enum ReachNews {
    /// The command runs and waits for the terminal.
    Runs(u64),
    /// Nothing came of the command.
    Denied(u64, Denied),
    /// The command is over and the terminal is back: how it ended.
    Left(Phase, String),
    /// The port is open, on this port of this machine.
    Opened(u64, u16),
    /// A connection to it failed: why.
    Trouble(u64, String),
    /// The port is closed, or never was opened: the sentence, and whether it tells of trouble.
    Closed(u64, String, bool),
}

/// A port of a pod that is open on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenPort {
    /// What was asked for.
    pub ask: PortAsk,
    /// The port of this machine; `None` while it is being opened.
    pub local: Option<u16>,
    /// Since when it is open.
    pub since: Option<Instant>,
    /// What went wrong with its newest failed connection.
    pub trouble: Option<String>,
}

/// Local and remote port, as `LOCAL:REMOTE` or one number for both.
///
/// # Errors
/// When it is not that; as a sentence without its full stop.
pub fn ports(text: &str) -> Result<(u16, u16), String> {
    let port = |text: &str| text.trim().parse::<u16>().map_err(|_| format!("{text:?} is no port from 0 to 65535"));
    let (local, remote) = text.split_once(':').unwrap_or((text, text));
    match (port(local)?, port(remote)?) {
        (_, 0) => Err("the remote port cannot be 0".to_owned()),
        ports => Ok(ports),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_read_as_kubectl_reads_them() {
        assert_eq!(ports("8080:80"), Ok((8080, 80)));
        assert_eq!(ports("9090"), Ok((9090, 9090)));
        assert_eq!(ports("0:80"), Ok((0, 80)));
        assert!(ports("80:0").is_err() && ports("a:80").is_err() && ports("70000").is_err());
    }
}
