//! The named questions a Prometheus is asked of every service.

use std::sync::Arc;

use chrono::TimeDelta;
use serde::Serialize;

use super::outcome::{CODE_LABELS, CodeLabels};
use super::sample::{Origin, Reading};
use crate::domain::time::Instant;
use crate::domain::worded;

/// Requests answered, per second.
pub const REQUESTS: &str = "requests_per_second";
/// The share of requests answered with a server's error, from 0 to 1.
pub const ERRORS: &str = "error_ratio";
/// What half of the requests are answered within.
pub const P50: &str = "latency_p50_seconds";
/// What 90 of 100 requests are answered within.
pub const P90: &str = "latency_p90_seconds";
/// What 95 of 100 requests are answered within.
pub const P95: &str = "latency_p95_seconds";
/// What 99 of 100 requests are answered within.
pub const P99: &str = "latency_p99_seconds";
/// The share of the processor time allowed that is used. No query of it is shipped: no metric says it everywhere.
pub const CPU: &str = "cpu_ratio";
/// The share of the memory allowed that is used. No query of it is shipped: no metric says it everywhere.
pub const MEMORY: &str = "memory_ratio";

/// The labels that may carry the service, the first that is there counts.
pub const SERVICE_LABELS: [&str; 3] = ["service", "app", "job"];
/// The labels that may carry the name of the pod, the first that is there counts.
pub const POD_LABELS: [&str; 3] = ["pod", "kubernetes_pod_name", "pod_name"];
/// The counter of requests the shipped queries read.
pub const REQUESTS_METRIC: &str = "http_requests_total";
/// The histogram of durations, in seconds, the shipped queries read.
pub const DURATION_METRIC: &str = "http_request_duration_seconds";
/// The window of a rate, as PromQL writes it: four scrapes of a minute and one to spare.
pub const RANGE: &str = "5m";

/// A window as PromQL writes it, a second at least.
pub fn range(length: TimeDelta) -> String {
    format!("{}s", length.num_seconds().max(1))
}

/// The same window in seconds.
#[expect(clippy::cast_precision_loss, reason = "seconds of a quarter")]
pub fn seconds(length: TimeDelta) -> f64 {
    length.num_seconds().max(1) as f64
}

worded! {
    /// What a value counts.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Unit {
        /// Events per second.
        PerSecond = "per_second",
        /// A share, 1 being all.
        Ratio = "ratio",
        /// Seconds.
        Seconds = "seconds",
        /// Things.
        Count = "count",
        /// Bytes.
        Bytes = "bytes",
    }
}

impl Unit {
    /// A value of this unit as people read it: `12.5/s`, `0.4 %`, `250 ms`, `1.2k`, `3.4 MB`.
    pub fn say(self, value: f64) -> String {
        match self {
            Self::PerSecond => format!("{}/s", short(value)),
            Self::Ratio => {
                let percent = value * 100.0;
                let digits = if percent == 0.0 || percent.abs() >= 10.0 {
                    0
                } else if percent.abs() >= 1.0 {
                    1
                } else {
                    2
                };
                format!("{percent:.digits$} %")
            }
            Self::Seconds if value.abs() >= 60.0 => format!("{:.1} min", value / 60.0),
            Self::Seconds if value.abs() >= 0.9995 => format!("{value:.1} s"),
            Self::Seconds if value == 0.0 || value.abs() >= 0.001 => format!("{:.0} ms", value * 1_000.0),
            Self::Seconds => format!("{:.0} us", value * 1_000_000.0),
            Self::Count => short(value),
            Self::Bytes => format!("{}B", short(value)),
        }
    }
}

/// Which labels carry what, as one server has them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Labels {
    /// The label whose value is the name of the service.
    pub service: Arc<str>,
    /// The label whose value is the status code of an answer, for queries of one's own: the first known one that is there.
    pub code: Arc<str>,
    /// Those the shipped queries look at, by service.
    pub codes: CodeLabels,
    /// The label whose value is the name of the pod that answered.
    pub pod: Arc<str>,
}

impl Default for Labels {
    fn default() -> Self {
        Self {
            service: SERVICE_LABELS[0].into(),
            code: CODE_LABELS[0].into(),
            codes: CodeLabels::default(),
            pod: POD_LABELS[0].into(),
        }
    }
}

impl Labels {
    /// The labels to use where a metric has these: the first known one that is there. `None` where no label carries the service.
    pub fn among(names: &[&str]) -> Option<Self> {
        let first = |known: &[&'static str]| known.iter().copied().find(|label| names.contains(label));
        let service = first(&SERVICE_LABELS)?;
        let code = first(&CODE_LABELS).unwrap_or(CODE_LABELS[0]);
        let pod = first(&POD_LABELS).unwrap_or(POD_LABELS[0]);
        Some(Self { service: service.into(), code: code.into(), codes: CodeLabels::default(), pod: pod.into() })
    }
}

/// A question with a name: one answer holds one series per service.
///
/// In its PromQL stand `{service_label}`, the label that carries the service, to group by; `{service}`, a matcher of that label (of one
/// service, or of all that have one), written where matchers stand, so `metric{{service}}`; `{code_label}`; and `{range}`, a window.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Query {
    /// Its name, a contract of `status`.
    pub name: Arc<str>,
    /// What its value counts.
    pub unit: Unit,
    /// Its PromQL, with the places above.
    pub promql: Arc<str>,
}

