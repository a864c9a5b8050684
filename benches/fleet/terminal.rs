//! The console on a pseudo-terminal, timed from outside: every piece it writes with the moment it came.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// A program on a terminal of 200×60. Killed when dropped.
pub(crate) struct Terminal {
    child: Child,
    line: OwnedFd,
    pieces: Receiver<(Instant, Vec<u8>)>,
    screen: vt100::Parser,
    /// Bytes it has written so far.
    pub(crate) written: usize,
    /// When it was started.
    pub(crate) started: Instant,
}

impl Terminal {
    pub(crate) fn start(program: &Command) -> Self {
        let line = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).expect("a pseudo-terminal");
        grantpt(&line).and_then(|()| unlockpt(&line)).expect("our own pseudo-terminal");
        tcsetwinsize(&line, Winsize { ws_row: 60, ws_col: 200, ws_xpixel: 0, ws_ypixel: 0 }).expect("a size");
        let name = ptsname(&line, Vec::new()).expect("it has a name");
        let side = rustix::fs::open(name, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())
            .expect("its other side");
        let mut command = Command::new("setsid");
        command.arg("--ctty").arg(program.get_program()).args(program.get_args()).env_clear();
        command.envs(program.get_envs().filter_map(|(key, value)| Some((key, value?))));
        command.stdin(side.try_clone().expect("a handle")).stdout(side.try_clone().expect("a handle")).stderr(side);
        let started = Instant::now();
        let child = command.spawn().expect("setsid is part of every Linux");
        let (send, pieces) = sync_channel(100_000);
        let mut from = File::from(line.try_clone().expect("a handle"));
        std::thread::spawn(move || {
            let mut buffer = vec![0; 1 << 16];
            while let Ok(count @ 1..) = from.read(&mut buffer) {
                if send.send((Instant::now(), buffer[..count].to_vec())).is_err() {
                    return;
                }
            }
        });
        Self {
            child,
            line,
            pieces,
            screen: vt100::Parser::new(60.try_into().expect("not 0"), 200.try_into().expect("not 0"), 0),
            written: 0,
            started,
        }
    }

    /// Presses a key; when.
    pub(crate) fn press(&self, key: &str) -> Instant {
        let mut keyboard = File::from(self.line.try_clone().expect("a handle"));
        let at = Instant::now();
        keyboard.write_all(key.as_bytes()).expect("the terminal takes keys");
        at
    }

    /// Takes in what it writes until the screen fulfils a claim; when the piece came that made it so.
    pub(crate) fn until(&mut self, within: Duration, claim: impl Fn(&str) -> bool) -> Option<Instant> {
        let end = Instant::now() + within;
        loop {
            match self.pieces.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok((at, piece)) => {
                    self.written += piece.len();
                    self.screen.process(&piece);
                    if claim(&self.screen.screen().contents()) {
                        return Some(at);
                    }
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return None,
            }
        }
    }

    /// Takes in what it writes for so long.
    pub(crate) fn settle(&mut self, time: Duration) {
        self.until(time, |_| false);
    }

    /// The row of the screen's cursor mark, or any other state of it: its text.
    pub(crate) fn text(&self) -> String {
        self.screen.screen().contents()
    }

    /// Memory now and at its peak, in MB.
    pub(crate) fn memory(&self) -> (f64, f64) {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let figure = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
            line.split_whitespace().next().and_then(|kilobytes| kilobytes.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
        };
        (figure("VmRSS:"), figure("VmHWM:"))
    }

    /// Seconds it has spent on a processor.
    pub(crate) fn processor(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap_or_default();
        let fields: Vec<&str> = stat.rsplit_once(") ").map(|(_, rest)| rest.split(' ').collect()).unwrap_or_default();
        let ticks = |place: usize| fields.get(place).and_then(|ticks| ticks.parse::<f64>().ok()).unwrap_or(0.0);
        // The kernel tells times in hundredths of a second.
        (ticks(11) + ticks(12)) / 100.0
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
