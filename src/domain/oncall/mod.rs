//! Who is on call, by rotations in civil time, and how a call climbs when nobody answers it.

mod rotation;

pub use rotation::{Rotation, Turn};
