//! Components asked whether they are well: HTTP, TCP, TLS, and the first words of PostgreSQL and Redis.
//!
//! | file | subject |
//! |---|---|
//! | `ask` | one component asked once, within its time |
//! | `wire` | the first words of PostgreSQL and Redis, without logging in |
//! | `tls` | a handshake that tells what is wrong with a certificate instead of only refusing it |
//! | `der` | until when a certificate holds, and who issued it |
//! | [`HealthFeed`], [`HealthSource`] | the components of an environment, each at its own pace, as snapshots |
//!
//! It sends no credential anywhere. It keeps one invariant: one question at a time to each component, and each has an end.

mod ask;
mod der;
mod source;
mod tls;
mod wire;

pub use source::{HealthFeed, HealthSource};
