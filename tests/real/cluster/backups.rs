//! What makes backups in a cluster, on the real API server: objects of the kinds that Velero and the Barman Cloud plugin publish, of
//! CloudNativePG's by minimal ones of ours, and of CronJobs. No operator is at work here: what one writes, the test writes.

use chrono::{Duration, Timelike, Utc};
use serde_json::{Value, json};

use crate::support::console::{Console, Grant, config};
use crate::support::process::{Running, wait_until};
use crate::support::shop::{PATIENCE, Shop, kinds};

/// A kind of ours, for what cannot be had.
fn kind_of_ours(kind: &str, plural: &str) -> Value {
    json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": format!("{plural}.postgresql.cnpg.io")},
        "spec": {"group": "postgresql.cnpg.io", "scope": "Namespaced", "names": {"kind": kind, "plural": plural, "singular": kind.to_lowercase()},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}]}})
}

/// Lets the viewer look at the kinds of a group, and whoever is on call make them too.
fn permit(shop: &Shop, group: &str) {
    let name = format!("look-at-{group}");
    shop.apply(&json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": name},
        "rules": [{"apiGroups": [group], "resources": ["*"], "verbs": ["get", "list", "create"]}]}));
    shop.apply(
        &json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": name},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "viewer"}, {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "oncall"}]}),
    );
}

/// Puts an object there with the status its operator would write.
fn put(shop: &Shop, api: &str, kind: &str, name: &str, parts: &Value) {
    let mut object = json!({"apiVersion": api, "kind": kind});
    object.as_object_mut().expect("an object").extend(parts.as_object().cloned().expect("an object"));
    object["metadata"]["name"] = json!(name);
    shop.apply(&object);
    // Of kinds that keep the status apart, what was applied has none.
    let plural = format!("{}.{}", kind.to_lowercase(), api.split('/').next().unwrap_or_default());
    let patch = json!({"status": object["status"]}).to_string();
    let _ = shop.kubectl(&["patch", &plural, name, "--type=merge", "--subresource=status", "-p", &patch]);
}

fn serve(shop: &Shop, what: &[&str]) {
    for kind in what {
        wait_until("the kind to be served", PATIENCE, || (shop.kubectl(&["get", kind]).code == Some(0)).then_some(()));
    }
}

/// A console of the viewer with one set.
fn looking(shop: &Shop, set: &str) -> Console {
    let text = format!(
        "{}\n[backup.orders]\n{set}\nschedule = \"0 {} * * *\"\n",
        config("viewer", &shop.name, Grant::Read),
        (Utc::now().hour() + 12) % 24
    );
    Console::with(&shop.plane.kubeconfig("viewer", &shop.name), &text)
}

fn listed(console: &Console) -> (Value, String) {
    let finished = console.run(&["backup", "list", "--output", "json"]);
    let said: Value = serde_json::from_str(&finished.stdout).unwrap_or_else(|_| panic!("{finished:?}"));
    (said[0].clone(), console.run(&["backup", "list"]).stdout)
}

/// The last moment a backup was due, as the API writes times, and ten minutes behind it.
fn night() -> (String, String) {
    let now = Utc::now();
    let due = now.date_naive().and_hms_opt((now.hour() + 12) % 24, 0, 0).expect("a time").and_utc();
    let due = if due <= now { due } else { due - Duration::days(1) };
    let written = |at: chrono::DateTime<Utc>| at.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    (written(due), written(due + Duration::minutes(10)))
}

