//! Metrics as a service, an exporter or `/federate` shows them, read without a Prometheus between.
//!
//! It knows texts, not servers: what fetches them is not here.
//!
//! | file | subject |
//! |---|---|
//! | `token` | each line taken apart by the rules of the format |
//! | [`read`] | a whole text as samples, with the lines that cannot be read |
//! | [`Rates`] | counters of successive scrapes as events per second |

mod rates;
mod text;
mod token;

pub use rates::Rates;
pub use text::{Exposed, Kept, Unreadable, read};
