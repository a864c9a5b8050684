//! Sealing and verifying: nothing is lost whoever dies, and nothing can be changed without being found.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::ScopedJoinHandle;

use super::seal::seal_beyond;
use super::sealed::{index_file, register_file, segment_file};
use super::tests::{aimed, entry};
use super::*;
use crate::config::StoreSettings;
use crate::sources::Clock;
use crate::sources::store::Store;
use crate::sources::store::port::ReadStore;

fn at(minute: i64) -> Instant {
    chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap_or_default() + chrono::TimeDelta::minutes(minute)
}

/// A chain of a process that has ended.
fn chain(state: &Path, minute: i64, entries: &[Entry]) -> io::Result<PathBuf> {
    let mut journal = Journal::new(state);
    for entry in entries {
        journal.append(entry.clone(), at(minute))?;
    }
    let before: Vec<PathBuf> =
        chains(state)?.into_iter().filter(|chain| chain.is_alive).map(|chain| chain.file).collect();
    drop(journal);
    let is_ours = |chain: &Chain| !chain.is_alive && before.contains(&chain.file);
    Ok(chains(state)?.into_iter().find(is_ours).map(|chain| chain.file).unwrap_or_default())
}

fn whole(run: &str) -> [Entry; 3] {
    let ended = Entry { phase: Some(Phase::Done), ..entry(What::Ended, run, None) };
    [aimed(run), entry(What::Intent, run, Some(0)), ended]
}

/// Every line there is, in no order.
fn lines(state: &Path) -> io::Result<Vec<String>> {
    let mut lines: Vec<String> =
        all(state)?.iter().flat_map(|chain| chain.text.lines().map(str::to_owned).collect::<Vec<_>>()).collect();
    lines.sort();
    Ok(lines)
}

fn open(state: &Path) -> io::Result<usize> {
    Ok(chains(state)?.len())
}

fn flaws(state: &Path) -> io::Result<Vec<String>> {
    Ok(verify(state, None)?.flaws.into_iter().map(|flaw| flaw.words).collect())
}

fn store(state: &Path) -> Store {
    let clock: Clock = Arc::new(|| at(60));
    Store::open(&StoreSettings::Embedded, state, &clock, false)
}

async fn anchors(store: &Store) -> Anchors {
    Anchors { heads: store.audit_heads("journal/").await.unwrap_or_default().into_iter().collect(), is_own: false }
}

#[test]
fn what_is_at_rest_is_sealed_and_still_all_there() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let state = folder.path();
    for number in 0..6 {
        chain(state, number, &whole(&format!("r{number}")))?;
    }
    let mut alive = Journal::new(state);
    alive.append(entry(What::Begun, "alive", None), at(6))?;
    chain(state, 7, &[aimed("left"), entry(What::Intent, "left", Some(0))])?;
    // One process began it, another is still at it: both stay.
    chain(state, 8, &[aimed("shared"), entry(What::Intent, "shared", Some(0))])?;
    alive.append(entry(What::Resumed, "shared", None), at(9))?;
    // What reaches into a pod, or writes into the store, leaves nothing to verify.
    chain(state, 9, &[Entry { action: "note".into(), ..entry(What::Begun, "note", None) }])?;
    let (before, count) = (lines(state)?, open(state)?);
    assert_eq!(seal_beyond(state, "mori", at(30), count)?, 0, "there are not too many yet");
    assert_eq!(seal_beyond(state, "mori", at(30), 3)?, 7);
    assert_eq!(open(state)?, count - 7);
    assert_eq!(lines(state)?, before);
    let left: Vec<String> = unfinished(&chains(state)?).into_iter().map(|run| run.begun.run).collect();
    assert_eq!(left, ["left"], "what is alive is at the other");
    for run in ["r0", "r5", "alive", "left", "note"] {
        assert!(alive.has_begun(run)?, "{run}");
    }
    assert!(!alive.has_begun("r6")?);
    let day = 25 * 60;
    assert_eq!(ended(state, at(3 + day))?.len(), 3, "older ones are named by no record any more");
    let told = |since, least| Ok::<_, io::Error>(recent(state, at(since), least)?.len());
    assert_eq!(told(100, 0)?, open(state)?, "nothing sealed is read");
    assert_eq!(told(4, 0)?, open(state)? + 3);
    assert_eq!(told(100, 9)?, open(state)? + 2, "the newest, until there are enough");
    assert_eq!(flaws(state)?, Vec::<String>::new());
    drop(alive);
    assert_eq!(unfinished(&chains(state)?).len(), 2);
    assert_eq!(unfinished(&all(state)?).len(), 2, "what is sealed never adds one");
    Ok(())
}

