//! The real control plane: etcd, API server, controllers, scheduler, and KWOK as the kubelet, on loopback ports of their own.
//!
//! One is shared by all tests of a binary; every test has a namespace of its own in it (see `shop`).

use std::fs::{self, File};
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use serde_json::Value;

use super::process::{Finished, Running, Watchdog, wait_until};

const SUPPORT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/controlplane");
/// Who the API server knows: token, user, uid, groups. A person's token is `<name>-token`.
const TOKENS: &str = r#"admin-token,admin,1,"system:masters"
controller-manager-token,controller-manager,2,"system:masters"
scheduler-token,scheduler,3,"system:masters"
kwok-token,kwok,4,"system:masters"
oncall-token,oncall,5
second-token,second,6
viewer-token,viewer,7
stranger-token,stranger,8
"#;
/// What every container of the control plane has written.
const CONTAINER_LOG: &str = "2026-11-24T03:00:01.000000000Z stdout F starting
2026-11-24T03:00:02.000000000Z stdout F listening on :8080
";
/// A token nobody has.
pub(crate) const UNKNOWN_TOKEN: &str = "nobody-token";
const UP: Duration = Duration::from_secs(180);
/// What kubectl may take; some of its subcommands wait.
const PATIENCE: Duration = Duration::from_secs(180);

/// One line of the API server's audit log.
#[derive(Debug, Clone)]
pub(crate) struct Audited {
    /// The name the request came under.
    pub(crate) user: String,
    /// What it called itself.
    pub(crate) user_agent: String,
    /// get, list, watch, create, patch …
    pub(crate) verb: String,
    /// Path and query.
    pub(crate) uri: String,
    /// The resource, in the plural; empty for what is not about one.
    pub(crate) resource: String,
    /// The namespace; empty for what is not in one.
    pub(crate) namespace: String,
    /// The HTTP status of the answer.
    pub(crate) code: u64,
    /// The body of the request; null without one.
    pub(crate) body: Value,
}

/// A running control plane.
pub(crate) struct ControlPlane {
    binaries: PathBuf,
    directory: PathBuf,
    port: u16,
    watchdog: Watchdog,
    /// etcd while it runs, and how it is started.
    etcd: Mutex<Option<Child>>,
    etcd_arguments: Vec<String>,
    /// The API server while it runs, and how it is started.
    api: Mutex<Option<Child>>,
    api_arguments: Vec<String>,
}

