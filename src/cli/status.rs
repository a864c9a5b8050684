//! `quarterdeck status`: the same world as the screen's, once.

use std::process::ExitCode;

use clap::Args;
use color_eyre::eyre::Result;
use futures_util::future::{BoxFuture, FutureExt, Shared, join_all};
use serde::Serialize;

use super::backup::Looked;
use super::maintenance::heard;
use super::on_alerts::Said;
use super::output::{columns, note, say, say_json};
use super::session::{SETTLE_WITHIN, Session};
use super::undone::{UndoneLine, look_back};
use super::{Format, Global};
use super::{
    advice, alerts, backup, causes, codes, database, health, incident, jobs, modes, oncall, schedule, signals, slo,
};
use crate::actions::maintenance::schedule as schedule_of;
use crate::config::{ContextRef, ReadOnly};
use crate::domain::advice::{Advice, Verdict as Advised};
use crate::domain::alert::{AlertSnapshot, local};
use crate::domain::backup::Coverage;
use crate::domain::cluster::ClusterSnapshot;
use crate::domain::environment::Guard;
use crate::domain::health::HealthSnapshot;
use crate::domain::incident::Incident;
use crate::domain::rollout::{Rollout, Verdict};
use crate::domain::service::{Services, UNMAPPED};
use crate::domain::signal::SignalSnapshot;
use crate::domain::slo::SloSnapshot;
use crate::domain::source::{SourceHealth, SourceId, SourceKind, SourceState};
use crate::domain::store::AlertNotes;
use crate::domain::time::{self, Instant};
use crate::domain::usage::Board;
use crate::sources::alertmanager::AlertFeed;
use crate::sources::cluster::Connection;
use crate::sources::probe::HealthFeed;
use crate::sources::prometheus::{Downtime, SignalFeed, SloFeed};

#[derive(Debug, Args)]
pub(super) struct Status {
    /// The form of the answer.
    #[arg(long, short, value_enum, default_value_t)]
    output: Format,
}

/// The document of `status --output json`: a contract.
#[derive(Debug, Serialize)]
struct Document<'a> {
    environments: Vec<EnvironmentLine<'a>>,
    observed_at: Instant,
    sources: Vec<SourceLine<'a>>,
    /// Finished actions of the last half hour that somebody undid.
    undone: Vec<&'a UndoneLine>,
    rollouts: Vec<RolloutLine<'a>>,
    cron_jobs: Vec<jobs::CronJobLine<'a>>,
    jobs: Vec<jobs::JobLine<'a>>,
    nodes: Vec<causes::NodeLine<'a>>,
    causes: Vec<causes::CauseLine<'a>>,
    /// Worst first.
    alerts: Vec<alerts::AlertLine<'a>>,
    silences: Vec<alerts::SilenceLine<'a>>,
    /// The releases of a day that were compared with what was before them.
    advice: Vec<advice::AdviceLine<'a>>,
    /// By environment and service.
    signals: Vec<signals::SignalLine<'a>>,
    /// What was promised, worst first.
    slo: Vec<slo::SloLine>,
    /// Components asked whether they are well, worst first.
    health: Vec<health::HealthLine>,
    /// Those that are open, the gravest first.
    incidents: Vec<incident::IncidentLine<'a>>,
    /// Who has each role of each schedule.
    on_call: Vec<oncall::HolderLine>,
    /// The backups of every set, in the order of the configuration.
    backups: Vec<backup::BackupLine<'a>>,
    /// What runs, what each window does next, and what is in maintenance mode.
    maintenance: schedule::MaintenanceLine,
    /// Databases, in the order of the configuration.
    databases: Vec<database::DatabaseLine<'a>>,
}

#[derive(Debug, Serialize)]
struct EnvironmentLine<'a> {
    name: &'a str,
    context: &'a str,
    guard: Guard,
    /// null: it may be changed.
    read_only: Option<&'a str>,
    /// `heard`, `missing`, `not_asked`, `unknown`; null without an Alertmanager.
    watchdog: Option<&'static str>,
    /// Whether `silences` is all of them; null without an Alertmanager that answered.
    silences_known: Option<bool>,
    /// What its API server says of itself; null where it was not reached.
    api_server: Option<causes::ApiLine<'a>>,
    /// Why it is not known what nodes use; null where it is.
    usage_missing: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct SourceLine<'a> {
    name: String,
    state: SourceState,
    age_seconds: Option<i64>,
    error: Option<&'a str>,
    /// `kubernetes`, `alertmanager`, `prometheus`, `rules`, `metrics` or `store`.
    kind: &'static str,
}

