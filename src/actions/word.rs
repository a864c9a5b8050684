//! Words about alerts, carried out: the journal first, then the store, each alert by itself, and what came of it.
//!
//! A write of the store is one transaction that tells what it wrote, so its answer is its verification. Nothing is left to
//! verify after a crash: the store has it or has it not, and the audit says so in the same transaction. What a note says stands
//! in the store alone: the journal keeps a digest of it.

use std::sync::{Arc, Mutex};

use super::gate::short;
use super::journal::{self, Entry, Journal, What};
use crate::domain::action::{Outcome, Phase};
use crate::domain::alert::{Deed, NoteDeed, Noting, Taken, Taking, Word};
use crate::domain::store::fact::Change;
use crate::domain::store::{Author, EditNote, NewAcknowledgement, NewNote, Note, WithdrawAcknowledgement};
use crate::domain::{text, time};
use crate::sources::Clock;
use crate::sources::store::new_id;
use crate::sources::store::port::{WriteError, WriteStore};

/// What words are carried out with.
#[derive(Clone)]
pub struct Scribe {
    /// The store.
    pub store: Arc<dyn WriteStore>,
    /// The journal.
    pub journal: Arc<Mutex<Journal>>,
    /// Who sits here.
    pub author: Author,
    /// Whether this console may write nothing.
    pub is_read_only: bool,
    /// The clock.
    pub clock: Clock,
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// As a run ends.
    pub phase: Phase,
    /// In words.
    pub words: String,
    /// Each alert of the plan: how, and in words.
    pub alerts: Vec<(Outcome, String)>,
}

impl Said {
    /// It was refused before anything was written.
    pub fn refused(reason: impl Into<String>) -> Self {
        Self { phase: Phase::Refused, words: reason.into(), alerts: Vec::new() }
    }
}

impl Scribe {
    /// Carries a confirmed plan out.
    pub async fn carry_out(&self, word: &Word) -> Said {
        let bare = self.bare(word);
        let line = |what, words: &str| Entry { what, words: words.to_owned(), ..bare.clone() };
        if let Some(reason) = self.refusal(word) {
            self.record(line(What::Refused, &format!("{}: {reason}", word.about())));
            return Said::refused(reason);
        }
        if let Err(reason) = self.write(line(What::Begun, &word.journalled())) {
            return Said::refused(reason);
        }
        let mut alerts: Vec<(Outcome, String)> = Vec::new();
        for (place, (name, fingerprint)) in word.alerts().into_iter().enumerate() {
            let at = |entry| Entry { target: Some(place), ..entry };
            if alerts.last().is_some_and(|(outcome, _)| matches!(outcome, Outcome::Unknown | Outcome::Aborted)) {
                alerts.push((Outcome::Aborted, "not tried: the store had given no answer.".to_owned()));
                continue;
            }
            let name = format!("{name} ({fingerprint})");
            let (outcome, words) = match self.write(at(line(What::Intent, &name))) {
                Ok(()) => self.put(word, place).await,
                Err(reason) => (Outcome::Refused, reason),
            };
            let settled = line(What::Settled, &format!("{name}: {words}"));
            self.record(at(Entry { outcome: Some(outcome), ..settled }));
            alerts.push((outcome, words));
        }
        let phase = phase(&alerts);
        let words = in_words(word, phase, &alerts);
        self.record(Entry { phase: Some(phase), ..line(What::Ended, &words) });
        Said { phase, words, alerts }
    }

    /// Judges a document by the same plan made anew, and carries that one out. What the document says of its own refusals, expiry and
    /// confirmation is for reading only.
    pub async fn apply(&self, document: &Word, fresh: &Word, confirm: &str) -> Said {
        match self.difference(document, fresh, confirm) {
            None => self.carry_out(fresh).await,
            Some(reason) => {
                let words = format!("{}: {reason}", fresh.about());
                self.record(Entry { what: What::Refused, words, ..self.bare(fresh) });
                Said::refused(reason)
            }
        }
    }

