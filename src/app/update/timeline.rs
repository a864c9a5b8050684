//! What was released, for the store.

use std::sync::Arc;

use crate::app::effect::Effect;
use crate::domain::release::Release;

/// What was released, or seen fully available, in a cluster. Where the cluster's uid cannot be read it is for this screen alone.
pub(super) fn released(cluster: Option<Arc<str>>, releases: Vec<Release>) -> Vec<Effect> {
    cluster.map(|cluster| Effect::Remember(cluster, releases)).into_iter().collect()
}
