//! Weighing a silence: what it hides, how wide it is beyond that, and how carefully it is confirmed.
//!
//! What it hides is what the server itself says. The wider it reaches beyond the alerts that were chosen, the more it takes to confirm it.
//! Warnings tell kinds and names, no counts: another pod of the same kind that begins to fire makes no other plan of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::TimeDelta;

use super::{Alert, Breadth, Known, Matcher, Operator, Severity, Silence, SilenceState};
use crate::domain::action::{Reached, Tier};
use crate::domain::service::UNMAPPED;
use crate::domain::text;
use crate::domain::time::{self, Instant};

/// How long a silence holds when nobody says otherwise.
pub const USUAL: TimeDelta = TimeDelta::hours(2);
/// The shortest silence.
const SHORTEST: TimeDelta = TimeDelta::minutes(1);
/// The longest silence: a longer one is forgotten, and hides real trouble months later.
const LONGEST: TimeDelta = TimeDelta::days(7);
/// From here on a silence outlives a shift, and the plan says so.
const LONG: TimeDelta = TimeDelta::hours(12);
/// From so many alerts on it is wide, whomever they are about.
const WIDE: usize = 50;

/// A silence that is to be made, changed or ended.
#[derive(Debug, Clone, Copy)]
pub struct Silencing<'a> {
    /// What it covers.
    pub matchers: &'a [Matcher],
    /// Until when it is to hold; `None` ends it now.
    pub until: Option<Instant>,
    /// The silence as it is; `None` for a new one.
    pub seen: Option<&'a Silence>,
    /// Who asks.
    pub author: &'a str,
    /// What fires of what it covers, as the server says; `None` where that is not known.
    pub hides: Option<&'a [Reached]>,
    /// What else is known of the environment.
    pub known: &'a Known,
    /// Now, by our clock.
    pub now: Instant,
}

/// What a silence comes to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Weight {
    /// What it can do.
    pub tier: Tier,
    /// What to know first.
    pub warnings: Vec<String>,
    /// Why it may not be.
    pub refusals: Vec<String>,
}

impl Silencing<'_> {
    /// Weighs it.
    pub fn weighed(&self) -> Weight {
        let mut weight = Weight { tier: Tier::T1, ..Weight::default() };
        let hides = self.hides.unwrap_or_default();
        let breadth = Breadth::of(self.matchers, self.known);
        if let Some(until) = self.until {
            weight.refusals.extend(too_short_or_long(until - self.now));
            if until - self.now > LONG {
                let length = time::coarse(until - self.now);
                weight.warnings.push(format!("it holds for {length}, longer than a shift: hand it over."));
            }
        }
        if self.seen.is_none() {
            if breadth.is_everything {
                weight.refusals.push(everything(&breadth));
            }
            weight.warnings.extend(contradiction(self.matchers));
        }
        weight.refusals.extend(self.seen.and_then(|seen| out_of_reach(seen, self.until)));
        if let Some(seen) = self.seen.filter(|seen| *seen.created_by != *self.author) {
            // Somebody else holds them back for a reason of theirs.
            weight.warnings.push(format!("it was made by {}, not by you.", seen.created_by));
            weight.tier = Tier::T2;
        }
        let is_shorter = self.until.is_none_or(|until| self.seen.is_some_and(|seen| until < seen.ends_at));
        // To let notifications through again is the safe way.
        if !is_shorter {
            self.reach(hides, &mut weight);
            let wide = wide(&breadth, hides, self.known);
            if !wide.is_empty() {
                weight.tier = Tier::T3;
            }
            weight.warnings.extend(wide);
        }
        weight
    }

    /// How far one reaches that holds back longer than before.
    fn reach(&self, hides: &[Reached], weight: &mut Weight) {
        // Of alerts that map to no service each kind may be of another.
        let service = |one: &Reached| one.service.clone().unwrap_or_else(|| format!("{UNMAPPED} {}", one.name));
        let chosen: BTreeSet<String> = hides.iter().filter(|one| one.is_chosen).map(service).collect();
        let others: Vec<&Reached> = hides.iter().filter(|one| !one.is_chosen && self.seen.is_none()).collect();
        let foreign = others.iter().map(|one| service(one)).filter(|one| !chosen.contains(one));
        let foreign: BTreeSet<String> = foreign.collect();
        if hides.is_empty() && self.hides.is_some() {
            weight.warnings.push("it hides nothing that fires now, only what begins later.".to_owned());
            weight.tier = weight.tier.max(Tier::T2);
        }
        if !others.is_empty() && !chosen.is_empty() {
            weight.warnings.push("it hides alerts beside the chosen ones.".to_owned());
        }
        let has_critical = hides.iter().any(|one| one.severity == Severity::Critical);
        if has_critical {
            weight.warnings.push("critical alerts are among them: nobody is paged for them while it holds.".to_owned());
        }
        if has_critical || !others.is_empty() {
            weight.tier = weight.tier.max(Tier::T2);
        }
        if chosen.len() + foreign.len() > 1 && !foreign.is_empty() {
            let names = foreign.iter().cloned().collect::<Vec<_>>().join(", ");
            let lead = if chosen.is_empty() { "it reaches several services" } else { "it reaches other services" };
            weight.warnings.push(format!("{lead}: {names}."));
            weight.tier = Tier::T3;
        }
        if hides.len() >= WIDE {
            weight.warnings.push(format!("it hides {WIDE} alerts or more at once."));
            weight.tier = Tier::T3;
        }
    }
}

