//! Commands of the operator that are only read: started without a shell, in a group of their own, with no terminal to ask on.
//!
//! It keeps one invariant: when the answer is there, too long, too late or not wanted any more, no process of the group is left.

use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};

use crate::domain::log::Mask;
use crate::domain::text;

/// The longest answer that is read, in bytes.
pub(in crate::sources) const LONGEST_ANSWER: usize = 8 * 1024 * 1024;
/// How much of what a command says went wrong is kept, in bytes.
const LONGEST_COMPLAINT: usize = 8 * 1024;
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
    let [program, arguments @ ..] = words else { return Err("The command is empty.".to_owned()) };
    let name = text::clean(program).into_owned();
    let started = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn();
    let mut child = started.map_err(|error| {
        format!("{name} cannot be started: {error}. Name the program by its whole path, and check that you may run it.")
    })?;
    let id = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
    let (output, complaint) = (child.stdout.take(), child.stderr.take());
    let mut group = Group { child, id };
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

fn ended(name: &str, answer: Vec<u8>, complaint: &[u8], status: ExitStatus) -> Result<Vec<u8>, String> {
    if status.success() {
        return Ok(answer);
    }
    let said = String::from_utf8_lossy(complaint);
    let said = said.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    // Whatever went wrong may have been told with the password it went wrong with.
    let said: String = Mask::default().apply(said).chars().take(LONGEST_TOLD).collect();
    let said = if said.is_empty() { said } else { format!(": {}", text::clean(&said)) };
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
