//! The timeline: everything that happened within the last hour, from every source, in one order.
//!
//! [`merged`] is a pure function of what is known: whatever order the facts come in, the same timeline comes out. What several
//! sources tell is told once, by its key; what is the same within a minute is one line with a count.

mod around;
mod made;

pub use around::{AROUND, Nearness, around};
pub use made::{
    acknowledged, alert_began, alert_ended, annotated, attempt_key, audited, is_told, released, scaled, silence_began,
    silence_ended,
};

use std::collections::HashSet;
use std::sync::Arc;

use chrono::TimeDelta;
use serde::Serialize;

use crate::domain::rollout::WorkloadRef;
use crate::domain::time::Instant;
use crate::domain::worded;

/// A line of the journal. Texts are cleaned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalLine {
    /// The environment.
    pub environment: String,
    /// When.
    pub at: Instant,
    /// What: `planned`, `started`, `done` …
    pub what: String,
    /// The action and its target.
    pub about: String,
    /// The sentence.
    pub words: String,
}

/// How far back the timeline goes.
pub const SPAN: TimeDelta = TimeDelta::hours(1);
/// A clock this far ahead of ours is told; what is further ahead has not happened yet.
const AHEAD: TimeDelta = TimeDelta::minutes(5);
/// Within this time the same thing is one line.
const TOGETHER: TimeDelta = TimeDelta::minutes(1);
/// The most lines kept, the newest.
const MOST: usize = 2_000;

worded! {
    /// What kind of thing happened. Declared from what causes to what follows: of two at the same time the later one is the newer.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
    #[serde(rename_all = "snake_case")]
    pub enum MomentKind {
        /// Something was done or attempted from a console.
        Action = "action",
        /// A maintenance window began or ended.
        Maintenance = "maintenance",
        /// The configuration of something changed.
        Configuration = "configuration",
        /// An old version came back.
        Rollback = "rollback",
        /// A new version went out.
        Deploy = "deploy",
        /// More or fewer replicas are wanted.
        Scaling = "scaled",
        /// An alert began firing.
        Alert = "ALERT",
        /// Somebody is on an alert.
        Acknowledged = "acknowledged",
        /// A silence began.
        Silence = "silenced",
        /// Somebody wrote something down.
        Note = "note",
        /// Anything else worth a line.
        Other = "other",
        /// A silence is over.
        SilenceOver = "silence over",
        /// An alert is over.
        Resolved = "resolved",
    }
}

/// Where a line of the timeline leads.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Lead {
    /// A workload.
    Workload(WorkloadRef),
    /// An alert: its environment and its key.
    Alert(Arc<str>, Arc<str>),
    /// The journal.
    Journal,
    /// Nowhere: what it is about has no pane.
    Nowhere,
}

/// One thing that happened. Texts are cleaned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// Which it is, whoever tells it: two moments with one key are one.
    pub key: Arc<str>,
    /// When.
    pub at: Instant,
    /// What kind of thing.
    pub kind: MomentKind,
    /// The environment.
    pub environment: Arc<str>,
    /// What it is about: a workload, an alert's name.
    pub about: String,
    /// What, as words.
    pub words: String,
    /// Who; empty where nobody is known.
    pub by: String,
    /// Where it leads.
    pub lead: Lead,
    /// How many of the same within a minute it stands for.
    pub count: usize,
}

/// The last hour.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Timeline {
    /// What happened, newest first.
    pub moments: Vec<Moment>,
    /// How many lines there would be more.
    pub left_out: usize,
}

/// The timeline of what is known: of the last hour, each once, newest first.
pub fn merged(known: impl IntoIterator<Item = Moment>, now: Instant) -> Timeline {
    let is_recent = |moment: &Moment| (now - SPAN..=now + AHEAD).contains(&moment.at);
    let mut all: Vec<Moment> = known.into_iter().filter(is_recent).collect();
    // The order is complete, so that it does not depend on who told what first; of one key the first in this order stays.
    all.sort_by(|one, other| order(other).cmp(&order(one)));
    let mut keys = HashSet::new();
    all.retain(|moment| keys.insert(moment.key.clone()));
    let mut moments: Vec<Moment> = Vec::with_capacity(all.len());
    for moment in all {
        match moments.last_mut() {
            Some(last) if is_same(last, &moment) => last.count += moment.count,
            _ => moments.push(moment),
        }
    }
    let left_out = moments.len().saturating_sub(MOST);
    moments.truncate(MOST);
    Timeline { moments, left_out }
}

/// What tells whole seconds, as a cluster does, happened at some moment of that second: the last of them counts, so that it
/// does not come before the action that caused it, which is told to the microsecond.
fn order(moment: &Moment) -> (Instant, MomentKind, &str, &str, &str, &str, &str) {
    let Moment { at, kind, environment, about, words, by, key, .. } = moment;
    let within = if at.timestamp_subsec_nanos() == 0 { TimeDelta::milliseconds(999) } else { TimeDelta::zero() };
    (*at + within, *kind, environment, about, words, by, key)
}

