//! What a loss would cost now: of each set and each kind of loss what would be gone, how long bringing it back would take, and on what
//! evidence. What is not proven is said to be that; no number is made up.

use chrono::TimeDelta;
use serde::Serialize;

use super::{Class, Coverage, State};
use crate::domain::time::{self, Instant};
use crate::domain::worded;

worded! {
    /// What is lost, the least first.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
    #[serde(rename_all = "lowercase")]
    pub enum Loss {
        /// A machine and its disks.
        Node = "node",
        /// A zone: everything in one building.
        Zone = "zone",
        /// The database itself: dropped, or spoilt by a statement. Every replica follows it.
        Database = "database",
        /// A region: everything in one place.
        Region = "region",
    }
}

/// What one loss would cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exposure {
    /// The loss.
    pub loss: Loss,
    /// How much of the newest data would be gone; `None` where nobody knows: it may be all.
    pub lost: Option<TimeDelta>,
    /// Whether that is within what was promised; `None` where it is not known.
    pub is_within_rpo: Option<bool>,
    /// How long bringing it back took when it was tried last; `None`: unproven.
    pub takes: Option<TimeDelta>,
    /// Whether that is within what was promised; `None` where it is not known.
    pub is_within_rto: Option<bool>,
    /// What both rest on, as a sentence.
    pub evidence: String,
}

/// What each loss would cost, of the row of a set that stands alone.
pub fn matrix(row: &Coverage, now: Instant) -> [Exposure; 4] {
    [Loss::Node, Loss::Zone, Loss::Database, Loss::Region].map(|loss| exposure(row, loss, now))
}

fn exposure(row: &Coverage, loss: Loss, now: Instant) -> Exposure {
    let (gone, evidence) = match lies_elsewhere(row, loss) {
        Err(why) => (None, why),
        Ok(how) => {
            let (gone, what) = newest(row, now);
            (gone, format!("{what} {how}"))
        }
    };
    let takes = row.rto_measured.filter(|_| gone.is_some());
    let proof = match (&row.last_verified, gone) {
        (_, None) => String::new(),
        (Some(test), _) => format!(" A restore was verified {} ago.", time::coarse(time::age(test.at, now))),
        (None, _) => " No restore was ever verified: how long it takes is unproven.".to_owned(),
    };
    Exposure {
        loss,
        lost: gone,
        is_within_rpo: gone.map(|gone| gone <= row.rpo),
        takes,
        is_within_rto: takes.map(|takes| takes <= row.rto),
        evidence: format!("{evidence}{proof}"),
    }
}

/// Whether a copy is left after the loss: how that is known, or why nothing is.
fn lies_elsewhere(row: &Coverage, loss: Loss) -> Result<String, String> {
    let said = &row.declared.said;
    match (&said.survives, loss) {
        // A backup outlives what happens to the database, wherever it lies.
        (_, Loss::Database) => Ok("Replicas do not help: they follow.".to_owned()),
        (Some(survives), _) if survives.contains(&loss) => {
            let class = said.storage_class.as_ref().map(|class| format!(", in {class}")).unwrap_or_default();
            Ok(format!("That a copy lies outside the {} is declared, not proven{class}.", loss.word()))
        }
        (Some(_), _) => {
            Err(format!("No copy lies outside the {}, by what survives says: all of it would be gone.", loss.word()))
        }
        (None, _) => Err(format!(
            "Where its copies lie is not known: say survives = [\"{}\"] where one lies outside.",
            loss.word()
        )),
    }
}

