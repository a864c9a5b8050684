//! When to draw: at once for the operator, at most thirty times a second for the world, and not at all otherwise.

use std::time::Duration;

use tokio::time::Instant as Tick;

/// Frames caused by the world are at least this far apart; the first of a burst goes at once, whatever else was drawn just before.
const APART: Duration = Duration::from_millis(33);

/// What made the screen out of date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// A key, a resize, an answer the operator waits for.
    Operator,
    /// The world, or an age on the screen.
    World,
}

/// The dirty flag with its deadline.
#[derive(Debug, Default)]
pub(super) struct Pace {
    due: Option<Tick>,
    /// Whether the world is among what made the screen out of date.
    is_of_the_world: bool,
    /// When the world was last drawn.
    world_drawn_at: Option<Tick>,
}

impl Pace {
    /// Notes that the screen is out of date.
    pub(super) fn mark(&mut self, cause: Cause, now: Tick) {
        self.is_of_the_world |= cause == Cause::World;
        let at = match (cause, self.world_drawn_at) {
            (Cause::World, Some(drawn)) => (drawn + APART).max(now),
            _ => now,
        };
        self.due = Some(self.due.map_or(at, |due| due.min(at)));
    }

    /// When to draw next; `None` while the screen is up to date.
    pub(super) const fn due(&self) -> Option<Tick> {
        self.due
    }

    /// Whether to draw now; notes that it was drawn.
    pub(super) fn take(&mut self, now: Tick) -> bool {
        let is_due = self.due.is_some_and(|due| due <= now);
        if is_due {
            self.due = None;
            if std::mem::take(&mut self.is_of_the_world) {
                self.world_drawn_at = Some(now);
            }
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_key_is_drawn_at_once_and_a_storm_thirty_times_a_second() {
        let start = Tick::now();
        let mut pace = Pace::default();
        assert!(!pace.take(start), "nothing happened");
        pace.mark(Cause::World, start);
        assert!(pace.take(start), "the first of a burst");
        pace.mark(Cause::World, start);
        assert!(!pace.take(start + Duration::from_millis(32)));
        assert!(pace.take(start + Duration::from_millis(33)));
        pace.mark(Cause::World, start + Duration::from_millis(34));
        pace.mark(Cause::Operator, start + Duration::from_millis(35));
        assert!(pace.take(start + Duration::from_millis(35)), "a key does not wait for the world");
        assert_eq!(pace.due(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_word_of_the_world_does_not_wait_for_a_frame_without_it() {
        let start = Tick::now();
        let mut pace = Pace::default();
        pace.mark(Cause::Operator, start);
        assert!(pace.take(start));
        pace.mark(Cause::World, start + Duration::from_millis(1));
        assert!(pace.take(start + Duration::from_millis(1)));
    }
}
