//! The one thread that writes to the terminal. The loop hands it the newest frame and never waits for the line.

use std::io::{self, BufWriter, Write};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;

use crossterm::clipboard::CopyToClipboard;
use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::queue;
use crossterm::terminal::{BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate};
use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::buffer::Buffer;

/// A whole picture of the screen.
#[derive(Debug, Clone)]
pub struct Frame {
    /// The cells.
    pub buffer: Buffer,
    /// Where the cursor blinks, for a field being typed.
    pub cursor: Option<(u16, u16)>,
}

#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is one thing the other thread has to know")]
struct Slot {
    next: Option<Frame>,
    /// What the terminal is to put on its clipboard.
    copied: Option<String>,
    /// Whether the next frame is painted whole.
    is_repaint: bool,
    is_paused: bool,
    is_writing: bool,
    is_over: bool,
    /// Why nothing can be written any more.
    broken: Option<String>,
}

#[derive(Debug, Default)]
struct Shared {
    slot: Mutex<Slot>,
    changed: Condvar,
}

/// Hands frames to the writing thread.
#[derive(Debug)]
pub struct Writer {
    shared: Arc<Shared>,
    _thread: JoinHandle<()>,
}

impl Writer {
    /// Starts the thread over an output.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn start(output: impl Write + Send + 'static) -> io::Result<Self> {
        let shared =
            Arc::new(Shared { slot: Mutex::new(Slot { is_repaint: true, ..Slot::default() }), ..Shared::default() });
        let its = shared.clone();
        let thread = std::thread::Builder::new().name("screen".into()).spawn(move || run(&its, output))?;
        Ok(Self { shared, _thread: thread })
    }

    /// Hands over the newest frame; one not yet written is replaced. Never blocks on the terminal.
    pub fn submit(&self, frame: Frame) {
        self.change(|slot| slot.next = Some(frame));
    }

    /// Puts a text on the terminal's clipboard with the next frame (OSC 52); terminals that do not know it, or may not, ignore it.
    pub fn copy(&self, text: &str) {
        self.change(|slot| slot.copied = Some(text.to_owned()));
    }

    /// Paints the next frame whole.
    pub fn repaint(&self) {
        self.change(|slot| slot.is_repaint = true);
    }

    /// Why nothing can be written any more; `None` while all is well.
    pub fn broken(&self) -> Option<String> {
        self.lock().broken.clone()
    }

    /// Stops writing, waiting at most `within` for a write under way; whether the terminal is free now.
    pub fn pause(&self, within: std::time::Duration) -> bool {
        let mut slot = self.lock();
        slot.is_paused = true;
        slot.next = None;
        let waited = self.shared.changed.wait_timeout_while(slot, within, |slot| slot.is_writing);
        !waited.unwrap_or_else(PoisonError::into_inner).0.is_writing
    }

    /// Writes again, beginning with a whole frame.
    pub fn go_on(&self) {
        self.change(|slot| {
            slot.is_paused = false;
            slot.is_repaint = true;
        });
    }

    fn change(&self, change: impl FnOnce(&mut Slot)) {
        change(&mut self.lock());
        self.shared.changed.notify_all();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Slot> {
        self.shared.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // A thread stuck in a write to a dead line is left behind: the process ends anyway.
        self.change(|slot| slot.is_over = true);
    }
}

fn run(shared: &Shared, output: impl Write) {
    let mut backend = CrosstermBackend::new(BufWriter::with_capacity(64 * 1024, output));
    let mut shown: Option<Frame> = None;
    loop {
        let (frame, is_repaint, copied) = {
            let slot = shared.slot.lock().unwrap_or_else(PoisonError::into_inner);
            let idle = |slot: &mut Slot| !slot.is_over && (slot.is_paused || slot.next.is_none());
            let mut slot = shared.changed.wait_while(slot, idle).unwrap_or_else(PoisonError::into_inner);
            let Some(frame) = slot.next.take().filter(|_| !slot.is_over) else { return };
            slot.is_writing = true;
            shared.changed.notify_all();
            (frame, std::mem::take(&mut slot.is_repaint), slot.copied.take())
        };
        let before = shown.take().filter(|shown| !is_repaint && shown.buffer.area == frame.buffer.area);
        let copied = copied.map_or(Ok(()), |text| queue!(backend, CopyToClipboard::to_clipboard_from(text)));
        let written = copied.and_then(|()| write(&mut backend, before.as_ref(), &frame));
        let mut slot = shared.slot.lock().unwrap_or_else(PoisonError::into_inner);
        slot.is_writing = false;
        if let Err(error) = written {
            slot.broken = Some(error.to_string());
            slot.is_over = true;
        }
        drop(slot);
        shared.changed.notify_all();
        shown = Some(frame);
    }
}

