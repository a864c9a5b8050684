//! `quarterdeck port-forward`: a port of a pod on this machine, for nobody else.

use std::net::Ipv4Addr;
use std::process::ExitCode;

use clap::Args;
use color_eyre::eyre::Result;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::net::{TcpListener, TcpStream};

use super::output::{note, say};
use super::plan::named;
use super::session::{Connected, Session, shows};
use super::{Global, exit};
use crate::actions::{Denied, Forward as Way};
use crate::domain::action::Phase;
use crate::domain::rollout::WorkloadRef;
use crate::domain::text;
use crate::sources::observe::ObserveCluster;
use crate::terminal::{Signal, Signals};

/// How many connections are held at once.
const CONNECTIONS: usize = 64;

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
        session.tell_problems();
        if let Some(doubt) = session.doubt() {
            note(doubt);
            return Ok(ExitCode::from(exit::USAGE));
        }
        let connected = match session.connect().await {
            Ok(connected) => connected,
            Err(error) => {
                note(&format!("Nothing was sent: {}", error.sentence));
                return Ok(ExitCode::from(exit::REFUSED));
            }
        };
        let namespace = self.namespace.clone().unwrap_or_else(|| connected.default_namespace.clone());
        if !shows(&session.environment, &namespace) {
            note(&format!("Environment {} does not include namespace {namespace:?}.", session.environment.name));
            return Ok(ExitCode::from(exit::USAGE));
        }
        let pod = match self.pod(&session, &connected, &namespace).await {
            Ok(pod) => pod,
            Err(sentence) => {
                note(&sentence);
                return Ok(ExitCode::from(exit::USAGE));
            }
        };
        let mut signals = Signals::listen()?;
        // 127.0.0.1 and nothing else: whoever reaches the port reaches into the pod with our rights.
        let listener = match TcpListener::bind((Ipv4Addr::LOCALHOST, self.ports.0)).await {
            Ok(listener) => listener,
            Err(error) => {
                note(&format!("127.0.0.1:{} cannot be listened on: {error}. Take another local port.", self.ports.0));
                return Ok(ExitCode::from(exit::USAGE));
            }
        };
        let local = listener.local_addr()?.port();
        let pods = session.pods(&connected);
        let way = match pods.begin_forward(&namespace, &pod, (local, self.ports.1)).await {
            Ok(way) => way,
            Err(Denied::Refused(reason) | Denied::Unknown(reason)) => {
                note(&format!("refused: {reason}"));
                return Ok(ExitCode::from(exit::REFUSED));
            }
        };
        say(&format!(
            "Forwarding 127.0.0.1:{local} to port {} of pod {namespace}/{pod}. Interrupt to end.",
            self.ports.1
        ))?;
        let connections = serve(&listener, &way, &mut signals).await;
        pods.end(&way.visit, Phase::Done, &format!("{connections} connections."));
        Ok(ExitCode::SUCCESS)
    }

    /// The pod meant.
    async fn pod(&self, session: &Session, connected: &Connected, namespace: &str) -> Result<String, String> {
        if !self.target.contains('/') {
            return Ok(self.target.clone());
        }
        if let Some(pod) = self.target.strip_prefix("pod/") {
            return Ok(pod.to_owned());
        }
        let (kind, name) = named(&self.target)
            .ok_or_else(|| format!("{:?} names neither a pod nor a workload.", text::clean(&self.target)))?;
        let workload = WorkloadRef {
            environment: session.environment.name.clone(),
            namespace: namespace.into(),
            kind,
            name: name.into(),
        };
        let facts = connected.connection.workload(&workload).await.map_err(|error| error.sentence)?;
        let ready = facts.newest_pods().chain(&facts.pods).find(|pod| pod.is_ready && pod.gone_by.is_none());
        ready.map(|pod| pod.name.to_string()).ok_or_else(|| format!("{workload} has no ready pod to connect to."))
    }
}

/// Serves connections until a signal ends it; how many there were.
async fn serve(listener: &TcpListener, way: &Way, signals: &mut Signals) -> usize {
    let mut held = FuturesUnordered::new();
    let mut count = 0;
    loop {
        tokio::select! {
            biased;
            signal = signals.next() => if matches!(signal, Signal::Interrupt | Signal::Leave) { return count },
            Some(trouble) = held.next(), if !held.is_empty() => {
                let trouble: Option<String> = trouble;
                if let Some(trouble) = trouble {
                    note(&trouble);
                }
            }
            accepted = listener.accept(), if held.len() < CONNECTIONS => match accepted {
                Ok((stream, _)) => {
                    count += 1;
                    held.push(carry(stream, way));
                }
                Err(error) => note(&format!("a connection could not be taken: {error}.")),
            },
        }
    }
}

/// Carries one connection to its end; what went wrong with it, if anything did.
async fn carry(mut here: TcpStream, way: &Way) -> Option<String> {
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

/// Local and remote port.
fn ports(text: &str) -> Result<(u16, u16), String> {
    let port = |text: &str| text.parse::<u16>().map_err(|_| format!("{text:?} is no port from 0 to 65535"));
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