    /// Why a document is not carried out; `None` when it means what the same plan means that was made anew.
    fn difference(&self, document: &Word, fresh: &Word, confirm: &str) -> Option<String> {
        let (given, own) = (document.terms(), fresh.terms());
        if given.version != own.version || given.environment != own.environment {
            return Some(format!(
                "the plan is of {}, not of {}: nothing was written.",
                short(&given.environment),
                own.environment
            ));
        }
        if given.author != self.author {
            return Some(format!("the plan was made by {}: nothing was written.", short(&given.author.name)));
        }
        let (age, holds) =
            (own.made_at.signed_duration_since(given.made_at), own.expires_at.signed_duration_since(own.made_at));
        if own.made_at >= given.expires_at || age >= holds {
            return Some("the plan has expired: nothing was written. Make it anew.".to_owned());
        }
        if time::is_of_the_future(given.made_at, own.made_at) {
            return Some("the plan says it was made later than now: nothing was written. Make it anew.".to_owned());
        }
        if let Some(reason) = own.refusals.first().or(given.refusals.first()) {
            return Some(format!("{}: nothing was written. Make the plan anew.", short(reason).trim_end_matches('.')));
        }
        if !fresh.reads_as(document) {
            return Some("what it showed has changed: nothing was written. Make the plan anew.".to_owned());
        }
        let wanted = &own.confirmation.word;
        (confirm.trim() != wanted).then(|| format!("the word is {wanted}: nothing was written."))
    }

    /// Journals that a plan was looked at and given up.
    pub fn give_up(&self, word: &Word) {
        let words = format!("closed without confirming: {}", word.about());
        self.record(Entry { what: What::GivenUp, words, ..self.bare(word) });
    }

    /// What every line of the journal about one plan has in common.
    fn bare(&self, word: &Word) -> Entry {
        let run = new_id(&self.clock);
        Entry::bare(run.as_str(), word.action(), &word.terms().environment, &self.author.name)
    }

    fn refusal(&self, word: &Word) -> Option<String> {
        let terms = word.terms();
        if self.is_read_only {
            return Some("this console was started with --read-only: nothing was written.".to_owned());
        }
        if let Some(reason) = terms.refusals.first() {
            return Some(format!("{reason} Nothing was written."));
        }
        if terms.author != self.author {
            return Some(format!("the plan was made by {}: nothing was written.", terms.author.name));
        }
        if (self.clock)() >= terms.expires_at {
            return Some("the plan has expired: nothing was written. Make it anew.".to_owned());
        }
        word.trouble()
    }

    /// Writes it for the alert at this place.
    async fn put(&self, word: &Word, place: usize) -> (Outcome, String) {
        let written = match word {
            Word::Taking(taking) => match taking.alerts.get(place) {
                Some(taken) => self.take(taking, taken).await,
                None => Ok(None),
            },
            Word::Noting(noting) => self.note(noting).await,
        };
        match written {
            Ok(Some(words)) => (Outcome::Done, words),
            Ok(None) => {
                (Outcome::Refused, "there is nothing to change or to give back: nothing was written.".to_owned())
            }
            Err(WriteError::Unknown(error)) => (Outcome::Unknown, text::clean(&error.sentence).into_owned()),
            // Nothing was written, and it is known.
            Err(error) => (Outcome::Refused, text::clean(&error.to_string()).into_owned()),
        }
    }

    /// What was achieved; `None` where there was nothing to give back.
    async fn take(&self, taking: &Taking, taken: &Taken) -> Result<Option<String>, WriteError> {
        let attempt = new_id(&self.clock);
        match (taking.action, &taken.seen) {
            (Deed::Acknowledge, seen) => {
                let new = NewAcknowledgement {
                    environment: taking.terms.environment.clone(),
                    fingerprint: taken.fingerprint.clone(),
                    alert: taken.alert.clone(),
                    firing_since: Some(taken.firing_since),
                    holds_for: None,
                    note: taking.note.clone(),
                    seen_version: seen.as_ref().map_or(0, |seen| seen.version),
                };
                self.store.write(&self.author, &attempt, &new).await?;
                Ok(Some(format!("{} is on it.", self.author.name)))
            }
            (Deed::GiveBack, Some(seen)) => {
                self.store.write(&self.author, &attempt, &WithdrawAcknowledgement(seen.clone())).await?;
                Ok(Some("nobody is on it any more.".to_owned()))
            }
            (Deed::GiveBack, None) => Ok(None),
        }
    }

