//! Alerts: what is firing, how bad, since when, for which service, and who has it.
//!
//! | file | subject |
//! |---|---|
//! | [`breadth`](Breadth) | how wide a silence is, beyond what fires now |
//! | [`comparison`](Comparison) | the threshold a rule holds a value against |
//! | [`ruled`](Ruled) | what the rules of a Prometheus add to what Alertmanager lists |
//! | [`severity`](Severity) | how bad, from whatever word a label says (requirements, section H) |
//! | [`group`] | alerts that are one to an operator, and the order of a list |
//! | [`history`](History) | how often one came back |
//! | [`join`] | which service an alert is about, and which workload |
//! | [`identity`] | which alert it is, over replicas and polls |
//! | [`local`](Local) | rules that this console evaluates itself |
//! | [`matcher`](Matcher) | what a silence covers |
//! | [`runbook`](address) | the address of a runbook, before it is passed on |
//! | [`sender`](LeftOut) | which labels say who sent an alert, and what a silence of it is made of |
//! | [`silence`](Silence) | who keeps notifications back, until when |
//! | [`silencing`](Silencing) | what a silence hides, how wide it is, and how grave that is |
//! | [`snapshot`](AlertSnapshot) | everything known of one environment at one time |
//! | [`watchdog`](Watchdog) | the alert that always fires: without it, no alerts is not healthy |

mod breadth;
pub mod comparison;
pub mod group;
mod history;
pub mod identity;
pub mod join;
pub mod local;
mod matcher;
pub mod ruled;
mod runbook;
mod sender;
mod severity;
mod silence;
mod silencing;
mod snapshot;
mod watchdog;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::service::Services;

pub use breadth::{Breadth, Known};
pub use comparison::Comparison;
pub use history::History;
pub use local::{Local, LocalRule};
pub use matcher::{Matcher, MatcherError, Operator, matchers, said as covers};
pub use ruled::{Ruled, Teller};
pub use runbook::address;
pub use sender::{LeftOut, in_common, is_same, left_out};
pub use severity::Severity;
pub use silence::{Silence, SilenceState};
pub use silencing::{Silencing, USUAL as USUAL_SILENCE, Weight, hidden};
pub use snapshot::AlertSnapshot;
pub use watchdog::Watchdog;

use super::time::{self, Instant};
use crate::domain::worded;

/// Names and values in the order of the names; both cleaned.
pub type Labels = Arc<[(Arc<str>, Arc<str>)]>;

/// The value of a label; `None` when it is not there or empty, which to Prometheus is the same.
pub fn value<'a>(labels: &'a [(Arc<str>, Arc<str>)], name: &str) -> Option<&'a Arc<str>> {
    labels.iter().find(|(known, value)| **known == *name && !value.is_empty()).map(|(_, value)| value)
}

/// What keeps an alert's notifications back, as Alertmanager tells. Ordered from the one that pages to the best hidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Hold {
    /// Nothing: it is firing and notified.
    #[default]
    None,
    /// Alertmanager has not looked at it yet.
    Unprocessed,
    /// Another alert inhibits it.
    Inhibited,
    /// A silence covers it, or a time interval mutes it.
    Silenced,
}

worded! {
    /// The state of an alert to an operator.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "lowercase")]
    pub enum State {
        /// It fires, and nobody has said that they are on it.
        Firing = "firing",
        /// It is about to fire.
        Pending = "pending",
        /// It fires, and somebody is on it. A fact of the store: Alertmanager knows nothing of it and notifies on.
        Acknowledged = "acknowledged",
        /// Another alert inhibits it.
        Inhibited = "inhibited",
        /// A silence keeps its notifications back.
        Silenced = "silenced",
    }
}

/// Who said that they are on an alert, for one time it fires: one that ended and came back needs a new word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledgement {
    /// Who.
    pub by: Arc<str>,
    /// When.
    #[serde(deserialize_with = "time::clamped")]
    pub at: Instant,
    /// What they said with it; may be empty.
    pub words: Arc<str>,
}

