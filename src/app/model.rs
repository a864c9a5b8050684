//! What the console knows and what the operator chose. Changed by `update` alone; lends the screen its scene.

use std::collections::BTreeMap;
use std::sync::Arc;

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use super::aftermath::Aftermath;
use super::effect::{Effect, PlanRequest};
use super::jobs::JobsPane;
use super::logs::LogsPane;
use super::overview::Headlines;
use super::panes::Panes;
use super::pod_session::OpenPort;
use crate::actions::catalog::{self, Catalog};
use crate::config::Environment;
use crate::domain::action::{Phase, Run};
use crate::domain::cause::Cause;
use crate::domain::environment::Guard;
use crate::domain::job::JobRef;
use crate::domain::problem::Problem;
use crate::domain::rollout::{Rollout, Verdict, WorkloadRef};
use crate::domain::service::UNMAPPED;
use crate::domain::source::SourceHealth;
use crate::domain::store::Note;
use crate::domain::time::Instant;
use crate::keys::{Keymap, Pending};
use crate::panes;
use crate::ui::alerts::AlertLine;
use crate::ui::scene::{Detail, EnvironmentScene, Header, MenuLine, PlanScene, Rows, Scene};
use crate::ui::state::{Overlay, Slot, UiState, View};
use crate::world::{Link, Scope, Sight, World};

/// The plan on the screen with the request it answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Planning {
    /// What was asked.
    pub request: PlanRequest,
    /// The action that was opened: what is asked may be another, where the text of its form is emptied.
    pub opened: &'static str,
    /// What a draft of its form is about; empty where it has no form.
    pub draft: String,
    /// What the last plan fixed of what was given, each with the field it stands in place of.
    pub fixed: BTreeMap<String, String>,
    /// What is shown.
    pub scene: PlanScene,
    /// When the plan is worked out again by itself.
    pub refresh_at: Option<Instant>,
    /// Whether it is being worked out at this moment.
    pub is_in_flight: bool,
}

/// The whole state of the console.
#[derive(Debug)]
pub struct Model {
    /// What is known of the world.
    pub world: World,
    /// What the operator chose about the screen.
    pub ui: UiState,
    /// Whether this is the demo.
    pub is_demo: bool,
    /// The rows that pass the filter, worst first.
    pub visible: Vec<Arc<Rollout>>,
    /// The jobs pane.
    pub jobs: JobsPane,
    /// The logs pane.
    pub logs: LogsPane,
    /// The alerts on the screen.
    pub alerts: Vec<AlertLine>,
    /// The panes that are lists of rows, each with what was chosen of it.
    pub panes: Panes,
    /// What they say first, kept while it holds.
    pub headlines: Headlines,
    /// The open workload.
    pub detail: Option<Detail>,
    /// The plan on the screen.
    pub planning: Option<Planning>,
    /// The number of the next plan request.
    pub next_request: u64,
    /// Runs under way, newest last.
    pub runs: Vec<Run>,
    /// Problems of the configuration, keymap and theme.
    pub problems: Vec<Problem>,
    /// A sentence that stays until dealt with.
    pub banner: Option<String>,
    /// Unfinished runs of before: their ids and what is said of them.
    pub unfinished: Vec<(String, String)>,
    /// The newest sentence of each run that goes on, by its id.
    pub progress: BTreeMap<String, String>,
    /// What is said of runs that go on behind the list.
    pub running: Option<String>,
    /// How the last run ended, when it did not end well; until somebody looks at the journal.
    pub ended_badly: Option<String>,
    /// What became of finished actions.
    pub aftermath: Aftermath,
    /// What is typed into forms and not sent yet.
    pub drafts: Box<super::drafts::Drafts>,
    /// Plans whose runs go on behind the one in front.
    pub behind: Vec<Planning>,
    /// Ports of pods that are open on this machine, the oldest first.
    pub open_ports: Vec<OpenPort>,
    /// What is said of them.
    pub ports_said: Option<String>,
    /// When the open workload is read again.
    pub detail_due: Option<Instant>,
    /// Lines of the open menu.
    pub menu: Vec<MenuLine>,
    /// Keys worth a line in the footer.
    pub hints: Vec<(String, String)>,
    /// The actions there are.
    pub catalog: Catalog,
    /// Which key means what.
    pub keymap: Keymap,
    /// The beginning of a key sequence.
    pub pending: Pending,
    /// Until when a second request to leave is taken for one.
    pub leave_until: Option<Instant>,
    /// Whether the terminal has no room for a screen: then nothing can be read, and nothing is done but leave.
    pub is_too_small: bool,
    /// Rows of a page, as the last draw found.
    pub page: usize,
    /// The furthest the text in front may be scrolled, as the last draw found.
    pub furthest: usize,
}

