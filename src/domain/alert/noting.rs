//! Notes on an alert: the whole plan of writing one, changing one or taking one back, worked out before anything is written.
//!
//! A note is a fact of the store. It stays with its alert over every time it fires: who sees it next finds what was learnt.

use serde::{Deserialize, Serialize};

use super::{Alert, Around, Severity, Terms};
use crate::domain::store::{Note, Subject, SubjectKind, check_note};
use crate::domain::text::clean_lines;
use crate::domain::time;

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoteDeed {
    /// A note is written.
    Note,
    /// A note is changed.
    EditNote,
    /// A note is taken back.
    WithdrawNote,
}

impl NoteDeed {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Note, Self::EditNote, Self::WithdrawNote];

    /// Its name on a command line, in the journal and, after `action.`, in a keymap.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::EditNote => "edit-note",
            Self::WithdrawNote => "withdraw-note",
        }
    }

    /// What it does, and what it does not.
    pub const fn means(self) -> &'static str {
        match self {
            Self::Note => {
                "every console of the store shows it with the alert, also when it fires again. It silences nothing, and does not say that you are on it."
            }
            Self::EditNote => {
                "every console of the store shows the new text, with your name beside the first writer's."
            }
            Self::WithdrawNote => {
                "its text is blanked in the store; that there was a note, and who took it back, stays in the audit."
            }
        }
    }

    /// How it is taken back.
    pub const fn inverse(self) -> &'static str {
        match self {
            Self::Note | Self::EditNote => "change it, or empty it to take it back (:edit-note)",
            Self::WithdrawNote => "none: the text is gone. Write it anew (:note)",
        }
    }

    /// What it has done.
    pub const fn achieved(self) -> &'static str {
        match self {
            Self::Note => "written down.",
            Self::EditNote => "the note is changed.",
            Self::WithdrawNote => "the note is taken back.",
        }
    }

    /// The word that confirms it where nobody is there to press a key.
    const fn word(self) -> &'static str {
        match self {
            Self::Note => "NOTE",
            Self::EditNote => "EDIT-NOTE",
            Self::WithdrawNote => "WITHDRAW-NOTE",
        }
    }
}

/// The alert a note is on. Texts are cleaned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noted {
    /// Its name.
    pub name: String,
    /// Which alert of the environment.
    pub fingerprint: String,
    /// Its service; `None` is shown as UNMAPPED.
    pub service: Option<String>,
    /// How bad.
    pub severity: Severity,
    /// What it says.
    pub summary: String,
}

impl From<&Alert> for Noted {
    fn from(alert: &Alert) -> Self {
        Self {
            name: alert.title().to_owned(),
            fingerprint: alert.key.to_string(),
            service: alert.service.as_deref().map(str::to_owned),
            severity: alert.severity,
            summary: alert.summary().to_owned(),
        }
    }
}

/// The plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noting {
    /// What is done.
    pub action: NoteDeed,
    /// The alert.
    pub alert: Noted,
    /// The note that is changed or taken back: what is written has to have seen this.
    pub seen: Option<Note>,
    /// What it is to say, cleaned; empty when it is taken back.
    pub text: String,
    /// What it has in common with every word.
    #[serde(flatten)]
    pub terms: Terms,
}

impl Noting {
    /// Works it out. `fires` says whether the alert is listed now; `around.alerts_age` is not asked, for a note outlives a firing.
    pub fn plan(action: NoteDeed, alert: Noted, fires: bool, seen: Option<&Note>, around: &Around) -> Self {
        let mut terms = Terms::of(around, action.word());
        let seen = seen.filter(|_| action != NoteDeed::Note);
        match seen {
            None if action != NoteDeed::Note => terms.refusals.push("there is no note on it to change.".to_owned()),
            Some(note) if note.by != around.author.name => {
                let since = time::coarse(time::age(note.at, around.now + around.ahead));
                terms.warnings.push(format!("{} wrote it {since} ago, not you.", note.by));
            }
            _ => {}
        }
        if !fires {
            terms
                .warnings
                .push(format!("{} is not listed now: what is written is shown when it fires again.", alert.name));
        }
        Self { action, alert, seen: seen.cloned(), text: String::new(), terms }
    }

    /// The same plan with what it is to say, cleaned.
    #[must_use]
    pub fn saying(mut self, text: &str) -> Self {
        self.text = if self.action == NoteDeed::WithdrawNote { String::new() } else { clean_lines(text) };
        self
    }

    /// What is wrong with its text, if anything is.
    pub fn trouble(&self) -> Option<String> {
        match (self.action, &self.seen) {
            (NoteDeed::WithdrawNote, _) => None,
            (_, Some(seen)) if seen.text == self.text => Some("Nothing is changed: it says this already.".to_owned()),
            _ => check_note(&self.text).err(),
        }
    }

