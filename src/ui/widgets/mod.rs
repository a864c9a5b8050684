//! WIDGETS: what several panes are made of. They know words, columns and styles; they know no workload.

pub mod columns;
pub mod events;
pub mod form;
pub mod freshness;
pub mod grid;
pub mod listing;
pub mod more;
pub mod note;
pub mod page;
pub mod prompt;
pub mod spark;
pub mod tabbed;
pub mod text_area;
pub mod title;
