//! Sets of backups, polled, each by itself: files when they were written anew, all else seldom, for a listing of a large bucket takes minutes.
//! What is slow holds nobody else up.

use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::{Notify, Semaphore, watch};
use tokio::time::Instant as Moment;

use super::{Clusters, Prometheuses, ask};
use crate::config::{DeclaredBackup, Place, Teller};
use crate::domain::backup::{BackupSnapshot, Reading};
use crate::sources::Clock;
use crate::sources::poll::rest;

/// How often files are looked at, and every set judged by the clock.
const FILES_EVERY: Duration = Duration::from_secs(60);
/// How often a command is run, or an address asked.
const OTHERS_EVERY: Duration = Duration::from_secs(600);
/// How often the objects of a cluster are read, metrics and commits.
const OBJECTS_EVERY: Duration = Duration::from_secs(120);
/// How soon what could not be read is tried again.
const AGAIN_AFTER: Duration = Duration::from_secs(60);
/// How many processes there are at once.
const AT_ONCE: usize = 8;

/// What is polled, and where it is told.
pub struct BackupSource {
    /// The sets, in the order of the configuration.
    pub declared: Arc<[DeclaredBackup]>,
    /// The clusters that are connected to.
    pub clusters: watch::Receiver<Clusters>,
    /// The Prometheus of each environment.
    pub prometheuses: Arc<Prometheuses>,
    /// Where every reading goes.
    pub snapshots: watch::Sender<BackupSnapshot>,
    /// Rings when what is broken is to be tried at once.
    pub retry: Arc<Notify>,
    /// What time it is.
    pub clock: Clock,
}

/// Of each file which one it is, when it and what is known of it were written, to the nanosecond, and how long it is: the same twice is the
/// same content that may be read by the same people.
type Version = Vec<[i64; 6]>;

impl BackupSource {
    /// Polls for ever.
    pub async fn run(self) {
        self.snapshots.send_replace(BackupSnapshot::unread(self.declared.iter().map(DeclaredBackup::told_by)));
        let processes = Semaphore::new(AT_ONCE);
        let each = self.declared.iter().enumerate().filter_map(|(place, one)| {
            let teller = one.teller.as_ref()?;
            Some(self.poll(place, one, teller, &processes))
        });
        tokio::join!(join_all(each), self.tick());
    }

    /// Time alone makes a set late: it is judged anew by whoever hears of this.
    async fn tick(&self) {
        loop {
            tokio::time::sleep(FILES_EVERY).await;
            self.snapshots.send_modify(|_| {});
        }
    }

    /// Polls one set for ever.
    async fn poll(&self, place: usize, one: &DeclaredBackup, teller: &Teller, processes: &Semaphore) {
        let mut clusters = self.clusters.clone();
        let mut known: Option<Version> = None;
        let mut is_broken = false;
        loop {
            let version = if one.archiver.is_none() { version(teller).await } else { None };
            if version.is_none() || version != known {
                // A permit is held only by what starts a process: nobody closes the semaphore.
                let permit = if starts_one(teller) || matches!(one.archiver, Some(Place::Command(..))) {
                    processes.acquire().await.ok()
                } else {
                    None
                };
                let seen = clusters.borrow_and_update().clone();
                let told = ask(one, &seen, &self.prometheuses, &self.clock).await;
                drop(permit);
                is_broken = told.is_err();
                // What could not be read whole may be readable now although nobody wrote it.
                known = version.filter(|_| told.as_ref().is_ok_and(|told: &Reading| told.troubles.is_empty()));
                self.snapshots.send_modify(|snapshot| {
                    if let Some(set) = snapshot.sets.get_mut(place) {
                        set.take(told);
                    }
                });
            }
            self.wait(pause(teller, is_broken), is_broken, teller, &mut clusters).await;
        }
    }

    /// Waits for its turn; one that is broken also for somebody who asks, and for the connection that it lacks.
    async fn wait(&self, pause: Duration, is_broken: bool, teller: &Teller, clusters: &mut watch::Receiver<Clusters>) {
        let until = Moment::now() + pause;
        if !is_broken {
            return tokio::time::sleep_until(until).await;
        }
        let connected = async {
            if !matches!(teller, Teller::InCluster(_)) || clusters.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            _ = rest(pause, &self.retry) => {}
            () = connected => {}
        }
    }
}

/// Whether asking it starts a process.
const fn starts_one(teller: &Teller) -> bool {
    match teller {
        Teller::Tool(tool) => matches!(tool.place, Place::Command(..)),
        Teller::Git(_) => true,
        Teller::InCluster(_) | Teller::Metrics(_) => false,
    }
}

const fn pause(teller: &Teller, is_broken: bool) -> Duration {
    match teller {
        Teller::Tool(tool) if matches!(tool.place, Place::File(_)) => FILES_EVERY,
        _ if is_broken => AGAIN_AFTER,
        Teller::Tool(_) => OTHERS_EVERY,
        Teller::InCluster(_) | Teller::Git(_) | Teller::Metrics(_) => OBJECTS_EVERY,
    }
}

