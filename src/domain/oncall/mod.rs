//! Who is on call, by rotations in civil time, and how a call climbs when nobody answers it.

mod business;
mod coverage;
mod edit;
pub mod escalation;
pub mod file;
mod handoff;
mod hours;
mod layer;
mod overrides;
mod rotation;
mod schedule;
mod spans;
mod who;

pub use business::BusinessHours;
pub use coverage::{Clash, Coverage, Load, awake, coverage};
pub use handoff::{ACCEPT_WITHIN, HANDOFF, Handoff, HandoffItem, HandoffStep};
pub use hours::{Hours, read_days};
pub use layer::{Advance, Layer};
pub use overrides::{Override, OverrideKind, Slot};
pub use rotation::{Rotation, Turn};
pub use schedule::{Schedule, Shift, ShiftSource};
pub use spans::{Span, Spans};
pub use who::{Duty, Holder, OnCall};
