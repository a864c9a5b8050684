//! The one thread that reads the terminal. It sleeps until there is something, and ends when nobody is there any more.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};
use tokio::sync::mpsc;

use crate::keys::{Chord, Key};

/// The most events taken in one piece.
const PIECE: usize = 1_024;

/// Something from the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputEvent {
    /// A key, when it arrived, and how many came with it in one piece, itself included.
    Key(Chord, Instant, usize),
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
        let mut piece = Vec::new();
        while crossterm::event::poll(Duration::ZERO).unwrap_or(false) {
            let Ok(event) = crossterm::event::read() else { break };
            piece.push(event);
            if piece.len() == PIECE {
                break;
            }
        }
        let at = Instant::now();
        let together = piece.iter().filter(|event| matches!(event, Event::Key(_))).count();
        for event in piece {
            let event = match event {
                Event::Key(key) => chord(key).map(|chord| InputEvent::Key(chord, at, together)),
                Event::Resize(columns, rows) => Some(InputEvent::Resize(columns, rows)),
                _ => None,
            };
            if let Some(event) = event
                && events.blocking_send(event).is_err()
            {
                return;
            }
        }
    }
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
    fn a_released_key_is_no_key() {
        let release = KeyEvent::new_with_kind(KeyCode::Char('q'), KeyModifiers::NONE, KeyEventKind::Release);
        assert_eq!(chord(release), None);
    }
}
