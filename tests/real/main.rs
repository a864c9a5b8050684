//! The shipped binary against the real thing: a real control plane, real processes, a real terminal.
//!
//! `cluster` needs the control plane of `tests/support/controlplane`; `terminal` needs none.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says why and stops; clippy lets test functions do so, but not what they call"
)]

mod cluster;
#[path = "../support/mod.rs"]
mod support;
