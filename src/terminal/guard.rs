//! The terminal's modes, given back whatever happens.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::cursor::{Hide, Show};
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use crossterm::{execute, queue};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// Whether the modes are acquired. One terminal, one flag: the panic hook has no other way to know.
static ACQUIRED: AtomicBool = AtomicBool::new(false);

/// Holds the terminal's modes; dropping gives them back.
#[derive(Debug)]
pub struct Guard(());

impl Guard {
    /// Takes the terminal over.
    ///
    /// # Errors
    /// When standard input or output is no terminal, or it refuses a mode; then nothing is left changed.
    pub fn acquire() -> io::Result<Self> {
        if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
            return Err(io::Error::other(
                "the console needs a terminal on standard input and output. In a script use: quarterdeck status, plan, apply.",
            ));
        }
        let guard = Self(());
        guard.reacquire()?;
        Ok(guard)
    }

    /// Takes the terminal over again after [`release`].
    ///
    /// # Errors
    /// When it refuses a mode.
    pub fn reacquire(&self) -> io::Result<()> {
        enable_raw_mode()?;
        ACQUIRED.store(true, Ordering::SeqCst);
        execute!(io::stdout(), EnterAlternateScreen, Hide).inspect_err(|_| release())
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        release();
    }
}

/// Gives the terminal back, best effort each, once. Never waits for a terminal that does not read.
pub fn release() {
    if !ACQUIRED.swap(false, Ordering::SeqCst) {
        return;
    }
    if accepts_output() {
        let mut stdout = io::stdout();
        let _ = queue!(stdout, Show, LeaveAlternateScreen);
        let _ = stdout.flush();
    }
    let _ = disable_raw_mode();
}

/// Whether writing to standard output would not block.
fn accepts_output() -> bool {
    let stdout = rustix::stdio::stdout();
    let mut fds = [PollFd::new(&stdout, PollFlags::OUT)];
    let wait = Timespec { tv_sec: 0, tv_nsec: 200_000_000 };
    poll(&mut fds, Some(&wait)).is_ok_and(|ready| ready > 0) && fds[0].revents().contains(PollFlags::OUT)
}

/// Columns and rows of the terminal; 80×24 where it does not say.
pub fn size() -> (u16, u16) {
    crossterm::terminal::size().ok().filter(|(columns, rows)| *columns > 0 && *rows > 0).unwrap_or((80, 24))
}
