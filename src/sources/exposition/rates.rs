//! Counters of successive scrapes as events per second.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chrono::TimeDelta;

use crate::domain::signal::direct::{Counter, Unrated};
use crate::domain::signal::{Sample, Series};

/// Two scrapes further apart say nothing of now.
const APART_AT_MOST: TimeDelta = TimeDelta::minutes(5);

pub(super) type Labels = BTreeMap<Arc<str>, Arc<str>>;

/// The counters as the last scrape had them.
#[derive(Debug, Clone, Default)]
pub struct Rates {
    /// Each as it was last, and its rate then.
    last: HashMap<Labels, (Sample, Option<Sample>)>,
}

impl Rates {
    /// Whether nothing was scraped yet.
    pub fn is_empty(&self) -> bool {
        self.last.is_empty()
    }

    /// The rate of each counter since the scrape before, in events per second, at the time of this one. A counter that is smaller than
    /// before was reset: it has counted from zero since. One that is new, or was not scraped for five minutes, has no rate yet. One whose
    /// sample is still the same, as a federation shows it between two scrapes of its own, has the rate it had, at the time it had it. One
    /// that is no number, or below zero, is doubtful.
    pub fn observe(&mut self, series: Vec<Series>) -> Vec<Counter> {
        let mut next = HashMap::with_capacity(series.len());
        let mut counters = Vec::with_capacity(series.len());
        for one in series {
            let Some(sample) = one.last() else { continue };
            if !sample.value.is_finite() || sample.value < 0.0 {
                let name = one.label("__name__").map_or("", |name| &**name);
                let what = if sample.value < 0.0 { "below zero" } else { "no number" };
                let rate = Err(Unrated::Doubtful(format!("A counter of {name} is {what}: {}.", sample.value)));
                counters.push(Counter { series: one, rate });
                continue;
            }
            let kept = match self.last.get(&one.labels) {
                Some((before, known)) if before.at >= sample.at => (*before, *known),
                Some((before, _)) => (sample, rate(*before, sample).map(|rate| Sample { at: sample.at, value: rate })),
                None => (sample, None),
            };
            next.insert(one.labels.clone(), kept);
            counters.push(Counter { series: one, rate: kept.1.ok_or(Unrated::Yet) });
        }
        self.last = next;
        counters
    }
}

fn rate(before: Sample, now: Sample) -> Option<f64> {
    let passed = now.at - before.at;
    if passed <= TimeDelta::zero() || passed > APART_AT_MOST {
        return None;
    }
    let counted = if now.value < before.value { now.value } else { now.value - before.value };
    Some(counted / passed.as_seconds_f64()).filter(|rate| rate.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scrape(seconds: i64, values: &[(&str, f64)]) -> Vec<Series> {
        let at = chrono::DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap_or_default();
        let one = |(name, value): &(&str, f64)| Series {
            labels: [("__name__".into(), (*name).into())].into(),
            samples: vec![Sample { at, value: *value }],
        };
        values.iter().map(one).collect()
    }

    fn values(counters: &[Counter]) -> Vec<f64> {
        counters.iter().filter_map(|one| Some(one.rate.as_ref().ok()?.value)).collect()
    }

    #[test]
    fn a_counter_needs_two_scrapes_and_survives_its_reset() {
        let mut rates = Rates::default();
        assert_eq!(values(&rates.observe(scrape(0, &[("x", 100.0)]))), [0.0; 0]);
        assert_eq!(values(&rates.observe(scrape(15, &[("x", 130.0)]))), [2.0]);
        assert_eq!(values(&rates.observe(scrape(30, &[("x", 30.0)]))), [2.0], "from zero again");
    }

    #[test]
    fn a_sample_that_is_still_the_same_keeps_its_rate() {
        let mut rates = Rates::default();
        rates.observe(scrape(0, &[("x", 100.0)]));
        assert_eq!(values(&rates.observe(scrape(60, &[("x", 160.0)]))), [1.0]);
        let again = rates.observe(scrape(60, &[("x", 160.0)]));
        let since = again[0].rate.as_ref().map(|rate| rate.at);
        assert_eq!((values(&again), since), (vec![1.0], Ok(scrape(60, &[("x", 0.0)])[0].samples[0].at)));
        assert_eq!(values(&rates.observe(scrape(120, &[("x", 280.0)]))), [2.0]);
    }

    #[test]
    fn what_says_nothing_of_now_has_no_rate() {
        let mut rates = Rates::default();
        rates.observe(scrape(0, &[("x", 1.0), ("y", 1.0)]));
        let found = rates.observe(scrape(0, &[("x", 5.0), ("y", f64::NAN)]));
        assert_eq!(values(&found), [0.0; 0], "no time passed");
        let said = |one: &Counter| matches!(&one.rate, Err(Unrated::Doubtful(why)) if why == "A counter of y is no number: NaN.");
        assert!(said(&found[1]) && found[0].rate == Err(Unrated::Yet), "{found:?}");
        assert_eq!(values(&rates.observe(scrape(301, &[("x", 9.0), ("y", 9.0)]))), [0.0; 0], "too long ago, or a gap");
    }
}
