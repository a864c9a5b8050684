//! What holds an action off: the operation record of somebody who may be at work, and what nobody has read of it.

use std::sync::PoisonError;

use super::contract::{Draft, Options};
use super::observation::Observation;
use super::plan::Planner;
use crate::domain::action::{OperationRecord, Phase, Plan, Reached, Target, Tier, takes};
use crate::domain::subject::Subject;
use crate::domain::text;
use crate::domain::time::{self, Instant};

/// What the record on a target means for an action there.
#[derive(Default)]
pub(super) struct Held<'f> {
    /// Why it may not be touched meanwhile.
    pub(super) refusal: Option<String>,
    /// What to know first.
    pub(super) warning: Option<String>,
    /// The record that is acted over, because that was asked for.
    pub(super) overridden: Option<&'f OperationRecord>,
    /// The records that hold nobody off, by their ids.
    pub(super) over: Vec<String>,
}

impl Planner {
    /// Whether somebody is at work on the target.
    pub(super) fn held_by<'f>(&self, action: &str, seen: &'f Observation, options: &Options, now: Instant) -> Held<'f> {
        let (label, is_complete, records) = match seen {
            Observation::Workload(facts) => {
                (facts.workload.label(), facts.report.is_complete(), facts.record.as_slice())
            }
            Observation::Database(facts) => {
                (Subject::Database(facts.subject.clone()).argument(), false, facts.records.as_slice())
            }
            _ => return Held::default(),
        };
        let live = records.iter().filter(|record| record.is_live(now) && (record.is_lock || !is_complete));
        let held: Vec<(&OperationRecord, Held<'_>)> =
            live.map(|record| (record, self.held_by_record(action, record, &label, options, now))).collect();
        let over =
            held.iter().filter(|(_, held)| held.refusal.is_none()).map(|(record, _)| record.id.clone()).collect();
        // Whoever is at work counts before what is over.
        let worst = held.into_iter().map(|(_, held)| held);
        let worst =
            worst.max_by_key(|held| (held.refusal.is_some(), held.overridden.is_some(), held.warning.is_some()));
        Held { over, ..worst.unwrap_or_default() }
    }

    fn held_by_record<'f>(
        &self,
        action: &str,
        record: &'f OperationRecord,
        label: &str,
        options: &Options,
        now: Instant,
    ) -> Held<'f> {
        // A record ends only by expiring, but an action that reached its end is over.
        match self.ended.lock().unwrap_or_else(PoisonError::into_inner).get(&record.id) {
            Some(Phase::Unknown) => {
                let warning = format!(
                    "Your own {} of {} ended UNKNOWN. It is not sent again; see what it did before you confirm this.",
                    record.action,
                    record.started.format("%H:%M:%S UTC")
                );
                Held { warning: Some(warning), ..Held::default() }
            }
            Some(_) => Held::default(),
            None if options.overrides_record => Held { overridden: Some(record), ..Held::default() },
            None => {
                let refusal = format!(
                    "{}; wait for its outcome, or until its record expires in {}. If that run is known to be dead, plan again with --override-record, on the screen as `:{action} {label} --override-record`: it asks for a reason and is journalled.",
                    record.sentence(now),
                    time::left(record.expires - now),
                );
                Held { refusal: Some(refusal), ..Held::default() }
            }
        }
    }
}

/// Why a run on these targets is too long for any record: each is verified after the one before, at worst. Pods that are replaced one by
/// one are not counted; that stops by itself when the record expires.
pub(super) fn too_long(targets: &[Target]) -> Option<String> {
    let verifying = targets.iter().fold(Plan::HOLDS, |all, target| all + takes(target.deadline_seconds, &[]));
    (verifying + OperationRecord::GRACE > OperationRecord::LONGEST).then(|| {
        format!(
            "verifying these {} targets one after the other may take {}, and no run may take longer than {} hours: plan fewer at a time.",
            targets.len(),
            time::length(verifying),
            OperationRecord::LONGEST.num_hours()
        )
    })
}

/// A draft that acts over the record of somebody else: it says so where it is read, confirmed and journalled, and is confirmed as what is
/// hard to reverse.
pub(super) fn overriding(mut draft: Draft, record: Option<&OperationRecord>) -> Draft {
    let Some(record) = record else { return draft };
    let who = format!("the operation record of {} ({}, run {})", record.actor, record.action, text::clean(&record.id));
    draft.tier = Tier::T3;
    draft.warnings.push(format!("OVERRIDES {who}: whoever that is may still be at work on it."));
    if let Some(first) = draft.steps.first_mut() {
        first.words = format!("{} This overrides {who}.", first.words);
    }
    draft
}

/// Whether what was read in the plan still tells all of what the action would do: the world outside the pins is judged again.
pub(super) fn still_said(target: &Target, draft: &Draft) -> Result<(), String> {
    if let Some(unread) = Reached::unread(&draft.reaches, &target.reaches) {
        return Err(format!("it would reach {} now, which the plan did not show. Plan again.", unread.name));
    }
    if let Some(words) = target.reaches_further(&draft.blast, draft.tier) {
        return Err(format!("{words} Plan again."));
    }
    let unsaid = draft.warnings.iter().find(|warning| !target.warnings.contains(warning));
    unsaid.map_or(Ok(()), |warning| {
        Err(format!("what the plan did not say of {}: {warning} Plan again.", target.subject))
    })
}
