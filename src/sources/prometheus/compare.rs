//! What a Prometheus measured since a release, before it and a week ago.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;

use super::client::Prometheus;
use super::source::SignalFeed;
use crate::domain::advice::{Absence, Beside, Compared, Other, Released, Value, Window, windows};
use crate::domain::signal::query::{self, ERRORS, P95, REQUESTS};
use crate::domain::signal::{Labels, Query, Unit};
use crate::domain::time::Instant;
use crate::sources::error::{SourceError, Trouble};
use crate::sources::metrics::{ObserveMetrics, only};

/// The most business metrics that are compared, the first of them.
const BUSINESS_AT_MOST: usize = 5;

/// The values of one query by service, or why there are none.
type Found = Result<BTreeMap<Arc<str>, f64>, Absence>;

impl SignalFeed {
    /// Compares releases, one after the other: never two questions at a time. One that cannot be read says why.
    pub async fn compare(&self, releases: Vec<Released>, now: Instant) -> Vec<Compared> {
        let mut found = Vec::with_capacity(releases.len());
        for released in releases {
            let Some((ends, length)) = windows(released.began, now) else { continue };
            let asked = self.windows(&released, ends, length).await;
            let (windows, others, beside) = match asked {
                Ok((windows, others, beside)) => (Ok(windows), others, beside),
                Err(error) => (Err(error.sentence), Vec::new(), None),
            };
            found.push(Compared { released, length, observed_at: now, windows, others, beside });
        }
        found
    }

    async fn windows(
        &self,
        released: &Released,
        ends: [Instant; 3],
        length: TimeDelta,
    ) -> Result<([Window; 3], Vec<Other>, Option<Beside>), SourceError> {
        let prometheus = self.past()?;
        let Some(labels) = prometheus.labels().await? else {
            let sentence = format!("no label of {} carries the service.", prometheus.name());
            return Err(SourceError::new(Trouble::Rejected, sentence));
        };
        let (range, seconds) = (query::range(length), query::seconds(length));
        let service = &released.service;
        let mut all = Vec::with_capacity(ends.len());
        let mut everybody = Vec::with_capacity(ends.len());
        for end in ends {
            let requests = self.of_all(REQUESTS, &labels, &range, end).await?;
            let errors = self.of_all(ERRORS, &labels, &range, end).await?;
            let one = |query: &Query| Some(query.for_one(&labels, service, &range));
            let p95 = self.asked(self.named(P95), one, &labels, end).await?;
            let mut business = Vec::new();
            for query in self.business() {
                let found = self.asked(Some(query), one, &labels, end).await?;
                business.push((query.name.clone(), of(&found, service)));
            }
            all.push(Window {
                requests: of(&requests, service).map(|pace| pace * seconds),
                errors: self.share(of(&errors, service), &of(&requests, service)),
                p95: of(&p95, service),
                business,
            });
            everybody.push((requests.unwrap_or_default(), errors.unwrap_or_default()));
        }
        let others = match everybody.as_slice() {
            [(requests, since), (_, before), ..] => since
                .iter()
                .filter(|(name, _)| *name != service)
                .filter_map(|(name, errors)| {
                    let count = requests.get(name).copied().unwrap_or_default() * seconds;
                    Other::failing(name, count, *errors, before.get(name).copied()?)
                })
                .collect(),
            _ => Vec::new(),
        };
        let windows = <[Window; 3]>::try_from(all)
            .map_err(|_| SourceError::new(Trouble::Malformed, "the windows could not be read.".to_owned()))?;
        let beside = self.beside(released, &labels, length, ends[0]).await?;
        Ok((windows, others, beside))
    }

    /// What the new pods and the old ones answered in the same window; `None` where no series tells them apart.
    async fn beside(
        &self,
        released: &Released,
        labels: &Labels,
        length: TimeDelta,
        end: Instant,
    ) -> Result<Option<Beside>, SourceError> {
        let Some(sides) = &released.sides else { return Ok(None) };
        let range = query::range(length);
        let mut found = Vec::with_capacity(2);
        for pods in [&sides.new, &sides.old] {
            let of_pods = |query: &Query| query.for_pods(labels, &released.service, pods, &range);
            let mut values = Vec::with_capacity(3);
            for name in [REQUESTS, ERRORS, P95] {
                let asked = self.asked(self.named(name), of_pods, labels, end).await?;
                values.push(of(&asked, &released.service));
            }
            let Ok([requests, errors, p95]) = <[Value; 3]>::try_from(values) else { return Ok(None) };
            let errors = self.share(errors, &requests);
            let requests = requests.map(|pace| pace * query::seconds(length));
            found.push(Window { requests, errors, p95, business: Vec::new() });
        }
        let Ok([new, old]) = <[Window; 2]>::try_from(found) else { return Ok(None) };
        // Series without the name of a pod are of both sides and of neither.
        let are_told_apart = new.requests.is_ok() || old.requests.is_ok();
        Ok(are_told_apart.then_some(Beside { new, old }))
    }

    async fn of_all(&self, name: &str, labels: &Labels, range: &str, at: Instant) -> Result<Found, SourceError> {
        self.asked(self.named(name), |query| Some(query.for_all(labels, range)), labels, at).await
    }

    /// What keeps a past.
    pub(super) fn past(&self) -> Result<&Prometheus, SourceError> {
        self.prometheus.as_ref().ok_or_else(|| {
            let sentence = format!("{} has no Prometheus, and pages of metrics keep no past.", self.environment);
            SourceError::new(Trouble::Setup, sentence)
        })
    }

    /// A share of errors, which is missing of requests that were answered where not all of them say how they ended.
    fn share(&self, errors: Value, requests: &Value) -> Value {
        let is_shipped = || self.named(ERRORS).is_some_and(|query| Query::shipped().contains(query));
        let are_some = requests.as_ref().is_ok_and(|pace| *pace > 0.0);
        if errors == Err(Absence::NoSeries) && are_some && is_shipped() { Err(Absence::Unsaid) } else { errors }
    }

    fn named(&self, name: &str) -> Option<&Query> {
        self.queries.iter().find(|query| &*query.name == name)
    }

    /// Queries of one's own that count events per second: registrations, orders.
    fn business(&self) -> impl Iterator<Item = &Query> {
        self.queries
            .iter()
            .filter(|query| query.unit == Unit::PerSecond && &*query.name != REQUESTS)
            .take(BUSINESS_AT_MOST)
    }

    /// Asks one query at one time, as it is written for what is asked of; a query the server refuses costs itself alone.
    async fn asked(
        &self,
        query: Option<&Query>,
        written: impl Fn(&Query) -> Option<String>,
        labels: &Labels,
        at: Instant,
    ) -> Result<Found, SourceError> {
        let Some(promql) = query.and_then(written) else { return Ok(Err(Absence::NoQuery)) };
        match self.past()?.instant(&promql, at).await {
            Ok(metrics) => {
                let values = metrics.by(&labels.service);
                // Several series for one service are no value of it.
                let known = values.into_iter().filter_map(|(name, values)| Some((name.clone(), only(&values)?)));
                Ok(Ok(known.collect()))
            }
            Err(error) if error.trouble == Trouble::Rejected => Ok(Err(Absence::Refused(error.sentence))),
            Err(error) => Err(error),
        }
    }
}

/// The value of one service.
fn of(found: &Found, service: &str) -> Value {
    match found {
        Ok(values) => values.get(service).copied().ok_or(Absence::NoSeries),
        Err(absence) => Err(absence.clone()),
    }
}
