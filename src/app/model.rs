//! What the console knows and what the operator chose. Changed by `update` alone; lends the screen its scene.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use super::aftermath::Aftermath;
use super::alerts::Alerts;
use super::drafts::Form;
use super::effect::{Effect, PlanRequest};
use super::filter;
use super::jobs::JobsPane;
use super::logs::LogsPane;
use super::pod_session::OpenPort;
use super::sight::{Link, Scope, Sight};
use super::timeline::Happened;
use crate::config::Environment;
use crate::domain::action::{Phase, Run};
use crate::domain::alert::Word;
use crate::domain::cause::Cause;
use crate::domain::cluster::ClusterSnapshot;
use crate::domain::environment::Guard;
use crate::domain::node::Node;
use crate::domain::problem::Problem;
use crate::domain::rollout::{Rollout, Verdict, WorkloadRef};
use crate::domain::service::{Services, UNMAPPED};
use crate::domain::source::SourceHealth;
use crate::domain::store::StoreSnapshot;
use crate::domain::store::{Author, Note};
use crate::domain::time::Instant;
use crate::keys::{Keymap, Pending};
use crate::ui::lines::Lines;
use crate::ui::scene::{Detail, Header, JournalLine, MenuLine, PlanScene, Rows, Scene, WordScene};
use crate::ui::silences::SilenceLine;
use crate::ui::state::{Overlay, UiState, View};

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
    /// The environments of the configuration, each with what is known of it.
    pub sights: Vec<Sight>,
    /// Which of them are shown.
    pub scope: Scope,
    /// Whether this is the demo.
    pub is_demo: bool,
    /// What is known of all environments that are shown, as one list.
    pub snapshot: ClusterSnapshot,
    /// The rows that pass the filter, worst first.
    pub visible: Vec<Arc<Rollout>>,
    /// The jobs pane.
    pub jobs: JobsPane,
    /// The logs pane.
    pub logs: LogsPane,
    /// The alerts.
    pub alerts: Alerts,
    /// The signals.
    pub signals: super::signals::Signals,
    /// What was promised, and what is left of it.
    pub slos: super::slos::Slos,
    /// Whether components are well.
    pub health: super::health::Health,
    /// What is advised about releases.
    pub advised: super::advice::Advised,
    /// The nodes on the screen.
    pub nodes: Lines<Arc<Node>, 3>,
    /// What pods and nodes use.
    pub usage: super::usage::Usages,
    /// The silences on the screen.
    pub silences: Lines<SilenceLine, 3>,
    /// What happened lately.
    pub happened: Happened,
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
    /// The newest sentence of each run that goes on, by its id.
    pub progress: BTreeMap<String, String>,
    /// What is said of runs that go on behind the list.
    pub running: Option<String>,
    /// How the last run ended, when it did not end well; until somebody looks at the journal.
    pub ended_badly: Option<String>,
    /// What became of finished actions.
    pub aftermath: Aftermath,
    /// The word about alerts that is open.
    pub word: Option<WordScene>,
    /// The forms of the words that are being written, open or closed.
    pub writing: BTreeSet<Form>,
    /// What is typed into forms and not sent yet.
    pub drafts: Box<super::drafts::Drafts>,
    /// Plans whose runs go on behind the one in front.
    pub behind: Vec<Planning>,
    /// Ports of pods that are open on this machine, the oldest first.
    pub open_ports: Vec<OpenPort>,
    /// What is said of them.
    pub ports_said: Option<String>,
    /// Who sits here, for the store.
    pub author: Author,
    /// Whether nothing may be written into the store from here.
    pub is_store_read_only: bool,
    /// What the store said last; `None` before it said anything.
    pub store: Option<StoreSnapshot>,
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
            sights: environments.into_iter().map(Sight::new).collect(),
            scope,
            is_demo: false,
            snapshot: ClusterSnapshot::default(),
            visible: Vec::new(),
            jobs: JobsPane::default(),
            logs: LogsPane::default(),
            alerts: Alerts::default(),
            signals: super::signals::Signals::default(),
            slos: super::slos::Slos::default(),
            health: super::health::Health::default(),
            advised: super::advice::Advised::default(),
            nodes: Lines::default(),
            usage: super::usage::Usages::default(),
            silences: Lines::default(),
            happened: Happened::default(),
            detail: None,
            planning: None,
            next_request: 1,
            runs: Vec::new(),
            journal: Vec::new(),
            problems,
            services: Arc::default(),
            banner: None,
            unfinished: Vec::new(),
            progress: BTreeMap::new(),
            running: None,
            ended_badly: None,
            aftermath: Aftermath::default(),
            word: None,
            writing: BTreeSet::new(),
            drafts: Box::default(),
            behind: Vec::new(),
            open_ports: Vec::new(),
            ports_said: None,
            author: Author::default(),
            is_store_read_only: false,
            store: None,
            detail_due: None,
            menu: Vec::new(),
            hints: Vec::new(),
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
        self.scope = scope;
        // The number goes on: what an older reading still has to say is not for the next.
        self.logs.close();
        self.detail = None;
        self.jobs = JobsPane::default();
        self.ui =
            UiState { is_wide: self.ui.is_wide, is_header_compact: self.ui.is_header_compact, ..UiState::default() };
        let reasons: Vec<_> = self.shown().map(Sight::read_only_sentence).collect();
        // Where something may be changed, the header says of each row whether it is one of those.
        self.banner = reasons.into_iter().collect::<Option<Vec<_>>>().and_then(|all| all.into_iter().next());
        let shown = self.shown().map(|sight| sight.name().into()).collect();
        self.alerts.show(shown);
        self.merge();
        self.refilter();
        self.refilter_alerts();
    }

    /// Asks for a connection to every environment that is shown and has none yet.
    pub fn connect_shown(&mut self) -> Vec<Effect> {
        let scope = self.scope;
        let unasked = self.sights.iter_mut().enumerate();
        let unasked = unasked.filter(|(place, sight)| scope.includes(*place) && sight.link == Link::Idle);
        unasked
            .map(|(place, sight)| {
                sight.link = Link::Connecting;
                Effect::Connect(place)
            })
            .collect()
    }

    /// The environments that are shown.
    pub fn shown(&self) -> impl Iterator<Item = &Sight> + Clone {
        let scope = self.scope;
        self.sights.iter().enumerate().filter(move |(place, _)| scope.includes(*place)).map(|(_, sight)| sight)
    }

    /// An environment by its name.
    pub fn sight(&self, environment: &str) -> Option<&Sight> {
        self.sights.iter().find(|sight| sight.name() == environment)
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
            View::Signals => self.signal_line().map(|line| line.environment.clone()),
            View::Slo => self.slo_line().map(|line| line.environment.clone()),
            View::Health => self.health_environment().cloned(),
            View::Nodes => self.node_line().map(|line| line.node.environment.clone()),
            View::Silences => self.silence_line().map(|line| line.environment.clone()),
            View::Journal => None,
        });
        let mut shown = self.shown();
        meant.and_then(|meant| self.sight(&meant)).or_else(|| shown.next().filter(|_| shown.next().is_none()))
    }

    /// Brings the environments that are shown into one list; the rows there were before.
    ///
    /// With one environment, or when only its freshness changed, no row is touched.
    pub fn merge(&mut self) -> Arc<[Arc<Rollout>]> {
        let mut merged = ClusterSnapshot::together(self.shown().map(|sight| &sight.snapshot));
        merged.health = self.sources();
        merged.focus = match &self.ui.view {
            View::Detail(workload, _) => {
                self.sight(&workload.environment).and_then(|sight| sight.snapshot.focus.clone())
            }
            _ => None,
        };
        std::mem::replace(&mut self.snapshot, merged).rollouts
    }

    /// The freshness of every source of the environments that are shown, and of the store.
    pub fn sources(&self) -> Vec<SourceHealth> {
        let store = self.store.as_ref().map(|store| store.health.clone());
        let alerts = self.shown().flat_map(|sight| self.alerts.sources(sight.name())).cloned();
        let signals =
            self.shown().filter_map(|sight| self.signals.newest.of(sight.name())).flat_map(|one| one.health.clone());
        let slos =
            self.shown().filter_map(|sight| self.slos.newest.of(sight.name())).flat_map(|one| one.health.clone());
        self.shown().flat_map(Sight::sources).chain(alerts).chain(signals).chain(slos).chain(store).collect()
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
            View::Jobs | View::Job(..) | View::Journal | View::Silences => None,
            View::Alerts | View::Alert(..) => self.alerted().map(|row| row.workload.clone()),
            View::Overview => self.overview_workload(),
            View::Signals => self.signal_rollouts().first().map(|row| row.workload.clone()),
            View::Health => self.health_rollouts().first().map(|row| row.workload.clone()),
            View::Slo => self.slo_rollouts().first().map(|row| row.workload.clone()),
            View::Nodes => self.harmed().first().map(|row| row.workload.clone()),
        }
    }

    /// Whether a run may still have something on its way.
    pub fn has_run_under_way(&self) -> bool {
        self.runs.iter().any(|run| matches!(run.phase, Phase::Confirmed | Phase::Executing | Phase::Verifying))
    }

    /// Applies filter and order again; a held cursor stays on its workload, or goes to the nearest row when that is gone.
    pub fn refilter(&mut self) {
        self.refilter_nodes();
        self.jobs.refilter(&self.snapshot.jobs, self.ui.filter.text.trim(), self.ui.is_problems_only);
        let place = self.cursor_place().unwrap_or(0);
        let all = self.snapshot.rollouts.iter();
        let all = all.filter(|row| !self.ui.is_problems_only || row.verdict != Verdict::Complete);
        let filter = self.ui.filter.text.trim();
        self.visible =
            if filter.is_empty() { all.cloned().collect() } else { matching(filter, all, &self.snapshot.causes) };
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
        Scene {
            // A frozen screen shows the ages of the moment it was frozen at.
            now: self.ui.frozen_at.unwrap_or(now),
            ui: &self.ui,
            header: self.header(),
            environments: self.shown().map(Sight::scene).collect(),
            sources,
            rows: Rows {
                visible: &self.visible,
                cursor: self.cursor_place(),
                total: self.snapshot.rollouts.len(),
                troubled: self.snapshot.rollouts.iter().filter(is_troubled).count(),
                pods: self.snapshot.pods,
            },
            alerts: self.alerts_scene(),
            released: self.released(),
            signals: self.signals_scene(),
            slo: self.slo_scene(),
            health: self.health_scene(),
            advice: self.advised.known(),
            nodes: self.nodes_scene(),
            usage: self.usage_scene(),
            silences: self.silences_scene(),
            overview: self.overview_scene(sources),
            detail: self.detail.as_ref(),
            jobs: self.jobs.scene(),
            logs: self.logs.scene(),
            word: self.word.as_ref(),
            notes: self.store.as_ref().and_then(|store| store.facts::<Note>()),
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

    /// Where the operator is: in one environment, or over all of them with the strictest guard.
    fn header(&self) -> Header<'_> {
        let environments = self.shown().count();
        let Some(here) = self.here() else {
            return Header {
                environment: "",
                guard: self.shown().map(Sight::guard).max().unwrap_or(Guard::Production),
                context: "",
                scope: "",
                identity: None,
                read_only: self.shown().find_map(Sight::read_only),
                is_demo: self.is_demo,
                environments,
                counts: self.snapshot.counts(),
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
            counts: self.snapshot.counts(),
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

    /// Whether a note has the keys.
    pub(super) fn has_open_note(&self) -> bool {
        let is_note = self.word.as_ref().is_some_and(|open| matches!(*open.plan, Word::Noting(_)));
        is_note && matches!(self.overlay(), Some(Overlay::Word { .. }))
    }
}

/// Rows whose environment, namespace, name, service, verdict or image match, the best first.
fn matching<'a>(
    filter: &str,
    rows: impl Iterator<Item = &'a Arc<Rollout>>,
    causes: &[Arc<Cause>],
) -> Vec<Arc<Rollout>> {
    let (asked, words) = filter::asked(filter);
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
