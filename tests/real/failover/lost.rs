//! A real primary is lost, or the store of its cluster: what is announced, what has to be taken upon oneself, and what came of it.

use serde_json::json;

use super::workload::{Workload, missing};
use super::{PATIENCE, apply, check, console, plan};
use crate::support::patroni::{self, Cluster};
use crate::support::process::{skip, wait_until};

#[test]
fn a_primary_that_is_lost_is_failed_over_once_somebody_takes_the_unknown_upon_themselves() {
    if let Some(why) = patroni::why_not() {
        return skip("a real failover", why);
    }
    let cluster = Cluster::start();
    let console = console(&cluster.urls());
    let (leader, to) = (cluster.leader(), cluster.replicas()[0]);
    let workload = Workload::begin(&cluster);
    wait_until("rows to be written", PATIENCE, || (workload.count() > 50).then_some(()));
    // Paused, nobody is promoted by itself: it is in somebody's hands.
    cluster.kill(leader);

    let (finished, document) = plan(&console, &["--to", to]);
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert_eq!((&document["kind"], &document["expected"]["loss"]["known"]), (&json!("failover"), &json!(false)));
    assert_eq!(check(&document, "one_primary")["verdict"], "unknown", "it does not answer, and may be there");
    assert_eq!((&document["tier"], &document["confirmation"]["needs_reason"]), (&json!("T3"), &json!(true)));
    assert!(finished.stdout.contains("NO ANSWER from"), "who is lost is named: {}", finished.stdout);

    let (finished, _) = apply(&console, &document, &[]);
    assert_eq!(finished.code, Some(3), "UNKNOWN is taken upon oneself by name: {finished:?}");
    assert!(
        finished.stderr.contains("--accept unknown") || finished.stdout.contains("--accept unknown"),
        "{finished:?}"
    );
    let (finished, told) = apply(&console, &document, &["--accept", "unknown"]);
    assert_eq!((finished.code, &told["outcome"]), (Some(0), &json!("done")), "{finished:?}\n{}", cluster.log(to));
    assert_eq!(cluster.primaries(), [to]);
    let (committed, _) = workload.end();
    let gone = missing(&cluster, &committed);
    assert!(gone.is_empty() || document["expected"]["loss"]["known"] == false, "UNKNOWN was said and accepted");

    cluster.revive(leader);
    cluster.wait_whole();
    let (_, again) = plan(&console, &[]);
    assert_eq!(again["kind"], "switchover", "it is whole again: {again}");
}

#[test]
fn without_the_store_of_the_cluster_nothing_is_sent() {
    if let Some(why) = patroni::why_not() {
        return skip("a frozen etcd", why);
    }
    let cluster = Cluster::start();
    let console = console(&cluster.urls());
    let to = cluster.replicas()[0];
    let (_, before) = plan(&console, &["--to", to]);
    cluster.freeze_etcd(true);
    wait_until("the primary to give up", PATIENCE, || cluster.primaries().is_empty().then_some(()));
    wait_until("the store to be missed", PATIENCE, || {
        let (_, document) = plan(&console, &["--to", to]);
        (check(&document, "store")["verdict"] != "pass" && document["kind"] == "failover").then_some(())
    });
    let (finished, _) = apply(&console, &before, &[]);
    assert_eq!(finished.code, Some(3), "{finished:?}");
    cluster.freeze_etcd(false);
    cluster.wait_whole();
    // Whoever took the lock again did so by itself.
    assert_eq!(cluster.primaries().len(), 1);
}