/// Which version of its files a set is read from; `None` where it is read from none, or where a look does not tell.
async fn version(teller: &Teller) -> Option<Version> {
    let Teller::Tool(tool) = teller else { return None };
    let Place::File(file) = &tool.place else { return None };
    let files: Vec<&PathBuf> = std::iter::once(file).chain(&tool.wal_file).collect();
    let mut version = Vec::new();
    for file in files {
        let about = tokio::fs::metadata(file).await.ok()?;
        let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let (written, known) = ([about.mtime(), about.mtime_nsec()], [about.ctime(), about.ctime_nsec()]);
        version.push([number(about.ino()), written[0], written[1], known[0], known[1], number(about.len())]);
    }
    Some(version)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Asked, Settings};
    use crate::domain::backup::{Recorded, State};
    use crate::domain::time::Instant;

    fn declared(lines: &str) -> Arc<[DeclaredBackup]> {
        let (settings, problems) = Settings::parse("q.toml".as_ref(), lines, &Asked::default());
        assert_eq!(problems, []);
        settings.backups
    }

    fn source(declared: Arc<[DeclaredBackup]>, snapshots: watch::Sender<BackupSnapshot>, clock: Clock) -> BackupSource {
        let (_, clusters) = watch::channel(Clusters::default());
        BackupSource { declared, clusters, prometheuses: Arc::default(), snapshots, retry: Arc::default(), clock }
    }

    fn states(snapshot: &BackupSnapshot, now: Instant) -> Vec<State> {
        let nothing = |_: &crate::domain::backup::MadeBy| Err("no cluster".to_owned());
        snapshot.coverage(&Recorded::default(), nothing, now).iter().map(|one| one.state).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_hangs_holds_nobody_up() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("info.json");
        std::fs::write(&file, r#"[{"name":"main","backup":[],"status":{"code":2,"message":"none"}}]"#).expect("room");
        let sets = declared(&format!(
            "[backup.slow]\npgbackrest = {{ command = [\"sleep\", \"3600\"], timeout = \"10 min\" }}\n[backup.b]\npgbackrest = {{ info_file = \"{}\" }}\n",
            file.display()
        ));
        let (snapshots, mut seen) = watch::channel(BackupSnapshot::default());
        let now = crate::domain::time::from_seconds(1_900_000_000);
        let source = source(sets, snapshots, Arc::new(move || now));
        let told = tokio::select! {
            () = source.run() => unreachable!("it polls for ever"),
            told = seen.wait_for(|snapshot| snapshot.sets.last().is_some_and(|one| one.told.is_some())) => told.expect("it lives").clone(),
        };
        assert!(told.sets[0].told.is_none() && matches!(&told.sets[1].told, Some(Ok(_))), "{told:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_a_listing_of_wal_could_not_tell_is_asked_again_although_nobody_wrote_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let [info, wal] = ["info.json", "wal"].map(|name| folder.path().join(name));
        std::fs::write(&info, r#"[{"name":"main","backup":[],"status":{"code":2,"message":"none"}}]"#).expect("room");
        std::fs::create_dir(&wal).expect("room");
        let sets = declared(&format!(
            "[backup.a]\npgbackrest = {{ info_file = \"{}\", wal_file = \"{}\" }}\n",
            info.display(),
            wal.display()
        ));
        let (snapshots, mut seen) = watch::channel(BackupSnapshot::default());
        let now = crate::domain::time::from_seconds(1_900_000_000);
        let source = source(sets, snapshots, Arc::new(move || now));
        let listed = |snapshot: &BackupSnapshot| {
            let told = snapshot.sets.first().and_then(|one| one.told.as_ref());
            told.and_then(|told| told.as_ref().ok()).map(|reading| reading.archived.is_some())
        };
        let mending = async {
            seen.wait_for(|snapshot| listed(snapshot) == Some(false)).await.expect("it lives");
            std::fs::remove_dir(&wal).expect("it is empty");
            std::fs::write(&wal, "000000010000000000000001\n").expect("room");
            seen.wait_for(|snapshot| listed(snapshot) == Some(true)).await.expect("it lives").clone()
        };
        tokio::select! {
            () = source.run() => unreachable!("it polls for ever"),
            told = mending => assert!(told.sets[0].before.is_none()),
        }
    }

    #[tokio::test]
    async fn each_set_is_told_as_it_answers_and_one_that_fails_harms_no_other() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("info.json");
        std::fs::write(&file, r#"[{"name":"main","backup":[],"status":{"code":2,"message":"no valid backups"}}]"#)
            .expect("room");
        let sets = declared(&format!(
            "[backup.a]\npgbackrest = {{ info_file = \"{}\" }}\n[backup.b]\npgbackrest = {{ info_file = \"/nowhere\" }}\n[backup.c]\nkind = \"files\"\n",
            file.display()
        ));
        let (snapshots, mut seen) = watch::channel(BackupSnapshot::default());
        // The file is as old as it is: now is the moment it was written.
        let written = std::fs::metadata(&file).and_then(|about| about.modified()).expect("a time");
        let clock: Clock = Arc::new(move || written.into());
        let source = source(sets, snapshots, clock.clone());
        let told = tokio::select! {
            () = source.run() => unreachable!("it polls for ever"),
            told = seen.wait_for(|snapshot| snapshot.sets.len() == 3 && snapshot.is_settled()) => told.expect("it lives").clone(),
        };
        let states = states(&told, clock());
        assert_eq!(states, [State::Broken, State::Unknown, State::Broken]);
    }

    fn teller(sets: &[DeclaredBackup]) -> &Teller {
        sets[0].teller.as_ref().expect("it is asked")
    }

    #[tokio::test]
    async fn a_file_that_was_not_written_is_not_read_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("info.json");
        std::fs::write(&file, "[]").expect("room");
        let sets = declared(&format!("[backup.a]\npgbackrest = {{ info_file = \"{}\" }}\n", file.display()));
        let before = version(teller(&sets)).await;
        assert!(before.is_some() && version(teller(&sets)).await == before);
        std::fs::write(&file, "[ ]").expect("room");
        assert_ne!(version(teller(&sets)).await, before);
        let command = declared("[backup.a]\npgbackrest = { command = [\"true\"] }\n");
        assert_eq!(version(teller(&command)).await, None, "what a command prints has no version");
    }
}
