//! From the screen: the demo's database is switched over by a few keys.

use std::time::Duration;

use crate::support::console::{Console, FIRST_SCREEN};
use crate::support::pty::Terminal;

const SOON: Duration = Duration::from_secs(60);

/// The demo on its pane of databases, once all is well there.
fn databases() -> (Console, Terminal) {
    let console = Console::with("", "");
    let mut command = console.bare();
    command.arg("demo");
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
    terminal.send(typed);
    terminal.wait_for_text(typed, SOON);
    terminal.enter();
}

#[test]
fn a_switchover_takes_a_few_keys() {
    let (_console, mut terminal) = databases();
    confirm(&terminal, "orders");
    terminal.wait_for_text("takes writes on timeline 2", SOON);
    terminal.send("\u{1b}");
    terminal.wait_for("the run to be left", SOON, |text| !text.contains("It was verified"));
    terminal.send("qqqq");
    assert!(terminal.wait_for_exit(SOON).success());
}
