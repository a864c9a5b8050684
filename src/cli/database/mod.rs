//! `quarterdeck database`: who the primary of each database is; and the databases in `quarterdeck status`.

mod tables;

use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Subcommand};
use color_eyre::eyre::Result;
use futures_util::future::join_all;
use serde::Serialize;

use self::tables::TablesLine;
use super::output::{columns, note, say, say_json};
use super::session::{SETTLE_WITHIN, Session};
use super::{Format, Global, exit};
use crate::config::Way;
use crate::domain::database::words as said;
use crate::domain::database::{Condition, Kind, LagSource, MemberStanding, Readiness, Role, Standing, Sync};
use crate::domain::document::did_you_mean;
use crate::domain::time::{self, Instant};
use crate::sources::backup::Clusters;
use crate::sources::database;
use crate::sources::observe::ListObjects;

#[derive(Debug, Args)]
pub(super) struct Database {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// How every database stands: its primary, its members with their lags, and whether the primary could be changed now.
    List {
        /// The form of the answer.
        #[arg(long, short, value_enum, default_value_t)]
        output: Format,
    },
    /// Try a connection as an application makes it: whether it is let in, how long that takes, whether it is encrypted.
    Test {
        /// The database, by its name in the configuration.
        name: String,
        /// The form of the answer.
        #[arg(long, short, value_enum, default_value_t)]
        output: Format,
    },
    /// Print the SQL that makes the role PostgreSQL is read by: it sees statistics, and no row of any table.
    Role,
}

/// The role of least privilege.
const ROLE: &str = include_str!("../../../assets/postgres/role.sql");

/// What came of a connection that was tried: a contract.
#[derive(Debug, Serialize)]
struct TestLine<'a> {
    name: &'a str,
    /// `application` or `postgres`: whose address was tried.
    by: &'static str,
    is_let_in: bool,
    /// Host, port and database, without a secret.
    place: Option<&'a str>,
    connect_ms: Option<u64>,
    answer_ms: Option<u64>,
    is_encrypted: Option<bool>,
    /// It takes no writes.
    is_replica: Option<bool>,
    version: Option<u32>,
    error: Option<&'a str>,
}

