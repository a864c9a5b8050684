//! `quarterdeck port-forward`: a port of a pod on this machine, for nobody else.

use std::process::ExitCode;

use clap::Args;
use color_eyre::eyre::Result;

use super::output::note;
use super::pod::{Here, meant};
use super::session::Session;
use super::{Global, exit};
use crate::app::listen;
use crate::domain::action::Given;

#[derive(Debug, Args)]
pub(super) struct Forward {
    /// The pod, or a workload one of whose ready pods is taken: POD, deployment/NAME, statefulset/NAME, daemonset/NAME.
    target: String,
    /// The namespace; else the context's.
    #[arg(long, short)]
    namespace: Option<String>,
    /// LOCAL:REMOTE, or one number for both; 0:REMOTE takes any free local port.
    #[arg(value_parser = ports, value_name = "LOCAL:REMOTE")]
    ports: (u16, u16),
}

impl Forward {
    pub(super) async fn run(&self, global: &Global) -> Result<ExitCode> {
        let session = Session::prepare(global);
        let (connected, namespace) = match session.connect_in(self.namespace.as_ref()).await {
            Ok(connected) => connected,
            Err(code) => return Ok(ExitCode::from(code)),
        };
        let pod = meant(&session, &connected, &namespace, &self.target).await;
        // The port is taken first: what is planned and journalled is the one that is used.
        let (pod, listening) = match (pod, listen(self.ports.0).await) {
            (Ok(pod), Ok(listening)) => (pod, listening),
            (Err(sentence), _) | (_, Err(sentence)) => {
                note(&sentence);
                return Ok(ExitCode::from(exit::USAGE));
            }
        };
        let (local, remote) = (u64::from(listening.1), u64::from(self.ports.1));
        let given = Given::default().with("local", local).with("remote", remote);
        let here = (Here::new(Here::given(false), Some(listening))?, "");
        Ok(ExitCode::from(Box::pin(session.hold(&connected, ("port-forward", given), pod, here)).await))
    }
}

/// Local and remote port, as `LOCAL:REMOTE` or one number for both.
///
/// # Errors
/// When it is not that; as a sentence without its full stop.
fn ports(text: &str) -> Result<(u16, u16), String> {
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
