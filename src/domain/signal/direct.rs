//! What the shipped queries ask, worked out from metrics that were read without a Prometheus between.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::histogram::quantile;
use super::query::{
    CODE_LABELS, DURATION_METRIC, ERRORS, P50, P90, P95, P99, REQUESTS, REQUESTS_METRIC, SERVICE_LABELS,
};
use super::{Origin, Query, Reading, Series};
use crate::domain::time::Instant;

/// Whether a metric is one of those the shipped queries ask for.
pub fn is_wanted(metric: &str) -> bool {
    metric == REQUESTS_METRIC || metric.strip_prefix(DURATION_METRIC).is_some_and(|rest| rest == "_bucket")
}

/// What was counted of one service, per second.
#[derive(Debug, Clone, Default, PartialEq)]
struct Counted {
    /// Requests answered, and those answered with a server's error; `None` while no counter of them has a rate.
    requests: Option<(f64, f64)>,
    /// Requests answered within a bound in seconds, by the bits of the bound.
    within: BTreeMap<u64, f64>,
    /// The time of the newest sample.
    newest: Option<Instant>,
}

/// What was counted of every service between two scrapes, over all the places that show it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Direct {
    counted: BTreeMap<Arc<str>, Counted>,
}

impl Direct {
    /// Adds the rates of one place. `service` is whose they are; `None` where a label says so. Series of no service are left out.
    pub fn add(&mut self, service: Option<&Arc<str>>, rates: &[Series]) {
        for series in rates {
            let labelled = || SERVICE_LABELS.iter().find_map(|label| series.label(label));
            let Some(service) = service.or_else(labelled).filter(|service| !service.is_empty()) else { continue };
            let (Some(metric), Some(sample)) = (series.label("__name__"), series.last()) else { continue };
            let counted = self.counted.entry(service.clone()).or_default();
            counted.newest = counted.newest.max(Some(sample.at));
            if **metric == *REQUESTS_METRIC {
                let code = CODE_LABELS.iter().find_map(|label| series.label(label));
                let is_failed = code.is_some_and(|code| code.len() == 3 && code.starts_with('5'));
                let (all, failed) = counted.requests.get_or_insert((0.0, 0.0));
                *all += sample.value;
                *failed += if is_failed { sample.value } else { 0.0 };
            } else if let Some(bound) = series.label("le").and_then(|le| le.trim_start_matches('+').parse::<f64>().ok())
            {
                // Every zero is one, and no NaN is a bound.
                if !bound.is_nan() {
                    *counted.within.entry((bound + 0.0).to_bits()).or_default() += sample.value;
                }
            }
        }
    }

    /// The services that were seen.
    pub fn services(&self) -> impl Iterator<Item = &Arc<str>> {
        self.counted.keys()
    }

    /// The readings of some services: each query's value, or why there is none. What a shipped query does not ask is not measured
    /// this way, nor one the configuration has other words for.
    pub fn readings(&self, services: &BTreeSet<Arc<str>>, queries: &[Query], at: Instant) -> Vec<Reading> {
        let shipped = Query::shipped();
        let mut readings = Vec::with_capacity(services.len() * queries.len());
        for service in services {
            let newest = self.counted.get(service).and_then(|counted| counted.newest);
            let observed_at = newest.map_or(at, |newest| newest.min(at));
            for query in queries {
                let found = if shipped.contains(query) {
                    self.counted.get(service).map_or_else(|| Err(NO_RATE.to_owned()), |one| one.value(&query.name))
                } else {
                    Err("It is read from a metrics page, and only a Prometheus answers this query.".to_owned())
                };
                readings.push(Reading {
                    name: query.name.clone(),
                    service: service.clone(),
                    value: found.as_ref().ok().copied(),
                    unit: query.unit,
                    observed_at,
                    origin: Origin::Direct,
                    why_absent: found.err(),
                });
            }
        }
        readings
    }
}

/// Two scrapes make a rate.
const NO_RATE: &str = "There is no rate of it yet: it takes two scrapes that show it.";

impl Counted {
    fn value(&self, query: &str) -> Result<f64, String> {
        match query {
            REQUESTS => self.requests.map(|(all, _)| all).ok_or_else(|| NO_RATE.to_owned()),
            ERRORS => match self.requests {
                Some((all, failed)) if all > 0.0 => Ok(failed / all),
                Some(_) => Err("Nothing was counted since the scrape before.".to_owned()),
                None => Err(NO_RATE.to_owned()),
            },
            P50 => self.quantile(0.5),
            P90 => self.quantile(0.9),
            P95 => self.quantile(0.95),
            P99 => self.quantile(0.99),
            _ => Err("Only a Prometheus answers this query.".to_owned()),
        }
    }

    fn quantile(&self, share: f64) -> Result<f64, String> {
        if self.within.is_empty() {
            return Err(NO_RATE.to_owned());
        }
        let buckets = self.within.iter().map(|(bound, count)| (f64::from_bits(*bound), *count)).collect();
        let value = quantile(share, buckets);
        if value.is_nan() {
            return Err("Nothing was counted since the scrape before.".to_owned());
        }
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::signal::{Sample, Unit};

    fn rate(metric: &str, labels: &[(&str, &str)], value: f64) -> Series {
        let own = ("__name__", metric);
        let named = std::iter::once(&own).chain(labels);
        Series {
            labels: named.map(|(name, value)| ((*name).into(), (*value).into())).collect(),
            samples: vec![Sample { at: Instant::default(), value }],
        }
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
        assert!(lines[2].ends_with("it takes two scrapes that show it."), "{lines:?}");
        assert_eq!(lines[6..8], ["mail requests_per_second 2", "mail error_ratio 0"]);
        assert_eq!(lines.len(), 12, "a series of no service is left out");
    }

    #[test]
    fn only_what_is_asked_is_wanted() {
        let wanted = [
            "http_requests_total",
            "http_request_duration_seconds_bucket",
            "http_requests_total_x",
            "http_request_duration_seconds_sum",
        ];
        assert_eq!(wanted.map(is_wanted), [true, true, false, false]);
    }
}
