//! The fault suite of signals: a simulated Prometheus that breaks, the shipped client, asserted on the drawn screen.
//!
//! For each fault: the last good rows stay with their age, the screen says why they are old, keys answer, and after the fault
//! everything is fresh again.

use quarterdeck::sandbox::Fault;

use crate::polled::{Polled, polled_faults};

const SIGNALS: Polled = Polled {
    server: |sandbox, namespace| ("prometheus", sandbox.prometheus(namespace)),
    path: "/prometheus/",
    kind: "a Prometheus",
    longest: "32 MB",
    missing: "route prefix",
    more: "",
    service: "checkout-api",
    pane: "6",
    fresh: "ok       checkout-api",
    stays: ["checkout-api", "0.04 %"],
};

polled_faults!(SIGNALS);

/// A query that is refused costs itself alone: its value is not known, and the source is well.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_query_is_unknown_and_the_source_is_well() {
    let mut rig = SIGNALS.rig().await;
    rig.console.until("fresh at first", |screen| SIGNALS.is_fresh(screen)).await;
    rig.sandbox.faults().set("/prometheus/", Fault::Status(422));
    rig.console.press("ctrl-r");
    let screen = rig.console.until("unknown", |screen| screen.contains("unknown  checkout-api")).await;
    assert!(screen.contains("refused it (422") && !screen.contains("0.04 %"), "no number is left:\n{screen}");
}

/// The same where there is no Prometheus and the services' own pages of metrics are read.
mod of_pages {
    use super::*;

    const PAGES: Polled = Polled {
        server: |sandbox, namespace| ("scrape", sandbox.exposition(namespace)),
        path: "/exposition/",
        kind: "a page of metrics",
        missing: "knows no such thing",
        ..SIGNALS
    };

    polled_faults!(PAGES);
}

/// While the Prometheus is away the pages of metrics stand in for it, and the screen says so; when it is back it is asked alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_metrics_stand_in_for_a_prometheus_that_is_away() {
    let mut rig = SIGNALS.rig_beside(&[|sandbox, namespace| ("scrape", sandbox.exposition(namespace))]).await;
    rig.console.until("fresh at first", |screen| SIGNALS.is_fresh(screen)).await;
    assert!(rig.console.screen().contains("measured by prometheus"), "{}", rig.console.screen());
    rig.sandbox.faults().set("/prometheus/", Fault::Status(503));
    rig.console.press("ctrl-r");
    let stands_in = |screen: &str| screen.contains("measured by direct") && screen.contains("ok       checkout-api");
    let screen = rig.console.until("measured directly", stands_in).await;
    assert!(
        screen.contains("overloaded or starting") && screen.contains("1 service is measured from pages"),
        "{screen}"
    );
    rig.sandbox.faults().heal();
    rig.console.press("ctrl-r");
    let is_back = |screen: &str| SIGNALS.is_fresh(screen) && screen.contains("measured by prometheus");
    rig.console.until("back", is_back).await;
}
