//! The gate: what a plan says of its own guard, refusals, rights, expiry and times is for reading only.
//!
//! At `apply` as at Enter it is worked out anew, by the code that planned, from the configuration and the world of now. A document can be
//! edited by anybody who can run `apply`: an edit can make it refused, never wider. What is carried out is the plan made here.

use std::sync::PoisonError;

use serde_json::Value;

use super::contract::{Action, Context, Options};
use super::execute::{Executor, identity};
use super::held::still_said;
use super::journal::{What, chains};
use super::observation::Observation;
use super::plan::{Ask, AskedTarget, Setting, record};
use super::policy;
use crate::domain::action::{Check, Consent, Plan, Port, RECORD_KEY, Step, Target, difference};
use crate::domain::service::{Choice, Services};
use crate::domain::store::Author;
use crate::domain::subject::SubjectKind;
use crate::domain::{text, time};

/// The most letters of a document that a sentence repeats.
const MOST_REPEATED: usize = 400;

impl Executor {
    /// Everything that must hold before a document is worked out anew and that needs nobody to be asked.
    pub(super) fn admit(&self, document: &Plan) -> Result<&'static dyn Action, String> {
        let action = self.planner.catalog.named(&document.action);
        self.planner.grant_on(action.map_or(SubjectKind::Workload, |action| action.about().on))?;
        if let Some(why) = action.and_then(|action| self.planner.bars(action.about())) {
            return Err(why);
        }
        if document.version != 1 || !document.is_intact() {
            return Err(
                "the plan document was changed after it was made, or is of another version. Plan again.".to_owned()
            );
        }
        if !is_run_id(&document.id) {
            return Err("the plan document has no id that a plan is given. Plan again.".to_owned());
        }
        let action = action.ok_or_else(|| format!("there is no action {:?} here.", short(&document.action)))?;
        if document.is_expired(self.now()) {
            return Err(format!("the plan expired at {}. Plan again.", document.expires_at.format("%H:%M:%S UTC")));
        }
        if time::is_of_the_future(document.refreshed_at, self.now()) {
            let made = document.refreshed_at.format("%Y-%m-%d %H:%M:%S UTC");
            return Err(format!(
                "the plan says it was made at {made}, which is not yet. Check the clocks, and plan again."
            ));
        }
        if !document.is_applicable() {
            return Err(document
                .refusals
                .first()
                .map_or_else(|| "the plan has no target.".to_owned(), |words| short(words)));
        }
        let here = &self.planner.environment;
        if document.environment != *here {
            return Err(format!("the plan is for environment {:?}, this is {here:?}.", short(&document.environment)));
        }
        let place = |target: &Target| document.targets.iter().position(|other| other.subject == target.subject);
        if document.targets.iter().enumerate().any(|(number, target)| place(target) != Some(number)) {
            return Err("the plan names a target twice. Plan again.".to_owned());
        }
        match self.journal.lock().unwrap_or_else(PoisonError::into_inner).has_begun(&document.id) {
            Ok(false) => {}
            Ok(true) => return Err(format!("the plan {} was begun before on this machine. Plan again.", document.id)),
            Err(error) => {
                return Err(format!(
                    "whether the plan {} was begun before cannot be read in the journal: {error}.",
                    document.id
                ));
            }
        }
        Ok(action)
    }

    /// Whether another process has begun a run beside this one.
    pub(super) fn is_begun_twice(&self, run: &str) -> bool {
        let folder = self.journal.lock().unwrap_or_else(PoisonError::into_inner).folder().to_owned();
        let chains = folder.parent().map(chains).and_then(Result::ok).unwrap_or_default();
        let lines = chains.iter().flat_map(|chain| &chain.lines);
        lines.filter(|line| line.entry.what == What::Begun && line.entry.run == run).count() > 1
    }

    /// Works a document out anew and compares: the plan to carry out, under the id of the document.
    ///
    /// # Errors
    /// The reason why it is not carried out.
    pub(super) async fn judge(
        &self,
        document: &Plan,
        action: &dyn Action,
        setting: Setting,
        consent: &Consent,
    ) -> Result<Plan, String> {
        let here = &setting.cluster;
        if identity(here) != identity(&document.cluster) {
            return Err(format!(
                "the plan is for the cluster at {}, this is {}.",
                short(&document.cluster.server),
                here.server
            ));
        }
        let (is_theirs, who) = match action.about().on {
            SubjectKind::Workload | SubjectKind::Pod | SubjectKind::Job | SubjectKind::Object => {
                let identity = &setting.actor.identity;
                (*identity == document.actor.identity, identity.as_deref().unwrap_or("unknown to the cluster"))
            }
            // Where no cluster tells who somebody is, the operating system does.
            _ => (Author::from(&setting.actor) == Author::from(&document.actor), setting.actor.name()),
        };
        if !is_theirs {
            return Err(format!(
                "the plan belongs to {}, you are {who}. Plan again under your own name.",
                short(document.actor.name())
            ));
        }
        let choice = Choice {
            service: document.service.as_deref().map(Into::into),
            notes: document.choice.iter().map(|note| short(note)).collect(),
        };
        let ask = Ask {
            id: Some(document.id.clone()),
            targets: document.targets.iter().map(|target| asked(target, action)).collect::<Result<_, _>>()?,
            wave: document.waves().iter().map(Vec::len).max(),
            choice,
            refusals: Vec::new(),
        };
        let own = self.planner.work_out(action, setting, ask).await.map_err(|error| error.sentence)?;
        if let Some(reason) = own.refusals.first() {
            return Err(reason.clone());
        }
        if let Some(words) = difference(document, &own) {
            return Err(format!("{} Plan again.", short(&words)));
        }
        policy::confirms(&own.confirmation, &consent.typed, consent.reason.as_deref())?;
        let mut steps = own.targets.iter().flat_map(|target| &target.steps);
        let lacks_hands = |step: &Step| match step.port {
            Port::Cluster => false,
            Port::Alertmanager => self.silence.is_none(),
            Port::Pod => self.pods.is_none(),
            Port::Store => self.store.is_none(),
            Port::Program => self.programs.is_none(),
            Port::Database => self.databases.is_none(),
        };
        if steps.any(lacks_hands) {
            return Err("this console has no hands: nothing was sent.".to_owned());
        }
        if own.targets.iter().flat_map(|target| &target.steps).any(|step| step.port == Port::Pod)
            && self.attach.is_none()
        {
            return Err("nobody sits here to hold a session: nothing was sent.".to_owned());
        }
        Ok(own)
    }
}