/// What fires of what a silence covers, the chosen ones last: what else it reaches is what has to be read.
pub fn hidden(alerts: &[Alert], chosen: &[Arc<str>]) -> Vec<Reached> {
    let one = |alert: &Alert| Reached {
        name: alert.title().to_owned(),
        service: alert.service.as_deref().map(str::to_owned),
        severity: alert.severity,
        summary: alert.summary().to_owned(),
        id: alert.key.to_string(),
        is_chosen: chosen.contains(&alert.key),
    };
    let mut hidden: Vec<Reached> = alerts.iter().map(one).collect();
    hidden.sort_by(|one, other| {
        let key = |one: &Reached| (one.is_chosen, one.severity, one.name.clone(), one.id.clone());
        key(one).cmp(&key(other))
    });
    hidden
}

fn too_short_or_long(holds: TimeDelta) -> Option<String> {
    if holds < SHORTEST {
        return Some(format!("it would be over within {} s: give it a minute at least.", SHORTEST.num_seconds()));
    }
    let longest = LONGEST.num_days();
    (holds > LONGEST).then(|| format!("it would hold longer than {longest} days: what is hidden so long is forgotten."))
}

/// Two matchers that cannot both hold hide nothing, though they look as if they did.
fn contradiction(matchers: &[Matcher]) -> Option<String> {
    let equals = || matchers.iter().filter(|one| one.operator == Operator::Equal);
    let twice = equals().find(|one| equals().any(|other| other.name == one.name && other.value != one.value))?;
    Some(format!("{} is to have two values at once: that hides nothing.", twice.name))
}

/// Why this silence cannot be changed so.
fn out_of_reach(seen: &Silence, until: Option<Instant>) -> Option<String> {
    if seen.state == SilenceState::Expired {
        return Some("it is over already.".to_owned());
    }
    (until == Some(seen.ends_at)).then(|| "it ends then already.".to_owned())
}

/// Why it may not be: whatever begins could be hidden by it.
fn everything(breadth: &Breadth) -> String {
    let fix = "Name an alert or a service with =, or with =~ and a word of it.";
    match breadth.unreadable.as_slice() {
        [] => format!(
            "no matcher names anything, so it could hide everything, also alerts with other labels or without these. {fix}"
        ),
        patterns => {
            let patterns = patterns.iter().map(|pattern| text::clean(pattern)).collect::<Vec<_>>().join(" ");
            format!("{patterns} cannot be read here, so it could hide everything. {fix}")
        }
    }
}

