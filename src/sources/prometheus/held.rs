//! What the Prometheus and the pages of metrics of an environment told, as one snapshot: each value with who measured it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::history::History;
use super::source::{Round, SignalFeed};
use crate::domain::signal::query::RANGE;
use crate::domain::signal::{Labels, Origin, Query, Reading, SignalSnapshot, Trace};
use crate::domain::source::{DOWN_AFTER, SourceHealth, SourceId, SourceKind, SourceState};
use crate::domain::time::Instant;
use crate::sources::exposition::{Scraped, Scraper};

/// What was told so far.
pub(super) struct Held {
    environment: Arc<str>,
    /// What is asked of every service.
    queries: Arc<[Query]>,
    /// The services that are declared.
    declared: Arc<[Arc<str>]>,
    /// The Prometheus; none where there is none.
    asked: Vec<SourceHealth>,
    /// What it told last.
    readings: Vec<Reading>,
    traces: Arc<[Trace]>,
    labels: Option<Labels>,
    notes: Vec<String>,
    /// The pages.
    pages: Vec<SourceHealth>,
    /// What they told, by service.
    direct: BTreeMap<Arc<str>, Vec<Reading>>,
    /// Their own past: nobody else keeps it.
    history: History,
    page_notes: Vec<String>,
}

impl Held {
    /// Nothing yet.
    pub(super) fn nothing(feed: &SignalFeed, scraper: &Scraper) -> Self {
        let loading = |kind| SourceHealth::loading(SourceId::of(&feed.environment, kind));
        Self {
            environment: feed.environment.clone(),
            queries: feed.queries.clone(),
            declared: feed.declared.clone(),
            asked: feed.prometheus.iter().map(|one| loading(SourceKind::Prometheus(one.name().clone()))).collect(),
            readings: Vec::new(),
            traces: Arc::default(),
            labels: None,
            notes: Vec::new(),
            pages: scraper.names().map(|name| loading(SourceKind::Metrics(name.clone()))).collect(),
            direct: BTreeMap::new(),
            history: History::default(),
            page_notes: Vec::new(),
        }
    }

    /// Whether the pages are what is read: there is no Prometheus, or it is away.
    pub(super) fn is_scraping(&self) -> bool {
        let is_away = |one: &SourceHealth| matches!(one.state, SourceState::Stale | SourceState::Down);
        !self.pages.is_empty() && self.asked.iter().all(is_away)
    }

    /// Takes in what the Prometheus told.
    pub(super) fn answered(&mut self, readings: Vec<Reading>, traces: Arc<[Trace]>, round: Round) {
        self.asked.iter_mut().for_each(|one| one.heard(round.at));
        (self.readings, self.traces) = (readings, traces);
        (self.labels, self.notes) = (round.labels, round.notes);
        // What the pages told is over: their values would age beside fresh ones.
        self.direct.clear();
        self.page_notes.clear();
        for page in &mut self.pages {
            *page = SourceHealth::loading(page.id.clone());
        }
    }

    /// Takes in that the Prometheus failed.
    pub(super) fn failed(&mut self, sentence: String, next_try: Instant, now: Instant) {
        if let Some(asked) = self.asked.first_mut() {
            asked.failed(sentence, Some(next_try), DOWN_AFTER, now);
        }
    }

    /// Takes in what came of a round over the pages.
    pub(super) fn scraped(&mut self, feed: &SignalFeed, scraper: &Scraper, told: Vec<Scraped>, now: Instant) {
        self.page_notes.clear();
        for (page, scraped) in self.pages.iter_mut().zip(told) {
            self.page_notes.extend(scraped.note);
            match scraped.outcome {
                // The first time there is nothing to tell yet.
                Some(Ok(false)) | None => {}
                Some(Ok(true)) => page.heard(now),
                Some(Err(error)) => page.failed(error.sentence, scraped.next_try, DOWN_AFTER, now),
            }
        }
        let found = scraper.readings(&feed.queries, now);
        let readings: Vec<Reading> = found.values().flatten().cloned().collect();
        self.history.append(&feed.queries, &readings, now);
        self.direct.extend(found);
        for (service, (missing, is_wrong)) in scraper.missing(&feed.queries, now) {
            // What was known of it ages, and says so; what was wrong goes at once.
            let is_known = |known: &Vec<Reading>| known.iter().any(|reading| reading.value.is_some());
            if is_wrong || !self.direct.get(&service).is_some_and(is_known) {
                self.direct.insert(service, missing);
            }
        }
    }

