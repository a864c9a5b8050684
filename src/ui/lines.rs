//! The lines of a pane that is one list: which of them pass its filter, and how many there are of what.

use std::sync::Arc;

/// A line of a list.
pub trait Line {
    /// What it is, whatever becomes of the lines around it: the cursor rests on that.
    type Place: PartialEq;

    /// What this one is.
    fn place(&self) -> Self::Place;
}

impl<L: Line> Line for Arc<L> {
    type Place = L::Place;

    fn place(&self) -> L::Place {
        L::place(self)
    }
}

/// The lines of a list.
#[derive(Debug)]
pub struct Lines<L, const KINDS: usize> {
    /// Those that pass the filter, in their order.
    pub shown: Vec<L>,
    /// How many there are of each kind that is told, without the filter.
    pub tally: [usize; KINDS],
    /// How many there are without the filter.
    pub total: usize,
}

impl<L, const KINDS: usize> Default for Lines<L, KINDS> {
    fn default() -> Self {
        Self { shown: Vec::new(), tally: [0; KINDS], total: 0 }
    }
}

impl<L: Line, const KINDS: usize> Lines<L, KINDS> {
    /// The place of a line that is shown.
    pub fn place(&self, of: Option<&L::Place>) -> Option<usize> {
        let of = of?;
        self.shown.iter().position(|line| line.place() == *of)
    }

    /// The line itself.
    pub fn find(&self, of: Option<&L::Place>) -> Option<&L> {
        self.shown.get(self.place(of)?)
    }
}
