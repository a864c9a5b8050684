//! The last hour of every signal: read once, then appended to.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;

use super::client::Prometheus;
use crate::domain::signal::query::RANGE;
use crate::domain::signal::trace::{self, MINUTES, Trace};
use crate::domain::signal::{Labels, Query, Reading};
use crate::domain::time::Instant;
use crate::sources::error::{SourceError, Trouble};
use crate::sources::metrics::ObserveMetrics;

/// The most queries whose past is kept, the first of them.
const QUERIES_AT_MOST: usize = 8;
/// The most services whose past is kept: with every query 2 MB.
const SERVICES_AT_MOST: usize = 500;

/// A service and a query.
type Key = (Arc<str>, Arc<str>);

/// The last hour, a value a minute.
#[derive(Debug, Default)]
pub(super) struct History {
    /// By service and query.
    kept: BTreeMap<Key, Vec<Option<f32>>>,
    /// The minute of the last value of each; `None` before anything was read.
    newest: Option<i64>,
}

impl History {
    /// Reads what is missing, when nothing is known yet or whole minutes were missed. A query that is refused has no past; the others do.
    pub(super) async fn fill(
        &mut self,
        prometheus: &Prometheus,
        queries: &[Query],
        labels: &Labels,
        now: Instant,
    ) -> Result<(), SourceError> {
        let last = trace::minute(now);
        if self.newest.is_some_and(|newest| last - newest <= 1) {
            return Ok(());
        }
        let mut found = Vec::new();
        let (start, end) = (trace::beginning(last + 1) - TimeDelta::hours(1), trace::beginning(last));
        for query in queries.iter().take(QUERIES_AT_MOST) {
            match prometheus.range(&query.for_all(labels, RANGE), start, end, TimeDelta::minutes(1)).await {
                Ok(metrics) => found.push((query.name.clone(), metrics.series)),
                Err(error) if error.trouble == Trouble::Rejected => {}
                Err(error) => return Err(error),
            }
        }
        self.advance(last);
        for (name, series) in found {
            for series in series {
                let Some(service) = series.label(&labels.service).filter(|service| !service.is_empty()).cloned() else {
                    continue;
                };
                for sample in &series.samples {
                    // Its clock and ours may round a beginning to either side.
                    let minute = trace::minute(sample.at + TimeDelta::seconds(30));
                    self.put(&service, &name, minute, sample.number());
                }
            }
        }
        Ok(())
    }

    /// Takes in what was read now.
    pub(super) fn append(&mut self, queries: &[Query], readings: &[Reading], at: Instant) {
        let minute = trace::minute(at);
        self.advance(minute);
        let is_traced = |name: &Arc<str>| queries.iter().take(QUERIES_AT_MOST).any(|query| query.name == *name);
        for reading in readings.iter().filter(|reading| is_traced(&reading.name)) {
            self.put(&reading.service, &reading.name, minute, reading.value);
        }
    }

    /// Moves on to a minute; what is older than an hour is forgotten.
    fn advance(&mut self, minute: i64) {
        let by = self.newest.map_or(0, |newest| minute - newest);
        if by > 0 {
            let by = usize::try_from(by).unwrap_or(MINUTES).min(MINUTES);
            for values in self.kept.values_mut() {
                values.drain(..by);
                values.resize(MINUTES, None);
            }
            self.kept.retain(|_, values| values.iter().any(Option::is_some));
        }
        self.newest = Some(self.newest.map_or(minute, |newest| newest.max(minute)));
    }

    fn put(&mut self, service: &Arc<str>, name: &Arc<str>, minute: i64, value: Option<f64>) {
        let Some(newest) = self.newest else { return };
        let Some(place) = usize::try_from(newest - minute).ok().and_then(|back| (MINUTES - 1).checked_sub(back)) else {
            return;
        };
        let key = (service.clone(), name.clone());
        if !self.kept.contains_key(&key) && (value.is_none() || self.kept.len() >= SERVICES_AT_MOST * QUERIES_AT_MOST) {
            return;
        }
        let values = self.kept.entry(key).or_insert_with(|| vec![None; MINUTES]);
        #[expect(clippy::cast_possible_truncation, reason = "a line of a few cells needs no more digits")]
        let value = value.map(|value| value as f32);
        if let Some(kept) = values.get_mut(place) {
            *kept = value;
        }
    }

    /// What is kept, by service and query.
    pub(super) fn traces(&self) -> Arc<[Trace]> {
        let newest = trace::beginning(self.newest.unwrap_or_default());
        let trace = |((service, name), values): (&Key, &Vec<Option<f32>>)| Trace {
            service: service.clone(),
            name: name.clone(),
            values: values.as_slice().into(),
            newest,
        };
        self.kept.iter().map(trace).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::signal::{Origin, Unit};

    fn at(minutes: i64) -> Instant {
        trace::beginning(30_000_000 + minutes)
    }

    fn read(history: &mut History, minutes: i64, value: Option<f64>) {
        let reading = Reading {
            name: "requests_per_second".into(),
            service: "cart".into(),
            value,
            unit: Unit::PerSecond,
            observed_at: at(minutes),
            origin: Origin::Prometheus,
            why_absent: None,
        };
        history.append(&Query::shipped(), &[reading], at(minutes));
    }

    fn last(history: &History, count: usize) -> Vec<Option<f32>> {
        let traces = history.traces();
        let values = traces.first().map(|trace| trace.values.to_vec()).unwrap_or_default();
        values.get(MINUTES - count..).map(<[_]>::to_vec).unwrap_or_default()
    }

    #[test]
    fn a_minute_that_was_missed_is_a_gap_and_the_hour_moves_on() {
        let mut history = History::default();
        read(&mut history, 0, Some(1.0));
        read(&mut history, 0, Some(2.0));
        read(&mut history, 1, Some(3.0));
        read(&mut history, 3, None);
        read(&mut history, 4, Some(5.0));
        assert_eq!(last(&history, 6), [None, Some(2.0), Some(3.0), None, None, Some(5.0)]);
        read(&mut history, 62, Some(6.0));
        assert_eq!(last(&history, 60).iter().flatten().count(), 2, "what is older than an hour is forgotten");
        read(&mut history, 300, None);
        assert_eq!(history.traces().len(), 0, "and so is a series of which nothing is left");
    }

    #[test]
    fn what_was_never_a_number_has_no_past() {
        let mut history = History::default();
        read(&mut history, 0, None);
        assert_eq!(history.traces().len(), 0);
    }
}
