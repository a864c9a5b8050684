//! Releases into the store: what is current now is written once, whoever sees it first; nothing waits in a queue.
//!
//! What could not be written is looked at again once the store answers, as it is then: a release that came and went meanwhile
//! is not written by this console. A console started with `--read-only` writes none, as it writes no acknowledgement.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::sync::watch;

use super::keep::Keep;
use crate::domain::release::Release;
use crate::domain::source::SourceState;
use crate::domain::store::StoreSnapshot;
use crate::domain::store::{Author, Id, RememberReleases};
use crate::sources::Clock;
use crate::sources::store::new_id;
use crate::sources::store::port::{WriteError, WriteStore};

/// A release that began longer ago gets no mark on the timeline: the store's readers hold as much.
const MARKED_WITHIN: TimeDelta = TimeDelta::hours(24);
/// How many revisions are written in one transaction.
const AT_ONCE: usize = 200;
/// How long after a write that failed the next is tried.
const TRY_AGAIN: Duration = Duration::from_secs(10);
/// Who writes what nobody typed.
const NAME: &str = "quarterdeck";

/// The present release of every workload seen, by the uids of its cluster and of the workload.
pub(super) type Present = BTreeMap<(Arc<str>, Arc<str>), Release>;

/// Takes what was released in a cluster in. A release that was seen fully available stays so.
pub(super) fn take(present: &watch::Sender<Present>, cluster: &Arc<str>, releases: Vec<Release>) {
    present.send_modify(|known| {
        for release in releases {
            known.insert((cluster.clone(), release.workload_uid.clone()), release);
        }
    });
}

/// What of the present releases is in the store.
#[derive(Debug, Default)]
struct Written {
    /// The release of each workload, as it was written.
    seen: HashMap<(Arc<str>, Arc<str>), Release>,
    marks: BTreeSet<Id>,
}

/// Writes what is not written yet whenever the store is there.
pub(super) async fn write(
    keep: Keep,
    clock: Clock,
    mut present: watch::Receiver<Present>,
    mut store: watch::Receiver<StoreSnapshot>,
) {
    let mut written = Written::default();
    while store.wait_for(|snapshot| snapshot.health.state == SourceState::Fresh).await.is_ok() {
        let now: Present = present.borrow_and_update().clone();
        let done = write_all(&keep, &clock, &now, &mut written).await;
        if let Err(error) = done {
            tracing::warn!(%error, "releases are written into the store later");
            tokio::time::sleep(TRY_AGAIN).await;
        } else if present.changed().await.is_err() {
            return;
        }
    }
}

async fn write_all(keep: &Keep, clock: &Clock, present: &Present, written: &mut Written) -> Result<(), WriteError> {
    let new: Vec<_> = present.iter().filter(|(key, release)| written.seen.get(*key) != Some(*release)).collect();
    for some in new.chunks(AT_ONCE) {
        let seen = some.iter().map(|((cluster, _), release)| release.seen(cluster, clock())).collect();
        let author = Author { name: NAME.to_owned(), origin: keep.author.origin.clone() };
        tolerate(keep.store.write(&author, &new_id(clock), &RememberReleases(seen)).await)?;
        for ((cluster, _), release) in some {
            mark(keep, clock, &author, (cluster, release), &mut written.marks).await?;
        }
        written.seen.extend(some.iter().map(|(key, release)| ((*key).clone(), (*release).clone())));
    }
    Ok(())
}

/// Puts a release on the timeline, once.
async fn mark(
    keep: &Keep,
    clock: &Clock,
    author: &Author,
    (cluster, release): (&str, &Release),
    known: &mut BTreeSet<Id>,
) -> Result<(), WriteError> {
    let Some(mark) = release.annotation(cluster, clock(), MARKED_WITHIN) else { return Ok(()) };
    if known.contains(&mark.id) {
        return Ok(());
    }
    tolerate(keep.store.write(author, &mark.id, &mark).await)?;
    known.insert(mark.id);
    Ok(())
}

