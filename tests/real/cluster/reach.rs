//! Reaching into pods: a real command in a container on a real terminal, a real HTTP answer through a forwarded port.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Stdio;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::console::{Console, Grant};
use crate::support::controlplane::ControlPlane;
use crate::support::kubelet::Kubelet;
use crate::support::process::{Running, signal, wait_until};
use crate::support::pty::Terminal;
use crate::support::shop::{PATIENCE, Shop};

/// The name of a running pod of a Deployment made for it.
fn pod(shop: &Shop) -> String {
    shop.deploy_good("api", "api:1", 1);
    let pod = shop.wait_for_pod("api:1", "a running pod", |pod| pod["status"]["phase"] == "Running");
    pod.pointer("/metadata/name").and_then(Value::as_str).expect("a name").to_owned()
}

fn shell(console: &Console, shop: &Shop, pod: &str) -> Terminal {
    let command = console.command_before(&["exec", pod, "-n", &shop.name, "--confirm", "EXEC"], &["sh"]);
    Terminal::start(&command, 80, 24)
}

fn is_whole(terminal: &Terminal) {
    assert!(!terminal.is_on_alternate_screen() && !terminal.is_cursor_hidden());
}

#[test]
fn a_command_ends_with_its_own_exit_code_and_is_journalled() {
    let shop = Shop::open("reach-exec");
    let pod = pod(&shop);
    let console = Console::of("oncall", &shop, Grant::Write);
    let run = |command: &[&str]| {
        let command = console.command_before(&["exec", &pod, "-n", &shop.name, "--confirm", "EXEC"], command);
        Running::start(command, "").finish(PATIENCE)
    };
    let told = run(&["sh", "-c", "echo out; echo err >&2; exit 7"]);
    // A kubelet tells the exit code in a field of its own, KWOK's only in words: without the field it is not made up.
    assert_eq!((told.code, told.stdout.as_str()), (Some(4), "out\n"), "{}", told.stderr);
    assert!(told.stderr.starts_with("err\n") && told.stderr.contains("exit status 7"), "{}", told.stderr);
    assert_eq!(run(&["env", "PASSWORD=hunter2", "true"]).code, Some(0));
    let journal = console.journal();
    for words in ["confirmed", "sending", "exit status 7", "exit code 0", "env (arguments hmac-sha256:"] {
        assert!(journal.contains(words), "{words}: {journal}");
    }
    assert!(!journal.contains("hunter2"), "{journal}");
    console.journal_is_whole();
    let absent = run(&["no-such-program-anywhere"]);
    assert_eq!(absent.code, Some(3), "{absent:?}");
}

/// Through a real API server to a kubelet that tells the code in its own field, as every real one does.
#[test]
fn the_exit_code_a_kubelet_tells_is_passed_on() {
    let (second, _alone) = ControlPlane::second();
    let shop = Shop::on(second, "reach-code");
    let kubelet = Kubelet::start();
    let node = "reach-code";
    shop.apply(&json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": {"name": node}, "spec": {"taints": [{"key": "quarterdeck.test/own", "effect": "NoSchedule"}]},
    }));
    wait_until("a node that is ready", PATIENCE, || {
        shop.kubectl(&["get", "node", node]).stdout.contains(" Ready").then_some(())
    });
    // From here on its kubelet is ours; KWOK goes on playing its pods.
    let ours = json!({"status": {
        "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": kubelet.port()}},
    }});
    shop.kubectl(&["patch", "node", node, "--subresource=status", "--type=merge", "-p", &ours.to_string()])
        .good("patch");
    shop.apply(&json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "one", "labels": {"app": "one"}},
        "spec": {"nodeName": node, "containers": [{"name": "app", "image": "one:1"}]},
    }));
    shop.wait_for_pod("one:1", "a running pod", |pod| pod["status"]["phase"] == "Running");
    let console = Console::of("oncall", &shop, Grant::Write);
    for code in [7, 0, 137] {
        let ask = ["exec", "one", "-n", &shop.name, "--confirm", "EXEC"];
        let command = console.command_before(&ask, &["exit", &code.to_string()]);
        let told = Running::start(command, "").finish(PATIENCE);
        assert_eq!((told.code, told.stdout.as_str()), (Some(code), "out\n"), "{}", told.stderr);
        assert!(told.stderr.starts_with("err\n"), "{}", told.stderr);
    }
    let journal = console.journal();
    for words in ["exit code 7", "exit code 0", "exit code 137"] {
        assert!(journal.contains(words), "{words}: {journal}");
    }
    console.journal_is_whole();
    let _ = shop.kubectl(&["delete", "pod", "one", "--wait=false"]);
    let _ = shop.kubectl(&["delete", "node", node, "--wait=false"]);
}

