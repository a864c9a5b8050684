//! What can happen to an incident, and what it makes of it.

use serde::{Deserialize, Serialize};

use super::{Audience, CHECKLIST, Incident, Link, Merged, Phase, Role, Severity, Stamp, State, UNMERGE_WITHIN};
use crate::domain::time::{self, Instant};

/// One change of an incident. What it replaces is named as it was seen: where it is another by then, somebody else was first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transition {
    /// Somebody says that they are on it.
    Acknowledge,
    /// It is given to somebody, or to nobody. It acknowledges nothing.
    Assign {
        /// Whose it was.
        from: Option<String>,
        /// Whose it is.
        to: Option<String>,
    },
    /// Another severity.
    Severity {
        /// What it was.
        from: Severity,
        /// What it is.
        to: Severity,
    },
    /// A role is taken, taken over or given back.
    Role {
        /// Which.
        role: Role,
        /// Who had it.
        from: Option<String>,
        /// Who has it.
        to: Option<String>,
    },
    /// The response moves on, or back.
    Phase {
        /// Where it was.
        from: Phase,
        /// Where it is.
        to: Phase,
    },
    /// Something of the checklist is done, or is not after all.
    Tick {
        /// The item by its id.
        item: String,
        /// Whether it is done.
        is_done: bool,
    },
    /// It is about this too.
    Link(Link),
    /// It is not about this.
    Unlink(Link),
    /// It goes on as a part of another.
    Merge {
        /// The other's number.
        into: u64,
    },
    /// It goes on by itself again.
    Unmerge {
        /// The number of the incident it was merged into.
        into: u64,
    },
    /// The next level of its ladder is called now.
    Escalate,
    /// Somebody is asked to help. The ladder goes on.
    AddResponder {
        /// Who.
        person: String,
    },
    /// Somebody answers who was called after it was acknowledged, or was asked to help.
    Answer,
    /// It is given to somebody who is called for it: the ladder begins with them.
    Reassign {
        /// Whose it was.
        from: Option<String>,
        /// Whose it is.
        to: String,
    },
    /// Nobody is called for it until then.
    Snooze {
        /// When the ladder begins again.
        #[serde(deserialize_with = "time::clamped")]
        until: Instant,
    },
    /// It is over.
    Resolve,
    /// It is not over.
    Reopen,
    /// Those who wait are told how it stands.
    Update(Audience),
    /// Something is to be done later.
    FollowUp {
        /// Who does it.
        owner: String,
        /// By when, as it was typed; empty: nobody said.
        due: String,
    },
    /// Somebody wrote something down.
    Note,
}

/// A time as a sentence tells it.
fn said(at: Instant) -> String {
    at.format("%F %H:%M:%S UTC").to_string()
}

fn whose(who: Option<&str>) -> &str {
    who.unwrap_or("nobody")
}

