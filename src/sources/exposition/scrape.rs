//! Fetching pages of metrics, one request a page and never two at once, and what their counters did since the time before.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::future::{BoxFuture, FutureExt};
use futures_util::stream::{self, StreamExt};
use http::{Method, header};

use super::{Rates, text};
use crate::config::Scrape;
use crate::domain::signal::direct::{Direct, is_wanted};
use crate::domain::signal::{Query, Reading, Series};
use crate::domain::time::{self, Instant};
use crate::sources::error::SourceError;
use crate::sources::http::{Http, Request, trouble};
use crate::sources::poll::{EVERY, pause};
use crate::sources::{Clock, Clocked};

/// The longest page, unpacked.
const LONGEST_BODY: usize = 32 * 1024 * 1024;
/// The longest wait after a failure.
const CAP: Duration = Duration::from_secs(60);
/// How many pages are fetched at a time.
const AT_ONCE: usize = 8;
/// What it is called in sentences.
const KIND: &str = "a page of metrics";
const ACCEPT: &str = "application/openmetrics-text;version=1.0.0;q=0.75,text/plain;version=0.0.4;q=0.5";
/// What is asked of a federation: `match[]={__name__=~"http_requests_total|http_request_duration_seconds_bucket"}`.
const FEDERATED: &str =
    "?match%5B%5D=%7B__name__%3D~%22http_requests_total%7Chttp_request_duration_seconds_bucket%22%7D";

/// One page, with its counters as they were last.
#[derive(Debug)]
struct Page {
    http: Http,
    path: &'static str,
    service: Option<Arc<str>>,
    rates: Rates,
    /// What its counters did, newest; `None` before two scrapes, or while it cannot be read.
    newest: Option<Vec<Series>>,
    /// Why it could not be read, the last time.
    trouble: Option<String>,
    failures: u32,
    /// Until when it is left alone after a failure.
    rests_until: Option<tokio::time::Instant>,
}

/// What came of asking one page.
#[derive(Debug)]
pub(in crate::sources) struct Scraped {
    /// Whether it gave rates: the first time it cannot. `None` where it was left alone after a failure.
    pub(in crate::sources) outcome: Option<Result<bool, SourceError>>,
    /// When it is asked next, after a failure.
    pub(in crate::sources) next_try: Option<Instant>,
    /// What an operator should know of it.
    pub(in crate::sources) note: Option<String>,
}

/// The pages of an environment.
#[derive(Debug)]
pub(in crate::sources) struct Scraper {
    pages: Vec<Page>,
    clock: Clocked,
}

impl Scraper {
    /// The way to some pages. Sends nothing yet.
    pub(in crate::sources) fn new(scrapes: &[Scrape], clock: &Clock) -> Self {
        let page = |scrape: &Scrape| Page {
            http: Http::new(scrape.server.clone(), KIND, clock.clone()),
            path: if scrape.server.url.ends_with("/federate") { FEDERATED } else { "" },
            service: scrape.service.clone(),
            rates: Rates::default(),
            newest: None,
            trouble: None,
            failures: 0,
            rests_until: None,
        };
        Self { pages: scrapes.iter().map(page).collect(), clock: Clocked(clock.clone()) }
    }

    /// The names of its pages.
    pub(in crate::sources) fn names(&self) -> impl Iterator<Item = &Arc<str>> {
        self.pages.iter().map(|page| page.http.name())
    }

    /// Lets pages that failed be asked at once.
    pub(in crate::sources) fn forgive(&mut self) {
        for page in &mut self.pages {
            page.rests_until = None;
        }
    }

    /// Asks every page once, in their order; those that failed not before it is time.
    pub(in crate::sources) async fn round(&mut self) -> Vec<Scraped> {
        let clock = &self.clock.0;
        let mut asked: Vec<BoxFuture<'_, Scraped>> = Vec::with_capacity(self.pages.len());
        for page in &mut self.pages {
            asked.push(page.scrape(clock).boxed());
        }
        stream::iter(asked).buffered(AT_ONCE).collect().await
    }

    /// What was measured of each service whose pages all gave rates: the sum of some of its pods would be a wrong number.
    pub(in crate::sources) fn readings(&self, queries: &[Query], at: Instant) -> BTreeMap<Arc<str>, Vec<Reading>> {
        let partial: BTreeSet<&Arc<str>> = self.partial().map(|(service, _)| service).collect();
        let mut direct = Direct::default();
        for page in &self.pages {
            if let Some(rates) = &page.newest {
                direct.add(page.service.as_ref(), rates);
            }
        }
        // A page that shows nothing that is asked for is of its service all the same.
        let named = self.pages.iter().filter(|page| page.newest.is_some()).filter_map(|page| page.service.as_ref());
        let services: BTreeSet<Arc<str>> =
            direct.services().chain(named).filter(|service| !partial.contains(service)).cloned().collect();
        by_service(direct.readings(&services, queries, at))
    }