#[test]
fn whoever_dies_while_it_seals_loses_nothing() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let state = folder.path();
    for number in 0..4 {
        chain(state, number, &whole(&format!("r{number}")))?;
    }
    let before = lines(state)?;
    let copies: Vec<(PathBuf, Vec<u8>)> =
        chains(state)?.into_iter().map(|chain| (chain.file, chain.text.into_bytes())).collect();
    // It died before the register told of its segment: what it wrote is nothing.
    fs::create_dir_all(sealed::folder(state))?;
    fs::write(segment_file(state, 1), "half a segm")?;
    fs::write(index_file(state, 1), "{\"chain\":\"x\"")?;
    assert_eq!((lines(state)?, flaws(state)?), (before.clone(), Vec::new()));
    assert_eq!(seal_beyond(state, "mori", at(9), 0)?, 4);
    assert_eq!((lines(state)?, flaws(state)?), (before.clone(), Vec::new()));
    // It died before it removed the chains: they are there twice, and count once.
    for (file, bytes) in &copies {
        fs::write(file, bytes)?;
    }
    let verified = verify(state, None)?;
    assert_eq!((verified.chains, verified.lines, verified.flaws), (4, 12, Vec::new()));
    assert_eq!(lines(state)?, before);
    // It died in the middle of the next line of the register.
    let mut register = OpenOptions::new().append(true).open(register_file(state))?;
    register.write_all(b"{\"seq\":2,\"at\":")?;
    assert_eq!(flaws(state)?, Vec::<String>::new());
    chain(state, 5, &whole("r5"))?;
    assert_eq!(seal_beyond(state, "mori", at(9), 0)?, 1, "those that are there twice are not sealed again");
    assert_eq!((open(state)?, lines(state)?.len(), flaws(state)?), (0, 15, Vec::new()));
    let told: Vec<Flaw> = verify(state, None)?.unknown;
    assert_eq!(told.len(), 2, "what was left is put aside and told: {told:?}");
    // A register that somebody deleted: what it told of is never overwritten.
    let sealed_before = fs::read(segment_file(state, 1))?;
    fs::remove_file(register_file(state))?;
    chain(state, 6, &whole("r6"))?;
    seal_beyond(state, "mori", at(9), 0)?;
    let kept = verify(state, None)?.unknown.into_iter().filter_map(|told| fs::read(told.file).ok());
    assert!(kept.into_iter().any(|bytes| bytes == sealed_before), "it is all there is");
    Ok(())
}

