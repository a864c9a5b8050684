//! What is known of an action before it is worked out on anything.

use crate::domain::action::{Field, Tier};
use crate::domain::subject::SubjectKind;

/// Whether an action has a place for the operator's reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Only where it is confirmed as what is grave.
    Unasked,
    /// It may be given.
    Welcome,
    /// It is asked for however it is confirmed.
    Needed,
}

/// What is known of an action beforehand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct About {
    /// Its id: the name on the command line, in the keymap and in the journal.
    pub id: &'static str,
    /// The command of a keymap that opens its plan: its id after `action.`.
    pub command: &'static str,
    /// The command it had before: read for ever, written no more.
    pub was: Option<&'static str>,
    /// What it does, for titles: `Roll back`.
    pub title: &'static str,
    /// What it does and what it does not, as a sentence; empty where its steps say all of it.
    pub means: &'static str,
    /// What it is done to.
    pub on: SubjectKind,
    /// Whether it makes a new one, instead of doing something to one that is there.
    pub makes: bool,
    /// How many of these one plan may be of.
    pub most: usize,
    /// Whether it has a place for a reason.
    pub reason: Reason,
    /// What it can do to users at least; a draft may find more on its target.
    pub tier: Tier,
    /// The short word that confirms it.
    pub word: &'static str,
    /// What may be given beyond its targets.
    pub fields: &'static [Field],
    /// The action that is meant where the text of its form is emptied.
    pub emptied: Option<&'static str>,
    /// Whether it puts a new version out: a freeze refuses it.
    pub puts_out_new: bool,
    /// Whether it does something on this machine: then the environment's own grant is needed, whatever it is on.
    pub acts_here: bool,
}

impl About {
    /// What is the same of most actions on workloads.
    pub const ON_WORKLOAD: Self = Self {
        id: "",
        command: "",
        was: None,
        title: "",
        means: "",
        on: SubjectKind::Workload,
        makes: false,
        most: usize::MAX,
        reason: Reason::Unasked,
        tier: Tier::T2,
        word: "",
        fields: &[],
        emptied: None,
        puts_out_new: false,
        acts_here: false,
    };

    /// What is the same of actions on alerts: what they do stands in the store, nobody feels it, and it is taken back.
    pub const ON_ALERT: Self = Self { on: SubjectKind::Alert, most: 1, tier: Tier::T1, ..Self::ON_WORKLOAD };

    /// What is the same of what is recorded of sets of backups: it stands in the store, and nobody feels it.
    pub const ON_BACKUP: Self = Self { on: SubjectKind::Backup, most: 1, tier: Tier::T1, ..Self::ON_WORKLOAD };

    /// What is the same of actions on databases: users may feel them.
    pub const ON_DATABASE: Self = Self { on: SubjectKind::Database, most: 1, ..Self::ON_WORKLOAD };

    /// Why one plan cannot be of so many.
    pub fn too_many(&self, count: usize) -> Option<String> {
        let (these, title) = (format!("These are {count} {}", self.on.plural()), self.title.to_lowercase());
        match self.most {
            most if count <= most => None,
            1 => Some(format!("{these}, and to {title} is for one at a time: choose one.")),
            most => Some(format!("{these}, and one plan is of {most} at most: filter the list first.")),
        }
    }
}
