//! PATRONI, READ: every member by its own REST, the listing for who the members are, the dynamic configuration, the history.
//!
//! | file | subject |
//! |---|---|
//! | `wire` | the documents as Patroni 3 and 4 write them, as values of `domain::database` |
//! | `read` | all members of a cluster asked side by side, each within its time |
//!
//! What reads sends GET alone; `hands` alone changes anything. Credentials go only to the addresses the operator declared: where the listing leads, nobody is told a password.
//! It keeps one invariant: a role is the word of a body, never of a status code. Patroni answers 503 with the same body to whatever is not
//! so, and behind a proxy anything may be 200.

mod eyes;
mod hands;
mod read;
#[cfg(test)]
mod tests;
mod wire;

pub use eyes::Databases;
pub use read::{Asked, Depth, Patroni, read};
