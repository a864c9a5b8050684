//! What acts on a set: its own program, run once by the console as any other action, with its plan, its word and its journal.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use super::listed;
use crate::support::console::Console;
use crate::support::process::{Finished, Running};

/// A console that may act, whose set is acted on by these scripts.
fn console(run: &str, verify: &str) -> Console {
    let scripts = tempfile::tempdir().expect("a folder").keep();
    for (name, text) in [("run", run), ("verify", verify)] {
        fs::write(scripts.join(name), text).expect("room");
    }
    let place = scripts.display();
    let console = Console::with(
        "",
        &format!(
            "[environment.production]\nguard = \"staging\"\nwrite = true\n[backup.orders]\nrun = {{ command = [\"sh\", \"{place}/run\"], timeout = \"5 s\" }}\nverify = {{ command = [\"sh\", \"{place}/verify\"] }}\n"
        ),
    );
    // The scripts record with the same store and configuration as the console that runs them.
    fs::write(scripts.join("quarterdeck"), recorder(&console)).expect("room");
    console
}

fn recorder(console: &Console) -> String {
    format!(
        "#!/bin/sh\nexec {} \"$@\" --kubeconfig {} --config {}\n",
        env!("CARGO_BIN_EXE_quarterdeck"),
        console.path("kubeconfig").display(),
        console.path("config.toml").display()
    )
}

fn planned(console: &Console, action: &str) -> (Finished, Value) {
    let finished = console.run(&["plan", action, "orders", "--output", "json"]);
    let plan = serde_json::from_str(&finished.stdout).unwrap_or_else(|_| panic!("{finished:?}"));
    (finished, plan)
}

fn applied(console: &Console, plan: &Value, word: &str) -> (Option<i32>, String) {
    fs::write(console.path("plan.json"), plan.to_string()).expect("room");
    let finished = console.run(&["apply", &console.path("plan.json").display().to_string(), "--confirm", word]);
    (finished.code, format!("{} {}", finished.stdout, finished.stderr))
}

#[test]
fn a_backup_is_made_by_the_program_of_its_set_and_told_by_its_end() {
    let console = console(
        "echo writing; sh $(dirname $0)/quarterdeck record backup orders --bytes 5000 >/dev/null; echo written",
        "true",
    );
    assert_eq!(listed(&console)["state"], json!("broken"), "there is none yet");
    let (_, plan) = planned(&console, "back-up-now");
    let step = &plan["targets"][0]["steps"][0];
    assert_eq!(
        (&step["port"], &step["request"]["method"], &step["request"]["body"]["timeout_seconds"]),
        (&json!("program"), &json!("RUN"), &json!(5)),
        "{plan}"
    );
    assert_eq!(step["request"]["body"]["command"][0], json!("sh"), "exactly what runs");
    assert!(
        step["words"].as_str().is_some_and(|words| words.contains("with 1 argument as you on this machine")),
        "{step}"
    );
    let (code, words) = applied(&console, &plan, "WRONG");
    assert!(code != Some(0) && words.contains("BACK-UP"), "{words}");
    let (_, plan) = planned(&console, "back-up-now");
    let (code, words) = applied(&console, &plan, "BACK-UP");
    assert!(
        code == Some(0) && words.contains("sh ended well after") && words.contains("Its last line: written"),
        "{words}"
    );
    assert_eq!(listed(&console)["state"], json!("ok"));
    let mut edited = planned(&console, "back-up-now").1;
    edited["targets"][0]["steps"][0]["request"]["body"]["command"] = json!(["rm", "-rf", "/nowhere"]);
    let (code, words) = applied(&console, &edited, "BACK-UP");
    assert!(code != Some(0) && words.contains("was changed after it was made"), "{words}");
    let journal = console.run(&["journal", "list"]).stdout;
    assert!(journal.contains("back-up-now"), "{journal}");
}

#[test]
fn one_that_fails_or_does_not_end_is_said_to() {
    let failing = console("echo no room left on device >&2; exit 4", "true");
    let (code, words) = applied(&failing, &planned(&failing, "back-up-now").1, "BACK-UP");
    assert!(code != Some(0) && words.contains("ended with exit code 4") && words.contains("no room left"), "{words}");
    let endless = console("sleep 600", "true");
    let (code, words) = applied(&endless, &planned(&endless, "back-up-now").1, "BACK-UP");
    assert!(code != Some(0) && words.contains("did not end within 5 s and was stopped"), "{words}");
    let shouting = console("head -c 100000000 /dev/zero | tr '\\000' x; echo; echo done", "true");
    let (code, words) = applied(&shouting, &planned(&shouting, "back-up-now").1, "BACK-UP");
    assert!(code == Some(0) && words.contains("Its last line: done"), "{words}");
}

