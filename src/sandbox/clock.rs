//! The sandbox's time: the real one, or a faster one.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

/// A clock that starts now and may run fast.
#[derive(Debug, Clone, Copy)]
pub struct SandboxClock {
    began: Instant,
    began_at: DateTime<Utc>,
    speed: u32,
}

impl SandboxClock {
    /// A clock that starts at a time and runs `speed` times as fast as the real one.
    pub fn starting(at: DateTime<Utc>, speed: u32) -> Self {
        Self { began: Instant::now(), began_at: at, speed: speed.max(1) }
    }

    /// The sandbox's time.
    pub fn now(&self) -> DateTime<Utc> {
        let elapsed = self.began.elapsed().saturating_mul(self.speed);
        self.began_at + TimeDelta::from_std(elapsed).unwrap_or_default()
    }

    /// How long a real clock takes until the sandbox's reads `at`.
    pub fn until(&self, at: DateTime<Utc>) -> Duration {
        (at - self.now()).to_std().unwrap_or_default() / self.speed
    }
}
