//! The shipped binary on a store: two processes, one audit; what `audit`, `doctor` and `status` say of it.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use chrono::DateTime;
use quarterdeck::actions::journal::{Entry, Journal, What};
use quarterdeck::sources::store::port::ReadStore;
use serde_json::Value;

use super::place::{Kind, Place, Say, author};
use crate::support::console::Console;
use crate::support::database::{PASSWORD, Server};
use crate::support::process::{Finished, Running};

pub(super) const PATIENCE: Duration = Duration::from_secs(90);

/// A machine with a state folder of its own, whose configuration names the shared store.
pub(super) struct Machine(tempfile::TempDir);

impl Machine {
    pub(super) fn new(store: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("config.toml"), store).expect("a file");
        Self(folder)
    }

    pub(super) fn of(place: &Place) -> Self {
        let url = Server::url(Server::shared().port, &place.database);
        let machine = Self::new("[store]\npostgres = { url_file = \"store-url\", direct = true }\n");
        std::fs::write(machine.0.path().join("store-url"), url).expect("a file");
        machine
    }

    pub(super) fn folder(&self) -> &Path {
        self.0.path()
    }

    pub(super) fn state(&self) -> std::path::PathBuf {
        self.0.path().join("state/quarterdeck")
    }

    pub(super) fn start(&self, arguments: &[&str]) -> Running {
        Running::start(self.command(arguments), "")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_quarterdeck"));
        let file = |name: &str| self.0.path().join(name);
        command.arg("--config").arg(file("config.toml")).args(arguments);
        command.env("XDG_STATE_HOME", file("state")).env("XDG_CONFIG_HOME", file("config")).env("HOME", self.0.path());
        command.env("KUBECONFIG", Path::new("/nowhere/kubeconfig"));
        command
    }

    /// The same as somebody of the operating system.
    pub(super) fn run_as(&self, user: &str, arguments: &[&str]) -> Finished {
        let mut command = self.command(arguments);
        command.env("USER", user);
        Running::start(command, "").finish(PATIENCE)
    }

    /// The same at a time of UTC that the library makes the clock show.
    pub(super) fn run_at(&self, (library, time): (&Path, &str), user: &str, arguments: &[&str]) -> Finished {
        let mut command = self.command(arguments);
        command.env("USER", user).env("TZ", "UTC").env("LD_PRELOAD", library);
        // Timers go by the clock that nobody sets: it stays ours.
        command.env("FAKETIME", format!("@{time}")).env("DONT_FAKE_MONOTONIC", "1");
        command.env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        Running::start(command, "").finish(PATIENCE)
    }

    pub(super) fn run(&self, arguments: &[&str]) -> Finished {
        let finished = self.start(arguments).finish(PATIENCE);
        for said in [&finished.stdout, &finished.stderr] {
            assert!(!said.contains(PASSWORD), "{arguments:?} tells the password: {said}");
        }
        finished
    }

    /// Somebody tried something here while the store was away.
    pub(super) fn attempt(&self, words: &str) {
        let mut journal = Journal::new(&self.state());
        for what in [What::GivenUp, What::Refused] {
            let entry = Entry {
                what,
                run: "r".into(),
                action: "rollback".into(),
                environment: "production".into(),
                cluster: "c".into(),
                actor: "mori".into(),
                aims: Vec::new(),
                target: None,
                step: None,
                is_undo: false,
                outcome: None,
                phase: None,
                words: words.into(),
            };
            journal.append(entry, DateTime::from_timestamp(1_800_000_000, 0).expect("a time")).expect("written");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_of_two_machines_share_one_audit() {
    let Some(place) = Place::new(Kind::Postgres) else { return };
    let (one, two) = (Machine::of(&place), Machine::of(&place));
    one.attempt("from one");
    two.attempt("from two 決済");
    let console = place.console();
    console.acknowledge(&author("lee"), &place.taking("f", 0)).await.expect("taken");
    // At once, and each twice: everything is taken over once.
    let running: Vec<Running> = [&one, &two, &one, &two].map(|machine| machine.start(&["audit", "list"])).into();
    for process in running {
        process.finish(PATIENCE).good("audit list");
    }
    let listed = one.run(&["audit", "list", "--output", "json"]).good("audit list");
    let entries: Vec<Value> = serde_json::from_str(&listed).expect("JSON");
    assert_eq!(entries.len(), 5, "{listed}");
    let found = two.run(&["audit", "search", "決済", "--kind", "security", "--output", "json"]).good("audit search");
    let found: Vec<Value> = serde_json::from_str(&found).expect("JSON");
    assert_eq!(found.len(), 1);
    assert_eq!((&found[0]["what"], &found[0]["session_user"]), (&"refused".into(), &"quarterdeck".into()));
    let table = one.run(&["audit", "list", "--actor", "lee"]).good("audit list");
    assert!(
        table.contains("acknowledged") && table.contains("HighErrorRate taken") && table.lines().count() == 2,
        "{table}"
    );
    let exported = one.run(&["audit", "export"]).good("audit export");
    assert_eq!(exported.lines().count(), 5);
    let verified = two.run(&["audit", "verify"]);
    assert_eq!(
        (verified.code, verified.stdout.as_str()),
        (Some(0), "3 chains, 5 entries, 0 flaws\n"),
        "{}",
        verified.stderr
    );

    place.raw("alter table quarterdeck.audit disable trigger all; delete from quarterdeck.audit where position = 5; alter table quarterdeck.audit enable trigger all")
        .expect("the owner may");
    let verified = two.run(&["audit", "verify", "--output", "json"]);
    assert_eq!(verified.code, Some(1), "{}", verified.stdout);
    assert!(verified.stdout.contains("lines are missing"), "{}", verified.stdout);
    assert_eq!(console.standing().await.expect("an answer").position, 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_is_away_or_misspelt_is_said_by_every_command() {
    if let Some(place) = Place::new(Kind::Postgres) {
        let machine = Machine::of(&place);
        let doctor = machine.run(&["doctor"]);
        assert!(doctor.stdout.contains("as quarterdeck, tables of version"), "{}", doctor.stdout);
        std::fs::write(machine.0.path().join("store-url"), Server::url(1, "q")).expect("a file");
        machine.attempt("while it was away");
        let doctor = machine.run(&["doctor"]);
        assert!(
            doctor.stdout.contains("WRONG  store") && doctor.stdout.contains("cannot be reached"),
            "{}",
            doctor.stdout
        );
        let status = machine.run(&["status", "--output", "json"]);
        let document: Value = serde_json::from_str(&status.stdout).expect("JSON");
        let sources = document["sources"].as_array().expect("sources");
        let store = sources.iter().find(|source| source["name"] == "store").expect("the store is a source");
        assert_eq!((&store["state"], status.code), (&"down".into(), Some(3)));
        let listed = machine.run(&["audit", "list"]);
        assert_eq!(listed.code, Some(3), "no answer is no empty answer: {}", listed.stdout);
        assert!(listed.stderr.contains("cannot be reached"), "{}", listed.stderr);
    }
    let machine = Machine::new("[store]\npostgres = \"postgres://u:hunter2-sesame@db/q\"\n");
    let listed = machine.run(&["audit", "list"]);
    assert!(listed.stderr.contains("config.toml:2: store.postgres: An address"), "{}", listed.stderr);
    assert_eq!(listed.code, Some(3), "{}", listed.stdout);
}

#[test]
fn without_a_configuration_the_store_is_this_users_own() {
    let machine = Machine::new("");
    let status = machine.run(&["status", "--output", "json"]);
    let document: Value = serde_json::from_str(&status.stdout).expect("JSON");
    let store = document["sources"].as_array().expect("sources").iter().find(|source| source["name"] == "store");
    assert_eq!(store.map(|store| &store["kind"]), Some(&Value::from("store")), "{document:#}");
    assert_eq!(store.map(|store| &store["state"]), Some(&"fresh".into()), "{document}");
    assert!(!machine.state().join("store.db").exists(), "looking makes no file");
    let empty = machine.run(&["audit", "list"]).good("audit list");
    assert_eq!(empty, "Nothing here was done or said yet.\n");
    machine.attempt("alone");
    for _ in 0..2 {
        let table = machine.run(&["audit", "list"]).good("audit list");
        assert_eq!(table.lines().count(), 3, "{table}");
    }
    assert_eq!(machine.run(&["audit", "verify"]).good("verify"), "1 chains, 2 entries, 0 flaws\n");
    let doctor = machine.run(&["doctor"]);
    assert!(doctor.stdout.contains("store") && doctor.stdout.contains("SQLite"), "{}", doctor.stdout);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::disallowed_methods, reason = "the simulated Alertmanager runs in real time")]
async fn what_one_machine_acknowledges_the_other_is_told() {
    use quarterdeck::sandbox::{Sandbox, SandboxClock, Scenario, Service};

    let Some(place) = Place::new(Kind::Postgres) else { return };
    let scenario = Scenario::empty("shop").with("shop", Service::new("gateway", 1));
    let sandbox = Sandbox::start(scenario, SandboxClock::starting(chrono::Utc::now(), 1)).await.expect("a sandbox");
    let open = || {
        let console = Console::with("", "");
        let file = console.path("kubeconfig");
        std::fs::remove_file(&file).expect("the empty one");
        sandbox.write_kubeconfig(&file).expect("a kubeconfig");
        let named = |name: &str, text: &str| {
            std::fs::write(console.path(name), text).expect("a file");
            console.path(name).display().to_string()
        };
        let (token, authority) = (named("token", &sandbox.token()), named("authority.pem", sandbox.certificate()));
        named("store-url", &Server::url(Server::shared().port, &place.database));
        let config = format!(
            "[store]\npostgres = {{ url_file = \"store-url\", direct = true }}\n[environment.test]\n\
             context = \"demo-production\"\nnamespaces = [\"shop\"]\nguard = \"staging\"\n\
             alertmanager = [{{ url = {:?}, bearer_file = {token:?}, ca_file = {authority:?} }}]\n",
            sandbox.alertmanager("shop"),
        );
        named("config.toml", &config);
        console
    };
    let (one, two) = (open(), open());
    let who = |console: &Console| {
        let status = console.run(&["status", "--output", "json"]);
        let document: Value = serde_json::from_str(&status.stdout).expect("JSON");
        let alerts = document["alerts"].as_array().expect("alerts").clone();
        let alert = alerts.iter().find(|alert| alert["name"] == "CertificateExpiresSoon").expect("it fires").clone();
        (alert["state"].clone(), alert["acknowledged_by"].clone())
    };
    assert_eq!(who(&two), ("firing".into(), Value::Null));
    let plan = |console: &Console, arguments: &[&str]| console.plan(arguments);
    let (planned, document) = plan(&one, &["acknowledge", "CertificateExpiresSoon"]);
    assert_eq!(planned.code, Some(0), "{}", planned.stderr);
    let (_, late) = plan(&two, &["acknowledge", "alert/CertificateExpiresSoon"]);

    let wrong =
        Running::start(one.command(&["apply", "-", "--confirm", "YES"]), &document.to_string()).finish(PATIENCE);
    assert_eq!((wrong.code, who(&two).1), (Some(3), Value::Null), "{}", wrong.stdout);
    let applied = one.apply(&document);
    assert_eq!(applied.code, Some(0), "{}{}", applied.stdout, applied.stderr);
    assert_eq!(who(&two), ("acknowledged".into(), "mori".into()), "the other machine is told");

    let moved = two.apply(&late);
    assert_eq!(moved.code, Some(3), "somebody was first: {}", moved.stdout);
    assert!(
        moved.stdout.contains("has changed since the plan") && moved.stdout.contains("mori took it"),
        "{}",
        moved.stdout
    );

    let read_only = two.run(&["plan", "give-back", "CertificateExpiresSoon", "--read-only"]);
    assert_eq!(read_only.code, Some(3), "{}", read_only.stdout);
    let (_, document) = plan(&two, &["unacknowledge", "CertificateExpiresSoon"]);
    let given = two.apply(&document);
    assert_eq!(given.code, Some(0), "{}{}", given.stdout, given.stderr);
    assert_eq!(who(&one), ("firing".into(), Value::Null));
    let nobody = two.run(&["plan", "give-back", "CertificateExpiresSoon"]);
    assert!(nobody.code == Some(3) && nobody.stderr.contains("nobody has it"), "{}", nobody.stderr);
    let unknown = two.run(&["plan", "acknowledge", "NoSuchAlert"]);
    assert!(unknown.code == Some(2) && unknown.stderr.contains("NoSuchAlert"), "{}", unknown.stderr);

    noted(&one, &two);

    one.journal_is_whole();
    let listed = one.run(&["journal", "list"]).good("journal list");
    for words in ["confirmed", "sending", "ended", "a test takes it back"] {
        assert!(listed.contains(words), "{words}:\n{listed}");
    }
    let audit = two.run(&["audit", "list"]).good("audit list");
    assert!(audit.contains("CertificateExpiresSoon taken") && audit.contains("given back"), "{audit}");
}

/// A note of one machine is read, changed and taken back on the other; who comes late is told what it says by then.
fn noted(one: &Console, two: &Console) {
    let notes = |console: &Console| {
        let status = console.run(&["status", "--output", "json"]);
        let document: Value = serde_json::from_str(&status.stdout).expect("JSON");
        let alerts = document["alerts"].as_array().expect("alerts").clone();
        let alert = alerts.into_iter().find(|alert| alert["name"] == "CertificateExpiresSoon").expect("it fires");
        alert["notes"].as_array().expect("notes").clone()
    };
    assert_eq!(notes(two), Vec::<Value>::new());
    let (planned, document) = one.plan(&["note", "CertificateExpiresSoon", "--text", "it renews tonight\n決済"]);
    assert_eq!(planned.code, Some(0), "{}", planned.stderr);
    assert_eq!(notes(two), Vec::<Value>::new(), "a plan writes nothing");
    let applied = one.apply(&document);
    assert_eq!(applied.code, Some(0), "{}{}", applied.stdout, applied.stderr);
    let seen = notes(two);
    assert_eq!((&seen[0]["text"], &seen[0]["by"]), (&"it renews tonight\n決済".into(), &"mori".into()), "{seen:?}");

    let (_, change) = two.plan(&["edit-note", "CertificateExpiresSoon", "--text", "at two"]);
    let (_, late) = one.plan(&["edit-note", "CertificateExpiresSoon", "--text", "at three"]);
    let changed = two.apply(&change);
    assert_eq!(changed.code, Some(0), "{}{}", changed.stdout, changed.stderr);
    let refused = one.apply(&late);
    assert_eq!(refused.code, Some(3), "the lost update: {}", refused.stdout);
    // What a note says is in no sentence that is journalled: who comes late is told who was first, and reads it where notes are shown.
    assert!(
        refused.stdout.contains("changed it meanwhile") && !refused.stdout.contains("at two"),
        "{}",
        refused.stdout
    );
    assert_eq!(notes(one)[0]["text"], "at two");

    let empty = one.run(&["plan", "note", "CertificateExpiresSoon", "--text", " "]);
    assert!(empty.code == Some(3) && empty.stderr.contains("is empty"), "{}", empty.stderr);
    let wordless = one.run(&["plan", "note", "CertificateExpiresSoon"]);
    assert!(wordless.code == Some(2) && wordless.stderr.contains("--text"), "{}", wordless.stderr);
    let (_, back) = one.plan(&["withdraw-note", "CertificateExpiresSoon"]);
    let taken = one.apply(&back);
    assert_eq!(taken.code, Some(0), "{}{}", taken.stdout, taken.stderr);
    assert_eq!(notes(two), Vec::<Value>::new());
    let audit = two.run(&["audit", "list"]).good("audit list");
    assert!(audit.contains("note added") && audit.contains("note withdrawn"), "{audit}");
    assert!(!audit.contains("renews tonight"), "what was taken back is not kept elsewhere: {audit}");
}
