//! Samples, series and readings, as a source found them.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::query::{Labels, Unit};
use super::trace::Trace;
use crate::domain::source::{SourceHealth, SourceState};
use crate::domain::time::Instant;
use crate::domain::worded;

/// One value at one time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// When, by the source's clock.
    pub at: Instant,
    /// The value; NaN says that there is no data, infinities are themselves.
    pub value: f64,
}

impl Sample {
    /// The value, where it is a number one can compare and show.
    pub fn number(&self) -> Option<f64> {
        self.value.is_finite().then_some(self.value)
    }
}

/// The samples of one set of labels, oldest first.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Series {
    /// Its labels, cleaned; the name of the metric is `__name__` where there is one.
    pub labels: BTreeMap<Arc<str>, Arc<str>>,
    /// Its samples; an element that was a native histogram is not among them.
    pub samples: Vec<Sample>,
}

impl Series {
    /// The value of a label.
    pub fn label(&self, name: &str) -> Option<&Arc<str>> {
        self.labels.get(name)
    }

    /// Its newest sample.
    pub fn last(&self) -> Option<Sample> {
        self.samples.last().copied()
    }
}

worded! {
    /// Who measured.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
    #[serde(rename_all = "lowercase")]
    pub enum Origin {
        /// A Prometheus, or what speaks as one.
        Prometheus = "prometheus",
        /// Quarterdeck itself, from the metrics a service shows.
        Direct = "direct",
    }
}

/// The newest value of one query for one service.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The name of the query.
    pub name: Arc<str>,
    /// The service, as its label has it, cleaned.
    pub service: Arc<str>,
    /// The value, always finite; `None` when it is not known.
    pub value: Option<f64>,
    /// What it counts.
    pub unit: Unit,
    /// When it was true, by our clock.
    pub observed_at: Instant,
    /// Who measured it.
    pub origin: Origin,
    /// Why there is no value; `None` when there is one.
    pub why_absent: Option<String>,
}

/// All readings of an environment at one time.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SignalSnapshot {
    /// The environment.
    pub environment: Arc<str>,
    /// The readings, by service and then in the order of the queries; the last good ones while the source fails.
    pub readings: Arc<[Reading]>,
    /// The last hour of the readings, by service and name.
    pub traces: Arc<[Trace]>,
    /// The labels the source carries service and status in; `None` until it was asked.
    pub labels: Option<Labels>,
    /// The sources, with how fresh each is.
    pub health: Vec<SourceHealth>,
    /// What an operator should know of them, as sentences.
    pub notes: Vec<String>,
}

impl SignalSnapshot {
    /// Whether every source has answered or failed.
    pub fn is_settled(&self) -> bool {
        self.health.iter().all(|source| source.state != SourceState::Loading)
    }

    /// The last hour of one query for one service.
    pub fn trace(&self, service: &str, name: &str) -> Option<&Trace> {
        let key = |trace: &Trace| (&*trace.service, &*trace.name).cmp(&(service, name));
        self.traces.binary_search_by(key).ok().and_then(|place| self.traces.get(place))
    }

    /// The reading of one query for one service.
    pub fn reading(&self, service: &str, name: &str) -> Option<&Reading> {
        self.readings.iter().find(|reading| &*reading.service == service && &*reading.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_number_is_never_one() {
        let of = |value| Sample { at: Instant::default(), value }.number();
        assert_eq!(of(0.0), Some(0.0));
        assert_eq!((of(f64::NAN), of(f64::INFINITY), of(f64::NEG_INFINITY)), (None, None, None));
    }
}
