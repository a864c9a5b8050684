//! A schedule, and the final schedule: who has a role when, once every layer and override has had its say.

use serde::{Deserialize, Serialize};

use super::layer::{Layer, Part};
use super::overrides::{InForce, Override, OverrideKind, in_force};
use crate::domain::time::{self, Instant, Zone};
use crate::domain::worded;

/// A schedule: its roles, and the layers of each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// Its name; a policy calls it `schedule:NAME/ROLE`.
    pub name: String,
    /// The team whose it is; empty for none.
    pub team: String,
    /// Whose clock it goes by.
    #[serde(with = "time::zone_name")]
    pub zone: Zone,
    /// Every layer, those that have ended too.
    pub layers: Vec<Layer>,
    /// From 1; every change adds one.
    #[serde(default)]
    pub version: u64,
}

worded! {
    /// Why somebody is on call.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "lowercase")]
    pub enum ShiftSource {
        /// It is their turn.
        Rotation = "rotation",
        /// An override says so.
        Override = "override",
        /// A temporary schedule says so.
        Temporary = "temporary",
        /// They swapped shifts.
        Swap = "swap",
        /// Nobody is: no layer has anybody.
        Nobody = "nobody",
    }
}

/// A stretch of time at which one person, or nobody, has a role for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shift {
    /// The role.
    pub role: String,
    /// Who; `None`: a gap.
    pub person: Option<String>,
    /// From when.
    pub from: Instant,
    /// Until when.
    pub until: Instant,
    /// Why.
    pub source: ShiftSource,
    /// Which turn of which layer, or which override: neighbours of the same are one shift.
    reason: (u64, i64),
}

impl Schedule {
    /// The roles, in the order of their first layer.
    pub fn roles(&self) -> Vec<&str> {
        let mut roles: Vec<&str> = Vec::new();
        for layer in &self.layers {
            if !roles.contains(&layer.role.as_str()) {
                roles.push(&layer.role);
            }
        }
        roles
    }

    /// The roles that somebody can have at an instant or later: those whose layers have all ended are over.
    pub fn roles_from(&self, at: Instant) -> Vec<&str> {
        let goes_on = |role: &&str| {
            self.layers.iter().any(|layer| layer.role == *role && layer.until.is_none_or(|until| at < until))
        };
        self.roles().into_iter().filter(goes_on).collect()
    }

    /// Everybody who takes turns now or later, each once.
    pub fn people(&self, now: Instant) -> Vec<&str> {
        let in_force = self.layers.iter().filter(|layer| layer.until.is_none_or(|until| now < until));
        let mut people: Vec<&str> =
            in_force.flat_map(|layer| layer.rotation.roster.iter().flatten()).map(String::as_str).collect();
        people.sort_unstable();
        people.dedup();
        people
    }

    /// The longest turn of a role and a week: how far one has to look to see a shift whole.
    pub fn reach(&self, role: &str) -> chrono::TimeDelta {
        let turns = self.layers.iter().filter(|layer| layer.role == role).map(|layer| layer.rotation.every.about());
        turns.max().unwrap_or_default() + time::days(8)
    }

    /// Who has a role within a span, in order and without a hole: where nobody has it, that is said. Shifts at its ends are cut there.
    pub fn shifts(&self, role: &str, overrides: &[Override], from: Instant, until: Instant) -> Vec<Shift> {
        if from >= until {
            return Vec::new();
        }
        let mut layers: Vec<&Layer> = self.layers.iter().filter(|layer| layer.role == role).collect();
        // The highest first; of two of one place, of which only one holds at a time, the later.
        layers.sort_by(|one, other| other.order.cmp(&one.order).then(other.from.cmp(&one.from)));
        let parts: Vec<Vec<Part<'_>>> = layers.iter().map(|layer| layer.parts(from, until)).collect();
        let said = in_force(overrides, role, from, until);

        let ends_of_parts = parts.iter().flatten().flat_map(|part| [part.from, part.until]);
        let ends_of_said = said.iter().flat_map(|one| [one.from, one.until]);
        let mut cuts: Vec<Instant> = ends_of_parts.chain(ends_of_said).chain([from, until]).collect();
        cuts.retain(|cut| (from..=until).contains(cut));
        cuts.sort_unstable();
        cuts.dedup();

        let mut places = vec![0; parts.len()];
        let mut shifts: Vec<Shift> = Vec::new();
        for cut in cuts.windows(2) {
            let [begins, ends] = *cut else { continue };
            let (person, source, reason) = who(&parts, &mut places, &said, begins);
            match shifts.last_mut() {
                Some(last) if last.person.as_deref() == person && last.source == source && last.reason == reason => {
                    last.until = ends;
                }
                _ => shifts.push(Shift {
                    role: role.to_owned(),
                    person: person.map(str::to_owned),
                    from: begins,
                    until: ends,
                    source,
                    reason,
                }),
            }
        }
        shifts
    }

