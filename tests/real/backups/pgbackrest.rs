//! pgBackRest, which Debian ships as 2.45.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use super::{console, drawn, listed, night, program, schedule};
use crate::support::database::{self, PASSWORD, Server};
use crate::support::process::{Running, skip};

const LONG: Duration = Duration::from_secs(300);
/// How many nights there are backups of.
const NIGHTS: u64 = 5;

/// A repository beside a server whose WAL goes there.
struct Repository {
    server: Server,
    program: PathBuf,
}

impl Repository {
    fn make(program: &Path) -> Self {
        let server = Server::start("backups");
        // Where it was unpacked the server's user may not look.
        let own = server.directory.join("pgbackrest");
        fs::copy(program, &own).expect("room");
        let repository = Self { server, program: own };
        let directory = repository.server.directory.display().to_string();
        for folder in ["repo", "log", "lock", "spool"] {
            repository.server.folder(folder);
        }
        let configuration = format!(
            "[global]\nrepo1-path={directory}/repo\nrepo1-cipher-type=aes-256-cbc\nrepo1-cipher-pass=a-pass-phrase\nlog-path={directory}/log\nlock-path={directory}/lock\nspool-path={directory}/spool\nstart-fast=y\nlog-level-file=off\narchive-timeout=60\n\
             [main]\npg1-path={directory}/data\npg1-port={}\npg1-socket-path={directory}\npg1-user=quarterdeck\npg1-database=postgres\n",
            repository.server.port
        );
        repository.server.file("pgbackrest.conf", &configuration);
        let archive = format!(
            "{} --config={directory}/pgbackrest.conf --stanza=main archive-push %p",
            repository.program.display()
        );
        for setting in ["archive_mode = on", &format!("archive_command = '{archive}'")] {
            repository.server.sql("postgres", &format!("alter system set {setting}")).expect("it takes it");
        }
        repository.server.kill();
        repository.server.revive();
        repository.run(&["stanza-create"]);
        repository
    }

    fn run(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(&self.program);
        command.arg(format!("--config={}/pgbackrest.conf", self.server.directory.display())).arg("--stanza=main");
        command.args(arguments).env("PGPASSWORD", PASSWORD).current_dir(&self.server.directory);
        Running::start(Server::as_its_user(command), "").finish(LONG).good(&format!("pgbackrest {arguments:?}"))
    }

    /// A full backup, and some WAL behind it that belongs to none.
    fn back_up(&self) {
        self.run(&["--type=full", "--repo1-retention-full=99", "backup"]);
        for _ in 0..3 {
            self.server
                .sql(
                    "postgres",
                    "create table if not exists t (n int); insert into t values (1); select pg_switch_wal()",
                )
                .expect("it answers");
        }
        self.run(&["check"]);
    }

    /// What it tells, each backup moved to a night of its own.
    fn told(&self) -> Value {
        let mut told: Value = serde_json::from_str(&self.run(&["info", "--output=json"])).expect("JSON");
        let backups = told[0]["backup"].as_array_mut().expect("backups");
        for backup in backups {
            let place = self.place(backup["label"].as_str().expect("a label"));
            let began = night(NIGHTS - 1 - place).timestamp();
            backup["timestamp"] = json!({"start": began, "stop": began + 600});
        }
        told
    }

    /// Which backup it is, by the order in which they were made.
    fn place(&self, label: &str) -> u64 {
        let labels = fs::read_to_string(self.server.directory.join("labels")).expect("written before");
        labels.lines().position(|line| line == label).expect("one of them") as u64
    }

    fn remember_labels(&self) {
        let told: Value = serde_json::from_str(&self.run(&["info", "--output=json"])).expect("JSON");
        let labels: Vec<&str> =
            told[0]["backup"].as_array().expect("backups").iter().filter_map(|one| one["label"].as_str()).collect();
        assert_eq!(labels.len() as u64, NIGHTS);
        fs::write(self.server.directory.join("labels"), labels.join("\n")).expect("room");
    }

