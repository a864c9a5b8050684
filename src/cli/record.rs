//! `quarterdeck record`: one line at the end of a script puts a fact into the store.
//!
//! It is planned, confirmed and journaled as any other action; what confirms it is that it was asked for.

use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Subcommand};
use color_eyre::eyre::Result;
use tokio::sync::{mpsc, watch};

use super::fields::Fields;
use super::output::{note, say};
use super::session::Session;
use super::{Global, exit};
use crate::actions::{Action, Options};
use crate::domain::action::{Consent, Phase};
use crate::domain::document;
use crate::domain::subject::{BackupRef, Subject};
use crate::domain::time;

#[derive(Debug, Args)]
pub(super) struct Record {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// A backup of a set was made.
    Backup {
        /// The set, by its name in the configuration: [backup.SET].
        set: String,
        /// How many bytes were written.
        #[arg(long, value_name = "N")]
        bytes: Option<u64>,
        /// When it began, as 2026-11-24T02:00:00Z: a dump is as old as that.
        #[arg(long, value_name = "TIME")]
        started: Option<String>,
        /// When it ended, as 2026-11-24T02:10:00Z; else now.
        #[arg(long, value_name = "TIME")]
        finished: Option<String>,
    },
    /// A restore of a set was tried. It counts as verified where it says what it was to reach, where it got, and how long it took.
    RestoreTest {
        /// The set, by its name in the configuration: [backup.SET].
        set: String,
        /// How it ended; checksums where nothing was restored and the checksums were right.
        #[arg(long, value_name = "RESULT", value_parser = ["ok", "failed", "checksums"])]
        result: String,
        /// What it was to reach: a time, a position in the WAL, or latest.
        #[arg(long, value_name = "TARGET")]
        target: Option<String>,
        /// The position in the WAL that it reached: what pg_last_wal_replay_lsn() says.
        #[arg(long, value_name = "LSN")]
        reached_lsn: Option<String>,
        /// How long it took, until the server answered.
        #[arg(long, value_name = "N")]
        seconds: Option<u32>,
        /// How many bytes were restored.
        #[arg(long, value_name = "N")]
        bytes: Option<u64>,
        /// The application's own checks of what was restored passed.
        #[arg(long)]
        checked: bool,
    },
}

impl Command {
    /// The action, the set, and what is given for its fields.
    fn asked(&self) -> (&'static str, &String, Fields) {
        let given = |fields: Fields, field: &'static str, value: Option<String>| match value {
            Some(value) => fields.with(field, &value),
            None => fields,
        };
        match self {
            Self::Backup { set, bytes, started, finished } => {
                let fields = given(Fields::default(), "bytes", bytes.map(|bytes| bytes.to_string()));
                let fields = given(fields, "started", started.clone());
                ("record-backup", set, given(fields, "finished", finished.clone()))
            }
            Self::RestoreTest { set, result, target, reached_lsn, seconds, bytes, checked } => {
                let fields = Fields::default().with("result", result);
                let fields = given(fields, "target", target.clone());
                let fields = given(fields, "reached-lsn", reached_lsn.clone());
                let fields = given(fields, "seconds", seconds.map(|seconds| seconds.to_string()));
                let fields = given(fields, "bytes", bytes.map(|bytes| bytes.to_string()));
                ("record-restore-test", set, if *checked { fields.with("checked", "") } else { fields })
            }
        }
    }

    /// The times that were given, each with its option.
    fn times(&self) -> [(&'static str, Option<&String>); 2] {
        match self {
            Self::Backup { started, finished, .. } => {
                [("--started", started.as_ref()), ("--finished", finished.as_ref())]
            }
            Self::RestoreTest { .. } => [("--started", None), ("--finished", None)],
        }
    }
}

impl Record {
    pub(super) async fn run(&self, global: &Global) -> Result<ExitCode> {
        let session = Session::prepare(global);
        session.tell_problems();
        let usage = |sentence: &str| {
            note(&format!("Nothing was recorded: {sentence}"));
            Ok(ExitCode::from(exit::USAGE))
        };
        for (option, text) in self.command.times() {
            let Some(text) = text else { continue };
            match time::read(text) {
                None => return usage(&format!("{option} {text:?} is no time: write it as 2026-11-24T02:10:00Z.")),
                Some(at) if time::is_of_the_future(at, session.now()) => {
                    return usage(&format!(
                        "{option} {text} lies in the future. Record a backup when it has ended, and compare the clocks."
                    ));
                }
                Some(_) => {}
            }
        }
        let (id, set, fields) = self.command.asked();
        let Some(action) = session.catalog.named(id) else { return usage(&format!("there is no action {id:?} here.")) };
        let targets = match meant(&session, std::slice::from_ref(set)) {
            Ok(targets) => targets,
            Err((_, sentence)) => return usage(&sentence),
        };
        let given = match fields.given(action) {
            Ok(given) => given,
            Err(sentence) => return usage(&sentence),
        };
        record(&session, action, &targets, Options { given, ..Options::default() }).await
    }
}

/// Plans it, says what speaks against it, and carries it out.
async fn record(session: &Session, action: &dyn Action, targets: &[Subject], options: Options) -> Result<ExitCode> {
    let (_leave, leaving) = watch::channel(false);
    let executor = session.local(leaving);
    let plan = match executor.planner.plan(action, targets, &options).await {
        Ok(plan) => plan,
        Err(error) => {
            note(&format!("Nothing was recorded: {}", error.sentence));
            return Ok(ExitCode::from(1));
        }
    };
    if !plan.is_applicable() {
        plan.refusals.iter().for_each(|refusal| note(&format!("Nothing was recorded: {refusal}")));
        return Ok(ExitCode::from(exit::REFUSED));
    }
    plan.targets.iter().flat_map(|target| &target.warnings).for_each(|warning| note(warning));
    let (events, mut told) = mpsc::channel(64);
    let consent = Consent { typed: plan.confirmation.word.clone(), reason: None };
    let run = executor.execute(&plan, &consent, &events);
    tokio::pin!(run);
    let run = loop {
        tokio::select! {
            run = &mut run => break run,
            Some(_) = told.recv() => {}
        }
    };
    for target in &run.targets {
        if run.phase == Phase::Done { say(&target.words)? } else { note(&target.words) }
    }
    run.reason.iter().filter(|_| run.phase != Phase::Done).for_each(|why| note(why));
    Ok(exit::of(run.phase))
}

/// The set of a name, as what an action is on; else the exit code and why not.
pub(super) fn meant(session: &Session, names: &[String]) -> Result<Vec<Subject>, (u8, String)> {
    let known: Vec<&str> = session.settings.backups.iter().map(|one| &*one.set.name).collect();
    names
        .iter()
        .map(|name| {
            let name = name.strip_prefix("backup/").unwrap_or(name);
            if !known.contains(&name) {
                let fix = if known.is_empty() {
                    format!("None is declared: write [backup.{name}] into the configuration.")
                } else {
                    document::did_you_mean(name, &known)
                };
                return Err((exit::USAGE, format!("There is no set of backups {name:?}. {fix}")));
            }
            let environment = session.environment.name.clone();
            Ok(Subject::Backup(BackupRef { environment, set: Arc::from(name), namespace: None }))
        })
        .collect()
}
