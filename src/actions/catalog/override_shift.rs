//! Override: somebody has a role of a schedule for a while, whoever's turn it is.

use crate::actions::contract::{About, Action, Context, Draft, Reason, Refusal};
use crate::actions::incidents::{self, AS, needed, stored};
use crate::actions::observation::Observation;
use crate::actions::schedules::FROM;
use crate::actions::silences;
use crate::actions::stored::Write;
use crate::domain::action::{Field, Given, Inverse};
use crate::domain::oncall::Override;
use crate::domain::store::NewOverride;
use crate::domain::store::fact::Fact;
use crate::domain::subject::SubjectKind;
use crate::domain::time;

/// Which role.
const ROLE: Field = Field { words: "Which role of the schedule.", ..needed(incidents::ROLE) };
/// Who.
const PERSON: Field = Field { words: "Who has it then.", ..needed(incidents::PERSON) };
/// Until when.
const UNTIL: Field = Field { words: "Until when.", ..needed(silences::UNTIL) };

const ABOUT: &About = &About {
    id: "override-shift",
    command: "action.override-shift",
    title: "Override a shift",
    means: "whoever pages the role in that time pages them. The rotation goes on around it; what was is not rewritten.",
    on: SubjectKind::Schedule,
    word: "OVERRIDE",
    fields: &[ROLE, PERSON, FROM, UNTIL, AS],
    reason: Reason::Welcome,
    ..About::ON_ALERT
};

/// The action.
pub(super) struct OverrideShift;

impl Action for OverrideShift {
    fn about(&self) -> &'static About {
        ABOUT
    }

    fn draft(&self, seen: &Observation, given: &Given, context: Context<'_>) -> Result<Draft, Refusal> {
        let facts = seen.schedule()?;
        let schedule = facts.schedule.as_ref().ok_or_else(|| Refusal("it is not read yet.".to_owned()))?;
        let role = given.text(ROLE.id).unwrap_or_default();
        let roles = schedule.roles_from(facts.store_now);
        if !roles.contains(&role) {
            let roles = roles.join(", ");
            return Err(Refusal(format!("the schedule {} has no role {role:?}; it has {roles}.", schedule.name)));
        }
        let person = given.text(PERSON.id).unwrap_or_default();
        let until = given.moment(UNTIL.id).ok_or_else(|| Refusal("it does not say until when.".to_owned()))?;
        let new = NewOverride {
            environment: facts.subject.environment.to_string(),
            words: "{reason}".to_owned(),
            seen: Some(facts.last.as_ref().map_or(0, |last| last.number)),
            on_behalf_of: given.text(AS.id).map(str::to_owned),
            ..NewOverride::slot(&schedule.name, role, Some(person), (given.moment(FROM.id), until))
        };
        let mut draft = Draft { pins: facts.pins(), ..Draft::default() };
        draft.refusals.extend(new.check().err());
        draft.refusals.extend(facts.refuses(person));
        match new.begins(facts.store_now) {
            Ok(from) => {
                draft.from = facts.holders(role, (from, until));
                draft.warnings = facts.other_roles(person, role, (from, until));
            }
            Err(why) => draft.refusals.push(why),
        }
        let actor = given.text(AS.id).unwrap_or(context.author);
        draft.warnings.extend(facts.refuses(actor).filter(|_| given.has(AS.id)));
        let from = new.from.map_or_else(|| "now".to_owned(), time::written);
        draft.to = format!("{person} is {role} from {from} until {}", time::written(until));
        draft.expected.clone_from(&draft.to);
        draft.inverse = Inverse { words: "Override it again: of two the later counts.".to_owned(), command: None };
        let words = format!("Write it into the store: {}.", draft.to);
        draft.steps = vec![Write::Override(Box::new(new)).step(words, Override::TABLE.name, &["/override/words"])];
        Ok(stored(draft, given))
    }
}
