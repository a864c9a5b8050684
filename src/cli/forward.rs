//! `quarterdeck port-forward`: a port of a pod on this machine, for nobody else.

use std::process::ExitCode;

use clap::Args;
use color_eyre::eyre::Result;

use super::output::{note, say};
use super::plan::named;
use super::session::{Connected, Session};
use super::{Global, exit};
use crate::actions::Denied;
use crate::app::{listen, ports, serve};
use crate::domain::action::Phase;
use crate::domain::rollout::WorkloadRef;
use crate::domain::text;
use crate::sources::observe::ObserveCluster;
use crate::terminal::{Signal, Signals};

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
        let (connected, namespace) = match session.reach(self.namespace.as_ref()).await {
            Ok(reached) => reached,
            Err(code) => return Ok(ExitCode::from(code)),
        };
        let pod = match self.pod(&session, &connected, &namespace).await {
            Ok(pod) => pod,
            Err(sentence) => {
                note(&sentence);
                return Ok(ExitCode::from(exit::USAGE));
            }
        };
        let mut signals = Signals::listen()?;
        let (listener, local) = match listen(self.ports.0).await {
            Ok(listening) => listening,
            Err(sentence) => {
                note(&sentence);
                return Ok(ExitCode::from(exit::USAGE));
            }
        };
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
        let end = async { while !matches!(signals.next().await, Signal::Interrupt | Signal::Leave) {} };
        let connections = serve(&listener, &way, end, |trouble| note(&trouble)).await;
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
