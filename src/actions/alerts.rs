//! What is said of alerts in the store: who is on them, and notes. What is read of an alert before, what a plan of it is, and how it is
//! written.
//!
//! What a note says stands in the plan and in the store alone: no step tells it, so that the journal never holds it.

use std::sync::Arc;

use serde_json::{Value, json};

use super::contract::{Context, Draft, Refusal};
use super::observation::{AlertFacts, Observation};
use super::policy::Grant;
use super::stored::{DEADLINE, Write};
use crate::config::StoreReadOnly;
use crate::domain::action::{BlastRadius, Evidence, Field, FieldKind, Given, Goal, Inverse, Pin};
use crate::domain::alert::Hold;
use crate::domain::rollout::Change as Difference;
use crate::domain::service::UNMAPPED;
use crate::domain::store::fact::Fact;
use crate::domain::store::{
    Acknowledgement, EditNote, LONGEST_NOTE, NOTES_ABOUT, NewAcknowledgement, NewNote, Note, Subject as About,
    SubjectKind, WithdrawAcknowledgement, acknowledgement_of, check_note,
};
use crate::domain::subject::AlertRef;
use crate::domain::text;
use crate::domain::time::Instant;
use crate::sources::error::{SourceError, Trouble};
use crate::sources::observe::ListAlerts;
use crate::sources::store::port::ReadStore;

/// What a note is to say.
pub(super) const TEXT: Field = Field {
    id: "text",
    kind: FieldKind::Text(LONGEST_NOTE),
    value: "TEXT",
    noun: "a note",
    words: "What the note is to say; - reads standard input.",
    is_needed: true,
};
/// Which note.
pub(super) const NOTE: Field = Field {
    id: "note",
    kind: FieldKind::Line,
    value: "ID",
    noun: "the id of a note",
    words: "The note by its id; else the newest on the alert.",
    is_needed: false,
};
/// The most alerts that one plan acknowledges.
pub(super) const MOST: usize = 200;
/// How many notes on one alert are looked through.
const MOST_READ: u32 = 1_000;
/// How many notes that are there already are shown.
const MOST_SHOWN: usize = 4;

/// What is seen of alerts and of what is said of them, and whether more may be said.
#[derive(Clone)]
pub struct StoreEyes {
    /// The store.
    pub store: Arc<dyn ReadStore>,
    /// The alerts as they are listed now.
    pub listed: Arc<dyn ListAlerts>,
    /// Whether the store may be written from here, or why not.
    pub grant: Grant,
}

impl StoreEyes {
    /// The eyes on a store, into which nothing may be written perhaps.
    pub fn new(store: Arc<dyn ReadStore>, listed: Arc<dyn ListAlerts>, read_only: Option<StoreReadOnly>) -> Self {
        let grant = read_only.map_or(Ok(()), |why| Err(why.words().to_owned()));
        Self { store, listed, grant }
    }

    /// Reads an alert: whether it is listed, and what the store says of it. A store that does not answer is said in what was read, so that
    /// what is typed meanwhile has a plan to stand on.
    pub(super) async fn read(&self, alert: &AlertRef, given: &Given, now: Instant) -> Result<AlertFacts, SourceError> {
        let mut facts = AlertFacts::unread(alert.clone(), now);
        match self.listed.listed().await {
            Ok(list) => {
                facts.listed = list.alerts.iter().find(|one| *one.key == *alert.fingerprint).cloned();
                let worn = list.best().filter(|best| !best.state.is_well());
                facts.doubts.extend(worn.map(|best| match best.last_good {
                    Some(at) => format!("the list of alerts is of {}: it may have ended meanwhile.", said_at(at)),
                    None => "the list of alerts was never read here.".to_owned(),
                }));
            }
            Err(error) => facts.doubts.push(text::clean(&error.sentence).into_owned()),
        }
        if let Some(other) = facts.listed.as_ref().filter(|listed| *listed.title() != alert.name) {
            let words = format!("{alert} is {} here.", other.title(), alert = text::clean(&alert.name));
            return Err(SourceError::new(Trouble::Setup, words));
        }
        if let Err(error) = self.hear(&mut facts, given.text(NOTE.id)).await {
            facts.unsaid = Some(text::clean(&error.sentence).into_owned());
        }
        facts.document = facts.written();
        Ok(facts)
    }

