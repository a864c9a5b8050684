//! The store: what people say and what was done, shared by consoles through PostgreSQL or kept for one user in SQLite.
//!
//! [`port`] is what the rest of the console knows of it. One conformance suite runs against both adapters.

pub mod port;
