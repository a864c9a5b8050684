//! WHAT TELLS OF BACKUPS: the answers of pgBackRest, Barman and WAL-G, from a file, a command or an address, listings of archived WAL, objects
//! of CloudNativePG, Velero and of jobs with a label, repositories of git, and metrics.
//!
//! One file for each, which knows only its words. What is judged from it is `domain::backup`'s, and not known here.
//! It keeps one invariant: what cannot be read is a sentence, never an empty list of backups.

mod archiver;
mod barman;
mod cnpg;
mod feed;
mod git;
mod in_cluster;
mod labelled;
mod metrics;
mod objects;
mod pgbackrest;
mod segments;
mod velero;
mod walg;

pub use feed::BackupSource;
pub use in_cluster::Clusters;
pub(in crate::sources) use in_cluster::find;

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::path::Path;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use futures_util::future::join_all;
use http::Method;
use tokio::io::AsyncReadExt;

use super::Clock;
use super::command::{self, LONGEST_ANSWER};
use super::http::{Http, Request};
use super::metrics::ObserveMetrics;
use super::prometheus::Prometheus;
use crate::config::{DeclaredBackup, Environment, Place, Teller, Tool, ToolSettings};
use crate::domain::backup::{BackupKind, BackupSnapshot, Reading};
use crate::domain::text;
use crate::domain::time::{self, Instant};

/// The longest listing of WAL that is read, in bytes: a week of a segment a second.
const LONGEST_LISTING: usize = 64 * 1024 * 1024;

/// The Prometheus of each environment that has one.
pub type Prometheuses = BTreeMap<Arc<str>, Arc<dyn ObserveMetrics>>;

/// The Prometheus of each of these environments that has one.
pub fn prometheuses(environments: &[Environment], clock: &Clock) -> Prometheuses {
    let of = |one: &Environment| {
        let prometheus: Arc<dyn ObserveMetrics> = Arc::new(Prometheus::new(one.prometheus.as_ref()?, clock.clone()));
        Some((one.name.clone(), prometheus))
    };
    environments.iter().filter_map(of).collect()
}

/// Asks what tells of every set, side by side, once.
pub async fn read(
    declared: &[DeclaredBackup],
    clusters: &Clusters,
    prometheuses: &Prometheuses,
    clock: &Clock,
) -> BackupSnapshot {
    let mut snapshot = BackupSnapshot::unread(declared.iter().map(DeclaredBackup::told_by));
    let asking = declared.iter().map(|one| async {
        one.teller.as_ref()?;
        Some(ask(one, clusters, prometheuses, clock).await)
    });
    for (one, told) in snapshot.sets.iter_mut().zip(join_all(asking).await) {
        if let Some(told) = told {
            one.take(told);
        }
    }
    snapshot
}

/// Asks what tells of a set, and PostgreSQL of its archiver where that is declared.
async fn ask(
    one: &DeclaredBackup,
    clusters: &Clusters,
    prometheuses: &Prometheuses,
    clock: &Clock,
) -> Result<Reading, String> {
    let Some(teller) = &one.teller else { return Err("Nothing is asked about it.".to_owned()) };
    let mut reading = ask_teller(teller, one.set.kind, clusters, prometheuses, clock).await?;
    if let Some(place) = &one.archiver {
        match document(place, clock).await {
            Ok((document, told_at, _)) => archiver::add(&mut reading, &document, told_at.unwrap_or_else(|| clock())),
            Err(why) => reading.troubles.push(format!("What PostgreSQL says of its archiver is not known: {why}")),
        }
    }
    Ok(reading)
}

