//! `quarterdeck incident report`: what happened, from what everybody's consoles wrote down.

use std::collections::HashMap;
use std::process::ExitCode;
use std::sync::Arc;

use chrono::TimeDelta;
use color_eyre::eyre::Result;
use serde::Serialize;
use serde_json::Value;

use super::lines::Line;
use super::{measured, one};
use crate::actions::journal;
use crate::cli::output::{note, say_json, say_whole};
use crate::cli::session::Session;
use crate::domain::incident::{Entry, EntryKind, Event, FollowUp, Incident, Query, Report, Span, markdown};
use crate::domain::people::Team;
use crate::domain::rollout::{Kind, WorkloadRef};
use crate::domain::store::{
    ANNOTATIONS_OF, Annotation, AuditEntry, AuditKind, AuditSearch, ENTRIES_OF, SubjectKind, team_of,
};
use crate::domain::time::{Instant, Zone};
use crate::sources::error::SourceError;
use crate::sources::store::port::ReadStore;

/// The most lines of a timeline, and the most lines of the audit that are looked through for actions.
const MOST: u32 = 10_000;
/// How long before an incident was declared what was done still belongs to it: it may be its cause.
const BEFORE: TimeDelta = TimeDelta::minutes(60);

/// The report as a document: a contract.
#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    incident: Line<'a>,
    told_at: Instant,
    /// The severities it had, in their order.
    severities: &'a [Span],
    /// In the order in which things happened.
    timeline: &'a [Event],
    /// What was done to what it is about.
    actions: Vec<&'a Event>,
    follow_ups: &'a [FollowUp],
    /// By when it is looked at together; null: it is not over.
    review_by: Option<Instant>,
    /// From when it hurt to when it was declared; null: nobody said since when.
    time_to_detect_seconds: Option<i64>,
    /// From when it was declared to the first acknowledgement; null: there was none.
    time_to_acknowledge_seconds: Option<i64>,
    /// From when it was declared to the last time it was resolved, without the time between; null: it is not over.
    time_to_resolve_seconds: Option<i64>,
    /// How long it was resolved before it was opened again.
    resolved_between_seconds: u64,
    /// The questions whose answers belong into it; a value of null was not asked.
    queries: &'a [Query],
}

impl<'a> Document<'a> {
    fn of(report: &'a Report) -> Self {
        let seconds = |took: Option<TimeDelta>| took.map(|took| took.num_seconds());
        let incident = &report.incident;
        Self {
            incident: Line::of(incident, report.told_at),
            told_at: report.told_at,
            severities: &report.severities,
            timeline: &report.timeline,
            actions: report.actions().collect(),
            follow_ups: &report.follow_ups,
            review_by: report.review_by,
            time_to_detect_seconds: seconds(incident.time_to_detect()),
            time_to_acknowledge_seconds: seconds(incident.time_to_acknowledge()),
            time_to_resolve_seconds: seconds(incident.time_to_resolve()),
            resolved_between_seconds: incident.resolved_seconds,
            queries: &report.queries,
        }
    }
}

