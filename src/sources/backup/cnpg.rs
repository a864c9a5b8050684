//! CloudNativePG: a Cluster, its Backups and ScheduledBackups, and the ObjectStore of the Barman Cloud plugin.
//!
//! The Cluster's own fields of backups are not filled by plugins, so the Backups are what counts, and the store's recovery window where no
//! Backup is left of it. A `Backup` tells no size. Written by the source of CloudNativePG 1.30 and of the plugin 0.15.

use serde_json::Value;

use super::objects::{blank, condition, moment, name, part, raw, shown};
use crate::domain::backup::{Backup, BackupKind, Outcome, Reading, Segment, State, WalRange};
use crate::domain::job::Schedule;
use crate::domain::time;

/// The plugin that archives into an ObjectStore.
pub(super) const PLUGIN: &str = "barman-cloud.cloudnative-pg.io";

/// What was read around a Cluster.
pub(super) struct Around<'a> {
    /// The Cluster.
    pub(super) cluster: &'a Value,
    /// Every Backup of its namespace.
    pub(super) backups: &'a [Value],
    /// Every ScheduledBackup of its namespace.
    pub(super) scheduled: &'a [Value],
    /// The ObjectStore its plugin names; `None` where it names none, or it is not there.
    pub(super) store: Option<&'a Value>,
}

/// The name of the ObjectStore that a Cluster's plugin archives into.
pub(super) fn store_of(cluster: &Value) -> Option<&str> {
    let plugins = cluster.pointer("/spec/plugins")?.as_array()?;
    plugins
        .iter()
        .filter(|one| raw(one, "/name") == Some(PLUGIN))
        .find_map(|one| raw(one, "/parameters/barmanObjectName"))
}

/// What is read of it.
pub(super) fn read(around: &Around<'_>) -> Reading {
    let cluster = raw(around.cluster, "/metadata/name").unwrap_or_default();
    let is_its = |object: &&Value| raw(object, "/spec/cluster/name") == Some(cluster);
    let mut reading = Reading { since: moment(around.cluster, "/metadata/creationTimestamp"), ..Reading::default() };
    let own: Vec<&Value> = around.backups.iter().filter(is_its).collect();
    reading.backups = own.iter().map(|object| backup(object)).collect();
    scheduled(around, &mut reading);
    window(around, &mut reading);
    let newest = own.iter().max_by_key(|object| moment(object, "/status/stoppedAt"));
    reading.encryption = newest.and_then(|object| shown(object, "/status/encryption")).map(Into::into);
    let compression = shown(around.cluster, "/spec/backup/barmanObjectStore/data/compression")
        .or_else(|| shown(around.store?, "/spec/configuration/data/compression"));
    reading.compression = compression.map(|word| format!("{word} (as declared)").into());
    let mut versions: Vec<u64> =
        own.iter().filter_map(|object| object.pointer("/status/majorVersion").and_then(Value::as_u64)).collect();
    versions.sort_unstable();
    versions.dedup();
    if let [first, .., last] = versions.as_slice() {
        reading.troubles.push(format!(
            "The archive holds backups of PostgreSQL {first} and {last}: one of another version than the server's cannot be restored into it."
        ));
    }
    if let Some((false, words)) = condition(around.cluster, "ContinuousArchiving") {
        let words = format!(
            "WAL is not archived: {}. Moments since then cannot be reached, and the volume of the primary fills up.",
            part(&words)
        );
        reading.breaches.push((State::Missed, words));
    }
    reading.notes.push("CloudNativePG tells no size of a backup: one that shrinks is not noticed.".to_owned());
    reading
}

fn backup(object: &Value) -> Backup {
    let began = moment(object, "/status/startedAt").or_else(|| moment(object, "/metadata/creationTimestamp"));
    let finished = moment(object, "/status/stoppedAt");
    let phase = shown(object, "/status/phase").unwrap_or_else(|| "pending".to_owned());
    let outcome = match phase.as_str() {
        "completed" => Outcome::Good,
        "failed" | "walArchivingFailing" | "invalid backup definition" => {
            let why = shown(object, "/status/error").or_else(|| shown(object, "/status/commandError"));
            Outcome::Bad(why.map_or_else(|| format!("it is {phase}"), |why| format!("it is {phase}: {}", part(&why))))
        }
        _ => Outcome::Running,
    };
    let segment = |pointer: &str| Segment::read(raw(object, pointer)?);
    let wal = segment("/status/beginWal").zip(segment("/status/endWal"));
    Backup {
        outcome,
        began,
        finished,
        is_physical: true,
        wal: wal.map(|(start, stop)| WalRange { start, stop }),
        ..blank(name(object), BackupKind::Full)
    }
}

