//! Drafts: what was typed into a form and not sent yet, kept in a file so that nothing that ends the console loses it.
//!
//! One file a form and target, in a folder of the state directory that nobody else may read. What is a day old is forgotten.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use chrono::TimeDelta;
use rustix::io::Errno;
use rustix::process::{Pid, getpid, test_kill_process};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::message::Message;
use crate::domain::store::digest;
use crate::domain::time::{self, Instant};

/// How long a draft is kept.
const KEPT: TimeDelta = TimeDelta::hours(24);
/// The longest file of a draft that is read, in bytes.
const LONGEST: u64 = 256 * 1024;
/// The most drafts that are kept from one start to the next.
const MOST: usize = 200;
/// How many changes may wait for the disk.
const WAITING: usize = 64;

/// Which form, and about what.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DraftKey {
    /// The form: the name of its action.
    pub form: String,
    /// The environment.
    pub environment: String,
    /// What it is about: fingerprints, the id of a note or of a silence.
    pub target: String,
}

impl DraftKey {
    /// The name of its file: targets are texts of others and may hold anything.
    fn file(&self) -> String {
        let whole = digest(&format!("{}\n{}\n{}", self.form, self.environment, self.target));
        let digits = whole.rsplit(':').next().and_then(|digits| digits.get(..32)).unwrap_or_default();
        format!("{digits}.json")
    }
}

/// What was typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// Into which form.
    #[serde(flatten)]
    pub key: DraftKey,
    /// Its fields, as typed; never what confirms.
    pub fields: Vec<String>,
    /// When.
    #[serde(deserialize_with = "time::clamped")]
    pub saved_at: Instant,
    /// Whether it was sent, and nobody has heard how that ended.
    #[serde(default)]
    pub is_on_its_way: bool,
}

/// What the console knows of drafts.
#[derive(Debug, Default)]
pub struct Drafts {
    /// Those that are kept.
    kept: BTreeMap<DraftKey, Draft>,
    /// The open form.
    pub open: Option<OpenForm>,
    /// When what is typed is kept.
    pub due: Option<Instant>,
    /// What each run was sent from: that draft is forgotten once it has arrived.
    pub sending: BTreeMap<String, DraftKey>,
    /// What esc forgets, while that question is on the screen.
    pub forget: Option<DraftKey>,
}

/// A form that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenForm {
    /// Which.
    pub key: DraftKey,
    /// Its fields as it was opened, before a draft was put into them.
    pub untouched: Vec<String>,
    /// Its fields as they are kept, or as they were opened.
    pub kept: Vec<String>,
}

impl Drafts {
    /// A draft that is not too old.
    pub fn of(&self, key: &DraftKey, now: Instant) -> Option<&Draft> {
        self.kept.get(key).filter(|draft| now - draft.saved_at < KEPT)
    }

    /// Takes one in.
    pub fn keep(&mut self, draft: Draft) {
        self.kept.insert(draft.key.clone(), draft);
    }

    /// Forgets one; whether there was one.
    pub fn forget(&mut self, key: &DraftKey) -> bool {
        self.kept.remove(key).is_some()
    }
}

/// Something to be done about drafts, in order.
#[derive(Debug)]
pub(super) enum Change {
    /// Read what is kept.
    Read(mpsc::Sender<Message>, Instant),
    /// Keep one, in place of the one before.
    Keep(Draft),
    /// Forget one.
    Forget(DraftKey),
}

/// The one task that touches the files of drafts.
#[derive(Debug)]
pub(super) struct Keeper {
    folder: PathBuf,
    changes: Option<(mpsc::Sender<Change>, JoinHandle<()>)>,
}

impl Keeper {
    pub(super) fn new(state: &Path) -> Self {
        Self { folder: state.join("drafts"), changes: None }
    }

    /// Has something done; never waits. What the disk has no room for is said in the log alone: it is a copy.
    pub(super) fn change(&mut self, change: Change) {
        let folder = self.folder.clone();
        let (changes, _) = self.changes.get_or_insert_with(|| {
            let (changes, mut asked) = mpsc::channel(WAITING);
            let work = move || {
                while let Some(change) = asked.blocking_recv() {
                    if let Err(error) = carry_out(&folder, change) {
                        tracing::warn!(%error, "a draft is not kept");
                    }
                }
            };
            (changes, tokio::task::spawn_blocking(work))
        });
        if changes.try_send(change).is_err() {
            tracing::warn!("a draft is not kept: the disk is too slow");
        }
    }

    /// Waits until everything asked for is on disk.
    pub(super) async fn written(&mut self) {
        if let Some((changes, work)) = self.changes.take() {
            drop(changes);
            let _ = work.await;
        }
    }
}

fn carry_out(folder: &Path, change: Change) -> std::io::Result<()> {
    match change {
        Change::Read(messages, now) => {
            // The loop is gone only when the process ends.
            let _ = messages.blocking_send(Message::Drafts(read(folder, now)));
            Ok(())
        }
        Change::Keep(draft) => put(folder, &draft),
        Change::Forget(key) => match fs::remove_file(folder.join(key.file())) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        },
    }
}

/// Writes a draft beside its place and moves it there: a console that dies meanwhile leaves the one before.
fn put(folder: &Path, draft: &Draft) -> std::io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let place = folder.join(draft.key.file());
    let beside = place.with_extension(format!("{}.new", std::process::id()));
    let text = serde_json::to_string(draft).map_err(std::io::Error::other)?;
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    file.write_all(text.as_bytes())?;
    file.sync_data()?;
    fs::rename(&beside, &place)
}