#[derive(Debug, Serialize)]
struct RolloutLine<'a> {
    environment: &'a str,
    namespace: &'a str,
    kind: &'static str,
    name: &'a str,
    /// null: UNMAPPED.
    service: Option<&'a str>,
    verdict: Verdict,
    reason: Option<&'a str>,
    desired: u32,
    updated: u32,
    ready: u32,
    available: u32,
    revision: Option<u64>,
    images: Vec<&'a str>,
    changed_at: Option<Instant>,
    notes: Vec<&'a str>,
}

impl Status {
    pub(super) async fn run(&self, global: &Global) -> Result<ExitCode> {
        let session = Session::prepare(global);
        session.tell_problems();
        if global.environment.is_some()
            && let Some(doubt) = session.doubt()
        {
            note(doubt);
            return Ok(ExitCode::from(3));
        }
        // Side by side: a dead cluster takes its own time, and nobody else's.
        // The store is asked once for all of them.
        let planned = downtime(&session).boxed().shared();
        let looking = join_all(session.shown().into_iter().map(|one| Found::of(one, planned.clone())));
        let (mut found, mut said) = tokio::join!(looking, session.said());
        said.incidents.sort_by_key(|one| (one.severity, one.created_at));
        let clusters: Vec<_> = found.iter().map(Found::looked).collect();
        let connections = clusters.iter().map(Looked::connection).collect();
        let (backups, databases) = tokio::join!(session.backups(&clusters), session.databases(&connections));
        for alerts in found.iter_mut().filter_map(|one| one.alerts.as_mut()) {
            alerts.hear(&said.acknowledgements, session.now());
        }
        let mut snapshot = ClusterSnapshot::together(found.iter().map(|one| &one.snapshot));
        snapshot.health.push(said.health.clone());
        snapshot.health.extend(signal_health(&found).cloned());
        let alerts: Vec<AlertSnapshot> = found.iter().filter_map(|one| one.alerts.clone()).collect();
        let now = session.now();
        match self.output {
            Format::Json => {
                let windows = schedule::ahead(&schedule_of(&said.whole), said.whole.now);
                let maintenance = schedule::MaintenanceLine { windows, modes: modes::lines(&snapshot, now) };
                let document = document(&snapshot, &found, (&said, &backups, session.services()), now);
                let databases = database::lines(&databases, now);
                say_json(&Document { maintenance, databases, ..document })?;
            }
            Format::Table => {
                for line in incident::notices(&said.incidents, now) {
                    say(&line)?;
                }
                for line in modes::notices(&snapshot, now) {
                    say(&line)?;
                }
                for line in found.iter().flat_map(|one| &one.undone) {
                    say(&line.undone.words)?;
                }
                for line in found.iter().filter_map(|one| one.signals.as_ref()).flat_map(signals::notices) {
                    say(&line)?;
                }
                let against = found.iter().flat_map(|one| &one.advice).filter(|one| one.verdict == Advised::Advised);
                for one in against {
                    say(&format!("{}: {}", one.workload, one.sentence))?;
                }
                for line in slo::notices(found.iter().filter_map(|one| one.slos.as_ref()), now) {
                    say(&line)?;
                }
                for line in health::notices(healths(&found), now) {
                    say(&line)?;
                }
                for line in backup::notices(&backups).into_iter().chain(database::notices(&databases)) {
                    say(&line)?;
                }
                if let Some(incidents) = incident::incident_table(&said.incidents, now) {
                    say(&incidents)?;
                }
                if let Some(on_call) = oncall::table(&said.book) {
                    say(&on_call)?;
                }
                say(&table(&snapshot, &alerts, &said.notes, now))?;
            }
        }
        Ok(ExitCode::from(exit_code(
            &snapshot,
            &alerts,
            found_codes(&found, now)
                .into_iter()
                .chain(modes::exit_codes(&snapshot, now))
                .chain(incident::exit_codes(&said.incidents))
                .chain(backup::exit_codes(&backups))
                .chain(database::exit_codes(&databases)),
        )))
    }
}

/// What was found out of one environment.
struct Found {
    session: Session,
    context: String,
    /// `None` where no connection was made.
    connection: Option<Connection>,
    snapshot: ClusterSnapshot,
    undone: Vec<UndoneLine>,
    alerts: Option<AlertSnapshot>,
    signals: Option<SignalSnapshot>,
    slos: Option<SloSnapshot>,
    health: Option<HealthSnapshot>,
    advice: Vec<Advice>,
    /// What its nodes use, or why that is not known.
    usage: Result<Board, String>,
}

