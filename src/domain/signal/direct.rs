//! What the shipped queries ask, worked out from metrics that were read without a Prometheus between.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::histogram::quantile;
use super::query::{DURATION_METRIC, ERRORS, P50, P90, P95, P99, REQUESTS, REQUESTS_METRIC, SERVICE_LABELS};
use super::{CodeLabels, Origin, Outcome, Query, Reading, Sample, Series};
use crate::domain::time::Instant;

/// When a process began, in seconds since 1970, as it says itself.
pub const STARTED_METRIC: &str = "process_start_time_seconds";

/// Whether a metric is one that is read of a page: what the shipped queries ask for, and what tells whether that can be counted.
pub fn is_wanted(metric: &str) -> bool {
    let is_duration = |rest: &str| matches!(rest, "_bucket" | "_count");
    metric == REQUESTS_METRIC
        || metric == STARTED_METRIC
        || metric.strip_prefix(DURATION_METRIC).is_some_and(is_duration)
}

/// The service a series says it is of.
pub fn service_of(series: &Series) -> Option<&Arc<str>> {
    SERVICE_LABELS.iter().find_map(|label| series.label(label)).filter(|service| !service.is_empty())
}

/// Why a counter has no rate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unrated {
    /// It was shown once: two scrapes make a rate.
    Yet,
    /// It cannot be counted: why, as a sentence. What it is a part of is not known.
    Doubtful(String),
}

/// A counter of a page, and its rate per second since the scrape before.
#[derive(Debug, Clone, PartialEq)]
pub struct Counter {
    /// The counter as it was shown.
    pub series: Series,
    /// Its rate at a time, or why there is none.
    pub rate: Result<Sample, Unrated>,
}

/// Requests per second.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Requests {
    all: f64,
    /// With a server's error.
    failed: f64,
    /// Without saying how they ended.
    unsaid: f64,
}

/// What was counted of one service, per second.
#[derive(Debug, Clone, Default, PartialEq)]
struct Counted {
    /// Requests answered; `None` while no counter of them has a rate.
    requests: Option<Requests>,
    /// Requests answered within a bound in seconds, by the bits of the bound.
    within: BTreeMap<u64, f64>,
    /// The time of the newest sample.
    newest: Option<Instant>,
    /// What is shown of it, with a rate or without.
    shows: Shows,
    /// Why requests cannot be counted.
    doubt: Option<String>,
    /// Why durations cannot.
    slow_doubt: Option<String>,
}

/// What is shown of a service.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Shows {
    requests: bool,
    buckets: bool,
    durations: bool,
}

/// What was counted of every service between two scrapes, over all the places that show it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Direct {
    codes: CodeLabels,
    counted: BTreeMap<Arc<str>, Counted>,
}

impl Direct {
    /// Nothing counted yet; `codes` say which labels carry the status.
    pub fn new(codes: CodeLabels) -> Self {
        Self { codes, counted: BTreeMap::new() }
    }

    /// Adds the counters of one place. `service` is whose they are; `None` where a label says so. Series of no service are left out.
    pub fn add(&mut self, service: Option<&Arc<str>>, counters: &[Counter]) {
        for Counter { series, rate } in counters {
            let Some(service) = service.or_else(|| service_of(series)).filter(|service| !service.is_empty()) else {
                continue;
            };
            let Some(metric) = series.label("__name__").filter(|metric| ***metric != *STARTED_METRIC) else { continue };
            let outcome = self.codes.outcome(service, series);
            let counted = self.counted.entry(service.clone()).or_default();
            let is_request = **metric == *REQUESTS_METRIC;
            let bound = series.label("le").filter(|_| metric.ends_with("_bucket"));
            counted.shows.requests |= is_request;
            counted.shows.buckets |= bound.is_some();
            counted.shows.durations |= !is_request;
            let sample = match rate {
                Ok(sample) => sample,
                Err(Unrated::Yet) => continue,
                Err(Unrated::Doubtful(why)) => {
                    if is_request {
                        counted.doubt.get_or_insert_with(|| why.clone());
                    } else if bound.is_some() {
                        counted.slow_doubt.get_or_insert_with(|| why.clone());
                    }
                    continue;
                }
            };
            if is_request {
                counted.newest = counted.newest.max(Some(sample.at));
                let requests = counted.requests.get_or_insert_default();
                requests.all += sample.value;
                match outcome {
                    Outcome::Failed => requests.failed += sample.value,
                    Outcome::Unsaid => requests.unsaid += sample.value,
                    Outcome::Answered => {}
                }
            } else if let Some(bound) = bound.and_then(|le| le.trim_start_matches('+').parse::<f64>().ok())
                && !bound.is_nan()
            {
                counted.newest = counted.newest.max(Some(sample.at));
                // Every zero is one.
                *counted.within.entry((bound + 0.0).to_bits()).or_default() += sample.value;
            }
        }
    }