impl Incident {
    /// The incident after a transition by somebody.
    ///
    /// # Errors
    /// Why it cannot happen, as a sentence that names who was first where somebody was.
    pub fn after(&self, transition: &Transition, by: &str, now: Instant) -> Result<Self, String> {
        if let Some(why) = self.is_over_for(transition) {
            return Err(why);
        }
        let mut next = self.clone();
        let stamp = || Stamp { by: by.to_owned(), at: now };
        match transition {
            Transition::Acknowledge => {
                if let Some(first) = &self.acknowledged {
                    let ago = time::coarse(time::age(first.at, now));
                    return Err(format!("{self}: {} acknowledged it at {}, {ago} ago.", first.by, said(first.at)));
                }
                next.acknowledged = Some(stamp());
                next.state = State::Acknowledged;
            }
            Transition::Assign { from, to } => {
                if self.assignee != *from {
                    return Err(format!("{self}: it was given to {} meanwhile.", whose(self.assignee.as_deref())));
                }
                next.assignee.clone_from(to);
            }
            Transition::Severity { from, to } => {
                if self.severity != *from {
                    return Err(format!("{self}: it was made {} meanwhile.", self.severity.name()));
                }
                next.severity = *to;
                if self.acknowledged.is_none() {
                    next.respond_by = self.created_at + to.respond_within();
                }
            }
            Transition::Role { role, from, to } => next.give(*role, from.as_deref(), to.as_deref(), now)?,
            Transition::Phase { from, to } => {
                if self.phase != *from {
                    return Err(format!("{self}: it was moved to {} meanwhile.", self.phase.word()));
                }
                next.phase = *to;
            }
            Transition::Tick { item, is_done } => next.tick(item, *is_done)?,
            Transition::Link(link) => {
                if self.is_about(link) {
                    return Err(format!("{self}: {link} is linked already."));
                }
                next.links.push(link.clone());
            }
            Transition::Unlink(link) => {
                if !self.is_about(link) {
                    return Err(format!("{self}: {link} is not linked."));
                }
                next.links.retain(|one| !one.is_same(link));
            }
            Transition::Merge { into } => {
                if *into == self.number {
                    return Err(format!("{self} cannot be merged into itself."));
                }
                next.merged =
                    Some(Merged { into: *into, by: by.to_owned(), at: now, was: self.state, moved: Vec::new() });
                next.state = State::Merged;
            }
            Transition::Unmerge { into } => {
                next.state = self.mergeable_back(*into, now)?;
                next.merged = None;
            }
            Transition::Resolve => {
                next.resolved = Some(stamp());
                next.state = State::Resolved;
            }
            Transition::Reopen => {
                let Some(resolved) = &self.resolved else {
                    return Err(format!("{self} is open."));
                };
                let seconds = time::age(resolved.at, now).num_seconds();
                next.resolved_seconds += u64::try_from(seconds).unwrap_or(0);
                next.resolved = None;
                next.state = if self.acknowledged.is_some() { State::Acknowledged } else { State::Triggered };
            }
            Transition::Reassign { from, to } => {
                if self.assignee != *from {
                    return Err(format!("{self}: it was given to {} meanwhile.", whose(self.assignee.as_deref())));
                }
                next.assignee = Some(to.clone());
            }
            Transition::Snooze { until } if *until <= now => {
                return Err(format!("{self} cannot be put off until {}: that is over.", said(*until)));
            }
            Transition::Update(audience) => {
                next.told_at = Some(now);
                next.told.insert(*audience, now);
            }
            Transition::Escalate
            | Transition::AddResponder { .. }
            | Transition::Answer
            | Transition::Snooze { .. }
            | Transition::FollowUp { .. }
            | Transition::Note => {}
        }
        Ok(next)
    }

    /// Where it stands again when the merge into another is taken back.
    fn mergeable_back(&self, into: u64, now: Instant) -> Result<State, String> {
        let merged = self.merged.as_ref().filter(|merged| merged.into == into);
        let merged = merged.ok_or_else(|| format!("{self} is not merged into incident {into}."))?;
        if now > merged.at + UNMERGE_WITHIN {
            return Err(format!(
                "{self} was merged into incident {} by {} at {}: that can be taken back for {} minutes only. Declare a new one.",
                merged.into,
                merged.by,
                said(merged.at),
                UNMERGE_WITHIN.num_minutes()
            ));
        }
        Ok(merged.was)
    }

    /// Gives a role to somebody, or takes it back.
    fn give(&mut self, role: Role, from: Option<&str>, to: Option<&str>, now: Instant) -> Result<(), String> {
        let held = self.roles.get(&role);
        if held.map(|stamp| stamp.by.as_str()) != from {
            return Err(match held {
                Some(held) => format!("{self}: {} is {} since {}.", held.by, role.word(), said(held.at)),
                None => format!("{self}: nobody is {} any more.", role.word()),
            });
        }
        match to {
            Some(to) => self.roles.insert(role, Stamp { by: to.to_owned(), at: now }),
            None => self.roles.remove(&role),
        };
        Ok(())
    }

