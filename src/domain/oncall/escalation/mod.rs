//! How a call climbs when nobody answers it: policies, and the ladder that one gives an incident.

mod called;
mod ladder;
mod page;
mod policy;
mod run;
mod state;

pub use called::Called;
pub use ladder::{Ladder, Resolve, Rung, everybody};
pub use page::{Page, PageState};
pub use policy::{Authority, Level, Policy, Runs, Target};
pub use run::{Around, Happening, Order, Run, acknowledgement_holds};
pub use state::{Responder, RunState};
