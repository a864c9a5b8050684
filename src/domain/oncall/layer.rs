//! A layer of a schedule: a rotation, the hours at which it counts, and from when until when it holds.

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

use super::hours::Hours;
use super::rotation::{Rotation, Turn};
use super::spans::Spans;
use crate::domain::time::{self, Instant};
use crate::domain::worded;

worded! {
    /// What moves the roster of a daily rotation on.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum Advance {
        /// Every turn.
        #[default]
        Calendar = "calendar",
        /// Only the turns of days on which the layer counts, so that nobody's turn always falls on a weekend.
        ActiveDays = "active-days",
    }
}

/// A layer, as it holds for a time: once it is in force it is never changed, only ended and followed by another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layer {
    /// What whoever is on call is: `primary`, `secondary`.
    pub role: String,
    /// Its place: of the layers of a role the highest with somebody in it counts.
    pub order: u32,
    /// Who takes turns.
    pub rotation: Rotation,
    /// Who has turn 0, where that was said; else the roster goes on from whoever was on call when it was changed.
    #[serde(default)]
    pub first: Option<String>,
    /// When it counts; empty: always.
    pub hours: Vec<Hours>,
    /// What moves the roster on.
    #[serde(default)]
    pub advance: Advance,
    /// Since when it holds; `None`: always.
    #[serde(default, deserialize_with = "time::clamped_or_none")]
    pub from: Option<Instant>,
    /// Until when it holds; `None`: for good.
    #[serde(default, deserialize_with = "time::clamped_or_none")]
    pub until: Option<Instant>,
}

/// A part of a turn, at which somebody is on call by a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part<'l> {
    /// Who; never nobody.
    pub person: &'l str,
    /// Which turn.
    pub turn: i64,
    /// From when.
    pub from: Instant,
    /// Until when.
    pub until: Instant,
}

impl Layer {
    /// Whether this layer is what another writes down, whenever it holds; whoever the roster went on from, unless that is written down.
    pub fn is_same(&self, wanted: &Self) -> bool {
        let written = |of: &Self| {
            let rotation = Rotation { start: 0, ..of.rotation.clone() };
            Self { rotation, first: None, from: None, until: None, ..of.clone() }
        };
        let number = i64::try_from(self.rotation.roster.len()).unwrap_or(1).max(1);
        let place = |of: &Self| of.rotation.start.rem_euclid(number);
        written(self) == written(wanted) && (wanted.first.is_none() || place(self) == place(wanted))
    }

    /// Who has a turn of it.
    pub fn person(&self, turn: i64) -> Option<&str> {
        self.rotation.person(self.places(turn))
    }

    /// Moves the roster so that a place of it has a turn.
    pub fn begin_with(&mut self, place: usize, turn: i64) {
        let place = i64::try_from(place).unwrap_or(0);
        self.rotation.start = place.saturating_sub(self.places(turn));
    }

