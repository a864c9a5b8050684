//! Notes on alerts: the form in its states, what it asks for, and the way through a real store.

use insta::assert_snapshot;
use quarterdeck::actions::Said;
use quarterdeck::app::{Effect, Form, Message, update};
use quarterdeck::domain::action::Phase;
use quarterdeck::domain::alert::{Alert, NoteDeed, Noting, Word};
use quarterdeck::domain::source::SourceState;
use quarterdeck::domain::store::StoreSnapshot;
use quarterdeck::domain::store::{Id, Note, Subject, SubjectKind, Withdrawn};
use quarterdeck::theme::{Depth, Glyphs, Theme};
use quarterdeck::world::News;

use crate::alerts::{self, alert};
use crate::keys::chords;
use crate::stage::{Stage, ago, text};
use crate::word::{self, Pair, at_once, typed};

fn store(state: SourceState, notes: Vec<Note>) -> News {
    word::stored(state, StoreSnapshot::default().with::<Note>(notes.into_iter().collect()))
}

fn note(of: &Alert, id: &str, by: &str, says: &str, seconds: i64) -> Note {
    Note {
        id: Id::stored(id),
        subject: Subject { environment: "production".into(), kind: SubjectKind::Alert, name: of.key.to_string() },
        text: says.into(),
        by: by.into(),
        at: ago(seconds),
        edited: None,
        withdrawn: None,
        version: 1,
    }
}

fn stage(found: Vec<Alert>, notes: Vec<Note>) -> Stage {
    word::stage(found, store(SourceState::Fresh, notes))
}

fn asked(effects: &[Effect]) -> &Noting {
    let Word::Noting(noting) = word::asked(effects) else { unreachable!("a note is asked for: {effects:?}") };
    noting
}

#[test]
fn the_form_at_every_size() {
    let mut empty = stage(alerts::shop(), Vec::new());
    empty.press("!n");
    assert_snapshot!("noting_empty", empty.bodies());

    let shop = alerts::shop();
    let notes = vec![
        note(&shop[0], "1", "lee", "the provider is slow\nsince noon", 600),
        note(&shop[0], "2", "sato", "再起動しました", 120),
    ];
    let mut one = stage(shop.clone(), notes.clone());
    one.press("!n");
    one.type_text("I look at the pool; it was the same last week");
    assert_snapshot!("noting_one", one.bodies());

    let mut change = stage(shop.clone(), notes.clone());
    change.press("!N");
    assert_snapshot!("noting_change", change.bodies());

    let mut refused = stage(shop.clone(), notes);
    refused.press("!n");
    refused.type_text("mine");
    refused.tell(store(SourceState::Down, Vec::new()));
    assert_snapshot!("noting_refused", refused.bodies());

    let lines: Vec<Note> =
        (0..30).map(|n| note(&shop[0], &n.to_string(), "lee", &"long words of a note ".repeat(12), 60 + n)).collect();
    let mut many = stage(shop, lines);
    many.press("!n");
    many.type_text(&"word ".repeat(200));
    assert_snapshot!("noting_many", many.bodies());

    let labels = [("alertname", "注文\u{202e}が\u{1b}[31m多い"), ("severity", "critical")];
    let strange = alert(&labels, "決済\u{7}に\nしっぱい", 60);
    let theirs = note(&strange, "1", "lee\u{1b}[2J", "見て\u{202e}\u{7}ください", 60);
    let mut hostile = stage(vec![strange], vec![theirs]);
    hostile.press("!n");
    hostile.type_text("見ています");
    assert_snapshot!("noting_hostile", hostile.bodies());
    assert!(hostile.bodies().chars().all(|letter| letter == '\n' || !letter.is_control()));
}

#[test]
fn it_is_read_without_colour_and_in_sixteen() {
    let mut one = stage(alerts::shop(), Vec::new());
    one.press("!n");
    for (depth, glyphs) in [(Depth::Sixteen, Glyphs::UNICODE), (Depth::None, Glyphs::ASCII)] {
        one.theme = Theme::embedded("midnight", depth);
        one.glyphs = glyphs;
        let drawn = text(&one.body(80, 24));
        for words in ["Note on HighErrorRate", "silences nothing", "press enter to write it down"] {
            assert!(drawn.contains(words), "{words}:\n{drawn}");
        }
    }
}

