//! Everything that needs the real control plane.

mod harness;
mod rollback;
mod verdicts;