/// How much of the newest data is in no copy, and how that is known.
fn newest(row: &Coverage, now: Instant) -> (Option<TimeDelta>, String) {
    if row.state == State::Unknown && row.data_at.is_none() {
        return (
            None,
            format!("How it stands is not known: {}", row.reasons.first().map_or("it was not read.", String::as_str)),
        );
    }
    let ends = row.holes.iter().any(|hole| hole.class == Class::EndsPitr);
    let told = row.told_at.map(|at| format!(", told {} ago", time::coarse(time::age(at, now)))).unwrap_or_default();
    match (row.archived_at.filter(|_| row.is_wal_read && !ends), row.data_at) {
        (Some(archived), data) if data.is_none_or(|data| archived > data) => {
            (Some(time::age(archived, now)), format!("WAL is archived without a hole behind the newest backup{told}."))
        }
        (_, Some(data)) => {
            let why = if ends { "WAL is missing behind it" } else { "nothing tells of WAL archived since" };
            (Some(time::age(data, now)), format!("The newest backup that can be restored{told}; {why}."))
        }
        (_, None) => (None, "There is no backup that could be restored.".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::{BackupKind, BackupSet, Good, Hole, Objectives, RestoreTest, Said, Segment};
    use super::*;
    use crate::domain::job::Schedule;

    fn at(text: &str) -> Instant {
        text.parse().expect("a time")
    }

    fn row(said: Said) -> Coverage {
        let set = BackupSet {
            name: "orders".into(),
            kind: BackupKind::Full,
            schedule: Schedule::read("0 2 * * *", None).expect("a schedule"),
            is_schedule_declared: true,
            incremental: None,
            objectives: Objectives::default(),
            is_rpo_declared: false,
            tier: None,
            segment_size: None,
            said,
        };
        let good = Good { id: "a".into(), at: at("2026-12-01T02:10:00Z"), bytes: None, took: None };
        Coverage {
            state: State::Ok,
            last_good: Some(good),
            data_at: Some(at("2026-12-01T02:10:00Z")),
            ..Coverage::blank(&Arc::new(set), BackupKind::Full, &[], Instant::default())
        }
    }

    fn lost(row: &Coverage) -> [Option<i64>; 4] {
        matrix(row, at("2026-12-01T11:10:00Z")).map(|one| one.lost.map(|lost| lost.num_minutes()))
    }

    #[test]
    fn where_no_copy_is_known_to_lie_all_may_be_gone() {
        let unsaid = row(Said::default());
        assert_eq!(lost(&unsaid), [None, None, Some(540), None]);
        let [node, _, database, _] = matrix(&unsaid, at("2026-12-01T11:10:00Z"));
        assert!(node.evidence.contains("survives = [\"node\"]"), "{}", node.evidence);
        assert_eq!((database.is_within_rpo, database.takes), (Some(false), None));
        assert!(database.evidence.ends_with("how long it takes is unproven."), "{}", database.evidence);
        let near = row(Said { survives: Some([Loss::Node, Loss::Zone].into()), ..Said::default() });
        assert_eq!(lost(&near), [Some(540), Some(540), Some(540), None]);
        let gone = &matrix(&near, at("2026-12-01T11:10:00Z"))[3];
        assert!(gone.evidence.contains("all of it would be gone"), "{}", gone.evidence);
    }

    #[test]
    fn archived_wal_makes_it_less_unless_it_ends_at_a_hole() {
        let said = Said { survives: Some([Loss::Node].into()), ..Said::default() };
        let archived = Coverage { is_wal_read: true, archived_at: Some(at("2026-12-01T11:09:00Z")), ..row(said) };
        assert_eq!(lost(&archived), [Some(1), None, Some(1), None]);
        let place = Segment { timeline: 1, log: 0, number: 7 };
        let hole = Hole { first: place, last: place, class: Class::EndsPitr, backup: None, since: None, until: None };
        assert_eq!(lost(&Coverage { holes: vec![hole], ..archived }), [Some(540), None, Some(540), None]);
    }

    #[test]
    fn how_long_it_takes_is_what_a_verified_restore_took() {
        let test = RestoreTest {
            at: at("2026-11-30T00:00:00Z"),
            is_ok: true,
            target: Some("latest".into()),
            reached: Some("0/5000000".into()),
            took: Some(TimeDelta::hours(5)),
            bytes: None,
            is_checked: false,
            only_checksums: false,
        };
        let proven = Coverage { rto_measured: test.took, last_verified: Some(test), ..row(Said::default()) };
        let [node, _, database, _] = matrix(&proven, at("2026-12-01T11:10:00Z"));
        assert_eq!((database.takes.map(|takes| takes.num_hours()), database.is_within_rto), (Some(5), Some(false)));
        assert_eq!(node.takes, None, "what is gone is not brought back");
    }
}
