//! Freezes at the gate: while something is frozen, nothing new goes out. What takes back, mends, silences or says something is never frozen.
//!
//! It is judged where every plan is worked out, also the one that is worked out anew before anything is sent.

use super::contract::About;
use super::plan::Planner;
use crate::domain::action::{Field, FieldKind, Given, Target, Tier};
use crate::domain::maintenance::freeze::Freeze;
use crate::domain::store::fact::{Fact, Row};
use crate::domain::store::{FREEZES_SINCE, StoredFreeze};
use crate::domain::text;
use crate::domain::time::Instant;
use crate::sources::error::SourceError;

/// The most freezes that are read.
const MOST_FREEZES: u32 = 5_000;

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
    pub(super) known: Vec<(Freeze, String)>,
    /// Why it is not known.
    pub(super) unknown: Option<String>,
    /// When, by the store's clock.
    now: Instant,
}

impl Planner {
    /// What is frozen here, for an action that puts something new out; nothing for any other.
    pub(super) async fn freezes(&self, about: &About) -> Freezes {
        let Some(store) = self.store.as_ref().filter(|_| about.puts_out_new) else { return Freezes::default() };
        // The table itself is asked: what a console may not read of the store would be left out of its changes without a word.
        let asked = async {
            let now = store.store.standing().await?.now;
            let rows = store.store.rows(StoredFreeze::TABLE, FREEZES_SINCE, vec![now.into()], MOST_FREEZES).await?;
            Ok::<_, SourceError>((now, rows))
        };
        match asked.await {
            Ok((now, rows)) => Freezes::of(&rows, &self.environment, now),
            Err(error) => Freezes { unknown: Some(text::clean(&error.sentence).into_owned()), ..Freezes::default() },
        }
    }
}

impl Freezes {
    /// Those of an environment that are not taken back. One that this version cannot read may freeze anything.
    pub(super) fn of(rows: &[Row], environment: &str, now: Instant) -> Self {
        let mut freezes = Self { now, ..Self::default() };
        for row in rows {
            let Some(one) = StoredFreeze::decode(row) else {
                freezes.unknown = Some("a freeze of the store makes no sense to this version.".to_owned());
                continue;
            };
            if one.withdrawn.is_some() || !one.is_of(environment) {
                continue;
            }
            match one.freeze() {
                Some(freeze) => freezes.known.push((freeze, one.by)),
                None => {
                    let name = text::clean(&one.name);
                    freezes.unknown = Some(format!("the freeze {name} makes no sense to this version."));
                }
            }
        }
        freezes
    }

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