    /// What the store says of it.
    async fn hear(&self, facts: &mut AlertFacts, id: Option<&str>) -> Result<(), SourceError> {
        let AlertRef { environment, fingerprint, .. } = &facts.alert;
        facts.store_now = self.store.standing().await?.now;
        let held = self.store.row(&acknowledgement_of(environment, fingerprint)).await?;
        facts.acknowledgement = held.as_ref().and_then(Acknowledgement::decode);
        let about = subject(&facts.alert).values().to_vec();
        let rows = self.store.rows(Note::TABLE, NOTES_ABOUT, about, MOST_READ).await?;
        let mut notes: Vec<Note> = rows.iter().filter_map(Note::decode).collect();
        facts.note = match id {
            Some(id) => notes.iter().find(|one| one.id.as_str() == id).cloned(),
            None => notes.iter().find(|one| one.withdrawn.is_none()).cloned(),
        };
        notes.retain(|one| one.withdrawn.is_none());
        facts.notes = notes;
        Ok(())
    }
}

/// A time, as a warning tells it: an age would be another warning a minute later.
fn said_at(at: Instant) -> String {
    at.format("%F %H:%M UTC").to_string()
}

/// What a note on an alert is about, as the store knows it.
fn subject(alert: &AlertRef) -> About {
    let (environment, name) = (alert.environment.to_string(), alert.fingerprint.clone());
    About { environment, kind: SubjectKind::Alert, name }
}

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doing {
    /// Somebody says that they are on it.
    Acknowledge,
    /// Somebody says that nobody is, any more.
    Unacknowledge,
    /// A note is written.
    Note,
    /// A note is changed.
    EditNote,
    /// A note is taken back.
    WithdrawNote,
}

/// Whether there is nothing to do with an alert that was chosen among others.
pub(super) fn is_idle(doing: Doing, seen: &Observation) -> bool {
    seen.alert().is_ok_and(|facts| match doing {
        Doing::Unacknowledge => facts.held().is_none() && facts.unsaid.is_none(),
        _ => facts.listed.is_none(),
    })
}

/// Drafts it.
pub(super) fn draft(doing: Doing, facts: &AlertFacts, given: &Given, context: Context<'_>) -> Result<Draft, Refusal> {
    let mut draft = match doing {
        Doing::Acknowledge | Doing::Unacknowledge => of_acknowledgement(doing, facts, context)?,
        Doing::Note | Doing::EditNote | Doing::WithdrawNote => of_note(doing, facts, given, context)?,
    };
    if let Some(why) = &facts.unsaid {
        draft.refusals = vec![format!("the store does not answer, and nothing waits to be written: {why}")];
    }
    if draft.given.is_empty() {
        draft.given = given.clone();
    }
    Ok(Draft {
        from: facts.in_words(),
        goal: Goal::Stored,
        blast: BlastRadius {
            words: "what every console of the store shows of it".to_owned(),
            ..BlastRadius::default()
        },
        tier: crate::domain::action::Tier::T1,
        deadline_seconds: Some(DEADLINE),
        ..draft
    })
}