    /// What was achieved; `None` where there was no note to change.
    async fn note(&self, noting: &Noting) -> Result<Option<String>, WriteError> {
        let attempt = new_id(&self.clock);
        let edit = |seen: &Note, text: Option<&String>| EditNote { seen: seen.clone(), text: text.cloned() };
        let change: Box<dyn Change> = match (noting.action, &noting.seen) {
            (NoteDeed::Note, _) => Box::new(NewNote { subject: noting.subject(), text: noting.text.clone() }),
            (NoteDeed::EditNote, Some(seen)) => Box::new(edit(seen, Some(&noting.text))),
            (NoteDeed::WithdrawNote, Some(seen)) => Box::new(edit(seen, None)),
            (NoteDeed::EditNote | NoteDeed::WithdrawNote, None) => return Ok(None),
        };
        self.store.write(&self.author, &attempt, &*change).await?;
        Ok(Some(noting.action.achieved().to_owned()))
    }

    /// A line that must be on disk before anything else happens.
    fn write(&self, entry: Entry) -> Result<(), String> {
        journal::write(&self.journal, entry, (self.clock)())
    }

    /// A line about what has happened already.
    fn record(&self, entry: Entry) {
        journal::record(&self.journal, entry, (self.clock)());
    }
}

/// How all of it ended: as the worst of it.
fn phase(alerts: &[(Outcome, String)]) -> Phase {
    let has = |wanted| alerts.iter().any(|(outcome, _)| *outcome == wanted);
    if has(Outcome::Unknown) {
        Phase::Unknown
    } else if alerts.iter().all(|(outcome, _)| *outcome == Outcome::Done) {
        Phase::Done
    } else if has(Outcome::Done) {
        Phase::Failed
    } else {
        Phase::Refused
    }
}

