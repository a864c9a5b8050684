//! What an API server says of its own health: `/readyz?verbose`, a line for each check.

use std::sync::Arc;

use super::{Cause, CauseKind};
use crate::domain::text::clean;
use crate::domain::time::Instant;

/// The most checks named in one sentence.
const MOST_NAMED: usize = 4;

/// What an API server says of its own health.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApiHealth {
    /// Every check passes.
    Ready,
    /// It says that it is not ready.
    NotReady {
        /// The checks that fail, cleaned; empty where it names none.
        failing: Vec<String>,
        /// How many checks there are.
        checks: usize,
        /// When we first saw it, by our clock: it does not say since when.
        since: Instant,
    },
    /// It did not say, and why: a right that lacks, a server that does not know the question. Cleaned.
    Unknown(String),
}

impl ApiHealth {
    /// Reads an answer to `/readyz?verbose`. A 5xx is a no even where it names no check.
    ///
    /// A passing check is a line `[+]etcd ok`, a failing one `[-]etcd failed: reason withheld`.
    pub fn read(code: u16, body: &str, now: Instant) -> Self {
        let lines = || body.lines().map(str::trim);
        let failing: Vec<String> = lines()
            .filter_map(|line| line.strip_prefix("[-]"))
            .map(|line| clean(line.split_whitespace().next().unwrap_or_default()).into_owned())
            .collect();
        let checks = failing.len() + lines().filter(|line| line.starts_with("[+]")).count();
        match code {
            200..=299 if checks > 0 && failing.is_empty() => Self::Ready,
            500..=599 => Self::NotReady { failing, checks, since: now },
            401 | 403 => Self::Unknown("not readable with your rights: it takes get on the path /readyz.".to_owned()),
            404 => Self::Unknown("this server has no /readyz.".to_owned()),
            200..=299 => Self::Unknown("the answer to /readyz is not that of a Kubernetes API server.".to_owned()),
            other => Self::Unknown(format!("the server answered /readyz with {other}.")),
        }
    }

    /// The same, first seen when the same checks failed before.
    #[must_use]
    pub fn after(self, before: Option<&Self>) -> Self {
        match (self, before) {
            (Self::NotReady { failing, checks, since: _ }, Some(Self::NotReady { since, .. })) => {
                Self::NotReady { failing, checks, since: *since }
            }
            (new, _) => new,
        }
    }

    /// What it says in a sentence; `None` while it is ready.
    pub fn sentence(&self) -> Option<String> {
        match self {
            Self::Ready => None,
            Self::Unknown(why) => Some(format!("whether the API server is ready is not known: {why}")),
            Self::NotReady { failing, .. } if failing.is_empty() => {
                Some("the API server says that it is not ready, and names no check that fails".to_owned())
            }
            Self::NotReady { failing, checks, .. } => {
                let more = failing.len().saturating_sub(MOST_NAMED);
                let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                let named = failing.iter().take(MOST_NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
                Some(format!("the API server is not ready: {named}{more} of {checks} checks fail"))
            }
        }
    }

    /// The cause it is of whatever happens in its cluster; `None` unless it is not ready.
    pub fn cause(&self, environment: &Arc<str>) -> Option<Cause> {
        let Self::NotReady { failing, since, .. } = self else { return None };
        Some(Cause {
            environment: environment.clone(),
            kind: CauseKind::ApiServer,
            subject: "readyz".into(),
            words: self.sentence()?,
            evidence: failing.iter().take(Cause::MOST_EVIDENCE).map(|check| format!("check {check} fails")).collect(),
            workloads: Vec::new(),
            pods: 0,
            since: Some(*since),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(seconds: i64) -> Instant {
        chrono::DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap_or_default()
    }

    const BAD: &str = "[+]ping ok\n[-]etcd failed: reason withheld\n[+]log ok\n[-]shutdown failed: reason withheld\nreadyz check failed\n";

    #[test]
    fn the_checks_that_fail_are_named() {
        let health = ApiHealth::read(500, BAD, at(0));
        assert_eq!(
            health,
            ApiHealth::NotReady { failing: vec!["etcd".into(), "shutdown".into()], checks: 4, since: at(0) }
        );
        let said = "the API server is not ready: etcd, shutdown of 4 checks fail";
        assert_eq!(health.cause(&"production".into()).map(|cause| cause.words), Some(said.to_owned()));
        assert_eq!(ApiHealth::read(200, "[+]ping ok\nreadyz check passed\n", at(0)), ApiHealth::Ready);
    }

    #[test]
    fn what_is_no_answer_of_an_api_server_is_not_known_and_no_cause() {
        for (code, body) in [(403, ""), (404, ""), (200, "<html>"), (200, "ok"), (302, "")] {
            let health = ApiHealth::read(code, body, at(0));
            assert!(matches!(health, ApiHealth::Unknown(_)), "{code} {body}: {health:?}");
            assert_eq!(health.cause(&"production".into()), None);
        }
        let silent = ApiHealth::read(503, "upstream unavailable", at(0));
        assert!(silent.sentence().is_some_and(|words| words.contains("names no check")), "{silent:?}");
    }

    #[test]
    fn it_is_bad_since_it_was_first_seen_to_be() {
        let first = ApiHealth::read(500, BAD, at(0));
        let later = ApiHealth::read(500, "[-]etcd failed", at(60)).after(Some(&first));
        assert!(matches!(later, ApiHealth::NotReady { since, checks: 1, .. } if since == at(0)));
        let again = ApiHealth::read(500, BAD, at(90)).after(Some(&ApiHealth::Ready));
        assert!(matches!(again, ApiHealth::NotReady { since, .. } if since == at(90)));
    }

    proptest! {
        #[test]
        fn no_answer_is_too_odd(code in 100_u16..600, body in "(\\[[+-]\\][^\n]{0,30}\n){0,8}.{0,40}") {
            let health = ApiHealth::read(code, &body, at(0));
            if let Some(words) = health.sentence() {
                prop_assert_eq!(clean(&words).into_owned(), words);
            }
        }
    }
}
