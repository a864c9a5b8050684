//! What was released: for the timeline and for the store.

use std::sync::Arc;

use crate::app::effect::Effect;
use crate::app::model::Model;
use crate::domain::release::Release;
use crate::domain::time::Instant;
use crate::domain::timeline::Moment;

/// What was released, or seen fully available, in a cluster. Where the cluster's uid cannot be read it is for this screen alone.
pub(super) fn released(
    model: &mut Model,
    cluster: Option<Arc<str>>,
    releases: Vec<Release>,
    now: Instant,
) -> Vec<Effect> {
    model.world.happened.released(cluster.as_deref(), &releases, now);
    cluster.map(|cluster| Effect::Remember(cluster, releases)).into_iter().collect()
}

/// What the store's audit tells of the last hour.
pub(super) fn audited(model: &mut Model, moments: Vec<Moment>) -> Vec<Effect> {
    model.world.happened.audited(moments);
    Vec::new()
}
