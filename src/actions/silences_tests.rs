//! Silences by the executor of every action: an Alertmanager of two members in memory, and what may become of a request there.

use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};

use super::contract::Draft;
use super::held::still_said;
use super::journal::{Journal, What, chains, unfinished};
use super::silences::judge;
use super::verify::Look;
use super::{Elsewhere, Executor, Limits, Options, Planner, SilenceFacts, catalog};
use crate::domain::action::{Actor, Consent, Gesture, Given, Goal, Outcome, Phase, Plan, Reached, Run};
use crate::domain::alert::testing::alert;
use crate::domain::alert::{Alert, Hold, Known, Matcher, Silence, SilenceState};
use crate::domain::environment::Guard;
use crate::domain::rollout::{Kind, WorkloadRef};
use crate::domain::subject::{SilenceRef, Subject};
use crate::domain::time::Instant;
use crate::sources::error::{SourceError, Trouble};
use crate::sources::observe::{Answer, MemberAlerts, ObserveAlerts, Replicated};
use crate::sources::operate::{NoHands, OperateAlerts, WantedSilence};

fn now() -> Instant {
    chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap_or_default()
}

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Way {
    Accepted,
    AnswerLost,
    Swallowed,
    Rejected,
    OnOneMember,
    /// Both members have it, and the second lets the alert through.
    Loud,
    /// The second member does not answer.
    Silent,
    /// It is accepted, and no member has it.
    Vanished,
    /// Which alerts there are is not told.
    Mute,
}

/// An Alertmanager with two members, in memory.
struct Server {
    way: Way,
    alerts: Mutex<Vec<Alert>>,
    silences: Mutex<Vec<Silence>>,
    /// Whether it compares; else every matcher covers everything.
    compares: Mutex<bool>,
    sent: Mutex<Vec<(String, Vec<What>)>>,
    state: std::path::PathBuf,
}

impl Server {
    fn whats(&self) -> Vec<What> {
        let chains = chains(&self.state).expect("the journal");
        chains.iter().flat_map(|chain| chain.lines.iter().map(|line| line.entry.what)).collect()
    }

    fn answer<T>(&self, done: T) -> Result<T, SourceError> {
        match self.way {
            Way::Accepted | Way::OnOneMember | Way::Loud | Way::Silent | Way::Vanished => Ok(done),
            Way::AnswerLost | Way::Swallowed | Way::Mute => Err(SourceError::new(Trouble::Timeout, "no answer came.")),
            Way::Rejected => Err(SourceError::new(Trouble::Rejected, "bad matcher\u{1b}.")),
        }
    }
}

/// Whether matchers of equality cover an alert, as a server compares.
fn covers(matchers: &[Matcher], alert: &Alert) -> bool {
    let value = |name: &str| alert.matchable().iter().find(|(known, _)| **known == *name).map(|(_, value)| value);
    matchers.iter().all(|one| value(&one.name).is_some_and(|value| **value == *one.value))
}

impl Server {
    fn covers(&self, matchers: &[Matcher], alert: &Alert) -> bool {
        !*self.compares.lock().expect("one") || covers(matchers, alert)
    }

    fn held(&self, alert: &Alert) -> Alert {
        let silences = self.silences.lock().expect("one");
        let is_held = |one: &Silence| one.state == SilenceState::Active && self.covers(&one.matchers, alert);
        let hold = if silences.iter().any(is_held) { Hold::Silenced } else { Hold::None };
        Alert { hold, ..alert.clone() }
    }
}

impl ObserveAlerts for Server {
    fn matching<'a>(&'a self, matchers: &'a [Matcher]) -> Answer<'a, Vec<Alert>> {
        Box::pin(async {
            if self.way == Way::Mute {
                return self.answer(Vec::new());
            }
            let alerts = self.alerts.lock().expect("one").clone();
            Ok(alerts.iter().filter(|alert| self.covers(matchers, alert)).map(|alert| self.held(alert)).collect())
        })
    }

