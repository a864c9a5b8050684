//! What a test may see of a console on a stage, and how it brings about what no key does: whatever its state is kept in.

use std::sync::Arc;

use quarterdeck::app::{Effect, Message, PlanRequest, next_due, update};
use quarterdeck::config::{Asked, Settings};
use quarterdeck::domain::alert::LocalRule;
use quarterdeck::domain::job::JobRef;
use quarterdeck::domain::rollout::{Rollout, WorkloadRef};
use quarterdeck::domain::service::Services;
use quarterdeck::domain::time::Instant;
use quarterdeck::domain::timeline::Moment;
use quarterdeck::keys::Sequence;
use quarterdeck::ui::overview::Spot;
use quarterdeck::ui::state::{Overlay, View};
use quarterdeck::world::Scope;

use crate::stage::{Stage, now, text};

impl Stage {
    /// Something happens at a time; what is asked for then.
    pub(crate) fn tell_at(&mut self, message: impl Into<Message>, at: Instant) -> Vec<Effect> {
        update(&mut self.model, message.into(), at)
    }

    /// What keys ask for.
    pub(crate) fn asks(&mut self, keys: &str) -> Vec<Effect> {
        let sequence: Sequence = keys.parse().expect("keys as a keymap writes them");
        sequence.0.into_iter().flat_map(|chord| self.tell_at(Message::Key(chord), now())).collect()
    }

    /// When time alone changes something.
    pub(crate) fn next_due(&self, now: Instant) -> Option<Instant> {
        next_due(&self.model, now)
    }

    /// Shows other environments.
    pub(crate) fn enter(&mut self, scope: Scope) {
        self.model.enter(scope);
    }

    /// Which environments are shown.
    pub(crate) fn scope(&self) -> Scope {
        self.model.world.scope
    }

    /// The configuration has these environments, all of them shown.
    pub(crate) fn configure(&mut self, text: &str) {
        let (settings, problems) = Settings::parse("test.toml".as_ref(), text, &Asked::default());
        assert_eq!(problems, [], "the test's own configuration");
        let keymap = self.model.keymap.clone();
        self.model = quarterdeck::app::Model::new(settings.environments, Scope::All, keymap, Vec::new());
    }

    /// The configuration declares these services.
    pub(crate) fn declare(&mut self, services: Services) {
        self.model.world.services = Arc::new(services);
    }

    /// The configuration gives an environment these rules of the console's own.
    pub(crate) fn rule(&mut self, place: usize, rules: Vec<LocalRule>) {
        self.model.world.sights[place].environment.rules = rules.into();
    }

    /// What is in front: a pane by its name, or what is open of one.
    pub(crate) fn front(&self) -> String {
        let pane = match &self.model.ui.view {
            View::Rollouts => "rollouts",
            View::Detail(workload, _) => return format!("rollout {}", workload.name),
            View::Logs(workload) => return format!("log {}", workload.name),
            View::Jobs => "jobs",
            View::Job(job, _) => return job.to_string(),
            View::Journal => "journal",
            View::Alerts => "alerts",
            View::Alert(environment, key) => {
                let alert = self.model.world.alerts.alert(&(environment.clone(), key.clone()));
                return format!("alert {}", alert.map_or("that is gone", |alert| alert.title()));
            }
            View::Pane(id) => id,
            View::Overview => "overview",
        };
        pane.to_owned()
    }

    /// Which part of what is open is shown.
    pub(crate) fn part(&self) -> String {
        match &self.model.ui.view {
            View::Detail(_, tab) => format!("{tab:?}"),
            View::Job(_, tab) => format!("{tab:?}"),
            _ => String::new(),
        }
    }

    /// The alerts come in front, by whatever way.
    pub(crate) fn bring_alerts(&mut self) {
        self.model.ui.view = View::Alerts;
    }

