//! Sessions in pods from the screen: the plan in its states, what it asks for, and what becomes of what was opened.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use futures_util::Stream;
use futures_util::future::BoxFuture;
use insta::assert_snapshot;
use quarterdeck::actions::{Attach, CommandLines, Executor, Gives, Options, Planner, Pods, Session, catalog};
use quarterdeck::app::{Effect, Message, PlanRequest, SessionNews, update};
use quarterdeck::domain::action::{Cluster, Given, Outcome, Phase, Plan, Run, TargetRun};
use quarterdeck::domain::cluster::ClusterEvent;
use quarterdeck::domain::owner::{Keeper, Told};
use quarterdeck::domain::rollout::{Autoscaler, Budget, Container, Pod, WorkloadRef};
use quarterdeck::domain::source::SourceState;
use quarterdeck::domain::subject::{PodRef, Subject};
use quarterdeck::domain::time::Instant;
use quarterdeck::keys::Sequence;
use quarterdeck::sandbox::{Fault, Sandbox, SandboxClock, Scenario, Service};
use quarterdeck::sources::Clock;
use quarterdeck::sources::cluster::{Connection, Contexts, Reach};
use quarterdeck::sources::error::{SourceError, Trouble};
use quarterdeck::sources::observe::{
    Access, Answer, ObjectPath, ObserveCluster, PodFacts, PodOwner, Right, WorkloadFacts,
};
use quarterdeck::sources::operate::{ExecAsk, PodSession, ReachPods, Tunnel};
use quarterdeck::theme::{Depth, Glyphs, Theme};
use quarterdeck::ui::scene::Detail;
use quarterdeck::ui::state::{DetailTab, View};
use serde_json::{Value, json};

use crate::actions::{NAMESPACE, Rig};
use crate::gate::{a_pod, action, apart, no_edit_of};
use crate::screens::{detail, on_detail};
use crate::silencing::{self, asked};
use crate::stage::{Stage, now, shop, text};

/// A cluster that knows one pod.
struct OnePod(Pod);

fn nothing<'a, T>() -> Answer<'a, T> {
    Box::pin(async { Err(SourceError::new(Trouble::NotFound, "there is a pod here and nothing else.")) })
}

impl ObserveCluster for OnePod {
    fn cluster(&self) -> Answer<'_, Cluster> {
        let cluster = Cluster { context: "prod-eu".into(), server: "https://10.0.0.1:6443".into(), uid: None };
        Box::pin(async { Ok(cluster) })
    }
    fn ahead(&self) -> chrono::TimeDelta {
        chrono::TimeDelta::zero()
    }
    fn identity(&self) -> Answer<'_, Option<String>> {
        Box::pin(async { Ok(Some("mori".to_owned())) })
    }
    fn may<'a>(&'a self, _: Right<'a>) -> Answer<'a, Access> {
        Box::pin(async { Ok(Access::Allowed) })
    }
    fn workload<'a>(&'a self, _: &'a WorkloadRef) -> Answer<'a, WorkloadFacts> {
        nothing()
    }
    fn follow<'a>(
        &'a self,
        _: &'a WorkloadRef,
    ) -> Pin<Box<dyn Stream<Item = Result<WorkloadFacts, SourceError>> + Send + 'a>> {
        Box::pin(futures_util::stream::empty())
    }
    fn pod<'a>(&'a self, subject: &'a PodRef) -> Answer<'a, PodFacts> {
        let containers: Vec<Value> = self.0.containers.iter().map(|one| json!({"name": &*one.name})).collect();
        let object = json!({"metadata": {"uid": &*self.0.uid}, "spec": {"containers": containers}});
        let (pod, subject) = (self.0.clone(), subject.clone());
        Box::pin(async { Ok(PodFacts { subject, pod, object: Arc::new(object), observed_at: now() }) })
    }
    fn object<'a>(&'a self, _: &'a ObjectPath<'a>) -> Answer<'a, Option<Arc<Value>>> {
        nothing()
    }
    fn events<'a>(&'a self, _: &'a WorkloadFacts) -> Answer<'a, Vec<ClusterEvent>> {
        nothing()
    }
    fn autoscalers<'a>(&'a self, _: &'a WorkloadRef) -> Answer<'a, Vec<Autoscaler>> {
        nothing()
    }
    fn keeper<'a>(&'a self, _: &'a Keeper) -> Answer<'a, Told> {
        nothing()
    }
    fn budgets<'a>(&'a self, _: &'a str, _: &'a Value) -> Answer<'a, Vec<Budget>> {
        nothing()
    }
    fn owner_of<'a>(&'a self, _: &'a Arc<str>, _: &'a str, _: &'a str) -> Answer<'a, PodOwner> {
        nothing()
    }
    fn last_written<'a>(&'a self, _: &'a str, _: &'a str, _: &'a str) -> Answer<'a, Option<Instant>> {
        nothing()
    }
}

