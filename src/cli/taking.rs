//! `quarterdeck plan acknowledge|give-back` and their `apply`: what the screen does with an alert, as a document.

use std::collections::HashMap;
use std::process::ExitCode;
use std::sync::Arc;

use chrono::TimeDelta;
use color_eyre::eyre::Result;

use super::output::{note, say, say_json};
use super::session::{SETTLE_WITHIN, Session, author};
use super::{Format, Global, exit};
use crate::actions::{Acknowledger, Said};
use crate::domain::alert::{Alert, AlertSnapshot, Around, Deed, Taking};
use crate::domain::service::UNMAPPED;
use crate::domain::store::Acknowledgement;
use crate::domain::time;
use crate::sources::alertmanager::not_configured;
use crate::sources::store::Store;
use crate::sources::store::port::ReadStore;

/// What an alert may be named with in front, as a workload is named by its kind.
const ALERT: &str = "alert/";

/// Plans it for alerts by name or fingerprint; the name means all of that name.
pub(super) async fn plan(global: &Global, deed: Deed, names: &[String], output: Format) -> Result<ExitCode> {
    let session = Session::prepare(global);
    session.tell_problems();
    if let Some(doubt) = session.doubt() {
        note(doubt);
        return Ok(ExitCode::from(exit::USAGE));
    }
    let (alerts, snapshot) = match named(&session, names).await {
        Ok(found) => found,
        Err((code, sentence)) => {
            note(&sentence);
            return Ok(ExitCode::from(code));
        }
    };
    let taking = work_out(&session, &session.store(), deed, &alerts, &snapshot).await;
    match output {
        Format::Json => say_json(&taking)?,
        Format::Table => say(&in_words(&taking, session.now()))?,
    }
    for refusal in &taking.refusals {
        note(&format!("Cannot be applied: {refusal}"));
    }
    Ok(ExitCode::from(if taking.is_applicable() { 0 } else { exit::REFUSED }))
}

/// The alerts of these names or fingerprints, and the list they are from; else the exit code and why not.
pub(super) async fn named(
    session: &Session,
    names: &[String],
) -> Result<(Vec<Arc<Alert>>, AlertSnapshot), (u8, String)> {
    let snapshot = listed(session).await?;
    let mut alerts: Vec<Arc<Alert>> = Vec::new();
    for name in names.iter().map(|name| name.strip_prefix(ALERT).unwrap_or(name)) {
        let is_it = |alert: &&Arc<Alert>| alert.title() == name || *alert.key == *name;
        let before = alerts.len();
        alerts.extend(snapshot.alerts.iter().filter(is_it).cloned());
        if alerts.len() == before {
            let words = "No alert of that name or fingerprint fires";
            let place = &session.environment.name;
            return Err((exit::USAGE, format!("{words}: {name:?} in {place}. See: quarterdeck status")));
        }
    }
    Ok((alerts, snapshot))
}

/// Carries a plan document out; refused when anything it showed has changed.
pub(super) async fn apply(
    global: &Global,
    taking: &Taking,
    (word, words): (&str, &str),
    output: Format,
) -> Result<ExitCode> {
    let mut global = global.clone();
    global.environment.get_or_insert_with(|| taking.environment.clone());
    let session = Session::prepare(&global);
    session.tell_problems();
    let ended = match refusal(&session, taking, word) {
        Some(reason) => Said::refused(reason),
        None => carry_out(&session, taking, words).await,
    };
    match output {
        Format::Json => say_json(&serde_json::json!({
            "outcome": ended.phase,
            "reason": ended.words,
            "alerts": taking.alerts.iter().zip(&ended.alerts).map(|(taken, (outcome, words))| serde_json::json!({
                "alert": taken.alert, "fingerprint": taken.fingerprint, "outcome": outcome, "words": words,
            })).collect::<Vec<_>>(),
        }))?,
        Format::Table => say(&format!("{}: {}", ended.phase.word(), ended.words))?,
    }
    Ok(exit::of(ended.phase))
}

fn refusal(session: &Session, taking: &Taking, word: &str) -> Option<String> {
    if let Some(doubt) = session.doubt() {
        return Some(doubt.to_owned());
    }
    if *session.environment.name != *taking.environment {
        return Some(format!("the plan is of {}, not of {}.", taking.environment, session.environment.name));
    }
    let is_right = word.trim() == taking.confirmation.word;
    (!is_right).then(|| format!("the word is {}: nothing was written.", taking.confirmation.word))
}

