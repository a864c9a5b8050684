//! Everything that needs the real control plane.

mod actions;
mod contract;
mod environments;
mod harness;
mod kinds;
mod kubeconfig;
mod life;
mod owners;
mod reach;
mod rollback;
mod services;
mod verdicts;