#[test]
fn a_command_reads_what_it_is_given() {
    let shop = Shop::open("reach-input");
    let pod = pod(&shop);
    let console = Console::of("oncall", &shop, Grant::Write);
    // KWOK's kubelet does not pass the end of the input on: the command counts instead of waiting for it.
    let count =
        console.command_before(&["exec", &pod, "-n", &shop.name, "--confirm", "EXEC", "-i"], &["head", "-c", "300000"]);
    let read = Running::start(count, &"x".repeat(300_000)).finish(PATIENCE);
    assert_eq!((read.code, read.stdout.len()), (Some(0), 300_000), "{}", read.stderr);
}

#[test]
fn without_the_word_the_right_or_the_grant_nothing_is_sent() {
    let shop = Shop::open("reach-refused");
    let pod = pod(&shop);
    let console = Console::of("second", &shop, Grant::Write);
    let command = console.command_before(&["exec", &pod, "-n", &shop.name], &["true"]);
    let refused = Running::start(command, "").finish(PATIENCE);
    assert_eq!(refused.code, Some(3), "{refused:?}");
    assert!(refused.stderr.contains("EXEC"), "{}", refused.stderr);
    let viewer = |grant| {
        let console = Console::of("viewer", &shop, grant);
        let exec = console.command_before(&["exec", &pod, "-n", &shop.name, "--confirm", "EXEC"], &["true"]);
        let forward = console.command(&["port-forward", &pod, "0:8080", "-n", &shop.name]);
        let told = [exec, forward].map(|command| Running::start(command, "").finish(PATIENCE));
        assert!(console.journal().contains("refused"), "a refusal is journalled too");
        told
    };
    for told in viewer(Grant::Read) {
        assert_eq!(told.code, Some(3), "{told:?}");
        assert!(told.stderr.contains("read-only"), "{}", told.stderr);
    }
    for told in viewer(Grant::Write) {
        assert_eq!(told.code, Some(3), "{told:?}");
        assert!(told.stderr.contains("may not create pods/"), "{}", told.stderr);
    }
    for user in ["second", "viewer"] {
        let sent = shop.plane.audited(user).into_iter().filter(|line| line.namespace == shop.name);
        let reached: Vec<_> =
            sent.filter(|line| line.uri.contains("/exec") || line.uri.contains("portforward")).collect();
        assert!(reached.is_empty(), "{reached:?}");
    }
}

#[test]
fn a_shell_has_the_whole_terminal_and_gives_it_back() {
    let shop = Shop::open("reach-shell");
    let pod = pod(&shop);
    let console = Console::of("oncall", &shop, Grant::Write);
    let mut terminal = shell(&console, &shop, &pod);
    wait_until("the terminal lent", PATIENCE, || (!terminal.is_cooked()).then_some(()));
    terminal.send("echo a$((40+2))b; stty size\r");
    terminal.wait_for_text("a42b", PATIENCE);
    terminal.wait_for_text("24 80", PATIENCE);
    terminal.resize(100, 30);
    terminal.press_until("stty size\r", "the new size", PATIENCE, |text| text.contains("30 100"));
    // A program that takes the whole screen, hides the cursor, and is left there.
    terminal.send("printf '\\033[?1049h\\033[?25l\\033[?1000h'; exit\r");
    let status = terminal.wait_for_exit(PATIENCE);
    assert_eq!(status.code(), Some(0));
    is_whole(&terminal);
    assert!(terminal.written().contains("\u{1b}[?1000l"), "mouse reports are off again");
    assert!(console.journal().contains("exit code 0"), "{}", console.journal());
}

