//! The shipped binary against the real thing: a real control plane, real processes, a real terminal.
//!
//! `cluster` needs the control plane of `tests/support/controlplane`; `metrics` needs Prometheus and `alerts` Alertmanager, and they say so where it is not there; `backups` needs PostgreSQL, pgBackRest and Barman, `databases` PostgreSQL and Redis, `store` needs PostgreSQL and pgbouncer and says so in a
//! line where they are not installed; `terminal` needs none.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says why and stops; clippy lets test functions do so, but not what they call"
)]
#![expect(clippy::zombie_processes, reason = "the watchdog of `support::process` ends what must outlive a test")]
#![expect(clippy::disallowed_methods, reason = "the proxy's connections are tasks of its own and end with it")]

mod alerts;
mod backups;
mod cluster;
mod databases;
mod failover;
#[path = "../support/headless.rs"]
#[expect(dead_code, reason = "the house's own tests use the rest of it")]
mod headless;
mod health;
#[path = "../support/kept.rs"]
mod kept;
mod metrics;
#[path = "../support/rig.rs"]
#[expect(dead_code, reason = "the house's own tests use the rest of it")]
mod rig;
mod silences;
mod store;
#[path = "../support/mod.rs"]
mod support;
mod terminal;
