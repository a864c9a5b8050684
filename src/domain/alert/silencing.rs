//! Silencing: keeping notifications back, changing how long, or letting them through again; the whole plan of it.
//!
//! What it hides is what the server itself says, asked when the plan was made and once more before anything is sent. The wider it
//! reaches beyond the alerts that were chosen, the more it takes to confirm it.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::{Alert, Breadth, Known, LeftOut, Matcher, Operator, Severity, Silence, SilenceState, matcher};
use crate::domain::action::{Confirmation, Gesture, Tier, gesture};
use crate::domain::environment::Guard;
use crate::domain::service::UNMAPPED;
use crate::domain::store::Author;
use crate::domain::text;
use crate::domain::time::{self, Instant};

/// How long a plan may be carried out after it was made.
const HOLDS: TimeDelta = TimeDelta::minutes(15);
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

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SilenceDeed {
    /// A new silence.
    Silence,
    /// Another end for one.
    ChangeSilence,
    /// The end of one, now.
    ExpireSilence,
}

impl SilenceDeed {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Silence, Self::ChangeSilence, Self::ExpireSilence];

    /// Its name on a command line, in the journal and, after `action.`, in a keymap.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Silence => "silence",
            Self::ChangeSilence => "change-silence",
            Self::ExpireSilence => "expire-silence",
        }
    }

    /// What it does, and what it does not.
    pub const fn means(self) -> &'static str {
        match self {
            Self::Silence => {
                "Alertmanager notifies nobody of what the matchers cover, also of alerts that begin later, until it ends. It heals nothing, and nobody is on it by it."
            }
            Self::ChangeSilence => "Alertmanager keeps back what it keeps back now, until another time.",
            Self::ExpireSilence => "Alertmanager notifies again of whatever still fires.",
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Silence => "SILENCE",
            Self::ChangeSilence => "CHANGE",
            Self::ExpireSilence => "EXPIRE",
        }
    }
}

/// An alert that it hides, or lets through again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hidden {
    /// Its name.
    pub alert: String,
    /// Its service; `None` is shown as UNMAPPED.
    pub service: Option<String>,
    /// How bad.
    pub severity: Severity,
    /// What it says.
    pub summary: String,
    /// Which alert of the environment.
    pub fingerprint: String,
    /// Whether it is one of those that were chosen.
    pub is_chosen: bool,
}

/// A silence as the plan showed it: what is changed has to be still this.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenSilence {
    /// Its id.
    pub id: String,
    /// From when it holds.
    #[serde(deserialize_with = "time::clamped")]
    pub starts_at: Instant,
    /// Until when.
    #[serde(deserialize_with = "time::clamped")]
    pub ends_at: Instant,
    /// Who made it.
    pub created_by: String,
    /// Why.
    pub comment: String,
}

impl From<&Silence> for SeenSilence {
    fn from(silence: &Silence) -> Self {
        Self {
            id: silence.id.to_string(),
            starts_at: silence.starts_at,
            ends_at: silence.ends_at,
            created_by: silence.created_by.to_string(),
            comment: silence.comment.to_string(),
        }
    }
}

/// The plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silencing {
    /// The shape of this document: 1.
    pub version: u32,
    /// What is done.
    pub action: SilenceDeed,
    /// The environment.
    pub environment: String,
    /// Who.
    pub author: Author,
    /// When it was made.
    #[serde(deserialize_with = "time::clamped")]
    pub made_at: Instant,
    /// Until when it may be carried out.
    #[serde(deserialize_with = "time::clamped")]
    pub expires_at: Instant,
    /// What the silence covers.
    pub matchers: Vec<Matcher>,
    /// Until when it is to hold.
    #[serde(deserialize_with = "time::clamped")]
    pub ends_at: Instant,
    /// The silence that is changed; `None` for a new one.
    pub seen: Option<SeenSilence>,
    /// The labels of the alerts it is made from that are no part of it: they say who sent them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOut>,
    /// What fires now of what it covers, worst first, as the server says.
    pub hides: Vec<Hidden>,
    /// What to know first.
    pub warnings: Vec<String>,
    /// Why it may not be carried out; empty when it may.
    pub refusals: Vec<String>,
    /// What confirms it.
    pub confirmation: Confirmation,
}