/// What performs the backups that the Cluster declares. One that declares some which nothing performs is broken, whatever was made by hand.
fn scheduled(around: &Around<'_>, reading: &mut Reading) {
    let cluster = raw(around.cluster, "/metadata/name").unwrap_or_default();
    let own: Vec<&Value> =
        around.scheduled.iter().filter(|object| raw(object, "/spec/cluster/name") == Some(cluster)).collect();
    let is_suspended = |object: &&&Value| object.pointer("/spec/suspend").and_then(Value::as_bool) == Some(true);
    let is_declared = ["/spec/backup/barmanObjectStore", "/spec/backup/volumeSnapshot"]
        .iter()
        .any(|pointer| around.cluster.pointer(pointer).is_some_and(|declared| !declared.is_null()))
        || store_of(around.cluster).is_some();
    if own.is_empty() {
        let why = if is_declared {
            "declares where its backups go, and no ScheduledBackup performs them"
        } else {
            "declares no backups, and no ScheduledBackup names it"
        };
        reading
            .breaches
            .push((State::Broken, format!("Cluster {} {why}. Create a ScheduledBackup for it.", name(around.cluster))));
        return;
    }
    if !is_declared {
        let words = format!(
            "Cluster {} declares no place for backups, and a ScheduledBackup asks for them: none can succeed. Say spec.backup or spec.plugins.",
            name(around.cluster)
        );
        reading.breaches.push((State::Broken, words));
    }
    reading.is_suspended = own.iter().all(|object| is_suspended(&object));
    for object in &own {
        if let Some(why) = shown(object, "/status/error") {
            let words = format!("ScheduledBackup {} says: {}.", name(object), part(&why));
            reading.breaches.push((State::Missed, words));
        }
    }
    let runs = own.iter().filter(|object| !is_suspended(object)).chain(own.iter()).next();
    let Some(object) = runs else { return };
    reading.since = moment(object, "/metadata/creationTimestamp").or(reading.since);
    let expression = raw(object, "/spec/schedule").unwrap_or_default();
    match five_fields(expression).map(|fields| Schedule::read(&fields, None)) {
        Some(Ok(schedule)) => reading.schedule = Some(schedule),
        _ => reading.troubles.push(format!(
            "The schedule {:?} of ScheduledBackup {} cannot be read: it has six fields, the first of seconds. Say schedule here, so that what is due is known.",
            shown(object, "/spec/schedule").unwrap_or_default(),
            name(object)
        )),
    }
}

/// The schedule of a ScheduledBackup begins with seconds; ours has none.
fn five_fields(expression: &str) -> Option<String> {
    if expression.trim_start().starts_with('@') {
        return Some(expression.trim().to_owned());
    }
    let fields: Vec<&str> = expression.split_whitespace().collect();
    match fields.as_slice() {
        [_seconds, rest @ ..] if rest.len() == 5 => Some(rest.join(" ")),
        _ => None,
    }
}

/// The last good backup whose Backup is gone, by the store's recovery window, or by the Cluster's own fields where no plugin is used.
fn window(around: &Around<'_>, reading: &mut Reading) {
    let cluster = raw(around.cluster, "/metadata/name").unwrap_or_default();
    let (mut good, mut failed) = (None, None);
    if let Some(store) = around.store {
        let server = around
            .cluster
            .pointer("/spec/plugins")
            .and_then(Value::as_array)
            .and_then(|plugins| plugins.iter().find_map(|one| raw(one, "/parameters/serverName")))
            .unwrap_or(cluster);
        let window = store.pointer("/status/serverRecoveryWindow").and_then(|windows| windows.get(server));
        good = window.and_then(|window| moment(window, "/lastSuccessfulBackupTime"));
        failed = window.and_then(|window| moment(window, "/lastFailedBackupTime"));
        let keeps = shown(store, "/spec/retentionPolicy");
        reading
            .notes
            .extend(keeps.map(|keeps| format!("ObjectStore {} keeps what is younger than {keeps}.", name(store))));
    } else if store_of(around.cluster).is_some() {
        let words = format!(
            "Cluster {} archives into ObjectStore {}, which is not there: was it deleted or renamed?",
            name(around.cluster),
            store_of(around.cluster).map(crate::domain::text::clean).unwrap_or_default()
        );
        reading.breaches.push((State::Broken, words));
    } else {
        good = moment(around.cluster, "/status/lastSuccessfulBackup");
        failed = moment(around.cluster, "/status/lastFailedBackup");
    }
    let newest = reading.backups.iter().filter(|one| one.outcome == Outcome::Good).filter_map(|one| one.finished).max();
    if let Some(at) = good.filter(|at| newest.is_none_or(|newest| newest < *at)) {
        let id = format!("{cluster} of {}", at.format("%Y-%m-%d %H:%M UTC"));
        reading.backups.push(Backup {
            outcome: Outcome::Good,
            finished: Some(at),
            is_physical: true,
            ..blank(crate::domain::text::clean(&id).into(), BackupKind::Full)
        });
    }
    if let Some(at) = failed.filter(|at| good.max(newest).is_none_or(|good| good < *at)) {
        reading.breaches.push((State::Late, format!("Its last backup failed at {}.", time::written(at))));
    }
}

#[cfg(test)]
#[path = "cnpg_tests.rs"]
mod tests;
