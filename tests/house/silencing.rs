//! Silences from the screen: the plan in its states, what it asks for, and that it is sent as it was read.

use std::sync::Arc;

use chrono::TimeDelta;
use insta::assert_snapshot;
use quarterdeck::actions::{Elsewhere, Limits, Planner, catalog};
use quarterdeck::app::{Effect, Message, PlanRequest};
use quarterdeck::domain::action::{Actor, Consent, Outcome, Run, RunEvent, advance};
use quarterdeck::domain::alert::{Alert, Matcher, Severity, Silence, SilenceState};
use quarterdeck::domain::environment::Guard;
use quarterdeck::domain::source::SourceState;
use quarterdeck::domain::subject::Subject;
use quarterdeck::keys::Sequence;
use quarterdeck::sources::error::{SourceError, Trouble};
use quarterdeck::sources::observe::{Answer, MemberAlerts, ObserveAlerts, Replicated};
use quarterdeck::theme::{Depth, Glyphs, Theme};
use quarterdeck::world::News;

use crate::alerts::{self, alert};
use crate::stage::{Stage, now, text};

/// An Alertmanager that says that whatever is asked covers these; or why it says nothing.
struct Says(Result<Vec<Alert>, String>);

impl Says {
    fn answer<T: Send + 'static>(&self, made: impl FnOnce(Vec<Alert>) -> T) -> Answer<'_, T> {
        let said = self.0.clone().map(made).map_err(|why| SourceError::new(Trouble::Timeout, why));
        Box::pin(std::future::ready(said))
    }
}

impl ObserveAlerts for Says {
    fn matching<'a>(&'a self, _: &'a [Matcher]) -> Answer<'a, Vec<Alert>> {
        self.answer(|alerts| alerts)
    }

    fn of_each(&self) -> Answer<'_, Vec<MemberAlerts>> {
        self.answer(|_| Vec::new())
    }

    fn rules(&self) -> Answer<'_, Vec<Arc<str>>> {
        self.answer(|_| ["HighErrorRate", "PodCrashes", "Another"].map(Into::into).into())
    }

    fn silences(&self) -> Answer<'_, Vec<Silence>> {
        self.answer(|_| Vec::new())
    }

    fn replicated<'a>(&'a self, id: &'a str) -> Answer<'a, Vec<Replicated>> {
        let silence = Silence {
            id: id.into(),
            matchers: vec![Matcher::equal("alertname", "DiskFillsUp")],
            starts_at: now() - TimeDelta::hours(1),
            ends_at: now() + TimeDelta::minutes(70),
            created_by: "sato".into(),
            comment: "the new disk is on its way".into(),
            state: SilenceState::Active,
        };
        Box::pin(std::future::ready(Ok(vec![Replicated { member: "am".into(), silence: Ok(Some(silence)) }])))
    }
}

/// The alerts pane with these alerts, its cursor on the worst.
fn stage(found: Vec<Alert>) -> Stage {
    let mut stage = Stage::new();
    stage.see(Vec::new(), SourceState::Fresh);
    stage.tell(News::Alerts(Box::new(alerts::snapshot(found, SourceState::Fresh))));
    stage.press("1");
    stage
}

/// What was asked to be planned.
pub(crate) fn asked(effects: &[Effect]) -> PlanRequest {
    let asked = effects.iter().find_map(|effect| match effect {
        Effect::Plan(request) => Some(request.clone()),
        _ => None,
    });
    asked.expect("a plan is asked for")
}

/// A planner of a server that says that these are covered.
pub(crate) fn planner(covered: Result<Vec<Alert>, String>) -> Planner {
    Planner {
        backups: Arc::default(),
        observe: None,
        rehearse: None,
        alerts: Some(Arc::new(Says(covered))),
        store: None,
        databases: None,
        replica_labels: Arc::default(),
        environment: "production".into(),
        limits: Limits::from(Guard::Production),
        grant: Ok(()),
        actor: Actor { os_user: "mori".into(), host: "bastion".into(), ..Actor::default() },
        services: Arc::default(),
        seen: Arc::default(),
        ended: Arc::default(),
        elsewhere: Elsewhere::default(),
        catalog: catalog::SHIPPED,
        clock: Arc::new(now),
    }
}

/// The plan of a server that says these are covered.
fn answer(stage: &mut Stage, request: &PlanRequest, covered: Result<Vec<Alert>, String>) {
    let action = catalog::SHIPPED.named(request.action).expect("an action");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let planned = runtime.block_on(planner(covered).plan(action, &request.targets, &request.options));
    let planned = planned.map_err(|error| error.sentence);
    stage.tell(Message::Planned(request.number, Box::new(planned)));
}

