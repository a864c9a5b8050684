//! A terminal for the shipped binary: a pseudo-terminal, a screen model that reads it, keys, signals, and a reader that can stop.

use std::cell::Cell;
use std::fs::File;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::os::fd::{AsFd, OwnedFd};
use std::process::{Child, Command, ExitStatus};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

use super::process::{signal, wait_until};

/// How long a person takes at least from one key to enter.
const APART: Duration = Duration::from_millis(150);
/// How long a person takes at least before pressing a key again that nothing has answered.
const AGAIN_AFTER: Duration = Duration::from_millis(500);
/// How long what only needs a processor may take on a machine that stalls.
const AT_ONCE: Duration = Duration::from_secs(60);
/// What a program writes before and after a frame.
const FRAME: [&[u8]; 2] = [b"\x1b[?2026h", b"\x1b[?2026l"];

struct Screen {
    parser: vt100::Parser,
    /// Everything the program wrote, for what a screen model does not tell.
    written: Vec<u8>,
    /// How much of it is on the screen. A frame is written in pieces, and shown when its end is there, as on a terminal that knows the marks.
    shown: usize,
    reader: Reader,
}

impl Screen {
    /// Takes in what the program wrote.
    fn take(&mut self, bytes: &[u8]) {
        self.written.extend_from_slice(bytes);
        self.show(self.shown + whole(&self.written[self.shown..]));
    }

    /// Nothing more comes: what there is of the last frame is shown too.
    fn end(&mut self) {
        self.show(self.written.len());
        self.reader = Reader::Ended;
    }

    fn show(&mut self, until: usize) {
        self.parser.process(&self.written[self.shown..until]);
        self.shown = until;
    }
}

/// How much of some bytes comes before a frame whose end is not among them, or before what may become the mark of one.
fn whole(bytes: &[u8]) -> usize {
    let last = |mark: &[u8]| bytes.windows(mark.len()).rposition(|window| window == mark);
    let [begin, end] = FRAME;
    match last(begin) {
        Some(start) if last(end) < Some(start) => start,
        _ => {
            let is_part = |length: &usize| bytes.ends_with(&begin[..*length]);
            bytes.len() - (1..begin.len()).rev().find(is_part).unwrap_or(0)
        }
    }
}

/// What the thread that reads the terminal should do, and what it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reader {
    Reads,
    Stopped,
    LetsGo,
    Ended,
}

/// A program on a terminal. Killed when dropped.
pub(crate) struct Terminal {
    screen: Arc<Mutex<Screen>>,
    line: Option<OwnedFd>,
    child: Child,
}

impl Terminal {
    /// Starts a program on a terminal of so many columns and rows. The program is the session's leader.
    pub(crate) fn start(program: &Command, columns: u16, rows: u16) -> Self {
        let line = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).expect("a pseudo-terminal");
        grantpt(&line).and_then(|()| unlockpt(&line)).expect("our own pseudo-terminal");
        let name = ptsname(&line, Vec::new()).expect("it has a name");
        tcsetwinsize(&line, size(columns, rows)).expect("a size");
        let side = rustix::fs::open(name, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())
            .expect("its other side");

        // Making it the controlling terminal needs code between fork and exec: util-linux has it.
        let mut command = Command::new("setsid");
        command.arg("--ctty").arg(program.get_program()).args(program.get_args());
        command.env_clear();
        command.envs(program.get_envs().filter_map(|(key, value)| Some((key, value?))));
        command.stdin(side.try_clone().expect("a handle")).stdout(side.try_clone().expect("a handle")).stderr(side);
        let child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        // The command holds our handles of the program's side; they would keep the terminal alive after it.
        drop(command);

