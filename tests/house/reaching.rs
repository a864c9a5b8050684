//! Reaching into a pod from the screen: the form in its states, and what it asks for.

use std::sync::Arc;

use insta::assert_snapshot;
use quarterdeck::actions::Denied;
use quarterdeck::app::{Call, Effect, Message, PortAsk, ReachNews, update};
use quarterdeck::config::ReadOnly;
use quarterdeck::domain::action::Phase;
use quarterdeck::domain::rollout::{Container, Pod};
use quarterdeck::domain::source::SourceState;
use quarterdeck::keys::Sequence;
use quarterdeck::sandbox::{Fault, Sandbox, SandboxClock, Scenario, Service};
use quarterdeck::sources::Clock;
use quarterdeck::sources::cluster::{Connection, Contexts, Reach};
use quarterdeck::sources::operate::{ExecAsk, ReachPods};
use quarterdeck::theme::{Depth, Glyphs, Theme};
use quarterdeck::ui::scene::Detail;
use quarterdeck::ui::state::{DetailTab, Overlay, View};

use crate::screens::{detail, on_detail};
use crate::stage::{Stage, now, shop, text};

/// A console on the pods of `payments`.
fn stage() -> Stage {
    on_detail(SourceState::Fresh, detail(), DetailTab::Pods)
}

fn news(stage: &mut Stage, news: ReachNews) -> Vec<Effect> {
    update(&mut stage.model, Message::Reached(news), now() + chrono::TimeDelta::seconds(2))
}

/// The call that a confirmed form asks for.
fn called(stage: &mut Stage) -> Call {
    stage.press("!x");
    stage.type_text("EXEC");
    let mut calls = stage.later("enter").into_iter().filter_map(|effect| match effect {
        Effect::Exec(call) => Some(call),
        _ => None,
    });
    calls.next().expect("a call")
}

fn opened(stage: &mut Stage) -> PortAsk {
    stage.press("!f");
    stage.type_text("8080:80");
    let mut asks = stage.later("enter").into_iter().filter_map(|effect| match effect {
        Effect::Forward(ask) => Some(ask),
        _ => None,
    });
    asks.next().expect("a port")
}

#[test]
fn the_forms_at_every_size() {
    let mut exec = stage();
    exec.press("!x");
    exec.type_text("EX");
    assert_snapshot!("reaching_exec", exec.bodies());

    let mut forward = stage();
    forward.press("!f");
    forward.type_text("80x");
    forward.later("enter");
    assert_snapshot!("reaching_forward", forward.bodies());

    let mut refused = stage();
    refused.model.world.sights[0].environment.read_only = Some(ReadOnly::Asked);
    refused.press("!x");
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
    hostile.press("!x");
    assert_snapshot!("reaching_hostile", hostile.bodies());
    assert!(hostile.bodies().chars().all(|letter| letter == '\n' || !letter.is_control()));
}

