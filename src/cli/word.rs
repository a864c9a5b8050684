//! `quarterdeck plan acknowledge|give-back|note|edit-note|withdraw-note` and their `apply`: what the screen does with an alert, as
//! a document.

use std::collections::HashMap;
use std::io::Read;
use std::process::ExitCode;
use std::sync::Arc;

use chrono::TimeDelta;
use color_eyre::eyre::Result;

use super::output::{note, say, say_document, say_json};
use super::session::{SETTLE_WITHIN, Session, author};
use super::{Format, Global, exit};
use crate::actions::{Said, Scribe};
use crate::domain::alert::{
    Alert, AlertSnapshot, Around, Deed, MOST_TAKEN, NoteDeed, Noted, Noting, Severity, Taking, Word,
};
use crate::domain::service::UNMAPPED;
use crate::domain::store::{Acknowledgement, LONGEST_TEXT, NOTES_ABOUT, Note, acknowledgement_of};
use crate::domain::text;
use crate::domain::time;
use crate::sources::alertmanager::{AlertFeed, not_configured};
use crate::sources::store::Store;
use crate::sources::store::port::ReadStore;

/// What an alert may be named with in front, as a workload is named by its kind.
const ALERT: &str = "alert/";
/// How many notes on one alert are looked through.
const MOST: u32 = 1_000;

/// What is asked for.
pub(super) enum Ask<'a> {
    /// Alerts are acknowledged or given back.
    Take(Deed),
    /// A note is written, changed or taken back.
    Note {
        /// What is done.
        deed: NoteDeed,
        /// What the note is to say; `-` reads standard input.
        text: Option<&'a str>,
        /// The note by its id; else the newest on the alert.
        id: Option<&'a str>,
    },
}

