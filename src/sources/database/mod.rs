//! DATABASES, EACH BY THE WAY ITS GOVERNOR IS ASKED: once, or for ever at its own pace.
//!
//! It knows which way leads to which room (`patroni`, …) and nothing of what is said there. It keeps one invariant: each database is asked by
//! itself, one round at a time, and what does not answer harms no other.

mod feed;
mod way;

pub use feed::{DatabaseSource, read};
