//! `quarterdeck audit`: everything that was done and said, by every console that shares the store.

use std::collections::BTreeMap;
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use color_eyre::eyre::Result;
use serde::Serialize;

use super::output::{columns, keep_private, note, say, say_json, say_json_line};
use super::session::Session;
use super::{Format, Global};
use crate::actions::journal;
use crate::domain::store::{AuditEntry, AuditFlaw, AuditKind, AuditSearch, ChainCheck};
use crate::domain::time::{self, Instant};
use crate::sources::error::SourceError;
use crate::sources::store::Store;
use crate::sources::store::port::ReadStore;

/// How many entries are read at once.
const PAGE: u32 = 5_000;

#[derive(Debug, Args)]
pub(super) struct Audit {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The newest entries, newest first.
    List(Wanted),
    /// The newest entries that contain a text, whatever the case.
    Search {
        /// The text; no sign in it has a meaning of its own.
        text: String,
        #[command(flatten)]
        wanted: Wanted,
    },
    /// Every entry in the order of the store, as JSON lines.
    Export,
    /// Whether any entry was changed, removed or added; exit code 1 when one was, 3 when the store does not answer.
    Verify {
        /// The form of the answer.
        #[arg(long, short, value_enum, default_value_t)]
        output: Format,
    },
}

/// Which entries, and how they are printed.
#[derive(Debug, Clone, Args)]
struct Wanted {
    /// Only of this kind.
    #[arg(long, value_enum)]
    kind: Option<KindAsked>,
    /// Only by this actor.
    #[arg(long, value_name = "NAME")]
    actor: Option<String>,
    /// Only of this environment.
    #[arg(long, value_name = "NAME")]
    of: Option<String>,
    /// Only of the last so many hours, by the store's clock.
    #[arg(long, value_name = "HOURS", value_parser = clap::value_parser!(u32).range(1..=87_600))]
    hours: Option<u32>,
    /// Only before this position: where the page before ended.
    #[arg(long, value_name = "POSITION")]
    before: Option<u64>,
    /// At most so many.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
    /// The form of the answer.
    #[arg(long, short, value_enum, default_value_t)]
    output: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum KindAsked {
    /// Somebody began or ended to work.
    User,
    /// Somebody wrote something into the store.
    Data,
    /// The configuration.
    Configuration,
    /// Plans and runs.
    Action,
    /// Refused, broken, tampered with.
    Security,
}

/// An entry as JSON: a contract.
#[derive(Serialize)]
struct EntryLine<'a> {
    position: u64,
    chain: &'a str,
    seq: u64,
    at: Instant,
    recorded_at: Instant,
    session_user: &'a str,
    kind: AuditKind,
    what: &'a str,
    actor: &'a str,
    environment: &'a str,
    about: &'a str,
    words: &'a str,
    /// The evidence: the line as it was hashed.
    line: &'a str,
}

/// The outcome of `verify --output json`: a contract.
#[derive(Serialize)]
struct Verified {
    chains: usize,
    entries: u64,
    flaws: Vec<AuditFlaw>,
}

impl Audit {
    pub(super) async fn run(&self, global: &Global) -> Result<ExitCode> {
        let session = Session::prepare(global);
        session.tell_problems();
        let store = &*session.store;
        if session.settings.store_read_only.is_none() {
            // What this machine's journal holds belongs to the answer.
            match journal::replay(session.paths.state(), store).await {
                Ok(replayed) => replayed.refused.iter().for_each(|words| note(words)),
                Err(sentence) => note(&sentence),
            }
        }
        let answered = match &self.command {
            Command::List(wanted) => list(store, wanted, None).await,
            Command::Search { text, wanted } => list(store, wanted, Some(text)).await,
            Command::Export => export(store).await,
            Command::Verify { output } => verify(store, *output).await,
        };
        match answered {
            Ok(code) => code,
            Err(error) => {
                note(&error.sentence);
                Ok(ExitCode::from(3))
            }
        }
    }
}

type Answered = Result<Result<ExitCode>, SourceError>;

