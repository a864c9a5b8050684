//! The fault suite of alerts: a simulated Alertmanager that breaks, the shipped client, asserted on the drawn screen.
//!
//! For each fault: the last good rows stay with their age, the screen says why they are old, keys answer, and after the fault
//! everything is fresh again.

use quarterdeck::sandbox::Fault;

use crate::polled::{Polled, polled_faults};

const ALERTS: Polled = Polled {
    server: |sandbox, namespace| ("alertmanager", sandbox.alertmanager(namespace)),
    more: "",
    service: "gateway",
    pane: "1",
    fresh: "CertificateExpires",
    stays: ["CertificateExpires", "medium"],
};

polled_faults! {
    ALERTS;
    down: Fault::Down, "/", "broke off";
    another_certificate: Fault::WrongCertificate, "/", "certificate";
    an_expired_certificate: Fault::ExpiredCertificate, "/", "xpired";
    hanging: Fault::Hang, "/alertmanager/", "did not answer within";
    hanging_after_the_headers: Fault::HangAfterHeaders, "/alertmanager/", "did not answer within";
    slow: Fault::Slow, "/alertmanager/", "did not answer within";
    reset_in_the_body: Fault::Reset, "/alertmanager/", "broke off";
    truncated: Fault::Truncated, "/alertmanager/", "not as an Alertmanager";
    garbage: Fault::Garbage, "/alertmanager/", "not as an Alertmanager";
    a_web_page: Fault::Html, "/alertmanager/", "not as an Alertmanager";
    huge: Fault::Huge, "/alertmanager/", "larger than 64 MB";
    unauthorized: Fault::Status(401), "/alertmanager/", "does not accept these credentials";
    forbidden: Fault::Status(403), "/alertmanager/", "does not allow it";
    not_found: Fault::Status(404), "/alertmanager/", "route prefix";
    too_many_requests: Fault::Status(429), "/alertmanager/", "left alone for a while";
    internal_error: Fault::Status(500), "/alertmanager/", "in trouble itself";
    unavailable: Fault::Status(503), "/alertmanager/", "overloaded or starting";
}

/// The same of the rules of a Prometheus, where no Alertmanager is configured and they are the list.
mod of_rules {
    use super::*;

    const RULES: Polled = Polled {
        server: |sandbox, namespace| ("prometheus", sandbox.prometheus(namespace)),
        more: "",
        service: "gateway",
        pane: "1",
        fresh: "CertificateExpires",
        stays: ["CertificateExpires", "pending"],
    };

    polled_faults! {
        RULES;
        down: Fault::Down, "/", "broke off";
        an_expired_certificate: Fault::ExpiredCertificate, "/", "xpired";
        hanging: Fault::Hang, "/prometheus/", "did not answer within";
        hanging_after_the_headers: Fault::HangAfterHeaders, "/prometheus/", "did not answer within";
        truncated: Fault::Truncated, "/prometheus/", "not as a Prometheus";
        garbage: Fault::Garbage, "/prometheus/", "not as a Prometheus";
        a_web_page: Fault::Html, "/prometheus/", "not as a Prometheus";
        huge: Fault::Huge, "/prometheus/", "larger than 32 MB";
        unauthorized: Fault::Status(401), "/prometheus/", "does not accept these credentials";
        not_found: Fault::Status(404), "/prometheus/", "route prefix";
        too_many_requests: Fault::Status(429), "/prometheus/", "left alone for a while";
        unavailable: Fault::Status(503), "/prometheus/", "overloaded or starting";
    }
}
