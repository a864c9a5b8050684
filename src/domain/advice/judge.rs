//! What a comparison says of a release: one opinion a criterion of A5, and one of all.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::TimeDelta;
use serde::Serialize;

use super::beside;
use super::compared::{Absence, Compared, FAILING, REQUESTS_AT_LEAST, Value, WORSE, Window, requests};
use crate::domain::action::{Evidence, Plan};
use crate::domain::rollout::WorkloadRef;
use crate::domain::signal::Unit;
use crate::domain::signal::query::{ERRORS, P95, REQUESTS};
use crate::domain::time::Instant;

/// A business metric may fall to this share of its baseline (A5: 20 % worse).
const BUSINESS: f64 = 0.8;
/// Traffic that falls below this share of its baseline says that users may not get here, and so that nothing is known of them.
const TRAFFIC: f64 = 0.5;
/// So many services without a tie to this one fail too: it is somebody else's outage.
const OTHERS: usize = 2;
/// The action whose plan rests on it.
const ROLLBACK: &str = "rollback";
/// Advice older than this says nothing of now.
pub const OLD_AFTER: TimeDelta = TimeDelta::minutes(3);

/// What one criterion says of the release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Opinion {
    /// Beyond its threshold, and worse than before the release.
    Worse,
    /// Not measured, or not enough.
    Unknown,
    /// Within its threshold.
    Fine,
}

/// One criterion with its figures.
#[derive(Debug, Clone, PartialEq)]
pub struct Criterion {
    /// The signal.
    pub name: Arc<str>,
    /// What it says.
    pub opinion: Opinion,
    /// What it counts.
    pub unit: Unit,
    /// The value since the release.
    pub value: Option<f64>,
    /// What it would have to pass, with this baseline.
    pub threshold: Option<f64>,
    /// The baseline: the worse of the window before and the week before.
    pub baseline: Option<f64>,
    /// The figures in words, or why there are none.
    pub words: String,
}

/// What is said of a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// ROLLBACK ADVISED.
    Advised,
    /// It is not known whether the release did harm.
    Unknown,
    /// What is measured is no worse than before.
    NotAdvised,
}

/// The advice about a release.
#[derive(Debug, Clone, PartialEq)]
pub struct Advice {
    /// The workload.
    pub workload: WorkloadRef,
    /// Its service.
    pub service: Arc<str>,
    /// When the release began.
    pub began: Instant,
    /// When it was measured.
    pub observed_at: Instant,
    /// What is advised.
    pub verdict: Verdict,
    /// The same with the reason, as a sentence.
    pub sentence: String,
    /// Every criterion.
    pub criteria: Vec<Criterion>,
}

impl Advice {
    /// Whether it is of the release that began then, and of now.
    pub fn is_of(&self, began: Option<Instant>, now: Instant) -> bool {
        began == Some(self.began) && now - self.observed_at <= OLD_AFTER
    }

    /// The advice as evidence of a plan: the sentence and every figure.
    pub fn evidence(&self) -> String {
        let figures: Vec<&str> = self.criteria.iter().map(|one| &*one.words).collect();
        if figures.is_empty() || self.verdict == Verdict::Advised {
            return self.sentence.clone();
        }
        format!("{} {}", self.sentence, figures.join("; "))
    }
}

/// A plan to roll back with the advice about its targets among its evidence; another plan as it is.
pub fn into_plan<'a>(mut plan: Plan, of: impl Fn(&WorkloadRef) -> Option<&'a Advice>) -> Plan {
    let mut is_told = false;
    if plan.action == ROLLBACK {
        for target in &mut plan.targets {
            if let Some(advice) = target.subject.workload().and_then(&of) {
                target.evidence.push(Evidence { words: advice.evidence(), observed_at: advice.observed_at });
                is_told = true;
            }
        }
    }
    if is_told { plan.sealed() } else { plan }
}

/// Judges a comparison. `needs` gives every service that another cannot do without, as far as it is declared.
pub fn judge(compared: &Compared, needs: &dyn Fn(&str) -> BTreeSet<Arc<str>>) -> Advice {
    let (verdict, sentence, criteria) = match &compared.windows {
        Err(why) => (Verdict::Unknown, format!("NOT KNOWN whether to roll back: {why}"), Vec::new()),
        Ok([since, before, week]) => {
            let mut criteria = criteria(since, before, week, compared.length);
            let pods = compared.beside.as_ref().map(beside::criteria).unwrap_or_default();
            let (verdict, sentence) = all(compared, (&criteria, &pods), too_few(since, before), needs);
            criteria.extend(pods);
            (verdict, sentence, criteria)
        }
    };
    let released = &compared.released;
    Advice {
        workload: released.workload.clone(),
        service: released.service.clone(),
        began: released.began,
        observed_at: compared.observed_at,
        verdict,
        sentence,
        criteria,
    }
}

