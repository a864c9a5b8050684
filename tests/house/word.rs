//! What the tests of acknowledgements and of notes share: a stage, what a store and a list of alerts say, and two consoles of one store.

use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

use quarterdeck::actions::{Planner, StoreEyes, catalog};
use quarterdeck::app::{Effect, Message, PlanRequest, update};
use quarterdeck::config::StoreSettings;
use quarterdeck::domain::action::{Consent, Outcome, Phase, Plan, Run, RunEvent, advance};
use quarterdeck::domain::alert::Alert;
use quarterdeck::domain::source::SourceState;
use quarterdeck::domain::store::fact::{Fact, Key, List, Registered, Row, Table, Value};
use quarterdeck::domain::store::{Acknowledgement, AuditEntry, AuditSearch, Changes, Head, Id, Note, StoreSnapshot};
use quarterdeck::keys::Sequence;
use quarterdeck::sandbox::{Sandbox, SandboxClock, Scenario, Service};
use quarterdeck::sources::Clock;
use quarterdeck::sources::error::{SourceError, Trouble};
use quarterdeck::sources::observe::Answer;
use quarterdeck::sources::store::Store;
use quarterdeck::sources::store::port::{ReadStore, Standing};
use quarterdeck::ui::state::Overlay;
use quarterdeck::world::News;
use tokio::sync::watch;

use crate::headless::Headless;
use crate::stage::{Stage, health, now};
use crate::{alerts, silencing};

/// What fires, and what the store says of it.
#[derive(Clone, Default)]
pub(crate) struct World {
    pub(crate) alerts: Vec<Alert>,
    pub(crate) words: Vec<Acknowledgement>,
    pub(crate) notes: Vec<Note>,
    /// Whether the store does not answer.
    pub(crate) is_down: bool,
    /// Whether nothing may be written.
    pub(crate) is_read_only: bool,
}

impl World {
    pub(crate) fn of(alerts: Vec<Alert>) -> Self {
        Self { alerts, ..Self::default() }
    }

    /// What the console is told of the store.
    pub(crate) fn stored(&self) -> News {
        let words = self.words.iter().cloned();
        let words = words.map(|word| ((word.environment.clone(), word.fingerprint.clone()), word)).collect();
        let says = StoreSnapshot::default().with::<Acknowledgement>(words);
        let says = says.with::<Note>(self.notes.iter().cloned().collect());
        stored(if self.is_down { SourceState::Down } else { SourceState::Fresh }, says)
    }

    fn answer<T: Send + 'static>(&self, made: T) -> Answer<'_, T> {
        let why = "https://10.0.0.1:6443 cannot be reached: connection refused. Is the VPN up?";
        let said = if self.is_down { Err(SourceError::new(Trouble::Unreachable, why)) } else { Ok(made) };
        Box::pin(std::future::ready(said))
    }

    /// A planner that sees it.
    pub(crate) fn planner(&self) -> Planner {
        let listed = watch::Sender::new(alerts::snapshot(self.alerts.clone(), SourceState::Fresh)).subscribe();
        let refused = "this console was started with --read-only.";
        let grant = if self.is_read_only { Err(refused.to_owned()) } else { Ok(()) };
        let store = Some(StoreEyes { store: Arc::new(self.clone()), listed: Arc::new(listed), grant });
        Planner { store, ..silencing::planner(Ok(Vec::new())) }
    }
}

fn row<F: Fact>(fact: &F, version: u64) -> Row {
    let stamps = [Value::from(version), "attempt".into(), 1_u64.into()];
    Row(fact.encode().into_iter().chain(stamps).collect())
}

impl ReadStore for World {
    fn standing(&self) -> Answer<'_, Standing> {
        self.answer(Standing {
            what: "a store".into(),
            schema: 1,
            now: now(),
            session_user: String::new(),
            position: 1,
            troubles: Vec::new(),
        })
    }

    fn row<'a>(&'a self, key: &'a Key) -> Answer<'a, Option<Row>> {
        let words = self.words.iter().map(|word| row(word, word.version));
        let notes = self.notes.iter().map(|note| row(note, note.version));
        let is_it = |row: &Row| row.0.starts_with(&key.values);
        self.answer(if key.table.name == "note" {
            notes.into_iter().find(is_it)
        } else {
            words.into_iter().find(is_it)
        })
    }

    fn rows<'a>(&'a self, _: &'static Table, _: &'a List, by: Vec<Value>, _: u32) -> Answer<'a, Vec<Row>> {
        let mut notes: Vec<&Note> = self.notes.iter().filter(|note| note.subject.values().to_vec() == by).collect();
        notes.sort_by_key(|note| std::cmp::Reverse(note.at));
        self.answer(notes.into_iter().map(|note| row(note, note.version)).collect())
    }

    fn has_written<'a>(&'a self, _: &'a Id) -> Answer<'a, bool> {
        self.answer(false)
    }

    fn changed(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(std::future::pending())
    }

    fn changes(&self, _: u64) -> Answer<'_, Changes> {
        self.answer(Changes::default())
    }

    fn registry(&self) -> &'static [Registered] {
        &[]
    }

    fn audit<'a>(&'a self, _: &'a AuditSearch) -> Answer<'a, Vec<AuditEntry>> {
        self.answer(Vec::new())
    }

    fn audit_after(&self, _: u64, _: u32) -> Answer<'_, Vec<AuditEntry>> {
        self.answer(Vec::new())
    }

    fn audit_heads<'a>(&'a self, _: &'a str) -> Answer<'a, Vec<(String, Head)>> {
        self.answer(Vec::new())
    }
}

