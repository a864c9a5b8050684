//! Owners in a plan, whatever becomes of asking them: a plan is never held up or lost for it.

use quarterdeck::actions::{Options, catalog};
use quarterdeck::domain::action::{Plan, Request};
use quarterdeck::sandbox::Fault;
use quarterdeck::sources::cluster::Hands;
use quarterdeck::sources::operate::OperateCluster;
use serde_json::json;

use crate::actions::{NAMESPACE, Rig};

/// A workload that Argo CD and Helm say is theirs.
async fn rig() -> Rig {
    let rig = Rig::open().await;
    let marks = json!({"metadata": {"annotations": {
        "argocd.argoproj.io/tracking-id": format!("shop:apps/Deployment:{NAMESPACE}/api"),
        "meta.helm.sh/release-name": "shop", "meta.helm.sh/release-namespace": NAMESPACE,
    }}});
    let mark = Request {
        method: "PATCH".into(),
        path: format!("/apis/apps/v1/namespaces/{NAMESPACE}/deployments/api"),
        content_type: "application/merge-patch+json".into(),
        body: marks,
    };
    Hands::new(rig.connection.clone()).send(&mark, "mark").await.expect("accepted");
    rig
}

async fn planned(rig: &Rig) -> Plan {
    let restart = catalog::SHIPPED.named("restart").expect("an action");
    loop {
        // The controller takes a moment to see the marks, and a fault breaks open connections.
        match rig.planner.plan(restart, &[Rig::workload("api")], &Options::default()).await {
            Ok(plan) if plan.is_applicable() => return plan,
            _ => tokio::task::yield_now().await,
        }
    }
}

fn said(plan: &Plan) -> Vec<String> {
    plan.targets[0].fights.iter().map(|fight| format!("{}: {}", fight.who, fight.words)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn owners_that_are_not_in_the_cluster_are_named_all_the_same() {
    let rig = rig().await;
    let said = said(&planned(&rig).await);
    assert!(
        said[0].starts_with("Argo CD application shop: ") && said[0].contains("is not in this cluster"),
        "{said:?}"
    );
    assert!(
        said[1].starts_with("Helm release shop: ") && said[1].contains("no record of the release is in shop now"),
        "{said:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_survives_whatever_its_owners_answer() {
    let rig = rig().await;
    planned(&rig).await;
    for fault in [
        Fault::Status(403),
        Fault::Status(500),
        Fault::Status(503),
        Fault::Garbage,
        Fault::Html,
        Fault::Reset,
        Fault::Hang,
    ] {
        rig.sandbox.faults().set("/apis/argoproj.io", fault);
        let said = said(&planned(&rig).await);
        assert!(
            said[0].starts_with("Argo CD application shop: ")
                && said[0].contains("could not be read, so whether it will is not known"),
            "{fault:?}: {said:?}"
        );
        assert!(said[1].starts_with("Helm release shop: "), "{fault:?}: the others are asked all the same: {said:?}");
        rig.sandbox.faults().heal();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_words_of_a_plan_stay_the_same_while_nothing_changes() {
    let rig = rig().await;
    let (one, other) = (planned(&rig).await, planned(&rig).await);
    assert_eq!(said(&one), said(&other), "an age in them would ask the operator to read it again");
    assert!(one.reads_as(&other));
}