#[test]
fn several_seal_write_and_read_at_once() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let state = folder.path();
    let told = |writer: usize, number: usize| format!("w{writer}-{number}");
    std::thread::scope(|scope| {
        let write = |writer: usize| {
            move || (0..20).try_for_each(|number| chain(state, 1, &whole(&told(writer, number))).map(drop))
        };
        let seal = || (0..30).try_for_each(|_| seal_beyond(state, "mori", at(9), 2).map(drop));
        let read = || {
            // Nothing that was there once is ever missing.
            let mut known = 0;
            (0..30).try_for_each(|_| {
                let now = lines(state)?.len();
                assert!(now >= known, "{now} lines, there were {known}");
                known = now;
                Ok::<_, io::Error>(())
            })
        };
        let at_once = [scope.spawn(write(0)), scope.spawn(write(1))];
        let others = [scope.spawn(seal), scope.spawn(seal)];
        let reading = scope.spawn(read);
        let ends =
            at_once.into_iter().map(ScopedJoinHandle::join).chain(others.into_iter().map(ScopedJoinHandle::join));
        ends.chain([reading.join()]).try_for_each(|end| end.unwrap_or_else(|_| Err(io::Error::other("one failed"))))
    })?;
    let all = lines(state)?;
    assert_eq!(all.len(), 120);
    assert_eq!(flaws(state)?, Vec::<String>::new());
    let journal = Journal::new(state);
    for (writer, number) in (0..2).flat_map(|writer| (0..20).map(move |number| (writer, number))) {
        assert!(journal.has_begun(&told(writer, number))?);
    }
    Ok(())
}

/// What somebody does to what was sealed.
type Spoil = fn(&Path) -> io::Result<()>;

#[test]
fn what_is_changed_after_it_was_sealed_is_named() -> io::Result<()> {
    let spoils: [(&str, Spoil); 7] = [
        ("the line cannot be read: what it sealed is not known here", |state| {
            OpenOptions::new().append(true).open(register_file(state))?.write_all(b"what is this?\n")
        }),
        ("it was sealed, and is another now", |state| {
            let sealed = all(state)?.swap_remove(0);
            let less: String = sealed.text.split_inclusive('\n').take(2).collect();
            fs::write(folder::of(state).join(format!("{}.jsonl", sealed.name)), less)
        }),
        ("changed after it was written", |state| {
            let text = fs::read_to_string(segment_file(state, 1))?;
            fs::write(segment_file(state, 1), text.replacen("mori", "rico", 1))
        }),
        ("longer or shorter", |state| {
            let text = fs::read_to_string(segment_file(state, 1))?;
            fs::write(segment_file(state, 1), text.split_inclusive('\n').take(5).collect::<String>())
        }),
        ("it was changed", |state| {
            let text = fs::read_to_string(index_file(state, 1))?;
            fs::write(index_file(state, 1), text.split_inclusive('\n').skip(1).collect::<String>())
        }),
        ("2 sealed chains are missing", |state| fs::remove_file(index_file(state, 1))),
        ("changed after it was written", |state| {
            let text = fs::read_to_string(register_file(state))?;
            fs::write(register_file(state), text.replace("\"chains\":2", "\"chains\":1"))
        }),
    ];
    for (words, spoil) in spoils {
        let folder = tempfile::tempdir()?;
        let state = folder.path();
        chain(state, 1, &whole("a"))?;
        chain(state, 2, &whole("b"))?;
        seal_beyond(state, "mori", at(9), 0)?;
        assert_eq!(flaws(state)?, Vec::<String>::new());
        spoil(state)?;
        let found = flaws(state)?;
        assert!(found.iter().any(|flaw| flaw.contains(words)), "{words}: {found:?}");
    }
    Ok(())
}

/// A chain that is hashed anew, line by line, is still not the one that the index knows.
#[test]
fn a_segment_that_is_forged_whole_is_named() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let state = folder.path();
    chain(state, 1, &whole("a"))?;
    seal_beyond(state, "mori", at(9), 0)?;
    forge(&segment_file(state, 1), |lines| lines[2].entry.actor = "rico".into())?;
    let found = flaws(state)?;
    assert!(found.len() == 1 && found[0].contains("is not what was sealed: it had 3 lines"), "{found:?}");
    Ok(())
}

