//! Taking this machine's journal over into the store's audit, each line once, however often it is tried.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io;
use std::path::Path;

use super::{folder, sealed};
use crate::domain::store::{AuditLine, Head};
use crate::sources::store::port::{ReadStore, WriteError, WriteStore};

/// How many lines are given at once.
const AT_ONCE: usize = 500;
/// Beyond how many chains the heads of all are asked for at once.
const FEW: usize = 16;

/// What came of taking the journal over.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Replayed {
    /// Lines that are in the audit now and were not before.
    pub lines: u64,
    /// Chains that were not taken over to their end, as sentences: changed lines, missing ones.
    pub refused: Vec<String>,
}

/// Takes over what the audit does not have yet, once.
///
/// # Errors
/// When the journal cannot be read or the store does not take it at all; what was taken over before stays, and the rest is
/// taken over the next time.
pub async fn replay<S: ReadStore + WriteStore + ?Sized>(state: &Path, store: &S) -> Result<Replayed, String> {
    TakeOver::default().replay(state, store).await
}

/// Takes a journal over again and again, and remembers how far: where nothing was written since, nothing is read and nobody asked.
#[derive(Debug, Default)]
pub struct TakeOver {
    /// How long each file was that was taken over: a chain that lies open, or the register.
    known: HashMap<String, u64>,
}

impl TakeOver {
    /// Takes over what the audit does not have yet.
    ///
    /// # Errors
    /// As for [`replay`].
    pub async fn replay<S: ReadStore + WriteStore + ?Sized>(
        &mut self,
        state: &Path,
        store: &S,
    ) -> Result<Replayed, String> {
        let unread = |error: io::Error| format!("the journal cannot be read: {error}.");
        let mut replayed = Replayed::default();
        let files = folder::files(state).map_err(unread)?;
        let mut known = HashMap::new();
        let mut grown = Vec::new();
        for file in files {
            let name = folder::name(&file);
            // One that is gone was sealed meanwhile, and is taken over with its segment.
            let Ok(length) = fs::metadata(&file).map(|known| known.len()) else { continue };
            if self.known.get(&name) == Some(&length) {
                known.insert(name, length);
            } else {
                grown.push((name, length, file));
            }
        }
        let heads = heads(store, grown.iter().map(|(name, ..)| name.as_str())).await?;
        for (name, length, file) in grown {
            let bytes = match fs::read(&file) {
                Ok(bytes) => bytes,
                Err(error) => {
                    tracing::warn!(%error, file = %file.display(), "a chain cannot be taken over");
                    continue;
                }
            };
            let chain = format!("journal/{name}");
            give(store, &chain, &lines(&bytes), heads.get(&chain), &mut replayed).await?;
            known.insert(name, length);
        }
        self.known.retain(|name, _| name == REGISTER);
        self.known.extend(known);
        let length = fs::metadata(sealed::register_file(state)).map_or(0, |known| known.len());
        if self.known.get(REGISTER) != Some(&length) {
            take_over_segments(state, store, &mut replayed).await?;
            self.known.insert(REGISTER.to_owned(), length);
        }
        Ok(replayed)
    }
}

/// What the register is remembered as: no chain has that name.
const REGISTER: &str = "";

/// Takes over the segments that this store's copy of the register does not name: first their chains, then the register's line.
async fn take_over_segments<S: ReadStore + WriteStore + ?Sized>(
    state: &Path,
    store: &S,
    replayed: &mut Replayed,
) -> Result<(), String> {
    let unread = |error: io::Error| format!("what is sealed of the journal cannot be read: {error}.");
    let seals = sealed::seals(state).map_err(unread)?;
    let Some(name) = sealed::register_name(&seals) else { return Ok(()) };
    let register = format!("journal/{name}");
    let mut head = heads(store, [name.as_str()].into_iter()).await?.remove(&register);
    let lines = lines(sealed::register_text(state).map_err(unread)?.as_bytes());
    let end = head.as_ref().map_or(0, |head| head.seq);
    if seals.iter().any(|seal| seal.seq > end) {
        let heads: BTreeMap<String, Head> =
            store.audit_heads("journal/").await.map_err(|error| error.sentence)?.into_iter().collect();
        for seal in seals.iter().filter(|seal| seal.seq > end) {
            let index = sealed::index_text(state, seal.seq).map_err(unread)?;
            for entry in sealed::entries(&index) {
                let chain = format!("journal/{}", entry.chain);
                let known = heads.get(&chain);
                if known.is_some_and(|head| (head.seq, &head.hash) == (entry.lines, &entry.hash)) {
                    continue;
                }
                let text = sealed::chain(state, seal.seq, &entry).text;
                give(store, &chain, &self::lines(text.as_bytes()), known, replayed).await?;
            }
            // Its chains are there: from now on this store need not be asked for them again.
            let until: Vec<AuditLine> = lines.iter().filter(|line| line.seq <= seal.seq).cloned().collect();
            give(store, &register, &until, head.as_ref(), replayed).await?;
            head = until.last().map(|line| Head { seq: line.seq, hash: line.hash.clone() });
        }
    }
    Ok(())
}

/// The heads of these chains, by their names in the audit.
async fn heads<'a, S: ReadStore + ?Sized>(
    store: &S,
    names: impl ExactSizeIterator<Item = &'a str>,
) -> Result<BTreeMap<String, Head>, String> {
    let mut found = BTreeMap::new();
    if names.len() > FEW {
        found.extend(store.audit_heads("journal/").await.map_err(|error| error.sentence)?);
    } else {
        for name in names {
            found.extend(store.audit_heads(&format!("journal/{name}")).await.map_err(|error| error.sentence)?);
        }
    }
    Ok(found)
}