/// A target of a document, asked for again.
fn asked<'t>(target: &'t Target, action: &dyn Action) -> Result<AskedTarget<'t>, String> {
    let given = target.given.read(action.fields()).map_err(|why| short(&why))?;
    let options = Options { given, overrides_record: target.overrides.is_some(), ..Options::default() };
    Ok(AskedTarget { subject: &target.subject, options, given: Some(target) })
}

/// A document's own words, cleaned and not longer than a sentence.
pub(super) fn short(words: &str) -> String {
    text::clean(words).chars().take(MOST_REPEATED).collect()
}

/// Whether it is an id as [`super::plan::run_id`] makes them: anything else could be somebody's way into a journal or an audit.
pub(super) fn is_run_id(id: &str) -> bool {
    let Some((stamp, rest)) = id.split_once('-') else { return false };
    let is_stamp = stamp.len() == 16 && stamp.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'T' | b'Z'));
    is_stamp && rest.len() == 16 && rest.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// Why a target is not what the plan showed any more, or is the plan's own already; `None` when the plan still holds there.
pub(super) fn moved(id: &str, target: &Target, seen: &Observation) -> Option<String> {
    let workload = &target.subject;
    let record = seen.record();
    if let Some(record) = record.filter(|record| record.id == id) {
        let words = record.sentence(seen.observed_at());
        return Some(format!("the plan {id} was begun before: {workload} has its record ({words}). Plan again."));
    }
    if *seen.uid() != *target.uid {
        return Some(format!(
            "{workload} was deleted and created again since the plan: it is another object. Plan again."
        ));
    }
    let moved: Vec<String> = target
        .pins
        .iter()
        .filter(|pin| seen.document().pointer(&pin.path).unwrap_or(&Value::Null) != &pin.value)
        .map(|pin| short(&pin.path))
        .collect();
    if moved.is_empty() {
        return None;
    }
    let who = moved.iter().find_map(|path| seen.who_moved(path)).map(|who| format!(" ({who})")).unwrap_or_default();
    Some(format!("{workload} has changed since the plan at {}{who}. Plan again.", moved.join(", ")))
}

/// The ids of the operation records that a request of our own takes away beside its own.
fn taken_away(body: &Value) -> Vec<String> {
    let written = body.get(RECORD_KEY).and_then(Value::as_object);
    let is_hold = written.is_some_and(|records| records.values().any(Value::is_string));
    let gone = written.into_iter().flatten().filter(|(_, record)| is_hold && record.is_null());
    gone.map(|(id, _)| id.clone()).collect()
}

/// Checks a target of our own plan against the world as it is now: the same pins, and the very request the action itself would build.
///
/// # Errors
/// The reason why the plan does not hold any more.
pub(super) fn revise(
    plan: &Plan,
    place: usize,
    action: &dyn Action,
    (seen, beside, services): (&Observation, &[Observation], &Services),
) -> Result<(), String> {
    let Some(target) = plan.targets.get(place) else { return Err("the plan has no such target.".to_owned()) };
    let workload = &target.subject;
    if let Some(words) = moved("", target, seen) {
        return Err(words);
    }
    let began = plan.refreshed_at + time::seconds(plan.cluster_ahead_seconds);
    let record = record(&plan.id, &plan.actor, action, began, plan.holds_target(place));
    let over: Vec<String> = target.steps.iter().flat_map(|step| taken_away(&step.request.body)).collect();
    let context =
        Context { record: &record, author: plan.actor.name(), now: plan.refreshed_at, beside, over: &over, services };
    let draft = action.draft(seen, &target.given, context).map_err(|refusal| refusal.0)?;
    still_said(target, &draft)?;
    if let Some(worse) = Check::worsened(&plan.checks(), &draft.preflight) {
        return Err(format!("{workload} is not as the plan showed it any more: {}. Plan again.", worse.sentence()));
    }
    let is_same = draft.steps.len() == target.steps.len()
        && draft
            .steps
            .iter()
            .zip(&target.steps)
            .all(|(own, given)| (&own.request, &own.in_order) == (&given.request, &given.in_order));
    if !is_same {
        return Err(format!(
            "the request for {workload} is not the one this action makes any more: the plan's revision has moved. Plan again."
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::plan::run_id;
    use super::*;

    #[test]
    fn an_id_is_one_that_a_plan_is_given() {
        let now = chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap_or_default();
        assert!(is_run_id(&run_id(now)));
        for strange in
            ["", "r1", "20261124T030600Z-1", "20261124T030600Z-0123456789abcdeF", "../../../../../../-0123456789abcdef"]
        {
            assert!(!is_run_id(strange), "{strange}");
        }
    }
}
