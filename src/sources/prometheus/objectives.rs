//! What was promised, counted: short windows often, long ones seldom, never two questions at a time.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::sync::{Notify, watch};

use super::recorders::{self, Recorded};
use super::slo_feed::SloFeed;
use crate::domain::signal::Labels;
use crate::domain::signal::query::{self, for_some};
use crate::domain::slo::exclusion::excluded;
use crate::domain::slo::{
    Events, Excluded, Indicator, Measured, Part, Promise, Recorder, SPANS, SloSnapshot, Span, Window,
};
use crate::domain::source::{DOWN_AFTER, SourceHealth, SourceId, SourceKind};
use crate::domain::time::{self, Instant};
use crate::sources::Clock;
use crate::sources::error::{SourceError, Trouble};
use crate::sources::metrics::{Metrics, ObserveMetrics, only};
use crate::sources::poll::{jittered, pause, rest};

/// How often the windows up to six hours are counted.
const EVERY: Duration = Duration::from_secs(30);
/// How often those of days are.
const DAYS_EVERY: TimeDelta = TimeDelta::minutes(2);
/// How often the whole window is, and recorders are looked for.
const WHOLE_EVERY: TimeDelta = TimeDelta::minutes(5);
/// How often the days of the window are looked at.
const COVERAGE_EVERY: TimeDelta = TimeDelta::hours(1);
/// What takes long is asked again after so many times as long.
const BREATHING: i32 = 20;
/// The longest wait after a failure.
const CAP: Duration = Duration::from_secs(60);
/// The shortest window that is asked: the first minutes of a month.
const SHORTEST: TimeDelta = TimeDelta::minutes(5);
/// How long after its end a span of time is still counted anew: scrapes come late.
const SETTLED_AFTER: TimeDelta = TimeDelta::minutes(5);
/// The most spans of excluded time that are counted for an objective.
const SPANS_AT_MOST: usize = 50;

/// The poller of a feed.
pub struct SloSource {
    /// What it polls.
    pub feed: SloFeed,
    /// The clock.
    pub clock: Clock,
    /// Rings when a broken one is to be tried at once.
    pub retry: Arc<Notify>,
    /// Where snapshots go.
    pub snapshots: watch::Sender<SloSnapshot>,
}

/// How many were bad, and how many there were; or why that is not known.
type Counted = Result<(f64, f64), Uncounted>;

/// Why something is not known.
#[derive(Debug, Clone, PartialEq)]
enum Uncounted {
    /// In so long a time there is no series of it: nothing was asked.
    NoSeries(TimeDelta),
    /// Anything else, as a sentence.
    Said(String),
}

impl std::fmt::Display for Uncounted {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoSeries(length) => {
                write!(to, "There is no series of it in the last {}.", time::coarse(*length))
            }
            Self::Said(sentence) => to.write_str(sentence),
        }
    }
}

impl From<SourceError> for Uncounted {
    fn from(error: SourceError) -> Self {
        Self::Said(error.sentence)
    }
}

/// What is known of one promise.
struct Kept {
    spans: [Part; 7],
    whole: Part,
    whole_at: Option<Instant>,
    known_days: Option<(u32, u32)>,
    excluded: Vec<Excluded>,
    /// What was counted in spans of excluded time that are over.
    over: BTreeMap<(Instant, Instant), (f64, f64)>,
}

impl Default for Kept {
    fn default() -> Self {
        let unasked = || Err("It was not counted yet.".to_owned());
        Self {
            spans: std::array::from_fn(|_| unasked()),
            whole: unasked(),
            whole_at: None,
            known_days: None,
            excluded: Vec::new(),
            over: BTreeMap::new(),
        }
    }
}

/// When each of the slower things is due.
#[derive(Default)]
struct Due {
    days: Option<Instant>,
    whole: Option<Instant>,
    coverage: Option<Instant>,
    recorders: Option<Instant>,
}

fn is_due(due: Option<Instant>, now: Instant) -> bool {
    due.is_none_or(|due| now >= due)
}

/// When to ask again what began then and took so long.
fn again(began: Instant, took: Duration, every: TimeDelta) -> Instant {
    began + every.max(TimeDelta::from_std(took).unwrap_or_default() * BREATHING)
}