async fn test(global: &Global, name: &str, output: Format) -> Result<ExitCode> {
    let session = Session::prepare(global);
    session.tell_problems();
    let declared = &session.settings.databases;
    let Some(one) = declared.iter().find(|one| *one.database.name == *name) else {
        let known: Vec<&str> = declared.iter().map(|one| &*one.database.name).collect();
        note(&format!("There is no database {name:?}. {}", did_you_mean(name, &known)));
        return Ok(ExitCode::from(exit::USAGE));
    };
    let (by, tried) = database::try_once(one, &session.clock()).await;
    let milliseconds = |took: std::time::Duration| u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    let found = tried.as_ref().ok();
    let line = TestLine {
        name,
        by,
        is_let_in: found.is_some(),
        place: found.map(|tried| &*tried.place),
        connect_ms: found.map(|tried| milliseconds(tried.connected_in)),
        answer_ms: found.map(|tried| milliseconds(tried.answered_in)),
        is_encrypted: found.map(|tried| tried.is_encrypted),
        is_replica: found.map(|tried| tried.is_replica),
        version: found.map(|tried| tried.version),
        error: tried.as_ref().err().map(String::as_str),
    };
    match output {
        Format::Json => say_json(&line)?,
        Format::Table => say(&match &tried {
            Ok(tried) => format!(
                "{name} at {}: let in within {} ms, answered within {} ms, {}, {}.",
                tried.place,
                milliseconds(tried.connected_in),
                milliseconds(tried.answered_in),
                if tried.is_encrypted { "encrypted" } else { "IN THE CLEAR" },
                if tried.is_replica { "a replica: it takes no writes" } else { "it takes writes" },
            ),
            Err(why) => why.clone(),
        })?,
    }
    Ok(if found.is_some() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Database {
    pub(super) async fn run(&self, global: &Global) -> Result<ExitCode> {
        let output = match &self.command {
            Command::List { output } => output,
            Command::Test { name, output } => return test(global, name, *output).await,
            Command::Role => {
                say(ROLE.trim_end())?;
                return Ok(ExitCode::SUCCESS);
            }
        };
        let session = Session::prepare(global);
        session.tell_problems();
        let standings = session.databases(&session.clusters_of_databases().await).await;
        let now = session.now();
        match output {
            Format::Json => say_json(&lines(&standings, now))?,
            Format::Table => say(&table(&standings, now))?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Session {
    /// The clusters in which an operator governs a database, each reached once.
    async fn clusters_of_databases(&self) -> Clusters {
        let is_needed = |environment: &str| {
            self.settings.databases.iter().any(|one| {
                matches!(one.way, Way::CloudNativePg { .. })
                    && one.database.environment.as_deref().is_none_or(|own| own == environment)
            })
        };
        let needed: Vec<Self> = self.shown().into_iter().filter(|one| is_needed(&one.environment.name)).collect();
        let reaching = needed.iter().map(|one| async {
            let reached = match tokio::time::timeout(SETTLE_WITHIN, one.connect()).await {
                Ok(Ok(connected)) => Ok(Arc::new(connected.connection) as Arc<dyn ListObjects>),
                Ok(Err(error)) => Err(error.sentence),
                Err(_) => Err(format!("no connection within {} s.", SETTLE_WITHIN.as_secs())),
            };
            (one.environment.name.clone(), reached)
        });
        join_all(reaching).await.into_iter().collect()
    }

    /// How the databases stand that are of the environments shown, or of none: each is asked once, side by side.
    pub(super) async fn databases(&self, clusters: &Clusters) -> Vec<Standing> {
        let shown: Vec<_> = self.shown().into_iter().map(|one| one.environment.name).collect();
        let is_shown = |environment: &Option<Arc<str>>| environment.as_ref().is_none_or(|one| shown.contains(one));
        let declared = self.settings.databases.iter().filter(|one| is_shown(&one.database.environment));
        let declared: Vec<_> = declared.cloned().collect();
        database::read(&declared, clusters, &self.clock(), false).await.standings(self.now())
    }
}

/// A database: a contract.
#[derive(Debug, Serialize)]
pub(super) struct DatabaseLine<'a> {
    name: &'a str,
    /// null: of none.
    environment: Option<&'a str>,
    kind: Kind,
    /// null: there is none, there are several, or nobody can say; `verdict` says which.
    primary: Option<&'a str>,
    timeline: Option<u64>,
    system_identifier: Option<&'a str>,
    members: Vec<MemberLine<'a>>,
    /// `ready`, `blocked`, `unknown`, `impossible`.
    readiness: &'static str,
    /// To whom the primary could be changed.
    candidate: Option<&'a str>,
    /// Why it could not.
    readiness_reason: Option<&'a str>,
    /// `healthy`, `degraded`, `unknown`, `no_primary`, `two_primaries`, `foreign`.
    verdict: Condition,
    reasons: &'a [String],
    automatic_failover: AutomaticLine<'a>,
    is_paused: bool,
    /// `sync` or `quorum`; null where the primary waits for nobody, or that is not known.
    sync_mode: Option<Sync>,
    /// How long ago a member last heard from the store of the cluster.
    dcs_age_seconds: Option<i64>,
    observed_at: Option<Instant>,
    /// What the server at the address of its tables tells; null where none is read, or it could not be.
    postgres: Option<TablesLine<'a>>,
    /// Why it could not.
    postgres_error: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct AutomaticLine<'a> {
    /// null: nobody.
    by: Option<&'a str>,
    /// null: not known.
    is_on: Option<bool>,
    last_acted_at: Option<Instant>,
}

#[derive(Debug, Serialize)]
struct MemberLine<'a> {
    name: &'a str,
    /// By its own word: `primary`, `standby_leader`, `replica`, `unknown`.
    role: Role,
    /// null where it did not answer.
    state: Option<&'a str>,
    error: Option<&'a str>,
    address: Option<&'a str>,
    timeline: Option<u64>,
    sync: Option<Sync>,
    /// null for the primary.
    lag: Option<LagLine>,
}

/// Every figure is null where it is not known: that is not zero.
#[derive(Debug, Serialize)]
struct LagLine {
    receive_bytes: Option<u64>,
    replay_bytes: Option<u64>,
    seconds: Option<i64>,
    /// How old the older of the two readings is.
    age_seconds: Option<i64>,
    /// `members` or `listing`.
    source: LagSource,
}

/// Every database, in the order of the configuration.
pub(super) fn lines(standings: &[Standing], now: Instant) -> Vec<DatabaseLine<'_>> {
    let line = |one| {
        let Standing { name, environment, kind, primary, verdict, readiness, automatic, .. }: &Standing = one;
        DatabaseLine {
            name,
            environment: environment.as_deref(),
            kind: *kind,
            primary: primary.as_deref(),
            timeline: one.timeline,
            system_identifier: one.system_identifier.as_deref(),
            members: one.members.iter().map(|member| member_line(member, now)).collect(),
            readiness: readiness.word(),
            candidate: Some(readiness.says()).filter(|_| matches!(readiness, Readiness::Ready { .. })),
            readiness_reason: Some(readiness.says()).filter(|_| !matches!(readiness, Readiness::Ready { .. })),
            verdict: verdict.condition,
            reasons: &verdict.reasons,
            automatic_failover: AutomaticLine {
                by: automatic.by,
                is_on: automatic.is_on,
                last_acted_at: automatic.last_acted_at,
            },
            is_paused: one.is_paused,
            sync_mode: one.sync.flatten(),
            dcs_age_seconds: one.dcs_seen_at.map(|at| time::age(at, now).num_seconds()),
            observed_at: one.at,
            postgres: one.tables.as_ref().and_then(|tables| tables.as_deref().ok()).map(TablesLine::of),
            postgres_error: one.tables.as_ref().and_then(|tables| tables.as_ref().err()).map(String::as_str),
        }
    };
    standings.iter().map(line).collect()
}

fn member_line(member: &MemberStanding, now: Instant) -> MemberLine<'_> {
    MemberLine {
        name: &member.name,
        role: member.role,
        state: member.state.as_deref(),
        error: member.error.as_deref(),
        address: member.address.as_deref(),
        timeline: member.timeline,
        sync: member.sync,
        lag: member.lag.map(|lag| LagLine {
            receive_bytes: lag.receive_bytes,
            replay_bytes: lag.replay_bytes,
            seconds: lag.seconds.map(|seconds| seconds.num_seconds()),
            age_seconds: lag.age(now).map(|age| age.num_seconds()),
            source: lag.by,
        }),
    }
}

/// What databases make of the exit code.
pub(super) fn exit_codes(standings: &[Standing]) -> impl Iterator<Item = u8> {
    standings.iter().map(|one| one.verdict.condition.exit_code())
}

/// What an operator should know, a line each: what is not simply well.
pub(super) fn notices(standings: &[Standing]) -> Vec<String> {
    let grave = standings.iter().filter(|one| one.verdict.condition != Condition::Healthy);
    grave
        .map(|one| {
            let why = one.verdict.reasons.first().map(String::as_str).unwrap_or_default();
            format!("database {}: {}. {why}", one.name, said::state(one))
        })
        .collect()
}

/// The table, and below it the members of each database with what is to be said of it.
fn table(standings: &[Standing], now: Instant) -> String {
    if standings.is_empty() {
        return "No databases are declared. Write [database.NAME] into the configuration.".to_owned();
    }
    let dash = || "-".to_owned();
    let ago = |at: Instant| format!("{} ago", time::coarse(time::age(at, now)));
    let heads = ["DATABASE", "KIND", "STATE", "PRIMARY", "TIMELINE", "SYNC", "READY", "READ"];
    let mut rows = vec![heads.map(str::to_owned).to_vec()];
    rows.extend(standings.iter().map(|one| {
        vec![
            one.name.to_string(),
            one.kind.word().to_owned(),
            said::state(one),
            one.primary.as_deref().unwrap_or("?").to_owned(),
            one.timeline.map_or_else(dash, |timeline| timeline.to_string()),
            said::sync(one.sync).to_owned(),
            said::ready(&one.readiness),
            one.at.map_or_else(dash, ago),
        ]
    }));
    let mut lines = vec![columns(&rows)];
    for one in standings {
        lines.push(format!("\n{}", one.name));
        let mut rows = Vec::new();
        for member in &one.members {
            let lag = member.lag.map(|lag| {
                let age = lag.at.map(|at| time::coarse(time::age(at, now)));
                said::lags(&lag, age.as_deref())
            });
            let facts = said::member(member).join(", ");
            rows.push(vec![format!("  {}", member.name), facts, lag.unwrap_or_default()]);
        }
        if !rows.is_empty() {
            lines.push(columns(&rows));
        }
        lines.extend(one.verdict.reasons.iter().map(|words| format!("  {words}")));
        lines.push(format!("  {}", said::readiness(&one.readiness)));
        let acted = one.automatic.last_acted_at.map(|at| time::coarse(time::age(at, now)));
        lines.push(format!("  {}", said::automatic(&one.automatic, acted.as_deref())));
        lines.extend(one.tables.iter().flatten().flat_map(|tables| tables::lines(tables, now)));
    }
    lines.join("\n")
}
