//! Objectives, what is left of their error budgets, and how fast they are spent (requirements B8).
//!
//! | file | subject |
//! |---|---|
//! | [`objective`] | what was promised, over which window, measured by which questions |
//! | [`measured`] | what was counted for it, by whom |
//! | [`burn`] | the four pairs of windows of the burn table |
//! | [`exclusion`] | time that does not count, each with its evidence |
//! | [`judge()`] | what that makes of an objective now |
//!
//! It keeps one invariant: an objective is well only where the whole window and all four rows are known, on enough requests.

pub mod burn;
pub mod exclusion;
pub mod judge;
pub mod measured;
pub mod objective;

pub use burn::{Row, RowState, Urgency};
pub use exclusion::{Excluded, Exclusion, Reason};
pub use judge::{Budget, Slo, Standing, judge};
pub use measured::{Events, Measured, Part, Recorder, SPANS, SloSnapshot, Span};
pub use objective::{Goal, Indicator, Promise, Question, Window};

#[cfg(test)]
mod tests;
