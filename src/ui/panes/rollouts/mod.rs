//! The rollouts pane: the list of workloads, and one of them in detail.

pub mod detail;
mod history;
mod image;
pub mod list;
mod notice;
mod pods;
