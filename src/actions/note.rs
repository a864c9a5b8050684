//! Notes, carried out: the journal first, then the store, and what came of it.
//!
//! What a note says stands in the store alone: the journal and the audit keep that there was one, and a digest of it, for it may
//! be taken back because it should not be read.

use super::acknowledge::{Acknowledger, Said, cleaned};
use super::journal::{Entry, What};
use crate::domain::action::{Outcome, Phase};
use crate::domain::alert::{NoteDeed, Noting};
use crate::domain::store::{NewNote, digest};
use crate::sources::store::new_id;
use crate::sources::store::port::WriteError;

impl Acknowledger {
    /// Carries a confirmed plan of a note out.
    pub async fn note(&self, plan: &Noting) -> Said {
        let bare = self.bare_of(plan);
        let line = |what, words: &str| Entry { what, words: words.to_owned(), ..bare.clone() };
        if let Some(reason) = self.no_note(plan) {
            self.record(line(What::Refused, &format!("{}: {reason}", plan.title())));
            return Said::refused(reason);
        }
        let says = if plan.text.is_empty() { String::new() } else { format!(": {}", digest(&plan.text)) };
        if let Err(reason) = self.write(line(What::Begun, &format!("{}{says}", plan.title()))) {
            return Said::refused(reason);
        }
        let name = format!("{} ({})", plan.alert.name, plan.alert.fingerprint);
        let at = |entry| Entry { target: Some(0), ..entry };
        let (outcome, words) = match self.write(at(line(What::Intent, &name))) {
            Ok(()) => self.put_down(plan).await,
            Err(reason) => (Outcome::Refused, reason),
        };
        let settled = line(What::Settled, &format!("{name}: {words}"));
        self.record(at(Entry { outcome: Some(outcome), ..settled }));
        let phase = match outcome {
            Outcome::Done => Phase::Done,
            Outcome::Unknown => Phase::Unknown,
            _ => Phase::Refused,
        };
        self.record(Entry { phase: Some(phase), ..line(What::Ended, &words) });
        Said { phase, words, alerts: Vec::new() }
    }

    /// Journals that a plan of a note was looked at and given up.
    pub fn give_up_note(&self, plan: &Noting) {
        let words = format!("closed without confirming: {}", plan.title());
        self.record(Entry { what: What::GivenUp, words, ..self.bare_of(plan) });
    }

    fn bare_of(&self, plan: &Noting) -> Entry {
        let run = new_id(&self.clock);
        Entry::bare(run.as_str(), plan.action.id(), &plan.environment, &self.author.name)
    }

    fn no_note(&self, plan: &Noting) -> Option<String> {
        if self.is_read_only {
            return Some("this console was started with --read-only: nothing was written.".to_owned());
        }
        if let Some(reason) = plan.refusals.first() {
            return Some(format!("{reason} Nothing was written."));
        }
        if plan.author != self.author {
            return Some(format!("the plan was made by {}: nothing was written.", plan.author.name));
        }
        if (self.clock)() >= plan.expires_at {
            return Some("the plan has expired: nothing was written. Make it anew.".to_owned());
        }
        plan.trouble()
    }

