//! A word about alerts for the store, an acknowledgement or a note: what all of them have in common.

use std::sync::Arc;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::{Deed, Noting, Taking};
use crate::domain::action::{Confirmation, Gesture, Plan};
use crate::domain::store::{Author, digest};
use crate::domain::time::Instant;

/// What a plan is made from beside the alerts.
#[derive(Debug, Clone)]
pub struct Around {
    /// The environment.
    pub environment: Arc<str>,
    /// Who plans.
    pub author: Author,
    /// Why this console may write nothing; `None` when it may.
    pub refusal: Option<String>,
    /// How old the list of alerts is, where it is not of now.
    pub alerts_age: Option<TimeDelta>,
    /// How far the store's clock is ahead of ours.
    pub ahead: TimeDelta,
    /// Now, by our clock.
    pub now: Instant,
}

#[cfg(test)]
impl Around {
    /// One in which nothing is in the way.
    pub fn testing(name: &str, now: Instant) -> Self {
        let author = Author { name: name.into(), origin: format!("{name}@bastion") };
        let ahead = TimeDelta::zero();
        Self { environment: "production".into(), author, refusal: None, alerts_age: None, ahead, now }
    }
}

/// What every plan of a word says: whose, until when, what to know first, what confirms it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// The shape of the document: 1.
    pub version: u32,
    /// The environment.
    pub environment: String,
    /// Who.
    pub author: Author,
    /// When it was made.
    pub made_at: Instant,
    /// Until when it may be carried out.
    pub expires_at: Instant,
    /// What to know first.
    pub warnings: Vec<String>,
    /// Why it may not be carried out; empty when it may.
    pub refusals: Vec<String>,
    /// What confirms it.
    pub confirmation: Confirmation,
}

impl Terms {
    /// Those of a plan made now; `word` confirms it where nobody is there to press a key.
    pub(super) fn of(around: &Around, word: &str) -> Self {
        Self {
            version: 1,
            environment: around.environment.to_string(),
            author: around.author.clone(),
            made_at: around.now,
            expires_at: around.now + Plan::HOLDS,
            warnings: Vec::new(),
            refusals: around.refusal.iter().cloned().collect(),
            confirmation: Confirmation {
                gesture: Gesture::Enter,
                word: word.to_owned(),
                needs_reason: false,
                otherwise: String::new(),
            },
        }
    }

    /// Whether it may be carried out, but for its text.
    pub const fn is_applicable(&self) -> bool {
        self.refusals.is_empty()
    }
}

/// The plan of a word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Word {
    /// Somebody is on alerts, or nobody any more.
    Taking(Box<Taking>),
    /// A note on an alert.
    Noting(Box<Noting>),
}

impl From<Taking> for Word {
    fn from(taking: Taking) -> Self {
        Self::Taking(Box::new(taking))
    }
}

impl From<Noting> for Word {
    fn from(noting: Noting) -> Self {
        Self::Noting(Box::new(noting))
    }
}

impl Word {
    /// What it has in common with every word.
    pub const fn terms(&self) -> &Terms {
        match self {
            Self::Taking(taking) => &taking.terms,
            Self::Noting(noting) => &noting.terms,
        }
    }

    /// What is done: its name on a command line and in the journal.
    pub const fn action(&self) -> &'static str {
        match self {
            Self::Taking(taking) => taking.action.id(),
            Self::Noting(noting) => noting.action.id(),
        }
    }

    /// What it does, and what it does not.
    pub const fn means(&self) -> &'static str {
        match self {
            Self::Taking(taking) => taking.action.means(),
            Self::Noting(noting) => noting.action.means(),
        }
    }

    /// How it is taken back.
    pub const fn inverse(&self) -> &'static str {
        match self {
            Self::Taking(taking) => taking.action.inverse(),
            Self::Noting(noting) => noting.action.inverse(),
        }
    }

    /// What is planned.
    pub fn title(&self) -> String {
        match self {
            Self::Taking(taking) => taking.title(),
            Self::Noting(noting) => noting.title(),
        }
    }

    /// Its alerts, each by name and fingerprint.
    pub fn alerts(&self) -> Vec<(&str, &str)> {
        match self {
            Self::Taking(taking) => taking.alerts.iter().map(|one| (&*one.alert, &*one.fingerprint)).collect(),
            Self::Noting(noting) => vec![(&noting.alert.name, &noting.alert.fingerprint)],
        }
    }

    /// What it is about, in a few words, beside the name of its action.
    pub fn about(&self) -> String {
        match self {
            Self::Taking(taking) => taking.about(),
            Self::Noting(noting) => noting.title(),
        }
    }

    /// What the journal says of it: of a note that there is one, for it may be taken back because it should not be read.
    pub fn journalled(&self) -> String {
        let said = match self {
            Self::Taking(taking) => taking.note.clone(),
            Self::Noting(noting) if noting.text.is_empty() => String::new(),
            Self::Noting(noting) => digest(&noting.text),
        };
        if said.is_empty() { self.about() } else { format!("{}: {said}", self.about()) }
    }

    /// What was achieved when all of it was.
    pub fn achieved(&self) -> String {
        match self {
            Self::Taking(taking) => format!("{}: {}", taking.about(), taking.action.achieved()),
            Self::Noting(noting) => format!("{}: {}", noting.alert.name, noting.action.achieved()),
        }
    }

    /// Whether it says anything in the operator's own words.
    pub const fn has_text(&self) -> bool {
        match self {
            Self::Taking(taking) => matches!(taking.action, Deed::Acknowledge),
            Self::Noting(_) => true,
        }
    }

    /// The same with what it is to say.
    #[must_use]
    pub fn saying(self, text: &str) -> Self {
        match self {
            Self::Taking(taking) => Taking { note: text.trim().to_owned(), ..*taking }.into(),
            Self::Noting(noting) => noting.saying(text).into(),
        }
    }

    /// What is wrong with what it says, if anything is.
    pub fn trouble(&self) -> Option<String> {
        match self {
            Self::Taking(_) => None,
            Self::Noting(noting) => noting.trouble(),
        }
    }

    /// Whether somebody who read the other one has read this one.
    pub fn reads_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Taking(one), Self::Taking(other)) => one.reads_as(other),
            (Self::Noting(one), Self::Noting(other)) => one.reads_as(other),
            _ => false,
        }
    }
}
