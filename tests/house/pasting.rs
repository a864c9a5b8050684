//! What comes together is a paste: text, never a key that confirms or runs something.

use quarterdeck::app::{Effect, Message};
use quarterdeck::domain::action::Gesture;
use quarterdeck::ui::state::Overlay;

use crate::keys::{Happening, Life, chords, life, shown, under_the_cursor};
use crate::stage::{SIZES, plan, text};

/// An open plan of a rollback, long enough there to be confirmed.
fn planned() -> Life {
    let mut life = life();
    for happening in [Happening::Keys("!b"), Happening::Planned(None), Happening::Time(400)] {
        life.live(happening);
    }
    life
}

fn said(life: &Life) -> String {
    life.stage.said()
}

#[test]
fn a_pasted_line_break_confirms_nothing_and_the_text_stays() {
    let ways = [
        Happening::Pasted("ROLLBACK\r"),
        Happening::Pasted("ROLLBACK\r\n"),
        Happening::Burst("ROLLBACK\r"),
        Happening::Together("ROLLBACK\r"),
    ];
    for way in ways {
        let mut life = planned();
        life.live(way.clone());
        assert!(life.executed.is_empty(), "{way:?}");
        assert!(said(&life).contains("confirms nothing"), "{way:?}: {}", said(&life));
        let typed = shown(&life.stage).map(|(.., typed)| typed);
        assert_eq!(typed.as_deref(), Some("ROLLBACK"), "{way:?}: nothing typed is thrown away");
        life.press("enter");
        assert_eq!(life.executed.len(), 1, "{way:?}: enter by itself counts");
    }
    let mut twice = planned();
    for happening in [Happening::Typed("ROLLBACK"), Happening::Together("\r\r")] {
        twice.live(happening);
    }
    assert!(twice.executed.is_empty(), "two line breaks are a paste too");
}

#[test]
fn what_is_said_in_passing_is_read_to_its_end_at_every_size() {
    let mut asked = planned();
    asked.live(Happening::Pasted("ROLLBACK\r"));
    let mut nowhere = life();
    for happening in [Happening::Pasted("ROLLBACK\r"), Happening::Keys("!")] {
        nowhere.live(happening);
    }
    for (columns, rows) in SIZES.into_iter().chain([(60, 15)]) {
        for (life, also) in [(&asked, "ROLLBACK"), (&nowhere, " !")] {
            let screen = text(&life.stage.screen(columns, rows));
            let words = screen.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(words.contains(&said(life)) && screen.contains(also), "{columns}x{rows}\n{screen}");
        }
    }
}

#[test]
fn pasted_text_is_no_command_anywhere() {
    for way in [Happening::Pasted("!bROLLBACK\rqq"), Happening::Burst("!bROLLBACK\rqq"), Happening::Pasted("/q:q\r")] {
        for before in ["", "a", "e", "enter", "s", "8"] {
            let mut life = life();
            if !before.is_empty() {
                life.press(before);
            }
            let (front, part, overlay) = (life.stage.front(), life.stage.part(), life.stage.overlay().cloned());
            life.live(way.clone());
            assert_eq!(
                (life.stage.front(), life.stage.part(), life.stage.overlay()),
                (front, part, overlay.as_ref()),
                "{before}"
            );
            assert!(!life.stage.is_planning() && said(&life).contains("Nothing was done"), "{}", said(&life));
        }
    }
}

#[test]
fn what_a_slow_line_brings_at_once_is_what_was_typed() {
    let mut life = life();
    life.live(Happening::Together("jj"));
    assert_eq!(under_the_cursor(&life), "web", "the cursor moves");
    life.live(Happening::Together("!b"));
    assert!(life.stage.is_planning(), "a sequence is one");
    life.press("esc");
    life.live(Happening::Burst("/catalogue\r"));
    assert_eq!(life.stage.filter(), "catalogue", "what opens a field, and its text");
    assert!(life.stage.is_filtering(), "the line break is none of ours");
    life.press("enter");
    life.press("esc");
    life.live(Happening::Burst(":rollback payments\r"));
    let Some(Overlay::Palette { input, .. }) = life.stage.overlay() else { panic!("the palette") };
    assert_eq!(input.text, "rollback payments");
}

#[test]
fn nothing_is_done_on_a_screen_that_cannot_be_read_but_leave() {
    let mut life = planned();
    for happening in [Happening::Resize(50, 12), Happening::Typed("ROLLBACK"), Happening::Keys("enter")] {
        life.live(happening);
    }
    assert!(life.executed.is_empty());
    life.live(Happening::Resize(80, 24));
    life.press("enter");
    assert!(life.executed.is_empty(), "what was typed in the dark is not there either");
    life.live(Happening::Typed("ROLLBACK"));
    life.press("enter");
    assert_eq!(life.executed.len(), 1, "on a screen it is");

    let mut small = self::life();
    small.live(Happening::Resize(59, 15));
    for key in ["8", "?", "!b", ":"] {
        small.press(key);
    }
    assert!(!small.stage.is_planning() && small.stage.overlay().is_none());
    small.press("q");
    let effects = small.stage.tell_at(Message::Key(chords("q")[0]), small.at);
    assert_eq!(effects, [Effect::Leave], "twice, as always");
}

#[test]
fn a_reason_nobody_can_see_is_none() {
    let mut life = life();
    life.press("!b");
    let number = life.stage.newest_request();
    let mut grave = plan(&[]);
    grave.confirmation.gesture = Gesture::TypeNameAndReason;
    grave.confirmation.needs_reason = true;
    life.take(Message::Planned(number, Box::new(Ok(grave))));
    life.live(Happening::Time(3_100));
    life.live(Happening::Typed("ROLLBACK"));
    life.press("tab");
    life.live(Happening::Pasted("\u{200b}\u{2060} "));
    life.press("enter");
    assert!(life.executed.is_empty() && said(&life).contains("reason is needed"), "{}", said(&life));
    life.live(Happening::Pasted("a bad release\n"));
    life.press("enter");
    assert_eq!(life.executed.len(), 1);
}

#[test]
fn typed_ahead_and_pasted_words_confirm_nothing() {
    let mut ahead = life();
    for happening in [
        Happening::Keys("!b"),
        Happening::Typed("ROLLBACK"),
        Happening::Keys("enter"),
        Happening::Planned(None),
        Happening::Keys("enter"),
    ] {
        ahead.live(happening);
    }
    assert!(ahead.executed.is_empty(), "nobody has read the plan");
}
