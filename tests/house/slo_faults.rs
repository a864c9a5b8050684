//! The fault suite of objectives: a simulated Prometheus that breaks, the shipped client, asserted on the drawn screen.

use quarterdeck::sandbox::Fault;

use crate::polled::{Polled, polled_faults};

const OBJECTIVES: Polled = Polled {
    server: |sandbox, namespace| ("prometheus", sandbox.prometheus(namespace)),
    path: "/prometheus/",
    kind: "a Prometheus",
    longest: "32 MB",
    missing: "route prefix",
    more: "[service.checkout-api]\nslo = { availability = \"99.9 %\" }\n",
    service: "checkout-api",
    pane: "6 tab",
    fresh: "ok       checkout-api",
    stays: ["checkout-api", "60 %"],
};

polled_faults!(OBJECTIVES);

/// A question that is refused costs its window alone: the objective is not known, and the source is well.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_question_is_unknown_and_the_source_is_well() {
    let mut rig = OBJECTIVES.rig().await;
    rig.console.until("fresh at first", |screen| OBJECTIVES.is_fresh(screen)).await;
    rig.sandbox.faults().set("/prometheus/", Fault::Status(422));
    rig.console.press("ctrl-r");
    let screen = rig.console.until("unknown", |screen| screen.contains("unknown  checkout-api")).await;
    assert!(screen.contains("refused it (422"), "it says why:\n{screen}");
}
