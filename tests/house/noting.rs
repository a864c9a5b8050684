//! Notes on alerts: the form in its states, what it asks for, and the way through a real store.

use insta::assert_snapshot;
use quarterdeck::app::{Effect, Message, update};
use quarterdeck::domain::action::{Phase, Plan};
use quarterdeck::domain::alert::Alert;
use quarterdeck::domain::store::{Id, Note, Subject, SubjectKind, Withdrawn};
use quarterdeck::theme::{Depth, Glyphs, Theme};

use crate::alerts::{self, alert};
use crate::keys::chords;
use crate::stage::{ago, text};
use crate::word::{self, Pair, World, at_once, opened, typed};

pub(crate) fn note(of: &Alert, id: &str, by: &str, says: &str, seconds: i64) -> Note {
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

fn world(found: &[Alert], notes: Vec<Note>) -> World {
    World { notes, ..World::of(found.to_vec()) }
}

/// The note that is carried out.
fn asked(effects: &[Effect]) -> &Plan {
    word::executed(effects).0
}

fn said(plan: &Plan) -> (&str, &str) {
    (&plan.action, plan.targets[0].given.text("text").unwrap_or_default())
}

#[test]
fn the_form_at_every_size() {
    let shop = alerts::shop();
    assert_snapshot!("noting_empty", opened(&world(&shop, Vec::new()), "!n").bodies());

    let notes = vec![
        note(&shop[0], "1", "lee", "the provider is slow\nsince noon", 600),
        note(&shop[0], "2", "sato", "再起動しました", 120),
    ];
    let seen = world(&shop, notes);
    let mut one = opened(&seen, "!n");
    one.type_text("I look at the pool; it was the same last week");
    assert_snapshot!("noting_one", one.bodies());

    assert_snapshot!("noting_change", opened(&seen, "!N").bodies());

    let mut refused = opened(&seen, "!n");
    refused.type_text("mine");
    word::news(&mut refused, &World { is_down: true, ..seen });
    assert_snapshot!("noting_refused", refused.bodies());

    let lines: Vec<Note> =
        (0..30).map(|n| note(&shop[0], &n.to_string(), "lee", &"long words of a note ".repeat(12), 60 + n)).collect();
    let mut many = opened(&world(&shop, lines), "!n");
    many.type_text(&"word ".repeat(200));
    assert_snapshot!("noting_many", many.bodies());

    let labels = [("alertname", "注文\u{202e}が\u{1b}[31m多い"), ("severity", "critical")];
    let strange = alert(&labels, "決済\u{7}に\nしっぱい", 60);
    let theirs = note(&strange, "1", "lee\u{1b}[2J", "見て\u{202e}\u{7}ください", 60);
    let mut hostile = opened(&world(&[strange], vec![theirs]), "!n");
    hostile.type_text("見ています");
    assert_snapshot!("noting_hostile", hostile.bodies());
    assert!(hostile.bodies().chars().all(|letter| letter == '\n' || !letter.is_control()));
}

#[test]
fn it_is_read_without_colour_and_in_sixteen() {
    let mut one = opened(&World::of(alerts::shop()), "!n");
    for (depth, glyphs) in [(Depth::Sixteen, Glyphs::UNICODE), (Depth::None, Glyphs::ASCII)] {
        one.theme = Theme::embedded("midnight", depth);
        one.glyphs = glyphs;
        let drawn = text(&one.body(80, 24));
        for words in ["Write a note on HighErrorRate", "silences nothing", "press enter to confirm"] {
            assert!(drawn.contains(words), "{words}:\n{drawn}");
        }
    }
}

#[test]
fn the_detail_shows_who_wrote_what_and_when() {
    let shop = alerts::shop();
    let edited = Some(Withdrawn { by: "sato".into(), at: ago(60) });
    let first = Note { edited, ..note(&shop[0], "1", "lee", "the provider is slow\nsince noon", 600) };
    let noted = world(&shop, vec![first, note(&shop[1], "2", "lee", "elsewhere", 60)]);
    let mut one = word::stage(&noted);
    let drawn = text(&one.body(120, 40));
    assert!(drawn.contains("note by lee, 10m ago: the provider is slow"), "under the list: {drawn}");
    one.press("enter");
    let drawn = text(&one.body(120, 40));
    for words in ["lee, 10m ago; changed by sato, 1m ago:", "the provider is slow", "since noon"] {
        assert!(drawn.contains(words), "{words}:\n{drawn}");
    }
    assert!(!drawn.contains("elsewhere"));
    // The last good word of a store that is away is said to be that.
    one.tell(World { is_down: true, ..noted }.stored());
    let drawn = text(&one.body(120, 40));
    assert!(drawn.contains("since noon") && drawn.contains("the store does not answer"), "{drawn}");
}

#[test]
fn nothing_is_written_before_it_was_read_and_nothing_empty() {
    let shop = World::of(alerts::shop());
    let mut one = opened(&shop, "!n");
    one.type_text("x");
    assert_eq!(at_once(&mut one, "enter"), [], "not armed");
    one.later("backspace");
    assert_eq!(one.later("enter"), [], "nothing to write");
    assert!(text(&one.body(80, 24)).contains("The note is empty"));
    one.type_text(" it is the cache ");
    let effects = one.later("enter");
    assert_eq!(said(asked(&effects)), ("note", " it is the cache"), "as it was typed, but its end");
    assert_eq!(one.later("enter"), [], "once");
    one.type_text("more");
    assert_eq!(typed(&one), " it is the cache ", "what is being written is not typed into");

    let mut read_only = opened(&World { is_read_only: true, ..shop }, "!n");
    read_only.type_text("mine");
    assert_eq!(read_only.later("enter"), []);
    assert!(text(&read_only.body(80, 24)).contains("--read-only"));

    let crash = |pod: &str| alert(&[("alertname", "Crash"), ("pod", pod)], "again", 60);
    let mut group = word::stage(&World::of(vec![crash("a"), crash("b")]));
    group.press("!n");
    assert!(group.model.planning.is_none(), "a note is on one alert");
    assert!(group.model.ui.toast.as_ref().is_some_and(|toast| toast.words.contains("2 alerts")));
}

#[test]
fn a_store_that_is_away_refuses_and_keeps_what_was_typed() {
    let shop = World::of(alerts::shop());
    let mut one = opened(&shop, "!n");
    one.type_text("mine");
    word::news(&mut one, &World { is_down: true, ..shop.clone() });
    assert_eq!(one.later("enter"), []);
    let drawn = text(&one.body(80, 24));
    assert!(drawn.contains("the store does not answer") && drawn.contains("mine"), "{drawn}");
    word::news(&mut one, &shop);
    let effects = one.later("enter");
    assert_eq!(said(asked(&effects)), ("note", "mine"), "it is back: the same form, the same text");
    one.tell(word::ended(&asked(&effects).id, Phase::Unknown, "the connection broke."));
    let drawn = text(&one.body(80, 24));
    assert!(drawn.contains("UNKNOWN: the connection broke."), "{drawn}");
    one.press("esc");
    word::open(&mut one, "!n", &shop);
    assert_eq!(typed(&one), "mine", "it is there again");
    let effects = one.later("esc");
    assert!(matches!(effects.as_slice(), [Effect::GiveUp(..)]), "given up, and journalled: {effects:?}");
    assert!(one.model.planning.is_none());
}

#[test]
fn what_somebody_changed_meanwhile_is_shown_and_not_overwritten_unread() {
    let shop = alerts::shop();
    let first = note(&shop[0], "1", "lee", "the provider is slow", 600);
    let noted = world(&shop, vec![first.clone()]);
    let mut one = opened(&noted, "!N");
    assert_eq!(typed(&one), "the provider is slow");
    one.type_text(", again");
    let edited = Some(Withdrawn { by: "sato".into(), at: ago(1) });
    let theirs = Note { text: "it is our pool".into(), edited, version: 2, ..first.clone() };
    word::news(&mut one, &world(&shop, vec![theirs]));
    let drawn = text(&one.body(80, 24));
    assert!(drawn.contains("it is our pool") && drawn.contains("sato"), "the other text is shown: {drawn}");
    assert_eq!(typed(&one), "the provider is slow, again", "and ours is kept");
    assert_eq!(at_once(&mut one, "enter"), [], "armed anew");
    let effects = one.later("enter");
    let plan = asked(&effects);
    let version = plan.targets[0].pins.iter().find(|pin| pin.path == "/note/version").map(|pin| pin.value.clone());
    assert_eq!((plan.action.as_str(), version), ("edit-note", Some(2.into())));

    // Taken back meanwhile: what was typed becomes a note of its own.
    let mut gone = opened(&noted, "!N");
    gone.type_text(", again");
    let nobody = world(&shop, Vec::new());
    let request = crate::silencing::asked(&update(&mut gone.model, nobody.stored().into(), ago(0)));
    word::answer(&mut gone, &request, &nobody);
    let effects = gone.later("enter");
    assert_eq!(said(asked(&effects)), ("note", "the provider is slow, again"));
    assert_eq!(asked(&effects).targets[0].given.text("note"), None);

    // Emptied, it is taken back, and that is said and armed before it counts.
    let mut back = opened(&noted, "!N");
    at_once(&mut back, "ctrl-u");
    assert!(text(&back.body(80, 24)).contains("press enter to see what this comes to"));
    word::open(&mut back, "enter", &noted);
    assert!(text(&back.body(80, 40)).contains("Take lee's note back"));
    assert_eq!(at_once(&mut back, "enter"), [], "armed anew");
    let effects = back.later("enter");
    assert_eq!(asked(&effects).action, "withdraw-note");

    // Typed again, it is changed after all, and that is shown first too.
    let mut changed = opened(&noted, "!N");
    at_once(&mut changed, "ctrl-u");
    word::open(&mut changed, "enter", &noted);
    changed.type_text("it was the pool");
    word::open(&mut changed, "enter", &noted);
    let effects = changed.later("enter");
    assert_eq!(said(asked(&effects)), ("edit-note", "it was the pool"));
}

#[test]
fn tab_goes_to_the_note_before_and_loses_no_text() {
    let shop = alerts::shop();
    let notes = vec![note(&shop[0], "1", "lee", "older", 600), note(&shop[0], "2", "lee", "newer", 60)];
    let mut one = opened(&world(&shop, notes), "!N");
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
    let mut one = opened(&World::of(alerts::shop()), "!n");
    one.type_text("first");
    assert_eq!(one.later("ctrl-o"), [Effect::EditText("first".into())]);
    one.tell(Message::Edited(Ok("first\nsecond \u{1b}[31m\n\n".into())));
    assert_eq!(typed(&one), "first\nsecond [31m");
    one.tell(Message::Edited(Err("vi ended with exit code 1: the text is as it was.".into())));
    assert_eq!(typed(&one), "first\nsecond [31m");
    assert!(one.model.ui.toast.as_ref().is_some_and(|toast| toast.words.contains("exit code 1")));

    // What is said with an acknowledgement is one line.
    let mut taking = opened(&World::of(alerts::shop()), "!a");
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
    lee.until("the form", |screen| screen.contains("Change a note on")).await;
    lee.say(", at two").await;
    lee.until("his change", |screen| screen.contains("the note is changed")).await;
    mori.press("esc enter");
    mori.until("his change", |screen| screen.contains("changed by lee") && screen.contains("tonight, at two")).await;
    mori.press("!N ctrl-u");
    // Emptied, it is taken back: that is shown first.
    mori.say("").await;
    mori.until("what it comes to", |screen| screen.contains("Take mori's note back")).await;
    mori.say("").await;
    mori.until("that it is gone", |screen| screen.contains("the note is taken back")).await;
    lee.press("esc");
    lee.until("that it is gone", |screen| !screen.contains("note by mori")).await;
}

#[test]
fn a_paste_into_a_note_is_its_text_whole_and_submits_nothing() {
    let link = format!("https://wiki.example/{}", "runbook-".repeat(40));
    let pasted = format!("see {link}\rand q twice\n");
    for keys in [false, true] {
        let mut one = opened(&World::of(alerts::shop()), "!n");
        let message = if keys { Message::Burst(chords(&pasted)) } else { Message::Pasted(pasted.clone()) };
        let asked = update(&mut one.model, message, ago(-1));
        assert!(asked.iter().all(|effect| matches!(effect, Effect::KeepDraft(_))), "{asked:?}");
        assert_eq!(typed(&one), format!("see {link}\nand q twice\n"));
        let effects = one.later("enter");
        assert_eq!(said(self::asked(&effects)).1, format!("see {link}\nand q twice"));
    }
    // A short one, read with the keys before it: its line break is kept, the last one is not taken for enter.
    let mut short = opened(&World::of(alerts::shop()), "!n");
    update(&mut short.model, Message::Together(chords("a\rb\r")), ago(-1));
    assert_eq!(typed(&short), "a\nb");
    let is_open = short.model.planning.as_ref().is_some_and(|planning| planning.scene.run.is_none());
    assert!(is_open, "nothing is submitted");
    let long = "x".repeat(70_000);
    update(&mut short.model, Message::Pasted(long), ago(-1));
    assert_eq!(typed(&short), "a\nb", "all of it or none");
    assert!(short.model.ui.toast.as_ref().is_some_and(|toast| toast.words.contains("none of it was taken")));
}