fn all(
    compared: &Compared,
    (criteria, pods): (&[Criterion], &[Criterion]),
    too_few: Option<String>,
    needs: &dyn Fn(&str) -> BTreeSet<Arc<str>>,
) -> (Verdict, String) {
    let among = |some: &[&[Criterion]], opinion: Opinion| {
        let all = some.iter().copied().flatten();
        let words: Vec<&str> = all.filter(|one| one.opinion == opinion).map(|one| &*one.words).collect();
        words.join("; ")
    };
    if let Some(why) = too_few {
        return (Verdict::Unknown, format!("NOT KNOWN whether to roll back: {why}."));
    }
    // Somebody else's outage touches the old pods as well: what only the new ones do is this release's.
    let new_are_worse = among(&[pods], Opinion::Worse);
    if !new_are_worse.is_empty() {
        return (Verdict::Advised, format!("ROLLBACK ADVISED because {new_are_worse}."));
    }
    // What the old pods do as well is no release's doing, and may be behind all the rest. A criterion nobody measures pod by pod,
    // like a business metric, is excused by no pod.
    let worse = among(&[criteria], Opinion::Worse);
    let is_excused = |one: &Criterion| {
        let beside = beside::counterpart(&one.name);
        pods.iter().any(|pod| Some(&*pod.name) == beside && pod.opinion == Opinion::Fine)
    };
    if criteria.iter().any(|one| one.opinion == Opinion::Worse && is_excused(one)) {
        let as_the_old = among(&[pods], Opinion::Fine);
        let sentence = format!("NOT KNOWN whether the release did it: {worse}; but {as_the_old}.");
        return (Verdict::Unknown, sentence);
    }
    if !worse.is_empty() {
        return match elsewhere(compared, needs) {
            Some(who) => {
                (Verdict::Unknown, format!("NOT KNOWN whether the release did it: {worse}; but {who} since then too."))
            }
            None => (Verdict::Advised, format!("ROLLBACK ADVISED because {worse}.")),
        };
    }
    // Nobody owes a business metric: without a query of one the others decide.
    let unknown = among(&[criteria, pods], Opinion::Unknown);
    if unknown.is_empty() {
        let fine = among(&[criteria], Opinion::Fine);
        // Not this release's doing is not the same as well.
        let is_failing = |one: &&Criterion| *one.name == *ERRORS && one.value.is_some_and(|errors| errors > FAILING);
        let but = match criteria.iter().find(is_failing) {
            Some(errors) => {
                let value = errors.value.unwrap_or_default();
                format!(" Errors are {} all the same, as they were before it.", errors.unit.say(value))
            }
            None => String::new(),
        };
        (Verdict::NotAdvised, format!("Rollback not advised: {fine}.{but}"))
    } else {
        (Verdict::Unknown, format!("NOT KNOWN whether to roll back: {unknown}."))
    }
}

/// Who fails too and cannot be this release's doing: what the service needs, or several that do not need it.
fn elsewhere(compared: &Compared, needs: &dyn Fn(&str) -> BTreeSet<Arc<str>>) -> Option<String> {
    let service = &compared.released.service;
    let needed = needs(service);
    let others: Vec<_> = compared.others.iter().filter(|other| other.service != *service).collect();
    let say = |found: &[String]| format!("{} fail{}", found.join(", "), if found.len() == 1 { "s" } else { "" });
    let told = |other: &super::Other| format!("{} ({})", other.service, Unit::Ratio.say(other.errors));
    let causes: Vec<String> =
        others.iter().filter(|other| needed.contains(&other.service)).map(|other| told(other)).collect();
    if !causes.is_empty() {
        return Some(format!("{}, which it needs,", say(&causes)));
    }
    // Who needs this service fails because of it.
    let untied: Vec<String> =
        others.iter().filter(|other| !needs(&other.service).contains(service)).map(|other| told(other)).collect();
    (untied.len() >= OTHERS).then(|| format!("{}, with no tie to it,", say(&untied)))
}

