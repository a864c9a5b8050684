//! A folder of kubeconfigs, each given to the real kubectl and to us: both get in as the same person, or neither does.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use quarterdeck::sources::cluster::{Connection, Contexts};
use quarterdeck::sources::error::{SourceError, Trouble};
use quarterdeck::sources::observe::ObserveCluster;
use serde_json::json;

use crate::support::console::{Console, Grant};
use crate::support::process::{Running, wait_until};
use crate::support::shop::{PATIENCE, Shop};

const KUBECONFIGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/real/kubeconfigs");

#[expect(clippy::disallowed_methods, reason = "the clock beside a real server")]
fn now() -> quarterdeck::domain::time::Instant {
    chrono::Utc::now()
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let of = |chunk: &[u8]| -> Vec<char> {
        let bits = chunk.iter().chain([&0, &0]).take(3).fold(0_usize, |bits, byte| bits << 8 | usize::from(*byte));
        let letter = |place: usize| char::from(LETTERS[bits >> (18 - 6 * place) & 63]);
        (0..4).map(|place| if place <= chunk.len() { letter(place) } else { '=' }).collect()
    };
    bytes.chunks(3).flat_map(of).collect()
}

/// The kubeconfigs of the folder, written out for a control plane, with what they name beside them.
fn written(shop: &Shop, folder: &Path) -> Vec<PathBuf> {
    let give = |name: &str, text: &str| fs::write(folder.join(name), text).expect("a file of ours");
    give("oncall-alone", "oncall-token");
    give("oncall-in-a-line", "oncall-token\r\n");
    give("empty", "\n");
    let credential = json!({"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": "oncall-token"}});
    give("credential.json", &credential.to_string());
    give("login", &format!("#!/bin/sh\ncat {}\n", folder.join("credential.json").display()));
    fs::set_permissions(folder.join("login"), fs::Permissions::from_mode(0o755)).expect("a file of ours");
    let data = base64(shop.plane.certificate().as_bytes());
    let lines: Vec<String> =
        data.as_bytes().chunks(64).map(|line| format!("      {}", String::from_utf8_lossy(line))).collect();
    let mut files: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(KUBECONFIGS).expect("the folder") {
        let from = entry.expect("a file").path();
        let text = fs::read_to_string(&from).expect("a kubeconfig");
        let text = text
            .replace("SERVER", &format!("https://127.0.0.1:{}", shop.plane.port()))
            .replace("AUTHORITY", &shop.plane.authority().display().to_string())
            .replace("TWICE", &base64(data.as_bytes()))
            .replace("DATA", &data)
            .replace("LINES", &lines.join("\n"))
            .replace("FOLDER", &folder.display().to_string());
        let to = folder.join(from.file_name().expect("a name"));
        fs::write(&to, text).expect("a file of ours");
        files.push(to);
    }
    files.sort();
    assert!(files.len() > 30, "{files:?}");
    files
}

async fn who(file: &Path) -> Result<String, SourceError> {
    let contexts = Contexts::read(Some(file))?;
    let current = contexts.current().unwrap_or_default().to_owned();
    let connection = Connection::open(contexts.endpoint(&current)?, Arc::new(now)).await?;
    let nobody = || SourceError::new(Trouble::Unauthorized, "the server does not say who that is");
    connection.identity().await?.ok_or_else(nobody)
}

#[test]
fn who_gets_in_with_kubectl_gets_in_here_and_nobody_else() {
    let shop = Shop::open("kubectl");
    let folder = tempfile::tempdir().expect("a folder");
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut differences = Vec::new();
    let mut ways = (0, 0);
    for file in written(&shop, folder.path()) {
        let arguments = ["auth", "whoami", "-o", "jsonpath={.status.userInfo.username}"];
        let kubectl = shop.plane.kubectl_at(&file, &arguments);
        let theirs = (kubectl.code == Some(0)).then(|| kubectl.stdout.trim().to_owned());
        // No answer in time says something of this machine, and nothing of the file.
        let mut asked = std::iter::repeat_with(|| runtime.block_on(who(&file))).take(3);
        let is_in_time =
            |ours: &Result<_, SourceError>| ours.as_ref().err().is_none_or(|error| error.trouble != Trouble::Timeout);
        let ours = asked.find(is_in_time).expect("an answer in time");
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        match theirs {
            Some(_) => ways.0 += 1,
            None => ways.1 += 1,
        }
        if ours.as_ref().ok() != theirs.as_ref() {
            differences.push(format!("{name}: kubectl {theirs:?} {}, here {ours:?}", kubectl.stderr.trim()));
        }
        if let Err(error) = ours {
            assert!(!error.sentence.contains("-token"), "{name}: a secret in: {}", error.sentence);
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    assert!(ways.0 > 10 && ways.1 > 10, "the folder has both kinds: {ways:?}");
}

/// A plug-in that asks on the terminal finds none, and is ended with the console.
#[test]
fn a_plug_in_has_no_terminal_to_ask_on() {
    let shop = Shop::open("kubectl-tty");
    shop.deploy_good("api", "api:1", 1);
    let console = Console::of("oncall", &shop, Grant::Read);
    let (credential, login, told) = (console.path("credential.json"), console.path("login"), console.path("told"));
    let token = json!({"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": "oncall-token"}});
    fs::write(&credential, token.to_string()).expect("a file of ours");
    let script = format!(
        "#!/bin/sh\nif (printf 'Password: ' >/dev/tty) 2>/dev/null; then echo asked; else echo alone; fi >{}\ncat {}\n",
        told.display(),
        credential.display()
    );
    fs::write(&login, script).expect("a file of ours");
    fs::set_permissions(&login, fs::Permissions::from_mode(0o755)).expect("a file of ours");
    let command =
        "{exec: {apiVersion: client.authentication.k8s.io/v1, command: ./login, interactiveMode: IfAvailable}}";
    console.point_at(&shop.plane.kubeconfig("oncall", &shop.name).replace("{token: oncall-token}", command));
    let screen = console.open(120, 40);
    screen.wait_for("everything fresh", PATIENCE, |text| text.contains("all 1 well"));
    assert!(!screen.written().contains("Password"), "nothing is asked on the screen:\n{}", screen.screen_text());
    assert_eq!(fs::read_to_string(&told).unwrap_or_default(), "alone\n");
    drop(screen);

    let pid = console.path("pid");
    fs::write(&login, format!("#!/bin/sh\necho $$ >{}\nexec sleep 600\n", pid.display())).expect("a file of ours");
    let mut hanging = Running::start(console.command(&["status"]), "");
    let hanging_pid = wait_until("the plug-in", PATIENCE, || {
        fs::read_to_string(&pid).ok().and_then(|text| text.trim().parse::<u32>().ok())
    });
    hanging.kill();
    wait_until("the plug-in being ended", PATIENCE, || {
        // A zombie waits for whoever adopted it.
        crate::support::pty::state(hanging_pid).is_none_or(|state| state == 'Z').then_some(())
    });
}
