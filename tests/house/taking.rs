//! Acknowledging alerts and giving them back: the screen in its states, and the way through a real store.

use std::sync::Arc;

use insta::assert_snapshot;
use quarterdeck::actions::Said;
use quarterdeck::app::{Effect, Message, update};
use quarterdeck::config::StoreSettings;
use quarterdeck::domain::action::Phase;
use quarterdeck::domain::alert::{Alert, State};
use quarterdeck::domain::source::SourceState;
use quarterdeck::domain::store::{Acknowledgement, Author};
use quarterdeck::keys::Sequence;
use quarterdeck::sources::store::{Store, StoreSnapshot};
use quarterdeck::theme::{Depth, Glyphs, Theme};

use crate::alerts::{self, alert};
use crate::stage::{Stage, ago, health, now, text};

fn store(state: SourceState, words: Vec<Acknowledgement>) -> Message {
    let words = words.into_iter().map(|word| ((word.environment.clone(), word.fingerprint.clone()), word));
    Message::Stored(Box::new(StoreSnapshot {
        health: quarterdeck::domain::source::SourceHealth { name: "store".into(), ..health("store", state) },
        acknowledgements: Arc::new(words.collect()),
        ..StoreSnapshot::default()
    }))
}

fn word(of: &Alert, by: &str, note: &str) -> Acknowledgement {
    Acknowledgement {
        environment: "production".into(),
        fingerprint: of.key.to_string(),
        alert: of.title().into(),
        firing_since: Some(of.started_at),
        by: by.into(),
        at: ago(30),
        until: None,
        note: note.into(),
        withdrawn: None,
        version: 1,
    }
}

/// The alerts pane with these alerts, its cursor on the worst.
fn stage(found: Vec<Alert>, words: Vec<Acknowledgement>) -> Stage {
    let mut stage = Stage::new();
    stage.model.author = Author { name: "mori".into(), origin: "mori@bastion".into() };
    stage.see(Vec::new(), SourceState::Fresh);
    stage.tell(Message::Alerts(Box::new(alerts::snapshot(found, SourceState::Fresh))));
    stage.tell(store(SourceState::Fresh, words));
    stage.press("1");
    stage
}

#[test]
fn the_plan_at_every_size() {
    let mut one = stage(alerts::shop(), Vec::new());
    one.press("!a");
    one.type_text("I look at it");
    assert_snapshot!("taking_one", one.bodies());

    let shop = alerts::shop();
    let lee = word(&shop[0], "lee", "the provider is slow");
    let mut over = stage(shop, vec![lee]);
    over.press("!a");
    assert_snapshot!("taking_over", over.bodies());

    let storm = (0..30).map(|pod| {
        let labels = [("alertname", "PodCrashes"), ("severity", "critical"), ("pod", &*format!("api-{pod}"))];
        alert(&labels, "it restarts again and again", 100 + pod)
    });
    let mut many = stage(storm.collect(), Vec::new());
    many.press("!a");
    assert_snapshot!("taking_storm", many.bodies());

    let mut refused = stage(alerts::shop(), Vec::new());
    refused.tell(store(SourceState::Down, Vec::new()));
    refused.press("!a");
    assert_snapshot!("taking_refused", refused.bodies());

    let mut hostile = stage(
        vec![alert(
            &[("alertname", "注文\u{202e}が\u{1b}[31m多い"), ("severity", "critical")],
            "決済\u{7}に\nしっぱい",
            60,
        )],
        Vec::new(),
    );
    hostile.press("!a");
    hostile.type_text("見ています");
    assert_snapshot!("taking_hostile", hostile.bodies());
    assert!(hostile.bodies().chars().all(|letter| letter == '\n' || !letter.is_control()));
}

#[test]
fn it_is_read_without_colour_and_in_sixteen() {
    let mut one = stage(alerts::shop(), Vec::new());
    one.press("!a");
    let plain = text(&one.body(80, 24));
    for (depth, glyphs) in [(Depth::Sixteen, Glyphs::UNICODE), (Depth::None, Glyphs::ASCII)] {
        one.theme = Theme::embedded("midnight", depth);
        one.glyphs = glyphs;
        let drawn = text(&one.body(80, 24));
        for words in ["Acknowledge HighErrorRate", "It is no silence", "Press enter to confirm."] {
            assert!(drawn.contains(words) && plain.contains(words), "{words}:\n{drawn}");
        }
    }
}

