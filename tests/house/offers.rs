//! The actions menu: what can be done with what is under the cursor, and why the rest cannot.

use quarterdeck::app::Effect;
use quarterdeck::domain::rollout::{Kind, Verdict};
use quarterdeck::domain::source::SourceState;
use quarterdeck::world::News;

use crate::alerts;
use crate::stage::{Stage, rollout, text};
use crate::word::{self, World};

/// The lines of the open menu: what each says, and why it cannot be chosen.
fn lines(stage: &Stage) -> Vec<(String, Option<String>)> {
    stage.model.menu.iter().map(|line| (line.words.clone(), line.refused.clone())).collect()
}

fn refused(stage: &Stage, words: &str) -> Option<String> {
    let found = lines(stage).into_iter().find(|(line, _)| line == words);
    assert!(found.is_some(), "{words} is not offered: {:?}", lines(stage));
    found.and_then(|(_, refused)| refused)
}

/// Moves to a line and chooses it; what it asks for.
fn choose(stage: &mut Stage, words: &str) -> Vec<Effect> {
    let place = lines(stage).iter().position(|(line, _)| line == words).expect("it is offered");
    for _ in 0..place {
        stage.press("j");
    }
    stage.later("enter")
}

fn on_alerts() -> Stage {
    word::stage(&World::of(alerts::shop()))
}

#[test]
fn an_alert_is_acknowledged_noted_and_silenced_from_its_menu() {
    let mut one = on_alerts();
    one.press("a");
    assert!(text(&one.body(120, 40)).contains("Actions on HighErrorRate"));
    for words in ["Acknowledge", "Write a note", "Silence"] {
        assert_eq!(refused(&one, words), None);
    }
    assert_eq!(refused(&one, "Unacknowledge").as_deref(), Some("nobody has it"));
    assert_eq!(refused(&one, "Change a note").as_deref(), Some("nobody wrote one on it"));
    assert_eq!(refused(&one, "End a silence").as_deref(), Some("no silence covers it"));
    assert_eq!(choose(&mut one, "Unacknowledge"), []);
    assert!(one.model.ui.toast.as_ref().is_some_and(|toast| toast.words.contains("nobody has it")));

    let mut taken = on_alerts();
    taken.press("a");
    let asked = choose(&mut taken, "Acknowledge");
    assert_eq!(crate::silencing::asked(&asked).action, "acknowledge");
    let mut silenced = on_alerts();
    silenced.press("a");
    let asked = choose(&mut silenced, "Silence");
    assert_eq!(crate::silencing::asked(&asked).action, "silence");
}

#[test]
fn what_a_workload_is_says_what_makes_no_sense_on_it() {
    let mut paused = rollout("mail", Verdict::Paused);
    let mut set = rollout("db", Verdict::Stuck);
    set.workload.kind = Kind::StatefulSet;
    let mut daemon = rollout("agent", Verdict::Progressing);
    daemon.workload.kind = Kind::DaemonSet;
    paused.workload.kind = Kind::Deployment;
    for (row, expected) in [
        (paused, [("Pause", Some("it is paused already")), ("Resume", None), ("Scale", None)]),
        (
            set,
            [
                ("Pause", Some("only a Deployment can be paused")),
                ("Resume", Some("only a Deployment can be resumed")),
                ("Scale", None),
            ],
        ),
        (
            daemon,
            [
                ("Pause", Some("only a Deployment can be paused")),
                ("Resume", Some("only a Deployment can be resumed")),
                ("Scale", Some("it has a pod for each node")),
            ],
        ),
        (rollout("web", Verdict::Stuck), [("Pause", None), ("Resume", Some("it is not paused")), ("Scale", None)]),
        (rollout("web", Verdict::Complete), [("Pause", None), ("Resume", None), ("Scale", None)]),
    ] {
        let mut one = Stage::new();
        one.see(vec![row], SourceState::Fresh);
        one.press("a");
        for (words, why) in expected {
            assert_eq!(refused(&one, words).as_deref(), why, "{words}");
        }
        assert!(lines(&one).iter().all(|(words, _)| words != "Silence"), "that is for alerts");
    }
}

#[test]
fn what_goes_from_under_the_menu_is_not_acted_on() {
    let mut one = on_alerts();
    one.press("a");
    one.tell(News::Alerts(Box::new(alerts::snapshot(alerts::shop().split_off(1), SourceState::Fresh))));
    let asked = choose(&mut one, "Acknowledge");
    assert!(asked.is_empty() && one.model.planning.is_none(), "{asked:?}");
    assert!(one.model.ui.toast.as_ref().is_some_and(|toast| toast.words.contains("changed under the menu")));
}

#[test]
fn where_nothing_is_nothing_is_offered() {
    let mut one = Stage::new();
    one.see(Vec::new(), SourceState::Fresh);
    one.press("a");
    assert!(one.model.overlay().is_none());
    assert!(one.model.ui.toast.as_ref().is_some_and(|toast| toast.words.contains("nothing under the cursor")));
}
