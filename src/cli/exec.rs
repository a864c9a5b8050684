//! `quarterdeck exec`: a command in a container.

use std::process::ExitCode;

use clap::Args;
use color_eyre::eyre::Result;

use super::output::note;
use super::pod::{Here, POD};
use super::session::Session;
use super::{Global, exit};
use crate::actions::Gives;
use crate::domain::action::Given;
use crate::domain::subject::PodRef;

#[derive(Debug, Args)]
pub(super) struct Exec {
    /// The pod.
    pod: String,
    /// The namespace; else the context's.
    #[arg(long, short)]
    namespace: Option<String>,
    /// The container; else the pod's default one.
    #[arg(long, short)]
    container: Option<String>,
    /// The word that confirms it; needed in staging and production.
    #[arg(long, value_name = "EXEC")]
    confirm: Option<String>,
    /// Give standard input to the command; on a terminal it always has it.
    #[arg(long = "stdin", short = 'i')]
    has_input: bool,
    /// No terminal for the command, even where this is one.
    #[arg(long)]
    no_tty: bool,
    /// The command and its arguments, after --.
    #[arg(required = true, last = true, value_name = "COMMAND")]
    command: Vec<String>,
}

impl Exec {
    pub(super) async fn run(&self, global: &Global) -> Result<ExitCode> {
        let session = Session::prepare(global);
        let (connected, namespace) = match session.connect_in(self.namespace.as_ref()).await {
            Ok(connected) => connected,
            Err(code) => return Ok(ExitCode::from(code)),
        };
        let Ok(command) = shlex::try_join(self.command.iter().map(String::as_str)) else {
            note("A command cannot hold a zero byte.");
            return Ok(ExitCode::from(exit::USAGE));
        };
        let mut given = Given::default().with("command", command);
        if let Some(container) = &self.container {
            given = given.with("container", container.as_str());
        }
        let offered = match Here::given(self.has_input) {
            _ if self.no_tty => Gives { has_terminal: false, has_input: self.has_input },
            offered => offered,
        };
        let name = self.pod.strip_prefix(POD).unwrap_or(&self.pod).into();
        let pod = PodRef { environment: session.environment.name.clone(), namespace: namespace.into(), name };
        let here = (Here::new(offered, None)?, self.confirm.as_deref().unwrap_or_default());
        Ok(ExitCode::from(Box::pin(session.hold(&connected, ("exec", given), pod, here)).await))
    }
}
