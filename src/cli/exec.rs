//! `quarterdeck exec`: a command in a container.

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Args;
use color_eyre::eyre::Result;

use super::output::note;
use super::session::{Connected, Session, shows};
use super::{Global, exit};
use crate::actions::{Denied, EXEC_WORD};
use crate::app::{Ending, attach, told};
use crate::domain::action::Phase;
use crate::sources::operate::ExecAsk;
use crate::terminal::Signals;

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
    #[arg(long, value_name = EXEC_WORD)]
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

impl Session {
    /// Connects to reach into a pod of a namespace, the context's where none is named. Where there is no way there it is said why; the
    /// exit code is given.
    pub(super) async fn reach(&self, namespace: Option<&String>) -> Result<(Connected, String), u8> {
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
}

impl Exec {
    pub(super) async fn run(&self, global: &Global) -> Result<ExitCode> {
        let session = Session::prepare(global);
        let (connected, namespace) = match session.reach(self.namespace.as_ref()).await {
            Ok(reached) => reached,
            Err(code) => return Ok(ExitCode::from(code)),
        };
        let has_terminal = !self.no_tty && std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
        let ask = ExecAsk {
            namespace,
            pod: self.pod.clone(),
            container: self.container.clone(),
            command: self.command.clone(),
            has_terminal,
            has_input: has_terminal || self.has_input,
        };
        // Listening before anything is lent: a signal in between must not leave the terminal as it is.
        let mut signals = Signals::listen()?;
        let pods = session.pods(&connected);
        let shown = session.command_lines().written(&self.command);
        let started = pods.exec(&ask, &shown, self.confirm.as_deref().unwrap_or_default()).await;
        let (visit, running) = match started {
            Ok(started) => started,
            Err(Denied::Refused(reason)) => {
                note(&format!("refused: {reason}"));
                return Ok(ExitCode::from(exit::REFUSED));
            }
            Err(Denied::Unknown(reason)) => {
                note(&format!("UNKNOWN: {reason} Whether the command runs is not known."));
                return Ok(ExitCode::from(exit::UNKNOWN));
            }
        };
        let began = session.now();
        let ending = attach(running, has_terminal, &mut signals).await;
        let seconds = (session.now() - began).num_seconds();
        let code = code(&ending);
        let (phase, words) = told(ending);
        pods.end(&visit, phase, &format!("{words} After {seconds} s."));
        if phase != Phase::Done && phase != Phase::Failed {
            note(&words);
        }
        Ok(ExitCode::from(code))
    }
}

/// The exit code of an ending.
fn code(ending: &std::io::Result<Ending>) -> u8 {
    match ending {
        Ok(Ending::Exited(code)) => u8::try_from(*code).unwrap_or(1),
        Ok(Ending::Lost(error)) if error.is_certainly_not_done => exit::REFUSED,
        Ok(Ending::Lost(_)) => exit::UNKNOWN,
        Ok(Ending::Left(_)) | Err(_) => exit::ABORTED,
    }
}