async fn ask_teller(
    teller: &Teller,
    kind: BackupKind,
    clusters: &Clusters,
    prometheuses: &Prometheuses,
    clock: &Clock,
) -> Result<Reading, String> {
    let told = match teller {
        Teller::Tool(tool) => return ask_tool(tool, clock).await,
        Teller::InCluster(place) => {
            let cluster = find(clusters, place.environment.as_ref())?;
            in_cluster::read(place, &*cluster, kind).await
        }
        Teller::Git(git) => git::read(git, kind).await,
        Teller::Metrics(one) => {
            let found = match &one.environment {
                Some(name) => prometheuses.get(name),
                None => prometheuses.values().next().filter(|_| prometheuses.len() == 1),
            };
            let none = || "Its environment has no Prometheus: say prometheus in [environment.NAME].".to_owned();
            metrics::read(one, &**found.ok_or_else(none)?, kind, clock()).await
        }
    };
    told.map(|reading| Reading { told_at: reading.told_at.or_else(|| Some(clock())), ..reading })
}

async fn ask_tool(tool: &ToolSettings, clock: &Clock) -> Result<Reading, String> {
    let (document, told_at, from) = document(&tool.place, clock).await?;
    let from = text::clean(&from).into_owned();
    let part = tool.part.as_deref();
    let reading = match tool.tool {
        Tool::PgBackRest => pgbackrest::read(&document, part),
        Tool::Barman => barman::read(&document, part),
        Tool::WalG => walg::read(&document),
    };
    let mut reading = reading.map_err(|why| format!("{from}: {why}"))?;
    reading.told_at = told_at;
    if let Some(file) = &tool.wal_file {
        with_wal(&mut reading, file).await;
    }
    Ok(reading)
}

/// What is at a place, since when it is known, and what it is called.
async fn document(place: &Place, clock: &Clock) -> Result<(Vec<u8>, Option<Instant>, String), String> {
    Ok(match place {
        Place::File(file) => {
            let (document, written_at) = read_file(file, LONGEST_ANSWER).await?;
            (document, written_at, file.display().to_string())
        }
        Place::Command(words, within) => {
            let document = command::read(words, *within).await?;
            (document, Some(clock()), words.first().cloned().unwrap_or_default())
        }
        Place::Url(server) => {
            let http = Http::new((**server).clone(), "a list of backups", clock.clone());
            let request = Request {
                method: Method::GET,
                path: "",
                accept: "application/json",
                body: None,
                longest: LONGEST_ANSWER,
            };
            let answer = http.ask(request).await.map_err(|error| error.sentence)?;
            let answer = answer.good(&server.name).map_err(|error| error.sentence)?;
            (answer.body.to_vec(), Some(clock()), server.url.clone())
        }
    })
}

/// Adds what a listing of WAL tells; one that cannot be read leaves the holes unknown, and nothing green.
async fn with_wal(reading: &mut Reading, file: &Path) {
    let listing = match read_file(file, LONGEST_LISTING).await {
        Ok((listing, written_at)) => segments::read(&listing).map(|listing| (listing, written_at)),
        Err(why) => return reading.troubles.push(why),
    };
    match listing {
        Ok((listing, written_at)) => {
            reading.troubles.extend(listing.troubles);
            reading.archived = Some(listing.spans);
            reading.listed_at = written_at;
        }
        Err(why) => reading.troubles.push(format!("{}: {why}", text::clean(&file.display().to_string()))),
    }
}

/// A file, whole, and when it was written.
async fn read_file(file: &Path, longest: usize) -> Result<(Vec<u8>, Option<Instant>), String> {
    let name = text::clean(&file.display().to_string()).into_owned();
    let unreadable =
        |error: std::io::Error| format!("{name} cannot be read: {error}. Check the path, and that you may read it.");
    let about = tokio::fs::metadata(file).await.map_err(unreadable)?;
    if !about.is_file() {
        return Err(format!("{name} is no file."));
    }
    let opened = tokio::fs::File::open(file).await.map_err(unreadable)?;
    let mut read = Vec::new();
    let limit = u64::try_from(longest).unwrap_or(u64::MAX) + 1;
    opened.take(limit).read_to_end(&mut read).await.map_err(unreadable)?;
    if read.len() > longest {
        return Err(format!("{name} is larger than {} MB. Is it the right file?", longest >> 20));
    }
    Ok((read, written_at(&about)))
}

/// When a file was written.
fn written_at(about: &Metadata) -> Option<Instant> {
    let since = about.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(time::from_seconds(i64::try_from(since.as_secs()).unwrap_or(i64::MAX)))
}