#[test]
fn it_is_read_without_colour_and_in_sixteen() {
    let mut one = stage();
    one.press("!x");
    for (depth, glyphs) in [(Depth::Sixteen, Glyphs::UNICODE), (Depth::None, Glyphs::ASCII)] {
        one.theme = Theme::embedded("midnight", depth);
        one.glyphs = glyphs;
        let drawn = text(&one.body(80, 24));
        for words in ["Run a command in pod payments-6b7f-x2x4z", "no way back", "Type EXEC and press enter"] {
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
    assert!(stage.model.overlay().is_none() && stage.model.reaching.is_none());
    assert!(stage.model.ui.toast.as_ref().is_some_and(|toast| toast.words.contains("pod that is meant")));
}

#[test]
fn nothing_is_sent_before_it_was_read_and_confirmed() {
    let mut early = stage();
    early.press("!x");
    early.type_text("EXEC");
    let sequence: Sequence = "enter".parse().expect("keys");
    let sent = update(&mut early.model, Message::Key(sequence.0[0]), now());
    assert!(sent.is_empty() && text(&early.screen(80, 24)).contains("Read it first"));

    let mut wordless = stage();
    wordless.press("!x");
    assert!(wordless.later("enter").is_empty());
    assert!(text(&wordless.body(80, 24)).contains("Type EXEC into its field"));

    let mut refused = stage();
    refused.model.world.sights[0].environment.read_only = Some(ReadOnly::Asked);
    for keys in ["!x", "!f"] {
        refused.press(keys);
        refused.type_text("EXEC");
        assert!(refused.later("enter").is_empty());
        refused.later("esc");
    }
}

#[test]
fn a_call_names_the_pod_its_container_and_every_word_of_the_command() {
    let mut stage = stage();
    stage.press("!x");
    // From the word back to the command.
    stage.press("shift-tab");
    stage.type_text(" -c 'ls /tmp | wc'");
    stage.press("tab");
    stage.type_text("EXEC");
    let sent = stage.later("enter");
    let [Effect::Exec(Call { ask, typed, environment, .. })] = sent.as_slice() else { panic!("one call: {sent:?}") };
    let wanted = ExecAsk {
        namespace: "shop".into(),
        pod: "payments-6b7f-x2x4z".into(),
        container: Some("app".into()),
        command: vec!["sh".into(), "-c".into(), "ls /tmp | wc".into()],
        has_terminal: true,
        has_input: true,
    };
    assert_eq!((ask, typed.as_str(), &**environment), (&wanted, "EXEC", "production"));
    assert!(stage.later("enter").is_empty(), "once");
    stage.press("esc");
    stage.press("!x");
    stage.press("shift-tab");
    stage.type_text(" 'open");
    stage.press("tab");
    stage.type_text("EXEC");
    assert!(stage.later("enter").is_empty());
    assert!(text(&stage.body(80, 24)).contains("quote that is not closed"));
}

#[test]
fn the_terminal_is_lent_once_it_runs_and_to_nobody_who_left() {
    let mut here = stage();
    let call = called(&mut here);
    assert_eq!(news(&mut here, ReachNews::Runs(call.number)), [Effect::HandOver(call.number)]);
    assert!(here.model.overlay().is_none() && here.model.reaching.is_none());
    assert_eq!(news(&mut here, ReachNews::Left(Phase::Failed, "exit code 7.".into())), [Effect::ReadJournal]);
    assert!(text(&here.screen(80, 24)).contains("exit code 7."));

    let mut gone = stage();
    let call = called(&mut gone);
    assert!(gone.later("esc").is_empty());
    assert_eq!(news(&mut gone, ReachNews::Runs(call.number)), [Effect::Abandon(call.number)]);
}

#[test]
fn a_refusal_stays_on_the_form_with_what_was_typed() {
    let mut stage = stage();
    let call = called(&mut stage);
    news(&mut stage, ReachNews::Denied(call.number, Denied::Refused("mori may not create pods/exec\u{1b}.".into())));
    let drawn = text(&stage.body(80, 24));
    assert!(drawn.contains("Refused: mori may not create pods/exec.") && drawn.contains("EXEC"), "{drawn}");
    let Some(Overlay::Reaching { fields, .. }) = stage.model.overlay() else { panic!("still open") };
    assert_eq!(fields[1].text, "sh");
    news(&mut stage, ReachNews::Denied(call.number, Denied::Unknown("no answer.".into())));
    assert!(text(&stage.body(80, 24)).contains("UNKNOWN whether it runs: no answer."));
}

/// At 80 columns too: whoever cannot read why has nothing to go by.
#[test]
fn a_long_reason_is_read_to_its_end() {
    let mut stage = stage();
    let call = called(&mut stage);
    let long =
        "https://10.0.0.1:6443 is in trouble itself: the container runtime is restarting and takes no commands now.";
    news(&mut stage, ReachNews::Denied(call.number, Denied::Unknown(long.into())));
    let drawn = text(&stage.body(80, 24));
    assert!(drawn.contains("takes no commands now."), "{drawn}");
}

#[test]
fn an_open_port_is_said_until_it_is_closed() {
    let mut stage = stage();
    let ask = opened(&mut stage);
    assert_eq!((ask.ports, ask.pod.as_str()), ((8080, 80), "payments-6b7f-x2x4z"));
    news(&mut stage, ReachNews::Opened(ask.number, 8080));
    assert!(stage.model.overlay().is_none());
    let said = "FORWARDING 127.0.0.1:8080 to shop/payments-6b7f-x2x4z:80 in production since 03:07 UTC.";
    assert!(text(&stage.screen(120, 40)).contains(said), "{}", text(&stage.screen(120, 40)));
    news(&mut stage, ReachNews::Trouble(ask.number, "the pod refused the connection: nothing listens".into()));
    assert!(text(&stage.screen(200, 60)).contains("last trouble: the pod refused"));

    let second = opened(&mut stage);
    news(&mut stage, ReachNews::Opened(second.number, 9090));
    assert!(stage.later("!F").is_empty(), "which one?");
    assert!(stage.model.ui.toast.as_ref().is_some_and(|toast| toast.words.contains("8080, 9090")));
    stage.press(":");
    stage.type_text("end-forward 9090");
    assert_eq!(stage.later("enter"), [Effect::CloseForward(second.number)]);
    news(&mut stage, ReachNews::Closed(second.number, "closed: 0 connections.".into(), false));
    assert_eq!(stage.later("!F"), [Effect::CloseForward(ask.number)]);
    news(&mut stage, ReachNews::Closed(ask.number, "closed: 1 connections.".into(), false));
    assert!(!text(&stage.screen(120, 40)).contains("FORWARDING"));
    assert!(stage.later("!F").is_empty());
}

#[test]
fn a_port_that_cannot_be_had_is_said_on_the_form() {
    let mut stage = stage();
    let ask = opened(&mut stage);
    let words = "127.0.0.1:8080 cannot be listened on: in use. Take another local port.";
    news(&mut stage, ReachNews::Closed(ask.number, words.into(), true));
    assert!(text(&stage.body(80, 24)).contains(words));
    assert!(stage.model.open_ports.is_empty());
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
