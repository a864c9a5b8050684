//! The shipped binary on a terminal: it gives the terminal back whatever happens, and never spins.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;

use crate::support::console::{Console, FIRST_SCREEN};
use crate::support::process::wait_until;
use crate::support::pty::{Terminal, state};

/// How long an answer may take on a machine that stalls; one that comes is waited for no longer than it takes.
const SOON: Duration = Duration::from_secs(60);

fn demo(columns: u16, rows: u16) -> (Console, Terminal) {
    let console = Console::with("", "");
    let mut command = console.bare();
    command.arg("demo");
    let terminal = Terminal::start(&command, columns, rows);
    terminal.wait_for_text("payments", FIRST_SCREEN);
    (console, terminal)
}

/// Whether the filter of the list is open: its line stands before the title. The keys of the footer wait for a passing sentence to go.
fn is_filtering(text: &str) -> bool {
    text.lines().any(|row| row.trim_start().starts_with('/') && row.contains("24 workloads"))
}

fn is_given_back(terminal: &Terminal) {
    assert!(!terminal.is_on_alternate_screen(), "the alternate screen is left");
    assert!(!terminal.is_cursor_hidden(), "the cursor is back");
    assert!(!terminal.marks_pastes(), "pastes are not marked for the shell");
}

#[test]
fn a_first_rollback_takes_a_few_keys() {
    let (_console, mut terminal) = demo(80, 24);
    terminal.wait_for("the bad release under the cursor", SOON, |text| {
        let is_under_it = text.lines().any(|row| row.contains('▌') && row.contains("payments"));
        is_under_it && text.contains("CrashLoopBackOff")
    });
    terminal.act("!b", "Roll back in production: deployment/payments", SOON);
    terminal.confirm("type ROLLBACK", "ROLLBACK", SOON);
    terminal.wait_for_text("verified: 6/6", SOON);
    terminal.send("\u{1b}");
    // The list itself, not only the header over the plan: an escape and a letter in one piece are another key.
    terminal.wait_for("the list, and no trouble", SOON, |text| {
        // Others have a node or a quota to wait for.
        text.contains(" of 24 in trouble") && !text.contains("CrashLoop") && text.contains("24 workloads, worst first")
    });
    terminal.send("qq");
    assert!(terminal.wait_for_exit(SOON).success());
    is_given_back(&terminal);
}

#[test]
fn the_demo_leaves_nothing_behind() {
    let console = Console::with("", "");
    let temporary = console.path("temporary");
    std::fs::create_dir(&temporary).expect("a directory of ours");
    let given = console.path("demo.kubeconfig");
    for signal in [None, Some(Signal::TERM), Some(Signal::HUP)] {
        let mut command = console.bare();
        command.env("TMPDIR", &temporary).args(["demo", "--kubeconfig-out"]).arg(&given);
        let mut terminal = Terminal::start(&command, 80, 24);
        terminal.wait_for_text("payments", FIRST_SCREEN);
        let mode = std::fs::metadata(&given).expect("the kubeconfig asked for").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "for its owner alone");
        match signal {
            Some(signal) => terminal.signal(signal),
            None => terminal.send("qq"),
        }
        terminal.wait_for_exit(SOON);
        assert!(!given.exists(), "{signal:?}: the kubeconfig is gone");
        let left: Vec<_> = std::fs::read_dir(&temporary).expect("a directory of ours").collect();
        assert!(left.is_empty(), "{signal:?}: {left:?}");
    }
    let kept = ["temporary", "kubeconfig", "config.toml"];
    let left = std::fs::read_dir(console.path("")).expect("a home").map(|entry| entry.expect("an entry").file_name());
    let left: Vec<_> = left.filter(|name| !kept.iter().any(|known| name == known)).collect();
    assert!(left.is_empty(), "nothing of the demo is in the home: {left:?}");
}

#[test]
fn a_proxy_of_the_surroundings_is_not_for_the_demo() {
    let console = Console::with("", "");
    let mut command = console.bare();
    command.arg("demo");
    for name in ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
        command.env(name, "http://127.0.0.1:1");
    }
    let mut terminal = Terminal::start(&command, 120, 40);
    terminal.wait_for("both environments", FIRST_SCREEN, |text| text.contains("24 workloads, worst first"));
    assert!(!terminal.screen_text().contains("cannot be reached"), "{}", terminal.screen_text());
    terminal.send("qq");
    assert!(terminal.wait_for_exit(SOON).success());
}

#[test]
fn the_environments_are_shown_together_and_each_alone_a_few_keys_away() {
    let (_console, mut terminal) = demo(120, 40);
    terminal.wait_for("both", SOON, |text| text.contains("24 workloads") && text.contains("all 2 environments"));
    let together = terminal.screen_text();
    assert!(together.contains("PRODUCTION") && together.contains("staging"), "{together}");
    terminal.send("s");
    terminal.wait_for_text("demo-staging", SOON);
    terminal.send("G");
    terminal.wait_for("the last one under the cursor", SOON, |text| {
        text.lines().any(|row| row.contains('▌') && row.contains("demo-staging"))
    });
    terminal.enter();
    terminal.wait_for("the other environment, and nothing of this one", SOON, |text| {
        text.contains("STAGING") && text.contains("12 workloads") && !text.to_lowercase().contains("production")
    });
    terminal.send("qq");
    assert!(terminal.wait_for_exit(SOON).success());
}

