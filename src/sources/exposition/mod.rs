//! Metrics as a service, an exporter or `/federate` shows them, read without a Prometheus between.
//!
//! It is for where no Prometheus is, and for when it is away.
//!
//! | file | subject |
//! |---|---|
//! | `token` | each line taken apart by the rules of the format |
//! | [`read`] | a whole text as samples, with the lines that cannot be read |
//! | [`Rates`] | counters of successive scrapes as events per second |
//! | `process` | whether one process answers at an address |
//! | `scrape` | fetching the pages of an environment |

mod process;
mod rates;
mod scrape;
mod text;
mod token;

pub use rates::Rates;
pub(in crate::sources) use scrape::{Scraped, Scraper};
pub use text::{Exposed, Kept, Unreadable, read};
