//! The nodes pane: every node, worst first, with its pods, what presses it and what it holds.

mod list;
mod more;
mod notice;

pub use list::draw;

use crate::domain::node::NodeVerdict;
use crate::theme::Role;

/// The role of a verdict's word.
const fn role_of(verdict: NodeVerdict) -> Role {
    match verdict {
        NodeVerdict::NotReady => Role::Error,
        NodeVerdict::Pressure => Role::Warning,
        NodeVerdict::Cordoned => Role::VerdictPaused,
        NodeVerdict::Ready => Role::Ok,
    }
}