fn of_acknowledgement(doing: Doing, facts: &AlertFacts, context: Context<'_>) -> Result<Draft, Refusal> {
    let AlertRef { environment, fingerprint, name } = &facts.alert;
    let listed = facts.listed.as_ref();
    let listed = listed.ok_or_else(|| Refusal(format!("{name} fires no more, or is not listed.")))?;
    let held = facts.held();
    let others = held.filter(|held| held.by != context.author);
    let command = |action: &str| Some(format!("quarterdeck plan {action} {fingerprint}"));
    let mut draft = Draft { pins: facts.pins(&["/firing_since", "/acknowledgement/version"]), ..Draft::default() };
    match (doing, &facts.acknowledgement) {
        (Doing::Unacknowledge, Some(seen)) if held.is_some() => {
            draft.warnings.extend(
                others.map(|held| format!("{name} is held by {} since {}, not by you.", held.by, said_at(held.at))),
            );
            let write = Write::Unacknowledge(Box::new(WithdrawAcknowledgement(seen.clone())));
            draft.steps =
                vec![write.step("Say in the store that nobody is on it.".to_owned(), Acknowledgement::TABLE.name, &[])];
            draft.to = "nobody is on it".into();
            draft.expected = "given back: nobody is on it".into();
            draft.inverse =
                Inverse { words: "Acknowledge it again (:acknowledge).".to_owned(), command: command("acknowledge") };
        }
        (Doing::Unacknowledge, _) if facts.unsaid.is_none() => {
            return Err(Refusal(format!("nobody has it: there is nothing to give back of {name}.")));
        }
        _ => {
            draft.warnings.extend(
                others.map(|held| format!("{} is on {name} since {}: it becomes yours.", held.by, said_at(held.at))),
            );
            if matches!(listed.hold, Hold::Silenced | Hold::Inhibited) {
                draft.warnings.push("notifications of it are held back already, and stay so.".to_owned());
            }
            let write = Write::Acknowledge(NewAcknowledgement {
                environment: environment.to_string(),
                fingerprint: fingerprint.clone(),
                alert: name.clone(),
                firing_since: Some(listed.started_at),
                holds_for: None,
                note: "{reason}".to_owned(),
                seen_version: facts.acknowledgement.as_ref().map_or(0, |seen| seen.version),
            });
            let words = format!("Say in the store that {} is on it.", context.author);
            draft.steps = vec![write.step(words, Acknowledgement::TABLE.name, &["/acknowledge/note"])];
            draft.to = format!("{} is on it, for as long as it fires this time", context.author);
            draft.expected = "acknowledged; it keeps firing and notifying".into();
            draft.inverse =
                Inverse { words: "Give it back (:unacknowledge).".to_owned(), command: command("unacknowledge") };
        }
    }
    Ok(draft)
}

fn of_note(doing: Doing, facts: &AlertFacts, given: &Given, context: Context<'_>) -> Result<Draft, Refusal> {
    let AlertRef { fingerprint, name, .. } = &facts.alert;
    let seen = facts.note.as_ref().filter(|note| doing != Doing::Note && note.withdrawn.is_none());
    if doing != Doing::Note && seen.is_none() && facts.unsaid.is_none() {
        return Err(Refusal(format!("there is no note on {name} to change.")));
    }
    let mut draft = Draft::default();
    if let Some(note) = seen {
        draft.given = given.clone().with(NOTE.id, note.id.as_str());
        draft.pins = facts.pins(&["/note/id", "/note/version"]);
        draft.changes = vec![Difference {
            path: note.by_whom(said_at),
            before: Some(note.text.clone()),
            after: (doing == Doing::WithdrawNote).then(|| "taken back".to_owned()),
        }];
        if note.by != context.author {
            draft.warnings.push(format!("{} wrote it at {}, not you.", note.by, said_at(note.at)));
        }
    }
    if facts.listed.is_none() {
        draft.warnings.push(format!("{name} is not listed now: what is written is shown when it fires again."));
    }
    if doing != Doing::WithdrawNote && given.has(TEXT.id) {
        let text = given.text(TEXT.id).unwrap_or_default();
        if seen.is_some_and(|note| note.text == text) {
            draft.refusals.push("Nothing is changed: it says this already.".to_owned());
        }
        draft.refusals.extend(check_note(text).err());
    }
    let others = facts.notes.iter().filter(|one| seen.is_none_or(|seen| seen.id != one.id));
    let evidence = |note: &Note| Evidence { words: format!("{} wrote: {}", note.by, note.text), observed_at: note.at };
    draft.evidence = others.take(MOST_SHOWN).map(evidence).collect();
    let said = format!("{{{}}}", TEXT.id);
    let (write, words, fills): (_, _, &[&str]) = match (doing, seen) {
        (Doing::WithdrawNote, Some(seen)) => {
            let write = Write::EditNote(Box::new(EditNote { seen: seen.clone(), text: None }));
            (write, format!("Take {}'s note back: blank its text in the store.", seen.by), &[])
        }
        (Doing::EditNote, Some(seen)) => {
            let write = Write::EditNote(Box::new(EditNote { seen: seen.clone(), text: Some(said) }));
            (write, format!("Let {}'s note say what is given.", seen.by), &["/edit_note/text"])
        }
        _ => {
            let write = Write::Note(NewNote { subject: subject(&facts.alert), text: said });
            (write, "Write the note into the store.".to_owned(), &["/note/text"])
        }
    };
    draft.steps = vec![write.step(words, Note::TABLE.name, fills)];
    let command = |action: &str| Some(format!("quarterdeck plan {action} {fingerprint}"));
    let (to, expected, way_back, command) = match doing {
        Doing::WithdrawNote => {
            ("without this note", "the note is taken back", "The text is gone. Write it anew (:note).", None)
        }
        Doing::EditNote => {
            let back = "Change it, or empty it to take it back (:edit-note).";
            ("with another text in this note", "the note is changed", back, command("edit-note"))
        }
        _ => {
            let back = "Change it, or empty it to take it back (:edit-note).";
            ("with one note more", "written down", back, command("withdraw-note"))
        }
    };
    draft.to = to.into();
    draft.expected = expected.into();
    draft.inverse = Inverse { words: way_back.to_owned(), command };
    Ok(draft)
}

