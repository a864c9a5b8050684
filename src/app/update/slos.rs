//! The newest objectives.

use super::list;
use crate::app::effect::Effect;
use crate::app::model::Model;
use crate::domain::slo::SloSnapshot;
use crate::domain::time::Instant;
use crate::ui::state::View;

/// The newest of the objectives of an environment.
pub(super) fn observed(model: &mut Model, snapshot: SloSnapshot, now: Instant) -> Vec<Effect> {
    let is_frozen = model.ui.frozen_at.is_some();
    model.world.slos.take(snapshot, is_frozen);
    if !is_frozen {
        list::moved_on(model, &View::Slo, |ui| &ui.slo.cursor, now);
    }
    Vec::new()
}
