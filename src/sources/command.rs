//! Commands of the operator that are only read: started without a shell, in a group of their own, with no terminal to ask on.
//!
//! It keeps one invariant: when the answer is there, too long, too late or not wanted any more, no process of the group is left.

use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};

use super::error::{SourceError, Trouble};
use super::observe::Answer;
use super::operate::{ProgramAsk, ProgramEnd, RunPrograms};
use crate::domain::log::Mask;
use crate::domain::text;

/// The longest answer that is read, in bytes.
pub(in crate::sources) const LONGEST_ANSWER: usize = 8 * 1024 * 1024;
/// How much of what a command says went wrong is kept, in bytes.
const LONGEST_COMPLAINT: usize = 8 * 1024;
/// The users of the operating system.
const USERS: &str = "/etc/passwd";
/// How much of that is told, in characters.
const LONGEST_TOLD: usize = 300;

/// A command's group: whoever lets go of it ends all of it.
struct Group {
    child: Child,
    id: Option<Pid>,
}

impl Drop for Group {
    fn drop(&mut self) {
        // The command itself may have ended and left others behind: the group lives as long as any of them.
        if let Some(id) = self.id {
            let _ = kill_process_group(id, Signal::KILL);
        }
    }
}

/// What a command prints on its standard output.
///
/// # Errors
/// The sentence to show when it does not start, does not end in time, prints too much, or ends without success.
pub(in crate::sources) async fn read(words: &[String], within: Duration) -> Result<Vec<u8>, String> {
    let name = text::clean(words.first().map(String::as_str).unwrap_or_default()).into_owned();
    let mut group = start(words)?;
    let (output, complaint) = (group.child.stdout.take(), group.child.stderr.take());
    let answer = async {
        let (answer, complaint) = tokio::try_join!(whole(output), async { Ok(beginning(complaint).await) })?;
        let status = group.child.wait().await.map_err(|error| format!("How {name} ended is not known: {error}."))?;
        Ok::<_, String>((answer, complaint, status))
    };
    match tokio::time::timeout(within, answer).await {
        Err(_) => Err(format!(
            "{name} did not end within {} s and was stopped. Give it more time with timeout, or have its output written into a file that info_file names.",
            within.as_secs()
        )),
        Ok(Err(why)) => Err(format!("{name}: {why}")),
        Ok(Ok((answer, complaint, status))) => ended(&name, answer, &complaint, status),
    }
}

/// Starts a command in a group of its own.
fn start(words: &[String]) -> Result<Group, String> {
    let [program, arguments @ ..] = words else { return Err("The command is empty.".to_owned()) };
    let started = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn();
    let child = started.map_err(|error| {
        let name = text::clean(program);
        format!("{name} cannot be started: {error}. Name the program by its whole path, and check that you may run it.")
    })?;
    let id = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
    Ok(Group { child, id })
}

/// Programs of the operator, run on this machine.
#[derive(Debug, Clone, Copy)]
pub struct Programs;

impl RunPrograms for Programs {
    fn run<'a>(&'a self, ask: &'a ProgramAsk) -> Answer<'a, ProgramEnd> {
        Box::pin(async move {
            let not_started = |why: String| SourceError {
                is_certainly_not_done: true,
                ..SourceError::new(Trouble::Setup, format!("Nothing was run: {why}"))
            };
            let name = text::clean(ask.words.first().map(String::as_str).unwrap_or_default()).into_owned();
            let mut group = start(&as_user(&ask.words, ask.user.as_deref())).map_err(not_started)?;
            let (output, complaint) = (group.child.stdout.take(), group.child.stderr.take());
            let ending = async {
                let (output, complaint) = tokio::join!(end(output), end(complaint));
                let status = group.child.wait().await;
                // What went wrong is told on standard error; what went well may say nothing there.
                let is_well = status.as_ref().is_ok_and(ExitStatus::success);
                let last = if complaint.is_empty() || is_well && !output.is_empty() { output } else { complaint };
                status.map(|status| ProgramEnd { code: status.code(), last: last_line(&last) })
            };
            match tokio::time::timeout(ask.within, ending).await {
                Ok(Ok(ended)) => Ok(ended),
                Ok(Err(error)) => {
                    Err(SourceError::new(Trouble::Setup, format!("How {name} ended is not known: {error}.")))
                }
                Err(_) => Err(SourceError::new(
                    Trouble::Timeout,
                    format!(
                        "{name} did not end within {} s and was stopped. Give it more time with timeout.",
                        ask.within.as_secs()
                    ),
                )),
            }
        })
    }
}