impl SloSource {
    /// Polls for ever; without a Prometheus says so once.
    pub async fn run(self) {
        if self.feed.prometheus.is_none() {
            self.snapshots.send_replace(self.feed.uncounted(&self.feed.without(), (self.clock)()));
            return std::future::pending().await;
        }
        let mut snapshot = SloSnapshot { environment: self.feed.environment.clone(), ..SloSnapshot::default() };
        let mut health = SourceHealth::loading(SourceId::of(&self.feed.environment, SourceKind::Objectives));
        snapshot.health = vec![health.clone()];
        self.snapshots.send_replace(snapshot.clone());
        let mut kept: Vec<Kept> = self.feed.promises.iter().map(|_| Kept::default()).collect();
        let (mut recorded, mut due) = (Recorded::default(), Due::default());
        let mut failures = 0_u32;
        loop {
            let at = (self.clock)();
            let outcome = self.round(at, &mut kept, &mut recorded, &mut due).await;
            let now = (self.clock)();
            // What takes long has a pace of its own.
            let wait = jittered(pause(outcome.as_ref().err(), &mut failures, Duration::ZERO, EVERY, CAP));
            match outcome {
                Ok(()) => {
                    let (measured, notes) = self.measured(&kept, &recorded, at);
                    snapshot.measured = measured.into();
                    snapshot.notes = notes;
                    health.heard(at);
                }
                Err(error) => {
                    let next_try = now + TimeDelta::from_std(wait).unwrap_or_default();
                    if health.last_good.is_none() {
                        snapshot.measured = self.feed.uncounted(&error.sentence, now).measured;
                    }
                    health.failed(error.sentence, Some(next_try), DOWN_AFTER, now);
                }
            }
            snapshot.health = vec![health.clone()];
            self.snapshots.send_replace(snapshot.clone());
            rest(wait, &self.retry).await;
        }
    }

    /// One round. What the server refuses costs itself alone, and so does a long window that takes too long; a server that fails costs
    /// the round.
    async fn round(
        &self,
        at: Instant,
        kept: &mut [Kept],
        recorded: &mut Recorded,
        due: &mut Due,
    ) -> Result<(), SourceError> {
        let prometheus = self.feed.way()?;
        let labels = prometheus.labels().await?.unwrap_or_default();
        if is_due(due.recorders, at) {
            let began = tokio::time::Instant::now();
            *recorded = recorders::look(prometheus, &labels.service, at).await?;
            due.recorders = Some(again(at, began.elapsed(), WHOLE_EVERY));
        } else {
            recorded.renew(prometheus, &labels.service, at).await?;
        }
        let promises = &self.feed.promises;
        let asked: Vec<usize> = (0..promises.len())
            .filter(|place| promises.get(*place).is_some_and(|one| !recorded.stands_for(one)))
            .collect();
        let groups = grouped(promises, &asked, |promise| promise.goal.indicator.clone());
        for (indicator, places) in &groups {
            for span in SPANS.iter().filter(|span| span.length() < TimeDelta::days(1)) {
                let found = self.count(&labels, indicator, places, span.length(), at).await?;
                put(kept, places, *span, &found);
            }
        }
        if is_due(due.days, at) {
            let began = tokio::time::Instant::now();
            for (indicator, places) in &groups {
                for span in SPANS.iter().filter(|span| span.length() >= TimeDelta::days(1)) {
                    let found = self.count(&labels, indicator, places, span.length(), at).await;
                    put(kept, places, *span, &found.unwrap_or_else(|error| failed(places, &error)));
                }
            }
            due.days = Some(again(at, began.elapsed(), DAYS_EVERY));
        }
        if is_due(due.whole, at) {
            let began = tokio::time::Instant::now();
            let groups = grouped(promises, &asked, |promise| (promise.goal.indicator.clone(), promise.window));
            for ((indicator, window), places) in &groups {
                self.whole(&labels, (indicator, *window), places, at, kept).await;
            }
            due.whole = Some(again(at, began.elapsed(), WHOLE_EVERY));
            if is_due(due.coverage, at) {
                let began = tokio::time::Instant::now();
                for ((indicator, window), places) in &groups {
                    self.cover(&labels, (indicator, *window), places, at, kept).await;
                }
                due.coverage = Some(again(at, began.elapsed(), COVERAGE_EVERY));
            }
        }
        Ok(())
    }

