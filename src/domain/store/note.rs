//! What somebody wrote down about something.

use serde::{Deserialize, Serialize};

use super::{Id, Subject, Withdrawn};
use crate::domain::time::Instant;

/// A note. Editing moves its version on; withdrawing blanks the text and keeps who wrote it when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Its id.
    pub id: Id,
    /// What it is about.
    pub subject: Subject,
    /// The text, possibly of several lines; empty once withdrawn.
    pub text: String,
    /// Who wrote it first.
    pub by: String,
    /// When, by the store's clock.
    pub at: Instant,
    /// Who changed it last, and when.
    pub edited: Option<Withdrawn>,
    /// Who took it back, and when.
    pub withdrawn: Option<Withdrawn>,
    /// From 1; every change adds one.
    pub version: u64,
}

/// A note to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewNote {
    /// Its id: the same id writes nothing twice.
    pub id: Id,
    /// What it is about.
    pub subject: Subject,
    /// The text; not empty.
    pub text: String,
}
