//! The panes of this console, each with what the operator chose of it.

use crate::actions::Action;
use crate::domain::rollout::{Rollout, WorkloadRef};
use crate::domain::time::Instant;
use crate::panes::view::{Selection, View};
use crate::panes::{self, Opens, Pane};
use crate::ui::scene::{Draw, Tab};
use crate::ui::state;

use super::model::Model;

/// The registry, and the views that live as long as the console.
#[derive(Debug)]
pub struct Panes {
    registry: &'static [Pane],
    views: Vec<(&'static str, Box<dyn View>)>,
}

impl Panes {
    /// Nothing was chosen of any of them.
    pub fn new(registry: &'static [Pane]) -> Self {
        let view = |pane: &Pane| match pane.opens {
            Opens::View(open) => Some((pane.id, open())),
            Opens::Own(_) => None,
        };
        Self { registry, views: registry.iter().filter_map(view).collect() }
    }

    /// Forgets what was chosen.
    pub fn reset(&mut self) {
        *self = Self::new(self.registry);
    }

    /// Every pane, in order.
    pub const fn all(&self) -> &'static [Pane] {
        self.registry
    }

    /// The panes of the group that a pane is in, itself among them.
    pub fn beside(&self, id: &str) -> impl Iterator<Item = &'static Pane> + use<> {
        let group = self.find(id).map(|pane| pane.group);
        self.registry.iter().filter(move |pane| Some(pane.group) == group)
    }

    /// A pane by its id.
    pub fn find(&self, id: &str) -> Option<&'static Pane> {
        self.registry.iter().find(|pane| pane.id == id)
    }

    /// A pane by the command that shows it, or by its bare name.
    pub fn named(&self, name: &str) -> Option<&'static Pane> {
        self.registry.iter().find(|pane| pane.command == name || pane.id == name)
    }

    /// The view of a pane; `None` of one that the loop knows by itself.
    pub fn view(&self, id: &str) -> Option<&dyn View> {
        self.views.iter().find(|(known, _)| *known == id).map(|(_, view)| &**view)
    }

    /// The same, to be changed.
    pub fn view_mut(&mut self, id: &str) -> Option<&mut Box<dyn View>> {
        self.views.iter_mut().find(|(known, _)| *known == id).map(|(_, view)| view)
    }
}

impl Model {
    /// The view of the pane in front; `None` where the loop knows it by itself.
    pub fn front(&self) -> Option<&dyn View> {
        let state::View::Pane(id) = self.ui.view else { return None };
        self.panes.view(id)
    }

    /// The same, to be changed.
    pub(super) fn front_mut(&mut self) -> Option<&mut Box<dyn View>> {
        let state::View::Pane(id) = self.ui.view else { return None };
        self.panes.view_mut(id)
    }

    /// Brings the pane in front up to what is known; whether its cursor came to another row by itself.
    pub(super) fn refresh_front(&mut self, now: Instant) -> bool {
        let state::View::Pane(id) = self.ui.view else { return false };
        let world = &self.world;
        self.panes.view_mut(id).is_some_and(|view| view.refresh(world, now))
    }

    /// What is under the cursor of the pane in front.
    pub(super) fn selection(&self) -> Option<Selection> {
        self.front()?.selection(&self.world)
    }

    /// The workload that is meant by what is under the cursor of the pane in front: itself, or the worst of its service.
    pub(super) fn selected_rollout(&self) -> Option<&Rollout> {
        let Selection { environment, service, workload, .. } = self.selection()?;
        let found = match (workload, environment, service) {
            (Some(workload), ..) => self.world.snapshot.rollouts.iter().find(|row| row.workload == workload),
            (None, Some(environment), Some(service)) => {
                self.world.rollouts_of(&environment, &service).into_iter().next()
            }
            _ => None,
        };
        found.map(AsRef::as_ref)
    }

    /// The workloads that are meant with one under the cursor: all of its row, by an action that takes several as one.
    pub(super) fn together(&self, action: &dyn Action, one: WorkloadRef) -> Vec<WorkloadRef> {
        let row = self.selection().map(|selection| selection.workloads).unwrap_or_default();
        if action.takes("with") && row.contains(&one) { row } else { vec![one] }
    }

    /// What is drawn in the body.
    pub(super) fn drawn(&self) -> &dyn Draw {
        let own: &dyn Draw = &self.ui.view;
        self.front().map_or(own, |view| view as &dyn Draw)
    }

    /// The panes of the group in front, and which of them is open.
    pub(super) fn tabs(&self) -> Vec<Tab> {
        let open = panes::of(&self.ui.view);
        let tab = |pane: &Pane| Tab { title: pane.title, is_open: pane.id == open };
        self.panes.beside(open).map(tab).collect()
    }
}