/// What is planned to be down, as the store knows it.
async fn downtime(session: &Session) -> Downtime {
    let (changes, _) = heard(session).await;
    Downtime::standing(schedule_of(&changes))
}

impl Found {
    /// Looks at an environment once, for as long as an answer may take.
    async fn of(session: Session, planned: Shared<BoxFuture<'_, Downtime>>) -> Self {
        // Ways to several servers: none waits for another.
        let connecting = tokio::time::timeout(SETTLE_WITHIN, session.connect());
        let (alerts, signals, slos, health, connected) = tokio::join!(
            session.once::<AlertFeed>(SETTLE_WITHIN),
            session.once::<SignalFeed>(SETTLE_WITHIN),
            async { session.once_knowing::<SloFeed>(&planned.await, SETTLE_WITHIN).await },
            session.once::<HealthFeed>(SETTLE_WITHIN),
            connecting
        );
        let alerts = with_local(&session, alerts, signals.as_ref());
        let connected = match connected {
            Ok(connected) => connected.map_err(|error| error.sentence),
            Err(_) => Err(format!("no connection within {} s.", SETTLE_WITHIN.as_secs())),
        };
        match connected {
            Ok(connected) => {
                let (snapshot, usage) = tokio::join!(connected.settled(SETTLE_WITHIN), connected.usage());
                let undone = look_back(&session, &connected, session.now()).await;
                let context = connected.connection.context().to_owned();
                let advice = advice::advise(&session, &snapshot).await;
                let connection = Some(connected.connection);
                Self { session, context, connection, snapshot, undone, alerts, signals, slos, health, advice, usage }
            }
            Err(sentence) => {
                let mut cluster = SourceHealth::loading(SourceId::of(&session.environment.name, SourceKind::Cluster));
                cluster.state = SourceState::Down;
                cluster.error = Some(sentence.clone());
                // Nothing is missed of a cluster that is not there.
                let is_missed = session.environment.context != ContextRef::Nowhere;
                let sources = is_missed.then_some(cluster).into_iter().collect();
                let snapshot = ClusterSnapshot { health: sources, ..ClusterSnapshot::default() };
                let context = session.context_words();
                let usage = Err(sentence);
                Self {
                    session,
                    context,
                    connection: None,
                    snapshot,
                    undone: Vec::new(),
                    alerts,
                    signals,
                    slos,
                    health,
                    advice: Vec::new(),
                    usage,
                }
            }
        }
    }

    /// What was seen of its cluster, for what tells of backups there.
    fn looked(&self) -> Looked<'_> {
        let (environment, connection) = (&self.session.environment.name, self.connection.clone());
        Looked { environment, snapshot: Ok(&self.snapshot), connection }
    }

    fn line(&self) -> EnvironmentLine<'_> {
        let environment = &self.session.environment;
        EnvironmentLine {
            name: &environment.name,
            context: &self.context,
            guard: environment.guard,
            read_only: environment.read_only.as_ref().map(ReadOnly::words),
            watchdog: alerts::watchdog(self.alerts.as_ref()),
            silences_known: self.alerts.as_ref().and_then(AlertSnapshot::knows_silences),
            api_server: self.snapshot.api.as_ref().map(causes::ApiLine::of),
            usage_missing: self.usage.as_ref().err().map(String::as_str),
        }
    }
}

/// The alerts of an environment with what its local rules say of its signals.
fn with_local(
    session: &Session,
    alerts: Option<AlertSnapshot>,
    signals: Option<&SignalSnapshot>,
) -> Option<AlertSnapshot> {
    let environment = &session.environment;
    let Some(signals) = signals.filter(|_| !environment.rules.is_empty()) else { return alerts };
    let local = local::evaluate(&environment.rules, signals, session.services(), session.now());
    let known = alerts.unwrap_or_else(|| AlertSnapshot::loading(&environment.name));
    Some(known.with_local(&local, &signals.health))
}

fn alert_health(found: &[Found]) -> impl Iterator<Item = &SourceHealth> {
    found.iter().filter_map(|one| one.alerts.as_ref()).flat_map(AlertSnapshot::sources)
}

fn healths(found: &[Found]) -> impl Iterator<Item = (&HealthSnapshot, &Services)> {
    found.iter().filter_map(|one| Some((one.health.as_ref()?, one.session.services())))
}

