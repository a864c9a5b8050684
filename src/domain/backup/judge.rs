//! What to make of what a tool told: which backups could be restored, how old the data is, and the state of a set.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::TimeDelta;
use serde::Serialize;

use super::size::{FLOOR, slow, usual_longest};
use super::{
    Backup, BackupKind, BackupSet, CLOCKS_DIFFER, Class, Hole, Ladder, Outcome, Reading, RestoreTest, Weight, holes,
    weigh,
};
use crate::domain::job::Schedule;
use crate::domain::time::{self, Instant};
use crate::domain::worded;

/// How long WAL is promised to be kept: a hole between backups older than that costs nothing that was promised.
const WAL_KEPT: TimeDelta = TimeDelta::days(7);
/// How long a schedule may rest before its backups are missed.
const RESTS_AT_MOST: TimeDelta = TimeDelta::days(7);
/// How much before its time a run may begin and still be that run.
const EARLY: TimeDelta = TimeDelta::minutes(5);

worded! {
    /// How the backups of a set stand. Declared from the best to the worst.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
    #[serde(rename_all = "lowercase")]
    pub enum State {
        /// As promised.
        Ok = "ok",
        /// Somebody told it to rest.
        Paused = "paused",
        /// The next one is overdue, or the newest is lighter than it should be.
        Late = "late",
        /// What was told is not enough to say.
        Unknown = "unknown",
        /// More than one in a row did not come.
        Missed = "missed",
        /// Something that was promised is gone and cannot be made up for.
        Broken = "broken",
    }
}

/// The newest backup of a kind that could be restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Good {
    /// Which.
    pub id: Arc<str>,
    /// When it ended.
    pub at: Instant,
    /// Its bytes as stored.
    pub bytes: Option<u64>,
    /// How long it took.
    pub took: Option<TimeDelta>,
}

/// How the backups of one kind in a set stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// The set.
    pub set: Arc<str>,
    /// The kind.
    pub kind: BackupKind,
    /// The state.
    pub state: State,
    /// Why it is not simply as promised: sentences, the gravest first.
    pub reasons: Vec<String>,
    /// What is worth a line and changes nothing.
    pub notes: Vec<String>,
    /// The newest backup that serves for this kind; a full one serves for the others too.
    pub last_good: Option<Good>,
    /// As of when the newest data is that the set can be brought back to, by whatever backup of it.
    pub data_at: Option<Instant>,
    /// How old that was when this was judged.
    pub data_age: Option<TimeDelta>,
    /// The oldest it may be.
    pub rpo: TimeDelta,
    /// How long bringing it back may take.
    pub rto: TimeDelta,
    /// When the next one is due.
    pub next_due: Option<Instant>,
    /// How it is encrypted, in the tool's word.
    pub encryption: Option<Arc<str>>,
    /// The ladder of the set.
    pub ladder: Ladder,
    /// The holes in its WAL.
    pub holes: Vec<Hole>,
    /// Whether a listing of its WAL was read: without one nobody knows of holes.
    pub is_wal_read: bool,
    /// When a restore was last verified.
    pub verified_at: Option<Instant>,
    /// How long that restore took.
    pub rto_measured: Option<TimeDelta>,
    /// When the tool said all this.
    pub told_at: Option<Instant>,
}

/// What holds for a set, whatever the kind.
struct Whole<'a> {
    set: &'a BackupSet,
    schedule: &'a Schedule,
    reading: &'a Reading,
    /// Backups that could be restored, the oldest first.
    good: Vec<&'a Backup>,
    ladder: Ladder,
    holes: Vec<Hole>,
    troubles: Vec<String>,
    notes: Vec<String>,
    now: Instant,
}

/// Judges a set by what was read of it: first what stands alone, then of a database its differential and incremental backups, where there
/// are any. `reading` is the sentence to show where nothing could be read: then all is unknown, and nothing missing.
pub fn judge(set: &BackupSet, reading: Result<&Reading, &str>, tests: &[RestoreTest], now: Instant) -> Vec<Coverage> {
    let verified = RestoreTest::last_verified(tests);
    let blank = |kind| Coverage {
        set: set.name.clone(),
        kind,
        state: State::Unknown,
        reasons: Vec::new(),
        notes: Vec::new(),
        last_good: None,
        data_at: None,
        data_age: None,
        rpo: set.objectives.rpo,
        rto: set.objectives.rto,
        next_due: None,
        encryption: None,
        ladder: Ladder::default(),
        holes: Vec::new(),
        is_wal_read: false,
        verified_at: verified.map(|test| test.at),
        rto_measured: verified.and_then(|test| test.took),
        told_at: None,
    };
    match reading {
        Err(sentence) => vec![Coverage { reasons: vec![sentence.to_owned()], ..blank(set.kind) }],
        Ok(reading) => {
            let whole = Whole::of(set, reading, now);
            let further: BTreeSet<BackupKind> =
                reading.backups.iter().map(|backup| backup.kind).filter(|kind| !kind.is_whole()).collect();
            std::iter::once(set.kind).chain(further).map(|kind| whole.coverage(blank(kind))).collect()
        }
    }
}

