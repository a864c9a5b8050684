//! Simulated traffic: what each service answered, from a week before the start on.
//!
//! Before the start every service is calm, so its counters are known by a formula; from then on what went wrong is written down.

use std::collections::BTreeMap;
use std::fmt::Write;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::evaluate::Labels;
use crate::domain::signal::query::{DURATION_METRIC, REQUESTS_METRIC};
use crate::sandbox::world::World;

/// How often traffic is written down.
pub(in crate::sandbox) const EVERY: TimeDelta = TimeDelta::seconds(5);
/// How far apart the samples before the start are, in milliseconds.
const APART: i64 = 15_000;
/// How far back they go, in milliseconds: the same hour of last week, and the hour before it.
const PAST: i64 = 8 * 86_400_000;
/// How far apart the samples before those are: what an objective's window asks for needs no more.
const APART_LONG_AGO: i64 = 240_000;
/// How far back those go: the longest window of an objective that is shown, and a day.
const LONG_AGO: i64 = 31 * 86_400_000;
/// How long what went wrong is kept.
const KEPT: usize = 4_000;
/// The most services with traffic.
const SERVICES_AT_MOST: usize = 200;
/// The bounds of the buckets, in seconds.
const BOUNDS: [(&str, f64); 9] = [
    ("0.01", 0.01),
    ("0.025", 0.025),
    ("0.05", 0.05),
    ("0.1", 0.1),
    ("0.25", 0.25),
    ("0.5", 0.5),
    ("1.0", 1.0),
    ("2.5", 2.5),
    ("5.0", 5.0),
];
/// The share of requests that fail, and that nobody can answer, on a calm day.
const CALM: (f64, f64) = (0.0004, 0.006);

/// What every service answered.
#[derive(Debug)]
pub(in crate::sandbox) struct Traffic {
    began: DateTime<Utc>,
    /// By namespace and service.
    services: BTreeMap<(String, String), Vec<Tick>>,
}

/// What went wrong until a moment.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Tick {
    /// When, in milliseconds.
    at: i64,
    /// Requests that failed beyond those of a calm day.
    failed: f64,
    /// Requests that were slow.
    slow: f64,
}

impl Traffic {
    /// Traffic that begins now.
    pub(in crate::sandbox) fn starting(began: DateTime<Utc>) -> Self {
        Self { began, services: BTreeMap::new() }
    }

    /// Writes down what happened since the last time, by how many pods of each service crash now.
    pub(in crate::sandbox) fn pass(&mut self, world: &World, now: DateTime<Utc>) {
        let at = now.timestamp_millis();
        let began = self.began.timestamp_millis();
        for ((namespace, service), share) in crashing(world) {
            let base = pace(&service);
            let key = (namespace, service);
            if !self.services.contains_key(&key) && self.services.len() >= SERVICES_AT_MOST {
                continue;
            }
            let ticks = self.services.entry(key).or_default();
            let last = ticks.last().copied().unwrap_or(Tick { at: began, failed: 0.0, slow: 0.0 });
            // The first is counted as the sandbox starts, on the heels of the last sample of the past.
            if at - last.at < EVERY.num_milliseconds() / 2 {
                continue;
            }
            let asked = total(base, at) - total(base, last.at);
            ticks.push(Tick { at, failed: last.failed + asked * share * 0.9, slow: last.slow + asked * share });
            if ticks.len() > KEPT {
                // Half of it at once: counters stay what they were.
                ticks.drain(..KEPT / 2);
            }
        }
    }

