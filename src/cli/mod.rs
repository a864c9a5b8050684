//! THE COMMAND LINE: one file per subcommand, and the exit codes.
//!
//! It does what the screen does with the same rooms below it: the same world, the same plans, the same executor, the same
//! journal. It does not know how anything is drawn. It keeps one invariant: it never prompts, and touches the terminal's
//! modes only for `exec` on a terminal, so that a script always gets its answer on standard output and its exit code.

mod advice;
mod alerts;
mod apply;
mod audit;
mod backup;
mod beside;
mod causes;
mod codes;
mod config;
mod database;
mod demo;
mod doctor;
mod emergencies;
mod exec;
mod failing_over;
mod fields;
mod forward;
mod freezing;
mod health;
mod incident;
mod jobs;
mod journal;
mod logs;
mod maintenance;
mod modes;
mod on_alerts;
mod oncall;
mod output;
mod people;
mod plan;
mod plug_in;
mod pod;
mod record;
mod run;
mod schedule;
mod session;
mod short;
mod signals;
mod silencing;
mod slo;
mod status;
mod tasks;
mod undone;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use color_eyre::eyre::Result;

use crate::actions::catalog::Catalog;
use crate::sources::cluster::{PLUG_IN, start_plug_ins_with};

/// How long what the demo is writing may take to be written when it ends.
const WRITTEN_WITHIN: Duration = Duration::from_secs(2);

/// How long the store may take to take the journal over once a command has ended.
const TAKEN_OVER_WITHIN: Duration = Duration::from_secs(2);

/// The console of the person on call: what is wrong, what changed, and a safe way to take it back.
#[derive(Debug, Parser)]
#[command(name = "quarterdeck", version, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Option<Command>,
}

/// What every command takes.
#[derive(Debug, Clone, Default, Args)]
pub struct Global {
    /// The kubeconfig file; else KUBECONFIG, else ~/.kube/config.
    #[arg(long, global = true, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    /// The kubeconfig context; the environment that declares it is used, or else production guard and read-only.
    #[arg(long, global = true, value_name = "NAME")]
    context: Option<String>,
    /// The environment of the configuration.
    #[arg(long, short = 'e', global = true, value_name = "NAME")]
    environment: Option<String>,
    /// The configuration file; else $XDG_CONFIG_HOME/quarterdeck/config.toml.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Never change anything, whatever the configuration grants.
    #[arg(long, global = true)]
    read_only: bool,
    /// The actions this program was given.
    #[arg(skip)]
    catalog: Catalog,
}

impl Cli {
    /// What a program takes that is given these actions.
    pub fn command_of(catalog: Catalog) -> clap::Command {
        Self::command().mut_subcommand("plan", |plan| plan.args(fields::options(catalog)))
    }

    /// Reads the command line of such a program.
    ///
    /// # Errors
    /// What is wrong with it, or the help that was asked for.
    pub fn read(catalog: Catalog, arguments: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        let matches = Self::command_of(catalog).try_get_matches_from(arguments)?;
        let mut cli = Self::from_arg_matches(&matches)?;
        cli.global.catalog = catalog;
        if let (Some(Command::Plan(plan)), Some(given)) = (&mut cli.command, matches.subcommand_matches("plan")) {
            (plan.fields, plan.catalog) = (fields::Fields::read(catalog, given), catalog);
        }
        Ok(cli)
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The console against a built-in simulated cluster: nothing to install, nothing outside the process is touched.
    Demo(demo::Demo),
    /// The state of every workload, once; the exit code tells the worst.
    Status(status::Status),
    /// Work out an action and print it; nothing is changed.
    Plan(plan::Plan),
    /// Carry out exactly a plan document; refused when anything it showed has changed.
    Apply(apply::Apply),
    /// Run a command in a container; on a terminal, with the whole terminal handed over.
    Exec(exec::Exec),
    /// Reach a port of a pod on 127.0.0.1.
    PortForward(forward::Forward),
    /// The logs of a workload's containers, secrets masked.
    Logs(logs::Logs),
    /// Every attempt of this machine's consoles.
    Journal(journal::Journal),
    /// Incidents: declare, acknowledge, write down, resolve, report.
    Incident(incident::Incident),
    /// Who is on call: now, next, over a while, as a calendar; and an override of a shift.
    Oncall(oncall::Oncall),
    /// People and teams, from a file and into one.
    People(people::People),
    /// Everything that was done and said, by every console that shares the store.
    Audit(audit::Audit),
    /// The maintenance schedule: what is planned, what runs, what is frozen.
    Maintenance(maintenance::Maintenance),
    /// Put a fact into the store, at the end of a script: a backup, a restore test.
    Record(record::Record),
    /// Whether what was promised of recovery holds.
    Backup(backup::Backup),
    /// Who the primary of each database is, how far the others are behind, and whether the primary could be changed.
    Database(database::Database),
    /// The configuration.
    Config(config::Config),
    /// What would keep the console from working here.
    Doctor,
    /// Run a credential plug-in of the kubeconfig without a terminal.
    #[command(hide = true, name = PLUG_IN)]
    PlugIn(plug_in::PlugIn),
}

/// How a document is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Format {
    /// For people.
    #[default]
    Table,
    /// For programs.
    Json,
}