impl ControlPlane {
    /// The one all tests of this process share; started by the first that asks.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<ControlPlane> = OnceLock::new();
        SHARED.get_or_init(|| Self::start(&[]))
    }

    /// Another one, of another cluster, for tests that need two. Whoever holds the guard has it alone, and may stop it.
    pub(crate) fn second() -> (&'static Self, MutexGuard<'static, ()>) {
        static SECOND: OnceLock<ControlPlane> = OnceLock::new();
        static ALONE: Mutex<()> = Mutex::new(());
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        // It passes WebSockets on to the kubelet as they are, like servers before 1.30; the shared one translates them.
        let second =
            SECOND.get_or_init(|| Self::start(&["--feature-gates=TranslateStreamCloseWebsocketRequests=false"]));
        // A test that failed may have left it stopped.
        second.start_api();
        (second, alone)
    }

    /// etcd and an API server alone, for a test that stops both: controllers would have to be started anew after a restore.
    pub(crate) fn bare() -> Self {
        Self::begin(&[]).0
    }

    /// etcd and the API server, with the ports of etcd and the kubelet.
    fn begin(further: &[&str]) -> (Self, u16, u16) {
        let binaries = binaries();
        let directory = tempfile::Builder::new().prefix("quarterdeck-plane-").tempdir().expect("a directory").keep();
        let [etcd, peer, port, kubelet] = free_ports();
        let watchdog = Watchdog::over(&directory);
        let mut plane = Self {
            binaries,
            watchdog,
            directory,
            port,
            etcd: Mutex::default(),
            etcd_arguments: Vec::new(),
            api: Mutex::default(),
            api_arguments: Vec::new(),
        };
        plane.write("tokens", TOKENS);
        let pair = rcgen::KeyPair::generate().expect("a key");
        plane.write("service-account.key", &pair.serialize_pem());
        plane.write("service-account.pub", &pair.public_key_pem());

        let (etcd_url, peer_url) = (format!("http://127.0.0.1:{etcd}"), format!("http://127.0.0.1:{peer}"));
        plane.etcd_arguments = vec![
            "--unsafe-no-fsync".into(),
            format!("--data-dir={}", plane.path("etcd").display()),
            format!("--listen-client-urls={etcd_url}"),
            format!("--advertise-client-urls={etcd_url}"),
            format!("--listen-peer-urls={peer_url}"),
            format!("--initial-advertise-peer-urls={peer_url}"),
            format!("--initial-cluster=default={peer_url}"),
        ];
        plane.start_store();
        let key = plane.path("service-account.key").display().to_string();
        plane.api_arguments = vec![
            format!("--etcd-servers={etcd_url}"),
            format!("--secure-port={port}"),
            "--bind-address=127.0.0.1".into(),
            format!("--cert-dir={}", plane.path("certs").display()),
            format!("--service-account-key-file={}", plane.path("service-account.pub").display()),
            format!("--service-account-signing-key-file={key}"),
            "--service-account-issuer=https://kubernetes.default.svc".into(),
            format!("--token-auth-file={}", plane.path("tokens").display()),
            "--authorization-mode=RBAC".into(),
            "--service-cluster-ip-range=10.96.0.0/16".into(),
            // Nobody makes the default service accounts in time, and nobody takes the not-ready taint off a node.
            "--disable-admission-plugins=ServiceAccount,TaintNodesByCondition".into(),
            // Asked to end, it says so on /readyz and goes on for as long, longer than any test looks at it; they end it the hard way.
            "--shutdown-delay-duration=600s".into(),
            format!("--audit-policy-file={SUPPORT}/audit.yaml"),
            format!("--audit-log-path={}", plane.path("audit.log").display()),
        ];
        plane.api_arguments.extend(further.iter().map(ToString::to_string));
        for user in ["admin", "controller-manager", "scheduler", "kwok"] {
            plane.write(&format!("{user}.kubeconfig"), &plane.kubeconfig(user, "default"));
        }
        plane.start_api();
        (plane, etcd, kubelet)
    }

    fn start(further: &[&str]) -> Self {
        let (plane, etcd, kubelet) = Self::begin(further);
        let key = plane.path("service-account.key").display().to_string();
        plane.launch(
            "kube-controller-manager",
            &[
                plane.kubeconfig_flag("controller-manager"),
                format!("--service-account-private-key-file={key}"),
                "--leader-elect=false".into(),
                "--secure-port=0".into(),
                // A node whose heartbeat stops would turn every pod NotReady after 40 s, for the wrong reason.
                "--controllers=*,-node-lifecycle-controller,-taint-eviction-controller".into(),
            ],
        );
        plane.launch(
            "kube-scheduler",
            &[plane.kubeconfig_flag("scheduler"), "--leader-elect=false".into(), "--secure-port=0".into()],
        );
        let own = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
        plane.write("kubelet.crt", &own.cert.pem());
        plane.write("kubelet.key", &own.signing_key.serialize_pem());
        plane.write("container.log", CONTAINER_LOG);
        plane.write("previous.log", "2026-11-24T03:00:00.000000000Z stdout F about to fall\n");
        plane.write("ports.yaml", &ports(etcd));
        plane.launch(
            "kwok",
            &[
                plane.kubeconfig_flag("kwok"),
                "--manage-all-nodes=true".into(),
                format!("--config={SUPPORT}/stages.yaml"),
                format!("--config={SUPPORT}/logs.yaml"),
                format!("--config={SUPPORT}/reach.yaml"),
                format!("--config={}", plane.path("ports.yaml").display()),
                "--node-ip=127.0.0.1".into(),
                format!("--node-port={kubelet}"),
                format!("--server-address=127.0.0.1:{kubelet}"),
                format!("--tls-cert-file={}", plane.path("kubelet.crt").display()),
                format!("--tls-private-key-file={}", plane.path("kubelet.key").display()),
            ],
        );
        plane.kubectl(&["apply", "-f", &format!("{SUPPORT}/rights.yaml")]).good("rights");
        wait_until("a ready node", UP, || {
            plane.kubectl(&["get", "node", "node-1"]).stdout.contains(" Ready ").then_some(())
        });
        plane
    }

    fn start_store(&self) {
        let etcd = self.launch("etcd", &self.etcd_arguments);
        *self.etcd.lock().unwrap_or_else(PoisonError::into_inner) = Some(etcd);
    }

    /// Ends the API server and etcd.
    pub(crate) fn stop(&self) {
        self.kill_api();
        if let Some(mut etcd) = self.etcd.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // Asked, it leaves its files whole.
            let _ =
                rustix::process::kill_process(rustix::process::Pid::from_child(&etcd), rustix::process::Signal::TERM);
            let _ = etcd.wait();
            self.watchdog.let_go(&etcd);
        }
    }

    /// Keeps a copy of everything in the store, as a snapshot does.
    pub(crate) fn back_up(&self) {
        self.stop();
        copy(&self.path("etcd"), &self.path("backup"));
        self.start_store();
        self.start_api();
    }

    /// Puts the store back to its copy, without raising its versions.
    pub(crate) fn restore(&self) {
        self.stop();
        fs::remove_dir_all(self.path("etcd")).expect("a folder of ours");
        copy(&self.path("backup"), &self.path("etcd"));
        self.start_store();
        self.start_api();
    }

    /// Starts the API server, unless it runs, and waits until it is ready.
    pub(crate) fn start_api(&self) {
        let mut api = self.api.lock().unwrap_or_else(PoisonError::into_inner);
        if api.is_some() {
            return;
        }
        let mut child = self.launch("kube-apiserver", &self.api_arguments);
        wait_until("the API server being ready", UP, || {
            assert!(child.try_wait().expect("a child of ours").is_none(), "{}", self.log("kube-apiserver"));
            (self.kubectl(&["get", "--raw", "/readyz"]).code == Some(0)).then_some(())
        });
        *api = Some(child);
    }

    /// Kills the API server the hard way (-9). What it knows is in etcd, which goes on.
    pub(crate) fn kill_api(&self) {
        let killed = self.api.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(mut api) = killed {
            let _ = api.kill();
            let _ = api.wait();
            self.watchdog.let_go(&api);
        }
    }

    /// Asks the API server to end: it goes on for minutes, and says meanwhile that it is not ready.
    pub(crate) fn retire_api(&self) {
        let api = self.api.lock().unwrap_or_else(PoisonError::into_inner);
        let api = api.as_ref().expect("the API server runs");
        rustix::process::kill_process(rustix::process::Pid::from_child(api), rustix::process::Signal::TERM)
            .expect("a child of ours");
    }

    /// The authority of its certificate.
    pub(crate) fn authority(&self) -> PathBuf {
        self.path("certs/apiserver.crt")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("a file of ours can be written");
    }

    /// Adds a line to what every container writes.
    pub(crate) fn grow_log(&self, stamp: &str, text: &str) {
        let mut log = File::options().append(true).open(self.path("container.log")).expect("the log is there");
        // In one write: other tests add lines at the same time, and the kubelet reads meanwhile.
        log.write_all(format!("{stamp} stdout F {text}\n").as_bytes()).expect("a file of ours can be written");
    }

    fn log(&self, part: &str) -> String {
        let text = fs::read_to_string(self.path(&format!("{part}.log"))).unwrap_or_default();
        text.lines().rev().take(15).collect::<Vec<_>>().join("\n")
    }

    fn kubeconfig_flag(&self, user: &str) -> String {
        format!("--kubeconfig={}", self.path(&format!("{user}.kubeconfig")).display())
    }

    fn launch(&self, part: &str, arguments: &[String]) -> Child {
        let log = File::create(self.path(&format!("{part}.log"))).expect("a log");
        let child = Command::new(self.binaries.join(part))
            .args(arguments)
            .current_dir(&self.directory)
            .env("HOME", &self.directory)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a log"))
            .stderr(log)
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| panic!("{part}: {error}"));
        self.watchdog.adopt(&child);
        child
    }

    /// Port of the API server on loopback.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The certificate the API server shows, which is its own authority. PEM.
    pub(crate) fn certificate(&self) -> String {
        fs::read_to_string(self.path("certs/apiserver.crt")).expect("the API server wrote its certificate")
    }

    /// A kubeconfig straight to the API server.
    pub(crate) fn kubeconfig(&self, user: &str, namespace: &str) -> String {
        kubeconfig(user, namespace, self.port, &self.path("certs/apiserver.crt"))
    }

    /// The real kubectl, as the administrator.
    pub(crate) fn kubectl(&self, arguments: &[&str]) -> Finished {
        self.kubectl_with(arguments, "")
    }

    /// The same, with something on its standard input.
    pub(crate) fn kubectl_with(&self, arguments: &[&str], input: &str) -> Finished {
        self.run_kubectl(&self.path("admin.kubeconfig"), arguments, input)
    }

    /// Where the real kubectl is.
    pub(crate) fn kubectl_binary(&self) -> PathBuf {
        self.binaries.join("kubectl")
    }

    /// The real kubectl, as whoever a kubeconfig names, on any server.
    pub(crate) fn kubectl_at(&self, kubeconfig: &Path, arguments: &[&str]) -> Finished {
        self.run_kubectl(kubeconfig, arguments, "")
    }

    /// The same for destructors: whatever comes of it, nothing fails. A second panic would take all other tests with it.
    pub(crate) fn tidy(&self, arguments: &[&str]) {
        let command = self.kubectl_command(&self.path("admin.kubeconfig"), arguments);
        Running::start(command, "").ends_within(PATIENCE);
    }

    fn run_kubectl(&self, kubeconfig: &Path, arguments: &[&str], input: &str) -> Finished {
        let mut finished = Running::start(self.kubectl_command(kubeconfig, arguments), input).finish(PATIENCE);
        if finished.code != Some(0) && finished.stderr.contains("imeout") {
            // It is not kubectl that failed; etcd tells why, most often that the disk is full.
            finished.stderr = format!("{}\netcd said last:\n{}", finished.stderr, self.log("etcd"));
        }
        finished
    }

    fn kubectl_command(&self, kubeconfig: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.kubectl_binary());
        command.arg("--kubeconfig").arg(kubeconfig).args(arguments).env("HOME", &self.directory);
        command
    }

    /// What the API server noted of one user's requests, in order.
    pub(crate) fn audited(&self, user: &str) -> Vec<Audited> {
        let log = fs::read_to_string(self.path("audit.log")).expect("the API server keeps an audit log");
        log.lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .map(|line| {
                let text = |pointer: &str| line.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
                Audited {
                    user: text("/user/username"),
                    user_agent: text("/userAgent"),
                    verb: text("/verb"),
                    uri: text("/requestURI"),
                    resource: text("/objectRef/resource"),
                    namespace: text("/objectRef/namespace"),
                    code: line.pointer("/responseStatus/code").and_then(Value::as_u64).unwrap_or_default(),
                    body: line.get("requestObject").cloned().unwrap_or_default(),
                }
            })
            .filter(|line| line.user == user)
            .collect()
    }
}

