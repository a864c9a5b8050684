//! Silences from the screen: the plan in its states, what it asks for, and the way through a simulated Alertmanager.

use std::sync::Arc;

use insta::assert_snapshot;
use quarterdeck::actions::{Silenced, Sketch};
use quarterdeck::app::{Effect, Message, update};
use quarterdeck::domain::action::{Consent, Phase};
use quarterdeck::domain::alert::{Alert, Known, Matcher, Silencing, Wanted};
use quarterdeck::domain::environment::Guard;
use quarterdeck::domain::source::SourceState;
use quarterdeck::domain::store::Author;
use quarterdeck::keys::Sequence;
use quarterdeck::theme::{Depth, Glyphs, Theme};

use crate::alerts::{self, alert};
use crate::stage::{Stage, now, text};

/// The alerts pane with these alerts, its cursor on the worst.
fn stage(found: Vec<Alert>) -> Stage {
    let mut stage = Stage::new();
    stage.see(Vec::new(), SourceState::Fresh);
    stage.tell(Message::Alerts(Box::new(alerts::snapshot(found, SourceState::Fresh))));
    stage.press("1");
    stage
}

/// What was asked to be planned.
fn sketched(effects: &[Effect]) -> (u64, Sketch) {
    let asked = effects.iter().find_map(|effect| match effect {
        Effect::PlanSilence(number, _, sketch) => Some((*number, (**sketch).clone())),
        _ => None,
    });
    asked.expect("a plan is asked for")
}

/// The answer of a server that says these are covered.
fn answer(stage: &mut Stage, (number, sketch): (u64, Sketch), covered: Result<Vec<Alert>, String>) {
    let plan = Silencing::plan(Wanted {
        action: sketch.action,
        environment: "production".into(),
        guard: Guard::Production,
        author: Author { name: "mori".into(), origin: "mori@bastion".into() },
        matchers: sketch.matchers,
        ends_at: now() + sketch.holds_for,
        seen: sketch.seen,
        chosen: sketch.chosen,
        left_out: Vec::new(),
        covered,
        known: Known { alerts: 90, names: ["HighErrorRate", "PodCrashes"].map(Into::into).into() },
        refusal: None,
        now: now(),
    });
    stage.tell(Message::SilencePlanned(number, Box::new(Ok(plan))));
}

fn opened(found: Vec<Alert>, covered: Vec<Alert>) -> Stage {
    let mut stage = stage(found);
    let asked = sketched(&stage.later("!z"));
    answer(&mut stage, asked, Ok(covered));
    stage
}

#[test]
fn the_plan_at_every_size() {
    let mut loading = stage(alerts::shop());
    loading.later("!z");
    assert_snapshot!("silencing_loading", loading.bodies());

    let shop = alerts::shop();
    let mut one = opened(shop.clone(), vec![shop[0].clone()]);
    one.type_text("known, see #12");
    assert_snapshot!("silencing_one", one.bodies());

    let wide = opened(shop.clone(), shop.clone());
    assert_snapshot!("silencing_wide", wide.bodies());

    let storm = (0..80).map(|pod| {
        let labels = [("alertname", "PodCrashes"), ("severity", "critical"), ("pod", &*format!("api-{pod}"))];
        alert(&labels, "it restarts again and again", 100 + pod)
    });
    let storm: Vec<Alert> = storm.collect();
    assert_snapshot!("silencing_storm", opened(storm.clone(), storm).bodies());

    let mut down = stage(alerts::shop());
    let asked = sketched(&down.later("!z"));
    answer(&mut down, asked, Err("http://am:9093 did not answer in 10 s.".into()));
    assert_snapshot!("silencing_down", down.bodies());

    let labels = [("alertname", "注文\u{202e}が\u{1b}[31m多い"), ("severity", "critical")];
    let hostile = alert(&labels, "決済\u{7}に\nしっぱい", 60);
    let mut hostile = opened(vec![hostile.clone()], vec![hostile]);
    hostile.type_text("見ています");
    assert_snapshot!("silencing_hostile", hostile.bodies());
    assert!(hostile.bodies().chars().all(|letter| letter == '\n' || !letter.is_control()));
}

#[test]
fn it_is_read_without_colour_and_in_sixteen() {
    let shop = alerts::shop();
    let mut one = opened(shop.clone(), shop);
    for (depth, glyphs) in [(Depth::Sixteen, Glyphs::UNICODE), (Depth::None, Glyphs::ASCII)] {
        one.theme = Theme::embedded("midnight", depth);
        one.glyphs = glyphs;
        let drawn = text(&one.body(80, 24));
        for words in ["Silence alertname=\"HighErrorRate\"", "beside the chosen ones", "Type production at confirm"] {
            assert!(drawn.contains(words), "{words}:\n{drawn}");
        }
    }
}

