//! What becomes of a schedule that is written down anew: what was stays, what is new begins at the next hand-over.

use super::layer::Layer;
use super::schedule::Schedule;
use crate::domain::time::Instant;

impl Schedule {
    /// This schedule as `wanted` writes it down. A layer that differs ends at the end of the turn that is on, and the new one begins there;
    /// one that has no forerunner begins now. Nothing of the past changes, and wanting the same again changes nothing.
    #[must_use]
    pub fn rewritten(&self, wanted: &Self, now: Instant) -> Self {
        let mut layers: Vec<Layer> = Vec::new();
        let mut places: Vec<(&str, u32)> = Vec::new();
        for layer in wanted.layers.iter().chain(&self.layers) {
            if !places.contains(&(&layer.role, layer.order)) {
                places.push((&layer.role, layer.order));
            }
        }
        for (role, order) in places {
            let is_there = |layer: &&Layer| layer.role == role && layer.order == order;
            let chain: Vec<Layer> = self.layers.iter().filter(is_there).cloned().collect();
            layers.extend(followed(chain, wanted.layers.iter().find(is_there), now));
        }
        Self { layers, version: self.version, ..wanted.clone() }
    }
}

/// The layers of one place, followed by the one that is wanted, or ended where none is.
fn followed(mut chain: Vec<Layer>, wanted: Option<&Layer>, now: Instant) -> Vec<Layer> {
    chain.sort_by_key(|layer| layer.from);
    let is_last = |wanted: &Layer| chain.last().is_some_and(|last| last.until.is_none() && last.is_same(wanted));
    if wanted.is_some_and(is_last) {
        return chain;
    }
    // What has not begun is no past.
    chain.retain(|layer| layer.from.is_none_or(|from| from <= now));
    let Some(current) = chain.last_mut().filter(|last| last.until.is_none_or(|until| now < until)) else {
        chain.extend(wanted.map(|wanted| Layer { from: Some(now), ..wanted.clone() }));
        return chain;
    };
    if wanted.is_some_and(|wanted| current.is_same(wanted)) {
        current.until = None;
        return chain;
    }
    let turn = current.rotation.turn_at(now);
    let change = current.until.unwrap_or_else(|| current.rotation.boundary(turn + 1));
    current.until = Some(change);
    let next = wanted.map(|wanted| {
        let mut next = Layer { from: Some(change), ..wanted.clone() };
        if next.first.is_none() {
            let turn = next.rotation.turn_at(change);
            next.begin_with(place_behind(current, &next, change), turn);
        }
        next
    });
    chain.extend(next);
    chain
}

/// Whose place in the new roster comes behind that of whoever is on call up to the change: the next of the old roster who is in the new
/// one, else the place itself.
fn place_behind(old: &Layer, new: &Layer, change: Instant) -> usize {
    let (before, after) = (&old.rotation.roster, &new.rotation.roster);
    let last = old.rotation.turn_at(change - chrono::TimeDelta::microseconds(1));
    let on_call = old.person(last);
    let place_of = |who: Option<&str>| after.iter().position(|one| one.as_deref() == who);
    let number = after.len().max(1);
    if let Some(place) = on_call.and_then(|who| place_of(Some(who))) {
        return (place + 1) % number;
    }
    let steps = 1_i64.saturating_add(last)..=last.saturating_add(i64::try_from(before.len()).unwrap_or(0));
    let stays = steps.clone().find_map(|turn| place_of(Some(old.person(turn)?)));
    let old_place = before.iter().position(|one| one.as_deref() == on_call).map_or(0, |place| (place + 1) % number);
    stays.unwrap_or(old_place)
}

#[cfg(test)]
mod tests {
    use super::super::{Advance, Rotation, Turn};
    use super::*;
    use crate::domain::time::{NamedZone, read_civil};

    fn at(text: &str) -> Instant {
        format!("{text}T00:00:00Z").parse().expect("a time")
    }

