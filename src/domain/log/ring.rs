//! The newest lines, within a limit of bytes; the oldest go first, and are counted.

use std::collections::VecDeque;
use std::sync::Arc;

use super::line::Line;

/// Lines of several containers in the order they were written.
#[derive(Debug, Clone)]
pub struct Ring {
    lines: VecDeque<Arc<Line>>,
    bytes: usize,
    limit: usize,
    dropped: u64,
    /// How many were ever taken in: a place that moves only forward.
    taken: u64,
}

impl Ring {
    /// A ring that holds so many bytes.
    pub const fn new(limit: usize) -> Self {
        Self { lines: VecDeque::new(), bytes: 0, limit, dropped: 0, taken: 0 }
    }

    /// Takes a line in at its place in time: containers do not write in step.
    pub fn push(&mut self, line: Line) {
        self.taken += 1;
        self.bytes += line.size();
        let mut place = self.lines.len();
        if let Some(at) = line.at {
            // What has no time stays where it came.
            while place > 0 && self.lines[place - 1].at.is_some_and(|other| other > at) {
                place -= 1;
            }
        }
        self.lines.insert(place, Arc::new(line));
        while self.bytes > self.limit {
            let Some(oldest) = self.lines.pop_front() else { break };
            self.bytes -= oldest.size();
            self.dropped += 1;
        }
    }

    /// The lines, oldest first.
    pub const fn lines(&self) -> &VecDeque<Arc<Line>> {
        &self.lines
    }

    /// How many had to go.
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// How many were ever taken in.
    pub const fn taken(&self) -> u64 {
        self.taken
    }

    /// Bytes held.
    pub const fn bytes(&self) -> usize {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Level, Origin};
    use super::*;

    fn line(second: i64, text: &str) -> Line {
        let origin = Arc::new(Origin { pod: "p".into(), container: "c".into() });
        let at = chrono::DateTime::from_timestamp(second, 0);
        Line { at, origin, level: Level::Info, message: text.into(), fields: Box::default() }
    }

    #[test]
    fn lines_of_several_containers_fall_into_order() {
        let mut ring = Ring::new(1 << 20);
        for (second, text) in [(1, "a"), (5, "d"), (3, "b"), (3, "c")] {
            ring.push(line(second, text));
        }
        assert_eq!(ring.lines().iter().map(|line| &*line.message).collect::<String>(), "abcd");
    }

    #[test]
    fn it_never_holds_more_than_its_limit_and_counts_what_went() {
        let mut ring = Ring::new(4_096);
        for second in 0..200 {
            ring.push(line(second, &"x".repeat(50)));
        }
        assert!(ring.bytes() <= 4_096);
        assert_eq!(ring.dropped() + ring.lines().len() as u64, 200);
        assert_eq!(ring.lines().back().and_then(|line| line.at), chrono::DateTime::from_timestamp(199, 0));
    }
}