async fn carry_out(session: &Session, taking: &Taking, words: &str) -> Said {
    let snapshot = match listed(session).await {
        Ok(snapshot) => snapshot,
        Err((_, sentence)) => return Said::refused(sentence),
    };
    let is_meant = |alert: &&Arc<Alert>| taking.alerts.iter().any(|taken| *taken.fingerprint == *alert.key);
    let alerts: Vec<_> = snapshot.alerts.iter().filter(is_meant).cloned().collect();
    let store = Arc::new(session.store());
    let mut fresh = work_out(session, &store, taking.action, &alerts, &snapshot).await;
    // The document lists them in the order of the plan, the list in its own.
    let place = |key: &str| taking.alerts.iter().position(|taken| taken.fingerprint == *key);
    fresh.alerts.sort_by_key(|taken| place(&taken.fingerprint));
    if !fresh.reads_as(taking) {
        let why = fresh.refusals.first().map_or("what it showed has changed", String::as_str);
        return Said::refused(format!("{why}: nothing was written. Make the plan anew."));
    }
    let acknowledger = Acknowledger {
        store,
        journal: session.journal.clone(),
        author: author(),
        is_read_only: session.settings.is_store_read_only,
        clock: session.clock(),
    };
    acknowledger.carry_out(taking, words).await
}

/// What fires, by a source that answers; else the exit code and why not.
async fn listed(session: &Session) -> Result<AlertSnapshot, (u8, String)> {
    let name = &session.environment.name;
    let Some(snapshot) = session.alerts(SETTLE_WITHIN).await else {
        return Err((exit::USAGE, not_configured(name)));
    };
    match snapshot.best() {
        Some(best) if best.state.is_well() => Ok(snapshot),
        best => {
            let why = best.and_then(|best| best.error.as_deref()).unwrap_or("it does not answer.");
            Err((1, format!("What fires in {name} is not known: {why}")))
        }
    }
}

async fn work_out(
    session: &Session,
    store: &Store,
    deed: Deed,
    alerts: &[Arc<Alert>],
    snapshot: &AlertSnapshot,
) -> Taking {
    let environment = &session.environment.name;
    let mut refusal =
        session.settings.is_store_read_only.then(|| "this console was started with --read-only.".to_owned());
    let mut ahead = TimeDelta::zero();
    let mut known: HashMap<&str, Acknowledgement> = HashMap::new();
    match store.standing().await {
        Ok(standing) => ahead = standing.now - session.now(),
        Err(error) => refusal = refusal.or(Some(format!("the store does not answer: {}", error.sentence))),
    }
    for alert in alerts.iter().take(crate::domain::alert::MOST_TAKEN).filter(|_| refusal.is_none()) {
        match store.acknowledgement(environment, &alert.key).await {
            Ok(word) => known.extend(word.map(|word| (&*alert.key, word))),
            Err(error) => {
                refusal = Some(format!("the store does not answer: {}", error.sentence));
                break;
            }
        }
    }
    let health = snapshot.best().filter(|best| !best.state.is_well());
    let around = Around {
        environment: environment.clone(),
        author: author(),
        refusal,
        alerts_age: health.and_then(|health| health.last_good).map(|at| time::age(at, session.now())),
        ahead,
        now: session.now(),
    };
    Taking::plan(deed, alerts, |alert| known.get(&*alert.key), around)
}

fn in_words(taking: &Taking, now: time::Instant) -> String {
    let mut lines = vec![format!("{} in {}", taking.title(), taking.environment)];
    lines.push(format!("as {} ({})", taking.author.name, taking.author.origin));
    for taken in &taking.alerts {
        let (service, age) =
            (taken.service.as_deref().unwrap_or(UNMAPPED), time::coarse(time::age(taken.firing_since, now)));
        lines.push(format!("  {} {}, {service}, {age}: {}", taken.alert, taken.severity.word(), taken.summary));
    }
    lines.extend(taking.warnings.iter().map(|warning| format!("  WARNING  {warning}")));
    lines.push(format!("  means  {}", taking.action.means()));
    if taking.is_applicable() {
        let word = &taking.confirmation.word;
        lines.push(format!("Apply with: quarterdeck plan … --output json | quarterdeck apply - --confirm {word}"));
        lines.push(format!("Expires at {}.", taking.expires_at.format("%H:%M:%S UTC")));
    }
    lines.join("\n")
}
