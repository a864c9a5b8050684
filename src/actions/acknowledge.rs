//! Acknowledgements, carried out: the journal first, then the store, each alert by itself, and what came of it.
//!
//! A write of the store is one transaction that tells what it wrote, so its answer is its verification. Nothing is left to
//! verify after a crash: the store has it or has it not, and the audit says so in the same transaction.

use std::sync::{Arc, Mutex};

use super::journal::{self, Entry, Journal, What};
use crate::domain::action::{Outcome, Phase};
use crate::domain::alert::{Deed, Taken, Taking};
use crate::domain::store::{Author, NewAcknowledgement};
use crate::domain::text;
use crate::sources::Clock;
use crate::sources::store::new_id;
use crate::sources::store::port::{WriteError, WriteStore};

/// What acknowledgements, and notes, are carried out with.
#[derive(Clone)]
pub struct Acknowledger {
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

impl Acknowledger {
    /// Carries a confirmed plan out with what the operator says to it.
    pub async fn carry_out(&self, taking: &Taking, note: &str) -> Said {
        let bare = self.bare(taking);
        let line = |what, words: &str| Entry { what, words: words.to_owned(), ..bare.clone() };
        if let Some(reason) = self.refusal(taking) {
            self.record(line(What::Refused, &format!("{}: {reason}", taking.about())));
            return Said::refused(reason);
        }
        let note = note.trim();
        let said = if note.is_empty() { taking.about() } else { format!("{}: {note}", taking.about()) };
        if let Err(reason) = self.write(line(What::Begun, &said)) {
            return Said::refused(reason);
        }
        let mut alerts: Vec<(Outcome, String)> = Vec::with_capacity(taking.alerts.len());
        for (place, taken) in taking.alerts.iter().enumerate() {
            let at = |entry| Entry { target: Some(place), ..entry };
            if alerts.last().is_some_and(|(outcome, _)| *outcome == Outcome::Unknown) {
                alerts.push((Outcome::Aborted, "not tried: the store had given no answer.".to_owned()));
                continue;
            }
            let name = format!("{} ({})", taken.alert, taken.fingerprint);
            let (outcome, words) = match self.write(at(line(What::Intent, &name))) {
                Ok(()) => self.say(taking, taken, note).await,
                Err(reason) => (Outcome::Refused, reason),
            };
            let settled = line(What::Settled, &format!("{name}: {words}"));
            self.record(at(Entry { outcome: Some(outcome), ..settled }));
            alerts.push((outcome, words));
        }
        let phase = phase(&alerts);
        let words = in_words(taking, phase, &alerts);
        self.record(Entry { phase: Some(phase), ..line(What::Ended, &words) });
        Said { phase, words, alerts }
    }

    /// Journals that a plan was looked at and given up.
    pub fn give_up(&self, taking: &Taking) {
        let words = format!("closed without confirming: {}", taking.about());
        self.record(Entry { what: What::GivenUp, words, ..self.bare(taking) });
    }

    /// What every line of the journal about one plan has in common.
    fn bare(&self, taking: &Taking) -> Entry {
        let run = new_id(&self.clock);
        Entry::bare(run.as_str(), taking.action.id(), &taking.environment, &self.author.name)
    }

    fn refusal(&self, taking: &Taking) -> Option<String> {
        if self.is_read_only {
            return Some("this console was started with --read-only: nothing was written.".to_owned());
        }
        if let Some(reason) = taking.refusals.first() {
            return Some(format!("{reason} Nothing was written."));
        }
        if taking.author != self.author {
            return Some(format!("the plan was made by {}: nothing was written.", taking.author.name));
        }
        let is_over = (self.clock)() >= taking.expires_at;
        is_over.then(|| "the plan has expired: nothing was written. Make it anew.".to_owned())
    }

