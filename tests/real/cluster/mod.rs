//! Everything that needs the real control plane.

mod contract;
mod harness;
mod kinds;
mod kubeconfig;
mod rollback;
mod verdicts;
