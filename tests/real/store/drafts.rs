//! What is typed into a form outlives the shipped console, however it ends.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use quarterdeck::sandbox::{Sandbox, SandboxClock, Scenario, Service};
use rustix::process::Signal;

use crate::support::console::{Console, FIRST_SCREEN};
use crate::support::process::wait_until;
use crate::support::pty::Terminal;

const SOON: Duration = Duration::from_secs(60);

/// A console with one simulated alert, and the drafts it keeps.
struct Drafting {
    _sandbox: Sandbox,
    console: Console,
}

impl Drafting {
    #[expect(clippy::disallowed_methods, reason = "the simulated Alertmanager runs in real time")]
    async fn start() -> Self {
        let scenario = Scenario::empty("shop").with("shop", Service::new("gateway", 1));
        let sandbox = Sandbox::start(scenario, SandboxClock::starting(chrono::Utc::now(), 1)).await.expect("a sandbox");
        let console = Console::with("", "");
        let file = console.path("kubeconfig");
        std::fs::remove_file(&file).expect("the empty one");
        sandbox.write_kubeconfig(&file).expect("a kubeconfig");
        std::fs::write(console.path("token"), sandbox.token()).expect("a file");
        std::fs::write(console.path("authority.pem"), sandbox.certificate()).expect("a file");
        let config = format!(
            "[environment.test]\ncontext = \"demo-production\"\nnamespaces = [\"shop\"]\nguard = \"staging\"\n\
             alertmanager = [{{ url = {:?}, bearer_file = {:?}, ca_file = {:?} }}]\n",
            sandbox.alertmanager("shop"),
            console.path("token").display().to_string(),
            console.path("authority.pem").display().to_string(),
        );
        std::fs::write(console.path("config.toml"), config).expect("a file");
        Self { _sandbox: sandbox, console }
    }

    /// The files of drafts.
    fn files(&self) -> Vec<PathBuf> {
        let found = std::fs::read_dir(self.console.path("state/quarterdeck/drafts")).into_iter().flatten();
        let found = found.filter_map(Result::ok).map(|entry| entry.path());
        found.filter(|path| path.extension().is_some_and(|end| end == "json")).collect()
    }

    /// Waits until such a draft is on disk.
    fn wait_for(&self, words: &str) -> String {
        wait_until(&format!("the draft {words:?}"), SOON, || {
            let texts = self.files().into_iter().filter_map(|file| std::fs::read_to_string(file).ok());
            texts.into_iter().find(|text| text.contains(words))
        })
    }

    /// A console with the form of a note open; the editor is the one named.
    fn open(&self, editor: &Path) -> Terminal {
        let mut command = self.console.command(&[]);
        command.env("VISUAL", editor);
        let terminal = Terminal::start(&command, 110, 30);
        terminal.wait_for_text("gateway", FIRST_SCREEN);
        terminal.send("1");
        // The cursor rests on the only alert: nothing comes under it by itself.
        terminal.wait_for_text("CertificateExpiresSoon", SOON);
        terminal.send("!n");
        terminal.wait_for_text("note on CertificateExpiresSoon", SOON);
        terminal
    }
}

/// A console that is killed in the middle of a note has it again when it is opened anew.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_console_has_what_was_typed_again() {
    let drafting = Drafting::start().await;
    let mut terminal = drafting.open("vi".as_ref());
    terminal.send("it renews tonight");
    let words = drafting.wait_for("it renews tonight");
    assert!(words.contains("\"form\":\"note\""), "{words}");
    let mode = std::fs::metadata(&drafting.files()[0]).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    terminal.signal(Signal::KILL);
    terminal.wait_for_exit(SOON);

    let mut terminal = drafting.open("vi".as_ref());
    terminal.wait_for("what was typed", SOON, |text| text.contains("it renews tonight") && text.contains("here again"));
    terminal.confirm("press enter to confirm", "", SOON);
    terminal.wait_for_text("written down", SOON);
    wait_until("the draft to be forgotten", SOON, || drafting.files().is_empty().then_some(()));
    terminal.signal(Signal::TERM);
    terminal.wait_for_exit(SOON);
    let status = drafting.console.run(&["status", "--output", "json"]);
    assert!(status.stdout.contains("it renews tonight"), "{}", status.stdout);
}

/// What was written in an editor is kept when the system asks the console to leave meanwhile, or the line is lost; that the form
/// was given up is journalled.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_written_in_an_editor_outlives_the_console() {
    let drafting = Drafting::start().await;
    let editor = drafting.console.path("editor");
    let script = "#!/bin/sh\nprintf 'as far as %s\\n' \"$$\" >> \"$1\"\necho the editor $$ is open\nread -r _\n";
    std::fs::write(&editor, script).expect("a file of ours");
    std::fs::set_permissions(&editor, std::fs::Permissions::from_mode(0o700)).expect("a file of ours");
    for (place, is_cut) in [true, false].into_iter().enumerate() {
        let mut terminal = drafting.open(&editor);
        terminal.send("\u{f}");
        let number = wait_until("the editor", SOON, || {
            let text = terminal.screen_text();
            let (_, rest) = text.split_once("the editor ")?;
            rest.split_once(" is open").map(|(number, _)| number.to_owned())
        });
        if is_cut {
            terminal.cut();
        } else {
            terminal.signal(Signal::TERM);
        }
        terminal.wait_for_exit(SOON);
        drafting.wait_for(&format!("as far as {number}"));
        let journal = drafting.console.run(&["journal", "list"]).stdout;
        assert_eq!(journal.matches("given up").count(), place + 1, "{journal}");
    }
}