impl Model {
    /// A console that knows nothing yet of these environments, and shows those of a scope.
    pub fn new(environments: Vec<Environment>, scope: Scope, keymap: Keymap, problems: Vec<Problem>) -> Self {
        let mut model = Self {
            ui: UiState::default(),
            world: World::new(environments, scope),
            is_demo: false,
            visible: Vec::new(),
            jobs: JobsPane::default(),
            logs: LogsPane::default(),
            alerts: Vec::new(),
            panes: Panes::new(panes::SHIPPED),
            headlines: Headlines::default(),
            detail: None,
            planning: None,
            next_request: 1,
            runs: Vec::new(),
            problems,
            banner: None,
            unfinished: Vec::new(),
            progress: BTreeMap::new(),
            running: None,
            ended_badly: None,
            aftermath: Aftermath::default(),
            drafts: Box::default(),
            behind: Vec::new(),
            open_ports: Vec::new(),
            ports_said: None,
            detail_due: None,
            menu: Vec::new(),
            hints: Vec::new(),
            catalog: catalog::SHIPPED,
            keymap,
            pending: Pending::default(),
            leave_until: None,
            is_too_small: false,
            page: 0,
            furthest: 0,
        };
        model.enter(scope);
        model
    }

    /// Goes to another scope: of the screen before nothing stays but how it was laid out. What is known of an environment is kept.
    pub fn enter(&mut self, scope: Scope) {
        // The number goes on: what an older reading still has to say is not for the next.
        self.logs.close();
        self.detail = None;
        self.jobs = JobsPane::default();
        self.panes.reset();
        self.ui =
            UiState { is_wide: self.ui.is_wide, is_header_compact: self.ui.is_header_compact, ..UiState::default() };
        self.world.show(scope);
        let reasons: Vec<_> = self.world.shown().map(Sight::read_only_sentence).collect();
        // Where something may be changed, the header says of each row whether it is one of those.
        self.banner = reasons.into_iter().collect::<Option<Vec<_>>>().and_then(|all| all.into_iter().next());
        self.refilter();
        self.refilter_alerts();
    }

    /// Asks for a connection to every environment that is shown and has none yet.
    pub fn connect_shown(&mut self) -> Vec<Effect> {
        let scope = self.world.scope;
        let unasked = self.world.sights.iter_mut().enumerate();
        let unasked = unasked.filter(|(place, sight)| scope.includes(*place) && sight.link == Link::Idle);
        unasked
            .map(|(place, sight)| {
                sight.link = Link::Connecting;
                Effect::Connect(place)
            })
            .collect()
    }

    /// The environment the operator means: that of the plan on the screen, of what is open, of the row under the cursor; else the only one
    /// that is shown.
    pub fn here(&self) -> Option<&Sight> {
        let planned = self.planning.as_ref().filter(|_| matches!(self.overlay(), Some(Overlay::Plan { .. })));
        let planned = planned.and_then(|planning| planning.request.targets.first());
        let meant = planned.map(|target| target.environment().clone()).or_else(|| match &self.ui.view {
            View::Detail(workload, _) | View::Logs(workload) => Some(workload.environment.clone()),
            View::Job(job, _) => Some(job.environment.clone()),
            View::Rollouts => self.cursor_row().map(|row| row.workload.environment.clone()),
            View::Jobs => self.jobs.row().map(|row| row.job.environment.clone()),
            View::Alerts | View::Alert(..) => self.alert_environment(),
            View::Overview => self.overview_environment(),
            View::Pane(_) => self.selection().and_then(|selection| selection.environment),
            View::Journal => None,
        });
        let mut shown = self.world.shown();
        meant.and_then(|meant| self.world.sight(&meant)).or_else(|| shown.next().filter(|_| shown.next().is_none()))
    }

    /// The row under the cursor.
    pub fn cursor_row(&self) -> Option<&Arc<Rollout>> {
        let key = self.ui.cursor.as_ref()?;
        self.visible.iter().find(|row| row.is(key))
    }