/// What a plan is made from.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// What is to be done.
    pub action: SilenceDeed,
    /// The environment.
    pub environment: Arc<str>,
    /// Its guard.
    pub guard: Guard,
    /// Who plans.
    pub author: Author,
    /// What the silence covers.
    pub matchers: Vec<Matcher>,
    /// Until when it is to hold; not used by an end of now.
    pub ends_at: Instant,
    /// The silence that is changed; `None` for a new one.
    pub seen: Option<Silence>,
    /// The alerts it is meant for, by their keys.
    pub chosen: Vec<Arc<str>>,
    /// The labels of these that the matchers leave out.
    pub left_out: Vec<LeftOut>,
    /// What fires of what the matchers cover, as the server says; else why that is not known.
    pub covered: Result<Vec<Alert>, String>,
    /// What else is known of the environment.
    pub known: Known,
    /// Why this console may change nothing here; `None` when it may.
    pub refusal: Option<String>,
    /// Now, by our clock.
    pub now: Instant,
}

impl Silencing {
    /// Works it out.
    pub fn plan(wanted: Wanted) -> Self {
        let Wanted { action, environment, guard, author, matchers, ends_at, seen, chosen, covered, .. } = wanted;
        let Wanted { left_out, known, refusal, now, .. } = wanted;
        let mut refusals: Vec<String> = refusal.into_iter().collect();
        let mut warnings: Vec<String> = left_out.iter().map(LeftOut::said).collect();
        let covered_is_known = covered.is_ok();
        let mut hides: Vec<Hidden> = match covered {
            Ok(alerts) => alerts.iter().map(|alert| hidden(alert, &chosen)).collect(),
            Err(why) => {
                refusals.push(format!("what it covers is not known: {why}"));
                Vec::new()
            }
        };
        hides.sort_by(|one, other| {
            let key = |one: &Hidden| (one.is_chosen, one.severity, one.alert.clone(), one.fingerprint.clone());
            key(one).cmp(&key(other))
        });
        let ends_at = if action == SilenceDeed::ExpireSilence { now } else { ends_at };
        if action != SilenceDeed::ExpireSilence {
            refusals.extend(too_short_or_long(ends_at - now));
            if ends_at - now > LONG {
                warnings
                    .push(format!("it holds for {}, longer than a shift: hand it over.", time::coarse(ends_at - now)));
            }
        }
        let breadth = Breadth::of(&matchers, &known);
        if action == SilenceDeed::Silence {
            if breadth.is_everything {
                refusals.push(everything(&breadth));
            }
            warnings.extend(contradiction(&matchers));
        }
        refusals.extend(out_of_reach(action, seen.as_ref(), ends_at));
        let (mut tier, why) = tier(action, covered_is_known.then_some(&hides), seen.as_ref(), &author, ends_at);
        warnings.extend(why);
        let is_longer = seen.as_ref().is_none_or(|seen| ends_at >= seen.ends_at);
        if action != SilenceDeed::ExpireSilence && is_longer {
            let wide = wide(&breadth, &hides, &known);
            tier = if wide.is_empty() { tier } else { Tier::T3 };
            warnings.extend(wide);
        }
        let gesture = gesture(tier, guard, 1);
        let is_typed = gesture == Gesture::TypeNameAndReason;
        let word = if is_typed { environment.to_string() } else { action.word().to_owned() };
        // Alertmanager takes no silence without a comment.
        let needs_reason = is_typed || action == SilenceDeed::Silence;
        Self {
            version: 1,
            action,
            environment: environment.to_string(),
            author,
            made_at: now,
            expires_at: now + HOLDS,
            matchers,
            ends_at,
            seen: seen.as_ref().map(SeenSilence::from),
            left_out,
            hides,
            warnings,
            refusals,
            confirmation: Confirmation { gesture, word, needs_reason },
        }
    }

    /// Whether it may be carried out.
    pub const fn is_applicable(&self) -> bool {
        self.refusals.is_empty()
    }

    /// What is planned.
    pub fn title(&self) -> String {
        match self.action {
            SilenceDeed::Silence => format!("Silence {}", self.covers()),
            SilenceDeed::ChangeSilence => format!("Change the end of the silence over {}", self.covers()),
            SilenceDeed::ExpireSilence => format!("End the silence over {}", self.covers()),
        }
    }

    /// Its matchers, as one line; cleaned.
    pub fn covers(&self) -> String {
        matcher::said(&self.matchers)
    }

    /// How to take it back.
    pub fn inverse(&self) -> String {
        match (self.action, &self.seen) {
            (SilenceDeed::Silence, _) => {
                "end it (:expire-silence), or quarterdeck plan expire-silence ID, with the id told at its end"
                    .to_owned()
            }
            (SilenceDeed::ChangeSilence, Some(seen)) => {
                format!("quarterdeck plan change-silence {}, back to {}", seen.id, seen.ends_at.format("%F %H:%M UTC"))
            }
            (_, seen) => {
                let until = seen.as_ref().map_or(self.ends_at, |seen| seen.ends_at).format("%F %H:%M UTC");
                format!("a new silence over the same, until {until}: quarterdeck plan silence --matcher …")
            }
        }
    }

