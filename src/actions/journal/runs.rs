//! What the chains tell of runs: which never ended, and how the others did.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::io;
use std::path::Path;

use super::{Aim, Chain, Entry, SILENCES, What, folder, sealed};
use crate::domain::action::{Outcome, Phase};

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
    /// Of targets whose steps are taken one after the other: the last line about one of their steps, by the place of the target.
    pub steps: BTreeMap<usize, String>,
}

/// Whether a run that does not end leaves something to look after: a target to verify, or a session to say the end of. Sessions of before
/// named no target, and a write of the store is one transaction: that their end is missing is all there is to know.
pub(super) fn leaves_something(begun: &Entry) -> bool {
    !begun.aims.is_empty() || is_silence(begun)
}

/// Consoles of before wrote no target of a silence: what became of it is found by its comment.
fn is_silence(begun: &Entry) -> bool {
    SILENCES.contains(&begun.action.as_str())
}

/// Runs to verify: begun, never ended, and nobody is at them any more.
pub fn unfinished(chains: &[Chain]) -> Vec<Unfinished> {
    let open = left_open(chains).into_iter().map(|mut run| {
        if run.begun.aims.is_empty() && is_silence(&run.begun) {
            run.begun.aims.push(Aim::of_a_silence(&run.begun.environment));
            run.open.push(0);
        }
        run
    });
    open.filter(|run| !run.begun.aims.is_empty()).collect()
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
            steps: BTreeMap::new(),
        };
        runs.insert(&line.entry.run, (run, chain.is_alive));
    }
    // A second time round: whichever chain is read first, an end counts.
    for chain in chains {
        for line in &chain.lines {
            let entry = &line.entry;
            let Some((run, is_over)) = runs.get_mut(entry.run.as_str()) else { continue };
            if let (Some(target), Some(step)) = (entry.target, entry.step) {
                if !run.open.contains(&target) {
                    run.open.push(target);
                }
                run.steps.insert(target, said_of_step(entry, step));
                continue;
            }
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

/// What a line about a step of a target says, for whoever goes on.
fn said_of_step(entry: &Entry, step: usize) -> String {
    let back = if entry.is_undo { ", being taken back" } else { "" };
    format!("step {}{back}, {}: {}", step + 1, entry.what.word(), entry.words)
}

/// How runs ended that came to an end, by their ids.
pub(super) fn ended(chains: &[Chain]) -> HashMap<String, Phase> {
    let lines = chains.iter().flat_map(|chain| &chain.lines);
    let ends = lines.filter(|line| line.entry.what == What::Ended);
    ends.filter_map(|line| Some((line.entry.run.clone(), line.entry.phase?))).collect()
}

/// Whether any chain of a state folder has begun this run.
pub(super) fn has_begun(state: &Path, run: &str) -> io::Result<bool> {
    let wanted = serde_json::to_string(run)?;
    for file in folder::files(state)? {
        let bytes = match fs::read(&file) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        let text = String::from_utf8_lossy(&bytes);
        let mut lines = text.lines().filter(|line| line.contains(&wanted));
        let begins = |line: &str| {
            serde_json::from_str::<Entry>(line).is_ok_and(|entry| entry.what == What::Begun && entry.run == run)
        };
        if lines.any(begins) {
            return Ok(true);
        }
    }
    // Read after: what was sealed meanwhile is there.
    sealed::has_begun(state, run)
}
