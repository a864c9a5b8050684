//! A real cluster is switched over by the shipped binary, and the end state is what was verified.

use std::time::Duration;

use serde_json::{Value, json};

use super::workload::{Workload, missing};
use super::{PATIENCE, apply, check, console, plan, start};
use crate::support::patroni::{self, Cluster};
use crate::support::process::{skip, wait_until};

/// What the cluster keeps of our operations; nothing once they are over.
fn records(cluster: &Cluster) -> Value {
    let (_, text) = cluster.ask(cluster.leader(), "GET", "/config", "").expect("it answers");
    let config: Value = serde_json::from_str(&text).expect("JSON");
    config["quarterdeck.dev/operation"].clone()
}

fn wait_released(cluster: &Cluster) {
    wait_until("the record to be taken away", PATIENCE, || {
        records(cluster).as_object().is_none_or(serde_json::Map::is_empty).then_some(())
    });
}

#[test]
fn a_cluster_is_switched_over_and_back_and_no_commit_is_lost() {
    if let Some(why) = patroni::why_not() {
        return skip("a real switchover", why);
    }
    let cluster = Cluster::start();
    let console = console(&cluster.urls());
    let (leader, to) = (cluster.leader(), cluster.replicas()[1]);
    let workload = Workload::begin(&cluster);
    wait_until("rows to be written", PATIENCE, || (workload.count() > 50).then_some(()));

    let (finished, document) = plan(&console, &["--to", to]);
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert_eq!(document["kind"], "switchover");
    assert_eq!(
        document["expected"]["loss"],
        json!({"bytes_at_least": 0, "bytes_at_most": 0, "seconds": 0, "known": true})
    );
    let gap = document["expected"]["gap_seconds"].as_u64().expect("it is known");
    for item in ["identity", "one_primary", "candidate", "lag", "paused", "store", "in_flight"] {
        let check = check(&document, item);
        assert_eq!(check["verdict"], "pass", "{check}");
        assert!(check["limit"].is_string() && check["source"].is_string() && check["age_seconds"].is_i64(), "{check}");
    }
    let steps = document["targets"][0]["steps"].as_array().expect("steps");
    let asked = steps.iter().find(|step| step["request"]["path"] == "/switchover").expect("the change itself");
    assert_eq!(asked["request"]["body"], json!({"leader": leader, "candidate": to}), "the candidate is named");

    let (finished, told) = apply(&console, &document, &[]);
    assert_eq!((finished.code, &told["outcome"]), (Some(0), &json!("done")), "{finished:?}\n{}", cluster.log(leader));
    assert_eq!(cluster.primaries(), [to], "when it says done, it is done");
    let topology = cluster.topology();
    let follow = topology["members"].as_array().expect("members").iter();
    assert_eq!(
        follow.filter(|member| member["state"] == "streaming" && member["timeline"] == 2).count(),
        2,
        "{topology}"
    );
    wait_released(&cluster);

    // Back, as the plan said.
    let command = document["targets"][0]["inverse"]["command"].as_str().expect("a way back").to_owned();
    assert_eq!(command, format!("quarterdeck plan failover database/orders --to {leader} --environment shop"));
    let (finished, back) = plan(&console, &["--to", leader]);
    assert_eq!(check(&back, "flapping")["verdict"], "warn", "it has just changed: {finished:?}");
    let (finished, told) = apply(&console, &back, &[]);
    assert_eq!((finished.code, &told["outcome"]), (Some(0), &json!("done")), "{finished:?}");
    assert_eq!(cluster.primaries(), [leader]);

    let (committed, longest) = workload.end();
    assert_eq!(missing(&cluster, &committed), [] as [i64; 0], "nothing was announced to be lost");
    assert!(longest < Duration::from_secs(gap.max(1) * 3), "{longest:?} without a commit, {gap} s were announced");
}

#[test]
fn a_plan_that_does_not_hold_any_more_is_refused_before_anything_is_sent() {
    if let Some(why) = patroni::why_not() {
        return skip("a real switchover", why);
    }
    let cluster = Cluster::start();
    let console = console(&cluster.urls());
    let (leader, replicas) = (cluster.leader(), cluster.replicas());
    let [to, other] = replicas[..] else { panic!("two replicas") };

    // What hangs says it streams, and gets nothing: the other one is better, and it is not let to be the primary.
    cluster.write("create table ballast (text text)").expect("a table");
    cluster.hang(to, true);
    cluster.write("insert into ballast select repeat('x', 1000) from generate_series(1, 30000)").expect("rows");
    let (finished, document) = plan(&console, &["--to", to]);
    assert_eq!(finished.code, Some(3), "{finished:?}");
    assert_eq!(check(&document, "lag")["verdict"], "block", "{}", check(&document, "lag"));
    let (_, chosen) = plan(&console, &[]);
    assert_eq!(chosen["targets"][0]["to"], other, "the better one is chosen where none is named");
    cluster.hang(to, false);

    // Two operators with the same plan of the same moment: one of them changes something.
    let (_, first) = plan(&console, &["--to", other]);
    let (_, second) = plan(&console, &["--to", other]);
    let runs = [start(&console, &first, &[]), start(&console, &second, &[])];
    let ends = runs.map(|run| run.finish(PATIENCE));
    let codes: Vec<_> = ends.iter().map(|end| end.code).collect();
    assert!(codes.contains(&Some(0)), "{ends:?}");
    assert_eq!(codes.iter().filter(|code| **code == Some(0)).count(), 1, "one alone: {ends:?}");
    assert_eq!(cluster.primaries(), [other]);
    let timeline = cluster.shown(other)["timeline"].clone();
    assert_eq!(timeline, 2, "it changed once");
    cluster.wait_whole();

    // A plan of before, of another leader.
    let (finished, _) = apply(&console, &first, &[]);
    assert_eq!(finished.code, Some(3), "{finished:?}");
    assert_eq!(cluster.shown(other)["timeline"], timeline, "nothing was sent");

    // Whoever leads already.
    let (finished, _) = plan(&console, &["--to", other]);
    assert!(finished.code == Some(3) && finished.stderr.contains("already"), "{finished:?}");
    let _ = leader;

    // Paused, its governor keeps its hands off.
    cluster.ask(other, "PATCH", "/config", r#"{"pause": true}"#).expect("it answers");
    wait_until("the pause to be known", PATIENCE, || (cluster.topology()["pause"] == true).then_some(()));
    let (finished, document) = plan(&console, &["--to", leader]);
    assert_eq!((finished.code, &check(&document, "paused")["verdict"]), (Some(3), &json!("block")), "{finished:?}");
}
