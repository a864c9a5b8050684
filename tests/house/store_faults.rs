//! The fault suite of the store: the embedded database breaks under the shipped client, asserted on the drawn screen.
//!
//! The shared one goes through the same, and through a wire that fails, in `tests/real/store/drawn.rs`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use quarterdeck::config::StoreSettings;
use quarterdeck::sources::Clock;
use quarterdeck::sources::store::Store;

use crate::kept::{is_away, is_back, is_refusing, opened, taken, takes_nothing, words};

#[expect(clippy::disallowed_methods, reason = "the store runs in real time here")]
fn store(folder: &Path, is_read_only: bool) -> Store {
    let clock: Clock = Arc::new(chrono::Utc::now);
    Store::open(&StoreSettings::Embedded, folder, &clock, is_read_only)
}

fn file(folder: &Path) -> PathBuf {
    folder.join("store.db")
}

/// Somebody else on the same file.
fn other(folder: &Path) -> rusqlite::Connection {
    rusqlite::Connection::open(file(folder)).expect("a file")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusing() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut rig = taken(store(folder.path(), false)).await;
    let rename = |from: &str, to: &str| {
        let statement = format!("pragma legacy_alter_table = on; alter table {from} rename to {to}");
        other(folder.path()).execute_batch(&statement).expect("renamed");
    };
    rename("audit", "gone");
    is_away(&mut rig, "no such table").await;
    rename("gone", "audit");
    is_back(&mut rig).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_because_another_process_holds_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut rig = taken(store(folder.path(), false)).await;
    let holder = other(folder.path());
    holder.execute_batch("begin immediate").expect("held");
    is_refusing(&mut rig, "another process held").await;
    assert!(rig.console.screen().contains("all fresh"), "it can be read:\n{}", rig.console.screen());
    holder.execute_batch("rollback").expect("let go");
    is_back(&mut rig).await;
}

/// A store that never answered: nobody is said to be on an alert, nor that nobody is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damaged_from_the_start() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(file(folder.path()), "no database at all, but longer than its header would be ".repeat(40))
        .expect("room");
    let mut rig = opened(store(folder.path(), false), false).await;
    let is_said =
        |screen: &str| words(screen).contains("is not known:") && words(screen).contains("damaged or no store");
    rig.console.until("that it is not known", is_said).await;
    rig.console.press("enter");
    let screen = rig.console.until("the alert", |screen| screen.contains("the store has not answered yet")).await;
    assert!(!screen.contains("nobody"), "not known is not nobody:\n{screen}");
    rig.console.press("esc");
    takes_nothing(&mut rig).await;
    std::fs::remove_file(file(folder.path())).expect("moved away");
    is_back(&mut rig).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn read_only() {
    let folder = tempfile::tempdir().expect("a folder");
    drop(taken(store(folder.path(), false)).await);
    let mut rig = opened(store(folder.path(), true), true).await;
    rig.console.until("who is on it", |screen| screen.contains("all fresh") && screen.contains("mori, ")).await;
    rig.console.press("!n");
    rig.console.type_text("mine");
    rig.console.until("the refusal", |screen| words(screen).contains("started with --read-only")).await;
    rig.console.press("enter");
    rig.console.until("that it cannot be", |screen| screen.contains("This plan cannot be applied")).await;
}
