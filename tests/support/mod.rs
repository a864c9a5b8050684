//! What the tests that leave the process stand on: a real control plane, a proxy that misbehaves on purpose, a terminal.
//!
//! It knows the shipped binary only from outside: arguments, exit codes, the screen, the files it leaves.
//! It keeps one promise: nothing it starts outlives the test process, however that ends.

pub(crate) mod aggregated;
pub(crate) mod alertmanager;
pub(crate) mod console;
pub(crate) mod controlplane;
pub(crate) mod database;
pub(crate) mod kubelet;
pub(crate) mod patroni;
pub(crate) mod process;
pub(crate) mod prometheus;
pub(crate) mod proxy;
pub(crate) mod pty;
pub(crate) mod shop;
pub(crate) mod tls;
pub(crate) mod tunnel;
pub(crate) mod wire;
