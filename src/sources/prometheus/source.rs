//! The named queries of an environment, asked for all services at once: one request a query, never two at a time. Without a Prometheus,
//! and while it is away, what they ask is worked out from pages of metrics, where such are configured.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::TimeDelta;
use tokio::sync::{Notify, watch};

use super::client::{Prometheus, apart};
use super::held::Held;
use super::history::History;
use crate::config::{Environment, Scrape};
use crate::domain::service::Services;
use crate::domain::signal::query::{ERRORS, RANGE, REQUESTS};
use crate::domain::signal::{CodeLabels, Labels, Origin, Query, Reading, SignalSnapshot};
use crate::domain::time::Instant;
use crate::sources::Clock;
use crate::sources::error::{SourceError, Trouble};
use crate::sources::exposition::Scraper;
use crate::sources::feed::Feed;
use crate::sources::metrics::{Metrics, ObserveMetrics};
use crate::sources::poll::{EVERY, jittered, pause, rest};

/// How soon the first scrapes follow each other.
const SECOND_AFTER: Duration = Duration::from_secs(3);
/// The longest wait after a failure.
const CAP: Duration = Duration::from_secs(60);
/// How long a service whose series are gone is still said to be without them.
const MISSED_FOR: TimeDelta = TimeDelta::hours(1);
/// The most services that are read.
const SERVICES_AT_MOST: usize = 2_000;

/// Where the signals of an environment come from.
#[derive(Debug, Clone)]
pub struct SignalFeed {
    /// The environment.
    pub environment: Arc<str>,
    /// Its Prometheus.
    pub prometheus: Option<Prometheus>,
    /// Pages of metrics that are read without one, or while it is away.
    pub scrapes: Arc<[Scrape]>,
    /// What is asked.
    pub queries: Arc<[Query]>,
    /// Which labels carry the status code.
    pub codes: CodeLabels,
    /// The services that are declared there: one of which nothing is read is told of all the same.
    pub declared: Arc<[Arc<str>]>,
}

impl Feed for SignalFeed {
    type Snapshot = SignalSnapshot;
    const NAME: &'static str = "signals";

    /// `None` when there is neither a Prometheus nor a page of metrics.
    fn of(environment: &Environment, services: &Arc<Services>, clock: &Clock) -> Option<Self> {
        let settings = environment.prometheus.as_ref();
        let everywhere = settings.and_then(|settings| settings.code_label.clone());
        let codes = services.code_labels(&environment.name, everywhere);
        let way = |settings| Prometheus::new(settings, clock.clone()).with_codes(codes.clone());
        (settings.is_some() || !environment.scrapes.is_empty()).then(|| Self {
            environment: environment.name.clone(),
            prometheus: settings.map(way),
            scrapes: environment.scrapes.clone().into(),
            queries: settings.map_or_else(Query::shipped, |settings| settings.queries.clone()).into(),
            declared: Self::declared(environment, services).into_iter().collect(),
            codes: codes.clone(),
        })
    }

    async fn run(self, clock: Clock, retry: Arc<Notify>, snapshots: watch::Sender<SignalSnapshot>) {
        SignalSource { feed: self, clock, retry, snapshots }.run().await;
    }

    fn is_settled(snapshot: &SignalSnapshot) -> bool {
        !snapshot.health.is_empty() && snapshot.is_settled()
    }
}

impl SignalFeed {
    /// The services whose signals are missed where there are none: those that are declared, and those a page of metrics is named for.
    pub fn declared(environment: &Environment, services: &Services) -> BTreeSet<Arc<str>> {
        let mut declared = services.measured_in(&environment.name);
        declared.extend(environment.scrapes.iter().filter_map(|scrape| scrape.service.clone()));
        declared
    }
}

/// The poller of a feed.
pub struct SignalSource {
    /// What it polls.
    pub feed: SignalFeed,
    /// The clock.
    pub clock: Clock,
    /// Rings when a broken one is to be tried at once.
    pub retry: Arc<Notify>,
    /// Where snapshots go.
    pub snapshots: watch::Sender<SignalSnapshot>,
}

