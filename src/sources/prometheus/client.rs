//! One Prometheus: a question, an answer, and what the answer says beside its numbers.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::TimeDelta;
use http::{Method, StatusCode};

use super::wire::{self, Envelope};
use crate::config;
use crate::domain::signal::query::{DURATION_METRIC, REQUESTS_METRIC};
use crate::domain::signal::{CodeLabels, Labels, Sample, Series};
use crate::domain::text;
use crate::domain::time::{self, Instant};
use crate::sources::error::{SourceError, Trouble};
use crate::sources::http::{Answered, Http, Request, trouble};
use crate::sources::metrics::{Metrics, ObserveMetrics, Rule};
use crate::sources::observe::Answer;
use crate::sources::texts::Kept;
use crate::sources::{Clock, Clocked};

/// The longest body, unpacked: 10,000 series are about 2 MB, with an hour of samples 13 MB.
const LONGEST_BODY: usize = 32 * 1024 * 1024;
/// How long the server may think, as it is told: less than we wait, so that it says so itself.
const THINKS_AT_MOST: &str = "15s";
/// The most steps of a range that every version answers.
const STEPS_AT_MOST: i64 = 11_000;
/// What it is called in sentences.
const KIND: &str = "a Prometheus";
/// How far back labels are looked for.
const LABELS_SINCE: TimeDelta = TimeDelta::hours(1);

/// The way to one Prometheus. Cloning shares it.
#[derive(Debug, Clone)]
pub struct Prometheus {
    http: Http,
    clock: Clocked,
    shared: Arc<Shared>,
    /// What the configuration says of labels; what it does not say is asked.
    service_label: Option<Arc<str>>,
    codes: CodeLabels,
}

#[derive(Debug, Default)]
struct Shared {
    /// Whether POST is refused here and questions go by GET.
    gets: AtomicBool,
    /// How far its clock is ahead of ours, in seconds, as its newest answer told.
    ahead: AtomicI64,
    labels: Mutex<Option<Labels>>,
    /// The texts of its rules' alerts.
    texts: Mutex<Kept>,
}

impl Prometheus {
    /// The way to a Prometheus. Sends nothing yet.
    pub fn new(settings: &config::Prometheus, clock: Clock) -> Self {
        Self {
            http: Http::new(settings.server.clone(), KIND, clock.clone()),
            clock: Clocked(clock),
            shared: Arc::default(),
            service_label: settings.service_label.clone(),
            codes: CodeLabels { everywhere: settings.code_label.clone(), ..CodeLabels::default() },
        }
    }

    /// The same way, with labels of the status that are the services' own.
    #[must_use]
    pub fn with_codes(mut self, codes: CodeLabels) -> Self {
        self.codes = codes;
        self
    }

    /// Its host and port.
    pub fn name(&self) -> &Arc<str> {
        self.http.name()
    }

    /// Asks one thing of the API: by POST, since proxies limit the length of an address; by GET where POST is refused.
    async fn ask(&self, path: &str, fields: &[(&str, &str)]) -> Result<(Answered, Envelope), SourceError> {
        let form = encoded(fields);
        let gets = self.shared.gets.load(Ordering::Relaxed);
        let mut answer = self.send(path, &form, gets).await?;
        if !gets && matches!(answer.status, StatusCode::METHOD_NOT_ALLOWED | StatusCode::FORBIDDEN) {
            let again = self.send(path, &form, true).await?;
            if again.status.is_success() {
                self.shared.gets.store(true, Ordering::Relaxed);
                answer = again;
            }
        }
        let answer = answer.good(self.name())?;
        self.shared.ahead.store(answer.ahead, Ordering::Relaxed);
        let envelope = wire::envelope(&answer.body).map_err(|what| self.malformed(&what))?;
        if let Some(error) = &envelope.error {
            let sentence = format!("{} refused it ({}).", self.name(), error.trim_end_matches('.'));
            return Err(SourceError::new(Trouble::Rejected, sentence));
        }
        Ok((answer, envelope))
    }

    async fn send(&self, path: &str, form: &str, gets: bool) -> Result<Answered, SourceError> {
        let with_query;
        let (method, path, body) = if gets {
            with_query = format!("/api/v1{path}?{form}");
            (Method::GET, &with_query, None)
        } else {
            with_query = format!("/api/v1{path}");
            (Method::POST, &with_query, Some(("application/x-www-form-urlencoded", form.to_owned())))
        };
        self.http.ask(Request { method, path, accept: "application/json", body, longest: LONGEST_BODY }).await
    }

    /// What is read by GET alone on every version.
    async fn get(&self, path: &str) -> Result<Envelope, SourceError> {
        let path = format!("/api/v1{path}");
        let request =
            Request { method: Method::GET, path: &path, accept: "application/json", body: None, longest: LONGEST_BODY };
        let answer = self.http.ask(request).await?.good(self.name())?;
        self.shared.ahead.store(answer.ahead, Ordering::Relaxed);
        wire::envelope(&answer.body).map_err(|what| self.malformed(&what))
    }

    async fn alerting_rules(&self) -> Result<Vec<Rule>, SourceError> {
        let envelope = self.get("/rules?type=alert").await?;
        if let Some(error) = &envelope.error {
            let sentence = format!("{} refused it ({}).", self.name(), error.trim_end_matches('.'));
            return Err(SourceError::new(Trouble::Rejected, sentence));
        }
        let ahead = time::seconds(self.shared.ahead.load(Ordering::Relaxed));
        let mut kept = self.shared.texts.lock().unwrap_or_else(PoisonError::into_inner);
        let rules = wire::rules(&envelope, &mut kept).map_err(|what| self.malformed(&what));
        kept.tidy();
        drop(kept);
        let mut rules = rules?;
        // A server that does not know the parameter sends the others too.
        rules.retain(|rule| rule.is_alerting);
        for alert in rules.iter_mut().flat_map(|rule| &mut rule.alerts) {
            alert.active_at = alert.active_at.map(|at| at - ahead);
        }
        Ok(rules)
    }