    /// The files of its archive, one a line.
    fn archived(&self) -> Vec<PathBuf> {
        let mut open = vec![self.server.directory.join("repo/archive/main")];
        let mut files = Vec::new();
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(folder).expect("a folder of ours").flatten() {
                if entry.path().is_dir() { open.push(entry.path()) } else { files.push(entry.path()) }
            }
        }
        files.sort();
        files
    }
}

#[test]
fn a_day_and_a_segment_that_are_gone_are_named() {
    if let Some(why) = database::why_not() {
        return skip("backups by pgBackRest", why);
    }
    let Some(program) = program("pgbackrest", "pgbackrest") else {
        return skip("backups by pgBackRest", "pgBackRest is not installed");
    };
    let repository = Repository::make(&program);
    for _ in 0..NIGHTS {
        repository.back_up();
    }
    repository.remember_labels();
    let directory = repository.server.directory.display().to_string();
    let set = format!(
        "[backup.orders]\npgbackrest = {{ info_file = \"{directory}/info.json\", stanza = \"main\", wal_file = \"{directory}/wal\" }}\n{}",
        schedule()
    );
    let console = console(&set);
    let tell = || {
        fs::write(repository.server.directory.join("info.json"), repository.told().to_string()).expect("room");
        let files: Vec<String> = repository.archived().iter().map(|file| file.display().to_string()).collect();
        fs::write(repository.server.directory.join("wal"), files.join("\n")).expect("room");
    };

    tell();
    let well = listed(&console);
    assert_eq!((&well["state"], &well["encryption"]), (&json!("ok"), &json!("aes-256-cbc")), "{}", drawn(&console));
    assert_eq!(
        (&well["ladder"]["daily"]["required"], &well["ladder"]["daily"]["missing"]),
        (&json!(NIGHTS), &json!([]))
    );
    assert_eq!(well["wal_holes"], json!([]), "whole as it was archived");

    // A segment behind the third backup, before the fourth: pgBackRest's own verify calls that well.
    let told = repository.told();
    let needed =
        |place: usize, end: &str| told[0]["backup"][place]["archive"][end].as_str().expect("a segment").to_owned();
    let gone = repository.archived().into_iter().find(|file| {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        name.len() > 24
            && !name.contains("backup")
            && name[..24] > *needed(2, "stop")
            && name[..24] < *needed(3, "start")
    });
    let gone = gone.expect("a segment that no backup needs");
    let segment = gone.file_name().expect("a name").to_string_lossy()[..24].to_owned();
    fs::remove_file(&gone).expect("ours");
    // And the second night.
    let second = told[0]["backup"][1]["label"].as_str().expect("a label").to_owned();
    let day = night(NIGHTS - 2).format("%Y-%m-%d").to_string();
    repository.run(&[&format!("--set={second}"), "expire"]);

    tell();
    let broken = listed(&console);
    assert_eq!(broken["state"], json!("broken"));
    assert_eq!(broken["ladder"]["daily"]["missing"], json!([day]));
    let third = told[0]["backup"][2]["label"].as_str().expect("a label");
    assert_eq!(
        broken["wal_holes"],
        json!([{"first": segment, "last": segment, "class": "kills-span", "backup": third}]),
        "{}",
        drawn(&console)
    );
    let table = drawn(&console);
    assert!(table.contains("■□■■■  4/5") && table.contains(&format!("missing {day}")), "{table}");
    assert!(table.contains(&format!("WAL {segment} is missing: moments between")), "{table}");

    // The newest backup's own WAL: it cannot be restored, whatever its tool says.
    let newest = repository.archived().into_iter().find(|file| {
        file.to_string_lossy().contains(&needed(4, "start")) && !file.to_string_lossy().contains(".backup")
    });
    fs::remove_file(newest.expect("archived")).expect("ours");
    tell();
    let dead = listed(&console);
    assert_eq!(dead["wal_holes"][1]["class"], json!("kills-backup"), "{dead}");
    assert_eq!(dead["ladder"]["daily"]["filled"], json!(3), "it fills no slot");
    let status = console.run(&["status", "--output", "json"]);
    let status_code = status.code;
    let document: Value = serde_json::from_str(&status.stdout).expect("JSON");
    assert_eq!((status_code, &document["backups"][0]["state"]), (Some(2), &json!("broken")));
}

