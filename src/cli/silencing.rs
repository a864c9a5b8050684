//! What `quarterdeck plan silence|change-silence|expire-silence` means by its targets.

use super::exit;
use super::on_alerts::{Listed, named};
use super::session::Session;
use crate::actions::{Action, Executor};
use crate::domain::action::Given;
use crate::domain::alert::Silence;
use crate::domain::subject::{SilenceRef, Subject};
use crate::sources::alertmanager::not_configured;

/// The silence that is meant, and what was given with the alerts among it that it is meant for; else the exit code and why not.
pub(super) async fn meant(
    session: &Session,
    executor: &Executor,
    (action, given): (&dyn Action, Given),
    targets: &[String],
) -> Result<(Subject, Given), (u8, String)> {
    let environment = session.environment.name.clone();
    let alerts = executor.planner.alerts.clone();
    let alerts = alerts.ok_or_else(|| (exit::USAGE, not_configured(&environment)))?;
    if action.takes("alerts") {
        let mut given = given;
        if !targets.is_empty() {
            let chosen = named(session, &Listed::of(session), targets).await?;
            given = given.with("alerts", chosen.iter().map(|alert| &*alert.key).collect::<Vec<_>>().join(" "));
        }
        return Ok((Subject::Silence(SilenceRef { environment, id: String::new() }), given));
    }
    let [id] = targets else { return Err((exit::USAGE, "Name one silence by its id.".to_owned())) };
    let known = alerts.silences().await.map_err(|error| (1, error.sentence))?;
    let id = silence(&known, id)?.id.to_string();
    Ok((Subject::Silence(SilenceRef { environment, id }), given))
}

/// The silence whose id begins so.
fn silence<'s>(silences: &'s [Silence], id: &str) -> Result<&'s Silence, (u8, String)> {
    let found: Vec<&Silence> = silences.iter().filter(|silence| silence.id.starts_with(id)).collect();
    match found.as_slice() {
        [only] => Ok(only),
        [] => Err((exit::USAGE, format!("There is no silence {id:?}."))),
        several => Err((exit::USAGE, format!("{} silences begin with {id:?}: write more of the id.", several.len()))),
    }
}