/// The newest drafts that make sense and are not too old; the others are removed, and what a console did not live to move to
/// its place.
fn read(folder: &Path, now: Instant) -> Vec<Draft> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut found = Vec::new();
    for place in entries.filter_map(Result::ok).map(|entry| entry.path()) {
        let name = place.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        if let Some(unmoved) = name.strip_suffix(".new") {
            if !is_being_written(unmoved) {
                drop(fs::remove_file(&place));
            }
            continue;
        }
        match text(&place).map(|text| serde_json::from_str::<Draft>(&text)) {
            Ok(Ok(draft)) if now - draft.saved_at < KEPT => found.push((draft, place)),
            Ok(_) => drop(fs::remove_file(&place)),
            // What cannot be read now may be read another time.
            Err(error) => tracing::warn!(%error, "a draft cannot be read"),
        }
    }
    found.sort_by_key(|(draft, _)| Reverse(draft.saved_at));
    for (_, place) in found.drain(MOST.min(found.len())..) {
        drop(fs::remove_file(place));
    }
    found.into_iter().map(|(draft, _)| draft).collect()
}

fn text(place: &Path) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    fs::File::open(place)?.take(LONGEST).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Whether the process whose number ends this name lives: this one writes nothing before it has read.
fn is_being_written(name: &str) -> bool {
    let writer = name.rsplit('.').next().and_then(|number| number.parse().ok()).and_then(Pid::from_raw);
    writer.is_some_and(|writer| writer != getpid() && test_kill_process(writer) != Err(Errno::SRCH))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn at(hours: i64) -> Instant {
        chrono::DateTime::from_timestamp(1_800_000_000 + hours * 3_600, 0).unwrap_or_default()
    }

    fn draft(target: &str, text: &str, hours: i64) -> Draft {
        let key = DraftKey { form: "note".into(), environment: "production".into(), target: target.into() };
        Draft { key, fields: vec![text.to_owned()], saved_at: at(hours), is_on_its_way: false }
    }

    #[test]
    fn a_draft_is_kept_for_its_owner_alone_replaced_and_forgotten() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path().join("drafts");
        let strange = draft("../../etc/決済\n", "first", 0);
        put(&folder, &strange).expect("kept");
        put(&folder, &draft("../../etc/決済\n", "second", 1)).expect("kept");
        put(&folder, &draft("other", "third", 1)).expect("kept");
        let mut found = read(&folder, at(2));
        found.sort_by(|one, other| one.fields.cmp(&other.fields));
        assert_eq!(found, [draft("../../etc/決済\n", "second", 1), draft("other", "third", 1)]);
        for entry in fs::read_dir(&folder).expect("a folder").filter_map(Result::ok) {
            assert_eq!(entry.metadata().expect("a file").permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(fs::metadata(&folder).expect("a folder").permissions().mode() & 0o777, 0o700);
        carry_out(&folder, Change::Forget(strange.key.clone())).expect("forgotten");
        carry_out(&folder, Change::Forget(strange.key)).expect("there is none: nothing to do");
        assert_eq!(read(&folder, at(2)).len(), 1);
    }

    #[test]
    fn what_is_old_or_makes_no_sense_is_removed() {
        let folder = tempfile::tempdir().expect("a folder");
        put(folder.path(), &draft("old", "x", 0)).expect("kept");
        put(folder.path(), &draft("new", "x", 2)).expect("kept");
        fs::write(folder.path().join("half.json"), "{\"form\":").expect("a file");
        assert_eq!(read(folder.path(), at(25)), [draft("new", "x", 2)]);
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
    }

    #[test]
    fn what_a_console_did_not_live_to_move_is_removed_and_no_draft_and_what_one_just_writes_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        put(folder.path(), &draft("a", "whole", 0)).expect("kept");
        let name = draft("a", "", 0).key.file();
        let beside = |pid: &str| folder.path().join(&name).with_extension(format!("{pid}.new"));
        let whole = serde_json::to_string(&draft("a", "never moved", 0)).expect("a text");
        // No process has the highest number there is; what has ours is of one before it, and our parent lives.
        let parent = rustix::process::getppid().expect("a parent").as_raw_nonzero().to_string();
        for pid in ["2147483647", "", "x", &std::process::id().to_string(), &parent] {
            fs::write(beside(pid), &whole).expect("a file");
        }
        assert_eq!(read(folder.path(), at(1)), [draft("a", "whole", 0)]);
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 2);
        assert!(beside(&parent).exists(), "its writer lives");
    }

    #[test]
    fn of_too_many_the_oldest_are_removed() {
        let folder = tempfile::tempdir().expect("a folder");
        let late = |place: usize| at(0) + TimeDelta::seconds(i64::try_from(place).unwrap_or_default());
        for place in 0..MOST + 5 {
            let draft = Draft { saved_at: late(place), ..draft(&place.to_string(), "x", 0) };
            put(folder.path(), &draft).expect("kept");
        }
        let found = read(folder.path(), at(1));
        assert_eq!(found.iter().map(|draft| draft.saved_at).min(), Some(late(5)));
        assert_eq!((found.len(), fs::read_dir(folder.path()).expect("a folder").count()), (MOST, MOST));
    }

    #[tokio::test]
    async fn changes_happen_in_their_order() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut keeper = Keeper::new(folder.path());
        for number in 0..20 {
            keeper.change(Change::Keep(draft("a", &number.to_string(), 0)));
        }
        keeper.change(Change::Forget(draft("a", "", 0).key));
        keeper.change(Change::Keep(draft("b", "stays", 0)));
        keeper.written().await;
        assert_eq!(read(&folder.path().join("drafts"), at(1)), [draft("b", "stays", 0)]);
    }
}
