//! From the screen: the demo's database is switched over by a few keys, and failed over once its primary is lost.

use std::time::Duration;

use crate::support::console::{Console, FIRST_SCREEN};
use crate::support::process::wait_until;
use crate::support::pty::Terminal;

const SOON: Duration = Duration::from_secs(60);
/// The footer of a plan that is not confirmed yet.
const ASKS: &str = "enter plan or confirm";

/// The demo on its pane of databases, once all is well there.
fn databases(words: &[&str]) -> (Console, Terminal) {
    let console = Console::with("", "");
    let mut command = console.bare();
    command.arg("demo").args(words);
    let terminal = Terminal::start(&command, 140, 50);
    terminal.wait_for_text("payments", FIRST_SCREEN);
    terminal.send(":databases");
    terminal.wait_for_text("view.databases", SOON);
    terminal.enter();
    terminal.wait_for_text("healthy", SOON);
    (console, terminal)
}

/// Opens the plan, writes a reason, and types what confirms it.
fn confirm(terminal: &Terminal, typed: &str) {
    terminal.act("!o", "Switch or fail over in production", SOON);
    terminal.wait_for_text("preflight", SOON);
    terminal.wait_for("an armed plan", SOON, |text| !text.contains("accepted in"));
    // The reason, the member, by force or not, and then what is typed.
    terminal.send("a test");
    terminal.wait_for_text("a test", SOON);
    for _ in 0..3 {
        terminal.next_field(SOON);
    }
    // Where it says that it took nothing, because its target has moved meanwhile, it is read and answered once more.
    let took_nothing = |text: &str| text.contains("The plan has changed.") || text.contains("Read the plan first");
    wait_until("it to be confirmed", SOON, || {
        let is_armed = |text: &str| !text.contains("accepted in") && !took_nothing(text);
        terminal.wait_for("an armed plan", SOON, is_armed);
        terminal.send(typed);
        terminal.wait_for("what was typed", SOON, |text| is_typed(text, typed) || took_nothing(text));
        if took_nothing(&terminal.screen_text()) {
            return None;
        }
        terminal.enter();
        let is_taken = |text: &str| !text.contains(ASKS);
        terminal.wait_for("an answer", SOON, |text| is_taken(text) || took_nothing(text));
        is_taken(&terminal.screen_text()).then_some(())
    });
}

/// Whether it stands in the field that confirms.
fn is_typed(text: &str, typed: &str) -> bool {
    let field = text.lines().filter_map(|line| line.trim().strip_prefix("typed"));
    field.map(str::trim).any(|field| field == typed)
}

#[test]
fn a_switchover_takes_a_few_keys() {
    let (_console, mut terminal) = databases(&[]);
    confirm(&terminal, "orders");
    terminal.wait_for_text("takes writes on timeline 2", SOON);
    terminal.send("\u{1b}");
    terminal.wait_for("the run to be left", SOON, |text| !text.contains("It was verified"));
    terminal.send("qqqq");
    assert!(terminal.wait_for_exit(SOON).success());
}

#[test]
fn a_lost_primary_is_failed_over_and_what_was_lost_is_said() {
    let (_console, mut terminal) = databases(&["--lose-primary", "25"]);
    terminal.wait_for_text("PRIMARY UNKNOWN", SOON);
    confirm(&terminal, "orders unknown");
    terminal.wait_for_text("LOST are", SOON);
    terminal.send("\u{1b}");
    terminal.wait_for("the run to be left", SOON, |text| !text.contains("It was verified"));
    terminal.send("qqqq");
    assert!(terminal.wait_for_exit(SOON).success());
}
