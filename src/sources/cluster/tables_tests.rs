use super::*;
use crate::sources::cluster::feed::Resource;
use crate::sources::cluster::rows::{ControllerRevisions, Deployments, Pods, ReplicaSets, StatefulSets};
use crate::sources::cluster::wire::Interner;

fn at(seconds: i64) -> Instant {
    chrono::DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap_or_default()
}

fn row<R: Resource>(json: &str) -> Row
where
    for<'a> R::Wire<'a>: serde::Deserialize<'a>,
{
    let wire: R::Wire<'_> = serde_json::from_str(json).expect("test object");
    R::row(&wire, &mut Interner::default()).expect("test row")
}

fn deployment(version: u64, available: u32) -> Row {
    row::<Deployments>(&format!(
        r#"{{"metadata":{{"name":"api","namespace":"shop","uid":"d","generation":2,"resourceVersion":"{version}","annotations":{{"deployment.kubernetes.io/revision":"2"}}}},
            "spec":{{"replicas":3,"template":{{"spec":{{"containers":[{{"name":"api","image":"api:2"}}]}}}}}},
            "status":{{"observedGeneration":2,"replicas":3,"updatedReplicas":3,"readyReplicas":{available},"availableReplicas":{available}}}}}"#
    ))
}

fn set(uid: &str, revision: u32, image: &str, replicas: u32) -> Row {
    row::<ReplicaSets>(&format!(
        r#"{{"metadata":{{"name":"api-{uid}","uid":"{uid}","resourceVersion":"5","creationTimestamp":"2026-11-24T03:00:00Z","annotations":{{"deployment.kubernetes.io/revision":"{revision}"}},
            "ownerReferences":[{{"uid":"d","controller":true}}]}},"spec":{{"template":{{"spec":{{"containers":[{{"name":"api","image":"{image}"}}]}}}}}},"status":{{"replicas":{replicas}}}}}"#
    ))
}

fn pod(uid: &str, owner: &str, version: u64, reason: &str) -> Row {
    row::<Pods>(&format!(
        r#"{{"metadata":{{"name":"api-{uid}","uid":"{uid}","resourceVersion":"{version}","labels":{{"pod-template-hash":"h"}},"ownerReferences":[{{"uid":"{owner}","controller":true}}]}},
            "status":{{"containerStatuses":[{{"name":"api","state":{{"waiting":{{"reason":"{reason}"}}}}}}]}}}}"#
    ))
}

fn tables(rows: Vec<Row>) -> Tables {
    let mut tables = Tables::new("production".into(), Arc::default());
    for row in rows {
        tables.upsert(0, row);
    }
    tables.settle(at(100));
    tables
}

fn verdict(tables: &Tables) -> Option<Verdict> {
    tables.rows().first().map(|row| row.verdict)
}

#[test]
fn pods_are_joined_whatever_comes_first() {
    let blocked = || pod("p", "new", 6, "ImagePullBackOff");
    for rows in [
        vec![deployment(7, 2), set("new", 2, "api:2", 3), blocked()],
        vec![blocked(), set("new", 2, "api:2", 3), deployment(7, 2)],
        vec![set("new", 2, "api:2", 3), deployment(7, 2), blocked()],
    ] {
        assert_eq!(verdict(&tables(rows)), Some(Verdict::Stuck));
    }
}

#[test]
fn a_pod_of_the_old_revision_blocks_nothing() {
    let tables = tables(vec![
        deployment(7, 2),
        set("new", 2, "api:2", 2),
        set("old", 1, "api:1", 1),
        pod("p", "old", 6, "CrashLoopBackOff"),
    ]);
    assert_eq!(verdict(&tables), Some(Verdict::Progressing));
    assert_eq!(tables.rows()[0].old_images.first().map(AsRef::as_ref), Some("api:1"));
}