/// A console on the pods of `payments`.
fn stage() -> Stage {
    on_detail(SourceState::Fresh, detail(), DetailTab::Pods)
}

/// Works the plan out that is asked for; where it may not be carried out, why.
fn answer(stage: &mut Stage, request: &PlanRequest, refused: Option<&str>) {
    let pods = stage.model.detail.as_ref().and_then(|detail| detail.pods.clone()).expect("pods");
    let planner = Planner {
        observe: Some(Arc::new(OnePod(pods[stage.model.ui.detail_cursor].clone()))),
        grant: refused.map_or(Ok(()), |why| Err(why.to_owned())),
        ..silencing::planner(Ok(Vec::new()))
    };
    let action = catalog::SHIPPED.named(request.action).expect("an action");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let plan = runtime.block_on(planner.plan(action, &request.targets, &request.options));
    stage.tell(Message::Planned(request.number, Box::new(plan.map_err(|error| error.sentence))));
}

/// Opens the plan by its keys.
fn planned(stage: &mut Stage, keys: &str) {
    let request = asked(&stage.later(keys));
    answer(stage, &request, None);
}

fn news(stage: &mut Stage, plan: &Plan, news: SessionNews) -> Vec<Effect> {
    update(&mut stage.model, Message::Session(plan.id.clone(), news), now() + chrono::TimeDelta::seconds(2))
}

/// The run of a plan comes to its end.
fn ended(stage: &mut Stage, plan: &Plan, phase: Phase, words: &str) {
    let target = TargetRun { phase, words: words.to_owned(), made: None, steps: BTreeMap::default() };
    let run = Run { id: plan.id.clone(), phase, targets: vec![target], reason: None };
    stage.tell(Message::RunEnded(Box::new(run)));
}

fn executed(effects: &[Effect]) -> Plan {
    let plans = effects.iter().find_map(|effect| match effect {
        Effect::Execute(plan, _) => Some((**plan).clone()),
        _ => None,
    });
    plans.expect("a confirmed plan")
}

/// The confirmed plan of a shell.
fn called(stage: &mut Stage) -> Plan {
    planned(stage, "!x");
    stage.type_text("EXEC");
    executed(&stage.later("enter"))
}

/// The confirmed plan of a port.
fn opened(stage: &mut Stage) -> Plan {
    planned(stage, "!f");
    stage.type_text("80");
    stage.press("tab");
    stage.type_text("8080");
    let request = asked(&stage.later("enter"));
    answer(stage, &request, None);
    executed(&stage.later("enter"))
}

#[test]
fn the_forms_at_every_size() {
    let mut exec = stage();
    planned(&mut exec, "!x");
    exec.type_text("EX");
    assert_snapshot!("reaching_exec", exec.bodies());

    let mut forward = stage();
    planned(&mut forward, "!f");
    forward.type_text("80x");
    assert!(forward.later("enter").is_empty());
    assert_snapshot!("reaching_forward", forward.bodies());

    let mut refused = stage();
    let request = asked(&refused.later("!x"));
    answer(&mut refused, &request, Some("production is read-only (--read-only). Leave it out to act."));
    assert_snapshot!("reaching_refused", refused.bodies());

    let mut hostile = detail();
    let names = ["決済\u{202e}\u{1b}[31m", "見張り"];
    let containers = names.map(|name| Container { name: name.into(), ..Container::default() });
    let pod = Pod {
        name: "pay\u{1b}[2Jments".into(),
        containers: containers.into(),
        ..hostile.pods.take().expect("pods").swap_remove(0)
    };
    let mut hostile = on_detail(SourceState::Fresh, Detail { pods: Some(vec![pod]), ..hostile }, DetailTab::Pods);
    planned(&mut hostile, "!x");
    assert_snapshot!("reaching_hostile", hostile.bodies());
    assert!(hostile.bodies().chars().all(|letter| letter == '\n' || !letter.is_control()));
}

#[test]
fn it_is_read_without_colour_and_in_sixteen() {
    let mut one = stage();
    planned(&mut one, "!x");
    for (depth, glyphs) in [(Depth::Sixteen, Glyphs::UNICODE), (Depth::None, Glyphs::ASCII)] {
        one.theme = Theme::embedded("midnight", depth);
        one.glyphs = glyphs;
        let drawn = text(&one.body(80, 24));
        for words in ["Run a command in pod/payments-6b7f-x2x4z", "no way back", "type EXEC and press enter"] {
            assert!(drawn.contains(words), "{words}:\n{drawn}");
        }
    }
}

