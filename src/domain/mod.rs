//! WHAT IS TRUE: the nouns of the console and the rules about them.
//!
//! Pure values. Nothing here does IO, awaits, reads a clock (`now` is always a parameter) or knows a wire format.
//! Parsing yields a value *and* problems, so a fact that is half readable is half shown rather than lost.
//! Invariant: the same facts at the same `now` give the same verdict.
//!
//! | folder | subject |
//! |---|---|
//! | [`action`] | plans, pins, tiers, confirmation, the run and its only transition function |
//! | [`advice`] | whether a release should be rolled back, by what users got before it and since |
//! | [`alert`] | alerts, silences, severities, groups |
//! | [`backup`] | backups, the ladder of the calendar, holes in the WAL, and whether anything could be restored |
//! | [`cause`] | why workloads are stuck, where several share one reason |
//! | [`cluster`] | what is known of a cluster at one moment |
//! | [`database`] | databases, who their primary is, how far the others are behind, and what changing it would cost |
//! | [`document`] | a file the operator wrote, read to its end with every problem |
//! | [`environment`] | where an operator acts, and how carefully |
//! | [`ical`] | a calendar as calendar programs read it |
//! | [`incident`] | incidents: severities and their clock, what can happen to one, its timeline and report |
//! | [`job`] | CronJobs and Jobs: when they run, how they ended |
//! | [`keyed`] | what stands for a secret where it must be recognised and not read |
//! | [`log`] | what containers write: levels, fields, masking, a ring of bytes |
//! | [`maintenance`] | windows that come again, freezes, what is due |
//! | [`oncall`] | who is on call, and how a call climbs when nobody answers it |
//! | [`maintenance_mode`] | what a workload was before its maintenance, as remembered on it |
//! | [`owner`] | who else writes a workload, and what they will do about a change of ours |
//! | [`node`] | nodes, what presses them, quantities of processor time and memory |
//! | [`people`] | people and teams: how they are reached, when they work, who may change that |
//! | [`problem`] | what is wrong with a file the operator wrote |
//! | [`release`] | what became current when, and how the store keeps it |
//! | [`rollout`] | workloads, verdicts, pods, revisions, templates |
//! | [`service`] | sets of workloads that belong together |
//! | [`health`] | what components answer when asked, and what that means for what needs them |
//! | [`signal`] | what is measured of a service, and the questions it is read by |
//! | [`slo`] | what was promised, what is left of it, and how fast it is spent |
//! | [`source`] | how fresh what we were told is |
//! | [`store`] | acknowledgements, notes, annotations, releases seen, incidents, recorded backups, the audit: what the store keeps |
//! | [`subject`] | what an action is on: a workload, a silence, an alert, a pod |
//! | [`text`] | the one sanitiser every remote string passes |
//! | [`timeline`] | what happened within the last hour, from every source, in one order |
//! | [`time`] | ages and their coarse steps, clocks of other time zones |
//! | [`usage`] | what pods and nodes use, beside what they asked for and may have |

pub mod action;
pub mod advice;
pub mod alert;
pub mod backup;
pub mod cause;
pub mod cluster;
pub mod database;
pub mod document;
pub mod environment;
pub mod health;
pub mod ical;
pub mod incident;
pub mod job;
pub mod keyed;
pub mod log;
pub mod maintenance;
pub mod maintenance_mode;
pub mod node;
pub mod oncall;
pub mod owner;
pub mod people;
pub mod problem;
pub mod release;
pub mod rollout;
pub mod service;
pub mod signal;
pub mod slo;
pub mod source;
pub mod store;
pub mod subject;
pub mod text;
pub mod time;
pub mod timeline;
pub mod usage;
mod worded;

pub(crate) use worded::worded;
