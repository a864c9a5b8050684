//! `quarterdeck journal`: every attempt of this machine's consoles.

use std::io;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use color_eyre::eyre::Result;
use serde::Serialize;

use super::output::{columns, keep_private, note, say, say_json, say_written};
use super::session::{Session, paths};
use super::{Format, Global};
use crate::actions::journal::{self, Anchors, Chain, Flaw, Line, Verified};
use crate::config::StoreSettings;
use crate::domain::store::AuditSearch;
use crate::domain::text;
use crate::domain::time::Instant;
use crate::sources::error::SourceError;
use crate::sources::store::Store;
use crate::sources::store::port::ReadStore;

/// How many lines of a chain that was changed are compared: the audit answers no more at once.
const MOST_COMPARED: u32 = 10_000;

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
    /// Whether any line was changed, removed or added, by the lines themselves and by the store's audit; exit code 1 when one was, 3
    /// when the store does not answer.
    Verify {
        /// The form of the answer.
        #[arg(long, short, value_enum, default_value_t)]
        output: Format,
    },
    /// Every line of every chain as it was written, as JSON lines.
    Export,
}

/// The outcome of `verify --output json`: a contract.
#[derive(Serialize)]
struct Document<'a> {
    chains: usize,
    lines: usize,
    flaws: Vec<FlawLine<'a>>,
    /// What newer versions wrote.
    unknown: Vec<FlawLine<'a>>,
    /// The store whose audit the chains were compared with; null: with none.
    compared_with: Option<&'a str>,
    /// Whether that store is a file of this machine, which can be changed like the journal.
    is_local: bool,
    /// What was compared with what, and what was not, in words.
    words: &'a [String],
}

#[derive(Serialize)]
struct FlawLine<'a> {
    file: String,
    /// 0 when the file as a whole is meant.
    line: usize,
    words: &'a str,
}

impl Journal {
    pub(super) async fn run(&self, global: &Global) -> Result<ExitCode> {
        match &self.command {
            Command::List { output } => {
                let chains = journal::all(paths().state())?;
                tell_unread(&chains);
                match output {
                    Format::Json => say_json(&in_order(&chains))?,
                    Format::Table => say(&table(&chains))?,
                }
                Ok(ExitCode::SUCCESS)
            }
            Command::Export => {
                keep_private();
                let chains = journal::all(paths().state())?;
                tell_unread(&chains);
                export(&chains)?;
                Ok(ExitCode::SUCCESS)
            }
            Command::Verify { output } => {
                let session = Session::prepare(global);
                session.tell_problems();
                Ok(verify(&session, *output).await?)
            }
        }
    }
}

async fn verify(session: &Session, output: Format) -> io::Result<ExitCode> {
    let is_local = session.settings.store == StoreSettings::Embedded;
    let (anchors, what) = match anchors(&session.store, is_local).await {
        Ok((anchors, what)) => (Some(anchors), Ok(what)),
        Err(error) => (None, Err(error.sentence)),
    };
    let mut verified = journal::verify(session.paths.state(), anchors.as_ref())?;
    for differing in std::mem::take(&mut verified.differing) {
        let search =
            AuditSearch { chain: Some(differing.chain.clone()), limit: MOST_COMPARED, ..AuditSearch::default() };
        let kept = session.store.audit(&search).await.unwrap_or_default();
        verified.flaws.push(differing.flaw(&kept));
    }
    let words = compared(&verified, &what, is_local);
    match output {
        Format::Json => say_json(&Document {
            chains: verified.chains,
            lines: verified.lines,
            flaws: verified.flaws.iter().map(line).collect(),
            unknown: verified.unknown.iter().map(line).collect(),
            compared_with: what.as_deref().ok(),
            is_local,
            words: &words,
        })?,
        Format::Table => {
            for flaw in verified.flaws.iter().chain(&verified.unknown) {
                note(&format!("{}:{}: {}", flaw.file.display(), flaw.line, flaw.words));
            }
            let (chains, lines, flaws) = (verified.chains, verified.lines, verified.flaws.len());
            say(&format!("{chains} chains, {lines} lines, {flaws} flaws\n{}", words.join("\n")))?;
        }
    }
    Ok(ExitCode::from(match (verified.flaws.is_empty(), &what) {
        (false, _) => 1,
        (true, Err(_)) => 3,
        (true, Ok(_)) => 0,
    }))
}

