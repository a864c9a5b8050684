//! Reading every chain of this machine: what happened, whether it was tampered with, and what never ended.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::{Entry, Journal, Line, SILENCES, VISITS, What};
use crate::domain::action::{Outcome, Phase};

/// One chain as it was read.
#[derive(Debug)]
pub struct Chain {
    /// Its file.
    pub file: PathBuf,
    /// Whether its process still lives.
    pub is_alive: bool,
    /// Its lines as far as they can be read.
    pub lines: Vec<Line>,
    /// The first line that cannot be read, from 1.
    pub torn_at: Option<usize>,
    /// Why the file as a whole cannot be read; the other chains still count.
    pub trouble: Option<String>,
}

/// What is wrong with a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1; 0 for the file as a whole.
    pub line: usize,
    /// What is wrong, as a sentence.
    pub words: String,
}

/// A run that began and has no end in any chain, and whose process is gone.
#[derive(Debug, Clone, PartialEq)]
pub struct Unfinished {
    /// The line that began it: action, cluster, actor, targets.
    pub begun: Entry,
    /// When it began.
    pub at: crate::domain::time::Instant,
    /// The targets whose request may have been sent and that were not settled, by their place.
    pub open: Vec<usize>,
    /// Those of them whose change the server said it accepted.
    pub accepted: BTreeSet<usize>,
    /// The targets that were settled, by their place: how, and in which words.
    pub settled: BTreeMap<usize, (Outcome, String)>,
}

/// Every chain of a state folder, oldest first; none when there is no journal yet.
///
/// # Errors
/// When the folder cannot be read. A file that cannot be read is a chain without lines that says why: it hides no other.
pub fn chains(state: &Path) -> io::Result<Vec<Chain>> {
    let folder = state.join("journal");
    let entries = match fs::read_dir(&folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<_>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "jsonl"));
    // The name begins with the time.
    files.sort();
    Ok(files.into_iter().map(read).collect())
}

impl Journal {
    /// How often a run of this id was begun on this machine, by whichever process. A chain that cannot be read hides no other.
    pub fn begun(&self, run: &str) -> usize {
        let chains = self.folder().parent().map(chains).and_then(Result::ok).unwrap_or_default();
        let lines = chains.iter().flat_map(|chain| &chain.lines);
        lines.filter(|line| line.entry.what == What::Begun && line.entry.run == run).count()
    }
}

fn read(file: PathBuf) -> Chain {
    let opened = File::open(&file).and_then(|open| Ok((open.try_lock_shared().is_err(), fs::read(&file)?)));
    let mut chain = Chain { file, is_alive: false, lines: Vec::new(), torn_at: None, trouble: None };
    let bytes = match opened {
        Ok((is_alive, bytes)) => {
            chain.is_alive = is_alive;
            bytes
        }
        Err(error) => {
            chain.trouble = Some(error.to_string());
            return chain;
        }
    };
    let text = String::from_utf8_lossy(&bytes);
    for (place, raw) in text.lines().enumerate() {
        match serde_json::from_str(raw) {
            Ok(line) => chain.lines.push(line),
            Err(_) => {
                chain.torn_at = Some(place + 1);
                break;
            }
        }
    }
    chain
}

/// Everything wrong with the chains: torn, changed, missing, reordered lines.
pub fn flaws(chains: &[Chain]) -> Vec<Flaw> {
    let mut found = Vec::new();
    for chain in chains {
        let mut flaw =
            |line: usize, words: &str| found.push(Flaw { file: chain.file.clone(), line, words: words.to_owned() });
        let mut prev = String::new();
        for (place, line) in chain.lines.iter().enumerate() {
            let number = place + 1;
            if line.hash != line.computed_hash() {
                flaw(number, "the line was changed after it was written.");
            } else if line.prev != prev || line.seq != number as u64 {
                flaw(number, "a line before it is missing, was added or was moved.");
            }
            prev.clone_from(&line.hash);
        }
        if let Some(trouble) = &chain.trouble {
            flaw(0, &format!("the file cannot be read ({trouble}): runs it tells of are not known here."));
        }
        if let Some(line) = chain.torn_at {
            flaw(line, "the line cannot be read; a process that died while writing leaves one such line at the end.");
        }
    }
    found
}

/// Runs to verify: begun, never ended, and nobody is at them any more.
pub fn unfinished(chains: &[Chain]) -> Vec<Unfinished> {
    // A visit to a pod has no target to verify: that its end is missing is all there is to know.
    let is_run = |action: &str| !VISITS.contains(&action) && !SILENCES.contains(&action);
    left_open(chains).into_iter().filter(|run| is_run(&run.begun.action)).collect()
}

/// Silences that somebody began to make, change or end, of which no end is told, and nobody is at them any more.
pub fn unfinished_silences(chains: &[Chain]) -> Vec<Entry> {
    let open = left_open(chains).into_iter().map(|run| run.begun);
    open.filter(|begun| SILENCES.contains(&begun.action.as_str())).collect()
}

fn left_open(chains: &[Chain]) -> Vec<Unfinished> {
    let mut runs: HashMap<&str, (Unfinished, bool)> = HashMap::new();
    let mut order: Vec<&str> = Vec::new();
    let lines = || chains.iter().flat_map(|chain| chain.lines.iter().map(move |line| (chain, line)));
    for (chain, line) in lines().filter(|(_, line)| line.entry.what == What::Begun) {
        order.push(&line.entry.run);
        let run = Unfinished {
            begun: line.entry.clone(),
            at: line.at,
            open: Vec::new(),
            accepted: BTreeSet::new(),
            settled: BTreeMap::new(),
        };
        runs.insert(&line.entry.run, (run, chain.is_alive));
    }
    // A second time round: whichever chain is read first, an end counts.
    for chain in chains {
        for line in &chain.lines {
            let entry = &line.entry;
            let Some((run, is_over)) = runs.get_mut(entry.run.as_str()) else { continue };
            match (entry.what, entry.target) {
                (What::Intent, Some(target)) => run.open.push(target),
                (What::Accepted, Some(target)) => {
                    run.accepted.insert(target);
                    // What the server stored may differ from what was rehearsed.
                    if let (Some(stored), Some(aim)) = (entry.aims.first(), run.begun.aims.get_mut(target)) {
                        aim.clone_from(stored);
                    }
                }
                (What::Settled, Some(target)) => {
                    run.open.retain(|open| *open != target);
                    let outcome = entry.outcome.unwrap_or(Outcome::Unknown);
                    run.settled.insert(target, (outcome, entry.words.clone()));
                }
                (What::Ended, _) => *is_over = true,
                // Somebody else is verifying it right now.
                (What::Resumed, _) if chain.is_alive => *is_over = true,
                _ => {}
            }
        }
    }
    order.into_iter().filter_map(|run| runs.remove(run)).filter(|(_, is_over)| !is_over).map(|(run, _)| run).collect()
}

/// How runs ended that came to an end, by their ids.
pub fn ended(chains: &[Chain]) -> HashMap<String, Phase> {
    let lines = chains.iter().flat_map(|chain| &chain.lines);
    let ends = lines.filter(|line| line.entry.what == What::Ended);
    ends.filter_map(|line| Some((line.entry.run.clone(), line.entry.phase?))).collect()
}
