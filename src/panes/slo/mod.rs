//! The pane of objectives: what is left of each error budget, worst first, and how fast it is spent.

mod list;
mod more;
mod notice;

pub use list::draw;

use crate::domain::slo::Standing;
use crate::theme::Role;

/// The role of a standing's word.
const fn role_of(standing: Standing) -> Role {
    match standing {
        Standing::Page | Standing::Spent => Role::Error,
        Standing::Ticket => Role::Warning,
        Standing::Unknown => Role::VerdictUnknown,
        Standing::Ok => Role::Ok,
    }
}