#[test]
fn a_proof_is_what_was_recorded_and_not_how_the_program_ended() {
    let silent = console("true", "true");
    let (code, words) = applied(&silent, &planned(&silent, "verify-backup").1, "VERIFY");
    assert!(code != Some(0) && words.contains("It recorded no restore test"), "{words}");
    let record = "sh $(dirname $0)/quarterdeck record restore-test orders --result ok";
    let started = console("true", record);
    let (code, words) = applied(&started, &planned(&started, "verify-backup").1, "VERIFY");
    assert!(code != Some(0) && words.contains("It is not verified: what it recorded proves started"), "{words}");
    let proven =
        console("true", &format!("{record} --target 0/5000000 --reached-lsn 0/5000028 --seconds 90 --bytes 1000000"));
    let (code, words) = applied(&proven, &planned(&proven, "verify-backup").1, "VERIFY");
    assert!(code == Some(0) && words.contains("Verified: it reached 0/5000028 in 1m 30s."), "{words}");
    let said = proven.run(&["backup", "objectives", "--output", "json"]);
    let said: Value = serde_json::from_str(&said.stdout).expect("JSON");
    let set = &said["sets"][0];
    assert_eq!(
        (&set["level"], &set["rto_measured_seconds"], &set["restore_bytes_per_second"]),
        (&json!(4), &json!(90), &json!(11_111))
    );
    assert_eq!(
        said["objectives"],
        json!({"rto_seconds": 14_400, "rpo_seconds": 3_600, "mttr_seconds": 7_200, "mtbf_seconds": 2_592_000})
    );
    assert_eq!(said["tiers"][0]["rto_seconds"], json!(3_600));
    let losses: Vec<&Value> = set["losses"].as_array().expect("four").iter().map(|one| &one["loss"]).collect();
    assert_eq!(losses, ["node", "zone", "database", "region"]);
}

#[test]
fn a_console_that_may_only_look_runs_nothing() {
    let console =
        Console::with("", "[environment.production]\n[backup.orders]\nrun = { command = [\"touch\", \"/nowhere\"] }\n");
    let (_, plan) = planned(&console, "back-up-now");
    assert!(plan["refusals"][0].as_str().is_some_and(|words| words.contains("read-only")), "{plan}");
    let undeclared = Console::with("", "[environment.production]\nwrite = true\n[backup.orders]\n");
    let finished = undeclared.run(&["plan", "verify-backup", "orders"]);
    assert!(format!("{finished:?}").contains("nothing is declared that does it"), "{finished:?}");
}

#[test]
fn configuration_in_git_is_as_old_as_its_last_commit() {
    let folder = tempfile::tempdir().expect("a folder");
    let git = |words: &[&str]| {
        let mut command = Command::new("git");
        command.arg("-C").arg(folder.path()).args(words).env("HOME", folder.path());
        command.env("GIT_COMMITTER_DATE", "2026-01-01T00:00:00Z").env("GIT_AUTHOR_DATE", "2026-01-01T00:00:00Z");
        Running::start(command, "").finish(std::time::Duration::from_secs(30)).good("git")
    };
    git(&["init", "-q", "-b", "main"]);
    git(&["-c", "user.name=m", "-c", "user.email=m@x", "commit", "-q", "--allow-empty", "-m", "one"]);
    let console = super::console(&format!("[backup.settings]\ngit = {{ folder = \"{}\" }}\n", folder.path().display()));
    let said = listed(&console);
    assert_eq!(
        (&said["kind"], &said["state"], &said["last_good_at"]),
        (&json!("configuration"), &json!("ok"), &json!("2026-01-01T00:00:00Z")),
        "{said}"
    );
    let late = super::console(&format!(
        "[backup.settings]\ngit = {{ folder = \"{}\" }}\nrpo = \"1 d\"\n",
        folder.path().display()
    ));
    assert_eq!(listed(&late)["state"], json!("late"));
    let gone = super::console("[backup.settings]\ngit = { folder = \"/nowhere\" }\n");
    assert_eq!(listed(&gone)["state"], json!("unknown"));
}