    /// The lines of the list in front by name and state, from the top.
    fn lines(&self) -> Vec<(String, String)> {
        let model = &self.model;
        let line = |name: &str, state: &str| (name.to_owned(), state.to_owned());
        match &model.ui.view {
            View::Rollouts => model.visible.iter().map(|row| line(&row.workload.name, row.verdict.word())).collect(),
            View::Jobs => model.jobs.visible.iter().map(|row| line(&row.job.name, row.verdict.word())).collect(),
            View::Alerts => {
                let lines = model.alerts.iter();
                lines.map(|one| line(one.alert.title(), one.alert.state().word())).collect()
            }
            View::Pane(_) => {
                let rows = model.front().map(quarterdeck::panes::view::View::rows).unwrap_or_default();
                rows.into_iter().map(|row| (row.name, row.state)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The names in the list in front, from the top.
    pub(crate) fn rows(&self) -> Vec<String> {
        self.lines().into_iter().map(|(name, _)| name).collect()
    }

    /// The same with the state of each before its name.
    pub(crate) fn states(&self) -> Vec<String> {
        self.lines().into_iter().map(|(name, state)| format!("{state} {name}")).collect()
    }

    /// The place of the cursor in the list in front.
    pub(crate) fn place(&self) -> Option<usize> {
        let (model, ui) = (&self.model, &self.model.ui);
        match &ui.view {
            View::Rollouts => model.cursor_place(),
            View::Jobs => model.jobs.visible.iter().position(|row| model.jobs.cursor == Some(row.key())),
            View::Alerts => model.alert_place(),
            View::Pane(_) => model.front()?.place(),
            _ => None,
        }
    }

    /// The name under the cursor of the list in front; empty when there is none.
    pub(crate) fn under_cursor(&self) -> String {
        self.place().and_then(|place| self.rows().into_iter().nth(place)).unwrap_or_default()
    }

    /// The drawn line under the cursor of the list in front.
    pub(crate) fn line_under_cursor(&self) -> String {
        let (buffer, hit) = self.drawn(120, 40);
        let line = usize::from(hit.rows.y) + self.place().expect("a line under the cursor") - hit.offset;
        text(&buffer).lines().nth(line).unwrap_or_default().to_owned()
    }

    /// The rollouts that pass the filter.
    pub(crate) fn visible(&self) -> &[Arc<Rollout>] {
        &self.model.visible
    }

    /// Every rollout of the environments that are shown.
    pub(crate) fn rollouts(&self) -> &[Arc<Rollout>] {
        &self.model.world.snapshot.rollouts
    }

    /// What is marked.
    pub(crate) fn marks(&self) -> usize {
        self.model.ui.marks.len()
    }

    /// The filter of the list in front.
    pub(crate) fn filter(&self) -> &str {
        let ui = &self.model.ui;
        match &ui.view {
            View::Alerts => &ui.alerts.filter.text,
            View::Pane(_) => self.model.front().map_or("", |view| &view.chosen().filter.text),
            _ => &ui.filter.text,
        }
    }

    /// Whether a filter has the keys.
    pub(crate) fn is_filtering(&self) -> bool {
        self.model.ui.is_filtering
    }

    /// Whether the screen stands still.
    pub(crate) fn is_frozen(&self) -> bool {
        self.model.world.frozen_at.is_some()
    }

    /// The passing line; empty when there is none.
    pub(crate) fn said(&self) -> String {
        self.model.ui.toast.as_ref().map(|toast| toast.words.clone()).unwrap_or_default()
    }

    /// The environment the operator means.
    pub(crate) fn here(&self) -> String {
        self.model.here().map(|sight| sight.name().to_owned()).unwrap_or_default()
    }

    /// The workload the operator means.
    pub(crate) fn meant(&self) -> Option<WorkloadRef> {
        self.model.meant()
    }

    /// The job that is open.
    pub(crate) fn open_job(&self) -> JobRef {
        let View::Job(job, _) = &self.model.ui.view else { unreachable!("a job is open") };
        job.clone()
    }

    /// Where the cursor of the overview is.
    pub(crate) fn spot(&self) -> Option<Spot> {
        self.model.ui.overview.cursor.clone()
    }

    /// What the timeline tells, newest first.
    pub(crate) fn moments(&self) -> &[Moment] {
        &self.model.world.happened.shown.moments
    }

    /// What lies over the view.
    pub(crate) fn overlay(&self) -> Option<&Overlay> {
        self.model.overlay()
    }

    /// Whether a plan is on the screen.
    pub(crate) fn is_planning(&self) -> bool {
        self.model.planning.is_some()
    }

    /// The plan that is asked for.
    pub(crate) fn request(&self) -> &PlanRequest {
        &self.model.planning.as_ref().expect("a plan is asked for").request
    }

    /// The number of the plan asked for last.
    pub(crate) fn newest_request(&self) -> u64 {
        self.model.next_request - 1
    }

    /// The words of the open menu.
    pub(crate) fn menu(&self) -> Vec<&str> {
        self.model.menu.iter().map(|line| line.words.as_str()).collect()
    }

    /// The lines of the open menu with their keys.
    pub(crate) fn help(&self) -> Vec<String> {
        let line = |line: &quarterdeck::ui::scene::MenuLine| format!("{}: {} ({})", line.keys, line.words, line.more);
        self.model.menu.iter().map(line).collect()
    }

    /// The keys of the footer.
    pub(crate) fn hints(&self) -> String {
        self.model.hints.iter().map(|(keys, words)| format!("{keys} {words}")).collect::<Vec<_>>().join(", ")
    }
}
