//! Acknowledging alerts and giving them back: the screen in its states, and the way through a real store.

use insta::assert_snapshot;
use quarterdeck::app::Effect;
use quarterdeck::domain::action::Phase;
use quarterdeck::domain::alert::{Alert, State};
use quarterdeck::domain::store::Acknowledgement;
use quarterdeck::theme::{Depth, Glyphs, Theme};

use crate::alerts::{self, alert};
use crate::headless::Headless;
use crate::stage::{ago, text};
use crate::word::{self, Pair, World, at_once, executed, opened};

pub(crate) fn word(of: &Alert, by: &str, note: &str) -> Acknowledgement {
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

#[test]
fn the_plan_at_every_size() {
    let shop = World::of(alerts::shop());
    let mut one = opened(&shop, "!a");
    one.type_text("I look at it");
    assert_snapshot!("taking_one", one.bodies());

    let words = vec![word(&shop.alerts[0], "lee", "the provider is slow")];
    let held = World { words, ..shop.clone() };
    assert_snapshot!("taking_over", opened(&held, "!a").bodies());
    assert_snapshot!("taking_back", opened(&held, "!A").bodies());

    let storm = (0..30).map(|pod| {
        let labels = [("alertname", "PodCrashes"), ("severity", "critical"), ("pod", &*format!("api-{pod}"))];
        alert(&labels, "it restarts again and again", 100 + pod)
    });
    assert_snapshot!("taking_storm", opened(&World::of(storm.collect()), "!a").bodies());

    assert_snapshot!("taking_refused", opened(&World { is_down: true, ..shop }, "!a").bodies());

    let labels = [("alertname", "注文\u{202e}が\u{1b}[31m多い"), ("severity", "critical")];
    let mut hostile = opened(&World::of(vec![alert(&labels, "決済\u{7}に\nしっぱい", 60)]), "!a");
    hostile.type_text("見ています");
    assert_snapshot!("taking_hostile", hostile.bodies());
    assert!(hostile.bodies().chars().all(|letter| letter == '\n' || !letter.is_control()));
}

#[test]
fn it_is_read_without_colour_and_in_sixteen() {
    let mut one = opened(&World::of(alerts::shop()), "!a");
    let plain = text(&one.body(80, 24));
    for (depth, glyphs) in [(Depth::Sixteen, Glyphs::UNICODE), (Depth::None, Glyphs::ASCII)] {
        one.theme = Theme::embedded("midnight", depth);
        one.glyphs = glyphs;
        let drawn = text(&one.body(80, 24));
        for words in ["Acknowledge HighErrorRate", "It is no silence", "press enter to confirm"] {
            assert!(drawn.contains(words) && plain.contains(words), "{words}:\n{drawn}");
        }
    }
}

#[test]
fn nothing_is_written_before_it_was_read() {
    let shop = World::of(alerts::shop());
    let mut one = opened(&shop, "!a");
    assert_eq!(at_once(&mut one, "enter"), [], "typed ahead: not armed");
    let effects = one.later("enter");
    let (plan, consent) = executed(&effects);
    assert_eq!((plan.targets[0].subject.name(), &consent.reason), ("HighErrorRate", &None));
    assert_eq!(one.later("enter"), [], "once");

    // Somebody takes it while the plan is open: it has to be read again.
    let mut open = opened(&shop, "!a");
    word::news(&mut open, &World { words: vec![word(&shop.alerts[0], "lee", "")], ..shop.clone() });
    assert!(text(&open.body(80, 24)).contains("lee is on HighErrorRate"));
    assert_eq!(open.model.ui.toast.as_ref().map(|toast| toast.words.contains("has changed")), Some(true));
    assert_eq!(at_once(&mut open, "enter"), [], "armed anew");

    let mut read_only = opened(&World { is_read_only: true, ..shop }, "!a");
    assert_eq!(read_only.later("enter"), []);
    assert!(text(&read_only.body(80, 24)).contains("--read-only"));
}

#[test]
fn what_was_not_written_is_said_and_what_was_typed_is_kept() {
    let shop = World::of(alerts::shop());
    let mut one = opened(&shop, "!a");
    one.type_text("mine");
    let effects = one.later("enter");
    let (plan, consent) = executed(&effects);
    assert_eq!(consent.reason.as_deref(), Some("mine"));
    one.tell(word::ended(&plan.id, Phase::Unknown, "the store did not answer within 5 s."));
    let drawn = text(&one.body(80, 24));
    assert!(drawn.contains("UNKNOWN: the store did not answer within 5 s."), "{drawn}");
    one.press("esc");
    word::open(&mut one, "!a", &shop);
    assert_eq!(word::typed(&one), "mine", "it is there again");
    let effects = one.later("esc");
    assert!(matches!(effects.as_slice(), [Effect::GiveUp(..)]), "given up, and journalled: {effects:?}");
    assert!(one.model.planning.is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_console_takes_the_other_sees_and_takes_over() {
    let mut pair = Pair::open().await;
    let Pair { mori, lee, .. } = &mut pair;
    mori.press("!a");
    mori.say("it renews tonight").await;
    mori.until("her word", |screen| screen.contains("acknowledged; it keeps firing")).await;
    lee.until("who is on it", |screen| screen.contains("acknowledged") && screen.contains("mori")).await;
    lee.press("!a");
    lee.until("that it is held", |screen| screen.contains("it becomes yours")).await;
    lee.say("").await;
    lee.until("his word", |screen| screen.contains("acknowledged; it keeps firing")).await;
    let is_lees = |console: &Headless| {
        let worst = console.model.world.alerts.worst().next().cloned();
        worst.is_some_and(|alert| {
            alert.state() == State::Acknowledged && alert.acknowledged.as_ref().is_some_and(|word| &*word.by == "lee")
        })
    };
    while !is_lees(mori) {
        mori.live().await;
    }
    lee.press("esc !A");
    lee.say("").await;
    lee.until("that nobody is on it", |screen| screen.contains("given back: nobody is on it")).await;
    mori.press("esc");
    mori.until("it fires for nobody", |screen| !screen.contains("acknowledged")).await;
}
