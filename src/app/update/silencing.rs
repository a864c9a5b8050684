//! Silences from the screen: which alerts or which silence is meant, and the plan of it.

use std::sync::Arc;

use super::{list, plan, toast};
use crate::actions::{Action, Options};
use crate::app::effect::Effect;
use crate::app::model::Model;
use crate::domain::action::Given;
use crate::domain::alert::{Alert, Silence, SilenceState, in_common};
use crate::domain::subject::{SilenceRef, Subject};
use crate::domain::time::Instant;
use crate::ui::state::View;

/// How long it holds when nobody says otherwise: what stands in the field at first.
const USUAL: &str = "2h";

/// Opens the plan for the alerts, or the silence, that the operator means.
pub(super) fn open(model: &mut Model, action: &'static dyn Action, now: Instant) -> Vec<Effect> {
    let refused = |model: &mut Model, words: &str| {
        toast(model, words, true, now);
        Vec::new()
    };
    let is_new = action.takes("matcher");
    let is_among_silences = model.ui.view == View::Pane(list::SILENCES);
    if !is_new && let Some((environment, silence)) = selected(model) {
        if silence.state == SilenceState::Expired {
            return refused(model, "It is over. A new one is planned from the alert it is for.");
        }
        return begin(model, action, &environment, &[], Some(&silence), now);
    }
    if !is_new && is_among_silences {
        return refused(model, "There is no silence here.");
    }
    let meant = model.alerts_meant();
    let Some(environment) = meant.first().map(|first| first.environment.clone()) else {
        return refused(model, "No alert is about what is under the cursor.");
    };
    if meant.iter().any(|alert| alert.environment != environment) {
        return refused(model, "These alerts are of several environments: unfold the group and choose one.");
    }
    let seen = match (is_new, silences(model, &environment, &meant).as_slice()) {
        (true, _) => None,
        (false, []) => return refused(model, "No silence covers it that is known here."),
        (false, [only]) => Some(only.clone()),
        (false, several) => {
            let (count, alert) = (several.len(), meant.first().cloned());
            return alert.map(|alert| list::silences_over(model, &alert, count, now)).unwrap_or_default();
        }
    };
    begin(model, action, &environment, &meant, seen.as_ref(), now)
}

/// Opens the plan of a new silence for these alerts, or of the one that was seen.
fn begin(
    model: &mut Model,
    action: &'static dyn Action,
    environment: &Arc<str>,
    meant: &[Arc<Alert>],
    seen: Option<&Silence>,
    now: Instant,
) -> Vec<Effect> {
    let id = seen.map(|seen| seen.id.to_string()).unwrap_or_default();
    let target = Subject::Silence(SilenceRef { environment: environment.clone(), id: id.clone() });
    let fingerprints = meant.iter().map(|alert| &*alert.key).collect::<Vec<_>>().join(" ");
    let given = Given::default().with("alerts", &*fingerprints).with("for", USUAL).only(action.fields());
    // What the alerts have in common stands in its field; until somebody writes something else, it is worked out anew with each plan.
    let covers = in_common(meant, &[]).iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    let fields = [("matcher", covers), ("for", USUAL.to_owned())];
    let fields = fields.into_iter().filter(|(id, _)| action.takes(id)).collect();
    let about = match (seen, meant) {
        (Some(seen), _) => seen.covers(),
        (None, [only]) => only.title().to_owned(),
        (None, all) => format!("{} alerts", all.len()),
    };
    let form = plan::Form { about, fields, draft: if id.is_empty() { fingerprints } else { id } };
    plan::open(model, action, (vec![target], Options { given, ..Options::default() }), form, now)
}

/// The silence under the cursor, as it is known now.
pub(super) fn selected(model: &Model) -> Option<(Arc<str>, Silence)> {
    let Subject::Silence(SilenceRef { environment, id }) = model.selection()?.subject? else { return None };
    let known = model.world.alerts.silences(&environment)?;
    let silence = known.iter().find(|silence| *silence.id == *id)?.clone();
    Some((environment, silence))
}

/// The silences that cover any of these.
fn silences(model: &Model, environment: &Arc<str>, alerts: &[Arc<Alert>]) -> Vec<Silence> {
    let known = model.world.alerts.silences(environment).map(AsRef::as_ref).unwrap_or_default();
    let covers = |silence: &&Silence| alerts.iter().any(|alert| alert.silenced_by.contains(&silence.id));
    known.iter().filter(covers).cloned().collect()
}
