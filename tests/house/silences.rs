//! The silences pane in every state, at every size, and the ways from an alert to the silences over it and back.

use chrono::TimeDelta;
use insta::assert_snapshot;
use quarterdeck::app::Effect;
use quarterdeck::domain::alert::{Alert, AlertSnapshot, Hold, Matcher, Silence, SilenceState};
use quarterdeck::domain::source::SourceState;
use quarterdeck::domain::subject::Subject;
use quarterdeck::theme::{Depth, Glyphs, Theme};
use quarterdeck::world::News;
use quarterdeck::world::Scope;

use crate::alerts::{self, alert};
use crate::stage::{Stage, ago, now, text};

fn silence(id: &str, state: SilenceState, covers: &str, by: &str, why: &str) -> Silence {
    let (starts_at, ends_at) = match state {
        SilenceState::Active => (ago(3_000), now() + TimeDelta::minutes(70)),
        SilenceState::Pending => (now() + TimeDelta::minutes(30), now() + TimeDelta::hours(3)),
        SilenceState::Expired => (ago(20_000), ago(7_200)),
    };
    let matchers = vec![Matcher::equal("alertname", covers)];
    Silence { id: id.into(), matchers, starts_at, ends_at, created_by: by.into(), comment: why.into(), state }
}

fn silenced(name: &str, severity: &str, by: &[&str]) -> Alert {
    let hidden = alert(&[("alertname", name), ("severity", severity)], "it fires", 600);
    Alert { hold: Hold::Silenced, silenced_by: by.iter().map(|id| (*id).into()).collect(), ..hidden }
}

pub(crate) fn some() -> Vec<Silence> {
    let soon = Silence {
        ends_at: now() + TimeDelta::minutes(9),
        ..silence("7b21f0", SilenceState::Active, "Down", "mori", "the switch is being replaced, see #4711")
    };
    vec![
        silence("4ef1a9", SilenceState::Active, "DiskFillsUp", "sato", "the new disk is on its way"),
        soon,
        silence("c0ffee", SilenceState::Active, "NobodyHasThis", "lee", "left over"),
        silence("9d9d9d", SilenceState::Pending, "Backup", "sato", "maintenance tonight"),
        silence("1a1a1a", SilenceState::Expired, "QueueGrows", "mori", "it drained"),
    ]
}

pub(crate) fn found() -> Vec<Alert> {
    let mut found = alerts::shop();
    found.extend([
        silenced("Down", "critical", &["7b21f0"]),
        silenced("DiskFillsUp", "warning", &["4ef1a9"]),
        silenced("Both", "warning", &["4ef1a9", "7b21f0"]),
    ]);
    found
}

pub(crate) fn snapshot(found: Vec<Alert>, silences: Option<Vec<Silence>>, state: SourceState) -> AlertSnapshot {
    AlertSnapshot { silences: silences.map(Into::into), ..alerts::snapshot(found, state) }
}

fn stage(found: Vec<Alert>, silences: Option<Vec<Silence>>, freshness: SourceState) -> Stage {
    let mut stage = Stage::new();
    stage.see(Vec::new(), SourceState::Fresh);
    stage.tell(News::Alerts(Box::new(snapshot(found, silences, freshness))));
    stage.press("1 tab");
    stage
}

#[test]
fn every_state_at_every_size() {
    assert_snapshot!("silences_loading", stage(Vec::new(), None, SourceState::Loading).bodies());
    assert_snapshot!("silences_empty", stage(alerts::shop(), Some(Vec::new()), SourceState::Fresh).bodies());
    assert_snapshot!("silences_normal", stage(found(), Some(some()), SourceState::Fresh).bodies());
    assert_snapshot!("silences_stale", stage(found(), Some(some()), SourceState::Stale).bodies());
    assert_snapshot!("silences_down", stage(found(), Some(some()), SourceState::Down).bodies());
    assert_snapshot!("silences_not_known", stage(found(), None, SourceState::Fresh).bodies());
    let many = (0..400).map(|number| {
        let state = if number % 5 == 0 { SilenceState::Expired } else { SilenceState::Active };
        silence(&format!("id-{number:03}"), state, "PodCrashes in a name that is long", "a-person", &"why ".repeat(30))
    });
    let many: Vec<Silence> = many.collect();
    assert_snapshot!("silences_huge", stage(found(), Some(many), SourceState::Fresh).bodies());
    let hostile =
        silence("注文", SilenceState::Active, "決済\u{202e}\u{1b}[31m", "lee\u{1b}[2J", "しっぱい\u{7}\nした");
    let hostile = stage(Vec::new(), Some(vec![hostile]), SourceState::Fresh);
    assert_snapshot!("silences_hostile", hostile.bodies());
    assert!(hostile.bodies().chars().all(|letter| letter == '\n' || !letter.is_control()));
}

