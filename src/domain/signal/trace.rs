//! The last hour of a signal, a value a minute.

use std::sync::Arc;

use crate::domain::time::{self, Instant};

/// How many minutes a trace has.
pub const MINUTES: usize = 60;

/// The last hour of one signal of one service.
#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    /// The service, cleaned.
    pub service: Arc<str>,
    /// The name of the query.
    pub name: Arc<str>,
    /// A value a minute, oldest first, [`MINUTES`] of them; `None` where it is not known.
    pub values: Arc<[Option<f32>]>,
    /// The beginning of the minute of the last value.
    pub newest: Instant,
}

impl Trace {
    /// The place of an instant among the values; `None` when it is not of this hour.
    pub fn place(&self, at: Instant) -> Option<usize> {
        let back = minute(self.newest) - minute(at);
        usize::try_from(back).ok().and_then(|back| self.values.len().checked_sub(back + 1))
    }

    /// The greatest value.
    pub fn top(&self) -> Option<f32> {
        self.values.iter().flatten().copied().reduce(f32::max)
    }
}

/// The number of the minute of an instant.
pub const fn minute(at: Instant) -> i64 {
    at.timestamp().div_euclid(60)
}

/// The beginning of a minute.
pub fn beginning(minute: i64) -> Instant {
    time::FIRST + time::minutes(minute)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_has_its_place() {
        let at = |seconds: i64| chrono::DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap_or_default();
        let trace = Trace {
            service: "a".into(),
            name: "b".into(),
            values: vec![None; MINUTES].into(),
            newest: beginning(minute(at(0))),
        };
        assert_eq!(trace.newest, at(0), "it is a whole minute");
        assert_eq!((trace.place(at(0)), trace.place(at(59))), (Some(59), Some(59)));
        assert_eq!((trace.place(at(-1)), trace.place(at(-59 * 60))), (Some(58), Some(0)));
        assert_eq!((trace.place(at(60)), trace.place(at(-60 * 60))), (None, None));
    }
}
