//! Declare an incident: from an alert, a rollout, a service, or from nothing. Its clock begins.

use super::set_severity::severity;
use crate::actions::contract::{About, Action, Context, Draft, Refusal};
use crate::actions::incidents::{AS, LINK, SEVERITY, TITLE, declaring, needed, stored};
use crate::actions::observation::Observation;
use crate::actions::stored::Write;
use crate::domain::action::{Field, FieldKind, Given, Inverse};
use crate::domain::incident::{Link, Source, hints, similar};
use crate::domain::store::{DeclareIncident, SubjectKind};

/// The services it is about.
const SERVICE: Field = Field {
    id: "service",
    kind: FieldKind::Line,
    value: "SERVICE",
    noun: "a service",
    words: "The services that are hit, with commas between them.",
    is_needed: false,
};
const TEAM: Field = Field { id: "team", value: "TEAM", noun: "a team", words: "The team whose it is.", ..SERVICE };
const SOURCE: Field = Field {
    id: "source",
    value: "SOURCE",
    noun: "a source",
    words: "How it was found: monitoring, user-report or external-monitoring.",
    ..SERVICE
};
const IMPACT: Field =
    Field { id: "impact", value: "WORDS", noun: "an impact", words: "Who is hit, and how.", ..SERVICE };
const SINCE: Field = Field {
    id: "since",
    kind: FieldKind::Moment,
    value: "TIME",
    noun: "a time",
    words: "Since when it hurts, as 2026-11-24T03:07:00Z.",
    ..SERVICE
};

const ABOUT: &About = &About {
    id: "declare",
    command: "action.declare",
    title: "Declare an incident",
    means: "every console shows it, and the clock of its response runs from now. It pages nobody.",
    makes: true,
    word: "DECLARE",
    fields: &[needed(TITLE), needed(SEVERITY), SERVICE, TEAM, SOURCE, IMPACT, SINCE, LINK, AS],
    ..About::ON_INCIDENT
};

/// The action.
pub(super) struct Declare;

impl Action for Declare {
    fn about(&self) -> &'static About {
        ABOUT
    }

    fn draft(&self, seen: &Observation, given: &Given, context: Context<'_>) -> Result<Draft, Refusal> {
        let facts = seen.incident()?;
        if let Some(incident) = &facts.incident {
            return Err(Refusal(format!("{incident} is declared already.")));
        }
        let environment = &facts.subject.environment;
        let owned = |id: &str| given.text(id).unwrap_or_default().to_owned();
        let severity = severity(given.text(SEVERITY.id).unwrap_or_default()).map_err(Refusal)?;
        let names = given.text(SERVICE.id).unwrap_or_default().split(',').map(str::trim);
        let mut links: Vec<Link> = names.filter(|name| !name.is_empty()).map(Link::service).collect();
        for word in given.text(LINK.id).unwrap_or_default().split_whitespace() {
            links.push(Link::typed(word, environment).map_err(Refusal)?);
        }
        let is_from_alert = links.iter().any(|link| link.kind == SubjectKind::Alert);
        let source = match given.text(SOURCE.id) {
            Some(word) => Source::of_word(word).ok_or_else(|| {
                Refusal(format!(
                    "there is no source {word:?}; there is monitoring, user-report and external-monitoring."
                ))
            })?,
            None if is_from_alert => Source::Monitoring,
            None => Source::UserReport,
        };
        let title = owned(TITLE.id);
        let team = owned(TEAM.id);
        let services: Vec<&str> =
            links.iter().filter(|link| link.kind == SubjectKind::Service).map(|link| link.name.as_str()).collect();
        let called = facts.book.called(&team, services, severity);
        let declared = DeclareIncident {
            similar_to: similar((&title, &links), facts.store_now, &facts.resolved),
            environment: environment.to_string(),
            title,
            severity,
            source,
            team,
            impact: owned(IMPACT.id),
            impact_since: given.moment(SINCE.id),
            links,
            on_behalf_of: given.text(AS.id).map(str::to_owned),
            called,
        };
        let hints = hints(&declared.links, facts.store_now, &facts.open);
        let mut draft = Draft {
            from: "not declared".to_owned(),
            to: format!("{}: {}", severity.name(), severity.means()),
            expected: "declared; its clock runs".to_owned(),
            evidence: facts.evidence(&hints),
            inverse: Inverse { words: "Resolve it, or merge it into another.".to_owned(), command: None },
            ..Draft::default()
        };
        draft.refusals.extend(declared.check(facts.store_now).err());
        draft.warnings.extend(hints.into_iter().map(|hint| hint.words));
        let alike = declared.similar_to.map(|number| format!("similar to incident {number}, which is resolved."));
        draft.warnings.extend(alike);
        draft.warnings.extend(facts.doubt_of(given.text(AS.id).unwrap_or(context.author)));
        let words = format!("Declare a {} in the store: {}.", severity.name(), declared.title);
        draft.steps = declaring(&Write::Declare(Box::new(declared)), words);
        Ok(stored(draft, given))
    }
}
