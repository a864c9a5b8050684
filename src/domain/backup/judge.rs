//! What to make of what a tool told: which backups could be restored, how old the data is, and the state of a set.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::TimeDelta;

use super::size::{FLOOR, slow, trend, usual_longest};
use super::{
    Backup, BackupKind, BackupSet, CLOCKS_DIFFER, Class, Coverage, Good, Hole, Ladder, Level, Outcome, Reading,
    RestoreTest, Retention, State, Weight, holes, weigh,
};
use crate::domain::job::Schedule;
use crate::domain::time::{self, Instant};

/// How long WAL is promised to be kept: a hole between backups older than that costs nothing that was promised.
const WAL_KEPT: TimeDelta = TimeDelta::days(7);
/// How long a schedule may rest before its backups are missed.
const RESTS_AT_MOST: TimeDelta = TimeDelta::days(7);
/// How much before its time a run may begin and still be that run.
const EARLY: TimeDelta = TimeDelta::minutes(5);

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
    /// The first backup that is known, whether it can be restored or not.
    born: Option<Instant>,
    /// Whether any is due by a schedule: a repository of configuration is as old as its last change, and that is no fault.
    is_due: bool,
    /// Whether backups may be there that are not counted: then nobody can say that one is overdue.
    is_blind: bool,
    /// As of when this was told: what came since is not known, and not missing.
    as_of: Instant,
    now: Instant,
}

