//! The fault suite of signals: a simulated Prometheus that breaks, the shipped client, asserted on the drawn screen.
//!
//! For each fault: the last good rows stay with their age, the screen says why they are old, keys answer, and after the fault
//! everything is fresh again.

use quarterdeck::sandbox::Fault;

use crate::polled::{Polled, polled_faults};

const SIGNALS: Polled = Polled {
    server: |sandbox, namespace| ("prometheus", sandbox.prometheus(namespace)),
    more: "",
    service: "checkout-api",
    pane: "3",
    fresh: "ok       checkout-api",
    stays: ["checkout-api", "0.04 %"],
};

polled_faults! {
    SIGNALS;
    down: Fault::Down, "/", "broke off";
    another_certificate: Fault::WrongCertificate, "/", "certificate";
    an_expired_certificate: Fault::ExpiredCertificate, "/", "xpired";
    hanging: Fault::Hang, "/prometheus/", "did not answer within";
    hanging_after_the_headers: Fault::HangAfterHeaders, "/prometheus/", "did not answer within";
    slow: Fault::Slow, "/prometheus/", "did not answer within";
    reset_in_the_body: Fault::Reset, "/prometheus/", "broke off";
    truncated: Fault::Truncated, "/prometheus/", "not as a Prometheus";
    garbage: Fault::Garbage, "/prometheus/", "not as a Prometheus";
    a_web_page: Fault::Html, "/prometheus/", "not as a Prometheus";
    huge: Fault::Huge, "/prometheus/", "larger than 32 MB";
    unauthorized: Fault::Status(401), "/prometheus/", "does not accept these credentials";
    forbidden: Fault::Status(403), "/prometheus/", "does not allow it";
    not_found: Fault::Status(404), "/prometheus/", "route prefix";
    too_many_requests: Fault::Status(429), "/prometheus/", "left alone for a while";
    internal_error: Fault::Status(500), "/prometheus/", "in trouble itself";
    unavailable: Fault::Status(503), "/prometheus/", "overloaded or starting";
}

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

    const PAGES: Polled = Polled { server: |sandbox, namespace| ("scrape", sandbox.exposition(namespace)), ..SIGNALS };

    polled_faults! {
        PAGES;
        down: Fault::Down, "/", "broke off";
        an_expired_certificate: Fault::ExpiredCertificate, "/", "xpired";
        hanging: Fault::Hang, "/exposition/", "did not answer within";
        hanging_after_the_headers: Fault::HangAfterHeaders, "/exposition/", "did not answer within";
        slow: Fault::Slow, "/exposition/", "did not answer within";
        reset_in_the_body: Fault::Reset, "/exposition/", "broke off";
        truncated: Fault::Truncated, "/exposition/", "not as a page of metrics";
        garbage: Fault::Garbage, "/exposition/", "not as a page of metrics";
        a_web_page: Fault::Html, "/exposition/", "not as a page of metrics";
        huge: Fault::Huge, "/exposition/", "larger than 32 MB";
        unauthorized: Fault::Status(401), "/exposition/", "does not accept these credentials";
        forbidden: Fault::Status(403), "/exposition/", "does not allow it";
        not_found: Fault::Status(404), "/exposition/", "knows no such thing";
        too_many_requests: Fault::Status(429), "/exposition/", "left alone for a while";
        internal_error: Fault::Status(500), "/exposition/", "in trouble itself";
        unavailable: Fault::Status(503), "/exposition/", "overloaded or starting";
    }
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