impl Query {
    /// A query.
    pub fn new(name: &str, unit: Unit, promql: &str) -> Self {
        Self { name: name.into(), unit, promql: promql.into() }
    }

    /// The queries that are asked where the configuration says nothing else, in the order they are shown.
    pub fn shipped() -> Vec<Self> {
        let total = format!("sum by ({{service_label}}) (rate({REQUESTS_METRIC}{{{{service}}}}[{{range}}]))");
        // A service without one error has no series above the line: it has none, which is not unknown. One without traffic has no ratio,
        // nor has one of whose requests some do not say how they ended.
        let sum = |what: &str| format!("sum by ({{service_label}}) ({what})");
        let (failed, unsaid) = (sum("{failed}"), sum("{unsaid}"));
        let ratio = format!("({failed} or {total} * 0) / ({total} > 0) unless ({unsaid} > 0)");
        let quantile = |share: &str| {
            format!(
                "histogram_quantile({share}, sum by (le, {{service_label}}) (rate({DURATION_METRIC}_bucket{{{{service}}}}[{{range}}])))"
            )
        };
        vec![
            Self::new(REQUESTS, Unit::PerSecond, &total),
            Self::new(ERRORS, Unit::Ratio, &ratio),
            Self::new(P50, Unit::Seconds, &quantile("0.5")),
            Self::new(P90, Unit::Seconds, &quantile("0.9")),
            Self::new(P95, Unit::Seconds, &quantile("0.95")),
            Self::new(P99, Unit::Seconds, &quantile("0.99")),
        ]
    }

    /// A reading of it for a service, without a value and without the reason.
    pub fn unread(&self, service: &Arc<str>, origin: Origin, observed_at: Instant) -> Reading {
        Reading {
            name: self.name.clone(),
            service: service.clone(),
            value: None,
            unit: self.unit,
            observed_at,
            origin,
            why_absent: None,
        }
    }

    /// The PromQL for all services at once.
    pub fn for_all(&self, labels: &Labels, range: &str) -> String {
        self.fill(labels, &format!("{}!=\"\"", labels.service), range)
    }

    /// The PromQL for one service.
    pub fn for_one(&self, labels: &Labels, service: &str, range: &str) -> String {
        self.fill(labels, &format!("{}={}", labels.service, quoted(service)), range)
    }

    /// The PromQL for some pods of one service; `None` where the query does not say where its matchers stand.
    pub fn for_pods(&self, labels: &Labels, service: &str, pods: &[Arc<str>], range: &str) -> Option<String> {
        let is_name = |name: &&Arc<str>| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte));
        let names: Vec<String> = pods.iter().filter(is_name).map(|name| name.replace('.', "[.]")).collect();
        if names.is_empty() || !self.promql.contains("{service}") {
            return None;
        }
        let matchers = format!("{}={}, {}=~\"{}\"", labels.service, quoted(service), labels.pod, names.join("|"));
        Some(self.fill(labels, &matchers, range))
    }

    fn fill(&self, labels: &Labels, matcher: &str, range: &str) -> String {
        fill(&self.promql, labels, matcher, range)
    }
}

/// A text with its places filled.
fn fill(promql: &str, labels: &Labels, matcher: &str, range: &str) -> String {
    let codes = &labels.codes;
    // The matcher last: a service's name is never read as a place.
    promql
        .replace("{failed}", &codes.failed(&labels.service, "{service}", range))
        .replace("{unsaid}", &codes.unsaid_rates(&labels.service, "{service}", range))
        .replace("{service_label}", &labels.service)
        .replace("{code_label}", &labels.code)
        .replace("{range}", range)
        .replace("{service}", matcher)
}

/// A text in the form of a [`Query`], for some services at once: cheaper than for all where the window is long. A name with a dot covers more
/// than itself; whoever reads the answer looks for the name.
pub fn for_some(promql: &str, labels: &Labels, services: &[&str], range: &str) -> String {
    fill(promql, labels, &format!("{}=~{}", labels.service, quoted(&services.join("|"))), range)
}

/// A number in few digits: `0.25`, `7`, `12.5`, `340`, `1.2k`, `3.4M`.
fn short(value: f64) -> String {
    for (size, sign) in [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")] {
        if value.abs() >= size * 0.9995 {
            return format!("{:.1}{sign}", value / size);
        }
    }
    if value.fract() == 0.0 || value.abs() >= 100.0 {
        format!("{value:.0}")
    } else if value.abs() >= 1.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}

