//! Everything that needs the real control plane.

mod contract;
mod harness;
mod kubeconfig;
mod rollback;
mod verdicts;
