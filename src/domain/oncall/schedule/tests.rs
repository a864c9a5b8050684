//! The final schedule: what is said over the rotations, in which order, and that it stays what it was.

use super::super::overrides::Slot;
use super::super::rotation::{Rotation, Turn};
use super::super::{Advance, Hours};
use super::*;
use crate::domain::time::{NamedZone, read_civil};
use proptest::prelude::*;

fn at(text: &str) -> Instant {
    let text = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
    text.parse().expect("a time")
}

fn layer(order: u32, every: &str, people: &[&str]) -> Layer {
    let rotation = Rotation {
        zone: NamedZone::read("UTC").expect("a zone").zone,
        anchor: read_civil("2026-10-19T00:00").expect("a Monday"),
        every: Turn::read(every).expect("a length"),
        roster: people.iter().map(|person| Some((*person).to_owned())).collect(),
        start: 0,
    };
    Layer {
        role: "primary".into(),
        order,
        rotation,
        first: None,
        hours: vec![],
        advance: Advance::Calendar,
        from: None,
        until: None,
    }
}

fn schedule(layers: Vec<Layer>) -> Schedule {
    Schedule {
        name: "shop".into(),
        team: "shop".into(),
        zone: NamedZone::read("UTC").expect("a zone").zone,
        layers,
        version: 1,
    }
}

fn said(number: u64, kind: OverrideKind, who: &[(&str, &str, &str)]) -> Override {
    let slots: Vec<Slot> = who
        .iter()
        .map(|(who, from, until)| Slot {
            person: (!who.is_empty()).then(|| (*who).to_owned()),
            from: at(from),
            until: at(until),
        })
        .collect();
    Override {
        schedule: "shop".into(),
        number,
        role: "primary".into(),
        kind,
        from: slots.iter().map(|slot| slot.from).min().unwrap_or_default(),
        until: slots.iter().map(|slot| slot.until).max().unwrap_or_default(),
        slots,
        of_person: None,
        of_number: None,
        words: String::new(),
        by: "mori".into(),
        at: at("2026-10-18"),
    }
}

fn drawn(schedule: &Schedule, overrides: &[Override], from: &str, until: &str) -> Vec<String> {
    let shifts = schedule.shifts("primary", overrides, at(from), at(until));
    assert!(shifts.windows(2).all(|pair| pair[0].until == pair[1].from), "no hole: {shifts:?}");
    let who = |shift: &Shift| shift.person.clone().unwrap_or_else(|| "-".to_owned());
    shifts
        .iter()
        .map(|shift| format!("{} {} {}", shift.from.format("%m-%d"), who(shift), shift.source.word()))
        .collect()
}

#[test]
fn the_newest_override_counts_and_the_turn_goes_on_around_it() {
    let schedule = schedule(vec![layer(0, "1 week", &["ada", "ben"])]);
    let overrides = [
        said(1, OverrideKind::Slot, &[("cy", "2026-10-20", "2026-10-23")]),
        said(2, OverrideKind::Slot, &[("dee", "2026-10-21", "2026-10-22")]),
    ];
    assert_eq!(
        drawn(&schedule, &overrides, "2026-10-19", "2026-10-27"),
        [
            "10-19 ada rotation",
            "10-20 cy override",
            "10-21 dee override",
            "10-22 cy override",
            "10-23 ada rotation",
            "10-26 ben rotation"
        ]
    );
}

#[test]
fn the_highest_layer_with_somebody_in_it_counts() {
    let mut weekend = layer(1, "1 week", &["eve", "fay"]);
    weekend.hours = vec![Hours::read(Some("Sat-Sun"), "00:00", "24:00").expect("hours")];
    weekend.rotation.roster[1] = None;
    let schedule = schedule(vec![layer(0, "1 week", &["ada", "ben"]), weekend]);
    assert_eq!(
        drawn(&schedule, &[], "2026-10-23", "2026-11-03"),
        ["10-23 ada rotation", "10-24 eve rotation", "10-26 ben rotation", "11-02 ada rotation"],
        "the second weekend has nobody: the layer below does not give way"
    );
}