fn signal_health(found: &[Found]) -> impl Iterator<Item = &SourceHealth> {
    let slos = found.iter().filter_map(|one| one.slos.as_ref()).flat_map(|slos| &slos.health);
    found.iter().filter_map(|one| one.signals.as_ref()).flat_map(|signals| &signals.health).chain(slos)
}

fn document<'a>(
    snapshot: &'a ClusterSnapshot,
    found: &'a [Found],
    (said, backups, services): (&'a Said, &'a [Coverage], &Services),
    now: Instant,
) -> Document<'a> {
    let source = |health: &'a SourceHealth| SourceLine {
        name: health.id.to_string(),
        state: health.state,
        age_seconds: health.age_seconds(now),
        error: health.error.as_deref(),
        kind: health.id.kind.word(),
    };
    let rollout = |row: &'a Rollout| RolloutLine {
        environment: &row.workload.environment,
        namespace: &row.workload.namespace,
        kind: row.workload.kind.word(),
        name: &row.workload.name,
        service: row.service.as_deref(),
        verdict: row.verdict,
        reason: row.reason.as_deref(),
        desired: row.counts.desired,
        updated: row.counts.updated,
        ready: row.counts.ready,
        available: row.counts.available,
        revision: row.revision,
        images: row.images.iter().map(AsRef::as_ref).collect(),
        changed_at: row.changed_at,
        notes: row.notes.iter().map(AsRef::as_ref).collect(),
    };
    let incident = |one: &'a Incident| incident::IncidentLine::of(one, now).escalated(said.book.ladder(one, services));
    Document {
        environments: found.iter().map(Found::line).collect(),
        observed_at: now,
        sources: snapshot.health.iter().chain(alert_health(found)).map(source).collect(),
        undone: found.iter().flat_map(|one| &one.undone).collect(),
        rollouts: snapshot.rollouts.iter().map(|row| rollout(row)).collect(),
        cron_jobs: jobs::cron_jobs(snapshot),
        jobs: jobs::jobs(snapshot),
        nodes: causes::nodes(snapshot, |node| {
            let found = found.iter().find(|one| one.session.environment.name == node.environment)?;
            found.usage.as_ref().ok()?.measured.get(&node.name)
        }),
        causes: causes::causes(snapshot),
        advice: found.iter().flat_map(|one| &one.advice).map(advice::line).collect(),
        signals: signals::lines(
            found.iter().filter_map(|one| Some((one.signals.as_ref()?, one.session.services()))),
            now,
        ),
        health: health::lines(healths(found), now),
        slo: slo::lines(found.iter().filter_map(|one| one.slos.as_ref()), now),
        alerts: alerts::lines(found.iter().filter_map(|one| one.alerts.as_ref()), &said.notes),
        silences: alerts::silences(found.iter().filter_map(|one| one.alerts.as_ref())),
        incidents: said.incidents.iter().map(incident).collect(),
        on_call: said.book.lines(),
        backups: backup::lines(backups),
        maintenance: schedule::MaintenanceLine::default(),
        databases: Vec::new(),
    }
}

fn table(snapshot: &ClusterSnapshot, alerts: &[AlertSnapshot], notes: &AlertNotes, now: Instant) -> String {
    let mut lines: Vec<String> = alerts.iter().flat_map(alerts::notices).collect();
    lines.extend(alerts::table(alerts, notes, now));
    lines.extend(alerts::silence_table(alerts, now));
    let is_worth_a_line = |health: &&SourceHealth| !health.state.is_well() || health.error.is_some();
    for health in snapshot.health.iter().filter(is_worth_a_line) {
        lines.push(format!(
            "{}: {}. {}",
            health.id,
            health.state.word(),
            health.error.as_deref().unwrap_or("No answer yet.")
        ));
    }
    lines.extend(causes::sentences(snapshot, now));
    let jobs = jobs::table(snapshot, now);
    if snapshot.rollouts.is_empty() {
        lines.extend(jobs);
        if lines.is_empty() {
            lines.push("No workloads here.".to_owned());
        }
        return lines.join("\n");
    }
    let heads = [
        "ENVIRONMENT",
        "NAMESPACE",
        "NAME",
        "SERVICE",
        "VERDICT",
        "READY",
        "UPDATED",
        "AVAILABLE",
        "REVISION",
        "CHANGED",
        "REASON",
    ];
    let mut rows = vec![heads.map(str::to_owned).to_vec()];
    rows.extend(snapshot.rollouts.iter().map(|row| {
        vec![
            row.workload.environment.to_string(),
            row.workload.namespace.to_string(),
            row.workload.label(),
            row.service.as_deref().unwrap_or(UNMAPPED).to_owned(),
            row.verdict.word().to_owned(),
            format!("{}/{}", row.counts.ready, row.counts.desired),
            row.counts.updated.to_string(),
            row.counts.available.to_string(),
            row.revision.map_or_else(|| "-".to_owned(), |number| number.to_string()),
            row.changed_at.map_or_else(|| "-".to_owned(), |at| time::coarse(time::age(at, now))),
            row.reason.as_deref().unwrap_or_default().to_owned(),
        ]
    }));
    lines.push(columns(&rows));
    lines.extend(jobs.map(|table| format!("\n{table}")));
    lines.join("\n")
}

