//! PURE SCREEN: a function of a borrowed scene, a theme, a size and a clock; it returns where things were drawn.
//!
//! It does not know where facts come from, what a key does, or which terminal there is; it changes nothing.
//! Invariants: the same scene, theme and size give the same cells; a frame costs what is visible, not what there is;
//! every text from outside is cleaned on its way to a cell; no size panics.
//!
//! | file or folder | subject |
//! |---|---|
//! | [`root`] | the whole screen from its parts, and the hit map |
//! | [`scene`] | everything a draw may read |
//! | [`state`], [`alerts`], [`overview`] | what the operator chose; what a draw may read of alerts and of the overview |
//! | [`usage`] | what a draw may read of what pods and nodes use |
//! | [`layout`] | which part goes where at which size |
//! | [`chrome`] | header, tabs, banner, footer |
//! | [`overlays`] | what lies over the body |
//! | [`widgets`] | columns, pages, fields |
//! | [`pen`] | the only way to a cell |
//! | [`text`] | widths, clipping, wrapping |
//! | [`words`] | what the screen says |

pub mod alerts;
pub mod chrome;
pub mod layout;
pub mod overlays;
pub mod overview;
pub mod pen;
pub mod root;
pub mod scene;
pub mod state;
pub mod text;
pub mod usage;
pub mod widgets;
pub mod words;

pub use root::{HitMap, draw};
