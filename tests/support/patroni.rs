//! A real Patroni cluster `orders` of three members, with an etcd and ports of its own.
//!
//! Its clocks are quick: a leader that is lost is given up after 20 s, and each member looks every 2 s.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;

use super::controlplane::{self, free_ports};
use super::database::{PASSWORD, binaries, own, unprivileged};
use super::process::{Finished, Running, Watchdog, signal, wait_until};

const UP: Duration = Duration::from_secs(120);
/// The members.
pub(crate) const MEMBERS: [&str; 3] = ["pg1", "pg2", "pg3"];

/// Why there is no Patroni here.
pub(crate) fn why_not() -> Option<&'static str> {
    if binaries().is_none() {
        return Some("PostgreSQL is not installed");
    }
    program().is_none().then_some("Patroni is not installed")
}

/// Its packages, where `tests/run` installs them.
fn program() -> Option<PathBuf> {
    let cache = PathBuf::from(std::env::var_os("QUARTERDECK_CACHE")?);
    let versions = fs::read_dir(cache.join("tools/patroni/lib")).ok()?;
    let mut packages = versions.filter_map(|entry| Some(entry.ok()?.path().join("site-packages")));
    packages.find(|packages| packages.join("patroni").is_dir())
}

/// One member.
struct Member {
    name: &'static str,
    rest: u16,
    postgres: u16,
    /// Patroni while it runs.
    process: Mutex<Option<Child>>,
}

/// A running cluster. Ends with the test.
pub(crate) struct Cluster {
    directory: PathBuf,
    watchdog: Watchdog,
    etcd: Mutex<Child>,
    members: Vec<Member>,
    /// Two machines' worth of servers are one too many for the one they all run on.
    _alone: MutexGuard<'static, ()>,
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for member in &self.members {
            self.end(member);
        }
        let mut etcd = self.etcd.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = etcd.kill();
        let _ = etcd.wait();
        self.watchdog.let_go(&etcd);
    }
}

impl Cluster {
    /// One that is whole: a leader, and two replicas that stream from it.
    pub(crate) fn start() -> Self {
        Self::configured("")
    }

    /// The same with further lines of the dynamic configuration, as `synchronous_mode: true`.
    pub(crate) fn configured(further: &str) -> Self {
        static ALONE: Mutex<()> = Mutex::new(());
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let directory = tempfile::Builder::new().prefix("quarterdeck-patroni-").tempdir().expect("a directory").keep();
        own(&directory);
        let watchdog = Watchdog::over(&directory);
        let [client, peer] = free_ports();
        let etcd = start_etcd(&directory, client, peer);
        watchdog.adopt(&etcd);
        copy_packages(&directory);
        let members = MEMBERS.map(|name| {
            let [rest, postgres] = free_ports();
            let folder = directory.join(name);
            fs::create_dir(&folder).expect("a folder of ours");
            own(&folder);
            let text = settings(name, &folder, (rest, postgres, client), further);
            fs::write(folder.join("patroni.yml"), text).expect("room");
            own(&folder.join("patroni.yml"));
            Member { name, rest, postgres, process: Mutex::default() }
        });
        let cluster = Self { directory, watchdog, etcd: Mutex::new(etcd), members: members.into(), _alone: alone };
        for name in MEMBERS {
            cluster.revive(name);
        }
        cluster.wait_whole();
        cluster
    }

    fn member(&self, name: &str) -> &Member {
        self.members.iter().find(|member| member.name == name).expect("a member")
    }

    /// The addresses of all members, as the configuration names them.
    pub(crate) fn urls(&self) -> Vec<String> {
        self.members.iter().map(|member| self.url(member.name)).collect()
    }

    /// The address of one member.
    pub(crate) fn url(&self, name: &str) -> String {
        format!("http://127.0.0.1:{}", self.member(name).rest)
    }

    /// The port of the PostgreSQL of a member.
    pub(crate) fn port(&self, name: &str) -> u16 {
        self.member(name).postgres
    }

    /// What a member answers to a request: the status, and the text.
    pub(crate) fn ask(&self, name: &str, method: &str, path: &str, body: &str) -> std::io::Result<(u16, String)> {
        let mut peer = TcpStream::connect(("127.0.0.1", self.member(name).rest))?;
        peer.set_read_timeout(Some(Duration::from_secs(60)))?;
        write!(peer, "{method} {path} HTTP/1.0\r\nContent-Length: {}\r\n\r\n{body}", body.len())?;
        let mut answer = String::new();
        peer.read_to_string(&mut answer)?;
        let status = answer.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
        Ok((status, answer.split_once("\r\n\r\n").map_or(String::new(), |(_, text)| text.to_owned())))
    }

