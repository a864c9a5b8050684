//! `quarterdeck plan silence|change-silence|expire-silence` and their `apply`.

use std::process::ExitCode;
use std::sync::Arc;

use chrono::TimeDelta;
use color_eyre::eyre::Result;

use super::output::{note, say, say_document, say_json};
use super::session::Session;
use super::word::named;
use super::{Format, Global, exit};
use crate::actions::{Silenced, Sketch};
use crate::domain::alert::{Alert, Matcher, Silence, SilenceDeed, Silencing, USUAL_SILENCE, in_common, matchers};
use crate::domain::service::UNMAPPED;
use crate::domain::time;
use crate::sources::alertmanager::not_configured;

/// The most alerts that are named.
const MOST_NAMED: usize = 20;

/// What the command line asks for.
pub(super) struct Ask<'a> {
    /// What is to be done.
    pub(super) deed: SilenceDeed,
    /// Alerts by name or fingerprint; of a silence its id.
    pub(super) targets: &'a [String],
    /// What it is to cover; empty for what the alerts have in common.
    pub(super) matchers: &'a [String],
    /// How long it is to hold from now.
    pub(super) holds_for: Option<TimeDelta>,
}

/// Plans it.
pub(super) async fn plan(global: &Global, ask: &Ask<'_>, output: Format) -> Result<ExitCode> {
    let session = Session::prepare(global);
    session.tell_problems();
    if let Some(doubt) = session.doubt() {
        note(doubt);
        return Ok(ExitCode::from(exit::USAGE));
    }
    let plan = match work_out(&session, ask).await {
        Ok(plan) => plan,
        Err((code, sentence)) => {
            note(&sentence);
            return Ok(ExitCode::from(code));
        }
    };
    match output {
        Format::Json => say_document(&plan)?,
        Format::Table => say(&in_words(&plan))?,
    }
    for refusal in &plan.refusals {
        note(&format!("Cannot be applied: {refusal}"));
    }
    Ok(ExitCode::from(if plan.is_applicable() { 0 } else { exit::REFUSED }))
}

/// Carries a plan document out.
pub(super) async fn apply(
    global: &Global,
    plan: &Silencing,
    (word, reason): (&str, &str),
    output: Format,
) -> Result<ExitCode> {
    let mut global = global.clone();
    global.environment.get_or_insert_with(|| plan.environment.clone());
    let session = Session::prepare(&global);
    session.tell_problems();
    let ended = match (session.doubt(), session.silencer()) {
        (Some(doubt), _) => Silenced::refused(doubt),
        (None, None) => Silenced::refused(not_configured(&session.environment.name)),
        (None, Some(silencer)) => silencer.carry_out(plan, word, reason).await,
    };
    match output {
        Format::Json => say_json(&serde_json::json!({
            "outcome": ended.phase, "reason": ended.words, "silence": ended.id,
        }))?,
        Format::Table => say(&format!("{}: {}", ended.phase.word(), ended.words))?,
    }
    Ok(exit::of(ended.phase))
}

async fn work_out(session: &Session, ask: &Ask<'_>) -> Result<Silencing, (u8, String)> {
    let silencer = session.silencer().ok_or_else(|| (exit::USAGE, not_configured(&session.environment.name)))?;
    let mut chosen: Vec<Arc<Alert>> = Vec::new();
    let mut seen = None;
    let mut covers: Vec<Matcher> = Vec::new();
    let is_suggested = ask.matchers.is_empty() && ask.deed == SilenceDeed::Silence;
    for text in ask.matchers {
        covers.extend(matchers(text).map_err(|error| (exit::USAGE, error.0))?);
    }
    if ask.deed == SilenceDeed::Silence {
        if !ask.targets.is_empty() {
            chosen = named(session, ask.targets).await?.0;
        }
        if covers.is_empty() {
            covers = in_common(&chosen, &[]);
        }
    } else {
        let [id] = ask.targets else { return Err((exit::USAGE, "Name one silence by its id.".to_owned())) };
        let known = silencer.observe.silences().await.map_err(|error| (1, error.sentence))?;
        seen = Some(silence(&known, id)?);
        covers = seen.as_ref().map(|silence: &Silence| silence.matchers.clone()).unwrap_or_default();
    }
    let sketch = Sketch {
        action: ask.deed,
        matchers: covers,
        is_suggested,
        holds_for: ask.holds_for.unwrap_or(USUAL_SILENCE),
        seen,
        chosen: chosen.iter().map(|alert| alert.key.clone()).collect(),
    };
    Ok(silencer.plan(sketch).await)
}

/// The silence whose id begins so.
fn silence(silences: &[Silence], id: &str) -> Result<Silence, (u8, String)> {
    let found: Vec<&Silence> = silences.iter().filter(|silence| silence.id.starts_with(id)).collect();
    match found.as_slice() {
        [only] => Ok((*only).clone()),
        [] => Err((exit::USAGE, format!("There is no silence {id:?}."))),
        several => Err((exit::USAGE, format!("{} silences begin with {id:?}: write more of the id.", several.len()))),
    }
}

fn in_words(plan: &Silencing) -> String {
    let mut lines = vec![format!("{} in {}", plan.title(), plan.environment)];
    lines.push(format!("as {} ({})", plan.author.name, plan.author.origin));
    if let Some(seen) = &plan.seen {
        let until = seen.ends_at.format("%F %H:%M UTC");
        lines.push(format!("  silence {} by {}, until {until}: {}", seen.id, seen.created_by, seen.comment));
    }
    if plan.action != SilenceDeed::ExpireSilence {
        let holds = time::coarse(plan.ends_at - plan.made_at);
        lines.push(format!("  until  {}, for {holds}", plan.ends_at.format("%F %H:%M UTC")));
    }
    lines.push(format!("  covers  {} alerts that fire now", plan.hides.len()));
    for hidden in plan.hides.iter().take(MOST_NAMED) {
        let service = hidden.service.as_deref().unwrap_or(UNMAPPED);
        let mark = if hidden.is_chosen { "" } else { ", NOT CHOSEN" };
        lines.push(format!("    {} {}, {service}{mark}: {}", hidden.alert, hidden.severity.word(), hidden.summary));
    }
    if plan.hides.len() > MOST_NAMED {
        lines.push(format!("    and {} more", plan.hides.len() - MOST_NAMED));
    }
    lines.extend(plan.warnings.iter().map(|warning| format!("  WARNING  {warning}")));
    lines.push(format!("  means  {}", plan.action.means()));
    lines.push(format!("  to take it back  {}", plan.inverse()));
    if plan.is_applicable() {
        let word = &plan.confirmation.word;
        let reason = if plan.confirmation.needs_reason { " --reason WHY" } else { "" };
        lines.push(format!(
            "Apply with: quarterdeck plan … --output json | quarterdeck apply - --confirm {word}{reason}"
        ));
        lines.push(format!("Expires at {}.", plan.expires_at.format("%H:%M:%S UTC")));
    }
    lines.join("\n")
}
