//! A real PostgreSQL and a real pgbouncer before it, on loopback ports of their own.
//!
//! One server is shared by all tests of a binary; every test has a database of its own in it.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::controlplane::free_ports;
use super::process::{Running, Watchdog, skip, wait_until};

const UP: Duration = Duration::from_secs(120);
/// The password of the only user; it must never be seen again.
pub(crate) const PASSWORD: &str = "hunter2-sesame";

/// A running PostgreSQL.
pub(crate) struct Server {
    /// Its programs.
    pub(crate) binaries: PathBuf,
    /// Where it lies: its data in `data`, its socket beside it.
    pub(crate) directory: PathBuf,
    /// The server's own port.
    pub(crate) port: u16,
    watchdog: Watchdog,
    postgres: std::sync::Mutex<Child>,
}

/// Why there is no server here.
pub(crate) fn why_not() -> Option<&'static str> {
    binaries().is_none().then_some("PostgreSQL is not installed")
}

/// The programs of the newest version that is installed.
pub(crate) fn binaries() -> Option<PathBuf> {
    let mut versions: Vec<PathBuf> =
        fs::read_dir("/usr/lib/postgresql").ok()?.filter_map(|entry| Some(entry.ok()?.path().join("bin"))).collect();
    versions.retain(|folder| folder.join("postgres").exists());
    versions.sort();
    versions.pop()
}

/// PostgreSQL refuses to run as root: then it runs as the user Debian made for it.
pub(crate) fn unprivileged(mut command: Command) -> Command {
    if let Some((user, group)) = postgres_user() {
        command.uid(user).gid(group);
    }
    command
}