/// Why a backup could not be restored, without a full stop; `None` where nothing speaks against it.
fn flaw(backup: &Backup, good: &BTreeSet<&str>, holes: &[Hole], now: Instant) -> Option<String> {
    match &backup.outcome {
        Outcome::Running => return Some("it is not finished".to_owned()),
        Outcome::Bad(why) => return Some(why.clone()),
        Outcome::Good => {}
    }
    let Some(finished) = backup.finished else { return Some("it does not say when it ended".to_owned()) };
    if is_ahead(finished, now) {
        return Some("its time lies ahead of ours".to_owned());
    }
    if backup.kind.is_whole() && backup.bytes.is_some_and(|bytes| bytes < FLOOR) {
        return Some("almost nothing was written".to_owned());
    }
    if let Some(parent) = backup.parents.iter().find(|parent| !good.contains(&***parent)) {
        return Some(format!(
            "it cannot be restored without {parent}, which is not there or cannot be restored itself"
        ));
    }
    let kills = |hole: &&Hole| hole.class == Class::KillsBackup && hole.backup.as_ref() == Some(&backup.id);
    holes.iter().find(kills).map(|hole| format!("WAL {} that it needs is missing", hole.first))
}

fn is_ahead(at: Instant, now: Instant) -> bool {
    at - now > CLOCKS_DIFFER
}

impl<'a> Whole<'a> {
    fn of(set: &'a BackupSet, reading: &'a Reading, now: Instant) -> Self {
        let mut troubles = reading.troubles.clone();
        let mut notes = reading.notes.clone();
        let mut backups: Vec<&Backup> = reading.backups.iter().collect();
        // A parent ended before its children: each is known before it is asked for.
        backups.sort_by(|one, other| (one.finished, &one.id).cmp(&(other.finished, &other.id)));
        let size = set.segment_size.or(reading.segment_size).unwrap_or_default();
        let finished: Vec<&Backup> = backups.iter().filter(|backup| backup.outcome == Outcome::Good).copied().collect();
        // What ended after the listing was written cannot be in it.
        let is_listed = |backup: &&&Backup| {
            reading.listed_at.is_none_or(|listed| backup.finished.is_none_or(|at| at <= listed + CLOCKS_DIFFER))
        };
        let listed: Vec<&Backup> = finished.iter().filter(is_listed).copied().collect();
        if listed.len() < finished.len() && reading.archived.is_some() {
            notes.push("The listing of its WAL is older than its newest backup: whether that has all the WAL it needs is not known.".to_owned());
        }
        let mut holes = reading.archived.as_ref().map(|archived| holes(archived, &listed, size)).unwrap_or_default();
        // Where it is not told which WAL a backup needs, nobody can say what a hole costs.
        let untold = listed.iter().find(|backup| backup.is_physical && backup.wal.is_none());
        if let (Some(untold), Some(hole)) = (untold, holes.first()) {
            troubles.push(format!(
                "WAL {} is missing, and what that costs is not known: which WAL backup {} needs was not told.",
                hole.first, untold.id
            ));
            holes.clear();
        }
        if let Some(odd) =
            reading.archived.iter().flatten().flat_map(|span| [span.first, span.last]).find(|one| !size.has(*one))
        {
            troubles.push(format!(
                "WAL segment {odd} does not exist at the size of segments assumed; say wal_segment_size as the server's SHOW wal_segment_size does."
            ));
        }
        let ahead: Vec<&&Backup> =
            backups.iter().filter(|backup| backup.finished.is_some_and(|at| is_ahead(at, now))).collect();
        if let Some((first, at)) = ahead.first().and_then(|backup| Some((backup, backup.finished?))) {
            troubles.push(format!(
                "Backup {} ended at {}, which is {} ahead of this machine's clock: it is not counted. Compare the clocks of both machines.",
                first.id,
                time::written(at),
                time::length(at - now)
            ));
        }
        let mut known: BTreeSet<&str> = BTreeSet::new();
        let mut good: Vec<&Backup> = Vec::new();
        for backup in &backups {
            match flaw(backup, &known, &holes, now) {
                None => {
                    known.insert(&*backup.id);
                    good.push(backup);
                }
                Some(why) if backup.outcome == Outcome::Running => notes.push(format!("Backup {}: {why}.", backup.id)),
                Some(why) => notes.push(format!("Backup {} cannot be restored: {why}.", backup.id)),
            }
        }
        let slots: Vec<Instant> = good.iter().filter_map(|backup| backup.slot_at()).collect();
        let born = backups.iter().filter_map(|backup| backup.slot_at()).filter(|at| !is_ahead(*at, now)).min();
        let told = reading.schedule.as_ref().filter(|_| !set.is_schedule_declared);
        let schedule = told.unwrap_or(&set.schedule);
        let mut ladder = Ladder::of(&slots, born, schedule, now);
        if reading.is_partial || !ahead.is_empty() {
            ladder = ladder.without_missing();
        }
        Self { set, schedule, reading, good, ladder, holes, troubles, notes, now }
    }

