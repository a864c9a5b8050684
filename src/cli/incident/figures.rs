//! `quarterdeck incident figures`: how long incidents took.

use std::collections::BTreeMap;
use std::process::ExitCode;

use color_eyre::eyre::Result;
use serde::Serialize;

use crate::cli::Format;
use crate::cli::output::{columns, say, say_json};
use crate::cli::session::Session;
use crate::domain::incident::{Figures, Incident, Measured, between_failures};
use crate::domain::store::{INCIDENTS_BELOW, INCIDENTS_ENDED, standing};
use crate::domain::time::{self, Instant};
use crate::sources::store::port::ReadStore;

/// The document: a contract.
#[derive(Debug, Serialize)]
struct Document {
    from: Instant,
    until: Instant,
    #[serde(flatten)]
    figures: Figures,
    /// The mean time between failures of each service with a SEV1 or SEV2, in seconds; null: fewer than two.
    mtbf_seconds: BTreeMap<String, Option<i64>>,
}

pub(super) async fn run(session: &Session, days: u16, output: Format) -> Result<ExitCode> {
    let read = async {
        let now = session.store.standing().await?.now;
        let from = now - time::days(i64::from(days));
        let ended = vec![standing(false).into(), from.into()];
        let resolved: Vec<Incident> = session.store.list(INCIDENTS_ENDED, ended, super::MOST).await?;
        // A failure counts when it began, whether it is over or not.
        let all: Vec<Incident> = session.store.list(INCIDENTS_BELOW, vec![u64::MAX.into()], super::MOST).await?;
        Ok((from, now, resolved, all))
    };
    let (from, now, resolved, all) = match read.await {
        Ok(read) => read,
        Err(error) => return Ok(super::unanswered(&error)),
    };
    let grave = all.iter().filter(|one| one.severity.is_grave() && one.created_at >= from);
    let services = grave.flat_map(Incident::services).map(str::to_owned);
    let between = |service: String| {
        let between = between_failures(all.iter(), &service, from, now).map(|between| between.num_seconds());
        (service, between)
    };
    let figures = Figures::of(resolved.iter());
    let document = Document { from, until: now, figures, mtbf_seconds: services.map(between).collect() };
    match output {
        Format::Json => say_json(&document)?,
        Format::Table => say(&in_words(&document, days))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn in_words(document: &Document, days: u16) -> String {
    let length =
        |seconds: Option<i64>| seconds.map_or("n/a".to_owned(), |seconds| time::length(time::seconds(seconds)));
    let row = |name: &str, measured: &Measured| {
        let Measured { count, mean_seconds, median_seconds, p90_seconds } = *measured;
        vec![name.to_owned(), count.to_string(), length(median_seconds), length(p90_seconds), length(mean_seconds)]
    };
    let figures = &document.figures;
    let heads = [&format!("LAST {days} DAYS"), "COUNT", "MEDIAN", "P90", "MEAN"].map(ToString::to_string).to_vec();
    let rows = [
        heads,
        row("MTTD time to detect", &figures.mttd),
        row("MTTA time to acknowledge", &figures.mtta),
        row("MTTR time to resolve", &figures.mttr),
    ];
    let mut lines = vec![columns(&rows)];
    lines.push(format!("Resolved without an acknowledgement: {}", figures.resolved_unacknowledged));
    for (service, between) in &document.mtbf_seconds {
        lines.push(format!("MTBF {service}: {}", length(*between)));
    }
    lines.join("\n")
}