    /// Counts the whole window of some promises, without what is excluded.
    async fn whole(
        &self,
        labels: &Labels,
        (indicator, window): (&Indicator, Window),
        places: &[usize],
        at: Instant,
        kept: &mut [Kept],
    ) {
        let began = window.began(at);
        let range = (at - began).max(SHORTEST);
        let found = self.count(labels, indicator, places, range, at).await;
        let found = found.unwrap_or_else(|error| failed(places, &error));
        for place in places {
            let (Some(kept), Some(promise), Some(counted)) =
                (kept.get_mut(*place), self.feed.promises.get(*place), found.get(place))
            else {
                continue;
            };
            let planned = self.feed.downtime.of(&promise.service, began, at);
            let (judged, spans) = excluded(&[planned, promise.exclusions.clone()].concat(), began, at);
            kept.excluded = judged;
            let mut counted = counted.clone();
            for span in spans.into_iter().rev().take(SPANS_AT_MOST) {
                let Ok((bad, total)) = counted else { break };
                counted = match self.count_span(labels, indicator, *place, span, at, kept).await {
                    Ok((less_bad, less)) => Ok(((bad - less_bad).max(0.0), (total - less).max(0.0))),
                    Err(why) => Err(Uncounted::Said(format!("What does not count could not be read: {why}"))),
                };
            }
            kept.whole = part(counted, "the window");
            kept.whole_at = Some(at);
        }
    }

    /// What was counted for one promise in a span of time. One that is over does not change.
    async fn count_span(
        &self,
        labels: &Labels,
        indicator: &Indicator,
        place: usize,
        span: (Instant, Instant),
        at: Instant,
        kept: &mut Kept,
    ) -> Counted {
        if let Some(known) = kept.over.get(&span) {
            return Ok(*known);
        }
        let length = (span.1 - span.0).max(TimeDelta::seconds(1));
        let mut found = self.count(labels, indicator, &[place], length, span.1).await?;
        let counted = match found.remove(&place) {
            // A span in which nothing was asked takes nothing out.
            None | Some(Err(Uncounted::NoSeries(_))) => (0.0, 0.0),
            Some(counted) => counted?,
        };
        if at - span.1 > SETTLED_AFTER {
            kept.over.insert(span, counted);
        }
        Ok(counted)
    }

    /// Looks on how many days of the window there are series at all.
    async fn cover(
        &self,
        labels: &Labels,
        (indicator, window): (&Indicator, Window),
        places: &[usize],
        at: Instant,
        kept: &mut [Kept],
    ) {
        let days = (at - window.began(at)).num_days();
        let query = for_some(&indicator.question().total, labels, &self.services(places), "10m");
        let start = at - time::days((days - 1).max(0));
        let found = match self.feed.way() {
            Ok(prometheus) => prometheus.range(&query, start, at, TimeDelta::days(1)).await,
            Err(error) => Err(error),
        };
        for place in places {
            let (Some(kept), Some(promise)) = (kept.get_mut(*place), self.feed.promises.get(*place)) else { continue };
            kept.known_days = found.as_ref().ok().map(|metrics| {
                let of_it = metrics.series.iter().find(|one| one.label(&labels.service) == Some(&promise.service));
                let known = of_it.map_or(0, |series| series.samples.len());
                (u32::try_from(known).unwrap_or(0), u32::try_from(days.max(1)).unwrap_or(1))
            });
        }
    }

    fn services(&self, places: &[usize]) -> Vec<&str> {
        places.iter().filter_map(|place| self.feed.promises.get(*place)).map(|promise| &*promise.service).collect()
    }

    /// Counts some promises that are measured alike, over a window that ends then.
    async fn count(
        &self,
        labels: &Labels,
        indicator: &Indicator,
        places: &[usize],
        length: TimeDelta,
        at: Instant,
    ) -> Result<BTreeMap<usize, Counted>, SourceError> {
        let question = indicator.question();
        let (range, seconds) = (query::range(length), query::seconds(length));
        let services = self.services(places);
        let prometheus = self.feed.way()?;
        let mut answers = Vec::with_capacity(2);
        for promql in [&question.total, &question.part] {
            match prometheus.instant(&for_some(promql, labels, &services, &range), at).await {
                Ok(metrics) => answers.push(metrics),
                Err(error) if error.trouble == Trouble::Rejected => return Ok(failed(places, &error)),
                Err(error) => return Err(error),
            }
        }
        let [total, some] = answers.as_slice() else { return Ok(BTreeMap::new()) };
        let (total, some) = (total.by(&labels.service), some.by(&labels.service));
        // Why a service has no total: it had no requests, or some that do not say how they ended.
        let without = places.iter().filter_map(|place| self.feed.promises.get(*place));
        let is_any_without = without.map(|promise| &promise.service).any(|service| !total.contains_key(service));
        let unsaid = match question.unsaid.filter(|_| is_any_without) {
            None => Metrics::default(),
            Some(promql) => {
                prometheus.instant(&for_some(&promql, labels, &services, &range), at).await.or_else(|error| {
                    if error.trouble == Trouble::Rejected { Ok(Metrics::default()) } else { Err(error) }
                })?
            }
        };
        let unsaid = unsaid.by(&labels.service);
        let says_nothing = |service| unsaid.get(service).is_some_and(|rates| rates.iter().any(|rate| *rate > 0.0));
        let counted = |place: &usize| {
            let service = &self.feed.promises.get(*place)?.service;
            let found = match (total.get(service).map(|all| only(all)), some.get(service).map(|all| only(all))) {
                (None, _) if says_nothing(service) => Err(Uncounted::Said(labels.codes.unsaid(service))),
                (None, _) => Err(Uncounted::NoSeries(length)),
                (Some(None), _) | (_, Some(None)) => {
                    Err(Uncounted::Said("The query gives several series for one service, or no number.".to_owned()))
                }
                (Some(Some(total)), None) if question.is_silence_none => Ok((0.0, total * seconds)),
                (Some(Some(_)), None) => Err(Uncounted::Said(indicator.silence())),
                (Some(Some(total)), Some(Some(some))) => {
                    let bad = if question.is_part_good { total - some } else { some };
                    Ok((bad.max(0.0) * seconds, total * seconds))
                }
            };
            Some((*place, found))
        };
        Ok(places.iter().filter_map(counted).collect())
    }

