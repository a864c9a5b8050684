//! What the console knows and what the operator chose. Changed by `update` alone; lends the screen its scene.

use std::sync::Arc;

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use super::aftermath::Aftermath;
use super::effect::PlanRequest;
use super::filter;
use super::jobs::JobsPane;
use crate::config::Environment;
use crate::domain::action::{Phase, Run};
use crate::domain::environment::Guard;
use crate::domain::problem::Problem;
use crate::domain::rollout::{Rollout, Verdict, WorkloadRef};
use crate::domain::service::{Services, UNMAPPED};
use crate::domain::source::{SourceHealth, SourceState};
use crate::domain::time::Instant;
use crate::keys::{Keymap, Pending};
use crate::sources::cluster::ClusterSnapshot;
use crate::ui::scene::{Detail, Header, JournalLine, MenuLine, PlanScene, Rows, Scene};
use crate::ui::state::{Overlay, UiState, View};

/// How the connection to the current environment stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Link {
    /// Being made.
    #[default]
    Connecting,
    /// Made.
    Connected,
    /// Could not be made; the reason.
    Failed(String),
}

/// The plan on the screen with the request it answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Planning {
    /// What was asked.
    pub request: PlanRequest,
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
    /// What the operator chose about the screen.
    pub ui: UiState,
    /// The environments of the configuration.
    pub environments: Vec<Environment>,
    /// The current one, by its place.
    pub current: usize,
    /// Whether this is the demo.
    pub is_demo: bool,
    /// The connection.
    pub link: Link,
    /// The kubeconfig context, once connected.
    pub context: String,
    /// The namespaces watched, in words.
    pub scope: String,
    /// Who we are to the cluster.
    pub identity: Option<String>,
    /// Why nothing may be changed here.
    pub read_only: Option<String>,
    /// The newest of the cluster that is shown.
    pub snapshot: ClusterSnapshot,
    /// What came in while the screen was frozen.
    pub held: Option<Box<ClusterSnapshot>>,
    /// The rows that pass the filter, worst first.
    pub visible: Vec<Arc<Rollout>>,
    /// The jobs pane.
    pub jobs: JobsPane,
    /// The open workload.
    pub detail: Option<Detail>,
    /// The plan on the screen.
    pub planning: Option<Planning>,
    /// The number of the next plan request.
    pub next_request: u64,
    /// Runs under way, newest last.
    pub runs: Vec<Run>,
    /// The journal, newest first.
    pub journal: Vec<JournalLine>,
    /// Problems of the configuration, keymap and theme.
    pub problems: Vec<Problem>,
    /// The services that are declared.
    pub services: Arc<Services>,
    /// A sentence that stays until dealt with.
    pub banner: Option<String>,
    /// Unfinished runs of before: their ids and what is said of them.
    pub unfinished: Vec<(String, String)>,
    /// What is said of a run that goes on behind the list.
    pub running: Option<String>,
    /// How the last run ended, when it did not end well; until somebody looks at the journal.
    pub ended_badly: Option<String>,
    /// What became of finished actions.
    pub aftermath: Aftermath,
    /// When the open workload is read again.
    pub detail_due: Option<Instant>,
    /// Lines of the open menu.
    pub menu: Vec<MenuLine>,
    /// Keys worth a line in the footer.
    pub hints: Vec<(String, String)>,
    /// Which key means what.
    pub keymap: Keymap,
    /// The beginning of a key sequence.
    pub pending: Pending,
    /// Until when a second request to leave is taken for one.
    pub leave_until: Option<Instant>,
    /// Rows of a page, as the last draw found.
    pub page: usize,
    /// The furthest the text in front may be scrolled, as the last draw found.
    pub furthest: usize,
}

impl Model {
    /// A console that knows nothing yet, in the first of its environments.
    pub fn new(environments: Vec<Environment>, current: usize, keymap: Keymap, problems: Vec<Problem>) -> Self {
        let mut model = Self {
            ui: UiState::default(),
            environments,
            current,
            is_demo: false,
            link: Link::default(),
            context: String::new(),
            scope: String::new(),
            identity: None,
            read_only: None,
            snapshot: ClusterSnapshot::default(),
            held: None,
            visible: Vec::new(),
            jobs: JobsPane::default(),
            detail: None,
            planning: None,
            next_request: 1,
            runs: Vec::new(),
            journal: Vec::new(),
            problems,
            services: Arc::default(),
            banner: None,
            unfinished: Vec::new(),
            running: None,
            ended_badly: None,
            aftermath: Aftermath::default(),
            detail_due: None,
            menu: Vec::new(),
            hints: Vec::new(),
            keymap,
            pending: Pending::default(),
            leave_until: None,
            page: 0,
            furthest: 0,
        };
        model.enter(current);
        model
    }

    /// Goes to another environment: nothing of the one before stays on the screen.
    pub fn enter(&mut self, environment: usize) {
        let Some(entered) = self.environments.get(environment) else { return };
        self.current = environment;
        self.link = Link::Connecting;
        self.context = entered.context.to_string();
        self.scope = entered.namespaces.to_string();
        self.identity = None;
        self.read_only = entered.read_only.as_ref().map(|reason| reason.words().to_owned());
        self.banner =
            entered.read_only.as_ref().map(|reason| format!("Read-only: {}. {}", reason.words(), reason.fix()));
        self.snapshot = ClusterSnapshot::default();
        self.held = None;
        self.visible.clear();
        self.jobs = JobsPane::default();
        self.detail = None;
        self.ui =
            UiState { is_wide: self.ui.is_wide, is_header_compact: self.ui.is_header_compact, ..UiState::default() };
    }

