//! Whatever is pressed, in whatever order, while whatever comes in: only a plan that was shown, read and confirmed is carried out.

use chrono::TimeDelta;
use proptest::prelude::*;
use quarterdeck::app::{Effect, Leaving, Message};
use quarterdeck::domain::action::{Outcome, Phase, Run, RunEvent};
use quarterdeck::domain::source::SourceState;
use quarterdeck::domain::time::Instant;
use quarterdeck::keys::{Chord, Key, Sequence};
use quarterdeck::ui::state::Overlay;
use quarterdeck::world::News;

use crate::stage::{Stage, now, plan, shop};

/// Something that may happen.
#[derive(Debug, Clone)]
pub(crate) enum Happening {
    /// Keys, as a keymap writes them.
    Keys(&'static str),
    /// A word is typed.
    Typed(&'static str),
    /// The newest of the cluster: so many of its rows.
    Seen(usize, SourceState),
    /// The plan asked for last is worked out; with a reason against it, or not.
    Planned(Option<&'static str>),
    /// It cannot be worked out.
    NotPlanned,
    /// The run goes on.
    Run(RunEvent),
    /// The word of a rollback and enter, after so many milliseconds.
    Confirmed(i64),
    /// Milliseconds pass.
    Time(i64),
    /// Keys came in too fast.
    Burst(&'static str),
    /// Keys were read at once.
    Together(&'static str),
    /// A text was pasted.
    Pasted(&'static str),
    /// The terminal has another size.
    Resize(u16, u16),
    /// The connection is lost before it was made.
    NotConnected,
}

fn happening() -> impl Strategy<Value = Happening> {
    let keys = [
        "j",
        "k",
        "g g",
        "G",
        "enter",
        "esc",
        "q",
        "tab",
        "!b",
        "!r",
        "!",
        "a",
        ":",
        "?",
        "/",
        "s",
        "8",
        "2",
        "f",
        "w",
        "e",
        "h",
        "y",
        "space",
        "ctrl-c",
        "ctrl-l",
        "ctrl-r",
        "pgdn",
        "pgup",
        "home",
        "end",
        "d",
        "left",
        "backspace",
    ];
    prop_oneof![
        6 => proptest::sample::select(keys.to_vec()).prop_map(Happening::Keys),
        2 => proptest::sample::select(vec!["ROLLBACK", "RESTART", "ROLL", "payments", "rollback payments", "x"]).prop_map(Happening::Typed),
        2 => (0_usize..9, proptest::sample::select(vec![SourceState::Fresh, SourceState::Stale, SourceState::Loading])).prop_map(|(rows, state)| Happening::Seen(rows, state)),
        3 => proptest::sample::select(vec![None, None, Some("somebody else is at work.")]).prop_map(Happening::Planned),
        4 => proptest::sample::select(vec![0, 400]).prop_map(Happening::Confirmed),
        2 => Just(Happening::Keys("!b")),
        1 => Just(Happening::NotPlanned),
        1 => proptest::sample::select(vec![
            RunEvent::Started { target: 0 },
            RunEvent::Accepted { target: 0 },
            RunEvent::Progress { target: 0, words: "on its way".into() },
            RunEvent::Settled { target: 0, outcome: Outcome::Done, words: "verified".into() },
            RunEvent::AnswerLost { target: 7, reason: "no such target".into() },
        ]).prop_map(Happening::Run),
        3 => proptest::sample::select(vec![0, 10, 400, 4_000, 61_000]).prop_map(Happening::Time),
        1 => proptest::sample::select(vec!["ROLLBACK\r", "payments\rqq", "/web\r", ":rollback payments\r"]).prop_map(Happening::Burst),
        1 => proptest::sample::select(vec!["!b", "K\r", "\r\r", "j\rq"]).prop_map(Happening::Together),
        1 => proptest::sample::select(vec!["ROLLBACK\r", "ROLLBACK", "a\r\nb\n", "\r"]).prop_map(Happening::Pasted),
        2 => proptest::sample::select(vec![(80, 24), (80, 24), (50, 12)]).prop_map(|(columns, rows)| Happening::Resize(columns, rows)),
        1 => Just(Happening::NotConnected),
    ]
}

/// A console with a clock that moves.
pub(crate) struct Life {
    pub(crate) stage: Stage,
    pub(crate) at: Instant,
    pub(crate) executed: Vec<String>,
}

impl Life {
    pub(crate) fn live(&mut self, happening: Happening) {
        match happening {
            Happening::Keys(keys) => self.press(keys),
            Happening::Typed(text) => {
                text.chars().for_each(|letter| self.press(&letter.to_string().replace(' ', "space")));
            }
            Happening::Seen(rows, freshness) => {
                let mut seen = shop();
                seen.truncate(rows);
                self.stage.see(seen, freshness);
            }
            Happening::Planned(refusal) => {
                let number = self.stage.newest_request();
                let plan = plan(&refusal.into_iter().collect::<Vec<_>>());
                self.take(Message::Planned(number, Box::new(Ok(plan))));
            }
            Happening::NotPlanned => {
                let number = self.stage.newest_request();
                self.take(Message::Planned(number, Box::new(Err("no answer".into()))));
            }
            Happening::Run(event) => {
                let id = self.stage.model.runs.last().map(|run| run.id.clone()).unwrap_or_default();
                self.take(Message::Run(id, event));
            }
            Happening::Confirmed(milliseconds) => {
                self.live(Happening::Time(milliseconds));
                self.live(Happening::Typed("ROLLBACK"));
                self.press("enter");
            }
            Happening::Time(milliseconds) => {
                self.at += TimeDelta::milliseconds(milliseconds);
                self.take(Message::Clock);
            }
            Happening::Burst(keys) => self.take(Message::Burst(chords(keys))),
            Happening::Together(keys) => self.take(Message::Together(chords(keys))),
            Happening::Pasted(text) => self.take(Message::Pasted(text.into())),
            Happening::Resize(columns, rows) => self.take(Message::Resize(columns, rows)),
            Happening::NotConnected => self.take(News::NotConnected(0, "refused".into()).into()),
        }
    }

    pub(crate) fn press(&mut self, keys: &str) {
        let sequence: Sequence = keys.parse().expect("keys as a keymap writes them");
        for chord in sequence.0 {
            self.take(Message::Key(chord));
        }
    }

    pub(crate) fn take(&mut self, message: Message) {
        let is_key = matches!(message, Message::Key(_));
        let before = shown(&self.stage);
        let was_under_way = self.stage.model.has_run_under_way();
        for effect in self.stage.tell_at(message, self.at) {
            let Effect::Execute(plan, answer) = effect else { continue };
            let (id, armed_at, typed) = before.clone().expect("a plan was on the screen");
            assert!(is_key, "only a key by itself confirms");
            assert!(!self.stage.model.is_too_small, "nothing that cannot be read is confirmed");
            assert!(!was_under_way, "one run at a time");
            assert_eq!(plan.id, id, "the plan on the screen is the one that is carried out");
            assert!(plan.is_applicable(), "{:?}", plan.refusals);
            assert!(armed_at.is_none_or(|at| at <= self.at), "nobody had the time to read it");
            assert_eq!(
                (typed.trim(), answer.typed.as_str()),
                (plan.confirmation.word.as_str(), plan.confirmation.word.as_str())
            );
            self.executed.push(plan.id.clone());
        }
        let (place, rows) = (self.stage.place(), self.stage.rows());
        assert_eq!(place.is_some(), !rows.is_empty(), "a cursor wherever there are rows, and on one of them");
    }
}

/// Keys as they come from a terminal.
pub(crate) fn chords(keys: &str) -> Vec<Chord> {
    let key = |letter| if matches!(letter, '\r' | '\n') { Key::Enter } else { Key::Char(letter) };
    keys.chars().map(|letter| Chord::plain(key(letter))).collect()
}

/// The plan that has the keys: its id, from when it may be confirmed, and what was typed.
pub(crate) fn shown(stage: &Stage) -> Option<(String, Option<Instant>, String)> {
    let Some(Overlay::Plan { typed, .. }) = stage.overlay() else { return None };
    let scene = &stage.model.planning.as_ref()?.scene;
    Some((scene.plan.as_ref()?.id.clone(), scene.armed_at, typed.text.clone()))
}

pub(crate) fn life() -> Life {
    let mut stage = Stage::new();
    stage.see(shop(), SourceState::Fresh);
    Life { stage, at: now(), executed: Vec::new() }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_way_leads_past_the_confirmation(happenings in proptest::collection::vec(happening(), 1..120)) {
        let mut life = life();
        for happening in happenings {
            life.live(happening);
        }
        life.stage.screen(80, 24);
    }
}

#[test]
fn the_way_through_the_confirmation_is_open() {
    let mut life = life();
    for happening in [
        Happening::Keys("!b"),
        Happening::Planned(None),
        Happening::Time(400),
        Happening::Typed("ROLLBACK"),
        Happening::Keys("enter"),
    ] {
        life.live(happening);
    }
    assert_eq!(life.executed.len(), 1);
    assert_eq!(life.stage.model.runs.last().map(|run| run.phase), Some(Phase::Confirmed));
    life.press("enter");
    assert_eq!(life.executed.len(), 1, "once");
}

#[test]
fn a_terminal_that_is_gone_ends_it_at_once() {
    let mut life = life();
    life.live(Happening::Keys("!b"));
    let effects = life.stage.tell_at(Message::Leave(Leaving::TerminalGone), now());
    assert_eq!(effects, [Effect::Leave]);
}

/// The cluster without trouble: what is complete, and the rollout on its way.
fn calm() -> Vec<quarterdeck::domain::rollout::Rollout> {
    shop().into_iter().filter(|row| row.verdict >= quarterdeck::domain::rollout::Verdict::Progressing).collect()
}

pub(crate) fn under_the_cursor(life: &Life) -> String {
    life.stage.under_cursor()
}

#[test]
fn a_resting_cursor_is_on_the_worst_row_and_a_held_one_on_its_own() {
    let mut life = life();
    life.stage.see(calm(), SourceState::Fresh);
    assert_eq!(under_the_cursor(&life), "search");
    life.stage.see(shop(), SourceState::Fresh);
    assert_eq!(under_the_cursor(&life), "payments", "nobody has moved it: it rests on the worst");
    life.press("j");
    assert_eq!(under_the_cursor(&life), "basket");
    life.stage.see(shop().into_iter().skip(1).collect(), SourceState::Fresh);
    assert_eq!(under_the_cursor(&life), "basket", "held, it stays on its workload");
    life.press("gg");
    life.stage.see(shop(), SourceState::Fresh);
    assert_eq!(under_the_cursor(&life), "payments", "sent to the top, it rests again");
}

#[test]
fn a_key_meant_for_the_row_before_only_asks() {
    let mut life = life();
    life.stage.see(calm(), SourceState::Fresh);
    life.stage.see(shop(), SourceState::Fresh);
    life.press("!b");
    assert!(!life.stage.is_planning(), "the row came under the cursor a moment ago");
    let asked = life.stage.said();
    assert!(asked.contains("on payments now"), "{asked}");
    life.press("!b");
    assert!(life.stage.is_planning(), "pressed again it is meant");

    let mut patient = self::life();
    patient.stage.see(calm(), SourceState::Fresh);
    patient.stage.see(shop(), SourceState::Fresh);
    patient.live(Happening::Time(1_100));
    patient.press("!b");
    assert!(patient.stage.is_planning());
}

/// The targets of the plan asked for last.
fn asked_for(life: &Life) -> Vec<String> {
    let planning = life.stage.model.planning.as_ref();
    planning.map(|one| one.request.targets.iter().map(|target| target.name().to_owned()).collect()).unwrap_or_default()
}

#[test]
fn the_palette_does_what_is_chosen_in_it() {
    let mut life = life();
    life.press(":");
    life.live(Happening::Typed("rollback "));
    life.press("down");
    life.press("enter");
    assert_eq!(asked_for(&life), ["basket"], "the line somebody moved to, not the row under the cursor");
    let mut short = self::life();
    short.press(":");
    short.live(Happening::Typed("rollb"));
    short.press("enter");
    assert_eq!(asked_for(&short), ["payments"], "a completion is taken as it stands");
}

#[test]
fn marked_rows_are_what_an_action_means() {
    let mut life = life();
    life.press("space");
    life.press("j");
    life.press("space");
    life.press("/");
    life.live(Happening::Typed("catalogue"));
    life.press("enter");
    life.press("!b");
    assert_eq!(asked_for(&life), ["payments", "web"], "those the filter hides too, and none that is not marked");
}

#[test]
fn an_open_plan_asks_one_question_at_a_time_and_only_when_its_target_moved() {
    let mut life = life();
    life.press("!b");
    life.live(Happening::Planned(None));
    let mut asked = 0;
    for step in 0..40 {
        life.at += TimeDelta::milliseconds(200);
        let mut rows = shop();
        // Somebody else's workload moves all the time, the target only once.
        rows[6].counts.ready = step % 7;
        rows[0].counts.ready = u32::from(step > 20);
        let rows = rows.into_iter().map(std::sync::Arc::new).collect();
        let snapshot =
            quarterdeck::domain::cluster::ClusterSnapshot { rollouts: rows, ..life.stage.model.world.snapshot.clone() };
        let kept = keep_what_is_the_same(&life.stage, snapshot);
        let effects = life.stage.tell_at(News::Cluster(0, Box::new(kept)), life.at);
        asked += effects.iter().filter(|effect| matches!(effect, Effect::Plan(_))).count();
    }
    assert_eq!(asked, 1);
}

/// As the source does: a row that is as it was is the same row.
fn keep_what_is_the_same(
    stage: &Stage,
    mut snapshot: quarterdeck::domain::cluster::ClusterSnapshot,
) -> quarterdeck::domain::cluster::ClusterSnapshot {
    let known = stage.rollouts();
    let same = |row: &std::sync::Arc<quarterdeck::domain::rollout::Rollout>| {
        known.iter().find(|old| *old == row).unwrap_or(row).clone()
    };
    snapshot.rollouts = snapshot.rollouts.iter().map(same).collect();
    snapshot
}

#[test]
fn nothing_is_due_again_and_again() {
    let mut life = life();
    life.press("!b");
    life.live(Happening::Planned(None));
    for milliseconds in [400, 5_000, 20_000] {
        life.live(Happening::Time(milliseconds));
        let due = life.stage.next_due(life.at);
        assert!(due.is_none_or(|due| due > life.at), "{due:?} is past at {}", life.at);
    }
}

#[test]
fn a_run_can_be_left_and_looked_at_again() {
    let mut life = life();
    for happening in [Happening::Keys("!b"), Happening::Planned(None), Happening::Confirmed(400)] {
        life.live(happening);
    }
    life.live(Happening::Run(RunEvent::Started { target: 0 }));
    life.press("esc");
    assert!(life.stage.overlay().is_none());
    let list = crate::stage::text(&life.stage.screen(120, 40));
    assert!(list.contains("RUNNING: journalled; the request is on its way"), "{list}");
    life.press("!b");
    assert!(matches!(life.stage.overlay(), Some(Overlay::Plan { .. })), "the same run again, not another plan");
    assert_eq!(life.stage.model.runs.len(), 1);
}

/// The first line shown of the open plan.
fn scrolled(stage: &Stage) -> Option<usize> {
    match stage.overlay() {
        Some(Overlay::Plan { scroll, .. }) => Some(*scroll),
        _ => None,
    }
}

#[test]
fn a_run_is_read_from_its_beginning_and_asks_for_no_confirmation() {
    let mut life = life();
    for happening in [Happening::Keys("!b"), Happening::Planned(None)] {
        life.live(happening);
    }
    (life.stage.model.page, life.stage.model.furthest) = (10, 20);
    life.press("pgdn");
    assert!(scrolled(&life.stage) > Some(0));
    let before = crate::stage::text(&life.stage.screen(80, 24));
    assert!(before.lines().last().is_some_and(|footer| footer.contains("confirm")), "{before}");
    life.live(Happening::Confirmed(400));
    assert_eq!(scrolled(&life.stage), Some(0));
    life.stage.model.ui.toast = None;
    life.live(Happening::Run(RunEvent::Started { target: 0 }));
    let after = crate::stage::text(&life.stage.screen(80, 24));
    assert!(
        after.lines().last().is_some_and(|footer| !footer.contains("confirm") && footer.contains("close")),
        "{after}"
    );
}

#[test]
fn the_way_to_help_is_never_left_out() {
    let mut stage = Stage::new();
    stage.see(shop(), SourceState::Fresh);
    for view in ["0", "1", "2", "6", "2 tab", "1 tab", "6 tab", "6 tab tab", "8", "2 tab tab"] {
        stage.press(view);
        for columns in [80, 60] {
            let drawn = crate::stage::text(&stage.screen(columns, 24));
            let footer = drawn.lines().last().unwrap_or_default().trim_end();
            assert!(footer.ends_with("? help"), "{view}, {columns}: {footer}");
        }
    }
}

/// The typed word of the open plan.
fn typed(stage: &Stage) -> String {
    let Some(Overlay::Plan { typed, .. }) = stage.overlay() else { unreachable!("a plan is open") };
    typed.text.clone()
}

#[test]
fn a_plan_that_reads_differently_forgets_what_was_typed() {
    let mut stage = Stage::new();
    stage.see(shop(), SourceState::Fresh);
    stage.press("!b");
    let number = stage.newest_request();
    let first = plan(&[]);
    stage.tell(Message::Planned(number, Box::new(Ok(first.clone()))));
    stage.type_text("ROLL");
    let mut fresh = first.clone();
    fresh.id = "another".into();
    fresh.targets[0].evidence[0].words = "failed: 3/6 ready".into();
    let stamped =
        serde_json::json!({"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "2026-11-24T03:08:00Z"}}});
    fresh.targets[0].expected_template = stamped;
    stage.tell(Message::Planned(number, Box::new(Ok(fresh.clone()))));
    assert_eq!(typed(&stage), "ROLL", "newer evidence and another stamp are no other plan");
    let mut longer = fresh;
    let step = longer.targets[0].steps[0].clone();
    longer.targets[0].steps.push(quarterdeck::domain::action::Step { words: "Delete pod db-2.".into(), ..step });
    stage.tell(Message::Planned(number, Box::new(Ok(longer))));
    assert_eq!(typed(&stage), "", "one more step is another plan");
}

#[test]
fn a_plan_that_is_open_when_the_line_drops_is_given_up_and_written_down() {
    let mut stage = Stage::new();
    stage.see(shop(), SourceState::Fresh);
    stage.press("!b");
    let number = stage.newest_request();
    stage.tell(Message::Planned(number, Box::new(Ok(plan(&[])))));
    let effects = stage.tell_at(Message::Leave(Leaving::TerminalGone), now());
    assert!(matches!(effects.as_slice(), [Effect::GiveUp(..), Effect::Leave]), "{effects:?}");
}

#[test]
fn two_runs_are_told_side_by_side() {
    let mut stage = Stage::new();
    stage.see(shop(), SourceState::Fresh);
    for id in ["one", "two"] {
        stage.tell(Message::Resumed(Box::new(Run::begun(id, 1))));
        stage.tell(Message::Run(id.into(), RunEvent::Noted { words: format!("{id} goes on") }));
    }
    let said = |stage: &Stage| stage.model.running.clone().unwrap_or_default();
    assert_eq!(said(&stage), "RUNNING, 2 runs: one goes on; two goes on");
    let mut ended = Run::begun("one", 1);
    ended.phase = Phase::Done;
    stage.tell(Message::RunEnded(Box::new(ended)));
    assert_eq!(said(&stage), "RUNNING: two goes on", "the end of one is not the end of the other");
}