    /// Ticks an item of the checklist, or opens it again.
    fn tick(&mut self, item: &str, is_done: bool) -> Result<(), String> {
        if !CHECKLIST.iter().any(|one| one.id == item) {
            let known: Vec<&str> = CHECKLIST.iter().map(|one| one.id).collect();
            return Err(format!("there is no item {item:?} to tick; there is {}.", known.join(", ")));
        }
        if self.ticked.iter().any(|one| one == item) == is_done {
            return Err(format!("{self}: {item} is {} already.", if is_done { "ticked" } else { "open" }));
        }
        self.ticked.retain(|one| one != item);
        self.ticked.extend(is_done.then(|| item.to_owned()));
        Ok(())
    }

    /// Why nothing of this kind happens to it any more.
    fn is_over_for(&self, transition: &Transition) -> Option<String> {
        if let (Some(merged), false) = (
            &self.merged,
            matches!(transition, Transition::Unmerge { .. } | Transition::Note | Transition::FollowUp { .. }),
        ) {
            return Some(format!(
                "{self} was merged into incident {} by {} at {}: work goes on there.",
                merged.into,
                merged.by,
                said(merged.at)
            ));
        }
        let needs_open = matches!(
            transition,
            Transition::Acknowledge
                | Transition::Resolve
                | Transition::Merge { .. }
                | Transition::Escalate
                | Transition::AddResponder { .. }
                | Transition::Answer
                | Transition::Reassign { .. }
                | Transition::Snooze { .. }
        );
        let resolved = self.resolved.as_ref().filter(|_| needs_open)?;
        Some(format!("{self} was resolved by {} at {}.", resolved.by, said(resolved.at)))
    }

    /// What the incident that another is merged into becomes, and what it is about since that it was not before.
    pub fn taking_in(&self, other: &Self) -> Result<(Self, Vec<Link>), String> {
        if !self.state.is_open() {
            return Err(format!("{self} is {}: nothing is merged into it.", self.state.word()));
        }
        let moved: Vec<Link> = other.links.iter().filter(|link| !self.is_about(link)).cloned().collect();
        let mut next = self.clone();
        next.links.extend(moved.iter().cloned());
        Ok((next, moved))
    }

