//! Who is on call: asked of every schedule, override and policy there is.

use std::collections::BTreeMap;

use super::business::BusinessHours;
use super::escalation::{Called, Ladder, Policy, Run, RunState, Target};
use super::overrides::Override;
use super::schedule::{Schedule, Shift};
use super::spans::Span;
use crate::domain::incident::{Incident, Severity};
use crate::domain::time::Instant;

/// How deep policies may name each other: a circle is refused when it is written, and one that is there nevertheless ends here.
const DEEPEST: usize = 8;

/// Everything that says who is on call.
#[derive(Debug, Clone, Copy)]
pub struct OnCall<'a> {
    /// The schedules, by name.
    pub schedules: &'a BTreeMap<String, Schedule>,
    /// What is said over them, by schedule.
    pub overrides: &'a BTreeMap<String, Vec<Override>>,
    /// The policies, by team and severity.
    pub policies: &'a BTreeMap<(String, Severity), Policy>,
    /// When teams do business, by team.
    pub business: &'a BTreeMap<String, BusinessHours>,
}

/// Who has a role of a schedule, and how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The schedule.
    pub schedule: String,
    /// The role.
    pub role: String,
    /// Who; `None`: nobody.
    pub person: Option<String>,
    /// Since when; `None` where it is longer than one can see.
    pub since: Option<Instant>,
    /// Until when; `None` where it is longer than one can see.
    pub until: Option<Instant>,
}

/// Something that names a person, so that they cannot go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duty {
    /// Who.
    pub person: String,
    /// What names them: `schedule shop/primary`, `policy shop/sev1`.
    pub of: String,
}