#[test]
fn where_no_layer_counts_there_is_a_gap() {
    let mut business = layer(0, "1 week", &["ada"]);
    business.hours = vec![Hours::read(Some("Mon-Fri"), "00:00", "24:00").expect("hours")];
    let schedule = schedule(vec![business]);
    assert_eq!(
        drawn(&schedule, &[], "2026-10-19", "2026-10-27"),
        ["10-19 ada rotation", "10-24 - nobody", "10-26 ada rotation"]
    );
    let (shift, since, until) = schedule.now("primary", &[], at("2026-10-25")).expect("said");
    assert_eq!((shift.person, since, until), (None, Some(at("2026-10-24")), Some(at("2026-10-26"))));
    let (next, _) = schedule.next("primary", &[], at("2026-10-25")).expect("said");
    assert_eq!((next.person.as_deref(), next.from), (Some("ada"), at("2026-10-26")));
}

#[test]
fn what_is_bound_to_a_person_says_nothing_of_others() {
    let schedule = schedule(vec![layer(0, "1 week", &["ada", "ben"])]);
    let span = [("cy", "2026-10-19", "2026-11-02")];
    let replaced = Override { of_person: Some("ben".into()), ..said(1, OverrideKind::Replace, &span) };
    assert_eq!(drawn(&schedule, &[replaced], "2026-10-19", "2026-11-02"), ["10-19 ada rotation", "10-26 cy override"]);
    let removed = Override { of_person: Some("ada".into()), slots: vec![], ..said(1, OverrideKind::Remove, &span) };
    assert_eq!(drawn(&schedule, &[removed], "2026-10-19", "2026-11-02"), ["10-19 - override", "10-26 ben rotation"]);
}

#[test]
fn a_temporary_schedule_takes_the_place_of_every_layer() {
    let schedule = schedule(vec![layer(0, "1 week", &["ada", "ben"])]);
    let mut temporary =
        said(1, OverrideKind::Temporary, &[("cy", "2026-10-20", "2026-10-21"), ("dee", "2026-10-22", "2026-10-30")]);
    temporary.until = at("2026-10-23");
    let over = said(2, OverrideKind::Slot, &[("eve", "2026-10-21", "2026-10-22")]);
    assert_eq!(
        drawn(&schedule, std::slice::from_ref(&temporary), "2026-10-19", "2026-10-26"),
        ["10-19 ada rotation", "10-20 cy temporary", "10-21 - temporary", "10-22 dee temporary", "10-23 ada rotation"]
    );
    assert_eq!(
        drawn(&schedule, &[temporary, over], "2026-10-21", "2026-10-23"),
        ["10-21 eve override", "10-22 dee temporary"]
    );
}

#[test]
fn a_swap_changes_nothing_until_it_is_accepted() {
    let schedule = schedule(vec![layer(0, "1 week", &["ada", "ben"])]);
    let asked =
        said(1, OverrideKind::Swap, &[("ben", "2026-10-19", "2026-10-26"), ("ada", "2026-10-26", "2026-11-02")]);
    assert_eq!(
        drawn(&schedule, std::slice::from_ref(&asked), "2026-10-19", "2026-11-02"),
        ["10-19 ada rotation", "10-26 ben rotation"]
    );
    let accepted = Override { of_number: Some(1), slots: vec![], ..said(2, OverrideKind::Accept, &[]) };
    assert_eq!(
        drawn(&schedule, &[asked, accepted.clone()], "2026-10-19", "2026-11-02"),
        ["10-19 ben swap", "10-26 ada swap"]
    );
    assert_eq!(
        drawn(&schedule, &[accepted], "2026-10-19", "2026-10-20"),
        ["10-19 ada rotation"],
        "of none that was asked"
    );
}

#[test]
fn what_is_taken_back_was_until_then() {
    let schedule = schedule(vec![layer(0, "1 week", &["ada", "ben"])]);
    let slot = said(1, OverrideKind::Slot, &[("cy", "2026-10-20", "2026-10-24")]);
    let back =
        Override { of_number: Some(1), at: at("2026-10-22"), slots: vec![], ..said(2, OverrideKind::Cancel, &[]) };
    assert_eq!(
        drawn(&schedule, &[slot.clone(), back.clone()], "2026-10-20", "2026-10-25"),
        ["10-20 cy override", "10-22 ada rotation"]
    );
    let early = Override { at: at("2026-10-18"), ..back };
    assert_eq!(drawn(&schedule, &[slot, early], "2026-10-20", "2026-10-25"), ["10-20 ada rotation"]);
}

