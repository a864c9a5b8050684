//! What changed, when: the marks of the timeline beside the alerts.

use serde::{Deserialize, Serialize};

use super::{Id, Subject};
use crate::domain::time::{self, Instant};

/// What kind of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AnnotationKind {
    /// A new version went out.
    Deploy,
    /// An old version came back.
    Rollback,
    /// More or fewer replicas.
    Scaling,
    /// The configuration of a workload or a service.
    Configuration,
    /// A silence was made or ended.
    Silence,
    /// A maintenance window began or ended.
    Maintenance,
    /// Anything else worth a mark.
    Other,
}

impl AnnotationKind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::Deploy,
        Self::Rollback,
        Self::Scaling,
        Self::Configuration,
        Self::Silence,
        Self::Maintenance,
        Self::Other,
    ];

    /// The word stored and shown.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Deploy => "deploy",
            Self::Rollback => "rollback",
            Self::Scaling => "scaling",
            Self::Configuration => "configuration",
            Self::Silence => "silence",
            Self::Maintenance => "maintenance",
            Self::Other => "other",
        }
    }

    /// The kind of a stored word; one this version does not know is [`Self::Other`].
    pub fn of(word: &str) -> Self {
        Self::ALL.into_iter().find(|kind| kind.word() == word).unwrap_or(Self::Other)
    }
}

/// Something that changed. Written once, never edited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Annotation {
    /// Its id.
    pub id: Id,
    /// What changed.
    pub subject: Subject,
    /// What kind of change.
    pub kind: AnnotationKind,
    /// When it happened, as the writer says.
    #[serde(deserialize_with = "time::clamped")]
    pub at: Instant,
    /// When it was written, by the store's clock.
    #[serde(deserialize_with = "time::clamped")]
    pub recorded_at: Instant,
    /// What, as a sentence.
    pub words: String,
    /// Who wrote it.
    pub by: String,
}

/// An annotation to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAnnotation {
    /// Its id: the same id writes nothing twice. An id derived from the change itself lets several consoles write it once.
    pub id: Id,
    /// What changed.
    pub subject: Subject,
    /// What kind of change.
    pub kind: AnnotationKind,
    /// When it happened; `None` for the store's now.
    pub at: Option<Instant>,
    /// What, as a sentence; not empty.
    pub words: String,
}
