//! REDIS AND ITS SENTINELS, READ: `ROLE` of every server, and what Sentinels would do about a lost primary.
//!
//! | file | subject |
//! |---|---|
//! | `wire` | the protocol (RESP 2), within limits |
//! | `read` | servers and Sentinels asked side by side, each within its time |
//!
//! It keeps one invariant: only `AUTH`, `ROLE`, `INFO` and Sentinel's own questions are sent, and a password goes to declared servers alone.

mod read;
mod wire;

pub(in crate::sources) use read::Redis;