#[test]
fn a_paste_outside_a_field_does_nothing_but_say_so() {
    let (_console, mut terminal) = demo(80, 24);
    // More than is read from the terminal in one piece.
    terminal.send(&"!bROLLBACK\rqq8".repeat(100));
    terminal.wait_for_text("no field of text is open", SOON);
    terminal.wait_for("still the list", SOON, |text| text.contains("24 workloads, worst first"));
    // What is pressed before the whole of it was read is a part of it; what is pressed once more stands in the field then.
    terminal.press_until("/", "the field, after the paste", SOON, is_filtering);
    assert!(!terminal.screen_text().contains("Roll back in"), "nothing was done:\n{}", terminal.screen_text());
    terminal.send("payments and much more that somebody pasted in");
    terminal.wait_for_text("pasted in", SOON);
    terminal.signal(Signal::TERM);
    terminal.wait_for_exit(SOON);
}

#[test]
fn a_marked_paste_is_text_where_there_is_a_field_and_nothing_anywhere_else() {
    let (_console, mut terminal) = demo(80, 24);
    assert!(terminal.marks_pastes(), "it is asked for");
    terminal.send("\u{1b}[200~q\rq\u{1b}[201~");
    terminal.wait_for_text("no field of text is open", SOON);
    terminal.send("/");
    terminal.wait_for("the field", SOON, is_filtering);
    terminal.send("\u{1b}[200~pay\u{1b}[201~");
    terminal.wait_for("the rows of the filter", SOON, |text| text.contains("payments") && !text.contains("catalogue"));
    terminal.signal(Signal::TERM);
    terminal.wait_for_exit(SOON);
    is_given_back(&terminal);
}

#[test]
fn nothing_is_confirmed_on_a_screen_that_is_too_small() {
    let (_console, mut terminal) = demo(120, 40);
    terminal.wait_for_text("CrashLoopBackOff", SOON);
    terminal.resize(50, 12);
    terminal.wait_for_text("Quarterdeck needs 60x15", SOON);
    for key in ["!", "b", "R", "O", "L", "L", "B", "A", "C", "K"] {
        terminal.send(key);
    }
    terminal.enter();
    // What is pressed while a size is on its way may be read after it, by a screen that can be read again. Whoever draws anew at a key has
    // read the keys before it; a new size is told twice, and draws anew each time.
    let drawn = || terminal.written().matches("\u{1b}[2J").count();
    let before = drawn();
    terminal.press_until("\u{c}", "the keys to be read", SOON, |_| drawn() > before + 2);
    terminal.resize(120, 40);
    terminal.wait_for_text("24 workloads, worst first", SOON);
    assert!(!terminal.screen_text().contains("Roll back in"), "{}", terminal.screen_text());
    terminal.resize(50, 12);
    terminal.wait_for_text("Quarterdeck needs 60x15", SOON);
    terminal.send("qq");
    assert!(terminal.wait_for_exit(SOON).success(), "leaving works");
}

#[test]
fn the_first_key_after_another_size_counts() {
    let (_console, mut terminal) = demo(120, 40);
    terminal.send("/");
    terminal.wait_for_text("enter keep", SOON);
    terminal.resize(50, 12);
    terminal.wait_for_text("Quarterdeck needs 60x15", SOON);
    terminal.resize(120, 40);
    terminal.wait_for_text("enter keep", SOON);
    terminal.send("\u{1b}");
    terminal.wait_for("the list", SOON, |text| text.contains("worst first") && !text.contains("enter keep"));
    terminal.signal(Signal::TERM);
    terminal.wait_for_exit(SOON);
}

#[test]
fn sizes_from_one_cell_to_a_wall_do_no_harm() {
    let (_console, mut terminal) = demo(80, 24);
    for (columns, rows) in [(1, 1), (500, 200), (2, 100), (200, 2), (60, 15), (59, 14)].into_iter().cycle().take(60) {
        terminal.resize(columns, rows);
    }
    terminal.resize(120, 40);
    terminal.wait_for_text("payments", SOON);
    terminal.send("qq");
    assert!(terminal.wait_for_exit(SOON).success());
    is_given_back(&terminal);
}

#[test]
fn term_hup_and_int_give_the_terminal_back() {
    for signal in [Signal::TERM, Signal::HUP, Signal::INT, Signal::QUIT] {
        let (_console, mut terminal) = demo(80, 24);
        terminal.signal(signal);
        terminal.wait_for_exit(SOON);
        is_given_back(&terminal);
    }
}

