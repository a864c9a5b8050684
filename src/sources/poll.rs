//! What every poller does.

use std::time::Duration;

use tokio::sync::Notify;

use super::error::SourceError;

/// How often a source is asked.
pub(super) const EVERY: Duration = Duration::from_secs(15);
/// A round that takes long is repeated after so many times as long.
const BREATHING: u32 = 5;

/// How long to wait after a round: `every`, longer after a slow one; after a failure what the server asked for, else twice as long as
/// after the last one, at most `cap`.
pub(super) fn pause(
    error: Option<&SourceError>,
    failures: &mut u32,
    took: Duration,
    every: Duration,
    cap: Duration,
) -> Duration {
    let Some(error) = error else {
        *failures = 0;
        return every.max(took * BREATHING);
    };
    *failures = failures.saturating_add(1);
    let backed_off = Duration::from_secs(1).saturating_mul(1 << (*failures).min(6)).min(cap);
    error.retry_after.unwrap_or(backed_off).clamp(Duration::from_secs(1), Duration::from_secs(300))
}

/// Waits, at most until somebody asks for what is broken to be tried at once; whether that was so.
pub(super) async fn rest(wait: Duration, retry: &Notify) -> bool {
    tokio::select! {
        () = tokio::time::sleep(wait) => false,
        () = retry.notified() => true,
    }
}

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
    use crate::sources::error::Trouble;

    #[test]
    fn a_failure_backs_off_and_a_server_may_ask_for_more() {
        let (every, cap) = (Duration::from_secs(15), Duration::from_secs(30));
        let mut failures = 0;
        let mut after = |error: Option<&SourceError>, took| {
            pause(error, &mut failures, Duration::from_secs(took), every, cap).as_secs()
        };
        let error = SourceError::new(Trouble::Timeout, "slow");
        let asked = SourceError::new(Trouble::Throttled, "later").retry_after(Some(Duration::from_secs(900)));
        assert_eq!([after(None, 1), after(None, 8)], [15, 40]);
        assert_eq!([(); 6].map(|()| after(Some(&error), 1)), [2, 4, 8, 16, 30, 30]);
        assert_eq!(after(Some(&asked), 1), 300);
        assert_eq!((after(None, 1), after(Some(&error), 1)), (15, 2), "well again");
    }

    #[test]
    fn a_wait_is_jittered_by_a_tenth_at_most() {
        for _ in 0..100 {
            let wait = jittered(Duration::from_secs(10));
            assert!((Duration::from_millis(9_000)..=Duration::from_millis(11_001)).contains(&wait), "{wait:?}");
        }
    }
}
