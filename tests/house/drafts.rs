//! What is typed into a form and not sent: kept a moment later, offered again, forgotten once it was sent or nobody wants it.

use quarterdeck::app::{Draft, Effect, Message, next_due, update};
use quarterdeck::domain::action::Phase;
use quarterdeck::domain::store::{Id, Note, Subject, SubjectKind};
use quarterdeck::domain::time::Instant;
use quarterdeck::keys::Sequence;
use quarterdeck::ui::state::Overlay;

use crate::alerts;
use crate::stage::{Stage, now, text};
use crate::word::{self, World};

/// The alerts pane, its cursor on the worst.
fn stage() -> Stage {
    word::stage(&World::of(alerts::shop()))
}

/// Opens a form by keys, with its plan.
fn open(stage: &mut Stage, keys: &str) {
    word::open(stage, keys, &World::of(alerts::shop()));
}

/// Carries the form out that is open; the run, and what is asked for.
fn send(stage: &mut Stage, at: Instant) -> (String, Vec<Effect>) {
    let sent = keys(stage, "enter", at);
    let run = sent.iter().find_map(|effect| match effect {
        Effect::Execute(plan, _) => Some(plan.id.clone()),
        _ => None,
    });
    (run.expect("it is carried out"), sent)
}

/// How a run ended.
fn ended(run: &str, phase: Phase) -> Message {
    word::ended(run, phase, "told.")
}

fn after(milliseconds: i64) -> Instant {
    now() + chrono::TimeDelta::milliseconds(milliseconds)
}

/// Keys at a moment; what they ask for.
fn keys(stage: &mut Stage, keys: &str, at: Instant) -> Vec<Effect> {
    let sequence: Sequence = keys.parse().expect("keys");
    sequence.0.into_iter().flat_map(|chord| update(&mut stage.model, Message::Key(chord), at)).collect()
}

fn kept(effects: &[Effect]) -> Vec<Draft> {
    let kept = effects.iter().filter_map(|effect| match effect {
        Effect::KeepDraft(draft) => Some((**draft).clone()),
        _ => None,
    });
    kept.collect()
}

fn forgotten(effects: &[Effect]) -> usize {
    effects.iter().filter(|effect| matches!(effect, Effect::ForgetDraft(_))).count()
}

fn typed(stage: &Stage) -> Vec<String> {
    let Some(Overlay::Plan { reason, given, .. }) = stage.model.ui.overlays.last() else { return Vec::new() };
    let takes_reason = stage.model.planning.as_ref().is_some_and(|planning| planning.scene.takes_reason);
    let reason = Some(reason).filter(|_| takes_reason);
    reason.into_iter().chain(given).map(|field| field.text.clone()).collect()
}

/// Types a note and lets it be kept.
fn noted(stage: &mut Stage, words: &str) -> Draft {
    open(stage, "!n");
    stage.type_text(words);
    kept(&update(&mut stage.model, Message::Clock, after(500))).pop().expect("a draft is kept")
}

#[test]
fn a_burst_of_keys_is_one_write_a_moment_later() {
    let mut one = stage();
    one.press("!n");
    let asked: Vec<Effect> = ["t", "h", "e"].iter().flat_map(|letter| keys(&mut one, letter, now())).collect();
    assert_eq!(asked, [], "not on every key");
    let due = next_due(&one.model, after(301)).expect("the loop wakes up for it");
    assert_eq!(due, after(400));
    let draft = kept(&update(&mut one.model, Message::Clock, due)).pop().expect("a draft");
    assert_eq!((draft.key.form.as_str(), draft.key.environment.as_str()), ("note", "production"));
    assert_eq!((draft.fields, draft.saved_at), (vec!["the".to_owned()], due));
    assert_eq!(update(&mut one.model, Message::Clock, after(2_000)), [], "once");
    assert_eq!(next_due(&one.model, after(2_000)).filter(|at| *at < after(5_000)), None);

    // What is emptied by hand is nothing to keep.
    keys(&mut one, "ctrl-u", after(3_000));
    assert_eq!(forgotten(&update(&mut one.model, Message::Clock, after(3_500))), 1);
}

#[test]
fn another_console_offers_it_for_the_same_form_and_target_and_nowhere_else() {
    let draft = noted(&mut stage(), "the provider is slow");
    let mut next = stage();
    next.tell(Message::Drafts(vec![draft.clone()]));
    next.press("!a");
    assert_eq!(typed(&next), [""], "another form");
    next.press("esc");
    next.press("j !n");
    assert_eq!(typed(&next), [""], "another alert");
    next.press("esc k !n");
    assert_eq!(typed(&next), ["the provider is slow"]);
    assert!(next.model.ui.toast.as_ref().is_some_and(|toast| toast.words.contains("is here again")));
    assert!(text(&next.body(80, 24)).contains("the provider is slow"));

    let mut late = stage();
    let saved_at = now() - chrono::TimeDelta::hours(25);
    late.tell(Message::Drafts(vec![Draft { saved_at, ..draft }]));
    late.press("!n");
    assert_eq!(typed(&late), [""], "a day old");
}

