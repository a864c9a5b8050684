//! `quarterdeck config`: a configuration to begin with, and what is wrong with the one there is.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use color_eyre::eyre::Result;

use super::Global;
use super::output::{note, say};
use super::session::Session;
use crate::config::{SAMPLE, Source};

#[derive(Debug, Args)]
pub(super) struct Config {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print a commented configuration to begin with.
    Init,
    /// Check the configuration, the keymap and the theme; exit code 1 when anything is wrong.
    Check,
}

impl Config {
    pub(super) fn run(&self, global: &Global) -> Result<ExitCode> {
        if matches!(self.command, Command::Init) {
            say(SAMPLE.trim_end())?;
            return Ok(ExitCode::SUCCESS);
        }
        let session = Session::prepare(global);
        let problems = session.all_problems();
        for problem in &problems {
            note(&problem.to_string());
        }
        match &session.settings.source {
            Source::NoFile(file) => say(&format!(
                "There is no {}: every context is read-only with the production guard. Begin with: quarterdeck config init > {0}",
                file.display()
            ))?,
            Source::File(file) => {
                let counted = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
                let environments = counted(session.settings.environments.len(), "environment");
                let services = counted(session.settings.services.declared().len(), "service");
                say(&format!("{}: {environments}, {services}.", file.display()))?;
            }
            Source::Broken(file) => say(&format!(
                "{}: until the problems are mended everything is read-only with the production guard.",
                file.display()
            ))?,
        }
        for environment in &session.settings.environments {
            let may = environment
                .read_only
                .as_ref()
                .map_or_else(|| "may write".to_owned(), |reason| format!("read-only ({})", reason.words()));
            say(&format!(
                "  {}: context {}, {}, guard {}, {may}",
                environment.name,
                environment.context,
                environment.namespaces,
                environment.guard.word()
            ))?;
        }
        for service in session.settings.services.declared() {
            let workloads: Vec<String> = service.workloads.iter().map(ToString::to_string).collect();
            let workloads = if workloads.is_empty() {
                "the workloads whose label names it".to_owned()
            } else {
                workloads.join(", ")
            };
            let everywhere = |names: &[std::sync::Arc<str>], all: &str| {
                if names.is_empty() { all.to_owned() } else { names.join(", ") }
            };
            let environments = everywhere(&service.environments, "every environment");
            let namespaces = everywhere(&service.namespaces, "every namespace");
            say(&format!("  service {}: {workloads}; {environments}, {namespaces}", service.name))?;
        }
        Ok(ExitCode::from(u8::from(!problems.is_empty())))
    }
}