#[test]
fn a_cut_line_ends_it_at_once() {
    let (_console, mut terminal) = demo(80, 24);
    let pid = terminal.pid();
    terminal.cut();
    wait_until("the process to end", SOON, || (terminal.has_ended() || state(pid).is_none()).then_some(()));
}

#[test]
fn suspended_it_hands_the_terminal_to_the_shell_and_takes_it_back() {
    let (_console, mut terminal) = demo(80, 24);
    terminal.signal(Signal::TSTP);
    wait_until("a stopped process", SOON, || (state(terminal.pid()) == Some('T')).then_some(()));
    wait_until("the shell's screen", SOON, || {
        (!terminal.is_on_alternate_screen() && terminal.is_cooked()).then_some(())
    });
    terminal.signal(Signal::CONT);
    terminal.wait_for("the screen again", SOON, |text| text.contains("payments"));
    assert!(terminal.is_on_alternate_screen());
    terminal.send("qq");
    assert!(terminal.wait_for_exit(SOON).success());
}

/// Not a test of its own: [`a_defect_gives_the_terminal_back_and_says_so`] runs it as a process on a terminal.
#[test]
fn defect() {
    if std::env::var_os(DEFECT).is_none() {
        return;
    }
    quarterdeck::telemetry::install(quarterdeck::terminal::release).expect("the first hook");
    let console = || {
        let _guard = quarterdeck::terminal::Guard::acquire().expect("a terminal");
        panic!("the defect of the test");
    };
    // The console runs on the thread of this name; tests run on threads of their own.
    let thread = std::thread::Builder::new().name("main".into()).spawn(console).expect("a thread");
    thread.join().expect("it ends well");
}

const DEFECT: &str = "QUARTERDECK_TEST_DEFECT";

#[test]
fn a_defect_gives_the_terminal_back_and_says_so() {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args(["--exact", "terminal::defect", "--nocapture"]).env(DEFECT, "1");
    let mut terminal = Terminal::start(&command, 100, 30);
    terminal.wait_for_text("the defect of the test", SOON);
    assert!(!terminal.wait_for_exit(SOON).success());
    is_given_back(&terminal);
    assert!(terminal.written().contains("\u{1b}[?1049h"), "it had been on the alternate screen");
}

#[test]
fn a_broken_configuration_still_gives_a_console_and_says_what_is_wrong() {
    let console = Console::with("", "[environment.production]\ngaurd = \"production\"\n");
    let check = console.run(&["config", "check"]);
    assert_eq!(check.code, Some(1));
    assert!(
        check.stderr.contains("config.toml:2") && check.stderr.contains("gaurd") && check.stderr.contains("guard"),
        "{}",
        check.stderr
    );
    let mut terminal = console.open(100, 30);
    terminal
        .wait_for("a read-only console", FIRST_SCREEN, |text| text.contains("READ-ONLY") || text.contains("Read-only"));
    terminal.send("qq");
    terminal.wait_for_exit(SOON);
    is_given_back(&terminal);
}

#[test]
fn without_a_terminal_it_says_so() {
    let finished = Console::with("", "").run(&[]);
    assert_eq!(finished.code, Some(2));
    assert!(finished.stderr.contains("needs a terminal"), "{}", finished.stderr);
}

#[test]
fn a_note_is_written_in_the_operators_editor_and_the_terminal_comes_back() {
    let console = Console::with("", "");
    let editor = console.path("editor");
    std::fs::write(
        &editor,
        "#!/bin/sh\nprintf 'seen by the editor: '; cat \"$1\"\nread -r _\nprintf 'from my editor\\n' >> \"$1\"\n",
    )
    .expect("a file of ours");
    std::fs::set_permissions(&editor, std::fs::Permissions::from_mode(0o700)).expect("a file of ours");
    let mut command = console.bare();
    command.env("VISUAL", &editor).env("EDITOR", "false").arg("demo");
    let mut terminal = Terminal::start(&command, 100, 30);
    terminal.wait_for_text("payments", FIRST_SCREEN);
    terminal.send("1");
    terminal.wait_for_text("SEVERITY", SOON);
    // The alert as Alertmanager lists it: as its rule tells it, it has not this label, and a note on it would be a note on another.
    terminal.wait_for_text("cluster=simulated", SOON);
    terminal.act("!n", "press enter to confirm", SOON);
    terminal.send("mine");
    terminal.wait_for_text("mine", SOON);
    terminal.send("\u{f}");
    terminal.wait_for_text("seen by the editor: mine", SOON);
    assert!(!terminal.is_on_alternate_screen(), "the editor has the terminal as it was found");
    terminal.send("\n");
    terminal.wait_for("the console, with what was written", SOON, |text| {
        text.contains("Write a note in production") && text.contains("from my editor")
    });
    assert!(terminal.is_on_alternate_screen());
    terminal.confirm("press enter to confirm", "", SOON);
    terminal.wait_for_text("written down", SOON);
    terminal.send("\u{1b}");
    terminal.wait_for_text("mine from my editor", SOON);
    terminal.signal(Signal::TERM);
    terminal.wait_for_exit(SOON);
    is_given_back(&terminal);
}
