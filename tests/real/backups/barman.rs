//! Barman as Debian ships it, 3.4.0, and as its makers do, 3.19.1 of the Python registry: with `pg_basebackup`, and WAL by `archive_command`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use super::{console, drawn, listed, night, schedule};
use crate::support::database::{self, PASSWORD, Server};
use crate::support::process::{Finished, Running, skip, wait_until};

const LONG: Duration = Duration::from_secs(300);
const NIGHTS: u64 = 4;

/// A Barman that `tests/run` unpacked: the folder of its package and those it needs beside it.
struct Installed {
    version: &'static str,
    program: PathBuf,
    packages: Vec<PathBuf>,
}

impl Installed {
    /// Those that are there.
    fn all() -> Vec<Self> {
        let Some(cache) = std::env::var_os("QUARTERDECK_CACHE") else { return Vec::new() };
        let tools = Path::new(&cache).join("tools");
        let (debian, current) = (tools.join("barman/usr"), tools.join("barman-current"));
        let packages = debian.join("lib/python3/dist-packages");
        let all = [
            Self { version: "3.4.0", program: debian.join("bin/barman"), packages: vec![packages.clone()] },
            Self { version: "3.19.1", program: current.join("bin/barman"), packages: vec![current, packages] },
        ];
        all.into_iter().filter(|one| one.program.exists()).collect()
    }
}

/// A server and the Barman that backs it up. Both are of the server's user, who may run what was restored.
struct Catalog {
    server: Server,
}

impl Catalog {
    fn make(installed: &Installed) -> Self {
        let server = Server::start("barman");
        let directory = server.directory.display().to_string();
        let mut who = Command::new("id");
        who.arg("-un");
        let user = Running::start(Server::as_its_user(who), "").finish(LONG).good("id");
        let connection = format!("host=127.0.0.1 port={} user=quarterdeck password={PASSWORD}", server.port);
        let configuration = format!(
            "[barman]\nbarman_user = {}\nbarman_home = {directory}/barman\nlog_file = {directory}/barman.log\nconfiguration_files_directory = {directory}/none\n\
             [main]\ndescription = main\nconninfo = {connection} dbname=postgres\nstreaming_conninfo = {connection}\nbackup_method = postgres\narchiver = on\nimmediate_checkpoint = true\n",
            user.trim()
        );
        server.file("barman.conf", &configuration);
        for folder in ["barman", "barman/main", "barman/main/incoming", "none", "python"] {
            server.folder(folder);
        }
        // Where they were unpacked the server's user may not look.
        for (place, packages) in installed.packages.iter().enumerate() {
            let mut copy = Command::new("cp");
            copy.arg("-r").arg(packages).arg(server.directory.join(format!("python/{place}")));
            Running::start(copy, "").finish(LONG).good("cp");
        }
        let path: Vec<String> =
            (0..installed.packages.len()).map(|place| format!("{directory}/python/{place}")).collect();
        let program = fs::read_to_string(&installed.program).expect("a script");
        // Not under the name of its package: beside a script is where Python looks first.
        server.file("script.py", &program);
        server.file(
            "run-barman",
            &format!(
                "#!/bin/sh\nexport PYTHONPATH={} LC_ALL=C.UTF-8\nexec /usr/bin/python3 {directory}/script.py -c {directory}/barman.conf \"$@\"\n",
                path.join(":")
            ),
        );
        let incoming = format!("{directory}/barman/main/incoming");
        for setting in ["archive_mode = on", &format!("archive_command = 'cp %p {incoming}/%f'")] {
            server.sql("postgres", &format!("alter system set {setting}")).expect("it takes it");
        }
        server.kill();
        server.revive();
        Self { server }
    }

    fn try_run(&self, arguments: &[&str]) -> Finished {
        let mut command = Command::new("sh");
        command.arg(self.server.directory.join("run-barman")).args(arguments).current_dir(&self.server.directory);
        Running::start(Server::as_its_user(command), "").finish(LONG)
    }

