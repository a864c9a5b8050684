//! The clock of the response: how much of the time for an answer is left, or how it came out.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::Incident;
use crate::domain::time::Instant;
use crate::domain::worded;

worded! {
    /// How the response stands.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "lowercase")]
    pub enum ClockState {
        /// Nobody has answered, and there is time left.
        Running = "running",
        /// Nobody has answered, and the time is over.
        Overdue = "overdue",
        /// It was answered in time.
        Met = "met",
        /// It was answered late.
        Missed = "missed",
    }
}

/// How urgent a clock looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// Less than half of the time is gone, or it was answered in time.
    Calm,
    /// Half of the time is gone.
    Half,
    /// Four fifths of it are gone.
    Late,
    /// All of it is gone.
    Over,
}

/// The clock of an incident at one moment. It runs in wall time from when the incident was created, whatever its severity, and stands still
/// from the first acknowledgement on; an incident that was resolved or merged without one was answered then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    /// How it stands.
    pub state: ClockState,
    /// How long is left until the deadline; negative once it is over, counted from when it was answered where it was.
    pub left: TimeDelta,
    /// How urgent it looks.
    pub urgency: Urgency,
}

impl Incident {
    /// Its clock.
    pub fn clock(&self, now: Instant) -> Clock {
        let answered = self.answered_at();
        let left = self.respond_by - answered.unwrap_or(now);
        // An answer on the very deadline is in time; a clock that still runs has nothing left then.
        let state = match answered {
            Some(_) if left >= TimeDelta::zero() => ClockState::Met,
            Some(_) => ClockState::Missed,
            None if left > TimeDelta::zero() => ClockState::Running,
            None => ClockState::Overdue,
        };
        let gone = (self.respond_by - self.created_at) - left;
        let share = |percent: i32| gone * 100 >= (self.respond_by - self.created_at) * percent;
        let urgency = match state {
            ClockState::Missed | ClockState::Overdue => Urgency::Over,
            ClockState::Running if share(80) => Urgency::Late,
            ClockState::Running if share(50) => Urgency::Half,
            ClockState::Running | ClockState::Met => Urgency::Calm,
        };
        Clock { state, left, urgency }
    }

    /// When somebody answered: the first acknowledgement, else the end of it.
    fn answered_at(&self) -> Option<Instant> {
        let ended = self.resolved.as_ref().map(|one| one.at).or(self.merged.as_ref().map(|one| one.at));
        self.acknowledged.as_ref().map(|one| one.at).or(ended)
    }
}

impl Clock {
    /// Seconds until the deadline, while nobody has answered; 0 once it is over.
    pub fn remaining_seconds(&self) -> Option<i64> {
        match self.state {
            ClockState::Running => Some(self.left.num_seconds()),
            ClockState::Overdue => Some(0),
            ClockState::Met | ClockState::Missed => None,
        }
    }

    /// By how many seconds the deadline was met or missed, or is over; never negative.
    pub fn by_seconds(&self) -> Option<i64> {
        match self.state {
            ClockState::Running => None,
            ClockState::Overdue | ClockState::Met | ClockState::Missed => Some(self.left.num_seconds().abs()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{at, incident};
    use super::super::{Severity, Stamp};
    use super::*;

    #[test]
    fn it_runs_from_creation_and_looks_more_urgent_at_half_four_fifths_and_all_of_it() {
        let incident = incident(Severity::Sev1);
        for (seconds, state, left, urgency) in [
            (0, ClockState::Running, 900, Urgency::Calm),
            (449, ClockState::Running, 451, Urgency::Calm),
            (450, ClockState::Running, 450, Urgency::Half),
            (720, ClockState::Running, 180, Urgency::Late),
            (899, ClockState::Running, 1, Urgency::Late),
            (900, ClockState::Overdue, 0, Urgency::Over),
            (960, ClockState::Overdue, -60, Urgency::Over),
        ] {
            let clock = incident.clock(at(seconds));
            assert_eq!((clock.state, clock.left.num_seconds(), clock.urgency), (state, left, urgency), "{seconds}");
        }
        let over = incident.clock(at(960));
        assert_eq!((over.remaining_seconds(), over.by_seconds()), (Some(0), Some(60)));
        assert_eq!(incident.clock(at(60)).by_seconds(), None);
    }

    #[test]
    fn it_stands_still_from_the_first_acknowledgement_on() {
        let mut incident = incident(Severity::Sev1);
        incident.acknowledged = Some(Stamp { by: "mori".into(), at: at(300) });
        let clock = incident.clock(at(100_000));
        assert_eq!(
            (clock.state, clock.by_seconds(), clock.remaining_seconds(), clock.urgency),
            (ClockState::Met, Some(600), None, Urgency::Calm)
        );
        incident.acknowledged = Some(Stamp { by: "mori".into(), at: at(900) });
        assert_eq!(incident.clock(at(901)).state, ClockState::Met, "on the deadline is in time");
        incident.acknowledged = Some(Stamp { by: "mori".into(), at: at(960) });
        let late = incident.clock(at(100_000));
        assert_eq!((late.state, late.by_seconds()), (ClockState::Missed, Some(60)));
    }

    #[test]
    fn what_ended_without_an_acknowledgement_was_answered_then() {
        let mut incident = incident(Severity::Sev4);
        incident.resolved = Some(Stamp { by: "mori".into(), at: at(60) });
        assert_eq!(incident.clock(at(90_000)).state, ClockState::Met);
    }
}