/// What makes it one of the widest, whatever was chosen.
fn wide(breadth: &Breadth, hides: &[Reached], known: &Known) -> Vec<String> {
    let mut why = Vec::new();
    if breadth.is_everything {
        why.push("it covers alerts nobody has seen yet, with other labels or without these.".to_owned());
    }
    if breadth.rules > 0 {
        why.push(format!("it covers whatever begins of all {} kinds of alert that are known here.", breadth.rules));
    }
    let kinds: BTreeSet<&str> = hides.iter().map(|hidden| hidden.name.as_str()).collect();
    if kinds.len() > 1 && hides.len() >= known.alerts {
        why.push("it hides all alerts there are now.".to_owned());
    }
    why
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::alert::testing::alert;

    fn at(seconds: i64) -> Instant {
        chrono::DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap_or_default()
    }

    /// What a new silence of so many seconds comes to, that covers these.
    fn weighed(matchers: &str, covered: &[Alert], chosen: &[&Alert], (ends, alerts): (i64, usize)) -> Weight {
        let chosen: Vec<Arc<str>> = chosen.iter().map(|alert| alert.key.clone()).collect();
        let known = Known { alerts, names: ["Slow", "Down", "Full"].map(Into::into).into() };
        Silencing {
            matchers: &super::super::matchers(matchers).unwrap_or_default(),
            until: Some(at(ends)),
            seen: None,
            author: "mori",
            hides: Some(&hidden(covered, &chosen)),
            known: &known,
            now: at(0),
        }
        .weighed()
    }

    fn one(name: &str, severity: &str, service: &str, pod: &str) -> Alert {
        let service = Some(service).filter(|service| !service.is_empty());
        let mut alert = alert(&[("alertname", name), ("severity", severity), ("pod", pod)], at(0));
        alert.service = service.map(Into::into);
        alert
    }

    fn silence(matchers: &str, by: &str, state: SilenceState) -> Silence {
        Silence {
            id: "4ef1".into(),
            matchers: super::super::matchers(matchers).unwrap_or_default(),
            starts_at: at(-60),
            ends_at: at(3_600),
            created_by: by.into(),
            comment: "known".into(),
            state,
        }
    }

    /// What another end of a silence comes to, which covers one alert; `None` for now.
    fn changed(seen: &Silence, ends: Option<i64>) -> Weight {
        let known = Known { alerts: 90, names: ["Slow", "Down", "Full"].map(Into::into).into() };
        let covered = hidden(&[one("Slow", "warning", "cart", "a")], &[]);
        let until = ends.map(at);
        let hides = Some(covered.as_slice());
        Silencing {
            matchers: &seen.matchers,
            until,
            seen: Some(seen),
            author: "mori",
            hides,
            known: &known,
            now: at(0),
        }
        .weighed()
    }

    #[test]
    fn the_wider_it_reaches_the_graver_it_is() {
        let slow = one("Slow", "warning", "cart", "a");
        let tier = |covered: &[Alert]| {
            let weight = weighed("alertname=Slow", covered, &[&slow], (7_200, 90));
            assert_eq!(weight.refusals, Vec::<String>::new());
            weight.tier
        };
        assert_eq!(tier(std::slice::from_ref(&slow)), Tier::T1, "what was chosen, and only that");
        assert_eq!(tier(&[slow.clone(), one("Slow", "warning", "cart", "b")]), Tier::T2);
        assert_eq!(tier(&[slow.clone(), one("Slow", "warning", "payments", "c")]), Tier::T3);
        let storm: Vec<Alert> = (0..50).map(|pod| one("Slow", "warning", "cart", &pod.to_string())).collect();
        assert_eq!(tier(&storm), Tier::T3);
        assert_eq!(tier(&storm[..49]), Tier::T2);
        assert_eq!(tier(&[]), Tier::T2, "what begins later is not known");

        let down = one("Down", "critical", "cart", "a");
        let weight = weighed("alertname=Down", std::slice::from_ref(&down), &[&down], (7_200, 90));
        assert_eq!(weight.tier, Tier::T2);
        assert!(weight.warnings[0].contains("nobody is paged"), "{:?}", weight.warnings);
    }

    #[test]
    fn what_was_not_chosen_is_read_first_and_of_that_the_gravest() {
        let all = [("Down", "warning"), ("Full", "warning"), ("Slow", "critical"), ("Worn", "critical")];
        let all = all.map(|(name, severity)| one(name, severity, "cart", "a"));
        let chosen = [&all[1], &all[3]].map(|alert| alert.key.clone());
        let hidden = hidden(&all, &chosen);
        let read: Vec<_> = hidden.iter().map(|one| (one.name.as_str(), one.is_chosen)).collect();
        assert_eq!(read, [("Slow", false), ("Down", false), ("Worn", true), ("Full", true)]);
    }

    #[test]
    fn what_covers_every_kind_of_alert_or_all_there_are_is_of_the_gravest() {
        let of = |matchers: &str, covered: &[Alert], alerts: usize| {
            let weight = weighed(matchers, covered, &[], (7_200, alerts));
            assert_eq!(weight.refusals, Vec::<String>::new());
            (weight.tier, weight.warnings.join(" "))
        };
        let (slow, full) = (one("Slow", "warning", "cart", "a"), one("Full", "warning", "cart", "a"));
        let both = [slow.clone(), full];
        let (of_two, words) = of("alertname=~\"Slow|Full\"", &both, 90);
        assert_eq!(of_two, Tier::T2, "{words}");
        let (of_all, words) = of("alertname=~\"Slow|Full\"", &both, 2);
        assert!(of_all == Tier::T3 && words.contains("all alerts there are"), "{words}");
        let (of_every, words) = of("namespace=shop", std::slice::from_ref(&slow), 90);
        assert!(of_every == Tier::T3 && words.contains("all 3 kinds"), "{words}");
        let unmapped = ["Slow", "Full"].map(|name| one(name, "warning", "", "a"));
        let (of_unmapped, words) = of("alertname=~\"Slow|Full\"", &unmapped, 90);
        assert_eq!(of_unmapped, Tier::T3, "of two, perhaps: {words}");

        let mine = silence("alertname=~\".*\"", "mori", SilenceState::Active);
        assert_eq!(changed(&mine, Some(7_200)).tier, Tier::T3, "longer is wide");
        assert_eq!(changed(&mine, Some(600)).tier, Tier::T1, "shorter is safe");
    }

    #[test]
    fn what_could_hide_everything_or_forever_is_refused() {
        let refusals = |matchers: &str, ends: i64| weighed(matchers, &[], &[], (ends, 90)).refusals;
        for everything in ["alertname=~.+", "alertname=~.*|x", "env!=dev", "alertname!~x", "team=~\"payments|\""] {
            assert!(refusals(everything, 7_200)[0].contains("hide everything"), "{everything}");
        }
        assert_eq!(refusals("alertname=~\"Disk.*\" env!=dev", 7_200), Vec::<String>::new());
        let unread = refusals("alertname=~\"\\Qa\\E\"", 7_200);
        assert!(unread[0].contains("cannot be read here, so it could hide everything"), "{unread:?}");
        assert!(refusals("alertname=A", 59)[0].contains("a minute at least"));
        assert!(refusals("alertname=A", 7 * 86_400 + 1)[0].contains("7 days"));
        let twice = weighed("alertname=A alertname=B", &[], &[], (7_200, 90)).warnings;
        assert!(twice.iter().any(|words| words.contains("two values at once")), "{twice:?}");
    }

    #[test]
    fn only_one_that_holds_is_changed_and_somebody_elses_is_no_trifle() {
        let of = |by: &str, state| silence("alertname=A", by, state);
        assert_eq!(changed(&of("mori", SilenceState::Expired), None).refusals, ["it is over already."]);
        let lees = changed(&of("lee", SilenceState::Active), None);
        assert!(lees.warnings[0].contains("made by lee") && lees.refusals.is_empty(), "{lees:?}");
        assert_eq!(lees.tier, Tier::T2);
        assert_eq!(changed(&of("mori", SilenceState::Active), None).tier, Tier::T1);
        assert_eq!(changed(&of("mori", SilenceState::Active), Some(3_600)).refusals, ["it ends then already."]);
        assert_eq!(
            changed(&of("mori", SilenceState::Active), Some(600)),
            Weight { tier: Tier::T1, ..Weight::default() }
        );
    }
}
