//! `quarterdeck plug-in`: a credential plug-in of the kubeconfig, started where no terminal is. Hidden: only we start ourselves so.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use clap::Args;

use super::output::note;

/// What a shell answers for a command that is not there.
const NOT_FOUND: u8 = 127;

#[derive(Debug, Args)]
pub(super) struct PlugIn {
    /// The plug-in and its arguments.
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

impl PlugIn {
    /// Becomes the plug-in, in a session of its own: whoever asks for a password would ask on the screen of the console.
    pub(super) fn run(&self) -> ExitCode {
        let Some((program, arguments)) = self.command.split_first() else { return ExitCode::from(NOT_FOUND) };
        // It fails only for the leader of a group, which is nobody's plug-in.
        let _ = rustix::process::setsid();
        // Without a terminal nothing else would end one that hangs.
        #[cfg(target_os = "linux")]
        let _ = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::TERM));
        let error = Command::new(program).args(arguments).exec();
        note(&format!("{} could not be started: {error}", program.to_string_lossy()));
        ExitCode::from(NOT_FOUND)
    }
}