    /// What the note is about, as the store knows it.
    pub fn subject(&self) -> Subject {
        Subject {
            environment: self.terms.environment.clone(),
            kind: SubjectKind::Alert,
            name: self.alert.fingerprint.clone(),
        }
    }

    /// Whether somebody who read the other one has read this one.
    pub fn reads_as(&self, other: &Self) -> bool {
        (self.action, &self.alert.fingerprint, &self.seen, &self.terms.refusals)
            == (other.action, &other.alert.fingerprint, &other.seen, &other.terms.refusals)
    }

    /// What is planned.
    pub fn title(&self) -> String {
        let whose = self.seen.as_ref().map(|seen| format!("{}'s note", seen.by)).unwrap_or_default();
        match self.action {
            NoteDeed::Note => format!("Note on {}", self.alert.name),
            NoteDeed::EditNote => format!("Change {whose} on {}", self.alert.name),
            NoteDeed::WithdrawNote => format!("Take {whose} on {} back", self.alert.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::alert::testing::alert;
    use crate::domain::store::{Id, LONGEST_NOTE, Withdrawn};
    use crate::domain::time::Instant;

    fn at(seconds: i64) -> Instant {
        chrono::DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap_or_default()
    }

    fn around() -> Around {
        Around::testing("mori", at(0))
    }

    fn plan(action: NoteDeed, seen: Option<&Note>) -> Noting {
        Noting::plan(action, Noted::from(&alert(&[("alertname", "A")], at(0))), true, seen, &around())
    }

    fn note(by: &str) -> Note {
        Note {
            id: Id::stored("1"),
            subject: plan(NoteDeed::Note, None).subject(),
            text: "it is the cache".into(),
            by: by.into(),
            at: at(-720),
            edited: None,
            withdrawn: None,
            version: 3,
        }
    }

    #[test]
    fn what_it_says_is_cleaned_and_has_a_length() {
        let said = |text: &str| plan(NoteDeed::Note, None).saying(text);
        assert_eq!(said("it is\u{1b}[2J the cache \n\n").text, "it is[2J the cache");
        assert_eq!(said("it is the cache").trouble(), None);
        assert!(said(" \n\u{202e}").trouble().is_some_and(|why| why.contains("is empty")));
        assert_eq!(said(&"x".repeat(LONGEST_NOTE)).trouble(), None);
        let long = said(&"xy\n".repeat(LONGEST_NOTE)).trouble();
        assert!(long.as_ref().is_some_and(|why| why.contains("4000 are allowed")), "{long:?}");
    }

    #[test]
    fn a_change_is_of_what_was_seen() {
        let lees = note("lee");
        let change = plan(NoteDeed::EditNote, Some(&lees));
        assert_eq!(change.terms.warnings, ["lee wrote it 12m ago, not you."]);
        assert_eq!(change.seen.as_ref().map(|seen| seen.version), Some(3), "pinned to what was seen");
        assert_eq!(change.title(), "Change lee's note on A");
        assert!(
            change.clone().saying("it is the cache ").trouble().is_some_and(|why| why.contains("Nothing is changed"))
        );
        assert_eq!(change.clone().saying("it is the disk").trouble(), None);
        let newer = Note { version: 4, edited: Some(Withdrawn { by: "lee".into(), at: at(0) }), ..lees.clone() };
        assert!(!plan(NoteDeed::EditNote, Some(&newer)).reads_as(&change), "lee changed it meanwhile");
        assert!(plan(NoteDeed::EditNote, Some(&lees)).reads_as(&change));
        assert_eq!(plan(NoteDeed::EditNote, Some(&note("mori"))).terms.warnings, Vec::<String>::new());
        assert_eq!(plan(NoteDeed::Note, Some(&lees)).seen, None, "a new one replaces nothing");
    }

    #[test]
    fn what_is_not_there_is_not_changed_and_what_is_over_may_be_noted() {
        assert_eq!(plan(NoteDeed::EditNote, None).terms.refusals, ["there is no note on it to change."]);
        let back = plan(NoteDeed::WithdrawNote, Some(&note("mori"))).saying("anything");
        assert_eq!((back.text.as_str(), back.trouble()), ("", None));
        let over = Noting::plan(NoteDeed::Note, plan(NoteDeed::Note, None).alert, false, None, &around());
        assert!(
            over.terms.is_applicable() && over.terms.warnings[0].contains("not listed now"),
            "{:?}",
            over.terms.warnings
        );
        let refused = Around { refusal: Some("read-only.".into()), ..around() };
        assert_eq!(Noting::plan(NoteDeed::Note, over.alert, true, None, &refused).terms.refusals, ["read-only."]);
    }
}
