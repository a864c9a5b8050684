//! Who is on call, by what the store holds.

use std::collections::BTreeMap;

use super::World;
use crate::domain::incident::Incident;
use crate::domain::oncall::escalation::{Ladder, Policy, Run};
use crate::domain::oncall::{BusinessHours, OnCall, Override, Schedule};
use crate::domain::people::{Person, Team};
use crate::domain::time::{Instant, Zone};

/// An incident that is open, with whom it calls.
#[derive(Debug)]
pub struct Climb<'w> {
    /// The incident.
    pub incident: &'w Incident,
    /// Its escalation; `None` where it has none yet.
    pub run: Option<&'w Run>,
    /// When which level is called; `None` where no policy says whom to page.
    pub ladder: Option<Ladder>,
}

impl World {
    /// When the teams of the store do business.
    pub fn business(&self) -> BTreeMap<String, BusinessHours> {
        let teams = self.store.as_ref().and_then(|store| store.facts::<Team>()).into_iter().flatten();
        teams.filter_map(|(name, team)| Some((name.clone(), BusinessHours::of(team)?))).collect()
    }

    /// Who is on call; `None` while the store has not told.
    pub fn on_call<'a>(&'a self, business: &'a BTreeMap<String, BusinessHours>) -> Option<OnCall<'a>> {
        let store = self.store.as_ref()?;
        Some(OnCall {
            schedules: store.facts::<Schedule>()?,
            overrides: store.facts::<Override>()?,
            policies: store.facts::<Policy>()?,
            business,
        })
    }

    /// The zone of a person; UTC for one whom the store does not know.
    pub fn zone_of(&self, handle: &str) -> Zone {
        let people = self.store.as_ref().and_then(|store| store.facts::<Person>());
        people.and_then(|people| Zone::named(&people.get(handle)?.zone)).unwrap_or(Zone::UTC)
    }

    /// The incidents that are open, each with its ladder where a policy says whom to page.
    pub fn ladders(&self) -> Vec<Climb<'_>> {
        let business = self.business();
        let on_call = self.on_call(&business);
        let incidents = self.store.as_ref().and_then(|store| store.facts::<Incident>()).into_iter().flatten();
        let runs = self.store.as_ref().and_then(|store| store.facts::<Run>());
        let climb = |(_, incident)| {
            let incident: &Incident = incident;
            let named = |name: &str| self.services.declared().iter().find(|one| *one.name == *name)?.on_call.as_deref();
            let run = runs.and_then(|runs| runs.get(&incident.number));
            let service = incident.services().find_map(named);
            Climb { incident, run, ladder: on_call.as_ref().and_then(|book| book.ladder_at(incident, service, run)) }
        };
        incidents.filter(|(_, incident)| incident.state.is_open()).map(climb).collect()
    }

    /// The schedules that services name and by which nobody is on call at some time before another, with the services.
    pub fn services_without_on_call(&self, now: Instant, until: Instant) -> Vec<(String, String)> {
        let business = self.business();
        let Some(on_call) = self.on_call(&business) else { return Vec::new() };
        let has_gap = |name: &str| {
            let (name, role) = name.split_once('/').map_or((name, None), |(name, role)| (name, Some(role)));
            let Some(schedule) = on_call.schedules.get(name) else { return true };
            let roles = schedule.roles().into_iter().filter(|known| role.is_none_or(|role| role == *known));
            roles.flat_map(|role| on_call.shifts(schedule, role, (now, until))).any(|shift| shift.person.is_none())
        };
        let named =
            self.services.declared().iter().filter_map(|one| Some((one.name.to_string(), one.on_call.clone()?)));
        named.filter(|(_, name)| has_gap(name)).collect()
    }
}