    /// The workload the operator means: the open one, or the row under the cursor.
    pub fn meant(&self) -> Option<WorkloadRef> {
        match &self.ui.view {
            View::Detail(workload, _) | View::Logs(workload) => Some(workload.clone()),
            View::Rollouts => self.cursor_row().map(|row| row.workload.clone()),
            View::Jobs | View::Job(..) | View::Journal => None,
            View::Alerts | View::Alert(..) => self.alerted().map(|row| row.workload.clone()),
            View::Overview => self.overview_workload(),
            View::Pane(_) => self.selected_rollout().map(|row| row.workload.clone()),
        }
    }

    /// The CronJob or the Job the operator means: the open one, or the row under the cursor.
    pub fn job_meant(&self) -> Option<JobRef> {
        match &self.ui.view {
            View::Jobs => self.jobs.row().map(|row| row.job.clone()),
            View::Job(job, _) => Some(job.clone()),
            _ => None,
        }
    }

    /// Whether a run may still have something on its way.
    pub fn has_run_under_way(&self) -> bool {
        self.runs.iter().any(|run| matches!(run.phase, Phase::Confirmed | Phase::Executing | Phase::Verifying))
    }

    /// Applies filter and order again; a held cursor stays on its workload, or goes to the nearest row when that is gone.
    pub fn refilter(&mut self) {
        self.jobs.refilter(&self.world.snapshot.jobs, self.ui.filter.text.trim(), self.ui.is_problems_only);
        let place = self.cursor_place().unwrap_or(0);
        let all = self.world.snapshot.rollouts.iter();
        let all = all.filter(|row| !self.ui.is_problems_only || row.verdict != Verdict::Complete);
        let filter = self.ui.filter.text.trim();
        self.visible =
            if filter.is_empty() { all.cloned().collect() } else { matching(filter, all, &self.world.snapshot.causes) };
        let is_there = self.ui.cursor.as_ref().is_some_and(|key| self.visible.iter().any(|row| row.is(key)));
        if !self.ui.is_cursor_held || !is_there {
            let place = if self.ui.is_cursor_held { place.min(self.visible.len().saturating_sub(1)) } else { 0 };
            self.ui.cursor = self.visible.get(place).map(|row| row.key());
        }
    }

    /// The place of the cursor among the visible rows.
    pub fn cursor_place(&self) -> Option<usize> {
        let key = self.ui.cursor.as_ref()?;
        self.visible.iter().position(|row| row.is(key))
    }

    /// Everything a draw may read.
    pub fn scene<'a>(&'a self, now: Instant, sources: &'a [SourceHealth]) -> Scene<'a> {
        let is_troubled = |row: &&Arc<Rollout>| !matches!(row.verdict, Verdict::Complete | Verdict::Progressing);
        let glance = self.glance(sources, now);
        let told = self.told(&glance);
        Scene {
            world: &self.world,
            front: self.drawn(),
            groups: self.groups(&told),
            tabs: self.tabs(),
            // A frozen screen shows the ages of the moment it was frozen at.
            now: glance.now,
            frozen_at: self.world.frozen_at,
            ui: &self.ui,
            header: self.header(),
            environments: self.world.shown().map(environment).collect(),
            sources,
            rows: Rows {
                visible: &self.visible,
                cursor: self.cursor_place(),
                total: self.world.snapshot.rollouts.len(),
                troubled: self.world.snapshot.rollouts.iter().filter(is_troubled).count(),
                pods: self.world.snapshot.pods,
            },
            alerts: self.alerts_scene(),
            released: self.open_alert().and_then(|alert| self.world.released_around(alert)),
            advice: self.world.advised.known(),
            usage: self.usage_scene(),
            overview: self.overview_scene(glance, told),
            detail: self.detail.as_ref(),
            jobs: self.jobs.scene(),
            logs: self.logs.scene(),
            notes: self.world.store.as_ref().and_then(|store| store.facts::<Note>()),
            plan: self.planning.as_ref().map(|planning| &planning.scene),
            menu: &self.menu,
            journal: &self.world.journal,
            problems: &self.problems,
            services: &self.world.services,
            hints: &self.hints,
            clock: now,
            banner: self.said_first(),
        }
    }