    async fn say(&self, taking: &Taking, taken: &Taken, note: &str) -> (Outcome, String) {
        let attempt = new_id(&self.clock);
        let written = match (taking.action, &taken.seen) {
            (Deed::Acknowledge, seen) => {
                let new = NewAcknowledgement {
                    id: attempt,
                    environment: taking.environment.clone(),
                    fingerprint: taken.fingerprint.clone(),
                    alert: taken.alert.clone(),
                    firing_since: Some(taken.firing_since),
                    holds_for: None,
                    note: note.to_owned(),
                    seen_version: seen.as_ref().map_or(0, |seen| seen.version),
                };
                self.store.acknowledge(&self.author, &new).await
            }
            (Deed::GiveBack, Some(seen)) => self.store.withdraw_acknowledgement(&self.author, &attempt, seen).await,
            (Deed::GiveBack, None) => return (Outcome::Refused, "nobody has it.".to_owned()),
        };
        match written {
            Ok(word) if taking.action == Deed::Acknowledge => (Outcome::Done, format!("{} is on it.", word.by)),
            Ok(_) => (Outcome::Done, "nobody is on it any more.".to_owned()),
            Err(WriteError::Unknown(error)) => (Outcome::Unknown, cleaned(&error.sentence)),
            // Nothing was written, and it is known.
            Err(error) => (Outcome::Refused, cleaned(&error.to_string())),
        }
    }

    /// A line that must be on disk before anything else happens.
    pub(super) fn write(&self, entry: Entry) -> Result<(), String> {
        journal::write(&self.journal, entry, (self.clock)())
    }