    /// The name of the current environment.
    fn environment_name(&self) -> &str {
        self.environments.get(self.current).map_or("", |environment| &environment.name)
    }

    /// The guard of the current environment; the strictest where there is none.
    fn guard(&self) -> Guard {
        self.environments.get(self.current).map_or(Guard::Production, |environment| environment.guard)
    }

    /// The freshness of every source; before there is a connection, of the way to it.
    pub fn sources(&self) -> Vec<SourceHealth> {
        if !self.snapshot.health.is_empty() {
            return self.snapshot.health.clone();
        }
        let mut health = SourceHealth::loading(format!("{}/cluster", self.environment_name()));
        if let Link::Failed(reason) = &self.link {
            health.state = SourceState::Down;
            health.error = Some(reason.clone());
        }
        vec![health]
    }

    /// The row under the cursor.
    pub fn cursor_row(&self) -> Option<&Arc<Rollout>> {
        let uid = self.ui.cursor.as_ref()?;
        self.visible.iter().find(|row| row.uid == *uid)
    }

    /// The workload the operator means: the open one, or the row under the cursor.
    pub fn meant(&self) -> Option<WorkloadRef> {
        match &self.ui.view {
            View::Detail(workload, _) => Some(workload.clone()),
            View::Rollouts => self.cursor_row().map(|row| row.workload.clone()),
            View::Jobs | View::Job(..) | View::Journal => None,
        }
    }

    /// Whether a run may still have something on its way.
    pub fn has_run_under_way(&self) -> bool {
        self.runs.iter().any(|run| matches!(run.phase, Phase::Confirmed | Phase::Executing | Phase::Verifying))
    }

    /// Applies filter and order again; a held cursor stays on its workload, or goes to the nearest row when that is gone.
    pub fn refilter(&mut self) {
        self.jobs.refilter(&self.snapshot.jobs, self.ui.filter.text.trim(), self.ui.is_problems_only);
        let place = self.cursor_place().unwrap_or(0);
        let all = self.snapshot.rollouts.iter();
        let all = all.filter(|row| !self.ui.is_problems_only || row.verdict != Verdict::Complete);
        let filter = self.ui.filter.text.trim();
        self.visible = if filter.is_empty() { all.cloned().collect() } else { matching(filter, all) };
        let is_there = self.ui.cursor.as_ref().is_some_and(|uid| self.visible.iter().any(|row| row.uid == *uid));
        if !self.ui.is_cursor_held || !is_there {
            let place = if self.ui.is_cursor_held { place.min(self.visible.len().saturating_sub(1)) } else { 0 };
            self.ui.cursor = self.visible.get(place).map(|row| row.uid.clone());
        }
    }

    /// The place of the cursor among the visible rows.
    pub fn cursor_place(&self) -> Option<usize> {
        let uid = self.ui.cursor.as_ref()?;
        self.visible.iter().position(|row| row.uid == *uid)
    }

    /// Everything a draw may read.
    pub fn scene<'a>(&'a self, now: Instant, sources: &'a [SourceHealth]) -> Scene<'a> {
        let is_troubled = |row: &&Arc<Rollout>| !matches!(row.verdict, Verdict::Complete | Verdict::Progressing);
        Scene {
            // A frozen screen shows the ages of the moment it was frozen at.
            now: self.ui.frozen_at.unwrap_or(now),
            ui: &self.ui,
            header: Header {
                environment: self.environment_name(),
                guard: self.guard(),
                context: &self.context,
                scope: &self.scope,
                identity: self.identity.as_deref(),
                read_only: self.read_only.as_deref(),
                is_demo: self.is_demo,
            },
            sources,
            rows: Rows {
                visible: &self.visible,
                cursor: self.cursor_place(),
                total: self.snapshot.rollouts.len(),
                troubled: self.snapshot.rollouts.iter().filter(is_troubled).count(),
                pods: self.snapshot.pods,
            },
            detail: self.detail.as_ref(),
            jobs: self.jobs.scene(),
            plan: self.planning.as_ref().map(|planning| &planning.scene),
            menu: &self.menu,
            journal: &self.journal,
            problems: &self.problems,
            services: &self.services,
            hints: &self.hints,
            clock: now,
            banner: self.said_first(),
        }
    }

    /// The sentence over the list: the gravest of what has to be dealt with.
    fn said_first(&self) -> Option<&str> {
        let unfinished = self.unfinished.first().map(|(_, words)| words.as_str());
        let running = self.running.as_deref().filter(|_| !matches!(self.overlay(), Some(Overlay::Plan { .. })));
        running
            .or(unfinished)
            .or_else(|| self.aftermath.undone())
            .or(self.ended_badly.as_deref())
            .or(self.banner.as_deref())
    }

    /// The overlay that has the keys.
    pub fn overlay(&self) -> Option<&Overlay> {
        self.ui.overlays.last()
    }
}

/// Rows whose environment, namespace, name, service, verdict or image match, the best first.
fn matching<'a>(filter: &str, rows: impl Iterator<Item = &'a Arc<Rollout>>) -> Vec<Arc<Rollout>> {
    let (asked, words) = filter::asked(filter);
    let mut matcher = Matcher::new(Config::DEFAULT);
    let pattern = Pattern::parse(&words, CaseMatching::Smart, Normalization::Smart);
    let mut buffer = Vec::new();
    let mut found: Vec<(u32, &Arc<Rollout>)> = rows
        .filter(|row| asked.allows(row))
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
