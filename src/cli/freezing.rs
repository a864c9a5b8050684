//! `quarterdeck maintenance freeze|thaw|freezes`: when nothing new goes out.

use std::process::ExitCode;

use clap::Args;
use color_eyre::eyre::Result;
use serde::Serialize;

use super::Format;
use super::maintenance::{How, act, heard, read, with};
use super::output::{columns, say, say_json};
use super::session::Session;
use crate::domain::action::Given;
use crate::domain::maintenance::freeze::{Stage, dates};
use crate::domain::store::StoredFreeze;
use crate::domain::time::{self, Instant};

#[derive(Debug, Args)]
pub(super) struct Freeze {
    /// Its name: the release's.
    name: String,
    /// The day of the release it is before, such as 2026-12-22.
    #[arg(long, value_name = "DAY", conflicts_with_all = ["from", "until"], required_unless_present = "until")]
    release: Option<String>,
    /// When it begins; else now.
    #[arg(long, value_name = "TIME", requires = "until")]
    from: Option<String>,
    /// When it ends.
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// On whose clock; else UTC.
    #[arg(long, value_name = "ZONE")]
    zone: Option<String>,
    /// The service it is of; else every one.
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
    #[command(flatten)]
    how: How,
}

/// A freeze as JSON: a contract.
#[derive(Debug, Serialize)]
struct FreezeLine {
    name: String,
    environment: Option<String>,
    service: Option<String>,
    /// The release it is before.
    release: Option<String>,
    /// The four dates before it.
    dates: Vec<DateLine>,
    from: Option<Instant>,
    until: Instant,
    zone: String,
    /// Whether a new version is refused now.
    refuses: bool,
    reason: String,
    by: String,
}

#[derive(Debug, Serialize)]
struct DateLine {
    stage: Stage,
    day: String,
}

impl Freeze {
    pub(super) async fn run(&self, session: &Session) -> Result<ExitCode> {
        let mut given = Given::default();
        for (field, value) in [
            ("release", &self.release),
            ("from", &self.from),
            ("until", &self.until),
            ("zone", &self.zone),
            ("service", &self.service),
        ] {
            given = with(given, field, value.as_ref());
        }
        let acted = act(session, ("freeze", &self.name), given, self.how.reason.as_ref()).await;
        told(session, acted, self.how.output).await
    }
}

/// Says what is frozen once something was changed of it.
pub(super) async fn told(session: &Session, acted: Result<(), ExitCode>, output: Format) -> Result<ExitCode> {
    match acted {
        Ok(()) => list(session, output).await,
        Err(code) => Ok(code),
    }
}

/// The freezes that are not over.
pub(super) async fn list(session: &Session, output: Format) -> Result<ExitCode> {
    let (changes, trouble) = heard(session).await;
    let mut found: Vec<StoredFreeze> = changes.of();
    found.retain(|one| one.withdrawn.is_none() && one.until > changes.now);
    found.sort_by_key(|one| one.until);
    let lines: Vec<FreezeLine> = found.iter().map(|one| line(one, changes.now)).collect();
    match output {
        Format::Json => say_json(&lines)?,
        Format::Table if lines.is_empty() => say("Nothing is frozen.")?,
        Format::Table => {
            let mut rows =
                vec![["FREEZE", "SERVICE", "UNTIL", "NOW", "DATES", "BY", "REASON"].map(str::to_owned).to_vec()];
            rows.extend(lines.iter().map(|line| {
                let dates = line.dates.iter().map(|one| format!("{} {}", one.stage.word(), one.day));
                vec![
                    line.name.clone(),
                    line.service.clone().unwrap_or_else(|| "-".to_owned()),
                    time::written(line.until),
                    if line.refuses { "refuses" } else { "open" }.to_owned(),
                    dates.collect::<Vec<_>>().join(", "),
                    line.by.clone(),
                    line.reason.clone(),
                ]
            }));
            say(&columns(&rows))?;
        }
    }
    Ok(read(trouble.as_ref()))
}

fn line(of: &StoredFreeze, now: Instant) -> FreezeLine {
    let frozen = of.freeze().and_then(|freeze| freeze.at(of.service.as_deref(), now));
    let days = of.release_day.as_ref().and_then(|day| day.parse().ok()).map(dates).unwrap_or_default();
    FreezeLine {
        name: of.name.clone(),
        environment: of.environment.clone(),
        service: of.service.clone(),
        release: of.release_day.clone(),
        dates: days.into_iter().map(|(stage, day)| DateLine { stage, day: day.to_string() }).collect(),
        from: of.from,
        until: of.until,
        zone: of.zone.clone(),
        refuses: frozen.is_some_and(|frozen| frozen.refuses),
        reason: of.reason.clone(),
        by: of.by.clone(),
    }
}