    fn of_each(&self) -> Answer<'_, Vec<MemberAlerts>> {
        Box::pin(async {
            let alerts = self.alerts.lock().expect("one").clone();
            let first =
                MemberAlerts { member: "a".into(), alerts: Ok(alerts.iter().map(|one| self.held(one)).collect()) };
            let second = match self.way {
                Way::Loud => Ok(alerts),
                Way::Silent => Err(SourceError::new(Trouble::Timeout, "b did not answer.")),
                _ => first.alerts.clone(),
            };
            Ok(vec![first, MemberAlerts { member: "b".into(), alerts: second }])
        })
    }

    fn rules(&self) -> Answer<'_, Vec<Arc<str>>> {
        Box::pin(async { Ok(vec!["Slow".into(), "Full".into()]) })
    }

    fn silences(&self) -> Answer<'_, Vec<Silence>> {
        Box::pin(async { Ok(self.silences.lock().expect("one").clone()) })
    }

    fn replicated<'a>(&'a self, id: &'a str) -> Answer<'a, Vec<Replicated>> {
        Box::pin(async move {
            let found = self.silences.lock().expect("one").iter().find(|one| *one.id == *id).cloned();
            let second = found.clone().filter(|_| self.way != Way::OnOneMember);
            let second = match self.way {
                Way::Silent => Err(SourceError::new(Trouble::Timeout, "b did not answer.")),
                _ => Ok(second),
            };
            let member = |name: &str, silence| Replicated { member: name.into(), silence };
            Ok(vec![member("a", Ok(found)), member("b", second)])
        })
    }
}

impl OperateAlerts for Server {
    fn put<'a>(&'a self, wanted: &'a WantedSilence) -> Answer<'a, String> {
        Box::pin(async move {
            self.sent.lock().expect("one").push((wanted.comment.clone(), self.whats()));
            if !matches!(self.way, Way::Swallowed | Way::Rejected | Way::Vanished) {
                let mut silences = self.silences.lock().expect("one");
                silences.retain(|known| wanted.id.as_deref() != Some(&*known.id));
                silences.push(Silence {
                    id: "4ef1".into(),
                    matchers: wanted.matchers.clone(),
                    starts_at: wanted.starts_at,
                    ends_at: wanted.ends_at,
                    created_by: wanted.created_by.as_str().into(),
                    comment: wanted.comment.as_str().into(),
                    state: SilenceState::Active,
                });
            }
            self.answer("4ef1".to_owned())
        })
    }

    fn expire<'a>(&'a self, id: &'a str) -> Answer<'a, ()> {
        Box::pin(async move {
            self.sent.lock().expect("one").push((id.to_owned(), self.whats()));
            if !matches!(self.way, Way::Swallowed | Way::Rejected) {
                self.silences.lock().expect("one").iter_mut().for_each(|one| one.state = SilenceState::Expired);
            }
            self.answer(())
        })
    }
}

struct Rig {
    server: Arc<Server>,
    executor: Executor,
    _folder: tempfile::TempDir,
    _leave: watch::Sender<bool>,
}

/// A console whose clock goes with the runtime's.
fn rig(way: Way) -> Rig {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Arc::new(Server {
        way,
        alerts: Mutex::new(vec![alert(&[("alertname", "Slow"), ("severity", "warning")], now())]),
        silences: Mutex::default(),
        compares: Mutex::new(false),
        sent: Mutex::default(),
        state: folder.path().to_owned(),
    });
    let began = tokio::time::Instant::now();
    let passed = move || TimeDelta::from_std(began.elapsed()).unwrap_or_default();
    let actor = Actor { os_user: "mori".into(), host: "bastion".into(), ssh_client: None, identity: None };
    let planner = Planner {
        observe: None,
        rehearse: None,
        alerts: Some(server.clone()),
        store: None,
        databases: None,
        replica_labels: vec!["replica".to_owned()].into(),
        environment: "production".into(),
        limits: Limits::from(Guard::Production),
        grant: Ok(()),
        actor,
        services: Arc::default(),
        seen: Arc::default(),
        ended: Arc::default(),
        elsewhere: Elsewhere::default(),
        backups: Arc::default(),
        catalog: catalog::SHIPPED,
        clock: Arc::new(move || now() + passed()),
    };
    let (leave, leaving) = watch::channel(false);
    let executor = Executor {
        planner,
        operate: Arc::new(NoHands),
        silence: Some(server.clone()),
        store: None,
        programs: None,
        databases: None,
        pods: None,
        attach: None,
        journal: Arc::new(Mutex::new(Journal::new(folder.path()))),
        leaving,
    };
    Rig { server, executor, _folder: folder, _leave: leave }
}

