//! Quarterdeck: the console of the person on call.

pub mod config;
pub mod domain;
pub mod keys;
pub mod sources;
pub mod theme;
pub mod ui;