impl OnCall<'_> {
    /// What is said over the rotations of a schedule.
    pub fn overrides_of(&self, schedule: &str) -> &[Override] {
        self.overrides.get(schedule).map(Vec::as_slice).unwrap_or_default()
    }

    /// The shifts of a role within a span.
    pub fn shifts(&self, schedule: &Schedule, role: &str, within: Span) -> Vec<Shift> {
        schedule.shifts(role, self.overrides_of(&schedule.name), within.0, within.1)
    }

    /// Who has each role of each schedule, or of one.
    pub fn now(&self, only: Option<&str>, at: Instant) -> Vec<Holder> {
        self.each_role(only, at, |schedule, role| {
            let (shift, since, until) = schedule.now(role, self.overrides_of(&schedule.name), at)?;
            Some(Holder { schedule: schedule.name.clone(), role: role.to_owned(), person: shift.person, since, until })
        })
    }

    /// Who has each role of each schedule, or of one, after whoever has it.
    pub fn next(&self, only: Option<&str>, at: Instant) -> Vec<Holder> {
        self.each_role(only, at, |schedule, role| {
            let (shift, until) = schedule.next(role, self.overrides_of(&schedule.name), at)?;
            let since = Some(shift.from);
            Some(Holder { schedule: schedule.name.clone(), role: role.to_owned(), person: shift.person, since, until })
        })
    }

    fn each_role(
        &self,
        only: Option<&str>,
        at: Instant,
        of: impl Fn(&Schedule, &str) -> Option<Holder>,
    ) -> Vec<Holder> {
        let schedules = self.schedules.values().filter(|schedule| only.is_none_or(|only| only == schedule.name));
        schedules
            .flat_map(|schedule| schedule.roles_from(at).into_iter().filter_map(|role| of(schedule, role)))
            .collect()
    }

    /// Everybody whom a target means for a severity at an instant, by handle.
    pub fn people(&self, target: &Target, severity: Severity, at: Instant) -> Vec<String> {
        self.people_within(target, severity, at, DEEPEST)
    }

    fn people_within(&self, target: &Target, severity: Severity, at: Instant, depth: usize) -> Vec<String> {
        match target {
            Target::Person(person) => vec![person.clone()],
            Target::Schedule { schedule, role } => {
                let Some(schedule) = self.schedules.get(schedule) else { return Vec::new() };
                let roles =
                    schedule.roles().into_iter().filter(|known| role.as_deref().is_none_or(|role| role == *known));
                let moment = (at, at + chrono::TimeDelta::seconds(1));
                roles.filter_map(|role| self.shifts(schedule, role, moment).into_iter().next()?.person).collect()
            }
            Target::Policy(team) => {
                let policy = self.policies.get(&(team.clone(), severity)).filter(|_| depth > 0);
                let first = policy.and_then(|policy| policy.levels.first()).into_iter().flat_map(|level| &level.page);
                first.flat_map(|target| self.people_within(target, severity, at, depth - 1)).collect()
            }
        }
    }

    /// The policy for an incident of a team. Where no team is named, that of the team of `on_call`, a schedule that a service names; else the
    /// only one there is for the severity.
    pub fn policy(&self, team: &str, on_call: Option<&str>, severity: Severity) -> Option<&Policy> {
        if !team.is_empty() {
            return self.policies.get(&(team.to_owned(), severity));
        }
        let of_service = on_call.map(|name| name.split('/').next().unwrap_or(name));
        let of_schedule =
            of_service.map(|name| self.schedules.get(name).map_or(name, |schedule| schedule.team.as_str()));
        if let Some(policy) = of_schedule.and_then(|team| self.policies.get(&(team.to_owned(), severity))) {
            return Some(policy);
        }
        let mut of_severity = self.policies.values().filter(|policy| policy.severity == severity);
        of_severity.next().filter(|_| of_severity.next().is_none())
    }

    /// The ladder that a policy gives an incident which begins to climb at an instant.
    pub fn ladder(&self, policy: &Policy, begins: Instant) -> Ladder {
        let resolve = |target: &Target, at: Instant| self.people(target, policy.severity, at);
        policy.ladder(begins, self.business.get(&policy.team), &resolve)
    }

    /// The ladder of an incident: of its escalation where it has one, else by the policy of its team, else by that of the team of `on_call`;
    /// `None` where no policy says whom to page. Where it was acknowledged or is over, what was due until then.
    pub fn ladder_at(&self, incident: &Incident, on_call: Option<&str>, run: Option<&Run>) -> Option<Ladder> {
        let ended = incident.resolved.as_ref().map(|stamp| stamp.at);
        let ended = ended.or(incident.merged.as_ref().map(|merged| merged.at));
        let stopped_at = incident.acknowledged.as_ref().map(|stamp| stamp.at).or(ended);
        if let Some(run) = run.filter(|run| !run.policy.levels.is_empty()) {
            return Some(self.ladder_of(run, stopped_at));
        }
        self.ladder_for((&incident.team, on_call, incident.severity), incident.created_at, stopped_at)
    }

    /// The ladder of an incident of a team, else of the team of `on_call`: see [`Self::policy`]. Where somebody stopped it, what was due until
    /// then. `None` where no policy says whom to page.
    pub fn ladder_for(
        &self,
        (team, on_call, severity): (&str, Option<&str>, Severity),
        begins: Instant,
        stopped_at: Option<Instant>,
    ) -> Option<Ladder> {
        let mut ladder = self.ladder(self.policy(team, on_call, severity)?, begins);
        if let Some(stopped_at) = stopped_at {
            ladder.until(stopped_at);
        }
        Some(ladder)
    }

    /// What an escalation by a policy goes by at an instant.
    pub fn called(&self, policy: &Policy, at: Instant) -> Called {
        let targets = policy.levels.iter().flat_map(|level| &level.page);
        let people = targets.map(|target| (target.clone(), self.people(target, policy.severity, at))).collect();
        Called { policy: policy.clone(), business: self.business.get(&policy.team).cloned(), people }
    }

    /// The ladder of a run, by the policy as it was when the run began and by who is on call at each of its times. Where somebody stopped it,
    /// what was due until then.
    pub fn ladder_of(&self, run: &Run, stopped_at: Option<Instant>) -> Ladder {
        let resolve = |target: &Target, at: Instant| self.people(target, run.policy.severity, at);
        let business = self.business.get(&run.policy.team);
        let mut ladder = run.ladder(&super::escalation::Around { business, resolve: &resolve });
        let is_over = matches!(run.state, RunState::Stopped { .. } | RunState::Ended);
        if let Some(stopped_at) = stopped_at.filter(|_| is_over) {
            ladder.until(stopped_at);
        }
        ladder
    }

    /// What names people from now on: rotations that go on, overrides that are not over, policies.
    pub fn duties(&self, now: Instant) -> Vec<Duty> {
        let mut duties = Vec::new();
        let mut add = |person: &str, of: String| duties.push(Duty { person: person.to_owned(), of });
        for schedule in self.schedules.values() {
            for layer in schedule.layers.iter().filter(|layer| layer.until.is_none_or(|until| now < until)) {
                let of = format!("schedule {}/{}", schedule.name, layer.role);
                layer.rotation.roster.iter().flatten().for_each(|person| add(person, of.clone()));
            }
            for said in self.overrides_of(&schedule.name).iter().filter(|said| now < said.until) {
                let of = format!("override {} of {}/{}", said.number, schedule.name, said.role);
                said.slots.iter().filter_map(|slot| slot.person.as_ref()).for_each(|person| add(person, of.clone()));
            }
        }
        for policy in self.policies.values() {
            let of = format!("policy {}/{}", policy.team, policy.severity.word());
            let named = policy.levels.iter().flat_map(|level| &level.page);
            for target in named {
                if let Target::Person(person) = target {
                    add(person, of.clone());
                }
            }
        }
        duties.sort_by(|one, other| (&one.person, &one.of).cmp(&(&other.person, &other.of)));
        duties.dedup();
        duties
    }
}

#[cfg(test)]
mod tests;
