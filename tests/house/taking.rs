//! Acknowledging alerts and giving them back: the screen in its states, and the way through a real store.

use insta::assert_snapshot;
use quarterdeck::actions::Said;
use quarterdeck::app::{Form, Message};
use quarterdeck::domain::action::Phase;
use quarterdeck::domain::alert::{Alert, State, Word};
use quarterdeck::domain::source::SourceState;
use quarterdeck::domain::store::Acknowledgement;
use quarterdeck::domain::store::StoreSnapshot;
use quarterdeck::theme::{Depth, Glyphs, Theme};
use quarterdeck::world::News;

use crate::alerts::{self, alert};
use crate::headless::Headless;
use crate::stage::{Stage, ago, text};
use crate::word::{self, Pair, asked, at_once};

fn store(state: SourceState, words: Vec<Acknowledgement>) -> News {
    let words = words.into_iter().map(|word| ((word.environment.clone(), word.fingerprint.clone()), word));
    word::stored(state, StoreSnapshot::default().with::<Acknowledgement>(words.collect()))
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

fn stage(found: Vec<Alert>, words: Vec<Acknowledgement>) -> Stage {
    word::stage(found, store(SourceState::Fresh, words))
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
    assert_eq!(at_once(&mut one, "!a enter"), [], "typed ahead: not armed");
    let effects = one.later("enter");
    let Word::Taking(taking) = asked(&effects) else { unreachable!("{effects:?}") };
    assert_eq!((taking.about().as_str(), taking.note.as_str()), ("HighErrorRate", ""));
    assert_eq!(one.later("enter"), [], "once");

    // Somebody takes it while the plan is open: it has to be read again.
    let shop = alerts::shop();
    let mut open = stage(shop.clone(), Vec::new());
    open.press("!a");
    open.tell(store(SourceState::Fresh, vec![word(&shop[0], "lee", "")]));
    assert!(text(&open.body(80, 24)).contains("lee is on HighErrorRate"));
    assert_eq!(open.model.ui.toast.as_ref().map(|toast| toast.words.contains("has changed")), Some(true));
    assert_eq!(at_once(&mut open, "enter"), [], "armed anew");

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
    let effects = one.later("enter");
    assert!(matches!(asked(&effects), Word::Taking(taking) if taking.note == "mine"), "{effects:?}");
    one.tell(Message::Said(
        Form::Acknowledgement,
        Box::new(Said {
            phase: Phase::Unknown,
            words: "the store did not answer within 5 s.".into(),
            alerts: Vec::new(),
        }),
    ));
    let drawn = text(&one.body(80, 24));
    assert!(drawn.contains("mine") && drawn.contains("UNKNOWN: the store did not answer within 5 s."), "{drawn}");
    let effects = one.later("esc");
    assert!(
        matches!(effects.as_slice(), [quarterdeck::app::Effect::LeaveUnsaid(_)]),
        "given up, and journalled: {effects:?}"
    );
    assert_eq!(one.model.word, None);
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
    lee.press("!A");
    lee.say("").await;
    lee.until("that nobody is on it", |screen| screen.contains("given back: nobody is on it")).await;
    mori.until("it fires for nobody", |screen| !screen.contains("acknowledged")).await;
}
