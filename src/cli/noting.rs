//! `quarterdeck plan note|edit-note|withdraw-note` and their `apply`: what the screen does with notes, as a document.

use std::io::Read;
use std::process::ExitCode;
use std::sync::Arc;

use chrono::TimeDelta;
use color_eyre::eyre::Result;

use super::output::{note, say, say_json};
use super::session::{Session, author};
use super::taking::named;
use super::{Format, Global, exit};
use crate::actions::{Acknowledger, Said};
use crate::domain::alert::{Around, NoteDeed, Noted, Noting};
use crate::domain::service::UNMAPPED;
use crate::domain::store::{LONGEST_TEXT, Note};
use crate::domain::time;
use crate::sources::store::Store;
use crate::sources::store::port::ReadStore;

/// How many notes on one alert are looked through.
const MOST: u32 = 1_000;

/// What is asked for.
pub(super) struct Ask<'a> {
    /// What is done.
    pub(super) deed: NoteDeed,
    /// The alert, by name or fingerprint.
    pub(super) targets: &'a [String],
    /// What the note is to say; `-` reads standard input.
    pub(super) text: Option<&'a str>,
    /// The note by its id; else the newest on the alert.
    pub(super) id: Option<&'a str>,
}

/// Plans it for one alert.
pub(super) async fn plan(global: &Global, ask: &Ask<'_>, output: Format) -> Result<ExitCode> {
    let session = Session::prepare(global);
    session.tell_problems();
    if let Some(doubt) = session.doubt() {
        note(doubt);
        return Ok(ExitCode::from(exit::USAGE));
    }
    let planned = match text(ask) {
        Ok(text) => work_out(&session, ask, &text).await,
        Err(sentence) => Err((exit::USAGE, sentence)),
    };
    let mut plan = match planned {
        Ok(plan) => plan,
        Err((code, sentence)) => {
            note(&sentence);
            return Ok(ExitCode::from(code));
        }
    };
    if plan.is_applicable() {
        plan.refusals.extend(plan.trouble());
    }
    match output {
        Format::Json => say_json(&plan)?,
        Format::Table => say(&in_words(&plan, session.now()))?,
    }
    for refusal in &plan.refusals {
        note(&format!("Cannot be applied: {refusal}"));
    }
    Ok(ExitCode::from(if plan.is_applicable() { 0 } else { exit::REFUSED }))
}

/// What it is to say.
fn text(ask: &Ask<'_>) -> Result<String, String> {
    match (ask.deed, ask.text) {
        (NoteDeed::WithdrawNote, None) => Ok(String::new()),
        (NoteDeed::WithdrawNote, Some(_)) => {
            Err("A note that is taken back says nothing: leave --text out.".to_owned())
        }
        (_, None) => {
            Err("Give what it is to say: --text WORDS, or --text - to read it from standard input.".to_owned())
        }
        (_, Some("-")) => {
            let mut text = String::new();
            // More than may be written is refused below, by its length.
            let most = u64::try_from(LONGEST_TEXT).unwrap_or(u64::MAX);
            let read = std::io::stdin().take(most).read_to_string(&mut text);
            read.map(|_| text).map_err(|error| format!("The text cannot be read from standard input: {error}."))
        }
        (_, Some(text)) => Ok(text.to_owned()),
    }
}

async fn work_out(session: &Session, ask: &Ask<'_>, text: &str) -> Result<Noting, (u8, String)> {
    let (alerts, _) = named(session, ask.targets).await?;
    let [alert] = alerts.as_slice() else {
        let names: Vec<&str> = alerts.iter().map(|alert| &*alert.key).collect();
        let words = format!("A note is on one alert; these are {}: {}.", alerts.len(), names.join(", "));
        return Err((exit::USAGE, words));
    };
    let store = session.store();
    let (around, refusal) = around(session, &store).await;
    let bare = Noting::plan(NoteDeed::Note, Noted::from(&**alert), true, None, around.clone());
    if ask.deed == NoteDeed::Note || refusal {
        return Ok(Noting { action: ask.deed, ..bare }.saying(text));
    }
    let notes = store.notes(&bare.subject(), MOST).await;
    let notes = notes.map_err(|error| (1, format!("The store does not answer: {}", error.sentence)))?;
    let is_it = |one: &&Note| ask.id.is_none_or(|id| one.id.as_str() == id);
    let seen = notes.iter().filter(|one| one.withdrawn.is_none()).find(is_it);
    if let (Some(id), None) = (ask.id, seen) {
        return Err((
            exit::USAGE,
            format!("No note {id:?} is on {}. See: quarterdeck status --output json", bare.alert.name),
        ));
    }
    Ok(Noting::plan(ask.deed, bare.alert, true, seen, around).saying(text))
}

