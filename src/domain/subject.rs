//! What an action is on: one closed type, whatever is acted on.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::rollout::WorkloadRef;
use super::text;

/// A silence; one that is still to be made has no id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SilenceRef {
    /// The environment.
    pub environment: Arc<str>,
    /// Its id; empty for a new one.
    pub id: String,
}

/// Something that is acted on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// A workload of a cluster.
    Workload(WorkloadRef),
    /// A silence of the Alertmanagers of an environment.
    Silence(SilenceRef),
}

/// What kind of thing a subject is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SubjectKind {
    /// A workload.
    Workload,
    /// A silence.
    Silence,
}

impl Subject {
    /// What kind of thing it is.
    pub const fn kind(&self) -> SubjectKind {
        match self {
            Self::Workload(_) => SubjectKind::Workload,
            Self::Silence(_) => SubjectKind::Silence,
        }
    }

    /// Its environment.
    pub const fn environment(&self) -> &Arc<str> {
        match self {
            Self::Workload(workload) => &workload.environment,
            Self::Silence(silence) => &silence.environment,
        }
    }

    /// The workload it is; `None` when it is something else.
    pub const fn workload(&self) -> Option<&WorkloadRef> {
        match self {
            Self::Workload(workload) => Some(workload),
            Self::Silence(_) => None,
        }
    }

    /// How a command line names it; nothing for what is still to be made.
    pub fn argument(&self) -> String {
        match self {
            Self::Workload(workload) => workload.to_string(),
            Self::Silence(silence) => text::clean(&silence.id).into_owned(),
        }
    }

    /// What is typed to confirm something grave on it: a name somebody knows, not an id that is copied.
    pub fn name(&self) -> &str {
        match self {
            Self::Workload(workload) => &workload.name,
            Self::Silence(silence) => &silence.environment,
        }
    }
}

impl From<WorkloadRef> for Subject {
    fn from(workload: WorkloadRef) -> Self {
        Self::Workload(workload)
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Workload(workload) => workload.fmt(to),
            Self::Silence(silence) if silence.id.is_empty() => to.write_str("a new silence"),
            Self::Silence(silence) => write!(to, "silence {}", text::clean(&silence.id)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silence_is_named_by_its_id_and_confirmed_by_its_environment() {
        let silence = |id: &str| Subject::Silence(SilenceRef { environment: "production".into(), id: id.into() });
        assert_eq!((silence("").to_string().as_str(), silence("").argument().as_str()), ("a new silence", ""));
        assert_eq!(
            (silence("4e\u{1b}f1").to_string().as_str(), silence("4ef1").argument().as_str()),
            ("silence 4ef1", "4ef1")
        );
        assert_eq!((silence("4ef1").name(), silence("4ef1").workload()), ("production", None));
    }
}