#[test]
fn it_is_sent_as_it_was_read_and_only_then() {
    let shop = alerts::shop();
    let mut one = opened(shop.clone(), vec![shop[0].clone()]);
    let sequence: Sequence = "enter".parse().expect("keys");
    let sent = update(&mut one.model, Message::Key(sequence.0[0]), now());
    assert!(sent.is_empty(), "not armed yet: {sent:?}");
    assert!(one.later("enter").is_empty(), "no reason yet");
    assert!(text(&one.body(80, 24)).contains("Say why"));
    one.type_text("known");
    assert!(one.later("enter").is_empty(), "critical: no word yet");
    for _ in 0..3 {
        one.press("tab");
    }
    one.type_text("SILENCE");
    let sent = one.later("enter");
    let wanted = Consent { typed: "SILENCE".into(), reason: Some("known".into()) };
    assert!(matches!(sent.as_slice(), [Effect::Silence(plan, answer)] if plan.hides.len() == 1 && *answer == wanted));
    assert!(one.later("enter").is_empty(), "once");

    one.tell(Message::Silenced(Box::new(Silenced::refused("it would hide Down now.\u{1b}"))));
    let drawn = text(&one.body(80, 24));
    assert!(drawn.contains("it would hide Down now.") && drawn.contains("known"), "{drawn}");
    assert_eq!(one.later("enter").len(), 1, "with all that was typed");
    let done = Silenced { phase: Phase::Done, words: "silence 4ef1 holds.".into(), id: Some("4ef1".into()) };
    let asked = update(&mut one.model, Message::Silenced(Box::new(done)), now());
    assert!(asked.contains(&Effect::Retry) && one.model.overlay().is_none() && one.model.silencing.is_none());
    assert!(text(&one.screen(80, 24)).contains("silence 4ef1 holds."));
}

#[test]
fn what_was_changed_is_planned_anew_before_it_can_be_confirmed() {
    let shop = alerts::shop();
    let mut one = opened(shop.clone(), vec![shop[0].clone()]);
    one.type_text("known");
    one.press("tab");
    one.press("ctrl-u");
    one.type_text("alertname=~\"High.*\"");
    assert!(text(&one.body(80, 24)).contains("Press enter to see what this hides."));
    let (number, sketch) = sketched(&one.later("enter"));
    assert_eq!(sketch.matchers[0].to_string(), "alertname=~\"High.*\"");
    assert!(one.later("enter").is_empty(), "there is no plan of it yet");
    // An answer to the question before it is not taken for one to this.
    answer(&mut one, (number - 1, sketch.clone()), Ok(Vec::new()));
    assert!(one.model.silencing.as_ref().is_some_and(|open| open.plan.is_none()));
    answer(&mut one, (number, sketch), Ok(shop));
    assert!(text(&one.body(80, 24)).contains("beside the chosen ones"));

    one.press("tab");
    one.press("ctrl-u");
    one.type_text("soon");
    assert!(one.later("enter").is_empty());
    assert!(text(&one.body(80, 24)).contains("is no length of time"));
}

#[test]
fn what_is_left_out_of_a_suggestion_is_gone_from_its_field_too() {
    let shop = alerts::shop();
    let mut one = stage(shop.clone());
    let (number, mut sketch) = sketched(&one.later("!z"));
    assert!(sketch.is_suggested);
    sketch.matchers = vec![Matcher::equal("alertname", "HighErrorRate"), Matcher::equal("what", "a\tb")];
    answer(&mut one, (number, sketch), Ok(vec![shop[0].clone()]));
    let drawn = text(&one.body(120, 40));
    assert!(drawn.contains("alertname=\"HighErrorRate\" what=\"a b\""), "{drawn}");
    assert!(drawn.contains("Type SILENCE at confirm"), "nothing is to be planned anew: {drawn}");
    one.press("tab");
    one.type_text(" x=y");
    assert!(!sketched(&one.later("enter")).1.is_suggested, "written by somebody");
}

#[test]
fn closing_it_is_journalled_and_sends_nothing() {
    let shop = alerts::shop();
    let mut one = opened(shop.clone(), vec![shop[0].clone()]);
    assert!(matches!(one.later("esc").as_slice(), [Effect::LeaveSilence(_)]));
    assert!(one.model.silencing.is_none() && one.model.overlay().is_none());
    let mut early = stage(alerts::shop());
    early.later("!z");
    assert!(early.later("esc").is_empty(), "nothing was planned yet");
}

#[test]
fn a_silence_over_the_alert_is_ended_by_its_id() {
    let mut all = alerts::shop();
    all.truncate(1);
    all[0].silenced_by = vec!["4ef1".into()];
    let mut one = stage(all.clone());
    let asked = sketched(&one.later("!Z"));
    assert_eq!(asked.1.seen.as_ref().map(|silence| silence.id.clone()), Some(Arc::from("4ef1")));
    answer(&mut one, asked, Ok(all));
    let drawn = text(&one.body(120, 40));
    assert!(drawn.contains("1 alert notifies again.") && drawn.contains("4ef1 by"), "{drawn}");

    let mut bare = stage(alerts::shop()[..1].to_vec());
    assert!(bare.later("!Z").is_empty());
    assert!(bare.model.ui.toast.as_ref().is_some_and(|toast| toast.words.contains("No silence covers it")));
}
