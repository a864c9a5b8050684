//! What 500 sets of backups cost, polled: `cargo bench --bench backups`.
//!
//! The shipped binary on a pseudo-terminal, once without and once with sets whose pgBackRest told of 40 nights into a file each, with a listing
//! of their WAL; the figures are the difference. No child process is started. What they were: `benches/README.md`.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a bench that cannot go on says why and stops; its figures go to the terminal"
)]
#![expect(clippy::disallowed_methods, reason = "the made-up tools tell what is of now")]

#[path = "../fleet/terminal.rs"]
mod terminal;

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use terminal::Terminal;

/// Sets, unless the command line says otherwise.
const SETS: usize = 500;
/// Nights that each has a backup of.
const NIGHTS: u64 = 40;
/// How long all of them may take to be read.
const LOADED: Duration = Duration::from_secs(15);
/// How long it is watched: three rounds of files.
const WINDOW: Duration = Duration::from_secs(180);

fn main() {
    let sets = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(SETS);
    println!("{sets} sets, {NIGHTS} backups and a listing of WAL each, a terminal of 200x60");
    let (bare, bare_memory) = watch(0);
    let (used, memory) = watch(sets);
    println!("{:<44} {:.2}   (without: {bare:.2})", "processor, % of a core", used - bare);
    println!("{:<44} {:.1}   (without: {bare_memory:.1})", "memory, MB", memory - bare_memory);
}

/// The share of a core and the memory the console takes on its pane of backups.
fn watch(sets: usize) -> (f64, f64) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("config.toml");
    std::fs::write(&file, configuration(folder.path(), sets)).expect("a file of ours");
    let mut command = Command::new(env!("CARGO_BIN_EXE_quarterdeck"));
    command.env_clear().arg("--config").arg(&file).env("KUBECONFIG", folder.path().join("none"));
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", folder.path());
    command.env("TERM", "xterm-256color").env("LANG", "C.UTF-8").env("XDG_STATE_HOME", folder.path());
    let mut console = Terminal::start(&command);
    console.settle(Duration::from_secs(1));
    console.press("3");
    if sets > 0 {
        console.until(LOADED, |text| text.contains("set-")).expect("the sets are on the screen");
        println!("{:<44} {:.1}", "on the screen after, s", console.started.elapsed().as_secs_f64());
        assert!(!console.text().contains("reading"), "all of them were read");
    }
    console.settle(LOADED);
    let before = console.processor();
    console.settle(WINDOW);
    ((console.processor() - before) / WINDOW.as_secs_f64() * 100.0, console.memory().0)
}

fn configuration(folder: &Path, sets: usize) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let mut text = "[environment.production]\ncontext = \"nowhere\"\n".to_owned();
    for set in 0..sets {
        let [info, wal] = ["info", "wal"].map(|name| folder.join(format!("{name}-{set}")));
        std::fs::write(&info, told(now)).expect("a file of ours");
        let names = (0..20 * NIGHTS).map(|place| format!("{:024X}\n", (1_u128 << 64) + u128::from(place)));
        std::fs::write(&wal, names.collect::<String>()).expect("a file of ours");
        let _ = writeln!(
            text,
            "[backup.set-{set:03}]\npgbackrest = {{ info_file = \"{}\", wal_file = \"{}\" }}",
            info.display(),
            wal.display()
        );
    }
    text
}

/// `pgbackrest info --output=json` of a full backup each night.
fn told(now: u64) -> String {
    let two = now - now % 86_400 + 7_200;
    let last = if two > now { two - 86_400 } else { two };
    let backups: Vec<String> = (0..NIGHTS)
        .map(|back| {
            let began = last - back * 86_400;
            let segment = format!("{:024X}", (1_u128 << 64) + u128::from(20 * (NIGHTS - back) - 10));
            format!(
                "{{\"label\":\"night-{back}F\",\"type\":\"full\",\"timestamp\":{{\"start\":{began},\"stop\":{}}},\"archive\":{{\"start\":\"{segment}\",\"stop\":\"{segment}\"}},\"info\":{{\"size\":9000000,\"delta\":9000000,\"repository\":{{\"delta\":3000000}}}},\"database\":{{\"id\":1}}}}",
                began + 600
            )
        })
        .collect();
    format!(
        "[{{\"name\":\"main\",\"cipher\":\"aes-256-cbc\",\"status\":{{\"code\":0,\"message\":\"ok\"}},\"db\":[{{\"id\":1,\"version\":\"16\"}}],\"backup\":[{}]}}]",
        backups.join(",")
    )
}
