//! Real Alertmanagers on loopback ports of their own: two members of one cluster, Debian's or a current one.

use std::fs;
use std::io::{Read, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::controlplane::free_ports;
use super::process::{Watchdog, wait_until};

const UP: Duration = Duration::from_secs(120);

/// A critical alert inhibits the warnings of the same name and namespace; nobody is ever told of anything.
const SETTINGS: &str = "route: { receiver: nobody }\nreceivers: [{ name: nobody }]\ninhibit_rules:\n\
    - { source_matchers: ['severity=\"critical\"'], target_matchers: ['severity=\"warning\"'], equal: [namespace, alertname] }\n";

/// What Debian's reads from a place compiled into it.
const TEMPLATES: &str = "/usr/share/prometheus/alertmanager/default.tmpl";

/// Which one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Edition {
    /// 0.25, as Debian packages it; `tests/run` unpacks it.
    Debian,
    /// The one pinned by `tests/support/alertmanager/go.mod`; `tests/run` builds it.
    Current,
}

impl Edition {
    /// Where it is; `None` when it, or what it reads beside its settings, is not there.
    pub(crate) fn binary(self) -> Option<PathBuf> {
        let cached = std::env::var_os("QUARTERDECK_CACHE").map(|cache| PathBuf::from(cache).join("tools"));
        if self == Self::Current {
            return cached.map(|tools| tools.join("alertmanager-current/alertmanager")).filter(|path| path.exists());
        }
        let unpacked = cached.map(|tools| tools.join("alertmanager/usr/bin/prometheus-alertmanager"));
        let mut places = unpacked.into_iter().chain([PathBuf::from("/usr/bin/prometheus-alertmanager")]);
        places.find(|path| path.exists()).filter(|_| Path::new(TEMPLATES).exists())
    }
}

/// Two running members of one cluster. End with the test.
pub(crate) struct Cluster {
    /// The port of each member.
    pub(crate) ports: [u16; 2],
    members: Vec<Child>,
    watchdog: Watchdog,
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for place in 0..self.members.len() {
            self.kill(place);
        }
    }
}

impl Cluster {
    /// Starts both and waits until each knows the other.
    pub(crate) fn start(binary: &Path) -> Self {
        let directory =
            tempfile::Builder::new().prefix("quarterdeck-alertmanager-").tempdir().expect("a directory").keep();
        let watchdog = Watchdog::over(&directory);
        fs::write(directory.join("alertmanager.yml"), SETTINGS).expect("room");
        let [first, second, gossip, other] = free_ports();
        let launch = |port, own, peer| {
            let child = launch(binary, &directory, port, own, peer);
            watchdog.adopt(&child);
            child
        };
        let members = vec![launch(first, gossip, other), launch(second, other, gossip)];
        let cluster = Self { ports: [first, second], members, watchdog };
        for port in cluster.ports {
            let is_ready = || {
                let status = read(port, "/api/v2/status").ok()?;
                let json: serde_json::Value = serde_json::from_str(status.split_once("\r\n\r\n")?.1).ok()?;
                let cluster = &json["cluster"];
                (cluster["status"] == "ready" && cluster["peers"].as_array()?.len() == 2).then_some(())
            };
            wait_until("both Alertmanagers to know each other", UP, is_ready);
        }
        cluster
    }

    /// Kills one member.
    pub(crate) fn kill(&mut self, place: usize) {
        let member = &mut self.members[place];
        let _ = member.kill();
        let _ = member.wait();
        self.watchdog.let_go(member);
    }
}

fn read(port: u16, path: &str) -> std::io::Result<String> {
    let mut peer = TcpStream::connect(("127.0.0.1", port))?;
    peer.set_read_timeout(Some(Duration::from_secs(5)))?;
    write!(peer, "GET {path} HTTP/1.0\r\n\r\n")?;
    let mut answer = String::new();
    peer.read_to_string(&mut answer)?;
    Ok(answer)
}

fn launch(binary: &Path, directory: &Path, port: u16, gossip: u16, peer: u16) -> Child {
    let log = fs::File::create(directory.join(format!("log-{port}"))).expect("room");
    Command::new(binary)
        .current_dir(directory)
        .args(["--config.file=alertmanager.yml", "--cluster.pushpull-interval=1s", "--cluster.reconnect-interval=1s"])
        .arg(format!("--storage.path=data-{port}"))
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        .arg(format!("--cluster.listen-address=127.0.0.1:{gossip}"))
        // Without it, one without a private address beside loopback does not start.
        .arg(format!("--cluster.advertise-address=127.0.0.1:{gossip}"))
        .arg(format!("--cluster.peer=127.0.0.1:{peer}"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .expect("an Alertmanager starts")
}
