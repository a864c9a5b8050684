//! POSTGRESQL: the way to a server, and what its own views tell of it.
//!
//! | file | subject |
//! |---|---|
//! | `connect` | the address with its secret, TLS, a connection that ends when nobody uses it |
//! | `sql` | the questions |
//! | `read` | what a server answers to them |
//! | `trouble` | its errors as what happened and what to do |
//!
//! The store connects by it too. It keeps one invariant: no address and no password is ever in a sentence.

pub(in crate::sources) mod connect;
mod read;
mod sql;
pub(in crate::sources) mod trouble;

pub(in crate::sources) use read::Server;
pub use read::Tried;