/// What one round found.
pub(super) struct Round {
    /// When it began, by our clock: the time the values are of.
    pub(super) at: Instant,
    pub(super) labels: Option<Labels>,
    /// The answer to each query, in their order; a refused one is its sentence.
    answers: Vec<Result<Metrics, String>>,
    pub(super) notes: Vec<String>,
}

impl SignalSource {
    /// Polls for ever: the Prometheus, and the pages of metrics without one or while it is away.
    pub async fn run(self) {
        let scraper = Scraper::new(&self.feed.scrapes, self.feed.codes.clone(), &self.clock);
        let held = Mutex::new(Held::nothing(&self.feed, &scraper));
        self.tell(&held, |_, _| ());
        let away = Notify::new();
        tokio::join!(self.ask_for_ever(&held, &away), self.scrape_for_ever(&held, &away, scraper));
    }

    fn tell(&self, held: &Mutex<Held>, change: impl FnOnce(&mut Held, Instant)) {
        let mut held = held.lock().unwrap_or_else(PoisonError::into_inner);
        let now = (self.clock)();
        change(&mut held, now);
        let snapshot = held.snapshot(now);
        drop(held);
        self.snapshots.send_replace(snapshot);
    }

    async fn ask_for_ever(&self, held: &Mutex<Held>, away: &Notify) {
        let Some(prometheus) = &self.feed.prometheus else { return };
        let mut seen: BTreeMap<Arc<str>, Instant> = BTreeMap::new();
        let mut history = History::default();
        let mut failures = 0_u32;
        loop {
            let began = tokio::time::Instant::now();
            let outcome = self.ask(prometheus, &mut history).await;
            let wait = jittered(pause(outcome.as_ref().err(), &mut failures, began.elapsed(), EVERY, CAP));
            let is_away = outcome.is_err();
            self.tell(held, |held, now| match outcome {
                Ok(round) => {
                    let found = readings(&self.feed.queries, &round, &mut seen);
                    history.append(&self.feed.queries, &found, round.at);
                    held.answered(found, history.traces(), round);
                }
                Err(error) => {
                    let next_try = now + TimeDelta::from_std(wait).unwrap_or_default();
                    held.failed(error.sentence, next_try, now);
                }
            });
            if is_away {
                away.notify_one();
            }
            rest(wait, &self.retry).await;
        }
    }

    async fn scrape_for_ever(&self, held: &Mutex<Held>, away: &Notify, mut scraper: Scraper) {
        if self.feed.scrapes.is_empty() {
            return;
        }
        loop {
            if !held.lock().unwrap_or_else(PoisonError::into_inner).is_scraping() {
                away.notified().await;
                continue;
            }
            let began = tokio::time::Instant::now();
            let told = scraper.round().await;
            self.tell(held, |held, now| held.scraped(&self.feed, &scraper, told, now));
            // Two scrapes make a rate, and some pages need one more: they come soon.
            let wait = if scraper.is_settling() {
                SECOND_AFTER
            } else {
                jittered(pause(None, &mut 0, began.elapsed(), EVERY, CAP))
            };
            if rest(wait, &self.retry).await {
                scraper.forgive();
            }
        }
    }