    fn layer(role: &str, people: &[&str]) -> Layer {
        let rotation = Rotation {
            zone: NamedZone::read("UTC").expect("a zone").zone,
            anchor: read_civil("2026-10-19T00:00").expect("a Monday"),
            every: Turn::Weeks(1),
            roster: people.iter().map(|person| Some((*person).to_owned())).collect(),
            start: 0,
        };
        Layer {
            role: role.into(),
            order: 0,
            rotation,
            first: None,
            hours: Vec::new(),
            advance: Advance::Calendar,
            from: None,
            until: None,
        }
    }

    fn schedule(layers: &[Layer]) -> Schedule {
        let zone = NamedZone::read("UTC").expect("a zone").zone;
        Schedule { name: "shop".into(), team: String::new(), zone, layers: layers.to_vec(), version: 0 }
    }

    fn weeks(schedule: &Schedule, role: &str) -> Vec<String> {
        let shifts = schedule.shifts(role, &[], at("2026-10-12"), at("2026-11-23"));
        shifts.iter().map(|shift| shift.person.clone().unwrap_or_else(|| "-".into())).collect()
    }

    #[test]
    fn a_changed_roster_begins_at_the_next_hand_over_behind_whoever_is_on_call() {
        let before = schedule(&[layer("primary", &["ada", "ben", "cy"])]);
        assert_eq!(weeks(&before, "primary"), ["cy", "ada", "ben", "cy", "ada", "ben"]);
        let now = at("2026-10-28");
        for (people, then) in [
            (&["ada", "ben", "cy", "dee"][..], ["cy", "ada", "ben", "cy", "dee", "ada"]),
            (&["ada", "cy"], ["cy", "ada", "ben", "cy", "ada", "cy"]),
            (&["eve", "fay", "gus"], ["cy", "ada", "ben", "gus", "eve", "fay"]),
            (&["ada"], ["cy", "ada", "ben", "ada", "ada", "ada"]),
        ] {
            let after = before.rewritten(&schedule(&[layer("primary", people)]), now);
            assert_eq!(weeks(&after, "primary"), then, "{people:?}");
            let again = after.rewritten(&schedule(&[layer("primary", people)]), now);
            assert_eq!(again, after, "the same file again changes nothing");
            let back = after.rewritten(&before, now);
            assert_eq!(back, before, "taken back before it began");
        }
    }

    #[test]
    fn who_begins_is_who_the_file_says() {
        let before = schedule(&[layer("primary", &["ada", "ben"])]);
        let wanted = Layer { first: Some("cy".into()), ..layer("primary", &["ada", "ben", "cy"]) };
        let mut named = wanted.clone();
        named.begin_with(2, 0);
        let after = before.rewritten(&schedule(&[named]), at("2026-10-20"));
        assert_eq!(weeks(&after, "primary"), ["ben", "ada", "ada", "ben", "cy", "ada"]);
    }

    #[test]
    fn a_new_role_begins_now_and_one_that_is_gone_ends_with_its_turn() {
        let before = schedule(&[layer("primary", &["ada"])]);
        let now = at("2026-10-28");
        let after = before.rewritten(&schedule(&[layer("secondary", &["ben"])]), now);
        assert_eq!(weeks(&after, "secondary"), ["-", "ben", "ben", "ben", "ben"]);
        assert_eq!(weeks(&after, "primary"), ["ada", "ada", "ada", "-"]);
        assert_eq!(after.roles_from(at("2026-11-01")), ["secondary", "primary"], "its last turn is still on");
        assert_eq!(after.roles_from(at("2026-11-02")), ["secondary"]);
        let later = after.rewritten(&schedule(&[layer("primary", &["cy"])]), at("2026-11-10"));
        assert_eq!(weeks(&later, "primary"), ["ada", "ada", "ada", "-", "cy", "cy"]);
    }
}
