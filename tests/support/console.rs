//! The shipped binary as a person has it: a home directory of its own, a kubeconfig, a configuration, an environment of nothing else.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::process::{Finished, Running};
use super::proxy::Proxy;
use super::pty::Terminal;
use super::shop::{PATIENCE, Shop};

/// What the configuration says of the environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grant {
    /// It may be acted on; its guard is staging.
    Write,
    /// It may only be looked at.
    Read,
}

/// A person's console.
pub(crate) struct Console {
    home: tempfile::TempDir,
}

impl Console {
    /// A console with a kubeconfig and a configuration, both given as text.
    pub(crate) fn with(kubeconfig: &str, config: &str) -> Self {
        let home = tempfile::tempdir().expect("a directory");
        fs::write(home.path().join("kubeconfig"), kubeconfig).expect("a file of ours");
        fs::write(home.path().join("config.toml"), config).expect("a file of ours");
        Self { home }
    }

    /// A user's console for one namespace.
    pub(crate) fn of(user: &str, shop: &Shop, grant: Grant) -> Self {
        Self::with(&shop.plane.kubeconfig(user, &shop.name), &config(user, &shop.name, grant))
    }

    /// The same, through a proxy.
    pub(crate) fn through(proxy: &Proxy, user: &str, shop: &Shop) -> Self {
        Self::with(&proxy.kubeconfig(user, &shop.name), &config(user, &shop.name, Grant::Write))
    }

    /// Leads an existing console, with all it remembers, somewhere else.
    pub(crate) fn point_at(&self, kubeconfig: &str) {
        fs::write(self.path("kubeconfig"), kubeconfig).expect("a file of ours");
    }

    /// A file in the home directory.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// The command, before its arguments.
    pub(crate) fn bare(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_quarterdeck"));
        command.env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", self.home.path()).env("USER", "mori").env("TERM", "xterm-256color").env("LANG", "C.UTF-8");
        for (key, place) in [
            ("XDG_STATE_HOME", "state"),
            ("XDG_CONFIG_HOME", "etc"),
            ("XDG_CACHE_HOME", "cache"),
            ("XDG_RUNTIME_DIR", "run"),
        ] {
            command.env(key, self.path(place));
        }
        command.current_dir(self.home.path());
        command
    }

    /// The command with its kubeconfig and configuration.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.bare();
        command.args(arguments);
        command.arg("--kubeconfig").arg(self.path("kubeconfig")).arg("--config").arg(self.path("config.toml"));
        command
    }

    /// The same, with what follows `--`.
    pub(crate) fn command_before(&self, arguments: &[&str], rest: &[&str]) -> Command {
        let mut command = self.command(arguments);
        command.arg("--").args(rest);
        command
    }

    /// Runs a subcommand to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Finished {
        Running::start(self.command(arguments), "").finish(PATIENCE)
    }

    /// Starts `apply` on a plan document.
    pub(crate) fn start_apply(&self, plan: &Value) -> Running {
        self.start_confirmed(plan, plan.pointer("/confirmation/word").and_then(Value::as_str).unwrap_or_default())
    }

    fn start_confirmed(&self, plan: &Value, word: &str) -> Running {
        let command = self.command(&["apply", "-", "--confirm", word, "--reason", "a test takes it back"]);
        Running::start(command, &plan.to_string())
    }

    /// Applies a plan document.
    pub(crate) fn apply(&self, plan: &Value) -> Finished {
        self.start_apply(plan).finish(PATIENCE)
    }

    /// The same with a word that need not be the plan's.
    pub(crate) fn apply_confirmed(&self, plan: &Value, word: &str) -> Finished {
        self.start_confirmed(plan, word).finish(PATIENCE)
    }

    /// Plans, and reads the document.
    pub(crate) fn plan(&self, arguments: &[&str]) -> (Finished, Value) {
        let finished = self.run(&[&["plan"], arguments, &["--output", "json"]].concat());
        let document = serde_json::from_str(&finished.stdout).unwrap_or_default();
        (finished, document)
    }

    /// A rollback plan that must become applicable: a controller may take a moment to tell what it has seen.
    pub(crate) fn plan_rollback(&self, shop: &Shop, name: &str) -> Value {
        let target = format!("deployment/{name}");
        let end = Instant::now() + PATIENCE;
        loop {
            let is_over = Instant::now() >= end;
            let (finished, document) = self.plan(&["rollback", &target, "-n", &shop.name]);
            if finished.code == Some(0) {
                return document;
            }
            assert!(!is_over, "plan rollback: {}{}", finished.stdout, finished.stderr);
        }
    }

    /// What `status` says of one Deployment, with its exit code.
    pub(crate) fn status_of(&self, name: &str) -> (Option<i32>, Value) {
        let finished = self.run(&["status", "--output", "json"]);
        let document: Value = serde_json::from_str(&finished.stdout)
            .unwrap_or_else(|error| panic!("status: {error}: {}{}", finished.stdout, finished.stderr));
        let rows = document["rollouts"].as_array().cloned().unwrap_or_default();
        let row = rows.into_iter().find(|row| row["name"] == name).unwrap_or_default();
        (finished.code, row)
    }

    /// `journal list`, as it is.
    pub(crate) fn journal(&self) -> String {
        self.run(&["journal", "list"]).good("journal list")
    }

    /// `journal verify` must find the chain whole.
    pub(crate) fn journal_is_whole(&self) {
        self.run(&["journal", "verify"]).good("journal verify");
    }

    /// Opens the screen.
    pub(crate) fn open(&self, columns: u16, rows: u16) -> Terminal {
        Terminal::start(&self.command(&[]), columns, rows)
    }
}

/// How long the first screen may take on a busy machine.
pub(crate) const FIRST_SCREEN: Duration = Duration::from_secs(60);

pub(crate) fn config(user: &str, namespace: &str, grant: Grant) -> String {
    let write = grant == Grant::Write;
    format!(
        "[environment.test]\ncontext = \"{user}\"\nnamespaces = [\"{namespace}\"]\nguard = \"staging\"\nwrite = {write}\n"
    )
}
