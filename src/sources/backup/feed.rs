//! Sets of backups, polled: files when they were written anew, commands and addresses seldom, for a listing of a large bucket takes minutes.

use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use tokio::sync::{Notify, watch};
use tokio::time::Instant as Moment;

use super::ask;
use crate::config::{DeclaredBackup, Place};
use crate::domain::backup::BackupSnapshot;
use crate::sources::Clock;
use crate::sources::poll::rest;

/// How often files are looked at, and every set judged by the clock.
const FILES_EVERY: Duration = Duration::from_secs(60);
/// How often a command is run, or an address asked.
const OTHERS_EVERY: Duration = Duration::from_secs(600);
/// How soon what could not be read is tried again.
const AGAIN_AFTER: Duration = Duration::from_secs(60);
/// How many are asked at once: each may be a process.
const AT_ONCE: usize = 8;

/// What is polled, and where it is told.
pub struct BackupSource {
    /// The sets, in the order of the configuration.
    pub declared: Arc<[DeclaredBackup]>,
    /// Where every reading goes.
    pub snapshots: watch::Sender<BackupSnapshot>,
    /// Rings when what is broken is to be tried at once.
    pub retry: Arc<Notify>,
    /// What time it is.
    pub clock: Clock,
}

/// Of each file which one it is, when it was written, to the nanosecond, and how long it is: the same twice is the same content.
type Version = Vec<[i64; 4]>;

/// What is remembered of a set between two rounds.
struct Known {
    due: Moment,
    version: Option<Version>,
}

impl BackupSource {
    /// Polls for ever.
    pub async fn run(self) {
        let Self { declared, snapshots, retry, clock } = self;
        snapshots.send_replace(BackupSnapshot::unread(declared.iter().map(DeclaredBackup::told_by)));
        let mut known: Vec<Known> = declared.iter().map(|_| Known { due: Moment::now(), version: None }).collect();
        loop {
            let now = Moment::now();
            let due = declared.iter().zip(&mut known).enumerate().filter(|(_, (_, known))| known.due <= now);
            let asking = due.filter_map(|(place, (one, known))| {
                let tool = one.tool.as_ref()?;
                let clock = &clock;
                Some(async move {
                    let version = version(one).await;
                    let is_same = version.is_some() && version == known.version;
                    // A file that could not be read may be readable now although nobody wrote it.
                    let told = if is_same { None } else { Some(ask(tool, clock).await) };
                    known.version = version.filter(|_| told.as_ref().is_none_or(Result::is_ok));
                    known.due = Moment::now() + pause(&tool.place, told.as_ref().is_some_and(Result::is_err));
                    (place, told)
                })
            });
            let mut asking = stream::iter(asking.collect::<Vec<_>>()).buffer_unordered(AT_ONCE);
            while let Some((place, told)) = asking.next().await {
                let Some(told) = told else { continue };
                snapshots.send_modify(|snapshot| {
                    if let Some(one) = snapshot.sets.get_mut(place) {
                        one.told = Some(told.map(Arc::new));
                    }
                });
            }
            drop(asking);
            // Time alone makes a set late: it is judged anew by whoever hears of this.
            snapshots.send_modify(|_| {});
            if rest(FILES_EVERY, &retry).await {
                let broken =
                    snapshots.borrow().sets.iter().map(|one| matches!(one.told, Some(Err(_)))).collect::<Vec<_>>();
                known
                    .iter_mut()
                    .zip(broken)
                    .filter(|(_, is_broken)| *is_broken)
                    .for_each(|(known, _)| known.due = Moment::now());
            }
        }
    }
}

fn pause(place: &Place, is_broken: bool) -> Duration {
    match place {
        Place::File(_) => FILES_EVERY,
        _ if is_broken => AGAIN_AFTER,
        Place::Command(..) | Place::Url(_) => OTHERS_EVERY,
    }
}

/// Which version of its files a set is read from; `None` where it is read from none, or where a look does not tell.
async fn version(one: &DeclaredBackup) -> Option<Version> {
    let tool = one.tool.as_ref()?;
    let Place::File(file) = &tool.place else { return None };
    let files: Vec<&PathBuf> = std::iter::once(file).chain(&tool.wal_file).collect();
    let mut version = Vec::new();
    for file in files {
        let about = tokio::fs::metadata(file).await.ok()?;
        let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        version.push([number(about.ino()), about.mtime(), about.mtime_nsec(), number(about.len())]);
    }
    Some(version)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Asked, Settings};
    use crate::domain::backup::{Recorded, State};

    fn declared(lines: &str) -> Arc<[DeclaredBackup]> {
        let (settings, problems) = Settings::parse("q.toml".as_ref(), lines, &Asked::default());
        assert_eq!(problems, []);
        settings.backups
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
        let source = BackupSource { declared: sets, snapshots, retry: Arc::default(), clock: clock.clone() };
        let told = tokio::select! {
            () = source.run() => unreachable!("it polls for ever"),
            told = seen.wait_for(|snapshot| snapshot.sets.len() == 3 && snapshot.is_settled()) => told.expect("it lives").clone(),
        };
        let nothing = |_: &crate::domain::backup::MadeBy| Err("no cluster".to_owned());
        let states: Vec<State> =
            told.coverage(&Recorded::default(), nothing, clock()).iter().map(|one| one.state).collect();
        assert_eq!(states, [State::Broken, State::Unknown, State::Broken]);
    }

    #[tokio::test]
    async fn a_file_that_was_not_written_is_not_read_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("info.json");
        std::fs::write(&file, "[]").expect("room");
        let sets = declared(&format!("[backup.a]\npgbackrest = {{ info_file = \"{}\" }}\n", file.display()));
        let before = version(&sets[0]).await;
        assert!(before.is_some() && version(&sets[0]).await == before);
        std::fs::write(&file, "[ ]").expect("room");
        assert_ne!(version(&sets[0]).await, before);
        let command = declared("[backup.a]\npgbackrest = { command = [\"true\"] }\n");
        assert_eq!(version(&command[0]).await, None, "what a command prints has no version");
    }
}
