//! Taking this machine's journal over into the store's audit, each line once, however often it is tried.

use std::fs;
use std::io;
use std::path::Path;

use crate::domain::store::{AuditLine, Head};
use crate::sources::store::port::{ReadStore, WriteError, WriteStore};

/// How many lines are given at once.
const AT_ONCE: usize = 500;

/// What came of taking the journal over.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Replayed {
    /// Lines that are in the audit now and were not before.
    pub lines: u64,
    /// Chains that were not taken over to their end, as sentences: changed lines, missing ones.
    pub refused: Vec<String>,
}

/// The lines of every chain of this machine, oldest first, each chain under the name it has in the audit.
///
/// A line that cannot be read ends its chain: one that is being written at this moment, or one that was spoilt.
fn chains(state: &Path) -> io::Result<Vec<(String, Vec<AuditLine>)>> {
    let entries = match fs::read_dir(state.join("journal")) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut files = entries.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "jsonl"));
    files.sort();
    let mut found = Vec::new();
    for file in files {
        let Some(stem) = file.file_stem().and_then(|stem| stem.to_str()) else { continue };
        let bytes = match fs::read(&file) {
            Ok(bytes) => bytes,
            Err(error) => {
                tracing::warn!(%error, file = %file.display(), "a chain cannot be taken over");
                continue;
            }
        };
        // The last one is whole only once its end is there.
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let text = String::from_utf8_lossy(bytes.get(..whole).unwrap_or_default()).into_owned();
        let lines = text.lines().map_while(|raw| AuditLine::read(raw).ok()).collect();
        found.push((format!("journal/{stem}"), lines));
    }
    Ok(found)
}

/// Takes over what the audit does not have yet.
///
/// # Errors
/// When the journal cannot be read or the store does not take it at all; what was taken over before stays, and the rest is
/// taken over the next time.
pub async fn replay<S: ReadStore + WriteStore + ?Sized>(state: &Path, store: &S) -> Result<Replayed, String> {
    let chains = chains(state).map_err(|error| format!("the journal cannot be read: {error}."))?;
    let mut replayed = Replayed::default();
    if chains.is_empty() {
        return Ok(replayed);
    }
    let heads = store.audit_heads("journal/").await.map_err(|error| error.sentence)?;
    for (chain, lines) in chains {
        let known = heads.iter().find(|(name, _)| *name == chain).map(|(_, head)| head);
        let end = known.map_or(0, |head| head.seq);
        // The head itself is given once more, so that a journal that says something else of it is found out.
        let from = lines.partition_point(|line| line.seq < end);
        if is_at(&lines, known) {
            continue;
        }
        for some in lines.get(from..).unwrap_or_default().chunks(AT_ONCE) {
            match store.replay(&chain, some).await {
                Ok(head) => replayed.lines += taken(some, end, head.as_ref()),
                Err(WriteError::Refused(words)) => {
                    replayed.refused.push(words);
                    break;
                }
                Err(error) => return Err(error.to_string()),
            }
        }
    }
    Ok(replayed)
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