fn write<W: Write>(backend: &mut CrosstermBackend<W>, before: Option<&Frame>, frame: &Frame) -> io::Result<()> {
    let is_same = before.is_some_and(|before| before.buffer == frame.buffer && before.cursor == frame.cursor);
    if is_same {
        return Ok(());
    }
    queue!(backend, BeginSynchronizedUpdate)?;
    let blank;
    let base = match before {
        Some(before) => &before.buffer,
        None => {
            queue!(backend, Clear(ClearType::All))?;
            blank = Buffer::empty(frame.buffer.area);
            &blank
        }
    };
    backend.draw(base.diff(&frame.buffer).into_iter())?;
    match frame.cursor {
        Some((column, row)) => queue!(backend, MoveTo(column, row), Show)?,
        None if before.is_none_or(|before| before.cursor.is_some()) => queue!(backend, Hide)?,
        None => {}
    }
    queue!(backend, EndSynchronizedUpdate)?;
    Backend::flush(backend)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::layout::Rect;
    use std::sync::mpsc;
    use std::time::Duration;

    /// Sends what is written; blocks where its receiver says so.
    struct Line(mpsc::SyncSender<Vec<u8>>);

    impl Write for Line {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.send(bytes.to_vec()).map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn frame(text: &str) -> Frame {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 10, 1));
        buffer.set_string(0, 0, text, ratatui::style::Style::default());
        Frame { buffer, cursor: None }
    }

    fn text(bytes: &[u8]) -> String {
        String::from_utf8_lossy(bytes).into_owned()
    }

    #[test]
    fn only_what_changed_is_written_and_an_unchanged_frame_is_silent() -> Result<(), Box<dyn std::error::Error>> {
        let (sent, received) = mpsc::sync_channel(64);
        let writer = Writer::start(Line(sent))?;
        writer.submit(frame("abcdef"));
        assert!(text(&received.recv_timeout(Duration::from_secs(60))?).contains("abcdef"));
        writer.submit(frame("abcdef"));
        writer.pause(Duration::from_secs(60));
        writer.change(|slot| slot.is_paused = false);
        writer.submit(frame("abcXef"));
        let second = text(&received.recv_timeout(Duration::from_secs(60))?);
        assert!(second.contains('X') && !second.contains("abc"), "{second:?}");
        Ok(())
    }

    #[test]
    fn a_line_that_does_not_read_never_holds_the_loop_and_gets_the_newest_frame()
    -> Result<(), Box<dyn std::error::Error>> {
        let (sent, received) = mpsc::sync_channel(0);
        let writer = Writer::start(Line(sent))?;
        for number in 0..1_000 {
            writer.submit(frame(&format!("frame {number}")));
        }
        let slot = writer
            .shared
            .changed
            .wait_timeout_while(writer.lock(), Duration::from_secs(60), |slot| slot.next.is_some());
        assert!(slot.is_ok_and(|(slot, _)| slot.is_writing));
        assert!(!writer.pause(Duration::from_millis(1)), "the first write is still stuck");
        writer.go_on();
        writer.submit(frame("newest"));
        let first = text(&received.recv_timeout(Duration::from_secs(60))?);
        let second = text(&received.recv_timeout(Duration::from_secs(60))?);
        assert!(first.contains("frame"), "{first:?}");
        assert!(second.contains("newest"), "{second:?}");
        Ok(())
    }

    #[test]
    fn a_broken_line_is_told_once_and_ends_the_thread() -> Result<(), Box<dyn std::error::Error>> {
        let (sent, received) = mpsc::sync_channel(0);
        drop(received);
        let writer = Writer::start(Line(sent))?;
        writer.submit(frame("x"));
        let slot = writer.lock();
        let waited =
            writer.shared.changed.wait_timeout_while(slot, Duration::from_secs(60), |slot| slot.broken.is_none());
        assert!(waited.is_ok_and(|(slot, _)| slot.broken.is_some()));
        Ok(())
    }
}
