//! PURE SCREEN: a function of a borrowed scene, a theme, a size and a clock; it returns where things were drawn.

pub mod scene;
pub mod state;
