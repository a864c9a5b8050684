//! The health matrix: every component in every environment, worst first, and what is impaired by what.

mod list;
mod more;

pub use list::draw;

use crate::domain::health::Condition;
use crate::theme::Role;

/// The role of a condition's word.
const fn role_of(condition: Condition) -> Role {
    match condition {
        Condition::Unhealthy => Role::Error,
        Condition::Degraded => Role::Warning,
        Condition::Unknown => Role::VerdictUnknown,
        Condition::Healthy => Role::Ok,
    }
}