#[test]
fn a_changed_roster_leaves_the_past_as_it_was() {
    let change = at("2026-10-26");
    let before = Layer { until: Some(change), ..layer(0, "1 week", &["ada", "ben"]) };
    let after = Layer { from: Some(change), ..layer(0, "1 week", &["ada", "cy"]) };
    let schedule = schedule(vec![before, after]);
    assert_eq!(
        drawn(&schedule, &[], "2026-10-12", "2026-11-09"),
        ["10-12 ben rotation", "10-19 ada rotation", "10-26 cy rotation", "11-02 ada rotation"]
    );
    assert_eq!(schedule.people(at("2026-10-25")), ["ada", "ben", "cy"]);
    assert_eq!(schedule.people(change), ["ada", "cy"]);
}

#[test]
fn one_person_alone_still_hands_over_to_themselves() {
    let schedule = schedule(vec![layer(0, "1 week", &["ada"])]);
    let (shift, since, until) = schedule.now("primary", &[], at("2026-10-21")).expect("said");
    assert_eq!((shift.person.as_deref(), since, until), (Some("ada"), Some(at("2026-10-19")), Some(at("2026-10-26"))));
    assert_eq!(schedule.now("tertiary", &[], at("2026-10-21")).and_then(|(shift, _, _)| shift.person), None);
}

#[test]
fn a_year_of_hourly_turns_of_forty_people_is_quick() {
    let names: Vec<String> = (0..40).map(|number| format!("person-{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut layer = layer(0, "1 hour", &names);
    layer.rotation.zone = NamedZone::read("America/New_York").expect("a zone").zone;
    let schedule = schedule(vec![layer]);
    let begun = std::time::Instant::now();
    let shifts = schedule.shifts("primary", &[], at("2026-01-01"), at("2027-01-01"));
    let took = begun.elapsed();
    assert_eq!(shifts.len(), 8_760);
    // Ten milliseconds in a release build; this one is not.
    assert!(took.as_millis() < 200, "{took:?}");
}

proptest! {
    /// At every instant, asked one by one, somebody is on call whom the rules name.
    #[test]
    fn every_instant_is_what_the_rules_say(
        slots in prop::collection::vec((0_usize..5, 0_i64..30, 1_i64..9, 0_u8..4), 0..7), weekend in any::<bool>(), minute in 0_i64..40_000,
    ) {
        const WHO: [&str; 5] = ["ada", "ben", "cy", "dee", ""];
        let mut layers = vec![layer(0, "1 week", &["ada", "ben", "cy"])];
        if weekend {
            let mut above = layer(1, "2 days", &["dee", "ada"]);
            above.hours = vec![Hours::read(Some("Fri-Sun"), "18:00", "06:00").expect("hours")];
            layers.push(above);
        }
        let schedule = schedule(layers);
        let begin = at("2026-10-12");
        let overrides: Vec<Override> = (1..).zip(&slots).map(|(number, (who, day, length, kind))| {
            let (from, until) = (begin + time::days(*day), begin + time::days(day + length));
            let slot = Slot { person: Some(WHO[*who]).filter(|who| !who.is_empty()).map(str::to_owned), from, until };
            let one = said(number, OverrideKind::Slot, &[]);
            match kind {
                0 | 1 => Override { from, until, slots: vec![slot], ..one },
                2 => Override { kind: OverrideKind::Replace, of_person: Some("ada".into()), from, until, slots: vec![slot], ..one },
                _ => Override { kind: OverrideKind::Remove, of_person: Some("ben".into()), from, until, ..one },
            }
        }).collect();
        let asked = begin + time::minutes(minute);
        let shifts = schedule.shifts("primary", &overrides, begin, begin + time::days(40));
        let found = shifts.iter().find(|shift| shift.from <= asked && asked < shift.until);
        let covering: Vec<&Override> = overrides.iter().filter(|one| one.from <= asked && asked < one.until).collect();
        let mut expected = match covering.iter().rev().find(|one| one.kind == OverrideKind::Slot) {
            Some(slot) => slot.slots[0].person.clone(),
            None => {
                let mut by_layer = schedule.layers.iter().rev();
                by_layer.find_map(|layer| layer.parts(asked, asked + time::seconds(1)).first().map(|part| part.person.to_owned()))
            }
        };
        for bound in covering.iter().filter(|one| one.of_person.is_some() && one.of_person == expected).map(|one| (*one).clone()).collect::<Vec<_>>() {
            if bound.of_person == expected {
                expected = bound.slots.first().and_then(|slot| slot.person.clone());
            }
        }
        if overrides.iter().filter(|one| one.of_person.is_some()).count() < 2 {
            prop_assert_eq!(found.and_then(|shift| shift.person.clone()), expected);
        }
        prop_assert!(shifts.windows(2).all(|pair| pair[0].until == pair[1].from));
    }
}