/// A command as it is run for somebody: by root through `runuser`, by anybody else through `sudo` without a question.
fn as_user(words: &[String], user: Option<&str>) -> Vec<String> {
    let own = rustix::process::geteuid();
    // What the environment says of a name is anybody's word.
    let is_own = |user: &str| std::fs::read_to_string(USERS).is_ok_and(|users| has(&users, user, own.as_raw()));
    let Some(user) = user.filter(|user| !is_own(user)) else { return words.to_vec() };
    let way: &[&str] = if own.is_root() { &["runuser", "-u", user, "--"] } else { &["sudo", "-n", "-u", user, "--"] };
    way.iter().map(|word| (*word).to_owned()).chain(words.iter().cloned()).collect()
}

/// Whether a list of users has this name with this number.
fn has(users: &str, name: &str, number: u32) -> bool {
    users.lines().any(|line| {
        let mut fields = line.split(':');
        fields.next() == Some(name) && fields.nth(1).and_then(|field| field.parse().ok()) == Some(number)
    })
}

/// The end of what it writes; all of it is read, so that it never waits for a reader, and no more is kept.
async fn end(from: Option<impl AsyncRead + Unpin>) -> Vec<u8> {
    let mut kept = Vec::new();
    let Some(mut from) = from else { return kept };
    let mut piece = vec![0; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut piece).await {
        kept.extend_from_slice(piece.get(..read).unwrap_or_default());
        kept.drain(..kept.len().saturating_sub(LONGEST_COMPLAINT));
    }
    kept
}

/// The last line that says something, without its secrets.
fn last_line(said: &[u8]) -> String {
    let said = String::from_utf8_lossy(said);
    let said = said.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let said: String = Mask::default().apply(said).chars().take(LONGEST_TOLD).collect();
    text::clean(&said).into_owned()
}

fn ended(name: &str, answer: Vec<u8>, complaint: &[u8], status: ExitStatus) -> Result<Vec<u8>, String> {
    if status.success() {
        return Ok(answer);
    }
    // Whatever went wrong may have been told with the password it went wrong with.
    let said = last_line(complaint);
    let said = if said.is_empty() { said } else { format!(": {said}") };
    Err(format!("{name} ended with {status}{said}"))
}

async fn whole(from: Option<impl AsyncRead + Unpin>) -> Result<Vec<u8>, String> {
    let mut read = Vec::new();
    let Some(from) = from else { return Ok(read) };
    let limit = u64::try_from(LONGEST_ANSWER).unwrap_or(u64::MAX) + 1;
    from.take(limit)
        .read_to_end(&mut read)
        .await
        .map_err(|error| format!("what it prints cannot be read: {error}."))?;
    if read.len() > LONGEST_ANSWER {
        return Err(format!(
            "it printed more than {} MB and was stopped. Is it the right command?",
            LONGEST_ANSWER >> 20
        ));
    }
    Ok(read)
}

