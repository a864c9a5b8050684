//! What is said over the rotations of a schedule: overrides, temporary schedules, swaps. Written once each, never changed: what is taken back
//! is taken back by another one, and from then on.

use serde::{Deserialize, Serialize};

use crate::domain::time::{self, Instant};
use crate::domain::worded;

worded! {
    /// What is said.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "lowercase")]
    pub enum OverrideKind {
        /// Somebody has the role, whoever had it.
        Slot = "slot",
        /// Somebody has the role where one who is named has it.
        Replace = "replace",
        /// One who is named has it not.
        Remove = "remove",
        /// The rotations do not count for a while: only its own slots do.
        Temporary = "temporary",
        /// Somebody asks to swap shifts: nothing changes until it is accepted.
        Swap = "swap",
        /// A swap is accepted.
        Accept = "accept",
        /// Another is taken back; what was until then stays.
        Cancel = "cancel",
    }
}

/// Somebody, or nobody, for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// Who, by handle; `None` for nobody.
    pub person: Option<String>,
    /// From when.
    #[serde(deserialize_with = "time::clamped")]
    pub from: Instant,
    /// Until when.
    #[serde(deserialize_with = "time::clamped")]
    pub until: Instant,
}

/// Something said over the rotations of a schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    /// The schedule's name.
    pub schedule: String,
    /// Its number within the schedule, from 1: of two that cover the same time the higher counts.
    pub number: u64,
    /// The role.
    pub role: String,
    /// What is said.
    pub kind: OverrideKind,
    /// From when.
    #[serde(deserialize_with = "time::clamped")]
    pub from: Instant,
    /// Until when.
    #[serde(deserialize_with = "time::clamped")]
    pub until: Instant,
    /// Who has the role when: one for a slot and for a replacement, any for a temporary schedule, two for a swap, none for the rest.
    pub slots: Vec<Slot>,
    /// Whom a replacement or a removal is about.
    pub of_person: Option<String>,
    /// Which one is accepted or taken back.
    pub of_number: Option<u64>,
    /// What was said with it.
    pub words: String,
    /// Who said it.
    pub by: String,
    /// When, by the store's clock.
    #[serde(deserialize_with = "time::clamped")]
    pub at: Instant,
}

impl Override {
    /// What accepted it or took it back, the last; `None`: nothing yet.
    pub fn settled_by<'o>(&self, all: &'o [Self]) -> Option<&'o Self> {
        let settles = |one: &&Self| {
            matches!(one.kind, OverrideKind::Accept | OverrideKind::Cancel) && one.of_number == Some(self.number)
        };
        all.iter().filter(settles).max_by_key(|one| one.number)
    }
}

/// What an override comes to: somebody in a place, for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct InForce<'o> {
    /// The number of what said it.
    pub(super) number: u64,
    /// What kind that was.
    pub(super) kind: OverrideKind,
    /// Who, or nobody.
    pub(super) person: Option<&'o str>,
    /// In whose place; `None`: whoever it was.
    pub(super) of_person: Option<&'o str>,
    /// From when.
    pub(super) from: Instant,
    /// Until when.
    pub(super) until: Instant,
}

/// What is in force of a role within a span, the stronger behind.
pub(super) fn in_force<'o>(overrides: &'o [Override], role: &str, from: Instant, until: Instant) -> Vec<InForce<'o>> {
    let mut ordered: Vec<&Override> = overrides.iter().filter(|one| one.role == role).collect();
    ordered.sort_by_key(|one| one.number);
    let mut found = Vec::new();
    for one in &ordered {
        let of = |number: Option<u64>| ordered.iter().find(|other| Some(other.number) == number);
        let said = match one.kind {
            OverrideKind::Accept => match of(one.of_number).filter(|asked| asked.kind == OverrideKind::Swap) {
                Some(asked) => *asked,
                None => continue,
            },
            OverrideKind::Swap | OverrideKind::Cancel => continue,
            _ => *one,
        };
        // Taken back, it holds up to that moment: what was stays what it was.
        let is_of = |cancel: &&&Override| {
            cancel.kind == OverrideKind::Cancel && [Some(one.number), Some(said.number)].contains(&cancel.of_number)
        };
        let ends = ordered.iter().filter(is_of).map(|cancel| cancel.at).min();
        let mut put = |person, of_person, slot_from: Instant, slot_until: Instant| {
            let ends = ends.map_or(slot_until, |ends| ends.min(slot_until));
            if slot_from < ends && slot_from < until && from < ends {
                found.push(InForce {
                    number: one.number,
                    kind: said.kind,
                    person,
                    of_person,
                    from: slot_from,
                    until: ends,
                });
            }
        };
        // A swap that is accepted late changes nothing that was.
        let earliest = if one.kind == OverrideKind::Accept { one.at } else { time::FIRST };
        let slots = || said.slots.iter().map(|slot| (slot.person.as_deref(), slot.from.max(earliest), slot.until));
        match said.kind {
            OverrideKind::Remove => put(None, said.of_person.as_deref(), said.from, said.until),
            OverrideKind::Replace => {
                slots().for_each(|(who, from, until)| put(who, said.of_person.as_deref(), from, until));
            }
            OverrideKind::Temporary => {
                put(None, None, said.from, said.until);
                slots().for_each(|(who, from, until)| put(who, None, from.max(said.from), until.min(said.until)));
            }
            _ => slots().for_each(|(who, from, until)| put(who, None, from, until)),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hours: i64) -> Instant {
        time::from_seconds(1_792_800_000 + hours * 3_600)
    }

    fn said(number: u64, kind: OverrideKind, of_number: Option<u64>, written: i64) -> Override {
        let slot = |person: &str, from: i64| Slot { person: Some(person.into()), from: at(from), until: at(from + 8) };
        Override {
            schedule: "shop".into(),
            number,
            role: "primary".into(),
            kind,
            from: at(0),
            until: at(32),
            slots: if kind == OverrideKind::Swap { vec![slot("ben", 0), slot("ada", 24)] } else { Vec::new() },
            of_person: None,
            of_number,
            words: String::new(),
            by: "ben".into(),
            at: at(written),
        }
    }

    fn spans(all: &[Override]) -> Vec<(Option<&str>, Instant, Instant)> {
        in_force(all, "primary", at(-100), at(100)).iter().map(|one| (one.person, one.from, one.until)).collect()
    }

    #[test]
    fn a_swap_counts_once_it_is_accepted_and_changes_nothing_that_was() {
        let asked = said(1, OverrideKind::Swap, None, -9);
        assert_eq!(spans(std::slice::from_ref(&asked)), []);
        let early = [asked.clone(), said(2, OverrideKind::Accept, Some(1), -8)];
        assert_eq!(spans(&early), [(Some("ben"), at(0), at(8)), (Some("ada"), at(24), at(32))]);
        let late = [asked.clone(), said(2, OverrideKind::Accept, Some(1), 3)];
        assert_eq!(spans(&late), [(Some("ben"), at(3), at(8)), (Some("ada"), at(24), at(32))]);
        let withdrawn = [asked, said(2, OverrideKind::Accept, Some(1), -8), said(3, OverrideKind::Cancel, Some(1), 10)];
        assert_eq!(spans(&withdrawn), [(Some("ben"), at(0), at(8))], "what was stays as it was");
        assert_eq!(withdrawn[0].settled_by(&withdrawn).map(|by| by.number), Some(3));
    }
}
