//! Velero: a Schedule, its Backups, and what was moved of volumes by each.
//!
//! `Completed` says that the objects were written. What is in volumes counts only where every PodVolumeBackup and DataUpload of the backup is
//! completed as well. `completionTimestamp` is set of what failed too. Written by the source of Velero 1.18.

use serde_json::Value;

use super::objects::{blank, moment, name, number, part, raw, shown};
use crate::domain::backup::{Backup, BackupKind, Outcome, Reading, State};
use crate::domain::job::Schedule;
use crate::domain::text;

/// The label of a Backup that names its Schedule.
pub(super) const OF_SCHEDULE: &str = "velero.io/schedule-name";
/// The label of what is moved that names its Backup.
pub(super) const OF_BACKUP: &str = "velero.io/backup-name";

/// What was read around a Schedule.
pub(super) struct Around<'a> {
    /// The Schedule.
    pub(super) schedule: &'a Value,
    /// Its Backups.
    pub(super) backups: &'a [Value],
    /// PodVolumeBackups of the namespace, or why they are not known.
    pub(super) volumes: Result<&'a [Value], &'a str>,
    /// DataUploads of the namespace, or why they are not known.
    pub(super) uploads: Result<&'a [Value], &'a str>,
    /// BackupStorageLocations of the namespace.
    pub(super) places: &'a [Value],
}

/// What is read of it, as backups of this kind.
pub(super) fn read(around: &Around<'_>, kind: BackupKind) -> Reading {
    let schedule = around.schedule;
    let mut reading = Reading {
        since: moment(schedule, "/metadata/creationTimestamp"),
        is_suspended: schedule.pointer("/spec/paused").and_then(Value::as_bool) == Some(true),
        ..Reading::default()
    };
    for unknown in [around.volumes.err(), around.uploads.err()].into_iter().flatten() {
        reading.troubles.push(format!(
            "What Velero moved of volumes is not known, and Completed alone says nothing about them: {}.",
            part(unknown)
        ));
    }
    let expression = raw(schedule, "/spec/schedule").unwrap_or_default();
    match Schedule::read(expression, None) {
        Ok(when) => reading.schedule = Some(when),
        Err(why) => reading.troubles.push(format!("The schedule of {} cannot be read: {why}.", name(schedule))),
    }
    if raw(schedule, "/status/phase") == Some("FailedValidation") {
        let errors = schedule.pointer("/status/validationErrors").and_then(Value::as_array);
        let words: Vec<&str> = errors.into_iter().flatten().filter_map(Value::as_str).collect();
        let words = text::clean(&words.join("; ")).into_owned();
        reading.breaches.push((
            State::Broken,
            format!("Velero does not accept Schedule {}: {}. It makes no backup.", name(schedule), part(&words)),
        ));
    }
    reading.backups = around.backups.iter().map(|object| backup(object, around, kind)).collect();
    if let Some(newest) = around.backups.iter().max_by_key(|object| moment(object, "/status/startTimestamp")) {
        let warnings = number(newest, "/status/warnings");
        if warnings > 0 {
            reading.notes.push(format!(
                "Backup {} ended with {warnings} warnings: volumes may have been left out. Read velero backup logs {0}.",
                name(newest)
            ));
        }
    }
    let place = raw(schedule, "/spec/template/storageLocation");
    let is_its = |object: &&Value| match place {
        Some(place) => raw(object, "/metadata/name") == Some(place),
        None => object.pointer("/spec/default").and_then(Value::as_bool) == Some(true),
    };
    if let Some(away) = around.places.iter().filter(is_its).find(|one| raw(one, "/status/phase") == Some("Unavailable"))
    {
        let why = shown(away, "/status/message").unwrap_or_default();
        reading.troubles.push(format!(
            "BackupStorageLocation {} is Unavailable ({}): whether what lies there can be restored is not known.",
            name(away),
            part(&why)
        ));
    }
    reading
}

fn backup(object: &Value, around: &Around<'_>, kind: BackupKind) -> Backup {
    let own = raw(object, "/metadata/name").unwrap_or_default();
    let is_its = |moved: &&Value| {
        moved.pointer("/metadata/labels").and_then(|labels| labels.get(OF_BACKUP)).and_then(Value::as_str) == Some(own)
    };
    let volumes: Vec<(&str, &Value)> =
        around.volumes.unwrap_or_default().iter().filter(is_its).map(|one| ("PodVolumeBackup", one)).collect();
    let uploads: Vec<(&str, &Value)> =
        around.uploads.unwrap_or_default().iter().filter(is_its).map(|one| ("DataUpload", one)).collect();
    let moved: Vec<(&str, &Value)> = volumes.iter().chain(&uploads).copied().collect();
    let phase = shown(object, "/status/phase").unwrap_or_else(|| "New".to_owned());
    let outcome = match phase.as_str() {
        "Completed" => flaw(object, &moved, uploads.len()).map_or(Outcome::Good, Outcome::Bad),
        "Failed" | "PartiallyFailed" | "FailedValidation" => {
            let why = shown(object, "/status/failureReason");
            let errors = number(object, "/status/errors");
            let why = why.unwrap_or_else(|| format!("{errors} errors"));
            Outcome::Bad(format!("it is {phase} ({})", part(&why)))
        }
        "Deleting" => Outcome::Bad("it is being deleted".to_owned()),
        _ => Outcome::Running,
    };
    let bytes = moved.iter().map(|(_, one)| number(one, "/status/progress/bytesDone")).sum();
    Backup {
        outcome,
        began: moment(object, "/status/startTimestamp").or_else(|| moment(object, "/metadata/creationTimestamp")),
        finished: moment(object, "/status/completionTimestamp"),
        bytes: (!moved.is_empty()).then_some(bytes),
        ..blank(name(object), kind)
    }
}

/// What speaks against a backup that is Completed, without a full stop.
fn flaw(object: &Value, moved: &[(&str, &Value)], uploads: usize) -> Option<String> {
    let unfinished = moved.iter().find(|(_, one)| raw(one, "/status/phase") != Some("Completed"));
    if let Some((what, one)) = unfinished {
        let phase = shown(one, "/status/phase").unwrap_or_else(|| "not begun".to_owned());
        let why = shown(one, "/status/message").map(|why| format!(": {}", part(&why))).unwrap_or_default();
        return Some(format!("it is Completed, but its {what} {} is {phase}{why}", name(one)));
    }
    for (what, attempted, completed) in [
        ("volume snapshots", "/status/volumeSnapshotsAttempted", "/status/volumeSnapshotsCompleted"),
        ("CSI snapshots", "/status/csiVolumeSnapshotsAttempted", "/status/csiVolumeSnapshotsCompleted"),
        ("operations", "/status/backupItemOperationsAttempted", "/status/backupItemOperationsCompleted"),
    ] {
        let (attempted, completed) = (number(object, attempted), number(object, completed));
        if completed < attempted {
            return Some(format!("it is Completed, but {completed} of {attempted} {what} are"));
        }
    }
    let is_moving = object.pointer("/spec/snapshotMoveData").and_then(Value::as_bool) == Some(true);
    let snapshots = number(object, "/status/csiVolumeSnapshotsAttempted");
    if is_moving && snapshots > 0 && uploads == 0 {
        return Some(format!("it is Completed, but no DataUpload moved its {snapshots} snapshots anywhere"));
    }
    None
}

#[cfg(test)]
#[path = "velero_tests.rs"]
mod tests;
