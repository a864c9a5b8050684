//! Signals: what is measured of a service, by which question, and what was read.
//!
//! | file | subject |
//! |---|---|
//! | [`query`] | the named questions, their units and where the service stands in them |
//! | [`outcome`] | how a request ended, by the label that carries its status code |
//! | [`sample`] | samples, series and readings |
//! | [`threshold`] | what is too much of a signal |
//! | [`direct`] | what the shipped queries ask, from pages of metrics |
//! | [`histogram`] | the quantile of a histogram |
//! | [`trace`] | the last hour of a signal |
//! | [`board`] | a service with its signals judged |
//!
//! It keeps one invariant: what is not known is absent, with the reason, and never a number.

pub mod board;
pub mod direct;
pub mod histogram;
pub mod outcome;
pub mod query;
pub mod sample;
pub mod threshold;
pub mod trace;

pub use board::{Board, Judged};
pub use outcome::{CodeLabels, Outcome};
pub use query::{Labels, Query, Unit};
pub use sample::{Origin, Reading, Sample, Series, SignalSnapshot};
pub use threshold::{Limit, State, judge};
pub use trace::Trace;
