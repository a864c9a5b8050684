//! Quarterdeck: the console of the person on call.

pub mod domain;
pub mod sources;
pub mod theme;
pub mod ui;
