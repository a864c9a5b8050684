//! Which alert it is: the same over replicas of Alertmanager, over pairs of Prometheus servers, and over polls.

/// Labels that say which of a pair of Prometheus servers sent an alert, not which alert it is.
pub const REPLICA_LABELS: [&str; 2] = ["prometheus_replica", "__replica__"];

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
