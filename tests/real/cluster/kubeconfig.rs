//! What people have for a kubeconfig, good and bad, against the real control plane.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use quarterdeck::sources::cluster::{Connection, Contexts};
use serde_json::{Value, json};

use crate::support::console::{Console, Grant};
use crate::support::process::{Finished, Running};
use crate::support::shop::{PATIENCE, Shop};
use crate::support::tunnel::Tunnel;

/// What `status` answers with another text for a kubeconfig.
fn status_with(console: &Console, kubeconfig: &str) -> Finished {
    console.point_at(kubeconfig);
    console.run(&["status", "--output", "json"])
}

#[expect(clippy::disallowed_methods, reason = "the clock beside a real server")]
fn now() -> quarterdeck::domain::time::Instant {
    chrono::Utc::now()
}

/// A kubeconfig whose token comes from a command that prints a file.
fn with_plug_in(shop: &Shop, credential: &Path) -> String {
    let command = format!(
        "{{exec: {{apiVersion: client.authentication.k8s.io/v1, command: cat, args: [{}], interactiveMode: Never}}}}",
        credential.display()
    );
    shop.plane.kubeconfig("oncall", &shop.name).replace("{token: oncall-token}", &command)
}

#[test]
fn a_plug_in_is_asked_for_the_token_and_named_when_it_fails() {
    let shop = Shop::open("kubeconfig-exec");
    shop.deploy_good("api", "api:1", 1);
    let console = Console::of("oncall", &shop, Grant::Read);
    let credential = console.path("credential.json");
    console.point_at(&with_plug_in(&shop, &credential));
    let failing = console.run(&["status"]);
    assert_eq!(failing.code, Some(3), "{}{}", failing.stdout, failing.stderr);
    let words = failing.stdout + &failing.stderr;
    assert!(words.contains("cat"), "the command that failed is named: {words}");

    let token = json!({"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": "oncall-token"}});
    fs::write(&credential, token.to_string()).expect("a file of ours");
    let (code, row) = console.status_of("api");
    assert_eq!((code, row["verdict"].as_str()), (Some(0), Some("complete")));
}

#[test]
fn a_token_that_is_refused_is_asked_for_again_until_it_is_taken() {
    let shop = Shop::open("kubeconfig-renew");
    shop.deploy_good("api", "api:1", 1);
    let console = Console::of("oncall", &shop, Grant::Read);
    let credential = console.path("credential.json");
    let give = |token: &str| {
        let text = json!({"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": token}});
        fs::write(&credential, text.to_string()).expect("a file of ours");
    };
    give("nobody-token");
    console.point_at(&with_plug_in(&shop, &credential));
    let screen = console.open(120, 40);
    screen.wait_for("the cause", PATIENCE, |text| text.contains("401") && text.contains("down"));
    assert!(!screen.screen_text().contains("nobody-token"), "no secret on the screen");
    give("oncall-token");
    screen.wait_for("everything fresh without a key", PATIENCE, |text| text.contains("all 1 well"));
}

#[test]
fn what_cannot_work_is_said_in_a_sentence() {
    let shop = Shop::open("kubeconfig-bad");
    let console = Console::of("oncall", &shop, Grant::Read);
    let good = shop.plane.kubeconfig("oncall", &shop.name);
    let port = format!(":{}\"", shop.plane.port());
    let other = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
    let authority = console.path("other.crt");
    fs::write(&authority, other.cert.pem()).expect("a file of ours");
    let trusting = {
        let (before, rest) = good.split_once("certificate-authority: \"").expect("an authority");
        let (_, after) = rest.split_once('"').expect("its end");
        format!("{before}certificate-authority: \"{}\"{after}", authority.display())
    };
    for (what, kubeconfig, words) in [
        ("malformed", "clusters: [".to_owned(), vec!["kubeconfig", "line 1"]),
        (
            "without the context",
            good.replace("- name: oncall\n  context", "- name: other\n  context"),
            vec!["context", "oncall"],
        ),
        ("to nobody", good.replace(&port, ":1\""), vec!["127.0.0.1:1", "refused"]),
        ("with a wrong token", good.replace("oncall-token", "nobody-token"), vec!["401"]),
        ("with another authority", trusting, vec!["certificate"]),
    ] {
        let said = status_with(&console, &kubeconfig);
        let text = (said.stdout.clone() + &said.stderr).to_lowercase();
        assert!(matches!(said.code, Some(2 | 3)), "{what}: {:?} {text}", said.code);
        for word in words {
            assert!(text.contains(&word.to_lowercase()), "{what}: no {word:?} in: {text}");
        }
        assert!(!text.contains("-token"), "{what}: a secret in: {text}");
    }
    fs::remove_file(console.path("kubeconfig")).expect("a file of ours");
    let missing = console.run(&["status"]);
    let text = missing.stdout + &missing.stderr;
    assert!(matches!(missing.code, Some(2 | 3)) && text.contains("kubeconfig"), "{:?} {text}", missing.code);
}

