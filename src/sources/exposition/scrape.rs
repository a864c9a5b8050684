//! Fetching pages of metrics, one request a page and never two at once, and what their counters did since the time before.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::future::{BoxFuture, FutureExt};
use futures_util::stream::{self, StreamExt};
use http::{Method, header};

use super::process::{Process, Tell, Whose};
use super::{Exposed, Rates, text};
use crate::config::Scrape;
use crate::domain::signal::direct::{Counter, Direct, NO_RATE, Unrated, is_wanted, service_of};
use crate::domain::signal::{CodeLabels, Origin, Query, Reading};
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
/// What is asked of a federation: `match[]={__name__=~"http_requests_total|http_request_duration_seconds_(bucket|count)"}`.
const FEDERATED: &str =
    "?match%5B%5D=%7B__name__%3D~%22http_requests_total%7Chttp_request_duration_seconds_%28bucket%7Ccount%29%22%7D";
/// Why nothing is read of a page behind which several processes answer, as their beginnings tell.
const SEVERAL: &str = "This address leads to several processes, whose counters are not one: name each of them in scrape, or ask a Prometheus.";
/// The same where their counters tell.
const JUMPING: &str = "Its counters jump back and forth: this address leads to several processes, or to one that begins anew again and again. Name each of them in scrape, or ask a Prometheus.";
/// Why there is no rate of counters that fell.
const FALLEN: &str =
    "Its counters fell since the scrape before: its process began anew, or another one answers. The next scrapes tell.";

/// Why a page has no rates.
#[derive(Debug)]
enum Missing {
    /// It takes more scrapes.
    Unscraped,
    /// Its counters fell.
    Fallen,
    /// It could not be read, the last time: the sentence.
    Unreadable(String),
    /// Several processes answer in turn, as this tells; whose counters they show.
    Several(Tell, BTreeSet<Arc<str>>),
}

impl Missing {
    fn sentence(&self) -> String {
        match self {
            Self::Unscraped => NO_RATE.to_owned(),
            Self::Fallen => FALLEN.to_owned(),
            Self::Unreadable(trouble) => format!("A page of its metrics cannot be read: {trouble}"),
            Self::Several(Tell::Beginnings, _) => SEVERAL.to_owned(),
            Self::Several(Tell::Jumps, _) => JUMPING.to_owned(),
        }
    }
}

/// One page, with its counters as they were last.
#[derive(Debug)]
struct Page {
    http: Http,
    path: &'static str,
    service: Option<Arc<str>>,
    rates: Rates,
    process: Process,
    /// What its counters did, newest; or why that is not known.
    newest: Result<Vec<Counter>, Missing>,
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
    codes: CodeLabels,
    clock: Clocked,
}

impl Scraper {
    /// The way to some pages. Sends nothing yet.
    pub(in crate::sources) fn new(scrapes: &[Scrape], codes: CodeLabels, clock: &Clock) -> Self {
        let page = |scrape: &Scrape| {
            let mut server = scrape.server.clone();
            // Behind a balancer a connection that stays leads to one process for ever, whose counters would pass for those of all.
            server.headers.push(("connection".to_owned(), "close".to_owned()));
            Page {
                http: Http::new(server, KIND, clock.clone()),
                path: if scrape.server.url.ends_with("/federate") { FEDERATED } else { "" },
                service: scrape.service.clone(),
                rates: Rates::default(),
                process: Process::default(),
                newest: Err(Missing::Unscraped),
                failures: 0,
                rests_until: None,
            }
        };
        Self { pages: scrapes.iter().map(page).collect(), codes, clock: Clocked(clock.clone()) }
    }

    /// Whether a page needs more scrapes before it gives rates, soon.
    pub(in crate::sources) fn is_settling(&self) -> bool {
        self.pages.iter().any(|page| matches!(page.newest, Err(Missing::Unscraped)))
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
        let mut direct = Direct::new(self.codes.clone());
        let read = self.pages.iter().filter_map(|page| Some((page, page.newest.as_ref().ok()?)));
        for (page, counters) in read.clone() {
            direct.add(page.service.as_ref(), counters);
        }
        // A page that shows nothing that is asked for is of its service all the same.
        let named = read.filter_map(|(page, _)| page.service.as_ref());
        let services: BTreeSet<Arc<str>> =
            direct.services().chain(named).filter(|service| !partial.contains(service)).cloned().collect();
        by_service(direct.readings(&services, queries, at))
    }