#[test]
fn from_the_list_it_leads_to_the_pods_and_asks_which() {
    let mut stage = Stage::new();
    stage.see(shop(), SourceState::Fresh);
    stage.later("!x");
    assert!(matches!(stage.model.ui.view, View::Detail(_, DetailTab::Pods)), "{:?}", stage.model.ui.view);
    assert!(stage.model.overlay().is_none() && stage.model.planning.is_none());
    assert!(stage.model.ui.toast.as_ref().is_some_and(|toast| toast.words.contains("pod that is meant")));
}

#[test]
fn nothing_is_sent_before_it_was_read_and_confirmed() {
    let mut early = stage();
    planned(&mut early, "!x");
    early.type_text("EXEC");
    let sequence: Sequence = "enter".parse().expect("keys");
    let sent = update(&mut early.model, Message::Key(sequence.0[0]), now());
    assert!(sent.is_empty() && text(&early.screen(80, 24)).contains("Read the plan first"));

    let mut wordless = stage();
    planned(&mut wordless, "!x");
    assert!(wordless.later("enter").is_empty());
    assert!(text(&wordless.screen(80, 24)).contains("Type EXEC and press enter to confirm."));

    let mut refused = stage();
    for keys in ["!x", "!f"] {
        let request = asked(&refused.later(keys));
        answer(&mut refused, &request, Some("production is read-only."));
        assert!(text(&refused.body(80, 24)).contains("production is read-only."));
        assert!(refused.later("enter").is_empty());
        refused.later("esc");
    }
}

#[test]
fn a_plan_names_the_pod_its_container_and_every_word_of_the_command() {
    let mut stage = stage();
    planned(&mut stage, "!x");
    // From the word back to the command.
    stage.press("shift-tab");
    stage.type_text(" -c 'ls /tmp | wc'");
    let request = asked(&stage.later("enter"));
    answer(&mut stage, &request, None);
    stage.press("tab");
    stage.type_text("EXEC");
    let sent = stage.later("enter");
    let [Effect::Execute(plan, consent)] = sent.as_slice() else { panic!("one plan: {sent:?}") };
    let pod = PodRef { environment: "production".into(), namespace: "shop".into(), name: "payments-6b7f-x2x4z".into() };
    let step = &plan.targets[0].steps[0];
    assert_eq!((&plan.targets[0].subject, consent.typed.as_str()), (&Subject::Pod(pod), "EXEC"));
    assert_eq!(step.request.path, "/api/v1/namespaces/shop/pods/payments-6b7f-x2x4z/exec");
    assert_eq!(step.request.body, json!({"container": "app", "command": ["sh", "-c", "ls /tmp | wc"]}));
    assert!(!step.words.contains("/tmp"), "what is journalled holds no argument: {}", step.words);
    assert!(stage.later("enter").is_empty(), "once");
    ended(&mut stage, plan, Phase::Refused, "no.");
    stage.press("esc");
    planned(&mut stage, "!x");
    stage.press("shift-tab");
    stage.type_text(" 'open");
    let request = asked(&stage.later("enter"));
    answer(&mut stage, &request, None);
    assert!(text(&stage.body(80, 24)).contains("quote that is not closed"));
    assert!(stage.later("enter").is_empty());
}

#[test]
fn the_terminal_is_lent_once_it_runs_and_to_nobody_who_left() {
    let mut here = stage();
    let plan = called(&mut here);
    assert_eq!(news(&mut here, &plan, SessionNews::Runs), [Effect::Attach(plan.id.clone())]);
    assert!(here.model.overlay().is_none() && !here.model.has_run_under_way());
    ended(&mut here, &plan, Phase::Failed, "exit code 7.");
    let drawn = text(&here.screen(80, 24));
    assert!(drawn.contains("exit code 7.") && here.model.ended_badly.is_none(), "its own affair: {drawn}");
    assert!(here.model.behind.is_empty());

    let mut gone = stage();
    let plan = called(&mut gone);
    assert!(gone.later("esc").is_empty());
    assert_eq!(news(&mut gone, &plan, SessionNews::Runs), [Effect::EndSession(plan.id.clone())]);
}

