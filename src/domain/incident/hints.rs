//! What incidents may have to do with each other. Hints with their reasons: people link and merge, not rules.

use chrono::TimeDelta;

use super::{Incident, Link, State};
use crate::domain::store::SubjectKind;
use crate::domain::time::Instant;

/// How close to each other two incidents begin that may be one.
const TOGETHER: TimeDelta = TimeDelta::minutes(5);
/// How far back an incident is looked for that was like a new one.
const REMEMBERED: TimeDelta = TimeDelta::days(90);

/// An incident that may belong to another, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// Its number.
    pub number: u64,
    /// The sentence that says what they share.
    pub words: String,
}

/// The open incidents that may be the same trouble as one about these things, with what they share.
pub fn hints<'i>(links: &[Link], created_at: Instant, open: impl IntoIterator<Item = &'i Incident>) -> Vec<Hint> {
    let reason = |other: &Incident| {
        let shared: Vec<String> = links.iter().filter(|link| other.is_about(link)).map(ToString::to_string).collect();
        let apart = (created_at - other.created_at).abs();
        let is_near = apart <= TOGETHER && links.iter().any(|link| is_of_one_place(link, other));
        match (shared.is_empty(), is_near) {
            (false, _) => Some(format!("it is about {} too", shared.join(" and "))),
            (true, true) => Some(format!("it began within {} minutes in the same environment", TOGETHER.num_minutes())),
            (true, false) => None,
        }
    };
    let hint = |other: &Incident| {
        let why = reason(other)?;
        let words = format!(
            "likely related: {other}, {}, open since {}: {why}.",
            other.severity.name(),
            said(other.created_at)
        );
        Some(Hint { number: other.number, words })
    };
    open.into_iter().filter(|other| other.state.is_open()).filter_map(hint).collect()
}

fn is_of_one_place(link: &Link, other: &Incident) -> bool {
    !link.environment.is_empty() && other.links.iter().any(|one| one.environment == link.environment)
}

fn said(at: Instant) -> String {
    at.format("%F %H:%M UTC").to_string()
}

/// The newest incident that was resolved and looked like a new one: of one service or alert with it, or of the same title. A resolved one
/// takes nothing up again, it is only named.
pub fn similar<'i>(
    (title, links): (&str, &[Link]),
    now: Instant,
    resolved: impl IntoIterator<Item = &'i Incident>,
) -> Option<u64> {
    let is_telling = |link: &&Link| matches!(link.kind, SubjectKind::Service | SubjectKind::Alert);
    let is_like = |one: &&Incident| {
        one.state == State::Resolved
            && one.created_at >= now - REMEMBERED
            && (one.title.trim().eq_ignore_ascii_case(title.trim())
                || links.iter().filter(is_telling).any(|link| one.is_about(link)))
    };
    resolved.into_iter().filter(is_like).map(|one| one.number).max()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{at, incident};
    use super::super::{Severity, Stamp};
    use super::*;

    #[test]
    fn what_shares_a_service_is_a_hint_with_its_reason_and_what_is_over_is_none() {
        let open = incident(Severity::Sev2);
        let links = [Link::service("checkout")];
        let told = hints(&links, at(9_000), [&open]);
        assert_eq!(told.len(), 1);
        assert!(told[0].words.contains("incident 7") && told[0].words.contains("about service checkout too"));
        assert!(hints(&[Link::service("payments")], at(9_000), [&open]).is_empty());
        let over = Incident { state: State::Resolved, ..open };
        assert!(hints(&links, at(9_000), [&over]).is_empty());
    }

    #[test]
    fn what_begins_at_one_time_in_one_environment_is_a_hint() {
        let mut open = incident(Severity::Sev2);
        open.links = vec![Link::typed("alert/Slow", "production").expect("an alert")];
        let other = [Link::typed("alert/Errors", "production").expect("an alert")];
        assert_eq!(hints(&other, at(299), [&open]).len(), 1);
        assert!(hints(&other, at(301), [&open]).is_empty());
        let elsewhere = [Link::typed("alert/Errors", "staging").expect("an alert")];
        assert!(hints(&elsewhere, at(0), [&open]).is_empty());
    }

    #[test]
    fn a_new_one_is_similar_to_the_newest_resolved_one_alike() {
        let resolved = |number: u64, title: &str| Incident {
            number,
            title: title.into(),
            state: State::Resolved,
            resolved: Some(Stamp { by: "mori".into(), at: at(60) }),
            ..incident(Severity::Sev2)
        };
        let all =
            [resolved(3, "Checkout is down"), resolved(5, "Other"), Incident { number: 9, ..incident(Severity::Sev1) }];
        let found = |title: &str, links: &[Link]| similar((title, links), at(100), &all);
        assert_eq!(found("whatever", &[Link::service("checkout")]), Some(5), "by service");
        assert_eq!(found("checkout IS down ", &[]), Some(3), "by title");
        assert_eq!(found("whatever", &[Link::service("payments")]), None);
    }
}
