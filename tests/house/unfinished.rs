//! What a console did not live to finish, with several environments.

use quarterdeck::actions::journal::{chains, unfinished};
use quarterdeck::sandbox::{Fault, Sandbox};

use crate::environments::{CONFIG, NAMESPACE, Rig, act, both_are_there, changes, rig};
use crate::headless::Headless;

/// A console that dies in the middle of a run leaves it to the next, which verifies it in its own environment and asks the other nothing
/// about it, though that one has a workload of the same name and uid, and is there first.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unfinished_run_waits_for_its_own_environment() {
    let Rig { east, west, mut console, folder } = rig().await;
    console.until("both", both_are_there).await;
    console.press("j");
    console.press("j");
    act(&mut console, "!r").await;
    console.until("a plan in west", |screen| screen.contains("CHECKED BY THE SERVER")).await;
    console.confirm("").await;
    while changes(&west) == 0 {
        console.live().await;
    }
    drop(console);
    // Its journal is let go of as soon as its tasks have ended.
    let left = || unfinished(&chains(folder.path()).expect("a journal"));
    while left().is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(left()[0].begun.environment, "west");
    west.faults().set("/", Fault::Down);
    let before = east.requests().len();
    let mut next = Headless::configured(&folder.path().join("kubeconfig"), CONFIG, folder.path());
    let screen = next
        .until("east, and the run that waits", |screen| {
            screen.contains("UNFINISHED: restart of") && screen.contains("2 workloads")
        })
        .await;
    assert!(screen.contains("verified as soon as its cluster is connected; nothing is sent"), "{screen}");
    let own = format!("/apis/apps/v1/namespaces/{NAMESPACE}/deployments/api");
    let of_it = |sandbox: &Sandbox, from: usize| {
        sandbox.requests().iter().skip(from).filter(|seen| seen.path.split('?').next() == Some(&own)).count()
    };
    let seen = west.requests().len();
    west.faults().heal();
    next.until("the end of the run", |screen| screen.contains("done: ") && !screen.contains("UNFINISHED")).await;
    assert!(of_it(&west, seen) > 0, "west was asked how it stands");
    assert_eq!(of_it(&east, before), 0, "east was asked nothing about it");
    assert_eq!((changes(&east), changes(&west)), (0, 1), "and nothing was sent again");
    assert!(left().is_empty(), "it is finished in the journal too");
}
