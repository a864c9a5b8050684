//! Incidents as `incident list` and `status` print them.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::cli::oncall::LadderLine;
use crate::cli::output::columns;
use crate::domain::incident::{
    Audience, Clock, ClockState, Hint, Incident, Link, Phase, Role, Severity, Source, State, hints,
};
use crate::domain::time::{self, Instant};

/// An incident of a document: a contract.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct Line<'a> {
    number: u64,
    title: &'a str,
    severity: Severity,
    state: State,
    services: Vec<&'a str>,
    created_at: Instant,
    respond_by: Instant,
    /// The first who acknowledged it; null: nobody.
    acknowledged_by: Option<&'a str>,
    assignee: Option<&'a str>,
    commander: Option<&'a str>,
    clock: Clock,
    source: Source,
    phase: Phase,
    environment: &'a str,
    team: Option<&'a str>,
    impact: Option<&'a str>,
    impact_since: Option<Instant>,
    declared_by: &'a str,
    acknowledged_at: Option<Instant>,
    resolved_by: Option<&'a str>,
    resolved_at: Option<Instant>,
    /// Who has which role.
    roles: BTreeMap<&'static str, &'a str>,
    links: &'a [Link],
    /// What of the checklist is done.
    ticked: &'a [String],
    /// What of the checklist of this phase is not done.
    open_items: Vec<&'static str>,
    /// The incident it goes on in; null: none.
    merged_into: Option<u64>,
    /// One of before that looked like it; null: none.
    similar_to: Option<u64>,
    /// By when those who wait are to be told again; null: nobody is promised it.
    next_update_by: Option<Instant>,
    /// Who is to be told again by when.
    updates: Vec<UpdateLine>,
    /// Those that may belong to it, with what they share.
    related: Vec<Related>,
    /// When which level is paged if nobody acknowledges, and who that is; null: no policy says whom to page.
    escalation: Option<LadderLine>,
}

/// Somebody who waits to be told how it stands: a contract.
#[derive(Debug, Serialize)]
struct UpdateLine {
    audience: Audience,
    by: Instant,
}

/// An incident that may belong to another: a contract.
#[derive(Debug, Serialize)]
struct Related {
    number: u64,
    reason: String,
}

fn some(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

impl<'a> Line<'a> {
    /// The line of an incident.
    pub(in crate::cli) fn of(incident: &'a Incident, now: Instant) -> Self {
        let role = |(role, stamp): (&Role, &'a crate::domain::incident::Stamp)| (role.word(), stamp.by.as_str());
        Self {
            number: incident.number,
            title: &incident.title,
            severity: incident.severity,
            state: incident.state,
            services: incident.services().collect(),
            created_at: incident.created_at,
            respond_by: incident.respond_by,
            acknowledged_by: incident.acknowledged.as_ref().map(|stamp| stamp.by.as_str()),
            assignee: incident.assignee.as_deref(),
            commander: incident.commander(),
            clock: incident.clock(now),
            source: incident.source,
            phase: incident.phase,
            environment: &incident.environment,
            team: some(&incident.team),
            impact: some(&incident.impact),
            impact_since: incident.impact_since,
            declared_by: &incident.declared_by,
            acknowledged_at: incident.acknowledged.as_ref().map(|stamp| stamp.at),
            resolved_by: incident.resolved.as_ref().map(|stamp| stamp.by.as_str()),
            resolved_at: incident.resolved.as_ref().map(|stamp| stamp.at),
            roles: incident.roles.iter().map(role).collect(),
            links: &incident.links,
            ticked: &incident.ticked,
            open_items: incident.open_items(incident.phase).map(|item| item.id).collect(),
            merged_into: incident.merged.as_ref().map(|merged| merged.into),
            similar_to: incident.similar_to,
            next_update_by: incident.tell_by(),
            updates: incident.tellings().into_iter().map(|(audience, by)| UpdateLine { audience, by }).collect(),
            related: Vec::new(),
            escalation: None,
        }
    }

    /// The same with what else is open and may belong to it.
    pub(in crate::cli) fn among(self, incident: &Incident, all: &[Incident]) -> Self {
        let others = all.iter().filter(|one| one.number != incident.number && incident.state.is_open());
        let related = |hint: Hint| Related { number: hint.number, reason: hint.words };
        let related = hints(&incident.links, incident.created_at, others).into_iter().map(related).collect();
        Self { related, ..self }
    }

    /// The same with its ladder.
    pub(in crate::cli) fn escalated(self, escalation: Option<LadderLine>) -> Self {
        Self { escalation, ..self }
    }
}

/// The clock of a response, as a table tells it.
fn clock(clock: Clock) -> String {
    match clock.state {
        ClockState::Running => format!("{} left", time::left(clock.left)),
        ClockState::Overdue => format!("OVERDUE {}", time::coarse(-clock.left)),
        ClockState::Met => "met".to_owned(),
        ClockState::Missed => format!("MISSED by {}", time::length(-clock.left)),
    }
}

/// The table of incidents; nothing when there are none.
pub(in crate::cli) fn table(incidents: &[Incident], now: Instant) -> Option<String> {
    let heads = ["INCIDENT", "SEVERITY", "STATE", "CLOCK", "AGE", "ON IT", "COMMANDER", "SERVICES", "TITLE"];
    let mut rows = vec![heads.map(str::to_owned).to_vec()];
    rows.extend(incidents.iter().map(|one| {
        let on_it = one.assignee.as_deref().or(one.acknowledged.as_ref().map(|stamp| stamp.by.as_str()));
        vec![
            one.number.to_string(),
            one.severity.name().to_owned(),
            one.state.word().to_owned(),
            clock(one.clock(now)),
            time::coarse(time::age(one.created_at, now)),
            on_it.unwrap_or("-").to_owned(),
            one.commander().unwrap_or("-").to_owned(),
            Some(one.services().collect::<Vec<_>>().join(",")).filter(|all| !all.is_empty()).unwrap_or("-".to_owned()),
            one.title.clone(),
        ]
    }));
    (!incidents.is_empty()).then(|| columns(&rows))
}

/// What stands over the table of `status`: nobody is paged, and who is waited for.
pub(in crate::cli) fn notices(incidents: &[Incident], now: Instant) -> Vec<String> {
    let open = incidents.iter().filter(|one| one.state.is_open() && one.severity.is_grave());
    let open: Vec<&Incident> = open.collect();
    let said = |one: &&Incident| format!("OPEN {}: {one}, {}", one.severity.name(), clock(one.clock(now)));
    open.iter().map(said).collect()
}

/// What open incidents make of the exit code.
pub(in crate::cli) fn exit_codes(incidents: &[Incident]) -> impl Iterator<Item = u8> {
    incidents.iter().filter(|one| one.state.is_open()).map(|one| one.severity.exit_code())
}
