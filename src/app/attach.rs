//! A command in a container and whoever is in front of it: bytes both ways, sizes, signals, and the terminal back at the end.

use std::os::fd::AsFd;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;

use crate::sources::error::SourceError;
use crate::sources::operate::PodSession;
use crate::terminal::{Guard, Screens, Signal, Signals, Typing, size};

/// The most bytes shown in one piece.
const PIECE: usize = 16 * 1024;

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// The command ended with this code.
    Exited(i32),
    /// Whether it ended is not known, or the pod did not run it.
    Lost(SourceError),
    /// We left it: why, as words.
    Left(&'static str),
}

/// Hands the terminal, or standard input and output, to a command until it ends or we have to leave.
///
/// Whatever way it ends, the terminal has its modes and its screen back when this returns.
///
/// # Errors
/// When the terminal cannot be lent or read.
pub async fn attach(session: PodSession, has_terminal: bool, signals: &mut Signals) -> std::io::Result<Ending> {
    let _lent = if has_terminal { Some(Guard::lend()?) } else { None };
    let stdout = file(rustix::stdio::stdout())?;
    let stderr = file(rustix::stdio::stderr())?;
    let PodSession { input, output, errors, mut resize, mut end } = session;
    let (_reader, typed) = match &input {
        Some(_) => Typing::start().map(|(reader, typed)| (Some(reader), Some(typed)))?,
        None => (None, None),
    };
    if has_terminal {
        let (columns, rows) = size();
        resize(columns, rows);
    }
    let typing = pass_on(typed, input);
    let showing = async { tokio::try_join!(show(output, stdout, has_terminal), show(errors, stderr, false)).map(drop) };
    tokio::pin!(typing, showing);
    let (mut is_typed, mut is_shown) = (false, false);
    let mut ended = None;
    loop {
        // What was written before the end is still to be shown.
        if let (true, Some(ending)) = (is_shown, &ended) {
            return Ok(Ending::clone(ending));
        }
        tokio::select! {
            biased;
            signal = signals.next() => match signal {
                Signal::Leave => return Ok(Ending::Left("the line was lost or the system asked to leave")),
                Signal::Interrupt => return Ok(Ending::Left("interrupted")),
                Signal::Resized => {
                    let (columns, rows) = size();
                    resize(columns, rows);
                }
                Signal::Suspend | Signal::Continued => {}
            },
            outcome = &mut end, if ended.is_none() => {
                ended = Some(outcome.map_or_else(Ending::Lost, Ending::Exited));
            }
            shown = &mut showing, if !is_shown => {
                is_shown = true;
                if shown.is_err() {
                    return Ok(Ending::Left("nobody reads the output any more"));
                }
            }
            () = &mut typing, if !is_typed => {
                is_typed = true;
                if has_terminal {
                    return Ok(Ending::Left("the terminal is gone"));
                }
            }
        }
    }
}

/// Passes what is typed on to the command; ends with whichever of the two ends first.
async fn pass_on(typed: Option<mpsc::Receiver<Vec<u8>>>, input: Option<Box<dyn AsyncWrite + Send + Unpin>>) {
    let (Some(mut typed), Some(mut input)) = (typed, input) else { return std::future::pending().await };
    while let Some(bytes) = typed.recv().await {
        if input.write_all(&bytes).await.is_err() {
            // The command does not read any more; its end tells the rest.
            return std::future::pending().await;
        }
    }
    let _ = input.shutdown().await;
}

/// Shows what the command writes, as it is.
async fn show(
    from: Option<Box<dyn AsyncRead + Send + Unpin>>,
    mut to: tokio::fs::File,
    has_terminal: bool,
) -> std::io::Result<()> {
    let Some(mut from) = from else { return Ok(()) };
    let mut screens = Screens::default();
    let mut piece = vec![0; PIECE];
    loop {
        let count = from.read(&mut piece).await?;
        let bytes = piece.get(..count).unwrap_or_default();
        if bytes.is_empty() {
            return Ok(());
        }
        if has_terminal {
            screens.follow(bytes);
        }
        to.write_all(bytes).await?;
        to.flush().await?;
    }
}

/// A descriptor of our own for the same stream.
fn file(stream: impl AsFd) -> std::io::Result<tokio::fs::File> {
    Ok(tokio::fs::File::from_std(std::fs::File::from(stream.as_fd().try_clone_to_owned()?)))
}
