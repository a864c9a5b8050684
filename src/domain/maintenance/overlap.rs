//! Which occurrences meet, and how. One that ends when another begins does not meet it.

use serde::Serialize;

use super::{Occurrence, State};
use crate::domain::time::Instant;
use crate::domain::worded;

worded! {
    /// How one occurrence lies to another it meets.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
    #[serde(rename_all = "lowercase")]
    pub enum Relation {
        /// It lies wholly inside the other: it is absorbed, not moved, and not announced apart.
        Inside = "inside",
        /// The other lies wholly inside it.
        Contains = "contains",
        /// Each reaches beyond the other.
        Crosses = "crosses",
    }
}

/// An occurrence that another one meets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Overlap {
    /// The other's window.
    pub name: String,
    /// When the other begins.
    pub start: Instant,
    /// How the one lies to the other.
    pub relation: Relation,
}

/// The overlaps of each occurrence, at its place. They are sorted by their start, the longer first, as [`super::Schedule::between`] gives them.
/// Two of services that differ do not meet, and what was cancelled meets nothing.
pub fn overlaps(sorted: &[Occurrence<'_>]) -> Vec<Vec<Overlap>> {
    let mut found: Vec<Vec<Overlap>> = sorted.iter().map(|_| Vec::new()).collect();
    for (place, one) in sorted.iter().enumerate().filter(|(_, one)| one.state != State::Cancelled) {
        let later = sorted.iter().enumerate().skip(place + 1).take_while(|(_, other)| other.start < one.end);
        for (beside, other) in
            later.filter(|(_, other)| other.state != State::Cancelled && one.window.shares_with(other.window))
        {
            let (of_one, of_other) = if other.end <= one.end {
                (Relation::Contains, Relation::Inside)
            } else {
                (Relation::Crosses, Relation::Crosses)
            };
            let of = |occurrence: &Occurrence<'_>, relation| Overlap {
                name: occurrence.window.name.clone(),
                start: occurrence.start,
                relation,
            };
            if let Some(met) = found.get_mut(place) {
                met.push(of(other, of_one));
            }
            if let Some(met) = found.get_mut(beside) {
                met.push(of(one, of_other));
            }
        }
    }
    found
}

/// How many pairs meet.
pub fn pairs(overlaps: &[Vec<Overlap>]) -> usize {
    overlaps.iter().map(Vec::len).sum::<usize>() / 2
}
