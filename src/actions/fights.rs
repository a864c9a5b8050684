//! Who will undo an action: the marks on the object, and what those who left them say of themselves.

use std::collections::HashMap;

use futures_util::future::join_all;
use serde_json::Value;

use super::observation::Observation;
use crate::domain::action::{Fight, Goal};
use crate::domain::owner::{self, Keeper, Told};
use crate::sources::observe::{ObserveCluster, WorkloadFacts};

/// What was read of owners while one plan is worked out: many targets have the same.
#[derive(Debug, Default)]
pub(super) struct Fights {
    told: HashMap<Keeper, Told>,
}

impl Fights {
    /// The same of a workload and of those beside it, which keep the pod templates they have.
    pub(super) async fn of_each(
        &mut self,
        observe: &dyn ObserveCluster,
        (own, beside): (&WorkloadFacts, &[Observation]),
        ends_with: (&Value, Goal),
    ) -> Vec<Fight> {
        let mut fights = self.of(observe, &own.object, ends_with).await;
        for other in beside.iter().filter_map(|one| one.workload().ok()) {
            let more = self.of(observe, &other.object, (other.template(), ends_with.1)).await;
            fights.extend(more.into_iter().map(|fight| fight.on(&other.workload)));
        }
        // What is switched beside them is kept by somebody too.
        for other in beside.iter().filter_map(|one| one.object().ok()).filter(|one| !one.uid.is_empty()) {
            let more = self.marked(observe, &other.object, ends_with.1).await;
            let said = |fight: Fight| Fight { words: format!("{}: {}", other.subject, fight.words), ..fight };
            fights.extend(more.into_iter().map(said));
        }
        fights
    }

    /// Everybody who will undo a change of this object, with the evidence, where the action ends with a pod
    /// template and a goal. What cannot be read never costs the plan.
    pub(super) async fn of(
        &mut self,
        observe: &dyn ObserveCluster,
        object: &Value,
        ends_with: (&Value, Goal),
    ) -> Vec<Fight> {
        let (template, goal) = ends_with;
        let mut fights = self.marked(observe, object, goal).await;
        fights.extend(owner::strangers(object, goal));
        fights.extend(owner::applied(object, template, goal));
        fights
    }

    /// Those whose marks an object carries.
    async fn marked(&mut self, observe: &dyn ObserveCluster, object: &Value, goal: Goal) -> Vec<Fight> {
        let marks = owner::marks(object);
        let unasked: Vec<&Keeper> = marks
            .iter()
            .filter_map(|mark| mark.keeper.as_ref())
            .filter(|keeper| !self.told.contains_key(keeper))
            .collect();
        let answers = join_all(unasked.iter().map(|keeper| observe.keeper(keeper))).await;
        for (keeper, answer) in unasked.into_iter().zip(answers) {
            let told = answer.unwrap_or_else(|error| Told::Unreadable(error.sentence));
            self.told.insert(keeper.clone(), told);
        }
        let told = |keeper: &Option<Keeper>| keeper.as_ref().and_then(|keeper| self.told.get(keeper));
        marks.iter().map(|mark| mark.fight(told(&mark.keeper), goal)).collect()
    }
}
