//! The whole console but its terminal: the real loop's parts, the shipped client, a drawn screen to look at.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use quarterdeck::actions::journal::Journal;
use quarterdeck::actions::{Desk, Elsewhere, Limits, Seen, catalog};
use quarterdeck::app::{Connect, Effect, Keep, Message, Model, Performer, Reach, command_names, update};
use quarterdeck::config::{Asked, ContextRef, Environment, Namespaces, Settings};
use quarterdeck::domain::action::Actor;
use quarterdeck::domain::environment::Guard;
use quarterdeck::domain::store::Author;
use quarterdeck::keys::{DEFAULT, Keymap, Sequence};
use quarterdeck::sources::Clock;
use quarterdeck::sources::alertmanager::AlertFeed;
use quarterdeck::sources::cluster::{Connection, Contexts, Hands, Rehearsal};
use quarterdeck::sources::feed::Feed as _;
use quarterdeck::sources::store::Store;
use quarterdeck::theme::{Depth, Glyphs, Role, Theme};
use quarterdeck::ui::root;
use quarterdeck::world::Scope;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tokio::sync::{mpsc, watch};

/// How long a screen may take to show what is waited for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// A console without a terminal.
pub(crate) struct Headless {
    pub(crate) model: Model,
    performer: Performer,
    messages: mpsc::Receiver<Message>,
    leaving: watch::Sender<bool>,
    desk: Desk,
    theme: Theme,
    glyphs: Glyphs,
    clock: Clock,
    size: (u16, u16),
}

impl Headless {
    /// Opens a console on a context of a kubeconfig, with leave to write, keeping its files in `state`.
    pub(crate) fn open(kubeconfig: &Path, context: &str, namespace: &str, state: &Path) -> Self {
        let text = format!(
            "[environment.test]\ncontext = {context:?}\nnamespaces = [{namespace:?}]\nguard = \"staging\"\nwrite = true\n"
        );
        Self::configured(kubeconfig, &text, state)
    }

    /// Opens a console on all environments of a configuration, keeping its files in `state`.
    pub(crate) fn configured(kubeconfig: &Path, text: &str, state: &Path) -> Self {
        // Another test of this process may have installed it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (settings, problems) = Settings::parse("test.toml".as_ref(), text, &Asked::default());
        assert_eq!(problems, [], "the test's own configuration");
        let keymap = Keymap::load(DEFAULT, state, &command_names(catalog::SHIPPED)).0;
        let watched = settings.clone();
        let environments = settings.environments;
        let names = environments.iter().map(|environment| environment.name.clone()).collect();
        let scope = if environments.len() > 1 { Scope::All } else { Scope::One(0) };
        let clock: Clock = Arc::new(now);
        let (told, messages) = mpsc::channel(256);
        let (leaving, leave) = watch::channel(false);
        let journal = Arc::new(Mutex::new(Journal::new(state)));
        let seen = Arc::new(Mutex::new(Seen::load(state)));
        let desk = Desk {
            environment: Arc::default(),
            limits: Guard::Production.into(),
            grant: Ok(()),
            actor: Actor { os_user: "mori".into(), host: "bastion".into(), ..Actor::default() },
            services: settings.services,
            seen: seen.clone(),
            ended: Arc::default(),
            alerts: None,
            silence: None,
            store: None,
            write: None,
            databases: None,
            change_databases: None,
            replica_labels: Arc::default(),
            elsewhere: Elsewhere::default(),
            backups: Arc::default(),
            programs: Arc::new(quarterdeck::sources::Programs),
            catalog: catalog::SHIPPED,
            journal: journal.clone(),
            clock: clock.clone(),
        };
        let local = environments.iter().map(|one| of(one, &desk).local_executor(leave.clone())).collect();
        let connect = connect(kubeconfig, environments.clone(), desk.clone(), leave);
        let mut model = Model::new(environments, scope, keymap, Vec::new());
        let mut performer = Performer::new(connect, names, told, state.to_path_buf(), journal, seen, clock.clone());
        performer.watch(&watched);
        performer.act_by(local);
        performer.perform(Effect::FindUnfinished);
        performer.perform(Effect::ReadDrafts);
        for effect in model.connect_shown() {
            performer.perform(effect);
        }
        Self {
            model,
            performer,
            messages,
            leaving,
            desk,
            theme: Theme::embedded("mono", Depth::None),
            glyphs: Glyphs::ASCII,
            clock,
            size: (160, 40),
        }
    }

