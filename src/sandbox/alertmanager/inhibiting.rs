//! The one inhibition of the simulated Alertmanager, as most installations have it: a critical alert inhibits the warnings of the
//! same name and namespace.

use super::Alert;

/// What two alerts must have in common.
const EQUAL: [&str; 2] = ["namespace", "alertname"];

/// A critical alert and its fingerprint.
pub(super) struct Cause {
    common: [Option<String>; 2],
    fingerprint: String,
}

fn common(alert: &Alert) -> [Option<String>; 2] {
    EQUAL.map(|name| alert.labels.get(name).cloned())
}

fn is(alert: &Alert, severity: &str) -> bool {
    alert.labels.get("severity").is_some_and(|own| own == severity)
}

/// Those that inhibit others.
pub(super) fn causes(alerts: &[Alert]) -> Vec<Cause> {
    let critical = alerts.iter().filter(|alert| is(alert, "critical"));
    critical.map(|alert| Cause { common: common(alert), fingerprint: alert.fingerprint() }).collect()
}

/// The fingerprint of one that inhibits an alert; a server names only one.
pub(super) fn by<'a>(alert: &Alert, causes: &'a [Cause]) -> Option<&'a str> {
    let own = is(alert, "warning").then(|| common(alert))?;
    causes.iter().find(|cause| cause.common == own).map(|cause| cause.fingerprint.as_str())
}
