//! Who is on call, by rotations in civil time, and how a call climbs when nobody answers it.

mod business;
mod edit;
pub mod escalation;
pub mod file;
mod hours;
mod layer;
mod overrides;
mod rotation;
mod schedule;
mod spans;

pub use business::BusinessHours;
pub use hours::{Hours, read_days};
pub use layer::{Advance, Layer};
pub use overrides::{Override, OverrideKind, Slot};
pub use rotation::{Rotation, Turn};
pub use schedule::{Schedule, Shift, ShiftSource};
pub use spans::{Span, Spans};
