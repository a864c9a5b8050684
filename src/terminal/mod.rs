//! THE GLASS: the operator's terminal and nothing behind it.
//!
//! Modes are acquired in this order and released in the opposite one: raw input, alternate screen, hidden cursor, marks around
//! what is pasted. One thread owns standard output ([`Writer`]), one reads standard input ([`Input`]); neither can block the loop.
//! Where a terminal marks no pastes they are told by their speed ([`Burst`]).
//!
//! It does not know what is drawn or what a key means. It keeps one invariant: whatever way the process ends, the terminal is
//! given back as it was found.

mod burst;
mod guard;
mod input;
mod lent;
mod signals;
mod writer;

pub use burst::{Burst, Verdict};
pub use guard::{Guard, release, size};
pub use input::{Input, InputEvent};
pub use lent::{Screens, Typing};
pub use signals::{Signal, Signals, stop_self};
pub use writer::{Frame, Writer};
