//! What every poller does.

use std::time::Duration;

/// A wait up to a tenth longer or shorter, so that consoles do not ask all at once.
pub(super) fn jittered(wait: Duration) -> Duration {
    use std::hash::{BuildHasher, Hasher};
    let draw = std::hash::RandomState::new().build_hasher().finish() % 2_001;
    let share = 9_000 + u32::try_from(draw).unwrap_or(0);
    wait / 10_000 * share
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_jittered_by_a_tenth_at_most() {
        for _ in 0..100 {
            let wait = jittered(Duration::from_secs(10));
            assert!((Duration::from_millis(9_000)..=Duration::from_millis(11_001)).contains(&wait), "{wait:?}");
        }
    }
}
