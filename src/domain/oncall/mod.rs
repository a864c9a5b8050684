//! Who is on call, by rotations in civil time, and how a call climbs when nobody answers it.

mod hours;
mod layer;
mod rotation;
mod spans;

pub use hours::{Hours, read_days};
pub use layer::{Advance, Layer};
pub use rotation::{Rotation, Turn};
pub use spans::{Span, Spans};
