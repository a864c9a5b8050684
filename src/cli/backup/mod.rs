//! `quarterdeck backup`: whether what was promised of recovery holds; and the backups in `quarterdeck status`.

mod objectives;

use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Subcommand};
use color_eyre::eyre::Result;
use futures_util::future::join_all;
use serde::Serialize;

use super::output::{columns, say, say_json};
use super::session::{SETTLE_WITHIN, Session};
use super::{Format, Global, codes};
use crate::actions::Action;
use crate::domain::backup::{BackupKind, Class, Coverage, Ladder, MadeBy, Recorded, Segment, State, Step, size};
use crate::domain::cluster::ClusterSnapshot;
use crate::domain::subject::{BackupRef, Subject};
use crate::domain::time::{self, Instant};
use crate::sources::backup::{self, Clusters, prometheuses};
use crate::sources::cluster::Connection;
use crate::sources::observe::ListObjects;
use crate::sources::store::port::ReadStore;

#[derive(Debug, Args)]
pub(super) struct Backup {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// How the backups of every set stand: the last good one, the age of the data, the ladder, holes in the WAL.
    List {
        /// The form of the answer.
        #[arg(long, short, value_enum, default_value_t)]
        output: Format,
    },
    /// What was promised of recovery beside what is measured: by tiers, and what would be lost with a node, a zone, the database, the region.
    Objectives {
        /// The form of the answer.
        #[arg(long, short, value_enum, default_value_t)]
        output: Format,
    },
}

impl Backup {
    pub(super) async fn run(&self, global: &Global) -> Result<ExitCode> {
        let session = Session::prepare(global);
        session.tell_problems();
        let output = match &self.command {
            Command::List { output } => output,
            Command::Objectives { output } => return objectives::run(&session, *output).await,
        };
        let coverage = session.coverage().await;
        match output {
            Format::Json => say_json(&lines(&coverage))?,
            Format::Table => say(&table(&coverage, session.settings.look.is_ascii, session.now()))?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// What was seen of the cluster of an environment.
pub(super) struct Looked<'a> {
    /// The environment.
    pub(super) environment: &'a Arc<str>,
    /// What is in it, or why that is not known.
    pub(super) snapshot: Result<&'a ClusterSnapshot, &'a str>,
    /// The connection; `None` where none was made.
    pub(super) connection: Option<Connection>,
}

impl Looked<'_> {
    /// What objects of it are read by, or why nothing is.
    pub(super) fn connection(&self) -> (Arc<str>, Result<Arc<dyn ListObjects>, String>) {
        let why = || self.snapshot.err().unwrap_or("there is no connection.");
        let way = match &self.connection {
            Some(connection) => Ok(Arc::new(connection.clone()) as Arc<dyn ListObjects>),
            None => Err(format!("{} cannot be reached: {}", self.environment, why())),
        };
        (self.environment.clone(), way)
    }
}

impl Session {
    /// How the backups of every set stand; the clusters are looked at that any of them is of.
    pub(super) async fn coverage(&self) -> Vec<Coverage> {
        let is_needed =
            |shown: &Self| self.settings.backups.iter().any(|one| one.is_of_cluster(&shown.environment.name));
        let needed: Vec<Self> = self.shown().into_iter().filter(is_needed).collect();
        let looking = needed.iter().map(|shown| async {
            match tokio::time::timeout(SETTLE_WITHIN, shown.connect()).await {
                Ok(Ok(connected)) => {
                    let snapshot = connected.settled(SETTLE_WITHIN).await;
                    (Ok(snapshot), Some(connected.connection))
                }
                Ok(Err(error)) => (Err(error.sentence), None),
                Err(_) => (Err(format!("no connection within {} s.", SETTLE_WITHIN.as_secs())), None),
            }
        });
        let clusters = join_all(looking).await;
        let looked = needed.iter().zip(&clusters).map(|(shown, (snapshot, connection))| Looked {
            environment: &shown.environment.name,
            snapshot: snapshot.as_ref().map_err(String::as_str),
            connection: connection.clone(),
        });
        self.backups(&looked.collect::<Vec<_>>()).await
    }