    /// What a member shows of itself; null where it does not answer.
    pub(crate) fn shown(&self, name: &str) -> Value {
        let (_, text) = self.ask(name, "GET", "/patroni", "").unwrap_or_default();
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    /// The cluster as any member sees it.
    pub(crate) fn topology(&self) -> Value {
        let mut answers = MEMBERS.iter().filter_map(|name| self.ask(name, "GET", "/cluster", "").ok());
        answers.find_map(|(_, text)| serde_json::from_str(&text).ok()).unwrap_or(Value::Null)
    }

    /// The members that run as a primary by their own word.
    pub(crate) fn primaries(&self) -> Vec<&'static str> {
        let is_primary = |name: &&str| {
            let shown = self.shown(name);
            shown["role"] == "primary" && shown["state"] == "running"
        };
        MEMBERS.into_iter().filter(is_primary).collect()
    }

    /// The leader, once there is one.
    pub(crate) fn leader(&self) -> &'static str {
        wait_until("one primary", UP, || match self.primaries().as_slice() {
            [one] => Some(*one),
            _ => None,
        })
    }

    /// The members that are not the leader.
    pub(crate) fn replicas(&self) -> Vec<&'static str> {
        let leader = self.leader();
        MEMBERS.into_iter().filter(|name| *name != leader).collect()
    }

    /// Waits until there is a leader and the other two stream from it.
    pub(crate) fn wait_whole(&self) {
        wait_until("two replicas that stream", UP, || {
            let topology = self.topology();
            let members = topology["members"].as_array()?;
            let count = |state: &str| members.iter().filter(|member| member["state"] == state).count();
            (count("streaming") == 2 && self.primaries().len() == 1).then_some(())
        });
    }

    /// Starts a member, unless it runs.
    pub(crate) fn revive(&self, name: &str) {
        let member = self.member(name);
        let mut process = member.process.lock().unwrap_or_else(PoisonError::into_inner);
        if process.is_some() {
            return;
        }
        let folder = self.directory.join(name);
        let log = fs::OpenOptions::new().append(true).create(true).open(folder.join("patroni.log")).expect("a log");
        let mut command = unprivileged(Command::new("/usr/bin/python3"));
        command.args(["-m", "patroni", "patroni.yml"]).current_dir(&folder).env_clear();
        command.env("HOME", &folder).env("PATH", "/usr/bin:/bin").env("PYTHONPATH", self.directory.join("packages"));
        command.stdin(Stdio::null()).stdout(log.try_clone().expect("a log")).stderr(log).process_group(0);
        let child = command.spawn().expect("python");
        self.watchdog.adopt(&child);
        *process = Some(child);
    }

    /// Ends a member the hard way (-9), its PostgreSQL with it, as a machine that loses its power.
    pub(crate) fn kill(&self, name: &str) {
        self.end(self.member(name));
    }

    fn end(&self, member: &Member) {
        if let Some(mut child) = member.process.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = child.kill();
            let _ = child.wait();
            self.watchdog.let_go(&child);
        }
        let number = fs::read_to_string(self.directory.join(member.name).join("data/postmaster.pid"));
        let Some(number) = number.ok().and_then(|text| text.lines().next()?.parse::<i32>().ok()) else { return };
        let is_postgres =
            || fs::read_to_string(format!("/proc/{number}/comm")).is_ok_and(|name| name.trim() == "postgres");
        if is_postgres() {
            let number = rustix::process::Pid::from_raw(number).expect("a process id");
            let _ = rustix::process::kill_process(number, rustix::process::Signal::KILL);
            wait_until("PostgreSQL to be gone", UP, || (!is_postgres()).then_some(()));
        }
    }

    /// Stops etcd where it stands, and lets it go on.
    pub(crate) fn freeze_etcd(&self, is_frozen: bool) {
        let etcd = self.etcd.lock().unwrap_or_else(PoisonError::into_inner);
        signal(etcd.id(), if is_frozen { rustix::process::Signal::STOP } else { rustix::process::Signal::CONT });
    }

    /// Stops what receives the WAL of a replica where it stands, and lets it go on: it lags from then on, and says it streams.
    pub(crate) fn hang(&self, name: &str, is_hung: bool) {
        let asked =
            self.sql(name, "select pid from pg_stat_activity where backend_type = 'walreceiver'").expect("it answers");
        let pid: u32 = asked.trim().parse().expect("a walreceiver");
        signal(pid, if is_hung { rustix::process::Signal::STOP } else { rustix::process::Signal::CONT });
    }

    /// The address of the database of a member, or of whoever takes writes.
    pub(crate) fn database(&self, name: Option<&str>) -> String {
        let hosts: Vec<String> = match name {
            Some(name) => vec![format!("127.0.0.1:{}", self.port(name))],
            None => self.members.iter().map(|member| format!("127.0.0.1:{}", member.postgres)).collect(),
        };
        let writes = if name.is_none() { "&target_session_attrs=read-write" } else { "" };
        format!("postgres://postgres:{PASSWORD}@{}/postgres?sslmode=disable&connect_timeout=3{writes}", hosts.join(","))
    }

    /// Runs statements on a member; what it printed, or what it complained of.
    pub(crate) fn sql(&self, name: &str, statements: &str) -> Result<String, String> {
        let finished = psql(&self.database(Some(name)), statements).finish(UP);
        said(finished)
    }

    /// Runs statements on whoever takes writes.
    pub(crate) fn write(&self, statements: &str) -> Result<String, String> {
        said(psql(&self.database(None), statements).finish(UP))
    }

    /// The last lines a member wrote.
    pub(crate) fn log(&self, name: &str) -> String {
        let text = fs::read_to_string(self.directory.join(name).join("patroni.log")).unwrap_or_default();
        text.lines().rev().take(20).collect::<Vec<_>>().join("\n")
    }
}

