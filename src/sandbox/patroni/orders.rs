//! Changes of the leader that are asked for: what is refused at once, what the members decide later, and what is said of it.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::Trouble;
use super::world::{Order, World};

/// How long after it was asked for the members begin, and the old leader is down.
const TAKES: TimeDelta = TimeDelta::milliseconds(1_800);
/// How long after it was asked for the members refuse it.
const REFUSES: TimeDelta = TimeDelta::milliseconds(900);

/// An answer in plain words.
pub(super) type Answer = (u16, String);

/// What was asked for.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    /// `Switchover` or `Failover`.
    word: &'static str,
    from: Option<usize>,
    to: usize,
    at: DateTime<Utc>,
    is_refused: bool,
}

impl World {
    /// Takes an order, unless it is refused at once.
    pub(super) fn ask(
        &mut self,
        path: &str,
        body: &[u8],
        now: DateTime<Utc>,
        trouble: Option<Trouble>,
    ) -> Result<Asked, Option<Answer>> {
        let told = |code: u16, words: &str| Err(Some((code, words.to_owned())));
        // Patroni answers a page of HTML to what it cannot read, and to nothing at all.
        let Ok(Value::Object(wanted)) = serde_json::from_slice::<Value>(body) else { return Err(None) };
        if wanted.is_empty() {
            return Err(None);
        }
        let name = |key: &str| wanted.get(key).and_then(Value::as_str).filter(|name| !name.is_empty());
        let (leader, candidate) = (name("leader"), name("candidate"));
        let word = if path == "/failover" && leader.is_none() { "Failover" } else { "Switchover" };
        if word == "Failover" && candidate.is_none() {
            return told(400, "Failover could be performed only to a specific candidate");
        }
        if word == "Switchover" && leader.is_none() {
            return told(400, "Switchover could be performed only from a specific leader");
        }
        if leader.is_some() && leader == candidate {
            return told(400, "Switchover target and source are the same");
        }
        if self.is_paused() && candidate.is_none() {
            return told(400, &format!("{word} is possible only to a specific candidate in a paused state"));
        }
        if word == "Switchover" && leader != self.leader() {
            return told(412, "leader name does not match");
        }
        let to = match candidate {
            Some(candidate) => match self.place(candidate) {
                Some(place) => place,
                None => return told(412, "candidate does not exists"),
            },
            None => match (0..self.members.len()).find(|place| self.may_lead(*place)) {
                Some(place) => place,
                None => return told(412, "switchover is not possible: no good candidates have been found"),
            },
        };
        let is_leader = self.leader == Some(to);
        if !is_leader && !self.may_lead(to) {
            let words = format!("{} is not possible: no good candidates have been found", word.to_lowercase());
            return told(412, &words);
        }
        let to = match trouble {
            // Whoever else could.
            Some(Trouble::SomebodyElse) => {
                let other = |place: &usize| *place != to && Some(*place) != self.leader && self.may_lead(*place);
                (0..self.members.len()).find(other).unwrap_or(to)
            }
            _ => to,
        };
        let leader_lives =
            self.leader.and_then(|leader| self.members.get(leader)).is_some_and(|one| one.lost_at.is_none());
        let is_refused = is_leader || trouble == Some(Trouble::Refused) || (leader_lives && !self.is_near(to));
        if !is_refused && trouble != Some(Trouble::Swallowed) {
            let promotes_at =
                now + TAKES + if let Some(Trouble::Late(late)) = trouble { late } else { TimeDelta::zero() };
            self.order = Some(Order { to, promotes_at });
        }
        Ok(Asked { word, from: self.leader, to, at: now, is_refused })
    }

    /// What is said of an order by now; `None` while the members are at it.
    pub(super) fn outcome(&self, asked: &Asked, wanted: Option<&str>, now: DateTime<Utc>) -> Option<Answer> {
        let Asked { word, from, to, at, is_refused } = asked;
        if *is_refused {
            return (now >= *at + REFUSES).then(|| (503, format!("{word} failed")));
        }
        let done = if *word == "Switchover" { "switched" } else { "failed" };
        if self.leader.is_some() && self.leader != *from {
            let new = self.leader().unwrap_or_default();
            return Some(match wanted {
                Some(wanted) if wanted != new => {
                    let begins = if *word == "Switchover" { "Switched" } else { "Failed" };
                    (200, format!("{begins} over to \"{new}\" instead of \"{wanted}\""))
                }
                _ => (200, format!("Successfully {done} over to \"{new}\"")),
            });
        }
        let patience = self.seconds("loop_wait").max(TimeDelta::seconds(10)) * 2;
        let is_there = self.members.get(*to).is_some();
        (now >= *at + patience || !is_there).then(|| (503, format!("{word} status unknown")))
    }
}
