//! The shipped binary where its files are not what they are elsewhere: inside a pod, and on a disk that is full.
//!
//! Each runs in a mount namespace of its own, which ends with it. That needs `unshare` of util-linux and, for others than root, user namespaces.

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::support::console::{Console, Grant};
use crate::support::process::{Finished, Running};
use crate::support::shop::{PATIENCE, Shop};

/// Runs a script of the shell with the console's surroundings in mounts nobody else sees. `$QUARTERDECK` is the program.
fn apart(console: &Console, script: &str, variables: &[(&str, &str)]) -> Finished {
    let bare = console.bare();
    let mut command = Command::new("unshare");
    // Others than root become it for their own mounts.
    command.args(if rustix::process::getuid().is_root() {
        ["--mount"].as_slice()
    } else {
        &["--mount", "--map-root-user"]
    });
    command.args(["sh", "-euc", script]);
    command.env_clear();
    command.envs(bare.get_envs().filter_map(|(key, value)| Some((key, value?))));
    command.env("QUARTERDECK", env!("CARGO_BIN_EXE_quarterdeck"));
    command.envs(variables.iter().copied());
    Running::start(command, "").finish(PATIENCE)
}

#[test]
fn inside_a_pod_the_service_account_is_enough() {
    let shop = Shop::open("mounts-pod");
    shop.deploy_good("api", "api:1", 2);
    let console = Console::of("oncall", &shop, Grant::Read);
    let account = console.path("account");
    fs::create_dir(&account).expect("a folder of ours");
    for (name, text) in [("token", "oncall-token"), ("namespace", &shop.name), ("ca.crt", &shop.plane.certificate())] {
        fs::write(account.join(name), text).expect("a file of ours");
    }
    let config = console.path("pod.toml");
    let text = format!("[environment.pod]\nin_cluster = true\nnamespaces = [\"{}\"]\nguard = \"staging\"\n", shop.name);
    fs::write(&config, text).expect("a file of ours");
    let script = "mount -t tmpfs none /run
        mkdir -p /run/secrets/kubernetes.io
        cp -r \"$ACCOUNT\" /run/secrets/kubernetes.io/serviceaccount
        exec \"$QUARTERDECK\" status --output json --config \"$CONFIG\"";
    let port = shop.plane.port().to_string();
    let (account, config) = (account.display().to_string(), config.display().to_string());
    let finished = apart(
        &console,
        script,
        &[
            ("ACCOUNT", &account),
            ("CONFIG", &config),
            ("KUBERNETES_SERVICE_HOST", "127.0.0.1"),
            ("KUBERNETES_SERVICE_PORT", &port),
        ],
    );
    let document: Value = serde_json::from_str(&finished.stdout).unwrap_or_default();
    let row = &document["rollouts"][0];
    assert_eq!(finished.code, Some(0), "{}{}", finished.stdout, finished.stderr);
    assert_eq!((row["name"].as_str(), row["environment"].as_str()), (Some("api"), Some("pod")), "{document}");
}

#[test]
fn a_full_disk_is_said_and_nothing_is_done_that_the_journal_cannot_hold() {
    let shop = Shop::open("mounts-full");
    let console = Console::of("oncall", &shop, Grant::Write);
    for name in ["one", "two", "three"] {
        shop.deploy_good(name, "api:1", 1);
        let (finished, plan) = console.plan(&["restart", &format!("deployment/{name}"), "-n", &shop.name]);
        assert_eq!(finished.code, Some(0), "{}", finished.stderr);
        fs::write(console.path(name), plan.to_string()).expect("a file of ours");
    }
    // The reserve, and a few lines.
    let script = "mkdir -p \"$XDG_STATE_HOME\"
        mount -t tmpfs -o size=4160k none \"$XDG_STATE_HOME\"
        run() { echo \"== $1\"; code=0; \"$QUARTERDECK\" apply \"$HOME/$1\" --confirm RESTART --kubeconfig \"$HOME/kubeconfig\" --config \"$HOME/config.toml\" 2>&1 || code=$?; echo \"code $code\"; }
        fill() { cat /dev/zero > \"$XDG_STATE_HOME/$1\" 2>/dev/null || true; }
        run one
        fill all
        run two
        rm -f \"$XDG_STATE_HOME/quarterdeck/journal/reserve\"
        fill more
        touch \"$XDG_STATE_HOME/quarterdeck/journal/reserve\"
        run three";
    let finished = apart(&console, script, &[]);
    let told: Vec<&str> = finished.stdout.split("== ").skip(1).collect();
    let [one, two, three] = told.as_slice() else { panic!("{}{}", finished.stdout, finished.stderr) };
    assert!(one.contains("code 0") && !one.contains("reserve"), "{one}");
    assert!(two.contains("code 0") && two.contains("the journal uses its reserve"), "{two}");
    assert!(three.contains("code 3") && three.contains("the journal cannot be written"), "{three}");
    let stamp = |name: &str| {
        let object = shop.deployment(name);
        object
            .pointer("/spec/template/metadata/annotations")
            .is_some_and(|all| all.get("kubectl.kubernetes.io/restartedAt").is_some())
    };
    assert_eq!(["one", "two", "three"].map(stamp), [true, true, false]);
}