        let screen = Screen { parser: parser(columns, rows), written: Vec::new(), shown: 0, reader: Reader::Reads };
        let screen = Arc::new(Mutex::new(screen));
        let (reading, from) = (screen.clone(), line.try_clone().expect("a handle"));
        std::thread::spawn(move || {
            read(File::from(from), &reading);
            lock(&reading).end();
        });
        Self { screen, line: Some(line), child }
    }

    /// The screen as text, row by row.
    pub(crate) fn screen_text(&self) -> String {
        lock(&self.screen).parser.screen().contents()
    }

    /// Everything the program wrote, control sequences included.
    pub(crate) fn written(&self) -> String {
        String::from_utf8_lossy(&lock(&self.screen).written).into_owned()
    }

    /// Whether the alternate screen is on.
    pub(crate) fn is_on_alternate_screen(&self) -> bool {
        lock(&self.screen).parser.screen().alternate_screen()
    }

    /// Whether the program asked for marks around pastes.
    pub(crate) fn marks_pastes(&self) -> bool {
        lock(&self.screen).parser.screen().bracketed_paste()
    }

    /// Whether the cursor is hidden.
    pub(crate) fn is_cursor_hidden(&self) -> bool {
        lock(&self.screen).parser.screen().hide_cursor()
    }

    /// The colour of the name in the row that says these words one after the other, the last of them the name.
    pub(crate) fn colour_of(&self, words: &[&str]) -> vt100::Color {
        let screen = lock(&self.screen);
        let (_, columns) = screen.parser.screen().size();
        let rows = screen.parser.screen().rows(0, columns.get()).enumerate();
        let found = rows.filter_map(|(y, row)| {
            let said: Vec<&str> = row.split_whitespace().collect();
            said.windows(words.len()).any(|window| window == words).then_some(())?;
            let before = words
                .split_last()?
                .1
                .iter()
                .try_fold(0, |from, word| Some(row.get(from..)?.find(word)? + from + word.len()))?;
            let at = row.get(before..)?.find(words.last()?)? + before;
            let x = row.get(..at)?.chars().count();
            screen.parser.screen().cell(u16::try_from(y).ok()?, u16::try_from(x).ok()?).map(vt100::Cell::fgcolor)
        });
        let mut found = found;
        found.next().expect("the row is on the screen")
    }

    /// Waits until a text is on the screen.
    pub(crate) fn wait_for_text(&self, needle: &str, deadline: Duration) {
        self.wait_for(&format!("{needle:?} on the screen"), deadline, |text| text.contains(needle));
    }

    /// Waits until the screen fulfils a claim; shows the screen when it does not.
    pub(crate) fn wait_for(&self, what: &str, deadline: Duration, claim: impl Fn(&str) -> bool) {
        let end = Instant::now() + deadline;
        wait_until(what, deadline * 2, || {
            // Whoever was not let run for so long looks once more before it gives up.
            let is_over = Instant::now() >= end;
            let text = self.screen_text();
            let is_met = claim(&text);
            assert!(is_met || !is_over, "waited {deadline:?} in vain: {what}; the screen:\n{text}");
            is_met.then_some(())
        });
    }

    /// Presses keys that may be swallowed, every now and then, until the screen fulfils a claim. They must do no harm when they come once
    /// more.
    pub(crate) fn press_until(&self, keys: &str, what: &str, deadline: Duration, claim: impl Fn(&str) -> bool) {
        let pressed: Cell<Option<Instant>> = Cell::new(None);
        self.wait_for(what, deadline, |text| {
            let is_met = claim(text);
            if !is_met && pressed.get().is_none_or(|at| at.elapsed() > AGAIN_AFTER) {
                self.send(keys);
                pressed.set(Some(Instant::now()));
            }
            is_met
        });
    }

    /// Types.
    pub(crate) fn send(&self, keys: &str) {
        let mut keyboard = File::from(self.line().try_clone().expect("a handle"));
        keyboard.write_all(keys.as_bytes()).expect("the terminal takes keys");
    }

    /// Presses enter, as long after what was seen of the key before as a person does: read together with others it is a paste. Whoever has
    /// not seen that the keys before were read cannot know that enter is read apart from them.
    pub(crate) fn enter(&self) {
        let seen = Instant::now();
        wait_until("a moment between two keys", AT_ONCE, || (seen.elapsed() > APART).then_some(()));
        self.send("\r");
    }

    /// Goes to the next field of a form, and waits until the cursor is there.
    pub(crate) fn next_field(&self, deadline: Duration) {
        let cursor = || lock(&self.screen).parser.screen().cursor_position();
        let before = cursor();
        self.send("\t");
        wait_until("the next field", deadline, || (cursor() != before).then_some(()));
    }

    /// Types into the field that is open, waits until that is seen, and presses enter.
    pub(crate) fn line_of(&self, typed: &str, deadline: Duration) {
        if !typed.is_empty() {
            let before = self.screen_text().matches(typed).count();
            self.send(typed);
            self.wait_for("what was typed", deadline, |text| text.matches(typed).count() > before);
        }
        self.enter();
    }

    /// Presses the keys of an action until its form is open. For a second after another row came under the cursor they only ask whether it
    /// is meant, and are pressed again once that is read and gone: before, they would land in the form that is being opened.
    pub(crate) fn act(&self, keys: &str, opened: &str, deadline: Duration) {
        // A passing sentence is broken where its line ends.
        let is_asked = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").contains("Press again");
        wait_until(opened, deadline, || {
            self.send(keys);
            self.wait_for("an answer", deadline, |text| is_asked(text) || text.contains(opened));
            self.wait_for("the question to pass", deadline, |text| !is_asked(text));
            self.screen_text().contains(opened).then_some(())
        });
    }

    /// Confirms the form that asks so: waits until it is armed, types, waits until that is seen, presses enter once, and waits until it is gone.
    ///
    /// One key, one answer: a key sent again because nothing was seen yet acts on whatever stands there by then. Only where the form itself
    /// says that it took nothing, because its target has moved meanwhile, it is read and answered once more, as a person does.
    pub(crate) fn confirm(&self, asks: &str, typed: &str, deadline: Duration) {
        let took_nothing = |text: &str| {
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            ["The plan has changed.", "Read the plan first"].iter().any(|words| text.contains(words))
        };
        let is_armed = |text: &str| text.contains(asks) && !text.contains("accepted in") && !took_nothing(text);
        self.wait_for(&format!("{asks:?}, armed"), deadline, is_armed);
        let before = self.screen_text().matches(typed).count();
        let is_typed = |text: &str| typed.is_empty() || text.matches(typed).count() > before;
        wait_until(&format!("{asks:?} to be taken"), deadline, || {
            self.wait_for(&format!("{asks:?}, armed"), deadline, is_armed);
            if !is_typed(&self.screen_text()) {
                self.send(typed);
            }
            self.wait_for("what was typed", deadline, |text| is_typed(text) || took_nothing(text));
            if took_nothing(&self.screen_text()) {
                return None;
            }
            self.enter();
            self.wait_for(&format!("{asks:?} to be answered"), deadline, |text| {
                !text.contains(asks) || took_nothing(text)
            });
            (!self.screen_text().contains(asks)).then_some(())
        });
    }

    /// Changes the size.
    pub(crate) fn resize(&self, columns: u16, rows: u16) {
        let size = size(columns, rows);
        lock(&self.screen).parser.screen_mut().set_size(cells(size.ws_row), cells(size.ws_col));
        tcsetwinsize(self.line(), size).expect("a size");
    }

    /// Stops reading what the program writes: a stalled line.
    pub(crate) fn stop_reading(&self) {
        lock(&self.screen).reader = Reader::Stopped;
    }

    /// Reads on.
    pub(crate) fn go_on_reading(&self) {
        lock(&self.screen).reader = Reader::Reads;
    }

    /// Cuts the line: every handle on our side is closed, and the kernel hangs the terminal up.
    pub(crate) fn cut(&mut self) {
        lock(&self.screen).reader = Reader::LetsGo;
        wait_until("the reader to let go", AT_ONCE, || (lock(&self.screen).reader == Reader::Ended).then_some(()));
        self.line = None;
    }

    fn line(&self) -> &OwnedFd {
        self.line.as_ref().expect("the line is not cut")
    }

    /// The process on the terminal.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, which: rustix::process::Signal) {
        signal(self.pid(), which);
    }

    /// Whether the terminal is in the mode a shell expects: lines are edited, keys are echoed.
    pub(crate) fn is_cooked(&self) -> bool {
        let modes = tcgetattr(self.line()).expect("a terminal has modes");
        modes.local_modes.contains(LocalModes::ICANON | LocalModes::ECHO)
    }

    /// Waits for the program to end, and for its last output.
    pub(crate) fn wait_for_exit(&mut self, deadline: Duration) -> ExitStatus {
        let status = wait_until("the program to end", deadline, || self.child.try_wait().expect("a child of ours"));
        if self.line.is_some() {
            wait_until("the last output", deadline, || (lock(&self.screen).reader == Reader::Ended).then_some(()));
        }
        status
    }

    /// Whether it has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("a child of ours").is_some()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        lock(&self.screen).reader = Reader::LetsGo;
    }
}

