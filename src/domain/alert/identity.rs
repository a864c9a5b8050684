//! Which alert it is: the same over replicas of Alertmanager, over pairs of Prometheus servers, and over polls.

use std::sync::Arc;

/// Labels that say which of a pair of Prometheus servers sent an alert, not which alert it is.
const REPLICA_LABELS: [&str; 2] = ["prometheus_replica", "__replica__"];

/// Whether one of a pair of Prometheus servers sent it and says so.
pub fn is_of_a_pair(labels: &[(Arc<str>, Arc<str>)]) -> bool {
    labels.iter().any(|(name, _)| REPLICA_LABELS.contains(&&**name))
}

/// The labels that say which alert it is, in the order given.
pub fn own(labels: &[(Arc<str>, Arc<str>)]) -> impl Iterator<Item = (&str, &str)> {
    let is_own = |(name, value): &(&str, &str)| !value.is_empty() && !REPLICA_LABELS.contains(name);
    labels.iter().map(|(name, value)| (&**name, &**value)).filter(is_own)
}

/// Which alert it is, by those labels. The order given must be that of the names.
pub fn key(labels: &[(Arc<str>, Arc<str>)]) -> Arc<str> {
    fingerprint(own(labels)).into()
}

/// FNV-1a over the labels in the order of their names, as Prometheus computes the fingerprint of a label set: 16 hexadecimal digits.
///
/// Empty values are no labels. The order given must be that of the names.
pub fn fingerprint<'a>(labels: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    const OFFSET: u64 = 14_695_981_039_346_656_037;
    const PRIME: u64 = 1_099_511_628_211;
    let mut hash = OFFSET;
    let mut add = |bytes: &[u8]| {
        for byte in bytes.iter().chain(std::iter::once(&0xff)) {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(PRIME);
        }
    };
    for (name, value) in labels.filter(|(_, value)| !value.is_empty()) {
        add(name.as_bytes());
        add(value.as_bytes());
    }
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn which_of_a_pair_sent_it_is_not_which_alert_it_is() {
        let labels = |replica: &str| -> Vec<(Arc<str>, Arc<str>)> {
            vec![("alertname".into(), "A".into()), ("prometheus_replica".into(), replica.into())]
        };
        assert_eq!(key(&labels("a")), key(&labels("b")));
        assert_eq!(key(&labels("a")), key(&labels("a")[..1]));
        assert!(is_of_a_pair(&labels("a")) && !is_of_a_pair(&labels("a")[..1]));
    }

    #[test]
    fn it_is_prometheus_own_fingerprint() {
        // The empty set and one label, as `model.LabelSet.Fingerprint` of prometheus/common prints them.
        assert_eq!(fingerprint(std::iter::empty()), "cbf29ce484222325");
        let one = fingerprint([("alertname", "A"), ("gone", "")].into_iter());
        assert_eq!(one, fingerprint([("alertname", "A")].into_iter()));
        assert_ne!(one, fingerprint([("alertname", "B")].into_iter()));
        // The separator keeps the border between name and value.
        assert_ne!(fingerprint([("ab", "c")].into_iter()), fingerprint([("a", "bc")].into_iter()));
    }
}
