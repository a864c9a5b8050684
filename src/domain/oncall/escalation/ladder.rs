//! The ladder of an incident: when which level is paged, and whom, if nobody answers before.

use chrono::TimeDelta;

use super::super::business::BusinessHours;
use super::policy::{Policy, Runs, Target};
use crate::domain::time::Instant;

/// One level of a ladder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rung {
    /// When it is paged if nobody acknowledges before.
    pub at: Instant,
    /// Who it is at that time, by handle, each once; empty: nobody, and the next level is paged at once.
    pub people: Vec<String>,
}

/// The levels of an incident at absolute times.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ladder {
    /// The levels, the first first.
    pub rungs: Vec<Rung>,
    /// When nobody is left to page; `None` where only the first level is paged.
    pub exhausted_at: Option<Instant>,
}

impl Ladder {
    /// Whether somebody should have been paged by now: the first level is due, or there is none to page.
    pub fn is_due(&self, now: Instant) -> bool {
        self.rungs.first().map(|rung| rung.at).or(self.exhausted_at).is_some_and(|at| at <= now)
    }

    /// Leaves what was due up to a moment.
    pub(in super::super) fn until(&mut self, at: Instant) {
        self.rungs.retain(|rung| rung.at <= at);
        self.exhausted_at = self.exhausted_at.filter(|exhausted| *exhausted <= at);
    }
}

/// Who is meant by a target at an instant, by handle.
pub trait Resolve {
    /// Everybody who is meant; empty for nobody.
    fn people(&self, target: &Target, at: Instant) -> Vec<String>;
}

impl<F: Fn(&Target, Instant) -> Vec<String>> Resolve for F {
    fn people(&self, target: &Target, at: Instant) -> Vec<String> {
        self(target, at)
    }
}

/// Everybody whom some targets mean at an instant, each once, in their order.
pub fn everybody(targets: &[Target], at: Instant, resolve: &impl Resolve) -> Vec<String> {
    let mut people: Vec<String> = Vec::new();
    for who in targets.iter().flat_map(|target| resolve.people(target, at)) {
        if !people.contains(&who) {
            people.push(who);
        }
    }
    people
}

impl Policy {
    /// So long after an instant by the clock of the policy. A team without business hours, or with none for a year, is paged at any hour.
    pub fn after(&self, from: Instant, passed: TimeDelta, business: Option<&BusinessHours>) -> Instant {
        let business = business.filter(|_| self.runs != Runs::Always);
        business.and_then(|business| business.after(from, passed)).unwrap_or(from + passed)
    }

    /// The ladder of an incident that begins to climb at an instant.
    pub fn ladder(&self, begins: Instant, business: Option<&BusinessHours>, resolve: &impl Resolve) -> Ladder {
        let is_first_alone = self.runs == Runs::NextBusinessHour;
        let mut rungs: Vec<Rung> = Vec::new();
        // What an empty level leaves of its time is taken off the levels behind it only where each has time of its own.
        let mut saved = TimeDelta::zero();
        for (place, level) in self.levels.iter().enumerate().take(if is_first_alone { 1 } else { usize::MAX }) {
            let mut offset = self.offset(place) - saved;
            if let Some(before) =
                place.checked_sub(1).filter(|before| rungs.get(*before).is_some_and(|rung| rung.people.is_empty()))
            {
                let at_once = if self.per_step { self.offset(before) - saved } else { self.at_once(before, &rungs) };
                if self.per_step {
                    saved += offset - at_once;
                }
                offset = at_once;
            }
            let at = self.after(begins, offset, business);
            rungs.push(Rung { at, people: everybody(&level.page, at, resolve) });
        }
        let exhausted = self.after(begins, self.offset(self.levels.len()) - saved, business);
        Ladder { rungs, exhausted_at: (!is_first_alone).then_some(exhausted) }
    }

    /// When the level behind an empty one is paged: when that one was, or the one before it if that was empty as well.
    fn at_once(&self, mut empty: usize, rungs: &[Rung]) -> TimeDelta {
        while let Some(before) =
            empty.checked_sub(1).filter(|before| rungs.get(*before).is_some_and(|rung| rung.people.is_empty()))
        {
            empty = before;
        }
        self.offset(empty)
    }
}

#[cfg(test)]
mod tests {
    use super::super::policy::Level;
    use super::*;
    use crate::domain::incident::Severity;
    use crate::domain::oncall::Hours;
    use crate::domain::time::NamedZone;

    fn at(text: &str) -> Instant {
        text.parse().expect("a time")
    }