impl AlertFacts {
    /// One of which nothing is known yet.
    pub(super) fn unread(alert: AlertRef, now: Instant) -> Self {
        Self {
            alert,
            listed: None,
            acknowledgement: None,
            note: None,
            notes: Vec::new(),
            unsaid: None,
            doubts: Vec::new(),
            is_written: false,
            store_now: now,
            document: Value::Null,
            observed_at: now,
        }
    }

    /// The same as a document, for pins.
    fn written(&self) -> Value {
        json!({
            "firing_since": self.listed.as_ref().map(|listed| listed.started_at),
            "acknowledgement": self.acknowledgement,
            "note": self.note.as_ref().filter(|note| note.withdrawn.is_none()),
        })
    }

    fn pins(&self, shown: &[&str]) -> Vec<Pin> {
        let value = |path: &str| self.document.pointer(path).cloned().unwrap_or_default();
        shown.iter().map(|path| Pin { path: (*path).to_owned(), value: value(path) }).collect()
    }

    /// Who is on it for as long as it fires this time.
    fn held(&self) -> Option<&Acknowledgement> {
        let since = self.listed.as_ref()?.started_at;
        self.acknowledgement.as_ref().filter(|held| held.covers(since, self.store_now))
    }

    /// How it is now, in a line.
    fn in_words(&self) -> String {
        let Some(listed) = &self.listed else { return "it is not listed now".to_owned() };
        let service = listed.service.as_deref().unwrap_or(UNMAPPED);
        let who = match self.held() {
            None => "nobody is on it".to_owned(),
            Some(held) if held.note.is_empty() => format!("{} is on it", held.by),
            Some(held) => format!("{} is on it: {}", held.by, held.note),
        };
        let words = format!("{}, {service}: {}", listed.severity.word(), listed.summary());
        format!("{}; {who}", words.trim_end_matches([':', ' ']))
    }

    /// Who has changed what a pin shows; `None` where that is not known.
    pub(super) fn who_moved(&self, path: &str) -> Option<String> {
        let at = |at: Instant| at.format("%H:%M:%S").to_string();
        if path.starts_with("/note") {
            let note = self.note.as_ref()?;
            return match (&note.withdrawn, &note.edited) {
                (Some(back), _) => Some(format!("{} took the note back at {}", back.by, at(back.at))),
                (None, Some(edit)) => {
                    Some(format!("{} changed it meanwhile, at {}: read what it says now", edit.by, at(edit.at)))
                }
                (None, None) => None,
            };
        }
        let held = self.acknowledgement.as_ref().filter(|_| path.starts_with("/acknowledgement"))?;
        Some(match &held.withdrawn {
            Some(back) => format!("{} gave it back at {}", back.by, at(back.at)),
            None => format!("{} took it at {}", held.by, at(held.at)),
        })
    }
}

impl Note {
    /// Who wrote it, and who changed it.
    fn by_whom(&self, said_at: impl Fn(Instant) -> String) -> String {
        let changed = self.edited.as_ref().map(|edit| format!(", changed by {}", edit.by)).unwrap_or_default();
        format!("note by {} of {}{changed}", self.by, said_at(self.at))
    }
}