    /// The series of a metric.
    pub(super) fn series<'a>(&'a self, namespace: &'a str, metric: &'a str) -> Vec<Series<'a>> {
        let durations = metric.strip_prefix(DURATION_METRIC);
        let of_namespace = self.services.iter().filter(move |((known, _), _)| known == namespace);
        let mut found = Vec::new();
        for ((_, service), ticks) in of_namespace {
            let mut add = |kind: Kind, label: Option<(&str, &str)>| {
                let mut labels: Labels = [("__name__", metric), ("service", service.as_str())]
                    .map(|(name, value)| (name.to_owned(), value.to_owned()))
                    .into();
                labels.extend(label.map(|(name, value)| (name.to_owned(), value.to_owned())));
                found.push(Series {
                    labels,
                    kind,
                    base: pace(service),
                    median: median(service),
                    ticks,
                    began: self.began,
                });
            };
            match (metric, durations) {
                (REQUESTS_METRIC, _) => {
                    add(Kind::Answered, Some(("code", "200")));
                    add(Kind::Refused, Some(("code", "404")));
                    add(Kind::Failed, Some(("code", "500")));
                }
                (_, Some("_bucket")) => {
                    for (word, bound) in BOUNDS {
                        add(Kind::Within(bound), Some(("le", word)));
                    }
                    add(Kind::All, Some(("le", "+Inf")));
                }
                (_, Some("_count")) => add(Kind::All, None),
                _ => {}
            }
        }
        found
    }

    /// Every counter of a namespace as it is at a time, in the text format.
    pub(super) fn shown(&self, namespace: &str, now: DateTime<Utc>) -> String {
        let mut text = String::new();
        for (metric, kind) in
            [(REQUESTS_METRIC.to_owned(), "counter"), (format!("{DURATION_METRIC}_bucket"), "untyped")]
        {
            let _ = writeln!(text, "# TYPE {metric} {kind}");
            for series in self.series(namespace, &metric) {
                let last = series.ticks.last().copied().unwrap_or(Tick { at: 0, failed: 0.0, slow: 0.0 });
                let value = series.value(Tick { at: now.timestamp_millis(), ..last });
                let _ = writeln!(text, "{metric}{{{}}} {value}", series.written_labels());
            }
        }
        text
    }

    /// Every sample of a namespace between two times, as OpenMetrics.
    pub(in crate::sandbox) fn written(&self, namespace: &str, from: DateTime<Utc>, to: DateTime<Utc>) -> String {
        let mut text = String::new();
        for metric in
            [REQUESTS_METRIC.to_owned(), format!("{DURATION_METRIC}_bucket"), format!("{DURATION_METRIC}_count")]
        {
            for series in self.series(namespace, &metric) {
                let labels = series.written_labels();
                for (at, value) in series.samples(from.timestamp_millis(), to.timestamp_millis()) {
                    let _ = writeln!(text, "{metric}{{{labels}}} {value} {}.{:03}", at / 1_000, at % 1_000);
                }
            }
        }
        text.push_str("# EOF\n");
        text
    }
}

/// What a series counts.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    /// What was answered well.
    Answered,
    /// What nobody can answer.
    Refused,
    /// What failed.
    Failed,
    /// What took no longer, in seconds.
    Within(f64),
    /// Everything.
    All,
}

/// One series.
#[derive(Debug)]
pub(super) struct Series<'a> {
    labels: Labels,
    kind: Kind,
    base: f64,
    median: f64,
    ticks: &'a [Tick],
    began: DateTime<Utc>,
}