    /// How the backups of every set stand: what tells of them is asked once, side by side. Of those that a cluster makes, what was seen of
    /// each cluster tells, or why it was not seen.
    pub(super) async fn backups(&self, clusters: &[Looked<'_>]) -> Vec<Coverage> {
        let declared = &self.settings.backups;
        if declared.is_empty() {
            return Vec::new();
        }
        let clock = self.clock();
        let connections: Clusters = clusters.iter().map(Looked::connection).collect();
        let prometheuses = prometheuses(&self.settings.environments, &clock);
        let reading = backup::read(declared, &connections, &prometheuses, &clock);
        let (snapshot, held) = tokio::join!(reading, self.store.changes(0));
        let recorded = match held {
            Ok(held) => Recorded::of(&held.of(), &held.of()),
            Err(error) => Recorded { missing: Some(error.sentence), ..Recorded::default() },
        };
        let jobs = |made: &MadeBy| match clusters.iter().find(|one| made.is_in(one.environment)) {
            None => Err("Its environment is not among those shown: leave --environment and --context out.".to_owned()),
            Some(Looked { snapshot: Err(why), .. }) => Err((*why).to_owned()),
            Some(Looked { snapshot: Ok(cluster), environment, .. }) => cluster.jobs_known(environment),
        };
        snapshot.coverage(&recorded, jobs, self.now())
    }
}

/// Where in a cluster an action on a set acts: the session of that environment, and the set as it is acted on there.
pub(super) fn acted_on(session: &Session, action: &dyn Action, targets: &[Subject]) -> Option<(Session, Subject)> {
    let [Subject::Backup(backup)] = targets else { return None };
    let declared = session.settings.backups.iter().find(|one| one.set.name == backup.set);
    let place = declared.filter(|_| action.about().acts_here)?.set.said.acts_in.as_ref()?;
    let environment = place.environment.as_ref().unwrap_or(&session.environment.name);
    let known = session.settings.environments.iter().position(|one| one.name == *environment)?;
    let namespace = Some(place.namespace.clone());
    let there = session.at(known);
    let environment = there.environment.name.clone();
    Some((there, Subject::Backup(BackupRef { environment, set: backup.set.clone(), namespace })))
}

/// The backups of one kind in a set: a contract.
#[derive(Debug, Serialize)]
pub(super) struct BackupLine<'a> {
    set: &'a str,
    kind: BackupKind,
    /// When the newest backup ended that could be restored; null: there is none, or none is known.
    last_good_at: Option<Instant>,
    /// How old the newest data is that the set can be brought back to.
    data_age_seconds: Option<i64>,
    rpo_seconds: i64,
    /// `ok`, `late`, `missed`, `broken`, `unknown`, `paused`.
    state: State,
    /// As the tool names it; null where it tells nothing.
    encryption: Option<&'a str>,
    ladder: &'a Ladder,
    wal_holes: Vec<HoleLine<'a>>,
    /// When a restore was last verified: it reached its target, and says where and in how many seconds.
    verified_at: Option<Instant>,
    rto_measured_seconds: Option<i64>,
}

#[derive(Debug, Serialize)]
struct HoleLine<'a> {
    first: Segment,
    last: Segment,
    class: Class,
    /// The backup it kills, or the last one before it; null where it is harmless.
    backup: Option<&'a str>,
}

/// Every set, in the order of the configuration.
pub(super) fn lines(coverage: &[Coverage]) -> Vec<BackupLine<'_>> {
    let line = |one| {
        let Coverage { set, kind, state, ladder, holes, .. }: &Coverage = one;
        BackupLine {
            set,
            kind: *kind,
            last_good_at: one.last_good.as_ref().map(|good| good.at),
            data_age_seconds: one.data_age.map(|age| age.num_seconds()),
            rpo_seconds: one.rpo.num_seconds(),
            state: *state,
            encryption: one.encryption.as_deref(),
            ladder,
            wal_holes: holes
                .iter()
                .map(|hole| HoleLine {
                    first: hole.first,
                    last: hole.last,
                    class: hole.class,
                    backup: hole.backup.as_deref(),
                })
                .collect(),
            verified_at: one.verified_at,
            rto_measured_seconds: one.rto_measured.map(|took| took.num_seconds()),
        }
    };
    coverage.iter().map(line).collect()
}

/// What backups make of the exit code.
pub(super) fn exit_codes(coverage: &[Coverage]) -> impl Iterator<Item = u8> {
    coverage.iter().map(|one| codes::backup(one.state))
}

