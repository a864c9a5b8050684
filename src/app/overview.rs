//! Where the operator is on the overview, and what that means.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;

use super::model::Model;
use crate::domain::alert::Alert;
use crate::domain::rollout::WorkloadRef;
use crate::domain::source::SourceHealth;
use crate::domain::time::Instant;
use crate::domain::timeline::{Lead, Moment};
use crate::panes::{self, Group, Pane};
use crate::ui::overview::{Glance, Gravity, JUDGED_FOR, MOST_ALERTS, OverviewScene, Spot, Told};
use crate::ui::scene::GroupTab;
use crate::ui::state::View;
use crate::world::World;

/// What panes said first, kept while it holds.
#[derive(Debug, Default)]
pub struct Headlines(BTreeMap<&'static str, Kept>);

/// What a pane said, and what it was made of.
#[derive(Debug, Clone)]
struct Kept {
    of: Told,
    moved: u64,
    at: Instant,
}

impl Kept {
    fn holds(&self, pane: &Pane, world: &World, now: Instant) -> bool {
        let passed = now - self.at;
        self.moved == moved(pane, world) && TimeDelta::zero() <= passed && passed < JUDGED_FOR
    }
}

impl Headlines {
    fn of(&self, pane: &Pane, glance: &Glance<'_>) -> Option<Told> {
        self.0.get(pane.id).filter(|kept| kept.holds(pane, glance.world, glance.now)).map(|kept| kept.of.clone())
    }
}

/// How often the parts that a headline is made of have moved.
fn moved(pane: &Pane, world: &World) -> u64 {
    pane.headline.map_or(0, |headline| world.moved(headline.parts))
}

/// What a pane says first now; `None` of one that says nothing.
fn judge(pane: &Pane, glance: &Glance<'_>) -> Option<Told> {
    let headline = pane.headline?;
    let gravity = (headline.gravity)(glance);
    let standing = headline.standing.filter(|_| gravity > Gravity::Nothing);
    let standing = standing.and_then(|standing| standing(glance, gravity));
    Some(Told { id: pane.id, gravity, headline, standing })
}

impl Model {
    /// Everything a draw may read of it, from the headlines of all panes.
    pub(super) fn overview_scene<'a>(&'a self, glance: Glance<'a>, mut headlines: Vec<Told>) -> OverviewScene<'a> {
        headlines.push(panes::overview::sources(&glance));
        headlines.sort_by_key(|told| Reverse(told.gravity));
        let mut asked = self.world.shown().flat_map(|sight| self.world.alerts.health(sight.name()));
        OverviewScene {
            glance,
            headlines,
            alerts: self.world.alerts.worst().take(MOST_ALERTS).collect(),
            has_alertmanager: asked.next().is_some(),
            timeline: &self.world.happened.shown,
            cursor: self.ui.overview.cursor.as_ref(),
        }
    }

    /// What headlines are made of.
    pub(super) fn glance<'a>(&'a self, sources: &'a [SourceHealth], now: Instant) -> Glance<'a> {
        Glance {
            world: &self.world,
            now: self.world.frozen_at.unwrap_or(now),
            unfinished: &self.unfinished,
            running: self.running.as_deref(),
            ended_badly: self.ended_badly.as_deref(),
            sources,
        }
    }

    /// What each pane says first, in their order: what was judged before where that still holds.
    pub(super) fn told(&self, glance: &Glance<'_>) -> Vec<Told> {
        let of = |pane: &Pane| self.headlines.of(pane, glance).or_else(|| judge(pane, glance));
        self.panes.all().iter().filter_map(of).filter(|told| told.gravity > Gravity::Nothing).collect()
    }

    /// Judges anew what moved, or what time alone may have changed.
    pub(super) fn judge_headlines(&mut self, now: Instant) {
        let now = self.world.frozen_at.unwrap_or(now);
        let holds = |pane: &Pane| self.headlines.0.get(pane.id).is_some_and(|kept| kept.holds(pane, &self.world, now));
        let of_parts = self.panes.all().iter().filter(|pane| pane.headline.is_some_and(|one| !one.parts.is_empty()));
        let due: Vec<&Pane> = of_parts.filter(|pane| !holds(pane)).collect();
        if due.is_empty() {
            return;
        }
        let sources = self.world.sources();
        let glance = self.glance(&sources, now);
        let kept =
            |pane: &Pane| Some((pane.id, Kept { of: judge(pane, &glance)?, moved: moved(pane, &self.world), at: now }));
        let kept: Vec<_> = due.into_iter().filter_map(kept).collect();
        self.headlines.0.extend(kept);
    }

    /// The groups of panes, each as grave as the gravest headline of them, and which of them is open.
    pub(super) fn groups(&self, told: &[Told]) -> Vec<GroupTab> {
        let open = panes::of(&self.ui.view);
        let of = |group: &'static Group| {
            let mut of_it = self.panes.all().iter().filter(|pane| pane.group == group.id).peekable();
            of_it.peek()?;
            let is_open = of_it.clone().any(|pane| pane.id == open);
            let gravity = of_it.filter_map(|pane| told.iter().find(|told| told.id == pane.id)).map(|told| told.gravity);
            let Group { key, short, title, .. } = *group;
            Some(GroupTab { key, short, title, is_open, gravity: gravity.max().unwrap_or(Gravity::Nothing) })
        };
        panes::GROUPS.iter().filter_map(of).collect()
    }

    /// Every place the cursor of the overview can be, from the top.
    pub(super) fn spots(&self, now: Instant) -> Vec<Spot> {
        let sources = self.world.sources();
        let glance = self.glance(&sources, now);
        self.overview_scene(glance, self.told(&glance)).spots()
    }

    /// The line of the timeline under the cursor.
    fn moment(&self) -> Option<&Moment> {
        let Some(Spot::Moment(key)) = &self.ui.overview.cursor else { return None };
        self.world.happened.shown.moments.iter().find(|moment| moment.key == *key)
    }

    /// The alert under the cursor of the overview; `None` when there is none, or it is over.
    pub(super) fn overview_alert(&self) -> Option<&Arc<Alert>> {
        let id = match (&self.ui.overview.cursor, self.moment().map(|moment| &moment.lead)) {
            (Some(Spot::Alert(environment, key)), _) | (_, Some(Lead::Alert(environment, key))) => {
                Some((environment.clone(), key.clone()))
            }
            _ => None,
        };
        self.world.alerts.alert(&id?)
    }

    /// The workload under the cursor of the overview: that of a line of the timeline, or the one its alert is about.
    pub(super) fn overview_workload(&self) -> Option<WorkloadRef> {
        match self.moment().map(|moment| &moment.lead) {
            Some(Lead::Workload(workload)) => Some(workload.clone()),
            _ => self.alerted().map(|row| row.workload.clone()),
        }
    }

    /// The environment of what is under the cursor of the overview.
    pub(super) fn overview_environment(&self) -> Option<Arc<str>> {
        match &self.ui.overview.cursor {
            Some(Spot::Alert(environment, _)) if self.ui.view == View::Overview => Some(environment.clone()),
            _ => self.moment().map(|moment| moment.environment.clone()),
        }
    }
}