#[test]
fn velero_counts_with_what_it_moved_of_volumes() {
    let folder = kinds("velero");
    let shop = Shop::open("backups-velero");
    let console = looking(
        &shop,
        &format!("velero = {{ schedule = \"nightly\", namespace = \"{}\" }}\nkind = \"files\"", shop.name),
    );
    shop.kubectl(&["apply", "--server-side", "-f", &folder.display().to_string()]).good("the kinds");
    serve(&shop, &["backups.velero.io", "schedules.velero.io", "podvolumebackups.velero.io", "datauploads.velero.io"]);
    let (said, table) = listed(&console);
    assert_eq!(said["state"], json!("unknown"), "who may not look knows nothing: {table}");
    permit(&shop, "velero.io");
    let (said, table) = listed(&console);
    assert!(said["state"] == json!("unknown") && table.contains("There is no Schedule nightly"), "{table}");

    let (began, ended) = night();
    let v1 = "velero.io/v1";
    put(
        &shop,
        v1,
        "Schedule",
        "nightly",
        &json!({"metadata": {}, "spec": {"schedule": "0 2 * * *", "template": {"includedNamespaces": ["shop"]}}, "status": {"phase": "Enabled"}}),
    );
    put(
        &shop,
        v1,
        "Backup",
        "nightly-1",
        &json!({"metadata": {"labels": {"velero.io/schedule-name": "nightly"}}, "spec": {"includedNamespaces": ["shop"]},
        "status": {"phase": "Completed", "startTimestamp": began, "completionTimestamp": ended}}),
    );
    let (said, table) = listed(&console);
    assert_eq!(
        (&said["state"], &said["kind"], &said["last_good_at"]),
        (&json!("ok"), &json!("files"), &json!(ended)),
        "{table}"
    );

    put(
        &shop,
        v1,
        "PodVolumeBackup",
        "nightly-1-x",
        &json!({"metadata": {"labels": {"velero.io/backup-name": "nightly-1"}},
        "spec": {"backupStorageLocation": "default", "node": "node-1", "pod": {"name": "db-0"}, "repoIdentifier": "r", "volume": "data"},
        "status": {"phase": "Failed", "message": "no space left"}}),
    );
    let (said, table) = listed(&console);
    assert_eq!(said["state"], json!("broken"), "{table}");
    assert!(table.contains("it is Completed, but its PodVolumeBackup nightly-1-x is Failed: no space left"), "{table}");
}

#[test]
fn a_cluster_of_cloud_native_pg_is_judged_by_its_backups_and_its_store() {
    let folder = kinds("barmancloud");
    let shop = Shop::open("backups-cnpg");
    let console = looking(&shop, &format!("cloudnativepg = {{ cluster = \"orders\", namespace = \"{}\" }}", shop.name));
    for (kind, plural) in [("Cluster", "clusters"), ("Backup", "backups"), ("ScheduledBackup", "scheduledbackups")] {
        shop.apply(&kind_of_ours(kind, plural));
    }
    shop.kubectl(&["apply", "--server-side", "-f", &folder.display().to_string()]).good("the kinds");
    serve(
        &shop,
        &[
            "clusters.postgresql.cnpg.io",
            "backups.postgresql.cnpg.io",
            "scheduledbackups.postgresql.cnpg.io",
            "objectstores.barmancloud.cnpg.io",
        ],
    );
    permit(&shop, "postgresql.cnpg.io");
    permit(&shop, "barmancloud.cnpg.io");
    let (said, table) = listed(&console);
    assert!(said["state"] == json!("unknown") && table.contains("There is no Cluster orders"), "{table}");

    let api = "postgresql.cnpg.io/v1";
    put(
        &shop,
        api,
        "Cluster",
        "orders",
        &json!({"metadata": {}, "spec": {"instances": 3,
        "plugins": [{"name": "barman-cloud.cloudnative-pg.io", "isWALArchiver": true, "parameters": {"barmanObjectName": "vault"}}]}, "status": {}}),
    );
    let (said, table) = listed(&console);
    assert_eq!(said["state"], json!("broken"), "{table}");
    assert!(table.contains("no ScheduledBackup performs them"), "{table}");

    let (began, ended) = night();
    put(
        &shop,
        api,
        "ScheduledBackup",
        "nightly",
        &json!({"metadata": {}, "spec": {"schedule": "0 0 2 * * *", "cluster": {"name": "orders"}, "method": "plugin"}, "status": {}}),
    );
    put(
        &shop,
        "barmancloud.cnpg.io/v1",
        "ObjectStore",
        "vault",
        &json!({"metadata": {}, "spec": {"retentionPolicy": "30d",
        "configuration": {"destinationPath": "s3://b/", "data": {"compression": "gzip"}}},
        "status": {"serverRecoveryWindow": {"orders": {"firstRecoverabilityPoint": began, "lastSuccessfulBackupTime": ended}}}}),
    );
    put(
        &shop,
        api,
        "Backup",
        "nightly-1",
        &json!({"metadata": {}, "spec": {"cluster": {"name": "orders"}, "method": "plugin"},
        "status": {"phase": "failed", "error": "exit status 1", "startedAt": began}}),
    );
    let (said, table) = listed(&console);
    assert_eq!(
        (&said["state"], &said["last_good_at"]),
        (&json!("ok"), &json!(ended)),
        "the store remembers one whose Backup is gone: {table}"
    );
    assert!(table.contains("Backup nightly-1 cannot be restored: it is failed: exit status 1"), "{table}");
}