/// The beginning of what it complains about; the rest is read and dropped, so that it never waits for a reader.
async fn beginning(from: Option<impl AsyncRead + Unpin>) -> Vec<u8> {
    let mut kept = Vec::new();
    let Some(mut from) = from else { return kept };
    let mut piece = [0; 4_096];
    while let Ok(read @ 1..) = from.read(&mut piece).await {
        let room = LONGEST_COMPLAINT.saturating_sub(kept.len());
        kept.extend_from_slice(piece.get(..read.min(room)).unwrap_or_default());
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn run(script: &str, within: Duration) -> Result<String, String> {
        let words = ["sh", "-c", script].map(str::to_owned);
        read(&words, within).await.map(|answer| String::from_utf8_lossy(&answer).into_owned())
    }

    const LONG: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn what_it_prints_is_the_answer_and_nothing_can_be_asked() {
        assert_eq!(run("read x; echo \"[$x]\"; echo oops >&2", LONG).await, Ok("[]\n".to_owned()));
    }

    #[tokio::test]
    async fn one_that_fails_says_why_without_its_secrets() {
        let why = run("echo first >&2; echo password=hunter2 is wrong >&2; exit 3", LONG).await.expect_err("it failed");
        assert!(why.starts_with("sh ended with exit status: 3: ") && !why.contains("hunter2"), "{why}");
        let missing = read(&["/nowhere/pgbackrest".to_owned()], LONG).await.expect_err("it is not there");
        assert!(missing.starts_with("/nowhere/pgbackrest cannot be started"), "{missing}");
    }

    async fn end_of(script: &str, within: Duration) -> Result<ProgramEnd, SourceError> {
        let words = ["sh", "-c", script].map(str::to_owned).into();
        Programs.run(&ProgramAsk { words, within, user: None }).await
    }

    #[tokio::test]
    async fn a_program_ends_with_its_code_and_its_last_line() {
        let end = |code, last: &str| Ok(ProgramEnd { code: Some(code), last: last.to_owned() });
        assert_eq!(end_of("echo one; echo two; echo warned >&2", LONG).await, end(0, "two"));
        assert_eq!(end_of("echo one; echo bad >&2; exit 3", LONG).await, end(3, "bad"));
        assert_eq!(end_of("kill -9 $$", LONG).await, Ok(ProgramEnd { code: None, last: String::new() }));
        let much = end_of("head -c 100000000 /dev/zero | tr '\\0' x; echo; echo done", LONG).await;
        assert_eq!(much, end(0, "done"), "of 100 MB the end is kept");
        let late = end_of("sleep 600", Duration::from_millis(50)).await.expect_err("too late");
        assert!(late.sentence.contains("was stopped") && !late.is_certainly_not_done, "{late:?}");
        let missing = ProgramAsk { words: vec!["/nowhere/backup".to_owned()], within: LONG, user: None };
        let missing = Programs.run(&missing).await.expect_err("it is not there");
        assert!(missing.is_certainly_not_done && missing.sentence.starts_with("Nothing was run: "), "{missing:?}");
    }

    #[test]
    fn somebody_else_is_become_without_a_question() {
        let words = ["pgbackrest".to_owned(), "backup".to_owned()];
        assert_eq!(as_user(&words, None), words);
        let users = "root:x:0:0:root:/root:/bin/sh\npostgres:x:105:110::/var/lib/postgresql:/bin/sh\n";
        assert!(has(users, "postgres", 105) && !has(users, "postgres", 0) && !has(users, "post", 105));
        let other = as_user(&words, Some("nobody-of-this-name"));
        assert!(other[0] == "runuser" || other[..2] == ["sudo", "-n"], "{other:?}");
        assert_eq!(other[other.len() - 2..], words);
    }

    #[tokio::test]
    async fn one_that_prints_without_end_is_stopped() {
        let why = run("yes", LONG).await.expect_err("too much");
        assert_eq!(why, "sh: it printed more than 8 MB and was stopped. Is it the right command?");
        let noisy = run("head -c 20000000 /dev/zero >&2; echo done", LONG).await;
        assert_eq!(noisy, Ok("done\n".to_owned()), "what it complains of is no answer, and holds nobody up");
    }

    #[tokio::test]
    async fn one_that_hangs_is_stopped_with_all_that_it_started() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("pid");
        let script = format!("sleep 600 & echo $! > {0}.new; mv {0}.new {0}; wait", file.display());
        let why = run(&script, Duration::from_secs(2)).await.expect_err("it hangs");
        assert!(why.starts_with("sh did not end within 2 s and was stopped."), "{why}");
        let child: i32 = std::fs::read_to_string(&file).expect("it began").trim().parse().expect("a number");
        let child = Pid::from_raw(child).expect("a process");
        let is_gone = async {
            // A killed process stays in the table until whoever adopted it has looked.
            while std::fs::read_to_string(format!("/proc/{}/stat", child.as_raw_nonzero()))
                .is_ok_and(|stat| !stat.rsplit(')').next().unwrap_or_default().trim_start().starts_with('Z'))
            {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(LONG, is_gone).await.expect("it was ended too");
    }
}