#[test]
fn it_is_forgotten_once_it_was_sent_and_not_before() {
    let mut one = stage();
    noted(&mut one, "mine");
    let (run, sent) = send(&mut one, after(1_000));
    assert_eq!(forgotten(&sent), 0, "{sent:?}");
    let told = update(&mut one.model, ended(&run, Phase::Refused), after(1_100));
    assert_eq!(forgotten(&told), 0, "it did not arrive");
    one.press("esc");
    open(&mut one, "!n");
    assert_eq!(typed(&one), ["mine"]);
    let (run, _) = send(&mut one, after(2_000));
    // The form is left while it is being written.
    keys(&mut one, "esc", after(2_100));
    assert_eq!(forgotten(&update(&mut one.model, ended(&run, Phase::Done), after(2_200))), 1);
    one.press("!n");
    assert_eq!(typed(&one), [""]);

    // Sent faster than it was kept: then it is kept first.
    let mut fast = stage();
    open(&mut fast, "!n");
    fast.type_text("fast");
    let sent = keys(&mut fast, "enter", after(350));
    assert_eq!(kept(&sent).len(), 1, "{sent:?}");
}

#[test]
fn each_of_several_on_their_way_has_an_end_of_its_own() {
    let mut one = stage();
    noted(&mut one, "mine");
    let (note, _) = send(&mut one, after(1_000));
    keys(&mut one, "esc", after(1_000));
    open(&mut one, "!a");
    one.type_text("I look");
    let (acknowledgement, _) = send(&mut one, after(2_000));
    keys(&mut one, "esc", after(2_000));
    let told = update(&mut one.model, ended(&note, Phase::Done), after(2_100));
    let gone: Vec<&str> = told
        .iter()
        .filter_map(|effect| match effect {
            Effect::ForgetDraft(key) => Some(key.form.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(gone, ["note"]);
    update(&mut one.model, ended(&acknowledgement, Phase::Refused), after(2_200));
    one.press("!a");
    assert_eq!(typed(&one), ["I look"], "it did not arrive");
}

#[test]
fn what_arrives_from_one_form_takes_nothing_out_of_another() {
    let mut one = stage();
    noted(&mut one, "mine");
    let (run, _) = send(&mut one, after(1_000));
    keys(&mut one, "esc", after(1_000));
    open(&mut one, "!a");
    one.type_text("I look");
    assert_eq!(kept(&update(&mut one.model, Message::Clock, after(2_000))).len(), 1);
    one.type_text(" again");
    let told = update(&mut one.model, ended(&run, Phase::Done), after(2_100));
    assert_eq!(typed(&one), ["I look again"]);
    let draft = kept(&told).pop().or_else(|| kept(&update(&mut one.model, Message::Clock, after(3_000))).pop());
    assert_eq!(draft.expect("kept on").fields, ["I look again"]);
}

#[test]
fn what_was_sent_is_never_said_to_be_unsent() {
    let is_said = |stage: &Stage| {
        let toast = stage.model.ui.toast.as_ref().expect("it is offered");
        assert!(!toast.words.contains("nothing of it was sent"), "{}", toast.words);
        toast.is_warning && toast.words.contains("whether it arrived is not known")
    };
    let mut one = stage();
    noted(&mut one, "mine");
    let (run, sent) = send(&mut one, after(1_000));
    let draft = kept(&sent).pop().expect("kept as it is sent");
    assert!(draft.is_on_its_way);
    // The console dies before the answer.
    let mut next = stage();
    next.tell(Message::Drafts(vec![draft]));
    next.press("!n");
    assert!(typed(&next) == ["mine"] && is_said(&next));

    update(&mut one.model, ended(&run, Phase::Unknown), after(1_100));
    one.press("esc");
    open(&mut one, "!n");
    assert!(typed(&one) == ["mine"] && is_said(&one));
    one.type_text("!");
    let draft = kept(&keys(&mut one, "esc", after(1_200))).pop().expect("kept");
    assert!(draft.is_on_its_way, "as it was before, it may have arrived");
    open(&mut one, "!n");
    assert!(typed(&one) == ["mine!"] && is_said(&one));

    let (run, _) = send(&mut one, after(2_000));
    let draft = kept(&update(&mut one.model, ended(&run, Phase::Refused), after(2_100))).pop();
    assert!(draft.is_some_and(|draft| !draft.is_on_its_way), "it certainly did not arrive");
}

#[test]
fn another_note_of_the_same_words_is_another_note() {
    let shop = alerts::shop();
    let note = |id: &str| Note {
        id: Id::stored(id),
        subject: Subject { environment: "production".into(), kind: SubjectKind::Alert, name: shop[0].key.to_string() },
        text: "the same".into(),
        by: "lee".into(),
        at: now(),
        edited: None,
        withdrawn: None,
        version: 1,
    };
    let mut one = word::stage(&World { notes: vec![note("1"), note("2")], ..World::of(shop.clone()) });
    one.press("!N tab");
    assert_eq!(update(&mut one.model, Message::Clock, after(500)), [], "nothing was typed");
    one.type_text("!");
    let draft = kept(&update(&mut one.model, Message::Clock, after(1_000))).pop().expect("a draft");
    let mut next = word::stage(&World { notes: vec![note("1"), note("2")], ..World::of(shop.clone()) });
    next.tell(Message::Drafts(vec![draft]));
    next.press("!N");
    assert_eq!(typed(&next), ["the same"]);
    next.press("tab");
    assert_eq!(typed(&next), ["the same!"]);
}

#[test]
fn only_esc_on_the_question_answers_it() {
    let closed = || {
        let mut one = stage();
        one.press("!n");
        one.type_text("mine");
        keys(&mut one, "esc", after(100));
        one
    };
    for between in ["j", "!", "ctrl-l", "2"] {
        let mut one = closed();
        keys(&mut one, between, after(200));
        assert_eq!(one.model.ui.toast, None, "{between}: it is not asked any more");
        assert_eq!(forgotten(&keys(&mut one, "esc", after(300))), 0, "{between}");
        assert_eq!(forgotten(&keys(&mut one, "esc", after(400))), 0, "{between}");
    }
    // Something else is said in its place: it was not read.
    let mut one = closed();
    update(&mut one.model, Message::TaskDied("store", "why".into()), after(200));
    assert_eq!(forgotten(&keys(&mut one, "esc", after(300))), 0);
}

#[test]
fn esc_keeps_it_and_esc_once_more_forgets_it() {
    let mut one = stage();
    one.press("!n");
    one.type_text("mine");
    let closed = keys(&mut one, "esc", after(100));
    assert_eq!(kept(&closed).len(), 1, "{closed:?}");
    one.press("!n");
    assert_eq!(typed(&one), ["mine"]);
    keys(&mut one, "esc", after(200));
    assert_eq!(forgotten(&keys(&mut one, "esc", after(300))), 1);
    one.press("!n");
    assert_eq!(typed(&one), [""]);
    assert_eq!(kept(&keys(&mut one, "esc", after(400))), [], "nothing was typed");
    assert_eq!(forgotten(&keys(&mut one, "esc", after(500))), 0);

    // Much later esc means what it always means.
    let mut late = stage();
    late.press("!n");
    late.type_text("mine");
    keys(&mut late, "esc", now());
    assert_eq!(forgotten(&keys(&mut late, "esc", after(60_000))), 0);
    late.press("1 !n");
    assert_eq!(typed(&late), ["mine"]);
}

#[test]
fn leaving_keeps_what_is_typed() {
    use quarterdeck::app::Leaving;
    let mut one = stage();
    one.press("!n");
    one.type_text("mine");
    let left = update(&mut one.model, Message::Leave(Leaving::TerminalGone), now());
    assert_eq!(kept(&left).len(), 1, "{left:?}");
}

#[test]
fn an_acknowledgement_and_a_silence_are_kept_too_but_never_what_confirms() {
    let mut one = stage();
    one.press("!a");
    one.type_text("I look");
    let draft = kept(&update(&mut one.model, Message::Clock, after(500))).pop().expect("a draft");
    assert_eq!((draft.key.form.as_str(), draft.fields), ("acknowledge", vec!["I look".to_owned()]));

    let mut two = stage();
    two.press("!z");
    two.type_text("known");
    two.press("tab tab tab tab");
    let draft = kept(&update(&mut two.model, Message::Clock, after(500))).pop().expect("a draft");
    assert_eq!(draft.key.form, "silence");
    assert_eq!((draft.fields[0].as_str(), draft.fields[2].as_str(), draft.fields.len()), ("known", "2h", 3));
    let mut next = stage();
    next.tell(Message::Drafts(vec![draft]));
    next.press("!z");
    assert_eq!(typed(&next)[0], "known");
    let Some(Overlay::Plan { typed, .. }) = next.model.ui.overlays.last() else { unreachable!("the form is open") };
    assert_eq!(typed.text, "");
}