#[test]
fn cron_jobs_with_a_label_are_one_set_and_a_run_that_wrote_nothing_is_none() {
    let shop = Shop::open("backups-labels");
    let console = looking(&shop, &format!("cron_job = {{ label = \"backup=yes\", namespace = \"{}\" }}", shop.name));
    let (said, table) = listed(&console);
    assert!(
        said["state"] == json!("unknown") && table.contains("There is no CronJob with the label backup=yes"),
        "{table}"
    );
    shop.apply(
        &json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "dump", "labels": {"backup": "yes"}},
        "spec": {"schedule": "0 2 * * *", "jobTemplate": {"spec": {"backoffLimit": 0, "template": {
            "metadata": {"annotations": {"quarterdeck.test/behaviour": "ends-well"}},
            "spec": {"restartPolicy": "Never", "containers": [{"name": "dump", "image": "dump:1"}]}}}}}}),
    );
    shop.kubectl(&["create", "job", "--from=cronjob/dump", "dump-1"]).good("a run");
    let said = wait_until("the run to be a backup", PATIENCE, || {
        let (said, _) = listed(&console);
        said["last_good_at"].is_string().then_some(said)
    });
    assert_eq!(said["state"], json!("ok"), "{said}");
    let recorded = console.run(&["record", "backup", "orders", "--bytes", "20"]);
    assert_eq!(recorded.code, Some(0), "{recorded:?}");
    let (said, table) = listed(&console);
    assert_eq!((&said["state"], &said["last_good_at"]), (&json!("broken"), &Value::Null), "{table}");
    assert!(table.contains("almost nothing was written"), "{table}");
}

/// A console that may act, with one set.
fn acting(shop: &Shop, set: &str) -> Console {
    let text = format!("{}\n[backup.orders]\n{set}\n", config("oncall", &shop.name, Grant::Write));
    Console::with(&shop.plane.kubeconfig("oncall", &shop.name), &text)
}

/// Carries out what is planned for the set, while its operator says that it has begun what was made.
fn asked(console: &Console, begins: impl Fn(&str)) -> (Value, String) {
    let finished = console.run(&["plan", "back-up-now", "orders", "--output", "json"]);
    let plan: Value = serde_json::from_str(&finished.stdout).unwrap_or_else(|_| panic!("{finished:?}"));
    assert_eq!(plan["refusals"], json!([]), "{plan}");
    let name = plan["targets"][0]["given"]["name"].as_str().unwrap_or_else(|| panic!("{plan}")).to_owned();
    std::fs::write(console.path("plan.json"), plan.to_string()).expect("room");
    let file = console.path("plan.json").display().to_string();
    let applying = Running::start(console.command(&["apply", &file, "--confirm", "BACK-UP"]), "");
    begins(&name);
    let applied = applying.finish(PATIENCE);
    assert_eq!(applied.code, Some(0), "{applied:?}");
    (plan, name)
}