#[test]
fn who_logs_in_again_in_another_terminal_needs_no_restart() {
    let shop = Shop::open("kubeconfig-login");
    shop.deploy_good("api", "api:1", 1);
    let console = Console::of("oncall", &shop, Grant::Read);
    let good = shop.plane.kubeconfig("oncall", &shop.name);
    console.point_at(&good.replace("oncall-token", "nobody-token"));
    let screen = console.open(120, 40);
    screen.wait_for("the cause", PATIENCE, |text| text.contains("401") && text.contains("down"));
    // Half a file is what a tool that is writing it leaves for a moment.
    console.point_at("clusters: [");
    console.point_at(&good);
    screen.wait_for("everything fresh without a key", PATIENCE, |text| text.contains("all 1 well"));
}

#[test]
fn a_list_of_files_is_read_as_kubectl_reads_it() {
    let shop = Shop::open("kubeconfig-list");
    shop.deploy_good("api", "api:1", 1);
    let console = Console::of("oncall", &shop, Grant::Read);
    let good = shop.plane.kubeconfig("oncall", &shop.name);
    let (missing, nameless, whole) = (console.path("missing"), console.path("nameless"), console.path("whole"));
    fs::write(&nameless, "apiVersion: v1\nkind: Config\ncurrent-context: \"\"\n").expect("a file of ours");
    fs::write(&whole, &good).expect("a file of ours");
    let list = std::env::join_paths([&missing, &nameless, &whole]).expect("paths");
    let mut kubectl = std::process::Command::new(shop.plane.kubectl_binary());
    kubectl.env("KUBECONFIG", &list).args(["config", "current-context"]);
    let current = Running::start(kubectl, "").finish(PATIENCE).good("kubectl");
    let asked = |arguments: &[&str]| {
        let mut command = console.bare();
        command.env("KUBECONFIG", &list).args(arguments);
        Running::start(command, "").finish(PATIENCE)
    };
    let status = asked(&["status", "--output", "json"]);
    assert_eq!(status.code, Some(0), "{}{}", status.stdout, status.stderr);
    assert!(status.stdout.contains("\"api\""), "kubectl is at {current}, and so are we: {}", status.stdout);
    let doctor = asked(&["doctor"]).stdout;
    assert!(doctor.contains("passed over") && doctor.contains("missing"), "{doctor}");
}

