//! What the tests of acknowledgements and of notes share: a stage, keys after the arming, and two consoles of one store.

use std::path::Path;
use std::sync::Arc;

use quarterdeck::app::{Effect, Message, update};
use quarterdeck::config::StoreSettings;
use quarterdeck::domain::alert::{Alert, Word};
use quarterdeck::domain::source::SourceState;
use quarterdeck::domain::store::Author;
use quarterdeck::domain::store::StoreSnapshot;
use quarterdeck::keys::Sequence;
use quarterdeck::sandbox::{Sandbox, SandboxClock, Scenario, Service};
use quarterdeck::sources::Clock;
use quarterdeck::sources::store::Store;
use quarterdeck::ui::state::Overlay;
use quarterdeck::world::News;

use crate::alerts;
use crate::headless::Headless;
use crate::stage::{Stage, health, now};

/// A store in this state that says this.
pub(crate) fn stored(state: SourceState, says: StoreSnapshot) -> News {
    let health = health("store", state);
    News::Store(Box::new(StoreSnapshot { health, ..says }))
}

/// The alerts pane with these alerts, its cursor on the worst.
pub(crate) fn stage(found: Vec<Alert>, store: News) -> Stage {
    let mut stage = Stage::new();
    stage.model.author = Author { name: "mori".into(), origin: "mori@bastion".into() };
    stage.see(Vec::new(), SourceState::Fresh);
    stage.tell(News::Alerts(Box::new(alerts::snapshot(found, SourceState::Fresh))));
    stage.tell(store);
    stage.press("1");
    stage
}

/// Keys at this moment, before the arming; what they ask for.
pub(crate) fn at_once(stage: &mut Stage, keys: &str) -> Vec<Effect> {
    at(stage, keys, 0)
}

fn at(stage: &mut Stage, keys: &str, seconds: i64) -> Vec<Effect> {
    let sequence: Sequence = keys.parse().expect("keys");
    let at = now() + chrono::TimeDelta::seconds(seconds);
    let asked = sequence.0.into_iter().flat_map(|chord| update(&mut stage.model, Message::Key(chord), at));
    asked.filter(|effect| !matches!(effect, Effect::KeepDraft(_) | Effect::ForgetDraft(_))).collect()
}

/// The word that is asked for.
pub(crate) fn asked(effects: &[Effect]) -> &Word {
    let [Effect::Say(word)] = effects else { unreachable!("one word is asked for: {effects:?}") };
    word
}

/// What is typed into the open form.
pub(crate) fn typed(stage: &Stage) -> String {
    let text = stage.model.ui.overlays.iter().find_map(|overlay| match overlay {
        Overlay::Word { text, .. } => Some(text.text.clone()),
        _ => None,
    });
    text.expect("the form is open")
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