    /// The services that were seen.
    pub fn services(&self) -> impl Iterator<Item = &Arc<str>> {
        self.counted.keys()
    }

    /// The readings of some services whose pages were read: each query's value, or why there is none. What a shipped query does not ask
    /// is not measured this way, nor one the configuration has other words for.
    pub fn readings(&self, services: &BTreeSet<Arc<str>>, queries: &[Query], at: Instant) -> Vec<Reading> {
        let shipped = Query::shipped();
        let nothing = Counted::default();
        let mut readings = Vec::with_capacity(services.len() * queries.len());
        for service in services {
            let counted = self.counted.get(service).unwrap_or(&nothing);
            let observed_at = counted.newest.map_or(at, |newest| newest.min(at));
            for query in queries {
                let found = if shipped.contains(query) {
                    counted.value(&query.name, || self.codes.unsaid(service))
                } else {
                    Err("It is read from a metrics page, and only a Prometheus answers this query.".to_owned())
                };
                readings.push(match found {
                    Ok(value) => Reading { value: Some(value), ..query.unread(service, Origin::Direct, observed_at) },
                    Err(why) => Reading { why_absent: Some(why), ..query.unread(service, Origin::Direct, observed_at) },
                });
            }
        }
        readings
    }
}

/// Two scrapes make a rate.
pub const NO_RATE: &str = "There is no rate of it yet: it takes two scrapes that show it.";
/// Nobody asked anything.
const NOTHING: &str = "Nothing was counted since the scrape before.";

impl Counted {
    fn value(&self, query: &str, unsaid: impl FnOnce() -> String) -> Result<f64, String> {
        match query {
            REQUESTS => self.requests().map(|requests| requests.all),
            ERRORS => match self.requests()? {
                Requests { all, .. } if all <= 0.0 => Err(NOTHING.to_owned()),
                Requests { unsaid: without, .. } if without > 0.0 => Err(unsaid()),
                Requests { all, failed, .. } => Ok(failed / all),
            },
            P50 => self.quantile(0.5),
            P90 => self.quantile(0.9),
            P95 => self.quantile(0.95),
            P99 => self.quantile(0.99),
            _ => Err("Only a Prometheus answers this query.".to_owned()),
        }
    }

    fn requests(&self) -> Result<Requests, String> {
        if let Some(doubt) = &self.doubt {
            return Err(doubt.clone());
        }
        self.requests.ok_or_else(|| {
            if self.shows.requests { NO_RATE.to_owned() } else { format!("Its page shows no {REQUESTS_METRIC}.") }
        })
    }