/// Why the windows hold too little to be compared.
fn too_few(since: &Window, before: &Window) -> Option<String> {
    let counted = |window: &Window, when: &str| match &window.requests {
        Ok(count) if *count >= REQUESTS_AT_LEAST => None,
        Ok(count) => Some(format!("{} {when}, at least {REQUESTS_AT_LEAST:.0} are needed", requests(*count))),
        Err(absence) => Some(format!("requests {when}: {}", absence.words())),
    };
    match (counted(since, "since the release"), counted(before, "before it")) {
        (Some(since), None) => {
            let had = before.requests.as_ref().map_or(0.0, |count| *count);
            Some(format!("{since}; there were {had:.0} in the same time before it"))
        }
        (since, before) => since.or(before),
    }
}

fn criteria(since: &Window, before: &Window, week: &Window, length: TimeDelta) -> Vec<Criterion> {
    let more = |name: &str, what: &str, unit: Unit, least: f64, of: &dyn Fn(&Window) -> Value| {
        let rule = Rule { name: name.into(), what: what.to_owned(), unit, is_less_worse: false };
        rule.criterion(&of(since), &of(before), &of(week), |baseline| least.max(baseline * WORSE))
    };
    let mut found = vec![
        more(ERRORS, "errors", Unit::Ratio, FAILING, &|window| window.errors.clone()),
        more(P95, "p95", Unit::Seconds, 0.0, &|window| window.p95.clone()),
        traffic(since, before, week, length),
    ];
    for (place, (name, value)) in since.business.iter().enumerate() {
        let at = |window: &Window| window.business.get(place).map_or(Err(Absence::NoQuery), |(_, value)| value.clone());
        let rule = Rule { name: name.clone(), what: name.to_string(), unit: Unit::PerSecond, is_less_worse: true };
        found.push(rule.criterion(value, &at(before), &at(week), |baseline| baseline * BUSINESS));
    }
    found
}

/// Requests a second: fewer are no harm proven, but nobody knows of users who do not get here.
fn traffic(since: &Window, before: &Window, week: &Window, length: TimeDelta) -> Criterion {
    #[expect(clippy::cast_precision_loss, reason = "an hour in milliseconds")]
    let seconds = length.num_milliseconds() as f64 / 1_000.0;
    let pace = |window: &Window| window.requests.clone().map(|count| count / seconds);
    let rule = Rule { name: REQUESTS.into(), what: "requests".to_owned(), unit: Unit::PerSecond, is_less_worse: true };
    let mut found = rule.criterion(&pace(since), &pace(before), &pace(week), |baseline| baseline * TRAFFIC);
    if found.opinion == Opinion::Worse {
        found.opinion = Opinion::Unknown;
        found.words = format!("{}: users may not reach it", found.words);
    }
    found
}

/// What a criterion is about.
struct Rule {
    name: Arc<str>,
    what: String,
    unit: Unit,
    /// Whether a fall is the worse, not a rise.
    is_less_worse: bool,
}

impl Rule {
    fn criterion(self, since: &Value, before: &Value, week: &Value, threshold: impl Fn(f64) -> f64) -> Criterion {
        let say = |value: f64| self.unit.say(value);
        let mut found = Criterion {
            name: self.name.clone(),
            opinion: Opinion::Unknown,
            unit: self.unit,
            value: since.as_ref().ok().copied(),
            threshold: None,
            baseline: None,
            words: String::new(),
        };
        let what = &self.what;
        found.words = match (since, before) {
            (Err(Absence::NoSeries), Ok(before)) => {
                format!("{what} vanished: {} before the release, nothing was counted since", say(*before))
            }
            (Err(absence), _) => format!("{what}: {}", absence.words()),
            (Ok(since), Err(absence)) => {
                format!("{what} {}, and before the release {}", say(*since), absence.words())
            }
            (Ok(since), Ok(before)) => {
                // A wave of the day or the week is no release's doing: the worse baseline counts.
                let worse = |one: f64, other: f64| if self.is_less_worse { one.min(other) } else { one.max(other) };
                let baseline = week.as_ref().map_or(*before, |week| worse(*before, *week));
                let threshold = threshold(baseline);
                let is_worse = if self.is_less_worse { *since < threshold } else { *since > threshold };
                found.baseline = Some(baseline);
                found.threshold = Some(threshold);
                found.opinion = if is_worse { Opinion::Worse } else { Opinion::Fine };
                let beyond = match (is_worse, self.is_less_worse) {
                    (true, false) => "above",
                    (true, true) => "below",
                    (false, false) => "not above",
                    (false, true) => "not below",
                };
                let last_week = match week {
                    Ok(week) => format!("{} a week ago", say(*week)),
                    Err(_) => "a week ago not known".to_owned(),
                };
                format!(
                    "{what} {} {beyond} {} ({} before the release, {last_week})",
                    say(*since),
                    say(threshold),
                    say(*before)
                )
            }
        };
        found
    }
}
