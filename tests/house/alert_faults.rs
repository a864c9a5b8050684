//! The fault suite of alerts: a simulated Alertmanager that breaks, the shipped client, asserted on the drawn screen.
//!
//! For each fault: the last good rows stay with their age, the screen says why they are old, keys answer, and after the fault
//! everything is fresh again.

use quarterdeck::sandbox::{Fault, Sandbox, SandboxClock, Scenario, Service};

use crate::headless::Headless;

const NAMESPACE: &str = "shop";

struct Rig {
    sandbox: Sandbox,
    console: Headless,
    _folder: tempfile::TempDir,
}

#[expect(clippy::disallowed_methods, reason = "the sandbox runs in real time here")]
async fn rig() -> Rig {
    let scenario = Scenario::empty(NAMESPACE).with(NAMESPACE, Service::new("gateway", 2));
    let sandbox = Sandbox::start(scenario, SandboxClock::starting(chrono::Utc::now(), 1)).await.expect("a sandbox");
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str| folder.path().join(name);
    sandbox.write_kubeconfig(&file("kubeconfig")).expect("a kubeconfig");
    std::fs::write(file("token"), sandbox.token()).expect("room");
    std::fs::write(file("authority"), sandbox.certificate()).expect("room");
    let text = format!(
        "[environment.test]\ncontext = \"demo-production\"\nnamespaces = [{NAMESPACE:?}]\nguard = \"staging\"\nwrite = true\n\
         alertmanager = [{{ url = {:?}, bearer_file = {:?}, ca_file = {:?} }}]\n",
        sandbox.alertmanager(NAMESPACE),
        file("token").display().to_string(),
        file("authority").display().to_string(),
    );
    let mut console = Headless::configured(&file("kubeconfig"), &text, folder.path());
    console.press("1");
    Rig { sandbox, console, _folder: folder }
}

fn is_fresh(screen: &str) -> bool {
    screen.contains("all fresh") && screen.contains("CertificateExpires")
}

async fn survives(fault: Fault, path: &str, words: &str) {
    let mut rig = rig().await;
    rig.console.until("fresh at first", is_fresh).await;
    rig.sandbox.faults().set(path, fault);
    rig.console.press("ctrl-r");
    let screen = rig
        .console
        .until(&format!("old with the cause of {fault:?}"), |screen| {
            screen.contains("What follows is") && screen.contains(words)
        })
        .await;
    assert!(!screen.contains("all fresh"), "{fault:?}: the header knows:\n{screen}");
    assert!(
        screen.contains("CertificateExpires") && screen.contains("medium"),
        "{fault:?}: the last good rows stay:\n{screen}"
    );
    rig.console.press("?");
    assert!(rig.console.screen().contains("Keys  /"), "{fault:?}: keys answer:\n{}", rig.console.screen());
    rig.console.press("esc");
    rig.sandbox.faults().heal();
    rig.console.press("ctrl-r");
    rig.console.until(&format!("fresh again after {fault:?}"), is_fresh).await;
}

macro_rules! fault_suite {
    ($($name:ident: $fault:expr, $path:literal, $words:literal;)+) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            survives($fault, $path, $words).await;
        })+
    };
}

fault_suite! {
    down: Fault::Down, "/", "broke off";
    another_certificate: Fault::WrongCertificate, "/", "certificate";
    an_expired_certificate: Fault::ExpiredCertificate, "/", "xpired";
    hanging: Fault::Hang, "/alertmanager/", "did not answer within";
    hanging_after_the_headers: Fault::HangAfterHeaders, "/alertmanager/", "did not answer within";
    slow: Fault::Slow, "/alertmanager/", "did not answer within";
    reset_in_the_body: Fault::Reset, "/alertmanager/", "broke off";
    truncated: Fault::Truncated, "/alertmanager/", "not as an Alertmanager";
    garbage: Fault::Garbage, "/alertmanager/", "not as an Alertmanager";
    a_web_page: Fault::Html, "/alertmanager/", "not as an Alertmanager";
    huge: Fault::Huge, "/alertmanager/", "larger than 64 MB";
    unauthorized: Fault::Status(401), "/alertmanager/", "does not accept these credentials";
    forbidden: Fault::Status(403), "/alertmanager/", "does not allow it";
    not_found: Fault::Status(404), "/alertmanager/", "route prefix";
    too_many_requests: Fault::Status(429), "/alertmanager/", "left alone for a while";
    internal_error: Fault::Status(500), "/alertmanager/", "in trouble itself";
    unavailable: Fault::Status(503), "/alertmanager/", "overloaded or starting";
}