    /// The backups that serve for a kind: whole ones serve for what builds on them.
    fn serving(&self, kind: BackupKind) -> Vec<&'a Backup> {
        let serves = |backup: &&&Backup| backup.kind == kind || !kind.is_whole() && backup.kind <= kind;
        // A tool that knows one kind only speaks of the set's.
        let serves_set = |backup: &&&Backup| kind == self.set.kind && backup.kind.is_whole();
        self.good.iter().filter(|backup| serves(backup) || serves_set(backup)).copied().collect()
    }

    fn coverage(&self, blank: Coverage) -> Coverage {
        let now = self.now;
        let serving = self.serving(blank.kind);
        let newest = serving.iter().max_by_key(|backup| backup.finished).copied();
        let last_good = newest.and_then(|backup| {
            Some(Good { id: backup.id.clone(), at: backup.finished?, bytes: backup.bytes, took: backup.took() })
        });
        let data_at = self.good.iter().filter_map(|backup| backup.data_at()).max();
        let data_age = data_at.map(|at| time::age(at, now));
        let schedule = if blank.kind.is_whole() { Some(self.schedule) } else { self.set.incremental.as_ref() };
        let mut found = self.grave(newest, schedule.unwrap_or(self.schedule), &serving);
        let mut notes = self.notes.clone();
        self.weighed(blank.kind, &mut found, &mut notes);
        if let Some(age) = data_age.filter(|age| self.set.is_rpo_declared && *age > self.set.objectives.rpo) {
            let promised = time::length(self.set.objectives.rpo);
            found.push((
                State::Late,
                format!("The newest data that can be restored is {} old; its RPO is {promised}.", time::length(age)),
            ));
        }
        if self.reading.is_suspended {
            let rests = last_good.as_ref().map_or(TimeDelta::zero(), |good| time::age(good.at, now));
            found = vec![if rests > RESTS_AT_MOST {
                (
                    State::Missed,
                    format!("Its schedule is suspended, and the last good backup is {} old.", time::length(rests)),
                )
            } else {
                (State::Paused, "Its schedule is suspended: no backup is made until it is resumed.".to_owned())
            }];
        }
        let outdated = self.stale(&serving, schedule.unwrap_or(self.schedule));
        let troubles: Vec<String> = self.troubles.iter().cloned().chain(outdated).collect();
        found.sort_by_key(|(state, _)| Reverse(*state));
        let state =
            if troubles.is_empty() { found.first().map_or(State::Ok, |(state, _)| *state) } else { State::Unknown };
        let next_due = schedule
            .filter(|_| !self.reading.is_suspended)
            .and_then(|schedule| schedule.upcoming(last_good.as_ref().map(|good| good.at), now));
        Coverage {
            state,
            reasons: troubles.into_iter().chain(found.into_iter().map(|(_, words)| words)).collect(),
            notes,
            last_good,
            data_at,
            data_age,
            next_due,
            encryption: self.reading.encryption.clone(),
            ladder: self.ladder.clone(),
            holes: self.holes.clone(),
            is_wal_read: self.reading.archived.is_some(),
            told_at: self.reading.told_at,
            ..blank
        }
    }

    /// What the calendar and the WAL say.
    fn grave(&self, newest: Option<&Backup>, schedule: &Schedule, serving: &[&Backup]) -> Vec<(State, String)> {
        let mut found = Vec::new();
        match newest.and_then(|backup| backup.finished.zip(backup.slot_at())) {
            None => found.push(self.never(schedule)),
            Some((finished, began)) => {
                found.extend(self.overdue(finished, began, schedule, serving));
                let gone: Vec<String> = self.ladder.missing_before(began).iter().map(|slot| slot.name()).collect();
                if !gone.is_empty() {
                    found
                        .push((State::Broken, format!("No backup that can be restored is left of {}.", listed(&gone))));
                }
            }
        }
        for hole in &self.holes {
            let is_promised = match hole.class {
                Class::Harmless => false,
                Class::KillsSpan => hole.until.is_none_or(|until| time::age(until, self.now) < WAL_KEPT),
                Class::EndsPitr | Class::KillsBackup => true,
            };
            if is_promised {
                found.push((State::Broken, hole.words()));
            }
        }
        found
    }

    /// A set of which no backup ever succeeded is broken from its first missed slot.
    fn never(&self, schedule: &Schedule) -> (State, String) {
        let first = self.reading.since.and_then(|since| schedule.next(since));
        match first {
            Some(first) if first + grace(TimeDelta::zero(), schedule, first) > self.now => {
                (State::Unknown, format!("There is no backup yet; the first is due at {}.", time::written(first)))
            }
            Some(first) => {
                (State::Broken, format!("No backup ever succeeded; the first was due at {}.", time::written(first)))
            }
            None => (State::Broken, "There is no backup that could be restored.".to_owned()),
        }
    }

    /// The next one is late once its interval and a grace have passed since the last one ended, missed once another interval has.
    fn overdue(
        &self,
        finished: Instant,
        began: Instant,
        schedule: &Schedule,
        serving: &[&Backup],
    ) -> Option<(State, String)> {
        let interval = interval(schedule, began)?;
        let took: Vec<TimeDelta> = serving.iter().filter_map(|backup| backup.took()).collect();
        let grace = grace(usual_longest(&took), schedule, began);
        let age = time::age(finished, self.now);
        let state = match age {
            age if age <= interval + grace => return None,
            age if age <= interval * 2 + grace => State::Late,
            _ => State::Missed,
        };
        Some((
            state,
            format!(
                "The last good backup ended {} ago; one is due every {}.",
                time::length(age),
                time::length(interval)
            ),
        ))
    }

    /// What the newest backup of a kind weighs beside its like, and how long it took.
    fn weighed(&self, kind: BackupKind, found: &mut Vec<(State, String)>, notes: &mut Vec<String>) {
        let own: Vec<&&Backup> = self.good.iter().filter(|backup| backup.kind == kind).collect();
        let bytes: Vec<u64> = own.iter().filter_map(|backup| backup.bytes).collect();
        // What an incremental backup weighs follows what was written meanwhile: it is told and judged by nobody.
        match weigh(&bytes) {
            Weight::Usual => {}
            Weight::Hollow(words) if kind.is_whole() => {
                found.push((State::Broken, format!("The newest backup is too small to be believed: {words}.")));
            }
            Weight::Light(words) if kind.is_whole() => {
                found.push((State::Late, format!("The newest backup is smaller than usual: {words}.")));
            }
            Weight::Hollow(words) | Weight::Light(words) | Weight::Odd(words) => {
                notes.push(format!("Its size is unusual: {words}."));
            }
        }
        let took: Vec<TimeDelta> = own.iter().filter_map(|backup| backup.took()).collect();
        notes.extend(slow(&took).map(|words| format!("It is slow: {words}.")));
    }

    /// What was told so long ago that a backup due since then would not be in it says nothing about now.
    fn stale(&self, serving: &[&Backup], schedule: &Schedule) -> Option<String> {
        let told = self.reading.told_at?;
        let took: Vec<TimeDelta> = serving.iter().filter_map(|backup| backup.took()).collect();
        let interval = interval(schedule, told)?;
        let holds = interval + grace(usual_longest(&took), schedule, told);
        let age = time::age(told, self.now);
        (age > holds).then(|| {
            format!("What is known was told {} ago, and a backup was due since: nobody knows how it stands now. Have it written again after each backup.", time::length(age))
        })
    }
}

/// Between the run that a backup belongs to and the next one.
fn interval(schedule: &Schedule, began: Instant) -> Option<TimeDelta> {
    let until = began + EARLY;
    let windows = [TimeDelta::days(1), TimeDelta::days(8), TimeDelta::days(70), TimeDelta::days(800)];
    let run = windows.into_iter().find_map(|back| schedule.between(began - back, until, usize::MAX).last().copied());
    let run = run.unwrap_or(began);
    Some(schedule.next(run)? - run)
}

/// How long after its time a backup may come: what the longest take, at least a tenth of the interval.
fn grace(longest: TimeDelta, schedule: &Schedule, began: Instant) -> TimeDelta {
    longest.max(interval(schedule, began).unwrap_or_default() / 10)
}

/// Names as a sentence lists them, the last ones first where they are many.
fn listed(names: &[String]) -> String {
    const MOST: usize = 6;
    let mut told: Vec<&str> = names.iter().take(MOST).map(String::as_str).collect();
    let more = names.len().saturating_sub(MOST);
    let and = format!("{more} more");
    if more > 0 {
        told.push(&and);
    }
    match told.as_slice() {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