#[test]
fn a_refusal_is_said_with_the_way_to_do_the_same() {
    let mut stage = stage();
    let plan = called(&mut stage);
    ended(&mut stage, &plan, Phase::Refused, "mori may not create pods/exec\u{1b}.");
    let drawn = text(&stage.body(80, 24)).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(drawn.contains("REFUSED") && drawn.contains("mori may not create pods/exec."), "{drawn}");
    assert!(drawn.contains("quarterdeck plan exec pod/payments-6b7f-x2x4z -n shop --command sh"), "{drawn}");
    stage.later("esc");
    let plan = called(&mut stage);
    ended(&mut stage, &plan, Phase::Unknown, "no answer.");
    assert!(text(&stage.body(80, 24)).contains("UNKNOWN: no answer."));
    assert!(stage.model.ended_badly.is_some());
}

/// At 80 columns too: whoever cannot read why has nothing to go by.
#[test]
fn a_long_reason_is_read_to_its_end() {
    let mut stage = stage();
    let plan = called(&mut stage);
    let long =
        "https://10.0.0.1:6443 is in trouble itself: the container runtime is restarting and takes no commands now.";
    ended(&mut stage, &plan, Phase::Unknown, long);
    let drawn = text(&stage.body(80, 24));
    let drawn = drawn.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(drawn.contains("takes no commands now."), "{drawn}");
}

#[test]
fn an_open_port_is_said_until_it_is_closed() {
    let mut stage = stage();
    let first = opened(&mut stage);
    assert_eq!(first.targets[0].steps[0].request.body, json!({"remote": 80, "local": 8080}));
    news(&mut stage, &first, SessionNews::Opened(8080));
    assert!(stage.model.overlay().is_none());
    let said = "FORWARDING 127.0.0.1:8080 to shop/payments-6b7f-x2x4z:80 in production since 03:07 UTC.";
    assert!(text(&stage.screen(120, 40)).contains(said), "{}", text(&stage.screen(120, 40)));
    let trouble = "the pod refused the connection: nothing listens".to_owned();
    news(&mut stage, &first, SessionNews::Trouble(trouble));
    assert!(text(&stage.screen(200, 60)).contains("last trouble: the pod refused"));

    let second = opened(&mut stage);
    news(&mut stage, &second, SessionNews::Opened(9090));
    assert!(stage.later("!F").is_empty(), "which one?");
    assert!(stage.model.ui.toast.as_ref().is_some_and(|toast| toast.words.contains("8080, 9090")));
    stage.press(":");
    stage.type_text("end-forward 9090");
    assert_eq!(stage.later("enter"), [Effect::EndSession(second.id.clone())]);
    ended(&mut stage, &second, Phase::Done, "closed: 0 connections.");
    assert_eq!(stage.later("!F"), [Effect::EndSession(first.id.clone())]);
    ended(&mut stage, &first, Phase::Done, "closed: 1 connections.");
    assert!(!text(&stage.screen(120, 40)).contains("FORWARDING"));
    assert!(stage.later("!F").is_empty());
}

#[test]
fn a_port_that_cannot_be_had_is_said() {
    let mut stage = stage();
    let plan = opened(&mut stage);
    let words = "127.0.0.1:8080 cannot be listened on: in use. Take another local port.";
    ended(&mut stage, &plan, Phase::Refused, words);
    let drawn = text(&stage.body(80, 24)).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(drawn.contains(words), "{drawn}");
    assert!(stage.model.open_ports.is_empty());
}

#[test]
fn the_menu_of_a_pod_lists_what_is_done_in_it_and_why_not() {
    let refused = |stage: &Stage, words: &str| {
        let line = stage.model.menu.iter().find(|line| line.words == words).expect("it is offered");
        (line.keys.clone(), line.refused.clone())
    };
    let mut one = stage();
    one.press("a");
    assert_eq!(refused(&one, "Run a command"), ("!x".to_owned(), None));
    assert_eq!(refused(&one, "Forward a port"), ("!f".to_owned(), None));
    assert_eq!(asked(&one.later("enter")).action, "exec");

    let mut over = detail();
    let pod = Pod { phase: "Succeeded".into(), ..over.pods.take().expect("pods").swap_remove(0) };
    let mut over = on_detail(SourceState::Fresh, Detail { pods: Some(vec![pod]), ..over }, DetailTab::Pods);
    over.press("a");
    assert!(refused(&over, "Run a command").1.is_some_and(|why| why.contains("come to its end")));
    assert!(over.later("enter").is_empty(), "it cannot be chosen");
    over.press("esc");
    planned(&mut over, "!x");
    assert!(text(&over.body(120, 40)).contains("nothing runs in it"), "nor planned by its key");
}

/// Hands in pods and whoever holds what they open: both note what is asked of them, and nothing comes of it.
#[derive(Default)]
struct Reached(Mutex<Vec<Value>>);