impl Rig {
    /// The plan of an action on the silence there is, or on a new one over the alerts there are.
    async fn plan(&self, action: &str, given: Given) -> Plan {
        let action = catalog::SHIPPED.named(action).expect("an action");
        let alerts = self.server.alerts.lock().expect("one").clone();
        let chosen = alerts.iter().map(|alert| &*alert.key).collect::<Vec<_>>().join(" ");
        let id = self.server.silences.lock().expect("one").first().map(|one| one.id.to_string());
        let id = id.filter(|_| !action.takes("alerts")).unwrap_or_default();
        let target = Subject::Silence(SilenceRef { environment: "production".into(), id });
        let given = Given::default().with("alerts", chosen).only(action.fields()).and(given);
        let options = Options { given, ..Options::default() };
        self.executor.planner.plan(action, &[target], &options).await.expect("a plan")
    }

    async fn new_plan(&self) -> Plan {
        self.plan("silence", Given::default().with("matcher", "alertname=Slow")).await
    }

    async fn execute(&self, plan: &Plan, typed: &str, reason: &str) -> Run {
        self.execute_by(&self.executor, plan, typed, reason).await
    }

    async fn execute_by(&self, executor: &Executor, plan: &Plan, typed: &str, reason: &str) -> Run {
        let (events, mut told) = mpsc::channel(256);
        let drain = async { while told.recv().await.is_some() {} };
        let consent = Consent { typed: typed.to_owned(), reason: Some(reason.to_owned()) };
        let run = async {
            let run = executor.execute(plan, &consent, &events).await;
            drop(events);
            run
        };
        tokio::join!(run, drain).0
    }

    async fn silence(&self) -> Run {
        let plan = self.new_plan().await;
        self.execute(&plan, "", "known, see the incident").await
    }

    fn sent(&self) -> usize {
        self.server.sent.lock().expect("one").len()
    }
}

/// What a run came to, in words.
fn words(run: &Run) -> String {
    run.reason.clone().unwrap_or_else(|| run.targets[0].words.clone())
}

