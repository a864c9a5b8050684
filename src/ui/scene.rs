//! Everything a draw may read, borrowed. The loop lends it; no draw can change it.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use ratatui::layout::Rect;

use super::alerts::AlertsScene;
use super::overview::{Gravity, OverviewScene};
use super::pen::Pen;
use super::root::HitMap;
use super::state::{Field, Slot, UiState};
use super::usage::UsageScene;
use crate::domain::action::{self, Gesture, Plan, Run};
use crate::domain::cluster::ClusterEvent;
use crate::domain::environment::Guard;
use crate::domain::job::{Job, JobRef};
use crate::domain::log::{Level, Line, LogAsk, Origin, Standing};
use crate::domain::problem::Problem;
use crate::domain::rollout::{Autoscaler, Budget, Pod, Report, Revision, Rollout, WorkloadRef};
use crate::domain::service::Services;
use crate::domain::source::SourceHealth;
use crate::domain::store::AlertNotes;
use crate::domain::text::is_visible;
use crate::domain::time::Instant;
use crate::domain::timeline::{JournalLine, Moment, Nearness};
use crate::domain::usage::Resources;
use crate::world::World;

/// What the header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header<'a> {
    /// The name of the environment the operator means; empty where several are shown and none is meant.
    pub environment: &'a str,
    /// Its guard: the colour of the frame. The strictest of those shown where none is meant.
    pub guard: Guard,
    /// The kubeconfig context.
    pub context: &'a str,
    /// Namespaces in words: `all namespaces`, `shop`, `shop +2`.
    pub scope: &'a str,
    /// Who we are to the cluster.
    pub identity: Option<&'a str>,
    /// Why the console is read-only here; `None` when it may act.
    pub read_only: Option<&'a str>,
    /// Whether this is the built-in demo.
    pub is_demo: bool,
    /// How many environments are shown together.
    pub environments: usize,
}

/// An environment that is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EnvironmentScene<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its guard: the colour of its name.
    pub guard: Guard,
    /// How many workloads of it are known.
    pub rows: usize,
}

/// The list of rollouts, filtered and in order.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    /// The visible rows, worst first.
    pub visible: &'a [Arc<Rollout>],
    /// The place of the cursor in `visible`.
    pub cursor: Option<usize>,
    /// How many there are without the filter.
    pub total: usize,
    /// How many are not complete and not progressing, without the filter.
    pub troubled: usize,
    /// Pods seen so far, for the loading state.
    pub pods: usize,
}

/// The logs pane.
#[derive(Debug, Clone, Copy)]
pub struct LogsScene<'a> {
    /// What is read.
    pub ask: Option<&'a LogAsk>,
    /// The lines that pass the level, oldest first.
    pub lines: &'a [Arc<Line>],
    /// How many are kept, whatever their level.
    pub kept: usize,
    /// How many had to go.
    pub dropped: u64,
    /// How each container's log stands.
    pub standings: &'a BTreeMap<Arc<Origin>, Standing>,
    /// Why the workload cannot be read.
    pub trouble: Option<&'a str>,
    /// The least grave level shown.
    pub least: Level,
    /// What is looked for.
    pub search: &'a Field,
    /// The line under the cursor.
    pub cursor: usize,
    /// Whether the cursor stays on the newest line.
    pub is_at_end: bool,
    /// Whether the line under the cursor is shown whole.
    pub is_opened: bool,
    /// Whether long lines are wrapped.
    pub is_wrapped: bool,
}

/// The jobs pane.
#[derive(Debug, Clone, Copy)]
pub struct JobsScene<'a> {
    /// The visible rows, worst first.
    pub visible: &'a [Arc<Job>],
    /// The place of the cursor in `visible`.
    pub cursor: Option<usize>,
    /// How many there are without the filter.
    pub total: usize,
    /// The open one.
    pub detail: Option<&'a JobDetail>,
}