fn psql(url: &str, statements: &str) -> Running {
    let mut command = Command::new("psql");
    command.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", url]);
    Running::start(command, statements)
}

fn said(finished: Finished) -> Result<String, String> {
    if finished.code == Some(0) { Ok(finished.stdout) } else { Err(finished.stderr) }
}

fn start_etcd(directory: &Path, client: u16, peer: u16) -> Child {
    let (client, peer) = (format!("http://127.0.0.1:{client}"), format!("http://127.0.0.1:{peer}"));
    let log = fs::File::create(directory.join("etcd.log")).expect("a log");
    Command::new(controlplane::binaries().join("etcd"))
        .arg("--unsafe-no-fsync")
        .arg(format!("--data-dir={}", directory.join("etcd").display()))
        .arg(format!("--listen-client-urls={client}"))
        .arg(format!("--advertise-client-urls={client}"))
        .arg(format!("--listen-peer-urls={peer}"))
        .arg(format!("--initial-advertise-peer-urls={peer}"))
        .arg(format!("--initial-cluster=default={peer}"))
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("a log"))
        .stderr(log)
        .process_group(0)
        .spawn()
        .expect("etcd starts")
}

/// Puts Patroni where the user of PostgreSQL may read it: the cache may lie in somebody's home.
fn copy_packages(directory: &Path) {
    let packages = program().expect("asked before whether it is there");
    let mut copy = Command::new("cp");
    copy.arg("-r").arg(packages).arg(directory.join("packages"));
    Running::start(copy, "").finish(UP).good("cp");
}

fn settings(name: &str, folder: &Path, (rest, postgres, etcd): (u16, u16, u16), further: &str) -> String {
    let (folder, programs) = (folder.display(), binaries().expect("asked before whether it is there"));
    format!(
        r#"scope: orders
name: {name}
restapi: {{listen: "127.0.0.1:{rest}", connect_address: "127.0.0.1:{rest}"}}
etcd3: {{host: "127.0.0.1:{etcd}"}}
bootstrap:
  dcs:
    ttl: 20
    loop_wait: 2
    retry_timeout: 3
    maximum_lag_on_failover: 1048576
    postgresql: {{use_pg_rewind: true, parameters: {{wal_log_hints: "on", max_connections: 40}}}}
    {further}
  initdb: [{{encoding: UTF8}}, {{locale: C.UTF-8}}, no-sync]
postgresql:
  listen: "127.0.0.1:{postgres}"
  connect_address: "127.0.0.1:{postgres}"
  data_dir: {folder}/data
  bin_dir: {}
  pgpass: {folder}/pgpass
  authentication:
    superuser: {{username: postgres, password: {PASSWORD}}}
    replication: {{username: replicator, password: {PASSWORD}}}
  pg_hba: ["host all all 127.0.0.1/32 scram-sha-256", "host replication all 127.0.0.1/32 scram-sha-256"]
  parameters: {{fsync: "off", shared_buffers: 16MB, unix_socket_directories: {folder}, wal_keep_size: 256MB}}
"#,
        programs.display()
    )
}