/// The worst of workloads, jobs, sources, alerts, and what else was found.
fn exit_code(snapshot: &ClusterSnapshot, alerts: &[AlertSnapshot], found: impl IntoIterator<Item = u8>) -> u8 {
    let rows = snapshot.rollouts.iter().map(|row| codes::rollout(row.verdict));
    let sources = snapshot.health.iter().map(|health| codes::source(health.state, verdicts_need(health)));
    let alerts = alerts.iter().flat_map(alerts::exit_codes);
    codes::worst(rows.chain(sources).chain(alerts).chain(jobs::exit_codes(snapshot)).chain(found))
}

/// What signals, objectives and components make of it.
fn found_codes(found: &[Found], now: Instant) -> Vec<u8> {
    let signals = found.iter().filter_map(|one| Some((one.signals.as_ref()?, &one.session)));
    let signals = signals.flat_map(|(snapshot, session)| {
        let declared = SignalFeed::declared(&session.environment, session.services());
        signals::exit_codes(snapshot, session.services(), &declared, now)
    });
    let objectives = slo::exit_codes(found.iter().filter_map(|one| one.slos.as_ref()), now);
    signals.chain(objectives).chain(health::exit_codes(healths(found), now)).collect()
}

/// Whether a rollout can be missing, or judged wrongly, while this source may not be read. Who may not see nodes or jobs still
/// knows how each rollout stands.
fn verdicts_need(source: &SourceHealth) -> bool {
    !matches!(source.id.kind, SourceKind::Resource("nodes" | "jobs" | "cronjobs", _))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(plural: &'static str, namespace: Option<&str>) -> SourceHealth {
        let kind = SourceKind::Resource(plural, namespace.map(Into::into));
        SourceHealth::loading(SourceId::of(&"production".into(), kind))
    }

    fn health(state: SourceState) -> SourceHealth {
        SourceHealth { state, ..resource("pods", None) }
    }

    #[test]
    fn a_source_that_is_down_is_never_success() {
        let snapshot = ClusterSnapshot {
            health: vec![health(SourceState::Fresh), health(SourceState::Down)],
            ..ClusterSnapshot::default()
        };
        assert_eq!(exit_code(&snapshot, &[], []), 3);
        let snapshot = ClusterSnapshot { health: vec![health(SourceState::Loading)], ..ClusterSnapshot::default() };
        assert_eq!(exit_code(&snapshot, &[], []), 3, "not read to the end");
    }

    #[test]
    fn what_may_not_be_listed_is_unknown_and_never_success() {
        let of = |plural, namespace| {
            let forbidden = SourceHealth { state: SourceState::Forbidden, ..resource(plural, namespace) };
            ClusterSnapshot { health: vec![forbidden], ..ClusterSnapshot::default() }
        };
        assert_eq!(exit_code(&of("statefulsets", None), &[], []), 3);
        assert_eq!(exit_code(&of("pods", None), &[], []), 3);
        for (plural, namespace) in [("nodes", None), ("jobs", None), ("cronjobs", None), ("jobs", Some("shop"))] {
            assert_eq!(exit_code(&of(plural, namespace), &[], []), 0, "{plural}");
        }
    }

    #[test]
    fn nothing_wrong_is_zero() {
        let snapshot = ClusterSnapshot { health: vec![health(SourceState::Fresh)], ..ClusterSnapshot::default() };
        assert_eq!(exit_code(&snapshot, &[], []), 0);
        assert_eq!(table(&snapshot, &[], &AlertNotes::default(), Instant::default()), "No workloads here.");
    }
}