/// Runs the command line.
///
/// # Errors
/// What no command turned into a sentence and an exit code of its own.
pub fn dispatch(cli: Cli) -> Result<ExitCode> {
    let Cli { global, command } = cli;
    if let Some(Command::PlugIn(plug_in)) = &command {
        return Ok(plug_in.run());
    }
    if let Some(program) = ourselves() {
        start_plug_ins_with(program);
    }
    // One worker beside the loop: a second would decode what the first is done with into memory of its own.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let mut litter = None;
    let code = runtime.block_on(async {
        match command {
            None => Box::pin(run::run(&global)).await,
            Some(Command::Demo(demo)) => Box::pin(demo.run(&global, &mut litter)).await,
            Some(Command::Status(status)) => status.run(&global).await,
            Some(Command::Plan(plan)) => Box::pin(plan.run(&global)).await,
            Some(Command::Apply(apply)) => {
                let code = Box::pin(apply.run(&global)).await;
                take_over(&global).await;
                code
            }
            Some(Command::Exec(exec)) => {
                let code = Box::pin(exec.run(&global)).await;
                take_over(&global).await;
                code
            }
            Some(Command::PortForward(forward)) => {
                let code = Box::pin(forward.run(&global)).await;
                take_over(&global).await;
                code
            }
            Some(Command::Logs(logs)) => Box::pin(logs.run(&global)).await,
            Some(Command::Journal(journal)) => Box::pin(journal.run(&global)).await,
            Some(Command::Incident(incident)) => {
                let code = Box::pin(incident.run(&global)).await;
                take_over(&global).await;
                code
            }
            Some(Command::Oncall(oncall)) => {
                let code = Box::pin(oncall.run(&global)).await;
                if oncall.is_change() {
                    take_over(&global).await;
                }
                code
            }
            Some(Command::People(people)) => Box::pin(people.run(&global)).await,
            Some(Command::Audit(audit)) => Box::pin(audit.run(&global)).await,
            Some(Command::Maintenance(maintenance)) => {
                let code = Box::pin(maintenance.run(&global)).await;
                if maintenance.writes() {
                    take_over(&global).await;
                }
                code
            }
            Some(Command::Record(record)) => {
                let code = Box::pin(record.run(&global)).await;
                take_over(&global).await;
                code
            }
            Some(Command::Backup(backup)) => Box::pin(backup.run(&global)).await,
            Some(Command::Database(database)) => Box::pin(database.run(&global)).await,
            Some(Command::Config(config)) => config.run(&global),
            Some(Command::Doctor) => doctor::run(&global).await,
            Some(Command::PlugIn(plug_in)) => Ok(plug_in.run()),
        }
    });
    // A credential plug-in or a resolver may still hang in a blocking thread: nobody waits for it. What the demo writes is waited for.
    runtime.shutdown_timeout(if litter.is_some() { WRITTEN_WITHIN } else { Duration::ZERO });
    drop(litter);
    code
}

/// Takes what was just written into the journal over into the audit: what stands there cannot be changed from here any more. A store
/// that does not answer holds nobody up: the next who can takes it over.
async fn take_over(global: &Global) {
    let session = session::Session::prepare(global);
    if session.settings.store_read_only.is_some() {
        return;
    }
    let store = &*session.store;
    let taken = crate::actions::journal::replay(session.paths.state(), store);
    if let Ok(Ok(replayed)) = tokio::time::timeout(TAKEN_OVER_WITHIN, taken).await {
        replayed.refused.iter().for_each(|words| output::note(words));
    }
}

/// The program that runs, also when another one was put in its place since.
fn ourselves() -> Option<PathBuf> {
    let own = PathBuf::from("/proc/self/exe");
    if own.exists() { Some(own) } else { std::env::current_exe().ok() }
}

/// The exit codes of `plan` and `apply`.
mod exit {
    use std::process::ExitCode;

    use crate::domain::action::Phase;

    /// Usage: what was asked makes no sense.
    pub(super) const USAGE: u8 = 2;
    /// Refused.
    pub(super) const REFUSED: u8 = 3;
    /// No answer, or an end that is not known.
    pub(super) const UNKNOWN: u8 = 4;
    /// Left before its end.
    pub(super) const ABORTED: u8 = 5;
    /// Some of it is changed, the rest is not.
    pub(super) const PARTIAL: u8 = 6;
    /// What was changed is taken back.
    pub(super) const COMPENSATED: u8 = 7;
    /// Left half-way: somebody has to look.
    pub(super) const NEEDS_HUMAN: u8 = 8;

    /// The exit code of a finished run.
    pub(super) fn of(phase: Phase) -> ExitCode {
        ExitCode::from(code(phase))
    }

    /// The same as a number.
    pub(super) const fn code(phase: Phase) -> u8 {
        match phase {
            Phase::Done => 0,
            Phase::Failed => 1,
            Phase::Refused => REFUSED,
            Phase::Aborted => ABORTED,
            Phase::Partial => PARTIAL,
            Phase::Compensated => COMPENSATED,
            Phase::NeedsHuman => NEEDS_HUMAN,
            // Anything that has not come to an end is unknown to the caller.
            _ => UNKNOWN,
        }
    }
}