/// Chains that tell of one run go together: nobody reads its beginning without its end.
#[test]
fn what_is_alive_and_what_belongs_to_it_stays_open() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let state = folder.path();
    let mut alive = Journal::new(state);
    alive.append(entry(What::GivenUp, "alone", None), at(1))?;
    assert_eq!(seal_beyond(state, "mori", at(9), 0)?, 0, "its process may write on");
    chain(state, 2, &[aimed("shared"), entry(What::Intent, "shared", Some(0))])?;
    chain(state, 3, &whole("other"))?;
    alive.append(entry(What::Resumed, "shared", None), at(4))?;
    let ended = Entry { phase: Some(Phase::Done), ..entry(What::Ended, "shared", None) };
    alive.append(ended, at(4))?;
    assert_eq!(seal_beyond(state, "mori", at(9), 0)?, 1, "the other alone");
    assert_eq!(open(state)?, 2);
    drop(alive);
    assert_eq!(seal_beyond(state, "mori", at(9), 0)?, 2);
    Ok(())
}

/// Whatever stands under the name of a sealed chain and says something else is kept, for whoever verifies.
#[test]
fn another_chain_under_a_sealed_name_is_never_removed() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let state = folder.path();
    let file = chain(state, 1, &whole("a"))?;
    seal_beyond(state, "mori", at(9), 0)?;
    let mut other = fs::read_to_string(segment_file(state, 1))?.lines().next().unwrap_or_default().to_owned();
    other.push('\n');
    fs::write(&file, &other)?;
    chain(state, 2, &whole("b"))?;
    seal_beyond(state, "mori", at(9), 0)?;
    let kept = [fs::read_to_string(&file), fs::read_to_string(segment_file(state, 2))];
    assert!(kept.iter().flatten().any(|text| text.contains(&other)), "{kept:?}");
    Ok(())
}

#[test]
fn nothing_is_sealed_by_a_register_that_cannot_be_read() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let state = folder.path();
    chain(state, 1, &whole("a"))?;
    seal_beyond(state, "mori", at(9), 0)?;
    OpenOptions::new().append(true).open(register_file(state))?.write_all(b"what is this?\n")?;
    chain(state, 2, &whole("b"))?;
    let error = seal_beyond(state, "mori", at(9), 0).expect_err("nobody knows what it tells");
    assert!(error.to_string().contains("was changed"), "{error}");
    assert_eq!(open(state)?, 1);
    Ok(())
}

/// Writes a chain anew, every hash with it.
fn forge(file: &Path, change: impl Fn(&mut Vec<Line>)) -> io::Result<()> {
    let mut lines: Vec<Line> =
        fs::read_to_string(file)?.lines().filter_map(|raw| serde_json::from_str(raw).ok()).collect();
    change(&mut lines);
    let mut prev = String::new();
    let mut text = String::new();
    for (place, line) in lines.iter_mut().enumerate() {
        line.seq = place as u64 + 1;
        line.prev.clone_from(&prev);
        line.hash = line.computed_hash();
        prev.clone_from(&line.hash);
        text += &(serde_json::to_string(line)? + "\n");
    }
    fs::write(file, text)
}

#[tokio::test]
async fn what_only_the_store_can_tell_is_found() -> io::Result<()> {
    let spoils: [(&str, usize, Spoil); 4] = [
        ("its end is missing: here are 2 lines, the audit has 3", 3, |file| forge(file, |lines| drop(lines.pop()))),
        ("another than the audit has", 2, |file| forge(file, |lines| lines[1].entry.actor = "rico".into())),
        ("the chain is missing: the audit has 3 lines of it", 0, |file| fs::remove_file(file)),
        ("its end is missing: here are 0 lines", 1, |file| fs::write(file, "")),
    ];
    for (words, line, spoil) in spoils {
        let folder = tempfile::tempdir()?;
        let state = folder.path();
        let store = store(state);
        chain(state, 1, &whole("other"))?;
        let file = chain(state, 2, &whole("a"))?;
        let before = verify(state, Some(&anchors(&store).await))?;
        assert_eq!((before.not_taken_over, before.compared, before.flaws), (2, 0, Vec::new()), "said, and no flaw");
        assert_eq!(replay(state, &store).await.map(|done| done.lines), Ok(6));
        let mut journal = Journal::new(state);
        journal.append(entry(What::GivenUp, "later", None), at(3))?;
        let sound = verify(state, Some(&anchors(&store).await))?;
        assert_eq!((sound.compared, sound.not_taken_over, sound.flaws.len()), (2, 1, 0));
        spoil(&file)?;
        assert_eq!(flaws(state)?, Vec::<String>::new(), "{words}: nobody sees it without the store");
        let mut found = verify(state, Some(&anchors(&store).await))?;
        for differing in std::mem::take(&mut found.differing) {
            let search = crate::domain::store::AuditSearch {
                chain: Some(differing.chain.clone()),
                limit: 100,
                ..Default::default()
            };
            found.flaws.push(differing.flaw(&store.audit(&search).await.unwrap_or_default()));
        }
        let [flaw] = found.flaws.as_slice() else { panic!("{words}: {found:?}") };
        assert_eq!((flaw.file.as_path(), flaw.line), (file.as_path(), line), "{flaw:?}");
        assert!(flaw.words.contains(words), "{flaw:?}");
    }
    Ok(())
}