/// A text as PromQL quotes it.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => {
                quoted.push('\\');
                quoted.push(character);
            }
            '\n' => quoted.push_str("\\n"),
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shipped(name: &str) -> Query {
        Query::shipped().into_iter().find(|query| &*query.name == name).expect("it ships")
    }

    #[test]
    fn places_are_filled_for_all_and_for_one() {
        let codes = CodeLabels { everywhere: Some("status".into()), ..CodeLabels::default() };
        let labels = Labels { service: "app".into(), code: "status".into(), codes, ..Labels::default() };
        assert_eq!(
            shipped(REQUESTS).for_all(&labels, RANGE),
            "sum by (app) (rate(http_requests_total{app!=\"\"}[5m]))"
        );
        assert_eq!(
            shipped(ERRORS).for_one(&labels, "cart", "1h"),
            "(sum by (app) (rate(http_requests_total{app=\"cart\", status=~\"5..\"}[1h])) or \
             sum by (app) (rate(http_requests_total{app=\"cart\"}[1h])) * 0) / \
             (sum by (app) (rate(http_requests_total{app=\"cart\"}[1h])) > 0) unless \
             (sum by (app) (rate(http_requests_total{app=\"cart\", status!~\"1..|2..|3..|4..|5..\"}[1h])) > 0)"
        );
        assert_eq!(
            shipped(P95).for_all(&labels, RANGE),
            "histogram_quantile(0.95, sum by (le, app) (rate(http_request_duration_seconds_bucket{app!=\"\"}[5m])))"
        );
    }

    #[test]
    fn a_service_cannot_leave_its_quotes_or_be_a_place() {
        let text = shipped(REQUESTS).for_one(&Labels::default(), "a\"} or {range}\\\n", RANGE);
        assert_eq!(text, "sum by (service) (rate(http_requests_total{service=\"a\\\"} or {range}\\\\\\n\"}[5m]))");
    }

    #[test]
    fn some_pods_are_asked_for_by_their_whole_names_and_only_where_the_query_has_a_place_for_it() {
        let pods = ["cart-5c-x.y", "cart-5c-z", "cart\"} or up"].map(Into::into);
        let asked = shipped(REQUESTS).for_pods(&Labels::default(), "cart", &pods, RANGE);
        let text =
            "sum by (service) (rate(http_requests_total{service=\"cart\", pod=~\"cart-5c-x[.]y|cart-5c-z\"}[5m]))";
        assert_eq!(asked.as_deref(), Some(text), "what is no name of a pod is left out");
        let none: [Arc<str>; 0] = [];
        assert_eq!(shipped(REQUESTS).for_pods(&Labels::default(), "cart", &none, RANGE), None);
        let placeless = Query::new("own", Unit::PerSecond, "sum(rate(orders_total[5m]))");
        assert_eq!(placeless.for_pods(&Labels::default(), "cart", &pods, RANGE), None, "it would count all pods");
    }

    #[test]
    fn the_first_known_label_that_is_there_is_used() {
        let of =
            |names: &[&str]| Labels::among(names).map(|labels| (labels.service.to_string(), labels.code.to_string()));
        assert_eq!(of(&["job", "app", "status"]), Some(("app".to_owned(), "status".to_owned())));
        assert_eq!(of(&["job", "service"]), Some(("service".to_owned(), "code".to_owned())));
        assert_eq!(of(&["instance"]), None);
    }

    #[test]
    fn a_value_is_said_as_people_read_it() {
        for (unit, value, said) in [
            (Unit::PerSecond, 12.54, "12.5/s"),
            (Unit::PerSecond, 0.0, "0/s"),
            (Unit::PerSecond, 0.25, "0.25/s"),
            (Unit::PerSecond, 1_234.0, "1.2k/s"),
            (Unit::Ratio, 0.0, "0 %"),
            (Unit::Ratio, 0.0042, "0.42 %"),
            (Unit::Ratio, 0.0123, "1.2 %"),
            (Unit::Ratio, 0.4, "40 %"),
            (Unit::Seconds, 0.2504, "250 ms"),
            (Unit::Seconds, 2.04, "2.0 s"),
            (Unit::Seconds, 0.0004, "400 us"),
            (Unit::Seconds, 90.0, "1.5 min"),
            (Unit::Bytes, 3_400_000.0, "3.4MB"),
            (Unit::Count, 7.0, "7"),
        ] {
            assert_eq!(unit.say(value), said);
        }
    }

    #[test]
    fn a_unit_is_known_by_its_word() {
        assert!(Unit::ALL.into_iter().all(|unit| Unit::of_word(unit.word()) == Some(unit)));
        assert_eq!(Unit::of_word("furlongs"), None);
    }
}