impl Series<'_> {
    /// Its labels as the formats write them.
    fn written_labels(&self) -> String {
        let own = self.labels.iter().filter(|(name, _)| *name != "__name__");
        own.map(|(name, value)| format!("{name}={value:?}")).collect::<Vec<_>>().join(",")
    }

    /// Its labels.
    pub(super) fn labels(&self) -> &Labels {
        &self.labels
    }

    /// Its samples from one time to another, both included, in milliseconds.
    pub(super) fn samples(&self, from: i64, to: i64) -> Vec<(i64, f64)> {
        let past = |place| self.past(place).map(|at| Tick { at, failed: 0.0, slow: 0.0 });
        let past = self.past_within(from, to).filter_map(past);
        let ticks = self.ticks_within(from, to).iter().copied();
        past.chain(ticks).map(|tick| (tick.at, self.value(tick))).collect()
    }

    /// The first and the last of those samples, and how many there are: all that a rate takes, since a simulated counter never resets.
    pub(super) fn ends(&self, from: i64, to: i64) -> Option<([(i64, f64); 2], usize)> {
        let past = self.past_within(from, to);
        let ticks = self.ticks_within(from, to);
        let count = usize::try_from(past.end - past.start).unwrap_or(0) + ticks.len();
        let calm = |place: i64| self.past(place).map(|at| Tick { at, failed: 0.0, slow: 0.0 });
        let is_past = past.start < past.end;
        let first = if is_past { calm(past.start) } else { ticks.first().copied() }?;
        let last = ticks.last().copied().or_else(|| if is_past { calm(past.end - 1) } else { None })?;
        Some(([first, last].map(|tick| (tick.at, self.value(tick))), count))
    }

    /// What was written down of the present, within two times.
    fn ticks_within(&self, from: i64, to: i64) -> &[Tick] {
        let first = self.ticks.partition_point(|tick| tick.at < from);
        let last = self.ticks.partition_point(|tick| tick.at <= to);
        self.ticks.get(first..last).unwrap_or_default()
    }

    /// When a sample of the past was, by its place: the oldest is 0, the last is the start itself.
    fn past(&self, place: i64) -> Option<i64> {
        let began = self.began.timestamp_millis();
        let long_ago = (LONG_AGO - PAST) / APART_LONG_AGO;
        let all = long_ago + PAST / APART;
        match place {
            _ if place < 0 || place > all => None,
            _ if place < long_ago => Some(began - PAST - (long_ago - place) * APART_LONG_AGO),
            _ => Some(began - (all - place) * APART),
        }
    }

    /// The places of the past within two times.
    fn past_within(&self, from: i64, to: i64) -> std::ops::Range<i64> {
        let began = self.began.timestamp_millis();
        let all = (LONG_AGO - PAST) / APART_LONG_AGO + PAST / APART;
        // The first place that is not before a time.
        let not_before = |time: i64| {
            let long_ago = (LONG_AGO - PAST) / APART_LONG_AGO;
            if time <= began - PAST {
                let before = (began - PAST - time).div_euclid(APART_LONG_AGO);
                (long_ago - before).max(0)
            } else {
                (all - (began - time).div_euclid(APART)).clamp(0, all + 1)
            }
        };
        let (first, end) = (not_before(from), not_before(to.saturating_add(1)));
        first..end.max(first)
    }

    fn value(&self, tick: Tick) -> f64 {
        let total = total(self.base, tick.at);
        let (failing, refused) = CALM;
        match self.kind {
            Kind::All => total,
            Kind::Refused => total * refused,
            Kind::Failed => total * failing + tick.failed,
            Kind::Answered => total * (1.0 - failing - refused) - tick.failed,
            Kind::Within(bound) => {
                let share = |median: f64| 1.0 / (1.0 + (median / bound).powf(2.5));
                (total - tick.slow) * share(self.median) + tick.slow * share(self.median * 8.0)
            }
        }
    }
}

/// How many requests were ever made, a little more and a little less of them in waves of an hour.
#[expect(clippy::cast_precision_loss, reason = "milliseconds of this century")]
fn total(base: f64, at: i64) -> f64 {
    // Since the beginning of 2025: small enough to keep its digits, large enough never to be near zero.
    let seconds = (at - 1_735_689_600_000) as f64 / 1_000.0;
    let wave = 3_600.0 / std::f64::consts::TAU;
    base * (seconds - 0.15 * wave * (seconds / wave).cos())
}

/// The number of a name.
fn number(name: &str) -> f64 {
    let hash = name.bytes().fold(2_166_136_261_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(16_777_619));
    f64::from(hash % 1_000) / 1_000.0
}

/// Requests a second.
fn pace(service: &str) -> f64 {
    8.0 + 180.0 * number(service)
}

/// What half of the requests are answered within on a calm day, in seconds.
fn median(service: &str) -> f64 {
    0.02 + 0.06 * number(service)
}

