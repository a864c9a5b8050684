//! Databases: who their members are, which of them is the primary, how far behind the others are, and what a change of the primary would cost.
//!
//! | file | subject |
//! |---|---|
//! | `declared` | a database as the configuration names it |
//! | `member` | one member, by its own word and by the word of those who list it |
//! | `reading` | a database as it was read: its members, who governs them, and which of them is the primary |
//! | `lag` | how far a member is behind, in bytes and seconds, and how fresh that is |
//! | `trail` | where the primary's WAL was within the last minutes, and so how fast it is written |
//! | `loss` | what a change of the primary would lose, as a range |
//! | `verdict` | how a database is, and whether its primary could be changed now |
//! | `pause` | who asked that nobody is promoted by itself, and until when |
//! | `preflight` | what is looked at before its primary is changed |
//! | [`tables`] | what a PostgreSQL server tells of itself by its own views |
//! | `snapshot` | what is known of every database at one moment |
//! | `standing` | how a database stands, for screens and documents |
//! | [`words`] | the same in words |
//!
//! It keeps one invariant: **a member is the primary only by its own answer**. What the others, a listing or a status code say of it is
//! shown, and makes nobody a primary.

mod declared;
mod lag;
mod loss;
mod member;
mod pause;
mod preflight;
mod reading;
mod snapshot;
mod standing;
pub mod tables;
mod trail;
mod verdict;
pub mod words;

#[cfg(test)]
mod tests;

pub use declared::{Database, Kind};
pub use lag::{Lag, LagSource};
pub use loss::{Gap, Loss};
pub use member::{Listed, Member, Position, Replicating, Role, Said, Sync, Tags};
pub use pause::{PAUSE_KEY, Pause};
pub use preflight::{Limits, Preflight, Turn, preflight};
pub use reading::{Primary, Reading, Scheduled, Sentinels, Settings, Switch, Topology};
pub use snapshot::{DatabaseSnapshot, Watched};
pub use standing::{Automatic, MemberStanding, Standing};
pub use trail::{Mark, Trail};
pub use verdict::{Condition, Readiness, Verdict};