#[tokio::test(start_paused = true)]
async fn it_is_journalled_first_and_seen_on_every_member() {
    let rig = rig(Way::Accepted);
    let run = rig.silence().await;
    assert_eq!(run.phase, Phase::Done, "{}", words(&run));
    let said = words(&run);
    assert!(said.contains("on 2 of 2 Alertmanagers; 1 of 1 alerts it covers are held back."), "{said}");
    let (comment, before) = rig.server.sent.lock().expect("one")[0].clone();
    assert_eq!(before, [What::Begun, What::Intent], "on disk before the request left");
    assert_eq!(comment, format!("known, see the incident (quarterdeck {})", run.id));

    let longer = rig.plan("change-silence", Given::default().with("for", "4h")).await;
    let longer = rig.execute(&longer, "", "").await;
    assert_eq!(longer.phase, Phase::Done, "{}", words(&longer));
    let kept = rig.server.silences.lock().expect("one")[0].comment.clone();
    assert!(kept.starts_with("known, see the incident (quarterdeck ") && kept.matches('(').count() == 1, "{kept}");
    let over = rig.plan("expire-silence", Given::default()).await;
    let over = rig.execute(&over, "", "").await;
    assert_eq!((over.phase, words(&over).as_str()), (Phase::Done, "silence 4ef1 is over on 2 of 2 Alertmanagers."));
    assert_eq!(rig.sent(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_member_that_does_not_have_it_is_named() {
    let run = rig(Way::OnOneMember).silence().await;
    assert!(words(&run).contains("on 1 of 2 Alertmanagers; not on b"), "{}", words(&run));
    assert_eq!(run.phase, Phase::Failed, "the alert notifies on");
    let run = rig(Way::Silent).silence().await;
    assert!(words(&run).contains("on 1 of 2 Alertmanagers; not known of b"), "{}", words(&run));
    assert_eq!(run.phase, Phase::Unknown);
}

#[tokio::test(start_paused = true)]
async fn done_means_that_the_alert_is_silenced_on_every_member() {
    let rig = rig(Way::Loud);
    let run = rig.silence().await;
    assert_eq!(run.phase, Phase::Failed, "{}", words(&run));
    assert!(words(&run).contains("Slow is NOT SILENCED on b"), "{}", words(&run));
    let lines: Vec<_> =
        chains(&rig.server.state).expect("the journal").iter().flat_map(|chain| chain.lines.clone()).collect();
    assert!(lines.iter().any(|line| line.entry.phase == Some(Phase::Failed)));
}

#[tokio::test(start_paused = true)]
async fn a_silence_made_from_an_alert_covers_it_whoever_sent_it_and_by_its_raw_values() {
    let rig = rig(Way::Accepted);
    let sent = |name: &str, replica: &str| {
        let mut one = alert(&[("alertname", name), ("ruler", replica), ("what", "col1 col2")], now());
        let raw = [("alertname", name), ("ruler", replica), ("what", "col1\tcol2")];
        one.raw = Some(raw.map(|(name, value)| (name.into(), value.into())).to_vec().into());
        one
    };
    let all = vec![sent("Slow", "a"), sent("Slow", "b"), sent("Full", "a"), sent("Full", "b")];
    *rig.server.alerts.lock().expect("one") = all.clone();
    *rig.server.compares.lock().expect("one") = true;
    let chosen = || Given::default().with("alerts", &*all[0].key);
    let plan = rig.plan("silence", chosen()).await;
    assert_eq!(
        plan.targets[0].steps[0].request.body["matchers"],
        json!([Matcher::equal("alertname", "Slow"), Matcher::equal("what", "col1\tcol2")])
    );
    let target = &plan.targets[0];
    assert!(target.warnings[0].contains("ruler is left out"), "{:?}", target.warnings);
    assert!(target.reaches.len() == 2 && target.reaches.iter().all(|one| one.is_chosen), "{:?}", target.reaches);
    let run = rig.execute(&plan, "", "known").await;
    assert_eq!(run.phase, Phase::Done, "{}", words(&run));

    let written = rig.plan("silence", chosen().with("matcher", "alertname=Slow ruler=a")).await;
    let covers = &written.targets[0].steps[0].request.body["matchers"];
    assert_eq!(covers[1]["name"], "ruler", "what somebody wrote stays");
    assert!(written.targets[0].warnings.iter().all(|words| !words.contains("left out")));
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_looked_up_and_never_sent_again() {
    for (way, phase) in [(Way::AnswerLost, Phase::Done), (Way::Swallowed, Phase::Unknown)] {
        let rig = rig(way);
        let run = rig.silence().await;
        assert_eq!((run.phase, rig.sent()), (phase, 1), "{}", words(&run));
        assert!(rig.server.whats().contains(&What::Ended));
    }
    let rig = rig(Way::Rejected);
    let run = rig.silence().await;
    assert_eq!(run.phase, Phase::Refused);
    assert!(words(&run).contains("bad matcher."), "{}", words(&run));
}

#[tokio::test(start_paused = true)]
async fn what_a_console_did_not_live_to_end_is_found_by_its_comment() {
    for (way, phase) in [(Way::AnswerLost, Phase::Done), (Way::Swallowed, Phase::Unknown)] {
        let rig = rig(way);
        rig.silence().await;
        // The journal as a process leaves it that is killed after its request went out.
        let killed = tempfile::tempdir().expect("a folder");
        let begun: Vec<_> = chains(&rig.server.state)
            .expect("the journal")
            .into_iter()
            .flat_map(|chain| chain.lines)
            .filter(|line| matches!(line.entry.what, What::Begun | What::Intent))
            .collect();
        let mut journal = Journal::new(killed.path());
        for line in begun {
            journal.append(line.entry, line.at).expect("room");
        }
        drop(journal);
        let found = unfinished(&chains(killed.path()).expect("the journal"));
        let [left] = found.as_slice() else { unreachable!("one run is left: {found:?}") };
        let (events, mut told) = mpsc::channel(256);
        let drain = async { while told.recv().await.is_some() {} };
        let resumed = async {
            let run = rig.executor.resume(left, &events).await;
            drop(events);
            run
        };
        let run = tokio::join!(resumed, drain).0;
        assert_eq!((run.phase, rig.sent()), (phase, 1), "looking sends nothing: {}", words(&run));
    }
}

#[tokio::test(start_paused = true)]
async fn what_consoles_of_before_began_is_found_though_they_named_no_target() {
    let rig = rig(Way::Accepted);
    let run = rig.silence().await;
    let killed = tempfile::tempdir().expect("a folder");
    let mut journal = Journal::new(killed.path());
    let bare = super::journal::Entry::bare(&run.id, "silence", "production", "mori");
    for what in [What::Begun, What::Intent] {
        journal.append(super::journal::Entry { what, ..bare.clone() }, now()).expect("room");
    }
    drop(journal);
    let found = unfinished(&chains(killed.path()).expect("the journal"));
    let (events, _told) = mpsc::channel(256);
    let resumed = rig.executor.resume(&found[0], &events).await;
    assert!(words(&resumed).contains("silence 4ef1"), "{}", words(&resumed));
}

#[tokio::test(start_paused = true)]
async fn what_may_not_be_is_refused_journalled_and_never_sent() {
    let rig = rig(Way::Accepted);
    let plan = rig.new_plan().await;
    assert_eq!(plan.confirmation.gesture, Gesture::Enter, "{:?}", plan.targets[0].warnings);
    let refused = async |executor: Executor, typed: &str, reason: &str| {
        let run = rig.execute_by(&executor, &plan, typed, reason).await;
        assert_eq!(run.phase, Phase::Refused, "{}", words(&run));
        words(&run)
    };
    let own = || rig.executor.clone();
    let by = |change: &dyn Fn(&mut Planner)| {
        let mut executor = own();
        change(&mut executor.planner);
        executor
    };
    assert!(refused(own(), "", " ").await.contains("asks for a reason"));
    assert!(refused(own(), "YES", "why").await.contains("confirmation is not right"));
    let read_only = by(&|planner| {
        planner.grant = Err("production is read-only.".into());
        planner.alerts = None;
    });
    assert!(refused(read_only, "", "why").await.contains("read-only"));
    let lee = by(&|planner| planner.actor.os_user = "lee".into());
    assert!(refused(lee, "", "why").await.contains("belongs to mori"));
    let late = by(&|planner| planner.clock = Arc::new(|| now() + TimeDelta::minutes(5)));
    assert!(refused(late, "", "why").await.contains("expired"));
    let elsewhere = by(&|planner| planner.environment = "staging".into());
    assert!(refused(elsewhere, "", "why").await.contains("for environment \"production\""));
    let blind = by(&|planner| planner.alerts = None);
    assert!(refused(blind, "", "why").await.contains("has no Alertmanager"));
    let handless = Executor { silence: None, ..own() };
    assert!(refused(handless, "", "why").await.contains("no hands"));
    rig.server.alerts.lock().expect("one").push(alert(&[("alertname", "Down")], now()));
    let unread = refused(own(), "", "why").await;
    assert!(unread.contains("it would reach Down now"), "not what was shown: {unread}");
    assert_eq!(rig.sent(), 0);
    assert!(rig.server.whats().iter().all(|what| *what == What::Refused), "none of them was begun");
}

#[tokio::test(start_paused = true)]
async fn an_edited_document_is_refused_or_no_wider() {
    let rig = rig(Way::Accepted);
    let honest = serde_json::to_value(rig.new_plan().await).expect("a document");
    rig.server.alerts.lock().expect("one").push(alert(&[("alertname", "Down")], now()));
    let edited = |edits: &[(&str, Value)]| -> Plan {
        let mut document = honest.clone();
        for (place, edit) in edits {
            *document.pointer_mut(place).expect("a place") = edit.clone();
        }
        serde_json::from_value::<Plan>(document).expect("a document").sealed()
    };
    // In this server every matcher covers everything: what another matcher hides was not shown.
    let shown =
        json!({"name": "Down", "service": null, "severity": "high", "summary": "", "id": "f", "is_chosen": false});
    let all = json!([honest["targets"][0]["reaches"][0], shown]);
    let bare = json!({"gesture": "enter", "word": "GO", "needs_reason": false});
    let given = |matcher: &str| ("/targets/0/given/matcher", json!(matcher));
    let until = |at: &str| ("/targets/0/given/until", json!(at));
    let reaches = ("/targets/0/reaches", all);
    for (why, edits) in [
        ("it would reach", vec![]),
        ("not the one this action makes", vec![given("alertname=Down"), reaches.clone()]),
        ("no matcher names anything", vec![given("alertname=~\".*\""), reaches.clone()]),
        ("would reach further", vec![reaches.clone(), ("/confirmation", bare.clone())]),
        ("longer than 7 days", vec![until("2036-01-01T00:00:00Z"), reaches.clone()]),
        ("is no time", vec![until("+262142-12-31T23:59:59Z"), reaches.clone()]),
        ("a minute at least", vec![until("2027-01-15T07:00:00Z"), reaches.clone()]),
        ("is no time", vec![until("soon"), reaches.clone()]),
        (
            "not yet",
            vec![("/refreshed_at", "2999-01-01T00:00:00Z".into()), ("/expires_at", "2999-01-01T00:05:00Z".into())],
        ),
        (
            "expired",
            vec![("/refreshed_at", "2001-01-01T00:00:00Z".into()), ("/expires_at", "2999-01-01T00:00:00Z".into())],
        ),
        ("there is no silence", vec![("/targets/0/silence/id", "4ef1".into())]),
        ("expire-silence", vec![("/action", "expire-silence".into())]),
        ("staging", vec![("/environment", "staging".into())]),
    ] {
        let run = rig.execute(&edited(&edits), "", "known").await;
        assert_eq!(run.phase, Phase::Refused, "{why}");
        assert!(words(&run).contains(why) || why == "expire-silence", "{why}: {}", words(&run));
    }
    assert_eq!(rig.sent(), 0);
    assert!(rig.server.whats().iter().all(|what| *what == What::Refused));
    // What confirms it in the document is for reading only.
    rig.server.alerts.lock().expect("one").pop();
    let run = rig.execute(&edited(&[("/confirmation", bare)]), "GO", "known").await;
    assert!(words(&run).contains("confirmation is not right"), "{}", words(&run));
    assert_eq!(rig.sent(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_silence_somebody_has_changed_is_not_changed_over_it() {
    let rig = rig(Way::Accepted);
    rig.silence().await;
    let plan = rig.plan("expire-silence", Given::default()).await;
    rig.server.silences.lock().expect("one")[0].ends_at += TimeDelta::hours(1);
    let run = rig.execute(&plan, "", "").await;
    assert!(words(&run).contains("has changed since the plan at /ends_at"), "{}", words(&run));
    rig.server.silences.lock().expect("one")[0].comment = "ask lee first".into();
    let run = rig.execute(&plan, "", "").await;
    assert!(words(&run).contains("at /ends_at, /comment"), "{}", words(&run));
    rig.server.silences.lock().expect("one")[0].state = SilenceState::Expired;
    let over = rig.plan("expire-silence", Given::default()).await;
    assert_eq!(over.refusals, ["it is over already."]);
    rig.server.silences.lock().expect("one").clear();
    let run = rig.execute(&plan, "", "").await;
    assert!(words(&run).contains("there is no silence 4ef1 any more"), "{}", words(&run));
    assert_eq!(rig.sent(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_plan_is_begun_once() {
    let rig = rig(Way::Accepted);
    let plan = rig.new_plan().await;
    assert_eq!(rig.execute(&plan, "", "known").await.phase, Phase::Done);
    let again = rig.execute(&plan, "", "known").await;
    assert!(again.phase == Phase::Refused && words(&again).contains("begun before"), "{}", words(&again));
    assert_eq!(rig.sent(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_it_covers_being_unknown_is_no_plan_to_apply() {
    let rig = rig(Way::Accepted);
    let plan = rig.plan("silence", Given::default().with("matcher", "alertname=~\"(\"")).await;
    assert!(!plan.is_applicable(), "{:?}", plan.refusals);
    let nothing = rig.plan("silence", Given::default().with("alerts", "gone")).await;
    assert!(nothing.refusals[0].contains("name alerts that fire"), "{:?}", nothing.refusals);
    let unknown = self::rig(Way::Mute).new_plan().await;
    assert_eq!(unknown.refusals, ["what it covers is not known: no answer came."]);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_done_is_not_planned_as_something_else() {
    let rig = rig(Way::Accepted);
    let nothing = rig.plan("expire-silence", Given::default()).await;
    assert_eq!(nothing.refusals, ["there is no such silence."]);
    let soon = rig.plan("silence", Given::default().with("matcher", "alertname=Slow").with("for", "soon")).await;
    assert!(soon.refusals.first().is_some_and(|why| why.contains("is no length of time")), "{:?}", soon.refusals);
    let workload = WorkloadRef {
        environment: "production".into(),
        namespace: "shop".into(),
        kind: Kind::Deployment,
        name: "api".into(),
    };
    let silence = SilenceRef { environment: "production".into(), id: String::new() };
    for (action, subject) in [("silence", Subject::Workload(workload)), ("restart", Subject::Silence(silence))] {
        let action = catalog::SHIPPED.named(action).expect("an action");
        let planned = rig.executor.planner.plan(action, &[subject], &Options::default()).await;
        assert!(planned.is_err_and(|error| error.sentence.contains("cannot be done to")), "{}", action.id());
    }
}

#[tokio::test(start_paused = true)]
async fn placeholders_are_filled_where_they_are_meant_and_once() {
    let rig = rig(Way::Accepted);
    let plan = rig.plan("silence", Given::default().with("matcher", "alertname=Slow pod={run}")).await;
    let run = rig.execute(&plan, "", "see {now} of {run} {").await;
    assert_eq!(run.phase, Phase::Done, "{}", words(&run));
    let made = rig.server.silences.lock().expect("one")[0].clone();
    assert_eq!(*made.comment, *format!("see {{now}} of {{run}} {{ (quarterdeck {})", run.id));
    assert_eq!(made.matchers[1], Matcher::equal("pod", "{run}"));
}

#[tokio::test(start_paused = true)]
async fn the_end_that_was_read_is_the_end_it_gets() {
    let rig = rig(Way::Accepted);
    let plan = rig.new_plan().await;
    tokio::time::advance(std::time::Duration::from_secs(60)).await;
    let run = rig.execute(&plan, "", "known").await;
    assert_eq!(run.phase, Phase::Done, "{}", words(&run));
    assert_eq!(rig.server.silences.lock().expect("one")[0].ends_at, now() + TimeDelta::hours(2));
}

#[tokio::test(start_paused = true)]
async fn what_was_accepted_and_is_nowhere_is_unknown() {
    let run = rig(Way::Vanished).silence().await;
    assert_eq!(run.phase, Phase::Unknown, "{}", words(&run));
    assert!(words(&run).contains("no Alertmanager that answers shows"), "{}", words(&run));
}

#[tokio::test(start_paused = true)]
async fn what_else_it_reaches_is_read_first_and_what_was_chosen_is_verified() {
    let rig = rig(Way::Accepted);
    let chosen = rig.server.alerts.lock().expect("one")[0].key.clone();
    rig.server.alerts.lock().expect("one").push(alert(&[("alertname", "Down")], now()));
    let given = Given::default().with("matcher", "alertname=Slow").with("alerts", &*chosen);
    let plan = rig.plan("silence", given).await;
    let mut unread = plan.clone();
    unread.targets[0].reaches.retain(|one| one.name != "Down");
    assert!(plan.reads_as(&plan) && !unread.reads_as(&plan) && !plan.reads_as(&unread));
    let draft = |reaches| Draft { reaches, ..Draft::default() };
    let drafted = draft(plan.targets[0].reaches.clone());
    assert_eq!(still_said(&plan.targets[0], &drafted), Ok(()));
    let why = still_said(&unread.targets[0], &drafted).expect_err("it is not what was read");
    assert!(why.contains("it would reach Down now"), "{why}");
    let told = &plan.targets[0].reaches;
    let of = |service: Option<&str>| {
        let with = |one: &Reached| Reached { service: service.map(str::to_owned), ..one.clone() };
        told.iter().map(with).collect::<Vec<_>>()
    };
    assert_eq!(Reached::unread(told, told), None);
    assert!(Reached::unread(&of(Some("pay")), told).is_some(), "of another service");

    let run = rig.execute(&plan, &plan.confirmation.word, "known").await;
    assert_eq!(run.phase, Phase::Done, "{}", words(&run));
    let lines: Vec<_> =
        chains(&rig.server.state).expect("the journal").into_iter().flat_map(|chain| chain.lines).collect();
    let begun = lines.iter().find(|line| line.entry.what == What::Begun).expect("it was begun");
    assert_eq!(begun.entry.aims[0].chosen, [chosen.to_string()]);
}

#[tokio::test(start_paused = true)]
async fn a_document_is_refused_by_what_it_says_too() {
    let rig = rig(Way::Accepted);
    let plan = rig.new_plan().await;
    let refused = Plan { refusals: vec!["a page is missing.".into()], ..plan.clone() }.sealed();
    let run = rig.execute(&refused, "", "known").await;
    assert_eq!((run.phase, words(&run).as_str()), (Phase::Refused, "a page is missing."));
    let short = Plan { expires_at: plan.refreshed_at - TimeDelta::minutes(1), ..plan.clone() }.sealed();
    let run = rig.execute(&short, "", "known").await;
    assert!(words(&run).contains("expired"), "{}", words(&run));
    assert_eq!(rig.sent(), 0);
}

#[tokio::test(start_paused = true)]
async fn without_a_journal_nothing_is_silenced() {
    let rig = rig(Way::Accepted);
    let plan = rig.new_plan().await;
    std::fs::write(rig.server.state.join("journal"), "in the way").expect("a file of ours");
    let run = rig.execute(&plan, "", "known").await;
    assert!(run.phase == Phase::Refused && words(&run).contains("journal"), "{}", words(&run));
    assert_eq!(rig.sent(), 0);
}

fn kept(ends_at: Instant, state: SilenceState) -> Silence {
    Silence {
        id: "4ef1".into(),
        matchers: vec![Matcher::equal("alertname", "Slow")],
        starts_at: now(),
        ends_at,
        created_by: "mori".into(),
        comment: "known (quarterdeck of-another-run)".into(),
        state,
    }
}

/// A silence just like ours says nothing of ours.
#[tokio::test(start_paused = true)]
async fn after_a_lost_answer_only_the_silence_of_the_run_is_ours() {
    let rig = rig(Way::Swallowed);
    let plan = rig.new_plan().await;
    rig.server.silences.lock().expect("one").push(kept(now() + TimeDelta::hours(2), SilenceState::Active));
    let run = rig.execute(&plan, "", "known").await;
    assert!(run.phase == Phase::Unknown && words(&run).contains("shows no sign of the change"), "{}", words(&run));
}

#[test]
fn only_a_silence_as_it_was_planned_is_one() {
    let until = now() + TimeDelta::hours(2);
    let later = |seconds| until + TimeDelta::seconds(seconds);
    for (goal, ends, state, outcome) in [
        (Goal::Silenced(until), later(30), SilenceState::Active, Outcome::Done),
        (Goal::Silenced(until), later(120), SilenceState::Active, Outcome::Unknown),
        (Goal::Silenced(until), later(30), SilenceState::Expired, Outcome::Unknown),
        (Goal::SilenceOver, later(30), SilenceState::Expired, Outcome::Done),
        (Goal::SilenceOver, later(30), SilenceState::Active, Outcome::Unknown),
    ] {
        let member = Replicated { member: "a".into(), silence: Ok(Some(kept(ends, state))) };
        assert_eq!(judged(goal, &[], vec![member], Vec::new()), outcome, "{goal:?} {ends} {state:?}");
    }
}

#[test]
fn every_member_has_it_and_holds_back_what_was_chosen() {
    let until = now() + TimeDelta::hours(2);
    let member = |state| Replicated { member: "a".into(), silence: Ok(Some(kept(until, state))) };
    let dumb = || SourceError::new(Trouble::Timeout, "b did not answer.");
    let silent = || Replicated { member: "b".into(), silence: Err(dumb()) };
    let [slow, other] = ["Slow", "Down"].map(|name| alert(&[("alertname", name)], now()));
    let held = Alert { hold: Hold::Silenced, ..slow.clone() };
    let chosen = [slow.key.to_string()];
    let on = |alerts: Vec<Alert>| vec![MemberAlerts { member: "a".into(), alerts: Ok(alerts) }];
    let untold = || vec![MemberAlerts { member: "b".into(), alerts: Err(dumb()) }];
    let holds = || member(SilenceState::Active);
    let over = || member(SilenceState::Expired);
    let (silenced, ended) = (Goal::Silenced(until), Goal::SilenceOver);
    for (goal, members, alerts, outcome) in [
        (silenced, vec![holds()], on(vec![held.clone(), other]), Outcome::Done),
        (silenced, vec![holds()], on(vec![slow.clone()]), Outcome::Failed),
        (silenced, vec![holds()], untold(), Outcome::Unknown),
        (silenced, vec![holds(), silent()], on(vec![held.clone()]), Outcome::Unknown),
        (silenced, vec![holds(), over()], on(vec![held]), Outcome::Failed),
        (ended, vec![over(), silent()], untold(), Outcome::Done),
        (ended, vec![over()], on(vec![slow]), Outcome::Done),
        (ended, vec![over(), holds()], Vec::new(), Outcome::Failed),
    ] {
        let words = format!("{goal:?} {members:?} {alerts:?}");
        assert_eq!(judged(goal, &chosen, members, alerts), outcome, "{words}");
    }
}

/// What is judged of one look.
fn judged(goal: Goal, chosen: &[String], members: Vec<Replicated>, alerts: Vec<MemberAlerts>) -> Outcome {
    let silence = members.iter().find_map(|one| one.silence.as_ref().ok()?.clone()).expect("one has it");
    let facts = SilenceFacts {
        document: Value::Null,
        matchers: silence.matchers.clone(),
        members,
        silence: Some(silence),
        chosen: Vec::new(),
        left_out: Vec::new(),
        covered: Ok(Vec::new()),
        known: Known::default(),
        doubts: Vec::new(),
        alerts,
        observed_at: now(),
    };
    match judge(goal, chosen, &facts).expect("it is there") {
        Look::Settled(outcome, _) | Look::Partly(outcome, _) => outcome,
        Look::Waiting(words) => unreachable!("{words}"),
    }
}
