//! WHAT WE SAY OF OURSELVES: a log file, never the terminal, and never a secret.
//!
//! It does not know the terminal (it is given a function that releases it) nor what is logged. It keeps one invariant: every
//! line passes `redact` before it is written.

mod logfile;
mod panic;
mod redact;

pub use logfile::open;
pub use panic::install;
pub use redact::{redact, redact_command};