    /// The shift that is on, whole as far as [`Self::reach`] sees; its ends are `None` where it goes beyond.
    pub fn now(
        &self,
        role: &str,
        overrides: &[Override],
        now: Instant,
    ) -> Option<(Shift, Option<Instant>, Option<Instant>)> {
        let (from, until) = self.around(role, now);
        let shifts = self.shifts(role, overrides, from, until);
        let shift = shifts.into_iter().find(|shift| shift.from <= now && now < shift.until)?;
        let begins = (shift.from > from).then_some(shift.from);
        let ends = (shift.until < until).then_some(shift.until);
        Some((shift, begins, ends))
    }

    /// The shift after the one that is on, and its end where [`Self::reach`] sees it.
    pub fn next(&self, role: &str, overrides: &[Override], now: Instant) -> Option<(Shift, Option<Instant>)> {
        let (from, until) = self.around(role, now);
        let shifts = self.shifts(role, overrides, from, until);
        let shift = shifts.into_iter().find(|shift| shift.from > now)?;
        let ends = (shift.until < until).then_some(shift.until);
        Some((shift, ends))
    }

    /// A span in which the shift that is on and the next are whole.
    fn around(&self, role: &str, now: Instant) -> (Instant, Instant) {
        let reach = self.reach(role);
        (time::within(now - reach), time::within(now + reach + reach))
    }
}

/// Who has the role at an instant, why, and by which turn or override.
fn who<'p>(
    parts: &[Vec<Part<'p>>],
    places: &mut [usize],
    said: &[InForce<'p>],
    at: Instant,
) -> (Option<&'p str>, ShiftSource, (u64, i64)) {
    let covers = |one: &&InForce<'_>| one.from <= at && at < one.until;
    let slot = said.iter().rev().filter(covers).find(|one| one.of_person.is_none());
    let mut found = match slot {
        Some(slot) => (slot.person, source_of(slot.kind), (slot.number, i64::MIN)),
        None => by_layer(parts, places, at),
    };
    for bound in said.iter().filter(covers).filter(|one| one.of_person.is_some()) {
        // One that is about somebody who has not the role says nothing.
        if found.0 == bound.of_person {
            found = (bound.person, source_of(bound.kind), (bound.number, i64::MIN));
        }
    }
    found
}

fn by_layer<'p>(
    parts: &[Vec<Part<'p>>],
    places: &mut [usize],
    at: Instant,
) -> (Option<&'p str>, ShiftSource, (u64, i64)) {
    for (layer, (parts, place)) in (0_u64..).zip(parts.iter().zip(places)) {
        while parts.get(*place).is_some_and(|part| part.until <= at) {
            *place += 1;
        }
        if let Some(part) = parts.get(*place).filter(|part| part.from <= at) {
            return (Some(part.person), ShiftSource::Rotation, (layer, part.turn));
        }
    }
    (None, ShiftSource::Nobody, (0, 0))
}

const fn source_of(kind: OverrideKind) -> ShiftSource {
    match kind {
        OverrideKind::Temporary => ShiftSource::Temporary,
        OverrideKind::Swap | OverrideKind::Accept => ShiftSource::Swap,
        _ => ShiftSource::Override,
    }
}

#[cfg(test)]
mod tests;