    fn run(&self, arguments: &[&str]) -> String {
        self.try_run(arguments).good(&format!("barman {arguments:?}"))
    }

    /// Some WAL, archived to its end.
    fn write_wal(&self) {
        let write =
            "create table if not exists t (n int); insert into t values (1); select pg_walfile_name(pg_switch_wal())";
        let names: Vec<String> =
            (0..3).map(|_| self.server.sql("postgres", write).expect("it answers").trim().to_owned()).collect();
        wait_until("the WAL to be archived", LONG, || {
            self.try_run(&["archive-wal", "main"]);
            let archived = self.archived();
            names.iter().all(|name| archived.iter().any(|file| file.ends_with(name))).then_some(())
        });
    }

    fn archived(&self) -> Vec<PathBuf> {
        let mut open = vec![self.server.directory.join("barman/main/wals")];
        let mut files = Vec::new();
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                if entry.path().is_dir() { open.push(entry.path()) } else { files.push(entry.path()) }
            }
        }
        files.sort();
        files
    }

    fn ids(&self) -> Vec<String> {
        let told: Value = serde_json::from_str(&self.run(&["-f", "json", "list-backups", "main"])).expect("JSON");
        let ids = told["main"].as_array().expect("backups").iter().filter_map(|one| one["backup_id"].as_str());
        let mut ids: Vec<String> = ids.map(str::to_owned).collect();
        ids.sort();
        ids
    }

    /// What it tells, one document after the other, each backup moved to a night of its own.
    fn told(&self, made: &[String]) -> String {
        let back =
            |id: &Value| NIGHTS - 1 - made.iter().position(|made| *id == json!(made)).expect("one of them") as u64;
        let mut list: Value = serde_json::from_str(&self.run(&["-f", "json", "list-backups", "main"])).expect("JSON");
        for one in list["main"].as_array_mut().expect("backups") {
            one["end_time_timestamp"] = json!((night(back(&one["backup_id"])).timestamp() + 600).to_string());
        }
        let mut documents = vec![list.to_string()];
        for id in self.ids() {
            let mut shown: Value =
                serde_json::from_str(&self.run(&["-f", "json", "show-backup", "main", &id])).expect("JSON");
            let began = night(back(&json!(id))).timestamp();
            shown["main"]["base_backup_information"]["begin_time_timestamp"] = json!(began.to_string());
            documents.push(shown.to_string());
        }
        documents.join("\n")
    }
}

#[test]
fn a_day_and_a_segment_that_are_gone_are_named() {
    if let Some(why) = database::why_not() {
        return skip("backups by Barman", why);
    }
    let installed = Installed::all();
    if installed.len() < 2 {
        skip("backups by Barman", "not both versions of Barman are installed");
    }
    for one in &installed {
        gone(one);
    }
}