#[test]
fn the_pods_of_a_release_are_told_from_those_before_it_while_both_are_there() {
    let ready = |uid: &str, owner: &str| {
        let Row::Pod(mut pod) = pod(uid, owner, 6, "Running") else { panic!("it is a pod") };
        pod.pod.is_ready = true;
        Row::Pod(pod)
    };
    let with = |pods: Vec<Row>| {
        let moving = [deployment(7, 2), set("new", 2, "api:2", 1), set("old", 1, "api:1", 1)];
        tables(moving.into_iter().chain(pods).collect()).rows()[0].sides.clone()
    };
    let sides = with(vec![ready("b", "old"), ready("c", "new"), ready("a", "old")]).expect("both are there");
    let names = |side: &[Arc<str>]| side.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    assert_eq!((names(&sides.new), names(&sides.old)), ("api-c".to_owned(), "api-a api-b".to_owned()));
    assert_eq!(with(vec![ready("c", "new")]), None, "nothing to compare with");
    assert_eq!(with(vec![pod("c", "new", 6, "CrashLoopBackOff"), ready("a", "old")]), None, "no new pod serves");
}

#[test]
fn a_list_replaces_what_was_known_whatever_its_versions() {
    let mut tables = tables(vec![deployment(9, 3), set("new", 2, "api:2", 3)]);
    tables.upsert(1, pod("p", "new", 9, "Running"));
    tables.settle(at(100));
    // etcd was restored: the same objects, with lower versions.
    tables.replace(0, vec![deployment(4, 0), set("new", 2, "api:1", 3)]);
    tables.replace(1, vec![pod("p", "new", 3, "ImagePullBackOff")]);
    assert!(tables.settle(at(101)));
    let row = tables.rows()[0].clone();
    assert_eq!((row.counts.available, row.verdict), (0, Verdict::Stuck));
    tables.upsert(0, deployment(5, 1));
    tables.settle(at(102));
    assert_eq!(tables.rows()[0].counts.available, 1, "and what follows counts");
}

#[test]
fn a_new_list_forgets_what_it_does_not_hold_and_only_of_its_own_feed() {
    let mut tables = tables(vec![deployment(7, 2), set("new", 2, "api:2", 3)]);
    tables.upsert(1, pod("p", "new", 6, "ImagePullBackOff"));
    tables.settle(at(100));
    assert_eq!(verdict(&tables), Some(Verdict::Stuck));
    tables.replace(1, Vec::new());
    assert!(tables.settle(at(101)));
    assert_eq!(verdict(&tables), Some(Verdict::Progressing));
    tables.replace(0, Vec::new());
    tables.settle(at(102));
    assert!(tables.rows().is_empty());
}

#[test]
fn why_a_volume_does_not_come_is_the_reason_of_a_pod_that_waits_for_it() {
    let creating = || {
        let Row::Pod(mut pod) = pod("p", "new", 6, "ContainerCreating") else { panic!("it is a pod") };
        pod.pod.created_at = Some(at(0));
        Row::Pod(pod)
    };
    let mut tables = tables(vec![deployment(7, 2), set("new", 2, "api:2", 3), creating()]);
    let reason = |tables: &mut Tables| {
        tables.settle(at(600));
        tables.rows()[0].reason.as_deref().unwrap_or_default().to_owned()
    };
    assert!(reason(&mut tables).starts_with("ContainerCreating: pod api-p: container api waits"));
    let said = Blocked { reason: "FailedAttachVolume".into(), message: "Multi-Attach error".into() };
    tables.surround("shop".into(), Some(Around { volumes: vec![("p".into(), said)], ..Around::default() }));
    assert!(reason(&mut tables).starts_with("FailedAttachVolume: pod api-p: Multi-Attach error"));
    tables.upsert(0, creating());
    assert!(reason(&mut tables).starts_with("FailedAttachVolume"), "a further word on the pod forgets nothing");
    tables.surround("other".into(), Some(Around::default()));
    tables.surround("shop".into(), None);
    assert!(reason(&mut tables).starts_with("FailedAttachVolume"), "what could not be read changes nothing");
    tables.surround("shop".into(), Some(Around::default()));
    assert!(reason(&mut tables).starts_with("ContainerCreating"), "it is not said any more");
}

#[test]
fn nothing_changed_means_nothing_to_draw() {
    let mut tables = tables(vec![deployment(7, 3), set("new", 2, "api:2", 3)]);
    tables.upsert(0, deployment(8, 3));
    assert!(!tables.settle(at(101)));
}

