//! The ports of the store: reading is one trait, writing another, as with the cluster.

use std::future::Future;
use std::pin::Pin;

use crate::domain::store::{
    Acknowledgement, Annotation, AuditEntry, AuditEvent, AuditLine, AuditSearch, Author, Head, Id, NewAcknowledgement,
    NewAnnotation, NewNote, Note, ReleaseSeen, Subject,
};
use crate::domain::time::Instant;
use crate::sources::error::SourceError;
use crate::sources::observe::Answer;

/// A write on its way.
pub type Written<'a, T> = Pin<Box<dyn Future<Output = Result<T, WriteError>> + Send + 'a>>;

/// Why nothing is known to be written. The sentence says what happened and what the operator can do; it holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// Somebody else wrote first: nothing was written, and what they wrote is still there.
    #[error("{0}")]
    Conflict(String),
    /// It may not be written as it is, or not from here: nothing was written.
    #[error("{0}")]
    Refused(String),
    /// The store cannot be reached or is in trouble: nothing was written, and nothing waits to be.
    #[error("{0}")]
    NotWritten(SourceError),
    /// The answer was lost, and asking again found nobody: it is not known whether it was written.
    #[error("{0}")]
    Unknown(SourceError),
}

/// What the store is and how it stands, for `doctor` and the header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// What it is, without a secret: `PostgreSQL 15.8 at db.example:5432/quarterdeck`, `SQLite in …/store.db`.
    pub what: String,
    /// The version of its tables.
    pub schema: u32,
    /// Its time.
    pub now: Instant,
    /// The user it knows us by; empty in the embedded store.
    pub session_user: String,
    /// The position of its newest audit entry, 0 for none.
    pub position: u64,
}

/// What changed since a position of the audit: every change of acknowledgements, notes and annotations has one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changes {
    /// The position up to which this tells; ask from there the next time.
    pub position: u64,
    /// The store's time.
    pub now: Instant,
    /// Whether this is everything there is to hold rather than what came since: it was asked from 0, or the store is another.
    pub is_whole: bool,
    /// Acknowledgements written, taken over or withdrawn since; from position 0, the live ones.
    pub acknowledgements: Vec<Acknowledgement>,
    /// Notes written, changed or taken back since; from position 0, the newest on alerts that were not taken back.
    pub notes: Vec<Note>,
    /// Annotations written since; from position 0, those of the last day. Oldest first.
    pub annotations: Vec<Annotation>,
}

/// Reading the store.
pub trait ReadStore: Send + Sync {
    /// What it is and how it stands.
    fn standing(&self) -> Answer<'_, Standing>;

    /// Ends once something may have changed, by whomever; at the latest when it is time to look anyway.
    fn changed(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;

    /// What changed since a position.
    fn changes(&self, since: u64) -> Answer<'_, Changes>;

    /// One acknowledgement, live or not; `None` when there never was one.
    fn acknowledgement<'a>(&'a self, environment: &'a str, fingerprint: &'a str)
    -> Answer<'a, Option<Acknowledgement>>;

    /// Acknowledgements of an environment, newest first, live or not.
    fn acknowledgements<'a>(&'a self, environment: &'a str, limit: u32) -> Answer<'a, Vec<Acknowledgement>>;

    /// Notes about something, newest first, withdrawn ones too.
    fn notes<'a>(&'a self, about: &'a Subject, limit: u32) -> Answer<'a, Vec<Note>>;

    /// Annotations of an environment that happened from one time on and before another, newest first.
    fn annotations<'a>(
        &'a self,
        environment: &'a str,
        from: Instant,
        to: Instant,
        limit: u32,
    ) -> Answer<'a, Vec<Annotation>>;

    /// Releases of a workload (`namespace/kind/name`) seen in a cluster, the last seen first.
    fn releases<'a>(&'a self, cluster: &'a str, workload: &'a str, limit: u32) -> Answer<'a, Vec<ReleaseSeen>>;

    /// Audit entries, newest first.
    fn audit<'a>(&'a self, search: &'a AuditSearch) -> Answer<'a, Vec<AuditEntry>>;

    /// Audit entries after a position in the order of the store, at most so many: for export and verification.
    fn audit_after(&self, position: u64, limit: u32) -> Answer<'_, Vec<AuditEntry>>;

    /// The noted head of every chain whose name begins so, by name.
    fn audit_heads<'a>(&'a self, beginning: &'a str) -> Answer<'a, Vec<(String, Head)>>;
}

/// Writing the store. Every method is one transaction with its line in the audit, and idempotent by the id given.
pub trait WriteStore: Send + Sync {
    /// Takes an alert, or takes it over from the version that was seen.
    fn acknowledge<'a>(&'a self, author: &'a Author, new: &'a NewAcknowledgement) -> Written<'a, Acknowledgement>;

    /// Takes an acknowledgement back, in the version that was seen.
    fn withdraw_acknowledgement<'a>(
        &'a self,
        author: &'a Author,
        attempt: &'a Id,
        seen: &'a Acknowledgement,
    ) -> Written<'a, Acknowledgement>;

    /// Adds a note.
    fn add_note<'a>(&'a self, author: &'a Author, new: &'a NewNote) -> Written<'a, Note>;

    /// Replaces the text of a note, in the version that was seen; `None` withdraws the note and blanks its text.
    fn edit_note<'a>(
        &'a self,
        author: &'a Author,
        attempt: &'a Id,
        seen: &'a Note,
        text: Option<&'a str>,
    ) -> Written<'a, Note>;

    /// Adds a mark to the timeline.
    fn annotate<'a>(&'a self, author: &'a Author, new: &'a NewAnnotation) -> Written<'a, Annotation>;

    /// Remembers releases that were seen; what other consoles saw of them is merged. Leaves no line in the audit.
    fn remember_releases<'a>(&'a self, seen: &'a [ReleaseSeen]) -> Written<'a, ()>;

    /// Notes events in the audit.
    fn note_events<'a>(&'a self, author: &'a Author, attempt: &'a Id, events: &'a [AuditEvent]) -> Written<'a, ()>;

    /// Takes lines of a writer's own chain over into the audit, in their order. Lines that are there already are left alone,
    /// so that the same lines may be given any number of times. Gives the head of the chain as the store has it then.
    ///
    /// # Errors
    /// [`WriteError::Refused`] when the chain does not continue or contradicts what the store has of it.
    fn replay<'a>(&'a self, chain: &'a str, lines: &'a [AuditLine]) -> Written<'a, Option<Head>>;
}
