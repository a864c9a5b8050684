//! A simulated cluster in real time, and the shipped client on it.

use std::path::Path;

use quarterdeck::sandbox::{Sandbox, SandboxClock, Scenario, Service};

use crate::headless::Headless;

/// The namespace that is watched.
pub(crate) const NAMESPACE: &str = "shop";

/// A simulated cluster and a console on it.
pub(crate) struct Rig {
    pub(crate) sandbox: Sandbox,
    pub(crate) console: Headless,
    pub(crate) folder: tempfile::TempDir,
}

/// One service of this name, of two pods.
pub(crate) fn one(service: &str) -> Scenario {
    Scenario::empty(NAMESPACE).with(NAMESPACE, Service::new(service, 2))
}

/// A console with leave to write.
pub(crate) async fn rig(scenario: Scenario) -> Rig {
    configured(scenario, |_, _| String::new()).await
}

/// The same with what more the configuration of its environment, and of what follows it, says.
#[expect(clippy::disallowed_methods, reason = "the sandbox runs in real time here")]
pub(crate) async fn configured(scenario: Scenario, more: impl FnOnce(&Sandbox, &Path) -> String) -> Rig {
    let sandbox = Sandbox::start(scenario, SandboxClock::starting(chrono::Utc::now(), 1)).await.expect("a sandbox");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("kubeconfig");
    sandbox.write_kubeconfig(&file).expect("a kubeconfig");
    let text = format!(
        "[environment.test]\ncontext = \"demo-production\"\nnamespaces = [{NAMESPACE:?}]\nguard = \"staging\"\nwrite = true\n{}",
        more(&sandbox, folder.path())
    );
    let console = Headless::configured(&file, &text, folder.path());
    Rig { sandbox, console, folder }
}

/// The line of a configuration that names a simulated server, with the files it takes to talk to it.
pub(crate) fn server(sandbox: &Sandbox, folder: &Path, (key, url): (&str, String)) -> String {
    let (token, authority) = (folder.join("token"), folder.join("authority"));
    std::fs::write(&token, sandbox.token()).expect("room");
    std::fs::write(&authority, sandbox.certificate()).expect("room");
    let (token, authority) = (token.display().to_string(), authority.display().to_string());
    let server = format!("{{ url = {url:?}, bearer_file = {token:?}, ca_file = {authority:?} }}");
    if ["alertmanager", "scrape"].contains(&key) {
        format!("{key} = [{server}]\n")
    } else {
        format!("{key} = {server}\n")
    }
}

/// Whether everything is fresh, and `checkout-api` on the screen.
pub(crate) fn is_fresh(screen: &str) -> bool {
    screen.contains("all fresh") && screen.contains("checkout-api")
}
