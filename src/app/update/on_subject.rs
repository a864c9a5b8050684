//! Actions on what a pane of rows selects: its subject, or a new one; what may be given is typed on the plan.

use super::{plan, toast};
use crate::actions::{Action, Options};
use crate::app::effect::Effect;
use crate::app::model::Model;
use crate::domain::action::Given;
use crate::domain::subject::Subject;
use crate::domain::time::Instant;
use crate::ui::state::{Overlay, Slot};
use crate::world::Sight;

/// Opens the plan for what is under the cursor.
pub(super) fn open(model: &mut Model, action: &'static dyn Action, now: Instant) -> Vec<Effect> {
    let about = action.about();
    let environment = model.here().or_else(|| model.world.shown().next()).map(Sight::name).unwrap_or_default();
    let meant = if about.makes {
        Subject::new(about.on, environment.into()).map(|subject| (subject, String::new(), Vec::new()))
    } else {
        let selection = model.selection();
        let its = |subject: &Subject| subject.kind() == about.on;
        let job = model.job_meant().map(|job| (Subject::Job(job.clone()), job.label(), Vec::new()));
        let selected =
            selection.and_then(|selection| Some((selection.subject.filter(its)?, selection.name, selection.given)));
        selected.or(job.filter(|(job, ..)| its(job)))
    };
    let Some((subject, name, meant)) = meant else {
        let words = format!("There is none of the {} under the cursor that this is for.", about.on.plural());
        toast(model, &words, true, now);
        return Vec::new();
    };
    let stands = |id: &str| meant.iter().find(|(known, _)| *known == id).map(|(_, text)| text.clone());
    let fields: Vec<(&'static str, String)> =
        action.fields().iter().map(|one| (one.id, stands(one.id).unwrap_or_default())).collect();
    let lacking = action.fields().iter().position(|field| field.is_needed && stands(field.id).is_none());
    let given = action.fields().iter().fold(Given::default(), |all, field| {
        let read = stands(field.id).and_then(|text| field.read(&text).ok());
        read.into_iter().fold(all, |all, value| all.with(field.id, value))
    });
    let options = Options { given, ..Options::default() };
    let form = plan::Form { about: name, fields, draft: format!("{} {}", about.id, subject.argument()) };
    let effects = plan::open(model, action, (vec![subject], options), form, now);
    // What is lacking has the keys.
    if let (Some(place), Some(Overlay::Plan { at, .. })) =
        (lacking, model.ui.overlays.last_mut().filter(|_| !effects.is_empty()))
    {
        *at = Slot::Given(place);
    }
    effects
}