    /// One round. A query the server refuses costs itself alone; a server that fails costs the round.
    async fn ask(&self, prometheus: &Prometheus, history: &mut History) -> Result<Round, SourceError> {
        let name = prometheus.name();
        let labels = prometheus.labels().await?;
        let asked = labels.clone().unwrap_or_default();
        let at = (self.clock)();
        let mut notes = Vec::new();
        if labels.is_none() {
            notes.push(format!(
                "{name} has no http_requests_total or http_request_duration_seconds of the last hour with a label service, app or job. \
                 Set service_label, or queries of your own, in prometheus of {}.",
                self.feed.environment
            ));
        }
        let mut answers = Vec::with_capacity(self.feed.queries.len());
        for query in &*self.feed.queries {
            match prometheus.instant(&query.for_all(&asked, RANGE), at).await {
                Ok(metrics) => {
                    notes.extend(metrics.notes.iter().map(|note| format!("{name} says of {}: {note}", query.name)));
                    notes.extend(apart(name, metrics.ahead));
                    answers.push(Ok(metrics));
                }
                Err(error) if error.trouble == Trouble::Rejected => {
                    notes.push(format!("{} is not known: {}", query.name, error.sentence));
                    answers.push(Err(error.sentence));
                }
                Err(error) => return Err(error),
            }
        }
        history.fill(prometheus, &self.feed.queries, &asked, at).await?;
        notes.sort();
        notes.dedup();
        Ok(Round { at, labels, answers, notes })
    }
}

/// What the answers make of every service: a value, or why there is none.
fn readings(queries: &[Query], round: &Round, seen: &mut BTreeMap<Arc<str>, Instant>) -> Vec<Reading> {
    let Labels { service: label, codes, .. } = round.labels.clone().unwrap_or_default();
    let mut by_query: Vec<BTreeMap<&Arc<str>, Vec<f64>>> = Vec::with_capacity(queries.len());
    let mut services: BTreeSet<Arc<str>> = BTreeSet::new();
    for answer in &round.answers {
        let values = answer.as_ref().map(|metrics| metrics.by(&label)).unwrap_or_default();
        services.extend(values.keys().map(|service| (*service).clone()));
        by_query.push(values);
    }
    for service in services.into_iter().take(SERVICES_AT_MOST) {
        seen.insert(service, round.at);
    }
    seen.retain(|_, at| round.at - *at < MISSED_FOR);
    let shipped = Query::shipped();
    let is_shipped = |query: &Query, name: &str| *query.name == *name && shipped.contains(query);
    let requests = queries.iter().zip(&by_query).find(|(query, _)| is_shipped(query, REQUESTS)).map(|(_, by)| by);
    let mut readings = Vec::with_capacity(seen.len() * queries.len());
    for service in seen.keys() {
        let traffic = requests.and_then(|values| values.get(service)).and_then(|values| values.first().copied());
        for ((query, answer), values) in queries.iter().zip(&round.answers).zip(&by_query) {
            let values = values.get(service).map_or(&[] as &[f64], Vec::as_slice);
            let found = match answer {
                // Requests were answered, and there is no share of them that failed: some of them do not say how they ended.
                Ok(_) if values.is_empty() && is_shipped(query, ERRORS) && traffic.is_some_and(|pace| pace > 0.0) => {
                    Err(codes.unsaid(service))
                }
                Ok(_) if values.is_empty() && is_shipped(query, ERRORS) && traffic.is_some_and(f64::is_nan) => {
                    Err(no_number())
                }
                Ok(metrics) => value(values, traffic, metrics),
                Err(sentence) => Err(sentence.clone()),
            };
            let unread = query.unread(service, Origin::Prometheus, round.at);
            readings.push(Reading { value: found.as_ref().ok().copied(), why_absent: found.err(), ..unread });
        }
    }
    readings
}

/// The value of one service, which has so many requests per second, or why there is none.
fn value(values: &[f64], traffic: Option<f64>, metrics: &Metrics) -> Result<f64, String> {
    let is_idle = traffic.is_some_and(|pace| pace == 0.0);
    match values {
        [value] if value.is_finite() => Ok(*value),
        [] | [_] if is_idle => Err(format!("Nothing was counted in the last {RANGE}.")),
        [value] if value.is_nan() => Err(no_number()),
        [_] => Err("The value is beyond what the metric can tell.".to_owned()),
        [] if metrics.histograms > 0 => {
            Err("The answer is a native histogram; the query has to make a number of it.".to_owned())
        }
        [] => Err(format!("There is no series of it in the last {RANGE}.")),
        [_, _, ..] => {
            Err("The query gives several series for one service; it has to group by {service_label} alone.".to_owned())
        }
    }
}

