//! The facts that the store keeps: one line each.

use super::fact::Registered;
use super::{
    Acknowledgement, Annotation, Note, RecordedBackup, RecordedRestore, ReleaseSeen, StoredFreeze, StoredWindow,
    TaskTick,
};
use crate::domain::incident::{Entry, Incident};
use crate::domain::maintenance::Exception;
use crate::domain::oncall::escalation::{Policy, Run};
use crate::domain::oncall::{Handoff, Override, Schedule};
use crate::domain::people::{Person, Team};

/// Every kind of fact.
pub static ALL: &[Registered] = &[
    Registered::of::<Acknowledgement>(),
    Registered::of::<Note>(),
    Registered::of::<Annotation>(),
    Registered::of::<ReleaseSeen>(),
    Registered::of::<StoredWindow>(),
    Registered::of::<Exception>(),
    Registered::of::<TaskTick>(),
    Registered::of::<StoredFreeze>(),
    Registered::of::<Incident>(),
    Registered::of::<Entry>(),
    Registered::of::<Run>(),
    Registered::of::<Schedule>(),
    Registered::of::<Override>(),
    Registered::of::<Handoff>(),
    Registered::of::<Policy>(),
    Registered::of::<Person>(),
    Registered::of::<Team>(),
    Registered::of::<RecordedBackup>(),
    Registered::of::<RecordedRestore>(),
];
