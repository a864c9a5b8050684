//! Metrics of an exporter that tell of backups: one moment, and perhaps its bytes and whether the last one failed. A metric says what its
//! exporter wrote last: it may be frozen while everything fails.

use super::objects::blank;
use crate::config::Metrics;
use crate::domain::backup::{Backup, BackupKind, Outcome, Reading, State};
use crate::domain::time::{self, Instant};
use crate::sources::metrics::ObserveMetrics;

/// The last second that is taken for a moment: beyond, it is milliseconds, or nonsense.
const LAST: f64 = 32_503_680_000.0;

/// Asks for them.
///
/// # Errors
/// The sentence to show where the moment cannot be known.
pub(super) async fn read(
    metrics: &Metrics,
    prometheus: &dyn ObserveMetrics,
    kind: BackupKind,
    now: Instant,
) -> Result<Reading, String> {
    let one = async |query: &str| value(prometheus, query, now).await;
    let last = one(&metrics.last_good).await?;
    let mut reading = Reading { told_at: Some(now), ..Reading::default() };
    let mut ask = async |query: &Option<String>| match query {
        None => None,
        Some(query) => one(query).await.unwrap_or_else(|why| {
            reading.notes.push(why);
            None
        }),
    };
    let (bytes, failed) = (ask(&metrics.bytes).await, ask(&metrics.failed).await);
    match last {
        None => {
            return Err(format!(
                "{:?} gives nothing: is its exporter scraped, and the metric still of that name?",
                metrics.last_good
            ));
        }
        // Exporters say 0 where there is none.
        Some(seconds) if seconds <= 0.0 => {}
        Some(seconds) if seconds > LAST => {
            return Err(format!(
                "{:?} gives {seconds}, which is no moment in seconds since 1970: divide it by 1000 where it counts milliseconds.",
                metrics.last_good
            ));
        }
        Some(seconds) => {
            let finished = time::from_seconds(whole(seconds));
            let id = format!("of {}", finished.format("%Y-%m-%d %H:%M UTC"));
            reading.backups.push(Backup {
                outcome: Outcome::Good,
                finished: Some(finished),
                bytes: bytes.filter(|bytes| *bytes >= 0.0).map(|bytes| whole(bytes).unsigned_abs()),
                ..blank(id.into(), kind)
            });
        }
    }
    if failed.is_some_and(|failed| failed != 0.0) {
        reading.breaches.push((State::Late, "Its last backup failed, by what its metric says.".to_owned()));
    }
    reading.notes.push(
        "It is known by a metric, which tells the last one alone: earlier slots of the ladder are not known."
            .to_owned(),
    );
    Ok(reading)
}

#[expect(clippy::cast_possible_truncation, reason = "seconds and bytes: a cast from a float saturates")]
fn whole(number: f64) -> i64 {
    number as i64
}

/// The one value of a query; `None` where it gives none.
async fn value(prometheus: &dyn ObserveMetrics, query: &str, now: Instant) -> Result<Option<f64>, String> {
    let answer = prometheus.instant(query, now).await.map_err(|error| error.sentence)?;
    let values: Vec<f64> = answer.series.iter().filter_map(|one| Some(one.samples.last()?.value)).collect();
    match values.as_slice() {
        [one] if one.is_finite() => Ok(Some(*one)),
        [] | [_] => Ok(None),
        several => Err(format!(
            "{query:?} gives {} values, and one is meant: put max() around it, or name more labels.",
            several.len()
        )),
    }
}