#[test]
fn a_backup_is_asked_for_as_whoever_makes_it_wants_it() {
    let shop = Shop::open("backups-now");
    for (kind, plural) in [("Cluster", "clusters"), ("Backup", "backups"), ("ScheduledBackup", "scheduledbackups")] {
        shop.apply(&kind_of_ours(kind, plural));
    }
    serve(&shop, &["clusters.postgresql.cnpg.io", "backups.postgresql.cnpg.io"]);
    permit(&shop, "postgresql.cnpg.io");
    let console = acting(&shop, &format!("cloudnativepg = {{ cluster = \"orders\", namespace = \"{}\" }}", shop.name));
    let none = console.run(&["plan", "back-up-now", "orders"]);
    assert!(format!("{none:?}").contains("there is no Cluster orders"), "{none:?}");
    let spec = json!({"metadata": {}, "spec": {"plugins": [{"name": "barman-cloud.cloudnative-pg.io", "parameters": {"barmanObjectName": "vault"}}]}});
    put(&shop, "postgresql.cnpg.io/v1", "Cluster", "orders", &spec);
    let made = |resource: &str, name: &str| {
        wait_until("it to be made", PATIENCE, || {
            let found = shop.kubectl(&["get", resource, name, "-o", "json"]);
            serde_json::from_str::<Value>(&found.stdout).ok().filter(|_| found.code == Some(0))
        })
    };
    let (_, name) = asked(&console, |name| {
        let object = made("backups.postgresql.cnpg.io", name);
        assert_eq!(
            object["spec"],
            json!({"cluster": {"name": "orders"}, "method": "plugin", "pluginConfiguration": {"name": "barman-cloud.cloudnative-pg.io"}})
        );
        shop.kubectl(&[
            "patch",
            "backups.postgresql.cnpg.io",
            name,
            "--type=merge",
            "-p",
            r#"{"status":{"phase":"running"}}"#,
        ])
        .good("patch");
    });
    assert!(name.starts_with("orders-manual-"), "{name}");

    let dump = json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "dump"},
        "spec": {"schedule": "0 2 * * *", "jobTemplate": {"spec": {"backoffLimit": 0, "template": {
            "metadata": {"annotations": {"quarterdeck.test/behaviour": "ends-well"}},
            "spec": {"restartPolicy": "Never", "containers": [{"name": "dump", "image": "dump:1"}]}}}}}});
    shop.apply(&dump);
    let console = acting(&shop, &format!("cron_job = {{ name = \"dump\", namespace = \"{}\" }}", shop.name));
    asked(&console, |name| {
        let job = made("jobs", name);
        assert_eq!(
            job["metadata"]["annotations"]["cronjob.kubernetes.io/instantiate"],
            json!("manual"),
            "as kubectl marks it"
        );
        assert_eq!(job["metadata"]["ownerReferences"][0]["name"], json!("dump"));
    });

    let folder = kinds("velero");
    shop.kubectl(&["apply", "--server-side", "-f", &folder.display().to_string()]).good("the kinds");
    serve(&shop, &["backups.velero.io", "schedules.velero.io"]);
    permit(&shop, "velero.io");
    put(
        &shop,
        "velero.io/v1",
        "Schedule",
        "nightly",
        &json!({"metadata": {}, "spec": {"schedule": "0 2 * * *", "template": {"includedNamespaces": ["shop"], "ttl": "720h0m0s"}}}),
    );
    let console = acting(&shop, &format!("velero = {{ schedule = \"nightly\", namespace = \"{}\" }}", shop.name));
    asked(&console, |name| {
        let object = made("backups.velero.io", name);
        assert_eq!(object["metadata"]["labels"]["velero.io/schedule-name"], json!("nightly"));
        assert_eq!(object["spec"]["ttl"], json!("720h0m0s"), "what its template says: {object}");
        shop.kubectl(&[
            "patch",
            "backups.velero.io",
            name,
            "--type=merge",
            "-p",
            r#"{"status":{"phase":"InProgress"}}"#,
        ])
        .good("patch");
    });
}