    /// Keeps what it sees and what is said in a store, as `name`.
    pub(crate) fn keep(&mut self, store: Arc<Store>, name: &str) {
        self.keep_as(store, name, false);
    }

    /// The same, where nothing may be written perhaps.
    pub(crate) fn keep_as(&mut self, store: Arc<Store>, name: &str, is_read_only: bool) {
        let author = Author { name: name.to_owned(), origin: format!("{name}@bastion") };
        let actor = Actor { os_user: name.to_owned(), ..self.desk.actor.clone() };
        let desk = Desk { actor, ..self.desk.clone() };
        let environments = self.model.world.sights.iter().map(|sight| of(&sight.environment, &desk));
        let local = environments.map(|desk| desk.local_executor(self.leaving.subscribe())).collect();
        self.performer.act_by(local);
        let read_only = is_read_only.then_some(quarterdeck::config::StoreReadOnly::Asked);
        self.performer.keep(Keep { store, read_only, author, environment: "test".to_owned() });
    }

    /// Another size of the screen, in columns and rows.
    pub(crate) fn resize(&mut self, columns: u16, rows: u16) {
        self.size = (columns, rows);
    }

    fn drawn(&self) -> Buffer {
        let mut buffer = Buffer::empty(Rect::new(0, 0, self.size.0, self.size.1));
        let sources = self.model.world.sources();
        root::draw(&self.model.scene((self.clock)(), &sources), &self.theme, &self.glyphs, &mut buffer);
        buffer
    }

    /// The screen as text.
    pub(crate) fn screen(&self) -> String {
        let buffer = self.drawn();
        let row = |y| (0..self.size.0).map(|x| buffer[(x, y)].symbol()).collect::<String>().trim_end().to_owned();
        (0..self.size.1).map(row).collect::<Vec<_>>().join("\n")
    }

    /// Whether the row of a workload of an environment is drawn in a role.
    pub(crate) fn is_drawn_as(&self, role: Role, environment: &str, name: &str) -> bool {
        let buffer = self.drawn();
        let letters = |y| (0..self.size.0).map(move |x| (x, y));
        let row = |y: &u16| {
            let line: String = letters(*y).map(|at| buffer[at].symbol().to_owned()).collect();
            let words: Vec<&str> = line.split_whitespace().collect();
            words.iter().position(|word| *word == environment).is_some_and(|at| words.get(at + 2) == Some(&name))
        };
        let y = (0..self.size.1).find(row).expect("the row is on the screen");
        let style = self.theme.style(role);
        let is_so = |at: (u16, u16)| buffer[at].modifier.contains(style.add_modifier);
        // The gutter and the cursor before it have styles of their own.
        letters(y).filter(|(x, _)| *x > 2).filter(|at| buffer[*at].symbol() != " ").all(is_so)
    }

    /// Presses keys, written as a keymap writes them: `!b`, `enter`.
    pub(crate) fn press(&mut self, keys: &str) {
        let sequence: Sequence = keys.parse().expect("keys as a keymap writes them");
        for chord in sequence.0 {
            self.take(Message::Key(chord));
        }
    }

    /// Types a text.
    pub(crate) fn type_text(&mut self, text: &str) {
        for letter in text.chars() {
            self.press(&letter.to_string().replace(' ', "space"));
        }
    }

    /// Lets the console live until its screen is as wanted, and returns it.
    pub(crate) async fn until(&mut self, what: &str, is_wanted: impl Fn(&str) -> bool) -> String {
        self.until_within(PATIENCE, what, is_wanted).await
    }

    /// The same for what takes longer by design.
    pub(crate) async fn until_within(
        &mut self,
        patience: Duration,
        what: &str,
        is_wanted: impl Fn(&str) -> bool,
    ) -> String {
        let deadline = tokio::time::Instant::now() + patience;
        loop {
            let screen = self.screen();
            if is_wanted(&screen) {
                return screen;
            }
            assert!(tokio::time::Instant::now() < deadline, "never {what}:\n{screen}");
            let message = self.next().await;
            self.take(message);
        }
    }

