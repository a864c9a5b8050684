//! A service as one target: which of the workloads that are there it means, and what an operator should know of that.

use std::sync::Arc;

use chrono::TimeDelta;

use super::Services;
use crate::domain::rollout::{Kind, Rollout, Verdict, WorkloadRef};
use crate::domain::source::{SourceHealth, SourceKind, SourceState, together};

/// A member released this long before the newest release of its service was not part of it.
const APART: TimeDelta = TimeDelta::hours(1);
/// The most services named where a name is not known.
const MOST_NAMED: usize = 12;

/// How the targets of a plan were chosen, where that needs saying.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    /// The service they are, all of it that is there.
    pub service: Option<Arc<str>>,
    /// What to know of the choice, as sentences: what the service lacks, marked rows that a filter hides.
    pub notes: Vec<String>,
}

/// The workloads of a service, in the order they are acted on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    /// The workloads; never empty.
    pub targets: Vec<WorkloadRef>,
    /// How they were chosen.
    pub choice: Choice,
}

/// The workloads a service means in one namespace: in the order of the configuration, else by kind and name.
///
/// # Errors
/// When nothing there is of that service: a sentence that names those there are.
pub fn choose<'a>(
    services: &Services,
    rows: impl IntoIterator<Item = &'a Rollout>,
    environment: &str,
    namespace: &str,
    name: &str,
) -> Result<Chosen, String> {
    let is_here = |row: &&Rollout| *row.workload.environment == *environment && *row.workload.namespace == *namespace;
    let here: Vec<&Rollout> = rows.into_iter().filter(is_here).collect();
    let mut members: Vec<&Rollout> = here.iter().copied().filter(|row| row.service.as_deref() == Some(name)).collect();
    let declared = services.named(environment, namespace, name);
    let listed = declared.map(|service| service.workloads.as_slice()).unwrap_or_default();
    if members.is_empty() {
        return Err(nothing(&here, namespace, name));
    }
    let place = |row: &Rollout| listed.iter().position(|member| member.is(&row.workload));
    members.sort_by(|one, other| {
        place(one)
            .cmp(&place(other))
            .then_with(|| one.workload.kind.cmp(&other.workload.kind))
            .then_with(|| one.workload.name.cmp(&other.workload.name))
    });
    let mut notes: Vec<String> = listed
        .iter()
        .filter(|member| members.iter().all(|row| !member.is(&row.workload)))
        .map(|member| {
            format!("NOT THERE: the configuration lists {member} for service {name}, and it is not in {namespace}.")
        })
        .collect();
    notes.extend(apart(&members, name));
    Ok(Chosen {
        targets: members.into_iter().map(|row| row.workload.clone()).collect(),
        choice: Choice { service: Some(name.into()), notes },
    })
}

/// Kinds of workload that could not be read whole in a namespace: members among them are not in the plan, and nobody would miss them.
pub fn unseen(health: &[SourceHealth], environment: &str, namespace: &str) -> Vec<String> {
    let is_of_it = |source: &&SourceHealth| {
        let SourceKind::Resource(plural, place) = &source.id.kind else { return false };
        let is_here = *source.id.environment == *environment && place.as_deref().is_none_or(|one| one == namespace);
        is_here && Kind::ALL.iter().any(|known| *plural == known.plural())
    };
    let is_whole = |source: &SourceHealth| source.state == SourceState::Fresh && source.error.is_none();
    let missing: Vec<SourceHealth> =
        health.iter().filter(is_of_it).filter(|source| !is_whole(source)).cloned().collect();
    let sentence = |source: &SourceHealth| {
        let why = source.error.as_deref().unwrap_or("not read to the end");
        format!(
            "NOT SEEN WHOLE: {}: {}. Workloads of the service among them are not in this plan.",
            source.id,
            why.trim_end_matches('.')
        )
    };
    together(&missing).iter().map(sentence).collect()
}