#[test]
fn a_thousand_pods_come_and_go_without_a_trace() {
    let mut tables = tables(vec![deployment(7, 3), set("new", 2, "api:2", 3)]);
    for number in 0..1_000 {
        tables.upsert(0, pod(&format!("p{number}"), "new", 6, "ContainerCreating"));
    }
    for number in 0..1_000 {
        tables.delete(&format!("p{number}").as_str().into());
    }
    assert_eq!((tables.pods(), tables.fed_by.len(), tables.pods_of.len()), (0, 2, 0));
}

#[test]
fn a_release_is_told_once_and_again_when_it_is_fully_available() {
    let mut tables = tables(vec![deployment(7, 1), set("new", 2, "api:2", 3), set("old", 1, "api:1", 0)]);
    let told = |tables: &mut Tables| -> Vec<(String, Option<u64>, bool)> {
        let news = tables.newly_released();
        news.iter().map(|release| (release.revision_uid.to_string(), release.number, release.is_healthy)).collect()
    };
    assert_eq!(told(&mut tables), [("new".to_owned(), Some(2), false)]);
    tables.upsert(0, deployment(8, 3));
    tables.settle(at(101));
    assert_eq!(told(&mut tables), [("new".to_owned(), Some(2), true)], "seen fully available");
    tables.upsert(0, deployment(9, 3));
    tables.settle(at(102));
    assert_eq!(told(&mut tables), [], "each is told once");
}

#[test]
fn a_stateful_set_is_joined_with_its_revisions_and_its_own_pods() {
    let set = row::<StatefulSets>(
        r#"{"metadata":{"name":"db","namespace":"shop","uid":"s","generation":2,"resourceVersion":"9"},
            "spec":{"replicas":3,"updateStrategy":{"type":"RollingUpdate","rollingUpdate":{"partition":0}},"template":{"spec":{"containers":[{"name":"db","image":"db:2"}]}}},
            "status":{"observedGeneration":2,"replicas":3,"readyReplicas":2,"updatedReplicas":1,"currentRevision":"db-a","updateRevision":"db-b"}}"#,
    );
    let revision = |uid: &str, name: &str, number: u32, image: &str| {
        row::<ControllerRevisions>(&format!(
            r#"{{"metadata":{{"name":"{name}","uid":"{uid}","resourceVersion":"3","ownerReferences":[{{"uid":"s","controller":true}}]}},"revision":{number},
                "data":{{"spec":{{"template":{{"$patch":"replace","spec":{{"containers":[{{"name":"db","image":"{image}"}}]}}}}}}}}}}"#
        ))
    };
    let pod = |uid: &str, revision: &str, reason: &str| {
        row::<Pods>(&format!(
            r#"{{"metadata":{{"name":"db-{uid}","uid":"{uid}","resourceVersion":"4","labels":{{"controller-revision-hash":"{revision}"}},"ownerReferences":[{{"uid":"s","controller":true}}]}},
                "status":{{"containerStatuses":[{{"name":"db","state":{{"waiting":{{"reason":"{reason}"}}}}}}]}}}}"#
        ))
    };
    let rows = vec![
        pod("2", "db-b", "CrashLoopBackOff"),
        pod("1", "db-a", "CrashLoopBackOff"),
        revision("r1", "db-a", 1, "db:1"),
        set,
        revision("r2", "db-b", 2, "db:2"),
    ];
    let tables = tables(rows);
    let rows = tables.rows();
    let row = rows.first().expect("a row");
    assert_eq!((row.workload.label().as_str(), row.verdict, row.revision), ("sts/db", Verdict::Stuck, Some(2)));
    assert!(row.reason.as_deref().is_some_and(|reason| reason.contains("pod db-2")), "the old pod is no reason");
    assert_eq!((row.images[0].as_ref(), row.old_images[0].as_ref()), ("db:2", "db:1"));
}

/// A Deployment of this generation, of which its controller has seen the second.
fn of_generation(generation: i64) -> Row {
    let Row::Workload(mut row) = deployment(7, 3) else { panic!("it is a workload") };
    row.report.generation = generation;
    Row::Workload(row)
}

#[test]
fn a_release_the_controller_has_not_seen_is_not_told() {
    let mut tables = tables(vec![of_generation(3), set("new", 2, "api:2", 3)]);
    assert!(tables.newly_released().is_empty(), "the newest revision is still that of before");
    tables.upsert(0, of_generation(2));
    tables.settle(at(101));
    assert_eq!(tables.newly_released().len(), 1);
}