    /// Everything that is known, in the order of the configuration; what recorders keep and nobody declared comes after it.
    fn measured(&self, kept: &[Kept], recorded: &Recorded, at: Instant) -> (Vec<Measured>, Vec<String>) {
        let mut measured = Vec::new();
        let mut notes = Vec::new();
        for (promise, kept) in self.feed.promises.iter().zip(kept) {
            if recorded.stands_for(promise) {
                continue;
            }
            measured.push(Measured {
                service: promise.service.clone(),
                goal: promise.goal.name.clone(),
                target: Some(promise.goal.target),
                window: promise.window,
                recorder: Recorder::Raw,
                spans: kept.spans.clone(),
                lengths: SPANS.map(Span::length),
                whole: kept.whole.clone(),
                observed_at: at,
                whole_at: kept.whole_at,
                known_days: kept.known_days,
                excluded: kept.excluded.clone(),
            });
        }
        for recorder in [Recorder::Sloth, Recorder::Pyrra] {
            let count = recorded.of(recorder);
            if count > 0 {
                let objectives = if count == 1 { "1 objective".to_owned() } else { format!("{count} objectives") };
                let about = match recorder {
                    Recorder::Sloth => " Its count of the whole window does not weigh by traffic: it is approximate.",
                    Recorder::Raw | Recorder::Pyrra => "",
                };
                notes.push(format!(
                    "{} has recording rules of {} for {objectives}; they are used.{about}",
                    self.feed.prometheus.as_ref().map_or("", |prometheus| &**prometheus.name()),
                    recorder.word()
                ));
            }
        }
        measured.extend(recorded.measured(&self.feed.promises, at));
        (measured, notes)
    }
}

/// Promises that can be asked together, by what they have in common.
fn grouped<K: Ord>(promises: &[Promise], asked: &[usize], key: impl Fn(&Promise) -> K) -> BTreeMap<K, Vec<usize>> {
    let mut groups: BTreeMap<K, Vec<usize>> = BTreeMap::new();
    for place in asked {
        if let Some(promise) = promises.get(*place) {
            groups.entry(key(promise)).or_default().push(*place);
        }
    }
    groups
}

fn failed(places: &[usize], error: &SourceError) -> BTreeMap<usize, Counted> {
    places.iter().map(|place| (*place, Err(Uncounted::Said(error.sentence.clone())))).collect()
}

fn put(kept: &mut [Kept], places: &[usize], span: Span, found: &BTreeMap<usize, Counted>) {
    for place in places {
        if let (Some(kept), Some(counted)) = (kept.get_mut(*place), found.get(place))
            && let Some(to) = kept.spans.get_mut(span.place())
        {
            *to = part(counted.clone(), span.word());
        }
    }
}

fn part(counted: Counted, of: &str) -> Part {
    let (bad, total) = counted.map_err(|why| why.to_string())?;
    Events::counted(bad, total).ok_or_else(|| format!("Nothing was counted in {of}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_long_is_asked_less_often() {
        let now = Instant::default();
        assert_eq!(again(now, Duration::from_millis(50), WHOLE_EVERY), now + WHOLE_EVERY);
        assert_eq!(again(now, Duration::from_secs(30), WHOLE_EVERY), now + TimeDelta::minutes(10));
        assert!(is_due(None, now) && is_due(Some(now), now) && !is_due(Some(now + TimeDelta::seconds(1)), now));
    }
}