fn postgres_user() -> Option<(u32, u32)> {
    if !rustix::process::getuid().is_root() {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").ok()?;
    let line = users.lines().find(|line| line.starts_with("postgres:"))?;
    let mut fields = line.split(':').skip(2);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

/// Gives a file or folder to that user.
pub(crate) fn own(path: &Path) {
    if let Some((user, group)) = postgres_user() {
        std::os::unix::fs::chown(path, Some(user), Some(group)).expect("root may give a file away");
    }
}

impl Server {
    /// The one that all tests of this process share; started by the first that asks.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<Server> = OnceLock::new();
        SHARED.get_or_init(|| Self::start("shared"))
    }

    /// One for a test that kills it.
    pub(crate) fn start(name: &str) -> Self {
        let binaries = binaries().expect("asked before whether it is there");
        let prefix = format!("quarterdeck-store-{name}-");
        let directory = tempfile::Builder::new().prefix(&prefix).tempdir().expect("a directory").keep();
        own(&directory);
        let watchdog = Watchdog::over(&directory);
        let secret = directory.join("password");
        let mut file =
            fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&secret).expect("a file of ours");
        file.write_all(PASSWORD.as_bytes()).expect("room");
        own(&secret);
        let mut command = unprivileged(Command::new(binaries.join("initdb")));
        command.current_dir(&directory).env("LC_ALL", "C.UTF-8");
        command.args(["--no-sync", "--auth=scram-sha-256", "--username=quarterdeck", "--encoding=UTF8"]);
        command.arg(format!("--pwfile={}", secret.display())).arg("--pgdata=data");
        Running::start(command, "").finish(UP).good("initdb");
        let [port] = free_ports();
        let postgres = launch(&binaries, &directory, port);
        watchdog.adopt(&postgres);
        let server = Self { binaries, directory, port, watchdog, postgres: std::sync::Mutex::new(postgres) };
        server.wait();
        server
    }

    fn wait(&self) {
        wait_until("PostgreSQL to answer", UP, || {
            let mut command = Command::new(self.binaries.join("pg_isready"));
            command.args(["-q", "-h", "127.0.0.1", "-U", "quarterdeck", "-p", &self.port.to_string()]);
            (Running::start(command, "").finish(UP).code == Some(0)).then_some(())
        });
    }

    /// Ends the server the hard way (-9), with everything that belongs to it.
    pub(crate) fn kill(&self) {
        let mut postgres = self.postgres.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let children = children(postgres.id());
        postgres.kill().expect("a process of ours");
        postgres.wait().expect("a process of ours");
        for child in children {
            let pid = rustix::process::Pid::from_raw(child).expect("a process id");
            // They end by themselves when they find their parent gone, but not at once.
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
            wait_until("a child of PostgreSQL to be gone", UP, || {
                let stat = fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
                (stat.is_empty() || stat.contains(") Z ")).then_some(())
            });
        }
    }

    /// Starts it again where it was.
    pub(crate) fn revive(&self) {
        let mut postgres = self.postgres.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        wait_until("PostgreSQL to start again", UP, || {
            *postgres = launch(&self.binaries, &self.directory, self.port);
            self.watchdog.adopt(&postgres);
            // The memory of the one before may be held by its last child for a moment.
            wait_until("PostgreSQL to live or die", UP, || {
                if postgres.try_wait().expect("a child of ours").is_some() {
                    return Some(false);
                }
                let mut ready = Command::new(self.binaries.join("pg_isready"));
                ready.args(["-q", "-h", "127.0.0.1", "-U", "quarterdeck", "-p", &self.port.to_string()]);
                (Running::start(ready, "").finish(UP).code == Some(0)).then_some(true)
            })
            .then_some(())
        });
    }

    /// Lets it speak TLS with this certificate and key; what it had before may be shown for a moment more.
    pub(crate) fn secure(&self, certificate: &str, key: &str) {
        for (name, text) in [("server.crt", certificate), ("server.key", key)] {
            let path = self.directory.join("data").join(name);
            let _ = fs::remove_file(&path);
            let mut file =
                fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).expect("a file of ours");
            file.write_all(text.as_bytes()).expect("room");
            own(&path);
        }
        self.sql("postgres", "alter system set ssl = on;\nselect pg_reload_conf();").expect("it takes it");
        wait_until("PostgreSQL to speak TLS", UP, || {
            (self.sql("postgres", "show ssl").expect("it answers").trim() == "on").then_some(())
        });
    }

    /// A command that runs as the server does, so that it may read its files.
    pub(crate) fn as_its_user(command: Command) -> Command {
        unprivileged(command)
    }

    /// A folder beside its data that is its user's.
    pub(crate) fn folder(&self, name: &str) {
        fs::create_dir(self.directory.join(name)).expect("a folder of ours");
        own(&self.directory.join(name));
    }

    /// A file beside its data that is its user's.
    pub(crate) fn file(&self, name: &str, text: &str) {
        fs::write(self.directory.join(name), text).expect("a file of ours");
        own(&self.directory.join(name));
    }

    /// Makes a database nobody else uses; gives its name.
    pub(crate) fn database(&self) -> String {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("store_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        self.sql("postgres", &format!("create database {name}")).expect("a database");
        name
    }

    /// The address of a database, through whatever listens on a port.
    pub(crate) fn url(port: u16, database: &str) -> String {
        format!("postgres://quarterdeck:{PASSWORD}@127.0.0.1:{port}/{database}?sslmode=disable")
    }

    /// Gives statements to psql, which runs them until it is dropped.
    pub(crate) fn begin(&self, database: &str, statements: &str) -> Running {
        let mut command = Command::new("psql");
        command.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", &Self::url(self.port, database)]);
        Running::start(command, statements)
    }

    /// Runs statements in a database with psql; what it printed, or what it complained of.
    pub(crate) fn sql(&self, database: &str, statements: &str) -> Result<String, String> {
        let finished = self.begin(database, statements).finish(Duration::from_secs(600));
        if finished.code == Some(0) { Ok(finished.stdout) } else { Err(finished.stderr) }
    }

    /// A pgbouncer in transaction mode before this server; `None` with a line where it is not installed. It ends with the test
    /// process.
    pub(crate) fn pooler(&self) -> Option<u16> {
        static PORT: OnceLock<Option<u16>> = OnceLock::new();
        *PORT.get_or_init(|| {
            let program = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer"].into_iter().find(|path| Path::new(path).exists());
            let Some(program) = program else {
                skip("the store behind pgbouncer", "it is not installed");
                return None;
            };
            let [port] = free_ports();
            let file = |name: &str, text: &str| {
                let path = self.directory.join(name);
                fs::write(&path, text).expect("a file of ours");
                own(&path);
                path.display().to_string()
            };
            let users = file("users", &format!("\"quarterdeck\" \"{PASSWORD}\"\n"));
            let server = self.port;
            let configuration = file(
                "pgbouncer.ini",
                &format!(
                    "[databases]\n* = host=127.0.0.1 port={server}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = scram-sha-256\nauth_file = {users}\npool_mode = transaction\ndefault_pool_size = 4\nmax_client_conn = 200\n"
                ),
            );
            let mut command = unprivileged(Command::new(program));
            let log = fs::File::create(self.directory.join("pgbouncer.log")).expect("a file of ours");
            command.args(["-q", &configuration]).current_dir(&self.directory).stdin(Stdio::null());
            command.stdout(log.try_clone().expect("a file")).stderr(log).process_group(0);
            let child = command.spawn().expect("pgbouncer starts");
            self.watchdog.adopt(&child);
            wait_until("pgbouncer to answer", UP, || std::net::TcpStream::connect(("127.0.0.1", port)).ok());
            Some(port)
        })
    }
}

/// The processes whose parent a process is.
fn children(parent: u32) -> Vec<i32> {
    let processes =
        fs::read_dir("/proc").expect("a Linux").filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let is_child = |pid: &i32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let parent_of = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(1)?.parse().ok());
        parent_of == Some(parent)
    };
    processes.filter(is_child).collect()
}

fn launch(binaries: &Path, directory: &Path, port: u16) -> Child {
    let log = fs::OpenOptions::new().append(true).create(true).open(directory.join("postgres.log")).expect("a log");
    let mut command = unprivileged(Command::new(binaries.join("postgres")));
    command.args(["-D", "data", "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "max_connections=200"]);
    command
        .arg("-c")
        .arg(format!("port={port}"))
        .arg("-c")
        .arg(format!("unix_socket_directories={}", directory.display()));
    command.current_dir(directory).stdin(Stdio::null()).stdout(log.try_clone().expect("a file")).stderr(log);
    command.process_group(0).spawn().expect("PostgreSQL starts")
}
