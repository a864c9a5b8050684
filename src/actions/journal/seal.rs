//! Sealing: chains that are at rest go into segments, so that whoever starts reads what is open and no more.
//!
//! Safe at every step: data and index of a segment are on disk under their names before the register tells of them, and a chain's
//! own file goes last. Who dies in between leaves either files that count for nothing or a chain that is there twice, which readers
//! take once; the next who seals clears up. One process seals at a time.

use std::collections::{BTreeMap, HashSet};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::read::{judge, read};
use super::sealed::{self, Seal, Sealed};
use super::{Chain, What, folder, runs};
use crate::domain::store::{AuditKind, hex};
use crate::domain::time::Instant;
use sha2::{Digest, Sha256};

/// How many chains may lie open.
const OPEN: usize = 128;
/// The most chains of a segment: as much as is held in memory at once.
const SEGMENT: usize = 500;

/// A chain that lies open, as far as it matters here.
struct Open {
    file: PathBuf,
    entry: Sealed,
    /// Every run it tells of.
    runs: HashSet<String>,
    /// The runs it began that leave something to verify.
    left: Vec<String>,
    is_held: bool,
}

/// Seals what is at rest, once too many chains lie open; how many were sealed. Blocks.
///
/// # Errors
/// When it cannot be done; whatever is not sealed lies open as before, and nothing is lost.
pub fn seal(state: &Path, actor: &str, now: Instant) -> io::Result<usize> {
    seal_beyond(state, actor, now, OPEN)
}

pub(super) fn seal_beyond(state: &Path, actor: &str, now: Instant, open: usize) -> io::Result<usize> {
    if folder::files(state)?.len() <= open {
        return Ok(0);
    }
    folder::make(&sealed::folder(state))?;
    let lock = sealed::folder(state).join("lock");
    let lock = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(lock)?;
    if lock.try_lock().is_err() {
        return Ok(0);
    }
    let mut last = clear(state)?;
    let at_rest = at_rest(folder::files(state)?);
    for chains in at_rest.chunks(SEGMENT) {
        last = Some(write(state, last.as_ref(), chains, actor, now)?);
        take_away(state, chains.iter().map(|chain| chain.file.as_path()))?;
    }
    Ok(at_rest.len())
}

