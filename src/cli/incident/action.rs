//! A command that changes an incident, as the plan it is, confirmed and carried out.

use super::Doing;
use crate::cli::exit;
use crate::cli::fields::Fields;
use crate::cli::session::Session;
use crate::cli::short;
use crate::domain::incident::{Severity, Source};
use crate::domain::store::incident_of;
use crate::domain::subject::{IncidentRef, Subject};
use crate::domain::time::{self, Instant};
use crate::sources::error::{SourceError, Trouble};

/// What is asked for: an action on an incident with values for its fields.
pub(super) struct Asked {
    action: &'static str,
    number: u64,
    fields: Fields,
    reason: Option<String>,
}

impl Asked {
    /// An action on an incident; number 0 is one that is to be declared.
    pub(super) fn of(action: &'static str, number: u64) -> Self {
        Self { action, number, fields: Fields::default(), reason: None }
    }

    /// The same with a value where there is one.
    pub(super) fn with(self, field: &'static str, value: Option<&str>) -> Self {
        match value {
            Some(value) => Self { fields: self.fields.with(field, value), ..self },
            None => self,
        }
    }

    /// The same by and for whom the command line says, and why.
    pub(super) fn doing(self, doing: &Doing) -> Self {
        let asked = self.with("as", doing.on_behalf_of.as_deref());
        Self { reason: doing.reason.clone(), ..asked }
    }
}

/// Plans it, confirms it and carries it out: the number of the incident, and what was done as a sentence.
///
/// # Errors
/// The exit code and the sentence, where nothing was written or nobody knows whether it was.
pub(super) async fn carry_out(session: &Session, asked: &Asked) -> Result<(u64, String), (u8, String)> {
    let subject = subject(session, asked.number).await?;
    let done = short::carry_out(session, (asked.action, &asked.fields, asked.reason.as_deref()), subject).await?;
    let number = done.made.and_then(|number| number.parse().ok()).unwrap_or(asked.number);
    Ok((number, format!("incident {number}: {}", done.words)))
}

/// An incident as what an action is on; number 0 is a new one, which the store calls nothing yet.
///
/// # Errors
/// The exit code and the sentence, where there is none of that number.
pub(super) async fn subject(session: &Session, number: u64) -> Result<Subject, (u8, String)> {
    let title = match number {
        0 => String::new(),
        number => title_of(session, number).await.map_err(|error| (code_of(&error), error.sentence))?,
    };
    let environment = session.environment.name.clone();
    Ok(Subject::Incident(IncidentRef { environment, number, title }))
}

async fn title_of(session: &Session, number: u64) -> Result<String, SourceError> {
    let found: Option<crate::domain::incident::Incident> = session.store.get(&incident_of(number)).await?;
    found.map(|incident| incident.title).ok_or_else(|| not_there(number))
}

/// That there is no such incident.
pub(super) fn not_there(number: u64) -> SourceError {
    let words = format!("There is no incident {number}. See: quarterdeck incident list --all");
    SourceError::new(Trouble::NotFound, words)
}

/// The exit code of what could not be read: what is not there is a matter of the command line.
pub(super) fn code_of(error: &SourceError) -> u8 {
    if error.trouble == Trouble::NotFound { exit::USAGE } else { 1 }
}

/// A time as it is typed: a time, or how long ago it was.
pub(super) fn moment(typed: &str, now: Instant) -> Result<String, String> {
    match time::span(typed.trim()) {
        Ok(ago) => Ok(time::written(now - ago)),
        Err(_) if time::read(typed.trim()).is_some() => Ok(typed.trim().to_owned()),
        Err(_) => Err(format!("{typed:?} is no time: write it as 2026-11-24T03:07:00Z, or as how long ago: 10m.")),
    }
}

/// A time to come as it is typed: a time, or how long it is until then.
pub(super) fn ahead(typed: &str, now: Instant) -> Result<String, String> {
    match time::span(typed.trim()) {
        Ok(left) => Ok(time::written(time::within(now + left))),
        Err(_) if time::read(typed.trim()).is_some() => Ok(typed.trim().to_owned()),
        Err(_) => Err(format!("{typed:?} is no time: write it as 2026-11-24T03:07:00Z, or as how long it is: 2h.")),
    }
}

/// A severity as it is typed.
pub(super) fn severity(typed: &str) -> Result<&'static str, String> {
    let wrong = || format!("There is no severity {typed:?}. Use one of sev1, sev2, sev3, sev4.");
    Severity::typed(typed).map(Severity::word).ok_or_else(wrong)
}

/// A source as it is typed.
pub(super) fn source(typed: &str) -> Result<&'static str, String> {
    let wrong = || format!("There is no source {typed:?}. Use one of {}.", Source::ALL.map(Source::word).join(", "));
    Source::of_word(&typed.trim().to_lowercase().replace('_', "-")).map(Source::word).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_one_or_how_long_ago_it_was() {
        let now = time::from_seconds(1_800_000_000);
        assert_eq!(moment("10m", now).as_deref(), Ok("2027-01-15T07:50:00Z"));
        assert_eq!(moment("2026-11-24T03:07:00Z", now).as_deref(), Ok("2026-11-24T03:07:00Z"));
        assert!(moment("yesterday", now).is_err_and(|why| why.contains("10m")));
    }

    #[test]
    fn what_is_typed_is_one_of_the_words() {
        assert_eq!((severity("SEV1"), source("user_report")), (Ok("sev1"), Ok("user-report")));
        assert!(severity("high").is_err_and(|why| why.contains("sev4")));
        assert!(source("rumour").is_err_and(|why| why.contains("external-monitoring")));
    }
}