    /// All of it together, with the declared services of which nothing is read.
    pub(super) fn snapshot(&self, now: Instant) -> SignalSnapshot {
        let mut snapshot = self.told();
        if !snapshot.is_settled() || snapshot.health.is_empty() {
            return snapshot;
        }
        let mut all: BTreeMap<Arc<str>, Vec<Reading>> = BTreeMap::new();
        for reading in snapshot.readings.iter() {
            all.entry(reading.service.clone()).or_default().push(reading.clone());
        }
        let mut is_any_missed = false;
        for service in self.declared.iter() {
            if !all.contains_key(service) {
                is_any_missed = true;
                all.insert(service.clone(), self.missed(service, &snapshot, now));
            }
        }
        if is_any_missed {
            snapshot.readings = all.into_values().flatten().collect();
        }
        snapshot
    }

    /// The readings of a declared service of which nothing is read: none, and why.
    fn missed(&self, service: &Arc<str>, snapshot: &SignalSnapshot, now: Instant) -> Vec<Reading> {
        let trouble = snapshot.health.iter().find_map(|source| Some((&source.id.kind, source.error.as_deref()?)));
        let why = match (trouble, self.asked.first()) {
            (Some((name, error)), _) => format!("Nothing is read of it: {name} cannot be read. {error}"),
            (None, Some(asked)) => {
                let label = self.labels.clone().unwrap_or_default().service;
                format!("{} has no series with {label}=\"{service}\" of the last {RANGE}.", asked.id.kind)
            }
            (None, None) => "No page of metrics that is read shows it.".to_owned(),
        };
        let origin = if self.asked.is_empty() { Origin::Direct } else { Origin::Prometheus };
        let of = |query: &Query| Reading { why_absent: Some(why.clone()), ..query.unread(service, origin, now) };
        self.queries.iter().map(of).collect()
    }

    fn told(&self) -> SignalSnapshot {
        let mut snapshot = SignalSnapshot {
            environment: self.environment.clone(),
            readings: self.readings.clone().into(),
            traces: self.traces.clone(),
            labels: self.labels.clone(),
            health: self.asked.clone(),
            notes: self.notes.clone(),
        };
        if !self.is_scraping() {
            return snapshot;
        }
        snapshot.health.extend(self.pages.iter().cloned());
        snapshot.notes.extend(self.page_notes.iter().cloned());
        let measured = self.direct.values().flatten().filter(|reading| reading.value.is_some());
        let mut services: Vec<&str> = measured.map(|reading| &*reading.service).collect();
        services.dedup();
        if let (Some(away), false) = (self.asked.first(), services.is_empty()) {
            let name = &away.id.kind;
            let count = services.len();
            let of = if count == 1 { "1 service is".to_owned() } else { format!("{count} services are") };
            snapshot
                .notes
                .push(format!("{name} is away: {of} measured from pages of metrics, between one scrape and the next."));
        }
        snapshot.readings = self.merged().into();
        if services.is_empty() {
            return snapshot;
        }
        let mut traces: BTreeMap<(Arc<str>, Arc<str>), Trace> = BTreeMap::new();
        for trace in self.traces.iter().chain(&*self.history.traces()) {
            traces.insert((trace.service.clone(), trace.name.clone()), trace.clone());
        }
        snapshot.traces = traces.into_values().collect();
        snapshot
    }

    /// The readings by service: where a page gives a value that one, else the last of the Prometheus, which says how old it is.
    fn merged(&self) -> Vec<Reading> {
        let mut all: BTreeMap<&Arc<str>, Vec<Reading>> = BTreeMap::new();
        for reading in &self.readings {
            all.entry(&reading.service).or_default().push(reading.clone());
        }
        for (service, direct) in &self.direct {
            let known = all.entry(service).or_default();
            for reading in direct {
                match known.iter_mut().find(|one| one.name == reading.name) {
                    Some(one) if reading.value.is_some() || one.value.is_none() => *one = reading.clone(),
                    Some(_) => {}
                    None => known.push(reading.clone()),
                }
            }
        }
        all.into_values().flatten().collect()
    }
}
