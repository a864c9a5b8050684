//! Appending: a line is on disk before the call returns.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::{Entry, Line, folder, runs};
use crate::domain::time::Instant;

/// Kept aside for the day the disk is full.
const RESERVE: usize = 4 * 1024 * 1024;

/// The chain of this process. The file is made with its first line and locked while the process lives.
#[derive(Debug)]
pub struct Journal {
    state: PathBuf,
    folder: PathBuf,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    file: File,
    seq: u64,
    prev: String,
    /// Where the file ends after the last whole line.
    end: u64,
}

/// How a line got to disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// As always.
    Well,
    /// The disk or the quota is full: the reserve was used, and there is no other.
    FromReserve,
}

impl Journal {
    /// The journal of a state folder. Nothing is written yet.
    pub fn new(state: &Path) -> Self {
        Self { state: state.to_path_buf(), folder: folder::of(state), open: None }
    }

    /// Sets room aside for the day the disk is full: as soon as a process may act, not when it does. Blocks.
    ///
    /// # Errors
    /// When there is no room, or the folder cannot be made; the journal works without.
    pub fn set_aside(&self) -> io::Result<()> {
        folder::make(&self.folder)?;
        set_aside(&self.folder)
    }

    /// Where the chains are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether a run of this id was ever begun on this machine, by whichever process, however long ago. Blocks; reads no more than it
    /// must.
    ///
    /// # Errors
    /// When a part of the journal cannot be read: then it is not known.
    pub fn has_begun(&self, run: &str) -> io::Result<bool> {
        runs::has_begun(&self.state, run)
    }

    /// Appends a line and waits until it is on disk.
    ///
    /// # Errors
    /// When it cannot be written even with the reserve; then nothing may be done that it was to tell of.
    pub fn append(&mut self, entry: Entry, at: Instant) -> io::Result<Written> {
        let first = self.try_append(entry.clone(), at);
        match first {
            Err(error) if matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) => {
                // Freeing the reserve makes room for some ten thousand lines.
                fs::remove_file(self.folder.join("reserve")).map_err(|_| error)?;
                self.try_append(entry, at).map(|()| Written::FromReserve)
            }
            written => written.map(|()| Written::Well),
        }
    }

    fn try_append(&mut self, entry: Entry, at: Instant) -> io::Result<()> {
        if self.open.is_none() {
            self.open = Some(open(&self.state, &self.folder, at)?);
        }
        let Some(open) = self.open.as_mut() else { return Err(io::Error::other("the journal is not open")) };
        let mut line = Line { seq: open.seq + 1, at, prev: open.prev.clone(), entry, hash: String::new() };
        line.hash = line.computed_hash();
        let mut text = serde_json::to_string(&line)?;
        text.push('\n');
        let written = open.file.write_all(text.as_bytes()).and_then(|()| open.file.sync_data());
        if let Err(error) = written {
            // A torn line must not stand between two whole ones.
            let _ = open.file.set_len(open.end);
            return Err(error);
        }
        open.seq = line.seq;
        open.prev = line.hash;
        open.end += text.len() as u64;
        Ok(())
    }
}

fn open(state: &Path, folder: &Path, at: Instant) -> io::Result<Open> {
    folder::make(folder)?;
    // Without an id the chain is still a chain; a shared store then cannot tell whose it was.
    let id = folder::made_id(state).map(|id| format!("-{id}")).unwrap_or_default();
    let file = loop {
        let (time, process) = (at.format("%Y%m%dT%H%M%SZ"), std::process::id());
        let name = format!("{time}-{process}-{:08x}{id}.jsonl", folder::random());
        let file = OpenOptions::new().append(true).create_new(true).mode(0o600).open(folder.join(name))?;
        // Waits: whoever reads every chain holds each for a moment.
        file.lock().map_err(|error| io::Error::other(format!("the journal cannot be locked: {error}")))?;
        // Whoever seals may have taken it away, empty as it was and not locked yet.
        if file.metadata()?.nlink() > 0 {
            break file;
        }
    };
    folder::sync(folder)?;
    // Without a reserve the journal still works; a full disk is then refused at once.
    let _ = set_aside(folder);
    Ok(Open { file, seq: 0, prev: String::new(), end: 0 })
}

/// Makes the reserve where there is none, or only a part of one.
fn set_aside(folder: &Path) -> io::Result<()> {
    let reserve = folder.join("reserve");
    let is_whole = fs::metadata(&reserve).is_ok_and(|known| known.len() == RESERVE as u64);
    if is_whole {
        return Ok(());
    }
    let made =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&reserve).and_then(|mut file| {
            file.write_all(&vec![0_u8; RESERVE])?;
            // Synced, or a file system that allocates late would have set nothing aside.
            file.sync_all()
        });
    // A part of a reserve is no reserve, and takes the room the lines need.
    made.or_else(|error| fs::remove_file(&reserve).and(Err(error)))
}

/// Writes a line that must be on disk before anything else happens.
///
/// # Errors
/// When it is not; as a sentence. Then nothing may be done that it was to tell of.
pub fn write(journal: &Mutex<Journal>, entry: Entry, now: Instant) -> Result<(), String> {
    let mut journal = journal.lock().unwrap_or_else(PoisonError::into_inner);
    journal.append(entry, now).map(drop).map_err(|error| unwritten(&error))
}

/// Writes a line about what has happened already: failing to changes nothing.
pub fn record(journal: &Mutex<Journal>, entry: Entry, now: Instant) {
    if let Err(error) = write(journal, entry, now) {
        tracing::error!(error, "a journal line is lost");
    }
}

/// What is said of a journal that cannot be written.
pub fn unwritten(error: &io::Error) -> String {
    format!(
        "the journal cannot be written ({error}), and nothing is done that it does not hold. Free some space or check $XDG_STATE_HOME/quarterdeck."
    )
}