/// An alert as the console knows it. Texts are cleaned, times are by our clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// The environment it came from.
    pub environment: Arc<str>,
    /// Which alert it is in that environment: 16 hexadecimal digits over its labels, whichever replica sent it.
    pub key: Arc<str>,
    /// The fingerprint Alertmanager gave it: what `inhibited_by` of another names.
    pub fingerprint: Arc<str>,
    /// `alertname`; empty when it has none.
    pub name: Arc<str>,
    /// How bad.
    pub severity: Severity,
    /// What keeps it back.
    pub hold: Hold,
    /// Who told of it.
    pub told_by: Teller,
    /// Whether its expression holds, but not for long enough yet to fire; only the rules of a Prometheus tell of such.
    pub is_pending: bool,
    /// What its rule says and measured; `None` where no Prometheus told.
    pub rule: Option<Arc<Ruled>>,
    /// When it began firing, not when it became pending; of one that is pending since when its expression holds.
    pub started_at: Instant,
    /// When Alertmanager last heard of it.
    pub heard_at: Instant,
    /// Its labels.
    pub labels: Labels,
    /// Its labels as Alertmanager has them, in the order of the names, where cleaning made others of them: for matchers, never to be drawn.
    pub raw: Option<Labels>,
    /// Its annotations.
    pub annotations: Labels,
    /// Where the expression is; an address.
    pub source: Option<Arc<str>>,
    /// Ids of the silences that cover it.
    pub silenced_by: Vec<Arc<str>>,
    /// Fingerprints of alerts that inhibit it; Alertmanager names one of them.
    pub inhibited_by: Vec<Arc<str>>,
    /// Names of time intervals that mute it.
    pub muted_by: Vec<Arc<str>>,
    /// Who would be told.
    pub receivers: Vec<Arc<str>>,
    /// The service it is about; `None` is shown as UNMAPPED.
    pub service: Option<Arc<str>>,
    /// How often it came back within the last hour, as far as this console has looked.
    pub flaps: u32,
    /// Who is on it.
    pub acknowledged: Option<Acknowledgement>,
}

impl Alert {
    /// One that fires since then, of which nothing but its labels is known: its name, how bad it is and what it is about follow from them.
    pub fn of(
        environment: &Arc<str>,
        services: &Services,
        key: Arc<str>,
        labels: impl Into<Labels>,
        started_at: Instant,
    ) -> Self {
        let labels = labels.into();
        Self {
            environment: environment.clone(),
            fingerprint: key.clone(),
            key,
            name: value(&labels, "alertname").cloned().unwrap_or_default(),
            severity: Severity::of(value(&labels, "severity").map(AsRef::as_ref)),
            hold: Hold::None,
            told_by: Teller::Alertmanager,
            is_pending: false,
            rule: None,
            started_at,
            heard_at: started_at,
            service: join::service(&labels, services, environment),
            labels,
            raw: None,
            annotations: Labels::default(),
            source: None,
            silenced_by: Vec::new(),
            inhibited_by: Vec::new(),
            muted_by: Vec::new(),
            receivers: Vec::new(),
            flaps: 0,
            acknowledged: None,
        }
    }

    /// The alert with what the store says of it. A word for one time it fired is none for the next.
    pub fn with_word(self: &Arc<Self>, word: Option<&super::store::Acknowledgement>, now: Instant) -> Arc<Self> {
        let clean = |raw: &str| Arc::from(super::text::clean(raw));
        let word = word.filter(|word| word.covers(self.started_at, now));
        let word = word.map(|word| Acknowledgement { by: clean(&word.by), at: word.at, words: clean(&word.note) });
        if self.acknowledged == word {
            return self.clone();
        }
        Arc::new(Self { acknowledged: word, ..Self::clone(self) })
    }

