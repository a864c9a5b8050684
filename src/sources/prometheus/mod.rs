//! Prometheus by its HTTP API, and what speaks as one: Thanos, Mimir, VictoriaMetrics.
//!
//! | file | subject |
//! |---|---|
//! | [`Prometheus`] | one server: questions by POST, its labels found once |
//! | `held` | what the Prometheus and pages of metrics told, as one snapshot |
//! | `history` | the last hour of each signal, read once and appended to |
//! | `wire` | its JSON, with numbers in texts and native histograms |
//! | `rules` | what is pending or fires by its rules, polled |
//! | [`SignalFeed`], [`SignalSource`] | the named queries of an environment, polled, as snapshots |
//! | [`SloFeed`], [`SloSource`] | what was promised, counted over its windows |
//! | `recorders` | objectives that Sloth's or Pyrra's recording rules keep |

mod client;
mod compare;
mod downtime;
mod held;
mod history;
mod objectives;
mod past;
mod recorders;
mod rules;
mod slo_feed;
mod source;
mod wire;

pub use client::Prometheus;
pub use downtime::Downtime;
pub use objectives::SloSource;
pub use past::Measured;
pub(in crate::sources) use rules::{RulePoller, SeenRules};
pub use slo_feed::SloFeed;
pub use source::{SignalFeed, SignalSource};
