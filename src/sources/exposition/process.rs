//! Whether one process answers at an address.
//!
//! Behind a Service or a balancer each scrape may meet another process: a counter of the one less a counter of the other is no count of
//! anything. Two things tell: processes that began at different times and are both alive (`process_start_time_seconds`), and counters
//! that fall and then are back where they were.

use std::collections::HashMap;

use chrono::TimeDelta;

use super::rates::Labels;
use crate::domain::signal::Series;
use crate::domain::signal::direct::STARTED_METRIC;
use crate::domain::time::Instant;

/// So long one process has to answer alone before its counters are believed again. Of two that are chosen by chance, one answers twenty
/// times in a row once in a million.
const ALONE_FOR: TimeDelta = TimeDelta::minutes(5);
/// Beginnings that differ by less, in seconds, are one: some work theirs out anew at each scrape.
const SAME_WITHIN: f64 = 2.0;
/// How many scrapes it takes to see counters jump back, of a process that does not say when it began.
const SCRAPES: u32 = 3;

/// What tells whose counters they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// Of one process.
    One,
    /// Not known yet: it takes more scrapes.
    Unsure,
    /// They fell: of a process that began anew, or of another one.
    Fallen,
    /// Of several processes that answer in turn.
    Several(Tell),
}

/// What told that there are several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tell {
    /// When each of them began.
    Beginnings,
    /// Counters that jump back and forth.
    Jumps,
}

/// What the scrapes of an address told of who answers there.
#[derive(Debug, Default)]
pub(super) struct Process {
    last: Option<Answer>,
    scrapes: u32,
    /// Counters as they were before they fell, and when that was seen.
    fallen: Option<(Instant, HashMap<Labels, f64>)>,
    /// What told of several, and when it did last.
    several: Option<(Tell, Instant)>,
}

/// What one scrape showed.
#[derive(Debug)]
struct Answer {
    at: Instant,
    /// When the process began, in seconds since 1970 by our clock, as it says.
    began: Option<f64>,
    counters: HashMap<Labels, f64>,
}

impl Process {
    /// Takes in a scrape: what it shows, when it was, and how many seconds the clock there is ahead of ours.
    pub(super) fn observe(&mut self, series: &[Series], at: Instant, ahead: i64) -> Whose {
        let now = Answer::of(series, at, ahead);
        self.scrapes = self.scrapes.saturating_add(1);
        let mut has_fallen = false;
        if let Some(before) = &self.last {
            match (before.began, now.began) {
                (Some(was), Some(is)) => {
                    // A process that began before the other one answered was alive together with it.
                    if (was - is).abs() > SAME_WITHIN && is <= seconds(before.at) {
                        self.several = Some((Tell::Beginnings, at));
                    }
                }
                _ => {
                    let is_back = |(label, was): (&Labels, &f64)| now.counters.get(label).is_some_and(|is| is >= was);
                    if self.fallen.take_if(|(since, _)| at - *since > ALONE_FOR).is_none()
                        && self.fallen.as_ref().is_some_and(|(_, fallen)| fallen.iter().all(is_back))
                    {
                        self.fallen = None;
                        self.several = Some((Tell::Jumps, at));
                    }
                    let fallen = now.less_than(before);
                    if !fallen.is_empty() {
                        has_fallen = true;
                        self.fallen = Some((at, fallen));
                    }
                }
            }
        }
        let says_when = now.began.is_some();
        self.last = Some(now);
        if let Some((tell, seen)) = self.several {
            if at - seen <= ALONE_FOR {
                return Whose::Several(tell);
            }
            self.several = None;
        }
        match (self.scrapes, has_fallen) {
            (_, true) => Whose::Fallen,
            (0..2, _) => Whose::Unsure,
            (..SCRAPES, _) if !says_when => Whose::Unsure,
            _ => Whose::One,
        }
    }
}

impl Answer {
    fn of(series: &[Series], at: Instant, ahead: i64) -> Self {
        let mut answer = Self { at, began: None, counters: HashMap::with_capacity(series.len()) };
        for one in series {
            let Some(value) = one.last().and_then(|sample| sample.number()) else { continue };
            if one.label("__name__").is_some_and(|name| **name == *STARTED_METRIC) {
                // One with labels is of another process than the one that shows the page.
                if one.labels.len() == 1 {
                    #[expect(clippy::cast_precision_loss, reason = "seconds between two clocks")]
                    let ahead = ahead as f64;
                    answer.began = Some(value - ahead);
                }
            } else {
                answer.counters.insert(one.labels.clone(), value);
            }
        }
        answer
    }

