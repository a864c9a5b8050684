//! What a Prometheus measured of a service in a window of the past: for reports of what is over.

use chrono::TimeDelta;

use super::source::SignalFeed;
use crate::domain::signal::Labels;
use crate::domain::signal::query::{self, ERRORS};
use crate::domain::time::Instant;
use crate::sources::error::{SourceError, Trouble};
use crate::sources::metrics::{ObserveMetrics, only};

/// A question that was asked at a time, and what was answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// The PromQL.
    pub query: String,
    /// The answer; `None` where there is no series of it.
    pub value: Option<f64>,
}

impl SignalFeed {
    /// The labels by which services are asked for.
    ///
    /// # Errors
    /// When the server cannot be asked, or no label carries the service.
    pub async fn labels_of_services(&self) -> Result<Labels, SourceError> {
        let prometheus = self.past()?;
        prometheus.labels().await?.ok_or_else(|| {
            let sentence = format!("no label of {} carries the service.", prometheus.name());
            SourceError::new(Trouble::Rejected, sentence)
        })
    }

    /// The share of the requests of a service that failed, from 0 to 1, in a window that ends at a time.
    ///
    /// # Errors
    /// When the server cannot be asked, or refuses the question.
    pub async fn error_share(
        &self,
        labels: &Labels,
        service: &str,
        (end, length): (Instant, TimeDelta),
    ) -> Result<Measured, SourceError> {
        let asked = self.queries.iter().find(|query| &*query.name == ERRORS);
        let Some(asked) = asked else {
            return Err(SourceError::new(Trouble::Setup, format!("{} asks for no {ERRORS}.", self.environment)));
        };
        let query = asked.for_one(labels, service, &query::range(length));
        let found = self.past()?.instant(&query, end).await?;
        let value = found.by(&labels.service).get(&std::sync::Arc::from(service)).and_then(|values| only(values));
        Ok(Measured { query, value })
    }
}
