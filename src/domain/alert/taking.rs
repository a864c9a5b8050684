//! Taking alerts, or giving them back: the whole plan of it, worked out before anything is written.
//!
//! It is a fact of the store, never a silence: Alertmanager knows nothing of it and notifies on (requirements, B5).

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Alert, Around, Hold, Severity, Terms};
use crate::domain::store::Acknowledgement;
use crate::domain::time::{self, Instant};

/// The most alerts of one plan.
pub const MOST: usize = 200;

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deed {
    /// Somebody says that they are on it.
    Acknowledge,
    /// Somebody says that nobody is, any more.
    GiveBack,
}

impl Deed {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Acknowledge, Self::GiveBack];

    /// Its name on a command line, in the journal and, after `action.`, in a keymap.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Acknowledge => "acknowledge",
            Self::GiveBack => "give-back",
        }
    }

    /// What it does, and what it does not.
    pub const fn means(self) -> &'static str {
        match self {
            Self::Acknowledge => {
                "every console of the store shows that you are on it, for as long as it fires this time. It is no silence: it keeps firing and notifying."
            }
            Self::GiveBack => "every console of the store shows that nobody is on it.",
        }
    }

    /// How it is taken back.
    pub const fn inverse(self) -> &'static str {
        match self {
            Self::Acknowledge => "give it back (:give-back)",
            Self::GiveBack => "acknowledge it again (:acknowledge)",
        }
    }

    /// What it has done.
    pub(super) const fn achieved(self) -> &'static str {
        match self {
            Self::Acknowledge => "acknowledged; it keeps firing and notifying.",
            Self::GiveBack => "given back: nobody is on it.",
        }
    }

    /// The word that confirms it where nobody is there to press a key.
    const fn word(self) -> &'static str {
        match self {
            Self::Acknowledge => "ACKNOWLEDGE",
            Self::GiveBack => "GIVE-BACK",
        }
    }
}

/// One alert of the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
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
    /// Since when it fires: a later firing is another one.
    #[serde(deserialize_with = "time::clamped")]
    pub firing_since: Instant,
    /// What the store says of it: what is written has to have seen this.
    pub seen: Option<Acknowledgement>,
}

impl Taken {
    /// Who is on it now.
    pub fn held(&self, now: Instant) -> Option<&Acknowledgement> {
        self.seen.as_ref().filter(|word| word.covers(self.firing_since, now))
    }
}

/// The plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taking {
    /// What is done.
    pub action: Deed,
    /// The alerts, worst first.
    pub alerts: Vec<Taken>,
    /// What is said with it; no part of the document.
    #[serde(skip)]
    pub note: String,
    /// What it has in common with every word.
    #[serde(flatten)]
    pub terms: Terms,
}

