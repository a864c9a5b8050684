//! `quarterdeck journal`: every attempt of this machine's consoles.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use color_eyre::eyre::Result;

use super::Format;
use super::output::{columns, keep_private, note, say, say_json};
use super::session::paths;
use crate::actions::journal::{self, Chain, Line};
use crate::domain::text;

#[derive(Debug, Args)]
pub(super) struct Journal {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The attempts, oldest first.
    List {
        /// The form of the answer.
        #[arg(long, short, value_enum, default_value_t)]
        output: Format,
    },
    /// Whether any line was changed, removed or added; exit code 1 names the first of each chain.
    Verify,
    /// Every line of every chain, as JSON lines.
    Export,
}

impl Journal {
    pub(super) fn run(&self) -> Result<ExitCode> {
        let state = paths();
        let chains = journal::chains(state.state())?;
        match &self.command {
            Command::List { output: Format::Json } => {
                let lines: Vec<&Line> = in_order(&chains);
                say_json(&lines)?;
            }
            Command::List { output: Format::Table } => say(&table(&chains))?,
            Command::Export => {
                keep_private();
                for line in in_order(&chains) {
                    say(&serde_json::to_string(line)?)?;
                }
            }
            Command::Verify => {
                let flaws = journal::flaws(&chains);
                for flaw in &flaws {
                    note(&format!("{}:{}: {}", flaw.file.display(), flaw.line, flaw.words));
                }
                let lines: usize = chains.iter().map(|chain| chain.lines.len()).sum();
                say(&format!("{} chains, {lines} lines, {} flaws", chains.len(), flaws.len()))?;
                return Ok(ExitCode::from(u8::from(!flaws.is_empty())));
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn in_order(chains: &[Chain]) -> Vec<&Line> {
    let mut lines: Vec<&Line> = chains.iter().flat_map(|chain| &chain.lines).collect();
    lines.sort_by_key(|line| line.at);
    lines
}

fn table(chains: &[Chain]) -> String {
    let lines = in_order(chains);
    if lines.is_empty() {
        return "Nothing was attempted from here yet.".to_owned();
    }
    let mut rows =
        vec![["TIME", "WHAT", "ACTION", "ENVIRONMENT", "ACTOR", "TARGETS", "WORDS"].map(str::to_owned).to_vec()];
    rows.extend(lines.into_iter().map(|line| {
        let entry = &line.entry;
        let aims: Vec<String> = entry.aims.iter().map(|aim| aim.workload.to_string()).collect();
        let clean = |raw: &str| text::clean(raw).into_owned();
        vec![
            line.at.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
            entry.what.word().to_owned(),
            clean(&entry.action),
            clean(&entry.environment),
            clean(&entry.actor),
            clean(&aims.join(", ")),
            clean(&entry.words),
        ]
    }));
    columns(&rows)
}
