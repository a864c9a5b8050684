//! Pod templates, as the Deployment controller sees them.

use serde_json::Value;

/// The label that tells the ReplicaSets of a Deployment apart.
pub(super) const HASH: &str = "pod-template-hash";

/// A ReplicaSet's template without the hash label.
pub(super) fn without_hash(template: &Value) -> Value {
    crate::domain::rollout::stripped(template)
}

/// A short name for a template: letters and digits that cannot spell a word.
pub(super) fn hash(template: &Value) -> String {
    const ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    let mut state: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in template.to_string().bytes() {
        state = (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    let count = ALPHABET.len() as u64;
    (0..9)
        .map(|_| {
            let letter = usize::try_from(state % count).unwrap_or(0);
            state /= count;
            char::from(ALPHABET.get(letter).copied().unwrap_or(b'x'))
        })
        .collect()
}
