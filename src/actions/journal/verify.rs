//! Whether the journal is what was written: by its own hashes, by the register of what is sealed, and by the store's audit, which
//! nobody changes from here.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::read::{foreign, judge};
use super::{Chain, Flaw, chains, folder, sealed};
use crate::domain::store::{AuditEntry, Head};

/// What the store has of journals.
#[derive(Debug, Clone)]
pub struct Anchors {
    /// Where each chain ended when it was taken over last, by its name in the audit.
    pub heads: BTreeMap<String, Head>,
    /// Whether nobody else's journal is taken over into this store.
    pub is_own: bool,
}

/// A chain that says something else than the audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Differing {
    /// Its name in the audit.
    pub chain: String,
    /// Its file.
    pub file: PathBuf,
    /// How many lines stand before it in its file.
    pub before: usize,
    /// The hashes of its lines.
    pub hashes: Vec<String>,
}

impl Differing {
    /// The flaw, given what the audit has of the chain.
    pub fn flaw(&self, kept: &[AuditEntry]) -> Flaw {
        let is_other = |entry: &&AuditEntry| {
            let place = usize::try_from(entry.line.seq).unwrap_or(0).checked_sub(1);
            place.and_then(|place| self.hashes.get(place)).is_none_or(|hash| *hash != entry.line.hash)
        };
        let first = kept.iter().filter(is_other).map(|entry| entry.line.seq).min();
        let line = first.map_or(0, |seq| self.before + usize::try_from(seq).unwrap_or(0));
        let words =
            "the line is another than the audit has of it: it was changed after it was taken over, and hashed anew.";
        Flaw { file: self.file.clone(), line, words: words.to_owned() }
    }
}

/// What came of verifying the journal of a machine.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verified {
    /// How many chains there are, sealed ones among them.
    pub chains: usize,
    /// How many lines they have.
    pub lines: usize,
    /// What is wrong.
    pub flaws: Vec<Flaw>,
    /// Chains that say something else than the audit: which line is the first is for the audit to tell.
    pub differing: Vec<Differing>,
    /// What this version does not know, which is no flaw. Raw: to be cleaned.
    pub unknown: Vec<Flaw>,
    /// Chains that agree with the audit as far as it has them.
    pub compared: usize,
    /// Chains that the audit does not have.
    pub not_taken_over: usize,
    /// Lines that the audit does not have yet, of chains it has.
    pub lines_not_taken_over: usize,
    /// Segments that agree with the register.
    pub segments: usize,
}

/// Verifies every chain of a state folder; against the store where it is given. The heads of the store are to be read before: lines
/// that are written meanwhile are no flaw.
///
/// # Errors
/// When the folder cannot be read.
pub fn verify(state: &Path, anchors: Option<&Anchors>) -> io::Result<Verified> {
    let mut check = Check { anchors, verified: Verified::default(), seen: BTreeMap::new(), ids: BTreeSet::new() };
    check.ids.extend(folder::id(state));
    for chain in chains(state)? {
        check.chain(&chain, 0);
        check.seen.insert(chain.name, Some(chain.text));
    }
    check.register(state)?;
    check.missing(state);
    Ok(check.verified)
}

struct Check<'a> {
    anchors: Option<&'a Anchors>,
    verified: Verified,
    /// The chains met, and the text of those that are not sealed.
    seen: BTreeMap<String, Option<String>>,
    /// The ids of this journal.
    ids: BTreeSet<String>,
}

