//! CronJobs and Jobs found by a label: their runs are the backups of one set, each as it ended.

use std::collections::BTreeSet;

use serde_json::Value;

use super::objects::{blank, condition, moment, name, part, raw};
use crate::domain::backup::{Backup, BackupKind, Outcome, Reading};
use crate::domain::job::Schedule;

/// What the runs of a job do not say.
const WROTE: &str = "That a run ended well says that it exited 0: how much it wrote is known where its script ends in quarterdeck record backup SET --bytes N.";

/// What is read of CronJobs and Jobs that bear the label, and of every Job of their namespaces.
pub(super) fn read(crons: &[Value], jobs: &[Value], is_labelled: impl Fn(&Value) -> bool, kind: BackupKind) -> Reading {
    let uids: BTreeSet<&str> = crons.iter().filter_map(|object| raw(object, "/metadata/uid")).collect();
    let is_run = |object: &&Value| {
        let owners = object.pointer("/metadata/ownerReferences").and_then(Value::as_array);
        let is_owned =
            owners.into_iter().flatten().filter_map(|owner| raw(owner, "/uid")).any(|uid| uids.contains(uid));
        is_owned || is_labelled(object)
    };
    let is_suspended = |object: &&Value| object.pointer("/spec/suspend").and_then(Value::as_bool) == Some(true);
    let mut reading = Reading {
        backups: jobs.iter().filter(is_run).map(|object| run(object, kind)).collect(),
        is_suspended: !crons.is_empty() && crons.iter().all(|object| is_suspended(&object)),
        since: crons.iter().filter_map(|object| moment(object, "/metadata/creationTimestamp")).min(),
        ..Reading::default()
    };
    let mut awake = crons.iter().filter(|object| !is_suspended(object)).chain(crons);
    reading.schedule =
        awake.find_map(|object| Schedule::read(raw(object, "/spec/schedule")?, raw(object, "/spec/timeZone")).ok());
    // Jobs go after a while; the controller remembers the last that succeeded.
    let newest = reading.backups.iter().filter(|one| one.outcome == Outcome::Good).filter_map(|one| one.finished).max();
    let remembered = crons
        .iter()
        .filter_map(|object| Some((moment(object, "/status/lastSuccessfulTime")?, object)))
        .max_by_key(|(at, _)| *at);
    if let Some((at, object)) = remembered.filter(|(at, _)| newest.is_none_or(|newest| newest < *at)) {
        let id = format!("{} of {}", name(object), at.format("%Y-%m-%d %H:%M UTC"));
        reading.backups.push(Backup { outcome: Outcome::Good, finished: Some(at), ..blank(id.into(), kind) });
    }
    if !reading.backups.is_empty() {
        reading.notes.push(WROTE.to_owned());
    }
    reading
}

fn run(object: &Value, kind: BackupKind) -> Backup {
    let failed = condition(object, "Failed").filter(|(is_so, _)| *is_so);
    let is_complete = condition(object, "Complete").is_some_and(|(is_so, _)| is_so);
    let outcome = match failed {
        Some((_, why)) => Outcome::Bad(format!("it failed: {}", part(&why))),
        None if is_complete => Outcome::Good,
        None => Outcome::Running,
    };
    Backup {
        outcome,
        began: moment(object, "/status/startTime"),
        finished: moment(object, "/status/completionTime"),
        ..blank(name(object), kind)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn runs_of_a_labelled_cron_job_are_backups_and_so_are_labelled_jobs() {
        let cron = json!({"metadata": {"name": "dump", "uid": "c", "creationTimestamp": "2026-11-01T00:00:00Z"},
            "spec": {"schedule": "30 1 * * *", "timeZone": "Asia/Tokyo"}, "status": {"lastSuccessfulTime": "2026-11-26T01:40:00Z"}});
        let run = |name: &str, owner: &str, labels: Value, condition: &str| {
            json!({"metadata": {"name": name, "labels": labels, "ownerReferences": [{"uid": owner}]},
                "status": {"startTime": "2026-11-24T01:30:00Z", "completionTime": "2026-11-24T01:40:00Z",
                    "conditions": [{"type": condition, "status": "True", "message": "too slow."}]}})
        };
        let jobs = [
            run("dump-1", "c", json!({}), "Complete"),
            run("dump-2", "c", json!({}), "Failed"),
            run("other", "x", json!({}), "Complete"),
            run("by-hand", "x", json!({"backup": "yes"}), "Complete"),
        ];
        let is_labelled = |object: &Value| raw(object, "/metadata/labels/backup") == Some("yes");
        let reading = read(&[cron], &jobs, is_labelled, BackupKind::Full);
        let told: Vec<_> = reading.backups.iter().map(|one| (&*one.id, one.outcome.clone())).collect();
        assert_eq!(
            told,
            [
                ("dump-1", Outcome::Good),
                ("dump-2", Outcome::Bad("it failed: too slow".to_owned())),
                ("by-hand", Outcome::Good),
                ("dump of 2026-11-26 01:40 UTC", Outcome::Good)
            ]
        );
        assert_eq!(reading.schedule, Schedule::read("30 1 * * *", Some("Asia/Tokyo")).ok());
        assert!(!reading.is_suspended && reading.notes.len() == 1);
    }
}
