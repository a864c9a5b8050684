//! Trouble to order, for proving what a client does with it.

use std::sync::{Mutex, PoisonError};

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nobody listens: connections are closed at once, open ones too.
    Down,
    /// The certificate is another's.
    WrongCertificate,
    /// The certificate's time is over.
    ExpiredCertificate,
    /// No answer at all.
    Hang,
    /// Headers, then nothing.
    HangAfterHeaders,
    /// One byte a second.
    Slow,
    /// Half a body, then the connection breaks.
    Reset,
    /// Half a body, then a proper end.
    Truncated,
    /// Bytes that are no JSON.
    Garbage,
    /// A web page with 200.
    Html,
    /// A body of 200 MB.
    Huge,
    /// An answer with this status; 429 asks to wait for 1 s.
    Status(u16),
    /// 410 inside the stream of a watch.
    GoneInStream,
    /// The server says of itself that it is not ready: its `etcd` check fails.
    NotReady,
    /// Every watch event twice, the older one again after the newer.
    Repeated,
}

/// The trouble of one server.
#[derive(Debug, Default)]
pub struct Faults {
    active: Mutex<Option<(String, Fault)>>,
    /// The watches that say nothing more.
    muted: Mutex<Option<String>>,
    /// Moves whenever the trouble changes, so that open connections notice.
    changed: tokio::sync::watch::Sender<u64>,
}

impl Faults {
    /// Lets every request whose path begins so run into trouble, and breaks every open connection.
    pub fn set(&self, path: &str, fault: Fault) {
        *self.lock() = Some((path.to_owned(), fault));
        self.changed.send_modify(|number| *number += 1);
    }

    /// Mends everything.
    pub fn heal(&self) {
        *self.lock() = None;
        self.changed.send_modify(|number| *number += 1);
    }

    /// Breaks every open connection, once.
    pub fn break_connections(&self) {
        self.changed.send_modify(|number| *number += 1);
    }

    /// Lets open watches on this path, and later ones, say nothing more, while everything else goes on and no connection breaks.
    pub fn mute(&self, path: &str) {
        *self.muted.lock().unwrap_or_else(PoisonError::into_inner) = Some(path.to_owned());
    }

    /// Lets watches speak again; those that were to say something meanwhile stay mute.
    pub fn unmute(&self) {
        *self.muted.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Whether watches on a path say nothing.
    pub(super) fn is_mute(&self, path: &str) -> bool {
        self.muted
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .as_deref()
            .is_some_and(|muted| path.starts_with(muted))
    }

    /// The trouble that waits for a path.
    pub(super) fn on(&self, path: &str) -> Option<Fault> {
        self.lock().as_ref().filter(|(prefix, _)| path.starts_with(prefix.as_str())).map(|(_, fault)| *fault)
    }

    /// Moves whenever the trouble changes.
    pub(super) fn changes(&self) -> tokio::sync::watch::Receiver<u64> {
        self.changed.subscribe()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<(String, Fault)>> {
        self.active.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
