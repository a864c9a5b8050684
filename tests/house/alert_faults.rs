//! The fault suite of alerts: a simulated Alertmanager that breaks, the shipped client, asserted on the drawn screen.
//!
//! For each fault: the last good rows stay with their age, the screen says why they are old, keys answer, and after the fault
//! everything is fresh again.

use crate::polled::{Polled, polled_faults};

const ALERTS: Polled = Polled {
    server: |sandbox, namespace| ("alertmanager", sandbox.alertmanager(namespace)),
    path: "/alertmanager/",
    kind: "an Alertmanager",
    longest: "64 MB",
    missing: "route prefix",
    more: "",
    service: "gateway",
    pane: "1",
    fresh: "CertificateExpires",
    stays: ["CertificateExpires", "medium"],
};

polled_faults!(ALERTS);

/// The same of the rules of a Prometheus, where no Alertmanager is configured and they are the list.
mod of_rules {
    use super::*;

    const RULES: Polled = Polled {
        server: |sandbox, namespace| ("prometheus", sandbox.prometheus(namespace)),
        path: "/prometheus/",
        kind: "a Prometheus",
        longest: "32 MB",
        missing: "route prefix",
        more: "",
        service: "gateway",
        pane: "1",
        fresh: "CertificateExpires",
        stays: ["CertificateExpires", "pending"],
    };

    polled_faults!(RULES);
}