/// What is known of the open job. A part that is `None` is still being read.
#[derive(Debug, Clone, PartialEq)]
pub struct JobDetail {
    /// Which job.
    pub job: JobRef,
    /// Its row, when it still exists.
    pub row: Option<Arc<Job>>,
    /// Its runs, newest first; of a Job, itself.
    pub runs: Vec<Arc<Job>>,
    /// The pods of the newest of them, the youngest first.
    pub pods: Option<Vec<Pod>>,
    /// Its events, newest first.
    pub events: Option<Vec<ClusterEvent>>,
    /// The object as YAML-like lines, cleaned.
    pub raw: Option<Vec<String>>,
    /// What went wrong while reading it.
    pub error: Option<String>,
}

/// What is known of the open workload. A part that is `None` is still being read.
#[derive(Debug, Clone, PartialEq)]
pub struct Detail {
    /// Which workload.
    pub workload: WorkloadRef,
    /// Its row, when it still exists.
    pub rollout: Option<Arc<Rollout>>,
    /// Conditions and figures.
    pub report: Option<Report>,
    /// Its pods, those in trouble first.
    pub pods: Option<Vec<Pod>>,
    /// Its revisions, newest first.
    pub revisions: Option<Vec<Revision>>,
    /// Its events, newest first.
    pub events: Option<Vec<ClusterEvent>>,
    /// The object as YAML-like lines, cleaned.
    pub raw: Option<Vec<String>>,
    /// What else decides how many pods it has.
    pub autoscalers: Vec<Autoscaler>,
    /// PodDisruptionBudgets over its pods.
    pub budgets: Vec<Budget>,
    /// What its pod template lacks: limits, probes.
    pub gaps: Vec<String>,
    /// The selector of its pods; `None` before it was read.
    pub selector: Option<Arc<serde_json::Value>>,
    /// What its pods asked for and may have, by name.
    pub resources: HashMap<Arc<str>, Resources>,
    /// What went wrong while reading it.
    pub error: Option<String>,
}

/// The plan on the screen, from the first key to its end.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanScene {
    /// The title: `Roll back deployment/api -n shop`.
    pub title: String,
    /// The fields of the action that are typed on its plan; what they are given makes another plan, but for what a text says.
    pub form: Vec<&'static action::Field>,
    /// Whether a reason has its place among them.
    pub takes_reason: bool,
    /// Whether another action is meant where its text is emptied.
    pub may_be_emptied: bool,
    /// What they held when the plan was asked for.
    pub planned: Vec<String>,
    /// What is wrong with what was typed into them, or is still lacking.
    pub wrong: Option<String>,
    /// The plan; `None` while it is being worked out.
    pub plan: Option<Arc<Plan>>,
    /// Why there is none, when working it out failed.
    pub error: Option<String>,
    /// Until when the confirmation is not accepted yet.
    pub armed_at: Option<Instant>,
    /// The run; `None` before it is confirmed.
    pub run: Option<Run>,
    /// What happened to the run so far, oldest first.
    pub log: Vec<(Instant, String)>,
}

impl PlanScene {
    /// The fields that are typed, in their order.
    pub fn slots(&self) -> Vec<Slot> {
        let confirmation = self.plan.as_ref().map(|plan| &plan.confirmation);
        let is_typed = confirmation.is_none_or(|one| one.gesture != Gesture::Enter);
        if !self.is_form() {
            let is_reasoned = confirmation.is_some_and(|one| one.needs_reason);
            let typed = (is_typed || is_reasoned).then_some(Slot::Typed);
            return typed.into_iter().chain(is_reasoned.then_some(Slot::Reason)).collect();
        }
        let given = (0..self.form.len()).map(Slot::Given);
        let typed = (is_typed && confirmation.is_some()).then_some(Slot::Typed);
        let is_reasoned = self.takes_reason || confirmation.is_some_and(|one| one.needs_reason);
        is_reasoned.then_some(Slot::Reason).into_iter().chain(given).chain(typed).collect()
    }

    /// Whether anything is typed on it beside what confirms it.
    pub const fn is_form(&self) -> bool {
        self.takes_reason || !self.form.is_empty()
    }

    /// Whether something else is typed than what was planned, so that it makes another plan.
    pub fn is_changed(&self, given: &[Field]) -> bool {
        let is_changed = |((known, planned), field): ((&&action::Field, &String), &Field)| {
            if known.has_lines() {
                self.may_be_emptied && is_visible(planned) != is_visible(&field.text)
            } else {
                field.text != *planned
            }
        };
        self.form.iter().zip(&self.planned).zip(given).any(is_changed)
    }
}

