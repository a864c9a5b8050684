//! Polling one Alertmanager: one request at a time, never more often than it can bear, and less often while it fails.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::sync::Notify;

use super::client::{Answered, Client};
use super::trouble;
use super::wire::{self, Before, Reading, Standing};
use crate::domain::alert::{Alert, Silence, SilenceState};
use crate::domain::service::Services;
use crate::domain::time::{self, Instant};
use crate::sources::Clock;
use crate::sources::error::SourceError;
use crate::sources::poll::{EVERY, jittered, pause, rest};

/// The longest wait after a failure.
const CAP: Duration = Duration::from_secs(30);
/// Every how many polls it is asked how it stands.
const STANDING_EVERY: u32 = 4;
/// How long a silence that is over is kept.
const RECENT: TimeDelta = TimeDelta::hours(12);
/// How long after its start its list may be incomplete: alerts are in its memory only, and Prometheus sends them again within minutes.
const YOUNG: TimeDelta = TimeDelta::minutes(5);
/// All of them, in words that no version misunderstands.
pub(super) const ALERTS: &str = "/alerts?active=true&silenced=true&inhibited=true&unprocessed=true";

/// What one poll found.
#[derive(Debug)]
pub(super) struct Seen {
    /// When it was complete.
    pub(super) at: Instant,
    /// Every alert.
    pub(super) alerts: Vec<Arc<Alert>>,
    /// Every silence that is not over; `None` when they could not be read.
    pub(super) silences: Option<Vec<Silence>>,
    /// What an operator should know of it, as sentences.
    pub(super) notes: Vec<String>,
}

/// The poller of one Alertmanager.
pub(super) struct Replica {
    pub(super) client: Client,
    pub(super) environment: Arc<str>,
    pub(super) services: Arc<Services>,
    pub(super) clock: Clock,
    pub(super) retry: Arc<Notify>,
}

impl Replica {
    /// Polls for ever and tells every outcome, with the time of the next try.
    pub(super) async fn run(&self, mut tell: impl FnMut(Result<Seen, SourceError>, Instant)) {
        let mut failures = 0_u32;
        let mut standing: Option<Standing> = None;
        let mut before = Before::default();
        for round in 0_u32.. {
            let began = tokio::time::Instant::now();
            let is_time = round % STANDING_EVERY == 0 || failures > 0;
            let outcome = self.look(is_time, &mut standing, &mut before).await;
            let wait = jittered(pause(outcome.as_ref().err(), &mut failures, began.elapsed(), EVERY, CAP));
            tell(outcome, (self.clock)() + TimeDelta::from_std(wait).unwrap_or_default());
            rest(wait, &self.retry).await;
        }
    }

    async fn look(
        &self,
        asks_standing: bool,
        standing: &mut Option<Standing>,
        before: &mut Before,
    ) -> Result<Seen, SourceError> {
        let Answered { body, ahead: seconds } = self.client.get(ALERTS).await?;
        let ahead = time::seconds(seconds);
        let reading = Reading { environment: &self.environment, services: &self.services, ahead };
        let name = self.client.name();
        let alerts = wire::alerts(&body, &reading, before).map_err(|what| trouble::malformed(&what, name))?;
        drop(body);
        let mut notes = Vec::new();
        if alerts.unreadable > 0 {
            let why = alerts.reason.as_deref().unwrap_or_default();
            let all = alerts.unreadable + alerts.items.len();
            notes.push(format!(
                "{} of {all} alerts of {name} cannot be read and are not shown: {why}.",
                alerts.unreadable
            ));
        }
        if seconds != 0 {
            let (apart, way) = (time::coarse(ahead.abs()), if seconds > 0 { "ahead of" } else { "behind" });
            notes.push(format!("The clock of {name} is {apart} {way} ours; its times are shown by ours."));
        }
        let silences = match self.silences(ahead, (self.clock)()).await {
            Ok(silences) => Some(silences),
            Err(error) => {
                notes.push(format!("Silences of {name} are not known: {}", error.sentence));
                None
            }
        };
        if asks_standing {
            // Nothing depends on it but a note.
            *standing = match self.client.get("/status").await {
                Ok(answer) => wire::standing(&answer.body, time::seconds(answer.ahead)).ok(),
                Err(_) => None,
            };
        }
        let at = (self.clock)();
        notes.extend(standing.as_ref().and_then(|standing| young(standing, name, at)));
        Ok(Seen { at, alerts: alerts.items, silences, notes })
    }

    async fn silences(&self, ahead: TimeDelta, now: Instant) -> Result<Vec<Silence>, SourceError> {
        let answer = self.client.get("/silences").await?;
        let decoded =
            wire::silences(&answer.body, ahead).map_err(|what| trouble::malformed(&what, self.client.name()))?;
        // Those that are over stay listed for days.
        let is_kept = |silence: &Silence| silence.state != SilenceState::Expired || now - silence.ends_at < RECENT;
        Ok(decoded.items.into_iter().filter(is_kept).collect())
    }
}

/// That its list may be incomplete, because it has just started.
fn young(standing: &Standing, name: &str, now: Instant) -> Option<String> {
    let started = standing.started_at.filter(|at| now - *at < YOUNG)?;
    Some(format!(
        "{name} (Alertmanager {}) started at {} UTC: it knows only what it was sent since then, and the list may be incomplete.",
        standing.version,
        started.format("%H:%M:%S")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_has_just_started_is_not_believed_whole() {
        let now = chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap_or_default();
        let standing = |seconds| Standing {
            started_at: Some(now - TimeDelta::seconds(seconds)),
            cluster: "ready".into(),
            peers: 1,
            version: "0.25.0".into(),
        };
        assert!(young(&standing(40), "am", now).is_some_and(|words| words.contains("may be incomplete")));
        assert_eq!(young(&standing(3_600), "am", now), None);
    }
}
