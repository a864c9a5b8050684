//! What an incident is about: services, alerts, workloads, other incidents.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::store::{LONGEST_NAME, SubjectKind, check_text};

/// Something an incident is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Link {
    /// What kind of thing.
    pub kind: SubjectKind,
    /// Its environment; empty for what is the same in all of them: a service, an incident.
    pub environment: String,
    /// Which one: a name, or an alert's fingerprint.
    pub name: String,
    /// How people call it where its name is an id; empty where the name says it.
    #[serde(default)]
    pub title: String,
}

/// What may stand before the slash, in a sentence.
const KINDS: &str = "service/NAME, alert/NAME, workload/NAME (or deployment/NAME, …), database/NAME or incident/NUMBER";

impl Link {
    /// A service.
    pub fn service(name: &str) -> Self {
        Self { kind: SubjectKind::Service, environment: String::new(), name: name.to_owned(), title: String::new() }
    }

    /// What somebody typed, in the environment where they are: `alert/HighErrorRate`, `service/checkout`, `deployment/api`.
    ///
    /// # Errors
    /// The sentence to show when it names nothing.
    pub fn typed(word: &str, environment: &str) -> Result<Self, String> {
        let wrong = || format!("{word:?} names nothing that can be linked: write {KINDS}.");
        let (kind, name) = word.trim().split_once('/').ok_or_else(wrong)?;
        check_text("name of what is linked", name, false, LONGEST_NAME)?;
        let here = || environment.to_owned();
        let (kind, environment, name) = match kind.to_lowercase().as_str() {
            "service" => (SubjectKind::Service, String::new(), name.to_owned()),
            "incident" if name.parse::<u64>().is_ok() => (SubjectKind::Incident, String::new(), name.to_owned()),
            "alert" => (SubjectKind::Alert, here(), name.to_owned()),
            "database" => (SubjectKind::Database, here(), name.to_owned()),
            "workload" => (SubjectKind::Workload, here(), name.to_owned()),
            kind @ ("deployment" | "statefulset" | "daemonset") => {
                (SubjectKind::Workload, here(), format!("{kind}/{name}"))
            }
            _ => return Err(wrong()),
        };
        Ok(Self { kind, environment, name, title: String::new() })
    }

    /// Whether it is the same thing.
    pub fn is_same(&self, other: &Self) -> bool {
        (self.kind, &self.environment, &self.name) == (other.kind, &other.environment, &other.name)
    }
}

impl fmt::Display for Link {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{} {}", self.kind.word(), if self.title.is_empty() { &self.name } else { &self.title })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_a_thing_of_here_or_of_everywhere() {
        let typed = |word: &str| Link::typed(word, "production").map(|link| (link.kind, link.environment, link.name));
        assert_eq!(typed("service/checkout"), Ok((SubjectKind::Service, String::new(), "checkout".into())));
        assert_eq!(typed("alert/Slow"), Ok((SubjectKind::Alert, "production".into(), "Slow".into())));
        assert_eq!(typed("Deployment/api"), Ok((SubjectKind::Workload, "production".into(), "deployment/api".into())));
        assert_eq!(typed("incident/7"), Ok((SubjectKind::Incident, String::new(), "7".into())));
        for wrong in ["checkout", "service/", "planet/mars", "incident/seven", "alert/a\0b", ""] {
            assert!(typed(wrong).is_err_and(|why| why.ends_with('.')), "{wrong}");
        }
    }
}