#[test]
fn the_revision_of_a_deployment_is_the_one_it_names_whatever_else_is_there() {
    for number in 1..=6 {
        let Row::Workload(mut named) = deployment(7, 3) else { panic!("it is a workload") };
        named.revision = Some(number);
        let sets = (1..=6).map(|number| set(&format!("set{number}"), number, "api:2", 3));
        let tables = tables(std::iter::once(Row::Workload(named)).chain(sets).collect());
        let row = tables.workloads.get("d").expect("it is there");
        assert_eq!(tables.current(row).and_then(|revision| revision.number), Some(number));
    }
}

#[test]
fn the_revision_of_a_set_is_the_one_of_its_newest_pods_and_of_a_daemon_the_newest() {
    for number in 1..=6_u64 {
        for kind in [Kind::StatefulSet, Kind::DaemonSet] {
            let Row::Workload(mut row) = deployment(7, 3) else { panic!("it is a workload") };
            row.report.kind = kind;
            row.update_revision = format!("api-set{number}").as_str().into();
            let revisions = (1..=6).map(|number| {
                let Row::Revision(mut revision) = set(&format!("set{number}"), number, "api:2", 3) else {
                    panic!("it is a revision")
                };
                revision.hash = format!("api-set{number}").as_str().into();
                Row::Revision(revision)
            });
            let tables = tables(std::iter::once(Row::Workload(row)).chain(revisions).collect());
            let row = tables.workloads.get("d").expect("it is there");
            let current = if kind == Kind::StatefulSet { number } else { 6 };
            assert_eq!(tables.current(row).and_then(|revision| revision.number), Some(current), "{kind:?}");
        }
    }
}

/// A limit that passes by time alone changes a verdict though nothing is reported.
#[test]
fn what_is_due_is_judged_again() {
    let Row::Pod(mut waiting) = pod("p", "new", 6, "ContainerCreating") else { panic!("it is a pod") };
    waiting.pod.created_at = Some(at(0));
    let mut tables = tables(vec![deployment(7, 2), set("new", 2, "api:2", 3), Row::Pod(waiting)]);
    assert_eq!(verdict(&tables), Some(Verdict::Progressing));
    let due = tables.next_due().expect("it is looked at again");
    assert!(due > at(100));
    assert!(!tables.settle(due - TimeDelta::seconds(1)), "not before");
    assert!(tables.settle(at(601)));
    assert_eq!(verdict(&tables), Some(Verdict::Stuck), "{:?}", tables.rows()[0]);
}

/// Records are written in the cluster's time, and are read by people in ours.
#[test]
fn the_record_of_a_row_is_in_our_time() {
    let Row::Workload(mut row) = deployment(7, 2) else { panic!("it is a workload") };
    let (started, expires) = (at(3_600), at(3_900));
    let record = OperationRecord {
        id: "r".into(),
        actor: "lee".into(),
        action: "restart".into(),
        started,
        expires,
        is_lock: false,
    };
    row.record = Some(Arc::new(record));
    let mut tables = Tables::new("production".into(), Arc::default());
    tables.run_ahead(TimeDelta::hours(1));
    tables.upsert(0, Row::Workload(row));
    tables.upsert(0, set("new", 2, "api:2", 3));
    tables.settle(at(60));
    let record = tables.rows()[0].record.clone().expect("it is live");
    assert_eq!((record.started, record.expires), (at(0), at(300)));
}

/// How fast a rollout goes is told by the pods it made, not by those that were there before.
#[test]
fn pods_of_before_a_release_count_for_nothing_in_its_rate() {
    let rate = |created: i64| {
        let Row::Pod(mut ready) = pod("p", "new", 6, "Running") else { panic!("it is a pod") };
        ready.pod.is_ready = true;
        ready.pod.created_at = Some(at(created));
        let Row::Workload(mut row) = deployment(7, 2) else { panic!("it is a workload") };
        row.report.started.template_written = Some(at(0));
        let tables = tables(vec![Row::Workload(row), set("new", 2, "api:2", 3), Row::Pod(ready)]);
        tables.rows()[0].rate_per_minute
    };
    assert!(rate(10).is_some_and(|rate| rate > 0.0));
    assert_eq!(rate(-10), None);
}
