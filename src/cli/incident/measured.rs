//! The figures of a report: which share of the requests failed before, during and after, and how many minutes of the budget that cost.

use std::time::Duration;

use chrono::TimeDelta;

use crate::cli::output::note;
use crate::cli::session::Session;
use crate::domain::incident::{Incident, Query};
use crate::domain::time::Instant;
use crate::sources::error::SourceError;
use crate::sources::prometheus::SignalFeed;

/// The window before it began, and the one after it was over.
const BESIDE: TimeDelta = TimeDelta::minutes(60);
/// How long all questions together may take.
const WITHIN: Duration = Duration::from_secs(15);
/// Of how many services at most it is asked.
const MOST: usize = 20;

/// A window of time by its end and its length.
type Window = (Instant, TimeDelta);

/// The windows of an incident that is over, or lasts until now: before, during, and after as far as time has passed.
fn windows(incident: &Incident, end: Instant, now: Instant) -> [(&'static str, Window); 3] {
    let began = incident.impact_since.unwrap_or(incident.created_at);
    let length = (end - began).max(TimeDelta::minutes(1));
    let after = (now - end).clamp(TimeDelta::minutes(1), BESIDE);
    [
        ("error_share_before", (began, BESIDE)),
        ("error_share_during", (end, length)),
        ("error_share_after", (end + after, after)),
    ]
}

/// Every figure with the question that gives it. Where there is no Prometheus, or it does not answer, the questions stand without values.
pub(super) async fn figures(session: &Session, incident: &Incident, end: Instant, now: Instant) -> Vec<Query> {
    let windows = windows(incident, end, now);
    let places = session.settings.environments.iter().position(|one| *one.name == *incident.environment);
    let there = places.map(|place| session.at(place));
    let session = there.as_ref().unwrap_or(session);
    let feed = session.feed::<SignalFeed>();
    let mut found = Vec::new();
    if let Some(feed) = feed.filter(|feed| feed.prometheus.is_some()) {
        match tokio::time::timeout(WITHIN, asked(&feed, incident, &windows)).await {
            Ok(Ok(answers)) => return answers,
            Ok(Err(error)) => note(&format!("The figures of the report could not be read: {}", error.sentence)),
            Err(_) => note(&format!("The figures of the report took longer than {} s.", WITHIN.as_secs())),
        }
    }
    for service in incident.services().take(MOST) {
        for (id, (end, length)) in windows {
            found.push(unasked(id, service, (&shipped(service, end, length), end)));
        }
        let [_, (_, (end, length)), _] = windows;
        let burnt = format!("({}) * {}", shipped(service, end, length), length.num_minutes());
        found.push(unasked("budget_minutes_burnt", service, (&burnt, end)));
    }
    found
}

async fn asked(
    feed: &SignalFeed,
    incident: &Incident,
    windows: &[(&'static str, Window); 3],
) -> Result<Vec<Query>, SourceError> {
    let labels = feed.labels_of_services().await?;
    let mut found = Vec::new();
    for service in incident.services().take(MOST) {
        let mut burnt = None;
        for (id, window) in windows {
            let measured = feed.error_share(&labels, service, *window).await?;
            let (query, at) = (measured.query, window.0);
            if *id == "error_share_during" {
                burnt = Some(Query {
                    id: "budget_minutes_burnt".to_owned(),
                    service: service.to_owned(),
                    query: format!("({query}) * {}", window.1.num_minutes()),
                    value: measured.value.map(|share| share * minutes(window.1)),
                    at,
                });
            }
            found.push(Query { id: (*id).to_owned(), service: service.to_owned(), query, value: measured.value, at });
        }
        found.extend(burnt);
    }
    Ok(found)
}

/// The question as the shipped query asks it.
fn shipped(service: &str, end: Instant, length: TimeDelta) -> String {
    let of = |more: &str| {
        let minutes = length.num_minutes().max(1);
        format!("sum(rate(http_requests_total{{service={service:?}{more}}}[{minutes}m] @ {}))", end.timestamp())
    };
    format!("{} / {}", of(",code=~\"5..\""), of(""))
}

fn unasked(id: &str, service: &str, (query, at): (&str, Instant)) -> Query {
    Query { id: id.to_owned(), service: service.to_owned(), query: query.to_owned(), value: None, at }
}

/// How many minutes of a full outage a minute of it is worth: the length times the share that failed.
#[expect(clippy::cast_precision_loss, reason = "seconds of some years are below 2^52")]
fn minutes(length: TimeDelta) -> f64 {
    length.num_seconds() as f64 / 60.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time;

    #[test]
    fn the_shipped_question_names_the_service_the_window_and_the_moment() {
        let asked = shipped("check\"out", time::from_seconds(1_800_000_000), TimeDelta::minutes(60));
        assert!(
            asked.starts_with(r#"sum(rate(http_requests_total{service="check\"out",code=~"5.."}[60m] @ 1800000000))"#),
            "{asked}"
        );
        assert!((minutes(TimeDelta::seconds(90)) - 1.5).abs() < f64::EPSILON);
    }
}
