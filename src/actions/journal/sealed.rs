//! Chains that are sealed: put together in segments that nobody writes to any more.
//!
//! `sealed/000001.jsonl` holds chains one after the other, byte for byte as they were written, and `sealed/000001.index` a line for
//! each of them. The register, `sealed/register.jsonl`, is itself a chain: a line for each segment, with the digest of its index.
//! A segment counts from the moment its line of the register is on disk; what a process left that died before is nothing.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Chain, chains, folder};
use crate::domain::action::Phase;
use crate::domain::store::{AuditKind, hex};
use crate::domain::time::{self, Instant};

/// For how long a record on a workload may name a run: a day after its start, and an hour for clocks that differ.
const NAMED: TimeDelta = TimeDelta::hours(25);

/// A line of the register: one segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Seal {
    /// From 1; also the number of the segment.
    pub(super) seq: u64,
    /// When it was sealed: nothing in it is younger.
    #[serde(deserialize_with = "time::clamped")]
    pub(super) at: Instant,
    /// The hash of the line before.
    pub(super) prev: String,
    /// What it is in the audit.
    pub(super) kind: AuditKind,
    /// The same in words.
    pub(super) what: String,
    /// Who.
    pub(super) actor: String,
    /// Whose journal: its id.
    pub(super) about: String,
    /// What is sealed, as a sentence.
    pub(super) words: String,
    /// How many chains.
    pub(super) chains: u64,
    /// How many lines they have together.
    pub(super) lines: u64,
    /// SHA-256 of the index.
    pub(super) index: String,
    /// SHA-256 over the line with this field empty.
    #[serde(default)]
    pub(super) hash: String,
}

/// A line of an index: one chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sealed {
    /// Its name.
    pub(super) chain: String,
    /// Where it begins in the segment.
    pub(super) from: u64,
    /// How long it is.
    pub(super) bytes: u64,
    /// How many of its lines can be read.
    pub(super) lines: u64,
    /// The hash of the last of them; empty where there is none.
    pub(super) hash: String,
    /// When its last line was written.
    #[serde(default, deserialize_with = "time::clamped_or_none")]
    pub(super) last: Option<Instant>,
    /// The runs it began.
    pub(super) begun: Vec<String>,
    /// How runs ended, where it tells.
    pub(super) ended: BTreeMap<String, Phase>,
}

/// The folder of what is sealed.
pub(super) fn folder(state: &Path) -> PathBuf {
    folder::of(state).join("sealed")
}

/// The file of the register.
pub(super) fn register_file(state: &Path) -> PathBuf {
    folder(state).join("register.jsonl")
}

/// The file of a segment.
pub(super) fn segment_file(state: &Path, segment: u64) -> PathBuf {
    folder(state).join(format!("{segment:06}.jsonl"))
}

/// The file of its index.
pub(super) fn index_file(state: &Path, segment: u64) -> PathBuf {
    folder(state).join(format!("{segment:06}.index"))
}

/// The name of the register among the chains of the audit; `None` while nothing is sealed.
pub(super) fn register_name(seals: &[Seal]) -> Option<String> {
    Some(format!("sealed-{}", seals.first()?.about))
}

/// The whole lines of the register as they are written. One that is being written, or was when a process died, is none.
pub(super) fn register_text(state: &Path) -> io::Result<String> {
    let bytes = match fs::read(register_file(state)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(String::new()),
        bytes => bytes?,
    };
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    Ok(String::from_utf8_lossy(bytes.get(..whole).unwrap_or_default()).into_owned())
}

/// The segments, as the register has them: as far as it can be read.
pub(super) fn seals(state: &Path) -> io::Result<Vec<Seal>> {
    Ok(register_text(state)?.lines().map_while(|line| serde_json::from_str(line).ok()).collect())
}

/// Files of segments beyond the last that the register tells of, and those that were put aside.
pub(super) fn beyond(state: &Path, last: u64) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder(state)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<_>>()?;
    files.retain(|file| {
        let name = file.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        let number = name.split('.').next().and_then(|number| number.parse::<u64>().ok());
        number.is_some_and(|number| number > last) || name.contains(".left-")
    });
    files.sort();
    Ok(files)
}

/// The text of a segment's index.
pub(super) fn index_text(state: &Path, segment: u64) -> io::Result<String> {
    fs::read_to_string(index_file(state, segment))
}

