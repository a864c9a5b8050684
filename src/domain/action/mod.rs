//! What acting on the world means: a plan, the fields it is pinned to, how carefully it is confirmed, and the run that follows.
//!
//! Pure types shared by the screen, the planner and the executor, which do not know each other.

mod aftermath;
mod check;
mod confirmation;
mod cost;
mod given;
mod meaning;
mod plan;
mod record;
mod run;
mod step;
mod tier;

pub use aftermath::{Code, Left, Undone, WATCHED, undone};
pub use check::{Check, CheckVerdict};
pub use confirmation::{Confirmation, Consent};
pub use cost::{Cost, Expected, Looked};
pub use given::{Field, FieldKind, Given, Value};
pub use meaning::difference;
pub use plan::{
    Actor, BlastRadius, Cluster, Evidence, Fight, Goal, Inverse, Pin, Plan, Rehearsal, Replaced, Target, takes,
};
pub use record::{OperationRecord, RECORD_KEY, RELEASING};
pub use run::{Illegal, Outcome, Phase, Run, RunEvent, StepState, TargetRun, advance};
pub use step::{InOrder, Judgement, Lost, Part, Port, Reached, Request, Stamps, Step, Undo, Use, missing};
pub use tier::{Gesture, Tier, gesture};