/// The whole lines of a chain. A line that cannot be read ends it: one that is being written at this moment, or one that was
/// spoilt.
fn lines(bytes: &[u8]) -> Vec<AuditLine> {
    // The last one is whole only once its end is there.
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let text = String::from_utf8_lossy(bytes.get(..whole).unwrap_or_default());
    text.lines().map_while(|raw| AuditLine::read(raw).ok()).collect()
}

/// Gives a chain to the audit from where it ends there.
async fn give<S: WriteStore + ?Sized>(
    store: &S,
    chain: &str,
    lines: &[AuditLine],
    known: Option<&Head>,
    replayed: &mut Replayed,
) -> Result<(), String> {
    if is_at(lines, known) {
        return Ok(());
    }
    let end = known.map_or(0, |head| head.seq);
    // The head itself is given once more, so that a journal that says something else of it is found out.
    let from = lines.partition_point(|line| line.seq < end);
    for some in lines.get(from..).unwrap_or_default().chunks(AT_ONCE) {
        match store.replay(chain, some).await {
            Ok(head) => replayed.lines += taken(some, end, head.as_ref()),
            Err(WriteError::Refused(words)) => {
                replayed.refused.push(words);
                return Ok(());
            }
            Err(error) => return Err(error.to_string()),
        }
    }
    Ok(())
}

/// Whether the audit has the chain to its end.
fn is_at(lines: &[AuditLine], head: Option<&Head>) -> bool {
    match (lines.last(), head) {
        (None, _) => true,
        (Some(last), Some(head)) => last.seq == head.seq && last.hash == head.hash,
        (Some(_), None) => false,
    }
}

/// How many of these lines were not there before.
fn taken(lines: &[AuditLine], before: u64, head: Option<&Head>) -> u64 {
    let end = head.map_or(0, |head| head.seq);
    lines.iter().filter(|line| line.seq > before && line.seq <= end).count() as u64
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::actions::journal::{Entry, Journal, What};
    use crate::config::StoreSettings;
    use crate::domain::time::Instant;
    use crate::sources::store::Store;

    fn entry(words: &str) -> Entry {
        Entry {
            what: What::GivenUp,
            run: "r".into(),
            action: "rollback".into(),
            environment: "production".into(),
            cluster: "c".into(),
            actor: "mori".into(),
            aims: Vec::new(),
            target: None,
            step: None,
            is_undo: false,
            outcome: None,
            phase: None,
            words: words.into(),
        }
    }

    #[tokio::test]
    async fn a_journal_is_taken_over_once_and_goes_on_being_taken_over() {
        let state = tempfile::tempdir().expect("a folder");
        let clock: crate::sources::Clock = Arc::new(Instant::default);
        let store = Store::open(&StoreSettings::Embedded, state.path(), &clock, false);
        assert_eq!(replay(state.path(), &store).await, Ok(Replayed::default()), "nothing is nothing");
        let mut journal = Journal::new(state.path());
        for words in ["決済 \"quoted\"", "b"] {
            journal.append(entry(words), Instant::default()).expect("written");
        }
        for lines in [2, 0] {
            assert_eq!(replay(state.path(), &store).await.map(|done| done.lines), Ok(lines));
        }
        journal.append(entry("c"), Instant::default()).expect("written");
        // A second console of the same machine takes over the same.
        let other = Store::open(&StoreSettings::Embedded, state.path(), &clock, false);
        let (one, two) = tokio::join!(replay(state.path(), &store), replay(state.path(), &other));
        assert!(one.is_ok() && two.is_ok());
        let kept = store.audit_after(0, 10).await.expect("the audit");
        let words: Vec<&str> = kept.iter().map(|entry| entry.line.words.as_str()).collect();
        assert_eq!(words, ["決済 \"quoted\"", "b", "c"]);
        assert!(kept.iter().all(|entry| entry.line.is_sound() && entry.chain.starts_with("journal/")));
    }

    #[tokio::test]
    async fn a_journal_that_was_changed_is_said_and_not_taken_over() {
        let state = tempfile::tempdir().expect("a folder");
        let clock: crate::sources::Clock = Arc::new(Instant::default);
        let store = Store::open(&StoreSettings::Embedded, state.path(), &clock, false);
        let mut journal = Journal::new(state.path());
        journal.append(entry("a"), Instant::default()).expect("written");
        journal.append(entry("b"), Instant::default()).expect("written");
        replay(state.path(), &store).await.expect("taken over");
        let spoil = |from: &str, to: &str| {
            let folder = fs::read_dir(state.path().join("journal")).expect("a journal");
            for file in folder.filter_map(|entry| Some(entry.ok()?.path())) {
                if file.extension().is_some_and(|extension| extension == "jsonl") {
                    let text = fs::read_to_string(&file).expect("a text");
                    fs::write(&file, text.replace(from, to)).expect("written");
                }
            }
        };
        journal.append(entry("c"), Instant::default()).expect("written");
        spoil("\"words\":\"c\"", "\"words\":\"d\"");
        let done = replay(state.path(), &store).await.expect("an answer");
        assert_eq!(done.lines, 0);
        assert!(done.refused[0].contains("line 3") && done.refused[0].contains("was changed"), "{done:?}");
        assert_eq!(store.audit_after(0, 10).await.map(|kept| kept.len()), Ok(2));
    }
}
