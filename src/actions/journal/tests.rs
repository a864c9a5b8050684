use std::fs;
use std::io;
use std::path::Path;

use super::*;
use crate::domain::rollout::{Kind, WorkloadRef};

/// The line that begins a run with a target.
pub(super) fn aimed(run: &str) -> Entry {
    let workload = WorkloadRef {
        environment: "production".into(),
        namespace: "shop".into(),
        kind: Kind::Deployment,
        name: "api".into(),
    };
    let aim = Aim {
        subject: workload.into(),
        uid: "u".to_owned(),
        template_digest: String::new(),
        goal: Goal::Healthy,
        pod: None,
        deadline_seconds: 60,
        replicas: None,
        code: None,
        chosen: Vec::new(),
        expected: String::new(),
        ends_with: Vec::new(),
        clearing: Vec::new(),
    };
    Entry { aims: vec![aim], ..entry(What::Begun, run, None) }
}

pub(super) fn entry(what: What, run: &str, target: Option<usize>) -> Entry {
    Entry {
        what,
        run: run.into(),
        action: "rollback".into(),
        environment: "production".into(),
        cluster: "c".into(),
        actor: "mori".into(),
        aims: Vec::new(),
        target,
        step: None,
        is_undo: false,
        outcome: None,
        phase: None,
        words: "…".into(),
    }
}

fn written(state: &Path, entries: &[Entry]) -> io::Result<std::path::PathBuf> {
    let mut journal = Journal::new(state);
    for entry in entries {
        journal.append(entry.clone(), Instant::default())?;
    }
    Ok(chains(state)?.pop().map(|chain| chain.file).unwrap_or_default())
}

#[test]
fn a_chain_is_private_locked_while_it_lives_and_sound() -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let state = tempfile::tempdir()?;
    let mut journal = Journal::new(state.path());
    assert!(chains(state.path())?.is_empty(), "nothing is written before the first line");
    journal.append(entry(What::Begun, "r", None), Instant::default())?;
    journal.append(entry(What::Intent, "r", Some(0)), Instant::default())?;
    let chain = chains(state.path())?.pop().ok_or_else(|| io::Error::other("no chain"))?;
    assert!(chain.is_alive);
    assert_eq!(fs::metadata(&chain.file)?.permissions().mode() & 0o777, 0o600);
    assert_eq!(flaws(&[chain]), []);
    drop(journal);
    assert!(!chains(state.path())?[0].is_alive);
    Ok(())
}

#[test]
fn changed_missing_and_torn_lines_are_named() -> io::Result<()> {
    let entries = [entry(What::Begun, "r", None), entry(What::Intent, "r", Some(0)), entry(What::Ended, "r", None)];
    for (spoil, line, words) in [
        (&(|text: &str| text.replacen("mori", "rico", 1)) as &dyn Fn(&str) -> String, 1, "changed"),
        (
            &|text: &str| {
                text.split_inclusive('\n').enumerate().filter(|(place, _)| *place != 1).map(|(_, line)| line).collect()
            },
            2,
            "missing",
        ),
        (&|text: &str| text.get(..text.len() - 20).unwrap_or_default().to_owned(), 3, "cannot be read"),
    ] {
        let state = tempfile::tempdir()?;
        let file = written(state.path(), &entries)?;
        fs::write(&file, spoil(&fs::read_to_string(&file)?))?;
        let found = flaws(&chains(state.path())?);
        assert_eq!(found.first().map(|flaw| flaw.line), Some(line), "{found:?}");
        assert!(found[0].words.contains(words), "{found:?}");
    }
    Ok(())
}

#[test]
fn a_run_without_an_end_is_unfinished_once_its_process_is_gone() -> io::Result<()> {
    let state = tempfile::tempdir()?;
    let mut journal = Journal::new(state.path());
    journal.append(aimed("r"), Instant::default())?;
    journal.append(entry(What::Intent, "r", Some(0)), Instant::default())?;
    assert!(unfinished(&chains(state.path())?).is_empty(), "its process lives");
    drop(journal);
    let found = unfinished(&chains(state.path())?);
    assert_eq!(
        found.iter().map(|run| (run.begun.run.as_str(), run.open.clone())).collect::<Vec<_>>(),
        [("r", vec![0])]
    );
    written(state.path(), &[entry(What::Resumed, "r", None), entry(What::Ended, "r", None)])?;
    assert!(unfinished(&chains(state.path())?).is_empty(), "ended by another process");
    Ok(())
}

/// The next process verifies what is open, by what the server stored, and tells again what was settled.
#[test]
fn how_far_a_run_had_come_is_known_target_by_target() -> io::Result<()> {
    let state = tempfile::tempdir()?;
    let begun = aimed("r");
    let stored = Aim { template_digest: "as it was stored".into(), ..begun.aims[0].clone() };
    let settled = |target, outcome| Entry { outcome, ..entry(What::Settled, "r", Some(target)) };
    let of = |what, target| entry(what, "r", Some(target));
    written(
        state.path(),
        &[
            Entry { aims: vec![begun.aims[0].clone(); 4], ..begun },
            of(What::Intent, 0),
            settled(0, Some(Outcome::Failed)),
            of(What::Intent, 1),
            settled(1, None),
            of(What::Intent, 2),
            Entry { aims: vec![stored.clone()], ..of(What::Accepted, 2) },
            of(What::Intent, 3),
        ],
    )?;
    let found = unfinished(&chains(state.path())?).pop().ok_or_else(|| io::Error::other("no run"))?;
    assert_eq!((found.open, found.accepted), (vec![2, 3], [2].into()));
    assert_eq!((&found.begun.aims[2], &found.begun.aims[3]), (&stored, &aimed("r").aims[0]));
    let ends: Vec<_> = found.settled.iter().map(|(target, (outcome, _))| (*target, *outcome)).collect();
    assert_eq!(ends, [(0, Outcome::Failed), (1, Outcome::Unknown)], "a word that is missing is no good news");
    Ok(())
}

