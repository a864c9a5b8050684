//! Everything that needs the real control plane.

mod actions;
mod backups;
mod causes;
mod contract;
mod contract_around;
mod contract_jobs;
mod environments;
mod golden;
mod harness;
mod jobs;
mod killed;
mod kinds;
mod kubeconfig;
mod kubectl;
mod life;
mod logs;
mod modes;
mod mounts;
mod owners;
mod reach;
mod readiness;
mod restore;
mod rollback;
mod services;
mod usage;
mod verdicts;