fn read(mut from: File, screen: &Mutex<Screen>) {
    let mut buffer = [0; 8192];
    let moment = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };
    loop {
        let order = lock(screen).reader;
        if order == Reader::LetsGo {
            return;
        }
        // A stopped reader waits for nothing, but goes on looking at its orders.
        let wanted = if order == Reader::Reads { PollFlags::IN } else { PollFlags::empty() };
        let mut ready = [PollFd::from_borrowed_fd(from.as_fd(), wanted)];
        if poll(&mut ready, Some(&moment)).is_err() || order != Reader::Reads {
            continue;
        }
        if ready[0].revents().is_empty() {
            continue;
        }
        // An error is how the kernel says that the other side is closed.
        let Ok(count @ 1..) = from.read(&mut buffer) else { return };
        lock(screen).take(&buffer[..count]);
    }
}

/// The letter of a process's state: R, S, T …; `None` when it is gone.
pub(crate) fn state(pid: u32) -> Option<char> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.chars().next()
}

/// The time a process has spent on a processor.
pub(crate) fn cpu_time(pid: u32) -> Option<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.rsplit_once(") ")?.1.split(' ').skip(11);
    let ticks: u64 = fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?;
    // The kernel tells times in hundredths of a second.
    Some(Duration::from_millis(ticks * 10))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn cells(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).unwrap_or(NonZeroU16::MIN)
}

/// Sizes no terminal has would make the screen model panic.
fn size(columns: u16, rows: u16) -> Winsize {
    Winsize { ws_row: rows.clamp(2, 500), ws_col: columns.clamp(2, 500), ws_xpixel: 0, ws_ypixel: 0 }
}

fn parser(columns: u16, rows: u16) -> vt100::Parser {
    let size = size(columns, rows);
    vt100::Parser::new(cells(size.ws_row), cells(size.ws_col), 0)
}
