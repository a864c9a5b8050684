//! Acknowledging alerts, or giving them back: the plan of it.

use std::sync::Arc;

use chrono::TimeDelta;

use super::{toast, word};
use crate::app::drafts::Form;
use crate::app::effect::Effect;
use crate::app::model::Model;
use crate::domain::alert::{Alert, Deed, Taking, Word};
use crate::domain::source::SourceHealth;
use crate::domain::time::{self, Instant};

/// Opens the plan for the alerts the operator means.
pub(super) fn open(model: &mut Model, deed: Deed, now: Instant) -> Vec<Effect> {
    if word::is_busy(model, Form::Acknowledgement, now) {
        return Vec::new();
    }
    let meant = model.alerts_meant();
    let Some(environment) = meant.first().map(|first| first.environment.clone()) else {
        toast(model, "No alert is about what is under the cursor.", true, now);
        return Vec::new();
    };
    if meant.iter().any(|alert| alert.environment != environment) {
        toast(model, "These alerts are of several environments: unfold the group and choose one.", true, now);
        return Vec::new();
    }
    let plan = plan(model, deed, &environment, &meant, now);
    word::open(model, plan, String::new(), now)
}

fn plan(model: &Model, deed: Deed, environment: &Arc<str>, alerts: &[Arc<Alert>], now: Instant) -> Word {
    let best = model.world.alerts.health(environment).min_by_key(|health| health.state.gravity());
    let is_old = |health: &&SourceHealth| !health.state.is_well();
    let alerts_age = best.filter(is_old).map(|health| health.last_good.map_or(TimeDelta::MAX, |at| time::age(at, now)));
    let around = word::around(model, environment, alerts_age, now);
    let known = |alert: &Alert| model.world.alerts.word(&(alert.environment.clone(), alert.key.clone()));
    Taking::plan(deed, alerts, known, &around).into()
}

/// The plan as it is now, and what is said when it reads another way.
pub(super) fn anew(model: &Model, before: &Taking, now: Instant) -> (Word, Option<&'static str>) {
    let environment: Arc<str> = before.terms.environment.as_str().into();
    let alert = |key: &str| model.world.alerts.alert(&(environment.clone(), key.into())).cloned();
    let alerts: Vec<_> = before.alerts.iter().filter_map(|taken| alert(&taken.fingerprint)).collect();
    let fresh = plan(model, before.action, &environment, &alerts, now);
    (fresh, Some("What is known of it has changed. Read it once more."))
}
