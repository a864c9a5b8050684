//! What the API server says of its own health: named over the list, never taken for more than it says, and asked for by GET alone.

use quarterdeck::sandbox::Fault;

use crate::headless::Headless;
use crate::rig::{Rig, is_fresh, one, rig};

const NOT_READY: &str = "the API server is not ready: etcd of 5 checks fail";

/// A console whose first rows are fresh.
async fn fresh() -> Rig {
    let mut rig = rig(one("checkout-api")).await;
    rig.console.until("fresh at first", is_fresh).await;
    rig
}

/// Asked again, until the screen of a pane says what is expected.
async fn asked(console: &mut Headless, pane: &str, words: &str) -> String {
    console.press(pane);
    console.press("ctrl-r");
    let said = |screen: &str| screen.split_whitespace().collect::<Vec<_>>().join(" ").contains(words);
    console.until(words, said).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_checks_that_fail_stand_over_the_list_and_over_the_nodes_and_go_again() {
    let Rig { sandbox, mut console, folder: _folder } = fresh().await;
    sandbox.faults().set("/readyz", Fault::NotReady);
    let screen = asked(&mut console, "2", NOT_READY).await;
    assert!(screen.contains("2/2"), "the rows are as they were:\n{screen}");
    asked(&mut console, "2 tab", NOT_READY).await;
    asked(&mut console, "0", NOT_READY).await;
    console.press("?");
    assert!(console.screen().contains("Keys  /"), "keys answer");
    console.press("esc");
    sandbox.faults().heal();
    console.press("2");
    console.press("ctrl-r");
    console.until("well again", |screen| is_fresh(screen) && !screen.contains("not ready")).await;
    let requests = sandbox.requests();
    let mut asks = requests.iter().filter(|seen| seen.path.starts_with("/readyz"));
    assert!(asks.all(|seen| seen.method == "GET" && seen.path == "/readyz?verbose"));
}

/// What it does not say is not known: nothing stands over the list, and the nodes pane says why.
async fn is_not_known(fault: Fault, words: &str) {
    let Rig { sandbox, mut console, folder: _folder } = fresh().await;
    sandbox.faults().set("/readyz", fault);
    let screen = asked(&mut console, "2 tab", &format!("whether the API server is ready is not known: {words}")).await;
    assert!(screen.contains("0 not ready") && screen.contains("node-a"), "{fault:?}: the rest is there:\n{screen}");
    console.press("2");
    let screen = console.until("the rows", |screen| screen.contains("checkout-api")).await;
    assert!(!screen.contains("API server"), "{fault:?}: no alarm without a word of the server:\n{screen}");
    sandbox.faults().heal();
    console.press("2 tab");
    console.press("ctrl-r");
    console.until("well again", |screen| screen.contains("all fresh") && !screen.contains("API server")).await;
}

macro_rules! readiness_faults {
    ($($name:ident: $fault:expr, $words:literal;)+) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            is_not_known($fault, $words).await;
        })+
    };
}

readiness_faults! {
    forbidden: Fault::Status(403), "not readable with your rights";
    not_found: Fault::Status(404), "this server has no /readyz";
    a_web_page: Fault::Html, "the answer to /readyz is not that";
    garbage: Fault::Garbage, "the answer to /readyz is not that";
    hanging: Fault::Hang, "no answer to /readyz within 8 s";
    too_many_requests: Fault::Status(429), "the server answered /readyz with 429";
}

/// Whatever stands before the API server and answers 503 for it: not ready, by nobody's name.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_no_that_names_nothing_is_a_no() {
    let Rig { sandbox, mut console, folder: _folder } = fresh().await;
    sandbox.faults().set("/readyz", Fault::Status(503));
    asked(&mut console, "2", "the API server says that it is not ready, and names no check that fails").await;
}
