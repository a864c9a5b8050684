//! Quarterdeck: the console of the person on call.

pub mod actions;
pub mod app;
pub mod cli;
pub mod config;
pub mod domain;
pub mod keys;
pub mod sandbox;
pub mod sources;
pub mod telemetry;
pub mod terminal;
pub mod theme;
pub mod ui;