#[test]
fn a_hangup_or_a_lost_server_gives_the_terminal_back() {
    let shop = Shop::open("reach-hangup");
    let pod = pod(&shop);
    let console = Console::of("oncall", &shop, Grant::Write);
    for which in [Signal::HUP, Signal::TERM] {
        let mut terminal = shell(&console, &shop, &pod);
        wait_until("the terminal lent", PATIENCE, || (!terminal.is_cooked()).then_some(()));
        terminal.send("printf '\\033[?1049h'; echo in$((1+1))side\r");
        terminal.wait_for_text("in2side", PATIENCE);
        assert!(terminal.is_on_alternate_screen());
        terminal.signal(which);
        assert_eq!(terminal.wait_for_exit(PATIENCE).code(), Some(5), "left before its end");
        is_whole(&terminal);
    }
    assert!(console.journal().contains("may go on in the container"), "{}", console.journal());
    console.journal_is_whole();
}

/// The console, open on the pods of `api`.
fn on_pods(console: &Console, pod: &str) -> Terminal {
    let terminal = Terminal::start(&console.command(&[]), 100, 30);
    terminal.wait_for_text("complete", PATIENCE);
    terminal.send("d");
    terminal.wait_for_text(pod, PATIENCE);
    terminal
}

/// Confirms a shell in the pod under the cursor, and waits until it has the terminal.
fn lend(terminal: &Terminal) {
    terminal.send("!x");
    terminal.confirm("type EXEC and press enter", "EXEC", PATIENCE);
    wait_until("the terminal lent", PATIENCE, || (!terminal.is_on_alternate_screen()).then_some(()));
}

/// Opens port 8080 of the pod under the cursor on any free port.
fn forward_8080(terminal: &Terminal) {
    terminal.act("!f", "which port of the pod?", PATIENCE);
    terminal.send("8080");
    terminal.wait_for_text("remote   8080", PATIENCE);
    terminal.send("\t");
    terminal.send("0");
    terminal.wait_for_text("local    0", PATIENCE);
    terminal.enter();
    terminal.confirm("press enter to confirm", "", PATIENCE);
    terminal.wait_for_text("FORWARDING 127.0.0.1:", PATIENCE);
}

#[test]
fn from_the_console_a_shell_has_the_terminal_and_the_console_comes_back() {
    let shop = Shop::open("reach-screen");
    let name = pod(&shop);
    let console = Console::of("oncall", &shop, Grant::Write);
    let mut terminal = on_pods(&console, &name);
    lend(&terminal);
    terminal.wait_for_text(&format!("sh in pod {}/{name}", shop.name), PATIENCE);
    terminal.send("echo a$((40+2))b; stty size\r");
    terminal.wait_for_text("a42b", PATIENCE);
    terminal.wait_for_text("30 100", PATIENCE);
    terminal.resize(120, 40);
    // What the loop does meanwhile it does without a screen.
    shop.kubectl(&["scale", "deployment/api", "--replicas=2"]);
    terminal.send("printf '\\033[?1000h'; exit 0\r");
    wait_until("the console again", PATIENCE, || terminal.is_on_alternate_screen().then_some(()));
    terminal.wait_for_text("done: exit code 0.", PATIENCE);
    terminal.wait_for("both pods", PATIENCE, |text| text.matches("api-").count() >= 2);
    assert!(terminal.written().contains("\u{1b}[?1000l"), "mouse reports are off again");
    terminal.send("qqqq");
    assert!(terminal.wait_for_exit(PATIENCE).success());
    is_whole(&terminal);
    let journal = console.journal();
    assert!(journal.contains("exec") && journal.contains("exit code 0. After"), "{journal}");
    console.journal_is_whole();
}

