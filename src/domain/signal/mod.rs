//! Signals: what is measured of a service, by which question, and what was read.
//!
//! | file | subject |
//! |---|---|
//! | [`query`] | the named questions, their units and where the service stands in them |
//! | [`sample`] | samples, series and readings |
//!
//! It keeps one invariant: what is not known is absent, with the reason, and never a number.

pub mod query;
pub mod sample;

pub use query::{Labels, Query, Unit};
pub use sample::{Origin, Reading, Sample, Series, SignalSnapshot};