async fn list(store: &Store, wanted: &Wanted, text: Option<&String>) -> Answered {
    let now = store.standing().await?.now;
    let kind = wanted.kind.map(|kind| match kind {
        KindAsked::User => AuditKind::User,
        KindAsked::Data => AuditKind::Data,
        KindAsked::Configuration => AuditKind::Configuration,
        KindAsked::Action => AuditKind::Action,
        KindAsked::Security => AuditKind::Security,
    });
    let search = AuditSearch {
        kind,
        environment: wanted.of.clone(),
        actor: wanted.actor.clone(),
        since: wanted.hours.map(|hours| now - time::hours(i64::from(hours))),
        text: text.cloned(),
        before: wanted.before,
        limit: wanted.limit,
        ..AuditSearch::default()
    };
    let found = store.audit(&search).await?;
    Ok(print(&found, wanted.output).map(|()| ExitCode::SUCCESS).map_err(Into::into))
}

fn print(found: &[AuditEntry], output: Format) -> std::io::Result<()> {
    match output {
        Format::Json => say_json(&found.iter().map(line).collect::<Vec<_>>()),
        Format::Table if found.is_empty() => say("Nothing here was done or said yet."),
        Format::Table => {
            let heads = ["POSITION", "TIME", "KIND", "WHAT", "ACTOR", "ENVIRONMENT", "ABOUT", "WORDS"];
            let mut rows = vec![heads.map(str::to_owned).to_vec()];
            rows.extend(found.iter().map(|entry| {
                let line = &entry.line;
                vec![
                    entry.position.to_string(),
                    line.at.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
                    line.kind.word().to_owned(),
                    line.what.clone(),
                    line.actor.clone(),
                    line.environment.clone(),
                    line.about.clone(),
                    line.words.clone(),
                ]
            }));
            say(&columns(&rows))
        }
    }
}

fn line(entry: &AuditEntry) -> EntryLine<'_> {
    let line = &entry.line;
    EntryLine {
        position: entry.position,
        chain: &entry.chain,
        seq: line.seq,
        at: line.at,
        recorded_at: entry.recorded_at,
        session_user: &entry.session_user,
        kind: line.kind,
        what: &line.what,
        actor: &line.actor,
        environment: &line.environment,
        about: &line.about,
        words: &line.words,
        line: &line.text,
    }
}

async fn export(store: &Store) -> Answered {
    keep_private();
    let mut position = 0;
    loop {
        let page = store.audit_after(position, PAGE).await?;
        for entry in &page {
            if let Err(error) = say_json_line(&line(entry)) {
                return Ok(Err(error.into()));
            }
        }
        match page.last() {
            Some(last) => position = last.position,
            None => return Ok(Ok(ExitCode::SUCCESS)),
        }
    }
}

async fn verify(store: &Store, output: Format) -> Answered {
    let mut checks: BTreeMap<String, ChainCheck> = BTreeMap::new();
    let mut verified = Verified { chains: 0, entries: 0, flaws: Vec::new() };
    let mut position = 0;
    let heads = loop {
        let page = store.audit_after(position, PAGE).await?;
        for entry in &page {
            if entry.position != position + 1 {
                let words = format!("what stood at position {} of the store is missing.", position + 1);
                verified.flaws.push(AuditFlaw { chain: entry.chain.clone(), seq: entry.line.seq, words });
            }
            position = entry.position;
            verified.entries += 1;
            verified.flaws.extend(checks.entry(entry.chain.clone()).or_default().next(entry));
        }
        if !page.is_empty() {
            continue;
        }
        // The heads fit what was read only when nothing was written in between.
        let heads: BTreeMap<_, _> = store.audit_heads("").await?.into_iter().collect();
        if store.standing().await?.position <= position {
            break heads;
        }
    };
    for chain in heads.keys() {
        checks.entry(chain.clone()).or_default();
    }
    verified.chains = checks.len();
    verified.flaws.extend(checks.iter().filter_map(|(chain, check)| check.end(chain, heads.get(chain))));
    let code = ExitCode::from(u8::from(!verified.flaws.is_empty()));
    let said = match output {
        Format::Json => say_json(&verified),
        Format::Table => {
            for flaw in &verified.flaws {
                note(&format!("{}:{}: {}", flaw.chain, flaw.seq, flaw.words));
            }
            say(&format!("{} chains, {} entries, {} flaws", verified.chains, verified.entries, verified.flaws.len()))
        }
    };
    Ok(said.map(|()| code).map_err(Into::into))
}