/// What a plan is made from beside the alert; also whether it has to be refused.
async fn around(session: &Session, store: &Store) -> (Around, bool) {
    let mut refusal =
        session.settings.is_store_read_only.then(|| "this console was started with --read-only.".to_owned());
    let mut ahead = TimeDelta::zero();
    match store.standing().await {
        Ok(standing) => ahead = standing.now - session.now(),
        Err(error) => refusal = refusal.or(Some(format!("the store does not answer: {}", error.sentence))),
    }
    let is_refused = refusal.is_some();
    let environment = session.environment.name.clone();
    (Around { environment, author: author(), refusal, alerts_age: None, ahead, now: session.now() }, is_refused)
}

/// Carries a plan document out; refused when the note it showed has changed, with what it says now.
pub(super) async fn apply(global: &Global, plan: &Noting, word: &str, output: Format) -> Result<ExitCode> {
    let mut global = global.clone();
    global.environment.get_or_insert_with(|| plan.environment.clone());
    let session = Session::prepare(&global);
    session.tell_problems();
    let store = Arc::new(session.store());
    let refusal = match refusal(&session, plan, word) {
        Some(reason) => Some(reason),
        None => moved(&store, plan).await,
    };
    let ended = match refusal {
        Some(reason) => Said::refused(reason),
        None => {
            let acknowledger = Acknowledger {
                store,
                journal: session.journal.clone(),
                author: author(),
                is_read_only: session.settings.is_store_read_only,
                clock: session.clock(),
            };
            // A document is what somebody may have edited: its text is cleaned once more.
            acknowledger.note(&plan.clone().saying(&plan.text)).await
        }
    };
    match output {
        Format::Json => say_json(&serde_json::json!({ "outcome": ended.phase, "reason": ended.words }))?,
        Format::Table => say(&format!("{}: {}", ended.phase.word(), ended.words))?,
    }
    Ok(exit::of(ended.phase))
}

fn refusal(session: &Session, plan: &Noting, word: &str) -> Option<String> {
    if let Some(doubt) = session.doubt() {
        return Some(doubt.to_owned());
    }
    if *session.environment.name != *plan.environment {
        return Some(format!("the plan is of {}, not of {}.", plan.environment, session.environment.name));
    }
    let is_right = word.trim() == plan.confirmation.word;
    (!is_right).then(|| format!("the word is {}: nothing was written.", plan.confirmation.word))
}

/// Why the note is not what the plan showed; `None` when it is.
async fn moved(store: &Store, plan: &Noting) -> Option<String> {
    let seen = plan.seen.as_ref()?;
    let notes = match store.notes(&plan.subject(), MOST).await {
        Ok(notes) => notes,
        Err(error) => return Some(format!("the store does not answer: {} Nothing was written.", error.sentence)),
    };
    let now = notes.iter().find(|one| one.id == seen.id);
    match now {
        Some(now) if now.version == seen.version => None,
        Some(now) if now.withdrawn.is_none() => {
            let by = now.edited.as_ref().map_or(now.by.as_str(), |edit| edit.by.as_str());
            Some(format!(
                "{by} changed it meanwhile: nothing was written. It says now: {} Make the plan anew.",
                now.text
            ))
        }
        _ => Some("it was taken back meanwhile: nothing was written.".to_owned()),
    }
}

fn in_words(plan: &Noting, now: time::Instant) -> String {
    let mut lines = vec![format!("{} in {}", plan.title(), plan.environment)];
    lines.push(format!("as {} ({})", plan.author.name, plan.author.origin));
    let service = plan.alert.service.as_deref().unwrap_or(UNMAPPED);
    lines.push(format!("  {} {}, {service}: {}", plan.alert.name, plan.alert.severity.word(), plan.alert.summary));
    if let Some(seen) = &plan.seen {
        lines.push(format!("  now    {}: {}", seen.words(now), seen.text));
    }
    lines.extend(plan.text.lines().enumerate().map(|(place, line)| {
        let label = if place == 0 { "says" } else { "" };
        format!("  {label:5}  {line}")
    }));
    lines.extend(plan.warnings.iter().map(|warning| format!("  WARNING  {warning}")));
    lines.push(format!("  means  {}", plan.action.means()));
    if plan.is_applicable() {
        let word = &plan.confirmation.word;
        lines.push(format!("Apply with: quarterdeck plan … --output json | quarterdeck apply - --confirm {word}"));
        lines.push(format!("Expires at {}.", plan.expires_at.format("%H:%M:%S UTC")));
    }
    lines.join("\n")
}