pub(super) async fn run(session: &Session, number: u64, is_blameless: bool, is_json: bool) -> Result<ExitCode> {
    if session.settings.store_read_only.is_none() {
        // What this machine's journal holds belongs to the answer.
        match journal::replay(session.paths.state(), &*session.store).await {
            Ok(replayed) => replayed.refused.iter().for_each(|words| note(words)),
            Err(sentence) => note(&sentence),
        }
    }
    let (report, zone) = match gather(session, number).await {
        Ok(gathered) => gathered,
        Err(error) => return Ok(super::unanswered(&error)),
    };
    let report = if is_blameless { report.blameless() } else { report };
    if is_json {
        say_json(&Document::of(&report))?;
    } else {
        for line in markdown(&report, &zone).lines() {
            say_whole(line)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Everything that is known of an incident, and the name of the zone its team lives in.
async fn gather(session: &Session, number: u64) -> Result<(Report, String), SourceError> {
    let store = &*session.store;
    let (incident, now) = one(session, number).await?;
    let mut entries: Vec<Entry> = store.list(ENTRIES_OF, vec![number.into()], MOST).await?;
    entries.sort_by_key(|entry| entry.number);
    let end = incident.resolved.as_ref().map_or(now, |resolved| resolved.at);
    let search = AuditSearch {
        kind: Some(AuditKind::Action),
        since: Some(incident.created_at),
        until: Some(end + TimeDelta::seconds(1)),
        limit: MOST,
        ..AuditSearch::default()
    };
    let mut further = actions(session, &incident, &store.audit(&search).await?);
    let during = vec![(&incident.environment).into(), (incident.created_at - BEFORE).into(), end.into()];
    let marks: Vec<Annotation> = store.list(ANNOTATIONS_OF, during, MOST).await?;
    further.extend(marks.iter().filter(|mark| is_about(&incident, mark)).map(change));
    let team: Option<Team> = match incident.team.as_str() {
        "" => None,
        name => store.get(&team_of(name)).await?,
    };
    let zone = team.map(|team| team.zone).filter(|zone| Zone::named(zone).is_some());
    let queries = measured::figures(session, &incident, end, now).await;
    Ok((Report::of(&incident, &entries, further, queries, now), zone.unwrap_or_else(|| "Etc/UTC".to_owned())))
}

fn is_about(incident: &Incident, mark: &Annotation) -> bool {
    match mark.subject.kind {
        SubjectKind::Service => incident.services().any(|service| service == mark.subject.name),
        kind => incident.links.iter().any(|link| link.kind == kind && link.name == mark.subject.name),
    }
}

fn change(mark: &Annotation) -> Event {
    Event {
        at: mark.at,
        recorded_at: mark.recorded_at,
        kind: EntryKind::Change,
        actor: mark.by.clone(),
        on_behalf_of: None,
        recorded_by: mark.by.clone(),
        before: None,
        after: Some(mark.kind.word().to_owned()),
        words: mark.words.clone(),
    }
}

/// What was done to what an incident is about, from whatever console: one event a run that was begun, with how it ended.
fn actions(session: &Session, incident: &Incident, lines: &[AuditEntry]) -> Vec<Event> {
    // They come newest first.
    let lines: Vec<(&AuditEntry, Value)> =
        lines.iter().rev().filter_map(|entry| Some((entry, serde_json::from_str(&entry.line.text).ok()?))).collect();
    let run = |value: &Value| value["run"].as_str().unwrap_or_default().to_owned();
    let ended: HashMap<String, &AuditEntry> = lines
        .iter()
        .filter(|(entry, _)| entry.line.what == "ended")
        .map(|(entry, value)| (run(value), *entry))
        .collect();
    let begun = lines.iter().filter(|(_, value)| value["aims"].as_array().is_some_and(|aims| !aims.is_empty()));
    let mut seen = std::collections::HashSet::new();
    begun
        .filter(|(entry, value)| entry.line.what == "begun" && seen.insert(run(value)))
        .filter(|(entry, value)| concerns(session, incident, &entry.line.environment, value))
        .map(|(entry, value)| {
            let end = ended.get(&run(value));
            Event {
                at: entry.line.at,
                recorded_at: entry.recorded_at,
                kind: EntryKind::Action,
                actor: entry.line.actor.clone(),
                on_behalf_of: None,
                recorded_by: entry.line.actor.clone(),
                before: None,
                after: Some(entry.line.about.clone()),
                words: end.map_or_else(|| "it has not come to its end.".to_owned(), |end| end.line.words.clone()),
            }
        })
        .collect()
}

/// Whether a run was on something the incident is about: a workload of its services, an alert it is linked to; where it is about no service,
/// anything of its environment.
fn concerns(session: &Session, incident: &Incident, environment: &str, begun: &Value) -> bool {
    let services: Vec<&str> = incident.services().collect();
    let aims = begun["aims"].as_array().map(Vec::as_slice).unwrap_or_default();
    aims.iter().any(|aim| {
        if let Some(workload) = aim.get("workload") {
            let text = |key: &str| workload[key].as_str().unwrap_or_default();
            let Some(kind) = Kind::named(&text("kind").to_lowercase()) else { return false };
            let workload = WorkloadRef {
                environment: environment.into(),
                namespace: text("namespace").into(),
                kind,
                name: text("name").into(),
            };
            let of = session.services().of(&workload, None).unwrap_or_else(|_| Arc::from(text("name")));
            let named = format!("{}/{}", text("kind").to_lowercase(), text("name"));
            let is_linked = incident.links.iter().any(|link| link.name == named || link.name == text("name"));
            return is_linked || services.contains(&&*of) || services.is_empty() && environment == incident.environment;
        }
        let is_silence = aim.get("silence").is_some() && environment == incident.environment;
        let alert = aim.pointer("/alert/name").and_then(Value::as_str);
        let fingerprint = aim.pointer("/alert/fingerprint").and_then(Value::as_str);
        let is_linked = incident
            .links
            .iter()
            .any(|link| link.kind == SubjectKind::Alert && [alert, fingerprint].contains(&Some(link.name.as_str())));
        is_silence || is_linked
    })
}
