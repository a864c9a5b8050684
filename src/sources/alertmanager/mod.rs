//! Alertmanager by its API v2, from 0.22 on: the alerts of an environment, its silences, and how its replicas are; joined with what
//! the rules of its Prometheus tell, where it has one.
//!
//! | file | subject |
//! |---|---|
//! | [`Client`] | one Alertmanager: requests with a deadline and a size limit, never two at once |
//! | `trouble` | the four shapes of its errors, and those of what stands before it |
//! | `wire` | its JSON, decoded alert by alert |
//! | `replica` | polling one: interval, jitter, back-off |
//! | `board` | replicas of one cluster merged |
//! | `compose` | what replicas and rules told, as one snapshot |
//! | [`AlertFeed`], [`AlertSource`] | all of an environment, as snapshots |
//! | [`AlertEyes`] | what matchers cover, and how far a silence has spread |
//! | [`SilenceHands`] | creating, changing and ending silences |

mod board;
mod client;
mod compose;
mod hands;
mod replica;
mod source;
mod trouble;
mod wire;

pub use client::Client;
pub use hands::{AlertEyes, SilenceHands};
pub use source::{AlertFeed, AlertSource};

/// What is said where an environment has no Alertmanager.
pub fn not_configured(environment: &str) -> String {
    format!("Environment {environment} has no Alertmanager. Give [environment.{environment}] its Alertmanagers.")
}
