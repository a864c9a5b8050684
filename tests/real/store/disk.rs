//! A full disk under the embedded store and under the journal, and a file that is no store.

use std::io::{ErrorKind, Write as _};
use std::path::Path;

use quarterdeck::actions::journal::{Entry, Journal, What, Written, all, chains, seal, verify};
use quarterdeck::domain::store::NewNote;
use quarterdeck::sources::store::port::{ReadStore, WriteError};
use quarterdeck::sources::store::{Store, new_id};

use super::place::{Kind, Place, Say, alert, author};
use crate::support::process::{Running, skip};

/// A small disk of its own; unmounted when dropped.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn new(size: &str) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let mut mount = std::process::Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={size}"), "quarterdeck"]).arg(folder.path());
        let mounted = Running::start(mount, "").finish(std::time::Duration::from_secs(60));
        if mounted.code != Some(0) {
            skip(
                "a full disk under SQLite",
                &format!("a small disk cannot be mounted here: {}", mounted.stderr.trim()),
            );
            return None;
        }
        Some(Self(folder))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let mut unmount = std::process::Command::new("umount");
        unmount.arg("-l").arg(self.0.path());
        Running::start(unmount, "").finish(std::time::Duration::from_secs(60));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_said_loses_nothing_and_heals() {
    let Some(disk) = SmallDisk::new("1500k") else { return };
    let clock: quarterdeck::sources::Clock = std::sync::Arc::new(super::place::now);
    let store = Store::open(&quarterdeck::config::StoreSettings::Embedded, disk.0.path(), &clock, false);
    let filler = disk.0.path().join("filler");
    let note = || (new_id(&clock), NewNote { subject: alert("f"), text: "x".repeat(50_000) });
    let mut written = 0;
    let refused = loop {
        match store.add_note(&author("mori"), &note()).await {
            Ok(_) => written += 1,
            Err(error) => break error,
        }
        assert!(written < 200, "the disk never filled");
    };
    let WriteError::NotWritten(error) = &refused else { panic!("{refused:?}") };
    assert!(error.sentence.contains("is full: nothing was written") && error.is_certainly_not_done, "{error}");
    assert!(written > 0);
    let kept = store.notes(&alert("f"), 500).await.expect("reading goes on");
    assert_eq!(kept.len(), written, "what was written is there, what was refused is not");
    assert!(!filler.exists());
    // Room again: somebody makes the disk larger.
    let mut grow = std::process::Command::new("mount");
    grow.args(["-o", "remount,size=20m"]).arg(disk.0.path());
    Running::start(grow, "").finish(std::time::Duration::from_secs(60)).good("remount");
    store.add_note(&author("mori"), &note()).await.expect("room again");
    assert_eq!(store.notes(&alert("f"), 500).await.map(|notes| notes.len()), Ok(written + 1));
    assert_eq!(store.audit_after(0, 1_000).await.map(|lines| lines.len()), Ok(written + 1));
}

/// Fills a disk to its last page.
fn fill(file: &Path) {
    let mut filler = std::fs::File::create(file).expect("a file");
    while filler.write_all(&[0; 4096]).is_ok() {}
}

#[test]
fn a_full_disk_costs_the_journal_its_reserve_then_refuses_and_never_tears_a_line() {
    let Some(disk) = SmallDisk::new("5600k") else { return };
    let state = disk.0.path();
    let entry_of = |run: &str, words: &str| Entry {
        what: What::Refused,
        words: words.into(),
        ..Entry::bare(run, "restart", "e", "mori")
    };
    let entry = |words: &str| entry_of("r", words);
    let at = super::place::now();
    // Each of a run of its own: chains of a run that is told of still are not at rest.
    for number in 0..140 {
        Journal::new(state).append(entry_of(&format!("before-{number}"), "of before"), at).expect("room");
    }
    let mut journal = Journal::new(state);
    let mut written = 0;
    let mut append = |wanted: fn(&std::io::Result<Written>) -> bool| loop {
        let told = journal.append(entry(&"x".repeat(200)), at);
        written += usize::from(told.is_ok());
        if wanted(&told) {
            return told;
        }
        assert!(written < 500, "the disk never filled");
    };
    append(|told| matches!(told, Ok(Written::Well))).expect("room");
    fill(&state.join("filler"));
    let reserve = state.join("journal/reserve");
    assert!(reserve.exists());
    append(|told| !matches!(told, Ok(Written::Well))).expect("the reserve makes room");
    assert!(!reserve.exists(), "and is used up");
    fill(&state.join("more"));
    let refused = append(Result::is_err).expect_err("a full disk");
    assert_eq!(refused.kind(), ErrorKind::StorageFull);
    // Nor does sealing, which needs room first, lose anything.
    let _ = seal(state, "mori", at);
    let lines = || all(state).expect("a journal").iter().map(|chain| chain.text.lines().count()).sum::<usize>();
    assert_eq!(lines(), 140 + written);
    assert_eq!(verify(state, None).expect("a journal").flaws, []);
    for filler in ["filler", "more"] {
        std::fs::remove_file(state.join(filler)).expect("room again");
    }
    journal.append(entry("room again"), at).expect("room");
    journal.set_aside().expect("a reserve again");
    assert_eq!(seal(state, "mori", at).expect("room"), 140);
    assert_eq!((lines(), chains(state).expect("a journal").len()), (141 + written, 1));
    assert_eq!(verify(state, None).expect("a journal").flaws, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_file_is_its_owners_alone_and_one_that_is_none_is_said() {
    use std::os::unix::fs::PermissionsExt;
    let Some(place) = Place::new(Kind::Sqlite) else { return };
    let file = place.folder.path().join("store.db");
    let store = place.console();
    assert_eq!(store.acknowledgements("production", 10).await, Ok(Vec::new()));
    assert!(!file.exists(), "reading makes no file");
    store.acknowledge(&author("mori"), &place.taking("f", 0)).await.expect("taken");
    for name in ["store.db", "store.db-wal", "store.db-shm"] {
        let mode = std::fs::metadata(place.folder.path().join(name)).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    drop(store);
    let broken = tempfile::tempdir().expect("a folder");
    std::fs::write(broken.path().join("store.db"), "this is no database, and long enough to be looked at".repeat(40))
        .expect("a file");
    let settings = quarterdeck::config::StoreSettings::Embedded;
    let store = Store::open(&settings, broken.path(), &place.clock(), false);
    for error in [
        store.standing().await.expect_err("no store").sentence,
        store.acknowledge(&author("mori"), &place.taking("f", 0)).await.expect_err("no store").to_string(),
    ] {
        assert!(error.contains("damaged or no store") && error.contains("Move it away"), "{error}");
    }
    let unusable = Store::open(&quarterdeck::config::StoreSettings::Unusable, broken.path(), &place.clock(), false);
    let error = unusable.standing().await.expect_err("no store");
    assert!(error.sentence.contains("quarterdeck config check"), "{error}");
}
