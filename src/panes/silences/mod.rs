//! The silences pane: who keeps notifications back, of what, until when and why, and how many alerts each hides now.

mod list;
mod notice;

pub use list::draw;