/// Why an answer that is NaN is no value.
fn no_number() -> String {
    format!(
        "The answer is no number: nothing was counted in the last {RANGE}, or a counter or bucket it is made of is none."
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::signal::{Sample, Series};

    fn at(seconds: i64) -> Instant {
        chrono::DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap_or_default()
    }

    fn answer(values: &[(&str, f64)]) -> Metrics {
        let series = |(service, value): &(&str, f64)| Series {
            labels: [("service".into(), (*service).into())].into(),
            samples: vec![Sample { at: at(0), value: *value }],
        };
        Metrics { series: values.iter().map(series).collect(), ..Metrics::default() }
    }

    fn read(
        seconds: i64,
        answers: Vec<Result<Metrics, String>>,
        seen: &mut BTreeMap<Arc<str>, Instant>,
    ) -> Vec<String> {
        let queries = Query::shipped();
        let round = Round { at: at(seconds), labels: Some(Labels::default()), answers, notes: Vec::new() };
        let found = readings(&queries, &round, seen);
        let line = |one: &Reading| match (one.value, &one.why_absent) {
            (Some(value), None) => format!("{} {} {value}", one.service, one.name),
            (None, Some(why)) => format!("{} {}: {why}", one.service, one.name),
            other => format!("{other:?}"),
        };
        found.iter().map(line).collect()
    }

    #[test]
    fn what_is_not_known_says_why_and_is_no_number() {
        let answers = vec![
            Ok(answer(&[("a", 2.0), ("b", 0.0), ("c", 1.0), ("c", 2.0), ("d", f64::NAN)])),
            Ok(answer(&[("a", f64::NAN)])),
            Ok(answer(&[("a", f64::INFINITY)])),
            Err("p refused it (execution: too many samples).".to_owned()),
        ];
        let lines = read(0, answers, &mut BTreeMap::new());
        assert_eq!(
            lines,
            [
                "a requests_per_second 2",
                "a error_ratio: The answer is no number: nothing was counted in the last 5m, or a counter or bucket it is made of is none.",
                "a latency_p50_seconds: The value is beyond what the metric can tell.",
                "a latency_p90_seconds: p refused it (execution: too many samples).",
                "b requests_per_second 0",
                "b error_ratio: Nothing was counted in the last 5m.",
                "b latency_p50_seconds: Nothing was counted in the last 5m.",
                "b latency_p90_seconds: p refused it (execution: too many samples).",
                "c requests_per_second: The query gives several series for one service; it has to group by {service_label} alone.",
                &*format!("c error_ratio: {}", CodeLabels::default().unsaid("c")),
                "c latency_p50_seconds: There is no series of it in the last 5m.",
                "c latency_p90_seconds: p refused it (execution: too many samples).",
                "d requests_per_second: The answer is no number: nothing was counted in the last 5m, or a counter or bucket it is made of is none.",
                "d error_ratio: The answer is no number: nothing was counted in the last 5m, or a counter or bucket it is made of is none.",
                "d latency_p50_seconds: There is no series of it in the last 5m.",
                "d latency_p90_seconds: p refused it (execution: too many samples).",
            ]
        );
    }

    #[test]
    fn a_service_whose_series_vanish_stays_for_an_hour_without_a_value() {
        let mut seen = BTreeMap::new();
        assert_eq!(read(0, vec![Ok(answer(&[("a", 2.0)]))], &mut seen), ["a requests_per_second 2"]);
        let gone = ["a requests_per_second: There is no series of it in the last 5m."];
        assert_eq!(read(600, vec![Ok(answer(&[]))], &mut seen), gone);
        assert_eq!(read(3_600, vec![Ok(answer(&[]))], &mut seen), Vec::<String>::new());
    }
}