    /// The counters of another answer that are smaller here.
    fn less_than(&self, other: &Self) -> HashMap<Labels, f64> {
        let fell = |(label, was): &(&Labels, &f64)| self.counters.get(*label).is_some_and(|is| is < *was);
        other.counters.iter().filter(fell).map(|(label, was)| (label.clone(), *was)).collect()
    }
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970")]
fn seconds(at: Instant) -> f64 {
    at.timestamp_millis() as f64 / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::signal::Sample;

    const T: i64 = 1_800_000_000;

    fn at(seconds: i64) -> Instant {
        chrono::DateTime::from_timestamp(T + seconds, 0).unwrap_or_default()
    }

    /// A scrape of a process that began so many seconds after `T` and has counted so much.
    fn page(began: Option<i64>, counted: &[f64]) -> Vec<Series> {
        let series = |name: &str, place: usize, value: f64| Series {
            labels: if place == 0 {
                [("__name__".into(), name.into())].into()
            } else {
                [("__name__".into(), name.into()), ("code".into(), place.to_string().into())].into()
            },
            samples: vec![Sample { at: at(0), value }],
        };
        #[expect(clippy::cast_precision_loss, reason = "a small number")]
        let began = began.map(|began| series(STARTED_METRIC, 0, (T + began) as f64));
        began
            .into_iter()
            .chain(counted.iter().enumerate().map(|(place, value)| series("x", place + 1, *value)))
            .collect()
    }

    fn whose(scrapes: &[(i64, Option<i64>, f64)]) -> Vec<Whose> {
        let mut process = Process::default();
        scrapes.iter().map(|(when, began, counted)| process.observe(&page(*began, &[*counted]), at(*when), 0)).collect()
    }

    #[test]
    fn processes_that_are_alive_together_are_told_by_their_beginnings_whichever_answers_first() {
        let (old, new) = ((Some(-9_000_000), 9e6), (Some(-3_600), 3_600.0));
        for [first, second] in [[old, new], [new, old]] {
            let told = whose(&[(0, first.0, first.1), (3, second.0, second.1), (18, second.0, second.1)]);
            assert_eq!(told[1..], [Whose::Several(Tell::Beginnings); 2], "one that answers twice is not alone yet");
        }
    }

    #[test]
    fn a_process_that_began_after_the_other_one_answered_took_its_place() {
        let told = whose(&[(0, Some(-100), 50.0), (15, Some(-100), 60.0), (30, Some(20), 4.0), (45, Some(20), 9.0)]);
        assert_eq!(told, [Whose::Unsure, Whose::One, Whose::One, Whose::One]);
        let drifting = whose(&[(0, Some(-100), 50.0), (15, Some(-99), 60.0)]);
        assert_eq!(drifting[1], Whose::One, "a beginning that is worked out anew");
    }

    #[test]
    fn a_clock_that_is_behind_makes_no_process_of_the_past() {
        let mut process = Process::default();
        process.observe(&page(Some(-160), &[50.0]), at(0), -60);
        // It began 7 s after the scrape before, and its clock is a minute behind.
        assert_eq!(process.observe(&page(Some(7 - 60), &[1.0]), at(15), -60), Whose::One);
    }

    #[test]
    fn counters_that_jump_back_and_forth_tell_where_nobody_says_when_it_began() {
        let in_turn =
            [(0, None, 3_600.0), (3, None, 9e6), (6, None, 3_601.0), (21, None, 9e6 + 1.0), (36, None, 3_602.0)];
        let told = whose(&in_turn);
        assert_eq!(told[..3], [Whose::Unsure, Whose::Unsure, Whose::Fallen], "no number before it is seen");
        assert_eq!(told[3..], [Whose::Several(Tell::Jumps); 2]);
    }

    #[test]
    fn a_process_that_begins_anew_once_is_one_again() {
        let told = whose(&[(0, None, 500.0), (3, None, 503.0), (6, None, 506.0), (21, None, 5.0), (36, None, 20.0)]);
        assert_eq!(told[2..], [Whose::One, Whose::Fallen, Whose::One]);
        let later = whose(&[(0, None, 9.0), (15, None, 5.0), (400, None, 500.0)]);
        assert_eq!(later[2], Whose::One, "what grew past it in minutes is no jump");
    }

    #[test]
    fn one_that_answers_alone_for_minutes_is_believed_again() {
        let mut scrapes = vec![(0, Some(-9_000), 9_000.0), (15, Some(-60), 60.0)];
        scrapes.extend((2..=22).map(|round| (round * 15, Some(-60), 60.0)));
        let told = whose(&scrapes);
        assert_eq!(told[20], Whose::Several(Tell::Beginnings));
        assert_eq!(told.last(), Some(&Whose::One));
    }
}