/// The audit has the last line as it was: one that is hashed anew in its place is found out, though it is not longer.
#[tokio::test]
async fn a_last_line_that_was_written_anew_is_refused_by_the_audit() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let state = folder.path();
    let store = store(state);
    let file = chain(state, 1, &whole("a"))?;
    assert_eq!(replay(state, &store).await.map(|done| (done.lines, done.refused.len())), Ok((3, 0)));
    forge(&file, |lines| lines[2].entry.actor = "rico".into())?;
    assert_eq!(replay(state, &store).await.map(|done| (done.lines, done.refused.len())), Ok((0, 1)));
    Ok(())
}

/// A line is whole once its end is on disk: the process may still be writing it.
#[tokio::test]
async fn what_grows_is_taken_over_line_by_line() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let state = folder.path();
    let store = store(state);
    let file = chain(state, 1, &whole("a"))?;
    let text = fs::read_to_string(&file)?;
    let mut take_over = TakeOver::default();
    for (until, lines) in [(text.len() - 1, 2), (text.len(), 1), (text.len(), 0)] {
        fs::write(&file, &text[..until])?;
        assert_eq!(take_over.replay(state, &store).await.map(|done| done.lines), Ok(lines), "{until}");
    }
    Ok(())
}

#[tokio::test]
async fn a_deleted_folder_is_missed_and_other_journals_are_not() -> io::Result<()> {
    let (here, there) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let shared = tempfile::tempdir()?;
    let store = store(shared.path());
    for state in [here.path(), there.path()] {
        chain(state, 1, &whole("a"))?;
        chain(state, 2, &whole("b"))?;
        seal_beyond(state, "mori", at(9), 0)?;
        chain(state, 3, &whole("c"))?;
        replay(state, &store).await.expect("taken over");
    }
    let all = anchors(&store).await;
    assert_eq!(all.heads.len(), 8, "three chains and a register each");
    let sound = verify(here.path(), Some(&all))?;
    assert_eq!((sound.chains, sound.lines, sound.flaws, sound.compared), (3, 9, Vec::new(), 4));
    fs::remove_dir_all(here.path().join("journal"))?;
    let gone = verify(here.path(), Some(&all))?;
    assert_eq!((gone.chains, gone.flaws.len()), (0, 4), "{gone:?}");
    assert!(gone.flaws.iter().all(|flaw| flaw.words.contains("is missing")));
    let own = Anchors { is_own: true, ..all };
    assert_eq!(verify(there.path(), Some(&own))?.flaws.len(), 4, "in a store of one's own every chain is one's own");
    Ok(())
}