/// Copies a folder with all that is in it.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder of ours");
    fs::set_permissions(to, fs::metadata(from).expect("a folder").permissions()).expect("a folder of ours");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).expect("a file of ours");
        }
    }
}

/// A kubeconfig with one context, named like its user.
pub(crate) fn kubeconfig(user: &str, namespace: &str, port: u16, authority: &Path) -> String {
    format!(
        r#"apiVersion: v1
kind: Config
clusters:
- name: plane
  cluster: {{server: "https://127.0.0.1:{port}", certificate-authority: "{}"}}
users:
- name: {user}
  user: {{token: {user}-token}}
contexts:
- name: {user}
  context: {{cluster: plane, user: {user}, namespace: {namespace}}}
current-context: {user}
"#,
        authority.display()
    )
}

/// Port 8080 of every pod is etcd's: an HTTP server that is there anyway. Nobody listens on any other.
fn ports(etcd: u16) -> String {
    format!(
        "apiVersion: kwok.x-k8s.io/v1alpha1
kind: ClusterPortForward
metadata: {{name: ports}}
spec:
  forwards:
  - ports: [8080]
    target: {{port: {etcd}, address: 127.0.0.1}}
"
    )
}

/// The directory of the finished binaries; builds them where this machine has none yet.
/// Its programs, built before.
pub(crate) fn binaries() -> PathBuf {
    let built = Command::new(format!("{SUPPORT}/build")).output().expect("bash");
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    PathBuf::from(String::from_utf8_lossy(&built.stdout).lines().last().unwrap_or_default())
}

/// Ports nobody uses, each given once. They are below those the system gives to connections (from 32768 on), so that none is
/// taken between being found free and being listened on.
pub(crate) fn free_ports<const N: usize>() -> [u16; N] {
    const FIRST: u32 = 20_000;
    const COUNT: u32 = 12_000;
    static NEXT: AtomicU32 = AtomicU32::new(0);
    // Two test processes on one machine begin in different places.
    let offset = std::process::id().wrapping_mul(97);
    std::array::from_fn(|_| {
        (0..COUNT)
            .filter_map(|_| {
                let step = NEXT.fetch_add(1, Ordering::Relaxed);
                u16::try_from(FIRST + offset.wrapping_add(step) % COUNT).ok()
            })
            .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
            .expect("a free port on loopback")
    })
}