#[test]
fn the_detail_shows_who_wrote_what_and_when() {
    let shop = alerts::shop();
    let edited = Some(Withdrawn { by: "sato".into(), at: ago(60) });
    let first = Note { edited, ..note(&shop[0], "1", "lee", "the provider is slow\nsince noon", 600) };
    let mut one = stage(shop.clone(), vec![first, note(&shop[1], "2", "lee", "elsewhere", 60)]);
    let drawn = text(&one.body(120, 40));
    assert!(drawn.contains("note by lee, 10m ago: the provider is slow"), "under the list: {drawn}");
    one.press("enter");
    let drawn = text(&one.body(120, 40));
    for words in ["lee, 10m ago; changed by sato, 1m ago:", "the provider is slow", "since noon"] {
        assert!(drawn.contains(words), "{words}:\n{drawn}");
    }
    assert!(!drawn.contains("elsewhere"));
    // The last good word of a store that is away is said to be that.
    let held = one.model.world.store.as_ref().and_then(|store| store.facts::<Note>()).expect("told");
    let notes = held.of("production", &shop[0].key).to_vec();
    one.tell(store(SourceState::Down, notes));
    let drawn = text(&one.body(120, 40));
    assert!(drawn.contains("since noon") && drawn.contains("the store does not answer"), "{drawn}");
}

#[test]
fn nothing_is_written_before_it_was_read_and_nothing_empty() {
    let mut one = stage(alerts::shop(), Vec::new());
    one.press("!n");
    one.type_text("x");
    assert_eq!(at_once(&mut one, "enter"), [], "not armed");
    one.later("backspace");
    assert_eq!(one.later("enter"), [], "nothing to write");
    assert!(text(&one.body(80, 24)).contains("The note is empty"));
    one.type_text(" it is the cache ");
    let effects = one.later("enter");
    let plan = asked(&effects);
    assert_eq!((plan.action, plan.text.as_str()), (NoteDeed::Note, " it is the cache"), "as it was typed, but its end");
    assert_eq!(one.later("enter"), [], "once");
    one.type_text("more");
    assert_eq!(typed(&one), " it is the cache ", "what is being written is not typed into");

    let mut read_only = stage(alerts::shop(), Vec::new());
    read_only.model.is_store_read_only = true;
    read_only.press("!n");
    read_only.type_text("mine");
    assert_eq!(read_only.later("enter"), []);
    assert!(text(&read_only.body(80, 24)).contains("--read-only"));

    let crash = |pod: &str| alert(&[("alertname", "Crash"), ("pod", pod)], "again", 60);
    let mut group = stage(vec![crash("a"), crash("b")], Vec::new());
    group.press("!n");
    assert_eq!(group.model.word, None, "a note is on one alert");
    assert!(group.model.ui.toast.as_ref().is_some_and(|toast| toast.words.contains("2 alerts")));
}

#[test]
fn a_store_that_is_away_refuses_and_keeps_what_was_typed() {
    let mut one = stage(alerts::shop(), Vec::new());
    one.press("!n");
    one.type_text("mine");
    one.tell(store(SourceState::Down, Vec::new()));
    assert_eq!(one.later("enter"), []);
    let drawn = text(&one.body(80, 24));
    assert!(drawn.contains("the store is down") && drawn.contains("mine"), "{drawn}");
    one.tell(store(SourceState::Fresh, Vec::new()));
    assert_eq!(one.later("enter").len(), 1, "it is back: the same form, the same text");
    let unknown = Said { phase: Phase::Unknown, words: "the connection broke.".into(), alerts: Vec::new() };
    one.tell(Message::Said(Form::Note, Box::new(unknown)));
    let drawn = text(&one.body(80, 24));
    assert!(drawn.contains("UNKNOWN: the connection broke.") && typed(&one) == "mine", "{drawn}");
    let effects = one.later("esc");
    assert!(matches!(effects.as_slice(), [Effect::LeaveUnsaid(_)]), "given up, and journalled: {effects:?}");
    assert_eq!(one.model.word, None);
}

#[test]
fn what_somebody_changed_meanwhile_is_shown_and_not_overwritten_unread() {
    let shop = alerts::shop();
    let first = note(&shop[0], "1", "lee", "the provider is slow", 600);
    let mut one = stage(shop.clone(), vec![first.clone()]);
    one.press("!N");
    assert_eq!(typed(&one), "the provider is slow");
    one.type_text(", again");
    let edited = Some(Withdrawn { by: "sato".into(), at: ago(1) });
    let theirs = Note { text: "it is our pool".into(), edited, version: 2, ..first.clone() };
    one.tell(store(SourceState::Fresh, vec![theirs.clone()]));
    let drawn = text(&one.body(80, 24));
    assert!(drawn.contains("it is our pool") && drawn.contains("sato"), "the other text is shown: {drawn}");
    assert_eq!(typed(&one), "the provider is slow, again", "and ours is kept");
    assert_eq!(at_once(&mut one, "enter"), [], "armed anew");
    let effects = one.later("enter");
    let plan = asked(&effects);
    assert_eq!((plan.action, plan.seen.as_ref().map(|seen| seen.version)), (NoteDeed::EditNote, Some(2)));

    // Taken back meanwhile: what was typed becomes a note of its own.
    let mut gone = stage(shop.clone(), vec![first.clone()]);
    gone.press("!N");
    gone.type_text(", again");
    gone.tell(store(SourceState::Fresh, Vec::new()));
    let effects = gone.later("enter");
    let plan = asked(&effects);
    assert_eq!((plan.action, plan.text.as_str(), &plan.seen), (NoteDeed::Note, "the provider is slow, again", &None));

    // Emptied, it is taken back, and that is said and armed before it counts.
    let mut back = stage(shop, vec![first]);
    back.press("!N");
    at_once(&mut back, "ctrl-u");
    assert!(text(&back.body(80, 24)).contains("Take lee's note on HighErrorRate back"));
    assert_eq!(at_once(&mut back, "enter"), [], "armed anew");
    let effects = back.later("enter");
    assert_eq!(asked(&effects).action, NoteDeed::WithdrawNote);
}

