//! What the alerts say first.

use crate::domain::source::{SourceHealth, SourceState};
use crate::ui::overview::{Glance, Gravity, Headline};
use crate::ui::pen::Pen;
use crate::ui::words::{alerts, overview as said};

/// What fires.
pub(super) const HEADLINE: Headline = Headline { title: alerts::TITLE, parts: &[], gravity, words, standing: None };

fn asked<'a>(glance: &Glance<'a>) -> Vec<&'a SourceHealth> {
    let world = glance.world;
    world.shown().flat_map(|sight| world.alerts.health(sight.name())).collect()
}

fn is_watchdog_missing(glance: &Glance<'_>) -> bool {
    glance.world.shown().any(|sight| glance.world.alerts.is_watchdog_missing(sight.name()))
}

fn gravity(glance: &Glance<'_>) -> Gravity {
    let [critical, high, medium, _] = glance.world.alerts.tally();
    if critical + high > 0 || is_watchdog_missing(glance) {
        return Gravity::Bad;
    }
    let asked = asked(glance);
    if !asked.is_empty() && asked.iter().all(|source| source.last_good.is_none()) {
        let is_loading = asked.iter().any(|source| source.state == SourceState::Loading);
        return if is_loading { Gravity::Loading } else { Gravity::Unknown };
    }
    if medium > 0 { Gravity::Look } else { Gravity::Well }
}

fn words(pen: &mut Pen<'_>, glance: &Glance<'_>, gravity: Gravity) -> (String, Option<String>) {
    if gravity == Gravity::Unknown {
        return (said::NEVER_READ.to_owned(), None);
    }
    let asked = asked(glance);
    if asked.is_empty() {
        return (said::NO_ALERTMANAGER.to_owned(), None);
    }
    let best = asked.iter().min_by_key(|source| source.state.gravity());
    let old = best.filter(|best| matches!(best.state, SourceState::Stale | SourceState::Down));
    let age = old.and_then(|old| old.last_good).map(|at| said::old(&pen.age(at)));
    let missing = is_watchdog_missing(glance).then(|| said::WATCHDOG_MISSING.to_owned());
    let words = [missing, Some(said::firing(glance.world.alerts.tally())), age];
    let words = words.into_iter().flatten().collect::<Vec<_>>().join(", ");
    let worst = glance.world.alerts.worst().next().map(|alert| {
        let service = alert.service.as_deref().unwrap_or(crate::domain::service::UNMAPPED);
        format!("{} {service}, {}", alert.title(), pen.age(alert.started_at))
    });
    (words, worst)
}