/// Whether an older moment is the same thing again: alerts come and go by the dozen.
fn is_same(newer: &Moment, older: &Moment) -> bool {
    matches!(newer.kind, MomentKind::Alert | MomentKind::Resolved)
        && (newer.kind, &newer.environment, &newer.about) == (older.kind, &older.environment, &older.about)
        && newer.at - older.at <= TOGETHER
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: i64) -> Instant {
        chrono::DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap_or_default()
    }

    fn moment(key: u8, seconds: i64, kind: MomentKind, about: u8) -> Moment {
        Moment {
            key: format!("k{key}").into(),
            at: at(seconds),
            kind,
            environment: "production".into(),
            about: format!("thing {about}"),
            words: String::new(),
            by: String::new(),
            lead: Lead::Nowhere,
            count: 1,
        }
    }

    #[test]
    fn of_one_second_the_effect_is_newer_than_its_cause() {
        use MomentKind::{Alert, Deploy, Resolved};
        let all = [moment(1, 0, Alert, 1), moment(2, 0, Resolved, 1), moment(3, 0, Deploy, 2)];
        let kinds: Vec<_> = merged(all, at(60)).moments.iter().map(|moment| moment.kind).collect();
        assert_eq!(kinds, [Resolved, Alert, Deploy]);
    }

    #[test]
    fn an_action_is_older_than_what_it_did_to_a_cluster_that_tells_whole_seconds() {
        let acted = Moment { at: at(0) + TimeDelta::milliseconds(700), ..moment(1, 0, MomentKind::Action, 1) };
        let said = Moment { at: at(0) + TimeDelta::milliseconds(300), ..moment(2, 0, MomentKind::Acknowledged, 1) };
        let all = [acted, said, moment(3, 0, MomentKind::Rollback, 1)];
        let kinds: Vec<_> = merged(all, at(60)).moments.iter().map(|moment| moment.kind).collect();
        assert_eq!(kinds, [MomentKind::Rollback, MomentKind::Action, MomentKind::Acknowledged]);
    }

    #[test]
    fn a_storm_of_one_alert_is_one_line_and_what_two_tell_is_told_once() {
        let storm = (0..40).map(|place| moment(place, i64::from(place), MomentKind::Alert, 1));
        let twice = [moment(200, 10, MomentKind::Deploy, 9), moment(200, 10, MomentKind::Deploy, 9)];
        let timeline = merged(storm.chain(twice), at(60));
        let counts: Vec<_> = timeline.moments.iter().map(|moment| (moment.kind.word(), moment.count)).collect();
        assert_eq!(counts, [("ALERT", 30), ("deploy", 1), ("ALERT", 10)], "what came between stays between");
    }

    #[test]
    fn what_is_over_an_hour_old_or_still_to_come_is_no_part_of_it() {
        let all = [
            moment(1, -3_601, MomentKind::Note, 1),
            moment(2, -3_600, MomentKind::Note, 1),
            moment(3, 301, MomentKind::Note, 1),
        ];
        let keys: Vec<_> = merged(all, at(0)).moments.iter().map(|moment| moment.key.to_string()).collect();
        assert_eq!(keys, ["k2"]);
    }

    fn any_moment() -> impl Strategy<Value = Moment> {
        let kind = prop::sample::select(vec![
            MomentKind::Action,
            MomentKind::Deploy,
            MomentKind::Alert,
            MomentKind::Acknowledged,
            MomentKind::Resolved,
        ]);
        (any::<u8>(), -4_000_i64..400, kind, 0_u8..4).prop_map(|(key, at, kind, about)| moment(key, at, kind, about))
    }

    proptest! {
        #[test]
        fn the_order_is_by_time_whoever_told_first_and_nothing_is_lost_or_told_twice(
            known in prop::collection::vec(any_moment(), 0..120), turn in any::<prop::sample::Index>(),
        ) {
            let timeline = merged(known.clone(), at(0));
            prop_assert!(timeline.moments.windows(2).all(|pair| pair[0].at >= pair[1].at), "newest first");
            let mut turned = known.clone();
            if !turned.is_empty() {
                turned.rotate_left(turn.index(known.len()));
            }
            turned.reverse();
            prop_assert_eq!(&timeline, &merged(turned, at(0)), "whatever order it came in");
            let recent = known.iter().filter(|moment| (at(-3_600)..=at(300)).contains(&moment.at));
            let keys: HashSet<_> = recent.map(|moment| moment.key.clone()).collect();
            let told: usize = timeline.moments.iter().map(|moment| moment.count).sum();
            prop_assert_eq!(told, keys.len(), "each once");
        }
    }
}