#[test]
fn it_is_read_without_colour_and_in_sixteen() {
    let mut one = stage(found(), Some(some()), SourceState::Fresh);
    for (depth, glyphs) in [(Depth::Sixteen, Glyphs::UNICODE), (Depth::None, Glyphs::ASCII)] {
        one.theme = Theme::embedded("midnight", depth);
        one.glyphs = glyphs;
        let drawn = text(&one.body(120, 40));
        for words in ["3 active, 1 pending, 1 ended", "ends in 9m", "begins in 30m", "ended 2h", "hides Down critical"]
        {
            assert!(drawn.contains(words), "{words}:\n{drawn}");
        }
    }
}

#[test]
fn what_ends_next_is_first_and_the_filter_and_the_cursor_do_what_they_do_elsewhere() {
    let mut one = stage(found(), Some(some()), SourceState::Fresh);
    assert_eq!(one.rows(), ["7b21f0", "4ef1a9", "c0ffee", "9d9d9d", "1a1a1a"]);
    let drawn = text(&one.body(120, 40));
    let mut lines = drawn.lines().skip_while(|line| !line.contains("HIDES"));
    let end = lines.next().and_then(|head| head.find("HIDES")).expect("the head") + "HIDES".len();
    let hides = lines.take(5).map(|line| {
        let cells: String = line.chars().take(end).collect();
        cells.split_whitespace().next_back().unwrap_or_default().to_owned()
    });
    assert_eq!(hides.take(3).collect::<Vec<_>>(), ["2", "2", "0"], "{drawn}");
    one.press("ctrl-z");
    assert_eq!(one.rows().len(), 4, "what is over is hidden");
    one.press("ctrl-z /");
    one.type_text("sato");
    one.press("enter");
    assert_eq!(one.rows(), ["4ef1a9", "9d9d9d"]);
    one.press("j");
    // Another one that comes first leaves the cursor where it is.
    let mut more = some();
    more.push(Silence {
        ends_at: now() + TimeDelta::minutes(1),
        ..silence("new", SilenceState::Active, "X", "sato", "")
    });
    one.tell(News::Alerts(Box::new(snapshot(found(), Some(more), SourceState::Fresh))));
    assert_eq!(one.rows(), ["new", "4ef1a9", "9d9d9d"]);
    assert_eq!(one.under_cursor(), "9d9d9d");
    one.press("esc");
    assert_eq!((one.rows().len(), one.front().as_str()), (6, "silences"), "esc clears the filter, and stays");
}

/// The action that is asked for, and the silence.
fn meant(effects: &[Effect]) -> (&'static str, String) {
    let request = crate::silencing::asked(effects);
    let [Subject::Silence(silence)] = request.targets.as_slice() else { unreachable!("a silence: {request:?}") };
    (request.action, silence.id.clone())
}

#[test]
fn a_silence_is_ended_and_changed_from_here() {
    let mut one = stage(found(), Some(some()), SourceState::Fresh);
    let asked = one.later("!Z");
    assert_eq!(meant(&asked), ("expire-silence", "7b21f0".to_owned()));
    one.later("esc");

    one.press(":");
    one.type_text("change-silence");
    let asked = one.later("enter");
    assert_eq!(meant(&asked), ("change-silence", "7b21f0".to_owned()));
    one.later("esc");

    one.press("G");
    assert_eq!(one.later("!Z"), [], "it is over");
    assert!(one.said().contains("is over"));
}

#[test]
fn an_alert_several_silences_cover_leads_to_them() {
    let mut one = stage(found(), Some(some()), SourceState::Fresh);
    one.press("1 /");
    one.type_text("Both");
    one.press("enter");
    assert_eq!(one.later("!Z").len(), 1, "shown, and nothing planned yet");
    assert_eq!((one.front().as_str(), one.rows()), ("silences", vec!["7b21f0".to_owned(), "4ef1a9".to_owned()]));
    assert!(one.said().contains("2 silences cover it"));
    one.press("j");
    let asked = one.later("!Z");
    assert_eq!(meant(&asked), ("expire-silence", "4ef1a9".to_owned()));
}

#[test]
fn enter_leads_to_what_it_hides_and_esc_comes_back() {
    let mut one = stage(found(), Some(some()), SourceState::Fresh);
    one.press("j enter");
    let shown = one.rows();
    assert_eq!((one.front().as_str(), shown.len()), ("alerts", 2), "{shown:?}");
    assert!(shown.contains(&"DiskFillsUp".to_owned()) && shown.contains(&"Both".to_owned()), "{shown:?}");
    one.press("esc");
    assert_eq!(one.front(), "silences");
    assert_eq!(one.under_cursor(), "4ef1a9");
    one.press("j enter");
    assert_eq!(one.front(), "silences", "it hides nothing: there is nowhere to go");
    assert!(!one.said().is_empty());
    one.press("1");
    assert!(one.filter().is_empty(), "the alerts are all of them again");
}

