//! What the store says of who is on call, read once.

use std::collections::BTreeMap;

use super::{HolderLine, LadderLine};
use crate::domain::incident::{Incident, Severity};
use crate::domain::oncall::escalation::{Policy, Run};
use crate::domain::oncall::file::Written;
use crate::domain::oncall::{BusinessHours, Duty, OnCall, Override, Schedule};
use crate::domain::people::{Person, Team};
use crate::domain::service::Services;
use crate::domain::store::{
    Changes, ESCALATIONS_STANDING, OVERRIDES_SINCE, PEOPLE, POLICIES, SCHEDULES, TEAMS, standing,
};
use crate::domain::time::{self, Instant};
use crate::sources::error::SourceError;
use crate::sources::store::Store;
use crate::sources::store::port::ReadStore;

/// How many of each kind are read.
const MOST: u32 = 20_000;

/// Schedules, overrides and policies with what they refer to.
#[derive(Debug, Default)]
pub(in crate::cli) struct Book {
    /// The store's time.
    pub(in crate::cli) now: Instant,
    /// The schedules.
    pub(in crate::cli) schedules: BTreeMap<String, Schedule>,
    /// What is said over them, by schedule.
    overrides: BTreeMap<String, Vec<Override>>,
    /// The policies.
    pub(in crate::cli) policies: BTreeMap<(String, Severity), Policy>,
    business: BTreeMap<String, BusinessHours>,
    /// The escalations of incidents that are open.
    runs: BTreeMap<u64, Run>,
    /// Everybody, by handle.
    pub(in crate::cli) people: BTreeMap<String, Person>,
}

impl Book {
    /// Reads it as far as it tells of times after `since`; `None` for the store's now.
    ///
    /// # Errors
    /// When the store cannot be asked.
    pub(in crate::cli) async fn read(store: &Store, since: Option<Instant>) -> Result<Self, SourceError> {
        let now = store.standing().await?.now;
        let since = time::within(since.unwrap_or(now).min(now) - time::days(400));
        let schedules: Vec<Schedule> = store.list(SCHEDULES, Vec::new(), MOST).await?;
        let mut book = Self { now, ..Self::default() };
        if !schedules.is_empty() {
            for said in store.list::<Override>(OVERRIDES_SINCE, vec![since.into()], MOST).await? {
                book.overrides.entry(said.schedule.clone()).or_default().push(said);
            }
        }
        book.schedules = schedules.into_iter().map(|one| (one.name.clone(), one)).collect();
        let policies: Vec<Policy> = store.list(POLICIES, Vec::new(), MOST).await?;
        book.policies = policies.into_iter().map(|one| ((one.team.clone(), one.severity), one)).collect();
        let teams: Vec<Team> = store.list(TEAMS, Vec::new(), MOST).await?;
        book.business = teams.iter().filter_map(|team| Some((team.name.clone(), BusinessHours::of(team)?))).collect();
        let people: Vec<Person> = store.list(PEOPLE, Vec::new(), MOST).await?;
        book.people = people.into_iter().map(|one| (one.handle.clone(), one)).collect();
        let runs: Vec<Run> = store.list(ESCALATIONS_STANDING, vec![standing(true).into()], MOST).await?;
        book.runs = runs.into_iter().map(|one| (one.incident, one)).collect();
        Ok(book)
    }

    /// What was told of it with everything that a console holds.
    pub(in crate::cli) fn held(whole: &Changes) -> Self {
        let mut book = Self { now: whole.now, ..Self::default() };
        book.schedules = whole.of::<Schedule>().into_iter().map(|one| (one.name.clone(), one)).collect();
        for said in whole.of::<Override>() {
            book.overrides.entry(said.schedule.clone()).or_default().push(said);
        }
        book.policies = whole.of::<Policy>().into_iter().map(|one| ((one.team.clone(), one.severity), one)).collect();
        let teams = whole.of::<Team>();
        book.business = teams.iter().filter_map(|team| Some((team.name.clone(), BusinessHours::of(team)?))).collect();
        book.runs = whole.of::<Run>().into_iter().map(|one| (one.incident, one)).collect();
        book.people = whole.of::<Person>().into_iter().map(|one| (one.handle.clone(), one)).collect();
        book
    }

    /// The ladder of an incident; `None` where no policy says whom to page.
    pub(in crate::cli) fn ladder(&self, incident: &Incident, services: &Services) -> Option<LadderLine> {
        let named = |name: &str| services.declared().iter().find(|service| &*service.name == name)?.on_call.as_deref();
        let on_call = incident.services().find_map(named);
        let run = self.runs.get(&incident.number);
        let ladder = self.on_call().ladder_at(incident, on_call, run);
        LadderLine::of(ladder, run)
    }

    /// Who has each role now, as `status` prints it.
    pub(in crate::cli) fn lines(&self) -> Vec<HolderLine> {
        self.on_call().now(None, self.now).into_iter().map(HolderLine::from).collect()
    }

    /// The same once what a file writes down is in it.
    pub(in crate::cli) fn after(&self, written: &Written) -> Self {
        let mut after = Self { now: self.now, overrides: self.overrides.clone(), ..Self::default() };
        after.schedules = self.schedules.clone();
        for wanted in &written.schedules {
            let next = self.schedules.get(&wanted.name).map(|seen| seen.rewritten(wanted, self.now));
            after.schedules.insert(wanted.name.clone(), next.unwrap_or_else(|| wanted.clone()));
        }
        after.policies = self.policies.clone();
        after.policies.extend(written.policies.iter().map(|one| ((one.team.clone(), one.severity), one.clone())));
        after
    }

    /// What names people from now on.
    pub(in crate::cli) fn duties(&self) -> Vec<Duty> {
        self.on_call().duties(self.now)
    }

    /// Who is on call by it.
    pub(in crate::cli) fn on_call(&self) -> OnCall<'_> {
        let Self { schedules, overrides, policies, business, .. } = self;
        OnCall { schedules, overrides, policies, business }
    }
}
