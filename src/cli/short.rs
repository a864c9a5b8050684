//! Short commands that change the store: each is the plan of the catalogue, confirmed by being typed; the same gate, the same journal.

use tokio::sync::{mpsc, watch};

use super::exit;
use super::fields::Fields;
use super::output::note;
use super::session::Session;
use crate::actions::Options;
use crate::domain::action::{Consent, Phase};
use crate::domain::subject::Subject;
use crate::sources::error::Trouble;

/// What a command came to.
pub(super) struct Done {
    /// What was done, as a sentence.
    pub(super) words: String,
    /// What it made, by its id; `None`: nothing that has one.
    pub(super) made: Option<String>,
}

/// Plans an action on something in the store, confirms it and carries it out.
///
/// # Errors
/// The exit code and the sentence, where nothing was written or nobody knows whether it was.
pub(super) async fn carry_out(
    session: &Session,
    (action, fields, reason): (&str, &Fields, Option<&str>),
    subject: Subject,
) -> Result<Done, (u8, String)> {
    let unknown = || (exit::USAGE, format!("There is no action {action:?} here."));
    let action = session.catalog.named(action).ok_or_else(unknown)?;
    let given = fields.given(action).map_err(|sentence| (exit::USAGE, sentence))?;
    let (_leave, leaving) = watch::channel(false);
    let executor = session.local(leaving);
    let options = Options { given, ..Options::default() };
    let plan = executor.planner.plan(action, &[subject], &options).await.map_err(|error| {
        // What is not there is a matter of the command line.
        let code = if error.trouble == Trouble::NotFound { exit::USAGE } else { 1 };
        (code, error.sentence)
    })?;
    for target in &plan.targets {
        target.warnings.iter().for_each(|warning| note(warning));
    }
    if !plan.is_applicable() {
        let reason = plan.refusals.first().cloned().unwrap_or_else(|| "there is nothing to do.".to_owned());
        let is_said = reason.to_lowercase().contains("nothing was written");
        let reason = if is_said { reason } else { format!("Nothing was written: {reason}") };
        return Err((exit::REFUSED, reason));
    }
    // Who types the command confirms it.
    let consent = Consent { typed: plan.confirmation.word.clone(), reason: reason.map(str::to_owned) };
    let (events, mut told) = mpsc::channel(64);
    let run = async {
        let run = executor.execute(&plan, &consent, &events).await;
        drop(events);
        run
    };
    let (run, ()) = tokio::join!(run, async { while told.recv().await.is_some() {} });
    let target = run.targets.first();
    let words = run.reason.clone().or(target.map(|target| target.words.clone())).unwrap_or_default();
    if run.phase != Phase::Done {
        return Err((exit::code(run.phase), words));
    }
    Ok(Done { words, made: target.and_then(|target| target.made.clone()) })
}