/// A line of a menu: an action, an environment, a completion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MenuLine {
    /// The keys that do the same, as printed; may be empty.
    pub keys: String,
    /// What it is.
    pub words: String,
    /// More about it: the tier, the guard, a sentence.
    pub more: String,
    /// Why it cannot be chosen now.
    pub refused: Option<String>,
}

/// A group of panes on the line under the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupTab {
    /// The digit that opens its first pane.
    pub key: char,
    /// Its word where there is little room.
    pub short: &'static str,
    /// Its word.
    pub title: &'static str,
    /// Whether the pane in front is one of it.
    pub is_open: bool,
    /// How grave the gravest of its panes is.
    pub gravity: Gravity,
}

/// A pane of the group in front.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tab {
    /// Its title.
    pub title: &'static str,
    /// Whether it is in front.
    pub is_open: bool,
}

/// Something that fills the body of the screen.
pub trait Draw: fmt::Debug {
    /// Draws it; gives where things were drawn.
    fn draw(&self, pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>) -> HitMap;
}

/// Everything a draw may read.
#[derive(Debug, Clone)]
pub struct Scene<'a> {
    /// Everything that is known.
    pub world: &'a World,
    /// What fills the body.
    pub front: &'a dyn Draw,
    /// Every group of panes that there is.
    pub groups: Vec<GroupTab>,
    /// Every pane of the group in front.
    pub tabs: Vec<Tab>,
    /// The time of what is shown, in UTC: a frozen screen stands still.
    pub now: Instant,
    /// The time by the clock on the wall.
    pub clock: Instant,
    /// Since when the screen stands still.
    pub frozen_at: Option<Instant>,
    /// What the operator chose.
    pub ui: &'a UiState,
    /// What the header says.
    pub header: Header<'a>,
    /// The environments that are shown, in the order of the configuration.
    pub environments: Vec<EnvironmentScene<'a>>,
    /// The sources, in the order of the configuration.
    pub sources: &'a [SourceHealth],
    /// The list.
    pub rows: Rows<'a>,
    /// The alerts.
    pub alerts: AlertsScene<'a>,
    /// What was released in the hour of the open alert, the nearest to it, newest first.
    pub released: Option<(Nearness, Vec<Moment>)>,
    /// What is advised about releases, by workload.
    pub advice: &'a HashMap<WorkloadRef, crate::domain::advice::Advice>,
    /// What pods and nodes use.
    pub usage: UsageScene<'a>,
    /// The overview.
    pub overview: OverviewScene<'a>,
    /// The open workload.
    pub detail: Option<&'a Detail>,
    /// CronJobs and Jobs.
    pub jobs: JobsScene<'a>,
    /// The open log.
    pub logs: LogsScene<'a>,
    /// What was written down about alerts; `None` before the store said anything.
    pub notes: Option<&'a AlertNotes>,
    /// The plan on the screen.
    pub plan: Option<&'a PlanScene>,
    /// Lines of the open menu, palette or help.
    pub menu: &'a [MenuLine],
    /// The journal, newest first.
    pub journal: &'a [JournalLine],
    /// Problems of the configuration, keymap and theme.
    pub problems: &'a [Problem],
    /// The services that are declared.
    pub services: &'a Services,
    /// The most useful keys here with their words, for the footer.
    pub hints: &'a [(String, String)],
    /// A sentence that stays until dealt with: an unfinished run, how to allow writing, the three keys of the demo.
    pub banner: Option<&'a str>,
}

impl<'a> Scene<'a> {
    /// The guard of a shown environment; the strictest for one that is not known.
    pub fn guard_of(&self, environment: &str) -> Guard {
        let known = self.environments.iter().find(|known| known.name == environment);
        known.map_or(Guard::Production, |known| known.guard)
    }

    /// The sources of one environment.
    pub fn sources_of<'e>(&self, environment: &'e str) -> impl Iterator<Item = &'a SourceHealth> + Clone + use<'a, 'e> {
        self.sources.iter().filter(move |source| *source.id.environment == *environment)
    }
}
