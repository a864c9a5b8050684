//! Freezes at the gate: while something is frozen, nothing new goes out. What takes back, mends, silences or says something is never frozen.
//!
//! It is judged where every plan is worked out, also the one that is worked out anew before anything is sent.

use super::contract::About;
use super::plan::Planner;
use crate::domain::action::{Field, FieldKind, Given, Target, Tier};
use crate::domain::maintenance::freeze::Freeze;
use crate::domain::store::StoredFreeze;
use crate::domain::text;
use crate::domain::time::Instant;

/// Whether a freeze is acted over.
pub(super) const OVER_FREEZE: Field = Field {
    id: "over-freeze",
    kind: FieldKind::Flag,
    value: "",
    noun: "",
    words: "Act although it is frozen: it asks for a reason and is journalled.",
    is_needed: false,
};

/// What is frozen in an environment, as far as that is known.
#[derive(Debug, Default)]
pub(super) struct Freezes {
    /// Each with who declared it.
    known: Vec<(Freeze, String)>,
    /// Why it is not known.
    unknown: Option<String>,
    /// When, by the store's clock.
    now: Instant,
}

impl Planner {
    /// What is frozen here, for an action that puts something new out; nothing for any other.
    pub(super) async fn freezes(&self, about: &About) -> Freezes {
        let Some(store) = self.store.as_ref().filter(|_| about.puts_out_new) else { return Freezes::default() };
        match store.store.changes(0).await {
            Ok(changes) => {
                let all = changes.of::<StoredFreeze>();
                let live = all.into_iter().filter(|one| one.withdrawn.is_none() && one.is_of(&self.environment));
                Freezes {
                    known: live.filter_map(|one| Some((one.freeze()?, one.by))).collect(),
                    now: changes.now,
                    unknown: None,
                }
            }
            Err(error) => Freezes { unknown: Some(text::clean(&error.sentence).into_owned()), ..Freezes::default() },
        }
    }
}

impl Freezes {
    /// Judges a target: the refusals, unless they are to be acted over; then it is confirmed as what is hard to reverse, and its first step
    /// says so, for the journal.
    pub(super) fn judge(&self, target: &mut Target, given: &Given) -> Vec<String> {
        let mut refusals = Vec::new();
        if let Some(why) = &self.unknown {
            target.warnings.push(format!("WHETHER ANYTHING IS FROZEN IS NOT KNOWN: {why}"));
        }
        for (freeze, by) in &self.known {
            let Some(frozen) = freeze.at(target.service.as_deref(), self.now) else { continue };
            let words = format!("{}, declared by {by}", frozen.words);
            if !frozen.refuses {
                target.warnings.push(format!("{words}: only what mends goes out."));
            } else if given.is(OVER_FREEZE.id) {
                target.tier = Tier::T3;
                target.warnings.push(format!("OVERRIDES THE FREEZE: {words}."));
                if let Some(first) = target.steps.first_mut() {
                    first.words = format!("{} This overrides the {words}.", first.words);
                }
            } else {
                refusals.push(format!(
                    "{words}: nothing new goes out. Rolling back, scaling up and silencing are not frozen. If it has to go out, plan it again with --over-freeze: it asks for a reason and is journalled."
                ));
            }
        }
        refusals
    }
}