#[test]
fn files_mean_here_what_they_mean_to_kubectl() {
    let shop = Shop::open("kubeconfig-golden");
    shop.deploy_good("api", "api:1", 1);
    let console = Console::of("oncall", &shop, Grant::Read);
    let good = shop.plane.kubeconfig("oncall", &shop.name);
    let (before, rest) = good.split_once("certificate-authority: \"").expect("an authority");
    let (authority, after) = rest.split_once('"').expect("its end");
    let file = |name: &str, text: &str| {
        let folder = console.path(name);
        fs::create_dir(&folder).expect("a folder of ours");
        fs::copy(authority, folder.join("ca.crt")).expect("a file of ours");
        fs::write(folder.join("config"), text).expect("a file of ours");
        folder.join("config")
    };
    let first = file(
        "first",
        "apiVersion: v1\nkind: Config\ncurrent-context: ''\nclusters: [{name: c, cluster: {server: 'https://first.example:1', certificate-authority: ca.crt}}]\nusers: [{name: u, user: {token: t}}]\ncontexts: [{name: shared, context: {cluster: c, user: u, namespace: one}}]\n",
    );
    let second = file(
        "second",
        "apiVersion: v1\nkind: Config\ncurrent-context: two\nclusters: [{name: c, cluster: {server: 'https://second.example:2'}}, {name: d, cluster: {server: 'https://third.example:3', certificate-authority: ./ca.crt}}]\nusers: [{name: u, user: {token: other}}]\ncontexts: [{name: shared, context: {cluster: d, user: u, namespace: two}}, {name: two, context: {cluster: d, user: u}}]\n",
    );
    let third = file("third", &format!("{before}certificate-authority: \"ca.crt\"{after}"));
    // What `kubectl config delete-context` and `touch` leave.
    let nothing = file(
        "nothing",
        "apiVersion: v1\nclusters: null\ncontexts: null\ncurrent-context: \"\"\nkind: Config\npreferences: {}\nusers: null\n",
    );
    let empty = file("empty", "");
    let missing = console.path("missing");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let _ = rustls::crypto::ring::default_provider().install_default();
    for files in [
        vec![&missing, &first, &second, &third],
        vec![&second, &first, &nothing],
        vec![&empty, &third, &missing, &second],
        vec![&nothing, &first, &first],
        vec![&third],
    ] {
        let list = std::env::join_paths(&files).expect("paths");
        let kubectl = |arguments: &[&str]| {
            let mut kubectl = std::process::Command::new(shop.plane.kubectl_binary());
            kubectl.env("KUBECONFIG", &list).args(["config"]).args(arguments);
            let said = Running::start(kubectl, "").finish(PATIENCE);
            (said.code == Some(0)).then(|| said.stdout.trim().to_owned())
        };
        let contexts = Contexts::merged(files.iter().map(|file| (*file).clone()).collect()).expect("they can be read");
        assert_eq!(contexts.current().map(str::to_owned), kubectl(&["current-context"]), "{files:?}");
        let mut names = contexts.names();
        names.sort();
        let known = kubectl(&["get-contexts", "-o", "name"]).expect("names");
        assert_eq!(names, known.lines().collect::<Vec<_>>(), "{files:?}");
        for name in &names {
            let view = kubectl(&["view", "--minify", "--context", name, "-o", "json"]).expect("a view");
            let view: Value = serde_json::from_str(&view).expect("JSON");
            let namespace = view.pointer("/contexts/0/context/namespace").and_then(Value::as_str);
            assert_eq!(contexts.namespace(name), namespace, "{name} of {files:?}");
            let endpoint = contexts.clone().endpoint(name).expect("a context");
            let opened = runtime.block_on(Connection::open(endpoint, Arc::new(now)));
            let opened = opened.unwrap_or_else(|error| panic!("{name} of {files:?}: {error}"));
            assert_eq!(
                view.pointer("/clusters/0/cluster/server").and_then(Value::as_str),
                Some(opened.server()),
                "{name} of {files:?}"
            );
        }
    }
    let mut command = console.bare();
    let list = std::env::join_paths([&second, &third]).expect("paths");
    command.env("KUBECONFIG", &list).args(["status", "--context", "oncall"]);
    let status = Running::start(command, "").finish(PATIENCE);
    assert!(status.stdout.contains("api"), "an authority beside its file is found: {}{}", status.stdout, status.stderr);
    let mut command = console.bare();
    command.env("KUBECONFIG", &first).arg("status");
    let nowhere = Running::start(command, "").finish(PATIENCE);
    let words = nowhere.stdout + &nowhere.stderr;
    assert!(words.contains("no current context; it has shared"), "what there is to choose from: {words}");
}

#[test]
fn the_doctor_asks_for_every_right_in_every_namespace() {
    let shop = Shop::open("kubeconfig-rights");
    let elsewhere = Shop::open("kubeconfig-rights-too");
    let config = format!(
        "[environment.test]\ncontext = \"viewer\"\nnamespaces = [\"{}\", \"{}\"]\nguard = \"staging\"\n",
        shop.name, elsewhere.name
    );
    let console = Console::with(&shop.plane.kubeconfig("viewer", &shop.name), &config);
    let doctor = console.run(&["doctor"]);
    for namespace in [&shop.name, &elsewhere.name] {
        let line = |what: &str| {
            let named = format!("{what} in {namespace}");
            doctor
                .stdout
                .lines()
                .find(|line| line.contains(&format!("{named} ")))
                .map(str::to_owned)
                .unwrap_or_default()
        };
        assert!(!line("see").is_empty(), "{}", doctor.stdout);
        assert!(line("act").contains("patch deployments"), "a viewer may not: {}", doctor.stdout);
    }
}