#[tokio::test]
async fn segments_are_taken_over_once_and_into_a_store_that_is_new() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let state = folder.path();
    let first = store(state);
    chain(state, 1, &whole("a"))?;
    assert_eq!(replay(state, &first).await.map(|done| done.lines), Ok(3));
    chain(state, 2, &whole("b"))?;
    seal_beyond(state, "mori", at(9), 0)?;
    let mut take_over = TakeOver::default();
    // The lines of the second chain, and the register's.
    for lines in [4, 0] {
        assert_eq!(take_over.replay(state, &first).await.map(|done| (done.lines, done.refused)), Ok((lines, vec![])));
    }
    chain(state, 3, &whole("c"))?;
    seal_beyond(state, "mori", at(9), 0)?;
    let other_folder = tempfile::tempdir()?;
    let second = store(other_folder.path());
    assert_eq!(replay(state, &second).await.map(|done| done.lines), Ok(11), "all of it, and two lines of the register");
    assert_eq!(take_over.replay(state, &first).await.map(|done| done.lines), Ok(4), "only what is new");
    for store in [&first, &second] {
        let verified = verify(state, Some(&anchors(store).await))?;
        assert_eq!((verified.chains, verified.compared, verified.flaws), (3, 4, Vec::new()));
    }
    Ok(())
}

#[test]
fn a_member_that_is_not_known_is_told_and_hashed_with_its_line() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let state = folder.path();
    let file = chain(state, 1, &whole("a"))?;
    let text = fs::read_to_string(&file)?;
    let last = text.lines().last().unwrap_or_default();
    // Put in by hand: the hash tells.
    let added = last.replacen("\"words\"", "\"approved_by\":\"boss\",\"words\"", 1);
    fs::write(&file, text.replace(last, &added))?;
    assert_eq!(flaws(state)?, ["the line was changed after it was written."]);
    // Written by a newer version: it is no flaw, and what it is not known to mean is told.
    let bare = added.rsplit_once("\"hash\"").map_or("", |(bare, _)| bare).to_owned();
    let hashed = |bare: &str| {
        let digest = hex(Sha256::digest(format!("{bare}\"hash\":\"\"}}").as_bytes()).as_slice());
        format!("{bare}\"hash\":\"{digest}\"}}")
    };
    fs::write(&file, text.replace(last, &hashed(&bare)))?;
    let verified = verify(state, None)?;
    assert_eq!(verified.flaws, []);
    assert!(verified.unknown[0].words.ends_with(": approved_by") && verified.unknown[0].line == 3, "{verified:?}");
    // A whole line of a kind that is not known hides none after it.
    let middle = text.lines().nth(1).unwrap_or_default();
    let foreign = middle.replacen("\"intent\"", "\"promised\"", 1);
    let foreign = hashed(foreign.rsplit_once("\"hash\"").map_or("", |(bare, _)| bare));
    fs::write(&file, text.replace(middle, &foreign))?;
    assert_eq!(chains(state)?[0].lines.len(), 2);
    assert!(verify(state, None)?.unknown[0].words.contains("of a kind that this version does not know"));
    Ok(())
}

#[test]
fn a_process_that_finds_its_empty_chain_gone_begins_another() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let state = folder.path();
    chain(state, 1, &whole("a"))?;
    fs::write(folder::of(state).join("20260101T000000Z-1-00000000.jsonl"), "")?;
    seal_beyond(state, "mori", at(9), 0)?;
    assert_eq!(open(state)?, 0, "the empty one is gone");
    assert_eq!(all(state)?.len(), 1);
    Ok(())
}

#[test]
fn ids_are_made_once() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let ids: Vec<String> = std::thread::scope(|scope| {
        let made: Vec<_> = (0..8).map(|_| scope.spawn(|| folder::made_id(folder.path()))).collect();
        made.into_iter().filter_map(|one| one.join().ok()?.ok()).collect()
    });
    assert_eq!(ids.len(), 8);
    assert!(
        ids.iter().all(|id| *id == ids[0] && folder::id_in(&format!("20260101T000000Z-1-00000000-{id}")) == Some(id))
    );
    assert_eq!(folder::id_in("20260101T000000Z-1-00000000"), None, "one of before");
    let left: Vec<_> = fs::read_dir(folder.path())?.filter_map(|one| Some(one.ok()?.file_name())).collect();
    assert_eq!(left.len(), 1, "{left:?}");
    Ok(())
}