    /// Where the operator is: in one environment, or over all of them with the strictest guard.
    fn header(&self) -> Header<'_> {
        let environments = self.world.shown().count();
        let Some(here) = self.here() else {
            return Header {
                environment: "",
                guard: self.world.shown().map(Sight::guard).max().unwrap_or(Guard::Production),
                context: "",
                scope: "",
                identity: None,
                read_only: self.world.shown().find_map(Sight::read_only),
                is_demo: self.is_demo,
                environments,
            };
        };
        Header {
            environment: here.name(),
            guard: here.guard(),
            context: &here.context,
            scope: &here.namespaces,
            identity: here.identity.as_deref(),
            read_only: here.read_only(),
            is_demo: self.is_demo,
            environments,
        }
    }

    /// The sentence over the list: the gravest of what has to be dealt with.
    fn said_first(&self) -> Option<&str> {
        let unfinished = self.unfinished.first().map(|(_, words)| words.as_str());
        let running = self.running.as_deref().filter(|_| !matches!(self.overlay(), Some(Overlay::Plan { .. })));
        let split = self.world.split.first().map(String::as_str);
        split
            .or(running)
            .or(unfinished)
            .or_else(|| self.aftermath.undone())
            .or(self.ended_badly.as_deref())
            .or(self.ports_said.as_deref())
            .or(self.banner.as_deref())
    }

    /// Says which ports of pods are open on this machine.
    pub(super) fn say_ports(&mut self) {
        let told = |open: &OpenPort| {
            let OpenPort { pod, local, remote, .. } = open;
            let trouble = open.trouble.as_deref().map(|why| format!(" (last trouble: {why})")).unwrap_or_default();
            // By the clock: an age would have to be drawn anew for as long as the port is open.
            let since = open.since.format("%H:%M UTC");
            let place = format!("{}/{}:{remote} in {}", pod.namespace, pod.name, pod.environment);
            format!("127.0.0.1:{local} to {place} since {since}{trouble}")
        };
        let open: Vec<String> = self.open_ports.iter().map(told).collect();
        self.ports_said = (!open.is_empty()).then(|| format!("FORWARDING {}. :end-forward ends it.", open.join("; ")));
    }

    /// The overlay that has the keys.
    pub fn overlay(&self) -> Option<&Overlay> {
        self.ui.overlays.last()
    }

    /// Whether the field that has the keys is one of several lines.
    pub(super) fn has_lines(&self) -> bool {
        let Some(Overlay::Plan { at: Slot::Given(place), .. }) = self.overlay() else { return false };
        let planning = self.planning.as_ref().filter(|planning| planning.scene.run.is_none());
        planning.and_then(|planning| planning.scene.form.get(*place)).is_some_and(|field| field.has_lines())
    }
}

/// What a draw may read of an environment.
fn environment(sight: &Sight) -> EnvironmentScene<'_> {
    EnvironmentScene { name: sight.name(), guard: sight.guard(), rows: sight.snapshot.rollouts.len() }
}

/// Rows whose environment, namespace, name, service, verdict or image match, the best first.
fn matching<'a>(
    filter: &str,
    rows: impl Iterator<Item = &'a Arc<Rollout>>,
    causes: &[Arc<Cause>],
) -> Vec<Arc<Rollout>> {
    let (asked, words) = panes::rollouts::filter::asked(filter);
    let mut matcher = Matcher::new(Config::DEFAULT);
    let pattern = Pattern::parse(&words, CaseMatching::Smart, Normalization::Smart);
    let mut buffer = Vec::new();
    let mut found: Vec<(u32, &Arc<Rollout>)> = rows
        .filter(|row| asked.allows(row, causes))
        .filter_map(|row| {
            let text = format!(
                "{} {} {} {} {} {}",
                row.workload.environment,
                row.workload.namespace,
                row.workload.label(),
                row.service.as_deref().unwrap_or(UNMAPPED),
                row.verdict.word(),
                row.images.join(" ")
            );
            let score = pattern.score(Utf32Str::new(&text, &mut buffer), &mut matcher)?;
            // A hit in the name itself counts most.
            let name = pattern.score(Utf32Str::new(&row.workload.name, &mut buffer), &mut matcher).unwrap_or(0);
            Some((score + name * 2, row))
        })
        .collect();
    found.sort_by(|(score, row), (other_score, other)| {
        row.verdict.cmp(&other.verdict).then(other_score.cmp(score)).then_with(|| row.worst_first(other))
    });
    found.into_iter().map(|(_, row)| row.clone()).collect()
}