/// The chains that an index names: as far as it can be read.
pub(super) fn entries(index: &str) -> impl Iterator<Item = Sealed> {
    index.lines().map_while(|line| serde_json::from_str(line).ok())
}

/// The digest of an index.
pub(super) fn digest(index: &str) -> String {
    hex(Sha256::digest(index.as_bytes()).as_slice())
}

/// Reads a chain out of its segment.
pub(super) fn chain(state: &Path, segment: u64, sealed: &Sealed) -> Chain {
    let file = segment_file(state, segment);
    let read = || {
        let mut open = File::open(&file)?;
        open.seek(SeekFrom::Start(sealed.from))?;
        let mut bytes = Vec::new();
        open.take(sealed.bytes).read_to_end(&mut bytes)?;
        io::Result::Ok(bytes)
    };
    match read() {
        Ok(bytes) => Chain::written(sealed.chain.clone(), file, &bytes),
        Err(error) => Chain::unreadable(sealed.chain.clone(), file, &error),
    }
}

/// The chains that tell of what is not long ago: all that are not sealed, and of the others those with a line since then; and more
/// of them, the newest first, until there are so many lines. What is older is not read.
///
/// # Errors
/// When the folder or the register cannot be read.
pub fn recent(state: &Path, since: Instant, least: usize) -> io::Result<Vec<Chain>> {
    let mut found = chains(state)?;
    let open: HashSet<String> = found.iter().map(|chain| chain.name.clone()).collect();
    let mut lines: usize = found.iter().map(|chain| chain.lines.len()).sum();
    for seal in seals(state)?.iter().rev() {
        if seal.at < since && lines >= least {
            break;
        }
        let index = match index_text(state, seal.seq) {
            Ok(index) => index,
            Err(error) => {
                // What is sealed holds nothing unfinished; `verify` tells what is wrong with it.
                tracing::warn!(%error, segment = seal.seq, "a segment of the journal cannot be read");
                continue;
            }
        };
        let entries: Vec<Sealed> = entries(&index).collect();
        for sealed in entries.iter().rev().filter(|sealed| !open.contains(&sealed.chain)) {
            if lines < least || sealed.last.is_some_and(|last| last >= since) {
                let chain = chain(state, seal.seq, sealed);
                lines += chain.lines.len();
                found.push(chain);
            }
        }
    }
    Ok(found)
}

/// Every chain, sealed or not, oldest first.
///
/// # Errors
/// When the folder or the register cannot be read. A chain that cannot be read says so itself.
pub fn all(state: &Path) -> io::Result<Vec<Chain>> {
    // In this order: a chain that is sealed meanwhile is found once at least.
    let mut found = chains(state)?;
    let open: HashSet<String> = found.iter().map(|chain| chain.name.clone()).collect();
    for seal in seals(state)? {
        match index_text(state, seal.seq) {
            Ok(index) => {
                let sealed = entries(&index).filter(|sealed| !open.contains(&sealed.chain));
                found.extend(sealed.map(|sealed| chain(state, seal.seq, &sealed)));
            }
            Err(error) => {
                let file = index_file(state, seal.seq);
                found.push(Chain::unreadable(folder::name(&file), file, &error));
            }
        }
    }
    found.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(found)
}

/// How runs ended that came to an end, by their ids: all that lies open tells, and of what is sealed as much as a record on a workload
/// may still name.
///
/// # Errors
/// When the folder or the register cannot be read.
pub fn ended(state: &Path, now: Instant) -> io::Result<HashMap<String, Phase>> {
    let since = now - NAMED;
    let mut ended = super::runs::ended(&chains(state)?);
    for seal in seals(state)?.iter().rev().take_while(|seal| seal.at >= since) {
        let index = index_text(state, seal.seq).unwrap_or_default();
        let recent = entries(&index).filter(|sealed| sealed.last.is_some_and(|last| last >= since));
        ended.extend(recent.flat_map(|sealed| sealed.ended));
    }
    Ok(ended)
}

/// Whether a sealed chain has begun this run.
pub(super) fn has_begun(state: &Path, run: &str) -> io::Result<bool> {
    let wanted = serde_json::to_string(run)?;
    for seal in seals(state)? {
        let index = index_text(state, seal.seq)?;
        if index.contains(&wanted) && entries(&index).any(|sealed| sealed.begun.iter().any(|begun| begun == run)) {
            return Ok(true);
        }
    }
    Ok(false)
}