    /// Who is on call by this layer alone within a span, in order.
    pub fn parts(&self, from: Instant, until: Instant) -> Vec<Part<'_>> {
        let from = self.from.map_or(from, |begins| begins.max(from));
        let until = self.until.map_or(until, |ends| ends.min(until));
        if from >= until {
            return Vec::new();
        }
        let counts = self.counts(from, until);
        let mut counts = counts.iter().peekable();
        let mut parts = Vec::new();
        for (turn, begins, ends) in self.rotation.turns(from, until) {
            let person = self.person(turn);
            while let Some((counts_from, counts_until)) = counts.peek().copied() {
                if counts_from >= ends {
                    break;
                }
                let (from, until) = (begins.max(counts_from), ends.min(counts_until));
                if let Some(person) = person.filter(|_| from < until) {
                    parts.push(Part { person, turn, from, until });
                }
                if counts_until > ends {
                    break;
                }
                counts.next();
            }
        }
        parts
    }

    /// When it counts.
    fn counts(&self, from: Instant, until: Instant) -> Spans {
        if self.hours.is_empty() {
            return std::iter::once((from, until)).collect();
        }
        let zone = &self.rotation.zone;
        let of_each: Vec<Spans> = self.hours.iter().map(|hours| hours.spans(zone, (from, until), |_| false)).collect();
        of_each.iter().flat_map(Spans::iter).collect()
    }

    /// How far the roster has moved since turn 0.
    fn places(&self, turn: i64) -> i64 {
        let is_daily = matches!(self.rotation.every, Turn::Days(1));
        if self.advance == Advance::Calendar || !is_daily || self.hours.is_empty() {
            return turn;
        }
        let is_active = |day: NaiveDate| self.hours.iter().any(|hours| hours.begin_on(day));
        let anchor = self.rotation.anchor.date();
        let week =
            |days: u64| (0..days).filter(|day| anchor.checked_add_days(Days::new(*day)).is_some_and(is_active)).count();
        let count = |days: u64| i64::try_from(week(days)).unwrap_or(0);
        turn.div_euclid(7).saturating_mul(count(7)).saturating_add(count(turn.rem_euclid(7).unsigned_abs()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::{NamedZone, read_civil};

    fn at(text: &str) -> Instant {
        text.parse().expect("a time")
    }

    fn layer(every: &str, people: &[&str], hours: Vec<Hours>) -> Layer {
        let rotation = Rotation {
            zone: NamedZone::read("UTC").expect("a zone").zone,
            anchor: read_civil("2026-10-19T00:00").expect("a Monday"),
            every: Turn::read(every).expect("a length"),
            roster: people.iter().map(|person| Some((*person).to_owned())).collect(),
            start: 0,
        };
        Layer {
            role: "primary".into(),
            order: 0,
            rotation,
            first: None,
            hours,
            advance: Advance::Calendar,
            from: None,
            until: None,
        }
    }

    fn who(layer: &Layer, from: &str, days: i64) -> Vec<String> {
        let parts = layer.parts(at(from), at(from) + time::days(days));
        parts.iter().map(|part| format!("{} {}", part.from.format("%a %H"), part.person)).collect()
    }

    #[test]
    fn hours_cut_turns_and_do_not_move_them() {
        let layer = layer("1 week", &["ada", "ben"], vec![Hours::BUSINESS]);
        let days = who(&layer, "2026-10-23T00:00:00Z", 4);
        assert_eq!(days, ["Fri 09 ada", "Mon 09 ben"]);
    }

    #[test]
    fn counted_by_active_days_nobody_always_has_the_monday() {
        let five = ["ada", "ben", "cy", "dee", "eve", "fay", "gus"];
        let mut layer = layer("1 day", &five, vec![Hours::BUSINESS]);
        let mondays = |layer: &Layer| {
            let days = (0..4).map(|week| at("2026-10-19T12:00:00Z") + time::days(week * 7));
            days.map(|day| layer.parts(day, day + time::hours(1))[0].person.to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(mondays(&layer), ["ada"; 4], "seven people, seven days: the weekend's two never serve");
        layer.advance = Advance::ActiveDays;
        assert_eq!(mondays(&layer), ["ada", "fay", "dee", "ben"]);
        let before = at("2026-10-16T12:00:00Z");
        assert_eq!(layer.parts(before, before + time::hours(1))[0].person, "gus", "the Friday before the anchor");
        assert_eq!(
            who(&layer, "2026-10-19T00:00:00Z", 8),
            ["Mon 09 ada", "Tue 09 ben", "Wed 09 cy", "Thu 09 dee", "Fri 09 eve", "Mon 09 fay"]
        );
    }

    #[test]
    fn it_holds_from_when_until_when_it_says() {
        let mut layer = layer("1 week", &["ada", "ben"], Vec::new());
        (layer.from, layer.until) = (Some(at("2026-10-20T00:00:00Z")), Some(at("2026-10-27T12:00:00Z")));
        let parts = layer.parts(at("2026-10-01T00:00:00Z"), at("2026-12-01T00:00:00Z"));
        let ends: Vec<_> = parts.iter().map(|part| (part.person, part.from, part.until)).collect();
        assert_eq!(
            ends,
            [
                ("ada", at("2026-10-20T00:00:00Z"), at("2026-10-26T00:00:00Z")),
                ("ben", at("2026-10-26T00:00:00Z"), at("2026-10-27T12:00:00Z"))
            ]
        );
    }
}