/// Judges a set by what was read of it: first what stands alone, then of a database its differential and incremental backups, where there
/// are any. `reading` is the sentence to show where nothing could be read: then all is unknown, and nothing missing.
pub fn judge(
    set: &Arc<BackupSet>,
    reading: Result<&Reading, &str>,
    tests: &[RestoreTest],
    now: Instant,
) -> Vec<Coverage> {
    let blank = |kind| Coverage::blank(set, kind, tests, now);
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
        let as_of = reading.told_at.map_or(now, |told| told.min(now));
        let mut ladder = Ladder::of(&slots, born, schedule, as_of);
        let is_blind = reading.is_partial || !ahead.is_empty();
        let is_due = set.kind != BackupKind::Configuration || set.is_schedule_declared || told.is_some();
        if is_blind || !is_due {
            ladder = ladder.without_missing();
        }
        if let Some(why) = &reading.failed {
            troubles.push(format!("{why} What is shown was told {} ago.", time::length(time::age(as_of, now))));
        }
        Self { set, schedule, reading, good, ladder, holes, troubles, notes, born, is_due, is_blind, as_of, now }
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
        let own = if blank.kind.is_whole() { Some(self.schedule) } else { self.set.incremental.as_ref() };
        let schedule = own.unwrap_or(self.schedule);
        let outdated = if self.is_due { self.stale(&serving, schedule) } else { None };
        // What was told long ago, or could not be told again, is judged as of then: a breach of then is not made up for by silence.
        let as_of = if outdated.is_some() || self.reading.failed.is_some() { self.as_of } else { now };
        let mut found = self.grave(newest, schedule, &serving, as_of);
        found.extend(self.reading.breaches.iter().cloned());
        found.extend(self.stuck(blank.kind, &serving, schedule));
        let mut notes = self.notes.clone();
        self.weighed(blank.kind, &mut found, &mut notes);
        let promised = self.set.objectives.rpo;
        if let Some(at) = data_at.filter(|_| self.set.is_rpo_declared && !self.is_blind) {
            let age = time::age(at, as_of);
            if age > promised {
                let (age, promised) = (time::length(age), time::length(promised));
                found.push((
                    State::Late,
                    format!("The newest data that can be restored is {age} old; its RPO is {promised}."),
                ));
            }
        }
        found.extend(self.resting(last_good.as_ref()));
        let retention = blank.kind.is_whole().then(|| self.retention());
        found.extend(retention.as_ref().and_then(expired_too_soon));
        let troubles = self.troubles.iter().cloned().chain(outdated);
        found.extend(troubles.map(|words| (State::Unknown, words)));
        found.sort_by_key(|(state, _)| Reverse(*state));
        let next_due = own
            .filter(|_| self.is_due && !self.reading.is_suspended)
            .and_then(|schedule| schedule.upcoming(last_good.as_ref().map(|good| good.at), now));
        let listed = if last_good.is_some() { Level::Listed } else { Level::None };
        Coverage {
            state: found.first().map_or(State::Ok, |(state, _)| *state),
            reasons: found.into_iter().map(|(_, words)| words).collect(),
            notes,
            data_at,
            data_age,
            next_due,
            encryption: self.reading.encryption.clone(),
            ladder: self.ladder.clone(),
            holes: self.holes.clone(),
            is_wal_read: self.reading.archived.is_some(),
            told_at: self.reading.told_at,
            proven: blank.proven.max(listed),
            retention,
            reaches_since: self.reaches_since(),
            archived_at: self.reading.archived_at,
            trend: self.trend(blank.kind),
            compression: self.reading.compression.clone(),
            last_good,
            ..blank
        }
    }

    /// What the rest of its schedule means: a while is a pause, longer is as bad as backups that did not come.
    fn resting(&self, last_good: Option<&Good>) -> Option<(State, String)> {
        if !self.reading.is_suspended {
            return None;
        }
        let rests = time::age(last_good?.at, self.now);
        Some(if rests > RESTS_AT_MOST {
            let rests = time::length(rests);
            (State::Missed, format!("Its schedule is suspended, and the last good backup is {rests} old."))
        } else {
            (State::Paused, "Its schedule is suspended: no backup is made until it is resumed.".to_owned())
        })
    }

    /// A backup that runs for longer than three take, and longer than until the next one: nobody waits for its end any more.
    fn stuck(&self, kind: BackupKind, serving: &[&Backup], schedule: &Schedule) -> Option<(State, String)> {
        let running =
            self.reading.backups.iter().filter(|backup| backup.outcome == Outcome::Running && backup.kind == kind);
        let (id, began) =
            running.filter_map(|backup| Some((&backup.id, backup.began?))).min_by_key(|(_, began)| *began)?;
        let mut took: Vec<TimeDelta> = serving.iter().filter_map(|backup| backup.took()).collect();
        took.sort_unstable();
        let usual = took.get(took.len() / 2).copied().unwrap_or_default();
        let limit = interval(schedule, began).unwrap_or(TimeDelta::days(1)).max(usual * 3);
        let age = time::age(began, self.as_of);
        (age > limit).then(|| {
            let age = time::length(age);
            (
                State::Broken,
                format!("Backup {id} has been running for {age}: it is stuck. Look at what makes it, and end it."),
            )
        })
    }

    /// What is kept of what stands alone.
    fn retention(&self) -> Retention {
        let slots: Vec<Instant> =
            self.good.iter().filter(|backup| backup.kind.is_whole()).filter_map(|backup| backup.slot_at()).collect();
        let born = self.born.filter(|_| !self.is_blind);
        Retention::of(&slots, born, self.set.said.keep, self.schedule, self.as_of)
    }

    /// Since when every moment can be reached: the oldest backup behind which no WAL is missing.
    fn reaches_since(&self) -> Option<Instant> {
        self.reading.archived.as_ref()?;
        let is_torn = |hole: &Hole| !matches!(hole.class, Class::Harmless);
        if self.holes.iter().any(|hole| hole.class == Class::EndsPitr) {
            return None;
        }
        let torn = self.holes.iter().filter(|hole| is_torn(hole)).map(|hole| hole.last).max();
        let behind = |backup: &&&Backup| backup.wal.is_some_and(|wal| torn.is_none_or(|torn| wal.start > torn));
        self.good.iter().filter(behind).filter_map(|backup| backup.finished).min()
    }

    fn trend(&self, kind: BackupKind) -> Option<String> {
        let own = self.good.iter().filter(|backup| backup.kind == kind && kind.is_whole());
        trend(&own.filter_map(|backup| backup.bytes).collect::<Vec<_>>())
    }

    /// What the calendar and the WAL say.
    fn grave(
        &self,
        newest: Option<&Backup>,
        schedule: &Schedule,
        serving: &[&Backup],
        as_of: Instant,
    ) -> Vec<(State, String)> {
        let mut found = Vec::new();
        match newest.and_then(|backup| backup.finished.zip(backup.slot_at())) {
            None if self.is_blind => {}
            None => found.push(self.never(schedule, as_of)),
            Some((finished, began)) => {
                let is_asked = self.is_due && !self.is_blind && !self.reading.is_suspended;
                found.extend(is_asked.then(|| overdue((finished, as_of), began, schedule, serving)).flatten());
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

    /// A set of which no backup ever succeeded is broken from its first missed slot: of one that failed, or of the first that was due.
    fn never(&self, schedule: &Schedule, as_of: Instant) -> (State, String) {
        let missing = self.ladder.steps().into_iter().flat_map(|(_, step)| &step.missing);
        let missed: Vec<String> = missing.map(|slot| slot.name()).collect();
        if !missed.is_empty() {
            return (State::Broken, format!("No backup ever succeeded: there is none of {}.", listed(&missed)));
        }
        let first = self.reading.since.and_then(|since| schedule.next(since));
        match first {
            Some(first) if first + grace(TimeDelta::zero(), schedule, first) > as_of => {
                (State::Unknown, format!("There is no backup yet; the first is due at {}.", time::written(first)))
            }
            Some(first) => {
                (State::Broken, format!("No backup ever succeeded; the first was due at {}.", time::written(first)))
            }
            None => (State::Broken, "There is no backup that could be restored.".to_owned()),
        }
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

/// The next one is late once its interval and a grace have passed since the last one ended, missed once another interval has.
fn overdue(
    (finished, as_of): (Instant, Instant),
    began: Instant,
    schedule: &Schedule,
    serving: &[&Backup],
) -> Option<(State, String)> {
    let interval = interval(schedule, began)?;
    let took: Vec<TimeDelta> = serving.iter().filter_map(|backup| backup.took()).collect();
    let grace = grace(usual_longest(&took), schedule, began);
    let age = time::age(finished, as_of);
    let state = match age {
        age if age <= interval + grace => return None,
        age if age <= interval * 2 + grace => State::Late,
        _ => State::Missed,
    };
    Some((
        state,
        format!("The last good backup ended {} ago; one is due every {}.", time::length(age), time::length(interval)),
    ))
}

/// A backup that was promised to be kept and is not there any more.
fn expired_too_soon(retention: &Retention) -> Option<(State, String)> {
    let gone: Vec<String> = retention.gone.iter().map(|run| run.format("%Y-%m-%d %H:%M").to_string()).collect();
    let promised = time::length(retention.promised?);
    (!gone.is_empty()).then(|| {
        let words = format!("Every backup is to be kept for {promised}, and none is left of {}.", listed(&gone));
        (State::Broken, words)
    })
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
