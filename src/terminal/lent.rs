//! The terminal lent to a program elsewhere: bytes both ways as they are, and all of it taken back afterwards.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};
use tokio::sync::mpsc;

use super::guard::alternate_screen;

/// The most bytes taken from the keyboard in one piece.
const PIECE: usize = 4 * 1024;
/// What turns the other screen on or off, and which it does.
const SWITCHES: [(&[u8], bool); 6] = [
    (b"\x1b[?1049h", true),
    (b"\x1b[?1047h", true),
    (b"\x1b[?47h", true),
    (b"\x1b[?1049l", false),
    (b"\x1b[?1047l", false),
    (b"\x1b[?47l", false),
];
/// One byte less than the longest of them.
const TAIL: usize = 7;

/// The thread that reads standard input as bytes; dropping ends it.
#[derive(Debug)]
pub struct Typing {
    wake: Arc<OwnedFd>,
}

impl Typing {
    /// Starts reading into a channel, which closes when there is nothing more to read: at the end of a file, or with the terminal.
    ///
    /// # Errors
    /// When no thread or wake-up descriptor can be had.
    pub fn start() -> io::Result<(Self, mpsc::Receiver<Vec<u8>>)> {
        let (bytes, typed) = mpsc::channel(16);
        let wake = Arc::new(eventfd(0, EventfdFlags::CLOEXEC)?);
        let its = wake.clone();
        std::thread::Builder::new().name("typing".into()).spawn(move || read(&its, &bytes))?;
        Ok((Self { wake }, typed))
    }
}

impl Drop for Typing {
    fn drop(&mut self) {
        // The thread ends at its next look.
        let _ = rustix::io::write(&*self.wake, &1_u64.to_ne_bytes());
    }
}

fn read(wake: &OwnedFd, bytes: &mpsc::Sender<Vec<u8>>) {
    let stdin = rustix::stdio::stdin();
    let mut piece = vec![0; PIECE];
    loop {
        let mut fds = [PollFd::new(&stdin, PollFlags::IN), PollFd::from_borrowed_fd(wake.as_fd(), PollFlags::IN)];
        match poll(&mut fds, None) {
            Err(rustix::io::Errno::INTR) => continue,
            Err(_) => return,
            Ok(_) if !fds[1].revents().is_empty() => return,
            Ok(_) if fds[0].revents().is_empty() => continue,
            Ok(_) => {}
        }
        match rustix::io::read(stdin, &mut piece) {
            Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => {}
            Ok(count @ 1..) => {
                if bytes.blocking_send(piece.get(..count).unwrap_or_default().to_vec()).is_err() {
                    return;
                }
            }
            Ok(0) | Err(_) => return,
        }
    }
}

/// Follows which screen the program elsewhere is on, so that it can be left for it.
#[derive(Debug, Default)]
pub struct Screens {
    tail: Vec<u8>,
}

impl Screens {
    /// Takes in what the program wrote, before it is shown.
    pub fn follow(&mut self, bytes: &[u8]) {
        self.tail.extend_from_slice(bytes);
        if let Some(is_alternate) = last_switch(&self.tail) {
            alternate_screen(is_alternate);
        }
        let spent = self.tail.len().saturating_sub(TAIL);
        self.tail.drain(..spent);
    }
}

/// The newest switch among some bytes.
fn last_switch(bytes: &[u8]) -> Option<bool> {
    let place = |switch: &[u8]| bytes.windows(switch.len()).rposition(|window| window == switch);
    let found = SWITCHES.iter().filter_map(|(switch, is_on)| Some((place(switch)?, *is_on)));
    found.max().map(|(_, is_on)| is_on)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_switch_counts() {
        assert_eq!(last_switch(b"plain"), None);
        assert_eq!(last_switch(b"\x1b[?1049hvim"), Some(true));
        assert_eq!(last_switch(b"\x1b[?1049hvim\x1b[?1049l$ "), Some(false));
    }

    #[test]
    fn a_switch_in_two_pieces_is_one() {
        let mut screens = Screens::default();
        screens.follow(b"abc\x1b[?10");
        assert_eq!(last_switch(&[&screens.tail[..], b"49h"].concat()), Some(true));
        screens.follow(&[b'x'; 100]);
        assert_eq!(screens.tail.len(), TAIL);
    }
}
