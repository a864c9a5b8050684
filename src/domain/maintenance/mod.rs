//! Maintenance: windows that come again, what each occurrence of them becomes, freezes, and what is due (requirements E1, E2, E5, A9, B8).
//!
//! | file | subject |
//! |---|---|
//! | [`recurrence`] | when a window comes again |
//! | [`window`] | what is planned: a rule, a zone, a length |
//! | [`schedule`] | the occurrences of all windows between two times, with what was said of single ones |
//! | [`overlap`] | which occurrences meet, and how |
//! | [`shipped`] | the four windows the requirements name, and the alternative of one |
//! | [`budget`] | what of it does not count against an objective |
//! | [`freeze`] | the dates before a release, and what is refused then |
//! | [`emergency`] | what has to happen by when once something is mended at once |
//! | [`task`] | what is done every day, week, month and quarter |
//! | [`ical`] | the schedule for a calendar |
//!
//! It keeps one invariant: an occurrence is named by the time its rule gives it, however often it is moved.

pub mod budget;
pub mod emergency;
pub mod freeze;
pub mod ical;
pub mod overlap;
pub mod recurrence;
pub mod schedule;
pub mod shipped;
pub mod task;
pub mod window;

pub use overlap::{Overlap, Relation};
pub use recurrence::Recurrence;
pub use schedule::{Exception, Occurrence, Schedule, State};
pub use window::{Rule, Window};

#[cfg(test)]
mod oracle_tests;
#[cfg(test)]
mod tests;
