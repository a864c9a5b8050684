//! What is wrong with policies that can each be read: whom they name, in circles or in vain.

use std::collections::BTreeSet;

use super::super::escalation::{Policy, Target};
use super::super::schedule::Schedule;
use super::{Known, Placed, nearest};
use crate::domain::document::Problems;
use crate::domain::time::{self, Instant};

/// How far ahead a gap of a schedule stands against a policy, in days.
const AHEAD: i64 = 14;

/// Reports every policy that names what is not there, that leads back to itself, or by which nobody is paged at some time.
pub(super) fn check(
    placed: &[Placed<'_, '_>],
    schedules: &[Schedule],
    known: &Known,
    now: Instant,
    problems: &mut Problems,
) {
    let of_store = known.schedules.iter().filter(|old| !schedules.iter().any(|new| new.name == old.name));
    // What is written down anew is judged as it will be in force.
    let anew = schedules.iter().map(|new| match known.schedules.iter().find(|old| old.name == new.name) {
        Some(old) => old.rewritten(new, now),
        None => new.clone(),
    });
    let all: Vec<Schedule> = anew.chain(of_store.cloned()).collect();
    let is_replaced = |old: &&Policy| !placed.iter().any(|new| is_same(&new.policy, &old.team, old));
    let policies: Vec<&Policy> =
        placed.iter().map(|placed| &placed.policy).chain(known.policies.iter().filter(is_replaced)).collect();
    let mut told: BTreeSet<String> = BTreeSet::new();
    for (place, one) in placed.iter().enumerate() {
        if placed.iter().take(place).any(|other| is_same(&other.policy, &one.policy.team, &one.policy)) {
            let sentence = format!("There are two policies of {} for {}.", one.policy.team, one.policy.severity.name());
            problems.in_table(&one.table, sentence, "Remove one of the two.");
        }
        let is_whole = targets(one, (&all, &policies), known, now, &mut told, problems);
        if is_whole && leads_back(&one.policy, &policies) {
            problems.in_table(
                &one.table,
                format!(
                    "The policy of {} for {} leads back to itself: nobody would ever be paged by it.",
                    one.policy.team,
                    one.policy.severity.name()
                ),
                "Name a schedule or a person in place of one of the policies of the circle.",
            );
        } else if is_whole && let Some(gap) = gap(&one.policy, &all, now) {
            problems.in_table(
                &one.table,
                format!("Every level of it has nobody at times in the next {AHEAD} days: {gap}."),
                "Fill the gap, or add a level that pages a person.",
            );
        }
    }
}

fn is_same(policy: &Policy, team: &str, other: &Policy) -> bool {
    policy.team == team && policy.severity == other.severity
}

/// Whether whatever a policy names is there.
fn targets(
    one: &Placed<'_, '_>,
    (schedules, policies): (&[Schedule], &[&Policy]),
    known: &Known,
    now: Instant,
    told: &mut BTreeSet<String>,
    problems: &mut Problems,
) -> bool {
    let mut is_whole = true;
    for (target, entry) in &one.targets {
        let missing = match target {
            Target::Person(person) => (!known.people.contains(person))
                .then(|| (format!("There is no person {person:?}."), nearest(person, &known.people))),
            Target::Schedule { schedule, role } => missing_role((schedule, role.as_deref()), schedules, now),
            Target::Policy(team) => (!policies.iter().any(|policy| is_same(policy, team, &one.policy))).then(|| {
                (
                    format!("The team {team:?} has no policy for {}.", one.policy.severity.name()),
                    "Write one, or name a schedule or a person.".to_owned(),
                )
            }),
        };
        if let Some((sentence, fix)) = missing {
            is_whole = false;
            // A policy for several severities is one place of the file: what is wrong with it is said once.
            let words = format!("{target} {sentence}");
            if told.insert(words) {
                problems.at(entry, sentence, fix);
            }
        }
    }
    is_whole
}

fn missing_role(
    (schedule, role): (&str, Option<&str>),
    schedules: &[Schedule],
    now: Instant,
) -> Option<(String, String)> {
    let Some(found) = schedules.iter().find(|known| known.name == schedule) else {
        let names: BTreeSet<String> = schedules.iter().map(|known| known.name.clone()).collect();
        return Some((format!("There is no schedule {schedule:?}."), nearest(schedule, &names)));
    };
    let role = role.filter(|role| !found.roles_from(now).contains(role))?;
    let roles: BTreeSet<String> = found.roles_from(now).into_iter().map(str::to_owned).collect();
    Some((format!("The schedule {schedule:?} has no role {role:?}."), nearest(role, &roles)))
}

/// Whether following the policies that a policy names comes back to one that was met before.
fn leads_back(policy: &Policy, policies: &[&Policy]) -> bool {
    fn climb<'p>(policy: &'p Policy, first_only: bool, policies: &[&'p Policy], path: &mut Vec<&'p str>) -> bool {
        if path.contains(&policy.team.as_str()) {
            return true;
        }
        path.push(&policy.team);
        let levels = policy.levels.iter().take(if first_only { 1 } else { usize::MAX });
        let named = levels.flat_map(|level| &level.page).filter_map(|target| match target {
            Target::Policy(team) => policies.iter().find(|other| is_same(other, team, policy)),
            _ => None,
        });
        let is_circle = named.into_iter().any(|next| climb(next, true, policies, path));
        path.pop();
        is_circle
    }
    climb(policy, false, policies, &mut Vec::new())
}

/// The first gap at which no level of a policy has anybody, in words; `None` where one level always has.
fn gap(policy: &Policy, schedules: &[Schedule], now: Instant) -> Option<String> {
    let until = now + time::days(AHEAD);
    let mut first = None;
    for target in policy.levels.iter().flat_map(|level| &level.page) {
        let Target::Schedule { schedule, role } = target else { return None };
        let schedule = schedules.iter().find(|known| &known.name == schedule)?;
        let roles = schedule.roles().into_iter().filter(|known| role.as_deref().is_none_or(|role| role == *known));
        for role in roles {
            let shifts = schedule.shifts(role, &[], now, until);
            let gap = shifts.iter().find(|shift| shift.person.is_none())?;
            let shown = |at: Instant| schedule.zone.clock(at).format("%Y-%m-%d %H:%M").to_string();
            first.get_or_insert_with(|| {
                let zone = schedule.zone.iana_name().unwrap_or_default();
                format!("{}/{role} from {} to {} {zone}", schedule.name, shown(gap.from), shown(gap.until))
            });
        }
    }
    first
}