fn nothing(here: &[&Rollout], namespace: &str, name: &str) -> String {
    let mut known: Vec<&str> = here.iter().filter_map(|row| row.service.as_deref()).collect();
    known.sort_unstable();
    known.dedup();
    let more = known.len().saturating_sub(MOST_NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    known.truncate(MOST_NAMED);
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    format!("Nothing in {namespace} is of a service {name:?}; there is {known}{more}.")
}

/// Members that are well and were released long before the others: a release that broke the service did not touch them.
fn apart(members: &[&Rollout], name: &str) -> Vec<String> {
    let newest = members.iter().copied().filter(|row| row.changed_at.is_some()).max_by_key(|row| row.changed_at);
    let Some((newest, at)) = newest.and_then(|row| Some((row, row.changed_at?))) else { return Vec::new() };
    let is_apart = |row: &&&Rollout| {
        row.verdict == Verdict::Complete && row.changed_at.is_some_and(|changed| at - changed >= APART)
    };
    let sentence = |row: &&Rollout| {
        let changed = row.changed_at.map(|at| at.format("%Y-%m-%d %H:%M UTC").to_string()).unwrap_or_default();
        format!(
            "{} is well and was released at {changed}, long before {} at {}: it is acted on too, as part of {name}. Plan the others by name to leave it.",
            row.workload.label(),
            newest.workload.label(),
            at.format("%H:%M UTC")
        )
    };
    members.iter().filter(is_apart).map(sentence).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{listing, workload};
    use super::*;
    use crate::domain::rollout::Counts;
    use crate::domain::source::SourceId;

    fn row(name: &str, service: Option<&str>, hours_ago: i64) -> Rollout {
        let now = chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap_or_default();
        Rollout {
            workload: workload(name),
            uid: name.into(),
            service: service.map(Into::into),
            verdict: Verdict::Complete,
            reason: None,
            counts: Counts::default(),
            revision: None,
            images: [].into(),
            stuck_pod: None,
            old_images: [].into(),
            changed_at: Some(now - TimeDelta::hours(hours_ago)),
            sides: None,
            deadline_at: None,
            rate_per_minute: None,
            terminating: 0,
            notes: [].into(),
            record: None,
            maintenance: None,
        }
    }

    fn names(chosen: &Chosen) -> Vec<&str> {
        chosen.targets.iter().map(|target| &*target.name).collect()
    }

    #[test]
    fn the_order_is_the_configurations() {
        let services = Services::new(vec![listing("checkout", &["web", "api", "gone"])]);
        let rows = [row("api", Some("checkout"), 0), row("web", Some("checkout"), 0), row("cart", Some("cart"), 0)];
        let chosen = choose(&services, &rows, "production", "shop", "checkout").expect("a service");
        assert_eq!(names(&chosen), ["web", "api"]);
        assert_eq!(chosen.choice.service.as_deref(), Some("checkout"));
        assert_eq!(
            chosen.choice.notes,
            ["NOT THERE: the configuration lists deployment/gone for service checkout, and it is not in shop."]
        );
    }

    #[test]
    fn a_service_found_by_label_goes_by_name() {
        let rows = [row("web", Some("checkout"), 0), row("api", Some("checkout"), 0)];
        let chosen = choose(&Services::default(), &rows, "production", "shop", "checkout").expect("a service");
        assert_eq!((names(&chosen), chosen.choice.notes.len()), (vec!["api", "web"], 0));
    }

    #[test]
    fn a_member_that_is_well_and_old_is_pointed_out() {
        let rows = [row("api", Some("checkout"), 0), row("web", Some("checkout"), 30)];
        let chosen = choose(&Services::default(), &rows, "production", "shop", "checkout").expect("a service");
        assert_eq!(names(&chosen), ["api", "web"], "pointed out, not left out");
        assert!(chosen.choice.notes[0].starts_with("web is well and was released at"), "{:?}", chosen.choice.notes);
    }

    #[test]
    fn an_unknown_service_names_those_there_are_and_another_namespace_counts_for_nothing() {
        let rows = [row("cart", Some("cart"), 0), row("lost", None, 0)];
        let said = choose(&Services::default(), &rows, "production", "shop", "checkout");
        assert_eq!(said, Err("Nothing in shop is of a service \"checkout\"; there is cart.".to_owned()));
        assert!(choose(&Services::default(), &rows, "production", "pay", "cart").is_err());
        assert!(choose(&Services::default(), &rows, "staging", "shop", "cart").is_err());
    }

    #[test]
    fn only_what_cannot_be_read_here_is_pointed_out() {
        let source = |environment: &str, plural, namespace: Option<&str>, error: Option<&str>| SourceHealth {
            state: SourceState::Fresh,
            error: error.map(str::to_owned),
            ..SourceHealth::loading(SourceId::of(
                &environment.into(),
                SourceKind::Resource(plural, namespace.map(Into::into)),
            ))
        };
        let health = [
            source("production", "deployments", None, None),
            source("production", "statefulsets", None, Some("not allowed.")),
            source("production", "daemonsets", Some("pay"), Some("not allowed.")),
            source("production", "pods", None, Some("not allowed.")),
            source("staging", "deployments", None, Some("connection refused")),
        ];
        assert_eq!(
            unseen(&health, "production", "shop"),
            [
                "NOT SEEN WHOLE: production/statefulsets: not allowed. Workloads of the service among them are not in this plan."
            ]
        );
        assert!(unseen(&health, "production", "pay")[0].contains("statefulsets, daemonsets in pay"));
    }
}