    /// Lets the console live for a moment.
    pub(crate) async fn live(&mut self) {
        let message = self.next().await;
        self.take(message);
    }

    /// Types the word that confirms the plan on the screen, once the plan takes it, and presses enter.
    pub(crate) async fn confirm(&mut self, word: &str) {
        // Looked at anew each time: a plan that changes meanwhile is armed anew.
        loop {
            let scene = &self.model.planning.as_ref().expect("a plan is open").scene;
            if scene.plan.is_some() && scene.armed_at.is_some_and(|at| at <= (self.clock)()) {
                break;
            }
            let message = self.next().await;
            self.take(message);
        }
        self.type_text(word);
        self.press("enter");
    }

    /// Types into the acknowledgement or the note on the screen, and confirms it once it may be.
    pub(crate) async fn say(&mut self, words: &str) {
        self.type_text(words);
        let is_ready = |model: &Model, now| {
            let open = model.planning.as_ref().map(|planning| &planning.scene);
            let open = open.filter(|open| open.plan.as_ref().is_some_and(|plan| plan.is_applicable()));
            open.is_some_and(|open| open.armed_at.is_none_or(|at| at <= now))
        };
        while !is_ready(&self.model, (self.clock)()) {
            let message = self.next().await;
            self.take(message);
        }
        self.press("enter");
    }

    async fn next(&mut self) -> Message {
        tokio::select! {
            message = self.performer.news() => message,
            Some(message) = self.messages.recv() => message,
            () = tokio::time::sleep(Duration::from_millis(50)) => Message::Clock,
        }
    }

    fn take(&mut self, message: Message) {
        let now = (self.clock)();
        for effect in update(&mut self.model, message, now) {
            self.performer.perform(effect);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "these tests run against real servers in real time")]
fn now() -> quarterdeck::domain::time::Instant {
    chrono::Utc::now()
}

/// The way to each environment, as the shipped console makes it.
/// What planner and executor of an environment share.
fn of(environment: &Environment, desk: &Desk) -> Desk {
    let read_only = environment.read_only.as_ref().map(|reason| reason.words().to_owned());
    let alerting = AlertFeed::of(environment, &desk.services, &desk.clock).filter(|feed| !feed.clients.is_empty());
    Desk {
        environment: environment.name.clone(),
        limits: Limits { namespaces: environment.namespaces.clone(), ..environment.guard.into() },
        grant: read_only.map_or(Ok(()), Err),
        alerts: alerting.as_ref().map(|feed| Arc::new(feed.eyes()) as _),
        silence: alerting.map(|feed| Arc::new(feed.hands()) as _),
        ..desk.clone()
    }
}

fn connect(kubeconfig: &Path, environments: Vec<Environment>, desk: Desk, leave: watch::Receiver<bool>) -> Connect {
    let kubeconfig = kubeconfig.to_path_buf();
    Arc::new(move |place| {
        let environment = environments[place].clone();
        let (kubeconfig, leave) = (kubeconfig.clone(), leave.clone());
        let desk = of(&environment, &desk);
        Box::pin(async move {
            let ContextRef::Named(context) = &environment.context else { unreachable!("contexts are named here") };
            let endpoint = Contexts::read(Some(&kubeconfig))?.endpoint(context)?;
            let connection = Connection::open(endpoint, desk.clock.clone()).await?;
            let namespaces = match &environment.namespaces {
                Namespaces::Named(names) => names.iter().map(|name| name.as_str().into()).collect(),
                Namespaces::All | Namespaces::OfContext => Vec::new(),
            };
            let observe = Arc::new(connection.clone());
            let planner = desk.planner(observe.clone(), Rehearsal::new(connection.clone()));
            Ok(Reach {
                planner: planner.clone(),
                executor: desk.executor(planner, Arc::new(Hands::new(connection.clone())), leave).with_pods(
                    quarterdeck::sources::cluster::Reach::new(connection.clone()),
                    quarterdeck::actions::CommandLines::Whole(quarterdeck::telemetry::redact_command),
                ),
                connection,
                namespaces,
            })
        })
    })
}