    async fn put_down(&self, plan: &Noting) -> (Outcome, String) {
        let id = new_id(&self.clock);
        let written = match (plan.action, &plan.seen) {
            (NoteDeed::Note, _) => {
                let new = NewNote { id, subject: plan.subject(), text: plan.text.clone() };
                self.store.add_note(&self.author, &new).await
            }
            (NoteDeed::EditNote, Some(seen)) => self.store.edit_note(&self.author, &id, seen, Some(&plan.text)).await,
            (NoteDeed::WithdrawNote, Some(seen)) => self.store.edit_note(&self.author, &id, seen, None).await,
            (NoteDeed::EditNote | NoteDeed::WithdrawNote, None) => {
                return (Outcome::Refused, "there is no note to change: nothing was written.".to_owned());
            }
        };
        let about = &plan.alert.name;
        match written {
            Ok(_) => {
                let how = match plan.action {
                    NoteDeed::Note => "written down",
                    NoteDeed::EditNote => "the note is changed",
                    NoteDeed::WithdrawNote => "the note is taken back",
                };
                (Outcome::Done, format!("{about}: {how}."))
            }
            Err(WriteError::Unknown(error)) => (Outcome::Unknown, cleaned(&error.sentence)),
            // Nothing was written, and it is known.
            Err(error) => (Outcome::Refused, cleaned(&error.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use chrono::TimeDelta;

    use super::*;
    use crate::actions::journal::{self, Journal};
    use crate::config::StoreSettings;
    use crate::domain::alert::testing::alert;
    use crate::domain::alert::{Around, Noted};
    use crate::domain::store::{Author, Note};
    use crate::domain::time::Instant;
    use crate::sources::Clock;
    use crate::sources::store::Store;
    use crate::sources::store::port::ReadStore;

    fn at(seconds: i64) -> Instant {
        chrono::DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap_or_default()
    }

    fn author(name: &str) -> Author {
        Author { name: name.into(), origin: format!("{name}@bastion") }
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

        async fn notes(&self) -> Vec<Note> {
            self.store.notes(&plan(NoteDeed::Note, "mori", None).subject(), 10).await.expect("an answer")
        }

        fn lines(&self) -> Vec<(What, String)> {
            let chains = journal::chains(self.folder.path()).expect("a journal");
            let lines = chains.iter().flat_map(|chain| &chain.lines);
            lines.map(|line| (line.entry.what, line.entry.words.clone())).collect()
        }
    }

    fn plan(action: NoteDeed, name: &str, seen: Option<&Note>) -> Noting {
        let around = Around {
            environment: "production".into(),
            author: author(name),
            refusal: None,
            alerts_age: None,
            ahead: TimeDelta::zero(),
            now: at(60),
        };
        Noting::plan(action, Noted::from(&alert(&[("alertname", "A")], at(0))), true, seen, around)
    }

    #[tokio::test]
    async fn it_is_written_changed_taken_back_and_journalled_without_its_words() {
        let desk = desk();
        let said =
            desk.of("mori").note(&plan(NoteDeed::Note, "mori", None).saying("the provider is slow\nsince noon")).await;
        assert_eq!((said.phase, said.words.as_str()), (Phase::Done, "A: written down."));
        let note = desk.notes().await.remove(0);
        assert_eq!(
            (note.by.as_str(), note.text.as_str(), note.version),
            ("mori", "the provider is slow\nsince noon", 1)
        );
        let whats: Vec<What> = desk.lines().into_iter().map(|(what, _)| what).collect();
        assert_eq!(whats, [What::Begun, What::Intent, What::Settled, What::Ended]);

        let changed =
            desk.of("lee").note(&plan(NoteDeed::EditNote, "lee", Some(&note)).saying("it is the cache")).await;
        assert_eq!((changed.phase, changed.words.as_str()), (Phase::Done, "A: the note is changed."));
        let newer = desk.notes().await.remove(0);
        let back = desk.of("mori").note(&plan(NoteDeed::WithdrawNote, "mori", Some(&newer))).await;
        assert_eq!((back.phase, back.words.as_str()), (Phase::Done, "A: the note is taken back."));
        assert_eq!(desk.notes().await[0].text, "");
        for (_, words) in desk.lines() {
            assert!(!words.contains("provider") && !words.contains("cache"), "{words}");
        }
    }

    #[tokio::test]
    async fn the_lost_update_is_refused_and_loses_nothing() {
        let desk = desk();
        desk.of("mori").note(&plan(NoteDeed::Note, "mori", None).saying("first")).await;
        let seen = desk.notes().await.remove(0);
        desk.of("lee").note(&plan(NoteDeed::EditNote, "lee", Some(&seen)).saying("lee's")).await;
        let late = desk.of("mori").note(&plan(NoteDeed::EditNote, "mori", Some(&seen)).saying("mine")).await;
        assert_eq!(late.phase, Phase::Refused);
        assert!(late.words.contains("lee changed the note"), "{}", late.words);
        assert_eq!(desk.notes().await[0].text, "lee's");
    }

    #[tokio::test]
    async fn what_may_not_be_is_refused_and_journalled_and_writes_nothing() {
        let desk = desk();
        let fit = plan(NoteDeed::Note, "mori", None).saying("fit");
        let read_only = Acknowledger { is_read_only: true, ..desk.of("mori") };
        let late = Acknowledger { clock: Arc::new(|| at(60 + 15 * 60)), ..desk.of("mori") };
        let empty = plan(NoteDeed::Note, "mori", None).saying(" ");
        for (who, acknowledger, plan) in [
            ("read-only", read_only, &fit),
            ("expired", late, &fit),
            ("made by", desk.of("lee"), &fit),
            ("is empty", desk.of("mori"), &empty),
        ] {
            let said = acknowledger.note(plan).await;
            assert_eq!(said.phase, Phase::Refused);
            assert!(said.words.contains(who), "{}", said.words);
        }
        assert_eq!(desk.notes().await, []);
        assert!(desk.lines().iter().all(|(what, _)| *what == What::Refused));
    }
}
