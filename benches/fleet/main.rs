//! The console on a fleet of 20,000 pods and 2,500 Deployments: how soon, how much, how steady. `cargo bench --bench fleet`.
//!
//! What each figure means and what it was: `benches/README.md`.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a bench that cannot go on says why and stops; its figures go to the terminal"
)]
#![expect(clippy::disallowed_methods, reason = "the simulated server's connections are tasks of its own")]

mod server;
mod terminal;

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use terminal::Terminal;

/// Pods, unless the command line says otherwise.
const PODS: usize = 20_000;
/// How long each state is watched.
const WINDOW: Duration = Duration::from_secs(20);
/// How long the fleet may take to be loaded.
const LOADED: Duration = Duration::from_secs(8);
/// How often it is started to see its first rows.
const STARTS: usize = 5;
/// Keys pressed in each state.
const KEYS: usize = 30;

/// The made-up cluster, in a process of its own.
struct Fleet {
    child: Child,
    answers: BufReader<ChildStdout>,
    port: u16,
}

impl Fleet {
    fn start(pods: usize) -> Self {
        let mut command = Command::new(std::env::current_exe().expect("this program"));
        command.env("FLEET", pods.to_string()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("this program again");
        let mut answers = BufReader::new(child.stdout.take().expect("piped"));
        let mut port = String::new();
        answers.read_line(&mut port).expect("its port");
        Self { child, answers, port: port.trim().parse().expect("a port") }
    }

    /// Gives an order; bytes sent and requests taken so far.
    fn order(&mut self, order: &str) -> (f64, f64) {
        writeln!(self.child.stdin.as_mut().expect("piped"), "{order}").expect("it listens");
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("its answer");
        let mut figures = line.split_whitespace().map(|figure| figure.parse::<f64>().unwrap_or(0.0));
        (figures.next().unwrap_or(0.0), figures.next().unwrap_or(0.0))
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn main() {
    if let Ok(pods) = std::env::var("FLEET") {
        server::run(pods.parse().expect("a number of pods"));
        return;
    }
    let pods = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(PODS);
    let folder = tempfile::tempdir().expect("a folder");
    let mut fleet = Fleet::start(pods);
    let kubeconfig = folder.path().join("kubeconfig");
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: fleet\nclusters: [{{name: fleet, cluster: {{server: \"http://127.0.0.1:{}\"}}}}]\n\
         users: [{{name: fleet, user: {{}}}}]\ncontexts: [{{name: fleet, context: {{cluster: fleet, user: fleet}}}}]\n",
        fleet.port
    );
    std::fs::write(&kubeconfig, text).expect("a file of ours");
    let mut command = Command::new(env!("CARGO_BIN_EXE_quarterdeck"));
    command.env_clear().arg("--kubeconfig").arg(&kubeconfig);
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", folder.path());
    command.env("TERM", "xterm-256color").env("LANG", "C.UTF-8").env("XDG_STATE_HOME", folder.path());

    println!("{pods} pods, {} Deployments, a terminal of 200x60", pods / 8);
    let mut starts: Vec<f64> = (0..STARTS).filter_map(|_| first_rows(&command)).collect();
    tell("first rows, ms", &mut starts);

    let mut console = Terminal::start(&command);
    console.settle(LOADED);
    let (settled, peak) = console.memory();
    println!("{:<44} {settled:.1} / {peak:.1}", "memory settled / peak, MB");
    println!("{:<44} {:.2}", "processor to load everything, s", console.processor());
    for rate in [0, 10, 1_000] {
        fleet.order(&format!("rate {rate}"));
        steady(&mut console, &mut fleet, rate);
    }
    fleet.order("rate 0");
    console.settle(Duration::from_secs(2));
    let mut shown: Vec<f64> = (0..6).filter_map(|_| change(&mut console, &mut fleet)).collect();
    tell("a change of a Deployment on the screen, ms", &mut shown);
    for _ in 0..5 {
        fleet.order("churn 1000");
        console.settle(Duration::from_secs(1));
    }
    console.settle(Duration::from_secs(3));
    println!("{:<44} {:.1}", "memory after 5,000 deletes and re-creates, MB", console.memory().0);
}

/// From the start of the process to the first row of a workload.
fn first_rows(command: &Command) -> Option<f64> {
    let mut console = Terminal::start(command);
    let at = console.until(Duration::from_secs(20), |text| text.contains("service-0"))?;
    Some(at.duration_since(console.started).as_secs_f64() * 1e3)
}

/// Processor, terminal and network while so many pods change a second, then how soon a key is answered.
fn steady(console: &mut Terminal, fleet: &mut Fleet, rate: u64) {
    let label = |what: &str| format!("at {rate} changes/s: {what}");
    let seconds = WINDOW.as_secs_f64();
    let (processor, written, sent) = (console.processor(), console.written, fleet.order("stats").0);
    console.settle(WINDOW);
    let used = (console.processor() - processor) / seconds * 100.0;
    println!("{:<44} {used:.2}", label("processor, % of a core"));
    let bytes = u32::try_from(console.written - written).map_or(f64::MAX, f64::from);
    println!("{:<44} {:.0}", label("bytes to the terminal a minute"), bytes * 60.0 / seconds);
    println!(
        "{:<44} {:.3}",
        label("MB from the server a minute"),
        (fleet.order("stats").0 - sent) / 1e6 * 60.0 / seconds
    );
    let mut answered: Vec<f64> = (0..KEYS).filter_map(|number| key(console, number)).collect();
    tell(&label("key to frame, ms"), &mut answered);
}

/// Moves the cursor by one row; how long until the screen shows something else.
fn key(console: &mut Terminal, number: usize) -> Option<f64> {
    // Not in step with anything.
    console.settle(Duration::from_millis(150 + 37 * (number as u64 % 7)));
    let before = console.written;
    let key = if (number / 8).is_multiple_of(2) { "j" } else { "k" };
    let pressed = console.press(key);
    let at = console.until(Duration::from_secs(5), |_| true)?;
    debug_assert!(console.written > before, "a frame came");
    Some(at.duration_since(pressed).as_secs_f64() * 1e3)
}

/// One replica of the first Deployment is lost or comes back; how long until the screen says so.
fn change(console: &mut Terminal, fleet: &mut Fleet) -> Option<f64> {
    console.press("g");
    console.settle(Duration::from_millis(700));
    let is_degraded = console.text().contains("7/8");
    let begun = std::time::Instant::now();
    fleet.order("bump");
    let at = console.until(Duration::from_secs(10), |text| text.contains("7/8") != is_degraded)?;
    Some(at.duration_since(begun).as_secs_f64() * 1e3)
}

/// Prints the least, the median, the 95th percentile and the most.
fn tell(what: &str, figures: &mut [f64]) {
    figures.sort_by(f64::total_cmp);
    let at = |share: usize| {
        figures.get((figures.len() * share / 100).min(figures.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
    };
    println!(
        "{what:<44} {:.1} / {:.1} / {:.1} / {:.1}   (least, median, p95, most of {})",
        at(0),
        at(50),
        at(95),
        at(100),
        figures.len()
    );
}