    /// The same of the services whose pages did not all give rates: nothing, and why; and whether what was known of them was wrong.
    pub(in crate::sources) fn missing(
        &self,
        queries: &[Query],
        at: Instant,
    ) -> BTreeMap<Arc<str>, (Vec<Reading>, bool)> {
        let mut found: BTreeMap<Arc<str>, &Missing> = BTreeMap::new();
        for (service, missing) in self.partial() {
            let kept = found.entry(service.clone()).or_insert(missing);
            // What waits for the next scrape is the least of the reasons.
            if matches!(kept, Missing::Unscraped) {
                *kept = missing;
            }
        }
        let absent = |(service, missing): (Arc<str>, &Missing)| {
            let why = Some(missing.sentence());
            let of = |query: &Query| Reading { why_absent: why.clone(), ..query.unread(&service, Origin::Direct, at) };
            let is_wrong = matches!(missing, Missing::Several(..));
            (service.clone(), (queries.iter().map(of).collect(), is_wrong))
        };
        found.into_iter().map(absent).collect()
    }

    /// The services whose pages did not give rates, each with why: the one that is named, and of several processes those they show.
    fn partial(&self) -> impl Iterator<Item = (&Arc<str>, &Missing)> {
        let without = self.pages.iter().filter_map(|page| Some((page, page.newest.as_ref().err()?)));
        without.flat_map(|(page, missing)| {
            let shown = match missing {
                Missing::Several(_, services) if page.service.is_none() => services.iter().collect(),
                _ => Vec::new(),
            };
            page.service.iter().chain(shown).map(move |service| (service, missing))
        })
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
            Ok((exposed, ahead, note)) => {
                self.rests_until = None;
                let whose = self.whose(&exposed, ahead, clock());
                let shown: BTreeSet<Arc<str>> = match whose {
                    Whose::Several(_) => exposed.series.iter().filter_map(service_of).cloned().collect(),
                    _ => BTreeSet::new(),
                };
                let mut counters = self.rates.observe(exposed.series);
                let twice = exposed.twice.into_iter();
                counters.extend(twice.map(|(series, why)| Counter { series, rate: Err(Unrated::Doubtful(why)) }));
                self.newest = match whose {
                    Whose::One => Ok(counters),
                    Whose::Unsure => Err(Missing::Unscraped),
                    Whose::Fallen => Err(Missing::Fallen),
                    Whose::Several(tell) => Err(Missing::Several(tell, shown)),
                };
                let is_told = !matches!(self.newest, Err(Missing::Unscraped));
                Scraped { outcome: Some(Ok(is_told)), next_try: None, note }
            }
            Err(error) => {
                self.newest = Err(Missing::Unreadable(error.sentence.clone()));
                // The others are asked each 15 s; it goes with them.
                self.rests_until = Some(began + wait.saturating_sub(EVERY));
                let next_try = clock() + TimeDelta::from_std(wait.max(EVERY)).unwrap_or_default();
                Scraped { outcome: Some(Err(error)), next_try: Some(next_try), note: None }
            }
        }
    }

    /// Whose counters a scrape shows. Those of a federation are of many, each with its own labels.
    fn whose(&mut self, exposed: &Exposed, ahead: i64, at: Instant) -> Whose {
        if exposed.series.is_empty() && exposed.twice.is_empty() {
            return Whose::One;
        }
        match self.process.observe(&exposed.series, at, ahead) {
            Whose::Unsure if self.path == FEDERATED && !self.rates.is_empty() => Whose::One,
            Whose::Fallen | Whose::Several(_) if self.path == FEDERATED => Whose::One,
            whose => whose,
        }
    }

    /// What the page shows, how many seconds the clock there is ahead of ours, and what cannot be read of it.
    async fn fetch(&self, clock: &Clock) -> Result<(Exposed, i64, Option<String>), SourceError> {
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
        // Where the server says how long it is, HTTP itself refuses what ends early.
        let is_whole = if is_open_metrics {
            page.trim_end().ends_with("# EOF")
        } else {
            answer.is_measured || page.is_empty() || page.ends_with('\n')
        };
        if !is_whole {
            let what = if is_open_metrics {
                "it does not end with # EOF"
            } else {
                "its last line has no end, and nothing says how long it is: it may be cut off"
            };
            return Err(malformed(what));
        }
        let mut exposed = text::read_some(page, clock(), is_open_metrics, is_wanted);
        // A page that ends in the middle of a line was cut before it was sent, however long its server says that it is.
        if !page.ends_with('\n') && exposed.unreadable.iter().any(|unreadable| unreadable.line == page.lines().count())
        {
            return Err(malformed("its last line is not whole: it may be cut off"));
        }
        if let (true, true, Some(first)) =
            (exposed.series.is_empty(), exposed.twice.is_empty(), exposed.unreadable.first())
        {
            return Err(malformed(&format!("line {}: {}", first.line, first.why)));
        }
        let ahead = time::seconds(answer.ahead);
        let note = exposed.sentence(name);
        for sample in exposed.series.iter_mut().flat_map(|one| &mut one.samples).filter(|_| self.path == FEDERATED) {
            sample.at -= ahead;
        }
        Ok((exposed, answer.ahead, note))
    }
}