fn opened(found: Vec<Alert>, covered: Vec<Alert>) -> Stage {
    let mut stage = stage(found);
    let asked = asked(&stage.later("!z"));
    answer(&mut stage, &asked, Ok(covered));
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
    let asked = asked(&down.later("!z"));
    answer(&mut down, &asked, Err("http://am:9093 did not answer in 10 s.".into()));
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
        let drawn = text(&one.body(120, 40));
        for words in ["Silence HighErrorRate", "beside the chosen ones", "NOT CHOSEN", "type production and a reason"] {
            assert!(drawn.contains(words), "{words}:\n{drawn}");
        }
    }
}

#[test]
fn it_is_sent_as_it_was_read_and_only_then() {
    let shop = alerts::shop();
    let mut one = opened(shop.clone(), vec![shop[0].clone()]);
    let sequence: Sequence = "enter".parse().expect("keys");
    let sent = one.tell_at(Message::Key(sequence.0[0]), now());
    assert!(sent.is_empty(), "not armed yet: {sent:?}");
    one.press("tab tab tab");
    one.type_text("SILENCE");
    assert!(one.later("enter").is_empty(), "no reason yet");
    one.later("enter");
    assert!(text(&one.body(80, 24)).contains("Say why"));
    one.type_text("known");
    let sent = one.later("enter");
    let wanted = Consent { typed: "SILENCE".into(), reason: Some("known".into()) };
    let [Effect::Execute(plan, consent)] = sent.as_slice() else { unreachable!("{sent:?}") };
    assert_eq!((plan.targets[0].reaches.len(), consent), (1, &wanted));
    assert!(one.later("enter").is_empty(), "once");

    let run = Run::begun(plan.id.as_str(), 1);
    let refused = RunEvent::Settled { target: 0, outcome: Outcome::Refused, words: "it would reach Down now.".into() };
    let run = advance(&run, refused).expect("it follows");
    let asked = one.tell_at(Message::RunEnded(Box::new(run)), now());
    assert!(asked.contains(&Effect::Retry), "what is silenced now is read at once: {asked:?}");
    let drawn = text(&one.body(80, 24));
    assert!(drawn.contains("REFUSED") && drawn.contains("it would reach Down now."), "{drawn}");
    one.press("esc");
    one.later("!z");
    assert!(text(&one.body(80, 24)).contains("known"), "what was typed is there again");
}

#[test]
fn how_it_ended_says_the_way_back_and_the_same_by_command() {
    let mild = alerts::shop().into_iter().find(|alert| alert.severity == Severity::Medium).expect("one");
    let mut one = opened(vec![mild.clone()], vec![mild]);
    one.type_text("known");
    let sent = one.later("enter");
    let [Effect::Execute(plan, _)] = sent.as_slice() else { unreachable!("{sent:?}") };
    let events = [
        RunEvent::Started { target: 0 },
        RunEvent::Accepted { target: 0 },
        RunEvent::Made { target: 0, id: "4ef1".into() },
        RunEvent::Settled { target: 0, outcome: Outcome::Done, words: "silence 4ef1 holds.".into() },
    ];
    let run = events.into_iter().fold(Run::begun(plan.id.as_str(), 1), |run, event| {
        one.tell(Message::Run(plan.id.clone(), event.clone()));
        advance(&run, event).expect("it follows")
    });
    one.tell(Message::RunEnded(Box::new(run)));
    let drawn = text(&one.body(200, 60));
    for words in
        ["DONE", "quarterdeck plan expire-silence 4ef1 --environment production", "quarterdeck plan silence --alerts"]
    {
        assert!(drawn.contains(words), "{words}: {drawn}");
    }
}

#[test]
fn a_silence_is_planned_while_a_rollback_runs_and_that_comes_back() {
    let mut one = stage(alerts::shop());
    one.see(vec![crate::stage::rollout("payments", quarterdeck::domain::rollout::Verdict::Stuck)], SourceState::Fresh);
    one.press("2");
    let request = asked(&one.later("!b"));
    let plan = crate::stage::plan(&[]);
    one.tell(Message::Planned(request.number, Box::new(Ok(plan))));
    one.type_text("ROLLBACK");
    assert!(one.later("enter").iter().any(|effect| matches!(effect, Effect::Execute(..))));
    one.press("esc 1");
    let silence = asked(&one.later("!z"));
    assert_eq!(silence.action, "silence", "it need not wait for the rollback");
    assert_eq!(one.model.behind.len(), 1);
    one.press("esc 2");
    assert!(one.later("!b").is_empty(), "one rollback at a time");
    let drawn = text(&one.body(120, 40));
    assert!(drawn.contains("confirmed") && drawn.contains("payments"), "its run is in front again: {drawn}");
}

