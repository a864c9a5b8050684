//! CHROME: what frames every pane: where we are, as whom, whether we may act, and how fresh it all is.
//!
//! It knows no pane's content. The environment, the cluster, the scope, read-only and what is not fresh are never dropped, at any size.

pub mod banner;
pub mod footer;
pub mod header;
pub mod tabs;