impl Taking {
    /// Works it out. `word` is what the store says of an alert, live or not.
    pub fn plan<'a>(
        action: Deed,
        alerts: &[Arc<Alert>],
        word: impl Fn(&Alert) -> Option<&'a Acknowledgement>,
        around: &Around,
    ) -> Self {
        let mut terms = Terms::of(around, action.word());
        let of_it = |alert: &&Arc<Alert>| alert.environment == around.environment;
        let all: Vec<&Arc<Alert>> = alerts.iter().filter(of_it).collect();
        let taken = |alert: &&Arc<Alert>| Taken {
            alert: alert.title().to_owned(),
            service: alert.service.as_deref().map(str::to_owned),
            severity: alert.severity,
            summary: alert.summary().to_owned(),
            fingerprint: alert.key.to_string(),
            firing_since: alert.started_at,
            seen: word(alert).cloned(),
        };
        let mut entries: Vec<Taken> = all.iter().map(taken).collect();
        let store_now = around.now + around.ahead;
        if action == Deed::GiveBack {
            entries.retain(|entry| entry.held(store_now).is_some());
        }
        match entries.len() {
            0 if all.is_empty() => {
                terms.refusals.push("it fires no more, or is not listed: there is nothing to take.".to_owned());
            }
            0 => terms.refusals.push("nobody has it: there is nothing to give back.".to_owned()),
            1..=MOST => {}
            many => {
                terms.refusals.push(format!(
                    "these are {many} alerts, and one plan is of {MOST} at most: filter the list first."
                ));
                entries.truncate(MOST);
            }
        }
        for entry in &entries {
            let Some(held) = entry.held(store_now).filter(|held| held.by != around.author.name) else { continue };
            let since = time::coarse(time::age(held.at, store_now));
            terms.warnings.push(match action {
                Deed::Acknowledge => format!("{} is on {} since {since}: it becomes yours.", held.by, entry.alert),
                Deed::GiveBack => format!("{} is held by {} since {since}, not by you.", entry.alert, held.by),
            });
        }
        let silenced = all.iter().filter(|alert| matches!(alert.hold, Hold::Silenced | Hold::Inhibited)).count();
        if silenced > 0 && action == Deed::Acknowledge {
            terms.warnings.push(format!("{silenced} of them: notifications are held back already, and stay so."));
        }
        if let Some(age) = around.alerts_age {
            terms
                .warnings
                .push(format!("the list of alerts is {} old: it may have ended meanwhile.", time::coarse(age)));
        }
        Self { action, alerts: entries, note: String::new(), terms }
    }

    /// Whether somebody who read the other one has read this one.
    pub fn reads_as(&self, other: &Self) -> bool {
        let warnings = |of: &Self| of.terms.warnings.len();
        (self.action, &self.alerts, &self.terms.refusals, warnings(self))
            == (other.action, &other.alerts, &other.terms.refusals, warnings(other))
    }

    /// What is planned.
    pub fn title(&self) -> String {
        match self.action {
            Deed::Acknowledge => format!("Acknowledge {}", self.about()),
            Deed::GiveBack => format!("Give {} back", self.about()),
        }
    }

    /// What it is about, in a few words: a name, or how many of it, or how many.
    pub fn about(&self) -> String {
        match self.alerts.as_slice() {
            [] => "no alert".to_owned(),
            [only] => only.alert.clone(),
            [first, rest @ ..] if rest.iter().all(|other| other.alert == first.alert) => {
                format!("{} x{}", first.alert, self.alerts.len())
            }
            all => format!("{} alerts", all.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::alert::testing::alert;

    fn at(seconds: i64) -> Instant {
        chrono::DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap_or_default()
    }

    fn around() -> Around {
        Around::testing("mori", at(0))
    }

    fn word(of: &Alert, by: &str) -> Acknowledgement {
        Acknowledgement {
            environment: of.environment.to_string(),
            fingerprint: of.key.to_string(),
            alert: of.title().to_owned(),
            firing_since: Some(of.started_at),
            by: by.to_owned(),
            at: at(-720),
            until: None,
            note: String::new(),
            withdrawn: None,
            version: 3,
        }
    }

    #[test]
    fn what_somebody_else_has_is_taken_over_with_a_warning() {
        let one = Arc::new(alert(&[("alertname", "A")], at(0)));
        let lee = word(&one, "lee");
        let plan = Taking::plan(Deed::Acknowledge, std::slice::from_ref(&one), |_| Some(&lee), &around());
        assert!(plan.terms.is_applicable());
        assert_eq!(plan.terms.warnings, ["lee is on A since 12m: it becomes yours."]);
        assert_eq!(plan.alerts[0].seen.as_ref().map(|word| word.version), Some(3), "pinned to what was seen");
        let mine = word(&one, "mori");
        assert_eq!(
            Taking::plan(Deed::Acknowledge, &[one], |_| Some(&mine), &around()).terms.warnings,
            Vec::<String>::new()
        );
    }

    #[test]
    fn only_what_somebody_has_can_be_given_back() {
        let (one, other) = (alert(&[("alertname", "A")], at(0)), alert(&[("alertname", "B")], at(0)));
        let lee = word(&one, "lee");
        let key = one.key.clone();
        let both = [Arc::new(one), Arc::new(other)];
        let plan = Taking::plan(Deed::GiveBack, &both, |alert| (alert.key == key).then_some(&lee), &around());
        assert_eq!(plan.about(), "A");
        assert!(plan.terms.warnings[0].contains("held by lee since 12m, not by you"), "{:?}", plan.terms.warnings);
        let plan = Taking::plan(Deed::GiveBack, &both, |_| None, &around());
        assert_eq!(plan.terms.refusals, ["nobody has it: there is nothing to give back."]);
    }

    #[test]
    fn what_is_gone_too_much_or_forbidden_is_refused() {
        let refusals = |alerts: &[Arc<Alert>], around: Around| {
            Taking::plan(Deed::Acknowledge, alerts, |_| None, &around).terms.refusals
        };
        assert!(refusals(&[], around())[0].contains("fires no more"));
        let number = |number: usize| Arc::new(alert(&[("alertname", "A"), ("pod", &number.to_string())], at(0)));
        let storm: Vec<_> = (0..=MOST).map(number).collect();
        assert!(refusals(&storm, around())[0].contains("201 alerts"));
        assert_eq!(refusals(&storm[..MOST], around()), Vec::<String>::new());
        let forbidden = Around { refusal: Some("read-only.".into()), ..around() };
        assert_eq!(refusals(&storm[..1], forbidden), ["read-only."]);
        let elsewhere = Around { environment: "staging".into(), ..around() };
        assert_eq!(refusals(&storm[..1], elsewhere).len(), 1, "one plan, one environment");
    }

    #[test]
    fn a_plan_reads_the_same_until_what_it_says_changes() {
        let one = Arc::new(alert(&[("alertname", "A")], at(0)));
        let plan = |word: Option<&Acknowledgement>, now| {
            Taking::plan(Deed::Acknowledge, std::slice::from_ref(&one), |_| word, &Around { now, ..around() })
        };
        let lee = word(&one, "lee");
        assert!(plan(None, at(0)).reads_as(&plan(None, at(9))));
        assert!(!plan(None, at(0)).reads_as(&plan(Some(&lee), at(9))), "lee took it meanwhile");
    }
}