/// The share of each service's pods that crash.
fn crashing(world: &World) -> BTreeMap<(String, String), f64> {
    let text = |object: &Value, path: &str| object.pointer(path).and_then(Value::as_str).map(str::to_owned);
    let mut pods: BTreeMap<(&str, String), (u32, u32)> = BTreeMap::new();
    for (key, pod) in world.list("pods", "") {
        let Some(app) = text(pod, "/metadata/labels/app") else { continue };
        let containers = pod.pointer("/status/containerStatuses").and_then(Value::as_array);
        let is_crashing = containers.is_some_and(|containers| {
            containers.iter().any(|one| one["restartCount"].as_u64().unwrap_or(0) > 0 && one["ready"] == false)
        });
        let (all, bad) = pods.entry((&key.namespace, app)).or_default();
        *all += 1;
        *bad += u32::from(is_crashing);
    }
    let mut found: BTreeMap<(String, String), (u32, u32)> = BTreeMap::new();
    for (key, deployment) in world.list("deployments", "") {
        let service = text(deployment, "/metadata/labels/app.kubernetes.io~1name").unwrap_or_else(|| key.name.clone());
        let (all, bad) = pods.get(&(&*key.namespace, key.name.clone())).copied().unwrap_or_default();
        let known = found.entry((key.namespace.clone(), service)).or_default();
        *known = (known.0 + all, known.1 + bad);
    }
    let share = |(all, bad): (u32, u32)| f64::from(bad) / f64::from(all.max(1));
    found.into_iter().map(|(key, counts)| (key, share(counts))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::scenario::{Scenario, Service};

    #[test]
    fn the_first_count_is_not_on_the_heels_of_the_start() {
        let began = DateTime::from_timestamp(1_800_000_007, 0).unwrap_or_default();
        let later = |milliseconds| began + TimeDelta::milliseconds(milliseconds);
        let mut world = World::default();
        Scenario::empty("shop").with("shop", Service::new("gateway", 1)).build(&mut world, began);
        let mut traffic = Traffic::starting(began);
        for milliseconds in [40, 5_040, 10_040] {
            traffic.pass(&world, later(milliseconds));
        }
        let series = traffic.series("shop", REQUESTS_METRIC);
        let samples = series[0].samples(began.timestamp_millis(), later(6_000).timestamp_millis());
        let at: Vec<i64> = samples.iter().map(|(at, _)| at - began.timestamp_millis()).collect();
        assert_eq!(at, [0, 5_040], "of two samples side by side no rate is the rate of a window");
    }

    #[test]
    fn the_ends_of_a_window_are_those_of_its_samples() {
        let began = DateTime::from_timestamp(1_800_000_007, 0).unwrap_or_default();
        let start = began.timestamp_millis();
        let ticks = [5_000, 10_000, 15_000].map(|later| Tick { at: start + later, failed: 1.0, slow: 2.0 });
        let series =
            Series { labels: Labels::new(), kind: Kind::Failed, base: 10.0, median: 0.1, ticks: &ticks, began };
        let day = 86_400_000;
        for (from, to) in [
            (-60_000, 15_000),
            (-60_001, 15_001),
            (-30 * day, 10_000),
            (-31 * day - 1, -8 * day),
            (-9 * day, -8 * day + 1),
            (-8 * day + 1, -8 * day + 14_999),
            (-40 * day, -30 * day),
            (1, 4_999),
            (5_000, 5_000),
            (0, 0),
            (20_000, 30_000),
        ] {
            let samples = series.samples(start + from, start + to);
            let found = series.ends(start + from, start + to);
            let expected = samples.first().zip(samples.last()).map(|(first, last)| ([*first, *last], samples.len()));
            assert_eq!(found, expected, "{from} to {to}");
            assert!(samples.iter().all(|(at, _)| (start + from..=start + to).contains(at)), "{from} to {to}");
            assert!(samples.windows(2).all(|pair| pair[0].0 < pair[1].0), "{from} to {to}");
        }
        assert_eq!(
            series.samples(start - 30_000, start + 5_000).len(),
            4,
            "every 15 s before the start, every 5 s after it"
        );
        assert_eq!(series.samples(start - 10 * day, start - 9 * day).len(), 361);
    }
}
