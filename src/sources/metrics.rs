//! The port through which series are read.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;

use super::observe::Answer;
use crate::domain::alert;
use crate::domain::signal::{Labels, Series};
use crate::domain::time::Instant;

/// Series as the source had them, with what it said beside.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Metrics {
    /// The series, each of one set of labels.
    pub series: Vec<Series>,
    /// Warnings and remarks of the source, cleaned: with one the series may be a part of all.
    pub notes: Vec<String>,
    /// How many elements were native histograms and are not among the series.
    pub histograms: usize,
    /// How far the source's clock is ahead of ours, in seconds; 0 within what a slow answer explains.
    pub ahead: i64,
}

impl Metrics {
    /// The newest value of each series by what a label of it says: of a service one, where the question groups by nothing else.
    pub(super) fn by(&self, label: &str) -> BTreeMap<&Arc<str>, Vec<f64>> {
        let mut values: BTreeMap<&Arc<str>, Vec<f64>> = BTreeMap::new();
        for series in &self.series {
            if let (Some(name), Some(sample)) = (series.label(label).filter(|name| !name.is_empty()), series.last()) {
                values.entry(name).or_default().push(sample.value);
            }
        }
        values
    }
}

/// The only value; `None` where there are several, or none that is a number.
pub(super) fn only(values: &[f64]) -> Option<f64> {
    match values {
        [value] => Some(*value).filter(|value| value.is_finite()),
        _ => None,
    }
}

/// An alert as the rules of a Prometheus have it. Texts are cleaned.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleAlert {
    /// Its labels in the order of their names, without the external labels that go with what is sent; the name is `alertname`.
    pub labels: alert::Labels,
    /// Its annotations, in the order of their names.
    pub annotations: alert::Labels,
    /// Whether it fires; else it is pending.
    pub is_firing: bool,
    /// Since when the expression holds, by our clock.
    pub active_at: Option<Instant>,
    /// The value of its expression, where it is a number.
    pub value: Option<f64>,
}

/// A rule of a Prometheus. Texts are cleaned.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// The alert's name, or the recorded metric's.
    pub name: Arc<str>,
    /// Whether it alerts; else it records.
    pub is_alerting: bool,
    /// Its expression, whole.
    pub expression: String,
    /// How long the expression has to hold, of one that alerts.
    pub held_for: TimeDelta,
    /// Whether its last evaluation went well: `ok`, `err` or `unknown`.
    pub health: String,
    /// Why it did not.
    pub error: Option<String>,
    /// What is pending or fires by it.
    pub alerts: Vec<RuleAlert>,
}

/// Reading series and the rules that alert. Changes nothing.
pub trait ObserveMetrics: Send + Sync {
    /// The newest value of every series of an expression at a time; one sample each.
    fn instant<'a>(&'a self, query: &'a str, at: Instant) -> Answer<'a, Metrics>;

    /// The values of every series of an expression from `start` to `end`, one each `step`; at most 11,000 steps.
    fn range<'a>(&'a self, query: &'a str, start: Instant, end: Instant, step: TimeDelta) -> Answer<'a, Metrics>;

    /// Its rules that alert, with what is pending or fires by each.
    fn alerting(&self) -> Answer<'_, Vec<Rule>>;

    /// The labels that carry service and status; asked once for each connection. `None`: no label carries the service.
    fn labels(&self) -> Answer<'_, Option<Labels>>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::signal::Sample;

    #[test]
    fn several_series_for_one_service_are_no_number() {
        let series = |service: &str, value: f64| Series {
            labels: [("service".into(), service.into())].into(),
            samples: vec![Sample { at: Instant::default(), value }],
        };
        let all = vec![series("a", 1.0), series("b", 1.0), series("b", 2.0), series("c", f64::NAN), series("", 1.0)];
        let found = Metrics { series: all, ..Metrics::default() };
        let found: Vec<Option<f64>> = found.by("service").into_values().map(|values| only(&values)).collect();
        assert_eq!(found, [Some(1.0), None, None]);
    }
}
