//! Who is called for an incident: what is read of schedules and policies before one is declared or changed, and what its escalation goes by.

use std::collections::BTreeMap;

use super::alerts::StoreEyes;
use super::observation::IncidentFacts;
use crate::domain::incident::{Incident, Severity, Transition};
use crate::domain::oncall::escalation::{Called, Happening, Policy};
use crate::domain::oncall::{BusinessHours, OnCall, Override, Schedule};
use crate::domain::people::Team;
use crate::domain::service::Services;
use crate::domain::store::fact::{Fact, List, Value};
use crate::domain::store::{OVERRIDES_SINCE, POLICIES, SCHEDULES, TEAMS};
use crate::domain::time::Instant;
use crate::sources::error::SourceError;

/// How many of each kind are read.
const MOST: u32 = 20_000;

/// Who is on call and whom policies page, as the store says at one moment.
#[derive(Debug, Clone, Default)]
pub struct CallBook {
    schedules: BTreeMap<String, Schedule>,
    overrides: BTreeMap<String, Vec<Override>>,
    policies: BTreeMap<(String, Severity), Policy>,
    business: BTreeMap<String, BusinessHours>,
    /// The schedules that services name, by service.
    on_call: BTreeMap<String, String>,
    now: Instant,
}

impl CallBook {
    /// Who is on call by it.
    fn on_call(&self) -> OnCall<'_> {
        let Self { schedules, overrides, policies, business, .. } = self;
        OnCall { schedules, overrides, policies, business }
    }

    /// What an escalation goes by for a team, else for the schedule of one of some services; `None` where no policy says whom to page.
    pub(super) fn called<'s>(
        &self,
        team: &str,
        services: impl IntoIterator<Item = &'s str>,
        severity: Severity,
    ) -> Option<Called> {
        let on_call = services.into_iter().find_map(|service| self.on_call.get(service)).map(String::as_str);
        let book = self.on_call();
        Some(book.called(book.policy(team, on_call, severity)?, self.now))
    }
}

impl StoreEyes {
    /// Reads who is on call now.
    pub(super) async fn call_book(&self, services: &Services, now: Instant) -> Result<CallBook, SourceError> {
        let policies: Vec<Policy> = self.all(POLICIES, Vec::new()).await?;
        let named = services.declared().iter().filter_map(|one| Some((one.name.to_string(), one.on_call.clone()?)));
        let mut book = CallBook { now, on_call: named.collect(), ..CallBook::default() };
        if policies.is_empty() {
            return Ok(book);
        }
        book.policies = policies.into_iter().map(|one| ((one.team.clone(), one.severity), one)).collect();
        let schedules: Vec<Schedule> = self.all(SCHEDULES, Vec::new()).await?;
        book.schedules = schedules.into_iter().map(|one| (one.name.clone(), one)).collect();
        for said in self.all::<Override>(OVERRIDES_SINCE, vec![now.into()]).await? {
            book.overrides.entry(said.schedule.clone()).or_default().push(said);
        }
        let teams: Vec<Team> = self.all(TEAMS, Vec::new()).await?;
        book.business = teams.iter().filter_map(|team| Some((team.name.clone(), BusinessHours::of(team)?))).collect();
        Ok(book)
    }

    /// The facts of a list.
    pub(super) async fn all<F: Fact>(&self, list: &'static List, given: Vec<Value>) -> Result<Vec<F>, SourceError> {
        let rows = self.store.rows(F::TABLE, list, given, MOST).await?;
        Ok(rows.iter().filter_map(F::decode).collect())
    }
}

impl IncidentFacts {
    /// What the escalation of an incident goes by from here, where a change of it calls somebody: the policy it began with, unless it has
    /// another severity now.
    pub(super) fn called(&self, transition: &Transition, next: &Incident) -> Option<Called> {
        let is_new = match transition {
            Transition::Severity { .. } => true,
            Transition::Escalate
            | Transition::AddResponder { .. }
            | Transition::Answer
            | Transition::Reassign { .. }
            | Transition::Snooze { .. }
            | Transition::Reopen
            | Transition::Unmerge { .. } => false,
            _ => return None,
        };
        let begun = self.run.as_ref().filter(|run| !is_new && !run.policy.levels.is_empty());
        match begun {
            Some(run) => Some(self.book.on_call().called(&run.policy, self.book.now)),
            None => self.book.called(&next.team, next.services(), next.severity),
        }
    }

    /// What an acknowledgement by somebody is: whoever was asked to help answers their own page alone, and whoever it was escalated to after
    /// somebody had acknowledged it answers the ladder.
    pub(super) fn answering(&self, transition: Transition, actor: &str) -> Transition {
        let (Transition::Acknowledge, Some(run), Some(incident)) = (&transition, &self.run, &self.incident) else {
            return transition;
        };
        let is_climbing = incident.acknowledged.is_some() && run.queued().any(|page| page.person == actor);
        match run.answer(actor) {
            Happening::ResponderAcknowledges(_) => Transition::Answer,
            _ if is_climbing => Transition::Answer,
            _ => transition,
        }
    }

    /// Why somebody cannot be called by name: nobody has the handle, or they have left. Where nobody wrote people down, everybody may be.
    pub(super) fn cannot_call(&self, transition: &Transition) -> Option<String> {
        match transition {
            Transition::AddResponder { person } | Transition::Reassign { to: person, .. } => self.doubt_of(person),
            _ => None,
        }
    }
}
