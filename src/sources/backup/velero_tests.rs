use serde_json::json;

use super::*;

fn schedule() -> Value {
    json!({"metadata": {"name": "nightly", "creationTimestamp": "2026-11-01T00:00:00Z"}, "spec": {"schedule": "0 2 * * *", "template": {}}, "status": {"phase": "Enabled"}})
}

fn made(name: &str, phase: &str) -> Value {
    json!({"metadata": {"name": name}, "spec": {}, "status": {"phase": phase, "startTimestamp": "2026-11-24T02:00:00Z", "completionTimestamp": "2026-11-24T02:20:00Z"}})
}

fn moved(of: &str, name: &str, phase: &str) -> Value {
    json!({"metadata": {"name": name, "labels": {OF_BACKUP: of}}, "status": {"phase": phase, "message": "disk full", "progress": {"bytesDone": 1_000}}})
}

fn told(backups: &[Value], volumes: &[Value], uploads: &[Value]) -> Reading {
    let schedule = schedule();
    read(
        &Around { schedule: &schedule, backups, volumes: Ok(volumes), uploads: Ok(uploads), places: &[] },
        BackupKind::Files,
    )
}

fn why(reading: &Reading) -> String {
    match &reading.backups[0].outcome {
        Outcome::Bad(why) => why.clone(),
        other => format!("{other:?}"),
    }
}

#[test]
fn completed_counts_only_with_what_it_moved_of_volumes() {
    let good =
        told(&[made("n-1", "Completed")], &[moved("n-1", "v-1", "Completed")], &[moved("n-1", "u-1", "Completed")]);
    assert_eq!((good.backups[0].outcome.clone(), good.backups[0].bytes), (Outcome::Good, Some(2_000)));
    let bare = told(&[made("n-1", "Completed")], &[moved("n-2", "v-1", "Failed")], &[]);
    assert_eq!(
        (bare.backups[0].outcome.clone(), bare.backups[0].bytes),
        (Outcome::Good, None),
        "that was another one's"
    );
    let volume = told(&[made("n-1", "Completed")], &[moved("n-1", "v-1", "Failed")], &[]);
    assert_eq!(why(&volume), "it is Completed, but its PodVolumeBackup v-1 is Failed: disk full");
    let upload = told(&[made("n-1", "Completed")], &[], &[moved("n-1", "u-1", "Canceled")]);
    assert_eq!(why(&upload), "it is Completed, but its DataUpload u-1 is Canceled: disk full");
    let mut short = made("n-1", "Completed");
    short["status"]["csiVolumeSnapshotsAttempted"] = json!(3);
    short["status"]["csiVolumeSnapshotsCompleted"] = json!(2);
    assert_eq!(why(&told(&[short.clone()], &[], &[])), "it is Completed, but 2 of 3 CSI snapshots are");
    short["status"]["csiVolumeSnapshotsCompleted"] = json!(3);
    short["spec"]["snapshotMoveData"] = json!(true);
    assert!(why(&told(&[short], &[], &[])).contains("no DataUpload moved its 3 snapshots"));
}

#[test]
fn what_failed_has_a_time_of_completion_too_and_is_none() {
    let mut failed = made("n-1", "PartiallyFailed");
    failed["status"]["errors"] = json!(4);
    assert_eq!(why(&told(&[failed], &[], &[])), "it is PartiallyFailed (4 errors)");
    for phase in ["New", "InProgress", "WaitingForPluginOperations", "FinalizingPartiallyFailed"] {
        assert_eq!(why(&told(&[made("n-1", phase)], &[], &[])), "Running", "{phase}");
    }
}

#[test]
fn what_could_not_be_read_leaves_nothing_green() {
    let schedule = schedule();
    let reading = read(
        &Around {
            schedule: &schedule,
            backups: &[made("n-1", "Completed")],
            volumes: Err("you may not list podvolumebackups."),
            uploads: Ok(&[]),
            places: &[
                json!({"metadata": {"name": "far"}, "spec": {"default": true}, "status": {"phase": "Unavailable", "message": "no such bucket"}}),
            ],
        },
        BackupKind::Files,
    );
    assert!(reading.troubles[0].contains("Completed alone says nothing about them"), "{:?}", reading.troubles);
    assert!(
        reading.troubles[1].contains("BackupStorageLocation far is Unavailable (no such bucket)"),
        "{:?}",
        reading.troubles
    );
}

#[test]
fn a_schedule_that_rests_or_is_not_accepted_is_said() {
    let mut rests = schedule();
    rests["spec"]["paused"] = json!(true);
    rests["status"] = json!({"phase": "FailedValidation", "validationErrors": ["invalid schedule"]});
    let reading = read(
        &Around { schedule: &rests, backups: &[], volumes: Ok(&[]), uploads: Ok(&[]), places: &[] },
        BackupKind::Files,
    );
    assert!(reading.is_suspended);
    assert_eq!(reading.breaches[0].1, "Velero does not accept Schedule nightly: invalid schedule. It makes no backup.");
    let mut warned = made("n-1", "Completed");
    warned["status"]["warnings"] = json!(2);
    assert!(told(&[warned], &[], &[]).notes[0].contains("ended with 2 warnings"));
}