/// Clears away what a process left that died while it sealed; the last line of the register.
fn clear(state: &Path) -> io::Result<Option<Seal>> {
    let whole = sealed::register_text(state)?.len() as u64;
    if fs::metadata(sealed::register_file(state)).is_ok_and(|known| known.len() > whole) {
        OpenOptions::new().write(true).open(sealed::register_file(state))?.set_len(whole)?;
    }
    let last = sealed::seals(state)?.pop();
    if last.as_ref().map_or(0, |seal| seal.seq) != sealed::register_text(state)?.lines().count() as u64 {
        return Err(io::Error::other("the register of sealed chains was changed; run: quarterdeck journal verify"));
    }
    // Whatever the register does not tell of is no segment. It is put aside and never removed: a register that somebody cut leaves the
    // same, and then it is all there is.
    let next = last.as_ref().map_or(1, |seal| seal.seq + 1);
    for file in [sealed::segment_file(state, next), sealed::index_file(state, next)] {
        let mut aside = file.clone().into_os_string();
        aside.push(format!(".left-{:08x}", folder::random()));
        match fs::rename(&file, aside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    if let Some(seal) = &last {
        let index = sealed::index_text(state, seal.seq)?;
        let mut twice = Vec::new();
        for entry in sealed::entries(&index) {
            let file = folder::of(state).join(format!("{}.jsonl", entry.chain));
            // One that says something else stays, for whoever verifies.
            let same = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes) == sealed::chain(state, seal.seq, &entry).text;
            if fs::read(&file).is_ok_and(same) {
                twice.push(file);
            }
        }
        take_away(state, twice.iter().map(PathBuf::as_path))?;
    }
    Ok(last)
}

/// The chains that nobody writes to any more and that tell of nothing left to verify.
///
/// Chains that tell of one run are sealed together, or who reads what is open would miss its beginning or its end.
fn at_rest(files: Vec<PathBuf>) -> Vec<Open> {
    let mut all: Vec<Open> = files.into_iter().filter_map(read).filter_map(open).collect();
    let ended: HashSet<String> = all.iter().flat_map(|chain| chain.entry.ended.keys().cloned()).collect();
    for chain in &mut all {
        chain.is_held |= chain.left.iter().any(|run| !ended.contains(run));
    }
    let mut held: HashSet<String> = HashSet::new();
    loop {
        let before = held.len();
        for chain in &mut all {
            chain.is_held |= !chain.runs.is_disjoint(&held);
            if chain.is_held {
                held.extend(chain.runs.iter().cloned());
            }
        }
        if held.len() == before {
            break;
        }
    }
    all.retain(|chain| !chain.is_held);
    all
}

/// What a chain is about; `None` for an empty one whose process died before its first line, which is removed.
fn open(chain: Chain) -> Option<Open> {
    if chain.text.is_empty() && chain.trouble.is_none() && !chain.is_alive {
        remove_empty(&chain.file);
        return None;
    }
    let lines = || chain.lines.iter().map(|line| (&line.entry, line));
    let begun = || lines().filter(|(entry, _)| entry.what == What::Begun);
    let hashes = judge(&chain.text).hashes;
    let ended = runs::ended(std::slice::from_ref(&chain)).into_iter().collect::<BTreeMap<_, _>>();
    let entry = Sealed {
        chain: chain.name.clone(),
        from: 0,
        bytes: chain.text.len() as u64,
        lines: hashes.len() as u64,
        hash: hashes.last().cloned().unwrap_or_default(),
        last: chain.lines.iter().map(|line| line.at).max(),
        begun: begun().map(|(entry, _)| entry.run.clone()).collect(),
        ended,
    };
    Some(Open {
        runs: lines().map(|(entry, _)| entry.run.clone()).collect(),
        left: begun().filter(|(entry, _)| runs::leaves_something(entry)).map(|(entry, _)| entry.run.clone()).collect(),
        is_held: chain.is_alive || chain.trouble.is_some(),
        file: chain.file,
        entry,
    })
}

/// Removes an empty chain, if nobody is about to write its first line: who finds it gone makes another.
fn remove_empty(file: &Path) {
    let Ok(held) = File::open(file) else { return };
    if held.try_lock().is_ok() && held.metadata().is_ok_and(|known| known.len() == 0) {
        // Left where it is, it costs a look each time.
        let _ = fs::remove_file(file);
    }
}

/// Writes a segment and registers it.
fn write(state: &Path, last: Option<&Seal>, chains: &[Open], actor: &str, now: Instant) -> io::Result<Seal> {
    let segment = last.map_or(1, |seal| seal.seq + 1);
    let (mut data, mut index, mut lines) = (Vec::new(), String::new(), 0);
    for chain in chains {
        let bytes = fs::read(&chain.file)?;
        // Lines whose bytes are no text were counted as what they are read as: nothing of them may be lost.
        if bytes.len() as u64 != chain.entry.bytes && std::str::from_utf8(&bytes).is_ok() {
            return Err(io::Error::other(format!(
                "{} was written to after its process had ended",
                chain.file.display()
            )));
        }
        let entry = Sealed { from: data.len() as u64, bytes: bytes.len() as u64, ..chain.entry.clone() };
        lines += entry.lines;
        index.push_str(&serde_json::to_string(&entry)?);
        index.push('\n');
        data.extend_from_slice(&bytes);
    }
    let data_file = sealed::segment_file(state, segment);
    put(&data_file, &data)?;
    if let Err(error) = put(&sealed::index_file(state, segment), index.as_bytes()) {
        let _ = fs::remove_file(&data_file);
        return Err(error);
    }
    folder::sync(&sealed::folder(state))?;
    let id = match last {
        Some(seal) => seal.about.clone(),
        None => folder::made_id(state)?,
    };
    let mut seal = Seal {
        seq: segment,
        at: now,
        prev: last.map(|seal| seal.hash.clone()).unwrap_or_default(),
        kind: AuditKind::Configuration,
        what: "journal sealed".to_owned(),
        actor: actor.to_owned(),
        about: id,
        words: format!("segment {segment}: {} chains, {lines} lines.", chains.len()),
        chains: chains.len() as u64,
        lines,
        index: sealed::digest(&index),
        hash: String::new(),
    };
    seal.hash = hex(Sha256::digest(serde_json::to_string(&seal)?.as_bytes()).as_slice());
    register(state, &seal)?;
    Ok(seal)
}

/// Makes a file and waits until it is on disk. On a full disk none is left: a part of it takes the room that lines need.
fn put(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut open = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
    let written = open.write_all(bytes).and_then(|()| open.sync_all());
    written.or_else(|error| fs::remove_file(file).and(Err(error)))
}

/// Appends to the register: from here on the segment counts.
fn register(state: &Path, seal: &Seal) -> io::Result<()> {
    let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(sealed::register_file(state))?;
    let end = file.metadata()?.len();
    let line = serde_json::to_string(seal)? + "\n";
    if let Err(error) = file.write_all(line.as_bytes()).and_then(|()| file.sync_all()) {
        // A torn line is cleared away by whoever seals next.
        let _ = file.set_len(end);
        return Err(error);
    }
    folder::sync(&sealed::folder(state))
}

/// Removes the files of chains that are sealed.
fn take_away<'a>(state: &Path, files: impl Iterator<Item = &'a Path>) -> io::Result<()> {
    for file in files {
        match fs::remove_file(file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    folder::sync(&folder::of(state))
}

#[cfg(test)]
mod tests {
    use super::super::{Entry, Journal};
    use super::*;

    /// Nobody writes to a chain whose process has ended; where somebody did, it is no longer the one that was looked at.
    #[test]
    fn a_chain_that_grows_while_it_is_sealed_is_left_open() -> io::Result<()> {
        let state = tempfile::tempdir()?;
        let given_up = Entry { what: What::GivenUp, ..Entry::bare("r", "restart", "test", "mori") };
        Journal::new(state.path()).append(given_up, Instant::default())?;
        folder::make(&sealed::folder(state.path()))?;
        let chains = at_rest(folder::files(state.path())?);
        OpenOptions::new().append(true).open(&chains[0].file)?.write_all(b"more\n")?;
        let error = write(state.path(), None, &chains, "mori", Instant::default()).err();
        assert!(error.is_some_and(|error| error.to_string().contains("was written to after its process had ended")));
        assert_eq!(sealed::register_text(state.path())?, "");
        Ok(())
    }
}