#[test]
fn what_an_earlier_process_left_holds_up_a_rollback_and_no_silence() {
    let mut one = stage(alerts::shop());
    one.see(vec![crate::stage::rollout("payments", quarterdeck::domain::rollout::Verdict::Stuck)], SourceState::Fresh);
    one.model.runs.push(Run::begun("left", 1));
    one.press("2");
    assert!(one.later("!b").is_empty());
    one.press("esc 1");
    assert_eq!(asked(&one.later("!z")).action, "silence");
}

#[test]
fn what_was_changed_is_planned_anew_before_it_can_be_confirmed() {
    let shop = alerts::shop();
    let mut one = opened(shop.clone(), vec![shop[0].clone()]);
    one.type_text("known");
    one.press("tab");
    one.press("ctrl-u");
    one.type_text("alertname=~\"High.*\"");
    assert!(text(&one.body(80, 24)).contains("press enter to see what this comes to"));
    let request = asked(&one.later("enter"));
    assert_eq!(request.options.given.text("matcher"), Some("alertname=~\"High.*\""));
    assert!(one.later("enter").is_empty(), "there is no plan of it yet");
    // An answer to the question before it is not taken for one to this.
    let before = PlanRequest { number: request.number - 1, ..request.clone() };
    answer(&mut one, &before, Ok(Vec::new()));
    assert!(one.model.planning.as_ref().is_some_and(|planning| planning.scene.plan.is_none()));
    answer(&mut one, &request, Ok(shop));
    assert!(text(&one.body(120, 40)).contains("beside the chosen ones"));

    one.press("tab");
    one.press("ctrl-u");
    one.type_text("soon");
    assert!(one.later("enter").is_empty());
    assert!(text(&one.body(80, 24)).contains("is no length of time"));
}

#[test]
fn the_end_that_was_read_stays_however_often_it_is_worked_out() {
    let shop = alerts::shop();
    let mut one = stage(shop.clone());
    let request = asked(&one.later("!z"));
    answer(&mut one, &request, Ok(vec![shop[0].clone()]));
    let planning = one.model.planning.as_ref().expect("a plan");
    let given = &planning.request.options.given;
    assert_eq!((given.text("until"), given.text("for")), (Some("2026-11-24T05:07:00Z"), None));
    assert_eq!(given.text("matcher"), None, "what was suggested is worked out anew");
}

#[test]
fn what_is_left_out_of_a_suggestion_is_gone_from_its_field_too() {
    let mut shop = alerts::shop();
    shop.truncate(1);
    let twin = |replica: &str| {
        let mut one =
            alert(&[("alertname", "HighErrorRate"), ("ruler", replica), ("severity", "critical")], "slow", 60);
        one.service = shop[0].service.clone();
        one
    };
    let both = vec![twin("a"), twin("b")];
    let mut one = stage(vec![both[0].clone()]);
    let request = asked(&one.later("!z"));
    assert!(
        text(&one.body(120, 40)).contains("ruler=\"a\""),
        "what they have in common, as long as nothing else is known"
    );
    answer(&mut one, &request, Ok(both));
    let drawn = text(&one.body(120, 40));
    assert!(!drawn.contains("ruler=\"a\"") && drawn.contains("ruler is left out"), "{drawn}");
    assert!(drawn.contains("type SILENCE"), "nothing is to be planned anew: {drawn}");
    one.press("tab");
    one.type_text(" x=y");
    assert!(asked(&one.later("enter")).options.given.text("matcher").is_some(), "written by somebody");
}

#[test]
fn closing_it_is_journalled_and_sends_nothing() {
    let shop = alerts::shop();
    let mut one = opened(shop.clone(), vec![shop[0].clone()]);
    assert!(matches!(one.later("esc").as_slice(), [Effect::GiveUp(..)]));
    assert!(!one.is_planning() && one.overlay().is_none());
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
    let request = asked(&one.later("!Z"));
    let [Subject::Silence(silence)] = request.targets.as_slice() else { unreachable!("{request:?}") };
    assert_eq!((request.action, silence.id.as_str()), ("expire-silence", "4ef1"));
    answer(&mut one, &request, Ok(all));
    let drawn = text(&one.body(120, 40));
    assert!(drawn.contains("1 alert notifies again") && drawn.contains("it was made by sato"), "{drawn}");

    let mut bare = stage(alerts::shop()[..1].to_vec());
    assert!(bare.later("!Z").is_empty());
    assert!(bare.said().contains("No silence covers it"));
}