impl ReachPods for Reached {
    fn exec<'a>(&'a self, ask: &'a ExecAsk) -> Answer<'a, PodSession> {
        self.0.lock().expect("nobody panicked").push(json!([ask.namespace, ask.pod, ask.container, ask.command]));
        Box::pin(async { Err(SourceError::new(Trouble::Rejected, "the server does not want it.")) })
    }

    fn connect<'a>(&'a self, _: &'a str, _: &'a str, _: u16) -> Answer<'a, Tunnel> {
        Box::pin(async { Err(SourceError::new(Trouble::Rejected, "the server does not want it.")) })
    }
}

impl Attach for Reached {
    fn gives(&self) -> Gives {
        Gives { has_terminal: false, has_input: false }
    }

    fn attach<'a>(&'a self, _: &'a str, _: &'a str, session: Session) -> BoxFuture<'a, (Outcome, String)> {
        if let Session::Port(port) = session {
            let asked = json!([port.pod.namespace, port.pod.name, port.local, port.remote]);
            self.0.lock().expect("nobody panicked").push(asked);
        }
        Box::pin(async { (Outcome::Refused, "the port is taken.".to_owned()) })
    }
}

/// The same of an action in a pod: which session is opened where.
pub(crate) async fn no_edit_widens_in_a_pod(id: &str) {
    let rig = Rig::open().await;
    let name = a_pod(&rig).await;
    let pod = PodRef { environment: "test".into(), namespace: NAMESPACE.into(), name: name.into() };
    let given = match id {
        "exec" => Given::default().with("command", "sh -c 'ls /tmp | wc'"),
        _ => Given::default().with("remote", 8080_u64).with("local", 0_u64),
    };
    let options = Options { given, ..Options::default() };
    let plan = rig.planner.plan(action(id), &[Subject::Pod(pod)], &options).await.expect("a plan");
    let reached = Arc::new(Reached::default());
    no_edit_of((id, &plan, 50), async |plan: &Plan| {
        let command_lines = CommandLines::Whole(|command| command.join(" "));
        let pods = Some(Pods { hands: reached.clone(), command_lines });
        let executor = |journal| Executor { pods, attach: Some(reached.clone()), journal, ..rig.executor.clone() };
        let (phase, begun) = apart(executor, plan).await;
        (phase, std::mem::take(&mut *reached.0.lock().expect("nobody panicked")), begun)
    })
    .await;
}

/// A complete answer that is not the switch of protocols is a refusal before anything began, whatever its code: nothing is UNKNOWN.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::disallowed_methods, reason = "the sandbox runs in real time here")]
async fn a_server_that_refuses_to_begin_ran_nothing() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let clock: Clock = Arc::new(chrono::Utc::now);
    let scenario = Scenario::empty("shop").with("shop", Service::new("api", 1));
    let sandbox = Sandbox::start(scenario, SandboxClock::starting(clock(), 1)).await.expect("a sandbox");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("kubeconfig");
    sandbox.write_kubeconfig(&file).expect("a kubeconfig");
    let endpoint = Contexts::read(Some(&file)).expect("a kubeconfig").endpoint("demo-production").expect("its context");
    // A new fault breaks the connections that are open: each is met on one of its own.
    let reach = async || Reach::new(Connection::open(endpoint.clone(), clock.clone()).await.expect("a connection"));
    let ask = ExecAsk {
        namespace: "shop".into(),
        pod: "api-1".into(),
        container: None,
        command: vec!["true".into()],
        has_terminal: false,
        has_input: false,
    };
    // The simulated pods have no containers: 501.
    for fault in [None, Some(Fault::Status(503)), Some(Fault::Status(403)), Some(Fault::Html)] {
        if let Some(fault) = fault {
            sandbox.faults().set("/api/v1/namespaces/shop/pods", fault);
        }
        let reach = reach().await;
        let refused = reach.exec(&ask).await.err().expect("a refusal");
        assert!(refused.is_certainly_not_done, "{fault:?}: {refused:?}");
        assert!(refused.sentence.contains("nothing ran"), "{fault:?}: {refused:?}");
        let refused = reach.connect("shop", "api-1", 80).await.err().expect("a refusal");
        assert!(refused.is_certainly_not_done, "{fault:?}: {refused:?}");
    }
    sandbox.faults().set("/", Fault::Down);
    let lost = reach().await.exec(&ask).await.err().expect("a lost line");
    assert!(!lost.sentence.contains("nothing ran"), "no answer is not a refusal: {lost:?}");
}