impl Check<'_> {
    fn flaw(&mut self, file: &Path, line: usize, words: impl Into<String>) {
        self.verified.flaws.push(Flaw { file: file.to_path_buf(), line, words: words.into() });
    }

    /// A chain, which begins after so many lines of its file; the hashes of its lines.
    fn chain(&mut self, chain: &Chain, before: usize) -> Vec<String> {
        self.verified.chains += 1;
        self.ids.extend(folder::id_in(&chain.name).map(str::to_owned));
        for (place, raw) in chain.text.lines().enumerate() {
            if let Some(words) = foreign(raw) {
                self.verified.unknown.push(Flaw { file: chain.file.clone(), line: before + place + 1, words });
            }
        }
        if let Some(trouble) = &chain.trouble {
            self.flaw(&chain.file, 0, format!("it cannot be read ({trouble}): what it tells of is not known here."));
            return Vec::new();
        }
        self.lines(&chain.name, &chain.file, &chain.text, before)
    }

    /// The lines of a chain or of the register.
    fn lines(&mut self, name: &str, file: &Path, text: &str, before: usize) -> Vec<String> {
        let judged = judge(text);
        self.verified.lines += judged.hashes.len();
        for (line, words) in judged.flaws {
            self.flaw(file, before + line, words);
        }
        self.compare(name, file, before, &judged.hashes);
        judged.hashes
    }

    fn compare(&mut self, name: &str, file: &Path, before: usize, hashes: &[String]) {
        let Some(anchors) = self.anchors else { return };
        let chain = format!("journal/{name}");
        let Some(head) = anchors.heads.get(&chain) else {
            self.verified.not_taken_over += 1;
            return;
        };
        let end = usize::try_from(head.seq).unwrap_or(usize::MAX);
        match end.checked_sub(1).and_then(|place| hashes.get(place)) {
            None => {
                let words = format!(
                    "its end is missing: here are {} lines, the audit has {}. What was cut off stands there: quarterdeck audit export.",
                    hashes.len(),
                    head.seq
                );
                self.flaw(file, before + hashes.len() + 1, words);
            }
            Some(hash) if *hash != head.hash => self.verified.differing.push(Differing {
                chain,
                file: file.to_path_buf(),
                before,
                hashes: hashes.to_vec(),
            }),
            Some(_) => {
                self.verified.compared += 1;
                self.verified.lines_not_taken_over += hashes.len() - end;
            }
        }
    }

    /// The register, and every segment it tells of.
    fn register(&mut self, state: &Path) -> io::Result<()> {
        let (file, text) = (sealed::register_file(state), sealed::register_text(state)?);
        let seals = sealed::seals(state)?;
        if let Some(name) = sealed::register_name(&seals) {
            self.ids.extend(seals.first().map(|seal| seal.about.clone()));
            self.lines(&name, &file, &text, 0);
            // The register is how the chains are counted, and none of them.
            self.verified.lines -= judge(&text).hashes.len();
            self.seen.insert(name, None);
        }
        if seals.len() != text.lines().count() {
            self.flaw(&file, seals.len() + 1, "the line cannot be read: what it sealed is not known here.");
        }
        for file in sealed::beyond(state, seals.len() as u64)? {
            let words =
                "it is no part of the journal: a process that died while it sealed leaves it, or the register was cut.";
            self.verified.unknown.push(Flaw { file, line: 0, words: words.to_owned() });
        }
        for seal in &seals {
            let flaws = self.verified.flaws.len();
            self.segment(state, seal);
            self.verified.segments += usize::from(self.verified.flaws.len() == flaws);
        }
        Ok(())
    }

    fn segment(&mut self, state: &Path, seal: &sealed::Seal) {
        let (file, index_file) = (sealed::segment_file(state, seal.seq), sealed::index_file(state, seal.seq));
        let index = match sealed::index_text(state, seal.seq) {
            Ok(index) => index,
            Err(error) => {
                self.flaw(&index_file, 0, format!("{} sealed chains are missing: {error}.", seal.chains));
                return;
            }
        };
        if sealed::digest(&index) != seal.index {
            self.flaw(&index_file, 0, "it is not what was sealed: it was changed.");
        }
        let (mut before, mut bytes) = (0, 0);
        for entry in sealed::entries(&index) {
            let chain = sealed::chain(state, seal.seq, &entry);
            bytes += entry.bytes;
            match self.seen.insert(entry.chain.clone(), None) {
                // Who died while it sealed leaves a chain twice.
                Some(Some(open)) if open == chain.text => {
                    self.verified.chains -= 1;
                    self.verified.lines -= judge(&open).hashes.len();
                }
                Some(_) => {
                    let other = folder::of(state).join(format!("{}.jsonl", entry.chain));
                    self.flaw(&other, 0, "it was sealed, and is another now.");
                }
                None => {}
            }
            let hashes = self.chain(&chain, before);
            let is_sealed = |entry: &sealed::Sealed| {
                (hashes.len() as u64, hashes.last().map_or("", String::as_str)) == (entry.lines, entry.hash.as_str())
            };
            if !is_sealed(&entry) {
                let words = format!("chain {} is not what was sealed: it had {} lines.", entry.chain, entry.lines);
                self.flaw(&file, before + 1, words);
            }
            before += chain.text.lines().count();
        }
        if fs::metadata(&file).map_or(0, |known| known.len()) != bytes {
            self.flaw(&file, 0, "it is longer or shorter than what was sealed.");
        }
    }

    /// Chains of this journal that the store has and this machine has not.
    fn missing(&mut self, state: &Path) {
        let Some(anchors) = self.anchors else { return };
        for (chain, head) in &anchors.heads {
            let Some(name) = chain.strip_prefix("journal/") else { continue };
            let is_ours = anchors.is_own || folder::id_in(name).is_some_and(|id| self.ids.contains(id));
            if is_ours && !self.seen.contains_key(name) {
                let file = folder::of(state).join(format!("{name}.jsonl"));
                let words = format!(
                    "the chain is missing: the audit has {} lines of it. It was deleted here, or this state folder was copied from another machine.",
                    head.seq
                );
                self.verified.flaws.push(Flaw { file, line: 0, words });
            }
        }
    }
}
