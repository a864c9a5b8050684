//! Everything that needs the real control plane.

mod contract;
mod harness;
mod rollback;
mod verdicts;