#[test]
fn nothing_is_written_before_it_was_read() {
    let mut one = stage(alerts::shop(), Vec::new());
    let sequence: Sequence = "!a enter".parse().expect("keys");
    let asked: Vec<Effect> =
        sequence.0.into_iter().flat_map(|chord| update(&mut one.model, Message::Key(chord), now())).collect();
    assert_eq!(asked, [], "typed ahead: not armed");
    let asked = one.later("enter");
    assert!(
        matches!(asked.as_slice(), [Effect::Acknowledge(taking, note)] if taking.about() == "HighErrorRate" && note.is_empty()),
        "{asked:?}"
    );
    assert_eq!(one.later("enter"), [], "once");

    // Somebody takes it while the plan is open: it has to be read again.
    let shop = alerts::shop();
    let mut open = stage(shop.clone(), Vec::new());
    open.press("!a");
    open.tell(store(SourceState::Fresh, vec![word(&shop[0], "lee", "")]));
    assert!(text(&open.body(80, 24)).contains("lee is on HighErrorRate"));
    assert_eq!(open.model.ui.toast.as_ref().map(|toast| toast.words.contains("has changed")), Some(true));
    let sequence: Sequence = "enter".parse().expect("keys");
    let asked: Vec<Effect> =
        sequence.0.into_iter().flat_map(|chord| update(&mut open.model, Message::Key(chord), now())).collect();
    assert_eq!(asked, [], "armed anew");

    let mut read_only = stage(alerts::shop(), Vec::new());
    read_only.model.is_store_read_only = true;
    read_only.press("!a");
    assert_eq!(read_only.later("enter"), []);
    assert!(text(&read_only.body(80, 24)).contains("--read-only"));
}

#[test]
fn what_was_not_written_stays_open_with_what_was_typed() {
    let mut one = stage(alerts::shop(), Vec::new());
    one.press("!a");
    one.type_text("mine");
    let asked = one.later("enter");
    assert!(matches!(asked.as_slice(), [Effect::Acknowledge(_, note)] if note == "mine"), "{asked:?}");
    one.tell(Message::Said(Box::new(Said {
        phase: Phase::Unknown,
        words: "the store did not answer within 5 s.".into(),
        alerts: Vec::new(),
    })));
    let drawn = text(&one.body(80, 24));
    assert!(drawn.contains("mine") && drawn.contains("UNKNOWN: the store did not answer within 5 s."), "{drawn}");
    let asked = one.later("esc");
    assert!(matches!(asked.as_slice(), [Effect::LeaveAlone(_)]), "given up, and journalled: {asked:?}");
    assert_eq!(one.model.taking, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::disallowed_methods, reason = "the sandbox runs in real time here")]
async fn what_one_console_takes_the_other_sees_and_takes_over() {
    use quarterdeck::sandbox::{Sandbox, SandboxClock, Scenario, Service};
    use quarterdeck::sources::Clock;

    use crate::headless::Headless;

    let scenario = Scenario::empty("shop").with("shop", Service::new("gateway", 1));
    let sandbox = Sandbox::start(scenario, SandboxClock::starting(chrono::Utc::now(), 1)).await.expect("a sandbox");
    let folders = [(); 2].map(|()| tempfile::tempdir().expect("a folder"));
    let file = folders[0].path().join("kubeconfig");
    sandbox.write_kubeconfig(&file).expect("a kubeconfig");
    let text = crate::overview::configuration(&sandbox, folders[0].path());
    let clock: Clock = Arc::new(chrono::Utc::now);
    let open = |name: &str, folder: &tempfile::TempDir| {
        let mut console = Headless::configured(&file, &text, folder.path());
        // Each has a connection of its own to the one store.
        let store = Store::open(&StoreSettings::Embedded, folders[0].path(), &clock, false);
        console.keep(Arc::new(store), name);
        console.press("1");
        console
    };
    let (mut mori, mut lee) = (open("mori", &folders[0]), open("lee", &folders[1]));
    for console in [&mut mori, &mut lee] {
        console.until("what fires", |screen| screen.contains("CertificateExpiresSoon")).await;
    }
    mori.press("!a");
    mori.acknowledge("it renews tonight").await;
    mori.until("her word", |screen| screen.contains("acknowledged; it keeps firing")).await;
    lee.until("who is on it", |screen| screen.contains("acknowledged") && screen.contains("mori")).await;
    lee.press("!a");
    lee.until("that it is held", |screen| screen.contains("it becomes yours")).await;
    lee.acknowledge("").await;
    lee.until("his word", |screen| screen.contains("acknowledged; it keeps firing")).await;
    let is_lees = |console: &Headless| {
        let worst = console.model.alerts.worst().next().cloned();
        worst.is_some_and(|alert| {
            alert.state() == State::Acknowledged && alert.acknowledged.as_ref().is_some_and(|word| &*word.by == "lee")
        })
    };
    while !is_lees(&mori) {
        mori.live().await;
    }
    lee.press("!A");
    lee.acknowledge("").await;
    lee.until("that nobody is on it", |screen| screen.contains("given back: nobody is on it")).await;
    mori.until("it fires for nobody", |screen| !screen.contains("acknowledged")).await;
}
