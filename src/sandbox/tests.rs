use chrono::{DateTime, TimeDelta, Utc};

use super::*;
use crate::domain::cluster::ClusterSnapshot;

fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

/// Plays a scenario without a server or a real clock.
fn played(scenario: &Scenario, seconds: i64) -> World {
    let begun = start();
    let mut world = World::default();
    let plot = scenario.build(&mut world, begun);
    let until = begun + TimeDelta::seconds(seconds);
    let mut turns = plot.into_iter().peekable();
    let mut at = begun;
    while at < until {
        let due = controllers::settle(&mut world, at);
        let next = [due, turns.peek().map(|turn| turn.at)].into_iter().flatten().min().unwrap_or(until);
        at = next.max(at + TimeDelta::milliseconds(1)).min(until);
        while let Some(turn) = turns.next_if(|turn| turn.at <= at) {
            (turn.act)(&mut world, at);
        }
    }
    controllers::settle(&mut world, until);
    world
}

fn status(world: &World, namespace: &str, name: &str) -> serde_json::Value {
    let key = world::Key { resource: "deployments", namespace: namespace.into(), name: name.into() };
    world.get(&key).map(|object| object["status"].clone()).unwrap_or_default()
}

#[test]
fn the_shop_begins_well_but_for_one_rollout_on_its_way_and_a_silent_node() {
    let world = played(&Scenario::shop(), 0);
    let waiting: Vec<String> = world
        .list("deployments", scenario::PRODUCTION)
        .filter(|(_, object)| {
            object["status"]["availableReplicas"] != object["spec"]["replicas"]
                || object["status"]["updatedReplicas"] != object["spec"]["replicas"]
        })
        .map(|(key, _)| key.name.clone())
        .collect();
    assert_eq!(waiting, ["notifications", "recommendations", "search"], "two of them have a pod on the silent node");
    assert_eq!(world.list("deployments", "").count(), 24);
}

#[test]
fn the_bad_release_never_replaces_the_good_pods_and_passes_its_deadline() {
    let world = played(&Scenario::shop(), 60);
    let payments = status(&world, scenario::PRODUCTION, "payments");
    assert!(payments["availableReplicas"].as_i64().is_some_and(|available| available >= 4), "{payments}");
    assert!(payments["updatedReplicas"].as_i64().is_some_and(|updated| (1..6).contains(&updated)), "{payments}");
    let later = played(&Scenario::shop(), 200);
    let reasons = status(&later, scenario::PRODUCTION, "payments")["conditions"].to_string();
    assert!(reasons.contains("ProgressDeadlineExceeded"), "{reasons}");
    assert_eq!(status(&later, scenario::PRODUCTION, "search")["availableReplicas"], 6, "the slow one came up");
}

#[test]
fn the_nights_of_the_shop_went_well_but_for_one_export() {
    let world = played(&Scenario::shop(), 0);
    let cron = |name: &str| {
        let key = world::Key { resource: "cronjobs", namespace: scenario::PRODUCTION.into(), name: name.into() };
        world.get(&key).map(|object| object["status"].clone()).unwrap_or_default()
    };
    let (backup, export) = (cron("nightly-backup"), cron("orders-export"));
    assert!(backup["lastSuccessfulTime"].as_str() >= backup["lastScheduleTime"].as_str(), "{backup}");
    assert!(export["lastSuccessfulTime"].as_str() < export["lastScheduleTime"].as_str(), "{export}");
    assert!(backup.get("active").is_none() && export.get("active").is_none(), "{backup} {export}");
    let kept: Vec<String> = world.list("jobs", scenario::PRODUCTION).map(|(key, _)| key.name.clone()).collect();
    let of = |name: &str| kept.iter().filter(|job| job.starts_with(name)).count();
    assert_eq!(of("nightly-backup"), 3, "no more than the history limit: {kept:?}");
    let failed = world.list("jobs", scenario::PRODUCTION).filter(|(_, job)| job["status"]["failed"] == 3).count();
    assert_eq!(failed, 1, "three pods for a limit of two: {kept:?}");
}

#[tokio::test]
async fn our_own_client_sees_the_shop_over_tls() -> Result<(), Box<dyn std::error::Error>> {
    use crate::domain::rollout::Verdict;
    let sandbox = Sandbox::start(Scenario::shop(), SandboxClock::starting(start(), 1)).await?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("kubeconfig");
    sandbox.write_kubeconfig(&file)?;
    let snapshot: ClusterSnapshot =
        crate::sources::cluster::testing::settled(&file, "demo-production", &[scenario::PRODUCTION]).await?;
    assert_eq!(snapshot.rollouts.len(), 12);
    assert!(snapshot.rollouts.iter().any(|row| &*row.workload.name == "search" && row.verdict == Verdict::Progressing));
    assert!(sandbox.requests().iter().all(|seen| seen.method == "GET"), "looking sends no other verb");
    Ok(())
}

#[test]
fn a_quota_refuses_pods_until_there_is_room() {
    let world = played(&Scenario::shop(), 60);
    let accounts = status(&world, scenario::STAGING, "accounts");
    let failure = accounts["conditions"].as_array().into_iter().flatten().find(|one| one["type"] == "ReplicaFailure");
    let message = failure.and_then(|failure| failure["message"].as_str()).unwrap_or_default().to_owned();
    assert!(message.contains("is forbidden: exceeded quota: compute, requested: pods=1, used: pods="), "{accounts}");
    assert_eq!(accounts["availableReplicas"], 2, "what was there stays: {accounts}");
    let mut world = world;
    let key = world::Key { resource: "resourcequotas", namespace: scenario::STAGING.into(), name: "compute".into() };
    let mut quota = world.get(&key).cloned().unwrap();
    assert_eq!(quota["status"]["used"]["pods"], quota["status"]["hard"]["pods"], "{quota}");
    quota["spec"]["hard"]["pods"] = serde_json::json!("99");
    world.put(key, quota);
    controllers::settle(&mut world, start() + TimeDelta::seconds(61));
    controllers::settle(&mut world, start() + TimeDelta::seconds(70));
    let accounts = status(&world, scenario::STAGING, "accounts");
    assert!(!accounts.to_string().contains("ReplicaFailure") && accounts["availableReplicas"] == 3, "{accounts}");
}