    /// The same of the services whose pages did not all give rates: nothing, and why.
    pub(in crate::sources) fn missing(&self, queries: &[Query], at: Instant) -> BTreeMap<Arc<str>, Vec<Reading>> {
        let services: BTreeSet<Arc<str>> = self.partial().map(|(service, _)| service.clone()).collect();
        let mut readings = Direct::default().readings(&services, queries, at);
        for reading in &mut readings {
            let trouble = self
                .partial()
                .find_map(|(service, page)| page.trouble.as_ref().filter(|_| *service == reading.service));
            if let Some(trouble) = trouble {
                reading.why_absent = Some(format!("A page of its metrics cannot be read: {trouble}"));
            }
        }
        by_service(readings)
    }

    /// The pages without rates whose service is named, with it.
    fn partial(&self) -> impl Iterator<Item = (&Arc<str>, &Page)> {
        let without = self.pages.iter().filter(|page| page.newest.is_none());
        without.filter_map(|page| Some((page.service.as_ref()?, page)))
    }
}

fn by_service(readings: Vec<Reading>) -> BTreeMap<Arc<str>, Vec<Reading>> {
    let mut found: BTreeMap<Arc<str>, Vec<Reading>> = BTreeMap::new();
    for reading in readings {
        found.entry(reading.service.clone()).or_default().push(reading);
    }
    found
}

impl Page {
    async fn scrape(&mut self, clock: &Clock) -> Scraped {
        let began = tokio::time::Instant::now();
        if self.rests_until.is_some_and(|until| until > began) {
            return Scraped { outcome: None, next_try: None, note: None };
        }
        let fetched = self.fetch(clock).await;
        let wait = pause(fetched.as_ref().err(), &mut self.failures, began.elapsed(), EVERY, CAP);
        match fetched {
            Ok((series, note)) => {
                (self.rests_until, self.trouble) = (None, None);
                let is_first = self.rates.is_empty();
                let rates = self.rates.observe(&series);
                let has_rates = !is_first || series.is_empty();
                self.newest = has_rates.then_some(rates);
                Scraped { outcome: Some(Ok(has_rates)), next_try: None, note }
            }
            Err(error) => {
                (self.newest, self.trouble) = (None, Some(error.sentence.clone()));
                // The others are asked each 15 s; it goes with them.
                self.rests_until = Some(began + wait.saturating_sub(EVERY));
                let next_try = clock() + TimeDelta::from_std(wait.max(EVERY)).unwrap_or_default();
                Scraped { outcome: Some(Err(error)), next_try: Some(next_try), note: None }
            }
        }
    }

    async fn fetch(&self, clock: &Clock) -> Result<(Vec<Series>, Option<String>), SourceError> {
        let name = self.http.name();
        let malformed = |what: &str| trouble::malformed(what, KIND, name);
        let request =
            Request { method: Method::GET, path: self.path, accept: ACCEPT, body: None, longest: LONGEST_BODY };
        let answer = self.http.ask(request).await?.good(name)?;
        let kind = answer.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let page = std::str::from_utf8(&answer.body).map_err(|_| malformed("it is no text"))?;
        if kind.contains("html") || page.trim_start().starts_with('<') {
            return Err(malformed("a web page instead of metrics"));
        }
        let is_open_metrics = kind.contains("openmetrics");
        let is_whole =
            if is_open_metrics { page.trim_end().ends_with("# EOF") } else { page.is_empty() || page.ends_with('\n') };
        if !is_whole {
            return Err(malformed("it is cut off"));
        }
        let exposed = text::read_some(page, clock(), is_open_metrics, is_wanted);
        if let (true, Some(first)) = (exposed.series.is_empty(), exposed.unreadable.first()) {
            return Err(malformed(&format!("line {}: {}", first.line, first.why)));
        }
        let ahead = time::seconds(answer.ahead);
        let note = exposed.sentence(name);
        let mut series = exposed.series;
        for sample in series.iter_mut().flat_map(|one| &mut one.samples).filter(|_| self.path == FEDERATED) {
            sample.at -= ahead;
        }
        Ok((series, note))
    }
}
