//! Whether a release should be rolled back, by what users got before it and since (requirements, A5).
//!
//! | file | subject |
//! |---|---|
//! | [`compared`] | what was measured since a release, before it and a week ago |
//! | [`beside`] | what the new pods say beside the old ones |
//! | [`judge()`] | what that says of the release |
//!
//! It keeps one invariant: what was not measured, or on too few requests, is UNKNOWN and never well.

pub mod beside;
pub mod compared;
pub mod judge;

pub use compared::{Absence, Beside, Compared, Other, Released, Value, Window, windows};
pub use judge::{Advice, Criterion, Opinion, Verdict, into_plan, judge};

#[cfg(test)]
mod tests;
