//! The store: both adapters by one suite, the shared one through faults, both under load.

mod conformance;
mod disk;
mod faults;
mod place;
