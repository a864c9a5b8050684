//! The terminal's modes, given back whatever happens.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::cursor::{Hide, Show};
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use crossterm::{execute, queue};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// Whether the modes are acquired. One terminal, one flag: the panic hook has no other way to know.
static ACQUIRED: AtomicBool = AtomicBool::new(false);

/// Whether the alternate screen is on: ours, or that of a program the terminal is lent to.
static ALTERNATE: AtomicBool = AtomicBool::new(false);
/// Whether a program elsewhere has set the terminal's modes as it liked.
static LENT: AtomicBool = AtomicBool::new(false);
/// Takes back what such a program may have left: mouse reports, pasting marks, cursor and number keys, a scrolling region, colours.
const TAKE_BACK: &[u8] = b"\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?2004l\x1b[?1l\x1b>\x1b7\x1b[r\x1b8\x1b[0m";

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

    /// Lends the terminal to a program elsewhere: raw bytes, on the screen as it is.
    ///
    /// # Errors
    /// When the terminal refuses; then nothing is left changed.
    pub fn lend() -> io::Result<Self> {
        enable_raw_mode()?;
        ALTERNATE.store(false, Ordering::SeqCst);
        LENT.store(true, Ordering::SeqCst);
        ACQUIRED.store(true, Ordering::SeqCst);
        Ok(Self(()))
    }

    /// Takes the terminal over again after [`release`].
    ///
    /// # Errors
    /// When it refuses a mode.
    pub fn reacquire(&self) -> io::Result<()> {
        enable_raw_mode()?;
        ALTERNATE.store(true, Ordering::SeqCst);
        ACQUIRED.store(true, Ordering::SeqCst);
        execute!(io::stdout(), EnterAlternateScreen, Hide, EnableBracketedPaste).inspect_err(|_| release())
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
    let is_alternate = ALTERNATE.swap(false, Ordering::SeqCst);
    let was_lent = LENT.swap(false, Ordering::SeqCst);
    if accepts_output() {
        let mut stdout = io::stdout();
        if was_lent {
            let _ = stdout.write_all(TAKE_BACK);
        }
        let _ = queue!(stdout, DisableBracketedPaste, Show);
        // Leaving a screen that is not on would move the cursor.
        if is_alternate {
            let _ = queue!(stdout, LeaveAlternateScreen);
        }
        let _ = stdout.flush();
    }
    let _ = disable_raw_mode();
}

/// Tells which screen a program is on that the terminal is lent to.
pub(super) fn alternate_screen(is_on: bool) {
    ALTERNATE.store(is_on, Ordering::SeqCst);
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