    async fn metrics(&self, path: &str, fields: &[(&str, &str)]) -> Result<Metrics, SourceError> {
        let (answer, envelope) = self.ask(path, fields).await?;
        let found = wire::series(&envelope).map_err(|what| self.malformed(&what))?;
        let ahead = time::seconds(answer.ahead);
        let ours = |sample: Sample| Sample { at: sample.at - ahead, ..sample };
        let ours = |series: Series| Series { samples: series.samples.into_iter().map(ours).collect(), ..series };
        Ok(Metrics {
            series: found.series.into_iter().map(ours).collect(),
            notes: envelope.notes,
            histograms: found.histograms,
            ahead: answer.ahead,
        })
    }

    /// An instant of ours as the server has it, in the form of the API.
    fn theirs(&self, at: Instant) -> String {
        let at = at + time::seconds(self.shared.ahead.load(Ordering::Relaxed));
        format!("{}.{:03}", at.timestamp(), at.timestamp_subsec_millis())
    }

    fn malformed(&self, what: &str) -> SourceError {
        trouble::malformed(what, KIND, self.name())
    }

    async fn find_labels(&self) -> Result<Option<Labels>, SourceError> {
        let known = |labels: Option<Labels>| {
            let named = |mut labels: Labels| {
                labels.service = self.service_label.clone().unwrap_or(labels.service);
                labels.code = self.codes.everywhere.clone().unwrap_or(labels.code);
                labels.codes = self.codes.clone();
                labels
            };
            labels.or_else(|| self.service_label.is_some().then(Labels::default)).map(named)
        };
        if self.service_label.is_some() && self.codes.everywhere.is_some() {
            return Ok(known(None));
        }
        let kept = || self.shared.labels.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(labels) = kept().clone() {
            return Ok(Some(labels));
        }
        let now = self.clock.now();
        let (start, end) = (self.theirs(now - LABELS_SINCE), self.theirs(now));
        let durations = format!("{DURATION_METRIC}_count");
        let fields = [("match[]", REQUESTS_METRIC), ("match[]", &*durations), ("start", &*start), ("end", &*end)];
        let (_, envelope) = self.ask("/labels", &fields).await?;
        let names = wire::texts(&envelope).map_err(|what| self.malformed(&what))?;
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let labels = known(Labels::among(&names));
        kept().clone_from(&labels);
        Ok(labels)
    }
}

impl ObserveMetrics for Prometheus {
    fn instant<'a>(&'a self, query: &'a str, at: Instant) -> Answer<'a, Metrics> {
        Box::pin(async move {
            let at = self.theirs(at);
            self.metrics("/query", &[("query", query), ("time", &at), ("timeout", THINKS_AT_MOST)]).await
        })
    }

    fn range<'a>(&'a self, query: &'a str, start: Instant, end: Instant, step: TimeDelta) -> Answer<'a, Metrics> {
        Box::pin(async move {
            let steps = (end - start).num_milliseconds().checked_div(step.num_milliseconds());
            if !steps.is_some_and(|steps| (0..=STEPS_AT_MOST).contains(&steps)) || step <= TimeDelta::zero() {
                let sentence = format!("A range of more than {STEPS_AT_MOST} steps, or of none, is not asked for.");
                return Err(SourceError::new(Trouble::Rejected, sentence));
            }
            let (start, end) = (self.theirs(start), self.theirs(end));
            let step = format!("{}.{:03}", step.num_seconds(), step.subsec_nanos() / 1_000_000);
            let fields =
                [("query", query), ("start", &*start), ("end", &*end), ("step", &*step), ("timeout", THINKS_AT_MOST)];
            self.metrics("/query_range", &fields).await
        })
    }

    fn alerting(&self) -> Answer<'_, Vec<Rule>> {
        Box::pin(self.alerting_rules())
    }

    fn labels(&self) -> Answer<'_, Option<Labels>> {
        Box::pin(self.find_labels())
    }
}

/// Fields as a form has them.
fn encoded(fields: &[(&str, &str)]) -> String {
    let mut form = String::new();
    for (name, value) in fields {
        if !form.is_empty() {
            form.push('&');
        }
        encode(name, &mut form);
        form.push('=');
        encode(value, &mut form);
    }
    form
}

fn encode(text: &str, to: &mut String) {
    const HEX: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => to.push(char::from(byte)),
            _ => {
                to.push('%');
                to.push(HEX[usize::from(byte >> 4)]);
                to.push(HEX[usize::from(byte & 15)]);
            }
        }
    }
}

/// That the clocks differ, for the operator.
pub(super) fn apart(name: &str, ahead: i64) -> Option<String> {
    let way = match ahead {
        0 => return None,
        1.. => "ahead of",
        _ => "behind",
    };
    let apart = time::coarse(time::seconds(ahead.abs()));
    Some(format!("The clock of {} is {apart} {way} ours; its times are shown by ours.", text::clean(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_survives_the_form() {
        let form = encoded(&[("query", "sum(a{b=~\"5..\"}) + 1 & ü"), ("time", "1.5")]);
        assert_eq!(form, "query=sum%28a%7Bb%3D~%225..%22%7D%29%20%2B%201%20%26%20%C3%BC&time=1.5");
    }

    #[test]
    fn clocks_that_differ_are_said() {
        assert_eq!(apart("p", 0), None);
        assert_eq!(apart("p", -300).as_deref(), Some("The clock of p is 5m behind ours; its times are shown by ours."));
    }
}
