//! Signals as a closed list.

use std::io;

use rustix::process::{Signal as Number, getpid, kill_process};
use tokio::signal::unix::{Signal as Stream, SignalKind, signal};

/// A signal the console answers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// INT or QUIT: somebody is there and wants to leave.
    Interrupt,
    /// TERM or HUP: the system wants it, or nobody is there any more. A lost line sends more than one.
    Leave,
    /// TSTP: stop like any job.
    Suspend,
    /// CONT: running again.
    Continued,
    /// WINCH: another size.
    Resized,
}

/// All of them, waited for together.
#[derive(Debug)]
pub struct Signals {
    leave: [Stream; 4],
    suspend: Stream,
    continued: Stream,
    resized: Stream,
}

impl Signals {
    /// Begins to listen.
    ///
    /// # Errors
    /// When a signal cannot be listened for.
    pub fn listen() -> io::Result<Self> {
        let raw = |number: Number| signal(SignalKind::from_raw(number.as_raw()));
        Ok(Self {
            leave: [
                signal(SignalKind::interrupt())?,
                signal(SignalKind::terminate())?,
                signal(SignalKind::quit())?,
                signal(SignalKind::hangup())?,
            ],
            suspend: raw(Number::TSTP)?,
            continued: raw(Number::CONT)?,
            resized: signal(SignalKind::window_change())?,
        })
    }

    /// The next one.
    pub async fn next(&mut self) -> Signal {
        let [interrupt, terminate, quit, hangup] = &mut self.leave;
        tokio::select! {
            _ = interrupt.recv() => Signal::Interrupt,
            _ = terminate.recv() => Signal::Leave,
            _ = quit.recv() => Signal::Interrupt,
            _ = hangup.recv() => Signal::Leave,
            _ = self.suspend.recv() => Signal::Suspend,
            _ = self.continued.recv() => Signal::Continued,
            _ = self.resized.recv() => Signal::Resized,
        }
    }
}

/// Stops this process as ctrl-z would; returns when it is continued.
///
/// # Errors
/// When the system refuses.
pub fn stop_self() -> io::Result<()> {
    Ok(kill_process(getpid(), Number::STOP)?)
}
