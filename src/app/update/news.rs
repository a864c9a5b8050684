//! News: the world takes them in, and everything that hangs on them follows.

use super::{jobs, list, look_at, on_alerts, plan, world};
use crate::app::effect::Effect;
use crate::app::model::Model;
use crate::domain::time::Instant;
use crate::ui::state::View;
use crate::world::{Changed, News};

/// Takes news in.
pub(super) fn told(model: &mut Model, news: News, now: Instant) -> Vec<Effect> {
    let mut effects = match &news {
        // Also while the screen stands still.
        News::Cluster(_, snapshot) => look_at(model.aftermath.moved(&snapshot.rollouts, now)),
        News::Released(Some(cluster), releases) => vec![Effect::Remember(cluster.clone(), releases.clone())],
        _ => Vec::new(),
    };
    let measured = match &news {
        News::Signals(snapshot) => Some(snapshot.environment.clone()),
        _ => None,
    };
    // Whoever acts on alerts judges by the newest list of them, also while the screen stands still.
    let mut listed = match &news {
        News::Alerts(snapshot) => Some(model.world.alerts.with_local((**snapshot).clone())),
        _ => None,
    };
    let before = on_alerts::known(model);
    let changed = model.world.take(news, now);
    if matches!(changed, Changed::Signals { is_judged: true }) {
        listed = measured.as_ref().and_then(|environment| model.world.alerts.newest(environment));
    }
    effects.extend(show(model, changed, now));
    effects.extend(listed.map(|newest| Effect::List(Box::new(newest))));
    effects.extend(on_alerts::moved(model, &before, now));
    let compared = measured.and_then(|environment| {
        let due = model.world.due_to_compare(&environment, now)?;
        Some(Effect::Compare(environment, due))
    });
    effects.extend(compared);
    effects
}

/// Lets the screen go on after it stood still.
pub(super) fn thaw(model: &mut Model, now: Instant) -> Vec<Effect> {
    let changed = model.world.thaw(now);
    changed.into_iter().flat_map(|changed| show(model, changed, now)).collect()
}

/// Shows what has changed. A cursor in front that comes to another line by itself is noted.
fn show(model: &mut Model, changed: Changed, now: Instant) -> Vec<Effect> {
    match changed {
        Changed::Nothing => {}
        Changed::Clusters(rows_before) => {
            let before = model.ui.cursor.clone();
            // A list that is not in front is made anew when it comes there.
            if matches!(model.ui.view, View::Rollouts | View::Jobs) {
                model.refilter();
            }
            let after = model.ui.cursor.clone();
            list::slid(model, &View::Rollouts, (before.as_ref(), after.as_ref()), now);
            jobs::observed(model);
            let mut effects = plan::target_moved(model, &rows_before, now);
            effects.extend(world::moved(model));
            return effects;
        }
        Changed::Alerts => {
            let before = model.ui.alerts.cursor.clone();
            model.refilter_alerts();
            let after = model.ui.alerts.cursor.clone();
            list::slid(model, &View::Alerts, (before.as_ref(), after.as_ref()), now);
        }
        Changed::Signals { is_judged } => {
            if is_judged {
                model.refilter_alerts();
            }
        }
        Changed::Store { is_taken } => {
            if is_taken {
                model.refilter_alerts();
            }
        }
    }
    Vec::new()
}