/// What the store has of journals, and what store it is.
async fn anchors(store: &Store, is_own: bool) -> std::result::Result<(Anchors, String), SourceError> {
    let what = store.standing().await?.what;
    let heads = store.audit_heads("journal/").await?.into_iter().collect();
    Ok((Anchors { heads, is_own }, what))
}

/// What was compared with what, and what could not be.
fn compared(verified: &Verified, store: &std::result::Result<String, String>, is_local: bool) -> Vec<String> {
    let mut words = Vec::new();
    match store {
        Ok(what) => {
            let local = if is_local {
                " That is a file of this machine: who can change the journal can change it too. A shared store cannot be changed from here."
            } else {
                ""
            };
            words.push(format!("Compared with the audit in {what}: {} chains agree with it.{local}", verified.compared));
            if verified.not_taken_over > 0 {
                let count = verified.not_taken_over;
                words.push(format!(
                    "NOT COMPARED: {count} chains, which the audit does not have: they were never taken over. A console, or quarterdeck audit list, takes them over."
                ));
            }
            if verified.lines_not_taken_over > 0 {
                let count = verified.lines_not_taken_over;
                words.push(format!("NOT COMPARED: {count} lines at the end of chains, which the audit does not have yet."));
            }
        }
        Err(why) => words.push(format!(
            "NOT COMPARED with the store's audit: {why} Whether a chain or the end of one is missing, or a line was hashed anew, is not known."
        )),
    }
    if verified.segments > 0 {
        words.push(format!(
            "Compared with the register of sealed chains: {} segments agree with it. That is a file of this machine, like the journal.",
            verified.segments
        ));
    }
    words
}

fn line(flaw: &Flaw) -> FlawLine<'_> {
    FlawLine { file: flaw.file.display().to_string(), line: flaw.line, words: &flaw.words }
}

/// Says what an answer does not hold.
fn tell_unread(chains: &[Chain]) {
    for chain in chains {
        let file = chain.file.display();
        if let Some(trouble) = &chain.trouble {
            note(&format!("{file} cannot be read: {trouble}. What it tells is not in the answer."));
        }
        if let Some(line) = chain.torn_at {
            note(&format!(
                "{file}: chain {} cannot be read from its line {line} on, which is not in the answer; run: quarterdeck journal verify.",
                chain.name
            ));
        }
    }
}

fn in_order(chains: &[Chain]) -> Vec<&Line> {
    let mut lines: Vec<&Line> = chains.iter().flat_map(|chain| &chain.lines).collect();
    lines.sort_by_key(|line| line.at);
    lines
}

/// Prints every line that can be read, byte for byte.
fn export(chains: &[Chain]) -> io::Result<()> {
    let mut lines: Vec<(Instant, &str)> = Vec::new();
    for chain in chains {
        let end = chain.torn_at.map_or(usize::MAX, |line| line - 1);
        let mut known = chain.lines.iter().peekable();
        let mut at = Instant::default();
        for (place, raw) in chain.text.lines().take(end).enumerate() {
            // A line of a kind that only newer versions know comes with the one before it.
            if let Some(line) = known.next_if(|line| line.seq == place as u64 + 1) {
                at = line.at;
            }
            lines.push((at, raw));
        }
    }
    lines.sort_by_key(|(at, _)| *at);
    lines.into_iter().try_for_each(|(_, raw)| say_written(raw))
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
        let aims: Vec<String> = entry.aims.iter().map(|aim| aim.subject.to_string()).collect();
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