/// Whoever can hash lines can number them too.
#[test]
fn lines_that_are_numbered_anew_and_hashed_are_named() -> io::Result<()> {
    let state = tempfile::tempdir()?;
    let file = written(state.path(), &[entry(What::Begun, "r", None), entry(What::Ended, "r", None)])?;
    let (mut prev, mut text) = (String::new(), String::new());
    for line in &chains(state.path())?[0].lines {
        let mut line = Line { seq: line.seq + 1, prev: prev.clone(), hash: String::new(), ..line.clone() };
        line.hash = line.computed_hash();
        prev.clone_from(&line.hash);
        text += &(serde_json::to_string(&line)? + "\n");
    }
    fs::write(&file, text)?;
    let found = flaws(&chains(state.path())?);
    assert!(found.len() == 2 && found[0].words.contains("missing"), "{found:?}");
    Ok(())
}

/// A torn line ends what is read: whatever stands behind it was not written by us.
#[test]
fn nothing_behind_a_torn_line_is_read() -> io::Result<()> {
    let state = tempfile::tempdir()?;
    let file = written(state.path(), &[entry(What::Begun, "r", None), entry(What::Intent, "r", Some(0))])?;
    let text = fs::read_to_string(&file)?;
    let (first, second) = text.split_once('\n').unwrap_or_default();
    fs::write(&file, format!("{first}\n{}\n{second}", &second[..40]))?;
    let chain = chains(state.path())?.pop().ok_or_else(|| io::Error::other("no chain"))?;
    assert_eq!((chain.lines.len(), chain.torn_at), (1, Some(2)));
    Ok(())
}

#[test]
fn whether_a_run_was_begun_here_is_known_whoever_began_it() -> io::Result<()> {
    let state = tempfile::tempdir()?;
    let journal = Journal::new(state.path());
    assert!(!journal.has_begun("r")?, "there is no journal yet");
    written(state.path(), &[entry(What::GivenUp, "given up", None), entry(What::Refused, "refused", None)])?;
    written(state.path(), &[entry(What::Begun, "r \"1\"", None), entry(What::Ended, "r \"1\"", None)])?;
    assert!(journal.has_begun("r \"1\"")?);
    for other in ["r", "given up", "refused", ""] {
        assert!(!journal.has_begun(other)?, "{other}");
    }
    Ok(())
}

#[test]
fn an_interrupted_write_into_the_store_leaves_nothing_to_verify() -> io::Result<()> {
    let state = tempfile::tempdir()?;
    for action in ["note", "edit-note", "withdraw-note", "acknowledge", "give-back", "exec", "port-forward", "silence"]
    {
        let begun = |what, target| Entry { action: action.into(), ..entry(what, action, target) };
        written(state.path(), &[begun(What::Begun, None), begun(What::Intent, Some(0))])?;
    }
    let chains = chains(state.path())?;
    let left: Vec<String> = unfinished(&chains).into_iter().map(|run| run.begun.run).collect();
    assert_eq!(left, ["silence"], "what became of one is found by its comment");
    Ok(())
}

#[test]
fn a_folder_that_cannot_be_written_is_an_error() -> io::Result<()> {
    let state = tempfile::tempdir()?;
    fs::write(state.path().join("journal"), "a file in the way")?;
    assert!(Journal::new(state.path()).append(entry(What::Begun, "r", None), Instant::default()).is_err());
    Ok(())
}

#[test]
fn a_chain_that_cannot_be_read_hides_no_other() -> io::Result<()> {
    let state = tempfile::tempdir()?;
    written(state.path(), &[aimed("r"), entry(What::Intent, "r", Some(0))])?;
    // Whoever tests as root may read everything: a folder of that name cannot be read by anybody.
    fs::create_dir(state.path().join("journal/20260101T000000Z-1-00000000.jsonl"))?;
    let all = chains(state.path())?;
    assert_eq!(unfinished(&all).len(), 1, "the other still counts");
    let flaws = flaws(&all);
    assert!(flaws.len() == 1 && flaws[0].words.contains("cannot be read"), "{flaws:?}");
    Ok(())
}

#[test]
fn a_reserve_is_set_aside_before_it_is_needed_and_whole() -> io::Result<()> {
    let state = tempfile::tempdir()?;
    let journal = Journal::new(state.path());
    let reserve = state.path().join("journal/reserve");
    let length = || fs::metadata(&reserve).map(|known| known.len());
    journal.set_aside()?;
    assert_eq!(length()?, 4 * 1024 * 1024);
    assert!(chains(state.path())?.is_empty(), "nothing is told yet");
    // A console that died while it made it, or a disk that was full then.
    fs::write(&reserve, "part")?;
    journal.set_aside()?;
    assert_eq!(length()?, 4 * 1024 * 1024);
    Ok(())
}

#[test]
fn who_reads_the_chains_does_not_hinder_who_begins_one() -> io::Result<()> {
    let state = tempfile::tempdir()?;
    std::thread::scope(|scope| {
        let reading = scope.spawn(|| (0..200).try_for_each(|_| chains(state.path()).map(drop)));
        for _ in 0..50 {
            Journal::new(state.path()).append(entry(What::Begun, "r", None), Instant::default())?;
        }
        reading.join().unwrap_or_else(|_| Err(io::Error::other("the reader failed")))
    })
}
