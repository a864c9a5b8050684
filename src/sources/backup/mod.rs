//! WHAT TELLS OF BACKUPS: the answers of pgBackRest, Barman and WAL-G, from a file, a command or an address, and listings of archived WAL.
//!
//! One file a tool, which knows only that tool's words. What is judged from it is `domain::backup`'s, and not known here.
//! It keeps one invariant: what cannot be read is a sentence, never an empty list of backups.

mod barman;
mod feed;
mod pgbackrest;
mod segments;
mod walg;

pub use feed::BackupSource;

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
use crate::config::{DeclaredBackup, Place, Tool, ToolSettings};
use crate::domain::backup::{BackupSnapshot, Reading, SetReading};
use crate::domain::text;
use crate::domain::time::{self, Instant};

/// The longest listing of WAL that is read, in bytes: a week of a segment a second.
const LONGEST_LISTING: usize = 64 * 1024 * 1024;

/// Asks what tells of every set, side by side, once.
pub async fn read(declared: &[DeclaredBackup], clock: &Clock) -> BackupSnapshot {
    let sets = declared.iter().map(|one| async {
        let (set, by) = one.told_by();
        let told = match &one.tool {
            Some(tool) => Some(ask(tool, clock).await.map(Arc::new)),
            None => None,
        };
        SetReading { set, by, told }
    });
    BackupSnapshot { sets: join_all(sets).await }
}

async fn ask(tool: &ToolSettings, clock: &Clock) -> Result<Reading, String> {
    let (document, told_at, from) = match &tool.place {
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
    };
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
