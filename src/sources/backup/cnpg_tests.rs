use serde_json::json;

use super::*;

fn cluster(spec: &Value) -> Value {
    json!({"metadata": {"name": "orders", "creationTimestamp": "2026-11-01T00:00:00Z"}, "spec": spec, "status": {}})
}

fn declared() -> Value {
    json!({"backup": {"barmanObjectStore": {"destinationPath": "s3://b", "data": {"compression": "gzip"}}}})
}

fn made(name: &str, day: u32, phase: &str) -> Value {
    json!({"metadata": {"name": name}, "spec": {"cluster": {"name": "orders"}}, "status": {
        "phase": phase, "startedAt": format!("2026-11-{day}T02:00:00Z"), "stoppedAt": format!("2026-11-{day}T02:10:00Z"),
        "beginWal": "000000010000000000000007", "endWal": "000000010000000000000008", "encryption": "AES256", "majorVersion": 16,
    }})
}

fn nightly() -> Value {
    json!({"metadata": {"name": "nightly", "creationTimestamp": "2026-11-02T00:00:00Z"}, "spec": {"schedule": "0 30 1 * * *", "cluster": {"name": "orders"}}})
}

fn told(cluster: &Value, backups: &[Value], scheduled: &[Value], store: Option<&Value>) -> Reading {
    read(&Around { cluster, backups, scheduled, store })
}

#[test]
fn backups_are_as_they_ended_and_those_of_other_clusters_are_not_its() {
    let mut failed = made("orders-2", 25, "failed");
    failed["status"]["error"] = json!("no space\u{1b}[31m left.");
    let mut other = made("cart-1", 26, "completed");
    other["spec"]["cluster"]["name"] = json!("cart");
    let backups = [made("orders-1", 24, "completed"), failed, made("orders-3", 26, "running"), other];
    let reading = told(&cluster(&declared()), &backups, &[nightly()], None);
    let ended: Vec<_> = reading.backups.iter().map(|one| (&*one.id, one.outcome.clone())).collect();
    assert_eq!(
        ended,
        [
            ("orders-1", Outcome::Good),
            ("orders-2", Outcome::Bad("it is failed: no space[31m left".to_owned())),
            ("orders-3", Outcome::Running)
        ]
    );
    assert_eq!(reading.backups[0].wal.map(|wal| wal.stop.to_string()).as_deref(), Some("000000010000000000000008"));
    assert_eq!(
        (reading.encryption.as_deref(), reading.compression.as_deref()),
        (Some("AES256"), Some("gzip (as declared)"))
    );
    assert_eq!(reading.schedule, Schedule::read("30 1 * * *", None).ok(), "the first field is of seconds");
    assert_eq!((reading.is_suspended, &reading.breaches[..]), (false, &[][..]));
    assert_eq!(reading.since, time::read("2026-11-02T00:00:00Z"));
}

#[test]
fn a_cluster_that_declares_what_nothing_performs_is_broken() {
    let breach = |cluster: &Value, scheduled: &[Value]| {
        let reading = told(cluster, &[made("by-hand", 24, "completed")], scheduled, None);
        reading.breaches.first().map(|(state, words)| (*state, words.clone()))
    };
    let (state, words) = breach(&cluster(&declared()), &[]).expect("a breach");
    assert_eq!(state, State::Broken);
    assert!(words.contains("no ScheduledBackup performs them"), "{words}");
    assert!(breach(&cluster(&json!({})), &[]).expect("a breach").1.contains("declares no backups"));
    assert!(breach(&cluster(&json!({})), &[nightly()]).expect("a breach").1.contains("none can succeed"));
    assert_eq!(breach(&cluster(&declared()), &[nightly()]), None);
}

#[test]
fn a_plugin_tells_by_its_store_alone() {
    let plugged = cluster(&json!({"plugins": [{"name": PLUGIN, "parameters": {"barmanObjectName": "vault"}}]}));
    let store = json!({"metadata": {"name": "vault"}, "spec": {"retentionPolicy": "30d"}, "status": {"serverRecoveryWindow": {"orders": {
        "firstRecoverabilityPoint": "2026-10-25T02:00:00Z", "lastSuccessfulBackupTime": "2026-11-25T02:10:00Z", "lastFailedBackupTime": "2026-11-26T02:10:00Z"
    }}}});
    let reading = told(&plugged, &[made("orders-1", 24, "completed")], &[nightly()], Some(&store));
    assert_eq!(reading.backups.len(), 2, "its Backup is gone, and the store remembers it: {:?}", reading.backups);
    assert_eq!(reading.breaches, [(State::Late, "Its last backup failed at 2026-11-26T02:10:00Z.".to_owned())]);
    assert!(reading.notes[0].contains("keeps what is younger than 30d"), "{:?}", reading.notes);
    let gone = told(&plugged, &[], &[nightly()], None);
    assert!(gone.breaches[0].1.contains("ObjectStore vault, which is not there"), "{:?}", gone.breaches);
}

#[test]
fn what_is_paused_fails_or_cannot_be_read_is_said() {
    let mut rests = nightly();
    rests["spec"]["suspend"] = json!(true);
    assert!(told(&cluster(&declared()), &[], &[rests.clone()], None).is_suspended);
    assert!(!told(&cluster(&declared()), &[], &[rests, nightly()], None).is_suspended, "the other one goes on");
    let mut odd = nightly();
    odd["spec"]["schedule"] = json!("30 1 * * *");
    assert!(told(&cluster(&declared()), &[], &[odd], None).troubles[0].contains("six fields"));
    let mut failing = cluster(&declared());
    failing["status"]["conditions"] =
        json!([{"type": "ContinuousArchiving", "status": "False", "message": "exit status 1."}]);
    let words = &told(&failing, &[], &[nightly()], None).breaches[0].1;
    assert!(words.starts_with("WAL is not archived: exit status 1. Moments"), "{words}");
    let mut older = made("orders-0", 23, "completed");
    older["status"]["majorVersion"] = json!(15);
    let mixed = told(&cluster(&declared()), &[older, made("orders-1", 24, "completed")], &[nightly()], None);
    assert!(mixed.troubles[0].contains("PostgreSQL 15 and 16"), "{:?}", mixed.troubles);
}

#[test]
fn an_empty_or_foreign_object_costs_nothing_but_itself() {
    let reading = told(&json!({}), &[json!(null), json!({"spec": 1})], &[json!([])], None);
    assert_eq!(reading.backups, []);
}