fn in_words(word: &Word, phase: Phase, alerts: &[(Outcome, String)]) -> String {
    if phase == Phase::Done {
        return word.achieved();
    }
    let done = alerts.iter().filter(|(outcome, _)| *outcome == Outcome::Done).count();
    let worst = alerts.iter().find(|(outcome, _)| *outcome != Outcome::Done).map_or("", |(_, words)| words);
    if alerts.len() < 2 {
        worst.to_owned()
    } else {
        format!("{done} of {} done. The first that was not: {worst}", alerts.len())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::config::StoreSettings;
    use crate::domain::alert::testing::alert;
    use crate::domain::alert::{Around, Noted};
    use crate::domain::store::fact::Read;
    use crate::domain::store::{Acknowledgement, AuditLine, Head, Id, NOTES_ABOUT, acknowledgement_of};
    use crate::domain::time::Instant;
    use crate::sources::error::{SourceError, Trouble};
    use crate::sources::store::Store;
    use crate::sources::store::port::Written;

    fn at(seconds: i64) -> Instant {
        chrono::DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap_or_default()
    }

    struct Desk {
        folder: tempfile::TempDir,
        store: Arc<Store>,
        clock: Clock,
    }

    fn desk() -> Desk {
        let folder = tempfile::tempdir().expect("a folder");
        let clock: Clock = Arc::new(|| at(60));
        let store = Arc::new(Store::open(&StoreSettings::Embedded, folder.path(), &clock, false));
        Desk { folder, store, clock }
    }

    impl Desk {
        fn of(&self, name: &str) -> Scribe {
            Scribe {
                store: self.store.clone(),
                journal: Arc::new(Mutex::new(Journal::new(self.folder.path()))),
                author: Around::testing(name, at(0)).author,
                is_read_only: false,
                clock: self.clock.clone(),
            }
        }

        async fn said(&self) -> Option<Acknowledgement> {
            let key = take(Deed::Acknowledge, "mori", None).alerts()[0].1.to_owned();
            self.store.get(&acknowledgement_of("production", &key)).await.expect("an answer")
        }

        async fn notes(&self) -> Vec<Note> {
            let Word::Noting(noting) = note(NoteDeed::Note, "mori", None) else { unreachable!("a note") };
            self.store.list(NOTES_ABOUT, noting.subject().values(), 10).await.expect("an answer")
        }

        fn lines(&self) -> Vec<(What, String)> {
            let chains = journal::chains(self.folder.path()).expect("a journal");
            let lines = chains.iter().flat_map(|chain| &chain.lines);
            lines.map(|line| (line.entry.what, line.entry.words.clone())).collect()
        }

        fn whats(&self) -> Vec<What> {
            self.lines().into_iter().map(|(what, _)| what).collect()
        }
    }

    fn word_of(name: &str) -> Acknowledgement {
        Acknowledgement {
            environment: "production".into(),
            fingerprint: take(Deed::Acknowledge, "mori", None).alerts()[0].1.to_owned(),
            alert: "A".into(),
            firing_since: Some(at(0)),
            by: name.into(),
            at: at(0),
            until: None,
            note: String::new(),
            withdrawn: None,
            version: 3,
        }
    }

    fn take(deed: Deed, name: &str, seen: Option<&Acknowledgement>) -> Word {
        let alerts = [Arc::new(alert(&[("alertname", "A")], at(0)))];
        Taking::plan(deed, &alerts, |_| seen, &Around::testing(name, at(60))).into()
    }

    fn note(deed: NoteDeed, name: &str, seen: Option<&Note>) -> Word {
        let alert = Noted::from(&alert(&[("alertname", "A")], at(0)));
        Noting::plan(deed, alert, true, seen, &Around::testing(name, at(60))).into()
    }

    #[tokio::test]
    async fn it_is_taken_journalled_taken_over_and_given_back() {
        let desk = desk();
        let said = desk.of("mori").carry_out(&take(Deed::Acknowledge, "mori", None).saying(" rolling it back ")).await;
        assert_eq!((said.phase, said.words.as_str()), (Phase::Done, "A: acknowledged; it keeps firing and notifying."));
        let word = desk.said().await.expect("a word");
        assert_eq!((word.by.as_str(), word.note.as_str(), word.version), ("mori", "rolling it back", 1));
        assert_eq!(desk.whats(), [What::Begun, What::Intent, What::Settled, What::Ended]);

        let over = desk.of("lee").carry_out(&take(Deed::Acknowledge, "lee", Some(&word))).await;
        assert_eq!(over.phase, Phase::Done);
        let word = desk.said().await.expect("a word");
        let back = desk.of("lee").carry_out(&take(Deed::GiveBack, "lee", Some(&word))).await;
        assert_eq!((back.phase, back.words.as_str()), (Phase::Done, "A: given back: nobody is on it."));
        assert!(desk.said().await.expect("a word").withdrawn.is_some());
        // A console that was opened since knows nothing of what was given back.
        let again = desk.of("mori").carry_out(&take(Deed::Acknowledge, "mori", None)).await;
        assert_eq!(again.phase, Phase::Done, "{}", again.words);
    }

    #[tokio::test]
    async fn a_note_is_written_changed_taken_back_and_journalled_without_its_words() {
        let desk = desk();
        let words = "the provider is slow\nsince noon";
        let said = desk.of("mori").carry_out(&note(NoteDeed::Note, "mori", None).saying(words)).await;
        assert_eq!((said.phase, said.words.as_str()), (Phase::Done, "A: written down."));
        let first = desk.notes().await.remove(0);
        assert_eq!((first.by.as_str(), first.text.as_str(), first.version), ("mori", words, 1));
        assert_eq!(desk.whats(), [What::Begun, What::Intent, What::Settled, What::Ended]);

        let change = note(NoteDeed::EditNote, "lee", Some(&first)).saying("it is the cache");
        let changed = desk.of("lee").carry_out(&change).await;
        assert_eq!((changed.phase, changed.words.as_str()), (Phase::Done, "A: the note is changed."));
        let newer = desk.notes().await.remove(0);
        let back = desk.of("mori").carry_out(&note(NoteDeed::WithdrawNote, "mori", Some(&newer))).await;
        assert_eq!((back.phase, back.words.as_str()), (Phase::Done, "A: the note is taken back."));
        assert_eq!(desk.notes().await[0].text, "");
        for (_, words) in desk.lines() {
            assert!(!words.contains("provider") && !words.contains("cache"), "{words}");
        }
    }

    #[tokio::test]
    async fn of_two_at_the_same_moment_one_is_told_who_was_first_and_nothing_is_lost() {
        let desk = desk();
        desk.of("mori").carry_out(&take(Deed::Acknowledge, "mori", None)).await;
        let second = desk.of("lee").carry_out(&take(Deed::Acknowledge, "lee", None)).await;
        assert_eq!(second.phase, Phase::Refused);
        assert!(second.words.contains("mori"), "{}", second.words);
        assert_eq!(desk.said().await.map(|word| word.by), Some("mori".to_owned()));

        desk.of("mori").carry_out(&note(NoteDeed::Note, "mori", None).saying("first")).await;
        let seen = desk.notes().await.remove(0);
        desk.of("lee").carry_out(&note(NoteDeed::EditNote, "lee", Some(&seen)).saying("lee's")).await;
        let late = desk.of("mori").carry_out(&note(NoteDeed::EditNote, "mori", Some(&seen)).saying("mine")).await;
        assert_eq!(late.phase, Phase::Refused);
        assert!(late.words.contains("lee changed the note"), "{}", late.words);
        assert_eq!(desk.notes().await[0].text, "lee's");
    }

    #[tokio::test]
    async fn what_may_not_be_is_refused_and_journalled_and_writes_nothing() {
        let desk = desk();
        for fit in [take(Deed::Acknowledge, "mori", None), note(NoteDeed::Note, "mori", None).saying("fit")] {
            let read_only = Scribe { is_read_only: true, ..desk.of("mori") };
            let late = Scribe { clock: Arc::new(|| at(60 + 15 * 60)), ..desk.of("mori") };
            let empty = note(NoteDeed::Note, "mori", None).saying(" ");
            for (why, scribe, word) in [
                ("read-only", read_only, &fit),
                ("expired", late, &fit),
                ("made by", desk.of("lee"), &fit),
                ("is empty", desk.of("mori"), &empty),
            ] {
                let said = scribe.carry_out(word).await;
                assert_eq!(said.phase, Phase::Refused);
                assert!(said.words.contains(why), "{}", said.words);
            }
        }
        assert_eq!((desk.said().await, desk.notes().await), (None, Vec::new()));
        assert!(desk.whats().iter().all(|what| *what == What::Refused));
    }

    #[tokio::test]
    async fn an_edited_document_is_refused_or_no_wider() {
        let desk = desk();
        let lee = word_of("lee");
        let fresh = || take(Deed::Acknowledge, "mori", None);
        let honest = serde_json::to_value(fresh()).expect("a document");
        let edits: [(&str, serde_json::Value); 12] = [
            ("/version", 2.into()),
            ("/environment", "staging".into()),
            ("/author/name", "lee".into()),
            ("/made_at", "2999-01-01T00:00:00Z".into()),
            ("/made_at", "2001-01-01T00:00:00Z".into()),
            ("/made_at", "-262143-01-01T00:00:00Z".into()),
            ("/expires_at", "2001-01-01T00:00:00Z".into()),
            ("/refusals", serde_json::json!(["no"])),
            ("/warnings", serde_json::json!(["no"])),
            ("/alerts/0/fingerprint", "another".into()),
            ("/alerts/0/alert", "Another".into()),
            ("/alerts/0/seen", serde_json::to_value(&lee).expect("a word")),
        ];
        for (place, edit) in edits {
            let mut edited = honest.clone();
            *edited.pointer_mut(place).expect("a place") = edit.clone();
            let edited: Taking = serde_json::from_value(edited).expect("a document");
            let said = desk.of("mori").apply(&edited.into(), &fresh(), "ACKNOWLEDGE").await;
            assert_eq!(said.phase, Phase::Refused, "{place} = {edit}: {}", said.words);
        }
        assert_eq!(desk.said().await, None);
        // What it says of its own confirmation and end is not asked.
        let mut edited = honest.clone();
        edited["confirmation"]["word"] = "GO".into();
        edited["expires_at"] = "2999-01-01T00:00:00Z".into();
        let edited: Word = serde_json::from_value::<Taking>(edited).expect("a document").into();
        let said = desk.of("mori").apply(&edited, &fresh(), "GO").await;
        assert!(said.words.contains("the word is ACKNOWLEDGE"), "{}", said.words);
        let refused = Taking::plan(Deed::Acknowledge, &[], |_| None, &Around::testing("mori", at(60)));
        let said = desk.of("mori").apply(&edited, &refused.into(), "ACKNOWLEDGE").await;
        assert!(said.words.contains("fires no more"), "what is found anew counts: {}", said.words);
        assert!(desk.whats().iter().all(|what| *what == What::Refused));
        assert_eq!(desk.of("mori").apply(&edited, &fresh(), "ACKNOWLEDGE").await.phase, Phase::Done);
    }

    #[tokio::test]
    async fn an_edited_note_is_refused_or_no_wider() {
        let desk = desk();
        desk.of("mori").carry_out(&note(NoteDeed::Note, "mori", None).saying("first")).await;
        let first = desk.notes().await.remove(0);
        let fresh = || note(NoteDeed::EditNote, "mori", Some(&first)).saying("second");
        let honest = serde_json::to_value(fresh()).expect("a document");
        let edits: [(&str, serde_json::Value); 7] = [
            ("/seen", serde_json::Value::Null),
            ("/seen/version", 7.into()),
            ("/seen/text", "another".into()),
            ("/alert/fingerprint", "another".into()),
            ("/action", "withdraw-note".into()),
            ("/author/name", "lee".into()),
            ("/made_at", "+262142-12-31T23:59:59Z".into()),
        ];
        let tried = edits.len();
        for (place, edit) in edits {
            let mut edited = honest.clone();
            *edited.pointer_mut(place).expect("a place") = edit.clone();
            let edited: Noting = serde_json::from_value(edited).expect("a document");
            let said = desk.of("mori").apply(&edited.into(), &fresh(), "EDIT-NOTE").await;
            assert_eq!(said.phase, Phase::Refused, "{place} = {edit}: {}", said.words);
        }
        assert_eq!(desk.notes().await[0].text, "first");
        let refused = desk.whats().into_iter().filter(|what| *what == What::Refused).count();
        assert_eq!((refused, desk.whats().len()), (tried, 4 + tried), "each is told, and nothing else");
    }

    #[tokio::test]
    async fn without_a_journal_nothing_is_written() {
        let desk = desk();
        let blocked = desk.folder.path().join("blocked");
        std::fs::write(&blocked, "no folder").expect("a file");
        let journal = Arc::new(Mutex::new(Journal::new(&blocked)));
        let said = Scribe { journal, ..desk.of("mori") }.carry_out(&take(Deed::Acknowledge, "mori", None)).await;
        assert_eq!(said.phase, Phase::Refused);
        assert!(said.words.contains("the journal cannot be written"), "{}", said.words);
        assert_eq!(desk.said().await, None);
    }

    /// A store that gives no answer, and counts how often it was asked.
    #[derive(Default)]
    struct Silent(AtomicUsize);

    impl Silent {
        fn lost<T>(&self) -> Written<'_, T> {
            self.0.fetch_add(1, Ordering::SeqCst);
            Box::pin(async { Err(WriteError::Unknown(SourceError::new(Trouble::Timeout, "the answer was lost."))) })
        }
    }

    impl WriteStore for Silent {
        fn write<'a>(&'a self, _: &'a Author, _: &'a Id, _: &'a dyn Change) -> Written<'a, Read> {
            self.lost()
        }
        fn replay<'a>(&'a self, _: &'a str, _: &'a [AuditLine]) -> Written<'a, Option<Head>> {
            self.lost()
        }
    }

    #[tokio::test]
    async fn a_store_that_gave_no_answer_is_asked_for_none_of_the_rest() {
        let desk = desk();
        let named = |name| Arc::new(alert(&[("alertname", name)], at(0)));
        let alerts = ["A", "B", "C", "D"].map(named);
        let plan = Taking::plan(Deed::Acknowledge, &alerts, |_| None, &Around::testing("mori", at(60)));
        let silent = Arc::new(Silent::default());
        let said = Scribe { store: silent.clone(), ..desk.of("mori") }.carry_out(&plan.into()).await;
        assert_eq!(said.phase, Phase::Unknown);
        let outcomes: Vec<Outcome> = said.alerts.iter().map(|(outcome, _)| *outcome).collect();
        assert_eq!(outcomes, [Outcome::Unknown, Outcome::Aborted, Outcome::Aborted, Outcome::Aborted]);
        assert_eq!(silent.0.load(Ordering::SeqCst), 1);
    }
}