    /// A line about what has happened already.
    pub(super) fn record(&self, entry: Entry) {
        journal::record(&self.journal, entry, (self.clock)());
    }
}

pub(super) fn cleaned(raw: &str) -> String {
    text::clean(raw).into_owned()
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

fn in_words(taking: &Taking, phase: Phase, alerts: &[(Outcome, String)]) -> String {
    let done = alerts.iter().filter(|(outcome, _)| *outcome == Outcome::Done).count();
    if phase == Phase::Done {
        let how = match taking.action {
            Deed::Acknowledge => "acknowledged; it keeps firing and notifying",
            Deed::GiveBack => "given back: nobody is on it",
        };
        return format!("{}: {how}.", taking.about());
    }
    let worst = alerts.iter().find(|(outcome, _)| *outcome != Outcome::Done).map_or("", |(_, words)| words);
    if alerts.len() < 2 {
        worst.to_owned()
    } else {
        format!("{done} of {} done. The first that was not: {worst}", alerts.len())
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::config::StoreSettings;
    use crate::domain::alert::Around;
    use crate::domain::alert::testing::alert;
    use crate::domain::store::Acknowledgement;
    use crate::domain::time::Instant;
    use crate::sources::store::Store;
    use crate::sources::store::port::ReadStore;

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
        fn of(&self, name: &str) -> Acknowledger {
            Acknowledger {
                store: self.store.clone(),
                journal: Arc::new(Mutex::new(Journal::new(self.folder.path()))),
                author: author(name),
                is_read_only: false,
                clock: self.clock.clone(),
            }
        }

        async fn said(&self, key: &str) -> Option<Acknowledgement> {
            self.store.acknowledgement("production", key).await.expect("an answer")
        }

        fn lines(&self) -> Vec<(What, String)> {
            let chains = journal::chains(self.folder.path()).expect("a journal");
            let lines = chains.iter().flat_map(|chain| &chain.lines);
            lines.map(|line| (line.entry.what, line.entry.action.clone())).collect()
        }
    }

    fn author(name: &str) -> Author {
        Author { name: name.into(), origin: format!("{name}@bastion") }
    }

    fn plan(deed: Deed, name: &str, seen: Option<&Acknowledgement>) -> Taking {
        let around = Around {
            environment: "production".into(),
            author: author(name),
            refusal: None,
            alerts_age: None,
            ahead: TimeDelta::zero(),
            now: at(60),
        };
        Taking::plan(deed, &[Arc::new(alert(&[("alertname", "A")], at(0)))], |_| seen, around)
    }

    #[tokio::test]
    async fn it_is_taken_journalled_taken_over_and_given_back() {
        let desk = desk();
        let taking = plan(Deed::Acknowledge, "mori", None);
        let key = taking.alerts[0].fingerprint.clone();
        let said = desk.of("mori").carry_out(&taking, " rolling it back ").await;
        assert_eq!((said.phase, said.words.as_str()), (Phase::Done, "A: acknowledged; it keeps firing and notifying."));
        let word = desk.said(&key).await.expect("a word");
        assert_eq!((word.by.as_str(), word.note.as_str(), word.version), ("mori", "rolling it back", 1));
        let whats: Vec<What> = desk.lines().into_iter().map(|(what, _)| what).collect();
        assert_eq!(whats, [What::Begun, What::Intent, What::Settled, What::Ended]);

        let over = desk.of("lee").carry_out(&plan(Deed::Acknowledge, "lee", Some(&word)), "").await;
        assert_eq!(over.phase, Phase::Done);
        let word = desk.said(&key).await.expect("a word");
        let back = desk.of("lee").carry_out(&plan(Deed::GiveBack, "lee", Some(&word)), "").await;
        assert_eq!((back.phase, back.words.as_str()), (Phase::Done, "A: given back: nobody is on it."));
        assert!(desk.said(&key).await.expect("a word").withdrawn.is_some());
        // A console that was opened since knows nothing of what was given back.
        let again = desk.of("mori").carry_out(&plan(Deed::Acknowledge, "mori", None), "").await;
        assert_eq!(again.phase, Phase::Done, "{}", again.words);
    }

    #[tokio::test]
    async fn of_two_at_the_same_moment_one_is_told_who_was_first() {
        let desk = desk();
        desk.of("mori").carry_out(&plan(Deed::Acknowledge, "mori", None), "").await;
        let second = desk.of("lee").carry_out(&plan(Deed::Acknowledge, "lee", None), "").await;
        assert_eq!(second.phase, Phase::Refused);
        assert!(second.words.contains("mori"), "{}", second.words);
        let key = &plan(Deed::Acknowledge, "lee", None).alerts[0].fingerprint;
        assert_eq!(desk.said(key).await.map(|word| word.by), Some("mori".to_owned()), "nothing is lost");
    }

    #[tokio::test]
    async fn what_may_not_be_is_refused_and_journalled_and_writes_nothing() {
        let desk = desk();
        let taking = plan(Deed::Acknowledge, "mori", None);
        let read_only = Acknowledger { is_read_only: true, ..desk.of("mori") };
        let late = Acknowledger { clock: Arc::new(|| at(60 + 15 * 60)), ..desk.of("mori") };
        for (who, acknowledger) in [("read-only", read_only), ("expired", late), ("made by", desk.of("lee"))] {
            let said = acknowledger.carry_out(&taking, "").await;
            assert_eq!(said.phase, Phase::Refused);
            assert!(said.words.contains(who), "{}", said.words);
        }
        assert_eq!(desk.said(&taking.alerts[0].fingerprint).await, None);
        assert!(desk.lines().iter().all(|(what, _)| *what == What::Refused));
    }

    #[tokio::test]
    async fn without_a_journal_nothing_is_written() {
        let desk = desk();
        let blocked = desk.folder.path().join("blocked");
        std::fs::write(&blocked, "no folder").expect("a file");
        let journal = Arc::new(Mutex::new(Journal::new(&blocked)));
        let taking = plan(Deed::Acknowledge, "mori", None);
        let said = Acknowledger { journal, ..desk.of("mori") }.carry_out(&taking, "").await;
        assert_eq!(said.phase, Phase::Refused);
        assert!(said.words.contains("the journal cannot be written"), "{}", said.words);
        assert_eq!(desk.said(&taking.alerts[0].fingerprint).await, None);
    }
}
