//! Where an operator acts, and how carefully.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::domain::worded;

worded! {
    /// How carefully actions are confirmed in an environment. Ordered from the most relaxed to the strictest.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "lowercase")]
    pub enum Guard {
        /// A T2 action is confirmed by Enter.
        Development = "development",
        /// Tiers as listed.
        Staging = "staging",
        /// Tiers as listed, and a T2 action over more than one service becomes T3.
        Production = "production",
    }
}

/// One object of one environment: what the cursor and the marks hold on to.
///
/// A uid alone does not tell two clusters apart: one that was restored from the other's backup has the same uids.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKey {
    /// The environment's name.
    pub environment: Arc<str>,
    /// The uid there.
    pub uid: Arc<str>,
}