    fn policy(severity: Severity, people: &[&str]) -> Policy {
        let level = |(person, after): (&&str, u32)| Level {
            after: after * 60,
            page: vec![Target::read(&format!("person:{person}")).expect("a target")],
        };
        Policy {
            team: "shop".into(),
            severity,
            runs: Runs::of(severity),
            per_step: false,
            levels: people.iter().zip(Policy::AFTER).map(level).collect(),
            exhausted: Policy::EXHAUSTED * 60,
            repeat: 0,
            version: 1,
        }
    }

    fn there(target: &Target, _: Instant) -> Vec<String> {
        match target {
            Target::Person(person) if !person.starts_with("none") => vec![person.clone()],
            _ => Vec::new(),
        }
    }

    fn times(ladder: &Ladder) -> Vec<String> {
        let ends = ladder.rungs.iter().map(|rung| rung.at).chain(ladder.exhausted_at);
        ends.map(|at| at.format("%d %H:%M").to_string()).collect()
    }

    const TEAM: [&str; 4] = ["ada", "ben", "cy", "dee"];

    fn tokyo() -> BusinessHours {
        BusinessHours {
            zone: NamedZone::read("JST").expect("a zone").zone,
            hours: Hours::BUSINESS,
            holidays: Vec::new(),
        }
    }

    #[test]
    fn the_gravest_climbs_at_any_hour_counted_from_the_first_page() {
        let ladder = policy(Severity::Sev1, &TEAM).ladder(at("2026-10-24T03:00:00Z"), Some(&tokyo()), &there);
        assert_eq!(times(&ladder), ["24 03:00", "24 03:15", "24 03:30", "24 04:00", "24 05:00"]);
        assert_eq!(ladder.rungs[3].people, ["dee"]);
    }

    #[test]
    fn with_a_time_of_its_own_each_level_waits_for_the_one_before() {
        let policy = Policy { per_step: true, ..policy(Severity::Sev1, &TEAM) };
        let ladder = policy.ladder(at("2026-10-24T03:00:00Z"), None, &there);
        assert_eq!(times(&ladder), ["24 03:00", "24 03:15", "24 03:45", "24 04:45", "24 06:45"]);
    }

    #[test]
    fn the_next_gravest_climbs_in_business_hours() {
        let ladder = policy(Severity::Sev2, &TEAM).ladder(at("2026-10-23T08:50:00Z"), Some(&tokyo()), &there);
        assert_eq!(times(&ladder), ["23 08:50", "26 00:05", "26 00:20", "26 00:50", "26 01:50"]);
        let saturday = policy(Severity::Sev2, &TEAM).ladder(at("2026-10-24T08:50:00Z"), Some(&tokyo()), &there);
        assert_eq!(times(&saturday)[..2], ["26 00:00", "26 00:15"]);
        let at_any_hour = policy(Severity::Sev2, &TEAM).ladder(at("2026-10-24T08:50:00Z"), None, &there);
        assert_eq!(times(&at_any_hour)[0], "24 08:50", "nobody said when this team does business");
    }

    #[test]
    fn the_others_page_the_first_level_at_the_next_business_hour() {
        for severity in [Severity::Sev3, Severity::Sev4] {
            let ladder = policy(severity, &TEAM).ladder(at("2026-10-24T03:00:00Z"), Some(&tokyo()), &there);
            assert_eq!((times(&ladder), ladder.exhausted_at), (vec!["26 00:00".to_owned()], None));
        }
    }

    #[test]
    fn an_empty_level_does_not_keep_the_next_waiting() {
        let people = ["none", "none-either", "cy", "dee"];
        let ladder = policy(Severity::Sev1, &people).ladder(at("2026-10-24T03:00:00Z"), None, &there);
        assert_eq!(times(&ladder), ["24 03:00", "24 03:00", "24 03:00", "24 04:00", "24 05:00"]);
        let per_step = Policy { per_step: true, ..policy(Severity::Sev1, &["ada", "none", "cy", "dee"]) };
        let ladder = per_step.ladder(at("2026-10-24T03:00:00Z"), None, &there);
        assert_eq!(times(&ladder), ["24 03:00", "24 03:15", "24 03:15", "24 04:15", "24 06:15"]);
    }

    #[test]
    fn whoever_is_named_twice_is_paged_once() {
        let targets = ["person:ada", "person:ben", "person:ada"].map(|text| Target::read(text).expect("a target"));
        assert_eq!(everybody(&targets, Instant::default(), &there), ["ada", "ben"]);
        for bad in ["ada", "person:", "schedule:shop/", "schedule:a/b/c", "team:shop", "person:a/b", ""] {
            assert_eq!(Target::read(bad), None, "{bad}");
        }
        for good in ["schedule:shop/primary", "schedule:shop", "person:ada", "policy:platform"] {
            assert_eq!(Target::read(good).map(|target| target.to_string()).as_deref(), Some(good));
        }
    }
}
