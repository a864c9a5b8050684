//! The fault suite of objectives: a simulated Prometheus that breaks, the shipped client, asserted on the drawn screen.
//!
//! It is the Prometheus of the signals, whose suite has every fault; here are those in which long windows could differ.

use quarterdeck::sandbox::Fault;

use crate::polled::{Polled, polled_faults};

const OBJECTIVES: Polled = Polled {
    server: |sandbox, namespace| ("prometheus", sandbox.prometheus(namespace)),
    more: "[service.checkout-api]\nslo = { availability = \"99.9 %\" }\n",
    service: "checkout-api",
    pane: "6",
    fresh: "ok       checkout-api",
    stays: ["checkout-api", "60 %"],
};

polled_faults! {
    OBJECTIVES;
    down: Fault::Down, "/", "broke off";
    hanging: Fault::Hang, "/prometheus/", "did not answer within";
    truncated: Fault::Truncated, "/prometheus/", "not as a Prometheus";
    a_web_page: Fault::Html, "/prometheus/", "not as a Prometheus";
    huge: Fault::Huge, "/prometheus/", "larger than 32 MB";
    unauthorized: Fault::Status(401), "/prometheus/", "does not accept these credentials";
    too_many_requests: Fault::Status(429), "/prometheus/", "left alone for a while";
    unavailable: Fault::Status(503), "/prometheus/", "overloaded or starting";
}

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
