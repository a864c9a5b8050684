//! THE DANGEROUS ROOM: plan, confirm, execute, verify.
//!
//! To add an action: one file in `catalog/` and one line in [`catalog::SHIPPED`].
//!
//! A plan is the only way to a mutation. The planner holds the eyes and the rehearsal; the executor alone holds the hands, and
//! writes the journal before it uses them. This room does not know keys, panes or wire formats beyond the request it plans.
//! It keeps one invariant: what is sent is what was planned, confirmed and journalled, once, and what came of it is verified
//! or said to be UNKNOWN.

mod about;
mod account;
mod alerts;
#[cfg(test)]
mod alerts_tests;
mod around;
mod backups;
pub mod catalog;
mod contract;
mod cron_jobs;
mod databases;
mod desk;
#[cfg(test)]
mod drafts_tests;
mod elsewhere;
mod escalations;
mod execute;
#[cfg(test)]
mod execute_tests;
mod eyes;
mod fights;
mod frozen;
#[cfg(test)]
mod frozen_tests;
mod gate;
mod handoffs;
mod held;
mod in_order;
mod incidents;
pub mod journal;
mod kept;
mod limits;
pub mod maintenance;
mod makers;
mod modes;
mod modes_beside;
mod observation;
mod outage;
mod plan;
mod pods;
#[cfg(test)]
mod pods_tests;
mod policy;
mod programs;
mod references;
mod replace;
mod replaced;
mod rights;
mod schedules;
mod seen;
mod services;
mod silences;
#[cfg(test)]
mod silences_tests;
mod stored;
mod swaps;
#[cfg(test)]
mod testing;
mod variables;
mod verify;
#[cfg(test)]
mod verify_tests;

pub use alerts::StoreEyes;
pub use contract::{About, Action, Context, Draft, Options, Reason, Refusal, held_off, step_patch};
pub use databases::DatabaseFacts;
pub use desk::Desk;
pub use elsewhere::Elsewhere;
pub use escalations::CallBook;
pub use execute::Executor;
pub use kept::{CommandLines, key};
pub use limits::{Clusters, Limits, Neighbour};
pub use observation::{
    AlertFacts, BackupFacts, IncidentFacts, MaintenanceFacts, ObjectFacts, Observation, ScheduleFacts, SilenceFacts,
};
pub use plan::Planner;
pub use pods::{Attach, Gives, PodPort, Pods, Session};
pub use policy::{Grant, actor, confirmation};
pub use seen::Seen;
pub use verify::{Tell, Verification};
