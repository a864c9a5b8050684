//! The newest health of components.

use super::list;
use crate::app::effect::Effect;
use crate::app::model::Model;
use crate::domain::health::HealthSnapshot;
use crate::domain::time::Instant;
use crate::ui::state::View;

/// The newest of the components of an environment.
pub(super) fn observed(model: &mut Model, snapshot: HealthSnapshot, now: Instant) -> Vec<Effect> {
    let is_frozen = model.ui.frozen_at.is_some();
    model.world.health.take(snapshot, is_frozen);
    if !is_frozen {
        list::moved_on(model, &View::Health, |ui| &ui.health.cursor, now);
    }
    Vec::new()
}