/// The shipped script restores for real. Who records is a script that writes down what it was asked: the server's user may not run our
/// program where it was built.
#[test]
fn a_restore_counts_where_it_reached_what_is_archived_and_not_where_wal_is_missing() {
    if let Some(why) = database::why_not() {
        return skip("restores by pgBackRest", why);
    }
    let Some(program) = program("pgbackrest", "pgbackrest") else {
        return skip("restores by pgBackRest", "pgBackRest is not installed");
    };
    let repository = Repository::make(&program);
    repository.back_up();
    let directory = repository.server.directory.display().to_string();
    repository
        .server
        .file("record", "#!/bin/sh\nfor word in \"$@\"; do echo \"$word\"; done > \"$(dirname \"$0\")/recorded\"\n");
    repository.server.file("verify", include_str!("../../../assets/verify/pgbackrest"));
    let console = console("[backup.orders]\n");
    let verify = || {
        let mut command = Command::new("sh");
        let path = std::env::var("PATH").unwrap_or_default();
        command.env("PATH", format!("{directory}:{path}")).env("QUARTERDECK", format!("sh {directory}/record"));
        command.env("PGBIN", &repository.server.binaries).env("PGUSER", "quarterdeck").env("WAIT", "4");
        command.current_dir(&repository.server.directory).arg("verify");
        command.args([
            "orders",
            "main",
            &format!("{directory}/restored"),
            &format!("--config={directory}/pgbackrest.conf"),
        ]);
        let finished = Running::start(Server::as_its_user(command), "").finish(LONG);
        assert!(!repository.server.directory.join("restored").exists(), "nothing is left: {finished:?}");
        let words =
            fs::read_to_string(repository.server.directory.join("recorded")).unwrap_or_else(|_| panic!("{finished:?}"));
        let words: Vec<&str> = words.lines().collect();
        let recorded = console.run(&words);
        assert_eq!(recorded.code, Some(0), "{words:?} {recorded:?}");
        (finished, words.join(" "))
    };

    let (finished, words) = verify();
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert!(
        words.starts_with("record restore-test orders --result ok --target 0/") && words.contains("--reached-lsn 0/"),
        "{words}"
    );
    let verified = listed(&console);
    assert!(verified["verified_at"].is_string() && verified["rto_measured_seconds"].as_i64() > Some(0), "{verified}");

    // A segment behind the backup, and more WAL behind that: the server starts, and holds less than was archived.
    let told: Value = serde_json::from_str(&repository.run(&["info", "--output=json"])).expect("JSON");
    let stop = told[0]["backup"][0]["archive"]["stop"].as_str().expect("a segment").to_owned();
    let behind = |file: &&PathBuf| {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        name.len() > 24 && !name.contains("backup") && name[..24] > *stop
    };
    let archived = repository.archived();
    fs::remove_file(archived.iter().find(behind).expect("WAL behind it")).expect("ours");
    let (finished, words) = verify();
    assert_eq!(
        (finished.code, words.as_str()),
        (Some(1), "record restore-test orders --result failed"),
        "{finished:?}"
    );
    assert!(finished.stderr.contains("is WAL missing?"), "{finished:?}");
    assert_eq!(
        listed(&console)["verified_at"],
        verified["verified_at"],
        "the one before still is the last that was verified"
    );
}

#[test]
fn the_command_itself_is_asked_and_a_stanza_that_vanished_is_unknown() {
    let Some(program) = program("pgbackrest", "pgbackrest") else {
        return skip("backups by pgBackRest", "pgBackRest is not installed");
    };
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().display();
    let command = format!(
        "\"{}\", \"--config=/dev/null\", \"--repo1-path={place}/repo\", \"--lock-path={place}\", \"--log-level-file=off\", \"info\", \"--output=json\"",
        program.display()
    );
    let console = console(&format!("[backup.orders]\npgbackrest = {{ command = [{command}], stanza = \"main\" }}\n"));
    let unknown = listed(&console);
    assert_eq!((&unknown["state"], &unknown["ladder"]["daily"]["missing"]), (&json!("unknown"), &json!([])));
    let table = drawn(&console);
    assert!(table.contains("pgBackRest knows no stanza at all, and main is meant"), "{table}");
}