/// What an operator should know, a line each: what does not stand as promised.
pub(super) fn notices(coverage: &[Coverage]) -> Vec<String> {
    let grave = coverage.iter().filter(|one| one.state != State::Ok);
    grave
        .map(|one| {
            let why = one.reasons.first().map(String::as_str).unwrap_or_default();
            format!("backup {} {}: {}. {why}", one.set, one.kind.word(), word(one.state))
        })
        .collect()
}

/// The state as a table shows it: what is gone is said loudly.
fn word(state: State) -> String {
    match state {
        State::Broken | State::Unknown | State::Missed => state.word().to_uppercase(),
        State::Ok | State::Paused | State::Late => state.word().to_owned(),
    }
}

/// The table, and below it the ladder of each set with what is to be said of it.
pub(super) fn table(coverage: &[Coverage], is_ascii: bool, now: Instant) -> String {
    if coverage.is_empty() {
        return "No backups are declared. Write [backup.NAME] into the configuration.".to_owned();
    }
    let dash = || "-".to_owned();
    let ago = |at: Instant| format!("{} ago", time::coarse(time::age(at, now)));
    let heads = [
        "SET",
        "KIND",
        "STATE",
        "LAST GOOD",
        "DATA AGE",
        "RPO",
        "NEXT DUE",
        "SIZE",
        "TOOK",
        "ENCRYPTION",
        "VERIFIED",
        "TOLD",
    ];
    let mut rows = vec![heads.map(str::to_owned).to_vec()];
    rows.extend(coverage.iter().map(|one| {
        let good = one.last_good.as_ref();
        vec![
            one.set.to_string(),
            one.kind.word().to_owned(),
            word(one.state),
            good.map_or_else(dash, |good| good.at.format("%Y-%m-%d %H:%M").to_string()),
            one.data_age.map_or_else(dash, time::length),
            time::length(one.rpo),
            one.next_due.map_or_else(dash, |at| format!("in {}", time::left(at - now))),
            good.and_then(|good| good.bytes).map_or_else(dash, size),
            good.and_then(|good| good.took).map_or_else(dash, time::length),
            one.encryption.as_deref().unwrap_or("-").to_owned(),
            one.verified_at.map_or_else(|| "never".to_owned(), ago),
            one.told_at.map_or_else(dash, ago),
        ]
    }));
    let mut lines = vec![columns(&rows)];
    let mut drawn: Option<Arc<str>> = None;
    for one in coverage {
        // The ladder is the set's: it is drawn once, whatever kinds it has.
        let is_first = drawn.as_ref() != Some(&one.set);
        let said = one.reasons.iter().chain(one.notes.iter().filter(|_| is_first));
        if is_first {
            lines.push(format!("\n{}", one.set));
            if one.ladder != Ladder::default() {
                lines.push(drawing(&one.ladder, is_ascii));
            }
            if !one.is_wal_read && one.kind == BackupKind::Full && one.last_good.is_some() {
                lines.push(
                    "  Holes in its WAL are not known: no wal_file is named, or it could not be read.".to_owned(),
                );
            }
        }
        lines.extend(said.map(|words| format!("  {words}")));
        drawn = Some(one.set.clone());
    }
    lines.join("\n")
}

/// The ladder, a rung a line: a box for each slot that is due, the oldest first, and the names of those that are missing.
fn drawing(ladder: &Ladder, is_ascii: bool) -> String {
    let (full, empty) = if is_ascii { ('#', '.') } else { ('■', '□') };
    let rows: Vec<Vec<String>> = ladder
        .steps()
        .into_iter()
        .map(|(rung, step)| {
            let Step { required, filled, missing, slots } = step;
            let boxes: String = slots.iter().map(|(_, is_filled)| if *is_filled { full } else { empty }).collect();
            let growing = rung.slots() - required;
            let growing = if growing == 0 { String::new() } else { format!("{growing} not yet due") };
            let missing: Vec<String> = missing.iter().map(|slot| slot.name()).collect();
            let missing = if missing.is_empty() { growing } else { format!("missing {}", missing.join(", ")) };
            vec![format!("  {}", rung.word()), boxes, format!("{filled}/{required}"), missing]
        })
        .collect();
    columns(&rows)
}
