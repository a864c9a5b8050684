//! Withdraw an override, a temporary schedule or a swap: from now on it does not count; what was stays as it was.

use crate::actions::contract::{About, Action, Context, Draft, Reason, Refusal};
use crate::actions::incidents::{AS, needed};
use crate::actions::observation::Observation;
use crate::actions::schedules::{NUMBER, said_over};
use crate::domain::action::Given;
use crate::domain::oncall::OverrideKind;
use crate::domain::store::NewOverride;
use crate::domain::subject::SubjectKind;
use crate::domain::time;

const ABOUT: &About = &About {
    id: "withdraw-override",
    command: "action.withdraw-override",
    title: "Withdraw an override",
    means: "from now on it does not count, and the rotation does. What was stays as it was.",
    on: SubjectKind::Schedule,
    word: "WITHDRAW-OVERRIDE",
    fields: &[needed(NUMBER), AS],
    reason: Reason::Welcome,
    ..About::ON_ALERT
};

/// The action.
pub(super) struct WithdrawOverride;

impl Action for WithdrawOverride {
    fn about(&self) -> &'static About {
        ABOUT
    }

    fn draft(&self, seen: &Observation, given: &Given, context: Context<'_>) -> Result<Draft, Refusal> {
        let facts = seen.schedule()?;
        let number = given.number(NUMBER.id).unwrap_or_default();
        let said = facts.numbered(number)?;
        if said.kind == OverrideKind::Cancel {
            return Err(Refusal(format!("number {number} takes another back: say that one anew.")));
        }
        let withdrawn =
            facts.overrides.iter().find(|one| one.kind == OverrideKind::Cancel && one.of_number == Some(number));
        if let Some(withdrawn) = withdrawn {
            let at = time::written(withdrawn.at);
            return Err(Refusal(format!("number {number} was taken back by {} at {at}.", withdrawn.by)));
        }
        let new = NewOverride {
            kind: OverrideKind::Cancel,
            of_number: Some(number),
            ..NewOverride::slot(&said.schedule, &said.role, None, (None, said.until))
        };
        said_over(facts, new, given, (format!("number {number} taken back"), context.author))
    }
}
