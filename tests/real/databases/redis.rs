//! Real Redis servers: by `ROLE`, and what Sentinels would do.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::{listed, status};
use crate::support::console::Console;
use crate::support::controlplane::free_ports;
use crate::support::process::{Watchdog, skip, wait_until};

const UP: Duration = Duration::from_secs(60);
const PASSWORD: &str = "hunter2-sesame";

/// The program that `tests/run` unpacked, with the folder of its libraries, else the one that is installed.
fn program() -> Option<(PathBuf, Option<PathBuf>)> {
    let cached = std::env::var_os("QUARTERDECK_CACHE").map(|cache| Path::new(&cache).join("tools/redis/usr"));
    let unpacked = cached.filter(|usr| usr.join("bin/redis-server").exists()).map(|usr| {
        let library = usr.join(format!("lib/{}-linux-gnu", std::env::consts::ARCH));
        (usr.join("bin/redis-server"), Some(library))
    });
    let installed = || Path::new("/usr/bin/redis-server").exists().then(|| ("/usr/bin/redis-server".into(), None));
    unpacked.or_else(installed)
}

/// Servers in a folder of their own; they end with the test.
struct Servers {
    directory: PathBuf,
    watchdog: Watchdog,
    running: Vec<Child>,
}

impl Drop for Servers {
    fn drop(&mut self) {
        for child in &mut self.running {
            let _ = child.kill();
            let _ = child.wait();
            self.watchdog.let_go(child);
        }
    }
}

impl Servers {
    fn new() -> Self {
        let directory = tempfile::Builder::new().prefix("quarterdeck-redis-").tempdir().expect("a directory").keep();
        Self { watchdog: Watchdog::over(&directory), directory, running: Vec::new() }
    }

    /// Starts one, with these lines of its configuration; gives its place among the running.
    fn start(&mut self, port: u16, lines: &str, is_sentinel: bool) -> usize {
        let (program, library) = program().expect("asked before whether it is there");
        let file = self.directory.join(format!("{port}.conf"));
        let folder = self.directory.join(port.to_string());
        fs::create_dir_all(&folder).expect("a folder of ours");
        fs::write(&file, format!("port {port}\nbind 127.0.0.1\nsave \"\"\ndir {}\n{lines}", folder.display()))
            .expect("room");
        let mut command = Command::new(program);
        if let Some(library) = library {
            command.env("LD_LIBRARY_PATH", library);
        }
        command.arg(&file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        if is_sentinel {
            command.arg("--sentinel");
        }
        let child = command.spawn().expect("Redis starts");
        self.watchdog.adopt(&child);
        wait_until("Redis to answer", UP, || std::net::TcpStream::connect(("127.0.0.1", port)).ok());
        self.running.push(child);
        self.running.len() - 1
    }

    fn end(&mut self, place: usize) {
        self.running[place].kill().expect("a process of ours");
        self.running[place].wait().expect("a process of ours");
    }
}

fn console(redis: &str) -> Console {
    let console = Console::with(
        "",
        &format!(
            "[environment.shop]\n[database.cache]\nenvironment = \"shop\"\nredis = {{ {redis}, password_file = \"cache.password\" }}\n"
        ),
    );
    fs::write(console.path("cache.password"), format!("{PASSWORD}\n")).expect("a file of ours");
    console
}

#[test]
fn servers_say_who_they_are_and_sentinels_what_they_would_do() {
    if program().is_none() {
        return skip("a Redis that is read", "it is not installed");
    }
    let mut servers = Servers::new();
    let [first, second, one, two, three] = free_ports();
    let secured = format!("requirepass {PASSWORD}\nmasterauth {PASSWORD}\n");
    let primary = servers.start(first, &secured, false);
    let alone = listed(&console(&format!("servers = [\"127.0.0.1:{first}\"]")));
    assert_eq!((&alone["kind"], &alone["verdict"]), (&Value::from("redis"), &Value::from("healthy")), "{alone}");
    assert_eq!(alone["readiness_reason"], "no failover possible: nothing follows it", "{alone}");
    servers.start(second, &format!("{secured}replicaof 127.0.0.1 {first}\n"), false);
    let both = console(&format!("servers = [\"127.0.0.1:{first}\", \"127.0.0.1:{second}\"]"));
    let read = wait_until("the replica to follow", UP, || {
        let read = listed(&both);
        (read["verdict"] == "healthy" && read["members"].as_array().is_some_and(|all| all.len() == 2)).then_some(read)
    });
    assert_eq!(read["primary"], format!("127.0.0.1:{first}"));
    assert_eq!(read["readiness_reason"], "no failover possible: no Sentinel watches it", "{read}");
    assert_eq!(read["automatic_failover"]["by"], Value::Null);
    assert!(!read.to_string().contains("hunter2"));

    let watch = format!(
        "sentinel monitor mymaster 127.0.0.1 {first} 2\nsentinel auth-pass mymaster {PASSWORD}\nsentinel down-after-milliseconds mymaster 2000\nsentinel failover-timeout mymaster 6000\n"
    );
    for port in [one, two, three] {
        servers.start(port, &watch, true);
    }
    let watched = console(&format!(
        "servers = [\"127.0.0.1:{first}\", \"127.0.0.1:{second}\"], sentinels = [\"127.0.0.1:{one}\", \"127.0.0.1:{two}\", \"127.0.0.1:{three}\"]"
    ));
    let read = wait_until("the Sentinels to agree", UP, || {
        let read = listed(&watched);
        (read["readiness"] == "ready").then_some(read)
    });
    assert_eq!(read["candidate"], format!("127.0.0.1:{second}"), "{read}");
    assert_eq!(
        (&read["automatic_failover"]["by"], &read["automatic_failover"]["is_on"]),
        (&"Sentinel".into(), &true.into())
    );
    assert_eq!(status(&watched).0, Some(0), "{read}");

    servers.end(primary);
    let read = wait_until("a new primary", UP, || {
        let read = listed(&watched);
        (read["primary"] == format!("127.0.0.1:{second}")).then_some(read)
    });
    assert_eq!(read["verdict"], "degraded", "the old one does not answer: {read}");
    // The old one comes back as it was: for a moment both take writes.
    let wrong = console(&format!("servers = [\"127.0.0.1:{first}\"]")).run(&["database", "list"]);
    assert!(!format!("{wrong:?}").contains("hunter2"), "{wrong:?}");
}
