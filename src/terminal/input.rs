//! The one thread that reads the terminal. It sleeps until there is something, and ends when nobody is there any more.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};
use tokio::sync::mpsc;

use super::burst::TOGETHER;
use crate::keys::{Chord, Key};

/// The most events taken in one piece.
const PIECE: usize = 1_024;
/// How long a look for more may take: without any time crossterm reads nothing, and below a millisecond it waits for nothing.
///
/// Its feature `use-dev-tty` is what makes a look at the terminal see all that waits there. The other way it has is told only once of what
/// came, and forgets that over a new size: the next key is dead then until another one comes.
const AT_ONCE: Duration = Duration::from_micros(100);

/// Something from the terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InputEvent {
    /// Keys that could be read at once, and when they were read.
    Keys(Vec<Chord>, Instant),
    /// A text that the terminal marks as pasted, as it came.
    Paste(String),
    /// Another size, in columns and rows.
    Resize(u16, u16),
    /// The terminal is gone.
    Hangup,
}

/// The reading thread; dropping ends it.
#[derive(Debug)]
pub struct Input {
    wake: Arc<OwnedFd>,
}

impl Input {
    /// Starts reading standard input into a channel.
    ///
    /// # Errors
    /// When no thread or wake-up descriptor can be had.
    pub fn start(events: mpsc::Sender<InputEvent>) -> io::Result<Self> {
        let wake = Arc::new(eventfd(0, EventfdFlags::CLOEXEC)?);
        let its = wake.clone();
        std::thread::Builder::new().name("keys".into()).spawn(move || run(&its, &events))?;
        Ok(Self { wake })
    }
}

impl Drop for Input {
    fn drop(&mut self) {
        // The thread ends at its next look; a failed wake-up only leaves it asleep until the process ends.
        let _ = rustix::io::write(&*self.wake, &1_u64.to_ne_bytes());
    }
}

/// What the descriptors say.
#[derive(Debug, PartialEq, Eq)]
enum Ready {
    /// There is something to read.
    Keys,
    /// The terminal is gone: crossterm itself would spin on it for ever.
    Gone,
    /// Nobody wants keys any more.
    Stop,
}

fn wait(wake: &OwnedFd) -> Ready {
    let stdin = rustix::stdio::stdin();
    loop {
        let mut fds = [
            PollFd::new(&stdin, PollFlags::IN),
            PollFd::from_borrowed_fd(std::os::fd::AsFd::as_fd(wake), PollFlags::IN),
        ];
        match poll(&mut fds, None) {
            Err(rustix::io::Errno::INTR) => continue,
            Err(_) => return Ready::Gone,
            Ok(_) => {}
        }
        if !fds[1].revents().is_empty() {
            return Ready::Stop;
        }
        let state = fds[0].revents();
        if state.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) {
            return Ready::Gone;
        }
        if state.contains(PollFlags::IN) {
            return Ready::Keys;
        }
    }
}

fn run(wake: &OwnedFd, events: &mpsc::Sender<InputEvent>) {
    loop {
        match wait(wake) {
            Ready::Keys => {}
            Ready::Stop => return,
            Ready::Gone => {
                let _ = events.blocking_send(InputEvent::Hangup);
                return;
            }
        }
        let at = Instant::now();
        for event in sorted(piece(), at) {
            if events.blocking_send(event).is_err() {
                return;
            }
        }
    }
}

/// What can be read at once. After enter a moment is waited for what comes together with it: a line break in a paste is not the last
/// thing that comes, and its reads may fall apart there.
fn piece() -> Vec<Event> {
    let mut piece = Vec::new();
    let patience = |last: Option<&Event>| match last {
        Some(Event::Key(key)) if key.code == KeyCode::Enter => TOGETHER,
        _ => AT_ONCE,
    };
    while piece.len() < PIECE && crossterm::event::poll(patience(piece.last())).unwrap_or(false) {
        let Ok(event) = crossterm::event::read() else { break };
        piece.push(event);
    }
    piece
}

/// The events of a piece in their order, keys that follow each other as one.
fn sorted(piece: Vec<Event>, at: Instant) -> Vec<InputEvent> {
    let mut sorted: Vec<InputEvent> = Vec::new();
    for event in piece {
        match event {
            Event::Key(key) => match (chord(key), sorted.last_mut()) {
                (None, _) => {}
                (Some(chord), Some(InputEvent::Keys(keys, _))) => keys.push(chord),
                (Some(chord), _) => sorted.push(InputEvent::Keys(vec![chord], at)),
            },
            Event::Paste(text) => sorted.push(InputEvent::Paste(text)),
            Event::Resize(columns, rows) => sorted.push(InputEvent::Resize(columns, rows)),
            _ => {}
        }
    }
    sorted
}

/// crossterm's key as a chord; `None` for releases and for keys no keymap knows.
fn chord(event: KeyEvent) -> Option<Chord> {
    if event.kind == KeyEventKind::Release {
        return None;
    }
    let has = |modifier| event.modifiers.contains(modifier);
    let mut is_shift = has(KeyModifiers::SHIFT);
    let key = match event.code {
        KeyCode::Char(character) => {
            // A capital or a sign already says that shift was held.
            is_shift = false;
            Key::Char(character)
        }
        KeyCode::Enter => Key::Enter,
        KeyCode::Esc => Key::Esc,
        KeyCode::Tab => Key::Tab,
        KeyCode::BackTab => {
            is_shift = true;
            Key::Tab
        }
        KeyCode::Backspace => Key::Backspace,
        KeyCode::Delete => Key::Delete,
        KeyCode::Insert => Key::Insert,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::Left => Key::Left,
        KeyCode::Right => Key::Right,
        KeyCode::F(number) => Key::F(number),
        _ => return None,
    };
    Some(Chord::new(has(KeyModifiers::CONTROL), has(KeyModifiers::ALT), is_shift, key))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pressed(code: KeyCode, modifiers: KeyModifiers) -> Option<String> {
        chord(KeyEvent::new(code, modifiers)).map(|chord| chord.to_string())
    }

    #[test]
    fn keys_are_written_as_keymaps_write_them() {
        assert_eq!(pressed(KeyCode::Char('G'), KeyModifiers::SHIFT).as_deref(), Some("G"));
        assert_eq!(pressed(KeyCode::Char('d'), KeyModifiers::CONTROL).as_deref(), Some("ctrl-d"));
        assert_eq!(pressed(KeyCode::BackTab, KeyModifiers::SHIFT).as_deref(), Some("shift-tab"));
        assert_eq!(pressed(KeyCode::Char('!'), KeyModifiers::NONE).as_deref(), Some("!"));
        assert_eq!(pressed(KeyCode::CapsLock, KeyModifiers::NONE), None);
    }

    #[test]
    fn what_is_read_at_once_stays_together_and_in_order() {
        let key = |letter| Event::Key(KeyEvent::new(KeyCode::Char(letter), KeyModifiers::NONE));
        let piece = vec![key('a'), key('b'), Event::Paste("x\ry".into()), Event::FocusGained, key('c')];
        let at = Instant::now();
        let [ab, c] = ["ab", "c"].map(|keys| keys.chars().map(|letter| Chord::plain(Key::Char(letter))).collect());
        let wanted = [InputEvent::Keys(ab, at), InputEvent::Paste("x\ry".into()), InputEvent::Keys(c, at)];
        assert_eq!(sorted(piece, at), wanted);
    }

    #[test]
    fn a_released_key_is_no_key() {
        let release = KeyEvent::new_with_kind(KeyCode::Char('q'), KeyModifiers::NONE, KeyEventKind::Release);
        assert_eq!(chord(release), None);
    }
}
