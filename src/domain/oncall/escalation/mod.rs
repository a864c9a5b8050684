//! How a call climbs when nobody answers it: policies, and the ladder that one gives an incident.

mod ladder;
mod policy;
mod run;

pub use ladder::{Ladder, Resolve, Rung, everybody};
pub use policy::{Authority, Level, Policy, Runs, Target};
pub use run::{Around, Happening, Order, Responder, Run, RunState, acknowledgement_holds};