fn gone(installed: &Installed) {
    let catalog = Catalog::make(installed);
    let version = catalog.run(&["--version"]);
    assert!(version.contains(installed.version), "{version}");
    catalog.try_run(&["check", "main"]);
    catalog.write_wal();
    for _ in 0..NIGHTS {
        catalog.run(&["backup", "main", "--wait"]);
        catalog.write_wal();
    }
    let made = catalog.ids();
    assert_eq!(made.len() as u64, NIGHTS);
    let directory = catalog.server.directory.display().to_string();
    let console = console(&format!(
        "[backup.orders]\nbarman = {{ info_file = \"{directory}/list.json\", server = \"main\", wal_file = \"{directory}/wal\" }}\n{}",
        schedule()
    ));
    let tell = || {
        fs::write(catalog.server.directory.join("list.json"), catalog.told(&made)).expect("room");
        let files: Vec<String> = catalog.archived().iter().map(|file| file.display().to_string()).collect();
        fs::write(catalog.server.directory.join("wal"), files.join("\n")).expect("room");
    };
    tell();
    let well = listed(&console);
    assert_eq!((&well["state"], &well["wal_holes"]), (&json!("ok"), &json!([])), "{}", drawn(&console));
    assert_eq!(well["ladder"]["daily"], json!({"required": NIGHTS, "filled": NIGHTS, "missing": []}));

    catalog.run(&["delete", "main", &made[1]]);
    // The last segment that was archived: behind the newest backup.
    let last = catalog.archived().into_iter().rev().filter(|file| file.extension().is_none()).nth(1).expect("WAL");
    let segment = last.file_name().expect("a name").to_string_lossy().into_owned();
    fs::remove_file(&last).expect("ours");
    tell();
    let broken = listed(&console);
    let day = night(NIGHTS - 2).format("%Y-%m-%d").to_string();
    assert_eq!((&broken["state"], &broken["ladder"]["daily"]["missing"]), (&json!("broken"), &json!([day])));
    assert_eq!(
        broken["wal_holes"],
        json!([{"first": segment, "last": segment, "class": "ends-pitr", "backup": made[3]}]),
        "{}",
        drawn(&console)
    );

    // The list alone does not tell which WAL a backup needs: what the hole costs is not known. The missing night is known all the same.
    let told = fs::read_to_string(catalog.server.directory.join("list.json")).expect("written before");
    let bare = told.lines().next().expect("the list");
    fs::write(catalog.server.directory.join("list.json"), bare).expect("room");
    let listed = listed(&console);
    assert_eq!((&listed["state"], &listed["wal_holes"]), (&json!("broken"), &json!([])), "{}", drawn(&console));
}

/// The shipped script restores for real, run by the console as what verifies the set.
#[test]
fn a_restore_counts_where_it_reached_what_is_archived() {
    if let Some(why) = database::why_not() {
        return skip("restores by Barman", why);
    }
    for installed in Installed::all() {
        let catalog = Catalog::make(&installed);
        catalog.try_run(&["check", "main"]);
        catalog.write_wal();
        catalog.run(&["backup", "main", "--wait"]);
        catalog.write_wal();
        let directory = catalog.server.directory.display().to_string();
        catalog.server.file(
            "record",
            "#!/bin/sh\nfor word in \"$@\"; do echo \"$word\"; done > \"$(dirname \"$0\")/recorded\"\n",
        );
        catalog.server.file("verify", include_str!("../../../assets/verify/barman"));
        catalog.server.folder("bin");
        catalog.server.file("bin/barman", &format!("#!/bin/sh\nexec sh {directory}/run-barman \"$@\"\n"));
        let mut permit = Command::new("chmod");
        permit.arg("755").arg(catalog.server.directory.join("bin/barman"));
        Running::start(permit, "").finish(LONG).good("chmod");
        let mut command = Command::new("sh");
        let path = std::env::var("PATH").unwrap_or_default();
        command.env("PATH", format!("{directory}/bin:{path}")).env("QUARTERDECK", format!("sh {directory}/record"));
        command.env("PGBIN", &catalog.server.binaries).env("PGUSER", "quarterdeck").env("WAIT", "5");
        command.current_dir(&catalog.server.directory).args(["verify", "orders", "main"]);
        command.arg(format!("{directory}/restored"));
        let finished = Running::start(Server::as_its_user(command), "").finish(LONG);
        let words = fs::read_to_string(catalog.server.directory.join("recorded"));
        let words = words.unwrap_or_else(|_| panic!("Barman {}: {finished:?}", installed.version));
        let words: Vec<&str> = words.lines().collect();
        assert_eq!(finished.code, Some(0), "Barman {}: {words:?} {finished:?}", installed.version);
        let console = console("[backup.orders]\n");
        assert_eq!(console.run(&words).code, Some(0), "{words:?}");
        let verified = listed(&console);
        assert!(verified["verified_at"].is_string(), "{words:?}: {verified}");
        assert!(!catalog.server.directory.join("restored").exists(), "nothing is left");
    }
}