    /// Its state.
    pub const fn state(&self) -> State {
        match self.hold {
            Hold::Silenced => State::Silenced,
            Hold::Inhibited => State::Inhibited,
            Hold::Unprocessed => State::Pending,
            Hold::None if self.is_pending => State::Pending,
            Hold::None if self.acknowledged.is_some() => State::Acknowledged,
            Hold::None => State::Firing,
        }
    }

    /// Whether it fires and no Alertmanager was told in time, as far as is known here: nobody is paged by it.
    pub fn was_never_told(&self, now: Instant) -> bool {
        let fires_at = self.rule.as_ref().and_then(|rule| rule.fires_at()).unwrap_or(self.started_at);
        self.told_by == Teller::Prometheus && !self.is_pending && now - fires_at > ruled::TOLD_WITHIN
    }

    /// Its name, or what stands for one.
    pub fn title(&self) -> &str {
        if self.name.is_empty() { "(no alertname)" } else { &self.name }
    }

    /// A label of it.
    pub fn label(&self, name: &str) -> Option<&Arc<str>> {
        value(&self.labels, name)
    }

    /// Its labels as matchers compare them: as Alertmanager has them. Never to be drawn.
    pub const fn matchable(&self) -> &Labels {
        match &self.raw {
            Some(raw) => raw,
            None => &self.labels,
        }
    }

    /// What it says, in one line: its summary, else its description, else its message.
    pub fn summary(&self) -> &str {
        ["summary", "description", "message"]
            .iter()
            .find_map(|name| value(&self.annotations, name))
            .map_or("", |text| text)
    }

    /// Where what to do is written, as its rule says. Only web addresses are ever opened.
    pub fn runbook(&self) -> Option<&Arc<str>> {
        ["runbook_url", "runbook"]
            .iter()
            .find_map(|name| value(&self.annotations, name).or_else(|| value(&self.labels, name)))
    }

    /// What its service, as far as it is declared, says to do.
    pub fn declared_runbooks<'a>(&self, services: &'a Services) -> &'a [String] {
        let namespace = self.label("namespace").map_or("", |namespace| namespace);
        let service = self.service.as_deref().and_then(|name| {
            let declared = services.declared().iter().find(|service| *service.name == *name);
            services.named(&self.environment, namespace, name).or(declared)
        });
        service.map_or(&[], |service| service.runbooks.as_slice())
    }

    /// Whether it comes and goes: four changes within an hour.
    pub const fn is_flapping(&self) -> bool {
        self.flaps >= 2
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    /// An alert with these labels that fires since 10 minutes before `now`.
    pub(crate) fn alert(labels: &[(&str, &str)], now: Instant) -> Alert {
        let mut pairs: Vec<(Arc<str>, Arc<str>)> =
            labels.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        pairs.sort();
        let started_at = now - chrono::TimeDelta::minutes(10);
        let services = Services::default();
        Alert { heard_at: now, ..Alert::of(&"production".into(), &services, identity::key(&pairs), pairs, started_at) }
    }
}

#[cfg(test)]
mod tests {
    use super::testing::alert;
    use super::*;

    #[test]
    fn an_acknowledgement_never_hides_what_a_silence_does() {
        let now = Instant::default();
        let mut one = alert(&[("alertname", "A")], now);
        assert_eq!(one.state(), State::Firing);
        one.acknowledged = Some(Acknowledgement { by: "mori".into(), at: now, words: "".into() });
        assert_eq!(one.state(), State::Acknowledged);
        one.hold = Hold::Silenced;
        assert_eq!(one.state(), State::Silenced, "what keeps notifications back is said first");
    }

    #[test]
    fn what_is_missing_is_said_not_made_up() {
        let bare = alert(&[], Instant::default());
        assert_eq!((bare.title(), bare.summary(), bare.runbook()), ("(no alertname)", "", None));
        assert_eq!((bare.severity, bare.service.clone()), (Severity::Medium, None));
    }
}