    /// What it becomes when another goes on by itself again.
    #[must_use]
    pub fn giving_back(&self, moved: &[Link]) -> Self {
        let mut next = self.clone();
        next.links.retain(|link| !moved.iter().any(|one| one.is_same(link)));
        next
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{at, incident};
    use super::*;
    use crate::domain::incident::ClockState;

    fn after(incident: &Incident, transition: &Transition, seconds: i64) -> Incident {
        incident.after(transition, "mori", at(seconds)).expect("it may happen")
    }

    fn refused(incident: &Incident, transition: &Transition, seconds: i64) -> String {
        incident.after(transition, "lee", at(seconds)).expect_err("somebody was first")
    }

    #[test]
    fn the_first_acknowledgement_counts_and_the_second_is_told_by_whom() {
        let taken = after(&incident(Severity::Sev1), &Transition::Acknowledge, 60);
        assert_eq!((taken.state, taken.clock(at(5_000)).state), (State::Acknowledged, ClockState::Met));
        let told = refused(&taken, &Transition::Acknowledge, 63);
        assert!(told.contains("mori acknowledged it at") && told.contains("ago"), "{told}");
    }

    #[test]
    fn assigning_acknowledges_and_resets_nothing() {
        let first = incident(Severity::Sev2);
        let assigned = after(&first, &Transition::Assign { from: None, to: Some("lee".into()) }, 30);
        let as_before = Incident { assignee: None, ..assigned.clone() };
        assert_eq!(as_before, first);
        let stale = Transition::Assign { from: None, to: Some("kim".into()) };
        assert!(refused(&assigned, &stale, 40).contains("lee"));
    }

    #[test]
    fn the_deadline_follows_the_severity_until_somebody_answers() {
        let graver = Transition::Severity { from: Severity::Sev3, to: Severity::Sev1 };
        let open = after(&incident(Severity::Sev3), &graver, 60);
        assert_eq!(open.respond_by, at(900), "from creation, not from the change");
        assert!(refused(&open, &graver, 70).contains("SEV1"));
        let taken = after(&incident(Severity::Sev3), &Transition::Acknowledge, 60);
        assert_eq!(after(&taken, &graver, 61).respond_by, taken.respond_by, "frozen");
    }

    #[test]
    fn a_role_is_taken_over_only_from_whom_it_is() {
        let take = |from: Option<&str>, to: &str| Transition::Role {
            role: Role::Commander,
            from: from.map(str::to_owned),
            to: Some(to.to_owned()),
        };
        let held = after(&incident(Severity::Sev1), &take(None, "mori"), 10);
        assert_eq!(held.commander(), Some("mori"));
        assert!(refused(&held, &take(None, "lee"), 20).contains("mori is commander since"));
        assert_eq!(after(&held, &take(Some("mori"), "lee"), 30).commander(), Some("lee"));
    }

    #[test]
    fn what_is_resolved_can_be_reopened_and_the_time_between_is_kept() {
        let over = after(&after(&incident(Severity::Sev1), &Transition::Acknowledge, 10), &Transition::Resolve, 100);
        assert!(refused(&over, &Transition::Resolve, 110).contains("resolved by mori"));
        assert!(refused(&over, &Transition::Acknowledge, 110).contains("resolved by mori"));
        let again = after(&over, &Transition::Reopen, 160);
        assert_eq!((again.state, again.resolved_seconds, again.resolved.clone()), (State::Acknowledged, 60, None));
        assert!(refused(&again, &Transition::Reopen, 170).contains("is open"));
        let twice = after(&after(&again, &Transition::Resolve, 200), &Transition::Reopen, 240);
        assert_eq!(twice.resolved_seconds, 100);
    }

    #[test]
    fn a_merge_is_taken_back_within_ten_minutes_with_what_it_moved() {
        let (mut one, mut other) = (incident(Severity::Sev1), incident(Severity::Sev2));
        other.number = 8;
        one.links.push(Link::service("payments"));
        let (taking, moved) = other.taking_in(&one).expect("it is open");
        assert_eq!((taking.services().count(), moved.clone()), (2, vec![Link::service("payments")]));
        assert_eq!(taking.giving_back(&moved), other);
        let merged = after(&one, &Transition::Merge { into: 8 }, 0);
        assert!(refused(&merged, &Transition::Acknowledge, 10).contains("work goes on there"));
        assert!(merged.after(&Transition::Note, "lee", at(10)).is_ok(), "nothing that was learnt is lost");
        assert_eq!(after(&merged, &Transition::Unmerge { into: 8 }, 600).state, State::Triggered);
        assert!(refused(&merged, &Transition::Unmerge { into: 8 }, 601).contains("10 minutes only"));
        assert!(refused(&one, &Transition::Merge { into: 7 }, 0).contains("itself"));
        let over = after(&other, &Transition::Resolve, 5);
        assert!(over.taking_in(&one).is_err_and(|why| why.contains("is resolved")));
    }

    #[test]
    fn an_item_is_ticked_once_and_a_link_made_once() {
        let tick = |is_done| Transition::Tick { item: "fix".into(), is_done };
        let ticked = after(&incident(Severity::Sev4), &tick(true), 1);
        assert!(refused(&ticked, &tick(true), 2).contains("already"));
        assert_eq!(after(&ticked, &tick(false), 3).ticked, Vec::<String>::new());
        let unknown = Transition::Tick { item: "pray".into(), is_done: true };
        assert!(refused(&ticked, &unknown, 2).contains("root-cause"));
        let link = Transition::Link(Link::service("checkout"));
        assert!(refused(&ticked, &link, 4).contains("already"));
        let gone = after(&ticked, &Transition::Unlink(Link::service("checkout")), 5);
        assert!(gone.links.is_empty() && gone.after(&link, "lee", at(6)).is_ok());
    }
}