/// What may not be written as it is will not be later either: it is said once and left.
fn tolerate<T>(written: Result<T, WriteError>) -> Result<(), WriteError> {
    match written {
        Err(WriteError::Refused(why)) => tracing::warn!(why, "a release is not written into the store"),
        Err(error) => return Err(error),
        Ok(_) => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::StoreSettings;
    use crate::domain::release::testing::release;
    use crate::domain::store::{ANNOTATIONS_OF, Annotation, RELEASES_OF, ReleaseSeen};
    use crate::domain::time::Instant;
    use crate::sources::store::Store;

    fn at(seconds: i64) -> Instant {
        chrono::DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap_or_default()
    }

    fn console(state: &std::path::Path, name: &str) -> (Keep, Clock) {
        let clock: Clock = Arc::new(|| at(60));
        let keep = Keep {
            store: Arc::new(Store::open(&StoreSettings::Embedded, state, &clock, false)),
            read_only: None,
            author: Author { name: name.to_owned(), origin: format!("{name}@bastion") },
            environment: "production".to_owned(),
        };
        (keep, clock)
    }

    async fn marks(keep: &Keep) -> Vec<Annotation> {
        let by = ["production".into(), at(-60).into(), at(60).into()];
        keep.store.list(ANNOTATIONS_OF, by, 9).await.expect("marks")
    }

    #[tokio::test]
    async fn two_consoles_write_a_release_once_and_its_health_when_it_is_seen() {
        let state = tempfile::tempdir().expect("a folder");
        let present = Present::from([(("c1".into(), "uid-api".into()), release(12, at(0)))]);
        for name in ["mori", "lee"] {
            let ((keep, clock), mut written) = (console(state.path(), name), Written::default());
            for _ in 0..2 {
                write_all(&keep, &clock, &present, &mut written).await.expect("written");
            }
        }
        let (keep, clock) = console(state.path(), "sato");
        let seen = |keep: Keep| async move {
            {
                let by = ["c1".into(), "shop/deployment/api".into()];
                keep.store.list::<ReleaseSeen>(RELEASES_OF, by, 9).await.expect("rows")
            }
        };
        let marks = marks(&keep).await;
        assert_eq!((marks.len(), marks[0].at, marks[0].by.as_str()), (1, at(0), "quarterdeck"));
        let rows = seen(keep.clone()).await;
        assert_eq!((rows.len(), rows[0].healthy_at), (1, None));
        let healthy = Release { is_healthy: true, ..release(12, at(0)) };
        let present = Present::from([(("c1".into(), "uid-api".into()), healthy)]);
        write_all(&keep, &clock, &present, &mut Written::default()).await.expect("written");
        let rows = seen(keep).await;
        assert_eq!((rows.len(), rows[0].healthy_at), (1, Some(at(60))));
    }

    #[tokio::test]
    async fn a_store_that_is_down_gets_what_is_current_when_it_is_back() {
        let state = tempfile::tempdir().expect("a folder");
        let (keep, clock) = console(state.path(), "mori");
        let (told, seen) = watch::channel(StoreSnapshot::default());
        let (sender, present) = watch::channel(Present::default());
        let cluster: Arc<str> = "c1".into();
        // Two releases while the store is not there: neither waits, and what is current when it is there is written.
        take(&sender, &cluster, vec![release(12, at(0))]);
        take(&sender, &cluster, vec![release(13, at(20))]);
        let writing = write(keep.clone(), clock, present, seen);
        let watching = async {
            told.send_modify(|snapshot| snapshot.health.state = SourceState::Fresh);
            loop {
                let marks = marks(&keep).await;
                if !marks.is_empty() {
                    return marks;
                }
                tokio::task::yield_now().await;
            }
        };
        let marks = tokio::select! {
            () = writing => panic!("it goes on for as long as the console lives"),
            marks = watching => marks,
        };
        let words: Vec<_> = marks.iter().map(|mark| mark.words.as_str()).collect();
        assert_eq!(words, ["revision 13: api:13 (was api:12)"]);
    }
}