/// A store in this state that says this.
pub(crate) fn stored(state: SourceState, says: StoreSnapshot) -> News {
    let health = health("store", state);
    News::Store(Box::new(StoreSnapshot { health, ..says }))
}

/// The alerts pane, its cursor on the worst.
pub(crate) fn stage(world: &World) -> Stage {
    let mut stage = Stage::new();
    stage.see(Vec::new(), SourceState::Fresh);
    stage.tell(News::Alerts(Box::new(alerts::snapshot(world.alerts.clone(), SourceState::Fresh))));
    stage.tell(world.stored());
    stage.press("1");
    stage
}

/// The same with the plan open that these keys ask for.
pub(crate) fn opened(world: &World, keys: &str) -> Stage {
    let mut stage = stage(world);
    open(&mut stage, keys, world);
    stage
}

/// Opens a plan by keys, and answers it.
pub(crate) fn open(stage: &mut Stage, keys: &str, world: &World) -> PlanRequest {
    let request = silencing::asked(&at_once(stage, keys));
    answer(stage, &request, world);
    request
}

/// Answers what was asked to be planned.
pub(crate) fn answer(stage: &mut Stage, request: &PlanRequest, world: &World) {
    let action = catalog::SHIPPED.named(request.action).expect("an action");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let planned = runtime.block_on(world.planner().plan(action, &request.targets, &request.options));
    stage.tell(Message::Planned(request.number, Box::new(planned.map_err(|error| error.sentence))));
}

/// News of the world: the open plan is worked out again, and answered.
pub(crate) fn news(stage: &mut Stage, world: &World) {
    stage.tell(world.stored());
    let asked = update(&mut stage.model, Message::Clock, now() + chrono::TimeDelta::seconds(3));
    let asked = silencing::asked(&asked);
    answer(stage, &asked, world);
}

/// Keys at this moment, before the arming; what they ask for.
pub(crate) fn at_once(stage: &mut Stage, keys: &str) -> Vec<Effect> {
    let sequence: Sequence = keys.parse().expect("keys");
    let asked = sequence.0.into_iter().flat_map(|chord| update(&mut stage.model, Message::Key(chord), now()));
    asked.filter(|effect| !matches!(effect, Effect::KeepDraft(_) | Effect::ForgetDraft(_))).collect()
}

/// The plan that is carried out, and what confirms it.
pub(crate) fn executed(effects: &[Effect]) -> (&Plan, &Consent) {
    let [Effect::Execute(plan, consent)] = effects else { unreachable!("one plan is carried out: {effects:?}") };
    (plan, consent)
}

/// How a run of one target ended.
pub(crate) fn ended(id: &str, phase: Phase, words: &str) -> Message {
    let outcome = match phase {
        Phase::Done => Outcome::Done,
        Phase::Unknown => Outcome::Unknown,
        _ => Outcome::Refused,
    };
    let reason = words.to_owned();
    let events = [
        RunEvent::Started { target: 0 },
        RunEvent::AnswerLost { target: 0, reason: reason.clone() },
        RunEvent::Settled { target: 0, outcome, words: reason },
    ];
    let is_sent = outcome != Outcome::Refused;
    let events = events.into_iter().filter(|event| is_sent || !matches!(event, RunEvent::AnswerLost { .. }));
    let run = events.fold(Run::begun(id, 1), |run, event| advance(&run, event).expect("it follows"));
    Message::RunEnded(Box::new(run))
}

/// What is typed into the open form: its text, else the reason.
pub(crate) fn typed(stage: &Stage) -> String {
    let Some(Overlay::Plan { reason, given, .. }) = stage.model.ui.overlays.last() else {
        unreachable!("the form is open");
    };
    given.first().unwrap_or(reason).text.clone()
}

/// Two consoles that see the same alerts, each with a connection of its own to the one store.
pub(crate) struct Pair {
    pub(crate) mori: Headless,
    pub(crate) lee: Headless,
    _sandbox: Sandbox,
    _folders: [tempfile::TempDir; 2],
}

impl Pair {
    /// Both on the alerts pane.
    #[expect(clippy::disallowed_methods, reason = "the sandbox runs in real time here")]
    pub(crate) async fn open() -> Self {
        let scenario = Scenario::empty("shop").with("shop", Service::new("gateway", 1));
        let sandbox = Sandbox::start(scenario, SandboxClock::starting(chrono::Utc::now(), 1)).await.expect("a sandbox");
        let folders = [(); 2].map(|()| tempfile::tempdir().expect("a folder"));
        let file = folders[0].path().join("kubeconfig");
        sandbox.write_kubeconfig(&file).expect("a kubeconfig");
        let text = crate::overview::configuration(&sandbox, folders[0].path());
        let clock: Clock = Arc::new(chrono::Utc::now);
        let open = |name: &str, folder: &Path| {
            let mut console = Headless::configured(&file, &text, folder);
            let store = Store::open(&StoreSettings::Embedded, folders[0].path(), &clock, false);
            console.keep(Arc::new(store), name);
            console.press("1");
            console
        };
        let (mut mori, mut lee) = (open("mori", folders[0].path()), open("lee", folders[1].path()));
        for console in [&mut mori, &mut lee] {
            console.until("what fires", |screen| screen.contains("CertificateExpiresSoon")).await;
        }
        Self { mori, lee, _sandbox: sandbox, _folders: folders }
    }
}
