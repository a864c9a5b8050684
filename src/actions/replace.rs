//! Pods that nobody else replaces, one after the other: the next is deleted once the one before has a successor that is ready.

use std::time::Duration;

use super::account::Account;
use super::execute::Executor;
use super::journal::{Aim, What};
use super::replaced::{Seen, look, replaced};
use crate::domain::action::{Outcome, Replaced, RunEvent, Step};
use crate::domain::rollout::{Update, template_digest};
use crate::domain::time;
use crate::sources::error::{SourceError, Trouble};
use crate::sources::observe::WorkloadFacts;

/// How often a pod is looked at while its successor is waited for.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// How a target ends before every pod was replaced.
type Ended = (Outcome, String);

impl Executor {
    /// Replaces pods; every step is a deletion of one pod by its uid. The first without a ready successor stops the rest.
    pub(super) async fn replace(
        &self,
        account: &Account<'_>,
        place: usize,
        aim: &Aim,
        steps: &[&Step],
    ) -> Result<(), Ended> {
        for (number, step) in steps.iter().enumerate() {
            let left = steps.len() - number;
            let facts = self.patiently(aim, left).await?;
            if template_digest(facts.template()) != aim.template_digest {
                let words = format!(
                    "somebody changed the pod template of {} meanwhile: {left} pods were left as they were.",
                    aim.subject
                );
                return Err((Outcome::Failed, words));
            }
            if facts.report.update != Update::OnDelete {
                // The controller replaces pods by itself from here on: with us two would be down at one time.
                let words = format!(
                    "somebody changed the update strategy of {} meanwhile, it is not OnDelete any more: {left} pods were left to the controller.",
                    aim.subject
                );
                return Err((Outcome::Failed, words));
            }
            // Colleagues are held off only as long as the record says.
            if facts
                .record
                .as_ref()
                .is_some_and(|record| record.id == account.bare.run && !record.is_live(facts.observed_at))
            {
                let words = format!(
                    "its operation record has expired: {left} pods of {} were left as they were. Plan the same again for the rest.",
                    aim.subject
                );
                return Err((Outcome::Failed, words));
            }
            let uid = step.request.body.pointer("/preconditions/uid").and_then(serde_json::Value::as_str);
            let Some(pod) = facts.pods.iter().find(|pod| Some(&*pod.uid) == uid) else {
                self.say(account, place, format!("not needed any more: {}", step.words)).await;
                continue;
            };
            let pod = replaced(pod, &facts);
            let words = match self.operate.send(&step.request, &account.bare.run).await {
                Ok(_) => format!("accepted: {}", step.words),
                Err(error) if error.trouble == Trouble::NotFound => format!("not needed any more: {}", step.words),
                Err(error) if error.is_certainly_not_done => {
                    let words = format!(
                        "the template is changed, and {left} pods were left as they were: {} ({})",
                        step.words, error.sentence
                    );
                    return Err((Outcome::Failed, words));
                }
                // Whether it is gone is seen a moment later.
                Err(error) => format!("no answer to this, looking for its effect: {} ({})", step.words, error.sentence),
            };
            self.say(account, place, words).await;
            self.await_successor(account, place, aim, &pod, left - 1).await?;
        }
        Ok(())
    }

    async fn say(&self, account: &Account<'_>, place: usize, words: String) {
        account.record(account.line(What::Noted, Some(place), words.as_str())).await;
        account.note(RunEvent::Noted { words }).await;
    }

    /// Waits for the successor of a pod, at most as long as the whole verification may take.
    async fn await_successor(
        &self,
        account: &Account<'_>,
        place: usize,
        aim: &Aim,
        pod: &Replaced,
        left: usize,
    ) -> Result<(), Ended> {
        let began = self.now();
        let deadline = began + time::seconds(i64::from(aim.deadline_seconds));
        let mut said = String::new();
        loop {
            let facts = self.patiently(aim, left).await?;
            let words = match look(pod, &facts, facts.observed_at) {
                Seen::Ready(_) => return Ok(()),
                Seen::Untouched => format!("pod {} is still there", pod.name),
                Seen::Waiting(words) => words,
            };
            if self.now() >= deadline {
                let after = time::coarse(self.now() - began);
                let words = format!("after {after} {words}; {left} further pods were left as they were.");
                return Err((Outcome::Failed, words));
            }
            if words != said {
                said.clone_from(&words);
                account.note(RunEvent::Progress { target: place, words }).await;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    async fn workload(&self, aim: &Aim) -> Result<WorkloadFacts, SourceError> {
        let none = || SourceError::new(Trouble::Setup, format!("{} has no pods.", aim.subject));
        let workload = aim.subject.workload().ok_or_else(none)?;
        self.planner.cluster()?.workload(workload).await
    }

    /// Reads the target, again and again while the cluster does not answer.
    async fn patiently(&self, aim: &Aim, left: usize) -> Result<WorkloadFacts, Ended> {
        let until = self.now() + time::seconds(i64::from(aim.deadline_seconds));
        loop {
            let error: SourceError = match self.workload(aim).await {
                Ok(facts) if *facts.uid == *aim.uid => return Ok(facts),
                Ok(_) => {
                    return Err((Outcome::Failed, format!("{} was deleted and created again meanwhile.", aim.subject)));
                }
                Err(error) => error,
            };
            if error.trouble == Trouble::NotFound {
                return Err((Outcome::Failed, format!("{} does not exist any more.", aim.subject)));
            }
            if self.now() >= until {
                let words =
                    format!("the cluster cannot be read, and {left} pods were left as they were: {}", error.sentence);
                return Err((Outcome::Unknown, words));
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}