    fn quantile(&self, share: f64) -> Result<f64, String> {
        if let Some(doubt) = &self.slow_doubt {
            return Err(doubt.clone());
        }
        if self.within.is_empty() {
            return Err(match self.shows {
                Shows { buckets: true, .. } => NO_RATE.to_owned(),
                Shows { durations: true, .. } => format!(
                    "Its page shows {DURATION_METRIC} without buckets: of a summary or a native histogram nothing is read from a page."
                ),
                _ => format!("Its page shows no {DURATION_METRIC}."),
            });
        }
        let buckets: Vec<(f64, f64)> =
            self.within.iter().map(|(bound, count)| (f64::from_bits(*bound), *count)).collect();
        let Some((_, all)) = buckets.iter().find(|(bound, _)| *bound == f64::INFINITY) else {
            return Err(format!("{DURATION_METRIC} has no bucket le=\"+Inf\", so nobody says how many there were."));
        };
        if *all <= 0.0 {
            return Err(NOTHING.to_owned());
        }
        let value = quantile(share, buckets);
        if value.is_nan() {
            return Err(format!("{DURATION_METRIC} has no bucket but le=\"+Inf\"."));
        }
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::signal::Unit;

    fn shown(metric: &str, labels: &[(&str, &str)], rate: Result<f64, Unrated>) -> Counter {
        let own = ("__name__", metric);
        let named = std::iter::once(&own).chain(labels);
        let labels = named.map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let rate = rate.map(|value| Sample { at: Instant::default(), value });
        Counter { series: Series { labels, samples: Vec::new() }, rate }
    }

    fn rate(metric: &str, labels: &[(&str, &str)], value: f64) -> Counter {
        shown(metric, labels, Ok(value))
    }

    fn told(direct: &Direct, more: &[Query]) -> Vec<String> {
        let queries: Vec<Query> = Query::shipped().into_iter().chain(more.iter().cloned()).collect();
        let services = direct.services().cloned().collect();
        let line = |one: Reading| match (one.value, one.why_absent) {
            (Some(value), None) => format!("{} {} {value}", one.service, one.name),
            (_, why) => format!("{} {}: {}", one.service, one.name, why.unwrap_or_default()),
        };
        direct.readings(&services, &queries, Instant::default()).into_iter().map(line).collect()
    }

    #[test]
    fn pods_of_a_service_are_counted_together() {
        let mut direct = Direct::default();
        let cart: Arc<str> = "cart".into();
        for _ in 0..2 {
            direct.add(
                Some(&cart),
                &[
                    rate(REQUESTS_METRIC, &[("code", "200"), ("service", "ignored")], 9.0),
                    rate(REQUESTS_METRIC, &[("code", "503")], 1.0),
                    rate("http_request_duration_seconds_bucket", &[("le", "0.1")], 5.0),
                    rate("http_request_duration_seconds_bucket", &[("le", "0.5")], 9.0),
                    rate("http_request_duration_seconds_bucket", &[("le", "1")], 10.0),
                    rate("http_request_duration_seconds_bucket", &[("le", "+Inf")], 10.0),
                ],
            );
        }
        let lines =
            told(&direct, &[Query::new("signups", Unit::Count, "x"), Query::new(ERRORS, Unit::Ratio, "of my own")]);
        assert_eq!(lines[..3], ["cart requests_per_second 20", "cart error_ratio 0.1", "cart latency_p50_seconds 0.1"]);
        assert_eq!(lines[4], "cart latency_p95_seconds 0.75");
        assert!(
            lines[6].contains("signups: It is read from") && lines[7].contains("error_ratio: It is read from"),
            "{lines:?}"
        );
    }

    #[test]
    fn a_label_says_whose_it_is_where_the_configuration_does_not() {
        let mut direct = Direct::default();
        direct.add(
            None,
            &[
                rate(REQUESTS_METRIC, &[("job", "api"), ("status", "500")], 0.0),
                rate(REQUESTS_METRIC, &[("job", "x"), ("app", "mail")], 2.0),
                rate(REQUESTS_METRIC, &[("instance", "a")], 2.0),
            ],
        );
        let lines = told(&direct, &[]);
        assert_eq!(lines[0], "api requests_per_second 0");
        assert_eq!(lines[1], "api error_ratio: Nothing was counted since the scrape before.");
        assert_eq!(lines[2], "api latency_p50_seconds: Its page shows no http_request_duration_seconds.");
        assert_eq!(lines[6], "mail requests_per_second 2");
        assert_eq!(lines.len(), 12, "a series of no service is left out");
    }

    #[test]
    fn only_what_is_asked_is_wanted() {
        let wanted = [
            "http_requests_total",
            "http_request_duration_seconds_bucket",
            "http_requests_total_x",
            "http_request_duration_seconds_sum",
            "http_request_duration_seconds_count",
            "process_start_time_seconds",
        ];
        assert_eq!(wanted.map(is_wanted), [true, true, false, false, true, true]);
    }

    fn of_one(counters: &[Counter]) -> Vec<String> {
        let mut direct = Direct::default();
        direct.add(Some(&"cart".into()), counters);
        told(&direct, &[])
    }

    /// Nine of ten requests fail, and nobody says so: that is no share of zero.
    #[test]
    fn a_share_of_errors_is_not_known_where_a_request_does_not_say_how_it_ended() {
        let errors = |counters: &[Counter]| of_one(counters)[1].clone();
        for label in ["http_status", "response_code", "http_response_status_code", "statusCode", "status"] {
            let lines =
                errors(&[rate(REQUESTS_METRIC, &[(label, "200")], 1.0), rate(REQUESTS_METRIC, &[(label, "500")], 9.0)]);
            assert_eq!(lines, "cart error_ratio 0.9", "{label}");
        }
        let unknown = "cart error_ratio: Not every request of it says how it ended";
        assert!(errors(&[rate(REQUESTS_METRIC, &[("method", "GET")], 10.0)]).starts_with(unknown));
        let some = [rate(REQUESTS_METRIC, &[("code", "200")], 9.0), rate(REQUESTS_METRIC, &[("route", "/")], 1.0)];
        assert!(errors(&some).starts_with(unknown), "a part that says nothing may be all the errors");
        let still = [rate(REQUESTS_METRIC, &[("code", "500")], 2.0), rate(REQUESTS_METRIC, &[("route", "/")], 0.0)];
        assert_eq!(errors(&still), "cart error_ratio 1", "what nobody asked for says nothing either way");
    }

    #[test]
    fn what_cannot_be_counted_costs_what_it_is_a_part_of_and_nothing_else() {
        let doubt = || Err(Unrated::Doubtful("Line 7 is line 3 again.".to_owned()));
        let bucket = |le: &str, value: f64| rate("http_request_duration_seconds_bucket", &[("le", le)], value);
        let lines = of_one(&[
            rate(REQUESTS_METRIC, &[("code", "200")], 9.0),
            shown(REQUESTS_METRIC, &[("code", "500")], doubt()),
            bucket("0.1", 5.0),
            bucket("0.5", 10.0),
            bucket("+Inf", 10.0),
        ]);
        let why = "Line 7 is line 3 again.";
        let expected = [format!("cart requests_per_second: {why}"), format!("cart error_ratio: {why}")];
        assert_eq!(lines[..2], expected, "the sum of the others would be a wrong number");
        assert_eq!(lines[2], "cart latency_p50_seconds 0.1");
        let lines = of_one(&[
            rate(REQUESTS_METRIC, &[("code", "200")], 9.0),
            bucket("+Inf", 10.0),
            shown("http_request_duration_seconds_bucket", &[("le", "0.1")], doubt()),
        ]);
        assert_eq!(
            (&*lines[0], &*lines[4]),
            ("cart requests_per_second 9", &*format!("cart latency_p95_seconds: {why}"))
        );
    }

    #[test]
    fn why_there_is_no_number_is_true() {
        let p95 = |counters: &[Counter]| of_one(counters)[4].split_once(": ").map(|(_, why)| why.to_owned());
        let bucket = |le: &str, rate| shown("http_request_duration_seconds_bucket", &[("le", le)], rate);
        let is = |counters: &[Counter], words: &str| {
            let why = p95(counters).unwrap_or_default();
            assert!(why.contains(words), "{why}");
        };
        is(&[bucket("0.1", Ok(5.0)), bucket("1", Ok(9.0))], "has no bucket le=\"+Inf\"");
        is(&[bucket("+Inf", Ok(5.0))], "no bucket but");
        is(&[bucket("1", Ok(0.0)), bucket("+Inf", Ok(0.0))], "Nothing was counted");
        is(&[bucket("1", Err(Unrated::Yet))], "two scrapes");
        is(&[rate("http_request_duration_seconds_count", &[], 5.0)], "without buckets");
        is(&[rate(REQUESTS_METRIC, &[], 5.0)], "shows no http_request_duration_seconds");
    }
}
