//! Health: what the parts of a service answer when they are asked, and what that means for what needs them (requirements B3, B16, F2).
//!
//! | file | subject |
//! |---|---|
//! | [`probe`] | what is asked of a component, and where |
//! | [`check`] | what it answered |
//! | [`body`] | what the body of a health endpoint says |
//! | [`certificate`] | until when a certificate holds, and what is wrong with it |
//! | [`matrix`] | every component in every environment, and what is impaired by what |
//!
//! It keeps one invariant: what did not answer lately, or answered what is not understood, is not known and never healthy.

pub mod body;
pub mod certificate;
pub mod check;
pub mod matrix;
pub mod probe;

pub use certificate::Certificate;
pub use check::{Check, Condition, HealthSnapshot, Part};
pub use matrix::{Cell, Line, impaired, lines};
pub use probe::{Kind, Probe, Target};

#[cfg(test)]
mod tests;