#[test]
fn a_hangup_in_a_shell_of_the_console_ends_both() {
    let shop = Shop::open("reach-screen-hangup");
    let name = pod(&shop);
    let console = Console::of("oncall", &shop, Grant::Write);
    let mut terminal = on_pods(&console, &name);
    lend(&terminal);
    terminal.send("echo in$((1+1))side\r");
    terminal.wait_for_text("in2side", PATIENCE);
    terminal.signal(Signal::HUP);
    terminal.wait_for_exit(PATIENCE);
    is_whole(&terminal);
    assert!(console.journal().contains("may go on in the container"), "{}", console.journal());
    console.journal_is_whole();
}

#[test]
fn from_the_console_a_port_is_open_until_it_is_closed() {
    let shop = Shop::open("reach-screen-port");
    let name = pod(&shop);
    let console = Console::of("oncall", &shop, Grant::Write);
    let mut terminal = on_pods(&console, &name);
    forward_8080(&terminal);
    let text = terminal.screen_text();
    let address = text.split_whitespace().find(|word| word.starts_with("127.0.0.1:")).expect("an address").to_owned();
    asks_its_version(&address);
    terminal.send("!F");
    terminal.wait_for("the port closed", PATIENCE, |text| !text.contains("FORWARDING"));
    wait_until("its end in the journal", PATIENCE, || console.journal().contains("1 connections").then_some(()));
    wait_until("nobody listening any more", PATIENCE, || TcpStream::connect(&address).is_err().then_some(()));
    // One that is still open when the console is left is closed, and that is on disk.
    forward_8080(&terminal);
    terminal.send("qqqq");
    assert!(terminal.wait_for_exit(PATIENCE).success());
    assert!(console.journal().contains("0 connections"), "{}", console.journal());
    console.journal_is_whole();
}

/// A real HTTP answer through a port.
fn asks_its_version(address: &str) {
    let mut stream = TcpStream::connect(address).expect("somebody listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    write!(stream, "GET /version HTTP/1.1\r\nHost: pod\r\n\r\n").expect("a request");
    let mut answer = String::new();
    let mut piece = [0; 1024];
    while !answer.contains("etcdserver") {
        let count = stream.read(&mut piece).expect("an answer");
        assert!(count > 0, "{answer}");
        answer.push_str(&String::from_utf8_lossy(&piece[..count]));
    }
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[test]
fn a_forwarded_port_answers_on_this_machine_only() {
    let shop = Shop::open("reach-forward");
    pod(&shop);
    let console = Console::of("oncall", &shop, Grant::Write);
    let mut command = console.command(&["port-forward", "deployment/api", "0:8080", "-n", &shop.name]);
    let mut forward =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
    let mut line = String::new();
    BufReader::new(forward.stdout.take().expect("piped")).read_line(&mut line).expect("a line");
    let address = line.split_whitespace().find(|word| word.starts_with("127.0.0.1:")).expect("an address").to_owned();
    for _ in 0..3 {
        asks_its_version(&address);
    }
    let port: u16 = address.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
    assert!(listeners(port).iter().all(|address| address == "0100007F"), "{:?}", listeners(port));
    signal(forward.id(), Signal::INT);
    let status = wait_until("its end", PATIENCE, || forward.try_wait().expect("a child of ours"));
    assert!(status.success());
    let journal = console.journal();
    assert!(journal.contains("port-forward") && journal.contains("3 connections"), "{journal}");
}

/// The addresses somebody listens on at a port, as the kernel writes them.
fn listeners(port: u16) -> Vec<String> {
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap_or_default();
    let wildcard = std::fs::read_to_string("/proc/net/tcp6").unwrap_or_default();
    let lines = table.lines().chain(wildcard.lines());
    let fields = lines.map(|line| line.split_whitespace().collect::<Vec<_>>());
    let listening = fields.filter(|fields| fields.get(3) == Some(&"0A"));
    let local =
        listening.filter_map(|fields| fields.get(1)?.rsplit_once(':').map(|(a, p)| (a.to_owned(), p.to_owned())));
    local.filter(|(_, at)| u16::from_str_radix(at, 16) == Ok(port)).map(|(address, _)| address).collect()
}
