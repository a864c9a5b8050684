//! Whether a silence is what was planned: on every member of the cluster, and over every alert it was made from.

use std::time::Duration;

use super::silence::{Silenced, Silencer, cleaned};
use crate::domain::action::Phase;
use crate::domain::alert::{Alert, Hold, SilenceDeed, SilenceState, Silencing};
use crate::sources::observe::{MemberAlerts, Replicated};

/// How often the members are looked at until all of them have it.
const LOOKS: usize = 20;
/// How long between two looks: a silence reaches the other members within a gossip interval or a few.
const BETWEEN: Duration = Duration::from_millis(500);

impl Silencer {
    /// Looks at every member until all have it as it is to be, and hold the alerts back that it was made from.
    pub(super) async fn verify(&self, plan: &Silencing, id: String) -> Silenced {
        let (mut last, mut holds) = (Vec::new(), Holds::default());
        for look in 0..LOOKS {
            if look > 0 {
                tokio::time::sleep(BETWEEN).await;
            }
            let Ok(found) = self.members(&id).await else { continue };
            last = found;
            if last.iter().all(|member| has_it(plan, member)) {
                holds = self.holds(plan).await;
                if holds.is_all() {
                    break;
                }
            }
        }
        let have = last.iter().filter(|member| has_it(plan, member)).count();
        if have == 0 {
            // Its answer may have been lost, and so may every answer since.
            let words = if last.iter().any(|member| member.silence.is_ok()) {
                format!("no Alertmanager that answers shows silence {id} as planned. Look at it before you try again.")
            } else {
                format!(
                    "no Alertmanager answered since: whether silence {id} is as planned is not known. Look at it before you try again."
                )
            };
            return Silenced { phase: Phase::Unknown, words, id: Some(id) };
        }
        let named = |wanted: &dyn Fn(&Replicated) -> bool| {
            last.iter().filter(|one| wanted(one)).map(|one| one.member.to_string()).collect::<Vec<_>>()
        };
        let silent = named(&|one| one.silence.is_err());
        let missing = named(&|one| one.silence.is_ok() && !has_it(plan, one));
        let mut words = match plan.action {
            SilenceDeed::ExpireSilence => format!("silence {id} is over on {have} of {} Alertmanagers", last.len()),
            SilenceDeed::Silence | SilenceDeed::ChangeSilence => {
                let until = plan.ends_at.format("%F %H:%M UTC");
                format!("silence {id} holds until {until} on {have} of {} Alertmanagers", last.len())
            }
        };
        for (lead, members) in [("not on", &missing), ("not known of", &silent)] {
            if !members.is_empty() {
                words = format!("{words}; {lead} {}", members.join(", "));
            }
        }
        // A member that does not answer may go on to notify; one that lets something through again a moment later harms nobody.
        let is_over = plan.action == SilenceDeed::ExpireSilence;
        let phase = match () {
            () if !missing.is_empty() || !holds.loud.is_empty() => Phase::Failed,
            () if !is_over && (!silent.is_empty() || !holds.unknown.is_empty()) => Phase::Unknown,
            () => Phase::Done,
        };
        words = match plan.action {
            SilenceDeed::ExpireSilence => format!("{words}."),
            _ => format!("{words}; {}", self.held_back(plan).await),
        };
        for loud in &holds.loud {
            words = format!("{words} {loud}");
        }
        if !holds.unknown.is_empty() {
            words = format!(
                "{words} Whether it holds back what it was made for is not known of {}.",
                holds.unknown.join(", ")
            );
        }
        Silenced { phase, words, id: Some(id) }
    }

    /// How much of what it covers is held back, asked of the server once more.
    async fn held_back(&self, plan: &Silencing) -> String {
        match self.observe.matching(&plan.matchers).await {
            Ok(covered) => {
                let held = covered.iter().filter(|alert| alert.hold == Hold::Silenced).count();
                format!("{held} of {} alerts it covers are held back.", covered.len())
            }
            Err(error) => format!("what it holds back is not known: {}", cleaned(&error.sentence)),
        }
    }

    /// Whether every member holds the alerts back that a silence was made from; of those that let one through, which.
    async fn holds(&self, plan: &Silencing) -> Holds {
        let chosen: Vec<&str> =
            plan.hides.iter().filter(|hidden| hidden.is_chosen).map(|hidden| hidden.fingerprint.as_str()).collect();
        let mut holds = Holds::default();
        if chosen.is_empty() || plan.action == SilenceDeed::ExpireSilence {
            return holds;
        }
        let members = match self.observe.of_each().await {
            Ok(members) => members,
            Err(error) => {
                holds.unknown.push(cleaned(&error.sentence));
                return holds;
            }
        };
        for MemberAlerts { member, alerts } in members {
            let Ok(alerts) = alerts else {
                holds.unknown.push(member.to_string());
                continue;
            };
            let is_loud = |alert: &&Alert| chosen.contains(&&*alert.key) && alert.hold != Hold::Silenced;
            if let Some(alert) = alerts.iter().find(is_loud) {
                holds.loud.push(format!(
                    "{} is NOT SILENCED on {member}: the silence does not cover it there.",
                    alert.title()
                ));
            }
        }
        holds
    }
}

/// Where the alerts that a silence was made from are held back.
#[derive(Debug, Default)]
struct Holds {
    /// Members that let one through, as sentences.
    loud: Vec<String>,
    /// Members that do not say.
    unknown: Vec<String>,
}

impl Holds {
    const fn is_all(&self) -> bool {
        self.loud.is_empty() && self.unknown.is_empty()
    }
}

/// Whether a member has it as it is to be.
fn has_it(plan: &Silencing, member: &Replicated) -> bool {
    let Ok(Some(silence)) = &member.silence else { return false };
    match plan.action {
        SilenceDeed::ExpireSilence => silence.state == SilenceState::Expired,
        SilenceDeed::Silence | SilenceDeed::ChangeSilence => {
            // Times go over the wire in milliseconds, and clocks differ.
            silence.state != SilenceState::Expired && (silence.ends_at - plan.ends_at).num_seconds().abs() <= 60
        }
    }
}