/// Plans it for alerts by name or fingerprint; the name means all of that name.
pub(super) async fn plan(global: &Global, ask: &Ask<'_>, targets: &[String], output: Format) -> Result<ExitCode> {
    let session = Session::prepare(global);
    session.tell_problems();
    if let Some(doubt) = session.doubt() {
        note(doubt);
        return Ok(ExitCode::from(exit::USAGE));
    }
    let planned = match ask {
        Ask::Take(deed) => take(&session, *deed, targets).await.map(Word::from),
        Ask::Note { deed, text, id } => match typed(*deed, *text) {
            Ok(text) => write(&session, *deed, targets, &text, *id).await.map(Word::from),
            Err(sentence) => Err((exit::USAGE, sentence)),
        },
    };
    let word = match planned {
        Ok(word) => word,
        Err((code, sentence)) => {
            note(&sentence);
            return Ok(ExitCode::from(code));
        }
    };
    match output {
        Format::Json => say_document(&word)?,
        Format::Table => say(&in_words(&word, session.now()))?,
    }
    for refusal in &word.terms().refusals {
        note(&format!("Cannot be applied: {refusal}"));
    }
    Ok(ExitCode::from(if word.terms().is_applicable() { 0 } else { exit::REFUSED }))
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

/// What fires, by a source that answers; else the exit code and why not.
async fn listed(session: &Session) -> Result<AlertSnapshot, (u8, String)> {
    let name = &session.environment.name;
    let Some(snapshot) = session.once::<AlertFeed>(SETTLE_WITHIN).await else {
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

/// What a note is to say.
fn typed(deed: NoteDeed, text: Option<&str>) -> Result<String, String> {
    match (deed, text) {
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

/// What a plan is made from beside the alerts.
async fn around(session: &Session, store: &Store, alerts_age: Option<TimeDelta>) -> Around {
    let refusal = "this console was started with --read-only.";
    let mut around = Around {
        environment: session.environment.name.clone(),
        author: author(),
        refusal: session.settings.is_store_read_only.then(|| refusal.to_owned()),
        alerts_age,
        ahead: TimeDelta::zero(),
        now: session.now(),
    };
    match store.standing().await {
        Ok(standing) => around.ahead = standing.now - around.now,
        Err(error) => around.refusal = around.refusal.or_else(|| Some(silent(&error.sentence))),
    }
    around
}

fn silent(sentence: &str) -> String {
    format!("the store does not answer: {sentence}")
}

async fn take(session: &Session, deed: Deed, targets: &[String]) -> Result<Taking, (u8, String)> {
    let (alerts, snapshot) = named(session, targets).await?;
    Ok(take_these(session, &session.store(), deed, &alerts, &snapshot).await)
}

async fn take_these(
    session: &Session,
    store: &Store,
    deed: Deed,
    alerts: &[Arc<Alert>],
    snapshot: &AlertSnapshot,
) -> Taking {
    let health = snapshot.best().filter(|best| !best.state.is_well());
    let alerts_age = health.and_then(|health| health.last_good).map(|at| time::age(at, session.now()));
    let mut around = around(session, store, alerts_age).await;
    let mut known: HashMap<&str, Acknowledgement> = HashMap::new();
    for alert in alerts.iter().take(MOST_TAKEN) {
        if around.refusal.is_some() {
            break;
        }
        match store.get::<Acknowledgement>(&acknowledgement_of(&session.environment.name, &alert.key)).await {
            Ok(word) => known.extend(word.map(|word| (&*alert.key, word))),
            Err(error) => around.refusal = Some(silent(&error.sentence)),
        }
    }
    Taking::plan(deed, alerts, |alert| known.get(&*alert.key), &around)
}

async fn write(
    session: &Session,
    deed: NoteDeed,
    targets: &[String],
    text: &str,
    id: Option<&str>,
) -> Result<Noting, (u8, String)> {
    let (alerts, _) = named(session, targets).await?;
    let [alert] = alerts.as_slice() else {
        let names: Vec<&str> = alerts.iter().map(|alert| &*alert.key).collect();
        let words = format!("A note is on one alert; these are {}: {}.", alerts.len(), names.join(", "));
        return Err((exit::USAGE, words));
    };
    let store = session.store();
    let around = around(session, &store, None).await;
    let bare = Noting::plan(NoteDeed::Note, Noted::from(&**alert), true, None, &around);
    let mut noting = if deed == NoteDeed::Note || around.refusal.is_some() {
        Noting { action: deed, ..bare }.saying(text)
    } else {
        let notes = store.list::<Note>(NOTES_ABOUT, bare.subject().values(), MOST).await;
        let notes = notes.map_err(|error| (1, format!("The store does not answer: {}", error.sentence)))?;
        let is_it = |one: &&Note| id.is_none_or(|id| one.id.as_str() == id);
        let seen = notes.iter().filter(|one| one.withdrawn.is_none()).find(is_it);
        if let (Some(id), None) = (id, seen) {
            let words = format!("No note {id:?} is on {}. See: quarterdeck status --output json", bare.alert.name);
            return Err((exit::USAGE, words));
        }
        Noting::plan(deed, bare.alert, true, seen, &around).saying(text)
    };
    if noting.terms.is_applicable() {
        noting.terms.refusals.extend(noting.trouble());
    }
    Ok(noting)
}

/// Carries a plan document out; refused when anything it showed has changed. `reason` is what is said with an acknowledgement.
pub(super) async fn apply(
    global: &Global,
    word: Word,
    (confirm, reason): (&str, &str),
    output: Format,
) -> Result<ExitCode> {
    let mut global = global.clone();
    global.environment.get_or_insert_with(|| word.terms().environment.clone());
    let session = Session::prepare(&global);
    session.tell_problems();
    let ended = match refusal(&session, &word) {
        Some(reason) => Said::refused(reason),
        None => carry_out(&session, &word, confirm, reason).await,
    };
    match output {
        Format::Json => {
            let alerts = word.alerts().into_iter().zip(&ended.alerts).map(|((alert, fingerprint), (outcome, words))| {
                serde_json::json!({ "alert": alert, "fingerprint": fingerprint, "outcome": outcome, "words": words })
            });
            let alerts: Vec<_> = alerts.collect();
            say_json(&serde_json::json!({ "outcome": ended.phase, "reason": ended.words, "alerts": alerts }))?;
        }
        Format::Table => say(&format!("{}: {}", ended.phase.word(), ended.words))?,
    }
    Ok(exit::of(ended.phase))
}

fn refusal(session: &Session, word: &Word) -> Option<String> {
    if let Some(doubt) = session.doubt() {
        return Some(doubt.to_owned());
    }
    let (named, here) = (&word.terms().environment, &session.environment.name);
    (**here != **named).then(|| format!("the plan is of {}, not of {here}.", text::clean(named)))
}

/// Makes the plan anew from what the document asks for, and carries that one out if both mean the same.
async fn carry_out(session: &Session, document: &Word, confirm: &str, reason: &str) -> Said {
    let store = Arc::new(session.store());
    let fresh = match document {
        Word::Taking(taking) => taken_again(session, &store, taking).await.map(|fresh| fresh.saying(reason)),
        Word::Noting(noting) => noted_again(session, &store, noting).await,
    };
    let fresh = match fresh {
        Ok(fresh) => fresh,
        Err(reason) => return Said::refused(reason),
    };
    let scribe = Scribe {
        store,
        journal: session.journal.clone(),
        author: author(),
        is_read_only: session.settings.is_store_read_only,
        clock: session.clock(),
    };
    scribe.apply(document, &fresh, confirm).await
}

/// The same alerts once more, as they are listed and held now.
async fn taken_again(session: &Session, store: &Store, taking: &Taking) -> Result<Word, String> {
    let snapshot = listed(session).await.map_err(|(_, sentence)| sentence)?;
    let place = |key: &str| taking.alerts.iter().position(|taken| taken.fingerprint == *key);
    let alerts: Vec<_> = snapshot.alerts.iter().filter(|alert| place(&alert.key).is_some()).cloned().collect();
    let mut fresh = take_these(session, store, taking.action, &alerts, &snapshot).await;
    // The document lists them in the order of the plan, the list in its own.
    fresh.alerts.sort_by_key(|taken| place(&taken.fingerprint));
    Ok(fresh.into())
}

/// The same note once more: the alert as it is listed, the note that is changed as the store has it.
async fn noted_again(session: &Session, store: &Store, noting: &Noting) -> Result<Word, String> {
    let around = around(session, store, None).await;
    // A note outlives the firing of its alert, and the source of alerts: who it is about is then as the document says.
    let listed = match session.feed::<AlertFeed>() {
        Some(_) => listed(session).await.ok(),
        None => None,
    };
    let alerts = listed.iter().flat_map(|snapshot| snapshot.alerts.iter());
    let found = alerts.into_iter().find(|alert| *alert.key == *noting.alert.fingerprint);
    let alert = found.map_or_else(|| cleaned(&noting.alert), |alert| Noted::from(&**alert));
    let notes = match &noting.seen {
        None => Vec::new(),
        Some(_) => store
            .list::<Note>(NOTES_ABOUT, noting.subject().values(), MOST)
            .await
            .map_err(|error| format!("{} Nothing was written.", silent(&error.sentence)))?,
    };
    let seen = noting.seen.as_ref();
    let now = seen.and_then(|seen| notes.iter().find(|one| one.id == seen.id));
    match (seen, now) {
        (None, _) => {}
        (Some(seen), Some(now)) if now.version == seen.version => {}
        (Some(_), Some(now)) if now.withdrawn.is_none() => {
            let by = now.edited.as_ref().map_or(now.by.as_str(), |edit| edit.by.as_str());
            return Err(format!(
                "{by} changed it meanwhile: nothing was written. It says now: {} Make the plan anew.",
                now.text
            ));
        }
        (Some(_), _) => return Err("it was taken back meanwhile: nothing was written.".to_owned()),
    }
    // A document is what somebody may have edited: its text is cleaned once more.
    let fresh = Noting::plan(noting.action, alert, found.is_some(), now, &around).saying(&noting.text);
    match fresh.trouble() {
        Some(trouble) => Err(format!("{trouble} Nothing was written.")),
        None => Ok(fresh.into()),
    }
}

/// What a document says of an alert, as it may be shown.
fn cleaned(alert: &Noted) -> Noted {
    let clean = |words: &str| text::clean(words).into_owned();
    Noted {
        name: clean(&alert.name),
        fingerprint: alert.fingerprint.clone(),
        service: alert.service.as_deref().map(clean),
        severity: alert.severity,
        summary: clean(&alert.summary),
    }
}

fn in_words(word: &Word, now: time::Instant) -> String {
    let terms = word.terms();
    let alert = |name: &str, severity: Severity, service: Option<&str>, age: &str, summary: &str| {
        format!("  {name} {}, {}{age}: {summary}", severity.word(), service.unwrap_or(UNMAPPED))
    };
    let mut lines = vec![format!("{} in {}", word.title(), terms.environment)];
    lines.push(format!("as {} ({})", terms.author.name, terms.author.origin));
    match word {
        Word::Taking(taking) => lines.extend(taking.alerts.iter().map(|taken| {
            let age = format!(", {}", time::coarse(time::age(taken.firing_since, now)));
            alert(&taken.alert, taken.severity, taken.service.as_deref(), &age, &taken.summary)
        })),
        Word::Noting(noting) => {
            let on = &noting.alert;
            lines.push(alert(&on.name, on.severity, on.service.as_deref(), "", &on.summary));
            lines.extend(noting.seen.as_ref().map(|seen| format!("  now    {}: {}", seen.words(now), seen.text)));
            lines.extend(noting.text.lines().enumerate().map(|(place, line)| {
                let label = if place == 0 { "says" } else { "" };
                format!("  {label:5}  {line}")
            }));
        }
    }
    lines.extend(terms.warnings.iter().map(|warning| format!("  WARNING  {warning}")));
    lines.push(format!("  means  {}", word.means()));
    if terms.is_applicable() {
        let confirm = &terms.confirmation.word;
        lines.push(format!("Apply with: quarterdeck plan … --output json | quarterdeck apply - --confirm {confirm}"));
        lines.push(format!("Expires at {}.", terms.expires_at.format("%H:%M:%S UTC")));
    }
    lines.join("\n")
}