#[test]
fn an_alert_that_is_opened_on_the_way_leads_back_to_the_narrowed_list_first() {
    let mut one = stage(found(), Some(some()), SourceState::Fresh);
    one.press("2 /");
    one.type_text("pay");
    one.press("enter 1 tab g j enter g j enter");
    assert!(one.front().starts_with("alert "), "one of those it hides: {}", one.front());
    one.press("esc");
    assert_eq!((one.front().as_str(), one.rows().len()), ("alerts", 2), "those it hides, still");
    one.press("esc");
    assert_eq!(one.front(), "silences");
    one.press("1");
    assert!(one.filter().is_empty(), "the alerts are all of them again");
    one.press("2");
    assert_eq!(one.filter(), "pay", "a filter elsewhere is its own");
}

#[test]
fn the_overview_the_alerts_and_an_alert_are_one_way_back() {
    let mut one = stage(found(), Some(some()), SourceState::Fresh);
    one.press("0 enter");
    assert_eq!(one.front(), "alerts", "the gravest headline");
    one.press("g j enter");
    assert!(one.front().starts_with("alert "), "{}", one.front());
    one.press("esc");
    assert_eq!(one.front(), "alerts");
    one.press("esc");
    assert_eq!(one.front(), "overview");
}

#[test]
fn whoever_goes_elsewhere_does_not_come_back_by_the_way_they_left() {
    let mut typed = stage(found(), Some(some()), SourceState::Fresh);
    typed.press("j enter /");
    typed.type_text(" disk");
    typed.press("enter 1");
    assert!(typed.filter().ends_with(" disk"), "what was typed is nobody's to throw away");
    let mut one = stage(found(), Some(some()), SourceState::Fresh);
    for elsewhere in ["2", "6", "6 tab", "6 tab tab", "0"] {
        one.press("1 tab g j enter");
        assert_eq!(one.front(), "alerts", "what it hides");
        one.press(elsewhere);
        // By whatever way the alerts come in front again.
        one.bring_alerts();
        one.press("esc esc");
        assert_ne!(one.front(), "silences", "after {elsewhere}");
        one.press("1");
        assert!(one.filter().is_empty(), "the alerts are all of them again, after {elsewhere}");
    }
}

#[test]
fn a_frozen_screen_stands_still() {
    let mut one = stage(found(), Some(some()), SourceState::Fresh);
    one.press("f");
    one.tell(News::Alerts(Box::new(snapshot(Vec::new(), Some(Vec::new()), SourceState::Fresh))));
    assert_eq!(one.rows().len(), 5);
    one.press("f");
    assert_eq!(one.rows().len(), 0);
}

#[test]
fn alerts_and_silences_are_those_of_the_environments_that_are_shown() {
    let mut one = stage(found(), Some(some()), SourceState::Fresh);
    let alert = Alert { environment: "staging".into(), ..silenced("Elsewhere", "critical", &["far"]) };
    let far = silence("far", SilenceState::Active, "Elsewhere", "lee", "");
    let elsewhere =
        AlertSnapshot { environment: "staging".into(), ..snapshot(vec![alert], Some(vec![far]), SourceState::Fresh) };
    let names = |stage: &mut Stage| -> Vec<String> {
        stage.press("1");
        let names = stage.rows();
        stage.press("1 tab");
        names
    };
    one.tell(News::Alerts(Box::new(elsewhere.clone())));
    assert_eq!((one.rows().len(), names(&mut one).contains(&"Elsewhere".to_owned())), (5, false));
    one.enter(Scope::All);
    one.press("1 tab");
    assert!(one.rows().contains(&"far".to_owned()) && one.rows().len() == 6 && names(&mut one).len() > 1);
    assert!(text(&one.body(120, 40)).contains("staging"), "every row says whose it is");
    one.enter(Scope::One(1));
    one.press("1 tab");
    assert_eq!((one.rows(), names(&mut one)), (vec!["far".to_owned()], vec!["Elsewhere".to_owned()]));
    // What comes in of an environment that is not shown is there when it is.
    one.tell(News::Alerts(Box::new(snapshot(Vec::new(), Some(Vec::new()), SourceState::Fresh))));
    assert_eq!(one.rows(), ["far"]);
    one.enter(Scope::One(0));
    one.press("1 tab");
    assert_eq!((one.rows().len(), names(&mut one).len()), (0, 0));
}
