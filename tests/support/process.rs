//! Other processes: waiting for what they do, and making sure they end.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Looks until `condition` gives something, and says what it waited for when the deadline passes.
pub(crate) fn wait_until<T>(what: &str, deadline: Duration, mut condition: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + deadline;
    loop {
        // Whoever was not let run for so long looks once more before it gives up.
        let is_over = Instant::now() >= end;
        if let Some(found) = condition() {
            return found;
        }
        assert!(!is_over, "waited {deadline:?} in vain: {what}");
        pause();
    }
}

/// The same where looking is waited for.
pub(crate) async fn until<T>(what: &str, deadline: Duration, look: impl AsyncFnMut() -> Option<T>) -> T {
    until_every(PAUSE, what, deadline, look).await
}

/// The same with a pause of so long between two looks.
pub(crate) async fn until_every<T>(
    pause: Duration,
    what: &str,
    deadline: Duration,
    mut look: impl AsyncFnMut() -> Option<T>,
) -> T {
    let met = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(pause).await;
        }
    };
    let met = tokio::time::timeout(deadline, met).await;
    met.unwrap_or_else(|_| panic!("waited {deadline:?} in vain: {what}"))
}

/// How long it is waited between two looks at a condition.
const PAUSE: Duration = Duration::from_millis(40);

#[expect(clippy::disallowed_methods, reason = "the one place that waits between two looks at a condition")]
fn pause() {
    std::thread::sleep(PAUSE);
}

/// Says in one line that a part is skipped, past whatever collects the output of tests.
pub(crate) fn skip(part: &str, why: &str) {
    // Nobody can be told that standard error is gone.
    let _ = writeln!(std::io::stderr(), "skipped: {part}: {why}");
}

/// How a process ended and what it said.
#[derive(Debug, Clone)]
pub(crate) struct Finished {
    /// The exit code; `None` when a signal ended it.
    pub(crate) code: Option<i32>,
    /// Standard output.
    pub(crate) stdout: String,
    /// Standard error.
    pub(crate) stderr: String,
}

impl Finished {
    /// Standard output of a process that must have succeeded.
    pub(crate) fn good(self, what: &str) -> String {
        assert_eq!(self.code, Some(0), "{what}: {}{}", self.stdout, self.stderr);
        self.stdout
    }
}

/// A process whose output is being collected. Killed when dropped.
pub(crate) struct Running {
    child: Child,
    readers: Option<[std::thread::JoinHandle<String>; 2]>,
}

impl Running {
    /// Starts a command; `input` becomes its standard input.
    pub(crate) fn start(mut command: Command, input: &str) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let mut stdin = child.stdin.take().expect("piped");
        let input = input.to_owned();
        std::thread::spawn(move || {
            // A process may end without reading what it was given.
            let _ = stdin.write_all(input.as_bytes());
        });
        let readers = [collect(child.stdout.take().expect("piped")), collect(child.stderr.take().expect("piped"))];
        Self { child, readers: Some(readers) }
    }

    /// The process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("a child of ours can be asked").is_some()
    }

    /// Waits for its end and says whether it came; for what must not fail, like a destructor.
    pub(crate) fn ends_within(&mut self, deadline: Duration) -> bool {
        let end = Instant::now() + deadline;
        while Instant::now() < end {
            if self.has_ended() {
                return true;
            }
            pause();
        }
        false
    }

    /// Kills it the hard way (-9) and waits for it to be gone.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Its end; a deadline that passes is a failure.
    pub(crate) fn finish(mut self, deadline: Duration) -> Finished {
        let pid = self.pid();
        let status = wait_until(&format!("the end of process {pid}"), deadline, || {
            self.child.try_wait().expect("a child of ours can be asked")
        });
        let [stdout, stderr] =
            self.readers.take().expect("taken once").map(|reader| reader.join().expect("a reader does not panic"));
        Finished { code: status.code(), stdout, stderr }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

fn collect(mut from: impl Read + Send + 'static) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        // What was read before an error is still worth showing.
        let _ = from.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Sends a signal to a process.
pub(crate) fn signal(pid: u32, signal: rustix::process::Signal) {
    let pid = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw).expect("a process id");
    rustix::process::kill_process(pid, signal).expect("the process is there");
}

/// A shell that outlives the test process just long enough to kill what was left behind and remove its directory.
///
/// The test process may be killed itself, so destructors are not enough: the shell reads a pipe that only the test
/// process holds, and acts when that closes.
pub(crate) struct Watchdog {
    pipe: Mutex<ChildStdin>,
}

impl Watchdog {
    /// Watches over a directory, which must be one of our own making.
    pub(crate) fn over(directory: &Path) -> Self {
        use std::os::unix::process::CommandExt;
        // A process that ended before us is let go of: its number may be somebody else's by now. A PostgreSQL that somebody else started
        // there left its number in its data.
        let script = r#"pids=" "; while read -r pid; do case $pid in -*) pids="${pids%% ${pid#-} *} ${pids#* ${pid#-} }";; *) pids="$pids$pid ";; esac; done; [ "$pids" = " " ] || kill -9 $pids; for file in "$1"/*/data/postmaster.pid; do [ -e "$file" ] && read -r pid <"$file" && [ "$(cat "/proc/$pid/comm")" = postgres ] && kill -9 "$pid"; done; rm -rf "$1""#;
        let mut shell = Command::new("sh")
            .args(["-c", script, "watchdog"])
            .arg(directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .expect("a shell");
        Self { pipe: Mutex::new(shell.stdin.take().expect("piped")) }
    }

    /// Has a process killed when we are gone.
    pub(crate) fn adopt(&self, child: &Child) {
        self.tell(&child.id().to_string());
    }

    /// Lets go of a process that has ended.
    pub(crate) fn let_go(&self, child: &Child) {
        self.tell(&format!("-{}", child.id()));
    }

    fn tell(&self, line: &str) {
        let mut pipe = self.pipe.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        writeln!(pipe, "{line}").expect("the watchdog reads");
    }
}