#[test]
fn tab_goes_to_the_note_before_and_loses_no_text() {
    let shop = alerts::shop();
    let notes = vec![note(&shop[0], "1", "lee", "older", 600), note(&shop[0], "2", "lee", "newer", 60)];
    let mut one = stage(shop, notes);
    one.press("!N");
    assert_eq!(typed(&one), "newer");
    one.press("tab");
    assert_eq!(typed(&one), "older");
    one.type_text("!");
    one.press("tab");
    assert_eq!(typed(&one), "older!", "not written yet: it stays");
    one.press("backspace tab");
    assert_eq!(typed(&one), "newer");
}

#[test]
fn the_editor_has_the_text_and_gives_it_back() {
    let mut one = stage(alerts::shop(), Vec::new());
    one.press("!n");
    one.type_text("first");
    assert_eq!(one.later("ctrl-o"), [Effect::EditText("first".into())]);
    one.tell(Message::Edited(Ok("first\nsecond \u{1b}[31m\n\n".into())));
    assert_eq!(typed(&one), "first\nsecond [31m");
    one.tell(Message::Edited(Err("vi ended with exit code 1: the text is as it was.".into())));
    assert_eq!(typed(&one), "first\nsecond [31m");
    assert!(one.model.ui.toast.as_ref().is_some_and(|toast| toast.words.contains("exit code 1")));

    // What is said with an acknowledgement is one line.
    let mut taking = stage(alerts::shop(), Vec::new());
    taking.press("!a");
    assert_eq!(taking.later("ctrl-o"), [Effect::EditText(String::new())]);
    taking.tell(Message::Edited(Ok("one\ntwo\n".into())));
    assert!(text(&taking.body(80, 24)).contains("one two"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_note_of_one_console_is_seen_and_changed_on_the_other() {
    let mut pair = Pair::open().await;
    let Pair { mori, lee, .. } = &mut pair;
    mori.press("!n");
    mori.say("it renews tonight").await;
    mori.until("her word", |screen| screen.contains("written down")).await;
    lee.until("what she wrote", |screen| screen.contains("note by mori") && screen.contains("it renews tonight")).await;
    lee.press("!N");
    lee.until("the form", |screen| screen.contains("Change mori's note")).await;
    lee.say(", at two").await;
    lee.until("his change", |screen| screen.contains("the note is changed")).await;
    mori.press("enter");
    mori.until("his change", |screen| screen.contains("changed by lee") && screen.contains("tonight, at two")).await;
    mori.press("!N ctrl-u");
    mori.say("").await;
    mori.until("that it is gone", |screen| screen.contains("the note is taken back")).await;
    lee.until("that it is gone", |screen| !screen.contains("note by mori")).await;
}

#[test]
fn a_paste_into_a_note_is_its_text_whole_and_submits_nothing() {
    let link = format!("https://wiki.example/{}", "runbook-".repeat(40));
    let pasted = format!("see {link}\rand q twice\n");
    for keys in [false, true] {
        let mut one = stage(alerts::shop(), Vec::new());
        one.press("!n");
        let message = if keys { Message::Burst(chords(&pasted)) } else { Message::Pasted(pasted.clone()) };
        let asked = update(&mut one.model, message, ago(-1));
        assert!(asked.iter().all(|effect| matches!(effect, Effect::KeepDraft(_))), "{asked:?}");
        assert_eq!(typed(&one), format!("see {link}\nand q twice\n"));
        let effects = one.later("enter");
        assert_eq!(self::asked(&effects).text, format!("see {link}\nand q twice"));
    }
    // A short one, read with the keys before it: its line break is kept, the last one is not taken for enter.
    let mut short = stage(alerts::shop(), Vec::new());
    short.press("!n");
    update(&mut short.model, Message::Together(chords("a\rb\r")), ago(-1));
    assert_eq!(typed(&short), "a\nb");
    assert!(short.model.word.as_ref().is_some_and(|open| !open.is_writing), "nothing is submitted");
    let long = "x".repeat(70_000);
    update(&mut short.model, Message::Pasted(long), ago(-1));
    assert_eq!(typed(&short), "a\nb", "all of it or none");
    assert!(short.model.ui.toast.as_ref().is_some_and(|toast| toast.words.contains("none of it was taken")));
}