#[test]
fn a_proxy_is_taken_from_the_kubeconfig_then_from_the_surroundings_and_never_for_this_machine() {
    let shop = Shop::open("kubeconfig-proxy");
    shop.deploy_good("api", "api:1", 1);
    let console = Console::of("oncall", &shop, Grant::Read);
    let good = shop.plane.kubeconfig("oncall", &shop.name);
    let server = format!("https://127.0.0.1:{}", shop.plane.port());
    assert!(good.contains(&server), "{good}");
    let tunnel = Tunnel::to(([127, 0, 0, 1], shop.plane.port()).into());
    let nowhere = "http://127.0.0.1:1";
    let asked = |proxy: &str, except: &str| {
        let mut command = console.command(&["status", "--output", "json"]);
        command.env("HTTPS_PROXY", proxy).env("NO_PROXY", except);
        Running::start(command, "").finish(PATIENCE)
    };
    let direct = asked(nowhere, "");
    assert_eq!(direct.code, Some(0), "this machine is reached without: {}{}", direct.stdout, direct.stderr);

    // A name that only the proxy knows.
    let inside = good.replace(&server, "https://shop.internal:6443\", tls-server-name: \"kubernetes");
    console.point_at(&inside);
    let through = asked(&tunnel.url().replace("http://", "http://mori:se%40cret@"), "");
    assert_eq!(through.code, Some(0), "{}{}", through.stdout, through.stderr);
    let heads = tunnel.asked();
    assert!(heads.iter().all(|head| head.starts_with("CONNECT shop.internal:6443")), "{heads:?}");
    assert!(heads[0].to_lowercase().contains("proxy-authorization: basic bw9yatpzzubjcmv0"), "{heads:?}");
    for except in [".internal", "shop.internal", "shop.internal:6443", "*"] {
        let around = asked(&tunnel.url(), except);
        assert_eq!((around.code, tunnel.asked().len()), (Some(3), heads.len()), "NO_PROXY={except}: {}", around.stderr);
    }
    // An Alertmanager is led by the same rule, ports in NO_PROXY included.
    let alerts = "alertmanager = [{ url = \"http://alerts.internal:9093\" }]\n";
    let config = fs::read_to_string(console.path("config.toml")).expect("a file of ours");
    fs::write(console.path("config.toml"), config.clone() + alerts).expect("a file of ours");
    console.point_at(&good);
    let asked_of_alerts = |except: &str| {
        let before = tunnel.asked().len();
        let mut command = console.command(&["status"]);
        command.env("HTTP_PROXY", tunnel.url()).env("NO_PROXY", except);
        Running::start(command, "").finish(PATIENCE);
        tunnel.asked().split_off(before)
    };
    let heads_of_alerts = asked_of_alerts("alerts.internal:9094");
    assert!(
        heads_of_alerts.first().is_some_and(|head| head.starts_with("GET http://alerts.internal:9093/api/v2/")),
        "{heads_of_alerts:?}"
    );
    assert_eq!(asked_of_alerts("alerts.internal:9093"), Vec::<String>::new());
    fs::write(console.path("config.toml"), config).expect("a file of ours");
    // The kubeconfig's own word counts before the surroundings, for this machine too.
    console.point_at(&good.replace(&server, &format!("{server}\", proxy-url: \"{}", tunnel.url())));
    let own = asked(nowhere, "*");
    assert_eq!(own.code, Some(0), "{}{}", own.stdout, own.stderr);
    assert!(tunnel.asked().len() > heads.len(), "its proxy was asked");
    console.point_at(&good.replace(&server, &format!("{server}\", proxy-url: \"ftp://mori:secret@127.0.0.1:1")));
    let wrong = asked("", "");
    let text = wrong.stdout + &wrong.stderr;
    assert!(text.contains("only http, https and socks5 are spoken") && !text.contains("secret"), "{text}");
}