    /// What fires now of what it covers and nobody who read the plan knew of: another kind of alert, or of another service.
    pub fn surprises<'a>(&self, covered: &'a [Alert]) -> Vec<&'a Alert> {
        let known: BTreeSet<(&str, Option<&str>)> =
            self.hides.iter().map(|hidden| (&*hidden.alert, hidden.service.as_deref())).collect();
        covered.iter().filter(|alert| !known.contains(&(alert.title(), alert.service.as_deref()))).collect()
    }
}

fn hidden(alert: &Alert, chosen: &[Arc<str>]) -> Hidden {
    Hidden {
        alert: alert.title().to_owned(),
        service: alert.service.as_deref().map(str::to_owned),
        severity: alert.severity,
        summary: alert.summary().to_owned(),
        fingerprint: alert.key.to_string(),
        is_chosen: chosen.contains(&alert.key),
    }
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
fn out_of_reach(action: SilenceDeed, seen: Option<&Silence>, ends_at: Instant) -> Option<String> {
    match (action, seen) {
        (SilenceDeed::Silence, _) => None,
        (_, None) => Some("there is no such silence.".to_owned()),
        (_, Some(seen)) if seen.state == SilenceState::Expired => Some("it is over already.".to_owned()),
        (SilenceDeed::ChangeSilence, Some(seen)) if seen.ends_at == ends_at => Some("it ends then already.".to_owned()),
        _ => None,
    }
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
fn wide(breadth: &Breadth, hides: &[Hidden], known: &Known) -> Vec<String> {
    let mut why = Vec::new();
    if breadth.is_everything {
        why.push("it covers alerts nobody has seen yet, with other labels or without these.".to_owned());
    }
    if breadth.rules > 0 {
        why.push(format!("it covers whatever begins of all {} kinds of alert that are known here.", breadth.rules));
    }
    let kinds: BTreeSet<&str> = hides.iter().map(|hidden| hidden.alert.as_str()).collect();
    if kinds.len() > 1 && hides.len() >= known.alerts {
        why.push(format!("it hides all {} alerts there are now.", hides.len()));
    }
    why
}

/// How carefully it is confirmed, and why so.
fn tier(
    action: SilenceDeed,
    hides: Option<&Vec<Hidden>>,
    seen: Option<&Silence>,
    author: &Author,
    ends_at: Instant,
) -> (Tier, Vec<String>) {
    let mut warnings = Vec::new();
    let (is_known, hides) = (hides.is_some(), hides.map(Vec::as_slice).unwrap_or_default());
    if let Some(seen) = seen.filter(|seen| *seen.created_by != *author.name) {
        warnings.push(format!("it was made by {}, not by you.", seen.created_by));
    }
    // To let notifications through again is the safe way, unless somebody else holds them back for a reason of theirs.
    let mut tier = if warnings.is_empty() { Tier::T1 } else { Tier::T2 };
    if action == SilenceDeed::ExpireSilence && !hides.is_empty() {
        warnings.push(match hides.len() {
            1 => "1 alert notifies again.".to_owned(),
            several => format!("{several} alerts notify again."),
        });
    }
    if action == SilenceDeed::ExpireSilence || seen.is_some_and(|seen| ends_at < seen.ends_at) {
        return (tier, warnings);
    }
    // Of alerts that map to no service each kind may be of another.
    let service = |one: &Hidden| one.service.clone().unwrap_or_else(|| format!("{UNMAPPED} {}", one.alert));
    let chosen: BTreeSet<String> = hides.iter().filter(|one| one.is_chosen).map(service).collect();
    let others: Vec<&Hidden> = hides.iter().filter(|one| !one.is_chosen && seen.is_none()).collect();
    let foreign: BTreeSet<String> = others.iter().map(|one| service(one)).filter(|one| !chosen.contains(one)).collect();
    if hides.is_empty() && is_known {
        warnings.push("it hides nothing that fires now, only what begins later.".to_owned());
        tier = tier.max(Tier::T2);
    }
    if !others.is_empty() && !chosen.is_empty() {
        warnings.push(format!("it hides {} alerts beside the chosen ones.", others.len()));
    }
    let critical = hides.iter().filter(|one| one.severity == Severity::Critical).count();
    if critical > 0 {
        warnings.push(format!("{critical} of them critical: nobody is paged for them while it holds."));
    }
    if critical > 0 || !others.is_empty() {
        tier = tier.max(Tier::T2);
    }
    let services = chosen.len() + foreign.len();
    if services > 1 && !foreign.is_empty() {
        let names = foreign.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
        warnings.push(format!("it reaches {services} services, among them {names}."));
        tier = Tier::T3;
    }
    if hides.len() >= WIDE {
        warnings.push(format!("it hides {} alerts at once.", hides.len()));
        tier = Tier::T3;
    }
    (tier, warnings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::alert::testing::alert;

    fn at(seconds: i64) -> Instant {
        chrono::DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap_or_default()
    }

    fn mori() -> Author {
        Author { name: "mori".into(), origin: "mori@bastion".into() }
    }

    fn wanted(matchers: &str, covered: Vec<Alert>, chosen: &[&Alert]) -> Wanted {
        Wanted {
            action: SilenceDeed::Silence,
            environment: "production".into(),
            guard: Guard::Production,
            author: mori(),
            matchers: super::super::matchers(matchers).unwrap_or_default(),
            ends_at: at(7_200),
            seen: None,
            chosen: chosen.iter().map(|alert| alert.key.clone()).collect(),
            left_out: Vec::new(),
            covered: Ok(covered),
            known: Known { alerts: 90, names: ["Slow", "Down", "Full"].map(Into::into).into() },
            refusal: None,
            now: at(0),
        }
    }

    fn one(name: &str, severity: &str, service: &str, pod: &str) -> Alert {
        let service = Some(service).filter(|service| !service.is_empty());
        let mut alert = alert(&[("alertname", name), ("severity", severity), ("pod", pod)], at(0));
        alert.service = service.map(Into::into);
        alert
    }

    #[test]
    fn the_wider_it_reaches_the_more_confirms_it() {
        let slow = one("Slow", "warning", "cart", "a");
        let gesture = |covered: Vec<Alert>| {
            let plan = Silencing::plan(wanted("alertname=Slow", covered, &[&slow]));
            assert!(plan.is_applicable() && plan.confirmation.needs_reason, "{:?}", plan.refusals);
            (plan.confirmation.gesture, plan.confirmation.word)
        };
        assert_eq!(gesture(vec![slow.clone()]), (Gesture::Enter, "SILENCE".into()), "what was chosen, and only that");
        let beside = vec![slow.clone(), one("Slow", "warning", "cart", "b")];
        assert_eq!(gesture(beside), (Gesture::TypeWord, "SILENCE".into()));
        let foreign = vec![slow.clone(), one("Slow", "warning", "payments", "c")];
        assert_eq!(gesture(foreign), (Gesture::TypeNameAndReason, "production".into()));
        let storm = (0..50).map(|pod| one("Slow", "warning", "cart", &pod.to_string())).collect();
        assert_eq!(gesture(storm).0, Gesture::TypeNameAndReason);
        assert_eq!(gesture(Vec::new()).0, Gesture::TypeWord, "what begins later is not known");

        let down = one("Down", "critical", "cart", "a");
        let plan = Silencing::plan(wanted("alertname=Down", vec![down.clone()], &[&down]));
        assert_eq!(plan.confirmation.gesture, Gesture::TypeWord);
        assert!(plan.warnings[0].contains("nobody is paged"), "{:?}", plan.warnings);
    }

    #[test]
    fn what_covers_every_kind_of_alert_or_all_there_are_is_confirmed_like_the_widest() {
        let gesture = |matchers: &str, covered: Vec<Alert>, alerts: usize| {
            let wanted = wanted(matchers, covered, &[]);
            let plan = Silencing::plan(Wanted { known: Known { alerts, ..wanted.known.clone() }, ..wanted });
            assert!(plan.is_applicable(), "{:?}", plan.refusals);
            (plan.confirmation.gesture, plan.warnings.join(" "))
        };
        let (slow, full) = (one("Slow", "warning", "cart", "a"), one("Full", "warning", "cart", "a"));
        let (of_one, words) = gesture("alertname=~\"Slow|Full\"", vec![slow.clone(), full.clone()], 90);
        assert_eq!(of_one, Gesture::TypeWord, "{words}");
        let (of_all, words) = gesture("alertname=~\"Slow|Full\"", vec![slow.clone(), full], 2);
        assert!(of_all == Gesture::TypeNameAndReason && words.contains("all 2 alerts there are"), "{words}");
        let (of_every, words) = gesture("namespace=shop", vec![slow.clone()], 90);
        assert!(of_every == Gesture::TypeNameAndReason && words.contains("all 3 kinds"), "{words}");
        let unmapped = ["Slow", "Full"].map(|name| one(name, "warning", "", "a"));
        assert_eq!(
            gesture("alertname=~\"Slow|Full\"", unmapped.into(), 90).0,
            Gesture::TypeNameAndReason,
            "of two, perhaps"
        );

        let seen = Silence {
            id: "4ef1".into(),
            matchers: super::super::matchers("alertname=~\".*\"").unwrap_or_default(),
            starts_at: at(-60),
            ends_at: at(3_600),
            created_by: "mori".into(),
            comment: "known".into(),
            state: SilenceState::Active,
        };
        let change = |ends: i64| {
            let base = wanted("alertname=~\".*\"", vec![slow.clone()], &[]);
            let action = SilenceDeed::ChangeSilence;
            let plan = Silencing::plan(Wanted { action, seen: Some(seen.clone()), ends_at: at(ends), ..base });
            plan.confirmation.gesture
        };
        assert_eq!(
            (change(7_200), change(600)),
            (Gesture::TypeNameAndReason, Gesture::Enter),
            "longer is wide, shorter is safe"
        );
    }

    #[test]
    fn what_could_hide_everything_or_forever_is_refused() {
        let refusals = |matchers: &str, ends: i64| {
            Silencing::plan(Wanted { ends_at: at(ends), ..wanted(matchers, Vec::new(), &[]) }).refusals
        };
        for everything in ["alertname=~.+", "alertname=~.*|x", "env!=dev", "alertname!~x", "team=~\"payments|\""] {
            assert!(refusals(everything, 7_200)[0].contains("hide everything"), "{everything}");
        }
        assert_eq!(refusals("alertname=~\"Disk.*\" env!=dev", 7_200), Vec::<String>::new());
        let unread = refusals("alertname=~\"\\Qa\\E\"", 7_200);
        assert!(unread[0].contains("cannot be read here, so it could hide everything"), "{unread:?}");
        assert!(refusals("alertname=A", 59)[0].contains("a minute at least"));
        assert!(refusals("alertname=A", 7 * 86_400 + 1)[0].contains("7 days"));
        let unknown = Wanted { covered: Err("no answer.".into()), ..wanted("alertname=A", Vec::new(), &[]) };
        assert_eq!(Silencing::plan(unknown).refusals, ["what it covers is not known: no answer."]);
        let twice = Silencing::plan(wanted("alertname=A alertname=B", Vec::new(), &[]));
        assert!(twice.warnings.iter().any(|words| words.contains("two values at once")), "{:?}", twice.warnings);
    }

    #[test]
    fn only_one_that_is_there_can_be_changed() {
        let silence = |by: &str, state| Silence {
            id: "4ef1".into(),
            matchers: vec![Matcher::equal("alertname", "A")],
            starts_at: at(-60),
            ends_at: at(3_600),
            created_by: by.into(),
            comment: "known".into(),
            state,
        };
        let plan = |action, seen: Option<Silence>, ends: i64| {
            let base = wanted("alertname=A", vec![one("A", "warning", "cart", "a")], &[]);
            Silencing::plan(Wanted { action, seen, ends_at: at(ends), ..base })
        };
        let active = |by| Some(silence(by, SilenceState::Active));
        assert_eq!(plan(SilenceDeed::ExpireSilence, None, 0).refusals, ["there is no such silence."]);
        let over = plan(SilenceDeed::ExpireSilence, Some(silence("mori", SilenceState::Expired)), 0);
        assert_eq!(over.refusals, ["it is over already."]);
        let ended = plan(SilenceDeed::ExpireSilence, active("lee"), 0);
        assert!(ended.is_applicable() && ended.warnings[0].contains("made by lee"), "{:?}", ended.warnings);
        assert_eq!((ended.confirmation.gesture, ended.ends_at), (Gesture::TypeWord, at(0)));
        assert_eq!(plan(SilenceDeed::ChangeSilence, active("mori"), 3_600).refusals, ["it ends then already."]);
        let shorter = plan(SilenceDeed::ChangeSilence, active("mori"), 600);
        assert_eq!((shorter.confirmation.gesture, shorter.refusals.len()), (Gesture::Enter, 0));
    }

    #[test]
    fn a_surprise_is_another_kind_of_alert_not_one_more_of_the_same() {
        let slow = one("Slow", "warning", "cart", "a");
        let plan = Silencing::plan(wanted("severity=warning", vec![slow.clone()], &[&slow]));
        let more = [one("Slow", "warning", "cart", "b"), one("Full", "warning", "db", "c")];
        assert_eq!(plan.surprises(&more).iter().map(|alert| alert.title()).collect::<Vec<_>>(), ["Full"]);
    }
}
